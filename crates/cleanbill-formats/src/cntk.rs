//! CNTK.

use std::ops::Range;

use crate::{
    Anomaly, AnomalyKind, FormatView, Input, Member, Probe, Score,
    bytes::{SourceError, read_range},
    registry::{ParseResult, format_info},
    wire::{Content, Message, Outline, Wire},
};

format_info! {
    /// ## What it is
    /// Models of Microsoft's CNTK: version 2 as dictionaries in protocol buffers (`.model`, `.dnn`, `.cntk`), and version 1 as a
    /// stream of marked sections.
    /// ## What is read
    /// Of version 2 every dictionary, list and array: the kinds of functions, and of functions that users defined the module,
    /// class and library that loading them imports. Version 1 is recognised.
    /// ## What is reported
    /// Fields that cannot be read, a missing list of functions, more functions of users than are kept. The first bytes of arrays that are a program or a
    /// pickle are a member. Version 1 is not examined.
    /// ## Limits
    /// Dictionaries nest some 30 levels, messages 100; 10,000 functions of users are kept.
    /// ## References
    /// CNTK `Source/CNTKv2LibraryDll/proto/CNTK.proto`, `UserDefinedFunction.cpp`, `bindings/python/cntk/internal/__init__.py`.
    "cntk", "CNTK model", extensions: &["cntk"], refines: None,
    dialects: ["cntk-1": "CNTK model of version 1"]
}

/// LIMIT: functions of users that are kept.
const KEPT: usize = 10_000;
/// LIMIT: bytes of a text that are kept.
const TEXT_BYTES: u64 = 64 * 1024;
/// The marker with which version 1 begins, in wide characters.
const FIRST: &[u8] = b"B\0C\0N\0\0\0";
/// Keys of the outermost dictionary.
const KEYS: &[&[u8]] = &[
    b"version",
    b"type",
    b"root",
    b"name",
    b"uid",
    b"inputs",
    b"primitive_functions",
    b"op",
    b"attributes",
];

static LIMIT: AnomalyKind = AnomalyKind::limit(
    "cntk-limit",
    "more functions of users than are examined",
    "用户自定义函数的数量超过检查上限",
);

static TRUNCATED: AnomalyKind = AnomalyKind::damage(
    "cntk-truncated",
    "the model names its root and has no list of functions",
    "模型指定了根函数，却没有函数列表",
);

/// Names a function that a user defined.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserFunction {
    /// Loading it loads a native library.
    pub is_native: bool,
    /// Python module or native library.
    pub module: String,
    /// Python class or function of the library.
    pub class: String,
    /// Name of the operator.
    pub operator: String,
    /// Where its dictionary stands.
    pub range: Range<u64>,
}

/// Shows a model.
#[derive(Debug, Default)]
pub struct View {
    /// It is of version 1.
    pub is_first: bool,
    /// Dictionaries that describe functions.
    pub functions: u64,
    /// Functions that a user defined.
    pub user_functions: Vec<UserFunction>,
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
        if self.is_first { vec!["cntk-1"] } else { Vec::new() }
    }

    fn not_examined(&self) -> Option<(String, String)> {
        self.is_first.then(|| {
            (
                "CNTK model of version 1".to_owned(),
                "CNTK 第 1 版模型".to_owned(),
            )
        })
    }
}

/// Knows version 1 by its marker and version 2 by the keys of its outermost dictionary.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    if probe.head.starts_with(FIRST) {
        return Some(Score::Certain);
    }
    let mut outline = Outline::new(probe.head, probe.source)?;
    let fields = outline.fields.clone();
    let dictionary = fields.iter().all(|field| match field.content {
        Content::Number(_) => field.number == 1,
        Content::Bytes(_) => field.number == 2,
        Content::Fixed => false,
    });
    if !dictionary {
        return None;
    }
    let mut known = 0_usize;
    for entry in Outline::ranges(&fields, 2).take(64) {
        let inside = outline.inside(&entry, 4);
        let key = Outline::ranges(&inside, 1).next()?;
        let length = key.end.saturating_sub(key.start);
        let is = |word: &&&[u8]| u64::try_from(word.len()) == Ok(length);
        let word = KEYS.iter().filter(is).any(|word| outline.begins(&key, word));
        known = known.saturating_add(usize::from(word));
    }
    (known >= 2).then_some(Score::Likely)
}

