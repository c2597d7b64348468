//! Kind `csv`.

use std::sync::Arc;

use cleanbill_core::{Text, leak::LeakRecord, text};

use super::{Copying, Head, Next, Opening, Piece, Pieces, text::broken};
use crate::{
    blocks::{Blocks, Cut},
    csv::{self, Field},
    input::{count, size},
    limits::{COLUMNS, HEAD_BYTES},
    number::{self, Written},
    outcome::{Copied, Counter, Edit, Outcome, Problem, Tools},
    path::{self, Step},
};

kind! {
    /// CSV and TSV, known by the end of the name: `.csv`, `.tsv`, `.tab`, `.psv`. The delimiter is told from the first rows. A record is
    /// a row that is not empty; the first row names the columns, unless a number or a finding stands in it. A field that
    /// is a number is searched where it is whole and has seven digits or more.
    id: "csv", name: "CSV and TSV",
    probe: probe, open: open, copying: Copying::Pieces, access: Stream,
}

fn probe(head: &Head<'_>) -> Option<u8> {
    let named = matches!(head.suffix, "csv" | "tsv" | "tab" | "psv");
    (named && !head.bytes.is_empty() && head.is_text()).then_some(40)
}

struct Rows {
    blocks: Blocks,
    delimiter: u8,
    names: Arc<Vec<String>>,
    id: Option<usize>,
    header: Option<usize>,
}

fn open(opening: Opening, tools: &Tools) -> Result<Box<dyn Pieces>, Text> {
    let mut blocks = Blocks::new(opening.stream);
    let head = blocks.fill(HEAD_BYTES).to_vec();
    let whole = blocks.is_ended();
    let mark = if head.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let text = head.get(mark..).unwrap_or_default();
    let delimiter = csv::delimiter(text, whole).unwrap_or(b',');
    let mut names = Vec::new();
    let mut is_header = true;
    let end = csv::row(text, 0, delimiter, whole, |field| {
        let value = field.decoded(text);
        let name = String::from_utf8_lossy(&value).into_owned();
        is_header &= !name.is_empty() && name.parse::<f64>().is_err() && tools.hits(&value, None).is_empty();
        names.push(name);
    });
    if names.len() > COLUMNS {
        let columns = names.len();
        return Err(text!("{columns} columns are too many", "列数 {columns} 过多"));
    }
    // A row that does not end within the head is none of names.
    let header = end.filter(|_| is_header).map(|end| mark.saturating_add(end));
    if header.is_none() {
        names.clear();
    }
    let id = tools
        .id_field
        .as_ref()
        .and_then(|field| names.iter().position(|name| name == field));
    Ok(Box::new(Rows {
        blocks,
        delimiter,
        names: Arc::new(names),
        id,
        header,
    }))
}

impl Pieces for Rows {
    fn next(&mut self, _: &Tools) -> Next {
        let delimiter = self.delimiter;
        let cut = self.blocks.next(|bytes, last| {
            let mut at = 0;
            while at < bytes.len() {
                match csv::row(bytes, at, delimiter, last, |_| {}) {
                    Some(end) => at = end,
                    None => break,
                }
            }
            Some(at)
        });
        match cut {
            Cut::Block { offset, bytes } => {
                let (names, id, header) = (Arc::clone(&self.names), self.id, self.header.take());
                Next::Piece(Piece {
                    cost: count(bytes.len()),
                    work: Box::new(move |tools| {
                        let table = Table {
                            names: &names,
                            delimiter,
                            id,
                        };
                        search(tools, &table, offset, bytes, header)
                    }),
                })
            }
            Cut::TooLong { offset, length } => Next::Problem(Problem {
                record: Some(0),
                offset: Some(offset),
                reason: text!(
                    "a row of more than 32 MiB, perhaps for a quote that is not closed; its first line, {length} bytes, was not examined",
                    "某行超过 32 MiB，可能是引号未闭合；其首行（{length} 字节）未检查"
                ),
                lost: true,
            }),
            Cut::Failed { offset, error } => Next::Problem(broken(offset, &error)),
            Cut::End => Next::End,
        }
    }
}

