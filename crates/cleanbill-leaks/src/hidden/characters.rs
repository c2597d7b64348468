//! Characters as they stand in bytes: in UTF-8, or spelled with an escape as JSON does.

/// Holds one character and how many bytes it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Glyph {
    pub(super) character: char,
    pub(super) length: usize,
    pub(super) escaped: bool,
}

/// Says what hides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Nothing.
    Plain,
    /// U+E0000 to U+E007F, which mirror ASCII.
    Tag,
    /// The 256 variation selectors.
    Selector,
    /// Without width and without a meaning of its own.
    Zero,
    /// Embeds, isolates or overrides the direction of writing, or ends that.
    Direction,
}

/// Says what a character hides.
pub(super) const fn class(character: char) -> Class {
    match character {
        '\u{e0000}'..='\u{e007f}' => Class::Tag,
        '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => Class::Selector,
        '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{206a}'..='\u{206f}' | '\u{feff}' => {
            Class::Zero
        }
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => Class::Direction,
        _ => Class::Plain,
    }
}

/// Decodes the character at `at`.
pub(super) fn glyph(bytes: &[u8], at: usize) -> Option<Glyph> {
    let rest = bytes.get(at..)?;
    match rest {
        [b'\\', b'u', ..] if is_escape(bytes, at) => spelled(rest),
        [byte @ ..=0x7f, ..] => Some(Glyph {
            character: char::from(*byte),
            length: 1,
            escaped: false,
        }),
        _ => raw(rest),
    }
}

/// Decodes the character that ends before `at`. An escape such as `\n` counts as the end of a line.
pub(super) fn glyph_before(bytes: &[u8], at: usize) -> Option<Glyph> {
    let before = bytes.get(..at)?;
    let last = *before.last()?;
    let may_be_spelled = last.is_ascii_hexdigit() && matches!(before, [.., b'\\', b'u', _, _, _, _]);
    if may_be_spelled {
        for length in [12_usize, 6] {
            let start = at.checked_sub(length);
            let found = start
                .filter(|start| before.get(*start..).is_some_and(|rest| rest.starts_with(b"\\u")))
                .and_then(|start| glyph(before, start));
            if let Some(found) = found.filter(|found| found.length == length) {
                return Some(found);
            }
        }
    }
    if matches!(last, b'n' | b'r' | b't' | b'b' | b'f' | b'"' | b'/') {
        let slash = at.saturating_sub(2);
        if before.get(slash) == Some(&b'\\') && is_escape(before, slash) {
            let character = if matches!(last, b'"' | b'/') {
                char::from(last)
            } else {
                '\n'
            };
            return Some(Glyph {
                character,
                length: 2,
                escaped: true,
            });
        }
    }
    if last.is_ascii() {
        return Some(Glyph {
            character: char::from(last),
            length: 1,
            escaped: false,
        });
    }
    let back = before
        .iter()
        .rev()
        .take(4)
        .position(|byte| !matches!(byte, 0x80..=0xbf))?;
    let start = at.checked_sub(back)?.checked_sub(1)?;
    raw(before.get(start..)?).filter(|found| found.length == back.saturating_add(1))
}

/// Says whether the backslash at `at` begins an escape and is not itself escaped.
pub(super) fn is_escape(bytes: &[u8], at: usize) -> bool {
    let before = bytes.get(..at).unwrap_or_default();
    let slashes = before
        .iter()
        .rev()
        .take(SLASHES)
        .take_while(|byte| **byte == b'\\')
        .count();
    slashes.is_multiple_of(2)
}

/// LIMIT: backslashes counted before an escape; nobody escapes more often than that.
const SLASHES: usize = 32;

fn raw(rest: &[u8]) -> Option<Glyph> {
    let length = match rest.first()? {
        0..=0x7f => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    let text = std::str::from_utf8(rest.get(..length)?).ok()?;
    Some(Glyph {
        character: text.chars().next()?,
        length,
        escaped: false,
    })
}

fn spelled(rest: &[u8]) -> Option<Glyph> {
    let high = unit(rest)?;
    let (character, length) = if (0xd800..0xdc00).contains(&high) {
        let low = unit(rest.get(6..)?)?;
        let pair = [u16::try_from(high).ok()?, u16::try_from(low).ok()?];
        (char::decode_utf16(pair).next()?.ok()?, 12)
    } else {
        (char::from_u32(high)?, 6)
    };
    Some(Glyph {
        character,
        length,
        escaped: true,
    })
}

/// Reads `\uXXXX`.
fn unit(bytes: &[u8]) -> Option<u32> {
    let digits = bytes.strip_prefix(b"\\u")?.get(..4)?;
    let mut value = 0_u32;
    for digit in digits {
        value = value << 4 | char::from(*digit).to_digit(16)?;
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_read_in_both_directions_and_both_spellings() {
        for (text, character, length) in [
            ("a", 'a', 1),
            ("\u{200b}", '\u{200b}', 3),
            ("\u{e0041}", '\u{e0041}', 4),
            ("\\u200B", '\u{200b}', 6),
            ("\\udb40\\udc41", '\u{e0041}', 12),
        ] {
            let whole = format!("x{text}y");
            let found = glyph(whole.as_bytes(), 1).unwrap();
            assert_eq!((found.character, found.length), (character, length), "{text}");
            let found = glyph_before(whole.as_bytes(), whole.len() - 1).unwrap();
            assert_eq!((found.character, found.length), (character, length), "{text}");
        }
        // An escaped backslash spells nothing.
        assert_eq!(glyph(b"\\\\u200b", 1).unwrap().length, 1);
        assert_eq!(glyph_before("x\\n".as_bytes(), 3).unwrap().character, '\n');
        assert_eq!(glyph(b"\xff", 0), None);
        assert_eq!(glyph_before(b"\x80\x80", 2), None);
    }
}
