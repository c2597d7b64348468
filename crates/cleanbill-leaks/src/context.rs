//! Words near a number that say what it is. They are searched only where a number needs them, and each byte once.

use crate::{anchors::Anchors, scanner::spellings};

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

/// Searches for the words of all rules.
#[derive(Debug)]
pub(crate) struct Context {
    anchors: Anchors,
    words: Vec<Vec<u8>>,
}

/// What was searched already of one text, and what was found there.
#[derive(Debug, Default)]
pub(crate) struct Searched {
    from: usize,
    to: usize,
    found: Vec<(usize, usize, u16)>,
    scratch: Vec<(usize, usize)>,
}

impl Searched {
    /// Forgets everything: another text comes.
    pub(crate) fn clear(&mut self) {
        self.from = 0;
        self.to = 0;
        self.found.clear();
    }
}

impl Context {
    /// Builds the search for the words of each rule. A word in small letters is found in capitals too, one with a capital as it is.
    pub(crate) fn new(rules: &[&[Vec<u8>]]) -> (Self, Vec<Words>) {
        let mut words: Vec<Vec<u8>> = rules.iter().flat_map(|rule| rule.iter().cloned()).collect();
        words.sort_unstable();
        words.dedup();
        words.truncate(WORDS);
        let number = |word: &Vec<u8>| u16::try_from(words.binary_search(word).ok()?).ok();
        let sets = rules
            .iter()
            .map(|rule| {
                let mut set = Words::default();
                rule.iter().filter_map(number).for_each(|word| set.add(word));
                set
            })
            .collect();
        let mut patterns = Vec::new();
        for (index, word) in words.iter().enumerate() {
            if word.iter().any(u8::is_ascii_uppercase) {
                patterns.push((word.iter().take(LONGEST).copied().collect(), index));
            } else {
                for mut text in spellings(word) {
                    text.truncate(LONGEST);
                    patterns.push((text, index));
                }
            }
        }
        let anchors = Anchors::new(&patterns);
        (Self { anchors, words }, sets)
    }

    /// Returns how far from the number at `start..end` the nearest word of `set` stands; one after it counts as farther.
    pub(crate) fn nearest(
        &self,
        searched: &mut Searched,
        bytes: &[u8],
        (start, end): (usize, usize),
        set: &Words,
    ) -> Option<usize> {
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
            if is_word(bytes, *at, word) {
                let number = u16::try_from(*number).unwrap_or(u16::MAX);
                searched.found.push((*at, word.len(), number));
            }
        }
        searched.to = stop;
    }
}

/// Says whether `word` stands at `at` as a word, not within another.
fn is_word(bytes: &[u8], at: usize, word: &[u8]) -> bool {
    let end = at.saturating_add(word.len());
    let Some(here) = bytes.get(at..end) else {
        return false;
    };
    let exact = word.iter().any(u8::is_ascii_uppercase);
    if exact && here != word || !exact && !here.eq_ignore_ascii_case(word) {
        return false;
    }
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
    (begins || !first.is_ascii_alphabetic()) && ends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_decides() {
        let words: Vec<Vec<u8>> = vec![b"ssn".to_vec(), b"TFN".to_vec(), "身份证".as_bytes().to_vec()];
        let (context, sets) = Context::new(&[&words]);
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
        assert_eq!(check("a tfn 5"), None);
        assert_eq!(check("passn 5"), None);
        assert_eq!(check(&format!("ssn {} 5", "x".repeat(200))), None);
    }
}
