use std::ops::Range;

use crate::{scene::Scene, tokenizers};

/// Holds the size of a tokenizer's vocabulary, as `tokenizer.json` states it.
#[derive(Debug, Default)]
pub struct Vocabulary {
    /// The largest id of any token.
    pub largest: u64,
    /// Where that id stands.
    pub range: Range<u64>,
}

impl Vocabulary {
    /// Takes the largest id of `model.vocab` and `added_tokens`.
    pub(super) fn read(scene: &Scene<'_>) -> Option<Self> {
        tokenizers::with_view(scene, |view| {
            let (largest, range) = view.largest.clone()?;
            Some(Self { largest, range })
        })?
    }
}
