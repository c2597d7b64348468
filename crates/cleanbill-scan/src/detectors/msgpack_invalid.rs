//! Detector `msgpack-invalid`.

use cleanbill_core::{Severity, Text, text};
use cleanbill_formats::msgpack::View;

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Flax parameters with arrays of Python objects, arrays whose bytes do not fit their shape, types that Flax does not have, or
    /// keys that stand twice.
    /// ## Why it matters
    /// Arrays of objects are made through pickle by lax readers; false shapes reach beyond a buffer; a repeated key shows one
    /// array to a scanner and another to a loader.
    /// ## How it is decided
    /// Every array is compared with its shape and type. Types of other programs than Flax are *medium* beside Flax's own and *low* elsewhere.
    /// ## What it misses
    /// The values of the arrays.
    /// ## What to do
    /// Do not load it. Flax does not write such a file.
    /// ## References
    /// `flax.serialization`; CWE-20, CWE-502.
    id: "msgpack-invalid",
    title: "Invalid Flax parameters", "无效的 Flax 参数",
    severity: High, confidence: High,
    tags: &["CWE-20", "CWE-502"], controls: &["MOD-01"],
    on: Msgpack => run,
}

fn run(view: &View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for violation in &view.violations {
        let severity = match (violation.kind.id, view.arrays) {
            ("msgpack-type", 0) => Severity::Low,
            ("msgpack-type", _) => Severity::Medium,
            _ => Severity::High,
        };
        sink.report(
            Some(violation.range.clone()),
            Text::new(violation.kind.en, violation.kind.zh),
        )
        .severity(severity)
        .evidence(&violation.detail)
        .hint(text!("do not load it", "不要加载"));
    }
}
