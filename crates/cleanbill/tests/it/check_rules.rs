//! `leaks check-rules`, and rules of one's own in a search.

use serde_json::Value;

use crate::support::Workplace;

const FINE: &str = r#"
[own_token]
name = "token of ours"
regex = 'own_([a-z0-9]{20})\b'
entropy = 3.0
keywords = ["own_"]
examples = ["k=own_{s:20};"]
negative = ["own_aaaaaaaaaaaaaaaaaaaa", "own_{s:19}"]

[own_serial]
class = "personal"
find = 'SN-\w{12}'
check = "random"
examples = ["SN-{w:12}"]
negative = ["SN-{w:9}"]
"#;

const WRONG: &str = r#"
[jwt]
find = 'abc\w{20}'

[own]
regex = '(own'
entropi = 3

[level]
regex = 'level_[a-z]{3}'
severity = "hihg"

[sweep]
regex = '[0-9]{3}[a-z]{3}[0-9]{4}'
examples = ["123"]
"#;

const GITLEAKS: &str = r"
title = 'ours'
[[rules]]
id = 'made-up'
description = 'made up'
regex = '(?i)(?:madeup)(?:[\w.-]{0,20})=([a-z0-9]{24})(?:[\s;]|$)'
entropy = 3
keywords = ['madeup']
tags = ['x']
path = '\.env$'
[[rules]]
id = 'files'
path = '\.p12$'
";

fn workplace() -> Workplace {
    let workplace = Workplace::empty();
    workplace.write("fine.toml", FINE.as_bytes());
    workplace.write("missed.toml", FINE.replace("{w:12}", "{w:11}").as_bytes());
    workplace.write("wrong.toml", WRONG.as_bytes());
    workplace.write("gitleaks.toml", GITLEAKS.as_bytes());
    workplace.write("ahead.toml", b"[[rules]]\nid = 'ahead'\nregex = '(?=a)b'\n");
    workplace.write("broken.toml", b"[a\nfind = 'abc'\n");
    workplace.write("latin.toml", b"[a]\nname = '\xe9'\n");
    workplace
}

