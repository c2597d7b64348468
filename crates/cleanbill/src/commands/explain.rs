use std::path::PathBuf;

use clap::{Args, ValueEnum};
use cleanbill_core::{ExitCode, Language, Text, text};
use serde_json::json;

use crate::{
    failure::Failure,
    nearest::did_you_mean,
    output::Output,
    reference::{Topic, topics},
    shell::Shell,
};

/// Show the page of a detector, format, limit, exit code or report
#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// Its id: `damaged-structure`, `pickle`, `nesting_depth`, `3`, `sarif`
    id: String,
    /// How to write it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: PageFormat,
    /// Write to this file instead of stdout
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PageFormat {
    /// Markdown, as it reads well on a terminal too
    Text,
    /// An array of objects
    Json,
}

pub(crate) fn run(arguments: &Explain, shell: &Shell) -> Result<ExitCode, Failure> {
    let all = topics();
    let found: Vec<&Topic> = all.iter().filter(|topic| topic.answers(&arguments.id)).collect();
    if found.is_empty() {
        let id = &arguments.id;
        let known = all.iter().flat_map(Topic::names);
        return Err(
            Failure::usage(text!("nothing is called `{id}`", "没有名为 `{id}` 的条目")).hint(did_you_mean(
                id,
                known,
                "cleanbill list detectors",
            )),
        );
    }
    let document = match arguments.format {
        PageFormat::Text => found
            .iter()
            .map(|topic| topic.markdown())
            .collect::<Vec<_>>()
            .join("\n"),
        PageFormat::Json => {
            let list: Vec<_> = found
                .iter()
                .map(|topic| json!({ "kind": topic.kind.as_str(), "id": topic.id, "title": topic.title.en(), "page": topic.page }))
                .collect();
            format!("{:#}\n", json!(list))
        }
    };
    Output::new(arguments.output.as_ref()).write(document.as_bytes())?;
    if shell.language == Language::Chinese {
        shell.note(&Text::same("说明页目前只有英文"));
    }
    Ok(ExitCode::Pass)
}
