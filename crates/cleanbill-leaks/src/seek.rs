//! The second pass: finds where numbers, `@`, capitalised words and runs of base64 begin, which no fixed text announces.
//!
//! 64 bytes at a time become masks of 64 bits. What a place is depends on the bytes around it and on nothing else, so that it is
//! the same however a text is cut.

use crate::{
    encodings::is_base64_digit,
    masks::{CHUNK, Masks},
    matchers::is_start,
};

/// What begins at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sign {
    /// The first digit of a run of digits, with enough digits after it.
    Digits,
    /// `@` between two letters or digits.
    At,
    /// A capitalised word, followed by another.
    Capital,
    /// A run of base64, or a place within a long one.
    Run,
}

/// What to look for.
#[expect(clippy::struct_excessive_bools, reason = "each is a wish of its own")]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wants {
    pub(crate) digits: bool,
    pub(crate) ats: bool,
    pub(crate) capitals: bool,
    pub(crate) runs: bool,
}

/// Fewest digits of a run of base64: they hold 18 bytes, and no shorter text has a token in it.
const SHORTEST_RUN: usize = 24;
/// Bytes of the text between two places at which a long run is looked at.
const EVERY: u64 = 4 * 1024;
/// Digits that must stand in the 32 bytes from the first one on.
const DIGITS: u32 = 5;
/// Digits that must stand there after a capital letter: licence plates, account numbers of India.
const DIGITS_AFTER_LETTER: u32 = 3;
/// Longest word that may be a name.
const LONGEST_WORD: usize = 16;

/// Collects the places in `from..to` at which something begins, in order. The first byte stands at `start` of its text.
pub(crate) fn collect(
    bytes: &[u8],
    (from, to): (usize, usize),
    start: u64,
    wants: Wants,
    found: &mut Vec<(usize, Sign)>,
) {
    found.clear();
    let mut at = from;
    let before = from.checked_sub(1).and_then(|before| bytes.get(before)).copied();
    let mut digit_before = before.is_some_and(|byte| byte.is_ascii_digit());
    let mut base64_before = before.is_some_and(is_base64_digit);
    // The next place at which a run that goes on is looked at.
    let mut again = if wants.runs {
        next_place(start, from)
    } else {
        usize::MAX
    };
    let mut here = Masks::at(bytes, at);
    while at < to {
        let next_at = at.saturating_add(CHUNK);
        let next = Masks::at(bytes, next_at);
        let heads = here.digits & !(here.digits << 1 | u64::from(digit_before));
        digit_before = here.digits >> 63 == 1;
        let mut bits = 0;
        if wants.digits {
            bits |= heads;
        }
        if wants.ats {
            bits |= here.ats;
        }
        if wants.capitals {
            bits |= here.capitals & !(here.capitals << 1);
        }
        let mut runs = 0;
        if wants.runs {
            runs = long_runs(&here, &next) & !(here.base64 << 1 | u64::from(base64_before));
            base64_before = here.base64 >> 63 == 1;
            if again < next_at {
                if goes_on(bytes, again) {
                    runs |= 1_u64.wrapping_shl(u32::try_from(again.saturating_sub(at)).unwrap_or(0));
                }
                again = next_place(start, next_at);
            }
            bits |= runs;
        }
        let ahead = u128::from(next.digits) << 64 | u128::from(here.digits);
        while bits != 0 {
            let bit = bits.trailing_zeros();
            bits &= bits.wrapping_sub(1);
            let place = at.saturating_add(usize::try_from(bit).unwrap_or(0));
            if place >= to {
                break;
            }
            let is = |mask: u64| mask.wrapping_shr(bit) & 1 == 1;
            if is(runs) {
                found.push((place, Sign::Run));
            }
            if is(here.digits) {
                if !wants.digits || !is(heads) {
                    continue;
                }
                let following = u32::try_from(ahead.wrapping_shr(bit) & 0xffff_ffff).unwrap_or(0);
                if may_be_number(bytes, place, following.count_ones()) {
                    found.push((place, Sign::Digits));
                }
            } else if is(here.ats) {
                let before = place.checked_sub(1).and_then(|before| bytes.get(before));
                let after = bytes.get(place.saturating_add(1));
                if before.is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
                    && after.is_some_and(u8::is_ascii_alphanumeric)
                {
                    found.push((place, Sign::At));
                }
            } else if wants.capitals && is(here.capitals) && may_be_name(bytes, place) {
                found.push((place, Sign::Capital));
            }
        }
        here = next;
        at = next_at;
    }
}

