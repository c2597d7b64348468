//! `tensors`: every tensor of a model with a digest that no container changes.

use std::path::PathBuf;

use clap::{Args, ValueEnum, value_parser};
use cleanbill_core::ExitCode;
use cleanbill_documents::differences::{Look, manifest_human, manifest_json};
use cleanbill_formats::limits::Limits;
use cleanbill_scan::source::Listed;
use cleanbill_tensors::{File, Model, Problem, manifest};

use super::threads;
use crate::{failure::Failure, output::Output, shell::Shell, target};

/// List the tensors of a model, each with the digest of its values
///
/// The digest is the SHA-256 of a tensor's elements, row after row, little-endian: the same in safetensors, GGUF, checkpoints of
/// PyTorch, archives of NumPy and ONNX.
#[derive(Args, Debug)]
pub(crate) struct Tensors {
    /// The model: a file, a folder, `hf://org/name[@revision]`, `https://host/file`, `s3://bucket/prefix`
    #[arg(value_name = "TARGET")]
    target: String,
    /// How to write the result
    #[arg(long, short, value_name = "FORMAT", default_value = "human")]
    format: Format,
    /// Write the result to this file instead of stdout; it appears under its name only when it is whole
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// How many threads read at the same time; all cores by default
    #[arg(long, short, value_name = "NUMBER", value_parser = value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Human,
    /// For programs, `cleanbill.tensors/1`
    Json,
}

pub(crate) fn run(arguments: &Tensors, shell: &Shell) -> Result<ExitCode, Failure> {
    let output = Output::new(arguments.output.as_ref());
    output.check()?;
    let opened = open(&arguments.target, shell)?;
    let manifest = threads(arguments.jobs)?.install(|| manifest(&opened.model, &opened.shown));
    output.write(&match arguments.format {
        Format::Human => {
            let look = Look {
                language: shell.language,
                width: shell.width(&output),
                color: shell.color(&output),
                all: true,
            };
            manifest_human(&manifest, &look).into_bytes()
        }
        Format::Json => manifest_json(&manifest),
    })?;
    Ok(if manifest.tensors.is_empty() || !manifest.gaps.is_empty() {
        ExitCode::Incomplete
    } else {
        ExitCode::Pass
    })
}

/// A model that was opened, with its name in documents.
pub(super) struct Opened {
    pub(super) model: Model,
    pub(super) shown: String,
}

/// Opens every file of a target and lists its tensors.
pub(super) fn open(name: &str, shell: &Shell) -> Result<Opened, Failure> {
    let limits = Limits::default();
    let resolved = target::resolve(name, &limits, &shell.remote)?;
    for notice in &resolved.notices {
        shell.note(notice);
    }
    let mut files = Vec::new();
    let mut problems = Vec::new();
    let mut unreadable = |path: String, reason| {
        problems.push(Problem {
            path,
            tensor: None,
            reason,
        });
    };
    for listed in resolved.source.list() {
        match listed {
            Listed::Artifact(artifact) => match artifact.open() {
                Ok(source) => files.push(File {
                    path: artifact.path().to_owned(),
                    source,
                }),
                Err(reason) => unreadable(artifact.path().to_owned(), reason),
            },
            Listed::Unreadable { path, reason } => unreadable(path, reason),
        }
    }
    let mut model = Model::open(files, &limits);
    model.problems.extend(problems);
    Ok(Opened {
        model,
        shown: resolved.shown,
    })
}
