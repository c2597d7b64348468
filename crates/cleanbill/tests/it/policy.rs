//! `verify policy`: whom the rules of a system file trust for which name, and every reason against.

use std::{fs, process::Command};

use serde_json::Value;

use crate::support::{Ran, Workplace, fitting};

/// A model, keys `key` and `other`, and a bundle by `key`.
pub(crate) fn workplace() -> Workplace {
    let workplace = Workplace::empty();
    fs::create_dir_all(workplace.path("models/llama/weights")).expect("a folder");
    workplace.write("models/llama/config.json", b"{}");
    workplace.write("models/llama/weights/one.bin", b"0123456789");
    for name in ["key", "other"] {
        check(
            &workplace,
            &format!("keygen --private-key {name}.pem --public-key {name}.pub"),
            0,
        );
    }
    check(&workplace, SIGN, 0);
    workplace
}

pub(crate) const SIGN: &str =
    "sign key models/llama --private-key key.pem --signature models/llama/model.sig";
pub(crate) const VERIFY: &str = "verify policy models/llama --name acme/llama";

#[track_caller]
pub(crate) fn check(workplace: &Workplace, arguments: &str, code: i32) -> Ran {
    let ran = workplace.run(arguments);
    assert_eq!(ran.code, code, "{arguments}\n{}", ran.shown());
    ran
}

/// Returns the fingerprint that `keygen` gives.
pub(crate) fn fingerprint(workplace: &Workplace, name: &str) -> String {
    let bundle = workplace.path(&format!("{name}.fingerprint.sig"));
    let arguments = format!(
        "sign key models/llama/config.json --private-key {name}.pem --signature {}",
        bundle.display()
    );
    check(workplace, &arguments, 0);
    let bundle: Value = serde_json::from_str(&fs::read_to_string(bundle).expect("a bundle")).expect("JSON");
    bundle["verificationMaterial"]["publicKey"]["hint"]
        .as_str()
        .expect("a hint")
        .to_owned()
}

pub(crate) fn rules(workplace: &Workplace, rules: &str) {
    let text = format!("[system]\nname = 'test'\n{rules}");
    workplace.write("cleanbill.toml", text.as_bytes());
}

/// Checks the exit code, and that JSON has the same verdict and fits its schema.
#[track_caller]
pub(crate) fn decision(workplace: &Workplace, arguments: &str, code: i32, reasons: &[&str]) -> Value {
    let ran = check(workplace, arguments, code);
    let word = if code == 0 { "PASS" } else { "FAIL" };
    assert!(ran.stdout.starts_with(word), "{}", ran.shown());
    for reason in reasons {
        assert!(ran.stdout.contains(&format!("- {reason}: ")), "{}", ran.shown());
    }
    let ran = check(workplace, &format!("{arguments} --format json"), code);
    let value = fitting(&ran.stdout, cleanbill_policy::trust::SCHEMA_TEXT);
    let found: Vec<&str> = value["reasons"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|reason| reason["reason"].as_str())
        .collect();
    assert_eq!(found, reasons, "{value:#}");
    value
}

#[test]
fn a_key_that_a_rule_names_is_trusted_and_the_rule_is_told() {
    let workplace = workplace();
    let hex = fingerprint(&workplace, "key");
    rules(
        &workplace,
        &format!("[[trust]]\nnamespace = 'acme/*'\nkey = '{hex}'\nkey-file = 'key.pub'\n"),
    );
    let value = decision(&workplace, VERIFY, 0, &[]);
    assert_eq!(value["trusted_by"]["namespace"], "acme/*");
    assert_eq!(value["trusted_by"]["line"], 3);
    assert_eq!(value["verification"]["verdict"], "pass");
    let ran = check(&workplace, VERIFY, 0);
    let said = "trusted for `acme/llama` by the rule for `acme/*` (cleanbill.toml:3)";
    assert!(ran.stdout.contains(said), "{}", ran.shown());
    // The fingerprint alone needs the key from elsewhere.
    rules(
        &workplace,
        &format!("[[trust]]\nnamespace = 'acme/*'\nkey = 'sha256:{hex}'\n"),
    );
    decision(&workplace, VERIFY, 1, &["key-not-given"]);
    decision(&workplace, &format!("{VERIFY} --public-key key.pub"), 0, &[]);
    decision(
        &workplace,
        &format!("{VERIFY} --public-key other.pub"),
        1,
        &["key-not-given"],
    );
    // The file alone is enough.
    rules(
        &workplace,
        "[[trust]]\nnamespace = 'acme/*'\nkey-file = 'key.pub'\n",
    );
    decision(&workplace, VERIFY, 0, &[]);
    workplace.write("models/llama/config.json", b"[]");
    let ran = check(&workplace, VERIFY, 1);
    assert!(ran.stdout.contains("file-changed"), "{}", ran.shown());
    assert_eq!(
        check(&workplace, &format!("{VERIFY} --quiet"), 1)
            .stdout
            .lines()
            .count(),
        1
    );
}

