//! ncnn.

use std::ops::Range;

use crate::{
    Anomaly, AnomalyKind, FormatView, Input, Member, Payload, Probe, Score,
    bytes::{Cursor, ReadError, read_range, size_u64},
    notes::{Notes, lossy},
    registry::{ParseResult, format_info},
};

format_info! {
    /// ## What it is
    /// Networks of ncnn: layers in text (`.param`) or in numbers (`.param.bin`). Weights stand in a file of their own (`.bin`)
    /// that nothing marks.
    /// ## What is read
    /// Every layer: its kind, its inputs and outputs, and the numbers of its parameters.
    /// ## What is reported
    /// Layers that break off, more layers or blobs than announced, blobs and parameters that do not exist. What follows the last
    /// layer in numbers is the member `[after]`.
    /// ## Limits
    /// 1,000,000 layers; text is read up to 64 MiB; 10,000 kinds of layers are kept.
    /// ## References
    /// ncnn "param and model file structure"; `src/net.cpp` and `src/paramdict.cpp`.
    "ncnn", "ncnn network", extensions: &[], refines: None,
    dialects: ["ncnn-binary": "ncnn network in numbers"]
}

const SIGNATURE: i32 = 7_767_517;
/// LIMIT: bytes of text that are read.
const TEXT_BYTES: u64 = 64 << 20;
/// LIMIT: layers.
const LAYERS: u64 = 1_000_000;
/// LIMIT: kinds of layers kept.
const KINDS: usize = 10_000;
/// LIMIT: inputs or outputs of a layer.
const BLOBS: u64 = 1_000_000;
/// Parameters that a layer has room for; the reader of old versions does not ask.
const PARAMETERS: i64 = 32;
/// Numbers of parameters that hold a list begin here and go down; this one ends the parameters of a layer in numbers.
const LISTS: i64 = -23_300;
const END: i32 = -233;

static BROKEN: AnomalyKind = AnomalyKind::damage(
    "ncnn-broken",
    "a layer breaks off or cannot be read",
    "层中断或无法读取",
);
static LIMIT: AnomalyKind = AnomalyKind::limit(
    "ncnn-limit",
    "more layers, kinds of layers or text than are examined",
    "层数、层类型数或文本长度超过检查上限",
);
static COUNT: AnomalyKind = AnomalyKind::evasion(
    "ncnn-count",
    "layers name more blobs than the network announces, or blobs that it does not have",
    "层使用的数据块多于网络声明的数量，或使用了不存在的数据块",
);
static PARAMETER: AnomalyKind = AnomalyKind::evasion(
    "ncnn-parameter",
    "a layer has a parameter for which there is no room",
    "层的参数编号超出可用范围",
);
static TRAILING: AnomalyKind = AnomalyKind::note(
    "ncnn-trailing",
    "something follows the last layer",
    "最后一层之后还有内容",
);

/// Names a kind of layers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its name, or its number in the form in numbers.
    pub name: String,
    /// Where the first layer of the kind stands.
    pub range: Range<u64>,
}

/// Shows a network.
#[derive(Debug, Default)]
pub struct View {
    /// It is written in numbers.
    pub is_binary: bool,
    /// Layers read.
    pub layers: u64,
    /// Kinds of layers, each once.
    pub kinds: Vec<Kind>,
    /// Rules broken, for the detector `ncnn-invalid`; they are not repeated among the anomalies.
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
        if self.is_binary {
            vec!["ncnn-binary"]
        } else {
            Vec::new()
        }
    }
}

/// Knows a network by its first number.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    let text = probe.head.trim_ascii_start();
    let number = text.strip_prefix(SIGNATURE.to_string().as_bytes());
    let written = number.is_some_and(|rest| rest.first().is_none_or(u8::is_ascii_whitespace));
    (written || probe.head.starts_with(&SIGNATURE.to_le_bytes())).then_some(Score::Certain)
}

