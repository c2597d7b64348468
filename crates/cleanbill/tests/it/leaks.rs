//! `leaks`: exit codes, shapes of documents, records whatever the format, damaged input, copies.

use std::{fmt::Write as _, fs, path::Path, process::Command};

use cleanbill_documents::leaks::{FINDING_SCHEMA, SCHEMA};
use cleanbill_samples::{token, tools};
use serde_json::{Value, json};

use crate::support::{Ran, Workplace, fits, fitting};

const REPORTS: [&str; 5] = ["human", "json", "jsonl", "sarif", "parquet"];

/// Rows with what is hard: escapes, other scripts, nothing, lists in lists.
fn rows() -> Vec<Value> {
    (0..400_u32)
        .map(|number| {
            let text = |salt: u32| {
                let mut text = format!("a \"q\" é 中文 😀\n\t{number} ");
                if (number + salt).is_multiple_of(7) {
                    let _ = write!(text, "{} end", token(number * 10 + salt));
                }
                text
            };
            json!({
                "id": format!("row-{number}"),
                "text": if number % 5 == 0 { Value::Null } else { text(1).into() },
                "messages": [{"role": "user", "content": text(2)}, {"role": "assistant", "content": ""}],
                "deep": {"list": [[text(3)], [], [text(4), text(5)]]},
                "number": number,
            })
        })
        .collect()
}

fn lines(rows: &[Value]) -> String {
    rows.iter()
        .fold(String::new(), |all, row| all + &row.to_string() + "\n")
}

fn workplace() -> Workplace {
    let workplace = Workplace::empty();
    workplace.write("rows.jsonl", lines(&rows()).as_bytes());
    workplace.write("clear.jsonl", b"{\"text\": \"nothing\"}\n");
    workplace.write("cut.parquet", b"PAR1 and no more");
    workplace.write("key", b"thirty-two bytes that are no key");
    workplace
}

/// Lists findings without what depends on the artifact.
fn bare(ran: &Ran) -> Vec<Value> {
    let findings = ran.stdout.lines().map(|line| {
        let mut finding: Value = serde_json::from_str(line).expect("JSON");
        let object = finding.as_object_mut().expect("an object");
        object.remove("artifact");
        object["record"]
            .as_object_mut()
            .expect("an object")
            .remove("line");
        finding
    });
    findings.collect()
}

#[test]
fn the_format_of_the_report_changes_no_exit_code() {
    let workplace = workplace();
    for format in REPORTS {
        for (arguments, code) in [
            ("rows.jsonl", 1),
            ("clear.jsonl", 0),
            ("cut.parquet", 3),
            ("nowhere", 3),
            ("cut.parquet rows.jsonl", 1),
            ("rows.jsonl --exit-zero", 0),
            ("cut.parquet --exit-zero", 0),
            ("rows.jsonl --fail-on critical", 0),
            ("rows.jsonl --class pii --columns number", 0),
            ("rows.jsonl --columns number", 0),
            ("rows.jsonl --sample 1 --columns number", 3),
        ] {
            let output = if format == "parquet" { "-o out.parquet" } else { "" };
            let arguments = format!("leaks {arguments} -f {format} {output}");
            let ran = workplace.run(&arguments);
            assert_eq!(ran.code, code, "{arguments}\n{}", ran.shown());
        }
    }
    for wrong in [
        "leaks",
        "leaks rows.jsonl -f html",
        "leaks rows.jsonl --sample 0",
        "leaks rows.jsonl --class persons",
        "leaks rows.jsonl --hash-key-file nowhere",
        "leaks rows.jsonl --hash-key-file clear.jsonl --rules key",
        "leaks rows.jsonl --pseudonymise key",
        "leaks rows.jsonl --redact key",
        "leaks rows.jsonl -o nowhere/x",
    ] {
        let ran = workplace.run(wrong);
        assert_eq!(ran.code, 2, "{wrong}\n{}", ran.shown());
        assert!(ran.stdout.is_empty(), "{wrong}");
    }
}

