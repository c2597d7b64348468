//! The single pass: finds every occurrence of every anchor, with vector instructions where the processor has them.

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind, Span, packed};

/// Anchors searched at once. More in one search make its filter coarse, fewer make more searches; measured by `benches/throughput.rs`.
const AT_ONCE: usize = 32;

/// Searches for a set of byte strings, each with a number.
#[derive(Debug)]
pub(crate) struct Anchors {
    groups: Vec<Group>,
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
        let mut texts: Vec<&[u8]> = patterns.iter().map(|(text, _)| text.as_slice()).collect();
        // Neighbours in this order begin alike, so that a group's filter lets little through.
        texts.sort_unstable_by_key(|text| (text.len().min(4), *text));
        texts.dedup();
        let groups = texts
            .chunks(AT_ONCE)
            .map(|texts| Group {
                search: Search::new(texts),
                numbers: texts
                    .iter()
                    .map(|text| {
                        let inside = |pattern: &[u8]| text.starts_with(pattern) && texts.contains(&pattern);
                        let mut numbers: Vec<usize> = patterns
                            .iter()
                            .filter(|(pattern, _)| inside(pattern))
                            .map(|(_, number)| *number)
                            .collect();
                        numbers.sort_unstable();
                        numbers.dedup();
                        numbers
                    })
                    .collect(),
            })
            .collect();
        Self {
            groups,
            longest: texts.iter().map(|text| text.len()).max().unwrap_or(0),
        }
    }

    /// Collects positions in `from..to` at which an anchor begins, each with its number, in order.
    pub(crate) fn collect(&self, bytes: &[u8], from: usize, to: usize, found: &mut Vec<(usize, usize)>) {
        found.clear();
        let end = to.saturating_add(self.longest).min(bytes.len());
        let bytes = bytes.get(..end).unwrap_or_default();
        for group in &self.groups {
            let mut at = from;
            while let Some((position, pattern)) = group.search.first(bytes, at) {
                if position >= to {
                    break;
                }
                for number in group.numbers.get(pattern).into_iter().flatten() {
                    found.push((position, *number));
                }
                at = position.saturating_add(1);
            }
        }
        found.sort_unstable();
        found.dedup();
    }
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
