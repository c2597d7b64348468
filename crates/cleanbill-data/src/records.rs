//! Searches one record of JSON.

use std::{borrow::Cow, ops::Range};

use cleanbill_core::{
    leak::{LeakRecord, Replacement},
    text,
};
use cleanbill_leaks::Hit;

use crate::{
    input::{count, size},
    json::{self, Leaf, Quoted},
    names::Names,
    number::{self, Written},
    outcome::{Counter, Edit, Found, Outcome, Problem, Tools},
    path::{self, Step},
};

/// A record within a block.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// Where it stands in the block.
    pub(crate) range: Range<usize>,
    /// Its number in the block.
    pub(crate) record: u64,
    /// Its line in the block, where it has one of its own.
    pub(crate) line: Option<u64>,
    /// Where it stands in the artifact.
    pub(crate) offset: u64,
}

/// A record that is being searched.
struct Record<'a> {
    tools: &'a Tools,
    place: &'a Place,
    names: &'a mut Names,
    found: Vec<Found>,
    changed: Vec<Edit>,
    /// Names that were replaced.
    named: u64,
}

impl Record<'_> {
    fn is_wanted(&self, steps: &[Step<'_>]) -> bool {
        self.tools.columns.is_none() || self.tools.is_wanted(&path::render(steps))
    }

    fn change(&mut self, range: &Range<usize>, text: Vec<u8>) {
        let start = self.place.range.start;
        self.changed.push(Edit {
            range: start.saturating_add(range.start)..start.saturating_add(range.end),
            text,
        });
    }

    fn keep(&mut self, hits: &[Hit], value: &[u8], steps: &[Step<'_>]) {
        let column = self.tools.path(steps);
        let mut counter = Counter::default();
        for hit in hits {
            let named = LeakRecord {
                index: self.place.record,
                id: None,
                column: (!column.is_empty()).then(|| column.clone()),
                line: self.place.line,
            };
            self.found.push(self.tools.found(hit, value, named, &mut counter));
        }
    }

    fn text(&mut self, steps: &[Step<'_>], quoted: &Quoted<'_>) {
        if quoted.raw.is_empty() || !self.is_wanted(steps) {
            return;
        }
        let value = quoted.decoded();
        let hits = self.tools.hits(&value, path::name(steps));
        if hits.is_empty() {
            return;
        }
        for hit in &hits {
            let range = size(hit.range.start)..size(hit.range.end);
            let bytes = value.get(range.clone()).unwrap_or_default();
            if let Some((_, replacement)) = self.tools.replacement(hit, bytes) {
                self.change(&quoted.place(&range), json::escaped(&replacement));
            }
        }
        self.keep(&hits, &value, steps);
    }

    /// Searches a number, and what stands without quotes and is none.
    fn plain(&mut self, steps: &[Step<'_>], raw: &[u8], at: usize) {
        let least = self.tools.least_digits;
        let value = match number::written(raw, least) {
            Written::Nothing => return,
            Written::Whole(value) => value,
            Written::Text if matches!(raw, b"true" | b"false" | b"null") || raw.len() < least => return,
            Written::Text => Cow::Borrowed(raw),
        };
        if !self.is_wanted(steps) {
            return;
        }
        let hits = self.tools.hits(&value, path::name(steps));
        if hits.is_empty() {
            return;
        }
        if let Some(exchanged) = self.tools.exchange(&hits, &value) {
            let text = number::exchanged(raw, &value, &exchanged);
            let text = text.unwrap_or_else(|| [b"\"", &*json::escaped(&exchanged.text), b"\""].concat());
            self.change(&(at..at.saturating_add(raw.len())), text);
        }
        self.keep(&hits, &value, steps);
    }

    fn name(&mut self, steps: &[Step<'_>], quoted: &Quoted<'_>) {
        let above = path::name(steps);
        if self.names.is_clear(self.tools, above, quoted.raw) {
            return;
        }
        let mut path = steps.to_vec();
        path.push(Step::Key(Cow::Borrowed(quoted.raw)));
        if !self.is_wanted(&path) {
            return;
        }
        let value = quoted.decoded();
        for hit in self.tools.hits(&value, above) {
            let range = size(hit.range.start)..size(hit.range.end);
            let bytes = value.get(range.clone()).unwrap_or_default();
            if let Some((replaced, mut text)) = self.tools.replacement(&hit, bytes) {
                self.named = self.named.saturating_add(1);
                // Two names of one object must not become one.
                if replaced == Replacement::Placeholder && self.named > 1 {
                    text.pop();
                    text.extend(format!(" {}]", self.named).bytes());
                }
                self.change(&quoted.place(&range), json::escaped(&text));
            }
        }
        for mut found in self.tools.in_name(&path, quoted.raw, above) {
            found.record.index = self.place.record;
            found.record.line = self.place.line;
            self.found.push(found);
        }
    }
}

/// Searches every text, number and name of a record; one that is no JSON is searched as the text that it is.
pub(crate) fn search(
    tools: &Tools,
    block: &[u8],
    place: &Place,
    names: &mut Names,
    out: &mut Outcome,
    edits: &mut Vec<Edit>,
) {
    let record = block.get(place.range.clone()).unwrap_or_default();
    // A mark of the order of bytes stands where there is none.
    let skipped = if record.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let mut searched = Record {
        tools,
        place,
        names,
        found: Vec::new(),
        changed: Vec::new(),
        named: 0,
    };
    let read = json::walk(record, skipped, &mut |steps, leaf| match leaf {
        Leaf::Text(quoted) => searched.text(steps, &quoted),
        Leaf::Plain(raw, at) => searched.plain(steps, raw, at),
        Leaf::Name(quoted) => searched.name(steps, &quoted),
    });
    let Record {
        names,
        mut found,
        mut changed,
        ..
    } = searched;
    let wrong = match read {
        Ok(end) => Some(json::blank(record, end)).filter(|end| *end < record.len()),
        Err(at) => Some(at),
    };
    if let Some(at) = wrong {
        out.problem(Problem {
            record: Some(place.record),
            offset: Some(place.offset.saturating_add(count(at))),
            reason: text!(
                "no JSON here; the record was searched as plain text",
                "此处不是 JSON；该记录已按纯文本搜索"
            ),
            lost: false,
        });
        found.clear();
        changed.clear();
        plain(tools, block, place, &mut found, &mut changed);
    } else if std::str::from_utf8(record).is_err() {
        out.problem(Problem {
            record: Some(place.record),
            offset: Some(place.offset),
            reason: text!("holds bytes that are no UTF-8", "含有不是 UTF-8 的字节"),
            lost: false,
        });
    }
    found.retain(|one| names.is_new(one));
    if let (Some(field), false) = (&tools.id_field, found.is_empty()) {
        let id = json::lookup(record.get(skipped..).unwrap_or_default(), field);
        for one in &mut found {
            one.record.id.clone_from(&id);
        }
    }
    changed.sort_by_key(|edit| edit.range.start);
    edits.append(&mut changed);
    for one in found {
        out.keep(one);
    }
}

/// Searches a record as plain text.
pub(crate) fn plain(
    tools: &Tools,
    block: &[u8],
    place: &Place,
    found: &mut Vec<Found>,
    changed: &mut Vec<Edit>,
) {
    let record = block.get(place.range.clone()).unwrap_or_default();
    let mut counter = Counter::default();
    for hit in tools.all_hits(record) {
        let range = size(hit.range.start)..size(hit.range.end);
        let bytes = record.get(range.clone()).unwrap_or_default();
        if let Some((_, replacement)) = tools.replacement(&hit, bytes) {
            changed.push(Edit {
                range: place.range.start.saturating_add(range.start)
                    ..place.range.start.saturating_add(range.end),
                text: replacement,
            });
        }
        let named = LeakRecord {
            index: place.record,
            line: place.line,
            ..LeakRecord::default()
        };
        found.push(tools.found(&hit, record, named, &mut counter));
    }
}
