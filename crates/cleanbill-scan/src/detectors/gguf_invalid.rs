//! Detector `gguf-invalid`.

use cleanbill_core::{Severity, Text, text};
use cleanbill_formats::gguf::View;

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// A GGUF header whose counts, lengths, types, shapes or offsets lead a reader astray: larger than the file or than
    /// llama.cpp takes, overflowing, misaligned, overlapping, of types and versions never published; names that readers
    /// in C cut short; repeated keys and tensors.
    /// ## Why it matters
    /// llama.cpp and its relatives are written in C and C++; several of these were holes through which a file could write
    /// to memory.
    /// ## How it is decided
    /// Every count is compared with what remains of the file, every product is checked for overflow, tensors are sorted
    /// and compared. Repeated names are *medium*: readers refuse them or choose differently. A file that only ends early,
    /// and a version or tensor type that may be newer than this build, are reported as damage or in passing.
    /// ## What it misses
    /// Metadata of one architecture that its loader trusts, such as the number of layers.
    /// ## What to do
    /// Do not load it.
    /// ## References
    /// CVE-2024-25664 to -25668, CVE-2025-53630, CVE-2026-27940, CVE-2026-33298; CWE-190, CWE-787.
    id: "gguf-invalid",
    title: "Invalid GGUF header", "无效的 GGUF 头部",
    severity: High, confidence: High,
    tags: &["CWE-190", "CWE-787"], controls: &["MOD-01"],
    on: Gguf => run,
}

fn run(view: &View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for violation in &view.violations {
        let (en, zh) = (violation.kind.en, violation.kind.zh);
        let severity = match violation.kind.id {
            "gguf-repeated" => Severity::Medium,
            _ => Severity::High,
        };
        sink.report(Some(violation.range.clone()), Text::new(en, zh))
            .severity(severity)
            .evidence(&violation.detail)
            .hint(text!("do not load it", "不要加载"));
    }
}
