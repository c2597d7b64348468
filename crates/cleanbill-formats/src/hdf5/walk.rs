//! Walks from the root over every object: its links, attributes, and where its bytes stand.

use std::{
    collections::{HashSet, VecDeque},
    ops::Range,
    sync::Arc,
};

use super::{
    Dataset, External, ExternalKind, View,
    file::{File, Slice},
    object::{Message, RawAttribute, kind},
    rules::{BROKEN, ELEMENT, OBJECTS, OVERFLOW, SIZE, TRUNCATED, VALUES},
    types::{Class, Datatype, Layout, dataspace, datatype, filters, layout},
};
use crate::{
    HEAD_BYTES, Member, Payload, Probe, Role, Score,
    bytes::{size_u64, size_usize},
    codec::Codec,
    limits::Limits,
    pickle,
    raw::disguised,
};

/// LIMIT: datasets listed in the view; more are examined all the same.
const DATASETS: usize = 65_536;
/// LIMIT: elements of one attribute that are examined; the longest honest ones list the names of weights.
const ELEMENTS: usize = 65_536;
/// LIMIT: bytes of attributes kept to be examined as members, over the whole file.
const KEPT_BYTES: usize = 64 << 20;
/// LIMIT: members made of attributes and datasets.
const MEMBERS: usize = 4_096;
/// Values of datasets of text or bytes in the heap that are looked at: data, not metadata.
const DATASET_ELEMENTS: usize = 4_096;
/// Bytes of a chunk of references into the heap that are looked at.
const CHUNK_BYTES: u64 = 64 * 1024;
/// External places listed.
const EXTERNALS: usize = 1_024;

/// Names of attributes in which Keras keeps what it builds objects from.
const CONFIGURATIONS: &[&str] = &[
    "model_config",
    "training_config",
    "compile_config",
    "build_config",
    "optimizer_config",
    "layer_config",
    "keras_api",
    "metadata",
];

pub(super) struct Walk<'a, 'b> {
    pub(super) file: &'b mut File<'a>,
    pub(super) limits: &'b Limits,
    pub(super) view: View,
    queue: VecDeque<(u64, String)>,
    visited: HashSet<u64>,
    kept: usize,
    looked: usize,
}

impl<'a, 'b> Walk<'a, 'b> {
    pub(super) fn new(file: &'b mut File<'a>, limits: &'b Limits, view: View) -> Self {
        Self {
            file,
            limits,
            view,
            queue: VecDeque::new(),
            visited: HashSet::new(),
            kept: 0,
            looked: 0,
        }
    }

    /// Walks over everything that `root` leads to.
    pub(super) fn run(mut self, root: u64) -> View {
        self.visited.insert(root);
        self.queue.push_back((root, "/".to_owned()));
        while let Some((address, path)) = self.queue.pop_front() {
            if self.file.failed.is_some() {
                break;
            }
            self.view.objects = self.view.objects.saturating_add(1);
            self.object(address, &path);
        }
        self.view
    }

    fn enqueue(&mut self, address: u64, path: String) -> bool {
        if size_u64(self.visited.len()) >= self.limits.tensors {
            self.file.note(&OBJECTS, address, 8, "");
            return false;
        }
        if self.visited.insert(address) {
            self.queue.push_back((address, path));
        }
        true
    }

    fn join(&self, path: &str, name: &[u8]) -> String {
        let name = String::from_utf8_lossy(name);
        if size_u64(path.len().saturating_add(name.len())) > self.limits.name_bytes {
            return format!("{}/…", path.trim_end_matches('/'));
        }
        format!("{}/{name}", path.trim_end_matches('/'))
    }

    fn object(&mut self, address: u64, path: &str) {
        let messages = self.file.messages(address);
        let find = |wanted: u16| messages.iter().find(|message| message.kind == wanted);
        for message in &messages {
            let read = match message.kind {
                kind::SYMBOLS => self.symbols(&message.data, path),
                kind::LINK_INFO => self.dense_links(&message.data, path),
                kind::LINK => self.link(&message.data, path, message.at),
                kind::ATTRIBUTE => self.attribute_message(&message.data, path, message.at),
                kind::ATTRIBUTE_INFO => self.dense_attributes(&message.data, path),
                kind::EXTERNAL => self.external_files(&message.data, path, message.at),
                _ => Some(()),
            };
            if read.is_none() && self.file.failed.is_none() {
                let length = size_u64(message.data.len());
                self.file
                    .note(&BROKEN, message.at, length, &format!("message {}", message.kind));
            }
        }
        if let Some(found) = find(kind::LAYOUT) {
            let read = self.dataset(
                path,
                found,
                find(kind::DATATYPE),
                find(kind::DATASPACE),
                find(kind::FILTERS),
            );
            if read.is_none() && self.file.failed.is_none() {
                self.file
                    .note(&BROKEN, found.at, size_u64(found.data.len()), "dataset");
            }
        }
    }

