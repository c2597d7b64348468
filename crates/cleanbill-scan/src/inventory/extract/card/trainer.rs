//! What trainers write into the cards that they make: hyperparameters and versions of frameworks, as lists.

use cleanbill_core::bill::{Component, ComponentKind, ProcessKind, RelationKind, Source, Sourced};

use super::sections::{CARD_BYTES, sections};
use crate::inventory::{
    Entry, Rank,
    extract::{configuration::written_by, training::is_setting},
};

/// LIMIT: lines of one list that are taken; trainers write some twenty.
const LINES: usize = 200;

pub(super) fn take(body: &str, file: &str, entry: &mut Entry) {
    if body.len() > CARD_BYTES {
        return;
    }
    for (heading, text) in sections(body) {
        let lower = heading.to_lowercase();
        let place = format!("# {heading}");
        if lower.contains("hyperparameters") || lower.contains("hyper-parameters") {
            hyperparameters(text, file, &place, entry);
        } else if lower.contains("framework versions") {
            versions(text, file, &place, entry);
        }
    }
}

/// Parts the lines `- name: value`.
fn items(text: &str) -> impl Iterator<Item = (String, String)> {
    text.lines().take(LINES).filter_map(|line| {
        let item = line.trim().strip_prefix(['-', '*'])?.replace(['*', '`'], "");
        let (name, value) = item.split_once(':')?;
        let (name, value) = (name.trim(), value.trim());
        (!name.is_empty() && !value.is_empty() && value.len() <= 300)
            .then(|| (name.to_owned(), value.to_owned()))
    })
}

fn hyperparameters(text: &str, file: &str, place: &str, entry: &mut Entry) {
    let settings: Vec<(String, Sourced<String>)> = items(text)
        .map(|(name, value)| (name.to_lowercase().replace(' ', "_"), value))
        .filter(|(name, _)| is_setting(name))
        .map(|(name, value)| (name, Sourced::new(value, Source::file(file, place))))
        .collect();
    if settings.is_empty() {
        return;
    }
    entry.state(Rank::Card, |model| {
        model
            .model
            .get_or_insert_default()
            .hyperparameters
            .clone_from(&settings);
    });
    entry.make(ProcessKind::Training, settings, Source::file(file, place));
}

/// Packages by the names that cards have for them.
const PACKAGES: [(&str, &str); 12] = [
    ("transformers", "transformers"),
    ("pytorch", "torch"),
    ("datasets", "datasets"),
    ("tokenizers", "tokenizers"),
    ("peft", "peft"),
    ("trl", "trl"),
    ("accelerate", "accelerate"),
    ("sentence transformers", "sentence-transformers"),
    ("setfit", "setfit"),
    ("diffusers", "diffusers"),
    ("tensorflow", "tensorflow"),
    ("safetensors", "safetensors"),
];

fn versions(text: &str, file: &str, place: &str, entry: &mut Entry) {
    for line in text.lines().take(LINES) {
        let Some(item) = line.trim().strip_prefix(['-', '*']) else {
            continue;
        };
        let item = item.trim();
        let parts = item.split_once(": ").or_else(|| item.rsplit_once(' '));
        let Some((name, version)) = parts.map(|(name, version)| (name.trim(), version.trim())) else {
            continue;
        };
        let is_version = version.starts_with(|c: char| c.is_ascii_digit())
            && version.len() <= 64
            && !version.contains(char::is_whitespace);
        if !is_version {
            continue;
        }
        let source = Source::file(file, place);
        let lower = name.to_lowercase();
        let known = PACKAGES.iter().find(|(known, _)| *known == lower);
        let component = match known {
            Some((_, package)) => written_by(package, version, &source),
            None if lower == "python" => {
                let mut python = Component::new(ComponentKind::Platform, "platform:python", "python");
                python.property("cleanbill:written-by-version", version, source.clone());
                python
            }
            None => continue,
        };
        entry.name(RelationKind::DependsOn, "written by", component, source);
    }
}
