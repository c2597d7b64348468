//! Verifies a file of claims against a model: each claim by itself, then what was asked of all together.

use std::{collections::BTreeSet, path::Path};

use cleanbill_core::hex;

use super::{Claim, ClaimKind, ClaimOutcome, ClaimRefusal, Provenance, file::lines};
use crate::{
    digest::Algorithm,
    hashing::Observer,
    note::Note,
    refusal::{Method, Refusal},
    sign::{ReadOptions, read_model},
    statement::{Serialization, Statement},
    verify::{
        FileReport, FileState, SignedBy, Trust, Verification, VerifyOptions, authenticate, files::compare,
    },
    walk::{GIT_PATHS, IgnorePaths},
};

/// Holds what is asked of a file of claims.
#[derive(Clone, Debug)]
pub struct ClaimsOptions {
    /// How the model is read.
    pub files: VerifyOptions,
    /// Kinds that must be there; those that have a result must say that all is well.
    pub require: BTreeSet<ClaimKind>,
    /// Who must have made the model, where claims say who did.
    pub builder: Option<String>,
    /// What the model must have been made from.
    pub source: Option<String>,
}

/// Holds what became of one claim.
#[derive(Clone, Debug)]
pub struct ClaimReport {
    /// Its line, from 1.
    pub line: usize,
    /// What it says, where that is certain.
    pub claim: Option<Claim>,
    /// Who signed it, where that is certain.
    pub signed_by: Option<SignedBy>,
    /// Every reason against it.
    pub refusals: Vec<Refusal>,
    /// What a person should know besides.
    pub notes: Vec<Note>,
}

impl ClaimReport {
    /// Says whether it holds.
    pub fn holds(&self) -> bool {
        self.claim.is_some() && self.refusals.is_empty()
    }
}

/// Holds what became of a file of claims.
#[derive(Clone, Debug)]
pub struct ClaimsReport {
    /// The method that was asked for.
    pub method: Method,
    /// Every claim, in the order of the file.
    pub claims: Vec<ClaimReport>,
    /// Reasons against the file, and what was asked for and is not there.
    pub refusals: Vec<Refusal>,
}

impl ClaimsReport {
    /// Says whether every claim holds and everything that was asked for is there.
    pub fn holds(&self) -> bool {
        self.refusals.is_empty() && !self.claims.is_empty() && self.claims.iter().all(ClaimReport::holds)
    }

    /// Says whether all that stands against it is that the model could not be read.
    pub fn is_incomplete(&self) -> bool {
        let mut all = self.all_refusals().peekable();
        // What was asked for is missing because nothing could be compared.
        let is_cause = |refusal: &Refusal| {
            refusal.is_unreadable() || matches!(refusal, Refusal::Claim(ClaimRefusal::Missing { .. }))
        };
        all.peek().is_some() && self.all_refusals().any(Refusal::is_unreadable) && all.all(is_cause)
    }

    /// Returns the reasons against each claim and against the whole.
    pub fn all_refusals(&self) -> impl Iterator<Item = &Refusal> {
        let own = self.claims.iter().flat_map(|claim| &claim.refusals);
        own.chain(&self.refusals)
    }
}

/// Verifies every claim of a file, and that they are about this model as it lies now.
///
/// `bytes` gives the file; that there is none is a reason like others.
pub fn verify_claims(
    bytes: Result<&[u8], Refusal>,
    model: &Path,
    trust: Trust<'_>,
    options: &ClaimsOptions,
    observer: &dyn Observer,
) -> ClaimsReport {
    let mut report = ClaimsReport {
        method: trust.method(),
        claims: Vec::new(),
        refusals: Vec::new(),
    };
    let mut subject = Subject {
        model,
        options: &options.files,
        observer,
        compared: Vec::new(),
        digests: None,
    };
    match bytes.and_then(lines) {
        Err(refusal) => report.refusals.push(refusal),
        Ok(lines) => {
            for (line, bundle) in lines {
                report
                    .claims
                    .push(one(line, bundle, trust, options, &mut subject));
            }
        }
    }
    asked(&mut report, options);
    report
}

fn one(
    line: usize,
    bundle: Result<&[u8], Refusal>,
    trust: Trust<'_>,
    options: &ClaimsOptions,
    subject: &mut Subject<'_>,
) -> ClaimReport {
    let mut verification = Verification::begun(trust.method());
    let claim = bundle
        .and_then(|bundle| authenticate(bundle, trust, &mut verification))
        .and_then(|payload| Claim::from_json(&payload));
    let mut report = ClaimReport {
        line,
        claim: None,
        signed_by: verification.signed_by,
        refusals: Vec::new(),
        notes: verification.notes,
    };
    match claim {
        Err(refusal) => report.refusals.push(refusal),
        Ok(claim) => {
            if let Some(provenance) = &claim.provenance {
                report.refusals.extend(expected(provenance, options));
            }
            let (refusals, notes) = subject.compare(&claim);
            report.refusals.extend(refusals);
            report.notes.extend(notes);
            report.claim = Some(claim);
        }
    }
    report
}

