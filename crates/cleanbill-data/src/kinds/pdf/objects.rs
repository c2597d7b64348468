//! Objects of PDF (ISO 32000-2, 7.3): found by going over the whole file, whatever its tables of places say, so that what an update has
//! replaced is found as well.

use std::{collections::BTreeMap, ops::Range};

use crate::limits::{PDF_BYTES, PDF_DEPTH, PDF_VALUES};

use super::filters;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// `null`, `true`, `false`, and whatever is no value.
    Other,
    Number(f64),
    Name(Vec<u8>),
    Text(Vec<u8>),
    List(Vec<Self>),
    Dictionary(Vec<(Vec<u8>, Self)>),
    Reference(u32),
    /// A word that stands for nothing, such as an operator.
    Word(Vec<u8>),
}

impl Value {
    pub(super) fn entry(&self, key: &str) -> Option<&Self> {
        let Self::Dictionary(entries) = self else {
            return None;
        };
        let found = entries.iter().find(|(name, _)| name == key.as_bytes());
        found.map(|(_, value)| value)
    }

    pub(super) const fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn is_name(&self, name: &str) -> bool {
        matches!(self, Self::Name(found) if found == name.as_bytes())
    }

    /// Returns a whole number that is not negative.
    pub(super) fn whole(&self) -> Option<usize> {
        let number = self
            .number()
            .filter(|number| number.fract() == 0.0 && (0.0..1e15).contains(number))?;
        format!("{number:.0}").parse().ok()
    }
}

/// An object with its number.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) number: u32,
    pub(super) value: Value,
    /// Where its stream stands.
    pub(super) stream: Option<Range<usize>>,
}

/// Every object of a file.
#[derive(Debug, Default)]
pub(super) struct Objects {
    pub(super) all: Vec<Object>,
    /// The last object of each number.
    last: BTreeMap<u32, usize>,
    /// Dictionaries at the ends of the file and its updates.
    pub(super) trailers: Vec<Value>,
    /// There were too many values.
    pub(super) is_cut: bool,
    /// Bytes that were unpacked.
    unpacked: usize,
    /// Streams that could not be unpacked.
    pub(super) broken: u64,
    /// Widths that were read.
    pub(super) widths: usize,
}

impl Objects {
    /// Finds the objects of a file.
    pub(super) fn find(bytes: &[u8]) -> Self {
        let mut objects = Self::default();
        let mut left = PDF_VALUES;
        // Bytes that may be read in vain.
        let mut patience = bytes.len().saturating_mul(8);
        let mut at = 0;
        while let Some(found) = memchr::memmem::find(bytes.get(at..).unwrap_or_default(), b"obj") {
            let word = at.saturating_add(found);
            // Dictionaries of trailers stand between objects.
            objects.trailers(bytes.get(at..word).unwrap_or_default(), &mut left);
            at = word.saturating_add(3);
            let Some(number) = number_before(bytes.get(..word).unwrap_or_default()) else {
                continue;
            };
            let mut reader = Reader {
                bytes,
                at,
                left: &mut left,
            };
            let Some(value) = reader.value(0) else {
                patience = patience.saturating_sub(reader.at.saturating_sub(at));
                if left == 0 || patience == 0 {
                    objects.is_cut = true;
                    break;
                }
                continue;
            };
            at = reader.at;
            let stream = stream(bytes, at, &value);
            if let Some(stream) = &stream {
                at = stream.end;
            }
            objects.add(Object {
                number,
                value,
                stream,
            });
        }
        objects.trailers(bytes.get(at..).unwrap_or_default(), &mut left);
        objects.unfold(bytes, &mut left);
        objects
    }

    fn trailers(&mut self, bytes: &[u8], left: &mut usize) {
        let mut at = 0;
        while let Some(found) = memchr::memmem::find(bytes.get(at..).unwrap_or_default(), b"trailer") {
            at = at.saturating_add(found).saturating_add(7);
            if !bytes
                .get(skip(bytes, at)..)
                .unwrap_or_default()
                .starts_with(b"<<")
            {
                continue;
            }
            let mut reader = Reader { bytes, at, left };
            self.trailers.extend(reader.value(0));
            at = reader.at;
        }
    }

    fn add(&mut self, object: Object) {
        if object
            .value
            .entry("Type")
            .is_some_and(|kind| kind.is_name("XRef"))
        {
            self.trailers.push(object.value.clone());
        }
        self.last.insert(object.number, self.all.len());
        self.all.push(object);
    }

