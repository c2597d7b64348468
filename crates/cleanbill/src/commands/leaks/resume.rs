//! What a run finished, so that the next one goes on from there: for each artifact that was searched in full its findings, with the
//! size and time of the file and a mark of what was looked for. What is not the same is searched again.

mod wire;

use std::{
    collections::BTreeMap,
    fs,
    io::{self, BufRead, BufReader, BufWriter, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::UNIX_EPOCH,
};

use cleanbill_core::{
    Coverage, Verdict,
    leak::{Leak, LeakArtifact},
    text,
};
use cleanbill_data::{Artifact, Key, Outcome};
use tempfile::NamedTempFile;

use super::{Leaks, bounded, fresh_bytes};
use crate::failure::Failure;
use wire::{Finding, Kept};

/// LIMIT: bytes of what is kept of an artifact besides its findings.
const KEPT_BYTES: u64 = 1 << 20;
/// LIMIT: bytes of a finding that is kept.
const FINDING_BYTES: u64 = 1 << 20;

/// What tells whether a file is still the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    size_bytes: u64,
    modified_ns: u64,
}

impl Stamp {
    /// Returns that of a file of this machine.
    pub(super) fn of(file: &Path) -> Option<Self> {
        let metadata = fs::metadata(file).ok().filter(fs::Metadata::is_file)?;
        let modified = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        Some(Self {
            size_bytes: metadata.len(),
            modified_ns: u64::try_from(modified.as_nanos()).ok()?,
        })
    }
}

/// Returns the key of the folder, under which findings of all its runs are marked.
pub(super) fn key(folder: &Path) -> Result<Key, Failure> {
    let shown = folder.display();
    let cannot = |error: &dyn std::fmt::Display| {
        Failure::usage(text!(
            "cannot keep what is finished in `{shown}`: {error}",
            "无法将已完成的部分保存到 `{shown}`：{error}"
        ))
    };
    fs::create_dir_all(folder).map_err(|error| cannot(&error))?;
    let file = folder.join("key");
    if !file.exists() {
        let mut made = NamedTempFile::new_in(folder).map_err(|error| cannot(&error))?;
        made.write_all(&fresh_bytes()?).map_err(|error| cannot(&error))?;
        // Another run may have been first.
        let _ = made.persist_noclobber(&file);
    }
    let bytes = bounded(&file, KEPT_BYTES).map_err(|error| cannot(&error))?;
    Key::new(&bytes).ok_or_else(|| cannot(&"its key is too short"))
}

/// Keeps what is finished, and knows what a run before it kept.
pub(super) struct Journal {
    folder: PathBuf,
    key: Key,
    setting: String,
    stamps: BTreeMap<Arc<str>, Stamp>,
    /// Findings of the artifact that is being searched.
    writing: Option<(Arc<str>, BufWriter<NamedTempFile>)>,
    failed: Option<io::Error>,
}

/// What need not be searched again.
#[derive(Default)]
pub(super) struct Recalled {
    artifacts: BTreeMap<Arc<str>, (LeakArtifact, PathBuf)>,
    reports: Vec<LeakArtifact>,
}

impl Journal {
    pub(super) fn new(arguments: &Leaks, folder: &Path, key: Key, rules: &str) -> Self {
        let text = |name: &str, values: &[String]| format!("{name} {values:?}");
        let setting = key.seal(&[
            env!("CARGO_PKG_VERSION"),
            rules,
            &text("columns", &arguments.columns),
            &text("id", arguments.id_field.as_slice()),
            &format!("{:?}", arguments.sample),
        ]);
        Self {
            folder: folder.to_owned(),
            key,
            setting,
            stamps: BTreeMap::new(),
            writing: None,
            failed: None,
        }
    }

    /// Takes what is known from the artifacts that are to be searched.
    pub(super) fn recall(
        &mut self,
        artifacts: &mut Vec<Artifact>,
        stamps: BTreeMap<Arc<str>, Stamp>,
    ) -> Recalled {
        self.stamps = stamps;
        let mut recalled = Recalled::default();
        artifacts.retain(|artifact| match self.known(&artifact.path) {
            Some(known) => {
                recalled.artifacts.insert(Arc::clone(&artifact.path), known);
                false
            }
            None => true,
        });
        recalled
    }

    fn place(&self, path: &str, end: &str) -> PathBuf {
        let name = self.key.seal(&["artifact", path]);
        self.folder.join(format!("{name}.{end}"))
    }

    fn known(&self, path: &Arc<str>) -> Option<(LeakArtifact, PathBuf)> {
        let stamp = self.stamps.get(path)?;
        let kept = bounded(&self.place(path, "json"), KEPT_BYTES).ok()?;
        let kept: Kept = serde_json::from_slice(&kept).ok()?;
        let same = kept.path == **path
            && kept.setting == self.setting
            && kept.size_bytes == stamp.size_bytes
            && kept.modified_ns == stamp.modified_ns;
        if !same {
            return None;
        }
        let findings = self.place(path, "jsonl");
        let mut count = 0;
        each_finding(&findings, path, &mut |_| {
            count += 1;
            Ok(())
        })
        .ok()?;
        let report = LeakArtifact {
            path: Arc::clone(path),
            size_bytes: kept.size_bytes,
            format: kept.format,
            records: kept.records,
            findings: kept.findings,
            coverage: Coverage::complete(),
            problems: Vec::new(),
            more_problems: 0,
            copied: false,
        };
        (count == kept.findings).then_some((report, findings))
    }

