//! Detector `numpy-header-abuse`.

use cleanbill_core::{Text, text};
use cleanbill_formats::npy::View;

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// A NumPy header that is not the short dictionary of literals that it should be: code, nesting that crashes the
    /// Python parser, repeated keys, padding without end, a shape larger than any memory.
    /// ## Why it matters
    /// Readers parse the header with `ast.literal_eval`, and careless ones with `eval`.
    /// ## How it is decided
    /// A small parser of literals reads the header and notes where it is more than that. Headers that are merely broken
    /// are reported as damage.
    /// ## What it misses
    /// Nothing of this kind that is known.
    /// ## What to do
    /// Do not load it. No version of NumPy writes such a header.
    /// ## References
    /// `numpy.lib.format`, CWE-95, CWE-674, CWE-190.
    id: "numpy-header-abuse",
    title: "Array header made to attack its reader", "攻击读取器的数组头部",
    severity: High, confidence: High,
    tags: &["CWE-95", "CWE-674"], controls: &["MOD-01"],
    on: Npy => run,
}

fn run(view: &View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for violation in &view.violations {
        let (en, zh) = (violation.kind.en, violation.kind.zh);
        sink.report(Some(violation.range.clone()), Text::new(en, zh))
            .evidence(&violation.detail)
            .hint(text!("do not load it", "不要加载"));
    }
}
