//! Looks for licences that contradict each other along a lineage, and for what a product must do: a pure function of a
//! graph and an intended use. Questions that the law has not settled are reported as questions.

mod bill;
mod rules;
mod walk;

use cleanbill_core::{Severity, Text};

pub use bill::{Paths, of_bill};

use crate::declared::Declared;

/// LIMIT: things of a graph that are looked at; more are said to be left out.
pub const MAX_NODES: usize = 20_000;
/// LIMIT: edges of a graph that are looked at.
pub const MAX_EDGES: usize = 60_000;
/// LIMIT: pairs of a thing and something it comes from that are compared.
pub const MAX_PAIRS: usize = 200_000;
/// LIMIT: entries of an assessment.
pub const MAX_ENTRIES: usize = 20_000;

/// Says what a thing of the graph is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeKind {
    /// Weights as their maker published them, or fine-tuned.
    Model,
    /// Weights beside a model, such as those of `LoRA`.
    Adapter,
    /// Made of several models.
    Merge,
    /// The same model in fewer bits or another format.
    Quantisation,
    /// What is offered to others.
    Product,
    /// Data.
    Dataset,
    /// Software.
    Library,
}

/// Holds one thing of the graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Unique name within the graph.
    pub id: String,
    /// Name that people see, such as `org/name`.
    pub name: String,
    /// What it is.
    pub kind: NodeKind,
    /// Its own licence.
    pub licence: Declared,
    /// Whether it takes or gives more than text, where that is known.
    pub multimodal: Option<bool>,
}

/// Says how one thing depends on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EdgeKind {
    /// Fine-tuned, merged, adapted or quantised from it.
    DerivedFrom,
    /// Trained on it.
    TrainedOn,
    /// Has it as a part.
    Contains,
    /// A dataset that a model put out.
    GeneratedBy,
}

/// Holds one dependence: `from` comes from, or holds, `to`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Id of the later thing.
    pub from: String,
    /// Id of the earlier thing or the part.
    pub to: String,
    /// How they depend.
    pub kind: EdgeKind,
}

/// Holds things and how they depend on each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    /// Things.
    pub nodes: Vec<Node>,
    /// Dependences.
    pub edges: Vec<Edge>,
}

/// Says how far the product goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Distribution {
    /// It stays within the organisation.
    Internal,
    /// Others use it over a network.
    Hosted,
    /// Others get a copy.
    Distributed,
}

/// Says under which terms the product itself is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// Its source stays closed.
    Proprietary,
    /// Its source is open under its own declared licence.
    Open,
}

/// Says what is meant to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// It serves a business.
    pub commercial: bool,
    /// How far it goes.
    pub distribution: Distribution,
    /// Terms of the product itself.
    pub source: Source,
    /// Where it is used: ISO 3166 codes or `EU`.
    pub regions: Vec<String>,
    /// Users a month, where that is known.
    pub monthly_users: Option<u64>,
    /// Revenue a year in US dollars, where that is known.
    pub yearly_revenue_usd: Option<u64>,
    /// It serves military purposes.
    pub military: bool,
}

/// Holds one thing that an assessment says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Permanent id of the rule.
    pub rule: &'static str,
    /// How bad it is if true.
    pub severity: Severity,
    /// Ids of the things concerned, the later one first.
    pub nodes: Vec<String>,
    /// Licences concerned, in the same order.
    pub licences: Vec<String>,
    /// Why, for people.
    pub reason: Text,
}

/// Holds what was found along a lineage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assessment {
    /// Licences that contradict each other or the intended use.
    pub conflicts: Vec<Entry>,
    /// Questions that law or facts have not settled.
    pub unsettled: Vec<Entry>,
    /// Things of which too little is known.
    pub unknowns: Vec<Entry>,
    /// What the product must do.
    pub obligations: Vec<Entry>,
    /// A limit was reached: there may be more.
    pub truncated: bool,
}

/// Looks at a graph with an intended use.
pub fn assess(graph: &Graph, intent: &Intent) -> Assessment {
    let lineage = walk::Lineage::new(graph);
    let mut assessment = rules::run(&lineage, intent);
    for entries in [
        &mut assessment.conflicts,
        &mut assessment.unsettled,
        &mut assessment.unknowns,
        &mut assessment.obligations,
    ] {
        entries.sort_by(|one, other| {
            let order = other.severity.cmp(&one.severity);
            order.then_with(|| {
                (one.rule, &one.nodes, &one.licences).cmp(&(other.rule, &other.nodes, &other.licences))
            })
        });
        entries.dedup();
    }
    assessment
}
