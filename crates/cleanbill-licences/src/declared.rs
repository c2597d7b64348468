//! Reads what packages, model cards and documents declare as licence: SPDX expressions strictly, everything else as
//! leniently as it is written in practice, with the original kept and the sureness said.

mod parser;

use cleanbill_core::Confidence;
pub(crate) use parser::key;

use crate::{catalog::catalog, expression::Expression, recognise::FoundKind, recognise::recognise};

/// LIMIT: bytes of a declaration that is read as a name or an expression; longer ones are looked at as a licence text.
const MAX_BYTES: usize = 512;
/// LIMIT: bytes of an expression of exact ids, as documents of whole systems have them.
const MAX_EXPRESSION: usize = 32 << 10;
/// LIMIT: licences of one card or classifiers of one package that are read.
const MAX_ENTRIES: usize = 64;

/// Says what a declaration means.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reading {
    /// A licence expression.
    Expression(Expression),
    /// `NONE`: it says that there is no licence, which grants no rights.
    None,
    /// `NOASSERTION`: whoever wrote it chose not to say.
    NoAssertion,
    /// `unknown` and the like: whoever wrote it did not know.
    Unknown,
    /// `other`: a licence of its own that is not named here.
    Other,
    /// It points to a file, `SEE LICENSE IN ...`.
    Elsewhere,
    /// Nothing is written.
    Missing,
    /// It is longer or more deeply nested than is read.
    TooLarge,
}

/// Says why a reading is less sure than the letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Note {
    /// An id that the SPDX list has replaced.
    Deprecated,
    /// Upper and lower case differ from the list.
    Case,
    /// A name or an id of a hub, not of the SPDX list.
    Name,
    /// An address instead of an id.
    Address,
    /// A name without its version or variant.
    Ambiguous,
    /// Joined by commas or the like: all are taken to apply.
    AmbiguousJoin,
    /// A remark in parentheses was passed over.
    Remark,
    /// The whole text of a licence instead of its name.
    Text,
    /// No licence that is known here.
    Unrecognised,
    /// Some entries were not read.
    Limit,
}

/// Holds one declaration and what it means.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Declared {
    /// What is written.
    pub original: String,
    /// What it means.
    pub reading: Reading,
    /// How sure that is.
    pub confidence: Confidence,
    /// Why it is not surer, sorted.
    pub notes: Vec<Note>,
}

impl Declared {
    fn new(original: &str, reading: Reading, confidence: Confidence, mut notes: Vec<Note>) -> Self {
        notes.sort_unstable();
        notes.dedup();
        Self {
            original: original.to_owned(),
            reading,
            confidence,
            notes,
        }
    }

    /// Returns the expression, if it is one.
    pub fn expression(&self) -> Option<&Expression> {
        match &self.reading {
            Reading::Expression(expression) => Some(expression),
            _ => None,
        }
    }
}

/// Reads the licence field of a package, an SPDX document or a card.
pub fn read_declared(text: &str) -> Declared {
    let trimmed = text.trim().trim_matches(['"', '\'', '`']).trim();
    if trimmed.len() > MAX_BYTES || trimmed.lines().count() > 2 {
        let parsed = (trimmed.len() <= MAX_EXPRESSION)
            .then(|| parser::strict(trimmed))
            .flatten();
        return match parsed.map(|parsed| (parsed.expression, parsed.confidence, parsed.notes)) {
            Some((Some(expression), confidence, notes)) => {
                Declared::new(text, Reading::Expression(expression), confidence, notes)
            }
            _ => read_text(text),
        };
    }
    if let Some(reading) = word(trimmed) {
        return Declared::new(text, reading, Confidence::High, Vec::new());
    }
    if let Some(id) = address(trimmed) {
        let reading = Reading::Expression(Expression::of(id));
        return Declared::new(text, reading, Confidence::Medium, vec![Note::Address]);
    }
    let parsed = parser::parse(trimmed);
    let reading = parsed.expression.map_or(Reading::TooLarge, Reading::Expression);
    Declared::new(text, reading, parsed.confidence, parsed.notes)
}

/// Reads the front matter of a model or dataset card: `license`, one or several, and `license_name`, which names what
/// `license: other` means.
pub fn read_card(licences: &[&str], name: Option<&str>) -> Declared {
    let original = licences.join(", ");
    let mut notes = Vec::new();
    if licences.len() > MAX_ENTRIES {
        notes.push(Note::Limit);
    }
    let mut read: Vec<Declared> = licences
        .iter()
        .take(MAX_ENTRIES)
        .map(|licence| read_declared(licence))
        .collect();
    if let Some(name) = name.map(str::trim).filter(|name| !name.is_empty()) {
        let vague = |declared: &Declared| {
            matches!(
                declared.reading,
                Reading::Other | Reading::Unknown | Reading::Missing | Reading::Elsewhere
            )
        };
        if read.iter().all(vague) {
            let mut named = read_declared(name);
            named.original = if original.is_empty() {
                name.to_owned()
            } else {
                format!("{original}: {name}")
            };
            return named;
        }
    }
    match read.len() {
        0 => Declared::new("", Reading::Missing, Confidence::High, notes),
        1 => read
            .pop()
            .unwrap_or_else(|| Declared::new("", Reading::Missing, Confidence::High, notes)),
        _ => joined(&original, read, notes),
    }
}