/// Compares who made the model, and from what, with what was asked for.
fn expected(provenance: &Provenance, options: &ClaimsOptions) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    if let Some(builder) = options
        .builder
        .as_ref()
        .filter(|builder| **builder != provenance.builder)
    {
        refusals.push(Refusal::Claim(ClaimRefusal::Builder {
            expected: builder.clone(),
            found: provenance.builder.clone(),
        }));
    }
    if let Some(source) = options
        .source
        .as_ref()
        .filter(|source| !provenance.sources.contains(source))
    {
        refusals.push(Refusal::Claim(ClaimRefusal::Source {
            expected: source.clone(),
            found: provenance.sources.clone(),
        }));
    }
    refusals
}

/// Adds what was asked for and is not there, or says that something is not well. Every claim of a kind counts: a later one does not undo an
/// earlier one, since nothing proves their order.
fn asked(report: &mut ClaimsReport, options: &ClaimsOptions) {
    let mut kinds = options.require.clone();
    if options.builder.is_some() || options.source.is_some() {
        kinds.insert(ClaimKind::Run);
    }
    for kind in kinds {
        let of_kind = || {
            let holding = report.claims.iter().filter(|claim| claim.holds());
            holding
                .filter_map(|report| report.claim.as_ref())
                .filter(move |claim| claim.kind == kind)
        };
        if of_kind().next().is_none() {
            report
                .refusals
                .push(Refusal::Claim(ClaimRefusal::Missing { kind }));
            continue;
        }
        let worst = of_kind().filter_map(|claim| claim.outcome).max();
        if worst.is_some_and(|worst| worst != ClaimOutcome::Passed) {
            report
                .refusals
                .push(Refusal::Claim(ClaimRefusal::NotPassed { kind, result: worst }));
        }
    }
}

/// Name and digest of every file, or why there is none.
type Digests = Result<Vec<(String, String)>, Vec<Refusal>>;

/// The model as it lies now, read once for each way in which claims name it.
struct Subject<'a> {
    model: &'a Path,
    options: &'a VerifyOptions,
    observer: &'a dyn Observer,
    compared: Vec<(Statement, Vec<Refusal>, Vec<Note>)>,
    /// Name and digest of every file, for claims that name no rules.
    digests: Option<Digests>,
}

impl Subject<'_> {
    fn compare(&mut self, claim: &Claim) -> (Vec<Refusal>, Vec<Note>) {
        let Some(statement) = &claim.model else {
            return self.named(claim);
        };
        // Claims about one state of a model name the same files: they are read once. What it is called does not matter.
        let same = |known: &Statement| {
            known.resources == statement.resources
                && known.ignore_paths == statement.ignore_paths
                && (
                    known.serialization,
                    known.algorithm,
                    known.allow_symlinks,
                    known.is_old,
                ) == (
                    statement.serialization,
                    statement.algorithm,
                    statement.allow_symlinks,
                    statement.is_old,
                )
        };
        if let Some((_, refusals, notes)) = self.compared.iter().find(|(known, ..)| same(known)) {
            return (refusals.clone(), notes.clone());
        }
        let mut found = compare(statement, self.model, self.options, self.observer);
        let is_left_out = |file: &&FileReport| matches!(file.state, FileState::Ignored | FileState::Unsigned);
        let count = found.files.iter().filter(is_left_out).count();
        if count > 0 {
            found.notes.push(Note::LeftOut { count });
        }
        self.compared
            .push((statement.clone(), found.refusals.clone(), found.notes.clone()));
        (found.refusals, found.notes)
    }

    /// Says which files a claim of others does not name by their digest. Its other subjects do not matter: a run may make more.
    fn named(&mut self, claim: &Claim) -> (Vec<Refusal>, Vec<Note>) {
        let (model, options, observer) = (self.model, self.options, self.observer);
        let digests = self.digests.get_or_insert_with(|| read(model, options, observer));
        let digests = match digests {
            Ok(digests) => digests,
            Err(refusals) => return (refusals.clone(), Vec::new()),
        };
        let known: BTreeSet<&str> = claim
            .subjects
            .iter()
            .filter_map(|subject| subject.sha256.as_deref())
            .collect();
        let is_known = |digest: &String| known.contains(digest.as_str());
        let left_out = digests.iter().filter(|(_, digest)| !is_known(digest)).count();
        if options.ignore_unsigned && left_out < digests.len() {
            let notes = (left_out > 0).then_some(Note::LeftOut { count: left_out });
            return (Vec::new(), notes.into_iter().collect());
        }
        let missing = digests.iter().filter(|(_, digest)| !is_known(digest));
        let refusals =
            missing.map(|(name, _)| Refusal::Claim(ClaimRefusal::SubjectMissing { name: name.clone() }));
        (refusals.collect(), Vec::new())
    }
}

fn read(model: &Path, options: &VerifyOptions, observer: &dyn Observer) -> Digests {
    let git = if options.ignore_git { &GIT_PATHS[..] } else { &[] };
    let git = IgnorePaths::new(git.iter().map(|path| (*path).to_owned())).unwrap_or_default();
    let options = ReadOptions {
        allow_symlinks: options.allow_symlinks,
        ignore: options.ignore.clone().and(&git),
        serialization: Serialization::Files,
        algorithm: Algorithm::Sha256,
        threads: options.threads,
    };
    let read = read_model(model, "", &options, observer)?;
    let resources = read.statement.resources.into_iter();
    Ok(resources.map(|one| (one.name, hex(&one.digest))).collect())
}
