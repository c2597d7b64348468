//! Revocation lists on the command line and in rules of trust.

use std::process::Command;

use crate::{
    policy::{VERIFY, by_certificate, check, decision, openssl, rules, workplace},
    support::Workplace,
};

const CERTIFICATE: &str = "[[trust]]\nnamespace = 'acme/*'\ncertificate = { subject = 'CN=release,O=Acme', roots = ['root.pem'] }\n";

/// Makes a list by a root, on which `leaf` stands or does not.
fn list(workplace: &Workplace, root: &str, name: &str, is_revoked: bool) {
    let certificate = cleanbill_attest::Certificate::from_pem(workplace.read("leaf.pem").as_bytes());
    let serial = certificate.expect("a certificate")[0].serial().to_uppercase();
    let entry = format!("R\t491231235959Z\t260101000000Z,superseded\t{serial}\tunknown\t/CN=release\n");
    let index = if is_revoked { entry } else { String::new() };
    workplace.write("index.txt", index.as_bytes());
    workplace.write("crlnumber", b"01");
    workplace.write(
        "ca.cnf",
        b"[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncrlnumber=crlnumber\ndefault_md=sha256\ndefault_crl_days=30\n",
    );
    openssl(
        workplace,
        &format!("ca -gencrl -config ca.cnf -keyfile {root}.key -cert {root}.pem -out {name}"),
    );
}

#[test]
fn lists_are_held_against_certificates_where_they_are_named() {
    if Command::new("openssl").arg("version").output().is_err() {
        println!("SKIPPED: openssl is not there");
        return;
    }
    let workplace = workplace();
    by_certificate(&workplace);
    for (root, name, is_revoked) in [
        ("root", "good.crl", false),
        ("root", "bad.crl", true),
        ("stranger", "other.crl", false),
    ] {
        list(&workplace, root, name, is_revoked);
    }
    openssl(&workplace, "crl -in good.crl -outform DER -out good.der");
    let by_root =
        "verify certificate models/llama --signature models/llama/model.sig --certificate-chain root.pem";
    check(&workplace, by_root, 0);
    for (lists, reason) in [
        ("--revocation-list good.crl", ""),
        ("--revocation_list good.der", ""),
        ("--revocation-list good.crl --revocation-list other.crl", ""),
        ("--revocation-list bad.crl", "certificate-revoked"),
        (
            "--revocation-list good.crl --revocation-list bad.crl",
            "certificate-revoked",
        ),
        ("--revocation-list other.crl", "revocation-list-missing"),
    ] {
        let code = i32::from(!reason.is_empty());
        let ran = check(&workplace, &format!("{by_root} {lists}"), code);
        assert!(ran.stdout.contains(reason), "{}", ran.shown());
    }
    check(&workplace, &format!("{by_root} --revocation-list root.pem"), 2);
    check(&workplace, &format!("{by_root} --revocation-list absent.crl"), 2);
    // The rule says the same.
    for (lists, reason) in [
        ("['good.crl']", "none"),
        ("['other.crl', 'good.der']", "none"),
        ("['bad.crl']", "certificate-revoked"),
        ("['other.crl']", "revocation-list-missing"),
    ] {
        rules(&workplace, &format!("{CERTIFICATE}revocation-lists = {lists}\n"));
        let value = decision(&workplace, VERIFY, i32::from(reason != "none"), &[]);
        let first = &value["verification"]["refusals"][0]["reason"];
        assert_eq!(first.as_str().unwrap_or("none"), reason);
    }
    rules(
        &workplace,
        &format!("{CERTIFICATE}revocation-lists = ['good.crl']\n"),
    );
    let value = decision(&workplace, &format!("{VERIFY} --at 2999-01-01"), 1, &[]);
    assert_eq!(
        value["verification"]["refusals"][0]["reason"],
        "certificate-expired"
    );
    rules(
        &workplace,
        &format!("{CERTIFICATE}revocation-lists = ['leaf.pem']\n"),
    );
    let ran = check(&workplace, VERIFY, 2);
    assert!(
        ran.stderr.contains("cleanbill.toml:6:21: cannot use `"),
        "{}",
        ran.shown()
    );
}
