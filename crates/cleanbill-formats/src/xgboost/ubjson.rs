//! Universal binary JSON: typed values, lists and objects.

use super::{
    Model, Stop,
    tree::{NODES, Tree, is_kept},
};
use crate::bytes::{Cursor, size_usize};

/// LIMIT: levels that values nest; models nest some ten.
const DEPTH: usize = 128;
/// LIMIT: bytes of a key or a short text that are kept.
const KEY_BYTES: u64 = 64;

/// What is known of a value: how many elements a list has, the numbers that are kept of it, and a short text.
#[derive(Default)]
struct Value {
    length: Option<u64>,
    numbers: Vec<i64>,
    text: Vec<u8>,
}

/// Walks over one value to its end.
pub(super) fn walk(cursor: &mut Cursor<'_>, model: &mut Model) -> Result<(), Stop> {
    let mut walk = Walk { cursor, model };
    let mark = walk.mark()?;
    walk.value(mark, 0).map(|_| ())
}

struct Walk<'a, 'b> {
    cursor: &'b mut Cursor<'a>,
    model: &'b mut Model,
}

impl Walk<'_, '_> {
    fn value(&mut self, mark: u8, depth: usize) -> Result<Value, Stop> {
        if depth >= DEPTH {
            return Err(Stop::Limit);
        }
        let below = depth.saturating_add(1);
        match mark {
            b'{' => self.object(below),
            b'[' => self.list(below, false),
            b'S' | b'H' => {
                let length = self.length()?;
                let mut text = Vec::new();
                if length <= KEY_BYTES {
                    text = self.cursor.take(size_usize(length))?;
                } else {
                    self.cursor.skip(length)?;
                }
                Ok(Value {
                    text,
                    ..Value::default()
                })
            }
            _ => {
                let width = width(mark).ok_or(Stop::Broken)?;
                self.cursor.skip(width)?;
                Ok(Value::default())
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, Stop> {
        let start = self.cursor.position();
        let (kind, mut left) = self.announced()?;
        let mut tree = Tree::default();
        loop {
            match left {
                Some(0) => break,
                Some(more) => left = Some(more.saturating_sub(1)),
                None if self.cursor.peek(1)? == b"}" => {
                    self.cursor.skip(1)?;
                    break;
                }
                None => {}
            }
            let length = self.length()?;
            let key = self.cursor.take(size_usize(length.min(KEY_BYTES)))?;
            self.cursor.skip(length.saturating_sub(KEY_BYTES))?;
            let mark = match kind {
                Some(kind) => kind,
                None => self.mark()?,
            };
            let key = String::from_utf8_lossy(&key);
            let value = if mark == b'[' && is_kept(&key) {
                self.list(depth, true)?
            } else {
                self.value(mark, depth)?
            };
            if let Some(length) = value.length {
                tree.take(&key, length, value.numbers);
            } else {
                tree.scalar(&key, &String::from_utf8_lossy(&value.text));
            }
        }
        self.model.tree(&tree, start..self.cursor.position());
        Ok(Value::default())
    }

    fn list(&mut self, depth: usize, keep: bool) -> Result<Value, Stop> {
        let (kind, left) = self.announced()?;
        if let (Some(kind), Some(count)) = (kind, left)
            && let Some(width) = width(kind)
        {
            let mut numbers = Vec::new();
            if keep && matches!(kind, b'i' | b'U' | b'I' | b'l' | b'L') {
                if count > NODES {
                    return Err(Stop::Limit);
                }
                for _ in 0..count {
                    numbers.push(self.number(kind)?);
                }
            } else {
                self.cursor.skip(count.checked_mul(width).ok_or(Stop::Broken)?)?;
            }
            return Ok(Value {
                length: Some(count),
                numbers,
                text: Vec::new(),
            });
        }
        let (mut count, mut numbers) = (0_u64, Vec::new());
        loop {
            match left {
                Some(all) if count >= all => break,
                None if self.cursor.peek(1)? == b"]" => {
                    self.cursor.skip(1)?;
                    break;
                }
                _ => {}
            }
            let mark = match kind {
                Some(kind) => kind,
                None => self.mark()?,
            };
            if keep && matches!(mark, b'i' | b'U' | b'I' | b'l' | b'L') {
                if count >= NODES {
                    return Err(Stop::Limit);
                }
                numbers.push(self.number(mark)?);
            } else {
                self.value(mark, depth)?;
            }
            count = count.saturating_add(1);
        }
        Ok(Value {
            length: Some(count),
            numbers,
            text: Vec::new(),
        })
    }

    /// Reads the type and count that a list or object may announce.
    fn announced(&mut self) -> Result<(Option<u8>, Option<u64>), Stop> {
        let mut kind = None;
        if self.cursor.peek(1)? == b"$" {
            self.cursor.skip(1)?;
            kind = Some(self.cursor.u8()?);
        }
        if self.cursor.peek(1)? != b"#" {
            return if kind.is_some() {
                Err(Stop::Broken)
            } else {
                Ok((None, None))
            };
        }
        self.cursor.skip(1)?;
        let count = self.length()?;
        // Values without bytes of their own would cost work that the file does not pay for.
        if kind.is_some_and(|kind| width(kind) == Some(0)) || count > self.cursor.remaining() {
            return Err(Stop::Broken);
        }
        Ok((kind, Some(count)))
    }

    fn mark(&mut self) -> Result<u8, Stop> {
        loop {
            match self.cursor.u8()? {
                b'N' => {}
                mark => return Ok(mark),
            }
        }
    }

    fn length(&mut self) -> Result<u64, Stop> {
        let kind = self.cursor.u8()?;
        u64::try_from(self.number(kind)?).map_err(|_| Stop::Broken)
    }

    fn number(&mut self, kind: u8) -> Result<i64, Stop> {
        Ok(match kind {
            b'i' => i64::from(i8::from_be_bytes(self.cursor.array()?)),
            b'U' => i64::from(self.cursor.u8()?),
            b'I' => i64::from(i16::from_be_bytes(self.cursor.array()?)),
            b'l' => i64::from(i32::from_be_bytes(self.cursor.array()?)),
            b'L' => i64::from_be_bytes(self.cursor.array()?),
            _ => return Err(Stop::Broken),
        })
    }
}

/// Returns how many bytes follow a mark of a plain value.
fn width(mark: u8) -> Option<u64> {
    Some(match mark {
        b'Z' | b'T' | b'F' => 0,
        b'i' | b'U' | b'C' => 1,
        b'I' => 2,
        b'l' | b'd' => 4,
        b'L' | b'D' => 8,
        _ => return None,
    })
}
