//! The program speaks one language at a time.

use crate::support::Workplace;

fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{3000}'..='\u{303f}' | '\u{4e00}'..='\u{9fff}' | '\u{ff00}'..='\u{ffef}')
}

#[test]
fn the_locale_chooses_and_the_option_wins() {
    let workplace = Workplace::new();
    let chinese = |variables: &[(&str, &str)], arguments: &str| {
        workplace
            .run_with(variables, arguments)
            .stdout
            .chars()
            .any(is_ideograph)
    };
    assert!(!chinese(&[], "scan model"));
    assert!(chinese(&[("LANG", "zh_CN.UTF-8")], "scan model"));
    assert!(!chinese(&[("LANG", "zh_CN.UTF-8")], "scan model --lang en"));
    assert!(!chinese(
        &[("LANG", "zh_CN.UTF-8"), ("LC_ALL", "C.UTF-8")],
        "scan model"
    ));
    assert!(chinese(&[], "scan model --lang zh"));
}

#[test]
fn english_output_holds_no_chinese() {
    let workplace = Workplace::new();
    for arguments in [
        "scan model no-such-file empty --all",
        "scan model --format html",
        "scan model --format markdown",
        "scan model --format junit",
        "scan model --format json --lang zh",
        "scan model --format sarif --lang zh",
        "scan s4://x",
        "list detectors",
        "list formats",
        "list limits",
        "list exit-codes",
        "list reports",
    ] {
        let ran = workplace.run(arguments);
        let found: String = ran
            .stdout
            .chars()
            .filter(|character| is_ideograph(*character))
            .collect();
        assert!(found.is_empty(), "{arguments}: {found}");
        if !arguments.contains("zh") {
            assert!(
                !ran.stderr.chars().any(is_ideograph),
                "{arguments}: {}",
                ran.stderr
            );
        }
    }
}

#[test]
fn chinese_output_holds_no_english_sentence() {
    let workplace = Workplace::new();
    for arguments in [
        "scan model empty --all --lang zh",
        "scan model --format markdown --lang zh",
        "scan model --format junit --lang zh",
        "scan s4://x --lang zh",
        "scan model --only no-such --lang zh",
        "scan model --limit x --lang zh",
        "list exit-codes --lang zh",
    ] {
        let ran = workplace.run(arguments);
        // Evidence is what a detector saw, in no language of ours.
        let said =
            format!("{}\n{}", ran.stdout, ran.stderr).replace("starts a process or runs a command", "");
        for line in said.lines() {
            // Three plain words in a row outside backticks are a sentence of ours in the wrong language.
            let outside: String = line.split('`').step_by(2).collect::<Vec<_>>().join(" # ");
            let mut run = 0;
            for word in outside.split(' ').filter(|word| !word.is_empty()) {
                let plain = word.len() > 1 && word.chars().all(|character| character.is_ascii_lowercase());
                run = if plain { run + 1 } else { 0 };
                assert!(run < 3, "{arguments}: {line}");
            }
        }
    }
}
