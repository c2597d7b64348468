//! CycloneDX (ECMA-424): writes 1.6 and 1.7, reads 1.4 to 1.7.
//!
//! Every component is written once: the subject in `metadata.component`, files below what holds them, what a model was made from
//! in its `pedigree`, services in `services`, everything else in `components`. `dependencies` names every component, with an
//! empty `dependsOn` where it needs nothing. Where each value came from stands in `citations` (1.7, where a time is given: the
//! schema demands one) or in properties `cleanbill:source:<pointer>`.

mod card;
mod component;
mod considerations;
mod formulation;
mod read;
mod read_card;
mod sources;
mod vulnerability;

use std::collections::{BTreeMap, BTreeSet};

use cleanbill_core::bill::{Bill, Component, ComponentKind, Party, Relation, RelationKind, Source};
use sha2::{Digest as _, Sha256};

pub(crate) use read::read;

use super::{
    names::{is_time, property, relation_word},
    tree::Node,
};

/// Names a version of CycloneDX that is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// 1.6 of April 2024.
    V1_6,
    /// 1.7 of October 2025.
    #[default]
    V1_7,
}

impl Version {
    /// Every version.
    pub const ALL: [Self; 2] = [Self::V1_6, Self::V1_7];

    /// Returns the number.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V1_6 => "1.6",
            Self::V1_7 => "1.7",
        }
    }
}

/// Says whether the document names itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Serial {
    /// No serial number.
    #[default]
    Absent,
    /// A UUID (version 8, RFC 9562) out of the SHA-256 of the document without it.
    FromContent,
}

/// Writes a bill. The same bill gives the same bytes.
pub fn write(bill: &Bill, version: Version, serial: Serial) -> Vec<u8> {
    let mut bill = bill.clone();
    bill.settle();
    let mut tree = Writer::new(&bill, version).document();
    if serial == Serial::FromContent {
        let number = serial_number(&tree.to_json());
        tree.set("serialNumber", Node::text(number));
    }
    tree.to_json()
}

fn serial_number(bytes: &[u8]) -> String {
    let mut id: Vec<u8> = Sha256::digest(bytes).iter().copied().take(16).collect();
    if let Some(byte) = id.get_mut(6) {
        *byte = (*byte & 0x0f) | 0x80;
    }
    if let Some(byte) = id.get_mut(8) {
        *byte = (*byte & 0x3f) | 0x80;
    }
    let digits = cleanbill_core::hex(&id);
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    format!(
        "urn:uuid:{}-{}-{}-{}-{}",
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32)
    )
}

/// LIMIT: protects the stack of every reader of the document; files and ancestors that nest deeper stand side by side.
const MAX_NESTING: usize = 16;

pub(super) struct Writer<'a> {
    bill: &'a Bill,
    version: Version,
    relations: BTreeMap<(&'a str, RelationKind), Vec<&'a Relation>>,
    /// What holds a component.
    held: BTreeMap<&'a str, Vec<&'a Relation>>,
    /// Files by what holds them.
    files: BTreeMap<&'a str, Vec<&'a Component>>,
    /// Components that stand within others.
    inner: BTreeSet<&'a str>,
    /// Components that are only named as what others were made from.
    ancestors: BTreeSet<&'a str>,
    written: BTreeSet<&'a str>,
}

