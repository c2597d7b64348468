//! TensorFlow graphs: `SavedModel`, meta graphs, frozen graphs, and what Keras writes beside them.

mod kind;
mod rules;
mod tensor;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    hash::{DefaultHasher, Hasher},
    ops::Range,
};

use crate::{
    Anomaly, FormatView, HEAD_BYTES, Input, Member, Payload, Probe, Score,
    bytes::{ReadAt, SourceError, read_range},
    json::{Event, Reader, Strictness},
    limits::Limits,
    notes::Notes,
    raw::disguised,
    registry::{ParseResult, format_info},
    wire::{Message, Outline, Wire},
};
use kind::Kind;
use rules::{EMPTY, REPEATED, TOO_MANY};
pub(crate) use tensor::element_bytes;

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

type Step<T = ()> = Result<T, SourceError>;

struct Walk<'a> {
    wire: Wire<'a>,
    source: &'a dyn ReadAt,
    limits: &'a Limits,
    violations: Notes,
    /// Place of each operator in the view.
    index: HashMap<String, usize>,
    /// Hashes of attribute texts kept.
    seen: HashSet<u64>,
    layers: u64,
    full: bool,
    view: View,
}

impl Walk<'_> {
    fn name(&mut self, range: &Range<u64>) -> Step<String> {
        self.wire.text(range, self.limits.name_bytes)
    }

    fn limit(&mut self, range: Range<u64>) {
        if !self.full {
            self.full = true;
            self.wire.notes.push(&TOO_MANY, range, "");
        }
    }

    fn look_at(&mut self, range: &Range<u64>) -> Step {
        if range.end.saturating_sub(range.start) >= LOOKED_AT && self.view.members.len() < MEMBERS {
            self.view.members.extend(disguised(self.source, range)?);
        }
        Ok(())
    }

    fn meta_graph(&mut self, mut message: Message) -> Step {
        while let Some(field) = self.wire.next(&mut message)? {
            match field.bytes() {
                Some((1, range)) => {
                    let mut info = self.wire.enter(&message, range);
                    while let Some(field) = self.wire.next(&mut info)? {
                        if let Some((5, range)) = field.bytes() {
                            self.view.version = self.name(&range)?;
                        }
                    }
                }
                Some((2, range)) => {
                    let graph = self.wire.enter(&message, range);
                    self.graph(graph)?;
                }
                Some((6, range)) => self.asset(&message, range)?,
                Some((7, range)) => {
                    let mut objects = self.wire.enter(&message, range);
                    while let Some(field) = self.wire.next(&mut objects)? {
                        if let Some((1, range)) = field.bytes() {
                            self.object(&objects, range)?;
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn asset(&mut self, around: &Message, range: Range<u64>) -> Step {
        let mut message = self.wire.enter(around, range.clone());
        let mut asset = Asset {
            node: 0,
            file: String::new(),
            range,
        };
        while let Some(field) = self.wire.next(&mut message)? {
            match field.bytes() {
                Some((1, range)) => {
                    let mut info = self.wire.enter(&message, range);
                    while let Some(field) = self.wire.next(&mut info)? {
                        if let Some((1, range)) = field.bytes() {
                            let name = self.name(&range)?;
                            asset.node = name_hash(node_of(&name));
                        }
                    }
                }
                Some((2, range)) => {
                    asset.file = self.name(&range)?;
                    asset.range = range;
                }
                _ => {}
            }
        }
        if self.view.assets.len() < TEXTS {
            self.view.assets.push(asset);
        } else {
            self.limit(asset.range);
        }
        Ok(())
    }

    fn object(&mut self, around: &Message, range: Range<u64>) -> Step {
        let mut message = self.wire.enter(around, range);
        while let Some(field) = self.wire.next(&mut message)? {
            if let Some((4, range)) = field.bytes() {
                self.layer(&message, range, 3)?;
            }
        }
        Ok(())
    }

    /// Reads a layer as Keras would make it again; its configuration stands in field `metadata`.
    fn layer(&mut self, around: &Message, range: Range<u64>, metadata: u64) -> Step {
        let mut message = self.wire.enter(around, range);
        while let Some(field) = self.wire.next(&mut message)? {
            let Some((number, range)) = field.bytes() else {
                continue;
            };
            if number != metadata || range.is_empty() {
                continue;
            }
            self.layers = self.layers.saturating_add(1);
            self.classes(&range)?;
            if self.view.members.len() < MEMBERS {
                let name = format!("[layer {}].json", self.layers);
                let member = Member::content(name, Payload::Section(range));
                self.view.members.push(member);
            } else {
                self.limit(range);
            }
        }
        Ok(())
    }

    fn classes(&mut self, range: &Range<u64>) -> Step {
        let mut reader = Reader::new(self.source, range.clone(), Strictness::Python, JSON_DEPTH, 4_096);
        let mut named = false;
        loop {
            match reader.next() {
                Ok(Some((Event::Key { .. }, _))) => named = reader.text() == "class_name",
                Ok(Some((Event::String, _))) if named => {
                    named = false;
                    let class = reader.text().into_owned();
                    if self.view.classes.len() < TEXTS {
                        self.view.classes.entry(class).or_insert_with(|| range.clone());
                    }
                }
                Ok(Some(_)) => named = false,
                Err(crate::json::JsonError::Source(error)) => return Err(error),
                // What is no JSON is said of the member.
                Ok(None) | Err(_) => return Ok(()),
            }
        }
    }

    fn graph(&mut self, mut message: Message) -> Step {
        let start = self.view.nodes.len();
        let mut libraries = Vec::new();
        while let Some(field) = self.wire.next(&mut message)? {
            match field.bytes() {
                Some((1, range)) => self.node(&message, range)?,
                // Nodes of one graph stand together in the view, so functions wait.
                Some((2, range)) if libraries.len() < ATTRIBUTES => libraries.push(range),
                Some((2, range)) => self.limit(range),
                _ => {}
            }
        }
        self.view.graphs.push(Graph {
            nodes: start..self.view.nodes.len(),
            ..Graph::default()
        });
        for range in libraries {
            let mut library = self.wire.enter(&message, range);
            while let Some(field) = self.wire.next(&mut library)? {
                if let Some((1, range)) = field.bytes() {
                    self.function(&library, range)?;
                }
            }
        }
        Ok(())
    }

    fn function(&mut self, around: &Message, range: Range<u64>) -> Step {
        let mut message = self.wire.enter(around, range);
        let start = self.view.nodes.len();
        let mut graph = Graph::default();
        while let Some(field) = self.wire.next(&mut message)? {
            match field.bytes() {
                Some((1, range)) => {
                    let mut signature = self.wire.enter(&message, range);
                    while let Some(field) = self.wire.next(&mut signature)? {
                        match field.bytes() {
                            Some((1, range)) => {
                                let name = self.name(&range)?;
                                graph.function = Some(name_hash(&name));
                                if self.view.functions.len() < NODES {
                                    self.view.functions.insert(name);
                                }
                            }
                            Some((2, range)) => {
                                let name = self.first_text(&signature, range)?;
                                graph.arguments.push(name_hash(&name));
                            }
                            _ => {}
                        }
                    }
                }
                Some((3, range)) => self.node(&message, range)?,
                Some((4, range)) => {
                    let mut pair = self.wire.enter(&message, range);
                    while let Some(field) = self.wire.next(&mut pair)? {
                        if let Some((2, range)) = field.bytes() {
                            let name = self.name(&range)?;
                            graph.returns.push(name_hash(node_of(&name)));
                        }
                    }
                }
                Some((5, range)) => {
                    let mut texts = Vec::new();
                    self.attribute(&message, range, usize::MAX, &mut texts)?;
                }
                _ => {}
            }
        }
        graph.nodes = start..self.view.nodes.len();
        self.view.graphs.push(graph);
        Ok(())
    }

    /// Reads the text in field 1 of a message.
    fn first_text(&mut self, around: &Message, range: Range<u64>) -> Step<String> {
        let mut message = self.wire.enter(around, range);
        while let Some(field) = self.wire.next(&mut message)? {
            if let Some((1, range)) = field.bytes() {
                return self.name(&range);
            }
        }
        Ok(String::new())
    }

    fn node(&mut self, around: &Message, range: Range<u64>) -> Step {
        let mut message = self.wire.enter(around, range.clone());
        let inputs = self.view.inputs.len();
        let called = self.view.called.len();
        let mut name = 0;
        let mut operators = Vec::new();
        let mut attributes = Vec::new();
        while let Some(field) = self.wire.next(&mut message)? {
            let Some((number, inner)) = field.bytes() else {
                continue;
            };
            match number {
                1 => name = name_hash(&self.name(&inner)?),
                2 if operators.len() < 4 => {
                    let operator = self.name(&inner)?;
                    operators.extend(self.operator(operator, &range));
                }
                3 if self.view.inputs.len() < INPUTS => {
                    let input = self.name(&inner)?;
                    // What begins so only orders nodes.
                    if !input.starts_with('^') {
                        self.view.inputs.push(name_hash(node_of(&input)));
                    }
                }
                5 if attributes.len() < ATTRIBUTES => attributes.push(inner),
                3 | 5 => self.limit(inner),
                _ => {}
            }
        }
        let first = self.view.texts.len();
        let operator = operators.first().copied().unwrap_or(usize::MAX);
        for inner in attributes {
            let mut texts = Vec::new();
            self.attribute(&message, inner, operator, &mut texts)?;
            for (text, place) in texts {
                if self.view.texts.len() < TEXTS {
                    self.view.texts.push((text, place));
                } else {
                    self.limit(place);
                }
            }
        }
        if operators.len() > 1 {
            self.wire.notes.push(&REPEATED, range.clone(), "");
        }
        for operator in operators {
            if self.view.nodes.len() >= NODES {
                self.limit(range.clone());
                break;
            }
            self.view.nodes.push(Node {
                operator,
                name,
                inputs: inputs..self.view.inputs.len(),
                texts: first..self.view.texts.len(),
                called: called..self.view.called.len(),
                range: range.clone(),
            });
        }
        Ok(())
    }

    fn operator(&mut self, name: String, range: &Range<u64>) -> Option<usize> {
        if let Some(place) = self.index.get(&name) {
            if let Some(operator) = self.view.operators.get_mut(*place) {
                operator.count = operator.count.saturating_add(1);
            }
            return Some(*place);
        }
        let place = self.view.operators.len();
        if place >= OPERATORS {
            self.limit(range.clone());
            return None;
        }
        self.index.insert(name.clone(), place);
        self.view.operators.push(Operator {
            name,
            count: 1,
            range: range.clone(),
        });
        Some(place)
    }

    /// Reads an entry of a map of attributes; texts of constants go to `texts`.
    fn attribute(
        &mut self,
        around: &Message,
        range: Range<u64>,
        operator: usize,
        texts: &mut Vec<(String, Range<u64>)>,
    ) -> Step {
        let mut message = self.wire.enter(around, range);
        let mut name = String::new();
        let mut values = Vec::new();
        while let Some(field) = self.wire.next(&mut message)? {
            match field.bytes() {
                Some((1, range)) => name = self.name(&range)?,
                Some((2, range)) if values.len() < 4 => values.push(range),
                _ => {}
            }
        }
        for range in values {
            let value = self.wire.enter(&message, range);
            self.value(value, operator, &name, texts)?;
        }
        Ok(())
    }

    fn value(
        &mut self,
        mut message: Message,
        operator: usize,
        name: &str,
        texts: &mut Vec<(String, Range<u64>)>,
    ) -> Step {
        while let Some(field) = self.wire.next(&mut message)? {
            let Some((number, range)) = field.bytes() else {
                continue;
            };
            match number {
                1 => {
                    let mut list = self.wire.enter(&message, range);
                    while let Some(field) = self.wire.next(&mut list)? {
                        match field.bytes() {
                            Some((2, range)) => self.attribute_text(operator, name, range)?,
                            Some((8, range)) => self.tensor(&list, range, texts)?,
                            Some((9, range)) => self.function_name(&list, range, texts)?,
                            _ => {}
                        }
                    }
                }
                2 => self.attribute_text(operator, name, range)?,
                8 => self.tensor(&message, range, texts)?,
                10 => self.function_name(&message, range, texts)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn function_name(
        &mut self,
        around: &Message,
        range: Range<u64>,
        texts: &mut Vec<(String, Range<u64>)>,
    ) -> Step {
        let mut message = self.wire.enter(around, range);
        while let Some(field) = self.wire.next(&mut message)? {
            match field.bytes() {
                Some((1, range)) if self.view.called.len() < INPUTS => {
                    let name = self.name(&range)?;
                    self.view.called.push(name_hash(&name));
                }
                Some((2, range)) => self.attribute(&message, range, usize::MAX, texts)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Keeps a text attribute; those that begin with an underline are notes of the runtime to itself.
    fn attribute_text(&mut self, operator: usize, name: &str, range: Range<u64>) -> Step {
        if name.starts_with('_') || operator == usize::MAX {
            return Ok(());
        }
        let text = self.name(&range)?;
        self.look_at(&range)?;
        let mut hasher = DefaultHasher::new();
        hasher.write_usize(operator);
        hasher.write(name.as_bytes());
        hasher.write_u8(0);
        hasher.write(text.as_bytes());
        if !self.seen.insert(hasher.finish()) {
            return Ok(());
        }
        if self.view.attributes.len() >= TEXTS {
            self.limit(range);
            return Ok(());
        }
        self.view.attributes.push(Attribute {
            operator,
            name: name.to_owned(),
            text,
            range,
        });
        Ok(())
    }
}

/// Returns the name of the node in the name of one of its outputs.
fn node_of(output: &str) -> &str {
    output.split(':').next().unwrap_or(output)
}

#[cfg(test)]
mod tests;
