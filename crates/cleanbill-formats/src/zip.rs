//! ZIP archives, read the way the laxest of their readers do.

mod directory;
mod entries;
mod records;
mod walk;

#[cfg(test)]
pub(crate) mod build;
#[cfg(test)]
mod tests;

use std::{io, ops::Range};

use memchr::memmem;

use crate::{
    Anomaly, AnomalyKind, FormatView, Input, Member, Payload, Probe, Score,
    bytes::{ReadAt, SequentialReader, SourceError, read_range, size_u64},
    notes::{Notes, u16_at},
    registry::{ParseResult, format_info},
};
use directory::Directory;
use entries::Builder;

format_info! {
    /// ## What it is
    /// The archive of Python wheels, Java, Office and most model containers: entries, each with a header of its own, and a
    /// central directory at the end that lists them again.
    /// ## What is read
    /// The end records in the last 66 KiB (also with a comment, with bytes before or after the archive, several of them, and
    /// ZIP64 records at both places where readers look), every central directory that one of them leads to, the local header
    /// of every entry, and the gaps between entries for headers that no directory lists. Without a usable directory the
    /// local headers are walked. Methods: stored, deflate, bzip2, LZMA, Zstandard, xz.
    /// ## What is reported
    /// Headers that disagree, names that stand twice, entries that overlap, unlisted entries, encryption flags, links, and
    /// bytes before and after the archive, as facts for detectors; what one reader refuses and another accepts, as anomalies.
    /// Where readers would open different bytes under one name, each version is a member: `[local]/NAME` as a reader of local
    /// headers sees it, `[hidden]/NAME` where no directory lists it, `[before]` and `[after]` for bytes around the archive,
    /// `[comment]` for its comment, `[gap at N]` for bytes that no record owns and that do more than fill up.
    /// ## Limits
    /// `members_per_container`. Checksums are not compared: PyTorch loads entries whose checksum is wrong. Deflate64, PPMd and
    /// older methods are not decoded, encrypted entries cannot be.
    /// ## References
    /// PKWARE APPNOTE 6.3.10, sections 4.3 to 4.5; `zipfile` of Python; miniz as PyTorch ships it.
    "zip", "ZIP archive", extensions: &["zip", "jar", "whl", "apk", "egg"], refines: None, dialects: []
}

/// Shows what a ZIP file holds.
#[derive(Debug)]
pub struct View {
    /// Every entry that some reader sees: listed ones in the order of the directory, then hidden ones.
    pub entries: Vec<Entry>,
    /// There is a central directory; without one the local headers were walked.
    pub has_directory: bool,
    /// Bytes before the first record of the archive; empty where there are none.
    pub prefix: Range<u64>,
    /// Bytes behind the last record of the archive; empty where there are none.
    pub suffix: Range<u64>,
    /// The comment of the archive.
    pub comment: Range<u64>,
    /// Bytes that belong to no entry and no record, and are not all zero.
    pub gaps: Vec<Range<u64>>,
    members: Vec<Member>,
    notes: Notes,
}

/// Says how an entry was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// The central directory that most readers take lists it.
    Directory,
    /// Another central directory lists it, which some reader takes instead.
    OtherDirectory,
    /// No directory lists it; a reader that goes by local headers sees it.
    Hidden,
    /// There is no directory; its local header was found in order.
    Walked,
}

/// Names a field in which the two headers of an entry disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mismatch {
    /// Its name.
    Name,
    /// The name of its Unicode path field, which some readers prefer.
    UnicodeName,
    /// Its compression method.
    Method,
    /// Its compressed size.
    CompressedBytes,
    /// Its decompressed size.
    UncompressedBytes,
    /// Its checksum.
    Crc32,
    /// Its flags, other than for encryption and the data descriptor.
    Flags,
}

/// Says what is known of an entry's encryption.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Encryption {
    /// No header declares it.
    None,
    /// Declared and real: the bytes cannot be had.
    Real,
    /// Both headers declare it, but the bytes are plain.
    Pretended,
    /// Only the central directory declares it; readers of local headers do not ask.
    CentralOnly,
    /// Only the local header declares it; readers of the directory do not ask.
    LocalOnly,
}

/// Says whether an entry's name stands elsewhere too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Duplicate {
    /// It does not.
    No,
    /// An earlier entry has the same name.
    SameName,
    /// An earlier entry has a name that differs in case only; some readers and file systems take both for one.
    CaseOnly,
}