    /// Keeps a finding.
    pub(super) fn leak(&mut self, leak: &Leak) {
        if let Err(error) = self.write(leak) {
            self.failed = Some(error);
        }
    }

    fn write(&mut self, leak: &Leak) -> io::Result<()> {
        if !self.stamps.contains_key(&leak.artifact) {
            return Ok(());
        }
        let is_same = |(path, _): &(Arc<str>, _)| *path == leak.artifact;
        if !self.writing.as_ref().is_some_and(is_same) {
            let file = NamedTempFile::new_in(&self.folder)?;
            self.writing = Some((Arc::clone(&leak.artifact), BufWriter::new(file)));
        }
        if let Some((_, out)) = &mut self.writing {
            serde_json::to_writer(&mut *out, &Finding::of(leak))?;
            out.write_all(b"\n")?;
        }
        Ok(())
    }

    /// Keeps an artifact that was searched in full.
    pub(super) fn searched(&mut self, report: &LeakArtifact) {
        let writing = self.writing.take().filter(|(path, _)| *path == report.path);
        let stamp = self.stamps.get(&report.path).copied();
        let Some(stamp) = stamp.filter(|_| report.coverage.reasons().is_empty()) else {
            return;
        };
        if let Err(error) = self.finish(report, stamp, writing.map(|(_, out)| out)) {
            self.failed = Some(error);
        }
    }

    fn finish(
        &self,
        report: &LeakArtifact,
        stamp: Stamp,
        findings: Option<BufWriter<NamedTempFile>>,
    ) -> io::Result<()> {
        let findings = match findings {
            Some(out) => out.into_inner().map_err(io::IntoInnerError::into_error)?,
            None => NamedTempFile::new_in(&self.folder)?,
        };
        findings.persist(self.place(&report.path, "jsonl"))?;
        let kept = Kept {
            path: report.path.to_string(),
            setting: self.setting.clone(),
            size_bytes: stamp.size_bytes,
            modified_ns: stamp.modified_ns,
            format: report.format.clone(),
            records: report.records,
            findings: report.findings,
        };
        let mut file = NamedTempFile::new_in(&self.folder)?;
        file.write_all(&serde_json::to_vec(&kept)?)?;
        file.persist(self.place(&report.path, "json"))?;
        Ok(())
    }

    /// Returns why something could not be kept.
    pub(super) fn failed(&self) -> Option<&io::Error> {
        self.failed.as_ref()
    }
}

impl Recalled {
    pub(super) fn len(&self) -> usize {
        self.artifacts.len()
    }

    /// Hands out the findings of the artifacts that come before `path`, or of all that are left.
    pub(super) fn before(
        &mut self,
        path: Option<&str>,
        emit: &mut dyn FnMut(&Leak) -> io::Result<()>,
    ) -> io::Result<()> {
        while let Some(entry) = self.artifacts.first_entry() {
            if path.is_some_and(|path| **entry.key() >= *path) {
                break;
            }
            let (report, findings) = entry.remove();
            each_finding(&findings, &report.path, emit)?;
            self.reports.push(report);
        }
        Ok(())
    }

    /// Joins what was recalled with what was searched.
    pub(super) fn join(self, outcome: &mut Outcome, fail_on: cleanbill_core::Severity) {
        if self.reports.is_empty() {
            return;
        }
        outcome.artifacts.extend(self.reports);
        outcome
            .artifacts
            .sort_by(|left, right| left.path.cmp(&right.path));
        let failed = outcome
            .findings
            .iter()
            .any(|(group, number)| *number > 0 && group.2 >= fail_on);
        let complete = outcome
            .artifacts
            .iter()
            .all(|one| one.coverage.reasons().is_empty());
        outcome.verdict = match (failed, complete) {
            (true, _) => Verdict::Fail,
            (false, true) => Verdict::Pass,
            (false, false) => Verdict::Incomplete,
        };
    }
}

fn each_finding(
    file: &Path,
    artifact: &Arc<str>,
    emit: &mut dyn FnMut(&Leak) -> io::Result<()>,
) -> io::Result<()> {
    let invalid = || io::Error::from(io::ErrorKind::InvalidData);
    let mut lines = BufReader::new(fs::File::open(file)?);
    let mut line = Vec::new();
    loop {
        line.clear();
        (&mut lines).take(FINDING_BYTES).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(());
        }
        let finding: Finding = serde_json::from_slice(&line)?;
        emit(&finding.leak(artifact).ok_or_else(invalid)?)?;
    }
}
