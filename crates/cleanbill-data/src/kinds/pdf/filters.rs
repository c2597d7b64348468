//! Filters of streams (ISO 32000-2, 7.4): those of bytes; those of pictures are left alone.

use std::io::Read as _;

use super::objects::Value;
use crate::{input::count, limits::HELD_BYTES};

/// Unpacks a stream, up to `limit` bytes; nothing where a filter is not known, the bytes are broken from the start, or there are more.
pub(super) fn unpack(raw: &[u8], filters: &[(Vec<u8>, Value)], limit: usize) -> Option<Vec<u8>> {
    let limit = limit.min(HELD_BYTES);
    let mut bytes = raw.to_vec();
    for (name, parameters) in filters.iter().take(8) {
        bytes = match name.as_slice() {
            b"FlateDecode" | b"Fl" => predicted(inflate(&bytes, limit)?, parameters),
            b"LZWDecode" | b"LZW" => predicted(lzw(&bytes, parameters, limit)?, parameters),
            b"ASCIIHexDecode" | b"AHx" => hexadecimal(&bytes),
            b"ASCII85Decode" | b"A85" => ascii_85(&bytes),
            b"RunLengthDecode" | b"RL" => run_length(&bytes, limit)?,
            b"Crypt" => bytes,
            _ => return None,
        };
    }
    (bytes.len() <= limit).then_some(bytes)
}

/// Unpacks as much as can be unpacked: what stands before a break is text as well.
fn inflate(bytes: &[u8], limit: usize) -> Option<Vec<u8>> {
    let mut unpacked = Vec::new();
    let bound = count(limit).saturating_add(1);
    let result = flate2::read::ZlibDecoder::new(bytes)
        .take(bound)
        .read_to_end(&mut unpacked);
    if result.is_err() && unpacked.is_empty() {
        // A stream without its header.
        let _ = flate2::read::DeflateDecoder::new(bytes.get(2..)?)
            .take(bound)
            .read_to_end(&mut unpacked);
        if unpacked.is_empty() {
            return None;
        }
    }
    (unpacked.len() <= limit).then_some(unpacked)
}

fn lzw(bytes: &[u8], parameters: &Value, limit: usize) -> Option<Vec<u8>> {
    let early = parameters
        .entry("EarlyChange")
        .and_then(Value::whole)
        .unwrap_or(1)
        .min(1);
    let mut out: Vec<u8> = Vec::new();
    // Where each entry of the table begins in the output, and how long it is.
    let mut table: Vec<(usize, usize)> = Vec::new();
    let mut before: Option<(usize, usize)> = None;
    let (mut held, mut bits, mut width) = (0_u32, 0_u32, 9_u32);
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        bits = bits.saturating_add(8);
        if bits < width {
            continue;
        }
        bits = bits.saturating_sub(width);
        let code = usize::try_from(held >> bits).unwrap_or(0);
        held &= !(u32::MAX << bits);
        match code {
            256 => {
                table.clear();
                before = None;
                width = 9;
                continue;
            }
            257 => break,
            _ => {}
        }
        let start = out.len();
        if code < 256 {
            out.push(u8::try_from(code).unwrap_or(0));
        } else {
            let entry = table.get(code.saturating_sub(258)).copied();
            // The entry that is being made is the last one and its first byte.
            let (from, length) =
                entry.or_else(|| before.map(|(from, length)| (from, length.saturating_add(1))))?;
            for place in from..from.saturating_add(length) {
                let byte = out.get(place).copied()?;
                out.push(byte);
            }
        }
        if let Some((from, length)) = before
            && table.len() < 3_838
        {
            table.push((from, length.saturating_add(1)));
        }
        before = Some((start, out.len().saturating_sub(start)));
        let next = table
            .len()
            .saturating_add(258)
            .saturating_add(early)
            .saturating_add(usize::from(table.len() < 3_838));
        width = match next {
            0..512 => 9,
            512..1_024 => 10,
            1_024..2_048 => 11,
            _ => 12,
        };
        if out.len() > limit {
            return None;
        }
    }
    Some(out)
}

pub(super) fn hexadecimal(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() >> 1);
    let mut first = None;
    for byte in text {
        let Some(digit) = char::from(*byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
        else {
            if *byte == b'>' {
                break;
            }
            continue;
        };
        match first.take() {
            Some(high) => bytes.push(high << 4 | digit),
            None => first = Some(digit),
        }
    }
    bytes.extend(first.map(|high: u8| high << 4));
    bytes
}

