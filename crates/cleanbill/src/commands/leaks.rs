//! `leaks`: secrets, personal data, hidden and poisoned text in data, record by record.

mod copies;
mod resume;
mod sources;
mod watch;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
    value_parser,
};
use cleanbill_core::{
    ExitCode, Severity, Text, ToolInfo, Verdict,
    leak::{Leak, LeakClass, LeakGroup, LeakSummary},
    text,
};
use cleanbill_data::{Key, LEAST_KEY_BYTES, Options, Outcome, Pseudonyms, Redaction, RunError, Table};
use cleanbill_documents::{
    leaks::{FORMATS, LeakFormat, LeakLook, LeakWriter},
    reports::{Detail, RuleInfo},
};
use cleanbill_leaks::{Class, Level, Rule, Rules};

use crate::{
    failure::Failure,
    output::{Document, Output},
    progress::Line,
    shell::{self, Shell},
};
use resume::{Journal, Recalled};
use watch::Watch;

/// Find secrets, personal data and hidden text in data, and write copies without them
///
/// Reads plain text, source code, JSON, JSON Lines, CSV, Parquet and Arrow, also packed by gzip, Zstandard, xz or bzip2, record by
/// record. What is found is shown shortened, with the place, never whole. Nothing leaves the machine.
#[derive(Args, Debug)]
pub(crate) struct Leaks {
    /// What to search: a file, a folder, `-` for standard input, `hf://datasets/org/name`, `https://host/file`, `s3://bucket/prefix`
    #[arg(required = true, value_name = "TARGET")]
    targets: Vec<String>,
    /// Report to write: `human`, `json`, `jsonl` (a finding a line), `sarif` or `parquet`
    #[arg(long, short, value_name = "FORMAT", default_value = "human", value_parser = formats())]
    format: Format,
    /// Write the report to this file instead of stdout; it appears under its name only when it is whole
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Fail with a finding of this severity or worse
    #[arg(long, value_name = "SEVERITY", default_value = "high", value_parser = super::severities())]
    fail_on: Severity,
    /// Exit with 0 whatever the verdict
    #[arg(long)]
    exit_zero: bool,
    /// Look only for this class: `secret`, `pii`, `hidden` or `poison`; may be repeated
    #[arg(long, value_name = "CLASS", value_parser = classes())]
    class: Vec<LeakClass>,
    /// Search only these columns and what stands below them, such as `text,messages.content`
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    columns: Vec<String>,
    /// Show the value of this field as the id of a record
    #[arg(long, value_name = "NAME")]
    id_field: Option<String>,
    /// Search only the first so many records of each artifact; the verdict is at best incomplete then
    #[arg(long, value_name = "NUMBER", value_parser = value_parser!(u64).range(1..))]
    sample: Option<u64>,
    /// Look for what these rules describe as well; may be repeated
    #[arg(long, value_name = "FILE")]
    rules: Vec<PathBuf>,
    /// Make the hashes of values with the key in this file, so that reports can be compared; else with a new key for each run
    #[arg(long, value_name = "FILE")]
    hash_key_file: Option<PathBuf>,
    /// Keep what is finished in this folder, and take from it what a run before finished and did not change since
    #[arg(long, value_name = "FOLDER", conflicts_with = "redact")]
    resume: Option<PathBuf>,
    /// Write copies of the artifacts, in which what is found is replaced, to this folder, or file where the target is one file
    #[arg(long, value_name = "OUT")]
    redact: Option<PathBuf>,
    /// Replace personal data by pseudonyms of the same form, made with the key in this file, which leads back
    #[arg(long, value_name = "FILE", requires = "redact")]
    pseudonymise: Option<PathBuf>,
    /// List every finding in the report `human`
    #[arg(long)]
    all: bool,
    /// How many threads search at the same time; all cores by default
    #[arg(long, short, value_name = "NUMBER", value_parser = value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
}