#[test]
fn documents_have_their_published_shapes() {
    let workplace = workplace();
    let ran = workplace.run("leaks rows.jsonl cut.parquet -f json --id-field id");
    let document = fitting(&ran.stdout, SCHEMA);
    assert_eq!(document["verdict"], "fail");
    let schema: Value = serde_json::from_str(FINDING_SCHEMA).expect("a schema");
    let listed = workplace.run("leaks rows.jsonl -f jsonl --id-field id");
    let mut count = 0;
    for line in listed.stdout.lines() {
        let finding: Value = serde_json::from_str(line).expect("JSON");
        fits(&schema, &finding);
        let index = finding["record"]["index"].as_u64().expect("a number");
        assert_eq!(finding["record"]["id"], format!("row-{index}"));
        assert_eq!(finding["record"]["line"], index + 1);
        count += 1;
    }
    assert_eq!(document["findings"].as_array().map(Vec::len), Some(count));
    let sarif = include_str!("../../../cleanbill-documents/tests/it/sarif-schema-2.1.0.json");
    let sarif = sarif.replace("-[a-zA-Z]{2}]?$", "-[a-zA-Z]{2}$");
    for target in ["rows.jsonl cut.parquet", "clear.jsonl", "nowhere"] {
        let ran = workplace.run(&format!("leaks {target} -f sarif"));
        let log = fitting(&ran.stdout, &sarif);
        let clear = target == "clear.jsonl";
        assert_eq!(log["runs"][0]["invocations"][0]["executionSuccessful"], clear);
    }
    let token = token(52);
    let shown = token.get(..20).expect("a token");
    assert!(
        lines(&rows()).contains(shown) && !ran.stdout.contains(shown),
        "a value is shown"
    );
}

#[test]
fn a_place_is_that_of_the_value() {
    let workplace = workplace();
    let rows = rows();
    for finding in bare(&workplace.run("leaks rows.jsonl -f jsonl")) {
        let record = &finding["record"];
        let number = |value: &Value| usize::try_from(value.as_u64().expect("a number")).expect("a place");
        let row = &rows[number(&record["index"])];
        let column = record["column"].as_str().expect("a path");
        let pointer = format!("/{}", column.replace(['.', '['], "/").replace(']', ""));
        let value = row.pointer(&pointer).and_then(Value::as_str).expect(column);
        let place = |name: &str| number(&finding[name]);
        let found = value.get(place("start")..place("end")).expect("a place");
        assert_eq!(found.len(), 40, "{finding}");
        let (start, end) = (place("char_start"), place("char_end"));
        let characters: String = value.chars().skip(start).take(end - start).collect();
        assert_eq!(characters, found);
    }
}

#[test]
fn threads_change_nothing_and_equal_values_have_equal_hashes() {
    let workplace = workplace();
    fs::create_dir(workplace.path("many")).expect("a folder");
    let all = lines(&rows());
    for number in 0..5 {
        workplace.write(&format!("many/{number}.jsonl"), all.as_bytes());
    }
    // More than one piece of work in one file.
    workplace.write("many/long.jsonl", all.repeat(40).as_bytes());
    workplace.write("many/text.py", all.repeat(40).as_bytes());
    let run = |jobs: u8| {
        workplace
            .run(&format!("leaks many -f jsonl --hash-key-file key -j {jobs}"))
            .stdout
    };
    let one = run(1);
    assert_eq!(one, run(2));
    assert_eq!(one, run(5));
    let first = |stdout: &str| {
        let line = stdout.lines().next().expect("a finding");
        let finding: Value = serde_json::from_str(line).expect("JSON");
        finding["hash"].as_str().expect("a text").to_owned()
    };
    assert_eq!(
        first(&one),
        first(
            &workplace
                .run("leaks rows.jsonl -f jsonl --hash-key-file key")
                .stdout
        )
    );
    assert_ne!(
        first(&one),
        first(&workplace.run("leaks rows.jsonl -f jsonl").stdout)
    );
}

