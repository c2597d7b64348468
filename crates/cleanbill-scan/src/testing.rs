//! Helpers for the tests of detectors.

use std::sync::Arc;

use cleanbill_core::Severity;

use crate::{Options, scan, source::Held};

/// Scans one artifact with one detector and compares the severities of its findings.
pub(crate) fn check(detector: &str, path: &str, bytes: &[u8], severities: &[Severity]) {
    check_with(Options::default(), detector, path, bytes, severities);
}

/// The same on an empty list of packages, out of a target of this name.
pub(crate) fn check_target(detector: &str, target: &str, severities: &[Severity]) {
    run(
        Options::default(),
        detector,
        target,
        "requirements.txt",
        b"\n",
        severities,
    );
}

/// The same with options of the caller.
pub(crate) fn check_with(
    options: Options,
    detector: &str,
    path: &str,
    bytes: &[u8],
    severities: &[Severity],
) {
    run(options, detector, path, path, bytes, severities);
}

fn run(options: Options, detector: &str, target: &str, path: &str, bytes: &[u8], severities: &[Severity]) {
    let source = Held::default().with(path, Arc::new(bytes.to_vec()));
    let options = Options {
        only: Some(vec![detector.to_owned()]),
        ..options
    };
    let outcome = scan(&source, target, &options, None);
    let found: Vec<Severity> = outcome
        .report
        .findings
        .iter()
        .map(|finding| finding.severity)
        .collect();
    assert!(outcome.internal_errors.is_empty(), "{path}");
    assert_eq!(found, severities, "{detector} on {path}");
}
