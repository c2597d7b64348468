//! Writes a copy of a Parquet file: columns in which nothing was found are copied as they are stored, the others value for value.

use std::{
    io::{self, Read, Write},
    sync::Arc,
};

use bytes::Bytes;
use cleanbill_core::{Text, text};
use parquet::{
    basic::Compression,
    column::{reader::ColumnReader, writer::ColumnCloseResult},
    data_type::{ByteArray, ByteArrayType},
    errors::ParquetError,
    file::{
        properties::WriterProperties,
        reader::{ChunkReader, Length},
        writer::SerializedFileWriter,
    },
};

use super::{Batch, File, ROWS, values};
use crate::{
    input::{ReadAt, count, read_range, size},
    outcome::Tools,
    path,
};

/// Writes the copy; returns how many values were replaced.
pub(super) fn rewrite(
    bytes: &Arc<dyn ReadAt>,
    tools: &Tools,
    out: &mut (dyn Write + Send),
) -> Result<u64, Text> {
    let file = File::open(bytes)?;
    write(&file, tools, out)
        .map_err(|error| text!("the copy cannot be written: {error}", "无法写入副本：{error}"))
}

fn write(file: &File, tools: &Tools, out: &mut (dyn Write + Send)) -> Result<u64, ParquetError> {
    let metadata = file.metadata.file_metadata();
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_dictionary_enabled(false)
        .set_key_value_metadata(metadata.key_value_metadata().cloned())
        .build();
    let schema = metadata.schema_descr().root_schema_ptr();
    let mut writer = SerializedFileWriter::new(out, schema, Arc::new(properties))?;
    let searched = file.searched(tools);
    let mut changed = 0_u64;
    for (group, described) in file.metadata.row_groups().iter().enumerate() {
        let mut rows = writer.next_row_group()?;
        for (leaf, chunk) in described.columns().iter().enumerate() {
            if searched.contains(&leaf) && is_found(file, tools, group, leaf)? {
                let Some(mut column) = rows.next_column()? else {
                    return Err(ParquetError::General("a column is missing".to_owned()));
                };
                changed = changed.saturating_add(exchange(
                    file,
                    tools,
                    (group, leaf),
                    column.typed::<ByteArrayType>(),
                )?);
                column.close()?;
            } else {
                let close = ColumnCloseResult {
                    bytes_written: u64::try_from(chunk.compressed_size()).unwrap_or(0),
                    rows_written: file.rows(group),
                    metadata: chunk.clone(),
                    bloom_filter: None,
                    column_index: None,
                    offset_index: None,
                };
                rows.append_column(&Chunks(Arc::clone(&file.bytes)), close)?;
            }
        }
        rows.close()?;
    }
    writer.close()?;
    Ok(changed)
}

fn is_found(file: &File, tools: &Tools, group: usize, leaf: usize) -> Result<bool, ParquetError> {
    let name = name(file, leaf);
    let mut found = false;
    values(file, group, leaf, &mut 0, |value| {
        found = found || !tools.hits(value.bytes, name.as_deref()).is_empty();
    })?;
    Ok(found)
}

fn name(file: &File, leaf: usize) -> Option<Vec<u8>> {
    path::name(&file.leaves.get(leaf)?.steps(&[])).map(<[u8]>::to_vec)
}

fn exchange(
    file: &File,
    tools: &Tools,
    (group, leaf): (usize, usize),
    writer: &mut parquet::column::writer::ColumnWriterImpl<'_, ByteArrayType>,
) -> Result<u64, ParquetError> {
    let (reader, budget) = file.column(group, leaf)?;
    let ColumnReader::ByteArrayColumnReader(mut reader) = reader else {
        return Ok(0);
    };
    let descriptor = file.chunk(group, leaf)?.column_descr_ptr();
    let deepest = descriptor.max_def_level();
    let lists = size(u64::try_from(descriptor.max_rep_level()).unwrap_or(0));
    let name = name(file, leaf);
    let mut batch = Batch::<ByteArrayType>::default();
    let mut changed = 0_u64;
    let rows = file.rows(group);
    let mut reached = 0;
    while reached < rows {
        budget.renew();
        let (records, levels) = batch.read(&mut reader, (deepest, lists), ROWS)?;
        if records == 0 {
            return Err(ParquetError::General(
                "a column ends before its row group does".to_owned(),
            ));
        }
        for value in &mut batch.values {
            let (replaced, text) = replaced(tools, value.data(), name.as_deref());
            if replaced > 0 {
                changed = changed.saturating_add(replaced);
                *value = ByteArray::from(text);
            }
        }
        batch.defined.truncate(levels);
        batch.repeated.truncate(levels);
        let defined = (deepest > 0).then_some(batch.defined.as_slice());
        let repeated = (lists > 0).then_some(batch.repeated.as_slice());
        writer.write_batch(&batch.values, defined, repeated)?;
        reached = reached.saturating_add(count(records));
    }
    Ok(changed)
}

/// Replaces what is found in a value; returns how much that was.
fn replaced(tools: &Tools, value: &[u8], name: Option<&[u8]>) -> (u64, Vec<u8>) {
    let hits = tools.hits(value, name);
    let mut text = Vec::new();
    let mut at = 0;
    let mut changed = 0_u64;
    for hit in &hits {
        let range = size(hit.range.start)..size(hit.range.end);
        let found = value.get(range.clone()).unwrap_or_default();
        if let (Some(before), Some((_, replacement))) =
            (value.get(at..range.start), tools.replacement(hit, found))
        {
            text.extend_from_slice(before);
            text.extend(replacement);
            at = range.end;
            changed = changed.saturating_add(1);
        }
    }
    text.extend_from_slice(value.get(at..).unwrap_or_default());
    (changed, text)
}

/// Gives the crate's writer the bytes of a stored column.
struct Chunks(Arc<dyn ReadAt>);

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.0.size()
    }
}

impl ChunkReader for Chunks {
    type T = From;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(From {
            bytes: Arc::clone(&self.0),
            at: start,
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        Ok(read_range(&*self.0, start, count(length))?.into())
    }
}

/// Reads from a place on.
struct From {
    bytes: Arc<dyn ReadAt>,
    at: u64,
}

impl Read for From {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let taken = self.bytes.read_at(self.at, buffer)?;
        self.at = self.at.saturating_add(count(taken));
        Ok(taken)
    }
}
