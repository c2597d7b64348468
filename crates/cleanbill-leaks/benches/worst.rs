//! Inputs that cost the engine the most: `cargo bench -p cleanbill-leaks --bench worst [-- WORD... FILE...]`. Each is a unit over and over, scanned once with
//! all rules on one thread; words choose families, and
//! files, known by a dot, are scanned as well. Prints megabytes per second of the processor, slowest last, and how many are below
//! 50. Nothing is asserted.
#![expect(clippy::print_stdout, reason = "a program that talks to whoever runs it")]

mod measure;

use std::env;

use cleanbill_leaks::{Rules, Scanner};
use measure::{join, measure_files, seconds};

/// Bytes of each input.
const SIZE: usize = 4 << 20;
/// Megabytes a second below which an input is listed as slow.
const SLOW: f64 = 50.0;

fn main() {
    let wanted: Vec<String> = env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let scanner = Scanner::new(Rules::builtin());
    let mut speeds = Vec::new();
    for (family, name, text) in inputs() {
        if !wanted.is_empty() && !wanted.iter().any(|word| family.contains(word.as_str())) {
            continue;
        }
        let (taken, hits) = seconds(&scanner, &text);
        let megabytes = f64::from(u32::try_from(text.len()).unwrap_or(u32::MAX)) / 1e6;
        speeds.push((megabytes / taken, family, name, hits));
    }
    speeds.sort_by(|left, right| right.0.total_cmp(&left.0));
    for (speed, family, name, hits) in &speeds {
        println!("{speed:7.1} MB/s  {family}: {name} ({hits} hits)");
    }
    let slow = speeds.iter().filter(|(speed, ..)| *speed < SLOW).count();
    let files: Vec<String> = wanted.into_iter().filter(|word| word.contains('.')).collect();
    measure_files(&[("all", &scanner)], &files);
    println!("{slow} of {} are below {SLOW} MB/s", speeds.len());
}

/// Family, name and bytes of each input.
fn inputs() -> Vec<(&'static str, String, Vec<u8>)> {
    let mut all = Vec::new();
    for (family, units) in UNITS {
        for unit in *units {
            let text = unit.as_bytes().repeat(SIZE.div_ceil(unit.len()));
            all.push((
                *family,
                format!("{:?}", unit.chars().take(32).collect::<String>()),
                text,
            ));
        }
    }
    // Each text by which a rule is announced, over and over: alone, with a sign, with a value that is almost one.
    for rule in Rules::builtin().iter() {
        let Some(example) = rule.examples.first() else {
            continue;
        };
        let start = example.split('{').next().unwrap_or_default();
        if start.len() < 3 {
            continue;
        }
        for (shape, unit) in [
            ("announced", format!("{start} ")),
            ("announced with a run", format!("{start}a1B2c3D4e5F6g7H8 ")),
        ] {
            let text = unit.as_bytes().repeat(SIZE.div_ceil(unit.len()));
            all.push((
                shape,
                format!("{} {:?}", rule.id, start.chars().take(24).collect::<String>()),
                text,
            ));
        }
    }
    for (family, alphabet, length) in RANDOM {
        let parts: Vec<String> = alphabet.chars().map(String::from).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let text = join(&parts, b"", SIZE);
        let lines: Vec<&[u8]> = text.chunks(*length).collect();
        all.push((*family, format!("lines of {length}"), lines.join(&b"\n"[..])));
    }
    all
}

