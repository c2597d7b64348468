//! GGUF.

mod rules;
mod tensors;
mod values;

use std::{
    collections::{BTreeMap, HashSet},
    hash::{DefaultHasher, Hasher},
    ops::Range,
};

pub use self::values::{MetadataList, MetadataNumber, Number};
use crate::{
    Anomaly, AnomalyKind, FormatView, Input, Member, Probe, Score, TensorList,
    bytes::{Cursor, ReadError, size_u64, size_usize},
    limits::Limits,
    notes::Notes,
    raw::disguised,
    registry::{ParseResult, format_info},
};
use rules::{
    ALIGNMENT, BOOL, COUNT, DEPTH, KEY, KEY_LENGTH, LENGTH, NESTED, NUL, REPEATED, TEXT, TEXT_LIMIT,
    TOO_MANY, TRUNCATED, UNPUBLISHED_VERSION, VALUE_TYPE, VERSION,
};

format_info! {
    /// ## What it is
    /// The model file of llama.cpp and ggml: metadata as keys and typed values, a list of tensors, the tensors' bytes.
    /// ## What is read
    /// Versions 1 to 3, either byte order, as a stream: every key, every number, every text value up to a limit, every
    /// tensor's name, type, shape and place. Token lists are counted and not kept; lists of templates, short lists of numbers and
    /// lists of texts under `general.` are kept. Of the tensors' bytes
    /// only the first are looked at.
    /// ## What is reported
    /// Counts and lengths larger than the file or than llama.cpp takes, unknown versions, value and tensor types, nested
    /// arrays, repeated keys and tensors, names with a zero byte, an alignment that is not a power of two, tensors with too
    /// many dimensions, rows that are not whole blocks, sizes that overflow, and places that are not aligned, overlap or
    /// lie outside. Bytes after the last tensor are a member, `[after]`; tensor bytes that begin like a program, an archive
    /// or a pickle are a member, `[data]`.
    /// ## Limits
    /// `metadata_entries`, `tensors`, `name_bytes` (text values), `anomalies`; chat templates are kept up to 1 MiB.
    /// ## References
    /// `docs/gguf.md` of ggml; `gguf_init_from_file` in `gguf.cpp`; CVE-2024-25664 to -25668, CVE-2025-53630,
    /// CVE-2026-27940, CVE-2026-33298.
    "gguf", "GGUF", extensions: &["gguf"], refines: None, dialects: ["gguf-big-endian": "GGUF with the bytes of numbers in reverse order"]
}

/// Longest chat template kept. The longest public ones have some 20 KB.
const TEMPLATE_BYTES: u64 = 1 << 20;
/// LIMIT: text values kept in all; more are walked over but not shown to detectors, unless they are templates.
const TEXTS_KEPT: usize = 4_096;
/// LIMIT: bytes of text values kept in all.
const ALL_BYTES: u64 = 16 << 20;
/// LIMIT: numbers and lists kept, and numbers of one list: real files have some 50, and lists as long as their layers. More are
/// walked over but not shown to the inventory.
const NUMBERS_KEPT: usize = 4_096;
const LIST_KEPT: u64 = 512;
/// Byte counts above this are no accident of a cut file.
const ABSURD: u64 = 1 << 40;
/// Longest text, and most elements of an array, that llama.cpp takes (`GGUF_MAX_STRING_LENGTH`, `GGUF_MAX_ARRAY_ELEMENTS`).
const LLAMA_MOST: u64 = 1 << 30;
/// Bytes of a tensor's name that llama.cpp holds with the zero after it (`GGML_MAX_NAME`); builds for pictures hold twice as many.
const NAME_BYTES: u64 = 64;
/// First version that nobody can mistake for the next one to be published.
const FAR_VERSION: u32 = 16;

/// Holds one text value of the metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataText {
    /// Key.
    pub key: String,
    /// Value; cut where it is very long.
    pub text: String,
    /// Where the value's bytes stand in the file.
    pub range: Range<u64>,
}

/// Shows a GGUF file.
#[derive(Debug)]
pub struct View {
    /// Version of the format.
    pub version: u32,
    /// Whether numbers stand with the most significant byte first.
    pub big_endian: bool,
    /// Metadata entries that the header counts.
    pub metadata_count: u64,
    /// Tensors that the header counts.
    pub tensor_count: u64,
    /// Alignment of the tensors.
    pub alignment: u64,
    /// Text values of the metadata; chat templates are among them.
    pub texts: Vec<MetadataText>,
    /// Numbers and truth values of the metadata.
    pub numbers: Vec<MetadataNumber>,
    /// Lists of the metadata.
    pub lists: Vec<MetadataList>,
    /// The tensors as listed.
    pub list: TensorList,
    /// How many tensors there are of each type, by the number of the type.
    pub types: BTreeMap<u32, u64>,
    /// Where the tensors' bytes begin.
    pub data_start: u64,
    /// Rules broken that let a reader go astray in memory or about which readers disagree. They are facts for the
    /// detector `gguf-invalid` and are not repeated among the anomalies.
    pub violations: Vec<Anomaly>,
    anomalies: Vec<Anomaly>,
    members: Vec<Member>,
}

