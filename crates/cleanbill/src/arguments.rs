use clap::{Args, Parser, ValueEnum};

use crate::commands::Command;

/// A clean bill of health for every artifact in an LLM supply chain, or the exact reason why not.
#[derive(Debug, Parser)]
#[command(
    name = "cleanbill",
    bin_name = "cleanbill",
    version,
    max_term_width = 100,
    arg_required_else_help = true,
    subcommand_required = true,
    disable_help_subcommand = true,
    after_help = "Exit codes: 0 pass, 1 fail, 2 wrong usage, 3 incomplete, 70 a bug of ours. `cleanbill explain exit-codes` says more."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// Options that every verb takes.
#[derive(Args, Debug)]
#[command(next_help_heading = "Common options")]
pub(crate) struct Common {
    /// Say nothing on stderr but errors; of the report `human`, only the line with the verdict
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// When to use colour; `NO_COLOR` and `CLICOLOR` are respected
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: When,
    /// Show no progress, even on a terminal
    #[arg(long, global = true)]
    pub(crate) no_progress: bool,
    /// Language of reports and messages, instead of that of the locale
    #[arg(long, global = true, value_name = "LANGUAGE")]
    pub(crate) lang: Option<Lang>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Lang {
    /// English
    En,
    /// Simplified Chinese
    Zh,
}
