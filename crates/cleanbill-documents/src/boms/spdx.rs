//! SPDX: writes 3.0.1 as JSON-LD with the profiles AI, Dataset, Build and Security, reads 2.3 (JSON) and 3.0.1.
//!
//! What SPDX has no field for, and where each value came from, stands in one annotation for each element.

mod build;
mod element;
mod read2;
mod read3;
mod security;

use std::collections::{BTreeMap, BTreeSet};

use cleanbill_core::bill::{Bill, ComponentKind, Party, RelationKind};
use sha2::{Digest as _, Sha256};

pub(crate) use read2::read as read_2;
pub(crate) use read3::read as read_3;

use super::{cyclonedx::Serial, names::iri, tree::Node};

/// The one context that documents of this version name.
pub(crate) const CONTEXT: &str = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld";

/// Begins the comment of what [`write`] adds where a bill has no time: the schema demands one.
const NO_TIME: &str = "no time was given; this one stands for it";

/// Writes a bill as SPDX 3.0.1. The same bill gives the same bytes. With [`Serial::FromContent`] the ids of the elements begin
/// with a name made of the SHA-256 of the document, so that no two documents share one.
pub fn write(bill: &Bill, serial: Serial) -> Vec<u8> {
    let mut bill = bill.clone();
    bill.settle();
    let plain = Writer::new(&bill, "urn:cleanbill:bill:").document().to_json();
    match serial {
        Serial::Absent => plain,
        Serial::FromContent => {
            let digest = Sha256::digest(&plain);
            let digits = cleanbill_core::hex(&digest);
            let namespace = format!("urn:cleanbill:bill:{}:", digits.get(..32).unwrap_or_default());
            Writer::new(&bill, &namespace).document().to_json()
        }
    }
}

pub(super) struct Writer<'a> {
    bill: &'a Bill,
    namespace: &'a str,
    elements: Vec<Node>,
    /// Ids of agents by what they are.
    agents: BTreeMap<&'a Party, String>,
    /// Ids of licence expressions.
    licences: BTreeMap<String, String>,
    relations: usize,
}

impl<'a> Writer<'a> {
    fn new(bill: &'a Bill, namespace: &'a str) -> Self {
        Self {
            bill,
            namespace,
            elements: Vec::new(),
            agents: BTreeMap::new(),
            licences: BTreeMap::new(),
            relations: 0,
        }
    }

    fn id(&self, class: &str, name: &str) -> String {
        format!("{}{class}:{}", self.namespace, encode(name))
    }

    fn component_id(&self, id: &str) -> String {
        self.id("component", id)
    }

    /// Begins an element.
    fn element(class: &str, id: &str) -> Node {
        Node::map()
            .say("type", class)
            .say("spdxId", id)
            .say("creationInfo", "_:creation")
    }

    fn document(mut self) -> Node {
        let mut creation = Node::map()
            .say("type", "CreationInfo")
            .say("@id", "_:creation")
            .say("specVersion", "3.0.1");
        let time = self.bill.timestamp.as_deref().and_then(time);
        creation.set(
            "created",
            Node::text(time.as_deref().unwrap_or("1970-01-01T00:00:00Z")),
        );
        let creators = self.creators();
        creation.set(
            "createdBy",
            Node::list(creators.into_iter().map(Node::text).collect()),
        );
        if let Some(tool) = &self.bill.tool {
            let id = self.id("tool", &tool.name);
            let element = Self::element("Tool", &id)
                .say("name", &format!("{} {}", tool.name, tool.version))
                .say("description", &tool.detectors_digest);
            self.elements.push(element);
            creation.set("createdUsing", Node::list(vec![Node::text(id)]));
        }
        if time.is_none() {
            creation.set("comment", Node::text(NO_TIME));
        }
        for component in &self.bill.components {
            self.component(component);
        }
        self.relate_all();
        self.builds();
        self.vulnerabilities();
        let mut extras = element::Extras::default();
        for (name, value) in &self.bill.properties {
            extras.add(name, value);
        }
        let (id, subject) = (self.id("sbom-annotation", ""), self.id("sbom", ""));
        self.note(&id, &subject, &extras.statement());
        self.top(creation)
    }

