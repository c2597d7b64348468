//! The files of a model with their digests, each with what stands against it: for locks, which pin all that is there.

use std::{num::NonZeroUsize, path::Path};

use cleanbill_core::hex;

use crate::{
    digest::Algorithm,
    hashing::{self, Job, Observer},
    refusal::Refusal,
    walk::{self, EntryKind, IgnorePaths},
};

/// Holds how a model is listed.
#[derive(Clone, Debug)]
pub struct ListOptions {
    /// Read what links to files lead to, instead of refusing them.
    pub allow_symlinks: bool,
    /// What is left out.
    pub ignore: IgnorePaths,
    /// How many threads read.
    pub threads: NonZeroUsize,
}

/// Holds one file: its size and SHA-256, or why it has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name in the model; `.` where the model is one file.
    pub name: String,
    /// Size and SHA-256 of the bytes that were read.
    pub found: Result<(u64, String), Refusal>,
}

/// Reads every file of a model once; the result is sorted by name. Only a model that cannot be listed is an error.
pub fn list_files(
    model: &Path,
    options: &ListOptions,
    observer: &dyn Observer,
) -> Result<Vec<Listed>, Refusal> {
    let walk = walk::walk(model, &options.ignore)?;
    let mut listed = Vec::new();
    let mut names = Vec::new();
    let mut jobs = Vec::new();
    for entry in walk.entries {
        match entry.kind {
            EntryKind::Ignored => {}
            EntryKind::Refused(refusal) => listed.push(Listed {
                name: entry.name,
                found: Err(refusal),
            }),
            EntryKind::File { is_link: true, .. } if !options.allow_symlinks => {
                let name = entry.name.clone();
                listed.push(Listed {
                    name: entry.name,
                    found: Err(Refusal::FileSymlink { name }),
                });
            }
            EntryKind::File { size_bytes, .. } => {
                names.push(entry.name);
                jobs.push(Job {
                    path: entry.path,
                    range: None,
                    size_bytes,
                });
            }
        }
    }
    let hashed = hashing::hash(&jobs, Algorithm::Sha256, options.threads, observer);
    for (name, result) in names.into_iter().zip(hashed) {
        let found = match result {
            Ok(hashed) => Ok((hashed.size_bytes, hex(&hashed.digest))),
            Err(unhashed) => Err(unhashed.refusal(name.clone())),
        };
        listed.push(Listed { name, found });
    }
    listed.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(listed)
}
