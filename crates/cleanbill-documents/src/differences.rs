//! What changed between two models, and the manifest of a model's tensors, as documents for people and machines.

mod html;
mod human;
mod json;
mod words;

use cleanbill_core::{Language, difference::Difference, tensors::TensorManifest};

use crate::terminal::Color;

pub use json::{difference as difference_json, manifest as manifest_json};

/// Says for whom a document is written.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Language.
    pub language: Language,
    /// Columns of the terminal.
    pub width: usize,
    /// Whether colour is used.
    pub color: Color,
    /// Lists are complete.
    pub all: bool,
}

/// Writes a comparison for people at a terminal.
pub fn difference_human(difference: &Difference, look: &Look) -> String {
    human::difference(difference, look)
}

/// Writes a comparison as one file for a browser: no scripts, nothing loaded from elsewhere, light and dark.
pub fn difference_html(difference: &Difference, language: Language) -> Vec<u8> {
    html::difference(difference, language).into_bytes()
}

/// Writes a manifest for people at a terminal.
pub fn manifest_human(manifest: &TensorManifest, look: &Look) -> String {
    human::manifest(manifest, look)
}
