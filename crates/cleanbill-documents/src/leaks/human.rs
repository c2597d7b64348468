//! Document `human`: for a person at a terminal.

use std::io::{self, Write};

use cleanbill_core::{
    Language, Severity, Text,
    leak::{Leak, LeakArtifact, LeakClass, LeakProblem, LeakSummary},
    text,
};

use super::{LeakLook, LeakWriter};
use crate::{
    escape::visible,
    reports::{Detail, words},
    terminal::{Color, Style, bytes, pad},
};

/// How many findings are shown before the rest is only counted.
const FINDINGS: u64 = 20;
/// How many artifacts that were not examined in full are shown, and how many reasons of each.
const ARTIFACTS: usize = 20;
const REASONS: usize = 5;

#[expect(clippy::unnecessary_wraps, reason = "the shape of every format")]
pub(super) fn begin<'a>(
    out: Box<dyn Write + Send + 'a>,
    look: &LeakLook<'a>,
) -> io::Result<Box<dyn LeakWriter + 'a>> {
    Ok(Box::new(Page {
        out,
        language: look.language,
        color: look.color,
        detail: look.detail,
        shown: 0,
        left_out: 0,
    }))
}

struct Page<'a> {
    out: Box<dyn Write + Send + 'a>,
    language: Language,
    color: Color,
    detail: Detail,
    shown: u64,
    left_out: u64,
}

impl LeakWriter for Page<'_> {
    fn leak(&mut self, leak: &Leak) -> io::Result<()> {
        let wanted = match self.detail {
            Detail::Verdict => return Ok(()),
            Detail::Short => self.shown < FINDINGS,
            Detail::All => true,
        };
        if !wanted {
            self.left_out += 1;
            return Ok(());
        }
        self.shown += 1;
        let severity = pad(words::severity(leak.severity).get(self.language), 6);
        let style = match leak.severity {
            Severity::Critical | Severity::High => Style::Bad,
            Severity::Medium => Style::Doubtful,
            Severity::Low | Severity::Info => Style::Faint,
        };
        let place = self.place(leak);
        let evidence = visible(&leak.evidence);
        writeln!(
            self.out,
            "{}  {}  {place}\n        {evidence}",
            self.color.paint(style, &severity),
            self.color.paint(Style::Strong, &leak.kind),
        )
    }

    fn finish(&mut self, summary: &LeakSummary) -> io::Result<()> {
        if self.detail != Detail::Verdict {
            self.rest(summary)?;
        }
        let findings = words::findings(summary.total());
        let artifacts = words::artifacts(summary.artifacts.len() as u64);
        let records = Text::count(summary.records, "record", "records", "条记录");
        let size = bytes(summary.bytes);
        let (findings, artifacts, records) = (
            findings.get(self.language),
            artifacts.get(self.language),
            records.get(self.language),
        );
        let line = text!(
            "{findings} in {records} of {artifacts}, {size}",
            "{artifacts}、{records}（{size}）中有 {findings}"
        );
        let verdict = self.color.verdict(summary.verdict, self.language);
        let gap = if self.language == Language::English {
            ": "
        } else {
            "："
        };
        writeln!(self.out, "{verdict}{gap}{}", line.get(self.language))?;
        self.out.flush()
    }
}

