//! What a text reads like: a naive Bayes classifier over the words of the data itself, learnt from their labels. Each record is
//! judged without what it taught (leave one out), so that nobody vouches for himself.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::{
    statistics::float,
    tokens::{Feature, Tokens},
};

/// Counts of records by word and label.
#[derive(Debug)]
pub(crate) struct Reading {
    /// The labels that are told apart, by hash; what has another is told by the last column, and so is what has none.
    classes: Vec<u64>,
    /// The last column is a label of its own.
    has_rest: bool,
    counts: Vec<AtomicU32>,
    records: Vec<AtomicU32>,
    /// Logarithms of how often a record of a label has a word.
    weights: Vec<f32>,
    buckets: usize,
}

/// A word of a record, and where it stands first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word {
    pub(crate) at: u32,
    pub(crate) bucket: usize,
}

/// How much each label is likely, as logarithms but for a sum.
pub(crate) type Scores = [f32; CLASSES + 1];

impl Reading {
    /// Tells labels apart by their hashes; of more than are told apart, the first ones are.
    pub(crate) fn new(classes: &[u64], has_rest: bool) -> Self {
        let classes: Vec<u64> = classes.iter().copied().take(CLASSES).collect();
        let width = classes.len().saturating_add(1);
        let mut buckets = MOST_BUCKETS;
        while buckets.saturating_mul(width) > CELLS {
            buckets >>= 1;
        }
        let zeros = |number: usize| (0..number).map(|_| AtomicU32::new(0)).collect();
        Self {
            counts: zeros(buckets.saturating_mul(width)),
            records: zeros(width),
            weights: Vec::new(),
            classes,
            has_rest,
            buckets,
        }
    }

    const fn width(&self) -> usize {
        self.classes.len().saturating_add(1)
    }

    /// Returns the column of a label.
    fn column(&self, label: Option<u64>) -> usize {
        let place = |label| self.classes.iter().position(|class| *class == label);
        label.and_then(place).unwrap_or(self.classes.len())
    }

    /// Says whether a label is told apart.
    pub(crate) fn knows(&self, label: u64) -> bool {
        self.told() > 1 && self.classes.contains(&label)
    }

    fn bucket(&self, feature: &Feature) -> usize {
        let last = u64::try_from(self.buckets.saturating_sub(1)).unwrap_or(0);
        usize::try_from(feature.hash & last).unwrap_or(0)
    }

    /// Lists the words of a record in their order.
    pub(crate) fn words(&self, tokens: &Tokens) -> Vec<Word> {
        let words = tokens.features.iter().filter(|feature| feature.is_word());
        let mut words: Vec<Word> = words
            .map(|feature| Word {
                at: feature.at,
                bucket: self.bucket(feature),
            })
            .collect();
        words.sort_unstable_by_key(|word| (word.at, word.bucket));
        words
    }

    /// Learns a record.
    pub(crate) fn learn(&self, tokens: &Tokens, label: Option<u64>) {
        let column = self.column(label);
        if let Some(records) = self.records.get(column) {
            records.fetch_add(1, Relaxed);
        }
        for feature in tokens.features.iter().filter(|feature| feature.is_word()) {
            let place = self
                .bucket(feature)
                .saturating_mul(self.width())
                .saturating_add(column);
            if let Some(count) = self.counts.get(place) {
                count.fetch_add(1, Relaxed);
            }
        }
    }

    /// Ends the learning.
    pub(crate) fn finish(&mut self) {
        let records: Vec<f32> = self
            .records
            .iter()
            .map(|records| narrow(records.load(Relaxed)))
            .collect();
        let told = self.told();
        self.weights = Vec::with_capacity(self.counts.len());
        for row in self.counts.chunks(self.width()) {
            let logs = row.iter().zip(&records);
            let logs: Vec<f32> = logs
                .map(|(count, all)| ((narrow(count.load(Relaxed)) + 0.5) / (all + 1.0)).ln())
                .collect();
            let mean =
                logs.iter().take(told).sum::<f32>() / narrow(u32::try_from(told).unwrap_or(1)).max(1.0);
            self.weights
                .extend(logs.iter().map(|log| (log - mean).clamp(-CLIP, CLIP)));
        }
    }

