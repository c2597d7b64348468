//! Makes predicates about lineage: what a model was compared with, and how far what it is said to be fits.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cleanbill_core::difference::{Claim, Difference};
use serde_json::json;

use super::{
    ATTRIBUTES, Dependency, Predicate,
    predicate::{dependency, digest_of},
};

impl Predicate {
    /// Says what a model is in relation to another, with the comparison as evidence: its digest, and its text where that is short.
    pub fn lineage(difference: &Difference, base: &Dependency, evidence: &[u8]) -> Self {
        let word = difference
            .lineage
            .descent
            .map_or("unknown", |descent| descent.as_str());
        let attribute = format!("LINEAGE_{}", word.to_ascii_uppercase().replace('-', "_"));
        let mut document = json!({
            "name": "difference",
            "digest": {"sha256": digest_of(evidence)},
            "mediaType": "application/json",
        });
        if let Some(document) = document
            .as_object_mut()
            .filter(|_| evidence.len() <= EVIDENCE_BYTES)
        {
            document.insert("content".to_owned(), STANDARD.encode(evidence).into());
        }
        let mut conditions = json!({"verdict": difference.verdict.as_str()});
        if let (Some(conditions), Some(claim)) = (conditions.as_object_mut(), difference.claim) {
            conditions.insert("claim".to_owned(), Claim::as_str(claim).into());
        }
        Self::new(
            ATTRIBUTES,
            &json!({
                "attributes": [{
                    "attribute": attribute,
                    "target": dependency(base),
                    "conditions": conditions,
                    "evidence": document,
                }],
            }),
        )
    }
}

/// Bytes of a comparison that stands in the claim. That of a model of a few hundred tensors is shorter.
const EVIDENCE_BYTES: usize = 256 << 10;
