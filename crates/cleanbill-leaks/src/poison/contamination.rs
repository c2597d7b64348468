//! Evaluation sets within training data: records that are the same as one of the evaluation, or hold most of it. Each record of an
//! evaluation set is kept as hashes of its shingles; a few of them are anchors, which a record of the training data must have before
//! the rest is compared (containment, Broder 1997). What many records of the evaluation have in common, as the frame of a question, counts
//! for little: the pieces that are a record's own must be there as well.

use std::collections::BTreeMap;

use super::{
    Kind, Mark, Row, Spot,
    counters::Kept,
    percent, quoted,
    statistics::share,
    ties::Bits,
    tokens::{Tokens, hash_of},
};
use crate::rule::Level;

pub(super) const KINDS: &[Kind] = &[Kind {
    id: "evaluation_contamination",
    name: "record of an evaluation set",
    severity: Level::Medium,
    confidence: Level::High,
}];

/// A record of an evaluation set.
#[derive(Debug, Default)]
struct Held {
    /// Its set and its id.
    name: (String, String),
    /// The lowest hashes of its shingles, in order.
    shingles: Vec<u32>,
    /// Which of them hardly any other record has.
    own: u128,
}

/// Collects evaluation sets, from several threads and in any order.
#[derive(Debug)]
pub struct EvaluationBuilder(Kept<Option<Held>>);

impl Default for EvaluationBuilder {
    fn default() -> Self {
        Self(Kept::new(RECORDS))
    }
}

impl Held {
    fn is_own(&self, bit: usize) -> bool {
        let bit = u32::try_from(bit).unwrap_or(128);
        self.own.checked_shr(bit).unwrap_or(0) & 1 != 0
    }

    /// Says how much of it is among the shingles of a text, and how much of what is its own, if that is enough to say.
    fn compared(&self, shingles: &[u32]) -> (f64, Option<f64>) {
        let (mut common, mut own, mut common_own) = (0_u64, 0_u64, 0_u64);
        for (bit, shingle) in self.shingles.iter().enumerate() {
            let is_there = u64::from(shingles.binary_search(shingle).is_ok());
            let is_own = u64::from(self.is_own(bit));
            common = common.saturating_add(is_there);
            own = own.saturating_add(is_own);
            common_own = common_own.saturating_add(is_there & is_own);
        }
        let all = u64::try_from(self.shingles.len()).unwrap_or(0);
        (
            share(common, all),
            (own >= LEAST_OWN).then(|| share(common_own, own)),
        )
    }
}

impl EvaluationBuilder {
    /// Adds a record of the set of this name.
    pub fn add(&self, row: &Row<'_>, set: &str) {
        let tokens = Tokens::of(row.texts.iter().copied(), std::iter::empty());
        if tokens.list.len() < LEAST_TOKENS {
            return;
        }
        let id: String = row.id.unwrap_or_default().chars().take(64).collect();
        let name = (set.to_owned(), id);
        self.0.change(tokens.key, |held| match held {
            Some(held) if held.name <= name => {}
            _ => {
                *held = Some(Held {
                    name,
                    shingles: shingles(&tokens).take(SHINGLES).collect(),
                    own: 0,
                });
            }
        });
    }

    /// Ends the collection.
    pub fn build(mut self) -> Evaluation {
        let (held, one_in) = self.0.take();
        let mut evaluation = Evaluation {
            anchors: Vec::new(),
            likely: Bits::default(),
            records: Vec::new(),
            keys: Vec::new(),
            left_out: 0,
        };
        let mut all: Vec<u32> = held
            .iter()
            .filter_map(|(_, held)| held.as_ref())
            .flat_map(|held| held.shingles.iter().copied())
            .collect();
        all.sort_unstable();
        let most = (held.len() / 100).max(2);
        for (key, held) in held {
            let Some(mut held) = held else { continue };
            for (bit, shingle) in held.shingles.iter().enumerate() {
                let first = all.partition_point(|other| other < shingle);
                if all.get(first.saturating_add(most)) != Some(shingle) {
                    held.own |= 1_u128.checked_shl(u32::try_from(bit).unwrap_or(128)).unwrap_or(0);
                }
            }
            let number = u32::try_from(evaluation.records.len()).unwrap_or(u32::MAX);
            if held.shingles.len() >= LEAST_SHINGLES {
                let is_own = |bit: usize| held.is_own(bit);
                let own = held.shingles.iter().enumerate().filter(|(bit, _)| is_own(*bit));
                let others = held.shingles.iter().enumerate().filter(|(bit, _)| !is_own(*bit));
                let anchors = own.chain(others).take(ANCHORS);
                evaluation
                    .anchors
                    .extend(anchors.map(|(_, anchor)| (*anchor, number)));
            }
            evaluation.keys.push(key);
            evaluation.records.push(held);
        }
        let records = u64::try_from(evaluation.records.len()).unwrap_or(0);
        evaluation.left_out = records.saturating_mul(one_in.saturating_sub(1));
        evaluation.anchors.sort_unstable();
        evaluation.likely = Bits::of(evaluation.anchors.iter().map(|(anchor, _)| u64::from(*anchor)));
        evaluation
    }
}

/// Evaluation sets, against which training data is compared.
#[derive(Debug)]
pub struct Evaluation {
    anchors: Vec<(u32, u32)>,
    likely: Bits,
    records: Vec<Held>,
    /// Hashes of whole texts, in order.
    keys: Vec<u64>,
    left_out: u64,
}

impl Evaluation {
    /// Says how many records it has.
    pub const fn len(&self) -> usize {
        self.records.len()
    }

