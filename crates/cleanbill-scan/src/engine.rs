mod settle;
mod walk;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use cleanbill_core::{
    ArtifactReport, Coverage, CoverageState, Definition, Finding, Report, Severity, Sha256Digest, Text,
    ToolInfo, Verdict, hex, text,
};
use cleanbill_formats::{
    Format, Role,
    bytes::{ReadAt, read_full, size_u64},
    limits::Limits,
};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::{
    Check, DETECTORS, Detector,
    collection::{Collection, CollectionSink},
    detector::Naming,
    facts::Facts,
    names::KnownNames,
    open::Budget,
    sink::Said,
    source::{Artifact, Listed, Source},
};
use walk::{Place, Walk, located};

/// Says how to scan.
#[derive(Clone, Debug)]
pub struct Options {
    /// Caps on work and memory.
    pub limits: Limits,
    /// An artifact fails with a finding of this severity or worse.
    pub fail_on: Severity,
    /// Whether to compute the SHA-256 of every artifact, which reads all of its bytes.
    pub digests: bool,
    /// Ids of the detectors that run; `None` runs all of them.
    pub only: Option<Vec<String>>,
    /// Whether to keep what an ML-BOM needs: see [`inventory::bill`](crate::inventory::bill).
    pub inventory: bool,
    /// What was approved of the target's definitions; `None` compares nothing.
    pub approved: Option<Vec<Definition>>,
    /// Names that exist; `None` holds none against it.
    pub known_names: Option<Arc<KnownNames>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            fail_on: Severity::High,
            digests: false,
            only: None,
            inventory: false,
            approved: None,
            known_names: None,
        }
    }
}

impl Options {
    fn runs(&self, detector: &Detector) -> bool {
        self.only
            .as_ref()
            .is_none_or(|only| only.iter().any(|id| id == detector.id))
    }
}

/// Hears how far a scan is; called from many threads.
pub trait Progress: Sync {
    /// The listing is done: so many artifacts will be examined.
    fn total(&self, artifacts: usize);
    /// One artifact of so many bytes was examined.
    fn examined(&self, path: &str, size_bytes: u64);
}

/// Holds what a scan gives back.
#[derive(Debug)]
pub struct Outcome {
    /// The report.
    pub report: Report,
    /// What is known of each artifact that could be opened, for whoever describes or compares them.
    pub facts: Vec<Facts>,
    /// Paths of artifacts on which a detector or parser panicked: a bug of ours, exit code 70.
    pub internal_errors: Vec<String>,
}

/// Examines every artifact of `source`; `target` is the name that the report gives it.
pub fn scan(
    source: &dyn Source,
    target: &str,
    options: &Options,
    progress: Option<&dyn Progress>,
) -> Outcome {
    let listed = source.list();
    if let Some(progress) = progress {
        progress.total(listed.len());
    }
    let examined: Vec<Examined> = listed
        .par_iter()
        .map(|line| {
            let examined = match line {
                Listed::Unreadable { path, reason } => Examined::unread(path.clone(), reason.clone()),
                Listed::Artifact(artifact) => examine_guarded(artifact.as_ref(), options),
            };
            if let Some(progress) = progress {
                progress.examined(&examined.report.path, examined.report.size_bytes);
            }
            examined
        })
        .collect();
    let mut artifacts = Vec::with_capacity(examined.len());
    let mut findings = Vec::new();
    let mut internal_errors = Vec::new();
    let mut facts = Vec::with_capacity(examined.len());
    let mut not_understood = Vec::new();
    for one in examined {
        if one.internal_error {
            internal_errors.push(one.report.path.clone());
        }
        artifacts.push(one.report);
        findings.extend(one.findings);
        not_understood.extend(one.not_understood.map(|reason| (artifacts.len() - 1, reason)));
        facts.extend(one.facts.map(|facts| *facts));
    }
    internal_errors.sort();
    if settle::settle(
        &listed,
        options,
        &not_understood,
        &mut facts,
        &mut artifacts,
        &mut findings,
    )
    .is_err()
    {
        internal_errors.push(target.to_owned());
    }
    detect_across(
        target,
        &facts,
        options,
        &mut artifacts,
        &mut findings,
        &mut internal_errors,
    );
    let tool = ToolInfo {
        name: "cleanbill".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        detectors_digest: detectors_digest(),
    };
    Outcome {
        report: Report::assemble(tool, target.to_owned(), artifacts, findings),
        facts,
        internal_errors,
    }
}

