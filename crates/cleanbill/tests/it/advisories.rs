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

const MALICIOUS: &str = r#"{"id": "MAL-2026-1", "modified": "2026-01-01T00:00:00Z", "summary": "sends away keys",
 "affected": [{"package": {"ecosystem": "PyPI", "name": "evil-lib"}, "versions": ["1.0"]}]}"#;

/// A target with a certain, a possible and a malicious hit, and an index with kinds of weakness.
fn supplied() -> Workplace {
    let workplace = workplace();
    let record = RECORD.replacen(
        '{',
        r#"{"summary": "Runs code while loading.", "database_specific": {"cwe_ids": ["CWE-502", "x", 7]},"#,
        1,
    );
    workplace.write("osv/one.json", record.as_bytes());
    workplace.write("osv/mal.json", MALICIOUS.as_bytes());
    workplace.write(
        "osv/two.json",
        RECORD
            .replace("0000-1", "0000-2")
            .replace("2026-0001", "2026-0002")
            .replace("torch", "numpy")
            .as_bytes(),
    );
    workplace.write(
        "app/requirements.txt",
        b"torch==2.4.0\nnumpy>=1.0\nevil-lib==1.0\n",
    );
    workplace.write("kev.json", br#"{"catalogVersion": "1", "dateReleased": "2026-01-01", "vulnerabilities":
        [{"cveID": "CVE-2026-0001", "dateAdded": "2026-01-03", "dueDate": "2026-02-03", "knownRansomwareCampaignUse": "Known"}]}"#);
    workplace.write(
        "epss.csv",
        b"#model_version:v1,score_date:2026-01-01\ncve,epss,percentile\nCVE-2026-0001,0.25,0.5\n",
    );
    let ran = workplace.run("advisories import osv --index osv.index --date 2026-01-02");
    assert_eq!(ran.code, 0, "{}", ran.shown());
    workplace
}

#[test]
fn a_bill_carries_its_weaknesses_and_how_old_they_are() {
    let workplace = supplied();
    let with =
        "bom app --advisories osv.index --kev kev.json --epss epss.csv --timestamp 2026-01-12T00:00:00Z";
    let ran = workplace.run(with);
    assert_eq!(ran.code, 0, "findings fail nothing here: {}", ran.shown());
    for said in [
        r#""id": "PYSEC-0000-1""#,
        r#""id": "MAL-2026-1""#,
        r#""severity": "critical""#,
        r#""method": "CVSSv31""#,
        r#""score": 9.8"#,
        "502",
        "https://osv.dev/vulnerability/PYSEC-0000-1",
        r#""name": "cleanbill:certainty""#,
        r#""value": "possible""#,
        "cleanbill:epss:probability",
        "cleanbill:kev:added",
        "cleanbill:fixed-version",
        "cleanbill:advisories:date",
        "cleanbill:advisories:age-days",
        r#""value": "complete""#,
    ] {
        assert!(ran.stdout.contains(said), "{said}: {}", ran.shown());
    }
    assert!(
        ran.stderr.contains("advisories were imported on 2026-01-02"),
        "{}",
        ran.shown()
    );
    assert!(
        ran.stderr.contains("advisories are 10 days old"),
        "{}",
        ran.shown()
    );
    assert!(
        ran.stderr.contains("PyPI: the newest advisory is 11 days old"),
        "{}",
        ran.shown()
    );
    assert_eq!(
        workplace.run(with).stdout,
        ran.stdout,
        "the same input gives the same bytes"
    );
    let spdx = workplace.run(&format!("{with} -f spdx"));
    for said in [
        "security_Vulnerability",
        "security_CvssV3VulnAssessmentRelationship",
        "security_EpssVulnAssessmentRelationship",
        "security_ExploitCatalogVulnAssessmentRelationship",
        "cleanbill:advisories:date",
        "\"security\"",
    ] {
        assert!(spdx.stdout.contains(said), "{said}: {}", spdx.shown());
    }
    assert!(!workplace.run("bom app").stdout.contains("vulnerabilities"));
    let chinese = workplace.run(&format!("{with} --lang zh -o bill.json"));
    assert!(
        chinese.stderr.contains("安全公告导入于 2026-01-02"),
        "{}",
        chinese.shown()
    );
}

