//! Documents for machines are what their schemas say, whatever stands in the report.

use cleanbill_core::Severity;
use cleanbill_documents::reports::{REPORTS, RunOptions};
use serde_json::Value;

use crate::fixture::{Case, HOSTILE, calm, empty, render, rich};

fn check_schema(schema: &str, document: &str) {
    let schema: Value = serde_json::from_str(schema).expect("a schema");
    let document: Value = serde_json::from_str(document).expect("a document");
    let validator = jsonschema::validator_for(&schema).expect("a valid schema");
    let errors: Vec<String> = validator
        .iter_errors(&document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
}

fn departing() -> Case {
    Case {
        options: RunOptions {
            fail_on: Severity::Medium,
            only: Some(vec!["damaged-structure".to_owned()]),
            limits: vec![("nesting_depth".to_owned(), 3)],
        },
        ..Case::default()
    }
}

#[test]
fn json_is_what_its_schema_says() {
    let schema = include_str!("../../schemas/cleanbill.report-1.schema.json");
    for report in [rich(), calm(), empty()] {
        check_schema(schema, &render("json", &report, &Case::default()));
        check_schema(schema, &render("json", &report, &departing()));
    }
}

#[test]
fn sarif_is_what_the_standard_says() {
    // The published pattern of a language tag has a bracket too many, which no validator compiles.
    let schema = &include_str!("sarif-schema-2.1.0.json").replace("-[a-zA-Z]{2}]?$", "-[a-zA-Z]{2}$");
    for report in [rich(), calm(), empty()] {
        check_schema(schema, &render("sarif", &report, &Case::default()));
        check_schema(schema, &render("sarif", &report, &departing()));
    }
}

#[test]
fn sarif_without_full_examination_is_not_a_success() {
    for (report, success) in [(rich(), false), (calm(), true), (empty(), false)] {
        let log: Value = serde_json::from_str(&render("sarif", &report, &Case::default())).expect("JSON");
        let invocation = &log["runs"][0]["invocations"][0];
        assert_eq!(invocation["executionSuccessful"], success);
        let told = invocation["toolExecutionNotifications"]
            .as_array()
            .expect("a list");
        assert_eq!(told.is_empty(), success);
    }
}

#[test]
fn sarif_gives_bytes_only_of_the_artifact_itself() {
    let log: Value = serde_json::from_str(&render("sarif", &rich(), &Case::default())).expect("JSON");
    for result in log["runs"][0]["results"].as_array().expect("results") {
        let location = &result["locations"][0];
        let has_region = location["physicalLocation"].get("region").is_some();
        let in_member = location.get("logicalLocations").is_some();
        assert!(!(has_region && in_member), "{result:#}");
        if let Some(index) = result.get("ruleIndex").and_then(Value::as_u64) {
            let rule = &log["runs"][0]["tool"]["driver"]["rules"][usize::try_from(index).expect("small")];
            assert_eq!(rule["id"], result["ruleId"]);
        }
    }
}

#[test]
fn xml_is_well_formed_and_counts_add_up() {
    for (report, tests, failures, errors) in [(rich(), 5, 2, 1), (calm(), 1, 0, 0), (empty(), 1, 0, 1)] {
        let text = render("junit", &report, &Case::default());
        let document = roxmltree::Document::parse(&text).expect("XML");
        let count = |name: &str| {
            document
                .descendants()
                .filter(|node| node.has_tag_name(name))
                .count()
        };
        let counts = (count("testcase"), count("failure"), count("error"));
        assert_eq!(counts, (tests, failures, errors));
    }
}

#[test]
fn html_holds_no_markup_from_outside() {
    let page = render("html", &rich(), &Case::default());
    assert!(!page.contains("<script"), "a script element");
    assert!(!page.contains(HOSTILE));
    assert!(!page.contains("src="), "something loaded from elsewhere");
    assert!(!page.contains("http://") && !page.contains("https://"));
    // The page is written as XML would have it, apart from its void elements.
    let body = page
        .split_once("<body>")
        .and_then(|(_, rest)| rest.split_once("</body>"));
    let (body, _) = body.expect("a body");
    let body = format!(
        "<body>{}</body>",
        body.replace("<br>", "<br/>")
            .replace("<details class=\"card artifacts\" open>", "<details>")
    );
    roxmltree::Document::parse(&body).expect("balanced markup");
}

#[test]
fn nothing_steers_a_terminal_and_every_report_is_reproducible() {
    for format in REPORTS {
        let first = render(format.id, &rich(), &Case::default());
        assert_eq!(
            first,
            render(format.id, &rich(), &Case::default()),
            "{}",
            format.id
        );
        assert!(!first.contains('\u{1b}'), "{}", format.id);
        assert!(!first.contains('\u{202e}'), "{}", format.id);
        assert!(first.ends_with('\n'), "{}", format.id);
    }
}

#[test]
fn markdown_rows_have_the_columns_of_their_heads() {
    let text = render("markdown", &rich(), &Case::default());
    let cells = |line: &str| line.replace("\\|", "").matches('|').count();
    let mut head = 0;
    let mut rows = 0;
    for line in text.lines() {
        if !line.starts_with('|') {
            head = 0;
        } else if head == 0 {
            head = cells(line);
        } else {
            assert_eq!(cells(line), head, "{line}");
            rows += 1;
        }
    }
    assert!(rows > 5);
}
