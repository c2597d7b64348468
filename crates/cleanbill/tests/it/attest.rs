//! `attest`: claims of every kind, listed and verified, read by other libraries.

use std::fs;

use serde_json::{Value, json};

use crate::{
    signing_reference::python,
    support::{Ran, Workplace, finish, fits},
};

pub(crate) const KEY: &str = "--private-key key.pem";
const VERIFY: &str = "attest verify model --claims model.claims.jsonl --public-key key.pub";
const RECORD: &str = r#"{"id": "PYSEC-0000-1", "modified": "2026-01-01T00:00:00Z", "aliases": ["CVE-2026-0001"],
 "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
 "affected": [{"package": {"ecosystem": "PyPI", "name": "torch"},
               "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.5.0"}]}]}]}"#;
const VEX: &str = r#"{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://x.example/1", "author": "Acme",
 "timestamp": "2026-01-03T00:00:00Z", "version": 1, "statements": [{"vulnerability": {"name": "CVE-2026-0001"},
 "products": [{"@id": "pkg:pypi/torch@2.4.0"}], "status": "not_affected",
 "justification": "vulnerable_code_not_present"}]}"#;

pub(crate) fn workplace() -> Workplace {
    let workplace = Workplace::empty();
    fs::create_dir(workplace.path("model")).expect("a folder");
    workplace.write("model/config.json", br#"{"model_type": "llama"}"#);
    workplace.write("model/notes.txt", b"hello\n");
    check(&workplace, "keygen --private-key key.pem --public-key key.pub", 0);
    workplace
}

#[track_caller]
pub(crate) fn check(workplace: &Workplace, arguments: &str, code: i32) -> Ran {
    let ran = workplace.run(arguments);
    assert_eq!(ran.code, code, "{arguments}\n{}", ran.shown());
    ran
}

/// Returns the statements of a file of claims, by the reference's way of reading base64.
pub(crate) fn statements(workplace: &Workplace, file: &str) -> Vec<Value> {
    let lines = workplace.read(file);
    let payload = |line: &str| {
        let bundle: Value = serde_json::from_str(line).expect("a bundle");
        let text = bundle["dsseEnvelope"]["payload"]
            .as_str()
            .expect("a payload")
            .to_owned();
        serde_json::from_slice(&decoded(&text)).expect("a statement")
    };
    lines.lines().map(payload).collect()
}

fn decoded(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text.bytes().filter(|byte| *byte != b'=') {
        let digit = DIGITS.iter().position(|known| *known == byte).expect("base64");
        bits = bits << 6 | u32::try_from(digit).expect("small");
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push(u8::try_from(bits >> count & 255).expect("a byte"));
        }
    }
    out
}

