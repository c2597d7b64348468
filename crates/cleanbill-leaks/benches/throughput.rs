//! Speed of the engine: `cargo bench -p cleanbill-leaks [-- FILE...]`. Each text, or one made of words where none is given, is
//! scanned three times as a whole on one thread; the best time counts. Building the scanner is measured alone. Nothing is asserted.
#![expect(clippy::print_stdout, reason = "a program that talks to whoever runs it")]

use std::{env, fs, time::Instant};

use cleanbill_leaks::{Rules, Scanner};

/// Bytes of the text that is made.
const SIZE: usize = 64 << 20;

fn main() {
    let start = Instant::now();
    let scanner = Scanner::new(Rules::builtin());
    println!("scanner built in {:.2} ms", start.elapsed().as_secs_f64() * 1e3);
    let files: Vec<String> = env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    if files.is_empty() {
        measure(&scanner, "words", &words());
    }
    for file in files {
        match fs::read(&file) {
            Ok(bytes) => measure(&scanner, &file, &bytes),
            Err(error) => println!("{file}: {error}"),
        }
    }
}

fn measure(scanner: &Scanner, name: &str, bytes: &[u8]) {
    let mut best = f64::INFINITY;
    let mut hits = 0;
    for _ in 0..3 {
        let start = Instant::now();
        hits = scanner.scan_all(bytes).len();
        best = best.min(start.elapsed().as_secs_f64());
    }
    let megabytes = f64::from(u32::try_from(bytes.len() / 1000).unwrap_or(u32::MAX)) / 1e3;
    println!(
        "{name}: {megabytes:.1} MB, {hits} hits, {:.0} MB/s",
        megabytes / best
    );
}

/// Makes text of common words, indented lines and numbers.
fn words() -> Vec<u8> {
    const WORDS: &[&str] = &[
        "the",
        "of",
        "model",
        "training",
        "def",
        "return",
        "self",
        "import",
        "data",
        "with",
        "tokens",
        "language",
        "0.125",
        "for",
        "value",
        "configuration",
        "is",
        "path",
        "layer",
        "attention",
        "\n    ",
        "result",
        "in",
        "and",
        "{",
        "}",
        "\"name\":",
        "我们",
        "的",
        "模型",
    ];
    let mut text = Vec::with_capacity(SIZE + 32);
    let mut state = 1_u64;
    while text.len() < SIZE {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let index = usize::try_from(state >> 33).unwrap_or(0) % WORDS.len();
        text.extend_from_slice(WORDS[index].as_bytes());
        text.push(b' ');
    }
    text
}