/// Runs the detectors that compare the files of a folder; what they find may fail the artifact that it is about.
fn detect_across(
    target: &str,
    facts: &[Facts],
    options: &Options,
    artifacts: &mut Vec<ArtifactReport>,
    findings: &mut Vec<Finding>,
    internal_errors: &mut Vec<String>,
) {
    let mut found = Said::default();
    for collection in Collection::gather(facts) {
        let result = catch_unwind(AssertUnwindSafe(|| {
            let mut found = Said::default();
            for &detector in DETECTORS {
                if let (Check::Collection(run), true) = (detector.check, options.runs(detector)) {
                    run(&collection, &mut CollectionSink::new(detector, &mut found));
                }
            }
            found
        }));
        match result {
            Ok(some) => {
                found.findings.extend(some.findings);
                found.gaps.extend(some.gaps);
            }
            Err(_) => internal_errors.push(collection.folder.to_owned()),
        }
    }
    let naming = Naming {
        target,
        facts,
        known: options.known_names.as_deref(),
    };
    let named = catch_unwind(AssertUnwindSafe(|| {
        let mut found = Said::default();
        for &detector in DETECTORS {
            if let (Check::Names(run), true) = (detector.check, options.runs(detector)) {
                run(&naming, &mut CollectionSink::new(detector, &mut found));
            }
        }
        found
    }));
    match named {
        Ok(some) => found.findings.extend(some.findings),
        Err(_) => internal_errors.push(target.to_owned()),
    }
    if let Some(approved) = &options.approved {
        let gone = compare(facts, approved, options, &mut found);
        artifacts.extend(gone);
    }
    for gap in found.gaps {
        if let Some(artifact) = artifacts.iter_mut().find(|one| one.path == gap.artifact) {
            artifact
                .coverage
                .lose(located(gap.member.as_deref(), &gap.reason));
            if artifact.verdict == Verdict::Pass {
                artifact.verdict = Verdict::Incomplete;
            }
        }
    }
    for mut finding in found.findings {
        finding.fingerprint = fingerprint(&finding);
        if finding.severity >= options.fail_on
            && let Some(artifact) = artifacts
                .iter_mut()
                .find(|artifact| artifact.path == finding.location.artifact)
        {
            artifact.verdict = Verdict::Fail;
        }
        findings.push(finding);
    }
}

/// Compares what the target defines with what was approved; gives an entry for each approved artifact that is gone.
fn compare(
    facts: &[Facts],
    approved: &[Definition],
    options: &Options,
    said: &mut Said,
) -> Vec<ArtifactReport> {
    for &detector in DETECTORS {
        if let (Check::Approved(run), true) = (detector.check, options.runs(detector)) {
            run(facts, approved, &mut CollectionSink::new(detector, said));
        }
    }
    let mut gone: Vec<&str> = approved
        .iter()
        .map(|one| one.artifact.as_str())
        .filter(|path| !facts.iter().any(|one| one.path == *path))
        .collect();
    gone.sort_unstable();
    gone.dedup();
    let reason = text!("approved, but not there any more", "曾获批准，但已不存在");
    gone.into_iter()
        .map(|path| Examined::unread(path.to_owned(), reason.clone()).report)
        .collect()
}

/// Returns the SHA-256, in hexadecimal digits, over the settings and tables of every detector of this build.
pub fn detectors_digest() -> String {
    let mut hasher = Sha256::new();
    hasher.update(env!("CARGO_PKG_VERSION"));
    for detector in DETECTORS {
        hasher.update(format!(
            "{} {} {}\n",
            detector.id, detector.severity, detector.confidence
        ));
        hasher.update(detector.page);
    }
    for format in Format::ALL {
        hasher.update(format.info().id);
        hasher.update(format.info().page);
    }
    crate::callables::feed_tables(&mut |bytes| hasher.update(bytes));
    crate::operators::feed_tables(&mut |bytes| hasher.update(bytes));
    crate::keras_config::feed_tables(&mut |bytes| hasher.update(bytes));
    crate::leaks::feed_rules(&mut |bytes| hasher.update(bytes));
    hex(&hasher.finalize())
}

/// What came out for one artifact.
#[derive(Debug)]
struct Examined {
    report: ArtifactReport,
    facts: Option<Box<Facts>>,
    findings: Vec<Finding>,
    /// Why no format was found, where none was.
    not_understood: Option<Text>,
    internal_error: bool,
}

impl Examined {
    fn unread(path: String, reason: Text) -> Self {
        let report = ArtifactReport {
            path,
            size_bytes: 0,
            sha256: None,
            formats: Vec::new(),
            verdict: Verdict::Incomplete,
            coverage: Coverage::skipped(reason),
            members: 0,
        };
        Self {
            report,
            facts: None,
            findings: Vec::new(),
            not_understood: None,
            internal_error: false,
        }
    }
}

