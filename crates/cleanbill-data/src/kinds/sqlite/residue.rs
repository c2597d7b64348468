//! What deleted rows left behind: cells whose bytes are still there, taken apart where their form is known, and the bytes between them.

use std::ops::Range;

use super::page::{Database, Page, Value, length, number, value};
use crate::{
    input::{count, size},
    limits::SQLITE_VALUES,
    outcome::{Outcome, Tools},
    path::Step,
    values,
};

/// Searches what is left of rows.
pub(super) struct Residue<'a> {
    pub(super) tools: &'a Tools,
    pub(super) database: &'a Database,
    /// The path that findings get.
    pub(super) steps: &'a [Step<'a>],
    /// Number of the page, which is their id.
    pub(super) page: u32,
    /// The record that they are counted with.
    pub(super) index: u64,
}

impl Residue<'_> {
    /// Searches the space of a page that its cells do not use.
    pub(super) fn within(&self, page: &Page, out: &mut Outcome) {
        let (list, cells) = page.list();
        let gap = list.saturating_add(cells.saturating_mul(2))..page.content().min(page.bytes.len());
        self.search(page.bytes.get(gap).unwrap_or_default(), false, out);
        for (at, length) in page.free_blocks() {
            let block = at..at.saturating_add(length).min(page.bytes.len());
            self.search(page.bytes.get(block).unwrap_or_default(), true, out);
        }
    }

    /// Searches bytes; of a free block the first four are gone.
    pub(super) fn search(&self, bytes: &[u8], is_block: bool, out: &mut Outcome) {
        if bytes.iter().all(|byte| *byte == 0) {
            return;
        }
        let had = out.found.len();
        let mut at = 0;
        let mut between = 0;
        while at < bytes.len() {
            let rest = bytes.get(at..).unwrap_or_default();
            let found = if is_block && at == 0 {
                headless(self.database, rest).or_else(|| cell(rest))
            } else {
                cell(rest)
            };
            let Some(record) = found else {
                at = at.saturating_add(1);
                continue;
            };
            self.gap(bytes.get(between..at).unwrap_or_default(), out);
            let mut place = at.saturating_add(record.body);
            for kind in &record.types {
                let end = place.saturating_add(size(length(*kind).unwrap_or(0)));
                let stored = bytes.get(place..end).unwrap_or_default();
                if let Value::Text(text) | Value::Blob(text) = value(*kind, stored, self.database.encoding) {
                    values::search(self.tools, &text, self.steps, self.index, out);
                }
                place = end;
            }
            at = at.saturating_add(record.end);
            between = at;
        }
        self.gap(bytes.get(between..).unwrap_or_default(), out);
        for found in out.found.get_mut(had..).unwrap_or_default() {
            let page = self.page;
            found.record.id = Some(format!("page {page}"));
        }
    }

    /// Searches bytes of no known form: the texts between bytes that stand in none.
    fn gap(&self, bytes: &[u8], out: &mut Outcome) {
        for chunk in bytes.utf8_chunks() {
            let texts = chunk
                .valid()
                .split(|letter: char| letter.is_control() && !letter.is_whitespace());
            for text in texts.filter(|text| text.len() >= 8) {
                values::search(self.tools, text.as_bytes(), self.steps, self.index, out);
            }
        }
    }
}

/// A record whose values are all there.
struct Record {
    types: Vec<u64>,
    /// Where the values begin and end.
    body: usize,
    end: usize,
}

/// Reads a cell that is whole: its length, the id of its row, and a record of just that length.
fn cell(bytes: &[u8]) -> Option<Record> {
    let mut at = 0;
    let total = number(bytes, &mut at)?;
    if !(3..count(bytes.len())).contains(&total) {
        return None;
    }
    let keyed = at;
    number(bytes, &mut at)?;
    // Rows of trees by key have no id.
    [at, keyed].into_iter().find_map(|start| {
        let end = start.checked_add(size(total))?;
        let record = bytes.get(start..end)?;
        let mut at = 0;
        let header = size(number(record, &mut at)?);
        // Rows with more values than that are left to the search between records.
        let types_bytes = record
            .get(..header)
            .filter(|types| types.len() <= 4 * SQLITE_VALUES)?;
        let (types, length) = types(types_bytes, at)?;
        let is_whole = !types.is_empty() && header.checked_add(length)? == record.len();
        is_whole.then_some(Record {
            types,
            body: start.saturating_add(header),
            end,
        })
    })
}

/// Reads types up to the end of a header; returns them and how many bytes their values take.
fn types(header: &[u8], mut at: usize) -> Option<(Vec<u64>, usize)> {
    let (mut types, mut bytes) = (Vec::new(), 0_usize);
    while at < header.len() {
        let kind = number(header, &mut at)?;
        bytes = bytes.checked_add(size(length(kind)?))?;
        types.push(kind);
    }
    Some((types, bytes))
}

/// Reads a cell whose first four bytes are gone: types from there on, as many as make up the length of the block.
fn headless(database: &Database, bytes: &[u8]) -> Option<Record> {
    let mut best: Option<(usize, Record)> = None;
    for start in [4_usize, 5] {
        let (mut at, mut length_of_all) = (start, 0_usize);
        let mut types = Vec::new();
        while types.len() < SQLITE_VALUES && at < bytes.len() {
            let Some(kind) = number(bytes, &mut at) else { break };
            let Some(length) = length(kind) else { break };
            length_of_all = length_of_all.saturating_add(size(length));
            types.push(kind);
            let end = at.saturating_add(length_of_all);
            if end > bytes.len() {
                break;
            }
            let goes_on = end == bytes.len() || cell(bytes.get(end..).unwrap_or_default()).is_some();
            if !goes_on {
                continue;
            }
            let score = texts(database, bytes, at..end, &types);
            if score > best.as_ref().map_or(0, |(score, _)| *score) {
                let types = types.clone();
                best = Some((score, Record { types, body: at, end }));
            }
        }
    }
    best.map(|(_, record)| record)
}

/// Counts bytes of values that are texts as they should be; none where one is not.
fn texts(database: &Database, bytes: &[u8], body: Range<usize>, types: &[u64]) -> usize {
    let mut place = body.start;
    let mut score = 0_usize;
    for kind in types {
        let end = place.saturating_add(size(length(*kind).unwrap_or(0)));
        let stored = bytes.get(place..end).unwrap_or_default();
        if let Value::Text(text) = value(*kind, stored, database.encoding) {
            if std::str::from_utf8(&text).is_err() || text.iter().any(|byte| *byte < 9) {
                return 0;
            }
            score = score.saturating_add(text.len());
        }
        place = end;
    }
    score
}
