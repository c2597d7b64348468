//! Detector `keras-file-reference`.

use crate::{
    detector::detector,
    keras_config::{self, Topic},
    scene::Scene,
    sink::Sink,
};

detector! {
    /// ## What it finds
    /// A setting of a Keras layer that names a file or an address: the vocabulary of a lookup, the merges of a tokenizer, the
    /// path of a SavedModel.
    /// ## Why it matters
    /// The loader reads the file, or fetches the address, on the machine that loads the model: secrets become part of a
    /// vocabulary, and internal services are asked.
    /// ## How it is decided
    /// Texts under the keys that layers open. *High* for addresses, absolute paths and paths that leave the folder, *medium* for
    /// other names. A list of words is no path.
    /// ## What it misses
    /// Settings of custom layers under other keys.
    /// ## What to do
    /// Ask the supplier for a model that carries its tables.
    /// ## References
    /// CVE-2025-12058; CWE-73, CWE-918.
    id: "keras-file-reference",
    title: "Keras model opens files or addresses", "Keras 模型会打开文件或地址",
    severity: High, confidence: High,
    tags: &["CWE-73", "CWE-918"], controls: &["MOD-01"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    keras_config::report(Topic::FileReference, scene, sink);
}
