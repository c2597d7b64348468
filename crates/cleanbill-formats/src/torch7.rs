//! Torch7.

use std::ops::Range;

use crate::{
    Anomaly, AnomalyKind, FormatView, Input, Member, Payload, Probe, Role, Score,
    bytes::{Cursor, ReadError, size_usize},
    notes::{Notes, lossy},
    registry::{ParseResult, format_info},
};

format_info! {
    /// ## What it is
    /// A file that `torch.save` of Lua Torch wrote (`.t7`): numbers, texts, tables, tensors and functions, as binary with
    /// either width of long numbers, or as text.
    /// ## What is read
    /// Every object with its type and class; sizes of tensors and storages. Functions are LuaJIT bytecode with the values
    /// they close over; each is a member.
    /// ## What is reported
    /// Unknown types, sizes beyond the file, objects nested too deep, bytes after the last object.
    /// ## Limits
    /// 5,000,000 objects, 200 levels, 4,096 classes and functions.
    /// ## References
    /// `File.lua` and `DiskFile.c` of Torch7; LuaJIT `lj_bcdump.h`.
    "torch7", "Torch7 file", extensions: &["t7", "th", "net"], refines: None,
    dialects: ["torch7-ascii": "Torch7 file in text form"]
}

/// LIMIT: objects read; large networks hold some hundred thousand.
const OBJECTS: u64 = 5_000_000;
/// LIMIT: objects within objects; networks nest some thirty.
const DEPTH: u64 = 200;
/// LIMIT: classes and functions kept.
const KEPT: usize = 4_096;
/// LIMIT: bytes of one text kept.
const TEXT_BYTES: u64 = 4_096;

static UNKNOWN: AnomalyKind = AnomalyKind::damage(
    "torch7-type",
    "an object has a type or size that Torch does not write",
    "对象的类型或大小不是 Torch 所写入的",
);
static CUT: AnomalyKind = AnomalyKind::damage("torch7-ends", "it ends within an object", "在对象中间结束");
static MANY: AnomalyKind = AnomalyKind::limit(
    "torch7-limit",
    "there are more objects, or deeper ones, than are examined",
    "对象过多或嵌套过深，超过检查上限",
);

/// Holds one function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Where its code stands.
    pub range: Range<u64>,
    /// It begins like bytecode of Lua.
    pub bytecode: bool,
}

/// Shows a Torch7 file.
#[derive(Debug)]
pub struct View {
    /// In text form.
    pub ascii: bool,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// Functions.
    pub functions: Vec<Function>,
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

    fn dialects(&self) -> Vec<&'static str> {
        if self.ascii {
            vec!["torch7-ascii"]
        } else {
            Vec::new()
        }
    }

    fn not_examined(&self) -> Option<(String, String)> {
        (!self.functions.is_empty()).then(|| ("Lua bytecode".to_owned(), "Lua 字节码".to_owned()))
    }
}

/// Knows the file by the first object: a class with its version mark, a table, or a function.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    let head = probe.head;
    if head.starts_with(b"4\n1\n3\nV ") {
        return Some(Score::Certain);
    }
    let likely = match head {
        [b'3', b'\n', b'1', b'\n', rest @ ..] => is_text_key(rest)?,
        [b'6'..=b'8', b'\n', b'1', b'\n', b'0'..=b'9', ..] => {
            memchr::memmem::find(head.get(..32)?, b"\n\x1bL").is_some()
        }
        // Type, an index that may be any number and usually is 1, and what follows.
        [kind @ 3..=8, 0, 0, 0, index, second, 0, 0, rest @ ..] => {
            let usual = *index == 1 && *second == 0;
            match (kind, rest) {
                (4, [3, 0, 0, 0, b'V', b' ', b'0'..=b'9', ..])
                | (6..=8, [_, _, _, 0, 0x1b, b'L', b'J' | b'u', ..]) => return Some(Score::Certain),
                // A class of files before there were versions.
                (4, [length @ 6..=40, 0, 0, 0, rest @ ..]) => {
                    let name = rest.get(..usize::from(*length))?;
                    let word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_');
                    usual && name.iter().all(word) && name.contains(&b'.')
                }
                // A table: its count, and then a key.
                (3, [_, _, _, 0, key @ ..]) => is_key(key, usual),
                // A function whose code is not that of a known Lua.
                (6..=8, [length, more, 0, 0, code @ ..]) => {
                    let length = u64::from(u16::from_le_bytes([*length, *more]));
                    let begins = code
                        .get(..8)
                        .is_some_and(|code| code.iter().all(u8::is_ascii_graphic));
                    length >= 8 && length < probe.size && begins
                }
                _ => false,
            }
        }
        _ => false,
    };
    likely.then_some(Score::Likely)
}

