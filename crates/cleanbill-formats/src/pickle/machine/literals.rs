//! Numbers, and bytes and texts that stand in the stream.

use super::{Halt, Machine, Nested, WATCHED_KEYS};
use crate::{
    bytes::{Cursor, SourceError, read_range, size_u64},
    pickle::{
        facts::Ending,
        kinds,
        opcode::{self, Argument, Opcode, OpcodeError, read_opcode},
        text,
        value::Value,
    },
};

/// Shorter texts and byte strings are neither watched keys nor anything of their own.
const SHORTEST_LOOK: u64 = 6;

impl Machine<'_> {
    pub(super) fn integer(&mut self, op: &Opcode) -> Result<Value, Halt> {
        match &op.argument {
            Argument::Line(range) => {
                let line = self.line_bytes(range)?;
                let text = String::from_utf8_lossy(&line);
                let text = text.trim();
                let digits = text.strip_suffix('L').unwrap_or(text);
                Ok(match text {
                    "00" if op.code == opcode::INT => Value::Bool(false),
                    "01" if op.code == opcode::INT => Value::Bool(true),
                    _ => match digits.parse::<i64>() {
                        Ok(number) => Value::Int(number),
                        // Both unpicklers take the base from a prefix, and underscores.
                        Err(_) if text::is_integer(digits) => Value::BigInt(op.start),
                        Err(_) => {
                            return Err(self.halt(
                                &kinds::BAD_ARGUMENT,
                                op.start,
                                "integer",
                                Ending::Malformed,
                            ));
                        }
                    },
                })
            }
            Argument::Payload(range) if range.end.saturating_sub(range.start) <= 7 => {
                let bytes = read_range(self.source, range.clone(), 7)?;
                Ok(Value::Int(text::little_endian_integer(&bytes)))
            }
            _ => Ok(Value::BigInt(op.start)),
        }
    }

    /// Notes byte strings and texts that look like something a loader could be given.
    pub(super) fn embedded(&mut self, op: &Opcode) -> Result<(), Halt> {
        let (Argument::Payload(range) | Argument::Line(range)) = &op.argument else {
            return Ok(());
        };
        if self.keeps_texts && self.facts.stream_texts.len() < 2_000_000 {
            let name = self.text_at(op.start)?.unwrap_or_default();
            self.facts.stream_texts.push(name);
        }
        let length = range.end.saturating_sub(range.start);
        if length < SHORTEST_LOOK {
            return Ok(());
        }
        let read;
        let peek_end = range.end.min(range.start.saturating_add(256));
        let head = if let Some(head) = self.cursor.held(&(range.start..peek_end)) {
            head
        } else {
            read = read_range(self.source, range.clone(), 256)?;
            &read
        };
        self.watching |= match op.argument {
            // Escapes of the older protocols can hide a key; then every key is read.
            Argument::Line(_) => {
                head.contains(&b'\\')
                    || WATCHED_KEYS
                        .iter()
                        .any(|key| memchr::memmem::find(head, key.as_bytes()).is_some())
            }
            _ => WATCHED_KEYS.iter().any(|key| head == key.as_bytes()),
        };
        if size_u64(self.facts.nested.len()) >= self.limits.pickle_embedded {
            return Ok(());
        }
        let is_bytes = matches!(
            op.code,
            opcode::BINBYTES | opcode::SHORT_BINBYTES | opcode::BINBYTES8 | opcode::BYTEARRAY8
        );
        let is_bytes = is_bytes || matches!(op.code, opcode::BINSTRING | opcode::SHORT_BINSTRING);
        if length > SHORTEST_LOOK && text::looks_nested(head) {
            self.facts.nested.push(Nested::Bytes(range.clone()));
        } else if !is_bytes && text::looks_nested_latin1(head) {
            self.facts.nested.push(Nested::Latin1(range.clone()));
        }
        if size_u64(self.facts.nested.len()) >= self.limits.pickle_embedded {
            self.note(&kinds::NESTED_LIMIT, op.start..self.cursor.position(), "");
        }
        Ok(())
    }

    /// Reads the text whose opcode stands at `offset`; `None` where it is longer than a name may be or no text.
    pub(in crate::pickle) fn text_at(&self, offset: u64) -> Result<Option<String>, SourceError> {
        let mut cursor = Cursor::new(self.source, offset..self.source.size());
        let opcode = match read_opcode(&mut cursor) {
            Ok(opcode) => opcode,
            Err(OpcodeError::Source(error)) => return Err(error),
            Err(_) => return Ok(None),
        };
        let (Argument::Payload(range) | Argument::Line(range)) = opcode.argument else {
            return Ok(None);
        };
        if range.end.saturating_sub(range.start) > self.limits.name_bytes {
            return Ok(None);
        }
        let bytes = match cursor.held(&range) {
            Some(bytes) => bytes.to_vec(),
            None => read_range(self.source, range, self.limits.name_bytes)?,
        };
        Ok(Some(text::decode(opcode.code, &bytes)))
    }
}

pub(super) fn number(op: &Opcode) -> Option<i64> {
    match op.argument {
        Argument::Number(number) => Some(number),
        _ => None,
    }
}
