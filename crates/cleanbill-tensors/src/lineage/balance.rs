//! Matrices whose columns were multiplied before they were quantised: whether another tensor of the layer takes that back.
//!
//! The norm before a matrix, the rows of the matrix before it, or numbers beside an activation must be divided by the same numbers. Vectors
//! that are changed by nothing else count as unchanged.

use std::collections::BTreeMap;

use super::{
    Facts, layer,
    profile::{Profile, Scheme},
};
use crate::{number::median, weights::Weight};

/// LIMIT: elements of a vector that are looked at.
const LENGTH: u64 = 1 << 18;
/// How far a product may be from one: in the middle, and for 95 of 100 elements.
const MIDDLE: f64 = 0.03;
const MOST: f64 = 0.15;

/// Numbers that could take back what columns were multiplied with.
struct Taker {
    /// The pair that it is of, where that is a vector.
    vector: Option<usize>,
    numbers: Vec<f64>,
}

/// Marks vectors that only take back, and matrices whose columns nothing takes back.
pub(super) fn settle(facts: &Facts<'_>, profiles: &mut [Profile]) {
    if facts.compared.iter().all(|one| one.balance.is_none()) {
        return;
    }
    let mut layers: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, one) in facts.compared.iter().enumerate() {
        if let Some(weight) = facts.new.get(one.pair.after) {
            layers.entry(place(&weight.name)).or_default().push(index);
        }
    }
    for (place, members) in layers {
        settle_layer(facts, profiles, &place, &members);
    }
}

fn place(name: &str) -> String {
    layer(name).map_or_else(String::new, |(way, _)| way)
}

fn settle_layer(facts: &Facts<'_>, profiles: &mut [Profile], place: &str, members: &[usize]) {
    let mut takers = takers(facts, profiles, members);
    let added = facts.added.iter().filter_map(|index| facts.new.get(*index));
    for weight in added.filter(|weight| self::place(&weight.name) == place) {
        if let Some(numbers) = vector(weight) {
            takers.push(Taker {
                vector: None,
                numbers: numbers.iter().map(|number| 1.0 / number).collect(),
            });
        }
    }
    let mut needed: Vec<Vec<f64>> = Vec::new();
    for index in members {
        let Some(balance) = facts.compared.get(*index).and_then(|one| one.balance.as_ref()) else {
            continue;
        };
        let columns = wide(&balance.columns);
        let rows = wide(&balance.rows);
        let even_rows = product(&rows, None).is_some();
        let mut ok = product(&columns, None).is_some_and(|by| (by - 1.0).abs() <= MIDDLE);
        for taker in &takers {
            let Some(by) = product(&columns, Some(&taker.numbers)) else {
                continue;
            };
            // A factor for the whole matrix is one that nothing takes back, unless its rows have theirs.
            if (by - 1.0).abs() <= MIDDLE || !even_rows || taker.vector.is_none() {
                ok = true;
            }
        }
        if !even_rows {
            // Rows are divided by what columns of the next matrix are multiplied with.
            let taken = members
                .iter()
                .filter_map(|other| facts.compared.get(*other)?.balance.as_ref());
            let back = taken
                .map(|other| wide(&other.columns))
                .any(|other| product(&rows, Some(&other)).is_some());
            ok &= back;
            needed.push(rows.iter().map(|row| 1.0 / row).collect());
        }
        needed.push(columns);
        if let Some(profile) = profiles.get_mut(*index).filter(|_| !ok) {
            profile.scheme = Scheme::Unbalanced;
        }
    }
    for taker in &takers {
        let explained = needed
            .iter()
            .any(|needed| product(needed, Some(&taker.numbers)).is_some_and(|by| (by - 1.0).abs() <= MOST));
        let profile = taker.vector.and_then(|index| profiles.get_mut(index));
        if let Some(profile) = profile.filter(|_| explained) {
            profile.moved = false;
        }
    }
}

/// Lists what could take back: the quotients of changed vectors, and the numbers of rows.
fn takers(facts: &Facts<'_>, profiles: &[Profile], members: &[usize]) -> Vec<Taker> {
    let mut takers = Vec::new();
    for index in members {
        let (Some(one), Some(profile)) = (facts.compared.get(*index), profiles.get(*index)) else {
            continue;
        };
        if let Some(balance) = &one.balance {
            takers.push(Taker {
                vector: None,
                numbers: wide(&balance.rows),
            });
        }
        let pair = (facts.old.get(one.pair.before), facts.new.get(one.pair.after));
        let (true, (Some(before), Some(after))) = (profile.moved, pair) else {
            continue;
        };
        let (Some(before), Some(after)) = (vector(before), vector(after)) else {
            continue;
        };
        // Some norms multiply with one more than what is stored.
        for more in [0.0, 1.0] {
            let pairs = before.iter().zip(&after);
            takers.push(Taker {
                vector: Some(*index),
                numbers: pairs
                    .map(|(before, after)| (after + more) / (before + more))
                    .collect(),
            });
        }
    }
    takers
}

fn wide(numbers: &[f32]) -> Vec<f64> {
    numbers.iter().map(|number| f64::from(*number)).collect()
}

/// Reads a vector.
fn vector(weight: &Weight) -> Option<Vec<f64>> {
    let [length] = *weight.tensor.shape.as_slice() else {
        return None;
    };
    let wanted: Vec<u64> = (0..Some(length).filter(|length| *length > 1 && *length <= LENGTH)?).collect();
    Some(wide(&weight.values_at(&wanted).ok()?))
}

/// Multiplies numbers, element by element; returns the product where it is the same for all.
fn product(one: &[f64], other: Option<&[f64]>) -> Option<f64> {
    if other.is_some_and(|other| other.len() != one.len()) {
        return None;
    }
    let mut products: Vec<f64> = match other {
        Some(other) => one.iter().zip(other).map(|(one, other)| one * other).collect(),
        None => one.to_vec(),
    };
    // What was zero before says nothing.
    products.retain(|product| product.is_finite());
    if products.len().saturating_mul(2) < one.len() {
        return None;
    }
    let middle = median(&mut products).filter(|middle| *middle > 0.0)?;
    let mut apart: Vec<f64> = products
        .iter()
        .map(|product| (product / middle - 1.0).abs())
        .collect();
    let typical = median(&mut apart)?;
    let far = apart.iter().filter(|apart| **apart > MOST).count();
    (typical <= MIDDLE && far.saturating_mul(20) <= apart.len()).then_some(middle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_that_are_alike_are_taken_back() {
        let numbers = [2.0, 0.5, 4.0, 1.0];
        let back = [0.5, 2.0, 0.25, 1.0];
        assert_eq!(product(&numbers, Some(&back)), Some(1.0));
        assert_eq!(product(&numbers, Some(&[1.0, 1.0, 1.0, 1.0])), None);
        assert_eq!(product(&numbers, Some(&[1.0])), None);
        assert_eq!(product(&[3.0, 3.0], None), Some(3.0));
    }
}
