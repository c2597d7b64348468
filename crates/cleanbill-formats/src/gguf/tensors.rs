//! The list of tensors, and where their bytes lie.

use std::{collections::HashSet, ops::Range};

use super::{
    NAME_BYTES, Stop, Walk, hash,
    rules::{
        DIMENSIONS, GAP, LONG_NAME, MISALIGNED, NUL, OVERFLOW, OVERLAP, RANGE, REPEATED, ROW, TENSOR_NAME,
        TENSOR_TYPE, TOO_MANY, TRUNCATED, UNPUBLISHED_TYPE,
    },
};
use crate::{Member, Payload, Tensor, bytes::size_u64};

/// Where a tensor's bytes stand, counted from the start of the data; no size where its type is unknown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    offset: u64,
    size: Option<u64>,
    entry: u64,
}

impl Walk<'_> {
    pub(super) fn tensors(&mut self) -> Result<Vec<Place>, Stop> {
        let mut names = HashSet::new();
        let mut places = Vec::new();
        for _ in 0..self.view.tensor_count {
            let entry = self.cursor.position();
            if size_u64(places.len()) >= self.limits.tensors {
                self.notes.push(&TOO_MANY, entry..self.cursor.end(), "");
                return Err(Stop::Noted);
            }
            let (name, range) = self.text(self.limits.name_bytes)?;
            let length = range.end.saturating_sub(range.start);
            if length >= NAME_BYTES.saturating_mul(2) {
                self.broken(&LONG_NAME, range.clone(), format!("{length} bytes"));
            } else if length >= NAME_BYTES {
                self.notes.push(&TENSOR_NAME, range.clone(), name.clone());
            }
            if name.contains('\0') {
                self.broken(&NUL, range.clone(), name.clone());
            }
            if !names.insert(hash(&name)) {
                self.broken(&REPEATED, range.clone(), name.clone());
            }
            let dimensions = self.u32()?;
            if dimensions > 4 {
                self.broken(
                    &DIMENSIONS,
                    range.start..self.cursor.position(),
                    format!("{name}: {dimensions}"),
                );
                return Err(Stop::Noted);
            }
            let mut shape = Vec::new();
            let mut row = 1_u64;
            let mut elements = Some(1_u64);
            let mut zero = false;
            for number in 0..dimensions {
                let length = self.length()?;
                shape.insert(0, length);
                if number == 0 {
                    row = length;
                }
                zero |= length == 0;
                elements = elements.and_then(|elements| elements.checked_mul(length));
            }
            let kind = self.u32()?;
            let offset = self.u64()?;
            let whole = range.start..self.cursor.position();
            let count = self.view.types.entry(kind).or_insert(0);
            *count = count.saturating_add(1);
            let elements = if zero { Some(0) } else { elements };
            let size = self.tensor_size(kind, row, elements, &whole, &name);
            if offset.checked_rem(self.view.alignment) != Some(0) {
                self.broken(&MISALIGNED, whole, format!("{name}: offset {offset}"));
            }
            let dtype = type_name(kind).map_or_else(|| format!("type {kind}").into(), Into::into);
            let place = size.and_then(|size| Some(offset..offset.checked_add(size)?));
            self.view.list.push(Tensor {
                name,
                dtype,
                shape,
                place,
            });
            places.push(Place { offset, size, entry });
        }
        Ok(places)
    }

    fn tensor_size(
        &mut self,
        kind: u32,
        row: u64,
        elements: Option<u64>,
        range: &Range<u64>,
        name: &str,
    ) -> Option<u64> {
        let most = u64::MAX >> 1;
        let Some(elements) = elements.filter(|elements| *elements <= most) else {
            self.broken(&OVERFLOW, range.clone(), name);
            return None;
        };
        let Some((block, bytes)) = block(kind) else {
            let detail = format!("{name}: type {kind}");
            if is_published(kind) {
                self.notes.push(&TENSOR_TYPE, range.clone(), detail);
            } else {
                self.broken(&UNPUBLISHED_TYPE, range.clone(), detail);
            }
            return None;
        };
        if row.checked_rem(block) != Some(0) {
            self.broken(
                &ROW,
                range.clone(),
                format!("{name}: rows of {row}, blocks of {block}"),
            );
        }
        let size = elements
            .div_ceil(block)
            .checked_mul(bytes)
            .filter(|size| *size <= most.saturating_sub(self.view.alignment));
        if size.is_none() {
            self.broken(&OVERFLOW, range.clone(), name);
        }
        size
    }

    /// Compares the tensors' places with each other and with the file.
    pub(super) fn places(&mut self, mut places: Vec<Place>, start: u64) {
        let size = self.cursor.end();
        let available = size.saturating_sub(start);
        places.sort_unstable_by_key(|place| (place.offset, place.size));
        let mut reached = Some(0_u64);
        let mut missing = None;
        for place in &places {
            let range = place.entry..place.entry.saturating_add(1);
            if let Some(reached) = reached {
                if place.offset < reached && place.size != Some(0) {
                    let detail = format!("offset {}, expected {reached}", place.offset);
                    self.broken(&OVERLAP, range.clone(), detail);
                } else if place.offset > reached {
                    let detail = format!("offset {}, expected {reached}", place.offset);
                    if place.offset > available {
                        self.broken(&RANGE, range.clone(), detail);
                    } else {
                        self.notes.push(&GAP, range.clone(), detail);
                    }
                }
            }
            let end = place.size.map(|size| place.offset.checked_add(size));
            reached = match end {
                Some(None) => {
                    self.broken(&OVERFLOW, range, "");
                    return;
                }
                Some(Some(end)) => {
                    if end > available && missing.is_none() {
                        missing = Some((range, end));
                    }
                    end.checked_next_multiple_of(self.view.alignment)
                        .map(|end| end.max(reached.unwrap_or(0)))
                }
                None => {
                    if place.offset > available && missing.is_none() {
                        missing = Some((range, place.offset));
                    }
                    None
                }
            };
        }
        if let Some((range, end)) = missing {
            let detail = format!("{end} bytes of tensors, {available} remain");
            if self.violated {
                self.broken(&RANGE, range, detail);
            } else {
                self.notes.push(&TRUNCATED, range, detail);
            }
            return;
        }
        if let Some(after) = reached
            .map(|reached| start.saturating_add(reached))
            .filter(|after| *after < size)
        {
            self.view
                .members
                .push(Member::content("[after]", Payload::Section(after..size)));
        }
    }
}

