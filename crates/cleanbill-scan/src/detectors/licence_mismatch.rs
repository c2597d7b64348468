//! Detector `licence-mismatch`.

use cleanbill_core::text;

use crate::{
    collection::{Collection, CollectionSink},
    detector::detector,
};

detector! {
    /// ## What it finds
    /// A model card that names another licence than the licence file beside it holds.
    /// ## Why it matters
    /// One of them is wrong. Whoever relies on the friendlier one may have no right to use the model.
    /// ## How it is decided
    /// `license` in the front matter of `README.md` against the licence that the file's title names, for common licences.
    /// ## What it misses
    /// Licences that the list does not know, and changes within the text of a licence.
    /// ## What to do
    /// Ask the supplier which one holds; keep the answer as evidence.
    /// ## References
    /// SPDX licence list.
    id: "licence-mismatch",
    title: "Card and licence file disagree", "模型卡与许可证文件不一致",
    severity: Low, confidence: Medium,
    tags: &[], controls: &["MOD-11", "GOV-10"],
    on: collection => run,
}

fn run(collection: &Collection<'_>, sink: &mut CollectionSink<'_>) {
    let Some((file, (claimed, range))) = collection.files.iter().find_map(|file| {
        let card = file.card.as_ref()?;
        Some((file, card.licence.as_ref()?))
    }) else {
        return;
    };
    let held: Vec<&str> = collection.files.iter().filter_map(|file| file.licence).collect();
    let claim = claimed.trim().to_ascii_lowercase();
    // `other` and words of a supplier's own claim nothing that could be compared.
    if held.is_empty() || !KNOWN.contains(&claim.as_str()) {
        return;
    }
    if !held.iter().any(|licence| claim.starts_with(licence)) {
        let held = held.join(", ");
        sink.at(file).report(
            Some(range.clone()),
            text!(
                "claims the licence `{claim}`, the licence file holds `{held}`",
                "声明许可证为 `{claim}`，而许可证文件为 `{held}`"
            ),
        );
    }
}

/// Ids of the Hugging Face Hub for licences that the facts can tell apart.
const KNOWN: &[&str] = &[
    "agpl-3.0",
    "apache-2.0",
    "bsd-2-clause",
    "bsd-3-clause",
    "cc-by-4.0",
    "cc-by-nc-4.0",
    "cc-by-sa-4.0",
    "cc0-1.0",
    "gemma",
    "gpl-2.0",
    "gpl-3.0",
    "lgpl-3.0",
    "llama2",
    "llama3",
    "llama3.1",
    "llama3.2",
    "llama3.3",
    "llama4",
    "mit",
    "mpl-2.0",
    "openrail",
    "unlicense",
];