/// Describes one entry.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Name in the central directory, or in the local header where no directory lists it.
    pub name: Vec<u8>,
    /// Name in the local header or the Unicode path field where it is another one.
    pub other_name: Option<Vec<u8>>,
    /// How it was found.
    pub origin: Origin,
    /// Its local header; empty where there is none.
    pub header: Range<u64>,
    /// Its record in the central directory.
    pub central: Option<Range<u64>>,
    /// Its bytes as they stand in the file.
    pub data: Range<u64>,
    /// Compression method.
    pub method: u16,
    /// General purpose flags.
    pub flags: u16,
    /// Declared checksum.
    pub crc32: u32,
    /// Declared compressed size.
    pub compressed_bytes: u64,
    /// Declared decompressed size.
    pub uncompressed_bytes: u64,
    /// File mode as Unix tools record it.
    pub unix_mode: Option<u32>,
    /// The name ends in a slash.
    pub is_directory: bool,
    /// The mode is that of a symbolic link.
    pub is_link: bool,
    /// Where the link leads, its first 4 KiB.
    pub link_target: Option<Vec<u8>>,
    /// Fields in which its two headers disagree.
    pub mismatches: Vec<Mismatch>,
    /// Encryption.
    pub encryption: Encryption,
    /// Whether its name stands elsewhere too.
    pub duplicate: Duplicate,
    /// Index of an entry whose bytes it shares.
    pub overlaps: Option<usize>,
    /// Index of its member; a directory without bytes has none.
    pub member: Option<usize>,
}

/// The kinds of a file in a Unix mode.
pub(crate) const MODE_KIND: u32 = 0o170_000;
pub(crate) const MODE_LINK: u32 = 0o120_000;

impl Entry {
    /// Returns the name as text, undecodable bytes replaced.
    pub fn name_text(&self) -> String {
        crate::notes::lossy(&self.name)
    }

    /// Returns the bytes of its headers and data, for a report to point at.
    pub fn extent(&self) -> Range<u64> {
        match &self.central {
            Some(central) if self.header.is_empty() => central.clone(),
            _ => self.header.start..self.data.end.max(self.header.end),
        }
    }
}

impl FormatView for View {
    fn anomalies(&self) -> &[Anomaly] {
        self.notes.list()
    }

    fn members(&self) -> &[Member] {
        &self.members
    }
}

static NO_DIRECTORY: AnomalyKind = AnomalyKind::damage(
    "zip-no-directory",
    "has no central directory; its entries were found by their own headers",
    "没有中央目录；其条目是按各自的文件头找到的",
);
static DIRECTORY_TRUNCATED: AnomalyKind = AnomalyKind::damage(
    "zip-directory-truncated",
    "ends inside its central directory",
    "在中央目录内部结束",
);
static TOO_MANY: AnomalyKind = AnomalyKind::limit(
    "zip-too-many-entries",
    "has more entries than `members_per_container` allows, or needs more searching than is allowed",
    "条目数超过 `members_per_container` 上限，或所需搜索量超过允许范围",
);
static SEVERAL_DIRECTORIES: AnomalyKind = AnomalyKind::evasion(
    "zip-several-directories",
    "has more than one central directory; readers would list different entries",
    "有多个中央目录；不同读取器会列出不同的条目",
);
static COUNT: AnomalyKind = AnomalyKind::evasion(
    "zip-directory-count",
    "has a central directory with more or fewer entries than its end record declares; readers would list different entries",
    "中央目录的条目数与结束记录声明的不一致；不同读取器会列出不同的条目",
);
static COMMENT_TRUNCATED: AnomalyKind = AnomalyKind::damage(
    "zip-comment-truncated",
    "ends inside the comment of the archive",
    "在归档注释内部结束",
);
static GAP: AnomalyKind = AnomalyKind::note(
    "zip-gap",
    "has bytes that belong to no entry and no record",
    "含有不属于任何条目或记录的字节",
);

