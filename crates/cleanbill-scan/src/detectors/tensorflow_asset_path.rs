//! Detector `tensorflow-asset-path`.

use cleanbill_core::text;
use cleanbill_formats::tensorflow::View;

use crate::{detector::detector, paths, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// A SavedModel whose list of assets names a file outside the model's folder.
    /// ## Why it matters
    /// The loader joins the name to the folder `assets/` and hands the path to the graph, which reads the file.
    /// ## How it is decided
    /// Absolute names, drives, addresses and names that climb out of the folder are reported.
    /// ## What it misses
    /// Links on disk.
    /// ## What to do
    /// Do not load it.
    /// ## References
    /// `AssetFileDef` in `meta_graph.proto`; CWE-22.
    id: "tensorflow-asset-path",
    title: "Asset path leaves the model's folder", "资产路径越出模型文件夹",
    severity: High, confidence: High,
    tags: &["CWE-22"], controls: &["MOD-01", "MOD-02"],
    on: Tensorflow => run,
}

fn run(view: &View, _scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for asset in &view.assets {
        if let Some(reason) = paths::leaves_folder(&asset.file) {
            let (en, zh) = (reason.en(), reason.get(cleanbill_core::Language::Chinese));
            let message = text!("the path of an asset {en}", "资产路径{zh}");
            sink.report(Some(asset.range.clone()), message)
                .evidence(&asset.file)
                .hint(text!("do not load it", "不要加载"));
        }
    }
}