#[test]
fn what_is_damaged_is_said_and_the_rest_goes_on() {
    let workplace = Workplace::empty();
    let token = token(1);
    let mut invalid = format!("{{\"a\": \"{token}\"}}\n{{\"a\": \"").into_bytes();
    invalid.extend(b"\xff\xfe ");
    invalid.extend(format!("{token}\"}}\nno json {token}\n\n{{\"a\": \"{token}\"}}\n").bytes());
    workplace.write("invalid.jsonl", &invalid);
    let mut long = format!("{{\"a\": \"{token}\"}}\n{{\"a\": \"").into_bytes();
    long.extend(b"x ".repeat(20 << 20));
    long.extend(format!("\"}}\n{{\"a\": \"{token}\"}}\n").bytes());
    workplace.write("long.jsonl", &long);
    workplace.write("open.csv", format!("a,b\n1,\"open {token}\n2,x\n").as_bytes());
    workplace.write("binary.bin", b"\0\x01\x02\x03");
    workplace.write("empty.jsonl", b"");
    for (file, findings, records, coverage, problem) in [
        ("invalid.jsonl", 4, 4, "partial", "no JSON here"),
        ("long.jsonl", 2, 3, "partial", "too long to be examined"),
        ("open.csv", 1, 1, "complete", ""),
        ("binary.bin", 0, 0, "skipped", ""),
        ("empty.jsonl", 0, 0, "complete", ""),
    ] {
        let ran = workplace.run(&format!("leaks {file} -f json --fail-on critical"));
        let document = fitting(&ran.stdout, SCHEMA);
        let artifact = &document["artifacts"][0];
        assert_eq!(artifact["findings"], findings, "{artifact:#}");
        assert_eq!(artifact["records"], records, "{artifact:#}");
        assert_eq!(artifact["coverage"], coverage, "{artifact:#}");
        assert!(artifact.to_string().contains(problem), "{artifact:#}");
        assert_eq!(ran.code, if coverage == "complete" { 0 } else { 3 }, "{file}");
    }
    let last = bare(&workplace.run("leaks long.jsonl -f jsonl"))
        .pop()
        .expect("a finding");
    assert_eq!(last["record"]["index"], 2);
}

#[test]
fn kinds_are_known_by_content() {
    let workplace = Workplace::empty();
    let token = token(3);
    for (name, text, format, column) in [
        (
            "a",
            format!("{{\"a\": \"{token}\"}}\n{{\"a\": \"b\"}}\n"),
            "jsonl",
            json!("a"),
        ),
        (
            "b",
            format!("[\n {{\"a\": \"b\"}},\n {{\"a\": \"{token}\"}}\n]"),
            "json",
            json!("a"),
        ),
        (
            "c.json",
            format!("{{\"a\": {{\"b\": [\"{token}\"]}}}}"),
            "json",
            json!("a.b[0]"),
        ),
        (
            "d.csv",
            format!("name,note\nx,\"a \"\"b\"\" {token}\"\n"),
            "csv",
            json!("note"),
        ),
        ("e.tsv", format!("name\tnote\nx\t{token}\n"), "csv", json!("note")),
        ("f.py", format!("key = '{token}'\n"), "text", Value::Null),
        ("g.html", format!("<p>{token}</p>"), "html", json!("p")),
        (
            "h",
            format!("<?xml version='1.0'?><a><b k='{token}'/></a>"),
            "xml",
            json!("a.b.@k"),
        ),
    ] {
        workplace.write(name, text.as_bytes());
        let ran = workplace.run(&format!("leaks {name} -f json"));
        let document = fitting(&ran.stdout, SCHEMA);
        assert_eq!(document["artifacts"][0]["format"], format, "{name}");
        assert_eq!(
            document["findings"][0]["record"]["column"], column,
            "{name}: {document:#}"
        );
        assert_eq!(document["findings"].as_array().map(Vec::len), Some(1), "{name}");
    }
}

