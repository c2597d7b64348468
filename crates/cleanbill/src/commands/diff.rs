//! `diff`: what changed between two models, and whether the second is what it claims to be.

use std::path::PathBuf;

use clap::{
    Args, ValueEnum,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
    value_parser,
};
use cleanbill_core::{
    ExitCode, Severity,
    difference::{Claim, Difference},
    text,
};
use cleanbill_documents::differences::{Look, difference_html, difference_human, difference_json};
use cleanbill_tensors::{Question, diff};

use super::{tensors::open, threads};
use crate::{failure::Failure, output::Output, shell::Shell};

/// Say what changed between two models, and check what the second claims to be
///
/// Compares files, settings, tokens, chat templates and every tensor, whatever the containers, and says what the second model looks
/// like: the same weights converted, a fine-tune, a merged adapter, a quantisation, a merge, an edit, or unrelated. With `--claim`, a
/// tensor whose change does not fit is a finding. Nothing is loaded or unpickled.
#[derive(Args, Debug)]
pub(crate) struct Diff {
    /// The earlier model: a file, a folder, `hf://org/name[@revision]`, `https://host/file`, `s3://bucket/prefix`
    #[arg(value_name = "BEFORE")]
    before: String,
    /// The later model
    #[arg(value_name = "AFTER")]
    after: String,
    /// What the later model is said to be
    #[arg(long, value_name = "KIND", value_parser = claims())]
    claim: Option<Claim>,
    /// One more model that a merge is made of, or the adapter that was merged; may be repeated
    #[arg(long, value_name = "MODEL")]
    with: Vec<String>,
    /// How to write the result
    #[arg(long, short, value_name = "FORMAT", default_value = "human")]
    format: Format,
    /// Write the result to this file instead of stdout; it appears under its name only when it is whole
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Fail with a finding of this severity or worse
    #[arg(long, value_name = "SEVERITY", default_value = "high", value_parser = super::severities())]
    fail_on: Severity,
    /// Exit with 0 whatever the verdict
    #[arg(long)]
    exit_zero: bool,
    /// List everything where lists would be shortened
    #[arg(long)]
    all: bool,
    /// How many threads compare at the same time; all cores by default
    #[arg(long, short, value_name = "NUMBER", value_parser = value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Human,
    /// For programs, `cleanbill.diff/1`
    Json,
    /// One file for a browser, with a picture of each layer
    Html,
}

pub(super) fn claims() -> impl TypedValueParser<Value = Claim> {
    let values = Claim::ALL.map(|claim| {
        let value = PossibleValue::new(claim.as_str());
        match claim {
            Claim::FineTune => value.help("trained further"),
            Claim::Adapter => value.help("an adapter for the earlier model"),
            Claim::MergedAdapter => value.help(
                "the earlier model with an adapter added to its weights, that of `--with` where it is given",
            ),
            Claim::Quantisation => value
                .help("the earlier model with fewer bits")
                .alias("quantization"),
            Claim::Merge => value.help("a weighted sum of the earlier model and those of `--with`"),
            Claim::Conversion => value.help("the same weights in another container or type"),
        }
    });
    PossibleValuesParser::new(values).try_map(|word| {
        let word = if word == "quantization" {
            "quantisation"
        } else {
            &word
        };
        let found = Claim::ALL.into_iter().find(|claim| claim.as_str() == word);
        found.ok_or("no such claim")
    })
}

pub(crate) fn run(arguments: &Diff, shell: &Shell) -> Result<ExitCode, Failure> {
    let output = Output::new(arguments.output.as_ref());
    output.check()?;
    if !arguments.with.is_empty()
        && arguments
            .claim
            .is_some_and(|claim| !matches!(claim, Claim::Merge | Claim::MergedAdapter))
    {
        return Err(Failure::usage(text!(
            "`--with` names the other models of a merge or the adapter that was merged, and the claim is another",
            "`--with` 指定合并的其他模型或已合并的适配器，但声称的类型不是这些"
        ))
        .hint(text!(
            "use `--claim merge` or `--claim merged-adapter`",
            "请使用 `--claim merge` 或 `--claim merged-adapter`"
        )));
    }
    let before = open(&arguments.before, shell)?;
    let after = open(&arguments.after, shell)?;
    let with = arguments
        .with
        .iter()
        .map(|name| open(name, shell))
        .collect::<Result<Vec<_>, _>>()?;
    let question = Question {
        before: (&before.model, &before.shown),
        after: (&after.model, &after.shown),
        claim: arguments.claim,
        with: with.iter().map(|one| (&one.model, one.shown.as_str())).collect(),
        fail_on: arguments.fail_on,
    };
    let difference = threads(arguments.jobs)?.install(|| diff(&question));
    output.write(&written(&difference, arguments, &output, shell))?;
    if arguments.exit_zero {
        return Ok(ExitCode::Pass);
    }
    Ok(difference.verdict.into())
}

fn written(difference: &Difference, arguments: &Diff, output: &Output, shell: &Shell) -> Vec<u8> {
    match arguments.format {
        Format::Human => {
            let look = Look {
                language: shell.language,
                width: shell.width(output),
                color: shell.color(output),
                all: arguments.all,
            };
            difference_human(difference, &look).into_bytes()
        }
        Format::Json => difference_json(difference),
        Format::Html => difference_html(difference, shell.language),
    }
}
