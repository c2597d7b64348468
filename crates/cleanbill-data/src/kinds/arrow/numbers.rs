//! Numbers, days and points in time of Arrow arrays as the texts that are searched, and arrays of them without what was found.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, FixedSizeBinaryArray, PrimitiveArray,
    cast::AsArray,
    types::{
        Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, Float32Type,
        Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
        TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
        UInt32Type, UInt64Type,
    },
};
use arrow_buffer::i256;
use arrow_schema::{ArrowError, DataType, TimeUnit};
use cleanbill_core::leak::Replacement;

use crate::{
    number::{Form, Raw},
    outcome::Exchanged,
};

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// Returns what the numbers of a type mean. Short floats hold no number that is searched, times of day and spans are none.
pub(super) fn form(kind: &DataType) -> Option<Form> {
    Some(match kind {
        DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32
        | DataType::UInt64 => Form::Whole,
        DataType::Float32 | DataType::Float64 => Form::Float,
        DataType::Decimal32(_, scale)
        | DataType::Decimal64(_, scale)
        | DataType::Decimal128(_, scale)
        | DataType::Decimal256(_, scale) => Form::Decimal((*scale).into()),
        DataType::Date32 => Form::Day(1),
        DataType::Date64 => Form::Day(DAY),
        DataType::Timestamp(unit, _) => Form::Time(match unit {
            TimeUnit::Second => 1,
            TimeUnit::Millisecond => 1_000,
            TimeUnit::Microsecond => 1_000_000,
            TimeUnit::Nanosecond => 1_000_000_000,
        }),
        _ => return None,
    })
}

/// A number of a type.
trait Number: Sized + Copy {
    fn raw(self) -> Option<Raw>;
    fn of(raw: Raw) -> Option<Self>;
}

macro_rules! whole_numbers {
    ($($type:ty),*) => {$(
        impl Number for $type {
            fn raw(self) -> Option<Raw> {
                Some(Raw::Whole(self.into()))
            }

            fn of(raw: Raw) -> Option<Self> {
                match raw {
                    Raw::Whole(value) => value.try_into().ok(),
                    Raw::Float(_) => None,
                }
            }
        }
    )*};
}

whole_numbers!(i8, i16, i32, i64, i128, u8, u16, u32, u64);

impl Number for i256 {
    fn raw(self) -> Option<Raw> {
        self.to_i128().map(Raw::Whole)
    }

    fn of(raw: Raw) -> Option<Self> {
        match raw {
            Raw::Whole(value) => Some(Self::from_i128(value)),
            Raw::Float(_) => None,
        }
    }
}

impl Number for f64 {
    fn raw(self) -> Option<Raw> {
        Some(Raw::Float(self))
    }

    fn of(raw: Raw) -> Option<Self> {
        match raw {
            Raw::Float(value) => Some(value),
            Raw::Whole(value) => (value == 0).then_some(0.0),
        }
    }
}

impl Number for f32 {
    fn raw(self) -> Option<Raw> {
        Some(Raw::Float(self.into()))
    }

    fn of(raw: Raw) -> Option<Self> {
        // Few numbers of the length of what is found fit.
        (raw == Raw::Whole(0)).then_some(0.0)
    }
}

/// Does the same for every type of numbers.
macro_rules! with_numbers {
    ($kind:expr, $type:ident => $work:expr, else $other:expr) => {
        with_numbers!(@ $kind, $type, $work, $other,
            DataType::Int8 => Int8Type, DataType::Int16 => Int16Type, DataType::Int32 => Int32Type,
            DataType::Int64 => Int64Type, DataType::UInt8 => UInt8Type, DataType::UInt16 => UInt16Type,
            DataType::UInt32 => UInt32Type, DataType::UInt64 => UInt64Type,
            DataType::Float32 => Float32Type, DataType::Float64 => Float64Type,
            DataType::Decimal32(_, _) => Decimal32Type, DataType::Decimal64(_, _) => Decimal64Type,
            DataType::Decimal128(_, _) => Decimal128Type, DataType::Decimal256(_, _) => Decimal256Type,
            DataType::Date32 => Date32Type, DataType::Date64 => Date64Type,
            DataType::Timestamp(TimeUnit::Second, _) => TimestampSecondType,
            DataType::Timestamp(TimeUnit::Millisecond, _) => TimestampMillisecondType,
            DataType::Timestamp(TimeUnit::Microsecond, _) => TimestampMicrosecondType,
            DataType::Timestamp(TimeUnit::Nanosecond, _) => TimestampNanosecondType)
    };
    (@ $kind:expr, $type:ident, $work:expr, $other:expr, $($pattern:pat => $native:ty),*) => {
        match $kind {
            $($pattern => {
                type $type = $native;
                $work
            })*
            _ => $other,
        }
    };
}

