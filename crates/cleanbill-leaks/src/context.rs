//! Words near a number that say what it is, and the name of the field that it stands in. They are searched only where a number
//! needs them, and each byte once.

use std::ops::Range;

use crate::{
    anchors::Anchors,
    fields::{self, Rows},
    scanner::spellings,
};

/// Bytes before a number in which a word counts.
const BEFORE: usize = 96;
/// Bytes after a number in which a word counts.
const AFTER: usize = 40;
/// Bytes that are searched at once.
const STEP: usize = 256;
/// LIMIT: words of all rules; those beyond are not searched.
const WORDS: usize = 1_024;
/// Longest text that is searched for; the rest of a word is compared.
const LONGEST: usize = 12;
/// Shortest start of a word that is searched for where two words are written as one.
const SHORTEST_HEAD: usize = 4;
/// A word this long may be the start of a longer one: `Telefonnummer`.
const COMPOUND: usize = 5;
/// Bytes of a number that stand between a word before it and one after it.
const LONGEST_NUMBER: usize = 64;

/// The words of a rule, one bit each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Words([u64; WORDS / 64]);

impl Words {
    fn add(&mut self, word: u16) {
        if let Some(bits) = self.0.get_mut(usize::from(word >> 6)) {
            *bits |= 1_u64.wrapping_shl(u32::from(word & 63));
        }
    }

    fn hold(&self, word: u16) -> bool {
        let bits = self.0.get(usize::from(word >> 6)).copied().unwrap_or(0);
        bits.wrapping_shr(u32::from(word & 63)) & 1 == 1
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(|bits| *bits == 0)
    }
}

/// What tells of a rule: words near a value, and words in the name of its field.
#[derive(Clone, Debug, Default)]
pub(crate) struct Telling {
    near: Words,
    names: Words,
}

/// Searches for the words of all rules.
#[derive(Debug)]
pub(crate) struct Context {
    anchors: Anchors,
    /// The same and those that count in names of fields only.
    names: Anchors,
    words: Vec<Vec<u8>>,
}

/// What was searched already of one text, and what was found there.
#[derive(Debug, Default)]
pub(crate) struct Searched {
    from: usize,
    to: usize,
    found: Vec<(usize, usize, u16)>,
    scratch: Vec<(usize, usize)>,
    rows: Rows,
    /// The place whose field was looked at last, its names, and the words in them.
    place: Option<usize>,
    fields: [Option<Range<usize>>; fields::NAMES],
    in_names: Vec<u16>,
}

impl Searched {
    /// Forgets everything: another text comes.
    pub(crate) fn clear(&mut self) {
        self.from = 0;
        self.to = 0;
        self.found.clear();
        self.rows.clear();
        self.place = None;
    }
}

impl Context {
    /// Builds the search for the words of each rule: those near a value, and those of names of fields. A word in small letters is
    /// found in capitals too, one with a capital as it is; a blank stands for any sign or none between two words.
    pub(crate) fn new(near: &[&[Vec<u8>]], names: &[&[Vec<u8>]]) -> (Self, Vec<Telling>) {
        let mut words: Vec<Vec<u8>> = near
            .iter()
            .chain(names)
            .flat_map(|rule| rule.iter().cloned())
            .collect();
        words.sort_unstable();
        words.dedup();
        words.truncate(WORDS);
        let set = |list: &[Vec<u8>], mut set: Words| {
            for word in list {
                let place = words.binary_search(word).ok();
                if let Some(number) = place.and_then(|place| u16::try_from(place).ok()) {
                    set.add(number);
                }
            }
            set
        };
        let sets = near
            .iter()
            .zip(names)
            .map(|(near, names)| {
                let near = set(near, Words::default());
                Telling {
                    names: set(names, near.clone()),
                    near,
                }
            })
            .collect();
        let is_near = |word: &Vec<u8>| near.iter().any(|rule| rule.contains(word));
        let (mut patterns, mut more) = (Vec::new(), Vec::new());
        for (index, word) in words.iter().enumerate() {
            for text in heads(word) {
                if is_near(word) {
                    patterns.push((text.clone(), index));
                }
                more.push((text, index));
            }
        }
        let anchors = Anchors::new(&patterns);
        let names = Anchors::new(&more);
        (
            Self {
                anchors,
                names,
                words,
            },
            sets,
        )
    }

