use std::path::PathBuf;

use clap::Args;
use cleanbill_core::{ExitCode, text};
use cleanbill_documents::boms::{
    against::against,
    check::{self, FRAMEWORKS, Format, Framework},
    read, render,
};

use super::{Listing, describe, licences::Use, read_file};
use crate::{failure::Failure, nearest::did_you_mean, output::Output, shell::Shell};

/// Say how complete an ML-BOM is, and whether it is true
///
/// Every element of the published lists is asked for, with its weight, the value found, where that came from, and how to get what is
/// missing. Only values that somebody states or measured count. With `--against` the files themselves are read: what is
/// missing, what nobody claimed, whose bytes differ, which claims the files contradict. Licences are compared along the lineage, from
/// data and base models to the product, for the use that the options name.
#[derive(Args, Debug)]
pub(crate) struct Check {
    /// The document: CycloneDX 1.4 to 1.7 (JSON, XML), SPDX 2.3 or 3.0.1
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Compare the claims with this file or folder
    #[arg(long, value_name = "TARGET")]
    against: Option<String>,
    /// Ask only for this list; may be repeated
    #[arg(long, value_name = "ID")]
    list: Vec<String>,
    /// Fail when a list is answered by less than so many percent
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    min_score: Option<u8>,
    #[command(flatten)]
    wanted: Use,
    /// How to write the result
    #[arg(long, short, value_name = "FORMAT", default_value = "human")]
    format: Listing,
    /// Write the result to this file instead of stdout; it appears under its name only when it is whole
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(arguments: &Check, shell: &Shell) -> Result<ExitCode, Failure> {
    let output = Output::new(arguments.output.as_ref());
    output.check()?;
    let lists = lists(&arguments.list)?;
    let name = arguments.file.display().to_string();
    let document = read::read(&name, &read_file(&arguments.file)?)
        .map_err(|error| Failure::incomplete(error.message()))?;
    let format = Format {
        name: document.standard.as_str(),
        version: &document.version,
    };
    let results: Vec<_> = lists
        .into_iter()
        .map(|list| check::check(&document.bill, format, list))
        .collect();
    let compared = match &arguments.against {
        Some(target) => {
            let (found, everything_read) = describe::found(target, shell)?;
            Some((against(&document.bill, &found), everything_read))
        }
        None => None,
    };
    let licences = arguments.wanted.look(&document.bill);
    let bytes = match arguments.format {
        Listing::Human => {
            let mut text = render::assessments(&results, &document.violations, shell.language);
            if let Some((result, _)) = &compared {
                text.push_str(&render::against(result, shell.language));
            }
            text.push_str(&licences.human(shell.language));
            text.into_bytes()
        }
        Listing::Json => {
            let mut value = render::assessments_json(&results, &document.violations);
            if let (Some((result, _)), Some(fields)) = (&compared, value.as_object_mut()) {
                fields.insert("against".to_owned(), render::against_json(result));
            }
            if let Some(fields) = value.as_object_mut() {
                fields.insert("licences".to_owned(), licences.json());
            }
            super::json(&value)
        }
    };
    output.write(&bytes)?;
    let low = arguments.min_score.is_some_and(|least| {
        results
            .iter()
            .any(|one| one.score_permille < u64::from(least) * 10)
    });
    let contradicted = compared.as_ref().is_some_and(|(result, _)| !result.holds());
    Ok(
        if low || contradicted || !document.violations.is_empty() || licences.fails() {
            ExitCode::Fail
        } else if compared.is_some_and(|(_, everything_read)| !everything_read) || licences.is_incomplete() {
            ExitCode::Incomplete
        } else {
            ExitCode::Pass
        },
    )
}

fn lists(wanted: &[String]) -> Result<Vec<&'static Framework>, Failure> {
    if wanted.is_empty() {
        return Ok(FRAMEWORKS.iter().collect());
    }
    wanted
        .iter()
        .map(|id| {
            check::find(id).ok_or_else(|| {
                let known = FRAMEWORKS.iter().map(|list| list.id.as_str());
                Failure::usage(text!("no list is called `{id}`", "没有名为 `{id}` 的列表"))
                    .hint(did_you_mean(id, known, "cleanbill bom check --help"))
            })
        })
        .collect()
}
