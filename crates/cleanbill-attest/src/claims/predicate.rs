//! Makes predicates: what a claim says, in the words of in-toto, SLSA and others.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cleanbill_core::{
    ArtifactReport, CoverageState, Report, Severity, Verdict,
    bill::{AnalysisState, Certainty, Vulnerability},
    hex,
};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    CYCLONEDX, ClaimKind, ClaimOutcome, ClaimRefusal, OPENVEX, OWN_METHOD, PASSED, PROVENANCE, SPDX, SPDX_2,
    SPDX_3, TEST_RESULT, VERIFICATION_RESULT, VERIFICATION_SUMMARY, VULNERABILITIES,
};
use crate::{
    json,
    refusal::{Document, Refusal},
    sign::KnownFile,
    statement::{Resource, Statement},
    time::UnixTime,
};

/// Holds what a claim says, with its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Predicate {
    predicate_type: &'static str,
    json: Vec<u8>,
}

/// Holds what a scan looked for and what fails it.
#[derive(Clone, Debug)]
pub struct Policy<'a> {
    /// Ids of the detectors that ran.
    pub detectors: &'a [&'a str],
    /// The least severity that fails.
    pub fail_on: Severity,
    /// Who judges, as a URI.
    pub verifier: &'a str,
}

/// Holds what was found out about known weaknesses.
#[derive(Clone, Copy, Debug)]
pub struct VulnerabilityScan<'a> {
    /// Version of this program.
    pub version: &'a str,
    /// The day of the data, as `2026-11-28`.
    pub data_of: &'a str,
    /// What is known.
    pub found: &'a [Vulnerability],
    /// What could not be looked up, in words.
    pub gaps: &'a [String],
    /// When it began and ended.
    pub times: (UnixTime, UnixTime),
}

/// Holds something that a run started from, or made besides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// What it was called.
    pub name: String,
    /// Its files.
    pub model: Statement,
}

/// Holds what is known of a run.
#[derive(Clone, Debug)]
pub struct Run<'a> {
    /// The program and its arguments, those withheld replaced.
    pub command: &'a [String],
    /// Positions of arguments that were replaced.
    pub withheld_arguments: &'a [usize],
    /// Variables that were set and say nothing secret.
    pub environment: &'a BTreeMap<String, String>,
    /// Names of all others.
    pub withheld_environment: &'a BTreeSet<String>,
    /// What it started from.
    pub inputs: &'a [Dependency],
    /// What else it made.
    pub byproducts: &'a [Dependency],
    /// Which build ran it, as a URI.
    pub builder: &'a str,
    /// What kind of run it is, as a URI.
    pub build_type: &'a str,
    /// Version of this program.
    pub version: &'a str,
    /// When it began and ended.
    pub times: (UnixTime, UnixTime),
}

/// What a report says in terms of a policy.
struct Judged<'a> {
    outcome: ClaimOutcome,
    is_complete: bool,
    passed: Vec<&'a str>,
    warned: BTreeSet<&'a str>,
    failed: BTreeSet<&'a str>,
}

