//! Object headers of versions 1 and 2, and the messages that are used here.

use super::{
    file::{File, Slice},
    rules::{BROKEN, CYCLE, SHARED, WORK},
    types::{Datatype, dataspace, datatype},
};
use crate::bytes::{size_u64, size_usize};

/// LIMIT: messages of one object that are read; the library itself keeps some hundreds before it moves them elsewhere.
const MESSAGES: usize = 65_536;
/// LIMIT: bytes of one piece of a header.
const PIECE_BYTES: u64 = 4 << 20;

/// Numbers of messages.
pub(super) mod kind {
    pub(crate) const DATASPACE: u16 = 0x01;
    pub(crate) const LINK_INFO: u16 = 0x02;
    pub(crate) const DATATYPE: u16 = 0x03;
    pub(crate) const LINK: u16 = 0x06;
    pub(crate) const EXTERNAL: u16 = 0x07;
    pub(crate) const LAYOUT: u16 = 0x08;
    pub(crate) const FILTERS: u16 = 0x0b;
    pub(crate) const ATTRIBUTE: u16 = 0x0c;
    pub(crate) const CONTINUATION: u16 = 0x10;
    pub(crate) const SYMBOLS: u16 = 0x11;
    pub(crate) const ATTRIBUTE_INFO: u16 = 0x15;
}

/// Holds one message of an object header.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) kind: u16,
    pub(super) data: Vec<u8>,
    /// Where its bytes stand, as an address.
    pub(super) at: u64,
}

/// Holds an attribute before its value is resolved.
#[derive(Debug)]
pub(super) struct RawAttribute {
    pub(super) name: String,
    pub(super) datatype: Datatype,
    /// No elements at all where this is `None`.
    pub(super) shape: Option<Vec<u64>>,
    pub(super) data: Vec<u8>,
}

