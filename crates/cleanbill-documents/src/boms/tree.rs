//! A document as the tree that it is: keys in their order, numbers in their digits, every value with its byte offset.
//!
//! Writers build one of these and say for each value where it came from; readers keep the one they read, so that nothing is lost.

use std::{collections::BTreeSet, fmt::Write as _};

use cleanbill_core::bill::{Source, Sourced};

use crate::escape::is_hidden;

/// Holds one value of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number in the digits of the document.
    Number(String),
    /// Text.
    Text(String),
    /// An array.
    List(Vec<Node>),
    /// An object, in the order of the document; keys are unique.
    Map(Vec<(String, Node)>),
}

/// Holds a value with the place where it stands.
#[derive(Clone, Debug)]
pub struct Node {
    /// Offset of its first byte in the document; 0 in a document that is being written.
    pub at: usize,
    /// The value.
    pub value: Value,
    /// Where the value came from, in a document that is being written.
    source: Option<Box<Source>>,
}

/// Two nodes are equal when they say the same, wherever they stand.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Eq for Node {}

impl Node {
    /// Holds a value that stands at an offset.
    pub fn at(at: usize, value: Value) -> Self {
        Self {
            at,
            value,
            source: None,
        }
    }

    /// Makes an empty object.
    pub fn map() -> Self {
        Self::at(0, Value::Map(Vec::new()))
    }

    /// Makes text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::at(0, Value::Text(text.into()))
    }

    /// Makes an array.
    pub fn list(items: Vec<Self>) -> Self {
        Self::at(0, Value::List(items))
    }

    /// Makes a number; text that is not a number of JSON becomes text.
    pub fn number(digits: &str) -> Self {
        if is_number(digits) {
            Self::at(0, Value::Number(digits.to_owned()))
        } else {
            Self::text(digits)
        }
    }

    /// Makes `true` or `false`.
    pub fn truth(value: bool) -> Self {
        Self::at(0, Value::Bool(value))
    }

    /// Makes text with where it came from.
    pub(crate) fn sourced(value: &Sourced<String>) -> Self {
        Self::text(&value.value).from(&value.source)
    }

    /// Says where the value came from.
    #[must_use]
    pub(crate) fn from(mut self, source: &Source) -> Self {
        self.source = Some(Box::new(source.clone()));
        self
    }

    /// Returns where the value came from.
    pub(crate) fn source(&self) -> Option<&Source> {
        self.source.as_deref()
    }

    /// Adds a member to an object.
    #[must_use]
    pub fn with(mut self, key: &str, value: Self) -> Self {
        self.set(key, value);
        self
    }

    /// Adds text to an object.
    #[must_use]
    pub(crate) fn say(self, key: &str, text: &str) -> Self {
        self.with(key, Self::text(text))
    }

    /// Adds a member to an object, or replaces the one of that name.
    pub fn set(&mut self, key: &str, value: Self) {
        if let Value::Map(members) = &mut self.value {
            match members.iter_mut().find(|(name, _)| name == key) {
                Some((_, old)) => *old = value,
                None => members.push((key.to_owned(), value)),
            }
        }
    }

    /// Adds a member to an object without looking whether one of that name is there; see [`Self::first_of_each`].
    pub(crate) fn add(&mut self, key: &str, value: Self) {
        if let Value::Map(members) = &mut self.value {
            members.push((key.to_owned(), value));
        }
    }

    /// Keeps the first member of each name.
    pub(crate) fn first_of_each(&mut self) {
        if let Value::Map(members) = &mut self.value {
            let mut seen = BTreeSet::new();
            members.retain(|(name, _)| seen.insert(name.clone()));
        }
    }

    /// Adds an array to an object unless it is empty.
    pub(crate) fn set_list(&mut self, key: &str, items: Vec<Self>) {
        if !items.is_empty() {
            self.set(key, Self::list(items));
        }
    }

    /// Adds a member to an object where there is one to add.
    pub(crate) fn set_some(&mut self, key: &str, value: Option<Self>) {
        if let Some(value) = value {
            self.set(key, value);
        }
    }

    /// Adds an object to an object unless it is empty.
    pub(crate) fn set_map(&mut self, key: &str, value: Self) {
        if !value.members().is_empty() {
            self.set(key, value);
        }
    }

    /// Returns a member of an object.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.members()
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }

    /// Returns what a path of keys leads to.
    pub(crate) fn find(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// Returns the members of an object; nothing for other values.
    pub fn members(&self) -> &[(String, Self)] {
        match &self.value {
            Value::Map(members) => members,
            _ => &[],
        }
    }

    /// Returns the items of an array; nothing for other values.
    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// Returns the items of an array that is a member of an object; nothing where it is not there.
    pub(crate) fn all(&self, key: &str) -> &[Self] {
        self.get(key).map_or(&[], Self::items)
    }

    /// Returns text.
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns text that is a member of an object and is not blank.
    pub(crate) fn said(&self, key: &str) -> Option<&str> {
        self.get(key)
            .and_then(Self::as_text)
            .filter(|text| !text.trim().is_empty())
    }

    /// Returns a plain value as text.
    pub(crate) fn plain(&self) -> Option<String> {
        match &self.value {
            Value::Text(text) | Value::Number(text) => Some(text.clone()),
            Value::Bool(value) => Some(value.to_string()),
            Value::Null | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// Writes the tree as indented JSON with a newline at the end; hidden characters stand as `\uXXXX`.
    pub fn to_json(&self) -> Vec<u8> {
        let mut out = String::new();
        self.write(0, &mut out);
        out.push('\n');
        out.into_bytes()
    }

    /// Recursion ends: trees are read with a limit of depth and written by code of a fixed depth.
    fn write(&self, depth: usize, out: &mut String) {
        match &self.value {
            Value::Null => out.push_str("null"),
            Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Value::Number(digits) => out.push_str(digits),
            Value::Text(text) => write_text(text, out),
            Value::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    begin_line(index, depth, out);
                    item.write(depth + 1, out);
                }
                end_lines(items.len(), depth, out);
                out.push(']');
            }
            Value::Map(members) => {
                out.push('{');
                for (index, (key, value)) in members.iter().enumerate() {
                    begin_line(index, depth, out);
                    write_text(key, out);
                    out.push_str(": ");
                    value.write(depth + 1, out);
                }
                end_lines(members.len(), depth, out);
                out.push('}');
            }
        }
    }
}

