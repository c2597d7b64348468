//! Detector `weights-disagree`.

use std::collections::BTreeMap;

use cleanbill_core::text;
use cleanbill_formats::TensorList;

use crate::{
    collection::{Collection, CollectionSink},
    detector::detector,
    facts::Facts,
};

detector! {
    /// ## What it finds
    /// Two weight files of one folder that should hold the same model and do not: variants of a safetensors file with other
    /// tensors or shapes, or PyTorch weights whose size does not fit the safetensors beside them.
    /// ## Why it matters
    /// Which file is loaded depends on the library, its version and its options. What was evaluated need not be what runs.
    /// ## How it is decided
    /// `model.safetensors` and its variants (`model.fp16.safetensors`) must list the same tensors with the same shapes; the
    /// bytes of tensors in `pytorch_model.bin` must be those of `model.safetensors`, or a half, double or quarter of them, give or take
    /// two percent.
    /// ## What it misses
    /// Equal sizes with other numbers inside; other formats (GGUF, ONNX) of the same model.
    /// ## What to do
    /// Delete the file that is not needed, after comparing it with the supplier's.
    /// ## References
    /// CWE-345, MITRE ATLAS AML.T0018.
    id: "weights-disagree",
    title: "Weight files of one model differ", "同一模型的权重文件不一致",
    severity: Medium, confidence: Medium,
    tags: &["CWE-345", "AML.T0018"], controls: &["MOD-02", "MOD-09"],
    on: collection => run,
}

/// Stems of files in which libraries keep the weights of a model.
const STEMS: &[&str] = &[
    "model",
    "pytorch_model",
    "diffusion_pytorch_model",
    "adapter_model",
];

fn run(collection: &Collection<'_>, sink: &mut CollectionSink<'_>) {
    for stem in STEMS {
        let Some((main, list)) = listed(collection.file(&format!("{stem}.safetensors"))) else {
            continue;
        };
        for file in &collection.files {
            let variant = file
                .name()
                .strip_prefix(stem)
                .and_then(|rest| rest.strip_prefix('.')?.strip_suffix(".safetensors"))
                .is_some_and(|variant| !variant.is_empty() && !variant.contains('.'));
            if !variant {
                continue;
            }
            if let Some((_, other)) = listed(Some(file))
                && let Some(name) = difference(list, other)
            {
                let main = main.name();
                sink.at(file)
                    .report(
                        None,
                        text!("holds other tensors than `{main}`", "所含张量与 `{main}` 不同"),
                    )
                    .evidence(name);
            }
        }
    }
    let Some((safe, list)) = listed(collection.file("model.safetensors")) else {
        return;
    };
    let Some((torch, bytes)) = collection
        .file("pytorch_model.bin")
        .and_then(|file| Some((file, file.raw_bytes?)))
    else {
        return;
    };
    let expected = safe.size_bytes;
    // Below this the header and padding of either file outweigh the tensors.
    if list.tensors().is_empty() || expected.max(bytes) < SMALL_BYTES {
        return;
    }
    let fits = |numerator: u64, denominator: u64| {
        let wanted = expected.saturating_mul(numerator) / denominator;
        bytes.abs_diff(wanted) <= wanted / 50
    };
    if ![(1, 1), (2, 1), (4, 1), (1, 2), (1, 4)]
        .into_iter()
        .any(|(numerator, denominator)| fits(numerator, denominator))
    {
        sink.at(torch).report(
            None,
            text!(
                "holds {bytes} bytes of tensors, `model.safetensors` {expected}",
                "含 {bytes} 字节张量，而 `model.safetensors` 为 {expected} 字节"
            ),
        );
    }
}

const SMALL_BYTES: u64 = 64 * 1024;

fn listed(file: Option<&Facts>) -> Option<(&Facts, &TensorList)> {
    let file = file?;
    let list = file.tensors.as_ref()?;
    list.is_complete().then_some((file, list))
}

/// Names a tensor that only one of the lists has, or that has another shape in the other.
fn difference<'a>(one: &'a TensorList, other: &'a TensorList) -> Option<&'a str> {
    let shapes: BTreeMap<&str, &[u64]> = one
        .tensors()
        .iter()
        .map(|tensor| (tensor.name.as_str(), tensor.shape.as_slice()))
        .collect();
    let changed = other
        .tensors()
        .iter()
        .find(|tensor| shapes.get(tensor.name.as_str()) != Some(&tensor.shape.as_slice()));
    if let Some(tensor) = changed {
        return Some(&tensor.name);
    }
    (one.tensors().len() > other.tensors().len()).then_some("(fewer tensors)")
}
