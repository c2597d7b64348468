//! Names of people: a given name and a family name of `data/names.txt` side by side, or one of them after a word that says so.
//! A list knows the common names of some countries only, and does not know whether a person is meant; confidence stays low or medium.

use std::{ops::Range, sync::OnceLock};

use crate::{numbers, rule::Level};

/// Longest name that the list holds.
const LONGEST: usize = 20;
/// Places of the table, a power of two with room.
const PLACES: usize = 1 << 15;

const GIVEN: u8 = 1;
const FAMILY: u8 = 2;
/// Chinese family names, and letters that given names are made of.
const SURNAME: u8 = 4;
const LETTER: u8 = 8;

/// Words behind two names that make them the name of a place or a house.
const PLACES_AND_HOUSES: &[&[u8]] = &[
    b"University",
    b"Street",
    b"Avenue",
    b"Road",
    b"Hall",
    b"School",
    b"College",
    b"Hospital",
    b"Prize",
    b"Award",
    b"Institute",
    b"Center",
    b"Centre",
    b"Bridge",
    b"Airport",
    b"Park",
    b"Museum",
    b"Foundation",
    b"Stadium",
    b"Library",
    b"Island",
    b"River",
    b"County",
    b"Inc",
    b"Ltd",
    b"LLC",
    b"Company",
    b"Bank",
    b"Church",
    b"House",
    b"Press",
    b"Day",
    b"Beach",
    b"Lake",
];

/// Names by their hash, with what they are.
#[derive(Debug)]
struct Names {
    places: Vec<(u32, u8)>,
}

/// Reads the list, so that the first text does not wait for it.
pub(crate) fn prepare() {
    names();
}

fn names() -> &'static Names {
    static NAMES: OnceLock<Names> = OnceLock::new();
    NAMES.get_or_init(|| Names::read(include_str!("../../data/names.txt")))
}

impl Names {
    fn read(text: &str) -> Self {
        let mut names = Self {
            places: vec![(0, 0); PLACES],
        };
        let mut kind = 0;
        for line in text.lines() {
            if line.starts_with('#') {
                continue;
            }
            if let Some(section) = line.strip_prefix("= ") {
                kind = match section {
                    "given" => GIVEN,
                    "family" => FAMILY,
                    "chinese family" => SURNAME,
                    _ => LETTER,
                };
                continue;
            }
            for name in line.split(' ').filter(|name| !name.is_empty()) {
                if kind == LETTER {
                    for letter in name.chars() {
                        let mut buffer = [0; 4];
                        names.add(letter.encode_utf8(&mut buffer).as_bytes(), kind);
                    }
                } else {
                    names.add(name.as_bytes(), kind);
                }
            }
        }
        names
    }

    fn add(&mut self, name: &[u8], kind: u8) {
        let hash = hash(name);
        for step in 0..PLACES {
            let place = Self::place(hash, step);
            let Some((known, kinds)) = self.places.get_mut(place) else {
                return;
            };
            if *known == 0 || *known == hash {
                *known = hash;
                *kinds |= kind;
                return;
            }
        }
    }

    fn place(hash: u32, step: usize) -> usize {
        usize::try_from(hash).unwrap_or(0).wrapping_add(step) & PLACES.saturating_sub(1)
    }

    /// Returns what a name is, 0 where it is none.
    fn kinds(&self, name: &[u8]) -> u8 {
        let hash = hash(name);
        for step in 0..PLACES {
            match self.places.get(Self::place(hash, step)) {
                Some((known, kinds)) if *known == hash => return *kinds,
                Some((0, _)) | None => return 0,
                Some(_) => {}
            }
        }
        0
    }
}