impl Page<'_> {
    fn say(&mut self, text: &Text) -> io::Result<()> {
        let text = visible(text.get(self.language));
        writeln!(self.out, "{text}")
    }

    fn place(&self, leak: &Leak) -> String {
        let mut place = visible(&leak.artifact);
        if let Some(line) = leak.record.line {
            place = format!("{place}:{line}");
        }
        let index = leak.record.index;
        let (start, end) = (leak.start, leak.end);
        let column = leak.record.column.as_deref().map(visible);
        let id = leak.record.id.as_deref().map(visible);
        let named = match (column, id) {
            (None, None) => text!("bytes {start}-{end}", "字节 {start}-{end}"),
            (None, Some(id)) => text!(
                "record {id}, bytes {start}-{end}",
                "记录 {id}，字节 {start}-{end}"
            ),
            (Some(column), None) => text!(
                "record {index}, `{column}`, bytes {start}-{end}",
                "记录 {index}，`{column}`，字节 {start}-{end}"
            ),
            (Some(column), Some(id)) => text!(
                "record {index} ({id}), `{column}`, bytes {start}-{end}",
                "记录 {index}（{id}），`{column}`，字节 {start}-{end}"
            ),
        };
        format!("{place}  {}", named.get(self.language))
    }

    fn rest(&mut self, summary: &LeakSummary) -> io::Result<()> {
        if self.left_out > 0 {
            let more = self.left_out;
            self.say(&text!(
                "and {more} more; `--all` lists them, `--format jsonl` has them all",
                "另有 {more} 项；`--all` 全部列出，`--format jsonl` 包含全部"
            ))?;
        }
        if self.shown > 0 {
            writeln!(self.out)?;
        }
        for ((class, kind, severity), number) in &summary.findings {
            let class = class_word(*class);
            let severity = words::severity(*severity).get(self.language);
            writeln!(
                self.out,
                "{}  {}  {}  {severity}",
                pad(&number.to_string(), 8),
                pad(kind, 28),
                pad(class.get(self.language), 14),
            )?;
        }
        if !summary.findings.is_empty() {
            writeln!(self.out)?;
        }
        self.unexamined(summary)?;
        if let Some(replaced) = summary.replaced {
            let copied = summary
                .artifacts
                .iter()
                .filter(|artifact| artifact.copied)
                .count();
            self.say(&text!(
                "replaced {replaced} values in the copies of {copied} artifacts",
                "在 {copied} 个文件的副本中替换了 {replaced} 个值"
            ))?;
        }
        Ok(())
    }

    fn unexamined(&mut self, summary: &LeakSummary) -> io::Result<()> {
        let unexamined: Vec<&LeakArtifact> = summary
            .artifacts
            .iter()
            .filter(|artifact| !artifact.coverage.reasons().is_empty())
            .collect();
        let most = |short| {
            if self.detail == Detail::All {
                usize::MAX
            } else {
                short
            }
        };
        let (artifacts, reasons) = (most(ARTIFACTS), most(REASONS));
        for artifact in unexamined.iter().take(artifacts) {
            let path = visible(&artifact.path);
            let heading = text!("not examined in full: {path}", "未完整检查：{path}");
            let heading = self.color.paint(Style::Doubtful, heading.get(self.language));
            writeln!(self.out, "{heading}")?;
            let problems: Vec<Text> = artifact.problems.iter().map(placed).collect();
            let others = artifact.coverage.reasons().iter();
            let others = others.filter(|reason| !artifact.problems.iter().any(|one| one.reason == **reason));
            let all: Vec<Text> = problems.into_iter().chain(others.cloned()).collect();
            for reason in all.iter().take(reasons) {
                let reason = visible(reason.get(self.language));
                writeln!(self.out, "  {reason}")?;
            }
            let more = (all.len().saturating_sub(reasons) as u64).saturating_add(artifact.more_problems);
            if more > 0 {
                self.say(&text!("  and {more} more", "  另有 {more} 项"))?;
            }
        }
        let more = unexamined.len().saturating_sub(artifacts);
        if more > 0 {
            self.say(&text!(
                "and {more} more artifacts that were not examined in full",
                "另有 {more} 个文件未完整检查"
            ))?;
        }
        if !unexamined.is_empty() {
            writeln!(self.out)?;
        }
        Ok(())
    }
}

fn placed(problem: &LeakProblem) -> Text {
    let reason = &problem.reason;
    let zh = reason.get(Language::Chinese);
    let en = reason.en();
    let joined = |en_place: String, zh_place: String| {
        Text::new(format!("{en_place}: {en}"), format!("{zh_place}：{zh}"))
    };
    match (problem.record, problem.offset) {
        (Some(record), Some(offset)) => joined(
            format!("record {record}, byte {offset}"),
            format!("记录 {record}，字节 {offset}"),
        ),
        (Some(record), None) => joined(format!("record {record}"), format!("记录 {record}")),
        (None, Some(offset)) => joined(format!("byte {offset}"), format!("字节 {offset}")),
        (None, None) => reason.clone(),
    }
}

fn class_word(class: LeakClass) -> Text {
    match class {
        LeakClass::Secret => text!("secret", "密钥"),
        LeakClass::Personal => text!("personal data", "个人数据"),
        LeakClass::Hidden => text!("hidden", "隐藏内容"),
        LeakClass::Poison => text!("poison", "投毒"),
    }
}
