//! Settles what an artifact could not say of itself, once all have been examined.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use cleanbill_core::{ArtifactReport, CoverageState, Finding, Text, Verdict};
use cleanbill_formats::bytes::ReadAt;

use super::{Options, fingerprint, walk::Walk};
use crate::{
    external::{self, Described},
    facts::Facts,
    open::Budget,
    source::{Artifact, Listed},
};

/// A comparison panicked: a bug of ours.
#[derive(Debug)]
pub(super) struct Panicked;

/// Takes back that a file was not understood where files beside it describe every byte of it (decision record 5).
///
/// INVARIANT: a file stays "not understood" unless all of it fits; a panic leaves every file as it was.
pub(super) fn settle(
    listed: &[Listed],
    options: &Options,
    not_understood: &[(usize, Text)],
    facts: &mut [Facts],
    artifacts: &mut [ArtifactReport],
    findings: &mut Vec<Finding>,
) -> Result<(), Panicked> {
    let openable: BTreeMap<&str, &dyn Artifact> = listed
        .iter()
        .filter_map(|line| match line {
            Listed::Artifact(artifact) => Some((artifact.path(), artifact.as_ref())),
            Listed::Unreadable { .. } => None,
        })
        .collect();
    let open = |path: &str| openable.get(path)?.open().ok();
    let guarded = AssertUnwindSafe(|| external::compare(facts, &open));
    catch_unwind(guarded).map_err(|_| Panicked)?;
    for (at, reason) in not_understood {
        let Some(report) = artifacts.get_mut(*at) else {
            continue;
        };
        let of_it = facts.iter().find(|one| one.path == report.path);
        let described = of_it.and_then(|one| one.described.as_ref());
        let Some(described) = described.filter(|described| described.fits()) else {
            continue;
        };
        let guarded = AssertUnwindSafe(|| regain(report, reason, described, options, &open, findings));
        catch_unwind(guarded).map_err(|_| Panicked)?;
    }
    Ok(())
}

/// Opens what begins like something of its own among the numbers, and takes the reason back.
fn regain(
    report: &mut ArtifactReport,
    reason: &Text,
    described: &Described,
    options: &Options,
    open: &dyn Fn(&str) -> Option<Arc<dyn ReadAt>>,
    findings: &mut Vec<Finding>,
) {
    let Some(bytes) = open(&report.path) else {
        return;
    };
    let walk = Walk {
        artifact: &report.path,
        options,
        budget: Budget::default(),
    };
    let mut level = walk.numbers(&bytes, &described.members);
    for finding in &mut level.findings {
        finding.fingerprint = fingerprint(finding);
        if finding.severity >= options.fail_on {
            report.verdict = Verdict::Fail;
        }
    }
    findings.append(&mut level.findings);
    report.members += level.members;
    for lost in level.coverage.reasons() {
        report.coverage.lose(lost.clone());
    }
    report.coverage.regain(reason);
    if report.verdict == Verdict::Incomplete && report.coverage.state() == CoverageState::Complete {
        report.verdict = Verdict::Pass;
    }
}
