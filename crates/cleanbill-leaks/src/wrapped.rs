//! Text within base64. Random bytes are told from text by the first few, so that
//! pictures and weights cost next to nothing.

use std::ops::Range;

use crate::encodings::{base64, is_base64_digit};

/// LIMIT: digits that are decoded at one place; those behind are looked at from the next.
const DIGITS: usize = 8 * 1024;
/// Digits that are decoded to see whether they hold text.
const FIRST: usize = 24;
/// Fewest bytes of text worth a look.
const LEAST: usize = 16;

/// Text that stands in base64.
#[derive(Debug)]
pub(crate) struct Unwrapped {
    /// What it says.
    pub(crate) text: Vec<u8>,
    /// Where its digits begin in the window.
    at: usize,
    /// How many were read.
    digits: usize,
}

impl Unwrapped {
    /// Returns where the digits of a part of the text stand in the window.
    pub(crate) fn place(&self, range: &Range<usize>) -> Range<usize> {
        // Three bytes stand in four digits.
        let first = range.start.saturating_mul(8).checked_div(6).unwrap_or(0);
        let last = range.end.saturating_mul(8).div_ceil(6);
        self.at.saturating_add(first.min(self.digits))..self.at.saturating_add(last.min(self.digits))
    }

    /// Returns where all its digits stand, with what fills the last group.
    pub(crate) fn whole(&self, window: &[u8]) -> Range<usize> {
        let rest = window.get(self.at..).unwrap_or_default();
        let digits = rest
            .iter()
            .take(DIGITS)
            .take_while(|byte| is_base64_digit(**byte))
            .count();
        let behind = rest.get(digits..).unwrap_or_default();
        let filling = behind.iter().take(2).take_while(|byte| **byte == b'=').count();
        self.at..self.at.saturating_add(digits).saturating_add(filling)
    }
}

/// Decodes the run at the start; none where it holds no text. Its group may begin at any of four digits, since letters of something else
/// may stand before it.
pub(crate) fn unwrap(window: &[u8]) -> Option<Unwrapped> {
    for at in 0..4_usize {
        let rest = window.get(at..)?;
        let (first, _) = base64(rest, FIRST);
        if text_length(&first) < LEAST {
            continue;
        }
        let (mut text, _) = base64(rest, DIGITS);
        text.truncate(text_length(&text));
        let digits = text.len().saturating_mul(8).div_ceil(6);
        return Some(Unwrapped { text, at, digits });
    }
    None
}

/// Returns how many bytes at the start are text.
fn text_length(bytes: &[u8]) -> usize {
    let valid = match std::str::from_utf8(bytes) {
        Ok(text) => text.len(),
        Err(error) => error.valid_up_to(),
    };
    bytes
        .iter()
        .take(valid)
        .take_while(|byte| !byte.is_ascii_control() || matches!(byte, b'\n' | b'\r' | b'\t' | 0x1b))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encodings::to_base64;

    #[test]
    fn text_is_told_from_random_bytes() {
        let digits = to_base64("a text with 中文 in it and more".as_bytes());
        for before in ["", "n", "ab", "/x-"] {
            let glued = [before.as_bytes(), &digits].concat();
            let found = unwrap(&glued).unwrap();
            let range = found.place(&(2..6));
            assert!(found.text.ends_with(b"and more"), "{before}");
            assert_eq!(range, before.len() + 2..before.len() + 8);
            assert_eq!(found.whole(&glued).end, glued.len());
        }
        let noise: Vec<u8> = (0..200_u8).map(|byte| byte.wrapping_mul(151) ^ 0x80).collect();
        assert!(unwrap(&to_base64(&noise)).is_none());
    }
}
