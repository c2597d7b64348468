//! Days of birth: a day that exists, after a word that says so.

use std::ops::Range;

use crate::{
    numbers::{decimal, is_date},
    rule::Level,
};

/// Farthest that the day may stand after its word.
const REACH: usize = 32;
/// Longest day that is written with Chinese units.
const LONGEST_DAY: usize = 20;
/// Longest name of a month.
const LONGEST_MONTH: usize = 14;

/// How names of months begin, in eleven languages, in small letters.
const MONTHS: &[(&str, u64)] = &[
    ("jan", 1),
    ("feb", 2),
    ("mar", 3),
    ("apr", 4),
    ("may", 5),
    ("jun", 6),
    ("jul", 7),
    ("aug", 8),
    ("sep", 9),
    ("oct", 10),
    ("nov", 11),
    ("dec", 12),
    ("mär", 3),
    ("mai", 5),
    ("okt", 10),
    ("dez", 12),
    ("fév", 2),
    ("avr", 4),
    ("juin", 6),
    ("juil", 7),
    ("aoû", 8),
    ("aou", 8),
    ("déc", 12),
    ("ene", 1),
    ("abr", 4),
    ("ago", 8),
    ("dic", 12),
    ("gen", 1),
    ("mag", 5),
    ("giu", 6),
    ("lug", 7),
    ("set", 9),
    ("ott", 10),
    ("maa", 3),
    ("mrt", 3),
    ("mei", 5),
    ("sty", 1),
    ("lut", 2),
    ("kwi", 4),
    ("maj", 5),
    ("cze", 6),
    ("lip", 7),
    ("sie", 8),
    ("wrz", 9),
    ("paź", 10),
    ("lis", 11),
    ("gru", 12),
    ("fev", 2),
    ("out", 10),
    ("oca", 1),
    ("şub", 2),
    ("nis", 4),
    ("haz", 6),
    ("tem", 7),
    ("ağu", 8),
    ("eyl", 9),
    ("eki", 10),
    ("kas", 11),
    ("ara", 12),
];

/// Finds the day after the word at `at`, which is `length` bytes long.
pub(crate) fn look(window: &[u8], at: usize, length: usize) -> Option<(Range<usize>, Level)> {
    let end = at.saturating_add(length);
    let word = window.get(at..end)?;
    // `dob` within another word is none.
    if word.is_ascii() {
        let letter = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphabetic);
        let before = at.checked_sub(1).and_then(|before| window.get(before));
        let escaped = window.get(..at)?.ends_with(b"\\n");
        let joined = letter(before) && !escaped && word.len() < 5;
        if joined && !word.first().is_some_and(u8::is_ascii_uppercase)
            || letter(word.last()) && letter(window.get(end))
        {
            return None;
        }
    }
    // In Chinese and Japanese the word may stand behind the day.
    if !word.is_ascii()
        && let Some(start) = day_before(window, at)
    {
        return Some((start..at, Level::High));
    }
    let rest = window.get(end..)?;
    for skip in 0..=REACH.min(rest.len()) {
        let start = end.saturating_add(skip);
        let here = window.get(start)?;
        if matches!(here, b'\n' | b'\r' | b';' | b'{' | b'}') || here == &b'.' && skip > 2 {
            return None;
        }
        let before = start.checked_sub(1).and_then(|before| window.get(before));
        let begins = !before.is_some_and(u8::is_ascii_alphanumeric);
        if here.is_ascii_digit() {
            let length = day(window.get(start..)?)?;
            return Some((start..start.saturating_add(length), Level::High));
        }
        if begins
            && here.is_ascii_alphabetic()
            && let Some(length) = month_first(window.get(start..)?)
        {
            return Some((start..start.saturating_add(length), Level::High));
        }
    }
    None
}

