//! Tables of the purl specification, for the types that advisories are looked up by.

use std::fs;

use cleanbill_advisories::{PurlError, package_of_purl};
use serde_json::Value;

use crate::support::shared_data;

/// Malformed ones that the crate takes, read as their writer meant them: a qualifier in upper case.
const FORGIVEN: [&str; 1] = ["pkg:gem/jruby-launcher@1.1.2?Platform=java"];

#[test]
fn the_tables_of_the_specification_are_read_as_they_say() {
    let Some(folder) = shared_data("vectors/purl") else {
        return;
    };
    let mut checked = 0;
    for kind in [
        "pypi",
        "npm",
        "cargo",
        "golang",
        "deb",
        "apk",
        "maven",
        "gem",
        "nuget",
        "composer",
        "conda",
        "huggingface",
        "oci",
    ] {
        let Ok(text) = fs::read_to_string(folder.join(format!("{kind}-test.json"))) else {
            println!("no table for {kind}");
            continue;
        };
        let table: Value = serde_json::from_str(&text).unwrap();
        for case in table["tests"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|case| case["test_type"] == "parse")
        {
            let purl = case["input"].as_str().unwrap();
            let read = package_of_purl(purl);
            let fails = case["expected_failure"] == true && !FORGIVEN.contains(&purl);
            // A distribution that has no advisories of its own is no failure of reading.
            let refused = matches!(read, Err(PurlError::Malformed { .. }));
            assert_eq!(refused, fails, "{purl}: {read:?}");
            if let (Ok(package), Some(name)) = (read, case["expected_output"]["name"].as_str()) {
                assert!(
                    package.name.ends_with(name) || purl.contains("upstream"),
                    "{purl}: {package:?}"
                );
            }
            checked += 1;
        }
    }
    assert!(checked > 50, "{checked} cases");
}
