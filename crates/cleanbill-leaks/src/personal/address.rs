//! Addresses of houses, by their structure: a number, a word for a street, and what follows. A town or postcode behind it makes
//! it surer; a street alone stays at low confidence.

use std::ops::Range;

use super::streets::{ENGLISH, FRENCH, PARTS, PREFIXES, RARE, RARE_PREFIXES, STREETS};
use crate::{numbers, rule::Level};

/// LIMIT: bytes of a name of a street that are read; a longer one is cut or not found.
const LONGEST_NAME: usize = 48;
/// LIMIT: bytes after a street in which a town or postcode is looked for.
const LONGEST_TOWN: usize = 64;
/// LIMIT: bytes before the number of a Chinese house that are read.
const LONGEST_CHINESE: usize = 96;

/// Looks at the end of a word for a street: `Via ` before a name, `aße ` behind one, `oulevard ` behind a number.
pub(crate) fn look(window: &[u8], at: usize, length: usize) -> Option<(Range<usize>, Level)> {
    let end = at.saturating_add(length);
    let word = window.get(at..end)?;
    if RARE_PREFIXES.iter().any(|rare| rare.as_bytes() == word) {
        let (start, stop) = after_name(window, at, end)?;
        let found = with_town(window, start, stop);
        // A word that is more often something else counts with a postcode only.
        return (found.1 > Level::Low).then_some(found);
    }
    let (start, stop) = if word.first()?.is_ascii_uppercase() || PREFIXES.contains(&word) {
        after_name(window, at, end)?
    } else if FRENCH.contains(&word) {
        // The blank before the whole word.
        let back = window.get(at.saturating_sub(2)..=at)?;
        let blank = back.iter().rev().position(|byte| *byte == b' ');
        let number = blank.and_then(|blank| number_before(window, at.saturating_sub(blank)));
        let stop = name(window, end)?;
        let Some(start) = number else {
            return unnumbered(window, at, stop);
        };
        (start, stop)
    } else {
        after_suffix(window, at, end)?
    };
    Some(with_town(window, start, stop))
}

/// Reads a French street without the number of a house, which counts with the postcode and the town behind it.
fn unnumbered(window: &[u8], at: usize, stop: usize) -> Option<(Range<usize>, Level)> {
    let rest = window.get(stop..)?.strip_prefix(b", ")?;
    let digits = rest
        .iter()
        .take(6)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let town = rest.get(digits..)?.strip_prefix(b" ")?.first()?;
    if digits != 5 || !(town.is_ascii_uppercase() || *town >= 0xc3) {
        return None;
    }
    let before = window.get(at.saturating_sub(8)..at)?;
    let letters = before
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_alphabetic())
        .count();
    let blank = usize::from(letters == 0 && window.get(at) == Some(&b' '));
    let start = at.saturating_sub(letters).saturating_add(blank);
    Some((start..stop.saturating_add(7), Level::Medium))
}

pub(super) fn with_town(window: &[u8], start: usize, stop: usize) -> (Range<usize>, Level) {
    let town = town(window, stop);
    let confidence = if town.is_some() { Level::Medium } else { Level::Low };
    (start..town.unwrap_or(stop), confidence)
}

/// Reads a number before the capitalised word at `at`, up to two more words, and one for a street.
pub(crate) fn english(window: &[u8], at: usize) -> Option<(Range<usize>, Level)> {
    let (before, [digit, b' ']) = window.get(..at)?.split_last_chunk::<2>()? else {
        return None;
    };
    if !digit.is_ascii_alphanumeric() {
        return None;
    }
    let length = before
        .iter()
        .rev()
        .take(8)
        .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-')
        .count();
    let end = at.saturating_sub(1);
    let mut start = before.len().saturating_sub(length);
    // An escape is no part of the number.
    if before.get(..start)?.ends_with(b"\\") && matches!(window.get(start), Some(b'n' | b'r' | b't')) {
        start = start.saturating_add(1);
    }
    let outer = start
        .checked_sub(1)
        .and_then(|before| window.get(before))
        .copied();
    let joined = outer.is_some_and(|byte| matches!(byte, b'$' | b'#' | b'_' | b'/' | b',' | b'.' | b'-'));
    if joined || !is_house(window.get(start..end)?) {
        return None;
    }
    let mut word_at = at;
    for index in 0..4 {
        let rest = window.get(word_at..)?;
        let length = rest
            .iter()
            .take(LONGEST_NAME)
            .take_while(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'\'' | b'-') || **byte >= 0x80)
            .count();
        let word = rest.get(..length)?;
        if !word.first()?.is_ascii_uppercase() {
            return None;
        }
        let mut stop = word_at.saturating_add(length);
        let next = window.get(stop.saturating_add(1)..);
        let more = window.get(stop) == Some(&b' ')
            && next.is_some_and(|next| ENGLISH.iter().any(|word| next.starts_with(word)));
        let usual = ENGLISH.contains(&word);
        if index > 0 && (usual || RARE.contains(&word)) && !more {
            if window.get(stop) == Some(&b'.') {
                stop = stop.saturating_add(1);
            }
            let found = with_town(window, start, stop);
            // A rare word counts with a postcode only.
            return (usual || found.1 > Level::Low).then_some(found);
        }
        if window.get(stop) == Some(&b'.') {
            stop = stop.saturating_add(1);
        }
        if window.get(stop) != Some(&b' ') {
            return None;
        }
        word_at = stop.saturating_add(1);
    }
    None
}