    /// Says whether the name of the field in which the value at `start` stands holds a word of `telling`.
    pub(crate) fn is_named(
        &self,
        searched: &mut Searched,
        bytes: &[u8],
        start: usize,
        telling: &Telling,
    ) -> bool {
        if telling.names.is_empty() {
            return false;
        }
        if searched.place != Some(start) {
            searched.place = Some(start);
            searched.fields = fields::names(bytes, start, &mut searched.rows);
            searched.in_names.clear();
            for name in searched.fields.iter().flatten() {
                self.names
                    .collect(bytes, name.start, name.end, &mut searched.scratch);
                for (at, number) in &searched.scratch {
                    let word = self.words.get(*number).map(Vec::as_slice);
                    let length = word.and_then(|word| is_word(bytes, *at, word));
                    if length.is_some_and(|length| at.saturating_add(length) <= name.end) {
                        searched.in_names.push(u16::try_from(*number).unwrap_or(u16::MAX));
                    }
                }
            }
        }
        searched.in_names.iter().any(|word| telling.names.hold(*word))
    }

    /// Returns the names of the field in which the value at `start` stands.
    pub(crate) fn names(
        searched: &mut Searched,
        bytes: &[u8],
        start: usize,
    ) -> [Option<Range<usize>>; fields::NAMES] {
        fields::names(bytes, start, &mut searched.rows)
    }

    /// Returns how far from the number at `start..end` the nearest word of `set` stands; one after it counts as farther.
    pub(crate) fn nearest(
        &self,
        searched: &mut Searched,
        bytes: &[u8],
        (start, end): (usize, usize),
        telling: &Telling,
    ) -> Option<usize> {
        let set = &telling.near;
        if set.is_empty() {
            return None;
        }
        let from = start.saturating_sub(BEFORE);
        let to = end.saturating_add(AFTER).min(bytes.len());
        self.search(searched, bytes, from, to);
        let mut best: Option<usize> = None;
        let last = searched.found.partition_point(|(at, _, _)| *at < to);
        for (at, length, word) in searched.found.iter().take(last).rev() {
            let word_end = at.saturating_add(*length);
            if *at < from {
                break;
            }
            if word_end > to || !set.hold(*word) {
                continue;
            }
            let distance = if word_end <= start {
                start.saturating_sub(word_end)
            } else if *at >= end {
                at.saturating_sub(end).saturating_add(LONGEST_NUMBER)
            } else {
                continue;
            };
            best = Some(best.map_or(distance, |best| best.min(distance)));
        }
        best
    }

    fn search(&self, searched: &mut Searched, bytes: &[u8], from: usize, to: usize) {
        if from < searched.from || from > searched.to || searched.to == 0 {
            searched.clear();
            searched.from = from;
            searched.to = from;
        }
        if to <= searched.to {
            return;
        }
        let stop = to.max(searched.to.saturating_add(STEP)).min(bytes.len());
        self.anchors
            .collect(bytes, searched.to, stop, &mut searched.scratch);
        let keep = searched.found.partition_point(|(at, _, _)| *at < from);
        searched.found.drain(..keep);
        searched.from = from;
        for (at, number) in &searched.scratch {
            let Some(word) = self.words.get(*number) else {
                continue;
            };
            if let Some(length) = is_word(bytes, *at, word) {
                let number = u16::try_from(*number).unwrap_or(u16::MAX);
                searched.found.push((*at, length, number));
            }
        }
        searched.to = stop;
    }
}

