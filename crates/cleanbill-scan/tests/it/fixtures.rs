//! Fixtures, found by path: see `docs/guide/fixtures.md`.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use cleanbill_core::{Definition, DefinitionKind, Sha256Digest};
use cleanbill_formats::{Format, bytes::ReadAt};
use cleanbill_samples::Sample;
use cleanbill_scan::{DETECTORS, KnownNames, Options};

use crate::support::{Seen, entries, look, read_sample, scan_files, scan_files_of, testdata};

/// Deepest nesting that golden checks look into.
const DEPTH: usize = 6;

#[test]
fn detectors_flag_what_they_must_and_pass_look_alikes() {
    let mut failures = Vec::new();
    for (id, folder) in entries(&testdata("detectors")) {
        if !DETECTORS.iter().any(|detector| detector.id == id) {
            failures.push(format!("testdata/detectors/{id}: no detector has this id"));
            continue;
        }
        for (name, path) in entries(&folder) {
            if let Err(reason) = check_detector(&id, &name, &path) {
                failures.push(format!("{id}/{name}: {reason}"));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_detector_has_both_kinds_of_fixture() {
    let mut missing = Vec::new();
    for detector in DETECTORS {
        let names = entries(&testdata(&format!("detectors/{}", detector.id)));
        for kind in ["flags-", "passes-"] {
            if !names
                .iter()
                .any(|(name, _)| name.starts_with(kind) && name.ends_with(".sample"))
            {
                missing.push(format!("testdata/detectors/{}/{kind}<case>.sample", detector.id));
            }
        }
    }
    assert!(missing.is_empty(), "missing fixtures:\n{}", missing.join("\n"));
}

#[test]
fn formats_are_recognised_with_exactly_their_anomalies() {
    let mut failures = Vec::new();
    for (id, folder) in entries(&testdata("formats")) {
        let Some(format) = Format::ALL.iter().find(|format| format.info().id == id) else {
            failures.push(format!("testdata/formats/{id}: no format has this id"));
            continue;
        };
        for (name, path) in entries(&folder) {
            if let Err(reason) = check_format(format.info().id, &path) {
                failures.push(format!("{id}/{name}: {reason}"));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Formats that no attack of the fixtures needs, with the reason.
const WITHOUT_ATTACK: &[(&str, &str)] = &[
    ("rar", "recognised, not opened: never a pass"),
    ("unsupported-model", "recognised, not examined: never a pass"),
];

#[test]
fn every_format_has_a_page_golden_cases_and_an_attack() {
    let mut attacked = BTreeSet::new();
    for (_, folder) in entries(&testdata("detectors")) {
        for (name, path) in entries(&folder) {
            let sample = read_sample(&path).unwrap_or_else(|error| panic!("{error}"));
            let mut seen = Seen::default();
            for file in sample.files.iter().filter(|_| name.starts_with("flags-")) {
                let bytes: Arc<dyn ReadAt> = Arc::new(file.bytes.clone());
                look(&bytes, DEPTH, &mut seen);
            }
            attacked.extend(seen.formats);
        }
    }
    let mut missing = Vec::new();
    for format in Format::ALL {
        let info = format.info();
        for heading in [
            "What it is",
            "What is read",
            "What is reported",
            "Limits",
            "References",
        ] {
            if !info.page.contains(&format!("## {heading}")) {
                missing.push(format!("{}: no part `{heading}` of its page", info.id));
            }
        }
        let golden = entries(&testdata(&format!("formats/{}", info.id)));
        if !golden.iter().any(|(name, _)| !name.starts_with("not-")) {
            missing.push(format!("{}: no golden case", info.id));
        }
        let excused = WITHOUT_ATTACK.iter().any(|(id, _)| *id == info.id);
        if attacked.contains(info.id) == excused {
            missing.push(format!("{}: no attack among the fixtures", info.id));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

fn check_detector(id: &str, name: &str, path: &Path) -> Result<(), String> {
    let sample = read_sample(path)?;
    let options = Options {
        only: Some(vec![id.to_owned()]),
        approved: approved(&sample)?,
        known_names: known_names(&sample)?,
        ..Options::default()
    };
    let target = sample.expected("target").next();
    let target = target.map_or("sample", |expectation| expectation.value.as_str());
    let outcome = scan_files_of(target, &sample.files, &options);
    if !outcome.internal_errors.is_empty() {
        return Err("the scanner panicked".to_owned());
    }
    let found = outcome
        .report
        .findings
        .iter()
        .map(|finding| finding.message.en().to_owned());
    let found: Vec<String> = found.collect();
    let formats: Vec<&Vec<String>> = outcome
        .report
        .artifacts
        .iter()
        .map(|artifact| &artifact.formats)
        .collect();
    if name.starts_with("flags-") && found.is_empty() {
        return Err(format!("no finding; recognised as {formats:?}"));
    }
    if name.starts_with("passes-") && !found.is_empty() {
        return Err(format!("findings where there must be none: {found:?}"));
    }
    if !name.starts_with("flags-") && !name.starts_with("passes-") {
        return Err("the name must begin with `flags-` or `passes-`".to_owned());
    }
    check_verdict(&sample)
}

/// Reads the approved state: lines `KIND NAME SHA256` of the first file; the digest may be its beginning, filled up with zeros.
fn approved(sample: &Sample) -> Result<Option<Vec<Definition>>, String> {
    let mut list = Vec::new();
    for expectation in sample.expected("approved") {
        let wrong = || format!("line {}: expected `KIND NAME SHA256`", expectation.line);
        let parts: Vec<&str> = expectation.value.split_whitespace().collect();
        let [kind, name, digest] = parts.as_slice() else {
            return Err(wrong());
        };
        list.push(Definition {
            artifact: sample.files[0].path.clone(),
            kind: DefinitionKind::parse(kind).ok_or_else(wrong)?,
            name: (*name).to_owned(),
            sha256: Sha256Digest::parse(&format!("{digest:0<64}")).ok_or_else(wrong)?,
        });
    }
    Ok((!list.is_empty()).then_some(list))
}

/// Reads the index of names, one name a line.
fn known_names(sample: &Sample) -> Result<Option<Arc<KnownNames>>, String> {
    let names: Vec<&str> = sample
        .expected("known-name")
        .map(|expectation| expectation.value.as_str())
        .collect();
    if names.is_empty() {
        return Ok(None);
    }
    let index = KnownNames::read(names.join("\n").as_bytes()).map_err(|error| error.to_string())?;
    Ok(Some(Arc::new(index)))
}

fn check_format(id: &str, path: &Path) -> Result<(), String> {
    let sample = read_sample(path)?;
    let outcome = scan_files(&sample.files, &Options::default());
    if !outcome.internal_errors.is_empty() {
        return Err("the scanner panicked".to_owned());
    }
    let mut expected_of_first = None;
    for expectation in sample.expected("formats") {
        let (file, formats) = expectation
            .value
            .rsplit_once(':')
            .unwrap_or((&sample.files[0].path, &expectation.value));
        let wanted: BTreeSet<&str> = formats
            .split(',')
            .map(str::trim)
            .filter(|id| !id.is_empty())
            .collect();
        let artifact = outcome
            .report
            .artifacts
            .iter()
            .find(|artifact| artifact.path == file);
        let artifact = artifact.ok_or_else(|| format!("line {}: no file `{file}`", expectation.line))?;
        let got: BTreeSet<&str> = artifact.formats.iter().map(String::as_str).collect();
        if wanted != got {
            return Err(format!(
                "got\nexpect formats: {}",
                got.into_iter().collect::<Vec<_>>().join(", ")
            ));
        }
        expected_of_first = Some(wanted.contains(id));
    }
    match expected_of_first {
        None => return Err("an `expect formats:` line is missing".to_owned()),
        Some(false)
            if !path
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("not-")) =>
        {
            return Err(format!(
                "`{id}` is not expected; name a look-alike `not-<case>.sample`"
            ));
        }
        Some(_) => {}
    }
    let mut seen = Seen::default();
    for file in &sample.files {
        let bytes: Arc<dyn ReadAt> = Arc::new(file.bytes.clone());
        look(&bytes, DEPTH, &mut seen);
    }
    let wanted: BTreeSet<String> = sample.expected("anomaly").map(|one| one.value.clone()).collect();
    if wanted != seen.anomalies {
        let lines = seen.anomalies.iter().map(|id| format!("\nexpect anomaly: {id}"));
        return Err(format!("got{}", lines.collect::<String>()));
    }
    for expectation in sample.expected("member") {
        if !seen.members.contains(&expectation.value) {
            return Err(format!(
                "line {}: members are {:?}",
                expectation.line, seen.members
            ));
        }
    }
    check_verdict(&sample)
}

/// Checks `expect verdict:` under all detectors, and that no line expects something unknown.
fn check_verdict(sample: &Sample) -> Result<(), String> {
    for expectation in &sample.expectations {
        match expectation.subject.as_str() {
            "verdict" => {
                let report = scan_files(&sample.files, &Options::default()).report;
                if report.verdict.as_str() != expectation.value {
                    return Err(format!(
                        "line {}: the verdict is {}",
                        expectation.line,
                        report.verdict.as_str()
                    ));
                }
            }
            "formats" | "anomaly" | "member" | "damage-may-pass" | "approved" | "target" | "known-name" => {}
            other => {
                return Err(format!(
                    "line {}: unknown expectation `{other}`",
                    expectation.line
                ));
            }
        }
    }
    Ok(())
}
