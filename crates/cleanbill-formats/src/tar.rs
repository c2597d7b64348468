//! tar archives, read the way Python's `tarfile` and GNU tar do, and beyond the point where they stop.

mod header;
mod sparse;

#[cfg(test)]
pub(crate) mod build;
#[cfg(test)]
mod tests;

use std::{collections::HashSet, io, ops::Range, sync::Arc};

use crate::{
    Anomaly, AnomalyKind, FormatView, Input, Member, Payload, Probe, Score,
    bytes::{ReadAt, SourceError, read_range, size_u64},
    limits::Limits,
    notes::{Notes, lossy},
    registry::{ParseResult, format_info},
};
use header::{BLOCK, Header, Overrides};
use sparse::Sparse;

format_info! {
    /// ## What it is
    /// Files one after the other, each behind a header of 512 bytes, without a directory.
    /// ## What is read
    /// Headers of every kind (v7, ustar, GNU, pax; checksums as Python takes them, sizes in octal and binary), long names,
    /// pax records, sparse files as they unfold. Where Python's `tarfile` stops, at the first block of zeros and at the first
    /// bad header, reading goes on: entries found there are members named `[hidden]/NAME`, other bytes are the member
    /// `[after]`.
    /// ## What is reported
    /// Bad headers, sizes that two readers take differently, archives that end early; as facts: links, devices, modes, names
    /// that stand twice, entries behind the end.
    /// ## Limits
    /// `members_per_container`; 1 MiB for the names and records of one entry; 1 GiB searched behind the end.
    /// ## References
    /// POSIX.1-2017, pax, "ustar Interchange Format"; the manual of GNU tar, "Basic Tar Format"; `tarfile` of Python 3.14;
    /// CVE-2025-62518 for sizes that readers take differently.
    "tar", "tar archive", extensions: &["tar"], refines: None, dialects: []
}

/// Shows what a tar archive holds.
#[derive(Debug)]
pub struct View {
    /// Every entry, in order.
    pub entries: Vec<Entry>,
    /// Bytes behind the end mark that are no entries; empty where there are none.
    pub after: Range<u64>,
    members: Vec<Member>,
    sparse: Vec<Sparse>,
    notes: Notes,
}

/// Names the kinds of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A file; also every kind that is not known, as readers take it.
    File,
    /// Another name for an entry before it.
    HardLink,
    /// A symbolic link.
    SymbolicLink,
    /// A character or block device.
    Device,
    /// A folder.
    Directory,
    /// A named pipe.
    Fifo,
    /// A label or list that is for the archiver only.
    Label,
}

/// Describes one entry.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Name, from the long name or the pax record where there is one.
    pub name: Vec<u8>,
    /// What it is.
    pub kind: Kind,
    /// Where a link leads.
    pub link_target: Option<Vec<u8>>,
    /// Its header, with what belongs to it.
    pub header: Range<u64>,
    /// Its bytes.
    pub data: Range<u64>,
    /// File mode.
    pub mode: u32,
    /// It stands behind the end mark or behind a bad header, where common readers do not look.
    pub after_end: bool,
    /// An earlier entry has the same name.
    pub duplicate: bool,
    /// Index of its member; only files have one.
    pub member: Option<usize>,
}

impl Entry {
    /// Returns the name as text, undecodable bytes replaced.
    pub fn name_text(&self) -> String {
        lossy(&self.name)
    }
}

impl FormatView for View {
    fn anomalies(&self) -> &[Anomaly] {
        self.notes.list()
    }

    fn members(&self) -> &[Member] {
        &self.members
    }