impl Predicate {
    /// Returns the URI of what it is.
    pub const fn predicate_type(&self) -> &'static str {
        self.predicate_type
    }

    /// Returns what it is about.
    pub fn kind(&self) -> Option<ClaimKind> {
        ClaimKind::of_type(self.predicate_type)
    }

    /// Returns it as JSON.
    pub fn as_json(&self) -> &[u8] {
        &self.json
    }

    pub(super) fn new(predicate_type: &'static str, value: &Value) -> Self {
        Self {
            predicate_type,
            json: value.to_string().into_bytes(),
        }
    }

    /// Says how a scan of the model ended. Every file of the model must be one that was scanned, with the same digest.
    pub fn scan(report: &Report, model: &Statement, policy: &Policy<'_>) -> Result<Self, Vec<Refusal>> {
        covers(report, model)?;
        let judged = judge(report, policy);
        let fail_on = policy.fail_on.as_str();
        Ok(Self::new(
            TEST_RESULT,
            &json!({
                "result": judged.outcome.as_str(),
                "configuration": [
                    {"name": "detectors", "digest": {"sha256": report.tool.detectors_digest}},
                    {
                        "name": "fail-on",
                        "digest": {"sha256": digest_of(fail_on.as_bytes())},
                        "content": STANDARD.encode(fail_on),
                        "mediaType": "text/plain",
                    },
                ],
                "passedTests": judged.passed,
                "warnedTests": judged.warned,
                "failedTests": judged.failed,
            }),
        ))
    }

    /// Says in one word what the policy makes of a scan, as a simple verification result.
    pub fn verdict(
        report: &Report,
        model: &Statement,
        policy: &Policy<'_>,
        time: UnixTime,
    ) -> Result<Self, Vec<Refusal>> {
        covers(report, model)?;
        let judged = judge(report, policy);
        let mut properties = Vec::new();
        if judged.is_complete {
            properties.push("CLEANBILL_FULLY_EXAMINED".to_owned());
        }
        if judged.failed.iter().all(|id| *id == COVERAGE) {
            let severity = policy.fail_on.as_str().to_ascii_uppercase();
            properties.push(format!("CLEANBILL_NO_FINDING_OF_{severity}_OR_WORSE"));
        }
        if report.verdict == Verdict::Pass && judged.outcome != ClaimOutcome::Failed {
            properties.push(PASSED.to_owned());
        }
        let (text, digest) = policy_text(report, policy);
        Ok(Self::new(
            VERIFICATION_RESULT,
            &json!({
                "verifier": {
                    "id": policy.verifier,
                    "policies": [{
                        "name": "policy",
                        "digest": {"sha256": digest},
                        "content": STANDARD.encode(text),
                        "mediaType": "text/plain",
                    }],
                },
                "timeCreated": time.to_string(),
                "properties": properties,
            }),
        ))
    }

    /// Says the same as [`Self::verdict`] as a verification summary of SLSA.
    pub fn summary(
        report: &Report,
        model: &Statement,
        policy: &Policy<'_>,
        time: UnixTime,
        resource: &str,
    ) -> Result<Self, Vec<Refusal>> {
        covers(report, model)?;
        let judged = judge(report, policy);
        let passes = report.verdict == Verdict::Pass && judged.outcome != ClaimOutcome::Failed;
        let (_, digest) = policy_text(report, policy);
        Ok(Self::new(
            VERIFICATION_SUMMARY,
            &json!({
                "verifier": {"id": policy.verifier, "version": {"cleanbill": report.tool.version}},
                "timeVerified": time.to_string(),
                "resourceUri": resource,
                "policy": {"uri": "urn:cleanbill:policy:scan:1", "digest": {"sha256": digest}},
                "inputAttestations": [],
                "verificationResult": if passes { "PASSED" } else { "FAILED" },
                "verifiedLevels": if passes { [PASSED] } else { ["FAILED"] },
            }),
        ))
    }

    /// Takes a bill of materials as it is; which standard it follows says its content.
    pub fn bom(document: &[u8]) -> Result<Self, Refusal> {
        let value = json::read(Document::Predicate, document)?;
        let mut standards = [CYCLONEDX, SPDX_3].into_iter();
        let predicate_type = standards.find(|one| check_document(one, &value).is_ok());
        let predicate_type = predicate_type.ok_or(Refusal::Claim(ClaimRefusal::Document {
            expected: "CycloneDX or SPDX 3 in JSON",
        }))?;
        Ok(Self::document(predicate_type, document))
    }

    /// Takes statements of OpenVEX as they are.
    pub fn vex(document: &[u8]) -> Result<Self, Refusal> {
        let value = json::read(Document::Predicate, document)?;
        check_document(OPENVEX, &value)?;
        Ok(Self::document(OPENVEX, document))
    }

    fn document(predicate_type: &'static str, document: &[u8]) -> Self {
        Self {
            predicate_type,
            json: document.trim_ascii().to_vec(),
        }
    }

    /// Says which known weaknesses concern the model; `report` is of the reading that they were found by.
    ///
    /// Refuses a model of which the reading saw other bytes, or one that it did not see whole where no gap says so.
    pub fn vulnerabilities(
        scan: &VulnerabilityScan<'_>,
        report: &Report,
        model: &Statement,
    ) -> Result<Self, Vec<Refusal>> {
        if let Err(mut refusals) = covers(report, model) {
            refusals.retain(|one| scan.gaps.is_empty() || matches!(one, Refusal::FileInFlux { .. }));
            if !refusals.is_empty() {
                return Err(refusals);
            }
        }
        let version = scan.version;
        let last_update = format!("{}T00:00:00Z", scan.data_of);
        let mut predicate = json!({
            "scanner": {
                "uri": format!("pkg:generic/cleanbill@{version}"),
                "version": version,
                "db": {"uri": "urn:cleanbill:advisories", "lastUpdate": last_update},
                "result": scan.found.iter().map(weakness).collect::<Vec<_>>(),
            },
            "metadata": {
                "scanStartedOn": scan.times.0.to_string(),
                "scanFinishedOn": scan.times.1.to_string(),
            },
        });
        // A field of ours, which others pass over; where there is nothing to say, it is not there.
        if let Some(predicate) = predicate.as_object_mut().filter(|_| !scan.gaps.is_empty()) {
            predicate.insert(super::GAPS.to_owned(), json!(scan.gaps));
        }
        Ok(Self::new(VULNERABILITIES, &predicate))
    }

    /// Says which run made the model.
    pub fn run(run: &Run<'_>) -> Self {
        let mut external = Map::new();
        external.insert("command".to_owned(), json!(run.command));
        if !run.withheld_arguments.is_empty() {
            external.insert("withheldArguments".to_owned(), json!(run.withheld_arguments));
        }
        let mut byproducts = vec![json!({
            "name": "exit-code",
            "content": STANDARD.encode("0"),
            "mediaType": "text/plain",
        })];
        byproducts.extend(run.byproducts.iter().map(dependency));
        Self::new(
            PROVENANCE,
            &json!({
                "buildDefinition": {
                    "buildType": run.build_type,
                    "externalParameters": external,
                    "internalParameters": {
                        "environment": run.environment,
                        "withheldEnvironment": run.withheld_environment,
                    },
                    "resolvedDependencies": run.inputs.iter().map(dependency).collect::<Vec<_>>(),
                },
                "runDetails": {
                    "builder": {"id": run.builder, "version": {"cleanbill": run.version}},
                    "metadata": {"startedOn": run.times.0.to_string(), "finishedOn": run.times.1.to_string()},
                    "byproducts": byproducts,
                },
            }),
        )
    }
}

