//! Real models out of packages of the Python index, with what a scan says of each pinned in `testdata/packages.txt`.
//!
//! `scripts/test.sh` fetches and unpacks them and names the folder in `CLEANBILL_PACKAGES`; `UPDATE=1` writes the pins anew.

use std::{fmt::Write, fs, path::Path};

use cleanbill_core::Severity;
use cleanbill_scan::{Options, scan, source::Folder};

#[test]
fn real_packages_are_reported_as_pinned() {
    let Some(folder) = variable("CLEANBILL_PACKAGES") else {
        eprintln!("SKIPPED: CLEANBILL_PACKAGES names no folder of real packages");
        return;
    };
    let pins = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/packages.txt");
    let mut packages: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    packages.sort();
    let mut text = String::new();
    for package in packages {
        let name = package.file_name().unwrap().to_string_lossy().into_owned();
        let outcome = scan(&Folder::new(&package, 64), &name, &Options::default(), None);
        assert!(
            outcome.internal_errors.is_empty(),
            "{name}: {:?}",
            outcome.internal_errors
        );
        let report = outcome.report;
        for finding in &report.findings {
            assert!(
                finding.severity < Severity::High,
                "{name}: false alarm {finding:?}"
            );
        }
        let coverage = report.summary.coverage;
        let counts = (coverage.complete, coverage.partial, coverage.skipped);
        writeln!(
            text,
            "{name}: {}, {} artifacts, coverage {counts:?}",
            report.verdict.as_str(),
            report.summary.artifacts
        )
        .unwrap();
        for artifact in report.artifacts.iter().filter(|artifact| {
            Path::new(&artifact.path)
                .extension()
                .is_none_or(|extension| extension != "py")
        }) {
            for reason in artifact.coverage.reasons().iter().take(2) {
                writeln!(text, "    {}: {reason}", artifact.path).unwrap();
            }
        }
        for finding in report
            .findings
            .iter()
            .filter(|finding| finding.severity > Severity::Info)
        {
            writeln!(
                text,
                "    {}: {} {}",
                finding.location.artifact, finding.severity, finding.detector
            )
            .unwrap();
        }
    }
    assert!(!text.is_empty(), "no package in {folder}");
    if variable("UPDATE").is_some() {
        fs::write(&pins, &text).unwrap();
    }
    let pinned = fs::read_to_string(&pins).unwrap();
    assert!(
        pinned == text,
        "packages read differently than pinned; now:\n{text}"
    );
}

#[expect(clippy::disallowed_methods, reason = "a test is told where the packages are")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
