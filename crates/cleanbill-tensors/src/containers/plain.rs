//! safetensors and GGUF: a list, and bytes in a row for each tensor.

use cleanbill_formats::{Anomaly, FormatView, Tensor as Listed, bytes::SourceError, gguf, safetensors};

use super::{Listing, Opened, doubts, in_a_row};
use crate::{
    element::Element,
    tensor::{Storage, Tensor},
};

pub(super) fn safetensors(opened: &Opened<'_>) -> Result<Listing, SourceError> {
    let view = safetensors::parse(&opened.input())?;
    let mut listing = begun(opened, &view, &view.violations);
    listing.tensors = tensors(opened, view.list.tensors(), false);
    listing.metadata = view
        .metadata
        .into_iter()
        .map(|entry| (entry.key, entry.value))
        .collect();
    Ok(listing)
}

pub(super) fn gguf(opened: &Opened<'_>) -> Result<Listing, SourceError> {
    let view = gguf::parse(&opened.input())?;
    let mut listing = begun(opened, &view, &view.violations);
    listing.tensors = tensors(opened, view.list.tensors(), view.big_endian);
    for text in &view.texts {
        if text.key.contains("chat_template") {
            listing.templates.push((text.key.clone(), text.text.clone()));
        } else {
            listing.metadata.push((text.key.clone(), text.text.clone()));
        }
    }
    for number in &view.numbers {
        let shown = match number.value {
            gguf::Number::Unsigned(value) => value.to_string(),
            gguf::Number::Signed(value) => value.to_string(),
            gguf::Number::Single(value) => value.to_string(),
            gguf::Number::Double(value) => value.to_string(),
            gguf::Number::Truth(value) => value.to_string(),
        };
        listing.metadata.push((number.key.clone(), shown));
    }
    Ok(listing)
}

fn begun(opened: &Opened<'_>, view: &dyn FormatView, violations: &[Anomaly]) -> Listing {
    let mut listing = Listing::default();
    doubts(&mut listing, opened, view.anomalies(), violations);
    listing
}

fn tensors(opened: &Opened<'_>, listed: &[Listed], swapped: bool) -> Vec<Tensor> {
    let each = listed.iter().map(|tensor| {
        let element = Element::parse(&tensor.dtype);
        let storage = match &tensor.place {
            Some(place) => in_a_row(opened.source, place.clone(), element, tensor.elements(), swapped),
            None => Storage::Unreadable(cleanbill_core::text!(
                "where its bytes stand is not known",
                "不知道其字节的位置"
            )),
        };
        Tensor {
            name: tensor.name.clone(),
            element,
            dtype: tensor.dtype.clone().into_owned(),
            shape: tensor.shape.clone(),
            file: opened.file,
            storage,
        }
    });
    each.collect()
}
