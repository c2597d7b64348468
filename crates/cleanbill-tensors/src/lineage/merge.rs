//! Merges: the later model as a weighted sum of the earlier one and others, by least squares, tensor by tensor.

use std::collections::BTreeMap;

use cleanbill_core::{
    difference::{Claim, TensorKind},
    tensors::Gap,
};
use rayon::prelude::*;

use super::Facts;
use crate::{TensorError, compare::Rows, number::float, spectrum::solve, weights::Weight};

/// LIMIT: models that a merge is made of.
const PARENTS: usize = 8;
/// Share of the way to the nearest parent that may be left over.
pub(super) const LEFT_OVER: f64 = 0.1;
/// Elements read at a time.
const PIECE: u64 = 32 * 1024;

/// What a weighted sum explains.
#[derive(Debug, Default)]
pub(super) struct Merge {
    /// Share of the elements whose tensors are such a sum.
    pub(super) share: f64,
    /// 1 where every model has a part, 0 where one of them is everything.
    pub(super) balance: f64,
    /// Share of each model, weighted by elements.
    pub(super) coefficients: Vec<(String, f64)>,
    /// For each pair, what is left over of the way to the nearest parent; `None` where it was not asked.
    pub(super) left_over: Vec<Option<f64>>,
}

/// Fits every changed pair; `None` where no other model is given.
pub(super) fn fit(facts: &Facts<'_>, gaps: &mut Vec<Gap>) -> Option<Merge> {
    if facts.with.is_empty() || facts.claim == Some(Claim::MergedAdapter) {
        return None;
    }
    let others: Vec<BTreeMap<&str, &Weight>> = facts
        .with
        .iter()
        .take(PARENTS)
        .map(|(weights, _)| {
            weights
                .iter()
                .map(|weight| (weight.name.as_str(), weight))
                .collect()
        })
        .collect();
    let results: Vec<Option<Result<Fitted, TensorError>>> = facts
        .compared
        .par_iter()
        .map(|one| {
            if !matches!(one.kind, TensorKind::Changed | TensorKind::Retyped) || one.pair.transposed {
                return None;
            }
            let (before, after) = (facts.old.get(one.pair.before)?, facts.new.get(one.pair.after)?);
            let mut parents = vec![before];
            for other in &others {
                let parent = other
                    .get(after.name.as_str())
                    .or_else(|| other.get(before.name.as_str()))?;
                parents.push(parent);
            }
            let same = parents
                .iter()
                .all(|parent| parent.tensor.shape == after.tensor.shape);
            same.then(|| fitted(after, &parents))
        })
        .collect();
    let mut merge = Merge::default();
    let mut sums = vec![0.0; others.len().saturating_add(1)];
    let (mut all, mut good) = (0.0, 0.0);
    for (one, result) in facts.compared.iter().zip(results) {
        let weight = facts.new.get(one.pair.after);
        let elements = weight.and_then(|weight| weight.tensor.elements()).unwrap_or(0);
        match result {
            Some(Ok(fitted)) => {
                all += float(elements);
                if fitted.left_over <= LEFT_OVER {
                    good += float(elements);
                }
                for (sum, coefficient) in sums.iter_mut().zip(&fitted.coefficients) {
                    *sum += coefficient * float(elements);
                }
                merge.left_over.push(Some(fitted.left_over));
            }
            Some(Err(error)) => {
                gaps.push(Gap {
                    path: String::new(),
                    tensor: weight.map(|weight| weight.name.clone()),
                    reason: error.text(),
                });
                merge.left_over.push(None);
            }
            None => merge.left_over.push(None),
        }
    }
    if all > 0.0 {
        merge.share = good / all;
        let names = std::iter::once(facts.before).chain(facts.with.iter().map(|(_, name)| *name));
        merge.coefficients = names
            .map(str::to_owned)
            .zip(sums.iter().map(|sum| sum / all))
            .collect();
    }
    let least = merge
        .coefficients
        .iter()
        .map(|(_, coefficient)| coefficient.abs())
        .fold(f64::INFINITY, f64::min);
    merge.balance = if least.is_finite() {
        (least / 0.03).min(1.0)
    } else {
        0.0
    };
    Some(merge)
}

struct Fitted {
    coefficients: Vec<f64>,
    left_over: f64,
}