/// Reads every layer.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let mut walk = Walk::default();
    let head = read_range(input.source, 0..4, 4)?;
    if head == SIGNATURE.to_le_bytes() {
        walk.view.is_binary = true;
        let mut cursor = Cursor::whole(input.source);
        match walk.numbers(&mut cursor) {
            Ok(()) => {}
            Err(ReadError::Source(error)) => return Err(error),
            Err(error) => {
                let at = cursor.position().min(cursor.end());
                walk.notes.push(&BROKEN, at..cursor.end(), error.to_string());
            }
        }
    } else {
        let size = input.source.size();
        let text = read_range(input.source, 0..size, TEXT_BYTES)?;
        if size_u64(text.len()) < size {
            walk.notes
                .push(&LIMIT, size_u64(text.len())..size, TEXT_BYTES.to_string());
        }
        walk.text(&text);
    }
    let mut view = walk.view;
    view.violations = walk.violations.finish();
    view.anomalies = walk.notes.finish();
    Ok(view)
}

#[derive(Default)]
struct Walk {
    notes: Notes,
    violations: Notes,
    view: View,
}

/// Words of a text with where each stands.
struct Words<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Words<'a> {
    /// Returns the next word; stops at the end of a line where `within` says so.
    fn next(&mut self, within: bool) -> Option<(&'a [u8], Range<u64>)> {
        loop {
            let byte = *self.text.get(self.at)?;
            if !byte.is_ascii_whitespace() {
                break;
            }
            if within && byte == b'\n' {
                return None;
            }
            self.at = self.at.saturating_add(1);
        }
        let rest = self.text.get(self.at..)?;
        let length = rest.iter().take_while(|byte| !byte.is_ascii_whitespace()).count();
        let start = self.at;
        self.at = self.at.saturating_add(length);
        Some((rest.get(..length)?, size_u64(start)..size_u64(self.at)))
    }

    fn number(&mut self) -> Option<u64> {
        let (word, _) = self.next(false)?;
        std::str::from_utf8(word).ok()?.parse().ok()
    }
}

impl Walk {
    fn text(&mut self, text: &[u8]) {
        let mut words = Words { text, at: 0 };
        let end = size_u64(text.len());
        words.next(false);
        let (Some(layers), Some(blobs)) = (words.number(), words.number()) else {
            self.notes.push(&BROKEN, 0..end, "");
            return;
        };
        let mut made = 0_u64;
        for _ in 0..layers.min(LAYERS) {
            let start = words.at;
            let Some(made_here) = self.layer(&mut words) else {
                self.notes.push(
                    &BROKEN,
                    size_u64(start)..end,
                    format!("{} of {layers} layers", self.view.layers),
                );
                return;
            };
            self.view.layers = self.view.layers.saturating_add(1);
            made = made.saturating_add(made_here);
            if made > blobs {
                let range = size_u64(start)..size_u64(words.at);
                self.violations
                    .push(&COUNT, range, format!("more than {blobs} blobs"));
                return;
            }
        }
        if layers > LAYERS {
            self.notes
                .push(&LIMIT, size_u64(words.at)..end, layers.to_string());
        } else if let Some((_, range)) = words.next(false) {
            self.notes.push(&TRAILING, range.start..end, "");
        }
    }

    /// Reads a layer; gives how many blobs it makes.
    fn layer(&mut self, words: &mut Words<'_>) -> Option<u64> {
        let (kind, range) = words.next(false)?;
        self.kind(lossy(kind.get(..kind.len().min(256))?), range);
        words.next(false)?;
        let (inputs, outputs) = (words.number()?, words.number()?);
        if inputs.max(outputs) > BLOBS {
            return None;
        }
        for _ in 0..inputs.saturating_add(outputs) {
            words.next(false)?;
        }
        while let Some((word, range)) = words.next(true) {
            let word = String::from_utf8_lossy(word);
            let number = word
                .split_once('=')
                .and_then(|(number, _)| number.parse::<i64>().ok());
            let Some(number) = number else {
                self.notes.push(&BROKEN, range, word);
                continue;
            };
            self.parameter(number, range);
        }
        Some(outputs)
    }

