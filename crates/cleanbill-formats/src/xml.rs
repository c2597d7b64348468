//! A lax XML reader that walks over the bytes in pieces: memory does not grow with the input, nothing is expanded or
//! fetched, declarations of entities are handed out as facts. It checks no document; it reads what a forgiving parser
//! would.

mod doctype;

use std::{collections::BTreeMap, ops::Range};

use crate::{
    Anomaly, AnomalyKind,
    bytes::{ReadAt, SourceError, read_range, size_u64},
    notes::Notes,
};

pub use doctype::{Doctype, Entity};

/// Bytes read at a time.
const PIECE: u64 = 64 * 1024;
/// LIMIT: bytes kept of one tag, text or instruction; more is passed over, and coverage is partial for tags.
const TOKEN_BYTES: usize = 256 * 1024;
/// LIMIT: bytes kept of a document type declaration; honest ones have some hundred.
const DOCTYPE_BYTES: usize = 4 << 20;
/// LIMIT: different entities whose uses are counted.
const REFERENCES: usize = 1_024;
/// Depth at which readers that call themselves for each level run out of stack.
const DEPTH: u64 = 2_000;

static LONG: AnomalyKind = AnomalyKind::limit(
    "xml-limit",
    "a tag or declaration is longer than is examined",
    "标签或声明过长，超过检查上限",
);
static ENDS: AnomalyKind = AnomalyKind::damage(
    "xml-ends",
    "the XML ends within a tag or before its elements are closed",
    "XML 在标签中间或元素关闭之前结束",
);
static DEEP: AnomalyKind = AnomalyKind::limit(
    "xml-depth",
    "elements nest deeper than readers take",
    "元素嵌套过深，超过读取器所能处理的层数",
);
static ENCODING: AnomalyKind = AnomalyKind::evasion(
    "xml-encoding",
    "declares an encoding that hides its text from readers of another",
    "声明的编码会使其他读取器无法看到其文本",
);

/// Names what the reader came upon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// `<name a="b">` or `<name/>`; the name is without its prefix.
    Start {
        /// Name without prefix.
        name: String,
        /// Attributes, names without prefix.
        attributes: Vec<(String, String)>,
        /// Closed at once.
        empty: bool,
    },
    /// `</name>`.
    End,
    /// Text that is not only space.
    Text(String),
    /// `<?name ...?>`, apart from the declaration of the document.
    Instruction(String),
}

