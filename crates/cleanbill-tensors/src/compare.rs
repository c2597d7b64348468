//! How far two weights are apart: one pass over both, row by row, in bounded memory.

mod balance;
mod kernel;
mod rows;

use std::ops::Range;

use cleanbill_formats::bytes::{size_u64, size_usize};
use rayon::prelude::*;

use crate::{
    element::Element,
    number::{mixed, single},
    tensor::TensorError,
    weights::Weight,
};
pub(crate) use balance::{Balance, balance};
pub(crate) use kernel::Sums;
pub(crate) use rows::{Rows, differences};

/// Elements compared at a time.
const PIECE: u64 = 16 * 1024;
/// Longest row that is kept together; longer ones are compared in pieces and say nothing of rows.
const LONGEST_ROW: u64 = 256 * 1024;
/// Elements of one unit of parallel work.
const UNIT: u64 = 4 << 20;
/// Bands of rows whose distances are kept.
pub(crate) const BANDS: usize = 32;
/// Rows and columns of the sample that is taken of a difference.
pub(crate) const SAMPLE: u64 = 64;
/// LIMIT: rows of which each is kept by itself.
const ROWS: u64 = 1 << 20;

/// What a comparison of two weights measured.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    pub(crate) elements: u64,
    pub(crate) sums: Sums,
    /// The bytes are not the same.
    pub(crate) raw_differs: bool,
    /// Elements whose later value is not what rounding to the later type gives.
    pub(crate) unrounded: u64,
    /// Elements farther off than the scheme of the later type explains.
    pub(crate) beyond: u64,
    /// Squared error that rounding to the steps of a packed weight makes on average.
    pub(crate) rounding: f64,
    pub(crate) rows: u64,
    pub(crate) rows_changed: u64,
    pub(crate) bands: Vec<(f64, f64)>,
    /// Squared distance over squared length, for each row.
    pub(crate) row_moves: Vec<f32>,
    /// A number for the bytes of each row, before and after.
    pub(crate) row_marks: Vec<(u64, u64)>,
    /// The difference at sampled rows and columns, until it is looked at.
    sample: Vec<f32>,
    sample_columns: usize,
    /// A sample of the difference has few directions.
    pub(crate) few_directions: bool,
}

impl Measured {
    pub(crate) fn relative(&self) -> f64 {
        relative(self.sums.dd, self.sums.aa)
    }

    pub(crate) fn cosine(&self) -> f64 {
        let lengths = (self.sums.aa * self.sums.bb).sqrt();
        if lengths > 0.0 {
            (self.sums.ab / lengths).clamp(-1.0, 1.0)
        } else if self.sums.dd > 0.0 {
            0.0
        } else {
            1.0
        }
    }

    /// Looks at the sample and lets go of what says nothing: models have many tensors that did not change.
    fn settled(mut self) -> Self {
        let sample = std::mem::take(&mut self.sample);
        if self.raw_differs {
            self.few_directions = crate::spectrum::has_few_directions(&sample, self.sample_columns);
        } else {
            self.bands = Vec::new();
            self.row_moves = Vec::new();
            self.row_marks = Vec::new();
        }
        self
    }

    fn join(mut self, other: Self) -> Self {
        self.elements = self.elements.saturating_add(other.elements);
        self.sums.add(&other.sums);
        self.raw_differs |= other.raw_differs;
        self.unrounded = self.unrounded.saturating_add(other.unrounded);
        self.beyond = self.beyond.saturating_add(other.beyond);
        self.rounding += other.rounding;
        self.rows_changed = self.rows_changed.saturating_add(other.rows_changed);
        for (one, (dd, aa)) in self.bands.iter_mut().zip(other.bands) {
            one.0 += dd;
            one.1 += aa;
        }
        self.row_moves.extend(other.row_moves);
        self.row_marks.extend(other.row_marks);
        self.sample.extend(other.sample);
        self
    }
}

/// Divides lengths; what was zero and moved moved without end.
pub(crate) fn relative(dd: f64, aa: f64) -> f64 {
    if dd <= 0.0 {
        0.0
    } else if aa > 0.0 {
        (dd / aa).sqrt()
    } else {
        f64::INFINITY
    }
}

