//! What is wrong with a document, and where: file, entry of an archive, path inside the document, byte.

use std::{fmt, path::Path};

use thiserror::Error;

/// Names a place inside a document that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Name of the file as it was given.
    pub file: String,
    /// Name of the entry, where the file is an archive or a folder.
    pub entry: Option<String>,
    /// Keys and numbers that lead to the value, as in `affected[0].ranges`; empty for the whole document.
    pub path: String,
    /// Offset of the byte, counted from the start of the entry, or of the file where there is none.
    pub offset: u64,
}

impl Place {
    /// Names the first byte of a file.
    pub fn of_file(file: &Path) -> Self {
        Self {
            file: file.display().to_string(),
            ..Self::default()
        }
    }

    /// Moves a place within a document to where the document stands.
    #[must_use]
    pub fn within(self, outer: &Self) -> Self {
        let path = match (outer.path.is_empty(), self.path.is_empty()) {
            (true, _) => self.path,
            (false, true) => outer.path.trim_end_matches(':').to_owned(),
            (false, false) if outer.path.ends_with(':') => format!("{} {}", outer.path, self.path),
            (false, false) if self.path.starts_with('[') => format!("{}{}", outer.path, self.path),
            (false, false) => format!("{}.{}", outer.path, self.path),
        };
        Self {
            file: outer.file.clone(),
            entry: outer.entry.clone(),
            path,
            offset: self.offset.saturating_add(outer.offset),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}", printable(&self.file))?;
        if let Some(entry) = &self.entry {
            write!(formatter, "!/{}", printable(entry))?;
        }
        formatter.write_str("`")?;
        if !self.path.is_empty() {
            write!(formatter, ", at `{}`", printable(&self.path))?;
        }
        write!(formatter, ", byte {}", self.offset)
    }
}

/// Says what is wrong with a document.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Fault {
    /// The document ends before its structure does.
    #[error("the document ends too early")]
    Truncated,
    /// Bytes that are not UTF-8.
    #[error("the text is not UTF-8")]
    NotUtf8,
    /// Another encoding, told by its first bytes.
    #[error("the text is {encoding}, which JSON does not allow")]
    Encoding {
        /// Name of the encoding.
        encoding: &'static str,
    },
    /// A byte that the grammar of JSON does not allow here.
    #[error("`{found}` where {wanted} should stand")]
    Unexpected {
        /// The byte, made printable.
        found: String,
        /// What the grammar wants.
        wanted: &'static str,
    },
    /// One object has a key twice, so two readers would see different things.
    #[error("the key `{key}` stands twice in one object")]
    DuplicateKey {
        /// The key.
        key: String,
    },
    /// Too many objects and arrays within one another.
    #[error("more than {limit} levels of objects and arrays")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// Too many bytes.
    #[error("{what} is longer than {limit} bytes")]
    TooLong {
        /// What is too long.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// Too many of something.
    #[error("more than {limit} {what}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// A value of another type than the schema wants.
    #[error("the value does not fit the schema: {reason}")]
    Schema {
        /// What the reader wanted.
        reason: String,
    },
    /// A value that must be there is not.
    #[error("`{what}` is missing or empty")]
    Missing {
        /// What is missing.
        what: &'static str,
    },
    /// A value that cannot be read.
    #[error("`{value}` is no {wanted}")]
    Invalid {
        /// The value.
        value: String,
        /// What it should be.
        wanted: &'static str,
    },
    /// An archive whose structure is broken.
    #[error("the archive is broken: {reason}")]
    Archive {
        /// What is broken.
        reason: &'static str,
    },
    /// An entry of an archive that another method packed.
    #[error("the entry is packed by method {method}; only stored and deflated entries are read")]
    Method {
        /// Number of the method in the format's specification.
        method: u16,
    },
    /// An entry of an archive that is encrypted.
    #[error("the entry is encrypted")]
    Encrypted,
    /// Bytes that have another checksum than the archive says.
    #[error("the checksum of the entry differs")]
    Checksum,
    /// A version of a format of ours that this build does not know.
    #[error("schema `{found}`, this build reads `{known}`")]
    SchemaVersion {
        /// What the document says.
        found: String,
        /// What is known.
        known: &'static str,
    },
}

/// A document that cannot be used, with the place that says why.
#[derive(Debug, Error)]
#[error("{place}: {fault}")]
pub struct DocumentError {
    /// Where.
    pub place: Box<Place>,
    /// What.
    pub fault: Fault,
}

impl DocumentError {
    /// Puts the place of a fault within a document to where the document stands.
    #[must_use]
    pub fn within(self, outer: &Place) -> Self {
        Self {
            place: Box::new(self.place.within(outer)),
            fault: self.fault,
        }
    }
}

/// Shows text from outside without control characters, cut to a sane length.
pub(crate) fn printable(text: &str) -> String {
    let shown = text.chars().take(SHOWN);
    shown
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

/// Characters of a text from outside that a message shows.
const SHOWN: usize = 200;
