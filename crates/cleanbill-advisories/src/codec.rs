//! The bytes of an index: numbers of variable length (LEB128) and texts with their length before them. Reading checks everything.

use std::fmt;

/// Why bytes of an index cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Damage(pub(crate) &'static str);

impl fmt::Display for Damage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

pub(crate) fn put_number(into: &mut Vec<u8>, mut number: u64) {
    loop {
        let low = u8::try_from(number & 0x7f).unwrap_or_default();
        number >>= 7;
        if number == 0 {
            into.push(low);
            return;
        }
        into.push(low | 0x80);
    }
}

pub(crate) fn put_size(into: &mut Vec<u8>, size: usize) {
    put_number(into, u64::try_from(size).unwrap_or(u64::MAX));
}

pub(crate) fn put_text(into: &mut Vec<u8>, text: &str) {
    put_size(into, text.len());
    into.extend_from_slice(text.as_bytes());
}

/// Reads what the functions above wrote.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Damage> {
        let (byte, rest) = self.rest.split_first().ok_or(Damage("it ends too early"))?;
        self.rest = rest;
        Ok(*byte)
    }

    pub(crate) fn number(&mut self) -> Result<u64, Damage> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let low = u64::from(byte & 0x7f);
            if shift == 63 && low > 1 {
                break;
            }
            number |= low << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Damage("a number is too large"))
    }

    /// Reads how many items follow; no more than bytes remain, so that nothing is allocated for items that cannot be there.
    pub(crate) fn count(&mut self) -> Result<usize, Damage> {
        let count = usize::try_from(self.number()?).map_err(|_| Damage("a number is too large"))?;
        if count > self.rest.len() {
            Err(Damage("a count is larger than what remains"))
        } else {
            Ok(count)
        }
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Result<&'a [u8], Damage> {
        let (bytes, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or(Damage("it ends too early"))?;
        self.rest = rest;
        Ok(bytes)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, Damage> {
        let length = self.count()?;
        std::str::from_utf8(self.bytes(length)?).map_err(|_| Damage("a text is not UTF-8"))
    }

    pub(crate) fn checksum(&mut self) -> Result<u32, Damage> {
        let bytes = self.bytes(4)?;
        bytes
            .try_into()
            .map(u32::from_le_bytes)
            .map_err(|_| Damage("it ends too early"))
    }

    pub(crate) fn fixed(&mut self) -> Result<u64, Damage> {
        let bytes = self.bytes(8)?;
        bytes
            .try_into()
            .map(u64::from_le_bytes)
            .map_err(|_| Damage("it ends too early"))
    }

    /// Reads a list of texts without taking it apart; that all of them are texts is checked.
    pub(crate) fn listed(&mut self) -> Result<Texts<'a>, Damage> {
        let count = self.count()?;
        let whole = self.rest;
        let mut is_short = true;
        for _ in 0..count {
            let length = self.count()?;
            is_short &= length < 0x80;
            self.bytes(length)?;
        }
        let taken = whole.len().saturating_sub(self.rest.len());
        let bytes = whole.get(..taken).unwrap_or_default();
        // Lengths below 128 are ASCII: then the list is a text as a whole if each text is one.
        let text = std::str::from_utf8(bytes).ok().filter(|_| is_short);
        if text.is_none() {
            let mut each = Reader::new(bytes);
            for _ in 0..count {
                each.text()?;
            }
        }
        Ok(Texts { count, bytes, text })
    }

    pub(crate) fn texts(&mut self) -> Result<Vec<&'a str>, Damage> {
        let count = self.count()?;
        (0..count).map(|_| self.text()).collect()
    }
}

/// A list of texts as it stands in an index; most lists are long and never looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Texts<'a> {
    count: usize,
    bytes: &'a [u8],
    /// The same bytes where they are a text as a whole.
    text: Option<&'a str>,
}

impl<'a> Texts<'a> {
    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = &'a str> {
        let mut reader = Reader::new(self.bytes);
        (0..self.count).map_while(move |_| match self.text {
            None => reader.text().ok(),
            Some(text) => {
                let length = reader.count().ok()?;
                let start = self.bytes.len().saturating_sub(reader.rest.len());
                reader.bytes(length).ok()?;
                text.get(start..start.saturating_add(length))
            }
        })
    }
}

/// Returns the CRC-32 of bytes.
pub(crate) fn checksum(bytes: &[u8]) -> u32 {
    let mut sum = flate2::Crc::new();
    sum.update(bytes);
    sum.sum()
}

#[cfg(test)]
impl Texts<'_> {
    /// Makes a list that outlives its test.
    pub(crate) fn of(texts: &[&str]) -> Self {
        let mut bytes = Vec::new();
        put_size(&mut bytes, texts.len());
        for text in texts {
            put_text(&mut bytes, text);
        }
        Reader::new(Vec::leak(bytes))
            .listed()
            .expect("what was written is read")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_texts_come_back_and_damage_is_seen() {
        let long = "x".repeat(200);
        for texts in [&["1.0", "2.0é", ""][..], &["1.0", &long, "é"], &[]] {
            assert_eq!(Texts::of(texts).iter().collect::<Vec<_>>(), texts);
            assert_eq!(Texts::of(texts).is_empty(), texts.is_empty());
        }
        // Two halves of one letter are no texts, though their bytes stand side by side.
        for damaged in [
            &[2, 1, 0xc3, 1, 0xa9][..],
            &[1, 1, 0xff],
            &[2, 1, b'a'],
            &[1, 9, b'a'],
        ] {
            assert!(Reader::new(damaged).listed().is_err(), "{damaged:?}");
        }
    }

    #[test]
    fn numbers_and_texts_come_back() {
        let mut bytes = Vec::new();
        for number in [0, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            put_number(&mut bytes, number);
        }
        put_text(&mut bytes, "é");
        let mut reader = Reader::new(&bytes);
        for number in [0, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            assert_eq!(reader.number(), Ok(number));
        }
        assert_eq!(reader.text(), Ok("é"));
        assert!(reader.is_empty());
        assert!(reader.byte().is_err());
        assert!(Reader::new(&[0xff; 11]).number().is_err());
        assert!(Reader::new(&[0xff, 0xff, 0x03, b'a']).text().is_err());
        assert!(Reader::new(&[1, 0xff]).text().is_err());
    }
}
