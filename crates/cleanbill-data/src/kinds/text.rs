//! Kind `text`.

use std::{io::Read, ops::Range, sync::Arc};

use cleanbill_core::{Text, leak::LeakRecord, text};

use super::{Copying, Head, Next, Opening, Parting, Piece, Pieces};
use crate::{
    blocks::Blocks,
    input::{ReadAt, Stream, count, read_range, size},
    limits::{BLOCK_BYTES, OVERLAP_BYTES},
    outcome::{Copied, Counter, Edit, Outcome, Problem, Tools},
};

kind! {
    /// Plain text, source code, markup, logs: whatever holds no NUL byte and is nothing else. The whole file is one record, and
    /// places are bytes of the file, with the line.
    id: "text", name: "plain text",
    probe: probe, open: open, copying: Copying::Pieces, access: Stream, parting: Some(Parting { plan, open: open_part }),
}

fn probe(head: &Head<'_>) -> Option<u8> {
    (!head.bytes.is_empty() && head.is_text()).then_some(10)
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of every kind")]
fn open(opening: Opening, _: &Tools) -> Result<Box<dyn Pieces>, Text> {
    Ok(Box::new(TextPieces::new(opening.stream, None)))
}

/// Cuts where pieces are cut in any case, so that the parts have the pieces of the whole.
fn plan(bytes: &Arc<dyn ReadAt>, part_bytes: u64) -> Vec<Range<u64>> {
    let block = count(BLOCK_BYTES);
    let step = part_bytes.div_ceil(block).max(1).saturating_mul(block);
    let mut parts = Vec::new();
    let mut start = 0;
    while start < bytes.size() {
        let cut = start.saturating_add(step);
        // What is left behind the last cut is never less than a piece looks ahead.
        let end = if cut.saturating_add(count(OVERLAP_BYTES)) > bytes.size() {
            bytes.size()
        } else {
            cut
        };
        parts.push(start..end);
        start = end;
    }
    parts
}

fn open_part(opening: Opening, part: Range<u64>, _: &Tools) -> Result<Box<dyn Pieces>, Text> {
    let (start, overlap) = (part.start, count(OVERLAP_BYTES));
    let before = start.saturating_sub(overlap);
    let before = read_range(&*opening.bytes, before, start.saturating_sub(before)).map_err(|error| {
        text!(
            "cannot be read at byte {start}: {error}",
            "字节 {start} 处无法读取：{error}"
        )
    })?;
    let is_last = part.end >= opening.bytes.size();
    let seen = if is_last {
        part.end
    } else {
        part.end.saturating_add(overlap)
    };
    let stream = Stream::of(opening.bytes, start..seen);
    let mut pieces = TextPieces::new(Box::new(stream), None);
    pieces.before = before;
    pieces.offset = start;
    pieces.end = (!is_last).then_some(part.end);
    Ok(Box::new(pieces))
}

/// Cuts a text anywhere; each piece comes with what stands around it.
pub(crate) struct TextPieces {
    blocks: Blocks,
    before: Vec<u8>,
    offset: u64,
    /// Where to end, if that is before the end of the stream.
    end: Option<u64>,
    said: Option<Problem>,
    over: bool,
}

impl TextPieces {
    pub(crate) fn new(stream: Box<dyn Read + Send>, said: Option<Problem>) -> Self {
        Self {
            blocks: Blocks::new(stream),
            before: Vec::new(),
            offset: 0,
            end: None,
            said,
            over: false,
        }
    }
}

impl Pieces for TextPieces {
    fn has_many(&self) -> bool {
        false
    }

    fn next(&mut self, _: &Tools) -> Next {
        if let Some(problem) = self.said.take() {
            return Next::Problem(problem);
        }
        if self.over || self.end.is_some_and(|end| self.offset >= end) {
            return Next::End;
        }
        let held = self.blocks.fill(BLOCK_BYTES.saturating_add(OVERLAP_BYTES));
        let core = if held.len() < BLOCK_BYTES.saturating_add(OVERLAP_BYTES) {
            held.len()
        } else {
            BLOCK_BYTES
        };
        if core == 0 {
            self.over = true;
            return match self.blocks.next(|_, _| None) {
                crate::blocks::Cut::Failed { error, .. } => Next::Problem(broken(self.offset, &error)),
                _ => Next::End,
            };
        }
        let mut bytes = std::mem::take(&mut self.before);
        let start = bytes.len();
        bytes.extend_from_slice(held);
        let end = start.saturating_add(core);
        self.before = bytes
            .get(end.saturating_sub(OVERLAP_BYTES)..end)
            .unwrap_or_else(|| bytes.get(..end).unwrap_or_default())
            .to_vec();
        self.blocks.take(core);
        let first = self.offset == 0;
        self.offset = self.offset.saturating_add(count(core));
        Next::Piece(Piece {
            cost: count(bytes.len()),
            work: Box::new(move |tools| search(tools, bytes, start, end, first)),
        })
    }
}

/// Says that a stream broke off.
pub(crate) fn broken(offset: u64, error: &std::io::Error) -> Problem {
    Problem {
        record: None,
        offset: Some(offset),
        reason: text!(
            "cannot be read from here on: {error}",
            "自此处起无法读取：{error}"
        ),
        lost: true,
    }
}

fn search(tools: &Tools, mut bytes: Vec<u8>, start: usize, end: usize, first: bool) -> Outcome {
    let mut out = Outcome {
        records: u64::from(first),
        one_text: true,
        ..Outcome::default()
    };
    let mut edits = Vec::new();
    let text = bytes.get(start..).unwrap_or_default();
    let mut counter = Counter::default();
    let (low, high) = (count(start), count(end));
    for mut hit in tools.all_hits(&bytes) {
        if !(low..high).contains(&hit.range.start) {
            continue;
        }
        hit.range = hit.range.start.saturating_sub(low)..hit.range.end.saturating_sub(low);
        let place = size(hit.range.start)..size(hit.range.end);
        let value = text.get(place.clone()).unwrap_or_default();
        if let Some((_, replacement)) = tools.replacement(&hit, value) {
            edits.push(Edit {
                range: place,
                text: replacement,
            });
        }
        let mut found = tools.found(&hit, text, LeakRecord::default(), &mut counter);
        found.record.line = Some(counter.lines);
        out.keep(found);
    }
    let core = bytes.get(start..end).unwrap_or_default();
    counter.advance(core, core.len());
    (out.lines, out.chars, out.bytes) = (counter.lines, counter.chars, count(core.len()));
    // A wide character at the cut belongs to both sides; only what breaks within counts.
    let cut = core.iter().take(3).take_while(|byte| **byte & 0xc0 == 0x80);
    let whole = if first { 0 } else { cut.count() };
    if std::str::from_utf8(core.get(whole..).unwrap_or_default())
        .is_err_and(|error| error.error_len().is_some())
    {
        out.problem(Problem {
            record: None,
            offset: None,
            reason: text!("holds bytes that are no UTF-8", "含有不是 UTF-8 的字节"),
            lost: false,
        });
    }
    out.changes = count(edits.len());
    if tools.redactor.is_some() {
        bytes.truncate(end);
        bytes.drain(..start);
        out.copy = Some(Copied { bytes, edits });
    }
    out
}
