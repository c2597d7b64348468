//! Every reason for which a signature or a file is refused: each with its id, its step, what it concerns, and its words.

use std::fmt;

use cleanbill_core::Text;

use crate::{
    certificate::RevocationReason, claims::ClaimRefusal, limits, time::UnixTime, timestamp::TimestampProblem,
};

/// Names a way to sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// A key pair.
    Key,
    /// A key pair whose public half stands in a certificate.
    Certificate,
    /// A short-lived certificate for an identity, with an entry in a public log.
    Sigstore,
}

impl Method {
    /// Returns the word on the command line and in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Certificate => "certificate",
            Self::Sigstore => "sigstore",
        }
    }
}

/// Names a step of verification, in the order in which they are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// The bundle is read.
    Bundle,
    /// The signer is one that is trusted.
    Signer,
    /// The signature is the signer's, over these bytes.
    Signature,
    /// The signed statement is a list of files.
    Statement,
    /// The files are those of the list.
    Files,
}

impl Step {
    /// Every step, in order.
    pub const ALL: [Self; 5] = [
        Self::Bundle,
        Self::Signer,
        Self::Signature,
        Self::Statement,
        Self::Files,
    ];

    /// Returns the word in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bundle => "bundle",
            Self::Signer => "signer",
            Self::Signature => "signature",
            Self::Statement => "statement",
            Self::Files => "files",
        }
    }
}

/// Names a document whose JSON is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Document {
    /// The Sigstore bundle.
    Bundle,
    /// The in-toto statement within.
    Statement,
    /// What a claim says.
    Predicate,
    /// A trusted root of Sigstore.
    TrustedRoot,
}

/// Says what is wrong with a name in a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NameProblem {
    /// Nothing stands there.
    Empty,
    /// It begins with `/`.
    Absolute,
    /// It has a part `..`.
    Parent,
    /// It has a part `.`, or one without characters.
    NotNormal,
    /// It has a NUL, which no path has.
    Nul,
    /// It is longer than paths are.
    Long,
}

/// Gives one reason why a signature does not hold, or a model cannot be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the words of each reason stand in `text`, once")]
pub enum Refusal {
    BundleUnreadable {
        problem: String,
    },
    BundleTooLarge,
    JsonSyntax {
        document: Document,
        line: usize,
        column: usize,
        problem: String,
    },
    JsonDuplicateKey {
        document: Document,
        place: String,
    },
    JsonUnknownField {
        document: Document,
        place: String,
    },
    JsonField {
        document: Document,
        place: String,
        expected: &'static str,
    },
    Base64 {
        place: String,
    },
    MediaType {
        found: String,
    },
    MethodMismatch {
        asked: Method,
        found: Method,
    },
    SignatureCount {
        count: usize,
    },

    KeyMismatch {
        given: String,
        named: String,
    },
    CertificateMissing,
    CertificateSyntax {
        position: usize,
    },
    CertificateKey {
        subject: String,
    },
    ChainTooLong,
    ChainUntrusted {
        subject: String,
        issuer: String,
    },
    ChainSignature {
        subject: String,
        issuer: String,
    },
    ChainAlgorithm {
        subject: String,
        algorithm: String,
    },
    ChainWork,
    CertificateNotYetValid {
        subject: String,
        at: UnixTime,
        from: UnixTime,
    },
    CertificateExpired {
        subject: String,
        at: UnixTime,
        until: UnixTime,
    },
    LeafUsage {
        subject: String,
    },
    IssuerUsage {
        subject: String,
    },
    PathLength {
        subject: String,
    },
    CriticalExtension {
        subject: String,
        extension: String,
    },

    CertificateRevoked {
        subject: String,
        at: UnixTime,
        reason: RevocationReason,
    },
    RevocationListMissing {
        subject: String,
        issuer: String,
    },
    RevocationListUsage {
        issuer: String,
    },
    RevocationListSignature {
        issuer: String,
    },
    RevocationListAlgorithm {
        issuer: String,
        algorithm: String,
    },
    RevocationListDelta {
        issuer: String,
    },
    RevocationListExtension {
        issuer: String,
        extension: String,
    },
    RevocationListScope {
        subject: String,
        issuer: String,
    },
    RevocationListEndless {
        issuer: String,
    },
    RevocationListNotYetValid {
        issuer: String,
        at: UnixTime,
        from: UnixTime,
    },
    RevocationListExpired {
        issuer: String,
        at: UnixTime,
        until: UnixTime,
    },
    RevocationListLate {
        subject: String,
        ended: UnixTime,
        from: UnixTime,
    },

