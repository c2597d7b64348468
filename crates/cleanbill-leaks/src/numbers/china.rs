//! Numbers of mainland China: residents (GB 11643), organisations (GB 32100), passports.

use super::{all_digits, decimal, is_date, is_made_up};

/// First two digits of the codes of regions (GB/T 2260), and those of Hong Kong, Macao and Taiwan.
const REGIONS: &[u64] = &[
    11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52, 53, 54,
    61, 62, 63, 64, 65, 71, 81, 82, 83, 91,
];

const WEIGHTS: &[u32; 17] = &[7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/// The number of a resident, of eighteen places, or of fifteen as until 1999.
pub(crate) fn is_resident_id(text: &[u8]) -> bool {
    let region = text.get(..2).and_then(decimal);
    if !region.is_some_and(|region| REGIONS.contains(&region)) {
        return false;
    }
    let number = |from: usize, count: usize| text.get(from..from.saturating_add(count)).and_then(decimal);
    match text.len() {
        18 => {
            let (Some(year), Some(month), Some(day)) = (number(6, 4), number(10, 2), number(12, 2)) else {
                return false;
            };
            let Some((body, [check])) = text.split_last_chunk::<1>() else {
                return false;
            };
            let rest = super::weighted(body, WEIGHTS).map(|sum| sum % 11);
            let expected = rest.and_then(|rest| b"10X98765432".get(usize::try_from(rest).ok()?));
            is_date(year, month, day) && expected == Some(&check.to_ascii_uppercase())
        }
        15 => {
            let (Some(year), Some(month), Some(day)) = (number(6, 2), number(8, 2), number(10, 2)) else {
                return false;
            };
            all_digits(text, 15) && is_date(year.saturating_add(1900), month, day) && !is_made_up(text)
        }
        _ => false,
    }
}

const USCC_LETTERS: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// The unified code of an organisation: the powers of three, of 31.
pub(crate) fn is_uscc(text: &[u8]) -> bool {
    let Some((body, [check])) = text.split_last_chunk::<1>().filter(|_| text.len() == 18) else {
        return false;
    };
    let place = |byte: u8| {
        let place = USCC_LETTERS.iter().position(|letter| *letter == byte)?;
        u32::try_from(place).ok()
    };
    let region = text.get(2..4).and_then(decimal);
    let known = matches!(text.first(), Some(b'1'..=b'9' | b'A' | b'N' | b'Y'))
        && text.get(2..8).is_some_and(|code| all_digits(code, 6))
        && region.is_some_and(|region| REGIONS.contains(&region) || region == 10);
    let sum = body.iter().try_fold((0_u32, 1_u32), |(sum, power), byte| {
        let sum = sum.saturating_add(place(*byte)?.saturating_mul(power));
        Some((sum, power.saturating_mul(3) % 31))
    });
    let expected = sum.map(|(sum, _)| 31_u32.saturating_sub(sum % 31) % 31);
    known && expected.is_some() && expected == place(*check)
}

/// A passport: `E` and eight digits, `E`, a letter and seven, or one of the older letters.
pub(crate) fn is_passport(text: &[u8]) -> bool {
    let [first, second, rest @ ..] = text else {
        return false;
    };
    let letters = b"EGDSPHK".contains(first)
        && (second.is_ascii_digit() || *first == b'E' && second.is_ascii_uppercase());
    letters && all_digits(rest, 7) && !is_made_up(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_place_is_computed() {
        assert!(is_resident_id(b"11010519491231002X") && is_resident_id(b"11010519491231002x"));
        assert!(!is_resident_id(b"110105194912310021"));
        assert!(!is_resident_id(b"11010519491331002X"));
        assert!(is_uscc(b"91110000600037341L") && !is_uscc(b"91110000600037342L"));
    }
}
