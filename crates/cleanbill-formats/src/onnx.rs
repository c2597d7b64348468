//! ONNX.

mod rules;
mod walk;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use crate::{
    Anomaly, ExternalData, ExternalFile, FormatView, HEAD_BYTES, Input, Member, Probe, Score, Span,
    bytes::read_range,
    notes::Notes,
    registry::{ParseResult, format_info},
    wire::{Content, Outline, Wire},
};
use rules::NO_OPSET;
use walk::Walk;

format_info! {
    /// ## What it is
    /// A model as a graph of operators, in a protocol buffer; its tensors stand inside or in files beside it.
    /// ## What is read
    /// One tensor alone, as `.pb`, where its bytes are as many as its shape asks for. Of a model, every node of the graph, of graphs within nodes, of training graphs and of functions: operator, domain, text attributes
    /// of operators outside the standard. Every tensor: name, type, shape, where its bytes stand. Operator sets, functions,
    /// metadata. The tensors' bytes are passed over; only the first of each are looked at.
    /// ## What is reported
    /// Messages that break off or cannot be read, fields that stand twice, tensors whose bytes contradict their shape.
    /// Tensor bytes that begin like a program, an archive or a pickle are a member, `[data]`; so are fields that ONNX does
    /// not have.
    /// ## Limits
    /// `tensors` for tensors; 65,536 different operators, 65,536 references to other files, 4,096 metadata entries and
    /// attribute texts of 4 KiB each; 100 levels of messages.
    /// ## References
    /// `onnx.proto`, `onnx-ml.proto`; `docs/ExternalData.md` of ONNX.
    "onnx", "ONNX model", extensions: &["onnx"], refines: None, dialects: ["onnx-tensor": "one tensor, as test data of models"]
}

/// LIMIT: different operators kept; the standard has some two hundred.
const OPERATORS: usize = 65_536;
/// LIMIT: references to files beside the model that are kept; large models have some thousand.
const EXTERNALS: usize = 65_536;
/// LIMIT: tensors whose name and shape are kept for checks across files.
const TENSORS_KEPT: usize = 65_536;
/// LIMIT: metadata entries and attribute texts kept.
const TEXTS: usize = 4_096;
/// LIMIT: dimensions read of one tensor; libraries stop at 8 to 64.
const MOST_DIMENSIONS: usize = 256;
/// LIMIT: pieces of a tensor's bytes that are made members.
const MEMBERS: usize = 256;
/// Smallest tensor whose first bytes are looked at.
const LOOKED_AT: u64 = 64;

/// Counts the nodes of one operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// Domain; empty for the standard one.
    pub domain: String,
    /// Type of the operator.
    pub name: String,
    /// How many nodes there are.
    pub count: u64,
    /// Where the first node stands.
    pub range: Range<u64>,
}

/// Holds a text attribute of a node outside the standard domains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Domain of the node's operator.
    pub domain: String,
    /// Operator of the node.
    pub operator: String,
    /// Name of the attribute.
    pub name: String,
    /// Its text; cut where it is very long.
    pub text: String,
    /// Where the text stands.
    pub range: Range<u64>,
}

/// Holds a tensor's reference to a file beside the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct External {
    /// Name of the tensor.
    pub tensor: String,
    /// Keys and values as they stand.
    pub entries: Vec<(String, String)>,
    /// Bytes that type and shape ask for.
    pub wanted: Option<u64>,
    /// Where the tensor stands.
    pub range: Range<u64>,
}

impl External {
    /// Lists the values of `key`; there should be one at most.
    pub fn values<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        let of_key = self.entries.iter().filter(move |(found, _)| found == key);
        of_key.map(|(_, value)| value.as_str())
    }

    /// Returns where the bytes stand in the file; `None` where the numbers are none. Without a length, ONNX reads to the end
    /// of the file, and ONNX Runtime as many bytes as type and shape ask for.
    fn span(&self) -> Option<Span> {
        let number = |key| {
            let value = self.values(key).last();
            value.map(|value| value.trim().parse::<u64>())
        };
        let start = number("offset").transpose().ok()?.unwrap_or(0);
        let length = number("length").transpose().ok()?.filter(|length| *length > 0);
        match length.or(self.wanted) {
            Some(length) => Span::sized(start, length),
            None => Some(Span { start, end: None }),
        }
    }
}

