//! What comes out of one piece of work, and the tools that pieces work with.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
};

use cleanbill_core::{
    Confidence, Severity, Text,
    leak::{LeakClass, LeakGroup, LeakRecord, Replacement},
};
use cleanbill_leaks::{Class, HITS_PER_RULE, Hit, Level, Rules, Scanner};

use crate::{
    input::{count, size},
    key::Key,
    limits::{NAMED_BYTES, OVERLAP_BYTES, PIECE_FINDINGS, PIECE_PROBLEMS},
    number, path,
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
    /// It stands in the name of a field.
    pub(crate) in_name: bool,
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
    /// What came out of files within the file, in order.
    pub(crate) parts: Vec<Part>,
}

/// What came out of a file within the file.
#[derive(Debug)]
pub(crate) struct Part {
    /// The record that it belongs to; counts from the start of the piece.
    pub(crate) record: u64,
    pub(crate) within: Arc<Within>,
    pub(crate) outcome: Outcome,
}

/// The place of a file within a file.
#[derive(Clone, Debug)]
pub(crate) struct Within {
    /// Differs from file to file.
    pub(crate) serial: u64,
    /// Id of the record.
    pub(crate) key: Arc<str>,
    /// Name of the file.
    pub(crate) name: Arc<str>,
    /// Path of the file in the record.
    pub(crate) prefix: Arc<str>,
    /// It has records of its own, whose numbers belong to the path.
    pub(crate) has_many: bool,
    /// What it is searched with, where that differs.
    pub(crate) tools: Option<Arc<Tools>>,
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
#[derive(Debug)]
pub(crate) enum Redactor {
    Placeholders,
    Pseudonyms(Pseudonyms),
}

/// Holds what every piece needs.
#[derive(Debug)]
pub(crate) struct Tools {
    pub(crate) scanner: Arc<Scanner>,
    pub(crate) key: Key,
    pub(crate) columns: Option<Vec<String>>,
    pub(crate) id_field: Option<String>,
    pub(crate) redactor: Option<Redactor>,
    /// A number of fewer digits is none that a rule describes.
    pub(crate) least_digits: usize,
    /// There are rules that this build does not know, which may describe anything.
    pub(crate) own_rules: bool,
}

/// LIMIT: fewest digits of a number that one of our rules describes, telephone numbers in a country. Shorter ones are not searched
/// where they are stored as numbers, unless there are rules of others.
const LEAST_DIGITS: usize = 7;

/// A text in which something was replaced.
#[derive(Debug)]
pub(crate) struct Exchanged {
    pub(crate) text: Vec<u8>,
    /// All that takes the place of something has its form.
    pub(crate) keeps_form: bool,
}

impl Tools {
    /// Takes a scanner and what else there is to know.
    pub(crate) fn new(rules: Rules, key: Key, redactor: Option<Redactor>) -> Self {
        let known: BTreeSet<String> = Rules::builtin().iter().map(|rule| rule.id.clone()).collect();
        let own_rules = rules.iter().any(|rule| !known.contains(&rule.id));
        Self {
            scanner: Arc::new(Scanner::new(rules)),
            key,
            columns: None,
            id_field: None,
            redactor,
            least_digits: if own_rules { 1 } else { LEAST_DIGITS },
            own_rules,
        }
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
        let mut hits = self.scanner.scan_all(&text);
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
        let hits = self.scanner.scan_all(text);
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

    /// Replaces hits in a value by what `instead` gives for each.
    pub(crate) fn spliced(&self, hits: &[Hit], value: &[u8], instead: impl Fn(&Hit) -> Vec<u8>) -> Vec<u8> {
        let mut text = Vec::new();
        let mut at = 0;
        for hit in hits {
            if let Some(before) = value.get(at..size(hit.range.start)) {
                text.extend_from_slice(before);
                text.extend(instead(hit));
                at = size(hit.range.end);
            }
        }
        text.extend_from_slice(value.get(at..).unwrap_or_default());
        text
    }

    /// Replaces what was found in a value.
    pub(crate) fn exchange(&self, hits: &[Hit], value: &[u8]) -> Option<Exchanged> {
        if hits.is_empty() || self.redactor.is_none() {
            return None;
        }
        let keeps_form = Cell::new(true);
        let text = self.spliced(hits, value, |hit| {
            let found = value.get(size(hit.range.start)..size(hit.range.end));
            match self.replacement(hit, found.unwrap_or_default()) {
                Some((Replacement::Pseudonym, text)) => text,
                other => {
                    keeps_form.set(false);
                    other.map(|(_, text)| text).unwrap_or_default()
                }
            }
        });
        Some(Exchanged {
            text,
            keeps_form: keeps_form.get(),
        })
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
            in_name: false,
        }
    }

    /// Returns the smallest number that is searched.
    pub(crate) fn least(&self) -> i128 {
        number::smallest(self.least_digits)
    }

    /// Returns the tools for what stands under a path; nothing where nothing there is wanted.
    pub(crate) fn within(&self, prefix: &str) -> Option<Self> {
        let columns = match &self.columns {
            Some(wishes) if !path::is_wanted(prefix, wishes) => Some(path::below(prefix, wishes)?),
            _ => None,
        };
        Some(Self {
            scanner: Arc::clone(&self.scanner),
            key: self.key.clone(),
            columns,
            id_field: self.id_field.clone(),
            redactor: None,
            least_digits: self.least_digits,
            own_rules: self.own_rules,
        })
    }

    /// Says whether a hit is of hidden content.
    pub(crate) fn is_hidden(&self, hit: &Hit) -> bool {
        self.scanner
            .rule(hit)
            .is_some_and(|rule| rule.class == Class::Hidden)
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
    /// Counts from a place on.
    pub(crate) fn from(at: usize) -> Self {
        Self {
            at,
            ..Self::default()
        }
    }

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
