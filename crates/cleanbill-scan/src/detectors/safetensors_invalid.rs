//! Detector `safetensors-invalid`.

use cleanbill_core::{Text, text};
use cleanbill_formats::safetensors::View;

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// A safetensors header that the reference reader refuses, or that two readers understand differently: tensors that
    /// overlap, leave holes or lie outside, sizes that do not fit, repeated names, entries that are not numbers or text where they must be, a
    /// header that is too large or no JSON.
    /// ## Why it matters
    /// Other readers do fewer checks. Holes and overlaps hide bytes, repeated names show one tensor to a scanner and
    /// another to a loader, false sizes reach beyond a buffer.
    /// ## How it is decided
    /// Every rule of the reference reader is applied to the header. A file that only ends early, has bytes after the last
    /// tensor or an unknown type is reported as damage.
    /// ## What it misses
    /// The values of the tensors.
    /// ## What to do
    /// Do not load it. No release of the library writes such a file.
    /// ## References
    /// The format section of the safetensors README; Trail of Bits review of safetensors (2023); CWE-20, CWE-436.
    id: "safetensors-invalid",
    title: "Invalid safetensors header", "无效的 safetensors 头部",
    severity: High, confidence: High,
    tags: &["CWE-20", "CWE-436"], controls: &["MOD-01"],
    on: Safetensors => run,
}

fn run(view: &View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for violation in &view.violations {
        let (en, zh) = (violation.kind.en, violation.kind.zh);
        sink.report(Some(violation.range.clone()), Text::new(en, zh))
            .evidence(&violation.detail)
            .hint(text!("do not load it", "不要加载"));
    }
}