/// A number of a house: up to five digits and perhaps a letter, or two numbers with a dash.
fn is_house(word: &[u8]) -> bool {
    let digits = word.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let rest = word.get(digits..).unwrap_or_default();
    let value = word.get(..digits).and_then(numbers::decimal).unwrap_or(0);
    (1..=5).contains(&digits)
        && value > 0
        && match rest {
            [] => true,
            [letter] => letter.is_ascii_alphabetic(),
            [b'-' | b'/', more @ ..] => more.len() <= 4 && more.iter().all(u8::is_ascii_digit),
            _ => false,
        }
}

/// Returns where the number begins that stands directly before `at`, with a comma or `bis` between.
fn number_before(window: &[u8], at: usize) -> Option<usize> {
    let before = window.get(at.saturating_sub(16)..at)?;
    let trimmed = [&b" bis"[..], b" ter", b" bis,", b","]
        .iter()
        .find_map(|ending| before.strip_suffix(*ending))
        .unwrap_or(before);
    let length = trimmed
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_alphanumeric())
        .count();
    let word = trimmed.get(trimmed.len().saturating_sub(length)..)?;
    let outside = trimmed
        .get(..trimmed.len().saturating_sub(length))?
        .last()
        .copied();
    let start = at
        .saturating_sub(before.len().saturating_sub(trimmed.len()))
        .saturating_sub(length);
    let escaped = word.first() == Some(&b'n') && outside == Some(b'\\');
    if escaped {
        return is_house(word.get(1..)?).then(|| start.saturating_add(1));
    }
    (is_house(word) && !outside.is_some_and(|byte| matches!(byte, b'.' | b'-' | b'_' | b'/' | b',')))
        .then_some(start)
}

/// Returns where the words of a name end that begin at `at`: capitalised ones and small ones between them.
fn name(window: &[u8], at: usize) -> Option<usize> {
    let mut end = at;
    let mut last = None;
    for _ in 0..6 {
        let rest = window.get(end..)?;
        let length = rest
            .iter()
            .take(LONGEST_NAME)
            .take_while(|byte| {
                byte.is_ascii_alphabetic() || matches!(byte, b'\'' | b'-' | b'.') || **byte >= 0x80
            })
            .count();
        let word = rest.get(..length)?;
        let joins = [
            &b"de"[..],
            b"la",
            b"le",
            b"les",
            b"des",
            b"du",
            b"del",
            b"los",
            b"las",
            b"di",
            b"da",
            b"do",
            b"dos",
            b"delle",
            b"dei",
            b"della",
            b"van",
            b"der",
            b"den",
            b"y",
            b"e",
            b"et",
            b"sur",
        ];
        let capital =
            word.iter().any(u8::is_ascii_uppercase) || word.first().is_some_and(|byte| *byte >= 0xc3);
        if !capital && !joins.contains(&word) {
            break;
        }
        end = end.saturating_add(length);
        if capital {
            last = Some(if word.ends_with(b".") && window.get(end) != Some(&b' ') {
                end.saturating_sub(1)
            } else {
                end
            });
        }
        if window.get(end) != Some(&b' ') || end.saturating_sub(at) > LONGEST_NAME {
            break;
        }
        end = end.saturating_add(1);
    }
    last
}

/// Finds the number after a street whose word ends its name: `Hauptstraße 12`.
fn after_suffix(window: &[u8], at: usize, end: usize) -> Option<(usize, usize)> {
    // What stands before belongs to the name and begins with a capital.
    let before = window.get(at.saturating_sub(LONGEST_NAME)..at)?;
    let length = before
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_alphabetic() || **byte == b'-' || (0x80..0xe0).contains(*byte))
        .count();
    let mut start = at.saturating_sub(length);
    if window.get(..start)?.ends_with(b"\\") && window.get(start) == Some(&b'n') {
        start = start.saturating_add(1);
    }
    let first = window.get(start)?;
    if start == at || !(first.is_ascii_uppercase() || *first >= 0xc3) {
        return None;
    }
    Some((start, house_at(window, end)?))
}

