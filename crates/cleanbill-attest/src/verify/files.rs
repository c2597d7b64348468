//! Compares the files of a model with those of a statement. A name of the statement is never opened: it is looked for among what a walk
//! of the model found, so that no name can lead out of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use cleanbill_core::hex;

use super::{FileReport, FileState, VerifyOptions};
use crate::{
    hashing::{self, Job, Observer, Unhashed},
    note::Note,
    refusal::Refusal,
    statement::{Serialization, Shard, Statement, by_file},
    walk::{self, EntryKind, GIT_PATHS, IgnorePaths, Shape, Walk},
};

/// Holds what the comparison gave.
pub(crate) struct Compared {
    pub(crate) files: Vec<FileReport>,
    pub(crate) refusals: Vec<Refusal>,
    pub(crate) notes: Vec<Note>,
}

/// What was signed about one file.
enum Signed<'a> {
    Whole(&'a [u8]),
    Shards(Vec<Shard<'a>>),
}

pub(crate) fn compare(
    statement: &Statement,
    model: &Path,
    options: &VerifyOptions,
    observer: &dyn Observer,
) -> Compared {
    let mut out = Compared {
        files: Vec::new(),
        refusals: Vec::new(),
        notes: Vec::new(),
    };
    let signed = match signed_files(statement) {
        Ok(signed) => signed,
        Err(refusal) => {
            out.refusals.push(refusal);
            return out;
        }
    };
    let ignore = match ignored(statement, options, &signed) {
        Ok(ignore) => ignore,
        Err(refusal) => {
            out.refusals.push(refusal);
            return out;
        }
    };
    // Everything is listed first: what is signed is looked at even where it is left out.
    let walk = match walk::walk(model, &not_above(&ignore, &signed)) {
        Ok(walk) => walk,
        Err(refusal) => {
            out.refusals.push(refusal);
            return out;
        }
    };
    let mut comparison = Comparison {
        statement,
        options,
        ignore,
        signed,
        seen: BTreeSet::new(),
        reads: Vec::new(),
        empty: 0,
        out,
    };
    comparison.sort(walk, model);
    comparison.read(observer);
    comparison.missing();
    comparison.finish()
}

/// Takes the list of the statement apart by file.
fn signed_files(statement: &Statement) -> Result<BTreeMap<&str, Signed<'_>>, Refusal> {
    Ok(match statement.serialization {
        Serialization::Files => statement
            .resources
            .iter()
            .map(|resource| (resource.name.as_str(), Signed::Whole(&resource.digest)))
            .collect(),
        Serialization::Shards { size_bytes } => by_file(&statement.resources, size_bytes)?
            .into_iter()
            .map(|(name, shards)| (name, Signed::Shards(shards)))
            .collect(),
    })
}

/// Joins what the statement leaves out, what the caller leaves out, and version control.
///
/// A statement that covers files of version control says that they belong to the model: then none of them is left out by default.
fn ignored(
    statement: &Statement,
    options: &VerifyOptions,
    signed: &BTreeMap<&str, Signed<'_>>,
) -> Result<IgnorePaths, Refusal> {
    let mut paths = IgnorePaths::new(statement.ignore_paths.iter().cloned())?.and(&options.ignore);
    if options.ignore_git {
        for path in GIT_PATHS {
            let one = IgnorePaths::new([path.to_owned()])?;
            if !signed.keys().any(|name| one.covers(name)) {
                paths = paths.and(&one);
            }
        }
    }
    Ok(paths)
}

/// Returns the paths that nothing signed lies below.
fn not_above(ignore: &IgnorePaths, signed: &BTreeMap<&str, Signed<'_>>) -> IgnorePaths {
    let kept = ignore.as_slice().iter().filter(|path| {
        let below = format!("{path}/");
        let mut near = signed.range(path.as_str()..);
        !signed.contains_key(path.as_str())
            && !near
                .by_ref()
                .take_while(|(name, _)| name.starts_with(path.as_str()))
                .any(|(name, _)| name.starts_with(&below))
    });
    // Each of them was a valid path before.
    IgnorePaths::new(kept.cloned()).unwrap_or_default()
}

