//! What is written is read again, and nothing is lost that a standard can carry.

use std::collections::BTreeSet;

use cleanbill_core::bill::Bill;
use cleanbill_documents::boms::{
    cyclonedx::{self, Serial, Version},
    fields::fields,
    read::read,
    spdx,
    tree::Node,
};

use super::fixture::{poor, rich};

fn facts(bill: &Bill) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for component in &bill.components {
        for field in fields(component) {
            out.insert(format!("{}: {} = {}", component.id, field.name, field.value));
        }
    }
    for relation in &bill.relations {
        out.insert(format!(
            "{} {:?} {} ({})",
            relation.from, relation.kind, relation.to, relation.detail
        ));
    }
    for one in &bill.vulnerabilities {
        let state = one.analysis.as_ref().map(|one| (one.state, one.justification));
        out.insert(format!(
            "{} {:?} {:?} {state:?}",
            one.id, one.aliases, one.affects
        ));
    }
    for one in &bill.processes {
        let mut inputs: Vec<_> = one.inputs.iter().map(|one| &one.value).collect();
        inputs.sort();
        let outputs: Vec<_> = one.outputs.iter().map(|one| &one.value).collect();
        let settings: Vec<_> = one
            .settings
            .iter()
            .map(|(name, value)| (name, &value.value))
            .collect();
        out.insert(format!(
            "{} {:?} {inputs:?} {outputs:?} {settings:?}",
            one.id, one.kind
        ));
    }
    out.insert(format!("subject {}", bill.subject));
    out.insert(format!("time {:?}", bill.timestamp));
    out.insert(format!("tool {:?}", bill.tool));
    out.insert(format!("phases {:?} edition {:?}", bill.phases, bill.edition));
    out.insert(format!(
        "authors {:?}",
        bill.authors.iter().map(|one| &one.name).collect::<Vec<_>>()
    ));
    out
}

/// Writes, reads, and compares; `may_differ` names what the standard cannot carry.
fn check(bill: &Bill, bytes: &[u8], may_differ: &[&str]) {
    let document = read("bom.json", bytes).expect("it can be read");
    assert_eq!(document.violations, [], "our own documents break no rule");
    assert_eq!(document.tree.to_json(), bytes, "the tree is the document");
    let (wanted, found) = (facts(bill), facts(&document.bill));
    let is_told = |fact: &&String| !may_differ.iter().any(|part| fact.contains(part));
    let lost: Vec<_> = wanted.difference(&found).filter(is_told).collect();
    let new: Vec<_> = found.difference(&wanted).filter(is_told).collect();
    assert!(lost.is_empty() && new.is_empty(), "lost {lost:#?}\nnew {new:#?}");
}

#[test]
fn cyclonedx_carries_everything() {
    for version in Version::ALL {
        let addresses = ["https://acme.example/a"];
        check(
            &rich(),
            &cyclonedx::write(&rich(), version, Serial::FromContent),
            &addresses,
        );
        check(
            &poor(),
            &cyclonedx::write(&poor(), version, Serial::Absent),
            &["edition"],
        );
    }
}

#[test]
fn spdx_carries_everything() {
    check(
        &rich(),
        &spdx::write(&rich(), Serial::FromContent),
        &["https://acme.example/a", "released = 2024-05-01"],
    );
    check(&poor(), &spdx::write(&poor(), Serial::Absent), &[]);
}

#[test]
fn the_same_bill_gives_the_same_bytes_and_its_own_serial_number() {
    let write = |bill: &Bill| cyclonedx::write(bill, Version::V1_7, Serial::FromContent);
    assert_eq!(write(&rich()), write(&rich()));
    let mut shuffled = rich();
    shuffled.components.reverse();
    shuffled.relations.reverse();
    assert_eq!(write(&rich()), write(&shuffled));
    let serial = |bytes: &[u8]| {
        let document = read("bom.json", bytes).expect("it can be read");
        document
            .tree
            .get("serialNumber")
            .and_then(Node::as_text)
            .map(str::to_owned)
    };
    let (one, other) = (serial(&write(&rich())), serial(&write(&poor())));
    assert!(one.is_some() && one != other);
    let mut spdx_shuffled = rich();
    spdx_shuffled.components.reverse();
    assert_eq!(
        spdx::write(&rich(), Serial::FromContent),
        spdx::write(&spdx_shuffled, Serial::FromContent)
    );
}

#[test]
fn values_keep_their_sources() {
    for version in Version::ALL {
        let bytes = cyclonedx::write(&rich(), version, Serial::Absent);
        let document = read("bom.json", &bytes).expect("it can be read");
        let subject = document.bill.subject().expect("there is one");
        let task = subject
            .model
            .as_ref()
            .and_then(|model| model.task.clone())
            .expect("it is stated");
        assert_eq!(
            (task.source.file.as_str(), task.source.place.as_str()),
            ("README.md", "pipeline_tag"),
            "{version:?}"
        );
    }
}
