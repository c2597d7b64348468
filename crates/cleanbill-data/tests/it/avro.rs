//! Avro.

use crate::support::{damaged, run, run_with, token};

fn long(number: i64, out: &mut Vec<u8>) {
    let mut value = ((number << 1) ^ (number >> 63)).cast_unsigned();
    while value >= 0x80 {
        out.push(u8::try_from(value & 0x7f).expect("small") | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).expect("small"));
}

fn bytes(value: &[u8], out: &mut Vec<u8>) {
    long(i64::try_from(value.len()).expect("small"), out);
    out.extend(value);
}

const SCHEMA: &str = r#"{"type": "record", "name": "row", "fields": [
    {"name": "id", "type": "long"},
    {"name": "text", "type": ["null", "string"]},
    {"name": "raw", "type": "bytes"},
    {"name": "list", "type": {"type": "array", "items": {"type": "map", "values": "string"}}}]}"#;

fn file(blocks: &[(i64, Vec<u8>)]) -> Vec<u8> {
    file_of(SCHEMA, blocks)
}

fn file_of(schema: &str, blocks: &[(i64, Vec<u8>)]) -> Vec<u8> {
    let mut all = b"Obj\x01".to_vec();
    long(1, &mut all);
    bytes(b"avro.schema", &mut all);
    bytes(schema.as_bytes(), &mut all);
    long(0, &mut all);
    all.extend([9; 16]);
    for (objects, block) in blocks {
        long(*objects, &mut all);
        bytes(block, &mut all);
        all.extend([9; 16]);
    }
    all
}

fn row(id: i64, text: &str, raw: &[u8]) -> Vec<u8> {
    let mut row = Vec::new();
    long(id, &mut row);
    long(1, &mut row);
    bytes(text.as_bytes(), &mut row);
    bytes(raw, &mut row);
    long(1, &mut row);
    long(1, &mut row);
    bytes(b"key", &mut row);
    bytes(text.as_bytes(), &mut row);
    long(0, &mut row);
    long(0, &mut row);
    row
}

#[test]
fn numbers_and_days_are_searched_as_what_they_mean() {
    let schema = r#"{"type": "record", "name": "row", "fields": [
        {"name": "card", "type": "long"},
        {"name": "loose", "type": "double"},
        {"name": "birthday", "type": {"type": "int", "logicalType": "date"}},
        {"name": "credit_card", "type": {"type": "bytes", "logicalType": "decimal", "precision": 20, "scale": 2}},
        {"name": "at", "type": {"type": "long", "logicalType": "time-micros"}},
        {"name": "by_name", "type": {"type": "map", "values": "int"}}]}"#;
    let card = 4_539_578_763_621_486_i64;
    let mut row = Vec::new();
    long(card, &mut row);
    row.extend(4_539_578_763_621_486_f64.to_le_bytes());
    // 1990-05-17
    long(7_441, &mut row);
    bytes(&(card * 100).to_be_bytes(), &mut row);
    long(card, &mut row);
    long(1, &mut row);
    bytes(b"ann.smith@mail-1.net", &mut row);
    long(3, &mut row);
    long(0, &mut row);
    let ran = run("a.avro", file_of(schema, &[(1, row)]));
    assert_eq!(
        ran.lines(),
        [
            "0 - birthday 0 date_of_birth",
            "0 - by_name[\"[EMAIL]\"] 0 email",
            "0 - card 0 credit_card",
            "0 - credit_card 0 credit_card",
            "0 - loose 0 credit_card",
        ]
    );
    assert!(ran.is_complete(), "{}", ran.problems());
}

#[test]
fn records_have_paths_and_ids() {
    let key = token(1);
    let rows = [row(5, "none", key.as_bytes()), row(6, &key, b"\xff\xfe")].concat();
    let whole = file(&[(2, rows.clone()), (1, row(7, &key, b"x"))]);
    let ran = run_with("a", whole.clone(), 2, |options| {
        options.id_field = Some("id".to_owned());
    });
    assert_eq!(ran.artifact.format, "avro");
    assert_eq!(
        ran.lines(),
        [
            "0 5 raw 0 github_pat",
            "1 6 list[0].key 0 github_pat",
            "1 6 text 0 github_pat",
            "2 7 list[0].key 0 github_pat",
            "2 7 text 0 github_pat",
        ]
    );
    assert_eq!(
        ran.problems(),
        "1 binary values are no text and were not searched\n"
    );
    damaged("a.avro", &whole, 5);
    // A broken block is passed over.
    let mut wrong = row(8, &key, b"x");
    let keep = wrong.len() - 4;
    wrong.truncate(keep);
    let ran = run("a", file(&[(1, wrong), (1, row(7, &key, b"x"))]));
    assert_eq!(ran.artifact.records, 2);
    assert!(
        ran.problems().contains("from this record on"),
        "{}",
        ran.problems()
    );
    assert_eq!(ran.leaks.iter().filter(|leak| leak.record.index == 1).count(), 2);
    // So is one that does not end where it says, and bytes behind the records are said.
    let mut lies = file(&[(1, row(7, &key, b"x"))]);
    let at = lies.len();
    lies.extend(file(&[(1, row(7, &key, b"x"))]).split_off(at - 100));
    lies.extend(&file(&[(1, row(8, &key, b"x"))])[file(&[]).len()..]);
    assert!(!run("a", lies).is_complete());
    let ran = run("a", file(&[(1, rows)]));
    assert!(
        ran.problems().contains("behind the last record"),
        "{}",
        ran.problems()
    );
}