/// Says whether the bytes are the key of a table: numbers that only begin alike are not.
fn is_key(bytes: &[u8], usual: bool) -> bool {
    match bytes {
        [1, 0, 0, 0, number @ ..] if usual => {
            let number = number.first_chunk().map(|bytes| f64::from_le_bytes(*bytes));
            number.is_some_and(|number| number.fract() == 0.0 && number.abs() < 1e9 && number != 0.0)
        }
        [2, 0, 0, 0, length, more, 0, 0, text @ ..] => {
            let length = usize::from(u16::from_le_bytes([*length, *more]));
            let word = |byte: &u8| byte.is_ascii_graphic() || *byte == b' ';
            length > 0 && text.iter().take(length).all(word)
        }
        [5, 0, 0, 0, 0 | 1, 0, 0, 0, kind, 0, 0, 0, ..] if usual => *kind <= 8,
        [4, 0, 0, 0, _, _, 0, 0, 3, 0, 0, 0, b'V', b' ', ..] => true,
        [6..=8, 0, 0, 0, _, _, 0, 0, _, _, _, 0, code, ..] => *code == 0x1b || code.is_ascii_graphic(),
        _ => false,
    }
}

/// Says the same of a file in text form: its count, then a text with its length.
fn is_text_key(bytes: &[u8]) -> Option<bool> {
    let text = std::str::from_utf8(bytes.get(..bytes.len().min(64))?).unwrap_or_default();
    let mut lines = text.split('\n');
    let count = lines.next()?.parse::<u32>().is_ok();
    let kind = lines.next()? == "2";
    let length: usize = lines.next()?.parse().ok()?;
    let key = lines.next()?;
    Some(count && kind && key.len() == length && key.bytes().any(|byte| byte.is_ascii_alphabetic()))
}

/// Reads every object.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let mut cursor = Cursor::whole(input.source);
    let ascii = matches!(cursor.peek(1), Ok([b'0'..=b'9']));
    let mut walk = Walk {
        cursor,
        long: 8,
        objects: 0,
        seen: std::collections::BTreeSet::new(),
        notes: Notes::default(),
        view: View {
            ascii,
            classes: Vec::new(),
            functions: Vec::new(),
            anomalies: Vec::new(),
            members: Vec::new(),
        },
    };
    match walk.file() {
        Ok(()) | Err(Stop::Noted) => {}
        Err(Stop::Read(ReadError::Source(error))) => return Err(error),
        Err(Stop::Read(error)) => {
            let at = walk.cursor.position();
            walk.notes.push(&CUT, at..walk.cursor.end(), error.to_string());
        }
    }
    let mut view = walk.view;
    view.anomalies = walk.notes.finish();
    Ok(view)
}

enum Stop {
    Noted,
    Read(ReadError),
}

impl From<ReadError> for Stop {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

type Step<T> = Result<T, Stop>;

struct Walk<'a> {
    cursor: Cursor<'a>,
    /// Bytes of a long number.
    long: u64,
    objects: u64,
    /// Indexes of objects that were read; later ones with the same index are the same object.
    seen: std::collections::BTreeSet<i64>,
    notes: Notes,
    view: View,
}

