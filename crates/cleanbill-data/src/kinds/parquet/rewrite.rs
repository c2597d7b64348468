//! Writes a copy of a Parquet file: columns in which nothing was found are copied as they are stored, the others value for value.

use std::{
    io::{self, Read, Write},
    sync::Arc,
};

use bytes::Bytes;
use cleanbill_core::{Text, text};
use parquet::{
    basic::Compression,
    column::writer::ColumnCloseResult,
    errors::ParquetError,
    file::{
        properties::WriterProperties,
        reader::{ChunkReader, Length},
        writer::SerializedFileWriter,
    },
};

use super::{
    File,
    values::{exchange, values},
};
use crate::{
    input::{ReadAt, count, read_range},
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
    let steps = file.leaves.iter().map(|leaf| leaf.steps(&[]));
    if !tools.in_names(steps).is_empty() {
        return Err(text!(
            "a name of a column is found, which no copy can be written without",
            "某个列名中有发现，无法写出不含它的副本"
        ));
    }
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
                let name = name(file, leaf);
                let more = exchange(file, tools, (group, leaf), name.as_deref(), &mut column)?;
                changed = changed.saturating_add(more);
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
    values(file, (group, leaf), tools.least(), &mut 0, |value| {
        found = found || !tools.hits(value.bytes, name.as_deref()).is_empty();
    })?;
    Ok(found)
}

fn name(file: &File, leaf: usize) -> Option<Vec<u8>> {
    path::name(&file.leaves.get(leaf)?.steps(&[])).map(<[u8]>::to_vec)
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
