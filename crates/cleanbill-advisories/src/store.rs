//! The index file: written in one go beside its destination and moved there, read piece by piece at known places.
//!
//! Magic, schema and a table of sections, then records, packages with their advisories, pages of names, the first names of the pages,
//! and what the index knows of itself. Everything is in the order of names and ids, so the same input gives the same bytes. Each piece
//! has a checksum (CRC-32) against damage; every length is compared with what is there, against ill will.

use std::{
    fs::File,
    io::{self, BufWriter, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use thiserror::Error;

use crate::{
    codec::{Damage, Reader, checksum, put_number, put_size, put_text},
    file::{narrow, read_exact_at, wide},
    index::{EcosystemInfo, IndexInfo, SourceInfo},
    limits,
};

/// An index that cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IndexError {
    /// The file cannot be read.
    #[error("cannot read `{}`", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file is something else.
    #[error("`{}` is not an index of advisories", path.display())]
    NotAnIndex {
        /// The file.
        path: PathBuf,
    },
    /// Another version of this program wrote the file.
    #[error("`{}` has schema {found}, this build reads schema {known}; import the advisories again", path.display())]
    Schema {
        /// The file.
        path: PathBuf,
        /// What the file says.
        found: u32,
        /// What this build reads.
        known: u32,
    },
    /// The file is damaged.
    #[error("`{}` is damaged at byte {offset}: {reason}; import the advisories again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where.
        offset: u64,
        /// What is wrong.
        reason: &'static str,
    },
}

/// One package with its advisories: for each, place and length of the record among the records, and the encoded package.
pub(crate) struct PackageEntry<'a> {
    /// Number of its ecosystem.
    pub(crate) ecosystem: usize,
    pub(crate) name: &'a str,
    pub(crate) advisories: Vec<(usize, &'a [u8])>,
}

/// Writes an index. Records come in the order of their ids, packages in the order of ecosystems and names.
pub(crate) fn write<'a>(
    file: &mut File,
    info: &IndexInfo,
    records: &[&'a [u8]],
    packages: impl Iterator<Item = PackageEntry<'a>>,
) -> io::Result<u64> {
    let mut out = Counted {
        inner: BufWriter::with_capacity(1 << 20, file),
        written: 0,
    };
    out.write_all(&[0; HEADER])?;
    let mut sections = [(0_u64, 0_u64, 0_u32); SECTIONS];
    let mut places = Vec::with_capacity(records.len());
    let start = out.written;
    for record in records {
        places.push((out.written.saturating_sub(start), record.len().saturating_add(4)));
        out.write_all(record)?;
        out.write_all(&checksum(record).to_le_bytes())?;
    }
    sections[RECORDS] = (start, out.written.saturating_sub(start), 0);

    let start = out.written;
    let mut pages = Pages::default();
    let mut block = Vec::new();
    for package in packages {
        block.clear();
        for (record, affected) in &package.advisories {
            let (place, length) = places.get(*record).copied().unwrap_or_default();
            put_number(&mut block, place);
            put_size(&mut block, length);
            put_size(&mut block, affected.len());
            block.extend_from_slice(affected);
        }
        if wide(block.len()) > limits::BLOCK_BYTES {
            return Err(io::Error::other("one package has too many advisories"));
        }
        pages.add(
            package.ecosystem,
            package.name,
            out.written.saturating_sub(start),
            &block,
        );
        out.write_all(&block)?;
    }
    sections[BLOCKS] = (start, out.written.saturating_sub(start), 0);

    let start = out.written;
    pages.end();
    out.write_all(&pages.all)?;
    sections[PAGES] = (start, out.written.saturating_sub(start), 0);
    let known = encode_info(info);
    sections[DIRECTORY] = (
        out.written,
        wide(pages.directory.len()),
        checksum(&pages.directory),
    );
    out.write_all(&pages.directory)?;
    sections[INFO] = (out.written, wide(known.len()), checksum(&known));
    out.write_all(&known)?;
    let length = out.written;
    let mut header = Vec::with_capacity(HEADER);
    header.extend_from_slice(MAGIC);
    header.extend_from_slice(&SCHEMA.to_le_bytes());
    header.extend_from_slice(&length.to_le_bytes());
    for (start, length, sum) in sections {
        header.extend_from_slice(&start.to_le_bytes());
        header.extend_from_slice(&length.to_le_bytes());
        header.extend_from_slice(&sum.to_le_bytes());
    }
    let sum = checksum(&header);
    header.extend_from_slice(&sum.to_le_bytes());
    out.inner.seek(SeekFrom::Start(0))?;
    out.inner.write_all(&header)?;
    out.inner.flush()?;
    Ok(length)
}

