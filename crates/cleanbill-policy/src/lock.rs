//! The lock file, `cleanbill.lock`: the bytes and the revision of every artifact of a system, pinned.
//!
//! It is TOML, one line for each file, sorted, without a time: the same system gives the same lock. What is left out of an artifact follows
//! from the version of the format alone ([`LEFT_OUT`]), so that no lock can say that something need not be looked at. A lock is only read where it
//! is spelt as it would be written, but for blanks.

mod compare;
mod read;
mod report;

use std::fmt::Write as _;

use cleanbill_core::{Text, hex};
use sha2::{Digest as _, Sha256};

use crate::{
    name::ArtifactName,
    policy_file::{Kind, commit},
    revision::Revision,
};

pub use compare::{Difference, DifferenceKind, compare};
pub use report::{CHECK_SCHEMA, CHECK_SCHEMA_TEXT};

/// Name of the file, beside the system file.
pub const FILE_NAME: &str = "cleanbill.lock";
/// Name of the format.
pub const SCHEMA: &str = "cleanbill.lock/1";
/// What is left out at the root of an artifact: version control, and the records of downloads, which hold times.
pub const LEFT_OUT: [&str; 5] = [
    ".cache/huggingface",
    ".git",
    ".gitattributes",
    ".github",
    ".gitignore",
];

/// Holds a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// Files behind links were read.
    pub allow_symlinks: bool,
    /// The artifacts, sorted by name.
    pub artifacts: Vec<LockedArtifact>,
}

/// Holds one artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedArtifact {
    /// What it is called.
    pub name: ArtifactName,
    /// What it is.
    pub kind: Kind,
    /// Where it lies.
    pub path: String,
    /// Where it comes from, as the system file says.
    pub source: Option<String>,
    /// The revision that it says it is at.
    pub revision: Option<Revision>,
    /// SHA-256 over the digests of its files, as a signed statement has it.
    pub digest: String,
    /// Its files, sorted by name.
    pub files: Vec<LockedFile>,
}

/// Holds one file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LockedFile {
    /// Its name in the artifact, with `/`; `.` where the artifact is one file.
    pub path: String,
    /// Its size.
    pub size_bytes: u64,
    /// Its SHA-256.
    pub sha256: String,
}

/// Holds what stands against reading a part of an artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Which file; nothing for the whole.
    pub file: Option<String>,
    /// What happened.
    pub state: TroubleState,
    /// The words for people.
    pub text: Text,
    /// What to do about it.
    pub hint: Option<Text>,
}

/// Says what kind of trouble it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TroubleState {
    /// It is not there.
    Absent,
    /// It is there and cannot be read.
    Unreadable,
    /// It is there and cannot be a part of an artifact: a link, a device.
    Refused,
}

/// Holds an artifact as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundArtifact {
    /// What was read of it.
    pub artifact: LockedArtifact,
    /// What was not.
    pub troubles: Vec<Trouble>,
}

impl LockedArtifact {
    /// Returns the commits that the system file and the artifact itself name, where they differ: then one of them is wrong.
    pub fn contradiction(&self) -> Option<(&str, &str)> {
        let stated = commit(self.source.as_deref()?)?;
        let found = self.revision.as_ref()?;
        (stated != found.commit).then_some((stated, found.commit.as_str()))
    }
}

/// Returns the digest over files that are sorted by name: SHA-256 over their digests, as OpenSSF Model Signing computes it.
pub fn root_digest(files: &[LockedFile]) -> String {
    let mut hasher = Sha256::new();
    for file in files {
        hasher.update(bytes_of(&file.sha256));
    }
    hex(&hasher.finalize())
}

fn bytes_of(digits: &str) -> Vec<u8> {
    let (pairs, _) = digits.as_bytes().as_chunks::<2>();
    let byte = |pair: &[u8; 2]| {
        let text = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(text, 16).ok()
    };
    pairs.iter().filter_map(byte).collect()
}

impl Lock {
    /// Reads a lock, or returns everything that is wrong with it.
    pub fn read(bytes: &[u8]) -> Result<Self, Vec<crate::Fault>> {
        read::read(bytes)
    }

