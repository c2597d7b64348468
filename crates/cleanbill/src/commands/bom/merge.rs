use std::path::PathBuf;

use clap::Args;
use cleanbill_core::{
    ExitCode, ToolInfo,
    bill::{Component, ComponentKind, Source, Sourced},
    text,
};
use cleanbill_documents::boms::{
    merge::{Part, merge},
    render,
};

use super::{Writing, describe::timestamp, read_bill};
use crate::{failure::Failure, shell::Shell};

/// Join the ML-BOMs of the parts of a system into one
///
/// The same package in the same version becomes one component. Where parts contradict each other, the first says what
/// stands, and the contradiction is told on stderr.
#[derive(Args, Debug)]
pub(crate) struct Merge {
    /// The documents, of either standard
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Name of the system
    #[arg(long, value_name = "NAME")]
    name: String,
    /// Version of the system
    #[arg(long, value_name = "VERSION")]
    version_of: Option<String>,
    /// Time to write into the document (RFC 3339); without it the same input gives the same bytes
    #[arg(long, value_name = "TIME", value_parser = timestamp)]
    timestamp: Option<String>,
    #[command(flatten)]
    writing: Writing,
}

pub(super) fn run(arguments: &Merge, shell: &Shell) -> Result<ExitCode, Failure> {
    arguments.writing.output()?;
    let name = &arguments.name;
    let mut system = Component::new(ComponentKind::Application, &format!("system:{name}"), name);
    system.version = arguments
        .version_of
        .as_ref()
        .map(|version| Sourced::new(version.clone(), Source::given("--version-of")));
    let mut parts: Vec<Part> = Vec::new();
    for file in &arguments.files {
        let bill = read_bill(file)?;
        let wanted = bill.subject().map_or_else(
            || {
                file.file_stem()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned()
            },
            |one| one.name.clone(),
        );
        let mut name = wanted.clone();
        let mut number = 2;
        while parts.iter().any(|part| part.name == name) {
            name = format!("{wanted}-{number}");
            number += 1;
        }
        parts.push(Part { name, bill });
    }
    let mut merged = merge(system, &parts);
    merged.bill.timestamp.clone_from(&arguments.timestamp);
    merged.bill.tool = Some(ToolInfo {
        name: "cleanbill".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        detectors_digest: cleanbill_scan::detectors_digest(),
    });
    for one in &merged.conflicts {
        shell.note(&render::conflict(one));
    }
    let count = parts.len();
    shell.note(&text!("{count} bills joined", "已合并 {count} 份清单"));
    arguments.writing.write(&merged.bill)?;
    Ok(ExitCode::Pass)
}