struct Counted<W> {
    inner: W,
    written: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.written = self.written.saturating_add(wide(count));
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Collects names into pages that one read brings in.
#[derive(Default)]
struct Pages {
    all: Vec<u8>,
    page: Vec<u8>,
    first: Vec<u8>,
    directory: Vec<u8>,
}

impl Pages {
    fn add(&mut self, ecosystem: usize, name: &str, place: u64, block: &[u8]) {
        if self.page.is_empty() {
            self.first.clear();
            put_size(&mut self.first, ecosystem);
            put_text(&mut self.first, name);
        }
        put_size(&mut self.page, ecosystem);
        put_text(&mut self.page, name);
        put_number(&mut self.page, place);
        put_size(&mut self.page, block.len());
        self.page.extend_from_slice(&checksum(block).to_le_bytes());
        if self.page.len() >= PAGE_BYTES {
            self.end();
        }
    }

    fn end(&mut self) {
        if self.page.is_empty() {
            return;
        }
        self.directory.append(&mut self.first);
        put_size(&mut self.directory, self.all.len());
        put_size(&mut self.directory, self.page.len());
        self.directory
            .extend_from_slice(&checksum(&self.page).to_le_bytes());
        self.all.append(&mut self.page);
    }
}

/// An index file that is open.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
    file: File,
    sections: [(u64, u64, u32); SECTIONS],
    pages: Vec<Page>,
    pub(crate) info: IndexInfo,
}

#[derive(Debug)]
struct Page {
    ecosystem: usize,
    name: Box<str>,
    place: u64,
    length: u64,
    sum: u32,
}

