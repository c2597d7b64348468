//! Which records are nearly the same: records that meet under a key of their sketches are compared by their signatures.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

use super::{
    counters::Small,
    near::{PLACES, Sketch, agreement},
};

/// A record under one of its keys.
#[derive(Clone, Debug)]
struct Entry {
    band: u64,
    text: u64,
    label: u64,
    copies: u32,
    signature: [u8; PLACES],
}

/// Looks for records that are nearly the same.
#[derive(Debug)]
pub(crate) struct Neighbours {
    /// How many records have a key; most keys have one, and need not be kept.
    seen: Small,
    held: Mutex<Held>,
    pub(crate) bursts: BTreeMap<u64, Burst>,
    pub(crate) conflicts: BTreeMap<(u64, u64), Conflict>,
    /// One key in so many was compared.
    pub(crate) one_in: u64,
}

#[derive(Debug, Default)]
struct Held {
    entries: Vec<Entry>,
    zeros: u32,
}

/// Many records that are nearly the same, by the text of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Burst {
    /// Names it.
    pub(crate) group: u64,
    pub(crate) records: u64,
    pub(crate) texts: u64,
    /// The most frequent label, and how many have it.
    pub(crate) label: (u64, u64),
}

/// How many near neighbours of a record have its label, and which others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Conflict {
    pub(crate) same: u64,
    pub(crate) others: BTreeMap<u64, u64>,
}

impl Neighbours {
    pub(crate) fn new(power: u32) -> Self {
        Self {
            seen: Small::new(power),
            held: Mutex::new(Held::default()),
            bursts: BTreeMap::new(),
            conflicts: BTreeMap::new(),
            one_in: 1,
        }
    }

    /// Counts the keys of a record.
    pub(crate) fn count(&self, sketch: &Sketch) {
        for band in sketch.bands {
            self.seen.add(band >> 3);
        }
    }

    /// Keeps a record under those of its keys that others have as well.
    pub(crate) fn keep(&self, sketch: &Sketch, text: u64, label: Option<u64>) {
        let shared = |band: &&u64| self.seen.read(**band >> 3) > 1;
        let bands: Vec<u64> = sketch.bands.iter().filter(shared).copied().collect();
        if bands.is_empty() {
            return;
        }
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        for band in bands {
            if band.trailing_zeros() >= held.zeros {
                held.entries.push(Entry {
                    band,
                    text,
                    label: label.unwrap_or(0),
                    copies: 1,
                    signature: sketch.signature,
                });
            }
        }
        if held.entries.len() >= ENTRIES {
            held.thin();
        }
    }

    /// Compares what was kept.
    pub(crate) fn finish(&mut self, records: u64) {
        let held = self.held.get_mut().unwrap_or_else(PoisonError::into_inner);
        held.thin();
        self.one_in = 1 << held.zeros.min(63);
        let entries = std::mem::take(&mut held.entries);
        self.seen = Small::new(0);
        let mut nodes: Vec<(u64, u64, u32)> = entries
            .iter()
            .map(|entry| (entry.text, entry.label, entry.copies))
            .collect();
        nodes.sort_unstable();
        nodes.dedup_by_key(|node| (node.0, node.1));
        let place = |entry: &Entry| {
            let key = (entry.text, entry.label);
            nodes.binary_search_by_key(&key, |node| (node.0, node.1)).ok()
        };
        let mut floods: Vec<Vec<usize>> = Vec::new();
        let mut pairs = BTreeSet::new();
        for bucket in entries.chunk_by(|left, right| left.band == right.band) {
            let mut leaders: Vec<(&Entry, u64, Vec<usize>)> = Vec::new();
            for entry in bucket {
                let leader = leaders
                    .iter()
                    .position(|(leader, _, _)| agreement(&leader.signature, &entry.signature) >= ALIKE);
                let number = u64::from(entry.copies);
                let Some(at) = place(entry) else { continue };
                if leader.is_none() && leaders.len() < LEADERS {
                    leaders.push((entry, number, vec![at]));
                } else if let Some((_, total, members)) = leader.and_then(|leader| leaders.get_mut(leader)) {
                    *total = total.saturating_add(number);
                    members.push(at);
                }
            }
            let large = leaders.into_iter().filter(|(_, total, _)| *total >= BURST);
            floods.extend(large.map(|(_, _, members)| members));
            for (at, left) in bucket.iter().enumerate().take(COMPARED) {
                for right in bucket.iter().take(COMPARED).skip(at.saturating_add(1)) {
                    let is_near = left.label != 0
                        && right.label != 0
                        && agreement(&left.signature, &right.signature) >= NEAR;
                    if let (true, Some(left), Some(right)) = (is_near, place(left), place(right))
                        && pairs.len() < PAIRS
                    {
                        pairs.insert((left, right));
                    }
                }
            }
        }
        self.find_bursts(&nodes, floods, records);
        self.find_conflicts(&nodes, &pairs);
    }

