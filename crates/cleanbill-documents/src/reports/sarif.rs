//! Report `sarif`: SARIF 2.1.0 for code scanning services and editors.

mod wire;

use std::collections::BTreeMap;

use cleanbill_core::{ArtifactReport, Confidence, CoverageState, Finding, Report, Severity};
use wire::{
    Artifact, ArtifactLocation, ArtifactProperties, BaseId, BaseIds, Configuration, Descriptor,
    DescriptorReference, Driver, Fingerprints, Hashes, Help, Invocation, Location, Log, LogicalLocation,
    MemberRange, Message, Notification, NotificationLocation, Outcome, OutcomeProperties, PhysicalLocation,
    Region, Rule, RuleProperties, Run, RunProperties, Tool,
};

use super::{RenderContext, RuleInfo, outline, words};
use crate::escape;

report! {
    /// SARIF 2.1.0 for code scanning services and editors, in English. Paths are relative to the target, which is named as the
    /// base `TARGET`. A byte region is given only where the bytes are the artifact's own; a member of an archive stands in
    /// `logicalLocations`. Whatever was not examined is a notification of the tool, and then `executionSuccessful` is false:
    /// a log without results must not read as a pass.
    id: "sarif",
    title: "SARIF 2.1.0 for code scanning", "SARIF 2.1.0，供代码扫描平台使用",
    media_type: "application/sarif+json", suffix: "sarif",
    render: render,
}

/// Id of the notification that something was not examined.
const NOT_EXAMINED: &str = "not-examined";

fn render(report: &Report, context: &RenderContext<'_>) -> Vec<u8> {
    let indexes: BTreeMap<&str, usize> = report
        .artifacts
        .iter()
        .enumerate()
        .map(|(index, artifact)| (artifact.path.as_str(), index))
        .collect();
    let notifications = notifications(report, &indexes);
    escape::json(&Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "Cleanbill",
                    version: &report.tool.version,
                    semantic_version: &report.tool.version,
                    rules: context.rules.iter().map(rule).collect(),
                    notifications: [Descriptor {
                        id: NOT_EXAMINED,
                        short_description: message("Something was not, or not fully, examined."),
                    }],
                },
            },
            invocations: [Invocation {
                execution_successful: notifications.is_empty(),
                tool_execution_notifications: notifications,
            }],
            original_uri_base_ids: BaseIds {
                target: BaseId {
                    description: message(&format!("the target of the scan: {}", report.target)),
                },
            },
            artifacts: report.artifacts.iter().map(artifact).collect(),
            results: report
                .findings
                .iter()
                .map(|finding| outcome(finding, context, &indexes))
                .collect(),
            properties: RunProperties {
                verdict: report.verdict.as_str(),
                target: &report.target,
                detectors_digest: &report.tool.detectors_digest,
                departures: outline::departures(context)
                    .iter()
                    .map(|departure| departure.en().to_owned())
                    .collect(),
            },
        }],
    })
}

fn message(text: &str) -> Message {
    Message {
        text: text.to_owned(),
    }
}

fn rule(rule: &RuleInfo) -> Rule<'_> {
    let mut tags = vec!["security".to_owned()];
    for tag in &rule.tags {
        if let Some(number) = tag.strip_prefix("CWE-") {
            tags.push(format!("external/cwe/cwe-{number}"));
        }
        tags.push(tag.clone());
    }
    let why = rule.why.en();
    let full = if why.is_empty() { rule.title.en() } else { why };
    Rule {
        id: &rule.id,
        name: pascal_case(&rule.id),
        short_description: message(rule.title.en()),
        full_description: message(full),
        help: Help {
            text: &rule.page,
            markdown: &rule.page,
        },
        default_configuration: Configuration {
            level: level(rule.severity),
        },
        properties: RuleProperties {
            tags,
            precision: precision(rule.confidence),
            security_severity: security_severity(rule.severity),
        },
    }
}

