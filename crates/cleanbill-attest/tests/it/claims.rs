//! Claims: one vector for each reason against them, every byte, claims of others.

use std::{cell::Cell, collections::BTreeSet};

use cleanbill_attest::{
    Curve, PublicKey, Quiet, Refusal, Statement, Trust, UnixTime,
    claims::{
        ClaimKind, ClaimSigner, ClaimsOptions, ClaimsReport, Policy, Predicate, VulnerabilityScan, append,
        list, sign_claim, verify_claims,
    },
};
use cleanbill_core::{
    ArtifactReport, Confidence, Coverage, Finding, Location, Report, Severity, Sha256Digest, Text, ToolInfo,
    Verdict,
};
use serde_json::{Value, json};

use crate::{
    claims_of_others::foreign,
    support::{Authority, Model, bundle_over, key, next, payload_of, read_options, verify_options},
};

const TIME: UnixTime = UnixTime(1_800_000_000);
pub(crate) const PROVENANCE: &str = "https://slsa.dev/provenance/v1";

pub(crate) fn options() -> ClaimsOptions {
    ClaimsOptions {
        files: verify_options(),
        require: BTreeSet::new(),
        builder: None,
        source: None,
    }
}

fn public() -> PublicKey {
    key(Curve::P256, 1).public_key()
}

pub(crate) fn verified(model: &Model, claims: &[u8], options: &ClaimsOptions) -> ClaimsReport {
    verify_claims(Ok(claims), model.path(), Trust::Key(&public()), options, &Quiet)
}

pub(crate) fn ids(report: &ClaimsReport) -> Vec<&'static str> {
    report.all_refusals().map(Refusal::id).collect()
}

/// What a scan of the model gave, made up.
fn report(statement: &Statement, findings: &[(&str, Severity)], coverage: &Coverage) -> Report {
    let artifacts: Vec<ArtifactReport> = statement
        .resources
        .iter()
        .map(|resource| ArtifactReport {
            path: resource.name.clone(),
            size_bytes: 1,
            sha256: Some(Sha256Digest(
                resource.digest.clone().try_into().expect("32 bytes"),
            )),
            formats: Vec::new(),
            verdict: Verdict::Pass,
            coverage: coverage.clone(),
            members: 0,
        })
        .collect();
    let findings: Vec<Finding> = findings
        .iter()
        .map(|(detector, severity)| Finding {
            detector: (*detector).to_owned(),
            severity: *severity,
            confidence: Confidence::High,
            location: Location {
                artifact: "config.json".to_owned(),
                member: None,
                byte_range: None,
            },
            message: Text::same("seen"),
            evidence: String::new(),
            hint: Text::same("look"),
            tags: Vec::new(),
            controls: Vec::new(),
            fingerprint: String::new(),
        })
        .collect();
    let tool = ToolInfo {
        name: "cleanbill".to_owned(),
        version: "0.1.0".to_owned(),
        detectors_digest: "0".repeat(64),
    };
    let mut report = Report::assemble(tool, "model".to_owned(), artifacts, findings);
    // The engine decides for each artifact; here the whole is decided from what was made up.
    report.verdict = if report
        .findings
        .iter()
        .any(|finding| finding.severity >= Severity::High)
    {
        Verdict::Fail
    } else if coverage.reasons().is_empty() {
        Verdict::Pass
    } else {
        Verdict::Incomplete
    };
    report
}

fn policy() -> Policy<'static> {
    Policy {
        detectors: &["one", "two"],
        fail_on: Severity::High,
        verifier: "urn:test",
    }
}

fn signer() -> ClaimSigner {
    ClaimSigner {
        key: Box::new(key(Curve::P256, 1)),
        certificates: Vec::new(),
    }
}

fn scanned(model: &Model, findings: &[(&str, Severity)], coverage: &Coverage) -> Vec<u8> {
    let statement = model.statement(&read_options());
    let predicate = Predicate::scan(&report(&statement, findings, coverage), &statement, &policy());
    sign_claim(&statement, &predicate.expect("a predicate"), TIME, &signer()).expect("a bundle")
}

/// A file with three claims about a model.
pub(crate) fn three(model: &Model) -> Vec<u8> {
    let statement = model.statement(&read_options());
    let report = report(&statement, &[], &Coverage::complete());
    let predicates = [
        Predicate::scan(&report, &statement, &policy()).expect("a predicate"),
        Predicate::verdict(&report, &statement, &policy(), TIME).expect("a predicate"),
        Predicate::summary(&report, &statement, &policy(), TIME, "pkg:generic/model").expect("a predicate"),
    ];
    let mut file = Vec::new();
    for predicate in &predicates {
        let bundle = sign_claim(&statement, predicate, TIME, &signer()).expect("a bundle");
        file = append(&file, &[&bundle]).expect("a file");
    }
    file
}

