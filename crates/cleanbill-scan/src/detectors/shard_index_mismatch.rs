//! Detector `shard-index-mismatch`.

use std::collections::BTreeSet;

use cleanbill_core::{Severity, text};
use cleanbill_formats::Tensor;

use crate::{
    collection::{Collection, CollectionSink},
    detector::detector,
    facts::{Facts, Index},
};

detector! {
    /// ## What it finds
    /// An index of shards (`*.index.json`) that does not fit the files beside it: a shard that it names is missing, a shard
    /// lacks a tensor or holds one more, a weight file of the same series is not named, or a shard lies in another folder.
    /// ## Why it matters
    /// A loader takes what the index names. A file left out is not what was reviewed, and a missing one makes the rest of the
    /// model whatever the loader fills in.
    /// ## How it is decided
    /// Names in `weight_map` are held against the files of the folder and, where the shards list their tensors
    /// (safetensors), against those lists.
    /// ## What it misses
    /// Shards in formats that do not list tensors are checked by name only.
    /// ## What to do
    /// Fetch the whole repository again at one revision; ask the supplier where a difference remains.
    /// ## References
    /// CWE-345, MITRE ATLAS AML.T0010.
    id: "shard-index-mismatch",
    title: "Index of shards does not fit the files", "分片索引与文件不符",
    severity: Medium, confidence: High,
    tags: &["CWE-345", "AML.T0010"], controls: &["MOD-02"],
    on: collection => run,
}

fn run(collection: &Collection<'_>, sink: &mut CollectionSink<'_>) {
    for file in &collection.files {
        if let Some(index) = &file.index {
            check(collection, file, index, sink);
        }
    }
}

fn check(collection: &Collection<'_>, file: &Facts, index: &Index, sink: &mut CollectionSink<'_>) {
    for (name, (tensors, range)) in &index.shards {
        if name.contains(['/', '\\']) {
            sink.at(file)
                .report(
                    Some(range.clone()),
                    text!("names a shard in another folder", "指向其他文件夹中的分片"),
                )
                .severity(Severity::High)
                .evidence(name);
            continue;
        }
        let Some(shard) = collection.file(name) else {
            sink.at(file)
                .report(
                    Some(range.clone()),
                    text!("names a shard that is not there", "所指的分片不存在"),
                )
                .evidence(name);
            continue;
        };
        let Some(list) = shard
            .tensors
            .as_ref()
            .filter(|list| list.is_complete() && index.complete)
        else {
            continue;
        };
        let named: BTreeSet<&str> = tensors.iter().map(String::as_str).collect();
        let held: BTreeSet<&str> = list
            .tensors()
            .iter()
            .map(|Tensor { name, .. }| name.as_str())
            .collect();
        if let Some(missing) = named.difference(&held).next() {
            sink.at(file)
                .report(
                    Some(range.clone()),
                    text!(
                        "`{name}` lacks a tensor that the index places there",
                        "`{name}` 缺少索引所列的张量"
                    ),
                )
                .evidence(missing);
        }
        if let Some(extra) = held.difference(&named).next() {
            sink.at(shard)
                .report(
                    None,
                    text!(
                        "holds a tensor that the index does not name",
                        "包含索引未列出的张量"
                    ),
                )
                .evidence(extra);
        }
    }
    for other in &collection.files {
        let same_series = series(other.name())
            .is_some_and(|name| index.shards.keys().any(|shard| series(shard) == Some(name)));
        if same_series && !index.shards.contains_key(other.name()) {
            sink.at(other).report(
                None,
                text!("a shard that the index does not name", "索引未列出的分片"),
            );
        }
    }
}

/// Returns what the names of all shards of one model share: `model-00001-of-00003.safetensors` gives `model` and the rest.
fn series(name: &str) -> Option<(&str, &str)> {
    let (stem, extension) = name.rsplit_once('.')?;
    let (stem, of) = stem.rsplit_once("-of-")?;
    let (stem, number) = stem.rsplit_once('-')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits(of) && digits(number)).then_some((stem, extension))
}
