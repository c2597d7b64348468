//! Sigstore bundles, version 0.3, as far as model signing uses them.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;

use crate::{
    dsse::PAYLOAD_TYPE,
    json::{self, Fields, Value},
    limits,
    refusal::{Document, Method, Refusal},
};

/// Media type of the bundles that are written.
pub(crate) const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
/// What clients of Sigstore write as well.
const OTHER_MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle+json;version=0.3";

/// Holds a bundle, read but not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bundle {
    pub(crate) material: Material,
    pub(crate) payload: Vec<u8>,
    pub(crate) signature: Vec<u8>,
    /// There are entries of a log.
    pub(crate) has_entries: bool,
    /// Timestamps, as DER.
    pub(crate) timestamps: Vec<Vec<u8>>,
}

/// Holds what a bundle says about its signer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Material {
    /// A hint at a key, or the key itself.
    Key {
        hint: Option<String>,
        raw: Option<Vec<u8>>,
        details: Option<String>,
    },
    /// Certificates, that of the signer first.
    Chain(Vec<Vec<u8>>),
    /// The certificate of an identity.
    Identity,
}

impl Material {
    pub(crate) const fn method(&self) -> Method {
        match self {
            Self::Key { .. } => Method::Key,
            Self::Chain(_) => Method::Certificate,
            Self::Identity => Method::Sigstore,
        }
    }
}

impl Bundle {
    /// Reads a bundle. Fields that are unknown, stand twice or are of another kind are refused.
    pub(crate) fn from_json(bytes: &[u8]) -> Result<Self, Refusal> {
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limits::BUNDLE_BYTES {
            return Err(Refusal::BundleTooLarge);
        }
        let value = json::read(Document::Bundle, bytes)?;
        let mut fields = Fields::of(Document::Bundle, "", &value)?;
        let media_type = fields.text("mediaType")?;
        let material = fields.object("verificationMaterial")?;
        let (material, has_entries, timestamps) = material_of(material)?;
        let is_known = media_type == MEDIA_TYPE
            || (media_type == OTHER_MEDIA_TYPE && material.method() == Method::Sigstore);
        if !is_known {
            return Err(Refusal::MediaType {
                found: media_type.to_owned(),
            });
        }
        let (payload, signature) = envelope_of(fields.object("dsseEnvelope")?)?;
        fields.finish()?;
        Ok(Self {
            material,
            payload,
            signature,
            has_entries,
            timestamps,
        })
    }
}

/// Returns who signed, whether there are entries of a log, and the timestamps.
fn material_of(mut fields: Fields<'_>) -> Result<(Material, bool, Vec<Vec<u8>>), Refusal> {
    const ONE: &str = "one of `publicKey`, `x509CertificateChain`, `certificate`";
    let key = fields.optional("publicKey");
    let chain = fields.optional("x509CertificateChain");
    let identity = fields.optional("certificate");
    let material = match (key, chain, identity) {
        (Some(key), None, None) => key_of(Fields::of(
            Document::Bundle,
            "verificationMaterial.publicKey",
            key,
        )?)?,
        (None, Some(chain), None) => chain_of(Fields::of(
            Document::Bundle,
            "verificationMaterial.x509CertificateChain",
            chain,
        )?)?,
        (None, None, Some(identity)) => {
            let mut identity = Fields::of(Document::Bundle, "verificationMaterial.certificate", identity)?;
            identity.base64("rawBytes")?;
            identity.finish()?;
            Material::Identity
        }
        _ => {
            return Err(Refusal::JsonField {
                document: Document::Bundle,
                place: "verificationMaterial".to_owned(),
                expected: ONE,
            });
        }
    };
    let entries = fields.optional_list("tlogEntries")?;
    for (index, entry) in entries.iter().enumerate() {
        known_entry(&format!("verificationMaterial.tlogEntries[{index}]"), entry)?;
    }
    if entries.is_empty() && material == Material::Identity {
        return Err(fields.wrong("tlogEntries", "a list with an entry"));
    }
    let has_entries = !entries.is_empty();
    let mut tokens = Vec::new();
    if let Some(timestamps) = fields.optional("timestampVerificationData") {
        let place = fields.place("timestampVerificationData");
        let mut timestamps = Fields::of(Document::Bundle, &place, timestamps)?;
        let items = timestamps.optional_list("rfc3161Timestamps")?;
        if items.len() > limits::TIMESTAMPS {
            return Err(timestamps.wrong("rfc3161Timestamps", "a few timestamps"));
        }
        for (index, item) in items.iter().enumerate() {
            let place = format!("{place}.rfc3161Timestamps[{index}]");
            let mut item = Fields::of(Document::Bundle, &place, item)?;
            tokens.push(item.base64("signedTimestamp")?);
            item.finish()?;
        }
        timestamps.finish()?;
    }
    fields.finish()?;
    Ok((material, has_entries, tokens))
}

