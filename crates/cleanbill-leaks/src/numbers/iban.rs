//! ISO 13616: numbers of bank accounts.

use super::value;
use crate::encodings::crc32;

/// Countries with the length of their numbers, by the registry of SWIFT.
const LENGTHS: &[(&[u8; 2], usize)] = &[
    (b"AD", 24),
    (b"AE", 23),
    (b"AL", 28),
    (b"AT", 20),
    (b"AZ", 28),
    (b"BA", 20),
    (b"BE", 16),
    (b"BG", 22),
    (b"BH", 22),
    (b"BI", 27),
    (b"BR", 29),
    (b"BY", 28),
    (b"CH", 21),
    (b"CR", 22),
    (b"CY", 28),
    (b"CZ", 24),
    (b"DE", 22),
    (b"DJ", 27),
    (b"DK", 18),
    (b"DO", 28),
    (b"EE", 20),
    (b"EG", 29),
    (b"ES", 24),
    (b"FI", 18),
    (b"FK", 18),
    (b"FO", 18),
    (b"FR", 27),
    (b"GB", 22),
    (b"GE", 22),
    (b"GI", 23),
    (b"GL", 18),
    (b"GR", 27),
    (b"GT", 28),
    (b"HN", 28),
    (b"HR", 21),
    (b"HU", 28),
    (b"IE", 22),
    (b"IL", 23),
    (b"IQ", 23),
    (b"IS", 26),
    (b"IT", 27),
    (b"JO", 30),
    (b"KW", 30),
    (b"KZ", 20),
    (b"LB", 28),
    (b"LC", 32),
    (b"LI", 21),
    (b"LT", 20),
    (b"LU", 20),
    (b"LV", 21),
    (b"LY", 25),
    (b"MC", 27),
    (b"MD", 24),
    (b"ME", 22),
    (b"MK", 19),
    (b"MN", 20),
    (b"MR", 27),
    (b"MT", 31),
    (b"MU", 30),
    (b"NI", 28),
    (b"NL", 18),
    (b"NO", 15),
    (b"OM", 23),
    (b"PK", 24),
    (b"PL", 28),
    (b"PS", 29),
    (b"PT", 25),
    (b"QA", 29),
    (b"RO", 24),
    (b"RS", 22),
    (b"RU", 33),
    (b"SA", 24),
    (b"SC", 31),
    (b"SD", 18),
    (b"SE", 24),
    (b"SI", 19),
    (b"SK", 24),
    (b"SM", 27),
    (b"SO", 23),
    (b"ST", 25),
    (b"SV", 28),
    (b"TL", 23),
    (b"TN", 24),
    (b"TR", 26),
    (b"UA", 29),
    (b"VA", 22),
    (b"VG", 24),
    (b"XK", 20),
    (b"YE", 30),
];

/// CRC-32 of numbers that stand in the registry, in manuals and in encyclopaedias as examples.
const PUBLISHED: &[u32] = &[
    0x9fa6_adec,
    0xa80f_86a7,
    0x4029_005e,
    0x0dee_f6fb,
    0xa304_e05e,
    0xe418_7134,
    0xbd3d_ba40,
    0x2c0b_a08e,
    0x41f5_9da7,
    0xdace_f11e,
    0x4eae_fb25,
    0xa659_3ca6,
    0x0d98_4440,
    0x9261_b16c,
    0x7ef3_6a10,
    0x1321_cab4,
    0x8cb3_9de7,
    0xef27_c469,
    0x12c5_1eac,
    0x99d3_794c,
    0x27f3_7f47,
    0x8c9d_48eb,
    0x8d21_13b8,
    0xfd06_6572,
    0x6387_c715,
    0x9ea5_6b9b,
    0x8e91_ee17,
    0xa1d5_2b21,
    0x3268_e849,
    0xb9da_2b7d,
    0xb3b4_fa02,
    0x7ec1_75b9,
    0x6620_e166,
    0xeabe_7620,
    0x3970_3600,
];

/// A bank account.
pub(crate) fn is_iban(text: &[u8]) -> bool {
    if !matches!(text, [first, second, ..] if first.is_ascii_alphabetic() && second.is_ascii_alphabetic()) {
        return false;
    }
    let upper = text.to_ascii_uppercase();
    // All in one case; a word of mixed case is something else.
    if upper != text && text.iter().any(u8::is_ascii_uppercase) {
        return false;
    }
    let Some((head, body)) = upper.split_at_checked(4) else {
        return false;
    };
    let country = LENGTHS
        .iter()
        .any(|(name, length)| head.starts_with(*name) && upper.len() == *length);
    if !country || !head.iter().skip(2).all(u8::is_ascii_digit) || PUBLISHED.contains(&crc32(&upper)) {
        return false;
    }
    let rest = body.iter().chain(head).try_fold(0_u32, |rest, byte| {
        let value = value(*byte)?;
        let shift = if value < 10 { 10 } else { 100 };
        Some(rest.saturating_mul(shift).saturating_add(value) % 97)
    });
    rest == Some(1) && body.iter().any(|byte| *byte != b'0')
}
