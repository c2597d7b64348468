//! Differences, merging, claims against files, conversion.

use cleanbill_core::bill::{
    Bill, Component, ComponentKind, Digest, DigestAlgorithm, RelationKind, Source, Sourced,
};
use cleanbill_documents::boms::{
    against::against,
    compare::diff,
    convert::{Target, convert},
    cyclonedx::{self, Serial, Version},
    merge::{Part, merge},
    read::read,
    spdx,
};

use super::fixture::{poor, relation, rich, text};

fn change(bill: &mut Bill, id: &str, edit: impl FnOnce(&mut Component)) {
    let component = bill.components.iter_mut().find(|one| one.id == id);
    edit(component.expect("it is there"));
}

#[test]
fn a_bill_equals_itself_under_other_ids() {
    let mut renamed = rich();
    for component in &mut renamed.components {
        component.id = format!("x-{}", component.id);
    }
    for relation in &mut renamed.relations {
        relation.from = format!("x-{}", relation.from);
        relation.to = format!("x-{}", relation.to);
    }
    renamed.subject = format!("x-{}", renamed.subject);
    renamed.settle();
    assert!(diff(&rich(), &renamed).is_empty());
}

#[test]
fn what_changed_is_told_by_field() {
    let mut after = rich();
    change(&mut after, "pkg:pypi/transformers@4.40.0", |one| {
        one.version = Some(text("4.41.0", "transformers_version"));
        one.purl = Some(text("pkg:pypi/transformers@4.41.0", "transformers_version"));
    });
    change(&mut after, "file:config.json", |one| one.digests.clear());
    after.components.retain(|one| one.id != "device");
    after.relations.retain(|one| one.to != "device");
    after
        .components
        .push(Component::new(ComponentKind::Library, "new", "numpy"));
    after
        .relations
        .push(relation("model", RelationKind::DependsOn, "new", ""));
    after.settle();
    let found = diff(&rich(), &after);
    let names = |list: &[cleanbill_documents::boms::compare::Named]| -> Vec<String> {
        list.iter().map(|one| one.name.clone()).collect()
    };
    assert_eq!(names(&found.added), ["numpy"]);
    assert_eq!(names(&found.removed), ["A100"]);
    let changed: Vec<String> = found
        .changed
        .iter()
        .flat_map(|one| {
            one.changes
                .iter()
                .map(|change| format!("{} {}", one.name, change.field))
        })
        .collect();
    assert_eq!(
        changed,
        [
            "config.json digest:SHA-256",
            "transformers purl",
            "transformers version"
        ]
    );
    assert_eq!(found.relations_added[0].to, "numpy");
    assert_eq!(found.relations_removed[0].to, "A100");
}

#[test]
fn merging_joins_the_same_package_and_tells_contradictions() {
    let mut second = rich();
    change(&mut second, "pkg:pypi/transformers@4.40.0", |one| {
        one.description = Some(text("another description", "x"));
    });
    let mut first = rich();
    change(&mut first, "pkg:pypi/transformers@4.40.0", |one| {
        one.description = Some(text("a description", "x"));
    });
    change(&mut second, "model", |one| {
        one.purl = Some(text("pkg:huggingface/acme/other@1", "x"));
    });
    let parts = [("a", first), ("b", second)].map(|(name, bill)| Part {
        name: name.to_owned(),
        bill,
    });
    let system = Component::new(ComponentKind::Application, "system", "assistant");
    let merged = merge(system, &parts);
    let count = |name: &str| {
        merged
            .bill
            .components
            .iter()
            .filter(|one| one.name == name)
            .count()
    };
    assert_eq!(count("transformers"), 1, "the same version of the same package");
    assert_eq!(count("tiny"), 2, "two models");
    assert_eq!(count("model.safetensors"), 2, "files belong to their parts");
    assert_eq!(merged.bill.related("system", RelationKind::Contains).count(), 2);
    assert_eq!(merged.bill.processes.len(), rich().processes.len() * 2);
    for process in &merged.bill.processes {
        for one in process.inputs.iter().chain(&process.outputs) {
            assert!(merged.bill.component(&one.value).is_some(), "{process:?}");
        }
    }
    assert_eq!(merged.conflicts.len(), 1);
    assert_eq!(merged.conflicts[0].name, "transformers");
    assert_eq!(merged.conflicts[0].changes[0].before, ["a description"]);
    for relation in &merged.bill.relations {
        assert!(merged.bill.component(&relation.from).is_some(), "{relation:?}");
        assert!(merged.bill.component(&relation.to).is_some(), "{relation:?}");
    }
    assert!(
        merged
            .bill
            .vulnerabilities
            .iter()
            .all(|one| !one.affects.is_empty())
    );
}

