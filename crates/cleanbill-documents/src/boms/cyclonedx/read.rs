//! Reads a tree of CycloneDX 1.4 to 1.7 into a bill, forgiving what is odd; what is wrong is told by the strict report.

mod vulnerability;

use std::collections::{BTreeMap, BTreeSet};

use cleanbill_core::{
    ToolInfo,
    bill::{
        Bill, Component, ComponentKind, Dataset, Digest, ExternalReference, Licence, Origin, Party,
        ReferenceKind, Relation, RelationKind, Sourced,
    },
};

use super::{formulation, read_card};
use crate::boms::{
    fields,
    names::{
        cyclonedx_type, hash_of, kind_of_cyclonedx, kind_of_word, property, reference_of_cyclonedx,
        relation_word,
    },
    spot::{Origins, Spot},
    tree::Node,
};

/// Reads a document; `name` is what its values are said to come from.
pub(crate) fn read(tree: &Node, name: &str) -> Bill {
    let origins = Origins::of(tree, name);
    let root = Spot::root(tree, &origins);
    let mut reader = Reader::default();
    reader.metadata(&root);
    for component in root.list("components") {
        reader.component(&component, None);
    }
    for service in root.list("services") {
        reader.service(&service, None);
    }
    reader.dependencies(&root);
    reader.bill.processes = formulation::read(&root);
    let components = reader.bill.components.iter();
    let versions: BTreeMap<&str, &str> = components
        .filter_map(|one| Some((one.id.as_str(), one.version.as_ref()?.value.as_str())))
        .collect();
    let weaknesses = root.list("vulnerabilities");
    reader.bill.vulnerabilities = weaknesses
        .iter()
        .map(|spot| vulnerability::read(spot, &versions))
        .collect();
    reader.finish()
}

#[derive(Default)]
struct Reader {
    bill: Bill,
    ids: BTreeSet<String>,
    /// What sources call relations, by the id of their first component.
    details: BTreeMap<String, Vec<String>>,
}

impl Reader {
    fn metadata(&mut self, root: &Spot<'_>) {
        self.bill.edition = root
            .get("version")
            .and_then(|one| one.plain())
            .and_then(|text| text.parse().ok());
        self.bill.is_signed = root.get("signature").is_some();
        let Some(metadata) = root.get("metadata") else {
            return;
        };
        self.bill.timestamp = metadata.said("timestamp").map(str::to_owned);
        for phase in metadata.list("lifecycles") {
            let word = phase.said("phase").or(phase.said("name"));
            self.bill.phases.extend(word.map(str::to_owned));
        }
        let tools = metadata.list("tools").into_iter();
        let mut tools = tools.flat_map(|tool| match tool.get("components") {
            Some(_) => tool.list("components"),
            None => vec![tool],
        });
        self.bill.tool = tools.find_map(|tool| tool_of(&tool));
        for author in metadata.list("authors") {
            let contact = author.said("email").map(str::to_owned);
            let name = author.said("name").unwrap_or_default();
            if !name.is_empty() || contact.is_some() {
                self.bill.authors.push(Party {
                    name: name.to_owned(),
                    urls: Vec::new(),
                    contacts: contact.into_iter().collect(),
                });
            }
        }
        self.bill.properties = properties(&metadata)
            .filter(|(name, _)| !name.starts_with(property::SOURCE))
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        for key in ["manufacturer", "manufacture", "supplier"] {
            if let Some(party) = metadata.get(key).and_then(|one| party_of(&one))
                && self.bill.authors.is_empty()
            {
                self.bill.authors.push(party.value);
            }
        }
        if let Some(component) = metadata.get("component") {
            let service = properties(&component)
                .find(|(name, _)| *name == property::REF)
                .map(|(_, value)| value);
            self.bill.subject = match service {
                Some(id) => id,
                None => self.component(&component, None),
            };
        }
    }

