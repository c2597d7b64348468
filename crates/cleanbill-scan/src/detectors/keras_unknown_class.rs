//! Detector `keras-unknown-class`.

use crate::{
    detector::detector,
    keras_config::{self, Topic},
    scene::Scene,
    sink::Sink,
};

detector! {
    /// ## What it finds
    /// A configuration of Keras that names a class or function nobody reviewed: a custom layer or loss, or one newer than this build.
    /// Also a configuration that cannot be read whole.
    /// ## Why it matters
    /// The model loads only with code from elsewhere, and that code runs with the settings of the file.
    /// ## How it is decided
    /// Names without a module, registered names (`package>Name`) and unknown layers of Keras's own packages.
    /// ## What it misses
    /// A custom class that takes the name of a reviewed one, in a program that registers it so.
    /// ## What to do
    /// Read the code of the named object, and take it from the supplier of the model only.
    /// ## References
    /// CWE-470; MITRE ATLAS AML.T0010.
    id: "keras-unknown-class",
    title: "Keras model needs unreviewed code", "Keras 模型需要未经审查的代码",
    severity: Medium, confidence: High,
    tags: &["CWE-470", "AML.T0010"], controls: &["MOD-01"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    keras_config::report(Topic::UnknownClass, scene, sink);
}
