//! Rules of one's own: with expressions, and of Gitleaks.

use cleanbill_leaks::{Hit, ProblemLevel, RuleForm, Rules, Scanner, State, check, read};

use crate::template::{Random, fill};

/// A file in the form of Gitleaks that uses all of it.
const GITLEAKS: &str = r#"
title = "made for this test"
minVersion = "v8.25.0"

[extend]
useDefault = true
disabledRules = ["generic-api-key"]

[allowlist]
description = "everywhere"
paths = ['''(?:^|/)vendor/''']
stopwords = ["sampletext"]

[[allowlists]]
targetRules = ["plain-token"]
regexes = ['''^pt_0{4}''']

[[rules]]
id = "plain-token"
description = "A token of a made-up service"
regex = '''\b(pt_[0-9a-zA-Z]{20})\b'''
keywords = ["pt_"]
tags = ["made"]

[[rules]]
id = "named-key"
description = "A key with a name"
regex = '''(?i)[\w.-]{0,50}?(?:madeup)(?:[ \t\w.-]{0,20})[\s'"]{0,3}(?:=|:{1,3}=|:|=>)[\x60'"\s=]{0,5}([a-z0-9]{24})(?:[\x60'"\s;]|\\[nr]|$)'''
entropy = 3.0
keywords = ["madeup"]
    [[rules.allowlists]]
    regexTarget = "match"
    regexes = ['''public[_-]madeup''']
    [[rules.allowlists]]
    condition = "AND"
    regexTarget = "line"
    regexes = ['''# no secret''']
    paths = ['''\.py$''']
    [[rules.allowlists]]
    condition = "AND"
    commits = ["abc"]
    regexes = ["^a"]

[[rules]]
id = "second-group"
regex = '''sg-([a-z]+)-([0-9]{6})'''
secretGroup = 2

[[rules]]
id = "only-in-yaml"
regex = '''yamlkey-[0-9a-f]{16}'''
path = '''(?i)\.ya?ml$'''

[[rules]]
id = "hash-near-name"
regex = '''\b[a-f0-9]{40}\b'''
keywords = ["madecraft"]

[[rules]]
id = "files"
description = "only a path"
path = '''\.p12$'''

[[rules]]
id = "composed"
regex = '''comp_[0-9]{9}'''
    [[rules.required]]
    id = "plain-token"
    withinLines = 3

[[rules]]
id = "broken"
regex = '''(?=ahead)a'''
"#;

fn found(rules: &Rules, path: &str, text: &str) -> Vec<(String, String)> {
    let scanner = Scanner::new(rules.clone());
    let hits = scanner.scan_all_of(path, text.as_bytes());
    let value = |hit: &Hit| {
        let range = usize::try_from(hit.range.start).unwrap()..usize::try_from(hit.range.end).unwrap();
        text[range].to_owned()
    };
    hits.iter()
        .map(|hit| (hit.id(&scanner).to_owned(), value(hit)))
        .collect()
}

#[test]
fn what_is_not_taken_over_is_told() {
    let file = read(GITLEAKS);
    assert_eq!(file.form, RuleForm::Gitleaks);
    let told: Vec<String> = file.problems.iter().map(ToString::to_string).collect();
    let expected = [
        "6:14: `extend.useDefault`: not taken over (Default)",
        "7:17: `extend.disabledRules`: not taken over (Disabled)",
        "23:8: `plain-token`: `tags`: not taken over (Description)",
        "41:15: `named-key`: `allowlist.commits`: not taken over (Commits)",
        "62:8: `files`: `path`: not taken over (PathOnly)",
        "67:5: `composed`: `required`: not taken over (Required)",
        "73:9: `broken`: `regex`: look-around, including look-ahead and look-behind, is not supported",
    ];
    assert_eq!(told, expected);
    let ids: Vec<&str> = file.rules.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "plain-token",
            "named-key",
            "second-group",
            "only-in-yaml",
            "hash-near-name",
            "composed"
        ]
    );
}

