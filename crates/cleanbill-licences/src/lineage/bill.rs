//! The graph of a bill of materials: what carries a licence, and what it comes from.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use cleanbill_core::bill::{Bill, Component, ComponentKind, RelationKind};

use super::{Edge, EdgeKind, Graph, Node, NodeKind};
use crate::declared::{Declared, Reading, read_card, read_declared};

/// Words by which bills say how one thing hangs on another that it does not hold: what wrote a file, what is called over a network.
const NOT_HELD: &[&str] = &[
    "written by",
    "library",
    "hosted model",
    "server of tools",
    "image",
    "runtime",
];
/// LIMIT: steps of all searches for paths of an assessment; beyond them a path shows its two ends alone.
const MAX_STEPS: usize = 4_000_000;
/// LIMIT: starts whose searches are kept.
const MAX_STARTS: usize = 1_000;

/// Makes the graph of a bill. Files are no things of their own: their licences are those of what holds them.
pub fn of_bill(bill: &Bill) -> Graph {
    let mut edges = Vec::new();
    let mut how: BTreeMap<&str, &str> = BTreeMap::new();
    for relation in &bill.relations {
        let (Some(from), Some(to)) = (bill.component(&relation.from), bill.component(&relation.to)) else {
            continue;
        };
        if !carries(from) || !carries(to) {
            continue;
        }
        let kind = match relation.kind {
            RelationKind::DerivedFrom
                if from.kind == ComponentKind::Dataset && to.kind == ComponentKind::Model =>
            {
                EdgeKind::GeneratedBy
            }
            RelationKind::DerivedFrom => {
                if !relation.detail.is_empty() {
                    how.insert(&from.id, &relation.detail);
                }
                EdgeKind::DerivedFrom
            }
            RelationKind::TrainedOn => EdgeKind::TrainedOn,
            RelationKind::Contains => EdgeKind::Contains,
            RelationKind::DependsOn if !NOT_HELD.contains(&relation.detail.as_str()) => EdgeKind::Contains,
            RelationKind::DependsOn | RelationKind::TestedOn => continue,
        };
        edges.push(Edge {
            from: from.id.clone(),
            to: to.id.clone(),
            kind,
        });
    }
    let joined: BTreeSet<&str> = edges
        .iter()
        .flat_map(|edge| [edge.from.as_str(), edge.to.as_str()])
        .collect();
    let mut graph = Graph::default();
    for component in &bill.components {
        let is_own = component.id == bill.subject
            || matches!(component.kind, ComponentKind::Model | ComponentKind::Dataset);
        if carries(component) && (is_own || joined.contains(component.id.as_str())) {
            graph
                .nodes
                .push(node(component, how.get(component.id.as_str()).copied(), bill));
        }
    }
    graph.edges = edges;
    graph
}

/// Says whether a component can have a licence that matters to others.
fn carries(component: &Component) -> bool {
    matches!(
        component.kind,
        ComponentKind::Application
            | ComponentKind::Model
            | ComponentKind::Dataset
            | ComponentKind::Library
            | ComponentKind::Framework
    )
}

fn node(component: &Component, how: Option<&str>, bill: &Bill) -> Node {
    let how = how.map(str::to_ascii_lowercase).unwrap_or_default();
    let kind = match component.kind {
        ComponentKind::Dataset => NodeKind::Dataset,
        ComponentKind::Library | ComponentKind::Framework => NodeKind::Library,
        ComponentKind::Model if how.contains("adapter") || how.contains("lora") => NodeKind::Adapter,
        ComponentKind::Model if how.contains("merge") => NodeKind::Merge,
        ComponentKind::Model if how.contains("quant") || how.contains("conversion") => NodeKind::Quantisation,
        ComponentKind::Model => NodeKind::Model,
        // A part that is an application is software of somebody else.
        _ if component.id == bill.subject => NodeKind::Product,
        _ => NodeKind::Library,
    };
    let name = match &component.group {
        Some(group) => format!("{}/{}", group.value, component.name),
        None => component.name.clone(),
    };
    Node {
        id: component.id.clone(),
        name,
        kind,
        licence: declared(component),
        multimodal: multimodal(component),
    }
}

