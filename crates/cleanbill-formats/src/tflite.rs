//! TensorFlow Lite.

use std::ops::Range;

use crate::{
    Anomaly, AnomalyKind, FormatView, Input, Member, Payload, Probe, Role, Score,
    bytes::size_u64,
    flatbuffer::{Fault, Reader, Result, Table, Vector, begins_with},
    raw::disguised,
    registry::{ParseResult, format_info},
    zip,
};

format_info! {
    /// ## What it is
    /// The model file of TensorFlow Lite (LiteRT): a FlatBuffer with operator codes, graphs, tensors and buffers.
    /// ## What is read
    /// Every operator code, every operator with its inputs, outputs and custom options, every tensor, buffer and metadata
    /// entry. Options of Flex operators are searched for the TensorFlow operator that they really name. Files packed behind
    /// the model (labels, vocabularies) are members; buffers that begin like a program, an archive or a pickle are too.
    /// ## What is reported
    /// Offsets, lengths and indexes that lead outside, which the runtime follows unchecked unless it is told to verify;
    /// custom operators; shapes that are longer than the tensor they are copied to.
    /// ## Limits
    /// 2,000,000 parts; names are kept up to 1 KiB, options of an operator are searched up to 64 KiB.
    /// ## References
    /// `schema.fbs` of TensorFlow Lite, version 3c; the FlatBuffers internals page; TensorFlow issues 115308 and 124982;
    /// CVE-2022-23558, CVE-2022-23559, CVE-2026-42627.
    "tflite", "TensorFlow Lite model", extensions: &["tflite", "lite", "litert"], refines: Some("zip"),
    dialects: ["tflite-with-files": "TensorFlow Lite model with files packed behind it"]
}

/// LIMIT: bytes of an operator's options that are searched; honest ones have some hundred.
const OPTIONS_BYTES: u64 = 64 * 1024;
/// LIMIT: different custom operators kept; honest models have a few.
const CUSTOM_KEPT: usize = 512;
/// LIMIT: buffers whose first bytes are looked at; beyond it coverage is partial.
const BUFFERS: u64 = 200_000;
/// Code of a custom operator.
const CUSTOM: i32 = 32;
/// Code of the operator that changes a shape.
const RESHAPE: i32 = 22;
/// Elements of a tensor that readers which count in 32 bits can hold; Arm NN is one, CVE-2026-42627.
const ELEMENTS: u64 = 0xffff_ffff;
/// Most dimensions and inputs looked at of one tensor or operator.
const LIST: u64 = 1_024;

static OPTIONS: AnomalyKind = AnomalyKind::limit(
    "tflite-options-limit",
    "the options of an operator are too long to be searched",
    "算子的选项过长，无法完整检查",
);
static MANY: AnomalyKind = AnomalyKind::limit(
    "tflite-limit",
    "there are more buffers or custom operators than are examined",
    "缓冲区或自定义算子数量超过检查上限",
);
static ARCHIVE: AnomalyKind = AnomalyKind::note(
    "tflite-version",
    "the version of the schema is not 3",
    "模式版本不是 3",
);

/// Holds one custom operator.
#[derive(Clone, Debug)]
pub struct Custom {
    /// Name by which the runtime looks it up.
    pub name: String,
    /// Operators of TensorFlow that its options name; of Flex operators these are what runs.
    pub inner: Vec<String>,
    /// A path of a file that its options name.
    pub names_file: bool,
    /// Where the name stands.
    pub range: Range<u64>,
    /// Whether a graph uses it.
    pub used: bool,
}

/// Shows a TensorFlow Lite model.
#[derive(Debug)]
pub struct View {
    /// Version of the schema.
    pub version: u32,
    /// Custom operators.
    pub custom: Vec<Custom>,
    /// Numbers of the operators, tensors and buffers.
    pub operators: u64,
    /// Tensors of all graphs.
    pub tensors: u64,
    /// Buffers.
    pub buffers: u64,
    /// Names of the metadata entries.
    pub metadata: Vec<String>,
    /// Places where the runtime would read or write outside; facts for `flatbuffer-invalid`.
    pub violations: Vec<Anomaly>,
    with_files: bool,
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
        if self.with_files {
            vec!["tflite-with-files"]
        } else {
            Vec::new()
        }
    }
}

/// Knows the model by the four letters after its first offset, or by its outermost table: the runtime does not ask for
/// the letters.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    if begins_with(probe, b"TFL3") {
        return Some(Score::Certain);
    }
    is_model_table(probe.head)?.then_some(Score::Likely)
}

