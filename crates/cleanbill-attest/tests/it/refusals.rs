//! One vector for each reason.

use std::collections::BTreeSet;

use cleanbill_attest::{
    Certificate, Curve, IgnorePaths, PrivateKey, PublicKey, Quiet, Refusal, Trust, UnixTime, read_model,
    sign_with_certificate, verify,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::{
    Authority, LEAF, Model, bundle_over, bytes_of, key, payload_of, read_options, reasons, verify_options,
};

const EC: &str = "ec -pkeyopt ec_paramgen_curve:P-256";
const CA: &str = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign";
/// An authority that nothing but its name ties to its issuer.
const CROWD: &str = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=none\nauthorityKeyIdentifier=none";
/// SHA-256 of `{}`.
const DIGEST: &str = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

/// Reasons that need what these tests do not make, with where they are proven.
const ELSEWHERE: &[(&str, &str)] = &[
    (
        "bundle-too-large",
        "a bundle of 128 MiB; the comparison is one line",
    ),
    ("too-many-resources", "a statement of a million files"),
    ("model-too-large", "two million files"),
    (
        "chain-work",
        "a hundred look-alike issuers; below, without the limit they would be tried",
    ),
    ("file-in-flux", "a file that changes while it is read"),
    (
        "file-unreadable",
        "a file without permission; whoever runs the tests as root reads it",
    ),
    ("sigstore-identity", "`vectors`, with the feature"),
    ("sigstore-provider", "`vectors`, with the feature"),
    ("sigstore-root", "`vectors`, with the feature"),
    ("sigstore-log", "`vectors`, with the feature"),
    ("sigstore-bundle", "`vectors`, with the feature"),
    ("sigstore-certificate", "`vectors`, with the feature"),
    ("sigstore-timestamp", "`vectors`, with the feature"),
    ("sigstore-not-built", "below, where the crate is built alone"),
    ("file-symlink", "`round_trips`"),
    ("folder-symlink", "`round_trips`"),
    ("broken-symlink", "`round_trips`"),
    ("file-name", "`round_trips`"),
    ("model-unreadable", "`round_trips`"),
];

fn reasons_of_bundle(bundle: &[u8]) -> Vec<&'static str> {
    let model = Model::new();
    reasons(&model.verify(bundle, &key(Curve::P256, 1).public_key()))
}

