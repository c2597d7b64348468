//! Array files of `NumPy`.

mod literal;

use std::ops::Range;

use crate::{
    Anomaly, AnomalyKind, FormatView, Input, Member, Payload, Probe, Score,
    bytes::{read_range, size_u64, size_usize},
    notes::Notes,
    raw::disguised,
    registry::{ParseResult, format_info},
};
use literal::{Fault, Literal};

format_info! {
    /// ## What it is
    /// One NumPy array: magic, version, a header that is a Python dictionary in text, the elements.
    /// ## What is read
    /// Versions 1.0, 2.0 and 3.0. The header is read by a small parser of literals, never evaluated: element type, simple
    /// or structured, order and shape. Elements that are Python objects are a pickle; it is a member, `[object array]`.
    /// Of other elements only the first bytes are looked at.
    /// ## What is reported
    /// A header that is more than a literal, nests deep, repeats a key or is mostly padding; a shape that overflows; fewer bytes than the
    /// shape asks for. Bytes after the elements are a member, `[after]`; elements that begin like a program, an archive or a
    /// pickle are a member, `[data]`.
    /// ## Limits
    /// Headers beyond 1 MiB are not read; NumPy itself refuses more than 10,000 bytes unless pickles are allowed.
    /// ## References
    /// NEP 1 and `numpy.lib.format`; CVE-2019-6446.
    "npy", "NumPy array", extensions: &["npy"], refines: None, dialects: ["npy-object-array": "array of Python objects, stored as a pickle"]
}

/// LIMIT: longest header read.
const HEADER_BYTES: u64 = 1 << 20;
/// Padding that aligns a header and lets its first length grow takes less than 100 bytes; other writers align to pages.
const PADDING_BYTES: usize = 8_192;
/// Longest header that `NumPy` reads by default (`_MAX_HEADER_SIZE`).
const NUMPY_HEADER_BYTES: u64 = 10_000;

static TRUNCATED: AnomalyKind = AnomalyKind::damage(
    "npy-truncated",
    "the file ends before the elements that its header promises",
    "文件在头部所声明的元素之前结束",
);
static VERSION: AnomalyKind = AnomalyKind::damage(
    "npy-version",
    "the version is not 1.0, 2.0 or 3.0",
    "版本不是 1.0、2.0 或 3.0",
);
static HEADER: AnomalyKind = AnomalyKind::damage(
    "npy-header",
    "the header is not the dictionary that NumPy expects",
    "头部不是 NumPy 所要求的字典",
);
static ELEMENT: AnomalyKind = AnomalyKind::damage(
    "npy-element",
    "the element type is unknown, so that the size is not checked",
    "元素类型未知，无法核对大小",
);
static LONG: AnomalyKind = AnomalyKind::note(
    "npy-long-header",
    "the header is longer than NumPy reads by default",
    "头部长度超过 NumPy 默认读取的长度",
);
static HEADER_LIMIT: AnomalyKind = AnomalyKind::limit(
    "npy-header-limit",
    "the header is too long to be read",
    "头部过长，无法读取",
);
static CODE: AnomalyKind = AnomalyKind::evasion(
    "npy-header-code",
    "the header holds Python code instead of a literal",
    "头部含有 Python 代码而不是字面量",
);
static DEEP: AnomalyKind = AnomalyKind::evasion(
    "npy-header-deep",
    "the header nests deep enough to crash the Python parser",
    "头部嵌套过深，足以使 Python 解析器崩溃",
);
static REPEATED: AnomalyKind = AnomalyKind::evasion(
    "npy-header-repeated",
    "the header repeats a key",
    "头部有重复的键",
);
static PADDING: AnomalyKind = AnomalyKind::evasion(
    "npy-header-padding",
    "the header is padded far beyond what aligns it",
    "头部填充远超对齐所需",
);
static OVERFLOW: AnomalyKind = AnomalyKind::evasion(
    "npy-shape-overflow",
    "the shape is larger than any memory",
    "数组形状超出任何内存",
);

