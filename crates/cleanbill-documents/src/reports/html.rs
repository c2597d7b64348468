//! Report `html`: one file for a browser.

use std::fmt::Write as _;

use cleanbill_core::{CoverageState, Language, Report, Severity, Verdict};

use super::{
    RenderContext,
    outline::{self, Entry, Group},
    words,
    words::Word,
};
use crate::{
    escape::{markup, markup_message},
    terminal::bytes,
};

report! {
    /// One self-contained file for a browser, a mail or an archive: no scripts, nothing loaded from elsewhere (a content
    /// security policy forbids both), light and dark, narrow and wide, fit for printing. Lists are complete. English or
    /// Simplified Chinese.
    id: "html",
    title: "one file for a browser", "供浏览器查看的单个文件",
    media_type: "text/html", suffix: "html",
    render: render,
}

/// The only style sheet; it stands in the page.
const STYLE: &str = include_str!("html/style.css");

fn render(report: &Report, context: &RenderContext<'_>) -> Vec<u8> {
    let language = context.language;
    let tag = match language {
        Language::English => "en",
        Language::Chinese => "zh-Hans",
    };
    let verdict = words::verdict(report.verdict).get(language);
    let mut out = String::new();
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"{tag}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{verdict} · {} · Cleanbill</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n",
        markup(&report.target),
    );
    head(&mut out, report, context);
    out.push_str("<main>\n");
    findings(&mut out, report, context);
    unexamined(&mut out, report, context);
    artifacts(&mut out, report, context);
    let _ = write!(
        out,
        "<h2>{}</h2>\n<ul class=\"limits\">\n",
        words::LIMITS.get(language)
    );
    for word in words::HONEST_LIMITS {
        let _ = writeln!(out, "<li>{}</li>", word.get(language));
    }
    let _ = write!(
        out,
        "</ul>\n</main>\n<footer>{}{}{} {} · {} <span class=\"mono\">{}</span></footer>\n</body>\n</html>\n",
        words::TOOL.get(language),
        colon(language),
        markup(&report.tool.name),
        markup(&report.tool.version),
        words::DETECTORS_DIGEST.get(language),
        markup(&report.tool.detectors_digest),
    );
    out.into_bytes()
}

const fn colon(language: Language) -> &'static str {
    match language {
        Language::English => ": ",
        Language::Chinese => "：",
    }
}

const fn severity_class(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "bad",
        Severity::Medium => "doubt",
        Severity::Low | Severity::Info => "quiet",
    }
}

const fn verdict_class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Fail => "bad",
        Verdict::Incomplete => "doubt",
        Verdict::Pass => "good",
    }
}

fn head(out: &mut String, report: &Report, context: &RenderContext<'_>) {
    let language = context.language;
    let reason = outline::main_reason(report, context);
    let extent = outline::extent(report);
    let _ = write!(
        out,
        "<header>\n<h1>{}</h1>\n<div class=\"verdict {}\"><strong>{}</strong><p>{}</p></div>\n<dl class=\"facts\">\n",
        words::REPORT_TITLE.get(language),
        verdict_class(report.verdict),
        words::verdict(report.verdict).get(language),
        markup_message(reason.get(language)),
    );
    fact(
        out,
        words::TARGET.get(language),
        &format!("<code>{}</code>", markup(&report.target)),
    );
    fact(out, words::COVERAGE.get(language), &markup(extent.get(language)));
    for departure in outline::departures(context) {
        fact(out, "!", &markup(departure.get(language)));
    }
    out.push_str("</dl>\n</header>\n");
}

/// Writes one line of a description list; `value` is markup already.
fn fact(out: &mut String, name: &str, value: &str) {
    let _ = writeln!(out, "<dt>{name}</dt><dd>{value}</dd>");
}

fn findings(out: &mut String, report: &Report, context: &RenderContext<'_>) {
    let language = context.language;
    let groups = outline::groups(report);
    let _ = writeln!(out, "<h2>{}</h2>", words::FINDINGS.get(language));
    if groups.is_empty() {
        let _ = writeln!(out, "<p>{}</p>", words::NOTHING_FOUND.get(language));
        return;
    }
    out.push_str("<ul class=\"counts\">\n");
    for severity in Severity::ALL.into_iter().rev() {
        let count = report.summary.findings.get(severity);
        if count > 0 {
            let (class, word) = (severity_class(severity), words::severity(severity).get(language));
            let _ = writeln!(out, "<li class=\"badge {class}\">{count} {word}</li>");
        }
    }
    out.push_str("</ul>\n");
    for group in &groups {
        group_card(out, group, context);
    }
}

fn group_card(out: &mut String, group: &Group<'_>, context: &RenderContext<'_>) {
    let path = markup(group.path);
    let _ = write!(
        out,
        "<section class=\"card\">\n<div class=\"head\"><h3 class=\"mono\">{path}</h3>"
    );
    if let Some(artifact) = group.artifact {
        let formats = artifact.formats.join(" ");
        let _ = write!(
            out,
            "<span class=\"faint\">{}{}{}</span>",
            markup(&formats),
            if formats.is_empty() { "" } else { " · " },
            bytes(artifact.size_bytes)
        );
    }
    out.push_str("</div>\n");
    for entry in &group.entries {
        finding(out, entry, context);
    }
    out.push_str("</section>\n");
}