/// Finds the day whose first number stands at `start`, where the name of the field is to tell of a birth.
pub(crate) fn around(window: &[u8], start: usize) -> Option<Range<usize>> {
    let rest = window.get(start..)?;
    let digits = rest
        .iter()
        .take(9)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let next = rest.get(digits).copied();
    match (digits, next) {
        (1 | 2, Some(b',' | b' ')) => {
            let before = window.get(start.saturating_sub(LONGEST_MONTH)..start)?;
            let before = before.strip_suffix(b" ").unwrap_or_default();
            let before = before.strip_suffix(b".").unwrap_or(before);
            let letters = before
                .iter()
                .rev()
                .take_while(|byte| byte.is_ascii_alphabetic())
                .count();
            let end = start
                .saturating_sub(LONGEST_MONTH.min(start))
                .saturating_add(before.len());
            let from = end.saturating_sub(letters);
            if letters > 2
                && let Some(length) = month_first(window.get(from..)?)
            {
                return Some(from..from.saturating_add(length));
            }
        }
        (8, _) | (1 | 2 | 4, Some(b'-' | b'/' | b'.' | 0xe5 | 0xeb)) => {}
        _ => return None,
    }
    Some(start..start.saturating_add(day(rest)?))
}

/// Returns where the day begins that ends at `end`.
fn day_before(window: &[u8], end: usize) -> Option<usize> {
    let before = window.get(end.saturating_sub(LONGEST_DAY)..end)?;
    let base = end.saturating_sub(before.len());
    let is_part = |index: &usize| {
        let rest = before.get(*index..).unwrap_or_default();
        rest.first().is_some_and(u8::is_ascii_digit)
            && !index
                .checked_sub(1)
                .and_then(|last| before.get(last))
                .is_some_and(u8::is_ascii_digit)
    };
    (0..before.len())
        .filter(is_part)
        .find(|index| {
            before
                .get(*index..)
                .and_then(day)
                .is_some_and(|length| index.saturating_add(length) == before.len())
        })
        .map(|index| base.saturating_add(index))
}

/// Reads up to `most` digits and returns the number with how many there are.
fn number(text: &[u8], most: usize) -> Option<(u64, usize)> {
    let digits = text
        .iter()
        .take(most.saturating_add(1))
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    if digits > most {
        return None;
    }
    Some((decimal(text.get(..digits)?)?, digits))
}

/// Counts signs between the parts of a day: one sign or Chinese unit, blanks.
fn gap(text: &[u8]) -> usize {
    let units = ["年", "月", "日", "년", "월", "일"];
    let unit = units
        .iter()
        .find(|unit| text.starts_with(unit.as_bytes()))
        .map_or(0, |unit| unit.len());
    let sign = usize::from(unit == 0 && matches!(text.first(), Some(b'-' | b'.' | b'/' | b',')));
    let taken = unit.saturating_add(sign);
    let blanks = text
        .get(taken..)
        .unwrap_or_default()
        .iter()
        .take(2)
        .take_while(|byte| **byte == b' ')
        .count();
    taken.saturating_add(blanks)
}

/// Reads a day that begins with a digit and returns its length.
fn day(text: &[u8]) -> Option<usize> {
    if let Some((whole, 8)) = number(text, 8) {
        let (year, month, day) = (
            whole.checked_div(10_000)?,
            whole.checked_div(100)? % 100,
            whole % 100,
        );
        return (is_date(year, month, day) && is_last(text, 8)).then_some(8);
    }
    let (first, first_length) = number(text, 4)?;
    let rest = text.get(first_length..)?;
    // `17th May 1990`, `17. Mai 1990`, `17 de mayo de 1990`.
    let ordinal = ["st ", "nd ", "rd ", "th ", "er ", ". ", " de ", " "]
        .iter()
        .find(|ordinal| rest.starts_with(ordinal.as_bytes()))
        .map_or(0, |ordinal| ordinal.len());
    let mut at = first_length.saturating_add(ordinal);
    if ordinal > 0 && text.get(at..)?.starts_with(b"of ") {
        at = at.saturating_add(3);
    }
    if ordinal > 0
        && let Some((month, name)) = month(text.get(at..)?)
    {
        at = at.saturating_add(name);
        let join = [" de ", " del ", ", ", ". ", " "];
        let after = text.get(at..)?;
        let join = join.iter().find(|join| after.starts_with(join.as_bytes()))?.len();
        at = at.saturating_add(join);
        let (year, digits) = number(text.get(at..)?, 4)?;
        let end = at.saturating_add(digits);
        return (is_date(year, month, first) && is_last(text, end)).then_some(end);
    }
    let mut at = first_length;
    let sign = text.get(at..)?.first().copied();
    let skip = gap(text.get(at..)?);
    if skip == 0 {
        return None;
    }
    at = at.saturating_add(skip);
    let (second, digits) = number(text.get(at..)?, 2)?;
    at = at.saturating_add(digits);
    let skip = gap(text.get(at..)?);
    let same = text.get(at).copied() == sign || sign.is_some_and(|sign| sign >= 0x80);
    if skip == 0 || !same {
        return None;
    }
    at = at.saturating_add(skip);
    let (third, digits) = number(text.get(at..)?, 4)?;
    at = at.saturating_add(digits);
    let known = if first_length == 4 {
        is_date(first, second, third)
    } else if digits == 4 {
        is_date(third, second, first) || is_date(third, first, second)
    } else {
        digits == 2 && first_length <= 2 && {
            let year = third.saturating_add(1900);
            is_date(year, second, first) || is_date(year, first, second)
        }
    };
    let unit = ["日", "일"]
        .iter()
        .find(|unit| {
            text.get(at..)
                .is_some_and(|rest| rest.starts_with(unit.as_bytes()))
        })
        .map_or(0, |unit| unit.len());
    let end = at.saturating_add(unit);
    (known && is_last(text, end)).then_some(end)
}

