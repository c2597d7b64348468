//! Writes claims: the subjects of a model around a predicate, signed as models are.

use serde_json::json;

use super::{CREATED, Predicate, SERIALIZATION};
use crate::{
    certificate::Certificate,
    key::{KeyError, SigningKey},
    sign::{sign_payload_with_certificate, sign_payload_with_key},
    statement::{STATEMENT_TYPE, Statement},
    time::UnixTime,
};

/// Holds what claims are signed with.
#[derive(Debug)]
pub struct ClaimSigner {
    /// The private key.
    pub key: Box<dyn SigningKey>,
    /// The certificate of that key and those that lead from its issuer towards a root; nothing where verifiers know the key.
    pub certificates: Vec<Certificate>,
}

/// Signs a claim about a model and returns the bundle, on one line.
///
/// INVARIANT: the model was read as whole files by SHA-256, since in-toto has one digest for each subject.
pub fn sign_claim(
    model: &Statement,
    predicate: &Predicate,
    created: UnixTime,
    signer: &ClaimSigner,
) -> Result<Vec<u8>, KeyError> {
    let payload = payload(model, predicate, created);
    match signer.certificates.split_first() {
        None => sign_payload_with_key(&payload, signer.key.as_ref()),
        Some((certificate, chain)) => {
            sign_payload_with_certificate(&payload, signer.key.as_ref(), certificate, chain)
        }
    }
}

/// Writes the statement. The predicate stands in it as it was given, byte for byte.
fn payload(model: &Statement, predicate: &Predicate, created: UnixTime) -> Vec<u8> {
    let mut subjects = vec![json!({
        "name": model.name,
        "digest": {"sha256": model.root_digest()},
        "annotations": {SERIALIZATION: model.rules_to_json(), CREATED: created.to_string()},
    })];
    for resource in &model.resources {
        let digest = cleanbill_core::hex(&resource.digest);
        subjects.push(json!({"name": resource.name, "digest": {"sha256": digest}}));
    }
    let (statement_type, subjects) = (json!(STATEMENT_TYPE), serde_json::Value::from(subjects));
    let predicate_type = json!(predicate.predicate_type());
    let mut out = format!(
        r#"{{"_type":{statement_type},"subject":{subjects},"predicateType":{predicate_type},"predicate":"#
    )
    .into_bytes();
    out.extend_from_slice(predicate.as_json());
    out.push(b'}');
    out
}
