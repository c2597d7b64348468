//! Model and data formats that are recognised, so that a report can name them, and not yet examined.

use crate::{
    Anomaly, FormatView, Input, Probe, Score,
    bytes::read_range,
    registry::{ParseResult, format_info},
};

format_info! {
    /// ## What it is
    /// Data files of other programs: Parquet, Arrow, SQLite, MATLAB, RKNN.
    /// ## What is read
    /// Signatures.
    /// ## What is reported
    /// That the file is not examined, with its format's name: coverage is partial.
    /// ## Limits
    /// None.
    /// ## References
    /// Apache Parquet and Arrow formats,
    /// SQLite file format 1.2.
    "unsupported-model", "model format that is not examined",
    extensions: &["parquet", "arrow", "feather", "sqlite", "db"],
    refines: None,
    dialects: [
        "parquet": "Parquet table", "arrow": "Arrow table", "sqlite": "SQLite database",
        "matlab": "MATLAB data", "rknn": "RKNN model",
    ]
}

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

/// Knows such formats by signature.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    signature(probe.head).map(|_| Score::Likely)
}

/// Names the format.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let head = read_range(input.source, 0..crate::HEAD_BYTES, crate::HEAD_BYTES)?;
    let kind = signature(&head);
    Ok(View { kind })
}

type Kind = (&'static str, &'static str, &'static str);

fn signature(head: &[u8]) -> Option<Kind> {
    let at = |start: usize, word: &[u8]| head.get(start..).is_some_and(|rest| rest.starts_with(word));
    Some(match head {
        _ if at(0, b"PAR1") || at(0, b"PARE") => ("parquet", "Parquet table", "Parquet 表"),
        _ if at(0, b"ARROW1\0\0") || at(0, b"FEA1") => ("arrow", "Arrow table", "Arrow 表"),
        _ if at(0, b"SQLite format 3\0") => ("sqlite", "SQLite database", "SQLite 数据库"),
        _ if at(0, b"MATLAB 5.0 MAT-file") => ("matlab", "MATLAB data", "MATLAB 数据"),
        _ if at(0, b"RKNN") => ("rknn", "RKNN model", "RKNN 模型"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{never_panics, view};

    #[test]
    fn formats_are_named() {
        let cases: [(&[u8], Option<&str>); 4] = [
            (b"PAR1\x15\x04", Some("parquet")),
            (b"RKNN\0\0\0\0", Some("rknn")),
            (b"plain words that are no model at all", None),
            (&[0; 64], None),
        ];
        for (bytes, id) in cases {
            assert_eq!(view(bytes, parse).kind.map(|(id, ..)| id), id, "{bytes:?}");
        }
    }

    #[test]
    fn damage_never_panics() {
        never_panics(b"ARROW1\0\0SQLite format 3\0", parse);
    }
}
