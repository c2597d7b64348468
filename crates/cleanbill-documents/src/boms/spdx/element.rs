//! Components as elements, with their licences and annotations.

use cleanbill_core::bill::{
    Component, ComponentKind, Dataset, Energy, Licence, ModelCard, Origin, ReferenceKind, Sourced,
};

use super::{Writer, time};
use crate::boms::{
    fields::{self, fields},
    names::{iri, property, source_line, spdx_hash, spdx_purpose, spdx_reference},
    tree::{Node, is_number},
};

impl<'a> Writer<'a> {
    pub(super) fn component(&mut self, component: &'a Component) {
        let class = match component.kind {
            ComponentKind::Model => "ai_AIPackage",
            ComponentKind::Dataset => "dataset_DatasetPackage",
            ComponentKind::File => "software_File",
            _ => "software_Package",
        };
        let id = self.component_id(&component.id);
        let mut out = Self::element(class, &id).say("name", &component.name);
        let mut extras = Extras::default();
        if let Some(description) = &component.description {
            out.set("description", Node::text(&description.value));
        }
        if let Some(supplier) = &component.supplier {
            let agent = self.agent(&supplier.value);
            out.set("suppliedBy", Node::text(agent));
        }
        if let Some(producer) = &component.producer {
            let agent = self.agent(&producer.value);
            out.set("originatedBy", Node::list(vec![Node::text(agent)]));
        }
        if let Some(released) = &component.released {
            match time(&released.value) {
                Some(time) => {
                    if time != released.value {
                        extras.add(property::RELEASED, &released.value);
                    }
                    out.set("releaseTime", Node::text(time));
                }
                None => extras.add(property::RELEASED, &released.value),
            }
        }
        let digests = component.digests.iter();
        out.set_list(
            "verifiedUsing",
            digests
                .filter(|one| one.value.hex.len() == one.value.algorithm.digits())
                .map(|one| {
                    Node::map()
                        .say("type", "Hash")
                        .say("algorithm", spdx_hash(one.value.algorithm))
                        .say("hashValue", &one.value.hex.to_ascii_lowercase())
                })
                .collect(),
        );
        out.set(
            "software_primaryPurpose",
            Node::text(spdx_purpose(component.kind)),
        );
        if let Some(copyright) = &component.copyright {
            out.set("software_copyrightText", Node::text(&copyright.value));
        }
        if component.kind == ComponentKind::File {
            out.set("software_fileKind", Node::text("file"));
            for (name, text) in [("version", &component.version), ("purl", &component.purl)] {
                if let Some(text) = text {
                    extras.add(&format!("cleanbill:{name}"), &text.value);
                }
            }
        } else {
            if let Some(version) = &component.version {
                out.set("software_packageVersion", Node::text(&version.value));
            }
            if let Some(purl) = &component.purl {
                out.set("software_packageUrl", Node::text(&purl.value));
            }
        }
        references(component, &mut out);
        if let Some(model) = &component.model {
            if component.kind == ComponentKind::Model {
                self::model(model, &mut out, &mut extras);
            } else {
                extras.all(property::MODEL, fields::model(model));
            }
        }
        if let Some(dataset) = &component.dataset {
            if component.kind == ComponentKind::Dataset {
                self::dataset(dataset, &mut out, &mut extras);
            } else {
                extras.all(property::DATASET, fields::dataset(dataset));
            }
        }
        if component.kind == ComponentKind::Dataset && out.get("dataset_datasetType").is_none() {
            out.set("dataset_datasetType", Node::list(vec![Node::text("noAssertion")]));
        }
        extras.component(component);
        self.elements.push(out);
        self.licences_of(component, &id);
        self.annotate(component, &id, extras);
    }

    fn licences_of(&mut self, component: &Component, id: &str) {
        let licences = component.licences.iter();
        for one in licences {
            let value = &one.value;
            let Some(expression) = expression_of(value) else {
                continue;
            };
            let is_concluded = value.is_found || one.source.origin == Origin::Concluded;
            let kind = if is_concluded {
                "hasConcludedLicense"
            } else {
                "hasDeclaredLicense"
            };
            let licence = self.licence(&expression);
            let mut comment = String::new();
            if value.is_found {
                comment.push_str("found in a text");
            }
            if !value.stated.trim().is_empty() && value.stated != expression {
                if !comment.is_empty() {
                    comment.push_str("; ");
                }
                comment.push_str("stated as ");
                comment.push_str(&value.stated);
            }
            self.relation(kind, id, &[licence], &comment);
        }
    }

