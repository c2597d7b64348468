//! Templates of texts, with values of persons as well. No value stands in the repository.

use cleanbill_leaks::template;

use crate::people;

pub(crate) use template::{Random, base64};

/// Fills a template with values that depend on nothing but `seed`.
pub(crate) fn fill(text: &str, seed: u64) -> String {
    template::fill(text, seed, &people::make)
}