/// Scores what may be a ZIP file: by a signature at its start, or by an end record that leads to a directory.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    // Fewer bytes than a record has are a signature alone, as programs that know archives hold it in a byte string.
    let record = |signature: &[u8], bytes: u64| probe.head.starts_with(signature) && probe.size >= bytes;
    if record(records::LOCAL, records::LOCAL_BYTES) || record(records::END, records::END_BYTES) {
        return Some(Score::Certain);
    }
    if memmem::find(probe.tail, records::END).is_some() && directory::exists(probe.source).unwrap_or(true) {
        return Some(Score::Likely);
    }
    // Spanned archives start with another signature; local headers in the head may stand behind a stub.
    let local = memmem::find(probe.head, records::LOCAL)?;
    let header = probe.head.get(local..)?;
    let version = u16_at(header, 4) & 0xff;
    let method = u16_at(header, 8);
    let name = usize::from(u16_at(header, 26));
    let plausible = version <= 63 && method <= 99 && (1..=1024).contains(&name) && header.len() >= 30;
    (plausible && header.get(30).is_some_and(u8::is_ascii_graphic)).then_some(Score::Possible)
}

/// Reads the directories, the local headers and the gaps.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let source = input.source;
    let size = source.size();
    let most = input.limits.members_per_container;
    let mut notes = Notes::default();
    let mut directories = directory::find(source, most)?;
    let usable = directories.iter().any(|directory| !directory.entries.is_empty());
    let starts_with_entry = read_range(source, 0..4, 4)? == records::LOCAL;
    let mut builder = Builder::new(source, most);
    if usable || (!directories.is_empty() && !starts_with_entry) {
        let first = directories.remove(0);
        let (gaps, bounds) = from_directories(&mut builder, &first, directories, &mut notes)?;
        let comment = first.end_record.start.saturating_add(records::END_BYTES)..first.end_record.end;
        return finish(
            builder,
            notes,
            Shape {
                has_directory: true,
                prefix: 0..bounds.start,
                suffix: bounds.end..size,
                comment,
                gaps,
            },
        );
    }
    // An archive whose directory is empty or missing though entries stand at its start.
    let mut budget = search_budget(size);
    let walked = walk::walk(source, 0..size, most, &mut budget)?;
    let first = walked.found.first().map_or(size, |found| found.local.range.start);
    let (records_end, mut gaps) = trailing_records(source, walked.end, &walked.unknown, most)?;
    gaps.retain(|gap| gap.start >= first && gap.end <= walked.end);
    if directories.is_empty() {
        notes.push(&NO_DIRECTORY, first..records_end.max(first), "");
    }
    if walked.capped {
        notes.push(&TOO_MANY, walked.end..size, "");
    }
    let origin = if directories.is_empty() {
        Origin::Walked
    } else {
        Origin::Hidden
    };
    for found in walked.found {
        builder.add_walked(found, origin, &mut notes);
    }
    let prefix = 0..if builder.is_empty() { 0 } else { first };
    // Without an entry, only an end record says where the archive ends; the whole input is no member of itself.
    let ends = directories.iter().map(|directory| directory.end_record.end);
    let end = if builder.is_empty() {
        ends.max().unwrap_or(size)
    } else {
        records_end
    };
    let suffix = end..size;
    finish(
        builder,
        notes,
        Shape {
            has_directory: !directories.is_empty(),
            prefix,
            suffix,
            comment: 0..0,
            gaps,
        },
    )
}

/// LIMIT: longest gap that is looked through for anything but zeros; longer ones are content in any case.
const BLANK_BYTES: u64 = 64 * 1024;

/// Says whether `gap` only fills up.
fn is_blank(source: &dyn ReadAt, gap: &Range<u64>) -> Result<bool, SourceError> {
    let short = gap.end.saturating_sub(gap.start) <= BLANK_BYTES;
    Ok(short
        && read_range(source, gap.clone(), BLANK_BYTES)?
            .iter()
            .all(|byte| *byte == 0))
}

/// Bytes that may be searched for headers in one input: all of it a few times, never without end.
fn search_budget(size: u64) -> u64 {
    size.saturating_mul(2).saturating_add(64 << 20)
}

/// What the archive is made of besides its entries.
struct Shape {
    has_directory: bool,
    prefix: Range<u64>,
    suffix: Range<u64>,
    comment: Range<u64>,
    gaps: Vec<Range<u64>>,
}

