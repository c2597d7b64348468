//! Detector `keras-unsafe-module`.

use crate::{
    detector::detector,
    keras_config::{self, Topic},
    scene::Scene,
    sink::Sink,
};

detector! {
    /// ## What it finds
    /// A configuration of Keras that names a module, class or function which is no part of a model: of Python, of other
    /// packages, or a helper of Keras and TensorFlow that loads, fetches or runs something.
    /// ## Why it matters
    /// Loaders import the named module and call what it holds with arguments from the same file.
    /// ## How it is decided
    /// Every object of the tree is compared with a table of reviewed classes and functions of Keras. Names of the dangerous
    /// table, PyTorch wrappers and file helpers of Keras are *critical*; other modules and other parts of Keras are *high*.
    /// Operations of TensorFlow that a layer calls are judged by their symbol.
    /// ## What it misses
    /// What a registered class of the user's own program does; see `keras-unknown-class`.
    /// ## What to do
    /// Do not load it.
    /// ## References
    /// CVE-2025-1550, CVE-2025-8747, CVE-2025-49655; CWE-470; MITRE ATLAS AML.T0011.000.
    id: "keras-unsafe-module",
    title: "Keras model names a foreign or dangerous object", "Keras 模型指向外部或危险的对象",
    severity: High, confidence: High,
    tags: &["CWE-470", "CWE-502", "AML.T0011.000"], controls: &["MOD-01"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    keras_config::report(Topic::UnsafeModule, scene, sink);
}
