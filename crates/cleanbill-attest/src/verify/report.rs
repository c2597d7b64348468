//! The result of a verification for machines: `cleanbill.verify/1`.

use cleanbill_core::Verdict;
use serde_json::{Map, Value, json};

use super::{FileReport, SignedBy, Verification};
use crate::{
    note::Note,
    refusal::{Refusal, Step},
    statement::Statement,
};

/// Name of the shape.
pub const SCHEMA: &str = "cleanbill.verify/1";
/// Returns the verdict of what holds, or of what could only not be read.
pub(crate) const fn verdict(holds: bool, is_incomplete: bool) -> Verdict {
    match (holds, is_incomplete) {
        (true, _) => Verdict::Pass,
        (false, true) => Verdict::Incomplete,
        (false, false) => Verdict::Fail,
    }
}

/// JSON Schema of the shape.
pub const VERIFY_SCHEMA: &str = include_str!("../../schemas/cleanbill.verify-1.schema.json");

impl Verification {
    /// Returns the verdict on the whole.
    pub fn verdict(&self) -> Verdict {
        verdict(self.holds(), self.is_incomplete())
    }

    /// Writes the result as a value; `version` is that of the program.
    pub fn to_json(&self, target: &str, signature: &str, version: &str) -> Value {
        let steps: Vec<Value> = Step::ALL
            .iter()
            .map(|step| json!({"step": step.as_str(), "state": self.step(*step)}))
            .collect();
        let refusals: Vec<Value> = self.refusals.iter().map(refusal).collect();
        let notes: Vec<Value> = self.notes.iter().map(note).collect();
        let counts: Map<String, Value> = self
            .counts()
            .into_iter()
            .map(|(state, count)| (state.as_str().to_owned(), count.into()))
            .collect();
        json!({
            "schema": SCHEMA,
            "tool": {"name": "cleanbill", "version": version},
            "target": target,
            "signature": signature,
            "method": self.method.as_str(),
            "verdict": self.verdict().as_str(),
            "signed_by": self.signed_by.as_ref().map(signed_by),
            "statement": self.statement.as_ref().map(statement),
            "steps": steps,
            "refusals": refusals,
            "notes": notes,
            "summary": counts,
            "files": self.files.iter().map(file).collect::<Vec<_>>(),
        })
    }
}

pub(crate) fn signed_by(signer: &SignedBy) -> Value {
    match signer {
        SignedBy::Key { curve, fingerprint } => {
            json!({"kind": "key", "curve": curve.as_str(), "fingerprint": fingerprint})
        }
        SignedBy::Certificate { path, serial, at } => {
            let path: Vec<Value> = path
                .iter()
                .map(|(subject, fingerprint, until)| {
                    json!({"subject": subject, "sha256": fingerprint, "valid_until": until.to_string()})
                })
                .collect();
            json!({"kind": "certificate", "path": path, "serial": serial, "checked_at": at.to_string()})
        }
        SignedBy::Identity {
            identity,
            provider,
            times,
        } => {
            let times: Vec<String> = times.iter().map(ToString::to_string).collect();
            json!({"kind": "identity", "identity": identity, "provider": provider, "signed_at": times})
        }
    }
}

pub(crate) fn refusal(refusal: &Refusal) -> Value {
    json!({
        "reason": refusal.id(),
        "step": refusal.step().as_str(),
        "file": refusal.file(),
        "message": refusal.text().en(),
        "hint": refusal.hint().map(|hint| hint.en().to_owned()),
    })
}

pub(crate) fn note(note: &Note) -> Value {
    json!({"note": note.id(), "message": note.text().en()})
}

fn statement(statement: &Statement) -> Value {
    json!({
        "name": statement.name,
        "digest": statement.root_digest(),
        "serialization": statement.serialization.as_str(),
        "hash": statement.algorithm.as_str(),
        "allow_symlinks": statement.allow_symlinks,
        "ignore_paths": statement.ignore_paths,
        "resources": statement.resources.len(),
    })
}

fn file(file: &FileReport) -> Value {
    json!({
        "path": file.name,
        "state": file.state.as_str(),
        "size_bytes": file.size_bytes,
        "signed_digest": file.signed_digest,
        "found_digest": file.found_digest,
    })
}
