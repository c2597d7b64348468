//! Certificates (RFC 5280) as far as signing models needs them: reading, and the chain from a signer to a trusted root.

mod chain;
mod revocation;

use std::fmt;

use cleanbill_core::{Text, hex, text};
use der::{Decode as _, Encode as _, Reader as _, SliceReader, asn1::ObjectIdentifier};
use x509_cert::{
    Certificate as Parsed,
    ext::pkix::{
        AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAltName,
        SubjectKeyIdentifier, name::GeneralName,
    },
};

use crate::{
    key::{KeyError, PublicKey},
    limits, pem,
    time::UnixTime,
};

pub(crate) use chain::{Purpose, scheme_of, verify_by, verify_chain};
pub(crate) use revocation::check_revocation;
pub use revocation::{RevocationList, RevocationListError, RevocationReason};

/// Holds a certificate and what of it decides.
#[derive(Clone)]
pub struct Certificate {
    der: Vec<u8>,
    signed: Vec<u8>,
    parsed: Parsed,
    facts: Facts,
}

/// Extensions that were understood.
#[derive(Clone, Debug, Default)]
struct Facts {
    key_usage: Option<KeyUsage>,
    extended_usage: Option<Vec<ObjectIdentifier>>,
    is_authority: bool,
    path_length: Option<u8>,
    key_id: Option<Vec<u8>>,
    issuer_key_id: Option<Vec<u8>>,
    /// The first extension that restricts what the certificate means and is not understood.
    not_understood: Option<ObjectIdentifier>,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Certificate({})", self.subject())
    }
}

/// Says why a file of certificates cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateError {
    /// The file is larger than files of certificates are, or has too many of them.
    Large,
    /// A block is cut off or is not base64.
    Armour,
    /// No certificate stands in it.
    Absent,
    /// One of them cannot be parsed.
    Syntax {
        /// Which, counted from one.
        position: usize,
    },
}

impl CertificateError {
    /// Returns the words for people.
    pub fn text(&self) -> Text {
        match self {
            Self::Large => text!("there are too many certificates", "证书过多"),
            Self::Armour => text!("the PEM is damaged", "PEM 已损坏"),
            Self::Absent => text!("there is no certificate in PEM", "其中没有 PEM 格式的证书"),
            Self::Syntax { position } => text!(
                "certificate {position} cannot be parsed",
                "第 {position} 个证书无法解析"
            ),
        }
    }
}

impl fmt::Display for CertificateError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.text().en())
    }
}

impl std::error::Error for CertificateError {}

impl Certificate {
    /// Reads every certificate of a PEM file.
    pub fn from_pem(text: &[u8]) -> Result<Vec<Self>, CertificateError> {
        if u64::try_from(text.len()).unwrap_or(u64::MAX) > limits::KEY_FILE_BYTES {
            return Err(CertificateError::Large);
        }
        let blocks = pem::read(text).map_err(|_| CertificateError::Armour)?;
        let mut certificates = Vec::new();
        for block in blocks.iter().filter(|block| block.label == "CERTIFICATE") {
            let position = certificates.len().saturating_add(1);
            if position > limits::TRUSTED_CERTIFICATES {
                return Err(CertificateError::Large);
            }
            let certificate = Self::from_der(&block.der).ok_or(CertificateError::Syntax { position })?;
            certificates.push(certificate);
        }
        if certificates.is_empty() {
            return Err(CertificateError::Absent);
        }
        Ok(certificates)
    }

    /// Reads one certificate.
    pub fn from_der(bytes: &[u8]) -> Option<Self> {
        let parsed = Parsed::from_der(bytes).ok()?;
        // What is said within the signed part about its own signature must be what is said outside it.
        if parsed.signature_algorithm() != parsed.tbs_certificate().signature() {
            return None;
        }
        let facts = Facts::of(&parsed)?;
        Some(Self {
            der: bytes.to_vec(),
            signed: signed_part(bytes)?,
            parsed,
            facts,
        })
    }

    /// Returns the bytes that it was read from.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// Returns whom it is for.
    pub fn subject(&self) -> String {
        let subject = self.parsed.tbs_certificate().subject().to_string();
        if subject.is_empty() {
            "(no name)".to_owned()
        } else {
            subject
        }
    }

