//! The strongest directions of a difference: a randomised singular value decomposition in two passes over it.
//!
//! Halko, Martinsson, Tropp: Finding structure with randomness, SIAM Review 53 (2011), algorithm 4.1 with one projection.

use cleanbill_formats::bytes::{size_u64, size_usize};

use crate::{
    compare::differences,
    number::{float, mixed, single},
    tensor::TensorError,
    weights::Weight,
};

/// LIMIT: numbers held for one projection.
const HELD: u64 = 6 << 20;
/// Narrower matrices have few directions by their shape.
const SMALLEST: u64 = 8;
/// Rounds of the eigenvalue iteration; it converges in less than ten.
const SWEEPS: usize = 24;

/// Squared lengths of the strongest directions, strongest first.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Spectrum {
    squares: Vec<f64>,
    /// How many directions were looked at; those without length are not among the squares.
    looked_at: u64,
    total: f64,
    rows: u64,
    columns: u64,
}

impl Spectrum {
    /// Returns how many directions rise above what noise of the same length would have; `None` where there are more than
    /// were looked at, or none.
    pub(crate) fn rank(&self) -> Option<u64> {
        let looked_at = float(self.looked_at);
        let known: f64 = self.squares.iter().sum();
        let rest = (self.total - known).max(0.0);
        let free = (float(self.rows) - looked_at).max(1.0) * (float(self.columns) - looked_at).max(1.0);
        let noise = (rest / free).sqrt() * (float(self.rows).sqrt() + float(self.columns).sqrt());
        let strongest = self.squares.first()?.sqrt();
        let least = (1.25 * noise).max(1e-4 * strongest);
        let count = self
            .squares
            .iter()
            .take_while(|square| square.sqrt() > least)
            .count();
        let most = size_usize(self.looked_at.saturating_sub(3).max(2));
        (count > 0 && count < most).then(|| size_u64(count))
    }

    /// Returns the share of the difference that the first `rank` directions hold.
    pub(crate) fn share(&self, rank: u64) -> f64 {
        let held: f64 = self.squares.iter().take(size_usize(rank)).sum();
        if self.total > 0.0 {
            (held / self.total).clamp(0.0, 1.0)
        } else {
            0.0
        }
    }
}

/// Looks at `most` directions of the difference of two matrices; `None` where it cannot be gone through by rows.
pub(crate) fn spectrum(before: &Weight, after: &Weight, most: u64) -> Result<Option<Spectrum>, TensorError> {
    let (rows, columns) = before.tensor.matrix();
    let smaller = rows.min(columns);
    let longer = rows.max(columns).max(1);
    let most = most
        .min(smaller.div_ceil(3))
        .min(HELD.checked_div(longer).unwrap_or(0))
        .max(1);
    if smaller < SMALLEST {
        return Ok(None);
    }
    let width = size_usize(most);
    let signs: Vec<f32> = (0..columns.saturating_mul(most))
        .map(|number| if mixed(number) & 1 == 0 { 1.0 } else { -1.0 })
        .collect();
    let mut projected: Vec<f32> = Vec::with_capacity(size_usize(rows.saturating_mul(most)));
    let mut total = 0.0_f64;
    let mut sums = vec![0.0_f32; width];
    let whole = differences(before, after, |_, row| {
        sums.fill(0.0);
        let mut square = 0.0_f64;
        for (value, signs) in row.iter().zip(signs.chunks(width)) {
            if *value != 0.0 && value.is_finite() {
                square += f64::from(*value) * f64::from(*value);
                for (sum, sign) in sums.iter_mut().zip(signs) {
                    *sum += *value * *sign;
                }
            }
        }
        total += square;
        projected.extend(&sums);
    })?;
    if !whole || total <= 0.0 {
        return Ok(None);
    }
    // An orthonormal basis of what was projected, by the eigenvectors of its Gram matrix.
    let gram = Square::gram(&projected, width);
    let (values, vectors) = gram.eigen();
    let strongest = values.iter().copied().fold(0.0, f64::max);
    let kept: Vec<(usize, f64)> = values
        .iter()
        .copied()
        .enumerate()
        .filter(|(_, value)| *value > strongest * 1e-11)
        .collect();
    let count = kept.len().max(1);
    // What turns a projected row into one of the basis.
    let mut turn = vec![0.0_f32; width.saturating_mul(count)];
    for (row, places) in turn.chunks_mut(count).enumerate() {
        for (place, (column, value)) in places.iter_mut().zip(&kept) {
            *place = single(vectors.at(*column, row) / value.sqrt());
        }
    }
    let mut small = vec![0.0_f32; size_usize(columns).saturating_mul(count)];
    let mut basis = vec![0.0_f32; count];
    differences(before, after, |number, row| {
        basis.fill(0.0);
        let start = size_usize(number).saturating_mul(width);
        let from = projected.get(start..).unwrap_or_default();
        for (value, turn) in from.iter().take(width).zip(turn.chunks(count)) {
            for (sum, factor) in basis.iter_mut().zip(turn) {
                *sum += *value * *factor;
            }
        }
        for (value, places) in row.iter().zip(small.chunks_mut(count)) {
            if *value != 0.0 && value.is_finite() {
                for (place, factor) in places.iter_mut().zip(&basis) {
                    *place += *value * *factor;
                }
            }
        }
    })?;
    let mut squares = Square::gram(&small, count).eigenvalues(1e-12);
    squares.retain(|square| *square > 0.0);
    squares.sort_by(|one, other| other.total_cmp(one));
    Ok(Some(Spectrum {
        squares,
        looked_at: most,
        total,
        rows,
        columns,
    }))
}

