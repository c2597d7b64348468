//! Judges from outside, installed below the target folder: a document of ours that one of them refuses is a bug of ours.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use cleanbill_core::bill::{Component, ComponentKind};
use cleanbill_documents::boms::{
    cyclonedx::{self, Serial, Version},
    merge::{Part, merge},
    spdx,
    vex::{default_states, statements_only, write_openvex},
};

use super::fixture::{nasty, poor, rich};

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

pub(super) fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("judges")
}

pub(super) fn run(command: &mut Command) -> Option<(bool, String)> {
    let output = command.output().ok()?;
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    Some((output.status.success(), text))
}

/// Installs something once, however many tests ask for it at the same time.
pub(super) fn once(name: &str, install: impl FnOnce() -> Option<()>) -> Option<()> {
    fs::create_dir_all(target()).ok()?;
    let lock = fs::File::create(target().join(format!("{name}.lock"))).ok()?;
    lock.lock().ok()?;
    let complete = target().join(format!("{name}.complete"));
    if !complete.exists() {
        install()?;
        fs::write(&complete, "").ok()?;
    }
    Some(())
}

/// Runs a step of an installation.
pub(super) fn step(command: &mut Command) -> Option<()> {
    run(command).filter(|(is_done, _)| *is_done).map(|_| ())
}

/// Returns the Python that has the judges.
pub(super) fn python() -> Option<PathBuf> {
    let folder = target().join("venv");
    let python = folder.join("bin/python");
    once("venv", || {
        step(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        step(
            Command::new(&python)
                .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
                .args(PYTHON_PACKAGES),
        )
    })?;
    Some(python)
}

/// Returns the folder that has the JavaScript judge.
fn node() -> Option<PathBuf> {
    let folder = target().join("npm");
    once("npm", || {
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
pub(super) fn schemas() -> PathBuf {
    let folder = env::var_os("CLEANBILL_SCHEMAS").map(PathBuf::from);
    folder.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/schemas"))
}

/// Writes every document that is judged; each test has a folder of its own, for they run at the same time.
fn documents(folder: &str) -> Vec<PathBuf> {
    let folder = target().join(folder);
    fs::create_dir_all(&folder).expect("the target folder is writable");
    let mut out = Vec::new();
    let mut write = |name: String, bytes: Vec<u8>| {
        let path = folder.join(name);
        fs::write(&path, bytes).expect("the target folder is writable");
        out.push(path);
    };
    for (name, bill) in [("rich", rich()), ("poor", poor()), ("nasty", nasty())] {
        for version in Version::ALL {
            for (end, serial) in [("", Serial::Absent), ("-serial", Serial::FromContent)] {
                let file = format!("{name}{end}.cdx-{}.json", version.as_str());
                write(file, cyclonedx::write(&bill, version, serial));
            }
        }
        write(
            format!("{name}.spdx-3.json"),
            spdx::write(&bill, Serial::FromContent),
        );
    }
    let parts = [("a", rich()), ("b", rich()), ("c", poor())].map(|(name, bill)| Part {
        name: name.to_owned(),
        bill,
    });
    let system = Component::new(ComponentKind::Application, "system", "assistant");
    let mut merged = merge(system, &parts).bill;
    merged.timestamp = rich().timestamp;
    merged.tool = rich().tool;
    for version in Version::ALL {
        let file = format!("merged.cdx-{}.json", version.as_str());
        write(file, cyclonedx::write(&merged, version, Serial::FromContent));
    }
    write(
        "merged.spdx-3.json".to_owned(),
        spdx::write(&merged, Serial::FromContent),
    );
    let (vex, _) = write_openvex(&rich(), None).expect("there is something to state");
    write("rich.openvex.json".to_owned(), vex);
    let (vex, _) =
        write_openvex(&rich(), Some("pkg:huggingface/acme/tiny@1")).expect("there is something to state");
    write("product.openvex.json".to_owned(), vex);
    let mut open = rich();
    for one in &mut open.vulnerabilities {
        one.analysis = None;
    }
    default_states(&mut open);
    let (vex, _) = write_openvex(&open, None).expect("there is something to state");
    write("open.openvex.json".to_owned(), vex);
    for version in Version::ALL {
        let file = format!("statements.cdx-{}.json", version.as_str());
        write(
            file,
            cyclonedx::write(&statements_only(&rich()), version, Serial::FromContent),
        );
    }
    // Proof that the judges judge.
    let spoil = |bytes: Vec<u8>, from: &str, to: &str| {
        let text = String::from_utf8(bytes).expect("it is UTF-8");
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1).into_bytes()
    };
    for version in Version::ALL {
        let bytes = cyclonedx::write(&rich(), version, Serial::Absent);
        let file = format!("refused-type.cdx-{}.json", version.as_str());
        write(file, spoil(bytes, "\"machine-learning-model\"", "\"model\""));
    }
    let bytes = spdx::write(&rich(), Serial::Absent);
    write(
        "refused-score.spdx-3.json".to_owned(),
        spoil(
            bytes.clone(),
            "\"security_score\": \"8.8\"",
            "\"security_score\": 8.8",
        ),
    );
    write(
        "refused-energy.spdx-3.json".to_owned(),
        spoil(
            bytes,
            "\"ai_energyQuantity\": \"1.50\"",
            "\"ai_energyQuantity\": 1.50",
        ),
    );
    out
}

#[test]
fn python_judges_accept_every_document() {
    let Some(python) = python() else {
        eprintln!("SKIPPED: the Python judges of bills of materials cannot be installed");
        return;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/boms/judge.py");
    let documents = documents("python");
    let (is_fine, text) = run(Command::new(python)
        .arg(script)
        .arg(schemas().join("spdx-3.0.1"))
        .arg(schemas().join("openvex/openvex_json_schema.json"))
        .args(&documents))
    .expect("the judge starts");
    for line in text.lines().filter(|line| line.starts_with("SKIPPED:")) {
        eprintln!("{line}");
    }
    assert!(is_fine, "{text}");
    let judged = text.lines().filter(|line| line.starts_with("judged:")).count();
    assert_eq!(judged, documents.len(), "{text}");
}

/// Judges SPDX documents by the JSON schema of the specification; tells what is wrong.
#[expect(clippy::print_stderr, reason = "a test says what it leaves out")]
pub(super) fn judge_spdx(documents: &[PathBuf]) -> Vec<String> {
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

#[test]
fn the_spdx_schema_accepts_every_document() {
    assert_eq!(judge_spdx(&documents("schema")), Vec::<String>::new());
}

#[test]
fn the_javascript_library_accepts_every_cyclonedx_document() {
    let Some(folder) = node() else {
        eprintln!("SKIPPED: the JavaScript judge of CycloneDX cannot be installed");
        return;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/boms/judge.mjs");
    let documents: Vec<_> = documents("javascript")
        .into_iter()
        .filter(|path| {
            let path = path.to_string_lossy();
            path.contains(".cdx-") && !path.contains("refused-")
        })
        .collect();
    let (is_fine, text) = run(Command::new("node")
        .current_dir(folder)
        .arg(script)
        .args(&documents))
    .expect("the judge starts");
    assert!(is_fine, "{text}");
    let judged = text.lines().filter(|line| line.starts_with("judged:")).count();
    assert_eq!(judged, documents.len(), "{text}");
}
