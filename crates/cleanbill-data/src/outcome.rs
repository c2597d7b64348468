//! What comes out of one piece of work, and the tools that pieces work with.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use cleanbill_core::{
    Confidence, Severity, Text,
    leak::{LeakClass, LeakGroup, LeakRecord, Replacement},
};
use cleanbill_leaks::{Class, HITS_PER_RULE, Hit, Level, Scanner};

use crate::{
    input::{count, size},
    key::Key,
    limits::{NAMED_BYTES, OVERLAP_BYTES, PIECE_FINDINGS, PIECE_PROBLEMS},
    path,
    pseudonym::Pseudonyms,
};

/// A leak whose artifact is known by where it came from. Numbers of records and lines count from the start of the piece.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) kind: Arc<str>,
    pub(crate) class: LeakClass,
    pub(crate) record: LeakRecord,
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) char_start: u64,
    pub(crate) char_end: u64,
    pub(crate) severity: Severity,
    pub(crate) confidence: Confidence,
    pub(crate) evidence: String,
    pub(crate) hash: String,
    pub(crate) validated: bool,
    pub(crate) replaced: Option<Replacement>,
}

/// Something that could not be read as what it is.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    /// Counts from the start of the piece.
    pub(crate) record: Option<u64>,
    /// Counts from the start of the artifact's decoded bytes.
    pub(crate) offset: Option<u64>,
    pub(crate) reason: Text,
    /// Bytes were not searched at all, so that no copy can be made.
    pub(crate) lost: bool,
}

/// What comes out of one piece.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) records: u64,
    pub(crate) lines: u64,
    pub(crate) chars: u64,
    pub(crate) bytes: u64,
    pub(crate) found: Vec<Found>,
    /// Findings that are counted only.
    pub(crate) unlisted: BTreeMap<LeakGroup, u64>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) more_problems: u64,
    pub(crate) lost: bool,
    /// The piece is a part of one long text, and what it found counts from its start.
    pub(crate) one_text: bool,
    /// The piece belongs to the same records as the next one.
    pub(crate) goes_on: bool,
    pub(crate) copy: Option<Copied>,
    /// Values that a copy would change.
    pub(crate) changes: u64,
}

/// The bytes of a piece, and what takes the place of which of them.
#[derive(Debug, Default)]
pub(crate) struct Copied {
    pub(crate) bytes: Vec<u8>,
    /// Ranges may reach beyond the piece.
    pub(crate) edits: Vec<Edit>,
}

/// What stands in the place of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) range: Range<usize>,
    pub(crate) text: Vec<u8>,
}

impl Outcome {
    pub(crate) fn problem(&mut self, problem: Problem) {
        self.lost |= problem.lost;
        if self.problems.len() < PIECE_PROBLEMS {
            self.problems.push(problem);
        } else {
            self.more_problems = self.more_problems.saturating_add(1);
        }
    }

    /// Keeps a finding, or counts it where there are too many.
    pub(crate) fn keep(&mut self, found: Found) {
        if self.found.len() < PIECE_FINDINGS {
            self.found.push(found);
        } else {
            let group = (found.class, found.kind, found.severity);
            let seen = self.unlisted.entry(group).or_default();
            *seen = seen.saturating_add(1);
        }
    }
}

/// Says what takes the place of what is found.
#[derive(Clone, Debug)]
pub(crate) enum Redactor {
    Placeholders,
    Pseudonyms(Pseudonyms),
}

/// Holds what every piece needs.
#[derive(Clone, Debug)]
pub(crate) struct Tools {
    pub(crate) scanner: Arc<Scanner>,
    /// Path of the artifact, where a rule asks for it.
    pub(crate) path: Arc<str>,
    pub(crate) key: Key,
    pub(crate) columns: Option<Vec<String>>,
    pub(crate) id_field: Option<String>,
    pub(crate) redactor: Option<Redactor>,
}

impl Tools {
    /// Returns the tools for an artifact with this path, where they differ from those for any.
    pub(crate) fn of(&self, path: &Arc<str>) -> Option<Arc<Self>> {
        let own = || Self {
            path: Arc::clone(path),
            ..self.clone()
        };
        self.scanner.asks_for_path().then(|| Arc::new(own()))
    }

    /// Finds what leaks in a text, in the order of the text; what is hidden may overlap a value.
    fn scan(&self, text: &[u8]) -> Vec<Hit> {
        let mut hits = self.scanner.scan_all_of(&self.path, text);
        let order = |hit: &Hit| (hit.range.start, hit.range.end);
        let id = |hit: &Hit| hit.id(&self.scanner).to_owned();
        hits.sort_by(|left, right| {
            order(left)
                .cmp(&order(right))
                .then_with(|| id(left).cmp(&id(right)))
        });
        hits
    }

    /// Finds what leaks in a value; `name` is that of its column, which may be what makes a secret of it.
    pub(crate) fn hits(&self, value: &[u8], name: Option<&[u8]>) -> Vec<Hit> {
        let named = name.filter(|name| !name.is_empty() && name.len() <= 64 && value.len() <= NAMED_BYTES);
        let Some(name) = named else {
            return self.all_hits(value);
        };
        let mut text = Vec::with_capacity(name.len().saturating_add(value.len()).saturating_add(2));
        text.extend_from_slice(name);
        text.extend_from_slice(b": ");
        let before = count(text.len());
        text.extend_from_slice(value);
        let mut hits = self.scan(&text);
        if hits.iter().any(|hit| hit.range.start < before) {
            return self.all_hits(value);
        }
        for hit in &mut hits {
            hit.range = hit.range.start.saturating_sub(before)..hit.range.end.saturating_sub(before);
        }
        hits
    }

