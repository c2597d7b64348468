//! Prints what stands in each file, one line a file: `cargo run -p cleanbill-licences --example recognise -- FILE...`.
//! A file of declarations is read line by line with `--declared`.
#![expect(clippy::print_stdout, reason = "a program that talks to whoever runs it")]

use std::{env, fs};

use cleanbill_licences::{read_declared, recognise};

fn main() {
    let mut declared = false;
    for path in env::args().skip(1) {
        if path == "--declared" {
            declared = true;
            continue;
        }
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) => {
                println!("{path}: {error}");
                continue;
            }
        };
        let text = String::from_utf8_lossy(&bytes);
        if declared {
            for line in text.lines() {
                let read = read_declared(line);
                println!(
                    "{line}\t{:?}\t{:?}\t{:?}",
                    read.reading, read.confidence, read.notes
                );
            }
            continue;
        }
        let findings = recognise(&text);
        let found = findings
            .found
            .iter()
            .map(|found| format!("{:?} {} x{}", found.kind, found.licence, found.count));
        let clauses = findings
            .clauses
            .iter()
            .map(|clause| format!("Clause {}", clause.id));
        let all: Vec<String> = found.chain(clauses).collect();
        println!("{path}: {} words: {}", findings.words, all.join(", "));
    }
}