    fn extract(&self, container: &Arc<dyn ReadAt>, index: u32, out: &mut dyn io::Write) -> io::Result<()> {
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        match self.sparse.get(index) {
            Some(sparse) => sparse.unfold(container.as_ref(), out),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

static BAD_HEADER: AnomalyKind = AnomalyKind::damage(
    "tar-bad-header",
    "has a header with a wrong checksum; Python ends there without a word, GNU tar goes on",
    "有一个校验和错误的文件头；Python 会在此静默结束，GNU tar 会继续",
);
static FIRST_HEADER: AnomalyKind = AnomalyKind::evasion(
    "tar-first-header",
    "starts with a header whose checksum is wrong; Python takes it for no archive, GNU tar goes on behind it",
    "以校验和错误的文件头开始；Python 不认为它是归档，GNU tar 会越过它继续",
);
static TRUNCATED: AnomalyKind =
    AnomalyKind::damage("tar-truncated", "ends inside an entry", "在某个条目内部结束");
static NO_END: AnomalyKind = AnomalyKind::damage(
    "tar-no-end-mark",
    "has no end mark; it may have been cut between two entries",
    "没有结束标记；可能在两个条目之间被截断",
);
static TOO_MANY: AnomalyKind = AnomalyKind::limit(
    "tar-too-many-entries",
    "has more entries than `members_per_container` allows, or more bytes behind its end than are searched",
    "条目数超过 `members_per_container` 上限，或结束标记之后的字节超过搜索上限",
);
static TOO_LONG: AnomalyKind = AnomalyKind::limit(
    "tar-long-record",
    "has a name or record of more than 1 MiB",
    "有超过 1 MiB 的名称或记录",
);
static BAD_RECORD: AnomalyKind = AnomalyKind::damage(
    "tar-bad-pax-record",
    "has a pax or sparse record that cannot be read",
    "有无法读取的 pax 或稀疏记录",
);
static SIZES: AnomalyKind = AnomalyKind::evasion(
    "tar-sizes-disagree",
    "has an entry whose header and pax record give different sizes; readers would find different entries behind it",
    "有一个条目的文件头与 pax 记录给出不同的大小；不同读取器会在其后找到不同的条目",
);
static SIZE_OF_NOTHING: AnomalyKind = AnomalyKind::evasion(
    "tar-size-without-data",
    "gives a size to an entry that has no data; readers would find different entries behind it",
    "为没有数据的条目声明了大小；不同读取器会在其后找到不同的条目",
);
static TRAILING: AnomalyKind = AnomalyKind::note(
    "tar-trailing-bytes",
    "has bytes behind its end mark",
    "结束标记之后还有字节",
);

/// LIMIT: bytes of long names and pax records of one entry; GNU tar's own default for one name is far less.
const RECORD_BYTES: u64 = 1 << 20;
/// LIMIT: bytes searched behind the end mark and behind bad headers.
const SEARCH_BYTES: u64 = 1 << 30;
/// Sizes from which a header cannot hold them in octal digits, so that a pax record must.
const OCTAL_SIZE_END: u64 = 1 << 33;

/// Scores a first block whose checksum is right, or that bears the signature and fields of a header all the same.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    let block = probe.head.first_chunk::<512>()?;
    let Some(header) = Header::decode(block) else {
        return Header::is_signed(block).then_some(Score::Possible);
    };
    if header.name.is_empty() && header.size == 0 {
        return None;
    }
    Some(if header.has_magic {
        Score::Certain
    } else {
        Score::Likely
    })
}

/// Reads the first entries of a tar archive, at most `most`, for probes of formats that are one; `None` for other bytes.
pub(crate) fn first_entries(probe: &Probe<'_>, most: u64) -> Option<View> {
    self::probe(probe)?;
    let limits = Limits {
        members_per_container: most,
        ..Limits::default()
    };
    let input = Input {
        source: probe.source,
        limits: &limits,
    };
    parse(&input).ok()
}

/// Reads header after header.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let mut reader = Reader {
        source: input.source,
        most: input.limits.members_per_container,
        position: 0,
        ended: false,
        skipped: false,
        truncated: false,
        budget: SEARCH_BYTES,
        global: Overrides::default(),
        next: Overrides::default(),
        record_start: None,
        names: HashSet::new(),
        view: View {
            entries: Vec::new(),
            after: 0..0,
            members: Vec::new(),
            sparse: Vec::new(),
            notes: Notes::default(),
        },
    };
    while reader.step()? {}
    Ok(reader.view)
}

#[derive(Debug)]
struct Reader<'a> {
    source: &'a dyn ReadAt,
    most: u64,
    position: u64,
    /// An end mark was passed.
    ended: bool,
    /// A bad header was passed.
    skipped: bool,
    /// The data of an entry reach beyond the end.
    truncated: bool,
    budget: u64,
    global: Overrides,
    next: Overrides,
    /// Where the records that belong to the next header start.
    record_start: Option<u64>,
    names: HashSet<Vec<u8>>,
    view: View,
}

