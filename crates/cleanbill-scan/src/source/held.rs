//! Bytes that are there already.

use std::sync::Arc;

use cleanbill_core::Text;
use cleanbill_formats::bytes::ReadAt;

use super::{Artifact, Listed, Source};

/// Gives artifacts that are there already, each under its path.
#[derive(Clone, Debug, Default)]
pub struct Held(Vec<One>);

impl Held {
    /// Adds an artifact.
    #[must_use]
    pub fn with(mut self, path: &str, bytes: Arc<dyn ReadAt>) -> Self {
        let path = path.to_owned();
        self.0.push(One { path, bytes });
        self
    }
}

impl Source for Held {
    fn list(&self) -> Vec<Listed> {
        let one = |one: &One| Listed::Artifact(Box::new(one.clone()));
        self.0.iter().map(one).collect()
    }
}

#[derive(Clone, Debug)]
struct One {
    path: String,
    bytes: Arc<dyn ReadAt>,
}

impl Artifact for One {
    fn path(&self) -> &str {
        &self.path
    }

    fn open(&self) -> Result<Arc<dyn ReadAt>, Text> {
        Ok(Arc::clone(&self.bytes))
    }
}
