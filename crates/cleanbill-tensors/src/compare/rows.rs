//! Weights read some rows at a time.

use cleanbill_formats::bytes::size_usize;

use super::{LONGEST_ROW, PIECE, bytes_of, pieces};
use crate::{element::Element, tensor::TensorError, weights::Weight};

/// Shows the rows of a difference in turn; says whether there are rows to show.
pub(crate) fn differences(
    before: &Weight,
    after: &Weight,
    mut see: impl FnMut(u64, &[f32]),
) -> Result<bool, TensorError> {
    let (rows, columns) = before.tensor.matrix();
    let (Some(old), Some(new)) = (before.tensor.element, after.tensor.element) else {
        return Ok(false);
    };
    let whole = |element: Element| columns.checked_rem(element.block().0) == Some(0);
    if columns == 0
        || columns > LONGEST_ROW
        || !whole(old)
        || !whole(new)
        || after.tensor.matrix() != (rows, columns)
    {
        return Ok(false);
    }
    let mut before_rows = Rows::new(before, old)?;
    let mut after_rows = Rows::new(after, new)?;
    for piece in pieces(rows, PIECE.checked_div(columns).unwrap_or(1).max(1)) {
        let count = piece.end.saturating_sub(piece.start);
        let one = before_rows.take(count, columns)?;
        let other = after_rows.take(count, columns)?;
        let width = size_usize(columns);
        for (value, old) in other.iter_mut().zip(one.iter()) {
            *value -= old;
        }
        for (number, row) in (piece.start..).zip(other.chunks(width)) {
            see(number, row);
        }
    }
    Ok(true)
}

/// Reads a weight some rows at a time.
pub(crate) struct Rows<'a> {
    weight: &'a Weight,
    element: Element,
    stream: crate::tensor::Stream<'a>,
    at: u64,
    bytes: Vec<u8>,
    values: Vec<f32>,
}

impl<'a> Rows<'a> {
    pub(crate) fn new(weight: &'a Weight, element: Element) -> Result<Self, TensorError> {
        Ok(Self {
            weight,
            element,
            stream: weight.tensor.stream(0)?,
            at: 0,
            bytes: Vec::new(),
            values: Vec::new(),
        })
    }

    /// Returns the values of the next `rows` rows.
    pub(crate) fn take(&mut self, rows: u64, columns: u64) -> Result<&mut [f32], TensorError> {
        let count = rows.saturating_mul(columns);
        self.bytes.resize(size_usize(bytes_of(self.element, count)), 0);
        self.values.resize(size_usize(count), 0.0);
        self.stream.fill(&mut self.bytes)?;
        self.element.decode(&self.bytes, &mut self.values);
        if let Some(scale) = &self.weight.scale {
            scale.apply(self.at, columns, &mut self.values);
        }
        self.at = self.at.saturating_add(count);
        Ok(&mut self.values)
    }
}
