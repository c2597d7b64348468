//! Detector `archive-too-deep`.

use cleanbill_core::text;

use crate::{detector::detector, scene::Whole, sink::Sink};

detector! {
    /// ## What it finds
    /// Members nested deeper than Cleanbill opens them.
    /// ## Why it matters
    /// No tool packs a model a dozen levels deep. It is done to outlast a scanner, or to exhaust it.
    /// ## How it is decided
    /// Something that has members lies at the depth `nesting_depth`.
    /// ## What it misses
    /// Nothing: what lies deeper is not examined, and said to be so.
    /// ## What to do
    /// Do not unpack it; ask for the innermost file itself.
    /// ## References
    /// CWE-674, CWE-409.
    id: "archive-too-deep",
    title: "Members are nested too deep", "成员嵌套过深",
    severity: High, confidence: High,
    tags: &["CWE-674"], controls: &["MOD-01"],
    on: whole => run,
}

fn run(whole: &Whole<'_>, sink: &mut Sink<'_>) {
    if whole.too_deep {
        let levels = whole.limits.nesting_depth;
        sink.report(
            None,
            text!(
                "members lie more than {levels} levels deep",
                "成员的嵌套超过 {levels} 层"
            ),
        );
    }
}
