//! Looks at rules as a whole: ids that are taken, texts that lead nowhere, examples.

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    problem::{ProblemLevel, Problems, RuleError, RuleProblem},
    reading::{RuleFile, RuleForm},
    rule::{Kind, Rule, Rules},
    scanner::Scanner,
    template::{Random, fill},
};

/// Different values tried for each example that is a template.
const ROUNDS: u64 = 8;
/// How many of them a rule may miss: what only looks random may happen not to.
const MISSES: u64 = 1;

/// Returns all that is wrong with a file of rules, read from `text`, beside rules that are known already.
pub fn check(text: &str, file: &RuleFile, known: &Rules) -> Vec<RuleProblem> {
    let mut problems = Problems::of(text);
    let taken: BTreeSet<&str> = known.iter().map(|rule| rule.id.as_str()).collect();
    let place = |id: &str| file.places.get(id).copied().unwrap_or(0);
    let mut without = 0_usize;
    for rule in file.rules.iter() {
        if taken.contains(rule.id.as_str()) {
            problems.tell(place(&rule.id), &rule.id, "", RuleError::Twice);
        }
        for text in unreachable(rule) {
            let text = String::from_utf8_lossy(text).into_owned();
            let (level, error) = (ProblemLevel::Warning, RuleError::Unreachable { text });
            problems.add(place(&rule.id), &rule.id, "anchors", level, error);
        }
        without = without.saturating_add(usize::from(rule.examples.is_empty()));
    }
    examples(file, &mut problems);
    if without > 0 && file.form == RuleForm::Cleanbill {
        let error = RuleError::NoExamples { rules: without };
        problems.add(0, "", "examples", ProblemLevel::Note, error);
    }
    let mut all = file.problems.clone();
    all.extend(problems.finish());
    all.sort_by_key(|problem| (problem.line, problem.column));
    all
}

/// Lists the anchors at which the shape of a rule never matches.
fn unreachable(rule: &Rule) -> Vec<&[u8]> {
    let Some(shape) = rule.shape.as_ref().filter(|_| rule.kind == Kind::Token) else {
        return Vec::new();
    };
    let starts = shape.anchors();
    let leads = |anchor: &[u8]| {
        starts
            .iter()
            .any(|text| anchor.starts_with(text) || text.starts_with(anchor))
    };
    let anchors = rule.anchors.iter().map(Vec::as_slice);
    anchors.filter(|anchor| !leads(anchor)).collect()
}

fn examples(file: &RuleFile, problems: &mut Problems<'_>) {
    // Where an example comes from is not said.
    let mut anywhere = Rules::default();
    for rule in file.rules.iter() {
        let pattern = rule.pattern.as_ref().map(|pattern| Arc::new(pattern.anywhere()));
        anywhere.push(Rule {
            pattern,
            ..rule.clone()
        });
    }
    let scanner = Scanner::new(anywhere);
    let is_found = |rule: &Rule, text: &str| {
        let hits = scanner.scan_all(text.as_bytes());
        hits.iter().any(|hit| hit.id(&scanner) == rule.id)
    };
    for rule in file.rules.iter() {
        for (key, list) in [
            ("examples", &rule.examples),
            ("negative", &rule.negative_examples),
        ] {
            for (number, text) in list.iter().enumerate() {
                let found = (0..ROUNDS)
                    .filter(|seed| is_found(rule, &fill(text, *seed, &nothing)))
                    .count();
                let found = u64::try_from(found).unwrap_or(0);
                let text = text.clone();
                let error = match key {
                    "examples" if found.saturating_add(MISSES) < ROUNDS => RuleError::Missed { text },
                    "negative" if found > 0 => RuleError::Found { text },
                    _ => continue,
                };
                let place = file.examples.get(&(rule.id.clone(), key, number));
                problems.tell(place.copied().unwrap_or(0), &rule.id, key, error);
            }
        }
    }
}

fn nothing(_: &str, _: &mut Random) -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::read;

    fn told(text: &str) -> Vec<String> {
        let told = check(text, &read(text), &Rules::builtin());
        told.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn rules_are_held_against_their_examples_and_each_other() {
        let fine = "[own]\nregex = 'own_[a-z]{9}[0-9]'\npath = 'x'\nexamples = ['k own_{a:9}1']\nnegative = ['own_{a:8}']\n";
        assert_eq!(told(fine), [""; 0]);
        let text = "[jwt]\nfind = 'abc\\w{9}'\nanchors = ['abc', 'abd']\nexamples = ['abc{w:9}',\n 'abc']\nnegative = ['abc{w:9}']";
        let expected = [
            "1:2: `jwt`: a rule has this id already",
            "1:2: `jwt`: `anchors`: `abd` never leads to a value",
            "5:2: `jwt`: `examples`: the example is not found: abc",
            "6:13: `jwt`: `negative`: the negative example is found: abc{w:9}",
        ];
        assert_eq!(told(text), expected);
        assert_eq!(
            told("[a]\nfind = 'abc\\w{9}'"),
            ["1:1: `examples`: 1 rules have no examples"]
        );
    }
}
