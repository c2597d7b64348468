//! Finds local headers without a central directory: in whole files that have none, and in the gaps between listed entries.

use std::ops::Range;

use memchr::memmem;

use super::records::{CENTRAL, Common, DESCRIPTOR, FLAG_DESCRIPTOR, LOCAL, LOCAL_BYTES, Local};
use crate::{
    bytes::{ReadAt, SourceError, read_range, size_u64},
    notes::{u32_at, u64_at},
};

/// Bytes searched at a time, first and later, and how many of them are searched again so that nothing is lost between two.
const FIRST_PIECE_BYTES: u64 = 1024;
const PIECE_BYTES: u64 = 256 * 1024;
const PIECE_OVERLAP: u64 = 24;

/// One entry found by its local header.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) local: Local,
    pub(super) data: Range<u64>,
    /// Where the next header may stand: behind the data and its descriptor.
    pub(super) end: u64,
    /// Its data ends where the input ends, without proof that this is all.
    pub(super) open_end: bool,
}

/// What a walk found and how it ended.
#[derive(Debug, Default)]
pub(super) struct Walked {
    pub(super) found: Vec<Found>,
    /// Ranges that hold neither headers nor their data.
    pub(super) unknown: Vec<Range<u64>>,
    /// Behind the last entry.
    pub(super) end: u64,
    /// The budget or the number of entries ended it.
    pub(super) capped: bool,
}

/// Walks over local headers in `range`; `budget` bounds the bytes searched.
pub(super) fn walk(
    source: &dyn ReadAt,
    range: Range<u64>,
    most: u64,
    budget: &mut u64,
) -> Result<Walked, SourceError> {
    let mut out = Walked {
        end: range.start,
        ..Walked::default()
    };
    let mut position = range.start;
    while position.saturating_add(LOCAL_BYTES) <= range.end {
        if size_u64(out.found.len()) >= most || *budget == 0 {
            out.capped = true;
            break;
        }
        let Some(header) = Local::read(source, position)? else {
            let rest = position..range.end;
            let Some(next) = search(source, rest, budget, &mut find_header)? else {
                out.capped = *budget == 0;
                break;
            };
            out.unknown.push(position..next);
            position = next;
            continue;
        };
        let found = extent(source, header, range.end, budget)?;
        position = found.end.max(position.saturating_add(LOCAL_BYTES));
        out.end = position;
        out.found.push(found);
    }
    if position < range.end {
        out.unknown.push(position..range.end);
    }
    Ok(out)
}

fn find_header(at: u64, bytes: &[u8]) -> Option<u64> {
    memmem::find(bytes, LOCAL).map(|index| at.saturating_add(size_u64(index)))
}

/// Determines where the data of `local` ends.
fn extent(source: &dyn ReadAt, local: Local, limit: u64, budget: &mut u64) -> Result<Found, SourceError> {
    let start = local.range.end.min(limit);
    let declared = local.common.compressed_bytes;
    let streamed = local.common.flags & FLAG_DESCRIPTOR != 0;
    if !streamed || (declared != 0 && declared != u64::from(u32::MAX)) {
        let data_end = start.saturating_add(declared).min(limit);
        let end = if streamed {
            data_end.saturating_add(descriptor_bytes(source, data_end, &local.common)?)
        } else {
            data_end
        };
        return Ok(Found {
            data: start..data_end,
            end: end.min(limit),
            open_end: data_end < start.saturating_add(declared),
            local,
        });
    }
    // The size stands behind the data: look for a descriptor whose size is the distance.
    let mut length = None;
    search(source, start..limit, budget, &mut |at, bytes| {
        memmem::find_iter(bytes, b"PK").find_map(|index| {
            let here = at.saturating_add(size_u64(index));
            let distance = here.checked_sub(start)?;
            let (data, end) = descriptor_at(bytes, index, distance)?;
            length = Some((data, end));
            Some(here)
        })
    })?;
    let (data_end, end, open_end) = match length {
        Some((data, end)) => (start.saturating_add(data), start.saturating_add(end), false),
        None => (limit, limit, true),
    };
    Ok(Found {
        data: start..data_end,
        end,
        open_end,
        local,
    })
}

