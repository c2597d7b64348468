//! The tensors that a pickle of PyTorch describes. Opcodes are run over values of our own; nothing is imported or called, and
//! what a call returns is known for the few functions alone that put tensors together.
//!
//! This is the second machine beside that of `cleanbill-formats`, which packs a value in eight bytes and keeps nothing of what lists,
//! dictionaries and states hold, so that no view of it can tell which name leads to which storage. That one must name every import
//! and every call it meets, and what it could not follow; this one must refuse whatever it cannot name a tensor from for sure (as damage,
//! as a limit or as lost, each of which becomes a gap), and must never be asked whether a pickle is harmless.

mod described;

use std::{collections::HashMap, ops::Range};

use cleanbill_formats::{
    bytes::{Cursor, ReadAt, SourceError, read_range, size_u64},
    pickle::{Argument, Opcode, OpcodeError, read_opcode},
};

pub(super) use described::Described;

/// LIMIT: values kept of one pickle; a tensor takes some 20, so that 75,000 fit.
const NODES: usize = 1_500_000;
/// LIMIT: bytes of all texts kept.
const TEXT_BYTES: usize = 32 << 20;
/// LIMIT: longest text kept; longer ones are no names.
const LONGEST_TEXT: u64 = 4_096;
/// Numbers a value.
type Id = usize;

/// What is known of a value.
#[derive(Clone, Debug)]
enum Node {
    /// Anything that no tensor is made of.
    Other,
    Int(i64),
    Text(String),
    Global(String, String),
    Tuple(Vec<Id>),
    List(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    Call {
        callee: Id,
        arguments: Id,
        items: Vec<(Id, Id)>,
        state: Option<Id>,
    },
    Persistent(Id),
}

/// Why the pickle could not be read to its end.
#[derive(Debug)]
pub(super) enum Stop {
    /// It breaks a rule, or ends early.
    Damaged,
    /// It holds more than is kept.
    Limit,
    /// The source failed.
    Source(SourceError),
}

impl From<SourceError> for Stop {
    fn from(error: SourceError) -> Self {
        Self::Source(error)
    }
}

impl From<OpcodeError> for Stop {
    fn from(error: OpcodeError) -> Self {
        match error {
            OpcodeError::Source(error) => Self::Source(error),
            _ => Self::Damaged,
        }
    }
}

/// Holds a pickle that was read.
#[derive(Debug)]
pub(super) struct Pickle<'a> {
    source: &'a dyn ReadAt,
    nodes: Vec<Node>,
    texts: usize,
    stack: Vec<Id>,
    marks: Vec<usize>,
    memo: HashMap<u64, Id>,
    /// There are tensors that could not be described.
    pub(super) lost: bool,
}

impl<'a> Pickle<'a> {
    /// Reads the pickle at `range` and returns it with its result.
    pub(super) fn read(source: &'a dyn ReadAt, range: Range<u64>) -> Result<(Self, Id), Stop> {
        let mut pickle = Self {
            source,
            nodes: Vec::new(),
            texts: 0,
            stack: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
            lost: false,
        };
        let mut cursor = Cursor::new(source, range);
        loop {
            let opcode = read_opcode(&mut cursor)?;
            if opcode.code == b'.' {
                let result = pickle.pop()?;
                return Ok((pickle, result));
            }
            pickle.step(&opcode)?;
            if pickle.stack.len() > NODES {
                return Err(Stop::Limit);
            }
        }
    }

    fn add(&mut self, node: Node) -> Result<Id, Stop> {
        if self.nodes.len() >= NODES || self.texts > TEXT_BYTES {
            return Err(Stop::Limit);
        }
        if let Node::Text(text) = &node {
            self.texts = self.texts.saturating_add(text.len());
        }
        self.nodes.push(node);
        Ok(self.nodes.len().saturating_sub(1))
    }

    fn push(&mut self, node: Node) -> Result<(), Stop> {
        let id = self.add(node)?;
        self.stack.push(id);
        Ok(())
    }

    fn pop(&mut self) -> Result<Id, Stop> {
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= floor {
            return Err(Stop::Damaged);
        }
        self.stack.pop().ok_or(Stop::Damaged)
    }

    /// Takes everything above the highest mark.
    fn marked(&mut self) -> Result<Vec<Id>, Stop> {
        let mark = self.marks.pop().ok_or(Stop::Damaged)?;
        if mark > self.stack.len() {
            return Err(Stop::Damaged);
        }
        Ok(self.stack.split_off(mark))
    }

    fn top(&self) -> Result<Id, Stop> {
        self.stack.last().copied().ok_or(Stop::Damaged)
    }

    fn node(&self, id: Id) -> &Node {
        self.nodes.get(id).unwrap_or(&Node::Other)
    }

    fn bytes(&self, range: &Range<u64>) -> Result<Option<Vec<u8>>, Stop> {
        if range.end.saturating_sub(range.start) > LONGEST_TEXT {
            return Ok(None);
        }
        Ok(Some(read_range(self.source, range.clone(), LONGEST_TEXT)?))
    }