struct Table<'a> {
    names: &'a [String],
    delimiter: u8,
    id: Option<usize>,
}

fn search(tools: &Tools, table: &Table<'_>, offset: u64, bytes: Vec<u8>, header: Option<usize>) -> Outcome {
    let mut out = Outcome {
        bytes: count(bytes.len()),
        ..Outcome::default()
    };
    let mut edits = Vec::new();
    let mut at = if offset == 0 && bytes.starts_with(b"\xef\xbb\xbf") {
        3
    } else {
        0
    };
    let valid = std::str::from_utf8(&bytes).is_ok();
    if let Some(header) = header {
        let passed = bytes.get(at..header).unwrap_or_default();
        out.lines = count(memchr::memchr_iter(b'\n', passed).count());
        at = header;
    }
    let mut fields: Vec<Field> = Vec::new();
    while at < bytes.len() {
        fields.clear();
        let end =
            csv::row(&bytes, at, table.delimiter, true, |field| fields.push(field)).unwrap_or(bytes.len());
        let blank = matches!(fields.as_slice(), [only] if only.range.is_empty() && !only.quoted);
        if !blank {
            row(tools, table, &bytes, &fields, &mut out, &mut edits);
            if !valid && std::str::from_utf8(bytes.get(at..end).unwrap_or_default()).is_err() {
                out.problem(Problem {
                    record: Some(out.records),
                    offset: Some(offset.saturating_add(count(at))),
                    reason: text!("holds bytes that are no UTF-8", "含有不是 UTF-8 的字节"),
                    lost: false,
                });
            }
            out.records = out.records.saturating_add(1);
        }
        let passed = bytes.get(at..end).unwrap_or_default();
        out.lines = out
            .lines
            .saturating_add(count(memchr::memchr_iter(b'\n', passed).count()));
        at = end.max(at.saturating_add(1));
    }
    out.changes = count(edits.len());
    if tools.redactor.is_some() {
        out.copy = Some(Copied { bytes, edits });
    }
    out
}

fn row(
    tools: &Tools,
    table: &Table<'_>,
    bytes: &[u8],
    fields: &[Field],
    out: &mut Outcome,
    edits: &mut Vec<Edit>,
) {
    for (index, field) in fields.iter().enumerate() {
        if field.range.is_empty() {
            continue;
        }
        let name = table.names.get(index);
        let step = name.map_or_else(|| Step::Index(count(index)), |name| Step::named(name));
        if tools.columns.is_some() && !tools.is_wanted(&path::render(std::slice::from_ref(&step))) {
            continue;
        }
        let raw = field.decoded(bytes);
        let (value, is_number) = match number::written(&raw, tools.least_digits) {
            Written::Nothing => continue,
            Written::Text => (raw.clone(), false),
            Written::Whole(value) => (value, true),
        };
        let hits = tools.hits(&value, path::name(std::slice::from_ref(&step)));
        if hits.is_empty() {
            continue;
        }
        if is_number && let Some(exchanged) = tools.exchange(&hits, &value) {
            let text = number::exchanged(&raw, &value, &exchanged);
            edits.push(Edit {
                range: field.range.clone(),
                text: text.unwrap_or(exchanged.text),
            });
        }
        let column = tools.path(std::slice::from_ref(&step));
        let id = table
            .id
            .and_then(|id| fields.get(id))
            .map(|field| path::short(&field.decoded(bytes)));
        let mut counter = Counter::default();
        for hit in hits {
            let range = size(hit.range.start)..size(hit.range.end);
            let found = value.get(range.clone()).unwrap_or_default();
            if !is_number && let Some((_, replacement)) = tools.replacement(&hit, found) {
                let text = if field.quoted {
                    String::from_utf8_lossy(&replacement)
                        .replace('"', "\"\"")
                        .into_bytes()
                } else {
                    replacement
                };
                edits.push(Edit {
                    range: field.place(bytes, &range),
                    text,
                });
            }
            let record = LeakRecord {
                index: out.records,
                id: id.clone(),
                column: Some(column.clone()),
                line: Some(out.lines),
            };
            let one = tools.found(&hit, &value, record, &mut counter);
            out.keep(one);
        }
    }
}