/// Shows an array file.
#[derive(Debug, Default)]
pub struct View {
    /// Version, major and minor.
    pub version: (u8, u8),
    /// Where the header's text stands.
    pub header: Range<u64>,
    /// Element type as the header gives it, for a structured type the types of its fields.
    pub dtype: String,
    /// Size of an element in bytes, where it is known.
    pub item_bytes: Option<u64>,
    /// Whether the elements are, or hold, Python objects.
    pub has_objects: bool,
    /// Whether the first index varies fastest.
    pub fortran_order: bool,
    /// Length of each dimension.
    pub shape: Vec<u64>,
    /// Where the elements stand, as far as they are there.
    pub data: Range<u64>,
    /// Headers made to attack the parser. They are facts for the detector `numpy-header-abuse` and are not repeated among
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
        if self.has_objects {
            vec!["npy-object-array"]
        } else {
            Vec::new()
        }
    }
}

/// Knows an array file by its magic.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    probe.head.starts_with(b"\x93NUMPY").then_some(Score::Certain)
}

/// Parses the header.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let size = input.source.size();
    let mut notes = Notes::default();
    let mut violations = Notes::default();
    let mut view = View::default();
    let prefix = read_range(input.source, 0..12, 12)?;
    let (start, declared) = match prefix.as_slice() {
        [_, _, _, _, _, _, 1, 0, low, high, ..] => (10, u64::from(u16::from_le_bytes([*low, *high]))),
        [_, _, _, _, _, _, 2 | 3, 0, a, b, c, d] => (12, u64::from(u32::from_le_bytes([*a, *b, *c, *d]))),
        [_, _, _, _, _, _, major @ 1..=3, 0, ..] => {
            view.version = (*major, 0);
            notes.push(&TRUNCATED, 0..size, "");
            view.anomalies = notes.finish();
            return Ok(view);
        }
        _ => {
            notes.push(&VERSION, 6_u64.min(size)..8_u64.min(size), "");
            view.anomalies = notes.finish();
            return Ok(view);
        }
    };
    view.version = (prefix.get(6).copied().unwrap_or(0), 0);
    let end = declared.saturating_add(start);
    view.header = start..end.min(size);
    if end > size {
        notes.push(
            &TRUNCATED,
            start..size,
            format!(
                "header of {declared} bytes, {} remain",
                size.saturating_sub(start)
            ),
        );
    } else if declared > HEADER_BYTES {
        notes.push(&HEADER_LIMIT, view.header.clone(), format!("{declared} bytes"));
    } else {
        if declared > NUMPY_HEADER_BYTES {
            notes.push(&LONG, view.header.clone(), format!("{declared} bytes"));
        }
        let text = read_range(input.source, view.header.clone(), HEADER_BYTES)?;
        let padding = text.len().saturating_sub(text.trim_ascii_end().len());
        if padding > PADDING_BYTES {
            violations.push(&PADDING, view.header.clone(), format!("{padding} bytes"));
        }
        match literal::read(&text) {
            Ok(header) => read_header(&header, &mut view, &mut notes, &mut violations),
            Err(error) => {
                let at = start.saturating_add(size_u64(error.at));
                let range = at..at.saturating_add(1).min(size);
                match error.fault {
                    Fault::Syntax => notes.push(&HEADER, range, ""),
                    Fault::Code => violations.push(&CODE, range, String::from_utf8_lossy(&text)),
                    Fault::Depth => violations.push(&DEEP, range, ""),
                }
            }
        }
    }
    view.data = view.header.end..size;
    view_data(&mut view, size, &mut notes, &mut violations);
    if !view.has_objects {
        view.members.extend(disguised(input.source, &view.data)?);
    }
    view.anomalies = notes.finish();
    view.violations = violations.finish();
    Ok(view)
}