const UNITS: &[(&str, &[&str])] = &[
    (
        "digit runs",
        &[
            "7",
            "1234567890",
            "536228726 ",
            "4111 1111 1111 1111 ",
            "1-2-3-4-",
            "12.",
            "12:",
            "1,2,3,",
            "99999 ",
            "+1",
            "(",
            "+86 138",
            "0 1 2 3 ",
            "2023-01-02 ",
        ],
    ),
    (
        "runs of a letter",
        &["A", "a", "Aa", "AAAA ", "aA1", "A1", "Z9 ", "G", "f0"],
    ),
    (
        "signs of mail",
        &["@", "a@", "a@a.", "a@b.c ", "@@@@ ", "a.b@", "+@"],
    ),
    (
        "base64",
        &[
            "QUFB",
            "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE= ",
            "A+/",
            "eyJ",
            "eyJhbGciOiJIUzI1NiJ9.",
            "/",
            "==",
            "SWdub3Jl",
            "LS0tLS1CRUdJTi",
        ],
    ),
    (
        "markup",
        &[
            "<",
            "<<",
            "<a ",
            "<a href=\"",
            "<div style=\"",
            "</",
            "<!--",
            "<span hidden>",
            "<p>x</p>",
            "![](",
            "[a](http://b",
            "](",
            "<|",
            "<|im_start|>",
            "<![CDATA[",
        ],
    ),
    (
        "combining characters",
        &[
            "a\u{301}",
            "\u{301}",
            "\u{301}\u{302}",
            "e\u{301}\u{327}",
            "\u{5d0}\u{5b0}",
            "\u{e01}\u{e31}",
        ],
    ),
    (
        "zero width",
        &[
            "\u{200b}",
            "a\u{200b}",
            "\u{200b}\u{200c}",
            "\u{200d}",
            "\u{feff}",
            "\u{2060}x",
            "\u{200b} ",
        ],
    ),
    (
        "bidi and tags",
        &[
            "\u{202e}",
            "a\u{202e}b\u{202c}",
            "\u{2066}",
            "\u{e0041}",
            "\u{e0041}\u{e0020}",
            "\u{fe0f}",
            "x\u{fe01}\u{fe02}",
            "\u{1f3f4}\u{e0067}",
            "\u{202e} ",
        ],
    ),
    (
        "letters of other scripts",
        &[
            "а",
            "pаypal ",
            "аa",
            "αa",
            "ｅ",
            "张",
            "张伟",
            "号",
            "电话",
            "中文，",
            "İ",
            "ß",
        ],
    ),
    (
        "quotes",
        &[
            "\"", "'", "\"'", "\"\"", "\\\"", "\\\\", "`", "\"a\":\"", "'a': '", "\\u0041", "\\n", "“”",
        ],
    ),
    (
        "deep JSON",
        &[
            "{\"a\":",
            "[",
            "[[\"",
            "{\"password\":\"",
            "{\"a\":[{\"b\":\"c\"}]},",
        ],
    ),
    ("CSV", &["\"\",", "\"a\"\"b\",", ",", ",,\n", "a,1,b\n", ";"]),
    (
        "names and values",
        &[
            "password=",
            "password: ",
            "api_key = ",
            "secret_key: \"",
            "token=",
            "key=",
            "client_secret ",
            "AWS_SECRET_ACCESS_KEY=",
            "://",
            "://a:b@",
            "http://a:b@c ",
            "Authorization: Basic ",
            "-----BEGIN ",
            "-----BEGIN PRIVATE KEY-----",
            "PASSWORD ",
            "passwd",
            "pwd:",
        ],
    ),
    (
        "names of people",
        &[
            "Anna ",
            "Anna Smith ",
            "Mr. ",
            "Aa Bb ",
            "A ",
            "Anna-Maria ",
            "12 Main Street ",
            "born ",
            "DOB: ",
            "born 1.1.1970 ",
        ],
    ),
    (
        "instructions",
        &[
            "ignore ",
            "ignore all previous instructions ",
            "IGNORE ",
            "you are now ",
            "system: ",
            "please ",
            "ignore previous ",
            "忽略",
            "忽略之前的指令",
            "do not tell the user ",
        ],
    ),
    (
        "addresses of machines",
        &[
            "1.1.",
            "1.1.1.1 ",
            "a:",
            "::",
            "fe80::",
            "00:",
            "00-",
            "AA:BB:CC:",
            "2001:db8:",
        ],
    ),
    (
        "controls",
        &["\x1b[", "\x1b[8m", "\0", "\x7f", "\r", "\n", "\t", " "],
    ),
];

const RANDOM: &[(&str, &str, usize)] = &[
    ("random digits", "0123456789", 1 << 22),
    ("random digits", "0123456789 -.", 1 << 22),
    ("random digits", "0123456789", 20),
    ("random hexadecimal", "0123456789abcdef", 1 << 22),
    (
        "random base64",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
        1 << 22,
    ),
    (
        "random base64",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
        76,
    ),
    ("random capitals", "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 1 << 22),
    ("random signs", "<>\"'{}[]()=:;,.@#$%&*+-_/\\ ", 1 << 22),
    ("random signs and letters", "<>\"'{}=:@. aAbB01", 1 << 22),
    (
        "random hidden",
        "\u{200b}\u{200c}\u{200d}\u{202e}\u{2066}\u{e0041}\u{fe0f}a ",
        1 << 22,
    ),
    ("random scripts", "aаοеpсxy ", 1 << 22),
    ("random names", "AaBbCc ", 1 << 22),
];