/// The shapes of the specifications, as far as they decide: in-toto Statement v1 and the predicate types that we write.
fn schema(predicate_type: &str) -> Value {
    let text = json!({"type": "string", "minLength": 1});
    let time = json!({"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z$"});
    let uri = json!({"type": "string", "pattern": "^[a-z][a-z0-9+.-]*:.+"});
    let digest = json!({"type": "object", "minProperties": 1, "additionalProperties": {"type": "string", "pattern": "^[0-9a-f]{64}$"}});
    let descriptor = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "name": text, "uri": uri, "digest": digest, "content": text, "mediaType": text,
            "downloadLocation": uri, "annotations": {"type": "object"},
        },
        "anyOf": [{"required": ["uri"]}, {"required": ["digest"]}, {"required": ["content"]}],
    });
    let list = |items: &Value| json!({"type": "array", "items": items});
    let object = |required: &[&str], properties: Value| json!({"type": "object", "required": required, "additionalProperties": false, "properties": properties});
    let predicate = match predicate_type {
        "https://in-toto.io/attestation/test-result/v0.1" => object(
            &["result", "configuration"],
            json!({
                "result": {"enum": ["PASSED", "WARNED", "FAILED"]}, "configuration": list(&descriptor), "url": uri,
                "passedTests": list(&text), "warnedTests": list(&text), "failedTests": list(&text),
            }),
        ),
        "https://in-toto.io/attestation/svr/v0.2" => object(
            &["verifier", "timeCreated", "properties"],
            json!({
                "verifier": object(&["id"], json!({"id": uri, "policies": list(&descriptor)})),
                "timeCreated": time, "properties": list(&text),
            }),
        ),
        "https://slsa.dev/verification_summary/v1" => object(
            &[
                "verifier",
                "timeVerified",
                "resourceUri",
                "policy",
                "verificationResult",
                "verifiedLevels",
            ],
            json!({
                "verifier": object(&["id"], json!({"id": uri, "version": {"type": "object"}})),
                "timeVerified": time, "resourceUri": uri, "policy": descriptor, "inputAttestations": list(&descriptor),
                "verificationResult": {"enum": ["PASSED", "FAILED"]}, "verifiedLevels": list(&text),
            }),
        ),
        "https://in-toto.io/attestation/vulns/v0.2" => object(
            &["scanner", "metadata"],
            json!({
                "scanner": object(&["uri", "db", "result"], json!({
                    "uri": uri, "version": text,
                    "db": object(&["lastUpdate"], json!({"uri": uri, "version": text, "lastUpdate": time})),
                    "result": list(&object(&["id", "severity"], json!({
                        "id": text,
                        "severity": list(&object(&["method", "score"], json!({"method": text, "score": text}))),
                        "annotations": list(&json!({"type": "object"})),
                    }))),
                })),
                "metadata": object(&["scanStartedOn", "scanFinishedOn"], json!({"scanStartedOn": time, "scanFinishedOn": time})),
                "cleanbill.gaps": list(&text),
            }),
        ),
        "https://slsa.dev/provenance/v1" => object(
            &["buildDefinition", "runDetails"],
            json!({
                "buildDefinition": object(&["buildType", "externalParameters"], json!({
                    "buildType": uri, "externalParameters": {"type": "object"}, "internalParameters": {"type": "object"},
                    "resolvedDependencies": list(&descriptor),
                })),
                "runDetails": object(&["builder"], json!({
                    "builder": object(&["id"], json!({"id": uri, "version": {"type": "object"}, "builderDependencies": list(&descriptor)})),
                    "metadata": object(&[], json!({"invocationId": text, "startedOn": time, "finishedOn": time})),
                    "byproducts": list(&descriptor),
                })),
            }),
        ),
        _ => json!({"type": "object"}),
    };
    object(
        &["_type", "subject", "predicateType", "predicate"],
        json!({
            "_type": {"const": "https://in-toto.io/Statement/v1"},
            "subject": {"type": "array", "minItems": 1, "items": {"allOf": [descriptor, {"required": ["digest"]}]}},
            "predicateType": {"const": predicate_type},
            "predicate": predicate,
        }),
    )
}

#[track_caller]
pub(crate) fn all_fit(workplace: &Workplace, file: &str) {
    for statement in statements(workplace, file) {
        let predicate_type = statement["predicateType"].as_str().expect("a type");
        fits(&schema(predicate_type), &statement);
    }
}

/// Makes a claim of every kind but `run` about the model.
fn every_kind(workplace: &Workplace) {
    fs::create_dir(workplace.path("osv")).expect("a folder");
    workplace.write("osv/one.json", RECORD.as_bytes());
    workplace.write("model/requirements.txt", b"torch==2.5.0\n");
    workplace.write("vex.json", VEX.as_bytes());
    check(
        workplace,
        "advisories import osv --index osv.index --date 2026-01-02",
        0,
    );
    check(workplace, "bom model --output bom.json", 0);
    check(workplace, "bom model --format spdx --output spdx.json", 0);
    for what in [
        "scan model",
        "verdict model",
        "verdict model --predicate vsa",
        "bom model --bom bom.json",
        "bom model --bom spdx.json",
        "vex model --vex vex.json",
        "vulns model --index osv.index",
    ] {
        check(workplace, &format!("attest {what} {KEY}"), 0);
    }
}

