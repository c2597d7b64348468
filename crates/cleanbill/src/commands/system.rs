//! The system file as the verbs find it, and its artifacts as they lie on the disk.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Read as _},
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use cleanbill_attest::{IgnorePaths, ListOptions, Quiet, Refusal, list_files};
use cleanbill_core::{ExitCode, Language, Text, text};
use cleanbill_policy::{
    Fault, limits,
    lock::{FoundArtifact, LEFT_OUT, LockedArtifact, LockedFile, Trouble, TroubleState, root_digest},
    policy_file::{self, Artifact, FILE_NAME, SystemFile},
    revision::{self, Revision},
};

use super::proof;
use crate::{failure::Failure, progress::Line, shell::Shell};

/// Deepest folder of records of downloads.
const RECORD_DEPTH: usize = 32;
/// Bytes of the record of a download that are looked at, which is more than a commit takes.
const COMMIT_LINE_BYTES: u64 = 128;

/// Holds a system file and where it lies.
#[derive(Debug)]
pub(super) struct System {
    pub(super) file: SystemFile,
    /// Its path, as it was named or found.
    pub(super) path: PathBuf,
    /// The folder that its paths start from.
    pub(super) folder: PathBuf,
}

impl System {
    /// Opens the file that the caller names, or else the nearest one in this folder and those above it.
    pub(super) fn open(named: Option<&PathBuf>, shell: &Shell) -> Result<Self, Failure> {
        let path = match named {
            Some(path) => path.clone(),
            None => nearest(shell)?,
        };
        let bytes = proof::read_bounded(&path, limits::SYSTEM_FILE_BYTES)?;
        let file = policy_file::read(&bytes).map_err(|faults| faulty(&path, &faults))?;
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        Ok(Self { file, path, folder })
    }

    /// Returns its path for people and documents.
    pub(super) fn shown(&self) -> String {
        self.path.display().to_string()
    }

    /// Returns the path of a file beside it.
    pub(super) fn beside(&self, name: &str) -> PathBuf {
        self.path.with_file_name(name)
    }

    /// Returns where an artifact lies.
    pub(super) fn locate(&self, artifact: &Artifact) -> PathBuf {
        if artifact.path == "." {
            self.folder.clone()
        } else {
            self.folder.join(&artifact.path)
        }
    }

    /// Reads every artifact.
    pub(super) fn gather(&self, reading: &Reading<'_>) -> Vec<FoundArtifact> {
        let artifacts = self.file.artifacts.iter();
        let mut found: Vec<FoundArtifact> = artifacts.map(|artifact| self.read(artifact, reading)).collect();
        found.sort_by(|one, other| one.artifact.name.cmp(&other.artifact.name));
        found
    }

    fn read(&self, artifact: &Artifact, reading: &Reading<'_>) -> FoundArtifact {
        let mut found = FoundArtifact {
            artifact: LockedArtifact {
                name: artifact.name.clone(),
                kind: artifact.kind,
                path: artifact.path.clone(),
                source: artifact.source.clone(),
                revision: None,
                digest: String::new(),
                files: Vec::new(),
            },
            troubles: Vec::new(),
        };
        if let Err(trouble) = self.read_into(&mut found, artifact, reading) {
            found.artifact.files.clear();
            found.troubles = vec![*trouble];
        }
        found.artifact.digest = root_digest(&found.artifact.files);
        found
    }

    fn read_into(
        &self,
        found: &mut FoundArtifact,
        artifact: &Artifact,
        reading: &Reading<'_>,
    ) -> Result<(), Box<Trouble>> {
        let path = self.locate(artifact);
        let whole = |state, text| Trouble {
            file: None,
            state,
            text,
            hint: None,
        };
        let unreadable = |error: &io::Error| {
            let state = match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => TroubleState::Absent,
                _ => TroubleState::Unreadable,
            };
            Box::new(whole(state, Text::same(error.to_string())))
        };
        let real = fs::canonicalize(&path).map_err(|error| unreadable(&error))?;
        let folder = fs::canonicalize(&self.folder).map_err(|error| unreadable(&error))?;
        if !artifact.outside && !real.starts_with(&folder) {
            let text = text!(
                "a link leads out of the folder of the system file",
                "链接指向系统文件所在文件夹之外"
            );
            return Err(Box::new(Trouble {
                hint: Some(text!(
                    "`outside = true` in its entry allows that",
                    "在其条目中写明 `outside = true` 才允许"
                )),
                ..whole(TroubleState::Refused, text)
            }));
        }
        let own = reading.lock.and_then(|lock| proof::below(&real, lock));
        let ignore = IgnorePaths::new(LEFT_OUT.into_iter().map(str::to_owned).chain(own));
        let options = ListOptions {
            allow_symlinks: reading.allow_symlinks,
            ignore: ignore.map_err(|refusal| trouble(&refusal, None))?,
            threads: reading.threads,
        };
        let listed = if reading.shell.progress {
            list_files(&real, &options, &Line::start(reading.shell.language))
        } else {
            list_files(&real, &options, &Quiet)
        };
        let listed = listed.map_err(|refusal| trouble(&refusal, None))?;
        if listed.is_empty() {
            return Err(trouble(&Refusal::ModelEmpty, None).into());
        }
        for one in listed {
            match one.found {
                Ok((size_bytes, sha256)) => found.artifact.files.push(LockedFile {
                    path: one.name,
                    size_bytes,
                    sha256,
                }),
                Err(refusal) => found.troubles.push(trouble(&refusal, Some(one.name))),
            }
        }
        found.artifact.revision = revision_of(&path, &real, &folder);
        Ok(())
    }
}