impl File<'_> {
    /// Reads the messages of the object at `address`; those kept elsewhere are fetched where that is one step away.
    pub(super) fn messages(&mut self, address: u64) -> Vec<Message> {
        let mut messages = Vec::new();
        let read = self.header(address, &mut messages);
        if read.is_none() && self.failed.is_none() {
            self.note(&BROKEN, address, 4, "object header");
        }
        messages
    }

    fn header(&mut self, address: u64, messages: &mut Vec<Message>) -> Option<()> {
        let start = self.read_some(address, 34)?;
        let mut slice = Slice::new(&start);
        let mut pieces: Vec<(u64, u64)> = Vec::new();
        let (second, tracked);
        if start.starts_with(b"OHDR") {
            slice.skip(4)?;
            if slice.u8()? != 2 {
                return None;
            }
            let flags = slice.u8()?;
            if flags & 0x20 != 0 {
                slice.skip(16)?;
            }
            if flags & 0x10 != 0 {
                slice.skip(4)?;
            }
            let size = slice.number(1 << (flags & 3))?;
            let used = size_u64(start.len().saturating_sub(slice.rest().len()));
            pieces.push((address.checked_add(used)?, size));
            (second, tracked) = (true, flags & 4 != 0);
        } else {
            if slice.u8()? != 1 {
                return None;
            }
            // The library reads every message of a piece, whatever their number is said to be.
            slice.skip(7)?;
            let size = slice.u32()?;
            pieces.push((address.checked_add(16)?, size));
            (second, tracked) = (false, false);
        }
        let mut left = MESSAGES;
        let mut next = 0_usize;
        while let Some((at, size)) = pieces.get(next).copied() {
            next = next.saturating_add(1);
            if size > PIECE_BYTES {
                self.note(&WORK, at, size, "object header");
                continue;
            }
            let Some(bytes) = self.read(at, size) else {
                continue;
            };
            let mut slice = Slice::new(&bytes);
            if second && next > 1 {
                if slice.take(4) != Some(b"OCHK") {
                    self.note(&BROKEN, at, 4, "continuation");
                    continue;
                }
                // Its checksum.
                let inside = slice.rest().len().saturating_sub(4);
                slice = Slice::new(slice.take(inside)?);
            }
            while !slice.rest().is_empty() {
                if left == 0 {
                    self.note(&WORK, at, size, "messages");
                    return Some(());
                }
                left = left.saturating_sub(1);
                // A gap shorter than the start of a message may stand at the end of a piece of version 2.
                if second && slice.rest().len() < start_bytes(tracked) {
                    break;
                }
                let Some((found, flags, data)) = message(&mut slice, second, tracked) else {
                    self.note(&BROKEN, at, size, "message");
                    break;
                };
                if !second && !data.len().is_multiple_of(8) {
                    self.note(&BROKEN, at, size, "length of a message");
                }
                let after = size_u64(slice.rest().len().saturating_add(data.len()));
                let place = at.saturating_add(size_u64(bytes.len()).saturating_sub(after));
                if found == kind::CONTINUATION {
                    let mut inner = Slice::new(data);
                    if let (Some(to), Some(length)) = (self.address(&mut inner), self.length(&mut inner)) {
                        if pieces.iter().any(|(known, _)| *known == to) || pieces.len() >= MESSAGES {
                            self.violation(&CYCLE, place, 16, "object header");
                        } else {
                            pieces.push((to, length));
                        }
                    }
                    continue;
                }
                let data = if flags & 2 == 0 {
                    data.to_vec()
                } else {
                    match self.shared(data, found) {
                        Some(data) => data,
                        None => continue,
                    }
                };
                messages.push(Message {
                    kind: found,
                    data,
                    at: place,
                });
            }
        }
        Some(())
    }

    /// Fetches a message that is kept in another object; what lies in the shared heap is not read, and noted.
    fn shared(&mut self, data: &[u8], wanted: u16) -> Option<Vec<u8>> {
        let mut slice = Slice::new(data);
        let version = slice.u8()?;
        let held = slice.u8()?;
        if version == 1 {
            slice.skip(6)?;
        }
        if version == 3 && held == 1 {
            self.note(&SHARED, 0, 8, "");
            return None;
        }
        let address = self.address(&mut slice)?;
        self.committed(address, wanted)
    }

    /// Reads one message of the object at `address`, without following it further.
    fn committed(&mut self, address: u64, wanted: u16) -> Option<Vec<u8>> {
        let start = self.read_some(address, 34)?;
        let mut slice = Slice::new(&start);
        let (second, tracked, at, size);
        if start.starts_with(b"OHDR") {
            slice.skip(5)?;
            let flags = slice.u8()?;
            slice.skip(if flags & 0x20 == 0 { 0 } else { 16 })?;
            slice.skip(if flags & 0x10 == 0 { 0 } else { 4 })?;
            size = slice.number(1 << (flags & 3))?;
            at = address.checked_add(size_u64(start.len().saturating_sub(slice.rest().len())))?;
            (second, tracked) = (true, flags & 4 != 0);
        } else {
            slice.skip(8)?;
            size = slice.u32()?;
            at = address.checked_add(16)?;
            (second, tracked) = (false, false);
        }
        let bytes = self.read(at, size.min(PIECE_BYTES))?;
        let mut slice = Slice::new(&bytes);
        while let Some((found, flags, data)) = message(&mut slice, second, tracked) {
            if found == wanted && flags & 2 == 0 {
                return Some(data.to_vec());
            }
        }
        self.note(&BROKEN, address, 16, "shared message");
        None
    }

    /// Reads an attribute message (section IV.A.2.m).
    pub(super) fn attribute(&mut self, bytes: &[u8]) -> Option<RawAttribute> {
        let mut slice = Slice::new(bytes);
        let version = slice.u8()?;
        let flags = slice.u8()?;
        let name_bytes = slice.u16()?;
        let type_bytes = slice.u16()?;
        let space_bytes = slice.u16()?;
        match version {
            1 | 2 => {}
            3 => slice.skip(1)?,
            _ => return None,
        }
        let padded = |length: usize| {
            if version == 1 {
                length.checked_next_multiple_of(8)
            } else {
                Some(length)
            }
        };
        let name = slice.take(padded(name_bytes)?)?;
        let name = String::from_utf8_lossy(Slice::new(name).until_zero()).into_owned();
        let kind_of = slice.take(padded(type_bytes)?)?;
        let space = slice.take(padded(space_bytes)?)?;
        let shared = version > 1;
        let kind_of = if shared && flags & 1 != 0 {
            self.shared(kind_of, kind::DATATYPE)?
        } else {
            kind_of.to_vec()
        };
        let space = if shared && flags & 2 != 0 {
            self.shared(space, kind::DATASPACE)?
        } else {
            space.to_vec()
        };
        Some(RawAttribute {
            name,
            datatype: datatype(&kind_of)?,
            shape: dataspace(self, &space)?.shape,
            data: slice.rest().to_vec(),
        })
    }

    /// Returns the value's elements as bytes where they may be those of a file or text, and whether that is all of them.
    pub(super) fn elements(
        &mut self,
        datatype: &Datatype,
        shape: Option<&[u64]>,
        data: &[u8],
        most: usize,
    ) -> (Vec<Vec<u8>>, bool) {
        let Some(shape) = shape else {
            return (Vec::new(), true);
        };
        let count = shape
            .iter()
            .try_fold(1_u64, |sum, size| sum.checked_mul(*size))
            .unwrap_or(u64::MAX);
        let mut list = Vec::new();
        if datatype.is_bytes() {
            // Numbers of one byte are bytes together, texts are one value each.
            let size = size_usize(datatype.bytes).max(1);
            if size == 1 {
                list.push(data.to_vec());
                return (list, true);
            }
            let mut pieces = data.chunks(size);
            list.extend(pieces.by_ref().take(most).map(<[u8]>::to_vec));
            return (list, pieces.next().is_none());
        }
        if !datatype.is_heap_bytes() {
            // Numbers, one after the other, may be the bytes of a file too.
            list.push(data.to_vec());
            return (list, true);
        }
        let mut slice = Slice::new(data);
        let fits = usize::try_from(count).unwrap_or(usize::MAX);
        for _ in 0..fits.min(most) {
            let (Some(length), Some(address), Some(index)) =
                (slice.u32(), self.address(&mut slice), slice.u32())
            else {
                break;
            };
            if length == 0 || address == 0 || self.is_none(address) {
                continue;
            }
            if let Some(mut bytes) = self.heap_object(address, index) {
                bytes.truncate(size_usize(length));
                list.push(bytes);
            }
        }
        (list, fits <= most)
    }
}

/// Returns how many bytes stand before the content of a message of version 2.
const fn start_bytes(tracked: bool) -> usize {
    if tracked { 6 } else { 4 }
}

/// Takes one message off a piece: its number, flags and bytes.
fn message<'b>(slice: &mut Slice<'b>, second: bool, tracked: bool) -> Option<(u16, u8, &'b [u8])> {
    let (found, size, flags);
    if second {
        found = u16::from(slice.u8()?);
        size = slice.u16()?;
        flags = slice.u8()?;
        if tracked {
            slice.skip(2)?;
        }
    } else {
        found = u16::try_from(slice.u16()?).ok()?;
        size = slice.u16()?;
        flags = slice.u8()?;
        slice.skip(3)?;
    }
    Some((found, flags, slice.take(size)?))
}