#[test]
fn rules_of_gitleaks_find_what_they_say() {
    let rules = read(GITLEAKS).rules;
    let one = |path: &str, template: &str| {
        let text = fill(template, 5);
        let mut all = found(&rules, path, &text);
        assert!(all.len() <= 1, "{template}: {all:?}");
        all.pop()
            .map(|(id, value)| format!("{id} {}", value.len()))
            .unwrap_or_default()
    };
    assert_eq!(one("a", "x=pt_{w:20};"), "plain-token 23");
    assert_eq!(one("a", "x=pt_{w:21};"), "");
    assert_eq!(one("a/vendor/b", "x=pt_{w:20};"), "");
    assert_eq!(one("a", "x=pt_0000{w:16};"), "");
    assert_eq!(one("a", "x=pt_sampleText{w:10};"), "");
    assert_eq!(one("a", "MadeUp_Key = '{s:24}'"), "named-key 24");
    assert_eq!(one("a", "my-MADEUP-token => {s:24}\n"), "named-key 24");
    assert_eq!(one("a", "MadeUp_Key = 'aaaaaaaaaaaaaaaaaaaaaaaa'"), "", "entropy");
    assert_eq!(one("a", "public_madeup_key = '{s:24}'"), "", "match");
    assert_eq!(one("a.py", "madeup = '{s:24}' # no secret"), "", "line and path");
    assert_eq!(one("a.rs", "madeup = '{s:24}' # no secret"), "named-key 24");
    assert_eq!(one("a.py", "madeup = '{s:24}'\n# no secret"), "named-key 24");
    assert_eq!(one("", "sg-abc-{d:6}"), "second-group 6");
    assert_eq!(one("k.YML", "yamlkey-{x:16}"), "only-in-yaml 24");
    assert_eq!(one("k.json", "yamlkey-{x:16}"), "");
    assert_eq!(one("", "MadeCraft: {x:40}"), "hash-near-name 40");
    assert_eq!(one("", "{x:40} of madecraft"), "hash-near-name 40");
    assert_eq!(one("", "madecrafts: {x:41}"), "");
    assert_eq!(one("", "commit {x:40}"), "");
    let two = found(&rules, "", &fill("madecraft {x:40} {x:40}", 3));
    assert_eq!(two.len(), 2, "{two:?}");
}

#[test]
fn what_was_converted_is_the_same() {
    let file = read(GITLEAKS);
    let converted = file.converted.unwrap();
    let again = read(&converted);
    assert_eq!(again.form, RuleForm::Cleanbill);
    assert!(
        again.problems.iter().all(|problem| problem.rule == "broken"),
        "{:?}",
        again.problems
    );
    assert_eq!(format!("{:?}", again.rules), format!("{:?}", file.rules));
    assert!(again.converted.is_none());
    // The form of this crate, where somebody calls a rule so.
    let own = "[rules]\nfind = 'abc\\d{9}'\n[allowlist]\nfind = 'abd\\d{9}'\n";
    assert_eq!(read(own).form, RuleForm::Cleanbill);
    assert_eq!(read(own).rules.iter().count(), 2);
}

#[test]
fn expressions_give_the_same_however_a_text_is_cut() {
    let more = "[swept]\nregex = '[0-9]{3}[a-f]{2}[0-9]{3}'\n[short]\nregex = 'Q~[a-z]{9}'\n";
    let rules = read(GITLEAKS).rules.and(read(more).rules).and(Rules::builtin());
    let scanner = Scanner::new(rules);
    let mut random = Random(11);
    let templates = [
        "pt_{w:20} ",
        "madeup = {s:24}\n",
        "sg-x-{d:6} ",
        "madecraft ",
        "{x:40} ",
        "{d:3}ab{d:3}",
        "Q~{a:9}",
        "words and more words ",
        "ghp_{c:36} ",
        "\n",
        "comp_{d:9}",
    ];
    for round in 0..20 {
        let mut text = String::new();
        let size = if round == 0 { 200_000 } else { 3_000 };
        while text.len() < size {
            let template = templates[random.below(templates.len())];
            text.push_str(&fill(template, u64::from(random.byte()) + round));
        }
        let whole = scanner.scan_all(text.as_bytes());
        assert!(whole.len() > 20, "{}", whole.len());
        let mut state = State::default();
        let mut hits = Vec::new();
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            let (piece, after) = rest.split_at((1 + random.below(30_000)).min(rest.len()));
            hits.extend(scanner.scan(&mut state, piece));
            rest = after;
        }
        hits.extend(scanner.finish(&mut state));
        assert_eq!(hits, whole);
    }
}

#[test]
fn no_text_makes_an_expression_slow() {
    let rules = read(
        "[a]\nregex = 'aaa[a-z]*b'\n[b]\nregex = '(?:[a-z]{1,8}){1,60}0'\n[c]\nregex = '[a-c]{20,40}[0-9]'\n[d]\nregex = '(?:x+x+)+y'\nkeywords = ['xxx']",
    );
    let is_error = |level| level == ProblemLevel::Error;
    assert!(
        !rules.problems.iter().any(|problem| is_error(problem.level)),
        "{:?}",
        rules.problems
    );
    let scanner = Scanner::new(rules.rules);
    for unit in ["a", "x", "abc", "ax"] {
        assert!(
            scanner.scan_all(unit.repeat(20_000).as_bytes()).is_empty(),
            "{unit}"
        );
    }
}

#[test]
fn examples_of_ones_own_rules_are_tried() {
    let text = "[own]\nregex = 'own_[a-z]{9}'\nexamples = ['own_{a:9}']\nnegative = ['own_{d:9}']\n";
    assert_eq!(check(text, &read(text), &Rules::builtin()), []);
}
