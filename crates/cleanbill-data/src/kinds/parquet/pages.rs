//! Pages of a column of Parquet, read within limits: headers in Thrift's compact protocol, bodies unpacked by decoders in Rust.
//! The layout: parquet-format, `parquet.thrift`, structures `PageHeader` and below.

use std::{
    io::Read,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use bytes::Bytes;
use parquet::{
    basic::{CompressionCodec, Encoding},
    column::page::{Page, PageMetadata, PageReader},
    errors::{ParquetError, Result},
};

use crate::{
    input::{Packing, ReadAt, count, read_range, size},
    limits::PAGE_BYTES,
};

/// LIMIT: values of one page; writers make pages of some ten thousand.
const PAGE_VALUES: i64 = 8 << 20;
/// LIMIT: values that are read between two calls of [`Budget::renew`]; one record of a list may span pages.
const READ_VALUES: i64 = 32 << 20;
/// LIMIT: bytes of a header of a page; statistics in it may hold a smallest and a largest value.
const HEADER_BYTES: u64 = 1 << 20;
/// Bytes in which most headers end.
const USUAL_HEADER_BYTES: u64 = 4 << 10;

/// Counts the values that one read may take in.
#[derive(Clone, Debug)]
pub(crate) struct Budget(Arc<AtomicI64>);

impl Budget {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicI64::new(READ_VALUES)))
    }

    pub(crate) fn renew(&self) {
        self.0.store(READ_VALUES, Ordering::Relaxed);
    }

    fn spend(&self, values: i64) -> Result<()> {
        if self.0.fetch_sub(values, Ordering::Relaxed) < values {
            return Err(wrong("a record has too many values"));
        }
        Ok(())
    }
}

/// Reads the pages of one chunk of a column.
pub(crate) struct Pages {
    bytes: Arc<dyn ReadAt>,
    at: u64,
    end: u64,
    codec: CompressionCodec,
    budget: Budget,
    peeked: Option<Header>,
}

impl Pages {
    pub(crate) fn new(
        bytes: Arc<dyn ReadAt>,
        range: std::ops::Range<u64>,
        codec: CompressionCodec,
        budget: Budget,
    ) -> Self {
        Self {
            bytes,
            at: range.start,
            end: range.end,
            codec,
            budget,
            peeked: None,
        }
    }

    fn header(&mut self) -> Result<Option<Header>> {
        if let Some(header) = self.peeked {
            return Ok(Some(header));
        }
        loop {
            let left = self.end.saturating_sub(self.at);
            if left == 0 {
                return Ok(None);
            }
            let first = read_range(&*self.bytes, self.at, left.min(USUAL_HEADER_BYTES))?;
            let header = match Header::read(&first) {
                Some(header) => header,
                None if left > USUAL_HEADER_BYTES => {
                    let all = read_range(&*self.bytes, self.at, left.min(HEADER_BYTES))?;
                    Header::read(&all).ok_or_else(|| wrong("a header of a page is broken"))?
                }
                None => return Err(wrong("a header of a page is broken")),
            };
            // A page of an index: nothing to read in it.
            if matches!(header.body, Body::Other) {
                self.at = self
                    .at
                    .saturating_add(header.length)
                    .saturating_add(count(header.packed));
                continue;
            }
            self.peeked = Some(header);
            return Ok(Some(header));
        }
    }

    fn pass(&mut self, header: &Header) {
        self.at = self
            .at
            .saturating_add(header.length)
            .saturating_add(count(header.packed));
        self.peeked = None;
    }

