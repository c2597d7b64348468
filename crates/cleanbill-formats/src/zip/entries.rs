//! Joins what the two headers of an entry say, and makes members of the result.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use super::{
    Duplicate, Encryption, Entry, MODE_KIND, MODE_LINK, Mismatch, Origin, first_bytes,
    records::{Central, Common, FLAG_DESCRIPTOR, FLAG_ENCRYPTED, FLAG_UTF8, FLAGS_THAT_MATTER, Local},
    walk::{Found, descriptor_bytes},
};
use crate::{
    AnomalyKind, Member, Payload,
    bytes::{ReadAt, SourceError, size_u64},
    codec::Codec,
    notes::{Notes, lossy},
};

static ENTRY_TRUNCATED: AnomalyKind = AnomalyKind::damage(
    "zip-entry-truncated",
    "ends inside the data of an entry",
    "在某个条目的数据内部结束",
);
static NO_LOCAL_HEADER: AnomalyKind = AnomalyKind::damage(
    "zip-no-local-header",
    "lists an entry that has no local header at its offset",
    "列出的条目在其偏移处没有本地文件头",
);
static STORED_SIZES: AnomalyKind = AnomalyKind::evasion(
    "zip-stored-sizes",
    "has a stored entry with two different sizes; readers would read different lengths",
    "有一个存储条目声明了两个不同的大小；不同读取器会读取不同的长度",
);
static NAME_NUL: AnomalyKind = AnomalyKind::evasion(
    "zip-name-nul",
    "has an entry whose name holds a zero byte; Python cuts the name there",
    "有一个条目的名称含有零字节；Python 会在此处截断名称",
);
static NAME_NOT_UTF8: AnomalyKind = AnomalyKind::evasion(
    "zip-name-not-utf8",
    "declares UTF-8 for a name that is not; Python refuses the archive, PyTorch reads it",
    "声明名称为 UTF-8 但实际不是；Python 会拒绝该归档，PyTorch 会读取",
);
static VERSION: AnomalyKind = AnomalyKind::evasion(
    "zip-version-too-new",
    "asks for a reader newer than any; Python refuses the archive, PyTorch reads it",
    "要求的读取器版本高于任何现有版本；Python 会拒绝该归档，PyTorch 会读取",
);
static EXTRA_BROKEN: AnomalyKind = AnomalyKind::evasion(
    "zip-extra-field",
    "has an extra field that ends beyond its entry; Python refuses the archive, PyTorch reads it",
    "有一个扩展字段超出条目范围；Python 会拒绝该归档，PyTorch 会读取",
);
static COVERS_DIRECTORY: AnomalyKind = AnomalyKind::evasion(
    "zip-entry-covers-directory",
    "has an entry whose data reach into the central directory",
    "有一个条目的数据延伸到中央目录之内",
);

/// Highest version that Python's `zipfile` reads.
const PYTHON_VERSION: u8 = 63;
/// LIMIT: bytes read of the target of a link, more than any system's longest path.
const LINK_BYTES: u64 = 4096;

