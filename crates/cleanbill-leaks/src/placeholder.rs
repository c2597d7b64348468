//! Says what is no secret: placeholders, published examples, what is not random.

use crate::encodings::crc32;

/// Words that nobody's random key holds, in lower case.
const WORDS: &[&[u8]] = &[
    b"example",
    b"sample",
    b"dummy",
    b"placeholder",
    b"changeme",
    b"change_me",
    b"change-me",
    b"redacted",
    b"your_",
    b"your-",
    b"yourapi",
    b"yourkey",
    b"yourtoken",
    b"yoursecret",
    b"yourpass",
    b"yourown",
    b"insert",
    b"replace",
    b"foobar",
    b"deadbeef",
    b"xxxx",
    b"****",
    b"....",
    b"____",
    b"----",
    b"notreal",
    b"not_real",
    b"not-real",
    b"fake_",
    b"fake-",
    b"mock_",
    b"mock-",
    b"testtest",
    b"test-key",
    b"test_key",
    b"test-token",
    b"test_token",
    b"secretsecret",
    b"passwordpassword",
    b"asdfasdf",
    b"qwerty",
    b"lorem",
];

/// CRC-32 of published values: the AWS guide's secret key, the key of the Azure storage emulator, the signature in the sample of
/// jwt.io, the logins of RFC 6749 and RFC 7617, the latter also without its blank.
const PUBLISHED: &[u32] = &[
    0xfb0a_6008,
    0xb4cb_d586,
    0x170b_4539,
    0x269d_4cea,
    0xd0c6_b042,
    0xad2b_0a04,
];

/// Says whether `value` is one that manuals print.
pub(crate) fn is_published(value: &[u8]) -> bool {
    PUBLISHED.contains(&crc32(value))
}

/// Says whether `value` was written to stand in for a secret.
pub(crate) fn is_placeholder(value: &[u8]) -> bool {
    let lower = value.to_ascii_lowercase();
    WORDS.iter().any(|word| crate::checks::contains(&lower, word))
        || repeats(&lower)
        || climbs(&lower)
        || is_published(value)
}

/// A run of one character, or a short unit over and over.
fn repeats(value: &[u8]) -> bool {
    let mut run = 1_usize;
    let mut last = 0_u8;
    for &byte in value {
        run = if byte == last { run.saturating_add(1) } else { 1 };
        if run >= 6 {
            return true;
        }
        last = byte;
    }
    value.len() >= 12
        && (2..=8_usize).any(|period| {
            let shifted = value.get(period..).unwrap_or_default();
            shifted.iter().zip(value).all(|(one, other)| one == other)
        })
}

/// Seven characters that follow each other in the alphabet or in the digits, up or down.
fn climbs(value: &[u8]) -> bool {
    let (mut up, mut down) = (1_usize, 1_usize);
    let mut last: Option<u8> = None;
    for &byte in value {
        let next =
            last.and_then(|last| last.checked_add(1)) == Some(byte) || (last == Some(b'9') && byte == b'0');
        let before = last.and_then(|last| last.checked_sub(1)) == Some(byte);
        up = if next { up.saturating_add(1) } else { 1 };
        down = if before { down.saturating_add(1) } else { 1 };
        if up >= 7 || down >= 7 {
            return true;
        }
        last = Some(byte);
    }
    false
}

/// Returns the bits of information in each character of `value`, by its own counts.
pub(crate) fn entropy(value: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in value {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count = count.saturating_add(1);
        }
    }
    let total = f64::from(u32::try_from(value.len()).unwrap_or(u32::MAX));
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| {
            let share = f64::from(*count) / total;
            -share * share.log2()
        })
        .sum()
}

/// Says whether `value` varies as much as random text of its length and alphabet does, with room.
pub(crate) fn entropy_is_high(value: &[u8]) -> bool {
    let alphabet: u32 = if value.iter().all(u8::is_ascii_digit) {
        10
    } else if value.iter().filter(|byte| !byte.is_ascii_hexdigit()).count() <= value.len().div_ceil(8) {
        // Hexadecimal digits with separators or a prefix.
        16
    } else {
        62
    };
    let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
    entropy(value) >= SHARE * f64::from(length.min(alphabet).max(2)).log2()
}

/// Share of the greatest possible entropy that a value must have: random tokens of these lengths have 0.85 and more.
const SHARE: f64 = 0.68;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_known() {
        for value in [
            "XXXXXXXXXXXX",
            "my-example-key",
            "0123456789abcdef",
            "abcabcabcabcabc",
            "aaaaaaaaaaaaaaaa",
            "YOUR_API_KEY",
        ] {
            assert!(is_placeholder(value.as_bytes()), "{value}");
        }
        assert!(!is_placeholder(b"q7Zr4kPw9Lx2"));
    }

    #[test]
    fn words_are_less_random_than_keys() {
        assert!(entropy_is_high(b"q7Zr4kPw9Lx2Vb5NcTm8"));
        assert!(!entropy_is_high(b"aaaabbbbaaaabbbbaaaa"));
    }
}
