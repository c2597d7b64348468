//! `MXNet`.

use std::ops::Range;

use crate::{
    Anomaly, AnomalyKind, FormatView, Input, Member, Payload, Probe, Score,
    bytes::{Cursor, ReadError, size_usize},
    json::{Event, JsonError, Reader, Strictness},
    notes::Notes,
    registry::{ParseResult, format_info},
};

format_info! {
    /// ## What it is
    /// Parameters of Apache MXNet (`.params`, a list of arrays with names) and its graph (`-symbol.json`).
    /// ## What is read
    /// Of parameters: every array's type, shape and place, and every name. Of a graph: every node's operator and the
    /// attributes that name Python classes, libraries or files.
    /// ## What is reported
    /// Counts, shapes and lengths larger than the file, arrays that are not dense, bytes after the end.
    /// ## Limits
    /// `tensors`; 4,096 kinds of operators.
    /// ## References
    /// `NDArray::Save` and `NDArray::Load` of MXNet; `nnvm/src/pass/saveload_json.cc`.
    "mxnet", "MXNet model", extensions: &["params"], refines: None,
    dialects: ["mxnet-symbol": "graph of an MXNet model"]
}

/// LIMIT: kinds of operators and attributes kept.
const KEPT: usize = 4_096;
/// LIMIT: depth of the JSON of a graph.
const DEPTH: usize = 64;
/// LIMIT: bytes of a name that are kept.
const NAME_BYTES: u64 = 1_024;

static BROKEN: AnomalyKind = AnomalyKind::damage(
    "mxnet-broken",
    "a count, shape or length does not fit the file",
    "计数、形状或长度与文件不符",
);
static SPARSE: AnomalyKind = AnomalyKind::limit(
    "mxnet-limit",
    "arrays that are not dense, or more operators than are examined",
    "存在非稠密数组，或算子数量超过检查上限",
);

/// Holds an operator that is not built in by its own name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Operator, or name of the attribute.
    pub key: String,
    /// The value.
    pub value: String,
    /// Where it stands.
    pub range: Range<u64>,
}

/// Shows parameters or a graph.
#[derive(Debug)]
pub struct View {
    /// It is a graph.
    pub symbol: bool,
    /// Arrays.
    pub arrays: u64,
    /// Operators of the graph, each once.
    pub operators: Vec<Fact>,
    /// Attributes that name a class, library, file or graph.
    pub attributes: Vec<Fact>,
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
        if self.symbol {
            vec!["mxnet-symbol"]
        } else {
            Vec::new()
        }
    }
}

fn is_params(head: &[u8]) -> bool {
    head.starts_with(b"\x12\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0")
}

/// Knows parameters by their signature and a graph by its first keys.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    if is_params(probe.head) {
        return Some(Score::Certain);
    }
    let text = probe.head.trim_ascii_start();
    let has = |word: &[u8]| memchr::memmem::find(text, word).is_some();
    (text.starts_with(b"{") && has(b"\"nodes\"") && has(b"\"op\"") && has(b"\"inputs\""))
        .then_some(Score::Likely)
}

/// Reads parameters or a graph.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let mut walk = Walk {
        input,
        notes: Notes::default(),
        view: View {
            symbol: false,
            arrays: 0,
            operators: Vec::new(),
            attributes: Vec::new(),
            anomalies: Vec::new(),
            members: Vec::new(),
        },
    };
    let head = crate::bytes::read_range(input.source, 0..16, 16)?;
    if is_params(&head) {
        let mut cursor = Cursor::whole(input.source);
        match walk.params(&mut cursor) {
            Ok(()) => {}
            Err(ReadError::Source(error)) => return Err(error),
            Err(error) => {
                let at = cursor.position();
                walk.notes.push(&BROKEN, at..cursor.end(), error.to_string());
            }
        }
    } else {
        walk.view.symbol = true;
        match walk.symbol() {
            Ok(()) => {}
            Err(JsonError::Source(error)) => return Err(error),
            Err(error) => {
                let at = error.offset().unwrap_or(0);
                walk.notes.push(&BROKEN, at..at, error.to_string());
            }
        }
    }
    let mut view = walk.view;
    view.anomalies = walk.notes.finish();
    Ok(view)
}

struct Walk<'a, 'b> {
    input: &'b Input<'a>,
    notes: Notes,
    view: View,
}

impl Walk<'_, '_> {
    fn params(&mut self, cursor: &mut Cursor<'_>) -> Result<(), ReadError> {
        cursor.skip(16)?;
        let count = cursor.u64_le()?;
        if count > cursor.remaining() / 8 || count > self.input.limits.tensors {
            self.notes.push(&BROKEN, 16..24, format!("{count} arrays"));
            return Ok(());
        }
        self.view.arrays = count;
        for _ in 0..count {
            if !self.array(cursor)? {
                return Ok(());
            }
        }
        let names = cursor.u64_le()?;
        if names != 0 && names != count {
            let at = cursor.position();
            self.notes.push(
                &BROKEN,
                at.saturating_sub(8)..at,
                format!("{names} names of {count} arrays"),
            );
        }
        for _ in 0..names.min(count) {
            let length = cursor.u64_le()?;
            let at = cursor.position();
            if length > cursor.remaining() {
                self.notes.push(
                    &BROKEN,
                    at.saturating_sub(8)..at,
                    format!("name of {length} bytes"),
                );
                return Ok(());
            }
            let _ = cursor.take(size_usize(length.min(NAME_BYTES)))?;
            cursor.seek(at.saturating_add(length));
        }
        if cursor.remaining() > 0 {
            let range = cursor.position()..cursor.end();
            self.view
                .members
                .push(Member::content("[after]", Payload::Section(range)));
        }
        Ok(())
    }

