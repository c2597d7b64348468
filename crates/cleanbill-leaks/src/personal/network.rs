//! Addresses of machines that may lead to a person: IPv4, IPv6, MAC.

use std::{net::Ipv6Addr, ops::Range};

/// Resolvers and other machines that everybody knows.
const KNOWN: &[[u8; 4]] = &[
    [8, 8, 8, 8],
    [8, 8, 4, 4],
    [1, 1, 1, 1],
    [1, 0, 0, 1],
    [9, 9, 9, 9],
    [208, 67, 222, 222],
    [208, 67, 220, 220],
    [114, 114, 114, 114],
    [223, 5, 5, 5],
    [223, 6, 6, 6],
    [169, 254, 169, 254],
    [1, 2, 3, 4],
    [4, 3, 2, 1],
    [123, 45, 67, 89],
];

/// Numbers so small that three of them are rather the beginning of a version or of the number of a section.
const VERSION_PART: u8 = 40;
/// Shortest text of an address that is looked at.
const SHORTEST: usize = 12;
/// Longest text of an IPv6 address.
const LONGEST_IPV6: usize = 39;

/// Reads four numbers with dots at `start`; the second says whether they may be a version.
pub(crate) fn ipv4(window: &[u8], start: usize) -> Option<(Range<usize>, bool)> {
    let rest = window.get(start..)?;
    // A part of a longer chain.
    if matches!(window.get(..start), Some([.., digit, b'.']) if digit.is_ascii_digit()) {
        return None;
    }
    let mut parts = [0_u8; 4];
    let mut at = 0_usize;
    for (index, part) in parts.iter_mut().enumerate() {
        if index > 0 {
            if rest.get(at) != Some(&b'.') {
                return None;
            }
            at = at.saturating_add(1);
        }
        let digits = rest
            .get(at..)?
            .iter()
            .take(4)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let text = rest.get(at..at.saturating_add(digits))?;
        if digits == 0 || digits > 3 || digits > 1 && text.starts_with(b"0") {
            return None;
        }
        *part = u8::try_from(crate::numbers::decimal(text)?).ok()?;
        at = at.saturating_add(digits);
    }
    let next = rest.get(at).copied();
    let digit_after = rest.get(at.saturating_add(1)).is_some_and(u8::is_ascii_digit);
    if next.is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        || next == Some(b'.') && (digit_after || rest.get(at.saturating_add(1)).is_some_and(u8::is_ascii_lowercase))
        // A network, not a machine.
        || next == Some(b'/') && digit_after && parts.last() == Some(&0)
    {
        return None;
    }
    let before = window.get(..start)?;
    let last = before.last().copied();
    if last.is_some_and(|byte| matches!(byte, b'/' | b'-' | b'_' | b'.' | b'~' | b'^' | b'+' | b'<' | b'>'))
        && !before.ends_with(b"//")
        && !ends_with_tag(before)
        || before.ends_with(b"==")
        || before.ends_with(b">=")
    {
        return None;
    }
    if !is_public(parts) || KNOWN.contains(&parts) || is_version(before) {
        return None;
    }
    let weak =
        parts.iter().take(3).all(|part| *part < VERSION_PART) || parts.iter().skip(1).all(|part| *part == 0);
    Some((start..start.saturating_add(at), weak))
}

/// A tag of HTML or XML ends here.
fn ends_with_tag(before: &[u8]) -> bool {
    before.ends_with(b">")
        && before
            .iter()
            .rev()
            .skip(1)
            .take(24)
            .take_while(|byte| **byte != b' ' && **byte != b'\n')
            .any(|byte| *byte == b'<')
}

/// A word for a version stands just before.
fn is_version(before: &[u8]) -> bool {
    let tail = before.get(before.len().saturating_sub(16)..).unwrap_or_default();
    let lower = tail.to_ascii_lowercase();
    [
        &b"version"[..],
        b"release",
        b"build",
        b"firmware",
        "版本".as_bytes(),
        b"ver.",
        b"ver ",
        b" rev",
        b"oid",
    ]
    .iter()
    .any(|word| crate::checks::contains(&lower, word))
        || lower.ends_with(b"v")
}

