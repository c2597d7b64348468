//! Detector `coreml-outside-file`.

use cleanbill_core::{Language, text};
use cleanbill_formats::coreml::View;

use crate::{detector::detector, paths, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// A Core ML model that reads weights, or another model, from outside its own package.
    /// ## Why it matters
    /// Bytes of any file of the machine become weights, and a linked model is loaded like this one.
    /// ## How it is decided
    /// Paths of weights and of linked models are compared with the package: `@model_path/` and plain names stay inside.
    /// ## What it misses
    /// Links on disk.
    /// ## What to do
    /// Do not load it.
    /// ## References
    /// `BlobFileValue` in `MIL.proto`, `LinkedModel.proto`; CWE-22, CWE-73.
    id: "coreml-outside-file",
    title: "Core ML model reads a file outside its package", "Core ML 模型读取包外的文件",
    severity: High, confidence: High,
    tags: &["CWE-22", "CWE-73"], controls: &["MOD-01", "MOD-02"],
    on: Coreml => run,
}

/// Files named in one report.
const MOST: usize = 32;

fn run(view: &View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let mut left = MOST;
    for reference in &view.references {
        let inside = reference
            .file
            .strip_prefix("@model_path/")
            .unwrap_or(&reference.file);
        let Some(reason) = paths::leaves_folder(inside) else {
            continue;
        };
        if left == 0 {
            return;
        }
        left -= 1;
        let (en, zh) = (reason.en(), reason.get(Language::Chinese));
        let message = if reference.is_model {
            text!("the path of a linked model {en}", "所链接模型的路径{zh}")
        } else {
            text!("the path of the weights {en}", "权重文件的路径{zh}")
        };
        sink.report(Some(reference.range.clone()), message)
            .evidence(&reference.file)
            .hint(text!("do not load it", "不要加载"));
    }
}
