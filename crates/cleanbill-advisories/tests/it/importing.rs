//! What an import takes, what it refuses and where, and that the old index outlives a failure.

use std::{fs, process::Command};

use cleanbill_advisories::{Broken, Fault, ImportError, Index};
use serde_json::{Value, json};

use crate::support::{Bench, DATE, ids, query, record, zip};

/// Files of a source, by name.
type Files<'a> = Vec<(&'a str, Vec<u8>)>;

fn simple(id: &str, name: &str) -> Value {
    record(
        id,
        "PyPI",
        name,
        &json!([{"introduced": "0"}, {"fixed": "2"}]),
        &json!([]),
    )
}

#[test]
fn every_kind_of_source_gives_the_same_records() {
    let (one, two) = (simple("A-1", "one").to_string(), simple("A-2", "two").to_string());
    let pretty = serde_json::to_string_pretty(&simple("A-1", "one")).unwrap();
    let kinds: [(&str, Files<'_>); 5] = [
        (
            "all.zip",
            vec![(
                "all.zip",
                zip(&[
                    ("A-1.json", one.as_bytes()),
                    ("A-2.json", two.as_bytes()),
                    ("readme.txt", b"x"),
                ]),
            )],
        ),
        (
            "lines.jsonl",
            vec![("lines.jsonl", format!("{one}\n\n{two}\r\n").into_bytes())],
        ),
        (
            "array.json",
            vec![("array.json", format!("[{pretty},\n{two}]").into_bytes())],
        ),
        (
            "folder",
            vec![
                ("folder/a/A-1.json", pretty.clone().into_bytes()),
                ("folder/A-2.json", two.clone().into_bytes()),
            ],
        ),
        (
            "nested",
            vec![(
                "nested/PyPI/all.zip",
                zip(&[("x.json", format!("[{one},{two}]").as_bytes())]),
            )],
        ),
    ];
    for (source, files) in kinds {
        let bench = Bench::new();
        for (name, bytes) in files {
            bench.write(name, bytes);
        }
        let summary = bench.import(&[bench.path(source)], Broken::Refuse).unwrap();
        assert_eq!(summary.info.records, 2, "{source}");
        let index = Index::open(&bench.index_path()).unwrap();
        assert_eq!(index.info(), &summary.info, "{source}");
        assert_eq!(ids(&query(&index, "PyPI", "One", "1.0")), ["A-1"], "{source}");
        assert_eq!(ids(&query(&index, "PyPI", "two", "1.9")), ["A-2"], "{source}");
        assert_eq!(
            fs::metadata(bench.index_path()).unwrap().len(),
            summary.index_bytes
        );
    }
}

#[test]
fn the_index_tells_what_is_in_it() {
    let bench = Bench::new();
    let mut debian = record(
        "D-1",
        "Debian:12",
        "curl",
        &json!([{"introduced": "0"}]),
        &json!([]),
    );
    debian["modified"] = json!("2026-05-01T00:00:00Z");
    let withdrawn =
        json!({"id": "W-1", "withdrawn": "2025-01-01T00:00:00Z", "modified": "2025-01-01T00:00:00Z"});
    let commits = json!({"id": "G-1", "affected": [{"ranges": [{"type": "GIT", "repo": "https://example.org/r", "events": [{"introduced": "0"}]}]}]});
    let lines = [
        simple("A-1", "one"),
        simple("A-2", "one"),
        debian,
        withdrawn,
        commits,
    ]
    .map(|record| record.to_string());
    let source = bench.write("records.jsonl", lines.join("\n"));
    let info = bench.import(&[source], Broken::Refuse).unwrap().info;
    assert_eq!(
        (
            info.date.as_str(),
            info.records,
            info.withdrawn,
            info.git_only,
            info.broken
        ),
        (DATE, 4, 1, 1, 0)
    );
    let ecosystems: Vec<_> = info
        .ecosystems
        .iter()
        .map(|of| {
            (
                of.name.as_str(),
                of.records,
                of.packages,
                of.newest.as_str(),
                of.releases.join(" "),
            )
        })
        .collect();
    assert_eq!(
        ecosystems,
        [
            ("Debian", 1, 1, "2026-05-01T00:00:00Z", "12".to_owned()),
            ("GIT", 1, 1, "", String::new()),
            ("PyPI", 2, 1, "2026-01-02T03:04:05Z", String::new()),
        ]
    );
    assert_eq!(info.sources[0].name, "records.jsonl");
    assert_eq!(info.sources[0].records, 5);
}

#[test]
fn the_order_of_sources_does_not_change_a_byte() {
    let bench = Bench::new();
    let mut newer = simple("A-1", "one");
    newer["modified"] = json!("2026-06-01T00:00:00Z");
    newer["summary"] = json!("the later text");
    let a = bench.write(
        "a.jsonl",
        format!("{}\n{}", simple("A-1", "one"), simple("A-3", "three")),
    );
    let b = bench.write("b.jsonl", format!("{}\n{}", newer, simple("A-2", "two")));
    let first = bench.import(&[a.clone(), b.clone()], Broken::Refuse).unwrap();
    let bytes = fs::read(bench.index_path()).unwrap();
    assert_eq!(first.duplicates, 1);
    bench.import(&[b, a.clone()], Broken::Refuse).unwrap();
    assert_eq!(bytes, fs::read(bench.index_path()).unwrap());
    let found = query(&Index::open(&bench.index_path()).unwrap(), "PyPI", "one", "1");
    assert_eq!(found.advisories[0].summary, "the later text");
    let error = bench.import(&[a.clone(), a], Broken::Refuse).unwrap_err();
    assert!(matches!(error, ImportError::SameName { .. }), "{error}");
}

#[test]
fn a_record_that_was_withdrawn_later_is_gone() {
    let bench = Bench::new();
    let withdrawn =
        json!({"id": "A-1", "withdrawn": "2026-07-01T00:00:00Z", "modified": "2026-07-01T00:00:00Z"});
    let index = bench.index(&[simple("A-1", "one"), withdrawn, simple("A-2", "two")]);
    assert!(ids(&query(&index, "PyPI", "one", "1")).is_empty());
    assert_eq!((index.info().records, index.info().withdrawn), (1, 1));
}

#[test]
fn a_broken_document_is_refused_with_its_place_and_the_old_index_stays() {
    let good = simple("A-1", "one").to_string();
    let twice = good.replacen("\"id\"", "\"modified\":\"\",\"id\"", 1);
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("x.json", good.as_bytes()[..good.len() - 3].to_vec(), "`x.json`, at `modified`, byte 192: the document ends too early"),
        ("x.json", twice.clone().into_bytes(), "`x.json`, at `modified`, byte "),
        ("x.json", b"{\"id\": 5}".to_vec(), "`x.json`, at `id`, byte "),
        ("x.json", b"{\"affected\": []}".to_vec(), "`x.json`, at `id`, byte 0: `id` is missing"),
        ("x.json", b"\xff\xfe{\0".to_vec(), "byte 0: the text is UTF-16"),
        ("x.json", b"{\"id\":\"\xc3\"}".to_vec(), "byte 7: the text is not UTF-8"),
        ("x.json", [b"{\"id\":\"x\",\"d\":".as_slice(), &b"[".repeat(99)].concat(), "more than 64 levels"),
        (
            "x.json",
            br#"{"id":"x","affected":[{"package":{"ecosystem":"PyPI","name":"n"},"ranges":[{"type":"ODD"}]}]}"#.to_vec(),
            "at `affected[0].ranges[0].type`, byte 83",
        ),
        ("x.jsonl", format!("{good}\n{twice}\n").into_bytes(), "`x.jsonl`, at `line 2: modified`, byte "),
        ("all.zip", zip(&[("ok.json", good.as_bytes()), ("bad.json", b"{\"id\":}")]), "all.zip!/bad.json`, at `id`, byte 6"),
        ("folder/a/b.json", b"{".to_vec(), "folder!/a/b.json`, byte 1: the document ends too early"),
        ("array.json", format!("[{good},{{\"id\":1}}]").into_bytes(), "`array.json`, at `[1].id`, byte "),
    ];
    for (name, bytes, wanted) in cases {
        let bench = Bench::new();
        bench.index(&[simple("OLD-1", "old")]);
        let before = fs::read(bench.index_path()).unwrap();
        bench.write(name, bytes);
        let source = bench.path(name.split('/').next().unwrap());
        let error = bench
            .import(std::slice::from_ref(&source), Broken::Refuse)
            .unwrap_err();
        let shown = error.to_string().replace(
            &format!("{}/", bench.path("").display().to_string().trim_end_matches('/')),
            "",
        );
        assert!(shown.contains(wanted), "{shown}\nwanted {wanted}");
        assert!(matches!(error, ImportError::Document(_)));
        assert_eq!(before, fs::read(bench.index_path()).unwrap());
        let names: Vec<_> = fs::read_dir(bench.path(""))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(names.len(), 3, "nothing is left behind: {names:?}");

        // Passed over on demand, and counted.
        let extra = bench.write("extra.jsonl", simple("A-9", "nine").to_string());
        let summary = bench.import(&[source, extra], Broken::Skip).unwrap();
        assert_eq!((summary.info.broken, summary.broken.len()), (1, 1), "{name}");
    }
}