pub(crate) fn line(bundle: &[u8]) -> Vec<u8> {
    append(b"", &[bundle]).expect("a line")
}

#[test]
fn what_is_claimed_holds_until_the_model_changes() {
    let model = Model::new();
    let file = three(&model);
    let mut options = options();
    options.require = BTreeSet::from([ClaimKind::Scan, ClaimKind::Verdict]);
    let found = verified(&model, &file, &options);
    assert!(found.holds(), "{:?}", ids(&found));
    assert_eq!(found.claims.len(), 3);
    for (change, reason) in [
        (("config.json", Some(&b"[]"[..])), "file-changed"),
        (("more", Some(b"")), "file-extra"),
        (("config.json", None), "file-missing"),
    ] {
        let model = Model::new();
        match change {
            (name, Some(bytes)) => model.write(name, bytes),
            (name, None) => model.remove(name),
        }
        let found = verified(&model, &file, &self::options());
        assert_eq!(ids(&found), [reason; 3]);
        assert_eq!(found.verdict().as_str(), "fail");
    }
    let listed = list(&file).expect("a file");
    assert!(listed.iter().all(|one| one.read.is_ok()));
    // A trusted root instead of a key.
    let Some(authority) = Authority::new("EC") else {
        return;
    };
    let read =
        |name: &str| cleanbill_attest::Certificate::from_pem(&authority.read(name)).expect("a certificate");
    let signer = ClaimSigner {
        key: Box::new(
            cleanbill_attest::PrivateKey::from_pem(&authority.read("leaf.key"), || Ok(None)).expect("a key"),
        ),
        certificates: [read("leaf.pem"), read("intermediate.pem")].concat(),
    };
    let statement = model.statement(&read_options());
    let predicate = Predicate::vex(br#"{"@context":"https://openvex.dev/ns/v0.2.0","statements":[]}"#);
    let bundle = sign_claim(&statement, &predicate.expect("a document"), TIME, &signer).expect("a bundle");
    let root = read("root.pem");
    let trust = Trust::certificates(&root, signer.certificates[0].validity().0);
    let found = verify_claims(Ok(&line(&bundle)), model.path(), trust, &self::options(), &Quiet);
    assert!(found.holds(), "{:?}", ids(&found));
    assert_eq!(
        ids(&verified(&model, &line(&bundle), &self::options())),
        ["method-mismatch"]
    );
}

#[test]
fn incomplete_is_never_passed() {
    let model = Model::new();
    let partial = Coverage::skipped(Text::same("too large"));
    for (findings, coverage, result) in [
        (&[][..], Coverage::complete(), "PASSED"),
        (&[("one", Severity::Info)], Coverage::complete(), "PASSED"),
        (&[("one", Severity::Low)], Coverage::complete(), "WARNED"),
        (&[("one", Severity::High)], Coverage::complete(), "FAILED"),
        (&[], partial.clone(), "FAILED"),
        (&[("one", Severity::Low)], partial.clone(), "FAILED"),
    ] {
        let bundle = scanned(&model, findings, &coverage);
        let statement: Value = serde_json::from_slice(&payload_of(&bundle)).expect("JSON");
        assert_eq!(statement["predicate"]["result"], result, "{findings:?}");
        let mut options = options();
        options.require = BTreeSet::from([ClaimKind::Scan]);
        let found = verified(&model, &line(&bundle), &options);
        assert_eq!(found.holds(), result == "PASSED");
        if result != "PASSED" {
            assert_eq!(ids(&found), ["claim-not-passed"]);
        }
        assert!(verified(&model, &line(&bundle), &self::options()).holds());
        let statement = model.statement(&read_options());
        let report = report(&statement, findings, &coverage);
        let verdict = Predicate::verdict(&report, &statement, &policy(), TIME).expect("a predicate");
        let says = String::from_utf8_lossy(verdict.as_json()).contains("CLEANBILL_PASSED");
        assert_eq!(says, result != "FAILED");
    }
}

#[test]
fn a_file_of_claims_with_a_byte_changed_is_refused() {
    let model = Model::new();
    model.remove("weights/one.bin");
    model.remove("weights/empty.bin");
    let file = three(&model);
    let state = Cell::new(7);
    for index in 0..file.len() {
        let near_end = index == 0 || file[index] == b'\n' || file.get(index + 1) == Some(&b'\n');
        // What parts claims becomes everything else once; other bytes become one other.
        let changes: Vec<u8> = if near_end {
            (1..=255).collect()
        } else if index % 2 == 0 {
            vec![1 << (next(&state) % 8)]
        } else {
            vec![file[index] ^ b'\n']
        };
        for change in changes {
            let mut other = file.clone();
            other[index] ^= change;
            let found = verified(&model, &other, &options());
            assert!(
                !found.holds() && found.verdict().as_str() == "fail",
                "byte {index} ^ {change:#x}"
            );
        }
    }
}

/// Vectors: the reason and the file.
fn files(model: &Model) -> Vec<(&'static str, Vec<u8>)> {
    let good = scanned(model, &[], &Coverage::complete());
    let statement: Value = serde_json::from_slice(&payload_of(&good)).expect("JSON");
    let change = |pointer: &str, to: Value| {
        let mut other = statement.clone();
        *other.pointer_mut(pointer).expect(pointer) = to;
        bundle_over(other.to_string().as_bytes())
    };
    let run = |predicate: Value| bundle_over(foreign(model, PROVENANCE, &predicate).to_string().as_bytes());
    let typed = |predicate_type: &str, predicate: Value| {
        bundle_over(foreign(model, predicate_type, &predicate).to_string().as_bytes())
    };
    let other_digest = "1".repeat(64);
    vec![
        ("claims-empty", Vec::new()),
        ("claims-too-many", b"{}\n".repeat(10_001)),
        ("claim-line", [&good[..], b" \n"].concat()),
        ("claim-line", [b"\t", &good[..]].concat()),
        ("json-syntax", b"{}}\n".to_vec()),
        (
            "statement-type",
            change("/_type", "https://in-toto.io/Statement/v0.1".into()),
        ),
        (
            "claim-type",
            change("/predicateType", "https://example.com/x".into()),
        ),
        ("claim-no-subject", change("/subject", json!([]))),
        ("resource-digest", change("/subject/1/digest/sha256", "0".into())),
        (
            "resource-digest",
            change("/subject/1/digest", json!({"sha1": "00"})),
        ),
        (
            "root-digest",
            change("/subject/1/digest/sha256", other_digest.as_str().into()),
        ),
        (
            "root-digest",
            change("/subject/0/digest/sha256", other_digest.as_str().into()),
        ),
        (
            "resource-name",
            change("/subject/1/name", "../config.json".into()),
        ),
        (
            "serialization-method",
            change(
                "/subject/0/annotations/cleanbill.serialization",
                json!({
                    "method": "shards", "shard_size": 3, "hash_type": "sha256", "allow_symlinks": false,
                }),
            ),
        ),
        (
            "hash-type",
            change(
                "/subject/0/annotations/cleanbill.serialization/hash_type",
                "blake3".into(),
            ),
        ),
        (
            "json-unknown-field",
            change(
                "/subject/0/annotations/cleanbill.serialization",
                json!({
                    "method": "files", "hash_type": "sha256", "allow_symlinks": false, "more": 1,
                }),
            ),
        ),
        ("json-field", change("/predicate/result", "passed".into())),
        ("json-field", change("/predicate/configuration", Value::Null)),
        ("json-field", change("/predicate/failedTests", json!("one"))),
        ("json-field", change("/predicate", Value::Null)),
        ("json-field", change("/subject/1", json!({"name": "x"}))),
        (
            "claim-contradiction",
            change("/predicate/failedTests", json!(["one"])),
        ),
        (
            "json-field",
            run(json!({"buildDefinition": {"buildType": "x"}, "runDetails": {"builder": {}}})),
        ),
        (
            "json-field",
            run(json!({"buildDefinition": {}, "runDetails": {"builder": {"id": "x"}}})),
        ),
        (
            "claim-document",
            typed("https://cyclonedx.org/bom", json!({"bomFormat": "x"})),
        ),
        (
            "claim-document",
            typed("https://spdx.dev/Document/v3", json!({"spdxVersion": "SPDX-2.3"})),
        ),
        (
            "claim-document",
            typed("https://openvex.dev/ns/v0.2.0", json!({})),
        ),
        (
            "json-field",
            typed(
                "https://in-toto.io/attestation/vulns/v0.2",
                json!({"scanner": {}}),
            ),
        ),
        (
            "json-field",
            typed(
                "https://in-toto.io/attestation/svr/v0.2",
                json!({"properties": []}),
            ),
        ),
        (
            "json-field",
            typed(
                "https://in-toto.io/attestation/scai/v0.3",
                json!({"attributes": [{}]}),
            ),
        ),
        (
            "json-field",
            typed(
                "https://slsa.dev/verification_summary/v1",
                json!({"verifier": {"id": "x"}, "verificationResult": "MAYBE"}),
            ),
        ),
    ]
}

#[test]
fn each_reason_against_claims_has_its_vector() {
    // The first is 256 MiB; the second needs a command, see the tests of the program.
    let mut seen = BTreeSet::from(["claims-too-large", "claim-input-changed"]);
    let model = Model::new();
    for (index, (reason, file)) in files(&model).into_iter().enumerate() {
        let found = verified(&model, &file, &options());
        assert_eq!(ids(&found), [reason], "{index}");
        assert!(!found.holds() && !found.is_incomplete(), "{index}");
        seen.insert(reason);
    }
    for (id, options) in [
        (
            "claim-missing",
            ClaimsOptions {
                require: BTreeSet::from([ClaimKind::Bom]),
                ..options()
            },
        ),
        (
            "claim-missing",
            ClaimsOptions {
                builder: Some("x".to_owned()),
                ..options()
            },
        ),
    ] {
        assert_eq!(ids(&verified(&model, &three(&model), &options)), [id]);
        seen.insert(id);
    }
    let statement = model.statement(&read_options());
    let whole = report(&statement, &[], &Coverage::complete());
    let mut fewer = whole.clone();
    fewer.artifacts.pop();
    let mut other = whole.clone();
    other.artifacts[0].sha256 = Some(Sha256Digest([0; 32]));
    for (report, reason) in [(fewer, "claim-not-examined"), (other, "file-in-flux")] {
        let refusals = Predicate::scan(&report, &statement, &policy()).expect_err("another model");
        assert_eq!(refusals.iter().map(Refusal::id).collect::<Vec<_>>(), [reason]);
        let mut scan = VulnerabilityScan {
            version: "1",
            data_of: "2026-11-28",
            found: &[],
            gaps: &[],
            times: (UnixTime(0), UnixTime(1)),
        };
        let refusals = Predicate::vulnerabilities(&scan, &report, &statement).expect_err("another model");
        assert_eq!(refusals.iter().map(Refusal::id).collect::<Vec<_>>(), [reason]);
        // What was not read may be a gap; other bytes may not.
        let gaps = ["a part of the model could not be read".to_owned()];
        scan.gaps = &gaps;
        let found = Predicate::vulnerabilities(&scan, &report, &statement);
        assert_eq!(found.is_ok(), reason == "claim-not-examined");
        seen.insert(reason);
    }
    // Proven above.
    seen.extend([
        "claim-not-passed",
        "claim-subject-missing",
        "claim-builder",
        "claim-source",
    ]);
    let source = include_str!("../../src/claims/refusal.rs");
    let (_, ids) = source.split_once("pub const fn id").expect("the ids");
    let (ids, _) = ids.split_once("/// Returns the step").expect("their end");
    let guide = include_str!("../../../../docs/guide/attestations.md");
    for id in ids.split('"').skip(1).step_by(2) {
        assert!(seen.contains(id), "no vector: {id}");
        assert!(
            guide.contains(&format!("`{id}`")),
            "docs/guide/attestations.md does not name {id}"
        );
    }
}

#[test]
fn nothing_is_added_behind_damage() {
    let model = Model::new();
    let bundle = scanned(&model, &[], &Coverage::complete());
    let good = line(&bundle);
    for (existing, reason) in [
        (&b"{}\n"[..], "json-field"),
        (b"\n", "claim-line"),
        (&[&good[..], b"x\n"].concat(), "claim-line"),
        (&good[..good.len() / 2], "claim-line"),
    ] {
        assert_eq!(append(existing, &[&bundle]).expect_err("damage").id(), reason);
    }
    assert_eq!(
        append(&good, &[b"{\n}"]).expect_err("two lines").id(),
        "claim-line"
    );
    // A last line without its end is whole, and gets one.
    let two = append(&good[..good.len() - 1], &[&bundle]).expect("a file");
    assert_eq!(two, [&good[..], &good[..]].concat());
    // One bundle as other tools lay it out.
    let value: Value = serde_json::from_slice(&bundle).expect("JSON");
    let spread = serde_json::to_vec_pretty(&value).expect("JSON");
    assert!(verified(&model, &spread, &options()).holds());
    assert_eq!(
        append(&spread, &[&bundle]).expect_err("several lines").id(),
        "claim-line"
    );
}

#[test]
fn the_signature_of_the_model_may_stand_among_its_claims() {
    let model = Model::new();
    let (bundle, _) = model.signed();
    let file = append(&three(&model), &[&bundle]).expect("a file");
    let mut options = options();
    options.require = BTreeSet::from([ClaimKind::Signature]);
    assert!(verified(&model, &file, &options).holds());
    model.write("config.json", b"[]");
    assert_eq!(
        ids(&verified(&model, &file, &self::options())),
        ["file-changed"; 4]
    );
}
