//! What a worker tells the driver of a part, as JSON. Both are of one build, so the form may change with any build.

use std::sync::Arc;

use cleanbill_core::{
    Coverage, CoverageState, Severity, Text,
    leak::{LeakArtifact, LeakClass, LeakGroup, LeakProblem},
};
use cleanbill_data::{NameFinding, PartReport};
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Serialize)]
struct Wire {
    path: String,
    size_bytes: u64,
    format: String,
    records: u64,
    findings: u64,
    skipped: bool,
    reasons: Vec<(String, String)>,
    problems: Vec<Problem>,
    more_problems: u64,
    groups: Vec<(String, String, String, u64)>,
    lines: u64,
    chars: u64,
    is_one_text: bool,
    broke_down: bool,
    /// Mark, class, type and severity of findings in names.
    names: Vec<(String, String, String, String)>,
}

#[derive(Deserialize, Serialize)]
struct Problem {
    record: Option<u64>,
    offset: Option<u64>,
    reason: (String, String),
}

/// Writes a report of a part.
pub(crate) fn write(report: &PartReport) -> Result<String, serde_json::Error> {
    let artifact = &report.artifact;
    serde_json::to_string(&Wire {
        path: artifact.path.to_string(),
        size_bytes: artifact.size_bytes,
        format: artifact.format.clone(),
        records: artifact.records,
        findings: artifact.findings,
        skipped: artifact.coverage.state() == CoverageState::Skipped,
        reasons: artifact.coverage.reasons().iter().map(words).collect(),
        problems: artifact
            .problems
            .iter()
            .map(|problem| Problem {
                record: problem.record,
                offset: problem.offset,
                reason: words(&problem.reason),
            })
            .collect(),
        more_problems: artifact.more_problems,
        groups: report
            .findings
            .iter()
            .map(|((class, kind, severity), number)| {
                let (class, severity) = (class.as_str().to_owned(), severity.as_str().to_owned());
                (class, kind.to_string(), severity, *number)
            })
            .collect(),
        lines: report.lines,
        chars: report.chars,
        is_one_text: report.is_one_text,
        broke_down: report.broke_down,
        names: report
            .names
            .iter()
            .map(|name| {
                let (class, kind, severity) = &name.group;
                let (class, severity) = (class.as_str().to_owned(), severity.as_str().to_owned());
                (name.mark.clone(), class, kind.to_string(), severity)
            })
            .collect(),
    })
}

/// Reads a report of a part.
pub(crate) fn read(text: &str) -> Result<PartReport, serde_json::Error> {
    let wire: Wire = serde_json::from_str(text)?;
    let mut reasons = wire.reasons.into_iter().map(reason);
    let mut coverage = match (wire.skipped, reasons.next()) {
        (true, first) => Coverage::skipped(first.unwrap_or_else(|| Text::same(""))),
        (false, first) => {
            let mut coverage = Coverage::complete();
            if let Some(reason) = first {
                coverage.lose(reason);
            }
            coverage
        }
    };
    for reason in reasons {
        coverage.lose(reason);
    }
    let problem = |problem: Problem| LeakProblem {
        record: problem.record,
        offset: problem.offset,
        reason: reason(problem.reason),
    };
    let group = |class: &str, kind: String, severity: &str| -> Result<LeakGroup, serde_json::Error> {
        match (LeakClass::parse(class), Severity::parse(severity)) {
            (Some(class), Some(severity)) => Ok((class, Arc::from(kind), severity)),
            _ => Err(serde::de::Error::custom("no such class or severity")),
        }
    };
    let mut findings = std::collections::BTreeMap::new();
    for (class, kind, severity, number) in wire.groups {
        findings.insert(group(&class, kind, &severity)?, number);
    }
    let mut names = Vec::new();
    for (mark, class, kind, severity) in wire.names {
        let group = group(&class, kind, &severity)?;
        names.push(NameFinding { mark, group });
    }
    Ok(PartReport {
        artifact: LeakArtifact {
            path: wire.path.into(),
            size_bytes: wire.size_bytes,
            format: wire.format,
            records: wire.records,
            findings: wire.findings,
            coverage,
            problems: wire.problems.into_iter().map(problem).collect(),
            more_problems: wire.more_problems,
            copied: false,
        },
        findings,
        lines: wire.lines,
        chars: wire.chars,
        is_one_text: wire.is_one_text,
        broke_down: wire.broke_down,
        names,
    })
}

fn words(text: &Text) -> (String, String) {
    let zh = text.get(cleanbill_core::Language::Chinese);
    (text.en().to_owned(), zh.to_owned())
}

fn reason((en, zh): (String, String)) -> Text {
    Text::new(en, zh)
}
