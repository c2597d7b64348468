//! The fixed records of a ZIP file (APPNOTE 4.3), decoded without judging them.

use std::ops::Range;

use crate::{
    bytes::{ReadAt, SourceError, read_range, size_u64},
    notes::{u16_at, u32_at, u64_at},
};

pub(super) const LOCAL: &[u8; 4] = b"PK\x03\x04";
pub(super) const CENTRAL: &[u8; 4] = b"PK\x01\x02";
pub(super) const END: &[u8; 4] = b"PK\x05\x06";
pub(super) const END64: &[u8; 4] = b"PK\x06\x06";
pub(super) const LOCATOR64: &[u8; 4] = b"PK\x06\x07";
pub(super) const DESCRIPTOR: &[u8; 4] = b"PK\x07\x08";

/// Lengths of the records without what varies.
pub(super) const LOCAL_BYTES: u64 = 30;
pub(super) const CENTRAL_BYTES: usize = 46;
pub(super) const END_BYTES: u64 = 22;
pub(super) const END64_BYTES: u64 = 56;
pub(super) const LOCATOR64_BYTES: u64 = 20;

pub(super) const FLAG_ENCRYPTED: u16 = 1;
pub(super) const FLAG_DESCRIPTOR: u16 = 1 << 3;
pub(super) const FLAG_UTF8: u16 = 1 << 11;
/// Flags that change what a reader does with the bytes: encrypted, patched, strongly encrypted, masked header.
pub(super) const FLAGS_THAT_MATTER: u16 = 1 | (1 << 5) | (1 << 6) | (1 << 13);

/// What the extra fields of a header say (APPNOTE 4.5).
#[derive(Debug, Default, Clone)]
pub(super) struct Extra {
    /// AES as `WinZip` does it (0x9901) is declared.
    pub(super) aes: bool,
    /// Name of the Unicode path field (0x7075), where its checksum is that of the plain name.
    pub(super) unicode_name: Option<Vec<u8>>,
    /// A field ends beyond the extra bytes.
    pub(super) broken: bool,
}

/// The fields that both headers of an entry have.
#[derive(Debug, Clone)]
pub(super) struct Common {
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) crc32: u32,
    pub(super) compressed_bytes: u64,
    pub(super) uncompressed_bytes: u64,
    pub(super) name: Vec<u8>,
    pub(super) extra: Extra,
}

/// One entry of the central directory (4.3.12).
#[derive(Debug, Clone)]
pub(super) struct Central {
    pub(super) common: Common,
    pub(super) range: Range<u64>,
    pub(super) offset: u64,
    pub(super) made_by: u8,
    pub(super) version_needed: u8,
    pub(super) external_attributes: u32,
}

/// One local header (4.3.7).
#[derive(Debug, Clone)]
pub(super) struct Local {
    pub(super) common: Common,
    pub(super) range: Range<u64>,
}

impl Central {
    /// Decodes a record whose fixed part is `fixed` and whose variable parts follow in `rest`.
    pub(super) fn decode(start: u64, fixed: &[u8], rest: &[u8]) -> Self {
        let name_length = usize::from(u16_at(fixed, 28));
        let extra_length = usize::from(u16_at(fixed, 30));
        let name = rest.get(..name_length).unwrap_or(rest).to_vec();
        let extra = rest.get(name_length..).unwrap_or_default();
        let extra = extra.get(..extra_length).unwrap_or(extra);
        let mut sizes = [
            u64::from(u32_at(fixed, 24)),
            u64::from(u32_at(fixed, 20)),
            u64::from(u32_at(fixed, 42)),
        ];
        let extra = decode_extra(extra, &name, &mut sizes);
        let [uncompressed_bytes, compressed_bytes, offset] = sizes;
        let length = size_u64(fixed.len()).saturating_add(size_u64(rest.len()));
        Self {
            common: Common {
                flags: u16_at(fixed, 8),
                method: u16_at(fixed, 10),
                crc32: u32_at(fixed, 16),
                compressed_bytes,
                uncompressed_bytes,
                name,
                extra,
            },
            range: start..start.saturating_add(length),
            offset,
            made_by: fixed.get(5).copied().unwrap_or_default(),
            version_needed: fixed.get(6).copied().unwrap_or_default(),
            external_attributes: u32_at(fixed, 38),
        }
    }
}

impl Local {
    /// Reads the local header at `offset`; `None` where there is none.
    pub(super) fn read(source: &dyn ReadAt, offset: u64) -> Result<Option<Self>, SourceError> {
        // Most headers fit, so that one read serves.
        let mut bytes = read_range(source, offset..offset.saturating_add(256), 256)?;
        if !bytes.starts_with(LOCAL) || size_u64(bytes.len()) < LOCAL_BYTES {
            return Ok(None);
        }
        let name_length = usize::from(u16_at(&bytes, 26));
        let extra_length = usize::from(u16_at(&bytes, 28));
        let length = size_u64(name_length.saturating_add(extra_length)).saturating_add(LOCAL_BYTES);
        if length > size_u64(bytes.len()) {
            bytes = read_range(source, offset..offset.saturating_add(length), length)?;
        }
        let rest = bytes.get(30..).unwrap_or_default();
        let name = rest.get(..name_length).unwrap_or(rest).to_vec();
        let extra = rest.get(name_length..).unwrap_or_default();
        let extra = extra.get(..extra_length).unwrap_or(extra);
        let mut sizes = [u64::from(u32_at(&bytes, 22)), u64::from(u32_at(&bytes, 18)), 0];
        let extra = decode_extra(extra, &name, &mut sizes);
        let [uncompressed_bytes, compressed_bytes, _] = sizes;
        Ok(Some(Self {
            common: Common {
                flags: u16_at(&bytes, 6),
                method: u16_at(&bytes, 8),
                crc32: u32_at(&bytes, 14),
                compressed_bytes,
                uncompressed_bytes,
                name,
                extra,
            },
            range: offset..offset.saturating_add(length),
        }))
    }
}

/// Walks the extra fields; takes from the ZIP64 field (4.5.3) what `sizes` leaves open, in the order of the field.
fn decode_extra(mut extra: &[u8], name: &[u8], sizes: &mut [u64; 3]) -> Extra {
    let mut out = Extra::default();
    while extra.len() >= 4 {
        let (id, length) = (u16_at(extra, 0), usize::from(u16_at(extra, 2)));
        let rest = extra.get(4..).unwrap_or_default();
        let Some(field) = rest.get(..length) else {
            out.broken = true;
            break;
        };
        match id {
            0x0001 => {
                let mut at = 0_usize;
                for size in sizes.iter_mut().filter(|size| **size == u64::from(u32::MAX)) {
                    if field.len() < at.saturating_add(8) {
                        break;
                    }
                    *size = u64_at(field, at);
                    at = at.saturating_add(8);
                }
            }
            0x9901 => out.aes = true,
            0x7075 if field.first() == Some(&1) && u32_at(field, 1) == crc32(name) => {
                out.unicode_name = field.get(5..).map(<[u8]>::to_vec);
            }
            _ => {}
        }
        extra = rest.get(length..).unwrap_or_default();
    }
    out
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}
