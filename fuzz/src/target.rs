//! What is fuzzed. Each target turns bytes into a signature: equal signatures mean that the input taught nothing new.

use std::{collections::BTreeSet, fmt::Write as _, num::NonZeroUsize, path::Path, sync::Arc};

use cleanbill_attest::{
    Algorithm, Certificate, Curve, IgnorePaths, PrivateKey, PublicKey, Quiet, Refusal, Resource,
    RevocationList, Serialization, Statement, Trust, UnixTime, VerifyOptions,
    claims::{self, Claim, ClaimSigner, ClaimsOptions, Predicate, sign_claim, verify_claims},
    sign_with_key, verify,
};
use cleanbill_formats::{
    Format, HEAD_BYTES, Input, Probe, TAIL_BYTES,
    bytes::{ReadAt, read_range},
    limits::Limits,
};
use cleanbill_scan::{Options, scan, source::Held};

use crate::{data, documents};

/// Names a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Every parser of the registry, whatever its probe says.
    Formats,
    /// A whole scan with every detector.
    Scan,
    /// Bills of materials: read, judged, compared, written anew and read again.
    Bom,
    /// Statements on weaknesses.
    Vex,
    /// Approved states.
    Approved,
    /// Records and archives of advisories: imported and asked; lists of scores and of known-bad models.
    Advisories,
    /// Index files of advisories.
    Index,
    /// Texts and expressions of licences, package URLs.
    Licences,
    /// Readers of bundles, statements, keys and certificates.
    Attest,
    /// System files and locks.
    PolicyFile,
    /// Rules of users for leaks, in both forms.
    Rules,
    /// The engine for leaks, with every rule.
    Leaks,
    /// Every kind of data, with copies.
    Data,
}

/// Names a corpus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Corpus {
    /// Files of models.
    Files,
    /// Documents.
    Documents,
    /// Data.
    Data,
}

impl Corpus {
    pub(crate) const ALL: [Self; 3] = [Self::Files, Self::Documents, Self::Data];

    fn name(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Documents => "documents",
            Self::Data => "datasets",
        }
    }
}

impl Target {
    pub(crate) const ALL: [Self; 13] = [
        Self::Formats,
        Self::Scan,
        Self::Bom,
        Self::Vex,
        Self::Approved,
        Self::Advisories,
        Self::Index,
        Self::Licences,
        Self::Attest,
        Self::PolicyFile,
        Self::Rules,
        Self::Leaks,
        Self::Data,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Formats => "formats",
            Self::Scan => "scan",
            Self::Bom => "bom",
            Self::Vex => "vex",
            Self::Approved => "approved",
            Self::Advisories => "advisories",
            Self::Index => "index",
            Self::Licences => "licences",
            Self::Attest => "attest",
            Self::PolicyFile => "policy_file",
            Self::Rules => "rules",
            Self::Leaks => "leaks",
            Self::Data => "data",
        }
    }

    /// Returns the targets of a name; that of a corpus names all that take from it.
    pub(crate) fn parse(name: &str) -> Result<Vec<Self>, String> {
        let is_named = |target: &Self| target.name() == name || target.corpus().name() == name;
        let found: Vec<Self> = Self::ALL.into_iter().filter(is_named).collect();
        if found.is_empty() {
            return Err(format!("unknown target `{name}`"));
        }
        Ok(found)
    }

    /// Returns the corpus that it takes from.
    pub(crate) fn corpus(self) -> Corpus {
        match self {
            Self::Formats | Self::Scan => Corpus::Files,
            Self::Leaks | Self::Data => Corpus::Data,
            _ => Corpus::Documents,
        }
    }

    /// Runs the target on `bytes`; panics where the target does.
    pub(crate) fn run(self, bytes: &[u8]) -> String {
        match self {
            Self::Formats => formats(bytes),
            Self::Scan => whole_scan(bytes),
            Self::Bom => documents::bom(bytes),
            Self::Vex => documents::statements(bytes),
            Self::Approved => documents::approved_state(bytes),
            Self::Advisories => documents::advisories(bytes),
            Self::Index => documents::index(bytes),
            Self::Licences => documents::licences(bytes),
            Self::Attest => attest(bytes),
            Self::PolicyFile => documents::policy_file(bytes),
            Self::Rules => data::own_rules(bytes),
            Self::Leaks => data::engine(bytes),
            Self::Data => data::kinds(bytes),
        }
    }
}

/// Limits small enough that an input of some KiB can reach them.
fn limits() -> Limits {
    Limits {
        member_bytes: 1 << 24,
        artifact_decoded_bytes: 1 << 25,
        pickle_opcodes: 1 << 20,
        members_per_container: 2_000,
        ..Limits::default()
    }
}

fn formats(bytes: &[u8]) -> String {
    let source: &dyn ReadAt = &bytes.to_vec();
    let size = source.size();
    let head = read_range(source, 0..size, HEAD_BYTES).unwrap_or_default();
    let tail = read_range(source, size.saturating_sub(TAIL_BYTES)..size, TAIL_BYTES).unwrap_or_default();
    let probe = Probe {
        head: &head,
        tail: &tail,
        size,
        source,
    };
    let limits = limits();
    let input = Input {
        source,
        limits: &limits,
    };
    let mut signature = String::new();
    for format in Format::ALL {
        let score = format.probe(&probe);
        let Ok(parsed) = format.parse(&input) else {
            // A vector never fails to be read.
            panic!("format `{}` blames the source", format.info().id);
        };
        let view = parsed.view();
        let notes: BTreeSet<&str> = view.anomalies().iter().map(|anomaly| anomaly.kind.id).collect();
        let members = view.members().len().checked_ilog2();
        // Formats that score say more than formats that were forced to parse.
        if score.is_some() || notes.len() > 1 {
            let _ = write!(
                signature,
                "{}{score:?}{notes:?}{members:?}{:?} ",
                format.info().id,
                view.dialects()
            );
        }
    }
    signature
}