/// Says whether the outermost table has version 3 and lists of operator codes, graphs and buffers.
fn is_model_table(head: &[u8]) -> Option<bool> {
    let number = |at: usize| Some(u32::from_le_bytes(*head.get(at..)?.first_chunk()?));
    let short = |at: usize| Some(usize::from(u16::from_le_bytes(*head.get(at..)?.first_chunk()?)));
    let root = usize::try_from(number(0)?).ok()?;
    if root < 8 || root > head.len() || !root.is_multiple_of(4) {
        return None;
    }
    let back = i32::from_le_bytes(*head.get(root..)?.first_chunk()?);
    let list = root.checked_add_signed(isize::try_from(back.checked_neg()?).ok()?)?;
    let bytes = short(list)?;
    if !(14..=48).contains(&bytes) || !bytes.is_multiple_of(2) {
        return None;
    }
    let field = |index: usize| {
        let offset = short(list.checked_add(index.checked_mul(2)?.checked_add(4)?)?)?;
        (offset > 0).then_some(())?;
        number(root.checked_add(offset)?)
    };
    let lists = [1, 2, 4]
        .into_iter()
        .all(|index| field(index).is_some_and(|offset| (4..1 << 31).contains(&offset)));
    Some(field(0) == Some(3) && lists)
}

/// Reads operators, graphs and buffers.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let mut walk = Walk {
        input,
        reader: Reader::new(input),
        codes: Vec::new(),
        view: View {
            version: 0,
            custom: Vec::new(),
            operators: 0,
            tensors: 0,
            buffers: 0,
            metadata: Vec::new(),
            violations: Vec::new(),
            with_files: false,
            anomalies: Vec::new(),
            members: Vec::new(),
        },
    };
    let root = walk.reader.root();
    if let Some(model) = walk.reader.keep(root)? {
        for part in [
            Walk::header,
            Walk::codes,
            Walk::buffers,
            Walk::graphs,
            Walk::metadata,
        ] {
            let done = part(&mut walk, model);
            walk.reader.keep(done)?;
        }
    }
    let mut view = walk.view;
    (view.violations, view.anomalies) = walk.reader.finish();
    let size = input.source.size();
    let tail = crate::bytes::read_range(
        input.source,
        size.saturating_sub(crate::TAIL_BYTES)..size,
        crate::TAIL_BYTES,
    )?;
    if memchr::memmem::find(&tail, b"PK\x05\x06").is_some() {
        let archive = zip::parse(input)?;
        let files = archive
            .members()
            .iter()
            .filter(|member| member.name != "[before]");
        view.members.extend(files.cloned());
        view.with_files = true;
    }
    Ok(view)
}

struct Walk<'a, 'b> {
    input: &'b Input<'a>,
    reader: Reader<'a>,
    /// Code of each operator code, and its place among the custom ones.
    codes: Vec<(i32, Option<usize>)>,
    view: View,
}

impl Walk<'_, '_> {
    fn header(&mut self, model: Table) -> Result<()> {
        self.view.version = self.reader.field_u32(model, 0)?;
        if self.view.version != 3 {
            let detail = self.view.version.to_string();
            self.reader
                .notes
                .push(&ARCHIVE, model.at..model.at.saturating_add(4), detail);
        }
        Ok(())
    }

    fn codes(&mut self, model: Table) -> Result<()> {
        let codes = self.reader.vector(model, 1, 4)?;
        for index in 0..codes.count {
            let code = self.code(codes, index);
            if matches!(code, Err(Fault::Limit)) {
                return Err(Fault::Limit);
            }
            let code = self.reader.keep(code)?.unwrap_or((-1, None));
            self.codes.push(code);
        }
        Ok(())
    }

    fn code(&mut self, codes: Vector, index: u64) -> Result<(i32, Option<usize>)> {
        let table = self.reader.element(codes, index)?;
        let old = i32::from(self.reader.field_u8(table, 0)?);
        let new = match self.reader.field(table, 3)? {
            Some(at) => self.reader.i32(at)?,
            None => 0,
        };
        let code = old.max(new);
        let name = self.reader.text(table, 1)?;
        if code != CUSTOM && name.text.is_empty() {
            return Ok((code, None));
        }
        if self.view.custom.len() >= CUSTOM_KEPT {
            self.reader.notes.push(&MANY, name.range, "");
            return Ok((code, None));
        }
        self.view.custom.push(Custom {
            name: name.text,
            inner: Vec::new(),
            names_file: false,
            range: name.range,
            used: false,
        });
        Ok((code, Some(self.view.custom.len().saturating_sub(1))))
    }

