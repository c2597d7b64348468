//! Constants: their texts, and whether bytes and shape agree.

use std::ops::Range;

use super::{
    TEXTS, TEXTS_OF_ONE,
    rules::{OVERFLOW, SIZE},
    walk::{Step, Walk},
};
use crate::{
    bytes::size_u64,
    wire::{Content, Message},
};

/// `DT_STRING`.
const STRING: u64 = 7;
/// Bytes of a constant made of one repeated value beyond which it is meant to exhaust memory.
const SPLAT_BYTES: u64 = 1 << 34;
/// LIMIT: bytes read of texts that are packed as bytes.
const PACKED_BYTES: u64 = 1 << 20;

/// What a shape says.
enum Shape {
    /// So many elements.
    Elements(u64),
    /// No fixed size.
    Unknown,
    /// A negative dimension, or a product that overflows.
    Senseless,
}

impl Walk<'_> {
    pub(super) fn tensor(
        &mut self,
        around: &Message,
        range: Range<u64>,
        texts: &mut Vec<(String, Range<u64>)>,
    ) -> Step {
        let mut message = self.wire.enter(around, range.clone());
        let (mut kind, mut shape, mut content) = (0, Shape::Unknown, None);
        while let Some(field) = self.wire.next(&mut message)? {
            match (field.number, &field.content) {
                (1, Content::Number(number)) => kind = *number,
                (2, Content::Bytes(range)) => shape = self.shape(&message, range.clone())?,
                (4, Content::Bytes(range)) => content = Some(range.clone()),
                (8, Content::Bytes(range)) => {
                    let text = self.name(range)?;
                    self.look_at(range)?;
                    keep(texts, text, range.clone());
                }
                _ => {}
            }
        }
        if kind == STRING {
            if let Some(content) = content {
                self.packed(&content, texts)?;
            }
            return Ok(());
        }
        let elements = match shape {
            Shape::Elements(elements) => elements,
            Shape::Senseless => {
                self.violations.push(&OVERFLOW, range, "");
                return Ok(());
            }
            Shape::Unknown => return Ok(()),
        };
        let Some(bytes) = element_bytes(kind).map(|bytes| elements.checked_mul(bytes)) else {
            return Ok(());
        };
        let Some(bytes) = bytes.filter(|bytes| *bytes <= SPLAT_BYTES || content.is_some()) else {
            let detail = format!("{elements} elements");
            self.violations.push(&OVERFLOW, range, detail);
            return Ok(());
        };
        if let Some(content) = content {
            let held = content.end.saturating_sub(content.start);
            if held != bytes {
                let detail = format!("{bytes} bytes wanted, {held} held");
                self.violations.push(&SIZE, range, detail);
            }
            self.look_at(&content)?;
        }
        Ok(())
    }

    /// Multiplies the dimensions.
    fn shape(&mut self, around: &Message, range: Range<u64>) -> Step<Shape> {
        let mut message = self.wire.enter(around, range);
        let mut elements = Some(1_u64);
        let mut zero = false;
        while let Some(field) = self.wire.next(&mut message)? {
            match (field.number, &field.content) {
                (2, Content::Bytes(range)) => {
                    let mut size = 0;
                    let mut dimension = self.wire.enter(&message, range.clone());
                    while let Some(field) = self.wire.next(&mut dimension)? {
                        if let (1, Content::Number(number)) = (field.number, &field.content) {
                            size = *number;
                        }
                    }
                    zero |= size == 0;
                    let sane = Some(size).filter(|size| *size <= i64::MAX.unsigned_abs());
                    elements = elements
                        .zip(sane)
                        .and_then(|(elements, size)| elements.checked_mul(size));
                }
                (3, Content::Number(1)) => return Ok(Shape::Unknown),
                _ => {}
            }
        }
        Ok(match elements {
            _ if zero => Shape::Elements(0),
            Some(elements) => Shape::Elements(elements),
            None => Shape::Senseless,
        })
    }

    /// Reads texts packed as bytes: all lengths first, then all texts.
    fn packed(&mut self, range: &Range<u64>, texts: &mut Vec<(String, Range<u64>)>) -> Step {
        let bytes = self.wire.read(range, PACKED_BYTES)?;
        // How many there are stands in the shape; the lengths end where they and what follows fill the bytes.
        let length = bytes.len();
        let mut lengths = Vec::new();
        let (mut at, mut total) = (0_usize, 0_usize);
        while let Some((value, next)) = varint(&bytes, at) {
            total = total.saturating_add(value);
            lengths.push(value);
            at = next;
            if at.saturating_add(total) >= length {
                break;
            }
        }
        let mut start = at;
        for one in lengths {
            let end = start.saturating_add(one).min(length);
            let text = bytes.get(start..end).unwrap_or_default();
            if !text.is_empty() {
                let from = range.start.saturating_add(size_u64(start));
                let to = range.start.saturating_add(size_u64(end));
                let text = String::from_utf8_lossy(text.get(..text.len().min(4_096)).unwrap_or_default());
                keep(texts, text.into_owned(), from..to);
            }
            start = end;
        }
        Ok(())
    }
}

/// Keeps a text of a constant: the first ones, and those that look like a path.
fn keep(texts: &mut Vec<(String, Range<u64>)>, text: String, range: Range<u64>) {
    let path = text.contains(['/', '\\', ':']) || text.starts_with(['.', '~']);
    if texts.len() < TEXTS_OF_ONE || (path && texts.len() < TEXTS) {
        texts.push((text, range));
    }
}

fn varint(bytes: &[u8], start: usize) -> Option<(usize, usize)> {
    let mut value = 0_usize;
    for (count, byte) in bytes.get(start..)?.iter().take(5).enumerate() {
        let shift = u32::try_from(count).ok()?.checked_mul(7)?;
        value |= usize::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some((value, start.checked_add(count)?.checked_add(1)?));
        }
    }
    None
}

/// Returns how many bytes an element takes (`types.proto`); nothing for texts, handles and what is packed below a byte.
pub(crate) fn element_bytes(kind: u64) -> Option<u64> {
    Some(match kind {
        4 | 6 | 10 | 11 | 12 | 24 | 25 => 1,
        5 | 14..=17 | 19 => 2,
        1 | 3 | 13 | 22 => 4,
        2 | 8 | 9 | 23 => 8,
        18 => 16,
        _ => return None,
    })
}
