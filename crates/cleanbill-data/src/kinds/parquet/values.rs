//! Values of columns, whatever their type, as the texts that are searched.

use std::panic::{AssertUnwindSafe, catch_unwind};

use cleanbill_core::leak::Replacement;
use parquet::{
    basic::{ConvertedType, LogicalType, Repetition, TimeUnit, Type as Physical},
    column::reader::{ColumnReader, ColumnReaderImpl, get_typed_column_reader},
    data_type::{
        ByteArray, ByteArrayType, DataType, DoubleType, FixedLenByteArray, FixedLenByteArrayType, FloatType,
        Int32Type, Int64Type, Int96, Int96Type,
    },
    errors::ParquetError,
    schema::types::ColumnDescriptor,
};

use super::{File, pages::Budget};
use crate::{
    input::{count, size},
    number::{Form, Raw, big_endian, to_big_endian},
    outcome::{Exchanged, Tools},
};

/// Rows that are read at a time.
pub(super) const ROWS: usize = 256;
/// Number of the day 1970-01-01 in `INT96`, which counts Julian days.
const EPOCH: i128 = 2_440_588;
/// Nanoseconds of a day.
const DAY: i128 = 86_400_000_000_000;

/// What is searched in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// Text, or bytes that may be text.
    Text {
        /// It says that it is UTF-8.
        says: bool,
    },
    /// Bytes of a fixed number that may be text.
    Fixed,
    Number {
        form: Form,
        /// Its integers have no sign.
        unsigned: bool,
    },
}

impl Sort {
    /// Tells it by the type; nothing where a value is none that is searched: truths, times of day, ids of 128 bits, short floats.
    pub(super) fn of(column: &ColumnDescriptor) -> Option<Self> {
        let (converted, logical) = (column.converted_type(), column.logical_type_ref());
        let number = |form, unsigned| Some(Self::Number { form, unsigned });
        if converted == ConvertedType::DECIMAL {
            return number(Form::Decimal(column.type_scale()), false);
        }
        match column.physical_type() {
            Physical::BOOLEAN => None,
            Physical::INT32 => match converted {
                ConvertedType::DATE => number(Form::Day(1), false),
                ConvertedType::TIME_MILLIS => None,
                ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 => {
                    number(Form::Whole, true)
                }
                _ => number(Form::Whole, false),
            },
            Physical::INT64 => match (converted, logical) {
                (ConvertedType::TIMESTAMP_MILLIS, _) => number(Form::Time(1_000), false),
                (ConvertedType::TIMESTAMP_MICROS, _) => number(Form::Time(1_000_000), false),
                (_, Some(LogicalType::Timestamp(kind))) => {
                    let parts = match kind.unit {
                        TimeUnit::MILLIS => 1_000,
                        TimeUnit::MICROS => 1_000_000,
                        TimeUnit::NANOS => 1_000_000_000,
                    };
                    number(Form::Time(parts), false)
                }
                (ConvertedType::TIME_MICROS, _) | (_, Some(LogicalType::Time(_))) => None,
                _ => number(Form::Whole, converted == ConvertedType::UINT_64),
            },
            Physical::INT96 => number(Form::Time(1_000_000_000), false),
            Physical::FLOAT | Physical::DOUBLE => number(Form::Float, false),
            Physical::BYTE_ARRAY => Some(Self::Text {
                says: matches!(
                    converted,
                    ConvertedType::UTF8 | ConvertedType::JSON | ConvertedType::ENUM
                ),
            }),
            Physical::FIXED_LEN_BYTE_ARRAY => match (converted, logical) {
                (ConvertedType::INTERVAL, _) | (_, Some(LogicalType::Uuid | LogicalType::Float16)) => None,
                _ => Some(Self::Fixed),
            },
        }
    }

    /// Says whether a value that is found cannot give way to any text.
    pub(super) const fn takes_no_text(self) -> bool {
        !matches!(self, Self::Text { .. })
    }

    fn text<'a, V: Stored>(self, value: &'a V, least: i128, shown: &'a mut Vec<u8>) -> Option<&'a [u8]> {
        match self {
            Self::Text { .. } | Self::Fixed => value.bytes(),
            Self::Number { form, unsigned } => {
                let raw = value.raw(unsigned)?;
                form.show(raw, least, shown).then_some(&**shown)
            }
        }
    }

    /// Returns what takes the place of a value; nothing where none of its type does.
    fn exchanged<V: Stored>(self, exchanged: &Exchanged, length: usize) -> Option<V> {
        match self {
            Self::Text { .. } => V::of_bytes(&exchanged.text),
            Self::Fixed => V::of_bytes(&exchanged.text).filter(|_| exchanged.text.len() == length),
            Self::Number { form, .. } if exchanged.keeps_form => {
                let raw = form.read(&exchanged.text)?;
                V::of(raw, length)
            }
            Self::Number { .. } => None,
        }
    }
}