/// FNV-1a, never 0.
fn hash(name: &[u8]) -> u32 {
    let mut hash = 0x811c_9dc5_u32;
    for byte in name {
        hash = (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    }
    (hash ^ hash >> 15).max(1)
}

fn word(window: &[u8], at: usize) -> &[u8] {
    let rest = window.get(at..).unwrap_or_default();
    let length = rest
        .iter()
        .take(LONGEST.saturating_add(1))
        .take_while(|byte| byte.is_ascii_alphabetic() || **byte >= 0xc3 || (0x80..0xc0).contains(*byte))
        .count();
    let double = rest.get(..length).unwrap_or_default();
    if length > LONGEST { &[] } else { double }
}

/// Finds two names side by side, the first at `at`.
pub(crate) fn pair(window: &[u8], at: usize) -> Option<(Range<usize>, Level)> {
    let names = names();
    let first = word(window, at);
    let first_kinds = names.kinds(first);
    if first_kinds & (GIVEN | FAMILY) == 0 {
        return None;
    }
    let mut next = at.saturating_add(first.len());
    if window.get(next) == Some(&b'-') {
        next = next
            .saturating_add(1)
            .saturating_add(word(window, next.saturating_add(1)).len());
    }
    next = blank(window, next)?;
    let mut second = word(window, next);
    // One letter, with a dot or without: a middle name.
    let middle = second.len() == 1 && second.iter().all(u8::is_ascii_uppercase);
    if middle {
        next = next.saturating_add(1);
        if window.get(next) == Some(&b'.') {
            next = next.saturating_add(1);
        }
        next = blank(window, next)?;
        second = word(window, next);
    }
    let mut kinds = names.kinds(second);
    let mut end = next.saturating_add(second.len());
    // A second given name before the family name.
    if kinds & GIVEN != 0
        && let Some(third_at) = blank(window, end)
    {
        let third = word(window, third_at);
        if names.kinds(third) & FAMILY != 0 {
            kinds |= FAMILY;
            end = third_at.saturating_add(third.len());
        }
    }
    let usual = first_kinds & GIVEN != 0 && kinds & FAMILY != 0;
    let turned = first_kinds & FAMILY != 0 && kinds & GIVEN != 0;
    if !usual && !turned || second.is_empty() {
        return None;
    }
    // A second family name, with a dash or without.
    let joined = match window.get(end) {
        Some(b'-') => Some(end.saturating_add(1)),
        _ => blank(window, end),
    };
    if let Some(more_at) = joined {
        let more = word(window, more_at);
        if PLACES_AND_HOUSES.contains(&more) {
            return None;
        }
        if names.kinds(more) & FAMILY != 0 {
            end = more_at.saturating_add(more.len());
        }
    }
    if window
        .get(end)
        .is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'('))
    {
        return None;
    }
    // Given names that are family names as well say less.
    let clear = usual && first_kinds & FAMILY == 0;
    Some((at..end, if clear { Level::Medium } else { Level::Low }))
}

fn blank(window: &[u8], at: usize) -> Option<usize> {
    (window.get(at) == Some(&b' ')).then(|| at.saturating_add(1))
}

/// Farthest that a name may stand after its word.
const REACH: usize = 12;

/// Finds the name after a word for a person, or, where it is a title that follows, before it.
pub(crate) fn labelled(
    window: &[u8],
    at: usize,
    length: usize,
    named: bool,
) -> Option<(Range<usize>, Level)> {
    let end = at.saturating_add(length);
    if !named {
        return titled(window, at);
    }
    let word_here = window.get(at..end)?;
    if word_here.is_ascii() && window.get(end).is_some_and(u8::is_ascii_alphabetic) {
        return None;
    }
    let rest = window.get(end..)?;
    let mut start = end;
    for _ in 0..REACH.min(rest.len()) {
        let here = window.get(start..)?;
        match here {
            [b' ' | b':' | b'=' | b'"' | b'\'' | b'>' | b'\t', ..] => start = start.saturating_add(1),
            [0xef, 0xbc, 0x9a, ..] | [0xe6, 0x98, 0xaf, ..] | [0xe4, 0xb8, 0xba, ..] => {
                start = start.saturating_add(3);
            }
            _ => break,
        }
    }
    if start == end && word_here.is_ascii() {
        return None;
    }
    if let Some(length) = chinese(window, start, true) {
        return Some((start..start.saturating_add(length), Level::Medium));
    }
    let list = names();
    let first = word(window, start);
    let next = blank(window, start.saturating_add(first.len()))?;
    let second = word(window, next);
    let capital = |word: &[u8]| {
        word.len() > 1
            && word
                .first()
                .is_some_and(|byte| byte.is_ascii_uppercase() || *byte >= 0xc3)
    };
    let known = (list.kinds(first) | list.kinds(second)) & (GIVEN | FAMILY) != 0;
    let end = next.saturating_add(second.len());
    (capital(first) && capital(second) && known).then_some((start..end, Level::Medium))
}

