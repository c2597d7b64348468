//! Sparse files: where their parts stand, and how they unfold.

use std::{io, ops::Range};

use super::header::{BLOCK, Overrides, SPARSE_PARTS, number};
use crate::bytes::{ReadAt, SourceError, read_range, size_u64};

/// A file with holes.
#[derive(Clone, Debug)]
pub(super) struct Sparse {
    /// Offset in the unfolded file, and the bytes in the archive, of each part.
    parts: Vec<(u64, Range<u64>)>,
    size: u64,
}

/// What was read of a header's sparse map.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) unfolded: Option<Sparse>,
    /// Where the data starts, behind extension headers and the map.
    pub(super) data_start: u64,
    /// Bytes of the map that the size of the entry counts in.
    pub(super) map_bytes: u64,
    pub(super) broken: bool,
}

impl Sparse {
    /// Reads the map, wherever the format keeps it.
    pub(super) fn read(
        source: &dyn ReadAt,
        kind: u8,
        rest: &[u8],
        records: &Overrides,
        data: u64,
        size: u64,
    ) -> Result<Read, SourceError> {
        let mut read = Read {
            unfolded: None,
            data_start: data,
            map_bytes: 0,
            broken: false,
        };
        let mut real_size = records.sparse_size;
        let map = if kind == b'S' {
            real_size = rest.get(138..150).and_then(number);
            read.broken |= real_size.is_none();
            read.old_map(source, rest)?
        } else if records.sparse_inline {
            read.inline_map(source, size)?
        } else if records.sparse_map.is_empty() {
            return Ok(read);
        } else {
            records.sparse_map.clone()
        };
        let mut parts = Vec::new();
        let mut at = read.data_start;
        let mut reach = 0_u64;
        for pair in map.chunks_exact(2) {
            let &[offset, length] = pair else { continue };
            // Parts that go backwards are no file that any tool writes.
            read.broken |= offset < reach;
            let end = at.saturating_add(length);
            parts.push((offset, at..end));
            at = end;
            reach = offset.saturating_add(length);
        }
        let real_size = real_size.unwrap_or(reach);
        read.broken |= map.len() % 2 != 0 || reach > real_size;
        let whole = match parts.as_slice() {
            [] => real_size == 0,
            [(0, _)] => reach == real_size,
            _ => false,
        };
        if !read.broken && !whole {
            read.unfolded = Some(Self {
                parts,
                size: real_size,
            });
        }
        Ok(read)
    }

    /// Writes the file with zeros in its holes.
    pub(super) fn unfold(&self, source: &dyn ReadAt, out: &mut dyn io::Write) -> io::Result<()> {
        let mut written = 0_u64;
        for (offset, range) in &self.parts {
            zeros(out, offset.saturating_sub(written))?;
            let mut at = range.start;
            while at < range.end {
                let piece = read_range(source, at..range.end, 64 << 10).map_err(io::Error::other)?;
                if piece.is_empty() {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                out.write_all(&piece)?;
                at = at.saturating_add(size_u64(piece.len()));
            }
            written = offset.saturating_add(range.end.saturating_sub(range.start));
        }
        zeros(out, self.size.saturating_sub(written))
    }
}

fn zeros(out: &mut dyn io::Write, count: u64) -> io::Result<()> {
    io::copy(&mut io::Read::take(io::repeat(0), count), out).map(|_| ())
}

impl Read {
    /// Reads the map of the old GNU format: four parts in the header, and more in blocks behind it.
    fn old_map(&mut self, source: &dyn ReadAt, rest: &[u8]) -> Result<Vec<u64>, SourceError> {
        let mut map = Vec::new();
        self.old_parts(rest.get(41..137).unwrap_or_default(), &mut map);
        let mut more = rest.get(137).is_some_and(|byte| *byte != 0);
        while more {
            let start = self.data_start;
            let block = read_range(source, start..start.saturating_add(BLOCK), BLOCK)?;
            self.data_start = start.saturating_add(size_u64(block.len()));
            if size_u64(block.len()) < BLOCK || map.len() > SPARSE_PARTS {
                self.broken = true;
                break;
            }
            self.old_parts(block.get(..504).unwrap_or_default(), &mut map);
            more = block.get(504).is_some_and(|byte| *byte != 0);
        }
        Ok(map)
    }

    fn old_parts(&mut self, fields: &[u8], map: &mut Vec<u64>) {
        for field in fields.chunks_exact(24) {
            let (offset, length) = field.split_at(12);
            match (number(offset), number(length)) {
                (Some(0), Some(0)) => {}
                (Some(offset), Some(length)) => map.extend([offset, length]),
                _ => self.broken = true,
            }
        }
    }

    /// Reads the map of format 1.0: decimal lines before the data, filled up to a whole block.
    fn inline_map(&mut self, source: &dyn ReadAt, size: u64) -> Result<Vec<u64>, SourceError> {
        let most = size.min(size_u64(SPARSE_PARTS).saturating_mul(2));
        let start = self.data_start;
        let bytes = read_range(source, start..start.saturating_add(most), most)?;
        let mut used = 0_usize;
        let mut lines = bytes.split(|byte| *byte == b'\n').map(|line| {
            used = used.saturating_add(line.len()).saturating_add(1);
            let text = std::str::from_utf8(line).ok()?;
            text.parse::<u64>().ok()
        });
        let count = lines
            .next()
            .flatten()
            .filter(|count| *count <= size_u64(SPARSE_PARTS));
        let mut map = Vec::new();
        if let Some(count) = count {
            let wanted = crate::bytes::size_usize(count.saturating_mul(2));
            map.extend(lines.by_ref().take(wanted).map_while(|number| number));
            self.broken |= map.len() < wanted;
        } else {
            self.broken = true;
        }
        self.map_bytes = size_u64(used).next_multiple_of(BLOCK).min(size);
        self.data_start = start.saturating_add(self.map_bytes);
        Ok(map)
    }
}