/// Says how a pair is gone through.
struct Plan<'a> {
    before: &'a Weight,
    after: &'a Weight,
    /// What the earlier one is multiplied with first.
    balance: Option<&'a Balance>,
    rows: u64,
    columns: u64,
    /// Rows are kept together.
    by_row: bool,
    /// Each row is kept by itself.
    each_row: bool,
    /// Bytes can be compared with bytes.
    raw: bool,
    sample_rows: Vec<u64>,
    sample_columns: Vec<u64>,
}

/// Compares two weights of the same number of elements, or the rows that both have.
pub(crate) fn compare(
    before: &Weight,
    after: &Weight,
    is_table: bool,
    balance: Option<&Balance>,
) -> Result<Measured, TensorError> {
    let (rows, columns) = before.tensor.matrix();
    let (other_rows, other_columns) = after.tensor.matrix();
    let (rows, columns) = if columns == other_columns {
        (rows.min(other_rows), columns)
    } else {
        (
            1,
            before
                .tensor
                .elements()
                .unwrap_or(0)
                .min(after.tensor.elements().unwrap_or(0)),
        )
    };
    let (Some(old), Some(new)) = (before.tensor.element, after.tensor.element) else {
        return bytes_only(before, after);
    };
    // Blocks must not straddle rows, else rows cannot be told apart.
    let whole = |element: Element| columns.checked_rem(element.block().0) == Some(0);
    let by_row = columns <= LONGEST_ROW && (rows == 1 || (whole(old) && whole(new)));
    let sampled = rows > 1 && columns > 1 && by_row;
    let plan = Plan {
        before,
        after,
        balance,
        rows,
        columns,
        by_row,
        each_row: is_table && by_row && rows <= ROWS,
        raw: before.is_like(after),
        sample_rows: if sampled { spread(rows, 1) } else { Vec::new() },
        sample_columns: if sampled { spread(columns, 2) } else { Vec::new() },
    };
    let total = rows.saturating_mul(columns);
    let splits = before.tensor.is_random() && after.tensor.is_random() && total > UNIT.saturating_mul(2);
    let units: Vec<Range<u64>> = if by_row {
        let step = if splits {
            UNIT.checked_div(columns).unwrap_or(1).max(1)
        } else {
            rows
        };
        pieces(rows, step)
            .map(|range| range.start.saturating_mul(columns)..range.end.saturating_mul(columns))
            .collect()
    } else {
        // Pieces keep whole blocks of every type together.
        pieces(total, if splits { UNIT } else { total }).collect()
    };
    let parts: Result<Vec<Measured>, TensorError> =
        units.into_par_iter().map(|unit| run(&plan, unit)).collect();
    let mut parts = parts?.into_iter();
    let first = parts.next().unwrap_or_else(|| plan.empty());
    Ok(parts.fold(first, Measured::join).settled())
}

/// Cuts `total` into pieces of `step`.
fn pieces(total: u64, step: u64) -> impl Iterator<Item = Range<u64>> {
    let step = step.max(1);
    let count = total.div_ceil(step);
    (0..count).map(move |number| {
        let start = number.saturating_mul(step);
        start..start.saturating_add(step).min(total)
    })
}

/// Chooses numbers below `most` that lie apart, without a pattern.
fn spread(most: u64, salt: u64) -> Vec<u64> {
    let count = most.min(SAMPLE);
    let chosen = (0..count).map(|number| {
        let start = number.saturating_mul(most).checked_div(count).unwrap_or(0);
        let end = number
            .saturating_add(1)
            .saturating_mul(most)
            .checked_div(count)
            .unwrap_or(0);
        let room = end.saturating_sub(start).max(1);
        let inner = mixed(number.wrapping_mul(31).wrapping_add(salt)).checked_rem(room);
        start.saturating_add(inner.unwrap_or(0))
    });
    chosen.collect()
}