/// Returns the length of a Chinese name at `start`: a family name and one or two letters of given names; `whole` says that
/// nothing of a sentence may follow.
fn chinese(window: &[u8], start: usize, whole: bool) -> Option<usize> {
    let names = names();
    let rest = window.get(start..)?;
    let family = [6_usize, 3].into_iter().find(|length| {
        rest.get(..*length)
            .is_some_and(|text| names.kinds(text) & SURNAME != 0)
    })?;
    let letters = rest
        .get(family..)?
        .chunks(3)
        .take(3)
        .take_while(|letter| matches!(letter, [0xe4..=0xe9, _, _]))
        .count();
    let given = rest.get(family..family.saturating_add(3))?;
    let ends = !whole || letters <= 2;
    let known = names.kinds(given) & LETTER != 0;
    (letters > 0 && ends && known).then(|| family.saturating_add(letters.min(2).saturating_mul(3)))
}

/// Finds a Chinese name before a title at `at`: two or three letters, four with a family name of two.
fn titled(window: &[u8], at: usize) -> Option<(Range<usize>, Level)> {
    let names = names();
    for letters in [3_usize, 2] {
        let Some(start) = at.checked_sub(letters.saturating_mul(3)) else {
            continue;
        };
        let Some(text) = window.get(start..at) else {
            continue;
        };
        let (family, given) = text.split_at_checked(3)?;
        let all = given.chunks(3).all(|letter| names.kinds(letter) & LETTER != 0);
        if names.kinds(family) & SURNAME != 0 && all && numbers::decimal(text).is_none() {
            return Some((start..at, Level::Low));
        }
    }
    None
}

#[cfg(test)]
#[expect(
    clippy::string_slice,
    reason = "a test that slices wrongly fails, as it should"
)]
mod tests {
    use super::*;

    fn check(text: &str) -> Option<(String, Level)> {
        pair(text.as_bytes(), 0).map(|(range, level)| (text[range].to_owned(), level))
    }

    #[test]
    fn two_names_side_by_side_are_a_person() {
        assert_eq!(check("Anna Schmidt said").unwrap().0, "Anna Schmidt");
        assert_eq!(check("Robert J. Johnson, 41").unwrap().0, "Robert J. Johnson");
        assert_eq!(check("María García López").unwrap().0, "María García López");
        for text in [
            "Anna Table",
            "Table Anna",
            "George Johnson University",
            "New York",
            "Anna Schmidt_x",
        ] {
            assert_eq!(check(text), None, "{text}");
        }
    }

    #[test]
    fn chinese_names_stand_after_a_word_or_before_a_title() {
        let label = "姓名：张伟，男";
        let (range, _) = labelled(label.as_bytes(), 0, 6, true).unwrap();
        assert_eq!(&label[range], "张伟");
        let title = "请联系王小明先生。";
        let at = title.find("先生").unwrap();
        let (range, _) = labelled(title.as_bytes(), at, 6, false).unwrap();
        assert_eq!(&title[range], "王小明");
        assert!(labelled("姓名：不详".as_bytes(), 0, 6, true).is_none());
    }
}
