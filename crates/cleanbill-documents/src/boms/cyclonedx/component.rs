//! Components and services.

use cleanbill_core::bill::{
    Component, ComponentKind, Digest, ExternalReference, Licence, Origin, Party, Relation, RelationKind,
    Source, Sourced,
};

use super::{MAX_NESTING, Version, Writer, contact, detail, named};
use crate::boms::{
    names::{cyclonedx_hash, cyclonedx_reference, cyclonedx_type, iri, kind_of_cyclonedx, property},
    tree::Node,
};

impl<'a> Writer<'a> {
    /// Writes a component with what stands within it.
    pub(super) fn component(&mut self, component: &'a Component, depth: usize) -> Node {
        self.written.insert(&component.id);
        let mut out = Node::map()
            .say("type", type_name(component))
            .say("bom-ref", &component.id);
        out.set_some("supplier", component.supplier.as_ref().map(party));
        out.set_some("manufacturer", component.producer.as_ref().map(party));
        identity(component, &mut out);
        self.requirement(component, &mut out);
        out.set_some("description", component.description.as_ref().map(Node::sourced));
        out.set_list("hashes", hashes(&component.digests));
        out.set_list("licenses", self.licences(&component.licences, false));
        out.set_some("copyright", component.copyright.as_ref().map(Node::sourced));
        out.set_some("purl", component.purl.as_ref().map(Node::sourced));
        let (pedigree, details) = self.pedigree(component, depth);
        out.set_map("pedigree", pedigree);
        out.set_list("externalReferences", references(&component.references));
        let mut files = Vec::new();
        if depth < MAX_NESTING {
            for file in self.files.remove(component.id.as_str()).unwrap_or_default() {
                if !self.written.contains(file.id.as_str()) {
                    files.push(self.component(file, depth + 1));
                }
            }
        }
        out.set_list("components", files);
        let mut evidence = Node::map();
        if let Some(path) = &component.path {
            evidence.set("occurrences", Node::list(vec![Node::map().say("location", path)]));
        }
        evidence.set_list("licenses", self.licences(&component.licences, true));
        out.set_map("evidence", evidence);
        let mut properties = Vec::new();
        if let Some(model) = &component.model {
            out.set_map("modelCard", self.model_card(component, model));
            out.set_list("tags", model.tags.iter().map(Node::sourced).collect());
        }
        if matches!(component.kind, ComponentKind::Dataset | ComponentKind::Prompt) {
            out.set("data", Node::list(vec![data(component)]));
        }
        super::card::dataset_properties(component, &mut properties);
        if component.kind != ComponentKind::Model || component.model.is_none() {
            properties.extend(self.relation_properties(component, RelationKind::TrainedOn));
        }
        properties.extend(details);
        properties.extend(self.plain_properties(component));
        out.set_list("properties", properties);
        out
    }

    /// Writes a service (`services`), which has no hashes, package URL or card.
    pub(super) fn service(&mut self, component: &'a Component) -> Node {
        self.written.insert(&component.id);
        let mut out = Node::map().say("bom-ref", &component.id);
        let provider = component.supplier.as_ref().or(component.producer.as_ref());
        out.set_some("provider", provider.map(party));
        identity(component, &mut out);
        out.set_some("description", component.description.as_ref().map(Node::sourced));
        let addresses = component.references.iter();
        let addresses = addresses.filter(|one| is_endpoint(one));
        out.set_list(
            "endpoints",
            addresses
                .map(|one| Node::text(iri(&one.value.url)).from(&one.source))
                .collect(),
        );
        out.set_list("licenses", self.licences(&component.licences, false));
        let others = component.references.iter();
        let others: Vec<_> = others.filter(|one| !is_endpoint(one)).cloned().collect();
        out.set_list("externalReferences", references(&others));
        let mut properties = self.plain_properties(component);
        if let Some(purl) = &component.purl {
            properties.push(named("cleanbill:purl", &purl.value).from(&purl.source));
        }
        if let Some(path) = &component.path {
            properties.push(named(property::PATH, path));
        }
        for kind in [RelationKind::DerivedFrom, RelationKind::TrainedOn] {
            properties.extend(self.relation_properties(component, kind));
        }
        out.set_list("properties", properties);
        out
    }

