//! An in-process mutation fuzzer on stable Rust: see `fuzz/README.md`.
//!
//! It keeps a corpus in memory, mutates it, and takes an input into the corpus when its outcome was not seen before. A panic
//! or an input that takes too long is written to `fuzz/artifacts/`. There is no coverage instrumentation here: the outcome
//! (formats recognised, anomalies noted, sizes) stands in for it.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that talks to whoever runs it"
)]

mod data;
mod datasets;
mod documents;
mod hunt;
mod mutate;
mod seeds;
mod structure;
mod target;

use std::{
    env, fs,
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use hunt::{Hunt, Plan};
use target::Target;

const USAGE: &str = "usage:
  fuzz run [--seconds N] [--seed S] [--target files|documents|datasets|formats|scan|bom|vex|approved|advisories|index|licences|attest|policy_file|rules|leaks|data] [--limit-ms N]
  fuzz replay [--target T] FILE...
  fuzz disassemble FILE
  fuzz build FILE.sample FOLDER";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let outcome = match arguments.split_first() {
        Some((verb, rest)) if verb == "run" => run(rest),
        Some((verb, rest)) if verb == "replay" => replay(rest),
        Some((verb, [file])) if verb == "disassemble" => disassemble(file),
        Some((verb, [sample, folder])) if verb == "build" => build(sample, folder),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(code) => code,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &[String]) -> Result<ExitCode, String> {
    let mut plan = Plan {
        targets: Target::ALL.to_vec(),
        seed: 1,
        time: Duration::from_mins(1),
        slow: Duration::from_secs(10),
        artifacts: fuzz_folder().join("artifacts"),
    };
    let mut rest = arguments.iter();
    while let Some(option) = rest.next() {
        let value = rest
            .next()
            .ok_or_else(|| format!("`{option}` needs a value\n{USAGE}"))?;
        let number = || {
            value
                .parse::<u64>()
                .map_err(|_| format!("`{value}` is not a number"))
        };
        match option.as_str() {
            "--seconds" => plan.time = Duration::from_secs(number()?),
            "--seed" => plan.seed = number()?,
            "--limit-ms" => plan.slow = Duration::from_millis(number()?),
            "--target" => plan.targets = Target::parse(value)?,
            _ => return Err(format!("unknown option `{option}`\n{USAGE}")),
        }
    }
    let found = Hunt::new(plan).and_then(Hunt::run);
    documents::clean_up();
    let found = found?;
    Ok(if found == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn replay(arguments: &[String]) -> Result<ExitCode, String> {
    let (targets, files) = match arguments {
        [option, name, files @ ..] if option == "--target" => (Target::parse(name)?, files),
        files => (Target::ALL.to_vec(), files),
    };
    if files.is_empty() {
        return Err(USAGE.to_owned());
    }
    // No guard here: the panic's own message and backtrace are what one replays for.
    for file in files {
        let bytes = fs::read(file).map_err(|error| format!("{file}: {error}"))?;
        for target in &targets {
            let start = Instant::now();
            let signature = target.run(&bytes);
            println!(
                "{file}: {}: {signature}, {} ms",
                target.name(),
                start.elapsed().as_millis()
            );
        }
    }
    documents::clean_up();
    Ok(ExitCode::SUCCESS)
}

fn disassemble(file: &str) -> Result<ExitCode, String> {
    let bytes = fs::read(file).map_err(|error| format!("{file}: {error}"))?;
    print!("{}", cleanbill_samples::pickle::disassemble(&bytes));
    Ok(ExitCode::SUCCESS)
}

fn build(file: &str, folder: &str) -> Result<ExitCode, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    let sample = cleanbill_samples::Sample::parse(&text).map_err(|error| format!("{file}: {error}"))?;
    for built in sample.files {
        let path = PathBuf::from(folder).join(&built.path);
        let above = path.parent().map_or(Ok(()), fs::create_dir_all);
        let written = above.and_then(|()| fs::write(&path, &built.bytes));
        written.map_err(|error| format!("{}: {error}", path.display()))?;
        println!("{} ({} bytes)", path.display(), built.bytes.len());
    }
    Ok(ExitCode::SUCCESS)
}

fn fuzz_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
