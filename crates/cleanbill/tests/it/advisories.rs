//! Advisories: imported into an index, asked about a target.

use std::fs;

use crate::support::Workplace;

const RECORD: &str = r#"{"id": "PYSEC-0000-1", "modified": "2026-01-01T00:00:00Z", "aliases": ["CVE-2026-0001"],
 "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
 "affected": [{"package": {"ecosystem": "PyPI", "name": "torch"},
               "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.5.0"}]}]}]}"#;

fn workplace() -> Workplace {
    let workplace = Workplace::empty();
    fs::create_dir(workplace.path("osv")).expect("a folder");
    fs::create_dir(workplace.path("app")).expect("a folder");
    workplace.write("osv/one.json", RECORD.as_bytes());
    workplace.write("app/requirements.txt", b"torch==2.4.0\n");
    let ran = workplace.run("advisories import osv --index osv.index --date 2026-01-02");
    assert_eq!(ran.code, 0, "{}", ran.shown());
    workplace
}

#[test]
fn an_affected_version_fails_and_a_mended_one_passes() {
    let workplace = workplace();
    let ran = workplace.run("advisories check app --index osv.index");
    assert_eq!(ran.code, 1, "{}", ran.shown());
    for said in [
        "critical",
        "PYSEC-0000-1 (CVE-2026-0001)",
        "fixed in 2.5.0",
        "2026-01-02",
    ] {
        assert!(ran.stdout.contains(said), "{said}: {}", ran.shown());
    }
    workplace.write("app/requirements.txt", b"torch==2.5.0\n");
    let ran = workplace.run("advisories check app --index osv.index --format json");
    assert_eq!(ran.code, 0, "{}", ran.shown());
    assert!(ran.stdout.contains(r#""advisories": []"#), "{}", ran.shown());
    workplace.write("app/requirements.txt", b"torch>=2.0\n");
    let ran = workplace.run("advisories check app --index osv.index");
    assert_eq!(ran.code, 0, "possible is not certain: {}", ran.shown());
    assert!(ran.stdout.contains("[possible]"), "{}", ran.shown());
}

#[test]
fn what_the_index_does_not_hold_is_incomplete() {
    let workplace = workplace();
    workplace.write(
        "app/package.json",
        br#"{"name": "a", "dependencies": {"left-pad": "1.0.0"}}"#,
    );
    workplace.write("app/requirements.txt", b"torch==2.5.0\n");
    let ran = workplace.run("advisories check app --index osv.index");
    assert_eq!(ran.code, 3, "{}", ran.shown());
    assert!(ran.stdout.contains("npm"), "{}", ran.shown());
}

#[test]
fn a_statement_counts_for_the_version_that_it_names() {
    let workplace = workplace();
    for (version, code) in [("2.4.0", 0), ("2.3.0", 1)] {
        let statement = format!(
            r#"{{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://x.example/1", "author": "Acme",
                "timestamp": "2026-01-03T00:00:00Z", "version": 1, "statements": [{{"vulnerability": {{"name": "CVE-2026-0001"}},
                "products": [{{"@id": "pkg:pypi/torch@{version}"}}], "status": "not_affected",
                "justification": "vulnerable_code_not_present"}}]}}"#
        );
        workplace.write("vex.json", statement.as_bytes());
        let ran = workplace.run("advisories check app --index osv.index --vex vex.json");
        assert_eq!(ran.code, code, "{}", ran.shown());
    }
}

#[test]
fn a_failed_import_leaves_the_old_index() {
    let workplace = workplace();
    let before = fs::read(workplace.path("osv.index")).expect("an index");
    workplace.write(
        "osv/two.json",
        br#"{"id": "PYSEC-0000-2", "affected": [{"package": "#,
    );
    let ran = workplace.run("advisories import osv --index osv.index --date 2026-01-05");
    assert_eq!(ran.code, 3, "{}", ran.shown());
    assert!(
        ran.stderr.contains("two.json") && ran.stderr.contains("byte"),
        "{}",
        ran.shown()
    );
    assert_eq!(fs::read(workplace.path("osv.index")).expect("an index"), before);
    let ran = workplace.run("advisories import osv --index osv.index --date 2026-01-05 --skip-broken");
    assert_eq!(ran.code, 3, "passed over is missing: {}", ran.shown());
    let ran = workplace.run("advisories show --index osv.index");
    assert!(
        ran.stdout.contains("2026-01-05") && ran.stdout.contains("PyPI"),
        "{}",
        ran.shown()
    );
}

#[test]
fn known_bad_models_are_found_by_digest() {
    let workplace = workplace();
    // SHA-256 of `torch==2.4.0\n`, computed by the bill itself.
    workplace.run("bom app -o bill.json");
    let bill = workplace.read("bill.json");
    let at = bill.find("\"content\": \"").expect("a digest") + 12;
    let digest = bill.get(at..at + 64).expect("64 digits");
    workplace.write(
        "bad.json",
        format!(
            r#"{{"schema": "cleanbill-known-bad/1", "name": "ours", "date": "2026-01-01",
                "entry": [{{"id": "BAD-1", "reason": "tampered", "sha256": ["{digest}"]}}]}}"#
        )
        .as_bytes(),
    );
    let ran = workplace.run("advisories check app --known-bad bad.json");
    assert_eq!(ran.code, 1, "{}", ran.shown());
    assert!(
        ran.stdout.contains("BAD-1") && ran.stdout.contains("tampered"),
        "{}",
        ran.shown()
    );
}