fn whole_scan(bytes: &[u8]) -> String {
    let options = Options {
        limits: limits(),
        ..Options::default()
    };
    let held = Held::default().with("model.bin", Arc::new(bytes.to_vec()));
    let outcome = scan(&held, "fuzz", &options, None);
    assert!(
        outcome.internal_errors.is_empty(),
        "a parser or detector panicked"
    );
    let report = outcome.report;
    let findings: BTreeSet<&str> = report
        .findings
        .iter()
        .map(|finding| finding.detector.as_str())
        .collect();
    let formats: Vec<&Vec<String>> = report
        .artifacts
        .iter()
        .map(|artifact| &artifact.formats)
        .collect();
    format!("{} {findings:?} {formats:?}", report.verdict.as_str())
}

/// Gives a key that is the same in every run.
fn fixed_key() -> PrivateKey {
    let key = PrivateKey::generate(Curve::P256, |bytes| {
        bytes.fill(7);
        Ok(())
    });
    key.expect("the number is below the order of the curve")
}

/// Returns inputs that are near to what the target accepts.
pub(crate) fn signed() -> Vec<Vec<u8>> {
    let key = fixed_key();
    let statement = |serialization, name: &str| Statement {
        name: "model".to_owned(),
        serialization,
        algorithm: Algorithm::Sha256,
        allow_symlinks: false,
        ignore_paths: vec![".git".to_owned()],
        resources: vec![Resource {
            name: name.to_owned(),
            digest: vec![0; 32],
        }],
        is_old: false,
    };
    let mut seeds = vec![
        key.public_key().to_pem().into_bytes(),
        key.to_pem().expect("a key can be written").as_bytes().to_vec(),
    ];
    for (serialization, name) in [
        (Serialization::Files, "a/b"),
        (Serialization::Shards { size_bytes: 4 }, "a:0:4"),
    ] {
        let statement = statement(serialization, name);
        seeds.push(statement.to_json());
        seeds.push(sign_with_key(&statement, &key).expect("a key signs"));
    }
    let vex = br#"{"@context": "https://openvex.dev/ns/v0.2.0", "statements": []}"#;
    let vex = Predicate::vex(vex).expect("a document");
    let statement = statement(Serialization::Files, "a/b");
    let signer = ClaimSigner {
        key: Box::new(key),
        certificates: Vec::new(),
    };
    let bundle = sign_claim(&statement, &vex, UnixTime(0), &signer).expect("a key signs");
    let list = cleanbill_samples::build(include_str!("../seeds/revocation-list.txt"));
    let list = list.expect("the seed describes bytes");
    assert!(RevocationList::from_bytes(&list).is_ok(), "the seed is a list");
    seeds.push(list);
    seeds.push(claims::append(&bundle, &[&bundle]).expect("a file"));
    seeds.push(
        br#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"a","digest":{"sha256":"00"}}],"predicateType":"https://slsa.dev/provenance/v1","predicate":{"buildDefinition":{"buildType":"x","externalParameters":{"source":"y"}},"runDetails":{"builder":{"id":"z"}}}}"#
            .to_vec(),
    );
    seeds
}

fn attest(bytes: &[u8]) -> String {
    let options = VerifyOptions {
        allow_symlinks: false,
        ignore: IgnorePaths::default(),
        ignore_git: true,
        ignore_unsigned: true,
        threads: NonZeroUsize::MIN,
    };
    let key = fixed_key().public_key();
    let nowhere = Path::new("no-such-model");
    let by_key = verify(Ok(bytes), nowhere, Trust::Key(&key), &options, &Quiet);
    let trust = Trust::certificates(&[], UnixTime(1_764_331_200));
    let by_certificate = verify(Ok(bytes), nowhere, trust, &options, &Quiet);
    assert!(
        !by_key.holds() && !by_certificate.holds(),
        "there is no such model"
    );
    let first =
        |verification: &cleanbill_attest::Verification| verification.refusals.first().map(Refusal::id);
    let statement = Statement::from_json(bytes).map_or_else(|refusal| refusal.id(), |_| "statement");
    let claim = Claim::from_json(bytes).map_or_else(|refusal| refusal.id(), |claim| claim.kind.as_str());
    let claims = claims::append::<&[u8]>(bytes, &[]).map_or_else(|refusal| refusal.id(), |_| "claims");
    let asked = ClaimsOptions {
        files: options,
        require: BTreeSet::new(),
        builder: None,
        source: None,
    };
    let verified = verify_claims(Ok(bytes), nowhere, Trust::Key(&key), &asked, &Quiet);
    assert!(!verified.holds(), "there is no such model");
    let public = PublicKey::from_pem(bytes).is_ok() || PublicKey::from_der(bytes).is_ok();
    let private = PrivateKey::from_pem(bytes, || Ok(None)).is_ok();
    let certificate = Certificate::from_der(bytes).is_some();
    let lists = RevocationList::from_bytes(bytes).map_or(0, |lists| lists.len());
    format!(
        "{:?} {:?} {statement} {claim} {claims} {public} {private} {certificate} {lists} {}",
        first(&by_key),
        first(&by_certificate),
        Certificate::from_pem(bytes).is_ok()
    )
}