/// Reads the trove classifiers of a Python package; those that are not about licences are passed over.
pub fn read_classifiers<'c>(classifiers: impl IntoIterator<Item = &'c str>) -> Declared {
    let mut originals = Vec::new();
    let mut read = Vec::new();
    let mut notes = Vec::new();
    let own = classifiers.into_iter().filter_map(|line| {
        let rest = line.trim().strip_prefix("License ::")?.trim();
        Some((line.trim(), rest))
    });
    for (line, rest) in own {
        if read.len() >= MAX_ENTRIES {
            notes.push(Note::Limit);
            break;
        }
        originals.push(line.to_owned());
        // It says that it is approved, not which one it is.
        if rest == "OSI Approved" {
            continue;
        }
        read.push(read_declared(rest));
    }
    let original = originals.join("; ");
    match (read.len(), originals.len()) {
        (0, 0) => Declared::new("", Reading::Missing, Confidence::High, notes),
        (0, _) => Declared::new(&original, Reading::Unknown, Confidence::High, notes),
        (1, _) => {
            let mut only = read.swap_remove(0);
            only.original = original;
            only
        }
        _ => joined(&original, read, notes),
    }
}

/// Joins several declarations of one thing, all of which are taken to apply.
fn joined(original: &str, read: Vec<Declared>, mut notes: Vec<Note>) -> Declared {
    let mut parts = Vec::new();
    let mut confidence = Confidence::Medium;
    for declared in read {
        confidence = confidence.min(declared.confidence);
        notes.extend(declared.notes);
        match declared.reading {
            Reading::Expression(expression) => parts.push(expression),
            Reading::Missing => {}
            Reading::None => parts.push(Expression::of("LicenseRef-Proprietary")),
            _ => {
                notes.push(Note::Unrecognised);
                confidence = Confidence::Low;
            }
        }
    }
    let several = parts.len() > 1;
    match Expression::join(true, parts) {
        None => Declared::new(original, Reading::Unknown, Confidence::Low, notes),
        Some(expression) => {
            if several {
                notes.push(Note::AmbiguousJoin);
            }
            Declared::new(original, Reading::Expression(expression), confidence, notes)
        }
    }
}

/// Reads a whole licence text that was put where a name belongs.
fn read_text(text: &str) -> Declared {
    let findings = recognise(text);
    let held = findings
        .found
        .iter()
        .filter(|found| matches!(found.kind, FoundKind::Text | FoundKind::Notice));
    let parts = held.map(|found| Expression::of(&found.licence)).collect();
    match Expression::join(true, parts) {
        Some(expression) => Declared::new(
            text,
            Reading::Expression(expression),
            Confidence::Medium,
            vec![Note::Text],
        ),
        None if text.trim().len() > MAX_BYTES => Declared::new(
            text,
            Reading::TooLarge,
            Confidence::Low,
            vec![Note::Limit, Note::Unrecognised],
        ),
        None => {
            let parsed = parser::parse(text.trim());
            let reading = parsed.expression.map_or(Reading::TooLarge, Reading::Expression);
            Declared::new(text, reading, parsed.confidence, parsed.notes)
        }
    }
}

/// Reads the words that stand for no licence at all.
fn word(text: &str) -> Option<Reading> {
    let lower = text.to_ascii_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    Some(match words.as_slice() {
        [] => Reading::Missing,
        ["none"] | ["no" | "without", "license" | "licence"] | ["license" | "licence", "none"] => {
            Reading::None
        }
        ["noassertion"] | ["no", "assertion"] | ["license" | "licence", "noassertion"] => {
            Reading::NoAssertion
        }
        ["unknown" | "unspecified" | "undefined" | "null" | "tbd"]
        | ["n", "a"]
        | ["not", "specified" | "known" | "available" | "provided"]
        | ["unknown", "license" | "licence"]
        | ["license" | "licence", "unknown"] => Reading::Unknown,
        ["other" | "custom"] | ["other" | "custom", "license" | "licence"] => Reading::Other,
        ["see", "license" | "licence" | "file" | "readme", ..]
        | ["license" | "licence", "md" | "txt" | "file"]
        | ["license" | "licence"]
        | ["file", "license" | "licence"] => Reading::Elsewhere,
        _ => return None,
    })
}

/// Reads the address of a licence.
fn address(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let rest = lower
        .strip_prefix("https://")
        .or_else(|| lower.strip_prefix("http://"))?;
    let rest = rest.strip_prefix("www.").unwrap_or(rest).trim_end_matches('/');
    let plain = |url: &str| -> String {
        let url = url.to_ascii_lowercase();
        let url = url.trim_start_matches("https://").trim_start_matches("http://");
        let url = url.trim_start_matches("www.").trim_end_matches('/');
        url.trim_end_matches(".html")
            .trim_end_matches("/legalcode")
            .to_owned()
    };
    let wanted = plain(rest);
    let wanted = wanted.trim_end_matches(".txt").trim_end_matches("/deed.en");
    let known = catalog()
        .licences()
        .iter()
        .find(|licence| licence.url.as_deref().is_some_and(|url| plain(url) == wanted));
    if let Some(licence) = known {
        return Some(licence.id.clone());
    }
    let (host, path) = wanted.split_once('/')?;
    let lists = [
        "opensource.org",
        "spdx.org",
        "choosealicense.com",
        "gnu.org",
        "opensource.org",
    ];
    if !lists.contains(&host) {
        return None;
    }
    let last = path.rsplit('/').next()?;
    catalog().id_of_name(last).map(str::to_owned)
}