/// Returns a number of an array.
pub(super) fn raw(array: &dyn Array, row: usize) -> Option<Raw> {
    with_numbers!(array.data_type(), Type => array.as_primitive::<Type>().value(row).raw(), else None)
}

/// Says what becomes of a number in a copy.
pub(super) fn replaced(kind: &DataType, exchanged: &Exchanged) -> Replacement {
    let raw = form(kind)
        .filter(|_| exchanged.keeps_form)
        .and_then(|form| form.read(&exchanged.text));
    let fits = raw.is_some_and(|raw| {
        with_numbers!(kind, Type => <Type as ArrowPrimitiveType>::Native::of(raw).is_some(), else false)
    });
    if fits {
        Replacement::Pseudonym
    } else {
        Replacement::Removed
    }
}

/// Makes an array in which what `exchange` replaces is another number, null, or what stands for nothing where the array takes no null.
pub(super) fn rebuilt(
    array: &ArrayRef,
    takes_null: bool,
    least: i128,
    exchange: &mut dyn FnMut(&[u8]) -> Option<Exchanged>,
) -> Result<ArrayRef, ArrowError> {
    if let DataType::FixedSizeBinary(length) = array.data_type() {
        return fixed(array, *length, takes_null, exchange);
    }
    with_numbers!(
        array.data_type(),
        Type => Ok(primitive(array, array.as_primitive::<Type>(), takes_null, least, exchange)),
        else Ok(Arc::clone(array))
    )
}

fn primitive<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    numbers: &PrimitiveArray<T>,
    takes_null: bool,
    least: i128,
    exchange: &mut dyn FnMut(&[u8]) -> Option<Exchanged>,
) -> ArrayRef
where
    T::Native: Number,
{
    let Some(form) = form(array.data_type()) else {
        return Arc::clone(array);
    };
    let mut changed = false;
    let mut shown = Vec::new();
    let mut one = |value: T::Native| {
        let raw = value.raw().filter(|raw| form.show(*raw, least, &mut shown));
        let Some(exchanged) = raw.and_then(|_| exchange(&shown)) else {
            return Some(value);
        };
        changed = true;
        let other = form
            .read(&exchanged.text)
            .filter(|_| exchanged.keeps_form)
            .and_then(T::Native::of);
        if takes_null {
            other
        } else {
            other.or_else(|| T::Native::of(form.nothing()))
        }
    };
    let all: PrimitiveArray<T> = numbers.iter().map(|value| value.and_then(&mut one)).collect();
    if changed {
        Arc::new(all.with_data_type(array.data_type().clone()))
    } else {
        Arc::clone(array)
    }
}

fn fixed(
    array: &ArrayRef,
    length: i32,
    takes_null: bool,
    exchange: &mut dyn FnMut(&[u8]) -> Option<Exchanged>,
) -> Result<ArrayRef, ArrowError> {
    let mut changed = false;
    let zeros = vec![0_u8; usize::try_from(length).unwrap_or(0)];
    let values = array.as_fixed_size_binary();
    let mut one = |value: Option<&[u8]>| {
        let value = value?;
        let is_text = std::str::from_utf8(value).is_ok();
        if !is_text || exchange(value).is_none() {
            return Some(value.to_vec());
        }
        changed = true;
        (!takes_null).then(|| zeros.clone())
    };
    let all: Vec<Option<Vec<u8>>> = values.iter().map(&mut one).collect();
    if !changed {
        return Ok(Arc::clone(array));
    }
    let all = FixedSizeBinaryArray::try_from_sparse_iter_with_size(all.into_iter(), length)?;
    Ok(Arc::new(all))
}
