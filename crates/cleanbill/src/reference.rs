//! Everything that this build can explain, and the reference pages made of it.

use std::collections::BTreeMap;

use clap::{CommandFactory as _, ValueEnum};
use cleanbill_core::{ExitCode, Text, text};
use cleanbill_documents::reports::{JSON_V1_SCHEMA, REPORTS};
use cleanbill_formats::{Format, limits::LIMITS, page_text};
use cleanbill_scan::DETECTORS;
use serde_json::Value;

use crate::arguments::Arguments;

/// Names a kind of thing that `list` lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Kind {
    /// What is looked for
    Detectors,
    /// What is recognised and parsed
    Formats,
    /// Caps on work and memory
    Limits,
    /// How the program ends
    ExitCodes,
    /// What `--format` takes
    Reports,
}

impl Kind {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Detectors => "detector",
            Self::Formats => "format",
            Self::Limits => "limit",
            Self::ExitCodes => "exit-code",
            Self::Reports => "report",
        }
    }
}

/// Holds one fact about a topic: a column of a list, a row of a page.
#[derive(Clone, Debug)]
pub(crate) struct Fact {
    pub(crate) name: Text,
    pub(crate) shown: String,
    pub(crate) json: Value,
}

/// Holds one thing that can be explained.
#[derive(Clone, Debug)]
pub(crate) struct Topic {
    pub(crate) kind: Kind,
    pub(crate) id: String,
    pub(crate) other_names: Vec<String>,
    pub(crate) title: Text,
    pub(crate) facts: Vec<Fact>,
    pub(crate) page: String,
}

impl Topic {
    /// Says whether somebody who asks for `name` may mean this topic.
    pub(crate) fn answers(&self, name: &str) -> bool {
        self.names().any(|known| known.eq_ignore_ascii_case(name))
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.id.as_str()).chain(self.other_names.iter().map(String::as_str))
    }

    /// Writes its page.
    pub(crate) fn markdown(&self) -> String {
        let mut page = format!("# {} `{}`: {}\n", self.kind.as_str(), self.id, self.title.en());
        let facts: Vec<String> = self
            .facts
            .iter()
            .filter(|fact| !fact.shown.is_empty())
            .map(|fact| format!("- {}: {}", fact.name.en(), fact.shown))
            .collect();
        for part in [facts.join("\n"), self.page.trim().to_owned()] {
            if !part.is_empty() {
                page = format!("{page}\n{part}\n");
            }
        }
        page
    }
}

fn fact(name: Text, shown: impl Into<String>) -> Fact {
    let shown = shown.into();
    Fact {
        name,
        json: shown.clone().into(),
        shown,
    }
}

fn list_fact(name: Text, values: &[&str]) -> Fact {
    Fact {
        name,
        shown: values.join(", "),
        json: values.into(),
    }
}

/// Returns everything that can be explained, in the order of the registries.
pub(crate) fn topics() -> Vec<Topic> {
    let detectors = DETECTORS.iter().map(|detector| Topic {
        kind: Kind::Detectors,
        id: detector.id.to_owned(),
        other_names: Vec::new(),
        title: Text::new(detector.title_en, detector.title_zh),
        facts: vec![
            fact(text!("severity", "等级"), detector.severity.as_str()),
            fact(text!("confidence", "把握"), detector.confidence.as_str()),
            list_fact(text!("tags", "标签"), detector.tags),
            list_fact(text!("controls", "控制措施"), detector.controls),
        ],
        page: page_text(detector.page),
    });
    let formats = Format::ALL.iter().map(|format| {
        let info = format.info();
        let dialects: Vec<&str> = info.dialects.iter().map(|dialect| dialect.id).collect();
        let mut page = page_text(info.page);
        if !info.dialects.is_empty() {
            page.push_str("\n\n## Dialects\n");
            for dialect in info.dialects {
                page = format!("{page}\n- `{}`: {}", dialect.id, dialect.about);
            }
        }
        Topic {
            kind: Kind::Formats,
            id: info.id.to_owned(),
            other_names: dialects.iter().map(|&id| id.to_owned()).collect(),
            title: Text::same(info.name),
            facts: vec![
                list_fact(text!("extensions", "扩展名"), info.extensions),
                list_fact(text!("dialects", "变体"), &dialects),
                fact(text!("special case of", "属于"), info.refines.unwrap_or_default()),
            ],
            page,
        }
    });
    let limits = LIMITS.iter().map(|limit| Topic {
        kind: Kind::Limits,
        id: limit.name.to_owned(),
        other_names: Vec::new(),
        title: unit(limit.unit),
        facts: vec![Fact {
            name: text!("default", "默认值"),
            shown: limit.default.to_string(),
            json: limit.default.into(),
        }],
        page: page_text(limit.page).replace('\n', " "),
    });
    let codes = ExitCode::ALL.into_iter().map(|code| {
        let (title, page) = exit_code(code);
        Topic {
            kind: Kind::ExitCodes,
            id: code.number().to_string(),
            other_names: vec![code.as_str().to_owned(), "exit-codes".to_owned()],
            title,
            facts: vec![fact(text!("name", "名称"), code.as_str())],
            page: page.to_owned(),
        }
    });
    let reports = REPORTS.iter().map(|report| Topic {
        kind: Kind::Reports,
        id: report.id.to_owned(),
        other_names: Vec::new(),
        title: Text::new(report.title_en, report.title_zh),
        facts: vec![
            fact(text!("suffix", "后缀"), report.suffix),
            fact(text!("media type", "媒体类型"), report.media_type),
        ],
        page: page_text(report.page),
    });
    detectors
        .chain(formats)
        .chain(limits)
        .chain(codes)
        .chain(reports)
        .collect()
}