/// Refuses a document that is not of its type.
pub(super) fn check_document(predicate_type: &str, value: &json::Value) -> Result<(), Refusal> {
    let text = |key: &str| {
        value
            .member(key)
            .and_then(json::Value::as_text)
            .unwrap_or_default()
    };
    let (fits, expected) = match predicate_type {
        CYCLONEDX => (text("bomFormat") == "CycloneDX", "CycloneDX in JSON"),
        SPDX_3 => (
            text("@context").starts_with("https://spdx.org/rdf/3.") && value.member("@graph").is_some(),
            "SPDX 3 in JSON",
        ),
        SPDX_2 => (text("spdxVersion") == "SPDX-2.3", "SPDX 2.3 in JSON"),
        SPDX => (
            text("spdxVersion").starts_with("SPDX-2.")
                || text("@context").starts_with("https://spdx.org/rdf/3."),
            "SPDX in JSON",
        ),
        OPENVEX => (
            text("@context").starts_with("https://openvex.dev/ns")
                && matches!(value.member("statements"), Some(json::Value::List(_))),
            "OpenVEX in JSON",
        ),
        _ => (true, ""),
    };
    if fits {
        Ok(())
    } else {
        Err(Refusal::Claim(ClaimRefusal::Document { expected }))
    }
}

/// The name among the tests of that everything was examined in full.
const COVERAGE: &str = "coverage";

fn judge<'a>(report: &'a Report, policy: &Policy<'a>) -> Judged<'a> {
    let is_complete = !report.artifacts.is_empty()
        && report
            .artifacts
            .iter()
            .all(|artifact| artifact.coverage.state() == CoverageState::Complete);
    let mut failed: BTreeSet<&str> = report
        .findings
        .iter()
        .filter(|finding| finding.severity >= policy.fail_on)
        .map(|finding| finding.detector.as_str())
        .collect();
    let mut warned: BTreeSet<&str> = report
        .findings
        .iter()
        .filter(|finding| finding.severity > Severity::Info && !failed.contains(finding.detector.as_str()))
        .map(|finding| finding.detector.as_str())
        .collect();
    // What was not looked at has not passed; what a scan passes all the same a person should know.
    if !is_complete && report.verdict == Verdict::Pass {
        warned.insert(COVERAGE);
    } else if !is_complete {
        failed.insert(COVERAGE);
    }
    let outcome = match (
        failed.is_empty() && report.verdict == Verdict::Pass,
        warned.is_empty(),
    ) {
        (false, _) => ClaimOutcome::Failed,
        (true, false) => ClaimOutcome::Warned,
        (true, true) => ClaimOutcome::Passed,
    };
    // Nor has a detector passed on what it did not see.
    let detectors = if is_complete { policy.detectors } else { &[] };
    let has_passed = |id: &&str| !failed.contains(id) && !warned.contains(id);
    let mut passed: Vec<&str> = detectors.iter().copied().filter(has_passed).collect();
    passed.sort_unstable();
    Judged {
        outcome,
        is_complete,
        passed,
        warned,
        failed,
    }
}

