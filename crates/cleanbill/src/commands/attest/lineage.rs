//! `attest lineage`: the model compared with what it is said to come from, and a claim about how that fits.

use std::path::PathBuf;

use clap::Args;
use cleanbill_attest::claims::{Dependency, Predicate};
use cleanbill_core::{ExitCode, Severity, difference::Claim, text};
use cleanbill_documents::differences::difference_json;
use cleanbill_tensors::{Question, diff};

use super::about::{About, unchanged};
use crate::{
    commands::{diff::claims, severities, tensors::open, threads, verify::now},
    failure::Failure,
    shell::Shell,
};

/// Compare a model with its base, and claim what it is in relation to it
///
/// Compares as `diff --claim` does, and exits by the verdict after the claim is written.
#[derive(Args, Debug)]
pub(super) struct AttestLineage {
    #[command(flatten)]
    about: About,
    /// The model that it comes from: a file or a folder
    #[arg(long, value_name = "PATH")]
    base: PathBuf,
    /// What the model is said to be in relation to its base
    #[arg(long, value_name = "KIND", value_parser = claims())]
    claim: Claim,
    /// Fail with a finding of this severity or worse
    #[arg(long, value_name = "SEVERITY", default_value = "high", value_parser = severities())]
    fail_on: Severity,
}

pub(super) fn run(arguments: &AttestLineage, shell: &Shell) -> Result<ExitCode, Failure> {
    let ready = arguments.about.ready(shell)?;
    let model = ready.model(shell)?;
    let base = Dependency {
        name: arguments.base.display().to_string(),
        model: arguments.about.other(&arguments.base, shell)?,
    };
    let before = open(&base.name, shell)?;
    let after = open(&arguments.about.model_path.display().to_string(), shell)?;
    let difference = threads(None)?.install(|| {
        diff(&Question {
            before: (&before.model, &before.shown),
            after: (&after.model, &after.shown),
            claim: Some(arguments.claim),
            with: Vec::new(),
            fail_on: arguments.fail_on,
        })
    });
    // What was compared was read apart from what is claimed about; both have to be the same bytes.
    let again = ready.model(shell)?;
    unchanged(&model, &again, &arguments.about.model_path.display().to_string())?;
    let again = arguments.about.other(&arguments.base, shell)?;
    unchanged(&base.model, &again, &base.name)?;
    let predicate = Predicate::lineage(&difference, &base, &difference_json(&difference));
    ready.finish(&model, &predicate, now(), shell)?;
    let (verdict, findings) = (difference.verdict.as_str(), difference.findings.len());
    shell.note(&text!(
        "verdict: {verdict}, findings: {findings}",
        "结论：{verdict}，发现：{findings}"
    ));
    Ok(difference.verdict.into())
}