#[test]
fn the_name_comes_from_the_entry_with_the_path() {
    let workplace = workplace();
    let artifact = "[[artifact]]\nname = 'acme/llama'\nkind = 'model'\npath = 'models/llama'\n";
    let trust = "[[trust]]\nnamespace = 'acme/*'\nkey-file = 'key.pub'\n";
    rules(&workplace, &format!("{artifact}{trust}"));
    let value = decision(&workplace, "verify policy models/llama", 0, &[]);
    assert_eq!(value["name"], "acme/llama");
    let ran = check(&workplace, "verify policy models/llama --name acme/other", 2);
    assert!(ran.stderr.contains("is called `acme/llama`"), "{}", ran.shown());
    let ran = check(&workplace, "verify policy models", 2);
    assert!(ran.stderr.contains("has no name"), "{}", ran.shown());
    check(&workplace, "verify policy models/llama --name acme", 2);
    // From within the model the file above is found, and told.
    let mut command = workplace.command("verify policy . --signature model.sig");
    let ran = crate::support::finish(command.current_dir(workplace.path("models/llama")));
    assert_eq!(ran.code, 0, "{}", ran.shown());
    assert!(ran.stderr.contains("rules are those of `"), "{}", ran.shown());
    fs::remove_file(workplace.path("cleanbill.toml")).expect("it is there");
    let ran = check(&workplace, VERIFY, 2);
    assert!(ran.stderr.contains("no `cleanbill.toml`"), "{}", ran.shown());
}

#[test]
fn every_reason_against_a_signer_is_told() {
    let workplace = workplace();
    let by = |key: &str| format!("key-file = '{key}.pub'\n");
    for (text, reason) in [
        (String::new(), "no-rule"),
        (
            format!("[[trust]]\nnamespace = 'beta/*'\n{}", by("key")),
            "no-rule",
        ),
        (
            format!("[[trust]]\nnamespace = 'acme/*'\n{}", by("other")),
            "signer-not-named",
        ),
        (
            format!(
                "[[trust]]\nnamespace = '*/*'\n{}[[trust]]\nnamespace = 'acme/*'\n{}",
                by("key"),
                by("other")
            ),
            "signer-not-named",
        ),
        (
            format!(
                "[[trust]]\nnamespace = 'acme/l*'\n{}[[trust]]\nnamespace = 'acme/*a'\n{}",
                by("key"),
                by("key")
            ),
            "ambiguous-rules",
        ),
        (
            format!(
                "[[trust]]\nnamespace = 'acme/*'\n{}since = 2999-01-01\n",
                by("key")
            ),
            "not-yet-valid",
        ),
        (
            format!(
                "[[trust]]\nnamespace = 'acme/*'\n{}until = 2020-01-01\n",
                by("key")
            ),
            "no-longer-valid",
        ),
        (
            format!(
                "[[trust]]\nnamespace = 'acme/*'\n{}revoked = {{ at = 2020-01-01, reason = 'lost' }}\n",
                by("key")
            ),
            "revoked",
        ),
    ] {
        rules(&workplace, &text);
        let value = decision(&workplace, VERIFY, 1, &[reason]);
        assert_eq!(value["trusted_by"], Value::Null);
    }
    // Capitals do not lead past a rule.
    rules(
        &workplace,
        &format!(
            "[[trust]]\nnamespace = '*/*'\n{}[[trust]]\nnamespace = 'acme/*'\n{}",
            by("key"),
            by("other")
        ),
    );
    decision(
        &workplace,
        "verify policy models/llama --name ACME/llama",
        1,
        &["signer-not-named"],
    );
}