/// A value as it is stored.
trait Stored: Sized + Clone {
    fn raw(&self, unsigned: bool) -> Option<Raw>;
    /// Makes it of a number, in so many bytes where the type has no size of its own.
    fn of(raw: Raw, length: usize) -> Option<Self>;

    fn bytes(&self) -> Option<&[u8]> {
        None
    }

    fn of_bytes(_: &[u8]) -> Option<Self> {
        None
    }
}

macro_rules! whole {
    ($($type:ty),*) => {$(
        impl Stored for $type {
            fn raw(&self, unsigned: bool) -> Option<Raw> {
                Some(Raw::Whole(if unsigned {
                    self.cast_unsigned().into()
                } else {
                    (*self).into()
                }))
            }

            fn of(raw: Raw, _: usize) -> Option<Self> {
                match raw {
                    Raw::Whole(value) => value.try_into().ok(),
                    Raw::Float(_) => None,
                }
            }
        }
    )*};
}

whole!(i32, i64);

impl Stored for Int96 {
    fn raw(&self, _: bool) -> Option<Raw> {
        let [low, high, day] = self.data() else {
            return None;
        };
        let parts = i128::from(*high) << 32 | i128::from(*low);
        let days = i128::from(*day).saturating_sub(EPOCH);
        Some(Raw::Whole(days.saturating_mul(DAY).saturating_add(parts)))
    }

    fn of(raw: Raw, _: usize) -> Option<Self> {
        let Raw::Whole(value) = raw else { return None };
        let day = u32::try_from(value.div_euclid(DAY).saturating_add(EPOCH)).ok()?;
        let parts = u64::try_from(value.rem_euclid(DAY)).ok()?;
        let (high, low) = (
            u32::try_from(parts >> 32).ok()?,
            u32::try_from(parts & 0xffff_ffff).ok()?,
        );
        Some(Self::from(vec![low, high, day]))
    }
}

impl Stored for f32 {
    fn raw(&self, _: bool) -> Option<Raw> {
        Some(Raw::Float((*self).into()))
    }

    fn of(raw: Raw, _: usize) -> Option<Self> {
        // Few numbers of the length of what is found fit.
        (raw == Raw::Whole(0)).then_some(0.0)
    }
}

impl Stored for f64 {
    fn raw(&self, _: bool) -> Option<Raw> {
        Some(Raw::Float(*self))
    }

    fn of(raw: Raw, _: usize) -> Option<Self> {
        match raw {
            Raw::Float(value) => Some(value),
            Raw::Whole(value) => (value == 0).then_some(0.0),
        }
    }
}

impl Stored for ByteArray {
    fn raw(&self, _: bool) -> Option<Raw> {
        big_endian(self.data()).map(Raw::Whole)
    }

    fn of(raw: Raw, _: usize) -> Option<Self> {
        match raw {
            Raw::Whole(value) => to_big_endian(value, 16).map(Self::from),
            Raw::Float(_) => None,
        }
    }

    fn bytes(&self) -> Option<&[u8]> {
        Some(self.data())
    }

    fn of_bytes(bytes: &[u8]) -> Option<Self> {
        Some(bytes.to_vec().into())
    }
}

impl Stored for FixedLenByteArray {
    fn raw(&self, _: bool) -> Option<Raw> {
        big_endian(self.data()).map(Raw::Whole)
    }

    fn of(raw: Raw, length: usize) -> Option<Self> {
        match raw {
            Raw::Whole(value) => to_big_endian(value, length).map(Self::from),
            Raw::Float(_) => None,
        }
    }

    fn bytes(&self) -> Option<&[u8]> {
        Some(self.data())
    }

    fn of_bytes(bytes: &[u8]) -> Option<Self> {
        Some(bytes.to_vec().into())
    }
}

/// A value of a column.
pub(super) struct Value<'a> {
    pub(super) record: u64,
    pub(super) places: &'a [u64],
    /// Its text.
    pub(super) bytes: &'a [u8],
}

/// What one read of a column gives.
pub(super) struct Batch<T: DataType> {
    pub(super) values: Vec<T::T>,
    pub(super) defined: Vec<i16>,
    pub(super) repeated: Vec<i16>,
}

impl<T: DataType> Default for Batch<T> {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            defined: Vec::new(),
            repeated: Vec::new(),
        }
    }
}

