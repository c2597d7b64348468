//! Kind `arrow`.

mod messages;
mod numbers;
mod rewrite;

use std::ops::Range;

use arrow_array::{Array, RecordBatch, cast::AsArray};
use arrow_schema::{DataType, Field};
use cleanbill_core::{Text, leak::LeakRecord, text};

use super::{Copying, Head, Next, Opening, Piece, Pieces};
use crate::{
    input::{count, size},
    limits::DEPTH,
    number::{Form, Raw},
    outcome::{Counter, Outcome, Problem, Tools},
    path::{self, Step},
};
use messages::{Batch, Message, Messages};

kind! {
    /// Arrow IPC, files (Feather 2) and streams. A record is a row; texts and binary values that are UTF-8 are searched, whole
    /// numbers of seven digits or more, days and points in time, in dictionaries, lists, structures and maps as well, under the path that
    /// the same row has in JSON; of a map, `name[0].key` and `name[0].value`. Names of columns belong to the first record. Buffers may be packed by LZ4; Zstandard is not read. Unions and run-end encoded columns are not read.
    id: "arrow", name: "Arrow IPC",
    probe: probe, open: open, copying: Copying::Whole(rewrite::rewrite), access: Stream,
}

fn probe(head: &Head<'_>) -> Option<u8> {
    if head.bytes.starts_with(b"ARROW1\0\0") {
        return Some(100);
    }
    let length = head
        .bytes
        .strip_prefix(&[0xff; 4])
        .and_then(|rest| rest.first_chunk::<4>());
    // A description is padded to eight bytes.
    let length = u32::from_le_bytes(*length?);
    (length.is_multiple_of(8) && (16..1 << 26).contains(&length)).then_some(90)
}

fn open(opening: Opening, _: &Tools) -> Result<Box<dyn Pieces>, Text> {
    let mut messages = Messages::open(opening.stream)?;
    if !opening.packed {
        messages.expect(&*opening.bytes);
    }
    Ok(Box::new(Batches {
        messages,
        named: false,
    }))
}

struct Batches {
    messages: Messages,
    /// The names of the columns were searched.
    named: bool,
}

impl Pieces for Batches {
    fn next(&mut self, _: &Tools) -> Next {
        let problem = |record, offset, reason| Problem {
            record,
            offset: Some(offset),
            reason,
            lost: true,
        };
        match self.messages.next() {
            Message::Batch(batch) => {
                let is_first = batch.rows > 0 && !std::mem::replace(&mut self.named, true);
                Next::Piece(Piece {
                    cost: batch.bytes().saturating_mul(2),
                    work: Box::new(move |tools| search(tools, &batch, is_first)),
                })
            }
            Message::Lost { rows, offset, reason } => {
                let problem = problem(Some(0), offset, reason);
                Next::Piece(Piece {
                    cost: 0,
                    work: Box::new(move |_| {
                        let mut out = Outcome {
                            records: rows,
                            ..Outcome::default()
                        };
                        out.problem(problem);
                        out
                    }),
                })
            }
            Message::Broken { offset, reason } => Next::Problem(problem(None, offset, reason)),
            Message::End => Next::End,
        }
    }
}

fn search(tools: &Tools, batch: &Batch, is_first: bool) -> Outcome {
    let mut out = Outcome {
        records: batch.rows,
        bytes: batch.bytes(),
        ..Outcome::default()
    };
    match batch.read() {
        Ok(rows) => search_rows(tools, &rows, is_first, &mut out),
        Err(reason) => out.problem(Problem {
            record: Some(0),
            offset: None,
            reason,
            lost: true,
        }),
    }
    out
}

