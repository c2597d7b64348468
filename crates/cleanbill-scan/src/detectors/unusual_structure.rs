//! Detector `unusual-structure`.

use cleanbill_formats::{FormatView, Impact};

use super::damaged_structure::report;
use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Structure that readers accept and agree about, but that common tools do not write.
    /// ## Why it matters
    /// It is context for other findings and for a person who compares two files.
    /// ## How it is decided
    /// Every parser note of the impact *note* is reported.
    /// ## What it misses
    /// Whatever no parser notes.
    /// ## What to do
    /// Nothing by itself.
    id: "unusual-structure",
    title: "Unusual structure", "结构不寻常",
    severity: Info, confidence: High,
    tags: &[], controls: &["MOD-01"],
    on: any view => run,
}

fn run(view: &dyn FormatView, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    report(view, &[Impact::Note], sink);
}
