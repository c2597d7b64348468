//! What every report for people says, in the order in which it says it: the main reason, findings worst first by artifact,
//! what was not examined. Reports differ only in how they set it.

use std::cmp::Reverse;

use cleanbill_core::{
    ArtifactReport, ByteRange, CoverageState, Finding, Language, Report, Severity, Text, Verdict, text,
};

use super::{RenderContext, words};
use crate::escape::visible;

/// Holds the findings of one artifact, worst first.
#[derive(Debug)]
pub(super) struct Group<'a> {
    pub(super) path: &'a str,
    pub(super) artifact: Option<&'a ArtifactReport>,
    pub(super) entries: Vec<Entry<'a>>,
}

/// Holds findings that say the same about one artifact and differ only in where.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub(super) finding: &'a Finding,
    pub(super) places: Vec<&'a Finding>,
}

/// Puts findings in order: artifacts by their worst finding, then by path; within one, the worst and surest first.
pub(super) fn groups(report: &Report) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for finding in &report.findings {
        let path = finding.location.artifact.as_str();
        // Findings come sorted by artifact.
        if groups.last().is_none_or(|group| group.path != path) {
            let artifact = report.artifacts.iter().find(|artifact| artifact.path == path);
            groups.push(Group {
                path,
                artifact,
                entries: Vec::new(),
            });
        }
        if let Some(group) = groups.last_mut() {
            group.add(finding);
        }
    }
    for group in &mut groups {
        group
            .entries
            .sort_by_key(|entry| (Reverse(entry.finding.severity), Reverse(entry.finding.confidence)));
    }
    groups.sort_by_key(|group| Reverse(group.worst()));
    groups
}

impl<'a> Group<'a> {
    fn add(&mut self, finding: &'a Finding) {
        let same = |entry: &&mut Entry<'_>| {
            let other = entry.finding;
            (
                &other.detector,
                other.severity,
                other.confidence,
                &other.message,
                &other.hint,
                &other.tags,
            ) == (
                &finding.detector,
                finding.severity,
                finding.confidence,
                &finding.message,
                &finding.hint,
                &finding.tags,
            )
        };
        match self.entries.iter_mut().find(same) {
            Some(entry) => entry.places.push(finding),
            None => self.entries.push(Entry {
                finding,
                places: vec![finding],
            }),
        }
    }

    pub(super) fn worst(&self) -> Option<Severity> {
        self.entries.iter().map(|entry| entry.finding.severity).max()
    }
}

impl Entry<'_> {
    /// Says what to do; empty where there is nothing to do.
    pub(super) fn to_do(&self, language: Language) -> String {
        let hint = self.finding.hint.get(language);
        if hint.is_empty() {
            words::to_do(self.finding.severity).map_or_else(String::new, |word| word.get(language).to_owned())
        } else {
            visible(hint)
        }
    }

    /// Says why it matters: what the detector says, else what the severity means.
    pub(super) fn why(&self, context: &RenderContext<'_>) -> String {
        why(self.finding, context)
    }
}

pub(super) fn why(finding: &Finding, context: &RenderContext<'_>) -> String {
    let own = context
        .rule(&finding.detector)
        .map_or("", |rule| rule.why.get(context.language));
    if own.is_empty() {
        words::why(finding.severity).get(context.language).to_owned()
    } else {
        own.to_owned()
    }
}

/// Says where in its artifact a finding is; `None` for the artifact as a whole. The member is `shown` as the report likes.
pub(super) fn place(finding: &Finding, language: Language, shown: impl Fn(&str) -> String) -> Option<String> {
    let location = &finding.location;
    let bytes = location
        .byte_range
        .map(|range| byte_range(range).get(language).to_owned());
    let member = location.member.as_deref().map(shown);
    match (member, bytes, language) {
        (None, None, _) => None,
        (Some(member), None, _) => Some(member),
        (None, Some(bytes), _) => Some(bytes),
        (Some(member), Some(bytes), Language::English) => Some(format!("{member}, {bytes}")),
        (Some(member), Some(bytes), Language::Chinese) => Some(format!("{member}，{bytes}")),
    }
}

fn byte_range(range: ByteRange) -> Text {
    let ByteRange { start, end } = range;
    if end <= start.saturating_add(1) {
        text!("byte {start}", "第 {start} 字节")
    } else {
        let last = end - 1;
        text!("bytes {start}-{last}", "第 {start}-{last} 字节")
    }
}

/// Says in one line why the verdict is what it is.
pub(super) fn main_reason(report: &Report, context: &RenderContext<'_>) -> Text {
    let threshold = context.options.fail_on;
    let (en, zh) = (words::severity(threshold).en, words::severity(threshold).zh);
    match report.verdict {
        Verdict::Fail => failed(report, threshold),
        Verdict::Incomplete => incomplete(report),
        Verdict::Pass => {
            let examined = words::artifacts(report.summary.artifacts);
            let (examined_en, examined_zh) = (examined.en(), examined.get(Language::Chinese));
            let below = report.findings.len();
            if below == 0 {
                text!(
                    "{examined_en} examined, no findings",
                    "已检查 {examined_zh}，没有发现"
                )
            } else {
                let below = words::findings(below as u64);
                let (below_en, below_zh) = (below.en(), below.get(Language::Chinese));
                text!(
                    "{examined_en} examined, nothing at or above {en}; {below_en} below",
                    "已检查 {examined_zh}，没有达到{zh}的发现；另有 {below_zh}低于该等级"
                )
            }
        }
    }
}

