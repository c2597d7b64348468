//! Texts as the unpickler would decode them, and quick looks at whether bytes are something of their own.

use super::opcode::{self, layout};

/// Decodes a text argument of opcode `code`, undecodable bytes replaced.
pub(super) fn decode(code: u8, bytes: &[u8]) -> String {
    match code {
        opcode::STRING => {
            let trimmed = bytes.trim_ascii();
            let inner = match trimmed {
                [b'"', inner @ .., b'"'] | [b'\'', inner @ .., b'\''] => inner,
                other => other,
            };
            unescape(inner, true)
        }
        opcode::UNICODE => unescape(bytes, false),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// Resolves escapes: those of a Python byte string where `all`, else only `\uXXXX` and `\UXXXXXXXX` (raw-unicode-escape).
fn unescape(bytes: &[u8], all: bool) -> String {
    let mut out = String::new();
    let mut rest = bytes;
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'\\' {
            // Both codecs map a plain byte to the code point of the same number.
            out.push(char::from(*first));
            continue;
        }
        let Some((kind, tail)) = rest.split_first() else {
            out.push('\\');
            break;
        };
        let hexadecimal = |digits: usize| {
            let text = tail
                .get(..digits)
                .and_then(|digits| std::str::from_utf8(digits).ok())?;
            Some((
                char::from_u32(u32::from_str_radix(text, 16).ok()?)?,
                tail.get(digits..)?,
            ))
        };
        let resolved = match kind {
            b'u' if !all => hexadecimal(4),
            b'U' if !all => hexadecimal(8),
            b'x' if all => hexadecimal(2),
            b'n' if all => Some(('\n', tail)),
            b't' if all => Some(('\t', tail)),
            b'r' if all => Some(('\r', tail)),
            b'\\' | b'\'' | b'"' if all => Some((char::from(*kind), tail)),
            b'0'..=b'7' if all => {
                let digits = rest
                    .iter()
                    .take(3)
                    .take_while(|byte| (b'0'..=b'7').contains(byte))
                    .count();
                let text = rest
                    .get(..digits)
                    .and_then(|digits| std::str::from_utf8(digits).ok());
                text.and_then(|text| {
                    Some((
                        char::from_u32(u32::from_str_radix(text, 8).ok()?)?,
                        rest.get(digits..)?,
                    ))
                })
            }
            _ => None,
        };
        match resolved {
            Some((character, tail)) => {
                out.push(character);
                rest = tail;
            }
            None => out.push('\\'),
        }
    }
    out
}

/// Says whether `text` is an integer of any length in Python's own spelling, with a prefix for its base and underscores.
pub(super) fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let allowed: fn(&u8) -> bool = match digits.as_bytes() {
        [b'0', b'x' | b'X' | b'o' | b'O' | b'b' | b'B', ..] => {
            |byte| byte.is_ascii_alphanumeric() || *byte == b'_'
        }
        _ => |byte| byte.is_ascii_digit() || *byte == b'_',
    };
    !digits.is_empty() && digits.as_bytes().iter().all(allowed)
}

/// Reads a little-endian two's complement number of at most seven bytes.
pub(super) fn little_endian_integer(bytes: &[u8]) -> i64 {
    let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
    let mut wide = if negative { [0xff; 8] } else { [0; 8] };
    for (slot, byte) in wide.iter_mut().zip(bytes) {
        *slot = *byte;
    }
    i64::from_le_bytes(wide)
}

/// Says whether bytes begin like something that a loader could be given: a pickle, an archive, a stream, a program.
pub(super) fn looks_nested(head: &[u8]) -> bool {
    match head {
        [0x80, 0..=5, next, ..] if layout(*next).is_some() => true,
        [b'P', b'K', 3, 4, ..]
        | [0x1f, 0x8b, 8, ..]
        | [b'B', b'Z', b'h', b'1'..=b'9', b'1', ..]
        | [0xfd, b'7', b'z', b'X', b'Z', 0, ..]
        | [0x28, 0xb5, 0x2f, 0xfd, ..]
        | [0x04, 0x22, 0x4d, 0x18, ..]
        | [b'7', b'z', 0xbc, 0xaf, ..]
        | [0x93, b'N', b'U', b'M', b'P', b'Y', ..]
        | [0x7f, b'E', b'L', b'F', ..]
        | [0xcf | 0xce, 0xfa, 0xed, 0xfe, ..]
        | [b'G', b'G', b'U', b'F', ..] => true,
        [b'M', b'Z', ..] => head.len() >= 64,
        _ => begins_with_global(head),
    }
}

/// Says whether a text, encoded to Latin-1 as Python 2 compatible pickles carry bytes, would begin like that.
pub(super) fn looks_nested_latin1(head: &[u8]) -> bool {
    // Every signature that Latin-1 changes has a byte above 127 among its first four; UTF-8 writes those with these lead bytes.
    if !head.iter().take(4).any(|byte| matches!(byte, 0xc2 | 0xc3)) {
        return false;
    }
    let text = String::from_utf8_lossy(head);
    let bytes: Option<Vec<u8>> = text
        .chars()
        .take(128)
        .map(|character| u8::try_from(u32::from(character)).ok())
        .take_while(Option::is_some)
        .collect();
    bytes.is_some_and(|bytes| !bytes.is_ascii() && looks_nested(&bytes))
}

/// Says whether bytes begin, after at most a few container opcodes, with a `GLOBAL` or `INST` of plausible names.
fn begins_with_global(head: &[u8]) -> bool {
    let start = head
        .iter()
        .take(8)
        .take_while(|byte| matches!(byte, b'(' | b')' | b']' | b'}' | b'0'..=b'2'))
        .count();
    let Some([b'c' | b'i', names @ ..]) = head.get(start..) else {
        return false;
    };
    let mut lines = names.splitn(3, |byte| *byte == b'\n');
    matches!((lines.next(), lines.next(), lines.next()), (Some(module), Some(name), Some(_)) if plausible_name(module) && plausible_name(name))
}

/// Says whether bytes could be a dotted Python name.
pub(super) fn plausible_name(name: &[u8]) -> bool {
    !name.is_empty()
        && name.len() <= 200
        && !name.first().is_some_and(u8::is_ascii_digit)
        && name
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.') || *byte >= 0x80)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_decode_as_the_unpickler_does() {
        assert_eq!(decode(opcode::STRING, b"'o\\x73'"), "os");
        assert_eq!(decode(opcode::STRING, b"\"\\157s\""), "os");
        assert_eq!(decode(opcode::UNICODE, b"\\u006fs\\n"), "os\\n");
        assert_eq!(decode(opcode::BINUNICODE, "系统".as_bytes()), "系统");
    }

    #[test]
    fn numbers_keep_their_sign() {
        assert_eq!(little_endian_integer(&[0xff]), -1);
        assert_eq!(little_endian_integer(&[0xff, 0]), 255);
        assert!(is_integer("-123456789012345678901234567890"));
        assert!(!is_integer("12a"));
    }

    #[test]
    fn nested_looks() {
        assert!(looks_nested(b"\x80\x04\x95abc"));
        assert!(looks_nested(b"cos\nsystem\n(S'x'"));
        assert!(looks_nested(b"(cos\nsystem\n"));
        assert!(!looks_nested(b"content is here"));
        assert!(!looks_nested(b"clean words\nand lines\n more"));
        assert!(looks_nested_latin1("\u{80}\u{2}c_".as_bytes()));
    }
}
