//! The text of a number or a day, the same whatever format stores it: what JSON writes as `4111111111111111.0` and what a column of
//! 64-bit floats holds are one number, and both are searched as `4111111111111111`.
//!
//! Only whole numbers are searched. What stands behind the point identifies nobody, and vectors are made of it.

use std::{borrow::Cow, io::Write as _};

use crate::outcome::Exchanged;
/// LIMIT: the first number too large to be searched where it is stored as a float; readers write larger ones with an exponent.
const FLOAT: f64 = 1e21;
/// LIMIT: bytes of a number written with an exponent; a longer one is searched as the text that it is.
const WRITTEN: usize = 64;
/// The day 1700-01-01, counted from 1970-01-01; in nanoseconds it still has a number of 64 bits.
const LONG_AGO: i128 = -98_615;
/// Digits of an `i128` at most.
const DIGITS: u32 = 38;

/// What a column of numbers means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Whole numbers.
    Whole,
    /// Floats.
    Float,
    /// So many digits stand behind the point.
    Decimal(i32),
    /// Days, or parts of a day of which one has so many, since 1970-01-01.
    Day(i64),
    /// Parts of a second, of which one has so many, since 1970-01-01.
    Time(i64),
}

/// A number as it is stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Raw {
    Whole(i128),
    Float(f64),
}

impl Form {
    /// Writes the text of a number; says whether there is one to be searched: whole, and not below `least`.
    pub(crate) fn show(self, raw: Raw, least: i128, text: &mut Vec<u8>) -> bool {
        text.clear();
        let whole = match (self, raw) {
            (Self::Whole, Raw::Whole(value)) => Some(value),
            (Self::Float, Raw::Float(value)) => whole(value),
            (Self::Decimal(scale), Raw::Whole(value)) => decimal(value, scale),
            (Self::Day(parts), Raw::Whole(value)) => {
                return value
                    .checked_div_euclid(parts.into())
                    .is_some_and(|day| write_day(day, text));
            }
            (Self::Time(parts), Raw::Whole(value)) => {
                let Some(seconds) = value.checked_div_euclid(parts.into()) else {
                    return false;
                };
                let second = seconds.rem_euclid(86_400);
                let is_day = write_day(seconds.div_euclid(86_400), text);
                let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
                return is_day && write!(text, " {hour:02}:{minute:02}:{second:02}").is_ok();
            }
            _ => None,
        };
        match whole {
            Some(value) if value.unsigned_abs() >= least.unsigned_abs() => {
                // Dividing 128 bits takes long, and few numbers need it.
                match i64::try_from(value) {
                    Ok(value) => write!(text, "{value}").is_ok(),
                    Err(_) => write!(text, "{value}").is_ok(),
                }
            }
            _ => false,
        }
    }

    /// Returns what stands for nothing where null may not: zero, or a day on which nobody was born who lives.
    pub(crate) fn nothing(self) -> Raw {
        Raw::Whole(match self {
            Self::Whole | Self::Float | Self::Decimal(_) => 0,
            Self::Day(parts) => LONG_AGO.saturating_mul(parts.into()),
            Self::Time(parts) => LONG_AGO.saturating_mul(86_400).saturating_mul(parts.into()),
        })
    }

    /// Reads what [`Form::show`] would write so.
    pub(crate) fn read(self, text: &[u8]) -> Option<Raw> {
        let written: i128 = std::str::from_utf8(text).ok()?.parse().ok()?;
        let raw = match self {
            Self::Whole => Raw::Whole(written),
            Self::Float => Raw::Float(std::str::from_utf8(text).ok()?.parse().ok()?),
            Self::Decimal(scale) => {
                let parts = 10_i128.checked_pow(u32::try_from(scale).ok()?)?;
                Raw::Whole(written.checked_mul(parts)?)
            }
            Self::Day(_) | Self::Time(_) => return None,
        };
        let mut again = Vec::new();
        (self.show(raw, 0, &mut again) && again == text).then_some(raw)
    }
}

/// Returns a float that is a whole number.
fn whole(value: f64) -> Option<i128> {
    if value.fract() != 0.0 || value.is_nan() || value.abs() >= FLOAT {
        return None;
    }
    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        reason = "it is whole, and far below the largest number of 128 bits"
    )]
    let value = value as i128;
    Some(value)
}

fn decimal(value: i128, scale: i32) -> Option<i128> {
    let parts = 10_i128.checked_pow(scale.unsigned_abs().min(DIGITS))?;
    if scale <= 0 {
        return value.checked_mul(parts);
    }
    (value.checked_rem(parts)? == 0)
        .then(|| value.checked_div(parts))
        .flatten()
}