fn finish(builder: Builder<'_>, mut notes: Notes, shape: Shape) -> ParseResult<View> {
    let (source, most) = (builder.source(), builder.most());
    let (entries, mut members) = builder.finish(&mut notes);
    let mut content = |name: String, range: &Range<u64>| {
        if !range.is_empty() {
            members.push(Member::content(name, Payload::Section(range.clone())));
        }
    };
    content("[before]".to_owned(), &shape.prefix);
    content("[after]".to_owned(), &shape.suffix);
    content("[comment]".to_owned(), &shape.comment);
    for (index, gap) in shape.gaps.iter().enumerate() {
        notes.push(&GAP, gap.clone(), "");
        if size_u64(entries.len().saturating_add(index)) >= most {
            notes.push(&TOO_MANY, gap.clone(), "gaps");
            break;
        }
        if !is_blank(source, gap)? {
            content(format!("[gap at {}]", gap.start), gap);
        }
    }
    Ok(View {
        entries,
        has_directory: shape.has_directory,
        prefix: shape.prefix,
        suffix: shape.suffix,
        comment: shape.comment,
        gaps: shape.gaps,
        members,
        notes,
    })
}

/// Adds the entries of every directory and of the gaps; returns the gaps left and the bounds of the archive.
fn from_directories(
    builder: &mut Builder<'_>,
    first: &Directory,
    others: Vec<Directory>,
    notes: &mut Notes,
) -> ParseResult<(Vec<Range<u64>>, Range<u64>)> {
    check_directory(first, notes);
    if first.comment_missing > 0 {
        let detail = format!("{} bytes missing", first.comment_missing);
        notes.push(&COMMENT_TRUNCATED, first.end_record.clone(), detail);
    }
    builder.directory_at(first.range.start);
    for entry in &first.entries {
        builder.add_listed(entry, first.shift, Origin::Directory, notes)?;
    }
    let own = builder.spans();
    let mut bounds_end = first.end_record.end;
    for other in others {
        // The end record of an archive that is itself an entry is met when the entry is examined.
        let inside = |at: u64| own.iter().any(|span| span.contains(&at));
        if inside(other.end_record.start)
            || (inside(other.range.start) && other.end_record != first.end_record)
        {
            continue;
        }
        // Whole archives ahead of this one are the bytes before it.
        if other.end_record.end <= own.first().map_or(first.range.start, |span| span.start) {
            continue;
        }
        let before = builder.len();
        for entry in &other.entries {
            builder.add_listed(entry, other.shift, Origin::OtherDirectory, notes)?;
        }
        if builder.len() > before || other.entries.len() != first.entries.len() {
            let detail = format!("at {} and {}", first.range.start, other.range.start);
            notes.push(&SEVERAL_DIRECTORIES, other.range.clone(), detail);
        }
        bounds_end = bounds_end.max(other.end_record.end);
    }
    let start = builder
        .spans()
        .first()
        .map_or(first.range.start, |span| span.start)
        .min(first.range.start);
    let start = without_span_marker(builder.source(), start)?;
    let mut taken = builder.spans();
    taken.push(first.range.clone());
    taken.push(first.anchor..first.end_record.end);
    let gaps = fill_gaps(builder, taken, start..first.end_record.end, notes)?;
    Ok((gaps, start..bounds_end))
}

/// Split archives that were joined again start with a marker of four bytes (APPNOTE 8.5.4).
fn without_span_marker(source: &dyn ReadAt, start: u64) -> ParseResult<u64> {
    let marker = start == 4 && matches!(read_range(source, 0..4, 4)?.as_slice(), b"PK00" | b"PK\x07\x08");
    Ok(if marker { 0 } else { start })
}

fn check_directory(directory: &Directory, notes: &mut Notes) {
    let count = size_u64(directory.entries.len());
    let wrapped = !directory.zip64 && count & 0xffff == directory.declared_entries;
    let bytes = directory.range.end.saturating_sub(directory.range.start);
    if directory.capped {
        notes.push(&TOO_MANY, directory.range.end..directory.range.end, "");
    } else if directory.truncated {
        notes.push(&DIRECTORY_TRUNCATED, directory.range.clone(), "");
    } else if (count != directory.declared_entries && !wrapped) || bytes != directory.declared_bytes {
        let detail = format!(
            "declared {} entries in {} bytes, found {count} in {bytes}",
            directory.declared_entries, directory.declared_bytes
        );
        notes.push(&COUNT, directory.range.clone(), detail);
    }
}

