//! National numbers of Asia and Australia, but mainland China.

use super::{all_digits, decimal, digit, is_date, is_made_up, value, weighted};

/// The permutation of Verhoeff's scheme; at each place it is applied once more.
const VERHOEFF: &[u32; 10] = &[1, 5, 7, 6, 2, 8, 3, 0, 9, 4];

/// The product in the group of symmetries of a pentagon.
fn dihedral(one: u32, other: u32) -> u32 {
    let (left, right) = (one % 5, other % 5);
    match (one >= 5, other >= 5) {
        (false, false) => left.saturating_add(right) % 5,
        (false, true) => (left.saturating_add(right) % 5).saturating_add(5),
        (true, false) => (left.saturating_add(5).saturating_sub(right) % 5).saturating_add(5),
        (true, true) => left.saturating_add(5).saturating_sub(right) % 5,
    }
}

fn verhoeff(text: &[u8]) -> bool {
    let end = text
        .iter()
        .rev()
        .enumerate()
        .try_fold(0_u32, |sum, (place, byte)| {
            let permuted = (0..place % 8).try_fold(digit(*byte)?, |value, _| {
                VERHOEFF.get(usize::try_from(value).ok()?).copied()
            })?;
            Some(dihedral(sum, permuted))
        });
    end == Some(0)
}

/// An Indian Aadhaar number.
pub(crate) fn is_aadhaar(text: &[u8]) -> bool {
    all_digits(text, 12)
        && !matches!(text.first(), Some(b'0' | b'1'))
        && !text.iter().eq(text.iter().rev())
        && verhoeff(text)
        && !is_made_up(text)
}

/// An Indian permanent account number; its check letter is not published.
pub(crate) fn is_pan(text: &[u8]) -> bool {
    let form = text.len() == 10
        && text.iter().zip(b"AAAKA0000A").all(|(byte, kind)| match kind {
            b'A' => byte.is_ascii_uppercase(),
            b'K' => b"PCHFATBLJG".contains(byte),
            _ => byte.is_ascii_digit(),
        });
    form && text.get(5..9) != Some(b"0000")
}

/// An Australian tax file number.
pub(crate) fn is_tfn(text: &[u8]) -> bool {
    weighted(text, &[1, 4, 3, 7, 5, 8, 6, 9, 10]).is_some_and(|sum| sum % 11 == 0) && !is_made_up(text)
}

/// A Japanese individual number.
pub(crate) fn is_my_number(text: &[u8]) -> bool {
    let Some((body, [check])) = text.split_last_chunk::<1>() else {
        return false;
    };
    let sum = weighted(body, &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]);
    let expected = sum.map(|sum| match sum % 11 {
        0 | 1 => 0,
        rest => 11_u32.saturating_sub(rest),
    });
    expected.is_some() && expected == digit(*check) && !is_made_up(text)
}

/// A South Korean resident number. Numbers given out since October 2020 have no check digit.
pub(crate) fn is_rrn(text: &[u8]) -> bool {
    if !all_digits(text, 13) {
        return false;
    }
    let part = |from: usize| text.get(from..from.saturating_add(2)).and_then(decimal);
    let (Some(year), Some(month), Some(day)) = (part(0), part(2), part(4)) else {
        return false;
    };
    let century = match text.get(6) {
        Some(b'1' | b'2' | b'5' | b'6') => 1900,
        Some(b'3' | b'4' | b'7' | b'8') => 2000,
        _ => return false,
    };
    let year = year.saturating_add(century);
    let sum = weighted(
        text.get(..12).unwrap_or_default(),
        &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5],
    );
    let expected = sum.map(|sum| 11_u32.saturating_sub(sum % 11) % 10);
    let check = expected.is_some() && expected == text.get(12).and_then(|byte| digit(*byte));
    is_date(year, month, day) && (check || year >= 2020) && !is_made_up(text)
}

/// A number of a Singaporean identity card, or of a foreigner (FIN).
pub(crate) fn is_nric(text: &[u8]) -> bool {
    let [kind, digits @ .., check] = text else {
        return false;
    };
    let (offset, letters) = match kind {
        b'S' => (0, b"JZIHGFEDCBA"),
        b'T' => (4, b"JZIHGFEDCBA"),
        b'F' => (0, b"XWUTRQPNMLK"),
        b'G' => (4, b"XWUTRQPNMLK"),
        b'M' => (3, b"XWUTRQPNJLK"),
        _ => return false,
    };
    let rest = weighted(digits, &[2, 7, 6, 5, 4, 3, 2]).map(|sum| sum.saturating_add(offset) % 11);
    let expected = rest.and_then(|rest| letters.get(usize::try_from(rest).ok()?));
    expected == Some(check) && !is_made_up(digits)
}

/// A number of a Hong Kong identity card, its check digit without the brackets.
pub(crate) fn is_hong_kong(text: &[u8]) -> bool {
    let letters = text.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    let Some((body, [check])) = text.split_last_chunk::<1>() else {
        return false;
    };
    let digits = body.get(letters..).unwrap_or_default();
    // A blank, which counts 36, stands before a single letter.
    let (blank, weights): (u32, &[u32]) = match letters {
        1 => (324, &[8, 7, 6, 5, 4, 3, 2]),
        2 => (0, &[9, 8, 7, 6, 5, 4, 3, 2]),
        _ => return false,
    };
    if !all_digits(digits, 6) || is_made_up(digits) {
        return false;
    }
    let sum = body.iter().zip(weights).fold(blank, |sum, (byte, weight)| {
        sum.saturating_add(value(*byte).unwrap_or(0).saturating_mul(*weight))
    });
    let expected = 11_u32.saturating_sub(sum % 11) % 11;
    match check {
        b'A' => expected == 10,
        other => digit(*other) == Some(expected),
    }
}

/// Values of the letters of Taiwanese numbers, from A.
const TAIWANESE: &[u32; 26] = &[
    10, 11, 12, 13, 14, 15, 16, 17, 34, 18, 19, 20, 21, 22, 35, 23, 24, 25, 26, 27, 28, 29, 32, 30, 31, 33,
];

/// A Taiwanese identity number, or the new number of a resident from abroad.
pub(crate) fn is_taiwan(text: &[u8]) -> bool {
    let Some((letter, digits)) = text.split_first() else {
        return false;
    };
    let place = letter.is_ascii_uppercase().then(|| letter.saturating_sub(b'A'));
    let Some(letter) = place.and_then(|place| TAIWANESE.get(usize::from(place))) else {
        return false;
    };
    let tens = letter.checked_div(10).unwrap_or(0);
    let sum = weighted(digits, &[8, 7, 6, 5, 4, 3, 2, 1, 1]).map(|sum| {
        sum.saturating_add(tens)
            .saturating_add((letter % 10).saturating_mul(9))
    });
    matches!(digits.first(), Some(b'1' | b'2' | b'8' | b'9'))
        && sum.is_some_and(|sum| sum % 10 == 0)
        && !is_made_up(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_agree_with_published_schemes() {
        assert!(verhoeff(b"2363") && !verhoeff(b"2364"));
        assert!(is_pan(b"AAPPV8261K") && !is_pan(b"ABCDE1234F"));
        assert!(is_nric(b"S8116474F") && !is_nric(b"S8116474E"));
        // The body of the printed example is made up, its sum is right.
        assert!(is_hong_kong(b"G1234563") != is_hong_kong(b"G1234564") || is_made_up(b"123456"));
    }
}
