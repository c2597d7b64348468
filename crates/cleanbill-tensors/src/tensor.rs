//! One tensor: what its container says of it, and its bytes as a stream in the canonical order (row after row, little-endian).

mod gather;

use std::{
    io::{self, Read},
    ops::Range,
    sync::Arc,
};

use cleanbill_core::Text;
use cleanbill_formats::{
    bytes::{ReadAt, SequentialReader, SourceError, read_full, size_u64, size_usize},
    codec::Codec,
};
use thiserror::Error;

use crate::{
    element::Element,
    packed::{self, Layout},
};
use gather::Gather;

/// Names one tensor of a model.
#[derive(Clone, Debug)]
pub struct Tensor {
    /// Name, as the container gives it.
    pub name: String,
    /// Type of its elements; `None` where it is none that is known here.
    pub element: Option<Element>,
    /// The container's own word for the type.
    pub dtype: String,
    /// Length of each dimension, the slowest first.
    pub shape: Vec<u64>,
    /// Index of its file among those of the model.
    pub file: usize,
    pub(crate) storage: Storage,
}

/// Says where the bytes of a tensor stand.
#[derive(Clone, Debug)]
pub(crate) enum Storage {
    /// In a row.
    Plain {
        source: Arc<dyn ReadAt>,
        range: Range<u64>,
        swapped: bool,
    },
    /// Apart from each other: `strides` counts elements from one index to the next of each dimension.
    Strided {
        source: Arc<dyn ReadAt>,
        start: u64,
        strides: Vec<u64>,
        width: u64,
        swapped: bool,
    },
    /// In a row, compressed; the tensor begins `skip` bytes into what comes out.
    Encoded {
        source: Arc<dyn ReadAt>,
        range: Range<u64>,
        codec: Codec,
        skip: u64,
        bytes: u64,
        swapped: bool,
    },
    /// In several other tensors; `steps` asks for the distance of neighbouring values instead of the values.
    Packed { layout: Arc<Layout>, steps: bool },
    /// They cannot be had.
    Unreadable(Text),
}

/// The bytes of a tensor could not be read to their end.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TensorError {
    /// The container says where they are, and they are not there, or in a way that is not read.
    #[error("{reason}")]
    Unreadable {
        /// Why.
        reason: Text,
    },
    /// The file ends first.
    #[error("the file ends before the tensor does")]
    Truncated,
    /// What is compressed cannot be decoded.
    #[error("cannot decode the tensor")]
    Decode {
        /// What the decoder said.
        #[source]
        source: io::Error,
    },
    /// The source failed.
    #[error(transparent)]
    Source(#[from] SourceError),
}

impl TensorError {
    /// Words it for people.
    pub fn text(&self) -> Text {
        match self {
            Self::Unreadable { reason } => reason.clone(),
            Self::Truncated => Text::new("the file ends before the tensor does", "文件在张量结束之前结束"),
            Self::Decode { source } => Text::new(
                format!("cannot decode the tensor: {source}"),
                format!("无法解码张量：{source}"),
            ),
            Self::Source(error) => Text::new(format!("cannot read: {error}"), format!("无法读取：{error}")),
        }
    }
}

impl Tensor {
    /// Returns the number of elements; `None` beyond 64 bits.
    pub fn elements(&self) -> Option<u64> {
        if self.shape.contains(&0) {
            return Some(0);
        }
        let mut lengths = self.shape.iter();
        lengths.try_fold(1_u64, |product, length| product.checked_mul(*length))
    }

    /// Returns how many bytes the canonical form has; 0 where they cannot be had.
    pub fn bytes(&self) -> u64 {
        match &self.storage {
            Storage::Plain { range, .. } => range.end.saturating_sub(range.start),
            Storage::Encoded { bytes, .. } => *bytes,
            Storage::Strided { width, .. } => self.elements().unwrap_or(0).saturating_mul(*width),
            Storage::Packed { .. } => self.elements().unwrap_or(0).saturating_mul(4),
            Storage::Unreadable(_) => 0,
        }
    }

