//! Finds the central directories of a ZIP file: every one that some reader would take.

use std::ops::Range;

use memchr::memmem;

use super::records::{
    CENTRAL, CENTRAL_BYTES, Central, END, END_BYTES, END64, END64_BYTES, LOCATOR64, LOCATOR64_BYTES,
};
use crate::{
    TAIL_BYTES,
    bytes::{Cursor, ReadAt, ReadError, SourceError, read_range, size_u64, size_usize},
    notes::{u16_at, u32_at, u64_at},
};

/// LIMIT: end records followed in the tail of one input. Honest files have one, or one for each archive stored last in
/// another; what the ones further ahead point at is met as gaps or as bytes before the archive.
const END_RECORDS: usize = 16;

/// One central directory and how it was reached.
#[derive(Debug)]
pub(super) struct Directory {
    /// The bytes of its entries.
    pub(super) range: Range<u64>,
    /// Added to every offset that it gives.
    pub(super) shift: u64,
    /// Its entries.
    pub(super) entries: Vec<Central>,
    /// The end record that leads to it, with its comment.
    pub(super) end_record: Range<u64>,
    /// Where its ZIP64 end record starts, or the end record where there is none.
    pub(super) anchor: u64,
    /// Number of entries that the end record declares.
    pub(super) declared_entries: u64,
    /// Size in bytes that the end record declares.
    pub(super) declared_bytes: u64,
    /// The number is that of a ZIP64 record, so that it cannot have wrapped around.
    pub(super) zip64: bool,
    /// Bytes of the comment of its end record that lie beyond the end of the input.
    pub(super) comment_missing: u64,
    /// An entry is cut off by the end of the input.
    pub(super) truncated: bool,
    /// More entries follow than were read.
    pub(super) capped: bool,
}

/// One way from an end record to a directory.
#[derive(Debug, Clone)]
struct Way {
    start: u64,
    shift: u64,
    entries: u64,
    bytes: u64,
    anchor: u64,
    end_record: Range<u64>,
    comment_missing: u64,
    zip64: bool,
}

/// Finds every directory that an end record in the tail leads to, the one that most readers take first.
pub(super) fn find(source: &dyn ReadAt, most: u64) -> Result<Vec<Directory>, SourceError> {
    let mut out: Vec<Directory> = Vec::new();
    for way in ways(source)? {
        if out
            .iter()
            .any(|known| known.range.start == way.start && known.shift == way.shift)
        {
            continue;
        }
        out.push(read(source, way, most)?);
    }
    Ok(out)
}