/// Says how artifacts are read.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) allow_symlinks: bool,
    pub(super) threads: NonZeroUsize,
    /// The lock file, which is left out where it lies in an artifact.
    pub(super) lock: Option<&'a Path>,
    pub(super) shell: &'a Shell,
}

fn trouble(refusal: &Refusal, file: Option<String>) -> Trouble {
    Trouble {
        file,
        state: if refusal.is_unreadable() {
            TroubleState::Unreadable
        } else {
            TroubleState::Refused
        },
        text: refusal.text(),
        hint: match refusal {
            Refusal::FileSymlink { .. } => refusal.hint(),
            _ => None,
        },
    }
}

fn nearest(shell: &Shell) -> Result<PathBuf, Failure> {
    let here = Path::new(FILE_NAME);
    if here.is_file() {
        return Ok(here.to_owned());
    }
    let current = fs::canonicalize(".").unwrap_or_default();
    let above = current.ancestors().skip(1).map(|folder| folder.join(FILE_NAME));
    let Some(path) = above.into_iter().find(|path| path.is_file()) else {
        return Err(Failure::usage(text!(
            "there is no `{FILE_NAME}` in this folder or above it",
            "本文件夹及其上级均没有 `{FILE_NAME}`"
        ))
        .hint(text!("name one with `--system`", "请用 `--system` 指定")));
    };
    let shown = path.display();
    // Whoever may write into a folder above decides whom this call trusts.
    shell.note(&text!("rules are those of `{shown}`", "使用 `{shown}` 的规则"));
    Ok(path)
}

/// Tells everything that is wrong with a file of rules.
pub(super) fn faulty(path: &Path, faults: &[Fault]) -> Failure {
    let file = path.display().to_string();
    let texts: Vec<Text> = faults.iter().map(|fault| fault.text(&file)).collect();
    Failure::usage(joined(&texts))
}

/// Joins texts, one on each line.
pub(super) fn joined(texts: &[Text]) -> Text {
    let lines = |language| {
        let lines: Vec<&str> = texts.iter().map(|text| text.get(language)).collect();
        lines.join("\n")
    };
    Text::new(lines(Language::English), lines(Language::Chinese))
}

/// Ends a command for what could not be read of artifacts.
pub(super) fn troubled(found: &[FoundArtifact]) -> Option<Failure> {
    let mut texts = Vec::new();
    let mut hint = None;
    let mut code = ExitCode::Incomplete;
    for one in found {
        let name = &one.artifact.name;
        for trouble in &one.troubles {
            let (en, zh) = (trouble.text.en(), trouble.text.get(Language::Chinese));
            texts.push(text!("`{name}`: {en}", "`{name}`：{zh}"));
            hint = hint.or_else(|| trouble.hint.clone());
            if trouble.state == TroubleState::Refused {
                code = ExitCode::Fail;
            }
        }
        if let Some((stated, found)) = one.artifact.contradiction() {
            code = ExitCode::Fail;
            texts.push(text!(
                "`{name}`: its source names the commit {stated}, but it is at {found}",
                "`{name}`：来源指明提交 {stated}，实际为 {found}"
            ));
        }
    }
    (!texts.is_empty()).then(|| Failure {
        code,
        message: joined(&texts),
        hint,
    })
}

/// Finds the revision that an artifact says it is at: by its place in a cache, the records of its download, or its checkout.
///
/// In a cache, the links in a snapshot lead to files that are named by their digests, so that `named` tells what `path` does not.
fn revision_of(named: &Path, path: &Path, system: &Path) -> Option<Revision> {
    let read = |path: &Path| {
        // Opening a pipe would wait for somebody to write.
        let is_file = fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
        is_file
            .then(|| proof::bounded(path, limits::RECORD_BYTES).ok().flatten())
            .flatten()
    };
    let has_git = |folder: &Path| folder.join(".git").exists();
    revision::hub_cache(path)
        .or_else(|| revision::hub_cache(named))
        .or_else(|| revision::hub_folder(first_lines(&path.join(".cache/huggingface/download"))?))
        .or_else(|| {
            let folder = revision::checkout(path, system, &has_git)?;
            revision::git_head(&folder, &read)
        })
}

/// Reads the different first lines of the records that a download leaves, each of which is a commit; nothing where there are more records
/// than are read.
fn first_lines(folder: &Path) -> Option<BTreeSet<Vec<u8>>> {
    let mut lines = BTreeSet::new();
    let mut seen = 0_usize;
    let mut folders = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        for entry in fs::read_dir(folder).ok()? {
            let entry = entry.ok()?;
            seen += 1;
            if seen > limits::RECORDS || depth > RECORD_DEPTH {
                return None;
            }
            let kind = entry.file_type().ok()?;
            let path = entry.path();
            if kind.is_dir() {
                folders.push((path, depth + 1));
            } else if path.extension().is_some_and(|extension| extension == "metadata") {
                // Opening a pipe would wait for somebody to write.
                if !kind.is_file() {
                    return None;
                }
                let mut start = Vec::new();
                let file = fs::File::open(&path).ok()?;
                file.take(COMMIT_LINE_BYTES).read_to_end(&mut start).ok()?;
                let line = start.split(|byte| *byte == b'\n').next();
                lines.insert(line.unwrap_or_default().to_vec());
            }
        }
    }
    Some(lines)
}
