//! One case for each reason for and against a signer.

use cleanbill_core::{Language, UnixTime};
use cleanbill_policy::{
    ArtifactName,
    policy_file::{self, SystemFile},
    trust::{Identity, Known, Proven, Reason, decide},
};

const KEY: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const OTHER: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const NOW: &str = "2026-11-28T12:00:00Z";

fn time(text: &str) -> UnixTime {
    UnixTime::parse(text).expect("a time")
}

fn system(rules: &str) -> SystemFile {
    let text = format!("[system]\nname = 'x'\n{rules}");
    policy_file::read(text.as_bytes()).unwrap_or_else(|faults| panic!("{faults:?}\n{text}"))
}

fn rule(namespace: &str, rest: &str) -> String {
    format!("[[trust]]\nnamespace = '{namespace}'\n{rest}\n")
}

fn key(fingerprint: &str) -> Identity {
    Identity::Key {
        fingerprint: fingerprint.to_owned(),
    }
}

fn decide_at(rules: &str, name: &str, signer: &Identity, proven: &[&str]) -> Result<usize, Vec<Reason>> {
    let file = system(rules);
    let known: Vec<Known<'_>> = file
        .trust
        .iter()
        .map(|rule| Known {
            rule,
            key: None,
            roots: vec!["root".to_owned()],
        })
        .collect();
    let times: Vec<UnixTime> = proven.iter().map(|text| time(text)).collect();
    let name = ArtifactName::parse(name).expect("a name");
    decide(&known, &name, signer, Proven::of(&times, time(NOW)), time(NOW))
}

#[track_caller]
fn check(rules: &str, signer: &Identity, proven: &[&str], expected: Result<usize, &str>) {
    let found = decide_at(rules, "acme/llama", signer, proven);
    if let Err(reasons) = &found {
        for reason in reasons {
            let text = reason.text();
            assert_ne!(text.en(), text.get(Language::Chinese));
        }
    }
    let found = found.map_err(|reasons| reasons.iter().map(Reason::id).collect::<Vec<_>>().join(" "));
    assert_eq!(found, expected.map_err(str::to_owned), "{rules}");
}

#[test]
fn whom_a_rule_names_is_trusted_by_it() {
    let by_key = format!("key = '{KEY}'");
    check(&rule("acme/*", &by_key), &key(KEY), &[], Ok(0));
    check(
        &(rule("*/*", &by_key) + &rule("acme/llama", &by_key)),
        &key(KEY),
        &[],
        Ok(1),
    );
    let identity = Identity::Sigstore {
        identity: "a@b".to_owned(),
        issuer: "https://c".to_owned(),
    };
    let by_identity = "sigstore = { identity = 'a@b', issuer = 'https://c' }";
    check(&rule("acme/*", by_identity), &identity, &[], Ok(0));
}

#[test]
fn without_a_rule_nobody_is_trusted() {
    check("", &key(KEY), &[], Err("no-rule"));
    check(
        &rule("other/*", &format!("key = '{KEY}'")),
        &key(KEY),
        &[],
        Err("no-rule"),
    );
}

#[test]
fn a_rule_closes_its_namespace() {
    let rules = rule("*/*", &format!("key = '{OTHER}'")) + &rule("acme/*", &format!("key = '{KEY}'"));
    check(&rules, &key(OTHER), &[], Err("signer-not-named"));
    // Capitals do not lead past it.
    let found = decide_at(&rules, "ACME/llama", &key(OTHER), &[]);
    assert!(found.is_err());
    check(&rules, &key(KEY), &[], Ok(1));
    let issuer = |issuer: &str| Identity::Sigstore {
        identity: "a@b".to_owned(),
        issuer: issuer.to_owned(),
    };
    let rules = rule("acme/*", "sigstore = { identity = 'a@b', issuer = 'https://c' }");
    check(&rules, &issuer("https://evil"), &[], Err("signer-not-named"));
}

#[test]
fn two_patterns_of_one_rank_decide_nothing() {
    let rules = rule("acme/l*", &format!("key = '{KEY}'")) + &rule("acme/*a", &format!("key = '{KEY}'"));
    check(&rules, &key(KEY), &[], Err("ambiguous-rules"));
}

