//! Counters of bounded size whose sums do not depend on the order of what is counted, nor on how many threads count.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU8, AtomicU64, Ordering::Relaxed},
    },
};

/// Counts of records by the hash of a feature, and by three bits of their labels: a row of a count-min sketch (Cormode and
/// Muthukrishnan 2005) with labels. Features that share a cell add up, so that a tie to one label may be missed but none is made.
#[derive(Debug)]
pub(crate) struct Cells(Vec<AtomicU64>);

/// What a cell holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) records: u64,
    /// Records with the first, second and third bit.
    pub(crate) bits: [u64; 3],
}

impl Cell {
    /// Says whether the records may have one label but for a few.
    pub(crate) fn is_one_sided(&self, least: u64) -> bool {
        let few = self.records.saturating_mul(2).saturating_div(10);
        self.records >= least
            && self.records < FULL
            && self
                .bits
                .iter()
                .all(|bit| (*bit).min(self.records.saturating_sub(*bit)) <= few)
    }
}

impl Cells {
    /// Makes so many, as a power of two.
    pub(crate) fn new(power: u32) -> Self {
        Self((0..1_usize << power.min(28)).map(|_| AtomicU64::new(0)).collect())
    }

    fn place(&self, hash: u64) -> Option<&AtomicU64> {
        let last = u64::try_from(self.0.len().saturating_sub(1)).unwrap_or(0);
        self.0.get(usize::try_from(hash & last).unwrap_or(0))
    }

    /// Counts a record under each of the hashes.
    pub(crate) fn add(&self, hashes: impl Iterator<Item = u64> + Clone, label: u8) {
        let step = 1
            | u64::from(label & 1) << 16
            | u64::from(label >> 1 & 1) << 32
            | u64::from(label >> 2 & 1) << 48;
        // Loads run side by side where additions wait for one another; then the cells are at hand.
        let mut sum = 0_u64;
        for hash in hashes.clone() {
            sum |= self.place(hash).map_or(0, |cell| cell.load(Relaxed));
        }
        let some_full = sum & 0xffff >= FULL;
        for hash in hashes {
            let Some(cell) = self.place(hash) else { continue };
            if some_full && cell.load(Relaxed) & 0xffff >= FULL {
                continue;
            }
            cell.fetch_add(step, Relaxed);
        }
    }

    pub(crate) fn read(&self, hash: u64) -> Cell {
        let cell = self.place(hash).map_or(0, |cell| cell.load(Relaxed));
        Cell {
            records: cell & 0xffff,
            bits: [cell >> 16 & 0xffff, cell >> 32 & 0xffff, cell >> 48],
        }
    }

    /// Counts the cells that are in use: at most as many features were seen.
    pub(crate) fn used(&self) -> u64 {
        let used = self.0.iter().filter(|cell| cell.load(Relaxed) != 0).count();
        u64::try_from(used).unwrap_or(0)
    }

    pub(crate) fn size(&self) -> u64 {
        u64::try_from(self.0.len()).unwrap_or(0)
    }
}

/// Counts up to 255 by hash.
#[derive(Debug)]
pub(crate) struct Small(Vec<AtomicU8>);

impl Small {
    pub(crate) fn new(power: u32) -> Self {
        Self((0..1_usize << power.min(30)).map(|_| AtomicU8::new(0)).collect())
    }

    fn place(&self, hash: u64) -> Option<&AtomicU8> {
        let last = u64::try_from(self.0.len().saturating_sub(1)).unwrap_or(0);
        self.0.get(usize::try_from(hash & last).unwrap_or(0))
    }

    pub(crate) fn add(&self, hash: u64) {
        if let Some(cell) = self.place(hash) {
            let _ = cell.fetch_update(Relaxed, Relaxed, |count| count.checked_add(1));
        }
    }

    pub(crate) fn read(&self, hash: u64) -> u8 {
        self.place(hash).map_or(0, |cell| cell.load(Relaxed))
    }
}

