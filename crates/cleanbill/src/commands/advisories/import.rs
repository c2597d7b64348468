use std::path::PathBuf;

use clap::Args;
use cleanbill_advisories::{Broken, ImportOptions, import};
use cleanbill_core::{ExitCode, Text, text};

use super::{IndexFile, failed, today};
use crate::{failure::Failure, shell::Shell};

/// Make an index of OSV records
///
/// The index appears under its name only when it is whole; an import that fails or is interrupted leaves the old one in use.
#[derive(Args, Debug)]
pub(crate) struct Import {
    /// Archives (`all.zip` of an ecosystem), folders or files with OSV records
    #[arg(required = true, value_name = "SOURCE")]
    sources: Vec<PathBuf>,
    #[command(flatten)]
    index: IndexFile,
    /// Day of the data; today where it is left out
    #[arg(long, value_name = "DATE")]
    date: Option<String>,
    /// Pass over records that cannot be read, and count them
    #[arg(long)]
    skip_broken: bool,
}

pub(super) fn run(arguments: &Import, shell: &Shell) -> Result<ExitCode, Failure> {
    let options = ImportOptions {
        date: arguments.date.clone().unwrap_or_else(today),
        broken: if arguments.skip_broken {
            Broken::Skip
        } else {
            Broken::Refuse
        },
    };
    let done =
        import(&arguments.sources, &arguments.index.index, &options).map_err(|error| failed(&error))?;
    for one in &done.broken {
        shell.note(&Text::same(one.to_string()));
    }
    let (records, packages) = (
        done.info.records,
        done.info.ecosystems.iter().map(|one| one.packages).sum::<usize>(),
    );
    shell.note(&text!(
        "{records} advisories on {packages} packages",
        "{packages} 个软件包的 {records} 条公告"
    ));
    // What was passed over at the caller's wish is missing all the same.
    Ok(if done.info.broken > 0 {
        ExitCode::Incomplete
    } else {
        ExitCode::Pass
    })
}
