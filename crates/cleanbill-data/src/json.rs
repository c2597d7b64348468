//! JSON with places: every text of a value, the path to it and the bytes that it stands in. Lenient where readers are: names may
//! stand twice, anything that looks like a number is one.

use std::{borrow::Cow, ops::Range};

use crate::{limits::DEPTH, path::Step};

/// A text between its quotes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quoted<'a> {
    /// What stands between the quotes.
    pub(crate) raw: &'a [u8],
    /// Where that begins.
    pub(crate) at: usize,
    /// It holds escapes.
    pub(crate) escaped: bool,
}

impl<'a> Quoted<'a> {
    /// Returns the text that is meant.
    pub(crate) fn decoded(&self) -> Cow<'a, [u8]> {
        if self.escaped {
            Cow::Owned(decode(self.raw))
        } else {
            Cow::Borrowed(self.raw)
        }
    }

    /// Returns where `range` of the decoded text stands in the document.
    pub(crate) fn place(&self, range: &Range<usize>) -> Range<usize> {
        let (start, end) = if self.escaped {
            raw_range(self.raw, range)
        } else {
            (range.start, range.end)
        };
        self.at.saturating_add(start)..self.at.saturating_add(end)
    }
}

/// What a value is, where it is no object and no list; and the names of fields.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Leaf<'a> {
    Text(Quoted<'a>),
    /// A number, `true`, `false` or `null`, and where it begins.
    Plain(&'a [u8], usize),
    /// The name of a field; the path is that of its object.
    Name(Quoted<'a>),
}

/// Walks the value that begins at or after `from`; returns where it ends, or where it is wrong.
pub(crate) fn walk<'a>(
    text: &'a [u8],
    from: usize,
    visit: &mut dyn FnMut(&[Step<'a>], Leaf<'a>),
) -> Result<usize, usize> {
    let mut at = from;
    let mut steps: Vec<Step<'a>> = Vec::new();
    loop {
        at = blank(text, at);
        match text.get(at) {
            Some(b'"') => {
                let quoted = quoted(text, at)?;
                at = quoted.at.saturating_add(quoted.raw.len()).saturating_add(1);
                visit(&steps, Leaf::Text(quoted));
            }
            Some(b'{') => {
                if steps.len() >= DEPTH {
                    return Err(at);
                }
                let inside = blank(text, at.saturating_add(1));
                if text.get(inside) == Some(&b'}') {
                    at = inside.saturating_add(1);
                } else {
                    let (key, value) = name(text, inside)?;
                    visit(&steps, Leaf::Name(key));
                    steps.push(Step::Key(Cow::Borrowed(key.raw)));
                    at = value;
                    continue;
                }
            }
            Some(b'[') => {
                if steps.len() >= DEPTH {
                    return Err(at);
                }
                let inside = blank(text, at.saturating_add(1));
                if text.get(inside) == Some(&b']') {
                    at = inside.saturating_add(1);
                } else {
                    steps.push(Step::Index(0));
                    at = inside;
                    continue;
                }
            }
            _ => {
                let length = text
                    .get(at..)
                    .unwrap_or_default()
                    .iter()
                    .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
                    .count();
                if length == 0 {
                    return Err(at);
                }
                let end = at.saturating_add(length);
                visit(&steps, Leaf::Plain(text.get(at..end).unwrap_or_default(), at));
                at = end;
            }
        }
        // After a value.
        loop {
            let Some(step) = steps.last_mut() else {
                return Ok(at);
            };
            at = blank(text, at);
            match (step, text.get(at)) {
                (Step::Index(index), Some(b',')) => {
                    *index = index.saturating_add(1);
                    at = at.saturating_add(1);
                    break;
                }
                (Step::Key(_), Some(b',')) => {
                    let (key, value) = name(text, blank(text, at.saturating_add(1)))?;
                    steps.pop();
                    visit(&steps, Leaf::Name(key));
                    steps.push(Step::Key(Cow::Borrowed(key.raw)));
                    at = value;
                    break;
                }
                (Step::Index(_), Some(b']')) | (Step::Key(_), Some(b'}')) => {
                    steps.pop();
                    at = at.saturating_add(1);
                }
                _ => return Err(at),
            }
        }
    }
}

/// Reads a name and the colon behind it; returns it, and where the value may begin.
fn name(text: &[u8], at: usize) -> Result<(Quoted<'_>, usize), usize> {
    let key = quoted(text, at)?;
    let colon = blank(text, key.at.saturating_add(key.raw.len()).saturating_add(1));
    if text.get(colon) != Some(&b':') {
        return Err(colon);
    }
    Ok((key, colon.saturating_add(1)))
}

fn quoted(text: &[u8], at: usize) -> Result<Quoted<'_>, usize> {
    if text.get(at) != Some(&b'"') {
        return Err(at);
    }
    let start = at.saturating_add(1);
    let mut end = start;
    let mut escaped = false;
    loop {
        let rest = text.get(end..).unwrap_or_default();
        let Some(next) = memchr::memchr2(b'"', b'\\', rest) else {
            return Err(at);
        };
        end = end.saturating_add(next);
        if text.get(end) == Some(&b'"') {
            return Ok(Quoted {
                raw: text.get(start..end).unwrap_or_default(),
                at: start,
                escaped,
            });
        }
        escaped = true;
        end = end.saturating_add(2);
    }
}

/// Returns the first place at or after `at` that is not blank.
pub(crate) fn blank(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let blank = rest
        .iter()
        .take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
        .count();
    at.saturating_add(blank)
}

/// Decodes one escape, which begins with `\`: how many bytes it takes, and what it means.
fn escape(raw: &[u8]) -> (usize, [u8; 4], usize) {
    let one = |byte: u8| (2, [byte, 0, 0, 0], 1);
    match raw.get(1) {
        Some(b'n') => one(b'\n'),
        Some(b't') => one(b'\t'),
        Some(b'r') => one(b'\r'),
        Some(b'b') => one(8),
        Some(b'f') => one(12),
        Some(b'u') => {
            let Some(first) = unit(raw.get(2..6)) else {
                return one(b'u');
            };
            let second = raw
                .get(6..8)
                .filter(|start| *start == b"\\u")
                .and_then(|_| unit(raw.get(8..12)));
            let (length, code) = match (first, second) {
                (0xd800..=0xdbff, Some(low @ 0xdc00..=0xdfff)) => {
                    let high = first.wrapping_sub(0xd800) << 10;
                    (
                        12,
                        0x1_0000_u32
                            .wrapping_add(high)
                            .wrapping_add(low.wrapping_sub(0xdc00)),
                    )
                }
                _ => (6, first),
            };
            let mut bytes = [0; 4];
            let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
            let taken = character.encode_utf8(&mut bytes).len();
            (length, bytes, taken)
        }
        Some(other) => one(*other),
        None => (1, [b'\\', 0, 0, 0], 1),
    }
}

fn unit(digits: Option<&[u8]>) -> Option<u32> {
    let digits = digits.filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// Returns what a text with escapes means.
pub(crate) fn decode(raw: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(plain) = memchr::memchr(b'\\', rest) {
        decoded.extend_from_slice(rest.get(..plain).unwrap_or_default());
        rest = rest.get(plain..).unwrap_or_default();
        let (length, bytes, taken) = escape(rest);
        decoded.extend_from_slice(bytes.get(..taken).unwrap_or_default());
        rest = rest.get(length..).unwrap_or_default();
    }
    decoded.extend_from_slice(rest);
    decoded
}

/// Returns where a range of the decoded text stands in the text with escapes; whole escapes only.
fn raw_range(raw: &[u8], range: &Range<usize>) -> (usize, usize) {
    let (mut at, mut decoded) = (0_usize, 0_usize);
    let mut start = None;
    loop {
        let rest = raw.get(at..).unwrap_or_default();
        let plain = memchr::memchr(b'\\', rest).unwrap_or(rest.len());
        let after = decoded.saturating_add(plain);
        let place = |wanted: usize| at.saturating_add(wanted.saturating_sub(decoded));
        if start.is_none() && range.start < after {
            start = Some(place(range.start));
        }
        if range.end <= after {
            return (start.unwrap_or_else(|| place(range.start)), place(range.end));
        }
        at = at.saturating_add(plain);
        decoded = after;
        if at >= raw.len() {
            return (start.unwrap_or(raw.len()), raw.len());
        }
        let (length, _, taken) = escape(raw.get(at..).unwrap_or_default());
        let end = decoded.saturating_add(taken);
        if start.is_none() && range.start < end {
            start = Some(at);
        }
        at = at.saturating_add(length).min(raw.len());
        decoded = end;
        if range.end <= decoded {
            return (start.unwrap_or(at), at);
        }
    }
}

/// Writes a text as it stands between quotes.
pub(crate) fn escaped(text: &[u8]) -> Vec<u8> {
    let mut written = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            b'"' | b'\\' => written.extend([b'\\', *byte]),
            0..=0x1f => written.extend(format!("\\u{byte:04x}").into_bytes()),
            _ => written.push(*byte),
        }
    }
    written
}