/// Words what a limit counts; a unit that nobody translated stands as it is.
fn unit(unit: &str) -> Text {
    let zh = match unit {
        "bytes" => "字节",
        "levels" => "层",
        "entries" => "条目",
        "times" => "倍",
        "opcodes" => "操作码",
        "values" => "值",
        "imports" => "导入",
        "calls" => "调用",
        "byte strings" => "字节串",
        "tensors" => "张量",
        "anomalies" => "异常",
        "findings" => "发现",
        "files" => "文件",
        "reasons" => "原因",
        "streams" => "流",
        "nodes" => "节点",
        "fields" => "字段",
        "strings" => "字符串",
        other => other,
    };
    Text::new(unit, zh)
}

fn exit_code(code: ExitCode) -> (Text, &'static str) {
    match code {
        ExitCode::Pass => (
            text!("the verdict is pass", "结论为通过"),
            "Everything was examined and nothing at or above `--fail-on` was found; or a command that gives no verdict did what it was \
             asked for. `--exit-zero` turns 1 and 3 into 0, and nothing else does.",
        ),
        ExitCode::Fail => (
            text!("the verdict is fail", "结论为不通过"),
            "There is a finding at or above `--fail-on` (`high` unless told otherwise). It wins over incomplete: what was seen does not \
             become better by what was not seen. For `verify`: there is no valid, trusted signature over exactly these files; a bundle that is \
             missing or cannot be parsed is none.",
        ),
        ExitCode::Usage => (
            text!("wrong usage; nothing was decided", "用法错误，未作判断"),
            "The command line or the configuration is wrong, or a report could not be written. Nothing was decided.",
        ),
        ExitCode::Incomplete => (
            text!(
                "something could not be examined, or there was no input",
                "有内容无法检查，或没有输入"
            ),
            "Nothing at or above `--fail-on` was seen, but something could not be read, was damaged, encrypted, too large, or of a format \
             that this build does not know; or the target does not exist or is empty. The report names each with its reason.",
        ),
        ExitCode::Internal => (
            text!("a bug in Cleanbill", "Cleanbill 自身的错误"),
            "A part of Cleanbill broke down on an artifact. The rest was examined and the report is written, but it is our bug: please \
             report it with what stands on stderr. `--exit-zero` does not hide it.",
        ),
    }
}

/// Says on every generated page where it comes from.
const NOTE: &str =
    "<!-- Generated from the program by a test; `UPDATE=1 cargo test -p cleanbill` writes it anew. -->\n\n";

