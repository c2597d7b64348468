//! Report `junit`: `JUnit` XML for build servers.

use std::fmt::Write as _;

use cleanbill_core::{ArtifactReport, Finding, Language, Report, Severity, Verdict};

use super::{RenderContext, outline, words};
use crate::escape::{markup, visible};

report! {
    /// JUnit XML for build servers: one test case for each artifact. A verdict of fail is a `failure`, one of incomplete an
    /// `error`; findings below the threshold stand in `system-out`. A scan without any input is one test case in error.
    /// English or Simplified Chinese.
    id: "junit",
    title: "JUnit XML for build servers", "JUnit XML，供构建服务器使用",
    media_type: "application/xml", suffix: "xml",
    render: render,
}

fn render(report: &Report, context: &RenderContext<'_>) -> Vec<u8> {
    let language = context.language;
    let with = |verdict| {
        report
            .artifacts
            .iter()
            .filter(|artifact| artifact.verdict == verdict)
            .count()
    };
    let empty = usize::from(report.artifacts.is_empty());
    let (tests, failures, errors) = (
        report.artifacts.len() + empty,
        with(Verdict::Fail),
        with(Verdict::Incomplete) + empty,
    );
    let counts = format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"0\"");
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(out, "<testsuites name=\"cleanbill\" {counts}>");
    let _ = writeln!(out, "  <testsuite name=\"{}\" {counts}>", markup(&report.target));
    out.push_str("    <properties>\n");
    let mut property = |name: &str, value: &str| {
        let _ = writeln!(
            out,
            "      <property name=\"{name}\" value=\"{}\"/>",
            markup(value)
        );
    };
    property("cleanbill.version", &report.tool.version);
    property("cleanbill.detectors_digest", &report.tool.detectors_digest);
    property("cleanbill.verdict", report.verdict.as_str());
    property(
        "cleanbill.reason",
        outline::main_reason(report, context).get(language),
    );
    for departure in outline::departures(context) {
        property("cleanbill.option", departure.get(language));
    }
    out.push_str("    </properties>\n");
    if report.artifacts.is_empty() {
        let reason = markup(words::NO_INPUT.get(language));
        let _ = writeln!(
            out,
            "    <testcase classname=\"cleanbill\" name=\"{}\">\n      <error message=\"{reason}\" type=\"incomplete\"/>\n    </testcase>",
            markup(&report.target)
        );
    }
    for artifact in &report.artifacts {
        let findings: Vec<&Finding> = report
            .findings
            .iter()
            .filter(|finding| finding.location.artifact == artifact.path)
            .collect();
        test_case(&mut out, artifact, findings, context);
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out.into_bytes()
}

fn test_case(
    out: &mut String,
    artifact: &ArtifactReport,
    mut findings: Vec<&Finding>,
    context: &RenderContext<'_>,
) {
    let language = context.language;
    findings.sort_by_key(|finding| std::cmp::Reverse((finding.severity, finding.confidence)));
    let threshold: Severity = context.options.fail_on;
    let (bad, other): (Vec<&Finding>, Vec<&Finding>) = findings
        .into_iter()
        .partition(|finding| finding.severity >= threshold);
    let _ = writeln!(
        out,
        "    <testcase classname=\"cleanbill\" name=\"{}\">",
        markup(&artifact.path)
    );
    out.push_str("      <properties>\n");
    let mut property = |name: &str, value: &str| {
        let _ = writeln!(
            out,
            "        <property name=\"{name}\" value=\"{}\"/>",
            markup(value)
        );
    };
    property("formats", &artifact.formats.join(" "));
    property("size_bytes", &artifact.size_bytes.to_string());
    property("coverage", artifact.coverage.state().as_str());
    if let Some(digest) = artifact.sha256 {
        property("sha256", &digest.to_string());
    }
    out.push_str("      </properties>\n");
    let reasons = artifact.coverage.reasons();
    let not_examined: Vec<String> = reasons
        .iter()
        .map(|reason| {
            let label = words::NOT_EXAMINED.get(language);
            match language {
                Language::English => format!("{label}: {}", visible(reason.get(language))),
                Language::Chinese => format!("{label}：{}", visible(reason.get(language))),
            }
        })
        .collect();
    let mut rest: Vec<String> = other.iter().map(|finding| line(finding, context)).collect();
    match artifact.verdict {
        Verdict::Fail => {
            let first = bad.first().map_or("", |finding| finding.message.get(language));
            let kind = bad.first().map_or("fail", |finding| finding.detector.as_str());
            let body: Vec<String> = bad.iter().map(|finding| line(finding, context)).collect();
            element(out, "failure", Some((first, kind)), &body);
            rest.extend(not_examined);
        }
        Verdict::Incomplete => {
            let first = reasons.first().map_or("", |reason| reason.get(language));
            element(out, "error", Some((first, "incomplete")), &not_examined);
        }
        Verdict::Pass => {}
    }
    if !rest.is_empty() {
        element(out, "system-out", None, &rest);
    }
    out.push_str("    </testcase>\n");
}

fn element(out: &mut String, name: &str, about: Option<(&str, &str)>, lines: &[String]) {
    let attributes = about.map_or_else(String::new, |(message, kind)| {
        format!(" message=\"{}\" type=\"{}\"", markup(message), markup(kind))
    });
    let body = lines
        .iter()
        .map(|line| markup(line))
        .collect::<Vec<_>>()
        .join("\n");
    let _ = writeln!(out, "      <{name}{attributes}>{body}</{name}>");
}

fn line(finding: &Finding, context: &RenderContext<'_>) -> String {
    let language = context.language;
    let severity = words::severity(finding.severity).get(language);
    let message = finding.message.get(language);
    let place = outline::place(finding, language, str::to_owned);
    let mut parts = vec![match language {
        Language::English => format!("{severity}: {message}"),
        Language::Chinese => format!("{severity}：{message}"),
    }];
    parts.extend(place);
    if !finding.evidence.is_empty() {
        parts.push(finding.evidence.clone());
    }
    parts.push(format!("[{}]", finding.detector));
    parts.join(" | ")
}
