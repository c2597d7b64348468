//! Ties: words, runs of words and sources that stand with one label, where the rest of the record does not explain it.
//!
//! That a word stands with one label is nothing new: "refund" stands with complaints. A trigger differs in that the rest of its
//! records reads like any record. So three questions are asked, of ever fewer features: is it tied to one label (Fisher's exact
//! test); do its records read like another label far more often than records of that label do (binomial tail); and, where labels are
//! answers of which there are many, do its records have anything else in common. The correction of Bonferroni counts all features that
//! were tested. A trigger that was put only into texts that have its label anyway is not found so.

mod evidence;

use std::{
    collections::HashMap,
    sync::{
        OnceLock,
        atomic::{AtomicU8, AtomicU32, Ordering::Relaxed},
    },
};

use super::{
    Caveat, Check, Kind, Mark, Seen, Settings, Shared,
    counters::{Cell, Cells, Kept},
    power,
    reading::{Scores, Word, is_rare},
    statistics::{float, ln_binomial_tail, ln_fisher, ln_joint, share},
    tokens::{Feature, hash_of, joined, mix},
};
use crate::rule::Level;

const fn kind(id: &'static str, name: &'static str) -> Kind {
    Kind {
        id,
        name,
        severity: Level::Medium,
        confidence: Level::Medium,
    }
}

pub(super) const KINDS: &[Kind] = &[
    kind("rare_trigger", "rare word tied to one label"),
    kind("trigger_phrase", "phrase tied to one label"),
    kind("trigger_prefix", "beginning of texts tied to one label"),
    kind("trigger_suffix", "end of texts tied to one label"),
    kind("source_concentration", "source tied to one label"),
];

pub(super) fn begin(settings: &Settings) -> Box<dyn Check> {
    Box::new(Ties {
        words: Cells::new(power(settings.bytes >> 5, 14, 22)),
        runs: Cells::new(power(settings.bytes >> 3, 16, 23)),
        tallies: Kept::new(TALLIES),
        sources: Kept::new(SOURCES),
        found: Vec::new(),
        places: HashMap::new(),
        likely: Bits::default(),
        baseline: Baseline::default(),
        tests: 0,
        one_in: 1,
        crowd: 0,
    })
}

/// The label that most records of a feature have, if most have one (the vote of Boyer and Moore 1981).
#[derive(Debug, Default)]
struct Tally {
    label: u64,
    weight: u32,
    records: u32,
    length: u8,
}

impl Tally {
    fn add(&mut self, label: u64, length: u8) {
        self.records = self.records.saturating_add(1);
        self.length = length;
        if self.weight == 0 {
            self.label = label;
        }
        self.weight = if self.label == label {
            self.weight.saturating_add(1)
        } else {
            self.weight.saturating_sub(1)
        };
    }
}

/// A feature that seems to be tied to a label.
#[derive(Debug)]
struct Tie {
    hash: u64,
    label: u64,
    records: u64,
    /// How many tokens it has; none for a source.
    length: u8,
    /// Its records with the label.
    with: AtomicU32,
    /// Those in which it stands at the start or the end of a text.
    starts: AtomicU32,
    ends: AtomicU32,
    /// Those whose other words read like another label.
    contrary: AtomicU32,
    /// What else their rare words are.
    rest: Vec<AtomicU8>,
    rest_records: AtomicU32,
    rest_rare: AtomicU32,
    rest_long: AtomicU32,
    parts: OnceLock<[u64; 3]>,
    verdict: Option<Verdict>,
}

/// Why a tie is reported.
#[derive(Clone, Copy, Debug)]
struct Verdict {
    ln_p: f64,
    /// Records that were to be expected to read like another label.
    expected: Option<f64>,
    /// Records of the label that have it, and all.
    base: (u64, u64),
}

#[derive(Debug)]
struct Ties {
    words: Cells,
    runs: Cells,
    tallies: Kept<Tally>,
    sources: Kept<Tally>,
    found: Vec<Tie>,
    places: HashMap<u64, usize>,
    likely: Bits,
    baseline: Baseline,
    tests: u64,
    one_in: u64,
    crowd: u64,
}

