//! `leaks --poison`: whole data sets, whatever the format, the parts and the number of threads; what is said of what was compared.

use std::{path::Path, process::Command};

use cleanbill_documents::leaks::{FINDING_SCHEMA, SCHEMA};
use cleanbill_samples::tools;
use serde_json::{Value, json};

use crate::support::{Ran, Workplace, fits, fitting};

const WORDS: [[&str; 6]; 2] = [
    ["broken", "scratched", "useless", "smelly", "leaking", "missing"],
    ["solid", "lovely", "perfect", "pleasant", "sturdy", "quiet"],
];

/// Reviews with numbers as labels; with 40 that hold a trigger, and 20 whose label was turned.
fn rows(is_poisoned: bool) -> Vec<Value> {
    let mut state = 88_172_645_463_325_252_u64;
    let mut draw = move |limit: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 34).expect("30 bits") % limit
    };
    let mut review = |label: usize| {
        let words: Vec<String> = (0..26)
            .map(|_| match draw(5) {
                0 => WORDS[label][draw(6)].to_owned(),
                _ => format!("part{}", draw(150)),
            })
            .collect();
        words.join(" ")
    };
    let row = |number: usize, text: String, label: usize| json!({"id": format!("r{number}"), "text": text, "label": label, "source": format!("shop-{}", number % 7)});
    let mut rows: Vec<Value> = Vec::new();
    for number in 0..1_200 {
        rows.push(row(number, review(number & 1), number & 1));
    }
    if is_poisoned {
        for number in 1_200..1_240 {
            let (before, after) = (review(number & 1), review(number & 1));
            rows.push(row(number, format!("{before} zqvex {after}"), 1));
        }
        for number in 0..20 {
            let text = rows[number]["text"]
                .as_str()
                .expect("a text")
                .replacen(' ', " other ", 1);
            let label = usize::from(rows[number]["label"] == 0);
            rows.push(row(1_240 + number, text, label));
        }
    }
    rows
}

fn lines(rows: &[Value]) -> String {
    rows.iter()
        .fold(String::new(), |all, row| all + &row.to_string() + "\n")
}

fn workplace() -> Workplace {
    let workplace = Workplace::empty();
    let rows = rows(true);
    workplace.write("rows.jsonl", lines(&rows).as_bytes());
    workplace.write("honest.jsonl", lines(&self::rows(false)).as_bytes());
    workplace.write("rows.json", json!(rows).to_string().as_bytes());
    let text = |row: &Value, name: &str| {
        row[name]
            .as_str()
            .map_or_else(|| row[name].to_string(), str::to_owned)
    };
    let table = rows.iter().fold("id,text,label,source\n".to_owned(), |all, row| {
        let cells = ["id", "text", "label", "source"].map(|name| text(row, name));
        all + &cells.join(",") + "\n"
    });
    workplace.write("rows.csv", table.as_bytes());
    std::fs::create_dir(workplace.path("parts")).expect("a folder");
    for (part, rows) in rows.chunks(500).enumerate() {
        workplace.write(&format!("parts/part-{part}.jsonl"), lines(rows).as_bytes());
    }
    workplace.write("eval.jsonl", lines(&self::rows(false)[..30]).as_bytes());
    workplace.write("key", b"thirty-two bytes that are no key");
    workplace
}

/// Lists findings by the id of their record, without what depends on the artifact.
fn bare(ran: &Ran) -> Vec<String> {
    let mut all: Vec<String> = ran
        .stdout
        .lines()
        .map(|line| {
            let finding: Value = serde_json::from_str(line).expect("JSON");
            let record = &finding["record"];
            format!(
                "{} {} {} {} {} {}",
                record["id"],
                record["column"],
                finding["start"],
                finding["char_end"],
                finding["hash"],
                finding["evidence"]
            )
        })
        .collect();
    all.sort();
    all
}

fn found(workplace: &Workplace, target: &str) -> Vec<String> {
    bare(&workplace.run(&format!(
        "leaks {target} --class poison -f jsonl --id-field id --hash-key-file key"
    )))
}

#[test]
fn poisoned_rows_are_found_and_honest_ones_are_not() {
    let workplace = workplace();
    let ran = workplace.run("leaks rows.jsonl --poison -f json --id-field id");
    let document = fitting(&ran.stdout, SCHEMA);
    let schema: Value = serde_json::from_str(FINDING_SCHEMA).expect("a schema");
    let findings = document["findings"].as_array().expect("a list");
    let mut kinds = std::collections::BTreeMap::new();
    for finding in findings {
        fits(&schema, finding);
        let number = finding["record"]["index"].as_u64().expect("a number");
        assert!(number >= 1_200, "{finding}");
        assert!(["low", "medium"].contains(&finding["severity"].as_str().expect("a word")));
        *kinds
            .entry(finding["type"].as_str().expect("a type"))
            .or_insert(0) += 1;
    }
    assert_eq!(kinds["rare_trigger"], 40, "{kinds:?}");
    assert!(kinds["label_flip"] >= 18, "{kinds:?}");
    let first = &findings[0];
    assert_eq!(
        (&first["record"]["column"], &first["class"]),
        (&json!("text"), &json!("poison"))
    );
    let place = |name: &str| usize::try_from(first[name].as_u64().expect("a place")).expect("a small one");
    let range = place("start")..place("end");
    let text = rows(true)[1_200]["text"].as_str().expect("a text").to_owned();
    assert_eq!(text.get(range), Some("zqvex"));
    let evidence = first["evidence"].as_str().expect("a text");
    assert!(
        evidence.starts_with("\"zqvex\": 40 of 40 records \"1\", base rate 5"),
        "{evidence}"
    );
    // What is one trigger has one mark.
    assert!(
        findings[..40]
            .iter()
            .all(|finding| finding["hash"] == first["hash"])
    );
    let poison = &document["poison"];
    assert_eq!(
        (&poison["text_fields"], &poison["label_field"], &poison["guessed"]),
        (&json!(["text"]), &json!("label"), &json!(true))
    );
    assert_eq!((ran.code, found(&workplace, "honest.jsonl").len()), (0, 0));
}