    /// A requirement becomes `versionRange` where it is one comparison of a known scheme, and a property elsewhere.
    fn requirement(&self, component: &Component, out: &mut Node) {
        let Some(requirement) = &component.requirement else {
            return;
        };
        if self.version >= Version::V1_7
            && component.version.is_none()
            && let Some(range) = range(component, &requirement.value)
        {
            out.set("isExternal", Node::truth(true));
            out.set("versionRange", Node::text(range).from(&requirement.source));
        }
    }

    fn plain_properties(&self, component: &Component) -> Vec<Node> {
        let mut out = Vec::new();
        if matches!(component.kind, ComponentKind::Tool | ComponentKind::Prompt) {
            out.push(named(property::KIND, component.kind.as_str()));
        }
        if let Some(size) = component.size_bytes {
            out.push(named(property::SIZE, &size.to_string()));
        }
        if let Some(released) = &component.released {
            out.push(named(property::RELEASED, &released.value).from(&released.source));
        }
        if let Some(requirement) = &component.requirement {
            out.push(named(property::REQUIREMENT, &requirement.value).from(&requirement.source));
        }
        out.extend(self.holders(component));
        out.extend(self.relation_properties(component, RelationKind::TestedOn));
        for kind in RelationKind::ALL {
            if kind != RelationKind::DerivedFrom {
                out.extend(self.related(&component.id, kind).into_iter().filter_map(detail));
            }
        }
        for (name, value) in &component.properties {
            let is_type = name == TYPE && type_name(component) == value.value;
            if !is_type && !name.starts_with(property::SOURCE) {
                out.push(named(name, &value.value).from(&value.source));
            }
        }
        out
    }

    fn pedigree(&mut self, component: &'a Component, depth: usize) -> (Node, Vec<Node>) {
        let mut ancestors = Vec::new();
        let mut details = Vec::new();
        for relation in self.related(&component.id, RelationKind::DerivedFrom) {
            let Some(ancestor) = self.bill.component(&relation.to) else {
                continue;
            };
            details.extend(detail(relation));
            let id = ancestor.id.as_str();
            let is_here = self.ancestors.contains(id) && !self.written.contains(id) && depth < MAX_NESTING;
            ancestors.push(if is_here {
                self.component(ancestor, depth + 1).from(&relation.source)
            } else {
                mention(ancestor, relation)
            });
        }
        let mut pedigree = Node::map();
        pedigree.set_list("ancestors", ancestors);
        (pedigree, details)
    }

    pub(super) fn licences(&self, licences: &[Sourced<Licence>], found: bool) -> Vec<Node> {
        let wanted: Vec<_> = licences
            .iter()
            .filter(|one| one.value.is_found == found)
            .filter(|one| one.value.expression.is_some() || !one.value.stated.trim().is_empty())
            .collect();
        // 1.6 takes either one expression or a list of named licences.
        let may_be_expression = self.version >= Version::V1_7 || wanted.len() == 1;
        let mut out: Vec<Node> = Vec::new();
        for one in wanted {
            let node = licence(one, may_be_expression, found);
            if !out.contains(&node) {
                out.push(node);
            }
        }
        out
    }
}

/// Property that keeps a type which the bill does not tell apart.
pub(super) const TYPE: &str = "cyclonedx:type";

/// Returns the type that the component had in the document it came from, or the one of its kind.
fn type_name(component: &Component) -> &str {
    let own = component
        .properties
        .iter()
        .find(|(name, _)| name == TYPE)
        .map(|(_, value)| value.value.as_str());
    own.filter(|name| kind_of_cyclonedx(name) == Some(component.kind))
        .unwrap_or(cyclonedx_type(component.kind))
}

