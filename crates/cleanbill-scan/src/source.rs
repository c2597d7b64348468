//! Where bytes come from. A source lists artifacts; opening one gives random access to its bytes.

#[cfg(feature = "http")]
mod address;
#[cfg(feature = "http")]
mod blocks;
#[cfg(feature = "object-store")]
mod bucket;
mod folder;
mod held;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "hub")]
mod hub;
#[cfg(feature = "http")]
mod remote_error;
#[cfg(feature = "http")]
mod remote_file;
mod spool;
mod stdin;
mod target;
#[cfg(feature = "http")]
mod web;

use std::{fs::File, io, sync::Arc};

use cleanbill_core::{Sha256Digest, Text};
use cleanbill_formats::bytes::ReadAt;

#[cfg(feature = "object-store")]
pub use bucket::{Bucket, BucketOptions};
pub use folder::Folder;
pub use held::Held;
#[cfg(feature = "http")]
pub use http::{HttpFile, HttpOptions};
#[cfg(feature = "hub")]
pub use hub::{DEFAULT_HUB_ENDPOINT, Hub, HubOptions};
#[cfg(feature = "http")]
pub use remote_error::RemoteError;
pub use spool::SpoolError;
pub use stdin::Stdin;
pub use target::{BucketTarget, HubTarget, Provider, RepositoryKind, Target, TargetError, parse_target};
#[cfg(feature = "http")]
pub use web::{Proxying, Reading, Roots, Secret, WebOptions};

/// Lists the artifacts of a target.
pub trait Source: Sync {
    /// Lists everything below the target, in any order; what cannot be listed comes as [`Listed::Unreadable`].
    fn list(&self) -> Vec<Listed>;
}

/// Holds one line of a listing.
#[derive(Debug)]
pub enum Listed {
    /// An artifact that can be opened.
    Artifact(Box<dyn Artifact>),
    /// Something that cannot be examined, with the reason.
    Unreadable {
        /// Path relative to the target.
        path: String,
        /// Why.
        reason: Text,
    },
}

/// Can be opened for examination.
pub trait Artifact: Send + Sync + std::fmt::Debug {
    /// Returns the path relative to the target, with `/`.
    fn path(&self) -> &str;

    /// Opens it.
    fn open(&self) -> Result<Arc<dyn ReadAt>, Text>;

    /// Returns the SHA-256 that the listing promises for the bytes, where it promises one.
    fn expected_sha256(&self) -> Option<Sha256Digest> {
        None
    }

    /// Says, after the examination, whether the bytes are still those that were opened; a reason where they are not.
    fn changed(&self) -> Option<Text> {
        None
    }
}

/// Reads a file at any offset without moving a shared position.
#[derive(Debug)]
pub struct FileBytes {
    file: File,
    size: u64,
}

impl FileBytes {
    /// Takes `file`, whose size was `size` when it was opened.
    pub fn new(file: File, size: u64) -> Self {
        Self { file, size }
    }
}

impl ReadAt for FileBytes {
    fn size(&self) -> u64 {
        self.size
    }

    #[cfg(unix)]
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(&self.file, buffer, offset)
    }

    #[cfg(windows)]
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(&self.file, buffer, offset)
    }
}