#[test]
fn bundles_that_cannot_be_read_or_do_not_hold_are_refused() {
    let workplace = workplace();
    rules(
        &workplace,
        "[[trust]]\nnamespace = 'acme/*'\nkey-file = 'key.pub'\n",
    );
    let value = decision(&workplace, &format!("{VERIFY} --signature absent.sig"), 1, &[]);
    assert_eq!(value["bundle"]["reason"], "bundle-unreadable");
    let value = decision(&workplace, &format!("{VERIFY} --signature key.pub"), 1, &[]);
    assert_eq!(value["bundle"]["reason"], "json-syntax");
    // A bundle that only claims to be by the key.
    let bundle = workplace.read("models/llama/model.sig");
    let own = fingerprint(&workplace, "key");
    rules(
        &workplace,
        "[[trust]]\nnamespace = 'acme/*'\nkey-file = 'other.pub'\n",
    );
    let other = fingerprint(&workplace, "other");
    workplace.write("models/llama/model.sig", bundle.replace(&own, &other).as_bytes());
    let value = decision(&workplace, VERIFY, 1, &[]);
    assert_eq!(
        value["verification"]["refusals"][0]["reason"],
        "signature-invalid"
    );
    // What cannot be read is not a refusal of the signer.
    workplace.write("models/llama/model.sig", bundle.as_bytes());
    rules(
        &workplace,
        "[[trust]]\nnamespace = 'acme/*'\nkey-file = 'key.pub'\n",
    );
    let absent = "verify policy absent --name acme/llama --signature models/llama/model.sig";
    let ran = check(&workplace, absent, 3);
    assert!(ran.stdout.starts_with("INCOMPLETE"), "{}", ran.shown());
}

#[test]
fn a_system_file_with_faults_is_2_and_all_are_told() {
    let workplace = workplace();
    rules(
        &workplace,
        "[[trust]]\nnamespace = 'acme'\nkey-fil = 'key.pub'\n[[artifact]]\nname = 'acme/x'\nkind = 'modle'\npath = '../x'\n",
    );
    let ran = check(&workplace, VERIFY, 2);
    for said in [
        "error: cleanbill.toml:3:1: `trust[1]`: exactly one of `key` or `key-file`, `certificate`, `sigstore` must stand here\n",
        "\ncleanbill.toml:4:13: `trust[1].namespace`: it must be `org/name`",
        "\ncleanbill.toml:5:1: `trust[1].key-fil`: unknown key; did you mean `key-file`?\n",
        "did you mean `model`?\n",
        "\ncleanbill.toml:9:8: `artifact[1].path`: leads out",
    ] {
        assert!(ran.stderr.contains(said), "{said}\n{}", ran.shown());
    }
    assert_eq!(ran.stdout, "");
    let ran = check(&workplace, &format!("{VERIFY} --lang zh"), 2);
    assert!(ran.stderr.contains("是否想用 `key-file`？"), "{}", ran.shown());
    // Files that rules name are part of the configuration.
    for (rule, said) in [
        ("key-file = 'absent.pub'", "cleanbill.toml:5:12: cannot read `"),
        ("key-file = 'key.pem'", "cleanbill.toml:5:12: cannot use `"),
        (
            "certificate = { subject = 'CN=x', roots = ['key.pub'] }",
            "cleanbill.toml:5:44: cannot use `",
        ),
    ] {
        rules(&workplace, &format!("[[trust]]\nnamespace = 'acme/*'\n{rule}\n"));
        let ran = check(&workplace, VERIFY, 2);
        assert!(ran.stderr.contains(said), "{said}\n{}", ran.shown());
    }
    let other = fingerprint(&workplace, "other");
    rules(
        &workplace,
        &format!("[[trust]]\nnamespace = 'acme/*'\nkey = '{other}'\nkey-file = 'key.pub'\n"),
    );
    let ran = check(&workplace, VERIFY, 2);
    assert!(ran.stderr.contains("not the one beside it"), "{}", ran.shown());
}

