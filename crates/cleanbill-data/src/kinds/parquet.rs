//! Kind `parquet`.

mod pages;
mod rewrite;
mod values;

use std::{ops::Range, sync::Arc};

use cleanbill_core::{Text, leak::LeakRecord, text};
use parquet::{
    basic::{ConvertedType, Repetition},
    column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader, get_typed_column_reader},
    data_type::{ByteArray, DataType},
    errors::ParquetError,
    file::metadata::{ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataReader},
    schema::types::Type,
};

use super::{Copying, Head, Next, Opening, Parting, Piece, Pieces};
use crate::{
    input::{ReadAt, count, read_range, size},
    limits::{COLUMNS, DEPTH, FOOTER_BYTES},
    outcome::{Counter, Outcome, Problem, Tools},
    path::{self, Step},
};
use pages::{Budget, Pages as PageStream};
use values::{Batch, Sort, values};

kind! {
    /// Apache Parquet. A record is a row; texts and binary values that are UTF-8 are searched, whole numbers of seven digits or
    /// more, days and points in time, in lists, structures and maps as well, under the path that the same row has in JSON; of a map,
    /// `name[0].key` and `name[0].value`. Names of columns belong to the first record. Pages may be packed by Snappy, gzip,
    /// Zstandard and LZ4 (raw); Brotli, LZO and the older LZ4 are not read. Encrypted files are not read.
    id: "parquet", name: "Parquet",
    probe: probe, open: open, copying: Copying::Whole(rewrite::rewrite), access: Anywhere,
    parting: Some(Parting { plan, open: open_part }),
}

/// Bytes that a column holds while it is read: a page packed and unpacked, and its dictionary.
const COST: u64 = 8 << 20;

fn probe(head: &Head<'_>) -> Option<u8> {
    (head.bytes.starts_with(b"PAR1") || head.bytes.starts_with(b"PARE")).then_some(100)
}

/// A part of the path of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Name(String),
    List,
}

/// A column that holds single values.
#[derive(Clone, Debug)]
struct Leaf {
    parts: Vec<Part>,
    /// What is searched of its values.
    sort: Option<Sort>,
}

impl Leaf {
    fn steps<'a>(&'a self, places: &[u64]) -> Vec<Step<'a>> {
        let mut places = places.iter();
        let step = |part: &'a Part| match part {
            Part::Name(name) => Step::named(name),
            Part::List => Step::Index(places.next().copied().unwrap_or(0)),
        };
        self.parts.iter().map(step).collect()
    }
}

/// An opened file.
struct File {
    bytes: Arc<dyn ReadAt>,
    metadata: ParquetMetaData,
    leaves: Vec<Leaf>,
}

impl File {
    fn open(bytes: &Arc<dyn ReadAt>) -> Result<Self, Text> {
        let bad = |error: &dyn std::fmt::Display| {
            text!("the footer cannot be read: {error}", "无法读取文件尾：{error}")
        };
        let total = bytes.size();
        let tail = read_range(&**bytes, total.saturating_sub(8), 8).map_err(|error| bad(&error))?;
        let (length, magic) = tail.split_first_chunk::<4>().unwrap_or((&[0; 4], &[]));
        if magic != b"PAR1" {
            return Err(if magic == b"PARE" {
                text!("the file is encrypted", "文件已加密")
            } else {
                text!("the footer is missing: the file is cut", "缺少文件尾：文件不完整")
            });
        }
        let length = u64::from(u32::from_le_bytes(*length));
        if length > FOOTER_BYTES {
            return Err(text!(
                "a footer of {length} bytes is too large",
                "文件尾 {length} 字节，过大"
            ));
        }
        let start = total.checked_sub(8).and_then(|end| end.checked_sub(length));
        let start = start.ok_or_else(|| text!("the footer is longer than the file", "文件尾长度超过文件"))?;
        let footer = read_range(&**bytes, start, length).map_err(|error| bad(&error))?;
        let metadata = ParquetMetaDataReader::decode_metadata(&footer).map_err(|error| bad(&error))?;
        let schema = metadata.file_metadata().schema_descr();
        let columns = schema.num_columns();
        if columns > COLUMNS {
            return Err(text!("{columns} columns are too many", "列数 {columns} 过多"));
        }
        let mut paths = Vec::new();
        for field in schema.root_schema().get_fields() {
            leaves(field, Vec::new(), (true, false), 0, &mut paths)
                .ok_or_else(|| text!("the schema is nested too deep", "模式嵌套过深"))?;
        }
        let leaves = paths
            .into_iter()
            .zip(schema.columns())
            .map(|(parts, column)| Leaf {
                parts,
                sort: Sort::of(column),
            })
            .collect();
        Ok(Self {
            bytes: Arc::clone(bytes),
            metadata,
            leaves,
        })
    }

