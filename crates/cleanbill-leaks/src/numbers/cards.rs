//! Payment cards (ISO/IEC 7812) and telephones (IMEI): Luhn, with the ranges that are given out.

use super::{all_digits, decimal, is_made_up, luhn};

/// Numbers that payment services publish for tests.
const TEST_CARDS: &[u64] = &[
    2_223_003_122_003_222,
    2_223_000_048_400_011,
    3_056_930_009_020_004,
    30_569_309_025_904,
    3_530_111_333_300_000,
    3_566_002_020_360_505,
    36_227_206_271_667,
    371_449_635_398_431,
    378_282_246_310_005,
    378_734_493_671_000,
    38_520_000_023_237,
    4_005_550_000_000_001,
    4_007_000_000_027,
    4_012_888_888_881_881,
    4_012_000_033_330_026,
    4_012_001_037_141_112,
    4_000_056_655_665_556,
    4_111_111_111_111_111,
    4_222_222_222_222,
    4_242_424_242_424_242,
    4_917_610_000_000_000,
    4_988_438_843_884_305,
    5_019_717_010_103_742,
    5_105_105_105_105_100,
    5_200_828_282_828_210,
    5_424_000_000_000_015,
    5_454_545_454_545_454,
    5_555_555_555_554_444,
    6_011_000_990_139_424,
    6_011_111_111_111_117,
    6_011_000_000_000_004,
    6_200_000_000_000_005,
    6_205_500_000_000_000_004,
    6_240_008_631_401_148,
    6_250_946_000_000_016,
    6_250_947_000_000_014,
];

/// Digits with which the number of a telephone begins: bodies that give out type codes.
const REPORTING_BODIES: &[u64] = &[1, 10, 30, 33, 35, 44, 45, 49, 50, 51, 52, 53, 54, 86, 91, 98, 99];

/// A card of Visa, Mastercard, American Express, Diners, Discover, JCB or Maestro; those of `UnionPay` are [`is_chinese_card`].
pub(crate) fn is_card(text: &[u8]) -> bool {
    let start = |count: usize| text.get(..count).and_then(decimal).unwrap_or(0);
    let known = match text.len() {
        14 => matches!(start(3), 300..=305 | 309) || matches!(start(2), 36 | 38 | 39),
        12 => is_maestro(start(4)),
        // Older cards of Visa.
        13 => matches!(start(1), 4),
        15 => matches!(start(2), 34 | 37) || matches!(start(4), 1800 | 2131),
        16 => {
            matches!(start(1), 4)
                || matches!(start(2), 51..=55 | 65)
                || matches!(start(4), 2221..=2720 | 3528..=3589 | 6011)
                || matches!(start(3), 644..=649)
                || is_maestro(start(4))
        }
        19 => matches!(start(1), 4) || matches!(start(4), 3528..=3589 | 6011),
        _ => false,
    };
    known && is_number(text)
}

fn is_maestro(start: u64) -> bool {
    matches!(start, 5018 | 5020 | 5038 | 5893 | 6304 | 6759 | 6761..=6763)
}

/// A card of `UnionPay`, or a debit card of one of the older ranges of Chinese banks.
pub(crate) fn is_chinese_card(text: &[u8]) -> bool {
    let union = (16..=19).contains(&text.len()) && text.starts_with(b"62");
    let older = text.len() == 19 && (text.starts_with(b"9558") || text.starts_with(b"60"));
    (union || older) && is_number(text)
}

fn is_number(text: &[u8]) -> bool {
    luhn(text) && !is_made_up(text) && !decimal(text).is_some_and(|number| TEST_CARDS.contains(&number))
}

/// The number of a mobile device.
pub(crate) fn is_imei(text: &[u8]) -> bool {
    all_digits(text, 15)
        && text
            .get(..2)
            .and_then(decimal)
            .is_some_and(|body| REPORTING_BODIES.contains(&body))
        && luhn(text)
        && !is_made_up(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_that_are_published_for_tests_are_none() {
        for number in TEST_CARDS {
            let text = number.to_string();
            assert!(
                !is_card(text.as_bytes()) && !is_chinese_card(text.as_bytes()),
                "{text}"
            );
        }
    }

    #[test]
    fn a_book_is_no_card() {
        assert!(!is_card(b"9783161484100"));
    }
}
