//! `MessagePack`, as Flax writes parameters.

use std::{collections::HashSet, ops::Range};

use crate::{
    Anomaly, AnomalyKind, FormatView, Input, Member, Payload, Probe, Score,
    bytes::{Cursor, ReadError, size_u64},
    notes::Notes,
    raw::disguised,
    registry::{ParseResult, format_info},
    tokens::hash,
};

format_info! {
    /// ## What it is
    /// The container in which Flax keeps parameters (`flax_model.msgpack`): maps, lists, texts, numbers, bytes, and types of its
    /// own for arrays. It is data; nothing in it is run by the reader.
    /// ## What is read
    /// Every value to the end, texts and bytes passed over. Of Flax's arrays the shape and the type of the elements are
    /// compared with the bytes.
    /// ## What is reported
    /// Values that break off, bytes that no value begins with, types that Flax does not have, arrays of objects, arrays whose
    /// bytes do not fit their shape, keys that stand twice. Bytes that begin like a program, an archive or a pickle are members;
    /// what follows the value is the member `[after]`.
    /// ## Limits
    /// Values nest at most 512 levels; 10,000 keys of a map are compared, 4,096 byte strings looked into, and more make
    /// the coverage partial; `tensors` for the arrays.
    /// ## References
    /// `MessagePack` specification; `flax.serialization` (types 1 to 3).
    "msgpack", "MessagePack", extensions: &["msgpack"], refines: None,
    dialects: ["flax": "Parameters of Flax."]
}

/// LIMIT: levels that values nest; parameter trees nest some ten.
const DEPTH: usize = 512;
/// LIMIT: keys of one map that are compared with each other.
const KEYS: usize = 10_000;
/// LIMIT: byte strings looked into.
const LOOKED: usize = 4_096;
/// LIMIT: bytes kept of a text.
const TEXT_BYTES: usize = 256;
/// Smallest byte string that is looked into.
const WORTH: u64 = 32;

static TRUNCATED: AnomalyKind = AnomalyKind::damage(
    "msgpack-truncated",
    "a value breaks off before its end",
    "值在结束之前中断",
);
static BROKEN: AnomalyKind = AnomalyKind::damage(
    "msgpack-broken",
    "a byte with which no value begins",
    "存在不能作为任何值开头的字节",
);
static LIMIT: AnomalyKind = AnomalyKind::limit(
    "msgpack-limit",
    "values nest too deep or are too many to be examined",
    "嵌套过深或值过多，无法检查",
);
static TRAILING: AnomalyKind =
    AnomalyKind::note("msgpack-trailing", "bytes follow the value", "值之后还有字节");
static REPEATED: AnomalyKind = AnomalyKind::evasion(
    "msgpack-repeated",
    "a key stands twice; readers choose differently",
    "键重复；不同读取器的选择不同",
);
static UNKNOWN_TYPE: AnomalyKind = AnomalyKind::evasion(
    "msgpack-type",
    "a value of a type that Flax does not have",
    "值的类型是 Flax 没有的",
);
static OBJECTS: AnomalyKind = AnomalyKind::evasion(
    "msgpack-objects",
    "an array of Python objects, which a reader can only make through pickle",
    "Python 对象数组，读取器只能通过 pickle 生成",
);
static SHAPE: AnomalyKind = AnomalyKind::evasion(
    "msgpack-shape",
    "an array's bytes do not fit its shape and type",
    "数组字节与其形状和类型不符",
);
static NAME: AnomalyKind = AnomalyKind::note(
    "msgpack-key",
    "a key is a path or has control characters",
    "键像路径或含控制字符",
);

/// Shows a `MessagePack` value.
#[derive(Debug, Default)]
pub struct View {
    /// Arrays in Flax's own type.
    pub arrays: u64,
    /// Rules broken, for the detector `msgpack-invalid`; they are not repeated among the anomalies.
    pub violations: Vec<Anomaly>,
    is_flax: bool,
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
        if self.is_flax { vec!["flax"] } else { Vec::new() }
    }
}

/// Knows a map whose first key is a short text and whose first value is a map or an array in a type of its own.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    let ([0x81..=0x8f, rest @ ..] | [0xde, _, _, rest @ ..] | [0xdf, _, _, _, _, rest @ ..]) = probe.head
    else {
        return None;
    };
    let (length, rest) = match rest {
        [short @ 0xa1..=0xbf, rest @ ..] => (usize::from(*short & 0x1f), rest),
        [0xd9, length, rest @ ..] => (usize::from(*length), rest),
        _ => return None,
    };
    let (key, value) = (rest.get(..length)?, rest.get(length)?);
    let named = !key.is_empty() && key.iter().all(u8::is_ascii_graphic);
    (named && matches!(value, 0x80..=0x8f | 0xde | 0xdf | 0xc7..=0xc9 | 0xd4..=0xd8)).then_some(Score::Likely)
}

