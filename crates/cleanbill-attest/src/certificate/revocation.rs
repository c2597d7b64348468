//! Lists of revoked certificates (RFC 5280, 5 and 6.3), as files that the caller names: reading, and holding a path against them.
//!
//! Where lists are given, each certificate but the root needs one of its issuer that speaks of it. Not here: fetching lists, lists of
//! changes (delta), and lists by others than the issuer (indirect), which are refused.

use std::{collections::BTreeSet, fmt};

use cleanbill_core::{Text, text};
use der::{
    Decode as _,
    asn1::{GeneralizedTime, ObjectIdentifier},
};
use x509_cert::{
    AlgorithmIdentifier, Version,
    crl::{CertificateList, RevokedCert},
    ext::{
        Extension,
        pkix::{
            AuthorityKeyIdentifier, CrlDistributionPoints,
            crl::dp::IssuingDistributionPoint,
            name::{DistributionPointName, GeneralName},
        },
    },
    name::Name,
    time::Time,
};

use super::{
    Certificate,
    chain::{Unverified, verify_issued},
    signed_part,
};
use crate::{limits, note::Note, pem, refusal::Refusal, time::UnixTime};

/// Holds a list of revoked certificates, not verified.
#[derive(Clone)]
pub struct RevocationList {
    signed: Vec<u8>,
    algorithm: AlgorithmIdentifier,
    signature: Vec<u8>,
    issuer: Name,
    issuer_key_id: Option<Vec<u8>>,
    from: UnixTime,
    until: Option<UnixTime>,
    /// Sorted by serial number.
    entries: Vec<Entry>,
    scope: Option<IssuingDistributionPoint>,
    is_delta: bool,
    /// Certificates that ended at this time or later stay in the list.
    keeps_from: Option<UnixTime>,
    /// The first extension that restricts what the list means and is not understood.
    not_understood: Option<ObjectIdentifier>,
}

/// Holds one certificate that is revoked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    serial: Vec<u8>,
    /// Since when, or since when its key is suspected, whichever is earlier.
    at: UnixTime,
    reason: RevocationReason,
}

/// Says why a certificate is revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RevocationReason {
    /// None is given, or one that is not known.
    Unspecified,
    /// Somebody else may have the key.
    KeyCompromise,
    /// Somebody else may have the key of the authority.
    CaCompromise,
    /// The holder is called or belongs otherwise now.
    AffiliationChanged,
    /// Another certificate replaces it.
    Superseded,
    /// It is not needed any more.
    CessationOfOperation,
    /// It is held back for the time being.
    CertificateHold,
    /// It is taken off a list, which only a list of changes can say.
    RemoveFromCrl,
    /// What it vouched for was withdrawn.
    PrivilegeWithdrawn,
    /// Somebody else may have the key of an authority for attributes.
    AaCompromise,
}

impl RevocationReason {
    /// Reads the number of RFC 5280, 5.3.1.
    const fn of(number: u8) -> Self {
        match number {
            1 => Self::KeyCompromise,
            2 => Self::CaCompromise,
            3 => Self::AffiliationChanged,
            4 => Self::Superseded,
            5 => Self::CessationOfOperation,
            6 => Self::CertificateHold,
            8 => Self::RemoveFromCrl,
            9 => Self::PrivilegeWithdrawn,
            10 => Self::AaCompromise,
            _ => Self::Unspecified,
        }
    }

    /// Returns the word of RFC 5280.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "keyCompromise",
            Self::CaCompromise => "cACompromise",
            Self::AffiliationChanged => "affiliationChanged",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessationOfOperation",
            Self::CertificateHold => "certificateHold",
            Self::RemoveFromCrl => "removeFromCRL",
            Self::PrivilegeWithdrawn => "privilegeWithdrawn",
            Self::AaCompromise => "aACompromise",
        }
    }

    /// Says whether signatures that were there before keep their worth: the key was its holder's all the time.
    const fn spares_earlier(self) -> bool {
        matches!(
            self,
            Self::AffiliationChanged
                | Self::Superseded
                | Self::CessationOfOperation
                | Self::CertificateHold
                | Self::PrivilegeWithdrawn
        )
    }
}

