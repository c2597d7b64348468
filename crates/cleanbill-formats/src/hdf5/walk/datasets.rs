//! Datasets: where their bytes stand, whether they are as many as they must be, and what the first of them are.

use std::ops::Range;

use super::{
    super::{
        Dataset,
        object::Message,
        rules::{ELEMENT, OVERFLOW, SIZE, TRUNCATED},
        types::{Datatype, Layout, dataspace, datatype, filters, layout},
    },
    DATASETS, MEMBERS, Walk, is_configuration, is_something,
};
use crate::{HEAD_BYTES, Member, Payload, Role, bytes::size_u64, codec::Codec, raw::disguised};

/// Values of datasets of text or bytes in the heap that are looked at: data, not metadata.
const DATASET_ELEMENTS: usize = 4_096;
/// Bytes of a chunk of references into the heap that are looked at.
const CHUNK_BYTES: u64 = 64 * 1024;

impl Walk<'_, '_> {
    pub(super) fn dataset(
        &mut self,
        path: &str,
        message: &Message,
        type_message: Option<&Message>,
        space: Option<&Message>,
        filter: Option<&Message>,
    ) -> Option<()> {
        let element = datatype(&type_message?.data)?;
        let shape = dataspace(self.file, &space?.data)?.shape;
        let filters = match filter {
            Some(filter) => filters(&filter.data)?,
            None => Vec::new(),
        };
        let place = layout(self.file, &message.data)?;
        let count = shape.as_deref().map_or(Some(0), |shape| {
            shape.iter().try_fold(1_u64, |sum, size| sum.checked_mul(*size))
        });
        let total = count.and_then(|count| count.checked_mul(element.bytes));
        let Some(total) = total else {
            let detail = format!("{path} {shape:?}");
            self.file.violation(&OVERFLOW, message.at, 16, &detail);
            return Some(());
        };
        let mut storage = None;
        match &place {
            Layout::Contiguous { address, size } if !self.file.is_none(*address) => {
                let range = self.stored(path, *address, size.unwrap_or(total), message.at);
                if size.is_some_and(|size| size < total) {
                    let detail = format!("{path}: {} bytes, {total} needed", size.unwrap_or_default());
                    self.file.violation(&SIZE, message.at, 16, &detail);
                }
                self.payload(path, &element, range.clone(), total);
                storage = Some(range);
            }
            Layout::Compact(bytes) => {
                if size_u64(bytes.len()) < total {
                    self.file.violation(&SIZE, message.at, 16, path);
                }
                let (elements, _) = self
                    .file
                    .elements(&element, shape.as_deref(), bytes, DATASET_ELEMENTS);
                self.values(path, &elements, message.at);
            }
            Layout::Tree {
                address,
                rank,
                element: bytes,
            } if !self.file.is_none(*address) => {
                if *bytes != element.bytes {
                    let detail = format!("{path}: {bytes}, {} needed", element.bytes);
                    self.file.violation(&ELEMENT, message.at, 16, &detail);
                }
                if let Some((at, size, mask)) = self.file.first_chunk(*address, *rank) {
                    let range = self.stored(path, at, size, message.at);
                    // A mask names the filters that were left out of this chunk.
                    let applied: &[usize] = if mask == 0 { &filters } else { &[] };
                    self.chunk(path, &element, range.clone(), applied, total);
                    storage = Some(range);
                }
            }
            Layout::Single { address, size } if !self.file.is_none(*address) => {
                let range = self.stored(path, *address, size.unwrap_or(total), message.at);
                self.chunk(path, &element, range.clone(), &filters, total);
                storage = Some(range);
            }
            Layout::Virtual { address, index } => {
                if let Some(block) = self.file.heap_object(*address, *index) {
                    self.virtual_sources(path, &block, message.at);
                }
            }
            _ => {}
        }
        if self.view.datasets.len() < DATASETS {
            self.view.datasets.push(Dataset {
                path: path.to_owned(),
                datatype: element,
                shape: shape.unwrap_or_default(),
                filters,
                storage,
            });
        }
        Some(())
    }

    /// Returns where bytes stand, and notes where the file ends before.
    fn stored(&mut self, path: &str, address: u64, size: u64, at: u64) -> Range<u64> {
        let start = self.file.place(address);
        let end = start.saturating_add(size);
        let whole = self.file.source.size();
        if end > whole {
            let detail = format!("{path}: {start} to {end}");
            self.file.note(&TRUNCATED, at, 16, &detail);
        }
        start.min(whole)..end.min(whole)
    }

    /// Looks at the first bytes of a dataset.
    fn payload(&mut self, path: &str, element: &Datatype, range: Range<u64>, total: u64) {
        if element.is_heap_bytes() {
            self.references(path, element, range, total);
            return;
        }
        if self.looked >= DATASETS || self.view.members.len() >= MEMBERS {
            return;
        }
        self.looked = self.looked.saturating_add(1);
        let range = range.start..range.start.saturating_add(total).min(range.end);
        match disguised(self.file.source, &range) {
            Ok(Some(mut member)) => {
                path.clone_into(&mut member.name);
                self.view.members.push(member);
            }
            Ok(None) if element.is_bytes() => {
                let length = range.end.saturating_sub(range.start);
                let address = range.start.saturating_sub(self.file.base);
                if length < 2 {
                    return;
                }
                if let Some(head) = self.file.read_some(address, length.min(HEAD_BYTES))
                    && is_something(&head, &head)
                {
                    self.view.members.push(Member {
                        name: path.to_owned(),
                        payload: Payload::Section(range),
                        role: Role::RawData,
                    });
                }
            }
            Ok(None) => {}
            Err(error) => {
                self.file.failed.get_or_insert(error);
            }
        }
    }

    /// Looks at the first chunk of a dataset.
    fn chunk(&mut self, path: &str, element: &Datatype, range: Range<u64>, filters: &[usize], total: u64) {
        // Shuffling bytes of one byte each changes nothing; a checksum stands at the end.
        let packed = filters.contains(&1);
        let other = filters.iter().any(|id| !matches!(id, 1..=3));
        let shuffled = filters.contains(&2) && element.bytes > 1;
        if other || shuffled {
            return;
        }
        if !packed {
            self.payload(path, element, range, total);
        } else if element.is_bytes() && self.view.members.len() < MEMBERS {
            // What is packed shows what it is only when it is opened.
            let payload = Payload::Encoded {
                range,
                codec: Codec::Zlib,
                declared: None,
            };
            self.view.members.push(Member {
                name: path.to_owned(),
                payload,
                role: Role::RawData,
            });
        }
    }

    fn references(&mut self, path: &str, element: &Datatype, range: Range<u64>, total: u64) {
        let address = range.start.saturating_sub(self.file.base);
        let length = range
            .end
            .saturating_sub(range.start)
            .min(total.max(element.bytes))
            .min(CHUNK_BYTES);
        if length == 0 {
            return;
        }
        if let Some(bytes) = self.file.read_some(address, length) {
            let count = size_u64(bytes.len()).checked_div(element.bytes).unwrap_or(0);
            let (elements, _) = self
                .file
                .elements(element, Some(&[count]), &bytes, DATASET_ELEMENTS);
            self.values(path, &elements, address);
        }
    }

    fn values(&mut self, path: &str, elements: &[Vec<u8>], at: u64) {
        for (index, element) in elements.iter().enumerate() {
            if is_configuration(element) || is_something(element, element) {
                self.keep(format!("{path}[{index}]"), element, at);
            }
        }
    }
}
