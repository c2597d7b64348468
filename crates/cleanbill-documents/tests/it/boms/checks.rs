//! Completeness: what counts, what does not, and what is said of it.

use cleanbill_core::bill::{Bill, Source, Sourced};
use cleanbill_documents::boms::{
    check::{Assessment, FRAMEWORKS, Format, check, find},
    compare::diff,
    cyclonedx::{self, Serial, Version},
    read::read,
    spdx,
};

use super::fixture::{poor, rich, text};

const FORMAT: Format<'_> = Format {
    name: "CycloneDX",
    version: "1.7",
};

fn judged(bill: &Bill, id: &str) -> Assessment<'static> {
    check(bill, FORMAT, find(id).expect("it is known"))
}

fn missing(assessment: &Assessment<'_>) -> Vec<String> {
    let open = assessment.outcomes.iter().filter(|one| one.answered < one.asked);
    open.map(|one| one.element.id.clone()).collect()
}

#[test]
fn what_is_stated_counts_and_says_where_it_stands() {
    let assessment = judged(&rich(), "g7-2026");
    assert_eq!(
        missing(&assessment),
        [
            "MD-05", "SLP-06", "DP-02", "DP-03", "DP-04", "DP-05", "DP-06", "DP-07", "DP-08", "DP-10",
            "SP-01",
        ],
        "one of the two datasets is but named, and nothing is signed"
    );
    let half = assessment.outcomes.iter().find(|one| one.element.id == "DP-02");
    let half = half.expect("it is asked");
    assert_eq!((half.answered, half.asked), (1, 2));
    assert_eq!(half.missing, ["mmlu"]);
    assert_eq!(half.evidence[0].source_line(), "stated: README.md # Data");
    assert!(assessment.score_permille > 800 && assessment.score_permille < 1_000);
}

#[test]
fn a_poor_bill_scores_little_and_says_how_to_get_the_rest() {
    for framework in FRAMEWORKS.iter() {
        let assessment = check(&poor(), Format::default(), framework);
        assert!(
            assessment.score_permille < 250,
            "{}: {}",
            framework.id,
            assessment.score_permille
        );
        for one in &assessment.outcomes {
            assert!(!one.element.how.en().is_empty());
        }
    }
}

#[test]
fn filler_and_more_of_it_never_raise_a_score() {
    let before = judged(&poor(), "eu-ai-act").score_permille;
    let mut bill = poor();
    for word in ["NOASSERTION", "unknown", "n/a", "TBD"] {
        let model = bill.components[0].model.get_or_insert_default();
        model.task = Some(text(word, "task"));
        model.training = Some(text(word, "training"));
        model.limitations.push(text(word, "limits"));
        bill.components[0].supplier = None;
        bill.components[0].description = Some(Sourced::new(word.to_owned(), Source::default()));
        for framework in ["eu-ai-act", "g7-2026", "ntia-2021", "cisa-2025"] {
            let filled = judged(&bill, framework).score_permille;
            assert_eq!(
                filled,
                judged(&poor(), framework).score_permille,
                "{framework}: {word}"
            );
        }
    }
    assert_eq!(before, judged(&poor(), "eu-ai-act").score_permille);
}

#[test]
fn ten_thousand_components_are_judged_at_once() {
    let mut bill = rich();
    let library = bill.component("pkg:pypi/torch").cloned().expect("it is there");
    for index in 0..10_000 {
        let mut one = library.clone();
        one.id = format!("pkg:pypi/p{index}");
        one.name = format!("p{index}");
        bill.components.push(one);
        let mut relation = bill.relations[0].clone();
        relation.to = format!("pkg:pypi/p{index}");
        bill.relations.push(relation);
    }
    bill.settle();
    for bytes in [
        cyclonedx::write(&bill, Version::V1_7, Serial::FromContent),
        cyclonedx::write(&bill, Version::V1_6, Serial::Absent),
        spdx::write(&bill, Serial::FromContent),
    ] {
        let document = read("large.json", &bytes).expect("it can be read");
        assert_eq!(document.bill.components.len(), bill.components.len());
        assert!(diff(&bill, &document.bill).removed.is_empty());
    }
    for framework in FRAMEWORKS.iter() {
        let assessment = check(&bill, FORMAT, framework);
        assert!(assessment.outcomes.iter().all(|one| one.missing.len() <= 5));
    }
}
