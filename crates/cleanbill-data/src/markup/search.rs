//! Searches markup: each text by itself, and the whole as it is written.

use std::{borrow::Cow, io::Read, ops::Range};

use cleanbill_core::{
    leak::{LeakClass, LeakRecord},
    text,
};

use super::{Dialect, Token, Walker, attributes, decode, entities};
use crate::{
    blocks::{Blocks, Cut},
    input::{count, size},
    kinds::{Next, Piece, Pieces, text::broken},
    limits::OVERLAP_BYTES,
    outcome::{Copied, Counter, Edit, Found, Outcome, Problem, Tools},
};

/// Cuts markup between its tokens; each piece comes with what stands around it.
pub(crate) struct MarkupPieces {
    blocks: Blocks,
    walker: Walker,
    before: Vec<u8>,
    first: bool,
}

impl MarkupPieces {
    pub(crate) fn new(stream: Box<dyn Read + Send>, dialect: Dialect) -> Self {
        Self {
            blocks: Blocks::new(stream),
            walker: Walker::new(dialect),
            before: Vec::new(),
            first: true,
        }
    }
}

impl Pieces for MarkupPieces {
    fn has_many(&self) -> bool {
        false
    }

    fn next(&mut self, _: &Tools) -> Next {
        let start = self.walker.clone();
        let walker = &mut self.walker;
        let cut = self.blocks.next(|bytes, last| {
            let mut at = 0;
            while at < bytes.len() {
                let Some((token, end)) = walker.token(bytes, at, last) else {
                    break;
                };
                walker.pass(bytes, &token);
                at = end;
            }
            Some(at)
        });
        match cut {
            Cut::Block { bytes, .. } => {
                let mut around = std::mem::take(&mut self.before);
                let place = around.len()..around.len().saturating_add(bytes.len());
                around.extend_from_slice(&bytes);
                self.before = around
                    .get(place.end.saturating_sub(OVERLAP_BYTES)..)
                    .unwrap_or(&around)
                    .to_vec();
                let behind = self.blocks.fill(OVERLAP_BYTES);
                around.extend_from_slice(behind.get(..OVERLAP_BYTES).unwrap_or(behind));
                let first = std::mem::take(&mut self.first);
                Next::Piece(Piece {
                    cost: count(around.len()),
                    work: Box::new(move |tools| search(tools, around, place, start, first)),
                })
            }
            Cut::TooLong { offset, length } => Next::Problem(Problem {
                record: None,
                offset: Some(offset),
                reason: text!(
                    "a text or tag of more than 32 MiB; its first line, {length} bytes, was not examined",
                    "某段文本或标签超过 32 MiB；其首行（{length} 字节）未检查"
                ),
                lost: true,
            }),
            Cut::Failed { offset, error } => Next::Problem(broken(offset, &error)),
            Cut::End => Next::End,
        }
    }
}

/// What was found in values, and where that is written in the piece.
struct Values<'a> {
    tools: &'a Tools,
    bytes: &'a [u8],
    start: usize,
    found: Vec<(Range<usize>, Found)>,
    edits: Vec<Edit>,
    lines: Counter,
}

impl Values<'_> {
    /// Searches a value that is written at `range`.
    fn value(&mut self, walker: &Walker, inner: Option<&str>, range: Range<usize>, is_plain: bool) {
        let raw = self.bytes.get(range.clone()).unwrap_or_default();
        if raw.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        if self.tools.columns.is_some() && !self.tools.is_wanted(&walker.path(inner)) {
            return;
        }
        let (value, places) = if is_plain {
            (Cow::Borrowed(raw), entities::Places::default())
        } else {
            decode(raw)
        };
        let attribute = inner.and_then(|inner| inner.strip_prefix('@'));
        let name = attribute.map_or_else(|| walker.name(), str::as_bytes);
        let hits = self.tools.hits(&value, Some(name));
        if hits.is_empty() {
            return;
        }
        self.lines.advance(self.bytes, range.start);
        let (line, column) = (self.lines.lines, walker.path(inner));
        let mut counter = Counter::default();
        for hit in hits {
            // What is written as entities is shown, not hidden.
            let is_shown = walker.dialect == Dialect::Html && !places.is_empty();
            if is_shown && hit.id(&self.tools.scanner) == "html_hidden_text" {
                continue;
            }
            let decoded = size(hit.range.start)..size(hit.range.end);
            let written = places.raw(&decoded);
            let written = range.start.saturating_add(written.start)..range.start.saturating_add(written.end);
            let bytes = value.get(decoded).unwrap_or_default();
            if let Some((_, replacement)) = self.tools.replacement(&hit, bytes) {
                self.edits.push(Edit {
                    range: written.start.saturating_sub(self.start)..written.end.saturating_sub(self.start),
                    text: if is_plain {
                        replacement
                    } else {
                        entities::escaped(&replacement)
                    },
                });
            }
            let record = LeakRecord {
                index: 0,
                id: None,
                column: Some(column.clone()).filter(|column| !column.is_empty()),
                line: Some(line),
            };
            let mut found = self.tools.found(&hit, &value, record, &mut counter);
            found.record.line = Some(line.saturating_add(counter.lines));
            self.found.push((written, found));
        }
    }
}

