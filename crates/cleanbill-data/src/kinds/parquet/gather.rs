//! Rows of Parquet, from several columns side by side.

use cleanbill_core::leak::LeakRecord;
use parquet::{
    basic::Type as Physical,
    column::reader::{ColumnReader, ColumnReaderImpl, get_typed_column_reader},
    data_type::{BoolType, ByteArrayType, DataType, DoubleType, FloatType, Int32Type, Int64Type},
    errors::ParquetError,
};

use super::{
    Batch, Budget, File,
    values::{ROWS, Sort},
};
use crate::{
    gather::{Collected, Gather, bare},
    input::{count, size},
    outcome::{Outcome, Tools},
    path,
};

/// Takes the rows of a row group.
pub(super) fn collect(tools: &Tools, file: &File, group: usize) -> Outcome {
    let rows = file.rows(group);
    let mut out = Outcome {
        records: rows,
        ..Outcome::default()
    };
    if let Some(gather) = &tools.gather {
        // What cannot be read was said when it was searched; rows that are missing are counted.
        let _ = read(tools, gather, file, group, &mut out);
    }
    out
}

fn read(
    tools: &Tools,
    gather: &Gather,
    file: &File,
    group: usize,
    out: &mut Outcome,
) -> Result<(), ParquetError> {
    let mut columns: Vec<Box<dyn Column>> = Vec::new();
    for (leaf, described) in file.leaves.iter().enumerate() {
        let is_read = matches!(described.sort, Some(Sort::Text { .. }))
            || matches!(
                file.chunk(group, leaf)?.column_descr().physical_type(),
                Physical::BOOLEAN | Physical::INT32 | Physical::INT64 | Physical::FLOAT | Physical::DOUBLE
            );
        if is_read && gather.wants(&bare(&path::render(&described.steps(&[])))) {
            columns.extend(open(file, group, leaf)?);
        }
    }
    let total = out.records;
    let mut first = 0_u64;
    while first < total && !gather.has_enough(first) {
        let number = size(total.saturating_sub(first)).min(ROWS);
        let mut rows: Vec<Collected> = Vec::new();
        rows.resize_with(number, Collected::default);
        for column in &mut columns {
            column.read(number, &mut |leaf, row, places, value| {
                if let (Some(described), Some(row)) = (file.leaves.get(leaf), rows.get_mut(row)) {
                    gather.note(row, &described.steps(places), value);
                }
            })?;
        }
        for (row, mut collected) in (first..).zip(rows) {
            let place = LeakRecord {
                index: row,
                ..LeakRecord::default()
            };
            gather.end(tools, &mut collected, &place, out);
        }
        first = first.saturating_add(count(number));
    }
    Ok(())
}

/// Takes the number of a column, that of a row, the places in its lists and the value.
type Each<'a> = dyn FnMut(usize, usize, &[u64], &[u8]) + 'a;

/// A column that is read some rows at a time.
trait Column {
    fn read(&mut self, rows: usize, each: &mut Each<'_>) -> Result<(), ParquetError>;
}

struct Typed<T: DataType> {
    reader: ColumnReaderImpl<T>,
    budget: Budget,
    batch: Batch<T>,
    leaf: usize,
    deepest: i16,
    lists: usize,
    shown: fn(&T::T) -> Vec<u8>,
}

fn open(file: &File, group: usize, leaf: usize) -> Result<Option<Box<dyn Column>>, ParquetError> {
    let (reader, budget) = file.column(group, leaf)?;
    let at = (file, group, leaf, budget);
    Ok(match reader {
        ColumnReader::ByteArrayColumnReader(reader) => {
            Some(typed::<ByteArrayType>(reader, at, |value| value.data().to_vec())?)
        }
        ColumnReader::BoolColumnReader(reader) => Some(typed::<BoolType>(reader, at, |value| {
            value.to_string().into_bytes()
        })?),
        ColumnReader::Int32ColumnReader(reader) => Some(typed::<Int32Type>(reader, at, |value| {
            value.to_string().into_bytes()
        })?),
        reader @ ColumnReader::Int64ColumnReader(_) => {
            let reader = get_typed_column_reader::<Int64Type>(reader);
            Some(typed::<Int64Type>(reader, at, |value| {
                value.to_string().into_bytes()
            })?)
        }
        ColumnReader::FloatColumnReader(reader) => Some(typed::<FloatType>(reader, at, |value| {
            value.to_string().into_bytes()
        })?),
        ColumnReader::DoubleColumnReader(reader) => Some(typed::<DoubleType>(reader, at, |value| {
            value.to_string().into_bytes()
        })?),
        _ => None,
    })
}

fn typed<T: DataType>(
    reader: ColumnReaderImpl<T>,
    (file, group, leaf, budget): (&File, usize, usize, Budget),
    shown: fn(&T::T) -> Vec<u8>,
) -> Result<Box<dyn Column>, ParquetError> {
    let descriptor = file.chunk(group, leaf)?.column_descr_ptr();
    Ok(Box::new(Typed {
        reader,
        budget,
        batch: Batch::default(),
        leaf,
        deepest: descriptor.max_def_level(),
        lists: size(u64::try_from(descriptor.max_rep_level()).unwrap_or(0)),
        shown,
    }))
}

impl<T: DataType> Column for Typed<T> {
    fn read(&mut self, rows: usize, each: &mut Each<'_>) -> Result<(), ParquetError> {
        let mut places = vec![0_u64; self.lists];
        let mut done = 0_usize;
        while done < rows {
            self.budget.renew();
            let wanted = rows.saturating_sub(done);
            let (records, levels) = self
                .batch
                .read(&mut self.reader, (self.deepest, self.lists), wanted)?;
            if records == 0 {
                return Err(ParquetError::General(
                    "a column ends before its row group does".to_owned(),
                ));
            }
            let mut values = self.batch.values.iter();
            let mut row = done;
            for level in 0..levels {
                match self.batch.repeated.get(level).copied().filter(|_| self.lists > 0) {
                    Some(depth) if depth > 0 => {
                        let depth = size(u64::try_from(depth).unwrap_or(0));
                        if let Some(place) = places.get_mut(depth.saturating_sub(1)) {
                            *place = place.saturating_add(1);
                        }
                        places.iter_mut().skip(depth).for_each(|place| *place = 0);
                    }
                    _ => {
                        places.fill(0);
                        row = row.saturating_add(1);
                    }
                }
                let present = self.deepest == 0 || self.batch.defined.get(level) == Some(&self.deepest);
                if present && let Some(value) = values.next() {
                    each(self.leaf, row.saturating_sub(1), &places, &(self.shown)(value));
                }
            }
            done = done.saturating_add(records);
        }
        Ok(())
    }
}