/// Says why a file of lists cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RevocationListError {
    /// The file is larger than lists may be, or has too many of them.
    Large,
    /// A block is cut off or is not base64.
    Armour,
    /// No list stands in it.
    Absent,
    /// One of them cannot be parsed, or is of version 1.
    Syntax {
        /// Which, counted from one.
        position: usize,
    },
    /// One of them has too many entries.
    Entries {
        /// Which, counted from one.
        position: usize,
    },
}

impl RevocationListError {
    /// Returns the words for people.
    pub fn text(&self) -> Text {
        match self {
            Self::Large => text!("the revocation lists are too large", "吊销列表过大"),
            Self::Armour => text!("the PEM is damaged", "PEM 已损坏"),
            Self::Absent => text!(
                "there is no revocation list, neither DER nor `X509 CRL` in PEM",
                "其中没有吊销列表（DER，或 PEM 中的 `X509 CRL`）"
            ),
            Self::Syntax { position } => text!(
                "revocation list {position} is none of version 2 that can be parsed",
                "第 {position} 个吊销列表不是可解析的第 2 版列表"
            ),
            Self::Entries { position } => {
                let limit = limits::REVOCATION_ENTRIES;
                text!(
                    "revocation list {position} has more than {limit} entries",
                    "第 {position} 个吊销列表的条目超过 {limit} 个"
                )
            }
        }
    }
}

impl fmt::Display for RevocationListError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.text().en())
    }
}

impl std::error::Error for RevocationListError {}

impl fmt::Debug for RevocationList {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "RevocationList({}, {})", self.issuer, self.from)
    }
}

impl RevocationList {
    /// Reads a file: one list in DER, or every one in PEM.
    pub fn from_bytes(bytes: &[u8]) -> Result<Vec<Self>, RevocationListError> {
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limits::REVOCATION_LIST_BYTES {
            return Err(RevocationListError::Large);
        }
        if bytes.first() == Some(&SEQUENCE) {
            return Ok(vec![Self::from_der(bytes, 1)?]);
        }
        let blocks = pem::read(bytes).map_err(|_| RevocationListError::Armour)?;
        let mut lists = Vec::new();
        for block in blocks.iter().filter(|block| block.label == "X509 CRL") {
            let position = lists.len().saturating_add(1);
            if position > limits::REVOCATION_LISTS {
                return Err(RevocationListError::Large);
            }
            lists.push(Self::from_der(&block.der, position)?);
        }
        if lists.is_empty() {
            return Err(RevocationListError::Absent);
        }
        Ok(lists)
    }

    fn from_der(bytes: &[u8], position: usize) -> Result<Self, RevocationListError> {
        let syntax = RevocationListError::Syntax { position };
        let parsed: CertificateList = CertificateList::from_der(bytes).map_err(|_| syntax.clone())?;
        let count = parsed.tbs_cert_list.revoked_certificates.as_ref().map(Vec::len);
        if count.is_some_and(|count| count > limits::REVOCATION_ENTRIES) {
            return Err(RevocationListError::Entries { position });
        }
        Self::of(parsed, bytes).ok_or(syntax)
    }

    /// Takes what decides; an extension that stands twice or cannot be read makes the list unreadable.
    fn of(parsed: CertificateList, bytes: &[u8]) -> Option<Self> {
        let CertificateList {
            tbs_cert_list: list,
            signature_algorithm: algorithm,
            signature,
        } = parsed;
        // What is said within the signed part about its own signature must be what is said outside it.
        if list.version != Version::V2 || algorithm != list.signature {
            return None;
        }
        let mut read = Self {
            signed: signed_part(bytes)?,
            algorithm,
            signature: signature.as_bytes()?.to_vec(),
            issuer: list.issuer,
            issuer_key_id: None,
            from: seconds(list.this_update),
            until: list.next_update.map(seconds),
            entries: Vec::new(),
            scope: None,
            is_delta: false,
            keeps_from: None,
            not_understood: None,
        };
        let extensions = list.crl_extensions.unwrap_or_default();
        once(&extensions)?;
        for extension in &extensions {
            read.extension(extension)?;
        }
        for entry in list.revoked_certificates.unwrap_or_default() {
            read.entry(&entry)?;
        }
        read.entries.sort_unstable();
        Some(read)
    }