/// Holds name, type and shape of a tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// Name.
    pub name: String,
    /// Number of the element type.
    pub data_type: u64,
    /// Shape.
    pub dimensions: Vec<u64>,
    /// Where its elements stand.
    pub stored: Stored,
}

/// Says where the elements of a tensor stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Stored {
    /// Nowhere: it has none, or more pieces than are kept.
    #[default]
    Nowhere,
    /// In the model, as little-endian bytes.
    Raw(Range<u64>),
    /// In the model, as a packed list of numbers of the field with this number.
    Packed {
        /// Field of `TensorProto`: 4 floats, 5 integers of 32 bits, 7 of 64, 10 doubles, 11 unsigned integers of 64 bits.
        field: u64,
        /// The packed numbers.
        range: Range<u64>,
    },
    /// In a file beside the model; the index of the reference in [`View::externals`].
    External(usize),
}

/// Shows an ONNX model.
#[derive(Debug, Default)]
pub struct View {
    is_tensor: bool,
    /// Version of the intermediate representation.
    pub ir_version: u64,
    /// Name and version of the program that wrote it.
    pub producer: String,
    /// Operators of all nodes, each once, in the order of their first node.
    pub operators: Vec<Operator>,
    /// Text attributes of nodes outside the standard domains.
    pub attributes: Vec<Attribute>,
    /// Domain and name of every function that the model brings.
    pub functions: BTreeSet<(String, String)>,
    /// Domain and version of every operator set named.
    pub opsets: BTreeMap<String, u64>,
    /// References to files beside the model.
    pub externals: Vec<External>,
    /// The first tensors.
    pub tensors: Vec<Tensor>,
    /// How many tensors there are.
    pub tensor_count: u64,
    /// Entries of the model's metadata: key, value, place.
    pub metadata: Vec<(String, String, Range<u64>)>,
    /// Tensors that contradict themselves. They are facts for the detector `onnx-invalid` and are not repeated among the
    /// anomalies.
    pub violations: Vec<Anomaly>,
    anomalies: Vec<Anomaly>,
    members: Vec<Member>,
}

impl FormatView for View {
    fn anomalies(&self) -> &[Anomaly] {
        &self.anomalies
    }

    fn external(&self) -> Vec<ExternalData> {
        let mut files: BTreeMap<&str, Vec<Span>> = BTreeMap::new();
        for external in &self.externals {
            for location in external
                .values("location")
                .filter(|location| !location.is_empty())
            {
                files.entry(location).or_default().extend(external.span());
            }
        }
        let describe = |(location, spans): (&str, Vec<Span>)| ExternalData {
            file: ExternalFile::Path(location.to_owned()),
            spans,
        };
        files.into_iter().map(describe).collect()
    }

    fn members(&self) -> &[Member] {
        &self.members
    }

    fn dialects(&self) -> Vec<&'static str> {
        self.is_tensor.then_some("onnx-tensor").into_iter().collect()
    }
}

/// Knows a model by its graph: a node with the name of an operator, or a version and an operator set beside it.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    let mut outline = Outline::new(probe.head, probe.source)?;
    let version = outline.number(1);
    if version.is_none() && Outline::ranges(&outline.fields, 1).next().is_some() {
        return None;
    }
    let graphs: Vec<Range<u64>> = Outline::ranges(&outline.fields, 7).collect();
    let opset = Outline::ranges(&outline.fields, 8).next().is_some();
    if graphs.is_empty() {
        return is_tensor(&mut outline).then_some(Score::Likely);
    }
    let stated = matches!(version, Some(1..=40));
    if stated && opset && outline.whole {
        return Some(Score::Certain);
    }
    for graph in graphs {
        let inner = outline.inside(&graph, 256);
        let node = Outline::ranges(&inner, 1).next();
        if let Some(node) = node {
            let fields = outline.inside(&node, 64);
            let name = Outline::ranges(&fields, 4).next();
            if name.is_some_and(|name| outline.is_name(&name)) {
                return Some(Score::Likely);
            }
        }
    }
    (stated && outline.whole).then_some(Score::Likely)
}