/// Reads `May 17, 1990` and returns its length.
fn month_first(text: &[u8]) -> Option<usize> {
    let (month, mut at) = month(text)?;
    if text.get(at) == Some(&b'.') {
        at = at.saturating_add(1);
    }
    if text.get(at) != Some(&b' ') {
        return None;
    }
    at = at.saturating_add(1);
    let (day, digits) = number(text.get(at..)?, 2)?;
    at = at.saturating_add(digits);
    let after = text.get(at..)?;
    let join = ["st, ", "nd, ", "rd, ", "th, ", ", ", " "];
    at = at.saturating_add(join.iter().find(|join| after.starts_with(join.as_bytes()))?.len());
    let (year, digits) = number(text.get(at..)?, 4)?;
    let end = at.saturating_add(digits);
    (is_date(year, month, day) && is_last(text, end)).then_some(end)
}

/// Reads the name of a month and returns the month and the length of the name.
fn month(text: &[u8]) -> Option<(u64, usize)> {
    let length = text
        .iter()
        .take(LONGEST_MONTH)
        .take_while(|byte| byte.is_ascii_alphabetic() || **byte >= 0x80)
        .count();
    let name = std::str::from_utf8(text.get(..length)?).ok()?.to_lowercase();
    let month = MONTHS.iter().find(|(start, _)| name.starts_with(start))?.1;
    Some((month, length))
}

fn is_last(text: &[u8], end: usize) -> bool {
    !text.get(end).is_some_and(u8::is_ascii_digit)
}

#[cfg(test)]
#[expect(
    clippy::string_slice,
    reason = "a test that slices wrongly fails, as it should"
)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_found_around_its_number_and_before_its_word() {
        for (text, at, day) in [
            ("x,1990-05-17,y", 2, "1990-05-17"),
            ("\"August 16, 1969\"", 8, "August 16, 1969"),
            ("<td>17 May 1990", 4, "17 May 1990"),
        ] {
            let range = around(text.as_bytes(), at).unwrap();
            assert_eq!(&text[range], day);
        }
        assert_eq!(around(b"12.5 kg", 0), None);
        let text = "他是1987年12月03日出生的";
        let at = text.find("出生").unwrap();
        let (range, _) = look(text.as_bytes(), at, 6).unwrap();
        assert_eq!(&text[range], "1987年12月03日");
    }

    #[test]
    fn days_are_read_as_people_write_them() {
        for text in [
            "1990-05-17",
            "17.05.1990",
            "05/17/1990",
            "17/5/90",
            "19900517",
            "1990年5月17日",
            "17 May 1990",
            "17th of May 1990",
            "17 de mayo de 1990",
            "17. Mai 1990",
            "17 février 1990",
            "May 17, 1990",
            "Sept. 17, 1990",
        ] {
            let line = format!("DOB: {text}, x");
            let found = look(line.as_bytes(), 0, 3).map(|(range, _)| line[range].to_owned());
            assert_eq!(found.as_deref(), Some(text));
        }
        for text in [
            "1990-13-17",
            "31.02.1990",
            "1790-05-17",
            "1.2.3",
            "17 apples 1990",
            "2.5.19901",
        ] {
            assert_eq!(look(format!("dob {text}").as_bytes(), 0, 3), None, "{text}");
        }
    }
}