impl<'a> Writer<'a> {
    fn new(bill: &'a Bill, version: Version) -> Self {
        let mut relations: BTreeMap<_, Vec<&Relation>> = BTreeMap::new();
        let mut held: BTreeMap<&str, Vec<&Relation>> = BTreeMap::new();
        let mut derived: BTreeSet<&str> = BTreeSet::new();
        let mut used: BTreeSet<&str> = BTreeSet::new();
        for relation in &bill.relations {
            if bill.component(&relation.from).is_none() || bill.component(&relation.to).is_none() {
                continue;
            }
            relations
                .entry((relation.from.as_str(), relation.kind))
                .or_default()
                .push(relation);
            match relation.kind {
                RelationKind::DerivedFrom => derived.insert(&relation.to),
                _ => used.insert(&relation.to),
            };
            if relation.kind == RelationKind::Contains {
                held.entry(&relation.to).or_default().push(relation);
            }
        }
        let mut files: BTreeMap<&str, Vec<&Component>> = BTreeMap::new();
        let mut inner = BTreeSet::new();
        for component in &bill.components {
            let is_file = component.kind == ComponentKind::File && component.id != bill.subject;
            if let Some([holder]) = held.get(component.id.as_str()).map(Vec::as_slice)
                && let holder = holder.from.as_str()
                && is_file
                && bill
                    .component(holder)
                    .is_some_and(|one| one.kind != ComponentKind::Service)
            {
                files.entry(holder).or_default().push(component);
                inner.insert(component.id.as_str());
            }
        }
        let ancestors = derived
            .into_iter()
            .filter(|id| !used.contains(id) && *id != bill.subject)
            .filter(|id| {
                bill.component(id)
                    .is_some_and(|one| one.kind != ComponentKind::Service)
            })
            .collect();
        Self {
            bill,
            version,
            relations,
            held,
            files,
            inner,
            ancestors,
            written: BTreeSet::new(),
        }
    }

    fn related(&self, from: &str, kind: RelationKind) -> Vec<&'a Relation> {
        // The key borrows for as long as the map's keys do, so it is looked up by the bill's own text.
        self.bill
            .component(from)
            .and_then(|one| self.relations.get(&(one.id.as_str(), kind)))
            .cloned()
            .unwrap_or_default()
    }

    fn document(mut self) -> Node {
        let version = self.version.as_str();
        let mut tree = Node::map()
            .say(
                "$schema",
                &format!("http://cyclonedx.org/schema/bom-{version}.schema.json"),
            )
            .say("bomFormat", "CycloneDX")
            .say("specVersion", version)
            .with(
                "version",
                Node::number(&self.bill.edition.unwrap_or(1).max(1).to_string()),
            );
        let metadata = self.metadata();
        tree.set_map("metadata", metadata);
        let mut components = Vec::new();
        let mut services = Vec::new();
        // What stands within others is written with them; a second pass takes what a circle or the limit of nesting left over.
        for is_rest in [false, true] {
            for component in &self.bill.components {
                let id = component.id.as_str();
                let waits = self.inner.contains(id) || self.ancestors.contains(id);
                if self.written.contains(id) || (waits && !is_rest) {
                    continue;
                }
                if component.kind == ComponentKind::Service {
                    services.push(self.service(component));
                } else {
                    components.push(self.component(component, 0));
                }
            }
        }
        tree.set_list("components", components);
        tree.set_list("services", services);
        tree.set("dependencies", Node::list(self.dependencies()));
        tree.set_list("vulnerabilities", self.vulnerabilities());
        tree.set_list("formulation", self.formulation());
        sources::tell(&mut tree, self.bill, self.version);
        tree
    }

    fn metadata(&mut self) -> Node {
        let mut metadata = Node::map();
        if let Some(timestamp) = self.bill.timestamp.as_ref().filter(|time| is_time(time)) {
            metadata.set("timestamp", Node::text(timestamp));
        }
        let phases = self.bill.phases.iter();
        metadata.set_list(
            "lifecycles",
            phases
                .map(|phase| {
                    let is_known = PHASES.contains(&phase.as_str());
                    Node::map().say(if is_known { "phase" } else { "name" }, phase)
                })
                .collect(),
        );
        if let Some(tool) = &self.bill.tool {
            let mut component = Node::map()
                .say("type", "application")
                .say("bom-ref", &tool_ref(self.bill))
                .say("name", &tool.name)
                .say("version", &tool.version);
            if !tool.detectors_digest.is_empty() {
                component.set(
                    "properties",
                    Node::list(vec![named(property::DETECTORS, &tool.detectors_digest)]),
                );
            }
            metadata.set(
                "tools",
                Node::map().with("components", Node::list(vec![component])),
            );
        }
        // Authors have no addresses of pages here; an organisation with one that stands alone is the manufacturer of the document.
        match self.bill.authors.as_slice() {
            [one] if !one.urls.is_empty() => {
                metadata.set("manufacturer", component::organisation(one, &Source::default()));
            }
            several => metadata.set_list("authors", several.iter().map(author).collect()),
        }
        if let Some(subject) = self.bill.subject() {
            let component = if subject.kind == ComponentKind::Service {
                // A service cannot be the subject: it is named here and described in `services`.
                Node::map()
                    .say("type", "application")
                    .say("name", &subject.name)
                    .with("properties", Node::list(vec![named(property::REF, &subject.id)]))
            } else {
                self.component(subject, 0)
            };
            metadata.set("component", component);
        }
        let properties = self.bill.properties.iter();
        metadata.set_list(
            "properties",
            properties.map(|(name, value)| named(name, value)).collect(),
        );
        metadata
    }

    fn dependencies(&self) -> Vec<Node> {
        let mut out = Vec::new();
        for component in &self.bill.components {
            let id = component.id.as_str();
            if self.ancestors.contains(id) && self.related(id, RelationKind::DependsOn).is_empty() {
                continue;
            }
            let mut needs: BTreeMap<&str, Node> = BTreeMap::new();
            for kind in [
                RelationKind::DependsOn,
                RelationKind::TrainedOn,
                RelationKind::Contains,
            ] {
                for relation in self.related(id, kind) {
                    let is_nested =
                        kind == RelationKind::Contains && self.inner.contains(relation.to.as_str());
                    if !is_nested && relation.to != id {
                        needs
                            .entry(&relation.to)
                            .or_insert_with(|| Node::text(&relation.to).from(&relation.source));
                    }
                }
            }
            out.push(
                Node::map()
                    .say("ref", id)
                    .with("dependsOn", Node::list(needs.into_values().collect())),
            );
        }
        out
    }

    /// Relations that CycloneDX has no place for, as properties of their first component.
    fn relation_properties(&self, component: &Component, kind: RelationKind) -> Vec<Node> {
        let name = match kind {
            RelationKind::TestedOn => property::TESTED_ON,
            RelationKind::TrainedOn => property::TRAINED_ON,
            _ => property::DERIVED_FROM,
        };
        let related = self.related(&component.id, kind);
        related
            .into_iter()
            .map(|relation| named(name, &relation.to).from(&relation.source))
            .collect()
    }

    /// What holds a component that is not written within its holder.
    fn holders(&self, component: &Component) -> Vec<Node> {
        if self.inner.contains(component.id.as_str()) {
            return Vec::new();
        }
        let relations = self.held.get(component.id.as_str()).into_iter().flatten();
        relations
            .map(|one| named(property::CONTAINED_IN, &one.from).from(&one.source))
            .collect()
    }
}