    fn text(&self, range: &Range<u64>) -> Result<Node, Stop> {
        let text = self.bytes(range)?;
        Ok(text.map_or(Node::Other, |bytes| {
            Node::Text(String::from_utf8_lossy(&bytes).into_owned())
        }))
    }

    fn line(&self, argument: &Argument) -> Result<String, Stop> {
        match argument {
            Argument::Line(range) => {
                let bytes = self.bytes(range)?.unwrap_or_default();
                Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
            }
            _ => Ok(String::new()),
        }
    }

    fn call(&mut self, callee: Id, arguments: Id) -> Result<(), Stop> {
        self.push(Node::Call {
            callee,
            arguments,
            items: Vec::new(),
            state: None,
        })
    }

    fn extend(&mut self, target: Id, items: &[Id]) -> Result<(), Stop> {
        match self.nodes.get_mut(target) {
            Some(Node::List(list)) => list.extend(items),
            Some(_) => {}
            None => return Err(Stop::Damaged),
        }
        self.bounded(items.len())
    }

    fn set(&mut self, target: Id, items: &[Id]) -> Result<(), Stop> {
        let pairs = items.chunks_exact(2).filter_map(|pair| match pair {
            [key, value] => Some((*key, *value)),
            _ => None,
        });
        match self.nodes.get_mut(target) {
            Some(Node::Dict(entries) | Node::Call { items: entries, .. }) => entries.extend(pairs),
            Some(_) => {}
            None => return Err(Stop::Damaged),
        }
        self.bounded(items.len())
    }

    /// Counts items of containers too: the same value can be put into them again and again.
    fn bounded(&mut self, items: usize) -> Result<(), Stop> {
        self.texts = self.texts.saturating_add(items.saturating_mul(8));
        if self.texts > TEXT_BYTES.saturating_mul(2) {
            return Err(Stop::Limit);
        }
        Ok(())
    }

    fn step(&mut self, opcode: &Opcode) -> Result<(), Stop> {
        let number = match opcode.argument {
            Argument::Number(number) => number,
            _ => 0,
        };
        match opcode.code {
            // PROTO, FRAME, NEXT_BUFFER and its kin.
            0x80 | 0x95 | 0x98 => {}
            b'(' => {
                if self.marks.len() >= NODES {
                    return Err(Stop::Limit);
                }
                self.marks.push(self.stack.len());
            }
            b'0' => {
                if self.marks.last() == Some(&self.stack.len()) {
                    self.marks.pop();
                } else {
                    self.pop()?;
                }
            }
            b'1' | 0x90 => drop(self.marked()?),
            b'2' => {
                let top = self.top()?;
                self.stack.push(top);
            }
            b'J' | b'K' | b'M' => self.push(Node::Int(number))?,
            b'I' | b'L' => {
                let line = self.line(&opcode.argument)?;
                let parsed = line.trim_end_matches('L').parse().ok();
                self.push(parsed.map_or(Node::Other, Node::Int))?;
            }
            0x8a | 0x8b => {
                let node = self.long(&opcode.argument)?;
                self.push(node)?;
            }
            b'X' | 0x8c | 0x8d | b'T' | b'U' => {
                let node = match &opcode.argument {
                    Argument::Payload(range) => self.text(range)?,
                    _ => Node::Other,
                };
                self.push(node)?;
            }
            b'S' | b'V' => {
                let line = self.line(&opcode.argument)?;
                self.push(Node::Text(line.trim_matches(['\'', '"']).to_owned()))?;
            }
            b'}' => self.push(Node::Dict(Vec::new()))?,
            b']' => self.push(Node::List(Vec::new()))?,
            b')' => self.push(Node::Tuple(Vec::new()))?,
            b't' | b'l' => {
                let items = self.marked()?;
                self.bounded(items.len())?;
                self.push(if opcode.code == b't' {
                    Node::Tuple(items)
                } else {
                    Node::List(items)
                })?;
            }
            0x85..=0x87 => {
                let mut items = Vec::new();
                for _ in 0x84..opcode.code {
                    items.push(self.pop()?);
                }
                items.reverse();
                self.push(Node::Tuple(items))?;
            }
            b'd' => {
                let items = self.marked()?;
                let id = self.add(Node::Dict(Vec::new()))?;
                self.set(id, &items)?;
                self.stack.push(id);
            }
            b'a' => {
                let item = self.pop()?;
                let target = self.top()?;
                self.extend(target, &[item])?;
            }
            b'e' => {
                let items = self.marked()?;
                let target = self.top()?;
                self.extend(target, &items)?;
            }
            0x91 => {
                self.marked()?;
                self.push(Node::Other)?;
            }
            b's' => {
                let value = self.pop()?;
                let key = self.pop()?;
                let target = self.top()?;
                self.set(target, &[key, value])?;
            }
            b'u' => {
                let items = self.marked()?;
                let target = self.top()?;
                self.set(target, &items)?;
            }
            b'c' | b'i' => {
                let (module, name) = match &opcode.argument {
                    Argument::Lines(module, name) => (self.bytes(module)?, self.bytes(name)?),
                    _ => (None, None),
                };
                let text =
                    |bytes: Option<Vec<u8>>| String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned();
                let global = Node::Global(text(module), text(name));
                if opcode.code == b'c' {
                    self.push(global)?;
                } else {
                    let items = self.marked()?;
                    let callee = self.add(global)?;
                    let arguments = self.add(Node::Tuple(items))?;
                    self.call(callee, arguments)?;
                }
            }
            0x93 => {
                let name = self.pop()?;
                let module = self.pop()?;
                let node = match (self.node(module), self.node(name)) {
                    (Node::Text(module), Node::Text(name)) => Node::Global(module.clone(), name.clone()),
                    _ => Node::Other,
                };
                self.push(node)?;
            }
            b'R' | 0x81 => {
                let arguments = self.pop()?;
                let callee = self.pop()?;
                self.call(callee, arguments)?;
            }
            0x92 => {
                self.pop()?;
                let arguments = self.pop()?;
                let callee = self.pop()?;
                self.call(callee, arguments)?;
            }
            b'o' => {
                let mut items = self.marked()?;
                if items.is_empty() {
                    return Err(Stop::Damaged);
                }
                let callee = items.remove(0);
                let arguments = self.add(Node::Tuple(items))?;
                self.call(callee, arguments)?;
            }
            b'b' => {
                let given = self.pop()?;
                let target = self.top()?;
                if let Some(Node::Call { state, .. }) = self.nodes.get_mut(target) {
                    *state = Some(given);
                }
            }
            b'Q' => {
                let id = self.pop()?;
                self.push(Node::Persistent(id))?;
            }
            b'h' | b'j' | b'g' => {
                let index = self.index(opcode, number)?;
                let id = *self.memo.get(&index).ok_or(Stop::Damaged)?;
                if self.stack.len() >= NODES {
                    return Err(Stop::Limit);
                }
                self.stack.push(id);
            }
            b'q' | b'r' | b'p' | 0x94 => {
                let index = if opcode.code == 0x94 {
                    size_u64(self.memo.len())
                } else {
                    self.index(opcode, number)?
                };
                let top = self.top()?;
                if self.memo.len() >= NODES {
                    return Err(Stop::Limit);
                }
                self.memo.insert(index, top);
            }
            _ => self.push(Node::Other)?,
        }
        Ok(())
    }

