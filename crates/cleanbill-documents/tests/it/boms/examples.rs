//! Documents of others: the specification's own test files, which the source packages of the standards' libraries carry. They are
//! read, written again and compared; every valid one is also converted and judged from outside.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use cleanbill_core::bill::Bill;
use cleanbill_documents::boms::{
    convert::{Target, convert},
    cyclonedx::{Serial, Version},
    fields::fields,
    json,
    read::{Document, ReadError, Standard, read},
};

use cleanbill_samples::tools::{once, step};

use super::tools::{judge_spdx, python, run_python, target};

const PACKAGES: [&str; 4] = [
    "cyclonedx-python-lib==11.12.0",
    "spdx-tools==0.8.5",
    "ntia-conformance-checker==6.0.0",
    "spdx3-validate==0.0.7",
];

/// Returns the folder of unpacked source packages. Nothing of them is run but what pip needs to name a package.
fn sources() -> Option<PathBuf> {
    let folder = target().join("sources");
    let python = python()?;
    once(&target(), "sources", &PACKAGES.join("\n"), || {
        fs::create_dir_all(&folder).ok()?;
        for package in PACKAGES {
            step(
                Command::new(&python)
                    .args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check"])
                    .args(["--no-deps", "--no-binary", ":all:", "--dest"])
                    .arg(&folder)
                    .arg(package),
            )?;
        }
        for entry in fs::read_dir(&folder).ok()?.flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|end| end == "gz") {
                step(
                    Command::new(&python)
                        .args(["-m", "tarfile", "-e"])
                        .arg(&path)
                        .arg(&folder),
                )?;
            }
        }
        Some(())
    })?;
    Some(folder)
}

#[expect(clippy::print_stderr, reason = "a test says what it leaves out")]
fn skip() {
    eprintln!("SKIPPED: the specification's own examples cannot be fetched");
}

/// Lists the specification's files for CycloneDX of a version that begin and end so.
fn cyclonedx_files(sources: &Path, version: &str, start: &str, end: &str) -> Vec<PathBuf> {
    let folder = sources.join(format!(
        "cyclonedx_python_lib-11.12.0/tests/_data/schemaTestData/{version}"
    ));
    let entries = fs::read_dir(folder).expect("the package holds them").flatten();
    let mut out: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(start) && name.ends_with(end)
        })
        .collect();
    out.sort();
    out
}

const VERSIONS: [&str; 4] = ["1.4", "1.5", "1.6", "1.7"];

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn open(path: &Path) -> Result<Document, ReadError> {
    read(&name(path), &fs::read(path).expect("it can be read"))
}

