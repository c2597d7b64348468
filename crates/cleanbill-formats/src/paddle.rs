//! `PaddlePaddle`: programs and parameters.

use std::{collections::HashSet, ops::Range};

use crate::{
    Anomaly, AnomalyKind, FormatView, Input, Member, Probe, Score,
    bytes::{Cursor, ReadAt, ReadError, SourceError, size_usize},
    limits::Limits,
    raw::disguised,
    registry::{ParseResult, format_info},
    wire::{Content, Message, Outline, Wire},
};

format_info! {
    /// ## What it is
    /// A model of `PaddlePaddle`: the program as a protocol buffer (`.pdmodel`, `__model__`) and, beside it, the parameters as
    /// records of tensors (`.pdiparams`).
    /// ## What is read
    /// Every operator of every block with its text attributes, except those that only tell where it was written. Of
    /// parameters every record's type and shape; the numbers are passed over.
    /// ## What is reported
    /// Messages and records that break off or cannot be read, shapes that are negative or overflow. Parameters that begin
    /// like a program, an archive or a pickle are a member, `[data]`.
    /// ## Limits
    /// `tensors` for records; 65,536 operators and texts each; 100 levels of messages.
    /// ## References
    /// `framework.proto` and `SerializeToStream` for `LoDTensor` of `PaddlePaddle`.
    "paddle", "PaddlePaddle model", extensions: &["pdmodel", "pdiparams"], refines: None,
    dialects: ["paddle-program": "program", "paddle-parameters": "parameters"]
}

/// LIMIT: different operators, and texts, kept.
const KEPT: usize = 65_536;
/// Longest description of a tensor.
const DESCRIPTION_BYTES: u64 = 4_096;

static TRUNCATED: AnomalyKind = AnomalyKind::damage(
    "paddle-truncated",
    "a record of parameters breaks off or cannot be read; what follows is not examined",
    "参数记录中断或无法读取；其后内容未检查",
);
static SHAPE: AnomalyKind = AnomalyKind::damage(
    "paddle-shape",
    "the shape of a parameter is negative or overflows; what follows is not examined",
    "参数的形状为负或溢出；其后内容未检查",
);
static TOO_MANY: AnomalyKind = AnomalyKind::limit(
    "paddle-limit",
    "more operators, texts or records than are kept",
    "算子、文本或记录的数量超过保留上限",
);

/// Counts the nodes of one operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// Type of the operator.
    pub name: String,
    /// How many there are.
    pub count: u64,
    /// Where the first stands.
    pub range: Range<u64>,
}

/// Holds a text attribute of an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Type of the operator.
    pub operator: String,
    /// Name of the attribute.
    pub name: String,
    /// Its text; cut where it is very long.
    pub text: String,
    /// Where the text stands.
    pub range: Range<u64>,
}

/// Shows a file of `PaddlePaddle`.
#[derive(Debug, Default)]
pub struct View {
    dialect: Option<&'static str>,
    /// Operators, each once.
    pub operators: Vec<Operator>,
    /// Text attributes; the same text counts once.
    pub attributes: Vec<Attribute>,
    /// Records of parameters.
    pub records: u64,
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
        self.dialect.into_iter().collect()
    }
}

/// Knows a program by its first block, and parameters by their first record.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    if is_record(probe.head) {
        return Some(Score::Likely);
    }
    is_program(&mut Outline::new(probe.head, probe.source)?).then_some(Score::Likely)
}

/// Knows a record: version, no levels of detail, version, length of the description, its first field.
fn is_record(head: &[u8]) -> bool {
    matches!(
        head,
        [
            0,
            0,
            0,
            0,
            0..=4,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            2..=200,
            0,
            0,
            0,
            0x08,
            0..=33,
            0x10 | 0x12,
            ..
        ]
    )
}

fn is_program(outline: &mut Outline<'_>) -> bool {
    if outline.fields.iter().any(|field| field.number > 5) {
        return false;
    }
    let blocks: Vec<Range<u64>> = Outline::ranges(&outline.fields, 1).take(4).collect();
    for block in blocks {
        let fields = outline.inside(&block, 4_096);
        let number = |wanted: u64| {
            let of = |field: &crate::wire::Field| field.number == wanted && field.bytes().is_none();
            fields.iter().any(of)
        };
        if !number(1) || !number(2) {
            continue;
        }
        for operator in Outline::ranges(&fields, 4).take(4).collect::<Vec<_>>() {
            let inner = outline.inside(&operator, 256);
            let name = Outline::ranges(&inner, 3).next();
            if name.is_some_and(|name| outline.is_name(&name)) {
                return true;
            }
        }
    }
    false
}

