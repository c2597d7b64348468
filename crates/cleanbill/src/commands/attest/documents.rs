//! `attest bom` and `attest vex`: a document as it is, claimed to belong to the model.

use std::path::PathBuf;

use clap::Args;
use cleanbill_attest::{claims::Predicate, limits};
use cleanbill_core::{ExitCode, Language, Text, text};
use cleanbill_documents::boms::{read, vex};

use super::about::About;
use crate::{
    commands::{proof, verify::now},
    failure::Failure,
    shell::Shell,
};

/// Claim that an ML-BOM is the one of a model
///
/// The document is signed as it is: CycloneDX or SPDX 3 in JSON. Its content is not compared with the model; `bom check` does that.
#[derive(Args, Debug)]
pub(super) struct AttestBom {
    #[command(flatten)]
    about: About,
    /// The document: CycloneDX or SPDX 3, in JSON
    #[arg(long, value_name = "FILE")]
    bom: PathBuf,
}

/// Claim that statements on weaknesses are those for a model
///
/// The document is signed as it is: OpenVEX in JSON.
#[derive(Args, Debug)]
pub(super) struct AttestVex {
    #[command(flatten)]
    about: About,
    /// The document: OpenVEX, in JSON
    #[arg(long, value_name = "FILE")]
    vex: PathBuf,
}

pub(super) fn run_bom(arguments: &AttestBom, shell: &Shell) -> Result<ExitCode, Failure> {
    let file = &arguments.bom;
    let bytes = proof::read_bounded(file, limits::BUNDLE_BYTES)?;
    let shown = file.display().to_string();
    read::read(&shown, &bytes).map_err(|error| unfit(&shown, &error.message()))?;
    let predicate = Predicate::bom(&bytes).map_err(|refusal| unfit(&shown, &refusal.text()))?;
    finish(&arguments.about, &predicate, shell)
}

pub(super) fn run_vex(arguments: &AttestVex, shell: &Shell) -> Result<ExitCode, Failure> {
    let file = &arguments.vex;
    let bytes = proof::read_bounded(file, limits::BUNDLE_BYTES)?;
    let shown = file.display().to_string();
    vex::read(&shown, &bytes).map_err(|error| unfit(&shown, &error.message()))?;
    let predicate = Predicate::vex(&bytes).map_err(|refusal| unfit(&shown, &refusal.text()))?;
    finish(&arguments.about, &predicate, shell)
}

fn finish(about: &About, predicate: &Predicate, shell: &Shell) -> Result<ExitCode, Failure> {
    let ready = about.ready(shell)?;
    let model = ready.model(shell)?;
    ready.finish(&model, predicate, now(), shell)?;
    Ok(ExitCode::Pass)
}

fn unfit(shown: &str, why: &Text) -> Failure {
    let (en, zh) = (why.en(), why.get(Language::Chinese));
    super::about::fails(text!(
        "cannot claim `{shown}`: {en}",
        "无法为 `{shown}` 作出声明：{zh}"
    ))
}
