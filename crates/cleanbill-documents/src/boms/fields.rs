//! A component as a flat list of named values: what comparisons, checks and reports of loss go by.
//!
//! `model.` and `dataset.` stand before what is said of a model and of a dataset. A name may stand several times.

use cleanbill_core::bill::{
    Component, Dataset, Energy, Fairness, Metric, ModelCard, Quantity, Risk, Source, Sourced,
};

use super::{
    names::{cyclonedx_hash, cyclonedx_reference},
    tree::is_number,
};

/// Holds one value of a component.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Field {
    /// What it is: `version`, `digest:SHA-256`, `model.task`.
    pub name: String,
    /// The value as text.
    pub value: String,
    /// Where it came from.
    pub source: Source,
}

/// Lists every value of a component, its id and relations apart.
pub fn fields(component: &Component) -> Vec<Field> {
    let mut out = Vec::new();
    let mut add = |name: String, value: String, source: &Source| {
        out.push(Field {
            name,
            value,
            source: source.clone(),
        });
    };
    let own = Source::default();
    add("kind".to_owned(), component.kind.as_str().to_owned(), &own);
    if !component.name.is_empty() {
        add("name".to_owned(), component.name.clone(), &own);
    }
    let texts = [
        ("group", &component.group),
        ("version", &component.version),
        ("requirement", &component.requirement),
        ("purl", &component.purl),
        ("description", &component.description),
        ("copyright", &component.copyright),
        ("released", &component.released),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            add(name.to_owned(), text.value.clone(), &text.source);
        }
    }
    for (name, party) in [
        ("supplier", &component.supplier),
        ("producer", &component.producer),
    ] {
        if let Some(party) = party {
            let value = &party.value;
            let mut parts = vec![value.name.as_str()];
            parts.extend(value.urls.iter().map(String::as_str));
            parts.extend(value.contacts.iter().map(String::as_str));
            parts.retain(|part| !part.is_empty());
            add(name.to_owned(), parts.join(" | "), &party.source);
        }
    }
    for licence in &component.licences {
        let name = if licence.value.is_found {
            "licence-found"
        } else {
            "licence"
        };
        let value = licence.value.expression.as_ref().unwrap_or(&licence.value.stated);
        add(name.to_owned(), value.clone(), &licence.source);
    }
    for digest in &component.digests {
        let name = format!("digest:{}", cyclonedx_hash(digest.value.algorithm));
        add(name, digest.value.hex.to_ascii_lowercase(), &digest.source);
    }
    if let Some(size) = component.size_bytes {
        add("size".to_owned(), size.to_string(), &own);
    }
    if let Some(path) = &component.path {
        add("path".to_owned(), path.clone(), &own);
    }
    for reference in &component.references {
        let (kind, comment) = cyclonedx_reference(reference.value.kind);
        let kind = if comment.is_empty() { kind } else { comment };
        let mut value = reference.value.url.clone();
        for digest in &reference.value.digests {
            value.push(' ');
            value.push_str(&digest.hex);
        }
        add(format!("reference:{kind}"), value, &reference.source);
    }
    for (name, value) in &component.properties {
        add(format!("property:{name}"), value.value.clone(), &value.source);
    }
    if let Some(card) = &component.model {
        for (name, value) in model(card) {
            add(format!("model.{name}"), value.value, &value.source);
        }
    }
    if let Some(one) = &component.dataset {
        for (name, value) in dataset(one) {
            add(format!("dataset.{name}"), value.value, &value.source);
        }
    }
    out
}

/// Parts the pieces of a value that has several.
const PART: &str = " | ";

