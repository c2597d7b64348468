//! `bom`: the machine learning bill of materials of a target, and work on such documents.

mod convert;
mod describe;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use cleanbill_core::{ExitCode, Verdict, bill::Bill, text};
use cleanbill_documents::boms::{cyclonedx, spdx};

use crate::{failure::Failure, output::Output, shell::Shell};

/// Write the ML-BOM of a target, or check, compare, join and convert ML-BOMs
///
/// Reads the target as `scan` does and lists its models, files with their SHA-256, datasets, software, services, tools and prompts,
/// with where each value stands. What nobody states is left out, never invented; `bom check` lists it.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Bom {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    describe: describe::Describe,
}

#[derive(Debug, Subcommand)]
enum Action {
    Convert(convert::Convert),
}

pub(crate) fn run(arguments: &Bom, shell: &Shell) -> Result<ExitCode, Failure> {
    match &arguments.action {
        None => describe::run(&arguments.describe, shell),
        Some(Action::Convert(arguments)) => convert::run(arguments, shell),
    }
}

/// Names a document that a bill is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum BomFormat {
    /// CycloneDX 1.7, JSON
    #[value(name = "cyclonedx", alias = "cyclonedx-1.7")]
    CycloneDx17,
    /// CycloneDX 1.6, JSON
    #[value(name = "cyclonedx-1.6")]
    CycloneDx16,
    /// SPDX 3.0.1, JSON-LD, with the profiles for AI and datasets
    #[value(name = "spdx", alias = "spdx-3.0.1")]
    Spdx301,
}

impl BomFormat {
    /// Writes a bill.
    fn write(self, bill: &Bill, serial: cyclonedx::Serial) -> Vec<u8> {
        match self {
            Self::CycloneDx17 => cyclonedx::write(bill, cyclonedx::Version::V1_7, serial),
            Self::CycloneDx16 => cyclonedx::write(bill, cyclonedx::Version::V1_6, serial),
            Self::Spdx301 => spdx::write(bill, serial),
        }
    }
}

/// What every verb that writes a bill takes.
#[derive(Args, Debug)]
struct Writing {
    /// Document to write
    #[arg(long, short, value_name = "FORMAT", default_value = "cyclonedx")]
    format: BomFormat,
    /// Write the document to this file instead of stdout; it appears under its name only when it is whole
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Give the document a serial number that follows from its content
    #[arg(long)]
    serial: bool,
}

impl Writing {
    fn output(&self) -> Result<Output, Failure> {
        let output = Output::new(self.output.as_ref());
        output.check()?;
        Ok(output)
    }

    fn write(&self, bill: &Bill) -> Result<(), Failure> {
        let serial = if self.serial {
            cyclonedx::Serial::FromContent
        } else {
            cyclonedx::Serial::Absent
        };
        self.output()?.write(&self.format.write(bill, serial))
    }
}

/// A bill says what is there; whether that may be loaded is the verdict of a scan. So findings fail nothing here, and what could not
/// be read makes it incomplete.
fn exit_code(verdict: Verdict, everything_read: bool) -> ExitCode {
    match verdict {
        _ if !everything_read => ExitCode::Incomplete,
        Verdict::Pass | Verdict::Fail | Verdict::Incomplete => ExitCode::Pass,
    }
}

/// Reads a file that holds a document.
fn read_file(path: &std::path::Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| {
        let shown = path.display();
        Failure::incomplete(text!("cannot read `{shown}`: {error}", "无法读取 `{shown}`：{error}"))
    })
}
