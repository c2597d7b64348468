//! Reads JSON (RFC 8259) into a tree with byte offsets, strictly and within limits.
//!
//! The usual crate forgets the order of keys, the digits of numbers and where a value stood, and takes the last of two equal
//! keys. A bill of materials in which a key stands twice says two things, so it is refused.

use std::collections::HashSet;

use cleanbill_core::{Text, text};

use super::tree::{Node, Value, is_number, pointer_step};

/// LIMIT: protects the stack; real documents nest about 30 deep. Deeper ones are refused.
pub const MAX_DEPTH: usize = 128;
/// LIMIT: protects memory; a tree of so many values takes about 600 MB. Larger ones are refused.
pub const MAX_VALUES: usize = 4_000_000;
/// Above so many keys, an object's keys are looked up in a set and not one by one.
const FEW_KEYS: usize = 16;

/// Says what is wrong with JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The document ends too early.
    Truncated,
    /// Something else was expected here.
    Unexpected,
    /// A key stands twice in one object.
    DuplicateKey(String),
    /// An escape is none of JSON's, or half of a pair.
    BadEscape,
    /// A control character stands in text.
    Control,
    /// More follows after the document's end.
    Trailing,
    /// [`MAX_DEPTH`] is reached.
    TooDeep,
    /// [`MAX_VALUES`] is reached.
    TooMany,
}

impl Problem {
    /// Says it in words.
    pub fn message(&self) -> Text {
        match self {
            Self::Truncated => text!("the document ends too early", "文档过早结束"),
            Self::Unexpected => text!("this is not JSON", "这不是 JSON"),
            Self::DuplicateKey(key) => text!("the key `{key}` stands twice", "键 `{key}` 出现两次"),
            Self::BadEscape => text!("bad escape in text", "文本中的转义无效"),
            Self::Control => text!("control character in text", "文本中有控制字符"),
            Self::Trailing => text!("more follows after the document's end", "文档结束后还有内容"),
            Self::TooDeep => text!("nested deeper than {MAX_DEPTH} levels", "嵌套超过 {MAX_DEPTH} 层"),
            Self::TooMany => text!("more than {MAX_VALUES} values", "超过 {MAX_VALUES} 个值"),
        }
    }
}

/// Says where JSON is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// JSON pointer to the innermost value that was being read.
    pub path: String,
    /// Byte offset.
    pub at: usize,
    /// What is wrong.
    pub problem: Problem,
}

/// Reads a document.
pub fn parse(text: &str) -> Result<Node, JsonError> {
    let mut reader = Reader {
        bytes: text.as_bytes(),
        text,
        at: 0,
        values: 0,
        path: Vec::new(),
    };
    let read = reader.document();
    read.map_err(|problem| JsonError {
        path: reader
            .path
            .iter()
            .fold(String::new(), |path, step| path + "/" + step),
        at: reader.at,
        problem,
    })
}

