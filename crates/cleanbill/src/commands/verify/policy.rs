//! `verify policy`: whether the rules of a system trust whoever signed a model, for the name that it has there.

mod material;
mod report;

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use cleanbill_attest::{
    Authorities, Certificate, CertificateTrust, NamedSigner, PublicKey, Quiet, Refusal, SignedBy,
    SigningTime, SigstoreTrust, Trust, UnixTime, Verification, VerifyOptions, named_signer, verify,
};
use cleanbill_core::{ExitCode, Text, Verdict, text};
use cleanbill_policy::{
    ArtifactName,
    policy_file::Signer,
    trust::{self, Identity, Known, Proven, Reason, counts, decide, deciding},
};

use super::super::{
    bom::{self, Listing},
    proof::{self, Files},
    system::System,
};
use super::{bundle_of, now, time};
use crate::{failure::Failure, output::Output, progress::Line, shell::Shell};
use material::Material;
use report::Report;

/// Verify with the rules of the system file: whoever signed has to be trusted for the name of the model
///
/// Takes the method from the bundle, and keys, roots and identities from the `[[trust]]` entries of `cleanbill.toml` that match the name.
/// The most specific namespace decides and closes: whom it does not name is refused.
#[derive(Args, Debug)]
pub(super) struct ByPolicy {
    /// The model: a file or a folder
    #[arg(value_name = "MODEL_PATH")]
    model_path: PathBuf,
    /// What the model is called, as `org/name`; the name of the `[[artifact]]` with this path by default
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The system file; the nearest `cleanbill.toml` in this folder or above it by default
    #[arg(long, value_name = "FILE")]
    system: Option<PathBuf>,
    /// The bundle; `model.sig` in the folder of the model, or beside a file, by default
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,
    /// A public key that a rule names by its fingerprint alone; may be repeated
    #[arg(long, alias = "public_key", value_name = "FILE")]
    public_key: Vec<PathBuf>,
    /// Roots for rules that name an issuer alone, in PEM; may be repeated
    #[arg(long, alias = "certificate_chain", value_name = "FILE")]
    certificate_chain: Vec<PathBuf>,
    /// Certificates of authorities that are believed about the time of a signature, in PEM, for rules that name none; may be repeated
    #[arg(long, alias = "timestamp_authority", value_name = "FILE")]
    timestamp_authority: Vec<PathBuf>,
    /// What rules and certificates are held against where no time of signing is proven, such as `2026-11-28T12:00:00Z`; now by default
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<UnixTime>,
    /// The trusted root of Sigstore, or the configuration of a client that holds one; that of the public instance by default
    #[arg(long, alias = "trust_config", alias = "trusted-root", value_name = "FILE")]
    trust_config: Option<PathBuf>,
    #[command(flatten)]
    files: Files,
    /// Accept files that nobody signed; they are listed
    #[arg(long, alias = "ignore_unsigned_files")]
    ignore_unsigned_files: bool,
    /// How to write the result
    #[arg(long, short, value_name = "FORMAT", default_value = "human")]
    format: Listing,
    /// Write the result to this file instead of stdout; it appears under its name only when it is whole
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// List every file, also the many that are as they were signed
    #[arg(long)]
    all: bool,
}

pub(super) fn run(arguments: &ByPolicy, shell: &Shell) -> Result<ExitCode, Failure> {
    let output = Output::new(arguments.output.as_ref());
    output.check()?;
    let system = System::open(arguments.system.as_ref(), shell)?;
    let name = name_of(arguments, &system)?;
    let material = Material::read(arguments, &system)?;
    let signature = arguments
        .signature
        .clone()
        .unwrap_or_else(|| usual_signature(&arguments.model_path));
    let now = now();
    let case = Case {
        arguments,
        shell,
        name: &name,
        known: material.known(&system.file.trust),
        material: &material,
        options: VerifyOptions {
            allow_symlinks: arguments.files.allow_symlinks,
            ignore: arguments
                .files
                .ignored(&arguments.model_path, Some(&signature), shell)?,
            ignore_git: arguments.files.ignores_git(),
            ignore_unsigned: arguments.ignore_unsigned_files,
            threads: arguments.files.threads(),
        },
        now,
        at: arguments.at.unwrap_or(now),
    };
    let outcome = case.examine(bundle_of(&signature))?;
    let report = Report {
        target: arguments.model_path.display().to_string(),
        signature: signature.display().to_string(),
        name: name.to_string(),
        system: system.shown(),
        trusted_by: outcome
            .trusted
            .and_then(|index| Some((index, system.file.trust.get(index)?))),
        outcome: &outcome,
        at: case.at,
        is_at_given: arguments.at.is_some(),
    };
    let document = match arguments.format {
        Listing::Json => bom::json(&report.to_json()),
        Listing::Human => report.human(arguments.all, shell, &output).into_bytes(),
    };
    output.write(&document)?;
    Ok(outcome.verdict().into())
}

