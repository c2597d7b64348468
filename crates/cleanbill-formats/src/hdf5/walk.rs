//! Walks from the root over every object: its links, attributes, and where its bytes stand.

mod datasets;

use std::{
    collections::{HashSet, VecDeque},
    ops::Range,
    sync::Arc,
};

use super::{
    External, ExternalKind, View,
    file::{File, Slice},
    object::{RawAttribute, kind},
    rules::{BROKEN, OBJECTS, VALUES},
    types::Class,
};
use crate::{
    HEAD_BYTES, Member, Payload, Probe, Score,
    bytes::{size_u64, size_usize},
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
