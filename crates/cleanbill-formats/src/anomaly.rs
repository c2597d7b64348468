use std::ops::Range;

/// Says what an anomaly means for whoever loads the bytes and for whoever examined them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Impact {
    /// Unusual; readers accept it and agree about it.
    Note,
    /// A rule of the format is broken, or bytes are missing: what follows was not, or not surely, examined.
    Damage,
    /// One of our own limits was reached: what lies beyond was not examined.
    Limit,
    /// Two readers of the format see different things, or bytes are kept from being seen.
    Evasion,
}

/// Declares one kind of anomaly; each format file keeps its own as constants.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AnomalyKind {
    /// Permanent kebab-case id.
    pub id: &'static str,
    /// What it means.
    pub impact: Impact,
    /// English sentence without a period, readable after "the file".
    pub en: &'static str,
    /// The same in Simplified Chinese.
    pub zh: &'static str,
}

impl AnomalyKind {
    /// Declares a kind whose impact is [`Impact::Note`].
    pub const fn note(id: &'static str, en: &'static str, zh: &'static str) -> Self {
        Self {
            id,
            impact: Impact::Note,
            en,
            zh,
        }
    }

    /// Declares a kind whose impact is [`Impact::Damage`].
    pub const fn damage(id: &'static str, en: &'static str, zh: &'static str) -> Self {
        Self {
            id,
            impact: Impact::Damage,
            en,
            zh,
        }
    }

    /// Declares a kind whose impact is [`Impact::Limit`].
    pub const fn limit(id: &'static str, en: &'static str, zh: &'static str) -> Self {
        Self {
            id,
            impact: Impact::Limit,
            en,
            zh,
        }
    }

    /// Declares a kind whose impact is [`Impact::Evasion`].
    pub const fn evasion(id: &'static str, en: &'static str, zh: &'static str) -> Self {
        Self {
            id,
            impact: Impact::Evasion,
            en,
            zh,
        }
    }
}

/// Notes one oddity with the bytes it concerns. It is a parser's note, not yet a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anomaly {
    /// What kind of oddity.
    pub kind: &'static AnomalyKind,
    /// The bytes concerned, counted from the first byte of the input.
    pub range: Range<u64>,
    /// Names and numbers, in no language: `declared 12, remaining 7`; may be empty.
    pub detail: String,
}

impl Anomaly {
    /// Notes `kind` at `range`.
    pub fn new(kind: &'static AnomalyKind, range: Range<u64>, detail: impl Into<String>) -> Self {
        Self {
            kind,
            range,
            detail: detail.into(),
        }
    }
}
