//! safetensors.

mod rules;

use std::{
    collections::{BTreeMap, HashSet},
    hash::{DefaultHasher, Hasher},
    ops::Range,
};

use crate::{
    Anomaly, AnomalyKind, FormatView, Input, Member, Payload, Probe, Score, Tensor, TensorList,
    bytes::{ReadAt, SourceError, read_range, size_u64, size_usize},
    json::{Event, JsonError, Reader, Strictness},
    limits::Limits,
    notes::Notes,
    raw::disguised,
    registry::{ParseResult, format_info},
};
use rules::{
    BAD_ENTRY, HEADER_JSON, HEADER_LIMIT, HEADER_SIZE, HEADER_TEXT, HOLE, METADATA_LIMIT, METADATA_TYPE,
    ODD_NAME, ODD_PADDING, OVERFLOW, OVERLAP, RANGE, REPEATED, SIZE, TOO_MANY, TRAILING, TRUNCATED,
    UNKNOWN_DTYPE,
};

format_info! {
    /// ## What it is
    /// Tensors behind a JSON header: eight bytes with the header's length, the header, the tensors' bytes back to back.
    /// ## What is read
    /// The whole header, as a stream: every tensor's type, shape and place, and `__metadata__`. Of
    /// the tensors' bytes only the first are looked at.
    /// ## What is reported
    /// Every rule of the reference reader that is broken: header larger than 100 MB or than the file, not an object, not
    /// UTF-8, not JSON, repeated names, unknown types, places that overlap, leave holes or lie outside, sizes that are
    /// not what type and shape ask for, metadata that is not text. Bytes after the last tensor are a member, `[after]`;
    /// tensor bytes that begin like a program, an archive or a pickle are a member, `[data]`.
    /// ## Limits
    /// `header_bytes`, `tensors`, `anomalies`; metadata values are kept up to 1 MiB each and 16 MiB in all.
    /// ## References
    /// The format section of the safetensors README; `SafeTensors::read_metadata` and `Metadata::validate` in its crate.
    "safetensors", "safetensors", extensions: &["safetensors"], refines: None, dialects: []
}

/// Longest header that the reference reader takes.
const REFERENCE_HEADER_BYTES: u64 = 100_000_000;
/// Nesting that the reference reader's JSON library allows.
const DEPTH: usize = 127;
/// LIMIT: dimensions of a tensor that are kept; no library goes beyond 64.
const DIMENSIONS: usize = 64;
/// LIMIT: metadata entries kept; more are walked over but not shown to detectors.
const METADATA_KEPT: usize = 4_096;
/// LIMIT: bytes of one metadata value kept; trainers write some 100 KB. Longer values are cut, and it is said.
const VALUE_BYTES: usize = 1 << 20;
/// LIMIT: bytes of all metadata values kept.
const ALL_VALUE_BYTES: usize = 16 << 20;

/// Holds one entry of `__metadata__`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataEntry {
    /// Key; cut where it is very long.
    pub key: String,
    /// Value; cut where it is very long.
    pub value: String,
    /// Where the value stands in the file.
    pub range: Range<u64>,
}

/// Shows a safetensors file.
#[derive(Debug)]
pub struct View {
    /// Where the header's JSON stands.
    pub header: Range<u64>,
    /// Where the tensors' bytes stand, as far as they are there.
    pub data: Range<u64>,
    /// How many tensors are listed.
    pub tensors: u64,
    /// The tensors themselves.
    pub list: TensorList,
    /// How many tensors there are of each type.
    pub dtypes: BTreeMap<String, u64>,
    /// The first entries of `__metadata__`.
    pub metadata: Vec<MetadataEntry>,
    /// Rules broken for which the reference reader refuses the file, or about which readers disagree. They are facts for
    /// the detector `safetensors-invalid` and are not repeated among the anomalies.
    pub violations: Vec<Anomaly>,
    anomalies: Vec<Anomaly>,
    members: Vec<Member>,
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
}

