use crate::{Confidence, Severity, Text};

/// Names bytes of an artifact or of a member: `start` inclusive, `end` exclusive, both counted from its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteRange {
    /// First byte.
    pub start: u64,
    /// One past the last byte.
    pub end: u64,
}

impl ByteRange {
    /// Names the bytes from `start` up to, without, `end`.
    pub const fn new(start: u64, end: u64) -> Self {
        Self { start, end }
    }
}

/// Says where something was seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// Path of the artifact relative to the target, with `/`.
    pub artifact: String,
    /// Path of the member inside the artifact, its levels joined with `!/`; `None` for the artifact itself.
    pub member: Option<String>,
    /// Bytes within the member, or within the artifact where there is none; `None` where no bytes can be pointed at.
    pub byte_range: Option<ByteRange>,
}

/// Tells what a detector saw (SARIF *result*, OSCAL *observation*).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Permanent id of the detector.
    pub detector: String,
    /// How bad it is if true.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// Where it was seen.
    pub location: Location,
    /// What was seen.
    pub message: Text,
    /// The shortened bytes or values it rests on, made printable; never a secret's value; may be empty.
    pub evidence: String,
    /// What to do.
    pub hint: Text,
    /// Ids in public vocabularies: CWE, MITRE ATLAS, CVE, GHSA.
    pub tags: Vec<String>,
    /// Ids of the controls it bears on.
    pub controls: Vec<String>,
    /// Stays the same for the same finding in later versions of the artifact and of the tool, to match waivers and baselines.
    pub fingerprint: String,
}
