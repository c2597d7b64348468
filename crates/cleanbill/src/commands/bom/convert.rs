use std::path::PathBuf;

use clap::Args;
use cleanbill_core::ExitCode;
use cleanbill_documents::boms::{convert::convert, render};

use super::{Writing, read_document};
use crate::{failure::Failure, shell::Shell};

/// Write an ML-BOM as a document of the other standard or version
///
/// Reads CycloneDX 1.4 to 1.7 (JSON, XML), SPDX 2.3 and 3.0.1. What the new document cannot carry is listed on stderr.
#[derive(Args, Debug)]
pub(crate) struct Convert {
    /// The document
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    writing: Writing,
}

pub(super) fn run(arguments: &Convert, shell: &Shell) -> Result<ExitCode, Failure> {
    let output = arguments.writing.output()?;
    let document = read_document(&arguments.file)?;
    let converted = convert(
        &document,
        arguments.writing.format.target(),
        arguments.writing.serial(),
    )
    .map_err(|error| Failure::incomplete(error.message()))?;
    for one in &converted.losses {
        shell.note(&render::loss(one));
    }
    output.write(&converted.bytes)?;
    Ok(ExitCode::Pass)
}
