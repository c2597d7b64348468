//! Detector `pickle-nested`.

use cleanbill_core::text;
use cleanbill_formats::{Format, pickle};

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// A pickle inside a byte string of another pickle.
    /// ## Why it matters
    /// It is how payloads are carried past tools that look at the outer pickle only. Some libraries nest pickles honestly.
    /// ## How it is decided
    /// Byte strings and Latin-1 texts that begin like a pickle are interpreted as one. What the inner pickle does is
    /// judged and reported by itself; this finding only tells that it is there.
    /// ## What it misses
    /// Pickles that are compressed or encoded before they are put into a byte string without a signature.
    /// ## What to do
    /// Look at the other findings of the same member.
    /// ## References
    /// CWE-502.
    id: "pickle-nested",
    title: "Pickle inside a pickle", "pickle 中嵌套 pickle",
    severity: Low, confidence: Medium,
    tags: &["CWE-502"], controls: &["MOD-01"],
    on: Pickle => run,
}

fn run(view: &pickle::View, scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let carried = scene.within.contains(&Format::Pickle) && scene.file_name.contains("bytes at");
    if let (true, Some(first)) = (carried, view.streams.first()) {
        sink.report(
            Some(first.range.clone()),
            text!(
                "a byte string of a pickle is a pickle itself",
                "pickle 中的字节串本身是 pickle"
            ),
        );
    }
}