#[test]
fn every_kind_is_claimed_listed_verified_and_read_by_others() {
    let workplace = workplace();
    every_kind(&workplace);
    let all = "--require scan --require verdict --require bom --require vex --require vulns";
    let ran = check(&workplace, &format!("{VERIFY} {all}"), 0);
    assert!(
        ran.stdout
            .starts_with("PASS `model`: claims that hold: 7 of 7\n1: holds scan PASSED `model` "),
        "{}",
        ran.shown()
    );
    let ran = check(&workplace, &format!("{VERIFY} {all} --format json"), 0);
    let result: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let own: Value = serde_json::from_str(cleanbill_attest::claims::CLAIMS_SCHEMA_TEXT).expect("JSON");
    fits(&own, &result);
    all_fit(&workplace, "model.claims.jsonl");
    let found = statements(&workplace, "model.claims.jsonl");
    for (index, document) in [(3, "bom.json"), (4, "spdx.json"), (5, "vex.json")] {
        let document: Value = serde_json::from_str(&workplace.read(document)).expect("JSON");
        assert_eq!(found[index]["predicate"], document);
    }
    assert_eq!(found[0]["subject"][0]["name"], "model");
    assert_eq!(found[0]["subject"].as_array().map(Vec::len), Some(4));
    // The digest is the one of a signature.
    let signed = check(&workplace, &format!("sign key model {KEY} --format json"), 0);
    let signed: Value = serde_json::from_str(&signed.stdout).expect("JSON");
    assert_eq!(signed["digest"], found[0]["subject"][0]["digest"]["sha256"]);
    let ran = check(&workplace, "attest list model.claims.jsonl", 0);
    assert_eq!(ran.stdout.lines().count(), 8, "{}", ran.shown());
    assert!(
        ran.stdout.contains("said to be signed by the key "),
        "{}",
        ran.shown()
    );
    let ran = check(&workplace, "attest list model.claims.jsonl --format json", 0);
    let listed: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(listed["verified"], false);
    assert_eq!(listed["claims"][6]["claim"]["kind"], "vulns");
    check(
        &workplace,
        &format!("attest run --input model --output out {KEY} -- /bin/cp -r model out"),
        0,
    );
    read_by_others(&workplace);

    let ran = check(&workplace, &format!("{VERIFY} --require run"), 1);
    assert!(
        ran.stdout
            .contains("claim-missing: no claim of the kind `run` holds"),
        "{}",
        ran.shown()
    );
    check(
        &workplace,
        "keygen --private-key other.pem --public-key other.pub",
        0,
    );
    let ran = check(&workplace, &VERIFY.replace("key.pub", "other.pub"), 1);
    assert!(ran.stdout.contains("key-mismatch"), "{}", ran.shown());
    check(&workplace, &VERIFY.replace("model.claims", "none.claims"), 1);
    check(
        &workplace,
        "attest verify none --claims model.claims.jsonl --public-key key.pub",
        3,
    );
    check(&workplace, "attest verify model --claims model.claims.jsonl", 2);
    workplace.write("model/notes.txt", b"other\n");
    let ran = check(&workplace, &format!("{VERIFY} --format json"), 1);
    let result: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    fits(&own, &result);
    assert_eq!(result["claims"][0]["refusals"][0]["reason"], "file-changed");
}