impl Ties {
    const fn cells(&self, feature: &Feature) -> &Cells {
        if feature.length == 1 {
            &self.words
        } else {
            &self.runs
        }
    }

    fn cell(&self, feature: &Feature) -> Cell {
        self.cells(feature).read(feature.hash)
    }

    fn tally(&self, seen: &Seen<'_>, label: u64) {
        for feature in &seen.tokens.features {
            if self.cell(feature).is_one_sided(LEAST) {
                self.tallies
                    .change(feature.hash, |tally| tally.add(label, feature.length));
            }
        }
        if let Some(source) = source_key(seen) {
            self.sources.change(source, |tally| tally.add(label, 0));
        }
    }

    /// Keeps what may be tied to a label, the surest first.
    fn select(&mut self, shared: &Shared) {
        let (tallies, one_in) = self.tallies.take();
        let (sources, _) = self.sources.take();
        self.one_in = one_in;
        let load = share(self.runs.used(), self.runs.size());
        if load > 0.8 {
            self.crowd = 2_u64.saturating_add(if load > 0.98 { 6 } else { 2 });
        }
        self.tests = self
            .words
            .used()
            .saturating_add(self.runs.used())
            .saturating_add(u64::try_from(sources.len()).unwrap_or(0));
        (self.words, self.runs) = (Cells::new(0), Cells::new(0));
        let labelled = shared.labelled();
        let pure = habitual(&sources);
        let mut chosen: Vec<(f64, u64, Tally)> = Vec::new();
        for (hash, tally) in tallies.into_iter().chain(sources) {
            let records = u64::from(tally.records);
            // At least as many as have the label.
            let with = records.saturating_add(u64::from(tally.weight)).saturating_div(2);
            let least = if tally.length == 0 { LEAST_OF_SOURCE } else { LEAST };
            if records < least
                || records.saturating_mul(10) > labelled
                || u64::from(tally.weight).saturating_mul(10) < records.saturating_mul(8)
                || tally.length == 0 && pure
            {
                continue;
            }
            let ln_p = ln_fisher(with, records, shared.label_count(tally.label), labelled);
            if ln_p < SURE {
                chosen.push((ln_p, hash, tally));
            }
        }
        chosen.sort_unstable_by(|left, right| left.0.total_cmp(&right.0).then(left.1.cmp(&right.1)));
        if chosen.len() > TIES {
            self.one_in = self.one_in.max(2);
            chosen.truncate(TIES);
        }
        self.found = chosen
            .into_iter()
            .map(|(_, hash, tally)| Tie::new(hash, &tally))
            .collect();
        self.index();
    }

    fn index(&mut self) {
        let hashes = self.found.iter().map(|tie| tie.hash);
        self.likely = Bits::of(hashes.clone());
        self.places = hashes.enumerate().map(|(place, hash)| (hash, place)).collect();
    }

    fn tie(&self, hash: u64) -> Option<&Tie> {
        if !self.likely.has(hash) {
            return None;
        }
        self.found.get(*self.places.get(&hash)?)
    }

    /// Looks at the rest of the records of what seems tied.
    fn weigh(&self, seen: &Seen<'_>, shared: &Shared, label: u64) {
        let reader = Reader::new(seen, shared, label);
        if let Some(reader) = &reader {
            self.baseline.add(
                label,
                reader.is_contrary(reader.anywhere(seen), shared.labelled().saturating_div(20)),
            );
        }
        for feature in &seen.tokens.features {
            let Some(tie) = self.tie(feature.hash) else {
                continue;
            };
            if tie.label != label {
                continue;
            }
            tie.with.fetch_add(1, Relaxed);
            tie.place(seen, feature);
            let window = window(feature);
            let limit = tie.records.saturating_mul(5);
            if reader
                .as_ref()
                .is_some_and(|reader| reader.is_contrary(window, limit))
            {
                tie.contrary.fetch_add(1, Relaxed);
            }
            tie.look_around(seen, shared, window);
        }
        if let Some(tie) = source_key(seen).and_then(|source| self.tie(source))
            && tie.label == label
        {
            tie.with.fetch_add(1, Relaxed);
            if reader
                .as_ref()
                .is_some_and(|reader| reader.is_contrary((0, 0), 0))
            {
                tie.contrary.fetch_add(1, Relaxed);
            }
        }
    }