/// Phases of the life cycle that CycloneDX knows.
pub(super) const PHASES: [&str; 7] = [
    "design",
    "pre-build",
    "build",
    "post-build",
    "operations",
    "discovery",
    "decommission",
];

/// Returns the id of the tool within the document, which no component has.
pub(super) fn tool_ref(bill: &Bill) -> String {
    let mut id = "tool".to_owned();
    while bill.component(&id).is_some() {
        id.push('-');
    }
    id
}

/// Makes a property.
pub(super) fn named(name: &str, value: &str) -> Node {
    Node::map().say("name", name).say("value", value)
}

/// Makes a contact out of an address.
pub(super) fn contact(address: &str) -> Node {
    let is_mail = address
        .split_once('@')
        .is_some_and(|(user, host)| !user.is_empty() && host.contains('.') && !address.contains(' '));
    Node::map().say(if is_mail { "email" } else { "name" }, address)
}

/// Makes the author of the document.
fn author(party: &Party) -> Node {
    let mut out = Node::map().say("name", &party.name);
    let mut contacts = party.contacts.iter().map(|address| contact(address));
    if let Some(mail) = contacts.find_map(|one| one.get("email").cloned()) {
        out.set("email", mail);
    }
    out
}

/// Names a relation in a property.
pub(super) fn detail(relation: &Relation) -> Option<Node> {
    (!relation.detail.is_empty()).then(|| {
        let value = format!(
            "{}:{}:{}",
            relation_word(relation.kind),
            relation.to,
            relation.detail
        );
        named(property::DETAIL, &value)
    })
}