/// Gives what is known of each file that a scan read, by its name in a statement about the same model.
pub fn examined(report: &Report) -> impl Fn(&str) -> Option<KnownFile> {
    let known = |artifact: &ArtifactReport| {
        Some(KnownFile {
            sha256: artifact.sha256?.0,
            size_bytes: artifact.size_bytes,
        })
    };
    let single = match report.artifacts.as_slice() {
        [one] => known(one),
        _ => None,
    };
    let artifacts = report.artifacts.iter();
    let files: BTreeMap<&str, _> = artifacts
        .filter_map(|artifact| Some((artifact.path.as_str(), known(artifact)?)))
        .collect();
    move |name| match name {
        "." => single,
        name => files.get(name).copied(),
    }
}

/// Says whether the bytes that were scanned are those that the claim is about.
fn covers(report: &Report, model: &Statement) -> Result<(), Vec<Refusal>> {
    let examined = examined(report);
    let mut refusals = Vec::new();
    for Resource { name, digest } in &model.resources {
        match examined(name) {
            Some(found) if found.sha256.as_slice() == digest => {}
            Some(_) => refusals.push(Refusal::FileInFlux { name: name.clone() }),
            None => refusals.push(Refusal::Claim(ClaimRefusal::NotExamined { name: name.clone() })),
        }
    }
    if refusals.is_empty() {
        Ok(())
    } else {
        Err(refusals)
    }
}

/// Writes down what a policy is, with its digest.
fn policy_text(report: &Report, policy: &Policy<'_>) -> (String, String) {
    let (detectors, fail_on) = (&report.tool.detectors_digest, policy.fail_on.as_str());
    let text = format!("detectors {detectors}\nfail-on {fail_on}\nan incomplete verdict fails\n");
    let digest = digest_of(text.as_bytes());
    (text, digest)
}

pub(super) fn digest_of(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn weakness(one: &Vulnerability) -> Value {
    let score = one.severity.map_or("unknown", Severity::as_str);
    let mut severity = vec![json!({"method": OWN_METHOD, "score": score})];
    for vector in &one.vectors {
        let method = vector.split('/').next().unwrap_or_default();
        severity.push(json!({"method": method, "score": vector}));
    }
    let state = one.analysis.as_ref().and_then(|analysis| match analysis.state {
        AnalysisState::NotAffected => Some("not_affected"),
        AnalysisState::Fixed => Some("fixed"),
        AnalysisState::FalsePositive => Some("false_positive"),
        AnalysisState::Affected | AnalysisState::UnderInvestigation => None,
    });
    let mut notes = json!({"affects": one.affects, "aliases": one.aliases});
    if let Some(notes) = notes.as_object_mut() {
        if let Some(state) = state {
            notes.insert(super::ANSWERED.to_owned(), state.into());
        }
        if one.certainty == Some(Certainty::Possible) {
            notes.insert("possible".to_owned(), true.into());
        }
    }
    json!({"id": one.id, "severity": severity, "annotations": [notes]})
}

pub(super) fn dependency(one: &Dependency) -> Value {
    let digest = match one.model.resources.as_slice() {
        // A file is known to others by its own digest.
        [file] if file.name == "." => {
            return json!({"name": one.name, "digest": {"sha256": hex(&file.digest)}});
        }
        _ => one.model.root_digest(),
    };
    json!({
        "name": one.name,
        "digest": {"sha256": digest},
        "annotations": {super::SERIALIZATION: one.model.rules_to_json()},
    })
}
