//! A matrix of the base plus scaled products, row by row, against the later matrix.

use cleanbill_core::{Text, text};
use cleanbill_formats::bytes::size_usize;

use crate::{
    compare::Rows,
    element::Element,
    number::{float, single},
    tensor::TensorError,
    weights::Weight,
};

/// LIMIT: elements of one matrix of an adapter that are held.
const HELD: u64 = 1 << 25;
/// LIMIT: elements of a row.
const LONGEST_ROW: u64 = 1 << 20;
/// How far the length of what was added may be from that of the product.
const FACTOR: f64 = 0.1;
/// Elements that must have moved for a length to say something.
const ENOUGH: u64 = 64;

/// Two matrices whose product is added: one number for each row and direction, and a row for each direction.
pub(super) struct Piece {
    left: Vec<f32>,
    right: Vec<f32>,
    rank: usize,
    scaling: f32,
    /// Length of what stands above each other in the columns of `right`.
    lengths: Vec<f32>,
    /// What rounding to the adapter's type may take, relative.
    rounding: f32,
}

/// What came of it.
pub(super) enum Outcome {
    Fits,
    Off { reason: Text, weight: f64 },
    Unknown(Text),
}

/// Returns half of the largest distance of neighbours, relative.
fn rounding(element: Option<Element>) -> f32 {
    match element {
        Some(Element::Bf16) => 3.906_25e-3,
        Some(Element::F16) => 4.882_812_5e-4,
        // Four times, since sums are worked out in single precision on both sides.
        Some(Element::F32 | Element::F64) => 2.384_185_8e-7,
        _ => 0.031_25,
    }
}

/// Reads all of a small matrix.
fn all(weight: &Weight) -> Result<Option<Vec<f32>>, TensorError> {
    let count = weight.tensor.elements().filter(|count| *count <= HELD);
    let (Some(count), Some(element)) = (count, weight.tensor.element) else {
        return Ok(None);
    };
    if weight.is_quantised() {
        return Ok(None);
    }
    let mut rows = Rows::new(weight, element)?;
    Ok(Some(rows.take(1, count)?.to_vec()))
}

fn turned(matrix: &[f32], columns: usize) -> Vec<f32> {
    let column = |number: usize| matrix.iter().skip(number).step_by(columns.max(1)).copied();
    (0..columns).flat_map(column).collect()
}

/// Puts the two matrices in the order in which rows of the base need them.
pub(super) fn piece(
    before: &Weight,
    first: &Weight,
    second: &Weight,
    scaling: f64,
    inputs_first: bool,
) -> Result<Result<Piece, Text>, TensorError> {
    let (rows, columns) = before.tensor.matrix();
    let (rank, inputs) = first.tensor.matrix();
    let (outputs, directions) = second.tensor.matrix();
    let wanted = if inputs_first {
        (inputs, outputs)
    } else {
        (outputs, inputs)
    };
    if rank == 0 || rank != directions || wanted != (rows, columns) {
        let (first, second, base) = (&first.tensor.shape, &second.tensor.shape, &before.tensor.shape);
        return Ok(Err(text!(
            "its shape {base:?} is not that of the product of {second:?} and {first:?}",
            "其形状 {base:?} 与 {second:?} 和 {first:?} 的乘积不符"
        )));
    }
    let (Some(one), Some(other)) = (all(first)?, all(second)?) else {
        return Err(TensorError::Unreadable {
            reason: text!(
                "the adapter's matrices are larger than are held, or quantised",
                "适配器矩阵过大或已量化"
            ),
        });
    };
    let rank = size_usize(rank);
    let (left, right) = if inputs_first {
        (turned(&one, size_usize(inputs)), turned(&other, rank))
    } else {
        (other, one)
    };
    let mut squares = vec![0.0_f32; size_usize(columns)];
    for row in right.chunks(squares.len().max(1)) {
        for (square, value) in squares.iter_mut().zip(row) {
            *square += value * value;
        }
    }
    let both = rounding(first.tensor.element).max(rounding(second.tensor.element));
    Ok(Ok(Piece {
        left,
        right,
        rank,
        scaling: single(scaling),
        lengths: squares.into_iter().map(f32::sqrt).collect(),
        rounding: both,
    }))
}

/// Adds the products to the base and compares.
pub(super) fn add(before: &Weight, after: &Weight, pieces: &[Piece]) -> Result<Outcome, TensorError> {
    let (rows, columns) = before.tensor.matrix();
    let (Some(old), Some(new)) = (before.tensor.element, after.tensor.element) else {
        return Ok(Outcome::Unknown(text!(
            "values of this type are not known",
            "不了解此类型的数值"
        )));
    };
    let whole = columns.checked_rem(old.block().0) == Some(0);
    if columns > LONGEST_ROW || !whole || after.tensor.matrix() != (rows, columns) {
        return Ok(Outcome::Unknown(text!(
            "its rows cannot be read one by one, or there are more or fewer of them",
            "其行无法逐一读取，或行数不同"
        )));
    }
    let (mut bases, mut news) = (Rows::new(before, old)?, Rows::new(after, new)?);
    // Whichever type the sum was worked out in.
    let sum_rounding = rounding(Some(new)).max(rounding(Some(old)).min(3.906_25e-3));
    let mut found = Sums::default();
    let width = size_usize(columns);
    let mut added = vec![0.0_f32; width];
    let mut slack = vec![0.0_f32; width];
    for row in 0..size_usize(rows) {
        added.fill(0.0);
        slack.fill(0.0);
        for piece in pieces {
            piece.row(row, sum_rounding, &mut added, &mut slack);
        }
        let base = bases.take(1, columns)?;
        let later = news.take(1, columns)?;
        let sums = base.iter().zip(later.iter()).zip(added.iter().zip(&slack));
        for ((base, later), (added, slack)) in sums {
            found.take([*base, *later, *added, *slack], new, sum_rounding);
        }
    }
    Ok(found.told())
}

