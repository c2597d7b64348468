//! Texts with values in them that stand nowhere: `{w:36}` is 36 letters and digits. Examples of rules are written so.
//!
//! | field | made of |
//! |---|---|
//! | `{w:N}`, `{l:N}`, `{a:N}`, `{s:N}` | letters and digits; letters; small letters; small letters and digits |
//! | `{A:N}`, `{U:N}` | capitals and digits; capitals and the digits 2 to 7 |
//! | `{d:N}`, `{x:N}`, `{H:N}`, `{b:N}` | digits from 1 to 9; hexadecimal digits, small and capital; base64 digits |
//! | `{c:N}` | letters and digits that end with the checksum of GitHub and npm |
//! | `{uuid}`, `{base64:TEXT}` | a UUID; the text in base64 |

use crate::encodings::{crc32, to_base64};

/// LIMIT: characters of one field; more are not made.
const LONGEST: usize = 4_096;

/// Fills a template with values that depend on nothing but `seed`; `more` makes what is not known here.
pub fn fill(template: &str, seed: u64, more: &dyn Fn(&str, &mut Random) -> Option<String>) -> String {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let made = field(after).and_then(|(field, after)| {
            let made = more(field, &mut random).or_else(|| make(field, &mut random));
            made.map(|made| (made, after))
        });
        if let Some((value, after)) = made {
            out.push_str(&value);
            rest = after;
        } else {
            out.push('{');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

/// Returns the text up to the brace that closes the field, and what comes after it.
fn field(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0_u32;
    for (at, character) in text.char_indices() {
        match character {
            '{' => depth = depth.saturating_add(1),
            '}' if depth == 0 => return Some((text.get(..at)?, text.get(at.saturating_add(1)..)?)),
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

fn make(field: &str, random: &mut Random) -> Option<String> {
    if field == "uuid" {
        let [low, middle, high, clock, node] = [8, 4, 3, 3, 12].map(|count| random.text(HEX, count));
        return Some(format!("{low}-{middle}-4{high}-a{clock}-{node}"));
    }
    if let Some(plain) = field.strip_prefix("base64:") {
        return Some(base64(plain.as_bytes()));
    }
    let (kind, count) = field.split_once(':')?;
    let count: usize = count.parse().ok().filter(|count| *count <= LONGEST)?;
    let alphabet = match kind {
        "w" => WORD,
        "c" => {
            let body = random.text(WORD, count.checked_sub(6)?);
            return Some(format!("{body}{}", check(body.as_bytes())));
        }
        "x" => HEX,
        "H" => "0123456789ABCDEF",
        "d" => "123456789",
        "U" => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
        "A" => "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
        "a" => "abcdefghijklmnopqrstuvwxyz",
        "s" => "abcdefghijklmnopqrstuvwxyz0123456789",
        "l" => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
        "b" => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
        _ => return None,
    };
    Some(random.text(alphabet, count))
}

const WORD: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const HEX: &str = "0123456789abcdef";

/// Returns the checksum that GitHub and npm put at the end of a token.
fn check(body: &[u8]) -> String {
    let mut value = u64::from(crc32(body));
    let mut digits = Vec::new();
    for _ in 0..6 {
        let digit = value
            .checked_rem(62)
            .and_then(|digit| usize::try_from(digit).ok());
        digits.extend(digit.and_then(|digit| WORD.chars().nth(digit)));
        value = value.checked_div(62).unwrap_or(0);
    }
    digits.into_iter().rev().collect()
}

/// Returns base64 with padding.
pub fn base64(bytes: &[u8]) -> String {
    let mut out = String::from_utf8(to_base64(bytes)).unwrap_or_default();
    while out.len() & 3 != 0 {
        out.push('=');
    }
    out
}

/// A small generator of numbers (xorshift).
#[derive(Debug)]
pub struct Random(pub u64);

impl Random {
    /// Returns a number below `below`.
    pub fn below(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        let number = usize::try_from(number).unwrap_or(0);
        number.checked_rem(below).unwrap_or(0)
    }

    /// Returns any byte.
    pub fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap_or(0)
    }

    /// Returns `count` characters of an alphabet of ASCII.
    pub fn text(&mut self, alphabet: &str, count: usize) -> String {
        let alphabet = alphabet.as_bytes();
        let one = |_| {
            let at = self.below(alphabet.len());
            alphabet.get(at).copied().map_or('?', char::from)
        };
        (0..count).map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_filled_and_other_braces_stay() {
        let none = |_: &str, _: &mut Random| None;
        let filled = fill("{a:3}-{d:2} {x} {base64:ab} {a:99999} {c:36}", 7, &none);
        assert_eq!(
            filled,
            fill("{a:3}-{d:2} {x} {base64:ab} {a:99999} {c:36}", 7, &none)
        );
        assert!(
            filled.get(3..4) == Some("-") && filled.contains(" {x} YWI= {a:99999} "),
            "{filled}"
        );
        assert_ne!(fill("{uuid}", 1, &none), fill("{uuid}", 2, &none));
    }
}
