use std::ops::Range;

use super::{Budget, Entry, Kind, MAX_DEPTH, Node, NoteKind, Syntax, Tree};

/// Reads JSON as the laxest tools do: comments, trailing commas, values one after the other.
pub(super) fn parse(text: &str) -> Tree {
    let mut reader = Reader {
        text,
        bytes: text.as_bytes(),
        at: 0,
        stopped: false,
        budget: Budget::default(),
    };
    let mut documents = Vec::new();
    loop {
        reader.skip_blanks();
        if reader.stopped || reader.peek().is_none() {
            break;
        }
        match reader.value(0) {
            Some(node) => documents.push(node),
            None => break,
        }
    }
    reader.budget.finish(Syntax::Json, documents)
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// Something is broken or a limit reached: open values are closed as they stand.
    stopped: bool,
    budget: Budget,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn bump(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.bump();
        }
        found
    }

    fn stop(&mut self, kind: NoteKind, detail: &str) {
        if !self.stopped {
            self.stopped = true;
            self.budget
                .note(kind, self.at..self.bytes.len().max(self.at), detail);
        }
    }

    fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn skip_blanks(&mut self) {
        loop {
            match self.rest() {
                [b' ' | b'\t' | b'\r' | b'\n', ..] => self.bump(),
                [b'/', b'/', ..] => {
                    let length = self.rest().iter().take_while(|byte| **byte != b'\n').count();
                    self.at = self.at.saturating_add(length);
                }
                [b'/', b'*', rest @ ..] => {
                    let length = rest.windows(2).position(|pair| pair == b"*/");
                    let length = length.map_or(rest.len(), |length| length.saturating_add(2));
                    self.at = self.at.saturating_add(2).saturating_add(length);
                }
                [0xef, 0xbb, 0xbf, ..] => self.at = self.at.saturating_add(3),
                _ => break,
            }
        }
    }

    fn value(&mut self, depth: usize) -> Option<Node> {
        self.skip_blanks();
        let start = self.at;
        if depth >= MAX_DEPTH {
            self.stop(NoteKind::Limit, "nested deeper than is read");
            return None;
        }
        if !self.budget.take(0, &(start..start)) {
            self.stopped = true;
            return None;
        }
        let kind = match self.peek()? {
            b'{' => self.map(depth),
            b'[' => self.list(depth),
            b'"' => Kind::Scalar {
                text: self.string()?.into(),
                quoted: true,
            },
            _ => self.word()?,
        };
        Some(Node {
            kind,
            span: start..self.at,
            tag: None,
        })
    }

    fn map(&mut self, depth: usize) -> Kind {
        self.bump();
        let mut entries = Vec::new();
        loop {
            self.skip_blanks();
            if self.stopped || self.eat(b'}') {
                break;
            }
            let start = self.at;
            let key = match self.peek() {
                Some(b'"') => self.string(),
                Some(byte) if byte.is_ascii_alphabetic() || byte == b'_' => {
                    self.word().and_then(|kind| match kind {
                        Kind::Scalar { text, .. } => Some(text.into()),
                        _ => None,
                    })
                }
                _ => None,
            };
            let key_span: Range<usize> = start..self.at;
            self.skip_blanks();
            let Some(key) = key.filter(|_| self.eat(b':')) else {
                self.stop(NoteKind::Broken, "a key and a colon are missing");
                break;
            };
            let Some(value) = self.value(depth.saturating_add(1)) else {
                self.stop(NoteKind::Broken, "a value is missing");
                break;
            };
            entries.push(Entry {
                key: key.into(),
                key_span,
                value,
            });
            self.skip_blanks();
            if !self.eat(b',') && self.peek() != Some(b'}') {
                self.stop(NoteKind::Broken, "a comma or brace is missing");
            }
        }
        self.budget.note_duplicates(&entries);
        Kind::Map(entries)
    }

    fn list(&mut self, depth: usize) -> Kind {
        self.bump();
        let mut items = Vec::new();
        loop {
            self.skip_blanks();
            if self.stopped || self.eat(b']') {
                break;
            }
            let Some(item) = self.value(depth.saturating_add(1)) else {
                self.stop(NoteKind::Broken, "a value is missing");
                break;
            };
            items.push(item);
            self.skip_blanks();
            if !self.eat(b',') && self.peek() != Some(b']') {
                self.stop(NoteKind::Broken, "a comma or bracket is missing");
            }
        }
        Kind::List(items)
    }

    fn word(&mut self) -> Option<Kind> {
        let start = self.at;
        let length = self
            .rest()
            .iter()
            .take_while(|byte| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'_' | b'$')
            })
            .count();
        if length == 0 {
            self.stop(NoteKind::Broken, "no value can begin like this");
            return None;
        }
        self.at = self.at.saturating_add(length);
        let text = self.text.get(start..self.at).unwrap_or_default();
        Some(Kind::Scalar {
            text: text.into(),
            quoted: false,
        })
    }

    fn string(&mut self) -> Option<String> {
        let start = self.at;
        self.bump();
        let mut out = String::new();
        loop {
            let plain = self
                .rest()
                .iter()
                .take_while(|byte| !matches!(byte, b'"' | b'\\'))
                .count();
            let end = self.at.saturating_add(plain);
            out.push_str(self.text.get(self.at..end).unwrap_or_default());
            self.at = end;
            match self.peek() {
                Some(b'"') => {
                    self.bump();
                    break;
                }
                Some(_) => {
                    self.bump();
                    self.escape(&mut out);
                }
                None => {
                    self.stop(NoteKind::Broken, "a text does not end");
                    return None;
                }
            }
        }
        if !self.budget.take_many(0, out.len(), &(start..self.at)) {
            self.stopped = true;
            return None;
        }
        Some(out)
    }

    fn escape(&mut self, out: &mut String) {
        let byte = self.peek();
        if byte.is_some_and(|byte| byte.is_ascii()) {
            self.bump();
        }
        match byte {
            Some(b'n') => out.push('\n'),
            Some(b't') => out.push('\t'),
            Some(b'r') => out.push('\r'),
            Some(b'b') => out.push('\u{8}'),
            Some(b'f') => out.push('\u{c}'),
            Some(b'u') => {
                let high = self.hex();
                let code = match (high, self.rest()) {
                    (0xd800..=0xdbff, [b'\\', b'u', ..]) => {
                        self.at = self.at.saturating_add(2);
                        let low = self.hex();
                        let upper = high.wrapping_sub(0xd800).wrapping_mul(0x400);
                        upper
                            .wrapping_add(low.wrapping_sub(0xdc00))
                            .wrapping_add(0x1_0000)
                    }
                    _ => high,
                };
                out.push(char::from_u32(code).unwrap_or('\u{fffd}'));
            }
            Some(other) if other.is_ascii() => out.push(char::from(other)),
            _ => {}
        }
    }

    fn hex(&mut self) -> u32 {
        let end = self.at.saturating_add(4);
        let code = self
            .text
            .get(self.at..end)
            .and_then(|text| u32::from_str_radix(text, 16).ok());
        if code.is_some() {
            self.at = end;
        }
        code.unwrap_or(0xfffd)
    }
}