    fn symbols(&mut self, data: &[u8], path: &str) -> Option<()> {
        let mut slice = Slice::new(data);
        let tree = self.file.address(&mut slice)?;
        let heap = self.file.address(&mut slice)?;
        let room = usize::try_from(self.limits.tensors).ok()?;
        let mut children = Vec::new();
        self.file.symbols(tree, heap, &mut |_, symbol| {
            if let Ok(address) = symbol.target {
                children.push((address, symbol.name));
            }
            children.len() < room
        })?;
        for (address, name) in children {
            let path = self.join(path, &name);
            if !self.enqueue(address, path) {
                break;
            }
        }
        Some(())
    }

    fn dense_links(&mut self, data: &[u8], path: &str) -> Option<()> {
        let mut slice = Slice::new(data);
        slice.skip(1)?;
        if slice.u8()? & 1 != 0 {
            slice.skip(8)?;
        }
        let heap = self.file.address(&mut slice)?;
        let tree = self.file.address(&mut slice)?;
        if self.file.is_none(heap) {
            return Some(());
        }
        let mut heap = self.file.heap(heap)?;
        for record in self.file.records(tree)? {
            let id = record.get(4..)?;
            let link = self.file.heap_value(&mut heap, id)?;
            self.link(&link, path, tree)?;
        }
        Some(())
    }

    fn dense_attributes(&mut self, data: &[u8], path: &str) -> Option<()> {
        let mut slice = Slice::new(data);
        slice.skip(1)?;
        if slice.u8()? & 1 != 0 {
            slice.skip(2)?;
        }
        let heap = self.file.address(&mut slice)?;
        let tree = self.file.address(&mut slice)?;
        if self.file.is_none(heap) {
            return Some(());
        }
        let mut heap = self.file.heap(heap)?;
        for record in self.file.records(tree)? {
            let id = record.get(..8)?;
            let attribute = self.file.heap_value(&mut heap, id)?;
            self.attribute_message(&attribute, path, tree)?;
        }
        Some(())
    }

    fn link(&mut self, data: &[u8], path: &str, at: u64) -> Option<()> {
        let mut slice = Slice::new(data);
        if slice.u8()? != 1 {
            return None;
        }
        let flags = slice.u8()?;
        let form = if flags & 8 == 0 { 0 } else { slice.u8()? };
        if flags & 4 != 0 {
            slice.skip(8)?;
        }
        if flags & 0x10 != 0 {
            slice.skip(1)?;
        }
        let length = size_usize(slice.number(1 << (flags & 3))?);
        let name = slice.take(length)?;
        let place = self.join(path, name);
        match form {
            0 => {
                let address = self.file.address(&mut slice)?;
                self.enqueue(address, place);
            }
            1 => {}
            64 => {
                let length = slice.u16()?;
                let mut inner = Slice::new(slice.take(length)?);
                inner.skip(1)?;
                let target = String::from_utf8_lossy(inner.until_zero()).into_owned();
                let object = String::from_utf8_lossy(inner.until_zero()).into_owned();
                let range = self.range(at, size_u64(data.len()));
                self.external(ExternalKind::Link, place, target, object, range);
            }
            other => {
                let range = self.range(at, size_u64(data.len()));
                self.external(
                    ExternalKind::UserDefined,
                    place,
                    format!("type {other}"),
                    String::new(),
                    range,
                );
            }
        }
        Some(())
    }

    fn range(&self, at: u64, length: u64) -> Range<u64> {
        let size = self.file.source.size();
        let start = self.file.place(at).min(size);
        start..start.saturating_add(length).min(size)
    }

    fn external(
        &mut self,
        kind: ExternalKind,
        path: String,
        file: String,
        object: String,
        range: Range<u64>,
    ) {
        if self.view.externals.len() < EXTERNALS {
            self.view.externals.push(External {
                kind,
                path,
                file,
                object,
                range,
            });
        }
    }

    fn external_files(&mut self, data: &[u8], path: &str, at: u64) -> Option<()> {
        let mut slice = Slice::new(data);
        slice.skip(6)?;
        let used = slice.u16()?;
        let heap = self.file.address(&mut slice)?;
        let start = self.file.read(
            heap,
            size_u64(
                8_usize
                    .saturating_add(self.file.length_bytes.saturating_mul(2))
                    .saturating_add(self.file.address_bytes),
            ),
        )?;
        let mut inner = Slice::new(&start);
        inner.skip(8_usize.saturating_add(self.file.length_bytes.saturating_mul(2)))?;
        let names = self.file.address(&mut inner)?;
        for _ in 0..used {
            let offset = self.file.length(&mut slice)?;
            self.file.length(&mut slice)?;
            self.file.length(&mut slice)?;
            let bytes = self
                .file
                .read_some(names.checked_add(offset)?, self.limits.name_bytes)?;
            let name = String::from_utf8_lossy(Slice::new(&bytes).until_zero()).into_owned();
            let range = self.range(at, size_u64(data.len()));
            self.external(ExternalKind::Storage, path.to_owned(), name, String::new(), range);
        }
        Some(())
    }