/// Walks over every value.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let mut walk = Walk {
        cursor: Cursor::whole(input.source),
        notes: Notes::default(),
        violations: Notes::default(),
        left: input.limits.tensors,
        looked: Vec::new(),
        view: View::default(),
    };
    let outcome = walk.value();
    let (at, size) = (
        walk.cursor.position().min(input.source.size()),
        input.source.size(),
    );
    let mut members = Vec::new();
    match outcome {
        Ok(()) if at < size => {
            walk.notes
                .push(&TRAILING, at..size, format!("{} bytes", size.saturating_sub(at)));
            members.push(Member::content("[after]", Payload::Section(at..size)));
        }
        Ok(()) => {}
        Err(Stop::Read(ReadError::Source(error))) => return Err(error),
        Err(Stop::Read(ReadError::Truncated { .. })) => walk.notes.push(&TRUNCATED, at..size, ""),
        Err(Stop::Broken) => walk.notes.push(&BROKEN, at..size, ""),
        Err(Stop::Limit) => walk.notes.push(&LIMIT, at..size, ""),
    }
    for range in &walk.looked {
        members.extend(disguised(input.source, range)?.map(|mut member| {
            member.name = format!("[bytes at {}]", range.start);
            member
        }));
    }
    let mut view = walk.view;
    view.members = members;
    view.violations = walk.violations.finish();
    view.anomalies = walk.notes.finish();
    Ok(view)
}

enum Stop {
    Read(ReadError),
    Broken,
    Limit,
}

impl From<ReadError> for Stop {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

/// What stands at a place.
enum Item {
    Map(u64),
    List(u64),
    Text(u64),
    Bytes(u64),
    Typed(i8, u64),
    Number(u64),
    Plain,
}

/// A container that is open: how many values remain in it, and the keys so far where it is a map.
struct Open {
    left: u64,
    keys: Option<HashSet<u64>>,
}

struct Walk<'a> {
    cursor: Cursor<'a>,
    notes: Notes,
    violations: Notes,
    left: u64,
    looked: Vec<Range<u64>>,
    view: View,
}

