//! TensorFlow graphs: `SavedModel`, meta graphs, frozen graphs, and what Keras writes beside them.

mod kind;
mod rules;
mod tensor;
mod walk;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    hash::{DefaultHasher, Hasher},
    ops::Range,
};

use crate::{
    Anomaly, FormatView, HEAD_BYTES, Input, Member, Probe, Score,
    bytes::read_range,
    notes::Notes,
    registry::{ParseResult, format_info},
    wire::{Outline, Wire},
};
use kind::Kind;
use rules::EMPTY;
pub(crate) use tensor::element_bytes;
use walk::Walk;

format_info! {
    /// ## What it is
    /// A TensorFlow model as a graph of operators, in a protocol buffer: `saved_model.pb`, a frozen graph, a meta graph;
    /// `keras_metadata.pb` with the layers as Keras would make them again; `fingerprint.pb`.
    /// ## What is read
    /// Every node of every graph and function: operator, inputs, functions it names, text attributes, constant texts, also
    /// where they are packed as bytes. Assets, and the classes that Keras names. Numbers in constants are passed over; only
    /// the first bytes are looked at.
    /// ## What is reported
    /// Messages that break off or cannot be read, nodes with two operators, constants whose bytes contradict their shape.
    /// Each layer's configuration of Keras is a member, `[layer N].json`; bytes of a constant that begin like a program, an
    /// archive or a pickle are a member, `[data]`.
    /// ## Limits
    /// 1,000,000 nodes, 65,536 different operators and as many texts of 4 KiB; 100 levels of messages.
    /// ## References
    /// `saved_model.proto`, `meta_graph.proto`, `graph.proto`, `function.proto`, `saved_object_graph.proto`,
    /// `saved_metadata.proto`.
    "tensorflow", "TensorFlow graph", extensions: &["pb", "meta"], refines: None,
    dialects: [
        "tensorflow-saved-model": "SavedModel", "tensorflow-graph": "graph without variables", "tensorflow-meta-graph": "graph of a checkpoint",
        "keras-metadata": "layers of Keras beside a SavedModel", "tensorflow-fingerprint": "checksums of a SavedModel",
    ]
}

/// LIMIT: nodes kept; the largest public graphs have some hundred thousand.
const NODES: usize = 1_000_000;
/// LIMIT: inputs of nodes kept in all.
const INPUTS: usize = 4_000_000;
/// LIMIT: different operators kept.
const OPERATORS: usize = 65_536;
/// LIMIT: texts kept, of attributes and of constants each; more are not followed.
const TEXTS: usize = 65_536;
/// LIMIT: texts kept of one constant, beside those that look like a path; vocabularies hold many thousand words.
const TEXTS_OF_ONE: usize = 64;
/// LIMIT: attributes of one node that are read.
const ATTRIBUTES: usize = 1_024;
/// LIMIT: layers and byte strings that are made members.
const MEMBERS: usize = 4_096;
/// Smallest constant whose first bytes are looked at.
const LOOKED_AT: u64 = 64;
/// Nesting that is followed in the configuration of a layer.
const JSON_DEPTH: usize = 127;

/// Counts the nodes of one operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// Name of the operator.
    pub name: String,
    /// How many nodes there are.
    pub count: u64,
    /// Where the first node stands.
    pub range: Range<u64>,
}

/// Holds a text attribute that nodes of one operator have; the same text counts once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Place of the operator in [`View::operators`].
    pub operator: usize,
    /// Name of the attribute.
    pub name: String,
    /// Its text; cut where it is very long.
    pub text: String,
    /// Where the text stands.
    pub range: Range<u64>,
}

/// Holds a node, with names as hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Place of the operator in [`View::operators`].
    pub operator: usize,
    /// Name.
    pub name: u64,
    /// Nodes or arguments whose values it takes, in order: a range of [`View::inputs`].
    pub inputs: Range<usize>,
    /// Constant texts that it holds: a range of [`View::texts`].
    pub texts: Range<usize>,
    /// Functions that its attributes name: a range of [`View::called`].
    pub called: Range<usize>,
    /// Where it stands.
    pub range: Range<u64>,
}