/// Walks over a program or parameters.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let mut walk = Walk {
        wire: Wire::new(input.source),
        source: input.source,
        limits: input.limits,
        seen: HashSet::new(),
        view: View::default(),
    };
    let head = crate::bytes::read_range(input.source, 0..64, 64)?;
    if is_record(&head) {
        walk.view.dialect = Some("paddle-parameters");
        walk.records()?;
    } else {
        walk.view.dialect = Some("paddle-program");
        let mut top = walk.wire.outermost();
        while let Some(field) = walk.wire.next(&mut top)? {
            if let Some((1, range)) = field.bytes() {
                walk.block(&top, range)?;
            }
        }
    }
    let mut view = walk.view;
    view.anomalies = walk.wire.notes.finish();
    Ok(view)
}

type Step<T = ()> = Result<T, SourceError>;

struct Walk<'a> {
    wire: Wire<'a>,
    source: &'a dyn ReadAt,
    limits: &'a Limits,
    seen: HashSet<(String, String, String)>,
    view: View,
}

impl Walk<'_> {
    fn block(&mut self, around: &Message, range: Range<u64>) -> Step {
        let mut message = self.wire.enter(around, range);
        while let Some(field) = self.wire.next(&mut message)? {
            if let Some((4, range)) = field.bytes() {
                self.operator(&message, range)?;
            }
        }
        Ok(())
    }

    fn operator(&mut self, around: &Message, range: Range<u64>) -> Step {
        let mut message = self.wire.enter(around, range.clone());
        let mut name = String::new();
        let mut attributes = Vec::new();
        while let Some(field) = self.wire.next(&mut message)? {
            match field.bytes() {
                Some((3, range)) => name = self.wire.text(&range, self.limits.name_bytes)?,
                Some((4, range)) if attributes.len() < 4_096 => attributes.push(range),
                Some((4, range)) => self.wire.notes.push(&TOO_MANY, range, ""),
                _ => {}
            }
        }
        for range in attributes {
            self.attribute(&message, range, &name)?;
        }
        if let Some(operator) = self
            .view
            .operators
            .iter_mut()
            .find(|operator| operator.name == name)
        {
            operator.count = operator.count.saturating_add(1);
        } else if self.view.operators.len() < KEPT.min(4_096) {
            self.view.operators.push(Operator {
                name,
                count: 1,
                range,
            });
        } else {
            self.wire.notes.push(&TOO_MANY, range, "");
        }
        Ok(())
    }

    fn attribute(&mut self, around: &Message, range: Range<u64>, operator: &str) -> Step {
        let mut message = self.wire.enter(around, range);
        let mut name = String::new();
        let mut texts = Vec::new();
        while let Some(field) = self.wire.next(&mut message)? {
            match field.bytes() {
                Some((1, range)) => name = self.wire.text(&range, self.limits.name_bytes)?,
                Some((5 | 8, range)) if texts.len() < 64 => texts.push(range),
                _ => {}
            }
        }
        // Where the operator was written, and on which device it ran.
        if matches!(
            name.as_str(),
            "op_callstack" | "op_namescope" | "op_device" | "op_role_var"
        ) {
            return Ok(());
        }
        for range in texts {
            let text = self.wire.text(&range, self.limits.name_bytes)?;
            if text.is_empty() || self.view.attributes.len() >= KEPT {
                continue;
            }
            if self
                .seen
                .insert((operator.to_owned(), name.clone(), text.clone()))
            {
                self.view.attributes.push(Attribute {
                    operator: operator.to_owned(),
                    name: name.clone(),
                    text,
                    range,
                });
            }
        }
        Ok(())
    }

    fn records(&mut self) -> Step {
        let mut cursor = Cursor::whole(self.source);
        while cursor.remaining() > 0 {
            let start = cursor.position();
            if self.view.records >= self.limits.tensors {
                self.wire.notes.push(&TOO_MANY, start..cursor.end(), "");
                break;
            }
            match self.record(&mut cursor) {
                Ok(Some(data)) => {
                    self.view.records = self.view.records.saturating_add(1);
                    if data.end.saturating_sub(data.start) >= 256 && self.view.members.len() < 256 {
                        self.view.members.extend(disguised(self.source, &data)?);
                    }
                    cursor.seek(data.end);
                }
                Ok(None) => {
                    self.wire.notes.push(&SHAPE, start..cursor.end(), "");
                    break;
                }
                Err(ReadError::Truncated { .. }) => {
                    self.wire.notes.push(&TRUNCATED, start..cursor.end(), "");
                    break;
                }
                Err(ReadError::Source(error)) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads the head of a record and returns where its numbers stand; `None` where the shape makes no sense.
    fn record(&mut self, cursor: &mut Cursor<'_>) -> Result<Option<Range<u64>>, ReadError> {
        let cut = |cursor: &Cursor<'_>| ReadError::Truncated {
            offset: cursor.position(),
            wanted: 1,
            available: 0,
        };
        let version = cursor.u32_le()?;
        let levels = cursor.u64_le()?;
        if version != 0 || levels > 64 {
            return Err(cut(cursor));
        }
        for _ in 0..levels {
            let size = cursor.u64_le()?;
            cursor.skip(size)?;
        }
        let tensor_version = cursor.u32_le()?;
        let length = u64::from(cursor.u32_le()?);
        if tensor_version != 0 || length > DESCRIPTION_BYTES {
            return Err(cut(cursor));
        }
        let range = cursor.position()..cursor.position().saturating_add(length);
        cursor.skip(length)?;
        let around = self.wire.outermost();
        let mut message = self.wire.enter(&around, range.clone());
        let (mut kind, mut elements) = (None, Some(1_u64));
        while let Some(field) = self.wire.next(&mut message)? {
            match (field.number, &field.content) {
                (1, Content::Number(number)) => kind = element_bytes(*number),
                (2, content) => {
                    let (numbers, all) = self.wire.numbers(content, size_usize(DESCRIPTION_BYTES))?;
                    for number in numbers {
                        let sane = Some(number).filter(|number| *number <= i64::MAX.unsigned_abs());
                        elements = elements
                            .zip(sane)
                            .and_then(|(elements, number)| elements.checked_mul(number));
                    }
                    elements = elements.filter(|_| all);
                }
                _ => {}
            }
        }
        let Some(bytes) = kind
            .zip(elements)
            .and_then(|(bytes, elements)| elements.checked_mul(bytes))
        else {
            return Ok(None);
        };
        if bytes > cursor.remaining() {
            return Err(cut(cursor));
        }
        Ok(Some(range.end..range.end.saturating_add(bytes)))
    }
}

/// Returns how many bytes an element takes (`VarType.Type`).
fn element_bytes(kind: u64) -> Option<u64> {
    Some(match kind {
        0 | 20 | 21 | 32 | 33 => 1,
        1 | 4 | 22 => 2,
        2 | 5 => 4,
        3 | 6 | 19 | 23 => 8,
        24 => 16,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ids, never_panics, view};

    const PROGRAM: &[u8] =
        b"\x0a\x29\x08\x00\x10\x00\x22\x23\x1a\x07py_func\x22\x18\x0a\x09file_path\x10\x02\x2a\x09/tmp/a/bc";

    fn parameters() -> Vec<u8> {
        let head = b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x04\0\0\0\x08\x05\x10\x02";
        [&head[..], &[0; 8]].concat().repeat(2)
    }

    #[test]
    fn programs_and_parameters_are_read() {
        let found = view(PROGRAM, parse);
        assert_eq!(ids(found.anomalies()), Vec::<&str>::new());
        assert_eq!(found.operators[0].name, "py_func");
        assert_eq!(found.attributes[0].text, "/tmp/a/bc");
        let found = view(&parameters(), parse);
        assert_eq!((found.records, found.dialects()), (2, vec!["paddle-parameters"]));
        assert_eq!(
            ids(view(&parameters()[..40], parse).anomalies()),
            ["paddle-truncated"]
        );
    }

    #[test]
    fn damage_never_panics() {
        never_panics(PROGRAM, parse);
        never_panics(&parameters(), parse);
    }
}
