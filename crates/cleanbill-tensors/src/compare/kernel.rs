//! The inner loops: sums over two rows, several elements at once.

use cleanbill_formats::bytes::size_u64;

/// Sums over elements before (`a`) and after (`b`).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sums {
    pub(crate) aa: f64,
    pub(crate) bb: f64,
    pub(crate) ab: f64,
    /// Squared differences.
    pub(crate) dd: f64,
    pub(crate) largest: f64,
    pub(crate) changed: u64,
    /// Elements that are not finite, before and after; they are in no sum.
    pub(crate) not_finite: (u64, u64),
}

/// Elements that are added up in single precision before the sum is kept in double.
const BLOCK: usize = 1024;
const LANES: usize = 16;

impl Sums {
    pub(crate) fn add(&mut self, other: &Self) {
        self.aa += other.aa;
        self.bb += other.bb;
        self.ab += other.ab;
        self.dd += other.dd;
        self.largest = self.largest.max(other.largest);
        self.changed = self.changed.saturating_add(other.changed);
        self.not_finite.0 = self.not_finite.0.saturating_add(other.not_finite.0);
        self.not_finite.1 = self.not_finite.1.saturating_add(other.not_finite.1);
    }

    /// Adds the elements of two slices of one length.
    pub(crate) fn take(&mut self, before: &[f32], after: &[f32]) {
        for (before, after) in before.chunks(BLOCK).zip(after.chunks(BLOCK)) {
            let block = block(before, after);
            let sum = block.aa + block.bb + block.dd;
            if sum.is_finite() && (sum > 1e-30 || before.iter().chain(after).all(|value| *value == 0.0)) {
                self.add(&block);
            } else {
                self.add(&slow(before, after));
            }
        }
    }
}

/// Adds up in single precision, one sum after the other: each loop alone is one that compilers make vectors of. What follows from
/// the three sums is worked out in double precision.
fn block(before: &[f32], after: &[f32]) -> Sums {
    let mut held = [0.0_f32; BLOCK];
    for ((place, before), after) in held.iter_mut().zip(before).zip(after) {
        *place = after - before;
    }
    let differences = held.get(..before.len().min(after.len())).unwrap_or_default();
    let (aa, ad, dd) = (
        product(before, before),
        product(before, differences),
        product(differences, differences),
    );
    Sums {
        aa,
        bb: (aa + 2.0 * ad + dd).max(0.0),
        ab: aa + ad,
        dd,
        largest: largest(differences),
        changed: changed(before, after),
        not_finite: (0, 0),
    }
}

fn product(one: &[f32], other: &[f32]) -> f64 {
    let mut sums = [0.0_f32; LANES];
    let (ones, one_rest) = one.as_chunks::<LANES>();
    let (others, other_rest) = other.as_chunks::<LANES>();
    for (one, other) in ones.iter().zip(others) {
        for ((sum, one), other) in sums.iter_mut().zip(one).zip(other) {
            *sum += one * other;
        }
    }
    let rest = one_rest
        .iter()
        .zip(other_rest)
        .map(|(one, other)| f64::from(one * other));
    sums.iter().map(|sum| f64::from(*sum)).chain(rest).sum()
}

fn largest(differences: &[f32]) -> f64 {
    let mut most = [0.0_f32; LANES];
    let (all, rest) = differences.as_chunks::<LANES>();
    for differences in all {
        for (most, difference) in most.iter_mut().zip(differences) {
            let size = difference.abs();
            *most = if size > *most { size } else { *most };
        }
    }
    let sizes = most.iter().chain(rest).map(|difference| difference.abs());
    f64::from(sizes.fold(0.0, f32::max))
}

fn changed(one: &[f32], other: &[f32]) -> u64 {
    let mut counts = [0_u32; LANES];
    let (ones, one_rest) = one.as_chunks::<LANES>();
    let (others, other_rest) = other.as_chunks::<LANES>();
    for (one, other) in ones.iter().zip(others) {
        for ((count, one), other) in counts.iter_mut().zip(one).zip(other) {
            *count = count.wrapping_add(u32::from(one.to_bits() != other.to_bits()));
        }
    }
    let rest = one_rest.iter().zip(other_rest);
    let rest = rest
        .filter(|(one, other)| one.to_bits() != other.to_bits())
        .count();
    let counted = counts.iter().map(|count| u64::from(*count));
    counted.fold(size_u64(rest), u64::saturating_add)
}

/// Adds up in double precision, and leaves out what is not finite.
fn slow(before: &[f32], after: &[f32]) -> Sums {
    let mut sums = Sums::default();
    for (before, after) in before.iter().zip(after) {
        sums.changed = sums
            .changed
            .saturating_add(u64::from(before.to_bits() != after.to_bits()));
        let lost = (u64::from(!before.is_finite()), u64::from(!after.is_finite()));
        sums.not_finite.0 = sums.not_finite.0.saturating_add(lost.0);
        sums.not_finite.1 = sums.not_finite.1.saturating_add(lost.1);
        if lost != (0, 0) {
            continue;
        }
        let (a, b) = (f64::from(*before), f64::from(*after));
        sums.aa += a * a;
        sums.bb += b * b;
        sums.ab += a * b;
        sums.dd += (b - a) * (b - a);
        sums.largest = sums.largest.max((b - a).abs());
    }
    sums
}

/// Counts elements of `width` bytes that differ.
pub(super) fn differing(one: &[u8], other: &[u8], width: usize) -> u64 {
    let pairs = one.chunks(width.max(1)).zip(other.chunks(width.max(1)));
    size_u64(pairs.filter(|(one, other)| one != other).count())
}

/// Makes a number of the bytes of a row; other bytes make another number, but for chance.
pub(super) fn mark(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let step = |mark: u64, word: u64| {
        let mixed = (mark.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^ (mixed >> 32)
    };
    let mark = words
        .iter()
        .fold(0x51_7c_c1_b7, |mark, word| step(mark, u64::from_le_bytes(*word)));
    rest.iter().fold(mark, |mark, byte| step(mark, u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_right_for_every_length() {
        for length in [0_u16, 1, 7, 8, 9, 1024, 1025, 5000] {
            let before: Vec<f32> = (0..length).map(f32::from).collect();
            let after: Vec<f32> = before.iter().map(|value| value + 0.5).collect();
            let mut sums = Sums::default();
            sums.take(&before, &after);
            let count = f64::from(length);
            assert!((sums.dd - count * 0.25).abs() < 1e-6, "{length}");
            assert_eq!(sums.changed, u64::from(length));
        }
    }

    #[test]
    fn what_is_not_finite_is_counted_and_left_out() {
        let mut sums = Sums::default();
        sums.take(&[1.0, f32::NAN, 2.0], &[1.0, 1.0, f32::INFINITY]);
        assert_eq!(sums.not_finite, (1, 1));
        assert_eq!(sums.changed, 2);
        assert!((sums.aa - 1.0).abs() < 1e-9);
    }

    #[test]
    fn small_numbers_do_not_vanish() {
        let mut sums = Sums::default();
        sums.take(&[1e-30], &[2e-30]);
        assert!(sums.dd > 0.0);
    }
}