fn failed(report: &Report, threshold: Severity) -> Text {
    let worst = report
        .findings
        .iter()
        .filter(|finding| finding.severity >= threshold)
        .max_by_key(|finding| (finding.severity, finding.confidence, Reverse(&finding.location)));
    let Some(worst) = worst else {
        // A verdict may rest on findings that a limit dropped from the list.
        return text!(
            "findings at or above the threshold, which a limit left out of the list",
            "存在达到阈值的发现，但因上限未列出"
        );
    };
    let more = report
        .findings
        .iter()
        .filter(|finding| finding.severity >= threshold)
        .count()
        - 1;
    let path = visible(&worst.location.artifact);
    let (message_en, message_zh) = (
        visible(worst.message.en()),
        visible(worst.message.get(Language::Chinese)),
    );
    let (severity_en, severity_zh) = (
        words::severity(worst.severity).en,
        words::severity(worst.severity).zh,
    );
    if more == 0 {
        text!(
            "{path}: {message_en} ({severity_en})",
            "{path}：{message_zh}（{severity_zh}）"
        )
    } else {
        text!(
            "{path}: {message_en} ({severity_en}), and {more} more",
            "{path}：{message_zh}（{severity_zh}），另有 {more} 个"
        )
    }
}

fn incomplete(report: &Report) -> Text {
    let mut unexamined = unexamined(report).into_iter();
    let Some(first) = unexamined.next() else {
        return Text::new(words::NO_INPUT.en, words::NO_INPUT.zh);
    };
    let path = visible(&first.path);
    let reason = first.coverage.reasons().first();
    let (reason_en, reason_zh) = reason.map_or_else(
        || (words::SKIPPED.en.to_owned(), words::SKIPPED.zh.to_owned()),
        |reason| (visible(reason.en()), visible(reason.get(Language::Chinese))),
    );
    match unexamined.count() {
        0 => text!("{path}: {reason_en}", "{path}：{reason_zh}"),
        more => text!(
            "{path}: {reason_en}; {more} more not fully examined",
            "{path}：{reason_zh}；另有 {more} 个文件未检查完"
        ),
    }
}

/// Lists artifacts that were not examined in full: skipped ones first.
pub(super) fn unexamined(report: &Report) -> Vec<&ArtifactReport> {
    let mut list: Vec<&ArtifactReport> = report
        .artifacts
        .iter()
        .filter(|artifact| artifact.coverage.state() != CoverageState::Complete)
        .collect();
    list.sort_by_key(|artifact| Reverse(artifact.coverage.state()));
    list
}

/// Counts findings by severity, worst first, without those that do not occur; empty where there are none.
pub(super) fn counts(report: &Report, language: Language) -> String {
    let parts = Severity::ALL.into_iter().rev().filter_map(|severity| {
        let count = report.summary.findings.get(severity);
        (count > 0).then(|| format!("{count} {}", words::severity(severity).get(language)))
    });
    let separator = match language {
        Language::English => ", ",
        Language::Chinese => "，",
    };
    parts.collect::<Vec<_>>().join(separator)
}

/// Says how many artifacts there were and how far they were examined.
pub(super) fn extent(report: &Report) -> Text {
    let summary = &report.summary;
    let size = crate::terminal::bytes(summary.bytes);
    let artifacts = words::artifacts(summary.artifacts);
    let (en, zh) = (artifacts.en(), artifacts.get(Language::Chinese));
    let (complete, partial, skipped) = (
        summary.coverage.complete,
        summary.coverage.partial,
        summary.coverage.skipped,
    );
    if partial == 0 && skipped == 0 {
        text!("{en}, {size}", "{zh}，{size}")
    } else {
        text!(
            "{en}, {size}: {complete} examined in full, {partial} in part, {skipped} not at all",
            "{zh}，{size}：{complete} 个完整检查，{partial} 个部分检查，{skipped} 个未检查"
        )
    }
}

/// Lists what was asked for that makes this report say less, or otherwise, than the default one would.
pub(super) fn departures(context: &RenderContext<'_>) -> Vec<Text> {
    let mut list = Vec::new();
    if let Some(only) = &context.options.only {
        let names = only
            .iter()
            .map(|id| format!("`{id}`"))
            .collect::<Vec<_>>()
            .join(", ");
        list.push(text!(
            "Only these detectors ran: {names}",
            "只运行了这些检测器：{names}"
        ));
    }
    if context.options.fail_on != Severity::High {
        let word = words::severity(context.options.fail_on);
        let (en, zh) = (word.en, word.zh);
        list.push(text!(
            "The verdict fails on findings at or above {en}",
            "达到{zh}的发现即判为不通过"
        ));
    }
    for (name, value) in &context.options.limits {
        list.push(text!(
            "Limit `{name}` was set to {value}",
            "上限 `{name}` 设为 {value}"
        ));
    }
    list
}
