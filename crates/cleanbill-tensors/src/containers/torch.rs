//! Checkpoints of PyTorch: a pickle that describes tensors, and storages that hold their bytes.

use std::{collections::HashMap, ops::Range, sync::Arc};

use cleanbill_core::{Text, text};
use cleanbill_formats::{
    FormatView, Payload,
    bytes::{ReadAt, Section, SourceError, read_range},
    pickle as format, torch_zip,
};

use super::{
    DECODED_BYTES, Listing, Opened, doubts, is_contiguous, open,
    pickle::{Described, Pickle, Stop},
    reach,
};
use crate::{
    element::Element,
    tensor::{Storage, Tensor},
};

/// Where a storage stands.
enum Held {
    There(Arc<dyn ReadAt>),
    Encoded {
        range: Range<u64>,
        codec: cleanbill_formats::codec::Codec,
        bytes: u64,
    },
    Missing(Text),
}

pub(super) fn zip(opened: &Opened<'_>) -> Result<Listing, SourceError> {
    let view = torch_zip::parse(&opened.input())?;
    let mut listing = Listing::default();
    doubts(&mut listing, opened, view.zip.anomalies(), &[]);
    let mut left = DECODED_BYTES;
    let mut pickle = None;
    let mut storages: HashMap<String, usize> = HashMap::new();
    for entry in &view.zip.entries {
        let Some(member) = entry.member else { continue };
        let name = entry.name_text();
        let inside = name
            .strip_prefix(view.prefix.as_str())
            .map_or(name.as_str(), |rest| rest.trim_start_matches('/'));
        if inside == "data.pkl" {
            pickle.get_or_insert(member);
        } else if let Some(key) = inside
            .strip_prefix("data/")
            .or_else(|| inside.strip_prefix("tensors/"))
        {
            // Readers of the directory take the first or the last of one name; two are said by the anomalies of the archive.
            storages.entry(key.to_owned()).or_insert(member);
        }
    }
    let members = view.zip.members();
    let Some(member) = pickle.and_then(|index| members.get(index)) else {
        listing
            .problems
            .push(opened.problem(None, text!("has no data.pkl", "没有 data.pkl")));
        return Ok(listing);
    };
    let source = match open(opened.source, member, &mut left) {
        Ok(source) => source,
        Err(reason) => {
            listing.problems.push(opened.problem(Some("data.pkl"), reason));
            return Ok(listing);
        }
    };
    let Some(described) = described(source.as_ref(), 0..source.size(), &mut listing, opened)? else {
        return Ok(listing);
    };
    let swapped = view.byte_order.as_deref() == Some("big");
    let mut held: HashMap<String, Held> = HashMap::new();
    for tensor in described {
        let storage = held.entry(tensor.storage.clone()).or_insert_with(|| {
            let member = storages
                .get(&tensor.storage)
                .and_then(|index| members.get(*index));
            match member {
                Some(member) => match &member.payload {
                    Payload::Encoded {
                        range,
                        codec,
                        declared: Some(bytes),
                    } => Held::Encoded {
                        range: range.clone(),
                        codec: *codec,
                        bytes: *bytes,
                    },
                    _ => match open(opened.source, member, &mut left) {
                        Ok(source) => Held::There(source),
                        Err(reason) => Held::Missing(reason),
                    },
                },
                None => Held::Missing(text!(
                    "the archive has no storage of its name",
                    "归档中没有其名称的存储"
                )),
            }
        });
        listing.tensors.push(placed(opened, tensor, storage, swapped));
    }
    Ok(listing)
}