    /// Writes the lock; the same lock gives the same bytes.
    pub fn to_toml(&self) -> String {
        let mut out = String::new();
        let mut line = |line: &str| {
            out.push_str(line);
            out.push('\n');
        };
        line(&format!("schema = {}", quoted(SCHEMA)));
        if self.allow_symlinks {
            line("allow_symlinks = true");
        }
        for artifact in &self.artifacts {
            line("");
            line("[[artifact]]");
            line(&format!("name = {}", quoted(artifact.name.as_str())));
            line(&format!("kind = {}", quoted(artifact.kind.as_str())));
            line(&format!("path = {}", quoted(&artifact.path)));
            if let Some(source) = &artifact.source {
                line(&format!("source = {}", quoted(source)));
            }
            if let Some(revision) = &artifact.revision {
                line(&format!("revision = {}", quoted(&revision.commit)));
                line(&format!("revision_from = {}", quoted(revision.origin.as_str())));
            }
            line(&format!("sha256 = {}", quoted(&artifact.digest)));
            line("files = [");
            for file in &artifact.files {
                let (path, sha256) = (quoted(&file.path), quoted(&file.sha256));
                let size = file.size_bytes;
                line(&format!(
                    "  {{ path = {path}, size_bytes = {size}, sha256 = {sha256} }},"
                ));
            }
            line("]");
        }
        out
    }
}

/// Writes a text of TOML; what a terminal or an editor would not show as itself is escaped.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            _ if c.is_control() || is_unseen(c) => {
                // Writing into a text cannot fail.
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Characters that change the look of what stands around them and are not seen themselves.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::revision::Origin;

    pub(super) fn lock() -> Lock {
        let file = |path: &str, size_bytes, digit: char| LockedFile {
            path: path.to_owned(),
            size_bytes,
            sha256: digit.to_string().repeat(64),
        };
        let files = vec![file("a/b.bin", 10, '0'), file("new\nline \u{202e}\"\\", 0, '1')];
        let artifact = |name: &str, source: Option<&str>| LockedArtifact {
            name: ArtifactName::parse(name).expect("a name"),
            kind: Kind::Model,
            path: format!("models/{name}"),
            source: source.map(str::to_owned),
            revision: source.map(|_| Revision {
                commit: "0123456789abcdef0123456789abcdef01234567".to_owned(),
                origin: Origin::HubCache,
            }),
            digest: root_digest(&files),
            files: files.clone(),
        };
        Lock {
            allow_symlinks: true,
            artifacts: vec![
                artifact("acme/one", Some("hf://acme/one@main")),
                artifact("acme/two", None),
            ],
        }
    }

    #[test]
    fn what_is_written_is_read_as_the_same() {
        let lock = lock();
        let text = lock.to_toml();
        assert_eq!(Lock::read(text.as_bytes()), Ok(lock.clone()));
        assert_eq!(Lock::read(text.replace('\n', "\r\n").as_bytes()), Ok(lock));
        assert!(
            text.contains("path = \"new\\U0000000Aline \\U0000202E\\\"\\\\\""),
            "{text}"
        );
    }

    #[test]
    fn any_byte_changed_is_another_lock_or_none() {
        let lock = lock();
        let text = lock.to_toml().into_bytes();
        for index in 0..text.len() {
            for change in [1, 2, 4, 8, 16, 32, 64, 128, 0x0b, 0x0c, 0x03, 0xff_u8] {
                let mut other = text.clone();
                other[index] ^= change;
                let is_blank = |byte: u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
                if is_blank(text[index]) && is_blank(other[index]) {
                    continue;
                }
                assert_ne!(Lock::read(&other), Ok(lock.clone()), "byte {index} ^ {change:#x}");
            }
        }
    }

    #[test]
    fn what_stands_twice_is_told_with_both_places() {
        let mut lock = lock();
        lock.artifacts[1].name = lock.artifacts[0].name.clone();
        lock.artifacts[0].files[1].path = "a/b.bin".to_owned();
        let faults = Lock::read(lock.to_toml().as_bytes()).expect_err("twice");
        let told: Vec<String> = faults
            .iter()
            .map(|fault| fault.text("f").en().to_owned())
            .collect();
        assert_eq!(
            told,
            [
                "f:14:3: `artifact[1].files`: `a/b.bin` stands in line 13 already",
                "f:17:1: `artifact[2].name`: `acme/one` stands in line 4 already",
            ]
        );
    }

    #[test]
    fn the_digest_is_that_of_the_signing_format() {
        let file = |digit: &str| LockedFile {
            path: digit.to_owned(),
            size_bytes: 0,
            sha256: digit.repeat(64),
        };
        let digest = Sha256::digest([[0x11_u8; 32], [0x22; 32]].concat());
        assert_eq!(root_digest(&[file("1"), file("2")]), hex(&digest));
    }
}
