//! Detector `tfjs-outside-file`.

use std::ops::Range;

use cleanbill_core::{Language, Text, text};
use cleanbill_formats::{
    json::{Event, Reader, Strictness},
    text::{Kind, View},
};

use crate::{detector::detector, paths, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// A TensorFlow.js model whose list of weight files leads out of the model's folder, or to an address.
    /// ## Why it matters
    /// Loaders and converters that run outside a browser join the folder and the name, and read whatever stands there: secrets
    /// of the machine become weights that a service hands out.
    /// ## How it is decided
    /// A JSON object with `weightsManifest` is read through, and every text under `paths` is looked at.
    /// ## What it misses
    /// Whether the files are there and have the stated sizes. Layers of `modelTopology` are judged by the detectors of Keras.
    /// ## What to do
    /// Do not load it.
    /// ## References
    /// `model.json` of TensorFlow.js; CWE-22, CWE-73, CWE-918.
    id: "tfjs-outside-file",
    title: "TensorFlow.js model reads a file outside its folder", "TensorFlow.js 模型读取文件夹之外的文件",
    severity: High, confidence: High,
    tags: &["CWE-22", "CWE-73", "CWE-918"], controls: &["MOD-01", "MOD-02"],
    on: Text => run,
}

/// LIMIT: paths reported of one model; a bad one repeats itself.
const MOST: usize = 16;
/// Levels of nesting that are followed; a graph in JSON has about twenty.
const DEPTH: usize = 256;
/// Bytes of a path that are kept.
const PATH_BYTES: usize = 4_096;
/// Nesting of a path: the model, its manifest, a group, the group's paths.
const PATH_DEPTH: usize = 4;

fn run(view: &View, scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let listed = view.top_keys.iter().any(|key| key == "weightsManifest");
    if !listed || view.kind != Kind::Json {
        return;
    }
    for (path, reason, range) in outside(scene) {
        let (en, zh) = (reason.en(), reason.get(Language::Chinese));
        sink.report(
            Some(range),
            text!("the path of a weight file {en}", "权重文件的路径{zh}"),
        )
        .evidence(&path)
        .hint(text!("do not load it", "不要加载"));
    }
}

/// Returns the paths that lead out, with the reason.
fn outside(scene: &Scene<'_>) -> Vec<(String, Text, Range<u64>)> {
    let whole = 0..scene.source.size();
    let mut reader = Reader::new(scene.source, whole, Strictness::Python, DEPTH, PATH_BYTES);
    let mut keys = [const { String::new() }; PATH_DEPTH];
    let mut found = Vec::new();
    // What is broken further on is told of by the format.
    while let Ok(Some((event, range))) = reader.next() {
        let depth = reader.depth();
        match event {
            Event::Key { .. } => {
                if let Some(key) = depth.checked_sub(1).and_then(|level| keys.get_mut(level)) {
                    *key = reader.text().into_owned();
                }
            }
            Event::String if depth == PATH_DEPTH && keys[0] == "weightsManifest" && keys[2] == "paths" => {
                let path = reader.text();
                if let Some(reason) = paths::leaves_folder(&path) {
                    found.push((path.into_owned(), reason, range));
                    if found.len() >= MOST {
                        break;
                    }
                }
            }
            _ => {}
        }
    }
    found
}
