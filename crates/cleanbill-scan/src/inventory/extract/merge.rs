//! Recipes of mergekit, which name every model that went in.

use cleanbill_code::tree::{Kind, Node};
use cleanbill_core::bill::{ComponentKind, ProcessKind, RelationKind, Source, Sourced};

use super::is_named;
use crate::{
    inventory::{Entry, Rank, from_hub},
    scene::Scene,
};

/// LIMIT: models of one recipe that are taken; real ones name a handful.
const MODELS: usize = 256;

pub(super) fn extract(scene: &Scene<'_>, entry: &mut Entry) {
    if !is_named(
        scene,
        &[
            "mergekit_config.yml",
            "mergekit_config.yaml",
            "mergekit_moe_config.yml",
        ],
    ) {
        return;
    }
    let Some(root) = scene.reading.root() else {
        return;
    };
    let file = scene.artifact;
    let mut named: Vec<(String, String)> = Vec::new();
    collect(root, "", 0, &mut named);
    for (name, place) in named {
        let source = Source::file(file, &place);
        // `model@revision`, and `model+lora` for an adapter that was put in first.
        for (index, part) in name.split('+').enumerate() {
            let (model, revision) = part.split_once('@').map_or((part, None), |(a, b)| (a, Some(b)));
            let detail = if index == 0 { "merge" } else { "merged adapter" };
            let base = from_hub(ComponentKind::Model, model, revision, &source);
            entry.name(RelationKind::DerivedFrom, detail, base, source.clone());
        }
    }
    let mut settings = Vec::new();
    flatten(root, "", 0, &mut |place, value| {
        let last = place.rsplit(['.', ']']).next().unwrap_or(place);
        if settings.len() < MODELS && !MODEL_KEYS.contains(&last) && value.len() <= 200 {
            let value = Sourced::new(value.to_owned(), Source::file(file, place));
            settings.push((place.to_owned(), value));
        }
    });
    entry.make(ProcessKind::Merge, settings, Source::file(file, ""));
    if let Some(method) = root.get("merge_method").and_then(Node::as_str) {
        entry.state(Rank::Configuration, |model| {
            model.property(
                "cleanbill:merge-method",
                method,
                Source::file(file, "merge_method"),
            );
        });
    }
}

/// Visits every scalar with its place.
fn flatten<'a>(node: &'a Node, place: &str, depth: usize, visit: &mut impl FnMut(&str, &'a str)) {
    if depth > 8 {
        return;
    }
    match &node.kind {
        Kind::Map(entries) => {
            for entry in entries {
                let here = format!("{place}.{}", entry.key);
                flatten(&entry.value, here.trim_start_matches('.'), depth + 1, visit);
            }
        }
        Kind::List(items) => {
            for (index, item) in items.iter().enumerate() {
                flatten(item, &format!("{place}[{index}]"), depth + 1, visit);
            }
        }
        Kind::Scalar { .. } => {
            if let Some(value) = node.as_str() {
                visit(place, value);
            }
        }
    }
}

/// Keys that name models.
const MODEL_KEYS: [&str; 3] = ["model", "base_model", "source_model"];

fn collect(node: &Node, place: &str, depth: usize, named: &mut Vec<(String, String)>) {
    if depth > 8 {
        return;
    }
    match &node.kind {
        Kind::Map(entries) => {
            for entry in entries {
                let here = format!("{place}.{}", entry.key);
                let here = here.trim_start_matches('.');
                let wanted = MODEL_KEYS.contains(&&*entry.key);
                if let (true, Some(name)) = (wanted, entry.value.as_str())
                    && named.len() < MODELS
                    && !named.iter().any(|(known, _)| known == name)
                {
                    named.push((name.to_owned(), here.to_owned()));
                }
                collect(&entry.value, here, depth + 1, named);
            }
        }
        Kind::List(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, &format!("{place}[{index}]"), depth + 1, named);
            }
        }
        Kind::Scalar { .. } => {}
    }
}
