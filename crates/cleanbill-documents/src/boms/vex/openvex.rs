//! OpenVEX 0.2.0.

use std::collections::{BTreeMap, BTreeSet};

use cleanbill_core::{
    Text,
    bill::{Analysis, AnalysisState, Bill, Justification},
    text,
};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::{Product, Statement, Vex, Vocabulary, lacks, versioned};
use crate::boms::{
    names::{JUSTIFICATIONS, is_time},
    spot::{Origins, Spot},
    tree::Node,
};

const CONTEXT: &str = "https://openvex.dev/ns/v0.2.0";

/// Says why statements could not be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OpenVexError {
    /// OpenVEX demands a time.
    #[error("{}", self.message())]
    NoTime,
    /// OpenVEX demands an author.
    #[error("{}", self.message())]
    NoAuthor,
    /// OpenVEX demands a statement.
    #[error("{}", self.message())]
    NoStatement,
}

impl OpenVexError {
    /// Says it in words.
    pub fn message(self) -> Text {
        match self {
            Self::NoTime => text!(
                "OpenVEX needs a time, and none was given",
                "OpenVEX 需要时间，但未给出"
            ),
            Self::NoAuthor => text!(
                "OpenVEX needs an author, and none was given",
                "OpenVEX 需要作者，但未给出"
            ),
            Self::NoStatement => text!("there is nothing to state", "没有可陈述的内容"),
        }
    }
}

pub(super) fn read(tree: &Node, name: &str) -> Vex {
    let origins = Origins::of(tree, name);
    let root = Spot::root(tree, &origins);
    let mut out = Vex {
        vocabulary: Vocabulary::OpenVex,
        author: root.said("author").unwrap_or_default().to_owned(),
        timestamp: root.said("timestamp").unwrap_or_default().to_owned(),
        statements: Vec::new(),
        notes: Vec::new(),
    };
    for one in root.list("statements") {
        let state = match one.said("status") {
            Some("not_affected") => AnalysisState::NotAffected,
            Some("affected") => AnalysisState::Affected,
            Some("fixed") => AnalysisState::Fixed,
            Some("under_investigation") => AnalysisState::UnderInvestigation,
            other => {
                let word = other.unwrap_or_default();
                out.notes.push((
                    one.path.clone(),
                    text!("the status `{word}` is not known", "未知的状态 `{word}`"),
                ));
                continue;
            }
        };
        let word = one.said("justification");
        let analysis = Analysis {
            state,
            justification: JUSTIFICATIONS
                .iter()
                .find(|(_, name)| word == Some(name))
                .map(|(justification, _)| *justification),
            detail: one
                .said("impact_statement")
                .or(one.said("status_notes"))
                .unwrap_or_default()
                .to_owned(),
            action: one.said("action_statement").unwrap_or_default().to_owned(),
            source: one.source(),
        };
        if let Some(lack) = lacks(&analysis) {
            out.notes.push((one.path.clone(), lack));
        }
        out.statements.push(Statement {
            names: names(&one),
            products: one.list("products").iter().map(product).collect(),
            analysis,
        });
    }
    out
}

fn names(statement: &Spot<'_>) -> Vec<String> {
    let mut out = Vec::new();
    for one in statement.list("vulnerability") {
        // Versions before 0.2 hold the name alone.
        out.extend(one.node.as_text().map(str::to_owned));
        out.extend(one.said("name").map(str::to_owned));
        out.extend(one.texts("aliases").into_iter().map(|alias| alias.value));
    }
    out
}

/// Returns the best name of a product: its package URL before its own id.
fn id(spot: &Spot<'_>) -> String {
    let purl = spot.find(&["identifiers", "purl"]).and_then(|one| one.plain());
    let own = spot.said("@id").or(spot.node.as_text()).unwrap_or_default();
    match purl {
        Some(purl) if !own.starts_with("pkg:") => purl,
        _ => own.to_owned(),
    }
}

fn product(spot: &Spot<'_>) -> Product {
    Product {
        id: id(spot),
        parts: spot.list("subcomponents").iter().map(id).collect(),
    }
}