/// A format of the report.
#[derive(Clone, Copy, Debug)]
enum Format {
    Document(&'static LeakFormat),
    Parquet,
}

fn formats() -> impl TypedValueParser<Value = Format> {
    let values = FORMATS.iter().map(|format| format.id).chain(["parquet"]);
    PossibleValuesParser::new(values).map(|word| {
        FORMATS
            .iter()
            .find(|format| format.id == word)
            .map_or(Format::Parquet, Format::Document)
    })
}

fn classes() -> impl TypedValueParser<Value = LeakClass> {
    let values = LeakClass::ALL.map(LeakClass::as_str);
    PossibleValuesParser::new(values).try_map(|word| LeakClass::parse(&word).ok_or("no such class"))
}

pub(crate) fn run(arguments: &Leaks, shell: &Shell) -> Result<ExitCode, Failure> {
    let output = Output::new(arguments.output.as_ref());
    output.check()?;
    let rules = rules(arguments)?;
    let redaction = match (&arguments.redact, &arguments.pseudonymise) {
        (Some(_), Some(file)) => Some(Redaction::Pseudonyms(Pseudonyms::new(key(file)?))),
        (Some(_), None) => Some(Redaction::Placeholders),
        (None, _) => None,
    };
    let search = Search {
        arguments,
        rules,
        key: match (&arguments.hash_key_file, &arguments.resume) {
            (Some(file), _) => key(file)?,
            (None, Some(folder)) => resume::key(folder)?,
            (None, None) => fresh_key()?,
        },
        redaction,
    };
    let mut sources = sources::open(&arguments.targets, shell)?;
    let mut copies = match &arguments.redact {
        Some(out) => Some(copies::Copies::begin(out, &arguments.targets)?),
        None => None,
    };
    let described = described(&search.rules);
    let look = LeakLook {
        language: shell.language,
        color: shell.color(&output),
        detail: match (arguments.all, shell.quiet) {
            (true, _) => Detail::All,
            (false, true) => Detail::Verdict,
            (false, false) => Detail::Short,
        },
        rules: &described,
        version: env!("CARGO_PKG_VERSION"),
    };
    let mut document = output.begin()?;
    let mut report =
        Report::begin(arguments.format, &mut document, &look).map_err(|error| unwritten(&error))?;
    let total = sources.artifacts.len();
    let journal = match &arguments.resume {
        Some(folder) => {
            if arguments.hash_key_file.is_some() {
                resume::key(folder)?;
            }
            let rules = cleanbill_data::rules_digest(&search.rules);
            Some(Mutex::new(Journal::new(
                arguments,
                folder,
                search.key.clone(),
                &rules,
            )))
        }
        None => None,
    };
    let stamps = std::mem::take(&mut sources.stamps);
    let mut recalled = match &journal {
        Some(journal) => lock(journal).recall(&mut sources.artifacts, stamps),
        None => Recalled::default(),
    };
    let line = shell.progress.then(|| Line::start(shell.language));
    let watch = Watch::begin(line, journal.as_ref());
    watch.recalled(recalled.len());
    let stage = copies
        .as_mut()
        .map(|copies| copies as &mut dyn cleanbill_data::Copies);
    let mut known = BTreeMap::new();
    let mut outcome = cleanbill_data::run(
        sources.artifacts,
        search.options(search.redaction.clone()),
        Some(&watch),
        stage,
        &mut |leak| {
            recalled.before(Some(&leak.artifact), &mut |leak| report.known(leak, &mut known))?;
            if let Some(journal) = &journal {
                lock(journal).leak(leak);
            }
            report.leak(leak)
        },
    )
    .map_err(|error| failed(&error))?;
    recalled
        .before(None, &mut |leak| report.known(leak, &mut known))
        .map_err(|error| unwritten(&error))?;
    for (group, number) in known {
        *outcome.findings.entry(group).or_default() += number;
    }
    recalled.join(&mut outcome, arguments.fail_on);
    if outcome.stopped {
        let said = watch.said(total);
        drop(watch);
        let summary = summary(arguments, &search.rules, &sources.shown, &outcome);
        report.finish(&summary).map_err(|error| unwritten(&error))?;
        return broken_off(document, &said, arguments, shell);
    }
    if let Some(copies) = copies {
        copies.publish(&search, &mut outcome, &watch)?;
    }
    drop(watch);
    if let Some(error) = journal
        .as_ref()
        .and_then(|journal| lock(journal).failed().map(ToString::to_string))
    {
        shell.note(&text!(
            "what is finished cannot be kept: {error}",
            "无法保存已完成的部分：{error}"
        ));
    }
    let summary = summary(arguments, &search.rules, &sources.shown, &outcome);
    report.finish(&summary).map_err(|error| unwritten(&error))?;
    document.finish().map_err(|error| unwritten(&error))?;
    tell(arguments, &output, &summary, shell)?;
    if !outcome.internal_errors.is_empty() {
        shell::internal_error(&outcome.internal_errors);
        return Ok(ExitCode::Internal);
    }
    Ok(if arguments.exit_zero {
        ExitCode::Pass
    } else {
        outcome.verdict.into()
    })
}

fn lock(journal: &Mutex<Journal>) -> MutexGuard<'_, Journal> {
    journal.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends a run that was broken off: a report that is shown says so, one with a name does not get it.
fn broken_off(
    document: Document,
    said: &Text,
    arguments: &Leaks,
    shell: &Shell,
) -> Result<ExitCode, Failure> {
    if document.is_stream() {
        document.finish().map_err(|error| unwritten(&error))?;
    }
    let hint = match &arguments.resume {
        Some(folder) => {
            let folder = folder.display();
            text!(
                "what is finished stands in `{folder}`: the same command goes on from there",
                "已完成的部分保存在 `{folder}`：重新运行同一命令即可继续"
            )
        }
        None => text!(
            "with `--resume FOLDER` the next run goes on where this one ends",
            "使用 `--resume FOLDER`，下次运行可从中止处继续"
        ),
    };
    shell.note(said);
    shell.note(&hint);
    Ok(ExitCode::Incomplete)
}

/// Says what is not in a report for machines: the verdict, and why it is not pass.
fn tell(arguments: &Leaks, output: &Output, summary: &LeakSummary, shell: &Shell) -> Result<(), Failure> {
    let is_human = matches!(arguments.format, Format::Document(format) if format.id == "human");
    if is_human && *output == Output::Stdout {
        return Ok(());
    }
    let look = LeakLook {
        language: shell.language,
        color: cleanbill_documents::terminal::Color::Plain,
        detail: Detail::Short,
        rules: &[],
        version: env!("CARGO_PKG_VERSION"),
    };
    let mut said = Vec::new();
    if let Some(human) = FORMATS.iter().find(|format| format.id == "human") {
        let written = (human.begin)(Box::new(&mut said), &look).and_then(|mut writer| writer.finish(summary));
        written.map_err(|error| unwritten(&error))?;
    }
    shell.note(&Text::same(String::from_utf8_lossy(&said).trim_end()));
    Ok(())
}

/// What every run of this command has in common.
struct Search<'a> {
    arguments: &'a Leaks,
    rules: Rules,
    key: Key,
    redaction: Option<Redaction>,
}