/// Returns the reference pages by their path below `docs/reference`.
pub fn pages() -> BTreeMap<String, String> {
    let mut pages = BTreeMap::new();
    let mut limits = String::from(
        "# Limits\n\nCaps on work and memory. A limit that is reached makes the coverage partial, and the verdict is never pass then. `--limit NAME=VALUE` changes one.\n\n| limit | default | counts | what it protects |\n|---|---|---|---|\n",
    );
    let mut codes = String::from(
        "# Exit codes\n\nThe same for every command and every report format. A closed pipe is not an error.\n\n| code | name | meaning | when |\n|---|---|---|---|\n",
    );
    let mut reports = String::from(
        "# Reports\n\nWhat `--format` and `--report` take. Reports for people are in English or Simplified Chinese (`--lang`, or the locale); `json` and `sarif` are in English always.\n",
    );
    let mut index = BTreeMap::from([(Kind::Detectors, String::new()), (Kind::Formats, String::new())]);
    for topic in topics() {
        let Topic {
            kind,
            id,
            title,
            page,
            ..
        } = &topic;
        let shown: Vec<&str> = topic.facts.iter().map(|fact| fact.shown.as_str()).collect();
        let flat = page.replace('\n', " ").replace('|', "\\|");
        match kind {
            Kind::Detectors | Kind::Formats => {
                let folder = if *kind == Kind::Detectors {
                    "detectors"
                } else {
                    "formats"
                };
                let path = format!("{folder}/{id}.md");
                let row = format!(
                    "| [`{id}`]({path}) | {} | {} |\n",
                    title.en(),
                    shown.first().copied().unwrap_or_default()
                );
                index.entry(*kind).or_default().push_str(&row);
                pages.insert(path, format!("{NOTE}{}", topic.markdown()));
            }
            Kind::Limits => limits.push_str(&format_row(&[
                &format!("`{id}`"),
                &shown.join(""),
                title.en(),
                &flat,
            ])),
            Kind::ExitCodes => codes.push_str(&format_row(&[id, &shown.join(""), title.en(), &flat])),
            Kind::Reports => {
                reports = format!(
                    "{reports}\n## `{id}`: {}\n\nFile name suffix `.{}`, media type `{}`.\n\n{page}\n",
                    title.en(),
                    shown.first().copied().unwrap_or_default(),
                    shown.last().copied().unwrap_or_default()
                );
            }
        }
    }
    let rows = |kind| index.get(&kind).map_or("", String::as_str);
    let front = format!(
        "# Reference\n\n- [Command line](cli.md)\n- [Exit codes](exit-codes.md)\n- [Reports](reports.md)\n- [Limits](limits.md)\n- [Schema of the report `json`](report-json.md)\n- [Kinds of data](data.md)\n\n\
         ## Detectors\n\n| id | title | severity |\n|---|---|---|\n{}\n## Formats\n\n| id | name | extensions |\n|---|---|---|\n{}",
        rows(Kind::Detectors),
        rows(Kind::Formats),
    );
    #[cfg(feature = "data")]
    pages.insert("data.md".to_owned(), format!("{NOTE}{}", data_page()));
    for (path, page) in [
        ("README.md", front),
        ("limits.md", limits),
        ("exit-codes.md", codes),
        ("reports.md", reports),
        ("report-json.md", schema_page()),
        ("cli.md", command_line()),
    ] {
        pages.insert(path.to_owned(), format!("{NOTE}{page}"));
    }
    pages
}

fn format_row(cells: &[&str]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

#[cfg(feature = "data")]
fn data_page() -> String {
    let mut page = String::from(
        "# Kinds of data\n\nWhat `cleanbill leaks` reads, known by content. Each may be packed by gzip, Zstandard, xz or bzip2; kinds that are\nnot read from start to end (Parquet, ZIP and what is made of it), up to 64 MiB unpacked.\n",
    );
    for kind in cleanbill_data::KINDS {
        page = format!(
            "{page}\n## `{}`: {}\n\n{}\n",
            kind.id,
            kind.name,
            page_text(kind.page).trim()
        );
    }
    page
}

fn schema_page() -> String {
    format!(
        "# Report `json`, version 1\n\nJSON Schema (draft 2020-12) of `cleanbill.report/1`. The shape is frozen once released: what changes it gets a new number.\n\n```json\n{}\n```\n",
        JSON_V1_SCHEMA.trim()
    )
}

fn command_line() -> String {
    let mut command = Arguments::command().term_width(100);
    command.build();
    let mut page = format!(
        "# Command line\n\n```text\n{}\n```\n",
        tidy(&command.render_long_help().to_string())
    );
    for verb in command.get_subcommands_mut() {
        page = format!("{page}{}", verb_page(verb, ""));
    }
    page
}

/// Writes the help of a verb and of the verbs below it.
fn verb_page(verb: &mut clap::Command, above: &str) -> String {
    let name = format!("{above}{}", verb.get_name());
    let help = tidy(&verb.render_long_help().to_string());
    let mut page = format!("\n## `cleanbill {name}`\n\n```text\n{help}\n```\n");
    for below in verb.get_subcommands_mut() {
        page.push_str(&verb_page(below, &format!("{name} ")));
    }
    page
}

fn tidy(help: &str) -> String {
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    lines.join("\n").trim().to_owned()
}
