//! Findings as a batch of Arrow: the same columns as the table of Parquet.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray, cast::AsArray, types::Int64Type,
};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use cleanbill_core::{
    Confidence, Severity,
    leak::{Leak, LeakClass, LeakRecord, Replacement},
};
use parquet::basic::Repetition;
use thiserror::Error;

use crate::table::{COLUMNS, Column};

/// Why a batch does not hold findings.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BatchError {
    /// A column is not there, or of another type.
    #[error("findings have no column `{name}` of the type it should have")]
    Column {
        /// Its name.
        name: &'static str,
    },
    /// A value is none that findings have.
    #[error("row {row}: no finding has this `{name}`")]
    Value {
        /// Name of the column.
        name: &'static str,
        /// Number of the row, from 0.
        row: usize,
    },
}

/// Returns findings as a batch.
pub fn batch(leaks: &[Leak]) -> Result<RecordBatch, ArrowError> {
    let mut fields = Vec::new();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for (column, repetition) in COLUMNS {
        let (name, values): (_, ArrayRef) = match column {
            Column::Text(name, value) => (*name, Arc::new(leaks.iter().map(value).collect::<StringArray>())),
            Column::Number(name, value) => {
                let number = |leak| value(leak).map(|number| i64::try_from(number).unwrap_or(i64::MAX));
                (*name, Arc::new(leaks.iter().map(number).collect::<Int64Array>()))
            }
            Column::Truth(name, value) => {
                let values: Vec<bool> = leaks.iter().map(value).collect();
                (*name, Arc::new(BooleanArray::from(values)))
            }
        };
        let optional = *repetition == Repetition::OPTIONAL;
        fields.push(Field::new(name, values.data_type().clone(), optional));
        columns.push(values);
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

/// Reads findings from a batch, as [`batch`] makes it; its columns may stand in another order.
pub fn leaks(batch: &RecordBatch) -> Result<Vec<Leak>, BatchError> {
    let text = |name| Texts::of(batch, name);
    let number = |name| {
        let column = batch.column_by_name(name);
        column
            .and_then(|column| column.as_primitive_opt::<Int64Type>())
            .map(|column| Numbers { name, column })
            .ok_or(BatchError::Column { name })
    };
    let (kind, class, artifact) = (text("type")?, text("class")?, text("artifact")?);
    let (index, line) = (number("record_index")?, number("record_line")?);
    let (id, column, replaced) = (text("record_id")?, text("record_column")?, text("replaced")?);
    let (start, end) = (number("start")?, number("end")?);
    let (char_start, char_end) = (number("char_start")?, number("char_end")?);
    let (severity, confidence) = (text("severity")?, text("confidence")?);
    let (evidence, hash) = (text("evidence")?, text("hash")?);
    let truth = |name| {
        let column = batch
            .column_by_name(name)
            .and_then(|column| column.as_boolean_opt());
        column.ok_or(BatchError::Column { name })
    };
    let validated = truth("validated")?;
    let mut leaks = Vec::with_capacity(batch.num_rows());
    let mut last: Arc<str> = "".into();
    for row in 0..batch.num_rows() {
        let path = artifact.value(row)?;
        if *last != *path {
            last = path.into();
        }
        let wrong = |name| BatchError::Value { name, row };
        let word = confidence.value(row)?;
        leaks.push(Leak {
            kind: kind.value(row)?.into(),
            class: LeakClass::parse(class.value(row)?).ok_or(wrong("class"))?,
            artifact: Arc::clone(&last),
            record: LeakRecord {
                index: index.value(row)?,
                id: id.optional(row).map(str::to_owned),
                column: column.optional(row).map(str::to_owned),
                line: line.optional(row)?,
            },
            start: start.value(row)?,
            end: end.value(row)?,
            char_start: char_start.value(row)?,
            char_end: char_end.value(row)?,
            severity: Severity::parse(severity.value(row)?).ok_or(wrong("severity"))?,
            confidence: [Confidence::Low, Confidence::Medium, Confidence::High]
                .into_iter()
                .find(|confidence| confidence.as_str() == word)
                .ok_or(wrong("confidence"))?,
            evidence: evidence.value(row)?.to_owned(),
            hash: hash.value(row)?.to_owned(),
            validated: validated.is_valid(row) && validated.value(row),
            replaced: match replaced.optional(row) {
                None => None,
                Some(word) => Some(
                    [
                        Replacement::Placeholder,
                        Replacement::Pseudonym,
                        Replacement::Removed,
                    ]
                    .into_iter()
                    .find(|replaced| replaced.as_str() == word)
                    .ok_or(wrong("replaced"))?,
                ),
            },
        });
    }
    Ok(leaks)
}

/// A column of texts, whichever way they are kept.
struct Texts<'a> {
    name: &'static str,
    column: &'a ArrayRef,
}

impl<'a> Texts<'a> {
    fn of(batch: &'a RecordBatch, name: &'static str) -> Result<Self, BatchError> {
        let is_text =
            |kind: &DataType| matches!(kind, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
        batch
            .column_by_name(name)
            .filter(|column| is_text(column.data_type()))
            .map(|column| Self { name, column })
            .ok_or(BatchError::Column { name })
    }

    fn optional(&self, row: usize) -> Option<&'a str> {
        if self.column.is_null(row) {
            return None;
        }
        Some(match self.column.data_type() {
            DataType::LargeUtf8 => self.column.as_string::<i64>().value(row),
            DataType::Utf8View => self.column.as_string_view().value(row),
            _ => self.column.as_string::<i32>().value(row),
        })
    }

    fn value(&self, row: usize) -> Result<&'a str, BatchError> {
        self.optional(row)
            .ok_or(BatchError::Value { name: self.name, row })
    }
}

/// A column of numbers.
struct Numbers<'a> {
    name: &'static str,
    column: &'a Int64Array,
}

impl Numbers<'_> {
    fn optional(&self, row: usize) -> Result<Option<u64>, BatchError> {
        if self.column.is_null(row) {
            return Ok(None);
        }
        let wrong = BatchError::Value { name: self.name, row };
        u64::try_from(self.column.value(row)).map(Some).map_err(|_| wrong)
    }

    fn value(&self, row: usize) -> Result<u64, BatchError> {
        self.optional(row)?
            .ok_or(BatchError::Value { name: self.name, row })
    }
}
