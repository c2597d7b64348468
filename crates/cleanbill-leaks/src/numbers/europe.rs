//! National numbers of Europe and Turkey.

use super::{all_digits, decimal, digit, is_date, is_made_up, mod_11_10, weighted};

/// Letters of Spanish numbers by their rest of 23.
const SPANISH: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";

/// A British national insurance number: two letters, six digits, one letter; no computed check.
pub(crate) fn is_nino(text: &[u8]) -> bool {
    let [first, second, digits @ .., last] = text else {
        return false;
    };
    let never = [b"BG", b"GB", b"KN", b"NK", b"NT", b"TN", b"ZZ"];
    first.is_ascii_uppercase()
        && second.is_ascii_uppercase()
        && !b"DFIQUV".contains(first)
        && !b"DFIOQUV".contains(second)
        && !never.iter().any(|prefix| text.starts_with(*prefix))
        // Printed on forms as an example.
        && !text.starts_with(b"QQ")
        && all_digits(digits, 6)
        && !is_made_up(digits)
        && (b'A'..=b'D').contains(last)
}

/// A number of the National Health Service.
pub(crate) fn is_nhs(text: &[u8]) -> bool {
    let Some((body, [check])) = text.split_last_chunk::<1>() else {
        return false;
    };
    let sum = weighted(body, &[10, 9, 8, 7, 6, 5, 4, 3, 2]);
    sum.map(|sum| 11_u32.saturating_sub(sum % 11) % 11)
        .is_some_and(|expected| digit(*check) == Some(expected))
        && !is_made_up(text)
}

/// A German tax id: ISO 7064, and one digit of the first ten stands two or three times.
pub(crate) fn is_german_tax_id(text: &[u8]) -> bool {
    if !all_digits(text, 11) || text.first() == Some(&b'0') || is_made_up(text) {
        return false;
    }
    let body = text.get(..10).unwrap_or_default();
    let counts = (b'0'..=b'9').map(|digit| memchr::memchr_iter(digit, body).count());
    let repeated: Vec<usize> = counts.filter(|count| *count > 1).collect();
    matches!(repeated.as_slice(), [2 | 3]) && mod_11_10(text)
}

/// The French number of the register of natural persons, with its key.
pub(crate) fn is_nir(text: &[u8]) -> bool {
    if text.len() != 15 || !matches!(text.first(), Some(b'1'..=b'4' | b'7' | b'8')) {
        return false;
    }
    let mut body: Vec<u8> = text.get(..13).unwrap_or_default().to_vec();
    if let Some(department) = body.get_mut(5..7) {
        match department {
            [b'2', b'A'] => department.copy_from_slice(b"19"),
            [b'2', b'B'] => department.copy_from_slice(b"18"),
            _ => {}
        }
    }
    let month = text.get(3..5).and_then(decimal);
    let known_month = month.is_some_and(|month| matches!(month, 1..=12 | 20..=42 | 50..=99));
    let department = text.get(5..7) != Some(b"00");
    let (Some(number), Some(key)) = (decimal(&body), text.get(13..).and_then(decimal)) else {
        return false;
    };
    known_month && department && key == 97_u64.saturating_sub(number % 97) && !is_made_up(text)
}

/// A Spanish number of an identity card (DNI) or of a foreigner (NIE).
pub(crate) fn is_dni(text: &[u8]) -> bool {
    let Some((body, [letter @ b'A'..=b'Z'])) = text.split_last_chunk::<1>() else {
        return false;
    };
    let mut digits = body.to_vec();
    if let Some(first) = digits.first_mut() {
        *first = match *first {
            b'X' => b'0',
            b'Y' => b'1',
            b'Z' => b'2',
            other => other,
        };
    }
    if !all_digits(&digits, 8) || is_made_up(&digits) {
        return false;
    }
    let rest = decimal(&digits).map(|number| number % 23);
    let expected = rest.and_then(|rest| SPANISH.get(usize::try_from(rest).ok()?));
    expected == Some(letter)
}

/// Values of characters at odd places of an Italian fiscal code, digits and letters alike.
const ITALIAN_ODD: &[u32; 26] = &[
    1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
];

