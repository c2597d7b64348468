//! Installs the judges from outside and runs them. Tests of two crates use this file.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use cleanbill_samples::tools::{self, once, step};

const PYTHON_PACKAGES: [&str; 6] = [
    "cyclonedx-python-lib[json-validation,xml-validation]==11.12.0",
    "pyshacl==0.40.1",
    "rdflib",
    "jsonschema",
    "spdx-python-model==0.0.6",
    "packaging",
];
const NODE_PACKAGES: [&str; 4] = [
    "@cyclonedx/cyclonedx-library@10.3.0",
    "ajv",
    "ajv-formats",
    "ajv-formats-draft2019",
];

pub(crate) fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("judges")
}

pub(crate) fn run(command: &mut Command) -> Option<(bool, String)> {
    let output = command.output().ok()?;
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    Some((output.status.success(), text))
}

/// Returns the Python that has the judges.
pub(crate) fn python() -> Option<PathBuf> {
    tools::python(&target(), &PYTHON_PACKAGES)
}

/// Returns the folder that has the JavaScript judge.
pub(crate) fn node() -> Option<PathBuf> {
    let folder = target().join("npm");
    once(&target(), "npm", &NODE_PACKAGES.join("\n"), || {
        fs::create_dir_all(&folder).ok()?;
        fs::write(folder.join("package.json"), "{\"private\":true}").ok()?;
        step(
            Command::new("npm")
                .current_dir(&folder)
                .args([
                    "install",
                    "--ignore-scripts",
                    "--no-audit",
                    "--no-fund",
                    "--silent",
                ])
                .args(NODE_PACKAGES),
        )
    })?;
    Some(folder)
}

/// Where schemas that are not in a registry lie, if they do: `../shared/data/schemas` beside the project.
#[expect(clippy::disallowed_methods, reason = "a test may be told where schemas lie")]
pub(crate) fn schemas() -> PathBuf {
    let folder = env::var_os("CLEANBILL_SCHEMAS").map(PathBuf::from);
    folder.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/schemas"))
}

/// Judges SPDX documents by the JSON schema of the specification; tells what is wrong.
#[expect(clippy::print_stderr, reason = "a test says what it leaves out")]
pub(crate) fn judge_spdx(documents: &[PathBuf]) -> Vec<String> {
    let Ok(schema) = fs::read(schemas().join("spdx-3.0.1/schema.json")) else {
        eprintln!(
            "SKIPPED: no SPDX schema to judge {} documents by",
            documents.len()
        );
        return Vec::new();
    };
    let schema: serde_json::Value = serde_json::from_slice(&schema).expect("the schema is JSON");
    let schema = jsonschema::validator_for(&schema).expect("the schema is one");
    let mut wrong = Vec::new();
    for path in documents
        .iter()
        .filter(|path| path.to_string_lossy().ends_with(".spdx-3.json"))
    {
        let bytes = fs::read(path).expect("it was written");
        let document: serde_json::Value = serde_json::from_slice(&bytes).expect("it is JSON");
        for error in schema.iter_errors(&document).take(3) {
            let text: String = error.to_string().chars().take(500).collect();
            wrong.push(format!("{}: {}: {text}", path.display(), error.instance_path()));
        }
    }
    wrong
}

/// Where the scripts of the judges lie.
fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../cleanbill-documents/tests/it/boms")
        .join(name)
}

/// Lets the Python judges look at documents; what each is, its name tells.
pub(crate) fn run_python(python: &Path, documents: &[PathBuf]) -> (bool, String) {
    run(Command::new(python)
        .arg(script("judge.py"))
        .arg(schemas().join("spdx-3.0.1"))
        .arg(schemas().join("openvex/openvex_json_schema.json"))
        .args(documents))
    .expect("the judge starts")
}

/// Lets the JavaScript judge look at CycloneDX documents.
pub(crate) fn run_node(folder: &Path, documents: &[PathBuf]) -> (bool, String) {
    run(Command::new("node")
        .current_dir(folder)
        .arg(script("judge.mjs"))
        .args(documents))
    .expect("the judge starts")
}