    Timestamp(TimestampProblem),

    SigstoreNotBuilt,
    SigstoreRoot {
        problem: String,
    },
    SigstoreIdentity {
        expected: String,
        found: String,
    },
    SigstoreProvider {
        expected: String,
        found: String,
    },
    SigstoreCertificate {
        problem: String,
    },
    SigstoreLog {
        problem: String,
    },
    SigstoreTimestamp {
        problem: String,
    },
    SigstoreBundle {
        problem: String,
    },

    PayloadType {
        found: String,
    },
    SignatureEncoding,
    SignatureInvalid,

    StatementType {
        found: String,
    },
    PredicateType {
        found: String,
    },
    SubjectCount {
        count: usize,
    },
    RootDigest {
        stated: String,
        computed: String,
    },
    HashType {
        found: String,
    },
    SerializationMethod {
        found: String,
    },
    ShardSize,
    NoResources,
    TooManyResources,
    ResourceName {
        name: String,
        problem: NameProblem,
    },
    ResourceTwice {
        name: String,
    },
    ResourceAlgorithm {
        name: String,
        found: String,
    },
    ResourceDigest {
        name: String,
    },
    ShardRange {
        name: String,
    },
    IgnorePath {
        path: String,
    },

    FileChanged {
        name: String,
    },
    FileMissing {
        name: String,
    },
    FileExtra {
        name: String,
    },
    FileSymlink {
        name: String,
    },
    FolderSymlink {
        name: String,
    },
    BrokenSymlink {
        name: String,
    },
    FileSpecial {
        name: String,
    },
    FileName {
        name: String,
    },
    FileUnreadable {
        name: String,
        problem: String,
    },
    FileInFlux {
        name: String,
    },
    ModelEmpty,
    ModelUnreadable {
        problem: String,
    },
    ModelTooLarge {
        problem: String,
    },

    Claim(ClaimRefusal),
}