#[test]
fn archives_that_lie_are_refused() {
    let good = simple("A-1", "one").to_string();
    let archive = zip(&[("A-1.json", good.as_bytes())]);
    let mut wrong_sum = archive.clone();
    // CRC in the directory, 16 bytes behind its signature.
    let at = archive
        .windows(4)
        .position(|window| window == b"PK\x01\x02")
        .unwrap();
    wrong_sum[at + 16] ^= 1;
    let mut encrypted = archive.clone();
    encrypted[at + 8] |= 1;
    let mut method = archive.clone();
    method[at + 10] = 93;
    let mut longer = archive.clone();
    longer[at + 24] = longer[at + 24].wrapping_sub(1);
    let twice = zip(&[("A.json", good.as_bytes()), ("A.json", good.as_bytes())]);
    for (bytes, wanted) in [
        (wrong_sum, "checksum"),
        (encrypted, "encrypted"),
        (method, "method 93"),
        (longer, "another length than its directory says"),
        (twice, "stands twice"),
        (archive[..archive.len() - 30].to_vec(), "end record is missing"),
    ] {
        let bench = Bench::new();
        let source = bench.write("all.zip", bytes);
        let error = bench.import(&[source], Broken::Refuse).unwrap_err();
        assert!(error.to_string().contains(wanted), "{error}");
        assert!(!bench.index_path().exists());
    }
}

