//! Writes a copy of an Arrow file or stream, batch by batch and value for value.

use std::{io::Write, sync::Arc};

use arrow_array::{
    Array, ArrayRef, BinaryArray, BinaryViewArray, FixedSizeListArray, GenericListArray, LargeBinaryArray,
    LargeStringArray, MapArray, OffsetSizeTrait, RecordBatch, StringArray, StringViewArray, StructArray,
    cast::AsArray,
};
use arrow_ipc::writer::{FileWriter, StreamWriter};
use arrow_schema::{ArrowError, DataType};
use cleanbill_core::{Text, text};

use super::{
    is_id, is_searched,
    messages::{Message, Messages},
    names, numbers,
};
use crate::{
    input::{ReadAt, Stream, count},
    limits::DEPTH,
    outcome::Tools,
    path::{self, Step},
};

/// Writes the copy; returns how many values were replaced.
pub(super) fn rewrite(
    bytes: &Arc<dyn ReadAt>,
    tools: &Tools,
    out: &mut (dyn Write + Send),
) -> Result<u64, Text> {
    let bad =
        |error: &dyn std::fmt::Display| text!("the copy cannot be written: {error}", "无法写入副本：{error}");
    let mut messages = Messages::open(Box::new(Stream::new(Arc::clone(bytes))))?;
    let schema = Arc::clone(&messages.schema);
    if !tools.in_names(names(&schema).into_iter()).is_empty() {
        return Err(text!(
            "a name of a column is found, which no copy can be written without",
            "某个列名中有发现，无法写出不含它的副本"
        ));
    }
    let mut writer = if messages.is_file {
        Writer::File(Box::new(
            FileWriter::try_new(out, &schema).map_err(|error| bad(&error))?,
        ))
    } else {
        Writer::Stream(Box::new(
            StreamWriter::try_new(out, &schema).map_err(|error| bad(&error))?,
        ))
    };
    let mut exchange = Exchange { tools, changed: 0 };
    loop {
        match messages.next() {
            Message::Batch(batch) => {
                let rows = exchange.batch(&batch.read()?).map_err(|error| bad(&error))?;
                match &mut writer {
                    Writer::File(writer) => writer.write(&rows),
                    Writer::Stream(writer) => writer.write(&rows),
                }
                .map_err(|error| bad(&error))?;
            }
            Message::Lost { reason, .. } | Message::Broken { reason, .. } => return Err(reason),
            Message::End => break,
        }
    }
    match &mut writer {
        Writer::File(writer) => writer.finish(),
        Writer::Stream(writer) => writer.finish(),
    }
    .map_err(|error| bad(&error))?;
    Ok(exchange.changed)
}

enum Writer<W: Write> {
    File(Box<FileWriter<W>>),
    Stream(Box<StreamWriter<W>>),
}

struct Exchange<'t> {
    tools: &'t Tools,
    changed: u64,
}

