//! The index of a TensorFlow checkpoint. The numbers themselves stand in files beside it.

mod rules;
mod snappy;
mod table;

use std::{collections::BTreeMap, ops::Range};

use crate::{
    Anomaly, ExternalData, ExternalFile, FormatView, Input, Probe, Score, Span,
    bytes::SourceError,
    limits::Limits,
    notes::Notes,
    registry::{ParseResult, format_info},
    tensorflow::element_bytes,
    wire::{Content, Message, Wire},
};
use rules::{ENTRY, HEADER, ORDER, PLACE, SHARD, SIZE, TOO_MANY, UNCLAIMED};
use table::{Entries, FOOTER_BYTES, Handle, MAGIC};

format_info! {
    /// ## What it is
    /// The index of a TensorFlow checkpoint (`variables.index`, `model.ckpt-1000.index`): a sorted table of blocks, as LevelDB
    /// writes it, that says of every tensor its type, shape, file, place and size. The numbers stand beside it, in
    /// `variables.data-00000-of-00001` and the like.
    /// ## What is read
    /// Every block, compressed ones too, and every entry. The files of data are examined through what the index says of them:
    /// bytes that no entry describes must be zero, and the first bytes of every tensor are looked at.
    /// ## What is reported
    /// Blocks and entries that cannot be read, keys out of order, bytes that belong to no block, tensors whose size is not what
    /// type and shape ask for, places that overflow or name no file of the checkpoint.
    /// ## Limits
    /// `tensors` for entries; blocks of 16 MiB; 65,536 files of data. Checksums are not compared. Texts within the data, the
    /// object graph among them, are not read. Checkpoints of version 1 are recognised and not read.
    /// ## References
    /// `tensor_bundle.proto` and `tensorflow/core/util/tensor_bundle`; `doc/table_format.md` of LevelDB.
    "tensorflow-checkpoint", "TensorFlow checkpoint index", extensions: &[], refines: None, dialects: []
}

/// LIMIT: files of data that one index may name; TensorFlow writes one for each machine that trained.
const SHARDS: u64 = 65_536;
/// LIMIT: places of tensors kept.
const SPANS: u64 = 2_000_000;

/// Shows the index of a checkpoint.
#[derive(Debug, Default)]
pub struct View {
    /// How many files hold the data.
    pub shards: u64,
    /// How many tensors and slices of tensors there are.
    pub entries: u64,
    places: BTreeMap<u64, Vec<Span>>,
    anomalies: Vec<Anomaly>,
}

impl FormatView for View {
    fn anomalies(&self) -> &[Anomaly] {
        &self.anomalies
    }

    fn external(&self) -> Vec<ExternalData> {
        let describe = |(shard, spans): (&u64, &Vec<Span>)| ExternalData {
            file: ExternalFile::Stem(format!(".data-{shard:05}-of-{:05}", self.shards)),
            spans: spans.clone(),
        };
        self.places.iter().map(describe).collect()
    }
}

/// Knows a table by the last bytes of its footer.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    (probe.size >= FOOTER_BYTES && probe.tail.ends_with(&MAGIC)).then_some(Score::Likely)
}

/// Reads every block.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let mut walk = Walk {
        limits: input.limits,
        notes: Notes::default(),
        last: None,
        view: View::default(),
    };
    let mut handles = Vec::new();
    if let Some((meta, index)) = table::footer(input.source, &mut walk.notes)? {
        handles.extend([meta, index]);
        if let Some(block) = table::block(input.source, index, &mut walk.notes)? {
            let mut entries = Entries::new(&block);
            let mut end = 0;
            while let Some((_, value)) = entries.next() {
                // Blocks follow each other, so that no byte is read twice.
                let Some(handle) = Handle::read(value).filter(|handle| handle.range().start >= end) else {
                    walk.notes.push(&ENTRY, index.range(), "index block");
                    break;
                };
                end = handle.with_trailer().end;
                handles.push(handle);
                let Some(block) = table::block(input.source, handle, &mut walk.notes)? else {
                    continue;
                };
                if !walk.block(&block, &handle.range())? {
                    break;
                }
            }
            if entries.is_broken() {
                walk.notes.push(&ENTRY, index.range(), "index block");
            }
        }
    }
    if walk.view.shards == 0 {
        walk.notes.push(&HEADER, 0..input.source.size(), "");
    }
    unclaimed(&handles, input.source.size(), &mut walk.notes);
    let mut view = walk.view;
    view.anomalies = walk.notes.finish();
    Ok(view)
}

/// Notes bytes that belong to no block: no reader of the table comes there.
fn unclaimed(handles: &[Handle], size: u64, notes: &mut Notes) {
    let mut ranges: Vec<Range<u64>> = handles.iter().map(Handle::with_trailer).collect();
    ranges.push(size.saturating_sub(FOOTER_BYTES)..size);
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut end = 0;
    for range in ranges {
        if range.start > end {
            notes.push(&UNCLAIMED, end..range.start, "");
        }
        end = end.max(range.end);
    }
}

