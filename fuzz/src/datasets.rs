//! Where data begins: the examples of all rules, in every kind that is easily written.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_ipc::writer::{FileWriter, StreamWriter};
use cleanbill_core::{
    Confidence, Severity,
    leak::{Leak, LeakClass, LeakRecord},
};
use cleanbill_data::Table;
use cleanbill_leaks::{Rules, template::fill};

/// Gathers data with things to find, and the texts by which they are found. Values are made on the spot.
pub(crate) fn datasets() -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let rules = Rules::builtin();
    let mut texts = Vec::new();
    let mut words = signs();
    for rule in rules.iter() {
        for (number, example) in rule.examples.iter().chain(&rule.negative_examples).enumerate() {
            let seed = u64::try_from(number).unwrap_or(0);
            texts.push(fill(example, seed, &|_, _| None));
        }
        let starts = rule
            .examples
            .iter()
            .map(|example| example.split('{').next().unwrap_or_default());
        words.extend(
            starts
                .filter(|text| (2..40).contains(&text.len()))
                .map(|text| text.as_bytes().to_vec()),
        );
    }
    words.sort_unstable();
    words.dedup();
    let quoted = |text: &str| {
        format!("{text:?}")
            .replace("\\u{", "\\\\u{")
            .replace("\\'", "'")
            .replace("\\0", "0")
    };
    let mut corpus = Vec::new();
    for part in texts.chunks(24) {
        corpus.push(part.join("\n").into_bytes());
        let lines = part
            .iter()
            .map(|text| format!("{{\"id\":\"a\",\"m\":[{{\"text\":{}}}]}}\n", quoted(text)));
        corpus.push(lines.collect::<String>().into_bytes());
        let list: Vec<String> = part.iter().map(|text| quoted(text)).collect();
        corpus.push(format!("[{}]", list.join(", ")).into_bytes());
        let rows = part
            .iter()
            .map(|text| format!("7,\"{}\"\n", text.replace('"', "\"\"")));
        corpus.push(format!("id,text\n{}", rows.collect::<String>()).into_bytes());
        corpus.extend(tables(part));
    }
    (corpus, words)
}

/// Returns texts as a table of Parquet, and as a file and a stream of Arrow.
fn tables(texts: &[String]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut parquet = Vec::new();
    if let Ok(mut table) = Table::new(&mut parquet) {
        for text in texts {
            let leak = Leak {
                kind: "a".into(),
                class: LeakClass::Secret,
                artifact: "b".into(),
                record: LeakRecord::default(),
                start: 0,
                end: 1,
                char_start: 0,
                char_end: 1,
                severity: Severity::Low,
                confidence: Confidence::Low,
                evidence: text.clone(),
                hash: String::new(),
                validated: false,
                replaced: None,
            };
            table.push(&leak).expect("memory can be written");
        }
        table.finish().expect("memory can be written");
    }
    found.push(parquet);
    let column: ArrayRef = Arc::new(StringArray::from_iter_values(texts));
    let batch = RecordBatch::try_from_iter([("text", column)]).expect("one column");
    let mut file = Vec::new();
    let mut writer = FileWriter::try_new(&mut file, &batch.schema()).expect("memory can be written");
    writer
        .write(&batch)
        .and_then(|()| writer.finish())
        .expect("memory can be written");
    drop(writer);
    let mut stream = Vec::new();
    let mut writer = StreamWriter::try_new(&mut stream, &batch.schema()).expect("memory can be written");
    writer
        .write(&batch)
        .and_then(|()| writer.finish())
        .expect("memory can be written");
    drop(writer);
    found.extend([file, stream]);
    found
}

/// Texts at which readers of data and of numbers turn.
fn signs() -> Vec<Vec<u8>> {
    let words: [&[u8]; 34] = [
        b"\"",
        b"\"\"",
        b"\\\"",
        b"\\u0041",
        b"\\ud83d",
        b"\n",
        b"\r\n",
        b",",
        b"\t",
        b";",
        b"{\"",
        b"\":[",
        b"]}",
        b"\xef\xbb\xbf",
        b"\xe2\x80\x8b",
        b"\xe2\x80\xae",
        b"\xcc\x81",
        b"\xf3\xa0\x81\x81",
        b"PAR1",
        b"ARROW1",
        b"\xff\xff\xff\xff",
        b"-----BEGIN ",
        b"://a:b@",
        b"@",
        b"password: ",
        b"4111 1111",
        b"<div style=\"display:none\">",
        b"![](",
        b"<|im_start|>",
        b"\x1b[8m",
        b"eyJ",
        b"\xe5\xbc\xa0\xe4\xbc\x9f",
        b"+86 13",
        b"=",
    ];
    words.iter().map(|word| word.to_vec()).collect()
}