#[test]
fn what_the_index_lacks_stands_in_the_bill() {
    let workplace = supplied();
    workplace.write(
        "app/package.json",
        br#"{"name": "a", "dependencies": {"left-pad": "1.0.0", "b": "1.0.0"}}"#,
    );
    for format in ["cyclonedx", "cyclonedx-1.6", "spdx"] {
        let ran = workplace.run(&format!("bom app --advisories osv.index -f {format}"));
        assert_eq!(ran.code, 3, "{}", ran.shown());
        assert!(
            ran.stdout.contains("npm: 2 packages not checked"),
            "{}",
            ran.shown()
        );
        assert!(
            ran.stdout.contains("cleanbill:advisories:coverage"),
            "{}",
            ran.shown()
        );
        assert!(
            ran.stderr.contains("no advisories of `npm` were imported"),
            "{}",
            ran.shown()
        );
    }
    for arguments in ["bom app --vex v.json", "bom app --epss epss.csv"] {
        let ran = workplace.run(arguments);
        assert_eq!(ran.code, 2, "{}", ran.shown());
    }
    let ran = workplace.run("bom app --advisories absent.index");
    assert_eq!((ran.code, ran.stdout.as_str()), (3, ""), "{}", ran.shown());
    workplace.write("old.index", b"CBADVISORIES\r\n\x1a\n\x01\0\0\0");
    let ran = workplace.run("bom app --advisories old.index");
    assert_eq!((ran.code, ran.stdout.as_str()), (3, ""), "{}", ran.shown());
}

const STATEMENT: &str =
    "schema = \"cleanbill-statements/1\"\n[[statement]]\nvulnerability = \"CVE-2026-0001\"\n";

#[test]
fn statements_are_written_for_exact_versions() {
    let workplace = supplied();
    workplace.run("bom app -o bill.json");
    let base = "advisories vex bill.json --index osv.index --author Acme --timestamp 2026-01-05T00:00:00Z";
    let ran = workplace.run(base);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    assert!(
        ran.stdout.contains("https://openvex.dev/ns/v0.2.0"),
        "{}",
        ran.shown()
    );
    assert!(
        ran.stdout.contains("pkg:pypi/torch@2.4.0") && ran.stdout.contains("MAL-2026-1"),
        "{}",
        ran.shown()
    );
    assert_eq!(
        ran.stdout.matches("\"under_investigation\"").count(),
        2,
        "{}",
        ran.shown()
    );
    assert!(
        !ran.stdout.contains("not_affected") && !ran.stdout.contains("PYSEC-0000-2"),
        "{}",
        ran.shown()
    );
    assert!(
        ran.stderr.contains("PYSEC-0000-2"),
        "what is only possible is told: {}",
        ran.shown()
    );
    assert_eq!(workplace.run(base).stdout, ran.stdout);

    workplace.write(
        "own.toml",
        format!(
            "{STATEMENT}products = [\"pkg:pypi/torch@2.4.0\"]\nstatus = \"not_affected\"\n\
        justification = \"vulnerable_code_not_in_execute_path\"\nimpact_statement = \"never loads\"\n"
        )
        .as_bytes(),
    );
    let ran = workplace.run(&format!("{base} --statements own.toml -o out.vex.json"));
    assert_eq!(ran.code, 0, "{}", ran.shown());
    let text = workplace.read("out.vex.json");
    assert!(
        text.contains("\"not_affected\"") && text.contains("never loads"),
        "{text}"
    );
    // What was written counts where it is read.
    let ran = workplace.run("advisories check app --index osv.index --vex out.vex.json --format json");
    assert!(ran.stdout.contains("\"answered\": true"), "{}", ran.shown());
    let ran = workplace.run("bom app --advisories osv.index --vex out.vex.json");
    assert!(
        ran.stdout.contains("\"state\": \"not_affected\""),
        "{}",
        ran.shown()
    );
    let ran = workplace.run(&format!("{base} --statements own.toml --format cyclonedx"));
    assert!(
        ran.stdout.contains("\"code_not_reachable\"") && ran.stdout.contains("\"in_triage\""),
        "{}",
        ran.shown()
    );
    let ran = workplace.run(&format!(
        "{base} --vulnerability CVE-2026-0001 --component pkg:pypi/torch@2.4.0 --status affected --action-statement update"
    ));
    assert!(
        ran.stdout.contains("\"action_statement\": \"update\""),
        "{}",
        ran.shown()
    );
    let ran = workplace.run(&format!("{base} --product pkg:generic/app@1"));
    assert!(ran.stdout.contains("subcomponents"), "{}", ran.shown());
}