    /// Finds what leaks in a text. The engine hands out so many findings of a rule for one text, so a text with more is cut in two.
    pub(crate) fn all_hits(&self, text: &[u8]) -> Vec<Hit> {
        let hits = self.scan(text);
        if count(hits.len()) < HITS_PER_RULE || text.len() <= 8 << 10 || !is_full(&hits) {
            return hits;
        }
        let middle = text.len() >> 1;
        let overlap = OVERLAP_BYTES.min(text.len() >> 2);
        let start = middle.saturating_sub(overlap);
        let end = middle.saturating_add(overlap).min(text.len());
        let mut all = self.all_hits(text.get(..end).unwrap_or_default());
        all.retain(|hit| hit.range.start < count(middle));
        let reached = all.iter().map(|hit| hit.range.end).max().unwrap_or(0);
        for mut hit in self.all_hits(text.get(start..).unwrap_or_default()) {
            hit.range =
                hit.range.start.saturating_add(count(start))..hit.range.end.saturating_add(count(start));
            if hit.range.start >= count(middle).max(reached) {
                all.push(hit);
            }
        }
        all
    }

    /// Returns what takes the place of a value.
    pub(crate) fn replacement(&self, hit: &Hit, value: &[u8]) -> Option<(Replacement, Vec<u8>)> {
        let kind = hit.id(&self.scanner);
        let class = self.scanner.rule(hit).map_or(Class::Secret, |rule| rule.class);
        let redactor = self.redactor.as_ref()?;
        if let (Redactor::Pseudonyms(pseudonyms), Class::Personal) = (redactor, class)
            && let Some(text) = pseudonyms.replace(kind, value)
        {
            return Some((Replacement::Pseudonym, text));
        }
        Some((Replacement::Placeholder, placeholder(kind)))
    }

    /// Makes a finding of a hit in `value`; `counter` goes from hit to hit.
    pub(crate) fn found(&self, hit: &Hit, value: &[u8], record: LeakRecord, counter: &mut Counter) -> Found {
        let kind = hit.id(&self.scanner);
        let bytes = value
            .get(size(hit.range.start)..size(hit.range.end))
            .unwrap_or_default();
        counter.advance(value, size(hit.range.start));
        Found {
            kind: kind.into(),
            class: class(self.scanner.rule(hit).map_or(Class::Secret, |rule| rule.class)),
            record,
            start: hit.range.start,
            end: hit.range.end,
            char_start: counter.chars,
            char_end: counter.chars.saturating_add(characters(bytes)),
            severity: severity(hit.severity),
            confidence: confidence(hit.confidence),
            evidence: unmarked(&hit.evidence.to_string()),
            hash: self.key.mark(kind, bytes),
            validated: hit.validated,
            replaced: self.replacement(hit, bytes).map(|(replaced, _)| replaced),
        }
    }

    pub(crate) fn is_wanted(&self, path: &str) -> bool {
        self.columns
            .as_ref()
            .is_none_or(|wishes| path::is_wanted(path, wishes))
    }
}

/// Counts characters and lines up to places that come in order.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    at: usize,
    pub(crate) chars: u64,
    pub(crate) lines: u64,
}

impl Counter {
    pub(crate) fn advance(&mut self, value: &[u8], to: usize) {
        let passed = value.get(self.at..to).unwrap_or_default();
        self.chars = self.chars.saturating_add(characters(passed));
        self.lines = self
            .lines
            .saturating_add(count(memchr::memchr_iter(b'\n', passed).count()));
        self.at = self.at.max(to);
    }
}

/// Says whether a rule has as many hits as the engine hands out for one text.
fn is_full(hits: &[Hit]) -> bool {
    let mut counts: BTreeMap<usize, u64> = BTreeMap::new();
    for hit in hits {
        let seen = counts.entry(hit.rule).or_default();
        *seen = seen.saturating_add(1);
        if *seen >= HITS_PER_RULE {
            return true;
        }
    }
    false
}

/// Returns the name of a type in brackets.
pub(crate) fn placeholder(kind: &str) -> Vec<u8> {
    format!("[{}]", kind.to_ascii_uppercase()).into_bytes()
}

/// Takes the mark out of the evidence: it has a fixed key, and what is easily guessed is easily found by it.
fn unmarked(evidence: &str) -> String {
    match evidence.rsplit_once(", #") {
        Some((before, mark)) if mark.ends_with(')') => format!("{before})"),
        _ => evidence.to_owned(),
    }
}

/// Counts characters; each byte that is no UTF-8 and does not look like the middle of a character is one.
pub(crate) fn characters(bytes: &[u8]) -> u64 {
    count(bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count())
}

fn class(class: Class) -> LeakClass {
    match class {
        Class::Personal => LeakClass::Personal,
        Class::Hidden => LeakClass::Hidden,
        Class::Poison => LeakClass::Poison,
        _ => LeakClass::Secret,
    }
}

fn severity(level: Level) -> Severity {
    match level {
        Level::Low => Severity::Low,
        Level::Medium => Severity::Medium,
        Level::High => Severity::High,
    }
}

fn confidence(level: Level) -> Confidence {
    match level {
        Level::Low => Confidence::Low,
        Level::Medium => Confidence::Medium,
        Level::High => Confidence::High,
    }
}
