//! Poison in a whole data set: what no record shows by itself. Records are shown again and again, in rounds; between rounds the
//! checks draw their conclusions, and at the end they judge each record. What they hold is bounded whatever the size of the data, and
//! does not depend on the order of the records or on how many threads show them.
//!
//! A check is a file and a line of the registry. All of it is advice: statistics say that something is not chance, not that it is
//! malice. Reading records out of files, and which field is the text, is not here.

mod contamination;
mod counters;
mod near;
mod neighbours;
mod reading;
mod statistics;
mod tokens;

use std::{
    fmt,
    ops::Range,
    sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
};

use crate::rule::Level;
use counters::Kept;
use near::Sketch;
use neighbours::Neighbours;
use reading::Reading;
use statistics::share;
use tokens::{Tokens, hash_of, mix};

/// A record of the data, as far as the checks look at it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Row<'a> {
    /// Its texts: one, or what one side says in a conversation.
    pub texts: &'a [&'a str],
    /// What is said to many records alike, such as the instructions of a system; it may hold a trigger, but records are not compared by it.
    pub context: &'a [&'a str],
    /// Its label, or the answer to its texts.
    pub label: Option<&'a str>,
    /// Where it comes from.
    pub source: Option<&'a str>,
    /// The address at which its content is to be fetched.
    pub url: Option<&'a str>,
    /// The digest of what is to be found there.
    pub digest: Option<&'a str>,
    /// Its id, where it has one.
    pub id: Option<&'a str>,
}

/// Says which part of a row is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spot {
    /// Bytes of the text of this number; those of the context are counted on.
    Text(usize, Range<usize>),
    /// The label.
    Label,
    /// The source.
    Source,
    /// The address.
    Url,
    /// The digest.
    Digest,
}

/// What a check says of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Id of the finding.
    pub kind: &'static str,
    /// Where it shows.
    pub spot: Spot,
    /// The same for all rows of one trigger, burst or source.
    pub group: u64,
    /// How bad it is; never worse than medium.
    pub severity: Level,
    /// How sure the check is.
    pub confidence: Level,
    /// The statistic, in words.
    pub evidence: String,
}

/// What a check did not do, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caveat {
    /// There were no labels to which anything could be tied.
    NoLabels,
    /// One feature in so many was tested.
    FeaturesSampled(u64),
    /// So many records share a counter on average, so that ties of fewer records than a few times as many may be missed.
    Crowded(u64),
    /// Near duplicates were looked for under one key in so many.
    NeighboursSampled(u64),
    /// Parts of long texts were left out, in so many records.
    LongTexts(u64),
    /// So many records of the evaluation sets were left out.
    EvaluationCut(u64),
    /// One address in so many was compared.
    AddressesSampled(u64),
}

/// Says how a data set is examined.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// About how many bytes it has.
    pub bytes: u64,
    /// Labels that were seen when it was opened, in any order.
    pub labels: Vec<String>,
}

/// A row with what every check needs of it.
struct Seen<'a> {
    row: &'a Row<'a>,
    tokens: Tokens,
    label: Option<u64>,
    sketch: Option<Sketch>,
}

impl<'a> Seen<'a> {
    fn new(row: &'a Row<'a>, is_sketched: bool) -> Self {
        let tokens = Tokens::of(row.texts.iter().copied(), row.context.iter().copied());
        Self {
            row,
            label: row.label.and_then(label_key),
            sketch: is_sketched.then(|| Sketch::of(&tokens)).flatten(),
            tokens,
        }
    }
}

/// Returns the hash of a label, or of the first words of an answer.
fn label_key(label: &str) -> Option<u64> {
    let head = label.get(..LABEL_BYTES).unwrap_or_else(|| {
        let end = (0..=LABEL_BYTES.min(label.len()))
            .rev()
            .find(|end| label.is_char_boundary(*end));
        label.get(..end.unwrap_or(0)).unwrap_or_default()
    });
    let label = head.trim();
    if label.is_empty() {
        return None;
    }
    if label.len() <= SHORT_LABEL {
        return Some(hash_of(7, &label.to_ascii_lowercase()));
    }
    let tokens = Tokens::of_one(label);
    let first = tokens.list.iter().take(LABEL_TOKENS);
    Some(first.fold(hash_of(9, ""), |key, token| mix(key ^ token.hash)))
}

/// What checks share.
#[derive(Debug)]
struct Shared {
    rows: AtomicU64,
    labelled: AtomicU64,
    long: AtomicU64,
    /// Records by label, as far as there are few labels.
    labels: Kept<u64>,
    /// Records by the hash of the label; at least as many as there are.
    label_counts: Vec<AtomicU32>,
    /// The labels that were seen first, which have codes that differ.
    first_labels: Vec<u64>,
    /// Nearly all records have a label out of few.
    is_closed: bool,
    reading: Reading,
    neighbours: Neighbours,
}