impl<T: DataType> Batch<T> {
    /// Reads some rows; returns how many there were, and how many levels they have.
    pub(super) fn read(
        &mut self,
        reader: &mut ColumnReaderImpl<T>,
        (deepest, lists): (i16, usize),
        rows: usize,
    ) -> Result<(usize, usize), ParquetError> {
        self.values.clear();
        self.defined.clear();
        self.repeated.clear();
        let defined = (deepest > 0).then_some(&mut self.defined);
        let repeated = (lists > 0).then_some(&mut self.repeated);
        // The decoder takes for granted what a hostile file does not keep, such as a dictionary before its numbers.
        let values = &mut self.values;
        let read = AssertUnwindSafe(|| reader.read_records(rows, defined, repeated, values));
        let broken = || ParquetError::General("its pages contradict each other".to_owned());
        let (records, _, levels) = catch_unwind(read).unwrap_or_else(|_| Err(broken()))?;
        Ok((records, levels))
    }
}

/// A column that is read.
struct Column<'a> {
    sort: Sort,
    descriptor: &'a ColumnDescriptor,
    budget: Budget,
    rows: u64,
}

impl Column<'_> {
    fn levels(&self) -> (i16, usize) {
        let lists = u64::try_from(self.descriptor.max_rep_level()).unwrap_or(0);
        (self.descriptor.max_def_level(), size(lists))
    }
}

/// Does the same with the reader of a column, whatever its type.
macro_rules! with_reader {
    ($reader:expr, $typed:ident : $type:ident => $work:expr) => {
        match $reader {
            ColumnReader::ByteArrayColumnReader($typed) => {
                type $type = ByteArrayType;
                $work
            }
            ColumnReader::Int32ColumnReader($typed) => {
                type $type = Int32Type;
                $work
            }
            reader @ ColumnReader::Int64ColumnReader(_) => {
                type $type = Int64Type;
                let $typed = get_typed_column_reader::<Int64Type>(reader);
                $work
            }
            ColumnReader::Int96ColumnReader($typed) => {
                type $type = Int96Type;
                $work
            }
            ColumnReader::FloatColumnReader($typed) => {
                type $type = FloatType;
                $work
            }
            ColumnReader::DoubleColumnReader($typed) => {
                type $type = DoubleType;
                $work
            }
            ColumnReader::FixedLenByteArrayColumnReader($typed) => {
                type $type = FixedLenByteArrayType;
                $work
            }
            ColumnReader::BoolColumnReader(_) => Ok(Default::default()),
        }
    };
}

