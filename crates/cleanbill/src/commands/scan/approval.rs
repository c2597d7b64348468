//! The files of `--approved` and `--write-approved`.

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use cleanbill_core::{CoverageState, Definition, text};
use cleanbill_documents::{approved, reports::ReportFormat};
use cleanbill_scan::Outcome;

use crate::{failure::Failure, output::Output, shell::Shell};

/// Checks the file that `--write-approved` names, before long work is done for it.
pub(super) fn prepare(
    file: Option<&PathBuf>,
    documents: &[(&'static ReportFormat, Output)],
    targets: &[String],
) -> Result<Option<Output>, Failure> {
    let Some(file) = file else { return Ok(None) };
    one_target(targets)?;
    let output = Output::new(Some(file));
    output.check()?;
    if documents.iter().any(|(_, other)| *other == output) {
        return Err(Failure::usage(text!(
            "a report and the approved state have the same file",
            "报告与批准状态使用了同一个文件"
        ))
        .hint(text!("give each a file of its own", "请分别指定各自的文件")));
    }
    Ok(Some(output))
}

/// Reads the approved state.
pub(super) fn read(file: &Path, targets: &[String]) -> Result<Vec<Definition>, Failure> {
    one_target(targets)?;
    let shown = file.display();
    let cannot = |error: &dyn std::fmt::Display| {
        Failure::usage(text!(
            "cannot use the approved state `{shown}`: {error}",
            "无法使用批准状态 `{shown}`：{error}"
        ))
        .hint(text!(
            "write it with `--write-approved` on a target that somebody read",
            "请对经过阅读的目标使用 `--write-approved` 写出"
        ))
    };
    let mut bytes = Vec::new();
    // One byte more than the limit, so that a longer file shows and one without end does not fill the memory.
    File::open(file)
        .and_then(|opened| opened.take(approved::FILE_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|error| cannot(&error))?;
    approved::read(&bytes).map_err(|error| cannot(&error))
}

/// Writes what the target defines, and says what it does not cover.
pub(super) fn write(output: &Output, outcome: &Outcome, shell: &Shell) -> Result<(), Failure> {
    let definitions: Vec<Definition> = outcome
        .facts
        .iter()
        .flat_map(|one| one.definitions.iter().map(|(definition, _)| definition.clone()))
        .collect();
    output.write(&approved::write(&outcome.report.tool, &definitions))?;
    let count = definitions.len();
    shell.note(&text!(
        "approved state written: {count} definitions",
        "已写出批准状态：{count} 个定义"
    ));
    let partial = outcome
        .report
        .artifacts
        .iter()
        .filter(|artifact| artifact.coverage.state() != CoverageState::Complete)
        .count();
    if partial > 0 {
        shell.note(&text!(
            "{partial} artifacts were not examined in full: what they define may be missing from it",
            "{partial} 个文件未完整检查：其中的定义可能未包含在内"
        ));
    }
    Ok(())
}

fn one_target(targets: &[String]) -> Result<(), Failure> {
    if targets.len() == 1 {
        return Ok(());
    }
    Err(Failure::usage(text!(
        "an approved state belongs to one target",
        "批准状态只对应一个目标"
    ))
    .hint(text!(
        "scan each target with a file of its own",
        "请对每个目标分别使用各自的文件"
    )))
}
