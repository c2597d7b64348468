//! Words in which letters of another script stand in for Latin ones that look the same.
//!
//! The pairs are facts of Unicode's list of confusable characters (UTS #39), written down by hand for the letters that are in use.

use super::{
    characters::{glyph, glyph_before},
    words::is_target,
};
use crate::{
    matchers::Found,
    rule::{Level, Rule},
};

/// LIMIT: letters of a word that are looked at, on either side; longer ones are no words.
const LETTERS: usize = 40;
/// Letters from which on an unknown word counts.
const SHORTEST: usize = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Script {
    Latin,
    Greek,
    Cyrillic,
    Armenian,
    Other,
}

const fn script(character: char) -> Script {
    match character {
        'a'..='z' | 'A'..='Z' => Script::Latin,
        '\u{370}'..='\u{3ff}' => Script::Greek,
        '\u{400}'..='\u{52f}' => Script::Cyrillic,
        '\u{531}'..='\u{587}' => Script::Armenian,
        _ => Script::Other,
    }
}

/// Returns the Latin letter that a letter of another script looks like.
fn latin(character: char) -> Option<char> {
    let place = ALIKE.binary_search_by_key(&character, |(other, _)| *other).ok()?;
    ALIKE.get(place).map(|(_, latin)| *latin)
}

/// Sorted by the first.
const ALIKE: &[(char, char)] = &[
    ('Α', 'A'),
    ('Β', 'B'),
    ('Ε', 'E'),
    ('Ζ', 'Z'),
    ('Η', 'H'),
    ('Ι', 'I'),
    ('Κ', 'K'),
    ('Μ', 'M'),
    ('Ν', 'N'),
    ('Ο', 'O'),
    ('Ρ', 'P'),
    ('Τ', 'T'),
    ('Υ', 'Y'),
    ('Χ', 'X'),
    ('α', 'a'),
    ('γ', 'y'),
    ('ι', 'i'),
    ('ν', 'v'),
    ('ο', 'o'),
    ('ρ', 'p'),
    ('σ', 'o'),
    ('τ', 't'),
    ('υ', 'u'),
    ('ϲ', 'c'),
    ('ϳ', 'j'),
    ('Ѕ', 'S'),
    ('І', 'I'),
    ('Ј', 'J'),
    ('А', 'A'),
    ('В', 'B'),
    ('Е', 'E'),
    ('К', 'K'),
    ('М', 'M'),
    ('Н', 'H'),
    ('О', 'O'),
    ('Р', 'P'),
    ('С', 'C'),
    ('Т', 'T'),
    ('У', 'Y'),
    ('Х', 'X'),
    ('а', 'a'),
    ('г', 'r'),
    ('е', 'e'),
    ('к', 'k'),
    ('о', 'o'),
    ('р', 'p'),
    ('с', 'c'),
    ('у', 'y'),
    ('х', 'x'),
    ('ѕ', 's'),
    ('і', 'i'),
    ('ј', 'j'),
    ('ѵ', 'v'),
    ('ү', 'y'),
    ('һ', 'h'),
    ('Ӏ', 'I'),
    ('ӏ', 'l'),
    ('ԁ', 'd'),
    ('ԛ', 'q'),
    ('Ԝ', 'W'),
    ('ԝ', 'w'),
    ('Լ', 'L'),
    ('Տ', 'S'),
    ('Օ', 'O'),
    ('հ', 'h'),
    ('յ', 'j'),
    ('ո', 'n'),
    ('ս', 'u'),
    ('ց', 'g'),
    ('ք', 'p'),
    ('օ', 'o'),
];

/// Latin small letters that are also Cyrillic ones to the eye.
const IN_CYRILLIC: &[char] = &[
    'a', 'c', 'e', 'o', 'p', 'x', 'y', 'A', 'B', 'C', 'E', 'H', 'K', 'M', 'O', 'P', 'T', 'X',
];

/// Beginnings and ends of formulas, whose Greek letters are what they look like.
const FORMULAS: &[&str] = &[
    "sin", "cos", "tan", "cot", "log", "exp", "lim", "max", "min", "mod", "var", "cov",
];

struct Word {
    letters: Vec<char>,
    range: std::ops::Range<usize>,
}

/// Looks at the seam of two scripts at `at`.
pub(super) fn look(rule: &Rule, window: &[u8], at: usize) -> Option<Found> {
    let word = word(window, at)?;
    let count = |wanted: Script| word.letters.iter().filter(|c| script(**c) == wanted).count();
    let all = word.letters.len();
    let latins = count(Script::Latin);
    let others = [
        (Script::Greek, count(Script::Greek)),
        (Script::Cyrillic, count(Script::Cyrillic)),
        (Script::Armenian, count(Script::Armenian)),
    ];
    let (other, foreign) = others.into_iter().max_by_key(|(_, count)| *count)?;
    if latins == 0 || foreign == 0 || latins.saturating_add(foreign) != all || all < 3 {
        return None;
    }
    let mapped: Option<String> = word
        .letters
        .iter()
        .map(|c| {
            if script(*c) == Script::Latin {
                Some(*c)
            } else {
                latin(*c)
            }
        })
        .collect();
    let known = mapped
        .as_ref()
        .is_some_and(|mapped| is_target(mapped.to_ascii_lowercase().as_bytes()));
    let severity = if known {
        Level::High
    } else if all < SHORTEST || other == Script::Greek && !within_small_letters(&word.letters) {
        return None;
    } else if mapped.is_some() && (latins >= foreign || other == Script::Armenian) {
        if is_ending(window, &word, other) {
            return None;
        }
        Level::Medium
    } else if other == Script::Cyrillic && foreign > latins && is_cyrillic_word(&word.letters) {
        Level::Low
    } else {
        return None;
    };
    let mut found = Found::new(rule, word.range);
    found.severity = severity;
    if !known {
        found.confidence = if severity == Level::Low {
            Level::Low
        } else {
            Level::Medium
        };
    }
    let shown: String = word.letters.iter().collect();
    let place = word
        .letters
        .iter()
        .find(|c| {
            script(**c)
                == if severity == Level::Low {
                    Script::Latin
                } else {
                    other
                }
        })
        .map_or(0, |c| u32::from(*c));
    found.shown = Some(format!("{} with U+{place:04X}", super::printable(&shown)));
    Some(found)
}

