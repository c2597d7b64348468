//! Arrays of NumPy, alone and in archives.

use std::{io::Read, sync::Arc};

use cleanbill_core::{Text, text};
use cleanbill_formats::{
    FormatView, Input, Member, Payload,
    bytes::{ReadAt, SourceError, size_u64},
    npy, npz,
};

use super::{DECODED_BYTES, Listing, Opened, doubts, in_a_row, open, product};
use crate::{
    element::Element,
    tensor::{Storage, Tensor},
};

/// LIMIT: bytes decoded of a compressed array to find its header.
const HEAD: u64 = (1 << 20) + 64;

pub(super) fn array(opened: &Opened<'_>) -> Result<Listing, SourceError> {
    let mut listing = Listing::default();
    let view = npy::parse(&opened.input())?;
    doubts(&mut listing, opened, view.anomalies(), &view.violations);
    let name = opened.path.rsplit('/').next().unwrap_or_default();
    let name = name.strip_suffix(".npy").unwrap_or(name);
    listing
        .tensors
        .push(whole(opened, name, &view, Arc::clone(opened.source)));
    Ok(listing)
}

pub(super) fn archive(opened: &Opened<'_>) -> Result<Listing, SourceError> {
    let mut listing = Listing::default();
    let view = npz::parse(&opened.input())?;
    doubts(&mut listing, opened, view.zip.anomalies(), &[]);
    let mut left = DECODED_BYTES;
    for index in &view.arrays {
        let entry = view.zip.entries.get(*index);
        let member = entry.and_then(|entry| view.zip.members().get(entry.member?));
        let (Some(entry), Some(member)) = (entry, member) else {
            continue;
        };
        let name = entry.name_text();
        let name = name.strip_suffix(".npy").unwrap_or(&name);
        listing.tensors.push(of_member(opened, name, member, &mut left)?);
    }
    if !view.others.is_empty() {
        let count = view.others.len();
        listing.problems.push(opened.problem(
            None,
            text!(
                "holds {count} entries that are not arrays",
                "含有 {count} 个不是数组的条目"
            ),
        ));
    }
    Ok(listing)
}

fn of_member(
    opened: &Opened<'_>,
    name: &str,
    member: &Member,
    left: &mut u64,
) -> Result<Tensor, SourceError> {
    if let Payload::Encoded { range, codec, .. } = &member.payload {
        let reader = cleanbill_formats::bytes::SequentialReader::new(opened.source.as_ref(), range.clone());
        let mut head = Vec::new();
        let done = codec
            .decoder(reader)
            .and_then(|decoder| decoder.take(HEAD).read_to_end(&mut head));
        if let Err(error) = done {
            return Ok(unreadable(
                opened,
                name,
                text!("cannot be decoded: {error}", "无法解码：{error}"),
            ));
        }
        let view = npy::parse(&Input {
            source: &head,
            limits: opened.limits,
        })?;
        let (element, swapped) = element(&view.dtype);
        let in_order = !view.fortran_order || view.shape.len() < 2;
        if in_order && !view.has_objects {
            let bytes = element.zip(product(&view.shape));
            let bytes = bytes.and_then(|(element, elements)| element.bytes(elements));
            let Some(bytes) = bytes else {
                return Ok(whole(opened, name, &view, Arc::new(head)));
            };
            return Ok(Tensor {
                storage: Storage::Encoded {
                    source: Arc::clone(opened.source),
                    range: range.clone(),
                    codec: *codec,
                    skip: view.header.end,
                    bytes,
                    swapped,
                },
                element,
                dtype: view.dtype.clone(),
                shape: view.shape.clone(),
                ..unreadable(opened, name, Text::same(""))
            });
        }
    }
    match open(opened.source, member, left) {
        Ok(source) => {
            let view = npy::parse(&Input {
                source: source.as_ref(),
                limits: opened.limits,
            })?;
            Ok(whole(opened, name, &view, source))
        }
        Err(reason) => Ok(unreadable(opened, name, reason)),
    }
}

fn unreadable(opened: &Opened<'_>, name: &str, reason: Text) -> Tensor {
    Tensor {
        name: name.to_owned(),
        element: None,
        dtype: String::new(),
        shape: Vec::new(),
        file: opened.file,
        storage: Storage::Unreadable(reason),
    }
}

fn whole(opened: &Opened<'_>, name: &str, view: &npy::View, source: Arc<dyn ReadAt>) -> Tensor {
    let (element, swapped) = element(&view.dtype);
    let storage = if view.has_objects {
        Storage::Unreadable(text!("its elements are Python objects", "其元素是 Python 对象"))
    } else if let (true, [_, _, ..], Some(element)) = (view.fortran_order, view.shape.as_slice(), element) {
        let mut strides = Vec::with_capacity(view.shape.len());
        let mut stride = 1_u64;
        for length in &view.shape {
            strides.push(stride);
            stride = stride.saturating_mul(*length);
        }
        match in_a_row(
            &source,
            view.data.clone(),
            Some(element),
            product(&view.shape),
            swapped,
        ) {
            Storage::Plain { range, .. } => Storage::Strided {
                source,
                start: range.start,
                strides,
                width: element.block().1,
                swapped,
            },
            other => other,
        }
    } else {
        let end = view.data.end.min(source.size()).max(view.data.start);
        in_a_row(
            &source,
            view.data.start..end,
            element,
            product(&view.shape),
            swapped,
        )
    };
    debug_assert!(size_u64(view.shape.len()) < u64::MAX, "shapes are short");
    Tensor {
        element,
        dtype: view.dtype.clone(),
        shape: view.shape.clone(),
        storage,
        ..unreadable(opened, name, Text::same(""))
    }
}

/// Reads a type of NumPy: order of bytes, kind, size.
fn element(dtype: &str) -> (Option<Element>, bool) {
    let swapped = dtype.starts_with('>');
    let bare = dtype.trim_start_matches(['<', '>', '|', '=']);
    let element = match bare {
        "?" => Some(Element::Bool),
        // Names that mean bits elsewhere.
        "u8" => Some(Element::U64),
        "i8" => Some(Element::I64),
        "V2" => Some(Element::Bf16),
        "b1" | "u1" | "i1" | "u2" | "i2" | "u4" | "i4" | "f2" | "f4" | "f8" | "c8" | "c16" => {
            Element::parse(bare)
        }
        _ => None,
    };
    (element, swapped)
}