/// Holds what was found out.
#[derive(Debug, Default)]
struct Outcome {
    /// Who signed; where the signature does not hold, who is claimed to have.
    signer: Option<Identity>,
    /// The rule that trusts them.
    trusted: Option<usize>,
    /// Why no rule does.
    reasons: Vec<Reason>,
    /// What is wrong with the bundle, where nothing could be verified.
    refusal: Option<Refusal>,
    verification: Option<Verification>,
    /// When it was signed, where that is proven.
    proven: Option<Proven>,
}

impl Outcome {
    fn verdict(&self) -> Verdict {
        let verification = self.verification.as_ref().filter(|_| self.trusted.is_some());
        verification.map_or(Verdict::Fail, Verification::verdict)
    }

    fn has_signer(&self) -> bool {
        let verification = self.verification.as_ref();
        verification.is_some_and(|verification| verification.signed_by.is_some())
    }

    fn refused(signer: Identity, reason: Reason) -> Self {
        Self {
            signer: Some(signer),
            reasons: vec![reason],
            ..Self::default()
        }
    }
}

/// Holds one question to the rules.
struct Case<'a> {
    arguments: &'a ByPolicy,
    shell: &'a Shell,
    name: &'a ArtifactName,
    known: Vec<Known<'a>>,
    material: &'a Material,
    options: VerifyOptions,
    now: UnixTime,
    /// What counts where no time is proven.
    at: UnixTime,
}