    /// Reads one array; says whether the next one can be found.
    fn array(&mut self, cursor: &mut Cursor<'_>) -> Result<bool, ReadError> {
        let at = cursor.position();
        let magic = cursor.u32_le()?;
        let (rank, wide) = match magic {
            0xf993_fac9 | 0xf993_faca => {
                let kind = cursor.u32_le()?;
                if kind != 0 {
                    self.notes
                        .push(&SPARSE, at..cursor.end(), format!("storage type {kind}"));
                    return Ok(false);
                }
                (cursor.u32_le()?, true)
            }
            0xf993_fac8 => (cursor.u32_le()?, true),
            rank => (rank, false),
        };
        if rank > 32 {
            self.notes
                .push(&BROKEN, at..cursor.end(), format!("{rank} dimensions"));
            return Ok(false);
        }
        let mut elements = 1_u64;
        let mut fits = true;
        for _ in 0..rank {
            let extent = if wide {
                cursor.u64_le()?
            } else {
                u64::from(cursor.u32_le()?)
            };
            match elements.checked_mul(extent) {
                Some(product) => elements = product,
                None => fits = false,
            }
        }
        if rank == 0 {
            return Ok(true);
        }
        cursor.skip(8)?;
        let width = match cursor.u32_le()? {
            0 | 4 => 4,
            1 | 6 => 8,
            2 | 8 | 9 | 10 | 12 => 2,
            3 | 5 | 7 => 1,
            kind => {
                self.notes.push(&BROKEN, at..cursor.end(), format!("type {kind}"));
                return Ok(false);
            }
        };
        let bytes = elements
            .checked_mul(width)
            .filter(|bytes| fits && *bytes <= cursor.remaining());
        let Some(bytes) = bytes else {
            self.notes
                .push(&BROKEN, at..cursor.end(), format!("{elements} elements"));
            return Ok(false);
        };
        let start = cursor.position();
        let range = start..start.saturating_add(bytes);
        self.view
            .members
            .extend(crate::raw::disguised(self.input.source, &range)?);
        cursor.skip(bytes)?;
        Ok(true)
    }

    fn symbol(&mut self) -> Result<(), JsonError> {
        let mut reader = Reader::new(
            self.input.source,
            0..self.input.source.size(),
            Strictness::Python,
            DEPTH,
            size_usize(NAME_BYTES),
        );
        let mut key = String::new();
        while let Some((event, range)) = reader.next()? {
            match event {
                Event::Key { .. } => key = reader.text().into_owned(),
                Event::String => {
                    let fact = Fact {
                        key: key.clone(),
                        value: reader.text().into_owned(),
                        range,
                    };
                    self.keep(fact);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn keep(&mut self, fact: Fact) {
        let list = match fact.key.as_str() {
            "op" => &mut self.view.operators,
            "op_type" | "path" | "library" | "lib" | "filename" | "file" | "prefix" | "root" | "url"
            | "pickle" | "info" => &mut self.view.attributes,
            _ => return,
        };
        if list
            .iter()
            .any(|known| known.value == fact.value && known.key == fact.key)
        {
            return;
        }
        if list.len() >= KEPT {
            self.notes.push(&SPARSE, fact.range, KEPT.to_string());
        } else {
            list.push(fact);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{never_panics, view};

    const GRAPH: &[u8] = br#"{"nodes": [{"op": "null", "name": "data", "inputs": []}, {"op": "Custom", "name": "c", "attrs": {"op_type": "own"}, "inputs": []}], "heads": []}"#;

    fn params() -> Vec<u8> {
        let mut bytes = Vec::new();
        for number in [0x112_u64, 0, 1] {
            bytes.extend(number.to_le_bytes());
        }
        for number in [0xf993_fac9_u32, 0, 1] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(2_u64.to_le_bytes());
        for number in [1_u32, 0, 0] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend([0; 8]);
        bytes.extend(1_u64.to_le_bytes());
        bytes.extend(1_u64.to_le_bytes());
        bytes.push(b'w');
        bytes
    }

    #[test]
    fn arrays_and_operators_are_read() {
        let one = view(&params(), parse);
        assert_eq!(one.arrays, 1);
        assert!(one.anomalies.is_empty(), "{:?}", one.anomalies);
        let graph = view(GRAPH, parse);
        assert_eq!(graph.operators.len(), 2);
        assert_eq!(graph.attributes[0].value, "own");
    }

    #[test]
    fn damage_never_panics() {
        never_panics(&params(), parse);
        never_panics(GRAPH, parse);
    }
}
