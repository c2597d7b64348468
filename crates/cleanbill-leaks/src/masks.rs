//! What 64 bytes are, as masks of one bit a byte. Most chunks hold no digit and no `@`, which is asked first, so that vector
//! instructions can do it; only then is a mask made, eight bytes by each instruction.

/// Bytes that become one mask.
pub(crate) const CHUNK: usize = 64;

/// A chunk of a text.
pub(crate) type Chunk = [u8; CHUNK];

/// Returns the chunk at `at`; behind the end stand zeros, for which `space` gives the room.
#[inline]
pub(crate) fn chunk<'a>(bytes: &'a [u8], at: usize, space: &'a mut Chunk) -> &'a Chunk {
    let rest = bytes.get(at..).unwrap_or_default();
    if let Some(chunk) = rest.first_chunk::<CHUNK>() {
        return chunk;
    }
    *space = [0; CHUNK];
    for (place, byte) in space.iter_mut().zip(rest) {
        *place = *byte;
    }
    space
}

/// Returns the mask of the digits; the first byte is the lowest bit.
#[inline]
pub(crate) fn digits(chunk: &Chunk) -> u64 {
    if any(chunk, b'0', 10) {
        mask(chunk, |word| range(word, b'0', 10))
    } else {
        0
    }
}

/// Returns the mask of the capitals of ASCII.
#[inline]
pub(crate) fn capitals(chunk: &Chunk) -> u64 {
    if any(chunk, b'A', 26) {
        mask(chunk, |word| range(word, b'A', 26))
    } else {
        0
    }
}

/// Returns the mask of `@`.
#[inline]
pub(crate) fn ats(chunk: &Chunk) -> u64 {
    if any(chunk, b'@', 1) {
        mask(chunk, |word| range(word, b'@', 1))
    } else {
        0
    }
}

/// Returns the mask of the digits of base64.
pub(crate) fn base64(chunk: &Chunk) -> u64 {
    mask(chunk, |word| {
        range(word, b'0', 10)
            | range(word | each(0x20), b'a', 26)
            | range(word, b'+', 1)
            | range(word, b'/', 1)
            | range(word, b'-', 1)
            | range(word, b'_', 1)
    })
}

/// Says of each eight bytes, as a bit, whether all of them may be digits of base64: no blank, no quotation mark, no letter beyond
/// ASCII.
#[inline]
pub(crate) fn dense(chunk: &Chunk) -> u32 {
    let (words, _) = chunk.as_chunks::<8>();
    let mut dense = 0_u32;
    for (index, word) in words.iter().enumerate() {
        let word = range(u64::from_le_bytes(*word), b'+', 0x50);
        let bit = u32::try_from(index).unwrap_or(0);
        dense |= u32::from(word == HIGH).wrapping_shl(bit);
    }
    dense
}

/// Says whether one of `count` bytes from `first` on is in the chunk.
#[inline]
fn any(chunk: &Chunk, first: u8, count: u8) -> bool {
    let found = chunk.iter().fold(0, |found, byte| {
        found | u8::from(byte.wrapping_sub(first) < count)
    });
    found != 0
}

#[inline]
fn mask(chunk: &Chunk, test: impl Fn(u64) -> u64) -> u64 {
    let (words, _) = chunk.as_chunks::<8>();
    words.iter().fold(0, |mask, word| {
        mask >> 8 | gather(test(u64::from_le_bytes(*word)))
    })
}

/// The highest bit of each byte.
const HIGH: u64 = 0x8080_8080_8080_8080;
const LOW: u64 = !HIGH;

/// Repeats a byte.
const fn each(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// Sets the highest bit of each byte that is one of `count` from `first` on, all below 128.
#[inline]
const fn range(word: u64, first: u8, count: u8) -> u64 {
    let low = word & LOW;
    let from = low.wrapping_add(each(0x80_u8.wrapping_sub(first)));
    let to = low.wrapping_add(each(0x80_u8.wrapping_sub(first).wrapping_sub(count)));
    from & !to & !word & HIGH
}

/// Moves the highest bits of eight bytes to the highest byte.
#[inline]
const fn gather(high: u64) -> u64 {
    (high >> 7).wrapping_mul(0x0102_0408_1020_4080) & 0xff00_0000_0000_0000
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encodings::is_base64_digit;

    #[test]
    fn masks_agree_with_looking_at_each_byte() {
        for first in 0..=255_u8 {
            let mut text = [0_u8; CHUNK];
            for (index, place) in text.iter_mut().enumerate() {
                *place = first.wrapping_add(u8::try_from(index).unwrap().wrapping_mul(37));
            }
            for (index, byte) in text.iter().enumerate() {
                let is = |mask: u64| mask >> index & 1 == 1;
                assert_eq!(is(digits(&text)), byte.is_ascii_digit(), "{byte}");
                assert_eq!(is(ats(&text)), *byte == b'@', "{byte}");
                assert_eq!(is(capitals(&text)), byte.is_ascii_uppercase(), "{byte}");
                assert_eq!(is(base64(&text)), is_base64_digit(*byte), "{byte}");
            }
        }
    }

    #[test]
    fn dense_words_hold_whatever_base64_does() {
        for byte in 0..=255_u8 {
            let mut text = [b'a'; CHUNK];
            text[17] = byte;
            let all = dense(&text);
            assert_eq!(all | 4, 0xff);
            assert!(all == 0xff || !is_base64_digit(byte), "{byte}");
            assert!(
                all != 0xff || !matches!(byte, b' ' | b'"' | b'(' | b'\n' | 0x80..),
                "{byte}"
            );
        }
    }

    #[test]
    fn behind_the_end_stand_zeros() {
        let mut space = [1; CHUNK];
        assert_eq!(digits(chunk(b"x12", 1, &mut space)), 3);
    }
}
