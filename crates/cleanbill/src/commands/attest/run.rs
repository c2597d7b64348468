//! `attest run`: the caller's own command, and a claim about what it made from what.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use clap::Args;
use cleanbill_attest::{
    Algorithm, GIT_PATHS, IgnorePaths, Quiet, ReadOptions, Serialization, Statement,
    claims::{Dependency, Predicate, Run},
    read_model,
};
use cleanbill_core::{ExitCode, text};

use super::{
    about::{self, SignedWith, fails},
    record::record,
};
use crate::{
    commands::{proof, readers, verify::now},
    environment,
    failure::Failure,
    shell::Shell,
};

/// Run a command, and claim what it made from what
///
/// For conversions, fine-tuning and whatever else makes a model: the command runs as it would without this, inputs are read before and
/// after, outputs after. A command that fails, or an input that changes meanwhile, gives no claim. Secrets in the environment or the
/// arguments are not written down.
#[derive(Args, Debug)]
pub(super) struct AttestRun {
    /// What the command starts from: a file or folder; may be repeated
    #[arg(long, value_name = "PATH")]
    input: Vec<PathBuf>,
    /// What the command makes: a file or folder that is not there yet, or empty; may be repeated
    #[arg(long, value_name = "PATH", required = true)]
    output: Vec<PathBuf>,
    /// Which build runs the command, as a URI that verifiers expect
    #[arg(long, value_name = "URI", default_value = "urn:cleanbill:builder:local")]
    builder_id: String,
    /// What kind of run it is, as a URI
    #[arg(long, value_name = "URI", default_value = "urn:cleanbill:build-type:command")]
    build_type: String,
    /// Add the claims to this file, one for each output; by default `OUTPUT.claims.jsonl`, beside the first
    #[arg(long, value_name = "FILE")]
    claims: Option<PathBuf>,
    /// Read what links to files lead to, instead of refusing them
    #[arg(long)]
    allow_symlinks: bool,
    #[command(flatten)]
    signing: SignedWith,
    /// The command and its arguments, after `--`
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<String>,
}

pub(super) fn run(arguments: &AttestRun, shell: &Shell) -> Result<ExitCode, Failure> {
    let claims = match (&arguments.claims, arguments.output.first()) {
        (Some(claims), _) => claims.clone(),
        (None, Some(first)) => about::beside(first),
        (None, None) => return Err(Failure::usage(text!("there is no output", "没有指定输出"))),
    };
    about::check_claims(&claims)?;
    let signer = arguments.signing.signer(shell)?;
    for output in &arguments.output {
        check_new(output)?;
        check_apart(output, &arguments.input)?;
    }
    let reader = Reader {
        allow_symlinks: arguments.allow_symlinks,
        claims: &claims,
    };
    let before = reader.all(&arguments.input)?;
    let recorded = record(&arguments.command, &environment::all());
    let began = now();
    execute(&arguments.command, arguments.signing.variable())?;
    let ended = now();
    let after = reader.all(&arguments.input)?;
    for (before, after) in before.iter().zip(&after) {
        about::unchanged(&before.model, &after.model, &before.name)?;
    }
    let outputs = reader.all(&arguments.output)?;
    let mut bundles = Vec::with_capacity(outputs.len());
    for (index, output) in outputs.iter().enumerate() {
        let mut byproducts = outputs.clone();
        byproducts.remove(index);
        let predicate = Predicate::run(&Run {
            command: &recorded.command,
            withheld_arguments: &recorded.withheld_arguments,
            environment: &recorded.environment,
            withheld_environment: &recorded.withheld_environment,
            inputs: &before,
            byproducts: &byproducts,
            builder: &arguments.builder_id,
            build_type: &arguments.build_type,
            version: env!("CARGO_PKG_VERSION"),
            times: (began, ended),
        });
        bundles.push(about::sign(&output.model, &predicate, ended, &signer)?);
    }
    about::add(&claims, &bundles)?;
    about::told(&claims, bundles.len(), shell);
    Ok(ExitCode::Pass)
}

/// Refuses an output that is there before the command: nobody could tell that the command made it.
fn check_new(output: &Path) -> Result<(), Failure> {
    let is_empty = output
        .read_dir()
        .is_ok_and(|mut entries| entries.next().is_none());
    if is_empty || output.symlink_metadata().is_err() {
        return Ok(());
    }
    let shown = output.display();
    Err(Failure::usage(text!(
        "the output `{shown}` is there before the command runs",
        "命令运行之前输出 `{shown}` 已存在"
    ))
    .hint(text!(
        "remove it first, or name what the command adds",
        "请先删除它，或指定命令新增的内容"
    )))
}

/// Refuses an output that would lie in an input: what the command writes would count as a change of the input.
fn check_apart(output: &Path, inputs: &[PathBuf]) -> Result<(), Failure> {
    let is_within = |input: &&PathBuf| {
        std::fs::canonicalize(input)
            .is_ok_and(|input| input.is_dir() && proof::below(&input, output).is_some())
    };
    let Some(input) = inputs.iter().find(is_within) else {
        return Ok(());
    };
    let (output, input) = (output.display(), input.display());
    Err(Failure::usage(text!(
        "the output `{output}` lies in the input `{input}`, which the command must not change",
        "输出 `{output}` 位于输入 `{input}` 之中，而命令不得改变输入"
    ))
    .hint(text!(
        "write it to a folder beside the input",
        "请写入输入之外的文件夹"
    )))
}

/// Runs the command with our streams and environment, to its end.
fn execute(command: &[String], hidden: Option<&str>) -> Result<(), Failure> {
    let Some((program, arguments)) = command.split_first() else {
        return Err(Failure::usage(text!("there is no command", "没有指定命令")));
    };
    let mut command = Command::new(program);
    command.args(arguments);
    // What is attested must not be able to sign.
    hidden.map(|variable| command.env_remove(variable));
    let status = command.status().map_err(|error| {
        Failure::usage(text!(
            "cannot start `{program}`: {error}",
            "无法启动 `{program}`：{error}"
        ))
    })?;
    if status.success() {
        return Ok(());
    }
    Err(fails(text!(
        "nothing was claimed: the command failed ({status})",
        "未作出声明：命令失败（`{status}`）"
    )))
}

/// Reads what goes in and what comes out.
struct Reader<'a> {
    allow_symlinks: bool,
    claims: &'a Path,
}

impl Reader<'_> {
    fn all(&self, paths: &[PathBuf]) -> Result<Vec<Dependency>, Failure> {
        paths
            .iter()
            .map(|path| {
                Ok(Dependency {
                    name: path.display().to_string(),
                    model: self.one(path)?,
                })
            })
            .collect()
    }

    fn one(&self, path: &Path) -> Result<Statement, Failure> {
        let root = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let mut ignored: Vec<String> = GIT_PATHS.iter().map(|one| (*one).to_owned()).collect();
        ignored.extend(proof::below(&root, self.claims));
        let options = ReadOptions {
            allow_symlinks: self.allow_symlinks,
            ignore: IgnorePaths::new(ignored).map_err(|refusal| Failure::usage(refusal.text()))?,
            serialization: Serialization::Files,
            algorithm: Algorithm::Sha256,
            threads: readers(None),
        };
        let read = read_model(path, &proof::model_name(path), &options, &Quiet);
        read.map(|read| read.statement)
            .map_err(|refusals| proof::refused(&refusals))
    }
}
