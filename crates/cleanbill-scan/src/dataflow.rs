//! Follows the constant texts of a TensorFlow graph to the nodes that take them.

use std::{
    cell::Cell,
    collections::{HashMap, HashSet},
};

use cleanbill_formats::tensorflow::{Graph, Node, View};

/// LIMIT: nodes visited for one question; a path comes from a handful of nodes. Beyond, the answer is that it is computed.
const STEPS: usize = 20_000;
/// LIMIT: nodes visited for all questions about one model, with the same answer beyond.
const ALL_STEPS: usize = 4_000_000;

/// Says where a value comes from.
#[derive(Debug, Default)]
pub(crate) struct Origin<'a> {
    /// Constant texts on the way.
    pub(crate) texts: Vec<&'a str>,
    /// Whether a caller gives it, or part of it.
    pub(crate) given: bool,
    /// Whether it is the path of a file that the model brings along.
    pub(crate) asset: bool,
    /// Whether the search ended early.
    pub(crate) too_far: bool,
}

/// Answers questions about one view.
#[derive(Debug)]
pub(crate) struct Flow<'a> {
    view: &'a View,
    /// Nodes of a graph by name.
    named: HashMap<(usize, u64), usize>,
    /// Graphs of functions by name.
    functions: HashMap<u64, usize>,
    /// Calls of each function: graph and node.
    calls: HashMap<u64, Vec<(usize, usize)>>,
    assets: HashSet<u64>,
    /// Nodes that may still be visited.
    left: Cell<usize>,
}

impl<'a> Flow<'a> {
    pub(crate) fn new(view: &'a View) -> Self {
        let mut flow = Self {
            view,
            named: HashMap::new(),
            functions: HashMap::new(),
            calls: HashMap::new(),
            assets: view.assets.iter().map(|asset| asset.node).collect(),
            left: Cell::new(ALL_STEPS),
        };
        for (place, graph) in view.graphs.iter().enumerate() {
            if let Some(name) = graph.function {
                flow.functions.insert(name, place);
            }
            for index in graph.nodes.clone() {
                let Some(node) = view.nodes.get(index) else {
                    continue;
                };
                flow.named.insert((place, node.name), index);
                for called in flow.called_by(node) {
                    flow.calls.entry(called).or_default().push((place, index));
                }
            }
        }
        flow
    }

    /// Names the functions that a node calls: those of its attributes, and its operator where that is a function.
    fn called_by(&self, node: &Node) -> Vec<u64> {
        let mut called = self
            .view
            .called
            .get(node.called.clone())
            .unwrap_or_default()
            .to_vec();
        if let Some(operator) = self.view.operators.get(node.operator)
            && self.view.functions.contains(&operator.name)
        {
            called.push(cleanbill_formats::tensorflow::name_hash(&operator.name));
        }
        called
    }

    /// Returns where input `number` of the node at `index` in the graph at `place` comes from.
    pub(crate) fn origin(&self, place: usize, index: usize, number: usize) -> Origin<'a> {
        let mut origin = Origin::default();
        let mut seen = HashSet::new();
        let mut open = Vec::new();
        if let Some(input) = self.inputs(index).get(number) {
            open.push((place, *input));
        }
        while let Some((place, name)) = open.pop() {
            if !seen.insert((place, name)) {
                continue;
            }
            self.left.set(self.left.get().saturating_sub(1));
            if seen.len() > STEPS || self.left.get() == 0 {
                origin.too_far = true;
                break;
            }
            let Some(graph) = self.view.graphs.get(place) else {
                continue;
            };
            match self.named.get(&(place, name)) {
                Some(index) => self.node(place, graph, *index, &mut origin, &mut open),
                None => self.argument(graph, name, &mut origin, &mut open),
            }
        }
        origin
    }

    fn operator(&self, node: &Node) -> &'a str {
        self.view
            .operators
            .get(node.operator)
            .map_or("", |operator| &operator.name)
    }

    fn inputs(&self, index: usize) -> &'a [u64] {
        let node = self.view.nodes.get(index);
        node.and_then(|node| self.view.inputs.get(node.inputs.clone()))
            .unwrap_or_default()
    }

    fn node(
        &self,
        place: usize,
        graph: &Graph,
        index: usize,
        origin: &mut Origin<'a>,
        open: &mut Vec<(usize, u64)>,
    ) {
        let Some(node) = self.view.nodes.get(index) else {
            return;
        };
        if graph.function.is_none() && self.assets.contains(&node.name) {
            origin.asset = true;
            return;
        }
        let operator = self.operator(node);
        if matches!(
            operator,
            "Placeholder" | "PlaceholderV2" | "PlaceholderWithDefault" | "_Arg" | "VarHandleOp"
        ) {
            origin.given = true;
        }
        let texts = self.view.texts.get(node.texts.clone()).unwrap_or_default();
        origin.texts.extend(texts.iter().map(|(text, _)| text.as_str()));
        for called in self.called_by(node) {
            if let Some(place) = self.functions.get(&called)
                && let Some(function) = self.view.graphs.get(*place)
            {
                open.extend(function.returns.iter().map(|name| (*place, *name)));
            }
        }
        open.extend(self.inputs(index).iter().map(|input| (place, *input)));
    }

    /// Follows an argument of a function to its calls.
    fn argument(&self, graph: &Graph, name: u64, origin: &mut Origin<'a>, open: &mut Vec<(usize, u64)>) {
        let number = graph.arguments.iter().position(|argument| *argument == name);
        let calls = graph.function.and_then(|function| self.calls.get(&function));
        let Some(calls) = calls.filter(|_| number.is_some()) else {
            origin.given = true;
            return;
        };
        for (place, index) in calls {
            let inputs = self.inputs(*index);
            let operator = self.view.nodes.get(*index).map_or("", |node| self.operator(node));
            let taken = match operator {
                // A branch takes an input of its own before those that it hands on.
                "If" | "StatelessIf" | "Case" | "StatelessCase" => 1..2,
                "PartitionedCall"
                | "StatefulPartitionedCall"
                | "TPUPartitionedCall"
                | "While"
                | "StatelessWhile" => 0..1,
                _ if self.view.functions.contains(operator) => 0..1,
                _ => 0..inputs.len(),
            };
            for shift in taken {
                let input =
                    number.and_then(|number| inputs.get(number.wrapping_add(shift) % inputs.len().max(1)));
                open.extend(input.map(|input| (*place, *input)));
            }
        }
    }
}