#[test]
fn rules_that_are_fine_pass() {
    let workplace = workplace();
    let ran = workplace.run("leaks check-rules fine.toml");
    assert_eq!(ran.code, 0, "{}", ran.shown());
    assert_eq!(
        ran.stdout,
        "PASS: 2 rules in 1 file; 0 errors, 0 warnings, 0 notes\n"
    );
    // The same file twice: its ids are taken.
    let ran = workplace.run("leaks check-rules fine.toml fine.toml");
    assert_eq!(ran.code, 1, "{}", ran.shown());
    assert!(
        ran.stdout
            .contains("fine.toml:2:2: error: `own_token`: a rule has this id already\n"),
        "{}",
        ran.shown()
    );
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_what_was_meant() {
    let workplace = workplace();
    let ran = workplace.run("leaks check-rules wrong.toml");
    assert_eq!(ran.code, 1, "{}", ran.shown());
    for line in [
        "wrong.toml:2:2: error: `jwt`: a rule has this id already",
        "wrong.toml:6:9: error: `own`: `regex`: no expression: unclosed group",
        "wrong.toml:7:1: error: `own`: `entropi`: unknown key; did you mean `entropy`?",
        "wrong.toml:11:12: error: `level`: `severity`: `hihg` has no meaning here; did you mean `high`?",
        "wrong.toml:15:13: error: `sweep`: `examples`: the example is not found: 123",
    ] {
        assert!(
            ran.stdout.lines().any(|shown| shown == line),
            "{line}\n{}",
            ran.shown()
        );
    }
    let slow = "wrong.toml:14:9: warning: `sweep`: `regex`: no text of two bytes stands in every match";
    assert!(ran.stdout.contains(slow), "{}", ran.shown());
    let chinese = workplace.run("leaks check-rules wrong.toml --lang zh");
    assert!(
        chinese
            .stdout
            .contains("wrong.toml:7:1: 错误: `own`: `entropi`: 未知的键；是否想用 `entropy`？"),
        "{}",
        chinese.shown()
    );
    let missed = workplace.run("leaks check-rules missed.toml");
    assert!(
        missed
            .stdout
            .contains("`own_serial`: `examples`: the example is not found"),
        "{}",
        missed.shown()
    );
    for (file, code) in [
        ("broken.toml", 1),
        ("latin.toml", 3),
        ("nowhere.toml", 3),
        ("latin.toml wrong.toml", 1),
    ] {
        let ran = workplace.run(&format!("leaks check-rules {file}"));
        assert_eq!(ran.code, code, "{file}\n{}", ran.shown());
    }
}

#[test]
fn programs_read_the_same() {
    let workplace = workplace();
    let ran = workplace.run("leaks check-rules wrong.toml gitleaks.toml latin.toml -f json");
    assert_eq!(ran.code, 1, "{}", ran.shown());
    let document: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(document["schema"], "cleanbill.rule-check/1");
    assert_eq!(document["verdict"], "fail");
    assert_eq!(document["files"][1]["form"], "gitleaks");
    assert!(document["files"][2]["unread"].is_string());
    let problems = document["files"][0]["problems"].as_array().expect("a list");
    let of = |key: &str| {
        problems
            .iter()
            .find(|problem| problem["key"] == key)
            .expect("a problem")
    };
    assert_eq!(of("entropi")["meant"], "entropy");
    assert!(
        problems
            .iter()
            .any(|problem| problem["megabytes_per_second"].is_u64())
    );
}

#[test]
fn rules_of_gitleaks_are_used_and_converted_and_nothing_is_left_out_in_silence() {
    let workplace = workplace();
    workplace.write("a.env", b"MADEUP_KEY=q3x8k2v9b7n4m1z6c5l0p8j2\n");
    workplace.write("a.txt", b"MADEUP_KEY=q3x8k2v9b7n4m1z6c5l0p8j2\n");
    let ran = workplace.run("leaks check-rules gitleaks.toml --convert own.toml");
    assert_eq!(ran.code, 0, "{}", ran.shown());
    assert!(
        ran.stdout
            .contains("gitleaks.toml:9:8: note: `made-up`: `tags`: not taken over"),
        "{}",
        ran.shown()
    );
    assert!(
        ran.stdout
            .contains("gitleaks.toml:13:8: warning: `files`: `path`: the rule was not taken over"),
        "{}",
        ran.shown()
    );
    assert_eq!(workplace.run("leaks check-rules own.toml").code, 0);
    let mut found = Vec::new();
    for rules in ["gitleaks.toml", "own.toml"] {
        let ran = workplace.run(&format!("leaks a.env a.txt --rules {rules} -f jsonl"));
        assert_eq!(ran.code, 1, "{}", ran.shown());
        let lines: Vec<Value> = ran
            .stdout
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        let made: Vec<&Value> = lines.iter().filter(|line| line["type"] == "made-up").collect();
        assert_eq!(made.len(), 1, "{}", ran.shown());
        assert_eq!(
            (&made[0]["artifact"], &made[0]["start"], &made[0]["end"]),
            (&"a.env".into(), &11.into(), &35.into())
        );
        assert_eq!(
            ran.stderr.contains("gitleaks.toml:13:8: `files`"),
            rules == "gitleaks.toml",
            "{}",
            ran.shown()
        );
        found.push(made[0]["evidence"].clone());
    }
    assert_eq!(found[0], found[1]);
    for arguments in [
        "leaks a.env --rules wrong.toml",
        "leaks a.env --rules own.toml --rules gitleaks.toml",
        "leaks check-rules own.toml --convert again.toml",
        "leaks check-rules own.toml gitleaks.toml --convert again.toml",
        "leaks check-rules",
    ] {
        let ran = workplace.run(arguments);
        assert_eq!(ran.code, 2, "{arguments}\n{}", ran.shown());
    }
    assert_eq!(
        workplace
            .run("leaks check-rules ahead.toml --convert again.toml")
            .code,
        1
    );
}

#[test]
fn a_target_of_that_name_is_still_a_target() {
    let workplace = workplace();
    workplace.write("check-rules", b"nothing\n");
    assert_eq!(workplace.run("leaks ./check-rules").code, 0);
}