/// Returns the starts of a word that are searched for: its spellings, with each sign that may stand for its blanks.
fn heads(word: &[u8]) -> Vec<Vec<u8>> {
    if word.iter().any(u8::is_ascii_uppercase) {
        return vec![word.iter().take(LONGEST).copied().collect()];
    }
    let mut all: Vec<Vec<u8>> = Vec::new();
    for sign in [Some(b' '), Some(b'_'), Some(b'-'), Some(b'.'), None] {
        let spelled: Vec<u8> = word
            .iter()
            .filter_map(|byte| if *byte == b' ' { sign } else { Some(*byte) })
            .collect();
        all.extend(spellings(&spelled));
        if let (None, Some(blank)) = (sign, memchr::memchr(b' ', word)) {
            // `taxId`
            let mut joined = spelled;
            if let Some(byte) = joined.get_mut(blank) {
                byte.make_ascii_uppercase();
            }
            joined.truncate(SHORTEST_HEAD.max(blank.saturating_add(1)));
            all.push(joined.clone());
            if let Some(byte) = joined.first_mut() {
                byte.make_ascii_uppercase();
            }
            all.push(joined);
        }
    }
    for text in &mut all {
        text.truncate(LONGEST);
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// Returns the length of `word` at `at`, whose blanks may be other signs or none.
fn spelled(bytes: &[u8], at: usize, word: &[u8]) -> Option<usize> {
    let rest = bytes.get(at..)?;
    let exact = word.iter().any(u8::is_ascii_uppercase);
    if exact || !word.contains(&b' ') {
        let here = rest.get(..word.len())?;
        let same = if exact {
            here == word
        } else {
            here.eq_ignore_ascii_case(word)
        };
        return same.then_some(word.len());
    }
    let mut length = 0_usize;
    for byte in word {
        let here = rest.get(length)?;
        if *byte == b' ' {
            if matches!(here, b' ' | b'_' | b'-' | b'.') {
                length = length.saturating_add(1);
            }
        } else if here.eq_ignore_ascii_case(byte) {
            length = length.saturating_add(1);
        } else {
            return None;
        }
    }
    Some(length)
}

/// Returns the length of `word` at `at` where it stands as a word, not within another.
fn is_word(bytes: &[u8], at: usize, word: &[u8]) -> Option<usize> {
    let length = spelled(bytes, at, word)?;
    let end = at.saturating_add(length);
    let here = bytes.get(at..end)?;
    let first = here.first().copied().unwrap_or(0);
    let before = at.checked_sub(1).and_then(|before| bytes.get(before)).copied();
    let begins = match before {
        Some(byte) if byte.is_ascii_lowercase() => {
            // `customerSsn`, and an escape such as `\n`.
            first.is_ascii_uppercase()
                || matches!(byte, b'n' | b'r' | b't')
                    && at.checked_sub(2).and_then(|before| bytes.get(before)) == Some(&b'\\')
        }
        Some(byte) => !byte.is_ascii_uppercase(),
        None => true,
    };
    let last = here.last().copied().unwrap_or(0);
    let ends = word.len() >= COMPOUND
        || !last.is_ascii_alphabetic()
        || !bytes.get(end).is_some_and(u8::is_ascii_alphabetic)
        || last.is_ascii_lowercase() && bytes.get(end).is_some_and(u8::is_ascii_uppercase);
    ((begins || !first.is_ascii_alphabetic()) && ends).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_decides() {
        let words: Vec<Vec<u8>> = vec![
            b"ssn".to_vec(),
            b"TFN".to_vec(),
            b"tax id".to_vec(),
            "身份证".as_bytes().to_vec(),
        ];
        let (context, sets) = Context::new(&[&words], &[&[]]);
        let check = |text: &str| {
            let start = text.find('5').unwrap();
            let place = (start, start + 1);
            context.nearest(&mut Searched::default(), text.as_bytes(), place, &sets[0])
        };
        assert_eq!(check("SSN: 5"), Some(2));
        assert_eq!(check("customerSsn=5"), Some(1));
        assert_eq!(check("身份证号5"), Some(3));
        assert_eq!(check("5 is the ssn"), Some(72));
        assert_eq!(check("a TFN 5"), Some(1));
        for text in [
            "tax id 5", "TAX_ID=5", "taxId:5", "TaxID:5", "Tax-Id 5", "tax.id 5", "taxid 5",
        ] {
            assert_eq!(check(text), Some(1), "{text}");
        }
        assert_eq!(check("a tfn 5"), None);
        assert_eq!(check("passn 5"), None);
        assert_eq!(check(&format!("ssn {} 5", "x".repeat(200))), None);
    }

    #[test]
    fn the_name_of_a_field_tells_where_no_word_may() {
        let names: Vec<Vec<u8>> = vec![b"sin".to_vec()];
        let (context, sets) = Context::new(&[&[]], &[&names]);
        let check = |text: &str| {
            let start = text.find('5').unwrap();
            context.is_named(&mut Searched::default(), text.as_bytes(), start, &sets[0])
        };
        for text in [
            "sin=5",
            "\"customer_sin\": \"5",
            "<sin>5",
            "id,sin\n1,5",
            "| sin |\n|---|\n| 5 |",
        ] {
            assert!(check(text), "{text}");
        }
        for text in ["a sin of 5", "sine=5", "sin,id\n1,5"] {
            assert!(!check(text), "{text}");
        }
    }
}