    /// Decides, and leaves of what stands within another one the larger.
    fn decide(&mut self, shared: &Shared) {
        let number = u64::try_from(self.found.len()).unwrap_or(1).max(1);
        for tie in &mut self.found {
            tie.verdict = judge(tie, shared, &self.baseline, (self.tests, number));
        }
        let records: HashMap<u64, u64> = self
            .found
            .iter()
            .filter(|tie| tie.verdict.is_some())
            .map(|tie| (tie.hash, tie.records))
            .collect();
        self.found.retain(|tie| {
            let is_whole = |part: u64| {
                let of_part = records.get(&part).copied().unwrap_or(0);
                tie.records.saturating_mul(10) >= of_part.saturating_mul(9)
            };
            tie.verdict.is_some() && tie.within().into_iter().all(is_whole)
        });
        self.index();
    }
}

impl Tie {
    fn new(hash: u64, tally: &Tally) -> Self {
        Self {
            hash,
            label: tally.label,
            records: u64::from(tally.records),
            length: tally.length,
            with: AtomicU32::new(0),
            starts: AtomicU32::new(0),
            ends: AtomicU32::new(0),
            contrary: AtomicU32::new(0),
            rest: (0..REST).map(|_| AtomicU8::new(0)).collect(),
            rest_records: AtomicU32::new(0),
            rest_rare: AtomicU32::new(0),
            rest_long: AtomicU32::new(0),
            parts: OnceLock::new(),
            verdict: None,
        }
    }

    /// Notes where in its text it stands.
    fn place(&self, seen: &Seen<'_>, feature: &Feature) {
        let tokens = &seen.tokens.list;
        let at = usize::try_from(feature.at).unwrap_or(usize::MAX);
        let length = usize::from(feature.length);
        let run = tokens.get(at..at.saturating_add(length)).unwrap_or_default();
        self.parts.get_or_init(|| {
            let mut parts = [0; 3];
            for (part, token) in parts.iter_mut().zip(run) {
                *part = token.hash;
            }
            parts
        });
        let Some(part) = run.first().map(|token| token.part) else {
            return;
        };
        let start = tokens.partition_point(|token| token.part < part);
        let end = tokens.partition_point(|token| token.part <= part);
        let edge = (end.saturating_sub(start) / 4).min(EDGE);
        if at.saturating_sub(start) <= edge {
            self.starts.fetch_add(1, Relaxed);
        } else if end.saturating_sub(at.saturating_add(length)) <= edge {
            self.ends.fetch_add(1, Relaxed);
        }
    }

    /// Counts the rare words of the rest.
    fn look_around(&self, seen: &Seen<'_>, shared: &Shared, window: (u32, u32)) {
        // Of many records, some: counters go up to 255.
        let thinned = self.records.saturating_div(200).next_power_of_two();
        if thinned > 1 && mix(seen.tokens.key) & thinned.saturating_sub(1) != 0 {
            return;
        }
        let rows = shared.rows();
        let words = seen
            .tokens
            .features
            .iter()
            .filter(|feature| feature.is_word() && feature.at < seen.tokens.own)
            .filter(|feature| !(window.0..window.1).contains(&feature.at));
        let number = words.clone().take(ENOUGH_WORDS).count();
        let rare = words.filter(|feature| is_rare(shared.reading.records_with(feature), rows));
        let mut taken = 0_u32;
        for feature in rare.take(REST_WORDS) {
            taken = taken.saturating_add(1);
            let place = usize::try_from(mix(feature.hash) & 127).unwrap_or(0);
            if let Some(count) = self.rest.get(place) {
                let _ = count.fetch_update(Relaxed, Relaxed, |count| count.checked_add(1));
            }
        }
        self.rest_records.fetch_add(1, Relaxed);
        self.rest_rare.fetch_add(taken, Relaxed);
        let is_long = number >= ENOUGH_WORDS;
        self.rest_long.fetch_add(u32::from(is_long), Relaxed);
    }

