//! Detector `tensorflow-keras-code`.

use cleanbill_core::text;
use cleanbill_formats::tensorflow::View;

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Layers of Keras beside a SavedModel that carry a Python function: `Lambda` and `__lambda__`.
    /// ## Why it matters
    /// Keras makes the layers again when it loads the folder, and turns the stored bytes into a function that it runs.
    /// ## How it is decided
    /// The configuration of every layer is read as JSON, and the classes that it names are looked at, at any depth.
    /// ## What it misses
    /// Custom classes that the loading program registers.
    /// ## What to do
    /// Do not load it with Keras; ask for the model with the layer replaced by a named one.
    /// ## References
    /// CVE-2024-3660, CVE-2025-9905; CWE-502; MITRE ATLAS AML.T0011.
    id: "tensorflow-keras-code",
    title: "Keras layer that carries code", "Keras 层携带代码",
    severity: High, confidence: High,
    tags: &["CWE-502", "AML.T0011", "CVE-2024-3660"], controls: &["MOD-01"],
    on: Tensorflow => run,
}

fn run(view: &View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for class in ["Lambda", "__lambda__"] {
        if let Some(range) = view.classes.get(class) {
            let message = text!(
                "a layer of class `{class}` carries a Python function",
                "类 `{class}` 的层携带 Python 函数"
            );
            sink.report(Some(range.clone()), message)
                .hint(text!("do not load it with Keras", "不要用 Keras 加载"));
            return;
        }
    }
}
