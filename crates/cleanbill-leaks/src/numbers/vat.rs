//! Numbers of taxpayers in the European Union, by country.

use super::{all_digits, decimal, digit, europe, is_date, luhn, luhn_sum, mod_11_10, value, weighted};

/// The prefix of a country and its number.
pub(crate) fn is_vat(text: &[u8]) -> bool {
    let Some((country, number)) = text.split_at_checked(2) else {
        return false;
    };
    // Zeros only, or one digit over and over, is nobody.
    let first = number.iter().find(|byte| byte.is_ascii_digit());
    if number
        .iter()
        .filter(|byte| byte.is_ascii_digit())
        .all(|byte| Some(byte) == first)
    {
        return false;
    }
    match country {
        b"AT" => austria(number) == Some(true),
        b"BE" => belgium(number) == Some(true),
        b"BG" => bulgaria(number) == Some(true),
        b"CY" => cyprus(number) == Some(true),
        b"CZ" => czechia(number) == Some(true),
        b"DE" => all_digits(number, 9) && number.first() != Some(&b'0') && mod_11_10(number),
        b"DK" => rest(number, &[2, 7, 6, 5, 4, 3, 2, 1], 11) == Some(0) && number.first() != Some(&b'0'),
        b"EE" => rest(number, &[3, 7, 1, 3, 7, 1, 3, 7, 1], 10) == Some(0),
        b"EL" => ends_with(
            number,
            rest(body(number), &[256, 128, 64, 32, 16, 8, 4, 2], 11).map(|rest| rest % 10),
        ),
        b"ES" => spain(number) == Some(true),
        b"FI" => rest(number, &[7, 9, 10, 5, 8, 4, 2, 1], 11) == Some(0),
        b"FR" => france(number) == Some(true),
        b"HR" => all_digits(number, 11) && mod_11_10(number),
        b"HU" => rest(number, &[9, 7, 3, 1, 9, 7, 3, 1], 10) == Some(0),
        b"IE" => ireland(number) == Some(true),
        b"IT" => all_digits(number, 11) && luhn(number),
        b"LT" => lithuania(number) == Some(true),
        b"LU" => luxembourg(number) == Some(true),
        b"LV" => {
            number.first().is_some_and(|first| *first > b'3')
                && rest(number, &[9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1], 11) == Some(3)
        }
        b"MT" => rest(number, &[3, 4, 6, 7, 8, 9, 10, 1], 37) == Some(0) && number.first() != Some(&b'0'),
        b"NL" => netherlands(text, number) == Some(true),
        b"PL" => {
            let expected = rest(body(number), &[6, 5, 7, 2, 3, 4, 5, 6, 7], 11);
            ends_with(number, expected)
        }
        b"PT" => {
            let expected = rest(body(number), &[9, 8, 7, 6, 5, 4, 3, 2], 11)
                .map(|rest| 11_u32.saturating_sub(rest) % 11 % 10);
            number.first() != Some(&b'0') && ends_with(number, expected)
        }
        b"RO" => romania(number) == Some(true),
        b"SE" => {
            let (first, last) = number.split_at_checked(10).unwrap_or_default();
            all_digits(number, 12) && luhn(first) && last != b"00"
        }
        b"SI" => slovenia(number) == Some(true),
        b"SK" => slovakia(number) == Some(true),
        _ => false,
    }
}

fn body(number: &[u8]) -> &[u8] {
    number.split_last().map_or(&[], |(_, body)| body)
}

fn ends_with(number: &[u8], expected: Option<u32>) -> bool {
    expected.is_some() && number.last().and_then(|last| digit(*last)) == expected
}

fn rest(number: &[u8], weights: &[u32], modulus: u32) -> Option<u32> {
    weighted(number, weights)?.checked_rem(modulus)
}

fn austria(number: &[u8]) -> Option<bool> {
    let digits = number.strip_prefix(b"U").filter(|digits| digits.len() == 8)?;
    let sum = luhn_sum(body(digits))?;
    // 66 is the greatest sum; 70 and 6 keep it positive.
    Some(ends_with(digits, Some(76_u32.checked_sub(sum)? % 10)))
}

fn belgium(number: &[u8]) -> Option<bool> {
    let (first, last) = number.split_at_checked(8)?;
    let rest = 97_u64.checked_sub(decimal(first)? % 97)?;
    Some(all_digits(number, 10) && matches!(number.first(), Some(b'0' | b'1')) && rest == decimal(last)?)
}

fn bulgaria(number: &[u8]) -> Option<bool> {
    let first = rest(body(number), &[1, 2, 3, 4, 5, 6, 7, 8], 11)?;
    let second = rest(body(number), &[3, 4, 5, 6, 7, 8, 9, 10], 11)?;
    let expected = if first == 10 { second % 10 } else { first };
    Some(ends_with(number, Some(expected)))
}

fn cyprus(number: &[u8]) -> Option<bool> {
    const ODD: &[u32; 10] = &[1, 0, 5, 7, 9, 13, 15, 17, 19, 21];
    let (digits, [letter]) = number.split_last_chunk::<1>().filter(|_| number.len() == 9)?;
    let sum = digits.iter().enumerate().try_fold(0_u32, |sum, (index, byte)| {
        let plain = digit(*byte)?;
        let counted = if index % 2 == 0 {
            *ODD.get(usize::try_from(plain).ok()?)?
        } else {
            plain
        };
        Some(sum.saturating_add(counted))
    })?;
    Some(!digits.starts_with(b"12") && u32::from(*letter) == (sum % 26).saturating_add(65))
}

