//! Initialisers of ONNX models, inside and in files beside them.

use std::sync::Arc;

use cleanbill_core::text;
use cleanbill_formats::{
    FormatView,
    bytes::{Cursor, ReadAt, ReadError, SourceError, size_u64},
    onnx::{self, External, Stored},
};

use super::{Listing, Opened, doubts, in_a_row, product};
use crate::{
    element::Element,
    tensor::{Storage, Tensor},
};

/// LIMIT: elements of a list of numbers of variable length that are unpacked into memory; libraries store large tensors as bytes.
const UNPACKED: u64 = 4 << 20;
/// LIMIT: bytes of all such lists of a model.
const ALL_UNPACKED: u64 = 32 << 20;

pub(super) fn model(opened: &Opened<'_>) -> Result<Listing, SourceError> {
    let view = onnx::parse(&opened.input())?;
    let mut listing = Listing::default();
    doubts(&mut listing, opened, view.anomalies(), &view.violations);
    let mut left = ALL_UNPACKED;
    for tensor in &view.tensors {
        let element = element(tensor.data_type);
        let elements = product(&tensor.dimensions);
        let storage = match &tensor.stored {
            Stored::Raw(range) => in_a_row(opened.source, range.clone(), element, elements, false),
            Stored::Packed { field, range } => match element.zip(elements) {
                Some((element, elements)) => {
                    packed(opened, element, elements, *field, range.clone(), &mut left)?
                }
                None => unknown(),
            },
            Stored::External(index) => match view.externals.get(*index) {
                Some(external) => beside(opened, external, element, elements),
                None => unknown(),
            },
            Stored::Nowhere if elements == Some(0) => in_a_row(opened.source, 0..0, element, elements, false),
            Stored::Nowhere => {
                Storage::Unreadable(text!("it has a shape and no elements", "它有形状但没有元素"))
            }
        };
        listing.tensors.push(Tensor {
            name: tensor.name.clone(),
            element,
            dtype: format!("onnx {}", tensor.data_type),
            shape: tensor.dimensions.clone(),
            file: opened.file,
            storage,
        });
    }
    if size_u64(view.tensors.len()) < view.tensor_count {
        let (kept, all) = (view.tensors.len(), view.tensor_count);
        listing.problems.push(opened.problem(
            None,
            text!(
                "only {kept} of {all} tensors are listed",
                "{all} 个张量中只列出了 {kept} 个"
            ),
        ));
    }
    listing.metadata = view
        .metadata
        .iter()
        .map(|(key, value, _)| (key.clone(), value.clone()))
        .collect();
    Ok(listing)
}

fn unknown() -> Storage {
    Storage::Unreadable(text!("values of this type are not known", "不了解此类型的数值"))
}

/// Knows the types of `TensorProto.DataType` whose elements take whole bytes.
fn element(data_type: u64) -> Option<Element> {
    Some(match data_type {
        1 => Element::F32,
        2 => Element::U8,
        3 => Element::I8,
        4 => Element::U16,
        5 => Element::I16,
        6 => Element::I32,
        7 => Element::I64,
        9 => Element::Bool,
        10 => Element::F16,
        11 => Element::F64,
        12 => Element::U32,
        13 => Element::U64,
        14 => Element::C64,
        15 => Element::C128,
        16 => Element::Bf16,
        17 => Element::F8E4m3,
        18 => Element::F8E4m3Fnuz,
        19 => Element::F8E5m2,
        20 => Element::F8E5m2Fnuz,
        24 => Element::F8E8m0,
        _ => return None,
    })
}

/// Finds the bytes in the file beside the model.
fn beside(
    opened: &Opened<'_>,
    external: &External,
    element: Option<Element>,
    elements: Option<u64>,
) -> Storage {
    let location = external.values("location").last().unwrap_or_default();
    let steps_out = location.starts_with('/')
        || location.contains('\\')
        || location.contains(':')
        || location.split('/').any(|part| part == "..");
    if steps_out {
        return Storage::Unreadable(text!(
            "its bytes are said to stand outside the folder, in `{location}`",
            "其字节据称位于文件夹之外：`{location}`"
        ));
    }
    let location = location.trim_start_matches("./");
    let Some(source) = (opened.beside)(location) else {
        return Storage::Unreadable(text!(
            "its bytes stand in `{location}`, which is not there",
            "其字节位于 `{location}`，但该文件不存在"
        ));
    };
    let number = |key: &str| match external.values(key).last() {
        Some(value) => value.trim().parse::<u64>().ok(),
        None => Some(0),
    };
    let (Some(offset), Some(length)) = (number("offset"), number("length")) else {
        return Storage::Unreadable(text!(
            "where its bytes stand is not a number",
            "其字节位置不是数字"
        ));
    };
    let wanted = element
        .zip(elements)
        .and_then(|(element, elements)| element.bytes(elements));
    let length = if length == 0 { wanted.unwrap_or(0) } else { length };
    match offset.checked_add(length) {
        Some(end) => in_a_row(&source, offset..end, element, elements, false),
        None => Storage::Unreadable(text!("its shape overflows", "其形状溢出")),
    }
}

/// Takes a packed list: fixed widths as they stand, numbers of variable length by unpacking them.
fn packed(
    opened: &Opened<'_>,
    element: Element,
    elements: u64,
    field: u64,
    range: std::ops::Range<u64>,
    left: &mut u64,
) -> Result<Storage, SourceError> {
    // Floats, doubles; complex numbers stand as pairs of them.
    if matches!(
        (field, element),
        (4, Element::F32 | Element::C64) | (10, Element::F64 | Element::C128)
    ) {
        return Ok(in_a_row(
            opened.source,
            range,
            Some(element),
            Some(elements),
            false,
        ));
    }
    let width = element.block().1;
    let bytes = elements.saturating_mul(width);
    if elements > UNPACKED || bytes > *left {
        return Ok(Storage::Unreadable(text!(
            "it is a long list of numbers of variable length, which is not unpacked",
            "它是很长的变长数字列表，不予展开"
        )));
    }
    let mut out: Vec<u8> = Vec::new();
    let mut cursor = Cursor::new(opened.source.as_ref(), range.clone());
    let mut count = 0_u64;
    while cursor.position() < range.end && count < elements {
        let value = match varint(&mut cursor) {
            Ok(value) => value,
            Err(ReadError::Source(error)) => return Err(error),
            Err(_) => break,
        };
        let wide = value.to_le_bytes();
        let kept = usize::try_from(width).unwrap_or(8).min(8);
        out.extend(wide.get(..kept).unwrap_or_default());
        count = count.saturating_add(1);
    }
    if count < elements || cursor.position() < range.end {
        return Ok(Storage::Unreadable(text!(
            "it has more or fewer elements than its shape asks for",
            "其元素数量与形状所要求的不符"
        )));
    }
    *left = left.saturating_sub(bytes);
    let source: Arc<dyn ReadAt> = Arc::new(out);
    let end = source.size();
    Ok(in_a_row(&source, 0..end, Some(element), Some(elements), false))
}

fn varint(cursor: &mut Cursor<'_>) -> Result<u64, ReadError> {
    let mut value = 0_u64;
    for shift in (0..70).step_by(7) {
        let byte = cursor.u8()?;
        value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
        if byte & 0x80 == 0 {
            break;
        }
    }
    Ok(value)
}
