//! Leaks in data as documents. A writer takes findings one by one, in their order, and the summary at the end, so that it holds none.

mod human;
mod json;
mod jsonl;
mod sarif;

use std::{
    fmt,
    io::{self, Write},
};

use cleanbill_core::{
    Language,
    leak::{Leak, LeakSummary},
};
use serde_json::{Value, json};

use crate::{
    reports::{Detail, RuleInfo},
    terminal::Color,
};

/// JSON Schema (draft 2020-12) of one line of the document `jsonl`.
pub const FINDING_SCHEMA: &str = include_str!("../schemas/cleanbill.leak-1.schema.json");
/// JSON Schema (draft 2020-12) of the document `json`.
pub const SCHEMA: &str = include_str!("../schemas/cleanbill.leaks-1.schema.json");

/// Takes what a search finds.
pub trait LeakWriter {
    /// Takes the next finding.
    fn leak(&mut self, leak: &Leak) -> io::Result<()>;
    /// Ends the document.
    fn finish(&mut self, summary: &LeakSummary) -> io::Result<()>;
}

/// Holds what a document may know apart from the facts.
#[derive(Clone, Copy, Debug)]
pub struct LeakLook<'a> {
    /// Language of documents for people.
    pub language: Language,
    /// Whether colour may be used.
    pub color: Color,
    /// How much is wanted.
    pub detail: Detail,
    /// The rules that are looked for.
    pub rules: &'a [RuleInfo],
    /// Version of the program.
    pub version: &'a str,
}

/// Begins a document.
pub type Begin =
    for<'a> fn(Box<dyn Write + Send + 'a>, &LeakLook<'a>) -> io::Result<Box<dyn LeakWriter + 'a>>;

/// Describes one format of such a document.
pub struct LeakFormat {
    /// Permanent id, as `--format` takes it.
    pub id: &'static str,
    /// Begins one.
    pub begin: Begin,
}

impl fmt::Debug for LeakFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("LeakFormat")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Lists the formats of this crate.
pub const FORMATS: &[LeakFormat] = &[
    LeakFormat {
        id: "human",
        begin: human::begin,
    },
    LeakFormat {
        id: "json",
        begin: json::begin,
    },
    LeakFormat {
        id: "jsonl",
        begin: jsonl::begin,
    },
    LeakFormat {
        id: "sarif",
        begin: sarif::begin,
    },
];

/// Returns a finding as the documents for machines have it; its shape is `schemas/cleanbill.leak-1.schema.json`.
fn finding(leak: &Leak) -> Value {
    let mut record = json!({
        "index": leak.record.index,
        "id": leak.record.id,
        "column": leak.record.column,
    });
    if let (Some(line), Some(record)) = (leak.record.line, record.as_object_mut()) {
        record.insert("line".to_owned(), line.into());
    }
    let mut value = json!({
        "type": &*leak.kind,
        "class": leak.class.as_str(),
        "artifact": &*leak.artifact,
        "record": record,
        "start": leak.start,
        "end": leak.end,
        "char_start": leak.char_start,
        "char_end": leak.char_end,
        "severity": leak.severity.as_str(),
        "confidence": leak.confidence.as_str(),
        "evidence": leak.evidence,
        "hash": leak.hash,
        "validated": leak.validated,
    });
    if let (Some(replaced), Some(value)) = (leak.replaced, value.as_object_mut()) {
        value.insert("replaced".to_owned(), replaced.as_str().into());
    }
    value
}