fn is_public([a, b, c, _]: [u8; 4]) -> bool {
    !matches!(
        (a, b, c),
        (0 | 10 | 127 | 224.., _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 168, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    )
}

/// Reads the IPv6 or MAC address around the digits at `start`; the second says that it is a MAC address.
pub(crate) fn colons(window: &[u8], start: usize) -> Option<(Range<usize>, bool)> {
    let before = window.get(..start)?;
    let sign = match window.get(start..)?.iter().find(|byte| !byte.is_ascii_hexdigit()) {
        Some(sign @ (b':' | b'-')) => *sign,
        _ => *before.last()?,
    };
    let belongs = |byte: u8| byte.is_ascii_hexdigit() || byte == sign;
    let mut run = 0_usize;
    for byte in before.iter().rev().take_while(|byte| belongs(**byte)) {
        // The first digits of the address speak for it.
        if byte.is_ascii_digit() || run == LONGEST_IPV6 {
            return None;
        }
        run = run.saturating_add(1);
    }
    let from = start.saturating_sub(run);
    let length = window
        .get(from..)?
        .iter()
        .take(LONGEST_IPV6.saturating_add(2))
        .take_while(|byte| belongs(**byte))
        .count();
    if !(SHORTEST..=LONGEST_IPV6).contains(&length) {
        return None;
    }
    let mut text = window.get(from..from.saturating_add(length))?;
    // `addr:2001:...` has its colon before, a sentence one behind.
    let mut start = from;
    while text.starts_with(&[sign]) && !text.starts_with(b"::") {
        text = text.get(1..)?;
        start = start.saturating_add(1);
    }
    while text.ends_with(&[sign]) && !text.ends_with(b"::") {
        text = text.split_last()?.1;
    }
    let end = start.saturating_add(text.len());
    let outside = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let letter_before = start.checked_sub(1).and_then(|before| window.get(before));
    let escaped = window.get(..start)?.ends_with(b"\\n");
    if outside(letter_before) && !escaped
        || outside(window.get(end))
        || window.get(end) == Some(&b'.') && sign == b':' && outside(window.get(end.saturating_add(1)))
    {
        return None;
    }
    if text.len() == 17 && is_mac(text, sign) {
        return Some((start..end, true));
    }
    if sign != b':' || text.len() > LONGEST_IPV6 || memchr::memchr_iter(b':', text).count() < 2 {
        return None;
    }
    let address: Ipv6Addr = std::str::from_utf8(text).ok()?.parse().ok()?;
    let [first, second, ..] = address.segments();
    let public = first & 0xe000 == 0x2000;
    let documentation = first == 0x2001 && second == 0x0db8 || first & 0xfff0 == 0x3ff0;
    let written = text.iter().filter(|byte| byte.is_ascii_hexdigit()).count();
    let resolver = [&b"2001:4860:4860::"[..], b"2606:4700:4700::", b"2620:fe::"]
        .iter()
        .any(|known| text.to_ascii_lowercase().starts_with(known));
    (public && !documentation && !resolver && written >= 8).then_some((start..end, false))
}

fn is_mac(text: &[u8], sign: u8) -> bool {
    let pairs: Vec<&[u8]> = text.split(|byte| *byte == sign).collect();
    if pairs.len() != 6
        || pairs
            .iter()
            .any(|pair| pair.len() != 2 || !pair.iter().all(u8::is_ascii_hexdigit))
    {
        return false;
    }
    let lower = text.to_ascii_lowercase();
    let made_up = [
        &b"00:11:22"[..],
        b"01:23:45",
        b"aa:bb:cc",
        b"12:34:56",
        b"de:ad:be",
        b"00:00:5e",
        b"00:00:00",
        b"11:22:33",
    ];
    let with_colons: Vec<u8> = lower
        .iter()
        .map(|byte| if *byte == sign { b':' } else { *byte })
        .collect();
    let first = pairs.first().copied().unwrap_or_default();
    let same = pairs.iter().filter(|pair| **pair == first).count() >= 4;
    // The lowest bit of the first byte is that of groups; dates with dashes hold no letter.
    let group = first
        .last()
        .is_none_or(|byte| char::from(*byte).to_digit(16).is_none_or(|value| value % 2 == 1));
    let letters = sign == b':' || text.iter().any(u8::is_ascii_alphabetic);
    !same && !group && letters && !made_up.iter().any(|start| with_colons.starts_with(start))
}

#[cfg(test)]
#[expect(
    clippy::string_slice,
    reason = "a test that slices wrongly fails, as it should"
)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_that_are_no_versions_count() {
        let check = |text: &str| {
            let start = text.find(|letter: char| letter.is_ascii_digit()).unwrap();
            ipv4(text.as_bytes(), start).map(|(range, weak)| (text[range].to_owned(), weak))
        };
        assert_eq!(
            check("ip 93.184.216.34,"),
            Some(("93.184.216.34".to_owned(), false))
        );
        assert_eq!(
            check("<td>93.184.216.34</td>"),
            Some(("93.184.216.34".to_owned(), false))
        );
        assert_eq!(check("ip 4.2.11.7,"), Some(("4.2.11.7".to_owned(), true)));
        for text in [
            "10.1.2.3",
            "192.168.7.9",
            "203.0.113.9",
            "Chrome/91.0.44.124",
            "34.216.184.93.in-addr.arpa",
            "version 93.184.216.34",
            "93.184.216.34.5",
            "93.184.216.0/24",
            "93.184.016.34",
            "8.8.8.8",
            "v93.184.216.34",
        ] {
            assert_eq!(check(text), None, "{text}");
        }
    }

    #[test]
    fn groups_with_colons_are_told_apart() {
        let check = |text: &str| {
            let start = text.find(|letter: char| letter.is_ascii_digit()).unwrap();
            let word = text[..start]
                .rfind(|letter: char| !letter.is_ascii_alphabetic())
                .map_or(0, |at| at + 1);
            colons(text.as_bytes(), word).map(|(range, mac)| (text[range].to_owned(), mac))
        };
        assert_eq!(
            check("at 2a00:1450:4001:81b::200e."),
            Some(("2a00:1450:4001:81b::200e".to_owned(), false))
        );
        assert_eq!(
            check("b8:27:eb:4f:19:0c"),
            Some(("b8:27:eb:4f:19:0c".to_owned(), true))
        );
        assert_eq!(
            check("B8-27-EB-4F-19-0C"),
            Some(("B8-27-EB-4F-19-0C".to_owned(), true))
        );
        for text in [
            "12:34:56",
            "2001:db8::12",
            "fe80::1ff:fe23:4567:890a",
            "00:11:22:33:44:55",
            "2024-05-17-12-30-11",
            "b8:27:eb:4f:19:0c:11:22:33:44:55:66:77:88:99:aa",
        ] {
            assert_eq!(check(text), None, "{text}");
        }
    }
}