    /// Makes one burst of what meets under several keys; texts that are only alike by way of others are none.
    fn find_bursts(&mut self, nodes: &[(u64, u64, u32)], mut floods: Vec<Vec<usize>>, records: u64) {
        floods.sort_unstable_by(|left, right| right.len().cmp(&left.len()).then(left.cmp(right)));
        let mut bursts: Vec<Vec<usize>> = Vec::new();
        let mut homes: BTreeMap<usize, usize> = BTreeMap::new();
        for members in floods {
            let mut known: BTreeMap<usize, usize> = BTreeMap::new();
            for home in members.iter().filter_map(|member| homes.get(member)) {
                let seen = known.entry(*home).or_default();
                *seen = seen.saturating_add(1);
            }
            let best = known
                .iter()
                .max_by_key(|(home, number)| (**number, std::cmp::Reverse(**home)));
            let joined = best.filter(|(_, number)| number.saturating_mul(2) >= members.len());
            let home = joined.map_or(bursts.len(), |(home, _)| *home);
            if home == bursts.len() {
                bursts.push(Vec::new());
            }
            for member in members {
                if let (false, Some(burst)) = (homes.contains_key(&member), bursts.get_mut(home)) {
                    homes.insert(member, home);
                    burst.push(member);
                }
            }
        }
        let mut found = Vec::new();
        for members in &bursts {
            let mut labels: BTreeMap<u64, u64> = BTreeMap::new();
            let (mut total, mut texts) = (0_u64, BTreeSet::new());
            for (text, label, copies) in members.iter().filter_map(|node| nodes.get(*node)) {
                total = total.saturating_add(u64::from(*copies));
                let seen = labels.entry(*label).or_default();
                *seen = seen.saturating_add(u64::from(*copies));
                texts.insert(*text);
            }
            if total < BURST {
                continue;
            }
            let label = labels
                .iter()
                .max_by_key(|(label, number)| (**number, **label))
                .map_or((0, 0), |(label, number)| (*label, *number));
            let burst = Burst {
                group: texts.first().copied().unwrap_or(0),
                records: total,
                texts: u64::try_from(texts.len()).unwrap_or(0),
                label,
            };
            found.push((burst, texts));
        }
        let share: u64 = found.iter().map(|(burst, _)| burst.records).sum();
        // Where repetition is the habit of the data, as in logs, one burst more says nothing.
        if share.saturating_mul(BURST_SHARE) > records {
            return;
        }
        for (burst, texts) in found {
            self.bursts.extend(texts.into_iter().map(|text| (text, burst)));
        }
    }

    fn find_conflicts(&mut self, nodes: &[(u64, u64, u32)], pairs: &BTreeSet<(usize, usize)>) {
        let mut all: BTreeMap<(u64, u64), Conflict> = BTreeMap::new();
        for (left, right) in pairs {
            let (Some(left), Some(right)) = (nodes.get(*left), nodes.get(*right)) else {
                continue;
            };
            for (own, other) in [(left, right), (right, left)] {
                let conflict = all.entry((own.0, own.1)).or_default();
                let number = u64::from(other.2);
                if own.1 == other.1 {
                    conflict.same = conflict.same.saturating_add(number);
                } else {
                    let seen = conflict.others.entry(other.1).or_default();
                    *seen = seen.saturating_add(number);
                }
            }
        }
        all.retain(|(text, _), conflict| !conflict.others.is_empty() && !self.bursts.contains_key(text));
        self.conflicts = all;
    }
}

