//! Findings as a table of Parquet, for whoever asks questions about them in SQL.

use std::{io::Write, sync::Arc};

use cleanbill_core::leak::{Leak, Replacement};
use parquet::{
    basic::{Compression, ConvertedType, Repetition, Type as Physical},
    data_type::{BoolType, ByteArray, ByteArrayType, Int64Type},
    errors::{ParquetError, Result},
    file::{properties::WriterProperties, writer::SerializedFileWriter},
    schema::types::Type,
};

/// Rows of a row group.
const ROWS: usize = 20_000;

/// A column of the table.
pub(crate) enum Column {
    Text(&'static str, fn(&Leak) -> Option<&str>),
    Number(&'static str, fn(&Leak) -> Option<u64>),
    Truth(&'static str, fn(&Leak) -> bool),
}

/// The columns, named as in the report `jsonl`, with the parts of `record` behind its name.
pub(crate) const COLUMNS: &[(Column, Repetition)] = &[
    (
        Column::Text("type", |leak| Some(&leak.kind)),
        Repetition::REQUIRED,
    ),
    (
        Column::Text("class", |leak| Some(leak.class.as_str())),
        Repetition::REQUIRED,
    ),
    (
        Column::Text("artifact", |leak| Some(&leak.artifact)),
        Repetition::REQUIRED,
    ),
    (
        Column::Number("record_index", |leak| Some(leak.record.index)),
        Repetition::REQUIRED,
    ),
    (
        Column::Text("record_id", |leak| leak.record.id.as_deref()),
        Repetition::OPTIONAL,
    ),
    (
        Column::Text("record_column", |leak| leak.record.column.as_deref()),
        Repetition::OPTIONAL,
    ),
    (
        Column::Number("record_line", |leak| leak.record.line),
        Repetition::OPTIONAL,
    ),
    (
        Column::Number("start", |leak| Some(leak.start)),
        Repetition::REQUIRED,
    ),
    (Column::Number("end", |leak| Some(leak.end)), Repetition::REQUIRED),
    (
        Column::Number("char_start", |leak| Some(leak.char_start)),
        Repetition::REQUIRED,
    ),
    (
        Column::Number("char_end", |leak| Some(leak.char_end)),
        Repetition::REQUIRED,
    ),
    (
        Column::Text("severity", |leak| Some(leak.severity.as_str())),
        Repetition::REQUIRED,
    ),
    (
        Column::Text("confidence", |leak| Some(leak.confidence.as_str())),
        Repetition::REQUIRED,
    ),
    (
        Column::Text("evidence", |leak| Some(&leak.evidence)),
        Repetition::REQUIRED,
    ),
    (
        Column::Text("hash", |leak| Some(&leak.hash)),
        Repetition::REQUIRED,
    ),
    (
        Column::Truth("validated", |leak| leak.validated),
        Repetition::REQUIRED,
    ),
    (
        Column::Text("replaced", |leak| leak.replaced.map(Replacement::as_str)),
        Repetition::OPTIONAL,
    ),
];

/// Writes findings as Parquet.
pub struct Table<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    held: Vec<Leak>,
}

impl<W: Write + Send> std::fmt::Debug for Table<W> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Table")
            .field("held", &self.held.len())
            .finish_non_exhaustive()
    }
}

impl<W: Write + Send> Table<W> {
    /// Begins a table.
    pub fn new(out: W) -> std::io::Result<Self> {
        let writer = schema().and_then(|schema| {
            let properties = WriterProperties::builder()
                .set_compression(Compression::SNAPPY)
                .set_created_by(format!("cleanbill {}", env!("CARGO_PKG_VERSION")))
                .build();
            SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties))
        });
        Ok(Self {
            writer: writer.map_err(other)?,
            held: Vec::new(),
        })
    }

    /// Adds a finding.
    pub fn push(&mut self, leak: &Leak) -> std::io::Result<()> {
        self.held.push(leak.clone());
        if self.held.len() >= ROWS {
            self.flush()?;
        }
        Ok(())
    }

    /// Ends the table.
    pub fn finish(mut self) -> std::io::Result<()> {
        self.flush()?;
        self.writer.close().map_err(other)?;
        Ok(())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        if self.held.is_empty() {
            return Ok(());
        }
        write(&mut self.writer, &self.held).map_err(other)?;
        self.held.clear();
        Ok(())
    }
}

fn other(error: ParquetError) -> std::io::Error {
    match error {
        ParquetError::External(source) => match source.downcast::<std::io::Error>() {
            Ok(error) => *error,
            Err(source) => std::io::Error::other(source),
        },
        error => std::io::Error::other(error),
    }
}

fn schema() -> Result<Type> {
    let mut fields = Vec::new();
    for (column, repetition) in COLUMNS {
        let (name, physical, converted) = match column {
            Column::Text(name, _) => (name, Physical::BYTE_ARRAY, ConvertedType::UTF8),
            Column::Number(name, _) => (name, Physical::INT64, ConvertedType::NONE),
            Column::Truth(name, _) => (name, Physical::BOOLEAN, ConvertedType::NONE),
        };
        let field = Type::primitive_type_builder(name, physical)
            .with_repetition(*repetition)
            .with_converted_type(converted)
            .build()?;
        fields.push(Arc::new(field));
    }
    Type::group_type_builder("leaks").with_fields(fields).build()
}

fn write<W: Write + Send>(writer: &mut SerializedFileWriter<W>, leaks: &[Leak]) -> Result<()> {
    let mut group = writer.next_row_group()?;
    for (column, repetition) in COLUMNS {
        let Some(mut out) = group.next_column()? else {
            return Err(ParquetError::General("a column is missing".to_owned()));
        };
        let levels = |present: Vec<bool>| {
            (*repetition == Repetition::OPTIONAL)
                .then(|| present.into_iter().map(i16::from).collect::<Vec<_>>())
        };
        match column {
            Column::Text(_, value) => {
                let levels = levels(leaks.iter().map(|leak| value(leak).is_some()).collect());
                let values: Vec<ByteArray> = leaks.iter().filter_map(value).map(ByteArray::from).collect();
                out.typed::<ByteArrayType>()
                    .write_batch(&values, levels.as_deref(), None)?;
            }
            Column::Number(_, value) => {
                let levels = levels(leaks.iter().map(|leak| value(leak).is_some()).collect());
                let number = |leak| value(leak).map(|number| i64::try_from(number).unwrap_or(i64::MAX));
                let values: Vec<i64> = leaks.iter().filter_map(number).collect();
                out.typed::<Int64Type>()
                    .write_batch(&values, levels.as_deref(), None)?;
            }
            Column::Truth(_, value) => {
                let values: Vec<bool> = leaks.iter().map(value).collect();
                out.typed::<BoolType>().write_batch(&values, None, None)?;
            }
        }
        out.close()?;
    }
    group.close()?;
    Ok(())
}