pub(super) fn legacy(opened: &Opened<'_>) -> Result<Listing, SourceError> {
    let view = format::parse(&opened.input())?;
    let mut listing = Listing::default();
    doubts(&mut listing, opened, view.anomalies(), &[]);
    let (true, [_, _, _, object, keys, ..]) = (view.torch_legacy, view.streams.as_slice()) else {
        listing.problems.push(opened.problem(
            None,
            text!(
                "is not the five pickles that a checkpoint of PyTorch has",
                "不是 PyTorch 检查点所应有的五个 pickle"
            ),
        ));
        return Ok(listing);
    };
    let Some(described) = described(opened.source.as_ref(), object.range.clone(), &mut listing, opened)?
    else {
        return Ok(listing);
    };
    let order = match Pickle::read(opened.source.as_ref(), keys.range.clone()) {
        Ok((pickle, result)) => pickle.texts_of(result),
        Err(Stop::Source(error)) => return Err(error),
        Err(_) => Vec::new(),
    };
    let mut widths: HashMap<&str, u64> = HashMap::new();
    for tensor in &described {
        if let Some(element) = class_element(&tensor.class) {
            widths.insert(&tensor.storage, element.block().1);
        }
    }
    let mut held: HashMap<String, Held> = HashMap::new();
    let mut at = keys.range.end;
    for key in &order {
        let count = read_range(opened.source.as_ref(), at..at.saturating_add(8), 8)?;
        let count = count.first_chunk::<8>().map(|eight| u64::from_le_bytes(*eight));
        // Without a tensor that uses it, the width of a storage is not known, and what follows cannot be found.
        let bytes = count
            .zip(widths.get(key.as_str()))
            .and_then(|(count, width)| count.checked_mul(*width));
        let start = at.saturating_add(8);
        let end = bytes.and_then(|bytes| start.checked_add(bytes));
        let Some(end) = end.filter(|end| *end <= opened.source.size()) else {
            listing.problems.push(opened.problem(
                None,
                text!(
                    "storage `{key}` is not where its list says",
                    "存储 `{key}` 不在列表所说的位置"
                ),
            ));
            break;
        };
        let section = Section::new(Arc::clone(opened.source), start..end);
        held.insert(key.clone(), Held::There(Arc::new(section)));
        at = end;
    }
    let missing = Held::Missing(text!(
        "the file has no storage of its name",
        "文件中没有其名称的存储"
    ));
    for tensor in described {
        let storage = held.get(&tensor.storage).unwrap_or(&missing);
        listing.tensors.push(placed(opened, tensor, storage, false));
    }
    Ok(listing)
}

/// Reads the pickle at `range`; what keeps it from being read is a problem.
fn described(
    source: &dyn ReadAt,
    range: Range<u64>,
    listing: &mut Listing,
    opened: &Opened<'_>,
) -> Result<Option<Vec<Described>>, SourceError> {
    match Pickle::read(source, range) {
        Ok((mut pickle, result)) => {
            let tensors = pickle.tensors(result);
            if pickle.lost {
                listing.problems.push(opened.problem(
                    None,
                    text!(
                        "the pickle builds tensors in ways that are not followed",
                        "pickle 以无法跟踪的方式构造张量"
                    ),
                ));
            }
            Ok(Some(tensors))
        }
        Err(Stop::Source(error)) => Err(error),
        Err(Stop::Limit) => {
            listing.problems.push(opened.problem(
                None,
                text!(
                    "the pickle holds more values than are kept",
                    "pickle 中的值超过可保留的数量"
                ),
            ));
            Ok(None)
        }
        Err(Stop::Damaged) => {
            listing.problems.push(opened.problem(
                None,
                text!("the pickle cannot be read to its end", "pickle 无法读到结尾"),
            ));
            Ok(None)
        }
    }
}