/// Finds the number after a word for a street and its name: `Calle Mayor 5`.
fn after_name(window: &[u8], at: usize, end: usize) -> Option<(usize, usize)> {
    let before = at.checked_sub(1).and_then(|before| window.get(before));
    let escaped = window.get(..at)?.ends_with(b"\\n");
    if before.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte >= 0xc3 && *byte < 0xe0) && !escaped {
        return None;
    }
    let stop = name(window, end)?;
    let rest = window.get(stop..)?;
    let join = [
        ", nº ", ", n.º ", ", n. ", " No: ", " No:", ", No: ", " nr ", " n. ", ", ", " ",
    ]
    .iter()
    .find(|join| rest.starts_with(join.as_bytes()))?;
    Some((at, house_at(window, stop.saturating_add(join.len()))?))
}

/// Returns where the number of a house ends that begins at `number_at`.
fn house_at(window: &[u8], number_at: usize) -> Option<usize> {
    let rest = window.get(number_at..)?;
    let length = rest
        .iter()
        .take(8)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'/'))
        .count();
    let word = rest.get(..length)?;
    (word.first()?.is_ascii_digit() && is_house(word)).then(|| number_at.saturating_add(length))
}

/// Finds a town or a postcode behind a street and returns where it ends.
fn town(window: &[u8], stop: usize) -> Option<usize> {
    let rest = window.get(stop..stop.saturating_add(LONGEST_TOWN).min(window.len()))?;
    if !matches!(rest, [b',' | b' ' | b'\n', ..] | [b'\\', b'n', ..]) {
        return None;
    }
    let line = rest
        .iter()
        .skip(2)
        .position(|byte| {
            matches!(
                byte,
                b'\n' | b'"' | b'<' | b';' | b'\t' | b'|' | b'\\' | b'(' | b':'
            )
        })
        .map_or(rest.len(), |at| at.saturating_add(2));
    let text = rest.get(..line)?;
    postcode(text).map(|end| stop.saturating_add(end))
}

/// Finds the first postcode of some countries and returns where it ends: 4 to 6 digits, `SW1A 1AA`, `K1A 0B1`, `1012 AB`, `00-950`.
pub(super) fn postcode(text: &[u8]) -> Option<usize> {
    let mut at = 0_usize;
    while at < text.len() {
        let rest = text.get(at..)?;
        let length = rest
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric())
            .count();
        if length == 0 {
            at = at.saturating_add(1);
            continue;
        }
        let word = rest.get(..length)?;
        let digits = word.iter().filter(|byte| byte.is_ascii_digit()).count();
        let end = at.saturating_add(length);
        let next = rest.get(length.saturating_add(1)..).unwrap_or_default();
        let next_length = next
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric())
            .count();
        let next = next.get(..next_length)?;
        // `16337-939` and `8378JD`.
        if digits == 5
            && length == 5
            && rest.get(5) == Some(&b'-')
            && next.len() == 3
            && next.iter().all(u8::is_ascii_digit)
        {
            return Some(end.saturating_add(4));
        }
        if digits == 4 && length == 6 && matches!(word, [.., b'A'..=b'Z', b'A'..=b'Z']) {
            return Some(end);
        }
        if digits == length && matches!(length, 4..=6 | 8) {
            return Some(end);
        }
        if digits == 2
            && length == 2
            && rest.get(2) == Some(&b'-')
            && next.len() == 3
            && next.iter().all(u8::is_ascii_digit)
        {
            return Some(end.saturating_add(4));
        }
        let second =
            matches!(next, [digit, b'A'..=b'Z', b'A'..=b'Z' | b'0'..=b'9'] if digit.is_ascii_digit());
        if (1..=2).contains(&digits)
            && (2..=4).contains(&length)
            && word.first()?.is_ascii_uppercase()
            && second
            && rest.get(length) == Some(&b' ')
        {
            return Some(end.saturating_add(4));
        }
        at = end.saturating_add(1);
    }
    None
}

