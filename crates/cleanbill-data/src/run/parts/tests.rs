use std::num::NonZeroUsize;

use cleanbill_core::leak::Leak;
use cleanbill_leaks::Rules;

use super::*;
use crate::{ReadAt, key::Key, parts};

/// A generator of numbers that is the same everywhere.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % end
    }
}

fn options() -> Options {
    Options {
        rules: Rules::builtin(),
        key: Key::new(&[7; 32]).unwrap(),
        columns: None,
        id_field: Some("id".to_owned()),
        sample: None,
        redaction: None,
        poison: None,
        fail_on: Severity::High,
        workers: NonZeroUsize::MIN,
    }
}

fn artifact(path: &str, bytes: &Arc<dyn ReadAt>) -> Artifact {
    let bytes = Arc::clone(bytes);
    Artifact {
        path: path.into(),
        open: Box::new(move || Ok(Arc::clone(&bytes))),
    }
}

/// Compares a search in one go with one in parts of so many bytes; returns how many parts and findings there were.
fn check(path: &str, bytes: Vec<u8>, part_bytes: u64) -> (usize, usize) {
    let bytes: Arc<dyn ReadAt> = Arc::new(bytes);
    let mut whole = Vec::new();
    let outcome = crate::run(vec![artifact(path, &bytes)], options(), None, None, &mut |leak| {
        whole.push(leak.clone());
        Ok(())
    })
    .unwrap();
    let searcher = Searcher::new(options());
    let parts = parts(path, &bytes, part_bytes);
    let mut merge = Merge::new(Severity::High);
    let mut joined: Vec<Leak> = Vec::new();
    for part in &parts {
        let mut found = Vec::new();
        let report = searcher
            .part(&artifact(path, &bytes), Some(part), &mut |leak| {
                found.push(leak.clone());
                Ok(())
            })
            .unwrap();
        let shift = merge.add(report);
        let mut place = 0;
        found.retain(|_| {
            place += 1;
            !shift.repeated.contains(&(place - 1))
        });
        joined.extend(found.into_iter().map(|mut leak| {
            leak.record.index += shift.records;
            leak.record.line = leak.record.line.map(|line| line + shift.lines);
            leak.char_start += shift.chars;
            leak.char_end += shift.chars;
            leak
        }));
    }
    let merged = merge.finish();
    assert_eq!(whole, joined, "{path}, parts of {part_bytes} bytes");
    assert_eq!(outcome.findings, merged.findings);
    assert_eq!(outcome.artifacts, merged.artifacts);
    assert_eq!(outcome.verdict, merged.verdict);
    (parts.len(), whole.len())
}

fn line(numbers: &mut Numbers, number: u64) -> String {
    let secret = match numbers.below(4) {
        0 => format!("write to ann.{number}@mail-{number}.net"),
        1 => format!(
            "é 中文 server 203.0.{}.{}",
            numbers.below(110),
            numbers.below(250)
        ),
        _ => "nothing at all 😀".to_owned(),
    };
    match numbers.below(12) {
        0 => String::new(),
        1 => format!("{{\"id\": {number}, no JSON: {secret}"),
        2 | 3 => format!(
            "{{\"id\": {number}, \"sent\": {{\"bob.{}@mail-1.net\": 3}}}}",
            numbers.below(5)
        ),
        _ => format!("{{\"id\": {number}, \"text\": \"{secret}\", \"more\": [\"{secret}\"]}}"),
    }
}

#[test]
fn parts_of_lines_find_what_the_whole_finds() {
    let mut numbers = Numbers(3);
    for _ in 0..2 {
        let mut text = String::from("{\"id\": 0}\n{\"id\": 0}\n");
        for number in 0..60 {
            text += &line(&mut numbers, number);
            text.push('\n');
        }
        if numbers.below(2) == 0 {
            text.pop();
        }
        for part_bytes in [60, 1_000] {
            let (parts, found) = check("rows.jsonl", text.clone().into_bytes(), part_bytes);
            assert!(parts > 1 && found > 5, "{parts} parts, {found} findings");
        }
    }
}

#[test]
fn parts_of_a_long_text_find_what_the_whole_finds() {
    let mut numbers = Numbers(5);
    let mut text = String::new();
    while text.len() < (9 << 20) {
        let number = numbers.below(1 << 20);
        if numbers.below(400) == 0 {
            text += &line(&mut numbers, number);
        }
        text += "some words that are nobody's business, 中文, again and again and again\n";
    }
    let (parts, found) = check("book.txt", text.into_bytes(), 1);
    assert!(parts >= 2 && found > 50, "{parts} parts, {found} findings");
}

#[test]
fn a_file_that_changed_is_not_searched_by_its_old_parts() {
    let mut text = "{\"text\": \"nothing\"}\n".repeat(9).into_bytes();
    let before: Arc<dyn ReadAt> = Arc::new(text.clone());
    let planned = parts("rows.jsonl", &before, 50);
    text.push(b'\n');
    let after: Arc<dyn ReadAt> = Arc::new(text);
    let searcher = Searcher::new(options());
    let report = searcher
        .part(&artifact("rows.jsonl", &after), planned.first(), &mut |_| Ok(()))
        .unwrap();
    assert_eq!(report.artifact.coverage.state(), CoverageState::Skipped);
}

#[test]
fn what_is_packed_has_no_parts() {
    let packed: Arc<dyn ReadAt> = Arc::new([&[0x1f_u8, 0x8b, 8][..], &[0; 500]].concat());
    assert!(parts("rows.jsonl.gz", &packed, 10).is_empty());
}

#[test]
fn findings_pass_through_a_batch_unchanged() {
    let text = "{\"id\": 1, \"text\": \"ann@mail-1.net\"}\n{\"text\": \"bob@mail-2.net\"}\n".repeat(3);
    let bytes: Arc<dyn ReadAt> = Arc::new(text.into_bytes());
    let mut found = Vec::new();
    crate::run(
        vec![artifact("a.jsonl", &bytes)],
        options(),
        None,
        None,
        &mut |leak| {
            found.push(leak.clone());
            Ok(())
        },
    )
    .unwrap();
    assert_eq!(found.len(), 6);
    let batch = crate::batch(&found).unwrap();
    assert_eq!(crate::leaks(&batch).unwrap(), found);
}