#[test]
fn statements_that_claim_too_much_are_refused() {
    let workplace = supplied();
    workplace.run("bom app -o bill.json");
    let base = "advisories vex bill.json --index osv.index --author Acme --timestamp 2026-01-05T00:00:00Z";
    for (product, rest, code) in [
        ("pkg:pypi/torch@2.4.0", "status = \"not_affected\"", 2),
        ("pkg:pypi/torch@2.4.0", "status = \"affected\"", 2),
        ("pkg:pypi/torch@2.4.0", "status = \"fine\"", 2),
        ("pkg:pypi/torch@2.4.0", "status = \"fixed\"\nstate = \"x\"", 2),
        ("pkg:pypi/torch@2.3.0", "status = \"fixed\"", 3),
        ("pkg:pypi/torch", "status = \"fixed\"", 3),
        ("pkg:pypi/other@1", "status = \"fixed\"", 3),
        ("pkg:pypi/torch@2.4.0", "status = \"fixed\"", 0),
    ] {
        workplace.write(
            "own.toml",
            format!("{STATEMENT}products = [\"{product}\"]\n{rest}\n").as_bytes(),
        );
        let ran = workplace.run(&format!("{base} --statements own.toml"));
        assert_eq!(ran.code, code, "{product} {rest}: {}", ran.shown());
        assert!(code != 2 || ran.stdout.is_empty(), "{}", ran.shown());
    }
    for arguments in [
        "advisories vex bill.json --index osv.index --author Acme",
        "advisories vex bill.json --index osv.index --timestamp 2026-01-05T00:00:00Z",
        "advisories vex bill.json --index osv.index --author Acme --timestamp 2026-01-05T00:00:00Z --status fixed",
        "advisories vex bill.json --index osv.index --author Acme --timestamp never",
    ] {
        assert_eq!(workplace.run(arguments).code, 2, "{arguments}");
    }
    workplace.write("bill.json", b"{\"bomFormat\": \"CycloneDX\"");
    assert_eq!(workplace.run(base).code, 3);
}

#[test]
fn known_bad_repositories_fail_by_their_name_and_are_called_possible() {
    let workplace = Workplace::empty();
    fs::create_dir(workplace.path("model")).expect("a folder");
    workplace.write(
        "model/README.md",
        b"---\nbase_model: Someone/Bad-Model\ndatasets: [someone/poison]\n---\n# Tiny\n",
    );
    workplace.write(
        "model/config.json",
        br#"{"model_type": "bert", "architectures": ["BertModel"]}"#,
    );
    for (name, code) in [
        ("someone/bad-model", 1),
        ("datasets/someone/poison", 1),
        ("someone/poison", 0),
        ("someone/bad", 0),
    ] {
        workplace.write(
            "bad.toml",
            format!("schema = \"cleanbill-known-bad/1\"\nname = \"ours\"\n[[entry]]\nid = \"B-1\"\nreason = \"r\"\nhuggingface = [\"{name}\"]\n").as_bytes(),
        );
        let ran = workplace.run("advisories check model --known-bad bad.toml");
        assert_eq!(ran.code, code, "{name}: {}", ran.shown());
        assert_eq!(
            ran.stdout.contains("B-1 [possible]"),
            code == 1,
            "{}",
            ran.shown()
        );
        let ran = workplace.run("bom model --known-bad bad.toml");
        assert_eq!(ran.stdout.contains("\"B-1\""), code == 1, "{}", ran.shown());
    }
}

#[test]
fn versions_that_files_hint_at_are_possible() {
    let workplace = workplace();
    fs::create_dir(workplace.path("model")).expect("a folder");
    for (version, is_found) in [("2.4.0", true), ("2.5.0", false)] {
        let card = format!("# Tiny\n\n### Framework versions\n\n- Pytorch {version}\n");
        workplace.write("model/README.md", card.as_bytes());
        let ran = workplace.run("advisories check model --index osv.index");
        assert_eq!(ran.code, 0, "a hint fails nothing: {}", ran.shown());
        assert_eq!(
            ran.stdout.contains("PYSEC-0000-1 (CVE-2026-0001) [possible]"),
            is_found,
            "{}",
            ran.shown()
        );
    }
    // A release of software that no registry holds is known by its tags.
    workplace.write(
        "osv/git.json",
        br#"{"id": "CVE-2026-9", "modified": "2026-01-01T00:00:00Z", "affected": [{"ranges": [{"type": "GIT",
            "repo": "https://github.com/GGML-org/llama.cpp.git", "events": [{"introduced": "0"}]}], "versions": ["b4718", "b4719"]}]}"#,
    );
    workplace.run("advisories import osv --index osv.index --date 2026-01-02");
    for (tag, code, is_found) in [("b4719", 0, true), ("b5000", 3, false)] {
        let recipe = format!("FROM ghcr.io/ggml-org/llama.cpp:server-{tag}\n");
        workplace.write("model/Dockerfile", recipe.as_bytes());
        let ran = workplace.run("advisories check model --index osv.index");
        assert_eq!(ran.code, code, "{}", ran.shown());
        assert_eq!(
            ran.stdout.contains("CVE-2026-9 [possible]"),
            is_found,
            "{}",
            ran.shown()
        );
    }
}
