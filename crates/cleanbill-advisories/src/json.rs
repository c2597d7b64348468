//! A strict walk over JSON (RFC 8259) that keeps the place: well-formed, no key twice, no more levels than allowed.
//!
//! The reader that fills types passes over what it does not know, and with it over what is wrong there; this walk does not. It also
//! finds the path that leads to an offset, for errors of the other reader. Values are not kept.

use std::borrow::Cow;

use serde::Deserialize;

use crate::{
    fault::{DocumentError, Fault, Place, printable},
    limits,
};

/// Reads one document: checks it by the strict walk, then fills a type from the same bytes.
pub(crate) fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, DocumentError> {
    let text = check(bytes)?;
    serde_json::from_str(text).map_err(|error| {
        let offset = offset_of(text.as_bytes(), error.line(), error.column());
        let reason = error.to_string();
        let reason = reason
            .rsplit_once(" at line ")
            .map_or(reason.as_str(), |(reason, _)| reason);
        DocumentError {
            place: Box::new(place(
                path_at(text, offset),
                offset.saturating_add(bytes.len().saturating_sub(text.len())),
            )),
            fault: Fault::Schema {
                reason: printable(reason),
            },
        }
    })
}

/// Checks that the bytes are one JSON value and nothing else; returns them as text, without a byte order mark.
pub(crate) fn check(bytes: &[u8]) -> Result<&str, DocumentError> {
    let (text, mark) = decode(bytes)?;
    let mut walk = Walk::new(text, usize::MAX);
    let done = walk.value().and_then(|()| walk.end());
    match done {
        Ok(()) => Ok(text),
        Err(fault) => Err(DocumentError {
            place: Box::new(place(
                walk.path(),
                walk.fault_at.unwrap_or(walk.at).saturating_add(mark),
            )),
            fault,
        }),
    }
}

/// Splits a text into the elements of its outermost array, or its one value, with their offsets. Elements are not checked inside
/// beyond their brackets and strings.
pub(crate) fn elements(bytes: &[u8]) -> Result<Vec<(usize, &[u8])>, DocumentError> {
    let (text, mark) = decode(bytes)?;
    let mut walk = Walk::new(text, usize::MAX);
    walk.space();
    if walk.peek() != Some(b'[') {
        return Ok(vec![(0, bytes)]);
    }
    let mut found = Vec::new();
    let done = walk.array_elements(&mut found).and_then(|()| walk.end());
    match done {
        Ok(()) => Ok(found
            .into_iter()
            .map(|(start, end)| {
                let (start, end) = (start.saturating_add(mark), end.saturating_add(mark));
                (start, bytes.get(start..end).unwrap_or_default())
            })
            .collect()),
        Err(fault) => Err(DocumentError {
            place: Box::new(place(
                walk.path(),
                walk.fault_at.unwrap_or(walk.at).saturating_add(mark),
            )),
            fault,
        }),
    }
}

fn place(path: String, offset: usize) -> Place {
    Place {
        path,
        offset: u64::try_from(offset).unwrap_or(u64::MAX),
        ..Place::default()
    }
}

/// Returns the text and the length of its byte order mark.
fn decode(bytes: &[u8]) -> Result<(&str, usize), DocumentError> {
    let fault = |fault, offset| DocumentError {
        place: Box::new(place(String::new(), offset)),
        fault,
    };
    for (mark, encoding) in MARKS {
        if bytes.starts_with(mark) {
            return Err(fault(Fault::Encoding { encoding }, 0));
        }
    }
    match bytes {
        [0, _, ..] => {
            return Err(fault(
                Fault::Encoding {
                    encoding: "UTF-16 or UTF-32",
                },
                0,
            ));
        }
        [first, 0, ..] if *first != 0 => return Err(fault(Fault::Encoding { encoding: "UTF-16" }, 0)),
        _ => {}
    }
    let text = std::str::from_utf8(bytes).map_err(|error| fault(Fault::NotUtf8, error.valid_up_to()))?;
    Ok(text
        .strip_prefix('\u{feff}')
        .map_or((text, 0), |rest| (rest, text.len().saturating_sub(rest.len()))))
}

/// Returns the path of the value that stands at an offset or ends there.
fn path_at(text: &str, offset: usize) -> String {
    let mut walk = Walk::new(text, offset);
    // It ends at the offset by a fault of its own; the path is all that is asked for.
    let _stopped = walk.value();
    walk.path()
}