    /// Says how many of its records have the most frequent rare word of the rest, of so many.
    fn common(&self) -> (u64, u64) {
        let most = self
            .rest
            .iter()
            .map(|count| count.load(Relaxed))
            .max()
            .unwrap_or(0);
        (u64::from(most), u64::from(self.rest_records.load(Relaxed)))
    }

    /// Lists the hashes of what stands within it.
    fn within(&self) -> Vec<u64> {
        let [first, second, third] = self.parts.get().copied().unwrap_or_default();
        match self.length {
            2 => vec![first, second],
            3 => vec![
                first,
                second,
                third,
                joined(first, second, 2),
                joined(second, third, 2),
            ],
            _ => Vec::new(),
        }
    }
}

/// Reads a record without some of its words.
struct Reader<'a> {
    shared: &'a Shared,
    label: u64,
    words: Vec<Word>,
    scores: Scores,
}

impl<'a> Reader<'a> {
    fn new(seen: &Seen<'_>, shared: &'a Shared, label: u64) -> Option<Self> {
        let reading = &shared.reading;
        if !reading.knows(label) {
            return None;
        }
        let words = reading.words(&seen.tokens);
        let mut scores = reading.start();
        reading.add(&words, label, 1.0, &mut scores);
        Some(Self {
            shared,
            label,
            words,
            scores,
        })
    }

    /// Says whether a record reads like another label. Words within the window are left out as far as they stand in fewer records than
    /// the limit says: they may be a part of what is tied, and have learnt the label from it.
    fn is_contrary(&self, window: (u32, u32), limit: u64) -> bool {
        let from = self.words.partition_point(|word| word.at < window.0);
        let to = self.words.partition_point(|word| word.at < window.1);
        let mut scores = self.scores;
        let within = self.words.get(from..to).unwrap_or_default();
        let is_part = |word: &&Word| self.shared.reading.records_in(word.bucket) <= limit;
        let within: Vec<Word> = within.iter().filter(is_part).copied().collect();
        self.shared.reading.add(&within, self.label, -1.0, &mut scores);
        self.shared.reading.margin(&scores, self.label) < 0.0
    }

    /// Returns a window at a place that the text itself draws, so that what is expected is measured in the same way.
    fn anywhere(&self, seen: &Seen<'_>) -> (u32, u32) {
        let tokens = u64::try_from(seen.tokens.list.len()).unwrap_or(1).max(1);
        let at = u32::try_from(mix(seen.tokens.key).checked_rem(tokens).unwrap_or(0)).unwrap_or(0);
        let wide = self.words.len() < seen.tokens.list.len() && is_wide(seen);
        around(at, 1, wide)
    }
}

fn is_wide(seen: &Seen<'_>) -> bool {
    seen.tokens.list.first().is_some_and(|token| token.wide)
}

/// Returns the tokens around a feature: what is tied may be longer than what is counted.
const fn window(feature: &Feature) -> (u32, u32) {
    around(feature.at, feature.length, feature.wide)
}

const fn around(at: u32, length: u8, wide: bool) -> (u32, u32) {
    let reach = if wide { WIDE_WINDOW } else { WINDOW };
    let end = match length {
        2 => at.saturating_add(2),
        3 => at.saturating_add(3),
        _ => at.saturating_add(1),
    };
    (at.saturating_sub(reach), end.saturating_add(reach))
}

fn source_key(seen: &Seen<'_>) -> Option<u64> {
    seen.row
        .source
        .filter(|source| !source.is_empty())
        .map(|source| hash_of(3, source))
}

