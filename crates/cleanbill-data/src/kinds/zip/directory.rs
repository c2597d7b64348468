//! The directory of a ZIP archive (PKWARE APPNOTE 6.3.10, 4.3.12 to 4.3.16).

use std::sync::Arc;

use cleanbill_core::{Text, text};

use crate::{
    input::{ReadAt, count, read_range, size},
    limits::{DIRECTORY_BYTES, ZIP_ENTRIES},
};

/// A member as the directory describes it.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub(crate) name: String,
    pub(crate) flags: u16,
    pub(crate) method: u16,
    pub(crate) packed_bytes: u64,
    /// Where its header stands.
    pub(crate) offset: u64,
    pub(crate) comment: Vec<u8>,
}

/// What the end of an archive says of it.
#[derive(Debug)]
pub(crate) struct Directory {
    /// Members that are no folders.
    pub(crate) listed: Vec<Listed>,
    /// There are more than are listed.
    pub(crate) more: bool,
    pub(crate) comment: Vec<u8>,
    /// Bytes before the directory.
    pub(crate) packed_bytes: u64,
    /// Places between members that hold others.
    pub(crate) unlisted: u64,
}

const END: usize = 22;

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk::<2>()?))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk::<4>()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk::<8>()?))
}

/// Where the directory stands.
struct End {
    start: u64,
    length: u64,
    /// Bytes before the archive, by which all places are shifted.
    shift: u64,
    comment: Vec<u8>,
}

impl Directory {
    /// Reads the directory; the reason where there is none.
    pub(crate) fn read(bytes: &Arc<dyn ReadAt>) -> Result<Self, Text> {
        let failed = |error: std::io::Error| text!("cannot be read: {error}", "无法读取：{error}");
        let missing = || {
            text!(
                "the archive has no directory at its end and was not read",
                "归档末尾没有目录，未读取"
            )
        };
        let end = end(&**bytes).map_err(failed)?.ok_or_else(missing)?;
        if end.length > DIRECTORY_BYTES {
            let length = end.length;
            return Err(text!(
                "a directory of {length} bytes is too large to be read",
                "长度为 {length} 字节的目录过大，未读取"
            ));
        }
        let all = read_range(&**bytes, end.start, end.length).map_err(failed)?;
        let mut directory = Self {
            listed: Vec::new(),
            more: false,
            comment: end.comment,
            packed_bytes: end.start,
            unlisted: 0,
        };
        let mut places = Vec::new();
        let mut at = 0_usize;
        while let Some((one, length)) = entry(all.get(at..).unwrap_or_default()) {
            at = at.saturating_add(length);
            if directory.listed.len() >= ZIP_ENTRIES {
                directory.more = true;
                break;
            }
            let offset = one.offset.saturating_add(end.shift);
            places.push((offset, one.packed_bytes));
            if !one.name.ends_with('/') || one.packed_bytes > 0 {
                directory.listed.push(Listed { offset, ..one });
            }
        }
        if !directory.more && count(at) < end.length {
            return Err(text!(
                "the directory of the archive is broken, so it was not read",
                "归档的目录已损坏，未读取"
            ));
        }
        directory.unlisted = unlisted(&**bytes, places, end.start).map_err(failed)?;
        Ok(directory)
    }
}

/// Counts places before, between and behind members that hold headers of others.
fn unlisted(bytes: &dyn ReadAt, mut places: Vec<(u64, u64)>, end: u64) -> std::io::Result<u64> {
    places.sort_unstable();
    places.push((end, 0));
    let (mut number, mut reached, mut looked) = (0_u64, 0_u64, 0_u32);
    for (offset, packed) in places {
        // A descriptor of up to 24 bytes may stand behind a member.
        let gap = offset.saturating_sub(reached);
        if gap >= 30 && looked < 10_000 {
            looked = looked.saturating_add(1);
            let between = read_range(bytes, reached, gap.min(4_096))?;
            if memchr::memmem::find(&between, b"PK\x03\x04").is_some() {
                number = number.saturating_add(1);
            }
        }
        let header = if offset < end {
            read_range(bytes, offset, 30)?
        } else {
            Vec::new()
        };
        let names = u64::from(short(&header, 26).unwrap_or(0))
            .saturating_add(u64::from(short(&header, 28).unwrap_or(0)));
        let behind = offset
            .saturating_add(30)
            .saturating_add(names)
            .saturating_add(packed);
        reached = reached.max(behind);
    }
    Ok(number)
}

