use std::fmt::Write as _;

use clap::Args;
use cleanbill_core::{ExitCode, text};

use super::IndexFile;
use crate::{failure::Failure, output::Output, shell::Shell};

/// Say what an index holds: its date, its sources with their digests, its ecosystems
#[derive(Args, Debug)]
pub(crate) struct Show {
    #[command(flatten)]
    index: IndexFile,
}

pub(super) fn run(arguments: &Show, shell: &Shell) -> Result<ExitCode, Failure> {
    let index = arguments.index.open()?;
    let info = index.info();
    let (date, records, withdrawn, commits, broken) = (
        &info.date,
        info.records,
        info.withdrawn,
        info.git_only,
        info.broken,
    );
    let mut out = String::new();
    let first = text!(
        "{records} advisories of {date}; left out: {withdrawn} withdrawn, {broken} unreadable; {commits} name commits only",
        "{date} 的 {records} 条公告；未收入：已撤回 {withdrawn} 条，无法读取 {broken} 条；仅指明提交 {commits} 条"
    );
    let _ = writeln!(out, "{}", first.get(shell.language));
    for one in &info.ecosystems {
        let (name, records, packages, newest) = (&one.name, one.records, one.packages, &one.newest);
        let line = text!(
            "{name}: {records} advisories on {packages} packages, newest of {newest}",
            "{name}：{packages} 个软件包的 {records} 条公告，最新为 {newest}"
        );
        let _ = writeln!(out, "{}", line.get(shell.language));
    }
    for one in &info.sources {
        let _ = writeln!(
            out,
            "{}  sha256:{}  {} bytes",
            one.name, one.sha256, one.size_bytes
        );
    }
    Output::Stdout.write(out.as_bytes())?;
    Ok(ExitCode::Pass)
}