#[test]
fn an_archive_with_more_entries_than_16_bits_count_is_read() {
    let bench = Bench::new();
    let path = bench.path("all.zip");
    let program = "import sys, zipfile\nwith zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED) as z:\n for n in range(66000): z.writestr(f'{n}.json', '{\"id\":\"R-%d\"}' % n)";
    let made = Command::new("python3").arg("-c").arg(program).arg(&path).status();
    if !made.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: no python3 to make a large archive with");
        return;
    }
    assert_eq!(
        bench.import(&[path], Broken::Refuse).unwrap().info.records,
        66_000
    );
}

#[test]
fn what_makes_no_sense_as_an_import_is_refused() {
    let bench = Bench::new();
    let none = bench.write("none.json", "[]");
    assert!(matches!(
        bench.import(&[none], Broken::Refuse).unwrap_err(),
        ImportError::Nothing { sources: 1 }
    ));
    assert!(matches!(
        bench.import(&[bench.path("absent")], Broken::Skip).unwrap_err(),
        ImportError::Io { .. }
    ));
    let options = cleanbill_advisories::ImportOptions {
        date: "yesterday".to_owned(),
        broken: Broken::Refuse,
    };
    let error = cleanbill_advisories::import(&[], &bench.index_path(), &options).unwrap_err();
    assert!(matches!(error, ImportError::Date { .. }));
    let good = bench.write("good.json", simple("A-1", "one").to_string());
    let options = cleanbill_advisories::ImportOptions {
        date: DATE.to_owned(),
        broken: Broken::Refuse,
    };
    let error = cleanbill_advisories::import(&[good], &bench.path("absent/index"), &options).unwrap_err();
    assert!(matches!(error, ImportError::Write { .. }), "{error}");
    let long = json!({"id": "x".repeat(5000)});
    let source = bench.write("long.json", long.to_string());
    let error = bench.import(&[source], Broken::Refuse).unwrap_err();
    assert!(matches!(error, ImportError::Document(error) if matches!(error.fault, Fault::TooLong { .. })));
}

#[test]
fn null_and_unknown_fields_and_odd_shapes_are_let_through() {
    let bench = Bench::new();
    let odd = json!({
        "id": "A-1", "modified": null, "aliases": null, "severity": null, "schema_version": "1.9.9", "credits": [{"x": [1]}],
        "database_specific": ["odd"], "affected": [
            {"package": {"ecosystem": "PyPI", "name": "one", "purl": "x"}, "ranges": null, "versions": ["1"],
             "database_specific": 5, "ecosystem_specific": {"severity": {"a": 1}}},
            {"package": null, "ranges": []},
        ],
    });
    let index = bench.index(&[odd]);
    assert_eq!(ids(&query(&index, "PyPI", "one", "1.0")), ["A-1"]);
}
