//! Looks for a path from a signer's certificate to a trusted root and checks every link of it (RFC 5280, 6.1), at one time.
//!
//! Only what the caller trusts is trusted. A path ends at a root that signed itself; other trusted certificates help on the way and
//! end nothing, as with OpenSSL. Not here: revocation.

use der::asn1::ObjectIdentifier;
use ecdsa::signature::hazmat::PrehashVerifier as _;
use pkcs8::spki::SubjectPublicKeyInfoRef;
use sha2::{Sha256, Sha384, Sha512};
use x509_cert::AlgorithmIdentifier;

use super::{ANY_USAGE, CODE_SIGNING, Certificate, TIME_STAMPING};
use crate::{
    key::{Prehash, PublicKey},
    limits,
    refusal::Refusal,
    time::UnixTime,
    timestamp::TimestampProblem,
};

/// Says what the first certificate of a path is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Signing models.
    Models,
    /// Signing timestamps.
    Timestamps,
}

impl Purpose {
    const fn usage(self) -> ObjectIdentifier {
        match self {
            Self::Models => CODE_SIGNING,
            Self::Timestamps => TIME_STAMPING,
        }
    }
}

/// Returns the path from the signer, the first of `presented`, to a root of `trusted`, both included.
pub(crate) fn verify_chain(
    presented: &[Certificate],
    trusted: &[Certificate],
    at: UnixTime,
    purpose: Purpose,
) -> Result<Vec<Certificate>, Refusal> {
    let (leaf, others) = presented.split_first().ok_or(Refusal::CertificateMissing)?;
    check_leaf(leaf, at, purpose)?;
    let mut search = Search {
        others,
        trusted,
        at,
        purpose,
        signatures: 0,
    };
    let mut path = vec![leaf.clone()];
    search.extend(&mut path)?;
    Ok(path)
}

struct Search<'a> {
    others: &'a [Certificate],
    trusted: &'a [Certificate],
    at: UnixTime,
    purpose: Purpose,
    signatures: usize,
}

impl Search<'_> {
    /// Completes a path, or says what was wrong with the most promising one.
    fn extend(&mut self, path: &mut Vec<Certificate>) -> Result<(), Refusal> {
        let Some(last) = path.last().cloned() else {
            return Err(Refusal::CertificateMissing);
        };
        if self.is_root(&last)? {
            return Ok(());
        }
        let mut refusal = Refusal::ChainUntrusted {
            subject: last.subject(),
            issuer: last.issuer(),
        };
        if path.len() >= limits::PATH_CERTIFICATES {
            return Err(refusal);
        }
        // Trusted ones first: they end a path, or come closest to it.
        let trusted = self.trusted;
        let others = self.others;
        let candidates = trusted.iter().chain(others).filter(|one| is_issuer(one, &last));
        for candidate in candidates {
            if path.iter().any(|known| known.der == candidate.der) {
                continue;
            }
            let attempt = self.link(&last, candidate, path);
            match attempt {
                Ok(()) => {
                    path.push(candidate.clone());
                    match self.extend(path) {
                        Ok(()) => return Ok(()),
                        Err(Refusal::ChainWork) => return Err(Refusal::ChainWork),
                        Err(deeper) => refusal = deeper,
                    }
                    path.pop();
                }
                Err(Refusal::ChainWork) => return Err(Refusal::ChainWork),
                Err(problem) => {
                    if matches!(refusal, Refusal::ChainUntrusted { .. }) {
                        refusal = problem;
                    }
                }
            }
        }
        Err(refusal)
    }

    /// Says whether a certificate is trusted and ends a path. One that claims to have signed itself must have.
    fn is_root(&mut self, certificate: &Certificate) -> Result<bool, Refusal> {
        let is_trusted = self.trusted.iter().any(|one| one.der == certificate.der);
        if !is_trusted || !certificate.is_self_issued() {
            return Ok(false);
        }
        self.count()?;
        match verify_signature(certificate, certificate) {
            Ok(()) => Ok(true),
            // Named like its issuer, but not by itself: some intermediate.
            Err(Refusal::ChainSignature { .. }) if is_issuer(certificate, certificate) => {
                Err(Refusal::ChainSignature {
                    subject: certificate.subject(),
                    issuer: certificate.issuer(),
                })
            }
            Err(Refusal::ChainSignature { .. }) => Ok(false),
            Err(other) => Err(other),
        }
    }

    /// Checks that `issuer` may have issued `certificate`, and did.
    fn link(
        &mut self,
        certificate: &Certificate,
        issuer: &Certificate,
        path: &[Certificate],
    ) -> Result<(), Refusal> {
        let subject = issuer.subject();
        check_time(issuer, self.at)?;
        check_understood(issuer)?;
        let facts = &issuer.facts;
        let may_sign = facts.key_usage.is_none_or(|usage| usage.key_cert_sign());
        if !facts.is_authority || !may_sign || !allows(issuer, self.purpose) {
            return Err(Refusal::IssuerUsage { subject });
        }
        // The signer does not count, nor does who is named like its issuer.
        let between = path.iter().skip(1).filter(|one| !one.is_self_issued()).count();
        if facts
            .path_length
            .is_some_and(|limit| usize::from(limit) < between)
        {
            return Err(Refusal::PathLength { subject });
        }
        self.count()?;
        verify_signature(certificate, issuer)
    }

    fn count(&mut self) -> Result<(), Refusal> {
        self.signatures = self.signatures.saturating_add(1);
        if self.signatures > limits::CHAIN_SIGNATURES {
            return Err(Refusal::ChainWork);
        }
        Ok(())
    }
}

