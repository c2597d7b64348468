//! What 64 bytes are, as masks of one bit a byte: digits, capitals, `@`, and digits of base64.

/// Bytes that become one mask.
pub(crate) const CHUNK: usize = 64;

/// What each byte of a chunk is; the first byte is the lowest bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Masks {
    pub(crate) digits: u64,
    pub(crate) ats: u64,
    pub(crate) capitals: u64,
    pub(crate) base64: u64,
}

impl Masks {
    /// Reads the chunk at `at`; behind the end stand zeros.
    pub(crate) fn at(bytes: &[u8], at: usize) -> Self {
        let rest = bytes.get(at..).unwrap_or_default();
        if let Some(chunk) = rest.first_chunk::<CHUNK>() {
            return Self::of(chunk);
        }
        let mut chunk = [0_u8; CHUNK];
        for (place, byte) in chunk.iter_mut().zip(rest) {
            *place = *byte;
        }
        Self::of(&chunk)
    }

    #[inline]
    fn of(chunk: &[u8; CHUNK]) -> Self {
        let mut masks = Self::default();
        let (words, _) = chunk.as_chunks::<8>();
        for word in words {
            let word = u64::from_le_bytes(*word);
            let digits = range(word, b'0', 10);
            let letters = range(word | each(0x20), b'a', 26);
            let signs =
                range(word, b'+', 1) | range(word, b'/', 1) | range(word, b'-', 1) | range(word, b'_', 1);
            masks.digits = masks.digits >> 8 | gather(digits);
            masks.ats = masks.ats >> 8 | gather(range(word, b'@', 1));
            masks.capitals = masks.capitals >> 8 | gather(range(word, b'A', 26));
            masks.base64 = masks.base64 >> 8 | gather(digits | letters | signs);
        }
        masks
    }
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
            let mut chunk = [0_u8; CHUNK];
            for (index, place) in chunk.iter_mut().enumerate() {
                *place = first.wrapping_add(u8::try_from(index).unwrap().wrapping_mul(37));
            }
            let masks = Masks::of(&chunk);
            for (index, byte) in chunk.iter().enumerate() {
                let is = |mask: u64| mask >> index & 1 == 1;
                assert_eq!(is(masks.digits), byte.is_ascii_digit(), "{byte}");
                assert_eq!(is(masks.ats), *byte == b'@', "{byte}");
                assert_eq!(is(masks.capitals), byte.is_ascii_uppercase(), "{byte}");
                assert_eq!(is(masks.base64), is_base64_digit(*byte), "{byte}");
            }
        }
    }
}