/// Searches rows that are in memory; `is_first` says that the names of the columns are searched as well.
pub(crate) fn search_rows(tools: &Tools, rows: &RecordBatch, is_first: bool, out: &mut Outcome) {
    let schema = rows.schema();
    if is_first {
        for found in tools.in_names(names(&schema).into_iter()) {
            out.keep(found);
        }
    }
    let (mut binary, mut unread) = (0_u64, 0_u64);
    let mut shown = Vec::new();
    let least = tools.least();
    for (field, column) in schema.fields().iter().zip(rows.columns()) {
        if !is_searched(field.data_type(), 0) || is_id(field) {
            continue;
        }
        let mut steps = vec![Step::named(field.name())];
        let whole = tools.columns.is_none();
        for row in 0..rows.num_rows() {
            let mut each = |steps: &[Step<'_>], item: Item<'_>| {
                let (value, kind) = match item {
                    Item::Text(value) => (value, None),
                    Item::Fixed(value, kind) => (value, Some(kind)),
                    Item::Number(form, raw, kind) => {
                        if !form.show(raw, least, &mut shown) {
                            return;
                        }
                        (&*shown, Some(kind))
                    }
                };
                if !whole && !tools.is_wanted(&path::render(steps)) {
                    return;
                }
                if std::str::from_utf8(value).is_err() {
                    binary = binary.saturating_add(1);
                    return;
                }
                let hits = tools.hits(value, path::name(steps));
                if hits.is_empty() {
                    return;
                }
                let column = tools.path(steps);
                let replaced = || Some(numbers::replaced(kind?, &tools.exchange(&hits, value)?));
                let replaced = replaced();
                let mut counter = Counter::default();
                for hit in &hits {
                    let record = LeakRecord {
                        index: count(row),
                        id: None,
                        column: Some(column.clone()),
                        line: None,
                    };
                    let mut found = tools.found(hit, value, record, &mut counter);
                    found.replaced = replaced.or(found.replaced);
                    out.changes = out.changes.saturating_add(1);
                    out.keep(found);
                }
            };
            if visit(column.as_ref(), row, &mut steps, &mut each).is_none() {
                unread = unread.saturating_add(1);
                steps.truncate(1);
            }
        }
    }
    for (number, problem) in [
        (
            binary,
            text!(
                "{binary} binary values are no text and were not searched",
                "{binary} 个二进制值不是文本，未搜索"
            ),
        ),
        (
            unread,
            text!(
                "{unread} values are of a type that is not read",
                "{unread} 个值的类型不受支持，未读取"
            ),
        ),
    ] {
        if number > 0 {
            out.problem(Problem {
                record: None,
                offset: None,
                reason: problem,
                lost: true,
            });
        }
    }
    identify(tools, rows, out);
}

/// Gives what was found the id of its record.
fn identify(tools: &Tools, rows: &RecordBatch, out: &mut Outcome) {
    let Some(column) = tools
        .id_field
        .as_ref()
        .and_then(|field| rows.column_by_name(field))
    else {
        return;
    };
    for found in &mut out.found {
        let row = size(found.record.index);
        if column.is_null(row) {
            continue;
        }
        if let Some(number) = number(column.as_ref(), row) {
            found.record.id = Some(number.to_string());
        } else {
            let id = &mut found.record.id;
            let mut first = |_: &[Step<'_>], item: Item<'_>| {
                if let Item::Text(value) = item {
                    *id = Some(path::short(value));
                }
            };
            let _ = visit(column.as_ref(), row, &mut Vec::new(), &mut first);
        }
    }
}

/// Returns a whole number.
fn number(array: &dyn Array, row: usize) -> Option<i128> {
    match (numbers::form(array.data_type())?, numbers::raw(array, row)?) {
        (Form::Whole, Raw::Whole(value)) => Some(value),
        _ => None,
    }
}

/// Lists the paths of all fields of a table.
fn names(schema: &arrow_schema::Schema) -> Vec<Vec<Step<'_>>> {
    fn below<'a>(field: &'a Field, mut steps: Vec<Step<'a>>, all: &mut Vec<Vec<Step<'a>>>) {
        if steps.len() > DEPTH {
            return;
        }
        match field.data_type() {
            DataType::Struct(fields) => {
                for field in fields {
                    let mut steps = steps.clone();
                    steps.push(Step::named(field.name()));
                    below(field, steps, all);
                }
            }
            DataType::List(field)
            | DataType::LargeList(field)
            | DataType::ListView(field)
            | DataType::LargeListView(field)
            | DataType::FixedSizeList(field, _) => {
                steps.push(Step::Index(0));
                below(field, steps, all);
            }
            _ => all.push(steps),
        }
    }
    let mut all = Vec::new();
    for field in schema.fields() {
        below(field, vec![Step::named(field.name())], &mut all);
    }
    all
}

