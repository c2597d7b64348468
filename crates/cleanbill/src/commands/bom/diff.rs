use std::path::PathBuf;

use clap::Args;
use cleanbill_core::ExitCode;
use cleanbill_documents::boms::{compare::diff, render};

use super::{Listing, read_bill};
use crate::{failure::Failure, output::Output, shell::Shell};

/// Say how two ML-BOMs differ, component by component and field by field
///
/// Exits with 0 whether they differ or not; `--fail` exits with 1 where they do.
#[derive(Args, Debug)]
pub(crate) struct Diff {
    /// The earlier document
    #[arg(value_name = "BEFORE")]
    before: PathBuf,
    /// The later document
    #[arg(value_name = "AFTER")]
    after: PathBuf,
    /// Exit with 1 where they differ
    #[arg(long)]
    fail: bool,
    /// How to write the result
    #[arg(long, short, value_name = "FORMAT", default_value = "human")]
    format: Listing,
    /// Write the result to this file instead of stdout; it appears under its name only when it is whole
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(arguments: &Diff, shell: &Shell) -> Result<ExitCode, Failure> {
    let output = Output::new(arguments.output.as_ref());
    output.check()?;
    let result = diff(&read_bill(&arguments.before)?, &read_bill(&arguments.after)?);
    output.write(&match arguments.format {
        Listing::Human => render::difference(&result, shell.language).into_bytes(),
        Listing::Json => super::json(&render::difference_json(&result)),
    })?;
    Ok(if arguments.fail && !result.is_empty() {
        ExitCode::Fail
    } else {
        ExitCode::Pass
    })
}