impl Exchange<'_> {
    fn batch(&mut self, rows: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let schema = rows.schema();
        let mut columns = Vec::new();
        for (field, column) in schema.fields().iter().zip(rows.columns()) {
            let mut steps = vec![Step::named(field.name())];
            columns.push(if is_id(field) {
                Arc::clone(column)
            } else {
                self.array(column, field.is_nullable(), &mut steps)?
            });
        }
        RecordBatch::try_new(Arc::clone(&schema), columns)
    }

    fn array<'a>(
        &mut self,
        array: &'a ArrayRef,
        takes_null: bool,
        steps: &mut Vec<Step<'a>>,
    ) -> Result<ArrayRef, ArrowError> {
        if !is_searched(array.data_type(), 0) || steps.len() > DEPTH {
            return Ok(Arc::clone(array));
        }
        Ok(match array.data_type() {
            DataType::Utf8 => {
                let texts = array.as_string::<i32>().iter();
                Arc::new(texts.map(|text| self.text(text, steps)).collect::<StringArray>())
            }
            DataType::LargeUtf8 => {
                let texts = array.as_string::<i64>().iter();
                Arc::new(
                    texts
                        .map(|text| self.text(text, steps))
                        .collect::<LargeStringArray>(),
                )
            }
            DataType::Utf8View => {
                let texts = array.as_string_view().iter();
                Arc::new(
                    texts
                        .map(|text| self.text(text, steps))
                        .collect::<StringViewArray>(),
                )
            }
            DataType::Binary => {
                let values = array.as_binary::<i32>().iter();
                Arc::new(
                    values
                        .map(|value| self.value(value, steps))
                        .collect::<BinaryArray>(),
                )
            }
            DataType::LargeBinary => {
                let values = array.as_binary::<i64>().iter();
                Arc::new(
                    values
                        .map(|value| self.value(value, steps))
                        .collect::<LargeBinaryArray>(),
                )
            }
            DataType::BinaryView => {
                let values = array.as_binary_view().iter();
                Arc::new(
                    values
                        .map(|value| self.value(value, steps))
                        .collect::<BinaryViewArray>(),
                )
            }
            DataType::Dictionary(_, _) => {
                let dictionary = array.as_any_dictionary();
                dictionary.with_values(self.array(dictionary.values(), takes_null, steps)?)
            }
            DataType::Struct(fields) => {
                let parts = array.as_struct();
                let mut columns = Vec::new();
                for (field, column) in fields.iter().zip(parts.columns()) {
                    steps.push(Step::named(field.name()));
                    columns.push(self.array(column, field.is_nullable(), steps)?);
                    steps.pop();
                }
                Arc::new(StructArray::try_new(
                    fields.clone(),
                    columns,
                    parts.nulls().cloned(),
                )?)
            }
            DataType::List(_) => self.list(array.as_list::<i32>(), steps)?,
            DataType::LargeList(_) => self.list(array.as_list::<i64>(), steps)?,
            DataType::FixedSizeList(field, length) => {
                let list = array.as_fixed_size_list();
                steps.push(Step::Index(0));
                let values = self.array(list.values(), field.is_nullable(), steps)?;
                steps.pop();
                let nulls = list.nulls().cloned();
                Arc::new(FixedSizeListArray::try_new(
                    Arc::clone(field),
                    *length,
                    values,
                    nulls,
                )?)
            }
            DataType::Map(field, sorted) => {
                let map = array.as_map();
                steps.push(Step::Index(0));
                let mut columns = Vec::new();
                let values = match map.entries().fields().iter().nth(1) {
                    Some(field) => field.is_nullable(),
                    None => false,
                };
                for (name, column, takes_null) in
                    [("key", map.keys(), false), ("value", map.values(), values)]
                {
                    steps.push(Step::named(name));
                    columns.push(self.array(column, takes_null, steps)?);
                    steps.pop();
                }
                steps.pop();
                let entries = map.entries();
                let entries =
                    StructArray::try_new(entries.fields().clone(), columns, entries.nulls().cloned())?;
                let (offsets, nulls) = (map.offsets().clone(), map.nulls().cloned());
                Arc::new(MapArray::try_new(
                    Arc::clone(field),
                    offsets,
                    entries,
                    nulls,
                    *sorted,
                )?)
            }
            kind if numbers::form(kind).is_some() || matches!(kind, DataType::FixedSizeBinary(_)) => {
                let tools = self.tools;
                if tools.columns.is_some() && !tools.is_wanted(&path::render(steps)) {
                    return Ok(Arc::clone(array));
                }
                let mut exchange = |text: &[u8]| {
                    let hits = tools.hits(text, path::name(steps));
                    let exchanged = tools.exchange(&hits, text)?;
                    self.changed = self.changed.saturating_add(count(hits.len()));
                    Some(exchanged)
                };
                numbers::rebuilt(array, takes_null, tools.least(), &mut exchange)?
            }
            other => {
                return Err(ArrowError::NotYetImplemented(format!(
                    "a copy of a column of type {other}"
                )));
            }
        })
    }

    fn list<'a, O: OffsetSizeTrait>(
        &mut self,
        list: &'a GenericListArray<O>,
        steps: &mut Vec<Step<'a>>,
    ) -> Result<ArrayRef, ArrowError> {
        let (DataType::List(field) | DataType::LargeList(field)) = list.data_type() else {
            return Err(ArrowError::SchemaError("a list without a type".to_owned()));
        };
        steps.push(Step::Index(0));
        let values = self.array(list.values(), field.is_nullable(), steps)?;
        steps.pop();
        let (offsets, nulls) = (list.offsets().clone(), list.nulls().cloned());
        Ok(Arc::new(GenericListArray::try_new(
            Arc::clone(field),
            offsets,
            values,
            nulls,
        )?))
    }

    fn text(&mut self, text: Option<&str>, steps: &[Step<'_>]) -> Option<String> {
        let value = self.value(text.map(str::as_bytes), steps)?;
        Some(String::from_utf8_lossy(&value).into_owned())
    }

    /// Replaces what is found in a value.
    fn value(&mut self, value: Option<&[u8]>, steps: &[Step<'_>]) -> Option<Vec<u8>> {
        let value = value?;
        let wanted = self.tools.columns.is_none() || self.tools.is_wanted(&path::render(steps));
        if !wanted || std::str::from_utf8(value).is_err() {
            return Some(value.to_vec());
        }
        let hits = self.tools.hits(value, path::name(steps));
        let Some(exchanged) = self.tools.exchange(&hits, value) else {
            return Some(value.to_vec());
        };
        self.changed = self.changed.saturating_add(count(hits.len()));
        Some(exchanged.text)
    }
}
