//! ZIP archives in which every header field can be set, the two headers of an entry apart from each other (APPNOTE 4.3).

use std::io::Write;

use crate::{
    content::{little, settings_and_content},
    lines::{Node, Result, nodes},
};

/// One of the two headers of an entry.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    pub(crate) name: Vec<u8>,
    pub(crate) version: u64,
    pub(crate) flags: u64,
    pub(crate) method: u64,
    pub(crate) time: u64,
    pub(crate) crc: u64,
    pub(crate) packed_size: u64,
    pub(crate) size: u64,
    pub(crate) extra: Vec<u8>,
}

/// One entry.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) local: Header,
    pub(crate) central: Header,
    pub(crate) data: Vec<u8>,
    pub(crate) gap: Vec<u8>,
    pub(crate) comment: Vec<u8>,
    pub(crate) made_by: u64,
    pub(crate) attributes: u64,
    pub(crate) offset: Option<u64>,
    pub(crate) signature: u64,
    pub(crate) descriptor: bool,
    pub(crate) in_local: bool,
    pub(crate) in_central: bool,
}

impl Entry {
    /// Makes a plain entry; `method` is 0 (stored) or 8 (deflate).
    pub(crate) fn new(name: &[u8], content: &[u8], method: u64) -> Self {
        let data = if method == 8 {
            deflate(content)
        } else {
            content.to_vec()
        };
        let header = Header {
            name: name.to_vec(),
            version: 20,
            flags: 0,
            method,
            // 1980-01-01, the first day that the field can hold.
            time: 0x0021_0000,
            crc: u64::from(crc32(content)),
            packed_size: data.len() as u64,
            size: content.len() as u64,
            extra: Vec::new(),
        };
        Self {
            local: header.clone(),
            central: header,
            data,
            gap: Vec::new(),
            comment: Vec::new(),
            made_by: 20,
            attributes: 0,
            offset: None,
            signature: 0x0403_4b50,
            descriptor: false,
            in_local: true,
            in_central: true,
        }
    }
}

/// An archive.
#[derive(Debug, Default)]
pub(crate) struct Archive {
    pub(crate) entries: Vec<Entry>,
    prefix: Vec<u8>,
    /// Whether offsets count from the first byte of the prefix.
    prefix_counts: bool,
    order: Vec<usize>,
    gap: Vec<u8>,
    comment: Vec<u8>,
    zip64: bool,
    entry_count: Option<u64>,
    directory_size: Option<u64>,
    directory_offset: Option<u64>,
    without_end: bool,
}

impl Archive {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out = self.prefix.clone();
        let base = if self.prefix_counts { 0 } else { out.len() };
        let mut offsets = Vec::new();
        for entry in &self.entries {
            out.extend(&entry.gap);
            offsets.push((out.len() - base) as u64);
            if entry.in_local {
                out.extend(little(entry.signature, 4));
                out.extend(common(&entry.local));
                out.extend(&entry.local.name);
                out.extend(&entry.local.extra);
                out.extend(&entry.data);
                if entry.descriptor {
                    out.extend(b"PK\x07\x08");
                    out.extend(little(entry.central.crc, 4));
                    out.extend(little(entry.central.packed_size, 4));
                    out.extend(little(entry.central.size, 4));
                }
            }
        }
        out.extend(&self.gap);
        let directory = out.len();
        let order: Vec<usize> = if self.order.is_empty() {
            (0..self.entries.len()).collect()
        } else {
            self.order.clone()
        };
        let mut count = 0;
        for index in order {
            let (Some(entry), Some(&offset)) = (self.entries.get(index), offsets.get(index)) else {
                continue;
            };
            if entry.in_central {
                count += 1;
                out.extend(b"PK\x01\x02");
                out.extend(little(entry.made_by, 2));
                out.extend(common(&entry.central));
                out.extend(little(entry.comment.len() as u64, 2));
                out.extend([0; 4]);
                out.extend(little(entry.attributes, 4));
                out.extend(little(entry.offset.unwrap_or(offset), 4));
                out.extend(&entry.central.name);
                out.extend(&entry.central.extra);
                out.extend(&entry.comment);
            }
        }
        if !self.without_end {
            let size = self.directory_size.unwrap_or((out.len() - directory) as u64);
            let offset = self.directory_offset.unwrap_or((directory - base) as u64);
            self.end(&mut out, self.entry_count.unwrap_or(count), size, offset, base);
        }
        out
    }

    fn end(&self, out: &mut Vec<u8>, count: u64, size: u64, offset: u64, base: usize) {
        if self.zip64 {
            let record = (out.len() - base) as u64;
            out.extend(b"PK\x06\x06");
            for (number, width) in [
                (44, 8),
                (45, 2),
                (45, 2),
                (0, 4),
                (0, 4),
                (count, 8),
                (count, 8),
                (size, 8),
                (offset, 8),
            ] {
                out.extend(little(number, width));
            }
            out.extend(b"PK\x06\x07");
            for (number, width) in [(0, 4), (record, 8), (1, 4)] {
                out.extend(little(number, width));
            }
        }
        let (count, size, offset) = if self.zip64 {
            (u64::MAX, u64::MAX, u64::MAX)
        } else {
            (count, size, offset)
        };
        out.extend(b"PK\x05\x06\0\0\0\0");
        for (number, width) in [
            (count, 2),
            (count, 2),
            (size, 4),
            (offset, 4),
            (self.comment.len() as u64, 2),
        ] {
            out.extend(little(number, width));
        }
        out.extend(&self.comment);
    }
}