/// Knows a safetensors file by its header's length and first words.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    let (length, rest) = probe.head.split_first_chunk::<8>()?;
    // JSON itself: as a length its first letters are more than any file has.
    if matches!(length, [b'{' | b'[', ..]) && length.iter().all(|byte| (0x20..0x7f).contains(byte)) {
        return None;
    }
    let length = u64::from_le_bytes(*length);
    let first = rest.iter().position(|byte| !byte.is_ascii_whitespace())?;
    if rest.get(first) == Some(&b'[') {
        // A list where the object belongs: every reader refuses it, and it is worth saying why.
        let end = usize::try_from(length)
            .ok()
            .and_then(|length| length.checked_sub(1))?;
        let closed =
            first == 0 && rest.get(end) == Some(&b']') && std::str::from_utf8(rest.get(..end)?).is_ok();
        return closed.then_some(Score::Possible);
    }
    if length < 2 || rest.get(first) != Some(&b'{') {
        return None;
    }
    let words = |word: &[u8]| memchr::memmem::find(rest, word).is_some();
    let telling = words(b"\"data_offsets\"") || words(b"\"__metadata__\"") || words(b"\"dtype\"");
    let fits = length <= probe.size.saturating_sub(8) && length <= REFERENCE_HEADER_BYTES;
    match (telling, fits, first) {
        (true, true, 0) => Some(Score::Certain),
        (true, _, _) => Some(Score::Likely),
        (false, true, 0) if matches!(rest, [b'{', b'"' | b'}' | b' ', ..]) => Some(Score::Likely),
        _ => None,
    }
}

/// Parses the header.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let size = input.source.size();
    let prefix = read_range(input.source, 0..8, 8)?;
    let declared = <[u8; 8]>::try_from(prefix.as_slice()).map_or(0, u64::from_le_bytes);
    let available = size.saturating_sub(8);
    let header = 8..8_u64.saturating_add(declared.min(available));
    let mut work = Work::new(input.limits);
    if declared > REFERENCE_HEADER_BYTES {
        work.broken(&HEADER_SIZE, 0..8, format!("declared {declared}"));
    }
    if declared > available {
        work.complete = false;
        work.notes.push(
            &TRUNCATED,
            0..8,
            format!("header of {declared} bytes, {available} remain"),
        );
    }
    let read_to = header.end.min(8_u64.saturating_add(input.limits.header_bytes));
    if read_to < header.end {
        work.complete = false;
        work.notes.push(&HEADER_LIMIT, read_to..header.end, "");
    }
    if let Some(at) = not_utf8(input.source, 8..read_to)? {
        work.broken(&HEADER_TEXT, at..at.saturating_add(1), "");
    }
    match work.header(input.source, 8..read_to) {
        Ok(()) => {}
        Err(JsonError::Source(error)) => return Err(error),
        Err(error) => {
            let at = error.offset().unwrap_or(8);
            // What a cut header lacks is already noted as missing bytes.
            if work.complete {
                work.broken(
                    &HEADER_JSON,
                    at..at.saturating_add(1).min(size),
                    error.to_string(),
                );
                work.complete = false;
            }
        }
    }
    let data = header.end..size;
    work.list.shift(8_u64.saturating_add(declared));
    let (data, mut members) = work.places(data);
    if !work.complete || work.violated {
        work.list.lose();
    }
    members.extend(disguised(input.source, &data)?);
    Ok(View {
        header,
        data,
        tensors: size_u64(work.places.len()),
        list: work.list,
        dtypes: work.dtypes,
        metadata: work.metadata,
        violations: work.violations.finish(),
        anomalies: work.notes.finish(),
        members,
    })
}

/// Returns the offset of the first byte that is not UTF-8.
fn not_utf8(source: &dyn ReadAt, range: Range<u64>) -> Result<Option<u64>, SourceError> {
    let mut at = range.start;
    while at < range.end {
        let piece = read_range(source, at..range.end, 256 * 1024)?;
        match std::str::from_utf8(&piece) {
            Ok(_) => at = at.saturating_add(size_u64(piece.len())),
            Err(error) => {
                let good = size_u64(error.valid_up_to());
                let last = at.saturating_add(size_u64(piece.len())) >= range.end;
                if error.error_len().is_some() || last || good == 0 {
                    return Ok(Some(at.saturating_add(good)));
                }
                at = at.saturating_add(good);
            }
        }
        if piece.is_empty() {
            break;
        }
    }
    Ok(None)
}