fn search(
    tools: &Tools,
    mut bytes: Vec<u8>,
    place: Range<usize>,
    mut walker: Walker,
    first: bool,
) -> Outcome {
    let mut out = Outcome {
        records: u64::from(first),
        one_text: true,
        ..Outcome::default()
    };
    let block = bytes.get(..place.end).unwrap_or_default();
    let mut values = Values {
        tools,
        bytes: block,
        start: place.start,
        found: Vec::new(),
        edits: Vec::new(),
        lines: Counter::from(place.start),
    };
    let mut at = place.start;
    while at < place.end {
        let Some((token, end)) = walker.token(block, at, true) else {
            break;
        };
        walker.pass(block, &token);
        match token {
            Token::Text(range) => {
                let is_plain =
                    matches!(walker.name(), b"script" | b"style") && walker.dialect == Dialect::Html;
                values.value(&walker, None, range, is_plain);
            }
            Token::Plain(range) => values.value(&walker, None, range, true),
            Token::Comment(range) => values.value(&walker, Some("#comment"), range, true),
            Token::Other(range) => values.value(&walker, Some("#declaration"), range, true),
            Token::Open {
                attributes: range, ..
            } => {
                for (attribute, value) in attributes(block, range) {
                    let attribute = block.get(attribute).unwrap_or_default();
                    let attribute = format!("@{}", String::from_utf8_lossy(attribute));
                    values.value(&walker, Some(&attribute), value, false);
                }
            }
            Token::Close { .. } => {}
        }
        at = end.max(at.saturating_add(1));
    }
    let (found, mut edits) = (values.found, values.edits);
    let hidden = raw_hits(tools, &bytes, &place, &found, &mut out, &mut edits);
    let mut hidden = hidden.iter().peekable();
    for (written, found) in found {
        // What is hidden by its markup is hidden as a whole.
        while hidden.next_if(|range| range.end <= written.start).is_some() {}
        let is_inside = hidden.peek().is_some_and(|range| range.start < written.end);
        if !is_inside || found.class != LeakClass::Hidden {
            out.keep(found);
        }
    }
    let core = bytes.get(place.clone()).unwrap_or_default();
    let mut counter = Counter::default();
    counter.advance(core, core.len());
    (out.lines, out.chars, out.bytes) = (counter.lines, counter.chars, count(core.len()));
    if std::str::from_utf8(core).is_err() {
        out.problem(Problem {
            record: None,
            offset: None,
            reason: text!("holds bytes that are no UTF-8", "含有不是 UTF-8 的字节"),
            lost: false,
        });
    }
    edits.sort_by_key(|edit| edit.range.start);
    out.changes = count(edits.len());
    if tools.redactor.is_some() {
        bytes.truncate(place.end);
        bytes.drain(..place.start);
        out.copy = Some(Copied { bytes, edits });
    }
    out
}

/// Searches the markup as it is written, for what stands across tags; what was found in values is not found again. Returns where
/// something is hidden.
fn raw_hits(
    tools: &Tools,
    bytes: &[u8],
    place: &Range<usize>,
    known: &[(Range<usize>, Found)],
    out: &mut Outcome,
    edits: &mut Vec<Edit>,
) -> Vec<Range<usize>> {
    let mut hidden = Vec::new();
    if tools.columns.is_some() {
        return hidden;
    }
    let text = bytes.get(place.start..).unwrap_or_default();
    let mut counter = Counter::default();
    // Values come in order.
    let longest = known.iter().map(|(range, _)| range.len()).max().unwrap_or(0);
    for mut hit in tools.all_hits(bytes) {
        let written = size(hit.range.start)..size(hit.range.end);
        if !place.contains(&written.start) {
            continue;
        }
        let kind = hit.id(&tools.scanner);
        let from = known.partition_point(|(range, _)| range.start.saturating_add(longest) <= written.start);
        let is_known = known
            .get(from..)
            .unwrap_or_default()
            .iter()
            .take_while(|(range, _)| range.start < written.end)
            .filter(|(range, _)| range.end > written.start)
            .any(|(_, found)| {
                *found.kind == *kind || found.class != LeakClass::Hidden && !tools.is_hidden(&hit)
            });
        if is_known {
            continue;
        }
        if tools.is_hidden(&hit) {
            hidden.push(written.clone());
        }
        let range = written.start.saturating_sub(place.start)..written.end.saturating_sub(place.start);
        hit.range = count(range.start)..count(range.end);
        let value = text.get(range.clone()).unwrap_or_default();
        if let Some((_, replacement)) = tools.replacement(&hit, value) {
            edits.push(Edit {
                range,
                text: replacement,
            });
        }
        let mut found = tools.found(&hit, text, LeakRecord::default(), &mut counter);
        found.record.line = Some(counter.lines);
        out.keep(found);
    }
    hidden
}
