//! Base64, base62, base32 and the checksum that tokens carry. Bounded by the text that is given.

/// Decodes base64 in either alphabet, skipping nothing, until a byte that is no digit; returns the bytes and how many digits were read.
pub(crate) fn base64(text: &[u8], most_digits: usize) -> (Vec<u8>, usize) {
    let mut out = Vec::new();
    let mut bits = 0_u32;
    let mut held = 0_u32;
    let mut digits = 0_usize;
    for &byte in text.iter().take(most_digits) {
        let Some(digit) = base64_digit(byte) else { break };
        digits = digits.saturating_add(1);
        bits = bits << 6 | u32::from(digit);
        held = held.saturating_add(6);
        if held >= 8 {
            held = held.saturating_sub(8);
            out.push(u8::try_from(bits >> held & 0xff).unwrap_or(0));
        }
        bits &= 0xffff;
    }
    (out, digits)
}

/// Returns the value of a base64 digit, of the usual alphabet or the one for addresses.
pub(crate) fn base64_digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => byte.checked_sub(b'A'),
        b'a'..=b'z' => byte.checked_sub(71),
        b'0'..=b'9' => byte.checked_add(4),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

/// Says whether a byte is a digit of base64 of either alphabet.
pub(crate) fn is_base64_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'/' | b'_')
}

/// Encodes `bytes` as base64 without padding.
pub(crate) fn to_base64(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = Vec::new();
    for group in bytes.chunks(3) {
        let mut bits = 0_u32;
        for index in 0..3 {
            bits = bits << 8 | u32::from(group.get(index).copied().unwrap_or(0));
        }
        for shift in [18_u32, 12, 6, 0].iter().take(group.len().saturating_add(1)) {
            let digit = usize::try_from(bits >> shift & 63).unwrap_or(0);
            out.extend(DIGITS.get(digit));
        }
    }
    out
}

/// Returns the CRC-32 (ISO-HDLC) of `bytes`.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                crc >> 1 ^ 0xedb8_8320
            } else {
                crc >> 1
            };
        }
    }
    !crc
}

/// Returns the value of base62 digits (`0-9A-Za-z`), most significant first.
pub(crate) fn base62(text: &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for byte in text {
        let digit = match byte {
            b'0'..=b'9' => byte.checked_sub(b'0')?,
            b'A'..=b'Z' => byte.checked_sub(55)?,
            b'a'..=b'z' => byte.checked_sub(61)?,
            _ => return None,
        };
        value = value.checked_mul(62)?.checked_add(u64::from(digit))?;
    }
    Some(value)
}

/// Returns the value of base32 digits (`A-Z2-7`), most significant first, the lowest 64 bits.
pub(crate) fn base32(text: &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for byte in text {
        let digit = match byte {
            b'A'..=b'Z' => byte.checked_sub(b'A')?,
            b'2'..=b'7' => byte.checked_sub(24)?,
            _ => return None,
        };
        value = value << 5 | u64::from(digit);
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_agree_with_their_specifications() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(to_base64(b"foobar"), b"Zm9vYmFy");
        assert_eq!(to_base64(b"fo"), b"Zm8");
        assert_eq!(base64(b"Zm9vYmFy==", 99), (b"foobar".to_vec(), 8));
        assert_eq!(base64(b"Zm9vYmFy", 4), (b"foo".to_vec(), 4));
        assert_eq!(base62(b"10"), Some(62));
        assert_eq!(base62(b"z"), Some(61));
        assert_eq!(base32(b"B7"), Some(63));
    }
}