impl Piece {
    /// Adds a row of the product, and what rounding may have made of it.
    fn row(&self, row: usize, rounding: f32, added: &mut [f32], slack: &mut [f32]) {
        let start = row.saturating_mul(self.rank);
        let left = self
            .left
            .get(start..start.saturating_add(self.rank))
            .unwrap_or_default();
        let mut length = 0.0_f32;
        for (by, right) in left.iter().zip(self.right.chunks(added.len().max(1))) {
            let by = by * self.scaling;
            length += by * by;
            for (sum, value) in added.iter_mut().zip(right) {
                *sum += by * value;
            }
        }
        let by = 2.0 * rounding.max(self.rounding) * length.sqrt();
        for (slack, length) in slack.iter_mut().zip(&self.lengths) {
            *slack += by * length;
        }
    }
}

/// What was seen of all elements.
#[derive(Default)]
struct Sums {
    elements: u64,
    beyond: u64,
    moved: u64,
    farthest: f32,
    /// Products and squares of what was added and what should have been.
    both: f64,
    square: f64,
    rest: f64,
}

impl Sums {
    /// Takes an element of the base, the later one, what is added, and what rounding may have made of that.
    fn take(&mut self, [base, later, added, slack]: [f32; 4], new: Element, rounding: f32) {
        self.elements = self.elements.saturating_add(1);
        let exact = base + added;
        let wanted = new.round(exact);
        let smallest = if new == Element::F16 { 6e-8 } else { 0.0 };
        let sum = rounding * (exact.abs().max(later.abs()) * 1.05 + 2.0 * added.abs());
        let bound = sum + slack + smallest;
        let apart = (later - exact).abs();
        // What is not finite on both sides was so before.
        let alike = (!later.is_finite() && !base.is_finite()) || apart <= bound;
        if !alike {
            self.beyond = self.beyond.saturating_add(1);
            self.farthest = self.farthest.max(apart);
        }
        let (asked, done) = (f64::from(wanted - base), f64::from(later - base));
        if asked.is_finite() && done.is_finite() {
            self.moved = self.moved.saturating_add(u64::from(asked.abs() > 0.0));
            self.both += asked * done;
            self.square += asked * asked;
            self.rest += (asked - done) * (asked - done);
        }
    }

    fn told(&self) -> Outcome {
        let rest = if self.square > 0.0 {
            (self.rest / self.square).sqrt()
        } else {
            self.rest.sqrt()
        };
        let factor = if self.square > 0.0 {
            self.both / self.square
        } else {
            1.0
        };
        let (beyond, elements) = (self.beyond, self.elements);
        let share = float(beyond) / float(elements.max(1));
        if self.moved >= ENOUGH && (factor - 1.0).abs() > FACTOR {
            let factor = format!("{factor:.3}");
            return Outcome::Off {
                reason: text!(
                    "moved {factor} times as far as the adapter moves it; {beyond} of {elements} elements are something else",
                    "移动量为适配器的 {factor} 倍；{elements} 个元素中有 {beyond} 个不符"
                ),
                weight: 1.0 + rest.min(1.0) + share,
            };
        }
        if beyond > 0 {
            let farthest = format!("{:.3e}", self.farthest);
            return Outcome::Off {
                reason: text!(
                    "{beyond} of {elements} elements are not the base plus the adapter within rounding, by up to {farthest}",
                    "{elements} 个元素中有 {beyond} 个在舍入范围内不等于基础模型加适配器，最大相差 {farthest}"
                ),
                weight: 1.0 + rest.min(1.0) + share,
            };
        }
        Outcome::Fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_a_product_are_added() {
        let piece = Piece {
            left: vec![1.0, 2.0, 3.0, -1.0],
            right: vec![1.0, 0.0, 4.0, 0.5, 1.0, 0.0],
            rank: 2,
            scaling: 2.0,
            lengths: vec![0.0; 3],
            rounding: 0.0,
        };
        let (mut added, mut slack) = (vec![0.0; 3], vec![0.0; 3]);
        piece.row(1, 0.0, &mut added, &mut slack);
        // 2 * (3 * [1, 0, 4] - [0.5, 1, 0])
        assert_eq!(
            added.iter().map(|value| value.to_bits()).collect::<Vec<_>>(),
            [5.0_f32, -2.0, 24.0].map(f32::to_bits)
        );
        assert_eq!(turned(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3).first(), Some(&1.0));
        assert_eq!(turned(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3).get(1), Some(&4.0));
    }
}