    fn page(&mut self, header: &Header) -> Result<Page> {
        let start = self.at.saturating_add(header.length);
        if header.packed > PAGE_BYTES || header.unpacked > PAGE_BYTES {
            let bytes = header.packed.max(header.unpacked);
            return Err(ParquetError::General(format!(
                "a page of {bytes} bytes is too large"
            )));
        }
        if start.saturating_add(count(header.packed)) > self.end {
            return Err(wrong("a page reaches beyond its column"));
        }
        let packed = read_range(&*self.bytes, start, count(header.packed))?;
        if packed.len() < header.packed {
            return Err(wrong("a page is cut"));
        }
        match header.body {
            Body::Dictionary { values, encoding } => {
                let buf = unpack(self.codec, &packed, header.unpacked)?;
                // Each value takes four bytes at least.
                if size(u64::try_from(values).unwrap_or(u64::MAX)) > buf.len() >> 2 {
                    return Err(wrong("a dictionary is shorter than it says"));
                }
                Ok(Page::DictionaryPage {
                    buf: buf.into(),
                    num_values: number(values)?,
                    encoding,
                    is_sorted: false,
                })
            }
            Body::Data {
                values,
                encoding,
                definition,
                repetition,
            } => {
                self.budget.spend(values)?;
                Ok(Page::DataPage {
                    buf: unpack(self.codec, &packed, header.unpacked)?.into(),
                    num_values: number(values)?,
                    encoding,
                    def_level_encoding: definition,
                    rep_level_encoding: repetition,
                    statistics: None,
                })
            }
            Body::DataV2 {
                values,
                nulls,
                rows,
                encoding,
                definition_bytes,
                repetition_bytes,
                is_packed,
            } => {
                self.budget.spend(values)?;
                let levels = size(u64::from(number(definition_bytes)?))
                    .saturating_add(size(u64::from(number(repetition_bytes)?)));
                let (Some(first), Some(body)) = (packed.get(..levels), packed.get(levels..)) else {
                    return Err(wrong("levels reach beyond their page"));
                };
                let buf: Bytes = if is_packed && self.codec != CompressionCodec::UNCOMPRESSED {
                    let mut whole = first.to_vec();
                    let rest = header.unpacked.checked_sub(levels);
                    let rest = rest.ok_or_else(|| wrong("levels reach beyond their page"))?;
                    if rest > 0 {
                        whole.extend(unpack(self.codec, body, rest)?);
                    }
                    whole.into()
                } else {
                    packed.into()
                };
                Ok(Page::DataPageV2 {
                    buf,
                    num_values: number(values)?,
                    encoding,
                    num_nulls: number(nulls)?,
                    num_rows: number(rows)?,
                    def_levels_byte_len: number(definition_bytes)?,
                    rep_levels_byte_len: number(repetition_bytes)?,
                    is_compressed: is_packed,
                    statistics: None,
                })
            }
            Body::Other => Err(wrong("a page of an unknown kind")),
        }
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let Some(header) = self.header()? else {
            return Ok(None);
        };
        let page = self.page(&header)?;
        self.pass(&header);
        Ok(Some(page))
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        Ok(self.header()?.map(|header| match header.body {
            Body::Data { values, .. } => PageMetadata {
                num_rows: None,
                num_levels: usize::try_from(values).ok(),
                is_dict: false,
            },
            Body::DataV2 { values, rows, .. } => PageMetadata {
                num_rows: usize::try_from(rows).ok(),
                num_levels: usize::try_from(values).ok(),
                is_dict: false,
            },
            Body::Dictionary { .. } | Body::Other => PageMetadata {
                num_rows: None,
                num_levels: None,
                is_dict: true,
            },
        }))
    }