/// Returns where the value with this path begins; 0 where there is none.
pub(crate) fn offset_of_path<'a>(bytes: &'a [u8], path: &'a str) -> usize {
    let Ok((text, mark)) = decode(bytes) else { return 0 };
    let mut walk = Walk::new(text, usize::MAX);
    walk.wanted = Some(path);
    // It ends at the path by a fault of its own.
    let _stopped = walk.value();
    walk.found.map_or(0, |at| at.saturating_add(mark))
}

/// Turns line and column, both counted from 1 and columns in bytes, into an offset.
fn offset_of(bytes: &[u8], line: usize, column: usize) -> usize {
    let mut start = 0_usize;
    for (number, piece) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        if number.saturating_add(1) == line {
            return start.saturating_add(column.saturating_sub(1)).min(bytes.len());
        }
        start = start.saturating_add(piece.len());
    }
    bytes.len()
}

/// An open object or array.
struct Frame<'a> {
    is_object: bool,
    /// Where its keys begin in the shared list.
    keys: usize,
    /// Number of the current element.
    index: usize,
    /// The current key.
    key: Cow<'a, str>,
}

struct Walk<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// The walk ends before the value that reaches beyond this offset.
    stop: usize,
    frames: Vec<Frame<'a>>,
    keys: Vec<(Cow<'a, str>, usize)>,
    /// The place of a fault, where it is not where the walk stands.
    fault_at: Option<usize>,
    /// A path that is looked for, and where its value begins.
    wanted: Option<&'a str>,
    found: Option<usize>,
}

