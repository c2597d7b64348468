//! Reads a graph of SPDX 3.0.1 into a bill, forgiving what is odd.

mod security;

use std::collections::BTreeMap;

use cleanbill_core::{
    ToolInfo,
    bill::{
        Bill, Component, ComponentKind, Dataset, Digest, Energy, ExternalReference, Licence, Metric,
        ModelCard, Origin, Party, Quantity, ReferenceKind, Relation, RelationKind, Source, Sourced,
    },
};

use super::{
    NO_TIME, TYPES, build, decode,
    element::{ARCHITECTURE, ENERGIES},
};
use crate::boms::{
    fields, json,
    names::{hash_of, kind_of_purpose, kind_of_word, property, reference_of_spdx, source_of},
    spot::{Origins, Spot},
    tree::Node,
};

/// Reads a document; `name` is what its values are said to come from.
pub(crate) fn read(tree: &Node, name: &str) -> Bill {
    let origins = Origins::of(tree, name);
    let root = Spot::root(tree, &origins);
    let elements = if root.get("@graph").is_some() {
        root.list("@graph")
    } else {
        vec![root]
    };
    let mut by_id = BTreeMap::new();
    for element in &elements {
        if let Some(id) = element.said("spdxId").or(element.said("@id")) {
            by_id.entry(id).or_insert_with(|| element.clone());
        }
    }
    let mut reader = Reader {
        bill: Bill::default(),
        by_id,
        places: BTreeMap::new(),
        weaknesses: BTreeMap::new(),
        builds: BTreeMap::new(),
    };
    for element in &elements {
        reader.element(element);
    }
    for element in &elements {
        reader.after(element);
    }
    reader.bill.settle();
    reader.bill
}

struct Reader<'a> {
    bill: Bill,
    by_id: BTreeMap<&'a str, Spot<'a>>,
    /// Places of components by their ids.
    places: BTreeMap<String, usize>,
    /// Places of weaknesses by the ids of their elements.
    weaknesses: BTreeMap<String, usize>,
    /// Places of processes by the ids of their builds.
    builds: BTreeMap<String, usize>,
}

/// Returns the id within the bill: our own ids lead back, those of others stay.
fn id_of(id: &str) -> String {
    id.strip_prefix("urn:cleanbill:bill:")
        .and_then(|rest| {
            rest.strip_prefix("component:")
                .or_else(|| rest.split_once(":component:").map(|(_, inner)| inner))
        })
        .map_or_else(|| id.to_owned(), decode)
}

/// Returns the id that a reference names, or that stands in the place of one.
fn id_text(spot: &Spot<'_>) -> Option<String> {
    match spot.node.as_text() {
        Some(id) => Some(id.to_owned()),
        None => spot.said("spdxId").or(spot.said("@id")).map(str::to_owned),
    }
}

/// Words that say nothing.
pub(super) fn is_said(text: &str) -> bool {
    !matches!(
        text.trim().to_ascii_uppercase().as_str(),
        "" | "NOASSERTION" | "NONE"
    )
}

