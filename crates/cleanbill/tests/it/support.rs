//! Runs the real program in a folder of made-up inputs with an empty environment.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

/// Path of the program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_cleanbill");

/// What the program did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Shows everything that a caller sees, with what changes between builds left out.
    pub(crate) fn shown(&self) -> String {
        let digest = cleanbill_scan_digest();
        format!(
            "code: {}\n--- stdout\n{}--- stderr\n{}",
            self.code, self.stdout, self.stderr
        )
        .replace(&digest, "<DIGEST>")
        .replace(digest.get(..12).unwrap_or_default(), "<DIGEST>")
        .replace(env!("CARGO_PKG_VERSION"), "<VERSION>")
    }
}

fn cleanbill_scan_digest() -> String {
    cleanbill_scan::detectors_digest()
}

/// A folder with one input of each kind of verdict:
/// `pass.txt`, `fail.pkl`, `incomplete.bin`, `empty/`, and `model/` with all of them.
pub(crate) struct Workplace {
    folder: TempDir,
}

impl Workplace {
    /// Makes a folder with nothing in it.
    pub(crate) fn empty() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    pub(crate) fn new() -> Self {
        let workplace = Self::empty();
        fs::create_dir(workplace.path("empty")).expect("a folder");
        fs::create_dir(workplace.path("model")).expect("a folder");
        for place in ["", "model/"] {
            workplace.write(&format!("{place}pass.txt"), b"hello\n");
            // Calls `posix.system("true")`: inert even where somebody loads it.
            workplace.write(&format!("{place}fail.pkl"), b"cposix\nsystem\n(S'true'\ntR.");
            workplace.write(
                &format!("{place}incomplete.bin"),
                &[0xfa, 0x5b, 0x98, 0xc7, 0x85, 0xe6, 0xee, 0x86],
            );
        }
        workplace
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).expect("a file in a temporary folder");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("a text file")
    }

    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .args(arguments.split_whitespace())
            .current_dir(self.folder.path())
            .env_clear()
            .stdin(Stdio::null());
        command
    }

    /// Runs the program with arguments that are parted by spaces.
    pub(crate) fn run(&self, arguments: &str) -> Ran {
        finish(&mut self.command(arguments))
    }

    /// Runs it with variables in its environment.
    pub(crate) fn run_with(&self, variables: &[(&str, &str)], arguments: &str) -> Ran {
        finish(self.command(arguments).envs(variables.iter().copied()))
    }

    /// Runs it with bytes on its standard input.
    pub(crate) fn run_fed(&self, input: &[u8], arguments: &str) -> Ran {
        let mut command = self.command(arguments);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(input).expect("the program reads its input");
        drop(stdin);
        told(child.wait_with_output().expect("the program ends"))
    }
}

/// Reads JSON that must be of the shape that a schema gives.
#[track_caller]
pub(crate) fn fitting(text: &str, schema: &str) -> Value {
    let value: Value = serde_json::from_str(text).expect("JSON");
    let schema: Value = serde_json::from_str(schema).expect("a schema");
    fits(&schema, &value);
    value
}

/// Holds a value against a schema.
#[track_caller]
pub(crate) fn fits(schema: &Value, value: &Value) {
    let validator = jsonschema::validator_for(schema).expect("a schema");
    let wrong: Vec<String> = validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "{value:#}\n{}", wrong.join("\n"));
}

/// Runs a command to its end.
pub(crate) fn finish(command: &mut Command) -> Ran {
    told(command.output().expect("the program starts"))
}

fn told(output: std::process::Output) -> Ran {
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
    }
}