/// Reads a number of two's complement, the highest byte first.
pub(crate) fn big_endian(bytes: &[u8]) -> Option<i128> {
    let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    let filling = if negative { 0xff } else { 0 };
    let start = bytes.len().saturating_sub(16);
    let (over, bytes) = bytes.split_at_checked(start)?;
    if over.iter().any(|byte| *byte != filling) {
        return None;
    }
    let mut all = [filling; 16];
    for (place, byte) in all.iter_mut().rev().zip(bytes.iter().rev()) {
        *place = *byte;
    }
    let value = i128::from_be_bytes(all);
    ((value < 0) == negative).then_some(value)
}

/// Writes a number as two's complement of so many bytes, the highest first.
pub(crate) fn to_big_endian(value: i128, length: usize) -> Option<Vec<u8>> {
    let filling = if value < 0 { 0xff } else { 0 };
    let bytes = value.to_be_bytes();
    let mut all = vec![filling; length];
    for (place, byte) in all.iter_mut().rev().zip(bytes.iter().rev()) {
        *place = *byte;
    }
    (big_endian(&all) == Some(value)).then_some(all)
}

/// Writes a day, counted from 1970-01-01 (proleptic Gregorian calendar), where its year has four digits.
fn write_day(day: i128, text: &mut Vec<u8>) -> bool {
    // 400 years have 146,097 days; they are counted from the first of March, so that a leap day comes last.
    let Some(days) = i64::try_from(day).ok().and_then(|day| day.checked_add(719_468)) else {
        return false;
    };
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let leaps = (day / 36_524)
        .saturating_sub(day / 1_460)
        .saturating_sub(day / 146_096);
    let year = day.saturating_add(leaps) / 365;
    let before = year
        .saturating_mul(365)
        .saturating_add(year / 4)
        .saturating_sub(year / 100);
    let in_year = day.saturating_sub(before);
    let month = in_year.saturating_mul(5).saturating_add(2) / 153;
    let in_month = in_year.saturating_sub(month.saturating_mul(153).saturating_add(2) / 5);
    let (month, more) = if month < 10 {
        (month.saturating_add(3), 0)
    } else {
        (month.saturating_sub(9), 1)
    };
    let year = era.saturating_mul(400).saturating_add(year).saturating_add(more);
    let day = in_month.saturating_add(1);
    (1..=9_999).contains(&year) && write!(text, "{year:04}-{month:02}-{day:02}").is_ok()
}

/// How a text is to be searched that may be a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Written<'a> {
    /// It is no number.
    Text,
    /// A number in which nothing can be found.
    Nothing,
    /// A whole number, in digits.
    Whole(Cow<'a, [u8]>),
}

/// Reads a text that may be a number as JSON writes it (RFC 8259, section 6); one of fewer digits than `least` holds nothing.
pub(crate) fn written(text: &[u8], least: usize) -> Written<'_> {
    let unsigned = text.strip_prefix(b"-").unwrap_or(text);
    let digits = run(unsigned);
    // What begins with a zero is written so for a reason: it is no number, but somebody's.
    if digits == 0 || digits > 1 && unsigned.first() == Some(&b'0') {
        return Written::Text;
    }
    let whole = |text| {
        if digits < least {
            Written::Nothing
        } else {
            Written::Whole(Cow::Borrowed(text))
        }
    };
    let rest = unsigned.get(digits..).unwrap_or_default();
    let (fraction, exponent) = match rest.split_first() {
        None => return whole(text),
        Some((b'.', rest)) => {
            let length = run(rest);
            if length == 0 {
                return Written::Text;
            }
            rest.split_at_checked(length).unwrap_or((rest, &[]))
        }
        _ => (&[][..], rest),
    };
    if exponent.is_empty() {
        if fraction.iter().any(|byte| *byte != b'0') {
            return Written::Nothing;
        }
        let length = text.len().saturating_sub(rest.len());
        return whole(text.get(..length).unwrap_or_default());
    }
    let Some((b'e' | b'E', power)) = exponent.split_first() else {
        return Written::Text;
    };
    let power = match power.split_first() {
        Some((b'+' | b'-', digits)) => digits,
        _ => power,
    };
    if power.is_empty() || run(power) < power.len() || text.len() > WRITTEN {
        return Written::Text;
    }
    let value = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
    let mut shown = Vec::new();
    match value {
        Some(value) if Form::Float.show(Raw::Float(value), smallest(least), &mut shown) => {
            Written::Whole(Cow::Owned(shown))
        }
        _ => Written::Nothing,
    }
}

