//! Reads the text format of protocol buffers without a schema: names, scalars and messages in turn.
//!
//! Formats that are written both ways share it. What a field means is theirs.

use std::ops::Range;

use crate::{
    Probe,
    bytes::{read_range, size_u64},
};

/// LIMIT: messages within messages. Readers of protocol buffers refuse more than 100.
const DEPTH: usize = 100;
/// LIMIT: first part of a text in which probes look for names, and how many of them they keep.
const OUTLINES: [u64; 2] = [1 << 20, 64 << 20];
const OUTLINE_NAMES: usize = 1_024;
/// LIMIT: bytes of a scalar that are kept.
const SCALAR_BYTES: usize = 64 * 1024;

/// What the walk came upon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A message begins.
    Enter { name: String, at: u64 },
    /// The innermost message ends.
    Leave { at: u64 },
    /// A field with a value; strings are joined and their escapes resolved, other values stand as they are.
    Scalar {
        name: String,
        value: String,
        range: Range<u64>,
    },
}

/// Why the walk ended early, with the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The text is not of this format.
    Syntax(u64),
    /// It ends within a message or a string.
    End(u64),
    /// Messages nest too deep.
    Depth(u64),
}

/// Walks over a text and hands out what it comes upon.
pub(crate) struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    /// How each open message ends.
    open: Vec<u8>,
    /// The name of a list that is open.
    list: Option<String>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        let start = if text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        Self {
            text,
            at: start,
            open: Vec::new(),
            list: None,
        }
    }

    /// Returns how many messages are open.
    pub(crate) fn depth(&self) -> usize {
        self.open.len()
    }

    /// Returns what comes next, or `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Event>, Trouble> {
        loop {
            self.space();
            if let Some(name) = self.list.clone() {
                match self.peek() {
                    Some(b']') => {
                        self.bump();
                        self.list = None;
                    }
                    Some(b',') => self.bump(),
                    _ => return self.value(name).map(Some),
                }
                continue;
            }
            match self.peek() {
                None if self.open.is_empty() => return Ok(None),
                None => return Err(Trouble::End(self.place())),
                Some(b',' | b';') => self.bump(),
                Some(end @ (b'}' | b'>')) => {
                    if self.open.pop() != Some(end) {
                        return Err(self.wrong());
                    }
                    self.bump();
                    return Ok(Some(Event::Leave { at: self.place() }));
                }
                Some(_) => {
                    let name = self.name()?;
                    self.space();
                    let colon = self.peek() == Some(b':');
                    if colon {
                        self.bump();
                        self.space();
                    }
                    match self.peek() {
                        Some(b'[') if colon => {
                            self.bump();
                            self.list = Some(name);
                        }
                        Some(b'{' | b'<') => return self.value(name).map(Some),
                        Some(_) if colon => return self.value(name).map(Some),
                        Some(_) => return Err(self.wrong()),
                        None => return Err(Trouble::End(self.place())),
                    }
                }
            }
        }
    }

    /// Reads a value or enters a message.
    fn value(&mut self, name: String) -> Result<Event, Trouble> {
        let start = self.place();
        match self.peek() {
            None => Err(Trouble::End(start)),
            Some(begin @ (b'{' | b'<')) => {
                // A list of messages would need a place to go back to; readers write one field for each message.
                if self.list.is_some() {
                    return Err(Trouble::Syntax(start));
                }
                if self.open.len() >= DEPTH {
                    return Err(Trouble::Depth(start));
                }
                self.open.push(if begin == b'{' { b'}' } else { b'>' });
                self.bump();
                Ok(Event::Enter { name, at: start })
            }
            Some(b'"' | b'\'') => {
                let mut value = Vec::new();
                while let Some(quote @ (b'"' | b'\'')) = self.peek() {
                    self.bump();
                    self.string(quote, &mut value)?;
                    self.space();
                }
                Ok(Event::Scalar {
                    name,
                    value: String::from_utf8_lossy(&value).into_owned(),
                    range: start..self.place(),
                })
            }
            Some(_) => {
                let word = self.word();
                if word.is_empty() {
                    return Err(self.wrong());
                }
                Ok(Event::Scalar {
                    name,
                    value: word,
                    range: start..self.place(),
                })
            }
        }
    }

    fn name(&mut self) -> Result<String, Trouble> {
        if self.peek() == Some(b'[') {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let end = memchr::memchr(b']', rest).ok_or(Trouble::End(self.place()))?;
            let name = rest.get(..=end).unwrap_or_default();
            self.at = self.at.saturating_add(name.len());
            return Ok(String::from_utf8_lossy(name).into_owned());
        }
        let letter = self
            .peek()
            .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
        if !letter {
            return Err(self.wrong());
        }
        Ok(self.word())
    }

    /// Takes letters, digits and the signs of numbers.
    fn word(&mut self) -> String {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let of_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'+');
        let length = rest.iter().take_while(|byte| of_word(byte)).count();
        self.at = self.at.saturating_add(length);
        let kept = rest.get(..length.min(SCALAR_BYTES)).unwrap_or_default();
        String::from_utf8_lossy(kept).into_owned()
    }

    fn string(&mut self, quote: u8, value: &mut Vec<u8>) -> Result<(), Trouble> {
        loop {
            let byte = self.peek().ok_or(Trouble::End(self.place()))?;
            self.bump();
            let byte = match byte {
                byte if byte == quote => return Ok(()),
                b'\n' => return Err(self.wrong()),
                b'\\' => {
                    let letter = self.peek().ok_or(Trouble::End(self.place()))?;
                    self.bump();
                    self.escape(letter)
                }
                byte => byte,
            };
            if value.len() < SCALAR_BYTES {
                value.push(byte);
            }
        }
    }

    fn escape(&mut self, letter: u8) -> u8 {
        match letter {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'a' => 7,
            b'b' => 8,
            b'f' => 12,
            b'v' => 11,
            b'x' | b'X' => self.digits(16, 2, 0),
            b'0'..=b'7' => self.digits(8, 2, letter.saturating_sub(b'0')),
            other => other,
        }
    }

    fn digits(&mut self, radix: u8, most: u32, first: u8) -> u8 {
        let mut value = first;
        for _ in 0..most {
            let digit = self
                .peek()
                .and_then(|byte| char::from(byte).to_digit(u32::from(radix)));
            let Some(digit) = digit else { break };
            value = value
                .wrapping_mul(radix)
                .wrapping_add(u8::try_from(digit).unwrap_or(0));
            self.bump();
        }
        value
    }

    /// Passes over white space and comments.
    fn space(&mut self) {
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => self.bump(),
                b'#' => {
                    let rest = self.text.get(self.at..).unwrap_or_default();
                    let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                    self.at = self.at.saturating_add(length);
                }
                _ => break,
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn bump(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn place(&self) -> u64 {
        size_u64(self.at)
    }

    fn wrong(&self) -> Trouble {
        Trouble::Syntax(self.place())
    }
}

/// Lists the outermost messages of a text, as far as it is of this format; most texts are not, from their first words on.
pub(crate) fn outline(probe: &Probe<'_>) -> Vec<String> {
    let text = probe
        .head
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(probe.head)
        .trim_ascii_start();
    if !text
        .first()
        .is_none_or(|first| first.is_ascii_alphabetic() || *first == b'#')
    {
        return Vec::new();
    }
    let (mut names, mut goes_on) = messages(probe.head);
    for most in OUTLINES {
        if !goes_on || size_u64(probe.head.len()) >= probe.size {
            break;
        }
        let part = read_range(probe.source, 0..most, most).unwrap_or_default();
        (names, goes_on) = messages(&part);
        goes_on &= size_u64(part.len()) < probe.size;
    }
    names
}

/// Lists the outermost messages; says whether the text is of the format up to its end.
fn messages(text: &[u8]) -> (Vec<String>, bool) {
    let mut reader = Reader::new(text);
    let mut names: Vec<String> = Vec::new();
    loop {
        match reader.next() {
            Ok(Some(Event::Enter { name, .. })) if reader.depth() == 1 && names.len() < OUTLINE_NAMES => {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            Ok(Some(_)) => {}
            Ok(None) | Err(Trouble::End(_)) => return (names, true),
            Err(_) => return (names, false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(text: &str) -> (Vec<String>, Option<Trouble>) {
        let mut reader = Reader::new(text.as_bytes());
        let mut out = Vec::new();
        loop {
            match reader.next() {
                Ok(Some(Event::Enter { name, .. })) => out.push(format!("{name} {{")),
                Ok(Some(Event::Leave { .. })) => out.push("}".to_owned()),
                Ok(Some(Event::Scalar { name, value, .. })) => out.push(format!("{name}={value}")),
                Ok(None) => return (out, None),
                Err(trouble) => return (out, Some(trouble)),
            }
        }
    }

    #[test]
    fn messages_and_scalars_are_handed_out() {
        for (text, events, trouble) in [
            ("a: 1 b { c: 'x' \"y\" }", &["a=1", "b {", "c=xy", "}"][..], None),
            (
                "# note\na: [1, 2.5e-3]; b: < c: RELU >",
                &["a=1", "a=2.5e-3", "b {", "c=RELU", "}"],
                None,
            ),
            ("a: \"\\x41\\102\\n\\\"\"", &["a=AB\n\""], None),
            ("a {", &["a {"], Some(Trouble::End(3))),
            ("a { > }", &["a {"], Some(Trouble::Syntax(4))),
            ("- a", &[], Some(Trouble::Syntax(0))),
            ("words of a text", &[], Some(Trouble::Syntax(6))),
        ] {
            let (found, end) = walk(text);
            assert_eq!(
                (
                    found.iter().map(String::as_str).collect::<Vec<_>>().as_slice(),
                    end
                ),
                (events, trouble),
                "{text}"
            );
        }
        assert!(matches!(walk(&"a {".repeat(200)).1, Some(Trouble::Depth(_))));
    }
}