    /// Returns the name of the type.
    pub fn type_name(&self) -> String {
        match self.packed() {
            Some(layout) => layout.label(),
            None => crate::element::shown(self.element, &self.dtype).into_owned(),
        }
    }

    /// Says why the bytes cannot be had, where that is so.
    pub fn unreadable(&self) -> Option<&Text> {
        match &self.storage {
            Storage::Unreadable(reason) => Some(reason),
            _ => None,
        }
    }

    /// Says how the values are packed, where other tensors hold them.
    pub(crate) fn packed(&self) -> Option<&Layout> {
        match &self.storage {
            Storage::Packed { layout, .. } => Some(layout),
            _ => None,
        }
    }

    /// Shows how far apart neighbouring values of a packed weight are, element by element.
    pub(crate) fn steps(&self) -> Option<Self> {
        let Storage::Packed { layout, .. } = &self.storage else {
            return None;
        };
        let storage = Storage::Packed {
            layout: Arc::clone(layout),
            steps: true,
        };
        Some(Self {
            storage,
            ..self.clone()
        })
    }

    /// Says whether any part of it can be read without reading what stands before.
    pub(crate) fn is_random(&self) -> bool {
        matches!(self.storage, Storage::Plain { .. })
    }

    /// Splits the shape into rows along the first dimension and what one of them holds; one row where there is one dimension.
    pub(crate) fn matrix(&self) -> (u64, u64) {
        let elements = self.elements().unwrap_or(0);
        match self.shape.as_slice() {
            [rows, _, ..] if *rows > 0 => (*rows, elements.checked_div(*rows).unwrap_or(0)),
            _ => (1, elements),
        }
    }

    /// Starts reading the canonical bytes at `from`.
    pub(crate) fn stream(&self, from: u64) -> Result<Stream<'_>, TensorError> {
        let swap = |swapped: bool| match (swapped, self.element) {
            (true, Some(element)) => element.number_bytes(),
            _ => 1,
        };
        let (kind, swap) = match &self.storage {
            Storage::Plain {
                source,
                range,
                swapped,
            } => {
                let at = range.start.saturating_add(from);
                (
                    Kind::Direct {
                        source: source.as_ref(),
                        at,
                    },
                    swap(*swapped),
                )
            }
            Storage::Strided {
                source,
                start,
                strides,
                width,
                swapped,
            } => {
                let gather = Gather::new(source.as_ref(), *start, &self.shape, strides, *width, from)?;
                (Kind::Gather(gather), swap(*swapped))
            }
            Storage::Encoded {
                source,
                range,
                codec,
                skip,
                swapped,
                ..
            } => {
                let reader = SequentialReader::new(source.as_ref(), range.clone());
                let mut decoder = codec
                    .decoder(reader)
                    .map_err(|source| TensorError::Decode { source })?;
                let passed = skip.saturating_add(from);
                let done = io::copy(&mut decoder.by_ref().take(passed), &mut io::sink());
                match done {
                    Ok(done) if done == passed => {}
                    Ok(_) => return Err(TensorError::Truncated),
                    Err(source) => return Err(TensorError::Decode { source }),
                }
                (Kind::Decoder(decoder), swap(*swapped))
            }
            Storage::Packed { layout, steps } => (Kind::Packed(packed::Reader::new(layout, *steps, from)), 1),
            Storage::Unreadable(reason) => {
                return Err(TensorError::Unreadable {
                    reason: reason.clone(),
                });
            }
        };
        Ok(Stream { kind, swap })
    }

    /// Shows a matrix with rows and columns exchanged; `None` where it cannot be read that way.
    pub(crate) fn transposed(&self) -> Option<Self> {
        let [rows, columns] = *self.shape.as_slice() else {
            return None;
        };
        let width = self.element.filter(|element| !element.is_quantised())?.bytes(1)?;
        let (source, start, strides, swapped) = match &self.storage {
            Storage::Plain {
                source,
                range,
                swapped,
            } => (source, range.start, vec![1, columns], *swapped),
            Storage::Strided {
                source,
                start,
                strides,
                swapped,
                ..
            } => (source, *start, strides.iter().rev().copied().collect(), *swapped),
            Storage::Encoded { .. } | Storage::Packed { .. } | Storage::Unreadable(_) => return None,
        };
        Some(Self {
            shape: vec![columns, rows],
            storage: Storage::Strided {
                source: Arc::clone(source),
                start,
                strides,
                width,
                swapped,
            },
            ..self.clone()
        })
    }

    /// Reads the values of the elements at `positions`, which are in order.
    pub(crate) fn values_at(&self, positions: &[u64]) -> Result<Vec<f32>, TensorError> {
        let Some(element) = self.element else {
            return Err(TensorError::Unreadable {
                reason: Text::new("values of this type are not known", "不了解此类型的数值"),
            });
        };
        let (block, bytes) = element.block();
        let mut raw = vec![0; size_usize(bytes)];
        let mut values = vec![0.0; size_usize(block)];
        let mut found = Vec::with_capacity(positions.len());
        let mut sequential: Option<(Stream<'_>, u64)> = None;
        let mut held = None;
        for position in positions {
            let number = position.checked_div(block).unwrap_or(0);
            if held != Some(number) {
                let at = number.saturating_mul(bytes);
                if self.is_random() {
                    self.stream(at)?.fill(&mut raw)?;
                } else {
                    let (stream, done) = match sequential.take() {
                        Some((mut stream, done)) if done <= at => {
                            stream.pass(at.saturating_sub(done))?;
                            (stream, at)
                        }
                        _ => (self.stream(at)?, at),
                    };
                    let (stream, _) = sequential.insert((stream, done.saturating_add(bytes)));
                    stream.fill(&mut raw)?;
                }
                element.decode(&raw, &mut values);
                held = Some(number);
            }
            let inner = position.checked_rem(block).unwrap_or(0);
            found.push(values.get(size_usize(inner)).copied().unwrap_or(0.0));
        }
        Ok(found)
    }
}

