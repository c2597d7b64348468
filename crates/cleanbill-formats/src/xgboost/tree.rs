//! The lists of one tree, and whether they fit each other.

use std::ops::Range;

use crate::{AnomalyKind, bytes::size_u64, notes::Notes};

/// LIMIT: nodes of a tree that are followed.
pub(super) const NODES: u64 = 4_000_000;
/// What the list of a leaf's children holds.
const NONE: i64 = -1;

pub(super) static CHILD: AnomalyKind = AnomalyKind::evasion(
    "xgboost-child",
    "a tree's node has a child outside the tree, or one that another node has too",
    "树节点的子节点位于树外，或同时属于另一个节点",
);
pub(super) static LENGTHS: AnomalyKind = AnomalyKind::evasion(
    "xgboost-lengths",
    "lists about the same nodes are of different length",
    "描述同一批节点的列表长度不同",
);
pub(super) static FEATURE: AnomalyKind = AnomalyKind::evasion(
    "xgboost-feature",
    "a tree's node asks for a feature that the model does not have",
    "树节点使用了模型中不存在的特征",
);
pub(super) static CATEGORY: AnomalyKind = AnomalyKind::evasion(
    "xgboost-category",
    "sets of categories lie outside of their list or belong to no node",
    "类别集合超出其列表范围，或不属于任何节点",
);

/// What is known of an object that may be a tree.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) left: Option<Vec<i64>>,
    pub(super) right: Option<Vec<i64>>,
    pub(super) features: Option<Vec<i64>>,
    /// The node, first place and size of each set of categories.
    set_nodes: Option<Vec<i64>>,
    set_starts: Option<Vec<i64>>,
    set_sizes: Option<Vec<i64>>,
    /// How many values of leaves stand in a list of their own.
    leaf_values: Option<u64>,
    /// How many categories are listed.
    categories: Option<u64>,
    /// Lengths of the lists about nodes.
    lengths: Vec<u64>,
    /// What the object says of features, if it is the one with the parameters of the whole model.
    number_of_features: Option<i64>,
    of_model: bool,
}

/// Names the list that a key holds, as far as numbers of it are kept.
pub(super) fn is_kept(key: &str) -> bool {
    matches!(
        key,
        "left_children"
            | "right_children"
            | "split_indices"
            | "categories_nodes"
            | "categories_segments"
            | "categories_sizes"
    )
}

impl Tree {
    /// Takes the list under `key`: how many elements it has, and its numbers where they are kept.
    pub(super) fn take(&mut self, key: &str, length: u64, numbers: Vec<i64>) {
        let of_nodes = matches!(
            key,
            "left_children"
                | "right_children"
                | "parents"
                | "split_indices"
                | "split_conditions"
                | "default_left"
                | "split_type"
        );
        if of_nodes {
            self.lengths.push(length);
        }
        match key {
            "left_children" => self.left = Some(numbers),
            "right_children" => self.right = Some(numbers),
            "split_indices" => self.features = Some(numbers),
            "categories_nodes" => self.set_nodes = Some(numbers),
            "categories_segments" => self.set_starts = Some(numbers),
            "categories_sizes" => self.set_sizes = Some(numbers),
            "categories" => self.categories = Some(length),
            "leaf_weights" => self.leaf_values = Some(length),
            _ => {}
        }
    }

    /// Takes a text under `key`.
    pub(super) fn scalar(&mut self, key: &str, text: &str) {
        match key {
            "num_feature" => self.number_of_features = text.trim().parse().ok(),
            "base_score" => self.of_model = true,
            _ => {}
        }
    }

    /// Returns the number of features of the model, where this object says it.
    pub(super) fn model_features(&self) -> Option<i64> {
        self.number_of_features
            .filter(|count| self.of_model && *count > 0)
    }

    /// Judges the lists; gives the largest feature that a node asks for, or `None` where it is no tree.
    pub(super) fn judge(&self, range: &Range<u64>, violations: &mut Notes) -> Option<i64> {
        let (Some(left), Some(right)) = (&self.left, &self.right) else {
            return None;
        };
        let nodes = left.len();
        if self.lengths.iter().any(|length| *length != size_u64(nodes)) || right.len() != nodes {
            violations.push(&LENGTHS, range.clone(), format!("{nodes} nodes"));
        }
        let mut seen = vec![false; nodes];
        // A leaf is known by its left child alone; the right one of leaves with several values counts them.
        let (inner, leaves): (Vec<_>, Vec<_>) = left.iter().zip(right).partition(|(left, _)| **left != NONE);
        for child in inner.into_iter().flat_map(|(left, right)| [*left, *right]) {
            // The first node is the root and nobody's child, so that every node has one way to it and none leads back.
            let slot = usize::try_from(child).ok().filter(|child| *child > 0);
            match slot.and_then(|child| seen.get_mut(child)) {
                Some(slot) if !*slot => *slot = true,
                _ => violations.push(&CHILD, range.clone(), format!("child {child} of {nodes} nodes")),
            }
        }
        if let Some(values) = self.leaf_values {
            let outside = |place: i64| u64::try_from(place).map_or(place != NONE, |place| place >= values);
            if let Some((_, place)) = leaves.into_iter().find(|(_, place)| outside(**place)) {
                violations.push(&CHILD, range.clone(), format!("leaf {place} of {values} values"));
            }
        }
        self.judge_sets(nodes, range, violations);
        // Only nodes that the root leads to count: what pruning took out keeps odd numbers.
        let asked = left
            .iter()
            .zip(right)
            .zip(self.features.iter().flatten())
            .enumerate();
        let asks = asked.filter(|(node, ((left, _), _))| {
            **left != NONE && (*node == 0 || seen.get(*node).copied().unwrap_or(false))
        });
        let largest = asks.map(|(_, (_, feature))| *feature);
        // A negative one is as far outside as a large one.
        Some(
            largest
                .map(|one| if one < 0 { i64::MAX } else { one })
                .max()
                .unwrap_or(-1),
        )
    }

    fn judge_sets(&self, nodes: usize, range: &Range<u64>, violations: &mut Notes) {
        let (Some(of), Some(starts), Some(sizes)) = (&self.set_nodes, &self.set_starts, &self.set_sizes)
        else {
            return;
        };
        let all = i64::try_from(self.categories.unwrap_or(0)).unwrap_or(i64::MAX);
        let fit = of.len() == starts.len() && of.len() == sizes.len();
        let outside = starts.iter().zip(sizes).any(|(start, size)| {
            *start < 0 || *size < 0 || start.checked_add(*size).is_none_or(|end| end > all)
        });
        let exists = |node: &i64| usize::try_from(*node).is_ok_and(|node| node < nodes);
        if !fit || outside || !of.iter().all(exists) {
            violations.push(
                &CATEGORY,
                range.clone(),
                format!("{} sets in {all} categories", of.len()),
            );
        }
    }
}