    fn buffers(&mut self, model: Table) -> Result<()> {
        let buffers = self.reader.vector(model, 4, 4)?;
        self.view.buffers = buffers.count;
        for index in 0..buffers.count {
            if index >= BUFFERS {
                self.reader.notes.push(&MANY, buffers.at..self.reader.size(), "");
                break;
            }
            let done = self.buffer(buffers, index);
            if matches!(done, Err(Fault::Limit)) {
                return Err(Fault::Limit);
            }
            self.reader.keep(done)?;
        }
        Ok(())
    }

    fn buffer(&mut self, buffers: Vector, index: u64) -> Result<()> {
        let table = self.reader.element(buffers, index)?;
        let data = self.reader.vector(table, 0, 1)?;
        let mut range = data.at..data.at.saturating_add(data.count);
        let (offset, size) = (self.reader.field_u64(table, 1)?, self.reader.field_u64(table, 2)?);
        // Offsets of 0 and 1 mean "none" to the runtime.
        if offset > 1 {
            range = self.outside(table.at, offset, size)?;
        }
        if let Some(mut member) = disguised(self.input.source, &range)? {
            member.role = Role::Content;
            self.view.members.push(member);
        }
        Ok(())
    }

    /// Checks a place that is given by offset and size from the start of the file.
    fn outside(&mut self, at: u64, offset: u64, size: u64) -> Result<Range<u64>> {
        match offset.checked_add(size) {
            Some(end) if end <= self.reader.size() => Ok(offset..end),
            _ => Err(Fault::Outside {
                at,
                detail: format!("{size} bytes at {offset}, {} in all", self.reader.size()),
            }),
        }
    }

    fn graphs(&mut self, model: Table) -> Result<()> {
        let graphs = self.reader.vector(model, 2, 4)?;
        for index in 0..graphs.count {
            let done = self.graph(graphs, index);
            if matches!(done, Err(Fault::Limit)) {
                return Err(Fault::Limit);
            }
            self.reader.keep(done)?;
        }
        Ok(())
    }

    fn graph(&mut self, graphs: Vector, index: u64) -> Result<()> {
        let graph = self.reader.element(graphs, index)?;
        let tensors = self.reader.vector(graph, 0, 4)?;
        self.view.tensors = self.view.tensors.saturating_add(tensors.count);
        for index in 0..tensors.count {
            let done = self.tensor(tensors, index);
            if matches!(done, Err(Fault::Limit)) {
                return Err(Fault::Limit);
            }
            self.reader.keep(done)?;
        }
        for field in [1, 2] {
            self.indexes(graph, field, tensors.count)?;
        }
        let operators = self.reader.vector(graph, 3, 4)?;
        self.view.operators = self.view.operators.saturating_add(operators.count);
        for index in 0..operators.count {
            let done = self.operator(operators, index, tensors);
            if matches!(done, Err(Fault::Limit)) {
                return Err(Fault::Limit);
            }
            self.reader.keep(done)?;
        }
        Ok(())
    }

    fn tensor(&mut self, tensors: Vector, index: u64) -> Result<()> {
        let table = self.reader.element(tensors, index)?;
        let buffer = u64::from(self.reader.field_u32(table, 2)?);
        if buffer > 0 && buffer >= self.view.buffers {
            let detail = format!("buffer {buffer} of {}", self.view.buffers);
            self.reader.broken(table.at, detail);
        }
        let shape = self.reader.vector(table, 0, 4)?;
        let mut elements = 1_u64;
        for extent in self.reader.numbers(shape, LIST)? {
            let Ok(extent) = u64::try_from(extent) else {
                self.reader.broken(shape.at, format!("extent {extent}"));
                break;
            };
            match elements.checked_mul(extent.max(1)) {
                Some(product) if product <= ELEMENTS => elements = product,
                _ => {
                    self.reader.broken(shape.at, "size of the tensor overflows");
                    break;
                }
            }
        }
        Ok(())
    }

    /// Checks a list of tensors; `-1` stands for one that is left out.
    fn indexes(&mut self, table: Table, field: u64, tensors: u64) -> Result<Vec<i32>> {
        let vector = self.reader.vector(table, field, 4)?;
        let numbers = self.reader.numbers(vector, LIST)?;
        for number in &numbers {
            let inside = u64::try_from(*number).is_ok_and(|number| number < tensors) || *number == -1;
            if !inside {
                self.reader
                    .broken(vector.at, format!("tensor {number} of {tensors}"));
            }
        }
        Ok(numbers)
    }