impl Event {
    /// Returns an attribute of a start tag.
    pub fn attribute(&self, wanted: &str) -> Option<&str> {
        match self {
            Self::Start { attributes, .. } => attributes
                .iter()
                .find(|(name, _)| name == wanted)
                .map(|(_, value)| value.as_str()),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Width {
    One,
    Two(bool),
    Four(bool),
}

/// Walks over a document.
#[derive(Debug)]
pub struct Reader<'a> {
    source: &'a dyn ReadAt,
    width: Width,
    raw: u64,
    piece: Vec<u8>,
    piece_start: u64,
    index: usize,
    depth: u64,
    pending: Option<u8>,
    /// The document type declaration, once it was passed.
    pub doctype: Option<Doctype>,
    /// Uses of entities that XML does not define by itself.
    pub references: BTreeMap<String, u64>,
    notes: Notes,
}

impl<'a> Reader<'a> {
    /// Begins at the first byte; the width of characters is told by it, as XML 1.0 appendix F says.
    pub fn new(source: &'a dyn ReadAt) -> Result<Self, SourceError> {
        let head = read_range(source, 0..4, 4)?;
        let (width, start) = match head.as_slice() {
            [0xff, 0xfe, 0, 0] => (Width::Four(false), 4),
            [0, 0, 0xfe, 0xff] => (Width::Four(true), 4),
            [b'<', 0, 0, 0] => (Width::Four(false), 0),
            [0, 0, 0, b'<'] => (Width::Four(true), 0),
            [0xff, 0xfe, ..] => (Width::Two(false), 2),
            [0xfe, 0xff, ..] => (Width::Two(true), 2),
            [b'<', 0, ..] => (Width::Two(false), 0),
            [0, b'<', ..] => (Width::Two(true), 0),
            [0xef, 0xbb, 0xbf, ..] => (Width::One, 3),
            _ => (Width::One, 0),
        };
        Ok(Self {
            source,
            width,
            raw: start,
            piece: Vec::new(),
            piece_start: start,
            index: 0,
            depth: 0,
            pending: None,
            doctype: None,
            references: BTreeMap::new(),
            notes: Notes::default(),
        })
    }

    /// Returns the offset of the next character; where characters are wide it is that of the piece around it.
    pub fn position(&self) -> u64 {
        let passed = match self.width {
            Width::One => size_u64(self.index).saturating_sub(u64::from(self.pending.is_some())),
            _ => 0,
        };
        self.piece_start.saturating_add(passed)
    }

    /// Says how many elements are open.
    pub fn depth(&self) -> u64 {
        self.depth
    }

    /// Gives what was noted.
    pub fn finish(self) -> Vec<Anomaly> {
        self.notes.finish()
    }

    fn fill(&mut self) -> Result<bool, SourceError> {
        let bytes = read_range(self.source, self.raw..self.source.size(), PIECE)?;
        self.piece_start = self.raw;
        self.index = 0;
        self.raw = self.raw.saturating_add(size_u64(bytes.len()));
        self.piece = match self.width {
            Width::One => bytes,
            Width::Two(big) => {
                let unit = if big {
                    u16::from_be_bytes
                } else {
                    u16::from_le_bytes
                };
                let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(|pair| unit(*pair)).collect();
                String::from_utf16_lossy(&units).into_bytes()
            }
            Width::Four(big) => {
                let unit = if big {
                    u32::from_be_bytes
                } else {
                    u32::from_le_bytes
                };
                let chars = bytes.as_chunks::<4>().0.iter();
                let text: String = chars
                    .map(|four| char::from_u32(unit(*four)).unwrap_or(char::REPLACEMENT_CHARACTER))
                    .collect();
                text.into_bytes()
            }
        };
        Ok(!self.piece.is_empty())
    }

    fn next(&mut self) -> Result<Option<u8>, SourceError> {
        if let Some(byte) = self.pending.take() {
            return Ok(Some(byte));
        }
        if self.index >= self.piece.len() && !self.fill()? {
            return Ok(None);
        }
        let byte = self.piece.get(self.index).copied();
        self.index = self.index.saturating_add(1);
        Ok(byte)
    }

    /// Returns the next event with its place; `None` at the end.
    pub fn event(&mut self) -> Result<Option<(Event, Range<u64>)>, SourceError> {
        loop {
            let start = self.position();
            let Some(byte) = self.next()? else {
                if self.depth > 0 {
                    self.notes
                        .push(&ENDS, start..start, format!("{} open", self.depth));
                }
                return Ok(None);
            };
            if byte != b'<' {
                self.pending = Some(byte);
                let text = self.text()?;
                if !text.trim().is_empty() {
                    return Ok(Some((Event::Text(text), start..self.position())));
                }
                continue;
            }
            if let Some(event) = self.markup(start)? {
                return Ok(Some((event, start..self.position())));
            }
        }
    }

    fn text(&mut self) -> Result<String, SourceError> {
        let mut bytes = Vec::new();
        while let Some(byte) = self.next()? {
            if byte == b'<' {
                self.pending = Some(byte);
                break;
            }
            if bytes.len() < TOKEN_BYTES {
                bytes.push(byte);
            }
        }
        Ok(self.unescape(&bytes))
    }

    /// Reads what follows a `<`.
    fn markup(&mut self, start: u64) -> Result<Option<Event>, SourceError> {
        let mut token = Vec::new();
        let mut quote = None;
        let mut cut = false;
        loop {
            let Some(byte) = self.next()? else {
                self.notes.push(&ENDS, start..self.position().max(start), "");
                break;
            };
            match quote {
                Some(open) if open == byte => quote = None,
                None if byte == b'>' => break,
                None if matches!(byte, b'"' | b'\'')
                    && !token.starts_with(b"!")
                    && !token.starts_with(b"?") =>
                {
                    quote = Some(byte);
                }
                Some(_) | None => {}
            }
            if token.len() < TOKEN_BYTES {
                token.push(byte);
            } else {
                cut = true;
            }
            match token.as_slice() {
                b"!--" => {
                    self.pass(b"-->")?;
                    return Ok(None);
                }
                b"![CDATA[" => {
                    let kept = self.pass(b"]]>")?;
                    return Ok(Some(Event::Text(String::from_utf8_lossy(&kept).into_owned())));
                }
                b"!DOCTYPE" | b"!doctype" => {
                    let text = self.declaration(start)?;
                    self.doctype = Some(Doctype::read(&text, start..self.position()));
                    return Ok(None);
                }
                [b'?', ..] if token.len() == 1 => {
                    let kept = self.pass(b"?>")?;
                    let text = String::from_utf8_lossy(&kept).into_owned();
                    if text.starts_with("xml ") {
                        self.encoding(&text, start);
                        return Ok(None);
                    }
                    return Ok(Some(Event::Instruction(text)));
                }
                _ => {}
            }
        }
        if cut {
            self.notes.push(&LONG, start..self.position(), "");
        }
        if token.starts_with(b"/") {
            self.depth = self.depth.saturating_sub(1);
            return Ok(Some(Event::End));
        }
        if token.starts_with(b"!") || token.is_empty() {
            return Ok(None);
        }
        Ok(Some(self.tag(&token, start)))
    }

    fn tag(&mut self, token: &[u8], start: u64) -> Event {
        let empty = token.ends_with(b"/");
        let text = String::from_utf8_lossy(token.strip_suffix(b"/").unwrap_or(token)).into_owned();
        let (name, mut rest) = text
            .split_once(|c: char| c.is_ascii_whitespace())
            .unwrap_or((&text, ""));
        let name = local(name).to_owned();
        let mut attributes = Vec::new();
        while let Some((key, after)) = rest.split_once('=') {
            let after = after.trim_start();
            let Some(quote) = after.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
                break;
            };
            let after = after.get(1..).unwrap_or_default();
            let (value, left) = after.split_once(quote).unwrap_or((after, ""));
            attributes.push((local(key.trim()).to_owned(), self.unescape(value.as_bytes())));
            rest = left;
        }
        if !empty {
            self.depth = self.depth.saturating_add(1);
            if self.depth > DEPTH {
                self.notes
                    .push(&DEEP, start..self.position(), self.depth.to_string());
            }
        }
        Event::Start {
            name,
            attributes,
            empty,
        }
    }

    /// Passes over bytes up to and with `end`; returns the first of them.
    fn pass(&mut self, end: &[u8]) -> Result<Vec<u8>, SourceError> {
        let start = self.position();
        let mut kept = Vec::new();
        let mut last = Vec::new();
        while let Some(byte) = self.next()? {
            if last.len() == end.len() {
                last.remove(0);
            }
            last.push(byte);
            if kept.len() < TOKEN_BYTES {
                kept.push(byte);
            }
            if last == end {
                if kept.ends_with(end) {
                    kept.truncate(kept.len().saturating_sub(end.len()));
                }
                return Ok(kept);
            }
        }
        self.notes.push(&ENDS, start..self.position().max(start), "");
        Ok(kept)
    }

    /// Reads a document type declaration with everything inside its brackets.
    fn declaration(&mut self, start: u64) -> Result<String, SourceError> {
        let mut bytes: Vec<u8> = Vec::new();
        let (mut inside, mut quote, mut comment) = (false, None, false);
        loop {
            let Some(byte) = self.next()? else {
                self.notes.push(&ENDS, start..self.position().max(start), "");
                break;
            };
            if comment {
                comment = !(byte == b'>' && bytes.ends_with(b"--"));
            } else {
                match quote {
                    Some(open) if open == byte => quote = None,
                    Some(_) => {}
                    None => match byte {
                        b'"' | b'\'' => quote = Some(byte),
                        b'[' => inside = true,
                        b']' => inside = false,
                        b'-' if bytes.ends_with(b"<!-") => comment = true,
                        b'>' if !inside => break,
                        _ => {}
                    },
                }
            }
            if bytes.len() < DOCTYPE_BYTES {
                bytes.push(byte);
            } else {
                self.notes.push(&LONG, start..self.position(), "");
            }
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Notes an encoding that readers of ASCII and of it understand differently.
    fn encoding(&mut self, declaration: &str, start: u64) {
        let Some((_, value)) = declaration.split_once("encoding") else {
            return;
        };
        let value = value.trim_start_matches([' ', '=', '\t', '\r', '\n', '"', '\'']);
        let name: String = value
            .chars()
            .take_while(|c| !matches!(c, '"' | '\''))
            .take(40)
            .collect::<String>()
            .to_ascii_lowercase();
        let plain = [
            "utf",
            "us-ascii",
            "ascii",
            "iso-8859",
            "iso8859",
            "latin",
            "windows-125",
            "cp125",
            "gb",
            "big5",
            "shift_jis",
            "sjis",
            "euc-",
            "koi8",
            "unicode",
            "iso-10646",
            "macroman",
        ];
        let known = plain.iter().any(|start| name.starts_with(start)) && !name.starts_with("utf-7");
        if !known && !name.is_empty() {
            self.notes.push(&ENCODING, start..self.position(), name);
        }
    }

    /// Replaces references to characters; counts those to entities.
    fn unescape(&mut self, bytes: &[u8]) -> String {
        let text = String::from_utf8_lossy(bytes);
        if !text.contains('&') {
            return text.into_owned();
        }
        let mut out = String::with_capacity(text.len());
        let mut rest = text.as_ref();
        while let Some((before, after)) = rest.split_once('&') {
            out.push_str(before);
            let Some((name, left)) = after.split_once(';').filter(|(name, _)| name.len() < 256) else {
                out.push('&');
                rest = after;
                continue;
            };
            if let Some(character) = reference(name) {
                out.push(character);
            } else {
                if self.references.len() < REFERENCES || self.references.contains_key(name) {
                    let count = self.references.entry(name.to_owned()).or_default();
                    *count = count.saturating_add(1);
                }
                out.push('&');
                out.push_str(name);
                out.push(';');
            }
            rest = left;
        }
        out.push_str(rest);
        out
    }
}

/// Holds what stands before and at the first element of a document.
#[derive(Debug)]
pub struct Prolog {
    /// The first start tag.
    pub first: Option<Event>,
    /// The document type declaration.
    pub doctype: Option<Doctype>,
}

/// Reads up to the first element of what may be XML; `None` where it is none.
pub fn prolog(source: &dyn ReadAt) -> Result<Option<Prolog>, SourceError> {
    let head = read_range(source, 0..64, 64)?;
    let space = |byte: &&u8| {
        !matches!(
            byte,
            0 | b' ' | b'\t' | b'\r' | b'\n' | 0xef | 0xbb | 0xbf | 0xff | 0xfe
        )
    };
    let mut bare = head.iter().filter(space);
    let opens = bare.next() == Some(&b'<');
    let named = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b'?' | b'!' | b'_');
    if !opens || !bare.next().is_some_and(named) {
        return Ok(None);
    }
    let mut reader = Reader::new(source)?;
    let mut first = None;
    while first.is_none() && reader.position() < FIRST_BYTES {
        match reader.event()? {
            Some((event @ Event::Start { .. }, _)) => first = Some(event),
            Some(_) => {}
            None => break,
        }
    }
    Ok(Some(Prolog {
        first,
        doctype: reader.doctype,
    }))
}

/// LIMIT: bytes before the first element in which it is sought.
const FIRST_BYTES: u64 = 8 << 20;

fn reference(name: &str) -> Option<char> {
    Some(match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    })
}

/// Returns a name without its prefix.
fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &[u8]) -> Vec<String> {
        let bytes = text.to_vec();
        let mut reader = Reader::new(&bytes).unwrap();
        let mut out = Vec::new();
        while let Some((event, _)) = reader.event().unwrap() {
            out.push(match event {
                Event::Start { name, attributes, .. } => format!("{name} {attributes:?}"),
                Event::End => "/".to_owned(),
                Event::Text(text) => format!("'{text}'"),
                Event::Instruction(text) => format!("?{text}"),
            });
        }
        out
    }

    #[test]
    fn tags_texts_and_references_are_read() {
        let text = b"<?xml version='1.0'?><!-- <x> --><p:a k='1>2' b=\"&lt;&#x41;\">t&amp;<![CDATA[<raw>]]><b/></p:a>";
        let wanted = [r#"a [("k", "1>2"), ("b", "<A")]"#, "'t&'", "'<raw>'", "b []", "/"];
        assert_eq!(names(text), wanted);
        let wide: Vec<u8> = "<a k='1'/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(names(&wide), [r#"a [("k", "1")]"#]);
    }

    #[test]
    fn declarations_are_handed_out() {
        let text = b"<!DOCTYPE a SYSTEM 'a.dtd' [<!-- > ] --><!ENTITY x SYSTEM 'file:///etc/x'> <!ENTITY % y '>'>]><a>&x;</a>".to_vec();
        let mut reader = Reader::new(&text).unwrap();
        while reader.event().unwrap().is_some() {}
        let doctype = reader.doctype.unwrap();
        assert_eq!(doctype.external.as_deref(), Some("a.dtd"));
        assert_eq!(doctype.entities.len(), 2);
        assert_eq!(doctype.entities[0].external.as_deref(), Some("file:///etc/x"));
        assert_eq!(reader.references.get("x"), Some(&1));
    }
}
