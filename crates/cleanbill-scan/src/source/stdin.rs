//! Standard input, or any other stream that can be read only once.

use std::{io::Read, sync::Arc};

use cleanbill_core::Text;
use cleanbill_formats::{bytes::ReadAt, limits::Limits};

use super::{Artifact, Listed, Source, SpoolError, spool::spool};

/// Name of the one artifact.
const NAME: &str = "stdin";

/// Gives the one artifact `stdin`.
#[derive(Debug)]
pub struct Stdin {
    held: Arc<dyn ReadAt>,
}

impl Stdin {
    /// Reads `input` to its end: up to 4 MiB into memory, more into an unnamed temporary file.
    pub fn read(input: &mut dyn Read, limits: &Limits) -> Result<Self, SpoolError> {
        Ok(Self {
            held: spool(input, limits)?,
        })
    }
}

impl Source for Stdin {
    fn list(&self) -> Vec<Listed> {
        vec![Listed::Artifact(Box::new(Held {
            bytes: Arc::clone(&self.held),
        }))]
    }
}

/// What was read.
#[derive(Debug)]
struct Held {
    bytes: Arc<dyn ReadAt>,
}

impl Artifact for Held {
    fn path(&self) -> &'static str {
        NAME
    }

    fn open(&self) -> Result<Arc<dyn ReadAt>, Text> {
        Ok(Arc::clone(&self.bytes))
    }
}