    fn licence(&mut self, expression: &str) -> String {
        if let Some(id) = self.licences.get(expression) {
            return id.clone();
        }
        let id = self.id("licence", expression);
        let element = Self::element("simplelicensing_LicenseExpression", &id)
            .say("simplelicensing_licenseExpression", expression);
        self.elements.push(element);
        self.licences.insert(expression.to_owned(), id.clone());
        id
    }

    /// Adds the annotation with what has no field and where the values came from.
    fn annotate(&mut self, component: &Component, id: &str, extras: Extras) {
        let mut sources = Node::map();
        for field in fields(component) {
            if !field.source.file.is_empty() {
                let line = source_line(&field.source);
                if sources.get(&field.name).is_none() {
                    sources.set(&field.name, Node::text(line));
                }
            }
        }
        let mut statement = Node::map();
        statement.set_list("properties", extras.0);
        statement.set_map("sources", sources);
        self.note(&self.id("annotation", &component.id), id, &statement);
    }

    /// Adds an annotation that holds what SPDX has no field for.
    pub(super) fn note(&mut self, id: &str, subject: &str, statement: &Node) {
        if statement.members().is_empty() {
            return;
        }
        let text = String::from_utf8_lossy(&statement.to_json())
            .trim_end()
            .to_owned();
        let annotation = Self::element("Annotation", id)
            .say("annotationType", "other")
            .say("subject", subject)
            .say("contentType", "application/json")
            .say("statement", &text);
        self.elements.push(annotation);
    }
}

/// Values that SPDX has no field for.
#[derive(Default)]
pub(super) struct Extras(Vec<Node>);

impl Extras {
    /// Returns them as the statement of an annotation.
    pub(super) fn statement(self) -> Node {
        let mut statement = Node::map();
        statement.set_list("properties", self.0);
        statement
    }

    pub(super) fn add(&mut self, name: &str, value: &str) {
        self.0.push(Node::map().say("name", name).say("value", value));
    }

    fn all(&mut self, prefix: &str, values: Vec<(String, Sourced<String>)>) {
        for (name, value) in values {
            self.add(&format!("{prefix}{name}"), &value.value);
        }
    }

    fn component(&mut self, component: &Component) {
        if matches!(
            component.kind,
            ComponentKind::Tool | ComponentKind::Service | ComponentKind::Prompt
        ) {
            self.add(property::KIND, component.kind.as_str());
        }
        if let Some(group) = &component.group {
            self.add("cleanbill:group", &group.value);
        }
        if let Some(requirement) = &component.requirement {
            self.add(property::REQUIREMENT, &requirement.value);
        }
        if let Some(size) = component.size_bytes {
            self.add(property::SIZE, &size.to_string());
        }
        if let Some(path) = &component.path {
            self.add(property::PATH, path);
        }
        for (name, value) in &component.properties {
            self.add(name, &value.value);
        }
    }
}

/// Returns the expression of a licence; a statement that is none becomes a reference of the document.
fn expression_of(licence: &Licence) -> Option<String> {
    if let Some(expression) = &licence.expression {
        return Some(expression.clone());
    }
    let name: String = licence
        .stated
        .trim()
        .chars()
        .map(|one| {
            if one.is_ascii_alphanumeric() || one == '.' {
                one
            } else {
                '-'
            }
        })
        .take(80)
        .collect();
    let name = name.trim_matches('-');
    (!name.is_empty()).then(|| format!("LicenseRef-{name}"))
}

fn references(component: &Component, out: &mut Node) {
    let mut others = Vec::new();
    for one in &component.references {
        let url = iri(&one.value.url);
        let place = match one.value.kind {
            ReferenceKind::Distribution => Some("software_downloadLocation"),
            ReferenceKind::Website => Some("software_homePage"),
            _ => None,
        };
        match place {
            Some(key) if out.get(key).is_none() && component.kind != ComponentKind::File => {
                out.set(key, Node::text(url));
            }
            _ => {
                let (name, comment) = spdx_reference(one.value.kind);
                let mut node = Node::map()
                    .say("type", "ExternalRef")
                    .say("externalRefType", name)
                    .with("locator", Node::list(vec![Node::text(url)]));
                if !comment.is_empty() {
                    node.set("comment", Node::text(comment));
                }
                others.push(node);
            }
        }
    }
    out.set_list("externalRef", others);
}

