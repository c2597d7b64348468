//! Models in folders, and a Python that makes them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
};

use cleanbill_core::{
    Severity,
    difference::{Claim, Difference},
};
use cleanbill_formats::limits::Limits;
use cleanbill_samples::tools;
use cleanbill_tensors::{File, Model, Question, diff};

/// Opens a folder, or one file.
pub(crate) fn model(path: &Path) -> Model {
    let mut files = Vec::new();
    let mut add = |path: &Path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        files.push(file(&name, fs::read(path).unwrap()));
    };
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap().flatten() {
            add(&entry.path());
        }
    } else {
        add(path);
    }
    Model::open(files, &Limits::default())
}

/// Names bytes.
pub(crate) fn file(path: &str, bytes: Vec<u8>) -> File {
    File {
        path: path.to_owned(),
        source: Arc::new(bytes),
    }
}

/// Opens a model of one file that a description builds.
pub(crate) fn built(path: &str, text: &str) -> Model {
    let bytes = cleanbill_samples::build(text).unwrap_or_else(|error| panic!("{error}"));
    Model::open(vec![file(path, bytes)], &Limits::default())
}

/// Compares two models.
pub(crate) fn compared(before: &Model, after: &Model, claim: Option<Claim>, with: &[&Model]) -> Difference {
    diff(&Question {
        before: (before, "before"),
        after: (after, "after"),
        claim,
        with: with.iter().map(|model| (*model, "other")).collect(),
        fail_on: Severity::High,
    })
}

/// Returns a Python that has NumPy and gguf; says so and returns nothing where it cannot be had.
#[expect(clippy::print_stderr, reason = "a test says what it leaves out")]
pub(crate) fn python() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tensors-python");
    let python = tools::python(&folder, &["numpy==2.4.6", "gguf==0.19.0"]);
    if python.is_none() {
        eprintln!("SKIPPED: python3 with the packages numpy and gguf cannot be installed");
    }
    python
}

/// Runs the script that makes models, unless it ran to its end before.
pub(crate) fn pairs(python: &Path, name: &str, arguments: &[&str]) -> PathBuf {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pairs.py");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let made = folder.join(".made-by");
    let text = fs::read(&script).unwrap();
    if fs::read(&made).is_ok_and(|old| old == text) {
        return folder;
    }
    let _ = fs::remove_dir_all(&folder);
    let output = Command::new(python)
        .arg(script)
        .args(arguments)
        .arg(&folder)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    fs::write(made, text).unwrap();
    folder
}
