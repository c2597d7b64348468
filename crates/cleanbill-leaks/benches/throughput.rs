//! Speed of the engine: `cargo bench -p cleanbill-leaks [-- FILE...]`. Each text, or those made here where none is given, is
//! scanned three times as a whole on one thread; the best time counts, of the processor where the system tells it. Rules for secrets and all rules are measured apart.
//! Building the scanners is measured alone. Nothing is asserted.
#![expect(clippy::print_stdout, reason = "a program that talks to whoever runs it")]

mod measure;

use std::{env, time::Instant};

use cleanbill_leaks::{Rules, Scanner};
use measure::{join, measure, measure_files, random};

/// Bytes of each text that is made.
const SIZE: usize = 32 << 20;

fn main() {
    let start = Instant::now();
    let secrets = Scanner::new(Rules::secrets());
    let middle = Instant::now();
    let all = Scanner::new(Rules::builtin());
    println!(
        "scanner built in {:.2} ms for secrets, {:.2} ms for all",
        (middle - start).as_secs_f64() * 1e3,
        middle.elapsed().as_secs_f64() * 1e3
    );
    let scanners = [("secrets", &secrets), ("all", &all)];
    let files: Vec<String> = env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    if files.is_empty() {
        for (name, text) in texts() {
            measure(&scanners, name, &text);
        }
    }
    measure_files(&scanners, &files);
}

/// Makes the texts: usual ones, and those that cost the most.
fn texts() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("words and code", join(WORDS, b" ", SIZE)),
        ("prose in JSON lines", join(SENTENCES, b" ", SIZE)),
        ("Chinese", join(CHINESE, "，".as_bytes(), SIZE)),
        ("table of numbers", rows(b",", 6)),
        ("short numbers", rows(b" ", 2)),
        ("numbers near words", join(LABELLED, b" ", SIZE)),
        ("digits only", repeat(b"7")),
        ("nine digits over and over", repeat(b"536228726 ")),
        ("@ only", repeat(b"@")),
        ("a@ over and over", repeat(b"a@a.")),
        ("letters only", repeat(b"a")),
        ("capitals only", repeat(b"A")),
        ("names over and over", repeat(b"Anna Anna ")),
        ("letters and digits", repeat(b"a1")),
        ("hexadecimal", rows(b"", 40)),
        ("colons", repeat(b"12:")),
        ("dots", repeat(b"93.")),
    ]
}

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

const SENTENCES: &[&str] = &[
    "\"}\n{\"id\": 4711, \"text\": \"The council met again on Tuesday.",
    "It was the third time in 2019 that the committee had asked for more money.",
    "She walked down to the harbour, where the boats were coming in.",
    "In New York the price rose by 12.5 percent, and in London by 8.",
    "Nothing of this was known to the people who lived there.",
    "According to a report of 17 March 2021, about 1,542 houses were damaged.",
    "Peter Higgs had predicted the particle in 1964.",
    "\\nThe results are given in Table 3 and Figure 12 (see pages 112-118).",
    "Most of them were sold within a week; the rest went to museums in Paris and Vienna.",
];

const CHINESE: &[&str] = &[
    "模型在2023年发布",
    "共有72亿参数",
    "训练使用了1024张显卡",
    "第3号文件规定了18个指标",
    "我们在北京的实验室里完成了这项工作",
    "感谢所有参与的同事与合作伙伴",
    "他们在数据清洗与标注方面付出了大量努力。",
];

const LABELLED: &[&str] = &[
    "SSN 536228726",
    "phone 4156892237",
    "passport 536228726",
    "SIN 536228726",
    "TFN 536228726",
    "BSN 536228726",
    "IMEI 356938035643809",
    "Aadhaar 5362 2872 6411",
    "tel 030 1234567",
];

/// Numbers of up to `most` and ten digits, or hexadecimal ones without a sign between.
fn rows(between: &[u8], most: usize) -> Vec<u8> {
    let mut text = Vec::with_capacity(SIZE + 128);
    let mut state = 1_u64;
    while text.len() < SIZE {
        if between.is_empty() {
            text.extend_from_slice(format!("{:08x}", random(&mut state)).as_bytes());
            if text.len() % most == 0 {
                text.push(b'\n');
            }
            continue;
        }
        let digits = 1 + random(&mut state) % (most + if most > 2 { 10 } else { 1 });
        for _ in 0..digits {
            text.push(b'0' + u8::try_from(random(&mut state) % 10).unwrap_or(0));
        }
        text.extend_from_slice(between);
    }
    text
}

fn repeat(unit: &[u8]) -> Vec<u8> {
    unit.repeat(SIZE / unit.len())
}