/// Says whether names and key identifiers allow that one issued the other.
fn is_issuer(issuer: &Certificate, certificate: &Certificate) -> bool {
    let ids_agree = match (&issuer.facts.key_id, &certificate.facts.issuer_key_id) {
        (Some(id), Some(wanted)) => id == wanted,
        _ => true,
    };
    ids_agree && issuer.parsed.tbs_certificate().subject() == certificate.parsed.tbs_certificate().issuer()
}

/// Checks what only the signer's own certificate must be.
///
/// The reference accepts either of the two usages; here, each that is stated must allow signing, and one must be stated. A signer of
/// timestamps signs nothing else (RFC 3161, 2.3).
fn check_leaf(leaf: &Certificate, at: UnixTime, purpose: Purpose) -> Result<(), Refusal> {
    check_time(leaf, at)?;
    check_understood(leaf)?;
    let facts = &leaf.facts;
    let signs = facts.key_usage.is_none_or(|usage| usage.digital_signature());
    let is_stated = facts.key_usage.is_some() || facts.extended_usage.is_some();
    let only_timestamps = facts.extended_usage.as_deref() == Some(&[TIME_STAMPING]);
    if purpose == Purpose::Timestamps && !(signs && only_timestamps) {
        return Err(Refusal::Timestamp(TimestampProblem::Usage));
    }
    if !signs || !is_stated || !allows(leaf, purpose) {
        return Err(Refusal::LeafUsage {
            subject: leaf.subject(),
        });
    }
    Ok(())
}

fn allows(certificate: &Certificate, purpose: Purpose) -> bool {
    let usages = certificate.facts.extended_usage.as_ref();
    usages.is_none_or(|list| list.contains(&purpose.usage()) || list.contains(&ANY_USAGE))
}

fn check_time(certificate: &Certificate, at: UnixTime) -> Result<(), Refusal> {
    let (from, until) = certificate.validity();
    let subject = certificate.subject();
    if at < from {
        return Err(Refusal::CertificateNotYetValid { subject, at, from });
    }
    if at > until {
        return Err(Refusal::CertificateExpired { subject, at, until });
    }
    Ok(())
}

fn check_understood(certificate: &Certificate) -> Result<(), Refusal> {
    match certificate.facts.not_understood {
        None => Ok(()),
        Some(extension) => Err(Refusal::CriticalExtension {
            subject: certificate.subject(),
            extension: extension.to_string(),
        }),
    }
}

/// Verifies the signature on a certificate by the key of its issuer.
fn verify_signature(certificate: &Certificate, issuer: &Certificate) -> Result<(), Refusal> {
    let parsed = &certificate.parsed;
    let signature = parsed.signature().as_bytes();
    let verified = verify_issued(
        parsed.signature_algorithm(),
        &certificate.signed,
        signature,
        issuer,
    );
    verified.map_err(|problem| {
        let subject = certificate.subject();
        match problem {
            Unverified::Algorithm(algorithm) => Refusal::ChainAlgorithm { subject, algorithm },
            Unverified::Signature => Refusal::ChainSignature {
                subject,
                issuer: issuer.subject(),
            },
        }
    })
}

/// Says why something is not signed by an issuer.
pub(super) enum Unverified {
    /// It is signed in a way that is not accepted.
    Algorithm(String),
    /// Its signature is not the issuer's.
    Signature,
}

