//! JSON as editors and agents read it: with comments, commas before an end, single quotes and keys without quotes.
//! Reads a text into a tree with byte ranges.

use std::ops::Range;

/// LIMIT: how deep values nest; configurations need fewer than twenty levels. What lies deeper is left out and [`Document::cut`] is set.
pub const DEPTH: usize = 64;
/// LIMIT: values of one document; beyond it the rest is left out and [`Document::cut`] is set.
pub const VALUES: usize = 200_000;

/// Holds what was read.
#[derive(Debug, Default)]
pub struct Document {
    /// The outermost value; what could be read of it.
    pub root: Option<Value>,
    /// Where it stops being JSON even with extras.
    pub broken: Option<usize>,
    /// Whether a limit was reached.
    pub cut: bool,
}

/// Holds a value.
#[derive(Clone, Debug)]
pub struct Value {
    /// Where it stands.
    pub range: Range<usize>,
    /// What it is.
    pub kind: ValueKind,
}

/// Tells values apart.
#[derive(Clone, Debug)]
pub enum ValueKind {
    /// `null`, and words that stand for nothing known.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as written.
    Number(String),
    /// A text with its escapes resolved.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// An object; a key may stand more than once.
    Object(Vec<(String, Value)>),
}

impl Value {
    /// Returns the text, where it is one.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            ValueKind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the value under `key`; of several the last, as readers do.
    pub fn at(&self, key: &str) -> Option<&Self> {
        self.entries()
            .iter()
            .rev()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }

    /// Lists keys and values; none where it is no object.
    pub fn entries(&self) -> &[(String, Self)] {
        match &self.kind {
            ValueKind::Object(entries) => entries,
            _ => &[],
        }
    }

    /// Lists the values of a list; none where it is none.
    pub fn items(&self) -> &[Self] {
        match &self.kind {
            ValueKind::List(items) => items,
            _ => &[],
        }
    }

    /// Says whether it is `true`.
    pub fn is_true(&self) -> bool {
        matches!(self.kind, ValueKind::Bool(true))
    }

