//! The entries of a ZIP archive, by its central directory (APPNOTE.TXT 4.3): stored and deflated, with 64-bit sizes.

use std::{fs::File, io};

use flate2::{Decompress, FlushDecompress, Status};

use crate::{
    codec::checksum,
    fault::Fault,
    file::{narrow, read_exact_at, wide},
    limits,
};

/// Why an archive or an entry cannot be read.
#[derive(Debug)]
pub(crate) enum ZipFault {
    Io(io::Error),
    /// What is wrong, and at which byte of the archive.
    Fault(u64, Fault),
}

impl From<io::Error> for ZipFault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// An entry, as the directory has it.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    flags: u16,
    method: u16,
    sum: u32,
    packed: u64,
    size: u64,
    header: u64,
}

/// Says whether a file begins as an archive does.
pub(crate) fn is_zip(start: &[u8]) -> bool {
    start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06")
}

/// Reads the directory of an archive; entries are sorted by name, folders left out.
pub(crate) fn entries(file: &File, length: u64) -> Result<Vec<Entry>, ZipFault> {
    let (start, size, count) = directory(file, length)?;
    let broken = |reason| ZipFault::Fault(start, Fault::Archive { reason });
    if start.checked_add(size).is_none_or(|end| end > length) {
        return Err(broken("its directory reaches beyond its end"));
    }
    if size > limits::ZIP_DIRECTORY_BYTES {
        return Err(ZipFault::Fault(
            start,
            Fault::TooLong {
                what: "the directory",
                limit: limits::ZIP_DIRECTORY_BYTES,
            },
        ));
    }
    if count > limits::ENTRIES {
        return Err(ZipFault::Fault(
            start,
            Fault::TooMany {
                what: "entries",
                limit: narrow(limits::ENTRIES),
            },
        ));
    }
    let mut bytes = vec![0; narrow(size)];
    read_exact_at(file, &mut bytes, start)?;
    let mut rest = bytes.as_slice();
    let mut found = Vec::new();
    while !rest.is_empty() {
        let at = start.saturating_add(size).saturating_sub(wide(rest.len()));
        let (entry, after) = entry(rest).map_err(|reason| ZipFault::Fault(at, Fault::Archive { reason }))?;
        rest = after;
        if !entry.name.ends_with('/') {
            found.push(entry);
        }
        if wide(found.len()) > limits::ENTRIES {
            return Err(ZipFault::Fault(
                at,
                Fault::TooMany {
                    what: "entries",
                    limit: narrow(limits::ENTRIES),
                },
            ));
        }
    }
    found.sort_by(|left, right| left.name.cmp(&right.name));
    if let Some([entry, _]) = found
        .windows(2)
        .find(|pair| matches!(pair, [left, right] if left.name == right.name))
    {
        return Err(ZipFault::Fault(
            entry.header,
            Fault::DuplicateKey {
                key: crate::fault::printable(&entry.name),
            },
        ));
    }
    Ok(found)
}

/// Finds the directory: its place, its size and the number of its entries.
fn directory(file: &File, length: u64) -> Result<(u64, u64, u64), ZipFault> {
    // The end record is 22 bytes and a comment of up to 65,535.
    let tail = length.min(22 + 65_535);
    let base = length.saturating_sub(tail);
    let mut bytes = vec![0; narrow(tail)];
    read_exact_at(file, &mut bytes, base)?;
    let fault = |at, reason| ZipFault::Fault(at, Fault::Archive { reason });
    let place = bytes.windows(22).rposition(|window| {
        let at_end = window.starts_with(b"PK\x05\x06");
        at_end && half(window, 20).is_some()
    });
    let place = place.ok_or_else(|| fault(length, "its end record is missing: it is cut off"))?;
    let record = bytes.get(place..).unwrap_or_default();
    let at = base.saturating_add(wide(place));
    let fields = (half(record, 10), word(record, 12), word(record, 16));
    let (Some(count), Some(size), Some(start)) = fields else {
        return Err(fault(at, "its end record is too short"));
    };
    if count < u16::MAX && size < u32::MAX && start < u32::MAX {
        return Ok((start.into(), size.into(), count.into()));
    }
    // The locator of the 64-bit record stands before the end record.
    let mut locator = [0; 20];
    let locator_at = at
        .checked_sub(20)
        .ok_or_else(|| fault(at, "its 64-bit locator is missing"))?;
    read_exact_at(file, &mut locator, locator_at)?;
    if !locator.starts_with(b"PK\x06\x07") {
        return Ok((start.into(), size.into(), count.into()));
    }
    let record_at = long(&locator, 8).unwrap_or(u64::MAX);
    if record_at.checked_add(56).is_none_or(|end| end > length) {
        return Err(fault(locator_at, "its 64-bit end record lies beyond its end"));
    }
    let mut record = [0; 56];
    read_exact_at(file, &mut record, record_at)?;
    let fields = (long(&record, 32), long(&record, 40), long(&record, 48));
    match fields {
        (Some(count), Some(size), Some(start)) if record.starts_with(b"PK\x06\x06") => {
            Ok((start, size, count))
        }
        _ => Err(fault(record_at, "its 64-bit end record is no such record")),
    }
}

