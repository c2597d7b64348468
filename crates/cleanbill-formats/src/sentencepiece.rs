//! Tokenizer models of `SentencePiece`.

use std::ops::Range;

use crate::{
    Anomaly, AnomalyKind, FormatView, Input, Member, Payload, Probe, Score,
    bytes::{Cursor, ReadError},
    notes::Notes,
    raw::disguised,
    registry::{ParseResult, format_info},
};

format_info! {
    /// ## What it is
    /// The tokenizer of Llama, T5 and many others: a protocol buffer with a list of pieces and the settings under which
    /// they were learnt. It is data; nothing in it is run.
    /// ## What is read
    /// Every field to the end of the file: pieces, settings of the trainer and the normalizers, test samples. The values of
    /// settings are passed over.
    /// ## What is reported
    /// Fields that break off, fields that the message does not have. Such a field with much in it is a member, and so is a
    /// table of the normalizer that begins like a program, an archive or a pickle.
    /// ## Limits
    /// `metadata_entries` for the fields.
    /// ## References
    /// `sentencepiece_model.proto`.
    "sentencepiece", "SentencePiece model", extensions: &["model", "spm"], refines: None, dialects: []
}

/// Unknown fields up to this size are named; larger ones are examined as a member too. A hash or a name fits.
const SMALL_BYTES: u64 = 256;
/// Longest piece that counts as one: trainers stop at some tens of characters.
const PIECE_BYTES: u64 = 4_096;

static TRUNCATED: AnomalyKind = AnomalyKind::damage(
    "sentencepiece-truncated",
    "a field breaks off or cannot be read; what follows is not examined",
    "字段中断或无法读取；其后内容未检查",
);
static UNKNOWN: AnomalyKind = AnomalyKind::note(
    "sentencepiece-field",
    "a field stands where SentencePiece has none",
    "存在 SentencePiece 未定义的字段",
);
static LIMIT: AnomalyKind = AnomalyKind::limit(
    "sentencepiece-limit",
    "more fields than `metadata_entries` allows",
    "字段数量超过上限 `metadata_entries`",
);

/// Shows a tokenizer model.
#[derive(Debug, Default)]
pub struct View {
    /// How many pieces there are.
    pub pieces: u64,
    anomalies: Vec<Anomaly>,
    members: Vec<Member>,
}

impl FormatView for View {
    fn anomalies(&self) -> &[Anomaly] {
        &self.anomalies
    }

    fn members(&self) -> &[Member] {
        &self.members
    }
}

/// Knows a model by its first piece, whose text, score and kind must fill it exactly.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    let [0x0a, length @ ..=0x7f, 0x0a, text @ ..=0x7f, ..] = *probe.head else {
        return None;
    };
    let (length, text) = (usize::from(length), usize::from(text));
    let piece = probe.head.get(2..length.checked_add(2)?)?;
    let name = piece.get(2..text.checked_add(2)?)?;
    let rest = piece.get(text.checked_add(2)?..)?;
    let filled = matches!(rest, [0x15, _, _, _, _] | [0x15, _, _, _, _, 0x18, 1..=6]);
    let next = matches!(
        probe.head.get(length.checked_add(2)?),
        None | Some(0x0a | 0x12 | 0x1a)
    );
    (filled && next && std::str::from_utf8(name).is_ok()).then_some(Score::Likely)
}

/// Walks over every field.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let mut walk = Walk {
        cursor: Cursor::whole(input.source),
        notes: Notes::default(),
        left: input.limits.metadata_entries.saturating_mul(4),
        view: View::default(),
        tables: Vec::new(),
        known_end: 0,
    };
    let end = walk.cursor.end();
    match walk.message(Message::Model, end) {
        Ok(true) => {}
        Ok(false) | Err(ReadError::Truncated { .. }) => {
            let at = walk.cursor.position();
            let kind = if walk.left == 0 { &LIMIT } else { &TRUNCATED };
            walk.notes.push(kind, at..end, "");
            // What no longer reads as a field may be anything.
            let after = Payload::Section(walk.known_end..end);
            walk.view.members.push(Member::content("[after]", after));
        }
        Err(ReadError::Source(error)) => return Err(error),
    }
    let mut view = walk.view;
    for table in walk.tables {
        view.members.extend(disguised(input.source, &table)?);
    }
    view.anomalies = walk.notes.finish();
    Ok(view)
}

/// The messages of `sentencepiece_model.proto`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Message {
    Model,
    Piece,
    Trainer,
    Normalizer,
    SelfTest,
    Sample,
    /// Anything that is not entered.
    Value,
}