/// A value that is searched.
enum Item<'a> {
    Text(&'a [u8]),
    /// Bytes of a fixed number.
    Fixed(&'a [u8], &'a DataType),
    Number(Form, Raw, &'a DataType),
}

/// Says whether a column holds ids of 128 bits, which tell nothing.
fn is_id(field: &Field) -> bool {
    let name = field.metadata().get("ARROW:extension:name");
    name.is_some_and(|name| name == "arrow.uuid")
}

/// Says whether values of a type may hold text or numbers, or hold what is not read.
fn is_searched(kind: &DataType, depth: usize) -> bool {
    let deeper = depth.saturating_add(1);
    match kind {
        _ if depth > DEPTH => true,
        DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => true,
        DataType::Dictionary(_, values) => is_searched(values, deeper),
        DataType::List(field)
        | DataType::LargeList(field)
        | DataType::ListView(field)
        | DataType::LargeListView(field)
        | DataType::FixedSizeList(field, _)
        | DataType::Map(field, _) => is_searched(field.data_type(), deeper),
        DataType::Struct(fields) => fields.iter().any(|field| is_searched(field.data_type(), deeper)),
        DataType::RunEndEncoded(_, values) => is_searched(values.data_type(), deeper),
        DataType::Union(fields, _) => fields
            .iter()
            .any(|(_, field)| is_searched(field.data_type(), deeper)),
        _ => numbers::form(kind).is_some(),
    }
}

/// Shows every text and number of a value with its path; nothing where a part is of a type that is not read.
fn visit<'a>(
    array: &'a dyn Array,
    row: usize,
    steps: &mut Vec<Step<'a>>,
    each: &mut dyn FnMut(&[Step<'_>], Item<'_>),
) -> Option<()> {
    if steps.len() > DEPTH {
        return None;
    }
    if array.is_null(row) {
        return Some(());
    }
    match array.data_type() {
        DataType::Utf8 => each(steps, Item::Text(array.as_string::<i32>().value(row).as_bytes())),
        DataType::LargeUtf8 => each(steps, Item::Text(array.as_string::<i64>().value(row).as_bytes())),
        DataType::Utf8View => each(steps, Item::Text(array.as_string_view().value(row).as_bytes())),
        DataType::Binary => each(steps, Item::Text(array.as_binary::<i32>().value(row))),
        DataType::LargeBinary => each(steps, Item::Text(array.as_binary::<i64>().value(row))),
        DataType::BinaryView => each(steps, Item::Text(array.as_binary_view().value(row))),
        DataType::Dictionary(_, _) => {
            let dictionary = array.as_any_dictionary();
            let key = usize::try_from(number(dictionary.keys(), row)?).ok()?;
            if key < dictionary.values().len() {
                visit(dictionary.values().as_ref(), key, steps, each)?;
            }
        }
        DataType::Struct(fields) => {
            let parts = array.as_struct();
            for (field, column) in fields.iter().zip(parts.columns()) {
                if is_searched(field.data_type(), 0) {
                    steps.push(Step::named(field.name()));
                    visit(column.as_ref(), row, steps, each)?;
                    steps.pop();
                }
            }
        }
        DataType::List(field) if is_searched(field.data_type(), 0) => {
            let list = array.as_list::<i32>();
            let range = between(list.value_offsets(), row)?;
            elements(list.values().as_ref(), range, steps, each)?;
        }
        DataType::LargeList(field) if is_searched(field.data_type(), 0) => {
            let list = array.as_list::<i64>();
            let range = between(list.value_offsets(), row)?;
            elements(list.values().as_ref(), range, steps, each)?;
        }
        DataType::ListView(field) if is_searched(field.data_type(), 0) => {
            let list = array.as_list_view::<i32>();
            let range = from(list.value_offset(row), list.value_size(row))?;
            elements(list.values().as_ref(), range, steps, each)?;
        }
        DataType::LargeListView(field) if is_searched(field.data_type(), 0) => {
            let list = array.as_list_view::<i64>();
            let range = from(list.value_offset(row), list.value_size(row))?;
            elements(list.values().as_ref(), range, steps, each)?;
        }
        DataType::FixedSizeList(field, length) if is_searched(field.data_type(), 0) => {
            let list = array.as_fixed_size_list();
            let start = list.value_offset_at(row);
            let end = start.saturating_add(usize::try_from(*length).ok()?);
            elements(list.values().as_ref(), start..end, steps, each)?;
        }
        DataType::Map(field, _) if is_searched(field.data_type(), 0) => {
            let map = array.as_map();
            for (index, entry) in between(map.value_offsets(), row)?.enumerate() {
                steps.push(Step::Index(count(index)));
                for (name, column) in [("key", map.keys()), ("value", map.values())] {
                    if is_searched(column.data_type(), 0) {
                        steps.push(Step::named(name));
                        visit(column.as_ref(), entry, steps, each)?;
                        steps.pop();
                    }
                }
                steps.pop();
            }
        }
        kind @ DataType::FixedSizeBinary(_) => {
            each(steps, Item::Fixed(array.as_fixed_size_binary().value(row), kind));
        }
        kind => match numbers::form(kind) {
            Some(form) => {
                if let Some(raw) = numbers::raw(array, row) {
                    each(steps, Item::Number(form, raw, kind));
                }
            }
            None if is_searched(kind, 0) => return None,
            None => {}
        },
    }
    Some(())
}

/// Returns which elements stand between an offset and the next.
fn between<O: Copy + TryInto<usize>>(offsets: &[O], row: usize) -> Option<Range<usize>> {
    let place = |at: usize| (*offsets.get(at)?).try_into().ok();
    Some(place(row)?..place(row.saturating_add(1))?)
}

/// Returns which elements stand at an offset, so many.
fn from<O: TryInto<usize>>(offset: O, length: O) -> Option<Range<usize>> {
    let start: usize = offset.try_into().ok()?;
    Some(start..start.saturating_add(length.try_into().ok()?))
}

fn elements<'a>(
    values: &'a dyn Array,
    range: Range<usize>,
    steps: &mut Vec<Step<'a>>,
    each: &mut dyn FnMut(&[Step<'_>], Item<'_>),
) -> Option<()> {
    for (index, element) in range.enumerate() {
        steps.push(Step::Index(count(index)));
        visit(values, element, steps, each)?;
        steps.pop();
    }
    Some(())
}
