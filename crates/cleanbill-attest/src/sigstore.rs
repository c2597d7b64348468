//! Bundles of Sigstore, verified offline against a trusted root that is given or comes with the program.
//!
//! What the proofs mean is decided by the crate `sigstore-verify`; here stands what is asked of it, and its reasons in our words. Without
//! the feature `sigstore` every such bundle is refused with a reason that says so.

use crate::{note::Note, refusal::Refusal, verify::SignedBy};

/// Says where the trusted root comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustedRootSource {
    /// It comes with the program: that of the public instance.
    Embedded,
    /// The caller read it: a trusted root, or the configuration of a client that holds one.
    Given(Vec<u8>),
}

/// Holds who may have signed, and who is believed about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigstoreTrust {
    /// The trusted root.
    pub root: TrustedRootSource,
    /// Whose signature it has to be: the address or URI in the certificate.
    pub identity: String,
    /// Who has to have confirmed that: the issuer of the identity token.
    pub provider: String,
}

/// Holds what was verified.
pub(crate) struct Verified {
    pub(crate) signed_by: SignedBy,
    pub(crate) notes: Vec<Note>,
}

#[cfg(not(feature = "sigstore"))]
pub(crate) fn verify(_bundle: &[u8], _payload: &[u8], _trust: &SigstoreTrust) -> Result<Verified, Refusal> {
    Err(Refusal::SigstoreNotBuilt)
}

#[cfg(feature = "sigstore")]
pub(crate) use built::verify;

#[cfg(feature = "sigstore")]
mod built {
    use sigstore_trust_root::{SIGSTORE_PRODUCTION_TRUSTED_ROOT, TrustedRoot};
    use sigstore_verify::{
        Error, VerificationPolicy, Verifier,
        types::{Bundle, Sha256Hash},
    };

    use super::{Note, Refusal, SignedBy, SigstoreTrust, TrustedRootSource, Verified};
    use crate::{
        json::{self, Value},
        refusal::Document,
        time::UnixTime,
    };

    const TRUSTED_ROOT: &str = "application/vnd.dev.sigstore.trustedroot";
    const CLIENT_CONFIGURATION: &str = "application/vnd.dev.sigstore.clienttrustconfig";

    pub(crate) fn verify(bundle: &[u8], payload: &[u8], trust: &SigstoreTrust) -> Result<Verified, Refusal> {
        let (root, notes) = root(&trust.root)?;
        let verifier = Verifier::new(&root).map_err(|error| Refusal::SigstoreRoot {
            problem: error.to_string(),
        })?;
        let malformed = |problem: String| Refusal::SigstoreBundle { problem };
        let text = std::str::from_utf8(bundle).map_err(|error| malformed(error.to_string()))?;
        let bundle = Bundle::from_json(text).map_err(|error| malformed(error.to_string()))?;
        let digest =
            Sha256Hash::from_hex(&subject_digest(payload)).map_err(|error| malformed(error.to_string()))?;
        let policy = VerificationPolicy::new(trust.identity.as_str(), trust.provider.as_str());
        let result = verifier
            .verify(digest, &bundle, &policy)
            .map_err(|error| refusal(&error))?;
        // Each of these follows from the policy; that they do is worth a look.
        if !result.certificate_verified() || !result.tlog_verified() || !result.identity_policy_checked() {
            return Err(Refusal::SigstoreLog {
                problem: "a proof was not asked for".to_owned(),
            });
        }
        let mut times: Vec<UnixTime> = result
            .verified_timestamps()
            .iter()
            .map(|time| UnixTime(time.as_second()))
            .collect();
        times.sort_unstable();
        times.dedup();
        Ok(Verified {
            signed_by: SignedBy::Identity {
                identity: trust.identity.clone(),
                provider: trust.provider.clone(),
                times,
            },
            notes,
        })
    }

    /// Returns the digest that the statement gives its subject; what else it says is read when it is certain who says it.
    fn subject_digest(payload: &[u8]) -> String {
        let value: serde_json::Value = serde_json::from_slice(payload).unwrap_or_default();
        let digest = value.pointer("/subject/0/digest/sha256");
        digest
            .and_then(serde_json::Value::as_str)
            .map_or_else(|| "0".repeat(64), str::to_owned)
    }

    fn root(source: &TrustedRootSource) -> Result<(TrustedRoot, Vec<Note>), Refusal> {
        let unusable = |problem: String| Refusal::SigstoreRoot { problem };
        let parse = |text: &str| TrustedRoot::from_json(text).map_err(|error| unusable(error.to_string()));
        match source {
            TrustedRootSource::Embedded => {
                let newest = newest(&json::read(
                    Document::TrustedRoot,
                    SIGSTORE_PRODUCTION_TRUSTED_ROOT.as_bytes(),
                )?);
                let root = parse(SIGSTORE_PRODUCTION_TRUSTED_ROOT)?;
                Ok((root, vec![Note::EmbeddedRoot { newest }]))
            }
            TrustedRootSource::Given(bytes) => {
                // Nothing may stand twice in what decides about trust.
                json::read(Document::TrustedRoot, bytes)?;
                let value: serde_json::Value =
                    serde_json::from_slice(bytes).map_err(|error| unusable(error.to_string()))?;
                let media_type = value
                    .get("mediaType")
                    .and_then(serde_json::Value::as_str)
                    .unwrap_or_default();
                let inner = if media_type.starts_with(CLIENT_CONFIGURATION) {
                    value.get("trustedRoot").cloned().unwrap_or_default()
                } else if media_type.starts_with(TRUSTED_ROOT) {
                    value
                } else {
                    return Err(unusable(format!("its media type is `{media_type}`")));
                };
                Ok((parse(&inner.to_string())?, Vec::new()))
            }
        }
    }

    /// Finds the newest start of anything that is trusted.
    fn newest(value: &Value) -> Option<UnixTime> {
        match value {
            Value::Object(entries) => entries
                .iter()
                .filter_map(|(key, inner)| match inner {
                    Value::Text(text) if key == "start" => UnixTime::parse(text),
                    other => newest(other),
                })
                .max(),
            Value::List(items) => items.iter().filter_map(newest).max(),
            _ => None,
        }
    }

    fn refusal(error: &Error) -> Refusal {
        let problem = error.to_string();
        match error {
            Error::IdentityMismatch { expected, actual } => Refusal::SigstoreIdentity {
                expected: expected.to_string(),
                found: actual
                    .as_ref()
                    .map_or_else(|| "nobody".to_owned(), ToString::to_string),
            },
            Error::IssuerMismatch { expected, actual } => Refusal::SigstoreProvider {
                expected: expected.clone(),
                found: actual.clone().unwrap_or_else(|| "nobody".to_owned()),
            },
            Error::SignatureInvalid(_) => Refusal::SignatureInvalid,
            Error::Certificate(_) => Refusal::SigstoreCertificate { problem },
            Error::TransparencyLog(_) => Refusal::SigstoreLog { problem },
            Error::Timestamp(_) => Refusal::SigstoreTimestamp { problem },
            Error::InvalidTrustRoot(_) | Error::TrustRoot(_) | Error::TrustedCertificate(_) => {
                Refusal::SigstoreRoot { problem }
            }
            _ => Refusal::SigstoreBundle { problem },
        }
    }
}