    /// Takes an id that nothing has yet.
    fn id(&mut self, spot: &Spot<'_>) -> String {
        let wanted = spot.said("bom-ref").unwrap_or(&spot.path).to_owned();
        let id = if self.ids.contains(&wanted) {
            format!("{wanted}@{}", spot.path)
        } else {
            wanted
        };
        self.ids.insert(id.clone());
        id
    }

    /// Reads a component with what stands within it. Recursion ends: trees are read with a limit of depth.
    fn component(&mut self, spot: &Spot<'_>, holder: Option<&str>) -> String {
        let id = self.id(spot);
        let type_name = spot.said("type").unwrap_or_default();
        let kind = kind_of_cyclonedx(type_name).unwrap_or(ComponentKind::Library);
        let mut out = Component::new(kind, &id, spot.said("name").unwrap_or_default());
        common(spot, &mut out);
        out.supplier = spot
            .get("supplier")
            .and_then(|one| party_of(&one))
            .or_else(|| name_of(spot, "publisher"));
        out.producer = spot
            .get("manufacturer")
            .and_then(|one| party_of(&one))
            .or_else(|| spot.list("authors").iter().find_map(party_of))
            .or_else(|| name_of(spot, "author"));
        out.requirement = spot.sourced("versionRange");
        out.purl = spot.sourced("purl");
        out.copyright = spot.sourced("copyright");
        for hash in spot.list("hashes") {
            out.digests.extend(digest_of(&hash).map(|one| hash.with(one)));
        }
        if let Some(evidence) = spot.get("evidence") {
            for licence in evidence.list("licenses") {
                out.licences.extend(licence_of(&licence, true));
            }
            let places = evidence.list("occurrences");
            out.path = places
                .first()
                .and_then(|place| place.said("location"))
                .map(str::to_owned);
        }
        for data in spot.list("data") {
            read_card::data(&data, &mut out);
        }
        if let Some(card) = spot.get("modelCard") {
            let mut trained_on = Vec::new();
            out.model = Some(Box::new(read_card::read(&card, &mut trained_on)));
            for dataset in trained_on {
                let to = match dataset.said("ref") {
                    Some(to) => to.to_owned(),
                    None => self.inline_dataset(&dataset),
                };
                self.relate(&id, RelationKind::TrainedOn, &to, &dataset);
            }
        }
        let tags = spot.texts("tags");
        if !tags.is_empty() {
            if kind == ComponentKind::Model {
                out.model.get_or_insert_default().tags = tags;
            } else {
                for tag in tags {
                    out.property("cyclonedx:tag", tag.value, tag.source);
                }
            }
        }
        if kind_of_cyclonedx(type_name) != Some(kind) || cyclonedx_type(kind) != type_name {
            out.property(super::component::TYPE, type_name, spot.source());
        }
        for key in ["cpe", "mime-type", "scope"] {
            if let Some(value) = spot.sourced(key) {
                out.property(&format!("cyclonedx:{key}"), value.value, value.source);
            }
        }
        self.properties(spot, &mut out);
        if let Some(holder) = holder {
            self.relate(holder, RelationKind::Contains, &id, spot);
        }
        self.bill.components.push(out);
        if let Some(pedigree) = spot.get("pedigree") {
            for ancestor in pedigree.list("ancestors") {
                let mentioned = properties(&ancestor)
                    .find(|(name, _)| *name == property::REF)
                    .map(|(_, value)| value);
                let to = match mentioned {
                    Some(to) if ancestor.said("bom-ref").is_none() => to,
                    _ => self.component(&ancestor, None),
                };
                self.relate(&id, RelationKind::DerivedFrom, &to, &ancestor);
            }
        }
        for inner in spot.list("components") {
            self.component(&inner, Some(&id));
        }
        id
    }

    fn inline_dataset(&mut self, spot: &Spot<'_>) -> String {
        let id = self.id(spot);
        let mut out = Component::new(ComponentKind::Dataset, &id, spot.said("name").unwrap_or(&id));
        read_card::data(spot, &mut out);
        self.bill.components.push(out);
        id
    }

