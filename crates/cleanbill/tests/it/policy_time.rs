//! `verify policy` and time: what a timestamp (RFC 3161) in the bundle proves, by whom a rule believes, and what counts without one.

use std::process::Command;

use serde_json::{Value, json};

use crate::{
    policy::{SIGN, VERIFY, by_certificate, check, decision, openssl, rules, workplace},
    support::Workplace,
};

const BUNDLE: &str = "models/llama/model.sig";
const CERTIFICATE: &str = "[[trust]]\nnamespace = 'acme/*'\ncertificate = { subject = 'CN=release,O=Acme', roots = ['root.pem'] }\n";
const KEY: &str = "[[trust]]\nnamespace = 'acme/*'\nkey-file = 'key.pub'\n";
const BELIEVED: &str = "timestamp-authorities = ['clock.pem']\n";

/// A model by key, with roots, and an authority for timestamps under a root of its own, `clock`; nothing without OpenSSL.
#[expect(clippy::print_stdout, reason = "what a test leaves out it says")]
fn stamped() -> Option<Workplace> {
    if Command::new("openssl").arg("version").output().is_err() {
        println!("SKIPPED: openssl is not there");
        return None;
    }
    let workplace = workplace();
    by_certificate(&workplace);
    workplace.write("stamper.cnf", b"basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n");
    workplace.write("serial", b"01");
    workplace.write(
        "ts.cnf",
        b"[tsa]\ndefault_tsa=t\n[t]\nserial=serial\nsigner_cert=stamper.pem\nsigner_key=stamper.key\ndefault_policy=1.2.3.4\n\
          digests=sha256\nsigner_digest=sha256\ness_cert_id_alg=sha256\n",
    );
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    for arguments in [
        format!("req -x509 {key} -keyout clock.key -out clock.pem -subj /CN=clock -days 36500 -config root.cnf -extensions v3"),
        format!("req {key} -keyout stamper.key -out stamper.csr -subj /CN=stamper"),
        "x509 -req -in stamper.csr -CA clock.pem -CAkey clock.key -CAcreateserial -out stamper.pem -extfile stamper.cnf -days 365".to_owned(),
    ] {
        openssl(&workplace, &arguments);
    }
    Some(workplace)
}

/// Has the signature of the bundle stamped; with `over`, other bytes.
fn stamp(workplace: &Workplace, over: Option<&[u8]>) {
    let mut bundle: Value = serde_json::from_str(&workplace.read(BUNDLE)).expect("JSON");
    let signature = bundle["dsseEnvelope"]["signatures"][0]["sig"]
        .as_str()
        .expect("a text");
    workplace.write("signature.b64", signature.as_bytes());
    openssl(workplace, "base64 -d -A -in signature.b64 -out data");
    if let Some(over) = over {
        workplace.write("data", over);
    }
    openssl(workplace, "ts -query -data data -sha256 -cert -out query.tsq");
    openssl(
        workplace,
        "ts -reply -queryfile query.tsq -config ts.cnf -out reply.tsr -token_out",
    );
    openssl(workplace, "base64 -A -in reply.tsr -out reply.b64");
    bundle["verificationMaterial"]["timestampVerificationData"] =
        json!({"rfc3161Timestamps": [{"signedTimestamp": workplace.read("reply.b64").trim()}]});
    workplace.write(BUNDLE, bundle.to_string().as_bytes());
}

#[track_caller]
fn first_refusal(value: &Value) -> &str {
    value["verification"]["refusals"][0]["reason"]
        .as_str()
        .unwrap_or("none")
}

#[test]
fn a_certificate_that_ended_holds_where_a_believed_timestamp_is_earlier() {
    let Some(workplace) = stamped() else { return };
    let late = format!("{VERIFY} --at 2031-01-01T00:00:00Z");
    rules(&workplace, &format!("{CERTIFICATE}{BELIEVED}"));
    let value = decision(&workplace, VERIFY, 0, &[]);
    assert_eq!(value["time"]["is_proven"], false);
    assert_eq!(
        first_refusal(&decision(&workplace, &late, 1, &[])),
        "certificate-expired"
    );
    let early = format!("{VERIFY} --at 2001-01-01");
    let value = decision(&workplace, &early, 1, &[]);
    assert_eq!(first_refusal(&value), "certificate-not-yet-valid");
    // A bad one is as good as none.
    stamp(&workplace, Some(b"other bytes"));
    let value = decision(&workplace, &late, 1, &[]);
    assert_eq!(first_refusal(&value), "certificate-expired");
    assert_eq!(value["verification"]["notes"][0]["note"], "time-not-proven");
    decision(&workplace, VERIFY, 0, &[]);
    stamp(&workplace, None);
    let value = decision(&workplace, &late, 0, &[]);
    assert_eq!(value["time"]["is_proven"], true);
    assert_eq!(
        value["time"]["earliest"],
        value["verification"]["signed_by"]["checked_at"]
    );
    assert_eq!(value["verification"]["notes"][0]["note"], "time-proven");
    // Nobody is believed whom neither the rule nor the caller names.
    rules(&workplace, CERTIFICATE);
    decision(&workplace, &late, 1, &[]);
    let value = decision(&workplace, VERIFY, 0, &[]);
    assert_eq!(value["verification"]["notes"][0]["note"], "proofs-not-used");
    decision(
        &workplace,
        &format!("{late} --timestamp-authority clock.pem"),
        0,
        &[],
    );
    decision(
        &workplace,
        &format!("{late} --timestamp-authority root.pem"),
        1,
        &[],
    );
    // The option adds nobody to a rule that says whom it believes.
    rules(
        &workplace,
        &format!("{CERTIFICATE}timestamp-authorities = ['stranger.pem']\n"),
    );
    decision(
        &workplace,
        &format!("{late} --timestamp-authority clock.pem"),
        1,
        &[],
    );
}

