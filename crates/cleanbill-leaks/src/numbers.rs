//! Numbers of people and of their accounts: what each must satisfy. One family a file; the name of a check in `rules/*.toml`
//! is looked up in [`TABLE`]. Every check gets the letters and digits without what separates them.

mod americas;
mod asia;
mod cards;
mod china;
mod coins;
mod dates;
mod europe;
mod iban;
mod keccak;
mod vat;

pub(crate) use dates::is_date;

/// One check.
#[derive(Debug)]
pub(crate) struct Number {
    /// Its name in the rules.
    pub(crate) name: &'static str,
    /// Something computed stands behind what it accepts.
    pub(crate) proves: bool,
    /// Says whether a value may be real.
    pub(crate) accepts: fn(&[u8]) -> bool,
    /// Says the same of forms that prove nothing and count only near a word of the rule.
    pub(crate) accepts_near: fn(&[u8]) -> bool,
}

/// Returns the place of the check of this name.
pub(crate) fn named(name: &str) -> Option<usize> {
    TABLE.iter().position(|number| number.name == name)
}

/// Returns the check at `place`.
pub(crate) fn at(place: usize) -> Option<&'static Number> {
    TABLE.get(place)
}

const fn proof(name: &'static str, accepts: fn(&[u8]) -> bool) -> Number {
    Number {
        name,
        proves: true,
        accepts,
        accepts_near: never,
    }
}

const fn form(name: &'static str, accepts: fn(&[u8]) -> bool) -> Number {
    Number {
        name,
        proves: false,
        accepts,
        accepts_near: never,
    }
}

const fn never(_: &[u8]) -> bool {
    false
}

const TABLE: &[Number] = &[
    proof("imei", cards::is_imei),
    proof("credit-card", cards::is_card),
    proof("cn-bank-card", cards::is_chinese_card),
    proof("iban", iban::is_iban),
    proof("btc", coins::is_bitcoin),
    Number {
        accepts_near: coins::is_plain_ether,
        ..proof("eth", coins::is_ether)
    },
    form("us-ssn", americas::is_ssn),
    form("us-itin", americas::is_itin),
    form("us-passport", americas::is_passport),
    proof("ca-sin", americas::is_sin),
    proof("br-cpf", americas::is_cpf),
    form("uk-nino", europe::is_nino),
    proof("uk-nhs", europe::is_nhs),
    proof("de-tax-id", europe::is_german_tax_id),
    proof("fr-nir", europe::is_nir),
    proof("es-dni-nie", europe::is_dni),
    proof("it-codice-fiscale", europe::is_codice_fiscale),
    proof("nl-bsn", europe::is_bsn),
    proof("pl-pesel", europe::is_pesel),
    proof("tr-tckn", europe::is_tckn),
    proof("eu-vat", vat::is_vat),
    proof("in-aadhaar", asia::is_aadhaar),
    form("in-pan", asia::is_pan),
    proof("au-tfn", asia::is_tfn),
    proof("jp-my-number", asia::is_my_number),
    form("kr-rrn", asia::is_rrn),
    proof("sg-nric", asia::is_nric),
    proof("hk-id", asia::is_hong_kong),
    proof("tw-national-id", asia::is_taiwan),
    proof("cn-resident-id", china::is_resident_id),
    proof("cn-uscc", china::is_uscc),
    form("cn-passport", china::is_passport),
];

/// Returns the value of a decimal digit.
pub(crate) fn digit(byte: u8) -> Option<u32> {
    byte.is_ascii_digit()
        .then(|| u32::from(byte).saturating_sub(u32::from(b'0')))
}

/// Returns the value of a digit, or of a letter from 10 on.
pub(crate) fn value(byte: u8) -> Option<u32> {
    match byte {
        b'0'..=b'9' => digit(byte),
        b'A'..=b'Z' => Some(u32::from(byte).saturating_sub(55)),
        _ => None,
    }
}

/// Returns the number that decimal digits write, at most 19 of them.
pub(crate) fn decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 19 {
        return None;
    }
    text.iter().try_fold(0_u64, |sum, byte| {
        sum.checked_mul(10)?.checked_add(u64::from(digit(*byte)?))
    })
}

