//! Detector `config-tensor-mismatch`.

use std::collections::BTreeMap;

use cleanbill_core::{Severity, text};

use crate::{
    collection::{Collection, CollectionSink},
    detector::detector,
    facts::{Facts, Stated, embedding, model_tensors},
};

detector! {
    /// ## What it finds
    /// A `config.json` that does not describe the tensors beside it: another size of the vocabulary or of the hidden
    /// states, fewer or more layers than stated, another type of numbers.
    /// ## Why it matters
    /// Weights that were exchanged, cut or extended after review show here first. Layers that the configuration does not
    /// name are a place for changes that nobody looks at.
    /// ## How it is decided
    /// The word embedding is found by the names that libraries give it; layers are counted by the numbers in tensor names.
    /// Only folders whose safetensors files list all their tensors are judged, and not those with quantised weights.
    /// ## What it misses
    /// Weights in pickles, architectures with names of their own, two language models in one configuration.
    /// ## What to do
    /// Compare with the supplier's published revision; do not repair the configuration to fit.
    /// ## References
    /// CWE-345, MITRE ATLAS AML.T0018.
    id: "config-tensor-mismatch",
    title: "Configuration does not fit the tensors", "配置与张量不符",
    severity: Medium, confidence: Medium,
    tags: &["CWE-345", "AML.T0018"], controls: &["MOD-02", "MOD-09"],
    on: collection => run,
}

fn run(collection: &Collection<'_>, sink: &mut CollectionSink<'_>) {
    let Some((file, settings)) = collection
        .file("config.json")
        .and_then(|file| Some((file, file.settings.as_ref()?)))
    else {
        return;
    };
    let Some(tensors) = model_tensors(collection) else {
        return;
    };
    if settings.packed {
        return;
    }
    if let Some(embedding) = embedding(&tensors) {
        let sizes = [&settings.vocabulary, &settings.hidden];
        for (stated, found) in sizes.into_iter().zip(&embedding.shape) {
            let Some(stated) = stated.as_ref().filter(|stated| stated.value != *found) else {
                continue;
            };
            // Rows beyond the vocabulary are padding; some architectures embed into fewer dimensions than they work in.
            let severity = if stated.key == "vocab_size" && *found < stated.value {
                Severity::Medium
            } else {
                Severity::Low
            };
            report(
                file,
                stated,
                &format!("{}: {found}", embedding.name),
                severity,
                sink,
            );
        }
    }
    if let Some(stated) = &settings.layers
        && let Some((prefix, count)) = layers(tensors.iter().map(|tensor| tensor.name.as_str()))
        && count != stated.value
    {
        let severity = if count < stated.value {
            Severity::Medium
        } else {
            Severity::Low
        };
        report(file, stated, &format!("{prefix}: {count}"), severity, sink);
    }
}

fn report(file: &Facts, stated: &Stated, found: &str, severity: Severity, sink: &mut CollectionSink<'_>) {
    let Stated { key, value, range } = stated;
    sink.at(file)
        .report(
            Some(range.clone()),
            text!(
                "`{key}` is {value}, but the tensors say otherwise",
                "`{key}` 为 {value}，但张量并非如此"
            ),
        )
        .severity(severity)
        .evidence(found);
}

/// Counts the layers of the longest stack: the largest number that follows a prefix in the tensors' names, plus one.
fn layers<'a>(names: impl Iterator<Item = &'a str>) -> Option<(&'a str, u64)> {
    let mut stacks: BTreeMap<&str, u64> = BTreeMap::new();
    for name in names {
        for word in [".layers.", ".layer.", ".h.", ".blocks.", ".block."] {
            let Some(at) = name.find(word) else { continue };
            let end = at + word.len();
            let (prefix, rest) = (
                name.get(..end).unwrap_or_default(),
                name.get(end..).unwrap_or_default(),
            );
            if let Ok(number) = rest.split('.').next().unwrap_or_default().parse::<u64>() {
                let count = stacks.entry(prefix).or_insert(0);
                *count = (*count).max(number.saturating_add(1));
            }
            break;
        }
    }
    // Two stacks of different height, as in encoder and decoder: which one is meant, the configuration does not say.
    let mut counts: Vec<(&str, u64)> = stacks.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    match counts.as_slice() {
        [one] => Some(*one),
        [one, other, ..] if one.1 == other.1 => Some(*one),
        _ => None,
    }
}