impl Plan<'_> {
    fn empty(&self) -> Measured {
        Measured {
            elements: 0,
            sums: Sums::default(),
            raw_differs: false,
            unrounded: 0,
            beyond: 0,
            rounding: 0.0,
            rows: self.rows,
            rows_changed: 0,
            bands: vec![(0.0, 0.0); BANDS],
            row_moves: Vec::new(),
            row_marks: Vec::new(),
            sample: Vec::new(),
            sample_columns: self.sample_columns.len(),
            few_directions: false,
        }
    }

    /// Returns the band of an element.
    fn band(&self, element: u64) -> usize {
        let (place, all) = if self.by_row && self.rows > 1 {
            (element.checked_div(self.columns).unwrap_or(0), self.rows)
        } else {
            (element, self.rows.saturating_mul(self.columns))
        };
        let bands = size_u64(BANDS);
        let band = u128::from(place)
            .saturating_mul(u128::from(bands))
            .checked_div(u128::from(all));
        usize::try_from(band.unwrap_or(0))
            .unwrap_or(0)
            .min(BANDS.saturating_sub(1))
    }
}

fn bytes_of(element: Element, elements: u64) -> u64 {
    let (block, bytes) = element.block();
    elements.div_ceil(block).saturating_mul(bytes)
}

/// Buffers of one unit.
struct Buffers {
    old: Vec<u8>,
    new: Vec<u8>,
    before: Vec<f32>,
    after: Vec<f32>,
    steps: Vec<f32>,
    /// The steps of a packed weight, as they come.
    packed: Vec<u8>,
}

fn run(plan: &Plan<'_>, unit: Range<u64>) -> Result<Measured, TensorError> {
    let mut measured = plan.empty();
    let (Some(old), Some(new)) = (plan.before.tensor.element, plan.after.tensor.element) else {
        return Ok(measured);
    };
    let mut before = plan.before.tensor.stream(bytes_of(old, unit.start))?;
    let mut after = plan.after.tensor.stream(bytes_of(new, unit.start))?;
    let steps = plan.after.tensor.steps().filter(|_| !plan.raw);
    let mut steps = steps
        .as_ref()
        .map(|steps| steps.stream(bytes_of(new, unit.start)))
        .transpose()?;
    let step = if plan.by_row {
        PIECE
            .checked_div(plan.columns)
            .unwrap_or(1)
            .max(1)
            .saturating_mul(plan.columns)
    } else {
        PIECE
    };
    let mut buffers = Buffers {
        old: Vec::new(),
        new: Vec::new(),
        before: Vec::new(),
        after: Vec::new(),
        steps: Vec::new(),
        packed: Vec::new(),
    };
    let mut equal: Vec<Range<u64>> = Vec::new();
    let mut at = unit.start;
    while at < unit.end {
        let count = step.min(unit.end.saturating_sub(at));
        buffers.old.resize(size_usize(bytes_of(old, count)), 0);
        buffers.new.resize(size_usize(bytes_of(new, count)), 0);
        before.fill(&mut buffers.old)?;
        after.fill(&mut buffers.new)?;
        buffers.steps.clear();
        if let Some(steps) = &mut steps {
            buffers.packed.resize(size_usize(bytes_of(new, count)), 0);
            buffers.steps.resize(size_usize(count), 0.0);
            steps.fill(&mut buffers.packed)?;
            new.decode(&buffers.packed, &mut buffers.steps);
        }
        let end = at.saturating_add(count);
        if plan.raw && buffers.old == buffers.new {
            match equal.last_mut().filter(|range| range.end == at) {
                Some(range) => range.end = end,
                None => equal.push(at..end),
            }
            same_rows(plan, &mut measured, &buffers.old, at..end, old);
        } else {
            piece(plan, &mut measured, &mut buffers, at..end, [old, new]);
        }
        at = end;
    }
    measured.elements = unit.end.saturating_sub(unit.start);
    // Lengths of what is the same are asked only where something else is not.
    if measured.raw_differs {
        for range in equal {
            let mut stream = plan.before.tensor.stream(bytes_of(old, range.start))?;
            let mut at = range.start;
            while at < range.end {
                let count = step.min(range.end.saturating_sub(at));
                buffers.old.resize(size_usize(bytes_of(old, count)), 0);
                buffers.before.resize(size_usize(count), 0.0);
                stream.fill(&mut buffers.old)?;
                old.decode(&buffers.old, &mut buffers.before);
                let mut sums = Sums::default();
                sums.take(&buffers.before, &buffers.before);
                if let Some(band) = measured.bands.get_mut(plan.band(at)) {
                    band.1 += sums.aa;
                }
                measured.sums.add(&sums);
                at = at.saturating_add(count);
            }
        }
    }
    Ok(measured)
}