    /// Counts the columns that take part.
    fn told(&self) -> usize {
        self.classes.len().saturating_add(usize::from(self.has_rest))
    }

    /// Counts the records that have a word.
    pub(crate) fn records_with(&self, feature: &Feature) -> u64 {
        self.records_in(self.bucket(feature))
    }

    /// Counts the records that have a word of a bucket.
    pub(crate) fn records_in(&self, bucket: usize) -> u64 {
        let start = bucket.saturating_mul(self.width());
        let row = self.counts.get(start..start.saturating_add(self.width()));
        row.unwrap_or_default()
            .iter()
            .map(|count| u64::from(count.load(Relaxed)))
            .sum()
    }

    /// Adds up what words say of a record with this label, as if it had not been learnt.
    pub(crate) fn add(&self, words: &[Word], label: u64, sign: f32, scores: &mut Scores) {
        let (own, width) = (self.column(Some(label)), self.width());
        for word in words {
            let start = word.bucket.saturating_mul(width);
            let weights = self.weights.get(start..start.saturating_add(width));
            for (score, weight) in scores.iter_mut().zip(weights.unwrap_or_default()) {
                *score += sign * weight;
            }
            let taught = self.counts.get(start.saturating_add(own));
            let taught = narrow(taught.map_or(0, |count| count.load(Relaxed)));
            if let (Some(score), true) = (scores.get_mut(own), (1.0..64.0).contains(&taught)) {
                *score += sign * ((taught - 0.5) / (taught + 0.5)).ln();
            }
        }
    }

    /// Begins with how frequent each label is.
    pub(crate) fn start(&self) -> Scores {
        let mut scores = [f32::NEG_INFINITY; CLASSES + 1];
        for (score, records) in scores.iter_mut().zip(&self.records).take(self.told()) {
            *score = (narrow(records.load(Relaxed)) + 1.0).ln();
        }
        scores
    }

    /// Says by how much a label is likelier than any other, as a logarithm.
    pub(crate) fn margin(&self, scores: &Scores, label: u64) -> f32 {
        let own = self.column(Some(label));
        let others = scores.iter().enumerate().filter(|(column, _)| *column != own);
        let best = others.map(|(_, score)| *score).fold(f32::NEG_INFINITY, f32::max);
        scores.get(own).copied().unwrap_or(0.0) - best
    }
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "counts as weights need no more than 24 bits"
)]
const fn narrow(count: u32) -> f32 {
    count as f32
}

/// Says whether a word stands in less than one record of fifty.
pub(crate) fn is_rare(records: u64, all: u64) -> bool {
    float(records) * 50.0 <= float(all)
}

/// LIMIT: labels that are told apart; those of more are one.
pub(crate) const CLASSES: usize = 16;
/// LIMIT: counters, 16 MiB and as much for weights.
const CELLS: usize = 1 << 22;
const MOST_BUCKETS: usize = 1 << 18;
/// The most that one word says: odds of twenty to one, so that no single word decides.
const CLIP: f32 = 3.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_reads_like_those_it_shares_words_with() {
        let mut reading = Reading::new(&[1, 2], false);
        let tokens = |text: &str| Tokens::of_one(text);
        for _ in 0..20 {
            reading.learn(&tokens("good solid fine thing"), Some(1));
            reading.learn(&tokens("bad broken poor thing"), Some(2));
        }
        reading.learn(&tokens("bad broken poor thing"), Some(1));
        reading.finish();
        let margin = |text: &str, label: u64| {
            let words = reading.words(&tokens(text));
            let mut scores = reading.start();
            reading.add(&words, label, 1.0, &mut scores);
            reading.margin(&scores, label)
        };
        assert!(margin("good fine thing", 1) > 1.0);
        assert!(margin("bad broken poor thing", 1) < -1.0);
        assert!(margin("bad broken poor thing", 2) > 1.0);
        assert!(reading.knows(1) && !reading.knows(3));
    }
}