/// Builds a `zip:` block.
pub(crate) fn build(node: &Node<'_>) -> Result<Vec<u8>> {
    let mut archive = Archive::default();
    let mut names = Vec::new();
    let mut order = None;
    for node in &nodes(node.body)? {
        match node.key.as_str() {
            "entry" => {
                let name = node.argument()?.name();
                archive.entries.push(entry(node, &name)?);
                names.push(name);
            }
            "prefix" => archive.prefix = crate::content::build(node.body)?,
            "prefix-counts" => archive.prefix_counts = node.flag()?,
            "gap" => archive.gap = crate::content::build(node.body)?,
            "comment" => archive.comment = node.bytes()?,
            "order" => order = Some((node.number, node.arguments()?)),
            "zip64" => archive.zip64 = node.flag()?,
            "entries" => archive.entry_count = Some(node.number()?),
            "directory-size" => archive.directory_size = Some(node.number()?),
            "directory-offset" => archive.directory_offset = Some(node.number()?),
            "end" => archive.without_end = !node.flag()?,
            other => return Err(node.error(format!("unknown setting `{other}` of a zip"))),
        }
    }
    if let Some((line, order)) = order {
        for wanted in order {
            let at = names.iter().position(|name| *name == wanted.name());
            archive
                .order
                .push(at.ok_or_else(|| crate::SampleError::new(line, "`order` names no such entry"))?);
        }
    }
    Ok(archive.bytes())
}

fn entry(node: &Node<'_>, name: &[u8]) -> Result<Entry> {
    let mut method = 0;
    let content = settings_and_content(node.body, |node| {
        if node.key == "method" {
            method = method_number(node)?;
        }
        Ok(is_setting(&node.key))
    })?;
    let mut entry = Entry::new(name, &content, method);
    for node in &nodes(node.body)? {
        match node.key.as_str() {
            "method" => {}
            "gap" => entry.gap = crate::content::build(node.body)?,
            "comment" => entry.comment = node.bytes()?,
            "made-by" => entry.made_by = node.number()?,
            "attributes" => entry.attributes = node.number()?,
            "offset" => entry.offset = Some(node.number()?),
            "signature" => entry.signature = node.number()?,
            "descriptor" => {
                entry.descriptor = node.flag()?;
                if entry.descriptor {
                    // APPNOTE 4.4.4 bit 3: the local header leaves these to the descriptor.
                    entry.local.flags |= 8;
                    entry.central.flags |= 8;
                    (entry.local.crc, entry.local.size, entry.local.packed_size) = (0, 0, 0);
                }
            }
            "local" => entry.in_local = node.flag()?,
            "central" => entry.in_central = node.flag()?,
            key => {
                let local = key.strip_prefix("local-");
                let central = key.strip_prefix("central-");
                let field = local.or(central).unwrap_or(key);
                if central.is_none() {
                    set(&mut entry.local, field, node)?;
                }
                if local.is_none() {
                    set(&mut entry.central, field, node)?;
                }
            }
        }
    }
    Ok(entry)
}

