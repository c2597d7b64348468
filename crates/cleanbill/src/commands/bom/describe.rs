use std::path::{Path, PathBuf};

use clap::Args;
use cleanbill_core::{
    CoverageState, ExitCode, Report,
    bill::{Bill, Source, Sourced},
    text,
};
use cleanbill_scan::{
    Options, Outcome, Progress,
    inventory::{About, bill},
    scan,
    source::{RepositoryKind, Target, parse_target},
};

use super::Writing;
use crate::{
    commands::{
        advisories::{Opened, Sources},
        threads,
    },
    failure::Failure,
    progress::Line,
    shell,
    shell::Shell,
    target,
};

#[derive(Args, Debug)]
pub(crate) struct Describe {
    /// What to describe: a file, a folder, `hf://org/name[@revision]`, `hf://datasets/...`, `s3://bucket/prefix`, `https://host/file`
    #[arg(required = true, value_name = "TARGET")]
    target: Option<String>,
    #[command(flatten)]
    writing: Writing,
    /// Name of the model or system, where its files and target do not tell
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Organisation or namespace before the name
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
    /// Version or revision
    #[arg(long, value_name = "VERSION")]
    version_of: Option<String>,
    /// Who provides it
    #[arg(long, value_name = "NAME")]
    supplier: Option<String>,
    /// Time to write into the document (RFC 3339); without it the same input gives the same bytes
    #[arg(long, value_name = "TIME", value_parser = timestamp)]
    timestamp: Option<String>,
    /// Look up what the bill names in this index of advisories, and write the weaknesses into the bill
    #[arg(long, value_name = "INDEX")]
    advisories: Option<PathBuf>,
    #[command(flatten)]
    sources: Sources,
    /// How many threads read at the same time; all cores by default
    #[arg(long, short, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
}

pub(super) fn run(arguments: &Describe, shell: &Shell) -> Result<ExitCode, Failure> {
    let name = arguments.target.as_deref().unwrap_or_default();
    arguments.writing.output()?;
    let opened = opened(arguments)?;
    let (outcome, shown) = read(name, arguments.jobs, shell)?;
    let mut bill = bill(&outcome, &about(arguments, name, &shown));
    let mut is_whole = true;
    if let Some(opened) = opened {
        let matches = opened.look_up(&mut bill)?;
        arguments.sources.answer(&mut bill, shell)?;
        opened.tell(&matches, &bill, shell);
        is_whole = matches.is_complete();
    }
    arguments.writing.write(&bill)?;
    if !outcome.internal_errors.is_empty() {
        shell::internal_error(&outcome.internal_errors);
        return Ok(ExitCode::Internal);
    }
    // A bill says what is there; whether that may be loaded is the verdict of a scan, and fails nothing here.
    Ok(if everything_read(&outcome, shell) && is_whole {
        ExitCode::Pass
    } else {
        ExitCode::Incomplete
    })
}

/// Reads what the bill is held against, if anything is given.
fn opened(arguments: &Describe) -> Result<Option<Opened>, Failure> {
    if arguments.advisories.is_none() && !arguments.sources.has_lists() {
        if arguments.sources.is_any() {
            return Err(Failure::usage(text!(
                "`--vex`, `--epss` and `--kev` say more of advisories, and none are given",
                "`--vex`、`--epss` 和 `--kev` 补充安全公告，但未给出公告"
            ))
            .hint(text!(
                "add `--advisories INDEX` or `--known-bad FILE`",
                "请加上 `--advisories INDEX` 或 `--known-bad FILE`"
            )));
        }
        return Ok(None);
    }
    arguments.sources.open(arguments.advisories.as_deref()).map(Some)
}

/// Makes the bill of a target to compare another with, and says whether all of the target was read.
pub(in crate::commands) fn found(target: &str, shell: &Shell) -> Result<(Bill, bool), Failure> {
    let (bill, whole, _) = reported(target, shell)?;
    Ok((bill, whole))
}

/// Does the same, and gives the report of that reading.
pub(in crate::commands) fn reported(target: &str, shell: &Shell) -> Result<(Bill, bool, Report), Failure> {
    let (outcome, shown) = read(target, None, shell)?;
    let bill = bill(&outcome, &told_by_target(target, &shown));
    let whole = everything_read(&outcome, shell) && outcome.internal_errors.is_empty();
    Ok((bill, whole, outcome.report))
}

/// Reads a target for its bill; gives its name in reports too.
fn read(name: &str, jobs: Option<u16>, shell: &Shell) -> Result<(Outcome, String), Failure> {
    let options = Options {
        digests: true,
        inventory: true,
        ..Options::default()
    };
    let resolved = target::resolve(name, &options.limits, &shell.remote)?;
    for notice in &resolved.notices {
        shell.note(notice);
    }
    let pool = threads(jobs)?;
    let line = shell.progress.then(|| Line::start(shell.language));
    let progress = line.as_ref().map(|line| line as &dyn Progress);
    let outcome = pool.install(|| scan(resolved.source.as_ref(), &resolved.shown, &options, progress));
    Ok((outcome, resolved.shown))
}

