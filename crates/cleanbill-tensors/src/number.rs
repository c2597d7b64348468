//! The few conversions between kinds of numbers that the standard library has no lossless way for.

/// Converts a count; beyond 2^53 the nearest number that `f64` has.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "counts beyond 2^53 may be rounded, they are weighed and not addressed with"
)]
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}

/// Converts a length.
pub(crate) fn float_of(length: usize) -> f64 {
    float(cleanbill_formats::bytes::size_u64(length))
}

/// Rounds to single precision.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "rounding is what is asked for"
)]
pub(crate) fn single(value: f64) -> f32 {
    value as f32
}

/// Rounds an integer of 32 bits to single precision.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "rounding is what is asked for"
)]
pub(crate) fn single_of(value: i32) -> f32 {
    value as f32
}

/// Rounds an integer of 64 bits to single precision.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "rounding is what is asked for"
)]
pub(crate) fn single_of_long(value: i64) -> f32 {
    value as f32
}

/// Takes the whole part of a number that is not negative; too large and `NaN` become the ends of the range.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the conversion saturates, as the language defines it"
)]
pub(crate) fn whole(value: f64) -> u64 {
    value.max(0.0) as u64
}

/// Mixes a number into one that looks random and is always the same (the finaliser of `SplitMix64`).
pub(crate) fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Returns the value in the middle of `values`, which are put in order; `None` of none.
pub(crate) fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len().checked_div(2)?;
    let upper = *values.get(middle)?;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = *values.get(middle.checked_sub(1)?)?;
    Some(f64::midpoint(lower, upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between() {
        assert_eq!(median(&mut [3.0, 1.0]), Some(2.0));
        assert_eq!(median(&mut [3.0, 1.0, 9.0]), Some(3.0));
        assert_eq!(median(&mut []), None);
    }
}