impl Case<'_> {
    fn examine(&self, bundle: Result<Vec<u8>, Refusal>) -> Result<Outcome, Failure> {
        let read = bundle.and_then(|bytes| Ok((named_signer(&bytes)?, bytes)));
        let (claim, bytes) = match read {
            Ok(read) => read,
            Err(refusal) => {
                return Ok(Outcome {
                    refusal: Some(refusal),
                    ..Outcome::default()
                });
            }
        };
        let deciding = match deciding(&self.known, self.name) {
            Ok(deciding) => deciding,
            Err(reason) => {
                return Ok(Outcome {
                    signer: claimed(&claim),
                    reasons: vec![reason],
                    ..Outcome::default()
                });
            }
        };
        match &claim {
            NamedSigner::Key { fingerprint, key } => {
                Ok(self.by_key(&bytes, &deciding, fingerprint, key.as_ref()))
            }
            NamedSigner::Certificate(leaf) => Ok(self.by_certificate(&bytes, &deciding, leaf)),
            NamedSigner::Sigstore => self.by_identity(&bytes, &deciding),
        }
    }

    /// Returns the deciding rules that name somebody.
    fn naming(&self, deciding: &[usize], signer: &Identity) -> Vec<usize> {
        let names = |index: &&usize| {
            let known = self.known.get(**index);
            known.is_some_and(|known| trust::names(known, signer))
        };
        deciding.iter().filter(names).copied().collect()
    }

    fn not_named(&self, deciding: &[usize], signer: Identity) -> Outcome {
        let rule = deciding.first().and_then(|index| self.known.get(*index));
        let Some(rule) = rule else {
            return Outcome::default();
        };
        let reason = Reason::SignerNotNamed {
            signer: Box::new(signer.clone()),
            namespace: rule.rule.namespace.clone(),
        };
        Outcome::refused(signer, reason)
    }

    fn by_key(
        &self,
        bytes: &[u8],
        deciding: &[usize],
        fingerprint: &str,
        own: Option<&PublicKey>,
    ) -> Outcome {
        let signer = Identity::Key {
            fingerprint: fingerprint.to_owned(),
        };
        let naming = self.naming(deciding, &signer);
        if naming.is_empty() {
            return self.not_named(deciding, signer);
        }
        // A key in the bundle is as good as one in a file: the rule names it by its digest.
        let own = own.filter(|key| key.fingerprint() == fingerprint);
        let Some(key) = self.material.keys.get(fingerprint).or(own) else {
            let fingerprint = fingerprint.to_owned();
            return Outcome::refused(signer, Reason::KeyNotGiven { fingerprint });
        };
        let by_rules = self.by_each(&naming, |index| {
            let authorities = self.authorities(index);
            let verification = self.verify(bytes, Trust::StampedKey { key, authorities });
            Some((signer.clone(), verification))
        });
        by_rules.unwrap_or_default()
    }

    fn by_certificate(&self, bytes: &[u8], deciding: &[usize], leaf: &Certificate) -> Outcome {
        let signer = identity_of(leaf, None);
        let naming = self.naming(deciding, &signer);
        if naming.is_empty() {
            return self.not_named(deciding, signer);
        }
        let by_rules = self.by_each(&naming, |index| {
            let of_rule = self.material.rules.get(index)?;
            if of_rule.roots.is_empty() {
                return None;
            }
            let trust = Trust::Certificates(CertificateTrust {
                trusted: &of_rule.roots,
                lists: &of_rule.lists,
                time: SigningTime::ProvenOr(self.authorities(index), self.at),
            });
            let verification = self.verify(bytes, trust);
            let signer = match &verification.signed_by {
                Some(SignedBy::Certificate { path, .. }) => {
                    identity_of(leaf, path.last().map(|(_, fingerprint, _)| fingerprint.clone()))
                }
                _ => signer.clone(),
            };
            Some((signer, verification))
        });
        by_rules.unwrap_or_else(|| {
            let subject = leaf.subject();
            Outcome::refused(signer, Reason::RootNotGiven { subject })
        })
    }

    /// Returns whom a rule believes about time.
    fn authorities(&self, index: usize) -> Authorities<'_> {
        let rule = self.material.rules.get(index);
        Authorities {
            certificates: rule.map_or(&[], |rule| &rule.authorities),
            now: self.now,
        }
    }

    /// Verifies with what each rule trusts by itself, until one of them counts: what one believes about roots and time is nothing to the
    /// others.
    fn by_each(
        &self,
        naming: &[usize],
        verify: impl Fn(usize) -> Option<(Identity, Verification)>,
    ) -> Option<Outcome> {
        let mut best: Option<Outcome> = None;
        for index in naming {
            let Some(known) = self.known.get(*index) else {
                continue;
            };
            let Some((signer, verification)) = verify(*index) else {
                continue;
            };
            let mut outcome = Outcome::default();
            if verification.signed_by.is_some() {
                outcome.proven = Proven::of(verification.proven_at.as_slice(), self.now);
                match counts(&self.known, known, &signer, outcome.proven, self.at) {
                    Ok(()) => outcome.trusted = Some(*index),
                    Err(reason) => outcome.reasons = vec![reason],
                }
            }
            outcome.signer = Some(signer);
            outcome.verification = Some(verification);
            match &mut best {
                _ if outcome.trusted.is_some() => return Some(outcome),
                Some(best) if best.has_signer() || !outcome.has_signer() => {
                    let known = |reason: &Reason| best.reasons.contains(reason);
                    let more: Vec<Reason> = outcome.reasons.into_iter().filter(|one| !known(one)).collect();
                    best.reasons.extend(more);
                }
                _ => best = Some(outcome),
            }
        }
        best
    }

    fn by_identity(&self, bytes: &[u8], deciding: &[usize]) -> Result<Outcome, Failure> {
        let mut wanted: Vec<(&String, &String)> = deciding
            .iter()
            .filter_map(|index| match &self.known.get(*index)?.rule.signer {
                Signer::Sigstore { identity, issuer } => Some((identity, issuer)),
                _ => None,
            })
            .collect();
        wanted.sort();
        wanted.dedup();
        // Where no rule names one, what Sigstore confirmed is told all the same: it is nobody of that name.
        let nobody = "?".to_owned();
        if wanted.is_empty() {
            wanted.push((&nobody, &nobody));
        }
        let root = proof::trusted_root(self.arguments.trust_config.as_ref())?;
        let mut found = Identity::Sigstore {
            identity: nobody.clone(),
            issuer: String::new(),
        };
        for (identity, issuer) in wanted {
            let trust = SigstoreTrust {
                root: root.clone(),
                identity: identity.clone(),
                provider: issuer.clone(),
            };
            let verification = self.verify(bytes, Trust::Sigstore(&trust));
            // Whoever else signed may be named by another rule.
            match verification.refusals.first() {
                Some(Refusal::SigstoreIdentity { found: other, .. }) => {
                    found = Identity::Sigstore {
                        identity: other.clone(),
                        issuer: String::new(),
                    };
                }
                Some(Refusal::SigstoreProvider { found: other, .. }) => {
                    found = Identity::Sigstore {
                        identity: identity.clone(),
                        issuer: other.clone(),
                    };
                }
                _ => {
                    let signer = Identity::Sigstore {
                        identity: identity.clone(),
                        issuer: issuer.clone(),
                    };
                    return Ok(self.decided(signer, verification));
                }
            }
        }
        Ok(self.not_named(deciding, found))
    }

    fn verify(&self, bytes: &[u8], trust: Trust<'_>) -> Verification {
        let model = &self.arguments.model_path;
        if self.shell.progress {
            let line = Line::start(self.shell.language);
            verify(Ok(bytes), model, trust, &self.options, &line)
        } else {
            verify(Ok(bytes), model, trust, &self.options, &Quiet)
        }
    }

    /// Asks the rules about an identity of Sigstore. Where the signature does not hold, nobody signed.
    fn decided(&self, signer: Identity, verification: Verification) -> Outcome {
        let mut outcome = Outcome::default();
        if let Some(signed_by) = &verification.signed_by {
            let times = match signed_by {
                SignedBy::Identity { times, .. } => times.as_slice(),
                _ => &[],
            };
            outcome.proven = Proven::of(times, self.now);
            match decide(&self.known, self.name, &signer, outcome.proven, self.at) {
                Ok(index) => outcome.trusted = Some(index),
                Err(reasons) => outcome.reasons = reasons,
            }
        }
        outcome.signer = Some(signer);
        outcome.verification = Some(verification);
        outcome
    }
}

