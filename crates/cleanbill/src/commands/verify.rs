//! `verify`: whether a model is what somebody trusted signed.

pub(super) mod human;
mod lock;
mod policy;

use std::{
    path::{Path, PathBuf},
    time::SystemTime,
};

use clap::{Args, Subcommand};
use cleanbill_attest::{
    Authorities, CertificateTrust, Quiet, Refusal, RevocationList, SigningTime, SigstoreTrust, Trust,
    UnixTime, VerifyOptions, limits, verify,
};
use cleanbill_core::ExitCode;

use super::{
    bom::Listing,
    proof::{self, Files},
};
use crate::{failure::Failure, output::Output, progress::Line, shell::Shell};

/// Verify the signature of a model, and that its files are those that were signed
///
/// Takes bundles of the OpenSSF Model Signing format, whoever made them. Nothing is trusted but what the options name; nothing is fetched.
/// Every refusal says which step or file failed. Exit code 1 is a refusal, 3 means that the model could not be read. With `--lock`, every
/// artifact of a system is held against its lock instead.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Verify {
    #[command(subcommand)]
    method: Option<Method>,
    #[command(flatten)]
    lock: lock::ByLock,
}

#[derive(Debug, Subcommand)]
enum Method {
    Key(Box<ByKey>),
    Certificate(Box<ByCertificate>),
    Sigstore(Box<ByIdentity>),
    Policy(Box<policy::ByPolicy>),
}

/// Verify with the public key of the signer
#[derive(Args, Debug)]
struct ByKey {
    #[command(flatten)]
    model: Verifying,
    /// The public key of the signer, in PEM
    #[arg(long, alias = "public_key", value_name = "FILE")]
    public_key: PathBuf,
}

/// Verify with the root that vouches for the signer
#[derive(Args, Debug)]
struct ByCertificate {
    #[command(flatten)]
    model: Verifying,
    /// Certificates that are trusted, in PEM: the root, and others that lead to it; may be repeated
    #[arg(long, alias = "certificate_chain", value_name = "FILE", required = true)]
    certificate_chain: Vec<PathBuf>,
    /// When the certificates have to be valid, such as `2026-11-28T12:00:00Z`; now by default
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<UnixTime>,
    /// Certificates of authorities for timestamps that are trusted, in PEM; a timestamp of theirs in the bundle then says when the other
    /// certificates have to be valid, and one is required; may be repeated
    #[arg(
        long,
        alias = "timestamp_authority",
        value_name = "FILE",
        conflicts_with = "at"
    )]
    timestamp_authority: Vec<PathBuf>,
    /// Lists of revoked certificates (CRL), in DER or PEM; where one is given, each certificate but the root needs one of its issuer that
    /// counts now, or at `--at`; may be repeated
    #[arg(long, alias = "revocation_list", value_name = "FILE")]
    revocation_list: Vec<PathBuf>,
}

/// Verify an identity that Sigstore confirmed, offline
#[derive(Args, Debug)]
struct ByIdentity {
    #[command(flatten)]
    model: Verifying,
    /// Whose signature it has to be: an address or a URI
    #[arg(long, value_name = "IDENTITY")]
    identity: String,
    /// Who has to have confirmed the identity, as a URI
    #[arg(long, alias = "identity_provider", value_name = "URI")]
    identity_provider: String,
    /// The trusted root, or the configuration of a client that holds one; that of the public instance by default, which comes with the program
    #[arg(long, alias = "trust_config", alias = "trusted-root", value_name = "FILE")]
    trust_config: Option<PathBuf>,
}

#[derive(Args, Debug)]
struct Verifying {
    /// The model: a file or a folder
    #[arg(value_name = "MODEL_PATH")]
    model_path: PathBuf,
    /// The bundle
    #[arg(long, value_name = "FILE")]
    signature: PathBuf,
    #[command(flatten)]
    files: Files,
    /// Accept files that nobody signed; they are listed
    #[arg(
        long,
        alias = "ignore_unsigned_files",
        overrides_with = "no_ignore_unsigned_files"
    )]
    ignore_unsigned_files: bool,
    /// Refuse files that nobody signed; this is the default
    #[arg(
        long,
        alias = "no_ignore_unsigned_files",
        alias = "no-ignore_unsigned_files",
        hide = true
    )]
    no_ignore_unsigned_files: bool,
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

