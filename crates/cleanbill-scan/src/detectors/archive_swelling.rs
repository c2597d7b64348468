//! Detector `archive-swelling`.

use cleanbill_core::text;

use crate::{detector::detector, scene::Whole, sink::Sink};

detector! {
    /// ## What it finds
    /// An artifact whose members together swell without measure, though none of them does alone: archives within archives,
    /// many members, members that share their bytes.
    /// ## Why it matters
    /// Unpacking it fills memory or disk.
    /// ## How it is decided
    /// All that was decoded at all depths passes `bomb_floor_bytes`, and its ratio to the artifact's size passes `bomb_ratio`.
    /// ## What it misses
    /// Members that were not opened because a limit was reached; those make the coverage partial.
    /// ## What to do
    /// Do not unpack it.
    /// ## References
    /// CWE-409.
    id: "archive-swelling",
    title: "Members swell together", "成员合计膨胀过大",
    severity: High, confidence: High,
    tags: &["CWE-409", "AML.T0029"], controls: &["MOD-01"],
    on: whole => run,
}

fn run(whole: &Whole<'_>, sink: &mut Sink<'_>) {
    let (from, to) = (whole.size_bytes, whole.decoded_bytes);
    if to > whole.limits.bomb_floor_bytes && to / from.max(1) >= whole.limits.bomb_ratio {
        sink.report(
            None,
            text!(
                "{from} bytes hold members of {to} bytes in all",
                "{from} 字节中的成员合计 {to} 字节"
            ),
        );
    }
}
