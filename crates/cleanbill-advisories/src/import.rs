//! Makes an index out of OSV records. The old index stays in use until the new one is whole.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, hash_map::Entry as MapEntry},
    fs::{self, File},
    io::{self, Seek, SeekFrom},
    ops::Range,
    path::{Path, PathBuf},
};

use thiserror::Error;

use crate::{
    fault::{DocumentError, Fault, Place, printable},
    file::wide,
    index::{EcosystemInfo, IndexInfo, SourceInfo},
    json, limits,
    record::{Encoded, Taken, take},
    sources,
    store::{self, PackageEntry},
    wire,
};

/// How an import goes.
#[derive(Clone, Debug)]
pub struct ImportOptions {
    /// The day of the import, `2026-11-28`; kept in the index, so that its age can be told.
    pub date: String,
    /// What to do with documents that cannot be read.
    pub broken: Broken,
}

/// What to do with documents that cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Broken {
    /// The first one ends the import.
    #[default]
    Refuse,
    /// They are passed over and counted.
    Skip,
}

/// What an import did.
#[derive(Debug)]
pub struct ImportSummary {
    /// What the new index knows of itself.
    pub info: IndexInfo,
    /// Records that came more than once; the last changed one was kept.
    pub duplicates: usize,
    /// The first of the documents that were passed over, with the reason.
    pub broken: Vec<DocumentError>,
    /// Files and entries of archives that are no JSON by their names.
    pub passed_over: usize,
    /// Bytes of JSON that were read.
    pub json_bytes: u64,
    /// Size of the index.
    pub index_bytes: u64,
}

