//! Statements on weaknesses: three vocabularies, and what they count for.

use cleanbill_core::bill::{AnalysisState, Bill, Certainty, Component, ComponentKind, Justification};
use cleanbill_documents::boms::{
    cyclonedx::{self, Serial, Version},
    vex::{
        Fate, OpenVexError, Stated, apply, default_states, read, state, stated, statements_only,
        write_openvex,
    },
};

use super::fixture::{rich, text};

fn open() -> Bill {
    let mut bill = rich();
    for one in &mut bill.vulnerabilities {
        one.analysis = None;
    }
    bill
}

fn openvex(product: &str, weakness: &str) -> String {
    format!(
        r#"{{"@context":"https://openvex.dev/ns/v0.2.0","@id":"urn:x","author":"Acme","timestamp":"2026-01-01T00:00:00Z",
        "version":1,"statements":[{{"vulnerability":{{"name":"{weakness}"}},"products":[{product}],
        "status":"not_affected","justification":"vulnerable_code_not_present"}}]}}"#
    )
}

fn fate(product: &str, weakness: &str) -> Fate {
    let vex = read("vex.json", openvex(product, weakness).as_bytes()).expect("it can be read");
    apply(&vex, &mut open()).remove(0)
}

#[test]
fn a_statement_counts_only_for_what_it_names() {
    let id = "pkg:pypi/transformers@4.40.0";
    let counts = Fate::Counts(vec![id.to_owned()]);
    assert_eq!(fate(&format!(r#"{{"@id":"{id}"}}"#), "CVE-2024-0001"), counts);
    assert_eq!(
        fate(&format!(r#"{{"@id":"{id}"}}"#), "GHSA-aaaa-bbbb-cccc"),
        counts
    );
    assert_eq!(
        fate(r#"{"@id":"pkg:pypi/Transformers@4.40.0"}"#, "CVE-2024-0001"),
        counts,
        "spelling of the index"
    );
    assert_eq!(
        fate(r#"{"@id":"pkg:pypi/transformers"}"#, "CVE-2024-0001"),
        Fate::NoVersion
    );
    assert_eq!(
        fate(r#"{"@id":"pkg:pypi/transformers@4.39"}"#, "CVE-2024-0001"),
        Fate::OtherVersion
    );
    assert_eq!(
        fate(r#"{"@id":"pkg:npm/transformers@4.40.0"}"#, "CVE-2024-0001"),
        Fate::NoSuchProduct
    );
    assert_eq!(
        fate(&format!(r#"{{"@id":"{id}"}}"#), "CVE-2024-9999"),
        Fate::NoSuchWeakness
    );
    assert_eq!(
        fate(
            r#"{"@id":"pkg:pypi/transformers@4.40.0?os=linux"}"#,
            "CVE-2024-0001"
        ),
        Fate::NoSuchProduct,
        "a build that nobody says it is"
    );
    let part = |product: &str| format!(r#"{{"@id":"{product}","subcomponents":[{{"@id":"{id}"}}]}}"#);
    let own = "pkg:huggingface/acme/tiny@0123456789abcdef0123456789abcdef01234567";
    assert_eq!(fate(&part(own), "CVE-2024-0001"), counts);
    assert_eq!(
        fate(&part("pkg:huggingface/acme/other@1"), "CVE-2024-0001"),
        Fate::NoSuchProduct,
        "a part counts within its product alone"
    );
}

#[test]
fn a_weakness_of_several_components_is_parted() {
    let mut bill = open();
    bill.vulnerabilities[0].affects.push("pkg:pypi/torch".to_owned());
    let text = openvex(r#"{"@id":"pkg:pypi/transformers@4.40.0"}"#, "CVE-2024-0001");
    let vex = read("vex.json", text.as_bytes()).expect("it can be read");
    apply(&vex, &mut bill);
    let states: Vec<(Vec<String>, bool)> = bill
        .vulnerabilities
        .iter()
        .filter(|one| one.id == "CVE-2024-0001")
        .map(|one| (one.affects.clone(), one.analysis.is_some()))
        .collect();
    assert!(
        states.contains(&(vec!["pkg:pypi/torch".to_owned()], false)),
        "{states:?}"
    );
    assert!(states.contains(&(vec!["pkg:pypi/transformers@4.40.0".to_owned()], true)));
}

#[test]
fn openvex_and_cyclonedx_are_read_as_they_were_written() {
    let (bytes, left_out) = write_openvex(&rich(), None).expect("there is something to state");
    assert_eq!(
        left_out,
        ["file:model.safetensors", "pkg:pypi/torch"],
        "they have no package URL, or no version"
    );
    let vex = read("vex.json", &bytes).expect("it can be read");
    assert_eq!(vex.notes, []);
    let mut bill = open();
    let fates = apply(&vex, &mut bill);
    assert_eq!(fates.len(), 3);
    assert!(
        fates.iter().all(|fate| matches!(fate, Fate::Counts(_))),
        "{fates:?}"
    );
    let states = |bill: &Bill| -> Vec<Option<(AnalysisState, Option<Justification>)>> {
        let all = bill.vulnerabilities.iter();
        all.map(|one| one.analysis.as_ref().map(|one| (one.state, one.justification)))
            .collect()
    };
    assert_eq!(
        states(&bill)[0],
        Some((AnalysisState::NotAffected, Some(Justification::CodeNotReached)))
    );
    let bytes = cyclonedx::write(&rich(), Version::V1_7, Serial::Absent);
    let vex = read("bom.json", &bytes).expect("it can be read");
    let mut bill = open();
    apply(&vex, &mut bill);
    assert_eq!(states(&bill)[0], states(&rich())[0]);
}

#[test]
fn csaf_is_read_with_branches_groups_and_relations() {
    let text = br#"{"document":{"category":"csaf_vex","csaf_version":"2.0","publisher":{"name":"Acme"},
        "tracking":{"current_release_date":"2026-01-01T00:00:00Z"}},
        "product_tree":{"branches":[{"category":"vendor","name":"x","branches":[{"category":"product_version","name":"4.40.0",
          "product":{"product_id":"P1","name":"transformers","product_identification_helper":{"purl":"pkg:pypi/transformers@4.40.0"}}}]}],
          "full_product_names":[{"product_id":"P2","name":"torch","product_identification_helper":{"purl":"pkg:pypi/torch"}}],
          "product_groups":[{"group_id":"G","product_ids":["P1"]}]},
        "vulnerabilities":[{"cve":"CVE-2024-0001","product_status":{"known_not_affected":["P1"],"under_investigation":["P2"]},
          "flags":[{"label":"vulnerable_code_not_in_execute_path","group_ids":["G"]}],
          "threats":[{"category":"impact","details":"never called","product_ids":["P1"]}]},
          {"cve":"CVE-2024-0002","product_status":{"known_not_affected":["P2"]}}]}"#;
    let vex = read("csaf.json", text).expect("it can be read");
    assert_eq!(vex.author, "Acme");
    assert_eq!(vex.statements.len(), 3);
    let first = &vex.statements[0];
    assert_eq!(first.products[0].id, "pkg:pypi/transformers@4.40.0");
    assert_eq!(first.analysis.justification, Some(Justification::CodeNotReached));
    assert_eq!(first.analysis.detail, "never called");
    assert_eq!(vex.notes.len(), 1, "one gives no reason");
    let fates = apply(&vex, &mut open());
    assert_eq!(
        fates,
        [
            Fate::Counts(vec!["pkg:pypi/transformers@4.40.0".to_owned()]),
            Fate::NoVersion,
            Fate::NoVersion
        ]
    );
}

#[test]
fn broken_statements_are_refused_with_their_place() {
    let error = read(
        "v.json",
        br#"{"@context":"https://openvex.dev/ns/v0.2.0","a":1,"a":2}"#,
    );
    let error = error.expect_err("it is refused").to_string();
    assert!(error.contains("byte 50"), "{error}");
    assert!(read("v.json", b"{}").is_err());
}

fn own(products: &[&str], weakness: &str, status: &str) -> Stated {
    Stated {
        vulnerability: weakness.to_owned(),
        products: products.iter().map(|one| (*one).to_owned()).collect(),
        status: status.to_owned(),
        ..Stated::default()
    }
}

#[test]
fn what_nobody_looked_at_is_under_investigation_and_never_more() {
    let mut bill = open();
    let possible = default_states(&mut bill);
    assert_eq!(
        possible,
        ["CVE-2024-0004"],
        "what is only possible has no statement"
    );
    for one in &bill.vulnerabilities {
        let state = one.analysis.as_ref().map(|one| one.state);
        let expected =
            (one.certainty != Some(Certainty::Possible)).then_some(AnalysisState::UnderInvestigation);
        assert_eq!(state, expected, "{}", one.id);
    }
    let (bytes, _) = write_openvex(&bill, None).expect("there is something to state");
    let text = String::from_utf8(bytes).expect("it is UTF-8");
    assert!(
        !text.contains("not_affected") && !text.contains("CVE-2024-0004"),
        "{text}"
    );
}

#[test]
fn a_statement_of_ones_own_counts_without_data() {
    let id = "pkg:pypi/transformers@4.40.0";
    let mut bill = open();
    let vex = stated(&own(&[id], "CVE-2030-1", "fixed"), "--status").expect("it is one");
    assert_eq!(state(&vex, &mut bill), [Fate::Counts(vec![id.to_owned()])]);
    let one = bill.vulnerabilities.iter().find(|one| one.id == "CVE-2030-1");
    assert_eq!(one.map(|one| one.affects.clone()), Some(vec![id.to_owned()]));
    for (product, fate) in [
        ("pkg:pypi/transformers@4.41.0", Fate::OtherVersion),
        ("pkg:pypi/transformers", Fate::NoVersion),
        ("pkg:pypi/other@1", Fate::NoSuchProduct),
    ] {
        let before = bill.clone();
        let vex = stated(&own(&[product], "CVE-2030-2", "fixed"), "--status").expect("it is one");
        assert_eq!(state(&vex, &mut bill), [fate]);
        assert_eq!(bill, before, "{product}");
    }
    assert!(stated(&own(&[id], "CVE-2030-1", "not_affected"), "--status").is_err());
}

#[test]
fn statements_name_versions_and_the_product_that_they_hold_in() {
    let mut bill = open();
    let mut wheel = Component::new(ComponentKind::Library, "wheel", "a b");
    wheel.purl = Some(text("pkg:pypi/a?x=y", "x"));
    wheel.version = Some(text("1.0+c", "x"));
    bill.components.push(wheel);
    let vex = stated(&own(&["wheel"], "CVE-2030-1", "fixed"), "--status").expect("it is one");
    state(&vex, &mut bill);
    let (bytes, _) = write_openvex(&bill, Some("pkg:huggingface/acme/tiny@1")).expect("it is written");
    let text = String::from_utf8(bytes.clone()).expect("it is UTF-8");
    assert!(text.contains("pkg:pypi/a@1.0%2Bc?x=y"), "{text}");
    let vex = read("vex.json", &bytes).expect("it can be read");
    assert_eq!(vex.statements[0].products[0].id, "pkg:huggingface/acme/tiny@1");
    assert_eq!(vex.statements[0].products[0].parts, ["pkg:pypi/a@1.0%2Bc?x=y"]);
    assert_eq!(
        write_openvex(&bill, None).expect("it is written"),
        write_openvex(&bill, None).expect("again")
    );
    bill.timestamp = Some("yesterday".to_owned());
    assert_eq!(write_openvex(&bill, None), Err(OpenVexError::NoTime));
}

#[test]
fn a_document_of_statements_alone_says_the_same() {
    let bytes = cyclonedx::write(&statements_only(&rich()), Version::V1_6, Serial::Absent);
    let vex = read("vex.json", &bytes).expect("it can be read");
    let mut bill = open();
    let fates = apply(&vex, &mut bill);
    assert!(fates.iter().any(|fate| matches!(fate, Fate::Counts(_))));
    let text = String::from_utf8(bytes).expect("it is UTF-8");
    assert!(!text.contains("MAL-2024-3"), "nothing is concluded about it");
    assert!(!text.contains("modelCard"));
}