/// Where a tensor's bytes stand, and where its entry does.
#[derive(Clone, Copy, Debug)]
struct Place {
    begin: u64,
    end: u64,
    entry: u64,
}

#[derive(Debug)]
struct Work<'a> {
    limits: &'a Limits,
    notes: Notes,
    violations: Notes,
    violated: bool,
    complete: bool,
    names: HashSet<u64>,
    places: Vec<Place>,
    list: TensorList,
    dtypes: BTreeMap<String, u64>,
    metadata: Vec<MetadataEntry>,
    kept_bytes: usize,
}

/// What an entry says.
#[derive(Debug, Default)]
struct Entry {
    bits: Option<u64>,
    elements: Option<u64>,
    overflow: bool,
    offsets: Vec<u64>,
    dtype: Option<String>,
    dimensions: Vec<u64>,
    shape: bool,
    wrong: bool,
}

impl<'a> Work<'a> {
    fn new(limits: &'a Limits) -> Self {
        Self {
            limits,
            notes: Notes::default(),
            violations: Notes::default(),
            violated: false,
            complete: true,
            names: HashSet::new(),
            places: Vec::new(),
            list: TensorList::default(),
            dtypes: BTreeMap::new(),
            metadata: Vec::new(),
            kept_bytes: 0,
        }
    }

    fn broken(&mut self, kind: &'static AnomalyKind, range: Range<u64>, detail: impl Into<String>) {
        self.violated = true;
        self.violations.push(kind, range, detail);
    }

    fn header(&mut self, source: &dyn ReadAt, range: Range<u64>) -> Result<(), JsonError> {
        let first = read_range(source, range.clone(), 1).unwrap_or_default();
        if first.first().is_some_and(|byte| *byte != b'{') {
            self.broken(
                &HEADER_JSON,
                range.start..range.start.saturating_add(1),
                "does not begin with {",
            );
        }
        let mut reader = Reader::new(source, range.clone(), Strictness::Rfc, DEPTH, VALUE_BYTES);
        if !matches!(reader.next()?, Some((Event::ObjectStart, _))) {
            return Err(JsonError::Syntax {
                offset: range.start,
                rule: "object expected",
            });
        }
        while let Some((event, place)) = reader.next()? {
            let Event::Key { repeated } = event else { continue };
            let name = reader.text().into_owned();
            if repeated {
                self.broken(&REPEATED, place.clone(), name.clone());
            }
            if name == "__metadata__" && !reader.is_cut() {
                self.metadata(&mut reader)?;
                continue;
            }
            let odd = name.is_empty()
                || size_u64(name.len()) > self.limits.name_bytes
                || name.starts_with('/')
                || name.contains("../")
                || name.chars().any(char::is_control);
            if odd {
                let shown: String = name.chars().take(256).collect();
                self.notes.push(&ODD_NAME, place.clone(), shown);
            }
            if self.names.len() < size_usize(self.limits.tensors) {
                let mut hasher = DefaultHasher::new();
                hasher.write(name.as_bytes());
                self.names.insert(hasher.finish());
            }
            self.tensor(&mut reader, &place, &name)?;
        }
        if !self.complete {
            return Ok(());
        }
        let end = reader.position();
        let padding = read_range(source, end..range.end, self.limits.header_bytes.min(1 << 20))?;
        if let Some(at) = padding.iter().position(|byte| *byte != b' ') {
            let at = end.saturating_add(size_u64(at));
            let white = padding.iter().all(u8::is_ascii_whitespace);
            if white {
                self.notes.push(&ODD_PADDING, at..range.end, "");
            } else {
                self.broken(&HEADER_JSON, at..range.end, "bytes follow the object");
            }
        }
        Ok(())
    }