    fn skip_next_page(&mut self) -> Result<()> {
        if let Some(header) = self.header()? {
            self.pass(&header);
        }
        Ok(())
    }
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

fn wrong(what: &str) -> ParquetError {
    ParquetError::General(what.to_owned())
}

fn number(value: i64) -> Result<u32> {
    if value > PAGE_VALUES {
        return Err(wrong("a page has too many values"));
    }
    u32::try_from(value).map_err(|_| wrong("a negative length"))
}

fn unpack(codec: CompressionCodec, packed: &[u8], length: usize) -> Result<Vec<u8>> {
    let stream = |packing: Packing| -> Result<Vec<u8>> {
        let mut unpacked = Vec::new();
        packing
            .unpack(Box::new(std::io::Cursor::new(packed.to_vec())))
            .take(count(length).saturating_add(1))
            .read_to_end(&mut unpacked)?;
        Ok(unpacked)
    };
    let external = |error: &dyn std::fmt::Display| ParquetError::General(error.to_string());
    let unpacked = match codec {
        CompressionCodec::UNCOMPRESSED => packed.to_vec(),
        CompressionCodec::SNAPPY => {
            let says = snap::raw::decompress_len(packed).map_err(|error| external(&error))?;
            if says != length {
                return Err(wrong("a page has another length than it says"));
            }
            snap::raw::Decoder::new()
                .decompress_vec(packed)
                .map_err(|error| external(&error))?
        }
        CompressionCodec::GZIP => stream(Packing::Gzip)?,
        CompressionCodec::ZSTD => stream(Packing::Zstd)?,
        CompressionCodec::LZ4_RAW => {
            lz4_flex::block::decompress(packed, length).map_err(|error| external(&error))?
        }
        other => {
            return Err(ParquetError::General(format!(
                "{other} is not read by this build"
            )));
        }
    };
    if unpacked.len() != length {
        return Err(wrong("a page has another length than it says"));
    }
    Ok(unpacked)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Header {
    /// Bytes of the header itself.
    length: u64,
    packed: usize,
    unpacked: usize,
    body: Body,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Body {
    Data {
        values: i64,
        encoding: Encoding,
        definition: Encoding,
        repetition: Encoding,
    },
    DataV2 {
        values: i64,
        nulls: i64,
        rows: i64,
        encoding: Encoding,
        definition_bytes: i64,
        repetition_bytes: i64,
        is_packed: bool,
    },
    Dictionary {
        values: i64,
        encoding: Encoding,
    },
    Other,
}

impl Header {
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut thrift = Thrift { bytes, at: 0 };
        let mut own = [None; 4];
        let mut parts = [[None; 9]; 3];
        thrift.structure(|thrift, id, kind| {
            match (id, kind) {
                (1..=3, 5) => *own.get_mut(usize::from(id))? = Some(thrift.signed()?),
                (5, 12) => thrift.numbers(parts.get_mut(0)?)?,
                (7, 12) => thrift.numbers(parts.get_mut(1)?)?,
                (8, 12) => thrift.numbers(parts.get_mut(2)?)?,
                _ => thrift.skip(kind, 0)?,
            }
            Some(())
        })?;
        let [_, kind, unpacked, packed] = own;
        let [data, dictionary, second] = parts;
        let body = match kind? {
            0 => {
                let [_, values, encoding, definition, repetition, ..] = data;
                Body::Data {
                    values: values?,
                    encoding: encoding_of(encoding?)?,
                    definition: encoding_of(definition?)?,
                    repetition: encoding_of(repetition?)?,
                }
            }
            2 => {
                let [_, values, encoding, ..] = dictionary;
                Body::Dictionary {
                    values: values?,
                    encoding: encoding_of(encoding?)?,
                }
            }
            3 => {
                let [
                    _,
                    values,
                    nulls,
                    rows,
                    encoding,
                    definition,
                    repetition,
                    is_packed,
                    _,
                ] = second;
                Body::DataV2 {
                    values: values?,
                    nulls: nulls?,
                    rows: rows?,
                    encoding: encoding_of(encoding?)?,
                    definition_bytes: definition?,
                    repetition_bytes: repetition?,
                    is_packed: is_packed != Some(0),
                }
            }
            _ => Body::Other,
        };
        Some(Self {
            length: count(thrift.at),
            packed: usize::try_from(packed?).ok()?,
            unpacked: usize::try_from(unpacked?).ok()?,
            body,
        })
    }
}

fn encoding_of(number: i64) -> Option<Encoding> {
    Some(match number {
        0 => Encoding::PLAIN,
        2 => Encoding::PLAIN_DICTIONARY,
        3 => Encoding::RLE,
        #[expect(deprecated, reason = "old files have levels in it")]
        4 => Encoding::BIT_PACKED,
        5 => Encoding::DELTA_BINARY_PACKED,
        6 => Encoding::DELTA_LENGTH_BYTE_ARRAY,
        7 => Encoding::DELTA_BYTE_ARRAY,
        8 => Encoding::RLE_DICTIONARY,
        9 => Encoding::BYTE_STREAM_SPLIT,
        _ => return None,
    })
}

/// LIMIT: levels of nesting in a header.
const NESTED: u8 = 16;

/// Reads Thrift's compact protocol.
struct Thrift<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Thrift<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at = self.at.checked_add(1)?;
        Some(byte)
    }