#[test]
fn a_copy_differs_in_the_findings_only_and_holds_none() {
    let workplace = Workplace::empty();
    let rows = rows();
    let all = lines(&rows);
    fs::create_dir_all(workplace.path("data/deep")).expect("a folder");
    workplace.write("data/rows.jsonl", all.as_bytes());
    workplace.write(
        "data/deep/list.json",
        serde_json::to_string_pretty(&rows).expect("JSON").as_bytes(),
    );
    workplace.write("data/text.txt", all.replace("\\n", "\n").as_bytes());
    workplace.write(
        "data/table.csv",
        format!("a,b\nx,\"q \"\"{}\"\"\"\r\ny,z", token(9)).as_bytes(),
    );
    workplace.write("data/crlf.jsonl", all.replace('\n', "\r\n").as_bytes());
    let ran = workplace.run("leaks data --redact copy -f json");
    assert_eq!(ran.code, 1, "{}", ran.shown());
    let document = fitting(&ran.stdout, SCHEMA);
    let findings = document["findings"].as_array().map(Vec::len).expect("a list");
    assert_eq!(document["replaced"], findings);
    for name in [
        "rows.jsonl",
        "deep/list.json",
        "text.txt",
        "table.csv",
        "crlf.jsonl",
    ] {
        let mut expected = workplace.read(&format!("data/{name}"));
        while let Some(at) = expected.find(&["g", "hp_"].concat()) {
            expected.replace_range(at..at + 40, "[GITHUB_PAT]");
        }
        assert!(expected == workplace.read(&format!("copy/{name}")), "{name}");
    }
    let again = workplace.run("leaks copy");
    assert_eq!(again.code, 0, "{}", again.shown());
    // What is there is never overwritten, and what is wrong leaves nothing.
    assert_eq!(workplace.run("leaks data --redact copy").code, 2);
    workplace.write("cut.parquet", b"PAR1 and no more");
    let ran = workplace.run("leaks cut.parquet --redact out.parquet");
    assert_eq!(ran.code, 3, "{}", ran.shown());
    assert!(!workplace.path("out.parquet").exists());
    let left = fs::read_dir(workplace.root()).expect("a folder");
    let left = left
        .flatten()
        .filter(|file| file.file_name().to_string_lossy().starts_with(".cleanbill"));
    assert_eq!(left.count(), 0, "something temporary is left");
}

#[test]
fn pseudonyms_keep_the_form_and_are_the_same_under_one_key() {
    let workplace = workplace();
    let rule = "[member]\nname = \"member\"\nclass = \"personal\"\nfind = 'member-[A-Z]{2}\\d{8}'\ncheck = \"digits\"\n";
    workplace.write("rules.toml", rule.as_bytes());
    let text = "{\"who\": \"member-QX82745193\"}\n{\"who\": \"and member-QX82745193, member-LM19462057\"}\n";
    workplace.write("people.jsonl", text.as_bytes());
    let run = |out: &str| {
        let ran = workplace.run(&format!(
            "leaks people.jsonl --rules rules.toml --redact {out} --pseudonymise key -f jsonl"
        ));
        assert_eq!(bare(&ran).len(), 3, "{}", ran.shown());
        assert!(
            bare(&ran)
                .iter()
                .all(|finding| finding["replaced"] == "pseudonym")
        );
        workplace.read(out)
    };
    let copy = run("first.jsonl");
    assert_eq!(copy, run("second.jsonl"));
    assert_eq!(copy.len(), text.len());
    assert_ne!(copy, text);
    for (was, is) in text.chars().zip(copy.chars()) {
        assert_eq!(was.is_ascii_digit(), is.is_ascii_digit());
        assert_eq!(was.is_ascii_uppercase(), is.is_ascii_uppercase());
    }
    let words: Vec<&str> = copy
        .split(['"', ' ', ','])
        .filter(|word| word.len() == 17)
        .collect();
    assert_eq!(words.len(), 3, "{copy}");
    assert!(words[0] == words[1] && words[1] != words[2], "{words:?}");
}

