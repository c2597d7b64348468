//! Detector `keras-lambda`.

use crate::{
    detector::detector,
    keras_config::{self, Topic},
    scene::Scene,
    sink::Sink,
};

detector! {
    /// ## What it finds
    /// A configuration of Keras with a Lambda layer or a serialised function: Python bytecode as base64.
    /// ## Why it matters
    /// The code runs in the process that loads or calls the model. HDF5 files of Keras ran it whatever `safe_mode` said.
    /// ## How it is decided
    /// The configuration is read as a tree, wherever it stands: `.keras` archive, attribute of HDF5, JSON file. Every
    /// `__lambda__` and every Lambda layer of any version is decoded and the names in the code are listed: *critical* where they
    /// reach beyond arithmetic (processes, files, imports, attributes), *high* otherwise, *medium* where the function cannot be told.
    /// ## What it misses
    /// What code does that names nothing feared; it is *high* all the same.
    /// ## What to do
    /// Do not load it. Ask the supplier for a model whose layers are classes with public code.
    /// ## References
    /// CVE-2024-3660, CVE-2025-9905, CVE-2025-1550; CWE-94; MITRE ATLAS AML.T0011.000.
    id: "keras-lambda",
    title: "Keras model carries code", "Keras 模型携带代码",
    severity: High, confidence: High,
    tags: &["CWE-94", "CWE-502", "AML.T0011.000"], controls: &["MOD-01"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    keras_config::report(Topic::Lambda, scene, sink);
}