impl Search<'_> {
    fn options(&self, redaction: Option<Redaction>) -> Options {
        let arguments = self.arguments;
        Options {
            rules: self.rules.clone(),
            key: self.key.clone(),
            columns: (!arguments.columns.is_empty()).then(|| arguments.columns.clone()),
            id_field: arguments.id_field.clone(),
            sample: arguments.sample,
            redaction,
            fail_on: arguments.fail_on,
            workers: super::readers(arguments.jobs),
        }
    }
}

/// Reads the rules and leaves those of the classes that are wanted.
fn rules(arguments: &Leaks) -> Result<Rules, Failure> {
    let mut rules = Rules::builtin();
    for file in &arguments.rules {
        let shown = file.display();
        let cannot = |error: &dyn std::fmt::Display| {
            Failure::usage(text!(
                "cannot use the rules `{shown}`: {error}",
                "无法使用规则 `{shown}`：{error}"
            ))
        };
        let text = bounded(file, RULES_BYTES).map_err(|error| cannot(&error))?;
        let text = String::from_utf8(text).map_err(|error| cannot(&error))?;
        rules = rules.and(Rules::parse(&text).map_err(|error| cannot(&error))?);
    }
    if !arguments.class.is_empty() {
        rules = rules.only(|rule| arguments.class.contains(&class(rule)));
    }
    Ok(rules)
}

fn class(rule: &Rule) -> LeakClass {
    match rule.class {
        Class::Personal => LeakClass::Personal,
        Class::Hidden => LeakClass::Hidden,
        Class::Poison => LeakClass::Poison,
        _ => LeakClass::Secret,
    }
}

fn described(rules: &Rules) -> Vec<RuleInfo> {
    let level = |level| match level {
        Level::Low => (Severity::Low, cleanbill_core::Confidence::Low),
        Level::Medium => (Severity::Medium, cleanbill_core::Confidence::Medium),
        Level::High => (Severity::High, cleanbill_core::Confidence::High),
    };
    let describe = |rule: &Rule| RuleInfo {
        id: rule.id.clone(),
        title: Text::same(rule.name.clone()),
        why: Text::same(""),
        severity: level(rule.severity).0,
        confidence: level(rule.confidence).1,
        tags: vec!["security".to_owned(), class(rule).as_str().to_owned()],
        page: String::new(),
    };
    rules.iter().map(describe).collect()
}