    /// Reads the objects that stand in streams.
    fn unfold(&mut self, bytes: &[u8], left: &mut usize) {
        let streams: Vec<usize> = (0..self.all.len())
            .filter(|place| {
                let kind = self.all.get(*place).and_then(|object| object.value.entry("Type"));
                kind.is_some_and(|kind| kind.is_name("ObjStm"))
            })
            .collect();
        for place in streams {
            let Some(content) = self.content(bytes, place) else {
                continue;
            };
            let entry = |name: &str| self.all.get(place)?.value.entry(name)?.whole();
            let (number, first) = (entry("N").unwrap_or(0), entry("First").unwrap_or(0));
            let mut head = Reader {
                bytes: &content,
                at: 0,
                left,
            };
            let mut places = Vec::new();
            for _ in 0..number {
                let (Some(Value::Number(id)), Some(offset)) =
                    (head.value(0), head.value(0).and_then(|value| value.whole()))
                else {
                    break;
                };
                places.push((id, offset));
            }
            let mut patience = content.len().saturating_mul(4);
            for (id, offset) in places {
                let Some(number) = Value::Number(id).whole().and_then(|id| u32::try_from(id).ok()) else {
                    continue;
                };
                let mut reader = Reader {
                    bytes: &content,
                    at: first.saturating_add(offset),
                    left,
                };
                let start = reader.at;
                let read = reader.value(0);
                let Some(rest) = patience.checked_sub(reader.at.saturating_sub(start)) else {
                    self.is_cut = true;
                    break;
                };
                patience = rest;
                if let Some(value) = read {
                    self.add(Object {
                        number,
                        value,
                        stream: None,
                    });
                }
            }
            self.is_cut |= *left == 0;
        }
    }

    /// Follows references.
    pub(super) fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        let mut value = value;
        for _ in 0..16 {
            let Value::Reference(number) = value else { break };
            match self.of(*number).and_then(|place| self.all.get(place)) {
                Some(object) => value = &object.value,
                None => return &Value::Other,
            }
        }
        value
    }

    /// Returns the place of the object with a number.
    pub(super) fn of(&self, number: u32) -> Option<usize> {
        self.last.get(&number).copied()
    }

    /// Returns an entry of a dictionary, references followed.
    pub(super) fn entry<'a>(&'a self, value: &'a Value, key: &str) -> Option<&'a Value> {
        let entry = self.resolve(value).entry(key)?;
        Some(self.resolve(entry))
    }

    /// Returns what a stream holds, unpacked; nothing where that cannot be told.
    pub(super) fn content(&mut self, bytes: &[u8], place: usize) -> Option<Vec<u8>> {
        let object = self.all.get(place)?;
        let raw = bytes.get(object.stream.clone()?)?;
        let limit = PDF_BYTES.saturating_sub(self.unpacked);
        let filters = self.filters(&object.value);
        let content = filters::unpack(raw, &filters, limit);
        match &content {
            Some(content) => self.unpacked = self.unpacked.saturating_add(content.len()),
            None => self.broken = self.broken.saturating_add(1),
        }
        content
    }

    /// Lists filters with their parameters.
    pub(super) fn filters(&self, value: &Value) -> Vec<(Vec<u8>, Value)> {
        let list = |value: Option<&Value>| match value {
            Some(Value::List(values)) => values
                .iter()
                .take(8)
                .map(|value| self.resolve(value).clone())
                .collect(),
            Some(value) => vec![value.clone()],
            None => Vec::new(),
        };
        let names = list(self.entry(value, "Filter").or_else(|| self.entry(value, "F")));
        let parameters = list(
            self.entry(value, "DecodeParms")
                .or_else(|| self.entry(value, "DP")),
        );
        let filters = names
            .into_iter()
            .enumerate()
            .filter_map(|(number, name)| match name {
                Value::Name(name) => Some((name, parameters.get(number).cloned().unwrap_or(Value::Other))),
                _ => None,
            });
        filters.collect()
    }
}

/// Reads the number of an object that stands before the word `obj`.
fn number_before(bytes: &[u8]) -> Option<u32> {
    let text = bytes.get(bytes.len().saturating_sub(24)..)?.trim_ascii_end();
    let digits = |text: &[u8]| text.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let generation = digits(text);
    let rest = text.get(..text.len().checked_sub(generation).filter(|_| generation > 0)?)?;
    let trimmed = rest.trim_ascii_end();
    let length = digits(trimmed);
    if trimmed.len() == rest.len() || length == 0 {
        return None;
    }
    let number = trimmed.get(trimmed.len().saturating_sub(length)..)?;
    std::str::from_utf8(number).ok()?.parse().ok()
}

