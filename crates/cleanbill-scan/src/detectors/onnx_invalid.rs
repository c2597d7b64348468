//! Detector `onnx-invalid`.

use cleanbill_core::{Text, text};
use cleanbill_formats::onnx::View;

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Tensors of an ONNX model that contradict themselves: dimensions that are negative, too many or overflow, and bytes
    /// that are not as many as type and shape ask for.
    /// ## Why it matters
    /// Runtimes are written in C++; a tensor that is shorter than its shape is read beyond its end, and a shape of terabytes
    /// costs its reader all memory.
    /// ## How it is decided
    /// Type and shape of every tensor, also in attributes, sparse tensors, inner graphs and functions, are multiplied with a
    /// check for overflow and compared with the bytes. No exporter writes a tensor otherwise.
    /// ## What it misses
    /// Shapes that the graph computes; numbers that stand in typed lists are not counted.
    /// ## What to do
    /// Do not load it.
    /// ## References
    /// CWE-125, CWE-190, CWE-400.
    id: "onnx-invalid",
    title: "Invalid tensor in an ONNX model", "ONNX 模型中的无效张量",
    severity: High, confidence: High,
    tags: &["CWE-125", "CWE-190"], controls: &["MOD-02"],
    on: Onnx => run,
}

fn run(view: &View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for violation in &view.violations {
        let message = Text::new(violation.kind.en, violation.kind.zh);
        sink.report(Some(violation.range.clone()), message)
            .evidence(&violation.detail)
            .hint(text!("do not load it", "不要加载"));
    }
}