    /// Starts reading a chunk of a column.
    fn column(&self, group: usize, leaf: usize) -> Result<(ColumnReader, Budget), ParquetError> {
        let chunk = self.chunk(group, leaf)?;
        if chunk.file_path().is_some_and(|path| !path.is_empty()) {
            return Err(ParquetError::General(
                "a column stands in another file".to_owned(),
            ));
        }
        let range = place(chunk).ok_or_else(|| ParquetError::General("a column has no place".to_owned()))?;
        let budget = Budget::new();
        let pages = PageStream::new(
            Arc::clone(&self.bytes),
            range,
            chunk.compression_codec(),
            budget.clone(),
        );
        Ok((
            get_column_reader(chunk.column_descr_ptr(), Box::new(pages)),
            budget,
        ))
    }

    fn chunk(&self, group: usize, leaf: usize) -> Result<&ColumnChunkMetaData, ParquetError> {
        let groups = self.metadata.row_groups();
        let chunk = groups.get(group).and_then(|group| group.columns().get(leaf));
        chunk.ok_or_else(|| ParquetError::General("a column is missing".to_owned()))
    }

    fn rows(&self, group: usize) -> u64 {
        let group = self.metadata.row_groups().get(group);
        group.map_or(0, |group| u64::try_from(group.num_rows()).unwrap_or(0))
    }

    /// Lists the columns that are searched.
    fn searched(&self, tools: &Tools) -> Vec<usize> {
        let is_searched =
            |leaf: &Leaf| leaf.sort.is_some() && tools.is_wanted(&path::render(&leaf.steps(&[])));
        let leaves = self.leaves.iter().enumerate();
        leaves
            .filter(|(_, leaf)| is_searched(leaf))
            .map(|(index, _)| index)
            .collect()
    }
}

/// Returns where a chunk stands: from its dictionary or first page, as long as it says.
fn place(chunk: &ColumnChunkMetaData) -> Option<Range<u64>> {
    let data = u64::try_from(chunk.data_page_offset()).ok()?;
    let dictionary = chunk
        .dictionary_page_offset()
        .and_then(|offset| u64::try_from(offset).ok())
        .filter(|offset| *offset > 0 && *offset < data);
    let start = dictionary.unwrap_or(data);
    let end = start.checked_add(u64::try_from(chunk.compressed_size()).ok()?)?;
    Some(start..end)
}

/// Lists the paths of all columns that hold single values; a list and the names that its layout brings are one step
/// (parquet-format, `LogicalTypes.md`, Nested Types).
fn leaves(
    node: &Type,
    mut path: Vec<Part>,
    (named, counted): (bool, bool),
    depth: usize,
    all: &mut Vec<Vec<Part>>,
) -> Option<()> {
    if depth > DEPTH {
        return None;
    }
    let deeper = depth.saturating_add(1);
    let is_repeated = |node: &Type| {
        let info = node.get_basic_info();
        info.has_repetition() && info.repetition() == Repetition::REPEATED
    };
    if named {
        path.push(Part::Name(node.name().to_owned()));
    }
    if !counted && is_repeated(node) {
        path.push(Part::List);
    }
    if node.is_primitive() {
        all.push(path);
        return Some(());
    }
    let fields = node.get_fields();
    let only = match fields {
        [only] if is_repeated(only) => Some(only),
        _ => None,
    };
    match (node.get_basic_info().converted_type(), only) {
        (ConvertedType::LIST, Some(repeated)) => {
            path.push(Part::List);
            let tuple = format!("{}_tuple", node.name());
            let inner = if repeated.is_group() {
                repeated.get_fields()
            } else {
                &[]
            };
            match inner {
                [element] if repeated.name() != "array" && repeated.name() != tuple => {
                    leaves(element, path, (false, false), deeper, all)
                }
                _ => leaves(repeated, path, (false, true), deeper, all),
            }
        }
        (ConvertedType::MAP | ConvertedType::MAP_KEY_VALUE, Some(repeated)) if repeated.is_group() => {
            path.push(Part::List);
            for field in repeated.get_fields() {
                leaves(field, path.clone(), (true, false), deeper, all)?;
            }
            Some(())
        }
        _ => {
            for field in fields {
                leaves(field, path.clone(), (true, false), deeper, all)?;
            }
            Some(())
        }
    }
}