fn begin_line(index: usize, depth: usize, out: &mut String) {
    out.push_str(if index == 0 { "\n" } else { ",\n" });
    indent(depth + 1, out);
}

fn end_lines(count: usize, depth: usize, out: &mut String) {
    if count > 0 {
        out.push('\n');
        indent(depth, out);
    }
}

fn indent(depth: usize, out: &mut String) {
    for _ in 0..depth {
        out.push_str("  ");
    }
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            hidden if is_hidden(hidden) => {
                for unit in hidden.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

/// Says whether text is a number by the grammar of JSON (RFC 8259, 6).
pub(crate) fn is_number(text: &str) -> bool {
    let digits = |text: &str| -> usize { text.bytes().take_while(u8::is_ascii_digit).count() };
    let rest = text.strip_prefix('-').unwrap_or(text);
    let whole = digits(rest);
    if whole == 0 || (whole > 1 && rest.starts_with('0')) {
        return false;
    }
    let mut rest = rest.get(whole..).unwrap_or_default();
    if let Some(fraction) = rest.strip_prefix('.') {
        let count = digits(fraction);
        if count == 0 {
            return false;
        }
        rest = fraction.get(count..).unwrap_or_default();
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let count = digits(exponent);
        if count == 0 {
            return false;
        }
        rest = exponent.get(count..).unwrap_or_default();
    }
    rest.is_empty()
}

/// Writes one step of a JSON pointer (RFC 6901, 3).
pub(crate) fn pointer_step(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_json() {
        for good in ["0", "-1.50", "1e9", "12E-3", "100"] {
            assert!(is_number(good), "{good}");
        }
        for bad in ["", "01", "1.", ".5", "+1", "1e", "NaN", "1_0"] {
            assert!(!is_number(bad), "{bad}");
        }
    }

    #[test]
    fn what_is_written_cannot_steer_a_terminal() {
        let tree = Node::map()
            .say("a", "\u{1b}[2J\"")
            .with("b", Node::list(vec![]))
            .with("c", Node::number("1.50"));
        assert_eq!(
            String::from_utf8_lossy(&tree.to_json()),
            "{\n  \"a\": \"\\u001b[2J\\\"\",\n  \"b\": [],\n  \"c\": 1.50\n}\n"
        );
    }
}