/// Writes what is concluded in a bill. The author, the time and the edition are those of the bill. A statement is about each component
/// by its package URL with its version, or about each as a part of `product` where one is given. Returns the bytes and the ids of
/// components that could not be named, for they have no package URL or no version: a statement without a version would hold for all.
pub fn write_openvex(bill: &Bill, product: Option<&str>) -> Result<(Vec<u8>, Vec<String>), OpenVexError> {
    let timestamp = bill
        .timestamp
        .as_ref()
        .filter(|time| is_time(time))
        .ok_or(OpenVexError::NoTime)?;
    let author = bill
        .authors
        .iter()
        .map(|one| one.name.as_str())
        .chain(bill.tool.as_ref().map(|tool| tool.name.as_str()))
        .find(|name| !name.is_empty())
        .ok_or(OpenVexError::NoAuthor)?;
    let mut left_out = BTreeSet::new();
    // The same conclusion on the same weakness is one statement, whatever the number of components.
    let mut grouped: BTreeMap<Key<'_>, (&Analysis, BTreeSet<String>)> = BTreeMap::new();
    for one in &bill.vulnerabilities {
        let Some(analysis) = &one.analysis else { continue };
        for id in &one.affects {
            let Some(purl) = bill.component(id).and_then(versioned) else {
                left_out.insert(id.clone());
                continue;
            };
            let key = Key {
                id: &one.id,
                aliases: &one.aliases,
                description: &one.description,
                state: analysis.state,
                justification: analysis.justification,
                words: (&analysis.detail, &analysis.action),
            };
            let entry = grouped.entry(key).or_insert_with(|| (analysis, BTreeSet::new()));
            entry.1.insert(purl);
        }
    }
    let mut statements = Vec::new();
    for (key, (analysis, purls)) in grouped {
        let named = |purl: &String| {
            Node::map()
                .say("@id", purl)
                .with("identifiers", Node::map().say("purl", purl))
        };
        let parts: Vec<Node> = purls.iter().map(named).collect();
        let products = match product {
            Some(product) => vec![named(&product.to_owned()).with("subcomponents", Node::list(parts))],
            None => parts,
        };
        let mut weakness = Node::map().say("name", key.id);
        if !key.description.is_empty() {
            weakness.set("description", Node::text(key.description));
        }
        let aliases: BTreeSet<&String> = key.aliases.iter().collect();
        weakness.set_list("aliases", aliases.into_iter().map(Node::text).collect());
        let statement = Node::map()
            .with("vulnerability", weakness)
            .say("timestamp", timestamp)
            .with("products", Node::list(products));
        statements.push(conclude(statement, analysis));
    }
    if statements.is_empty() {
        return Err(OpenVexError::NoStatement);
    }
    let mut tree = Node::map()
        .say("@context", CONTEXT)
        .say("@id", "urn:cleanbill:vex")
        .say("author", author)
        .say("timestamp", timestamp)
        .with(
            "version",
            Node::number(&bill.edition.unwrap_or(1).max(1).to_string()),
        );
    if let Some(tool) = &bill.tool {
        tree.set("tooling", Node::text(format!("{} {}", tool.name, tool.version)));
    }
    tree.set("statements", Node::list(statements));
    let digits = cleanbill_core::hex(&Sha256::digest(tree.to_json()));
    tree.set("@id", Node::text(format!("urn:cleanbill:vex:{digits}")));
    Ok((tree.to_json(), left_out.into_iter().collect()))
}

/// What makes two statements one.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    id: &'a str,
    aliases: &'a [String],
    description: &'a str,
    state: AnalysisState,
    justification: Option<Justification>,
    words: (&'a str, &'a str),
}

fn conclude(mut statement: Node, analysis: &Analysis) -> Node {
    let status = match analysis.state {
        AnalysisState::NotAffected | AnalysisState::FalsePositive => "not_affected",
        AnalysisState::Affected => "affected",
        AnalysisState::Fixed => "fixed",
        AnalysisState::UnderInvestigation => "under_investigation",
    };
    statement.set("status", Node::text(status));
    match analysis.state {
        AnalysisState::NotAffected | AnalysisState::FalsePositive => {
            let word = JUSTIFICATIONS
                .iter()
                .find(|(one, _)| Some(*one) == analysis.justification)
                .map(|(_, name)| *name);
            statement.set_some("justification", word.map(Node::text));
            if !analysis.detail.is_empty() {
                statement.set("impact_statement", Node::text(&analysis.detail));
            } else if word.is_none() {
                statement.set("impact_statement", Node::text("no reason is stated"));
            }
        }
        AnalysisState::Affected => {
            let action = [&analysis.action, &analysis.detail]
                .into_iter()
                .find(|text| !text.is_empty());
            statement.set(
                "action_statement",
                Node::text(action.map_or("no action is stated", String::as_str)),
            );
        }
        AnalysisState::Fixed | AnalysisState::UnderInvestigation => {
            if !analysis.detail.is_empty() {
                statement.set("status_notes", Node::text(&analysis.detail));
            }
        }
    }
    statement
}