impl Reader<'_> {
    /// Reads one block; `false` at the end.
    fn step(&mut self) -> Result<bool, SourceError> {
        let size = self.source.size();
        let at = self.position;
        if size_u64(self.view.entries.len()) >= self.most && at < size {
            self.view.notes.push(&TOO_MANY, at..size, "");
            return Ok(false);
        }
        let bytes = read_range(self.source, at..at.saturating_add(BLOCK), BLOCK)?;
        let Some(block) = bytes.first_chunk::<512>() else {
            if bytes.iter().any(|byte| *byte != 0) {
                self.rest(at);
            } else if !self.ended && !self.truncated {
                self.view.notes.push(&NO_END, size..size, "");
            }
            return Ok(false);
        };
        if block.iter().all(|byte| *byte == 0) {
            self.ended = true;
            return self.pass_zeros();
        }
        match Header::decode(block) {
            Some(header) => self.entry(header),
            None => self.resume(),
        }
    }

    /// Passes over zeros behind the end mark.
    fn pass_zeros(&mut self) -> Result<bool, SourceError> {
        loop {
            let piece = read_range(self.source, self.position..u64::MAX, 128 * BLOCK)?;
            if piece.is_empty() {
                return Ok(false);
            }
            if self.budget == 0 {
                self.view
                    .notes
                    .push(&TOO_MANY, self.position..self.source.size(), "");
                return Ok(false);
            }
            self.budget = self.budget.saturating_sub(size_u64(piece.len()));
            let zeros = piece.iter().take_while(|byte| **byte == 0).count();
            let whole = size_u64(zeros) & !(BLOCK.saturating_sub(1));
            self.position = self.position.saturating_add(whole);
            if zeros < piece.len() {
                return Ok(true);
            }
            if whole == 0 {
                return Ok(false);
            }
        }
    }

    /// Looks behind a block that is no header for the next one that is.
    fn resume(&mut self) -> Result<bool, SourceError> {
        let from = self.position;
        let mut at = from.saturating_add(BLOCK);
        if from == 0 {
            self.first_header()?;
        }
        while self.budget > 0 {
            let piece = read_range(self.source, at..u64::MAX, 128 * BLOCK)?;
            if piece.is_empty() {
                break;
            }
            self.budget = self.budget.saturating_sub(size_u64(piece.len()));
            let (blocks, _) = piece.as_chunks::<512>();
            let mut here = at;
            for block in blocks {
                if Header::decode(block).is_some() {
                    let kind = if self.ended { &TRAILING } else { &BAD_HEADER };
                    self.view.notes.push(kind, from..here, "");
                    self.skipped = true;
                    self.position = here;
                    return Ok(true);
                }
                here = here.saturating_add(BLOCK);
            }
            at = at.saturating_add(size_u64(piece.len()));
        }
        if self.budget == 0 {
            self.view.notes.push(&TOO_MANY, at..self.source.size(), "");
        }
        self.rest(from);
        Ok(false)
    }

    /// Looks at a first header whose checksum is wrong. Its size is not to be trusted: all that follows is examined as one.
    fn first_header(&mut self) -> Result<(), SourceError> {
        let block = read_range(self.source, 0..BLOCK, BLOCK)?;
        if block.first_chunk().is_some_and(Header::is_signed) {
            self.view.notes.push(&FIRST_HEADER, 0..BLOCK, "");
            let data = BLOCK..self.source.size();
            if !data.is_empty() {
                let name = block
                    .get(..100)
                    .unwrap_or_default()
                    .split(|byte| *byte == 0)
                    .next();
                let name = format!("[hidden]/{}", lossy(name.unwrap_or_default()));
                self.view
                    .members
                    .push(Member::content(name, Payload::Section(data)));
            }
        }
        Ok(())
    }

    /// Takes everything from `at` on for bytes that are no entries.
    fn rest(&mut self, at: u64) {
        let after = at..self.source.size();
        let kind = if self.ended { &TRAILING } else { &BAD_HEADER };
        self.view.notes.push(kind, after.clone(), "");
        // The whole input is no member of itself.
        if at > 0 {
            let member = Member::content("[after]", Payload::Section(after.clone()));
            self.view.members.push(member);
        }
        self.view.after = after;
    }

    fn entry(&mut self, header: Header) -> Result<bool, SourceError> {
        let data = self.position.saturating_add(BLOCK);
        match header.kind {
            b'L' | b'K' | b'x' | b'X' | b'g' => {
                self.record_start.get_or_insert(self.position);
                self.record(&header, data)?;
                self.advance(data, header.size);
            }
            _ => self.file(header, data)?,
        }
        Ok(true)
    }

    /// Moves behind `size` bytes of data and their padding.
    fn advance(&mut self, data: u64, size: u64) {
        let end = data.saturating_add(size);
        if end > self.source.size() {
            self.truncated = true;
            self.view.notes.push(
                &TRUNCATED,
                data.saturating_sub(BLOCK)..self.source.size(),
                format!("{} bytes missing", end.saturating_sub(self.source.size())),
            );
        }
        self.position = end.checked_next_multiple_of(BLOCK).unwrap_or(u64::MAX);
    }

    /// Reads a long name or pax records for the next entry.
    fn record(&mut self, header: &Header, data: u64) -> Result<(), SourceError> {
        let range = data..data.saturating_add(header.size);
        if header.size > RECORD_BYTES {
            self.view.notes.push(&TOO_LONG, range, "");
            return Ok(());
        }
        let bytes = read_range(self.source, range.clone(), RECORD_BYTES)?;
        let until_nul = || bytes.split(|byte| *byte == 0).next().unwrap_or_default().to_vec();
        let read = match header.kind {
            b'L' => {
                self.next.name = Some(until_nul());
                true
            }
            b'K' => {
                self.next.link_target = Some(until_nul());
                true
            }
            b'g' => self.global.read_pax(&bytes),
            _ => self.next.read_pax(&bytes),
        };
        if !read {
            self.view.notes.push(&BAD_RECORD, range, "");
        }
        Ok(())
    }

    fn file(&mut self, header: Header, mut data: u64) -> Result<(), SourceError> {
        let start = self.record_start.take().unwrap_or(self.position);
        let next = std::mem::take(&mut self.next).or(&self.global);
        let size = next.size.unwrap_or(header.size);
        if next
            .size
            .is_some_and(|size| size != header.size && size < OCTAL_SIZE_END)
        {
            let detail = format!("header {}, record {size}", header.size);
            self.view.notes.push(&SIZES, start..data, detail);
        }
        let mut kind = header.entry_kind();
        let name = next.name.clone().unwrap_or(header.name);
        if kind == Kind::File && name.ends_with(b"/") && header.kind != b'S' {
            // v7 has no kind for folders.
            kind = Kind::Directory;
        }
        let sparse = Sparse::read(self.source, header.kind, &header.rest, &next, data, size)?;
        if sparse.broken {
            self.view.notes.push(&BAD_RECORD, start..data, lossy(&name));
        }
        data = sparse.data_start;
        let size = size.saturating_sub(sparse.map_bytes);
        let has_data = matches!(kind, Kind::File | Kind::Label);
        let stored = if has_data {
            size
        } else {
            self.size_without_data(size, data)?
        };
        let end = data.saturating_add(stored).min(self.source.size());
        let mut entry = Entry {
            duplicate: kind != Kind::Directory && !self.names.insert(name.clone()),
            name,
            kind,
            link_target: matches!(kind, Kind::HardLink | Kind::SymbolicLink)
                .then(|| next.link_target.unwrap_or(header.link_target)),
            header: start..data,
            data: data.min(end)..end,
            mode: header.mode,
            after_end: self.ended || self.skipped,
            member: None,
        };
        if kind == Kind::File {
            let payload = match sparse.unfolded {
                Some(unfolded) => {
                    let index = u32::try_from(self.view.sparse.len()).unwrap_or(u32::MAX);
                    self.view.sparse.push(unfolded);
                    Payload::Extract(index)
                }
                None => Payload::Section(entry.data.clone()),
            };
            let name = if entry.after_end {
                format!("[hidden]/{}", entry.name_text())
            } else {
                entry.name_text()
            };
            entry.member = Some(self.view.members.len());
            self.view.members.push(Member::content(name, payload));
        }
        self.view.entries.push(entry);
        self.advance(data, stored);
        Ok(())
    }

    /// Decides whether the bytes that a link or folder declares are there: Python ignores the size, GNU tar passes over it.
    fn size_without_data(&mut self, size: u64, data: u64) -> Result<u64, SourceError> {
        if size == 0 {
            return Ok(0);
        }
        let header_at = |at: u64| -> Result<bool, SourceError> {
            let bytes = read_range(self.source, at..at.saturating_add(BLOCK), BLOCK)?;
            let block = bytes.first_chunk::<512>();
            Ok(block.is_some_and(|block| block.iter().all(|b| *b == 0) || Header::decode(block).is_some()))
        };
        let behind = data
            .saturating_add(size)
            .checked_next_multiple_of(BLOCK)
            .unwrap_or(u64::MAX);
        let (here, there) = (header_at(data)?, header_at(behind)?);
        if here && there {
            self.view.notes.push(
                &SIZE_OF_NOTHING,
                data.saturating_sub(BLOCK)..data,
                size.to_string(),
            );
        }
        Ok(if there && !here { size } else { 0 })
    }
}