/// Names an ancestor that is described elsewhere in the document.
fn mention(ancestor: &Component, relation: &Relation) -> Node {
    let mut out = Node::map().say("type", cyclonedx_type(ancestor.kind));
    identity(ancestor, &mut out);
    out.set_some("purl", ancestor.purl.as_ref().map(Node::sourced));
    out.set("properties", Node::list(vec![named(property::REF, &ancestor.id)]));
    out.from(&relation.source)
}

fn identity(component: &Component, out: &mut Node) {
    out.set_some("group", component.group.as_ref().map(Node::sourced));
    out.set("name", Node::text(&component.name));
    out.set_some("version", component.version.as_ref().map(Node::sourced));
}

fn is_endpoint(reference: &Sourced<ExternalReference>) -> bool {
    use cleanbill_core::bill::ReferenceKind;
    matches!(
        reference.value.kind,
        ReferenceKind::Distribution | ReferenceKind::Other
    ) && reference.value.digests.is_empty()
}

/// Writes one comparison of a Python or npm package as a range of the `vers` scheme.
fn range(component: &Component, requirement: &str) -> Option<String> {
    let purl = &component.purl.as_ref()?.value;
    let scheme = ["pypi", "npm"]
        .into_iter()
        .find(|scheme| purl.starts_with(&format!("pkg:{scheme}/")))?;
    let text: String = requirement.split_whitespace().collect();
    let operator = [">=", "<=", "!=", "==", ">", "<"]
        .into_iter()
        .find(|operator| text.starts_with(operator))?;
    let version = text.strip_prefix(operator)?;
    let is_version = !version.is_empty()
        && version
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    let operator = if operator == "==" { "" } else { operator };
    is_version.then(|| format!("vers:{scheme}/{operator}{version}"))
}

/// Says whether the schema of CycloneDX lists a licence by this id.
fn is_listed(id: &str) -> bool {
    spdx::license_id(id).is_some_and(|one| one.name == id) && !NEWER.contains(&id)
}

/// Ids of the list 3.29.0 of SPDX that the schemas of CycloneDX (list 3.28.0) do not have, or that are none.
const NEWER: [&str; 22] = [
    "BSD-2-Clause-pos-unchanged",
    "BSD-3-Clause-OpenWebUI",
    "BSD-Source-Code-no-disclaimer",
    "BSD-Source-alt-GPL",
    "BSD-ask-to-endorse",
    "Brian-Gladman-3-Clause-no-conversion",
    "Bugroff",
    "CC-BY-NC-3.0-IGO",
    "FDK-MPEG-H",
    "GFDL-1.1-invariants",
    "GFDL-1.1-no-invariants",
    "GFDL-1.2-invariants",
    "GFDL-1.2-no-invariants",
    "GFDL-1.3-invariants",
    "GFDL-1.3-no-invariants",
    "Google-Patent-WebM",
    "Hippocratic-3.0-core",
    "Informatica",
    "MVT-1.1",
    "NOASSERTION",
    "Spelling-Provider-LGPL-exception",
    "atc-game",
];