/// Says whether every file stands in the bill with its digest, and names those that do not. What nobody understands does.
fn everything_read(outcome: &Outcome, shell: &Shell) -> bool {
    let mut whole = !outcome.report.artifacts.is_empty();
    for one in &outcome.report.artifacts {
        if one.sha256.is_none() || one.coverage.state() == CoverageState::Skipped {
            whole = false;
            let path = &one.path;
            shell.note(&text!(
                "`{path}` could not be read and is not in the bill",
                "`{path}` 无法读取，未列入清单"
            ));
        }
    }
    whole
}

/// Joins what the options say with what the target's name tells.
fn about(arguments: &Describe, name: &str, shown: &str) -> About {
    let mut about = told_by_target(name, shown);
    let given = |value: &Option<String>, option: &str| {
        value
            .as_ref()
            .map(|value| Sourced::new(value.clone(), Source::given(option)))
    };
    for (slot, value, option) in [
        (&mut about.name, &arguments.name, "--name"),
        (&mut about.group, &arguments.group, "--group"),
        (&mut about.version, &arguments.version_of, "--version-of"),
        (&mut about.supplier, &arguments.supplier, "--supplier"),
    ] {
        if let Some(value) = given(value, option) {
            *slot = Some(value);
        }
    }
    about.timestamp.clone_from(&arguments.timestamp);
    about
}

fn told_by_target(name: &str, shown: &str) -> About {
    let mut about = About::default();
    let repository = |about: &mut About, id: &str, revision: Option<&str>, source: &Source| {
        let (group, short) = id.split_once('/').map_or((None, id), |(a, b)| (Some(a), b));
        let sourced = |text: &str| Sourced::new(text.to_owned(), source.clone());
        about.name = Some(sourced(short));
        about.group = group.map(sourced);
        about.supplier = group.map(sourced);
        about.version = revision.map(sourced);
    };
    match parse_target(shown).or_else(|_| parse_target(name)) {
        Ok(Target::Hub(hub)) => {
            let source = Source::given("TARGET");
            repository(&mut about, &hub.id, hub.revision.as_deref(), &source);
            about.purl_kind = matches!(hub.kind, RepositoryKind::Model).then_some("huggingface");
        }
        Ok(Target::Local(path)) => {
            let path = std::fs::canonicalize(&path).unwrap_or(path);
            match in_cache(&path) {
                Some((id, revision)) => {
                    let source = Source::concluded("TARGET", "folder of the hub's cache");
                    repository(&mut about, &id, Some(&revision), &source);
                    about.purl_kind = Some("huggingface");
                }
                None => {
                    about.folder = path
                        .file_name()
                        .map(|name| name.to_string_lossy().into_owned())
                        .unwrap_or_default();
                }
            }
        }
        _ => {
            let last = shown.trim_end_matches('/').rsplit('/').next().unwrap_or(shown);
            last.clone_into(&mut about.folder);
        }
    }
    about
}

/// Reads `models--org--name/snapshots/COMMIT`, the folder of a snapshot in the cache of the hub's client.
fn in_cache(path: &Path) -> Option<(String, String)> {
    let mut parts = path.iter().rev().map(|part| part.to_str().unwrap_or_default());
    let revision = parts
        .next()
        .filter(|part| part.len() == 40 && part.bytes().all(|b| b.is_ascii_hexdigit()))?;
    parts.next().filter(|part| *part == "snapshots")?;
    let id = parts.next()?.strip_prefix("models--")?.replace("--", "/");
    Some((id, revision.to_owned()))
}

/// Takes `2026-11-28T12:00:00Z`, with an offset instead of `Z` where wanted.
pub(in crate::commands) fn timestamp(text: &str) -> Result<String, String> {
    let digits = |range: std::ops::Range<usize>, low: u32, high: u32| {
        text.get(range)
            .filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|part| part.parse::<u32>().ok())
            .is_some_and(|number| (low..=high).contains(&number))
    };
    let signs = [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":")];
    let zone = text.get(19..).unwrap_or_default();
    let offset = zone.len() == 6
        && zone.starts_with(['+', '-'])
        && zone.get(3..4) == Some(":")
        && digits(20..22, 0, 23)
        && digits(23..25, 0, 59);
    let fits = signs.iter().all(|(at, sign)| text.get(*at..at + 1) == Some(sign))
        && digits(0..4, 1, 9999)
        && digits(5..7, 1, 12)
        && digits(8..10, 1, 31)
        && digits(11..13, 0, 23)
        && digits(14..16, 0, 59)
        && digits(17..19, 0, 60)
        && (zone == "Z" || offset);
    if fits {
        Ok(text.to_owned())
    } else {
        Err("write it as 2026-11-28T12:00:00Z".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_checked() {
        for good in ["2026-11-28T12:00:00Z", "2026-11-28T12:00:00+08:00"] {
            assert!(timestamp(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "now",
            "2026-11-28",
            "2026-13-28T12:00:00Z",
            "2026-11-28T12:00:00",
            "2026-11-28t12:00:00z",
        ] {
            assert!(timestamp(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn snapshots_of_the_cache_are_told_by_their_folder() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        let path = format!("/x/models--acme--tiny-lm/snapshots/{commit}");
        assert_eq!(
            in_cache(Path::new(&path)),
            Some(("acme/tiny-lm".to_owned(), commit.to_owned()))
        );
        assert_eq!(in_cache(Path::new("/x/models/tiny")), None);
    }
}
