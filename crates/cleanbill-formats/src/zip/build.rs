//! Assembles ZIP files for tests, with every field open to change.

use std::io::Write;

/// One entry to write; the fields named `local_` differ from the central ones only where a test says so.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) name: Vec<u8>,
    pub(crate) local_name: Option<Vec<u8>>,
    pub(crate) data: Vec<u8>,
    pub(crate) method: u16,
    pub(crate) local_method: Option<u16>,
    pub(crate) flags: u16,
    pub(crate) local_flags: Option<u16>,
    pub(crate) crc: Option<u32>,
    pub(crate) mode: u32,
    pub(crate) listed: bool,
    pub(crate) zip64: bool,
    pub(crate) at_offset_of: Option<usize>,
}

impl Item {
    pub(crate) fn new(name: &str, data: &[u8]) -> Self {
        Self {
            name: name.as_bytes().to_vec(),
            local_name: None,
            data: data.to_vec(),
            method: 0,
            local_method: None,
            flags: 0,
            local_flags: None,
            crc: None,
            mode: 0,
            listed: true,
            zip64: false,
            at_offset_of: None,
        }
    }
}

fn le(parts: &[(u64, usize)]) -> Vec<u8> {
    let bytes = parts
        .iter()
        .map(|(value, size)| value.to_le_bytes()[..*size].to_vec());
    bytes.collect::<Vec<_>>().concat()
}

/// Writes the archive: local headers with data, the directory, the end record.
pub(crate) fn zip(items: &[Item]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut directory = Vec::new();
    let mut offsets = Vec::new();
    for item in items {
        let data = if item.method == 8 {
            let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(&item.data).unwrap();
            encoder.finish().unwrap()
        } else {
            item.data.clone()
        };
        let mut crc = flate2::Crc::new();
        crc.update(&item.data);
        let crc = u64::from(item.crc.unwrap_or(crc.sum()));
        let (compressed, size) = (data.len() as u64, item.data.len() as u64);
        let flags = u64::from(item.flags);
        let local_flags = u64::from(item.local_flags.unwrap_or(item.flags));
        let streamed = local_flags & 8 != 0;
        let offset = item
            .at_offset_of
            .map_or(out.len() as u64, |index: usize| offsets[index]);
        offsets.push(offset);
        if item.at_offset_of.is_none() {
            let name = item.local_name.as_ref().unwrap_or(&item.name);
            let (known_crc, known) = if streamed {
                (0, (0, 0))
            } else {
                (crc, (compressed, size))
            };
            let method = u64::from(item.local_method.unwrap_or(item.method));
            out.extend_from_slice(b"PK\x03\x04");
            out.extend(le(&[
                (20, 2),
                (local_flags, 2),
                (method, 2),
                (0, 4),
                (known_crc, 4),
            ]));
            out.extend(le(&[(known.0, 4), (known.1, 4), (name.len() as u64, 2), (0, 2)]));
            out.extend_from_slice(name);
            out.extend_from_slice(&data);
            if streamed {
                out.extend_from_slice(b"PK\x07\x08");
                let width = if item.zip64 { 8 } else { 4 };
                out.extend(le(&[(crc, 4), (compressed, width), (size, width)]));
            }
        }
        if item.listed {
            let open = u64::from(u32::MAX);
            directory.extend_from_slice(b"PK\x01\x02");
            directory.extend(le(&[
                (0x0314, 2),
                (20, 2),
                (flags, 2),
                (u64::from(item.method), 2),
                (0, 4),
                (crc, 4),
            ]));
            let (sizes, extra) = if item.zip64 {
                let extra = le(&[(1, 2), (24, 2), (size, 8), (compressed, 8), (offset, 8)]);
                ([open, open, open], extra)
            } else {
                ([compressed, size, offset], Vec::new())
            };
            directory.extend(le(&[(sizes[0], 4), (sizes[1], 4), (item.name.len() as u64, 2)]));
            directory.extend(le(&[(extra.len() as u64, 2), (0, 2), (0, 2), (0, 2)]));
            directory.extend(le(&[(u64::from(item.mode) << 16, 4), (sizes[2], 4)]));
            directory.extend_from_slice(&item.name);
            directory.extend_from_slice(&extra);
        }
    }
    let (start, bytes) = (out.len() as u64, directory.len() as u64);
    out.extend(directory);
    let count = items.iter().filter(|item| item.listed).count() as u64;
    if items.iter().any(|item| item.zip64) {
        let at = out.len() as u64;
        out.extend_from_slice(b"PK\x06\x06");
        out.extend(le(&[
            (44, 8),
            (45, 2),
            (45, 2),
            (0, 4),
            (0, 4),
            (count, 8),
            (count, 8),
            (bytes, 8),
            (start, 8),
        ]));
        out.extend_from_slice(b"PK\x06\x07");
        out.extend(le(&[(0, 4), (at, 8), (1, 4)]));
        let open = u64::from(u32::MAX);
        out.extend_from_slice(b"PK\x05\x06");
        out.extend(le(&[
            (0, 4),
            (0xffff, 2),
            (0xffff, 2),
            (open, 4),
            (open, 4),
            (0, 2),
        ]));
    } else {
        out.extend(end_record(count, bytes, start));
    }
    out
}

/// Writes an end record.
pub(crate) fn end_record(count: u64, bytes: u64, start: u64) -> Vec<u8> {
    let mut out = b"PK\x05\x06".to_vec();
    out.extend(le(&[
        (0, 4),
        (count, 2),
        (count, 2),
        (bytes, 4),
        (start, 4),
        (0, 2),
    ]));
    out
}