    fn operator(&mut self, operators: Vector, index: u64, tensors: Vector) -> Result<()> {
        let table = self.reader.element(operators, index)?;
        let number = self.reader.field_u32(table, 0)?;
        let code = usize::try_from(number)
            .ok()
            .and_then(|number| self.codes.get(number))
            .copied();
        let inputs = self.indexes(table, 1, tensors.count)?;
        let outputs = self.indexes(table, 2, tensors.count)?;
        let Some((code, custom)) = code else {
            let detail = format!("operator code {number} of {}", self.codes.len());
            self.reader.broken(table.at, detail);
            return Ok(());
        };
        if code == RESHAPE && inputs.len() == 1 {
            self.reshape(table, &outputs, tensors)?;
        }
        let Some(custom) = custom else { return Ok(()) };
        let options = self.reader.vector(table, 5, 1)?;
        let mut range = options.at..options.at.saturating_add(options.count);
        let (offset, size) = (
            self.reader.field_u64(table, 9)?,
            self.reader.field_u64(table, 10)?,
        );
        if offset > 1 {
            range = self.outside(table.at, offset, size)?;
        }
        if range.end.saturating_sub(range.start) > OPTIONS_BYTES {
            self.reader.notes.push(&OPTIONS, range.clone(), "");
            if let Some(member) = disguised(self.input.source, &range)? {
                self.view
                    .members
                    .push(Member::content(member.name, Payload::Section(range.clone())));
            }
        }
        let bytes = self.reader.bytes(range, OPTIONS_BYTES)?;
        if let Some(one) = self.view.custom.get_mut(custom) {
            one.used = true;
            let names_file = memchr::memmem::find(&bytes, b"file://").is_some();
            one.names_file |= names_file;
            for name in node_operators(&bytes) {
                if !one.inner.contains(&name) && one.inner.len() < CUSTOM_KEPT {
                    one.inner.push(name);
                }
            }
        }
        Ok(())
    }

    /// The wanted shape is copied into the output's: a longer one is written past its end.
    fn reshape(&mut self, table: Table, outputs: &[i32], tensors: Vector) -> Result<()> {
        let Some(options) = self.reader.child(table, 4)? else {
            return Ok(());
        };
        let wanted = self.reader.vector(options, 0, 4)?;
        let Some(output) = outputs.first().and_then(|one| u64::try_from(*one).ok()) else {
            return Ok(());
        };
        if output >= tensors.count {
            return Ok(());
        }
        let output = self.reader.element(tensors, output)?;
        let shape = self.reader.vector(output, 0, 4)?;
        if wanted.count > shape.count && shape.count > 0 {
            let detail = format!("{} dimensions into {}", wanted.count, shape.count);
            self.reader.broken(wanted.at, detail);
        }
        Ok(())
    }

    fn metadata(&mut self, model: Table) -> Result<()> {
        let entries = self.reader.vector(model, 6, 4)?;
        for index in 0..entries.count.min(LIST) {
            let entry = self.reader.element(entries, index)?;
            let name = self.reader.text(entry, 0)?;
            let buffer = u64::from(self.reader.field_u32(entry, 1)?);
            if buffer >= self.view.buffers {
                let detail = format!("buffer {buffer} of {}", self.view.buffers);
                self.reader.broken(entry.at, detail);
            }
            self.view.metadata.push(name.text);
        }
        Ok(())
    }
}

/// Finds the operators of TensorFlow that stand in a `NodeDef`: field 2, a length, a name.
fn node_operators(bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for at in memchr::memchr_iter(0x12, bytes) {
        let Some(length) = bytes
            .get(at.saturating_add(1))
            .copied()
            .filter(|length| (3..=64).contains(length))
        else {
            continue;
        };
        let start = at.saturating_add(2);
        let Some(name) = bytes.get(start..start.saturating_add(usize::from(length))) else {
            continue;
        };
        let is_name = name
            .first()
            .is_some_and(|first| first.is_ascii_uppercase() || *first == b'_')
            && name
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'>'));
        if is_name && size_u64(found.len()) < LIST {
            found.push(String::from_utf8_lossy(name).into_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ids, never_panics, view};

    /// A root table without fields.
    const EMPTY: &[u8] = b"\x0c\0\0\0TFL3\x04\0\x04\0\x04\0\0\0\0\0\0\0";

    #[test]
    fn an_offset_outside_is_a_violation() {
        let cut = view(b"\x18\0\0\0TFL3", parse);
        assert_eq!(ids(&cut.violations), ["flatbuffer-broken"]);
        assert!(view(EMPTY, parse).violations.is_empty());
    }

    #[test]
    fn the_operator_inside_a_node_is_found() {
        assert_eq!(
            node_operators(b"\x0a\x01x\x12\x08ReadFile\x12\x02ab"),
            ["ReadFile"]
        );
    }

    #[test]
    fn damage_never_panics() {
        never_panics(EMPTY, parse);
    }
}
