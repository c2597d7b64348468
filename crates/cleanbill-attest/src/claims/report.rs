//! Claims for machines: `cleanbill.claims/1` for what was verified, `cleanbill.claims-list/1` for what was only read.

use cleanbill_core::Verdict;
use serde_json::{Value, json};

use super::{Claim, ClaimOutcome, ClaimReport, ClaimsReport, ListedClaim, UnverifiedSigner};
use crate::verify::report::{note, refusal, signed_by, verdict};

/// Name of the shape of a verification.
pub const CLAIMS_SCHEMA: &str = "cleanbill.claims/1";
/// JSON Schema of the shape.
pub const CLAIMS_SCHEMA_TEXT: &str = include_str!("../../schemas/cleanbill.claims-1.schema.json");

impl ClaimsReport {
    /// Returns the verdict on the whole.
    pub fn verdict(&self) -> Verdict {
        verdict(self.holds(), self.is_incomplete())
    }

    /// Writes the result as a value; `version` is that of the program.
    pub fn to_json(&self, target: &str, file: &str, version: &str) -> Value {
        json!({
            "schema": CLAIMS_SCHEMA,
            "tool": {"name": "cleanbill", "version": version},
            "target": target,
            "file": file,
            "method": self.method.as_str(),
            "verdict": self.verdict().as_str(),
            "claims": self.claims.iter().map(claim_report).collect::<Vec<_>>(),
            "refusals": self.refusals.iter().map(refusal).collect::<Vec<_>>(),
        })
    }
}

fn claim_report(report: &ClaimReport) -> Value {
    json!({
        "line": report.line,
        "valid": report.holds(),
        "claim": report.claim.as_ref().map(claim),
        "signed_by": report.signed_by.as_ref().map(signed_by),
        "refusals": report.refusals.iter().map(refusal).collect::<Vec<_>>(),
        "notes": report.notes.iter().map(note).collect::<Vec<_>>(),
    })
}

fn claim(claim: &Claim) -> Value {
    let first = claim.subjects.first();
    let provenance = claim
        .provenance
        .as_ref()
        .map(|one| json!({"builder": one.builder, "build_type": one.build_type, "sources": one.sources}));
    json!({
        "kind": claim.kind.as_str(),
        "predicate_type": claim.predicate_type,
        "subject": first.map(|subject| &subject.name),
        "digest": first.and_then(|subject| subject.sha256.as_ref()),
        "subjects": claim.subjects.len(),
        "time": claim.time,
        "result": claim.outcome.map(ClaimOutcome::as_str),
        "provenance": provenance,
    })
}

/// Writes claims that nobody verified as a value.
pub fn list_to_json(listed: &[ListedClaim], file: &str, version: &str) -> Value {
    let claims: Vec<Value> = listed
        .iter()
        .map(|one| {
            let read = one.read.as_ref().ok();
            json!({
                "line": one.line,
                "claim": read.map(|(_, said)| claim(said)),
                "unverified_signer": read.map(|(who, _)| signer(who)),
                "refusal": one.read.as_ref().err().map(refusal),
            })
        })
        .collect();
    json!({
        "schema": "cleanbill.claims-list/1",
        "tool": {"name": "cleanbill", "version": version},
        "file": file,
        "verified": false,
        "claims": claims,
    })
}

fn signer(signer: &UnverifiedSigner) -> Value {
    match signer {
        UnverifiedSigner::Key(fingerprint) => json!({"kind": "key", "fingerprint": fingerprint}),
        UnverifiedSigner::Certificate(subject) => json!({"kind": "certificate", "subject": subject}),
        UnverifiedSigner::Identity => json!({"kind": "identity"}),
    }
}