impl Message {
    /// Returns what stands in field `number`: a message or a value; `None` where there is no such field.
    fn field(self, number: u64) -> Option<Self> {
        match (self, number) {
            (Self::Model, 1) => Some(Self::Piece),
            (Self::Model, 2) => Some(Self::Trainer),
            (Self::Model, 3 | 5) => Some(Self::Normalizer),
            (Self::Model, 4) => Some(Self::SelfTest),
            (Self::SelfTest, 1) => Some(Self::Sample),
            (Self::Piece, 1..=3)
            | (Self::Trainer, 1..=7 | 10..=25 | 30..=36 | 40..=54)
            | (Self::Normalizer, 1..=6)
            | (Self::Sample, 1 | 2) => Some(Self::Value),
            _ => None,
        }
    }
}

struct Walk<'a> {
    cursor: Cursor<'a>,
    notes: Notes,
    left: u64,
    view: View,
    /// Where the normalizers' compiled tables stand.
    tables: Vec<Range<u64>>,
    /// Where the last field ends that a model has.
    known_end: u64,
}

impl Walk<'_> {
    /// Passes over the message that ends at `end`; gives `false` where it cannot go on. Messages nest three levels at most.
    fn message(&mut self, message: Message, end: u64) -> Result<bool, ReadError> {
        while self.cursor.position() < end {
            let start = self.cursor.position();
            if self.left == 0 {
                return Ok(false);
            }
            self.left = self.left.saturating_sub(1);
            let Some(tag) = self.varint()? else {
                return Ok(false);
            };
            let known = message.field(tag >> 3);
            let mut content = self.cursor.position()..self.cursor.position();
            match tag & 7 {
                0 => {
                    if self.varint()?.is_none() {
                        return Ok(false);
                    }
                }
                1 => self.cursor.skip(8)?,
                5 => self.cursor.skip(4)?,
                2 => {
                    let Some(length) = self.varint()? else {
                        return Ok(false);
                    };
                    let from = self.cursor.position();
                    let to = from.saturating_add(length);
                    if to > end {
                        return Ok(false);
                    }
                    content = from..to;
                    match known {
                        Some(inner) if inner != Message::Value && !self.message(inner, to)? => {
                            return Ok(false);
                        }
                        _ => self.cursor.skip(to.saturating_sub(self.cursor.position()))?,
                    }
                }
                _ => return Ok(false),
            }
            if self.cursor.position() > end {
                return Ok(false);
            }
            let length = content.end.saturating_sub(content.start);
            match (message, tag >> 3) {
                (Message::Model, 1) => self.view.pieces = self.view.pieces.saturating_add(1),
                (Message::Normalizer, 2) => self.tables.push(content.clone()),
                _ => {}
            }
            if message == Message::Model && known.is_some() {
                self.known_end = self.cursor.position();
            }
            let long_piece = message == Message::Piece && length > PIECE_BYTES;
            if known.is_none() || long_piece {
                let detail = format!("field {}, {length} bytes", tag >> 3);
                self.notes.push(&UNKNOWN, start..self.cursor.position(), detail);
                if length > SMALL_BYTES {
                    let name = format!("[field {} at {start}]", tag >> 3);
                    let payload = Payload::Section(content);
                    self.view.members.push(Member::content(name, payload));
                }
            }
        }
        Ok(true)
    }

    fn varint(&mut self) -> Result<Option<u64>, ReadError> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.cursor.u8()?;
            value |= u64::from(byte & 0x7f).wrapping_shl(shift);
            if byte & 0x80 == 0 {
                return Ok(Some(value));
            }
        }
        // Negative numbers take ten bytes.
        Ok((self.cursor.u8()? == 1).then_some(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ids, never_panics, view};

    const MODEL: &[u8] = b"\x0a\x0e\x0a\x05<unk>\x15\0\0\0\0\x18\x02\x0a\x08\x0a\x01a\x15\0\0\x80\xbf\x12\x02\x18\x01\x1a\x03\x0a\x01n";

    fn check(more: &[u8], pieces: u64, anomalies: &[&str], members: &[&str]) {
        let bytes = [MODEL, more].concat();
        let view = view(&bytes, parse);
        let names: Vec<&str> = view.members().iter().map(|one| one.name.as_str()).collect();
        assert_eq!(
            (view.pieces, ids(view.anomalies()).as_slice(), names.as_slice()),
            (pieces, anomalies, members)
        );
    }

    #[test]
    fn every_field_is_walked() {
        check(b"", 2, &[], &[]);
        check(b"\x0a\x03\x0a\x01b", 3, &[], &[]);
        check(b"\x0a\x30\x0a", 2, &["sentencepiece-truncated"], &["[after]"]);
        check(b"\x4a\x01x", 2, &["sentencepiece-field"], &[]);
        let large = [&b"\x4a\xac\x02"[..], &[b'x'; 300]].concat();
        check(&large, 2, &["sentencepiece-field"], &["[field 9 at 35]"]);
        // A table that is a program.
        let mut elf = b"\x7fELF\x02\x01\x01".to_vec();
        elf.resize(80, 0);
        let table = [&b"\x1a\x52\x12\x50"[..], &elf].concat();
        check(&table, 2, &[], &["[data]"]);
    }

    #[test]
    fn damage_never_panics() {
        never_panics(MODEL, parse);
    }
}
