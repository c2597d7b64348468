//! Model and data formats that are recognised, so that a report can name them, and not yet examined.

use std::ops::Range;

use crate::{
    Anomaly, FormatView, Input, Probe, Score,
    bytes::{Cursor, ReadAt, SourceError, read_range},
    registry::{ParseResult, format_info},
};

format_info! {
    /// ## What it is
    /// Model and data files of other frameworks: ONNX, TensorFlow graphs, TensorFlow Lite, Core ML, R,
    /// Torch7, Flax, Parquet, Arrow and more.
    /// ## What is read
    /// Signatures; for formats made of protocol buffers, the outermost fields up to the end of the file.
    /// ## What is reported
    /// That the file is not examined, with its format's name: coverage is partial.
    /// ## Limits
    /// The first 4,096 outermost fields.
    /// ## References
    /// `onnx.proto`, `saved_model.proto`, `graph.proto`, TFLite `schema.fbs`, Core ML
    /// `Model.proto`, R Internals 1.8, Apache Parquet and Arrow formats, SQLite file format 1.2.
    "unsupported-model", "model format that is not examined",
    extensions: &["onnx", "pb", "tflite", "mlmodel", "rds", "rdata", "t7", "msgpack", "parquet", "arrow", "feather", "sqlite", "db"],
    refines: None,
    dialects: [
        "onnx": "ONNX model", "tensorflow-saved-model": "TensorFlow SavedModel",
        "tensorflow-graph": "TensorFlow graph", "tflite": "TensorFlow Lite model", "executorch": "ExecuTorch program",
        "coreml": "Core ML model", "r-data": "R data", "torch7": "Torch7 file", "flax-msgpack": "Flax parameters",
        "parquet": "Parquet table", "arrow": "Arrow table", "sqlite": "SQLite database",
        "matlab": "MATLAB data", "ggml-legacy": "GGML model before GGUF", "catboost": "CatBoost model", "rknn": "RKNN model",
    ]
}

/// Most outermost fields that are followed.
const FIELDS: usize = 4_096;

/// Shows a file of such a format.
#[derive(Debug)]
pub struct View {
    /// Dialect and names in English and Simplified Chinese.
    pub kind: Option<(&'static str, &'static str, &'static str)>,
}

impl FormatView for View {
    fn anomalies(&self) -> &[Anomaly] {
        &[]
    }

    fn dialects(&self) -> Vec<&'static str> {
        self.kind.iter().map(|(id, ..)| *id).collect()
    }

    fn not_examined(&self) -> Option<(String, String)> {
        self.kind.map(|(_, en, zh)| (en.to_owned(), zh.to_owned()))
    }
}

/// Knows such formats by signature or outermost fields.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    if signature(probe.head, probe.size).is_some() {
        return Some(Score::Likely);
    }
    protobuf(probe.head, probe.source, probe.size)
        .ok()?
        .map(|_| Score::Likely)
}

/// Names the format.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let size = input.source.size();
    let head = read_range(input.source, 0..crate::HEAD_BYTES, crate::HEAD_BYTES)?;
    let kind = match signature(&head, size) {
        Some(kind) => Some(kind),
        None => protobuf(&head, input.source, size)?,
    };
    Ok(View { kind })
}