#[test]
fn claims_are_held_against_files() {
    let claimed = rich();
    assert!(against(&claimed, &rich()).holds());
    let mut found = rich();
    change(&mut found, "file:model.safetensors", |one| {
        one.digests[0].value.hex = "cd".repeat(32);
    });
    found.components.retain(|one| one.id != "file:config.json");
    let mut extra = Component::new(ComponentKind::File, "file:evil.py", "evil.py");
    extra.path = Some("evil.py".to_owned());
    extra.digests.push(Sourced::new(
        Digest {
            algorithm: DigestAlgorithm::Sha256,
            hex: "ee".repeat(32),
        },
        Source::measured("evil.py", "sha256"),
    ));
    found.components.push(extra);
    change(&mut found, "model", |one| {
        let model = one.model.as_mut().expect("it has a card");
        model.parameters = Some(Sourced::new(
            9_999,
            Source::measured("model.safetensors", "shapes"),
        ));
        model.architecture_family = Some(text("gpt2", "model_type"));
        one.licences.retain(|one| one.value.is_found);
        one.licences[0].value.expression = Some("CC-BY-NC-4.0".to_owned());
    });
    change(&mut found, "base", |one| {
        one.purl = Some(text("pkg:huggingface/other/stolen", "x"));
        one.name = "stolen".to_owned();
    });
    found
        .components
        .push(Component::new(ComponentKind::Library, "z", "hidden"));
    found.settle();
    let result = against(&claimed, &found);
    assert!(!result.holds());
    assert_eq!(result.missing, ["config.json"]);
    assert_eq!(result.extra, ["evil.py"]);
    assert_eq!(result.differing.len(), 1);
    assert_eq!(result.differing[0].algorithm_name(), "SHA-256");
    let fields: Vec<&str> = result.contradicted.iter().map(|one| one.field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "licence",
            "model.family",
            "model.parameters",
            "relation:derived-from"
        ]
    );
    let unclaimed: Vec<&str> = result.unclaimed.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(unclaimed, ["stolen", "hidden"]);
}

#[test]
fn a_claim_without_files_or_with_weak_digests_proves_nothing() {
    assert!(!against(&poor(), &rich()).holds());
    let weak = |bill: &mut Bill| {
        for component in &mut bill.components {
            for digest in &mut component.digests {
                digest.value.algorithm = DigestAlgorithm::Md5;
                digest.value.hex.truncate(32);
            }
        }
    };
    let (mut claimed, mut found) = (rich(), rich());
    weak(&mut claimed);
    weak(&mut found);
    let result = against(&claimed, &found);
    assert_eq!(result.unproven, ["config.json", "model.safetensors"]);
    assert!(!result.holds());
}

#[test]
fn converting_names_what_is_lost() {
    let source = cyclonedx::write(&rich(), Version::V1_7, Serial::Absent);
    let document = read("a.json", &source).expect("it can be read");
    let converted = convert(&document, Target::Spdx3, Serial::FromContent).expect("it can be written");
    let told: Vec<String> = converted
        .losses
        .iter()
        .map(|one| format!("{} {}", one.place, one.what))
        .collect();
    assert!(told.is_empty(), "{told:?}");
    let back = read("b.json", &converted.bytes).expect("it can be read");
    let again = convert(&back, Target::CycloneDx(Version::V1_7), Serial::Absent).expect("it can be written");
    assert_eq!(again.losses, []);
    let direct = spdx::write(&rich(), Serial::Absent);
    let document = read("c.json", &direct).expect("it can be read");
    let converted =
        convert(&document, Target::CycloneDx(Version::V1_6), Serial::Absent).expect("it is written");
    assert_eq!(converted.losses, []);
}

#[test]
fn converting_names_parts_that_no_bill_holds() {
    let text = br#"{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,
        "components":[{"type":"library","bom-ref":"a","name":"a","swid":{"tagId":"x","name":"a"}}],
        "compositions":[{"aggregate":"complete"}]}"#;
    let document = read("a.json", text).expect("it can be read");
    let converted = convert(&document, Target::Spdx3, Serial::Absent).expect("it can be written");
    let places: Vec<&str> = converted.losses.iter().map(|one| one.place.as_str()).collect();
    assert_eq!(places, ["/components/0/swid", "/compositions"]);
}