fn pascal_case(id: &str) -> String {
    let mut name = String::new();
    for part in id.split('-') {
        let mut characters = part.chars();
        name.extend(characters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(characters.as_str());
    }
    name
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// Returns a number within the band that code scanning services give to the severity.
const fn security_severity(severity: Severity) -> Option<&'static str> {
    match severity {
        Severity::Critical => Some("9.5"),
        Severity::High => Some("8.0"),
        Severity::Medium => Some("5.5"),
        Severity::Low => Some("2.0"),
        Severity::Info => None,
    }
}

const fn precision(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::High => "very-high",
        Confidence::Medium => "high",
        Confidence::Low => "medium",
    }
}

fn artifact(artifact: &ArtifactReport) -> Artifact<'_> {
    Artifact {
        location: artifact_location(&artifact.path, None),
        length: artifact.size_bytes,
        roles: ["analysisTarget"],
        hashes: artifact.sha256.map(|digest| Hashes {
            sha256: digest.to_string(),
        }),
        properties: ArtifactProperties {
            verdict: artifact.verdict.as_str(),
            coverage: artifact.coverage.state().as_str(),
            formats: &artifact.formats,
            members: artifact.members,
        },
    }
}

fn artifact_location(path: &str, index: Option<usize>) -> ArtifactLocation {
    ArtifactLocation {
        uri: escape::relative_uri(path),
        uri_base_id: "TARGET",
        index,
    }
}

fn outcome<'a>(
    finding: &'a Finding,
    context: &RenderContext<'_>,
    indexes: &BTreeMap<&str, usize>,
) -> Outcome<'a> {
    let place = &finding.location;
    let member = place.member.as_deref();
    let range = place.byte_range.filter(|range| range.end >= range.start);
    let mut text = finding.message.en().to_owned();
    if !finding.hint.en().is_empty() {
        text = format!("{text}\n{}: {}", words::TO_DO.en, finding.hint.en());
    }
    Outcome {
        rule_id: &finding.detector,
        rule_index: context.rules.iter().position(|rule| rule.id == finding.detector),
        level: level(finding.severity),
        message: Message { text },
        locations: [Location {
            physical_location: PhysicalLocation {
                artifact_location: artifact_location(
                    &place.artifact,
                    indexes.get(place.artifact.as_str()).copied(),
                ),
                region: range.filter(|_| member.is_none()).map(|range| Region {
                    byte_offset: range.start,
                    byte_length: range.end - range.start,
                }),
            },
            logical_locations: member
                .map(|member| LogicalLocation {
                    fully_qualified_name: member,
                    kind: "member",
                })
                .into_iter()
                .collect(),
        }],
        partial_fingerprints: Fingerprints {
            cleanbill: &finding.fingerprint,
        },
        properties: OutcomeProperties {
            severity: finding.severity.as_str(),
            confidence: finding.confidence.as_str(),
            security_severity: security_severity(finding.severity),
            tags: &finding.tags,
            controls: &finding.controls,
            evidence: &finding.evidence,
            member,
            member_byte_range: range.filter(|_| member.is_some()).map(|range| MemberRange {
                start: range.start,
                end: range.end,
            }),
        },
    }
}

fn notifications(report: &Report, indexes: &BTreeMap<&str, usize>) -> Vec<Notification> {
    let notification = |level, text: &str, path: Option<&str>| Notification {
        descriptor: DescriptorReference {
            id: NOT_EXAMINED,
            index: 0,
        },
        level,
        message: message(text),
        locations: path
            .map(|path| NotificationLocation {
                physical_location: PhysicalLocation {
                    artifact_location: artifact_location(path, indexes.get(path).copied()),
                    region: None,
                },
            })
            .into_iter()
            .collect(),
    };
    if report.artifacts.is_empty() {
        return vec![notification("error", words::NO_INPUT.en, None)];
    }
    let mut list = Vec::new();
    for artifact in outline::unexamined(report) {
        let level = if artifact.coverage.state() == CoverageState::Skipped {
            "error"
        } else {
            "warning"
        };
        for reason in artifact.coverage.reasons() {
            list.push(notification(level, reason.en(), Some(&artifact.path)));
        }
    }
    list
}