struct Comparison<'a> {
    statement: &'a Statement,
    options: &'a VerifyOptions,
    ignore: IgnorePaths,
    signed: BTreeMap<&'a str, Signed<'a>>,
    seen: BTreeSet<&'a str>,
    /// Files to read: name in the report, name in the statement, where, size.
    reads: Vec<(String, &'a str, PathBuf, u64)>,
    empty: usize,
    out: Compared,
}

impl Comparison<'_> {
    /// Decides about each thing that is there whether it is read.
    fn sort(&mut self, walk: Walk, model: &Path) {
        let single = match walk.shape {
            Shape::Folder => None,
            // One file is called `.`, or by its own name, as the specification has it.
            Shape::File => Some(model.file_name().map(|name| name.to_string_lossy().into_owned())),
        };
        for entry in walk.entries {
            let signed_name = match &single {
                None => self
                    .signed
                    .get_key_value(entry.name.as_str())
                    .map(|(name, _)| *name),
                Some(own) => {
                    let own = own.as_deref().unwrap_or_default();
                    self.signed
                        .get_key_value(".")
                        .or_else(|| self.signed.get_key_value(own))
                        .map(|(name, _)| *name)
                }
            };
            if let Some(name) = signed_name {
                self.seen.insert(name);
            }
            match (entry.kind, signed_name) {
                (EntryKind::Ignored, _) => self.tell(entry.name, FileState::Ignored),
                (EntryKind::Refused(refusal), Some(_)) => {
                    let state = if refusal.is_unreadable() {
                        FileState::Unreadable
                    } else {
                        FileState::Changed
                    };
                    self.tell(entry.name, state);
                    self.out.refusals.push(refusal);
                }
                (EntryKind::Refused(refusal), None) => self.unsigned(entry.name, Some(refusal)),
                (EntryKind::File { is_link: true, .. }, Some(_))
                    if !self.statement.allow_symlinks && !self.options.allow_symlinks =>
                {
                    self.tell(entry.name.clone(), FileState::Changed);
                    self.out.refusals.push(Refusal::FileSymlink { name: entry.name });
                }
                (EntryKind::File { size_bytes, .. }, Some(name)) => {
                    self.reads.push((entry.name, name, entry.path, size_bytes));
                }
                (EntryKind::File { size_bytes: 0, .. }, None)
                    if matches!(self.statement.serialization, Serialization::Shards { .. }) =>
                {
                    self.empty = self.empty.saturating_add(1);
                    self.tell(entry.name, FileState::Unsigned);
                }
                (EntryKind::File { .. }, None) => self.unsigned(entry.name, None),
            }
        }
    }

    /// Decides about something that nobody signed.
    fn unsigned(&mut self, name: String, refusal: Option<Refusal>) {
        if self.ignore.covers(&name) {
            self.tell(name, FileState::Ignored);
        } else if self.options.ignore_unsigned {
            self.tell(name, FileState::Unsigned);
        } else if let Some(refusal) = refusal {
            let state = if refusal.is_unreadable() {
                FileState::Unreadable
            } else {
                FileState::Extra
            };
            self.tell(name, state);
            self.out.refusals.push(refusal);
        } else {
            self.tell(name.clone(), FileState::Extra);
            self.out.refusals.push(Refusal::FileExtra { name });
        }
    }

    fn tell(&mut self, name: String, state: FileState) {
        self.out.files.push(FileReport {
            name,
            state,
            size_bytes: None,
            signed_digest: None,
            found_digest: None,
        });
    }

    /// Reads what has to be read and compares it.
    fn read(&mut self, observer: &dyn Observer) {
        let mut jobs = Vec::new();
        for (_, name, path, size_bytes) in &self.reads {
            match self.signed.get(name) {
                Some(Signed::Shards(shards)) => {
                    for shard in shards {
                        jobs.push(Job {
                            path: path.clone(),
                            range: Some((shard.start, shard.end)),
                            size_bytes: shard.end.saturating_sub(shard.start),
                        });
                    }
                }
                _ => jobs.push(Job {
                    path: path.clone(),
                    range: None,
                    size_bytes: *size_bytes,
                }),
            }
        }
        let mut results =
            hashing::hash(&jobs, self.statement.algorithm, self.options.threads, observer).into_iter();
        for (name, signed_name, _, size_bytes) in std::mem::take(&mut self.reads) {
            match self.signed.get(signed_name) {
                Some(Signed::Whole(digest)) => {
                    let signed = digest.to_vec();
                    let result = results.next();
                    self.whole(name, &signed, result);
                }
                Some(Signed::Shards(shards)) => {
                    let end = shards.last().map_or(0, |shard| shard.end);
                    let signed: Vec<Vec<u8>> = shards.iter().map(|shard| shard.digest.to_vec()).collect();
                    let found: Vec<_> = results.by_ref().take(signed.len()).collect();
                    self.shards(name, &signed, found, end == size_bytes);
                }
                None => {}
            }
        }
    }

    fn whole(&mut self, name: String, signed: &[u8], result: Option<Result<hashing::Hashed, Unhashed>>) {
        let mut report = FileReport {
            name: name.clone(),
            state: FileState::Unreadable,
            size_bytes: None,
            signed_digest: Some(hex(signed)),
            found_digest: None,
        };
        match result {
            Some(Ok(hashed)) => {
                report.size_bytes = Some(hashed.size_bytes);
                report.found_digest = Some(hex(&hashed.digest));
                report.state = FileState::Signed;
                if hashed.digest != signed {
                    report.state = FileState::Changed;
                    self.out.refusals.push(Refusal::FileChanged { name });
                }
            }
            other => self
                .out
                .refusals
                .push(unhashed(name, other.and_then(Result::err))),
        }
        self.out.files.push(report);
    }

    fn shards(
        &mut self,
        name: String,
        signed: &[Vec<u8>],
        found: Vec<Result<hashing::Hashed, Unhashed>>,
        has_size: bool,
    ) {
        let mut size_bytes = 0_u64;
        let mut is_same = has_size && found.len() == signed.len();
        let mut failed = None;
        for (result, signed) in found.into_iter().zip(signed) {
            match result {
                Ok(hashed) => {
                    size_bytes = size_bytes.saturating_add(hashed.size_bytes);
                    is_same &= hashed.digest == *signed;
                }
                Err(error) => failed = Some(error),
            }
        }
        let state = match (failed, is_same) {
            (Some(error), _) => {
                self.out.refusals.push(unhashed(name.clone(), Some(error)));
                FileState::Unreadable
            }
            (None, true) => FileState::Signed,
            (None, false) => {
                self.out
                    .refusals
                    .push(Refusal::FileChanged { name: name.clone() });
                FileState::Changed
            }
        };
        self.out.files.push(FileReport {
            name,
            state,
            size_bytes: Some(size_bytes),
            signed_digest: None,
            found_digest: None,
        });
    }

    /// Tells of every signed file that is not there.
    fn missing(&mut self) {
        for (name, signed) in &self.signed {
            if self.seen.contains(name) {
                continue;
            }
            self.out.refusals.push(Refusal::FileMissing {
                name: (*name).to_owned(),
            });
            self.out.files.push(FileReport {
                name: (*name).to_owned(),
                state: FileState::Missing,
                size_bytes: None,
                signed_digest: match signed {
                    Signed::Whole(digest) => Some(hex(digest)),
                    Signed::Shards(_) => None,
                },
                found_digest: None,
            });
        }
    }

    fn finish(mut self) -> Compared {
        if self.empty > 0 {
            self.out.notes.push(Note::EmptyNotCovered { count: self.empty });
        }
        self.out.files.sort_by(|one, other| one.name.cmp(&other.name));
        self.out
            .refusals
            .sort_by(|one, other| (one.file(), one.id()).cmp(&(other.file(), other.id())));
        self.out
    }
}

fn unhashed(name: String, error: Option<Unhashed>) -> Refusal {
    match error {
        Some(unhashed) => unhashed.refusal(name),
        None => Refusal::FileUnreadable {
            name,
            problem: "it was not read".to_owned(),
        },
    }
}