    fn service(&mut self, spot: &Spot<'_>, holder: Option<&str>) -> String {
        let id = self.id(spot);
        let mut out = Component::new(ComponentKind::Service, &id, spot.said("name").unwrap_or_default());
        common(spot, &mut out);
        out.supplier = spot.get("provider").and_then(|one| party_of(&one));
        for endpoint in spot.texts("endpoints") {
            let reference = ExternalReference {
                kind: ReferenceKind::Distribution,
                url: endpoint.value,
                digests: Vec::new(),
            };
            out.references.push(Sourced::new(reference, endpoint.source));
        }
        self.properties(spot, &mut out);
        if let Some(holder) = holder {
            self.relate(holder, RelationKind::Contains, &id, spot);
        }
        self.bill.components.push(out);
        for inner in spot.list("services") {
            self.service(&inner, Some(&id));
        }
        id
    }

    /// Reads properties: those of ours become what they stand for, the others stay.
    fn properties(&mut self, spot: &Spot<'_>, out: &mut Component) {
        for one in spot.list("properties") {
            let Some(name) = one.said("name") else { continue };
            let value = one
                .get("value")
                .and_then(|value| value.plain())
                .unwrap_or_default();
            match name {
                property::KIND => out.kind = kind_of_word(&value).unwrap_or(out.kind),
                property::PATH => out.path = Some(value),
                property::SIZE => out.size_bytes = value.parse().ok(),
                property::RELEASED => out.released = Some(one.with(value)),
                property::REQUIREMENT => out.requirement = Some(one.with(value)),
                property::CONTAINED_IN => self.relate(&value, RelationKind::Contains, &out.id, &one),
                property::TESTED_ON => self.relate(&out.id, RelationKind::TestedOn, &value, &one),
                property::DERIVED_FROM => self.relate(&out.id, RelationKind::DerivedFrom, &value, &one),
                property::TRAINED_ON => self.relate(&out.id, RelationKind::TrainedOn, &value, &one),
                property::DETAIL => self.details.entry(out.id.clone()).or_default().push(value),
                "cleanbill:purl" => out.purl = Some(one.with(value)),
                _ if name.starts_with(property::SOURCE) => {}
                _ => match name.strip_prefix(property::DATASET) {
                    Some(field) => {
                        let dataset: &mut Dataset = out.dataset.get_or_insert_default();
                        fields::set_dataset(field, one.with(value), dataset);
                    }
                    None => out.property(name, value, one.source()),
                },
            }
        }
    }

    fn relate(&mut self, from: &str, kind: RelationKind, to: &str, spot: &Spot<'_>) {
        self.bill.relations.push(Relation {
            from: from.to_owned(),
            kind,
            to: to.to_owned(),
            detail: String::new(),
            source: spot.source(),
        });
    }

    /// Reads `dependsOn`; what another relation says already is not said again.
    fn dependencies(&mut self, root: &Spot<'_>) {
        let told: BTreeSet<(String, String)> = self
            .bill
            .relations
            .iter()
            .filter(|one| matches!(one.kind, RelationKind::Contains | RelationKind::TrainedOn))
            .map(|one| (one.from.clone(), one.to.clone()))
            .collect();
        for dependency in root.list("dependencies") {
            let Some(from) = dependency.said("ref") else {
                continue;
            };
            for target in dependency.list("dependsOn") {
                if let Some(to) = target.plain()
                    && !told.contains(&(from.to_owned(), to.clone()))
                {
                    self.relate(from, RelationKind::DependsOn, &to, &target);
                }
            }
        }
    }