type Kind = (&'static str, &'static str, &'static str);

fn signature(head: &[u8], size: u64) -> Option<Kind> {
    let at = |start: usize, word: &[u8]| head.get(start..).is_some_and(|rest| rest.starts_with(word));
    Some(match head {
        _ if at(4, b"TFL3") => ("tflite", "TensorFlow Lite model", "TensorFlow Lite 模型"),
        _ if at(4, b"ET12") => ("executorch", "ExecuTorch program", "ExecuTorch 程序"),
        _ if at(0, b"RDX2\n") || at(0, b"RDX3\n") || at(0, b"RDA2\n") || at(0, b"RDA3\n") => {
            ("r-data", "R data", "R 数据")
        }
        _ if at(0, b"X\n\0\0\0\x02\0")
            || at(0, b"X\n\0\0\0\x03\0")
            || at(0, b"A\n2\n")
            || at(0, b"A\n3\n") =>
        {
            ("r-data", "R data", "R 数据")
        }
        [4, 0, 0, 0, _, _, 0, 0, 3, 0, 0, 0, b'V', b' ', b'1', ..] => {
            ("torch7", "Torch7 file", "Torch7 文件")
        }
        _ if at(0, b"PAR1") || at(0, b"PARE") => ("parquet", "Parquet table", "Parquet 表"),
        _ if at(0, b"ARROW1\0\0") || at(0, b"FEA1") => ("arrow", "Arrow table", "Arrow 表"),
        _ if at(0, b"SQLite format 3\0") => ("sqlite", "SQLite database", "SQLite 数据库"),
        _ if at(0, b"MATLAB 5.0 MAT-file") => ("matlab", "MATLAB data", "MATLAB 数据"),
        _ if size > 64
            && ([b"lmgg", b"fmgg", b"tjgg", b"algg"]
                .into_iter()
                .any(|word| at(0, word))) =>
        {
            ("ggml-legacy", "GGML model", "GGML 模型")
        }
        _ if at(0, b"CBM1") => ("catboost", "CatBoost model", "CatBoost 模型"),
        _ if at(0, b"RKNN") => ("rknn", "RKNN model", "RKNN 模型"),
        [0x81..=0x8f, rest @ ..] | [0xde, _, _, rest @ ..] => flax(rest)?,
        _ => return None,
    })
}

/// Knows a `MessagePack` map whose first key is text and whose value is a map or an array in Flax's own type.
fn flax(rest: &[u8]) -> Option<Kind> {
    let (length, rest) = match rest {
        [short @ 0xa1..=0xbf, rest @ ..] => (usize::from(*short & 0x1f), rest),
        [0xd9, length, rest @ ..] => (usize::from(*length), rest),
        _ => return None,
    };
    let key = rest.get(..length)?;
    let value = rest.get(length)?;
    let named = key.iter().all(u8::is_ascii_graphic);
    (named && matches!(value, 0x80..=0x8f | 0xde | 0xc7..=0xc9)).then_some((
        "flax-msgpack",
        "Flax parameters",
        "Flax 参数",
    ))
}

/// Holds one outermost field of a protocol buffer.
#[derive(Debug)]
struct Field {
    number: u64,
    /// The value of a number field.
    value: Option<u64>,
    /// The bytes of a field with a length.
    range: Range<u64>,
}

fn protobuf(head: &[u8], source: &dyn ReadAt, size: u64) -> Result<Option<Kind>, SourceError> {
    if size < 16 || !matches!(head.first(), Some(0x08 | 0x0a | 0x12 | 0x1a | 0x3a | 0x42)) {
        return Ok(None);
    }
    let Some(fields) = fields(source, size)? else {
        return Ok(None);
    };
    let number = |wanted: u64| fields.iter().find(|field| field.number == wanted);
    let value = |wanted: u64| number(wanted).and_then(|field| field.value);
    let only = |allowed: &[u64]| fields.iter().all(|field| allowed.contains(&field.number));
    let has_bytes = |wanted: u64| number(wanted).is_some_and(|field| field.value.is_none());
    if only(&[1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25, 26]) && matches!(value(1), Some(1..=40)) && has_bytes(7) {
        return Ok(Some(("onnx", "ONNX model", "ONNX 模型")));
    }
    if matches!(value(1), Some(1..=40))
        && has_bytes(2)
        && fields.iter().any(|field| (200..4000).contains(&field.number))
    {
        return Ok(Some(("coreml", "Core ML model", "Core ML 模型")));
    }
    if only(&[1, 2]) && value(1) == Some(1) && has_bytes(2) {
        return Ok(Some((
            "tensorflow-saved-model",
            "TensorFlow SavedModel",
            "TensorFlow SavedModel",
        )));
    }
    let Some(first) = fields
        .first()
        .filter(|field| field.number == 1 && field.value.is_none())
    else {
        return Ok(None);
    };
    let inner = read_range(source, first.range.clone(), 512)?;
    let Some((length, rest)) = inner
        .split_first()
        .filter(|(tag, _)| **tag == 0x0a)
        .and_then(|(_, rest)| rest.split_first())
    else {
        return Ok(None);
    };
    let length = usize::from(*length);
    let (Some(name), Some(next)) = (rest.get(..length), rest.get(length)) else {
        return Ok(None);
    };
    if std::str::from_utf8(name).is_err() {
        return Ok(None);
    }
    Ok(match *next {
        0x12 if only(&[1, 2, 3, 4, 5]) => Some(("tensorflow-graph", "TensorFlow graph", "TensorFlow 计算图")),
        _ => None,
    })
}

/// Lists the outermost fields, or nothing where the bytes are no protocol buffer that ends with the file.
fn fields(source: &dyn ReadAt, size: u64) -> Result<Option<Vec<Field>>, SourceError> {
    let mut cursor = Cursor::new(source, 0..size);
    let mut fields = Vec::new();
    while cursor.remaining() > 0 && fields.len() < FIELDS {
        match field(&mut cursor) {
            Ok(Some(field)) => fields.push(field),
            Ok(None) | Err(crate::bytes::ReadError::Truncated { .. }) => return Ok(None),
            Err(crate::bytes::ReadError::Source(error)) => return Err(error),
        }
    }
    Ok(Some(fields))
}

fn field(cursor: &mut Cursor<'_>) -> Result<Option<Field>, crate::bytes::ReadError> {
    let Some(tag) = varint(cursor)? else {
        return Ok(None);
    };
    let number = tag >> 3;
    if number == 0 || number > 10_000 {
        return Ok(None);
    }
    let start = cursor.position();
    let mut value = Some(0);
    match tag & 7 {
        0 => value = varint(cursor)?,
        1 => cursor.skip(8)?,
        2 => {
            value = None;
            let Some(length) = varint(cursor)? else {
                return Ok(None);
            };
            let start = cursor.position();
            cursor.skip(length)?;
            let range = start..cursor.position();
            return Ok(Some(Field { number, value, range }));
        }
        5 => cursor.skip(4)?,
        _ => return Ok(None),
    }
    let range = start..cursor.position();
    Ok(Some(Field { number, value, range }))
}

fn varint(cursor: &mut Cursor<'_>) -> Result<Option<u64>, crate::bytes::ReadError> {
    let mut value = 0_u64;
    for shift in (0..63).step_by(7) {
        let byte = cursor.u8()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(Some(value));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{never_panics, view};

    const ONNX: &[u8] = b"\x08\x08\x12\x07pytorch\x1a\x052.1.0\x3a\x04\x0a\x02ab\x42\x02\x10\x11";

    #[test]
    fn formats_are_named() {
        let mut piece = b"\x0a\x0e\x0a\x05<unk>\x15\0\0\0\0\x18\x02".to_vec();
        piece.extend_from_slice(&piece.clone());
        let cases: [(&[u8], Option<&str>); 7] = [
            (ONNX, Some("onnx")),
            (
                b"\x08\x01\x12\x13\x0a\x05\x32\x03abc and so on!!",
                Some("tensorflow-saved-model"),
            ),
            (&piece, None),
            (b"\x1c\0\0\0TFL3\0\0", Some("tflite")),
            (b"\x81\xa6params\x82\xa1a", Some("flax-msgpack")),
            (b"plain words that are no model at all", None),
            (&[0; 64], None),
        ];
        for (bytes, id) in cases {
            assert_eq!(view(bytes, parse).kind.map(|(id, ..)| id), id, "{bytes:?}");
        }
    }

    #[test]
    fn damage_never_panics() {
        never_panics(ONNX, parse);
    }
}