pub(crate) fn run(arguments: &Verify, shell: &Shell) -> Result<ExitCode, Failure> {
    let Some(method) = &arguments.method else {
        return lock::run(&arguments.lock, shell);
    };
    match method {
        Method::Policy(arguments) => policy::run(arguments, shell),
        Method::Key(arguments) => {
            let key = proof::public_key(&arguments.public_key)?;
            finish(&arguments.model, Trust::Key(&key), shell)
        }
        Method::Certificate(arguments) => {
            let trusted = proof::certificates(&arguments.certificate_chain)?;
            let authorities = proof::certificates(&arguments.timestamp_authority)?;
            let lists = lists(&arguments.revocation_list)?;
            let now = now();
            let time = if authorities.is_empty() {
                SigningTime::Given(arguments.at.unwrap_or(now))
            } else {
                SigningTime::Proven(Authorities {
                    certificates: &authorities,
                    now,
                })
            };
            let trust = Trust::Certificates(CertificateTrust {
                trusted: &trusted,
                lists: &lists,
                time,
            });
            finish(&arguments.model, trust, shell)
        }
        Method::Sigstore(arguments) => {
            let root = proof::trusted_root(arguments.trust_config.as_ref())?;
            let trust = SigstoreTrust {
                root,
                identity: arguments.identity.clone(),
                provider: arguments.identity_provider.clone(),
            };
            finish(&arguments.model, Trust::Sigstore(&trust), shell)
        }
    }
}

fn finish(arguments: &Verifying, trust: Trust<'_>, shell: &Shell) -> Result<ExitCode, Failure> {
    let output = Output::new(arguments.output.as_ref());
    output.check()?;
    let signature = &arguments.signature;
    let bundle = bundle_of(signature);
    let options = VerifyOptions {
        allow_symlinks: arguments.files.allow_symlinks,
        ignore: arguments
            .files
            .ignored(&arguments.model_path, Some(signature), shell)?,
        ignore_git: arguments.files.ignores_git(),
        ignore_unsigned: arguments.ignore_unsigned_files && !arguments.no_ignore_unsigned_files,
        threads: arguments.files.threads(),
    };
    let model = &arguments.model_path;
    let bundle = bundle.as_deref().map_err(Clone::clone);
    let result = if shell.progress {
        verify(bundle, model, trust, &options, &Line::start(shell.language))
    } else {
        verify(bundle, model, trust, &options, &Quiet)
    };
    let (target, signature) = (model.display().to_string(), signature.display().to_string());
    let document = match arguments.format {
        Listing::Json => super::bom::json(&result.to_json(&target, &signature, env!("CARGO_PKG_VERSION"))),
        Listing::Human => {
            let color = shell.color(&output);
            human::render(
                &result,
                &target,
                arguments.all,
                shell.quiet,
                shell.language,
                color,
            )
            .into_bytes()
        }
    };
    output.write(&document)?;
    Ok(result.verdict().into())
}

fn bundle_of(signature: &Path) -> Result<Vec<u8>, Refusal> {
    match proof::bounded(signature, limits::BUNDLE_BYTES) {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(Refusal::BundleTooLarge),
        // Without a signature nothing is signed: that is an answer.
        Err(error) => Err(Refusal::BundleUnreadable {
            problem: error.to_string(),
        }),
    }
}

/// Reads every list of revoked certificates of some files.
fn lists(paths: &[PathBuf]) -> Result<Vec<RevocationList>, Failure> {
    let mut all = Vec::new();
    for path in paths {
        let bytes = proof::read_bounded(path, limits::REVOCATION_LIST_BYTES)?;
        let found = RevocationList::from_bytes(&bytes);
        all.extend(found.map_err(|error| proof::unusable(path, &error.text()))?);
    }
    Ok(all)
}

pub(super) fn time(text: &str) -> Result<UnixTime, &'static str> {
    UnixTime::parse(text).ok_or("write it like 2026-11-28T12:00:00Z")
}

#[expect(
    clippy::disallowed_methods,
    reason = "when certificates have to be valid, where the caller says nothing else, and when claims are made"
)]
pub(super) fn now() -> UnixTime {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    UnixTime(since.map_or(0, |time| i64::try_from(time.as_secs()).unwrap_or(i64::MAX)))
}