    fn virtual_sources(&mut self, path: &str, block: &[u8], at: u64) {
        let mut slice = Slice::new(block);
        let skipped = slice.skip(1_usize.saturating_add(self.file.length_bytes));
        if skipped.is_none() {
            return;
        }
        let first = String::from_utf8_lossy(slice.until_zero()).into_owned();
        let object = String::from_utf8_lossy(slice.until_zero()).into_owned();
        let range = self.range(at, 16);
        // Entries are of different lengths; other files show as texts among them.
        let mut names = vec![first];
        for run in slice
            .rest()
            .split(|byte| !(0x20..0x7f).contains(byte))
            .filter(|run| run.len() > 2)
        {
            let text = String::from_utf8_lossy(run).into_owned();
            if text.trim_end_matches('/') != object.trim_end_matches('/')
                && text.contains(['.', ':'])
                && !names.contains(&text)
            {
                names.push(text);
            }
            if names.len() > 16 {
                break;
            }
        }
        for name in names.into_iter().filter(|name| name != ".") {
            self.external(
                ExternalKind::Virtual,
                path.to_owned(),
                name,
                object.clone(),
                range.clone(),
            );
        }
    }

    fn attribute_message(&mut self, data: &[u8], path: &str, at: u64) -> Option<()> {
        let attribute = self.file.attribute(data)?;
        let RawAttribute {
            name,
            datatype,
            shape,
            data,
        } = attribute;
        if path == "/" && self.view.root_attributes.len() < 1_024 {
            self.view.root_attributes.push(name.clone());
        }
        let (elements, whole) = self.file.elements(&datatype, shape.as_deref(), &data, ELEMENTS);
        if !whole {
            self.file.note(&VALUES, at, size_u64(data.len()), &name);
        }
        let single = elements.len() == 1;
        for element in elements {
            // A text of fixed length is filled up with zeros or blanks.
            let end = element
                .iter()
                .rposition(|byte| !matches!(byte, 0 | b' '))
                .map_or(0, |last| last.saturating_add(1));
            let trimmed = element.get(..end).unwrap_or_default();
            let label = format!("{path}@{name}");
            if path == "/" && name == "keras_version" && self.view.keras_version.is_none() {
                self.view.keras_version = Some(String::from_utf8_lossy(trimmed).into_owned());
            }
            let known = single && CONFIGURATIONS.contains(&name.as_str());
            if (known && trimmed.len() > 2) || is_configuration(trimmed) {
                self.keep(label, trimmed, at);
            } else if is_something(&element, trimmed) {
                self.keep(label, &element, at);
            }
        }
        Some(())
    }

    /// Makes bytes a member.
    fn keep(&mut self, name: String, bytes: &[u8], at: u64) {
        self.kept = self.kept.saturating_add(bytes.len());
        if self.kept > KEPT_BYTES || self.view.members.len() >= MEMBERS {
            self.file.note(&VALUES, at, 16, &name);
            return;
        }
        let payload = Payload::Owned(Arc::from(bytes));
        self.view.members.push(Member::content(name, payload));
    }

    fn dataset(
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

/// Says whether a text may describe an object of Keras.
fn is_configuration(bytes: &[u8]) -> bool {
    let start = bytes.trim_ascii_start();
    let find = |word: &[u8]| memchr::memmem::find(start, word).is_some();
    matches!(start.first(), Some(b'{' | b'[')) && (find(b"class_name") || find(b"\\u"))
}

/// Says whether bytes begin like a pickle, a program or an archive.
fn is_something(bytes: &[u8], trimmed: &[u8]) -> bool {
    if trimmed.len() < 3 {
        return false;
    }
    let owned = bytes.to_vec();
    let probe = Probe {
        head: owned
            .get(..owned.len().min(size_usize(HEAD_BYTES)))
            .unwrap_or_default(),
        tail: &[],
        size: size_u64(owned.len()),
        source: &owned,
    };
    pickle::probe(&probe) >= Some(Score::Likely)
        || disguised(&owned, &(0..size_u64(owned.len()))).is_ok_and(|member| member.is_some())
}

impl View {
    /// Says whether the datasets hold weights of Keras.
    pub(super) fn has_root(&self, name: &str) -> bool {
        self.root_attributes.iter().any(|one| one == name)
    }
}

/// Names an element's type in a word.
pub(super) fn word(class: &Class) -> &'static str {
    match class {
        Class::Integer => "integer",
        Class::Float => "float",
        Class::Text => "text",
        Class::VariableText => "variable text",
        Class::Opaque => "opaque",
        Class::Compound => "compound",
        Class::Reference => "reference",
        Class::Enumeration => "enumeration",
        Class::Sequence(_) => "sequence",
        Class::Array(_) => "array",
        Class::Other => "other",
    }
}