/// Exact values by key, in bounded number. Where there are too many, the keys that end in ever more zero bits are kept: which ones
/// depends on the keys alone (distinct sampling, Gibbons 2001).
#[derive(Debug)]
pub(crate) struct Kept<V> {
    shards: Vec<Mutex<Shard<V>>>,
    most: usize,
}

#[derive(Debug)]
struct Shard<V> {
    values: HashMap<u64, V>,
    zeros: u32,
}

impl<V: Default> Kept<V> {
    pub(crate) fn new(most: usize) -> Self {
        let shard = |_| {
            Mutex::new(Shard {
                values: HashMap::new(),
                zeros: 0,
            })
        };
        Self {
            shards: (0..SHARDS).map(shard).collect(),
            most: most.div_ceil(SHARDS),
        }
    }

    /// Changes the value of a key, which is a hash.
    pub(crate) fn change(&self, key: u64, change: impl FnOnce(&mut V)) {
        let shard = usize::try_from(key >> 60).unwrap_or(0);
        let Some(shard) = self.shards.get(shard) else {
            return;
        };
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if key.trailing_zeros() < shard.zeros {
            return;
        }
        change(shard.values.entry(key).or_default());
        while shard.values.len() > self.most && shard.zeros < 60 {
            shard.zeros = shard.zeros.saturating_add(1);
            let zeros = shard.zeros;
            shard.values.retain(|key, _| key.trailing_zeros() >= zeros);
        }
    }

    /// Takes all values, in order of their keys, and says of how many keys one was kept.
    pub(crate) fn take(&mut self) -> (Vec<(u64, V)>, u64) {
        let (mut all, mut zeros) = (Vec::new(), 0);
        for shard in &mut self.shards {
            let shard = shard.get_mut().unwrap_or_else(PoisonError::into_inner);
            zeros = zeros.max(shard.zeros);
            all.extend(shard.values.drain());
        }
        all.sort_unstable_by_key(|(key, _)| *key);
        (all, 1_u64 << zeros.min(63))
    }
}

/// Parts of a table that are locked one by one; keys are told apart by their first four bits.
const SHARDS: usize = 16;
/// LIMIT: records that a cell counts. A feature in as many is no rare one, whatever the size of the data.
const FULL: u64 = 60_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::poison::tokens::mix;

    #[test]
    fn a_cell_knows_when_all_labels_are_one() {
        let cells = Cells::new(4);
        for _ in 0..20 {
            cells.add([3].into_iter(), 5);
        }
        cells.add([3].into_iter(), 2);
        assert_eq!(
            cells.read(3),
            Cell {
                records: 21,
                bits: [20, 1, 20]
            }
        );
        assert!(cells.read(3).is_one_sided(12));
        for _ in 0..20 {
            cells.add([3].into_iter(), 2);
        }
        assert!(!cells.read(3).is_one_sided(12));
        assert_eq!(cells.used(), 1);
    }

    #[test]
    fn a_full_cell_stops() {
        let cells = Cells::new(0);
        for _ in 0..70_000 {
            cells.add([0].into_iter(), 7);
        }
        assert_eq!(cells.read(0).records, FULL);
        assert!(!cells.read(0).is_one_sided(12));
    }

    #[test]
    fn what_is_kept_depends_on_the_keys_alone() {
        let keys: Vec<u64> = (0..5_000).map(mix).collect();
        let kept = |keys: &mut dyn Iterator<Item = &u64>| {
            let mut table = Kept::<u32>::new(400);
            for key in keys {
                table.change(*key, |count| *count += 1);
            }
            table.take()
        };
        let (forward, zeros) = kept(&mut keys.iter());
        assert_eq!(kept(&mut keys.iter().rev()), (forward.clone(), zeros));
        assert!(forward.len() <= 400 && forward.len() > 50 && zeros > 1);
    }
}