impl<'a> Reader<'a> {
    /// Follows a reference; what stands in place is itself.
    fn follow(&self, spot: &Spot<'a>) -> Option<Spot<'a>> {
        match spot.node.as_text() {
            Some(id) => self.by_id.get(id).cloned(),
            None => Some(spot.clone()),
        }
    }

    fn element(&mut self, spot: &Spot<'a>) {
        let class = spot.said("type").or(spot.said("@type")).unwrap_or_default();
        match class {
            "SpdxDocument" => self.document(spot),
            "software_Sbom" => {
                for word in spot.texts("software_sbomType") {
                    let phase = TYPES.iter().find(|(_, name)| *name == word.value);
                    let phase = phase.map_or(word.value.as_str(), |(phase, _)| phase);
                    self.bill.phases.push(phase.to_owned());
                }
                if let Some(id) = spot.texts("rootElement").first() {
                    self.bill.subject = id_of(&id.value);
                }
            }
            "ai_AIPackage" => self.component(spot, ComponentKind::Model),
            "dataset_DatasetPackage" => self.component(spot, ComponentKind::Dataset),
            "software_File" => self.component(spot, ComponentKind::File),
            "software_Package" => {
                let purpose = spot.said("software_primaryPurpose").unwrap_or_default();
                self.component(spot, kind_of_purpose(purpose));
            }
            "security_Vulnerability" => self.vulnerability(spot),
            "build_Build" => {
                let id = spot.said("spdxId").or(spot.said("@id")).unwrap_or(&spot.path);
                self.builds.insert(id.to_owned(), self.bill.processes.len());
                self.bill.processes.push(build::read(spot));
            }
            _ => {}
        }
    }

    fn document(&mut self, spot: &Spot<'a>) {
        self.bill.is_signed = spot.get("verifiedUsing").is_some();
        self.bill.edition = spot
            .said("comment")
            .and_then(|comment| comment.strip_prefix("edition "))
            .and_then(|number| number.parse().ok());
        let Some(creation) = spot.get("creationInfo").and_then(|one| self.follow(&one)) else {
            return;
        };
        if creation.said("comment") != Some(NO_TIME) {
            self.bill.timestamp = creation.said("created").map(str::to_owned);
        }
        for agent in creation.list("createdBy") {
            let Some(agent) = self.follow(&agent) else {
                continue;
            };
            if agent.said("type") != Some("SoftwareAgent")
                && let Some(party) = party_of(&agent)
            {
                self.bill.authors.push(party.value);
            }
        }
        for tool in creation.list("createdUsing") {
            let Some(name) = self.follow(&tool).and_then(|tool| tool.sourced("name")) else {
                continue;
            };
            let digest = self.follow(&tool).and_then(|tool| tool.sourced("description"));
            let name = name.value;
            let (name, version) = name.rsplit_once([' ', '-']).unwrap_or((&name, ""));
            self.bill.tool.get_or_insert(ToolInfo {
                name: name.to_owned(),
                version: version.to_owned(),
                detectors_digest: digest.map(|one| one.value).unwrap_or_default(),
            });
        }
    }

    fn component(&mut self, spot: &Spot<'a>, kind: ComponentKind) {
        let id = spot.said("spdxId").or(spot.said("@id")).unwrap_or(&spot.path);
        let mut out = Component::new(kind, &id_of(id), spot.said("name").unwrap_or_default());
        out.description = spot.sourced("description").or_else(|| spot.sourced("summary"));
        let agent = |key: &str| -> Option<Sourced<Party>> {
            let list = spot.list(key);
            let agent = self.follow(list.first()?)?;
            let mut party = party_of(&agent)?;
            party.source = list.first()?.source();
            Some(party)
        };
        out.supplier = agent("suppliedBy");
        out.producer = agent("originatedBy");
        out.released = spot.sourced("releaseTime");
        out.copyright = spot
            .sourced("software_copyrightText")
            .filter(|one| is_said(&one.value));
        out.version = spot.sourced("software_packageVersion");
        out.purl = spot.sourced("software_packageUrl");
        for identifier in spot.list("externalIdentifier") {
            let Some(value) = identifier.sourced("identifier") else {
                continue;
            };
            match identifier.said("externalIdentifierType") {
                Some("packageUrl") => out.purl = out.purl.take().or(Some(value)),
                class => {
                    let name = format!("spdx:{}", class.unwrap_or("other"));
                    out.property(&name, value.value, value.source);
                }
            }
        }
        for hash in spot.list("verifiedUsing") {
            let digest = hash.said("algorithm").and_then(hash_of).map(|algorithm| Digest {
                algorithm,
                hex: hash.said("hashValue").unwrap_or_default().to_ascii_lowercase(),
            });
            out.digests.extend(digest.map(|digest| hash.with(digest)));
        }
        for (key, kind) in [
            ("software_downloadLocation", ReferenceKind::Distribution),
            ("software_homePage", ReferenceKind::Website),
        ] {
            if let Some(url) = spot.sourced(key).filter(|url| is_said(&url.value)) {
                out.references.push(reference(kind, url));
            }
        }
        for one in spot.list("externalRef") {
            let kind = reference_of_spdx(
                one.said("externalRefType").unwrap_or_default(),
                one.said("comment").unwrap_or_default(),
            );
            for url in one.texts("locator") {
                out.references.push(reference(kind, url));
            }
        }
        if kind == ComponentKind::Model {
            let card = model(spot);
            if card != ModelCard::default() {
                out.model = Some(Box::new(card));
            }
        }
        if kind == ComponentKind::Dataset {
            let data = dataset(spot);
            if data != Dataset::default() {
                out.dataset = Some(Box::new(data));
            }
        }
        self.places
            .entry(out.id.clone())
            .or_insert(self.bill.components.len());
        self.bill.components.push(out);
    }

    /// Reads what joins elements, when all of them are known.
    fn after(&mut self, spot: &Spot<'a>) {
        let class = spot.said("type").or(spot.said("@type")).unwrap_or_default();
        if class == "Annotation" {
            self.annotation(spot);
            return;
        }
        let Some(kind) = spot.said("relationshipType") else {
            return;
        };
        let Some(from) = spot.get("from").and_then(|one| id_text(&one)) else {
            return;
        };
        let targets = spot.list("to");
        let targets: Vec<String> = targets.iter().filter_map(id_text).collect();
        let comment = spot.said("comment").unwrap_or_default();
        for to in targets {
            let (from, to) = (from.as_str(), to.as_str());
            match kind {
                "hasDeclaredLicense" | "hasConcludedLicense" => self.licence(from, to, kind, comment, spot),
                "describes" => self.bill.subject = id_of(to),
                "contains" => self.relate(from, RelationKind::Contains, to, comment, spot),
                "dependsOn" => self.relate(from, RelationKind::DependsOn, to, comment, spot),
                "ancestorOf" => self.relate(to, RelationKind::DerivedFrom, from, comment, spot),
                "descendantOf" => self.relate(from, RelationKind::DerivedFrom, to, comment, spot),
                "trainedOn" => self.relate(from, RelationKind::TrainedOn, to, comment, spot),
                "testedOn" => self.relate(from, RelationKind::TestedOn, to, comment, spot),
                "hasInput" | "hasOutput" => {
                    let place = self.builds.get(from).copied();
                    if let Some(process) = place.and_then(|place| self.bill.processes.get_mut(place)) {
                        let list = match kind {
                            "hasInput" => &mut process.inputs,
                            _ => &mut process.outputs,
                        };
                        list.push(spot.with(id_of(to)));
                    }
                }
                "hasAssociatedVulnerability" => self.affects(to, from, None),
                "affects" | "doesNotAffect" | "fixedIn" | "underInvestigationFor" => {
                    self.affects(from, to, security::analysis(spot, kind));
                }
                "hasAssessmentFor" => {
                    self.affects(from, to, None);
                    self.assessment(class, from, spot);
                }
                _ => {}
            }
        }
    }

    fn relate(&mut self, from: &str, kind: RelationKind, to: &str, detail: &str, spot: &Spot<'_>) {
        self.bill.relations.push(Relation {
            from: id_of(from),
            kind,
            to: id_of(to),
            detail: detail.to_owned(),
            source: spot.source(),
        });
    }

    fn find(&mut self, id: &str) -> Option<&mut Component> {
        let place = self.places.get(&id_of(id))?;
        self.bill.components.get_mut(*place)
    }

    fn licence(&mut self, from: &str, to: &str, kind: &str, comment: &str, spot: &Spot<'a>) {
        let element = self.by_id.get(to).cloned();
        let expression = match &element {
            Some(element) => element
                .sourced("simplelicensing_licenseExpression")
                .or_else(|| element.sourced("name"))
                .map(|one| one.value),
            // A licence of the list, named by its address.
            None => to.rsplit('/').next().map(str::to_owned),
        };
        let Some(expression) = expression.filter(|one| is_said(one)) else {
            return;
        };
        let stated = comment.split("stated as ").nth(1);
        let is_found = comment.starts_with("found in a text");
        let is_reference = stated.is_some() && expression.starts_with("LicenseRef-");
        let mut licence = spot.with(Licence {
            stated: stated.unwrap_or(&expression).to_owned(),
            expression: (!is_reference).then_some(expression),
            is_found,
        });
        if kind == "hasConcludedLicense" && !is_found {
            licence.source.origin = Origin::Concluded;
        }
        if let Some(component) = self.find(from) {
            component.licences.push(licence);
        }
    }

    /// Reads an annotation of ours: what has no field, and where values came from.
    fn annotation(&mut self, spot: &Spot<'a>) {
        let Some(subject) = spot.get("subject").and_then(|one| id_text(&one)) else {
            return;
        };
        let Some(statement) = spot.said("statement").and_then(|text| json::parse(text).ok()) else {
            return;
        };
        let class = self.by_id.get(subject.as_str()).and_then(|one| one.said("type"));
        if matches!(class, Some("software_Sbom" | "SpdxDocument")) {
            let properties = statement.all("properties").iter();
            let properties = properties.filter_map(|one| Some((one.said("name")?, one.said("value")?)));
            let properties = properties.map(|(name, value)| (name.to_owned(), value.to_owned()));
            self.bill.properties.extend(properties);
            return;
        }
        if class == Some("security_Vulnerability") {
            self.noted(&subject, &statement);
            return;
        }
        let source = spot.source();
        let Some(component) = self.find(&subject) else {
            return;
        };
        for one in statement.all("properties") {
            if let (Some(name), Some(value)) = (one.said("name"), one.get("value").and_then(Node::plain)) {
                extra(component, name, Sourced::new(value, source.clone()));
            }
        }
        if let Some(sources) = statement.get("sources") {
            apply_sources(component, sources);
        }
    }
}

fn extra(component: &mut Component, name: &str, value: Sourced<String>) {
    match name {
        property::KIND => component.kind = kind_of_word(&value.value).unwrap_or(component.kind),
        property::PATH => component.path = Some(value.value),
        property::SIZE => component.size_bytes = value.value.parse().ok(),
        property::RELEASED => component.released = Some(value),
        property::REQUIREMENT => component.requirement = Some(value),
        "cleanbill:group" => component.group = Some(value),
        "cleanbill:version" => component.version = Some(value),
        "cleanbill:purl" => component.purl = Some(value),
        _ => {
            if let Some(field) = name.strip_prefix(property::MODEL) {
                let card: &mut ModelCard = component.model.get_or_insert_default();
                if field == "metric" {
                    // The plain entry of the same metric says less.
                    let kind = value.value.split(" | ").next().unwrap_or_default().to_owned();
                    let plain = |one: &Sourced<Metric>| one.value.kind == kind && one.value.slice.is_empty();
                    if let Some(index) = card.metrics.iter().position(plain) {
                        card.metrics.remove(index);
                    }
                }
                fields::set_model(field, value, card);
            } else if let Some(field) = name.strip_prefix(property::DATASET) {
                let data: &mut Dataset = component.dataset.get_or_insert_default();
                if field == "kind" {
                    data.kinds.retain(|one| one.value != "other");
                    if value.value == "tabular" {
                        data.kinds.retain(|one| one.value != "structured");
                    }
                }
                fields::set_dataset(field, value, data);
            } else {
                component.properties.push((name.to_owned(), value));
            }
        }
    }
}

/// Gives the plain values of a component back their sources.
fn apply_sources(component: &mut Component, sources: &Node) {
    let source = |name: &str| -> Option<Source> { sources.said(name).and_then(source_of) };
    let texts = [
        ("group", &mut component.group),
        ("version", &mut component.version),
        ("requirement", &mut component.requirement),
        ("purl", &mut component.purl),
        ("description", &mut component.description),
        ("copyright", &mut component.copyright),
        ("released", &mut component.released),
    ];
    for (name, text) in texts {
        if let (Some(text), Some(source)) = (text, source(name)) {
            text.source = source;
        }
    }
    for (name, party) in [
        ("supplier", &mut component.supplier),
        ("producer", &mut component.producer),
    ] {
        if let (Some(party), Some(source)) = (party, source(name)) {
            party.source = source;
        }
    }
}

fn reference(kind: ReferenceKind, url: Sourced<String>) -> Sourced<ExternalReference> {
    let reference = ExternalReference {
        kind,
        url: url.value,
        digests: Vec::new(),
    };
    Sourced::new(reference, url.source)
}

fn party_of(spot: &Spot<'_>) -> Option<Sourced<Party>> {
    let name = spot.said("name").filter(|name| is_said(name))?;
    let ids = spot.list("externalIdentifier");
    let contacts = ids.iter().filter_map(|one| one.said("identifier"));
    let mut urls = Vec::new();
    for one in spot.list("externalRef") {
        urls.extend(one.texts("locator").into_iter().map(|url| url.value));
    }
    Some(spot.with(Party {
        name: name.to_owned(),
        contacts: contacts.map(str::to_owned).collect(),
        urls,
    }))
}

fn entries(spot: &Spot<'_>, key: &str) -> Vec<(String, Sourced<String>)> {
    spot.list(key)
        .iter()
        .filter_map(|one| Some((one.said("key")?.to_owned(), one.sourced("value")?)))
        .collect()
}

fn lines(spot: &Spot<'_>, key: &str) -> Vec<Sourced<String>> {
    let Some(text) = spot.sourced(key).filter(|text| is_said(&text.value)) else {
        return Vec::new();
    };
    let lines = text.value.lines().filter(|line| !line.trim().is_empty());
    lines
        .map(|line| Sourced::new(line.to_owned(), text.source.clone()))
        .collect()
}

fn truth(spot: &Spot<'_>, key: &str) -> Option<Sourced<bool>> {
    let word = spot.sourced(key)?;
    let value = match word.value.as_str() {
        "yes" => true,
        "no" => false,
        _ => return None,
    };
    Some(Sourced::new(value, word.source))
}

fn model(spot: &Spot<'_>) -> ModelCard {
    let mut types = spot.texts("ai_typeOfModel").into_iter();
    let (first, second) = (types.next(), types.next());
    // A lone type with capitals is the name of a class rather than of a family.
    let is_class = |one: &Sourced<String>| {
        one.value
            .chars()
            .skip(1)
            .any(|letter| letter.is_ascii_uppercase())
    };
    let (family, architecture) = match (first, second) {
        (Some(first), None) if is_class(&first) => (None, Some(first)),
        pair => pair,
    };
    let (mut dimensions, mut hyperparameters) = (Vec::new(), Vec::new());
    for (name, value) in entries(spot, "ai_hyperparameter") {
        match name.strip_prefix(ARCHITECTURE) {
            Some(name) => dimensions.push((name.to_owned(), value)),
            None => hyperparameters.push((name, value)),
        }
    }
    let mut out = ModelCard {
        architecture_family: family,
        architecture,
        domains: spot.texts("ai_domain"),
        dimensions,
        hyperparameters,
        thresholds: entries(spot, "ai_metricDecisionThreshold"),
        limitations: lines(spot, "ai_limitation"),
        use_cases: lines(spot, "ai_informationAboutApplication"),
        training: spot.sourced("ai_informationAboutTraining"),
        preprocessing: spot.texts("ai_modelDataPreprocessing"),
        explainability: spot.texts("ai_modelExplainability"),
        standards: spot.texts("ai_standardCompliance"),
        sensitive_data: truth(spot, "ai_useSensitivePersonalInformation"),
        autonomous: truth(spot, "ai_autonomyType"),
        safety_risk: spot.sourced("ai_safetyRiskAssessment"),
        ..ModelCard::default()
    };
    for (kind, value) in entries(spot, "ai_metric") {
        let metric = Metric {
            kind,
            value: value.value,
            slice: String::new(),
        };
        out.metrics.push(Sourced::new(metric, value.source));
    }
    if let Some(consumption) = spot.get("ai_energyConsumption") {
        for (activity, key) in ENERGIES {
            for one in consumption.list(key) {
                let unit = match one.said("ai_energyUnit") {
                    Some("kilowattHour") => "kWh",
                    Some("megajoule") => "MJ",
                    other => other.unwrap_or_default(),
                };
                let quantity = one.sourced("ai_energyQuantity").map(|value| Quantity {
                    value: value.value,
                    unit: unit.to_owned(),
                });
                out.energy.push(one.with(Energy {
                    activity: activity.to_owned(),
                    energy: quantity,
                    emissions: None,
                    hardware: None,
                }));
            }
        }
    }
    out
}

fn dataset(spot: &Spot<'_>) -> Dataset {
    let mut kinds = spot.texts("dataset_datasetType");
    kinds.retain(|one| one.value != "noAssertion");
    Dataset {
        kinds,
        collection: spot.sourced("dataset_dataCollectionProcess"),
        preprocessing: spot.texts("dataset_dataPreprocessing"),
        size: spot.sourced("dataset_datasetSize"),
        intended_use: spot.sourced("dataset_intendedUse"),
        bias: spot.texts("dataset_knownBias"),
        classification: spot.sourced("dataset_confidentialityLevel"),
        anonymisation: spot.texts("dataset_anonymizationMethodUsed"),
        noise: spot.sourced("dataset_datasetNoise"),
        updates: spot.sourced("dataset_datasetUpdateMechanism"),
        ..Dataset::default()
    }
}