fn ascii_85(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut value, mut digits) = (0_u32, 0_usize);
    for byte in text {
        match byte {
            b'z' if digits == 0 => bytes.extend([0; 4]),
            b'!'..=b'u' => {
                value = value
                    .wrapping_mul(85)
                    .wrapping_add(u32::from(byte.wrapping_sub(b'!')));
                digits = digits.saturating_add(1);
                if digits == 5 {
                    bytes.extend(value.to_be_bytes());
                    (value, digits) = (0, 0);
                }
            }
            b'~' => break,
            _ => {}
        }
    }
    if digits > 1 {
        for _ in digits..5 {
            value = value.wrapping_mul(85).wrapping_add(84);
        }
        bytes.extend(value.to_be_bytes().into_iter().take(digits.saturating_sub(1)));
    }
    bytes
}

fn run_length(bytes: &[u8], limit: usize) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut at = 0_usize;
    while let Some(length) = bytes.get(at) {
        at = at.saturating_add(1);
        match length {
            128 => break,
            0..=127 => {
                let end = at
                    .saturating_add(usize::from(*length))
                    .saturating_add(1)
                    .min(bytes.len());
                out.extend_from_slice(bytes.get(at..end).unwrap_or_default());
                at = end;
            }
            _ => {
                let times = 257_usize.saturating_sub(usize::from(*length));
                let byte = bytes.get(at).copied().unwrap_or(0);
                out.extend(std::iter::repeat_n(byte, times));
                at = at.saturating_add(1);
            }
        }
        if out.len() > limit {
            return None;
        }
    }
    Some(out)
}

/// Takes back what a predictor of PNG did to rows.
fn predicted(bytes: Vec<u8>, parameters: &Value) -> Vec<u8> {
    let entry = |name: &str, usual: usize| parameters.entry(name).and_then(Value::whole).unwrap_or(usual);
    if entry("Predictor", 1) < 10 {
        return bytes;
    }
    let bits = entry("Colors", 1)
        .min(64)
        .saturating_mul(entry("BitsPerComponent", 8).min(64));
    let pixel = bits.div_ceil(8).max(1);
    let row = bits
        .saturating_mul(entry("Columns", 1).min(1 << 24))
        .div_ceil(8)
        .max(1);
    let mut out = Vec::with_capacity(bytes.len());
    let mut above = vec![0_u8; row];
    for line in bytes.chunks(row.saturating_add(1)) {
        let Some((kind, line)) = line.split_first() else {
            break;
        };
        let mut current = vec![0_u8; row];
        for (place, byte) in line.iter().enumerate() {
            let left = place
                .checked_sub(pixel)
                .and_then(|place| current.get(place))
                .copied()
                .unwrap_or(0);
            let up = above.get(place).copied().unwrap_or(0);
            let corner = place
                .checked_sub(pixel)
                .and_then(|place| above.get(place))
                .copied()
                .unwrap_or(0);
            let guess = match kind {
                1 => left,
                2 => up,
                3 => u8::midpoint(left, up),
                4 => paeth(left, up, corner),
                _ => 0,
            };
            if let Some(target) = current.get_mut(place) {
                *target = byte.wrapping_add(guess);
            }
        }
        out.extend_from_slice(current.get(..line.len()).unwrap_or_default());
        above = current;
    }
    out
}

fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let (a, b, c) = (i16::from(left), i16::from(up), i16::from(corner));
    let guess = a.saturating_add(b).saturating_sub(c);
    let far = |one: i16| guess.abs_diff(one);
    if far(a) <= far(b) && far(a) <= far(c) {
        left
    } else if far(b) <= far(c) {
        up
    } else {
        corner
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_unpack_what_the_standard_shows() {
        let name = |name: &str| vec![(name.as_bytes().to_vec(), Value::Other)];
        // The examples of clauses 7.4.2 to 7.4.5.
        let packed = [0x80, 0x0b, 0x60, 0x50, 0x22, 0x0c, 0x0c, 0x85, 0x01];
        assert_eq!(
            unpack(&packed, &name("LZWDecode"), 100),
            Some(vec![45, 45, 45, 45, 45, 65, 45, 45, 45, 66])
        );
        assert_eq!(unpack(b"48 65 6C>", &name("AHx"), 100), Some(b"Hel".to_vec()));
        assert_eq!(
            unpack(b"87cURD]j7BEbo80~>", &name("A85"), 100),
            Some(b"Hello world!".to_vec())
        );
        assert_eq!(
            unpack(&[2, b'a', b'b', b'c', 254, b'x', 128], &name("RL"), 100),
            Some(b"abcxxx".to_vec())
        );
        assert_eq!(unpack(&[129, b'x'], &name("RL"), 100), None);
        assert_eq!(unpack(b"", &name("DCTDecode"), 100), None);
    }
}
