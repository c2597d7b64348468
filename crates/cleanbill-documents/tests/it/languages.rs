//! A report is in one language.

use cleanbill_core::{Language, Severity};
use cleanbill_documents::reports::{Detail, RunOptions, words};

use crate::fixture::{Case, calm, empty, render, rich};

fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{3000}'..='\u{303f}' | '\u{4e00}'..='\u{9fff}' | '\u{ff00}'..='\u{ffef}')
}

fn every_case(language: Language) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for format in ["human", "junit", "markdown", "html"] {
        for detail in [Detail::Verdict, Detail::Short, Detail::All] {
            for report in [rich(), calm(), empty()] {
                let case = Case {
                    language,
                    detail,
                    options: RunOptions {
                        fail_on: Severity::Medium,
                        only: Some(vec!["damaged-structure".to_owned()]),
                        limits: vec![("nesting_depth".to_owned(), 3)],
                    },
                    ..Case::default()
                };
                all.push((format.to_owned(), render(format, &report, &case)));
            }
        }
    }
    all
}

#[test]
fn english_reports_hold_no_chinese() {
    for (format, text) in every_case(Language::English) {
        // The one artifact with a Chinese name, and the fonts of the style sheet, are not ours to translate.
        let text = text.replace("模型/分词器.json", "");
        let found: String = text
            .chars()
            .filter(|character| is_ideograph(*character))
            .collect();
        assert!(found.is_empty(), "{format}: {found}");
    }
}

#[test]
fn chinese_reports_hold_no_english_sentence_of_the_catalogue() {
    for (format, text) in every_case(Language::Chinese) {
        let text = text
            .split_once("</style>")
            .map_or(text.as_str(), |(_, body)| body);
        for word in words::ALL {
            // A single word may stand in a name; two or more are a sentence of ours.
            if word.en.contains(' ') {
                assert!(!text.contains(word.en), "{format}: {}", word.en);
            }
        }
        for sentence in [
            "examined",
            "artifact with",
            "more ",
            "byte ",
            "bytes ",
            "nothing",
            "at or above",
        ] {
            let outside: Vec<&str> = text.lines().filter(|line| line.contains(sentence)).collect();
            assert!(outside.is_empty(), "{format}: {outside:?}");
        }
    }
}

#[test]
fn documents_for_programs_do_not_depend_on_the_language() {
    for format in ["json", "sarif"] {
        let english = render(format, &rich(), &Case::default());
        let chinese = render(
            format,
            &rich(),
            &Case {
                language: Language::Chinese,
                ..Case::default()
            },
        );
        assert_eq!(english, chinese, "{format}");
    }
}

#[test]
fn the_catalogue_is_in_both_languages() {
    for word in words::ALL {
        assert!(!word.en.chars().any(is_ideograph), "{}", word.en);
        assert!(word.zh.chars().any(is_ideograph), "{}", word.zh);
    }
}
