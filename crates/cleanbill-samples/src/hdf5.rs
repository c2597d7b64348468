//! HDF5 files: superblock 0, object headers of version 1, groups by link messages or by a symbol table.

use crate::{
    content::{self, little},
    lines::{Node, Result, nodes},
};

const NONE: u64 = u64::MAX;

/// Builds an `hdf5:` block.
pub(crate) fn build(node: &Node<'_>) -> Result<Vec<u8>> {
    let mut file = Builder {
        out: vec![0; 96],
        rows: None,
        width: None,
        end: None,
        user: Vec::new(),
    };
    let root = file.group(node, false)?;
    let end = file.end.unwrap_or(file.out.len() as u64);
    let mut head = b"\x89HDF\r\n\x1a\n\0\0\0\0\0\x08\x08\0\x04\0\x10\0\0\0\0\0".to_vec();
    for number in [0, NONE, end, NONE, 0, root] {
        head.extend(little(number, 8));
    }
    head.resize(96, 0);
    file.out.splice(..96, head);
    file.user.extend(file.out);
    Ok(file.user)
}

struct Builder {
    out: Vec<u8>,
    rows: Option<u64>,
    width: Option<u64>,
    end: Option<u64>,
    user: Vec<u8>,
}

impl Builder {
    fn place(&mut self, bytes: &[u8]) -> u64 {
        let at = self.out.len().next_multiple_of(8);
        self.out.resize(at, 0);
        self.out.extend(bytes);
        at as u64
    }

    fn group(&mut self, node: &Node<'_>, old: bool) -> Result<u64> {
        let mut messages: Vec<(u16, Vec<u8>)> = Vec::new();
        let mut links: Vec<(Vec<u8>, Vec<u8>, u8)> = Vec::new();
        for node in &nodes(node.body)? {
            let words = node.arguments()?;
            let name = words
                .first()
                .map(crate::literal::Argument::name)
                .unwrap_or_default();
            let word = |at: usize| {
                words
                    .get(at)
                    .map(crate::literal::Argument::name)
                    .unwrap_or_default()
            };
            let content = || content::build(node.body);
            match node.key.as_str() {
                "attribute" => {
                    let value = if node.body.is_empty() { word(1) } else { content()? };
                    messages.push((0x0c, attribute(&name, &text_type(value.len() as u64), &value)));
                }
                "long-attribute" => {
                    let value = if node.body.is_empty() { word(1) } else { content()? };
                    let mut heap = little(1, 2);
                    heap.extend(little(1, 2));
                    heap.extend([0; 4]);
                    heap.extend(little(value.len() as u64, 8));
                    heap.extend(&value);
                    heap.resize(heap.len().next_multiple_of(8) + 16, 0);
                    let mut bytes = b"GCOL\x01\0\0\0".to_vec();
                    bytes.extend(little(heap.len() as u64 + 16, 8));
                    bytes.extend(heap);
                    let at = self.place(&bytes);
                    let mut reference = little(value.len() as u64, 4);
                    reference.extend(little(at, 8));
                    reference.extend(little(1, 4));
                    let mut kind = vec![0x19, 1, 0, 0, 16, 0, 0, 0];
                    kind.extend(text_type(1));
                    messages.push((0x0c, attribute(&name, &kind, &reference)));
                }
                "dataset" => {
                    let bytes = content()?;
                    let at = self.place(&bytes);
                    let mut layout = vec![3, 1];
                    layout.extend(little(at, 8));
                    layout.extend(little(bytes.len() as u64, 8));
                    let object = self.dataset(bytes.len() as u64, layout, None);
                    links.push((name, little(object, 8), 0));
                }
                "external-file" => {
                    let size = words.get(2).map_or(Ok(16), crate::literal::Argument::number);
                    let size = size.map_err(|reason| node.error(reason))?;
                    let mut segment = vec![0; 8];
                    segment.extend(word(1));
                    segment.resize(segment.len().next_multiple_of(8) + 8, 0);
                    let heap = self.heap(&segment);
                    let mut external = vec![1, 0, 0, 0, 1, 0, 1, 0];
                    for number in [heap, 8, 0, size] {
                        external.extend(little(number, 8));
                    }
                    let mut layout = vec![3, 1];
                    layout.extend(little(NONE, 8));
                    layout.extend(little(size, 8));
                    let object = self.dataset(size, layout, Some(external));
                    links.push((name, little(object, 8), 0));
                }
                "group" | "old-group" => {
                    let object = self.group(node, node.key == "old-group")?;
                    links.push((name, little(object, 8), 0));
                }
                "hard-link" => {
                    let at = words.get(1).map_or(Ok(0), crate::literal::Argument::number);
                    links.push((name, little(at.map_err(|reason| node.error(reason))?, 8), 0));
                }
                "soft-link" => {
                    let target = word(1);
                    let mut value = little(target.len() as u64, 2);
                    value.extend(target);
                    links.push((name, value, 1));
                }
                "external-link" => {
                    let mut target = vec![0];
                    target.extend(word(1));
                    target.push(0);
                    target.extend(word(2));
                    target.push(0);
                    let mut value = little(target.len() as u64, 2);
                    value.extend(target);
                    links.push((name, value, 64));
                }
                "user-block" => self.user = content()?,
                "rows" => self.rows = Some(node.number()?),
                "width" => self.width = Some(node.number()?),
                "end" => self.end = Some(node.number()?),
                other => return Err(node.error(format!("unknown statement `{other}`"))),
            }
        }
        if old {
            messages.push((0x11, self.symbols(&links)));
        } else {
            let mut information = vec![0, 0];
            information.extend(little(NONE, 8));
            information.extend(little(NONE, 8));
            messages.push((0x02, information));
            messages.extend(links.iter().map(|link| (0x06, message(link))));
        }
        Ok(self.object(&messages))
    }