/// Finds the end of the directory, the last that fits.
fn end(bytes: &dyn ReadAt) -> std::io::Result<Option<End>> {
    let tail = bytes.size().min(count(END).saturating_add(65_535));
    let from = bytes.size().saturating_sub(tail);
    let tail = read_range(bytes, from, tail)?;
    let mut search = tail.len();
    while let Some(at) = memchr::memmem::rfind(tail.get(..search).unwrap_or_default(), b"PK\x05\x06") {
        let record = tail.get(at..).unwrap_or_default();
        // The signature may stand across the end of what is looked at next.
        search = at.saturating_add(3).min(search.saturating_sub(1));
        let (Some(length), Some(start), Some(comment)) =
            (word(record, 12), word(record, 16), short(record, 20))
        else {
            continue;
        };
        let comment = END..END.saturating_add(usize::from(comment));
        let Some(comment) = record.get(comment) else {
            continue;
        };
        let place = from.saturating_add(count(at));
        let (mut length, mut start, mut before) = (u64::from(length), u64::from(start), place);
        let locator = read_range(bytes, place.saturating_sub(20), 20)?;
        if place >= 20 && locator.starts_with(b"PK\x06\x07") {
            let stated = long(&locator, 8).unwrap_or(0);
            for at in [stated, place.saturating_sub(76)] {
                let record = read_range(bytes, at, 56)?;
                if let (true, Some(size), Some(offset)) = (
                    record.starts_with(b"PK\x06\x06"),
                    long(&record, 40),
                    long(&record, 48),
                ) {
                    (length, start, before) = (size, offset, at);
                    break;
                }
            }
        }
        let Some(real) = before.checked_sub(length) else {
            continue;
        };
        let first = read_range(bytes, real, 4)?;
        if length > 0 && first != b"PK\x01\x02" {
            continue;
        }
        return Ok(Some(End {
            start: real,
            length,
            shift: real.saturating_sub(start),
            comment: comment.to_vec(),
        }));
    }
    Ok(None)
}

/// Reads an entry of the directory and its length.
fn entry(bytes: &[u8]) -> Option<(Listed, usize)> {
    if !bytes.starts_with(b"PK\x01\x02") {
        return None;
    }
    let (name, extra, comment) = (short(bytes, 28)?, short(bytes, 30)?, short(bytes, 32)?);
    let name_end = 46_usize.saturating_add(name.into());
    let extra_end = name_end.saturating_add(extra.into());
    let end = extra_end.saturating_add(comment.into());
    let (packed, unpacked, offset) = (word(bytes, 20)?, word(bytes, 24)?, word(bytes, 42)?);
    let mut listed = Listed {
        name: String::from_utf8_lossy(bytes.get(46..name_end)?).into_owned(),
        flags: short(bytes, 8)?,
        method: short(bytes, 10)?,
        packed_bytes: packed.into(),
        offset: offset.into(),
        comment: bytes.get(extra_end..end)?.to_vec(),
    };
    let mut rest = bytes.get(name_end..extra_end)?;
    while let (Some(id), Some(length)) = (short(rest, 0), short(rest, 2)) {
        let next = size(4_u64.saturating_add(length.into()));
        let body = rest.get(4..next).unwrap_or_default();
        if id == 1 {
            let mut at = 0;
            let mut wide = |is_wanted: bool| {
                let value = is_wanted.then(|| long(body, at)).flatten()?;
                at = at.saturating_add(8);
                Some(value)
            };
            wide(unpacked == u32::MAX);
            listed.packed_bytes = wide(packed == u32::MAX).unwrap_or(listed.packed_bytes);
            listed.offset = wide(offset == u32::MAX).unwrap_or(listed.offset);
        }
        rest = rest.get(next..).unwrap_or_default();
    }
    Some((listed, end))
}
