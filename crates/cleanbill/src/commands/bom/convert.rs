use std::path::PathBuf;

use clap::Args;
use cleanbill_core::ExitCode;
use cleanbill_documents::boms::read;

use super::{Writing, read_file};
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
    arguments.writing.output()?;
    let bytes = read_file(&arguments.file)?;
    let document = read::read(&arguments.file.display().to_string(), &bytes)
        .map_err(|error| Failure::incomplete(error.message()))?;
    for note in &document.notes {
        shell.note(&note.text);
    }
    arguments.writing.write(&document.bill)?;
    Ok(ExitCode::Pass)
}
