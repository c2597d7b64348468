//! The signed list of files: an in-toto Statement v1 with the predicate `https://model_signing/signature/v1.0`.

mod read;
mod shards;

use cleanbill_core::hex;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::digest::Algorithm;

pub(crate) use read::{check_type, from_subjects};
pub(crate) use shards::{Shard, by_file, shard_name};

/// Type of an in-toto statement.
pub(crate) const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
/// Type of the list of files.
pub(crate) const PREDICATE_TYPE: &str = "https://model_signing/signature/v1.0";
/// Type of the list of files before 1.0.
pub(crate) const OLD_PREDICATE_TYPE: &str = "https://model_signing/Digests/v0.1";

/// Says what one resource is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serialization {
    /// A whole file.
    Files,
    /// A range of a file, of so many bytes or, at its end, fewer.
    Shards {
        /// How many.
        size_bytes: u64,
    },
}

impl Serialization {
    /// Returns the name in statements.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Shards { .. } => "shards",
        }
    }
}

/// Holds a file or a range of it, with its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Its name; `name:start:end` for a range.
    pub name: String,
    /// Its digest.
    pub digest: Vec<u8>,
}

/// Holds what is signed: which files, and by which rules they were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Name of the model.
    pub name: String,
    /// What a resource is.
    pub serialization: Serialization,
    /// The hash function of every resource.
    pub algorithm: Algorithm,
    /// Files behind links were read.
    pub allow_symlinks: bool,
    /// What was left out; nothing where the statement says nothing.
    pub ignore_paths: Vec<String>,
    /// The files, in the order of the statement.
    pub resources: Vec<Resource>,
    /// It is of a version before 1.0.
    pub is_old: bool,
}

impl Statement {
    /// Returns the digest of the whole: SHA-256 over the digests of the resources in their order.
    pub fn root_digest(&self) -> String {
        let mut hasher = Sha256::new();
        for resource in &self.resources {
            hasher.update(&resource.digest);
        }
        hex(&hasher.finalize())
    }

    /// Writes the rules by which the files were read.
    pub(crate) fn rules_to_json(&self) -> serde_json::Value {
        let mut serialization = json!({
            "method": self.serialization.as_str(),
            "hash_type": self.algorithm.as_str(),
            "allow_symlinks": self.allow_symlinks,
            "ignore_paths": self.ignore_paths,
        });
        if let (Serialization::Shards { size_bytes }, Some(object)) =
            (self.serialization, serialization.as_object_mut())
        {
            object.insert("shard_size".to_owned(), size_bytes.into());
        }
        serialization
    }

    /// Writes it as the bytes to sign; the same statement gives the same bytes.
    pub fn to_json(&self) -> Vec<u8> {
        let resources: Vec<_> = self
            .resources
            .iter()
            .map(|resource| {
                json!({
                    "name": resource.name,
                    "algorithm": self.algorithm.as_str(),
                    "digest": hex(&resource.digest),
                })
            })
            .collect();
        let statement = json!({
            "_type": STATEMENT_TYPE,
            "subject": [{"name": self.name, "digest": {"sha256": self.root_digest()}}],
            "predicateType": PREDICATE_TYPE,
            "predicate": {"serialization": self.rules_to_json(), "resources": resources},
        });
        statement.to_string().into_bytes()
    }
}