impl Walk<'_> {
    fn file(&mut self) -> Step<()> {
        while self.cursor.remaining() > 0 {
            let start = self.cursor.position();
            if self.view.ascii && self.cursor.remaining() <= 2 {
                return Ok(());
            }
            if start > 0 {
                // `torch.load` reads one object; what follows is shown as it is.
                let range = start..self.cursor.end();
                self.view
                    .members
                    .push(Member::content("[after]", Payload::Section(range)));
                return Ok(());
            }
            self.object(0)?;
        }
        Ok(())
    }

    fn fail<T>(&mut self, kind: &'static AnomalyKind, at: u64, detail: impl Into<String>) -> Step<T> {
        self.notes.push(kind, at..self.cursor.end(), detail);
        Err(Stop::Noted)
    }

    /// Reads a number: 4 bytes, or a word of text.
    fn int(&mut self) -> Step<i64> {
        if self.view.ascii {
            return self.word();
        }
        Ok(i64::from(i32::from_le_bytes(self.cursor.array()?)))
    }

    fn long(&mut self) -> Step<i64> {
        if self.view.ascii {
            return self.word();
        }
        if self.long == 4 {
            return Ok(i64::from(i32::from_le_bytes(self.cursor.array()?)));
        }
        Ok(i64::from_le_bytes(self.cursor.array()?))
    }

    fn word(&mut self) -> Step<i64> {
        let at = self.cursor.position();
        let mut text = Vec::new();
        loop {
            if self.cursor.remaining() == 0 && !text.is_empty() {
                break;
            }
            let byte = self.cursor.u8()?;
            match byte {
                b' ' | b'\n' | b'\r' if text.is_empty() => {}
                b' ' | b'\n' | b'\r' => break,
                _ if text.len() < 64 => text.push(byte),
                _ => return self.fail(&UNKNOWN, at, "number"),
            }
        }
        let text = lossy(&text);
        match text.parse::<f64>() {
            Ok(_) => Ok(text.parse().unwrap_or(0)),
            Err(_) => self.fail(&UNKNOWN, at, text),
        }
    }

    /// Reads a text with its length; returns what is kept of it and where it stands.
    fn text(&mut self) -> Step<(Vec<u8>, Range<u64>)> {
        let at = self.cursor.position();
        let length = self.int()?;
        let Some(length) = u64::try_from(length)
            .ok()
            .filter(|length| *length <= self.cursor.remaining())
        else {
            return self.fail(&UNKNOWN, at, format!("text of {length} bytes"));
        };
        let start = self.cursor.position();
        let kept = self.cursor.take(size_usize(length.min(TEXT_BYTES)))?;
        let end = start.saturating_add(length);
        self.cursor.seek(end);
        if self.view.ascii && self.cursor.remaining() > 0 {
            self.cursor.skip(1)?;
        }
        Ok((kept, start..end))
    }

    fn object(&mut self, depth: u64) -> Step<()> {
        let at = self.cursor.position();
        self.objects = self.objects.saturating_add(1);
        if depth > DEPTH || self.objects > OBJECTS {
            return self.fail(&MANY, at, "");
        }
        match self.int()? {
            0 => Ok(()),
            1 => {
                if self.view.ascii {
                    self.word()?;
                } else {
                    self.cursor.skip(8)?;
                }
                Ok(())
            }
            2 => self.text().map(drop),
            5 => self.int().map(drop),
            3 => {
                if self.known()? {
                    return Ok(());
                }
                let count = self.int()?;
                let least = u64::try_from(count)
                    .ok()
                    .filter(|count| *count <= self.cursor.remaining());
                let Some(count) = least else {
                    return self.fail(&UNKNOWN, at, format!("table of {count} entries"));
                };
                for _ in 0..count {
                    self.object(depth.saturating_add(1))?;
                    self.object(depth.saturating_add(1))?;
                }
                Ok(())
            }
            4 => {
                if self.known()? {
                    return Ok(());
                }
                self.class(at, depth)
            }
            6..=8 => {
                if self.known()? {
                    return Ok(());
                }
                let (code, range) = self.text()?;
                self.function(&code, range);
                self.object(depth.saturating_add(1))
            }
            other => self.fail(&UNKNOWN, at, format!("type {other}")),
        }
    }

    fn known(&mut self) -> Step<bool> {
        let index = self.int()?;
        if self.seen.contains(&index) {
            return Ok(true);
        }
        self.seen.insert(index);
        Ok(false)
    }

    fn function(&mut self, code: &[u8], range: Range<u64>) {
        if self.view.functions.len() >= KEPT {
            self.notes.push(&MANY, range, "functions");
            return;
        }
        self.view.members.push(Member {
            name: format!("[function {}]", self.view.functions.len()),
            payload: Payload::Section(range.clone()),
            role: Role::RawData,
        });
        self.view.functions.push(Function {
            range,
            bytecode: code.starts_with(b"\x1bLJ") || code.starts_with(b"\x1bLua"),
        });
    }

    fn class(&mut self, at: u64, depth: u64) -> Step<()> {
        let (mark, _) = self.text()?;
        let name = if mark.starts_with(b"V ") {
            self.text()?.0
        } else {
            mark
        };
        let name = lossy(&name);
        if !self.view.classes.contains(&name) {
            if self.view.classes.len() >= KEPT {
                return self.fail(&MANY, at, "classes");
            }
            self.view.classes.push(name.clone());
        }
        let kind = name.rsplit('.').next().unwrap_or_default();
        if kind.ends_with("Storage") {
            return self.storage(at, kind);
        }
        if name.starts_with("torch.") && kind.ends_with("Tensor")
            || name.starts_with("torch.Cuda") && kind.contains("Tensor")
        {
            let rank = self.int()?;
            let Some(rank) = u64::try_from(rank).ok().filter(|rank| *rank <= 64) else {
                return self.fail(&UNKNOWN, at, format!("tensor of {rank} dimensions"));
            };
            for _ in 0..rank.saturating_mul(2).saturating_add(1) {
                self.long()?;
            }
        }
        // Other classes are written as one object, usually a table.
        self.object(depth.saturating_add(1))
    }

    fn storage(&mut self, at: u64, kind: &str) -> Step<()> {
        let size = self.long()?;
        let Ok(count) = u64::try_from(size) else {
            return self.fail(&UNKNOWN, at, format!("storage of {size} elements"));
        };
        if self.view.ascii {
            for _ in 0..count {
                self.word()?;
            }
            return Ok(());
        }
        let width = match kind.trim_start_matches("Cuda").trim_end_matches("Storage") {
            "Double" => 8,
            "Long" => self.long,
            "Float" | "Int" | "" => 4,
            "Short" | "Half" => 2,
            "Byte" | "Char" => 1,
            _ => return self.fail(&UNKNOWN, at, kind),
        };
        let bytes = count
            .checked_mul(width)
            .filter(|bytes| *bytes <= self.cursor.remaining());
        let Some(bytes) = bytes else {
            return self.fail(
                &UNKNOWN,
                at,
                format!("{count} elements, {} bytes remain", self.cursor.remaining()),
            );
        };
        self.cursor.skip(bytes)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::size_u64;
    use crate::testing::{ids, never_panics, view};

    /// A table with a function under the key `f`.
    fn sample() -> Vec<u8> {
        [
            &b"\x03\0\0\0\x01\0\0\0\x01\0\0\0"[..],
            b"\x02\0\0\0\x01\0\0\0f",
            b"\x08\0\0\0\x02\0\0\0\x06\0\0\0\x1bLJ\x01\x02\0",
            b"\x03\0\0\0\x03\0\0\0\0\0\0\0",
        ]
        .concat()
    }

    #[test]
    fn functions_are_found() {
        let view = view(&sample(), parse);
        assert_eq!(view.functions.len(), 1);
        assert!(view.functions[0].bytecode);
        assert!(view.anomalies.is_empty(), "{:?}", view.anomalies);
        assert_eq!(size_u64(view.members.len()), 1);
    }

    #[test]
    fn text_form_is_read() {
        let text = b"4\n1\n3\nV 1\n17\ntorch.FloatTensor\n1\n2\n1\n1\n4\n2\n3\nV 1\n18\ntorch.FloatStorage\n2\n1.5 2.5\n";
        let view = view(text, parse);
        assert_eq!(view.classes, ["torch.FloatTensor", "torch.FloatStorage"]);
        assert!(view.anomalies.is_empty(), "{:?}", ids(&view.anomalies));
    }

    #[test]
    fn damage_never_panics() {
        never_panics(&sample(), parse);
    }
}
