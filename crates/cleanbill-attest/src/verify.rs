//! Verification: bundle, signer, signature, statement, files, in this order; the first step that fails ends it, and every file is told.

pub(crate) mod files;
pub(crate) mod report;
mod trust;

use std::{collections::BTreeMap, num::NonZeroUsize, path::Path};

use crate::{
    bundle::{Bundle, Material},
    certificate::{Certificate, Purpose, check_revocation, verify_chain},
    dsse,
    hashing::Observer,
    key::{Curve, Mismatch, Prehash, PublicKey},
    note::Note,
    refusal::{Method, Refusal, Step},
    sigstore,
    statement::Statement,
    time::UnixTime,
    timestamp,
    walk::IgnorePaths,
};

pub use report::{SCHEMA, VERIFY_SCHEMA};
pub use trust::{Authorities, CertificateTrust, SigningTime, Trust};

/// Holds how the model is read.
#[derive(Clone, Debug)]
pub struct VerifyOptions {
    /// Read what links to files lead to, although the statement does not say so.
    pub allow_symlinks: bool,
    /// Unsigned files below these paths are accepted, besides those that the statement names.
    pub ignore: IgnorePaths,
    /// Unsigned files of version control at the root are accepted, unless the statement has some.
    pub ignore_git: bool,
    /// Every unsigned file is accepted.
    pub ignore_unsigned: bool,
    /// How many threads read.
    pub threads: NonZeroUsize,
}

/// Says who signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignedBy {
    /// The holder of a key.
    Key {
        /// Its curve.
        curve: Curve,
        /// SHA-256 over its PEM.
        fingerprint: String,
    },
    /// The holder of a certificate.
    Certificate {
        /// The path from the signer to the root: subject, SHA-256 and last second of each.
        path: Vec<(String, String, UnixTime)>,
        /// Serial number of the signer's.
        serial: String,
        /// When they were checked.
        at: UnixTime,
    },
    /// Somebody whose identity Sigstore confirmed.
    Identity {
        /// Whose.
        identity: String,
        /// Who confirmed it.
        provider: String,
        /// When it was signed, as far as proven.
        times: Vec<UnixTime>,
    },
}

/// Says what became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileState {
    /// Signed, and as it was signed.
    Signed,
    /// Signed, and with other bytes.
    Changed,
    /// Signed, and not there.
    Missing,
    /// There, not signed, and not accepted.
    Extra,
    /// There, not signed, and accepted as that.
    Unsigned,
    /// There, and left out.
    Ignored,
    /// There, and not readable.
    Unreadable,
}

impl FileState {
    /// Every state, worst first.
    pub const ALL: [Self; 7] = [
        Self::Changed,
        Self::Missing,
        Self::Extra,
        Self::Unreadable,
        Self::Unsigned,
        Self::Ignored,
        Self::Signed,
    ];

    /// Returns the word in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::Changed => "changed",
            Self::Missing => "missing",
            Self::Extra => "extra",
            Self::Unsigned => "unsigned",
            Self::Ignored => "ignored",
            Self::Unreadable => "unreadable",
        }
    }
}

/// Holds one file and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileReport {
    /// Its name in the model.
    pub name: String,
    /// What became of it.
    pub state: FileState,
    /// Bytes that were read.
    pub size_bytes: Option<u64>,
    /// The digest that was signed; none for shards, which have several.
    pub signed_digest: Option<String>,
    /// The digest that it has.
    pub found_digest: Option<String>,
}

/// Holds everything that was found out.
#[derive(Clone, Debug)]
pub struct Verification {
    /// The method that was asked for.
    pub method: Method,
    /// Who signed, where that is certain.
    pub signed_by: Option<SignedBy>,
    /// When it had been signed at the latest, where a timestamp proves it and the caller believes who made it.
    pub proven_at: Option<UnixTime>,
    /// What was signed, where that is certain.
    pub statement: Option<Statement>,
    /// Every reason against the signature or the files.
    pub refusals: Vec<Refusal>,
    /// What a person should know besides.
    pub notes: Vec<Note>,
    /// Every file, sorted by name; none where the signature does not hold.
    pub files: Vec<FileReport>,
    reached: Step,
}

impl Verification {
    /// Returns the result before the first step.
    pub(crate) const fn begun(method: Method) -> Self {
        Self {
            method,
            signed_by: None,
            proven_at: None,
            statement: None,
            refusals: Vec::new(),
            notes: Vec::new(),
            files: Vec::new(),
            reached: Step::Bundle,
        }
    }

