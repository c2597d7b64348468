//! What is said of leaks in data: where a value stands in which record, without the value.

use std::{collections::BTreeMap, sync::Arc};

use crate::{Confidence, Coverage, Severity, Text, ToolInfo, Verdict};

/// Says what kind of leak it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeakClass {
    /// Something that opens a door: keys, tokens, passwords.
    Secret,
    /// Data about a person.
    Personal,
    /// Text that a reader does not see.
    Hidden,
    /// Text that is meant to steer a model.
    Poison,
}

impl LeakClass {
    /// Every class.
    pub const ALL: [Self; 4] = [Self::Secret, Self::Personal, Self::Hidden, Self::Poison];

    /// Returns the word used in reports and options.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Personal => "pii",
            Self::Hidden => "hidden",
            Self::Poison => "poison",
        }
    }

    /// Reads the word used in reports and options.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == word)
    }
}

/// Names a record of an artifact: a line, a row, a document.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeakRecord {
    /// Number of the record, from 0.
    pub index: u64,
    /// Value of the field that the caller named as its id.
    pub id: Option<String>,
    /// Path of the value in the record, such as `messages[2].content`; `None` where the record is one text.
    pub column: Option<String>,
    /// Line of the artifact, from 1, where the artifact has lines.
    pub line: Option<u64>,
}

/// Says what stands in the place of a value in the copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replacement {
    /// The name of its type in brackets.
    Placeholder,
    /// A value of the same form that the key leads back from.
    Pseudonym,
    /// Nothing, in a column of numbers that takes no text: null, or zero where the column takes no null either.
    Removed,
}

impl Replacement {
    /// Returns the word used in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Placeholder => "placeholder",
            Self::Pseudonym => "pseudonym",
            Self::Removed => "removed",
        }
    }
}

/// Tells of one leak.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leak {
    /// Id of the rule.
    pub kind: Arc<str>,
    /// What kind of leak it is.
    pub class: LeakClass,
    /// Path of the artifact relative to the target, with `/`.
    pub artifact: Arc<str>,
    /// Where in the artifact.
    pub record: LeakRecord,
    /// First byte within the value, as UTF-8.
    pub start: u64,
    /// One past its last byte.
    pub end: u64,
    /// First character within the value.
    pub char_start: u64,
    /// One past its last character.
    pub char_end: u64,
    /// How bad it is.
    pub severity: Severity,
    /// How sure the rule is.
    pub confidence: Confidence,
    /// What may be shown of it.
    pub evidence: String,
    /// Keyed digest of type and value: the same for the same value under the same key.
    pub hash: String,
    /// A checksum or structure inside the value was verified.
    pub validated: bool,
    /// What stands in its place, where a copy was written.
    pub replaced: Option<Replacement>,
}

/// Tells of something that could not be examined as what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeakProblem {
    /// Number of the record, where one can be named.
    pub record: Option<u64>,
    /// Byte of the artifact (of its decoded bytes, where it is compressed), where one can be named.
    pub offset: Option<u64>,
    /// What is wrong.
    pub reason: Text,
}

/// Tells what became of one artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeakArtifact {
    /// Path relative to the target, with `/`.
    pub path: Arc<str>,
    /// Size in bytes.
    pub size_bytes: u64,
    /// Id of the kind of source it was read as; empty where it was not read.
    pub format: String,
    /// How many records were read.
    pub records: u64,
    /// How many leaks were found.
    pub findings: u64,
    /// How much was examined.
    pub coverage: Coverage,
    /// What could not be examined as what it is, as far as it is listed.
    pub problems: Vec<LeakProblem>,
    /// Problems that are not listed.
    pub more_problems: u64,
    /// A copy of it was written.
    pub copied: bool,
}

/// Names what findings are counted by.
pub type LeakGroup = (LeakClass, Arc<str>, Severity);

/// Tells what was looked at when a whole data set was examined for poison.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeakPoison {
    /// Records that were compared with each other.
    pub rows: u64,
    /// Fields that were taken as texts.
    pub texts: Vec<String>,
    /// The field that was taken as label or answer.
    pub label: Option<String>,
    /// The field that was taken as source.
    pub source: Option<String>,
    /// The field that was taken as address of content, and that of its digest.
    pub url: Option<String>,
    /// See `url`.
    pub digest: Option<String>,
    /// Fields were told by their names, and not by the caller.
    pub guessed: bool,
    /// Records of the evaluation sets that it was compared with.
    pub evaluation: Option<u64>,
    /// What was not looked at, and why.
    pub notes: Vec<Text>,
}

/// Sums up a search for leaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeakSummary {
    /// The build that made it; the digest is that of the rules.
    pub tool: ToolInfo,
    /// What was searched, as the caller named it.
    pub target: String,
    /// The verdict.
    pub verdict: Verdict,
    /// Artifacts, sorted by path.
    pub artifacts: Vec<LeakArtifact>,
    /// How many records were read.
    pub records: u64,
    /// Bytes of the artifacts.
    pub bytes: u64,
    /// Findings by class, type and severity.
    pub findings: BTreeMap<LeakGroup, u64>,
    /// Values that were replaced in the copy, where one was written.
    pub replaced: Option<u64>,
    /// Only so many records of each artifact were looked at, by wish of the caller.
    pub sample: Option<u64>,
    /// What was looked at for poison in the whole data set, where that was asked for.
    pub poison: Option<LeakPoison>,
}

impl LeakSummary {
    /// Counts all findings.
    pub fn total(&self) -> u64 {
        self.findings.values().sum()
    }
}
