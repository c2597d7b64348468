//! Instants as certificates and rules know them: whole seconds, UTC, proleptic Gregorian calendar. Nothing here asks a clock.

use std::fmt;

const DAY_SECONDS: i64 = 86_400;

/// Holds a point in time, in seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(pub i64);

impl UnixTime {
    /// Reads an instant as RFC 3339 writes it, such as `2026-11-28T12:00:00Z`; a date alone is its first second.
    ///
    /// Fractions of a second are cut off; the offset may be `Z` or `+hh:mm`.
    pub fn parse(text: &str) -> Option<Self> {
        let (date, rest) = match text.split_once(['T', 't', ' ']) {
            Some((date, rest)) => (date, rest),
            None => (text, "00:00:00Z"),
        };
        let mut parts = date.split('-');
        let year = digits(parts.next()?, 4)?;
        let month = digits(parts.next()?, 2)?;
        let day = digits(parts.next()?, 2)?;
        if parts.next().is_some() || !(1..=12).contains(&month) || day < 1 || day > days_of(year, month)? {
            return None;
        }
        let (clock, offset) = if let Some(clock) = rest.strip_suffix(['Z', 'z']) {
            (clock, 0)
        } else {
            let at = rest.rfind(['+', '-'])?;
            let (clock, zone) = rest.split_at_checked(at)?;
            let (hours, minutes) = zone.get(1..)?.split_once(':')?;
            let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let seconds = hours.checked_mul(3_600)?.checked_add(minutes.checked_mul(60)?)?;
            let seconds = if zone.starts_with('-') {
                seconds.checked_neg()?
            } else {
                seconds
            };
            (clock, seconds)
        };
        let clock = match clock.split_once('.') {
            Some((clock, fraction))
                if !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                clock
            }
            Some(_) => return None,
            None => clock,
        };
        let mut parts = clock.split(':');
        let hour = digits(parts.next()?, 2)?;
        let minute = digits(parts.next()?, 2)?;
        let second = digits(parts.next()?, 2)?;
        if parts.next().is_some() || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let seconds = days_before(year, month, day)?
            .checked_mul(DAY_SECONDS)?
            .checked_add(hour.checked_mul(3_600)?)?
            .checked_add(minute.checked_mul(60)?)?
            .checked_add(second)?
            .checked_sub(offset)?;
        Some(Self(seconds))
    }
}

/// Reads a number of exactly so many digits.
fn digits(text: &str, count: usize) -> Option<i64> {
    let is_number = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

fn is_leap(year: i64) -> bool {
    let divides = |by: i64| year.checked_rem(by) == Some(0);
    divides(4) && (!divides(100) || divides(400))
}

fn days_of(year: i64, month: i64) -> Option<i64> {
    Some(match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => return None,
    })
}

/// Counts the days from 1970 to a date.
fn days_before(year: i64, month: i64, day: i64) -> Option<i64> {
    let mut days = day.checked_sub(1)?;
    for earlier in 1..month {
        days = days.checked_add(days_of(year, earlier)?)?;
    }
    days.checked_add(days_to_year(year)?)
}

/// Counts the days from 1970 to the first day of a year.
fn days_to_year(year: i64) -> Option<i64> {
    let before = year.checked_sub(1)?;
    let leaps = before
        .div_euclid(4)
        .checked_sub(before.div_euclid(100))?
        .checked_add(before.div_euclid(400))?;
    // Leap years before 1970: 477 of the first 1,969 years.
    year.checked_sub(1_970)?
        .checked_mul(365)?
        .checked_add(leaps.checked_sub(477)?)
}

impl fmt::Display for UnixTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (day, second) = (self.0.div_euclid(DAY_SECONDS), self.0.rem_euclid(DAY_SECONDS));
        // The mean year has 365.2425 days; the guess is off by one at most.
        let guess = day.saturating_mul(400).div_euclid(146_097).saturating_add(1_970);
        let is_before = |year: &i64| days_to_year(*year).is_some_and(|first| first <= day);
        let year = [guess.saturating_add(1), guess, guess.saturating_sub(1)]
            .into_iter()
            .find(is_before)
            .unwrap_or(guess);
        let mut rest = day.saturating_sub(days_to_year(year).unwrap_or(0));
        let mut month = 1_i64;
        while let Some(days) = days_of(year, month).filter(|days| *days <= rest) {
            rest = rest.saturating_sub(days);
            month = month.saturating_add(1);
        }
        let (hour, minute) = (second.div_euclid(3_600), second.rem_euclid(3_600).div_euclid(60));
        write!(
            formatter,
            "{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{:02}Z",
            rest.saturating_add(1),
            second.rem_euclid(60)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_as_they_are_written() {
        for (seconds, shown) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_746_228_988, "2025-05-02T23:36:28Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
            (-1, "1969-12-31T23:59:59Z"),
        ] {
            assert_eq!(UnixTime(seconds).to_string(), shown);
            assert_eq!(UnixTime::parse(shown), Some(UnixTime(seconds)), "{shown}");
        }
        let noon = UnixTime::parse("2026-11-28T12:00:00Z");
        assert!(noon.is_some());
        assert_eq!(UnixTime::parse("2026-11-28T13:30:00.25+01:30"), noon);
        assert_eq!(
            UnixTime::parse("2026-11-28"),
            UnixTime::parse("2026-11-28T00:00:00Z")
        );
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        for text in [
            "",
            "now",
            "2026-02-29",
            "2026-13-01",
            "2026-11-28T24:00:00Z",
            "2026-11-28T12:00:00",
            "2026-11-28T12:00Z",
            "26-11-28",
            "2026-11-28T12:00:00.Z",
            "2026-11-28T12:00:00+1:00",
        ] {
            assert_eq!(UnixTime::parse(text), None, "{text}");
        }
    }
}
