//! What is kept of an artifact, as it is written.

use std::sync::Arc;

use cleanbill_core::{
    Confidence, Severity,
    leak::{Leak, LeakClass, LeakRecord},
};
use serde::{Deserialize, Serialize};

/// What is kept of an artifact besides its findings.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kept {
    pub(super) path: String,
    /// Mark of what was looked for and how, under the key.
    pub(super) setting: String,
    pub(super) size_bytes: u64,
    pub(super) modified_ns: u64,
    pub(super) format: String,
    pub(super) records: u64,
    pub(super) findings: u64,
}

/// A finding, without the artifact.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Finding {
    kind: String,
    class: String,
    index: u64,
    id: Option<String>,
    column: Option<String>,
    line: Option<u64>,
    place: [u64; 4],
    severity: String,
    confidence: String,
    evidence: String,
    hash: String,
    validated: bool,
}

impl Finding {
    pub(super) fn of(leak: &Leak) -> Self {
        Self {
            kind: leak.kind.to_string(),
            class: leak.class.as_str().to_owned(),
            index: leak.record.index,
            id: leak.record.id.clone(),
            column: leak.record.column.clone(),
            line: leak.record.line,
            place: [leak.start, leak.end, leak.char_start, leak.char_end],
            severity: leak.severity.as_str().to_owned(),
            confidence: leak.confidence.as_str().to_owned(),
            evidence: leak.evidence.clone(),
            hash: leak.hash.clone(),
            validated: leak.validated,
        }
    }

    pub(super) fn leak(self, artifact: &Arc<str>) -> Option<Leak> {
        let [start, end, char_start, char_end] = self.place;
        let all = [Confidence::Low, Confidence::Medium, Confidence::High];
        Some(Leak {
            kind: self.kind.into(),
            class: LeakClass::parse(&self.class)?,
            artifact: Arc::clone(artifact),
            record: LeakRecord {
                index: self.index,
                id: self.id,
                column: self.column,
                line: self.line,
            },
            start,
            end,
            char_start,
            char_end,
            severity: Severity::parse(&self.severity)?,
            confidence: all.into_iter().find(|one| one.as_str() == self.confidence)?,
            evidence: self.evidence,
            hash: self.hash,
            validated: self.validated,
            replaced: None,
        })
    }
}
