//! Damaged and forged indexes and documents: an error or an answer, never a panic.

use std::fs;

use cleanbill_advisories::{Broken, Index, IndexError, Package};
use serde_json::{Value, json};

use crate::support::{Bench, query, record, zip};

fn sample() -> Vec<Value> {
    (0..40)
        .map(|number| {
            let events = json!([{"introduced": "0"}, {"fixed": "2.0"}]);
            let mut record = record(
                &format!("R-{number}"),
                "PyPI",
                &format!("p{}", number / 2),
                &events,
                &json!(["1.0", "0.9"]),
            );
            record["aliases"] = json!([format!("CVE-2024-{number}")]);
            record["summary"] = json!("words");
            record
        })
        .collect()
}

/// A small generator, so that the same bytes are damaged in every run.
fn next(state: &mut u64) -> usize {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*state >> 33).unwrap()
}

#[test]
fn a_damaged_index_is_an_error_and_no_panic() {
    let bench = Bench::new();
    bench.index(&sample());
    let bytes = fs::read(bench.index_path()).unwrap();
    let mut state = 7;
    let mut noticed = 0;
    for _ in 0..1_500 {
        let mut damaged = bytes.clone();
        let at = next(&mut state) % damaged.len();
        damaged[at] ^= u8::try_from(next(&mut state) % 255 + 1).unwrap();
        let path = bench.write("damaged", &damaged);
        let answers = Index::open(&path).and_then(|index| {
            (0..20).try_for_each(|number| {
                index
                    .query(&Package::exact("PyPI", format!("p{number}"), "1.0"))
                    .map(|_| ())
            })
        });
        noticed += usize::from(answers.is_err());
    }
    assert_eq!(noticed, 1_500, "every damaged byte is noticed by some query");
    for length in (0..bytes.len()).step_by(97) {
        let path = bench.write("cut", &bytes[..length]);
        Index::open(&path).unwrap_err();
    }
}

#[test]
fn a_forged_index_with_right_checksums_does_no_harm() {
    let bench = Bench::new();
    bench.index(&sample());
    let bytes = fs::read(bench.index_path()).unwrap();
    let mut state = 11;
    let sections: Vec<(usize, usize)> = (0..5)
        .map(|section| {
            let at = 28 + section * 20;
            let long = |at: usize| {
                usize::try_from(u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())).unwrap()
            };
            (long(at), long(at + 8))
        })
        .collect();
    let sum = |bytes: &[u8]| {
        let mut sum = flate2::Crc::new();
        sum.update(bytes);
        sum.sum().to_le_bytes()
    };
    for round in 0..3_000 {
        let mut forged = bytes.clone();
        // Sections with one checksum in the header: the directory and what the index knows of itself.
        let section = 3 + round % 2;
        let (start, length) = sections[section];
        for _ in 0..=next(&mut state) % 3 {
            let at = start + next(&mut state) % length;
            forged[at] = u8::try_from(next(&mut state) % 256).unwrap();
        }
        let place = 28 + section * 20 + 16;
        let new = sum(&forged[start..start + length]);
        forged[place..place + 4].copy_from_slice(&new);
        if round % 5 == 0 {
            // And the places of the sections themselves.
            let at = 28 + next(&mut state) % 100;
            forged[at] = u8::try_from(next(&mut state) % 256).unwrap();
        }
        let new = sum(&forged[..128]);
        forged[128..132].copy_from_slice(&new);
        let path = bench.write("forged", &forged);
        if let Ok(index) = Index::open(&path) {
            for number in 0..20 {
                let _either_way = index.query(&Package::exact("PyPI", format!("p{number}"), "1.0"));
            }
        }
    }
}

#[test]
fn other_files_are_no_index() {
    let bench = Bench::new();
    for bytes in [&b""[..], b"x", &[0; 4096], b"CBADVISORIES\r\n\x1a\n"] {
        let path = bench.write("other", bytes);
        assert!(matches!(
            Index::open(&path).unwrap_err(),
            IndexError::NotAnIndex { .. }
        ));
    }
    assert!(matches!(
        Index::open(&bench.path("absent")).unwrap_err(),
        IndexError::Io { .. }
    ));
    bench.index(&sample());
    let mut bytes = fs::read(bench.index_path()).unwrap();
    bytes[16] = 99;
    let path = bench.write("later", &bytes);
    let error = Index::open(&path).unwrap_err();
    assert!(matches!(error, IndexError::Schema { found: 99, .. }), "{error}");
}

#[test]
fn damaged_documents_and_archives_are_errors_and_no_panic() {
    let bench = Bench::new();
    let text = serde_json::to_string(&sample()[..3]).unwrap();
    let archive = zip(&[
        ("a.json", text.as_bytes()),
        ("b.json", sample()[7].to_string().as_bytes()),
    ]);
    let mut state = 3;
    for round in 0..2_000 {
        let original = if round % 2 == 0 {
            text.as_bytes()
        } else {
            archive.as_slice()
        };
        let mut bytes = original.to_vec();
        for _ in 0..=next(&mut state) % 3 {
            let at = next(&mut state) % bytes.len();
            bytes[at] = u8::try_from(next(&mut state) % 256).unwrap();
        }
        if round % 7 == 0 {
            bytes.truncate(next(&mut state) % bytes.len());
        }
        let source = bench.write("source.json", &bytes);
        let _either_way = bench.import(std::slice::from_ref(&source), Broken::Refuse);
        if bench.import(&[source], Broken::Skip).is_ok() {
            let index = Index::open(&bench.index_path()).unwrap();
            query(&index, "PyPI", "p0", "1.0");
        }
    }
}

#[test]
fn versions_of_any_shape_are_answered() {
    let shapes = [
        "",
        " ",
        "0",
        "v",
        "1.",
        ".1",
        "1..2",
        "99999999999999999999999999.1",
        "1!",
        "!1",
        "1+",
        "1-",
        "~",
        "-",
        ":",
        "1:",
        "1:~",
        "é",
        "1.0\u{0}",
        "v1.2.3-rc.1+b",
        "1_alpha",
        "1_alpha99999999999999999999",
        "1~ff-r1",
        "go1.21rc2",
        "go",
        "rc1",
        "1.0.dev",
        "20200101000000",
        "*",
        "x.y.z",
        "1.0-r99999999999999999999999",
    ];
    let bench = Bench::new();
    let ecosystems = [
        "PyPI",
        "npm",
        "crates.io",
        "Go",
        "Debian:12",
        "Alpine:v3.18",
        "Unheard",
        "Ubuntu:22.04:LTS",
    ];
    let mut records = Vec::new();
    for ecosystem in ecosystems {
        for (number, shape) in shapes.iter().enumerate() {
            let events =
                json!([{"introduced": shape}, {"fixed": "2"}, {"last_affected": shape}, {"limit": shape}]);
            records.push(record(
                &format!("{ecosystem}-{number}"),
                ecosystem,
                "p",
                &events,
                &json!([shape]),
            ));
        }
    }
    let index = bench.index(&records);
    for ecosystem in ecosystems {
        for (number, shape) in shapes.iter().enumerate() {
            let found = query(&index, ecosystem, "p", shape);
            let listed = format!("{ecosystem}-{number}");
            assert!(
                found
                    .advisories
                    .iter()
                    .any(|found| found.advisories.contains(&listed)),
                "{ecosystem} {shape}"
            );
            let version = cleanbill_advisories::PackageVersion::Requirement((*shape).to_owned());
            index
                .query(&Package {
                    ecosystem: ecosystem.to_owned(),
                    name: "p".to_owned(),
                    version,
                })
                .unwrap();
        }
    }
}
