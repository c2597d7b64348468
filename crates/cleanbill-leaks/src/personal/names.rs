//! Names of people: a given name and a family name of `data/names.txt` side by side, or one of them after a word that says so.
//! A list knows the common names of some countries only, and does not know whether a person is meant; confidence stays low or medium.

use std::{ops::Range, sync::OnceLock};

use super::scripts;
use crate::{matchers::is_start, numbers, rule::Level};

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
    if let Some(end) = particled(window, at, next).filter(|_| first_kinds & GIVEN != 0) {
        let clear = first_kinds & FAMILY == 0;
        return Some((at..end, if clear { Level::Medium } else { Level::Low }));
    }
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

/// Words in small letters before a family name.
const PARTICLES: &[&[u8]] = &[
    b"van", b"von", b"bin", b"ben", b"ibn", b"ter", b"ten", b"der", b"den", b"zu",
];
/// Those that stand in names of places as well.
const OF_PLACES: &[&[u8]] = &[b"de", b"da", b"do", b"dos", b"das", b"del", b"di"];

fn is_particle(word: &[u8]) -> bool {
    PARTICLES.contains(&word) || OF_PLACES.contains(&word)
}

/// Returns where the family name ends that begins with one or two particles at `at`: `van den Berg`.
fn particled(window: &[u8], first: usize, at: usize) -> Option<usize> {
    let mut at = at;
    let mut place = false;
    for index in 0..3 {
        let here = word(window, at);
        if is_particle(here) && index < 2 {
            place |= OF_PLACES.contains(&here);
            at = blank(window, at.saturating_add(here.len()))?;
            continue;
        }
        let end = at.saturating_add(here.len());
        let joined = window
            .get(end)
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'(' | b'\\'));
        // Saints and what is called after them.
        let before = window.get(first.saturating_sub(12)..first)?;
        let saint = [&b"San "[..], b"Santa ", b"Santo ", b"Saint ", b"St. ", b"o "]
            .iter()
            .any(|saint| before.ends_with(saint));
        let known = !place || !saint && names().kinds(here) & FAMILY != 0;
        return (index > 0 && here.len() > 2 && is_capital(here) && known && !joined).then_some(end);
    }
    None
}

fn is_capital(word: &[u8]) -> bool {
    word.len() > 1
        && word
            .first()
            .is_some_and(|byte| byte.is_ascii_uppercase() || *byte >= 0xc3)
}

/// Family names of nobody.
const STAND_INS: &[&[u8]] = &[b"Doe", b"Mustermann", b"Bloggs"];

/// Finds two to four capitalised words of which one is a name, where something else says that they are one.
pub(crate) fn half(window: &[u8], at: usize) -> Option<Range<usize>> {
    words(window, at).and_then(|(end, known)| known.then_some(at..end))
}

/// Returns where two to four capitalised words end, with particles between them, and whether one is a name.
fn words(window: &[u8], at: usize) -> Option<(usize, bool)> {
    let list = names();
    let mut end = at;
    let mut from = at;
    let (mut count, mut known) = (0_u32, false);
    while count < 4 {
        let mut here = word(window, from);
        // A second part behind a dash, and one letter with a dot.
        let mut stop = from.saturating_add(here.len());
        if window.get(stop) == Some(&b'-') && is_capital(word(window, stop.saturating_add(1))) {
            stop = stop.saturating_add(1);
            stop = stop.saturating_add(word(window, stop).len());
        }
        let initial = here.len() == 1 && window.get(stop) == Some(&b'.');
        if is_particle(here) && count > 0 {
            from = blank(window, stop)?;
            here = word(window, from);
            if is_particle(here) {
                from = blank(window, from.saturating_add(here.len()))?;
                here = word(window, from);
            }
            stop = from.saturating_add(here.len());
        }
        if !is_capital(here) && !initial {
            break;
        }
        // What forms and manuals write.
        if STAND_INS.contains(&here) {
            return None;
        }
        known |= list.kinds(here) & (GIVEN | FAMILY) != 0;
        count = count.saturating_add(1);
        end = stop;
        let next = if initial { stop.saturating_add(1) } else { stop };
        match blank(window, next) {
            Some(next) => from = next,
            None => break,
        }
    }
    let joined = window
        .get(end)
        .is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'('));
    (count >= 2 && !joined).then_some((end, known))
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
    let word_here = window.get(at..end)?;
    if !named {
        if word_here == "様".as_bytes() {
            return scripts::before_title(window, at).map(|start| (start..at, Level::Low));
        }
        return titled(window, at);
    }
    // What ends with a blank is a title or begins a sentence.
    let title = word_here.ends_with(b" ");
    if word_here.is_ascii()
        && (!is_start(window, at) || !title && window.get(end).is_some_and(u8::is_ascii_alphabetic))
    {
        return None;
    }
    let start = past_signs(window, end)?;
    if start == end && word_here.is_ascii() && !title {
        return None;
    }
    if let Some(length) = chinese(window, start, true) {
        return Some((start..start.saturating_add(length), Level::Medium));
    }
    if let Some((length, _)) = scripts::name(window.get(start..)?) {
        return Some((start..start.saturating_add(length), Level::Medium));
    }
    let (end, known) = words(window, start)?;
    let lower = word_here.to_ascii_lowercase();
    let introduces = INTRODUCTIONS
        .iter()
        .any(|words| words.as_bytes() == lower.as_slice());
    (known || introduces).then_some((start..end, Level::Medium))
}

/// Sentences by which people say their name, so that any capitalised words behind them are one.
const INTRODUCTIONS: &[&str] = &[
    "my name is ",
    "mein name ist ",
    "je m'appelle ",
    "me llamo ",
    "mi nombre es ",
    "mi chiamo ",
    "mijn naam is ",
    "nazywam się ",
    "meu nome é ",
    "benim adım ",
];

/// Returns where the value begins behind signs between it and its word.
fn past_signs(window: &[u8], end: usize) -> Option<usize> {
    let mut start = end;
    let mut taken = 0_usize;
    while taken < REACH {
        let step = match window.get(start..)? {
            [
                b' ' | b':' | b'=' | b'"' | b'\'' | b'>' | b'\t' | b'|' | b'\\',
                ..,
            ] => 1,
            [0xef, 0xbc, 0x9a, ..] | [0xe6, 0x98, 0xaf, ..] | [0xe4, 0xb8, 0xba, ..] => 3,
            // The end of a cell and the start of the next.
            [b'<', rest @ ..] => memchr::memchr(b'>', rest.get(..rest.len().min(REACH))?)?.saturating_add(2),
            _ => break,
        };
        start = start.saturating_add(step);
        taken = taken.saturating_add(1);
    }
    Some(start)
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
