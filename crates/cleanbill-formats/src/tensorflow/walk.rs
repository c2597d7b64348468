//! The walk over TensorFlow graphs: nodes, functions, attributes, constants, objects of Keras.

use std::{
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hasher},
    ops::Range,
};

use super::{
    ATTRIBUTES, Asset, Attribute, Graph, INPUTS, JSON_DEPTH, LOOKED_AT, MEMBERS, NODES, Node, OPERATORS,
    Operator, TEXTS, View, name_hash,
    rules::{REPEATED, TOO_MANY},
};
use crate::{
    Member, Payload,
    bytes::{ReadAt, SourceError},
    json::{Event, Reader, Strictness},
    limits::Limits,
    notes::Notes,
    raw::disguised,
    wire::{Message, Wire},
};

pub(super) type Step<T = ()> = Result<T, SourceError>;

pub(super) struct Walk<'a> {
    pub(super) wire: Wire<'a>,
    pub(super) source: &'a dyn ReadAt,
    pub(super) limits: &'a Limits,
    pub(super) violations: Notes,
    /// Place of each operator in the view.
    pub(super) index: HashMap<String, usize>,
    /// Hashes of attribute texts kept.
    pub(super) seen: HashSet<u64>,
    pub(super) layers: u64,
    pub(super) full: bool,
    pub(super) view: View,
}

impl Walk<'_> {
    pub(super) fn name(&mut self, range: &Range<u64>) -> Step<String> {
        self.wire.text(range, self.limits.name_bytes)
    }

    pub(super) fn limit(&mut self, range: Range<u64>) {
        if !self.full {
            self.full = true;
            self.wire.notes.push(&TOO_MANY, range, "");
        }
    }

    pub(super) fn look_at(&mut self, range: &Range<u64>) -> Step {
        if range.end.saturating_sub(range.start) >= LOOKED_AT && self.view.members.len() < MEMBERS {
            self.view.members.extend(disguised(self.source, range)?);
        }
        Ok(())
    }

    pub(super) fn meta_graph(&mut self, mut message: Message) -> Step {
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
    pub(super) fn layer(&mut self, around: &Message, range: Range<u64>, metadata: u64) -> Step {
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

    pub(super) fn graph(&mut self, mut message: Message) -> Step {
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