    /// Adds the collection and the document around everything, and puts all into one graph.
    fn top(mut self, creation: Node) -> Node {
        let sbom = self.id("sbom", "");
        let document = self.id("document", "");
        let subject = self.bill.subject().map(|one| self.component_id(&one.id));
        if let Some(subject) = &subject {
            self.relation("describes", &sbom, std::slice::from_ref(subject), "");
        }
        let ids: Vec<Node> = self
            .elements
            .iter()
            .filter_map(|one| one.get("spdxId").cloned())
            .collect();
        let roots = match subject {
            Some(subject) => vec![Node::text(subject)],
            None => ids.iter().take(1).cloned().collect(),
        };
        let profiles: Vec<Node> = self.profiles().into_iter().map(Node::text).collect();
        let mut collection = Self::element("software_Sbom", &sbom);
        collection.set_list("profileConformance", profiles.clone());
        collection.set_list("rootElement", roots);
        collection.set_list("element", ids.clone());
        collection.set_list("software_sbomType", self.types());
        let mut all = ids;
        all.push(Node::text(&sbom));
        let mut whole = Self::element("SpdxDocument", &document);
        whole.set_list("profileConformance", profiles);
        whole.set("rootElement", Node::list(vec![Node::text(&sbom)]));
        whole.set("element", Node::list(all));
        if let Some(edition) = self.bill.edition {
            whole.set("comment", Node::text(format!("edition {edition}")));
        }
        let mut graph = vec![creation, whole, collection];
        graph.append(&mut self.elements);
        Node::map()
            .say("@context", CONTEXT)
            .with("@graph", Node::list(graph))
    }

    fn creators(&mut self) -> Vec<String> {
        let mut out = Vec::new();
        for author in &self.bill.authors {
            out.push(self.agent(author));
        }
        if out.is_empty() {
            // An agent is demanded: the program speaks for itself, and where there is none nobody is named.
            let (class, name) = match &self.bill.tool {
                Some(tool) => ("SoftwareAgent", tool.name.as_str()),
                None => ("Agent", "NOASSERTION"),
            };
            let id = self.id("agent", &format!("software {name}"));
            let element = Self::element(class, &id).say("name", name);
            self.elements.push(element);
            out.push(id);
        }
        out
    }

    /// Returns the id of an agent; whether it is a person or an organisation nobody says, so it is neither.
    fn agent(&mut self, party: &'a Party) -> String {
        if let Some(id) = self.agents.get(party) {
            return id.clone();
        }
        let id = self.id("agent", &format!("{} {}", self.agents.len(), party.name));
        let mut element = Self::element("Agent", &id).say("name", &party.name);
        let contacts = party.contacts.iter();
        element.set_list(
            "externalIdentifier",
            contacts
                .map(|address| {
                    let class = if address.contains('@') { "email" } else { "other" };
                    Node::map()
                        .say("type", "ExternalIdentifier")
                        .say("externalIdentifierType", class)
                        .say("identifier", address)
                })
                .collect(),
        );
        let urls = party.urls.iter();
        element.set_list(
            "externalRef",
            urls.map(|url| {
                Node::map()
                    .say("type", "ExternalRef")
                    .say("externalRefType", "altWebPage")
                    .with("locator", Node::list(vec![Node::text(iri(url))]))
            })
            .collect(),
        );
        self.elements.push(element);
        self.agents.insert(party, id.clone());
        id
    }

    fn profiles(&self) -> Vec<&'static str> {
        let has = |kind| self.bill.components.iter().any(|one| one.kind == kind);
        let mut out = vec!["core", "software"];
        if has(ComponentKind::Model) {
            out.push("ai");
        }
        if has(ComponentKind::Dataset) {
            out.push("dataset");
        }
        if !self.licences.is_empty() {
            out.push("simpleLicensing");
        }
        if !self.bill.vulnerabilities.is_empty() {
            out.push("security");
        }
        if !self.bill.processes.is_empty() {
            out.push("build");
        }
        out
    }

    fn types(&self) -> Vec<Node> {
        let words: BTreeSet<&str> = self
            .bill
            .phases
            .iter()
            .filter_map(|phase| TYPES.iter().find(|(name, _)| name == phase))
            .map(|(_, word)| *word)
            .collect();
        words.into_iter().map(Node::text).collect()
    }

    fn relation(&mut self, kind: &str, from: &str, to: &[String], comment: &str) {
        let id = self.id("relationship", &self.relations.to_string());
        self.relations += 1;
        let mut element = Self::element("Relationship", &id)
            .say("from", from)
            .say("relationshipType", kind)
            .with("to", Node::list(to.iter().map(Node::text).collect()));
        if !comment.is_empty() {
            element.set("comment", Node::text(comment));
        }
        self.elements.push(element);
    }

    fn relate_all(&mut self) {
        let bill = self.bill;
        let mut groups: BTreeMap<(&str, RelationKind, &str), Vec<String>> = BTreeMap::new();
        for relation in &bill.relations {
            if bill.component(&relation.from).is_none() || bill.component(&relation.to).is_none() {
                continue;
            }
            // SPDX says it the other way round: the base is the ancestor of what was made from it.
            let (from, to) = if relation.kind == RelationKind::DerivedFrom {
                (&relation.to, &relation.from)
            } else {
                (&relation.from, &relation.to)
            };
            groups
                .entry((from, relation.kind, &relation.detail))
                .or_default()
                .push(self.component_id(to));
        }
        for ((from, kind, detail), to) in groups {
            let from = self.component_id(from);
            self.relation(relation_name(kind), &from, &to, detail);
        }
    }
}