#[test]
fn a_certificate_is_named_by_subject_or_alternative_name_issuer_and_root() {
    let signer = |subject: &str, names: &[&str], issuer: &str, root: &str| Identity::Certificate {
        subject: subject.to_owned(),
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        issuer: issuer.to_owned(),
        root: Some(root.to_owned()),
    };
    let by_name = rule(
        "acme/*",
        "certificate = { subject = 'CN=a', issuer = 'CN=ca', roots = ['r'] }",
    );
    check(&by_name, &signer("CN=a", &[], "CN=ca", "root"), &[], Ok(0));
    for other in [
        signer("CN=b", &["CN=a"], "CN=ca", "root"),
        signer("CN=a", &[], "CN=other", "root"),
        signer("CN=a", &[], "CN=ca", "other"),
    ] {
        check(&by_name, &other, &[], Err("signer-not-named"));
    }
    let by_mail = rule("acme/*", "certificate = { subject = 'email:a@b', roots = ['r'] }");
    check(&by_mail, &signer("", &["email:a@b"], "", "root"), &[], Ok(0));
    for other in [
        signer("email:a@b", &[], "", "root"),
        signer("", &["uri:a@b", "email:A@b"], "", "root"),
    ] {
        check(&by_mail, &other, &[], Err("signer-not-named"));
    }
}

#[test]
fn since_is_the_first_second_and_until_the_first_after_the_last() {
    let rules = |rest: &str| rule("acme/*", &format!("key = '{KEY}'\n{rest}"));
    for (rest, proven, expected) in [
        ("since = 2026-11-28T12:00:00Z", &[][..], Ok(0)),
        ("since = 2026-11-28T12:00:01Z", &[], Err("not-yet-valid")),
        ("until = 2026-11-28T12:00:01Z", &[], Ok(0)),
        ("until = 2026-11-28T12:00:00Z", &[], Err("no-longer-valid")),
        ("until = 2026-11-28", &[], Err("no-longer-valid")),
        // A proven time takes the place of now, on the side that is worse.
        ("until = 2026-11-01", &["2026-10-01"], Ok(0)),
        (
            "until = 2026-11-01",
            &["2026-10-01", "2026-11-01"],
            Err("no-longer-valid"),
        ),
        (
            "since = 2026-11-01",
            &["2026-10-01", "2026-11-02"],
            Err("not-yet-valid"),
        ),
        // A time that lies ahead proves nothing.
        (
            "until = 2026-11-01",
            &["2026-10-01", "2026-12-01"],
            Err("no-longer-valid"),
        ),
    ] {
        check(&rules(rest), &key(KEY), proven, expected);
    }
}

#[test]
fn the_revoked_are_trusted_only_for_what_is_proven_to_be_older() {
    let by_key = format!("key = '{KEY}'");
    let revoked = format!("{by_key}\nrevoked = {{ at = 2026-06-01, reason = 'stolen' }}");
    let rules = rule("acme/*", &revoked);
    for (proven, expected) in [
        (&[][..], Err("revoked")),
        (&["2026-05-31T23:59:59Z"], Ok(0)),
        (&["2026-06-01"], Err("revoked")),
        (&["2026-01-01", "2026-07-01"], Err("revoked")),
    ] {
        check(&rules, &key(KEY), proven, expected);
    }
    // Without a proof not even a revocation that lies ahead is waited for.
    let ahead = rule("acme/*", &revoked.replace("2026-06-01", "2030-01-01"));
    check(&ahead, &key(KEY), &[], Err("revoked"));
    // That of a certificate counts whichever roots its rule names.
    let signer = Identity::Certificate {
        subject: "CN=a".to_owned(),
        names: Vec::new(),
        issuer: "CN=ca".to_owned(),
        root: Some("root".to_owned()),
    };
    let file = system(
        &(rule("acme/*", "certificate = { subject = 'CN=a', roots = ['r'] }")
            + &rule(
                "old/*",
                "certificate = { subject = 'CN=a', issuer = 'CN=ca' }\nrevoked = { at = 2026-06-01, reason = 'left' }",
            )),
    );
    let known = [("root", 0), ("none", 1)].map(|(root, index)| Known {
        rule: &file.trust[index],
        key: None,
        roots: vec![root.to_owned()],
    });
    let name = ArtifactName::parse("acme/llama").expect("a name");
    let reasons = decide(&known, &name, &signer, None, time(NOW)).expect_err("revoked");
    assert_eq!(reasons[0].id(), "revoked");
    // A revocation in another namespace counts as well.
    let elsewhere = rule("acme/*", &by_key) + &rule("old/*", &revoked);
    check(&elsewhere, &key(KEY), &[], Err("revoked"));
    check(&elsewhere, &key(KEY), &["2026-05-01"], Ok(0));
}
