//! Every rule finds its examples, and nothing in its negative examples.

use cleanbill_leaks::{Rules, Scanner};

use crate::template::fill;

/// Different values tried for each example.
const ROUNDS: u64 = 20;

#[test]
fn rules_find_their_examples_in_every_surrounding() {
    let rules = Rules::builtin();
    let scanner = Scanner::new(rules.clone());
    let mut wrong = Vec::new();
    for rule in rules.iter() {
        for example in &rule.examples {
            for (before, after) in [
                ("", ""),
                ("text ", "\n"),
                ("<td>", "</td>"),
                ("\"", "\",\"b\""),
                ("a\\n", "\\nb"),
            ] {
                let mut missed = 0;
                for seed in 0..ROUNDS {
                    let text = format!("{before}{}{after}", fill(example, seed));
                    let hits = scanner.scan_all(text.as_bytes());
                    if !hits.iter().any(|hit| hit.id(&scanner) == rule.id) {
                        missed += 1;
                        if missed == 2 {
                            let found: Vec<&str> = hits.iter().map(|hit| hit.id(&scanner)).collect();
                            wrong.push(format!("{}: {text:?} gives {found:?}", rule.id));
                        }
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} missed\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn rules_pass_over_their_negative_examples() {
    let rules = Rules::builtin();
    let scanner = Scanner::new(rules.clone());
    let mut wrong = Vec::new();
    for rule in rules.iter() {
        for example in &rule.negative_examples {
            for seed in 0..ROUNDS {
                let text = fill(example, seed);
                let hits = scanner.scan_all(text.as_bytes());
                if hits.iter().any(|hit| hit.id(&scanner) == rule.id) {
                    wrong.push(format!("{}: {text:?}", rule.id));
                    break;
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
