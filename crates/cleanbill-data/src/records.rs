//! Searches one record of JSON.

use std::ops::Range;

use cleanbill_core::{leak::LeakRecord, text};

use crate::{
    input::{count, size},
    json::{self, Leaf},
    outcome::{Counter, Edit, Found, Outcome, Problem, Tools},
    path,
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

/// Searches every text of a record; one that is no JSON is searched as the text that it is.
pub(crate) fn search(tools: &Tools, block: &[u8], place: &Place, out: &mut Outcome, edits: &mut Vec<Edit>) {
    let record = block.get(place.range.clone()).unwrap_or_default();
    // A mark of the order of bytes stands where there is none.
    let skipped = if record.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let mut found: Vec<Found> = Vec::new();
    let mut changed: Vec<Edit> = Vec::new();
    let read = json::walk(record, skipped, &mut |steps, leaf| {
        let Leaf::Text(quoted) = leaf else { return };
        if quoted.raw.is_empty() || tools.columns.is_some() && !tools.is_wanted(&path::render(steps)) {
            return;
        }
        let value = quoted.decoded();
        let hits = tools.hits(&value, path::name(steps));
        if hits.is_empty() {
            return;
        }
        let column = path::render(steps);
        let mut counter = Counter::default();
        for hit in hits {
            let range = size(hit.range.start)..size(hit.range.end);
            let bytes = value.get(range.clone()).unwrap_or_default();
            if let Some((_, replacement)) = tools.replacement(&hit, bytes) {
                let within = quoted.place(&range);
                changed.push(Edit {
                    range: place.range.start.saturating_add(within.start)
                        ..place.range.start.saturating_add(within.end),
                    text: json::escaped(&replacement),
                });
            }
            let named = LeakRecord {
                index: place.record,
                id: None,
                column: (!column.is_empty()).then(|| column.clone()),
                line: place.line,
            };
            found.push(tools.found(&hit, &value, named, &mut counter));
        }
    });
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
    } else if simdutf8::basic::from_utf8(record).is_err() {
        out.problem(Problem {
            record: Some(place.record),
            offset: Some(place.offset),
            reason: text!("holds bytes that are no UTF-8", "含有不是 UTF-8 的字节"),
            lost: false,
        });
    }
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
