//! Walks over the wire format of protocol buffers without a schema: fields in turn, payloads passed over by their length.
//!
//! Model formats made of protocol buffers share it. What a field means is theirs; here is only what cannot be read.

use std::ops::Range;

use crate::{
    AnomalyKind,
    bytes::{Cursor, ReadAt, ReadError, SourceError, size_u64, size_usize},
    notes::Notes,
};

/// LIMIT: fields walked over in one input. A model of a million operators has some ten million; what follows is not examined.
const FIELDS: u64 = 40_000_000;
/// LIMIT: messages within messages. Readers of protocol buffers refuse more than 100.
const DEPTH: u32 = 100;
/// Outermost fields that a probe follows.
const OUTLINE: usize = 4_096;

static TRUNCATED: AnomalyKind = AnomalyKind::damage(
    "wire-truncated",
    "a message or text of a protocol buffer is longer than what holds it",
    "协议缓冲区中的消息或文本超出其容器",
);
static MALFORMED: AnomalyKind = AnomalyKind::damage(
    "wire-malformed",
    "a protocol buffer has a field that cannot be read; the rest of that message is not examined",
    "协议缓冲区中有无法读取的字段；该消息的其余部分未检查",
);
static TOO_MANY: AnomalyKind = AnomalyKind::limit(
    "wire-limit",
    "a protocol buffer has more fields than are followed",
    "协议缓冲区的字段数量超过检查上限",
);
static TOO_DEEP: AnomalyKind = AnomalyKind::limit(
    "wire-depth",
    "a protocol buffer nests deeper than its readers follow",
    "协议缓冲区的嵌套超过其读取器的限度",
);

/// Holds what stands in a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// A number of variable length.
    Number(u64),
    /// A number of four or eight bytes.
    Fixed,
    /// A message, text or packed list.
    Bytes(Range<u64>),
}

/// Holds one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    /// Number of the field.
    pub(crate) number: u64,
    /// Where its tag begins.
    pub(crate) start: u64,
    /// What stands in it.
    pub(crate) content: Content,
}

impl Field {
    /// Returns the number and the range of a field with a length.
    pub(crate) fn bytes(&self) -> Option<(u64, Range<u64>)> {
        match &self.content {
            Content::Bytes(range) => Some((self.number, range.clone())),
            _ => None,
        }
    }

    /// Returns where the field ends, with its content where it has a length.
    pub(crate) fn range(&self) -> Range<u64> {
        let end = match &self.content {
            Content::Bytes(range) => range.end,
            _ => self.start.saturating_add(1),
        };
        self.start..end
    }
}

/// Marks how far a message was walked.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    position: u64,
    end: u64,
    depth: u32,
}

/// Walks over messages; goes forward in the source wherever the caller does.
#[derive(Debug)]
pub(crate) struct Wire<'a> {
    cursor: Cursor<'a>,
    left: u64,
    /// What was odd.
    pub(crate) notes: Notes,
}

impl<'a> Wire<'a> {
    pub(crate) fn new(source: &'a dyn ReadAt) -> Self {
        Self {
            cursor: Cursor::whole(source),
            left: FIELDS,
            notes: Notes::default(),
        }
    }

    /// Starts at the outermost message.
    pub(crate) fn outermost(&self) -> Message {
        Message {
            position: 0,
            end: self.cursor.end(),
            depth: 0,
        }
    }

    /// Enters the message at `range` of `around`.
    pub(crate) fn enter(&mut self, around: &Message, range: Range<u64>) -> Message {
        let depth = around.depth.saturating_add(1);
        if depth > DEPTH {
            self.notes.push(&TOO_DEEP, range.clone(), "");
            return Message {
                position: range.end,
                end: range.end,
                depth,
            };
        }
        Message {
            position: range.start,
            end: range.end,
            depth,
        }
    }