const FIELDS: [&str; 9] = [
    "name",
    "version",
    "flags",
    "method",
    "time",
    "crc",
    "packed-size",
    "size",
    "extra",
];
const OTHERS: [&str; 9] = [
    "gap",
    "comment",
    "made-by",
    "attributes",
    "offset",
    "signature",
    "descriptor",
    "local",
    "central",
];

fn is_setting(key: &str) -> bool {
    let field = key
        .strip_prefix("local-")
        .or_else(|| key.strip_prefix("central-"))
        .unwrap_or(key);
    FIELDS.contains(&field) || OTHERS.contains(&key)
}

fn set(header: &mut Header, field: &str, node: &Node<'_>) -> Result<()> {
    match field {
        "name" => header.name = node.argument()?.name(),
        "version" => header.version = node.number()?,
        "flags" => header.flags = node.number()?,
        "method" => header.method = method_number(node)?,
        "time" => header.time = node.number()?,
        "crc" => header.crc = node.number()?,
        "packed-size" => header.packed_size = node.number()?,
        "size" => header.size = node.number()?,
        "extra" => header.extra = node.bytes()?,
        // Content, which was built before.
        _ => {}
    }
    Ok(())
}

fn method_number(node: &Node<'_>) -> Result<u64> {
    match node.rest.as_str() {
        "stored" => Ok(0),
        "deflate" => Ok(8),
        _ => node.number(),
    }
}

/// Writes the fields that both headers have in the same order.
fn common(header: &Header) -> Vec<u8> {
    let fields = [
        (header.version, 2),
        (header.flags, 2),
        (header.method, 2),
        (header.time, 4),
        (header.crc, 4),
        (header.packed_size, 4),
        (header.size, 4),
        (header.name.len() as u64, 2),
        (header.extra.len() as u64, 2),
    ];
    fields
        .into_iter()
        .flat_map(|(number, width)| little(number, width))
        .collect()
}

fn deflate(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    // Writing to memory does not fail.
    encoder
        .write_all(content)
        .and_then(|()| encoder.finish())
        .unwrap_or_default()
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

#[cfg(test)]
mod tests {
    use crate::build;

    #[test]
    fn a_plain_archive_has_the_three_parts() {
        let bytes = build("zip:\n  entry \"a\"\n    text \"hi\"\n").unwrap();
        assert_eq!(bytes.len(), 30 + 1 + 2 + 46 + 1 + 22);
        assert!(bytes.starts_with(b"PK\x03\x04\x14\0\0\0\0\0"));
        assert_eq!(&bytes[30..33], b"ahi");
        assert_eq!(&bytes[33..37], b"PK\x01\x02");
        // Directory offset in the end record.
        assert_eq!(bytes[80 + 16], 33);
    }

    #[test]
    fn the_two_headers_can_disagree() {
        let text = "zip:\n  entry \"a\"\n    central-name: \"b\"\n    local-crc: 7\n    method: deflate\n    text \"hi\"\n";
        let bytes = build(text).unwrap();
        assert_eq!((bytes[14], bytes[30]), (7, b'a'));
        let central = bytes
            .windows(4)
            .position(|window| window == b"PK\x01\x02")
            .unwrap();
        assert_eq!(bytes[central + 46], b'b');
        assert_eq!(bytes[central + 10], 8);
    }

    #[test]
    fn entries_can_be_hidden_doubled_and_reordered() {
        let text = "zip:\n  order: \"b\" \"a\"\n  prefix:\n    text \"#!\"\n  entry \"a\"\n    text \"1\"\n  entry \"b\"\n    text \"2\"\n  entry \"c\"\n    central: no\n    text \"3\"\n";
        let bytes = build(text).unwrap();
        assert!(bytes.starts_with(b"#!PK"));
        let names: Vec<u8> = (0..bytes.len() - 46)
            .filter(|&at| &bytes[at..at + 4] == b"PK\x01\x02")
            .map(|at| bytes[at + 46])
            .collect();
        assert_eq!(names, b"ba");
    }
}
