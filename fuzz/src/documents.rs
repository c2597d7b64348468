//! The targets that read documents: bills of materials, statements, approved states, advisories, their index, licences.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use cleanbill_advisories::{
    Broken, Epss, ImportOptions, Index, Kev, Known, KnownBad, Package, import, match_bill, package_of_purl,
};
use cleanbill_core::{UnixTime, bill::Bill};
use cleanbill_documents::{
    approved,
    boms::{
        against, check, compare, convert,
        cyclonedx::{Serial, Version},
        read::{self, Document},
        vex,
    },
};
use cleanbill_licences::{read_card, read_declared, recognise};
use cleanbill_policy::{
    Fault,
    lock::{self, FoundArtifact, Lock},
    policy_file::{self, Signer},
    trust::{self, Identity, decide},
};

/// Reads a bill of materials and does with it what the program does.
pub(crate) fn bom(bytes: &[u8]) -> String {
    let document = match read::read("fuzz", bytes) {
        Ok(document) => document,
        Err(error) => return kind(&error),
    };
    for framework in check::FRAMEWORKS.iter() {
        let format = check::Format {
            name: document.standard.as_str(),
            version: &document.version,
        };
        let _assessment = check::check(&document.bill, format, framework);
    }
    let _same = compare::diff(&document.bill, &document.bill);
    let _claims = against::against(&document.bill, &document.bill);
    let _matches = match_bill(&Known::default(), &document.bill);
    for target in [convert::Target::CycloneDx(Version::V1_7), convert::Target::Spdx3] {
        round(&document, target);
    }
    let wrong: BTreeSet<String> = document
        .violations
        .iter()
        .map(|one| letters(one.message.en()))
        .collect();
    format!(
        "{:?} {} {:?} {wrong:?}",
        document.standard,
        letters(&document.version),
        document.bill.components.len().checked_ilog2()
    )
}

/// Writes a document anew; what was written is read back.
fn round(document: &Document, target: convert::Target) {
    if let Ok(converted) = convert::convert(document, target, Serial::FromContent) {
        let again = read::read("again", &converted.bytes);
        assert!(again.is_ok(), "what was written is not read: {again:?}");
    }
}

/// Reads statements on weaknesses and applies them to a bill that knows what the seeds speak of.
pub(crate) fn statements(bytes: &[u8]) -> String {
    static KNOWN: OnceLock<Option<Bill>> = OnceLock::new();
    match vex::read("fuzz", bytes) {
        Ok(read) => {
            let known = KNOWN.get_or_init(|| {
                let bytes = fs::read(crate::fuzz_folder().join("seeds/cyclonedx-1.5.xml")).ok()?;
                Some(read::read("known", &bytes).ok()?.bill)
            });
            let mut bill = known.clone().unwrap_or_default();
            let fates: BTreeSet<String> = vex::apply(&read, &mut bill).iter().map(kind).collect();
            format!(
                "{:?} {fates:?} {:?}",
                read.vocabulary,
                read.statements.len().checked_ilog2()
            )
        }
        Err(error) => {
            let own = vex::read_stated("statements.toml", bytes);
            let own = own.map_or_else(|error| kind(&error), |read| read.statements.len().to_string());
            format!("{} {own}", kind(&error))
        }
    }
}

/// Reads an approved state.
pub(crate) fn approved_state(bytes: &[u8]) -> String {
    match approved::read(bytes) {
        Ok(list) => format!("read {:?}", list.len().checked_ilog2()),
        Err(error) => kind(&error),
    }
}

/// Imports records from a file and from an archive, and asks the index for what the records may name.
pub(crate) fn advisories(bytes: &[u8]) -> String {
    let mut out = String::new();
    let is_archive = bytes.starts_with(b"PK");
    for name in if is_archive {
        &["all.zip"][..]
    } else {
        &["records.jsonl", "record.json"]
    } {
        let (source, index) = (scratch().join(name), scratch().join("made.index"));
        if write(&source, bytes).is_err() {
            continue;
        }
        let options = ImportOptions {
            date: "2026-11-28".to_owned(),
            broken: if bytes.len().is_multiple_of(2) {
                Broken::Skip
            } else {
                Broken::Refuse
            },
        };
        match import(std::slice::from_ref(&source), &index, &options) {
            Ok(done) => {
                let _ = write!(out, "{:?} ", done.info.records.checked_ilog2());
                // INVARIANT: what was just written is read.
                let index =
                    Index::open(&index).unwrap_or_else(|error| panic!("a new index is refused: {error}"));
                out.push_str(&ask(&index, bytes));
            }
            Err(error) => out.push_str(&kind(&error)),
        }
        let _gone = fs::remove_file(&source);
    }
    let lists = scratch().join("list");
    if write(&lists, bytes).is_ok() {
        out.push_str(if Epss::read(&lists).is_ok() { "epss " } else { "" });
        out.push_str(if Kev::read(&lists).is_ok() { "kev " } else { "" });
        out.push_str(if KnownBad::read(&lists).is_ok() {
            "bad "
        } else {
            ""
        });
    }
    out
}

/// Opens the bytes as an index, and asks it.
pub(crate) fn index(bytes: &[u8]) -> String {
    let path = scratch().join("given.index");
    if write(&path, bytes).is_err() {
        return String::new();
    }
    match Index::open(&path) {
        Ok(index) => ask(&index, bytes),
        Err(error) => kind(&error),
    }
}

