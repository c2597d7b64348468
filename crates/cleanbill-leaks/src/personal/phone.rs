//! Telephone numbers: international ones by their form (E.164), those of some countries by theirs, all others only behind a word
//! that says so. Ten digits alone are never one.

use std::ops::Range;

use crate::numbers::{decimal, is_made_up};

/// How sure the form alone makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sure {
    /// `+` and the code of a country.
    Known,
    /// A form that one country uses and little else.
    Likely,
    /// Only with a word before it.
    Named,
}

/// A number that may be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Phone {
    pub(crate) range: Range<usize>,
    pub(crate) sure: Sure,
}

/// Farthest that a number may stand after its word.
pub(crate) const REACH: usize = 28;
/// Most digits of a number (E.164).
const MOST_DIGITS: usize = 15;
/// Fewest digits of a number that is called within a country.
const FEWEST_DIGITS: usize = 7;
/// LIMIT: bytes of a number with its signs; the rest is not read.
const LONGEST: usize = 28;

/// Codes of countries (E.164) of two digits; 1 and 7 have one, all others three.
const TWO_DIGITS: &[u64] = &[
    20, 27, 30, 31, 32, 33, 34, 36, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49, 51, 52, 53, 54, 55, 56, 57, 58,
    60, 61, 62, 63, 64, 65, 66, 81, 82, 84, 86, 90, 91, 92, 93, 94, 95, 98,
];

/// LIMIT: groups of digits of one number; one of more is none.
const MOST_GROUPS: usize = 8;

#[derive(Default)]
struct Parsed {
    digits: [u8; MOST_DIGITS],
    count: usize,
    groups: [usize; MOST_GROUPS],
    signs: [u8; MOST_GROUPS],
    parts: usize,
    end: usize,
}

impl Parsed {
    fn digits(&self) -> &[u8] {
        self.digits.get(..self.count).unwrap_or_default()
    }

    fn groups(&self) -> &[usize] {
        self.groups.get(..self.parts).unwrap_or_default()
    }

    fn signs(&self) -> &[u8] {
        self.signs.get(..self.parts.saturating_sub(1)).unwrap_or_default()
    }
}

/// Reads the number whose first digit stands at `start`.
pub(crate) fn read(window: &[u8], start: usize) -> Option<Phone> {
    if !window.get(start).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let before = window.get(..start)?;
    let plus = before.ends_with(b"+") || before.ends_with(b"(+");
    let bracket = before.ends_with(b"(");
    let last = before.last().copied();
    if !plus && !bracket && !may_begin(before, last) {
        return None;
    }
    let parsed = parse(window, start, bracket || before.ends_with(b"(+"))?;
    let digits = parsed.digits();
    if digits.len() < FEWEST_DIGITS || is_stand_in(digits) || is_fiction(digits) {
        return None;
    }
    // A decimal number with its sign.
    if plus && matches!(parsed.signs(), [b'.']) {
        return None;
    }
    if plus {
        let sign = start.checked_sub(if before.ends_with(b"(+") { 2 } else { 1 })?;
        let outer = sign.checked_sub(1).and_then(|at| window.get(at)).copied();
        let joined = outer
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b')' | b'+' | b'_' | b'='));
        // `a=+49...` is an assignment of a number, `tel=+49...` one of a telephone: both may be dialled.
        let escaped = matches!(window.get(..sign), Some([.., b'\\', b'n' | b'r' | b't']));
        let joined = joined && !escaped && outer != Some(b'=');
        return (!joined && is_international(digits)).then_some(Phone {
            range: sign..parsed.end,
            sure: Sure::Known,
        });
    }
    let from = if bracket { start.saturating_sub(1) } else { start };
    let sure = national(window, from, &parsed, bracket)?;
    Some(Phone {
        range: from..parsed.end,
        sure,
    })
}

fn may_begin(before: &[u8], last: Option<u8>) -> bool {
    let escaped = matches!(before, [.., b'\\', b'n' | b'r' | b't']);
    let blank_digit =
        matches!(before, [.., digit, b' ' | b'.' | b',' | b'/' | b'-'] if digit.is_ascii_digit());
    escaped
        || !blank_digit
            && !last.is_some_and(|byte| {
                byte.is_ascii_alphanumeric()
                    || matches!(byte, b'_' | b'-' | b'.' | b'/' | b'$' | b'#' | b'%' | b'&')
            })
}