fn licence(one: &Sourced<Licence>, may_be_expression: bool, found: bool) -> Node {
    let acknowledgement = if one.source.origin == Origin::Concluded {
        "concluded"
    } else {
        "declared"
    };
    let value = &one.value;
    let mut inner = Node::map();
    let mut properties = Vec::new();
    match &value.expression {
        Some(expression) if is_listed(expression) => {
            inner.set("id", Node::text(expression));
        }
        Some(expression) if may_be_expression && !expression.starts_with("LicenseRef-") => {
            let mut out = Node::map().say("expression", expression);
            if !found {
                out.set("acknowledgement", Node::text(acknowledgement));
            }
            return out.from(&one.source);
        }
        Some(expression) => {
            let name = if value.stated.trim().is_empty() {
                expression
            } else {
                &value.stated
            };
            inner.set("name", Node::text(name));
            if name != expression {
                properties.push(named(property::LICENCE_EXPRESSION, expression));
            }
        }
        None => inner.set("name", Node::text(&value.stated)),
    }
    if !found {
        inner.set("acknowledgement", Node::text(acknowledgement));
    }
    let shown = inner
        .said("name")
        .or(inner.said("id"))
        .unwrap_or_default()
        .to_owned();
    if !value.stated.trim().is_empty() && value.stated != shown {
        properties.push(named(property::LICENCE_STATED, &value.stated));
    }
    inner.set_list("properties", properties);
    Node::map().with("license", inner).from(&one.source)
}

fn hashes(digests: &[Sourced<Digest>]) -> Vec<Node> {
    let mut out: Vec<Node> = Vec::new();
    for one in digests {
        if one.value.hex.len() != one.value.algorithm.digits() {
            continue;
        }
        let node = hash(&one.value).from(&one.source);
        if !out.contains(&node) {
            out.push(node);
        }
    }
    out
}

fn hash(digest: &Digest) -> Node {
    Node::map()
        .say("alg", cyclonedx_hash(digest.algorithm))
        .say("content", &digest.hex.to_ascii_lowercase())
}

fn references(references: &[Sourced<ExternalReference>]) -> Vec<Node> {
    let mut out: Vec<Node> = Vec::new();
    for one in references {
        let (name, comment) = cyclonedx_reference(one.value.kind);
        let mut node = Node::map().say("type", name).say("url", &iri(&one.value.url));
        if !comment.is_empty() {
            node.set("comment", Node::text(comment));
        }
        let digests = one.value.digests.iter();
        node.set_list(
            "hashes",
            digests
                .filter(|digest| digest.hex.len() == digest.algorithm.digits())
                .map(hash)
                .collect(),
        );
        let node = node.from(&one.source);
        if !out.contains(&node) {
            out.push(node);
        }
    }
    out
}

fn party(party: &Sourced<Party>) -> Node {
    organisation(&party.value, &party.source)
}

/// Writes an organisation.
pub(super) fn organisation(party: &Party, source: &Source) -> Node {
    let mut out = Node::map();
    if !party.name.is_empty() {
        out.set("name", Node::text(&party.name));
    }
    out.set_list("url", party.urls.iter().map(|url| Node::text(iri(url))).collect());
    out.set_list("contact", party.contacts.iter().map(|one| contact(one)).collect());
    out.from(source)
}

/// Writes what a component of data is (`component.data`).
fn data(component: &Component) -> Node {
    let is_prompt = component.kind == ComponentKind::Prompt;
    let mut out = Node::map()
        .say("type", if is_prompt { "configuration" } else { "dataset" })
        .say("name", &component.name);
    let address = component.references.iter().find(|one| {
        use cleanbill_core::bill::ReferenceKind;
        one.value.kind == ReferenceKind::Distribution
    });
    if let Some(address) = address {
        out.set(
            "contents",
            Node::map()
                .say("url", &iri(&address.value.url))
                .from(&address.source),
        );
    }
    let Some(dataset) = &component.dataset else {
        return out;
    };
    out.set_some(
        "classification",
        dataset.classification.as_ref().map(Node::sourced),
    );
    out.set_list(
        "sensitiveData",
        dataset.sensitive.iter().map(Node::sourced).collect(),
    );
    let owners = dataset.owners.iter();
    let owners: Vec<_> = owners
        .map(|owner| {
            Node::map()
                .with("organization", Node::map().say("name", &owner.value))
                .from(&owner.source)
        })
        .collect();
    if !owners.is_empty() {
        out.set("governance", Node::map().with("owners", Node::list(owners)));
    }
    out
}