/// Knows a class of storages, and a type by the name that it has in `torch`.
fn class_element(class: &str) -> Option<Element> {
    Element::parse(class)
        .filter(|_| class.ends_with("Storage"))
        .or(match class {
            "float32" | "float" => Some(Element::F32),
            "float64" | "double" => Some(Element::F64),
            "float16" | "half" => Some(Element::F16),
            "bfloat16" => Some(Element::Bf16),
            "float8_e4m3fn" => Some(Element::F8E4m3),
            "float8_e4m3fnuz" => Some(Element::F8E4m3Fnuz),
            "float8_e5m2" => Some(Element::F8E5m2),
            "float8_e5m2fnuz" => Some(Element::F8E5m2Fnuz),
            "float8_e8m0fnu" => Some(Element::F8E8m0),
            "uint8" => Some(Element::U8),
            "int8" => Some(Element::I8),
            "uint16" => Some(Element::U16),
            "int16" | "short" => Some(Element::I16),
            "uint32" => Some(Element::U32),
            "int32" | "int" => Some(Element::I32),
            "uint64" => Some(Element::U64),
            "int64" | "long" => Some(Element::I64),
            "bool" => Some(Element::Bool),
            "complex64" => Some(Element::C64),
            "complex128" => Some(Element::C128),
            _ => None,
        })
}

fn placed(opened: &Opened<'_>, tensor: Described, held: &Held, swapped: bool) -> Tensor {
    let element = class_element(&tensor.class);
    let storage = if let Some(element) = element {
        stored(&tensor, element, held, swapped, opened)
    } else {
        let class = &tensor.class;
        Storage::Unreadable(text!(
            "elements of `{class}` are not known",
            "不了解 `{class}` 的元素"
        ))
    };
    Tensor {
        name: tensor.name,
        element,
        dtype: tensor.class,
        shape: tensor.shape,
        file: opened.file,
        storage,
    }
}

fn stored(tensor: &Described, element: Element, held: &Held, swapped: bool, opened: &Opened<'_>) -> Storage {
    let width = element.block().1;
    let outside = || {
        Storage::Unreadable(text!(
            "shape, strides and offset lead beyond its storage",
            "形状、步长和偏移超出其存储范围"
        ))
    };
    if tensor.shape.len() != tensor.strides.len() {
        return Storage::Unreadable(text!(
            "shape and strides have different lengths",
            "形状与步长的长度不同"
        ));
    }
    let bytes = |elements: u64| elements.checked_mul(width);
    let reached = reach(&tensor.shape, &tensor.strides)
        .and_then(|reach| {
            if reach == 0 {
                Some(0)
            } else {
                reach.checked_add(tensor.offset)
            }
        })
        .and_then(bytes);
    let start = bytes(tensor.offset);
    let size = super::product(&tensor.shape).and_then(bytes);
    let (Some(reached), Some(start), Some(size)) = (reached, start, size) else {
        return outside();
    };
    let contiguous = is_contiguous(&tensor.shape, &tensor.strides);
    match held {
        Held::Missing(_) if size == 0 => Storage::Plain {
            source: Arc::clone(opened.source),
            range: 0..0,
            swapped: false,
        },
        Held::Missing(reason) => Storage::Unreadable(reason.clone()),
        Held::There(source) if reached > source.size() => outside(),
        Held::There(source) if contiguous || size == 0 => {
            let start = if size == 0 { 0 } else { start };
            Storage::Plain {
                source: Arc::clone(source),
                range: start..start.saturating_add(size),
                swapped,
            }
        }
        Held::There(source) => Storage::Strided {
            source: Arc::clone(source),
            start,
            strides: tensor.strides.clone(),
            width,
            swapped,
        },
        Held::Encoded { bytes, .. } if reached > *bytes => outside(),
        Held::Encoded { range, codec, .. } if contiguous => Storage::Encoded {
            source: Arc::clone(opened.source),
            range: range.clone(),
            codec: *codec,
            skip: start,
            bytes: size,
            swapped,
        },
        Held::Encoded { .. } => Storage::Unreadable(text!(
            "its storage is compressed and its elements stand apart",
            "其存储已压缩且元素不连续"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_and_types_are_known() {
        assert_eq!(class_element("HalfStorage"), Some(Element::F16));
        assert_eq!(class_element("float8_e5m2"), Some(Element::F8E5m2));
        assert_eq!(class_element("u8"), None);
    }
}
