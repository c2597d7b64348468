//! Who a bundle says signed it, before anything is verified: enough to choose what to verify it with, and nothing to trust.

use crate::{
    bundle::{Bundle, Material},
    certificate::Certificate,
    key::PublicKey,
    refusal::{Method, Refusal},
};

/// Holds what a bundle claims.
#[derive(Clone, Debug)]
pub enum NamedSigner {
    /// A key signed.
    Key {
        /// The fingerprint that the bundle gives, or that of the key in it.
        fingerprint: String,
        /// The key itself, where the bundle holds it.
        key: Option<PublicKey>,
    },
    /// The holder of a certificate signed.
    Certificate(Box<Certificate>),
    /// An identity that Sigstore confirmed signed.
    Sigstore,
}

impl NamedSigner {
    /// Returns the method that verifies it.
    pub const fn method(&self) -> Method {
        match self {
            Self::Key { .. } => Method::Key,
            Self::Certificate(_) => Method::Certificate,
            Self::Sigstore => Method::Sigstore,
        }
    }
}

/// Reads what a bundle claims about its signer.
pub fn named_signer(bundle: &[u8]) -> Result<NamedSigner, Refusal> {
    Ok(match Bundle::from_json(bundle)?.material {
        Material::Key { hint, raw, .. } => {
            let key = raw.and_then(|raw| PublicKey::from_bundle(&raw).ok());
            let own = key.as_ref().map(PublicKey::fingerprint);
            NamedSigner::Key {
                // A hint that contradicts the key is refused when the signature is verified.
                fingerprint: hint.or(own).unwrap_or_default(),
                key,
            }
        }
        Material::Chain(chain) => {
            let leaf = chain.first().ok_or(Refusal::CertificateMissing)?;
            let leaf = Certificate::from_der(leaf).ok_or(Refusal::CertificateSyntax { position: 1 })?;
            NamedSigner::Certificate(Box::new(leaf))
        }
        Material::Identity => NamedSigner::Sigstore,
    })
}