pub(crate) fn openssl(workplace: &Workplace, arguments: &str) {
    let output = Command::new("openssl")
        .args(arguments.split_whitespace())
        .current_dir(workplace.root())
        .output()
        .expect("openssl starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {arguments}\n{said}");
}

/// Makes the roots `root` and `stranger`, and signs the model as `leaf`, for whom `root` vouches.
pub(crate) fn by_certificate(workplace: &Workplace) {
    workplace.write("root.cnf", b"[v3]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n[req]\ndistinguished_name=dn\n[dn]\n");
    workplace.write("leaf.cnf", b"basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\nsubjectAltName=email:release@acme.example\n");
    for root in ["root", "stranger"] {
        openssl(
            workplace,
            &format!(
                "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -keyout {root}.key -out {root}.pem -subj /O=Acme/CN={root} -days 3650 -config root.cnf -extensions v3"
            ),
        );
    }
    openssl(
        workplace,
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout leaf.key -out leaf.csr -subj /O=Acme/CN=release",
    );
    openssl(
        workplace,
        "x509 -req -in leaf.csr -CA root.pem -CAkey root.key -CAcreateserial -out leaf.pem -extfile leaf.cnf -days 365",
    );
    check(
        workplace,
        "sign certificate models/llama --private-key leaf.key --signing-certificate leaf.pem --signature models/llama/model.sig",
        0,
    );
}

#[test]
fn a_certificate_is_trusted_by_subject_issuer_and_root() {
    if Command::new("openssl").arg("version").output().is_err() {
        println!("SKIPPED: openssl is not there");
        return;
    }
    let workplace = workplace();
    by_certificate(&workplace);
    let case = |certificate: &str, more: &str, code: i32, reasons: &[&str]| {
        rules(
            &workplace,
            &format!("[[trust]]\nnamespace = 'acme/*'\ncertificate = {{ {certificate} }}\n"),
        );
        decision(&workplace, &format!("{VERIFY}{more}"), code, reasons)
    };
    let roots = "roots = ['root.pem']";
    let value = case(&format!("subject = 'CN=release,O=Acme', {roots}"), "", 0, &[]);
    assert_eq!(value["verification"]["signed_by"]["kind"], "certificate");
    case(
        &format!("subject = 'email:release@acme.example', {roots}"),
        "",
        0,
        &[],
    );
    case(
        &format!("subject = 'CN=release,O=Acme', issuer = 'CN=root,O=Acme', {roots}"),
        "",
        0,
        &[],
    );
    for other in [
        format!("subject = 'CN=release', {roots}"),
        format!("subject = 'email:other@acme.example', {roots}"),
        format!("subject = 'uri:release@acme.example', {roots}"),
        format!("subject = 'CN=release,O=Acme', issuer = 'CN=stranger,O=Acme', {roots}"),
    ] {
        case(&other, "", 1, &["signer-not-named"]);
    }
    let value = case(
        "subject = 'CN=release,O=Acme', roots = ['stranger.pem']",
        "",
        1,
        &[],
    );
    assert_eq!(value["verification"]["refusals"][0]["reason"], "chain-untrusted");
    let by_issuer = "subject = 'CN=release,O=Acme', issuer = 'CN=root,O=Acme'";
    case(by_issuer, "", 1, &["root-not-given"]);
    case(by_issuer, " --certificate-chain root.pem", 0, &[]);
    case(by_issuer, " --certificate-chain stranger.pem", 1, &[]);
    // A rule of another kind does not name it.
    rules(
        &workplace,
        "[[trust]]\nnamespace = 'acme/*'\nkey-file = 'key.pub'\n",
    );
    decision(&workplace, VERIFY, 1, &["signer-not-named"]);
}

