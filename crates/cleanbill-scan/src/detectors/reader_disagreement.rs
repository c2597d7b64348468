//! Detector `reader-disagreement`.

use cleanbill_formats::{FormatView, Impact};

use super::damaged_structure::report;
use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Bytes that two readers of the same format would see differently, or that are kept from one of them: names that
    /// differ between the two headers of a ZIP entry, two entries of one name, flags that stop one reader only, opcodes
    /// that cross a pickle frame.
    /// ## Why it matters
    /// What a scanner sees must be what the loader runs. Nearly every bypass of a model scanner is such a disagreement.
    /// ## How it is decided
    /// Parsers read the way the laxest real loader reads and note where a stricter reader would see something else.
    /// ## What it misses
    /// Disagreements between readers that nobody has described yet.
    /// ## What to do
    /// Do not load it. No common tool writes such a file by accident.
    /// ## References
    /// CWE-436; CVE-2025-1944, CVE-2025-1945, CVE-2025-10156, CPython issue 154848.
    id: "reader-disagreement",
    title: "Readers would see different things", "不同读取器会看到不同内容",
    severity: High, confidence: High,
    tags: &["CWE-436"], controls: &["MOD-01"],
    on: any view => run,
}

fn run(view: &dyn FormatView, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    report(view, &[Impact::Evasion], sink);
}
