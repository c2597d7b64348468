//! Reads a document of SPDX 2.3 (JSON) into a bill, forgiving what is odd.

use std::collections::BTreeMap;

use cleanbill_core::{
    ToolInfo,
    bill::{
        Bill, Component, ComponentKind, Digest, ExternalReference, Licence, Origin, Party, ReferenceKind,
        Relation, RelationKind, Sourced,
    },
};

use super::read3::is_said;
use crate::boms::{
    names::{hash_of, kind_of_purpose},
    spot::{Origins, Spot},
    tree::Node,
};

/// Reads a document; `name` is what its values are said to come from.
pub(crate) fn read(tree: &Node, name: &str) -> Bill {
    let origins = Origins::of(tree, name);
    let root = Spot::root(tree, &origins);
    let mut bill = Bill::default();
    let document = root.said("SPDXID").unwrap_or("SPDXRef-DOCUMENT");
    if let Some(creation) = root.get("creationInfo") {
        bill.timestamp = creation.said("created").map(str::to_owned);
        for creator in creation.texts("creators") {
            match creator.value.split_once(':') {
                Some(("Tool", tool)) => {
                    let tool = tool.trim();
                    let (name, version) = tool.rsplit_once('-').unwrap_or((tool, ""));
                    bill.tool.get_or_insert(ToolInfo {
                        name: name.to_owned(),
                        version: version.to_owned(),
                        detectors_digest: String::new(),
                    });
                }
                _ => bill.authors.extend(party_of(&creator.value)),
            }
        }
    }
    let licences = named_licences(&root);
    for package in root.list("packages") {
        let component = package_of(&package, &licences);
        for file in package.texts("hasFiles") {
            bill.relations.push(Relation {
                from: component.id.clone(),
                kind: RelationKind::Contains,
                to: file.value,
                detail: String::new(),
                source: file.source,
            });
        }
        bill.components.push(component);
    }
    for file in root.list("files") {
        bill.components.push(file_of(&file, &licences));
    }
    if let Some(subject) = root.texts("documentDescribes").into_iter().next() {
        bill.subject = subject.value;
    }
    for relation in root.list("relationships") {
        relate(&relation, document, &mut bill);
    }
    bill.settle();
    bill
}

fn relate(spot: &Spot<'_>, document: &str, bill: &mut Bill) {
    let (Some(from), Some(kind), Some(to)) = (
        spot.said("spdxElementId"),
        spot.said("relationshipType"),
        spot.said("relatedSpdxElement"),
    ) else {
        return;
    };
    if !is_said(to) {
        return;
    }
    let (from, kind, to) = match kind {
        "DESCRIBES" if from == document => {
            to.clone_into(&mut bill.subject);
            return;
        }
        "DESCRIBED_BY" if to == document => {
            from.clone_into(&mut bill.subject);
            return;
        }
        "CONTAINS" => (from, RelationKind::Contains, to),
        "CONTAINED_BY" => (to, RelationKind::Contains, from),
        "DEPENDS_ON" => (from, RelationKind::DependsOn, to),
        "DEPENDENCY_OF"
        | "RUNTIME_DEPENDENCY_OF"
        | "BUILD_DEPENDENCY_OF"
        | "DEV_DEPENDENCY_OF"
        | "OPTIONAL_DEPENDENCY_OF"
        | "PROVIDED_DEPENDENCY_OF" => (to, RelationKind::DependsOn, from),
        "DESCENDANT_OF" | "GENERATED_FROM" | "VARIANT_OF" => (from, RelationKind::DerivedFrom, to),
        "ANCESTOR_OF" | "GENERATES" => (to, RelationKind::DerivedFrom, from),
        _ => return,
    };
    bill.relations.push(Relation {
        from: from.to_owned(),
        kind,
        to: to.to_owned(),
        detail: spot.said("comment").unwrap_or_default().to_owned(),
        source: spot.source(),
    });
}

/// Names of the licences that the document itself describes.
fn named_licences(root: &Spot<'_>) -> BTreeMap<String, String> {
    root.list("hasExtractedLicensingInfos")
        .iter()
        .filter_map(|one| {
            let id = one.said("licenseId")?;
            Some((id.to_owned(), one.said("name").unwrap_or(id).to_owned()))
        })
        .collect()
}