    /// Returns its alternative names that name a person, a host or a thing, as `email:`, `dns:` and `uri:`, sorted; none where they
    /// cannot be read.
    pub fn alternative_names(&self) -> Vec<String> {
        let names = self.parsed.tbs_certificate().get_extension::<SubjectAltName>();
        let names = names.ok().flatten().map(|(_, names)| names.0);
        let mut names: Vec<String> = names
            .iter()
            .flatten()
            .filter_map(|name| match name {
                GeneralName::Rfc822Name(name) => Some(format!("email:{name}")),
                GeneralName::DnsName(name) => Some(format!("dns:{name}")),
                GeneralName::UniformResourceIdentifier(name) => Some(format!("uri:{name}")),
                _ => None,
            })
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Returns whom it is by.
    pub fn issuer(&self) -> String {
        self.parsed.tbs_certificate().issuer().to_string()
    }

    /// Returns its serial number as hexadecimal digits.
    pub fn serial(&self) -> String {
        hex(self.parsed.tbs_certificate().serial_number().as_bytes())
    }

    /// Returns the SHA-256 of its bytes as hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        use sha2::{Digest as _, Sha256};
        hex(&Sha256::digest(&self.der))
    }

    /// Returns its first and its last second.
    pub fn validity(&self) -> (UnixTime, UnixTime) {
        let validity = self.parsed.tbs_certificate().validity();
        let seconds = |time: x509_cert::time::Time| {
            UnixTime(i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX))
        };
        (seconds(validity.not_before), seconds(validity.not_after))
    }

    /// Returns its key, where it is one that models are signed with.
    pub fn public_key(&self) -> Result<PublicKey, KeyError> {
        PublicKey::from_der(&self.key_der().ok_or(KeyError::Syntax)?)
    }

    /// Returns its issuer's name as DER.
    pub(crate) fn issuer_der(&self) -> Option<Vec<u8>> {
        self.parsed.tbs_certificate().issuer().to_der().ok()
    }

    /// Returns its serial number as the bytes of an integer of DER.
    pub(crate) fn serial_bytes(&self) -> &[u8] {
        self.parsed.tbs_certificate().serial_number().as_bytes()
    }

    /// Returns the identifier of its key, where it has one.
    pub(crate) fn key_id(&self) -> Option<&[u8]> {
        self.facts.key_id.as_deref()
    }

    pub(crate) fn key_der(&self) -> Option<Vec<u8>> {
        self.parsed
            .tbs_certificate()
            .subject_public_key_info()
            .to_der()
            .ok()
    }

    fn is_self_issued(&self) -> bool {
        let signed = self.parsed.tbs_certificate();
        signed.subject() == signed.issuer()
    }
}

impl Facts {
    /// Reads the extensions; one that stands twice or cannot be read makes the certificate unreadable.
    fn of(parsed: &Parsed) -> Option<Self> {
        let signed = parsed.tbs_certificate();
        let mut facts = Self::default();
        if let Some((_, usage)) = signed.get_extension::<KeyUsage>().ok()? {
            facts.key_usage = Some(usage);
        }
        if let Some((_, usage)) = signed.get_extension::<ExtendedKeyUsage>().ok()? {
            facts.extended_usage = Some(usage.0);
        }
        if let Some((_, constraints)) = signed.get_extension::<BasicConstraints>().ok()? {
            facts.is_authority = constraints.ca;
            facts.path_length = constraints.path_len_constraint;
        }
        if let Some((_, id)) = signed.get_extension::<SubjectKeyIdentifier>().ok()? {
            facts.key_id = Some(id.0.as_bytes().to_vec());
        }
        if let Some((_, id)) = signed.get_extension::<AuthorityKeyIdentifier>().ok()? {
            facts.issuer_key_id = id.key_identifier.map(|id| id.as_bytes().to_vec());
        }
        let extensions = signed.extensions().map_or(&[][..], |list| list.as_slice());
        facts.not_understood = extensions
            .iter()
            .find(|extension| {
                // Constraints on names must be applied wherever they stand, and are not applied here.
                extension.extn_id == NAME_CONSTRAINTS
                    || (extension.critical && !UNDERSTOOD.contains(&extension.extn_id))
            })
            .map(|extension| extension.extn_id);
        Some(facts)
    }
}

/// Cuts the signed part out of a certificate, byte for byte.
fn signed_part(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut outer = SliceReader::new(bytes).ok()?;
    let header = der::Header::decode(&mut outer).ok()?;
    if header.tag() != der::Tag::Sequence {
        return None;
    }
    Some(outer.tlv_bytes().ok()?.to_vec())
}

const NAME_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.30");
const ANY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");
const CODE_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.3");
const TIME_STAMPING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8");
/// Extensions that may be critical: identifiers of keys, usages, constraints, names and policies, which restrict nothing here.
const UNDERSTOOD: [ObjectIdentifier; 7] = [
    ObjectIdentifier::new_unwrap("2.5.29.14"),
    ObjectIdentifier::new_unwrap("2.5.29.15"),
    ObjectIdentifier::new_unwrap("2.5.29.17"),
    ObjectIdentifier::new_unwrap("2.5.29.19"),
    ObjectIdentifier::new_unwrap("2.5.29.32"),
    ObjectIdentifier::new_unwrap("2.5.29.35"),
    ObjectIdentifier::new_unwrap("2.5.29.37"),
];
