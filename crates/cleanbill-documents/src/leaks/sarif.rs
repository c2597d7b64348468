//! Document `sarif`: SARIF 2.1.0, written piece by piece.

use std::io::{self, Write};

use cleanbill_core::{
    Severity,
    leak::{Leak, LeakArtifact, LeakSummary},
};
use serde_json::{Map, Value, json};

use super::{LeakLook, LeakWriter};
use crate::{escape, reports::RuleInfo};

/// LIMIT: results of one log; services take fewer. The rest is said in a notification.
const RESULTS: u64 = 100_000;

pub(super) fn begin<'a>(
    mut out: Box<dyn Write + Send + 'a>,
    look: &LeakLook<'a>,
) -> io::Result<Box<dyn LeakWriter + 'a>> {
    let driver = json!({"driver": {
        "name": "Cleanbill",
        "version": look.version,
        "semanticVersion": look.version,
        "rules": look.rules.iter().map(rule).collect::<Vec<_>>(),
        "notifications": [{
            "id": "not-examined",
            "shortDescription": {"text": "Something was not, or not fully, examined."},
        }],
    }});
    out.write_all(
        b"{\"$schema\": \"https://json.schemastore.org/sarif-2.1.0.json\", \"version\": \"2.1.0\", \"runs\": [{\n\"tool\": ",
    )?;
    out.write_all(&escape::json_line(&driver))?;
    out.write_all(b",\"results\": [")?;
    Ok(Box::new(Log {
        out,
        rules: look.rules,
        results: 0,
        left_out: 0,
    }))
}

struct Log<'a> {
    out: Box<dyn Write + Send + 'a>,
    rules: &'a [RuleInfo],
    results: u64,
    left_out: u64,
}

fn rule(rule: &RuleInfo) -> Value {
    json!({
        "id": rule.id,
        "shortDescription": {"text": rule.title.en()},
        "defaultConfiguration": {"level": level(rule.severity)},
        "properties": {"tags": rule.tags, "security-severity": points(rule.severity)},
    })
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// Returns a number within the band that code scanning services give to the severity.
const fn points(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low | Severity::Info => "2.0",
    }
}

fn location(path: &str) -> Value {
    json!({"uri": escape::relative_uri(path), "uriBaseId": "TARGET"})
}

impl LeakWriter for Log<'_> {
    fn leak(&mut self, leak: &Leak) -> io::Result<()> {
        if self.results >= RESULTS {
            self.left_out += 1;
            return Ok(());
        }
        let before: &[u8] = if self.results == 0 { b"\n" } else { b",\n" };
        self.results += 1;
        let position = self.rules.iter().position(|rule| rule.id == *leak.kind);
        let title = position
            .and_then(|index| self.rules.get(index))
            .map_or(&*leak.kind, |rule| rule.title.en());
        let mut physical = Map::new();
        physical.insert("artifactLocation".to_owned(), location(&leak.artifact));
        if let Some(line) = leak.record.line {
            physical.insert("region".to_owned(), json!({"startLine": line}));
        }
        let column = leak.record.column.as_deref();
        let name = match column {
            Some(column) => format!("record {}, {column}", leak.record.index),
            None => format!("record {}", leak.record.index),
        };
        let mut finding = json!({
            "ruleId": &*leak.kind,
            "level": level(leak.severity),
            "message": {"text": format!("{title}: {}", leak.evidence)},
            "locations": [{
                "physicalLocation": physical,
                "logicalLocations": [{"fullyQualifiedName": name, "kind": "record"}],
            }],
            "partialFingerprints": {"cleanbillPlace/v1": format!(
                "{}:{}:{}:{}:{}",
                leak.kind,
                leak.artifact,
                leak.record.index,
                column.unwrap_or_default(),
                leak.start,
            )},
            "properties": super::finding(leak),
        });
        if let (Some(index), Some(finding)) = (position, finding.as_object_mut()) {
            finding.insert("ruleIndex".to_owned(), index.into());
        }
        self.out.write_all(before)?;
        self.out.write_all(escape::json_line(&finding).trim_ascii_end())
    }

    fn finish(&mut self, summary: &LeakSummary) -> io::Result<()> {
        let mut notices: Vec<Value> = summary.artifacts.iter().flat_map(unexamined).collect();
        if summary.artifacts.is_empty() {
            notices.push(notice("there was nothing to examine", None));
        }
        if self.left_out > 0 {
            notices.push(notice(
                &format!("{} more findings are not listed", self.left_out),
                None,
            ));
        }
        let base = format!("the target of the search: {}", summary.target);
        let rest = json!({
            "invocations": [{
                "executionSuccessful": notices.is_empty(),
                "toolExecutionNotifications": notices,
            }],
            "originalUriBaseIds": {"TARGET": {"description": {"text": base}}},
            "artifacts": summary.artifacts.iter().map(artifact).collect::<Vec<_>>(),
            "properties": {
                "verdict": summary.verdict.as_str(),
                "target": summary.target,
                "rulesDigest": summary.tool.detectors_digest,
                "records": summary.records,
            },
        });
        let rest = escape::json(&rest);
        self.out.write_all(b"\n],\n")?;
        self.out
            .write_all(rest.trim_ascii().strip_prefix(b"{\n").unwrap_or(&rest))?;
        self.out.write_all(b"]}\n")?;
        self.out.flush()
    }
}

fn notice(text: &str, path: Option<&str>) -> Value {
    let mut notice = json!({
        "descriptor": {"id": "not-examined", "index": 0},
        "level": "warning",
        "message": {"text": text},
    });
    if let (Some(path), Some(notice)) = (path, notice.as_object_mut()) {
        notice.insert(
            "locations".to_owned(),
            json!([{"physicalLocation": {"artifactLocation": location(path)}}]),
        );
    }
    notice
}

fn unexamined(artifact: &LeakArtifact) -> Vec<Value> {
    let reasons = artifact.coverage.reasons().iter();
    reasons
        .map(|reason| notice(reason.en(), Some(&artifact.path)))
        .collect()
}

fn artifact(artifact: &LeakArtifact) -> Value {
    json!({
        "location": location(&artifact.path),
        "length": artifact.size_bytes,
        "roles": ["analysisTarget"],
        "properties": {
            "format": artifact.format,
            "records": artifact.records,
            "findings": artifact.findings,
            "coverage": artifact.coverage.state().as_str(),
        },
    })
}