/// Recognises, at a `PK` that stands `distance` bytes behind the start of the data, a descriptor, or the header that
/// follows a descriptor without signature (4.3.9). Returns the length of the data, and that with the descriptor.
fn descriptor_at(bytes: &[u8], index: usize, distance: u64) -> Option<(u64, u64)> {
    let here = bytes.get(index..)?;
    if here.starts_with(DESCRIPTOR) {
        let wide = here.len() >= 24 && u64_at(here, 8) == distance;
        let narrow = here.len() >= 16 && u64::from(u32_at(here, 8)) == distance;
        // The narrow form wins where both fit: after it a record of the archive must follow.
        let followed = here.get(16..18).is_none_or(|next| next == b"PK");
        if narrow && (followed || !wide) {
            return Some((distance, distance.saturating_add(16)));
        }
        return wide.then(|| (distance, distance.saturating_add(24)));
    }
    if here.starts_with(LOCAL) || here.starts_with(CENTRAL) {
        let narrow = index.checked_sub(12).and_then(|at| bytes.get(at..index));
        if let (Some(fields), Some(data)) = (narrow, distance.checked_sub(12))
            && u64::from(u32_at(fields, 4)) == data
        {
            return Some((data, distance));
        }
        let wide = index.checked_sub(20).and_then(|at| bytes.get(at..index));
        if let (Some(fields), Some(data)) = (wide, distance.checked_sub(20))
            && u64_at(fields, 4) == data
        {
            return Some((data, distance));
        }
    }
    None
}

/// Returns the length of the descriptor at `offset` behind data with the given checksum and sizes, 0 where there is none.
pub(super) fn descriptor_bytes(
    source: &dyn ReadAt,
    offset: u64,
    common: &Common,
) -> Result<u64, SourceError> {
    let bytes = read_range(source, offset..offset.saturating_add(24), 24)?;
    let signed = bytes.starts_with(DESCRIPTOR);
    let fields = if signed { 4 } else { 0 };
    let sizes = bytes.get(fields..).unwrap_or_default();
    let (compressed, uncompressed) = (common.compressed_bytes, common.uncompressed_bytes);
    let wide = u64_at(sizes, 4) == compressed && u64_at(sizes, 12) == uncompressed && sizes.len() >= 20;
    let narrow = u64::from(u32_at(sizes, 4)) == compressed && u64::from(u32_at(sizes, 8)) == uncompressed;
    // An empty entry fits both; behind the narrow form another record follows.
    let followed = sizes.get(12..14).is_none_or(|next| next == b"PK");
    let checked = signed || u32_at(sizes, 0) == common.crc32;
    let length = match (narrow && sizes.len() >= 12, wide) {
        (true, true) if !followed => 20,
        (true, _) => 12,
        (false, true) => 20,
        (false, false) if signed => 12,
        (false, false) => return Ok(0),
    };
    Ok(if checked {
        size_u64(fields).saturating_add(length)
    } else {
        0
    })
}

/// Gives pieces of `range` to `find` with the offset of each, until it finds something.
fn search(
    source: &dyn ReadAt,
    range: Range<u64>,
    budget: &mut u64,
    find: &mut dyn FnMut(u64, &[u8]) -> Option<u64>,
) -> Result<Option<u64>, SourceError> {
    let mut at = range.start;
    let mut piece = FIRST_PIECE_BYTES;
    while at < range.end && *budget > 0 {
        let bytes = read_range(source, at..range.end, piece)?;
        piece = piece.saturating_mul(4).min(PIECE_BYTES);
        if let Some(found) = find(at, &bytes) {
            *budget = budget.saturating_sub(found.saturating_sub(at));
            return Ok(Some(found));
        }
        let read = size_u64(bytes.len());
        *budget = budget.saturating_sub(read);
        if read <= PIECE_OVERLAP || at.saturating_add(read) >= range.end {
            break;
        }
        at = at.saturating_add(read).saturating_sub(PIECE_OVERLAP);
    }
    Ok(None)
}