/// Returns the places of the first chunk at which enough digits of base64 begin.
#[inline]
fn long_runs(here: &Masks, next: &Masks) -> u64 {
    // Half of a shortest run reaches over the middle or the end of a chunk that it touches.
    let mut all = u128::from(next.base64) << 64 | u128::from(here.base64);
    all &= all >> 1;
    all &= all >> 2;
    all &= all >> 4;
    let eight = all;
    all &= all >> 8;
    // 16 digits, and 8 behind them.
    all &= eight >> 16;
    u64::try_from(all & u128::from(u64::MAX)).unwrap_or(0)
}

/// Returns the first place at or after `at` at which a long run is looked at, wherever it begins.
fn next_place(start: u64, at: usize) -> usize {
    let here = start.saturating_add(u64::try_from(at).unwrap_or(u64::MAX));
    let gap = here.next_multiple_of(EVERY).saturating_sub(here);
    at.saturating_add(usize::try_from(gap).unwrap_or(usize::MAX))
}

/// Says whether a run goes on before and behind a place.
fn goes_on(bytes: &[u8], at: usize) -> bool {
    let around = at
        .checked_sub(SHORTEST_RUN)
        .and_then(|from| bytes.get(from..at.saturating_add(SHORTEST_RUN)));
    around.is_some_and(|around| around.iter().all(|byte| is_base64_digit(*byte)))
}

#[inline]
fn may_be_number(bytes: &[u8], at: usize, digits: u32) -> bool {
    if digits >= DIGITS {
        return true;
    }
    let pair = bytes.get(at.saturating_add(1)) == Some(&b':') && digits >= 2;
    let behind = |count: usize| at.checked_sub(count).and_then(|place| bytes.get(place)).copied();
    let before = behind(1).filter(|byte| !matches!(byte, b'n' | b'r' | b't') || behind(2) != Some(b'\\'));
    match before {
        Some(b'c') => bytes.get(at) == Some(&b'1') && behind(2) == Some(b'b'),
        // Pairs of letters, or of one and a digit, come first in some addresses of machines.
        Some(b':') => digits >= 2 && behind(2).is_some_and(|byte| byte.is_ascii_hexdigit()),
        Some(byte) if pair && byte.is_ascii_hexdigit() => true,
        Some(b'A'..=b'Z') => digits >= DIGITS_AFTER_LETTER,
        // A licence plate with a blank after the letter of its office.
        Some(b' ' | b'-')
            if behind(2).is_some_and(|byte| byte.is_ascii_uppercase())
                && behind(3).is_some_and(|byte| byte >= 0x80) =>
        {
            digits >= DIGITS_AFTER_LETTER
        }
        // The number of a house in Korea, behind 로 or 길 and a blank.
        Some(b' ') if behind(2).is_some_and(|byte| byte >= 0x80) && is_street(bytes, at) => true,
        // The number of a house: 号 follows.
        Some(0x80..) => is_house_number(bytes, at) || is_block(bytes, at) || digits >= DIGITS_AFTER_LETTER,
        // Addresses of Bitcoin hold few digits.
        Some(b'0'..=b'9' | b'a'..=b'z' | b'_') => false,
        _ => {
            matches!(bytes.get(at), Some(b'1' | b'3'))
                && bytes
                    .get(at.saturating_add(1)..at.saturating_add(6))
                    .is_some_and(|next| next.iter().all(u8::is_ascii_alphanumeric))
        }
    }
}

/// Says whether the Korean word for a street ends one byte before `at`.
fn is_street(bytes: &[u8], at: usize) -> bool {
    matches!(
        bytes.get(at.saturating_sub(4)..at),
        Some([0xeb, 0xa1, 0x9c, b' '] | [0xea, 0xb8, 0xb8, b' '])
    )
}

