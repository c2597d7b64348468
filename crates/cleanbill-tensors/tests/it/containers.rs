//! The same values in every container have the same digests, and quantised blocks the values that gguf reads in them.

use cleanbill_core::difference::{Descent, TensorKind};
use cleanbill_tensors::manifest;

use crate::support::{built, compared, model, pairs, python};

#[test]
fn every_container_gives_the_same_digests() {
    let Some(python) = python() else { return };
    let folder = pairs(&python, "tensors-small", &["--small"]);
    let digests = |name: &str| {
        let manifest = manifest(&model(&folder.join(name)), name);
        assert_eq!(manifest.gaps, [], "{name}");
        let each = manifest
            .tensors
            .into_iter()
            .map(|one| (one.name, one.dtype, one.shape, one.sha256));
        each.collect::<Vec<_>>()
    };
    let wanted = digests("safetensors");
    assert_eq!(wanted.len(), 3);
    for name in [
        "npz",
        "npz-compressed",
        "torch",
        "torch-legacy",
        "onnx",
        "onnx-external",
    ] {
        assert_eq!(digests(name), wanted, "{name}");
    }
}

#[test]
fn every_container_is_a_conversion_of_every_other() {
    let Some(python) = python() else { return };
    let folder = pairs(&python, "tensors-small", &["--small"]);
    let names = ["safetensors", "npz", "torch", "torch-legacy", "onnx"];
    for before in names {
        for after in names {
            let difference = compared(
                &model(&folder.join(before)),
                &model(&folder.join(after)),
                None,
                &[],
            );
            assert!(
                difference
                    .tensors
                    .iter()
                    .all(|tensor| tensor.kind == TensorKind::Same),
                "{before} {after}: {:?}",
                difference.tensors
            );
            assert_eq!(
                difference.lineage.descent,
                Some(Descent::Identical),
                "{before} {after}"
            );
        }
    }
}

#[test]
fn quantised_blocks_have_the_values_that_gguf_reads() {
    let Some(python) = python() else { return };
    let folder = pairs(&python, "tensors-small", &["--small"]);
    let difference = compared(
        &model(&folder.join("blocks-read")),
        &model(&folder.join("blocks")),
        None,
        &[],
    );
    assert_eq!(difference.tensors.len(), 12);
    for tensor in &difference.tensors {
        assert_eq!(tensor.kind, TensorKind::Retyped, "{}", tensor.name());
    }
}

/// One matrix of two rows in a container, by its description.
const SAFETENSORS: &str =
    "safetensors:\n  tensor \"w\" F32 [2,2] 0 16\n  hex 0000803f 00000040 00004040 00008040\n";

#[test]
fn small_models_are_compared_without_a_network() {
    let before = built("a.safetensors", SAFETENSORS);
    assert_eq!((before.tensors.len(), before.problems.len()), (1, 0));
    let other = SAFETENSORS.replace("00008040", "0000a040");
    let after = built("b.safetensors", &other);
    let difference = compared(&before, &after, None, &[]);
    let [tensor] = difference.tensors.as_slice() else {
        panic!("one tensor");
    };
    let distance = tensor.distance.as_ref().unwrap();
    assert_eq!(tensor.kind, TensorKind::Changed);
    assert!((distance.largest - 1.0).abs() < 1e-9 && (distance.share - 0.25).abs() < 1e-9);
    assert_eq!(distance.rows, (1, 2));
    assert!((distance.relative - (1.0_f64 / 30.0).sqrt()).abs() < 1e-7);
}