/// Reads one entry of the directory.
fn entry(bytes: &[u8]) -> Result<(Entry, &[u8]), &'static str> {
    if !bytes.starts_with(b"PK\x01\x02") {
        return Err("an entry of its directory has the wrong signature");
    }
    let fields = || {
        let lengths = (half(bytes, 28)?, half(bytes, 30)?, half(bytes, 32)?);
        let (name_length, extra_length) = (usize::from(lengths.0), usize::from(lengths.1));
        let (name, rest) = bytes.get(46..)?.split_at_checked(name_length)?;
        let (extra, rest) = rest.split_at_checked(extra_length)?;
        let rest = rest.get(usize::from(lengths.2)..)?;
        let entry = Entry {
            name: String::from_utf8_lossy(name).into_owned(),
            flags: half(bytes, 8)?,
            method: half(bytes, 10)?,
            sum: word(bytes, 16)?,
            packed: word(bytes, 20)?.into(),
            size: word(bytes, 24)?.into(),
            header: word(bytes, 42)?.into(),
        };
        Some((entry, extra, rest))
    };
    let (mut entry, extra, rest) = fields().ok_or("its directory is cut off")?;
    widen(&mut entry, extra);
    Ok((entry, rest))
}

/// Takes the 64-bit sizes out of the extra field with id 1.
fn widen(entry: &mut Entry, mut extra: &[u8]) {
    while let (Some(id), Some(length)) = (half(extra, 0), half(extra, 2)) {
        let body = extra.get(4..).unwrap_or_default();
        let body = body.get(..usize::from(length)).unwrap_or(body);
        if id == 1 {
            let mut at = 0_usize;
            for field in [&mut entry.size, &mut entry.packed, &mut entry.header] {
                if *field == u64::from(u32::MAX)
                    && let Some(value) = long(body, at)
                {
                    *field = value;
                    at = at.saturating_add(8);
                }
            }
            return;
        }
        extra = extra
            .get(usize::from(length).saturating_add(4)..)
            .unwrap_or_default();
    }
}

/// Reads archives entry by entry into one buffer.
pub(crate) struct Unpacker {
    packed: Vec<u8>,
    bytes: Vec<u8>,
    inflate: Decompress,
}

impl Unpacker {
    pub(crate) fn new() -> Self {
        Self {
            packed: Vec::new(),
            bytes: Vec::new(),
            inflate: Decompress::new(false),
        }
    }

    /// Returns the bytes of an entry, after its checksum was compared.
    pub(crate) fn read(&mut self, file: &File, length: u64, entry: &Entry) -> Result<&[u8], ZipFault> {
        let fault = |fault| ZipFault::Fault(entry.header, fault);
        if entry.flags & 1 != 0 {
            return Err(fault(Fault::Encrypted));
        }
        let limit = wide(limits::RECORD_BYTES);
        if entry.size > limit || entry.packed > limit.saturating_add(PACKED_SLACK) {
            return Err(fault(Fault::TooLong {
                what: "the entry",
                limit,
            }));
        }
        let mut header = [0; 30];
        if entry.header.checked_add(30).is_none_or(|end| end > length) {
            return Err(fault(Fault::Archive {
                reason: "an entry lies beyond its end",
            }));
        }
        read_exact_at(file, &mut header, entry.header)?;
        let lengths = (
            half(&header, 26).unwrap_or_default(),
            half(&header, 28).unwrap_or_default(),
        );
        if !header.starts_with(b"PK\x03\x04") {
            return Err(fault(Fault::Archive {
                reason: "an entry has the wrong signature",
            }));
        }
        let start = [30, u64::from(lengths.0), u64::from(lengths.1)]
            .iter()
            .fold(entry.header, |sum, part| sum.saturating_add(*part));
        if start.checked_add(entry.packed).is_none_or(|end| end > length) {
            return Err(fault(Fault::Archive {
                reason: "an entry reaches beyond its end",
            }));
        }
        self.packed.resize(narrow(entry.packed), 0);
        read_exact_at(file, &mut self.packed, start)?;
        let size = narrow(entry.size);
        let bytes = match entry.method {
            0 if entry.packed == entry.size => self.packed.as_slice(),
            8 => {
                self.bytes.clear();
                self.bytes.reserve_exact(size.saturating_add(1));
                self.inflate.reset(false);
                let done =
                    self.inflate
                        .decompress_vec(&self.packed, &mut self.bytes, FlushDecompress::Finish);
                match done {
                    Ok(Status::StreamEnd) => {}
                    Ok(_) if self.bytes.len() > size => {
                        return Err(fault(Fault::Archive {
                            reason: "an entry is longer than its directory says",
                        }));
                    }
                    _ => {
                        return Err(fault(Fault::Archive {
                            reason: "an entry cannot be inflated",
                        }));
                    }
                }
                self.bytes.as_slice()
            }
            0 => {
                return Err(fault(Fault::Archive {
                    reason: "a stored entry has two sizes",
                }));
            }
            method => return Err(fault(Fault::Method { method })),
        };
        if bytes.len() != size {
            return Err(fault(Fault::Archive {
                reason: "an entry has another length than its directory says",
            }));
        }
        if checksum(bytes) != entry.sum {
            return Err(fault(Fault::Checksum));
        }
        Ok(bytes)
    }
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..at.checked_add(2)?)?;
    bytes.try_into().ok().map(u16::from_le_bytes)
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    bytes.try_into().ok().map(u32::from_le_bytes)
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(8)?)?;
    bytes.try_into().ok().map(u64::from_le_bytes)
}

/// Bytes by which deflate may be longer than what it packs.
const PACKED_SLACK: u64 = 1 << 16;