fn finding(out: &mut String, entry: &Entry<'_>, context: &RenderContext<'_>) {
    let language = context.language;
    let finding = entry.finding;
    let _ = write!(
        out,
        "<article class=\"finding\">\n<div class=\"title\"><span class=\"badge {}\">{}</span><p>{}</p></div>\n<dl class=\"facts\">\n",
        severity_class(finding.severity),
        words::severity(finding.severity).get(language),
        markup_message(finding.message.get(language)),
    );
    let mut places = String::new();
    for place in &entry.places {
        let at = outline::place(place, language, |member| {
            format!("<code>{}</code>", markup(member))
        });
        let evidence = match place.evidence.as_str() {
            "" => String::new(),
            evidence => format!("<code class=\"evidence\">{}</code>", markup(evidence)),
        };
        if at.is_some() || !evidence.is_empty() {
            let _ = write!(places, "<li>{} {evidence}</li>", at.unwrap_or_default());
        }
    }
    if !places.is_empty() {
        fact(
            out,
            words::WHERE.get(language),
            &format!("<ul class=\"places\">{places}</ul>"),
        );
    }
    fact(
        out,
        words::WHY.get(language),
        &markup_message(&entry.why(context)),
    );
    let to_do = entry.to_do(language);
    if !to_do.is_empty() {
        fact(out, words::TO_DO.get(language), &markup_message(&to_do));
    }
    let separator = match language {
        Language::English => ", ",
        Language::Chinese => "，",
    };
    let mut about = vec![
        format!("<code>{}</code>", markup(&finding.detector)),
        words::confidence(finding.confidence).get(language).to_owned(),
    ];
    about.extend(
        finding
            .tags
            .iter()
            .chain(&finding.controls)
            .map(|tag| markup(tag)),
    );
    fact(out, words::RULE.get(language), &about.join(separator));
    out.push_str("</dl>\n</article>\n");
}

fn table(out: &mut String, language: Language, columns: &[Word]) {
    out.push_str("<table>\n<thead><tr>");
    for word in columns {
        let _ = write!(out, "<th scope=\"col\">{}</th>", word.get(language));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
}

fn unexamined(out: &mut String, report: &Report, context: &RenderContext<'_>) {
    let language = context.language;
    let list = outline::unexamined(report);
    let _ = writeln!(out, "<h2>{}</h2>", words::NOT_EXAMINED.get(language));
    if list.is_empty() {
        let word = if report.artifacts.is_empty() {
            words::NO_INPUT
        } else {
            words::EVERYTHING_EXAMINED
        };
        let _ = writeln!(out, "<p>{}</p>", word.get(language));
        return;
    }
    out.push_str("<div class=\"card\">\n");
    table(out, language, &[words::ARTIFACT, words::COVERAGE, words::REASON]);
    for artifact in list {
        let class = match artifact.coverage.state() {
            CoverageState::Skipped => "bad",
            _ => "doubt",
        };
        let _ = write!(
            out,
            "<tr><td class=\"mono\">{}</td><td><span class=\"badge {class}\">{}</span></td><td><ul>",
            markup(&artifact.path),
            words::coverage(artifact.coverage.state()).get(language),
        );
        for reason in artifact.coverage.reasons() {
            let _ = write!(out, "<li>{}</li>", markup_message(reason.get(language)));
        }
        out.push_str("</ul></td></tr>\n");
    }
    out.push_str("</tbody>\n</table>\n</div>\n");
}

fn artifacts(out: &mut String, report: &Report, context: &RenderContext<'_>) {
    let language = context.language;
    if report.artifacts.is_empty() {
        return;
    }
    let count = words::artifacts(report.summary.artifacts);
    let _ = writeln!(
        out,
        "<h2>{}</h2>\n<details class=\"card artifacts\"{}><summary>{}</summary>",
        words::ARTIFACTS.get(language),
        if report.artifacts.len() <= 20 { " open" } else { "" },
        count.get(language),
    );
    let columns = [words::ARTIFACT, words::VERDICT, words::FORMATS, words::SIZE];
    table(out, language, &columns);
    for artifact in &report.artifacts {
        let formats = if artifact.formats.is_empty() {
            words::UNKNOWN_FORMAT.get(language).to_owned()
        } else {
            markup(&artifact.formats.join(" "))
        };
        let digest = artifact.sha256.map_or_else(String::new, |digest| {
            format!("<br><span class=\"faint mono\">{digest}</span>")
        });
        let _ = writeln!(
            out,
            "<tr><td><span class=\"mono\">{}</span>{digest}</td><td><span class=\"badge {}\">{}</span></td>\
             <td data-label=\"{}\">{formats}</td><td class=\"number\" data-label=\"{}\">{}</td></tr>",
            markup(&artifact.path),
            verdict_class(artifact.verdict),
            words::verdict(artifact.verdict).get(language),
            words::FORMATS.get(language),
            words::SIZE.get(language),
            bytes(artifact.size_bytes),
        );
    }
    out.push_str("</tbody>\n</table>\n</details>\n");
}