/// Refuses an entry of a log with fields that the format does not know; what they prove is not looked at here.
fn known_entry(place: &str, entry: &Value) -> Result<(), Refusal> {
    let mut fields = Fields::of(Document::Bundle, place, entry)?;
    for key in ["logIndex", "integratedTime", "canonicalizedBody"] {
        fields.optional(key);
    }
    let known: [(&'static str, &'static [&'static str]); 4] = [
        ("logId", &["keyId"]),
        ("kindVersion", &["kind", "version"]),
        ("inclusionPromise", &["signedEntryTimestamp"]),
        (
            "inclusionProof",
            &["logIndex", "rootHash", "treeSize", "hashes", "checkpoint"],
        ),
    ];
    for (key, within) in known {
        let Some(value) = fields.optional(key) else {
            continue;
        };
        let mut inner = Fields::of(Document::Bundle, &fields.place(key), value)?;
        for name in within {
            let Some(value) = inner.optional(name) else {
                continue;
            };
            if *name == "checkpoint" {
                let mut checkpoint = Fields::of(Document::Bundle, &inner.place(name), value)?;
                checkpoint.optional("envelope");
                checkpoint.finish()?;
            }
        }
        inner.finish()?;
    }
    fields.finish()
}

fn key_of(mut fields: Fields<'_>) -> Result<Material, Refusal> {
    let hint = fields.optional_text("hint")?.filter(|hint| !hint.is_empty());
    let raw = match fields.optional_text("rawBytes")? {
        Some("") | None => None,
        Some(_) => Some(fields.base64("rawBytes")?),
    };
    let details = fields.optional_text("keyDetails")?;
    if hint.is_none() && raw.is_none() {
        return Err(fields.wrong("hint", "a fingerprint"));
    }
    let material = Material::Key {
        hint: hint.map(str::to_owned),
        raw,
        details: details.map(str::to_owned),
    };
    fields.finish()?;
    Ok(material)
}

fn chain_of(mut fields: Fields<'_>) -> Result<Material, Refusal> {
    let items = fields.list("certificates")?;
    if items.is_empty() {
        return Err(Refusal::CertificateMissing);
    }
    if items.len() > limits::CHAIN_CERTIFICATES {
        return Err(Refusal::ChainTooLong);
    }
    let mut chain = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let place = format!("verificationMaterial.x509CertificateChain.certificates[{index}]");
        let mut item = Fields::of(Document::Bundle, &place, item)?;
        chain.push(item.base64("rawBytes")?);
        item.finish()?;
    }
    fields.finish()?;
    Ok(Material::Chain(chain))
}

fn envelope_of(mut fields: Fields<'_>) -> Result<(Vec<u8>, Vec<u8>), Refusal> {
    let payload = fields.base64("payload")?;
    let payload_type = fields.text("payloadType")?;
    if payload_type != PAYLOAD_TYPE {
        return Err(Refusal::PayloadType {
            found: payload_type.to_owned(),
        });
    }
    let signatures = fields.list("signatures")?;
    // Readers take the first of several, and not all the same first.
    let [signature] = signatures else {
        return Err(Refusal::SignatureCount {
            count: signatures.len(),
        });
    };
    let signature = signature_of(signature)?;
    fields.finish()?;
    Ok((payload, signature))
}

fn signature_of(value: &Value) -> Result<Vec<u8>, Refusal> {
    let mut fields = Fields::of(Document::Bundle, "dsseEnvelope.signatures[0]", value)?;
    let signature = fields.base64("sig")?;
    fields.optional_text("keyid")?;
    fields.finish()?;
    Ok(signature)
}

/// Says who signed, in a bundle that is written.
pub(crate) enum Signer<'a> {
    Key { hint: &'a str },
    Certificates(&'a [&'a [u8]]),
}

/// Writes a bundle on one line, as the reference does.
pub(crate) fn write(signer: &Signer<'_>, payload: &[u8], signature: &[u8]) -> Vec<u8> {
    let material = match signer {
        Signer::Key { hint } => json!({"publicKey": {"hint": hint}, "tlogEntries": []}),
        Signer::Certificates(chain) => {
            let certificates: Vec<_> = chain
                .iter()
                .map(|der| json!({"rawBytes": STANDARD.encode(der)}))
                .collect();
            json!({"x509CertificateChain": {"certificates": certificates}, "tlogEntries": []})
        }
    };
    json!({
        "mediaType": MEDIA_TYPE,
        "verificationMaterial": material,
        "dsseEnvelope": {
            "payload": STANDARD.encode(payload),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"sig": STANDARD.encode(signature), "keyid": ""}],
        },
    })
    .to_string()
    .into_bytes()
}