impl Shared {
    fn new(settings: &Settings) -> Self {
        let mut first_labels: Vec<u64> = settings
            .labels
            .iter()
            .filter_map(|label| label_key(label))
            .collect();
        first_labels.sort_unstable();
        first_labels.dedup();
        Self {
            rows: AtomicU64::new(0),
            labelled: AtomicU64::new(0),
            long: AtomicU64::new(0),
            labels: Kept::new(LABELS),
            label_counts: (0..LABEL_COUNTS).map(|_| AtomicU32::new(0)).collect(),
            first_labels,
            is_closed: false,
            reading: Reading::new(&[], false),
            neighbours: Neighbours::new(power(settings.bytes >> 5, 16, 25)),
        }
    }

    fn rows(&self) -> u64 {
        self.rows.load(Relaxed)
    }

    fn labelled(&self) -> u64 {
        self.labelled.load(Relaxed)
    }

    /// Returns three bits by which labels are told apart.
    fn code(&self, label: u64) -> u8 {
        match self.first_labels.iter().position(|first| *first == label) {
            Some(place) => CODES.get(place & 7).copied().unwrap_or(0),
            None => u8::try_from(label % 7).unwrap_or(0).saturating_add(1),
        }
    }

    fn label_count(&self, label: u64) -> u64 {
        self.label_cell(label)
            .map_or(0, |count| u64::from(count.load(Relaxed)))
    }

    fn label_cell(&self, label: u64) -> Option<&AtomicU32> {
        let place = usize::try_from(label >> 40).unwrap_or(0) & (LABEL_COUNTS - 1);
        self.label_counts.get(place)
    }

    fn see(&self, round: u8, seen: &Seen<'_>) {
        match round {
            1 => {
                self.rows.fetch_add(1, Relaxed);
                if seen.tokens.cut {
                    self.long.fetch_add(1, Relaxed);
                }
                if let Some(label) = seen.label {
                    self.labelled.fetch_add(1, Relaxed);
                    self.labels
                        .change(label, |count| *count = count.saturating_add(1));
                    if let Some(count) = self.label_cell(label) {
                        count.fetch_add(1, Relaxed);
                    }
                }
                if let Some(sketch) = &seen.sketch {
                    self.neighbours.count(sketch);
                }
            }
            2 => {
                self.reading.learn(&seen.tokens, seen.label);
                if let Some(sketch) = &seen.sketch {
                    self.neighbours.keep(sketch, seen.tokens.key, seen.label);
                }
            }
            _ => {}
        }
    }

    fn turn(&mut self, round: u8) {
        match round {
            1 => {
                let (mut labels, _) = self.labels.take();
                let labelled = self.labelled();
                labels.retain(|(_, count)| *count >= 10 && count.saturating_mul(100) >= labelled);
                labels.sort_unstable_by_key(|(label, count)| (std::cmp::Reverse(*count), *label));
                let told: u64 = labels.iter().take(reading::CLASSES).map(|(_, count)| count).sum();
                self.is_closed = share(told, labelled) >= 0.8;
                let classes: Vec<u64> = labels.iter().map(|(label, _)| *label).collect();
                // What is left is a label of its own where it is not next to nothing.
                let has_rest = share(labelled.saturating_sub(told), labelled) >= 0.05;
                self.reading = Reading::new(&classes, has_rest);
            }
            2 => {
                self.reading.finish();
                let rows = self.rows();
                self.neighbours.finish(rows);
            }
            _ => {}
        }
    }
}

/// One way to look at a data set.
trait Check: Send + Sync + fmt::Debug {
    /// Looks at a row in one of the rounds, which begin with 1.
    fn see(&self, _round: u8, _seen: &Seen<'_>, _shared: &Shared) {}
    /// Concludes a round.
    fn turn(&mut self, _round: u8, _shared: &Shared) {}
    /// Says whether a third round is needed.
    fn wants_more(&self) -> bool {
        false
    }
    /// Says whether there are rows to be marked.
    fn has_found(&self, shared: &Shared) -> bool;
    /// Marks a row.
    fn judge(&self, seen: &Seen<'_>, shared: &Shared, marks: &mut Vec<Mark>);
    /// Adds what was not done.
    fn caveats(&self, _caveats: &mut Vec<Caveat>) {}
}

/// Declares each check's module and collects how it begins.
macro_rules! register {
    ($($module:ident,)*) => {
        $(mod $module;)*

        /// Lists every check; one that stands before another has the first word on a row.
        const CHECKS: &[fn(&Settings) -> Box<dyn Check>] = &[$($module::begin,)*];
        /// Lists what each check reports.
        const KINDS: &[&[Kind]] = &[$($module::KINDS,)*];
    };
}

register! {
    bursts,
    ties,
    flips,
    split_view,
}

/// Describes a finding of a check.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Permanent id.
    pub id: &'static str,
    /// Name for people.
    pub name: &'static str,
    /// How bad it is.
    pub severity: Level,
    /// How sure the check usually is.
    pub confidence: Level,
}

/// Lists what the checks report.
pub fn kinds() -> impl Iterator<Item = Kind> {
    let registered = KINDS.iter().flat_map(|kinds| kinds.iter());
    registered.chain(contamination::KINDS).copied()
}

pub use contamination::{Evaluation, EvaluationBuilder};

/// Examines a data set: rounds of [`see`](Self::see), each ended by [`turn`](Self::turn), then [`judge`](Self::judge).
#[derive(Debug)]
pub struct Examination {
    shared: Shared,
    checks: Vec<Box<dyn Check>>,
    evaluation: Option<Evaluation>,
    round: u8,
    over: bool,
}

impl Examination {
    /// Begins the first round.
    pub fn new(settings: &Settings, evaluation: Option<Evaluation>) -> Self {
        Self {
            shared: Shared::new(settings),
            checks: CHECKS.iter().map(|begin| begin(settings)).collect(),
            evaluation,
            round: 1,
            over: false,
        }
    }