/// Finds the stream behind a dictionary.
fn stream(bytes: &[u8], at: usize, value: &Value) -> Option<Range<usize>> {
    let Value::Dictionary(_) = value else { return None };
    let start = skip(bytes, at);
    let rest = bytes.get(start..)?.strip_prefix(b"stream")?;
    let line = match rest {
        [b'\r', b'\n', ..] => 2,
        [b'\n' | b'\r', ..] => 1,
        _ => 0,
    };
    let start = start.saturating_add(6).saturating_add(line);
    let stated = value.entry("Length").and_then(Value::whole);
    let fits = stated.map(|length| start.saturating_add(length)).filter(|end| {
        let behind = bytes.get(skip(bytes, *end)..).unwrap_or_default();
        *end <= bytes.len() && behind.starts_with(b"endstream")
    });
    let end = fits.unwrap_or_else(|| {
        let found = memchr::memmem::find(bytes.get(start..).unwrap_or_default(), b"endstream");
        found.map_or(bytes.len(), |found| start.saturating_add(found))
    });
    Some(start..end)
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 12 | b'\r' | b' ')
}

const fn is_delimiter(byte: u8) -> bool {
    matches!(
        byte,
        b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%'
    )
}

/// Passes over blanks and comments.
pub(super) fn skip(bytes: &[u8], mut at: usize) -> usize {
    while let Some(byte) = bytes.get(at) {
        if *byte == b'%' {
            let rest = bytes.get(at..).unwrap_or_default();
            at = at.saturating_add(memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len()));
        } else if is_blank(*byte) {
            at = at.saturating_add(1);
        } else {
            break;
        }
    }
    at
}

/// Reads values.
pub(super) struct Reader<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    /// Values that may still be read.
    pub(super) left: &'a mut usize,
}