impl Walk<'_> {
    fn value(&mut self) -> Result<(), Stop> {
        let mut open: Vec<Open> = Vec::new();
        loop {
            let is_key = open
                .last()
                .is_some_and(|one| one.keys.is_some() && one.left.checked_rem(2) == Some(0));
            let start = self.cursor.position();
            let item = self.item()?;
            if let Some(last) = open.last_mut() {
                last.left = last.left.saturating_sub(1);
            }
            match item {
                Item::Map(count) | Item::List(count) if open.len() >= DEPTH && count > 0 => {
                    return Err(Stop::Limit);
                }
                Item::Map(count) => open.push(Open {
                    left: count.saturating_mul(2),
                    keys: Some(HashSet::new()),
                }),
                Item::List(count) => open.push(Open {
                    left: count,
                    keys: None,
                }),
                Item::Text(length) => {
                    let kept = length.min(size_u64(TEXT_BYTES));
                    let text = self.cursor.take(crate::bytes::size_usize(kept))?;
                    self.cursor.skip(length.saturating_sub(kept))?;
                    if is_key {
                        let text = crate::notes::lossy(&text);
                        self.key(&text, start, open.last_mut());
                    }
                }
                Item::Bytes(length) => self.bytes(length)?,
                Item::Typed(kind, length) => self.typed(kind, length, start)?,
                Item::Number(_) | Item::Plain => {}
            }
            while open.last().is_some_and(|one| one.left == 0) {
                open.pop();
            }
            if open.is_empty() {
                return Ok(());
            }
        }
    }

    fn key(&mut self, text: &str, start: u64, open: Option<&mut Open>) {
        let range = start..self.cursor.position();
        if text.contains("..") || text.starts_with('/') || text.chars().any(char::is_control) {
            self.notes.push(&NAME, range.clone(), text);
        }
        let Some(keys) = open.and_then(|one| one.keys.as_mut()) else {
            return;
        };
        if keys.len() >= KEYS {
            self.notes.push(&LIMIT, range, "keys of a map");
        } else if !keys.insert(hash(text.as_bytes())) {
            self.violations.push(&REPEATED, range, text);
        }
    }

    fn bytes(&mut self, length: u64) -> Result<(), Stop> {
        let start = self.cursor.position();
        self.cursor.skip(length)?;
        let range = start..self.cursor.position();
        if length >= WORTH && self.looked.len() < LOOKED {
            self.looked.push(range);
        } else if length >= WORTH {
            self.notes.push(&LIMIT, range, "byte strings");
        }
        Ok(())
    }

    /// Reads a value in a type of its own: Flax has arrays (1), complex numbers (2) and NumPy's numbers (3).
    fn typed(&mut self, kind: i8, length: u64, start: u64) -> Result<(), Stop> {
        let end = self.cursor.position().saturating_add(length);
        if length > self.cursor.remaining() {
            self.cursor.skip(length)?;
        }
        match kind {
            1 | 3 => {
                self.view.is_flax = true;
                if self.left == 0 {
                    return Err(Stop::Limit);
                }
                self.left = self.left.saturating_sub(1);
                self.view.arrays = self.view.arrays.saturating_add(1);
                match self.array(end) {
                    Ok(None) => {}
                    Ok(Some((kind, detail))) => self.violations.push(kind, start..end, detail),
                    Err(Stop::Read(ReadError::Source(error))) => return Err(ReadError::Source(error).into()),
                    Err(_) => self.violations.push(&SHAPE, start..end, ""),
                }
            }
            2 => {}
            // The specification's own type for points in time.
            -1 if matches!(length, 4 | 8 | 12) => {}
            _ => self
                .violations
                .push(&UNKNOWN_TYPE, start..end, format!("type {kind}, {length} bytes")),
        }
        self.cursor.seek(end);
        Ok(())
    }

    /// Reads the list of shape, type and bytes that an array is.
    fn array(&mut self, end: u64) -> Result<Option<(&'static AnomalyKind, String)>, Stop> {
        let Item::List(3) = self.item()? else {
            return Ok(Some((&SHAPE, "no list of three".to_owned())));
        };
        let mut elements = Some(1_u64);
        match self.item()? {
            Item::List(count) if count <= 64 => {
                for _ in 0..count {
                    let Item::Number(size) = self.item()? else {
                        return Ok(Some((&SHAPE, "a size that is no number".to_owned())));
                    };
                    elements = elements.and_then(|all| all.checked_mul(size));
                }
            }
            Item::Plain | Item::Number(_) => {}
            _ => return Ok(Some((&SHAPE, "no shape".to_owned()))),
        }
        let (Item::Text(length) | Item::Bytes(length)) = self.item()? else {
            return Ok(Some((&SHAPE, "no type".to_owned())));
        };
        let name = self.cursor.take(crate::bytes::size_usize(length.min(64)))?;
        self.cursor.skip(length.saturating_sub(64))?;
        let name = crate::notes::lossy(&name);
        let Item::Bytes(length) = self.item()? else {
            return Ok(Some((&SHAPE, "no bytes".to_owned())));
        };
        let start = self.cursor.position();
        if start.saturating_add(length) > end {
            return Ok(Some((&SHAPE, format!("{length} bytes reach beyond the array"))));
        }
        if self.looked.len() < LOOKED && length >= WORTH {
            self.looked.push(start..start.saturating_add(length));
        }
        if matches!(name.as_str(), "object" | "O" | "|O") {
            return Ok(Some((&OBJECTS, name)));
        }
        let wanted = elements
            .and_then(|all| all.checked_mul(bits(&name)?))
            .map(|bits| bits.div_ceil(8));
        Ok(match (bits(&name), wanted) {
            (None, _) => None,
            (Some(_), Some(wanted)) if wanted == length => None,
            (Some(_), _) => Some((&SHAPE, format!("{name}, {length} bytes"))),
        })
    }

    fn item(&mut self) -> Result<Item, Stop> {
        let byte = self.cursor.u8()?;
        Ok(match byte {
            0x00..=0x7f => Item::Number(u64::from(byte)),
            0x80..=0x8f => Item::Map(u64::from(byte & 0x0f)),
            0x90..=0x9f => Item::List(u64::from(byte & 0x0f)),
            0xa0..=0xbf => Item::Text(u64::from(byte & 0x1f)),
            0xc0 | 0xc2 | 0xc3 | 0xe0..=0xff => Item::Plain,
            0xc1 => return Err(Stop::Broken),
            0xc4 => Item::Bytes(self.number(1)?),
            0xc5 => Item::Bytes(self.number(2)?),
            0xc6 => Item::Bytes(self.number(4)?),
            0xc7..=0xc9 => {
                let length = self.number(match byte {
                    0xc7 => 1,
                    0xc8 => 2,
                    _ => 4,
                })?;
                Item::Typed(self.kind()?, length)
            }
            0xca | 0xd2 => self.plain(4)?,
            0xcb | 0xd3 => self.plain(8)?,
            0xcc => Item::Number(self.number(1)?),
            0xcd => Item::Number(self.number(2)?),
            0xce => Item::Number(self.number(4)?),
            0xcf => Item::Number(self.number(8)?),
            0xd0 => self.plain(1)?,
            0xd1 => self.plain(2)?,
            0xd4 => Item::Typed(self.kind()?, 1),
            0xd5 => Item::Typed(self.kind()?, 2),
            0xd6 => Item::Typed(self.kind()?, 4),
            0xd7 => Item::Typed(self.kind()?, 8),
            0xd8 => Item::Typed(self.kind()?, 16),
            0xd9 => Item::Text(self.number(1)?),
            0xda => Item::Text(self.number(2)?),
            0xdb => Item::Text(self.number(4)?),
            0xdc => Item::List(self.number(2)?),
            0xdd => Item::List(self.number(4)?),
            0xde => Item::Map(self.number(2)?),
            0xdf => Item::Map(self.number(4)?),
        })
    }

    fn plain(&mut self, bytes: u64) -> Result<Item, Stop> {
        self.cursor.skip(bytes)?;
        Ok(Item::Plain)
    }

    fn kind(&mut self) -> Result<i8, Stop> {
        Ok(i8::from_be_bytes(self.cursor.array()?))
    }

    fn number(&mut self, bytes: usize) -> Result<u64, Stop> {
        let mut value = 0_u64;
        for _ in 0..bytes {
            value = value.wrapping_shl(8) | u64::from(self.cursor.u8()?);
        }
        Ok(value)
    }
}

