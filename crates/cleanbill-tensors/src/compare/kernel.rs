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
const LANES: usize = 8;

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

fn block(before: &[f32], after: &[f32]) -> Sums {
    let mut aa = [0.0_f32; LANES];
    let mut bb = [0.0_f32; LANES];
    let mut ab = [0.0_f32; LANES];
    let mut dd = [0.0_f32; LANES];
    let mut largest = [0.0_f32; LANES];
    let mut changed = [0_u32; LANES];
    let (ones, one_rest) = before.as_chunks::<LANES>();
    let (others, other_rest) = after.as_chunks::<LANES>();
    let mut eight = |one: &[f32; LANES], other: &[f32; LANES]| {
        let lanes = one.iter().zip(other).zip(&mut aa).zip(&mut bb).zip(&mut ab);
        let lanes = lanes.zip(&mut dd).zip(&mut largest).zip(&mut changed);
        for (((((((a, b), aa), bb), ab), dd), largest), changed) in lanes {
            let difference = b - a;
            *aa += a * a;
            *bb += b * b;
            *ab += a * b;
            *dd += difference * difference;
            let size = difference.abs();
            *largest = if size > *largest { size } else { *largest };
            *changed = changed.wrapping_add(u32::from(a.to_bits() != b.to_bits()));
        }
    };
    for (one, other) in ones.iter().zip(others) {
        eight(one, other);
    }
    if !one_rest.is_empty() {
        let (mut one, mut other) = ([0.0; LANES], [0.0; LANES]);
        for (place, value) in one.iter_mut().zip(one_rest) {
            *place = *value;
        }
        for (place, value) in other.iter_mut().zip(other_rest) {
            *place = *value;
        }
        eight(&one, &other);
    }
    let sum = |lanes: [f32; LANES]| lanes.iter().map(|lane| f64::from(*lane)).sum();
    Sums {
        aa: sum(aa),
        bb: sum(bb),
        ab: sum(ab),
        dd: sum(dd),
        largest: f64::from(largest.iter().copied().fold(0.0, f32::max)),
        changed: changed
            .iter()
            .map(|lane| u64::from(*lane))
            .fold(0, u64::saturating_add),
        not_finite: (0, 0),
    }
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