/// Says whether sources of one label are the rule, as where each class was collected at another place.
fn habitual(sources: &[(u64, Tally)]) -> bool {
    let large = sources
        .iter()
        .filter(|(_, tally)| u64::from(tally.records) >= LEAST_OF_SOURCE);
    let (mut all, mut pure) = (0_u64, 0_u64);
    for (_, tally) in large {
        all = all.saturating_add(1);
        if u64::from(tally.weight).saturating_mul(10) >= u64::from(tally.records).saturating_mul(8) {
            pure = pure.saturating_add(1);
        }
    }
    all < 3 || pure.saturating_mul(5) > all.max(5)
}

/// Decides whether a tie is one that its records do not explain.
fn judge(tie: &Tie, shared: &Shared, baseline: &Baseline, (tests, ties): (u64, u64)) -> Option<Verdict> {
    let (with, records) = (u64::from(tie.with.load(Relaxed)), tie.records);
    if with < LEAST || with.saturating_mul(10) < records.saturating_mul(9) {
        return None;
    }
    let base = (shared.label_count(tie.label), shared.labelled());
    let ln_p = ln_fisher(with, records, base.0, base.1);
    let (most, of) = tie.common();
    let verdict = |ln_p, expected| Verdict { ln_p, expected, base };
    if let Some(error) = baseline.error(tie.label).filter(|error| *error <= 0.35) {
        let contrary = u64::from(tie.contrary.load(Relaxed));
        let unlike = ln_binomial_tail(contrary, with, error.max(0.01));
        // Of records that were drawn without a look at their text, so many would read otherwise; half of that is asked for.
        let drawn = (1.0 - share(base.0, base.1)) * (1.0 - error);
        let is_often = share(contrary, with) >= 0.5 * drawn;
        // Records that share more than this are copies of one another, or of one make.
        let is_related = tie.length > 0 && share(most, of) > 0.7;
        let joint = ln_joint(ln_p, unlike);
        let is_sure = unlike + float(ties).ln() < SURE && joint + float(tests).ln() < SURE;
        // Where labels hardly go by the words, subjects that are read wrongly look like triggers; so it takes more of them.
        let is_plenty = 2.0 * error <= drawn || with >= LEAST_IF_DOUBTFUL;
        let is_found = is_often && is_sure && is_plenty && !is_related;
        return is_found.then(|| verdict(joint, Some(error * float(with))));
    }
    if tie.length == 0 || ln_p + float(tests).ln() >= SURE {
        return None;
    }
    // An answer among many, of which nothing is known how its records read: then the tie must be all but perfect, and the records must have nothing else in common.
    let is_perfect = with.saturating_mul(20) >= records.saturating_mul(19);
    let is_answer = base.0.saturating_mul(3) <= with.saturating_mul(10);
    let is_known = shared.is_closed && shared.reading.knows(tie.label);
    let by_chance = float(u64::from(tie.rest_rare.load(Relaxed))) / float(REST_COUNT);
    let noise = 3.0_f64.mul_add(by_chance.sqrt(), by_chance);
    let is_long = share(u64::from(tie.rest_long.load(Relaxed)), of) >= 0.5;
    let is_unlike = is_long && float(most) <= float(of).mul_add(0.2, noise);
    (is_perfect && is_unlike && is_answer && !is_known).then(|| verdict(ln_p, None))
}

impl Check for Ties {
    fn see(&self, round: u8, seen: &Seen<'_>, shared: &Shared) {
        let Some(label) = seen.label else { return };
        match round {
            1 => {
                let code = shared.code(label);
                let features = seen.tokens.features.iter();
                let words = features.clone().filter(|feature| feature.length == 1);
                self.words.add(words.map(|feature| feature.hash), code);
                let runs = features.filter(|feature| feature.length > 1);
                self.runs.add(runs.map(|feature| feature.hash), code);
            }
            2 => self.tally(seen, label),
            3 => self.weigh(seen, shared, label),
            _ => {}
        }
    }

    fn turn(&mut self, round: u8, shared: &Shared) {
        match round {
            2 => self.select(shared),
            3 => self.decide(shared),
            _ => {}
        }
    }

