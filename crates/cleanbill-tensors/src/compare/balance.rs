//! Numbers that the columns and rows of a matrix were multiplied with before it was quantised, found by least squares.
//!
//! AWQ multiplies the columns of a matrix and divides what makes their inputs: the norm before it, or the rows of another matrix.

use super::{LONGEST_ROW, PIECE, Rows, pieces};
use crate::{number::single, tensor::TensorError, weights::Weight};
use cleanbill_formats::bytes::{size_u64, size_usize};

/// LIMIT: rows of a matrix of which each has a number.
const ROWS: u64 = 1 << 20;
/// Rows from which fewer rounds are as good: what the rows do to a column evens out.
const MANY: u64 = 1024;

/// What each row and each column was multiplied with; the rows' numbers have 1 in their middle.
#[derive(Clone, Debug)]
pub(crate) struct Balance {
    pub(crate) rows: Vec<f32>,
    pub(crate) columns: Vec<f32>,
}

/// Finds the numbers; `None` where the matrices cannot be read by rows.
pub(crate) fn balance(before: &Weight, after: &Weight) -> Result<Option<Balance>, TensorError> {
    let (rows, columns) = before.tensor.matrix();
    if after.tensor.matrix() != (rows, columns) || rows > ROWS || columns > LONGEST_ROW || rows == 0 {
        return Ok(None);
    }
    let mut found = Balance {
        rows: vec![1.0; size_usize(rows)],
        columns: vec![1.0; size_usize(columns)],
    };
    for _ in 0..if rows < MANY { 3 } else { 1 } {
        found.columns = by_column(before, after, &found.rows)?;
        let by = &found.columns;
        let mut next = Vec::with_capacity(found.rows.len());
        let readable = each_row(before, after, |_, one, other| {
            let mut sum = (0.0, 0.0);
            for ((one, by), other) in one.iter().zip(by).zip(other) {
                add(&mut sum, *one * *by, *other);
            }
            next.push(quotient(sum));
        })?;
        if !readable {
            return Ok(None);
        }
        found.rows = next;
    }
    if rows >= MANY {
        found.columns = by_column(before, after, &found.rows)?;
    }
    let mut sorted: Vec<f64> = found.rows.iter().map(|row| f64::from(*row)).collect();
    let middle = single(crate::number::median(&mut sorted).unwrap_or(1.0));
    if middle > 0.0 && middle.is_finite() {
        found.rows.iter_mut().for_each(|row| *row /= middle);
        found.columns.iter_mut().for_each(|column| *column *= middle);
    }
    Ok(Some(found))
}

/// Finds the numbers of the columns, given those of the rows.
fn by_column(before: &Weight, after: &Weight, rows: &[f32]) -> Result<Vec<f32>, TensorError> {
    let (_, columns) = before.tensor.matrix();
    let mut sums = vec![(0.0, 0.0); size_usize(columns)];
    each_row(before, after, |row, one, other| {
        let by = rows.get(row).copied().unwrap_or(1.0);
        for ((sum, one), other) in sums.iter_mut().zip(one).zip(other) {
            add(sum, *one * by, *other);
        }
    })?;
    Ok(sums.into_iter().map(quotient).collect())
}

impl Balance {
    /// Multiplies elements in place; `at` is the number of the first, at the beginning of a row or within it.
    pub(super) fn apply(&self, at: u64, columns: u64, values: &mut [f32]) {
        let (mut element, mut rest) = (at, values);
        while !rest.is_empty() && columns > 0 {
            let column = element.checked_rem(columns).unwrap_or(0);
            let row = element.checked_div(columns).map(size_usize);
            let row = row.and_then(|row| self.rows.get(row)).copied().unwrap_or(1.0);
            let run = columns.saturating_sub(column).min(size_u64(rest.len()));
            let (here, behind) = rest.split_at_mut(size_usize(run));
            for (value, by) in here.iter_mut().zip(self.columns.iter().skip(size_usize(column))) {
                *value *= row * by;
            }
            rest = behind;
            element = element.saturating_add(run);
        }
    }
}

fn add(sum: &mut (f64, f64), one: f32, other: f32) {
    let (one, other) = (f64::from(one), f64::from(other));
    if one.is_finite() && other.is_finite() {
        sum.0 += one * other;
        sum.1 += one * one;
    }
}

/// Divides; what there is nothing to tell from stays as it is.
fn quotient((product, square): (f64, f64)) -> f32 {
    if square > 0.0 {
        single(product / square)
    } else {
        1.0
    }
}

/// Shows the rows of two matrices of one shape.
fn each_row(
    before: &Weight,
    after: &Weight,
    mut see: impl FnMut(usize, &[f32], &[f32]),
) -> Result<bool, TensorError> {
    let (rows, columns) = before.tensor.matrix();
    let (Some(old), Some(new)) = (before.tensor.element, after.tensor.element) else {
        return Ok(false);
    };
    let block = old.block().0.max(new.block().0);
    if columns.checked_rem(block) != Some(0) || columns == 0 {
        return Ok(false);
    }
    let (mut ones, mut others) = (Rows::new(before, old)?, Rows::new(after, new)?);
    for piece in pieces(rows, PIECE.checked_div(columns).unwrap_or(1).max(1)) {
        let count = piece.end.saturating_sub(piece.start);
        let (one, other) = (ones.take(count, columns)?, others.take(count, columns)?);
        let width = size_usize(columns);
        let first = size_usize(piece.start);
        for (row, (one, other)) in one.chunks(width).zip(other.chunks(width)).enumerate() {
            see(first.saturating_add(row), one, other);
        }
    }
    Ok(true)
}
