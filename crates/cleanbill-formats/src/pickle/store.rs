//! What the interpreter remembers: the memo, and the items of the latest tuples, both bounded.

use std::collections::{HashMap, VecDeque};

use super::value::{Packed, Value};
use crate::bytes::{size_u64, size_usize};

/// LIMIT: memo entries at indices far beyond the others.
const SPARSE_MEMO: usize = 10_000;
/// How far beyond its end the dense memo may grow at once.
const MEMO_GAP: u64 = 1 << 16;
/// LIMIT: tuples, and items of them, that are remembered. A call's tuple stands right before it, so that older ones are
/// rarely asked for; one that was forgotten is unresolved.
const TUPLE_ITEMS: usize = 400_000;

/// An empty place of the memo. A mark is never memoised, so its pattern is free.
pub(super) const EMPTY: Packed = Packed::MARK;

/// The memo: dense where indices follow each other, as all picklers write them, sparse elsewhere.
#[derive(Debug, Default)]
pub(super) struct Memo {
    dense: Vec<Packed>,
    sparse: HashMap<u64, Packed>,
    /// Number of filled places, which is what `MEMOIZE` writes to.
    pub(super) count: u64,
    pub(super) overflowed: bool,
}

impl Memo {
    pub(super) fn read(&self, index: u64) -> Option<Packed> {
        let dense = self
            .dense
            .get(size_usize(index))
            .copied()
            .filter(|value| *value != EMPTY);
        dense.or_else(|| self.sparse.get(&index).copied())
    }

    /// Writes a place; false where a limit forbids it.
    pub(super) fn write(&mut self, index: u64, value: Packed, limit: u64) -> bool {
        let new = self.read(index).is_none();
        let end = size_u64(self.dense.len());
        if index < limit && index < end.saturating_add(MEMO_GAP) {
            let place = size_usize(index);
            if index >= end {
                self.dense.resize(place.saturating_add(1), EMPTY);
            }
            if let Some(slot) = self.dense.get_mut(place) {
                *slot = value;
            }
            self.sparse.remove(&index);
        } else if self.sparse.len() < SPARSE_MEMO {
            self.sparse.insert(index, value);
        } else {
            return false;
        }
        if new {
            self.count = self.count.saturating_add(1);
        }
        true
    }
}

/// Remembers the items of the latest tuples.
#[derive(Debug, Default)]
pub(super) struct TupleRing {
    items: VecDeque<Packed>,
    tuples: VecDeque<Tuple>,
    first: u64,
    dropped_items: u64,
}

#[derive(Clone, Copy, Debug)]
struct Tuple {
    start: u64,
    length: Option<u32>,
    weight: u64,
}

impl TupleRing {
    /// Remembers a tuple and returns its number.
    pub(super) fn add(&mut self, items: &[Packed]) -> u64 {
        while self.items.len().saturating_add(items.len()) > TUPLE_ITEMS || self.tuples.len() > TUPLE_ITEMS {
            let Some(oldest) = self.tuples.pop_front() else {
                break;
            };
            let length = u64::from(oldest.length.unwrap_or_default());
            self.items.drain(..size_usize(length).min(self.items.len()));
            self.dropped_items = self.dropped_items.saturating_add(length);
            self.first = self.first.saturating_add(1);
        }
        let weight = items
            .iter()
            .map(|item| self.weight(Value::from(*item)))
            .fold(1, u64::saturating_add);
        let start = self.dropped_items.saturating_add(size_u64(self.items.len()));
        let length = if items.len() > TUPLE_ITEMS {
            None
        } else {
            u32::try_from(items.len()).ok()
        };
        if length.is_some() {
            self.items.extend(items.iter().copied());
        }
        self.tuples.push_back(Tuple {
            start,
            length,
            weight,
        });
        self.first
            .saturating_add(size_u64(self.tuples.len()))
            .saturating_sub(1)
    }

    /// Returns how many objects a walk over `value` visits: sharing makes it grow like a power of two.
    pub(super) fn weight(&self, value: Value) -> u64 {
        match value {
            Value::Tuple(number) => self.find(number).map_or(1, |tuple| tuple.weight),
            _ => 1,
        }
    }

    /// Returns the items of a tuple, or `None` where it was forgotten.
    pub(super) fn items(&self, number: u64) -> Option<Vec<Value>> {
        let tuple = self.find(number)?;
        let start = size_usize(tuple.start.checked_sub(self.dropped_items)?);
        let end = start.saturating_add(size_usize(u64::from(tuple.length?)));
        Some(self.items.range(start..end).copied().map(Value::from).collect())
    }

    fn find(&self, number: u64) -> Option<Tuple> {
        self.tuples
            .get(size_usize(number.checked_sub(self.first)?))
            .copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_tuples_are_forgotten_and_new_ones_kept() {
        let mut ring = TupleRing::default();
        let first = ring.add(&[Value::Int(1).into()]);
        assert_eq!(ring.items(first), Some(vec![Value::Int(1)]));
        let mut last = first;
        for _ in 0..TUPLE_ITEMS + 2 {
            last = ring.add(&[Value::None.into()]);
        }
        assert_eq!(ring.items(first), None);
        assert_eq!(ring.items(last), Some(vec![Value::None]));
        assert_eq!(ring.items(last + 1), None);
    }

    #[test]
    fn sharing_grows_the_weight() {
        let mut ring = TupleRing::default();
        let mut value = Value::Tuple(ring.add(&[]));
        for _ in 0..100 {
            value = Value::Tuple(ring.add(&[value.into(), value.into()]));
        }
        assert_eq!(ring.weight(value), u64::MAX);
    }

    #[test]
    fn the_memo_takes_far_places_within_its_limit() {
        let mut memo = Memo::default();
        assert!(memo.write(u64::MAX, Value::None.into(), 10));
        assert_eq!(memo.read(u64::MAX), Some(Value::None.into()));
        assert_eq!(memo.count, 1);
        assert!(
            (0..SPARSE_MEMO as u64).all(|index| memo.write(1 << 40 | index, Value::None.into(), 10))
                || memo.count > 1
        );
    }
}