/// Other libraries verify the envelopes and take the statements and predicates apart by the types of in-toto.
fn read_by_others(workplace: &Workplace) {
    let Some(python) = python() else {
        skipped("in-toto-attestation cannot be installed");
        return;
    };
    workplace.write(
        "script.py",
        b"import json
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from google.protobuf import json_format
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.predicates.test_result.v0 import test_result_pb2
from in_toto_attestation.predicates.vsa.v1 import vsa_pb2
from in_toto_attestation.v1 import statement, statement_pb2
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey
KNOWN = {
    'https://in-toto.io/attestation/test-result/v0.1': test_result_pb2.TestResult,
    'https://slsa.dev/verification_summary/v1': vsa_pb2.VerificationSummary,
    'https://slsa.dev/provenance/v1': provenance_pb2.Provenance,
}
count = 0
for line in [*open('model.claims.jsonl'), *open('out.claims.jsonl')]:
    envelope = Envelope.from_dict(json.loads(line)['dsseEnvelope'])
    key = SSlibKey.from_crypto(load_pem_public_key(open('key.pub', 'rb').read()))
    key = SSlibKey('', key.keytype, key.scheme, key.keyval)
    assert envelope.verify([key], 1)
    pb = statement_pb2.Statement()
    json_format.Parse(envelope.payload, pb)
    statement.Statement.copy_from_pb(pb).validate()
    known = KNOWN.get(pb.predicate_type)
    if known:
        predicate = json.loads(envelope.payload)['predicate']
        if 'verifiedLevels' in predicate:
            # A list by the specification, one text by this library.
            (predicate['verifiedLevels'],) = predicate['verifiedLevels']
            # SLSA 1.1 added it to the same type.
            del predicate['verifier']['version']
        json_format.ParseDict(predicate, known())
        count += 1
assert count == 3, count
",
    );
    let ran = finish(
        std::process::Command::new(python)
            .arg("script.py")
            .current_dir(workplace.root()),
    );
    assert_eq!(ran.code, 0, "{}", ran.shown());
}

#[expect(clippy::print_stderr, reason = "a test says what it leaves out")]
fn skipped(what: &str) {
    eprintln!("SKIPPED: {what}");
}

#[test]
fn a_scan_that_does_not_pass_is_claimed_as_that() {
    for (name, bytes, code) in [
        ("fail.pkl", &b"cposix\nsystem\n(S'true'\ntR."[..], 1),
        (
            "incomplete.bin",
            &[0xfa, 0x5b, 0x98, 0xc7, 0x85, 0xe6, 0xee, 0x86],
            3,
        ),
    ] {
        let workplace = workplace();
        workplace.write(&format!("model/{name}"), bytes);
        check(&workplace, &format!("attest scan model {KEY}"), code);
        check(&workplace, &format!("attest verdict model {KEY} --exit-zero"), 0);
        check(
            &workplace,
            &format!("attest verdict model {KEY} --predicate vsa"),
            code,
        );
        let found = statements(&workplace, "model.claims.jsonl");
        assert_eq!(found[0]["predicate"]["result"], "FAILED");
        assert_eq!(found[2]["predicate"]["verificationResult"], "FAILED");
        assert!(!found[1].to_string().contains("CLEANBILL_PASSED"));
        all_fit(&workplace, "model.claims.jsonl");
        check(&workplace, VERIFY, 0);
        for kind in ["scan", "verdict"] {
            let ran = check(&workplace, &format!("{VERIFY} --require {kind}"), 1);
            assert!(ran.stdout.contains("claim-not-passed"), "{}", ran.shown());
        }
    }
}

