//! One tree in text: its lists, and whether they fit each other.

use std::ops::Range;

use super::{number, numbers, words};
use crate::{AnomalyKind, bytes::size_usize, notes::Notes};

/// LIMIT: leaves of a tree.
const LEAVES: i64 = 4_000_000;
/// Lists with one element for each leaf.
const OF_LEAVES: &[&[u8]] = &[
    b"leaf_value",
    b"leaf_weight",
    b"leaf_count",
    b"leaf_const",
    b"num_features",
];
/// Lists with one element for each node that is no leaf.
const OF_NODES: &[&[u8]] = &[
    b"split_feature",
    b"split_gain",
    b"threshold",
    b"decision_type",
    b"left_child",
    b"right_child",
    b"internal_value",
    b"internal_weight",
    b"internal_count",
];

static CHILD: AnomalyKind = AnomalyKind::evasion(
    "lightgbm-child",
    "a tree's node has a child outside the tree, or one that another node has too",
    "树节点的子节点位于树外，或同时属于另一个节点",
);
static COUNTS: AnomalyKind = AnomalyKind::evasion(
    "lightgbm-counts",
    "a list of a tree is missing, cannot be read, or is not as long as its number of leaves says",
    "树的某个列表缺失、无法读取，或长度与叶子数量不符",
);
static FEATURE: AnomalyKind = AnomalyKind::evasion(
    "lightgbm-feature",
    "a tree's node asks for a feature that the model does not have",
    "树节点使用了模型中不存在的特征",
);
static CATEGORY: AnomalyKind = AnomalyKind::evasion(
    "lightgbm-category",
    "a tree's node asks for a set of categories that the tree does not have",
    "树节点使用了树中不存在的类别集合",
);

/// Holds what the lines of a tree say.
#[derive(Debug, Default)]
pub(super) struct TreeText {
    leaves: Option<i64>,
    categories: i64,
    linear: bool,
    left: Vec<i64>,
    right: Vec<i64>,
    features: Vec<i64>,
    kinds: Vec<i64>,
    /// Only whole numbers are of use: of categories.
    thresholds: Vec<Option<i64>>,
    boundaries: Vec<i64>,
    category_words: usize,
    per_leaf: Vec<i64>,
    leaf_features: Vec<i64>,
    coefficients: usize,
    /// Lists met, with how many elements each has; a list that cannot be read has none.
    lengths: Vec<(&'static [u8], Option<usize>)>,
}

impl TreeText {
    /// Takes a line; says whether trees have such lines. Of a key that stands twice, the last counts, as in the loader.
    pub(super) fn take(&mut self, key: &[u8], value: &[u8]) -> bool {
        match key {
            b"num_leaves" => self.leaves = number(value),
            b"num_cat" => self.categories = number(value).unwrap_or(i64::MAX),
            b"is_linear" => self.linear = number(value).is_some_and(|flag| flag != 0),
            b"shrinkage" => {}
            b"cat_boundaries" => self.boundaries = numbers(value).unwrap_or_default(),
            b"cat_threshold" => self.category_words = words(value).count(),
            b"leaf_features" => self.leaf_features = numbers(value).unwrap_or_default(),
            b"leaf_coeff" => self.coefficients = words(value).count(),
            _ => return self.list(key, value),
        }
        true
    }

    fn list(&mut self, key: &[u8], value: &[u8]) -> bool {
        let known = OF_LEAVES.iter().chain(OF_NODES).find(|known| **known == key);
        let Some(known) = known else { return false };
        let length = match key {
            b"left_child" => keep(&mut self.left, value),
            b"right_child" => keep(&mut self.right, value),
            b"split_feature" => keep(&mut self.features, value),
            b"decision_type" => keep(&mut self.kinds, value),
            b"num_features" => keep(&mut self.per_leaf, value),
            b"threshold" => {
                self.thresholds = words(value).map(number).collect();
                Some(self.thresholds.len())
            }
            _ => Some(words(value).count()),
        };
        self.lengths.retain(|(one, _)| one != known);
        self.lengths.push((known, length));
        true
    }

    /// Says whether every list is there and as long as it must be.
    pub(super) fn is_whole(&self) -> bool {
        self.measure().is_ok()
    }

