//! The rows of `patterns`, taken apart once: for each word, which parts of which rows it may be.

use std::sync::LazyLock;

use super::{
    patterns::PATTERNS,
    phrases::{Want, Weight},
};

/// A set of parts, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Parts([u128; 2]);

impl Parts {
    /// Holds the part at one place.
    fn at(place: usize) -> Self {
        let mut parts = Self::default();
        let bit = u32::try_from(place & 127)
            .ok()
            .and_then(|bit| 1_u128.checked_shl(bit));
        if let (Some(half), Some(bit)) = (parts.0.get_mut(place >> 7), bit) {
            *half = bit;
        }
        parts
    }

    fn join(&mut self, other: Self) {
        for (half, more) in self.0.iter_mut().zip(other.0) {
            *half |= more;
        }
    }

    /// Says whether two sets have a part in common.
    pub(super) fn meets(self, other: Self) -> bool {
        self.0.iter().zip(other.0).any(|(half, other)| half & other != 0)
    }
}

/// Holds the rows by their words.
pub(super) struct Lexicon {
    pub(super) rows: Vec<Row>,
    /// Parts that begin a row.
    pub(super) first: Parts,
    /// Words by their first byte.
    words: Vec<Vec<Entry>>,
}

/// Holds one row.
pub(super) struct Row {
    pub(super) want: Want,
    pub(super) weight: Weight,
    /// Bit of the part, and how many words may come before.
    pub(super) parts: Vec<(Parts, usize)>,
}

struct Entry {
    text: &'static [u8],
    /// Any ending may follow.
    open: bool,
    parts: Parts,
}

/// The rows of this build.
pub(super) static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::of(PATTERNS));

impl Lexicon {
    fn of(patterns: &'static [(Want, Weight, &'static str)]) -> Self {
        let mut found = Self {
            rows: Vec::new(),
            first: Parts::default(),
            words: (0..=u8::MAX).map(|_| Vec::new()).collect(),
        };
        let mut known: Vec<&'static str> = Vec::new();
        for (want, weight, text) in patterns {
            let mut parts = Vec::new();
            for part in text.split("; ") {
                let (gap, words) = part.split_once(' ').unwrap_or(("0", part));
                let place = known.iter().position(|one| *one == words).unwrap_or_else(|| {
                    known.push(words);
                    known.len().saturating_sub(1)
                });
                let bit = Parts::at(place);
                found.add(words, bit);
                parts.push((bit, gap.parse().unwrap_or(0)));
            }
            found
                .first
                .join(parts.first().map(|(bit, _)| *bit).unwrap_or_default());
            found.rows.push(Row {
                want: *want,
                weight: *weight,
                parts,
            });
        }
        found
    }

    fn add(&mut self, words: &'static str, bit: Parts) {
        for word in words.split('|') {
            let (text, open) = word
                .strip_suffix('*')
                .map_or((word, false), |start| (start, true));
            let text = text.as_bytes();
            let Some(list) = text
                .first()
                .and_then(|first| self.words.get_mut(usize::from(*first)))
            else {
                continue;
            };
            match list
                .iter_mut()
                .find(|entry| entry.text == text && entry.open == open)
            {
                Some(entry) => entry.parts.join(bit),
                None => list.push(Entry {
                    text,
                    open,
                    parts: bit,
                }),
            }
        }
    }

    /// Returns the bits of all parts that a word may be.
    pub(super) fn parts(&self, word: &[u8]) -> Parts {
        let Some(list) = word.first().and_then(|first| self.words.get(usize::from(*first))) else {
            return Parts::default();
        };
        let mut parts = Parts::default();
        for entry in list {
            if entry.text.len() == word.len() && entry.text == word
                || entry.open && word.starts_with(entry.text)
            {
                parts.join(entry.parts);
            }
        }
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_has_a_bit_and_is_found() {
        let parts: std::collections::BTreeSet<&str> = PATTERNS
            .iter()
            .flat_map(|(_, _, text)| text.split("; "))
            .map(|part| part.split_once(' ').map_or(part, |(_, words)| words))
            .collect();
        // LIMIT: each different part has a bit of a number.
        assert!(parts.len() <= 256);
        assert!(
            LEXICON
                .rows
                .iter()
                .flat_map(|row| &row.parts)
                .all(|(bit, _)| *bit != Parts::default())
        );
        assert!(LEXICON.parts(b"ignore").meets(LEXICON.first));
        assert_eq!(LEXICON.parts(b"ignorance"), Parts::default());
        assert_ne!(LEXICON.parts(b"instructional"), Parts::default());
    }
}
