//! Looks at the first bytes of a region that holds nothing but numbers, for what is no number.

use std::{io, ops::Range};

use crate::{
    HEAD_BYTES, Member, Payload, Probe, Role, Score,
    bytes::{ReadAt, SourceError, read_range, size_usize},
    executable, pickle,
};

/// Smallest archive that is worth opening; shorter bytes with its signature are numbers.
const ARCHIVE_BYTES: u64 = 64;

/// Shows a range of a borrowed source as a source of its own.
#[derive(Debug)]
struct Within<'a> {
    source: &'a dyn ReadAt,
    range: Range<u64>,
}

impl ReadAt for Within<'_> {
    fn size(&self) -> u64 {
        self.range.end.saturating_sub(self.range.start)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let length = size_usize(self.size().saturating_sub(offset)).min(buffer.len());
        match buffer.get_mut(..length) {
            Some(target) if length > 0 => self
                .source
                .read_at(self.range.start.saturating_add(offset), target),
            _ => Ok(0),
        }
    }
}

/// Makes the region `[data]` a member where it begins like a program, an archive or a pickle; numbers that are only like one
/// in their first bytes are left alone.
pub fn disguised(source: &dyn ReadAt, range: &Range<u64>) -> Result<Option<Member>, SourceError> {
    let range = range.start..range.end.min(source.size());
    if range.end.saturating_sub(range.start) < 32 {
        return Ok(None);
    }
    let head = read_range(source, range.clone(), HEAD_BYTES)?;
    let within = Within {
        source,
        range: range.clone(),
    };
    let probe = Probe {
        head: &head,
        tail: &[],
        size: within.size(),
        source: &within,
    };
    // Scripts are told by their first line.
    let script = head.starts_with(b"#!/") && head.iter().take(64).any(|byte| *byte == b'\n');
    let found = script
        || executable::probe(&probe).is_some()
        || is_archive(&head, within.size())
        || (head.first() == Some(&0x80) && pickle::probe(&probe) >= Some(Score::Certain));
    Ok(found.then(|| Member {
        name: "[data]".to_owned(),
        payload: Payload::Section(range),
        role: Role::RawData,
    }))
}

/// Knows archives by more than four bytes of signature.
fn is_archive(head: &[u8], size: u64) -> bool {
    let zip = matches!(
        head,
        [
            b'P',
            b'K',
            3,
            4,
            0..=63,
            0..=3,
            _,
            0..=15,
            0 | 8 | 9 | 12 | 14 | 93 | 95,
            0,
            ..
        ]
    );
    let tar = head.get(257..262) == Some(b"ustar");
    let seven = head.starts_with(b"7z\xbc\xaf\x27\x1c\0");
    let rar = head.starts_with(b"Rar!\x1a\x07");
    let xz = head.starts_with(b"\xfd7zXZ\0\0");
    let gzip = matches!(
        head,
        [0x1f, 0x8b, 8, 0..=31, _, _, _, _, 0 | 2 | 4, 0..=13 | 255, ..]
    );
    size >= ARCHIVE_BYTES && (zip || tar || seven || rar || xz || gzip)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_begins_like_something_is_a_member() {
        let mut elf = b"\x7fELF\x02\x01\x01".to_vec();
        elf.resize(96, 0);
        let numbers = vec![0x3f_u8; 96];
        let magic = [&b"PK\x03\x04"[..], &[0x3f; 96]].concat();
        let script = [&b"#!/bin/sh\nid\n"[..], &[0; 96]].concat();
        for (bytes, found) in [(elf, true), (numbers, false), (magic, false), (script, true)] {
            let member = disguised(&bytes, &(0..bytes.size())).unwrap();
            assert_eq!(member.is_some(), found, "{bytes:?}");
        }
    }
}
