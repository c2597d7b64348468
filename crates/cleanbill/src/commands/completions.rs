use std::path::PathBuf;

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;
use cleanbill_core::ExitCode;

use crate::{arguments::Arguments, failure::Failure, output::Output};

/// Write completions for a shell
#[derive(Args, Debug)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
    /// Write to this file instead of stdout
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Completions) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut Arguments::command(),
        "cleanbill",
        &mut script,
    );
    Output::new(arguments.output.as_ref()).write(&script)?;
    Ok(ExitCode::Pass)
}