/// Looks into the gaps between what is known for entries that no directory lists; returns the gaps that hold something else.
fn fill_gaps(
    builder: &mut Builder<'_>,
    mut taken: Vec<Range<u64>>,
    bounds: Range<u64>,
    notes: &mut Notes,
) -> ParseResult<Vec<Range<u64>>> {
    let source = builder.source();
    taken.sort_by_key(|span| (span.start, span.end));
    let mut gaps = Vec::new();
    let mut position = bounds.start;
    for span in taken.iter().chain([&(bounds.end..bounds.end)]) {
        if span.start > position {
            gaps.push(position..span.start.min(bounds.end));
        }
        position = position.max(span.end);
    }
    let mut budget = search_budget(0);
    let mut left = Vec::new();
    for gap in gaps {
        let room = builder.room();
        let walked = walk::walk(source, gap.clone(), room, &mut budget)?;
        if walked.capped {
            notes.push(&TOO_MANY, walked.end..gap.end, "");
        }
        for found in walked.found {
            builder.add_walked(found, Origin::Hidden, notes);
        }
        for range in walked.unknown {
            let sample = read_range(source, range.clone(), 64 << 10)?;
            if sample.iter().any(|byte| *byte != 0) {
                left.push(range);
            }
        }
    }
    Ok(left)
}

/// Passes over directory and end records that follow walked entries; returns where the archive ends and the gaps.
fn trailing_records(
    source: &dyn ReadAt,
    end: u64,
    unknown: &[Range<u64>],
    most: u64,
) -> ParseResult<(u64, Vec<Range<u64>>)> {
    let mut end = directory::walk(source, end, most, &mut |_| true)?.end;
    for (signature, length) in [
        (records::END64, records::END64_BYTES),
        (records::LOCATOR64, records::LOCATOR64_BYTES),
        (records::END, records::END_BYTES),
    ] {
        let bytes = read_range(source, end..end.saturating_add(length), length)?;
        if bytes.starts_with(signature) && size_u64(bytes.len()) == length {
            end = end.saturating_add(length);
            if signature == records::END {
                end = end.saturating_add(u64::from(u16_at(&bytes, 20)));
            }
        }
    }
    Ok((end.min(source.size()), unknown.to_vec()))
}

/// Says whether a directory of the input, or failing that its first bytes, name an entry that `wanted` accepts.
pub(crate) fn any_name(probe: &Probe<'_>, most: u64, wanted: &mut dyn FnMut(&[u8]) -> bool) -> bool {
    if memmem::find(probe.tail, records::END).is_some()
        && directory::any_name(probe.source, most, wanted).unwrap_or(false)
    {
        return true;
    }
    memmem::find_iter(probe.head, records::LOCAL).any(|at| {
        let header = probe.head.get(at..).unwrap_or_default();
        let length = usize::from(u16_at(header, 26));
        header
            .get(30..30_usize.saturating_add(length))
            .is_some_and(&mut *wanted)
    })
}

/// Where an entry stands, and its bytes where they can be decoded.
pub(crate) type Decoded = (Range<u64>, Option<Vec<u8>>);

/// Decodes the members of a name, as many bytes of each as are allowed; `None` for one that cannot be decoded.
pub(crate) fn read_named(
    source: &dyn ReadAt,
    view: &View,
    name: &str,
    most: u64,
) -> io::Result<Vec<Decoded>> {
    let mut out = Vec::new();
    for entry in view
        .entries
        .iter()
        .filter(|entry| entry.name == name.as_bytes())
        .take(SAME_NAME)
    {
        let Some(member) = entry.member.and_then(|index| view.members.get(index)) else {
            continue;
        };
        out.push((entry.extent(), first_bytes(source, &member.payload, most)?));
    }
    Ok(out)
}

/// LIMIT: entries of one name that are read; more of them are repeated entries and reported as such.
const SAME_NAME: usize = 8;

/// Decodes the first bytes of a payload, as many as can be had and at most `most`; `None` where it cannot be decoded.
pub(crate) fn first_bytes(source: &dyn ReadAt, payload: &Payload, most: u64) -> io::Result<Option<Vec<u8>>> {
    use io::Read;
    let mut out = Vec::new();
    match payload {
        Payload::Section(range) => {
            SequentialReader::new(source, range.clone())
                .take(most)
                .read_to_end(&mut out)?;
        }
        Payload::Encoded { range, codec, .. } => {
            let decoder = codec.decoder(SequentialReader::new(source, range.clone()));
            match decoder.and_then(|decoder| decoder.take(most).read_to_end(&mut out)) {
                Ok(_) => {}
                Err(_) => return Ok(None),
            }
        }
        Payload::Owned(_) | Payload::Extract(_) | Payload::Unreadable { .. } => return Ok(None),
    }
    Ok(Some(out))
}
