//! `leaks`: numbers, days and names of fields, the same whatever the format, and copies without them.

use std::{fmt::Write as _, path::Path, process::Command};

use cleanbill_samples::tools;
use serde_json::{Value, json};

use crate::support::{Ran, Workplace};

/// Puts a last digit behind a number that makes it one of a card.
fn card(start: u64) -> u64 {
    let sum: u64 = start
        .to_string()
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u64::from(digit - b'0') * if place % 2 == 0 { 2 } else { 1 };
            digit / 10 + digit % 10
        })
        .sum();
    start * 10 + (10 - sum % 10) % 10
}

fn mail() -> String {
    ["alice.miller", "uni-bonn.de"].join("@")
}

/// Rows of a table: numbers that say something, and such that do not.
fn rows() -> Vec<Value> {
    (0..300_u32)
        .map(|number| {
            let many = u64::from(number);
            json!({
                "id": format!("row-{number}"),
                "text": if number % 9 == 0 { format!("to {}, please", mail()) } else { format!("\"{number}\", é") },
                "phone": if number % 4 == 0 { json!(13_812_004_731_u64 + many * 7_919) } else { Value::Null },
                "card": card(453_201_511_283_036 + many * 1_007).to_string().parse::<f64>().unwrap_or(0.0),
                "amount": f64::from(number) + 0.25,
                "stamp": 1_700_000_000_000_u64 + many * 86_399_000,
                "count": number,
                "yes": number % 2 == 0,
                "birth_date": format!("19{}-{:02}-17", 50 + number % 50, 1 + number % 12),
            })
        })
        .collect()
}

