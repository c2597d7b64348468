//! `lock`: the bytes and revisions of a system's artifacts, pinned in a file.

use std::path::PathBuf;

use clap::{Args, value_parser};
use cleanbill_core::{ExitCode, Language, Text, text};
use cleanbill_documents::terminal;
use cleanbill_policy::{
    limits,
    lock::{FILE_NAME, Lock},
};

use super::system::{self, Reading, System};
use crate::{failure::Failure, output::Output, shell::Shell};

/// Pin every artifact of a system: the digest and size of each file, and the revision where one can be known
///
/// Reads what `cleanbill.toml` lists and writes `cleanbill.lock` beside it. `cleanbill verify --lock` tells every difference from it
/// later. Nothing is fetched or run; the same artifacts give the same lock.
#[derive(Args, Debug)]
pub(crate) struct LockArguments {
    /// The system file; the nearest `cleanbill.toml` in this folder or above it by default
    #[arg(long, value_name = "FILE")]
    system: Option<PathBuf>,
    /// Where to write the lock; `cleanbill.lock` beside the system file by default; it appears under its name only when it is whole
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Read what links to files lead to, instead of refusing them; the lock says so
    #[arg(long, alias = "allow_symlinks")]
    allow_symlinks: bool,
    /// How many threads read at the same time; all cores by default
    #[arg(long, short, value_name = "NUMBER", value_parser = value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
}

pub(crate) fn run(arguments: &LockArguments, shell: &Shell) -> Result<ExitCode, Failure> {
    let system = System::open(arguments.system.as_ref(), shell)?;
    let path = arguments
        .output
        .clone()
        .unwrap_or_else(|| system.beside(FILE_NAME));
    let output = Output::new(Some(&path));
    output.check()?;
    if system.file.artifacts.is_empty() {
        let shown = system.shown();
        return Err(
            Failure::usage(text!("`{shown}` lists no artifact", "`{shown}` 没有列出任何制品")).hint(text!(
                "an `[[artifact]]` entry names one",
                "请用 `[[artifact]]` 条目列出"
            )),
        );
    }
    let found = system.gather(&Reading {
        allow_symlinks: arguments.allow_symlinks,
        threads: super::readers(arguments.jobs),
        lock: (output != Output::Stdout).then_some(path.as_path()),
        shell,
    });
    if let Some(failure) = system::troubled(&found) {
        return Err(failure);
    }
    let lock = Lock {
        allow_symlinks: arguments.allow_symlinks,
        artifacts: found.into_iter().map(|one| one.artifact).collect(),
    };
    let text = lock.to_toml();
    let limit = limits::LOCK_FILE_BYTES;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > limit {
        return Err(Failure::usage(text!(
            "the lock would be larger than {limit} bytes, which is what is read",
            "锁定文件将大于可读取的上限 {limit} 字节"
        ))
        .hint(text!(
            "put the many small files of an artifact into an archive",
            "请将制品中的大量小文件打包为归档"
        )));
    }
    output.write(text.as_bytes())?;
    let files = lock.artifacts.iter().flat_map(|artifact| &artifact.files);
    let size = files
        .clone()
        .map(|file| file.size_bytes)
        .fold(0_u64, u64::saturating_add);
    let size = terminal::bytes(size);
    let held = held(lock.artifacts.len(), files.count());
    let (en, zh) = (held.en(), held.get(Language::Chinese));
    let shown = terminal::printable(&path.display().to_string());
    if shell.quiet || output == Output::Stdout {
        return Ok(ExitCode::Pass);
    }
    let said = text!("locked {en}, {size}: `{shown}`", "已锁定 {zh}、{size}：`{shown}`");
    Output::Stdout.write(format!("{}\n", said.get(shell.language)).as_bytes())?;
    Ok(ExitCode::Pass)
}

/// Counts what a lock holds.
pub(super) fn held(artifacts: usize, files: usize) -> Text {
    let count =
        |number: usize, one, many, zh| Text::count(u64::try_from(number).unwrap_or(u64::MAX), one, many, zh);
    let artifacts = count(artifacts, "artifact", "artifacts", "个制品");
    let files = count(files, "file", "files", "个文件");
    let (en, more) = (artifacts.en(), files.en());
    let (zh, more_zh) = (artifacts.get(Language::Chinese), files.get(Language::Chinese));
    text!("{en}, {more}", "{zh}、{more_zh}")
}