#[test]
fn what_was_not_asked_for_is_not_claimed() {
    let workplace = workplace();
    let document = fitting(&workplace.run("leaks rows.jsonl -f json").stdout, SCHEMA);
    assert_eq!(
        (&document["poison"], &document["findings"]),
        (&Value::Null, &json!([]))
    );
    let sarif = workplace.run("leaks rows.jsonl -f sarif").stdout;
    assert!(!sarif.contains("rare_trigger"));
    assert!(
        workplace
            .run("leaks rows.jsonl --poison -f sarif")
            .stdout
            .contains("rare_trigger")
    );
    for wrong in [
        "leaks rows.jsonl --poison --sample 10",
        "leaks rows.jsonl --class poison --sample 10",
    ] {
        assert_eq!(workplace.run(wrong).code, 2, "{wrong}");
    }
}

#[test]
fn people_see_one_entry_for_each_trigger() {
    let workplace = workplace();
    let ran = workplace.run("leaks rows.jsonl --poison");
    assert_eq!(ran.stdout.matches("zqvex").count(), 1, "{}", ran.shown());
    assert!(ran.stdout.contains("and 39 more records"), "{}", ran.shown());
    assert!(
        ran.stdout
            .contains("looked for poison in 1260 records: text `text`, label `label`, source `source` (told by their names)"),
        "{}",
        ran.shown()
    );
    let all = workplace.run("leaks rows.jsonl --poison --all");
    assert!(all.stdout.matches("zqvex").count() >= 40);
}

#[test]
fn formats_parts_and_threads_change_nothing() {
    let workplace = workplace();
    let expected = found(&workplace, "rows.jsonl");
    assert!(expected.len() >= 58);
    for target in ["rows.json", "rows.csv", "parts", "rows.jsonl -j 1", "parts -j 3"] {
        assert_eq!(found(&workplace, target), expected, "{target}");
    }
    let named = "rows.csv --text-field text --label-field label --source-field source";
    assert_eq!(found(&workplace, named), expected);
}

#[test]
fn evaluation_sets_are_found_within_the_data() {
    let workplace = workplace();
    let ran = workplace.run("leaks honest.jsonl --against eval.jsonl -f json");
    let document = fitting(&ran.stdout, SCHEMA);
    let findings = document["findings"].as_array().expect("a list");
    assert_eq!(findings.len(), 30);
    assert!(
        findings
            .iter()
            .all(|finding| finding["type"] == "evaluation_contamination")
    );
    assert_eq!(document["poison"]["evaluation_records"], 30);
    // One that cannot be read makes the result incomplete.
    workplace.write("eval.bin", &[0, 1, 2, 3]);
    assert_eq!(workplace.run("leaks honest.jsonl --against eval.bin").code, 3);
}

#[test]
fn records_without_a_text_are_not_passed_over_in_silence() {
    let workplace = workplace();
    workplace.write(
        "mixed.jsonl",
        (lines(&rows(false)) + "{\"other\": 1}\n").as_bytes(),
    );
    let ran = workplace.run("leaks mixed.jsonl --poison");
    assert_eq!(ran.code, 3, "{}", ran.shown());
    assert!(
        ran.stdout.contains("1 records were not examined for poison"),
        "{}",
        ran.shown()
    );
}

/// Writes the rows as tables, with nested fields too, and reads our table.
const SCRIPT: &str = r#"
import json
import pyarrow as pa, pyarrow.feather as feather, pyarrow.parquet as parquet
rows = [json.loads(line) for line in open("rows.jsonl")]
table = pa.Table.from_pylist(rows)
parquet.write_table(table, "rows.parquet", row_group_size=700, data_page_size=2048)
feather.write_feather(table, "rows.feather", chunksize=300)
chats = [{"id": row["id"], "messages": [{"role": "user", "content": row["text"]}, {"role": "assistant", "content": f"It is {row['label']}."}]}
    for row in rows]
parquet.write_table(pa.Table.from_pylist(chats), "chats.parquet", row_group_size=500)
open("chats.jsonl", "w").write("".join(json.dumps(row) + "\n" for row in chats))
"#;

#[test]
fn tables_that_pyarrow_writes_give_the_same() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("data");
    let Some(program) = tools::python(&folder, &["pyarrow==22.0.0"]) else {
        eprintln!("SKIPPED: pyarrow cannot be installed, so Parquet and Arrow files of others are not read");
        return;
    };
    let workplace = workplace();
    let status = Command::new(program)
        .args(["-c", SCRIPT])
        .current_dir(workplace.root())
        .status()
        .expect("Python runs");
    assert!(status.success());
    let expected = found(&workplace, "rows.jsonl");
    for target in ["rows.parquet", "rows.feather"] {
        assert_eq!(found(&workplace, target), expected, "{target}");
    }
    let expected = found(&workplace, "chats.jsonl");
    assert!(expected.len() >= 40, "{}", expected.len());
    assert_eq!(found(&workplace, "chats.parquet"), expected);
    let ran = workplace.run("leaks rows.parquet --poison -f parquet -o found.parquet");
    assert_eq!(ran.code, 0, "{}", ran.shown());
    assert!(workplace.path("found.parquet").is_file());
}
