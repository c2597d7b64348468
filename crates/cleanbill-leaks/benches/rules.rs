//! Speed of rules of one's own: `cargo bench -p cleanbill-leaks --bench rules [-- --rules=FILE FILE...]`. Reads the rules, or 220 made here in
//! the form of Gitleaks, and scans files, or texts made here, with them alone, with those of this build alone, and with both. Nothing is
//! asserted.
#![expect(clippy::print_stdout, reason = "a program that talks to whoever runs it")]

mod measure;

use std::{env, fmt::Write as _, fs, time::Instant};

use cleanbill_leaks::{Rules, Scanner, read};
use measure::{join, measure, measure_files, random};

/// Bytes of each text that is made.
const SIZE: usize = 32 << 20;
/// Rules that are made.
const RULES: usize = 220;

fn main() {
    let named = env::args()
        .skip(1)
        .find_map(|argument| argument.strip_prefix("--rules=").map(str::to_owned));
    let text = match named {
        Some(file) => fs::read_to_string(file).unwrap_or_default(),
        None => rules(),
    };
    let start = Instant::now();
    let file = read(&text);
    println!(
        "{} rules read in {:.2} ms, {} problems",
        file.rules.iter().count(),
        start.elapsed().as_secs_f64() * 1e3,
        file.problems.len()
    );
    let start = Instant::now();
    let own = Scanner::new(file.rules.clone());
    println!("scanner built in {:.2} ms", start.elapsed().as_secs_f64() * 1e3);
    let (builtin, both) = (
        Scanner::new(Rules::builtin()),
        Scanner::new(Rules::builtin().and(file.rules)),
    );
    let scanners = [("own", &own), ("of this build", &builtin), ("both", &both)];
    let files: Vec<String> = env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    if files.is_empty() {
        for (name, parts) in TEXTS {
            measure(&scanners, name, &join(parts, b" ", SIZE));
        }
    }
    measure_files(&scanners, &files);
}

/// Makes rules for services that do not exist: a name, an operator, a value.
fn rules() -> String {
    let mut text =
        String::from("title = \"made\"\n[allowlist]\npaths = ['vendor/']\nstopwords = ['example']\n");
    let mut state = 7;
    for number in 0..RULES {
        let mut part = || PARTS[random(&mut state) % PARTS.len()];
        let name = format!("{}{}{}", part(), part(), part());
        let _ = writeln!(
            text,
            "[[rules]]\nid = \"{name}-{number}\"\ndescription = \"a key\""
        );
        match number % 3 {
            0 => {
                let _ = writeln!(text, "regex = '\\b{name}_[0-9A-Za-z]{{32}}\\b'\nentropy = 3.0");
            }
            _ => {
                let _ = writeln!(
                    text,
                    "regex = '(?i)[\\w.-]{{0,50}}?(?:{name})(?:[\\w.-]{{0,20}})[\\s\"]{{0,3}}(?:=|:|=>)[\\s\"]{{0,5}}([a-z0-9]{{32}})(?:[\"\\s;]|$)'\nentropy = 3.5"
                );
            }
        }
        let _ = writeln!(text, "keywords = [\"{name}\"]\n");
    }
    text
}

const PARTS: &[&str] = &[
    "ba", "co", "di", "fu", "ge", "ha", "ki", "lo", "mi", "no", "pa", "ra", "se", "ti", "vu", "za", "tr",
    "st", "data", "mail", "pay", "cloud", "net", "api",
];

const TEXTS: &[(&str, &[&str])] = &[
    (
        "words and code",
        &[
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
            "path",
            "layer",
            "\n    ",
            "result",
            "{",
            "}",
            "\"name\":",
            "我们",
            "的",
        ],
    ),
    (
        "names and values",
        &[
            "api_key = ",
            "token: ",
            "secret=",
            "access_key",
            "client_secret",
            "password",
            "0123456789abcdef",
            "\n",
        ],
    ),
];