    fn index(&self, opcode: &Opcode, number: i64) -> Result<u64, Stop> {
        if matches!(opcode.code, b'g' | b'p') {
            return self.line(&opcode.argument)?.parse().map_err(|_| Stop::Damaged);
        }
        u64::try_from(number).map_err(|_| Stop::Damaged)
    }

    fn long(&self, argument: &Argument) -> Result<Node, Stop> {
        let Argument::Payload(range) = argument else {
            return Ok(Node::Other);
        };
        let length = range.end.saturating_sub(range.start);
        if length > 8 {
            return Ok(Node::Other);
        }
        let bytes = read_range(self.source, range.clone(), 8)?;
        let fill = if bytes.last().is_some_and(|byte| byte & 0x80 != 0) {
            0xff
        } else {
            0
        };
        let mut wide = [fill; 8];
        for (place, byte) in wide.iter_mut().zip(&bytes) {
            *place = *byte;
        }
        Ok(Node::Int(i64::from_le_bytes(wide)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensors(bytes: &[u8]) -> Vec<Described> {
        let source = bytes.to_vec();
        let (mut pickle, result) = Pickle::read(&source, 0..size_u64(bytes.len())).unwrap();
        pickle.tensors(result)
    }

    #[test]
    fn a_tensor_is_found_in_its_dictionary() {
        let bytes = b"\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\n\
            X\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x06tQK\x00K\x02K\x03\x86K\x01K\x02\x86\x89}tRs.";
        let found = tensors(bytes);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].name.as_str(), found[0].class.as_str()),
            ("w", "FloatStorage")
        );
        assert_eq!(
            (found[0].shape.as_slice(), found[0].strides.as_slice()),
            (&[2, 3][..], &[1, 2][..])
        );
    }

    #[test]
    fn damage_and_endless_sharing_end() {
        let read = |bytes: &[u8]| Pickle::read(&bytes.to_vec(), 0..size_u64(bytes.len())).map(|_| ());
        assert!(matches!(read(b"\x80\x02}"), Err(Stop::Damaged)));
        assert!(matches!(read(b"tR."), Err(Stop::Damaged)));
        // Every list holds the one before twice.
        let mut bytes = b"\x80\x02]q\x00".to_vec();
        for _ in 0..40 {
            bytes.extend(b"(h\x00h\x00lq\x00");
        }
        bytes.push(b'.');
        let source = bytes.clone();
        let (mut pickle, result) = Pickle::read(&source, 0..size_u64(bytes.len())).unwrap();
        assert!(pickle.tensors(result).is_empty() && pickle.lost);
    }
}