fn czechia(number: &[u8]) -> Option<bool> {
    let sum = rest(body(number), &[8, 7, 6, 5, 4, 3, 2], 11)?;
    let check = 11_u32.checked_sub(sum)? % 11;
    let expected = if check == 0 { 1 } else { check % 10 };
    Some(number.first() != Some(&b'9') && ends_with(number, Some(expected)))
}

fn spain(number: &[u8]) -> Option<bool> {
    if europe::is_dni(number) {
        return Some(true);
    }
    let (kind, digits) = number.split_first()?;
    if !b"ABCDEFGHJNPQRSUVW".contains(kind) || digits.len() != 8 {
        return Some(false);
    }
    let first = body(digits);
    // The digit that would make it right by Luhn.
    let mut longer = first.to_vec();
    longer.push(b'0');
    let expected = 10_u32.checked_sub(luhn_sum(&longer)? % 10)? % 10;
    let letter = b"JABCDEFGHI".get(usize::try_from(expected).ok()?)?;
    let last = digits.last()?;
    Some(match kind {
        b'A' | b'B' | b'E' | b'H' => digit(*last) == Some(expected),
        b'N' | b'P' | b'Q' | b'R' | b'S' | b'W' => last == letter,
        _ => digit(*last) == Some(expected) || last == letter,
    })
}

fn france(number: &[u8]) -> Option<bool> {
    let (key, siren) = number.split_at_checked(2)?;
    let account = decimal(siren).filter(|_| siren.len() == 9)?;
    let expected = (account % 97).saturating_mul(3).saturating_add(12) % 97;
    Some(luhn(siren) && decimal(key)? == expected)
}

fn ireland(number: &[u8]) -> Option<bool> {
    let (digits, letters) = number.split_at_checked(7)?;
    let sum = weighted(digits, &[8, 7, 6, 5, 4, 3, 2])?;
    let (check, more) = match letters {
        [check] => (check, 0),
        [check, second @ b'A'..=b'I'] => (check, u32::from(*second).saturating_sub(64).saturating_mul(9)),
        _ => return None,
    };
    let place = usize::try_from(sum.saturating_add(more) % 23).ok()?;
    Some(b"WABCDEFGHIJKLMNOPQRSTUV".get(place)? == check)
}

fn lithuania(number: &[u8]) -> Option<bool> {
    if !matches!(number.len(), 9 | 12) || number.len() == 9 && number.get(7) != Some(&b'1') {
        return Some(false);
    }
    if number.len() == 12 && number.get(10) != Some(&b'1') {
        return Some(false);
    }
    let sum = |shift: usize| {
        body(number)
            .iter()
            .enumerate()
            .try_fold(0_u32, |sum, (index, byte)| {
                let weight = (index.saturating_add(shift) % 9).saturating_add(1);
                Some(sum.saturating_add(digit(*byte)?.saturating_mul(u32::try_from(weight).ok()?)))
            })
    };
    let first = sum(0)? % 11;
    let expected = if first == 10 { sum(2)? % 11 % 10 } else { first };
    Some(ends_with(number, Some(expected)))
}

fn luxembourg(number: &[u8]) -> Option<bool> {
    let (first, last) = number.split_at_checked(6)?;
    Some(all_digits(number, 8) && decimal(first)? % 89 == decimal(last)?)
}

fn netherlands(text: &[u8], number: &[u8]) -> Option<bool> {
    let (digits, tail) = number.split_at_checked(9)?;
    if !matches!(tail, [b'B', first, second] if first.is_ascii_digit() && second.is_ascii_digit()) {
        return Some(false);
    }
    let rest = text.iter().try_fold(0_u32, |rest, byte| {
        let value = value(*byte)?;
        let shift = if value < 10 { 10 } else { 100 };
        Some(rest.saturating_mul(shift).saturating_add(value) % 97)
    })?;
    Some(all_digits(digits, 9) && (europe::is_dutch(digits) || rest == 1))
}

fn romania(number: &[u8]) -> Option<bool> {
    const WEIGHTS: &[u32; 9] = &[7, 5, 3, 2, 1, 7, 5, 3, 2];
    // Shorter ones exist; they prove too little.
    if !(8..=10).contains(&number.len()) || number.first() == Some(&b'0') {
        return Some(false);
    }
    let first = body(number);
    let weights = WEIGHTS.get(WEIGHTS.len().checked_sub(first.len())?..)?;
    let expected = weighted(first, weights)?.saturating_mul(10) % 11 % 10;
    Some(ends_with(number, Some(expected)))
}

fn slovenia(number: &[u8]) -> Option<bool> {
    let check = 11_u32.checked_sub(rest(body(number), &[8, 7, 6, 5, 4, 3, 2], 11)?)?;
    Some(number.first() != Some(&b'0') && check != 11 && ends_with(number, Some(check % 10)))
}

fn slovakia(number: &[u8]) -> Option<bool> {
    if is_slovak_birth_number(number) == Some(true) {
        return Some(true);
    }
    let third = number.get(2)?;
    Some(
        all_digits(number, 10)
            && number.first() != Some(&b'0')
            && b"234789".contains(third)
            && decimal(number)? % 11 == 0,
    )
}

/// People have the number of their birth: a day, its month 50 higher for women, and a check digit.
fn is_slovak_birth_number(number: &[u8]) -> Option<bool> {
    let part = |from: usize| number.get(from..from.saturating_add(2)).and_then(decimal);
    let (short, month, day) = (part(0)?, part(2)? % 50 % 20, part(4)?);
    // Numbers of ten digits begin with the year 1954.
    let year = if short < 54 { 2000 } else { 1900_u64 }.saturating_add(short);
    let rest = decimal(body(number))? % 11;
    let expected = if year < 1985 { rest % 10 } else { rest };
    Some(
        all_digits(number, 10)
            && is_date(year, month, day)
            && ends_with(number, u32::try_from(expected).ok()),
    )
}
