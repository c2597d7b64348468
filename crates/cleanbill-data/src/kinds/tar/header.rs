//! Headers of tar, as leniently as Python's `tarfile` reads them (POSIX.1-2017, pax, "ustar Interchange Format"; GNU tar, "Basic
//! Tar Format").

/// Bytes of a header, of which contents are multiples.
pub(super) const BLOCK: usize = 512;

/// What a header says.
pub(super) struct Header {
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) kind: u8,
    pub(super) is_ustar: bool,
    /// More of the map of a sparse file follows.
    pub(super) is_extended: bool,
}

impl Header {
    /// Reads a header; nothing where its checksum is wrong.
    pub(super) fn read(block: &[u8; BLOCK]) -> Option<Self> {
        let field = |from: usize, to: usize| block.get(from..to).unwrap_or_default();
        let stated = number(field(148, 156))?;
        let (mut unsigned, mut signed) = (256_u64, 256_i64);
        for (at, byte) in block.iter().enumerate() {
            if !(148..156).contains(&at) {
                unsigned = unsigned.saturating_add(u64::from(*byte));
                signed = signed.saturating_add(i64::from(byte.cast_signed()));
            }
        }
        if stated != unsigned && i64::try_from(stated) != Ok(signed) {
            return None;
        }
        let is_ustar = field(257, 262) == b"ustar";
        let is_gnu = field(257, 265) == b"ustar  \0";
        let mut name = text(field(0, 100));
        if is_ustar && !is_gnu {
            let prefix = text(field(345, 500));
            if !prefix.is_empty() {
                name = format!("{prefix}/{name}");
            }
        }
        let kind = block.get(156).copied().unwrap_or(0);
        Some(Self {
            name,
            size: number(field(124, 136))?,
            kind,
            is_ustar,
            is_extended: kind == b'S' && block.get(482).is_some_and(|flag| *flag != 0),
        })
    }
}

/// What records of pax and GNU say of the next entry.
#[derive(Default)]
pub(super) struct Names {
    pub(super) name: Option<String>,
    pub(super) size: Option<u64>,
    pub(super) is_sparse: bool,
}

impl Names {
    /// Reads records of pax: `LENGTH KEY=VALUE\n`.
    pub(super) fn add(&mut self, records: &[u8]) {
        let mut rest = records;
        while let Some(space) = memchr::memchr(b' ', rest.get(..20.min(rest.len())).unwrap_or_default()) {
            let digits = std::str::from_utf8(rest.get(..space).unwrap_or_default()).unwrap_or("");
            let Ok(length) = digits.parse::<usize>() else {
                break;
            };
            let Some(record) = rest.get(space.saturating_add(1)..length.saturating_sub(1)) else {
                break;
            };
            rest = rest.get(length..).unwrap_or_default();
            let Some(equals) = memchr::memchr(b'=', record) else {
                continue;
            };
            let (key, value) = record.split_at(equals);
            let value = value.get(1..).unwrap_or_default();
            match key {
                b"path" if !self.is_sparse || self.name.is_none() => self.name = Some(text(value)),
                b"GNU.sparse.name" => {
                    self.is_sparse = true;
                    self.name = Some(text(value));
                }
                b"size" => self.size = String::from_utf8_lossy(value).parse().ok(),
                _ => self.is_sparse |= key.starts_with(b"GNU.sparse."),
            }
        }
    }
}

/// Reads a number in octal digits, or in base 256 where the first bit is set.
fn number(field: &[u8]) -> Option<u64> {
    let first = *field.first()?;
    if first & 0x80 != 0 {
        let mut value = u64::from(first & 0x7f);
        for byte in field.get(1..)? {
            value = value.checked_mul(256)?.checked_add(u64::from(*byte))?;
        }
        return Some(value);
    }
    let digits = text(field);
    let digits = digits.trim_matches([' ', '\0']);
    if digits.is_empty() {
        return Some(0);
    }
    u64::from_str_radix(digits, 8).ok()
}

/// Returns what stands before the first NUL.
pub(super) fn text(field: &[u8]) -> String {
    let end = memchr::memchr(0, field).unwrap_or(field.len());
    String::from_utf8_lossy(field.get(..end).unwrap_or_default()).into_owned()
}