/// Says whether a sampled difference has few directions: most of its length in eight, or all but nothing in forty. Noise has
/// some 40% in eight of 64, and 96% in forty.
pub(crate) fn has_few_directions(sample: &[f32], columns: usize) -> bool {
    if columns == 0 {
        return false;
    }
    let mut squares = Square::gram(sample, columns).eigenvalues(1e-4);
    squares.sort_by(|one, other| other.total_cmp(one));
    let total: f64 = squares.iter().map(|square| square.max(0.0)).sum();
    let held = |count: usize| -> f64 { squares.iter().take(count).map(|square| square.max(0.0)).sum() };
    total > 0.0 && (held(8) > 0.8 * total || (squares.len() > 48 && held(40) > 0.985 * total))
}

/// A symmetric matrix.
#[derive(Clone, Debug)]
struct Square {
    size: usize,
    values: Vec<f64>,
}

impl Square {
    fn new(size: usize) -> Self {
        Self {
            size,
            values: vec![0.0; size.saturating_mul(size)],
        }
    }

    fn at(&self, row: usize, column: usize) -> f64 {
        let place = row.saturating_mul(self.size).saturating_add(column);
        self.values.get(place).copied().unwrap_or(0.0)
    }

    fn set(&mut self, row: usize, column: usize, value: f64) {
        let place = row.saturating_mul(self.size).saturating_add(column);
        if let Some(place) = self.values.get_mut(place) {
            *place = value;
        }
    }

    /// Multiplies the transposed of a matrix, given row by row, with itself.
    fn gram(rows: &[f32], columns: usize) -> Self {
        let mut gram = Self::new(columns);
        let mut wide = vec![0.0_f64; columns];
        for row in rows.chunks_exact(columns.max(1)) {
            for (place, value) in wide.iter_mut().zip(row) {
                *place = f64::from(*value);
            }
            for (index, (value, sums)) in wide
                .iter()
                .zip(gram.values.chunks_mut(columns.max(1)))
                .enumerate()
            {
                for (sum, other) in sums.iter_mut().zip(&wide).skip(index) {
                    *sum += value * other;
                }
            }
        }
        for row in 0..columns {
            for column in 0..row {
                let value = gram.at(column, row);
                gram.set(row, column, value);
            }
        }
        gram
    }

    /// Returns eigenvalues and, row by row, their eigenvectors (Jacobi's method).
    fn eigen(mut self) -> (Vec<f64>, Self) {
        let mut vectors = Self::new(self.size);
        for index in 0..self.size {
            vectors.set(index, index, 1.0);
        }
        self.sweep(Some(&mut vectors), 1e-12);
        (self.diagonal(), vectors)
    }

    /// Returns eigenvalues alone, each as exact as `tolerance` of their sum.
    fn eigenvalues(mut self, tolerance: f64) -> Vec<f64> {
        self.sweep(None, tolerance);
        self.diagonal()
    }

    fn diagonal(&self) -> Vec<f64> {
        (0..self.size).map(|index| self.at(index, index)).collect()
    }

    /// Rotates until what stands beside the diagonal is a `tolerance` of what stands on it.
    fn sweep(&mut self, mut vectors: Option<&mut Self>, tolerance: f64) {
        let size = self.size;
        let scale: f64 = self.diagonal().iter().map(|value| value.abs()).sum();
        for _ in 0..SWEEPS {
            let mut off = 0.0_f64;
            for row in 0..size {
                for column in row.saturating_add(1)..size {
                    off += self.at(row, column).abs();
                }
            }
            if off <= scale * tolerance || !off.is_finite() {
                break;
            }
            for row in 0..size {
                for column in row.saturating_add(1)..size {
                    if let Some(turn) = self.rotate(row, column)
                        && let Some(vectors) = vectors.as_deref_mut()
                    {
                        vectors.turn_rows(row, column, turn);
                    }
                }
            }
        }
    }