impl Refusal {
    /// Returns the id of the reason: kebab-case, never changed once released.
    pub const fn id(&self) -> &'static str {
        match self {
            Self::BundleUnreadable { .. } => "bundle-unreadable",
            Self::BundleTooLarge => "bundle-too-large",
            Self::JsonSyntax { .. } => "json-syntax",
            Self::JsonDuplicateKey { .. } => "json-duplicate-key",
            Self::JsonUnknownField { .. } => "json-unknown-field",
            Self::JsonField { .. } => "json-field",
            Self::Base64 { .. } => "base64",
            Self::MediaType { .. } => "media-type",
            Self::MethodMismatch { .. } => "method-mismatch",
            Self::SignatureCount { .. } => "signature-count",
            Self::KeyMismatch { .. } => "key-mismatch",
            Self::CertificateMissing => "certificate-missing",
            Self::CertificateSyntax { .. } => "certificate-syntax",
            Self::CertificateKey { .. } => "certificate-key",
            Self::ChainTooLong => "chain-too-long",
            Self::ChainUntrusted { .. } => "chain-untrusted",
            Self::ChainSignature { .. } => "chain-signature",
            Self::ChainAlgorithm { .. } => "chain-algorithm",
            Self::ChainWork => "chain-work",
            Self::CertificateNotYetValid { .. } => "certificate-not-yet-valid",
            Self::CertificateExpired { .. } => "certificate-expired",
            Self::LeafUsage { .. } => "leaf-usage",
            Self::IssuerUsage { .. } => "issuer-usage",
            Self::PathLength { .. } => "path-length",
            Self::CriticalExtension { .. } => "critical-extension",
            Self::CertificateRevoked { .. } => "certificate-revoked",
            Self::RevocationListMissing { .. } => "revocation-list-missing",
            Self::RevocationListUsage { .. } => "revocation-list-usage",
            Self::RevocationListSignature { .. } => "revocation-list-signature",
            Self::RevocationListAlgorithm { .. } => "revocation-list-algorithm",
            Self::RevocationListDelta { .. } => "revocation-list-delta",
            Self::RevocationListExtension { .. } => "revocation-list-extension",
            Self::RevocationListScope { .. } => "revocation-list-scope",
            Self::RevocationListEndless { .. } => "revocation-list-endless",
            Self::RevocationListNotYetValid { .. } => "revocation-list-not-yet-valid",
            Self::RevocationListExpired { .. } => "revocation-list-expired",
            Self::RevocationListLate { .. } => "revocation-list-late",
            Self::Timestamp(problem) => problem.id(),
            Self::SigstoreNotBuilt => "sigstore-not-built",
            Self::SigstoreRoot { .. } => "sigstore-root",
            Self::SigstoreIdentity { .. } => "sigstore-identity",
            Self::SigstoreProvider { .. } => "sigstore-provider",
            Self::SigstoreCertificate { .. } => "sigstore-certificate",
            Self::SigstoreLog { .. } => "sigstore-log",
            Self::SigstoreTimestamp { .. } => "sigstore-timestamp",
            Self::SigstoreBundle { .. } => "sigstore-bundle",
            Self::PayloadType { .. } => "payload-type",
            Self::SignatureEncoding => "signature-encoding",
            Self::SignatureInvalid => "signature-invalid",
            Self::StatementType { .. } => "statement-type",
            Self::PredicateType { .. } => "predicate-type",
            Self::SubjectCount { .. } => "subject-count",
            Self::RootDigest { .. } => "root-digest",
            Self::HashType { .. } => "hash-type",
            Self::SerializationMethod { .. } => "serialization-method",
            Self::ShardSize => "shard-size",
            Self::NoResources => "no-resources",
            Self::TooManyResources => "too-many-resources",
            Self::ResourceName { .. } => "resource-name",
            Self::ResourceTwice { .. } => "resource-twice",
            Self::ResourceAlgorithm { .. } => "resource-algorithm",
            Self::ResourceDigest { .. } => "resource-digest",
            Self::ShardRange { .. } => "shard-range",
            Self::IgnorePath { .. } => "ignore-path",
            Self::FileChanged { .. } => "file-changed",
            Self::FileMissing { .. } => "file-missing",
            Self::FileExtra { .. } => "file-extra",
            Self::FileSymlink { .. } => "file-symlink",
            Self::FolderSymlink { .. } => "folder-symlink",
            Self::BrokenSymlink { .. } => "broken-symlink",
            Self::FileSpecial { .. } => "file-special",
            Self::FileName { .. } => "file-name",
            Self::FileUnreadable { .. } => "file-unreadable",
            Self::FileInFlux { .. } => "file-in-flux",
            Self::ModelEmpty => "model-empty",
            Self::ModelUnreadable { .. } => "model-unreadable",
            Self::ModelTooLarge { .. } => "model-too-large",
            Self::Claim(refusal) => refusal.id(),
        }
    }

    /// Returns the step that failed.
    pub const fn step(&self) -> Step {
        match self {
            Self::BundleUnreadable { .. }
            | Self::BundleTooLarge
            | Self::Base64 { .. }
            | Self::MediaType { .. }
            | Self::MethodMismatch { .. }
            | Self::SignatureCount { .. }
            | Self::PayloadType { .. } => Step::Bundle,
            Self::JsonSyntax { document, .. }
            | Self::JsonDuplicateKey { document, .. }
            | Self::JsonUnknownField { document, .. }
            | Self::JsonField { document, .. } => match document {
                Document::Bundle => Step::Bundle,
                Document::Statement | Document::Predicate => Step::Statement,
                Document::TrustedRoot => Step::Signer,
            },
            Self::KeyMismatch { .. }
            | Self::CertificateMissing
            | Self::CertificateSyntax { .. }
            | Self::CertificateKey { .. }
            | Self::ChainTooLong
            | Self::ChainUntrusted { .. }
            | Self::ChainSignature { .. }
            | Self::ChainAlgorithm { .. }
            | Self::ChainWork
            | Self::CertificateNotYetValid { .. }
            | Self::CertificateExpired { .. }
            | Self::LeafUsage { .. }
            | Self::IssuerUsage { .. }
            | Self::PathLength { .. }
            | Self::CriticalExtension { .. }
            | Self::CertificateRevoked { .. }
            | Self::RevocationListMissing { .. }
            | Self::RevocationListUsage { .. }
            | Self::RevocationListSignature { .. }
            | Self::RevocationListAlgorithm { .. }
            | Self::RevocationListDelta { .. }
            | Self::RevocationListExtension { .. }
            | Self::RevocationListScope { .. }
            | Self::RevocationListEndless { .. }
            | Self::RevocationListNotYetValid { .. }
            | Self::RevocationListExpired { .. }
            | Self::RevocationListLate { .. }
            | Self::Timestamp(_)
            | Self::SigstoreNotBuilt
            | Self::SigstoreRoot { .. }
            | Self::SigstoreIdentity { .. }
            | Self::SigstoreProvider { .. }
            | Self::SigstoreCertificate { .. }
            | Self::SigstoreLog { .. }
            | Self::SigstoreTimestamp { .. }
            | Self::SigstoreBundle { .. } => Step::Signer,
            Self::SignatureEncoding | Self::SignatureInvalid => Step::Signature,
            Self::StatementType { .. }
            | Self::PredicateType { .. }
            | Self::SubjectCount { .. }
            | Self::RootDigest { .. }
            | Self::HashType { .. }
            | Self::SerializationMethod { .. }
            | Self::ShardSize
            | Self::NoResources
            | Self::TooManyResources
            | Self::ResourceName { .. }
            | Self::ResourceTwice { .. }
            | Self::ResourceAlgorithm { .. }
            | Self::ResourceDigest { .. }
            | Self::ShardRange { .. }
            | Self::IgnorePath { .. } => Step::Statement,
            Self::FileChanged { .. }
            | Self::FileMissing { .. }
            | Self::FileExtra { .. }
            | Self::FileSymlink { .. }
            | Self::FolderSymlink { .. }
            | Self::BrokenSymlink { .. }
            | Self::FileSpecial { .. }
            | Self::FileName { .. }
            | Self::FileUnreadable { .. }
            | Self::FileInFlux { .. }
            | Self::ModelEmpty
            | Self::ModelUnreadable { .. }
            | Self::ModelTooLarge { .. } => Step::Files,
            Self::Claim(refusal) => refusal.step(),
        }
    }

    /// Returns the file or resource that is concerned, if one is.
    pub fn file(&self) -> Option<&str> {
        match self {
            Self::ResourceName { name, .. }
            | Self::ResourceTwice { name }
            | Self::ResourceAlgorithm { name, .. }
            | Self::ResourceDigest { name }
            | Self::ShardRange { name }
            | Self::FileChanged { name }
            | Self::FileMissing { name }
            | Self::FileExtra { name }
            | Self::FileSymlink { name }
            | Self::FolderSymlink { name }
            | Self::BrokenSymlink { name }
            | Self::FileSpecial { name }
            | Self::FileName { name }
            | Self::FileUnreadable { name, .. }
            | Self::FileInFlux { name } => Some(name),
            Self::Claim(refusal) => refusal.file(),
            _ => None,
        }
    }

    /// Says whether the model could not be read, rather than that it was read and does not hold.
    pub const fn is_unreadable(&self) -> bool {
        matches!(
            self,
            Self::FileUnreadable { .. } | Self::ModelUnreadable { .. } | Self::ModelTooLarge { .. }
        )
    }

    /// Returns the words for people.
    pub fn text(&self) -> Text {
        crate::words::refusal(self)
    }

    /// Returns what to do about it, where there is something to say.
    pub fn hint(&self) -> Option<Text> {
        crate::words::hint(self)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.text().en())
    }
}

impl std::error::Error for Refusal {}

/// Says how many bytes a bundle may have, for messages.
pub(crate) const fn bundle_mebibytes() -> u64 {
    limits::BUNDLE_BYTES >> 20
}
