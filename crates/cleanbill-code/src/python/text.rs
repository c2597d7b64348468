//! Texts of a program: what literals spell, and what well-known calls make of constant bytes and texts.

use std::ops::Range;

/// LIMIT: bytes that decoding may make of a constant, so that a bomb in a literal stays small.
pub(super) const DECODED_BYTES: usize = 1 << 20;

/// Describes a literal by its prefix and quotes.
#[derive(Debug)]
pub(super) struct Literal {
    pub(super) raw: bool,
    pub(super) bytes: bool,
    pub(super) format: bool,
    pub(super) body: Range<usize>,
}

impl Literal {
    pub(super) fn of(text: &str, range: Range<usize>) -> Self {
        let token = text.as_bytes().get(range.clone()).unwrap_or_default();
        let prefix = token
            .iter()
            .take_while(|byte| !matches!(byte, b'"' | b'\''))
            .count();
        let letters = token.get(..prefix).unwrap_or_default().to_ascii_lowercase();
        let rest = token.get(prefix..).unwrap_or_default();
        let quote = rest.first().copied().unwrap_or(0);
        let width = if rest.len() >= 6 && rest.iter().take(3).all(|byte| *byte == quote) {
            3
        } else {
            1
        };
        let start = range
            .start
            .saturating_add(prefix)
            .saturating_add(width)
            .min(range.end);
        let closed = rest.len() >= width.saturating_mul(2) && rest.last() == Some(&quote);
        let end = range.end.saturating_sub(if closed { width } else { 0 });
        Self {
            raw: letters.contains(&b'r'),
            bytes: letters.contains(&b'b'),
            format: letters.contains(&b'f') || letters.contains(&b't'),
            body: start..end.max(start),
        }
    }
}

/// Appends what the body of a text literal spells.
pub(super) fn unescape(body: &str, raw: bool, out: &mut String) {
    if raw || !body.contains('\\') {
        out.push_str(body);
        return;
    }
    let mut rest = body;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        rest = escape(after, out);
    }
    out.push_str(rest);
}

fn escape<'a>(after: &'a str, out: &mut String) -> &'a str {
    let mut characters = after.chars();
    let Some(first) = characters.next() else {
        out.push('\\');
        return after;
    };
    let rest = characters.as_str();
    let digits = |text: &'a str, count: usize| -> Option<(u32, &'a str)> {
        let (digits, rest) = text.split_at_checked(count)?;
        Some((u32::from_str_radix(digits, 16).ok()?, rest))
    };
    let coded = match first {
        'x' => digits(rest, 2),
        'u' => digits(rest, 4),
        'U' => digits(rest, 8),
        '0'..='7' => {
            let count = after
                .bytes()
                .take(3)
                .take_while(|byte| (b'0'..=b'7').contains(byte))
                .count();
            after
                .split_at_checked(count)
                .and_then(|(digits, rest)| Some((u32::from_str_radix(digits, 8).ok()?, rest)))
        }
        'N' if rest.starts_with('{') => match rest.split_once('}') {
            Some((_, rest)) => {
                out.push('\u{fffd}');
                return rest;
            }
            None => None,
        },
        _ => None,
    };
    if let Some((code, rest)) = coded {
        out.push(char::from_u32(code).unwrap_or('\u{fffd}'));
        return rest;
    }
    match first {
        '\n' => {}
        '\r' => return rest.strip_prefix('\n').unwrap_or(rest),
        'n' => out.push('\n'),
        'r' => out.push('\r'),
        't' => out.push('\t'),
        'a' => out.push('\u{7}'),
        'b' => out.push('\u{8}'),
        'f' => out.push('\u{c}'),
        'v' => out.push('\u{b}'),
        '\\' | '\'' | '"' => out.push(first),
        other => {
            out.push('\\');
            out.push(other);
        }
    }
    rest
}

