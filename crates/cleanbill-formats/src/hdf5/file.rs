//! Bounded reads of an HDF5 file, and numbers of the widths that its superblock sets.

use std::collections::HashSet;

use super::rules::{BROKEN, TRUNCATED, WORK};
use crate::{
    AnomalyKind,
    bytes::{ReadAt, SourceError, read_range, size_u64},
    notes::Notes,
};

/// Walks over bytes in memory; every step tells when they end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slice<'a> {
    rest: &'a [u8],
}

impl<'a> Slice<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    pub(super) fn skip(&mut self, count: usize) -> Option<()> {
        self.take(count).map(|_| ())
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    pub(super) fn u16(&mut self) -> Option<usize> {
        self.take(2)?
            .first_chunk()
            .map(|bytes| usize::from(u16::from_le_bytes(*bytes)))
    }

    pub(super) fn u32(&mut self) -> Option<u64> {
        self.take(4)?
            .first_chunk()
            .map(|bytes| u64::from(u32::from_le_bytes(*bytes)))
    }

    /// Reads a little-endian number of `width` bytes, at most eight.
    pub(super) fn number(&mut self, width: usize) -> Option<u64> {
        let bytes = self.take(width)?;
        let mut whole = [0_u8; 8];
        whole.get_mut(..width)?.copy_from_slice(bytes);
        Some(u64::from_le_bytes(whole))
    }

    /// Reads the text up to a zero byte, or all of it.
    pub(super) fn until_zero(&mut self) -> &'a [u8] {
        let end = memchr::memchr(0, self.rest).unwrap_or(self.rest.len());
        let text = self.rest.get(..end).unwrap_or_default();
        self.rest = self.rest.get(end.saturating_add(1)..).unwrap_or_default();
        text
    }
}

/// Reads metadata by address.
#[derive(Debug)]
pub(super) struct File<'a> {
    pub(super) source: &'a dyn ReadAt,
    /// Where addresses count from.
    pub(super) base: u64,
    /// Width of an address.
    pub(super) address_bytes: usize,
    /// Width of a length.
    pub(super) length_bytes: usize,
    pub(super) notes: Notes,
    pub(super) violations: Notes,
    pub(super) failed: Option<SourceError>,
    /// Bytes of metadata that may still be read.
    budget: u64,
    /// Trees, heaps and header pieces already walked over.
    seen: HashSet<u64>,
    /// The global heap collection read last.
    collection: Option<(u64, Vec<u8>)>,
}

/// LIMIT: bytes of metadata read of one file: this floor and a share of the file's size, up to the ceiling. Honest files
/// read a hundredth of it; a file whose trees lead to the same bytes again and again reaches it.
const BUDGET_FLOOR: u64 = 2 << 20;
const BUDGET_SHARE: u64 = 8;
const BUDGET_CEILING: u64 = 1 << 30;
/// LIMIT: one collection of the global heap that is read; the largest hold one long configuration.
const COLLECTION_BYTES: u64 = 64 << 20;

impl<'a> File<'a> {
    pub(super) fn new(source: &'a dyn ReadAt, base: u64) -> Self {
        let share = source.size().saturating_mul(BUDGET_SHARE);
        Self {
            source,
            base,
            address_bytes: 8,
            length_bytes: 8,
            notes: Notes::default(),
            violations: Notes::default(),
            failed: None,
            budget: BUDGET_FLOOR.saturating_add(share).min(BUDGET_CEILING),
            seen: HashSet::new(),
            collection: None,
        }
    }

    /// Says whether `address` is the value that means none: all bits set.
    pub(super) fn is_none(&self, address: u64) -> bool {
        let bits = u32::try_from(self.address_bytes.saturating_mul(8)).unwrap_or(64);
        address
            == u64::MAX
                .checked_shr(64_u32.saturating_sub(bits))
                .unwrap_or(u64::MAX)
    }

    /// Returns where `address` lies in the source.
    pub(super) fn place(&self, address: u64) -> u64 {
        self.base.saturating_add(address)
    }

