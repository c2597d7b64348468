//! Kind `json`.

use std::ops::Range;

use cleanbill_core::{Text, text};

use super::{
    Copying, Head, Next, Opening, Piece, Pieces,
    text::{TextPieces, broken},
};
use crate::{
    blocks::{Blocks, Cut},
    input::count,
    json,
    limits::RECORD_BYTES,
    names::Names,
    outcome::{Copied, Outcome, Problem, Tools},
    records::{self, Place},
};

kind! {
    /// A JSON document. Where it is a list, each element is a record; otherwise each value is one. Each text is a value, under a path
    /// such as `messages[2].content`, and so is each whole number of seven digits or more. Names of fields are searched as well. What is no
    /// JSON, or is one value of more than 32 MiB, is searched as plain text.
    id: "json", name: "JSON",
    probe: probe, open: open, copying: Copying::Pieces, access: Stream,
}

fn probe(head: &Head<'_>) -> Option<u8> {
    let bytes = head.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head.bytes);
    let start = json::blank(bytes, 0);
    if !head.is_text() || !matches!(bytes.get(start), Some(b'{' | b'[' | b'"')) {
        return None;
    }
    if matches!(head.suffix, "json" | "geojson" | "ipynb" | "jsonld") {
        return Some(50);
    }
    let whole = head.whole && bytes.get(start) != Some(&b'"');
    let end = whole
        .then(|| json::walk(bytes, start, &mut |_, _| {}).ok())
        .flatten()?;
    (json::blank(bytes, end) == bytes.len()).then_some(50)
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of every kind")]
fn open(opening: Opening, _: &Tools) -> Result<Box<dyn Pieces>, Text> {
    let mut blocks = Blocks::new(opening.stream);
    let start = {
        let head = blocks.fill(4_096);
        let mark = if head.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        json::blank(head, mark)
    };
    let first = blocks.fill(4_096).get(start).copied();
    if first != Some(b'[') {
        let held = blocks.fill(RECORD_BYTES);
        if json::walk(held, start, &mut |_, _| {}).is_err() {
            // Too large, or no JSON: where it is small, the record says so.
            if !blocks.is_ended() {
                let said = Problem {
                    record: None,
                    offset: Some(0),
                    reason: text!(
                        "one value of more than 32 MiB; the file was searched as plain text",
                        "单个值超过 32 MiB；该文件已按纯文本搜索"
                    ),
                    lost: false,
                };
                return Ok(Box::new(TextPieces::new(blocks.into_stream(), Some(said))));
            }
        }
    }
    Ok(Box::new(Values {
        blocks,
        list: first == Some(b'['),
        begun: false,
        start,
        over: false,
    }))
}

struct Values {
    blocks: Blocks,
    list: bool,
    begun: bool,
    start: usize,
    over: bool,
}

impl Pieces for Values {
    fn has_many(&self) -> bool {
        self.list
    }

    fn next(&mut self, _: &Tools) -> Next {
        if self.over {
            return Next::End;
        }
        let mut places: Vec<Range<usize>> = Vec::new();
        let (list, first, start) = (self.list, !self.begun, self.start);
        self.begun = true;
        let next = self.blocks.next(|bytes, last| {
            places.clear();
            let begin = match (first, list) {
                (true, true) => start.saturating_add(1),
                (true, false) => start,
                (false, _) => 0,
            };
            whole_values(bytes, (begin, list), last, &mut places)
        });
        match next {
            Cut::Block { offset, bytes } => Next::Piece(Piece {
                cost: count(bytes.len()),
                work: Box::new(move |tools| search(tools, offset, bytes, &places)),
            }),
            Cut::TooLong { offset, .. } => {
                self.over = true;
                Next::Problem(Problem {
                    record: Some(0),
                    offset: Some(offset),
                    reason: text!(
                        "a record of more than 32 MiB; neither it nor what follows was examined",
                        "记录超过 32 MiB；该记录及其后内容均未检查"
                    ),
                    lost: true,
                })
            }
            Cut::Failed { offset, error } => Next::Problem(broken(offset, &error)),
            Cut::End => Next::End,
        }
    }
}

/// Finds the whole values at the start of a block; returns where the last of them ends.
fn whole_values(
    bytes: &[u8],
    (begin, is_list): (usize, bool),
    last: bool,
    places: &mut Vec<Range<usize>>,
) -> Option<usize> {
    let mut at = begin;
    let mut whole = None;
    loop {
        at = json::blank(bytes, at);
        if is_list && matches!(bytes.get(at), Some(b',')) {
            at = at.saturating_add(1);
            continue;
        }
        if at >= bytes.len() {
            // Blanks and commas belong to what stands before them.
            return if last || whole.is_some() {
                Some(bytes.len())
            } else {
                None
            };
        }
        if is_list && bytes.get(at) == Some(&b']') {
            at = at.saturating_add(1);
            whole = Some(at);
            continue;
        }
        match json::walk(bytes, at, &mut |_, _| {}) {
            // A number at the end may go on.
            Ok(end) if end < bytes.len() || last => {
                places.push(at..end);
                at = end;
                whole = Some(end);
            }
            Ok(_) | Err(_) if !last => return whole,
            _ => {
                // Wrong to the end: one record, which says so.
                places.push(at..bytes.len());
                return Some(bytes.len());
            }
        }
    }
}

fn search(tools: &Tools, offset: u64, bytes: Vec<u8>, places: &[Range<usize>]) -> Outcome {
    let mut out = Outcome {
        bytes: count(bytes.len()),
        ..Outcome::default()
    };
    let mut edits = Vec::new();
    let mut names = Names::default();
    for range in places {
        let place = Place {
            range: range.clone(),
            record: out.records,
            line: None,
            offset: offset.saturating_add(count(range.start)),
        };
        records::search(tools, &bytes, &place, &mut names, &mut out, &mut edits);
        out.records = out.records.saturating_add(1);
    }
    out.changes = count(edits.len());
    if tools.redactor.is_some() {
        out.copy = Some(Copied { bytes, edits });
    }
    out
}
