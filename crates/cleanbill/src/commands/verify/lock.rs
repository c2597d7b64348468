//! `verify --lock`: every artifact of a system against what it was pinned to.

use std::{fmt::Write as _, path::PathBuf};

use clap::{Args, value_parser};
use cleanbill_core::{ExitCode, Language, Text, Verdict, text};
use cleanbill_documents::terminal::{Color, Style, printable};
use cleanbill_policy::{
    limits,
    lock::{CHECK_SCHEMA, Difference, DifferenceKind, FILE_NAME, FoundArtifact, Lock, compare},
};
use serde_json::{Value, json};

use super::super::{
    bom::{self, Listing},
    lock::held,
    proof, readers,
    system::{Reading, System},
};
use crate::{failure::Failure, output::Output, shell::Shell};

/// What `verify --lock` takes.
#[derive(Args, Debug)]
pub(super) struct ByLock {
    /// Hold every artifact of the system against this lock; `cleanbill.lock` beside the system file by default
    #[arg(long, value_name = "FILE", num_args = 0..=1, required = true)]
    #[expect(
        clippy::option_option,
        reason = "the option with and without a value, as clap has it"
    )]
    lock: Option<Option<PathBuf>>,
    /// The system file; the nearest `cleanbill.toml` in this folder or above it by default
    #[arg(long, value_name = "FILE")]
    system: Option<PathBuf>,
    /// Read what links to files lead to, although the lock was made without
    #[arg(long, alias = "allow_symlinks")]
    allow_symlinks: bool,
    /// How many threads read at the same time; all cores by default
    #[arg(long, short, value_name = "NUMBER", value_parser = value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// How to write the result
    #[arg(long, short, value_name = "FORMAT", default_value = "human")]
    format: Listing,
    /// Write the result to this file instead of stdout; it appears under its name only when it is whole
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Holds what was found out.
struct Outcome {
    system: String,
    lock: String,
    /// What is wrong with the lock itself; then nothing was compared.
    faults: Vec<Text>,
    differences: Vec<Difference>,
    artifacts: usize,
    files: usize,
    size_bytes: u64,
}

pub(super) fn run(arguments: &ByLock, shell: &Shell) -> Result<ExitCode, Failure> {
    let output = Output::new(arguments.output.as_ref());
    output.check()?;
    let system = System::open(arguments.system.as_ref(), shell)?;
    let path = arguments.lock.clone().flatten();
    let path = path.unwrap_or_else(|| system.beside(FILE_NAME));
    let mut outcome = Outcome {
        system: system.shown(),
        lock: path.display().to_string(),
        faults: Vec::new(),
        differences: Vec::new(),
        artifacts: 0,
        files: 0,
        size_bytes: 0,
    };
    // A lock that is missing or damaged pins nothing: that is an answer, like a signature that is not there.
    let lock = match proof::read_bounded(&path, limits::LOCK_FILE_BYTES) {
        Ok(bytes) => Lock::read(&bytes).map_err(|faults| {
            let file = &outcome.lock;
            faults.iter().map(|fault| fault.text(file)).collect()
        }),
        Err(failure) => Err(vec![failure.message]),
    };
    match lock {
        Ok(lock) => {
            let found = system.gather(&Reading {
                allow_symlinks: arguments.allow_symlinks || lock.allow_symlinks,
                threads: readers(arguments.jobs),
                lock: Some(&path),
                shell,
            });
            outcome.count(&found);
            outcome.differences = compare(&lock, &found);
        }
        Err(faults) => outcome.faults = faults,
    }
    let document = match arguments.format {
        Listing::Json => bom::json(&outcome.to_json()),
        Listing::Human => outcome
            .human(shell.quiet, shell.language, shell.color(&output))
            .into_bytes(),
    };
    output.write(&document)?;
    Ok(outcome.verdict().into())
}

impl Outcome {
    fn count(&mut self, found: &[FoundArtifact]) {
        self.artifacts = found.len();
        for file in found.iter().flat_map(|one| &one.artifact.files) {
            self.files += 1;
            self.size_bytes = self.size_bytes.saturating_add(file.size_bytes);
        }
    }

    fn verdict(&self) -> Verdict {
        let unreadable = |one: &Difference| DifferenceKind::is_unreadable(one.kind);
        if !self.faults.is_empty() {
            Verdict::Fail
        } else if self.differences.is_empty() {
            Verdict::Pass
        } else if self.differences.iter().all(unreadable) {
            Verdict::Incomplete
        } else {
            Verdict::Fail
        }
    }

    fn to_json(&self) -> Value {
        json!({
            "schema": CHECK_SCHEMA,
            "tool": {"name": "cleanbill", "version": env!("CARGO_PKG_VERSION")},
            "system": self.system,
            "lock": self.lock,
            "verdict": self.verdict().as_str(),
            "summary": {
                "artifacts": self.artifacts,
                "files": self.files,
                "size_bytes": self.size_bytes,
                "differences": self.differences.len(),
            },
            "faults": self.faults.iter().map(Text::en).collect::<Vec<_>>(),
            "differences": self.differences.iter().map(Difference::to_json).collect::<Vec<_>>(),
        })
    }

    fn human(&self, quiet: bool, language: Language, color: Color) -> String {
        let lock = printable(&self.lock);
        let held = held(self.artifacts, self.files);
        let (en, zh) = (held.en(), held.get(Language::Chinese));
        let reason = match (self.faults.first(), self.differences.len()) {
            (Some(_), _) => text!("`{lock}`: the lock cannot be used", "`{lock}`：锁定文件不可用"),
            (None, 0) => text!("`{lock}`: as locked: {en}", "`{lock}`：与锁定时一致：{zh}"),
            (None, count) => text!("`{lock}`: differences: {count}", "`{lock}`：不同之处：{count}"),
        };
        let mut out = format!(
            "{} {}\n",
            color.verdict(self.verdict(), language),
            reason.get(language)
        );
        if quiet {
            return out;
        }
        let dash = color.paint(Style::Bad, "-");
        for fault in &self.faults {
            let _ = writeln!(out, "{dash} {}", printable(fault.get(language)));
        }
        for one in &self.differences {
            let (id, artifact) = (one.kind.id(), &one.artifact);
            let text = one.text();
            let (en, zh) = (text.en(), text.get(Language::Chinese));
            let line = text!("{id}: `{artifact}`: {en}", "{id}：`{artifact}`：{zh}");
            let _ = writeln!(out, "{dash} {}", printable(line.get(language)));
        }
        let mut hints: Vec<&Text> = self
            .differences
            .iter()
            .filter_map(|one| one.hint.as_ref())
            .collect();
        hints.sort();
        hints.dedup();
        for hint in hints {
            let (en, zh) = (hint.en(), hint.get(Language::Chinese));
            let line = text!("  hint: {en}", "  提示：{zh}");
            let _ = writeln!(out, "{}", line.get(language));
        }
        out
    }
}