    /// Reads exactly `length` bytes at `address`; notes why it cannot.
    pub(super) fn read(&mut self, address: u64, length: u64) -> Option<Vec<u8>> {
        if self.is_none(address) {
            return None;
        }
        let start = self.place(address);
        let end = start.saturating_add(length);
        if end > self.source.size() || end == u64::MAX {
            let size = self.source.size();
            self.notes.push(
                &TRUNCATED,
                start.min(size)..size,
                format!("{length} bytes at {start}"),
            );
            return None;
        }
        self.read_within(start, end)
    }

    /// Reads at most `length` bytes at `address`, fewer where the file ends.
    pub(super) fn read_some(&mut self, address: u64, length: u64) -> Option<Vec<u8>> {
        if self.is_none(address) {
            return None;
        }
        let start = self.place(address);
        let end = start.saturating_add(length).min(self.source.size());
        if start >= end {
            return self.read(address, 1);
        }
        self.read_within(start, end)
    }

    fn read_within(&mut self, start: u64, end: u64) -> Option<Vec<u8>> {
        let length = end.saturating_sub(start);
        // Each read costs a call, so that a little is charged for it as well.
        let cost = length.max(64);
        if cost > self.budget {
            self.notes.push(&WORK, start..end, "");
            self.budget = 0;
            return None;
        }
        self.budget = self.budget.saturating_sub(cost);
        match read_range(self.source, start..end, length) {
            Ok(bytes) if size_u64(bytes.len()) == length => Some(bytes),
            Ok(_) => None,
            Err(error) => {
                self.failed.get_or_insert(error);
                self.budget = 0;
                None
            }
        }
    }

    /// Says whether the place is new; each is walked over once.
    pub(super) fn first_time(&mut self, address: u64) -> bool {
        self.seen.insert(address)
    }

    /// Notes `kind` at the bytes from `address` on.
    pub(super) fn note(&mut self, kind: &'static AnomalyKind, address: u64, length: u64, detail: &str) {
        let start = self.place(address).min(self.source.size());
        let end = start.saturating_add(length).min(self.source.size());
        self.notes.push(kind, start..end, detail);
    }

    /// Notes a rule broken that leads readers astray.
    pub(super) fn violation(&mut self, kind: &'static AnomalyKind, address: u64, length: u64, detail: &str) {
        let start = self.place(address).min(self.source.size());
        let end = start.saturating_add(length).min(self.source.size());
        self.violations.push(kind, start..end, detail);
    }

    pub(super) fn address(&self, slice: &mut Slice<'_>) -> Option<u64> {
        slice.number(self.address_bytes)
    }

    pub(super) fn length(&self, slice: &mut Slice<'_>) -> Option<u64> {
        slice.number(self.length_bytes)
    }

    /// Returns the object `index` of the global heap collection at `address`.
    pub(super) fn heap_object(&mut self, address: u64, index: u64) -> Option<Vec<u8>> {
        if self.collection.as_ref().is_none_or(|(held, _)| *held != address) {
            let head_bytes = 8_usize.saturating_add(self.length_bytes);
            let head = self.read(address, size_u64(head_bytes))?;
            let mut slice = Slice::new(&head);
            if slice.take(4) != Some(b"GCOL") {
                self.note(&BROKEN, address, 4, "global heap");
                return None;
            }
            slice.skip(4)?;
            let size = self.length(&mut slice)?;
            if size > COLLECTION_BYTES {
                self.note(&WORK, address, 16, "global heap");
                return None;
            }
            let bytes = self.read(address, size)?;
            self.collection = Some((address, bytes));
        }
        let (_, bytes) = self.collection.as_ref()?;
        let mut slice = Slice::new(bytes);
        slice.skip(8_usize.saturating_add(self.length_bytes))?;
        loop {
            let found = size_u64(slice.u16()?);
            slice.skip(6)?;
            let length = usize::try_from(slice.number(self.length_bytes)?).ok()?;
            if found == 0 {
                return None;
            }
            if found == index {
                return slice.take(length).map(<[u8]>::to_vec);
            }
            slice.skip(length.checked_next_multiple_of(8)?)?;
        }
    }
}