    fn heap(&mut self, segment: &[u8]) -> u64 {
        let data = self.place(segment);
        let mut heap = b"HEAP\0\0\0\0".to_vec();
        for number in [segment.len() as u64, 1, data] {
            heap.extend(little(number, 8));
        }
        self.place(&heap)
    }

    /// Writes a symbol table for hard links.
    fn symbols(&mut self, links: &[(Vec<u8>, Vec<u8>, u8)]) -> Vec<u8> {
        let mut segment = vec![0; 8];
        let mut node = b"SNOD\x01\0".to_vec();
        node.extend(little(links.len() as u64, 2));
        for (name, target, _) in links {
            node.extend(little(segment.len() as u64, 8));
            node.extend(target);
            node.resize(node.len() + 24, 0);
            segment.extend(name);
            segment.resize((segment.len() + 1).next_multiple_of(8), 0);
        }
        let heap = self.heap(&segment);
        let node = self.place(&node);
        let mut tree = b"TREE\0\0\x01\0".to_vec();
        for number in [NONE, NONE, 0, node, 8] {
            tree.extend(little(number, 8));
        }
        let tree = self.place(&tree);
        [little(tree, 8), little(heap, 8)].concat()
    }

    fn dataset(&mut self, size: u64, layout: Vec<u8>, external: Option<Vec<u8>>) -> u64 {
        let width = self.width.unwrap_or(1);
        let mut kind = vec![0x10, 0, 0, 0];
        kind.extend(little(width, 4));
        kind.extend([0, 0, 8, 0]);
        let mut space = vec![1, 1, 0, 0, 0, 0, 0, 0];
        space.extend(little(self.rows.unwrap_or(size), 8));
        let mut messages = vec![
            (0x01, space),
            (0x03, kind),
            (0x05, vec![2, 2, 2, 0]),
            (0x08, layout),
        ];
        messages.extend(external.map(|external| (0x07, external)));
        self.object(&messages)
    }

    fn object(&mut self, messages: &[(u16, Vec<u8>)]) -> u64 {
        let mut body = Vec::new();
        for (kind, data) in messages {
            let padded = data.len().next_multiple_of(8);
            body.extend(little(u64::from(*kind), 2));
            body.extend(little(padded as u64, 2));
            body.extend([0; 4]);
            body.extend(data);
            body.resize(body.len() + padded - data.len(), 0);
        }
        let mut object = vec![1, 0];
        object.extend(little(messages.len() as u64, 2));
        object.extend(little(1, 4));
        object.extend(little(body.len() as u64, 4));
        object.extend([0; 4]);
        object.extend(body);
        self.place(&object)
    }
}

fn message((name, value, form): &(Vec<u8>, Vec<u8>, u8)) -> Vec<u8> {
    // Flags: the form of the link is told, and the name's length takes two bytes.
    let mut bytes = vec![1, 0x09, *form];
    bytes.extend(little(name.len() as u64, 2));
    bytes.extend(name);
    bytes.extend(value);
    bytes
}

fn text_type(size: u64) -> Vec<u8> {
    [vec![0x13, 0, 0, 0], little(size.max(1), 4)].concat()
}

fn attribute(name: &[u8], kind: &[u8], value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![1, 0];
    for length in [name.len() + 1, kind.len(), 8] {
        bytes.extend(little(length as u64, 2));
    }
    for part in [
        [name, b"\0"].concat(),
        kind.to_vec(),
        vec![1, 0, 0, 0, 0, 0, 0, 0],
    ] {
        bytes.extend(&part);
        bytes.resize(bytes.len() + part.len().next_multiple_of(8) - part.len(), 0);
    }
    bytes.extend(value);
    bytes
}