/// Holds a graph or the body of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    /// Name of the function; `None` for a graph.
    pub function: Option<u64>,
    /// Names of the function's arguments, in order.
    pub arguments: Vec<u64>,
    /// Nodes whose values the function returns.
    pub returns: Vec<u64>,
    /// Its nodes: a range of [`View::nodes`].
    pub nodes: Range<usize>,
}

/// Holds a file that the model brings along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// Name of the node whose text is replaced by the file's path, as a hash.
    pub node: u64,
    /// Name of the file, below `assets/`.
    pub file: String,
    /// Where the name stands.
    pub range: Range<u64>,
}

/// Shows a TensorFlow file.
#[derive(Debug, Default)]
pub struct View {
    kind: Option<Kind>,
    /// Version of TensorFlow that wrote it, where it says.
    pub version: String,
    /// Operators of all nodes, each once, in the order of their first node.
    pub operators: Vec<Operator>,
    /// Names of the functions that the model brings.
    pub functions: BTreeSet<String>,
    /// Text attributes.
    pub attributes: Vec<Attribute>,
    /// Graphs and functions.
    pub graphs: Vec<Graph>,
    /// Nodes of all graphs and functions.
    pub nodes: Vec<Node>,
    /// Names of inputs.
    pub inputs: Vec<u64>,
    /// Constant texts, and where each stands.
    pub texts: Vec<(String, Range<u64>)>,
    /// Names of functions that nodes name.
    pub called: Vec<u64>,
    /// Files that the model brings along.
    pub assets: Vec<Asset>,
    /// Classes that Keras would make again, with the place of the first layer of each.
    pub classes: BTreeMap<String, Range<u64>>,
    /// Constants that contradict themselves. They are facts for the detector `tensorflow-invalid` and are not repeated among
    /// the anomalies.
    pub violations: Vec<Anomaly>,
    anomalies: Vec<Anomaly>,
    members: Vec<Member>,
}

impl FormatView for View {
    fn anomalies(&self) -> &[Anomaly] {
        &self.anomalies
    }

    fn members(&self) -> &[Member] {
        &self.members
    }

    fn dialects(&self) -> Vec<&'static str> {
        self.kind.iter().map(|kind| kind.dialect()).collect()
    }
}

/// Returns the hash under which a view keeps a name.
pub fn name_hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(name.as_bytes());
    hasher.finish()
}

/// Knows a graph by a node with a name and an operator, or a meta graph by its version of TensorFlow.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    let mut outline = Outline::new(probe.head, probe.source)?;
    Kind::of(&mut outline).map(|_| Score::Likely)
}

/// Walks over the graphs.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let head = read_range(input.source, 0..HEAD_BYTES, HEAD_BYTES)?;
    let kind = Outline::new(&head, input.source).and_then(|mut outline| Kind::of(&mut outline));
    let mut walk = Walk {
        wire: Wire::new(input.source),
        source: input.source,
        limits: input.limits,
        violations: Notes::default(),
        index: HashMap::new(),
        seen: HashSet::new(),
        layers: 0,
        full: false,
        view: View {
            kind,
            ..View::default()
        },
    };
    let mut top = walk.wire.outermost();
    match kind {
        Some(Kind::SavedModel) => {
            while let Some(field) = walk.wire.next(&mut top)? {
                if let Some((2, range)) = field.bytes() {
                    let meta = walk.wire.enter(&top, range);
                    walk.meta_graph(meta)?;
                }
            }
        }
        Some(Kind::MetaGraph) => walk.meta_graph(top)?,
        Some(Kind::Graph) => walk.graph(top)?,
        Some(Kind::KerasMetadata) => {
            while let Some(field) = walk.wire.next(&mut top)? {
                if let Some((1, range)) = field.bytes() {
                    walk.layer(&top, range, 5)?;
                }
            }
        }
        Some(Kind::Fingerprint) | None => {}
    }
    let nothing = walk.view.nodes.is_empty() && walk.view.functions.is_empty() && walk.layers == 0;
    if nothing && kind.is_some_and(|kind| kind != Kind::Fingerprint) {
        walk.wire.notes.push(&EMPTY, 0..input.source.size(), "");
    }
    let mut view = walk.view;
    view.violations = walk.violations.finish();
    view.anomalies = walk.wire.notes.finish();
    Ok(view)
}

#[cfg(test)]
mod tests;