struct Walk<'a> {
    limits: &'a Limits,
    notes: Notes,
    /// The key before.
    last: Option<Vec<u8>>,
    view: View,
}

/// What an entry says of a tensor.
#[derive(Debug, Default)]
struct Entry {
    kind: u64,
    elements: Option<u64>,
    shard: u64,
    offset: u64,
    size: u64,
    sliced: bool,
}

impl Walk<'_> {
    /// Reads the entries of a block of data; `false` where no more blocks are read.
    fn block(&mut self, block: &[u8], range: &Range<u64>) -> Result<bool, SourceError> {
        let mut entries = Entries::new(block);
        while let Some((key, value)) = entries.next() {
            if self.last.as_deref().is_some_and(|last| last >= key) {
                self.notes.push(&ORDER, range.clone(), name(key));
            }
            let first = self.last.is_none();
            self.last = Some(key.to_vec());
            if first {
                if !key.is_empty() || !self.header(value)? {
                    return Ok(false);
                }
                continue;
            }
            if self.view.entries >= self.limits.tensors.min(SPANS) {
                self.notes.push(&TOO_MANY, range.clone(), "");
                return Ok(false);
            }
            self.view.entries = self.view.entries.saturating_add(1);
            match entry(value)? {
                Some(entry) => self.place(&entry, key, range),
                None => self.notes.push(&ENTRY, range.clone(), name(key)),
            }
        }
        if entries.is_broken() {
            self.notes.push(&ENTRY, range.clone(), "");
        }
        Ok(true)
    }

    fn header(&mut self, value: &[u8]) -> Result<bool, SourceError> {
        let value = value.to_vec();
        let mut wire = Wire::new(&value);
        let mut top = wire.outermost();
        while let Some(field) = wire.next(&mut top)? {
            if let (1, Content::Number(shards)) = (field.number, &field.content) {
                self.view.shards = *shards;
            }
        }
        let sane = wire.notes.list().is_empty() && (1..=SHARDS).contains(&self.view.shards);
        if !sane {
            self.view.shards = 0;
        }
        Ok(sane)
    }

    fn place(&mut self, entry: &Entry, key: &[u8], range: &Range<u64>) {
        if entry.sliced {
            return;
        }
        let shown = || format!("{}: {} bytes at {}", name(key), entry.size, entry.offset);
        if entry.shard >= self.view.shards {
            self.notes.push(&SHARD, range.clone(), shown());
            return;
        }
        let wanted = element_bytes(entry.kind).map(|bytes| entry.elements?.checked_mul(bytes));
        if wanted.is_some_and(|wanted| wanted != Some(entry.size)) {
            self.notes.push(&SIZE, range.clone(), shown());
        }
        let span = Span::sized(entry.offset, entry.size);
        match span.filter(|span| span.end.is_some_and(|end| i64::try_from(end).is_ok())) {
            Some(span) => self.view.places.entry(entry.shard).or_default().push(span),
            None => self.notes.push(&PLACE, range.clone(), shown()),
        }
    }
}

fn name(key: &[u8]) -> String {
    String::from_utf8_lossy(key).chars().take(200).collect()
}

/// Reads an entry; `None` where it cannot be read.
fn entry(value: &[u8]) -> Result<Option<Entry>, SourceError> {
    let value = value.to_vec();
    let mut wire = Wire::new(&value);
    let mut top = wire.outermost();
    let mut entry = Entry {
        elements: Some(1),
        ..Entry::default()
    };
    while let Some(field) = wire.next(&mut top)? {
        match (field.number, &field.content) {
            (1, Content::Number(kind)) => entry.kind = *kind,
            (2, Content::Bytes(range)) => elements(&mut wire, &top, range.clone(), &mut entry.elements)?,
            (3, Content::Number(shard)) => entry.shard = *shard,
            (4, Content::Number(offset)) => entry.offset = *offset,
            (5, Content::Number(size)) => entry.size = *size,
            (7, _) => entry.sliced = true,
            _ => {}
        }
    }
    Ok(wire.notes.list().is_empty().then_some(entry))
}

/// Multiplies the dimensions of a shape; those that stand in two shapes count together, as readers join them.
fn elements(
    wire: &mut Wire<'_>,
    around: &Message,
    range: Range<u64>,
    elements: &mut Option<u64>,
) -> Result<(), SourceError> {
    let mut shape = wire.enter(around, range);
    while let Some(field) = wire.next(&mut shape)? {
        let Some((2, range)) = field.bytes() else {
            continue;
        };
        let mut dimension = wire.enter(&shape, range);
        let mut extent = 0;
        while let Some(field) = wire.next(&mut dimension)? {
            if let (1, Content::Number(number)) = (field.number, &field.content) {
                extent = *number;
            }
        }
        *elements = elements.and_then(|all| all.checked_mul(extent));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