/// Says whether the number at `at` is one of those of a Japanese house: 丁目 or 番地 follows, or another number.
fn is_block(bytes: &[u8], at: usize) -> bool {
    let rest = bytes
        .get(at..at.saturating_add(12).min(bytes.len()))
        .unwrap_or_default();
    let digits = rest
        .iter()
        .take(4)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    match rest.get(digits..) {
        Some([b'-', b'0'..=b'9', ..]) => true,
        Some(rest) => rest.starts_with("丁目".as_bytes()) || rest.starts_with("番地".as_bytes()),
        None => false,
    }
}

/// Says whether the number at `at` is followed by the Chinese word for a number of a house.
pub(crate) fn is_house_number(bytes: &[u8], at: usize) -> bool {
    let rest = bytes
        .get(at..at.saturating_add(16).min(bytes.len()))
        .unwrap_or_default();
    let digits = rest
        .iter()
        .take(6)
        .take_while(|byte| byte.is_ascii_digit() || **byte == b'-')
        .count();
    rest.get(digits..)
        .is_some_and(|rest| rest.starts_with("号".as_bytes()) || rest.starts_with("號".as_bytes()))
}

/// A capital, small letters, one blank, and another capital or a letter beyond ASCII.
#[inline]
fn may_be_name(bytes: &[u8], at: usize) -> bool {
    let rest = bytes.get(at..).unwrap_or_default();
    if !rest
        .get(1)
        .is_some_and(|byte| byte.is_ascii_lowercase() || *byte >= 0xc3)
    {
        return false;
    }
    let length = rest
        .iter()
        .take(LONGEST_WORD)
        .take_while(|byte| byte.is_ascii_alphabetic() || **byte >= 0x80 || **byte == b'-')
        .count();
    let next = rest.get(length..).unwrap_or_default();
    let goes_on = match next {
        [b' ', byte, ..] if byte.is_ascii_uppercase() || *byte >= 0xc3 => true,
        // `van`, `von`, `de`, `da` before a family name.
        [b' ', b'v' | b'd', second, third, ..] => {
            matches!(second, b'a' | b'o' | b'e' | b'i') && (*third == b' ' || next.get(4) == Some(&b' '))
        }
        _ => false,
    };
    goes_on && is_start(bytes, at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encodings::to_base64;

    const ALL: Wants = Wants {
        digits: true,
        ats: true,
        capitals: true,
        runs: false,
    };

    #[test]
    fn runs_are_found_however_the_text_is_cut() {
        let wants = Wants {
            runs: true,
            ..Wants::default()
        };
        let mut text = b"some words, ".repeat(5);
        text.extend(to_base64(&b"words and more words ".repeat(500)));
        text.extend_from_slice(b" and, ");
        text.extend(to_base64(b"one short text of 30 bytes here"));
        text.extend_from_slice(b"; 23 digits are too few: ");
        text.extend_from_slice(&[b'x'; SHORTEST_RUN - 1]);
        let mut whole = Vec::new();
        collect(&text, (0, text.len()), 7, wants, &mut whole);
        let places: Vec<usize> = whole.iter().map(|(at, _)| *at).collect();
        assert_eq!(places, [60, 4_089, 8_185, 12_281, 14_066]);
        for step in [1, 7, 64, 1_000, 5_000] {
            let (mut parts, mut found) = (Vec::new(), Vec::new());
            let mut at = 0;
            while at < text.len() {
                let to = (at + step).min(text.len());
                collect(&text, (at, to), 7, wants, &mut found);
                parts.append(&mut found);
                at = to;
            }
            assert_eq!(parts, whole, "{step}");
        }
    }

    #[test]
    fn places_are_found_wherever_they_stand() {
        let mut found = Vec::new();
        for length in 50..200 {
            for at in [0, 1, length / 2, length - 22] {
                let mut text = vec![b' '; length];
                text[at..at + 22].copy_from_slice(b"536-22-8726 a@b Ann Li");
                collect(&text, (0, length), 0, ALL, &mut found);
                let expected = [
                    (at, Sign::Digits),
                    (at + 4, Sign::Digits),
                    (at + 13, Sign::At),
                    (at + 16, Sign::Capital),
                ];
                assert_eq!(found, expected, "{at} of {length}");
            }
        }
    }
}