    /// Makes the places of `row` and `column` zero and returns the cosine and sine of the turn; `None` where they are.
    fn rotate(&mut self, row: usize, column: usize) -> Option<(f64, f64)> {
        let off = self.at(row, column);
        let (one, other) = (self.at(row, row), self.at(column, column));
        if off.abs() <= 1e-18 * (one.abs() + other.abs()) || !off.is_finite() {
            return None;
        }
        let slope = (other - one) / (2.0 * off);
        let tangent = slope.signum() / (slope.abs() + slope.mul_add(slope, 1.0).sqrt());
        let tangent = if slope == 0.0 { 1.0 } else { tangent };
        let cosine = 1.0 / tangent.mul_add(tangent, 1.0).sqrt();
        let turn = (cosine, tangent * cosine);
        self.turn_rows(row, column, turn);
        // The matrix is symmetric, so the columns are what the rows have become; where both cross, both turn.
        for index in 0..self.size {
            let (upper, lower) = (self.at(row, index), self.at(column, index));
            self.set(index, row, upper);
            self.set(index, column, lower);
        }
        self.set(row, row, one - tangent * off);
        self.set(column, column, other + tangent * off);
        self.set(row, column, 0.0);
        self.set(column, row, 0.0);
        Some(turn)
    }

    /// Turns two rows, the first of which stands before the second.
    fn turn_rows(&mut self, first: usize, second: usize, (cosine, sine): (f64, f64)) {
        let start = |row: usize| row.saturating_mul(self.size).min(self.values.len());
        let (from, middle) = (start(first), start(second));
        let (before, behind) = self.values.split_at_mut(middle);
        let upper = before.get_mut(from..).unwrap_or_default();
        for (upper, lower) in upper.iter_mut().zip(behind).take(self.size) {
            let (left, right) = (*upper, *lower);
            *upper = cosine * left - sine * right;
            *lower = sine * left + cosine * right;
        }
    }
}

/// Solves a small system of equations; `None` where it has no single answer.
pub(crate) fn solve(mut rows: Vec<Vec<f64>>) -> Option<Vec<f64>> {
    let size = rows.len();
    for step in 0..size {
        let pivot = (step..size).max_by(|one, other| {
            let at = |row: &usize| {
                rows.get(*row)
                    .and_then(|row| row.get(step))
                    .map_or(0.0, |value| value.abs())
            };
            at(one).total_cmp(&at(other))
        })?;
        rows.swap(step, pivot);
        let row = rows.get(step)?.clone();
        let lead = *row.get(step)?;
        if lead.abs() < 1e-300 {
            return None;
        }
        for (index, other) in rows.iter_mut().enumerate() {
            if index != step {
                let factor = other.get(step)? / lead;
                for (place, value) in other.iter_mut().zip(&row) {
                    *place -= factor * value;
                }
            }
        }
    }
    let each = rows
        .iter()
        .enumerate()
        .map(|(index, row)| Some(row.last()? / row.get(index)?));
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eigenvalues_are_those_of_the_matrix() {
        let matrix = Square {
            size: 3,
            values: vec![2.0, 1.0, 0.0, 1.0, 2.0, 0.0, 0.0, 0.0, 5.0],
        };
        let (mut values, _) = matrix.eigen();
        values.sort_by(f64::total_cmp);
        for (value, wanted) in values.iter().zip([1.0, 3.0, 5.0]) {
            assert!((value - wanted).abs() < 1e-9, "{value}");
        }
    }

    #[test]
    fn eigenvectors_make_the_matrix_again() {
        let rows: Vec<f32> = (0..60_u64)
            .map(|number| single(float(mixed(number) % 1_000) / 500.0 - 1.0))
            .collect();
        let matrix = Square::gram(&rows, 6);
        let (values, vectors) = matrix.clone().eigen();
        for row in 0..6 {
            for column in 0..6 {
                let made: f64 = (0..6)
                    .map(|index| values[index] * vectors.at(index, row) * vectors.at(index, column))
                    .sum();
                assert!((made - matrix.at(row, column)).abs() < 1e-9, "{row} {column}");
            }
        }
        let trace: f64 = matrix.diagonal().iter().sum();
        let rough: Vec<f64> = matrix.eigenvalues(1e-4);
        for (rough, exact) in rough.iter().zip(&values) {
            assert!((rough - exact).abs() < 1e-3 * trace, "{rough} {exact}");
        }
    }

    #[test]
    fn equations_are_solved() {
        let found = solve(vec![vec![2.0, 1.0, 5.0], vec![1.0, 3.0, 10.0]]).unwrap();
        assert!((found[0] - 1.0).abs() < 1e-9 && (found[1] - 3.0).abs() < 1e-9);
        assert_eq!(solve(vec![vec![1.0, 1.0, 1.0], vec![1.0, 1.0, 2.0]]), None);
    }

    #[test]
    fn a_rank_rises_above_noise() {
        let spectrum = Spectrum {
            squares: vec![100.0, 90.0, 1.0, 1.0, 0.9, 0.9, 0.8, 0.8],
            looked_at: 8,
            total: 100.0 + 90.0 + 60.0,
            rows: 64,
            columns: 64,
        };
        assert_eq!(spectrum.rank(), Some(2));
        assert!(spectrum.share(2) > 0.7);
    }
}
