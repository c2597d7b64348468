//! Types, shapes and storage of datasets and attributes.

use super::file::{File, Slice};
use crate::bytes::size_usize;

/// LIMIT: nesting of types that is followed; libraries write three or four levels.
const TYPE_DEPTH: u32 = 16;
/// Most dimensions that the library takes.
const DIMENSIONS: usize = 32;

/// Says what one element is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Class {
    /// Whole number.
    Integer,
    /// Floating-point number.
    Float,
    /// Text of a fixed length.
    Text,
    /// Text of any length, kept in the global heap.
    VariableText,
    /// Bytes without meaning.
    Opaque,
    /// Several fields.
    Compound,
    /// Reference to an object or region.
    Reference,
    /// Named numbers.
    Enumeration,
    /// Sequence of any length, kept in the global heap.
    Sequence(Box<Datatype>),
    /// Array of a fixed shape.
    Array(Box<Datatype>),
    /// Time, bits, or unknown.
    Other,
}

/// Describes one element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datatype {
    /// What it is.
    pub class: Class,
    /// Bytes of one element as it stands in a dataset.
    pub bytes: u64,
}

impl Datatype {
    /// Says whether the bytes of an element may be those of a file: text, bytes, numbers of one byte.
    pub(super) fn is_bytes(&self) -> bool {
        match &self.class {
            Class::Text | Class::Opaque => true,
            Class::Integer => self.bytes == 1,
            Class::Array(inner) => inner.is_bytes(),
            _ => false,
        }
    }

    /// Says whether an element stands in the global heap and may be the bytes of a file.
    pub(super) fn is_heap_bytes(&self) -> bool {
        match &self.class {
            Class::VariableText => true,
            Class::Sequence(inner) => inner.is_bytes(),
            _ => false,
        }
    }
}

pub(super) fn datatype(bytes: &[u8]) -> Option<Datatype> {
    nested(bytes, 0)
}

fn nested(bytes: &[u8], depth: u32) -> Option<Datatype> {
    let mut slice = Slice::new(bytes);
    let first = slice.u8()?;
    let bits = slice.u8()?;
    slice.skip(2)?;
    let size = slice.u32()?;
    let inner = |rest: &[u8]| {
        (depth < TYPE_DEPTH)
            .then(|| nested(rest, depth.saturating_add(1)))
            .flatten()
            .map(Box::new)
    };
    let class = match first & 0x0f {
        0 => Class::Integer,
        1 => Class::Float,
        3 => Class::Text,
        5 => Class::Opaque,
        6 => Class::Compound,
        7 => Class::Reference,
        8 => Class::Enumeration,
        9 if bits & 0x0f == 1 => Class::VariableText,
        9 => Class::Sequence(inner(slice.rest())?),
        10 => {
            let rank = usize::from(slice.u8()?);
            let old = first >> 4 < 3;
            if old {
                slice.skip(3)?;
            }
            slice.skip(rank.saturating_mul(if old { 8 } else { 4 }))?;
            Class::Array(inner(slice.rest())?)
        }
        _ => Class::Other,
    };
    Some(Datatype { class, bytes: size })
}

/// Holds the shape of what is stored.
#[derive(Clone, Debug)]
pub(super) struct Space {
    /// Size in each dimension; an empty list is one element, `None` no elements at all.
    pub(super) shape: Option<Vec<u64>>,
}

/// Reads the shape (section IV.A.2.b).
pub(super) fn dataspace(file: &File<'_>, bytes: &[u8]) -> Option<Space> {
    let mut slice = Slice::new(bytes);
    let version = slice.u8()?;
    let rank = usize::from(slice.u8()?);
    slice.skip(1)?;
    match version {
        1 => slice.skip(5)?,
        2 => {
            if slice.u8()? == 2 {
                return Some(Space { shape: None });
            }
        }
        _ => return None,
    }
    if rank > DIMENSIONS {
        return None;
    }
    (0..rank)
        .map(|_| file.length(&mut slice))
        .collect::<Option<Vec<u64>>>()
        .map(|shape| Space { shape: Some(shape) })
}

/// Says where a dataset's bytes stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    Compact(Vec<u8>),
    Contiguous {
        address: u64,
        size: Option<u64>,
    },
    /// Chunks found by a tree of version 1, with the element's size.
    Tree {
        address: u64,
        rank: usize,
        element: u64,
    },
    /// One chunk, with its size where it is filtered.
    Single {
        address: u64,
        size: Option<u64>,
    },
    /// Chunks found in another way.
    Indexed,
    Virtual {
        address: u64,
        index: u64,
    },
}

pub(super) fn layout(file: &File<'_>, bytes: &[u8]) -> Option<Layout> {
    let mut slice = Slice::new(bytes);
    match slice.u8()? {
        1 | 2 => {
            let rank = usize::from(slice.u8()?);
            let class = slice.u8()?;
            slice.skip(5)?;
            let address = if class == 0 { 0 } else { file.address(&mut slice)? };
            let mut element = 0;
            for _ in 0..rank {
                element = slice.u32()?;
            }
            match class {
                0 => {
                    let size = size_usize(slice.u32()?);
                    Some(Layout::Compact(slice.take(size)?.to_vec()))
                }
                1 => Some(Layout::Contiguous { address, size: None }),
                2 => Some(Layout::Tree {
                    address,
                    rank,
                    element,
                }),
                _ => None,
            }
        }
        version @ 3..=5 => match slice.u8()? {
            0 => {
                let size = slice.u16()?;
                Some(Layout::Compact(slice.take(size)?.to_vec()))
            }
            1 => {
                let address = file.address(&mut slice)?;
                let size = file.length(&mut slice)?;
                Some(Layout::Contiguous {
                    address,
                    size: Some(size),
                })
            }
            2 if version == 3 => {
                let rank = usize::from(slice.u8()?);
                let address = file.address(&mut slice)?;
                let mut element = 0;
                for _ in 0..rank {
                    element = slice.u32()?;
                }
                Some(Layout::Tree {
                    address,
                    rank,
                    element,
                })
            }
            2 => {
                let flags = slice.u8()?;
                let rank = usize::from(slice.u8()?);
                let width = usize::from(slice.u8()?);
                slice.skip(rank.checked_mul(width)?)?;
                if slice.u8()? != 1 {
                    return Some(Layout::Indexed);
                }
                let mut size = None;
                if flags & 2 != 0 {
                    size = Some(file.length(&mut slice)?);
                    slice.skip(4)?;
                }
                let address = file.address(&mut slice)?;
                Some(Layout::Single { address, size })
            }
            3 => Some(Layout::Virtual {
                address: file.address(&mut slice)?,
                index: slice.u32()?,
            }),
            _ => None,
        },
        _ => None,
    }
}

/// Lists the numbers of the filters, in the order in which they were applied.
pub(super) fn filters(bytes: &[u8]) -> Option<Vec<usize>> {
    let mut slice = Slice::new(bytes);
    let version = slice.u8()?;
    let count = slice.u8()?;
    if version == 1 {
        slice.skip(6)?;
    }
    let mut list = Vec::new();
    for _ in 0..count.min(32) {
        let id = slice.u16()?;
        let name = if version == 1 || id >= 256 {
            slice.u16()?
        } else {
            0
        };
        slice.skip(2)?;
        let values = slice.u16()?;
        let padded = if version == 1 {
            name.checked_next_multiple_of(8)?
        } else {
            name
        };
        slice.skip(padded)?;
        slice.skip(values.saturating_mul(4))?;
        if version == 1 && values % 2 == 1 {
            slice.skip(4)?;
        }
        list.push(id);
    }
    Some(list)
}