/// Builds the list of entries.
#[derive(Debug)]
pub(super) struct Builder<'a> {
    source: &'a dyn ReadAt,
    most: u64,
    entries: Vec<Entry>,
    /// Where the bytes of each entry end, its data descriptor included.
    ends: Vec<u64>,
    members: Vec<Member>,
    by_header: HashMap<u64, usize>,
    directory: Option<u64>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(source: &'a dyn ReadAt, most: u64) -> Self {
        Self {
            source,
            most,
            entries: Vec::new(),
            ends: Vec::new(),
            members: Vec::new(),
            by_header: HashMap::new(),
            directory: None,
        }
    }

    pub(super) fn source(&self) -> &'a dyn ReadAt {
        self.source
    }

    pub(super) fn most(&self) -> u64 {
        self.most
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns how many more entries may be added.
    pub(super) fn room(&self) -> u64 {
        self.most.saturating_sub(size_u64(self.entries.len()))
    }

    /// Returns the bytes of every entry that has a local header, in order of their start.
    pub(super) fn spans(&self) -> Vec<Range<u64>> {
        let mut spans: Vec<Range<u64>> = self
            .entries
            .iter()
            .zip(&self.ends)
            .filter(|(entry, _)| !entry.header.is_empty())
            .map(|(entry, end)| entry.header.start..*end)
            .collect();
        spans.sort_by_key(|span| (span.start, span.end));
        spans
    }

    /// Tells where the central directory starts, so that entries that reach into it are noticed.
    pub(super) fn directory_at(&mut self, start: u64) {
        self.directory = Some(start);
    }

    /// Adds an entry of a central directory whose offsets count from `shift`.
    pub(super) fn add_listed(
        &mut self,
        central: &Central,
        shift: u64,
        origin: Origin,
        notes: &mut Notes,
    ) -> Result<(), SourceError> {
        if self.room() == 0 {
            return Ok(());
        }
        let mut offset = central.offset.saturating_add(shift);
        if origin == Origin::OtherDirectory
            && let Some(known) = self.by_header.get(&offset)
            && self
                .entries
                .get(*known)
                .is_some_and(|entry| entry.name == central.common.name)
        {
            return Ok(());
        }
        let mut local = Local::read(self.source, offset)?;
        if local.is_none() && shift > 0 {
            local = Local::read(self.source, central.offset)?;
            if local.is_some() {
                offset = central.offset;
            }
        }
        note_refusals(central, notes);
        let common = &central.common;
        let mode = central.external_attributes >> 16;
        let mut entry = Entry {
            name: common.name.clone(),
            other_name: None,
            origin,
            header: offset..offset,
            central: Some(central.range.clone()),
            data: offset..offset,
            method: common.method,
            flags: common.flags,
            crc32: common.crc32,
            compressed_bytes: common.compressed_bytes,
            uncompressed_bytes: common.uncompressed_bytes,
            unix_mode: (central.made_by == 3 || mode != 0).then_some(mode),
            is_directory: common.name.ends_with(b"/"),
            is_link: mode & MODE_KIND == MODE_LINK,
            link_target: None,
            mismatches: Vec::new(),
            encryption: Encryption::None,
            duplicate: Duplicate::No,
            overlaps: None,
            member: None,
        };
        let Some(local) = local else {
            notes.push(&NO_LOCAL_HEADER, central.range.clone(), entry.name_text());
            self.add(entry, offset, None, None);
            return Ok(());
        };
        entry.header = local.range.clone();
        entry.data = self.data_range(local.range.end, common, &entry, notes);
        Self::compare(&mut entry, common, &local);
        let mut end = entry.data.end;
        if local.common.flags & FLAG_DESCRIPTOR != 0 {
            let length = descriptor_bytes(self.source, end, common)?;
            end = end.saturating_add(length);
        }
        let payload = self.payload(&mut entry, common, &local.common, notes);
        let other = self.other_payload(&entry, &local, &payload);
        self.finish_entry(entry, end, payload, other);
        Ok(())
    }

    /// Adds an entry that was found by its local header alone.
    pub(super) fn add_walked(&mut self, found: Found, origin: Origin, notes: &mut Notes) {
        let Found {
            local,
            data,
            end,
            open_end,
        } = found;
        let mut common = local.common.clone();
        if open_end {
            notes.push(&ENTRY_TRUNCATED, data.clone(), lossy(&common.name));
        }
        if common.flags & FLAG_DESCRIPTOR != 0 && common.compressed_bytes == 0 {
            common.compressed_bytes = data.end.saturating_sub(data.start);
            if common.method == 0 {
                common.uncompressed_bytes = common.compressed_bytes;
            }
        }
        let mut entry = Entry {
            name: common.name.clone(),
            other_name: None,
            origin,
            header: local.range,
            central: None,
            data,
            method: common.method,
            flags: common.flags,
            crc32: common.crc32,
            compressed_bytes: common.compressed_bytes,
            uncompressed_bytes: common.uncompressed_bytes,
            unix_mode: None,
            is_directory: common.name.ends_with(b"/"),
            is_link: false,
            link_target: None,
            mismatches: Vec::new(),
            encryption: Encryption::None,
            duplicate: Duplicate::No,
            overlaps: None,
            member: None,
        };
        let payload = self.payload(&mut entry, &common, &common, notes);
        self.finish_entry(entry, end, payload, None);
    }

    fn data_range(&self, start: u64, common: &Common, entry: &Entry, notes: &mut Notes) -> Range<u64> {
        let wanted = start.saturating_add(common.compressed_bytes);
        let end = wanted.min(self.source.size());
        if end < wanted {
            notes.push(
                &ENTRY_TRUNCATED,
                entry.header.start..end,
                format!(
                    "{}: {} bytes missing",
                    entry.name_text(),
                    wanted.saturating_sub(end)
                ),
            );
        }
        start.min(end)..end
    }

    /// Notes in `entry` where its two headers disagree.
    fn compare(entry: &mut Entry, central: &Common, local: &Local) {
        let streamed = local.common.flags & FLAG_DESCRIPTOR != 0;
        let local = &local.common;
        let open = |size: u64| streamed && (size == 0 || size == u64::from(u32::MAX));
        let mut differ = |differs: bool, mismatch: Mismatch| {
            if differs {
                entry.mismatches.push(mismatch);
            }
        };
        differ(local.name != central.name, Mismatch::Name);
        differ(local.method != central.method, Mismatch::Method);
        differ(
            local.compressed_bytes != central.compressed_bytes && !open(local.compressed_bytes),
            Mismatch::CompressedBytes,
        );
        differ(
            local.uncompressed_bytes != central.uncompressed_bytes && !open(local.uncompressed_bytes),
            Mismatch::UncompressedBytes,
        );
        differ(local.crc32 != central.crc32 && !streamed, Mismatch::Crc32);
        let flags = (local.flags ^ central.flags) & FLAGS_THAT_MATTER & !FLAG_ENCRYPTED;
        differ(flags != 0, Mismatch::Flags);
        let unicode = central.extra.unicode_name.as_ref();
        // Old tools keep a name in a local code page and its Unicode form beside it; plain ASCII needs no second form.
        let unicode = unicode.filter(|name| **name != central.name && central.name.is_ascii());
        differ(unicode.is_some(), Mismatch::UnicodeName);
        entry.other_name = if local.name == central.name {
            unicode.cloned()
        } else {
            Some(local.name.clone())
        };
    }

    /// Says how to come by the bytes as a reader of the directory does.
    fn payload(&self, entry: &mut Entry, common: &Common, local: &Common, notes: &mut Notes) -> Payload {
        let (central_flag, local_flag) = (
            common.flags & FLAG_ENCRYPTED != 0,
            local.flags & FLAG_ENCRYPTED != 0,
        );
        let payload = plain_payload(common, entry.data.clone(), self.source.size());
        entry.encryption = match (central_flag, local_flag) {
            _ if common.extra.aes || common.method == 99 => Encryption::Real,
            (false, false) => Encryption::None,
            (true, false) => Encryption::CentralOnly,
            (false, true) => Encryption::LocalOnly,
            (true, true) if self.is_plain(common, &payload) => Encryption::Pretended,
            (true, true) => Encryption::Real,
        };
        if entry.encryption == Encryption::Real {
            return Payload::Unreadable {
                en: "encrypted".to_owned(),
                zh: "已加密".to_owned(),
            };
        }
        if common.method == 0 && common.compressed_bytes != common.uncompressed_bytes {
            let detail = format!(
                "{}: {} and {} bytes",
                entry.name_text(),
                common.compressed_bytes,
                common.uncompressed_bytes
            );
            notes.push(&STORED_SIZES, entry.header.clone(), detail);
        }
        payload
    }

    /// Says whether bytes that are declared encrypted are not: traditional encryption adds 12 bytes, and what it leaves does
    /// not decode.
    fn is_plain(&self, common: &Common, payload: &Payload) -> bool {
        if common.method == 0 {
            return common.compressed_bytes == common.uncompressed_bytes;
        }
        let bytes = first_bytes(self.source, payload, LINK_BYTES);
        matches!(bytes, Ok(Some(bytes)) if !bytes.is_empty() || common.uncompressed_bytes == 0)
    }

    /// Returns the bytes as a reader of local headers sees them, where that is not the same.
    fn other_payload(&self, entry: &Entry, local: &Local, payload: &Payload) -> Option<(String, Payload)> {
        let differs = |mismatch| entry.mismatches.contains(&mismatch);
        let bytes_differ = differs(Mismatch::Method)
            || differs(Mismatch::CompressedBytes)
            || (local.common.method == 0 && differs(Mismatch::UncompressedBytes));
        let name = match &entry.other_name {
            Some(name) => lossy(name),
            None => format!("[local]/{}", entry.name_text()),
        };
        if bytes_differ {
            let mut common = local.common.clone();
            if common.flags & FLAG_DESCRIPTOR != 0 && common.compressed_bytes == 0 {
                common.compressed_bytes = entry.compressed_bytes;
                common.uncompressed_bytes = entry.uncompressed_bytes;
            }
            let size = self.source.size();
            let end = local.range.end.saturating_add(common.compressed_bytes).min(size);
            return Some((name, plain_payload(&common, local.range.end.min(end)..end, size)));
        }
        entry.other_name.is_some().then(|| (name, payload.clone()))
    }

    fn finish_entry(
        &mut self,
        mut entry: Entry,
        end: u64,
        payload: Payload,
        other: Option<(String, Payload)>,
    ) {
        if entry.is_link
            && let Ok(target) = first_bytes(self.source, &payload, LINK_BYTES)
        {
            entry.link_target = target;
        }
        // Java writes a directory as two bytes of deflate that hold nothing.
        let nothing = entry.data.is_empty() || (entry.method == 8 && entry.compressed_bytes <= 2);
        let skip = entry.is_directory && nothing && entry.uncompressed_bytes == 0;
        self.add(entry, end, (!skip).then_some(payload), other);
    }

    fn add(
        &mut self,
        mut entry: Entry,
        end: u64,
        payload: Option<Payload>,
        other: Option<(String, Payload)>,
    ) {
        let name = match entry.origin {
            Origin::Directory | Origin::Walked => entry.name_text(),
            Origin::OtherDirectory => format!("[other]/{}", entry.name_text()),
            Origin::Hidden => format!("[hidden]/{}", entry.name_text()),
        };
        let missing = entry.header.is_empty();
        let payload = payload.or_else(|| {
            missing.then(|| Payload::Unreadable {
                en: "its local header is missing".to_owned(),
                zh: "缺少本地文件头".to_owned(),
            })
        });
        if let Some(payload) = payload {
            entry.member = Some(self.members.len());
            self.members.push(Member::content(name, payload));
        }
        if let Some((name, payload)) = other {
            self.members.push(Member::content(name, payload));
        }
        self.by_header
            .entry(entry.header.start)
            .or_insert(self.entries.len());
        self.entries.push(entry);
        self.ends.push(end);
    }

    /// Compares the entries with each other and gives them up.
    pub(super) fn finish(mut self, notes: &mut Notes) -> (Vec<Entry>, Vec<Member>) {
        self.find_duplicates();
        self.find_overlaps(notes);
        (self.entries, self.members)
    }

    fn find_duplicates(&mut self) {
        let mut names: HashSet<&[u8]> = HashSet::new();
        let mut folded: HashSet<Vec<u8>> = HashSet::new();
        let mut found = Vec::with_capacity(self.entries.len());
        for entry in &self.entries {
            if !matches!(entry.origin, Origin::Directory | Origin::Walked) {
                found.push(Duplicate::No);
                continue;
            }
            let new = names.insert(&entry.name);
            let new_folded = folded.insert(entry.name.to_ascii_lowercase());
            found.push(match (new, new_folded) {
                (false, _) => Duplicate::SameName,
                (true, false) => Duplicate::CaseOnly,
                (true, true) => Duplicate::No,
            });
        }
        for (entry, duplicate) in self.entries.iter_mut().zip(found) {
            entry.duplicate = duplicate;
        }
    }

    fn find_overlaps(&mut self, notes: &mut Notes) {
        let mut order: Vec<usize> = (0..self.entries.len()).collect();
        let span = |index: usize| {
            let entry = self.entries.get(index)?;
            let end = self.ends.get(index)?;
            (!entry.header.is_empty()).then_some(entry.header.start..*end)
        };
        order.sort_by_key(|index| span(*index).map(|span| (span.start, span.end)));
        let mut pairs = Vec::new();
        let mut furthest: Option<(u64, usize)> = None;
        for index in order {
            let Some(span) = span(index) else { continue };
            if let Some((end, other)) = furthest
                && span.start < end
            {
                pairs.push((index, other));
            }
            if furthest.is_none_or(|(end, _)| span.end > end) {
                furthest = Some((span.end, index));
            }
            if let Some(directory) = self.directory
                && span.start < directory
                && span.end > directory
            {
                notes.push(&COVERS_DIRECTORY, span, "");
            }
        }
        // LIMIT: shared bytes are decoded for some entries, not for every one of a bomb that lists them without end.
        let mut room = self.source.size().saturating_mul(2).saturating_add(1 << 20);
        for (index, other) in pairs {
            let Some(entry) = self.entries.get_mut(index) else {
                continue;
            };
            entry.overlaps = Some(other);
            let length = entry.data.end.saturating_sub(entry.data.start);
            if room >= length {
                room = room.saturating_sub(length);
            } else if let Some(member) = entry.member.and_then(|member| self.members.get_mut(member)) {
                member.payload = Payload::Unreadable {
                    en: "too many entries share the same bytes".to_owned(),
                    zh: "过多条目共用相同的字节".to_owned(),
                };
            }
        }
    }
}