    fn metadata(&mut self, reader: &mut Reader<'_>) -> Result<(), JsonError> {
        let depth = reader.depth();
        let Some((event, range)) = reader.next()? else {
            return Ok(());
        };
        if event != Event::ObjectStart {
            if event != Event::Null {
                self.broken(&METADATA_TYPE, range, "");
            }
            return skip(reader, depth);
        }
        let mut key = String::new();
        while let Some((event, range)) = reader.next()? {
            match event {
                Event::ObjectEnd if reader.depth() == depth => return Ok(()),
                Event::Key { repeated } if reader.depth() == depth.saturating_add(1) => {
                    key = reader.text().into_owned();
                    if repeated {
                        self.broken(&REPEATED, range, key.clone());
                    }
                }
                Event::String if reader.depth() == depth.saturating_add(1) => {
                    let value = reader.text().into_owned();
                    let room = self.kept_bytes < ALL_VALUE_BYTES && self.metadata.len() < METADATA_KEPT;
                    if reader.is_cut() || !room {
                        self.notes.push(&METADATA_LIMIT, range.clone(), "");
                    }
                    if room {
                        self.kept_bytes = self.kept_bytes.saturating_add(value.len());
                        let key = key.clone();
                        self.metadata.push(MetadataEntry { key, value, range });
                    }
                }
                _ if reader.depth() == depth.saturating_add(1) => {
                    self.broken(&METADATA_TYPE, range, key.clone());
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn tensor(&mut self, reader: &mut Reader<'_>, place: &Range<u64>, name: &str) -> Result<(), JsonError> {
        let depth = reader.depth();
        let mut entry = Entry::default();
        if !matches!(reader.next()?, Some((Event::ObjectStart, _))) {
            self.broken(&BAD_ENTRY, place.clone(), name);
            return skip(reader, depth);
        }
        let mut end = place.end;
        while let Some((event, range)) = reader.next()? {
            end = range.end;
            match event {
                Event::ObjectEnd if reader.depth() == depth => break,
                Event::Key { repeated } => {
                    let field = reader.text().into_owned();
                    if repeated {
                        self.broken(&REPEATED, range, format!("{name}: {field}"));
                    }
                    self.field(reader, &field, &mut entry)?;
                }
                _ => {}
            }
        }
        let range = place.start..end;
        if entry.wrong || entry.offsets.len() != 2 || !entry.shape || entry.dtype.is_none() {
            self.broken(&BAD_ENTRY, range, name);
            return Ok(());
        }
        let (Some(begin), Some(end)) = (entry.offsets.first().copied(), entry.offsets.last().copied()) else {
            return Ok(());
        };
        if end < begin {
            self.broken(&RANGE, range, format!("{name}: {begin}..{end}"));
            return Ok(());
        }
        if entry.bits.is_none() {
            self.notes.push(&UNKNOWN_DTYPE, range.clone(), name);
        }
        let bits = entry
            .elements
            .zip(entry.bits)
            .map(|(elements, bits)| elements.checked_mul(bits));
        match bits {
            _ if entry.overflow => self.broken(&OVERFLOW, range, name),
            Some(None) => self.broken(&OVERFLOW, range, name),
            Some(Some(bits)) => {
                let bytes = bits.checked_div(8).unwrap_or(0);
                if bits.checked_rem(8) != Some(0) || end.saturating_sub(begin) != bytes {
                    let detail = format!("{name}: {bytes} wanted, {} given", end.saturating_sub(begin));
                    self.broken(&SIZE, range, detail);
                }
            }
            None => {}
        }
        self.list.push(Tensor {
            name: name.to_owned(),
            dtype: entry.dtype.unwrap_or_default().into(),
            shape: entry.dimensions,
            place: Some(begin..end),
        });
        if self.places.len() < size_usize(self.limits.tensors) {
            self.places.push(Place {
                begin,
                end,
                entry: place.start,
            });
        } else if self.complete {
            self.complete = false;
            self.notes.push(&TOO_MANY, place.clone(), "");
        }
        Ok(())
    }

    fn field(&mut self, reader: &mut Reader<'_>, field: &str, entry: &mut Entry) -> Result<(), JsonError> {
        let depth = reader.depth();
        let Some((event, _)) = reader.next()? else {
            return Ok(());
        };
        match (field, event) {
            ("dtype", Event::String) => {
                let name = reader.text().into_owned();
                entry.bits = dtype_bits(&name);
                entry.dtype = Some(name.clone());
                if self.dtypes.len() < 64 || self.dtypes.contains_key(&name) {
                    let count = self.dtypes.entry(name).or_insert(0);
                    *count = count.saturating_add(1);
                }
                Ok(())
            }
            ("shape" | "data_offsets", Event::ArrayStart) => {
                let is_shape = field == "shape";
                let mut product = Some(1_u64);
                let mut zero = false;
                entry.offsets.reserve(if is_shape { 0 } else { 2 });
                while let Some((event, _)) = reader.next()? {
                    match event {
                        Event::ArrayEnd if reader.depth() == depth => break,
                        Event::Number => match (reader.text().parse::<u64>(), is_shape) {
                            (Ok(number), true) => {
                                zero |= number == 0;
                                if entry.dimensions.len() < DIMENSIONS {
                                    entry.dimensions.push(number);
                                }
                                product = product.and_then(|product| product.checked_mul(number));
                            }
                            (Ok(number), false) if entry.offsets.len() < 3 => entry.offsets.push(number),
                            _ => entry.wrong = true,
                        },
                        _ => entry.wrong = true,
                    }
                }
                if is_shape {
                    entry.shape = true;
                    entry.overflow = product.is_none() && !zero;
                    entry.elements = if zero { Some(0) } else { product };
                }
                Ok(())
            }
            (_, event) => {
                entry.wrong |= matches!(field, "dtype" | "shape" | "data_offsets");
                if matches!(event, Event::ObjectStart | Event::ArrayStart) {
                    return skip(reader, depth);
                }
                Ok(())
            }
        }
    }

    /// Compares the tensors' places with each other and with the file; returns the data's range and what follows it.
    fn places(&mut self, data: Range<u64>) -> (Range<u64>, Vec<Member>) {
        let length = data.end.saturating_sub(data.start);
        self.places.sort_unstable_by_key(|place| (place.begin, place.end));
        let mut reached = 0_u64;
        let places = std::mem::take(&mut self.places);
        for place in &places {
            let range = place.entry..place.entry.saturating_add(1);
            let detail = format!("{}..{}, expected to begin at {reached}", place.begin, place.end);
            if place.begin < reached {
                self.broken(&OVERLAP, range, detail);
            } else if place.begin > reached && place.begin <= length && self.complete {
                self.broken(&HOLE, range, detail);
            } else if place.begin > reached && self.complete {
                self.broken(&RANGE, range, detail);
            }
            reached = reached.max(place.end);
        }
        self.places = places;
        if reached > length && self.complete {
            let detail = format!("{reached} bytes of tensors, {length} remain");
            let range = data.end..data.end;
            if self.violated {
                self.broken(&RANGE, range, detail);
            } else {
                self.notes.push(&TRUNCATED, range, detail);
            }
        }
        let data_end = data.start.saturating_add(reached).min(data.end);
        let mut members = Vec::new();
        if reached < length && self.complete {
            self.notes.push(
                &TRAILING,
                data_end..data.end,
                format!("{} bytes", length.saturating_sub(reached)),
            );
            members.push(Member::content("[after]", Payload::Section(data_end..data.end)));
        }
        (data.start..data_end, members)
    }
}

/// Passes over the rest of the value whose container was entered at `depth`.
fn skip(reader: &mut Reader<'_>, depth: usize) -> Result<(), JsonError> {
    while reader.depth() > depth {
        if reader.next()?.is_none() {
            break;
        }
    }
    Ok(())
}

/// Returns how many bits an element takes.
fn dtype_bits(name: &str) -> Option<u64> {
    Some(match name {
        "F4" => 4,
        "F6_E2M3" | "F6_E3M2" => 6,
        "BOOL" | "U8" | "I8" | "F8_E5M2" | "F8_E4M3" | "F8_E8M0" | "F8_E4M3FNUZ" | "F8_E5M2FNUZ" => 8,
        "I16" | "U16" | "F16" | "BF16" => 16,
        "I32" | "U32" | "F32" => 32,
        "I64" | "U64" | "F64" | "C64" => 64,
        "C128" => 128,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