fn open(opening: Opening, tools: &Tools) -> Result<Box<dyn Pieces>, Text> {
    open_part(opening, 0..u64::MAX, tools)
}

/// Parts are row groups.
fn plan(bytes: &Arc<dyn ReadAt>, part_bytes: u64) -> Vec<Range<u64>> {
    let Ok(file) = File::open(bytes) else {
        return Vec::new();
    };
    let mut parts = Vec::new();
    let (mut start, mut held) = (0, 0_u64);
    for (group, next) in file.metadata.row_groups().iter().zip(1_u64..) {
        held = held.saturating_add(u64::try_from(group.total_byte_size()).unwrap_or(0));
        if held >= part_bytes {
            parts.push(start..next);
            (start, held) = (next, 0);
        }
    }
    let groups = count(file.metadata.num_row_groups());
    if start < groups {
        parts.push(start..groups);
    }
    parts
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of every kind")]
fn open_part(opening: Opening, part: Range<u64>, tools: &Tools) -> Result<Box<dyn Pieces>, Text> {
    if opening.packed {
        return Err(text!(
            "Parquet within a compressed file is not read",
            "不读取压缩文件中的 Parquet"
        ));
    }
    let file = File::open(&opening.bytes)?;
    let searched = file.searched(tools);
    let groups = file.metadata.num_row_groups();
    Ok(Box::new(Groups {
        file: Arc::new(file),
        searched,
        group: size(part.start),
        end: groups.min(size(part.end)),
        column: 0,
        named: part.start > 0,
    }))
}

struct Groups {
    file: Arc<File>,
    searched: Vec<usize>,
    group: usize,
    end: usize,
    column: usize,
    /// The names of the columns were searched.
    named: bool,
}

impl Pieces for Groups {
    fn next(&mut self, _: &Tools) -> Next {
        let group = self.group;
        if group >= self.end {
            return Next::End;
        }
        let leaf = self.searched.get(self.column).copied();
        let is_first = !std::mem::replace(&mut self.named, true);
        self.column = self.column.saturating_add(1);
        let goes_on = self.column < self.searched.len();
        if !goes_on {
            self.group = group.saturating_add(1);
            self.column = 0;
        }
        let file = Arc::clone(&self.file);
        Next::Piece(Piece {
            cost: COST,
            work: Box::new(move |tools| {
                let mut out = Outcome::default();
                if is_first && file.rows(group) > 0 {
                    let steps = file.leaves.iter().map(|leaf| leaf.steps(&[]));
                    tools
                        .in_names(steps)
                        .into_iter()
                        .for_each(|found| out.keep(found));
                }
                if let Some(leaf) = leaf {
                    search(tools, &file, group, leaf, &mut out);
                }
                out.goes_on = goes_on;
                out.records = file.rows(group);
                out
            }),
        })
    }
}

fn search(tools: &Tools, file: &File, group: usize, leaf: usize, out: &mut Outcome) {
    let Some(described) = file.leaves.get(leaf) else {
        return;
    };
    let name = described.steps(&[]);
    let name = path::name(&name).map(<[u8]>::to_vec);
    let descriptor = file
        .chunk(group, leaf)
        .ok()
        .map(ColumnChunkMetaData::column_descr);
    let (mut reached, mut bytes, mut broken, mut passed) = (0, 0_u64, None, 0_u64);
    let says_text = matches!(described.sort, Some(Sort::Text { says: true }));
    let result = values(file, (group, leaf), tools.least(), &mut reached, |value| {
        bytes = bytes.saturating_add(count(value.bytes.len()));
        if std::str::from_utf8(value.bytes).is_err() {
            if !says_text {
                passed = passed.saturating_add(1);
                return;
            }
            broken = broken.or(Some(value.record));
        }
        let hits = tools.hits(value.bytes, name.as_deref());
        if hits.is_empty() {
            return;
        }
        let column = tools.path(&described.steps(value.places));
        let mut counter = Counter::default();
        let replaced = || values::replaced(descriptor?, tools.exchange(&hits, value.bytes).as_ref());
        let replaced = replaced();
        for hit in &hits {
            let record = LeakRecord {
                index: value.record,
                id: None,
                column: Some(column.clone()),
                line: None,
            };
            let mut found = tools.found(hit, value.bytes, record, &mut counter);
            found.replaced = replaced.or(found.replaced);
            out.changes = out.changes.saturating_add(1);
            out.keep(found);
        }
    });
    out.bytes = bytes;
    let column = tools.path(&described.steps(&[]));
    if let Some(record) = broken {
        out.problem(Problem {
            record: Some(record),
            offset: None,
            reason: text!(
                "column `{column}` holds bytes that are no UTF-8",
                "列 `{column}` 含有不是 UTF-8 的字节"
            ),
            lost: false,
        });
    }
    if passed > 0 {
        out.problem(Problem {
            record: None,
            offset: None,
            reason: text!(
                "column `{column}`: {passed} binary values are no text and were not searched",
                "列 `{column}`：{passed} 个二进制值不是文本，未搜索"
            ),
            lost: true,
        });
    }
    if let Err(error) = result {
        out.problem(Problem {
            record: Some(reached),
            offset: None,
            reason: text!(
                "column `{column}`, row group {group}, cannot be read from this record on: {error}",
                "列 `{column}`（行组 {group}）自该记录起无法读取：{error}"
            ),
            lost: true,
        });
    }
    if let (Some(field), false) = (&tools.id_field, out.found.is_empty()) {
        identify(file, group, field, out);
    }
}

/// Reads the ids of the records in which something was found.
fn identify(file: &File, group: usize, field: &str, out: &mut Outcome) {
    let is_field = |leaf: &Leaf| !leaf.parts.contains(&Part::List) && path::render(&leaf.steps(&[])) == field;
    let Some(leaf) = file.leaves.iter().position(is_field) else {
        return;
    };
    let mut wanted: Vec<u64> = out.found.iter().map(|found| found.record.index).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let Ok((reader, budget)) = file.column(group, leaf) else {
        return;
    };
    let deepest = file
        .chunk(group, leaf)
        .map_or(0, |chunk| chunk.column_descr().max_def_level());
    let ids = match reader {
        ColumnReader::ByteArrayColumnReader(reader) => {
            ids(reader, &budget, deepest, &wanted, |value: &ByteArray| {
                path::short(value.data())
            })
        }
        ColumnReader::Int32ColumnReader(reader) => ids(reader, &budget, deepest, &wanted, i32::to_string),
        reader @ ColumnReader::Int64ColumnReader(_) => {
            let reader = get_typed_column_reader::<parquet::data_type::Int64Type>(reader);
            ids(reader, &budget, deepest, &wanted, i64::to_string)
        }
        _ => return,
    };
    for found in &mut out.found {
        found.record.id = wanted
            .binary_search(&found.record.index)
            .ok()
            .and_then(|place| ids.get(place).cloned().flatten());
    }
}

fn ids<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    budget: &Budget,
    deepest: i16,
    wanted: &[u64],
    shown: impl Fn(&T::T) -> String,
) -> Vec<Option<String>> {
    let mut ids = vec![None; wanted.len()];
    let mut batch = Batch::<T>::default();
    let mut first = 0_u64;
    let mut place = 0;
    while place < wanted.len() {
        budget.renew();
        let Ok((records @ 1.., levels)) = batch.read(&mut reader, (deepest, 0)) else {
            break;
        };
        let mut values = batch.values.iter();
        for level in 0..levels {
            let present = deepest == 0 || batch.defined.get(level) == Some(&deepest);
            let value = if present { values.next() } else { None };
            if wanted.get(place) == Some(&first.saturating_add(count(level))) {
                if let Some(id) = ids.get_mut(place) {
                    *id = value.map(&shown);
                }
                place = place.saturating_add(1);
            }
        }
        first = first.saturating_add(count(records));
    }
    ids
}
