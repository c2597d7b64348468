//! Detector `licence-mismatch`.

use cleanbill_core::text;
use cleanbill_licences::{Agreement, Findings, compare};

use crate::{
    collection::{Collection, CollectionSink},
    detector::detector,
};

detector! {
    /// ## What it finds
    /// A model card or a package's metadata that names another licence than the licence file beside it holds.
    /// ## Why it matters
    /// One of them is wrong. Whoever relies on the friendlier one may have no right to use the model.
    /// ## How it is decided
    /// `license` in the front matter of `README.md`, or the licence fields of `METADATA`, against the licences that the text of the
    /// files is recognised as: other licences, or one that grants less.
    /// ## What it misses
    /// Licences whose text is not known, and small changes within the text of a licence.
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
    let mut held = Findings::default();
    for file in &collection.files {
        if let Some(findings) = &file.licences {
            held.merge((**findings).clone());
        }
    }
    if held.found.is_empty() {
        return;
    }
    for file in &collection.files {
        let Some((declared, range)) = file.declared.as_deref() else {
            continue;
        };
        let compared = compare(declared, &held);
        if !matches!(
            compared.agreement,
            Agreement::Contradicts | Agreement::FoundNarrower
        ) {
            continue;
        }
        let (claimed, held) = (compared.declared.join(", "), compared.found.join(", "));
        sink.at(file)
            .report(
                Some(range.clone()),
                text!(
                    "claims the licence `{claimed}`, the licence file holds `{held}`",
                    "声明许可证为 `{claimed}`，而许可证文件为 `{held}`"
                ),
            )
            .confidence(compared.confidence);
    }
}
