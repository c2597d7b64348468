//! Document `human`: for a person at a terminal.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use cleanbill_core::{
    Language, Severity, Text,
    leak::{Leak, LeakArtifact, LeakClass, LeakPoison, LeakProblem, LeakSummary},
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
/// LIMIT: triggers, bursts and sources that are shown one by one.
const GROUPS: usize = 200;

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
        groups: Vec::new(),
        places: BTreeMap::new(),
    }))
}

struct Page<'a> {
    out: Box<dyn Write + Send + 'a>,
    language: Language,
    color: Color,
    detail: Detail,
    shown: u64,
    left_out: u64,
    /// Findings of a data set, one for each trigger, burst or source, with how many records it has.
    groups: Vec<(Leak, u64)>,
    places: BTreeMap<String, usize>,
}

impl LeakWriter for Page<'_> {
    fn leak(&mut self, leak: &Leak) -> io::Result<()> {
        if leak.class == LeakClass::Poison && self.detail == Detail::Short {
            self.group(leak);
            return Ok(());
        }
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
        self.entry(leak, 1)
    }

    fn finish(&mut self, summary: &LeakSummary) -> io::Result<()> {
        if self.detail != Detail::Verdict {
            self.grouped()?;
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
    fn entry(&mut self, leak: &Leak, records: u64) -> io::Result<()> {
        let severity = pad(words::severity(leak.severity).get(self.language), 6);
        let style = match leak.severity {
            Severity::Critical | Severity::High => Style::Bad,
            Severity::Medium => Style::Doubtful,
            Severity::Low | Severity::Info => Style::Faint,
        };
        let mut place = self.place(leak);
        if records > 1 {
            let more = records - 1;
            let further = text!("  and {more} more records", "  及另外 {more} 条记录");
            place.push_str(further.get(self.language));
        }
        let evidence = visible(&leak.evidence);
        writeln!(
            self.out,
            "{}  {}  {place}\n        {evidence}",
            self.color.paint(style, &severity),
            self.color.paint(Style::Strong, &leak.kind),
        )
    }

    /// Keeps the first finding of a group, and counts the others.
    fn group(&mut self, leak: &Leak) {
        if let Some(at) = self.places.get(&leak.hash) {
            if let Some((_, records)) = self.groups.get_mut(*at) {
                *records += 1;
            }
        } else if self.groups.len() < GROUPS {
            self.places.insert(leak.hash.clone(), self.groups.len());
            self.groups.push((leak.clone(), 1));
        } else {
            self.left_out += 1;
        }
    }

    fn grouped(&mut self) -> io::Result<()> {
        for (leak, records) in std::mem::take(&mut self.groups) {
            self.shown += 1;
            self.entry(&leak, records)?;
        }
        Ok(())
    }

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
        if let Some(poison) = &summary.poison {
            self.poison(poison)?;
        }
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

    /// Says what was compared, so that nobody takes another field for granted.
    fn poison(&mut self, poison: &LeakPoison) -> io::Result<()> {
        let rows = Text::count(poison.rows, "record", "records", "条记录");
        let fields = |en: &str, zh: &str, names: &[String]| {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            let names = names.join(", ");
            (!names.is_empty()).then(|| Text::new(format!("{en} {names}"), format!("{zh} {names}")))
        };
        let one = |name: &Option<String>| name.iter().cloned().collect::<Vec<_>>();
        let parts = [
            fields("text", "文本", &poison.texts),
            fields("label", "标签", &one(&poison.label)),
            fields("source", "来源", &one(&poison.source)),
            fields("address", "地址", &one(&poison.url)),
            fields("digest", "摘要", &one(&poison.digest)),
        ];
        let parts: Vec<Text> = parts.into_iter().flatten().collect();
        let listed = |language| {
            let gap = if language == Language::English {
                ", "
            } else {
                "，"
            };
            let parts: Vec<&str> = parts.iter().map(|part| part.get(language)).collect();
            parts.join(gap)
        };
        let (en, zh) = (listed(Language::English), listed(Language::Chinese));
        let guessed = if poison.guessed {
            (" (told by their names)", "（按名称推断）")
        } else {
            ("", "")
        };
        let (rows_en, rows_zh) = (rows.en(), rows.get(Language::Chinese));
        let against = poison
            .evaluation
            .map_or((String::new(), String::new()), |records| {
                (
                    format!("; compared with {records} records of evaluation sets"),
                    format!("；与评估集的 {records} 条记录作了比较"),
                )
            });
        self.say(&Text::new(
            format!("looked for poison in {rows_en}: {en}{}{}", guessed.0, against.0),
            format!("已在 {rows_zh}中检查投毒：{zh}{}{}", guessed.1, against.1),
        ))?;
        for note in &poison.notes {
            self.say(note)?;
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
