//! Report `markdown`: for comments on changes and for issues.

use std::fmt::Write as _;

use cleanbill_core::{Language, Report, Text, Verdict};

use super::{
    Detail, RenderContext,
    outline::{self, Entry, Group},
    words,
    words::Word,
};
use crate::escape::{code_span, markdown, markdown_message};

report! {
    /// GitHub Flavored Markdown for comments on changes: a heading with the verdict, tables of findings worst first, what was
    /// not examined, what such a report cannot say. Names and evidence stand in code spans and nothing from outside becomes
    /// markup, a link or a mention. Long tables are shortened unless `--all` is given, so that a comment stays postable.
    /// English or Simplified Chinese.
    id: "markdown",
    title: "Markdown for comments on changes", "Markdown，用于变更评论",
    media_type: "text/markdown", suffix: "md",
    render: render,
}

/// How many rows a table holds before the rest is only counted: comments of code forges end at 65,536 characters.
const ROWS: usize = 60;
/// How many places of one finding, or reasons of one artifact, a row names before the rest is only counted.
const PLACES: usize = 5;

fn render(report: &Report, context: &RenderContext<'_>) -> Vec<u8> {
    let language = context.language;
    let mut out = String::new();
    let sign = match report.verdict {
        Verdict::Pass => "✅",
        Verdict::Incomplete => "⚠️",
        Verdict::Fail => "❌",
    };
    let word = words::verdict(report.verdict).get(language);
    let _ = writeln!(out, "## {sign} Cleanbill: {word}\n");
    let reason = outline::main_reason(report, context);
    let _ = writeln!(out, "**{}**\n", markdown_message(reason.get(language)));
    let extent = outline::extent(report);
    let (target, extent) = (code_span(&report.target), markdown(extent.get(language)));
    let separator = colon(language);
    let _ = writeln!(
        out,
        "{}{separator}{target} ({extent})\n",
        words::TARGET.get(language)
    );
    for departure in outline::departures(context) {
        let _ = writeln!(out, "> {}\n", markdown_message(departure.get(language)));
    }
    findings(&mut out, report, context);
    unexamined(&mut out, report, context);
    let _ = writeln!(out, "### {}\n", words::LIMITS.get(language));
    for word in words::HONEST_LIMITS {
        let _ = writeln!(out, "- {}", word.get(language));
    }
    let tool = &report.tool;
    let digest = tool.detectors_digest.get(..12).unwrap_or(&tool.detectors_digest);
    let _ = writeln!(
        out,
        "\n<sub>{}{separator}{} {}, {} {}</sub>",
        words::TOOL.get(language),
        markdown(&tool.name),
        markdown(&tool.version),
        words::DETECTORS_DIGEST.get(language),
        markdown(digest),
    );
    out.into_bytes()
}

const fn colon(language: Language) -> &'static str {
    match language {
        Language::English => ": ",
        Language::Chinese => "：",
    }
}

fn table(out: &mut String, language: Language, columns: &[Word]) {
    let names: Vec<&str> = columns.iter().map(|word| word.get(language)).collect();
    let rule = vec!["---"; columns.len()].join(" | ");
    let _ = writeln!(out, "| {} |\n| {rule} |", names.join(" | "));
}

fn findings(out: &mut String, report: &Report, context: &RenderContext<'_>) {
    let language = context.language;
    let groups = outline::groups(report);
    let counts = outline::counts(report, language);
    let _ = match counts.as_str() {
        "" => writeln!(out, "{}\n", words::NOTHING_FOUND.get(language)),
        counts => writeln!(
            out,
            "### {}{}{counts}\n",
            words::FINDINGS.get(language),
            colon(language)
        ),
    };
    if groups.is_empty() {
        return;
    }
    table(
        out,
        language,
        &[
            words::SEVERITY,
            words::WHERE,
            words::FOUND,
            words::WHY,
            words::TO_DO,
            words::RULE,
        ],
    );
    let rows: Vec<(&Group<'_>, &Entry<'_>)> = groups
        .iter()
        .flat_map(|group| group.entries.iter().map(move |entry| (group, entry)))
        .collect();
    let limit = limit(context, ROWS);
    for (group, entry) in rows.iter().take(limit) {
        let finding = entry.finding;
        let mut found = markdown_message(finding.message.get(language));
        let mut places = vec![code_span(group.path)];
        let shown = self::limit(context, PLACES);
        for place in entry.places.iter().take(shown) {
            // A member's name goes into a code span of its own.
            places.extend(outline::place(place, language, code_span));
            if !place.evidence.is_empty() {
                let _ = write!(found, "<br>{}", code_span(&place.evidence));
            }
        }
        if entry.places.len() > shown {
            let left = Text::count(
                (entry.places.len() - shown) as u64,
                "more place",
                "more places",
                "处相同",
            );
            places.push(format!("… {}", left.get(language)));
        }
        let _ = writeln!(
            out,
            "| **{}** | {} | {found} | {} | {} | {} |",
            words::severity(finding.severity).get(language),
            places.join("<br>"),
            markdown_message(&entry.why(context)),
            markdown_message(&entry.to_do(language)),
            code_span(&finding.detector),
        );
    }
    out.push('\n');
    left_out(out, rows.len(), limit, language);
}

fn unexamined(out: &mut String, report: &Report, context: &RenderContext<'_>) {
    let language = context.language;
    let list = outline::unexamined(report);
    if list.is_empty() {
        let word = if report.artifacts.is_empty() {
            words::NO_INPUT
        } else {
            words::EVERYTHING_EXAMINED
        };
        let _ = writeln!(out, "{}\n", word.get(language));
        return;
    }
    let _ = writeln!(out, "### {}\n", words::NOT_EXAMINED.get(language));
    table(out, language, &[words::ARTIFACT, words::COVERAGE, words::REASON]);
    let limit = limit(context, ROWS);
    for artifact in list.iter().take(limit) {
        let shown = self::limit(context, PLACES);
        let all = artifact.coverage.reasons();
        let mut reasons: Vec<String> = all
            .iter()
            .take(shown)
            .map(|reason| markdown_message(reason.get(language)))
            .collect();
        if all.len() > shown {
            let left = Text::count(
                (all.len() - shown) as u64,
                "more reason",
                "more reasons",
                "个其他原因",
            );
            reasons.push(format!("… {}", left.get(language)));
        }
        let _ = writeln!(
            out,
            "| {} | {} | {} |",
            code_span(&artifact.path),
            words::coverage(artifact.coverage.state()).get(language),
            reasons.join("<br>"),
        );
    }
    out.push('\n');
    left_out(out, list.len(), limit, language);
}

fn limit(context: &RenderContext<'_>, limit: usize) -> usize {
    if context.detail == Detail::All {
        usize::MAX
    } else {
        limit
    }
}

fn left_out(out: &mut String, all: usize, limit: usize, language: Language) {
    if all > limit {
        let left = Text::count((all - limit) as u64, "more row", "more rows", "行未列出");
        let _ = writeln!(
            out,
            "… {}{}{}\n",
            left.get(language),
            colon(language),
            words::SEE_ALL.get(language)
        );
    }
}