/// Lists what is said of a model.
pub(crate) fn model(card: &ModelCard) -> Vec<(String, Sourced<String>)> {
    let mut out: Vec<(String, Sourced<String>)> = Vec::new();
    let mut add = |name: &str, value: &Sourced<String>| out.push((name.to_owned(), value.clone()));
    for (name, text) in [
        ("task", &card.task),
        ("approach", &card.approach),
        ("family", &card.architecture_family),
        ("architecture", &card.architecture),
        ("training", &card.training),
        ("safety-risk", &card.safety_risk),
        ("acceptable-use", &card.acceptable_use),
        ("compute", &card.compute),
        ("tokenizer", &card.tokenizer),
    ] {
        if let Some(text) = text {
            add(name, text);
        }
    }
    for (name, number) in [
        ("parameters", &card.parameters),
        ("context-length", &card.context_length),
        ("vocabulary", &card.vocabulary),
    ] {
        if let Some(number) = number {
            add(name, &map(number, u64::to_string));
        }
    }
    for (name, truth) in [
        ("sensitive-data", &card.sensitive_data),
        ("autonomous", &card.autonomous),
    ] {
        if let Some(truth) = truth {
            add(name, &map(truth, bool::to_string));
        }
    }
    for (name, list) in [
        ("element-type", &card.element_types),
        ("language", &card.languages),
        ("input", &card.inputs),
        ("output", &card.outputs),
        ("tag", &card.tags),
        ("user", &card.users),
        ("use-case", &card.use_cases),
        ("out-of-scope", &card.out_of_scope),
        ("limitation", &card.limitations),
        ("tradeoff", &card.tradeoffs),
        ("preprocessing", &card.preprocessing),
        ("standard", &card.standards),
        ("domain", &card.domains),
        ("explainability", &card.explainability),
    ] {
        for one in list {
            add(name, one);
        }
    }
    for (kind, list) in [
        ("dimension", &card.dimensions),
        ("hyperparameter", &card.hyperparameters),
        ("threshold", &card.thresholds),
    ] {
        for (name, value) in list {
            add(&format!("{kind}:{name}"), value);
        }
    }
    for metric in &card.metrics {
        add(
            "metric",
            &map(metric, |one| [&*one.kind, &*one.value, &*one.slice].join(PART)),
        );
    }
    for risk in &card.risks {
        add(
            "risk",
            &map(risk, |one| [&*one.name, &*one.mitigation].join(PART)),
        );
    }
    for fairness in &card.fairness {
        let words = |one: &Fairness| [&*one.group, &*one.benefits, &*one.harms, &*one.mitigation].join(PART);
        add("fairness", &map(fairness, words));
    }
    for energy in &card.energy {
        add("energy", &map(energy, energy_words));
    }
    out
}

/// Lists what is said of a dataset.
pub(crate) fn dataset(dataset: &Dataset) -> Vec<(String, Sourced<String>)> {
    let mut out: Vec<(String, Sourced<String>)> = Vec::new();
    for (name, text) in [
        ("collection", &dataset.collection),
        ("size", &dataset.size),
        ("intended-use", &dataset.intended_use),
        ("classification", &dataset.classification),
        ("noise", &dataset.noise),
        ("updates", &dataset.updates),
    ] {
        out.extend(text.iter().map(|text| (name.to_owned(), text.clone())));
    }
    for (name, list) in [
        ("kind", &dataset.kinds),
        ("preprocessing", &dataset.preprocessing),
        ("bias", &dataset.bias),
        ("sensitive", &dataset.sensitive),
        ("language", &dataset.languages),
        ("owner", &dataset.owners),
        ("anonymisation", &dataset.anonymisation),
    ] {
        out.extend(list.iter().map(|one| (name.to_owned(), one.clone())));
    }
    out
}

