//! 7z archives.

use std::{
    io::{self, SeekFrom},
    ops::Range,
    sync::Arc,
};

use sevenz_rust2::{Archive, BlockDecoder, Error, Password};

use crate::{
    Anomaly, AnomalyKind, FormatView, Input, Member, Payload, Probe, Score,
    bytes::{ReadAt, read_range, size_u64, size_usize},
    notes::{Notes, u64_at},
    registry::{ParseResult, format_info},
};

format_info! {
    /// ## What it is
    /// An archive of entries that are compressed alone or many together ("solid").
    /// ## What is read
    /// The list of entries, also a compressed one, and the entries: LZMA, LZMA2, bzip2, PPMd, stored, with the filters for
    /// machine code. What follows the archive is the member `[after]`.
    /// ## What is reported
    /// A list that cannot be read; as facts: names, links, encryption.
    /// ## Limits
    /// 128 MiB for the list and for a dictionary; `members_per_container`; 64 GiB decoded again and again for entries that
    /// stand late in large solid blocks. Deflate, Zstandard, LZ4 and Brotli inside 7z are not decoded, encrypted entries
    /// cannot be. Archives behind a self-extracting program are not looked for.
    /// ## References
    /// `7zFormat.txt` of the LZMA SDK; the "nullifAI" models, which were PyTorch pickles packed as 7z.
    "sevenz", "7z archive", extensions: &["7z"], refines: None, dialects: []
}

/// Shows what a 7z archive holds.
#[derive(Debug)]
pub struct View {
    /// Every entry, in order.
    pub entries: Vec<Entry>,
    /// The list of entries is encrypted, so that there are none here.
    pub list_is_encrypted: bool,
    /// Bytes behind the archive; empty where there are none.
    pub after: Range<u64>,
    archive: Archive,
    members: Vec<Member>,
    notes: Notes,
}

/// Describes one entry.
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are facts of which any may hold beside the others"
)]
#[derive(Clone, Debug)]
pub struct Entry {
    /// Name.
    pub name: String,
    /// It is a folder.
    pub is_directory: bool,
    /// File mode as Unix tools record it.
    pub unix_mode: Option<u32>,
    /// It is a symbolic link; its content is where it leads.
    pub is_link: bool,
    /// Where the link leads, if it was decoded.
    pub link_target: Option<Vec<u8>>,
    /// Its bytes are encrypted.
    pub is_encrypted: bool,
    /// Decompressed size.
    pub size_bytes: u64,
    /// An earlier entry has the same name.
    pub duplicate: bool,
    /// Index of its member; what has no bytes has none.
    pub member: Option<usize>,
}

static UNREADABLE: AnomalyKind = AnomalyKind::damage(
    "sevenz-list",
    "has a list of entries that cannot be read",
    "条目列表无法读取",
);
static ENCRYPTED_LIST: AnomalyKind = AnomalyKind::damage(
    "sevenz-encrypted-list",
    "has an encrypted list of entries; nothing in it can be examined",
    "条目列表已加密；其中内容无法检查",
);
static TOO_MANY: AnomalyKind = AnomalyKind::limit(
    "sevenz-too-many-entries",
    "has more entries than `members_per_container` allows",
    "条目数超过 `members_per_container` 上限",
);
static TRAILING: AnomalyKind = AnomalyKind::note(
    "sevenz-trailing-bytes",
    "has bytes behind the end of the archive",
    "归档结束之后还有字节",
);

const SIGNATURE: &[u8; 6] = b"7z\xbc\xaf\x27\x1c";
/// LIMIT: memory for the list of entries and for each dictionary, the same as for LZMA elsewhere.
const MEMORY_KIB: usize = 128 * 1024;
/// LIMIT: decoded bytes of solid blocks that are kept, so that small archives are decoded once.
const KEPT_BLOCK_BYTES: u64 = 4 << 20;
const KEPT_BYTES: u64 = 16 << 20;
/// LIMIT: bytes decoded only to reach what stands behind them, over all entries.
const PASSED_BYTES: u64 = 64 << 30;
const LINK_BYTES: usize = 4096;

impl FormatView for View {
    fn anomalies(&self) -> &[Anomaly] {
        self.notes.list()
    }

    fn members(&self) -> &[Member] {
        &self.members
    }

    fn extract(&self, container: &Arc<dyn ReadAt>, index: u32, out: &mut dyn io::Write) -> io::Result<()> {
        let wanted = usize::try_from(index).unwrap_or(usize::MAX);
        let Some(block) = block_of(&self.archive, wanted) else {
            return Err(io::ErrorKind::NotFound.into());
        };
        decode(&self.archive, container.as_ref(), block, &mut |file, reader| {
            if file != wanted {
                return Ok(true);
            }
            io::copy(reader, out)?;
            Ok(false)
        })
    }
}

/// Scores the signature.
pub fn probe(probe: &Probe<'_>) -> Option<Score> {
    probe.head.starts_with(SIGNATURE).then_some(Score::Certain)
}