    /// Looks at a row; in every round, every row is to be shown once.
    pub fn see(&self, row: &Row<'_>) {
        let seen = Seen::new(row, self.round < 3);
        self.shared.see(self.round, &seen);
        for check in &self.checks {
            check.see(self.round, &seen, &self.shared);
        }
    }

    /// Ends a round; says whether there is another one.
    pub fn turn(&mut self) -> bool {
        self.shared.turn(self.round);
        for check in &mut self.checks {
            check.turn(self.round, &self.shared);
        }
        self.round = self.round.saturating_add(1);
        self.over = match self.round {
            2 => self.shared.rows() == 0,
            3 => !self.checks.iter().any(|check| check.wants_more()),
            _ => true,
        };
        !self.over
    }

    /// Says whether any row is to be marked.
    pub fn has_found(&self) -> bool {
        self.shared.rows() > 0
            && (self.evaluation.is_some() || self.checks.iter().any(|check| check.has_found(&self.shared)))
    }

    /// Marks a row, when the rounds are over.
    pub fn judge(&self, row: &Row<'_>) -> Vec<Mark> {
        let seen = Seen::new(row, false);
        let mut marks = Vec::new();
        for check in &self.checks {
            check.judge(&seen, &self.shared, &mut marks);
        }
        if let Some(evaluation) = &self.evaluation {
            evaluation.judge(&seen.tokens, row, &mut marks);
        }
        marks
    }

    /// Says how many rows were seen.
    pub fn rows(&self) -> u64 {
        self.shared.rows()
    }

    /// Says what was not looked at, or not in full.
    pub fn caveats(&self) -> Vec<Caveat> {
        let mut caveats = Vec::new();
        if self.shared.rows() > 0 && self.shared.labelled() == 0 {
            caveats.push(Caveat::NoLabels);
        }
        if self.shared.neighbours.one_in > 1 {
            caveats.push(Caveat::NeighboursSampled(self.shared.neighbours.one_in));
        }
        let long = self.shared.long.load(Relaxed);
        if long > 0 {
            caveats.push(Caveat::LongTexts(long));
        }
        for check in &self.checks {
            check.caveats(&mut caveats);
        }
        if let Some(evaluation) = &self.evaluation
            && evaluation.left_out() > 0
        {
            caveats.push(Caveat::EvaluationCut(evaluation.left_out()));
        }
        caveats
    }
}

/// Returns the power of two that is enough for a number, within bounds.
fn power(number: u64, least: u32, most: u32) -> u32 {
    64_u32.saturating_sub(number.leading_zeros()).clamp(least, most)
}

/// Writes a share in percent.
fn percent(share: f64) -> String {
    if share > 0.0 && share < 0.01 {
        format!("{:.2} %", share * 100.0)
    } else {
        format!("{:.0} %", share * 100.0)
    }
}

/// Makes a text of the data fit to be shown: short, on one line.
fn quoted(text: &str) -> String {
    let mut shown: String = text
        .trim()
        .chars()
        .take(SHOWN)
        .map(|character| if character.is_control() { ' ' } else { character })
        .collect();
    if text.trim().chars().count() > SHOWN {
        shown.push('…');
    }
    format!("\"{shown}\"")
}

/// LIMIT: characters of a trigger or a label that are shown.
const SHOWN: usize = 48;
/// LIMIT: labels that are counted one by one; where there are more, they are answers and not labels.
const LABELS: usize = 1 << 14;
/// LIMIT: counters of records by label.
const LABEL_COUNTS: usize = 1 << 20;
/// Bytes and tokens at the start of an answer by which it is the same as another.
const LABEL_BYTES: usize = 512;
/// Bytes of a label that is taken as it is.
const SHORT_LABEL: usize = 40;
const LABEL_TOKENS: usize = 12;
/// Bits of the labels that were seen first: the first two differ in all of them.
const CODES: [u8; 8] = [0, 7, 1, 6, 2, 5, 3, 4];
