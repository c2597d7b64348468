//! Tensors of a model, each with a digest that no container changes.

use crate::{Sha256Digest, Text};

/// Lists the tensors of a model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TensorManifest {
    /// The model, as the caller named it.
    pub target: String,
    /// Files that hold tensors: path and container, sorted.
    pub files: Vec<(String, String)>,
    /// Tensors, sorted by name.
    pub tensors: Vec<TensorEntry>,
    /// What was not read, or is doubtful.
    pub gaps: Vec<Gap>,
}

/// Describes one tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorEntry {
    /// Name.
    pub name: String,
    /// Type of its elements.
    pub dtype: String,
    /// Length of each dimension, the slowest first.
    pub shape: Vec<u64>,
    /// Bytes of the canonical form.
    pub bytes: u64,
    /// SHA-256 of the canonical form: elements row after row, little-endian. `None` where the bytes could not be had.
    pub sha256: Option<Sha256Digest>,
    /// Path of the file that holds it.
    pub path: String,
}

/// Says what was not examined.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// Path of the file; empty where it is about the whole model.
    pub path: String,
    /// The tensor, where it is one.
    pub tensor: Option<String>,
    /// Why.
    pub reason: Text,
}
