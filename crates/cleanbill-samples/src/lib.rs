//! Test inputs built from text: what stands in the repository is the description of a file, never the file.
//!
//! [`Sample`] reads a `*.sample` text, [`pickle`] assembles and disassembles pickles, [`Random`] gives repeatable random
//! numbers, [`tools`] installs programs that tests run beside ours. Nothing here is part of the product: only tests and the fuzzer depend on this crate, and it depends on none of
//! ours, so that a mistake in a parser cannot hide in the builder of its tests. The text format is described in
//! `docs/guide/fixtures.md`.

mod arrays;
mod content;
mod flatbuffer;
mod gguf;
mod hdf5;
mod lines;
mod literal;
mod opcodes;
pub mod pickle;
mod proto;
mod random;
mod sample;
mod tar;
mod token;
pub mod tools;
mod torch;
mod zip;

pub use lines::SampleError;
pub use opcodes::{Argument, OPCODES, Opcode};
pub use random::Random;
pub use sample::{Expectation, Sample, SampleFile};
pub use token::token;

/// Builds the bytes that a block of content text describes: what may stand below `--- file` in a sample.
pub fn build(text: &str) -> Result<Vec<u8>, SampleError> {
    let lines = lines::split(text, 0)?;
    content::build(&lines)
}
