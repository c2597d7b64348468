//! A strict JSON reader (RFC 8259) that walks over the bytes in pieces: memory does not grow with the input, nesting is
//! bounded, repeated keys are seen. It builds no values; it hands out events with their byte ranges.

mod outline;

use std::{
    borrow::Cow,
    collections::HashSet,
    hash::{DefaultHasher, Hasher},
    ops::Range,
};

use thiserror::Error;

use crate::bytes::{ReadAt, SourceError, size_u64, view_range};

pub(crate) use outline::outline;

/// Bytes read at a time.
const PIECE: u64 = 64 * 1024;
/// LIMIT: keys remembered at once, over all open objects; keys beyond are not compared.
const KEYS: usize = 4_000_000;

/// Says how closely RFC 8259 is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// To the letter.
    Rfc,
    /// Also `NaN`, `Infinity`, `-Infinity` and lone surrogates, which Python writes and reads.
    Python,
}

/// Says whether `bytes` are one JSON value and nothing else, as Python reads it; else why not.
pub(crate) fn check(bytes: Vec<u8>) -> Result<(), String> {
    let bytes = without_mark(bytes);
    let mut reader = Reader::new(
        &bytes,
        0..size_u64(bytes.len()),
        Strictness::Python,
        PYTHON_DEPTH,
        0,
    );
    loop {
        match reader.next() {
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(error) => return Err(error.to_string()),
        }
    }
    match reader.has_more() {
        Ok(false) => Ok(()),
        _ => Err("more follows the value".to_owned()),
    }
}

/// Takes off the byte order mark, which Python's reader forgives.
pub(crate) fn without_mark(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.starts_with(b"\xef\xbb\xbf") {
        bytes.drain(..3);
    }
    bytes
}

/// Python's own reader gives up near this depth.
pub(crate) const PYTHON_DEPTH: usize = 990;

/// Names what the reader came upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// `{`.
    ObjectStart,
    /// `}`.
    ObjectEnd,
    /// `[`.
    ArrayStart,
    /// `]`.
    ArrayEnd,
    /// A key of an object; its text is in [`Reader::text`].
    Key {
        /// The same object had this key before.
        repeated: bool,
    },
    /// A string; its text is in [`Reader::text`].
    String,
    /// A number; its text is in [`Reader::text`].
    Number,
    /// `true` or `false`.
    Bool,
    /// `null`.
    Null,
}

/// The bytes are not JSON, or cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JsonError {
    /// A rule of the grammar is broken.
    #[error("{rule} at offset {offset}")]
    Syntax {
        /// Where.
        offset: u64,
        /// What was expected.
        rule: &'static str,
    },
    /// The bytes end within a value.
    #[error("the bytes end within a value at offset {offset}")]
    End {
        /// Where they end.
        offset: u64,
    },
    /// Nested deeper than allowed.
    #[error("nested too deep at offset {offset}")]
    Depth {
        /// Where the limit was passed.
        offset: u64,
    },
    /// The source failed.
    #[error(transparent)]
    Source(#[from] SourceError),
}

impl JsonError {
    /// Returns where the reader stood; `None` where the source failed.
    pub fn offset(&self) -> Option<u64> {
        match self {
            Self::Syntax { offset, .. } | Self::End { offset } | Self::Depth { offset } => Some(*offset),
            Self::Source(_) => None,
        }
    }
}

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    Value,
    FirstElement,
    FirstKey,
    Key,
    AfterValue,
    Done,
}

#[derive(Debug)]
enum Open {
    Array,
    Object(HashSet<u64>),
}

/// Walks over one JSON value.
#[derive(Debug)]
pub struct Reader<'a> {
    source: &'a dyn ReadAt,
    end: u64,
    piece: Cow<'a, [u8]>,
    piece_start: u64,
    index: usize,
    strictness: Strictness,
    open: Vec<Open>,
    depth: usize,
    keys: usize,
    expect: Expect,
    keep: usize,
    text: Vec<u8>,
    cut: bool,
}

