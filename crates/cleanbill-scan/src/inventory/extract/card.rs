//! Model cards and dataset cards: the front matter of `README.md`, and the sections below it that templates of cards have.

mod sections;
mod trainer;

use cleanbill_code::tree::{Node, Syntax, Tree};
use cleanbill_core::bill::{
    Component, ComponentKind, Energy, ExternalReference, Licence, Metric, Quantity, ReferenceKind,
    RelationKind, Source, Sourced,
};

use super::{configuration::written_by, is_named};
use crate::{
    inventory::{Entry, Rank, from_hub},
    scene::Scene,
};

/// LIMIT: values of one list of a card that are taken; real cards name fewer.
const VALUES: usize = 500;

pub(super) fn extract(scene: &Scene<'_>, entry: &mut Entry) {
    if !is_named(scene, &["README.md", "readme.md"]) {
        return;
    }
    let Some(written) = scene.reading.text() else {
        return;
    };
    let (matter, body) = split(&written.text);
    let file = scene.artifact;
    let tree = Tree::parse(matter, Syntax::Yaml);
    let root = tree.root().filter(|root| root.is_map());
    entry.has_card = root.is_some();
    if let Some(root) = root {
        front_matter(root, file, entry);
    }
    trainer::take(body, file, entry);
    entry.state(Rank::Card, |model| {
        sections::take(body, file, model);
        model.references.push(Sourced::new(
            ExternalReference {
                kind: ReferenceKind::ModelCard,
                url: file.to_owned(),
                digests: Vec::new(),
            },
            Source::measured(file, "listing"),
        ));
    });
}

/// Parts the front matter from the text.
fn split(text: &str) -> (&str, &str) {
    let rest = text
        .strip_prefix("---\n")
        .or_else(|| text.strip_prefix("---\r\n"));
    let Some(rest) = rest else { return ("", text) };
    match rest.find("\n---") {
        Some(end) => (
            rest.get(..end).unwrap_or_default(),
            rest.get(end + 4..).unwrap_or_default(),
        ),
        None => ("", text),
    }
}

fn front_matter(root: &Node, file: &str, entry: &mut Entry) {
    let one = |key: &str| {
        let text = root.get(key)?.one_or_many().first()?.as_str()?;
        (!text.is_empty()).then(|| Sourced::new(text.to_owned(), Source::file(file, key)))
    };
    let many = |key: &str| -> Vec<Sourced<String>> {
        let nodes = root.get(key).map(Node::one_or_many).unwrap_or_default();
        nodes
            .iter()
            .take(VALUES)
            .filter_map(|node| {
                let text = node.as_str().filter(|text| !text.is_empty())?;
                Some(Sourced::new(text.to_owned(), Source::file(file, key)))
            })
            .collect()
    };
    let detail = one("base_model_relation").map(|relation| relation.value);
    for base in many("base_model") {
        let component = from_hub(ComponentKind::Model, &base.value, None, &base.source);
        entry.name(
            RelationKind::DerivedFrom,
            detail.as_deref().unwrap_or_default(),
            component,
            base.source,
        );
    }
    for dataset in many("datasets") {
        let component = from_hub(ComponentKind::Dataset, &dataset.value, None, &dataset.source);
        entry.name(RelationKind::TrainedOn, "", component, dataset.source);
    }
    if let Some(library) = one("library_name") {
        let component = framework(&library.value, &library.source);
        entry.name(RelationKind::DependsOn, "library", component, library.source);
    }
    entry.state(Rank::Card, |model| {
        if let Some(name) = one("model_name") {
            model.name = name.value;
        }
        for (key, link) in [
            ("license", false),
            ("license_name", false),
            ("license_link", true),
        ] {
            let Some(value) = one(key) else { continue };
            if link {
                model.references.push(Sourced::new(
                    ExternalReference {
                        kind: ReferenceKind::Licence,
                        url: value.value,
                        digests: Vec::new(),
                    },
                    value.source,
                ));
            } else if key != "license" || value.value != "other" {
                model.licences.push(Sourced::new(
                    Licence {
                        expression: None,
                        stated: value.value,
                        is_found: false,
                    },
                    value.source,
                ));
            }
        }
        let card = model.model.get_or_insert_default();
        card.task = one("pipeline_tag");
        if let Some(task) = &card.task
            && let Some((inputs, outputs)) = kinds(&task.value)
        {
            let sourced =
                |kind: &&str| Sourced::new((*kind).to_owned(), Source::concluded(file, "pipeline_tag"));
            card.inputs = inputs.iter().map(sourced).collect();
            card.outputs = outputs.iter().map(sourced).collect();
        }
        card.languages = many("language");
        card.tags = many("tags");
        card.metrics = results(root, file);
        card.energy = emissions(root, file).into_iter().collect();
    });
    evaluated_on(root, file, entry);
}