/// Reads the list of entries, and the content of small solid blocks.
pub fn parse(input: &Input<'_>) -> ParseResult<View> {
    let source = input.source;
    let size = source.size();
    let mut view = View {
        entries: Vec::new(),
        list_is_encrypted: false,
        after: size..size,
        archive: Archive::default(),
        members: Vec::new(),
        notes: Notes::default(),
    };
    let header = read_range(source, 0..32, 32)?;
    let end = 32_u64
        .saturating_add(u64_at(&header, 12))
        .saturating_add(u64_at(&header, 20));
    if end < size && end > 32 {
        view.after = end..size;
        view.notes.push(&TRAILING, view.after.clone(), "");
        let member = Member::content("[after]", Payload::Section(view.after.clone()));
        view.members.push(member);
    }
    let mut reader = Seeker { source, position: 0 };
    match Archive::read_with_memory_limit(&mut reader, &Password::empty(), MEMORY_KIB) {
        Ok(archive) => view.archive = archive,
        Err(error) => {
            view.list_is_encrypted = is_encryption(&error);
            let kind = if view.list_is_encrypted {
                &ENCRYPTED_LIST
            } else {
                &UNREADABLE
            };
            view.notes.push(kind, 0..size, error.to_string());
            return Ok(view);
        }
    }
    view.list(source, input.limits.members_per_container);
    Ok(view)
}

fn is_encryption(error: &Error) -> bool {
    match error {
        Error::PasswordRequired | Error::MaybeBadPassword(_) => true,
        Error::UnsupportedCompressionMethod(method) => method.contains("AES"),
        _ => false,
    }
}

fn block_of(archive: &Archive, file: usize) -> Option<usize> {
    archive.stream_map.file_block_index.get(file).copied().flatten()
}

impl View {
    /// Makes entries and members of the list.
    fn list(&mut self, source: &dyn ReadAt, most: u64) {
        let kept = keep(&self.archive, source);
        if size_u64(self.archive.files.len()) > most {
            self.notes
                .push(&TOO_MANY, 0..source.size(), self.archive.files.len().to_string());
        }
        let mut names = std::collections::HashSet::new();
        let mut passed = 0_u64;
        let mut inside: (Option<usize>, u64) = (None, 0);
        let files = self.archive.files.iter().zip(kept).enumerate();
        for (index, (file, kept)) in files.take(size_usize(most)) {
            let block = block_of(&self.archive, index);
            if inside.0 != block {
                inside = (block, 0);
            }
            let is_encrypted = self.archive.is_file_encrypted(index);
            let unix = file.windows_attributes & 0x8000 != 0;
            let unix_mode = (file.has_windows_attributes && unix).then_some(file.windows_attributes >> 16);
            let is_link = unix_mode.is_some_and(|mode| mode & crate::zip::MODE_KIND == crate::zip::MODE_LINK);
            let mut entry = Entry {
                name: file.name.clone(),
                is_directory: file.is_directory,
                unix_mode,
                is_link,
                link_target: kept.as_ref().filter(|_| is_link).map(|bytes| {
                    bytes
                        .get(..bytes.len().min(LINK_BYTES))
                        .unwrap_or_default()
                        .to_vec()
                }),
                is_encrypted,
                size_bytes: file.size,
                duplicate: !names.insert(file.name.as_str()),
                member: None,
            };
            if file.has_stream {
                let payload = match kept {
                    _ if is_encrypted => unreadable("encrypted", "已加密"),
                    Some(bytes) => Payload::Owned(bytes),
                    None => {
                        passed = passed.saturating_add(inside.1);
                        if passed > PASSED_BYTES {
                            unreadable(
                                "too much must be decoded to reach it in its solid block",
                                "需要解码过多内容才能在固实块中读取它",
                            )
                        } else {
                            Payload::Extract(u32::try_from(index).unwrap_or(u32::MAX))
                        }
                    }
                };
                entry.member = Some(self.members.len());
                self.members.push(Member::content(file.name.clone(), payload));
                inside.1 = inside.1.saturating_add(file.size);
            }
            self.entries.push(entry);
        }
    }
}

fn unreadable(en: &str, zh: &str) -> Payload {
    Payload::Unreadable {
        en: en.to_owned(),
        zh: zh.to_owned(),
    }
}

/// Decodes solid blocks that are small; what fails is left for [`FormatView::extract`] to fail at again.
fn keep(archive: &Archive, source: &dyn ReadAt) -> Vec<Option<Arc<[u8]>>> {
    let mut kept: Vec<Option<Arc<[u8]>>> = vec![None; archive.files.len()];
    let mut room = KEPT_BYTES;
    let mut blocks: Vec<(usize, u64, u64)> = Vec::new();
    for (index, file) in archive
        .files
        .iter()
        .enumerate()
        .filter(|(_, file)| file.has_stream)
    {
        let Some(block) = block_of(archive, index) else {
            continue;
        };
        match blocks.last_mut() {
            Some((last, files, bytes)) if *last == block => {
                *files = files.saturating_add(1);
                *bytes = bytes.saturating_add(file.size);
            }
            _ => blocks.push((block, 1, file.size)),
        }
    }
    for (block, files, bytes) in blocks {
        if files < 2 || bytes > KEPT_BLOCK_BYTES || bytes > room {
            continue;
        }
        room = room.saturating_sub(bytes);
        // An error here comes again when the entry is opened, and is told there.
        let _ = decode(archive, source, block, &mut |file, reader| {
            let mut content = Vec::new();
            io::Read::read_to_end(reader, &mut content)?;
            if let Some(slot) = kept.get_mut(file) {
                *slot = Some(content.into());
            }
            Ok(true)
        });
    }
    kept
}

