//! One header block, and the records that change what it says.

use super::Kind;

pub(super) const BLOCK: u64 = 512;

/// What a header says.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) name: Vec<u8>,
    pub(super) link_target: Vec<u8>,
    pub(super) mode: u32,
    pub(super) size: u64,
    pub(super) kind: u8,
    pub(super) has_magic: bool,
    /// The block from offset 345 on, where formats differ.
    pub(super) rest: Vec<u8>,
}

impl Header {
    /// Decodes `block`; `None` where its checksum is wrong.
    pub(super) fn decode(block: &[u8; 512]) -> Option<Self> {
        let declared = number(block.get(148..156)?)?;
        let (mut plain, mut signed) = (0_i64, 0_i64);
        for (index, byte) in block.iter().enumerate() {
            let byte = if (148..156).contains(&index) { b' ' } else { *byte };
            plain = plain.saturating_add(i64::from(byte));
            signed = signed.saturating_add(i64::from(byte.cast_signed()));
        }
        let declared = i64::try_from(declared).ok()?;
        // An empty block has the sum of eight spaces and is an end mark, not a header.
        if (declared != plain && declared != signed) || block.iter().all(|byte| *byte == 0) {
            return None;
        }
        let text = |range: std::ops::Range<usize>| {
            let field = block.get(range).unwrap_or_default();
            field.split(|byte| *byte == 0).next().unwrap_or_default().to_vec()
        };
        let magic = block.get(257..265).unwrap_or_default();
        let mut name = text(0..100);
        let prefix = text(345..500);
        if magic.starts_with(b"ustar\0") && !prefix.is_empty() {
            name = [&prefix[..], b"/", &name[..]].concat();
        }
        Some(Self {
            name,
            link_target: text(157..257),
            mode: u32::try_from(number(block.get(100..108)?).unwrap_or(0)).unwrap_or(0),
            size: number(block.get(124..136)?)?,
            kind: *block.get(156)?,
            has_magic: magic.starts_with(b"ustar"),
            rest: block.get(345..).unwrap_or_default().to_vec(),
        })
    }

    /// Says whether `block` bears the signature of a header and digits where a header has some, whatever its checksum.
    pub(super) fn is_signed(block: &[u8; 512]) -> bool {
        let digits = |range: std::ops::Range<usize>| block.get(range).and_then(number).is_some();
        let magic = block.get(257..265).unwrap_or_default();
        (magic == b"ustar\x0000" || magic == b"ustar  \0")
            && digits(100..108)
            && digits(124..136)
            && digits(148..156)
    }

    /// Says what the entry is.
    pub(super) fn entry_kind(&self) -> Kind {
        match self.kind {
            b'1' => Kind::HardLink,
            b'2' => Kind::SymbolicLink,
            b'3' | b'4' => Kind::Device,
            b'5' => Kind::Directory,
            b'6' => Kind::Fifo,
            b'V' | b'D' | b'M' => Kind::Label,
            _ => Kind::File,
        }
    }
}

/// Reads a number as Python's `nti` does: octal digits between blanks, or binary where the first byte says so. `None` where
/// it is neither, or negative.
pub(super) fn number(field: &[u8]) -> Option<u64> {
    if let [0x80, rest @ ..] = field {
        return rest.iter().try_fold(0_u64, |value, byte| {
            let shifted = value.checked_mul(256)?;
            shifted.checked_add(u64::from(*byte))
        });
    }
    let text = field
        .split(|byte| *byte == 0)
        .next()
        .unwrap_or_default()
        .trim_ascii();
    if text.is_empty() {
        return Some(0);
    }
    u64::from_str_radix(std::str::from_utf8(text).ok()?, 8).ok()
}

/// What long names and pax records say of the next entry.
#[derive(Clone, Debug, Default)]
pub(super) struct Overrides {
    pub(super) name: Option<Vec<u8>>,
    pub(super) link_target: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    /// Sparse map of the formats 0.0 and 0.1: offset and length in turn.
    pub(super) sparse_map: Vec<u64>,
    /// The map stands before the data (format 1.0).
    pub(super) sparse_inline: bool,
    pub(super) sparse_size: Option<u64>,
}

/// LIMIT: parts of a sparse file; GNU tar writes one for each hole.
pub(super) const SPARSE_PARTS: usize = 200_000;

impl Overrides {
    /// Fills what is open here from `other`.
    pub(super) fn or(mut self, other: &Self) -> Self {
        self.name = self.name.or_else(|| other.name.clone());
        self.link_target = self.link_target.or_else(|| other.link_target.clone());
        self.size = self.size.or(other.size);
        self
    }

    /// Reads records `LENGTH KEY=VALUE\n`; `false` where one cannot be read.
    pub(super) fn read_pax(&mut self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() && bytes.first() != Some(&0) {
            let Some((record, rest)) = record(bytes) else {
                return false;
            };
            let Some((key, value)) = record else { return false };
            if !self.take(key, value) {
                return false;
            }
            bytes = rest;
        }
        true
    }

    fn take(&mut self, key: &[u8], value: &[u8]) -> bool {
        let text = std::str::from_utf8(value).unwrap_or_default();
        let decimal = || text.parse::<u64>().ok();
        match key {
            // Sparse files bear a made-up path; their true name wins.
            b"path" if self.name.is_none() || !self.sparse_inline => self.name = Some(value.to_vec()),
            b"linkpath" => self.link_target = Some(value.to_vec()),
            b"size" => self.size = decimal(),
            b"GNU.sparse.name" => self.name = Some(value.to_vec()),
            b"GNU.sparse.major" => self.sparse_inline = text == "1",
            b"GNU.sparse.size" | b"GNU.sparse.realsize" => self.sparse_size = decimal(),
            b"GNU.sparse.offset" | b"GNU.sparse.numbytes" => {
                let Some(number) = decimal() else { return false };
                self.sparse_map.push(number);
            }
            b"GNU.sparse.map" => {
                let numbers = text.split(',').map(str::parse::<u64>);
                match numbers.collect::<Result<Vec<u64>, _>>() {
                    Ok(map) => self.sparse_map = map,
                    Err(_) => return false,
                }
            }
            _ => {}
        }
        self.sparse_map.len() <= SPARSE_PARTS.saturating_mul(2) && (key != b"size" || self.size.is_some())
    }
}

type Record<'a> = (Option<(&'a [u8], &'a [u8])>, &'a [u8]);

/// Takes one record off the front.
fn record(bytes: &[u8]) -> Option<Record<'_>> {
    let space = memchr::memchr(b' ', bytes.get(..bytes.len().min(21))?)?;
    let length: usize = std::str::from_utf8(bytes.get(..space)?).ok()?.parse().ok()?;
    let body = bytes.get(space.checked_add(1)?..length)?;
    let body = body.strip_suffix(b"\n")?;
    let equals = memchr::memchr(b'=', body);
    let pair = equals.and_then(|at| Some((body.get(..at)?, body.get(at.checked_add(1)?..)?)));
    Some((pair, bytes.get(length..)?))
}
