//! What a JSON text says that detectors want to know.

use std::ops::Range;

use crate::{
    bytes::{ReadAt, SourceError},
    json::{Event, JsonError, Reader, Strictness},
};

/// Keys whose values are kept: code that a loader fetches or runs, templates that it renders.
const KEYS: &[&str] = &[
    "auto_map",
    "custom_pipelines",
    "custom_generate",
    "chat_template",
    "trust_remote_code",
    "_target_",
    "auto_mapping",
    "_name_or_path",
    "base_model_name_or_path",
];
/// LIMIT: facts kept of one text.
const FACTS: usize = 1_000;
/// LIMIT: longest value kept.
const VALUE_BYTES: usize = 1 << 20;
/// LIMIT: bytes of values kept of one text; several long templates fit.
const ALL_BYTES: usize = 8 << 20;
/// Python's own reader gives up near this depth.
const DEPTH: usize = 990;

/// Holds a value under one of the keys that detectors look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// The telling key: `auto_map`, `custom_pipelines`, `custom_generate`, `chat_template`, `trust_remote_code`, `_target_`,
    /// `auto_mapping`, `_name_or_path`, `base_model_name_or_path`.
    pub key: &'static str,
    /// The key right before the value, where it is another one: `AutoModel` below `auto_map`.
    pub name: String,
    /// The value: text, number or `true`; cut where it is very long.
    pub value: String,
    /// Where the value stands in the file.
    pub range: Range<u64>,
}

/// What reading a text as JSON gave.
#[expect(clippy::struct_excessive_bools, reason = "independent facts about a text")]
#[derive(Debug, Default)]
pub(super) struct Json {
    pub(super) facts: Vec<Fact>,
    pub(super) top_keys: Vec<String>,
    /// Complete values one after the other.
    pub(super) values: u64,
    /// Where the text stopped being JSON, and why.
    pub(super) broken: Option<(u64, String)>,
    /// The text is not meant as JSON.
    pub(super) is_other: bool,
    /// A value was cut or more facts were met than are kept.
    pub(super) cut: bool,
    /// It has a list of cells, and a version, at its top: together they make a notebook.
    has_cells: bool,
    has_nbformat: bool,
    kept_bytes: usize,
}

impl Json {
    pub(super) fn is_notebook(&self) -> bool {
        self.has_cells && self.has_nbformat
    }
}

/// Reads the text in `range` as JSON values one after the other.
pub(super) fn read(source: &dyn ReadAt, range: Range<u64>) -> Result<Json, SourceError> {
    let mut json = Json::default();
    let mut reader = Reader::new(source, range, Strictness::Python, DEPTH, 256);
    let mut events = 0_u64;
    loop {
        match value(&mut reader, &mut json, &mut events) {
            Ok(()) => json.values = json.values.saturating_add(1),
            Err(JsonError::Source(error)) => return Err(error),
            Err(error) => {
                let offset = error.offset().unwrap_or(0);
                // Comments and commas before an end are JSON with extras, as editors allow; `[1] Some book` is prose.
                let extras = matches!(peek(source, offset)?, Some(b'/' | b'}' | b']' | b'#' | b'\''));
                let deep = matches!(error, JsonError::Depth { .. });
                json.is_other = !deep && (extras || events < 8);
                json.broken = Some((offset, error.to_string()));
                return Ok(json);
            }
        }
        if !reader.has_more()? {
            return Ok(json);
        }
        reader.restart();
    }
}

fn peek(source: &dyn ReadAt, offset: u64) -> Result<Option<u8>, SourceError> {
    let byte = crate::bytes::read_range(source, offset..offset.saturating_add(1), 1)?;
    Ok(byte.first().copied())
}

fn value(reader: &mut Reader<'_>, json: &mut Json, events: &mut u64) -> Result<(), JsonError> {
    let mut within: Option<(&'static str, usize)> = None;
    let mut name = String::new();
    while let Some((event, range)) = reader.next()? {
        *events = events.saturating_add(1);
        match event {
            Event::Key { .. } => {
                let key = reader.text().into_owned();
                if reader.depth() == 1 {
                    json.has_cells |= matches!(key.as_str(), "cells" | "worksheets");
                    json.has_nbformat |= key == "nbformat";
                    if json.top_keys.len() < 64 {
                        json.top_keys.push(key.clone());
                    }
                }
                if let Some((_, depth)) = within
                    && reader.depth() <= depth
                {
                    within = None;
                }
                if within.is_none() {
                    within = KEYS
                        .iter()
                        .find(|known| **known == key)
                        .map(|known| (*known, reader.depth()));
                }
                reader.keep(if within.is_some() { VALUE_BYTES } else { 256 });
                name = key;
            }
            Event::String | Event::Number | Event::Bool => {
                let Some((key, _)) = within else { continue };
                if json.facts.len() >= FACTS || json.kept_bytes >= ALL_BYTES {
                    json.cut = true;
                    continue;
                }
                json.cut |= reader.is_cut() && event == Event::String;
                let value = if event == Event::Bool {
                    // `true` is four bytes long.
                    (range.end.saturating_sub(range.start) == 4).to_string()
                } else {
                    reader.text().into_owned()
                };
                json.kept_bytes = json.kept_bytes.saturating_add(value.len());
                json.facts.push(Fact {
                    key,
                    name: if name == key { String::new() } else { name.clone() },
                    value,
                    range,
                });
            }
            Event::ObjectEnd | Event::ArrayEnd => {
                if let Some((_, depth)) = within
                    && reader.depth() <= depth
                {
                    within = None;
                    reader.keep(256);
                }
            }
            _ => {}
        }
    }
    Ok(())
}
