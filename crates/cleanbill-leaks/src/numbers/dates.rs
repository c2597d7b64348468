//! Days that exist.

/// Earliest year in which somebody is taken to be born.
const FIRST_YEAR: u64 = 1900;
/// Last year that is taken for one of a birth; fixed, since there is no clock here.
const LAST_YEAR: u64 = 2035;

/// Says whether the day exists and somebody may have been born on it.
pub(crate) fn is_date(year: u64, month: u64, day: u64) -> bool {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    };
    (FIRST_YEAR..=LAST_YEAR).contains(&year) && (1..=days).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leap_years_have_one_day_more() {
        assert!(is_date(2000, 2, 29) && is_date(1996, 2, 29));
        assert!(
            !is_date(1900, 2, 29) && !is_date(1999, 2, 29) && !is_date(1999, 13, 1) && !is_date(1999, 4, 31)
        );
    }
}