#[test]
fn valid_documents_are_read_without_loss_and_without_complaint() {
    let Some(sources) = sources() else { return skip() };
    let mut wrong = Vec::new();
    let mut count = 0;
    for version in VERSIONS {
        for path in cyclonedx_files(&sources, version, "valid-", ".json") {
            count += 1;
            let document = match open(&path) {
                Ok(document) => document,
                Err(error) => {
                    wrong.push(error.to_string());
                    continue;
                }
            };
            assert_eq!(document.version, version);
            let again = String::from_utf8(document.tree.to_json()).expect("it is UTF-8");
            let same = json::parse(&again).expect("it is JSON") == document.tree;
            if !same {
                wrong.push(format!("{}: written differently", name(&path)));
            }
            for one in &document.violations {
                wrong.push(format!("{}: {} {}", name(&path), one.path, one.message));
            }
        }
    }
    assert!(count > 150, "{count}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What is wrong with these lies in parts that no bill holds, or in spellings that the reader forgives.
const NOT_TOLD: [&str; 13] = [
    "invalid-bomformat",
    "invalid-component-swid",
    "invalid-issue-type",
    "invalid-license-encoding",
    "invalid-metadata-distribution",
    "invalid-metadata-license",
    "invalid-metadata-timestamp",
    "invalid-patch-type",
    "invalid-properties",
    "invalid-scope",
    "invalid-service-data",
    "invalid-component-external",
    "invalid-component-versionRange",
];

#[test]
fn invalid_documents_are_told() {
    let Some(sources) = sources() else { return skip() };
    let mut passed = Vec::new();
    for version in VERSIONS {
        for path in cyclonedx_files(&sources, version, "invalid-", ".json") {
            let is_told = open(&path).map_or(true, |document| !document.violations.is_empty());
            let name = name(&path);
            if !is_told && !NOT_TOLD.iter().any(|one| name.starts_with(one)) {
                passed.push(name);
            }
        }
    }
    assert!(passed.is_empty(), "{passed:#?}");
}

/// Lists what a bill says without the ids that depend on how the document is written down.
fn facts(bill: &Bill) -> BTreeSet<String> {
    let name = |id: &str| bill.component(id).map_or(id.to_owned(), |one| one.name.clone());
    let mut out = BTreeSet::new();
    for component in &bill.components {
        for field in fields(component) {
            out.insert(format!(
                "{}: {} = {}",
                component.name,
                field.name,
                field.value.trim()
            ));
        }
    }
    for one in &bill.relations {
        out.insert(format!("{} {:?} {}", name(&one.from), one.kind, name(&one.to)));
    }
    for one in &bill.vulnerabilities {
        out.insert(format!(
            "{} {:?} {:?} {:?} {:?}",
            one.id,
            one.aliases,
            one.affects,
            one.vectors,
            one.analysis.as_ref().map(|one| (one.state, one.justification))
        ));
    }
    out.insert(format!(
        "{} {:?} {:?}",
        name(&bill.subject),
        bill.timestamp,
        bill.authors
    ));
    out
}

/// These say other things in their XML than in their JSON form; before 1.7 many do.
const UNLIKE: [&str; 5] = [
    "valid-component-external-with-version.",
    "valid-cryptography-implementation",
    "valid-license-choice",
    "valid-license-expression-with-text",
    "valid-metadata-timestamp",
];

#[test]
fn xml_says_what_its_json_twin_says() {
    let Some(sources) = sources() else { return skip() };
    let mut wrong = Vec::new();
    let mut count = 0;
    for version in VERSIONS {
        for path in cyclonedx_files(&sources, version, "valid-", ".xml") {
            let twin = path.with_extension("json");
            count += 1;
            let is_unlike = version != "1.7" || UNLIKE.iter().any(|one| name(&path).starts_with(one));
            if !twin.exists() || is_unlike {
                match open(&path) {
                    Ok(document) => assert_eq!(document.version, version),
                    Err(error) => wrong.push(error.to_string()),
                }
                continue;
            }
            match (open(&path), open(&twin)) {
                (Ok(xml), Ok(json)) => {
                    let (xml, json) = (facts(&xml.bill), facts(&json.bill));
                    for one in xml.symmetric_difference(&json) {
                        let side = if xml.contains(one) { "xml" } else { "json" };
                        wrong.push(format!("{} {side}: {one}", name(&path)));
                    }
                }
                (xml, json) => wrong.push(format!("{}: {:?} {:?}", name(&path), xml.err(), json.err())),
            }
        }
    }
    assert!(count > 100, "{count}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Lists the documents of SPDX 3 that packages carry.
fn spdx3_files(sources: &Path) -> Vec<PathBuf> {
    let data = sources.join("ntia_conformance_checker-6.0.0/tests/data");
    let mut folders = vec![
        sources.join("spdx3_validate-0.0.7/tests/data/3.0.1/valid"),
        data.join("spdx3"),
        data.join("bsi"),
    ];
    let inner = fs::read_dir(data.join("graph_connectivity")).expect("the package holds them");
    folders.extend(inner.flatten().map(|entry| entry.path()));
    let mut out: Vec<PathBuf> = folders
        .iter()
        .flat_map(|folder| fs::read_dir(folder).expect("the package holds them").flatten())
        .map(|entry| entry.path())
        .filter(|path| {
            let name = name(path);
            let is_spdx3 = name.contains("spdx3") || path.parent().is_some_and(|one| !one.ends_with("bsi"));
            is_spdx3 && !name.contains("spdx2")
        })
        .filter(|path| open(path).is_ok_and(|document| document.standard == Standard::Spdx3))
        .collect();
    out.sort();
    out
}

const BROKEN: [&str; 2] = [
    "missing_relationship_target_spdx3.json",
    "missing_spdxdocument_node.json",
];

/// What a bill of others holds is there again when it was written in its own standard.
#[test]
fn bills_of_others_survive_their_own_standard() {
    let Some(sources) = sources() else { return skip() };
    let mut wrong = Vec::new();
    let all = cyclonedx_files(&sources, "1.7", "valid-", ".json").into_iter();
    let all = all.map(|path| (path, Target::CycloneDx(Version::V1_7)));
    // Those that miss a node are broken on purpose.
    let others = spdx3_files(&sources).into_iter();
    let others = others.filter(|path| !BROKEN.contains(&name(path).as_str()));
    let mut count = 0;
    for (path, target) in all.chain(others.map(|path| (path, Target::Spdx3))) {
        let document = open(&path).expect("it was read before");
        let converted = convert(&document, target, Serial::Absent).expect("it can be written");
        let again = read("again.json", &converted.bytes).expect("it can be read");
        count += 1;
        for one in facts(&document.bill).difference(&facts(&again.bill)) {
            wrong.push(format!("{}: {one}", name(&path)));
        }
        assert_eq!(
            document.bill.processes.len(),
            again.bill.processes.len(),
            "{}",
            name(&path)
        );
    }
    assert!(count > 50, "{count}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn spdx_documents_are_read_without_loss() {
    let Some(sources) = sources() else { return skip() };
    let spdx2 = sources.join("spdx_tools-0.8.5/tests/spdx/data/SPDXJSONExample-v2.3.spdx.json");
    let document = open(&spdx2).expect("it can be read");
    assert_eq!(
        (document.standard, document.version.as_str()),
        (Standard::Spdx2, "2.3")
    );
    assert_eq!(document.violations, []);
    assert!(
        document.bill.components.len() > 8,
        "{}",
        document.bill.components.len()
    );
    assert!(document.bill.subject().is_some());
    let utf_16 = sources.join("spdx_tools-0.8.5/tests/spdx/data/SPDXJSONExample-UTF-16.spdx.json");
    assert!(matches!(open(&utf_16), Err(ReadError::Encoding { at: 0, .. })));
    let files = spdx3_files(&sources);
    assert!(files.len() > 8, "{files:?}");
    for path in files {
        let bytes = fs::read(&path).expect("it is there");
        let document = read(&name(&path), &bytes).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(document.standard, Standard::Spdx3, "{}", name(&path));
        let text = String::from_utf8(bytes).expect("it is UTF-8");
        let original = json::parse(&text).expect("it is JSON");
        let again = String::from_utf8(document.tree.to_json()).expect("it is UTF-8");
        assert_eq!(json::parse(&again), Ok(original), "{}", name(&path));
    }
}

#[test]
fn converted_documents_of_others_are_valid() {
    let Some(sources) = sources() else { return skip() };
    let Some(python) = python() else { return skip() };
    let folder = target().join("converted");
    fs::create_dir_all(&folder).expect("the target folder is writable");
    let mut documents = Vec::new();
    let mut wrong = Vec::new();
    let mut all: Vec<PathBuf> = VERSIONS
        .iter()
        .flat_map(|version| cyclonedx_files(&sources, version, "valid-", ".json"))
        .collect();
    all.push(sources.join("spdx_tools-0.8.5/tests/spdx/data/SPDXJSONExample-v2.3.spdx.json"));
    all.push(sources.join("ntia_conformance_checker-6.0.0/tests/data/bsi/compliant_bsi_spdx3.json"));
    for path in all {
        let Ok(document) = open(&path) else { continue };
        // The shapes take seconds for each document: those richest in models and data stand for all.
        let wants_spdx = [
            "machine-learning",
            "data-1.7",
            "vulnerability",
            "bom-1.6",
            "SPDXJSON",
        ]
        .iter()
        .any(|part| name(&path).contains(part));
        let mut targets = vec![
            (Target::CycloneDx(Version::V1_6), "cdx-1.6"),
            (Target::CycloneDx(Version::V1_7), "cdx-1.7"),
        ];
        if wants_spdx {
            targets.push((Target::Spdx3, "spdx-3"));
        }
        for (target, end) in targets {
            match convert(&document, target, Serial::FromContent) {
                Ok(converted) => {
                    let out = folder.join(format!("{}.{end}.json", name(&path)));
                    fs::write(&out, converted.bytes).expect("the target folder is writable");
                    documents.push(out);
                }
                Err(error) => wrong.push(error.to_string()),
            }
        }
    }
    wrong.extend(judge_spdx(&documents));
    assert!(wrong.is_empty(), "{wrong:#?}");
    let (is_fine, text) = run_python(&python, &documents);
    assert!(is_fine, "{text}");
}
