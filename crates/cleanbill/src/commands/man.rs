use std::path::PathBuf;

use clap::{Args, CommandFactory as _};
use cleanbill_core::{ExitCode, text};

use crate::{arguments::Arguments, failure::Failure, output::Output};

/// Write man pages: the main one to stdout, or all of them into a folder
#[derive(Args, Debug)]
pub(crate) struct Man {
    /// Write the main page and one for each verb into this existing folder
    #[arg(long, short, value_name = "FOLDER")]
    output: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Man) -> Result<ExitCode, Failure> {
    let command = Arguments::command();
    let written = if let Some(folder) = &arguments.output {
        clap_mangen::generate_to(command, folder)
    } else {
        let mut page = Vec::new();
        let result = clap_mangen::Man::new(command).render(&mut page);
        Output::Stdout.write(&page)?;
        result
    };
    let place = arguments
        .output
        .as_ref()
        .map_or_else(|| "stdout".to_owned(), |folder| folder.display().to_string());
    written.map_err(|error| {
        Failure::usage(text!(
            "cannot write man pages to `{place}`: {error}",
            "无法将手册页写入 `{place}`：{error}"
        ))
        .hint(text!("name an existing folder", "请指定现有的文件夹"))
    })?;
    Ok(ExitCode::Pass)
}
