//! `attest`: signed claims about a model besides its signature.

mod about;
mod documents;
mod lineage;
mod list;
mod record;
mod run;
mod scan;
mod verify;
mod vulns;

use clap::{Args, Subcommand};
use cleanbill_core::ExitCode;

use crate::{failure::Failure, shell::Shell};

/// Sign claims about a model: scan, verdict, ML-BOM, VEX, advisories, lineage, the run that made it
///
/// Each claim is an in-toto statement about exactly these files, in a bundle as `sign` writes it. Claims about one model stand in one file,
/// one a line; `attest verify` verifies them together.
#[derive(Args, Debug)]
pub(crate) struct Attest {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Scan(Box<scan::AttestScan>),
    Verdict(Box<scan::AttestVerdict>),
    Bom(Box<documents::AttestBom>),
    Vex(Box<documents::AttestVex>),
    Vulns(Box<vulns::AttestVulns>),
    Run(Box<run::AttestRun>),
    Lineage(Box<lineage::AttestLineage>),
    List(list::AttestList),
    Verify(Box<verify::AttestVerify>),
}

pub(crate) fn run(arguments: &Attest, shell: &Shell) -> Result<ExitCode, Failure> {
    match &arguments.what {
        What::Scan(arguments) => scan::run(arguments, shell),
        What::Verdict(arguments) => scan::run_verdict(arguments, shell),
        What::Bom(arguments) => documents::run_bom(arguments, shell),
        What::Vex(arguments) => documents::run_vex(arguments, shell),
        What::Vulns(arguments) => vulns::run(arguments, shell),
        What::Run(arguments) => run::run(arguments, shell),
        What::Lineage(arguments) => lineage::run(arguments, shell),
        What::List(arguments) => list::run(arguments, shell),
        What::Verify(arguments) => verify::run(arguments, shell),
    }
}
