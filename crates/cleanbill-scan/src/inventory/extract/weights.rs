//! Files that hold weights: what can be measured of them.

mod names;

use std::collections::BTreeMap;

use cleanbill_core::bill::{Source, Sourced};
use cleanbill_formats::{Format, Parsed};

use crate::{
    inventory::{Entry, Rank},
    scene::Scene,
};

/// Formats in which a file is a model by itself.
const WHOLE: &[Format] = &[
    Format::Onnx,
    Format::Keras,
    Format::Tflite,
    Format::Tensorflow,
    Format::Coreml,
    Format::Executorch,
    Format::Openvino,
    Format::Pmml,
    Format::Tensorrt,
    Format::Mxnet,
    Format::Torch7,
    Format::GgmlLegacy,
    Format::Xgboost,
    Format::Ort,
    Format::Paddle,
    Format::Gguf,
    Format::Safetensors,
    Format::TorchZip,
    Format::TorchTar,
];

pub(super) fn extract(scene: &Scene<'_>, entry: &mut Entry) {
    if scene.parsed.iter().any(|one| WHOLE.contains(&one.format())) {
        entry.is_model = true;
        entry.is_weights = true;
    }
    let Some(tensors) = scene
        .parsed
        .iter()
        .find_map(|one: &Parsed| one.view().tensors())
        .filter(|list| list.is_complete() && !list.tensors().is_empty())
    else {
        return;
    };
    let file = scene.artifact;
    let mut elements = Some(0_u64);
    let mut types: BTreeMap<&str, u64> = BTreeMap::new();
    for tensor in tensors.tensors() {
        let count = tensor.elements();
        elements = elements.and_then(|sum| sum.checked_add(count?));
        let entry = types.entry(tensor.dtype.as_ref()).or_default();
        *entry = entry.saturating_add(count.unwrap_or(0));
    }
    let source = Source::measured(file, "tensors");
    if let Some(elements) = elements {
        entry
            .file
            .property("cleanbill:parameters", elements.to_string(), source.clone());
    }
    entry.file.property(
        "cleanbill:tensors",
        tensors.tensors().len().to_string(),
        source.clone(),
    );
    let names = tensors.tensors().iter().map(|one| one.name.as_str());
    if let Some(names) = names::fold(names).filter(|names| !names.is_empty()) {
        entry
            .file
            .property("cleanbill:tensor-names", names, source.clone());
    }
    entry.state(Rank::Measured, |model| {
        let card = model.model.get_or_insert_default();
        card.parameters = elements.map(|count| Sourced::new(count, source.clone()));
        let mut by_weight: Vec<(&str, u64)> = types.into_iter().collect();
        by_weight.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
        for (name, _) in by_weight {
            card.element_types
                .push(Sourced::new(name.to_owned(), source.clone()));
        }
    });
}