    fn extension(&mut self, extension: &Extension) -> Option<()> {
        let value = extension.extn_value.as_bytes();
        match extension.extn_id {
            CRL_NUMBER => {}
            AUTHORITY_KEY_ID => {
                let id = AuthorityKeyIdentifier::from_der(value).ok()?.key_identifier;
                self.issuer_key_id = id.map(|id| id.as_bytes().to_vec());
            }
            DELTA => self.is_delta = true,
            SCOPE => self.scope = Some(IssuingDistributionPoint::from_der(value).ok()?),
            KEEPS_EXPIRED => self.keeps_from = Some(general_time(value)?),
            other if extension.critical => {
                self.not_understood.get_or_insert(other);
            }
            _ => {}
        }
        Some(())
    }

    fn entry(&mut self, entry: &RevokedCert) -> Option<()> {
        let mut at = seconds(entry.revocation_date);
        let mut reason = RevocationReason::Unspecified;
        let extensions = entry.crl_entry_extensions.as_deref().unwrap_or_default();
        once(extensions)?;
        for extension in extensions {
            let value = extension.extn_value.as_bytes();
            match extension.extn_id {
                REASON => {
                    // ENUMERATED of one octet.
                    let [0x0a, 1, number] = value else {
                        return None;
                    };
                    reason = RevocationReason::of(*number);
                }
                INVALID_FROM => at = at.min(general_time(value)?),
                // It says that this and the following entries are of another issuer.
                other if extension.critical || other == ENTRY_ISSUER => {
                    self.not_understood.get_or_insert(other);
                }
                _ => {}
            }
        }
        self.entries.push(Entry {
            serial: entry.serial_number.as_bytes().to_vec(),
            at,
            reason,
        });
        Some(())
    }

    /// Says whether names and key identifiers allow that it is by this issuer.
    fn is_by(&self, issuer: &Certificate) -> bool {
        let ids_agree = match (issuer.key_id(), &self.issuer_key_id) {
            (Some(id), Some(wanted)) => id == wanted,
            _ => true,
        };
        ids_agree && *issuer.parsed.tbs_certificate().subject() == self.issuer
    }

    /// Checks that it is the issuer's, that it counts at a time, and that it speaks of a certificate.
    fn check(&self, certificate: &Certificate, issuer: &Certificate, at: UnixTime) -> Result<(), Refusal> {
        let subject = certificate.subject();
        let issuer_name = issuer.subject();
        let usage = issuer.facts.key_usage;
        if usage.is_some_and(|usage| !usage.crl_sign()) {
            return Err(Refusal::RevocationListUsage { issuer: issuer_name });
        }
        let verified = verify_issued(&self.algorithm, &self.signed, Some(&self.signature), issuer);
        if let Err(problem) = verified {
            let issuer = issuer_name;
            return Err(match problem {
                Unverified::Algorithm(algorithm) => Refusal::RevocationListAlgorithm { issuer, algorithm },
                Unverified::Signature => Refusal::RevocationListSignature { issuer },
            });
        }
        if self.is_delta {
            return Err(Refusal::RevocationListDelta { issuer: issuer_name });
        }
        if let Some(extension) = self.not_understood {
            return Err(Refusal::RevocationListExtension {
                issuer: issuer_name,
                extension: extension.to_string(),
            });
        }
        if self
            .scope
            .as_ref()
            .is_some_and(|scope| !covers(scope, certificate))
        {
            return Err(Refusal::RevocationListScope {
                subject,
                issuer: issuer_name,
            });
        }
        let Some(until) = self.until else {
            return Err(Refusal::RevocationListEndless { issuer: issuer_name });
        };
        let (from, issuer) = (self.from, issuer_name);
        if at < from {
            return Err(Refusal::RevocationListNotYetValid { issuer, at, from });
        }
        if at > until {
            return Err(Refusal::RevocationListExpired { issuer, at, until });
        }
        // RFC 5280, 3.3: what ended may leave the list.
        let ended = certificate.validity().1;
        if ended < from && self.keeps_from.is_none_or(|keeps| ended < keeps) {
            return Err(Refusal::RevocationListLate { subject, ended, from });
        }
        Ok(())
    }

