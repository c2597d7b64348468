//! Claims: signed statements about a model besides the list of its files: how a scan ended, which bill of materials belongs to it, which
//! run made it. Each is an in-toto Statement v1 in a bundle, signed as models are; a file of claims holds one bundle a line.
//!
//! Every claim of ours names the model twice: by the digest that a signature has, and file by file, with the rules by which the files were
//! read. So a claim is compared with the model as a signature is. Claims of others are accepted where they name every file by its digest.
//!
//! Not here: scanning, advisories, processes, the clock; callers hand over what came out.

mod file;
mod lineage;
mod predicate;
mod read;
mod refusal;
mod report;
mod verify;
mod write;

pub use file::{ListedClaim, UnverifiedSigner, append, list};
pub use predicate::{Dependency, Policy, Predicate, Run, VulnerabilityScan, examined};
pub use read::{Claim, ClaimSubject, Provenance};
pub use refusal::ClaimRefusal;
pub use report::{CLAIMS_SCHEMA, CLAIMS_SCHEMA_TEXT, list_to_json};
pub use verify::{ClaimReport, ClaimsOptions, ClaimsReport, verify_claims};
pub use write::{ClaimSigner, sign_claim};

/// Says what a claim is about, whichever of its predicates it uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClaimKind {
    /// How a scan ended, detector by detector.
    Scan,
    /// What a policy said of it.
    Verdict,
    /// A bill of materials.
    Bom,
    /// Statements on whether weaknesses matter.
    Vex,
    /// Which known weaknesses concern it.
    Vulnerabilities,
    /// The run that made it.
    Run,
    /// What it was made from, and how that shows.
    Lineage,
    /// The signature of the model itself.
    Signature,
}

impl ClaimKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Scan,
        Self::Verdict,
        Self::Bom,
        Self::Vex,
        Self::Vulnerabilities,
        Self::Run,
        Self::Lineage,
        Self::Signature,
    ];

    /// Returns the word on the command line and in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scan => "scan",
            Self::Verdict => "verdict",
            Self::Bom => "bom",
            Self::Vex => "vex",
            Self::Vulnerabilities => "vulns",
            Self::Run => "run",
            Self::Lineage => "lineage",
            Self::Signature => "signature",
        }
    }

    /// Reads a word as [`Self::as_str`] writes it.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Returns the kind that a predicate type belongs to.
    pub fn of_type(predicate_type: &str) -> Option<Self> {
        let known = TYPES.iter().find(|(known, _)| *known == predicate_type);
        known.map(|(_, kind)| *kind)
    }
}

/// Says how what a claim tells of ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClaimOutcome {
    /// All was as it should be.
    Passed,
    /// A person should look.
    Warned,
    /// Something was not as it should be, or could not be looked at.
    Failed,
}

impl ClaimOutcome {
    /// Every outcome.
    pub const ALL: [Self; 3] = [Self::Passed, Self::Warned, Self::Failed];

    /// Returns the word in statements.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "PASSED",
            Self::Warned => "WARNED",
            Self::Failed => "FAILED",
        }
    }
}

/// Type of a result of tests.
const TEST_RESULT: &str = "https://in-toto.io/attestation/test-result/v0.1";
/// Type of a simple verification result.
const VERIFICATION_RESULT: &str = "https://in-toto.io/attestation/svr/v0.2";
const OLD_VERIFICATION_RESULT: &str = "https://in-toto.io/attestation/svr/v0.1";
/// Type of SLSA's verification summary.
const VERIFICATION_SUMMARY: &str = "https://slsa.dev/verification_summary/v1";
const CYCLONEDX: &str = "https://cyclonedx.org/bom";
const SPDX_3: &str = "https://spdx.dev/Document/v3";
const SPDX_2: &str = "https://spdx.dev/Document/v2.3";
const SPDX: &str = "https://spdx.dev/Document";
const OPENVEX: &str = "https://openvex.dev/ns/v0.2.0";
const VULNERABILITIES: &str = "https://in-toto.io/attestation/vulns/v0.2";
const PROVENANCE: &str = "https://slsa.dev/provenance/v1";
const OLD_PROVENANCE: &str = "https://slsa.dev/provenance/v0.2";
const ATTRIBUTES: &str = "https://in-toto.io/attestation/scai/v0.3";

/// Every predicate type that is read.
const TYPES: [(&str, ClaimKind); 14] = [
    (TEST_RESULT, ClaimKind::Scan),
    (VERIFICATION_RESULT, ClaimKind::Verdict),
    (OLD_VERIFICATION_RESULT, ClaimKind::Verdict),
    (VERIFICATION_SUMMARY, ClaimKind::Verdict),
    (CYCLONEDX, ClaimKind::Bom),
    (SPDX_3, ClaimKind::Bom),
    (SPDX_2, ClaimKind::Bom),
    (SPDX, ClaimKind::Bom),
    (OPENVEX, ClaimKind::Vex),
    (VULNERABILITIES, ClaimKind::Vulnerabilities),
    (PROVENANCE, ClaimKind::Run),
    (OLD_PROVENANCE, ClaimKind::Run),
    (ATTRIBUTES, ClaimKind::Lineage),
    (crate::statement::PREDICATE_TYPE, ClaimKind::Signature),
];

/// The annotation of the first subject that says by which rules the files were read.
const SERIALIZATION: &str = "cleanbill.serialization";
/// The annotation of the first subject that says when the statement was made.
const CREATED: &str = "cleanbill.created";
/// The property of a verification result that says that nothing stood against the model.
const PASSED: &str = "CLEANBILL_PASSED";
/// The annotation of a weakness that somebody answered.
const ANSWERED: &str = "answered";
/// Its values: the weakness is not one of the model, or is one no longer.
const ANSWERS: [&str; 3] = ["not_affected", "fixed", "false_positive"];
/// The field of a list of weaknesses that says what could not be looked up.
const GAPS: &str = "cleanbill.gaps";
/// The method of a severity that is one of our words.
const OWN_METHOD: &str = "cleanbill";