/// Notes rows that are the same.
fn same_rows(plan: &Plan<'_>, measured: &mut Measured, bytes: &[u8], range: Range<u64>, element: Element) {
    if !plan.by_row {
        return;
    }
    let width = size_usize(bytes_of(element, plan.columns)).max(1);
    let first = range.start.checked_div(plan.columns).unwrap_or(0);
    if plan.each_row {
        for row in bytes.chunks(width) {
            let mark = kernel::mark(row);
            measured.row_moves.push(0.0);
            measured.row_marks.push((mark, mark));
        }
    }
    let rows = range
        .end
        .saturating_sub(range.start)
        .checked_div(plan.columns)
        .unwrap_or(0);
    let sampled = plan
        .sample_rows
        .iter()
        .filter(|row| (first..first.saturating_add(rows)).contains(row))
        .count();
    let wanted = sampled.saturating_mul(plan.sample_columns.len());
    measured.sample.extend(std::iter::repeat_n(0.0, wanted));
}

/// Measures one piece of both sides.
fn piece(
    plan: &Plan<'_>,
    measured: &mut Measured,
    buffers: &mut Buffers,
    range: Range<u64>,
    [old, new]: [Element; 2],
) {
    let count = size_usize(range.end.saturating_sub(range.start));
    measured.raw_differs = true;
    buffers.before.resize(count, 0.0);
    buffers.after.resize(count, 0.0);
    old.decode(&buffers.old, &mut buffers.before);
    new.decode(&buffers.new, &mut buffers.after);
    if let Some(scale) = &plan.before.scale {
        scale.apply(range.start, plan.columns, &mut buffers.before);
    }
    if let Some(balance) = plan.balance {
        balance.apply(range.start, plan.columns, &mut buffers.before);
    }
    if let Some(scale) = &plan.after.scale {
        scale.apply(range.start, plan.columns, &mut buffers.after);
    }
    if !plan.raw {
        other_type(plan, measured, buffers, range.start, new);
    }
    let row = if plan.by_row {
        size_usize(plan.columns).max(1)
    } else {
        count.max(1)
    };
    let raw_row = |element: Element| size_usize(bytes_of(element, size_u64(row))).max(1);
    let raw = buffers
        .old
        .chunks(raw_row(old))
        .zip(buffers.new.chunks(raw_row(new)));
    let values = buffers.before.chunks(row).zip(buffers.after.chunks(row));
    let mut element = range.start;
    for ((before, after), (old_bytes, new_bytes)) in values.zip(raw) {
        let mut sums = Sums::default();
        sums.take(before, after);
        if plan.raw && old.is_wide() {
            sums.changed = kernel::differing(old_bytes, new_bytes, size_usize(old.block().1));
        }
        let moved = if plan.raw {
            old_bytes != new_bytes
        } else {
            sums.changed > 0
        };
        if moved && plan.by_row {
            measured.rows_changed = measured.rows_changed.saturating_add(1);
        }
        if let Some(band) = measured.bands.get_mut(plan.band(element)) {
            band.0 += sums.dd;
            band.1 += sums.aa;
        }
        if plan.each_row {
            measured.row_moves.push(single(relative(sums.dd, sums.aa)));
            measured
                .row_marks
                .push((kernel::mark(old_bytes), kernel::mark(new_bytes)));
        }
        let number = element.checked_div(plan.columns).unwrap_or(0);
        if plan.by_row && plan.sample_rows.binary_search(&number).is_ok() {
            let at = |column: &u64, side: &[f32]| side.get(size_usize(*column)).copied().unwrap_or(0.0);
            let differences = plan
                .sample_columns
                .iter()
                .map(|column| at(column, after) - at(column, before));
            measured.sample.extend(differences);
        }
        measured.sums.add(&sums);
        element = element.saturating_add(size_u64(row));
    }
}

