//! The second pass: finds where numbers, `@` and capitalised words begin, which no fixed text announces.
//!
//! 64 bytes at a time become three masks of 64 bits, eight bytes by each instruction. What a place is depends on the bytes around
//! it and on nothing else, so that it is the same however a text is cut.

use crate::matchers::is_start;

/// What begins at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sign {
    /// The first digit of a run of digits, with enough digits after it.
    Digits,
    /// `@` between two letters or digits.
    At,
    /// A capitalised word, followed by another.
    Capital,
}

/// What to look for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wants {
    pub(crate) digits: bool,
    pub(crate) ats: bool,
    pub(crate) capitals: bool,
}

/// Bytes that become one mask.
const CHUNK: usize = 64;
/// Digits that must stand in the 32 bytes from the first one on.
const DIGITS: u32 = 5;
/// Digits that must stand there after a capital letter: licence plates, account numbers of India.
const DIGITS_AFTER_LETTER: u32 = 3;
/// Longest word that may be a name.
const LONGEST_WORD: usize = 16;

#[derive(Clone, Copy, Debug, Default)]
struct Masks {
    digits: u64,
    ats: u64,
    capitals: u64,
}

impl Masks {
    fn at(bytes: &[u8], at: usize) -> Self {
        let rest = bytes.get(at..).unwrap_or_default();
        if let Some(chunk) = rest.first_chunk::<CHUNK>() {
            return Self::of(chunk);
        }
        let mut chunk = [0_u8; CHUNK];
        for (place, byte) in chunk.iter_mut().zip(rest) {
            *place = *byte;
        }
        Self::of(&chunk)
    }

    #[inline]
    fn of(chunk: &[u8; CHUNK]) -> Self {
        let mut masks = Self::default();
        let (words, _) = chunk.as_chunks::<8>();
        for word in words {
            let word = u64::from_le_bytes(*word);
            masks.digits = masks.digits >> 8 | gather(digits(word));
            masks.ats = masks.ats >> 8 | gather(ats(word));
            masks.capitals = masks.capitals >> 8 | gather(capitals(word));
        }
        masks
    }
}

/// The highest bit of each byte.
const HIGH: u64 = 0x8080_8080_8080_8080;
const LOW: u64 = !HIGH;

/// Repeats a byte.
const fn each(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// Sets the highest bit of each byte that is a digit.
#[inline]
const fn digits(word: u64) -> u64 {
    let moved = word ^ each(b'0');
    !((moved & LOW).wrapping_add(each(0x76)) | moved) & HIGH
}

#[inline]
const fn ats(word: u64) -> u64 {
    let moved = word ^ each(b'@');
    !((moved & LOW).wrapping_add(LOW) | moved) & HIGH
}

#[inline]
const fn capitals(word: u64) -> u64 {
    let low = word & LOW;
    low.wrapping_add(each(0x3f)) & !low.wrapping_add(each(0x25)) & !word & HIGH
}

/// Moves the highest bits of eight bytes to the highest byte.
#[inline]
const fn gather(high: u64) -> u64 {
    (high >> 7).wrapping_mul(0x0102_0408_1020_4080) & 0xff00_0000_0000_0000
}

/// Collects the places in `from..to` at which something begins, in order.
pub(crate) fn collect(bytes: &[u8], from: usize, to: usize, wants: Wants, found: &mut Vec<(usize, Sign)>) {
    found.clear();
    let mut at = from;
    let mut digit_before = from
        .checked_sub(1)
        .and_then(|before| bytes.get(before))
        .is_some_and(u8::is_ascii_digit);
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
        let ahead = u128::from(next.digits) << 64 | u128::from(here.digits);
        while bits != 0 {
            let bit = bits.trailing_zeros();
            bits &= bits.wrapping_sub(1);
            let place = at.saturating_add(usize::try_from(bit).unwrap_or(0));
            if place >= to {
                break;
            }
            let is = |mask: u64| mask.wrapping_shr(bit) & 1 == 1;
            if is(here.digits) {
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
            } else if may_be_name(bytes, place) {
                found.push((place, Sign::Capital));
            }
        }
        here = next;
        at = next_at;
    }
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
        // The number of a house: 号 follows.
        Some(0x80..) => is_house_number(bytes, at) || digits >= DIGITS_AFTER_LETTER,
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
    rest.get(length) == Some(&b' ')
        && rest
            .get(length.saturating_add(1))
            .is_some_and(|byte| byte.is_ascii_uppercase() || *byte >= 0xc3)
        && is_start(bytes, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Wants = Wants {
        digits: true,
        ats: true,
        capitals: true,
    };

    #[test]
    fn masks_agree_with_looking_at_each_byte() {
        for first in 0..=255_u8 {
            let mut chunk = [0_u8; CHUNK];
            for (index, place) in chunk.iter_mut().enumerate() {
                *place = first.wrapping_add(u8::try_from(index).unwrap().wrapping_mul(37));
            }
            let masks = Masks::of(&chunk);
            for (index, byte) in chunk.iter().enumerate() {
                let is = |mask: u64| mask >> index & 1 == 1;
                assert_eq!(is(masks.digits), byte.is_ascii_digit(), "{byte}");
                assert_eq!(is(masks.ats), *byte == b'@', "{byte}");
                assert_eq!(is(masks.capitals), byte.is_ascii_uppercase(), "{byte}");
            }
        }
    }

    #[test]
    fn places_are_found_wherever_they_stand() {
        let mut found = Vec::new();
        for length in 50..200 {
            for at in [0, 1, length / 2, length - 22] {
                let mut text = vec![b' '; length];
                text[at..at + 22].copy_from_slice(b"536-22-8726 a@b Ann Li");
                collect(&text, 0, length, ALL, &mut found);
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