    /// Says whether the signature holds and the files are those that were signed.
    pub fn holds(&self) -> bool {
        self.refusals.is_empty() && self.reached == Step::Files
    }

    /// Says whether all that stands against it is that the model could not be read.
    pub fn is_incomplete(&self) -> bool {
        !self.refusals.is_empty() && self.refusals.iter().all(Refusal::is_unreadable)
    }

    /// Counts files by what became of them.
    pub fn counts(&self) -> BTreeMap<FileState, usize> {
        let mut counts: BTreeMap<FileState, usize> =
            FileState::ALL.into_iter().map(|state| (state, 0)).collect();
        for file in &self.files {
            let count = counts.entry(file.state).or_default();
            *count = count.saturating_add(1);
        }
        counts
    }

    /// Says how a step ended: passed, failed, or not reached.
    pub fn step(&self, step: Step) -> &'static str {
        if self.refusals.iter().any(|refusal| refusal.step() == step) {
            "failed"
        } else if step > self.reached {
            "skipped"
        } else {
            "passed"
        }
    }
}

/// Verifies a bundle and the model that it is said to be about.
///
/// `signature` gives the bytes of the bundle; that there are none is a reason like others.
pub fn verify(
    signature: Result<&[u8], Refusal>,
    model: &Path,
    trust: Trust<'_>,
    options: &VerifyOptions,
    observer: &dyn Observer,
) -> Verification {
    let mut result = Verification::begun(trust.method());
    match signature.and_then(|bytes| check_signature(bytes, trust, &mut result)) {
        Ok(statement) => {
            result.reached = Step::Files;
            let found = files::compare(&statement, model, options, observer);
            result.files = found.files;
            result.refusals.extend(found.refusals);
            result.notes.extend(found.notes);
            result.statement = Some(statement);
        }
        Err(refusal) => {
            result.reached = refusal.step();
            result.refusals.push(refusal);
        }
    }
    result
}

/// Takes every step before the files.
fn check_signature(bytes: &[u8], trust: Trust<'_>, result: &mut Verification) -> Result<Statement, Refusal> {
    let payload = authenticate(bytes, trust, result)?;
    let statement = Statement::from_json(&payload)?;
    if statement.is_old {
        result.notes.push(Note::OldStatement);
    }
    Ok(statement)
}

/// Takes every step before the statement, and returns its bytes once it is certain who says them.
pub(crate) fn authenticate(
    bytes: &[u8],
    trust: Trust<'_>,
    result: &mut Verification,
) -> Result<Vec<u8>, Refusal> {
    let bundle = Bundle::from_json(bytes)?;
    let (asked, found) = (trust.method(), bundle.material.method());
    if asked != found {
        return Err(Refusal::MethodMismatch { asked, found });
    }
    let signed_by = match (trust, &bundle.material) {
        (Trust::Key(key) | Trust::StampedKey { key, .. }, Material::Key { hint, raw, details }) => {
            check_hint(key, hint.as_deref(), raw.as_deref(), details.as_deref(), result)?;
            verify_envelope(key, &bundle, result)?;
            if let Trust::StampedKey { authorities, .. } = trust {
                prove_if_any(authorities, &bundle, result);
            }
            SignedBy::Key {
                curve: key.curve(),
                fingerprint: key.fingerprint(),
            }
        }
        (Trust::Certificates(trust), Material::Chain(chain)) => {
            let at = signing_time(trust.time, &bundle, result)?;
            check_chain(chain, trust, at, &bundle, result)?
        }
        (Trust::Sigstore(trust), _) => {
            let verified = sigstore::verify(bytes, &bundle.payload, trust)?;
            result.notes.extend(verified.notes);
            verified.signed_by
        }
        _ => return Err(Refusal::MethodMismatch { asked, found }),
    };
    let is_sigstore = asked == Method::Sigstore;
    if bundle.has_entries && !is_sigstore || !bundle.timestamps.is_empty() && !trust.uses_timestamps() {
        result.notes.push(Note::ProofsNotUsed);
    }
    // From here on it is certain who says what follows.
    result.signed_by = Some(signed_by);
    result.reached = Step::Statement;
    Ok(bundle.payload)
}

/// Returns when certificates have to be valid.
fn signing_time(
    time: SigningTime<'_>,
    bundle: &Bundle,
    result: &mut Verification,
) -> Result<UnixTime, Refusal> {
    match time {
        SigningTime::Given(at) => Ok(at),
        SigningTime::Proven(authorities) => prove(authorities, bundle, result),
        SigningTime::ProvenOr(authorities, at) => Ok(prove_if_any(authorities, bundle, result).unwrap_or(at)),
    }
}

