//! Addresses of houses, by their structure: a number, a word for a street, and what follows. A town or postcode behind it makes
//! it surer; a street alone stays at low confidence.

use std::ops::Range;

use crate::{numbers, rule::Level};

/// LIMIT: bytes of a name of a street that are read; a longer one is cut or not found.
const LONGEST_NAME: usize = 48;
/// LIMIT: bytes after a street in which a town or postcode is looked for.
const LONGEST_TOWN: usize = 64;
/// LIMIT: bytes before the number of a Chinese house that are read.
const LONGEST_CHINESE: usize = 96;

/// Looks at a word for a street: `named` says that the number stands after it.
pub(crate) fn look(window: &[u8], at: usize, length: usize, named: bool) -> Option<(Range<usize>, Level)> {
    let end = at.saturating_add(length);
    let word = window.get(at..end)?;
    let (start, stop) = if named {
        after(window, at, end)?
    } else if word.get(1).is_some_and(u8::is_ascii_lowercase) {
        // `12 rue ...`
        let start = number_before(window, at)?;
        let name = name(window, end)?;
        (start, name)
    } else {
        (english(window, at)?, word_end(window, end)?)
    };
    let town = town(window, stop);
    let confidence = if town.is_some() { Level::Medium } else { Level::Low };
    Some((start..town.unwrap_or(stop), confidence))
}

/// Returns where the word ends that was found by its start: nothing more, a dot, or `s`.
fn word_end(window: &[u8], end: usize) -> Option<usize> {
    match window.get(end) {
        Some(b'.') => Some(end.saturating_add(1)),
        Some(byte) if byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0xc3 && *byte < 0xe0 => None,
        _ => Some(end),
    }
}

/// Returns where the number begins before one to three capitalised words that end at `at`.
fn english(window: &[u8], at: usize) -> Option<usize> {
    let mut end = at;
    for _ in 0..4 {
        let before = window.get(end.saturating_sub(LONGEST_NAME)..end)?;
        let length = before
            .iter()
            .rev()
            .take_while(|byte| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'\'' | b'-') || **byte >= 0x80
            })
            .count();
        let mut start = end.saturating_sub(length);
        // An escape is no part of the word.
        if window.get(..start)?.ends_with(b"\\") && matches!(window.get(start), Some(b'n' | b'r' | b't')) {
            start = start.saturating_add(1);
        }
        let word = window.get(start..end)?;
        if word.first()?.is_ascii_digit() && is_house(word) && end < at {
            let outer = start
                .checked_sub(1)
                .and_then(|before| window.get(before))
                .copied();
            let joined = outer.is_some_and(|byte| matches!(byte, b'$' | b'#' | b'_' | b'/' | b','));
            return (!joined).then_some(start);
        }
        let ordinal = word.first()?.is_ascii_digit()
            && [&b"st"[..], b"nd", b"rd", b"th"]
                .iter()
                .any(|ending| word.ends_with(ending));
        if !(word.first()?.is_ascii_uppercase() || ordinal)
            || window.get(start.checked_sub(1)?) != Some(&b' ')
        {
            return None;
        }
        end = start.saturating_sub(1);
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
            [b'-', more @ ..] => more.len() <= 4 && more.iter().all(u8::is_ascii_digit),
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

/// Finds the number after a street: `Calle Mayor 5`, `Hauptstraße 12`; returns where the address begins and ends.
fn after(window: &[u8], at: usize, end: usize) -> Option<(usize, usize)> {
    let word = window.get(at..end)?;
    let suffix = word.first()?.is_ascii_lowercase() && word != b"ul. ";
    let (start, number_at) = if suffix {
        // The word ends the name: what stands before belongs to it and begins with a capital.
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
        (start, end)
    } else {
        let before = at.checked_sub(1).and_then(|before| window.get(before));
        let escaped = window.get(..at)?.ends_with(b"\\n");
        if before.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte >= 0xc3 && *byte < 0xe0)
            && !escaped
        {
            return None;
        }
        let stop = name(window, end)?;
        let rest = window.get(stop..)?;
        let join = [
            ", nº ", ", n.º ", ", n. ", " No: ", " No:", ", No: ", " nr ", " n. ", ", ", " ",
        ]
        .iter()
        .find(|join| rest.starts_with(join.as_bytes()))?;
        (at, stop.saturating_add(join.len()))
    };
    let rest = window.get(number_at..)?;
    let length = rest
        .iter()
        .take(8)
        .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-')
        .count();
    let word = rest.get(..length)?;
    // `12b\n` in quoted text.
    let stop = number_at.saturating_add(length);
    (word.first()?.is_ascii_digit() && is_house(word)).then_some((start, stop))
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
fn postcode(text: &[u8]) -> Option<usize> {
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
        if digits == length && (4..=6).contains(&length) {
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

/// Words for the parts of a Chinese address, from the street outwards.
const STREETS: &[&str] = &["路", "街", "道", "巷", "弄", "胡同", "里", "村", "大街", "大道"];
const PARTS: &[&str] = &["省", "市", "区", "县", "镇", "乡", "州", "盟", "旗"];

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
        for (text, word, named, expected, level) in [
            (
                "at 1482 Maple Grove Avenue, Springfield, IL 62704.",
                " Avenue",
                false,
                "1482 Maple Grove Avenue, Springfield, IL 62704",
                Level::Medium,
            ),
            (
                "27 Mill Lane, Leeds LS1 4DY",
                " Lane",
                false,
                "27 Mill Lane, Leeds LS1 4DY",
                Level::Medium,
            ),
            ("see 9 Elm Street", " Street", false, "9 Elm Street", Level::Low),
            (
                "14 rue de la Paix, 75002 Paris",
                " rue ",
                false,
                "14 rue de la Paix, 75002",
                Level::Medium,
            ),
            (
                "Hauptstraße 12b, 10115 Berlin",
                "straße ",
                true,
                "Hauptstraße 12b, 10115",
                Level::Medium,
            ),
            (
                "Calle Mayor 15, 28013 Madrid",
                "Calle ",
                true,
                "Calle Mayor 15, 28013",
                Level::Medium,
            ),
        ] {
            let at = text.find(word).unwrap();
            let found = look(text.as_bytes(), at, word.len(), named);
            let found = found.map(|(range, level)| (text[range].to_owned(), level));
            assert_eq!(found, Some((expected.to_owned(), level)), "{text}");
        }
        for (text, word, named) in [
            ("Wall Street fell", " Street", false),
            ("the Silk Road in 1271", " Road", false),
            ("ein weg 12", "weg ", true),
        ] {
            let at = text.find(word).unwrap();
            assert_eq!(look(text.as_bytes(), at, word.len(), named), None, "{text}");
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