/// Says whether a name that `wanted` accepts stands in a directory, reading no further than needed.
pub(super) fn any_name(
    source: &dyn ReadAt,
    most: u64,
    wanted: &mut dyn FnMut(&[u8]) -> bool,
) -> Result<bool, SourceError> {
    for way in ways(source)? {
        let mut found = false;
        walk(source, way.start, most, &mut |entry| {
            found = wanted(&entry.common.name);
            !found
        })?;
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Says whether some end record leads to a directory.
pub(super) fn exists(source: &dyn ReadAt) -> Result<bool, SourceError> {
    Ok(!ways(source)?.is_empty())
}

fn ways(source: &dyn ReadAt) -> Result<Vec<Way>, SourceError> {
    let size = source.size();
    let tail_start = size.saturating_sub(TAIL_BYTES);
    let tail = read_range(source, tail_start..size, TAIL_BYTES)?;
    // Forwards, which is many times as fast as backwards; the last records are the ones that are wanted.
    let mut records: Vec<usize> = memmem::find_iter(&tail, END)
        .filter(|at| size_u64(tail.len().saturating_sub(*at)) >= END_BYTES)
        .collect();
    records.reverse();
    records.truncate(END_RECORDS);
    // A record without comment at the very end wins in Python even where another one follows inside it.
    let last = size_usize(size.saturating_sub(END_BYTES).saturating_sub(tail_start));
    if let Some(position) = records.iter().position(|at| *at == last)
        && u16_at(&tail, last.saturating_add(20)) == 0
    {
        let record = records.remove(position);
        records.insert(0, record);
    }
    let mut out = Vec::new();
    for at in records {
        let record = tail.get(at..).unwrap_or_default();
        ways_from(source, tail_start.saturating_add(size_u64(at)), record, &mut out)?;
    }
    Ok(out)
}

/// Adds the ways from one end record: by its ZIP64 record as Python finds it, as others find it, and by its own fields;
/// each counted back from the record, and from the start of the file.
fn ways_from(source: &dyn ReadAt, at: u64, record: &[u8], out: &mut Vec<Way>) -> Result<(), SourceError> {
    let comment = u64::from(u16_at(record, 20));
    let declared_end = at.saturating_add(END_BYTES).saturating_add(comment);
    let end = declared_end.min(source.size());
    let mut found: Vec<(u64, u64, u64, u64, bool)> = Vec::new();
    let mut anchor = at;
    if let Some(locator_at) = at.checked_sub(LOCATOR64_BYTES) {
        let locator = read_range(source, locator_at..at, LOCATOR64_BYTES)?;
        if locator.starts_with(LOCATOR64) {
            let places = [locator_at.checked_sub(END64_BYTES), Some(u64_at(&locator, 8))];
            for place in places.into_iter().flatten() {
                let bytes = read_range(source, place..place.saturating_add(END64_BYTES), END64_BYTES)?;
                if bytes.starts_with(END64) && size_u64(bytes.len()) == END64_BYTES {
                    anchor = anchor.min(place);
                    found.push((
                        place,
                        u64_at(&bytes, 32),
                        u64_at(&bytes, 40),
                        u64_at(&bytes, 48),
                        true,
                    ));
                }
            }
        }
    }
    let entries = u64::from(u16_at(record, 10));
    let (bytes, offset) = (u64::from(u32_at(record, 12)), u64::from(u32_at(record, 16)));
    let open = u64::from(u32::MAX);
    if found.is_empty() || (bytes != open && offset != open) {
        found.push((anchor, entries, bytes, offset, false));
    }
    for (anchor, entries, bytes, offset, zip64) in found {
        let back = anchor.checked_sub(bytes);
        let places = [
            back.map(|start| (start, start.saturating_sub(offset))),
            Some((offset, 0)),
        ];
        for (start, shift) in places.into_iter().flatten() {
            let signature = read_range(source, start..start.saturating_add(4), 4)?;
            // An empty archive is an end record alone; elsewhere four bytes are no archive.
            let empty = entries == 0 && bytes == 0 && start == anchor && end == source.size();
            if empty || signature == CENTRAL {
                out.push(Way {
                    start,
                    shift,
                    entries,
                    bytes,
                    anchor,
                    end_record: at..end,
                    comment_missing: declared_end.saturating_sub(end),
                    zip64,
                });
            }
        }
    }
    Ok(())
}

/// Reads entries for as long as there are any, whatever the end record says of their number.
fn read(source: &dyn ReadAt, way: Way, most: u64) -> Result<Directory, SourceError> {
    let mut entries = Vec::new();
    let walked = walk(source, way.start, most, &mut |entry| {
        entries.push(entry);
        true
    })?;
    Ok(Directory {
        range: way.start..walked.end,
        shift: way.shift,
        entries,
        end_record: way.end_record,
        comment_missing: way.comment_missing,
        anchor: way.anchor,
        declared_entries: way.entries,
        declared_bytes: way.bytes,
        zip64: way.zip64,
        truncated: walked.truncated,
        capped: walked.capped,
    })
}

/// Where a walk over entries ended, and why.
#[derive(Debug)]
pub(super) struct Walked {
    pub(super) end: u64,
    pub(super) truncated: bool,
    pub(super) capped: bool,
}

/// Calls `each` with every entry from `start` on until it answers `false`.
pub(super) fn walk(
    source: &dyn ReadAt,
    start: u64,
    most: u64,
    each: &mut dyn FnMut(Central) -> bool,
) -> Result<Walked, SourceError> {
    let mut cursor = Cursor::new(source, start..source.size());
    let mut count = 0_u64;
    loop {
        let at = cursor.position();
        let mut walked = Walked {
            end: at,
            truncated: false,
            capped: false,
        };
        match next(&mut cursor) {
            Ok(None) => return Ok(walked),
            Ok(Some(_)) if count >= most => {
                walked.capped = true;
                return Ok(walked);
            }
            Ok(Some(entry)) => {
                count = count.saturating_add(1);
                if !each(entry) {
                    return Ok(walked);
                }
            }
            Err(ReadError::Source(error)) => return Err(error),
            Err(ReadError::Truncated { .. }) => {
                walked.truncated = true;
                return Ok(walked);
            }
        }
    }
}

fn next(cursor: &mut Cursor<'_>) -> Result<Option<Central>, ReadError> {
    if cursor.remaining() < 4 || cursor.peek(4)? != CENTRAL {
        return Ok(None);
    }
    let start = cursor.position();
    let fixed: [u8; CENTRAL_BYTES] = cursor.array()?;
    let lengths = [28, 30, 32].map(|at| usize::from(u16_at(&fixed, at)));
    let rest = cursor.take(lengths.iter().sum())?;
    Ok(Some(Central::decode(start, &fixed, &rest)))
}
