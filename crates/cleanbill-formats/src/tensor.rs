use std::{borrow::Cow, ops::Range};

/// LIMIT: tensors kept of one file; beyond, the list says that it is not complete.
const TENSORS: usize = 200_000;
/// LIMIT: bytes of names and dimensions kept of one file, so that memory stays flat.
const BYTES: usize = 16 << 20;

/// Names one tensor of a model, as its file lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// Name.
    pub name: String,
    /// Type of its elements, in the format's own word.
    pub dtype: Cow<'static, str>,
    /// Length of each dimension, the slowest first.
    pub shape: Vec<u64>,
    /// Where its bytes stand in the file, as the file says; it may reach beyond its end. `None` where that is not known.
    pub place: Option<Range<u64>>,
}

impl Tensor {
    /// Returns the number of elements; `None` where it exceeds 64 bits.
    pub fn elements(&self) -> Option<u64> {
        self.shape
            .iter()
            .try_fold(1_u64, |product, length| product.checked_mul(*length))
    }
}

/// Lists the tensors of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TensorList {
    tensors: Vec<Tensor>,
    bytes: usize,
    cut: bool,
}

impl TensorList {
    /// Adds a tensor, as long as there is room.
    pub fn push(&mut self, tensor: Tensor) {
        let bytes = tensor
            .name
            .len()
            .saturating_add(tensor.shape.len().saturating_mul(8))
            .saturating_add(64);
        if self.tensors.len() >= TENSORS || self.bytes.saturating_add(bytes) > BYTES {
            self.cut = true;
            return;
        }
        self.bytes = self.bytes.saturating_add(bytes);
        self.tensors.push(tensor);
    }

    /// Moves the places of all tensors, once it is known where the bytes begin that they were counted from.
    pub fn shift(&mut self, start: u64) {
        for tensor in &mut self.tensors {
            tensor.place = tensor.place.take().and_then(|place| {
                let begin = place.start.checked_add(start)?;
                Some(begin..place.end.checked_add(start)?)
            });
        }
    }

    /// Forgets the places of all tensors: it did not come out what they are counted from.
    pub fn lose_places(&mut self) {
        for tensor in &mut self.tensors {
            tensor.place = None;
        }
    }

    /// Says that tensors are missing from the list, because the file is damaged or a limit was reached.
    pub fn lose(&mut self) {
        self.cut = true;
    }

    /// Returns the tensors in the order of the file.
    pub fn tensors(&self) -> &[Tensor] {
        &self.tensors
    }

    /// Says whether every tensor of the file is listed.
    pub fn is_complete(&self) -> bool {
        !self.cut
    }
}