    fn entries_of<'a>(&'a self, serial: &'a [u8]) -> impl Iterator<Item = &'a Entry> {
        let start = self
            .entries
            .partition_point(|entry| entry.serial.as_slice() < serial);
        let rest = self.entries.iter().skip(start);
        rest.take_while(move |entry| entry.serial == serial)
    }
}

/// Holds every certificate of a path but the root against the lists of its issuer. Nothing is revoked where it passes, or only since a
/// proven time of signing and for a reason that spares what was signed before, of which notes tell.
pub(crate) fn check_revocation(
    path: &[Certificate],
    lists: &[RevocationList],
    at: UnixTime,
    proven: Option<UnixTime>,
) -> Result<Vec<Note>, Refusal> {
    let mut notes = Vec::new();
    for (certificate, issuer) in path.iter().zip(path.iter().skip(1)) {
        let mut refusal = None;
        let mut is_covered = false;
        for list in lists.iter().filter(|list| list.is_by(issuer)) {
            match list.check(certificate, issuer, at) {
                Ok(()) => {
                    is_covered = true;
                    for entry in list.entries_of(certificate.serial_bytes()) {
                        notes.push(spared(certificate, entry, proven)?);
                    }
                }
                Err(problem) => {
                    refusal.get_or_insert(problem);
                }
            }
        }
        if !is_covered {
            return Err(refusal.unwrap_or_else(|| Refusal::RevocationListMissing {
                subject: certificate.subject(),
                issuer: issuer.subject(),
            }));
        }
    }
    notes.dedup();
    Ok(notes)
}

fn spared(certificate: &Certificate, entry: &Entry, proven: Option<UnixTime>) -> Result<Note, Refusal> {
    let subject = certificate.subject();
    let (at, reason) = (entry.at, entry.reason);
    if reason.spares_earlier() && proven.is_some_and(|proven| proven < at) {
        Ok(Note::RevokedLater { subject, at, reason })
    } else {
        Err(Refusal::CertificateRevoked { subject, at, reason })
    }
}

/// Says whether a list of this scope has to name a certificate of its issuer, were it revoked (RFC 5280, 6.3.3, step b).
fn covers(scope: &IssuingDistributionPoint, certificate: &Certificate) -> bool {
    let is_for_others = if certificate.facts.is_authority {
        scope.only_contains_user_certs
    } else {
        scope.only_contains_ca_certs
    };
    let is_part = is_for_others
        || scope.indirect_crl
        || scope.only_some_reasons.is_some()
        || scope.only_contains_attribute_certs;
    !is_part
        && match &scope.distribution_point {
            None => true,
            Some(DistributionPointName::FullName(names)) => {
                points(certificate).iter().any(|name| names.contains(name))
            }
            Some(DistributionPointName::NameRelativeToCRLIssuer(_)) => false,
        }
}

/// Returns where a certificate says that lists about it for every reason are, by its own issuer.
fn points(certificate: &Certificate) -> Vec<GeneralName> {
    let signed = certificate.parsed.tbs_certificate();
    let points = signed.get_extension::<CrlDistributionPoints>().ok().flatten();
    let points = points.map(|(_, points)| points.0).unwrap_or_default();
    let whole = points
        .into_iter()
        .filter(|point| point.reasons.is_none() && point.crl_issuer.is_none());
    whole
        .filter_map(|point| match point.distribution_point? {
            DistributionPointName::FullName(names) => Some(names),
            DistributionPointName::NameRelativeToCRLIssuer(_) => None,
        })
        .flatten()
        .collect()
}

/// Says that no extension stands twice.
fn once(extensions: &[Extension]) -> Option<()> {
    let mut seen = BTreeSet::new();
    let mut all = extensions.iter();
    all.all(|extension| seen.insert(extension.extn_id)).then_some(())
}

fn seconds(time: Time) -> UnixTime {
    UnixTime(i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX))
}

fn general_time(value: &[u8]) -> Option<UnixTime> {
    Some(seconds(Time::GeneralTime(GeneralizedTime::from_der(value).ok()?)))
}

const SEQUENCE: u8 = 0x30;
const CRL_NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.20");
const REASON: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.21");
const INVALID_FROM: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.24");
const DELTA: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.27");
const SCOPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.28");
const ENTRY_ISSUER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.29");
const AUTHORITY_KEY_ID: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.35");
const KEEPS_EXPIRED: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.60");
