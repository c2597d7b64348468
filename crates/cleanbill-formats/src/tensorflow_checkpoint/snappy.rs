//! Snappy, the raw format: "Snappy compressed format description" of 2011.

use super::table::varint;
use crate::bytes::size_usize;

/// Decodes `bytes`; `None` where they are damaged or become more than `most` bytes.
pub(super) fn decode(mut bytes: &[u8], most: usize) -> Option<Vec<u8>> {
    let length = size_usize(varint(&mut bytes)?);
    if length > most {
        return None;
    }
    let mut out = Vec::new();
    while let Some((&tag, rest)) = bytes.split_first() {
        bytes = rest;
        let upper = usize::from(tag >> 2);
        match tag & 3 {
            0 => {
                let count = match upper {
                    0..=59 => upper,
                    _ => number(&mut bytes, upper.checked_sub(59)?)?,
                };
                let (literal, rest) = bytes.split_at_checked(count.checked_add(1)?)?;
                out.extend_from_slice(literal);
                bytes = rest;
            }
            1 => {
                let low = number(&mut bytes, 1)?;
                let offset = (usize::from(tag >> 5) << 8) | low;
                copy(&mut out, offset, (upper & 7).checked_add(4)?)?;
            }
            wide => {
                let offset = number(&mut bytes, if wide == 2 { 2 } else { 4 })?;
                copy(&mut out, offset, upper.checked_add(1)?)?;
            }
        }
        if out.len() > length {
            return None;
        }
    }
    (out.len() == length).then_some(out)
}

/// Takes a little-endian number of one to four bytes.
fn number(bytes: &mut &[u8], width: usize) -> Option<usize> {
    let (taken, rest) = bytes.split_at_checked(width)?;
    *bytes = rest;
    let value = taken
        .iter()
        .rev()
        .fold(0_u64, |value, byte| (value << 8) | u64::from(*byte));
    usize::try_from(value).ok()
}

/// Repeats `count` bytes that stand `offset` bytes back; they may run into what they write.
fn copy(out: &mut Vec<u8>, offset: usize, count: usize) -> Option<()> {
    if offset == 0 {
        return None;
    }
    for _ in 0..count {
        let byte = *out.get(out.len().checked_sub(offset)?)?;
        out.push(byte);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_and_copies_are_joined() {
        // "abcd", then eight bytes from four back, then "!" as a literal with a length of its own.
        let bytes = b"\x0d\x0cabcd\x11\x04\xf0\x00!";
        assert_eq!(decode(bytes, 100).unwrap(), b"abcdabcdabcd!");
        assert_eq!(decode(bytes, 12), None);
        for end in 0..bytes.len() {
            assert_eq!(decode(&bytes[..end], 100), None, "{end}");
        }
        assert_eq!(decode(b"\x04\x0e\x09\x00", 100), None);
    }
}