impl<'a> Reader<'a> {
    /// Starts at `range.start`; `depth` bounds the nesting, `keep` how many bytes of a text are kept.
    pub fn new(
        source: &'a dyn ReadAt,
        range: Range<u64>,
        strictness: Strictness,
        depth: usize,
        keep: usize,
    ) -> Self {
        Self {
            source,
            end: range.end.min(source.size()),
            piece: Cow::default(),
            piece_start: range.start,
            index: 0,
            strictness,
            open: Vec::new(),
            depth,
            keys: 0,
            expect: Expect::Value,
            keep,
            text: Vec::new(),
            cut: false,
        }
    }

    /// Returns the offset of the next byte.
    pub fn position(&self) -> u64 {
        self.piece_start.saturating_add(size_u64(self.index))
    }

    /// Returns how many containers are open.
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    /// Returns the text of the last key, string or number, escapes resolved, cut to what is kept.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.text)
    }

    /// Says whether the last text was longer than what is kept.
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// Sets how many bytes of the next texts are kept.
    pub fn keep(&mut self, bytes: usize) {
        self.keep = bytes;
    }

    /// Starts over after a complete value, for inputs with one value after the other.
    pub fn restart(&mut self) {
        self.expect = Expect::Value;
    }

    /// Passes over white space and says whether anything follows.
    pub fn has_more(&mut self) -> Result<bool, SourceError> {
        self.white_space()?;
        Ok(self.peek()?.is_some())
    }

    /// Returns the next event with its bytes, or `None` after the value has ended.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator of results would hide that the first error ends the walk"
    )]
    pub fn next(&mut self) -> Result<Option<(Event, Range<u64>)>, JsonError> {
        if self.expect == Expect::Done {
            return Ok(None);
        }
        self.white_space()?;
        let mut start = self.position();
        let mut byte = self.need()?;
        if self.expect == Expect::AfterValue {
            if byte == b',' {
                self.bump();
                self.expect = match self.open.last() {
                    Some(Open::Object(_)) => Expect::Key,
                    _ => Expect::Value,
                };
                self.white_space()?;
                start = self.position();
                byte = self.need()?;
            } else if !matches!(byte, b'}' | b']') {
                return Err(self.wrong("comma or end of container expected"));
            }
        }
        let event = match (self.expect, byte) {
            (Expect::FirstKey | Expect::AfterValue, b'}') => {
                match self.open.pop() {
                    Some(Open::Object(keys)) => self.keys = self.keys.saturating_sub(keys.len()),
                    _ => return Err(self.wrong("unexpected end of object")),
                }
                self.bump();
                self.after_value();
                Event::ObjectEnd
            }
            (Expect::FirstElement | Expect::AfterValue, b']') => {
                if !matches!(self.open.pop(), Some(Open::Array)) {
                    return Err(self.wrong("unexpected end of array"));
                }
                self.bump();
                self.after_value();
                Event::ArrayEnd
            }
            (Expect::FirstKey | Expect::Key, b'"') => {
                let hash = self.string(true)?;
                let end = self.position();
                let mut repeated = false;
                if let Some(Open::Object(keys)) = self.open.last_mut() {
                    if self.keys < KEYS {
                        repeated = !keys.insert(hash);
                        self.keys = self.keys.saturating_add(usize::from(!repeated));
                    } else {
                        repeated = keys.contains(&hash);
                    }
                }
                self.white_space()?;
                if self.need()? != b':' {
                    return Err(self.wrong("colon expected"));
                }
                self.bump();
                self.expect = Expect::Value;
                return Ok(Some((Event::Key { repeated }, start..end)));
            }
            (Expect::FirstKey | Expect::Key, _) => return Err(self.wrong("key expected")),
            (Expect::Value | Expect::FirstElement, _) => self.value(byte)?,
            (Expect::AfterValue | Expect::Done, _) => return Err(self.wrong("value ended before")),
        };
        Ok(Some((event, start..self.position())))
    }

    fn value(&mut self, byte: u8) -> Result<Event, JsonError> {
        match byte {
            b'{' => {
                self.enter(Open::Object(HashSet::new()), Expect::FirstKey)?;
                return Ok(Event::ObjectStart);
            }
            b'[' => {
                self.enter(Open::Array, Expect::FirstElement)?;
                return Ok(Event::ArrayStart);
            }
            _ => {}
        }
        let event = match byte {
            b'"' => {
                self.string(false)?;
                Event::String
            }
            b't' => self.word(b"true", Event::Bool)?,
            b'f' => self.word(b"false", Event::Bool)?,
            b'n' => self.word(b"null", Event::Null)?,
            b'N' if self.strictness == Strictness::Python => self.word(b"NaN", Event::Number)?,
            b'I' if self.strictness == Strictness::Python => self.word(b"Infinity", Event::Number)?,
            b'-' | b'0'..=b'9' => self.number()?,
            _ => return Err(self.wrong("value expected")),
        };
        self.after_value();
        Ok(event)
    }

    fn enter(&mut self, open: Open, expect: Expect) -> Result<(), JsonError> {
        if self.open.len() >= self.depth {
            return Err(JsonError::Depth {
                offset: self.position(),
            });
        }
        self.bump();
        self.open.push(open);
        self.expect = expect;
        Ok(())
    }

    fn after_value(&mut self) {
        self.expect = if self.open.is_empty() {
            Expect::Done
        } else {
            Expect::AfterValue
        };
    }

    fn word(&mut self, word: &'static [u8], event: Event) -> Result<Event, JsonError> {
        self.text.clear();
        self.text.extend_from_slice(word);
        for expected in word {
            if self.need()? != *expected {
                return Err(self.wrong("unknown word"));
            }
            self.bump();
        }
        Ok(event)
    }

    fn number(&mut self) -> Result<Event, JsonError> {
        self.text.clear();
        self.cut = false;
        if self.need()? == b'-' {
            self.push_text(b'-');
            self.bump();
            if self.strictness == Strictness::Python && self.need()? == b'I' {
                return self.word(b"Infinity", Event::Number);
            }
        }
        match self.need()? {
            b'0' => {
                self.push_text(b'0');
                self.bump();
            }
            b'1'..=b'9' => self.digits()?,
            _ => return Err(self.wrong("digit expected")),
        }
        if self.peek()? == Some(b'.') {
            self.push_text(b'.');
            self.bump();
            self.digits()?;
        }
        if matches!(self.peek()?, Some(b'e' | b'E')) {
            self.push_text(b'e');
            self.bump();
            if let Some(sign @ (b'+' | b'-')) = self.peek()? {
                self.push_text(sign);
                self.bump();
            }
            self.digits()?;
        }
        Ok(Event::Number)
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let mut any = false;
        while let Some(digit @ b'0'..=b'9') = self.peek()? {
            self.push_text(digit);
            self.bump();
            any = true;
        }
        if any {
            Ok(())
        } else {
            Err(self.wrong("digit expected"))
        }
    }

    /// Reads a string into `text`; returns a hash over the whole of it where it is a key.
    fn string(&mut self, is_key: bool) -> Result<u64, JsonError> {
        self.bump();
        self.text.clear();
        self.cut = false;
        let mut hasher = DefaultHasher::new();
        let mut surrogate: Option<u32> = None;
        loop {
            self.need()?;
            let rest = self.piece.get(self.index..).unwrap_or_default();
            let run = plain_run(rest);
            if run > 0 {
                if surrogate.take().is_some() {
                    self.lone(&mut hasher)?;
                }
                let rest = self.piece.get(self.index..).unwrap_or_default();
                let bytes = rest.get(..run).unwrap_or_default();
                if is_key {
                    hasher.write(bytes);
                }
                let room = self.keep.saturating_sub(self.text.len()).min(run);
                self.cut |= room < run;
                self.text.extend_from_slice(bytes.get(..room).unwrap_or_default());
                self.index = self.index.saturating_add(run);
                continue;
            }
            match self.need()? {
                b'"' => {
                    if surrogate.is_some() {
                        self.lone(&mut hasher)?;
                    }
                    self.bump();
                    return Ok(hasher.finish());
                }
                b'\\' => {
                    self.bump();
                    let code = self.escape()?;
                    match (surrogate.take(), code) {
                        (Some(high), 0xdc00..=0xdfff) => {
                            let low = code.saturating_sub(0xdc00);
                            let high = high.saturating_sub(0xd800).saturating_mul(0x400);
                            self.push_char(0x10000_u32.saturating_add(high).saturating_add(low), &mut hasher);
                        }
                        (before, 0xd800..=0xdbff) => {
                            if before.is_some() {
                                self.lone(&mut hasher)?;
                            }
                            surrogate = Some(code);
                        }
                        (before, _) => {
                            if before.is_some() {
                                self.lone(&mut hasher)?;
                            }
                            if (0xdc00..=0xdfff).contains(&code) {
                                self.lone(&mut hasher)?;
                            } else {
                                self.push_char(code, &mut hasher);
                            }
                        }
                    }
                }
                _ => return Err(self.wrong("control character in string")),
            }
        }
    }

    fn escape(&mut self) -> Result<u32, JsonError> {
        let byte = self.need()?;
        let code = match byte {
            b'"' | b'\\' | b'/' => u32::from(byte),
            b'b' => 8,
            b'f' => 12,
            b'n' => 10,
            b'r' => 13,
            b't' => 9,
            b'u' => {
                let mut code = 0_u32;
                for _ in 0..4 {
                    self.bump();
                    let digit = char::from(self.need()?).to_digit(16);
                    let Some(digit) = digit else {
                        return Err(self.wrong("four hexadecimal digits expected"));
                    };
                    code = code.saturating_mul(16).saturating_add(digit);
                }
                code
            }
            _ => return Err(self.wrong("unknown escape")),
        };
        self.bump();
        Ok(code)
    }

    fn lone(&mut self, hasher: &mut DefaultHasher) -> Result<(), JsonError> {
        if self.strictness == Strictness::Rfc {
            return Err(self.wrong("lone surrogate"));
        }
        self.push_char(0xfffd, hasher);
        Ok(())
    }

    fn push_char(&mut self, code: u32, hasher: &mut DefaultHasher) {
        let mut buffer = [0; 4];
        let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
        for byte in character.encode_utf8(&mut buffer).bytes() {
            hasher.write_u8(byte);
            self.push_text(byte);
        }
    }

    fn push_text(&mut self, byte: u8) {
        if self.text.len() < self.keep {
            self.text.push(byte);
        } else {
            self.cut = true;
        }
    }

    fn white_space(&mut self) -> Result<(), SourceError> {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek()? {
            self.bump();
        }
        Ok(())
    }

    fn bump(&mut self) {
        self.index = self.index.saturating_add(1);
    }

    fn need(&mut self) -> Result<u8, JsonError> {
        let offset = self.position();
        self.peek()?.ok_or(JsonError::End { offset })
    }

    #[inline]
    fn peek(&mut self) -> Result<Option<u8>, SourceError> {
        match self.piece.get(self.index) {
            Some(byte) => Ok(Some(*byte)),
            None => self.refill(),
        }
    }

    #[cold]
    fn refill(&mut self) -> Result<Option<u8>, SourceError> {
        let start = self.position();
        self.piece = view_range(self.source, start..self.end, PIECE)?;
        self.piece_start = start;
        self.index = 0;
        Ok(self.piece.first().copied())
    }

    fn wrong(&self, rule: &'static str) -> JsonError {
        JsonError::Syntax {
            offset: self.position(),
            rule,
        }
    }
}

/// Returns how many bytes stand for themselves at the start of `text` within a string.
fn plain_run(text: &[u8]) -> usize {
    let run = memchr::memchr2(b'"', b'\\', text).unwrap_or(text.len());
    let text = text.get(..run).unwrap_or_default();
    // Without a way out within a piece, so that many bytes are asked at once; few strings hold a control character.
    let holds = |piece: &[u8]| piece.iter().fold(0_u8, |any, byte| any | u8::from(*byte < 0x20)) != 0;
    let clean = text
        .chunks(256)
        .take_while(|piece| !holds(piece))
        .map(<[u8]>::len)
        .sum();
    let rest = text.get(clean..).unwrap_or_default();
    let more = rest.iter().position(|byte| *byte < 0x20);
    clean.saturating_add(more.unwrap_or(rest.len()))
}

#[cfg(test)]
mod tests;