    /// Returns the value in one form whatever the order of keys, the blanks and the escapes were: the basis of a digest.
    pub fn canonical(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        match &self.kind {
            ValueKind::Null => out.push_str("null"),
            ValueKind::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            ValueKind::Number(number) => out.push_str(number),
            ValueKind::Text(text) => quote(text, out),
            ValueKind::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            ValueKind::Object(entries) => {
                let mut sorted: Vec<&(String, Self)> = entries.iter().collect();
                sorted.sort_by(|one, other| one.0.cmp(&other.0));
                out.push('{');
                for (index, (key, value)) in sorted.into_iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    quote(key, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                out.push('\\');
                out.push(character);
            }
            c if c.is_control() => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Reads a document.
pub fn parse(text: &str) -> Document {
    let mut reader = Reader {
        text,
        at: 0,
        values: 0,
        document: Document::default(),
    };
    let root = reader.value(0);
    reader.document.root = root;
    reader.blank();
    if reader.document.broken.is_none() && reader.at < text.len() {
        reader.document.broken = Some(reader.at);
    }
    reader.document
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    values: usize,
    document: Document,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }

    fn skip(&mut self, wanted: char) -> bool {
        let here = self.peek() == Some(wanted);
        if here {
            self.bump(wanted.len_utf8());
        }
        here
    }

    /// Passes over blanks and comments.
    fn blank(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
            let blanks = rest.len().saturating_sub(trimmed.len());
            let comment = if trimmed.starts_with("//") || trimmed.starts_with('#') {
                trimmed.find('\n').unwrap_or(trimmed.len())
            } else if trimmed.starts_with("/*") {
                trimmed
                    .find("*/")
                    .map_or(trimmed.len(), |end| end.saturating_add(2))
            } else {
                0
            };
            if blanks == 0 && comment == 0 {
                return;
            }
            self.bump(blanks.saturating_add(comment));
        }
    }

    fn broken<T>(&mut self) -> Option<T> {
        let at = self.at;
        self.document.broken.get_or_insert(at);
        None
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        self.blank();
        self.values = self.values.saturating_add(1);
        if depth > DEPTH || self.values > VALUES {
            self.document.cut = true;
            return self.broken();
        }
        let start = self.at;
        let kind = match self.peek() {
            Some('{') => self.object(depth),
            Some('[') => self.list(depth),
            Some(quote @ ('"' | '\'')) => ValueKind::Text(self.string(quote)?),
            Some(_) => {
                let word = self.word();
                match word.as_str() {
                    "" => return self.broken(),
                    "true" | "True" => ValueKind::Bool(true),
                    "false" | "False" => ValueKind::Bool(false),
                    word if word
                        .starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) =>
                    {
                        ValueKind::Number(word.to_owned())
                    }
                    _ => ValueKind::Null,
                }
            }
            None => return self.broken(),
        };
        Some(Value {
            range: start..self.at,
            kind,
        })
    }

    /// Reads a word or number.
    fn word(&mut self) -> String {
        let rest = self.rest();
        let length = rest
            .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '.' | '$')))
            .unwrap_or(rest.len());
        let word = rest.get(..length).unwrap_or_default().to_owned();
        self.bump(length);
        word
    }

    fn list(&mut self, depth: usize) -> ValueKind {
        let mut items = Vec::new();
        self.bump(1);
        loop {
            self.blank();
            if self.skip(']') {
                break;
            }
            let Some(item) = self.value(depth.saturating_add(1)) else {
                break;
            };
            items.push(item);
            if self.document.broken.is_some() {
                break;
            }
            self.blank();
            if !self.skip(',') && self.peek() != Some(']') {
                self.broken::<()>();
                break;
            }
        }
        ValueKind::List(items)
    }

    fn object(&mut self, depth: usize) -> ValueKind {
        let mut entries = Vec::new();
        self.bump(1);
        loop {
            self.blank();
            if self.skip('}') {
                break;
            }
            let key = match self.peek() {
                Some(quote @ ('"' | '\'')) => self.string(quote),
                _ => Some(self.word()).filter(|word| !word.is_empty()),
            };
            let Some(key) = key else {
                self.broken::<()>();
                break;
            };
            self.blank();
            if !self.skip(':') {
                self.broken::<()>();
                break;
            }
            let Some(value) = self.value(depth.saturating_add(1)) else {
                break;
            };
            entries.push((key, value));
            if self.document.broken.is_some() {
                break;
            }
            self.blank();
            if !self.skip(',') && self.peek() != Some('}') {
                self.broken::<()>();
                break;
            }
        }
        ValueKind::Object(entries)
    }

    fn string(&mut self, quote: char) -> Option<String> {
        self.bump(1);
        let mut text = String::new();
        let mut high: Option<u32> = None;
        loop {
            let Some(character) = self.peek() else {
                return self.broken();
            };
            self.bump(character.len_utf8());
            if character == quote {
                return Some(text);
            }
            if character != '\\' {
                text.push(character);
                continue;
            }
            let Some(escape) = self.peek() else {
                return self.broken();
            };
            self.bump(escape.len_utf8());
            match escape {
                'n' => text.push('\n'),
                't' => text.push('\t'),
                'r' => text.push('\r'),
                'b' => text.push('\u{8}'),
                'f' => text.push('\u{c}'),
                'u' => {
                    let code = self
                        .rest()
                        .get(..4)
                        .and_then(|digits| u32::from_str_radix(digits, 16).ok());
                    let Some(code) = code else { return self.broken() };
                    self.bump(4);
                    match (code, high.take()) {
                        (0xd800..=0xdbff, _) => high = Some(code),
                        (0xdc00..=0xdfff, Some(first)) => {
                            let joined = first
                                .saturating_sub(0xd800)
                                .saturating_mul(0x400)
                                .saturating_add(code.saturating_sub(0xdc00))
                                .saturating_add(0x10000);
                            text.push(char::from_u32(joined).unwrap_or(char::REPLACEMENT_CHARACTER));
                        }
                        _ => text.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)),
                    }
                }
                other => text.push(other),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extras_of_editors_are_read() {
        let document = parse("// a\n{'a': [1, true,], /* b */ c: \"\\ud83d\\ude00\", \"c\": null,}\n");
        let root = document.root.expect("an object");
        assert!(document.broken.is_none() && !document.cut);
        assert_eq!(root.canonical(), r#"{"a":[1,true],"c":"😀","c":null}"#);
        assert!(matches!(
            root.at("c").map(|value| &value.kind),
            Some(ValueKind::Null)
        ));
    }

    #[test]
    fn what_is_broken_keeps_what_stands_before_it() {
        let document = parse(r#"{"a": {"b": "c"}, "d": }"#);
        assert!(document.broken.is_some());
        assert_eq!(
            document.root.expect("an object").canonical(),
            r#"{"a":{"b":"c"}}"#
        );
        assert!(parse(&"[".repeat(5_000)).cut);
    }
}