/// Returns what models of a task of the hub take and give.
fn kinds(task: &str) -> Option<(&'static [&'static str], &'static [&'static str])> {
    Some(match task {
        "text-generation"
        | "text2text-generation"
        | "summarization"
        | "translation"
        | "fill-mask"
        | "question-answering"
        | "table-question-answering" => (&["text"], &["text"]),
        "sentence-similarity" | "feature-extraction" => (&["text"], &["vector"]),
        "text-classification" | "token-classification" | "zero-shot-classification" | "text-ranking" => {
            (&["text"], &["label"])
        }
        "image-text-to-text" | "visual-question-answering" | "document-question-answering" => {
            (&["image", "text"], &["text"])
        }
        "image-to-text" => (&["image"], &["text"]),
        "text-to-image" => (&["text"], &["image"]),
        "image-to-image" => (&["image"], &["image"]),
        "text-to-video" => (&["text"], &["video"]),
        "text-to-speech" | "text-to-audio" => (&["text"], &["audio"]),
        "automatic-speech-recognition" => (&["audio"], &["text"]),
        "audio-classification" | "voice-activity-detection" => (&["audio"], &["label"]),
        "audio-to-audio" => (&["audio"], &["audio"]),
        "image-classification" | "zero-shot-image-classification" => (&["image"], &["label"]),
        "object-detection" | "image-segmentation" | "depth-estimation" => (&["image"], &["image", "label"]),
        "tabular-classification" => (&["table"], &["label"]),
        "tabular-regression" | "time-series-forecasting" => (&["table"], &["number"]),
        _ => return None,
    })
}

/// Makes the framework that a card names, whose package has the same name, or one that is known.
fn framework(name: &str, source: &Source) -> Component {
    let package = match name {
        "pytorch" => "torch",
        "sklearn" => "scikit-learn",
        "nemo" => "nemo-toolkit",
        "transformers.js" => {
            return Component::new(ComponentKind::Framework, "framework:transformers.js", name);
        }
        other => other,
    };
    let mut component = written_by(package, "", source);
    component.properties.clear();
    component
}

/// Reads `model-index`: the results of evaluations.
fn results(root: &Node, file: &str) -> Vec<Sourced<Metric>> {
    let mut metrics = Vec::new();
    let models = root.get("model-index").map(Node::items).unwrap_or_default();
    for (m, model) in models.iter().enumerate() {
        let results = model.get("results").map(Node::items).unwrap_or_default();
        for (r, result) in results.iter().enumerate() {
            let dataset = result
                .str_at(&["dataset", "name"])
                .or_else(|| result.str_at(&["dataset", "type"]))
                .unwrap_or_default();
            let split = result.str_at(&["dataset", "split"]);
            for (k, metric) in result
                .get("metrics")
                .map(Node::items)
                .unwrap_or_default()
                .iter()
                .enumerate()
            {
                let (Some(kind), Some(value)) = (
                    metric.str_at(&["type"]).or_else(|| metric.str_at(&["name"])),
                    metric.str_at(&["value"]),
                ) else {
                    continue;
                };
                if metrics.len() >= VALUES {
                    return metrics;
                }
                metrics.push(Sourced::new(
                    Metric {
                        kind: kind.to_owned(),
                        value: value.to_owned(),
                        slice: split
                            .map_or_else(|| dataset.to_owned(), |split| format!("{dataset}, {split}")),
                    },
                    Source::file(file, &format!("model-index[{m}].results[{r}].metrics[{k}]")),
                ));
            }
        }
    }
    metrics
}

/// Names the datasets on which the model was evaluated.
fn evaluated_on(root: &Node, file: &str, entry: &mut Entry) {
    let models = root.get("model-index").map(Node::items).unwrap_or_default();
    let mut seen: Vec<&str> = Vec::new();
    for (m, model) in models.iter().enumerate() {
        for (r, result) in model
            .get("results")
            .map(Node::items)
            .unwrap_or_default()
            .iter()
            .enumerate()
        {
            let Some(name) = result.str_at(&["dataset", "type"]) else {
                continue;
            };
            if seen.contains(&name) || seen.len() >= VALUES {
                continue;
            }
            seen.push(name);
            let source = Source::file(file, &format!("model-index[{m}].results[{r}].dataset"));
            let revision = result.str_at(&["dataset", "revision"]);
            let component = from_hub(ComponentKind::Dataset, name, revision, &source);
            entry.name(RelationKind::TestedOn, "", component, source);
        }
    }
}

/// Reads `co2_eq_emissions`, which is a number of grams or a map.
fn emissions(root: &Node, file: &str) -> Option<Sourced<Energy>> {
    let node = root.get("co2_eq_emissions")?;
    let grams = if node.is_map() {
        node.str_at(&["emissions"])
    } else {
        node.as_str()
    }?;
    let grams: f64 = grams
        .parse()
        .ok()
        .filter(|grams: &f64| grams.is_finite() && *grams >= 0.0)?;
    Some(Sourced::new(
        Energy {
            activity: node.str_at(&["training_type"]).unwrap_or("training").to_owned(),
            energy: None,
            emissions: Some(Quantity {
                value: (grams / 1e6).to_string(),
                unit: "tCO2eq".to_owned(),
            }),
            hardware: node.str_at(&["hardware_used"]).map(str::to_owned),
        },
        Source::file(file, "co2_eq_emissions"),
    ))
}