/// Returns the word around the seam, if this is its first seam.
fn word(window: &[u8], at: usize) -> Option<Word> {
    // A seam directly before this one is the first.
    let here = glyph(window, at)?;
    let before = glyph_before(window, at);
    let apart = |one: char, two: char| {
        let (one, two) = (script(one), script(two));
        one != two && one != Script::Other && two != Script::Other
    };
    if !here.escaped && before.is_some_and(|before| apart(before.character, here.character)) {
        return None;
    }
    let is_letter = |c: char| script(c) != Script::Other || c.is_alphabetic() && u32::from(c) < 0x590;
    let mut start = at;
    let mut back = 0_usize;
    while back < LETTERS
        && let Some(before) = glyph_before(window, start)
        && is_letter(before.character)
    {
        start = start.saturating_sub(before.length);
        back = back.saturating_add(1);
    }
    if back >= LETTERS {
        return None;
    }
    let mut letters = Vec::new();
    let mut end = start;
    let mut last: Option<Script> = None;
    let mut last_at = start;
    let mut seam = None;
    while letters.len() < LETTERS.saturating_mul(2)
        && let Some(next) = glyph(window, end)
        && is_letter(next.character)
    {
        let here = script(next.character);
        if seam.is_none()
            && last.is_some_and(|last| last != here && (last == Script::Latin || here == Script::Latin))
        {
            seam = Some((last_at, end));
        }
        last = Some(here);
        last_at = end;
        letters.push(next.character);
        end = end.saturating_add(next.length);
    }
    // The place found is the first letter at the seam, or an escape on either side of it.
    let (first, second) = seam?;
    let escaped = window.get(at) == Some(&b'\\');
    (first == at || escaped && second == at).then_some(Word {
        letters,
        range: start..end,
    })
}

/// Greek letters of formulas and of names in science stand at the ends of words and among capitals.
fn within_small_letters(letters: &[char]) -> bool {
    let lower: String = letters.iter().collect::<String>().to_ascii_lowercase();
    if FORMULAS
        .iter()
        .any(|part| lower.starts_with(part) || lower.ends_with(part))
    {
        return false;
    }
    let small = |place: Option<usize>| {
        place
            .and_then(|place| letters.get(place))
            .is_some_and(|c| c.is_ascii_lowercase() || script(*c) == Script::Greek)
    };
    let mut greek = letters
        .iter()
        .enumerate()
        .filter(|(_, c)| script(**c) == Script::Greek);
    let between = |place: usize| small(place.checked_sub(1)) && small(place.checked_add(1));
    let starts = |place: usize| {
        place == 0
            && letters.get(1).is_some_and(char::is_ascii_lowercase)
            && letters.first().is_some_and(|c| c.is_uppercase())
    };
    greek.any(|(place, c)| between(place) || matches!(c, 'ο' | 'ι') || starts(place))
}

/// Says whether the other script is only the ending of a Latin word in a sentence of that script, as in `Excelе`.
fn is_ending(window: &[u8], word: &Word, other: Script) -> bool {
    let ending = word
        .letters
        .iter()
        .rev()
        .take_while(|c| script(**c) == other)
        .count();
    let foreign = word.letters.iter().filter(|c| script(**c) == other).count();
    if ending != foreign || ending > 3 {
        return false;
    }
    let beside = |range: std::ops::Range<usize>| {
        let bytes = window.get(range).unwrap_or_default();
        let raw = bytes.iter().filter(|byte| matches!(byte, 0xce..=0xd6)).count();
        let spelled = bytes
            .windows(4)
            .filter(|start| matches!(start, [b'\\', b'u', b'0', b'3'..=b'5']))
            .count();
        raw.saturating_add(spelled) >= 3
    };
    beside(word.range.start.saturating_sub(BESIDE)..word.range.start)
        || beside(word.range.end..word.range.end.saturating_add(BESIDE).min(window.len()))
}

/// Bytes on either side in which the words around are looked at.
const BESIDE: usize = 40;

/// Says whether each Latin letter in a Cyrillic word stands in for a Cyrillic one.
fn is_cyrillic_word(letters: &[char]) -> bool {
    letters
        .iter()
        .filter(|c| script(**c) == Script::Latin)
        .all(|c| IN_CYRILLIC.contains(c))
        && letters.len() >= 5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(ALIKE.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