/// Returns how many bits an element takes.
fn bits(name: &str) -> Option<u64> {
    Some(match name {
        "bool" | "uint8" | "int8" => 8,
        _ if name.starts_with("float8") => 8,
        "uint16" | "int16" | "float16" | "bfloat16" => 16,
        "uint32" | "int32" | "float32" => 32,
        "uint64" | "int64" | "float64" | "complex64" => 64,
        "complex128" => 128,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ids, never_panics, view};

    /// `{"params": {"w": float32[2]}}` as `flax.serialization.msgpack_serialize` writes it.
    const FLAX: &[u8] =
        b"\x81\xa6params\x81\xa1w\xc7\x15\x01\x93\x91\x02\xa7float32\xc4\x08\0\0\x80\x3f\0\0\0\x40";

    #[test]
    fn arrays_are_compared_with_their_shape() {
        let good = view(FLAX, parse);
        assert!(
            good.anomalies().is_empty() && good.violations.is_empty() && good.members().is_empty(),
            "{good:?}"
        );
        assert_eq!((good.arrays, good.dialects()), (1, vec!["flax"]));
        let three: Vec<u8> = FLAX
            .iter()
            .enumerate()
            .map(|(at, byte)| if at == 16 { 3 } else { *byte })
            .collect();
        assert_eq!(ids(&view(&three, parse).violations), ["msgpack-shape"]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (bytes, anomalies, violations) in [
            (&FLAX[..20], &["msgpack-truncated"][..], &[][..]),
            (b"\x81\xa1a\x81\xa1b\xc1", &["msgpack-broken"], &[]),
            (b"\x82\xa1a\x81\xa1b\x01\xa1a\x01", &[], &["msgpack-repeated"]),
            (b"\x81\xa1a\xd4\x2a\x00", &[], &["msgpack-type"]),
            (b"\x81\xa1a\x80more", &["msgpack-trailing"], &[]),
        ] {
            let view = view(bytes, parse);
            assert_eq!(
                (ids(view.anomalies()).as_slice(), ids(&view.violations).as_slice()),
                (anomalies, violations)
            );
        }
        assert_eq!(
            ids(view(&[&b"\x81\xa1a"[..], &[0x91; 600], b"\x01"].concat(), parse).anomalies()),
            ["msgpack-limit"]
        );
        // A map of one key more than are compared, and one byte string more than are looked into.
        let mut keys = b"\xde\x27\x11\xa4aaaa\x80".to_vec();
        keys.extend(
            (1_000_u32..11_000)
                .flat_map(|key| [&b"\xa5"[..], format!("{key:05}").as_bytes(), b"\x01"].concat()),
        );
        assert_eq!(ids(view(&keys, parse).anomalies()), ["msgpack-limit"]);
        let strings = [
            &b"\x81\xa1a\xdc\x10\x01"[..],
            &[&b"\xc4\x20"[..], &[0; 32]].concat().repeat(4_097),
        ]
        .concat();
        assert_eq!(ids(view(&strings, parse).anomalies()), ["msgpack-limit"]);
    }

    #[test]
    fn damage_never_panics() {
        never_panics(FLAX, parse);
    }
}