    fn pass(&mut self, length: usize) -> Option<()> {
        let end = self.at.checked_add(length)?;
        self.at = (end <= self.bytes.len()).then_some(end)?;
        Some(())
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn signed(&mut self) -> Option<i64> {
        let value = self.varint()?;
        let half = i64::try_from(value >> 1).ok()?;
        Some(if value & 1 == 0 { half } else { !half })
    }

    fn structure(&mut self, mut field: impl FnMut(&mut Self, u8, u8) -> Option<()>) -> Option<()> {
        let mut id = 0_i64;
        loop {
            let byte = self.byte()?;
            if byte == 0 {
                return Some(());
            }
            id = match byte >> 4 {
                0 => self.signed()?,
                delta => id.checked_add(i64::from(delta))?,
            };
            field(self, u8::try_from(id).unwrap_or(u8::MAX), byte & 0x0f)?;
        }
    }

    /// Reads the numbers and truths of a structure by their ids.
    fn numbers(&mut self, into: &mut [Option<i64>; 9]) -> Option<()> {
        self.structure(|thrift, id, kind| {
            let value = match kind {
                1 => 1,
                2 => 0,
                4..=6 => thrift.signed()?,
                _ => {
                    thrift.skip(kind, 1)?;
                    return Some(());
                }
            };
            if let Some(place) = into.get_mut(usize::from(id)) {
                *place = Some(value);
            }
            Some(())
        })
    }

    fn skip(&mut self, kind: u8, depth: u8) -> Option<()> {
        if depth > NESTED {
            return None;
        }
        let deeper = depth.saturating_add(1);
        match kind {
            1 | 2 => {}
            3 => {
                self.byte()?;
            }
            4..=6 => {
                self.varint()?;
            }
            7 => self.pass(8)?,
            8 => {
                let length = usize::try_from(self.varint()?).ok()?;
                self.pass(length)?;
            }
            9 | 10 => {
                let byte = self.byte()?;
                let length = match byte >> 4 {
                    15 => self.varint()?,
                    short => u64::from(short),
                };
                for _ in 0..length {
                    match byte & 0x0f {
                        // In a list, a truth takes a byte.
                        1 | 2 => self.byte().map(|_| ())?,
                        kind => self.skip(kind, deeper)?,
                    }
                }
            }
            12 => self.structure(|thrift, _, kind| thrift.skip(kind, deeper))?,
            _ => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_is_longer_than_the_header_is_no_list() {
        // Field 5, a structure; in it field 1, a list of 2^60 numbers of eight bytes.
        let mut bytes = vec![0x5c, 0x19, 0xf7];
        bytes.extend([0x80; 8]);
        bytes.extend([0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(Header::read(&bytes), None);
    }

    #[test]
    fn a_header_is_read_whatever_stands_in_its_statistics() {
        // DATA_PAGE, 20 bytes, 10 packed; 3 values, PLAIN, RLE, RLE, statistics with a binary of two bytes.
        let bytes = [
            0x15, 0x00, 0x15, 0x28, 0x15, 0x14, 0x2c, 0x15, 0x06, 0x15, 0x00, 0x15, 0x06, 0x15, 0x06, 0x1c,
            0x18, 0x02, 0xaa, 0xbb, 0x00, 0x00, 0x00, 0xff,
        ];
        let header = Header::read(&bytes).unwrap();
        assert_eq!((header.length, header.unpacked, header.packed), (23, 20, 10));
        let expected = Body::Data {
            values: 3,
            encoding: Encoding::PLAIN,
            definition: Encoding::RLE,
            repetition: Encoding::RLE,
        };
        assert_eq!(header.body, expected);
        for end in 0..23 {
            assert_eq!(Header::read(&bytes[..end]), None);
        }
    }
}