impl View {
    /// Lists the chat templates.
    pub fn templates(&self) -> impl Iterator<Item = &MetadataText> {
        self.texts.iter().filter(|text| is_template(&text.key))
    }
}

impl FormatView for View {
    fn anomalies(&self) -> &[Anomaly] {
        &self.anomalies
    }

    fn members(&self) -> &[Member] {
        &self.members
    }

    fn tensors(&self) -> Option<&TensorList> {
        Some(&self.list)
    }

    fn dialects(&self) -> Vec<&'static str> {
        if self.big_endian {
            vec!["gguf-big-endian"]
        } else {
            Vec::new()
        }
    }
}

fn is_template(key: &str) -> bool {
    key.contains("chat_template")
}

/// Knows GGUF by its four letters and version.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    let (magic, rest) = probe.head.split_first_chunk::<4>()?;
    if magic != b"GGUF" {
        return None;
    }
    match rest.first_chunk::<4>() {
        Some([1..=3, 0, 0, 0] | [0, 0, 0, 1..=3]) => Some(Score::Certain),
        _ => Some(Score::Likely),
    }
}

/// Parses the metadata and the list of tensors.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let mut walk = Walk {
        cursor: Cursor::whole(input.source),
        limits: input.limits,
        big_endian: false,
        notes: Notes::default(),
        violations: Notes::default(),
        violated: false,
        kept_bytes: 0,
        listed: None,
        named: None,
        view: View {
            version: 0,
            big_endian: false,
            metadata_count: 0,
            tensor_count: 0,
            alignment: 32,
            texts: Vec::new(),
            numbers: Vec::new(),
            lists: Vec::new(),
            list: TensorList::default(),
            types: BTreeMap::new(),
            data_start: 0,
            violations: Vec::new(),
            anomalies: Vec::new(),
            members: Vec::new(),
        },
    };
    match walk.run() {
        Ok(()) | Err(Stop::Noted) => {}
        Err(Stop::Read(ReadError::Source(error))) => return Err(error),
        Err(Stop::Read(error @ ReadError::Truncated { .. })) => {
            let at = walk.cursor.position();
            walk.notes
                .push(&TRUNCATED, at..walk.cursor.end(), error.to_string());
        }
    }
    let mut view = walk.view;
    if view.data_start == 0 {
        view.list.lose_places();
    }
    if view.data_start > 0 {
        let data = view.data_start..input.source.size();
        view.members.extend(disguised(input.source, &data)?);
    }
    if size_u64(view.list.tensors().len()) < view.tensor_count {
        view.list.lose();
    }
    view.big_endian = walk.big_endian;
    view.violations = walk.violations.finish();
    view.anomalies = walk.notes.finish();
    Ok(view)
}

/// Why the walk ended early.
enum Stop {
    Noted,
    Read(ReadError),
}

impl From<ReadError> for Stop {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

struct Walk<'a> {
    cursor: Cursor<'a>,
    limits: &'a Limits,
    big_endian: bool,
    notes: Notes,
    violations: Notes,
    violated: bool,
    kept_bytes: u64,
    /// Key of the list of texts to keep that is being read.
    listed: Option<String>,
    /// Key of the value that is being read, until it is kept.
    named: Option<String>,
    view: View,
}

