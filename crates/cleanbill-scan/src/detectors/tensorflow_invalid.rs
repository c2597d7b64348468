//! Detector `tensorflow-invalid`.

use cleanbill_core::{Text, text};
use cleanbill_formats::tensorflow::View;

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Constants of a TensorFlow graph whose shape is negative, overflows, is beyond any memory, or asks for another number
    /// of bytes than stand there.
    /// ## Why it matters
    /// Loading the graph makes the constant: a few bytes can ask for terabytes, and contradictions of size were holes in
    /// TensorFlow's kernels before.
    /// ## How it is decided
    /// Shape and element type are multiplied with a check for overflow and compared with the bytes. A constant of one
    /// repeated value may be up to 16 GiB.
    /// ## What it misses
    /// Sizes that are computed when the graph runs.
    /// ## What to do
    /// Do not load it.
    /// ## References
    /// CVE-2021-29541 and its relatives; CWE-190, CWE-400.
    id: "tensorflow-invalid",
    title: "Invalid constant in a TensorFlow graph", "TensorFlow 计算图中的无效常量",
    severity: High, confidence: High,
    tags: &["CWE-190", "CWE-400"], controls: &["MOD-02"],
    on: Tensorflow => run,
}

fn run(view: &View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for violation in &view.violations {
        let message = Text::new(violation.kind.en, violation.kind.zh);
        sink.report(Some(violation.range.clone()), message)
            .evidence(&violation.detail)
            .hint(text!("do not load it", "不要加载"));
    }
}
