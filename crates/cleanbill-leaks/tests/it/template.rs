//! Texts with secrets in them, made when the tests run: `{w:36}` stands for 36 letters and digits, and so on. No value stands in
//! the repository.

use crate::people;

/// Fills a template with values that depend on nothing but `seed`.
pub(crate) fn fill(template: &str, seed: u64) -> String {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let field = field(after);
        let made = field.and_then(|field| make(field, &mut random));
        if let (Some(value), Some(field)) = (made, field) {
            out.push_str(&value);
            rest = &after[field.len() + 1..];
        } else {
            out.push('{');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

/// Returns the text up to the brace that closes the field.
fn field(text: &str) -> Option<&str> {
    let mut depth = 0;
    for (at, character) in text.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(&text[..at]),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn make(field: &str, random: &mut Random) -> Option<String> {
    if field == "uuid" {
        let hex = random.text(HEX, 32);
        return Some(format!(
            "{}-{}-4{}-a{}-{}",
            &hex[..8],
            &hex[8..12],
            &hex[13..16],
            &hex[17..20],
            &hex[20..]
        ));
    }
    if let Some(made) = people::make(field, random) {
        return Some(made);
    }
    if let Some(plain) = field.strip_prefix("base64:") {
        return Some(base64(plain.as_bytes()));
    }
    let (kind, count) = field.split_once(':')?;
    let count: usize = count.parse().ok()?;
    let alphabet = match kind {
        "w" => WORD,
        "c" => {
            let body = random.text(WORD, count - 6);
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

/// The checksum that GitHub and npm put at the end of a token.
fn check(body: &[u8]) -> String {
    let mut crc = u32::MAX;
    for byte in body {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                crc >> 1 ^ 0xedb8_8320
            } else {
                crc >> 1
            };
        }
    }
    let mut value = !crc;
    let mut digits = Vec::new();
    for _ in 0..6 {
        digits.push(WORD.as_bytes()[value as usize % 62]);
        value /= 62;
    }
    digits.reverse();
    String::from_utf8(digits).unwrap()
}

/// Base64 with padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let mut bits = 0;
        for index in 0..3 {
            bits = bits << 8 | u32::from(*group.get(index).unwrap_or(&0));
        }
        for index in 0..4 {
            if index <= group.len() {
                out.push(char::from(digits[(bits >> (18 - 6 * index) & 63) as usize]));
            } else {
                out.push('=');
            }
        }
    }
    out
}

/// A small generator of numbers (xorshift).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// Returns a number below `below`.
    pub(crate) fn below(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % below
    }

    /// Returns any byte.
    pub(crate) fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap_or(0)
    }

    /// Returns `count` characters of an alphabet.
    pub(crate) fn text(&mut self, alphabet: &str, count: usize) -> String {
        let alphabet = alphabet.as_bytes();
        (0..count)
            .map(|_| char::from(alphabet[self.below(alphabet.len())]))
            .collect()
    }
}