/// Returns the value at a path of names such as `id` or `meta.id`, as text.
pub(crate) fn lookup(record: &[u8], field: &str) -> Option<String> {
    let mut found = None;
    let _ = walk(record, 0, &mut |steps, leaf| {
        if found.is_none() && crate::path::render(steps) == field {
            let bytes = match leaf {
                Leaf::Text(quoted) => quoted.decoded().into_owned(),
                Leaf::Plain(b"null", _) | Leaf::Name(_) => return,
                Leaf::Plain(plain, _) => plain.to_vec(),
            };
            found = Some(crate::path::short(&bytes));
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::render;

    fn texts(text: &str) -> Result<Vec<(String, String)>, usize> {
        let mut all = Vec::new();
        walk(text.as_bytes(), 0, &mut |steps, leaf| {
            if let Leaf::Text(quoted) = leaf {
                let decoded = String::from_utf8_lossy(&quoted.decoded()).into_owned();
                all.push((render(steps), decoded));
            }
        })?;
        Ok(all)
    }

    #[test]
    fn every_text_comes_with_its_path() {
        let found = texts(
            r#"{"a": "x", "m": [{"c": "y"}, {"c": "z\n\u00e9\ud83d\ude00"}], "n": [1, null, ["q"]], "": {}}"#,
        );
        let expected = [
            ("a", "x"),
            ("m[0].c", "y"),
            ("m[1].c", "z\né😀"),
            ("n[2][0]", "q"),
        ];
        let expected: Vec<(String, String)> = expected
            .map(|(path, text)| (path.to_owned(), text.to_owned()))
            .into();
        assert_eq!(found, Ok(expected));
    }

    #[test]
    fn what_is_no_json_says_where() {
        assert_eq!(texts("{\"a\" 1}"), Err(5));
        assert_eq!(texts("[1 2]"), Err(3));
        assert_eq!(texts("\"open"), Err(0));
        assert_eq!(texts(""), Err(0));
        assert!(texts(&"[".repeat(DEPTH + 1)).is_err());
    }

    #[test]
    fn a_place_in_the_meaning_is_a_place_in_the_writing() {
        let text = br#"x\n\u00e9\"abc\ud83d\ude00end"#;
        let quoted = Quoted {
            raw: text,
            at: 0,
            escaped: true,
        };
        let decoded = quoted.decoded();
        for (start, _) in String::from_utf8_lossy(&decoded).char_indices() {
            for end in start + 1..=decoded.len() {
                if std::str::from_utf8(&decoded[start..end]).is_ok() {
                    let place = quoted.place(&(start..end));
                    assert_eq!(decode(&text[place]), &decoded[start..end], "{start}..{end}");
                }
            }
        }
    }
}