#[test]
fn people_read_it_in_their_language() {
    let workplace = workplace();
    let is_ideograph = |character: char| ('\u{4e00}'..='\u{9fff}').contains(&character);
    let english = workplace.run("leaks rows.jsonl cut.parquet --lang en");
    assert!(english.stdout.contains("\nFAIL: "), "{}", english.stdout);
    assert!(!english.stdout.contains(is_ideograph), "{}", english.stdout);
    assert!(
        english.stdout.contains("rows.jsonl:3  record 2, "),
        "{}",
        english.stdout
    );
    let chinese = workplace.run("leaks rows.jsonl cut.parquet --lang zh");
    assert!(chinese.stdout.contains("不通过："), "{}", chinese.stdout);
    assert!(chinese.stdout.contains("未完整检查："), "{}", chinese.stdout);
    let quiet = workplace.run("leaks rows.jsonl -q");
    assert_eq!(quiet.stdout.lines().count(), 1);
}

/// Writes the same rows in every format that others write, and reads our table.
const SCRIPT: &str = r#"
import json, sys
import pyarrow as pa, pyarrow.feather as feather, pyarrow.ipc as ipc, pyarrow.parquet as parquet
rows = [json.loads(line) for line in open("rows.jsonl")]
table = pa.Table.from_pylist(rows)
for codec in ["none", "snappy", "gzip", "zstd", "lz4"]:
    parquet.write_table(table, f"{codec}.parquet", compression=codec, row_group_size=90, data_page_size=2048,
        data_page_version="2.0" if codec in ("zstd", "none") else "1.0", use_dictionary=codec != "gzip")
feather.write_feather(table, "lz4.feather", compression="lz4", chunksize=90)
feather.write_feather(table, "plain.arrow", compression="uncompressed")
with ipc.new_stream("stream.arrows", table.schema) as out:
    out.write_table(table, max_chunksize=90)
texts = pa.table({"d": table["text"].dictionary_encode(), "v": table["text"].cast(pa.string_view()),
    "l": table["text"].cast(pa.large_string()), "b": table["text"].cast(pa.binary()),
    "m": pa.array([[("k", row["text"])] for row in rows], pa.map_(pa.string(), pa.string()))})
with ipc.new_file("types.arrow", texts.schema) as out:
    out.write_table(texts)