/// Returns the sum of digits by weights; none where they are not as many as the weights, or no digits.
pub(crate) fn weighted(text: &[u8], weights: &[u32]) -> Option<u32> {
    if text.len() != weights.len() {
        return None;
    }
    text.iter().zip(weights).try_fold(0_u32, |sum, (byte, weight)| {
        Some(sum.saturating_add(digit(*byte)?.saturating_mul(*weight)))
    })
}

/// Returns the sum of Luhn over digits, the last of which counts once.
pub(crate) fn luhn_sum(text: &[u8]) -> Option<u32> {
    text.iter()
        .rev()
        .enumerate()
        .try_fold(0_u32, |sum, (index, byte)| {
            let value = digit(*byte)?;
            let twice = value.saturating_mul(2);
            let counted = match (index % 2, twice) {
                (0, _) => value,
                (_, 10..) => twice.saturating_sub(9),
                _ => twice,
            };
            Some(sum.saturating_add(counted))
        })
}

/// Says whether digits end with their check digit by Luhn.
pub(crate) fn luhn(text: &[u8]) -> bool {
    luhn_sum(text).is_some_and(|sum| sum % 10 == 0)
}

/// ISO 7064 MOD 11,10 over digits, the last of which is the check digit.
pub(crate) fn mod_11_10(text: &[u8]) -> bool {
    let end = text.iter().try_fold(5_u32, |check, byte| {
        let before = if check == 0 { 10 } else { check };
        Some((before.saturating_mul(2) % 11).saturating_add(digit(*byte)?) % 10)
    });
    end == Some(1)
}

/// Says whether all bytes are decimal digits, and there are `count` of them.
pub(crate) fn all_digits(text: &[u8], count: usize) -> bool {
    text.len() == count && text.iter().all(u8::is_ascii_digit)
}

/// Says whether digits were written to stand in for a number: one digit over and over, 1234..., a short unit repeated.
pub(crate) fn is_made_up(text: &[u8]) -> bool {
    let digits = text.iter().filter(|byte| byte.is_ascii_digit());
    let mut seen = 0_u32;
    let (mut run, mut climb, mut fall) = (1_u32, 1_u32, 1_u32);
    let (mut long, mut total) = (0_u32, 0_u32);
    let mut last: Option<u32> = None;
    for byte in digits {
        let value = digit(*byte).unwrap_or(0);
        seen |= 1_u32.wrapping_shl(value);
        total = total.saturating_add(1);
        let step = |one: u32| last.is_some_and(|last| last.saturating_add(one) % 10 == value);
        run = if step(0) { run.saturating_add(1) } else { 1 };
        climb = if step(1) { climb.saturating_add(1) } else { 1 };
        fall = if step(9) { fall.saturating_add(1) } else { 1 };
        long = long.max(run).max(climb).max(fall);
        last = Some(value);
    }
    let kinds = seen.count_ones();
    total >= 6 && (long >= 6 || kinds <= 2 || total >= 7 && long.saturating_add(1) >= total)
        || total >= 12 && kinds <= 3
        || text.len() >= 9 && text.len().is_multiple_of(3) && {
            let third = text.len().checked_div(3).unwrap_or(1);
            text.iter()
                .zip(text.get(third..).unwrap_or_default())
                .all(|(one, other)| one == other)
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_agree_with_published_values() {
        assert!(luhn(b"4111111111111111"));
        assert!(!luhn(b"4111111111111112"));
        assert!(mod_11_10(b"36574261809"));
        assert_eq!(weighted(b"123", &[1, 2, 3]), Some(14));
        assert_eq!(weighted(b"12", &[1, 2, 3]), None);
        assert_eq!(decimal(b"0012"), Some(12));
    }

    #[test]
    fn numbers_that_stand_in_are_known() {
        for text in [
            "123456789",
            "000000000",
            "111111111111",
            "123123123",
            "987654321",
            "1212121212",
        ] {
            assert!(is_made_up(text.as_bytes()), "{text}");
        }
        for text in ["536228726", "4539578763621486", "A1B2C3"] {
            assert!(!is_made_up(text.as_bytes()), "{text}");
        }
    }
}
