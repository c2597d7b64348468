//! Numbers and texts of a serialized R object, in each of the three encodings.

use crate::bytes::{Cursor, ReadError, size_u64, size_usize};

/// LIMIT: characters of one word of the text encoding; numbers have some twenty.
const WORD_BYTES: usize = 64;

/// Says how numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Most significant byte first, what `saveRDS` writes.
    Xdr,
    /// Least significant byte first, as the writing machine has it.
    Native,
    /// As text.
    Ascii,
}

/// Reads numbers and texts.
#[derive(Debug)]
pub(super) struct Wire<'a> {
    pub(super) cursor: Cursor<'a>,
    pub(super) encoding: Encoding,
}

/// Says why reading ended.
#[derive(Debug)]
pub(super) enum Stop {
    /// Bytes are missing or the source failed.
    Read(ReadError),
    /// A rule of the format is broken.
    Broken(&'static str),
    /// Nested deeper than allowed, or more items than allowed.
    Limit(&'static str),
}

impl From<ReadError> for Stop {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

impl Wire<'_> {
    /// Reads a number.
    pub(super) fn int(&mut self) -> Result<i32, Stop> {
        Ok(match self.encoding {
            Encoding::Xdr => i32::from_be_bytes(self.cursor.array()?),
            Encoding::Native => i32::from_le_bytes(self.cursor.array()?),
            Encoding::Ascii => {
                let word = self.word()?;
                if word == "NA" {
                    i32::MIN
                } else {
                    word.parse().map_err(|_| Stop::Broken("number expected"))?
                }
            }
        })
    }

    /// Reads the length of a vector, which may take three numbers.
    pub(super) fn length(&mut self) -> Result<u64, Stop> {
        let short = self.int()?;
        if short >= 0 {
            return Ok(u64::from(short.unsigned_abs()));
        }
        if short != -1 {
            return Err(Stop::Broken("negative length"));
        }
        let (high, low) = (self.int()?, self.int()?);
        let high = u64::try_from(high).map_err(|_| Stop::Broken("negative length"))?;
        let low = u64::from(u32::from_ne_bytes(low.to_ne_bytes()));
        if high > 0xffff {
            return Err(Stop::Broken("length beyond any memory"));
        }
        Ok(high.wrapping_shl(32) | low)
    }

    /// Passes over `count` elements of `width` bytes each.
    pub(super) fn skip(&mut self, count: u64, width: u64) -> Result<(), Stop> {
        if self.encoding != Encoding::Ascii {
            let bytes = count
                .checked_mul(width)
                .ok_or(Stop::Broken("length beyond any memory"))?;
            return Ok(self.cursor.skip(bytes)?);
        }
        // Each element is at least two bytes long, so that the walk ends with the file.
        let words = if width == 16 {
            count.saturating_mul(2)
        } else {
            count
        };
        for _ in 0..words {
            self.word()?;
        }
        Ok(())
    }

    /// Reads a text of `length` bytes, of which the first `keep` are returned.
    pub(super) fn text(&mut self, length: u64, keep: usize) -> Result<String, Stop> {
        if self.encoding != Encoding::Ascii {
            let kept = size_usize(length).min(keep);
            let bytes = self.cursor.take(kept)?;
            self.cursor.skip(length.saturating_sub(size_u64(kept)))?;
            return Ok(crate::notes::lossy(&bytes));
        }
        self.white_space()?;
        let mut bytes = Vec::new();
        for _ in 0..length {
            let byte = self.escaped()?;
            if bytes.len() < keep {
                bytes.push(byte);
            }
        }
        Ok(crate::notes::lossy(&bytes))
    }

    fn escaped(&mut self) -> Result<u8, Stop> {
        let byte = self.cursor.u8()?;
        if byte != b'\\' {
            return Ok(byte);
        }
        let mut code = self.cursor.u8()?;
        Ok(match code {
            b'n' => b'\n',
            b't' => b'\t',
            b'v' => 0x0b,
            b'b' => 0x08,
            b'r' => b'\r',
            b'f' => 0x0c,
            b'a' => 0x07,
            b'0'..=b'7' => {
                let mut value = 0_u8;
                for _ in 0..3 {
                    value = value.wrapping_mul(8).wrapping_add(code.wrapping_sub(b'0'));
                    match self.cursor.peek(1) {
                        Ok([digit @ b'0'..=b'7']) => code = *digit,
                        _ => break,
                    }
                    if value < 32 {
                        self.cursor.skip(1)?;
                    } else {
                        break;
                    }
                }
                value
            }
            other => other,
        })
    }

    fn white_space(&mut self) -> Result<(), Stop> {
        while let Ok([byte]) = self.cursor.peek(1) {
            if !byte.is_ascii_whitespace() {
                break;
            }
            self.cursor.skip(1)?;
        }
        Ok(())
    }

    fn word(&mut self) -> Result<String, Stop> {
        self.white_space()?;
        let mut word = String::new();
        loop {
            let byte = self.cursor.u8()?;
            if byte.is_ascii_whitespace() {
                return Ok(word);
            }
            if word.len() >= WORD_BYTES {
                return Err(Stop::Broken("word too long"));
            }
            word.push(char::from(byte));
        }
    }
}
