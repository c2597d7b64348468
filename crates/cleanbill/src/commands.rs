//! The verbs: one file each, one line each here.

mod advisories;
mod attest;
mod bom;
mod completions;
mod diff;
mod explain;
mod keygen;
#[cfg(feature = "data")]
mod leaks;
mod list;
mod lock;
mod man;
mod proof;
mod scan;
mod sign;
mod system;
mod tensors;
mod verify;

use std::num::NonZeroUsize;

use clap::{
    Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};
use cleanbill_attest::Algorithm;
use cleanbill_core::{ExitCode, Severity, text};

use crate::{failure::Failure, shell::Shell};

/// Names every verb with its arguments.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Scan(scan::Scan),
    #[cfg(feature = "data")]
    Leaks(Box<leaks::Leaks>),
    Bom(Box<bom::Bom>),
    Sign(sign::Sign),
    Verify(Box<verify::Verify>),
    Attest(attest::Attest),
    Lock(lock::LockArguments),
    Keygen(keygen::Keygen),
    Diff(diff::Diff),
    Tensors(tensors::Tensors),
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
        #[cfg(feature = "data")]
        Command::Leaks(arguments) => leaks::run(arguments, shell),
        Command::Bom(arguments) => bom::run(arguments, shell),
        Command::Sign(arguments) => sign::run(arguments, shell),
        Command::Verify(arguments) => verify::run(arguments, shell),
        Command::Attest(arguments) => attest::run(arguments, shell),
        Command::Lock(arguments) => lock::run(arguments, shell),
        Command::Keygen(arguments) => keygen::run(arguments, shell),
        Command::Diff(arguments) => diff::run(arguments, shell),
        Command::Tensors(arguments) => tensors::run(arguments, shell),
        Command::Advisories(arguments) => advisories::run(arguments, shell),
        Command::Explain(arguments) => explain::run(arguments, shell),
        Command::List(arguments) => list::run(arguments, shell),
        Command::Completions(arguments) => completions::run(arguments),
        Command::Man(arguments) => man::run(arguments),
    }
}

/// Makes the threads that read a target; all cores where no number is given.
/// Returns how many threads read at the same time: those that were asked for, or as many as there are cores.
fn readers(jobs: Option<u16>) -> NonZeroUsize {
    let asked = jobs.and_then(|jobs| NonZeroUsize::new(jobs.into()));
    asked.unwrap_or_else(|| std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN))
}

fn threads(jobs: Option<u16>) -> Result<rayon::ThreadPool, Failure> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(jobs.map_or(0, usize::from))
        .build()
        .map_err(|error| Failure::incomplete(text!("cannot start threads: {error}", "无法启动线程：{error}")))
}

fn algorithms() -> impl TypedValueParser<Value = Algorithm> {
    let values = Algorithm::ALL.iter().map(|algorithm| algorithm.as_str());
    PossibleValuesParser::new(values).try_map(|word| Algorithm::parse(&word).ok_or("no such hash function"))
}

fn severities() -> impl TypedValueParser<Value = Severity> {
    let values = Severity::ALL.iter().rev().map(|severity| severity.as_str());
    PossibleValuesParser::new(values).try_map(|word| Severity::parse(&word).ok_or("no such severity"))
}
