//! Models in folders, and a Python that makes them.

use std::{
    fmt::Write as _,
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

/// Writes a row of a table of scores.
pub(crate) fn row(table: &mut String, name: &str, claim: Option<Claim>, difference: &Difference) {
    let claim = claim.map_or("-", Claim::as_str);
    let mut scores = difference.lineage.scores.clone();
    scores.sort_by(|one, other| other.1.total_cmp(&one.1));
    let shown: Vec<String> = scores
        .iter()
        .filter(|(_, score)| *score > 0.02)
        .take(3)
        .map(|(descent, score)| format!("{} {score:.2}", descent.as_str()))
        .collect();
    let first = difference.findings.first().map_or_else(
        || "-".to_owned(),
        |finding| format!("{} `{}`", finding.severity.as_str(), finding.id),
    );
    let _ = writeln!(
        table,
        "| {name} | {claim} | {} | {} | {first} |",
        shown.join(", "),
        difference.verdict.as_str()
    );
}

/// Writes a table of the documentation anew where the person who runs the test asks for it.
#[expect(
    clippy::disallowed_methods,
    reason = "writes the table anew where the person who runs the test asks for it"
)]
pub(crate) fn write_table(name: &str, table: &str) {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    if std::env::var_os("UPDATE").is_none() {
        return;
    }
    let _guard = ONE_AT_A_TIME.lock();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/lineage.md");
    let text = fs::read_to_string(&path).unwrap();
    let head = "| later model | claim | scores | verdict | first finding |\n|---|---|---|---|---|\n";
    let (start, end) = (format!("<!-- {name} -->"), format!("<!-- end of {name} -->"));
    let (before, _) = text.split_once(&start).unwrap();
    let (_, after) = text.split_once(&end).unwrap();
    let text = format!("{before}{start}\n{head}{table}{end}{after}");
    fs::write(path, text).unwrap();
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

/// Runs the script that makes pairs, unless it ran to its end before.
pub(crate) fn pairs(python: &Path, name: &str, arguments: &[&str]) -> PathBuf {
    made(python, "pairs.py", name, arguments)
}

/// Runs a script that makes models, unless it ran to its end before.
pub(crate) fn made(python: &Path, script: &str, name: &str, arguments: &[&str]) -> PathBuf {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(script);
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
