//! Report `json`: the contract `cleanbill.report/1` for programs.

use cleanbill_core::{CoverageState, Report, Severity};
use serde::Serialize;

use super::{RenderContext, RunOptions};
use crate::escape;

report! {
    /// For programs. The shape is versioned (`"schema": "cleanbill.report/1"`) and described by the JSON Schema
    /// `crates/cleanbill-documents/schemas/cleanbill.report-1.schema.json`. The same bytes and the same build give the same
    /// report: it holds no times, is in English whatever the locale, and is sorted. The object `run` is present only where
    /// the scan was asked for otherwise than by default.
    id: "json",
    title: "for programs (`cleanbill.report/1`)", "供程序使用（`cleanbill.report/1`）",
    media_type: "application/json", suffix: "json",
    render: render,
}

fn render(report: &Report, context: &RenderContext<'_>) -> Vec<u8> {
    escape::json(&wire(report, context.options))
}

#[derive(Serialize)]
struct ReportV1<'a> {
    schema: &'static str,
    tool: Tool<'a>,
    target: &'a str,
    verdict: &'static str,
    summary: Summary,
    artifacts: Vec<Artifact<'a>>,
    findings: Vec<Finding<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<Run<'a>>,
}

#[derive(Serialize)]
struct Tool<'a> {
    name: &'a str,
    version: &'a str,
    detectors_digest: &'a str,
}

#[derive(Serialize)]
struct Summary {
    artifacts: u64,
    bytes: u64,
    findings: SeverityCounts,
    coverage: CoverageCounts,
}

#[derive(Serialize)]
struct SeverityCounts {
    critical: u64,
    high: u64,
    medium: u64,
    low: u64,
    info: u64,
}

#[derive(Serialize)]
struct CoverageCounts {
    complete: u64,
    partial: u64,
    skipped: u64,
}

#[derive(Serialize)]
struct Artifact<'a> {
    path: &'a str,
    size_bytes: u64,
    sha256: Option<String>,
    formats: &'a [String],
    members: u64,
    verdict: &'static str,
    coverage: Coverage<'a>,
}

#[derive(Serialize)]
struct Coverage<'a> {
    state: &'static str,
    reasons: Vec<&'a str>,
}

#[derive(Serialize)]
struct Finding<'a> {
    detector: &'a str,
    severity: &'static str,
    confidence: &'static str,
    artifact: &'a str,
    member: Option<&'a str>,
    byte_range: Option<ByteRange>,
    message: &'a str,
    evidence: &'a str,
    hint: &'a str,
    tags: &'a [String],
    controls: &'a [String],
    fingerprint: &'a str,
}

#[derive(Serialize)]
struct ByteRange {
    start: u64,
    end: u64,
}

#[derive(Serialize)]
struct Run<'a> {
    fail_on: &'static str,
    only: Option<&'a [String]>,
    limits: Vec<Limit<'a>>,
}

#[derive(Serialize)]
struct Limit<'a> {
    name: &'a str,
    value: u64,
}

fn wire<'a>(report: &'a Report, options: &'a RunOptions) -> ReportV1<'a> {
    let found = |severity| report.summary.findings.get(severity);
    ReportV1 {
        schema: "cleanbill.report/1",
        tool: Tool {
            name: &report.tool.name,
            version: &report.tool.version,
            detectors_digest: &report.tool.detectors_digest,
        },
        target: &report.target,
        verdict: report.verdict.as_str(),
        summary: Summary {
            artifacts: report.summary.artifacts,
            bytes: report.summary.bytes,
            findings: SeverityCounts {
                critical: found(Severity::Critical),
                high: found(Severity::High),
                medium: found(Severity::Medium),
                low: found(Severity::Low),
                info: found(Severity::Info),
            },
            coverage: CoverageCounts {
                complete: report.summary.coverage.complete,
                partial: report.summary.coverage.partial,
                skipped: report.summary.coverage.skipped,
            },
        },
        artifacts: report.artifacts.iter().map(artifact).collect(),
        findings: report.findings.iter().map(finding).collect(),
        run: (*options != RunOptions::default()).then(|| Run {
            fail_on: options.fail_on.as_str(),
            only: options.only.as_deref(),
            limits: options
                .limits
                .iter()
                .map(|(name, value)| Limit { name, value: *value })
                .collect(),
        }),
    }
}

fn artifact(artifact: &cleanbill_core::ArtifactReport) -> Artifact<'_> {
    let state: CoverageState = artifact.coverage.state();
    Artifact {
        path: &artifact.path,
        size_bytes: artifact.size_bytes,
        sha256: artifact.sha256.map(|digest| digest.to_string()),
        formats: &artifact.formats,
        members: artifact.members,
        verdict: artifact.verdict.as_str(),
        coverage: Coverage {
            state: state.as_str(),
            reasons: artifact
                .coverage
                .reasons()
                .iter()
                .map(cleanbill_core::Text::en)
                .collect(),
        },
    }
}

fn finding(finding: &cleanbill_core::Finding) -> Finding<'_> {
    Finding {
        detector: &finding.detector,
        severity: finding.severity.as_str(),
        confidence: finding.confidence.as_str(),
        artifact: &finding.location.artifact,
        member: finding.location.member.as_deref(),
        byte_range: finding.location.byte_range.map(|range| ByteRange {
            start: range.start,
            end: range.end,
        }),
        message: finding.message.en(),
        evidence: &finding.evidence,
        hint: finding.hint.en(),
        tags: &finding.tags,
        controls: &finding.controls,
        fingerprint: &finding.fingerprint,
    }
}