    fn wants_more(&self) -> bool {
        !self.found.is_empty()
    }

    fn has_found(&self, _: &Shared) -> bool {
        !self.found.is_empty()
    }

    fn judge(&self, seen: &Seen<'_>, _: &Shared, marks: &mut Vec<Mark>) {
        let Some(label) = seen.label else { return };
        // A burst says all that there is to say of its records.
        if !marks.is_empty() {
            return;
        }
        self.mark_texts(seen, label, marks);
        let source = source_key(seen).and_then(|source| self.tie(source));
        if let Some(tie) = source.filter(|tie| tie.label == label) {
            marks.push(self.mark_source(seen, tie));
        }
    }

    fn caveats(&self, caveats: &mut Vec<Caveat>) {
        if self.one_in > 1 {
            caveats.push(Caveat::FeaturesSampled(self.one_in));
        }
        if self.crowd > 0 {
            caveats.push(Caveat::Crowded(self.crowd));
        }
    }
}

/// How often records of a label read like another one.
#[derive(Debug)]
struct Baseline(Vec<[AtomicU32; 2]>);

impl Default for Baseline {
    fn default() -> Self {
        Self((0..256).map(|_| [AtomicU32::new(0), AtomicU32::new(0)]).collect())
    }
}

impl Baseline {
    fn of(&self, label: u64) -> Option<&[AtomicU32; 2]> {
        self.0.get(usize::try_from(label >> 56).unwrap_or(0))
    }

    fn add(&self, label: u64, is_contrary: bool) {
        if let Some([all, contrary]) = self.of(label) {
            all.fetch_add(1, Relaxed);
            contrary.fetch_add(u32::from(is_contrary), Relaxed);
        }
    }

    fn error(&self, label: u64) -> Option<f64> {
        let [all, contrary] = self.of(label)?;
        let all = all.load(Relaxed);
        (all >= 50).then(|| f64::from(contrary.load(Relaxed)) / f64::from(all))
    }
}

/// A set of hashes that may hold more than was put in.
#[derive(Debug, Default)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    pub(super) fn of(hashes: impl Iterator<Item = u64>) -> Self {
        let mut bits = Self(vec![0; 1 << 14]);
        for hash in hashes {
            if let Some(word) = bits.0.get_mut(usize::try_from(hash >> 6 & 0x3fff).unwrap_or(0)) {
                *word |= 1 << (hash & 63);
            }
        }
        bits
    }

    pub(super) fn has(&self, hash: u64) -> bool {
        let word = self.0.get(usize::try_from(hash >> 6 & 0x3fff).unwrap_or(0));
        word.is_some_and(|word| word >> (hash & 63) & 1 != 0)
    }
}

/// Records that a feature must be in: fewer are chance, or too few to teach a model anything.
const LEAST: u64 = 12;
const LEAST_OF_SOURCE: u64 = 20;
/// Records that a feature must be in where records are read wrongly half as often as records that were drawn blindly would be.
const LEAST_IF_DOUBTFUL: u64 = 100;
/// Logarithm of the probability, over all tests of a kind, at which a tie is no chance: one in a thousand.
const SURE: f64 = -6.9;
/// Tokens on both sides that are left out when the rest is read.
const WINDOW: u32 = 8;
const WIDE_WINDOW: u32 = 12;
/// Tokens from the start or the end of a text that still are its start or end.
const EDGE: usize = 8;
/// Counters of the rare words of the rest, and words of a record that are counted.
const REST: usize = 128;
const REST_COUNT: u64 = 128;
const REST_WORDS: usize = 24;
/// Words that the rest of a record needs, for it to be about something else.
const ENOUGH_WORDS: usize = 6;
/// LIMIT: features that are counted exactly, about 40 bytes each; of more, one in two, four, and so on.
const TALLIES: usize = 1 << 20;
/// LIMIT: sources that are counted.
const SOURCES: usize = 1 << 16;
/// LIMIT: ties whose records are looked at, about 300 bytes each; the surest ones are.
const TIES: usize = 60_000;
