//! The manifest: each tensor once read, and the digest of its canonical bytes.

use cleanbill_core::{
    Sha256Digest,
    tensors::{Gap, TensorEntry, TensorManifest},
};
use cleanbill_formats::bytes::size_usize;
use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

use crate::{
    model::Model,
    tensor::{Tensor, TensorError},
};

/// Bytes read at a time.
const PIECE: u64 = 256 * 1024;

/// Reads every tensor of `model` once and lists them.
pub fn manifest(model: &Model, target: &str) -> TensorManifest {
    let digests: Vec<_> = model.tensors.par_iter().map(digest).collect();
    let path = |file: usize| {
        let file = model.files.get(file);
        file.map(|file| file.path.clone()).unwrap_or_default()
    };
    let mut gaps = gaps(model);
    let mut tensors = Vec::new();
    for (tensor, digest) in model.tensors.iter().zip(digests) {
        let sha256 = match digest {
            Ok(digest) => Some(digest),
            Err(error) => {
                if tensor.unreadable().is_none() {
                    gaps.push(Gap {
                        path: path(tensor.file),
                        tensor: Some(tensor.name.clone()),
                        reason: error.text(),
                    });
                }
                None
            }
        };
        tensors.push(TensorEntry {
            name: tensor.name.clone(),
            dtype: tensor.type_name(),
            shape: tensor.shape.clone(),
            bytes: tensor.bytes(),
            sha256,
            path: path(tensor.file),
        });
    }
    let mut files: Vec<(String, String)> = model
        .holders
        .iter()
        .map(|(file, container)| (path(*file), container.as_str().to_owned()))
        .collect();
    files.sort();
    gaps.sort();
    TensorManifest {
        target: target.to_owned(),
        files,
        tensors,
        gaps,
    }
}

/// Hashes the canonical bytes of a tensor.
pub(crate) fn digest(tensor: &Tensor) -> Result<Sha256Digest, TensorError> {
    let mut stream = tensor.stream(0)?;
    let mut hasher = Sha256::new();
    let mut left = tensor.bytes();
    let mut buffer = vec![0; size_usize(left.min(PIECE))];
    while left > 0 {
        let piece = left.min(PIECE);
        let part = buffer.get_mut(..size_usize(piece)).unwrap_or_default();
        stream.fill(part)?;
        hasher.update(&*part);
        left = left.saturating_sub(piece);
    }
    Ok(Sha256Digest(hasher.finalize().into()))
}

/// Says what of a model was not read, or is doubtful.
fn gaps(model: &Model) -> Vec<Gap> {
    let each = model.problems.iter().map(|problem| Gap {
        path: problem.path.clone(),
        tensor: problem.tensor.clone(),
        reason: problem.reason.clone(),
    });
    each.collect()
}