    /// Returns the next field of `message`; `None` at its end, or where it cannot be read on, which is noted.
    pub(crate) fn next(&mut self, message: &mut Message) -> Result<Option<Field>, SourceError> {
        if message.position >= message.end {
            return Ok(None);
        }
        let start = message.position;
        if self.left == 0 {
            self.notes.push(&TOO_MANY, start..message.end, "");
            message.position = message.end;
            return Ok(None);
        }
        self.left = self.left.saturating_sub(1);
        self.cursor.seek(start);
        let found = match self.field(start, message.end) {
            Ok(found) => found,
            Err(ReadError::Truncated { .. }) => None,
            Err(ReadError::Source(error)) => return Err(error),
        };
        let Some((mut field, next)) = found else {
            let cut = self.cursor.position() >= message.end;
            let kind = if cut { &TRUNCATED } else { &MALFORMED };
            self.notes.push(kind, start..message.end, "");
            message.position = message.end;
            return Ok(None);
        };
        if next > message.end {
            let missing = next.saturating_sub(message.end);
            self.notes.push(
                &TRUNCATED,
                start..message.end,
                format!("{missing} bytes are missing"),
            );
        }
        message.position = next.min(message.end);
        if let Content::Bytes(range) = &mut field.content {
            range.end = range.end.min(message.end);
            range.start = range.start.min(range.end);
        }
        Ok(Some(field))
    }

    /// Reads a field and says where the next begins. Fields of groups count as fields of what holds the group: readers pass
    /// over them, and what they hold is looked at all the same.
    fn field(&mut self, start: u64, end: u64) -> Result<Option<(Field, u64)>, ReadError> {
        let Some(tag) = self.varint()? else {
            return Ok(None);
        };
        let number = tag >> 3;
        if number == 0 || number > 0x1fff_ffff {
            return Ok(None);
        }
        let mut next = self.cursor.position();
        let content = match tag & 7 {
            0 => {
                let Some(value) = self.varint()? else {
                    return Ok(None);
                };
                next = self.cursor.position();
                Content::Number(value)
            }
            1 => {
                next = next.saturating_add(8);
                Content::Fixed
            }
            5 => {
                next = next.saturating_add(4);
                Content::Fixed
            }
            2 => {
                let Some(length) = self.varint()? else {
                    return Ok(None);
                };
                let from = self.cursor.position();
                next = from.saturating_add(length);
                Content::Bytes(from..next)
            }
            3 | 4 => Content::Fixed,
            _ => return Ok(None),
        };
        if self.cursor.position() > end {
            return Ok(None);
        }
        let field = Field {
            number,
            start,
            content,
        };
        Ok(Some((field, next)))
    }

