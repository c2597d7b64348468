//! EPSS and KEV files, whole and broken.

use std::io::Write;

use cleanbill_advisories::{Epss, Kev};

use crate::support::Bench;

const EPSS: &str = "#model_version:v2025.03.14,score_date:2026-11-27T00:00:00+0000\ncve,epss,percentile\nCVE-2024-0002,0.5,0.9\nCVE-2023-12345,0.00042,0.05\n";

#[test]
fn scores_are_found_in_plain_and_packed_files() {
    let bench = Bench::new();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(EPSS.as_bytes()).unwrap();
    let packed = encoder.finish().unwrap();
    for bytes in [EPSS.as_bytes(), &packed] {
        let epss = Epss::read(&bench.write("epss", bytes)).unwrap();
        assert_eq!(
            (epss.date.as_str(), epss.model_version.as_str(), epss.len()),
            ("2026-11-27T00:00:00+0000", "v2025.03.14", 2)
        );
        let score = epss.score("CVE-2024-0002").unwrap();
        assert!((score.probability - 0.5).abs() < 1e-6 && (score.percentile - 0.9).abs() < 1e-6);
        assert!(epss.score("CVE-2024-3").is_none() && epss.score("GHSA-x").is_none());
    }
    // Cut in the middle of the packed stream.
    assert!(Epss::read(&bench.write("epss", &packed[..packed.len() - 12])).is_err());
}

#[test]
fn broken_scores_are_refused_with_their_place() {
    let bench = Bench::new();
    for (text, wanted) in [
        ("", "`cve,epss,percentile` is missing"),
        ("a,b,c\n", "at `line 1`, byte 0: `cve,epss,percentile` is missing"),
        (
            "cve,epss,percentile\nCVE-1,0,0\n",
            "at `line 2`, byte 20: `CVE-1` is no CVE id",
        ),
        (
            "cve,epss,percentile\nCVE-2024-1,2,0\n",
            "`2` is no number from 0 to 1",
        ),
        (
            "cve,epss,percentile\nCVE-2024-1,NaN,0\n",
            "`NaN` is no number from 0 to 1",
        ),
        (
            "cve,epss,percentile\nCVE-2024-1,0,0\nCVE-2024-1,0,0\n",
            "stands twice",
        ),
    ] {
        let error = Epss::read(&bench.write("epss", text)).unwrap_err();
        assert!(error.to_string().contains(wanted), "{error}");
    }
    let long = format!("cve,epss,percentile\n{}", "x".repeat(10_000));
    assert!(
        Epss::read(&bench.write("epss", long))
            .unwrap_err()
            .to_string()
            .contains("longer than")
    );
}

#[test]
fn the_catalog_of_exploited_vulnerabilities_is_read() {
    let bench = Bench::new();
    let text = r#"{"title":"x","catalogVersion":"2026.11.27","dateReleased":"2026-11-27T15:00:00Z","count":1,"vulnerabilities":[
        {"cveID":"CVE-2024-1","vendorProject":"v","dateAdded":"2024-02-01","dueDate":"2024-03-01","knownRansomwareCampaignUse":"Known"}]}"#;
    let kev = Kev::read(&bench.write("kev.json", text)).unwrap();
    assert_eq!(
        (kev.version.as_str(), kev.date.as_str(), kev.len()),
        ("2026.11.27", "2026-11-27T15:00:00Z", 1)
    );
    let entry = kev.entry("CVE-2024-1").unwrap();
    assert_eq!(
        (entry.added.as_str(), entry.due.as_str(), entry.ransomware),
        ("2024-02-01", "2024-03-01", true)
    );
    assert!(kev.entry("CVE-2024-2").is_none());
    for (text, wanted) in [
        ("{}", "missing field `vulnerabilities`"),
        (
            r#"{"vulnerabilities":[{"cveID":"x"}]}"#,
            "at `vulnerabilities[0].cveID`, byte 29: `x` is no CVE id",
        ),
        (
            r#"{"vulnerabilities":[{"cveID":"CVE-2024-1","cveID":"CVE-2024-2"}]}"#,
            "stands twice",
        ),
        (r#"{"vulnerabilities":[{"#, "ends too early"),
    ] {
        let error = Kev::read(&bench.write("kev.json", text)).unwrap_err();
        assert!(error.to_string().contains(wanted), "{error}");
    }
}