impl Reader<'_> {
    /// Reads the next value; nothing at the end, or where there are too many.
    pub(super) fn value(&mut self, depth: usize) -> Option<Value> {
        self.at = skip(self.bytes, self.at);
        let rest = self.bytes.get(self.at..)?;
        *self.left = self.left.checked_sub(1)?;
        if depth > PDF_DEPTH {
            return None;
        }
        let deeper = depth.saturating_add(1);
        match rest {
            [] => None,
            [b'/', ..] => Some(Value::Name(self.name())),
            [b'(', ..] => Some(Value::Text(self.text())),
            [b'<', b'<', ..] => {
                self.at = self.at.saturating_add(2);
                let mut entries = Vec::new();
                loop {
                    self.at = skip(self.bytes, self.at);
                    match self.bytes.get(self.at..) {
                        Some([b'>', b'>', ..]) => {
                            self.at = self.at.saturating_add(2);
                            break;
                        }
                        Some([b'/', ..]) => {
                            let name = self.name();
                            self.at = skip(self.bytes, self.at);
                            // A name without a value.
                            if self.bytes.get(self.at..)?.starts_with(b">>") {
                                continue;
                            }
                            entries.push((name, self.value(deeper)?));
                        }
                        _ => break,
                    }
                }
                Some(Value::Dictionary(entries))
            }
            [b'<', ..] => Some(Value::Text(self.hexadecimal())),
            [b'[', ..] => {
                self.at = self.at.saturating_add(1);
                let mut values = Vec::new();
                loop {
                    self.at = skip(self.bytes, self.at);
                    match self.bytes.get(self.at) {
                        Some(b']') => {
                            self.at = self.at.saturating_add(1);
                            break;
                        }
                        Some(_) => values.push(self.value(deeper)?),
                        None => break,
                    }
                }
                Some(Value::List(values))
            }
            [b')' | b'>' | b']' | b'{' | b'}', ..] => {
                self.at = self.at.saturating_add(1);
                Some(Value::Other)
            }
            _ => Some(self.word()),
        }
    }

    fn name(&mut self) -> Vec<u8> {
        let start = self.at.saturating_add(1);
        let rest = self.bytes.get(start..).unwrap_or_default();
        let length = rest
            .iter()
            .position(|byte| is_blank(*byte) || is_delimiter(*byte))
            .unwrap_or(rest.len());
        self.at = start.saturating_add(length);
        let raw = rest.get(..length).unwrap_or_default();
        let mut name = Vec::with_capacity(length);
        let mut at = 0;
        while let Some(byte) = raw.get(at) {
            let code = raw.get(at.saturating_add(1)..at.saturating_add(3)).and_then(hex);
            if let (b'#', Some(code)) = (byte, code) {
                name.push(code);
                at = at.saturating_add(3);
            } else {
                name.push(*byte);
                at = at.saturating_add(1);
            }
        }
        name
    }

    fn text(&mut self) -> Vec<u8> {
        let mut text = Vec::new();
        let mut depth = 0_usize;
        let mut at = self.at.saturating_add(1);
        while let Some(byte) = self.bytes.get(at) {
            at = at.saturating_add(1);
            match byte {
                b'(' => {
                    depth = depth.saturating_add(1);
                    text.push(b'(');
                }
                b')' if depth == 0 => break,
                b')' => {
                    depth = depth.saturating_sub(1);
                    text.push(b')');
                }
                b'\\' => {
                    let Some(next) = self.bytes.get(at) else { break };
                    at = at.saturating_add(1);
                    match next {
                        b'n' => text.push(b'\n'),
                        b'r' => text.push(b'\r'),
                        b't' => text.push(b'\t'),
                        b'b' => text.push(8),
                        b'f' => text.push(12),
                        b'\r' => at = at.saturating_add(usize::from(self.bytes.get(at) == Some(&b'\n'))),
                        b'\n' => {}
                        b'0'..=b'7' => {
                            let mut code = u32::from(next.wrapping_sub(b'0'));
                            for _ in 0..2 {
                                let Some(digit @ b'0'..=b'7') = self.bytes.get(at) else {
                                    break;
                                };
                                code = code << 3 | u32::from(digit.wrapping_sub(b'0'));
                                at = at.saturating_add(1);
                            }
                            text.push(u8::try_from(code & 0xff).unwrap_or(0));
                        }
                        other => text.push(*other),
                    }
                }
                other => text.push(*other),
            }
        }
        self.at = at;
        text
    }

    fn hexadecimal(&mut self) -> Vec<u8> {
        let start = self.at.saturating_add(1);
        let rest = self.bytes.get(start..).unwrap_or_default();
        let length = memchr::memchr(b'>', rest).unwrap_or(rest.len());
        self.at = start
            .saturating_add(length)
            .saturating_add(1)
            .min(self.bytes.len());
        filters::hexadecimal(rest.get(..length).unwrap_or_default())
    }

    fn word(&mut self) -> Value {
        let word = self.plain();
        let Some(number) = decimal(word) else {
            return match word {
                b"null" | b"true" | b"false" => Value::Other,
                word => Value::Word(word.to_vec()),
            };
        };
        // Two numbers and an `R` are a reference.
        let before = self.at;
        if let Some(number) = Value::Number(number)
            .whole()
            .and_then(|number| u32::try_from(number).ok())
        {
            self.at = skip(self.bytes, self.at);
            let generation = self.plain();
            if !generation.is_empty() && generation.iter().all(u8::is_ascii_digit) {
                self.at = skip(self.bytes, self.at);
                if self.plain() == b"R" {
                    return Value::Reference(number);
                }
            }
            self.at = before;
        }
        Value::Number(number)
    }

    fn plain(&mut self) -> &[u8] {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = rest
            .iter()
            .position(|byte| is_blank(*byte) || is_delimiter(*byte))
            .unwrap_or(rest.len());
        self.at = self.at.saturating_add(length);
        rest.get(..length).unwrap_or_default()
    }
}

fn hex(pair: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(pair)
        .ok()
        .filter(|_| pair.iter().all(u8::is_ascii_hexdigit))?;
    u8::from_str_radix(digits, 16).ok()
}

fn decimal(word: &[u8]) -> Option<f64> {
    let looks = word
        .iter()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.'));
    let text = std::str::from_utf8(word)
        .ok()
        .filter(|_| looks && !word.is_empty())?;
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_leniently() {
        let text = b"<</A (x\\(y\\051\\n(z)) /B#20C <4 1 5> /D [1 0 R -2.5 true /E] /F>> q";
        let mut left = 100;
        let mut reader = Reader {
            bytes: text,
            at: 0,
            left: &mut left,
        };
        let value = reader.value(0).expect("a value");
        assert_eq!(value.entry("A"), Some(&Value::Text(b"x(y)\n(z)".to_vec())));
        assert_eq!(value.entry("B C"), Some(&Value::Text(b"AP".to_vec())));
        assert!(
            matches!(value.entry("D"), Some(Value::List(list)) if list[0] == Value::Reference(1) && list.len() == 4)
        );
        assert_eq!(reader.value(0), Some(Value::Word(b"q".to_vec())));
        let deep = [b'['; 5_000];
        let mut left = 10_000;
        assert_eq!(
            Reader {
                bytes: &deep,
                at: 0,
                left: &mut left
            }
            .value(0),
            None
        );
        assert_eq!(number_before(b"12 0 "), Some(12));
        assert_eq!(number_before(b"end"), None);
    }
}