    fn varint(&mut self) -> Result<Option<u64>, ReadError> {
        let mut value = 0_u64;
        for shift in (0..70).step_by(7) {
            let byte = self.cursor.u8()?;
            value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
            if byte & 0x80 == 0 {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    /// Copies at most `most` bytes of `range`.
    pub(crate) fn read(&mut self, range: &Range<u64>, most: u64) -> Result<Vec<u8>, SourceError> {
        let length = range.end.saturating_sub(range.start).min(most);
        self.cursor.seek(range.start);
        match self.cursor.take(size_usize(length)) {
            Ok(bytes) => Ok(bytes),
            Err(ReadError::Truncated { .. }) => Ok(Vec::new()),
            Err(ReadError::Source(error)) => Err(error),
        }
    }

    /// Reads `range` as text of at most `most` bytes, undecodable bytes replaced.
    pub(crate) fn text(&mut self, range: &Range<u64>, most: u64) -> Result<String, SourceError> {
        Ok(String::from_utf8_lossy(&self.read(range, most)?).into_owned())
    }

    /// Reads the numbers of a field that is repeated: one, or many packed; at most `most`. The second value says whether
    /// there are no more.
    pub(crate) fn numbers(
        &mut self,
        content: &Content,
        most: usize,
    ) -> Result<(Vec<u64>, bool), SourceError> {
        let range = match content {
            Content::Number(value) => return Ok((vec![*value], true)),
            Content::Fixed => return Ok((Vec::new(), true)),
            Content::Bytes(range) => range,
        };
        let mut numbers = Vec::new();
        self.cursor.seek(range.start);
        while self.cursor.position() < range.end {
            if numbers.len() >= most {
                return Ok((numbers, false));
            }
            match self.varint() {
                Ok(Some(number)) => numbers.push(number),
                Ok(None) | Err(ReadError::Truncated { .. }) => return Ok((numbers, false)),
                Err(ReadError::Source(error)) => return Err(error),
            }
        }
        Ok((numbers, true))
    }
}

/// Holds the outermost fields of what may be a protocol buffer, for probes.
#[derive(Debug)]
pub(crate) struct Outline<'a> {
    wire: Wire<'a>,
    /// The fields, as many as a probe follows.
    pub(crate) fields: Vec<Field>,
    /// Whether all of them can be read.
    pub(crate) whole: bool,
}

impl<'a> Outline<'a> {
    /// Lists the outermost fields; `None` where the first bytes are text or no field at all.
    pub(crate) fn new(head: &[u8], source: &'a dyn ReadAt) -> Option<Self> {
        let control = |byte: u8| byte <= 8 || (0x0e..=0x1f).contains(&byte);
        // Without a way out within a piece, so that many bytes are asked at once: every text comes here.
        let controls = |piece: &[u8]| piece.iter().fold(false, |any, byte| any | control(*byte));
        // A field begins with its number and one of six kinds; asked first, since most texts begin with none.
        let is_field = |byte: &u8| *byte > 7 && byte & 7 <= 5;
        let begins = head.first().is_some_and(is_field);
        if head.len() < 4 || !begins || !head.chunks(256).any(controls) {
            return None;
        }
        let wire = Wire::new(source);
        let message = wire.outermost();
        let mut outline = Self {
            wire,
            fields: Vec::new(),
            whole: true,
        };
        outline.fields = outline.list(message, OUTLINE);
        outline.whole = outline.wire.notes.list().is_empty();
        (!outline.fields.is_empty()).then_some(outline)
    }

    fn list(&mut self, mut message: Message, most: usize) -> Vec<Field> {
        let mut fields = Vec::new();
        while fields.len() < most {
            match self.wire.next(&mut message) {
                Ok(Some(field)) => fields.push(field),
                _ => break,
            }
        }
        fields
    }

    /// Lists the first fields of the message at `range`; nothing where it cannot be read, unless it is the one that breaks off.
    pub(crate) fn inside(&mut self, range: &Range<u64>, most: usize) -> Vec<Field> {
        let before = self.wire.notes.list().len();
        let around = self.wire.outermost();
        let end = around.end;
        let message = self.wire.enter(&around, range.clone());
        let fields = self.list(message, most);
        if self.wire.notes.list().len() > before && range.end < end {
            return Vec::new();
        }
        fields
    }

    /// Returns the ranges of the fields `number` among `fields`.
    pub(crate) fn ranges(fields: &[Field], number: u64) -> impl Iterator<Item = Range<u64>> {
        fields
            .iter()
            .filter_map(Field::bytes)
            .filter(move |(found, _)| *found == number)
            .map(|(_, range)| range)
    }

    /// Returns the value of the number field `number`.
    pub(crate) fn number(&self, number: u64) -> Option<u64> {
        self.fields.iter().find_map(|field| match field.content {
            Content::Number(value) if field.number == number => Some(value),
            _ => None,
        })
    }

    /// Says whether `range` is the name of an operator: letters, digits and a few signs.
    pub(crate) fn is_name(&mut self, range: &Range<u64>) -> bool {
        let length = range.end.saturating_sub(range.start);
        let plain = |byte: &u8| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'>' | b'.' | b':' | b'-' | b'/')
        };
        length > 0
            && length <= 512
            && self
                .wire
                .read(range, 512)
                .is_ok_and(|bytes| size_u64(bytes.len()) == length && bytes.iter().all(plain))
    }

    /// Says whether the text at `range` begins with `word`.
    pub(crate) fn begins(&mut self, range: &Range<u64>, word: &[u8]) -> bool {
        self.wire
            .read(range, size_u64(word.len()))
            .is_ok_and(|bytes| bytes == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(bytes: &[u8]) -> (Vec<u64>, Vec<&'static str>) {
        let source = bytes.to_vec();
        let mut wire = Wire::new(&source);
        let mut message = wire.outermost();
        let mut numbers = Vec::new();
        while let Some(field) = wire.next(&mut message).unwrap() {
            numbers.push(field.number);
        }
        let ids = wire.notes.list().iter().map(|note| note.kind.id).collect();
        (numbers, ids)
    }

    #[test]
    fn fields_are_listed_and_damage_is_noted() {
        assert_eq!(walk(b"\x08\x01\x12\x02ab\x1d\0\0\0\0"), (vec![1, 2, 3], vec![]));
        assert_eq!(walk(b"\x08\x01\x12\x09ab"), (vec![1, 2], vec!["wire-truncated"]));
        assert_eq!(walk(b"\x08"), (vec![], vec!["wire-truncated"]));
        assert_eq!(walk(b"\x0f\x01\x01\x01"), (vec![], vec!["wire-malformed"]));
        // A group is passed over, and what it holds is seen.
        assert_eq!(walk(b"\x0b\x10\x01\x0c"), (vec![1, 2, 1], vec![]));
    }
}