/// Types of SPDX by phases of CycloneDX.
pub(super) const TYPES: [(&str, &str); 6] = [
    ("design", "design"),
    ("pre-build", "source"),
    ("build", "build"),
    ("post-build", "analyzed"),
    ("operations", "runtime"),
    ("discovery", "deployed"),
];

/// Returns the type of a relation.
pub(super) fn relation_name(kind: RelationKind) -> &'static str {
    match kind {
        RelationKind::Contains => "contains",
        RelationKind::DependsOn => "dependsOn",
        RelationKind::DerivedFrom => "ancestorOf",
        RelationKind::TrainedOn => "trainedOn",
        RelationKind::TestedOn => "testedOn",
    }
}

/// Percent-encodes all but letters, digits and a few marks, so that an id becomes the end of a URN.
fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b'@' | b':' => {
                out.push(char::from(byte));
            }
            other => {
                let _ = write!(out, "%{other:02X}");
            }
        }
    }
    out
}

/// Undoes [`encode`].
pub(super) fn decode(text: &str) -> String {
    let mut out: Vec<u8> = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut ahead = rest.clone();
            let high = ahead.next().and_then(|digit| char::from(digit).to_digit(16));
            let low = ahead.next().and_then(|digit| char::from(digit).to_digit(16));
            if let (Some(high), Some(low)) = (high, low)
                && let Ok(value) = u8::try_from(high * 16 + low)
            {
                out.push(value);
                rest = ahead;
                continue;
            }
        }
        out.push(byte);
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Writes a time as SPDX wants it: whole seconds, UTC, `Z`. A date alone becomes its first second; other zones are not computed.
pub(super) fn time(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let is_date = bytes.len() >= 10
        && bytes.iter().take(10).enumerate().all(|(index, byte)| {
            if index == 4 || index == 7 {
                *byte == b'-'
            } else {
                byte.is_ascii_digit()
            }
        });
    if !is_date {
        return None;
    }
    let date = text.get(..10)?;
    let Some(rest) = text.get(10..).filter(|rest| !rest.is_empty()) else {
        return Some(format!("{date}T00:00:00Z"));
    };
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let clock = rest.get(..8)?;
    let is_clock = clock.bytes().enumerate().all(|(index, byte)| {
        if index == 2 || index == 5 {
            byte == b':'
        } else {
            byte.is_ascii_digit()
        }
    });
    let mut zone = rest.get(8..)?;
    if let Some(fraction) = zone.strip_prefix('.') {
        zone = fraction.trim_start_matches(|one: char| one.is_ascii_digit());
    }
    (is_clock && matches!(zone, "Z" | "z" | "+00:00" | "-00:00")).then(|| format!("{date}T{clock}Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_whole_seconds_of_utc() {
        assert_eq!(
            time("2024-05-01T10:20:30.5Z").as_deref(),
            Some("2024-05-01T10:20:30Z")
        );
        assert_eq!(time("2024-05-01").as_deref(), Some("2024-05-01T00:00:00Z"));
        assert_eq!(time("2024-05-01T10:20:30+02:00"), None);
        assert_eq!(time("yesterday"), None);
    }

    #[test]
    fn ids_lead_back() {
        for id in ["pkg:pypi/torch@2.1", "a b#c%d", "模型"] {
            assert_eq!(decode(&encode(id)), id);
        }
    }
}