impl Held {
    /// Makes one of equal entries, and lets keys go until what is left is within bounds.
    fn thin(&mut self) {
        self.entries
            .sort_unstable_by_key(|entry| (entry.band, entry.text, entry.label));
        self.entries.dedup_by(|entry, kept| {
            let same = (entry.band, entry.text, entry.label) == (kept.band, kept.text, kept.label);
            if same {
                kept.copies = kept.copies.saturating_add(entry.copies);
            }
            same
        });
        while self.entries.len() > KEPT && self.zeros < 60 {
            self.zeros = self.zeros.saturating_add(1);
            let zeros = self.zeros;
            self.entries.retain(|entry| entry.band.trailing_zeros() >= zeros);
        }
    }
}

/// LIMIT: records under their keys that are held, 64 bytes each, before equal ones are made one.
const ENTRIES: usize = 1 << 20;
/// LIMIT: those that are left then; of more, the keys that end in zero bits are kept.
const KEPT: usize = 3 << 18;
/// LIMIT: groups within a key; what is like none of the first ones is compared under its other keys.
const LEADERS: usize = 8;
/// LIMIT: records of one key that are compared with each other.
const COMPARED: usize = 48;
/// LIMIT: pairs of near neighbours.
const PAIRS: usize = 1 << 20;
/// Places that agree where texts are of one burst (similarity of 0.66), and where they are near neighbours (0.72).
const ALIKE: u32 = 21;
const NEAR: u32 = 23;
/// Records of a burst.
pub(crate) const BURST: u64 = 20;
/// Where more than one record in so many belongs to a burst, none is reported.
pub(crate) const BURST_SHARE: u64 = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::poison::tokens::Tokens;

    fn varied(number: usize) -> String {
        let word = |at: usize| {
            if at == number % 60 {
                format!("x{number} ")
            } else {
                format!("w{at} ")
            }
        };
        (0..60).map(word).collect::<Vec<_>>().concat()
    }

    fn unlike(number: usize) -> String {
        let words: Vec<String> = (0..40).map(|at| format!("u{number}x{at} ")).collect();
        words.concat()
    }

    fn neighbours(texts: &[(String, u64)]) -> Neighbours {
        let mut all = Neighbours::new(16);
        let sketched: Vec<_> = texts
            .iter()
            .map(|(text, label)| (Tokens::of_one(text), *label))
            .collect();
        for (tokens, _) in &sketched {
            all.count(&Sketch::of(tokens).unwrap());
        }
        for (tokens, label) in &sketched {
            all.keep(&Sketch::of(tokens).unwrap(), tokens.key, Some(*label));
        }
        all.finish(u64::try_from(texts.len()).unwrap());
        all
    }

    #[test]
    fn a_burst_is_found_among_unlike_records() {
        let mut texts: Vec<(String, u64)> = (0..500).map(|number| (unlike(number), 1)).collect();
        texts.extend((0..30).map(|number| (varied(number), 2)));
        let found = neighbours(&texts);
        assert!(found.bursts.len() >= 28, "{}", found.bursts.len());
        assert!(found.bursts.values().all(|burst| burst.label.0 == 2));
        // Fewer are none, and neither is what most records are like.
        assert!(neighbours(&texts[..515]).bursts.is_empty());
        assert!(neighbours(&texts[400..]).bursts.is_empty());
    }

    #[test]
    fn neighbours_with_another_label_are_a_conflict() {
        let mut texts: Vec<(String, u64)> = (0..50).map(|number| (unlike(number), 1)).collect();
        texts.extend([(varied(3), 1), (varied(4), 2)]);
        let found = neighbours(&texts);
        assert_eq!(found.conflicts.len(), 2);
        texts[51].1 = 1;
        assert!(neighbours(&texts).conflicts.is_empty());
    }
}
