//! The matcher against `packaging` and `univers` on made pairs, and against a script of its own on real records.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use cleanbill_advisories::{Broken, GapReason, Index, Matches};
use serde_json::Value;

use crate::support::{Bench, ids, python, query, record, shared_data};

const PAIRS: usize = 10_000;
const REAL_PAIRS: usize = 200;

#[test]
fn made_pairs_are_answered_as_other_implementations_do() {
    let Some(python) = python() else { return };
    for ecosystem in ["PyPI", "npm", "crates.io", "Go", "Debian", "Alpine"] {
        let pairs = run(&python, "order_oracle.py", &[ecosystem, &PAIRS.to_string(), "1"]);
        assert_eq!(pairs.len(), PAIRS, "{ecosystem}");
        let records: Vec<Value> = pairs
            .iter()
            .enumerate()
            .map(|(number, pair)| {
                record(
                    &format!("R-{number}"),
                    ecosystem,
                    &format!("p{number}"),
                    &pair["events"],
                    &Value::Null,
                )
            })
            .collect();
        let bench = Bench::new();
        let index = bench.index(&records);
        let mut wrong = Vec::new();
        let mut affected = 0;
        for (number, pair) in pairs.iter().enumerate() {
            let version = pair["version"].as_str().unwrap();
            let found = query(&index, ecosystem, &format!("p{number}"), version);
            affected += usize::from(pair["affected"] == true);
            if found.advisories.is_empty() == (pair["affected"] == true) || !found.gaps.is_empty() {
                wrong.push(format!("{pair} {:?}", found.gaps));
            }
        }
        wrong.truncate(20);
        assert!(wrong.is_empty(), "{ecosystem}:\n{}", wrong.join("\n"));
        assert!(
            affected > PAIRS / 5 && affected < PAIRS * 4 / 5,
            "{ecosystem}: {affected} affected, a poor sample"
        );
        println!("{ecosystem}: {PAIRS} pairs agree, {affected} of them affected");
    }
}

#[test]
fn real_packages_have_exactly_the_records_that_an_independent_reading_finds() {
    let (Some(archive), Some(python)) = (shared_data("osv/PyPI.zip"), python()) else {
        return;
    };
    let bench = Bench::new();
    bench
        .import(std::slice::from_ref(&archive), Broken::Refuse)
        .unwrap();
    let index = Index::open(&bench.index_path()).unwrap();
    let arguments = [&*archive.to_string_lossy(), &REAL_PAIRS.to_string(), "4"];
    let pairs = run(&python, "osv_oracle.py", &arguments);
    assert_eq!(pairs.len(), REAL_PAIRS);
    let mut found_records = 0;
    for pair in &pairs {
        let text = |key: &str| pair[key].as_str().unwrap();
        let list = |key: &str| -> Vec<String> {
            let ids = pair[key].as_array().unwrap();
            ids.iter().map(|id| id.as_str().unwrap().to_owned()).collect()
        };
        let found = query(&index, "PyPI", text("name"), text("version"));
        assert_eq!(records(&found), list("affected"), "{pair}");
        assert_eq!(undecided(&found), list("undecided"), "{pair}");
        found_records += list("affected").len();
    }
    assert!(
        found_records > REAL_PAIRS,
        "{found_records} records, a poor sample"
    );
    println!("{REAL_PAIRS} pairs agree, {found_records} records");
}

fn records(found: &Matches) -> Vec<String> {
    assert_eq!(ids(found).len(), found.advisories.len());
    let mut ids: Vec<String> = found
        .advisories
        .iter()
        .flat_map(|found| found.advisories.clone())
        .collect();
    ids.sort_unstable();
    ids
}

fn undecided(found: &Matches) -> Vec<String> {
    assert!(
        found.gaps.iter().all(|gap| gap.reason != GapReason::NoData),
        "{:?}",
        found.gaps
    );
    let mut ids: Vec<String> = found.gaps.iter().flat_map(|gap| gap.advisories.clone()).collect();
    ids.sort_unstable();
    ids
}

fn run(python: &Path, script: &str, arguments: &[&str]) -> Vec<Value> {
    let script: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(script);
    assert!(fs::exists(&script).unwrap());
    let output = Command::new(python).arg(script).args(arguments).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
