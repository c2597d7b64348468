//! The single pass: finds every occurrence of every anchor.
//!
//! Four bytes at each place are hashed into a table of flags; where one is set, the anchors that hold these four bytes are compared.
//! Of each anchor those four are taken that are the rarest in texts. The cost hardly depends on how many anchors there are. The few
//! that are shorter are searched with vector instructions.

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind, Span, packed};

/// Flags of the table, one a byte: a text asks few of them again and again, so that those stay in the nearest cache.
const TABLE_FLAGS: usize = 1 << 16;
/// Bytes that are hashed.
const KEY_BYTES: usize = 4;
/// Keys that are asked at once, and the bytes that they are made of.
const GROUP: usize = 8;
const GROUP_BYTES: usize = GROUP + KEY_BYTES;
/// A bit for each place of a group.
const BITS: [u8; GROUP] = [1, 2, 4, 8, 16, 32, 64, 128];
/// Upper half of a number.
const UPPER: u64 = 0xffff_ffff_0000_0000;

/// Anchors, each with its number, and where its key stands in it.
type Texts = Vec<(Vec<u8>, usize, usize)>;

/// Searches for a set of byte strings, each with a number.
#[derive(Debug)]
pub(crate) struct Anchors {
    short: Group,
    table: Box<[u8; TABLE_FLAGS]>,
    /// Keys with one more than their places in `long`, by a hash; 0 for none. Where another key stands, the next is asked.
    places: Vec<(u32, u32)>,
    /// Anchors by their keys.
    long: Vec<(u32, Texts)>,
    longest: usize,
    /// Farthest that a key stands in its anchor.
    farthest: usize,
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
        #[expect(
            clippy::large_stack_arrays,
            reason = "64 KiB, once; its length is known where it is asked"
        )]
        let mut table = Box::new([0_u8; TABLE_FLAGS]);
        let mut sorted: Vec<(u32, usize, &Vec<u8>, usize)> = Vec::new();
        for (text, number) in patterns {
            if let Some((key, place)) = key_of(text) {
                if let Some(flag) = table.get_mut(address(u64::from(key) << 32)) {
                    *flag = u8::MAX;
                }
                sorted.push((key, place, text, *number));
            }
        }
        sorted.sort_unstable();
        let farthest = sorted.iter().map(|(_, place, ..)| *place).max().unwrap_or(0);
        let mut long: Vec<(u32, Texts)> = Vec::new();
        for (key, place, text, number) in sorted {
            match long.last_mut() {
                Some((last, texts)) if *last == key => texts.push((text.clone(), number, place)),
                _ => long.push((key, vec![(text.clone(), number, place)])),
            }
        }
        let mut places =
            vec![(0_u32, 0_u32); long.len().saturating_mul(2).saturating_add(1).next_power_of_two()];
        for (index, (key, _)) in long.iter().enumerate() {
            let free =
                slots(*key, places.len()).find(|slot| places.get(*slot).is_some_and(|place| place.1 == 0));
            if let (Some(slot), Ok(index)) = (free, u32::try_from(index.saturating_add(1)))
                && let Some(place) = places.get_mut(slot)
            {
                *place = (*key, index);
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
            places,
            long,
            farthest,
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
        let last = to.saturating_add(self.farthest).saturating_add(KEY_BYTES);
        let keys = bytes
            .get(from..last.saturating_sub(1).min(bytes.len()))
            .unwrap_or_default();
        let mut begun = 0_usize;
        // Places are asked in groups and without a branch; few groups hold one whose bit is set.
        while let Some(group) = keys.get(begun..).and_then(<[u8]>::first_chunk::<GROUP_BYTES>) {
            let mut flags = 0_u8;
            for (key, bit) in raised_keys(group).into_iter().zip(BITS) {
                flags |= self.flag(key) & bit;
            }
            while flags != 0 {
                let index = usize::try_from(flags.trailing_zeros()).unwrap_or(0);
                flags &= flags.wrapping_sub(1);
                if let Some(&[a, b, c, d]) = group.get(index..).and_then(<[u8]>::first_chunk::<KEY_BYTES>) {
                    let at = from.saturating_add(begun).saturating_add(index);
                    self.compare(u32::from_le_bytes([a, b, c, d]), bytes, (from, to), at, found);
                }
            }
            begun = begun.saturating_add(GROUP);
        }
        let rest = keys.get(begun..).unwrap_or_default();
        for (index, window) in rest.windows(KEY_BYTES).enumerate() {
            let &[a, b, c, d] = window else { continue };
            let key = u32::from_le_bytes([a, b, c, d]);
            if self.flag(u64::from(key) << 32) != 0 {
                let at = from.saturating_add(begun).saturating_add(index);
                self.compare(key, bytes, (from, to), at, found);
            }
        }
        found.sort_unstable();
        found.dedup();
    }

    /// Returns the flag of a key, which is the upper half of `raised`: 0 where no anchor holds it.
    #[inline]
    fn flag(&self, raised: u64) -> u8 {
        self.table.get(address(raised)).copied().unwrap_or(u8::MAX)
    }

    /// Compares the anchors with this key, which stands at `at`, and keeps those that begin in `from..to`.
    #[inline(never)]
    fn compare(
        &self,
        key: u32,
        bytes: &[u8],
        (from, to): (usize, usize),
        at: usize,
        found: &mut Vec<(usize, usize)>,
    ) {
        for slot in slots(key, self.places.len()) {
            let Some((known, index)) = self.places.get(slot).copied().filter(|place| place.1 > 0) else {
                return;
            };
            if known != key {
                continue;
            }
            let index = usize::try_from(index.saturating_sub(1)).unwrap_or(0);
            let Some((_, texts)) = self.long.get(index) else {
                return;
            };
            for (text, number, place) in texts {
                let Some(start) = at.checked_sub(*place).filter(|start| (from..to).contains(start)) else {
                    continue;
                };
                if bytes.get(start..).is_some_and(|rest| rest.starts_with(text)) {
                    found.push((start, *number));
                }
            }
            return;
        }
    }
}