fn entries<'b>(list: impl Iterator<Item = (&'b str, &'b str)>) -> Vec<Node> {
    list.map(|(key, value)| {
        Node::map()
            .say("type", "DictionaryEntry")
            .say("key", key)
            .say("value", value)
    })
    .collect()
}

fn texts(list: &[Sourced<String>]) -> Vec<Node> {
    list.iter().map(|one| Node::text(&one.value)).collect()
}

fn joined(list: &[Sourced<String>]) -> Option<Node> {
    let lines: Vec<&str> = list.iter().map(|one| one.value.as_str()).collect();
    (!lines.is_empty()).then(|| Node::text(lines.join("\n")))
}

fn model(card: &ModelCard, out: &mut Node, extras: &mut Extras) {
    let types: Vec<Node> = [&card.architecture_family, &card.architecture]
        .into_iter()
        .flatten()
        .map(|one| Node::text(&one.value))
        .collect();
    out.set_list("ai_typeOfModel", types);
    out.set_list("ai_domain", texts(&card.domains));
    let sizes = card.dimensions.iter();
    let sizes: Vec<(String, &str)> = sizes
        .map(|(name, value)| (format!("{ARCHITECTURE}{name}"), value.value.as_str()))
        .collect();
    let parameters = card.hyperparameters.iter();
    let parameters = parameters.map(|(name, value)| (name.as_str(), value.value.as_str()));
    out.set_list(
        "ai_hyperparameter",
        entries(
            sizes
                .iter()
                .map(|(name, value)| (name.as_str(), *value))
                .chain(parameters),
        ),
    );
    let metrics = card.metrics.iter();
    out.set_list(
        "ai_metric",
        entries(metrics.map(|one| (one.value.kind.as_str(), one.value.value.as_str()))),
    );
    let thresholds = card.thresholds.iter();
    out.set_list(
        "ai_metricDecisionThreshold",
        entries(thresholds.map(|(name, value)| (name.as_str(), value.value.as_str()))),
    );
    out.set_some("ai_limitation", joined(&card.limitations));
    out.set_some(
        "ai_informationAboutTraining",
        card.training.as_ref().map(|one| Node::text(&one.value)),
    );
    out.set_some("ai_informationAboutApplication", joined(&card.use_cases));
    out.set_list("ai_modelDataPreprocessing", texts(&card.preprocessing));
    out.set_list("ai_modelExplainability", texts(&card.explainability));
    out.set_list("ai_standardCompliance", texts(&card.standards));
    let truth = |value: bool| Node::text(if value { "yes" } else { "no" });
    out.set_some(
        "ai_useSensitivePersonalInformation",
        card.sensitive_data.as_ref().map(|one| truth(one.value)),
    );
    out.set_some(
        "ai_autonomyType",
        card.autonomous.as_ref().map(|one| truth(one.value)),
    );
    if let Some(risk) = &card.safety_risk
        && RISKS.contains(&risk.value.as_str())
    {
        out.set("ai_safetyRiskAssessment", Node::text(&risk.value));
    }
    out.set_some("ai_energyConsumption", energy(&card.energy));
    for (name, value) in fields::model(card) {
        let is_placed = match name.as_str() {
            "safety-risk" => RISKS.contains(&value.value.as_str()),
            "limitation" | "use-case" => !value.value.contains('\n'),
            "metric" => value.value.ends_with(" | "),
            other => {
                PLACED.contains(&other)
                    || other.starts_with("dimension:")
                    || other.starts_with("hyperparameter:")
                    || other.starts_with("threshold:")
            }
        };
        if !is_placed {
            extras.add(&format!("{}{name}", property::MODEL), &value.value);
        }
    }
}

/// Fields of a model that have a place of their own and lead back from it.
const PLACED: [&str; 7] = [
    "domain",
    "training",
    "preprocessing",
    "explainability",
    "standard",
    "sensitive-data",
    "autonomous",
];

