//! The graph with its edges at hand and the terms of each thing.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{EdgeKind, Graph, MAX_EDGES, MAX_NODES, Node, NodeKind};
use crate::{
    catalog::{Catalog, catalog},
    declared::Reading,
    expression::{Expression, Term},
    terms::Terms,
};

/// One licence that applies to a thing.
pub(super) struct Applied {
    pub id: String,
    pub terms: Terms,
}

/// A thing with what applies to it.
pub(super) struct Thing<'g> {
    pub node: &'g Node,
    /// Licences that apply, the lightest where there is a choice; none if the declaration is no expression.
    pub applied: Vec<Applied>,
    /// Ids whose terms are not known.
    pub unknown: Vec<String>,
    pub licence: String,
}

/// The graph with its edges at hand.
pub(super) struct Lineage<'g> {
    pub things: Vec<Thing<'g>>,
    edges: BTreeMap<usize, Vec<(usize, EdgeKind)>>,
    pub dangling: Vec<(String, String)>,
    pub twice: Vec<String>,
    pub roots: Vec<usize>,
    pub truncated: bool,
}

impl<'g> Lineage<'g> {
    pub(super) fn new(graph: &'g Graph) -> Self {
        let catalog = catalog();
        let mut index: BTreeMap<&str, usize> = BTreeMap::new();
        let mut things = Vec::new();
        let mut twice = Vec::new();
        for node in graph.nodes.iter().take(MAX_NODES) {
            if index.contains_key(node.id.as_str()) {
                twice.push(node.id.clone());
                continue;
            }
            index.insert(&node.id, things.len());
            things.push(thing(catalog, node));
        }
        let mut edges: BTreeMap<usize, Vec<(usize, EdgeKind)>> = BTreeMap::new();
        let mut dangling = Vec::new();
        let mut pointed = BTreeSet::new();
        for edge in graph.edges.iter().take(MAX_EDGES) {
            match (index.get(edge.from.as_str()), index.get(edge.to.as_str())) {
                (Some(&from), Some(&to)) => {
                    if from != to {
                        pointed.insert(to);
                        edges.entry(from).or_default().push((to, edge.kind));
                    }
                }
                _ => dangling.push((edge.from.clone(), edge.to.clone())),
            }
        }
        for targets in edges.values_mut() {
            targets.sort_unstable();
            targets.dedup();
        }
        let all = 0..things.len();
        let is_product = |at: &usize| {
            things
                .get(*at)
                .is_some_and(|thing| thing.node.kind == NodeKind::Product)
        };
        let mut roots: Vec<usize> = all.clone().filter(is_product).collect();
        if roots.is_empty() {
            roots = all.clone().filter(|at| !pointed.contains(at)).collect();
        }
        // A ring has no beginning.
        if roots.is_empty() {
            roots = all.collect();
        }
        Self {
            things,
            edges,
            dangling,
            twice,
            roots,
            truncated: graph.nodes.len() > MAX_NODES || graph.edges.len() > MAX_EDGES,
        }
    }

    pub(super) fn edges(&self, from: usize) -> &[(usize, EdgeKind)] {
        self.edges.get(&from).map(Vec::as_slice).unwrap_or_default()
    }

    /// Returns what is reached from `from` along edges of `kinds`, nearest first, without `from`; at most `limit`.
    pub(super) fn reached(&self, from: usize, kinds: &[EdgeKind], limit: usize) -> Vec<usize> {
        let mut seen = BTreeSet::from([from]);
        let mut queue = VecDeque::from([from]);
        let mut reached = Vec::new();
        while let Some(at) = queue.pop_front() {
            for &(to, kind) in self.edges(at) {
                if reached.len() < limit && kinds.contains(&kind) && seen.insert(to) {
                    reached.push(to);
                    queue.push_back(to);
                }
            }
        }
        reached
    }
}

fn thing<'g>(catalog: &Catalog, node: &'g Node) -> Thing<'g> {
    let mut applied = Vec::new();
    let mut unknown = Vec::new();
    if let Reading::Expression(expression) = &node.licence.reading {
        let burden = |term: &Term| catalog.terms(&term.id).map_or(30, |(terms, _)| terms.burden());
        for term in expression.lightest(&burden) {
            match catalog.terms(&term.id) {
                Some((terms, _)) => applied.push(Applied {
                    id: term.id.clone(),
                    terms,
                }),
                None => unknown.push(term.id.clone()),
            }
        }
    }
    let licence = match &node.licence.reading {
        Reading::Expression(expression) => Expression::to_string(expression),
        Reading::None => "NONE".to_owned(),
        Reading::NoAssertion => "NOASSERTION".to_owned(),
        _ => node.licence.original.clone(),
    };
    Thing {
        node,
        applied,
        unknown,
        licence,
    }
}