#[test]
fn weaknesses_and_what_could_not_be_looked_up_do_not_pass() {
    let workplace = workplace();
    fs::create_dir(workplace.path("osv")).expect("a folder");
    workplace.write("osv/one.json", RECORD.as_bytes());
    check(
        &workplace,
        "advisories import osv --index osv.index --date 2026-01-02",
        0,
    );
    workplace.write("model/requirements.txt", b"torch==2.4.0\n");
    check(
        &workplace,
        &format!("attest vulns model --index osv.index {KEY}"),
        0,
    );
    let found = statements(&workplace, "model.claims.jsonl");
    assert_eq!(
        found[0]["predicate"]["scanner"]["result"][0]["id"],
        "PYSEC-0000-1"
    );
    all_fit(&workplace, "model.claims.jsonl");
    check(&workplace, &format!("{VERIFY} --require vulns"), 1);
    workplace.write("vex.json", VEX.as_bytes());
    let answered =
        format!("attest vulns model --index osv.index --vex vex.json {KEY} --claims answered.jsonl");
    check(&workplace, &answered, 0);
    let verify = VERIFY.replace("model.claims.jsonl", "answered.jsonl");
    check(&workplace, &format!("{verify} --require vulns"), 0);
    workplace.write(
        "model/package.json",
        br#"{"name": "a", "dependencies": {"left-pad": "1.0.0"}}"#,
    );
    let gaps = format!("attest vulns model --index osv.index {KEY} --claims gaps.jsonl");
    check(&workplace, &gaps, 3);
    assert!(!workplace.path("gaps.jsonl").exists());
    check(&workplace, &format!("{gaps} --partial"), 3);
    all_fit(&workplace, "gaps.jsonl");
    let verify = VERIFY.replace("model.claims.jsonl", "gaps.jsonl");
    check(&workplace, &verify, 0);
    check(&workplace, &format!("{verify} --require vulns"), 1);
}

#[test]
fn what_is_damaged_is_kept_and_documents_are_what_they_are_called() {
    let workplace = workplace();
    check(
        &workplace,
        &format!("attest scan model {KEY} --output one.json"),
        0,
    );
    check(&workplace, &VERIFY.replace("model.claims.jsonl", "one.json"), 0);
    let good = workplace.read("one.json");
    let cut = good.trim_end_matches('}');
    for damaged in [cut, "x", "{}\n", "\n"] {
        workplace.write("model.claims.jsonl", damaged.as_bytes());
        let ran = check(&workplace, &format!("attest scan model {KEY}"), 1);
        assert!(ran.stderr.contains("nothing was added"), "{}", ran.shown());
        assert_eq!(workplace.read("model.claims.jsonl"), damaged);
        check(&workplace, VERIFY, 1);
    }
    fs::remove_file(workplace.path("model.claims.jsonl")).expect("it is there");
    for (kind, document) in [
        ("bom", "{}"),
        ("bom", "x"),
        ("bom", VEX),
        (
            "bom",
            r#"{"bomFormat": "CycloneDX", "bomFormat": "CycloneDX", "specVersion": "1.6"}"#,
        ),
        ("vex", "{}"),
        (
            "vex",
            r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "vulnerabilities": []}"#,
        ),
    ] {
        workplace.write("document.json", document.as_bytes());
        check(
            &workplace,
            &format!("attest {kind} model --{kind} document.json {KEY}"),
            1,
        );
        assert!(!workplace.path("model.claims.jsonl").exists(), "{document}");
    }
    check(&workplace, "attest list no-such", 2);
    // A file of claims within the model belongs to no claim.
    check(
        &workplace,
        &format!("attest scan model {KEY} --claims model/claims.jsonl"),
        0,
    );
    check(
        &workplace,
        &format!("attest scan model {KEY} --claims model/claims.jsonl"),
        0,
    );
    check(&workplace, &VERIFY.replace("model.claims", "model/claims"), 0);
}

#[test]
fn an_encrypted_key_needs_its_passphrase() {
    let workplace = workplace();
    workplace.write("passphrase", b"open\n");
    check(
        &workplace,
        "keygen --private-key secret.pem --public-key secret.pub --encrypt --passphrase-file passphrase",
        0,
    );
    let scan = "attest scan model --private-key secret.pem";
    check(&workplace, &format!("{scan} --passphrase-file passphrase"), 0);
    check(&workplace, &format!("{scan} --passphrase-env NOT_SET"), 2);
    check(&workplace, &VERIFY.replace("key.pub", "secret.pub"), 0);
}