/// Reads every dictionary.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let head = read_range(input.source, 0..8, 8)?;
    if head == FIRST {
        return Ok(View {
            is_first: true,
            ..View::default()
        });
    }
    let mut walk = Walk {
        input,
        wire: Wire::new(input.source),
        view: View::default(),
    };
    let message = walk.wire.outermost();
    let range = 0..input.source.size();
    let outermost = walk.dictionary(message, &range)?;
    let composite = outermost.kind == "CompositeFunction" || outermost.has_root;
    if composite && !outermost.has_functions {
        walk.wire.notes.push(&TRUNCATED, range, "");
    }
    let mut view = walk.view;
    view.anomalies = walk.wire.notes.finish();
    Ok(view)
}

/// What is known of a dictionary.
#[derive(Debug, Default)]
struct Dictionary {
    kind: String,
    is_native: bool,
    module: String,
    class: String,
    method: String,
    operator: String,
    state: Option<Box<Self>>,
    has_root: bool,
    has_functions: bool,
}

/// What is known of a value.
#[derive(Debug, Default)]
enum Value {
    #[default]
    Other,
    Flag(bool),
    Text(String),
    Dictionary(Box<Dictionary>),
}

struct Walk<'a, 'b> {
    input: &'b Input<'a>,
    wire: Wire<'a>,
    view: View,
}

impl Walk<'_, '_> {
    /// Reads a dictionary; the depth of messages bounds how deep it goes.
    fn dictionary(&mut self, mut message: Message, range: &Range<u64>) -> Result<Dictionary, SourceError> {
        let mut dictionary = Dictionary::default();
        while let Some(field) = self.wire.next(&mut message)? {
            let Some((2, entry)) = field.bytes() else { continue };
            let mut inside = self.wire.enter(&message, entry);
            let (mut key, mut value) = (String::new(), Value::Other);
            while let Some(field) = self.wire.next(&mut inside)? {
                match field.bytes() {
                    Some((1, text)) => key = self.wire.text(&text, TEXT_BYTES)?,
                    Some((2, range)) => {
                        let message = self.wire.enter(&inside, range);
                        value = self.value(message)?;
                    }
                    _ => {}
                }
            }
            dictionary.has_root |= key == "root";
            dictionary.has_functions |= key == "primitive_functions";
            match (key.as_str(), value) {
                ("type", Value::Text(text)) => dictionary.kind = text,
                ("native", Value::Flag(flag)) => dictionary.is_native = flag,
                ("module", Value::Text(text)) => dictionary.module = text,
                ("class", Value::Text(text)) => dictionary.class = text,
                ("deserialize_method", Value::Text(text)) => dictionary.method = text,
                ("op" | "op_name", Value::Text(text)) => dictionary.operator = text,
                ("user_defined_state" | "state", Value::Dictionary(state)) => dictionary.state = Some(state),
                _ => {}
            }
        }
        self.judge(&dictionary, range);
        Ok(dictionary)
    }

    fn judge(&mut self, dictionary: &Dictionary, range: &Range<u64>) {
        if dictionary.kind.ends_with("Function") {
            self.view.functions = self.view.functions.saturating_add(1);
        }
        if dictionary.kind != "UserDefinedFunction" {
            return;
        }
        if self.view.user_functions.len() >= KEPT {
            self.wire.notes.push(&LIMIT, range.clone(), KEPT.to_string());
            return;
        }
        let state = dictionary.state.as_deref().unwrap_or(dictionary);
        let class = if state.class.is_empty() {
            &state.method
        } else {
            &state.class
        };
        self.view.user_functions.push(UserFunction {
            is_native: dictionary.is_native || state.kind == "NativeUserDefinedFunction",
            module: state.module.clone(),
            class: class.clone(),
            operator: state.operator.clone(),
            range: range.clone(),
        });
    }

