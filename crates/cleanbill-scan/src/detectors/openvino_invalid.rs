//! Detector `openvino-invalid`.

use cleanbill_core::{Text, text};
use cleanbill_formats::openvino::View;

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// A constant of an OpenVINO graph whose bytes are fewer than its shape needs, or whose place overflows.
    /// ## Why it matters
    /// A reader that trusts the shape reads behind the bytes, and what stands there becomes part of the model's answer.
    /// ## How it is decided
    /// Shape and element type are multiplied and compared with the stated size; offset and size are added with care.
    /// ## What it misses
    /// Places outside of the `.bin` file, which is another artifact.
    /// ## What to do
    /// Do not load it.
    /// ## References
    /// CWE-125, CWE-190.
    id: "openvino-invalid",
    title: "Constant smaller than its shape", "常量小于其形状",
    severity: High, confidence: High,
    tags: &["CWE-125", "CWE-190"], controls: &["MOD-02"],
    on: Openvino => run,
}

fn run(view: &View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for violation in &view.violations {
        let (en, zh) = (violation.kind.en, violation.kind.zh);
        sink.report(Some(violation.range.clone()), Text::new(en, zh))
            .evidence(&violation.detail)
            .hint(text!("do not load it", "不要加载"));
    }
}
