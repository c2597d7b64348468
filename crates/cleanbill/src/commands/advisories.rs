//! `advisories`: what is known to be wrong with packages and models, offline.

mod check;
mod day;
mod import;
mod show;
mod sources;
mod vex;
mod wire;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use cleanbill_advisories::Index;
use cleanbill_core::{ExitCode, Text, text};

use crate::{failure::Failure, shell::Shell};

use day::today;
pub(super) use sources::{Opened, Sources};

/// Import advisories, say which of them concern a target, and state which of them matter
///
/// Advisories come from files in the OSV format that somebody fetched before: nothing here uses the network. They are imported into one
/// index file, which `check` asks.
#[derive(Args, Debug)]
pub(crate) struct Advisories {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Import(import::Import),
    Show(show::Show),
    Check(check::Check),
    Vex(Box<vex::Vex>),
}

pub(crate) fn run(arguments: &Advisories, shell: &Shell) -> Result<ExitCode, Failure> {
    match &arguments.action {
        Action::Import(arguments) => import::run(arguments, shell),
        Action::Show(arguments) => show::run(arguments, shell),
        Action::Check(arguments) => check::run(arguments, shell),
        Action::Vex(arguments) => vex::run(arguments, shell),
    }
}

/// Names the index.
#[derive(Args, Debug)]
struct IndexFile {
    /// The index file
    #[arg(long, value_name = "FILE")]
    index: PathBuf,
}

impl IndexFile {
    fn open(&self) -> Result<Index, Failure> {
        Index::open(&self.index).map_err(|error| failed(&error).hint(no_index()))
    }
}

fn no_index() -> Text {
    text!(
        "make one: `cleanbill advisories import FILE.zip --index advisories.index`",
        "先创建索引：`cleanbill advisories import FILE.zip --index advisories.index`"
    )
}

/// Tells an error with all of its causes.
fn failed(error: &dyn std::error::Error) -> Failure {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        words.push_str(": ");
        words.push_str(&inner.to_string());
        cause = inner.source();
    }
    Failure::incomplete(Text::same(words))
}