/// Where the vectors of the reference lie, if they do.
#[cfg(feature = "sigstore")]
#[expect(clippy::disallowed_methods, reason = "a test may be told where data lies")]
#[expect(clippy::print_stdout, reason = "what a test leaves out it says")]
fn vectors() -> Option<std::path::PathBuf> {
    use std::path::{Path, PathBuf};

    let folder = std::env::var_os("CLEANBILL_SHARED_DATA").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"));
    let path = folder.join("vectors/model-transparency/v1.1.0-sigstore");
    if path.is_dir() {
        return Some(path);
    }
    println!("SKIPPED: the vectors of model signing are not there");
    None
}

#[cfg(feature = "sigstore")]
#[test]
fn an_identity_of_sigstore_is_trusted_with_its_issuer_and_by_its_proven_time() {
    const IDENTITY: &str = "identity = 'stefanb@us.ibm.com'";
    const ISSUER: &str = "issuer = 'https://sigstore.verify.ibm.com/oauth2'";

    let Some(vectors) = vectors() else { return };
    let workplace = Workplace::empty();
    let model = vectors.display();
    let verify = format!("verify policy {model} --name ibm/demo --ignore-paths {model}/ignore-me");
    let case = |rest: &str, code: i32, reasons: &[&str]| {
        rules(&workplace, &format!("[[trust]]\nnamespace = 'ibm/*'\n{rest}\n"));
        decision(&workplace, &verify, code, reasons)
    };
    let right = format!("sigstore = {{ {IDENTITY}, {ISSUER} }}");
    let value = case(&right, 0, &[]);
    let proven = value["verification"]["signed_by"]["signed_at"][0]
        .as_str()
        .expect("a time");
    assert!(proven.starts_with("2025-"), "{proven}");
    // Signed in 2025, as the log proves, so that what happens afterwards does not count.
    case(&format!("{right}\nuntil = 2026-01-01"), 0, &[]);
    case(
        &format!("{right}\nrevoked = {{ at = 2026-01-01, reason = 'left' }}"),
        0,
        &[],
    );
    case(&format!("{right}\nuntil = 2025-01-01"), 1, &["no-longer-valid"]);
    case(&format!("{right}\nsince = 2026-01-01"), 1, &["not-yet-valid"]);
    case(
        &format!("{right}\nrevoked = {{ at = 2025-01-01, reason = 'left' }}"),
        1,
        &["revoked"],
    );
    // Whoever signed is told by name, whatever kind of signer the rules name.
    for rule in [
        format!("sigstore = {{ identity = 'other@us.ibm.com', {ISSUER} }}"),
        format!("key = '{}'", "01".repeat(32)),
    ] {
        let value = case(&rule, 1, &["signer-not-named"]);
        let signer = value["signer"].as_str().expect("a signer");
        assert!(signer.contains("stefanb@us.ibm.com"), "{value:#}");
    }
    case(
        &format!("sigstore = {{ {IDENTITY}, issuer = 'https://accounts.google.com' }}"),
        1,
        &["signer-not-named"],
    );
    // Another rule of the namespace may name it.
    let both = format!(
        "sigstore = {{ identity = 'other@us.ibm.com', {ISSUER} }}\n[[trust]]\nnamespace = 'ibm/*'\n{right}"
    );
    let value = case(&both, 0, &[]);
    assert_eq!(value["trusted_by"]["rule"], 2);
}

#[test]
fn results_are_in_one_language() {
    let workplace = workplace();
    rules(
        &workplace,
        "[[trust]]\nnamespace = 'acme/*'\nkey-file = 'other.pub'\n",
    );
    let is_ideograph = |c: char| matches!(c, '\u{4e00}'..='\u{9fff}');
    let ran = check(&workplace, &format!("{VERIFY} --lang zh"), 1);
    for line in ran.stdout.lines() {
        assert!(line.chars().any(is_ideograph), "{line}");
    }
    let ran = check(&workplace, VERIFY, 1);
    assert!(!ran.stdout.chars().any(is_ideograph), "{}", ran.shown());
}