fn lines(rows: &[Value]) -> String {
    rows.iter()
        .fold(String::new(), |all, row| all + &row.to_string() + "\n")
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

/// Writes the same rows as tables of several types.
const SCRIPT: &str = r#"
import json
import pyarrow as pa, pyarrow.csv as csv, pyarrow.ipc as ipc, pyarrow.parquet as parquet
rows = [json.loads(line) for line in open("rows.jsonl")]
table = pa.Table.from_pylist(rows)
day = table["birth_date"]
def put(table, name, column):
    return table.set_column(table.schema.get_field_index(name), name, column)
def write(table, name):
    parquet.write_table(table, name + ".parquet", row_group_size=70)
    with ipc.new_file(name + ".arrow", table.schema) as out:
        out.write_table(table, max_chunksize=70)
write(table, "plain")
typed = put(table, "birth_date", day.cast(pa.date32()))
write(put(typed, "phone", table["phone"].cast(pa.decimal128(24, 2))), "decimal")
csv.write_csv(typed, "typed.csv")
stamped = put(table, "birth_date", day.cast(pa.timestamp("ms")))
write(put(stamped, "phone", table["phone"].cast(pa.uint64())), "stamped")
write(put(stamped, "phone", table["phone"].dictionary_encode()), "coded")
with open("spark.parquet", "wb") as out:
    parquet.write_table(put(table, "birth_date", day.cast(pa.timestamp("ns"))), out, use_deprecated_int96_timestamps=True)
frame = put(table, "phone", table["phone"].cast(pa.float64()))
csv.write_csv(frame, "float.csv")
write(frame, "float")
required = pa.schema([field.with_nullable(field.name == "phone") for field in typed.schema])
write(typed.cast(required), "required")
named = [json.loads(line) for line in open("named.jsonl")]
write(pa.Table.from_pylist(named), "named")
"#;

/// Holds copies against what they were made of.
const COMPARE: &str = r#"
import sys
import pyarrow.ipc as ipc, pyarrow.parquet as parquet
def read(name):
    if name.endswith("parquet"): return parquet.read_table(name)
    return ipc.open_file(name).read_all()
for name in sys.argv[1:]:
    before, after = read(name), read("copy-" + name)
    assert before.schema == after.schema, name
    empty = 0
    for was, now in zip(before.to_pylist(), after.to_pylist()):
        for column in ["phone", "card", "birth_date"]:
            value = now.pop(column)
            was.pop(column)
            zero = not value or str(value).startswith("1700-01-01")
            assert zero, (name, column, value)
            empty += value is None
        now["text"] = now["text"].replace("[EMAIL]", "@".join(["alice.miller", "uni-bonn.de"]))
        assert was == now, name
    assert (empty == 900) != (name.startswith("required")), (name, empty)
    stored = open("copy-" + name, "rb").read()
    for value in before["phone"].to_pylist():
        assert value is None or int(value).to_bytes(8, "little") not in stored, name
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

fn workplace() -> Workplace {
    let workplace = Workplace::empty();
    workplace.write("rows.jsonl", lines(&rows()).as_bytes());
    let list = serde_json::to_string_pretty(&rows()).expect("JSON");
    workplace.write("rows.json", list.as_bytes());
    let named: Vec<Value> = (0..50)
        .map(|number| json!({"scores": {mail(): number, "other": 1}, "list": [{mail(): "x"}]}))
        .collect();
    workplace.write("named.jsonl", lines(&named).as_bytes());
    workplace.write("key", b"thirty-two bytes that are no key");
    workplace
}

fn run(workplace: &Workplace, file: &str) -> Vec<Value> {
    bare(&workplace.run(&format!(
        "leaks {file} -f jsonl --hash-key-file key --id-field id"
    )))
}

#[test]
fn numbers_days_and_names_are_found_in_every_format() {
    let workplace = workplace();
    let expected = run(&workplace, "rows.jsonl");
    let count = |kind: &str, column: &str| {
        let is = |one: &&Value| one["type"] == kind && one["record"]["column"] == column;
        expected.iter().filter(is).count()
    };
    assert_eq!(count("phone", "phone"), 75);
    assert_eq!(count("credit_card", "card"), 300);
    assert_eq!(count("date_of_birth", "birth_date"), 300);
    assert_eq!(count("email", "text"), 34);
    assert_eq!(expected.len(), 75 + 300 + 300 + 34);
    assert!(run(&workplace, "rows.json") == expected);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("data");
    let Some(program) = tools::python(&folder, &["pyarrow==22.0.0"]) else {
        eprintln!("SKIPPED: pyarrow cannot be installed, so numbers in tables of others are not read");
        return;
    };
    python(&workplace, &program, SCRIPT, &[]);
    let tables = ["plain", "decimal", "stamped", "coded", "float", "required"];
    let mut files: Vec<String> = vec![
        "typed.csv".to_owned(),
        "float.csv".to_owned(),
        "spark.parquet".to_owned(),
    ];
    files.extend(
        tables
            .iter()
            .flat_map(|name| [format!("{name}.parquet"), format!("{name}.arrow")]),
    );
    for file in &files {
        let found = run(&workplace, file);
        let differs = found.iter().zip(&expected).find(|(one, other)| one != other);
        assert!(found == expected, "{file}: {} {differs:?}", found.len());
    }
    let named = run(&workplace, "named.jsonl");
    assert_eq!(named.len(), 2, "{named:?}");
    assert_eq!(named[0]["record"]["column"], "list[0][\"[EMAIL]\"]");
    assert_eq!(run(&workplace, "named.parquet"), named);
    assert_eq!(run(&workplace, "named.arrow"), named);
    // Copies.
    let tables: Vec<&str> = files.iter().map(String::as_str).collect();
    for file in &tables {
        let ran = workplace.run(&format!("leaks {file} --redact copy-{file} -f jsonl"));
        assert_eq!(bare(&ran).len(), expected.len(), "{}", ran.shown());
        let is_table = !Path::new(file).extension().is_some_and(|end| end == "csv");
        let column = |one: &&Value| one["record"]["column"] == "phone";
        let removed = bare(&ran)
            .iter()
            .filter(column)
            .all(|one| one["replaced"] == "removed");
        assert_eq!(removed, is_table, "{file}");
        let again = workplace.run(&format!("leaks copy-{file}"));
        assert_eq!(again.code, 0, "{}", again.shown());
    }
    let compared: Vec<&str> = tables
        .iter()
        .copied()
        .filter(|name| !name.ends_with("csv"))
        .collect();
    python(&workplace, &program, COMPARE, &compared);
    let ran = workplace.run("leaks named.parquet --redact copy-named.parquet");
    assert_eq!(ran.code, 3, "{}", ran.shown());
    // Pseudonyms are numbers of the same length, and the same in a table and in JSON.
    for file in ["plain.parquet", "plain.arrow", "rows.jsonl"] {
        let ran = workplace.run(&format!("leaks {file} --redact pseudo-{file} --pseudonymise key"));
        assert_eq!(ran.code, 0, "{}", ran.shown());
    }
    let script = "
import json
import pyarrow.ipc as ipc, pyarrow.parquet as parquet
rows = [json.loads(line) for line in open('pseudo-rows.jsonl')]
for table in [parquet.read_table('pseudo-plain.parquet'), ipc.open_file('pseudo-plain.arrow').read_all()]:
    for column in ['phone', 'card', 'id', 'text', 'stamp']:
        assert table[column].to_pylist() == [row[column] for row in rows], column
was = [json.loads(line) for line in open('rows.jsonl')]
for one, other in zip(was, rows):
    for column in ['phone', 'card']:
        assert type(one[column]) == type(other[column])
        assert one[column] is None or one[column] != other[column] and len(str(one[column])) == len(str(other[column]))
";
    python(&workplace, &program, script, &[]);
}

#[test]
fn a_copy_of_json_is_json_and_differs_in_the_findings_only() {
    let workplace = Workplace::empty();
    let mail = mail();
    let card = card(453_201_511_283_036);
    let mut text = String::new();
    for line in [
        format!("{{\"card\": {card} , \"n\":{card}.0,\"e\": {card}e0, \"f\": 0.{card}, \"x\": [1, {card}]}}"),
        format!("{{\"{mail}\": 1, \"b\": {{\"{mail}\": {{\"phone\": 13812004731}}}}, \"a\\u002d\": true}}"),
        "{\"token\": [15496, 995, 123456], \"ok\": false, \"phone\": 0, \"id\": 4155552671}".to_owned(),
    ] {
        let _ = writeln!(text, "{line}");
    }
    workplace.write("rows.jsonl", text.as_bytes());
    let found = bare(&workplace.run("leaks rows.jsonl -f jsonl"));
    let columns: Vec<&str> = found
        .iter()
        .filter_map(|one| one["record"]["column"].as_str())
        .collect();
    let expected = [
        "card",
        "e",
        "n",
        "x[1]",
        "[\"[EMAIL]\"]",
        "b[\"[EMAIL]\"]",
        "b[\"[EMAIL]\"].phone",
    ];
    assert_eq!(columns, expected);
    assert!(
        !workplace.run("leaks rows.jsonl -f json").stdout.contains(&mail),
        "a name is shown"
    );
    let ran = workplace.run("leaks rows.jsonl --redact copy.jsonl");
    assert_eq!(ran.code, 1, "{}", ran.shown());
    let copy = workplace.read("copy.jsonl");
    let mut expected = text
        .replace(&format!("{card}.0"), "\"[CREDIT_CARD]\"")
        .replace(&format!("{card}e0"), "\"[CREDIT_CARD]\"")
        .replacen(&format!(": {card} "), ": \"[CREDIT_CARD]\" ", 1)
        .replace(&format!(", {card}]"), ", \"[CREDIT_CARD]\"]")
        .replacen(&mail, "[EMAIL]", 1)
        .replacen(&mail, "[EMAIL 2]", 1);
    expected = expected.replace("13812004731", "\"[PHONE]\"");
    assert_eq!(copy, expected);
    for line in copy.lines() {
        serde_json::from_str::<Value>(line).expect("JSON");
    }
    assert_eq!(workplace.run("leaks copy.jsonl").code, 0);
}

#[test]
fn rules_of_others_may_describe_short_numbers() {
    let workplace = Workplace::empty();
    let rule = "[pin]\nname = \"pin\"\nclass = \"personal\"\nfind = 'pin: \\d{4}'\n";
    workplace.write("rules.toml", rule.as_bytes());
    workplace.write("rows.jsonl", b"{\"pin\": \"x pin: 4711 y\"}\n{\"pin\": 4711}\n");
    let ran = workplace.run("leaks rows.jsonl --rules rules.toml -f jsonl");
    assert_eq!(bare(&ran).len(), 1, "{}", ran.shown());
}
