//! Detector `keras-unsafe-deserialization`.

use crate::{
    detector::detector,
    keras_config::{self, Topic},
    scene::Scene,
    sink::Sink,
};

detector! {
    /// ## What it finds
    /// A configuration of Keras that calls `enable_unsafe_deserialization`, or sets `safe_mode` to false.
    /// ## Why it matters
    /// The loader's own protection ends, and the next object of the same file runs code.
    /// ## How it is decided
    /// The function is *critical* wherever it is named; settings with such names are *high*.
    /// ## What it misses
    /// Programs that load with `safe_mode=False` themselves.
    /// ## What to do
    /// Do not load it.
    /// ## References
    /// CVE-2025-9906; CWE-693.
    id: "keras-unsafe-deserialization",
    title: "Keras model switches protection off", "Keras 模型关闭加载保护",
    severity: High, confidence: High,
    tags: &["CWE-693", "CWE-502"], controls: &["MOD-01"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    keras_config::report(Topic::UnsafeDeserialization, scene, sink);
}
