//! Detector `hdf5-invalid`.

use cleanbill_core::{Text, text};
use cleanbill_formats::{Format, FormatView, hdf5::View};

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// HDF5 metadata that leads a reader astray in memory or endlessly: shapes that overflow, storage smaller than its shape, chunks of
    /// another element size, trees and headers that lead back to themselves.
    /// ## Why it matters
    /// The library is written in C; several of these were holes through which a file could read or write memory.
    /// ## How it is decided
    /// Every product is checked for overflow and compared with the storage; every node of a tree is visited once. A file that
    /// only ends early is reported as damage.
    /// ## What it misses
    /// The chunks' own content, and checksums.
    /// ## What to do
    /// Do not load it.
    /// ## References
    /// HDF5 File Format Specification 3.0; CWE-125, CWE-190, CWE-835.
    id: "hdf5-invalid",
    title: "Invalid HDF5 metadata", "无效的 HDF5 元数据",
    severity: High, confidence: High,
    tags: &["CWE-125", "CWE-190", "CWE-835"], controls: &["MOD-02"],
    on: Hdf5 => run,
}

fn run(view: &View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for violation in &view.violations {
        let (en, zh) = (violation.kind.en, violation.kind.zh);
        sink.report(Some(violation.range.clone()), Text::new(en, zh))
            .evidence(&violation.detail)
            .hint(text!("do not load it", "不要加载"));
    }
}

/// Says whether the file is a model or weights of Keras.
pub(super) fn is_model(view: &View, scene: &Scene<'_>) -> bool {
    let name = scene.file_name.to_ascii_lowercase();
    let named = ["weights", "model", "keras"]
        .iter()
        .any(|word| name.contains(word));
    named || view.dialects().contains(&"keras-h5") || scene.within.contains(&Format::Keras)
}