fn bundles() -> Vec<(&'static str, Vec<u8>)> {
    let (good, _) = Model::new().signed();
    let text = String::from_utf8(good.clone()).expect("UTF-8");
    let value: Value = serde_json::from_slice(&good).expect("JSON");
    let change = |pointer: &str, to: Value| {
        let mut other = value.clone();
        *other.pointer_mut(pointer).expect(pointer) = to;
        other.to_string().into_bytes()
    };
    let replace = |from: &str, to: &str| {
        let other = text.replace(from, to);
        assert_ne!(other, text, "{from}");
        other.into_bytes()
    };
    let certificates = |list: Value| {
        change(
            "/verificationMaterial",
            json!({"x509CertificateChain": {"certificates": list}, "tlogEntries": []}),
        )
    };
    vec![
        ("json-syntax", b"{".to_vec()),
        ("json-syntax", [&good[..], b"x"].concat()),
        (
            "json-duplicate-key",
            replace(r#""keyid":"""#, r#""keyid":"","keyid":"""#),
        ),
        ("json-unknown-field", replace(r#""keyid":"""#, r#""keyId":"""#)),
        (
            "json-unknown-field",
            replace(r#""tlogEntries":[]"#, r#""tlog_entries":[]"#),
        ),
        ("json-field", change("/dsseEnvelope", Value::Null)),
        (
            "json-field",
            change("/verificationMaterial", json!({"tlogEntries": []})),
        ),
        (
            "json-field",
            change("/verificationMaterial/publicKey", json!({"hint": ""})),
        ),
        ("base64", change("/dsseEnvelope/payload", "e30".into())),
        ("base64", change("/dsseEnvelope/payload", "e31=".into())),
        ("media-type", replace("v0.3+json", "v0.2+json")),
        ("method-mismatch", certificates(json!([{"rawBytes": "AAAA"}]))),
        ("certificate-missing", certificates(json!([]))),
        (
            "chain-too-long",
            certificates(Value::Array(vec![json!({"rawBytes": "AAAA"}); 17])),
        ),
        ("signature-count", change("/dsseEnvelope/signatures", json!([]))),
        (
            "signature-count",
            change(
                "/dsseEnvelope/signatures",
                json!([
                    value["dsseEnvelope"]["signatures"][0],
                    value["dsseEnvelope"]["signatures"][0]
                ]),
            ),
        ),
        (
            "payload-type",
            change("/dsseEnvelope/payloadType", "application/json".into()),
        ),
        (
            "key-mismatch",
            change("/verificationMaterial/publicKey/hint", "0".repeat(64).into()),
        ),
        (
            "key-mismatch",
            change(
                "/verificationMaterial/publicKey",
                json!({"rawBytes": "AAAA", "keyDetails": "PKIX_ECDSA_P256_SHA_256"}),
            ),
        ),
        (
            "signature-encoding",
            change("/dsseEnvelope/signatures/0/sig", "AAAA".into()),
        ),
        (
            "signature-invalid",
            change("/dsseEnvelope/payload", "e30=".into()),
        ),
    ]
}

fn statements() -> Vec<(&'static str, Vec<u8>)> {
    let (good, _) = Model::new().signed();
    let value: Value = serde_json::from_slice(&payload_of(&good)).expect("JSON");
    let change = |pointer: &str, to: Value| {
        let mut other = value.clone();
        *other.pointer_mut(pointer).expect(pointer) = to;
        other.to_string().into_bytes()
    };
    let name = |to: &str| change("/predicate/resources/0/name", to.into());
    let rule = |rules: Value| {
        let mut all = json!({"method": "files", "hash_type": "sha256", "allow_symlinks": false});
        for (key, value) in rules.as_object().expect("an object") {
            all[key] = value.clone();
        }
        change("/predicate/serialization", all)
    };
    let twice = {
        let one = value["predicate"]["resources"][0].clone();
        let digest = cleanbill_core::hex(&Sha256::digest(bytes_of(DIGEST).repeat(2)));
        let mut other = value.clone();
        other["predicate"]["resources"] = json!([one, one]);
        other["subject"][0]["digest"]["sha256"] = digest.into();
        other.to_string().into_bytes()
    };
    let sharded = |shards: &[&str]| {
        let resources: Vec<Value> = shards
            .iter()
            .map(|name| json!({"name": name, "algorithm": "sha256", "digest": DIGEST}))
            .collect();
        let mut other = value.clone();
        other["predicate"]["resources"] = resources.into();
        other["predicate"]["serialization"]["method"] = "shards".into();
        other["predicate"]["serialization"]["shard_size"] = 4.into();
        other["subject"][0]["digest"]["sha256"] =
            cleanbill_core::hex(&Sha256::digest(bytes_of(DIGEST).repeat(shards.len()))).into();
        other.to_string().into_bytes()
    };
    let mut empty = value.clone();
    empty["predicate"]["resources"] = json!([]);
    empty["subject"][0]["digest"]["sha256"] =
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855".into();
    vec![
        ("json-syntax", b"[]".to_vec()),
        (
            "statement-type",
            change("/_type", "https://in-toto.io/Statement/v0.1".into()),
        ),
        (
            "predicate-type",
            change("/predicateType", "https://example.org".into()),
        ),
        ("subject-count", change("/subject", json!([]))),
        (
            "root-digest",
            change("/subject/0/digest/sha256", "0".repeat(64).into()),
        ),
        ("hash-type", rule(json!({"hash_type": "md5"}))),
        ("serialization-method", rule(json!({"method": "tree"}))),
        ("shard-size", rule(json!({"method": "shards"}))),
        ("shard-size", rule(json!({"method": "shards", "shard_size": 0}))),
        ("shard-size", rule(json!({"shard_size": 4}))),
        ("json-unknown-field", rule(json!({"follow": true}))),
        ("json-unknown-field", {
            let mut other = value.clone();
            other["predicate"]["more"] = true.into();
            other.to_string().into_bytes()
        }),
        ("ignore-path", rule(json!({"ignore_paths": ["../x"]}))),
        ("ignore-path", rule(json!({"ignore_paths": ["."]}))),
        ("no-resources", empty.to_string().into_bytes()),
        ("resource-name", name("../outside.txt")),
        ("resource-name", name("/etc/passwd")),
        ("resource-name", name("./config.json")),
        ("resource-name", name("a//b")),
        ("resource-name", name(".")),
        ("resource-name", name("")),
        ("resource-twice", twice),
        (
            "resource-algorithm",
            change("/predicate/resources/0/algorithm", "blake3".into()),
        ),
        (
            "resource-digest",
            change(
                "/predicate/resources/0/digest",
                "44136FA355B3678A1146AD16F7E8649E94FB4FC21FE77E8310C060F61CAAFF8A".into(),
            ),
        ),
        (
            "resource-digest",
            change("/predicate/resources/0/digest", "00".into()),
        ),
        ("shard-range", sharded(&["a:0:4", "a:5:6"])),
        ("shard-range", sharded(&["a"])),
        ("resource-name", sharded(&["../a:0:4"])),
    ]
}

fn files() -> Vec<(&'static str, Vec<&'static str>)> {
    let with = |change: &dyn Fn(&Model)| {
        let model = Model::new();
        let (bundle, key) = model.signed();
        change(&model);
        reasons(&model.verify(&bundle, &key))
    };
    let mut all = vec![
        ("file-changed", with(&|model| model.write("config.json", b"[]"))),
        ("file-missing", with(&|model| model.remove("config.json"))),
        ("file-extra", with(&|model| model.write("more", b""))),
    ];
    #[cfg(unix)]
    all.push((
        "file-special",
        with(&|model| {
            let path = model.path().join("socket");
            // The name stays when the listener is gone.
            drop(std::os::unix::net::UnixListener::bind(path).expect("a socket"));
        }),
    ));
    let empty = tempfile::tempdir().expect("a folder");
    let refusals = read_model(empty.path(), "empty", &read_options(), &Quiet).expect_err("nothing to sign");
    all.push(("model-empty", refusals.iter().map(Refusal::id).collect()));
    let absent = verify(
        Err(Refusal::BundleUnreadable {
            problem: "no such file".to_owned(),
        }),
        empty.path(),
        Trust::Key(&key(Curve::P256, 1).public_key()),
        &verify_options(),
        &Quiet,
    );
    all.push(("bundle-unreadable", reasons(&absent)));
    all
}

fn chains() -> Option<Vec<(&'static str, Vec<&'static str>)>> {
    let authority = Authority::new("EC")?;
    let model = Model::new();
    let statement = model.statement(&read_options());
    let read =
        |name: &str| Certificate::from_pem(&authority.read(&format!("{name}.pem"))).expect("a certificate");
    let root = read("root");
    let now = read("leaf")[0].validity().0;
    // Slightly later, for certificates that are made in the course of the test.
    let at = UnixTime(now.0 + 3_600);
    let run_with = |leaf: &str, between: &[&str], trusted: &[Certificate]| {
        let key = PrivateKey::from_pem(&authority.read(&format!("{leaf}.key")), || Ok(None)).expect("a key");
        let chain: Vec<Certificate> = between.iter().flat_map(|name| read(name)).collect();
        let bundle = sign_with_certificate(&statement, &key, &read(leaf)[0], &chain).expect("a bundle");
        reasons(&model.verify_with(&bundle, Trust::certificates(trusted, at), &verify_options()))
    };
    let run = |leaf: &str, between: &[&str]| run_with(leaf, between, &root);
    assert!(run("leaf", &["intermediate"]).is_empty());
    let leaf = |name: &str, extensions: &str| {
        authority.issue(name, EC, "intermediate", extensions);
        run(name, &["intermediate"])
    };
    let mut all = vec![
        (
            "leaf-usage",
            leaf("encipher", "keyUsage=keyAgreement\nextendedKeyUsage=codeSigning"),
        ),
        (
            "leaf-usage",
            leaf("server", "keyUsage=digitalSignature\nextendedKeyUsage=serverAuth"),
        ),
        ("leaf-usage", leaf("plain", "basicConstraints=CA:FALSE")),
        (
            "critical-extension",
            leaf("critical", &format!("{LEAF}\n1.2.3.4=critical,ASN1:NULL")),
        ),
    ];
    // An issuer that is none, one that may not issue for signing, one at the wrong depth, one under constraints on names.
    authority.issue("below", EC, "leaf", LEAF);
    all.push(("issuer-usage", run("below", &["leaf", "intermediate"])));
    authority.issue("web", EC, "root", &format!("{CA}\nextendedKeyUsage=serverAuth"));
    authority.issue("of-web", EC, "web", LEAF);
    all.push(("issuer-usage", run("of-web", &["web"])));
    authority.issue("deeper", EC, "intermediate", CA);
    authority.issue("of-deeper", EC, "deeper", LEAF);
    all.push(("path-length", run("of-deeper", &["deeper", "intermediate"])));
    authority.issue(
        "named",
        EC,
        "root",
        &format!("{CA}\nnameConstraints=permitted;DNS:example.org"),
    );
    authority.issue("of-named", EC, "named", LEAF);
    all.push(("critical-extension", run("of-named", &["named"])));
    authority.issue_with("sha1", EC, "intermediate", LEAF, "-days 3650 -sha1");
    all.push(("chain-algorithm", run("sha1", &["intermediate"])));
    authority.issue("small", "rsa:1024", "root", CA);
    authority.issue("of-small", EC, "small", LEAF);
    all.push(("chain-algorithm", run("of-small", &["small"])));
    all.push(("chain-untrusted", run_with("leaf", &["intermediate"], &[])));
    all.push(("chain-untrusted", run("leaf", &[])));
    // A root of the same name that is another.
    let other = Authority::new("EC")?;
    let impostor = Certificate::from_pem(&other.read("root.pem")).expect("a root");
    authority.issue("no-id", EC, "root", &format!("{CA}\nauthorityKeyIdentifier=none"));
    authority.issue("of-no-id", EC, "no-id", LEAF);
    all.push(("chain-signature", run_with("of-no-id", &["no-id"], &impostor)));
    // Times, and keys of other kinds.
    let key = PrivateKey::from_pem(&authority.read("leaf.key"), || Ok(None)).expect("a key");
    let bundle =
        sign_with_certificate(&statement, &key, &read("leaf")[0], &read("intermediate")).expect("a bundle");
    for (reason, at) in [
        ("certificate-expired", UnixTime(now.0 + 20 * 31_536_000)),
        ("certificate-not-yet-valid", UnixTime(0)),
    ] {
        let trust = Trust::certificates(&root, at);
        all.push((
            reason,
            reasons(&model.verify_with(&bundle, trust, &verify_options())),
        ));
    }
    authority.issue("rsa", "rsa:2048", "intermediate", LEAF);
    let text = String::from_utf8(bundle).expect("UTF-8");
    let swap = |der: &[u8]| {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        let swapped = text.replace(&STANDARD.encode(read("leaf")[0].as_der()), &STANDARD.encode(der));
        let trust = Trust::certificates(&root, at);
        reasons(&model.verify_with(swapped.as_bytes(), trust, &verify_options()))
    };
    all.push(("certificate-key", swap(read("rsa")[0].as_der())));
    all.push(("certificate-syntax", swap(b"none")));
    Some(all)
}

#[test]
fn each_reason_has_its_vector() {
    let mut seen: BTreeSet<&str> = ELSEWHERE.iter().map(|(reason, _)| *reason).collect();
    let mut check = |reason: &'static str, found: Vec<&str>, what: &str| {
        assert_eq!(found, [reason], "{what}");
        seen.insert(reason);
    };
    for (index, (reason, bundle)) in bundles().into_iter().enumerate() {
        check(reason, reasons_of_bundle(&bundle), &format!("bundle {index}"));
    }
    for (index, (reason, payload)) in statements().into_iter().enumerate() {
        check(
            reason,
            reasons_of_bundle(&bundle_over(&payload)),
            &format!("statement {index}"),
        );
    }
    for (reason, found) in files() {
        check(reason, found, reason);
    }
    let Some(chains) = chains() else { return };
    for (index, (reason, found)) in chains.into_iter().enumerate() {
        check(reason, found, &format!("chain {index}"));
    }
    for (reason, found) in crate::revocation::against().unwrap_or_default() {
        check(reason, found, reason);
    }
    let source = include_str!("../../src/refusal.rs");
    let (_, ids) = source.split_once("pub const fn id").expect("the ids");
    let (ids, _) = ids.split_once("/// Returns the step").expect("their end");
    let known: BTreeSet<&str> = ids.split('"').skip(1).step_by(2).collect();
    assert!(known.len() > 50, "{known:?}");
    let missing: Vec<_> = known.difference(&seen).collect();
    assert!(missing.is_empty(), "no vector: {missing:?}");
    let gone: Vec<_> = seen.difference(&known).collect();
    assert!(gone.is_empty(), "no such reason: {gone:?}");
    let guide = include_str!("../../../../docs/guide/signing.md");
    let untold: Vec<_> = known
        .iter()
        .filter(|id| !guide.contains(&format!("`{id}`")))
        .collect();
    assert!(
        untold.is_empty(),
        "docs/guide/signing.md does not name {untold:?}"
    );
}

#[test]
fn words_exist_in_both_languages_and_name_the_file() {
    use cleanbill_core::Language;

    let model = Model::new();
    let (bundle, key) = model.signed();
    model.write("config.json", b"other");
    let result = model.verify(&bundle, &key);
    let text = result.refusals[0].text();
    assert_eq!(text.get(Language::English), "`config.json` has other bytes");
    assert!(text.get(Language::Chinese).contains("config.json"));
    assert_ne!(text.get(Language::English), text.get(Language::Chinese));
    assert_eq!(result.refusals[0].file(), Some("config.json"));
}

#[test]
fn look_alike_issuers_cost_bounded_work() {
    let Some(authority) = Authority::new("EC") else {
        return;
    };
    // Ten certificates of one name that is also that of their issuer.
    let mut crowd = Vec::new();
    authority.issue("same", EC, "root", CROWD);
    for index in 0..10 {
        authority.write("crowd.cnf", &format!("{CROWD}\n"));
        authority.openssl(&format!(
            "req -new -key same.key -out crowd{index}.csr -subj /CN=same"
        ));
        authority.openssl(&format!(
            "x509 -req -in crowd{index}.csr -CA same.pem -CAkey same.key -CAcreateserial -out crowd{index}.pem -extfile crowd.cnf -days 3650"
        ));
        crowd.extend(Certificate::from_pem(&authority.read(&format!("crowd{index}.pem"))).expect("one"));
    }
    authority.issue(
        "signer",
        EC,
        "same",
        "keyUsage=critical,digitalSignature\nauthorityKeyIdentifier=none",
    );
    let key = PrivateKey::from_pem(&authority.read("signer.key"), || Ok(None)).expect("a key");
    let leaf = Certificate::from_pem(&authority.read("signer.pem")).expect("one");
    let model = Model::new();
    let bundle =
        sign_with_certificate(&model.statement(&read_options()), &key, &leaf[0], &crowd).expect("a bundle");
    let trust = Trust::certificates(&[], UnixTime(leaf[0].validity().0.0 + 60));
    let found = reasons(&model.verify_with(&bundle, trust, &verify_options()));
    assert!(
        found == ["chain-work"] || found == ["chain-untrusted"],
        "{found:?}"
    );
}

#[cfg(not(feature = "sigstore"))]
#[test]
fn without_the_feature_bundles_of_identities_are_refused() {
    use cleanbill_attest::{SigstoreTrust, TrustedRootSource};

    let (good, _) = Model::new().signed();
    let mut value: Value = serde_json::from_slice(&good).expect("JSON");
    value["verificationMaterial"] = json!({"certificate": {"rawBytes": "AAAA"}, "tlogEntries": [{}]});
    let trust = SigstoreTrust {
        root: TrustedRootSource::Embedded,
        identity: "somebody".to_owned(),
        provider: "somewhere".to_owned(),
    };
    let result = Model::new().verify_with(
        value.to_string().as_bytes(),
        Trust::Sigstore(&trust),
        &verify_options(),
    );
    assert_eq!(reasons(&result), ["sigstore-not-built"]);
}

#[test]
fn a_key_of_another_curve_is_another_key() {
    let model = Model::new();
    let (bundle, _) = model.signed();
    let other: PublicKey = key(Curve::P384, 1).public_key();
    assert_eq!(reasons(&model.verify(&bundle, &other)), ["key-mismatch"]);
    let mut options = verify_options();
    options.ignore = IgnorePaths::default();
    assert!(!model.verify_with(&bundle, Trust::Key(&other), &options).holds());
}