fn read_header(header: &Literal, view: &mut View, notes: &mut Notes, violations: &mut Notes) {
    let Literal::Dictionary(entries) = header else {
        notes.push(&HEADER, view.header.clone(), "not a dictionary");
        return;
    };
    let mut seen: Vec<&str> = Vec::new();
    let mut wrong = Vec::new();
    for (key, value) in entries {
        let Literal::Text(key) = key else {
            wrong.push("key that is not text");
            continue;
        };
        if seen.contains(&key.as_str()) {
            violations.push(&REPEATED, view.header.clone(), key.clone());
        }
        match (key.as_str(), value) {
            ("descr", value) => {
                let element = element(value, 0);
                view.dtype = element.name;
                view.item_bytes = element.bytes;
                view.has_objects = element.objects;
                if view.item_bytes.is_none() && !view.has_objects {
                    notes.push(&ELEMENT, view.header.clone(), view.dtype.clone());
                }
            }
            ("fortran_order", Literal::Bool(order)) => view.fortran_order = *order,
            ("shape", Literal::Tuple(lengths)) => {
                for length in lengths {
                    match length {
                        Literal::Number(Some(length)) => match u64::try_from(*length) {
                            Ok(length) => view.shape.push(length),
                            Err(_) => wrong.push("negative length"),
                        },
                        Literal::Number(None) => violations.push(&OVERFLOW, view.header.clone(), ""),
                        _ => wrong.push("length that is not a number"),
                    }
                }
            }
            _ => wrong.push("unexpected key or value"),
        }
        seen.push(key);
    }
    for name in ["descr", "fortran_order", "shape"] {
        if !seen.contains(&name) {
            wrong.push(name);
        }
    }
    if let Some(first) = wrong.first() {
        notes.push(&HEADER, view.header.clone(), *first);
        view.item_bytes = None;
    }
}

fn view_data(view: &mut View, size: u64, notes: &mut Notes, violations: &mut Notes) {
    let available = size.saturating_sub(view.data.start);
    if view.has_objects {
        if available > 0 {
            let payload = Payload::Section(view.data.clone());
            view.members.push(Member::content("[object array]", payload));
        }
        return;
    }
    let Some(item_bytes) = view.item_bytes else {
        return;
    };
    let elements = if view.shape.contains(&0) {
        Some(0)
    } else {
        view.shape
            .iter()
            .try_fold(1_u64, |product, length| product.checked_mul(*length))
    };
    let wanted = elements
        .and_then(|elements| elements.checked_mul(item_bytes))
        .filter(|wanted| *wanted <= u64::MAX >> 1);
    let Some(wanted) = wanted else {
        violations.push(&OVERFLOW, view.header.clone(), format!("{:?}", view.shape));
        return;
    };
    if wanted > available {
        notes.push(
            &TRUNCATED,
            view.data.clone(),
            format!("{wanted} bytes wanted, {available} remain"),
        );
    } else if wanted < available {
        view.data.end = view.data.start.saturating_add(wanted);
        let payload = Payload::Section(view.data.end..size);
        view.members.push(Member::content("[after]", payload));
    }
}

/// What a type description says.
struct Element {
    name: String,
    bytes: Option<u64>,
    objects: bool,
}

/// Reads a type description (`numpy.lib.format.descr_to_dtype`).
fn element(literal: &Literal, depth: u32) -> Element {
    let unknown = Element {
        name: String::new(),
        bytes: None,
        objects: false,
    };
    match literal {
        Literal::Text(text) => simple(text),
        Literal::Tuple(parts) if depth < 16 => match parts.as_slice() {
            [inner, shape] => times(element(inner, depth.saturating_add(1)), shape),
            _ => unknown,
        },
        Literal::List(fields) if depth < 16 => {
            let mut all = Element {
                bytes: Some(0),
                ..unknown
            };
            for field in fields {
                let one = match field {
                    Literal::Tuple(parts) => match parts.as_slice() {
                        [_, inner] => element(inner, depth.saturating_add(1)),
                        [_, inner, shape] => times(element(inner, depth.saturating_add(1)), shape),
                        _ => simple(""),
                    },
                    _ => simple(""),
                };
                all.objects |= one.objects;
                all.bytes = all
                    .bytes
                    .zip(one.bytes)
                    .and_then(|(sum, bytes)| sum.checked_add(bytes));
                if all.name.len() < 256 {
                    let separator = if all.name.is_empty() { "" } else { "," };
                    all.name = format!("{}{separator}{}", all.name, one.name);
                }
            }
            all
        }
        _ => unknown,
    }
}

/// Multiplies an element by the shape of a field.
fn times(element: Element, shape: &Literal) -> Element {
    let lengths = match shape {
        Literal::Tuple(lengths) | Literal::List(lengths) => lengths.as_slice(),
        one => std::slice::from_ref(one),
    };
    let bytes = lengths
        .iter()
        .try_fold(element.bytes.unwrap_or(0), |product, length| match length {
            Literal::Number(Some(length)) => product.checked_mul(u64::try_from(*length).ok()?),
            _ => None,
        });
    Element {
        bytes: element.bytes.and(bytes),
        ..element
    }
}