    /// Counts leaves and other nodes; fails where a list is missing or of another length.
    fn measure(&self) -> Result<(usize, usize), String> {
        let Some(leaves) = self.leaves.filter(|leaves| (1..=LEAVES).contains(leaves)) else {
            return Err(format!("{} leaves", self.leaves.unwrap_or(0)));
        };
        let leaves = usize::try_from(leaves).unwrap_or(0);
        let nodes = leaves.saturating_sub(1);
        for (name, length) in &self.lengths {
            let wanted = if OF_LEAVES.contains(name) { leaves } else { nodes };
            // Lists of a tree without nodes are not read.
            let read = nodes > 0 || self.linear || *name == b"leaf_value";
            if read && *length != Some(wanted) {
                let name = String::from_utf8_lossy(name);
                return Err(format!("{name}: {} of {wanted}", length.unwrap_or(0)));
            }
        }
        let needed: &[&[u8]] = &[
            b"leaf_value",
            b"left_child",
            b"right_child",
            b"split_feature",
            b"threshold",
        ];
        let needed = if nodes > 0 {
            needed
        } else {
            needed.get(..1).unwrap_or_default()
        };
        match needed
            .iter()
            .find(|name| !self.lengths.iter().any(|(one, _)| one == *name))
        {
            Some(missing) => Err(String::from_utf8_lossy(missing).into_owned()),
            None => Ok((leaves, nodes)),
        }
    }

    /// Follows the nodes and compares the lists.
    pub(super) fn judge(&self, features: Option<i64>, range: &Range<u64>, violations: &mut Notes) {
        let (leaves, nodes) = match self.measure() {
            Ok(measure) => measure,
            Err(detail) => {
                violations.push(&COUNTS, range.clone(), detail);
                return;
            }
        };
        if let Some(detail) = self.wrong_child(leaves, nodes) {
            violations.push(&CHILD, range.clone(), detail);
        }
        let wrong = |feature: &&i64| **feature < 0 || features.is_some_and(|count| **feature >= count);
        if let Some(feature) = self.features.iter().chain(&self.leaf_features).find(wrong) {
            violations.push(&FEATURE, range.clone(), format!("feature {feature}"));
        }
        if let Some(detail) = self.wrong_category() {
            violations.push(&CATEGORY, range.clone(), detail);
        }
        if let Some(detail) = self.wrong_leaf_features() {
            violations.push(&COUNTS, range.clone(), detail);
        }
    }

    /// A node has one way to it and none leads back; leaves are counted from -1 down.
    fn wrong_child(&self, leaves: usize, nodes: usize) -> Option<String> {
        let (mut seen, mut seen_leaves) = (vec![false; nodes], vec![false; leaves]);
        for child in self.left.iter().chain(&self.right) {
            let slot = if *child < 0 {
                usize::try_from(!*child)
                    .ok()
                    .and_then(|leaf| seen_leaves.get_mut(leaf))
            } else {
                let node = usize::try_from(*child).ok().filter(|node| *node > 0);
                node.and_then(|node| seen.get_mut(node))
            };
            match slot {
                Some(slot) if !*slot => *slot = true,
                _ => return Some(format!("child {child} of {nodes} nodes and {leaves} leaves")),
            }
        }
        None
    }

    fn wrong_category(&self) -> Option<String> {
        if self.categories > 0 {
            let rising = self.boundaries.is_sorted() && self.boundaries.first() == Some(&0);
            let count = size_usize(u64::try_from(self.categories).unwrap_or(u64::MAX));
            if !rising || self.boundaries.len() != count.saturating_add(1) {
                return Some(format!("{} boundaries of {count} sets", self.boundaries.len()));
            }
            let last = self
                .boundaries
                .last()
                .and_then(|last| usize::try_from(*last).ok());
            if last.is_none_or(|last| last != self.category_words) {
                return Some(format!("{} words of categories", self.category_words));
            }
        }
        self.kinds
            .iter()
            .zip(&self.thresholds)
            .find_map(|(kind, threshold)| {
                let category = kind & 1 == 1;
                let exists = threshold.is_some_and(|set| set >= 0 && set < self.categories);
                (category && !exists)
                    .then(|| format!("set {} of {}", threshold.unwrap_or(-1), self.categories))
            })
    }

    fn wrong_leaf_features(&self) -> Option<String> {
        if !self.linear || self.per_leaf.is_empty() {
            return None;
        }
        let mut sum = 0_i64;
        for count in &self.per_leaf {
            if *count < 0 {
                return Some(format!("leaf of {count} features"));
            }
            sum = sum.saturating_add(*count);
        }
        let sum = usize::try_from(sum).unwrap_or(usize::MAX);
        let fits = [self.leaf_features.len(), self.coefficients]
            .into_iter()
            .all(|length| length == sum);
        (!fits).then(|| format!("{} features of leaves, {sum} announced", self.leaf_features.len()))
    }
}

/// Keeps the numbers of a list and returns how many; `None` where one is no number.
fn keep(list: &mut Vec<i64>, value: &[u8]) -> Option<usize> {
    *list = numbers(value).unwrap_or_default();
    let count = words(value).count();
    (list.len() == count).then_some(count)
}
