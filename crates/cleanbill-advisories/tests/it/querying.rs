//! What a query finds, and what it says it could not answer.

use cleanbill_advisories::{Basis, Certainty, GapReason, Package, PackageVersion};
use cleanbill_core::{Language, Severity};
use serde_json::{Value, json};

use crate::support::{Bench, ids, query, record};

fn gaps(found: &cleanbill_advisories::Matches) -> Vec<(GapReason, Vec<String>)> {
    for gap in &found.gaps {
        assert_ne!(
            gap.text().get(Language::English),
            gap.text().get(Language::Chinese)
        );
    }
    found
        .gaps
        .iter()
        .map(|gap| (gap.reason, gap.advisories.clone()))
        .collect()
}

#[test]
fn what_cannot_be_answered_is_a_gap() {
    let bench = Bench::new();
    let range = json!([{"introduced": "0"}, {"fixed": "2.0"}]);
    let git = json!([{"type": "GIT", "events": [{"introduced": "0"}]}]);
    let mut commits = record("A-4", "PyPI", "commits", &Value::Null, &json!([]));
    commits["affected"][0]["ranges"] = git;
    let mut semver = record("A-7", "Pub", "dart", &range, &json!([]));
    semver["affected"][0]["ranges"] =
        json!([{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "2.0.0"}]}]);
    let index = bench.index(&[
        record("A-1", "PyPI", "one", &range, &json!([])),
        record("A-2", "Bioconductor", "bio", &range, &json!(["1.5"])),
        record(
            "A-3",
            "PyPI",
            "odd",
            &json!([{"introduced": "0"}, {"fixed": "two"}]),
            &json!(["1.5"]),
        ),
        commits,
        record("A-5", "PyPI", "empty", &Value::Null, &json!([])),
        record("A-6", "Debian:12", "curl", &range, &json!([])),
        semver,
    ]);
    let list = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    for (ecosystem, name, version, found, reasons) in [
        ("PyPI", "one", "1.0", vec!["A-1"], vec![]),
        ("PyPI", "one", "2.0", vec![], vec![]),
        (
            "PyPI",
            "one",
            "one point oh",
            vec![],
            vec![(GapReason::VersionUnreadable, list(&["A-1"]))],
        ),
        ("PyPI", "absent", "one point oh", vec![], vec![]),
        ("CRAN", "one", "1.0", vec![], vec![(GapReason::NoData, vec![])]),
        ("Bioconductor", "bio", "1.5", vec!["A-2"], vec![]),
        (
            "Bioconductor",
            "bio",
            "1.6",
            vec![],
            vec![(GapReason::NoOrder, list(&["A-2"]))],
        ),
        ("PyPI", "odd", "1.5.0", vec!["A-3"], vec![]),
        (
            "PyPI",
            "odd",
            "1.6",
            vec![],
            vec![(GapReason::RangeUnreadable, list(&["A-3"]))],
        ),
        (
            "PyPI",
            "commits",
            "1",
            vec![],
            vec![(GapReason::CommitsOnly, list(&["A-4"]))],
        ),
        (
            "PyPI",
            "empty",
            "1",
            vec![],
            vec![(GapReason::NothingStated, list(&["A-5"]))],
        ),
        ("Debian:12", "curl", "1.0-1", vec!["A-6"], vec![]),
        (
            "Debian:13",
            "curl",
            "1.0-1",
            vec![],
            vec![(GapReason::NoRelease, vec![])],
        ),
        ("Pub", "dart", "1.0.0", vec!["A-7"], vec![]),
        ("Pub", "dart", "2.0.0", vec![], vec![]),
    ] {
        let answer = query(&index, ecosystem, name, version);
        assert_eq!(ids(&answer), found, "{ecosystem} {name} {version}");
        assert_eq!(gaps(&answer), reasons, "{ecosystem} {name} {version}");
    }
    let no_release = query(&index, "Debian", "curl", "1.0-1");
    assert_eq!(no_release.advisories[0].certainty, Certainty::Possible);
}

#[test]
fn an_unpinned_package_has_possible_advisories() {
    let bench = Bench::new();
    let index = bench.index(&[record(
        "A-1",
        "PyPI",
        "one",
        &json!([{"introduced": "1"}, {"fixed": "2.0"}]),
        &json!([]),
    )]);
    let ask = |version| {
        index
            .query(&Package {
                ecosystem: "PyPI".to_owned(),
                name: "one".to_owned(),
                version,
            })
            .unwrap()
    };
    let found = ask(PackageVersion::Requirement(">=1.5".to_owned()));
    assert_eq!(
        (found.advisories[0].certainty, found.advisories[0].fixed.join(" ")),
        (Certainty::Possible, "2.0".to_owned())
    );
    assert!(
        ask(PackageVersion::Requirement(">=2".to_owned()))
            .advisories
            .is_empty()
    );
    assert_eq!(
        ask(PackageVersion::Unknown).advisories[0].certainty,
        Certainty::Possible
    );
}