impl<'a> Walk<'a> {
    fn new(text: &'a str, stop: usize) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            at: 0,
            stop,
            frames: Vec::new(),
            keys: Vec::new(),
            fault_at: None,
            wanted: None,
            found: None,
        }
    }

    fn path(&self) -> String {
        let mut path = String::new();
        for frame in &self.frames {
            if frame.is_object {
                if !path.is_empty() && !frame.key.is_empty() {
                    path.push('.');
                }
                path.push_str(&frame.key);
            } else {
                path.push('[');
                path.push_str(&frame.index.to_string());
                path.push(']');
            }
        }
        path
    }

    /// Walks one value, whatever it holds, without recursion.
    fn value(&mut self) -> Result<(), Fault> {
        let floor = self.frames.len();
        loop {
            self.space();
            if self.wanted.is_some_and(|wanted| self.path() == wanted) {
                self.found = Some(self.at);
                return Err(Fault::Truncated);
            }
            match self.peek() {
                Some(b'{') => {
                    self.open(true)?;
                    self.space();
                    if self.peek() == Some(b'}') {
                        self.close()?;
                    } else {
                        self.key()?;
                        continue;
                    }
                }
                Some(b'[') => {
                    self.open(false)?;
                    self.space();
                    if self.peek() == Some(b']') {
                        self.close()?;
                    } else {
                        continue;
                    }
                }
                Some(b'"') => {
                    self.string()?;
                }
                Some(b'-' | b'0'..=b'9') => self.number()?,
                Some(b't') => self.word("true")?,
                Some(b'f') => self.word("false")?,
                Some(b'n') => self.word("null")?,
                _ => return Err(self.unexpected("a value")),
            }
            if self.at > self.stop {
                return Err(Fault::Truncated);
            }
            // A value is complete: go on in what surrounds it.
            loop {
                if self.frames.len() <= floor {
                    return Ok(());
                }
                self.space();
                let is_object = self.frames.last().is_some_and(|frame| frame.is_object);
                match (self.peek(), is_object) {
                    (Some(b','), true) => {
                        self.step();
                        self.space();
                        self.key()?;
                        break;
                    }
                    (Some(b','), false) => {
                        self.step();
                        if let Some(frame) = self.frames.last_mut() {
                            frame.index = frame.index.saturating_add(1);
                        }
                        break;
                    }
                    (Some(b'}'), true) | (Some(b']'), false) => self.close()?,
                    (_, true) => return Err(self.unexpected("`,` or `}`")),
                    (_, false) => return Err(self.unexpected("`,` or `]`")),
                }
            }
        }
    }

    /// Walks an array and notes where each of its elements starts and ends.
    fn array_elements(&mut self, found: &mut Vec<(usize, usize)>) -> Result<(), Fault> {
        self.open(false)?;
        self.space();
        if self.peek() == Some(b']') {
            return self.close();
        }
        loop {
            self.space();
            let start = self.at;
            self.value()?;
            if found.len() >= limits::RECORDS {
                return Err(Fault::TooMany {
                    what: "records",
                    limit: limits::RECORDS,
                });
            }
            found.push((start, self.at));
            self.space();
            match self.peek() {
                Some(b',') => {
                    self.step();
                    if let Some(frame) = self.frames.last_mut() {
                        frame.index = frame.index.saturating_add(1);
                    }
                }
                Some(b']') => return self.close(),
                _ => return Err(self.unexpected("`,` or `]`")),
            }
        }
    }

    /// Asks for the end of the text.
    fn end(&mut self) -> Result<(), Fault> {
        self.space();
        if self.peek().is_none() {
            Ok(())
        } else {
            Err(self.unexpected("the end of the document"))
        }
    }

    fn open(&mut self, is_object: bool) -> Result<(), Fault> {
        if self.frames.len() >= limits::NESTING {
            return Err(Fault::TooDeep {
                limit: limits::NESTING,
            });
        }
        self.step();
        self.frames.push(Frame {
            is_object,
            keys: self.keys.len(),
            index: 0,
            key: Cow::Borrowed(""),
        });
        Ok(())
    }

    fn close(&mut self) -> Result<(), Fault> {
        let start = self.frames.last().map_or(0, |frame| frame.keys);
        let keys = self.keys.get_mut(start..).unwrap_or_default();
        let twice = if keys.len() <= FEW_KEYS {
            let later = keys.iter().enumerate();
            later
                .filter(|(index, (key, _))| keys.iter().take(*index).any(|(other, _)| other == key))
                .map(|(_, pair)| pair)
                .next()
        } else {
            keys.sort_unstable();
            keys.windows(2).find_map(|pair| match pair {
                [first, second] if first.0 == second.0 => Some(second),
                _ => None,
            })
        };
        if let Some((key, at)) = twice {
            let (shown, key, at) = (printable(key), key.clone(), *at);
            self.fault_at = Some(at);
            if let Some(frame) = self.frames.last_mut() {
                frame.key = key;
            }
            return Err(Fault::DuplicateKey { key: shown });
        }
        self.keys.truncate(start);
        self.frames.pop();
        self.step();
        Ok(())
    }

    fn key(&mut self) -> Result<(), Fault> {
        let start = self.at;
        if self.peek() != Some(b'"') {
            if let Some(frame) = self.frames.last_mut() {
                frame.key = Cow::Borrowed("");
            }
            return Err(self.unexpected("a key in quotes"));
        }
        let key = self.string()?;
        self.keys.push((key.clone(), start));
        if let Some(frame) = self.frames.last_mut() {
            frame.key = key;
        }
        self.space();
        if self.peek() != Some(b':') {
            return Err(self.unexpected("`:`"));
        }
        self.step();
        Ok(())
    }

    /// Walks a string and returns what it means; where it has escapes that do not form characters, what stands there.
    fn string(&mut self) -> Result<Cow<'a, str>, Fault> {
        let start = self.at;
        self.step();
        let mut escaped = false;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let plain = rest
                .iter()
                .position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))
                .unwrap_or(rest.len());
            self.at = self.at.saturating_add(plain);
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(_) => {
                    return Err(self.unexpected("a character of a string, control characters as escapes"));
                }
                None => return Err(Fault::Truncated),
            }
        }
        self.step();
        let whole = self.text.get(start..self.at).unwrap_or_default();
        if escaped {
            let decoded: Result<String, _> = serde_json::from_str(whole);
            return Ok(decoded.map_or(Cow::Borrowed(whole), Cow::Owned));
        }
        let inside = whole.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        Ok(Cow::Borrowed(inside.unwrap_or_default()))
    }

    fn escape(&mut self) -> Result<(), Fault> {
        self.step();
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.step();
                Ok(())
            }
            Some(b'u') => {
                self.step();
                for _ in 0..4 {
                    if !self.peek().is_some_and(|byte| byte.is_ascii_hexdigit()) {
                        return Err(self.unexpected("four hexadecimal digits"));
                    }
                    self.step();
                }
                Ok(())
            }
            _ => Err(self.unexpected("an escape")),
        }
    }

    fn number(&mut self) -> Result<(), Fault> {
        if self.peek() == Some(b'-') {
            self.step();
        }
        if self.peek() == Some(b'0') {
            self.step();
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.step();
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.step();
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.step();
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Fault> {
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(self.unexpected("a digit"));
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.step();
        }
        Ok(())
    }

    fn word(&mut self, word: &'static str) -> Result<(), Fault> {
        for byte in word.bytes() {
            if self.peek() != Some(byte) {
                return Err(self.unexpected("`true`, `false` or `null`"));
            }
            self.step();
        }
        Ok(())
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.step();
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn step(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn unexpected(&self, wanted: &'static str) -> Fault {
        let rest = self.text.get(self.at..).unwrap_or_default();
        rest.chars()
            .next()
            .map_or(Fault::Truncated, |found| Fault::Unexpected {
                found: printable(found.encode_utf8(&mut [0; 4])),
                wanted,
            })
    }
}

/// Keys up to which comparing each with each is quicker than sorting.
const FEW_KEYS: usize = 16;
/// Byte order marks of encodings that are not UTF-8, the longer ones first.
const MARKS: &[(&[u8], &str)] = &[
    (&[0xff, 0xfe, 0, 0], "UTF-32"),
    (&[0, 0, 0xfe, 0xff], "UTF-32"),
    (&[0xff, 0xfe], "UTF-16"),
    (&[0xfe, 0xff], "UTF-16"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_has_its_path_and_offset() {
        for (text, wanted) in [
            (r#"{"a":{"b":[1,2,}"#, "`` at `a.b[2]` 15"),
            (r#"{"a":[{"x":1,"y":{},"x":2}]}"#, "`` at `a[0].x` 20"),
            (r#"{"a":1,"\u0061":2}"#, "`` at `a` 7"),
            (r#"{"a":"#, "`` at `a` 5"),
            (r#"{"a":01}"#, "`` at `a` 6"),
            ("{\"a\":\"\u{1}\"}", "`` at `a` 6"),
            (r#"{"a":"\x"}"#, "`` at `a` 7"),
            (r#"{"a":1} x"#, "`` at `` 8"),
            (r#"{"a":1,}"#, "`` at `` 7"),
            ("", "`` at `` 0"),
        ] {
            let error = check(text.as_bytes()).unwrap_err();
            let shown = format!("`` at `{}` {}", error.place.path, error.place.offset);
            assert_eq!(shown, wanted, "{text}: {error}");
        }
        let deep = "[".repeat(100_000);
        assert!(matches!(
            check(deep.as_bytes()).unwrap_err().fault,
            Fault::TooDeep { .. }
        ));
        assert!(matches!(
            check(b"\xff\xfe{\0}\0").unwrap_err().fault,
            Fault::Encoding { .. }
        ));
        assert!(matches!(
            check(b"{\0}\0").unwrap_err().fault,
            Fault::Encoding { .. }
        ));
        let error = check(b"{\"a\":\"\xff\"}").unwrap_err();
        assert_eq!(
            (error.place.offset, matches!(error.fault, Fault::NotUtf8)),
            (6, true)
        );
    }

    #[test]
    fn what_is_right_is_let_through() {
        for text in [
            "{}",
            " [] ",
            "\u{feff}{\"a\":-0.5e+3}",
            r#"{"a":[{"a":{"a":"é\u00e9\n"}},true,null,1E5]}"#,
        ] {
            check(text.as_bytes()).unwrap();
        }
        let many: Vec<String> = (0..1000).map(|number| format!("\"k{number}\":0")).collect();
        check(format!("{{{}}}", many.join(",")).as_bytes()).unwrap();
        check(format!("{{{},\"k7\":0}}", many.join(",")).as_bytes()).unwrap_err();
    }

    #[test]
    fn a_wrong_type_is_found_by_path() {
        #[derive(Debug, Deserialize)]
        struct Wanted {
            #[expect(dead_code, reason = "only read")]
            list: Vec<u8>,
        }
        let error = read::<Wanted>(b"{\n \"other\": [1],\n \"list\": [1, \"x\", 3]}").unwrap_err();
        assert_eq!(error.place.path, "list[1]");
        assert!(error.place.offset > 30, "{error}");
    }

    #[test]
    fn elements_of_an_array_keep_their_offsets() {
        let text = br#" [ {"a":1}, 2 ,"x"]"#;
        let found = elements(text).unwrap();
        assert_eq!(found.len(), 3);
        for (at, element) in found {
            assert_eq!(&text[at..at + element.len()], element);
        }
        elements(b"[1,").unwrap_err();
    }
}