impl Store {
    pub(crate) fn open(path: &Path) -> Result<Self, IndexError> {
        let io = |source| IndexError::Io {
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        let not_ours = || IndexError::NotAnIndex {
            path: path.to_owned(),
        };
        let mut header = [0; HEADER];
        read_exact_at(&file, &mut header, 0).map_err(|error| {
            if error.kind() == io::ErrorKind::UnexpectedEof {
                not_ours()
            } else {
                io(error)
            }
        })?;
        let mut reader = Reader::new(&header);
        let damaged = |offset, reason| IndexError::Damaged {
            path: path.to_owned(),
            offset,
            reason,
        };
        let at_start = |damage: Damage| damaged(0, damage.0);
        if reader.bytes(MAGIC.len()).map_err(at_start)? != MAGIC {
            return Err(not_ours());
        }
        let found = reader.checksum().map_err(at_start)?;
        if found != SCHEMA {
            return Err(IndexError::Schema {
                path: path.to_owned(),
                found,
                known: SCHEMA,
            });
        }
        let stated = reader.fixed().map_err(at_start)?;
        let mut sections = [(0, 0, 0); SECTIONS];
        for section in &mut sections {
            let place = (reader.fixed(), reader.fixed(), reader.checksum());
            *section = (
                place.0.map_err(at_start)?,
                place.1.map_err(at_start)?,
                place.2.map_err(at_start)?,
            );
        }
        let sum = reader.checksum().map_err(at_start)?;
        let checked = header.get(..HEADER.saturating_sub(4)).unwrap_or_default();
        if checksum(checked) != sum {
            return Err(damaged(0, "the checksum of the header differs"));
        }
        if stated != length {
            return Err(damaged(
                length.min(stated),
                "the file has another length than its header says",
            ));
        }
        for (start, size, _) in sections {
            if start.checked_add(size).is_none_or(|end| end > length) {
                return Err(damaged(0, "a section reaches beyond the end"));
            }
        }
        let mut store = Self {
            path: path.to_owned(),
            file,
            sections,
            pages: Vec::new(),
            info: IndexInfo::default(),
        };
        let bytes = store.whole(INFO)?;
        store.info = decode_info(&bytes).map_err(|damage| store.damaged(INFO, damage))?;
        let bytes = store.whole(DIRECTORY)?;
        store.pages = decode_pages(&bytes).map_err(|damage| store.damaged(DIRECTORY, damage))?;
        Ok(store)
    }

    /// Returns the advisories of a package: for each the place of its record and the encoded package.
    pub(crate) fn block(&self, ecosystem: usize, name: &str) -> Result<Option<Vec<u8>>, IndexError> {
        let after = self
            .pages
            .partition_point(|page| (page.ecosystem, page.name.as_ref()) <= (ecosystem, name));
        let Some(page) = after.checked_sub(1).and_then(|index| self.pages.get(index)) else {
            return Ok(None);
        };
        let bytes = self.piece(PAGES, page.place, page.length, Some(page.sum))?;
        let mut reader = Reader::new(&bytes);
        while !reader.is_empty() {
            let mut entry = || {
                let key = (reader.number()?, reader.text()?);
                Ok((key, reader.number()?, reader.number()?, reader.checksum()?))
            };
            let (key, place, length, sum) = entry().map_err(|damage| self.damaged(PAGES, damage))?;
            if key == (wide(ecosystem), name) {
                return self.piece(BLOCKS, place, length, Some(sum)).map(Some);
            }
        }
        Ok(None)
    }

    /// Returns the bytes of a record.
    pub(crate) fn record(&self, place: u64, length: u64) -> Result<Vec<u8>, IndexError> {
        let mut bytes = self.piece(RECORDS, place, length, None)?;
        let sum = bytes.split_off(bytes.len().saturating_sub(4));
        if checksum(&bytes).to_le_bytes() != *sum {
            return Err(self.damaged(RECORDS, Damage("the checksum of a record differs")));
        }
        Ok(bytes)
    }

    pub(crate) fn damaged(&self, section: usize, damage: Damage) -> IndexError {
        let offset = self.sections.get(section).map_or(0, |(start, ..)| *start);
        IndexError::Damaged {
            path: self.path.clone(),
            offset,
            reason: damage.0,
        }
    }

    fn whole(&self, section: usize) -> Result<Vec<u8>, IndexError> {
        let (_, length, sum) = self.sections.get(section).copied().unwrap_or_default();
        if length > limits::OPEN_BYTES {
            return Err(self.damaged(section, Damage("a section is too long")));
        }
        self.piece(section, 0, length, Some(sum))
    }

    fn piece(
        &self,
        section: usize,
        place: u64,
        length: u64,
        sum: Option<u32>,
    ) -> Result<Vec<u8>, IndexError> {
        let (start, size, _) = self.sections.get(section).copied().unwrap_or_default();
        let inside =
            place.checked_add(length).is_some_and(|end| end <= size) && length <= limits::BLOCK_BYTES;
        if !inside {
            return Err(self.damaged(section, Damage("a piece reaches beyond its section")));
        }
        let mut bytes = vec![0; narrow(length)];
        read_exact_at(&self.file, &mut bytes, start.saturating_add(place)).map_err(|source| {
            IndexError::Io {
                path: self.path.clone(),
                source,
            }
        })?;
        if sum.is_some_and(|sum| checksum(&bytes) != sum) {
            return Err(self.damaged(section, Damage("a checksum differs")));
        }
        Ok(bytes)
    }
}

fn decode_pages(bytes: &[u8]) -> Result<Vec<Page>, Damage> {
    let mut reader = Reader::new(bytes);
    let mut pages: Vec<Page> = Vec::new();
    while !reader.is_empty() {
        let page = Page {
            ecosystem: narrow(reader.number()?),
            name: reader.text()?.into(),
            place: reader.number()?,
            length: reader.number()?,
            sum: reader.checksum()?,
        };
        if pages
            .last()
            .is_some_and(|last| (last.ecosystem, &last.name) >= (page.ecosystem, &page.name))
        {
            return Err(Damage("names are not in order"));
        }
        pages.push(page);
    }
    Ok(pages)
}

fn encode_info(info: &IndexInfo) -> Vec<u8> {
    let mut bytes = Vec::new();
    put_text(&mut bytes, &info.date);
    put_size(&mut bytes, info.records);
    put_size(&mut bytes, info.withdrawn);
    put_size(&mut bytes, info.git_only);
    put_size(&mut bytes, info.broken);
    put_size(&mut bytes, info.sources.len());
    for source in &info.sources {
        put_text(&mut bytes, &source.name);
        bytes.extend_from_slice(&source.sha256.0);
        put_number(&mut bytes, source.size_bytes);
        put_size(&mut bytes, source.records);
    }
    put_size(&mut bytes, info.ecosystems.len());
    for ecosystem in &info.ecosystems {
        put_text(&mut bytes, &ecosystem.name);
        put_size(&mut bytes, ecosystem.records);
        put_size(&mut bytes, ecosystem.packages);
        put_text(&mut bytes, &ecosystem.newest);
        put_size(&mut bytes, ecosystem.releases.len());
        for release in &ecosystem.releases {
            put_text(&mut bytes, release);
        }
        put_size(&mut bytes, ecosystem.sources.len());
        for source in &ecosystem.sources {
            put_text(&mut bytes, source);
        }
    }
    bytes
}

fn decode_info(bytes: &[u8]) -> Result<IndexInfo, Damage> {
    let mut reader = Reader::new(bytes);
    let mut info = IndexInfo {
        date: reader.text()?.to_owned(),
        records: narrow(reader.number()?),
        withdrawn: narrow(reader.number()?),
        git_only: narrow(reader.number()?),
        broken: narrow(reader.number()?),
        ..IndexInfo::default()
    };
    for _ in 0..reader.count()? {
        let name = reader.text()?.to_owned();
        let digest = reader
            .bytes(32)?
            .try_into()
            .map_err(|_| Damage("it ends too early"))?;
        info.sources.push(SourceInfo {
            name,
            sha256: cleanbill_core::Sha256Digest(digest),
            size_bytes: reader.number()?,
            records: narrow(reader.number()?),
        });
    }
    let owned = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect();
    for _ in 0..reader.count()? {
        let ecosystem = EcosystemInfo {
            name: reader.text()?.to_owned(),
            records: narrow(reader.number()?),
            packages: narrow(reader.number()?),
            newest: reader.text()?.to_owned(),
            releases: owned(reader.texts()?),
            sources: owned(reader.texts()?),
        };
        if info
            .ecosystems
            .last()
            .is_some_and(|last| last.name >= ecosystem.name)
        {
            return Err(Damage("ecosystems are not in order"));
        }
        info.ecosystems.push(ecosystem);
    }
    Ok(info)
}

/// First bytes of an index; the end of line shows transfers that change it.
pub(crate) const MAGIC: &[u8; 16] = b"CBADVISORIES\r\n\x1a\n";
/// Version of the layout; it grows with every change of it.
pub(crate) const SCHEMA: u32 = 2;
const SECTIONS: usize = 5;
const HEADER: usize = 16 + 4 + 8 + SECTIONS * 20 + 4;
pub(crate) const RECORDS: usize = 0;
pub(crate) const BLOCKS: usize = 1;
const PAGES: usize = 2;
const DIRECTORY: usize = 3;
const INFO: usize = 4;
/// Bytes after which a page of names is full: one read of the file system.
const PAGE_BYTES: usize = 4_000;
