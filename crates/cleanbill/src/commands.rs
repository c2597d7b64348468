//! The verbs: one file each, one line each here.

mod advisories;
mod bom;
mod completions;
mod explain;
mod list;
mod man;
mod scan;

use clap::Subcommand;
use cleanbill_core::ExitCode;

use crate::{failure::Failure, shell::Shell};

/// Names every verb with its arguments.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Scan(scan::Scan),
    Bom(bom::Bom),
    Advisories(advisories::Advisories),
    Explain(explain::Explain),
    List(list::List),
    Completions(completions::Completions),
    Man(man::Man),
}

/// Runs a verb.
pub(crate) fn run(command: &Command, shell: &Shell) -> Result<ExitCode, Failure> {
    match command {
        Command::Scan(arguments) => scan::run(arguments, shell),
        Command::Bom(arguments) => bom::run(arguments, shell),
        Command::Advisories(arguments) => advisories::run(arguments, shell),
        Command::Explain(arguments) => explain::run(arguments, shell),
        Command::List(arguments) => list::run(arguments, shell),
        Command::Completions(arguments) => completions::run(arguments),
        Command::Man(arguments) => man::run(arguments),
    }
}
