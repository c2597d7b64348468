//! What the program says beside its data: everything here goes to stderr.

use std::io::{self, IsTerminal as _, Write as _};

use clap::error::ErrorKind;
use cleanbill_core::{ExitCode, Language, Text, text};
use cleanbill_documents::terminal::{self, Color, Style};

use crate::{
    arguments::{Common, Lang, When},
    environment::{Environment, Remote},
    failure::Failure,
    output::Output,
};

/// Columns where nobody says how many there are.
const USUAL_COLUMNS: usize = 80;

/// Holds how to talk to whoever called.
pub(crate) struct Shell {
    pub(crate) language: Language,
    pub(crate) quiet: bool,
    pub(crate) progress: bool,
    pub(crate) remote: Remote,
    color: When,
    allowed: Option<bool>,
    columns: Option<usize>,
}

impl Shell {
    pub(crate) fn new(common: &Common, environment: &Environment) -> Self {
        let allowed = if environment.no_color {
            Some(false)
        } else if environment.force_color {
            Some(true)
        } else if environment.cli_color == Some(false) || environment.dumb_terminal {
            Some(false)
        } else {
            None
        };
        Self {
            language: match common.lang {
                Some(Lang::En) => Language::English,
                Some(Lang::Zh) => Language::Chinese,
                None => environment.language,
            },
            quiet: common.quiet,
            progress: !common.quiet && !common.no_progress && io::stderr().is_terminal(),
            remote: environment.remote.clone(),
            color: common.color,
            allowed,
            columns: environment.columns,
        }
    }

    /// Says whether a document for `output` may have colour.
    pub(crate) fn color(&self, output: &Output) -> Color {
        self.decide(|| *output == Output::Stdout && io::stdout().is_terminal())
    }

    fn decide(&self, terminal: impl FnOnce() -> bool) -> Color {
        let color = match self.color {
            When::Always => true,
            When::Never => false,
            When::Auto => self.allowed.unwrap_or_else(terminal),
        };
        if color { Color::Ansi } else { Color::Plain }
    }

    /// Returns the columns that a document for `output` may take.
    pub(crate) fn width(&self, output: &Output) -> usize {
        let terminal = || match output {
            Output::Stdout => terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)),
            Output::File(_) => None,
        };
        self.columns.or_else(terminal).unwrap_or(USUAL_COLUMNS)
    }

    /// Says something that is not an error.
    pub(crate) fn note(&self, note: &Text) {
        if !self.quiet {
            say(&printable(note.get(self.language)));
        }
    }

    pub(crate) fn failure(&self, failure: &Failure) {
        let color = self.decide(|| io::stderr().is_terminal());
        let (error, hint) = match self.language {
            Language::English => ("error:", "hint:"),
            Language::Chinese => ("错误：", "提示："),
        };
        let gap = if self.language == Language::English {
            " "
        } else {
            ""
        };
        // Messages name what stands in documents of others.
        let message = printable(failure.message.get(self.language));
        say(&format!("{}{gap}{message}", color.paint(Style::Bad, error)));
        if let Some(text) = &failure.hint {
            say(&format!(
                "{}{gap}{}",
                color.paint(Style::Strong, hint),
                text.get(self.language)
            ));
        }
    }
}

/// Prints help, version or what is wrong with the arguments, and returns the exit code for it.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        // Whoever closed the pipe had enough.
        let _ = error.print();
        return ExitCode::Pass;
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let _ = error.print();
        return ExitCode::Usage;
    }
    let rendered = error.render().to_string();
    for line in rendered.lines() {
        let line = line.trim_end();
        if let Some(tip) = line.trim_start().strip_prefix("tip: ") {
            say(&format!("hint: {tip}"));
        } else if let Some(more) = line.strip_prefix("For more information, try ") {
            say(&format!(
                "hint: for more, try {}",
                more.trim_end_matches('.').replace('\'', "`")
            ));
        } else if !line.is_empty() {
            say(line);
        }
    }
    ExitCode::Usage
}

/// Tells of a bug of ours and how to report it.
pub(crate) fn internal_error(paths: &[String]) {
    say("error: internal error of cleanbill: this is our bug, not yours");
    for path in paths {
        say(&format!("  while examining `{}`", path.escape_debug()));
    }
    if let Some(said) = crate::last_panic() {
        say(&format!("  {}", said.replace('\n', " ")));
    }
    say(
        "hint: report it with these lines, the output of `cleanbill --version` and the format of the file; do not send the file if it is not public",
    );
}

/// Keeps text of others from steering the terminal; lines stay lines.
fn printable(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(terminal::printable).collect();
    lines.join("\n")
}

fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Names the terminal's progress in words.
pub(crate) fn progress_line(done: usize, total: usize, size: &str) -> Text {
    text!(
        "examined {done} of {total} artifacts, {size}",
        "已检查 {done}/{total} 个文件，{size}"
    )
}

/// Counts records behind the size in the terminal's progress.
pub(crate) fn records_read(records: u64) -> Text {
    text!(", {records} records", "，{records} 条记录")
}