/// Examines one artifact behind a panic boundary, so that our bug on one file never ends the scan of the others.
fn examine_guarded(artifact: &dyn Artifact, options: &Options) -> Examined {
    catch_unwind(AssertUnwindSafe(|| examine(artifact, options))).unwrap_or_else(|_| {
        let reason = text!(
            "internal error of Cleanbill: please report it with this file's format",
            "Cleanbill 内部错误：请连同文件格式一起报告"
        );
        Examined {
            internal_error: true,
            ..Examined::unread(artifact.path().to_owned(), reason)
        }
    })
}

fn examine(artifact: &dyn Artifact, options: &Options) -> Examined {
    let path = artifact.path().to_owned();
    let bytes = match artifact.open() {
        Ok(bytes) => bytes,
        Err(reason) => return Examined::unread(path, reason),
    };
    let walk = Walk {
        artifact: &path,
        options,
        budget: Budget::default(),
    };
    let mut level = walk.level(
        &bytes,
        &Place {
            member: None,
            within: &[],
            dialects: &[],
            container: None,
            role: Role::Content,
            depth: 0,
            bomb: None,
            allowance: walk.allowance(bytes.size()),
        },
    );
    walk.detect_whole(&bytes, &mut level);
    let sha256 = if options.digests {
        digest(bytes.as_ref(), &mut level.coverage)
    } else {
        None
    };
    if let (Some(actual), Some(expected)) = (sha256, artifact.expected_sha256())
        && actual != expected
    {
        level.coverage.lose(text!(
            "not the bytes that the listing promises: SHA-256 is {actual}, listed as {expected}",
            "与列表承诺的内容不符：SHA-256 为 {actual}，列表中为 {expected}"
        ));
    }
    if let Some(reason) = artifact.changed() {
        level.coverage.lose(reason);
    }
    let kept = usize::try_from(options.limits.findings_per_artifact).unwrap_or(usize::MAX);
    if level.findings.len() > kept {
        // The worst are kept, so that a flood of small ones cannot hide them.
        level
            .findings
            .sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        let dropped = level.findings.len() - kept;
        level.findings.truncate(kept);
        level.coverage.lose(text!(
            "{dropped} more findings are not listed: limit `findings_per_artifact` reached",
            "另有 {dropped} 个发现未列出：达到上限 `findings_per_artifact`"
        ));
    }
    let failed = level
        .findings
        .iter()
        .any(|finding| finding.severity >= options.fail_on);
    let verdict = match (failed, level.coverage.state()) {
        (true, _) => Verdict::Fail,
        (false, CoverageState::Complete) => Verdict::Pass,
        (false, _) => Verdict::Incomplete,
    };
    for finding in &mut level.findings {
        finding.fingerprint = fingerprint(finding);
    }
    let report = ArtifactReport {
        path,
        size_bytes: bytes.size(),
        sha256,
        formats: level.formats,
        verdict,
        coverage: level.coverage,
        members: level.members,
    };
    Examined {
        report,
        facts: level.facts,
        findings: level.findings,
        not_understood: level.not_understood,
        internal_error: false,
    }
}

/// Identifies a finding apart from where its bytes lie, so that it survives edits elsewhere in the file.
fn fingerprint(finding: &Finding) -> String {
    let mut hasher = Sha256::new();
    let member = finding.location.member.as_deref().unwrap_or_default();
    for part in [
        &finding.detector,
        &finding.location.artifact,
        member,
        finding.message.en(),
        &finding.evidence,
    ] {
        hasher.update(part);
        hasher.update([0]);
    }
    hex(hasher.finalize().get(..16).unwrap_or_default())
}

fn digest(bytes: &dyn ReadAt, coverage: &mut Coverage) -> Option<Sha256Digest> {
    let mut hasher = Sha256::new();
    let mut piece = vec![0; 256 * 1024];
    let mut offset = 0;
    loop {
        match read_full(bytes, offset, &mut piece) {
            Ok(0) => break,
            Ok(count) => {
                hasher.update(piece.get(..count).unwrap_or_default());
                offset += size_u64(count);
            }
            Err(error) => {
                let source = &error.source;
                coverage.lose(text!(
                    "no digest: {error}: {source}",
                    "无法计算摘要：{error}：{source}"
                ));
                return None;
            }
        }
    }
    (offset == bytes.size()).then(|| Sha256Digest(hasher.finalize().into()))
}