/// Reads a column value by value.
pub(super) fn values(
    file: &File,
    (group, leaf): (usize, usize),
    least: i128,
    reached: &mut u64,
    mut each: impl FnMut(&Value<'_>),
) -> Result<(), ParquetError> {
    let (reader, budget) = file.column(group, leaf)?;
    let descriptor = file.chunk(group, leaf)?.column_descr_ptr();
    let Some(sort) = Sort::of(&descriptor) else {
        return Ok(());
    };
    let column = Column {
        sort,
        descriptor: &descriptor,
        budget,
        rows: file.rows(group),
    };
    with_reader!(reader, typed: Kind => read::<Kind>(typed, &column, least, reached, &mut each))
}

fn read<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    column: &Column<'_>,
    least: i128,
    reached: &mut u64,
    each: &mut impl FnMut(&Value<'_>),
) -> Result<(), ParquetError>
where
    T::T: Stored,
{
    let (deepest, lists) = column.levels();
    let mut places = vec![0_u64; lists];
    let mut batch = Batch::<T>::default();
    let mut shown = Vec::new();
    *reached = 0;
    let mut record = 0_u64;
    while *reached < column.rows {
        column.budget.renew();
        let (records, levels) = batch.read(&mut reader, (deepest, lists), ROWS)?;
        if records == 0 {
            return Err(short());
        }
        let mut values = batch.values.iter();
        for level in 0..levels {
            match batch.repeated.get(level).copied().filter(|_| lists > 0) {
                Some(depth) if depth > 0 => {
                    let depth = size(u64::try_from(depth).unwrap_or(0));
                    if let Some(place) = places.get_mut(depth.saturating_sub(1)) {
                        *place = place.saturating_add(1);
                    }
                    places.iter_mut().skip(depth).for_each(|place| *place = 0);
                }
                _ => {
                    places.fill(0);
                    record = record.saturating_add(1);
                }
            }
            let present = deepest == 0 || batch.defined.get(level) == Some(&deepest);
            if present
                && let Some(value) = values.next()
                && let Some(bytes) = column.sort.text(value, least, &mut shown)
            {
                each(&Value {
                    record: record.saturating_sub(1),
                    places: &places,
                    bytes,
                });
            }
        }
        *reached = reached.saturating_add(count(records));
    }
    Ok(())
}

fn short() -> ParquetError {
    ParquetError::General("a column ends before its row group does".to_owned())
}

/// Writes a column anew with what is found in it replaced; returns how much that was.
pub(super) fn exchange(
    file: &File,
    tools: &Tools,
    (group, leaf): (usize, usize),
    name: Option<&[u8]>,
    writer: &mut parquet::file::writer::SerializedColumnWriter<'_>,
) -> Result<u64, ParquetError> {
    let (reader, budget) = file.column(group, leaf)?;
    let descriptor = file.chunk(group, leaf)?.column_descr_ptr();
    let Some(sort) = Sort::of(&descriptor) else {
        return Ok(0);
    };
    let column = Column {
        sort,
        descriptor: &descriptor,
        budget,
        rows: file.rows(group),
    };
    with_reader!(reader, typed: Kind => rewrite::<Kind>(typed, &column, tools, name, writer.typed::<Kind>()))
}

fn rewrite<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    column: &Column<'_>,
    tools: &Tools,
    name: Option<&[u8]>,
    writer: &mut parquet::column::writer::ColumnWriterImpl<'_, T>,
) -> Result<u64, ParquetError>
where
    T::T: Stored,
{
    let (deepest, lists) = column.levels();
    let length = usize::try_from(column.descriptor.type_length()).unwrap_or(0);
    let own = column.descriptor.self_type().get_basic_info();
    let takes_null = own.has_repetition() && own.repetition() == Repetition::OPTIONAL;
    let mut batch = Batch::<T>::default();
    let mut shown = Vec::new();
    let (mut changed, mut reached) = (0_u64, 0);
    while reached < column.rows {
        column.budget.renew();
        let (records, levels) = batch.read(&mut reader, (deepest, lists), ROWS)?;
        if records == 0 {
            return Err(short());
        }
        batch.defined.truncate(levels);
        batch.repeated.truncate(levels);
        let mut values = std::mem::take(&mut batch.values).into_iter();
        let mut kept = Vec::with_capacity(values.len());
        for level in 0..levels {
            if deepest > 0 && batch.defined.get(level) != Some(&deepest) {
                continue;
            }
            let Some(value) = values.next() else { break };
            let Some(text) = column.sort.text(&value, tools.least(), &mut shown) else {
                kept.push(value);
                continue;
            };
            let hits = tools.hits(text, name);
            let Some(exchanged) = tools.exchange(&hits, text) else {
                kept.push(value);
                continue;
            };
            changed = changed.saturating_add(count(hits.len()));
            match column.sort.exchanged(&exchanged, length) {
                Some(value) => kept.push(value),
                None if takes_null => {
                    if let Some(level) = batch.defined.get_mut(level) {
                        *level = level.saturating_sub(1);
                    }
                }
                None => kept.push(nothing::<T::T>(column.sort, length)?),
            }
        }
        let defined = (deepest > 0).then_some(batch.defined.as_slice());
        let repeated = (lists > 0).then_some(batch.repeated.as_slice());
        writer.write_batch(&kept, defined, repeated)?;
        reached = reached.saturating_add(count(records));
    }
    Ok(changed)
}

/// Returns what stands for nothing in a column that takes no null.
fn nothing<V: Stored>(sort: Sort, length: usize) -> Result<V, ParquetError> {
    let none = match sort {
        Sort::Number { form, .. } => V::of(form.nothing(), length),
        Sort::Text { .. } | Sort::Fixed => V::of_bytes(&vec![0; length]),
    };
    none.ok_or_else(|| ParquetError::General("a type without a zero".to_owned()))
}

/// Says what becomes of a value that is found in a copy.
pub(super) fn replaced(descriptor: &ColumnDescriptor, exchanged: Option<&Exchanged>) -> Option<Replacement> {
    let (sort, exchanged) = (Sort::of(descriptor)?, exchanged?);
    if !sort.takes_no_text() {
        return None;
    }
    let length = usize::try_from(descriptor.type_length()).unwrap_or(0);
    let stays = match descriptor.physical_type() {
        Physical::INT32 => sort.exchanged::<i32>(exchanged, length).is_some(),
        Physical::INT64 => sort.exchanged::<i64>(exchanged, length).is_some(),
        Physical::DOUBLE => sort.exchanged::<f64>(exchanged, length).is_some(),
        Physical::FLOAT => sort.exchanged::<f32>(exchanged, length).is_some(),
        Physical::INT96 => false,
        _ => sort.exchanged::<FixedLenByteArray>(exchanged, length).is_some(),
    };
    Some(match (stays, exchanged.keeps_form) {
        (false, _) => Replacement::Removed,
        (true, true) => Replacement::Pseudonym,
        (true, false) => Replacement::Placeholder,
    })
}