/// Returns the four bytes of an anchor that are the rarest, and where they stand in it; none where it is shorter.
fn key_of(text: &[u8]) -> Option<(u32, usize)> {
    let (place, window) = text.windows(KEY_BYTES).enumerate().min_by_key(|(_, window)| {
        window
            .iter()
            .map(|byte| u32::from(commonness(*byte)))
            .sum::<u32>()
    })?;
    let &[a, b, c, d] = window else { return None };
    Some((u32::from_le_bytes([a, b, c, d]), place))
}

/// Returns how common a byte is in texts, roughly as the logarithm.
fn commonness(byte: u8) -> u8 {
    match byte {
        // The last are first bytes of letters beyond ASCII, common in their scripts.
        b' '
        | b'e'
        | b't'
        | b'a'
        | b'o'
        | b'i'
        | b'n'
        | b's'
        | b'r'
        | 0xe0..=0xef
        | 0xd0
        | 0xd1
        | 0xa4
        | 0xa5 => 8,
        b'l' | b'd' | b'h' | b'c' | b'u' | b'm' | b'p' | b'f' => 7,
        b'g' | b'y' | b'b' | b'w' | b'v' | b'k' | b'_' | b'.' | b',' | b'-' | b'"' => 6,
        0x80..=0xff => 5,
        b'a'..=b'z' | b'0'..=b'9' | b'=' | b'/' | b'(' | b'\n' => 4,
        _ => 3,
    }
}

/// Returns the places of a table at which a key may stand, one after the other.
fn slots(key: u32, length: usize) -> impl Iterator<Item = usize> {
    let mask = length.saturating_sub(1);
    let first = usize::try_from(key.wrapping_mul(0x85eb_ca6b) >> 12).unwrap_or(0);
    (0..length).map(move |step| first.wrapping_add(step) & mask)
}

/// Returns which flag stands for a key, which is the upper half of `raised`.
#[inline]
fn address(raised: u64) -> usize {
    usize::try_from(raised.wrapping_mul(0x9e37_79b1) >> 48).unwrap_or(0)
}

/// Returns the keys that begin at the first bytes of a group, each in the upper half of its number.
#[inline]
fn raised_keys(group: &[u8; GROUP_BYTES]) -> [u64; GROUP] {
    // Both as one load each; taken apart by name, they would be put together byte by byte.
    let load = |bytes: Option<&[u8; 8]>| bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes));
    let (first, second) = (load(group.first_chunk()), load(group.last_chunk()));
    [
        first << 32,
        first << 24 & UPPER,
        first << 16 & UPPER,
        first << 8 & UPPER,
        second << 32,
        second << 24 & UPPER,
        second << 16 & UPPER,
        second << 8 & UPPER,
    ]
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

    #[test]
    fn an_anchor_is_found_at_every_place_of_a_text_of_every_length() {
        let anchors = Anchors::new(&[(b"ghp_".to_vec(), 7), (b"AKIA1".to_vec(), 8)]);
        let mut found = Vec::new();
        for length in 4..40 {
            for at in 0..=length - 4 {
                let mut text = vec![b'x'; length];
                text[at..at + 4].copy_from_slice(b"ghp_");
                anchors.collect(&text, 0, length, &mut found);
                assert_eq!(found, [(at, 7)], "{at} of {length}");
            }
        }
    }
}
