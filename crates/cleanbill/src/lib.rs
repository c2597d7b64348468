//! The program that people install: arguments, environment, terminal and exit codes around the libraries.
//!
//! One file per verb stands under `commands`. Nothing here examines bytes or words a report.

mod arguments;
mod commands;
mod environment;
mod failure;
mod nearest;
mod output;
mod progress;
pub mod reference;
mod rules;
mod shell;
mod target;

use std::{
    ffi::OsString,
    panic::{self, AssertUnwindSafe},
    process,
    sync::Mutex,
};

use clap::Parser as _;
use cleanbill_core::ExitCode;

use arguments::Arguments;
use environment::Environment;
use shell::Shell;

/// Runs the program with the arguments and the environment of this process.
pub fn main() -> process::ExitCode {
    let environment = Environment::read();
    let code = guarded(|| run(std::env::args_os(), &environment));
    process::ExitCode::from(code.number())
}

fn run(arguments: impl Iterator<Item = OsString>, environment: &Environment) -> ExitCode {
    match Arguments::try_parse_from(arguments) {
        Err(error) => shell::usage(&error),
        Ok(arguments) => {
            let shell = Shell::new(&arguments.common, environment);
            match commands::run(&arguments.command, &shell) {
                Ok(code) => code,
                Err(failure) => {
                    shell.failure(&failure);
                    failure.code
                }
            }
        }
    }
}

/// Keeps what the last panic said, for the message to whoever will report it.
static LAST_PANIC: Mutex<Option<String>> = Mutex::new(None);

/// Runs `run`; a panic, on whatever thread, prints nothing by itself, and one that gets here becomes exit code 70.
fn guarded(run: impl FnOnce() -> ExitCode) -> ExitCode {
    panic::set_hook(Box::new(|information| {
        if let Ok(mut last) = LAST_PANIC.lock() {
            *last = Some(information.to_string());
        }
    }));
    panic::catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
        shell::internal_error(&[]);
        ExitCode::Internal
    })
}

fn last_panic() -> Option<String> {
    LAST_PANIC.lock().ok().and_then(|last| last.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_our_bug_and_exit_code_70() {
        let code = guarded(|| panic!("on purpose"));
        assert_eq!(code.number(), 70);
        assert!(last_panic().is_some_and(|said| said.contains("on purpose")));
    }
}