/// An Italian fiscal code; digits may be written as letters where two people would have the same.
pub(crate) fn is_codice_fiscale(text: &[u8]) -> bool {
    let Some((body, [check])) = text.split_last_chunk::<1>().filter(|_| text.len() == 16) else {
        return false;
    };
    let form = body
        .iter()
        .zip(b"AAAAAA00M00A000")
        .all(|(byte, kind)| match kind {
            b'A' => byte.is_ascii_uppercase(),
            b'M' => b"ABCDEHLMPRST".contains(byte),
            _ => byte.is_ascii_digit() || b"LMNPQRSTUV".contains(byte),
        });
    if !form {
        return false;
    }
    let sum = body.iter().enumerate().fold(0_u32, |sum, (index, byte)| {
        let place = digit(*byte).unwrap_or_else(|| u32::from(*byte).saturating_sub(65));
        let odd = usize::try_from(place)
            .ok()
            .and_then(|place| ITALIAN_ODD.get(place));
        sum.saturating_add(if index % 2 == 0 {
            odd.copied().unwrap_or(0)
        } else {
            place
        })
    });
    u32::from(*check) == (sum % 26).saturating_add(65)
}

/// A Dutch citizen service number.
pub(crate) fn is_bsn(text: &[u8]) -> bool {
    is_dutch(text) && !is_made_up(text)
}

/// The test of eleven, of nine digits.
pub(crate) fn is_dutch(text: &[u8]) -> bool {
    let Some((body, [check])) = text.split_last_chunk::<1>() else {
        return false;
    };
    let sum = weighted(body, &[9, 8, 7, 6, 5, 4, 3, 2]);
    sum.is_some_and(|sum| sum > 0 && digit(*check) == Some(sum % 11))
}

/// A Polish PESEL: a day of birth with the century in its month, and a check digit.
pub(crate) fn is_pesel(text: &[u8]) -> bool {
    let part = |from: usize| text.get(from..from.saturating_add(2)).and_then(decimal);
    let (Some(year), Some(month), Some(day)) = (part(0), part(2), part(4)) else {
        return false;
    };
    let century = match month {
        1..=12 => 1900,
        21..=32 => 2000,
        _ => return false,
    };
    let Some((body, [check])) = text.split_last_chunk::<1>() else {
        return false;
    };
    let sum = weighted(body, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3]);
    is_date(year.saturating_add(century), month % 20, day)
        && sum.is_some_and(|sum| digit(*check) == Some(10_u32.saturating_sub(sum % 10) % 10))
        && !is_made_up(text)
}

/// A Turkish identity number: two check digits.
pub(crate) fn is_tckn(text: &[u8]) -> bool {
    let digits: Vec<u32> = text.iter().filter_map(|byte| digit(*byte)).collect();
    let Some((body, [tenth, last])) = digits.split_last_chunk::<2>().filter(|_| digits.len() == 11) else {
        return false;
    };
    let odd = body.iter().step_by(2).sum::<u32>();
    let even = body.iter().skip(1).step_by(2).sum::<u32>();
    // 36 at most is taken away; 40 keeps it positive.
    let expected = odd.saturating_mul(7).saturating_add(40).saturating_sub(even) % 10;
    text.len() == 11
        && body.first() != Some(&0)
        && *tenth == expected
        && *last == odd.saturating_add(even).saturating_add(*tenth) % 10
        && !is_made_up(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_and_checks_are_those_of_the_countries() {
        assert!(is_nhs(b"9434765919") && !is_nhs(b"9434765918"));
        assert!(is_codice_fiscale(b"RCCMNL83S18D969H") && !is_codice_fiscale(b"RCCMNL83S18D969I"));
        assert!(is_nino(b"AB123457C") && !is_nino(b"GB123457C") && !is_nino(b"AB123457E"));
        assert!(is_dni(b"54362315K") && is_dni(b"X2482300W") && !is_dni(b"54362315Z"));
        assert!(is_nir(b"295109912611193") && !is_nir(b"295109912611199"));
        assert!(is_dutch(b"111222333") && !is_dutch(b"111222334"));
        assert!(is_tckn(b"17291716060") && !is_tckn(b"17291716050"));
        assert!(is_pesel(b"44051401359") && !is_pesel(b"44051401358"));
        assert!(is_german_tax_id(b"36574261809") && !is_german_tax_id(b"36574261890"));
    }
}