/// Knows one tensor by its bytes, which are as many as type and shape ask for.
fn is_tensor(outline: &mut Outline<'_>) -> bool {
    let raw: Vec<Range<u64>> = Outline::ranges(&outline.fields, 9).collect();
    let [raw] = raw.as_slice() else {
        return false;
    };
    let bits = outline.number(2).and_then(element_bits);
    let mut elements = Some(1_u64);
    for field in &outline.fields {
        match (field.number, &field.content) {
            (1, Content::Number(number)) => {
                elements = elements.and_then(|elements| elements.checked_mul(*number));
            }
            (2 | 8 | 9 | 12, _) => {}
            _ => return false,
        }
    }
    let wanted = elements
        .zip(bits)
        .and_then(|(elements, bits)| elements.checked_mul(bits));
    let held = raw.end.saturating_sub(raw.start);
    outline.whole && wanted.map(|bits| bits.div_ceil(8)) == Some(held)
}

/// Walks over the model.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let mut walk = Walk {
        wire: Wire::new(input.source),
        source: input.source,
        limits: input.limits,
        violations: Notes::default(),
        index: BTreeMap::new(),
        view: View::default(),
        graphs: 0,
        full: false,
    };
    let head = read_range(input.source, 0..HEAD_BYTES, HEAD_BYTES)?;
    let tensor = Outline::new(&head, input.source).is_some_and(|mut outline| is_tensor(&mut outline));
    if tensor {
        let top = walk.wire.outermost();
        walk.tensor(&top, 0..input.source.size())?;
        walk.view.is_tensor = true;
    } else {
        walk.model()?;
    }
    if !tensor && (walk.graphs == 0 || walk.view.opsets.is_empty()) {
        let end = input.source.size();
        walk.wire.notes.push(&NO_OPSET, 0..end, "");
    }
    let mut view = walk.view;
    view.violations = walk.violations.finish();
    view.anomalies = walk.wire.notes.finish();
    Ok(view)
}

/// Returns how many bits an element takes (`TensorProto.DataType`); texts have no fixed size.
fn element_bits(data_type: u64) -> Option<u64> {
    Some(match data_type {
        25 | 26 => 2,
        21..=23 => 4,
        2 | 3 | 9 | 17..=20 | 24 => 8,
        4 | 5 | 10 | 16 => 16,
        1 | 6 | 12 => 32,
        7 | 11 | 13 | 14 => 64,
        15 => 128,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ids, never_panics, view};

    fn message(number: u8, content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(content.len()).unwrap();
        [&[number << 3 | 2, length][..], content].concat()
    }

    fn model() -> Vec<u8> {
        let external = message(13, &[message(1, b"location"), message(2, b"../a")].concat());
        // Field 13 has a tag of one byte.
        let tensor = [&b"\x08\x02\x10\x01"[..], &message(8, b"w"), &external].concat();
        let inner = message(6, &message(1, &message(4, b"Inner")));
        let node = [message(4, b"If"), message(7, b"x.y"), message(5, &inner)].concat();
        let graph = [message(1, &node), message(5, &tensor)].concat();
        [&b"\x08\x08"[..], &message(7, &graph), &message(8, b"\x10\x11")].concat()
    }

    #[test]
    fn nodes_tensors_and_references_are_found() {
        let view = view(&model(), parse);
        let names: Vec<&str> = view.operators.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["If", "Inner"]);
        assert_eq!(view.externals[0].values("location").collect::<Vec<_>>(), ["../a"]);
        assert_eq!(view.externals[0].wanted, Some(8));
        let [data] = &view.external()[..] else {
            panic!("one file is named");
        };
        assert_eq!(data.spans, [Span::sized(0, 8).unwrap()]);
        assert_eq!(ids(view.anomalies()), Vec::<&str>::new());
    }

    #[test]
    fn damage_never_panics() {
        never_panics(&model(), parse);
    }
}
