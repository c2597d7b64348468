//! `attest scan` and `attest verdict`: a scan of the model, and a claim about how it ended.

use std::fmt::Write as _;

use clap::{Args, ValueEnum};
use cleanbill_attest::{
    Refusal, Statement,
    claims::{Policy, Predicate},
};
use cleanbill_core::{ExitCode, Severity, text};
use cleanbill_scan::{DETECTORS, Options, Outcome, Progress, scan};

use super::about::About;
use crate::{
    commands::{proof, severities, threads, verify::now},
    failure::Failure,
    progress::Line,
    shell::{self, Shell},
    target,
};

/// Scan a model and claim how the scan ended, detector by detector
///
/// The claim is written whatever the scan found; what was not examined in full has not passed. Exits by the verdict, as `scan` does.
#[derive(Args, Debug)]
pub(super) struct AttestScan {
    #[command(flatten)]
    about: About,
    #[command(flatten)]
    judging: Judging,
}

/// Scan a model and claim the verdict alone
///
/// For whoever has to know that a policy was passed and not by which detectors. Exits by the verdict, as `scan` does.
#[derive(Args, Debug)]
pub(super) struct AttestVerdict {
    #[command(flatten)]
    about: About,
    #[command(flatten)]
    judging: Judging,
    /// What to write
    #[arg(long, value_name = "TYPE", default_value = "svr")]
    predicate: VerdictPredicate,
    /// Who judges, as a URI that verifiers expect
    #[arg(long, value_name = "URI", default_value = "urn:cleanbill:verifier:scan")]
    verifier_id: String,
    /// Where the model is to be found, for `vsa`; by default a package URL with its name
    #[arg(long, value_name = "URI")]
    resource_uri: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum VerdictPredicate {
    /// A simple verification result of in-toto
    Svr,
    /// A verification summary of SLSA
    Vsa,
}

#[derive(Args, Debug)]
struct Judging {
    /// Fail with a finding of this severity or worse
    #[arg(long, value_name = "SEVERITY", default_value = "high", value_parser = severities())]
    fail_on: Severity,
    /// Exit with 0 whatever the verdict
    #[arg(long)]
    exit_zero: bool,
}

pub(super) fn run(arguments: &AttestScan, shell: &Shell) -> Result<ExitCode, Failure> {
    let make = |outcome: &Outcome, model: &Statement, policy: &Policy<'_>| {
        Predicate::scan(&outcome.report, model, policy)
    };
    finish(&arguments.about, &arguments.judging, VERIFIER, make, shell)
}

pub(super) fn run_verdict(arguments: &AttestVerdict, shell: &Shell) -> Result<ExitCode, Failure> {
    let make = |outcome: &Outcome, model: &Statement, policy: &Policy<'_>| match arguments.predicate {
        VerdictPredicate::Svr => Predicate::verdict(&outcome.report, model, policy, now()),
        VerdictPredicate::Vsa => {
            let resource = arguments
                .resource_uri
                .clone()
                .unwrap_or_else(|| package_url(&model.name));
            Predicate::summary(&outcome.report, model, policy, now(), &resource)
        }
    };
    finish(
        &arguments.about,
        &arguments.judging,
        &arguments.verifier_id,
        make,
        shell,
    )
}

fn finish(
    about: &About,
    judging: &Judging,
    verifier: &str,
    make: impl Fn(&Outcome, &Statement, &Policy<'_>) -> Result<Predicate, Vec<Refusal>>,
    shell: &Shell,
) -> Result<ExitCode, Failure> {
    let ready = about.ready(shell)?;
    let options = Options {
        fail_on: judging.fail_on,
        digests: true,
        ..Options::default()
    };
    let name = about.model_path.display().to_string();
    let resolved = target::resolve(&name, &options.limits, &shell.remote)?;
    let pool = threads(None)?;
    let line = shell.progress.then(|| Line::start(shell.language));
    let progress = line.as_ref().map(|line| line as &dyn Progress);
    let outcome = pool.install(|| scan(resolved.source.as_ref(), &resolved.shown, &options, progress));
    drop(line);
    if !outcome.internal_errors.is_empty() {
        shell::internal_error(&outcome.internal_errors);
        return Ok(ExitCode::Internal);
    }
    let detectors: Vec<&str> = DETECTORS.iter().map(|detector| detector.id).collect();
    let policy = Policy {
        detectors: &detectors,
        fail_on: judging.fail_on,
        verifier,
    };
    let model = ready.scanned(&outcome.report)?;
    let predicate = make(&outcome, &model, &policy).map_err(|refusals| proof::refused(&refusals))?;
    ready.finish(&model, &predicate, now(), shell)?;
    let (verdict, findings) = (outcome.report.verdict.as_str(), outcome.report.findings.len());
    shell.note(&text!(
        "verdict: {verdict}, findings: {findings}",
        "结论：{verdict}，发现：{findings}"
    ));
    Ok(if judging.exit_zero {
        ExitCode::Pass
    } else {
        outcome.report.verdict.into()
    })
}

/// Returns a package URL with a name and nothing else.
fn package_url(name: &str) -> String {
    let mut out = "pkg:generic/".to_owned();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _written = write!(out, "%{byte:02X}");
        }
    }
    out
}

const VERIFIER: &str = "urn:cleanbill:verifier:scan";