/// Reads the Chinese address that ends with the number of a house at `at`.
pub(crate) fn chinese(window: &[u8], at: usize) -> Option<(Range<usize>, Level)> {
    let before = window.get(..at)?;
    if !STREETS.iter().any(|street| before.ends_with(street.as_bytes())) {
        return None;
    }
    // Letters of Chinese only, three bytes each.
    let mut start = at;
    let mut parts = 0_u32;
    let mut first_part = None;
    while let Some((_, letter)) = window.get(..start)?.split_last_chunk::<3>() {
        if !matches!(letter, [0xe4..=0xe9, _, _]) || at.saturating_sub(start) > LONGEST_CHINESE {
            break;
        }
        start = start.saturating_sub(3);
        if PARTS.iter().any(|part| part.as_bytes() == letter) {
            parts = parts.saturating_add(1);
            first_part = Some(start);
        }
    }
    let letters = at.saturating_sub(start).checked_div(3)?;
    if letters < 3 {
        return None;
    }
    // Up to three letters before the outermost part are its name; what stands before is the sentence.
    let named = |part: usize| part.saturating_sub(9).max(start);
    let from = match first_part {
        Some(part) => {
            let from = named(part);
            let words = ["住在", "位于", "地址", "寄到", "送到", "住址"];
            words
                .iter()
                .filter_map(|word| {
                    memchr::memmem::rfind(window.get(start..part)?, word.as_bytes())
                        .map(|place| start.saturating_add(place).saturating_add(word.len()))
                })
                .max()
                .map_or(from, |after| after.max(from))
        }
        None => at.saturating_sub(15).max(start),
    };
    let digits = window
        .get(at..)?
        .iter()
        .take(6)
        .take_while(|byte| byte.is_ascii_digit() || **byte == b'-')
        .count();
    let mut end = at.saturating_add(digits).saturating_add(3);
    // Building, unit, room.
    for _ in 0..4 {
        let rest = window.get(end..)?;
        let digits = rest
            .iter()
            .take(5)
            .take_while(|byte| byte.is_ascii_alphanumeric())
            .count();
        let units = ["号楼", "栋", "幢", "单元", "室", "楼", "层", "座", "号"];
        let unit = units.iter().find(|unit| {
            rest.get(digits..)
                .is_some_and(|rest| rest.starts_with(unit.as_bytes()))
        });
        match unit {
            Some(unit) if digits > 0 => end = end.saturating_add(digits).saturating_add(unit.len()),
            _ => break,
        }
    }
    let confidence = if parts > 0 { Level::Medium } else { Level::Low };
    Some((from..end, confidence))
}

#[cfg(test)]
#[expect(
    clippy::string_slice,
    reason = "a test that slices wrongly fails, as it should"
)]
mod tests {
    use super::*;

    #[test]
    fn streets_with_numbers_are_read() {
        let check = |text: &str, word: &str| {
            let at = text.find(word).unwrap();
            let found = if word.len() > 1 {
                look(text.as_bytes(), at, word.len())
            } else {
                english(text.as_bytes(), at)
            };
            found.map(|(range, level)| (text[range].to_owned(), level))
        };
        let (low, medium) = (Level::Low, Level::Medium);
        for (text, word, expected, level) in [
            (
                "at 1482 Maple Grove Avenue, Springfield, IL 62704.",
                "M",
                "1482 Maple Grove Avenue, Springfield, IL 62704",
                medium,
            ),
            (
                "27 Mill Lane, Leeds LS1 4DY",
                "M",
                "27 Mill Lane, Leeds LS1 4DY",
                medium,
            ),
            ("see 9 Elm Street", "E", "9 Elm Street", low),
            (
                "14 rue de la Paix, 75002 Paris",
                " rue ",
                "14 rue de la Paix, 75002",
                medium,
            ),
            (
                "14, boulevard Voltaire",
                "oulevard ",
                "14, boulevard Voltaire",
                low,
            ),
            (
                "Hauptstraße 12b, 10115 Berlin",
                "aße ",
                "Hauptstraße 12b, 10115",
                medium,
            ),
            (
                "Calle Mayor 15, 28013 Madrid",
                "Calle ",
                "Calle Mayor 15, 28013",
                medium,
            ),
        ] {
            assert_eq!(check(text, word), Some((expected.to_owned(), level)), "{text}");
        }
        for (text, word) in [
            ("Wall Street fell", "W"),
            ("in 1271 Silk Worms", "S"),
            ("ein weg 12", "weg "),
            ("an average venue ", "venue "),
        ] {
            assert_eq!(check(text, word), None, "{text}");
        }
    }

    #[test]
    fn chinese_addresses_end_with_a_room() {
        let text = "我住在北京市朝阳区建国路88号2号楼301室，欢迎";
        let at = text.find("88").unwrap();
        let (range, level) = chinese(text.as_bytes(), at).unwrap();
        assert_eq!(
            (&text[range], level),
            ("北京市朝阳区建国路88号2号楼301室", Level::Medium)
        );
        let text = "编号为88号";
        assert_eq!(chinese(text.as_bytes(), text.find("88").unwrap()), None);
    }
}