/// Decodes one block and gives each entry in it, with its index, to `each` until that answers `false`.
fn decode(
    archive: &Archive,
    source: &dyn ReadAt,
    block: usize,
    each: &mut dyn FnMut(usize, &mut dyn io::Read) -> io::Result<bool>,
) -> io::Result<()> {
    let mut reader = Seeker { source, position: 0 };
    let password = Password::empty();
    let Some(first) = archive.stream_map.block_first_file_index.get(block).copied() else {
        return Err(io::ErrorKind::NotFound.into());
    };
    let decoder = BlockDecoder::new_with_memory_limit(1, MEMORY_KIB, block, archive, &password, &mut reader);
    let mut file = first;
    let mut ended = false;
    let result = decoder.for_each_entries(&mut |_, reader| {
        let here = file;
        file = file.saturating_add(1);
        let more = each(here, reader)?;
        ended = !more;
        Ok(more)
    });
    match result {
        // What stands behind the entry that was wanted does not matter.
        Err(error) if !ended => Err(io::Error::new(io::ErrorKind::InvalidData, error.to_string())),
        _ => Ok(()),
    }
}

/// Reads a source from anywhere.
struct Seeker<'a> {
    source: &'a dyn ReadAt,
    position: u64,
}

impl io::Read for Seeker<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read_at(self.position, buffer)?;
        self.position = self.position.saturating_add(size_u64(count));
        Ok(count)
    }
}

impl io::Seek for Seeker<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(offset) => self.source.size().checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use sevenz_rust2::{ArchiveEntry, ArchiveWriter};

    fn archive(solid: bool) -> Vec<u8> {
        let mut writer = ArchiveWriter::new(io::Cursor::new(Vec::new())).unwrap();
        let files = [("a.pkl", &b"one"[..]), ("b", b"two two two")];
        if solid {
            let entries = files
                .iter()
                .map(|(name, _)| ArchiveEntry::new_file(name))
                .collect();
            let readers = files.iter().map(|(_, data)| (*data).into()).collect();
            writer.push_archive_entries(entries, readers).unwrap();
        } else {
            for (name, data) in files {
                writer
                    .push_archive_entry(ArchiveEntry::new_file(name), Some(data))
                    .unwrap();
            }
        }
        writer.finish().unwrap().into_inner()
    }

    fn view(bytes: &Vec<u8>) -> View {
        let limits = Limits::default();
        parse(&Input {
            source: bytes,
            limits: &limits,
        })
        .unwrap()
    }

    fn content(view: &View, bytes: &[u8], member: &Member) -> Vec<u8> {
        let container: Arc<dyn ReadAt> = Arc::new(bytes.to_vec());
        match &member.payload {
            Payload::Owned(content) => content.to_vec(),
            Payload::Extract(index) => {
                let mut out = Vec::new();
                let _ = view.extract(&container, *index, &mut out);
                out
            }
            Payload::Section(range) => read_range(&bytes.to_vec(), range.clone(), 99).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn entries_come_out_alone_and_from_solid_blocks() {
        for solid in [false, true] {
            let bytes = archive(solid);
            let view = view(&bytes);
            let got: Vec<Vec<u8>> = view
                .members()
                .iter()
                .map(|member| content(&view, &bytes, member))
                .collect();
            assert_eq!(got, [b"one".to_vec(), b"two two two".to_vec()]);
            assert_eq!(view.entries[0].name, "a.pkl");
            assert!(view.anomalies().is_empty());
            let all: Arc<dyn ReadAt> = Arc::new(bytes);
            let mut out = Vec::new();
            view.extract(&all, 1, &mut out).unwrap();
            assert_eq!(out, b"two two two");
        }
    }

    #[test]
    fn what_follows_and_what_is_broken_is_told() {
        let bytes = [archive(true), b"tail".to_vec()].concat();
        let tail = view(&bytes);
        assert_eq!(
            (tail.members().len(), tail.anomalies()[0].kind.id),
            (3, "sevenz-trailing-bytes")
        );
        let mut broken = archive(true);
        broken[12] ^= 1;
        assert_eq!(view(&broken).anomalies().last().unwrap().kind.id, "sevenz-list");
    }

    #[test]
    fn damage_never_panics() {
        for solid in [false, true] {
            let seed = archive(solid);
            for at in 0..seed.len() {
                let cut = seed[..at].to_vec();
                let _ = view(&cut);
                for bit in [0, 4, 7] {
                    let mut changed = seed.clone();
                    changed[at] ^= 1 << bit;
                    let view = view(&changed);
                    for member in view.members() {
                        content(&view, &changed, member);
                    }
                }
            }
        }
    }
}
