//! Which program wrote a model's file, where the file itself says: Keras, ONNX, TensorFlow, Core ML.

use cleanbill_core::bill::{RelationKind, Source};
use cleanbill_formats::Parsed;

use super::configuration::written_by;
use crate::{inventory::Entry, scene::Scene};

pub(super) fn extract(scene: &Scene<'_>, entry: &mut Entry) {
    let file = scene.artifact;
    let mut found: Vec<(&str, String, Source)> = Vec::new();
    for parsed in scene.parsed {
        match parsed {
            Parsed::Keras(view) => {
                let version = view.version.clone();
                found.extend(
                    version.map(|one| ("keras", one, Source::file(file, "metadata.json keras_version"))),
                );
            }
            Parsed::Hdf5(view) => {
                let version = view.keras_version.clone();
                found.extend(version.map(|one| ("keras", one, Source::file(file, "keras_version"))));
            }
            Parsed::Tensorflow(view) if !view.version.is_empty() => {
                let source = Source::file(file, "tensorflow_version");
                found.push(("tensorflow", view.version.clone(), source));
            }
            Parsed::Onnx(view) => {
                if let Some((name, version)) = producer(&view.producer) {
                    found.push((name, version, Source::file(file, "producer_name")));
                }
                let source = Source::file(file, "opset_import");
                for (domain, version) in &view.opsets {
                    let domain = if domain.is_empty() { "ai.onnx" } else { domain };
                    let value = format!("{domain} {version}");
                    entry.file.property("cleanbill:opset", value, source.clone());
                }
                if view.ir_version > 0 {
                    let version = view.ir_version.to_string();
                    let source = Source::file(file, "ir_version");
                    entry.file.property("cleanbill:ir-version", version, source);
                }
            }
            Parsed::Coreml(view) => {
                let value = |wanted: &str| {
                    let mut pairs = view.metadata.iter();
                    pairs.find_map(|(key, value)| (key == wanted).then(|| value.clone()))
                };
                if let Some(version) = value("com.github.apple.coremltools.version") {
                    let source = Source::file(file, "com.github.apple.coremltools.version");
                    found.push(("coremltools", version, source));
                }
                let origin = value("com.github.apple.coremltools.source");
                if let Some((name, version)) = origin.as_deref().and_then(|one| one.split_once("==")) {
                    let source = Source::file(file, "com.github.apple.coremltools.source");
                    let package = FROM.iter().find(|one| **one == name);
                    found.extend(package.map(|package| (*package, version.to_owned(), source)));
                }
            }
            _ => {}
        }
    }
    for (package, version, source) in found {
        let component = written_by(package, &version, &source);
        entry.name(RelationKind::DependsOn, "written by", component, source);
    }
}

/// Packages that Core ML models are converted from.
const FROM: [&str; 3] = ["torch", "tensorflow", "keras"];

/// Programs that write ONNX, by the name that they give themselves, with their packages.
const PRODUCERS: [(&str, &str); 9] = [
    ("pytorch", "torch"),
    ("tf2onnx", "tf2onnx"),
    ("skl2onnx", "skl2onnx"),
    ("onnxmltools", "onnxmltools"),
    ("keras2onnx", "keras2onnx"),
    ("onnx.quantize", "onnxruntime"),
    ("onnxruntime.transformers", "onnxruntime"),
    ("paddle2onnx", "paddle2onnx"),
    ("mindspore", "mindspore"),
];

fn producer(text: &str) -> Option<(&'static str, String)> {
    let (name, version) = text.split_once(' ').unwrap_or((text, ""));
    let name = name.to_ascii_lowercase();
    let (_, package) = PRODUCERS.iter().find(|(known, _)| *known == name)?;
    Some((package, version.trim().chars().take(64).collect()))
}