/// Notes what makes Python refuse the whole archive while other readers go on.
fn note_refusals(central: &Central, notes: &mut Notes) {
    let name = &central.common.name;
    let mut note = |applies: bool, kind: &'static AnomalyKind| {
        if applies {
            notes.push(kind, central.range.clone(), lossy(name));
        }
    };
    note(name.contains(&0), &NAME_NUL);
    let declared_utf8 = central.common.flags & FLAG_UTF8 != 0;
    note(
        declared_utf8 && std::str::from_utf8(name).is_err(),
        &NAME_NOT_UTF8,
    );
    note(central.version_needed > PYTHON_VERSION, &VERSION);
    note(central.common.extra.broken, &EXTRA_BROKEN);
}

/// Says how the bytes of an entry are encoded (APPNOTE 4.4.5), encryption aside.
fn plain_payload(common: &Common, range: Range<u64>, size: u64) -> Payload {
    let codec = match common.method {
        0 => {
            // PyTorch reads the decompressed size, Python the compressed one: the longer serves both.
            let length = common.compressed_bytes.max(common.uncompressed_bytes);
            return Payload::Section(range.start..range.start.saturating_add(length).min(size));
        }
        8 => Codec::Deflate,
        12 => Codec::Bzip2,
        14 => Codec::ZipLzma,
        20 | 93 => Codec::Zstd,
        95 => Codec::Xz,
        method => {
            return Payload::Unreadable {
                en: format!("compressed with method {method}, which is not supported"),
                zh: format!("使用不支持的压缩方法 {method}"),
            };
        }
    };
    Payload::Encoded {
        range,
        codec,
        declared: Some(common.uncompressed_bytes),
    }
}
