//! Which weight of one model is which of another: by name, by the end of the name, by what it holds.

use std::collections::{BTreeMap, BTreeSet};

use cleanbill_formats::bytes::{size_u64, size_usize};
use rayon::prelude::*;

use crate::{number::mixed, weights::Weight};

/// Elements that are looked at to know a weight again.
const LOOKED_AT: u64 = 256;
/// Smallest weight that is known again by its values.
const SMALLEST: u64 = 32;
/// LIMIT: candidates of one shape that are compared with each other.
const CANDIDATES: usize = 300_000;
/// Cosine above which two matrices, and two vectors, are taken for one.
const LIKE: f64 = 0.8;
const LIKE_VECTOR: f64 = 0.999;

/// Two weights that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) before: usize,
    pub(crate) after: usize,
    pub(crate) transposed: bool,
}

/// Holds pairs and what is left on each side.
#[derive(Debug, Default)]
pub(crate) struct Pairs {
    pub(crate) found: Vec<Pair>,
    pub(crate) removed: Vec<usize>,
    pub(crate) added: Vec<usize>,
    /// There were too many candidates of one shape to look for weights under other names.
    pub(crate) gave_up: bool,
}

/// Finds the pairs.
pub(crate) fn pairs(before: &[Weight], after: &[Weight]) -> Pairs {
    let mut search = Search {
        before,
        after,
        old: (0..before.len()).collect(),
        new: (0..after.len()).collect(),
        pairs: Pairs::default(),
    };
    search.by_name();
    search.by_end();
    search.by_values();
    let mut found = search.pairs;
    found.removed = search.old.into_iter().collect();
    found.added = search.new.into_iter().collect();
    found.found.sort_by_key(|pair| pair.after);
    found
}

/// Two models, what of each has no partner yet, and the pairs found.
struct Search<'a> {
    before: &'a [Weight],
    after: &'a [Weight],
    old: BTreeSet<usize>,
    new: BTreeSet<usize>,
    pairs: Pairs,
}

/// Says whether two shapes can be compared, and whether rows and columns are exchanged.
fn fit(before: &Weight, after: &Weight) -> Option<bool> {
    let (one, other) = (&before.tensor.shape, &after.tensor.shape);
    if squeezed(one) == squeezed(other) {
        return Some(false);
    }
    match (one.as_slice(), other.as_slice()) {
        ([rows, columns], [other_rows, other_columns]) if rows == other_columns && columns == other_rows => {
            Some(true)
        }
        _ => None,
    }
}

/// Leaves out dimensions of length one.
fn squeezed(shape: &[u64]) -> Vec<u64> {
    shape.iter().copied().filter(|length| *length != 1).collect()
}

/// Says whether one side has more rows of the same length.
fn resized(before: &Weight, after: &Weight) -> bool {
    match (before.tensor.shape.as_slice(), after.tensor.shape.as_slice()) {
        ([_, one], [_, other]) => one == other,
        _ => false,
    }
}