/// Returns when a timestamp proves that the signature was there.
fn prove(
    authorities: Authorities<'_>,
    bundle: &Bundle,
    result: &mut Verification,
) -> Result<UnixTime, Refusal> {
    let timestamp::Proven { at, authority } =
        timestamp::verify(&bundle.timestamps, &bundle.signature, authorities)?;
    result.proven_at = Some(at);
    result.notes.push(Note::TimeProven { at, authority });
    Ok(at)
}

/// Does so where no proof is required: whoever has the key can leave a timestamp out, so that a bad one is no worse than none.
fn prove_if_any(
    authorities: Authorities<'_>,
    bundle: &Bundle,
    result: &mut Verification,
) -> Option<UnixTime> {
    if bundle.timestamps.is_empty() || authorities.certificates.is_empty() {
        return None;
    }
    match prove(authorities, bundle, result) {
        Ok(at) => Some(at),
        Err(refusal) => {
            let refusal = Box::new(refusal);
            result.notes.push(Note::TimeNotProven { refusal });
            None
        }
    }
}

/// Verifies the path from a signer to a root, and the signature.
fn check_chain(
    chain: &[Vec<u8>],
    trust: CertificateTrust<'_>,
    at: UnixTime,
    bundle: &Bundle,
    result: &mut Verification,
) -> Result<SignedBy, Refusal> {
    let mut presented = Vec::with_capacity(chain.len());
    for (index, der) in chain.iter().enumerate() {
        let position = index.saturating_add(1);
        let certificate = Certificate::from_der(der);
        presented.push(certificate.ok_or(Refusal::CertificateSyntax { position })?);
    }
    let leaf = presented.first().ok_or(Refusal::CertificateMissing)?;
    let subject = leaf.subject();
    let serial = leaf.serial();
    let key = leaf
        .public_key()
        .map_err(|_| Refusal::CertificateKey { subject })?;
    let path = verify_chain(&presented, trust.trusted, at, Purpose::Models)?;
    if !trust.lists.is_empty() {
        let now = trust.time.of_lists();
        let notes = check_revocation(&path, trust.lists, now, result.proven_at)?;
        result.notes.extend(notes);
    }
    verify_envelope(&key, bundle, result)?;
    Ok(SignedBy::Certificate {
        path: path
            .iter()
            .map(|one| (one.subject(), one.fingerprint(), one.validity().1))
            .collect(),
        serial,
        at,
    })
}

/// Compares what a bundle says about its key with the key that is trusted. Only the latter verifies anything.
fn check_hint(
    key: &PublicKey,
    hint: Option<&str>,
    raw: Option<&[u8]>,
    details: Option<&str>,
    result: &mut Verification,
) -> Result<(), Refusal> {
    let given = key.fingerprint();
    let mismatch = |named: &str| Refusal::KeyMismatch {
        given: given.clone(),
        named: named.to_owned(),
    };
    if let Some(hint) = hint.filter(|hint| *hint != given) {
        return Err(mismatch(hint));
    }
    if let Some(raw) = raw {
        match PublicKey::from_bundle(raw) {
            Ok(stated) if stated == *key => result.notes.push(Note::OldKey),
            Ok(stated) => return Err(mismatch(&stated.fingerprint())),
            Err(_) => return Err(mismatch("?")),
        }
    }
    if let Some(details) = details.filter(|details| *details != key.curve().details()) {
        return Err(mismatch(details));
    }
    Ok(())
}

/// Verifies the signature over the envelope; over that of version 0.2 only where the payload is a statement of that version.
fn verify_envelope(key: &PublicKey, bundle: &Bundle, result: &mut Verification) -> Result<(), Refusal> {
    result.reached = Step::Signature;
    let refusal = |mismatch| match mismatch {
        Mismatch::Encoding => Refusal::SignatureEncoding,
        Mismatch::Signature => Refusal::SignatureInvalid,
    };
    let message = dsse::encode(dsse::PAYLOAD_TYPE, &bundle.payload);
    match key.verify(&message, &bundle.signature) {
        Ok(()) => Ok(()),
        Err(first) => {
            let is_old = Statement::from_json(&bundle.payload).is_ok_and(|statement| statement.is_old);
            if !is_old {
                return Err(refusal(first));
            }
            key.verify_with(
                Prehash::Sha256,
                &dsse::encode_old(&bundle.payload),
                &bundle.signature,
            )
            .map_err(refusal)
        }
    }
}