/// Why there is no new index. The old one, if there was one, is as it was.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ImportError {
    /// A source cannot be read.
    #[error("cannot read `{}`", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A document cannot be used.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// There is not one record in the sources.
    #[error("no advisories in {} sources", sources)]
    Nothing {
        /// How many sources there were.
        sources: usize,
    },
    /// A source was given twice, or two have the same name.
    #[error("two sources are named `{name}`")]
    SameName {
        /// The name.
        name: String,
    },
    /// The date is none.
    #[error("`{date}` is no date; it should look like `2026-11-28`")]
    Date {
        /// What was given.
        date: String,
    },
    /// More than an index can hold.
    #[error("the sources hold more than {limit} {what}")]
    TooMuch {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// The index cannot be written.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// The index.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// Imports OSV records from archives, folders and files into one index at `destination`.
///
/// The index is written beside its destination, brought to the disk and moved there in one step. The same records give the same
/// bytes, in whatever order the sources are named.
pub fn import(
    sources: &[PathBuf],
    destination: &Path,
    options: &ImportOptions,
) -> Result<ImportSummary, ImportError> {
    if !is_date(&options.date) {
        return Err(ImportError::Date {
            date: printable(&options.date),
        });
    }
    let mut collected = Collected::default();
    let mut named: Vec<(String, &PathBuf)> = sources
        .iter()
        .map(|source| (source_name(source), source))
        .collect();
    named.sort();
    for (name, source) in &named {
        if collected.sources.last().is_some_and(|last| last.name == *name) {
            return Err(ImportError::SameName {
                name: printable(name),
            });
        }
        collected.source(name, source, options.broken)?;
    }
    if collected.live().next().is_none() {
        return Err(ImportError::Nothing {
            sources: sources.len(),
        });
    }
    collected.write(destination, &options.date)
}

/// Names a source by the last two parts of its path where the last one says nothing, as `PyPI/all.zip`.
fn source_name(source: &Path) -> String {
    let last = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = last(source).unwrap_or_default();
    match source.parent().and_then(last) {
        Some(folder) if name == "all.zip" => format!("{folder}/{name}"),
        _ => name,
    }
}

/// A record that was taken: where its bytes stand in the arena, and those of its packages.
#[derive(Debug)]
struct Kept {
    id: String,
    modified: String,
    bytes: Range<usize>,
    packages: Vec<KeptPackage>,
    git_only: bool,
    withdrawn: bool,
    /// Numbers of the sources it came from.
    sources: BTreeSet<usize>,
}

#[derive(Debug)]
struct KeptPackage {
    /// Number of its ecosystem in the order in which they were met.
    ecosystem: usize,
    release: usize,
    name: Box<str>,
    bytes: Range<usize>,
}

/// Everything that was read so far.
#[derive(Debug, Default)]
struct Collected {
    arena: Vec<u8>,
    records: Vec<Kept>,
    by_id: HashMap<String, usize>,
    /// Names of ecosystems and releases, each once.
    words: Vec<String>,
    word_numbers: HashMap<String, usize>,
    sources: Vec<SourceInfo>,
    duplicates: usize,
    broken_count: usize,
    broken: Vec<DocumentError>,
    passed_over: usize,
    json_bytes: u64,
}

impl Collected {
    fn source(&mut self, name: &str, path: &Path, broken: Broken) -> Result<(), ImportError> {
        let number = self.sources.len();
        let mut records = 0_usize;
        let walked = sources::walk(path, &mut |place, bytes| {
            let taken = bytes.and_then(|bytes| {
                self.json_bytes = self.json_bytes.saturating_add(wide(bytes.len()));
                decode(bytes)
            });
            if self.json_bytes > limits::IMPORT_BYTES {
                return Err(ImportError::TooMuch {
                    what: "bytes",
                    limit: limits::IMPORT_BYTES,
                });
            }
            match taken {
                Ok(taken) => {
                    records = records.saturating_add(1);
                    self.add(taken, number)
                }
                Err(error) => {
                    let error = error.within(place);
                    if broken == Broken::Refuse {
                        return Err(error.into());
                    }
                    self.broken_count = self.broken_count.saturating_add(1);
                    if self.broken.len() < SHOWN_BROKEN {
                        self.broken.push(error);
                    }
                    Ok(())
                }
            }
        })?;
        self.passed_over = self.passed_over.saturating_add(walked.passed_over);
        self.sources.push(SourceInfo {
            name: name.to_owned(),
            sha256: walked.sha256,
            size_bytes: walked.size_bytes,
            records,
        });
        Ok(())
    }

    fn add(&mut self, taken: Taken, source: usize) -> Result<(), ImportError> {
        let (encoded, withdrawn) = match taken {
            Taken::Kept(encoded) => (encoded, false),
            Taken::Withdrawn { id, modified } => (
                Encoded {
                    id,
                    modified,
                    bytes: Vec::new(),
                    packages: Vec::new(),
                    git_only: false,
                },
                true,
            ),
        };
        if self.records.len() >= limits::RECORDS {
            return Err(ImportError::TooMuch {
                what: "records",
                limit: wide(limits::RECORDS),
            });
        }
        let start = self.arena.len();
        let bytes = self.append(&encoded.bytes);
        let mut packages = Vec::with_capacity(encoded.packages.len());
        for package in encoded.packages {
            packages.push(KeptPackage {
                ecosystem: self.word(&package.ecosystem),
                release: self.word(&package.release),
                name: package.name,
                bytes: self.append(&package.bytes),
            });
        }
        if wide(self.arena.len()) > limits::INDEX_BYTES {
            return Err(ImportError::TooMuch {
                what: "bytes of advisories",
                limit: limits::INDEX_BYTES,
            });
        }
        let kept = Kept {
            id: encoded.id,
            modified: encoded.modified,
            bytes,
            packages,
            git_only: encoded.git_only,
            withdrawn,
            sources: BTreeSet::from([source]),
        };
        match self.by_id.entry(kept.id.clone()) {
            MapEntry::Vacant(entry) => {
                entry.insert(self.records.len());
                self.records.push(kept);
            }
            MapEntry::Occupied(entry) => {
                self.duplicates = self.duplicates.saturating_add(1);
                if let Some(old) = self.records.get_mut(*entry.get()) {
                    let old_bytes = self.arena.get(old.bytes.start..old.end()).unwrap_or_default();
                    let new_bytes = self.arena.get(start..).unwrap_or_default();
                    // The order in which sources come must not decide.
                    let old_key = (
                        day(&old.modified),
                        old.withdrawn,
                        old.modified.as_str(),
                        old_bytes,
                    );
                    let new_key = (day(&kept.modified), withdrawn, kept.modified.as_str(), new_bytes);
                    let newer = new_key > old_key;
                    if newer {
                        let sources = std::mem::take(&mut old.sources);
                        *old = kept;
                        old.sources.extend(sources);
                    } else {
                        old.sources.insert(source);
                        self.arena.truncate(start);
                    }
                }
            }
        }
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.arena.len();
        self.arena.extend_from_slice(bytes);
        start..self.arena.len()
    }

    fn word(&mut self, word: &str) -> usize {
        if let Some(number) = self.word_numbers.get(word) {
            return *number;
        }
        let number = self.words.len();
        self.words.push(word.to_owned());
        self.word_numbers.insert(word.to_owned(), number);
        number
    }

    fn live(&self) -> impl Iterator<Item = &Kept> {
        self.records.iter().filter(|record| !record.withdrawn)
    }

    fn text(&self, number: usize) -> &str {
        self.words.get(number).map_or("", String::as_str)
    }

    fn slice(&self, range: &Range<usize>) -> &[u8] {
        self.arena.get(range.clone()).unwrap_or_default()
    }

    fn write(mut self, destination: &Path, date: &str) -> Result<ImportSummary, ImportError> {
        self.records
            .sort_unstable_by(|left, right| left.id.cmp(&right.id));
        let info = self.info(date);
        let live: Vec<&Kept> = self.live().collect();
        let records: Vec<&[u8]> = live.iter().map(|record| self.slice(&record.bytes)).collect();
        let mut rows: Vec<(usize, &str, usize, &[u8])> = Vec::new();
        let ranks = self.ranks(&info);
        for (number, record) in live.iter().enumerate() {
            for package in &record.packages {
                let rank = ranks.get(&package.ecosystem).copied().unwrap_or_default();
                rows.push((rank, &package.name, number, self.slice(&package.bytes)));
            }
        }
        rows.sort_unstable();
        let packages = rows
            .chunk_by(|left, right| (left.0, left.1) == (right.0, right.1))
            .map(|rows| {
                let (ecosystem, name, ..) = rows.first().copied().unwrap_or((0, "", 0, &[]));
                PackageEntry {
                    ecosystem,
                    name,
                    advisories: rows.iter().map(|row| (row.2, row.3)).collect(),
                }
            });
        let index_bytes = write_atomically(destination, |file| store::write(file, &info, &records, packages))
            .map_err(|source| ImportError::Write {
                path: destination.to_owned(),
                source,
            })?;
        Ok(ImportSummary {
            info,
            duplicates: self.duplicates,
            broken: self.broken,
            passed_over: self.passed_over,
            json_bytes: self.json_bytes,
            index_bytes,
        })
    }

    /// Maps the number of an ecosystem's name to its place in the sorted list.
    fn ranks(&self, info: &IndexInfo) -> HashMap<usize, usize> {
        let ranked = info.ecosystems.iter().enumerate();
        ranked
            .filter_map(|(rank, ecosystem)| Some((*self.word_numbers.get(&ecosystem.name)?, rank)))
            .collect()
    }

    fn info(&self, date: &str) -> IndexInfo {
        #[derive(Default)]
        struct Counted<'a> {
            records: usize,
            packages: BTreeSet<&'a str>,
            newest: &'a str,
            releases: BTreeSet<&'a str>,
            sources: BTreeSet<usize>,
        }
        let mut counted: BTreeMap<&str, Counted<'_>> = BTreeMap::new();
        for record in self.live() {
            let ecosystems: BTreeSet<usize> =
                record.packages.iter().map(|package| package.ecosystem).collect();
            for ecosystem in ecosystems {
                let entry = counted.entry(self.text(ecosystem)).or_default();
                entry.records = entry.records.saturating_add(1);
                if day(&record.modified) > day(entry.newest) || entry.newest.is_empty() {
                    entry.newest = &record.modified;
                }
                entry.sources.extend(&record.sources);
            }
            for package in &record.packages {
                let entry = counted.entry(self.text(package.ecosystem)).or_default();
                entry.packages.insert(&package.name);
                entry
                    .releases
                    .extend(Some(self.text(package.release)).filter(|release| !release.is_empty()));
            }
        }
        let ecosystems = counted.into_iter().map(|(name, counted)| EcosystemInfo {
            name: name.to_owned(),
            records: counted.records,
            packages: counted.packages.len(),
            newest: counted.newest.to_owned(),
            releases: counted.releases.into_iter().map(str::to_owned).collect(),
            sources: counted
                .sources
                .iter()
                .filter_map(|number| Some(self.sources.get(*number)?.name.clone()))
                .collect(),
        });
        let count = |wanted: fn(&Kept) -> bool| self.records.iter().filter(|record| wanted(record)).count();
        IndexInfo {
            date: date.to_owned(),
            records: self.live().count(),
            withdrawn: count(|record| record.withdrawn),
            git_only: count(|record| record.git_only),
            broken: self.broken_count,
            sources: self.sources.clone(),
            ecosystems: ecosystems.collect(),
        }
    }
}

