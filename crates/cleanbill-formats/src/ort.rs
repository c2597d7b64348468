//! ONNX Runtime's own model format.

use std::{collections::BTreeMap, ops::Range};

use crate::{
    Anomaly, AnomalyKind, FormatView, Input, Member, Probe, Score,
    flatbuffer::{Fault, Reader, Result, Table, Text, Vector, begins_with},
    raw::disguised,
    registry::{ParseResult, format_info},
};

format_info! {
    /// ## What it is
    /// The `.ort` file of ONNX Runtime: a FlatBuffer with the graph of an ONNX model after optimisation.
    /// ## What is read
    /// Every node of the graph and of the graphs within: its operator, domain and text attributes; initialisers; operator
    /// sets; metadata. Initialisers that begin like a program, an archive or a pickle are members.
    /// ## What is reported
    /// Offsets and lengths that lead outside, graphs within graphs beyond a limit. Operators of domains that the runtime
    /// does not bring are facts for detectors.
    /// ## Limits
    /// 2,000,000 parts, 64 levels of graphs, 4,096 kinds of operators.
    /// ## References
    /// `ort.fbs` of ONNX Runtime; `docs/ORT_Format_Update_in_1.13.md`.
    "ort", "ONNX Runtime model", extensions: &["ort"], refines: None, dialects: []
}

/// LIMIT: graphs within graphs; honest models have three or four.
const DEPTH: u64 = 64;
/// LIMIT: kinds of operators kept.
const KINDS: usize = 4_096;
/// LIMIT: text attributes kept of operators that no standard domain defines, and of those that load something.
const ATTRIBUTES: usize = 1_024;

static DEEP: AnomalyKind = AnomalyKind::limit(
    "ort-limit",
    "graphs nest deeper, or operators are more, than is examined",
    "子图嵌套过深或算子种类过多，超过检查上限",
);

/// Holds one kind of operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// Where the name of its first use stands.
    pub range: Range<u64>,
    /// How many nodes use it.
    pub count: u64,
    /// Text attributes as `name=value`.
    pub attributes: Vec<String>,
}

/// Shows an ONNX Runtime model.
#[derive(Debug)]
pub struct View {
    /// Version of the format.
    pub version: String,
    /// Operators by domain and name.
    pub operators: BTreeMap<(String, String), Operator>,
    /// Initialisers that stand in another file.
    pub external: u64,
    /// Places that lead outside; facts for `flatbuffer-invalid`.
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
}

/// Knows the model by the four letters after its first offset.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    begins_with(probe, b"ORTM").then_some(Score::Certain)
}

/// Reads the graph.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let mut walk = Walk {
        input,
        reader: Reader::new(input),
        kept: 0,
        view: View {
            version: String::new(),
            operators: BTreeMap::new(),
            external: 0,
            violations: Vec::new(),
            anomalies: Vec::new(),
            members: Vec::new(),
        },
    };
    let done = walk.session();
    walk.reader.keep(done)?;
    let mut view = walk.view;
    (view.violations, view.anomalies) = walk.reader.finish();
    Ok(view)
}

struct Walk<'a, 'b> {
    input: &'b Input<'a>,
    reader: Reader<'a>,
    kept: usize,
    view: View,
}

impl Walk<'_, '_> {
    fn session(&mut self) -> Result<()> {
        let session = self.reader.root()?;
        self.view.version = self.reader.text(session, 0)?.text;
        let Some(model) = self.reader.child(session, 1)? else {
            return Ok(());
        };
        match self.reader.child(model, 7)? {
            Some(graph) => self.graph(graph, 0),
            None => Ok(()),
        }
    }

    /// Goes through a vector of tables; one that is broken does not end the others.
    fn each(&mut self, vector: Vector, one: &mut dyn FnMut(&mut Self, Table) -> Result<()>) -> Result<()> {
        for index in 0..vector.count {
            let table = self.reader.element(vector, index);
            let done = table.and_then(|table| one(self, table));
            if matches!(done, Err(Fault::Limit)) {
                return Err(Fault::Limit);
            }
            self.reader.keep(done)?;
        }
        Ok(())
    }

    fn graph(&mut self, graph: Table, depth: u64) -> Result<()> {
        if depth > DEPTH {
            self.reader
                .notes
                .push(&DEEP, graph.at..graph.at.saturating_add(4), DEPTH.to_string());
            return Ok(());
        }
        let nodes = self.reader.vector(graph, 2, 4)?;
        self.each(nodes, &mut |walk, node| walk.node(node, depth))?;
        let tensors = self.reader.vector(graph, 0, 4)?;
        self.each(tensors, &mut |walk, tensor| walk.tensor(tensor))
    }

    fn tensor(&mut self, tensor: Table) -> Result<()> {
        let data = self.reader.vector(tensor, 4, 1)?;
        let range = data.at..data.at.saturating_add(data.count);
        self.view.members.extend(disguised(self.input.source, &range)?);
        if self.reader.field(tensor, 6)?.is_some() {
            self.view.external = self.view.external.saturating_add(1);
        }
        Ok(())
    }

    fn node(&mut self, node: Table, depth: u64) -> Result<()> {
        let domain = self.reader.text(node, 2)?.text;
        let name = self.reader.text(node, 5)?;
        self.operator(domain.clone(), &name);
        let key = (domain, name.text);
        let attributes = self.reader.vector(node, 10, 4)?;
        self.each(attributes, &mut |walk, attribute| {
            walk.attribute(attribute, &key, depth)
        })
    }

    fn operator(&mut self, domain: String, name: &Text) {
        let key = (domain, name.text.clone());
        if self.view.operators.len() >= KINDS && !self.view.operators.contains_key(&key) {
            self.reader
                .notes
                .push(&DEEP, name.range.clone(), KINDS.to_string());
            return;
        }
        let kind = self.view.operators.entry(key).or_insert_with(|| Operator {
            range: name.range.clone(),
            count: 0,
            attributes: Vec::new(),
        });
        kind.count = kind.count.saturating_add(1);
    }

    fn attribute(&mut self, attribute: Table, key: &(String, String), depth: u64) -> Result<()> {
        if self.reader.field(attribute, 5)?.is_some() && self.kept < ATTRIBUTES {
            let (name, value) = (self.reader.text(attribute, 0)?, self.reader.text(attribute, 5)?);
            if let Some(kind) = self.view.operators.get_mut(key) {
                self.kept = self.kept.saturating_add(1);
                kind.attributes.push(format!("{}={}", name.text, value.text));
            }
        }
        if let Some(tensor) = self.reader.child(attribute, 6)? {
            self.tensor(tensor)?;
        }
        if let Some(graph) = self.reader.child(attribute, 7)? {
            self.graph(graph, depth.saturating_add(1))?;
        }
        let graphs = self.reader.vector(attribute, 12, 4)?;
        self.each(graphs, &mut |walk, graph| {
            walk.graph(graph, depth.saturating_add(1))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ids, never_panics, view};

    /// A root table without fields.
    const EMPTY: &[u8] = b"\x0c\0\0\0ORTM\x04\0\x04\0\x04\0\0\0\0\0\0\0";

    #[test]
    fn an_offset_outside_is_a_violation() {
        assert_eq!(
            ids(&view(b"\x18\0\0\0ORTM", parse).violations),
            ["flatbuffer-broken"]
        );
        assert!(view(EMPTY, parse).violations.is_empty());
    }

    #[test]
    fn damage_never_panics() {
        never_panics(EMPTY, parse);
    }
}
