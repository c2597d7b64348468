//! Files that the usual libraries write.

use std::{fs, path::Path, process::Command};

use cleanbill_samples::tools;

use crate::support::{run_with, token};

const PACKAGES: &[&str] = &[
    "fastavro==1.13.1",
    "cramjam==2.14.0",
    "backports.zstd==1.8.0",
    "openpyxl==3.1.5",
    "python-docx==1.2.0",
    "python-pptx==1.0.2",
    "odfpy==1.4.1",
    "reportlab==5.1.0",
];

/// Runs a script that needs packages; returns the files that it writes, or nothing where the packages cannot be had.
pub(crate) fn made(script: &str) -> Option<Vec<(String, Vec<u8>)>> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("libraries");
    let Some(python) = tools::python(&folder, PACKAGES) else {
        eprintln!(
            "SKIPPED: packages of Python cannot be installed, so files of other libraries are not read"
        );
        return None;
    };
    written(&python, script)
}

/// Runs a script that needs no packages.
pub(crate) fn plain(script: &str) -> Option<Vec<(String, Vec<u8>)>> {
    let python = Path::new("python3");
    let mut version = Command::new(python);
    if tools::step(version.arg("--version")).is_none() {
        eprintln!("SKIPPED: there is no Python, so files of its modules are not read");
        return None;
    }
    written(python, script)
}

/// Runs a script with a token in a fresh folder; returns the files that it writes.
fn written(python: &Path, script: &str) -> Option<Vec<(String, Vec<u8>)>> {
    let place = tempfile::tempdir().expect("a folder");
    let output = Command::new(python)
        .current_dir(place.path())
        .args(["-c", script, &token(1)])
        .output()
        .expect("Python starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let entries = fs::read_dir(place.path()).expect("a folder");
    let mut files: Vec<_> = entries
        .map(|entry| {
            let entry = entry.expect("a file");
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, fs::read(entry.path()).expect("a file"))
        })
        .collect();
    files.sort();
    Some(files).filter(|files| !files.is_empty())
}

#[test]
fn avro_of_every_codec_gives_what_json_gives() {
    let script = r#"
import sys, json, fastavro, datetime, uuid, decimal
token = sys.argv[1]
schema = {"type": "record", "name": "r", "namespace": "n", "fields": [
    {"name": "id", "type": "string"},
    {"name": "text", "type": ["null", "string", "long"]},
    {"name": "deep", "type": {"type": "record", "name": "d", "fields": [
        {"name": "next", "type": ["null", "d"]}, {"name": "list", "type": {"type": "array", "items": {"type": "array", "items": "string"}}}]}},
    {"name": "map", "type": {"type": "map", "values": ["null", "string"]}},
    {"name": "kind", "type": {"type": "enum", "name": "k", "symbols": ["A", "B"]}},
    {"name": "blob", "type": "bytes"},
    {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}},
    {"name": "when", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    {"name": "who", "type": {"type": "string", "logicalType": "uuid"}},
    {"name": "five", "type": {"type": "fixed", "name": "f", "size": 5}},
    {"name": "num", "type": "double"}, {"name": "yes", "type": "boolean"}, {"name": "f32", "type": "float"}]}
rows, plain = [], []
for n in range(3000):
    t = lambda k: "é 中文 %d " % n + (token if (n + k) % 7 == 0 else "")
    row = {"id": "row-%d" % n, "text": None if n % 5 == 0 else t(1), "deep": {"next": {"next": None, "list": [[t(2)], [], [t(3), "x"]]}, "list": []},
        "map": {"a": t(4), "b": None}, "kind": "AB"[n % 2], "blob": t(5)}
    plain.append(row)
    rows.append({**row, "blob": row["blob"].encode(), "price": decimal.Decimal("12.34"), "when": datetime.datetime.now(datetime.timezone.utc),
        "who": uuid.UUID(int=n), "five": b"abcde", "num": 1.5, "yes": True, "f32": 2.5})
with open("rows.jsonl", "w") as out:
    for row in plain: out.write(json.dumps(row) + "\n")
for codec in ["null", "deflate", "snappy", "zstandard", "bzip2", "xz"]:
    with open(codec + ".avro", "wb") as out:
        fastavro.writer(out, schema, rows, codec=codec, sync_interval=5000)
"#;
    let Some(files) = made(script) else { return };
    let run = |name: &str| {
        let (_, bytes) = files.iter().find(|(file, _)| file == name).expect("a file");
        let ran = run_with(name, bytes.clone(), 2, |options| {
            options.id_field = Some("id".to_owned());
        });
        assert!(ran.is_complete(), "{name}: {}", ran.problems());
        assert_eq!(ran.artifact.records, 3_000, "{name}");
        ran.lines()
    };
    let expected = run("rows.jsonl");
    assert!(expected.len() > 1_500);
    for codec in ["null", "deflate", "snappy", "zstandard", "bzip2", "xz"] {
        assert!(run(&format!("{codec}.avro")) == expected, "{codec}");
    }
}