/// Verifies the signature on what an issuer signs: certificates and lists of revoked ones.
pub(super) fn verify_issued(
    algorithm: &AlgorithmIdentifier,
    signed: &[u8],
    signature: Option<&[u8]>,
    issuer: &Certificate,
) -> Result<(), Unverified> {
    let (family, hash) =
        scheme_of(algorithm.oid).ok_or_else(|| Unverified::Algorithm(name_of(algorithm.oid)))?;
    let signature = signature.ok_or(Unverified::Signature)?;
    let key = issuer.key_der().ok_or(Unverified::Signature)?;
    match family {
        Family::Ecdsa => {
            // RFC 5758: no parameters.
            if algorithm.parameters.is_some() {
                return Err(Unverified::Signature);
            }
            if PublicKey::from_der(&key).is_err() {
                return Err(Unverified::Algorithm("ECDSA on another curve".to_owned()));
            }
        }
        Family::Rsa => {
            // RFC 4055: the parameters are NULL; some leave them out.
            if algorithm.parameters.as_ref().is_some_and(|any| !any.is_null()) {
                return Err(Unverified::Signature);
            }
            if !is_long_enough(&key) {
                let bits = limits::RSA_BITS_AT_LEAST;
                return Err(Unverified::Algorithm(format!("RSA below {bits} bits")));
            }
        }
    }
    verify_by(family, hash, &key, signed, signature).ok_or(Unverified::Signature)
}

/// Returns what a way to sign means, where it is accepted.
pub(crate) fn scheme_of(algorithm: ObjectIdentifier) -> Option<(Family, Prehash)> {
    let mut known = SCHEMES.iter();
    let (_, family, hash) = known.find(|(oid, _, _)| *oid == algorithm)?;
    Some((*family, *hash))
}

/// Verifies a signature by a key, as DER, of this family.
pub(crate) fn verify_by(
    family: Family,
    hash: Prehash,
    key: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Option<()> {
    match family {
        Family::Ecdsa => {
            let key = PublicKey::from_der(key).ok()?;
            key.verify_with(hash, message, signature).ok()
        }
        Family::Rsa if is_long_enough(key) => verify_rsa(hash, key, message, signature),
        Family::Rsa => None,
    }
}

fn is_long_enough(key: &[u8]) -> bool {
    rsa_bits(key).is_some_and(|bits| bits >= limits::RSA_BITS_AT_LEAST)
}

fn rsa_bits(key: &[u8]) -> Option<usize> {
    use rsa::traits::PublicKeyParts as _;
    let information = SubjectPublicKeyInfoRef::try_from(key).ok()?;
    let key = rsa::PublicKey::try_from(information).ok()?;
    key.size().checked_mul(8)
}

fn verify_rsa(hash: Prehash, key: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
    let information = SubjectPublicKeyInfoRef::try_from(key).ok()?;
    let signature = rsa::pkcs1v15::Signature::try_from(signature).ok()?;
    let digest = hash.of(message);
    match hash {
        Prehash::Sha256 => rsa::pkcs1v15::VerifyingKey::<Sha256>::try_from(information)
            .ok()?
            .verify_prehash(&digest, &signature),
        Prehash::Sha384 => rsa::pkcs1v15::VerifyingKey::<Sha384>::try_from(information)
            .ok()?
            .verify_prehash(&digest, &signature),
        Prehash::Sha512 => rsa::pkcs1v15::VerifyingKey::<Sha512>::try_from(information)
            .ok()?
            .verify_prehash(&digest, &signature),
    }
    .ok()
}

/// Names a kind of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Ecdsa,
    Rsa,
}

const SCHEMES: [(ObjectIdentifier, Family, Prehash); 6] = [
    (
        ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2"),
        Family::Ecdsa,
        Prehash::Sha256,
    ),
    (
        ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3"),
        Family::Ecdsa,
        Prehash::Sha384,
    ),
    (
        ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4"),
        Family::Ecdsa,
        Prehash::Sha512,
    ),
    (
        ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11"),
        Family::Rsa,
        Prehash::Sha256,
    ),
    (
        ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12"),
        Family::Rsa,
        Prehash::Sha384,
    ),
    (
        ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13"),
        Family::Rsa,
        Prehash::Sha512,
    ),
];

/// Names the ways to sign that people meet and that are not accepted.
fn name_of(oid: ObjectIdentifier) -> String {
    let dotted = oid.to_string();
    match dotted.as_str() {
        "1.2.840.113549.1.1.5" => "RSA with SHA-1".to_owned(),
        "1.2.840.113549.1.1.4" => "RSA with MD5".to_owned(),
        "1.2.840.113549.1.1.10" => "RSA-PSS".to_owned(),
        "1.2.840.10045.4.1" => "ECDSA with SHA-1".to_owned(),
        "1.3.101.112" => "Ed25519".to_owned(),
        _ => dotted,
    }
}
