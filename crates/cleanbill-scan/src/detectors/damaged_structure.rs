//! Detector `damaged-structure`.

use cleanbill_core::{Text, text};
use cleanbill_formats::{FormatView, Impact};

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// A file that breaks the rules of its own format, or ends before the bytes that it promises; and places where one of
    /// Cleanbill's own limits ended the examination.
    /// ## Why it matters
    /// Scanners that give up on damage report nothing, while loaders often run what stands before it. Damage is a known
    /// way to hide (CVE-2025-10156, the "nullifAI" models).
    /// ## How it is decided
    /// Parsers note every broken rule with its bytes; each note of the impact *damage* or *limit* is reported, and makes
    /// the coverage of the artifact partial.
    /// ## What it misses
    /// Damage in bytes that no loader interprets, such as tensor values.
    /// ## What to do
    /// Fetch the file again and compare its digest with the supplier's. If it is the same, ask the supplier.
    /// ## References
    /// CWE-20, CWE-1286.
    id: "damaged-structure",
    title: "Damaged or unreadable structure", "结构损坏或无法读取",
    severity: Medium, confidence: High,
    tags: &["CWE-1286"], controls: &["MOD-01"],
    on: any view => run,
}

fn run(view: &dyn FormatView, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    report(view, &[Impact::Damage, Impact::Limit], sink);
}

/// Reports every anomaly of the given impacts, once for each kind and place.
pub(super) fn report(view: &dyn FormatView, impacts: &[Impact], sink: &mut Sink<'_>) {
    for anomaly in view.anomalies() {
        if impacts.contains(&anomaly.kind.impact) {
            let (en, zh) = (anomaly.kind.en, anomaly.kind.zh);
            sink.report(Some(anomaly.range.clone()), Text::new(en, zh))
                .evidence(&anomaly.detail)
                .hint(text!(
                    "fetch it again, or ask its supplier",
                    "重新获取该文件，或询问供应方"
                ));
        }
    }
}