    fn parameter(&mut self, number: i64, range: Range<u64>) {
        let slot = if number <= LISTS {
            LISTS.saturating_sub(number)
        } else {
            number
        };
        if !(0..PARAMETERS).contains(&slot) {
            self.violations
                .push(&PARAMETER, range, format!("parameter {number}"));
        }
    }

    fn kind(&mut self, name: String, range: Range<u64>) {
        if self.view.kinds.iter().any(|kind| kind.name == name) {
            return;
        }
        if self.view.kinds.len() >= KINDS {
            self.notes.push(&LIMIT, range, KINDS.to_string());
        } else {
            self.view.kinds.push(Kind { name, range });
        }
    }

    fn numbers(&mut self, cursor: &mut Cursor<'_>) -> Result<(), ReadError> {
        cursor.skip(4)?;
        let (layers, blobs) = (cursor.u32_le()?, cursor.u32_le()?);
        for _ in 0..u64::from(layers).min(LAYERS) {
            let start = cursor.position();
            let kind = cursor.u32_le()?;
            self.kind(kind.to_string(), start..cursor.position());
            let (inputs, outputs) = (cursor.u32_le()?, cursor.u32_le()?);
            for _ in 0..u64::from(inputs).saturating_add(u64::from(outputs)) {
                let blob = cursor.u32_le()?;
                if blob >= blobs {
                    let range = start..cursor.position();
                    self.violations
                        .push(&COUNT, range, format!("blob {blob} of {blobs}"));
                }
            }
            loop {
                let at = cursor.position();
                let number = i32::from_le_bytes(cursor.array()?);
                if number == END {
                    break;
                }
                self.parameter(i64::from(number), at..cursor.position());
                let count = if i64::from(number) <= LISTS {
                    u64::from(cursor.u32_le()?)
                } else {
                    1
                };
                cursor.skip(count.saturating_mul(4))?;
            }
            self.view.layers = self.view.layers.saturating_add(1);
        }
        let range = cursor.position()..cursor.end();
        if u64::from(layers) > LAYERS {
            self.notes.push(&LIMIT, range, layers.to_string());
        } else if cursor.remaining() > 0 {
            self.notes.push(&TRAILING, range.clone(), "");
            self.view
                .members
                .push(Member::content("[after]", Payload::Section(range)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ids, never_panics, view};

    const TEXT: &str = "7767517\n3 3\nInput  input    0 1 data 0=4 1=4\nMyLayer   ip  1 1 data fc 0=10 -23301=2,1,2 4=words\nSoftmax s 1 1 fc prob 0=0\n";

    fn numbers(blob: u32) -> Vec<u8> {
        let words = [
            7_767_517_u32,
            2,
            2,
            16,
            0,
            1,
            0,
            0,
            5,
            0xffff_ff17,
            300,
            1,
            1,
            blob,
            1,
            0xffff_ff17,
        ];
        words.into_iter().flat_map(u32::to_le_bytes).collect()
    }

    #[test]
    fn layers_are_read() {
        let one = view(TEXT.as_bytes(), parse);
        assert!(one.anomalies().is_empty() && one.violations.is_empty(), "{one:?}");
        assert_eq!((one.layers, one.kinds[1].name.as_str()), (3, "MyLayer"));
        let two = view(&numbers(0), parse);
        assert!(two.anomalies().is_empty() && two.violations.is_empty(), "{two:?}");
        assert_eq!((two.layers, two.is_binary), (2, true));
    }

    #[test]
    fn what_does_not_exist_is_said() {
        for (from, to, expected) in [
            ("3 3\n", "3 2\n", "ncnn-count"),
            ("0=10", "77=10", "ncnn-parameter"),
        ] {
            assert_eq!(
                ids(&view(TEXT.replace(from, to).as_bytes(), parse).violations),
                [expected]
            );
        }
        assert_eq!(ids(&view(&numbers(9), parse).violations), ["ncnn-count"]);
        assert_eq!(
            ids(view(TEXT.replace("3 3", "9 9").as_bytes(), parse).anomalies()),
            ["ncnn-broken"]
        );
    }

    #[test]
    fn damage_never_panics() {
        never_panics(TEXT.as_bytes(), parse);
        never_panics(&numbers(0), parse);
    }
}