    /// Says whether it has none.
    pub const fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Says about how many records there was no room for.
    pub(super) const fn left_out(&self) -> u64 {
        self.left_out
    }

    pub(super) fn judge(&self, tokens: &Tokens, row: &Row<'_>, marks: &mut Vec<Mark>) {
        let found = match self.keys.binary_search(&tokens.key) {
            Ok(number) => self.records.get(number).map(|held| (held, None)),
            Err(_) => self.nearest(tokens).map(|(held, part)| (held, Some(part))),
        };
        let Some((held, part)) = found else { return };
        let (set, id) = (&held.name.0, &held.name.1);
        let record = if id.is_empty() {
            format!("a record of {set}")
        } else {
            format!("record {} of {set}", quoted(id))
        };
        let evidence = match part {
            None => format!("the same text as {record}"),
            Some(part) => format!("holds {} of the shingles of {record}", percent(part)),
        };
        let longest = row.texts.iter().enumerate().max_by_key(|(_, text)| text.len());
        let (text, length) = longest.map_or((0, 0), |(text, longest)| (text, longest.len()));
        marks.push(Mark {
            kind: "evaluation_contamination",
            spot: Spot::Text(text, 0..length),
            group: hash_of(5, set),
            severity: Level::Medium,
            confidence: if part.is_none() {
                Level::High
            } else {
                Level::Medium
            },
            evidence,
        });
    }

    /// Returns the record of which the text holds most, and how much.
    fn nearest(&self, tokens: &Tokens) -> Option<(&Held, f64)> {
        if self.anchors.is_empty() {
            return None;
        }
        let own: Vec<u32> = shingles(tokens).collect();
        let mut hits: BTreeMap<u32, u32> = BTreeMap::new();
        for shingle in own.iter().filter(|shingle| self.likely.has(u64::from(**shingle))) {
            let first = self.anchors.partition_point(|(anchor, _)| anchor < shingle);
            let same = self.anchors.iter().skip(first).take(POSTINGS);
            for (_, record) in same.take_while(|(anchor, _)| anchor == shingle) {
                if hits.len() < CANDIDATES || hits.contains_key(record) {
                    let seen = hits.entry(*record).or_default();
                    *seen = seen.saturating_add(1);
                }
            }
        }
        let mut best: Option<(&Held, f64)> = None;
        for (record, _) in hits.iter().filter(|(_, anchors)| **anchors >= 2) {
            let Some(held) = self.records.get(usize::try_from(*record).unwrap_or(usize::MAX)) else {
                continue;
            };
            let (part, of_own) = held.compared(&own);
            if part >= MOST
                && (part >= NEARLY_ALL || of_own.is_some_and(|of_own| of_own >= MOST_OF_OWN))
                && best.is_none_or(|(_, other)| part > other)
            {
                best = Some((held, part));
            }
        }
        best
    }
}

/// Lists the hashes of the shingles of a text, in order.
fn shingles(tokens: &Tokens) -> impl Iterator<Item = u32> {
    tokens
        .shingles()
        .map(|shingle| u32::try_from(shingle >> 32).unwrap_or(0))
}

/// LIMIT: records of the evaluation sets; of more, one in two, four, and so on.
const RECORDS: usize = 200_000;
/// LIMIT: shingles of a record that are kept; of more, the lowest ones, which are a fair sample.
const SHINGLES: usize = 128;
/// Shingles by which a record is looked up; two of them must be there.
const ANCHORS: usize = 8;
/// Tokens and shingles without which a text is too short to be called the same, or nearly so.
const LEAST_TOKENS: usize = 5;
const LEAST_SHINGLES: usize = 12;
/// LIMIT: records that have an anchor and are compared, and records that are compared with one text.
const POSTINGS: usize = 64;
const CANDIDATES: usize = 256;
/// Share of its shingles from which on a record is said to be held.
const MOST: f64 = 0.8;
/// Share of those that are its own, and the share of all at which nobody asks for them: a word that was changed makes two of its own.
const MOST_OF_OWN: f64 = 0.4;
const NEARLY_ALL: f64 = 0.88;
const LEAST_OWN: u64 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    const QUESTION: &str = "A train leaves the harbour at nine with forty crates of oranges, and a second one follows at noon with \
        twice as many; how many crates have left by one in the afternoon?";

    fn marks(text: &str) -> Vec<Mark> {
        let builder = EvaluationBuilder::default();
        let row = |text| Row {
            texts: text,
            id: Some("q1"),
            ..Row::default()
        };
        builder.add(&row(&[QUESTION]), "held-out.jsonl");
        let mut marks = Vec::new();
        let texts = [text];
        let row = row(&texts);
        builder.build().judge(&Tokens::of_one(text), &row, &mut marks);
        marks
    }

    #[test]
    fn the_same_nearly_the_same_and_held_within_are_found() {
        assert_eq!(
            marks(&QUESTION.to_uppercase())[0].evidence,
            "the same text as record \"q1\" of held-out.jsonl"
        );
        assert_eq!(marks(&QUESTION.replace("oranges", "lemons")).len(), 1);
        let page = format!(
            "Here is one from last year. {QUESTION} Answer below. Many more words follow it on this page, of course."
        );
        assert_eq!(marks(&page).len(), 1);
    }

    #[test]
    fn what_shares_some_words_is_not() {
        assert!(marks("A train leaves the harbour at nine, and nobody knows where it goes or why it is so late today").is_empty());
        assert!(marks("how many crates have left").is_empty());
    }
}