impl Search<'_> {
    /// Takes two weights for one.
    fn join(&mut self, before: usize, after: usize, transposed: bool) {
        self.old.remove(&before);
        self.new.remove(&after);
        self.pairs.found.push(Pair {
            before,
            after,
            transposed,
        });
    }

    fn by_name(&mut self) {
        let names: BTreeMap<&str, usize> = self
            .before
            .iter()
            .enumerate()
            .map(|(index, weight)| (weight.name.as_str(), index))
            .collect();
        for (index, weight) in self.after.iter().enumerate() {
            let Some(&other) = names.get(weight.name.as_str()) else {
                continue;
            };
            let Some(one) = self.before.get(other) else {
                continue;
            };
            let transposed = match fit(one, weight) {
                Some(transposed) => transposed,
                None if resized(one, weight) => false,
                None => continue,
            };
            self.join(other, index, transposed);
        }
    }

    fn by_end(&mut self) {
        let mut known: BTreeMap<&str, Option<usize>> = BTreeMap::new();
        for index in &self.old {
            let Some(weight) = self.before.get(*index) else {
                continue;
            };
            for end in ends(&weight.name) {
                known
                    .entry(end)
                    .and_modify(|one| *one = None)
                    .or_insert(Some(*index));
            }
        }
        for index in self.new.clone() {
            let Some(weight) = self.after.get(index) else {
                continue;
            };
            // One name must be the end of the other: shared endings alone say little.
            let hit = ends(&weight.name).find_map(|end| {
                let other = (*known.get(end)?)?;
                let one = self.before.get(other)?;
                let whole = end.len() == weight.name.len() || end.len() == one.name.len();
                let transposed = fit(one, weight)?;
                (whole && self.old.contains(&other)).then_some((other, transposed))
            });
            if let Some((other, transposed)) = hit {
                self.join(other, index, transposed);
            }
        }
    }

    fn by_values(&mut self) {
        let key = |weight: &Weight| {
            let mut shape = squeezed(&weight.tensor.shape);
            shape.sort_unstable();
            shape
        };
        let group = |weights: &[Weight], left: &BTreeSet<usize>| {
            let mut groups: BTreeMap<Vec<u64>, Vec<usize>> = BTreeMap::new();
            for index in left {
                if let Some(weight) = weights.get(*index)
                    && weight.tensor.elements().unwrap_or(0) >= SMALLEST
                    && weight.tensor.unreadable().is_none()
                    && weight
                        .tensor
                        .element
                        .is_some_and(|element| element.is_float() || weight.is_quantised())
                {
                    groups.entry(key(weight)).or_default().push(*index);
                }
            }
            groups
        };
        let olds = group(self.before, &self.old);
        let news = group(self.after, &self.new);
        for (shape, candidates) in &news {
            let Some(others) = olds.get(shape) else { continue };
            if candidates.len().saturating_mul(others.len()) > CANDIDATES {
                self.pairs.gave_up = true;
                continue;
            }
            let looks: Vec<Look> = candidates
                .par_iter()
                .filter_map(|index| look(*index, self.after.get(*index)?, false))
                .collect();
            let seen: Vec<Look> = others
                .par_iter()
                .filter_map(|index| look(*index, self.before.get(*index)?, true))
                .collect();
            let mut likes: Vec<(f64, usize, usize, bool)> = Vec::new();
            for new_look in &looks {
                let Some(weight) = self.after.get(new_look.index) else {
                    continue;
                };
                for old_look in &seen {
                    let Some(one) = self.before.get(old_look.index) else {
                        continue;
                    };
                    let same = squeezed(&one.tensor.shape) == squeezed(&weight.tensor.shape);
                    let least = if shape.len() < 2 { LIKE_VECTOR } else { LIKE };
                    if same {
                        let like = cosine(&old_look.plain, &new_look.plain);
                        if like > least {
                            likes.push((like, old_look.index, new_look.index, false));
                        }
                    }
                    if let Some(turned) = &old_look.turned {
                        let like = cosine(turned, &new_look.plain);
                        if like > least {
                            likes.push((like, old_look.index, new_look.index, true));
                        }
                    }
                }
            }
            likes.sort_by(|one, other| {
                other
                    .0
                    .total_cmp(&one.0)
                    .then((one.1, one.2).cmp(&(other.1, other.2)))
            });
            for (_, one, other, transposed) in likes {
                if self.old.contains(&one) && self.new.contains(&other) {
                    self.join(one, other, transposed);
                }
            }
        }
    }
}

/// Lists the ends of a name that begin at a dot, the whole name first; none of a single word.
fn ends(name: &str) -> impl Iterator<Item = &str> {
    let starts = name.match_indices('.').map(|(at, _)| at.saturating_add(1));
    std::iter::once(0)
        .chain(starts)
        .filter_map(|start| name.get(start..))
        .filter(|end| end.contains('.'))
}

/// Values of a weight at chosen places, as they stand and as they stand with rows and columns exchanged.
struct Look {
    index: usize,
    plain: Vec<f32>,
    turned: Option<Vec<f32>>,
}

fn look(index: usize, weight: &Weight, both: bool) -> Option<Look> {
    let total = weight.tensor.elements()?;
    let count = total.min(LOOKED_AT);
    let place = |number: u64| {
        let start = number.saturating_mul(total).checked_div(count).unwrap_or(0);
        let end = number
            .saturating_add(1)
            .saturating_mul(total)
            .checked_div(count)
            .unwrap_or(0);
        let room = end.saturating_sub(start).max(1);
        start.saturating_add(mixed(number).checked_rem(room).unwrap_or(0))
    };
    let positions: Vec<u64> = (0..count).map(place).collect();
    let plain = weight.values_at(&positions).ok()?;
    let turned = match weight.tensor.shape.as_slice() {
        [rows, columns] if both => {
            // The other side has `rows` columns: where each of its elements stands here.
            let mut turned: Vec<(u64, usize)> = positions
                .iter()
                .enumerate()
                .map(|(number, position)| {
                    let row = position.checked_div(*rows).unwrap_or(0);
                    let column = position.checked_rem(*rows).unwrap_or(0);
                    (column.saturating_mul(*columns).saturating_add(row), number)
                })
                .collect();
            turned.sort_unstable();
            let places: Vec<u64> = turned.iter().map(|(position, _)| *position).collect();
            let values = weight.values_at(&places).ok()?;
            let mut ordered = vec![0.0; size_usize(count)];
            for ((_, number), value) in turned.iter().zip(values) {
                if let Some(place) = ordered.get_mut(*number) {
                    *place = value;
                }
            }
            Some(ordered)
        }
        _ => None,
    };
    debug_assert!(size_u64(plain.len()) == count);
    Some(Look { index, plain, turned })
}

fn cosine(one: &[f32], other: &[f32]) -> f64 {
    let sum = |left: &[f32], right: &[f32]| -> f64 {
        let products = left.iter().zip(right).map(|(a, b)| f64::from(*a) * f64::from(*b));
        products.sum()
    };
    let lengths = (sum(one, one) * sum(other, other)).sqrt();
    if lengths > 0.0 {
        sum(one, other) / lengths
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_end_at_dots() {
        assert_eq!(ends("a.b.c").collect::<Vec<_>>(), ["a.b.c", "b.c"]);
        assert_eq!(ends("weight").count(), 0);
    }
}