impl Kept {
    /// Its packages stand behind it in the arena.
    fn end(&self) -> usize {
        self.packages
            .last()
            .map_or(self.bytes.end, |package| package.bytes.end)
    }
}

/// Reads one document into the form that an index keeps.
fn decode(bytes: &[u8]) -> Result<Taken, DocumentError> {
    if bytes.len() > limits::RECORD_BYTES {
        let fault = Fault::TooLong {
            what: "the record",
            limit: wide(limits::RECORD_BYTES),
        };
        return Err(DocumentError {
            place: Box::new(Place::default()),
            fault,
        });
    }
    let record: wire::Record<'_> = json::read(bytes)?;
    take(&record).map_err(|(path, fault)| {
        let offset = json::offset_of_path(bytes, &path);
        DocumentError {
            place: Box::new(Place {
                path,
                offset: wide(offset),
                ..Place::default()
            }),
            fault,
        }
    })
}

/// Writes a file beside its destination, brings it to the disk and moves it there.
pub(crate) fn write_atomically(
    destination: &Path,
    write: impl FnOnce(&mut File) -> io::Result<u64>,
) -> io::Result<u64> {
    // A link keeps leading where it leads.
    let destination = &fs::canonicalize(destination).unwrap_or_else(|_| destination.to_owned());
    let folder = destination
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    // Temporary files are for their owner alone; an index is a file like any other, and the umask decides.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut beside = builder.prefix(".advisories-").tempfile_in(folder)?;
    let length = write(beside.as_file_mut())?;
    beside.as_file_mut().seek(SeekFrom::Start(0))?;
    beside.as_file().sync_all()?;
    beside.persist(destination).map_err(|error| error.error)?;
    // The move itself reaches the disk with the folder; systems that cannot open folders have no need of it.
    if let Ok(folder) = File::open(folder) {
        let _may_be_refused = folder.sync_all();
    }
    Ok(length)
}

/// Says whether a text begins with a day as RFC 3339 writes it.
pub(crate) fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let shape = bytes
        .iter()
        .take(10)
        .enumerate()
        .all(|(place, byte)| match place {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    bytes.len() >= 10 && bytes.len() <= 40 && shape && bytes.get(10).is_none_or(|byte| *byte == b'T')
}

/// Returns the part of a time that can be compared as text: up to the second, in UTC as the schema wants it.
fn day(time: &str) -> &str {
    if is_date(time) {
        time.get(..19).unwrap_or(time)
    } else {
        ""
    }
}

/// Broken documents that a summary names.
const SHOWN_BROKEN: usize = 20;
