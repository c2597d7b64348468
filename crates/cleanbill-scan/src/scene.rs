use cleanbill_formats::{Format, Parsed, bytes::ReadAt, limits::Limits};

use crate::{open::Bomb, reading::Reading};

/// Holds what a detector may know about the bytes it looks at.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// Path of the artifact relative to the target.
    pub artifact: &'a str,
    /// Path of the member inside the artifact, levels joined with `!/`; `None` for the artifact itself.
    pub member: Option<&'a str>,
    /// Last name of the path: of the member where there is one, else of the artifact.
    pub file_name: &'a str,
    /// Extension of its name in lower case, or an empty text.
    pub extension: &'a str,
    /// The bytes of the artifact or member.
    pub source: &'a dyn ReadAt,
    /// Its first bytes, a few KiB.
    pub head: &'a [u8],
    /// The same bytes as text, and what that text means as a program or manifest, for detectors that ask.
    pub reading: &'a Reading<'a>,
    /// Views of every format that it was recognised as, surest first.
    pub parsed: &'a [Parsed],
    /// How far it swelled, where decoding it was stopped as a bomb.
    pub bomb: Option<Bomb>,
    /// Formats of the container around it, empty for an artifact.
    pub within: &'a [Format],
    /// Dialects of the container around it.
    pub within_dialects: &'a [&'static str],
    /// View of the container around it, for checks that span both.
    pub container: Option<&'a Parsed>,
}

/// Holds what shows of an artifact only when everything inside it has been opened.
#[derive(Clone, Copy, Debug)]
pub struct Whole<'a> {
    /// Size of the artifact.
    pub size_bytes: u64,
    /// Bytes decoded from its members, at all depths, added up.
    pub decoded_bytes: u64,
    /// Whether members were left unopened because they lie too deep.
    pub too_deep: bool,
    /// The caps in force.
    pub limits: &'a Limits,
}

impl Scene<'_> {
    /// Says whether it is a member of a TorchScript archive, whose pickles name classes of the archive's own code.
    pub fn in_torchscript(&self) -> bool {
        self.within_dialects.contains(&"torchscript")
    }

    /// Says whether it was recognised as `format`.
    pub fn is(&self, format: Format) -> bool {
        self.parsed.iter().any(|parsed| parsed.format() == format)
    }
}

/// Returns the last name of a path.
pub(crate) fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// Returns the extension of the name at the end of `path` in lower case, or an empty text.
pub(crate) fn extension(path: &str) -> String {
    match file_name(path).rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => extension.to_ascii_lowercase(),
        _ => String::new(),
    }
}