/// Begins the names of hyperparameters that are sizes and settings of the architecture: SPDX has one list for both.
pub(super) const ARCHITECTURE: &str = "architecture:";

/// Levels of risk that SPDX knows.
const RISKS: [&str; 4] = ["low", "medium", "high", "serious"];

/// Writes energy. The quantity is text: as a number it would not be a decimal for the shapes.
fn energy(list: &[Sourced<Energy>]) -> Option<Node> {
    let mut out = Node::map().say("type", "ai_EnergyConsumption");
    for (activity, key) in ENERGIES {
        let quantities = list
            .iter()
            .filter(|one| one.value.activity == activity)
            .filter_map(|one| one.value.energy.as_ref())
            .filter(|one| is_number(&one.value) && !one.value.contains(['e', 'E']));
        out.set_list(
            key,
            quantities
                .filter_map(|one| {
                    let unit = match one.unit.as_str() {
                        "kWh" => "kilowattHour",
                        "MJ" => "megajoule",
                        _ => return None,
                    };
                    let quantity = Node::map()
                        .say("type", "ai_EnergyConsumptionDescription")
                        .say("ai_energyQuantity", &one.value)
                        .say("ai_energyUnit", unit);
                    Some(quantity)
                })
                .collect(),
        );
    }
    (out.members().len() > 1).then_some(out)
}

/// Activities whose energy SPDX has a field for.
pub(super) const ENERGIES: [(&str, &str); 3] = [
    ("training", "ai_trainingEnergyConsumption"),
    ("fine-tuning", "ai_finetuningEnergyConsumption"),
    ("inference", "ai_inferenceEnergyConsumption"),
];

fn dataset(dataset: &Dataset, out: &mut Node, extras: &mut Extras) {
    let mut types: Vec<&str> = Vec::new();
    for kind in &dataset.kinds {
        let word = match kind.value.as_str() {
            "tabular" | "structured" => "structured",
            other => KINDS.into_iter().find(|name| *name == other).unwrap_or("other"),
        };
        if !types.contains(&word) {
            types.push(word);
        }
    }
    out.set_list("dataset_datasetType", types.into_iter().map(Node::text).collect());
    for (key, text) in [
        ("dataset_dataCollectionProcess", &dataset.collection),
        ("dataset_intendedUse", &dataset.intended_use),
        ("dataset_datasetNoise", &dataset.noise),
        ("dataset_datasetUpdateMechanism", &dataset.updates),
    ] {
        out.set_some(key, text.as_ref().map(|one| Node::text(&one.value)));
    }
    for (key, list) in [
        ("dataset_dataPreprocessing", &dataset.preprocessing),
        ("dataset_knownBias", &dataset.bias),
        ("dataset_anonymizationMethodUsed", &dataset.anonymisation),
    ] {
        out.set_list(key, texts(list));
    }
    let size = dataset
        .size
        .as_ref()
        .filter(|size| size.value.parse::<u64>().is_ok());
    out.set_some("dataset_datasetSize", size.map(|size| Node::number(&size.value)));
    let level = dataset
        .classification
        .as_ref()
        .filter(|one| LEVELS.contains(&one.value.as_str()));
    out.set_some(
        "dataset_confidentialityLevel",
        level.map(|one| Node::text(&one.value)),
    );
    for (name, value) in fields::dataset(dataset) {
        let is_placed = match name.as_str() {
            "kind" => KINDS.contains(&value.value.as_str()),
            "size" => size.is_some(),
            "classification" => level.is_some(),
            "collection" | "intended-use" | "noise" | "updates" | "preprocessing" | "bias"
            | "anonymisation" => true,
            _ => false,
        };
        if !is_placed {
            extras.add(&format!("{}{name}", property::DATASET), &value.value);
        }
    }
}

/// Kinds of data that SPDX knows by the same word.
pub(super) const KINDS: [&str; 11] = [
    "audio",
    "categorical",
    "graph",
    "image",
    "numeric",
    "sensor",
    "structured",
    "syntactic",
    "text",
    "timeseries",
    "video",
];

/// Levels of confidentiality, which are those of the traffic light protocol.
const LEVELS: [&str; 4] = ["clear", "green", "amber", "red"];