/// Recognises licences in a text, and reads it as expressions and as what a card declares.
pub(crate) fn licences(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let findings = recognise(&text);
    let mut kinds: BTreeSet<String> = findings
        .found
        .iter()
        .map(|one| format!("{:?}", one.kind))
        .collect();
    for line in text.lines().take(64) {
        let line = line.trim();
        let declared = read_declared(line.strip_prefix("SPDX-License-Identifier: ").unwrap_or(line));
        kinds.extend(declared.notes.iter().map(kind));
        kinds.extend(declared.expression().map(|_| "expression".to_owned()));
        if let Some(expression) = declared.expression() {
            // What is written from an expression is read as the same.
            let written = expression.to_string();
            let again = read_declared(&written);
            assert!(
                again.expression().is_some_and(|one| one.to_string() == written),
                "`{written}` is read as {again:?}"
            );
        }
        let words: Vec<&str> = line.split(',').map(str::trim).collect();
        let _card = read_card(&words, Some(line));
        let _package = package_of_purl(line);
    }
    format!("{kinds:?} {:?}", findings.found.len().checked_ilog2())
}

/// Reads the bytes as a system file and as a lock; what was read decides and compares.
pub(crate) fn policy_file(bytes: &[u8]) -> String {
    let kinds = |faults: Vec<Fault>| -> String {
        // Words are made in full for each.
        let kinds: BTreeSet<String> = faults
            .iter()
            .map(|fault| {
                let _words = fault.text("cleanbill.toml");
                kind(&fault.problem)
            })
            .collect();
        format!("{kinds:?}")
    };
    let system = match policy_file::read(bytes) {
        Ok(file) => {
            let known: Vec<trust::Known<'_>> = file
                .trust
                .iter()
                .map(|rule| trust::Known {
                    rule,
                    key: None,
                    roots: Vec::new(),
                })
                .collect();
            let stranger = Identity::Key {
                fingerprint: "nobody".to_owned(),
            };
            let mut out = BTreeSet::new();
            for artifact in &file.artifacts {
                let now = UnixTime(1_764_331_200);
                let decided = decide(&known, &artifact.name, &stranger, None, now);
                let reasons = decided.expect_err("a stranger is never trusted");
                out.extend(reasons.iter().map(trust::Reason::id));
            }
            let keys = file
                .trust
                .iter()
                .filter(|rule| matches!(rule.signer, Signer::Key { .. }));
            format!("{out:?} {}", keys.count())
        }
        Err(faults) => kinds(faults),
    };
    let locked = match Lock::read(bytes) {
        Ok(lock) => {
            assert_eq!(
                Lock::read(lock.to_toml().as_bytes()),
                Ok(lock.clone()),
                "written, it is another"
            );
            let found: Vec<FoundArtifact> = lock
                .artifacts
                .iter()
                .map(|artifact| FoundArtifact {
                    artifact: artifact.clone(),
                    troubles: Vec::new(),
                })
                .collect();
            let ids: BTreeSet<&str> = lock::compare(&lock, &found)
                .iter()
                .map(|one| one.kind.id())
                .collect();
            format!("{ids:?} {}", lock.artifacts.len())
        }
        Err(faults) => kinds(faults),
    };
    format!("{system} {locked}")
}

fn ask(index: &Index, bytes: &[u8]) -> String {
    let mut out = BTreeSet::new();
    // The name and version may stand in the record, changed; those of the seeds are asked for too.
    let odd = String::from_utf8_lossy(bytes.get(..bytes.len().min(24)).unwrap_or_default()).into_owned();
    for (ecosystem, name) in [
        ("PyPI", "requests"),
        ("npm", "@scope/name"),
        ("Debian:12", "curl"),
        ("Alpine:v3.18", "curl"),
        ("Go", "example.com/mod/v2"),
        ("Maven", "org.example:thing"),
    ] {
        for version in ["1.0", "2.0.0-rc.1+b", "1:0~~1-2ubuntu3", odd.as_str()] {
            match index.query(&Package::exact(ecosystem, name, version)) {
                Ok(found) => {
                    out.insert(format!(
                        "{ecosystem} {} {}",
                        found.advisories.len(),
                        found
                            .gaps
                            .first()
                            .map(|gap| kind(&gap.reason))
                            .unwrap_or_default()
                    ));
                }
                Err(error) => {
                    out.insert(kind(&error));
                }
            }
        }
    }
    format!("{out:?}")
}

/// Returns the name of a variant, without the values in it.
fn kind(value: &impl std::fmt::Debug) -> String {
    let text = format!("{value:?}");
    letters(
        text.split(['{', '('])
            .take(2)
            .collect::<Vec<_>>()
            .join(" ")
            .trim(),
    )
}

/// Returns a text without digits and quoted parts, cut: the same mistake at two places is the same.
fn letters(text: &str) -> String {
    let mut quoted = false;
    text.chars()
        .filter(|c| {
            if matches!(c, '`' | '"') {
                quoted = !quoted;
            }
            !quoted && !c.is_ascii_digit()
        })
        .take(60)
        .collect()
}

fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    fs::write(path, bytes)
}

/// Returns a folder of this process, in memory where the system has one there: an import brings its index to the disk.
pub(crate) fn scratch() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let memory = PathBuf::from("/dev/shm");
        let above = if memory.is_dir() {
            memory
        } else {
            std::env::temp_dir()
        };
        let folder = above.join(format!("cleanbill-fuzz-{}", std::process::id()));
        if let Err(error) = fs::create_dir_all(&folder) {
            panic!("{}: {error}", folder.display());
        }
        folder
    })
}

/// Removes what the targets wrote.
pub(crate) fn clean_up() {
    let _gone = fs::remove_dir_all(scratch());
}