/// Reads the short description of a simple type: byte order, kind, size, unit of time.
fn simple(text: &str) -> Element {
    let bare = text.trim_start_matches(['<', '>', '|', '=']);
    let mut characters = bare.chars();
    let kind = characters.next().unwrap_or(' ');
    let rest = characters.as_str();
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let after = rest.get(digits.len()..).unwrap_or_default();
    let number = digits.parse::<u64>().ok();
    let unit = matches!(kind, 'M' | 'm') && after.starts_with('[') && after.ends_with(']');
    let plain = after.is_empty() || unit;
    let bytes = match kind {
        'b' | 'i' | 'u' | 'f' | 'c' | 'V' | 'S' | 'a' | 'M' | 'm' | 't' if plain => number,
        'U' if plain => number.and_then(|number| number.checked_mul(4)),
        '?' if bare.len() == 1 => Some(1),
        _ => None,
    };
    // `f4,O` and `object` are type descriptions too; an `O` among the parts makes the array hold objects.
    let objects = text.split(',').any(|part| {
        part.trim_matches(|c: char| !c.is_ascii_alphabetic())
            .starts_with('O')
            || part.contains("object")
    });
    Element {
        name: text.chars().take(64).collect(),
        bytes: bytes.filter(|bytes| size_usize(*bytes) < usize::MAX),
        objects,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ids, never_panics, view};

    fn file(header: &str, data: usize) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.resize(bytes.len() + data, 1);
        bytes
    }

    fn check(header: &str, data: usize, violations: &[&str], anomalies: &[&str]) -> View {
        let view = view(&file(header, data), parse);
        assert_eq!(ids(&view.violations), violations, "{header}");
        assert_eq!(ids(view.anomalies()), anomalies, "{header}");
        view
    }

    fn header(descr: &str, shape: &str) -> String {
        format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}   \n")
    }

    #[test]
    fn honest_arrays_have_no_notes() {
        let view = check(&header("'<f4'", "(2, 3)"), 24, &[], &[]);
        assert_eq!((view.shape, view.item_bytes), (vec![2, 3], Some(4)));
        check(&header("'|b1'", "()"), 1, &[], &[]);
        check(&header("'<U10'", "(0, 5)"), 0, &[], &[]);
        check(
            &header(
                "[('a', '<i8'), ('b', '<f4', (2,)), ('c', [('d', '|u1')])]",
                "(3,)",
            ),
            51,
            &[],
            &[],
        );
        check(&header("'<M8[ns]'", "(2,)"), 16, &[], &[]);
    }

    #[test]
    fn objects_are_found_wherever_they_hide() {
        for descr in [
            "'|O'",
            "'O'",
            "[('a', '<i8'), ('b', '|O')]",
            "[('a', [('b', ('|O', (2,)))])]",
            "'object'",
            "'f4,O'",
        ] {
            let view = check(&header(descr, "(1,)"), 9, &[], &[]);
            assert!(view.has_objects, "{descr}");
            assert_eq!(view.members()[0].name, "[object array]");
        }
        assert!(!check(&header("[('Other', '<i8')]", "(1,)"), 8, &[], &[]).has_objects);
    }

    #[test]
    fn abuse_is_told_from_damage() {
        check("__import__('os').system('id')", 0, &["npy-header-code"], &[]);
        check(&"(".repeat(5_000), 0, &["npy-header-deep"], &[]);
        check(
            &header("'<f8'", "(4294967296, 4294967296)"),
            0,
            &["npy-shape-overflow"],
            &[],
        );
        check(
            &header("'<f8', 'descr': '|O'", "(1,)"),
            8,
            &["npy-header-repeated"],
            &[],
        );
        check(&header("'<f8'", "(-1,)"), 8, &[], &["npy-header"]);
        check(&header("'<f8'", "(2,)"), 8, &[], &["npy-truncated"]);
        check("{'descr': '<f8'}", 8, &[], &["npy-header"]);
        check(&header("'wat'", "(2,)"), 8, &[], &["npy-element"]);
    }

    #[test]
    fn bytes_after_the_elements_are_a_member() {
        let view = check(&header("'<f4'", "(2,)"), 20, &[], &[]);
        assert_eq!(view.members()[0].name, "[after]");
    }

    #[test]
    fn damage_never_panics() {
        never_panics(&file(&header("[('a', '<i8'), ('b', '|O')]", "(1,)"), 9), parse);
    }
}