/// LIMIT: bytes of a file of rules.
const RULES_BYTES: u64 = 16 << 20;
/// LIMIT: bytes of a file with a key.
const KEY_BYTES: u64 = 64 << 10;

fn bounded(file: &Path, most: u64) -> io::Result<Vec<u8>> {
    use std::io::Read as _;

    let mut bytes = Vec::new();
    fs::File::open(file)?.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::other(format!("more than {most} bytes")));
    }
    Ok(bytes)
}

/// Reads a key from a file; all of its bytes are the key.
fn key(file: &Path) -> Result<Key, Failure> {
    let shown = file.display();
    let bytes = bounded(file, KEY_BYTES).map_err(|error| {
        Failure::usage(text!(
            "cannot read the key `{shown}`: {error}",
            "无法读取密钥 `{shown}`：{error}"
        ))
    })?;
    Key::new(&bytes).ok_or_else(|| {
        Failure::usage(text!("the key `{shown}` is too short", "密钥 `{shown}` 过短")).hint(text!(
            "it takes {LEAST_KEY_BYTES} bytes or more, at random: `head -c 32 /dev/urandom > {shown}`",
            "需要至少 {LEAST_KEY_BYTES} 个随机字节：`head -c 32 /dev/urandom > {shown}`"
        ))
    })
}

fn fresh_bytes() -> Result<[u8; 32], Failure> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| {
        Failure::incomplete(text!(
            "the system gives no random numbers: {error}",
            "系统未提供随机数：{error}"
        ))
    })?;
    Ok(bytes)
}

fn fresh_key() -> Result<Key, Failure> {
    let few = || Failure::incomplete(text!("too few random numbers", "随机数不足"));
    Key::new(&fresh_bytes()?).ok_or_else(few)
}

/// The report, piece by piece.
enum Report<'a> {
    Document(Box<dyn LeakWriter + 'a>),
    Table(Box<Table<&'a mut Document>>),
}

impl<'a> Report<'a> {
    fn begin(format: Format, out: &'a mut Document, look: &LeakLook<'a>) -> io::Result<Self> {
        Ok(match format {
            Format::Document(format) => Self::Document((format.begin)(Box::new(out), look)?),
            Format::Parquet => Self::Table(Box::new(Table::new(out)?)),
        })
    }

    fn leak(&mut self, leak: &Leak) -> io::Result<()> {
        match self {
            Self::Document(writer) => writer.leak(leak),
            Self::Table(table) => table.push(leak),
        }
    }

    /// Writes a finding of a run before, and counts it.
    fn known(&mut self, leak: &Leak, counts: &mut BTreeMap<LeakGroup, u64>) -> io::Result<()> {
        let group = (leak.class, leak.kind.clone(), leak.severity);
        *counts.entry(group).or_default() += 1;
        self.leak(leak)
    }

    fn finish(self, summary: &LeakSummary) -> io::Result<()> {
        match self {
            Self::Document(mut writer) => writer.finish(summary),
            Self::Table(table) => table.finish(),
        }
    }
}

fn summary(arguments: &Leaks, rules: &Rules, shown: &str, outcome: &Outcome) -> LeakSummary {
    let artifacts = outcome.artifacts.clone();
    LeakSummary {
        tool: ToolInfo {
            name: "cleanbill".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            detectors_digest: cleanbill_data::rules_digest(rules),
        },
        target: shown.to_owned(),
        verdict: outcome.verdict,
        records: artifacts.iter().map(|artifact| artifact.records).sum(),
        bytes: artifacts.iter().map(|artifact| artifact.size_bytes).sum(),
        artifacts,
        findings: outcome.findings.clone(),
        replaced: arguments.redact.is_some().then_some(outcome.replaced),
        sample: arguments.sample,
    }
}

fn unwritten(error: &io::Error) -> Failure {
    Failure::usage(text!("cannot write the report: {error}", "无法写入报告：{error}"))
}

fn failed(error: &RunError) -> Failure {
    match error {
        RunError::Report { source } => unwritten(source),
        RunError::Copy { path, source } => Failure::usage(text!(
            "cannot write the copy of `{path}`: {source}",
            "无法写入 `{path}` 的副本：{source}"
        )),
        other => Failure::incomplete(text!("{other}", "搜索中断")),
    }
}

/// Makes a verdict that is no better than incomplete.
fn incomplete(outcome: &mut Outcome) {
    outcome.verdict = outcome.verdict.worse(Verdict::Incomplete);
}
