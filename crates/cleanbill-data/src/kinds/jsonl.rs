//! Kind `jsonl`.

use std::{io, ops::Range, sync::Arc};

use cleanbill_core::{Text, text};

use super::{Copying, Head, Next, Opening, Parting, Piece, Pieces, text::broken};
use crate::{
    blocks::{Blocks, Cut},
    input::{ReadAt, Stream, count, read_range},
    json,
    names::Names,
    outcome::{Copied, Outcome, Problem, Tools},
    records::{self, Place},
};

kind! {
    /// JSON Lines, NDJSON: a value a line. A record is a line that is not blank; each text in it is a value, under a path such as
    /// `messages[2].content`, and so is each whole number of seven digits or more. Names of fields are searched as well. A line that is no
    /// JSON is searched as plain text.
    id: "jsonl", name: "JSON Lines",
    probe: probe, open: open, copying: Copying::Pieces, access: Stream, parting: Some(Parting { plan, open: open_part }),
}

fn probe(head: &Head<'_>) -> Option<u8> {
    let bytes = head.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head.bytes);
    let start = json::blank(bytes, 0);
    if !head.is_text() || !matches!(bytes.get(start), Some(b'{' | b'[' | b'"')) {
        return None;
    }
    if matches!(head.suffix, "jsonl" | "ndjson" | "jsonlines") {
        return Some(60);
    }
    // One whole value on the first line, and the same again on the second.
    let line = |at: usize| -> Option<usize> {
        let rest = bytes.get(at..).unwrap_or_default();
        let end = memchr::memchr(b'\n', rest).map_or(bytes.len(), |end| at.saturating_add(end));
        let line = bytes.get(at..end)?;
        let value = json::walk(line, 0, &mut |_, _| {}).ok()?;
        (matches!(line.first(), Some(b'{' | b'[')) && json::blank(line, value) == line.len()).then_some(end)
    };
    let second = json::blank(bytes, line(start)?);
    (second < bytes.len() && line(second).is_some()).then_some(55)
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of every kind")]
fn open(opening: Opening, _: &Tools) -> Result<Box<dyn Pieces>, Text> {
    Ok(Box::new(Lines(Blocks::new(opening.stream))))
}

fn plan(bytes: &Arc<dyn ReadAt>, part_bytes: u64) -> Vec<Range<u64>> {
    let mut parts = Vec::new();
    let mut start = 0;
    while start < bytes.size() {
        let end = start.saturating_add(part_bytes.max(1)).min(bytes.size());
        parts.push(start..end);
        start = end;
    }
    parts
}

/// Opens the lines that begin within a range.
#[expect(clippy::needless_pass_by_value, reason = "the shape of every kind")]
fn open_part(opening: Opening, part: Range<u64>, _: &Tools) -> Result<Box<dyn Pieces>, Text> {
    let edge = |at| {
        line_start(&*opening.bytes, at).map_err(|error| {
            text!(
                "cannot be read at byte {at}: {error}",
                "字节 {at} 处无法读取：{error}"
            )
        })
    };
    let (start, end) = (edge(part.start)?, edge(part.end)?);
    let stream = Stream::of(Arc::clone(&opening.bytes), start..end);
    Ok(Box::new(Lines(Blocks::at(Box::new(stream), start))))
}

/// Returns where the first line begins that does not begin before `at`.
fn line_start(bytes: &dyn ReadAt, at: u64) -> io::Result<u64> {
    let Some(mut place) = at.checked_sub(1) else {
        return Ok(0);
    };
    loop {
        let read = read_range(bytes, place, 1 << 16)?;
        if let Some(end) = memchr::memchr(b'\n', &read) {
            return Ok(place.saturating_add(count(end)).saturating_add(1));
        }
        if read.is_empty() {
            return Ok(bytes.size());
        }
        place = place.saturating_add(count(read.len()));
    }
}

struct Lines(Blocks);

impl Pieces for Lines {
    fn next(&mut self, _: &Tools) -> Next {
        match self
            .0
            .next(|bytes, _| memchr::memrchr(b'\n', bytes).map(|end| end.saturating_add(1)))
        {
            Cut::Block { offset, bytes } => Next::Piece(Piece {
                cost: count(bytes.len()),
                work: Box::new(move |tools| search(tools, offset, bytes)),
            }),
            Cut::TooLong { offset, length } => Next::Problem(Problem {
                record: Some(0),
                offset: Some(offset),
                reason: text!(
                    "a line of {length} bytes is too long to be examined",
                    "长度为 {length} 字节的行过长，未检查"
                ),
                lost: true,
            }),
            Cut::Failed { offset, error } => Next::Problem(broken(offset, &error)),
            Cut::End => Next::End,
        }
    }
}

fn search(tools: &Tools, offset: u64, bytes: Vec<u8>) -> Outcome {
    let mut out = Outcome {
        bytes: count(bytes.len()),
        ..Outcome::default()
    };
    let mut edits = Vec::new();
    let mut names = Names::default();
    let mut at = 0;
    while at < bytes.len() {
        let rest = bytes.get(at..).unwrap_or_default();
        let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let line = rest.get(..length).unwrap_or_default();
        if !line.iter().all(u8::is_ascii_whitespace) {
            let place = Place {
                range: at..at.saturating_add(length),
                record: out.records,
                line: Some(out.lines),
                offset: offset.saturating_add(count(at)),
            };
            records::search(tools, &bytes, &place, &mut names, &mut out, &mut edits);
            out.records = out.records.saturating_add(1);
        }
        out.lines = out.lines.saturating_add(1);
        at = at.saturating_add(length).saturating_add(1);
    }
    out.changes = count(edits.len());
    if tools.redactor.is_some() {
        out.copy = Some(Copied { bytes, edits });
    }
    out
}
