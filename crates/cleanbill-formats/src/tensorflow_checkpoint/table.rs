//! Sorted tables of keys and values, in blocks, as `LevelDB` and TensorFlow write them.

use std::ops::Range;

use super::{
    rules::{BLOCK, FOOTER, LARGE},
    snappy,
};
use crate::{
    bytes::{ReadAt, SourceError, read_range, size_u64, size_usize},
    notes::{Notes, u32_at},
};

/// Size of the footer: two handles, filled up, and the magic number.
pub(super) const FOOTER_BYTES: u64 = 48;
/// The last bytes of every table.
pub(super) const MAGIC: [u8; 8] = 0xdb47_7524_8b80_fb57_u64.to_le_bytes();
/// What stands behind every block: how it is compressed, and a checksum.
const TRAILER_BYTES: u64 = 5;
/// LIMIT: largest block, decompressed too. TensorFlow begins a new one after 256 KiB.
pub(super) const BLOCK_BYTES: u64 = 16 << 20;

/// Says where a block stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Handle {
    offset: u64,
    size: u64,
}

impl Handle {
    /// Reads a handle from the start of `bytes`.
    pub(super) fn read(mut bytes: &[u8]) -> Option<Self> {
        Self::take(&mut bytes)
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        let (offset, size) = (varint(bytes)?, varint(bytes)?);
        let end = offset.checked_add(size)?.checked_add(TRAILER_BYTES)?;
        i64::try_from(end).ok()?;
        Some(Self { offset, size })
    }

    /// Returns where the block stands.
    pub(super) fn range(&self) -> Range<u64> {
        self.offset..self.offset.saturating_add(self.size)
    }

    /// Returns where the block stands with what follows it.
    pub(super) fn with_trailer(&self) -> Range<u64> {
        self.offset..self.range().end.saturating_add(TRAILER_BYTES)
    }
}

/// Reads where the blocks about blocks stand.
pub(super) fn footer(
    source: &dyn ReadAt,
    notes: &mut Notes,
) -> Result<Option<(Handle, Handle)>, SourceError> {
    let end = source.size();
    let range = end.saturating_sub(FOOTER_BYTES)..end;
    let bytes = read_range(source, range.clone(), FOOTER_BYTES)?;
    let mut rest = bytes.as_slice();
    let found = Handle::take(&mut rest).zip(Handle::take(&mut rest));
    if found.is_none() {
        notes.push(&FOOTER, range, "");
    }
    Ok(found)
}

/// Reads a block, decompressed; `None` where it cannot be read, which is noted.
pub(super) fn block(
    source: &dyn ReadAt,
    handle: Handle,
    notes: &mut Notes,
) -> Result<Option<Vec<u8>>, SourceError> {
    let range = handle.with_trailer();
    if range.end > source.size() {
        notes.push(&BLOCK, handle.range(), "");
        return Ok(None);
    }
    if handle.size > BLOCK_BYTES {
        notes.push(&LARGE, handle.range(), handle.size.to_string());
        return Ok(None);
    }
    let mut bytes = read_range(source, range, BLOCK_BYTES.saturating_add(TRAILER_BYTES))?;
    let kind = bytes.get(size_usize(handle.size)).copied();
    bytes.truncate(size_usize(handle.size));
    let block = match kind {
        Some(0) => Some(bytes),
        Some(1) => snappy::decode(&bytes, size_usize(BLOCK_BYTES)),
        _ => None,
    };
    if block.is_none() {
        notes.push(&BLOCK, handle.range(), "");
    }
    Ok(block)
}

/// Walks over the entries of a block. Keys share their beginning with the key before.
#[derive(Debug)]
pub(super) struct Entries<'a> {
    rest: &'a [u8],
    key: Vec<u8>,
    broken: bool,
}

impl<'a> Entries<'a> {
    pub(super) fn new(block: &'a [u8]) -> Self {
        let words = block.len().checked_sub(4);
        let restarts = words.map(|at| u64::from(u32_at(block, at)));
        // The places where a key stands in full, and their number, close the block.
        let end = restarts
            .and_then(|count| count.checked_mul(4)?.checked_add(4))
            .and_then(|bytes| size_u64(block.len()).checked_sub(bytes));
        Self {
            rest: end
                .and_then(|end| block.get(..size_usize(end)))
                .unwrap_or_default(),
            key: Vec::new(),
            broken: end.is_none(),
        }
    }

    /// Says whether the entries break off.
    pub(super) fn is_broken(&self) -> bool {
        self.broken
    }

    /// Returns the next key and value.
    pub(super) fn next(&mut self) -> Option<(&[u8], &'a [u8])> {
        if self.rest.is_empty() {
            return None;
        }
        let value = self.entry();
        if value.is_none() {
            self.rest = &[];
            self.broken = true;
        }
        Some((&self.key, value?))
    }

    fn entry(&mut self) -> Option<&'a [u8]> {
        let shared = size_usize(varint(&mut self.rest)?);
        let own = size_usize(varint(&mut self.rest)?);
        let length = size_usize(varint(&mut self.rest)?);
        if shared > self.key.len() {
            return None;
        }
        let (key, rest) = self.rest.split_at_checked(own)?;
        let (value, rest) = rest.split_at_checked(length)?;
        self.key.truncate(shared);
        self.key.extend_from_slice(key);
        self.rest = rest;
        Some(value)
    }
}

/// Takes a number of variable length.
pub(super) fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..70).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