/// Takes a value of [`model`] back; says whether the name is known.
pub(crate) fn set_model(name: &str, value: Sourced<String>, card: &mut ModelCard) -> bool {
    let text = value.value.clone();
    let parts: Vec<&str> = text.split(PART).collect();
    let part = |index: usize| parts.get(index).copied().unwrap_or_default().to_owned();
    let source = value.source.clone();
    let number = || {
        text.parse()
            .ok()
            .map(|number| Sourced::new(number, source.clone()))
    };
    let truth = || text.parse().ok().map(|truth| Sourced::new(truth, source.clone()));
    match name {
        "task" => card.task = Some(value),
        "approach" => card.approach = Some(value),
        "family" => card.architecture_family = Some(value),
        "architecture" => card.architecture = Some(value),
        "training" => card.training = Some(value),
        "safety-risk" => card.safety_risk = Some(value),
        "acceptable-use" => card.acceptable_use = Some(value),
        "compute" => card.compute = Some(value),
        "tokenizer" => card.tokenizer = Some(value),
        "parameters" => card.parameters = number(),
        "context-length" => card.context_length = number(),
        "vocabulary" => card.vocabulary = number(),
        "sensitive-data" => card.sensitive_data = truth(),
        "autonomous" => card.autonomous = truth(),
        "element-type" => card.element_types.push(value),
        "language" => card.languages.push(value),
        "input" => card.inputs.push(value),
        "output" => card.outputs.push(value),
        "tag" => card.tags.push(value),
        "user" => card.users.push(value),
        "use-case" => card.use_cases.push(value),
        "out-of-scope" => card.out_of_scope.push(value),
        "limitation" => card.limitations.push(value),
        "tradeoff" => card.tradeoffs.push(value),
        "preprocessing" => card.preprocessing.push(value),
        "standard" => card.standards.push(value),
        "domain" => card.domains.push(value),
        "explainability" => card.explainability.push(value),
        "metric" => card.metrics.push(Sourced::new(
            Metric {
                kind: part(0),
                value: part(1),
                slice: part(2),
            },
            source,
        )),
        "risk" => card.risks.push(Sourced::new(
            Risk {
                name: part(0),
                mitigation: part(1),
            },
            source,
        )),
        "fairness" => card.fairness.push(Sourced::new(
            Fairness {
                group: part(0),
                benefits: part(1),
                harms: part(2),
                mitigation: part(3),
            },
            source,
        )),
        "energy" => {
            let energy = Sourced::new(energy_of(&text), source);
            // Words say more than the field that a standard has for the same activity.
            card.energy
                .retain(|one| one.value.activity != energy.value.activity);
            card.energy.push(energy);
        }
        _ => {
            if let Some(name) = name.strip_prefix("hyperparameter:") {
                card.hyperparameters.push((name.to_owned(), value));
            } else if let Some(name) = name.strip_prefix("dimension:") {
                card.dimensions.push((name.to_owned(), value));
            } else if let Some(name) = name.strip_prefix("threshold:") {
                card.thresholds.push((name.to_owned(), value));
            } else {
                return false;
            }
        }
    }
    true
}

/// Takes a value of [`dataset`] back; says whether the name is known.
pub(crate) fn set_dataset(name: &str, value: Sourced<String>, out: &mut Dataset) -> bool {
    match name {
        "collection" => out.collection = Some(value),
        "size" => out.size = Some(value),
        "intended-use" => out.intended_use = Some(value),
        "classification" => out.classification = Some(value),
        "noise" => out.noise = Some(value),
        "updates" => out.updates = Some(value),
        "kind" => out.kinds.push(value),
        "preprocessing" => out.preprocessing.push(value),
        "bias" => out.bias.push(value),
        "sensitive" => out.sensitive.push(value),
        "language" => out.languages.push(value),
        "owner" => out.owners.push(value),
        "anonymisation" => out.anonymisation.push(value),
        _ => return false,
    }
    true
}

fn map<T>(one: &Sourced<T>, words: impl Fn(&T) -> String) -> Sourced<String> {
    Sourced::new(words(&one.value), one.source.clone())
}

/// Says in words what an activity consumed.
fn energy_words(energy: &Energy) -> String {
    let mut parts = vec![energy.activity.clone()];
    for quantity in [&energy.energy, &energy.emissions].into_iter().flatten() {
        parts.push(format!("{} {}", quantity.value, quantity.unit));
    }
    parts.extend(energy.hardware.clone());
    parts.join(PART)
}

fn energy_of(words: &str) -> Energy {
    let mut parts = words.split(PART);
    let mut out = Energy {
        activity: parts.next().unwrap_or_default().to_owned(),
        energy: None,
        emissions: None,
        hardware: None,
    };
    for part in parts {
        let quantity = part.split_once(' ').filter(|(value, _)| is_number(value));
        let quantity = quantity.map(|(value, unit)| Quantity {
            value: value.to_owned(),
            unit: unit.to_owned(),
        });
        match quantity {
            Some(quantity) if quantity.unit.to_ascii_lowercase().ends_with("wh") => {
                out.energy = Some(quantity);
            }
            Some(quantity) => out.emissions = Some(quantity),
            None => out.hardware = Some(part.to_owned()),
        }
    }
    out
}