#[test]
fn aliases_are_one_finding_with_the_worst_rating() {
    let bench = Bench::new();
    let events = |fixed: &str| json!([{"introduced": "0"}, {"fixed": fixed}]);
    let mut pysec = record("PYSEC-1", "PyPI", "one", &events("2.0.1"), &json!([]));
    pysec["aliases"] = json!(["CVE-2024-1", "GHSA-x"]);
    let mut ghsa = record("GHSA-x", "PyPI", "one", &events("2.0"), &json!([]));
    ghsa["aliases"] = json!(["CVE-2024-1"]);
    ghsa["related"] = json!(["CVE-2024-2"]);
    ghsa["summary"] = json!("a hole");
    ghsa["severity"] = json!([{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]);
    let mut other = record("GHSA-y", "PyPI", "one", &events("3"), &json!([]));
    other["aliases"] = json!(["CVE-2024-2"]);
    other["database_specific"] = json!({"severity": "MODERATE", "cwe_ids": ["CWE-1"]});
    let unrated = record("PYSEC-3", "PyPI", "one", &events("3"), &json!([]));
    let mut malicious = record("MAL-1", "PyPI", "one", &events("9"), &json!([]));
    malicious["severity"] =
        json!([{"type": "CVSS_V3", "score": "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"}]);
    let index = bench.index(&[pysec, ghsa, other, unrated, malicious]);
    let found = query(&index, "PyPI", "one", "1.0");
    let rows: Vec<_> = found
        .advisories
        .iter()
        .map(|found| {
            (
                found.id.as_str(),
                found.aliases.join(" "),
                found.rating.severity,
                found.fixed.join(" "),
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("MAL-1", String::new(), Some(Severity::Critical), "9".to_owned()),
            (
                "GHSA-x",
                "CVE-2024-1 PYSEC-1".to_owned(),
                Some(Severity::Critical),
                "2.0 2.0.1".to_owned()
            ),
            (
                "GHSA-y",
                "CVE-2024-2".to_owned(),
                Some(Severity::Medium),
                "3".to_owned()
            ),
            ("PYSEC-3", String::new(), None, "3".to_owned()),
        ]
    );
    let hole = &found.advisories[1];
    assert!(matches!(&hole.rating.basis, Basis::Cvss { score, .. } if (score - 9.8).abs() < 0.01));
    assert_eq!(
        (hole.summary.as_str(), hole.related.join(" ")),
        ("a hole", "CVE-2024-2".to_owned())
    );
    assert_eq!(
        hole.ids().collect::<Vec<_>>(),
        ["GHSA-x", "CVE-2024-1", "PYSEC-1"]
    );
    assert!(found.advisories[0].malicious && found.advisories[0].rating.basis == Basis::Malicious);
}

#[test]
fn releases_of_a_distribution_are_kept_apart() {
    let bench = Bench::new();
    let mut both = record(
        "D-1",
        "Debian:11",
        "curl",
        &json!([{"introduced": "0"}, {"fixed": "7.74.0-1.3+deb11u2"}]),
        &json!([]),
    );
    let second = json!({"package": {"ecosystem": "Debian:12", "name": "curl"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "7.88.1-1"}]}]});
    both["affected"].as_array_mut().unwrap().push(second);
    both["upstream"] = json!(["CVE-2023-1"]);
    let index = bench.index(&[both]);
    assert!(ids(&query(&index, "Debian:11", "curl", "7.80.0-1")).is_empty());
    let found = query(&index, "Debian:12", "curl", "7.80.0-1");
    assert_eq!(
        (ids(&found), found.advisories[0].fixed.join(" ")),
        (vec!["D-1"], "7.88.1-1".to_owned())
    );
    assert_eq!(found.advisories[0].upstream, ["CVE-2023-1"]);
}

#[test]
fn every_name_of_a_large_index_is_found() {
    let bench = Bench::new();
    let records: Vec<Value> = (0..3_000)
        .map(|number| {
            let ecosystem = ["PyPI", "npm", "Go"][number % 3];
            record(
                &format!("R-{number}"),
                ecosystem,
                &format!("p-{}", number * 7919 % 3_000),
                &json!([{"introduced": "0"}]),
                &json!([]),
            )
        })
        .collect();
    let index = bench.index(&records);
    for (number, record) in records.iter().enumerate() {
        let package = &record["affected"][0]["package"];
        let found = query(
            &index,
            package["ecosystem"].as_str().unwrap(),
            package["name"].as_str().unwrap(),
            "1.0.0",
        );
        assert!(ids(&found).contains(&format!("R-{number}").as_str()));
    }
    for absent in ["", "a", "p-", "p-3000", "zzz"] {
        assert!(ids(&query(&index, "npm", absent, "1.0.0")).is_empty());
    }
}
