//! The machine learning bill of materials in our own words, before it becomes a document of a standard.
//!
//! Every value says where it came from; what nobody stated is absent and never invented.

mod card;
mod component;
mod process;
mod source;
mod vulnerability;

pub use card::{Dataset, Energy, Fairness, Metric, ModelCard, Quantity, Risk};
pub use component::{
    Component, ComponentKind, Digest, DigestAlgorithm, ExternalReference, Licence, Party, ReferenceKind,
};
pub use process::{Process, ProcessKind};
pub use source::{Origin, Source, Sourced};
pub use vulnerability::{
    Analysis, AnalysisState, Certainty, Exploitation, Justification, Likelihood, Vulnerability,
};

use crate::ToolInfo;

/// Says how two components belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RelationKind {
    /// The first holds the second: a model its files, a system its parts.
    Contains,
    /// The first needs the second to run.
    DependsOn,
    /// The first was made from the second: fine-tuned, merged, adapted, converted, quantised.
    DerivedFrom,
    /// The first was trained or tuned on the second.
    TrainedOn,
    /// The first was evaluated on the second.
    TestedOn,
}

impl RelationKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Contains,
        Self::DependsOn,
        Self::DerivedFrom,
        Self::TrainedOn,
        Self::TestedOn,
    ];
}

/// Joins two components by their ids.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Relation {
    /// Id of the first.
    pub from: String,
    /// What joins them.
    pub kind: RelationKind,
    /// Id of the second.
    pub to: String,
    /// What the source calls it, such as `adapter`, `finetune`, `merge`, `quantized`; empty where it says nothing.
    pub detail: String,
    /// Where it is stated.
    pub source: Source,
}

/// Holds a whole ML-BOM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bill {
    /// Id of the component that the bill is about; empty where several stand side by side.
    pub subject: String,
    /// Every component, the subject included, sorted by id; ids are unique.
    pub components: Vec<Component>,
    /// How they belong together, sorted.
    pub relations: Vec<Relation>,
    /// The build that made it; `None` in a bill of someone else.
    pub tool: Option<ToolInfo>,
    /// When it was made, RFC 3339; only ever given by the caller.
    pub timestamp: Option<String>,
    /// Who wrote the document, where that is said.
    pub authors: Vec<Party>,
    /// Stages of the life cycle that it was made in, in the words of CycloneDX: `pre-build`, `build`, `post-build`, `operations`.
    pub phases: Vec<String>,
    /// Number of its edition, where that is said.
    pub edition: Option<u64>,
    /// Whether the document carries a signature of its own; it is not verified here.
    pub is_signed: bool,
    /// Known weaknesses, sorted.
    pub vulnerabilities: Vec<Vulnerability>,
    /// Facts about the document as a whole that no standard has a field for, by name: how old the advisories are that were asked.
    pub properties: Vec<(String, String)>,
    /// How what it holds was made, sorted; ids are unique.
    pub processes: Vec<Process>,
}

impl Bill {
    /// Returns the component with this id.
    pub fn component(&self, id: &str) -> Option<&Component> {
        self.components
            .binary_search_by(|one| one.id.as_str().cmp(id))
            .ok()
            .and_then(|index| self.components.get(index))
    }

    /// Returns the component that the bill is about.
    pub fn subject(&self) -> Option<&Component> {
        self.component(&self.subject)
    }

    /// Sorts components, relations and processes and removes relations that are said twice. Components and processes with the
    /// same id are joined: what the later ones add is taken over, what the first says stays.
    pub fn settle(&mut self) {
        self.components.sort_by(|left, right| left.id.cmp(&right.id));
        let mut joined: Vec<Component> = Vec::with_capacity(self.components.len());
        for component in self.components.drain(..) {
            match joined.last_mut() {
                Some(last) if last.id == component.id => last.complete(component),
                _ => joined.push(component),
            }
        }
        self.components = joined;
        self.vulnerabilities.sort();
        self.properties.sort();
        self.properties.dedup();
        self.processes.sort();
        let mut processes: Vec<Process> = Vec::with_capacity(self.processes.len());
        for process in self.processes.drain(..) {
            match processes.last_mut() {
                Some(last) if last.id == process.id => last.complete(process),
                _ => processes.push(process),
            }
        }
        self.processes = processes;
        self.relations.sort();
        self.relations.dedup_by(|later, first| {
            (&later.from, later.kind, &later.to) == (&first.from, first.kind, &first.to)
        });
    }

    /// Lists what `from` is joined to by relations of `kind`, in the order of ids.
    pub fn related<'a>(&'a self, from: &'a str, kind: RelationKind) -> impl Iterator<Item = &'a Relation> {
        self.relations
            .iter()
            .filter(move |one| one.from == from && one.kind == kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_twice_is_joined_and_nothing_is_overwritten() {
        let source = || Source::file("config.json", "model_type");
        let mut first = Component::new(ComponentKind::Model, "b", "tiny");
        first.version = Some(Sourced::new("1".to_owned(), source()));
        let mut second = Component::new(ComponentKind::Model, "b", "tiny");
        second.version = Some(Sourced::new("2".to_owned(), source()));
        second.group = Some(Sourced::new("acme".to_owned(), source()));
        let other = Component::new(ComponentKind::Library, "a", "torch");
        let relation = Relation {
            from: "b".to_owned(),
            kind: RelationKind::DependsOn,
            to: "a".to_owned(),
            detail: String::new(),
            source: source(),
        };
        let mut bill = Bill {
            subject: "b".to_owned(),
            components: vec![first, other, second],
            relations: vec![relation.clone(), relation],
            ..Bill::default()
        };
        bill.settle();
        assert_eq!(bill.components.len(), 2);
        let subject = bill.subject().expect("it is there");
        assert_eq!(subject.version.as_ref().map(|one| one.value.as_str()), Some("1"));
        assert_eq!(subject.group.as_ref().map(|one| one.value.as_str()), Some("acme"));
        assert_eq!(bill.related("b", RelationKind::DependsOn).count(), 1);
    }
}