broken = bytearray(open("none.parquet", "rb").read())
for place in range(len(broken) // 3, len(broken) // 3 + 200):
    broken[place] ^= 0x5A
open("broken.parquet", "wb").write(broken)
"#;

/// Compares copies with what they were made of, value for value.
const COMPARE: &str = r#"
import re, sys
import pyarrow.feather as feather, pyarrow.ipc as ipc, pyarrow.parquet as parquet
token = re.compile("gh" + "p_[A-Za-z0-9]{36}")
def clear(value):
    if isinstance(value, str): return token.sub("[GITHUB_PAT]", value)
    if isinstance(value, (list, tuple)): return type(value)(map(clear, value))
    if isinstance(value, dict): return {key: clear(one) for key, one in value.items()}
    if isinstance(value, bytes): return clear(value.decode()).encode()
    return value
def read(name):
    if name.endswith("parquet"): return parquet.read_table(name)
    if name.endswith("arrows"): return ipc.open_stream(name).read_all()
    return ipc.open_file(name).read_all()
for name in sys.argv[1:]:
    before, after = read(name), read("copy-" + name)
    assert before.schema == after.schema, name
    assert clear(before.to_pylist()) == after.to_pylist(), name
    assert before.to_pylist() != after.to_pylist(), name
leaks = parquet.read_table("leaks.parquet").to_pylist()
print(len(leaks), leaks[0]["type"], leaks[0]["record_column"], leaks[0]["validated"], leaks[0]["record_id"])
"#;

fn python(workplace: &Workplace, program: &Path, script: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .current_dir(workplace.root())
        .args(["-c", script])
        .args(arguments)
        .output()
        .expect("Python starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_same_rows_give_the_same_findings_in_every_format_that_pyarrow_writes() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("data");
    let Some(program) = tools::python(&folder, &["pyarrow==22.0.0"]) else {
        eprintln!("SKIPPED: pyarrow cannot be installed, so Parquet and Arrow files of others are not read");
        return;
    };
    let workplace = workplace();
    python(&workplace, &program, SCRIPT, &[]);
    let run = |file: &str| {
        bare(&workplace.run(&format!(
            "leaks {file} -f jsonl --hash-key-file key --id-field id"
        )))
    };
    let expected = run("rows.jsonl");
    assert!(expected.len() > 200);
    let files = [
        "none.parquet",
        "snappy.parquet",
        "gzip.parquet",
        "zstd.parquet",
        "lz4.feather",
        "plain.arrow",
        "stream.arrows",
        "lz4.parquet",
    ];
    for file in files {
        assert!(run(file) == expected, "{file}");
    }
    let types = workplace.run("leaks types.arrow -f json");
    let document = fitting(&types.stdout, SCHEMA);
    let texts = expected
        .iter()
        .filter(|finding| finding["record"]["column"] == "text")
        .count();
    assert_eq!(document["findings"].as_array().map(Vec::len), Some(5 * texts));
    assert!(types.stdout.contains("m[0].value"));
    // A broken page ends one column of one row group.
    let ran = workplace.run("leaks broken.parquet -f json --fail-on critical");
    let document = fitting(&ran.stdout, SCHEMA);
    assert_eq!(ran.code, 3, "{document:#}");
    assert_eq!(document["artifacts"][0]["coverage"], "partial");
    assert!(
        document["findings"]
            .as_array()
            .is_some_and(|found| found.len() > expected.len() / 2)
    );
    // Copies.
    let mut copied = files.to_vec();
    copied.push("types.arrow");
    for file in &copied {
        let ran = workplace.run(&format!("leaks {file} --redact copy-{file}"));
        assert_eq!(ran.code, 1, "{}", ran.shown());
        let again = workplace.run(&format!("leaks copy-{file}"));
        assert_eq!(again.code, 0, "{}", again.shown());
    }
    workplace.run("leaks rows.jsonl -f parquet -o leaks.parquet --id-field id");
    let said = python(&workplace, &program, COMPARE, &copied);
    let column = expected[0]["record"]["column"].as_str().expect("a path");
    let id = expected[0]["record"]["id"].as_str().expect("an id");
    assert_eq!(
        said.trim(),
        format!("{} github_pat {column} True {id}", expected.len())
    );
}

#[test]
fn a_flood_in_one_text_is_found_whole_and_replaced_whole() {
    let workplace = Workplace::empty();
    let mut text = String::new();
    for number in 0..3_000 {
        let _ = writeln!(text, "{number} {}", token(number));
    }
    workplace.write("flood.txt", text.as_bytes());
    workplace.write("flood.json", json!({ "all": text }).to_string().as_bytes());
    for file in ["flood.txt", "flood.json"] {
        let ran = workplace.run(&format!("leaks {file} -f jsonl --redact copy-{file}"));
        assert_eq!(bare(&ran).len(), 3_000, "{file}");
        let again = workplace.run(&format!("leaks copy-{file}"));
        assert_eq!(again.code, 0, "{}", again.shown());
    }
}