/// Reads digits with at most two signs between groups.
fn parse(window: &[u8], start: usize, opened: bool) -> Option<Parsed> {
    let mut parsed = Parsed {
        end: start,
        ..Parsed::default()
    };
    let mut at = start;
    let mut depth = i32::from(opened);
    loop {
        let rest = window.get(at..)?;
        let run = rest
            .iter()
            .take(LONGEST)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if run == 0 {
            break;
        }
        let filled = parsed.count.saturating_add(run);
        parsed
            .digits
            .get_mut(parsed.count..filled)?
            .copy_from_slice(rest.get(..run)?);
        parsed.count = filled;
        *parsed.groups.get_mut(parsed.parts)? = run;
        at = at.saturating_add(run);
        parsed.end = at;
        if at.saturating_sub(start) > LONGEST {
            return None;
        }
        let mut skip = 0_usize;
        while let Some(sign) = window.get(at.saturating_add(skip)).copied() {
            match sign {
                b' ' | b'-' | b'.' | b'/' => {}
                b'(' if depth == 0 => depth = 1,
                b')' if depth == 1 => depth = 0,
                _ => break,
            }
            skip = skip.saturating_add(1);
            if skip > 2 {
                break;
            }
        }
        if skip == 0
            || skip > 2
            || !window
                .get(at.saturating_add(skip))
                .is_some_and(u8::is_ascii_digit)
        {
            break;
        }
        *parsed.signs.get_mut(parsed.parts)? = window.get(at).copied().unwrap_or(0);
        parsed.parts = parsed.parts.saturating_add(1);
        at = at.saturating_add(skip);
    }
    parsed.parts = parsed.parts.saturating_add(1);
    let next = window.get(parsed.end);
    // An extension.
    let more = window.get(parsed.end.saturating_add(1));
    let extension = next == Some(&b'x') && more.is_some_and(u8::is_ascii_digit) && parsed.count >= 10;
    let joined = !extension
        && next.is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'@' | b'%'));
    (!joined && depth == 0).then_some(parsed)
}

fn is_international(digits: &[u8]) -> bool {
    let start = |count: usize| digits.get(..count).and_then(decimal).unwrap_or(0);
    let code = match start(1) {
        1 => return digits.get(1..).is_some_and(is_north_american),
        7 => return digits.len() == 11 && matches!(digits.get(1), Some(b'3'..=b'9')),
        0 => return false,
        _ if TWO_DIGITS.contains(&start(2)) => start(2),
        _ if matches!(start(2), 21..=29 | 35 | 37 | 38 | 42 | 50 | 59 | 67..=69 | 80 | 85 | 87 | 88 | 96 | 97 | 99) => {
            start(3)
        }
        _ => return false,
    };
    let fits = match code {
        86 => match digits.get(2) {
            Some(b'1') => {
                digits.len() == 13 && is_chinese_mobile(digits.get(2..).unwrap_or_default())
                    || matches!(digits.get(3), Some(b'0')) && digits.len() == 12
            }
            _ => (11..=13).contains(&digits.len()),
        },
        44 | 91 | 90 | 98 => digits.len() == 12 || code == 44 && digits.len() == 13,
        33 | 34 | 48 | 61 => digits.len() == 11 || code == 33 && digits.len() == 12,
        49 | 43 | 39 => digits.len() >= 8,
        _ => digits.len() >= 9 || code >= 200 && digits.len() >= 10,
    };
    fits && digits.len() >= 8
}

/// Ten digits of the North American plan.
fn is_north_american(digits: &[u8]) -> bool {
    let Some((area, rest)) = digits.split_at_checked(3).filter(|_| digits.len() == 10) else {
        return false;
    };
    let given = |code: &[u8]| matches!(code.first(), Some(b'2'..=b'9')) && !code.ends_with(b"11");
    given(area)
        && area != b"555"
        && rest.get(..3).is_some_and(given)
        // Numbers for films.
        && !rest.starts_with(b"55501")
}

/// Eleven digits of a mobile telephone in mainland China.
fn is_chinese_mobile(digits: &[u8]) -> bool {
    digits.len() == 11
        && match digits {
            [b'1', b'3' | b'8', ..] => true,
            [b'1', b'4', third, ..] => matches!(third, b'0' | b'1' | b'4'..=b'9'),
            [b'1', b'5' | b'9', third, ..] => *third != b'4',
            [b'1', b'6', third, ..] => matches!(third, b'2' | b'5' | b'6' | b'7'),
            [b'1', b'7', third, ..] => *third != b'9',
            _ => false,
        }
}

/// Says whether digits were written to stand in for a number. In China digits that climb are sold, so that only the examples that
/// everybody writes are known there.
fn is_stand_in(digits: &[u8]) -> bool {
    let mobile = digits.strip_prefix(b"86").unwrap_or(digits);
    if !is_chinese_mobile(mobile) {
        return is_made_up(digits);
    }
    let last = mobile.get(3..).unwrap_or_default();
    let one = last
        .first()
        .is_some_and(|first| last.iter().all(|digit| digit == first));
    one || last == b"12345678" || matches!(mobile, b"13800138000" | b"13123456789" | b"13987654321")
}

