//! A bounded tree of a configuration: numbers are left out, repeated keys are kept.

use std::ops::Range;

use cleanbill_formats::json::{Event, Reader, Strictness};

/// LIMIT: nesting that is followed. Python's own reader ends near 990, wrapped layers nest some ten levels.
const DEPTH: usize = 200;
/// LIMIT: objects, lists and texts kept; the largest public configurations have some hundred thousand.
const NODES: usize = 1_000_000;
/// LIMIT: bytes of one text kept; marshalled code is the longest.
const TEXT_BYTES: usize = 4 << 20;

/// Holds a value.
#[derive(Debug)]
pub(super) enum Value {
    Object(Object),
    Array(Vec<Self>),
    Text(String),
    Bool(bool),
    /// A number or nothing, kept only where it takes the place of settings.
    Empty,
}

/// Holds an object with where it stands.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) pairs: Vec<(String, Value)>,
    pub(super) range: Range<u64>,
}

impl Object {
    /// Returns every value under `key`; readers differ in which of two they take.
    pub(super) fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a Value> {
        self.pairs
            .iter()
            .filter(move |(name, _)| name == key)
            .map(|(_, value)| value)
    }

    /// Returns every text under `key`.
    pub(super) fn texts<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.all(key).filter_map(|value| match value {
            Value::Text(text) => Some(text.as_str()),
            _ => None,
        })
    }
}

/// Reads a text; also says whether that is all of it.
pub(super) fn read(bytes: &[u8]) -> (Option<Value>, bool) {
    let owned = bytes.to_vec();
    let end = u64::try_from(owned.len()).unwrap_or(u64::MAX);
    let mut reader = Reader::new(&owned, 0..end, Strictness::Python, DEPTH, TEXT_BYTES);
    let mut whole = true;
    let mut open: Vec<(Value, Option<String>)> = Vec::new();
    let mut key: Option<String> = None;
    let mut root = None;
    let mut nodes = 0_usize;
    loop {
        let Ok(next) = reader.next() else {
            whole = false;
            break;
        };
        let Some((event, range)) = next else { break };
        nodes = nodes.saturating_add(1);
        if nodes > NODES.saturating_mul(4) {
            whole = false;
            break;
        }
        let done = match event {
            Event::Key { .. } => {
                key = Some(reader.text().into_owned());
                continue;
            }
            Event::ObjectStart => {
                let object = Object {
                    pairs: Vec::new(),
                    range,
                };
                open.push((Value::Object(object), key.take()));
                continue;
            }
            Event::ArrayStart => {
                open.push((Value::Array(Vec::new()), key.take()));
                continue;
            }
            Event::ObjectEnd | Event::ArrayEnd => {
                let Some((mut value, name)) = open.pop() else {
                    whole = false;
                    break;
                };
                if let Value::Object(object) = &mut value {
                    object.range.end = range.end;
                }
                key = name;
                value
            }
            Event::String => {
                whole &= !reader.is_cut();
                Value::Text(reader.text().into_owned())
            }
            Event::Bool => Value::Bool(reader.text() == "true"),
            Event::Number | Event::Null => {
                if key.as_deref() != Some("config") {
                    key = None;
                    continue;
                }
                Value::Empty
            }
        };
        root = put(&mut open, key.take(), done, &mut whole).or(root);
    }
    // What was open when the text broke off was read so far, and loaders of the pieces exist.
    while let Some((value, name)) = open.pop() {
        root = put(&mut open, name, value, &mut whole).or(root);
    }
    (root, whole)
}

/// Puts a value into the container that is open; gives it back where none is.
fn put(
    open: &mut [(Value, Option<String>)],
    key: Option<String>,
    value: Value,
    whole: &mut bool,
) -> Option<Value> {
    match open.last_mut() {
        Some((Value::Object(object), _)) if object.pairs.len() < NODES => {
            object.pairs.push((key.unwrap_or_default(), value));
        }
        Some((Value::Array(list), _)) if list.len() < NODES => list.push(value),
        Some(_) => *whole = false,
        None => return Some(value),
    }
    None
}
