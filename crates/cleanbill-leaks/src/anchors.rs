//! The single pass: finds every occurrence of every anchor.
//!
//! The first four bytes at each place are hashed into a small table of bits; where the bit is set, the anchors that begin so are
//! compared. The cost hardly depends on how many anchors there are. The few that are shorter are searched with vector instructions.

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind, Span, packed};

/// Words of the table of bits: 8 KiB, which stays in the nearest cache.
const TABLE_WORDS: usize = 1024;
/// Bytes that are hashed.
const KEY_BYTES: usize = 4;

/// Anchors, each with its number.
type Texts = Vec<(Vec<u8>, usize)>;

/// Searches for a set of byte strings, each with a number.
#[derive(Debug)]
pub(crate) struct Anchors {
    short: Group,
    table: Box<[u64; TABLE_WORDS]>,
    /// Anchors by their first four bytes, sorted.
    long: Vec<(u32, Texts)>,
    longest: usize,
}

#[derive(Debug)]
struct Group {
    search: Search,
    /// For each pattern, the numbers to report: its own and those of patterns with which it begins.
    numbers: Vec<Vec<usize>>,
}

#[derive(Debug)]
enum Search {
    Vector(Box<packed::Searcher>),
    Plain(Box<AhoCorasick>),
    None,
}

impl Search {
    fn new(patterns: &[&[u8]]) -> Self {
        let vector = packed::Config::new()
            .match_kind(packed::MatchKind::LeftmostLongest)
            .builder()
            .extend(patterns)
            .build();
        if let Some(searcher) = vector {
            return Self::Vector(Box::new(searcher));
        }
        let plain = AhoCorasickBuilder::new()
            .match_kind(MatchKind::LeftmostLongest)
            .build(patterns);
        plain.map_or(Self::None, |searcher| Self::Plain(Box::new(searcher)))
    }

    fn first(&self, bytes: &[u8], from: usize) -> Option<(usize, usize)> {
        let span = Span {
            start: from,
            end: bytes.len(),
        };
        let found = match self {
            Self::Vector(searcher) => searcher.find_in(bytes, span),
            Self::Plain(searcher) => searcher.find(aho_corasick::Input::new(bytes).span(span)),
            Self::None => None,
        }?;
        Some((found.start(), found.pattern().as_usize()))
    }
}

impl Anchors {
    /// Builds a search for `patterns`; several may have the same number.
    pub(crate) fn new(patterns: &[(Vec<u8>, usize)]) -> Self {
        let mut table = Box::new([0_u64; TABLE_WORDS]);
        let mut sorted: Vec<(u32, &Vec<u8>, usize)> = Vec::new();
        for (text, number) in patterns {
            if let Some([a, b, c, d]) = text.first_chunk::<KEY_BYTES>() {
                let key = u32::from_le_bytes([*a, *b, *c, *d]);
                let (word, bit) = place(key);
                if let Some(word) = table.get_mut(word) {
                    *word |= bit;
                }
                sorted.push((key, text, *number));
            }
        }
        sorted.sort_unstable();
        let mut long: Vec<(u32, Texts)> = Vec::new();
        for (key, text, number) in sorted {
            match long.last_mut() {
                Some((last, texts)) if *last == key => texts.push((text.clone(), number)),
                _ => long.push((key, vec![(text.clone(), number)])),
            }
        }
        let mut texts: Vec<&[u8]> = patterns
            .iter()
            .map(|(text, _)| text.as_slice())
            .filter(|text| text.len() < KEY_BYTES)
            .collect();
        texts.sort_unstable();
        texts.dedup();
        let numbers = texts
            .iter()
            .map(|text| {
                let begins = |pattern: &Vec<u8>| text.starts_with(pattern);
                let own = patterns.iter().filter(|(pattern, _)| begins(pattern));
                own.map(|(_, number)| *number).collect()
            })
            .collect();
        Self {
            short: Group {
                search: if texts.is_empty() {
                    Search::None
                } else {
                    Search::new(&texts)
                },
                numbers,
            },
            table,
            long,
            longest: patterns.iter().map(|(text, _)| text.len()).max().unwrap_or(0),
        }
    }

    /// Collects positions in `from..to` at which an anchor begins, each with its number, in order.
    pub(crate) fn collect(&self, bytes: &[u8], from: usize, to: usize, found: &mut Vec<(usize, usize)>) {
        found.clear();
        let end = to.saturating_add(self.longest).min(bytes.len());
        let bytes = bytes.get(..end).unwrap_or_default();
        let mut at = from;
        while let Some((position, pattern)) = self.short.search.first(bytes, at) {
            if position >= to {
                break;
            }
            for number in self.short.numbers.get(pattern).into_iter().flatten() {
                found.push((position, *number));
            }
            at = position.saturating_add(1);
        }
        let last = to.saturating_add(KEY_BYTES).saturating_sub(1).min(bytes.len());
        let keys = bytes.get(from..last).unwrap_or_default();
        for (index, window) in keys.windows(KEY_BYTES).enumerate() {
            let &[a, b, c, d] = window else { continue };
            let key = u32::from_le_bytes([a, b, c, d]);
            let (word, bit) = place(key);
            if self.table.get(word).is_some_and(|word| word & bit != 0) {
                self.compare(key, bytes, from.saturating_add(index), found);
            }
        }
        found.sort_unstable();
        found.dedup();
    }

    #[inline(never)]
    fn compare(&self, key: u32, bytes: &[u8], at: usize, found: &mut Vec<(usize, usize)>) {
        let Ok(index) = self.long.binary_search_by_key(&key, |(key, _)| *key) else {
            return;
        };
        let rest = bytes.get(at..).unwrap_or_default();
        for (text, number) in self.long.get(index).into_iter().flat_map(|(_, texts)| texts) {
            if rest.starts_with(text) {
                found.push((at, *number));
            }
        }
    }
}

/// Returns the word and the bit that stand for a key.
#[inline]
fn place(key: u32) -> (usize, u64) {
    let hash = key.wrapping_mul(0x9e37_79b1) >> 16;
    let word = usize::try_from(hash >> 6).unwrap_or(0) & (TABLE_WORDS - 1);
    (word, 1 << (hash & 63))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_within_anchors_are_all_found() {
        let patterns = [
            (b"sk-".to_vec(), 0),
            (b"sk-ant-".to_vec(), 1),
            (b"k-an".to_vec(), 2),
        ];
        let anchors = Anchors::new(&patterns);
        let mut found = Vec::new();
        let text = b"a long enough text with sk-ant- in it, and with sk- too";
        anchors.collect(text, 0, text.len(), &mut found);
        assert_eq!(found, [(24, 0), (24, 1), (25, 2), (48, 0)]);
    }
}