/// Says whether a program that people use has given the number to a tensor type: ggml with room to grow, and the numbers
/// that `ik_llama.cpp` took far from it.
fn is_published(kind: u32) -> bool {
    matches!(kind, 0..=63 | 97..=99 | 133..=160 | 200..=235 | 335..=360 | 397..=399)
}

/// Returns the name that ggml gives to a common type.
fn type_name(kind: u32) -> Option<&'static str> {
    Some(match kind {
        0 => "F32",
        1 => "F16",
        2 => "Q4_0",
        3 => "Q4_1",
        6 => "Q5_0",
        7 => "Q5_1",
        8 => "Q8_0",
        10 => "Q2_K",
        11 => "Q3_K",
        12 => "Q4_K",
        13 => "Q5_K",
        14 => "Q6_K",
        15 => "Q8_K",
        16 => "IQ2_XXS",
        17 => "IQ2_XS",
        18 => "IQ3_XXS",
        19 => "IQ1_S",
        20 => "IQ4_NL",
        21 => "IQ3_S",
        22 => "IQ2_S",
        23 => "IQ4_XS",
        24 => "I8",
        25 => "I16",
        26 => "I32",
        27 => "I64",
        28 => "F64",
        29 => "IQ1_M",
        30 => "BF16",
        34 => "TQ1_0",
        35 => "TQ2_0",
        39 => "MXFP4",
        _ => return None,
    })
}

/// Returns how many elements and bytes a block of a tensor type has (`ggml_type` and the block structures of ggml).
fn block(kind: u32) -> Option<(u64, u64)> {
    Some(match kind {
        0 | 26 => (1, 4),
        1 | 25 | 30 => (1, 2),
        2 | 20 => (32, 18),
        3 => (32, 20),
        6 => (32, 22),
        7 => (32, 24),
        8 => (32, 34),
        9 => (32, 36),
        10 => (256, 84),
        11 | 21 => (256, 110),
        12 => (256, 144),
        13 => (256, 176),
        14 => (256, 210),
        15 => (256, 292),
        16 | 35 => (256, 66),
        17 => (256, 74),
        18 => (256, 98),
        19 => (256, 50),
        22 => (256, 82),
        23 => (256, 136),
        24 => (1, 1),
        27 | 28 => (1, 8),
        29 => (256, 56),
        34 => (256, 54),
        39 => (32, 17),
        40 => (64, 36),
        _ => return None,
    })
}