struct Reader<'a> {
    bytes: &'a [u8],
    text: &'a str,
    at: usize,
    values: usize,
    path: Vec<String>,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<Node, Problem> {
        self.blanks();
        let node = self.value(0)?;
        self.blanks();
        if self.at < self.bytes.len() {
            return Err(Problem::Trailing);
        }
        Ok(node)
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), Problem> {
        match self.peek() {
            Some(found) if found == byte => {
                self.at += 1;
                Ok(())
            }
            Some(_) => Err(Problem::Unexpected),
            None => Err(Problem::Truncated),
        }
    }

    /// Takes one byte if it is there.
    fn takes(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    fn value(&mut self, depth: usize) -> Result<Node, Problem> {
        if depth >= MAX_DEPTH {
            return Err(Problem::TooDeep);
        }
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(Problem::TooMany);
        }
        let at = self.at;
        let value = match self.peek() {
            None => return Err(Problem::Truncated),
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'"') => Value::Text(self.string()?),
            Some(b't') => self.word("true", Value::Bool(true))?,
            Some(b'f') => self.word("false", Value::Bool(false))?,
            Some(b'n') => self.word("null", Value::Null)?,
            Some(_) => self.number()?,
        };
        Ok(Node::at(at, value))
    }

    fn object(&mut self, depth: usize) -> Result<Value, Problem> {
        self.expect(b'{')?;
        self.blanks();
        let mut members: Vec<(String, Node)> = Vec::new();
        let mut seen: HashSet<String> = HashSet::new();
        if self.takes(b'}') {
            return Ok(Value::Map(members));
        }
        loop {
            let start = self.at;
            let key = self.string()?;
            let is_double = if members.len() < FEW_KEYS {
                members.iter().any(|(name, _)| *name == key)
            } else {
                if seen.is_empty() {
                    seen.extend(members.iter().map(|(name, _)| name.clone()));
                }
                !seen.insert(key.clone())
            };
            if is_double {
                self.at = start;
                return Err(Problem::DuplicateKey(key));
            }
            self.blanks();
            self.expect(b':')?;
            self.blanks();
            self.path.push(pointer_step(&key));
            let value = self.value(depth + 1)?;
            self.path.pop();
            members.push((key, value));
            self.blanks();
            if self.takes(b'}') {
                return Ok(Value::Map(members));
            }
            self.expect(b',')?;
            self.blanks();
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, Problem> {
        self.expect(b'[')?;
        self.blanks();
        let mut items = Vec::new();
        if self.takes(b']') {
            return Ok(Value::List(items));
        }
        loop {
            self.path.push(items.len().to_string());
            items.push(self.value(depth + 1)?);
            self.path.pop();
            self.blanks();
            if self.takes(b']') {
                return Ok(Value::List(items));
            }
            self.expect(b',')?;
            self.blanks();
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, Problem> {
        for byte in word.bytes() {
            self.expect(byte)?;
        }
        Ok(value)
    }

    fn number(&mut self) -> Result<Value, Problem> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')) {
            self.at += 1;
        }
        let digits = self.text.get(start..self.at).unwrap_or_default();
        if is_number(digits) {
            return Ok(Value::Number(digits.to_owned()));
        }
        let is_cut = self.at == self.bytes.len() && self.at > start;
        self.at = start;
        Err(if is_cut {
            Problem::Truncated
        } else {
            Problem::Unexpected
        })
    }

    fn string(&mut self) -> Result<String, Problem> {
        self.expect(b'"')?;
        let mut out = String::new();
        loop {
            let start = self.at;
            while matches!(self.peek(), Some(byte) if byte != b'"' && byte != b'\\' && byte >= 0x20) {
                self.at += 1;
            }
            out.push_str(self.text.get(start..self.at).unwrap_or_default());
            match self.peek() {
                None => return Err(Problem::Truncated),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    self.at += 1;
                    out.push(self.escape()?);
                }
                Some(_) => return Err(Problem::Control),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Problem> {
        let byte = self.peek().ok_or(Problem::Truncated)?;
        let character = match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                self.at += 1;
                return self.unicode();
            }
            _ => return Err(Problem::BadEscape),
        };
        self.at += 1;
        Ok(character)
    }

    fn unicode(&mut self) -> Result<char, Problem> {
        let first = self.four_digits()?;
        let code = if (0xd800..0xdc00).contains(&first) {
            if !(self.takes(b'\\') && self.takes(b'u')) {
                return Err(Problem::BadEscape);
            }
            let second = self.four_digits()?;
            if !(0xdc00..0xe000).contains(&second) {
                return Err(Problem::BadEscape);
            }
            0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)
        } else {
            first
        };
        char::from_u32(code).ok_or(Problem::BadEscape)
    }

    fn four_digits(&mut self) -> Result<u32, Problem> {
        let mut code = 0;
        for _ in 0..4 {
            let byte = self.peek().ok_or(Problem::Truncated)?;
            let digit = char::from(byte).to_digit(16).ok_or(Problem::BadEscape)?;
            code = code * 16 + digit;
            self.at += 1;
        }
        Ok(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> (String, usize, Problem) {
        let error = parse(text).expect_err("it is wrong");
        (error.path, error.at, error.problem)
    }

    #[test]
    fn what_is_read_is_written_again() {
        let text = r#"{"b":[1.50,1e9,-0],"a":{"x":"\ud83d\ude00\u0000 é","y":null,"z":true},"c":[],"d":{}}"#;
        let tree = parse(text).expect("it is JSON");
        let again = parse(std::str::from_utf8(&tree.to_json()).expect("it is UTF-8")).expect("it is JSON");
        assert_eq!(tree, again);
        assert_eq!(tree.members().first().map(|(key, _)| key.as_str()), Some("b"));
        assert_eq!(tree.find(&["a", "y"]).map(|node| node.at), Some(56));
    }

    #[test]
    fn errors_say_where() {
        assert_eq!(
            wrong(r#"{"a":[{"b":1,"b":2}]}"#),
            ("/a/0".to_owned(), 13, Problem::DuplicateKey("b".to_owned()))
        );
        assert_eq!(wrong(r#"{"a":[1,2"#), ("/a".to_owned(), 9, Problem::Truncated));
        assert_eq!(wrong(r#"{"a":01}"#), ("/a".to_owned(), 5, Problem::Unexpected));
        assert_eq!(wrong("{} x"), (String::new(), 3, Problem::Trailing));
        assert_eq!(wrong(r#"["\ud800"]"#).2, Problem::BadEscape);
        assert_eq!(wrong("[\"\n\"]").2, Problem::Control);
        assert_eq!(wrong(&"[".repeat(100_000)).2, Problem::TooDeep);
        let mut keys = String::from("{");
        for key in 0..100 {
            keys.extend(["\"k", &key.to_string(), "\":0,"]);
        }
        assert_eq!(
            wrong(&(keys + "\"k7\":1}")).2,
            Problem::DuplicateKey("k7".to_owned())
        );
    }
}