/// Appends what the body of a bytes literal spells.
pub(super) fn unescape_bytes(body: &str, raw: bool, out: &mut Vec<u8>) {
    if raw || !body.contains('\\') {
        out.extend_from_slice(body.as_bytes());
        return;
    }
    let mut text = String::new();
    unescape(body, false, &mut text);
    out.extend(text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')));
}

/// Returns what a decoder makes of constant bytes: `None` where it is unknown or the bytes do not fit.
pub(super) fn decode(callee: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    let bytes = bytes.get(..bytes.len().min(DECODED_BYTES.saturating_mul(2)))?;
    match callee {
        "base64.b64decode"
        | "base64.standard_b64decode"
        | "base64.urlsafe_b64decode"
        | "base64.decodebytes"
        | "base64.decodestring"
        | "binascii.a2b_base64"
        | "base64" => base64(bytes),
        "base64.b32decode" => base32(bytes),
        "base64.b16decode" | "binascii.unhexlify" | "binascii.a2b_hex" | "bytes.fromhex"
        | "bytearray.fromhex" | "hex" => hexadecimal(bytes),
        "base64.b85decode" => base85(bytes, BASE85),
        "base64.a85decode" => base85(bytes, ASCII85),
        "zlib.decompress" | "gzip.decompress" | "zlib" | "zip" => inflate(bytes),
        "rot13" | "rot_13" => Some(bytes.iter().map(|byte| rot13(*byte)).collect()),
        _ => None,
    }
}

fn rot13(byte: u8) -> u8 {
    match byte {
        b'a'..=b'm' | b'A'..=b'M' => byte.saturating_add(13),
        b'n'..=b'z' | b'N'..=b'Z' => byte.saturating_sub(13),
        _ => byte,
    }
}

fn digits(bytes: &[u8], bits: u32, value: impl Fn(u8) -> Option<u8>) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len());
    let (mut held, mut count) = (0_u32, 0_u32);
    for &byte in bytes.iter().filter(|byte| !byte.is_ascii_whitespace()) {
        if byte == b'=' {
            break;
        }
        held = held.wrapping_shl(bits) | u32::from(value(byte)?);
        count = count.saturating_add(bits);
        if count >= 8 {
            count = count.saturating_sub(8);
            out.push(u8::try_from(held.wrapping_shr(count) & 0xff).unwrap_or(0));
        }
    }
    Some(out)
}

fn base64(bytes: &[u8]) -> Option<Vec<u8>> {
    digits(bytes, 6, |byte| match byte {
        b'A'..=b'Z' => byte.checked_sub(b'A'),
        b'a'..=b'z' => byte.checked_sub(71),
        b'0'..=b'9' => byte.checked_add(4),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    })
}

fn base32(bytes: &[u8]) -> Option<Vec<u8>> {
    digits(bytes, 5, |byte| match byte.to_ascii_uppercase() {
        letter @ b'A'..=b'Z' => letter.checked_sub(b'A'),
        digit @ b'2'..=b'7' => digit.checked_sub(24),
        _ => None,
    })
}

fn hexadecimal(bytes: &[u8]) -> Option<Vec<u8>> {
    digits(bytes, 4, |byte| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    })
}

const BASE85: &[u8] =
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";
const ASCII85: &[u8] =
    b"!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstu";

fn base85(bytes: &[u8], alphabet: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut group: Vec<u32> = Vec::new();
    let kept = |byte: &&u8| !byte.is_ascii_whitespace();
    let bytes = bytes.strip_prefix(b"<~").unwrap_or(bytes);
    let bytes = bytes.strip_suffix(b"~>").unwrap_or(bytes);
    let mut flush = |group: &mut Vec<u32>| {
        let missing = 5_usize.saturating_sub(group.len());
        group.resize(5, 84);
        let value = group
            .iter()
            .fold(0_u32, |sum, digit| sum.wrapping_mul(85).wrapping_add(*digit));
        out.extend(
            value
                .to_be_bytes()
                .into_iter()
                .take(4_usize.saturating_sub(missing)),
        );
        group.clear();
    };
    for byte in bytes.iter().filter(kept) {
        if *byte == b'z' && group.is_empty() && alphabet == ASCII85 {
            group.resize(5, 0);
            flush(&mut group);
            continue;
        }
        let digit = alphabet.iter().position(|known| known == byte)?;
        group.push(u32::try_from(digit).ok()?);
        if group.len() == 5 {
            flush(&mut group);
        }
    }
    if !group.is_empty() {
        flush(&mut group);
    }
    Some(out)
}

fn inflate(bytes: &[u8]) -> Option<Vec<u8>> {
    use std::io::Read;
    let limit = u64::try_from(DECODED_BYTES).ok()?;
    let mut out = Vec::new();
    let read = if bytes.starts_with(&[0x1f, 0x8b]) {
        flate2::read::GzDecoder::new(bytes)
            .take(limit)
            .read_to_end(&mut out)
    } else {
        flate2::read::ZlibDecoder::new(bytes)
            .take(limit)
            .read_to_end(&mut out)
    };
    (read.is_ok() || !out.is_empty()).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoders_agree_with_python() {
        for (callee, input, output) in [
            ("base64.b64decode", "Q0xFQU5CSUxM", "CLEANBILL"),
            ("base64.b32decode", "INGEKQKOIJEUYTA=", "CLEANBILL"),
            ("bytes.fromhex", "43 4c45 41", "CLEA"),
            ("base64.b85decode", "Lrg_MPC`jcOa", "CLEANBIL"),
            ("rot13", "vzcbeg", "import"),
        ] {
            let decoded = decode(callee, input.as_bytes()).unwrap();
            let text = String::from_utf8_lossy(&decoded).into_owned();
            assert!(text.starts_with(output.get(..4).unwrap()), "{callee}: {text}");
        }
    }

    #[test]
    fn escapes_are_read() {
        let mut out = String::new();
        unescape(r"a\x41\101\u0042\n\q\N{BULLET}", false, &mut out);
        assert_eq!(out, "aAAB\n\\q\u{fffd}");
    }
}