/// Finds the coefficients of one tensor.
fn fitted(after: &Weight, parents: &[&Weight]) -> Result<Fitted, TensorError> {
    let unknown = || TensorError::Unreadable {
        reason: cleanbill_core::text!("values of this type are not known", "不了解此类型的数值"),
    };
    let (rows, columns) = after.tensor.matrix();
    let mut sources = Vec::new();
    for weight in std::iter::once(&after).chain(parents) {
        let element = weight.tensor.element.ok_or_else(unknown)?;
        sources.push(Rows::new(weight, element)?);
    }
    // Products of all with all; the first is what is explained.
    let size = sources.len();
    let mut products = vec![vec![0.0_f64; size]; size];
    let step = if columns > PIECE {
        // Long rows are taken in pieces, which is as good, since no scale stands along them.
        (rows.saturating_mul(columns).div_ceil(PIECE), PIECE)
    } else {
        (rows, columns)
    };
    let at_once = PIECE.checked_div(step.1).unwrap_or(1).max(1);
    let total = rows.saturating_mul(columns);
    let mut done = 0_u64;
    let mut pieces: Vec<Vec<f32>> = vec![Vec::new(); size];
    while done < total {
        let count = at_once.saturating_mul(step.1).min(total.saturating_sub(done));
        for (source, piece) in sources.iter_mut().zip(&mut pieces) {
            piece.clear();
            piece.extend_from_slice(source.take(1, count)?);
        }
        for (one, products) in pieces.iter().zip(&mut products) {
            for (other, product) in pieces.iter().zip(products) {
                *product += dot(one, other);
            }
        }
        done = done.saturating_add(count);
    }
    Ok(solved(&products))
}

fn dot(one: &[f32], other: &[f32]) -> f64 {
    let mut sum = 0.0_f64;
    for (one, other) in one.chunks(256).zip(other.chunks(256)) {
        let part: f64 = one
            .iter()
            .zip(other)
            .map(|(a, b)| f64::from(*a) * f64::from(*b))
            .sum();
        if part.is_finite() {
            sum += part;
        }
    }
    sum
}

fn solved(products: &[Vec<f64>]) -> Fitted {
    let at = |row: usize, column: usize| {
        products
            .get(row)
            .and_then(|row| row.get(column))
            .copied()
            .unwrap_or(0.0)
    };
    let parents = products.len().saturating_sub(1);
    // Models that are the same here, or zero, share their part instead of having none.
    let longest = (1..=parents).map(|parent| at(parent, parent)).fold(0.0, f64::max);
    let slack = longest * 1e-9 + f64::MIN_POSITIVE;
    let rows = (1..=parents).map(|row| {
        let with_slack = |column: usize| at(row, column) + if row == column { slack } else { 0.0 };
        let mut equation: Vec<f64> = (1..=parents).map(with_slack).collect();
        equation.push(at(row, 0));
        equation
    });
    let coefficients = solve(rows.collect()).unwrap_or_else(|| vec![0.0; parents]);
    let pairs = || (1..=parents).zip(&coefficients);
    let linear: f64 = pairs().map(|(parent, one)| one * at(parent, 0)).sum();
    let square: f64 = pairs()
        .flat_map(|(parent, one)| pairs().map(move |(other, two)| one * two * at(parent, other)))
        .sum();
    let rest = (at(0, 0) - 2.0 * linear + square).max(0.0);
    let nearest = (1..=parents)
        .map(|parent| at(0, 0) - 2.0 * at(0, parent) + at(parent, parent))
        .fold(f64::INFINITY, f64::min)
        .max(0.0);
    // Rounding of what was written is no part of the way.
    let rounding = at(0, 0) * 1.6e-5;
    let left_over = if nearest > 0.0 {
        ((rest - rounding * 1e-3).max(0.0) / nearest).sqrt()
    } else {
        0.0
    };
    Fitted {
        coefficients,
        left_over,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coefficients_of_a_sum_come_out() {
        let one: Vec<f32> = (0..64_u8).map(|n| f32::from(n % 7)).collect();
        let other: Vec<f32> = (0..64_u8).map(|n| f32::from(n % 5) - 2.0).collect();
        let sum: Vec<f32> = one.iter().zip(&other).map(|(a, b)| 0.25 * a + 0.75 * b).collect();
        let all = [sum, one, other];
        let products: Vec<Vec<f64>> = all
            .iter()
            .map(|one| all.iter().map(|other| dot(one, other)).collect())
            .collect();
        let fitted = solved(&products);
        assert!((fitted.coefficients[0] - 0.25).abs() < 1e-6 && (fitted.coefficients[1] - 0.75).abs() < 1e-6);
        assert!(fitted.left_over < 0.01);
    }
}