/// Asks what only a change of type explains.
fn other_type(plan: &Plan<'_>, measured: &mut Measured, buffers: &mut Buffers, at: u64, new: Element) {
    let pairs = || buffers.before.iter().zip(&buffers.after);
    if !plan.after.is_quantised() {
        let off = pairs().filter(|(before, after)| {
            let rounded = new.round(**before);
            !same_value(rounded, **after)
        });
        measured.unrounded = measured.unrounded.saturating_add(size_u64(off.count()));
        return;
    }
    let differs = pairs()
        .filter(|(before, after)| !same_value(**before, **after))
        .count();
    measured.unrounded = measured.unrounded.saturating_add(size_u64(differs));
    let packed = plan.after.tensor.packed();
    let bound = match (&plan.after.scale, packed) {
        (Some(_), _) => Some(0.6),
        (None, Some(packed)) => Some(packed.allowed().bound),
        (None, None) => new.tolerance().map(|(bound, _)| bound),
    };
    let Some(bound) = bound else { return };
    buffers.steps.resize(buffers.after.len(), 0.0);
    match (&plan.after.scale, packed) {
        (Some(scale), _) => scale.steps(at, plan.columns, &mut buffers.steps),
        (None, Some(_)) => {
            let squares = buffers
                .steps
                .iter()
                .map(|step| f64::from(*step) * f64::from(*step));
            measured.rounding += squares.sum::<f64>() / 12.0;
        }
        (None, None) => new.steps(&buffers.new, &mut buffers.steps),
    }
    // What the type of the scale rounds away adds to the step, and that of the weight before it was packed.
    let slack = if packed.is_some() { 4e-3 } else { 1e-3 };
    let beyond = buffers
        .before
        .iter()
        .zip(&buffers.after)
        .zip(&buffers.steps)
        .filter(|((before, after), step)| {
            (**before - **after).abs() > bound * **step + before.abs() * slack + f32::MIN_POSITIVE
        });
    measured.beyond = measured.beyond.saturating_add(size_u64(beyond.count()));
}

/// Says whether two values are one; both zeros are, and all that are no numbers.
fn same_value(one: f32, other: f32) -> bool {
    one.to_bits() == other.to_bits() || (one.is_nan() && other.is_nan()) || (one.abs() + other.abs() <= 0.0)
}

/// Compares bytes where the values are not known.
fn bytes_only(before: &Weight, after: &Weight) -> Result<Measured, TensorError> {
    let plan = Plan {
        before,
        after,
        balance: None,
        rows: 1,
        columns: 0,
        by_row: false,
        each_row: false,
        raw: true,
        sample_rows: Vec::new(),
        sample_columns: Vec::new(),
    };
    let mut measured = plan.empty();
    let size = before.tensor.bytes();
    measured.raw_differs = size != after.tensor.bytes() || before.tensor.dtype != after.tensor.dtype;
    let (mut one, mut other) = (before.tensor.stream(0)?, after.tensor.stream(0)?);
    let mut left = size.min(after.tensor.bytes());
    let (mut old, mut new) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    while left > 0 && !measured.raw_differs {
        let piece = size_usize(left).min(old.len());
        one.fill(old.get_mut(..piece).unwrap_or_default())?;
        other.fill(new.get_mut(..piece).unwrap_or_default())?;
        measured.raw_differs = old.get(..piece) != new.get(..piece);
        left = left.saturating_sub(size_u64(piece));
    }
    measured.elements = before.tensor.elements().unwrap_or(0);
    if measured.raw_differs {
        // How far is not known; it counts as something else altogether.
        measured.sums.changed = measured.elements;
        measured.sums.dd = f64::NAN;
    }
    Ok(measured)
}
