//! Standard input, or any other stream that can be read only once.

use std::io::Read;

use cleanbill_formats::limits::Limits;

use super::{Held, Listed, Source, SpoolError, spool::spool};

/// Name of the one artifact.
const NAME: &str = "stdin";

/// Gives the one artifact `stdin`.
#[derive(Debug)]
pub struct Stdin(Held);

impl Stdin {
    /// Reads `input` to its end: up to 4 MiB into memory, more into an unnamed temporary file.
    pub fn read(input: &mut dyn Read, limits: &Limits) -> Result<Self, SpoolError> {
        Ok(Self(Held::default().with(NAME, spool(input, limits)?)))
    }
}

impl Source for Stdin {
    fn list(&self) -> Vec<Listed> {
        self.0.list()
    }
}