/// Reads the bytes of a tensor in turn.
pub(crate) struct Stream<'a> {
    kind: Kind<'a>,
    /// Bytes of a number whose order is turned; 1 for none.
    swap: usize,
}

enum Kind<'a> {
    Direct { source: &'a dyn ReadAt, at: u64 },
    Gather(Gather<'a>),
    Packed(packed::Reader<'a>),
    Decoder(Box<dyn Read + 'a>),
}

impl Stream<'_> {
    /// Reads until `buffer` is full.
    pub(crate) fn fill(&mut self, buffer: &mut [u8]) -> Result<(), TensorError> {
        match &mut self.kind {
            Kind::Direct { source, at } => {
                let count = read_full(*source, *at, buffer)?;
                if count < buffer.len() {
                    return Err(TensorError::Truncated);
                }
                *at = at.saturating_add(size_u64(count));
            }
            Kind::Gather(gather) => gather.fill(buffer)?,
            Kind::Packed(reader) => reader.fill(buffer)?,
            Kind::Decoder(decoder) => decoder.read_exact(buffer).map_err(|source| {
                if source.kind() == io::ErrorKind::UnexpectedEof {
                    TensorError::Truncated
                } else {
                    TensorError::Decode { source }
                }
            })?,
        }
        if self.swap > 1 {
            for number in buffer.chunks_exact_mut(self.swap) {
                number.reverse();
            }
        }
        Ok(())
    }

    /// Passes over `count` bytes.
    fn pass(&mut self, count: u64) -> Result<(), TensorError> {
        match &mut self.kind {
            Kind::Direct { at, .. } => {
                *at = at.saturating_add(count);
                return Ok(());
            }
            Kind::Packed(reader) => {
                reader.pass(count);
                return Ok(());
            }
            Kind::Gather(_) | Kind::Decoder(_) => {}
        }
        let mut left = count;
        let mut buffer = vec![0; size_usize(count.min(64 * 1024))];
        while left > 0 {
            let piece = size_usize(left).min(buffer.len());
            self.fill(buffer.get_mut(..piece).unwrap_or_default())?;
            left = left.saturating_sub(size_u64(piece));
        }
        Ok(())
    }
}