    fn value(&mut self, mut message: Message) -> Result<Value, SourceError> {
        let mut value = Value::Other;
        while let Some(field) = self.wire.next(&mut message)? {
            match (field.number, &field.content) {
                (3, Content::Number(flag)) => value = Value::Flag(*flag != 0),
                (8, Content::Bytes(range)) => value = Value::Text(self.wire.text(range, TEXT_BYTES)?),
                (11, Content::Bytes(range)) => {
                    let mut list = self.wire.enter(&message, range.clone());
                    while let Some(field) = self.wire.next(&mut list)? {
                        if let Some((1, range)) = field.bytes() {
                            let message = self.wire.enter(&list, range);
                            self.value(message)?;
                        }
                    }
                }
                (12, Content::Bytes(range)) => {
                    let inside = self.wire.enter(&message, range.clone());
                    value = Value::Dictionary(Box::new(self.dictionary(inside, range)?));
                }
                (13, Content::Bytes(range)) => self.array(&message, range)?,
                _ => {}
            }
        }
        Ok(value)
    }

    /// Looks at the first bytes of an array.
    fn array(&mut self, around: &Message, range: &Range<u64>) -> Result<(), SourceError> {
        let mut message = self.wire.enter(around, range.clone());
        while let Some(field) = self.wire.next(&mut message)? {
            let (4..=6, Content::Bytes(range)) = (field.number, &field.content) else {
                continue;
            };
            let mut values = self.wire.enter(&message, range.clone());
            while let Some(field) = self.wire.next(&mut values)? {
                if let Some((1, bytes)) = field.bytes() {
                    self.view
                        .members
                        .extend(crate::raw::disguised(self.input.source, &bytes)?);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{never_panics, view};

    fn bytes(number: u8, content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len()).unwrap();
        let low = u8::try_from(length & 0x7f).unwrap() | 0x80;
        [
            &[number << 3 | 2, low, u8::try_from(length >> 7).unwrap()],
            content,
        ]
        .concat()
    }

    fn entry(key: &str, number: u8, value: &[u8]) -> Vec<u8> {
        let value = if number == 3 {
            [&[0x18][..], value].concat()
        } else {
            bytes(number, value)
        };
        bytes(2, &[bytes(1, key.as_bytes()), bytes(2, &value)].concat())
    }

    fn model(state: &[Vec<u8>], native: u8) -> Vec<u8> {
        let function = [
            entry("type", 8, b"UserDefinedFunction"),
            entry("uid", 8, b"U1"),
            entry("native", 3, &[native]),
            entry("user_defined_state", 12, &state.concat()),
        ]
        .concat();
        let list = bytes(1, &bytes(12, &function));
        [
            &[8, 1],
            entry("type", 8, b"CompositeFunction").as_slice(),
            &entry("root", 8, b"U1"),
            &entry("primitive_functions", 11, &list),
        ]
        .concat()
    }

    #[test]
    fn functions_of_users_are_named() {
        let python = model(
            &[
                entry("module", 8, b"os"),
                entry("class", 8, b"system"),
                entry("op_name", 8, b"o"),
            ],
            0,
        );
        let one = view(&python, parse);
        assert!(one.anomalies().is_empty(), "{one:?}");
        let function = &one.user_functions[0];
        assert_eq!(
            (
                function.module.as_str(),
                function.class.as_str(),
                function.is_native
            ),
            ("os", "system", false)
        );
        let native = model(
            &[
                entry("module", 8, b"/x.so"),
                entry("deserialize_method", 8, b"make"),
            ],
            1,
        );
        assert!(view(&native, parse).user_functions[0].is_native);
        let probed = Probe {
            head: &python,
            tail: &python,
            size: 9,
            source: &python,
        };
        assert_eq!(probe(&probed), Some(Score::Likely));
        never_panics(&python, parse);
    }
}
