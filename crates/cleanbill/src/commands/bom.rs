//! `bom`: the machine learning bill of materials of a target, and work on such documents.

mod check;
mod convert;
pub(super) mod describe;
mod diff;
mod licences;
mod merge;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use cleanbill_core::{ExitCode, bill::Bill, text};
use cleanbill_documents::boms::{
    convert::{self as conversion, Target},
    cyclonedx::{Serial, Version},
    read::{self, Document},
};
use serde::Serialize;

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
    Check(check::Check),
    Diff(diff::Diff),
    Merge(merge::Merge),
    Convert(convert::Convert),
}

pub(crate) fn run(arguments: &Bom, shell: &Shell) -> Result<ExitCode, Failure> {
    match &arguments.action {
        None => describe::run(&arguments.describe, shell),
        Some(Action::Check(arguments)) => check::run(arguments, shell),
        Some(Action::Diff(arguments)) => diff::run(arguments, shell),
        Some(Action::Merge(arguments)) => merge::run(arguments, shell),
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
    fn target(self) -> Target {
        match self {
            Self::CycloneDx17 => Target::CycloneDx(Version::V1_7),
            Self::CycloneDx16 => Target::CycloneDx(Version::V1_6),
            Self::Spdx301 => Target::Spdx3,
        }
    }
}

/// Says how a result is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Listing {
    /// For people
    Human,
    /// For programs
    Json,
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

    fn serial(&self) -> Serial {
        if self.serial {
            Serial::FromContent
        } else {
            Serial::Absent
        }
    }

    fn write(&self, bill: &Bill) -> Result<(), Failure> {
        let bytes = conversion::write(bill, self.format.target(), self.serial());
        self.output()?.write(&bytes)
    }
}

/// Reads a file that holds a document.
pub(super) fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| {
        let shown = path.display();
        Failure::incomplete(text!(
            "cannot read `{shown}`: {error}",
            "无法读取 `{shown}`：{error}"
        ))
    })
}

fn read_document(path: &Path) -> Result<Document, Failure> {
    read::read(&path.display().to_string(), &read_file(path)?)
        .map_err(|error| Failure::incomplete(error.message()))
}

fn read_bill(path: &Path) -> Result<Bill, Failure> {
    Ok(read_document(path)?.bill)
}

/// Writes JSON with a line feed at its end.
pub(super) fn json(value: &impl Serialize) -> Vec<u8> {
    sized_json(value, 0)
}

/// Like [`json`], for what is known to take about so many bytes: a text that grows needs twice its memory.
pub(super) fn sized_json(value: &impl Serialize, bytes: usize) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes);
    // INVARIANT: keys are strings and nothing fails to be shown, so that writing into memory cannot fail.
    let _written = serde_json::to_writer_pretty(&mut text, value);
    text.push(b'\n');
    text
}