fn claimed(claim: &NamedSigner) -> Option<Identity> {
    Some(match claim {
        NamedSigner::Key { fingerprint, .. } => Identity::Key {
            fingerprint: fingerprint.clone(),
        },
        NamedSigner::Certificate(leaf) => identity_of(leaf, None),
        NamedSigner::Sigstore => return None,
    })
}

fn identity_of(leaf: &Certificate, root: Option<String>) -> Identity {
    Identity::Certificate {
        subject: leaf.subject(),
        names: leaf.alternative_names(),
        issuer: leaf.issuer(),
        root,
    }
}

/// Returns what the model is called: as the caller says, and as the system file lists it; they may not contradict each other.
fn name_of(arguments: &ByPolicy, system: &System) -> Result<ArtifactName, Failure> {
    let model = fs::canonicalize(&arguments.model_path).ok();
    let is_it = |path: PathBuf| model.is_some() && fs::canonicalize(path).ok() == model;
    let listed = system
        .file
        .artifacts
        .iter()
        .find(|artifact| is_it(system.locate(artifact)))
        .map(|artifact| &artifact.name);
    let shown = arguments.model_path.display();
    let Some(given) = &arguments.name else {
        let file = system.shown();
        return listed.cloned().ok_or_else(|| {
            Failure::usage(text!(
                "no `[[artifact]]` of `{file}` has the path `{shown}`, so the model has no name",
                "`{file}` 中没有路径为 `{shown}` 的 `[[artifact]]`，因此模型没有名称"
            ))
            .hint(text!("give one with `--name`", "请用 `--name` 指定"))
        });
    };
    let name = ArtifactName::parse(given).ok_or_else(|| {
        Failure::usage(text!(
            "`{given}` is no name: it must be `org/name`",
            "`{given}` 不是名称：必须是 `org/name` 的形式"
        ))
    })?;
    match listed {
        Some(listed) if *listed != name => Err(Failure::usage(text!(
            "`{shown}` is called `{listed}` in the system file, not `{name}`",
            "`{shown}` 在系统文件中的名称是 `{listed}`，而不是 `{name}`"
        ))),
        _ => Ok(name),
    }
}

fn usual_signature(model: &Path) -> PathBuf {
    let folder = if model.is_file() {
        model.parent().unwrap_or(Path::new(""))
    } else {
        model
    };
    folder.join("model.sig")
}

fn hints(outcome: &Outcome) -> Vec<Text> {
    let mut hints: Vec<Text> = outcome.reasons.iter().filter_map(Reason::hint).collect();
    hints.sort();
    hints.dedup();
    hints
}