    fn finish(mut self) -> Bill {
        for relation in &mut self.bill.relations {
            let Some(details) = self.details.get(&relation.from) else {
                continue;
            };
            let prefix = format!("{}:{}:", relation_word(relation.kind), relation.to);
            let detail = details.iter().find_map(|value| value.strip_prefix(&prefix));
            relation.detail = detail.unwrap_or_default().to_owned();
        }
        self.bill.settle();
        self.bill
    }
}

fn properties<'a>(spot: &Spot<'a>) -> impl Iterator<Item = (&'a str, String)> {
    spot.list("properties").into_iter().filter_map(|one| {
        let value = one.get("value").and_then(|value| value.plain());
        Some((one.said("name")?, value.unwrap_or_default()))
    })
}

/// Reads what components and services share.
fn common(spot: &Spot<'_>, out: &mut Component) {
    out.group = spot.sourced("group");
    out.version = spot.sourced("version");
    out.description = spot.sourced("description");
    for licence in spot.list("licenses") {
        out.licences.extend(licence_of(&licence, false));
    }
    for reference in spot.list("externalReferences") {
        let Some(url) = reference.said("url") else {
            continue;
        };
        let kind = reference_of_cyclonedx(
            reference.said("type").unwrap_or_default(),
            reference.said("comment").unwrap_or_default(),
        );
        let digests = reference.list("hashes").iter().filter_map(digest_of).collect();
        out.references.push(reference.with(ExternalReference {
            kind,
            url: url.to_owned(),
            digests,
        }));
    }
}

fn tool_of(spot: &Spot<'_>) -> Option<ToolInfo> {
    let digest = properties(spot)
        .find(|(name, _)| *name == property::DETECTORS)
        .map(|(_, value)| value);
    Some(ToolInfo {
        name: spot.said("name")?.to_owned(),
        version: spot.said("version").unwrap_or_default().to_owned(),
        detectors_digest: digest.unwrap_or_default(),
    })
}

pub(super) fn party_of(spot: &Spot<'_>) -> Option<Sourced<Party>> {
    let contacts = spot.list("contact");
    let contacts = contacts
        .iter()
        .filter_map(|one| one.said("email").or(one.said("name")))
        .chain(spot.said("email"))
        .map(str::to_owned)
        .collect();
    let urls = spot.texts("url").into_iter().map(|url| url.value).collect();
    let party = Party {
        name: spot.said("name").unwrap_or_default().to_owned(),
        urls,
        contacts,
    };
    (party != Party::default()).then(|| spot.with(party))
}

fn name_of(spot: &Spot<'_>, key: &str) -> Option<Sourced<Party>> {
    let name = spot.sourced(key)?;
    let party = Party {
        name: name.value,
        ..Party::default()
    };
    Some(Sourced::new(party, name.source))
}

fn digest_of(spot: &Spot<'_>) -> Option<Digest> {
    Some(Digest {
        algorithm: hash_of(spot.said("alg")?)?,
        hex: spot.said("content")?.trim().to_ascii_lowercase(),
    })
}

fn licence_of(spot: &Spot<'_>, is_found: bool) -> Option<Sourced<Licence>> {
    let inner = spot.get("license");
    let (mut expression, mut stated, acknowledgement) = if let Some(license) = &inner {
        let id = license.said("id");
        let name = license.said("name");
        (
            id.map(str::to_owned),
            id.or(name).unwrap_or_default().to_owned(),
            license.said("acknowledgement"),
        )
    } else {
        let text = spot.sourced("expression")?.value;
        (Some(text.clone()), text, spot.said("acknowledgement"))
    };
    if let Some(license) = &inner {
        for (name, value) in properties(license) {
            match name {
                property::LICENCE_EXPRESSION => expression = Some(value),
                property::LICENCE_STATED => stated = value,
                _ => {}
            }
        }
    }
    if expression.is_none() && stated.is_empty() {
        return None;
    }
    let mut out = spot.with(Licence {
        expression,
        stated,
        is_found,
    });
    if acknowledgement == Some("concluded") {
        out.source.origin = Origin::Concluded;
    }
    Some(out)
}
