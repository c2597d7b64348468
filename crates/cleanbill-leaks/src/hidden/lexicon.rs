//! The rows of `patterns`, taken apart once: for each word, which parts of which rows it may be.

use std::sync::LazyLock;

use super::{
    patterns::PATTERNS,
    phrases::{Want, Weight},
};

/// Holds the rows by their words.
pub(super) struct Lexicon {
    pub(super) rows: Vec<Row>,
    /// Parts that begin a row.
    pub(super) first: u128,
    /// Words by their first byte.
    words: Vec<Vec<Entry>>,
}

/// Holds one row.
pub(super) struct Row {
    pub(super) want: Want,
    pub(super) weight: Weight,
    /// Bit of the part, and how many words may come before.
    pub(super) parts: Vec<(u128, usize)>,
}

struct Entry {
    text: &'static [u8],
    /// Any ending may follow.
    open: bool,
    parts: u128,
}

/// The rows of this build.
pub(super) static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::of(PATTERNS));

impl Lexicon {
    fn of(patterns: &'static [(Want, Weight, &'static str)]) -> Self {
        let mut found = Self {
            rows: Vec::new(),
            first: 0,
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
                let bit = u32::try_from(place)
                    .ok()
                    .and_then(|place| 1_u128.checked_shl(place))
                    .unwrap_or(0);
                found.add(words, bit);
                parts.push((bit, gap.parse().unwrap_or(0)));
            }
            found.first |= parts.first().map_or(0, |(bit, _)| *bit);
            found.rows.push(Row {
                want: *want,
                weight: *weight,
                parts,
            });
        }
        found
    }

    fn add(&mut self, words: &'static str, bit: u128) {
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
                Some(entry) => entry.parts |= bit,
                None => list.push(Entry {
                    text,
                    open,
                    parts: bit,
                }),
            }
        }
    }

    /// Returns the bits of all parts that a word may be.
    pub(super) fn parts(&self, word: &[u8]) -> u128 {
        let Some(list) = word.first().and_then(|first| self.words.get(usize::from(*first))) else {
            return 0;
        };
        let mut parts = 0;
        for entry in list {
            if entry.text.len() == word.len() && entry.text == word
                || entry.open && word.starts_with(entry.text)
            {
                parts |= entry.parts;
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
        assert!(parts.len() <= 128);
        assert!(
            LEXICON
                .rows
                .iter()
                .flat_map(|row| &row.parts)
                .all(|(bit, _)| *bit != 0)
        );
        assert_ne!(LEXICON.parts(b"ignore") & LEXICON.first, 0);
        assert_eq!(LEXICON.parts(b"ignorance"), 0);
        assert_ne!(LEXICON.parts(b"instructional"), 0);
    }
}
