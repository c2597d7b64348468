//! What a worker tells the driver of a part, as JSON. Both are of one build, so the form may change with any build.

use std::sync::Arc;

use cleanbill_core::{
    Coverage, CoverageState, Severity, Text,
    leak::{LeakArtifact, LeakClass, LeakGroup, LeakProblem},
};
use cleanbill_data::PartReport;
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
    groups: Vec<((String, String, String), u64)>,
    lines: u64,
    chars: u64,
    is_one_text: bool,
    names: Vec<(u64, (String, String, String), String)>,
    broke_down: bool,
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
            .map(|(group, number)| (named(group), *number))
            .collect(),
        lines: report.lines,
        chars: report.chars,
        is_one_text: report.is_one_text,
        names: report
            .names
            .iter()
            .map(|(place, group, mark)| (*place, named(group), mark.clone()))
            .collect(),
        broke_down: report.broke_down,
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
    let mut findings = std::collections::BTreeMap::new();
    for (words, number) in wire.groups {
        findings.insert(group(&words)?, number);
    }
    let mut names = Vec::new();
    for (place, words, mark) in wire.names {
        names.push((place, group(&words)?, mark));
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
        names,
        broke_down: wire.broke_down,
    })
}

fn named((class, kind, severity): &LeakGroup) -> (String, String, String) {
    let (class, severity) = (class.as_str().to_owned(), severity.as_str().to_owned());
    (class, kind.to_string(), severity)
}

fn group((class, kind, severity): &(String, String, String)) -> Result<LeakGroup, serde_json::Error> {
    match (LeakClass::parse(class), Severity::parse(severity)) {
        (Some(class), Some(severity)) => Ok((class, Arc::from(kind.as_str()), severity)),
        _ => Err(serde::de::Error::custom("no such class or severity")),
    }
}

fn words(text: &Text) -> (String, String) {
    let zh = text.get(cleanbill_core::Language::Chinese);
    (text.en().to_owned(), zh.to_owned())
}

fn reason((en, zh): (String, String)) -> Text {
    Text::new(en, zh)
}