/// Numbers that regulators keep for films and books.
fn is_fiction(digits: &[u8]) -> bool {
    let local = digits
        .strip_prefix(b"44")
        .or_else(|| digits.strip_prefix(b"0"))
        .unwrap_or(digits);
    let kept = [
        &b"7700900"[..],
        b"2079460",
        b"1632960",
        b"8081570",
        b"3069990",
        b"1134960",
        b"1214960",
    ];
    kept.iter().any(|start| local.starts_with(start))
}

fn national(window: &[u8], from: usize, parsed: &Parsed, bracket: bool) -> Option<Sure> {
    let digits = parsed.digits();
    let signs = parsed.signs();
    let same = |sign: u8| signs.iter().all(|one| *one == sign);
    let form = parsed.groups();
    let likely = match form {
        [3, 3, 4] => (bracket || same(b'-')) && is_north_american(digits),
        [1, 3, 3, 4] => {
            digits.first() == Some(&b'1')
                && (same(b'-') || signs.get(1) == Some(&b')'))
                && digits.get(1..).is_some_and(is_north_american)
        }
        [11] | [3, 4, 4] => {
            is_chinese_mobile(digits)
                && (form.len() == 3 && (same(b'-') || same(b' '))
                    || is_chinese_text(window, from, parsed.end))
        }
        [3 | 4, 7 | 8] => {
            digits.first() == Some(&b'0')
                && same(b'-')
                && digits.get(1) != Some(&b'0')
                && is_chinese_text(window, from, parsed.end)
        }
        [2, 2, 2, 2, 2] => {
            matches!(digits, [b'0', b'1'..=b'9', ..]) && (same(b' ') || same(b'.') || same(b'-'))
        }
        _ => false,
    };
    if likely {
        return Some(Sure::Likely);
    }
    // A date is no telephone.
    let date = matches!(form, [4, 1 | 2, 2] | [1 | 2, 2, 4] | [4, 2, 1]);
    // Nor is a decimal number, or what is written as an American social security number.
    let decimal = matches!(signs, [b'.']);
    let social = form == [3, 2, 4] && same(b'-');
    let plausible = form.len() > 1 || digits.first() == Some(&b'0') || matches!(digits.len(), 7..=12);
    (plausible && !date && !decimal && !social && digits.len() <= 13).then_some(Sure::Named)
}

/// Chinese, Japanese or Korean letters stand near.
fn is_chinese_text(window: &[u8], from: usize, to: usize) -> bool {
    let before = window.get(from.saturating_sub(16)..from).unwrap_or_default();
    let after = window
        .get(to..to.saturating_add(8).min(window.len()))
        .unwrap_or_default();
    before.iter().chain(after).any(|byte| matches!(byte, 0xe3..=0xe9))
}

#[cfg(test)]
#[expect(
    clippy::string_slice,
    reason = "a test that slices wrongly fails, as it should"
)]
mod tests {
    use super::*;

    fn check(text: &str) -> Option<(String, Sure)> {
        let start = text.find(|letter: char| letter.is_ascii_digit()).unwrap();
        read(text.as_bytes(), start).map(|phone| (text[phone.range].to_owned(), phone.sure))
    }

    #[test]
    fn forms_of_numbers_are_known() {
        for (text, number, sure) in [
            ("at +49 30 9018-2043.", "+49 30 9018-2043", Sure::Known),
            ("+1 (415) 689-2237", "+1 (415) 689-2237", Sure::Known),
            ("(415) 689-2237", "(415) 689-2237", Sure::Likely),
            ("415-689-2237", "415-689-2237", Sure::Likely),
            ("拨打13916824075。", "13916824075", Sure::Likely),
            ("06 23 48 71 95", "06 23 48 71 95", Sure::Likely),
            ("4156892237", "4156892237", Sure::Named),
            ("拨打13823456789。", "13823456789", Sure::Likely),
            ("+86 138 3456 7890", "+86 138 3456 7890", Sure::Known),
        ] {
            assert_eq!(check(text), Some((number.to_owned(), sure)), "{text}");
        }
    }

    #[test]
    fn what_nobody_answers_is_passed_over() {
        for text in [
            "+1 415 555 0132",
            "+44 7700 900123",
            "x+4930901820",
            "+35236450.6",
            "+1234567890",
            "+123",
            "1e+4930901820",
            "拨打13812345678",
            "拨打13800138000",
            "拨打18888888888",
        ] {
            assert!(check(text).is_none_or(|(_, sure)| sure == Sure::Named), "{text}");
        }
    }
}
