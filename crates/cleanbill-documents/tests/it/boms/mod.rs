//! Bills of materials: a rich one written in every version and judged from outside, documents of others, hostile input.

mod checks;
mod comparing;
mod examples;
mod fixture;
mod hostile;
mod judges;
mod rounds;
mod statements;
mod tools;

use cleanbill_documents::boms::cyclonedx::{self, Serial, Version};

/// Returns the bytes of a rich document.
fn rounds_sample() -> Vec<u8> {
    cyclonedx::write(&fixture::rich(), Version::V1_7, Serial::FromContent)
}