/// Returns what takes the place of a number where that is a number again: `raw` as it was but for its digits.
pub(crate) fn exchanged(raw: &[u8], value: &[u8], exchanged: &Exchanged) -> Option<Vec<u8>> {
    let is_number = exchanged.keeps_form && matches!(written(&exchanged.text, 0), Written::Whole(_));
    let behind = raw.strip_prefix(value).unwrap_or_default();
    is_number.then(|| [&*exchanged.text, behind].concat())
}

/// Returns the smallest number of so many digits.
pub(crate) fn smallest(digits: usize) -> i128 {
    let zeros = u32::try_from(digits.saturating_sub(1)).unwrap_or(DIGITS);
    if digits <= 1 {
        return 0;
    }
    10_i128.checked_pow(zeros.min(DIGITS)).unwrap_or(i128::MAX)
}

fn run(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(form: Form, raw: Raw) -> Option<String> {
        let mut text = Vec::new();
        form.show(raw, 0, &mut text)
            .then(|| String::from_utf8(text).unwrap())
    }

    #[test]
    fn the_same_number_has_the_same_text() {
        for (form, raw) in [
            (Form::Whole, Raw::Whole(4_111_111_111_111_111)),
            (Form::Float, Raw::Float(4_111_111_111_111_111.0)),
            (Form::Decimal(2), Raw::Whole(411_111_111_111_111_100)),
            (Form::Decimal(-2), Raw::Whole(41_111_111_111_111)),
        ] {
            let text = shown(form, raw).unwrap_or_default();
            assert!(text.starts_with("41111111111111"), "{form:?}: {text}");
        }
        for text in [
            "4111111111111111",
            "4111111111111111.0",
            "4111111111111111.00",
            "4.111111111111111e15",
            "4111111111111111e+0",
        ] {
            assert_eq!(
                written(text.as_bytes(), 7),
                Written::Whole(b"4111111111111111".into()),
                "{text}"
            );
        }
        assert_eq!(
            written(b"-4111111111111111", 7),
            Written::Whole(b"-4111111111111111".into())
        );
    }

    #[test]
    fn fractions_and_short_numbers_hold_nothing() {
        for text in [
            "0.4111111111111111",
            "415682.2237",
            "1e-9",
            "1e300",
            "123456",
            "1e3",
            "0",
            "0.0",
        ] {
            assert_eq!(written(text.as_bytes(), 7), Written::Nothing, "{text}");
        }
        for text in [
            "",
            "-",
            "007",
            "1.",
            ".5",
            "1e",
            "1e+",
            "12 34",
            "1.2.3",
            "+1",
            "0x1f",
            "nan",
            "4111-1111",
        ] {
            assert_eq!(written(text.as_bytes(), 7), Written::Text, "{text}");
        }
        assert_eq!(shown(Form::Float, Raw::Float(0.5)), None);
        assert_eq!(shown(Form::Float, Raw::Float(f64::NAN)), None);
        assert_eq!(shown(Form::Float, Raw::Float(f64::INFINITY)), None);
        assert_eq!(shown(Form::Decimal(2), Raw::Whole(150)), None);
        assert!(!Form::Whole.show(Raw::Whole(999_999), smallest(7), &mut Vec::new()));
        assert!(Form::Whole.show(Raw::Whole(-1_000_000), smallest(7), &mut Vec::new()));
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        for (day, text) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (7_441, "1990-05-17"),
            (11_016, "2000-02-29"),
            (-719_162, "0001-01-01"),
        ] {
            assert_eq!(shown(Form::Day(1), Raw::Whole(day)).as_deref(), Some(text));
        }
        let noon = 7_441 * 86_400 + 43_261;
        assert_eq!(
            shown(Form::Time(1_000), Raw::Whole(noon * 1_000 + 7)).as_deref(),
            Some("1990-05-17 12:01:01")
        );
        assert_eq!(shown(Form::Day(1), Raw::Whole(i128::MAX)), None);
        assert_eq!(shown(Form::Time(1), Raw::Whole(i128::MIN)), None);
    }

    #[test]
    fn a_number_that_is_read_is_written_so_again() {
        assert_eq!(Form::Decimal(2).read(b"123"), Some(Raw::Whole(12_300)));
        assert_eq!(
            Form::Float.read(b"4111111111111112"),
            Some(Raw::Float(4_111_111_111_111_112.0))
        );
        // A float holds no 19 digits.
        assert_eq!(Form::Float.read(b"6222021234567890123"), None);
        assert_eq!(Form::Whole.read(b"0123"), None);
        for value in [0, 1, -1, 255, -256, i128::MAX, i128::MIN] {
            let bytes = to_big_endian(value, 20).unwrap();
            assert_eq!(big_endian(&bytes), Some(value));
        }
        assert_eq!(to_big_endian(128, 1), None);
        assert_eq!(big_endian(&[1; 17]), None);
    }
}
