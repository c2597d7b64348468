mod approval;

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::{
    Args,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
    value_parser,
};
use cleanbill_core::{ArtifactReport, ExitCode, Report, Severity, Text, Verdict, text};
use cleanbill_documents::reports::{self, Detail, REPORTS, RenderContext, ReportFormat, RunOptions};
use cleanbill_formats::limits::LIMITS;
use cleanbill_scan::{DETECTORS, KnownNames, Options, Outcome, Progress, scan};

use crate::{
    failure::Failure,
    nearest::did_you_mean,
    output::Output,
    progress::Line,
    rules::rules,
    shell::{self, Shell},
    target::{self, Resolved},
};

/// Examine files, folders and streams, and exit by the verdict
///
/// Recognises every artifact by its content, examines it and everything inside it, and writes a report. Nothing is loaded,
/// executed or unpacked to disk under a name. The network is used only where a target names it.
#[derive(Args, Debug)]
pub(crate) struct Scan {
    /// What to examine: a file, a folder, `-` for standard input, `hf://org/name[@revision][/path]`, `https://host/file`, `s3://bucket/prefix`, `gs://`, `az://`
    #[arg(required = true, value_name = "TARGET")]
    targets: Vec<String>,
    /// Report to write
    #[arg(long, short, value_name = "FORMAT", default_value = "human", value_parser = report_formats())]
    format: &'static ReportFormat,
    /// Write the report to this file instead of stdout; it appears under its name only when it is whole
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write one more report, such as `sarif=scan.sarif`; may be repeated
    #[arg(long, value_name = "FORMAT=FILE", value_parser = report_to_file)]
    report: Vec<(&'static ReportFormat, PathBuf)>,
    /// Fail with a finding of this severity or worse
    #[arg(long, value_name = "SEVERITY", default_value = "high", value_parser = super::severities())]
    fail_on: Severity,
    /// Exit with 0 whatever the verdict
    #[arg(long)]
    exit_zero: bool,
    /// Compute the SHA-256 of every artifact, which reads all of its bytes
    #[arg(long)]
    digests: bool,
    /// List everything in reports that would otherwise shorten long lists
    #[arg(long)]
    all: bool,
    /// Run only this detector; may be repeated
    #[arg(long, value_name = "DETECTOR")]
    only: Vec<String>,
    /// Change a cap on work or memory, such as `member_bytes=2GiB`; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    limit: Vec<String>,
    /// Compare chat templates, servers, tools and instructions with the state in this file, which `--write-approved` wrote
    #[arg(long, value_name = "FILE")]
    approved: Option<PathBuf>,
    /// Write the chat templates, servers, tools and instructions of the target to this file as the approved state
    #[arg(long, value_name = "FILE")]
    write_approved: Option<PathBuf>,
    /// Report packages, models and datasets that this index of names does not hold: a package URL a line, without version
    #[arg(long, value_name = "FILE")]
    known_names: Option<PathBuf>,
    /// How many threads examine at the same time; all cores by default
    #[arg(long, short, value_name = "NUMBER", value_parser = value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
}

pub(crate) fn run(arguments: &Scan, shell: &Shell) -> Result<ExitCode, Failure> {
    let main = Output::new(arguments.output.as_ref());
    let mut documents = vec![(arguments.format, main.clone())];
    for (format, file) in &arguments.report {
        documents.push((*format, Output::File(file.clone())));
    }
    for (index, (_, output)) in documents.iter().enumerate() {
        output.check()?;
        if documents.iter().skip(index + 1).any(|(_, other)| other == output) {
            return Err(Failure::usage(text!(
                "two reports have the same file",
                "两个报告使用了同一个文件"
            ))
            .hint(text!(
                "give each report a file of its own",
                "请为每个报告指定各自的文件"
            )));
        }
    }
    let (mut options, described) = options(arguments)?;
    let to_approve = approval::prepare(arguments.write_approved.as_ref(), &documents, &arguments.targets)?;
    if let Some(file) = &arguments.approved {
        options.approved = Some(approval::read(file, &arguments.targets)?);
    }
    if let Some(file) = &arguments.known_names {
        options.known_names = Some(Arc::new(known_names(file)?));
    }
    let outcome = examine(arguments, &options, shell)?;
    let report = &outcome.report;
    let rules = rules();
    let context = |detail, output: &Output| RenderContext {
        language: shell.language,
        width: shell.width(output),
        color: shell.color(output),
        detail,
        rules: &rules,
        options: &described,
    };
    let detail = match (arguments.all, shell.quiet) {
        (true, _) => Detail::All,
        (false, true) => Detail::Verdict,
        (false, false) => Detail::Short,
    };
    for (format, output) in &documents {
        output.write(&(format.render)(report, &context(detail, output)))?;
    }
    if let Some(output) = &to_approve {
        approval::write(output, &outcome, shell)?;
    }
    if (arguments.format.id, &main) != ("human", &Output::Stdout) {
        verdict_line(
            report,
            &RenderContext {
                color: cleanbill_documents::terminal::Color::Plain,
                ..context(Detail::Verdict, &main)
            },
            shell,
        );
    }
    if !outcome.internal_errors.is_empty() {
        shell::internal_error(&outcome.internal_errors);
        return Ok(ExitCode::Internal);
    }
    Ok(match report.verdict {
        Verdict::Pass | Verdict::Fail | Verdict::Incomplete if arguments.exit_zero => ExitCode::Pass,
        verdict => verdict.into(),
    })
}

/// Reads the index of names.
fn known_names(file: &Path) -> Result<KnownNames, Failure> {
    let shown = file.display();
    let cannot = |error: &dyn std::fmt::Display| {
        Failure::usage(text!(
            "cannot use the index of names `{shown}`: {error}",
            "无法使用名称索引 `{shown}`：{error}"
        ))
        .hint(text!(
            "give a file with a package URL a line, such as `pkg:pypi/torch`",
            "请给出每行一个包 URL 的文件，例如 `pkg:pypi/torch`"
        ))
    };
    let opened = File::open(file).map_err(|error| cannot(&error))?;
    KnownNames::read(opened).map_err(|error| cannot(&error))
}

/// Says the verdict where the report itself is not before the caller's eyes.
fn verdict_line(report: &Report, context: &RenderContext<'_>, shell: &Shell) {
    if let Some(human) = reports::find("human") {
        let line = String::from_utf8_lossy(&(human.render)(report, context))
            .trim_end()
            .to_owned();
        shell.note(&Text::same(line));
    }
}

/// Examines every target and joins what came out.
fn examine(arguments: &Scan, options: &Options, shell: &Shell) -> Result<Outcome, Failure> {
    let mut targets: Vec<(&str, Resolved)> = Vec::new();
    for name in &arguments.targets {
        if !targets.iter().any(|(known, _)| known == name) {
            let resolved = target::resolve(name, &options.limits, &shell.remote)?;
            for notice in &resolved.notices {
                shell.note(notice);
            }
            targets.push((name, resolved));
        }
    }
    let pool = super::threads(arguments.jobs)?;
    let line = shell.progress.then(|| Line::start(shell.language));
    let progress = line.as_ref().map(|line| line as &dyn Progress);
    let one = |target: &Resolved| {
        let source = target.source.as_ref();
        pool.install(|| scan(source, &target.shown, options, progress))
    };
    let mut outcomes: Vec<(&str, Outcome)> = targets
        .iter()
        .map(|(name, target)| (*name, one(target)))
        .collect();
    if outcomes.len() == 1
        && let Some((_, outcome)) = outcomes.pop()
    {
        return Ok(outcome);
    }
    Ok(join(outcomes))
}

/// Joins the outcomes of several targets into one, their paths below the names of their targets.
fn join(outcomes: Vec<(&str, Outcome)>) -> Outcome {
    let mut names = Vec::new();
    let mut artifacts: Vec<ArtifactReport> = Vec::new();
    let mut findings = Vec::new();
    let mut facts = Vec::new();
    let mut internal_errors = Vec::new();
    let mut tool = None;
    for (name, outcome) in outcomes {
        names.push(outcome.report.target);
        tool = Some(outcome.report.tool);
        internal_errors.extend(
            outcome
                .internal_errors
                .iter()
                .map(|path| target::joined(name, path)),
        );
        facts.extend(outcome.facts.into_iter().map(|mut one| {
            one.path = target::joined(name, &one.path);
            one
        }));
        artifacts.extend(outcome.report.artifacts.into_iter().map(|mut artifact| {
            artifact.path = target::joined(name, &artifact.path);
            artifact
        }));
        findings.extend(outcome.report.findings.into_iter().map(|mut finding| {
            finding.location.artifact = target::joined(name, &finding.location.artifact);
            finding
        }));
    }
    // A file that two targets lead to is examined twice and stands once.
    artifacts.sort_by(|left, right| left.path.cmp(&right.path));
    artifacts.dedup();
    let tool = tool.unwrap_or_else(|| cleanbill_core::ToolInfo {
        name: "cleanbill".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        detectors_digest: cleanbill_scan::detectors_digest(),
    });
    Outcome {
        report: Report::assemble(tool, names.join(", "), artifacts, findings),
        facts,
        internal_errors,
    }
}

/// Reads the options of the scan, and what to say of them in reports.
fn options(arguments: &Scan) -> Result<(Options, RunOptions), Failure> {
    let mut options = Options {
        fail_on: arguments.fail_on,
        ..Options::default()
    };
    options.digests = arguments.digests;
    let mut limits = Vec::new();
    for wish in &arguments.limit {
        let (name, value) = limit(wish)?;
        if !options.limits.set(name, value) {
            let known = LIMITS.iter().map(|limit| limit.name);
            return Err(
                Failure::usage(text!("no limit is called `{name}`", "没有名为 `{name}` 的上限"))
                    .hint(did_you_mean(name, known, "cleanbill list limits")),
            );
        }
        limits.retain(|(known, _)| known != name);
        limits.push((name.to_owned(), value));
    }
    for id in &arguments.only {
        if !DETECTORS.iter().any(|detector| detector.id == id) {
            let known = DETECTORS.iter().map(|detector| detector.id);
            return Err(
                Failure::usage(text!("no detector is called `{id}`", "没有名为 `{id}` 的检测器"))
                    .hint(did_you_mean(id, known, "cleanbill list detectors")),
            );
        }
    }
    options.only = (!arguments.only.is_empty()).then(|| arguments.only.clone());
    let described = RunOptions {
        fail_on: options.fail_on,
        only: options.only.clone(),
        limits,
    };
    Ok((options, described))
}

/// Reads `name=value`, where the value may end in `KiB`, `MiB`, `GiB` or `TiB` and hold `_`.
fn limit(wish: &str) -> Result<(&str, u64), Failure> {
    let parsed = wish.split_once('=').and_then(|(name, value)| {
        let value = value.trim().replace('_', "");
        let split = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
        let (digits, unit) = value.split_at_checked(split)?;
        let factor: u64 = match unit.trim() {
            "" => 1,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            "TiB" => 1 << 40,
            _ => return None,
        };
        let number: u64 = digits.parse().ok()?;
        Some((
            name.trim(),
            number.checked_mul(factor).filter(|value| *value > 0)?,
        ))
    });
    parsed.ok_or_else(|| {
        Failure::usage(text!("cannot read limit `{wish}`", "无法理解上限 `{wish}`")).hint(text!(
            "write it as `name=value` with a number above 0, such as `member_bytes=2GiB`",
            "写作 `名称=数值`，数值大于 0，例如 `member_bytes=2GiB`"
        ))
    })
}

fn report_formats() -> impl TypedValueParser<Value = &'static ReportFormat> {
    let values = REPORTS
        .iter()
        .map(|format| PossibleValue::new(format.id).help(format.title_en));
    PossibleValuesParser::new(values).try_map(|id| reports::find(&id).ok_or("no such report"))
}

fn report_to_file(wish: &str) -> Result<(&'static ReportFormat, PathBuf), String> {
    let ids: Vec<&str> = REPORTS.iter().map(|format| format.id).collect();
    let (id, file) = wish
        .split_once('=')
        .filter(|(_, file)| !file.is_empty())
        .ok_or("write it as `FORMAT=FILE`, such as `sarif=scan.sarif`")?;
    let format = reports::find(id)
        .ok_or_else(|| format!("no report is called `{id}`; there are: {}", ids.join(", ")))?;
    Ok((format, PathBuf::from(file)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_take_units() {
        let read = |wish| limit(wish).ok();
        assert_eq!(read("tensors=1_000"), Some(("tensors", 1000)));
        assert_eq!(read("member_bytes=2GiB"), Some(("member_bytes", 2 << 30)));
        for wrong in [
            "tensors",
            "tensors=",
            "tensors=0",
            "tensors=-1",
            "tensors=1 GB",
            "tensors=99999999TiB",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