#[test]
fn a_revoked_signer_holds_only_with_a_proven_time_before() {
    let Some(workplace) = stamped() else { return };
    let lost = |at: &str| format!("revoked = {{ at = {at}, reason = 'lost' }}\n");
    for (rule, sign) in [
        (
            CERTIFICATE,
            "sign certificate models/llama --private-key leaf.key --signing-certificate leaf.pem --signature models/llama/model.sig",
        ),
        (KEY, SIGN),
    ] {
        check(&workplace, sign, 0);
        rules(&workplace, &format!("{rule}{BELIEVED}{}", lost("2999-01-01")));
        decision(&workplace, VERIFY, 1, &["revoked"]);
        // A time that the caller names proves nothing.
        decision(
            &workplace,
            &format!("{VERIFY} --at 2026-01-01"),
            1,
            if rule == KEY { &["revoked"] } else { &[] },
        );
        stamp(&workplace, Some(b"other bytes"));
        decision(&workplace, VERIFY, 1, &["revoked"]);
        stamp(&workplace, None);
        decision(&workplace, VERIFY, 0, &[]);
        // Also where another namespace says so.
        rules(
            &workplace,
            &format!(
                "{rule}{BELIEVED}{}{}",
                rule.replace("acme", "other"),
                lost("2999-01-01")
            ),
        );
        decision(&workplace, VERIFY, 0, &[]);
        rules(
            &workplace,
            &format!(
                "{rule}{BELIEVED}{}{}",
                rule.replace("acme", "other"),
                lost("2020-01-01")
            ),
        );
        decision(&workplace, VERIFY, 1, &["revoked"]);
        rules(&workplace, &format!("{rule}{}", lost("2999-01-01")));
        decision(&workplace, VERIFY, 1, &["revoked"]);
        rules(&workplace, &format!("{rule}{BELIEVED}until = 2999-01-01\n"));
        decision(&workplace, &format!("{VERIFY} --at 2999-01-02"), 0, &[]);
        rules(&workplace, &format!("{rule}{BELIEVED}since = 2999-01-01\n"));
        decision(
            &workplace,
            &format!("{VERIFY} --at 2999-01-02"),
            1,
            &["not-yet-valid"],
        );
    }
}

#[test]
fn what_one_rule_believes_is_nothing_to_another() {
    let Some(workplace) = stamped() else { return };
    stamp(&workplace, None);
    let late = format!("{VERIFY} --at 2031-01-01");
    let other = CERTIFICATE.replace("CN=release,O=Acme", "email:release@acme.example");
    // The first believes and is over; the second does not, and sees a certificate that ended.
    rules(
        &workplace,
        &format!("{CERTIFICATE}{BELIEVED}until = 2020-01-01\n{other}"),
    );
    decision(&workplace, &late, 1, &["no-longer-valid"]);
    rules(&workplace, &format!("{other}{CERTIFICATE}{BELIEVED}"));
    let value = decision(&workplace, &late, 0, &[]);
    assert_eq!(value["trusted_by"]["rule"], 2);
}

#[test]
fn without_proof_the_time_of_the_caller_counts_for_rules() {
    let workplace = workplace();
    rules(
        &workplace,
        &format!("{KEY}since = 2026-01-01\nuntil = 2026-07-01\n"),
    );
    for (at, code, reasons) in [
        ("2025-12-31T23:59:59Z", 1, &["not-yet-valid"][..]),
        ("2026-01-01T00:00:00Z", 0, &[]),
        ("2026-06-30T23:59:59Z", 0, &[]),
        ("2026-07-01T00:00:00Z", 1, &["no-longer-valid"]),
    ] {
        let arguments = format!("{VERIFY} --at {at}");
        let value = decision(&workplace, &arguments, code, reasons);
        assert_eq!(value["time"]["latest"], at);
        let ran = check(&workplace, &arguments, code);
        let said = format!("held against {at}, as asked");
        assert!(ran.stdout.contains(&said), "{}", ran.shown());
    }
    check(&workplace, &format!("{VERIFY} --at yesterday"), 2);
    // A key of the system file that nothing would use is a fault.
    rules(
        &workplace,
        "[[trust]]\nnamespace = 'acme/*'\nsigstore = { identity = 'a', issuer = 'b' }\ntimestamp-authorities = ['root.pem']\n",
    );
    let ran = check(&workplace, VERIFY, 2);
    assert!(ran.stderr.contains("unknown key"), "{}", ran.shown());
    rules(&workplace, &format!("{KEY}timestamp-authorities = ['key.pub']\n"));
    let ran = check(&workplace, VERIFY, 2);
    assert!(
        ran.stderr.contains("cleanbill.toml:6:26: cannot use `"),
        "{}",
        ran.shown()
    );
}