/// Reads the licences of a component: what is declared, or else what was found as a text.
fn declared(component: &Component) -> Declared {
    let mut declared: Vec<Declared> = Vec::new();
    let mut found: Vec<Declared> = Vec::new();
    for one in &component.licences {
        let licence = &one.value;
        let mut read = read_declared(&licence.stated);
        if read.expression().is_none()
            && let Some(expression) = &licence.expression
        {
            read = read_declared(expression);
        }
        let list = if licence.is_found {
            &mut found
        } else {
            &mut declared
        };
        if !list.iter().any(|known| known.reading == read.reading) {
            list.push(read);
        }
    }
    let said = |list: &[Declared]| {
        list.iter()
            .any(|one| matches!(one.reading, Reading::Expression(_) | Reading::None))
    };
    let list = if said(&declared) || !said(&found) {
        declared
    } else {
        found
    };
    match list.as_slice() {
        [] => read_declared(""),
        [only] => only.clone(),
        several => {
            let texts: Vec<&str> = several.iter().map(|one| one.original.as_str()).collect();
            read_card(&texts, None)
        }
    }
}

/// Says whether a model takes or gives more than text, where that is known.
fn multimodal(component: &Component) -> Option<bool> {
    let card = component.model.as_ref()?;
    let kinds: Vec<&str> = card
        .inputs
        .iter()
        .chain(&card.outputs)
        .map(|one| one.value.as_str())
        .collect();
    let is_other = |kind: &&str| !matches!(kind.to_ascii_lowercase().as_str(), "text" | "string");
    if kinds.iter().any(is_other) {
        return Some(true);
    }
    (!card.inputs.is_empty() && !card.outputs.is_empty()).then_some(false)
}

/// Finds how things of a graph come from each other.
#[derive(Debug)]
pub struct Paths<'g> {
    edges: BTreeMap<&'g str, Vec<&'g str>>,
    /// For each start, what every thing that it reaches was reached from.
    found: BTreeMap<String, BTreeMap<&'g str, &'g str>>,
    steps: usize,
}

impl<'g> Paths<'g> {
    /// Takes a graph.
    pub fn new(graph: &'g Graph) -> Self {
        let mut edges: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for edge in graph.edges.iter().take(super::MAX_EDGES) {
            edges.entry(&edge.from).or_default().push(&edge.to);
        }
        for targets in edges.values_mut() {
            targets.sort_unstable();
            targets.dedup();
        }
        Self {
            edges,
            found: BTreeMap::new(),
            steps: MAX_STEPS,
        }
    }

    /// Returns the shortest way from `earlier` to `later`, which comes from it, both included; `None` where there is none or
    /// the limit of steps was reached.
    pub fn between(&mut self, later: &str, earlier: &str) -> Option<Vec<String>> {
        if later == earlier {
            return Some(vec![later.to_owned()]);
        }
        if !self.found.contains_key(later) {
            if self.found.len() >= MAX_STARTS {
                self.found.clear();
            }
            let reached = self.search(later);
            self.found.insert(later.to_owned(), reached);
        }
        let reached = self.found.get(later)?;
        let mut path = vec![earlier.to_owned()];
        let mut at = earlier;
        // Every thing was reached once, so the way back has no more steps than there are things.
        for _ in 0..=reached.len() {
            at = reached.get(at)?;
            path.push(at.to_owned());
            if at == later {
                return Some(path);
            }
        }
        None
    }

    fn search(&mut self, from: &str) -> BTreeMap<&'g str, &'g str> {
        let mut reached: BTreeMap<&'g str, &'g str> = BTreeMap::new();
        let Some((start, _)) = self.edges.get_key_value(from) else {
            return reached;
        };
        let mut queue: VecDeque<&'g str> = VecDeque::from([*start]);
        while let Some(at) = queue.pop_front() {
            for to in self.edges.get(at).into_iter().flatten() {
                let Some(steps) = self.steps.checked_sub(1) else {
                    return reached;
                };
                self.steps = steps;
                if *to != from && !reached.contains_key(to) {
                    reached.insert(to, at);
                    queue.push_back(to);
                }
            }
        }
        reached
    }
}
