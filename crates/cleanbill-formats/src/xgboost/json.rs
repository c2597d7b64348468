//! The same values in JSON.

use super::{
    Model,
    tree::{NODES, Tree, is_kept},
};
use crate::{
    bytes::{ReadAt, size_usize},
    json::{Event, JsonError, Reader, Strictness},
};

/// LIMIT: levels that values nest; models nest some ten.
const DEPTH: usize = 128;
/// LIMIT: bytes of a key or a short text that are kept.
const KEY_BYTES: usize = 64;

/// An object or a list that is open.
enum Open {
    Object {
        tree: Box<Tree>,
        key: String,
        start: u64,
    },
    List {
        count: u64,
        numbers: Vec<i64>,
        keep: bool,
    },
}

/// Why the walk ended early.
pub(super) enum Halt {
    Json(JsonError),
    Limit(u64),
}

impl From<JsonError> for Halt {
    fn from(error: JsonError) -> Self {
        Self::Json(error)
    }
}

/// Walks over one value; gives where it ends.
pub(super) fn walk(source: &dyn ReadAt, model: &mut Model) -> Result<u64, Halt> {
    let mut reader = Reader::new(source, 0..source.size(), Strictness::Python, DEPTH, KEY_BYTES);
    let mut open: Vec<Open> = Vec::new();
    while let Some((event, range)) = reader.next()? {
        if !matches!(event, Event::Key { .. } | Event::ObjectEnd | Event::ArrayEnd)
            && let Some(Open::List { count, .. }) = open.last_mut()
        {
            *count = count.saturating_add(1);
        }
        match event {
            Event::ObjectStart => open.push(Open::Object {
                tree: Box::default(),
                key: String::new(),
                start: range.start,
            }),
            Event::ArrayStart => {
                let keep = matches!(open.last(), Some(Open::Object { key, .. }) if is_kept(key));
                open.push(Open::List {
                    count: 0,
                    numbers: Vec::new(),
                    keep,
                });
            }
            Event::Key { .. } => {
                if let Some(Open::Object { key, .. }) = open.last_mut() {
                    *key = reader.text().into_owned();
                }
            }
            Event::ObjectEnd => {
                if let Some(Open::Object { tree, start, .. }) = open.pop() {
                    model.tree(&tree, start..range.end);
                }
            }
            Event::ArrayEnd => {
                if let Some(Open::List { count, numbers, .. }) = open.pop()
                    && let Some(Open::Object { tree, key, .. }) = open.last_mut()
                {
                    tree.take(key, count, numbers);
                }
            }
            Event::Number => match open.last_mut() {
                Some(Open::List {
                    numbers, keep: true, ..
                }) => {
                    if numbers.len() >= size_usize(NODES) {
                        return Err(Halt::Limit(range.start));
                    }
                    // What is no whole number leads nowhere that exists.
                    numbers.push(reader.text().parse().unwrap_or(i64::MIN));
                }
                Some(Open::Object { tree, key, .. }) => tree.scalar(key, &reader.text()),
                _ => {}
            },
            Event::String => {
                if let Some(Open::Object { tree, key, .. }) = open.last_mut() {
                    tree.scalar(key, &reader.text());
                }
            }
            Event::Bool | Event::Null => {}
        }
    }
    let end = reader.position();
    if reader.has_more().map_err(JsonError::from)? {
        Ok(end)
    } else {
        Ok(source.size())
    }
}