fn base(spot: &Spot<'_>, kind: ComponentKind, name: &str, licences: &BTreeMap<String, String>) -> Component {
    let id = spot.said("SPDXID").unwrap_or(&spot.path);
    let mut out = Component::new(kind, id, name);
    out.copyright = spot.sourced("copyrightText").filter(|one| is_said(&one.value));
    for sum in spot.list("checksums") {
        let algorithm = sum.said("algorithm").and_then(hash_of);
        out.digests.extend(algorithm.map(|algorithm| {
            sum.with(Digest {
                algorithm,
                hex: sum.said("checksumValue").unwrap_or_default().to_ascii_lowercase(),
            })
        }));
    }
    for key in ["licenseDeclared", "licenseConcluded"] {
        let Some(one) = spot.sourced(key).filter(|one| is_said(&one.value)) else {
            continue;
        };
        let stated = licences
            .get(&one.value)
            .cloned()
            .unwrap_or_else(|| one.value.clone());
        let licence = Licence {
            expression: Some(one.value),
            stated,
            is_found: false,
        };
        let mut licence = Sourced::new(licence, one.source);
        if key == "licenseConcluded" {
            licence.source.origin = Origin::Concluded;
        }
        out.licences.push(licence);
    }
    for key in ["licenseInfoFromFiles", "licenseInfoInFiles"] {
        for one in spot.texts(key) {
            if is_said(&one.value) {
                let licence = Licence {
                    stated: one.value.clone(),
                    expression: Some(one.value),
                    is_found: true,
                };
                out.licences.push(Sourced::new(licence, one.source));
            }
        }
    }
    out
}

fn package_of(spot: &Spot<'_>, licences: &BTreeMap<String, String>) -> Component {
    let kind = spot
        .said("primaryPackagePurpose")
        .map_or(ComponentKind::Library, kind_of_purpose);
    let name = spot.said("name").unwrap_or_default();
    let mut out = base(spot, kind, name, licences);
    out.version = spot.sourced("versionInfo").filter(|one| is_said(&one.value));
    out.description = spot.sourced("description").or_else(|| spot.sourced("summary"));
    out.released = spot.sourced("releaseDate");
    for (key, place) in [("supplier", &mut out.supplier), ("originator", &mut out.producer)] {
        if let Some(text) = spot.sourced(key) {
            *place = party_of(&text.value).map(|party| Sourced::new(party, text.source));
        }
    }
    for (key, kind) in [
        ("downloadLocation", ReferenceKind::Distribution),
        ("homepage", ReferenceKind::Website),
    ] {
        if let Some(url) = spot.sourced(key).filter(|url| is_said(&url.value)) {
            let reference = ExternalReference {
                kind,
                url: url.value,
                digests: Vec::new(),
            };
            out.references.push(Sourced::new(reference, url.source));
        }
    }
    for one in spot.list("externalRefs") {
        let Some(locator) = one.sourced("referenceLocator") else {
            continue;
        };
        match one.said("referenceType").unwrap_or_default() {
            "purl" => out.purl = Some(locator),
            other => out.property(&format!("spdx:{other}"), locator.value, locator.source),
        }
    }
    out
}

fn file_of(spot: &Spot<'_>, licences: &BTreeMap<String, String>) -> Component {
    let path = spot.said("fileName").unwrap_or_default();
    let path = path.strip_prefix("./").unwrap_or(path);
    let name = path.rsplit('/').next().unwrap_or(path);
    let mut out = base(spot, ComponentKind::File, name, licences);
    out.path = (!path.is_empty()).then(|| path.to_owned());
    out
}

/// Reads `Organization: Acme (mail@acme.example)`.
fn party_of(text: &str) -> Option<Party> {
    if !is_said(text) {
        return None;
    }
    let name = text.split_once(':').map_or(text, |(_, name)| name).trim();
    let (name, contact) = match name.strip_suffix(')').and_then(|rest| rest.rsplit_once('(')) {
        Some((name, contact)) => (name.trim(), Some(contact.trim().to_owned())),
        None => (name, None),
    };
    Some(Party {
        name: name.to_owned(),
        urls: Vec::new(),
        contacts: contact.filter(|one| !one.is_empty()).into_iter().collect(),
    })
}