impl Walk<'_> {
    fn broken(&mut self, kind: &'static AnomalyKind, range: Range<u64>, detail: impl Into<String>) {
        self.violated = true;
        self.violations.push(kind, range, detail);
    }

    fn u32(&mut self) -> Result<u32, ReadError> {
        let bytes = self.cursor.array()?;
        Ok(if self.big_endian {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        })
    }

    fn u64(&mut self) -> Result<u64, ReadError> {
        let bytes = self.cursor.array()?;
        Ok(if self.big_endian {
            u64::from_be_bytes(bytes)
        } else {
            u64::from_le_bytes(bytes)
        })
    }

    /// Reads a count or length: 32 bits wide in version 1, 64 since.
    fn length(&mut self) -> Result<u64, ReadError> {
        if self.view.version == 1 {
            self.u32().map(u64::from)
        } else {
            self.u64()
        }
    }

    /// Reads a text's length and compares it with what remains.
    fn text_length(&mut self) -> Result<u64, Stop> {
        let at = self.cursor.position();
        let length = self.length()?;
        if length > LLAMA_MOST {
            self.broken(&LENGTH, at..self.cursor.position(), format!("{length} bytes"));
            return Err(Stop::Noted);
        }
        if length > self.cursor.remaining() {
            let detail = format!("{length} bytes, {} remain", self.cursor.remaining());
            self.notes.push(&TRUNCATED, at..self.cursor.end(), detail);
            return Err(Stop::Noted);
        }
        Ok(length)
    }

    /// Reads a text of which at most `keep` bytes are kept; also returns where it stands.
    fn text(&mut self, keep: u64) -> Result<(String, Range<u64>), Stop> {
        let length = self.text_length()?;
        let start = self.cursor.position();
        let range = start..start.saturating_add(length);
        let bytes = self.cursor.take(size_usize(length.min(keep)))?;
        self.cursor.seek(range.end);
        let invalid = std::str::from_utf8(&bytes)
            .is_err_and(|error| error.error_len().is_some() || size_u64(bytes.len()) == length);
        if invalid {
            self.notes.push(&TEXT, range.clone(), "");
        }
        Ok((String::from_utf8_lossy(&bytes).into_owned(), range))
    }

    fn run(&mut self) -> Result<(), Stop> {
        self.cursor.skip(4)?;
        let version: [u8; 4] = self.cursor.array()?;
        self.big_endian = u32::from_le_bytes(version) > 0xffff;
        self.view.version = if self.big_endian {
            u32::from_be_bytes(version)
        } else {
            u32::from_le_bytes(version)
        };
        if !(1..=3).contains(&self.view.version) {
            let detail = self.view.version.to_string();
            // The next version may come; these will not.
            if self.view.version == 0 || self.view.version >= FAR_VERSION {
                self.broken(&UNPUBLISHED_VERSION, 4..8, detail);
            }
            self.notes.push(&VERSION, 4..8, self.view.version.to_string());
            return Ok(());
        }
        self.view.tensor_count = self.length()?;
        self.view.metadata_count = self.length()?;
        let remaining = self.cursor.remaining();
        let header = 8..self.cursor.position();
        // The shortest entry of the metadata is an empty key and a byte; the shortest tensor has no name and no dimensions.
        let least = |count: u64, bytes: u64| {
            count
                .checked_mul(bytes)
                .is_none_or(|least| least > ABSURD.min(remaining))
        };
        if least(self.view.metadata_count, 9) || least(self.view.tensor_count, 20) {
            let (tensors, entries) = (self.view.tensor_count, self.view.metadata_count);
            let detail = format!("{tensors} tensors, {entries} metadata entries, {remaining} bytes");
            // A file that was cut in its header looks the same while the counts are of an honest size.
            if tensors <= 100_000 && entries <= 10_000 {
                self.notes.push(&TRUNCATED, header, detail);
            } else {
                self.broken(&COUNT, header, detail);
            }
        }
        self.metadata()?;
        let places = self.tensors()?;
        let position = self.cursor.position();
        let start = position
            .checked_next_multiple_of(self.view.alignment)
            .unwrap_or(position);
        self.view.data_start = start.min(self.cursor.end());
        self.view.list.shift(start);
        self.places(places, start);
        Ok(())
    }

    fn metadata(&mut self) -> Result<(), Stop> {
        let mut keys = HashSet::new();
        for number in 0..self.view.metadata_count {
            let at = self.cursor.position();
            if number >= self.limits.metadata_entries {
                self.notes.push(&TOO_MANY, at..self.cursor.end(), "");
                return Err(Stop::Noted);
            }
            let (key, range) = self.text(self.limits.name_bytes)?;
            if range.end.saturating_sub(range.start) > 0xffff {
                self.broken(&KEY_LENGTH, range.clone(), "");
            }
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'/');
            if key.contains('\0') {
                self.broken(&NUL, range.clone(), key.clone());
            }
            if key.is_empty() || !key.bytes().all(plain) {
                self.notes.push(&KEY, range.clone(), key.clone());
            }
            if !keys.insert(hash(&key)) {
                self.broken(&REPEATED, range.clone(), key.clone());
            }
            let kind_at = self.cursor.position();
            let kind = self.u32()?;
            if key == "general.alignment" {
                self.alignment(kind)?;
            } else if kind == STRING {
                self.text_value(key)?;
            } else {
                let keeps_texts = is_template(&key) || key.starts_with("general.");
                self.listed = keeps_texts.then(|| key.clone());
                self.named = Some(key);
                self.value(kind, kind_at, 0)?;
                self.listed = None;
                self.named = None;
            }
        }
        Ok(())
    }

    fn text_value(&mut self, key: String) -> Result<(), Stop> {
        let template = is_template(&key);
        let keep = if template {
            TEMPLATE_BYTES
        } else {
            self.limits.name_bytes
        };
        let (text, range) = self.text(keep)?;
        let room = self.kept_bytes < ALL_BYTES;
        if template && (!room || range.end.saturating_sub(range.start) > keep) {
            self.notes.push(&TEXT_LIMIT, range.clone(), key.clone());
        }
        if room && (template || self.view.texts.len() < TEXTS_KEPT) {
            self.kept_bytes = self.kept_bytes.saturating_add(size_u64(text.len()));
            self.view.texts.push(MetadataText { key, text, range });
        }
        Ok(())
    }

    fn alignment(&mut self, kind: u32) -> Result<(), Stop> {
        let at = self.cursor.position();
        if kind != 4 {
            self.broken(&ALIGNMENT, at..at, format!("value of type {kind}"));
            return self.value(kind, at, 0);
        }
        let alignment = u64::from(self.u32()?);
        if alignment.is_power_of_two() {
            self.view.alignment = alignment;
        } else {
            self.broken(&ALIGNMENT, at..self.cursor.position(), format!("{alignment}"));
        }
        Ok(())
    }

    /// Passes over a value.
    fn value(&mut self, kind: u32, kind_at: u64, depth: u32) -> Result<(), Stop> {
        match kind {
            BOOL_TYPE => {
                let at = self.cursor.position();
                let byte = self.cursor.u8()?;
                if byte > 1 {
                    self.broken(&BOOL, at..self.cursor.position(), "");
                }
                self.keep(kind, &[byte]);
            }
            STRING => {
                if let Some(key) = self.listed.clone() {
                    return self.text_value(key);
                }
                let length = self.text_length()?;
                self.cursor.skip(length)?;
            }
            ARRAY => return self.array(depth),
            _ => {
                let Some(bytes) = scalar_bytes(kind) else {
                    let range = kind_at..self.cursor.position();
                    self.broken(&VALUE_TYPE, range, format!("type {kind}"));
                    return Err(Stop::Noted);
                };
                if self.named.is_some() {
                    let bytes = self.cursor.take(size_usize(bytes))?;
                    self.keep(kind, &bytes);
                } else {
                    self.cursor.skip(bytes)?;
                }
            }
        }
        Ok(())
    }

    /// Keeps the number under the key that is being read.
    fn keep(&mut self, kind: u32, bytes: &[u8]) {
        if self.view.numbers.len() < NUMBERS_KEPT
            && let Some(key) = self.named.take()
            && let Some(value) = Number::read(kind, bytes, self.big_endian)
        {
            self.view.numbers.push(MetadataNumber { key, value });
        }
    }

    fn array(&mut self, depth: u32) -> Result<(), Stop> {
        let at = self.cursor.position();
        let kind = self.u32()?;
        let count = self.length()?;
        let range = at..self.cursor.position();
        let named = self.named.take().filter(|_| self.view.lists.len() < NUMBERS_KEPT);
        let least = match kind {
            STRING => 4,
            ARRAY => 8,
            _ => scalar_bytes(kind).unwrap_or(1),
        };
        match count.checked_mul(least) {
            Some(bytes) if count <= LLAMA_MOST => {
                if bytes > self.cursor.remaining() {
                    let detail = format!("{count} elements, {} bytes remain", self.cursor.remaining());
                    self.notes.push(&TRUNCATED, range, detail);
                    return Err(Stop::Noted);
                }
                let width = scalar_bytes(kind);
                let mut numbers = Vec::new();
                if let Some(width) = width.filter(|_| named.is_some() && count <= LIST_KEPT) {
                    let bytes = self.cursor.take(size_usize(bytes))?;
                    let each = bytes.chunks(size_usize(width).max(1));
                    numbers.extend(each.filter_map(|one| Number::read(kind, one, self.big_endian)));
                } else if width.is_some() {
                    self.cursor.skip(bytes)?;
                }
                if let Some(key) = named {
                    self.view.lists.push(MetadataList { key, count, numbers });
                }
                if width.is_some() {
                    return Ok(());
                }
            }
            _ => {
                self.broken(&LENGTH, range, format!("{count} elements"));
                return Err(Stop::Noted);
            }
        }
        if kind == ARRAY {
            if depth >= 4 {
                self.broken(&DEPTH, range, "");
                return Err(Stop::Noted);
            }
            self.notes.push(&NESTED, range.clone(), "");
        }
        for _ in 0..count {
            self.value(kind, range.start, depth.saturating_add(1))?;
        }
        Ok(())
    }
}

fn hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(name.as_bytes());
    hasher.finish()
}

const BOOL_TYPE: u32 = 7;
const STRING: u32 = 8;
const ARRAY: u32 = 9;

/// Returns the size of a value that is one number.
fn scalar_bytes(kind: u32) -> Option<u64> {
    Some(match kind {
        0 | 1 | 7 => 1,
        2 | 3 => 2,
        4..=6 => 4,
        10..=12 => 8,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
