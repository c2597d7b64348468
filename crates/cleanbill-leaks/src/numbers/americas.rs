//! Numbers of the United States, Canada and Brazil.

use super::{all_digits, decimal, is_made_up, luhn, weighted};

/// Numbers that the Social Security Administration voided because they were printed: on a card in a wallet, in a leaflet.
const PRINTED: &[u64] = &[78_051_120, 219_099_999, 457_555_462];

fn parts(text: &[u8]) -> Option<(u64, u64, u64)> {
    Some((
        decimal(text.get(..3)?)?,
        decimal(text.get(3..5)?)?,
        decimal(text.get(5..)?)?,
    ))
}

/// A social security number: no computed check; what is never given out is refused.
pub(crate) fn is_ssn(text: &[u8]) -> bool {
    let Some((area, group, serial)) = parts(text).filter(|_| all_digits(text, 9)) else {
        return false;
    };
    area != 0
        && area != 666
        && area < 900
        && group != 0
        && serial != 0
        && !decimal(text).is_some_and(|number| PRINTED.contains(&number))
        // Numbers that advertisements use.
        && !(area == 987 && group == 65)
        && !is_made_up(text)
}

/// An individual taxpayer's number.
pub(crate) fn is_itin(text: &[u8]) -> bool {
    parts(text)
        .filter(|_| all_digits(text, 9))
        .is_some_and(|(area, group, serial)| {
            area >= 900
                && matches!(group, 50..=65 | 70..=88 | 90..=92 | 94..=99)
                && serial != 0
                && !(area == 987 && group == 65 && (4320..=4329).contains(&serial))
                && !is_made_up(text)
        })
}

/// A passport: nine digits, or a letter and eight; the letters of Chinese passports are left to their own rule.
pub(crate) fn is_passport(text: &[u8]) -> bool {
    let Some((first, rest)) = text.split_first() else {
        return false;
    };
    let letter = first.is_ascii_uppercase() && !matches!(first, b'E' | b'G');
    (first.is_ascii_digit() || letter) && all_digits(rest, 8) && !is_made_up(text)
}

/// A social insurance number.
pub(crate) fn is_sin(text: &[u8]) -> bool {
    all_digits(text, 9) && !matches!(text.first(), Some(b'0' | b'8')) && luhn(text) && !is_made_up(text)
}

/// A Brazilian taxpayer: two check digits.
pub(crate) fn is_cpf(text: &[u8]) -> bool {
    let check = |count: usize, weights: &[u32]| {
        let sum = weighted(text.get(..count)?, weights)?;
        let digit = sum.saturating_mul(10) % 11 % 10;
        Some(super::digit(*text.get(count)?)? == digit)
    };
    text.len() == 11
        && check(9, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) == Some(true)
        && check(10, &[11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) == Some(true)
        && !is_made_up(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_never_given_out_are_none() {
        for text in [
            "000123456",
            "666123456",
            "900123456",
            "123001234",
            "123450000",
            "078051120",
            "219099999",
        ] {
            assert!(!is_ssn(text.as_bytes()), "{text}");
        }
        assert!(is_ssn(b"536228726"));
        assert!(is_itin(b"912713487"));
        assert!(!is_itin(b"912933487") && !is_itin(b"812713487"));
    }
}
