//! Weights that several tensors make up together: codes of few bits in integers, with scales and zero points of groups (GPTQ, AWQ),
//! or codes that choose from a table, with the largest size of each block (bitsandbytes).
//!
//! Such a weight is read as a stream of values in single precision, a block at a time, in the order of the matrix that it stands for.

mod columns;
mod find;
mod nibbles;

use std::sync::Arc;

use cleanbill_core::{Text, text};
use cleanbill_formats::bytes::{size_u64, size_usize};

use crate::{
    element::Element,
    tensor::{Storage, Tensor, TensorError},
};
pub(crate) use find::find;

/// LIMIT: bytes of parts that are held in memory because they cannot be read at any place, all of a model together.
const HELD: u64 = 64 << 20;

/// Says how the parts of a weight give its values.
#[derive(Debug)]
pub(crate) enum Layout {
    Columns(columns::Columns),
    Nibbles(nibbles::Nibbles),
}

/// What a scheme may do to an element and to a weight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowed {
    /// Bound of the error of an element, in steps.
    pub(crate) bound: f32,
    /// Share of the elements that may lie beyond.
    pub(crate) share: f64,
    /// How often the squared error of plain rounding the whole may have.
    pub(crate) factor: f64,
    /// Largest relative distance for weights that are spread like a bell.
    pub(crate) relative: f64,
}

impl Layout {
    /// Names the scheme.
    pub(crate) fn label(&self) -> String {
        match self {
            Self::Columns(columns) => columns.label(),
            Self::Nibbles(nibbles) => nibbles.label(),
        }
    }

    /// Returns how many bits an element takes.
    pub(crate) fn bits(&self) -> u32 {
        match self {
            Self::Columns(columns) => columns.bits(),
            Self::Nibbles(_) => 4,
        }
    }

    /// Says what error the scheme explains.
    pub(crate) fn allowed(&self) -> Allowed {
        match self {
            Self::Columns(columns) => columns.allowed(),
            Self::Nibbles(nibbles) => nibbles.allowed(),
        }
    }

    /// Says whether columns may have been multiplied with numbers that another tensor takes back.
    pub(crate) fn is_balanced(&self) -> bool {
        matches!(self, Self::Columns(columns) if columns.is_awq())
    }

    /// Decodes the block that holds `element` into `out`; returns the number of its first element.
    fn decode(&self, element: u64, steps: bool, out: &mut Vec<f32>) -> Result<u64, TensorError> {
        match self {
            Self::Columns(columns) => columns.decode(element, steps, out),
            Self::Nibbles(nibbles) => nibbles.decode(element, steps, out),
        }
    }
}

/// Reads the values of a packed weight, or how far apart neighbouring ones are, as little-endian singles.
pub(crate) struct Reader<'a> {
    layout: &'a Layout,
    steps: bool,
    /// Byte that is next, and where the block held begins.
    next: u64,
    start: u64,
    values: Vec<f32>,
    bytes: Vec<u8>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(layout: &'a Layout, steps: bool, from: u64) -> Self {
        Self {
            layout,
            steps,
            next: from,
            start: 0,
            values: Vec::new(),
            bytes: Vec::new(),
        }
    }

    /// Passes over `count` bytes without decoding what lies between.
    pub(crate) fn pass(&mut self, count: u64) {
        self.next = self.next.saturating_add(count);
    }

    pub(crate) fn fill(&mut self, buffer: &mut [u8]) -> Result<(), TensorError> {
        let mut done = 0_usize;
        while done < buffer.len() {
            let at = self.next.checked_sub(self.start).map(size_usize);
            let held = at.and_then(|at| self.bytes.get(at..)).unwrap_or_default();
            if held.is_empty() {
                let first = self.layout.decode(self.next >> 2, self.steps, &mut self.values)?;
                self.start = first.saturating_mul(4);
                self.bytes.clear();
                self.bytes
                    .extend(self.values.iter().flat_map(|value| value.to_le_bytes()));
                if self.next.saturating_sub(self.start) >= size_u64(self.bytes.len()) {
                    return Err(TensorError::Truncated);
                }
                continue;
            }
            let room = buffer.get_mut(done..).unwrap_or_default();
            let count = room.len().min(held.len());
            for (place, byte) in room.iter_mut().zip(held) {
                *place = *byte;
            }
            done = done.saturating_add(count);
            self.next = self.next.saturating_add(size_u64(count));
        }
        Ok(())
    }
}

/// A tensor that can be read at any place.
#[derive(Clone, Debug)]
struct Part {
    tensor: Tensor,
}

impl Part {
    /// Takes a tensor as it is, or into memory as far as `left` allows.
    fn new(tensor: &Tensor, left: &mut u64) -> Result<Self, Text> {
        if let Some(reason) = tensor.unreadable() {
            return Err(reason.clone());
        }
        if tensor.is_random() {
            return Ok(Self {
                tensor: tensor.clone(),
            });
        }
        let size = tensor.bytes();
        if size > *left {
            let name = &tensor.name;
            return Err(text!(
                "`{name}` cannot be read at any place, and is more than is held in memory",
                "`{name}` 无法在任意位置读取，且超过可放入内存的大小"
            ));
        }
        *left = left.saturating_sub(size);
        let mut bytes = vec![0; size_usize(size)];
        let read = tensor.stream(0).and_then(|mut stream| stream.fill(&mut bytes));
        read.map_err(|error| error.text())?;
        Ok(Self {
            tensor: Tensor {
                storage: Storage::Plain {
                    range: 0..size,
                    source: Arc::new(bytes),
                    swapped: false,
                },
                ..tensor.clone()
            },
        })
    }

    /// Reads `count` bytes from byte `at` on.
    fn bytes(&self, at: u64, count: u64, out: &mut Vec<u8>) -> Result<(), TensorError> {
        out.resize(size_usize(count), 0);
        self.tensor.stream(at)?.fill(out)
    }

    /// Reads `count` numbers from number `at` on.
    fn numbers(&self, at: u64, count: u64, raw: &mut Vec<u8>, out: &mut [f32]) -> Result<(), TensorError> {
        let element = self.tensor.element.unwrap_or(Element::F32);
        let (_, width) = element.block();
        self.bytes(at.saturating_mul(width), count.saturating_mul(width), raw)?;
        element.decode(raw, out);
        Ok(())
    }

    /// Reads `count` words of 32 bits from word `at` on.
    fn words(&self, at: u64, count: u64, raw: &mut Vec<u8>, out: &mut Vec<u32>) -> Result<(), TensorError> {
        self.bytes(at.saturating_mul(4), count.saturating_mul(4), raw)?;
        let (words, _) = raw.as_chunks::<4>();
        out.extend(words.iter().map(|word| u32::from_le_bytes(*word)));
        Ok(())
    }
}
