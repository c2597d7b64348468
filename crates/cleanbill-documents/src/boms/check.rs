//! How complete a bill is by published lists of elements: for each its weight, the value found, where it came from, and how to
//! get what is missing.
//!
//! The lists are data (`frameworks/*.toml`). A value counts only where somebody states it: words that say nothing do not.

mod facts;

use std::sync::LazyLock;

use cleanbill_core::{
    Text,
    bill::{Bill, Component, ComponentKind, Source},
};
use serde::Deserialize;

use facts::Facts;

/// Says what an element is asked of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// The document and all that it holds.
    Bill,
    /// What the bill is about.
    Subject,
    /// What the bill is about, or the models in it.
    SubjectOrModel,
    /// Each model that is shipped.
    Model,
    /// Each dataset.
    Dataset,
    /// Each component that is shipped, files apart.
    Component,
}

/// Holds one element of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// Id within its list.
    pub id: String,
    /// Part of the list.
    pub cluster: String,
    /// What is asked.
    pub title: Text,
    /// How much it counts.
    pub weight: u32,
    /// What it is asked of.
    pub on: Scope,
    /// How to get it where it is missing.
    pub how: Text,
    /// Fields that answer it: each inner list is alternatives, and every list must have an answer.
    pub fields: Vec<Vec<String>>,
}

/// Holds a published list of elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Framework {
    /// Permanent id.
    pub id: String,
    /// Title.
    pub title: Text,
    /// Date of its edition.
    pub edition: String,
    /// Where it is published.
    pub source: String,
    /// Its elements, in its order.
    pub elements: Vec<Element>,
}

/// Holds a value that answers an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Name of the component; empty for the document.
    pub component: String,
    /// Field that holds it.
    pub field: String,
    /// The value.
    pub value: String,
    /// Where it came from; without a file for what the document says of itself.
    pub source: Source,
}

/// Says how one element is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome<'a> {
    /// The element.
    pub element: &'a Element,
    /// Of how many things it is asked; at least one, for what is not named is not known either.
    pub asked: usize,
    /// How many answer.
    pub answered: usize,
    /// The first answers, [`MAX_EXAMPLES`] at most.
    pub evidence: Vec<Evidence>,
    /// Names of those that do not answer, [`MAX_EXAMPLES`] at most.
    pub missing: Vec<String>,
}

/// Says how complete a bill is by one list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment<'a> {
    /// The list.
    pub framework: &'a Framework,
    /// One outcome for each element, in its order.
    pub outcomes: Vec<Outcome<'a>>,
    /// Thousandths of the weight that is answered, rounded down.
    pub score_permille: u64,
}

/// Answers and missing names that an outcome lists.
pub const MAX_EXAMPLES: usize = 5;

/// Names the document that a bill stands in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Format<'a> {
    /// `CycloneDX` or `SPDX`; empty for a bill that is in no document yet.
    pub name: &'a str,
    /// Its version.
    pub version: &'a str,
}

/// Every list of this build.
pub static FRAMEWORKS: LazyLock<Vec<Framework>> =
    LazyLock::new(|| SOURCES.iter().filter_map(|text| parse(text).ok()).collect());

const SOURCES: [&str; 4] = [
    include_str!("../../frameworks/g7-2026.toml"),
    include_str!("../../frameworks/ntia-2021.toml"),
    include_str!("../../frameworks/cisa-2025.toml"),
    include_str!("../../frameworks/eu-ai-act.toml"),
];

/// Finds a list by its id.
pub fn find(id: &str) -> Option<&'static Framework> {
    FRAMEWORKS.iter().find(|one| one.id == id)
}

/// Says how complete a bill is by a list. The bill must be settled.
pub fn check<'a>(bill: &Bill, format: Format<'_>, framework: &'a Framework) -> Assessment<'a> {
    let facts = Facts::of(bill, format);
    let outcomes: Vec<Outcome<'a>> = framework
        .elements
        .iter()
        .map(|element| outcome(bill, &facts, element))
        .collect();
    let mut earned = 0_u64;
    let mut possible = 0_u64;
    for one in &outcomes {
        let weight = u64::from(one.element.weight) * 1_000;
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        earned += weight * count(one.answered) / count(one.asked).max(1);
        possible += weight;
    }
    Assessment {
        framework,
        outcomes,
        score_permille: earned * 1_000 / possible.max(1),
    }
}

fn outcome<'a>(bill: &Bill, facts: &Facts<'_>, element: &'a Element) -> Outcome<'a> {
    let mut out = Outcome {
        element,
        asked: 1,
        answered: 0,
        evidence: Vec::new(),
        missing: Vec::new(),
    };
    if element.on == Scope::Bill {
        match answers(element, |field| facts.document(field)) {
            Some(found) => {
                out.answered = 1;
                out.evidence = found;
            }
            None => out.missing.push(String::new()),
        }
        return out;
    }
    let asked = asked(bill, facts, element.on);
    out.asked = asked.len().max(1);
    if asked.is_empty() {
        out.missing.push(String::new());
    }
    for component in asked {
        match answers(element, |field| facts.component(component, field)) {
            Some(found) => {
                out.answered += 1;
                out.evidence.extend(found);
                out.evidence.truncate(MAX_EXAMPLES);
            }
            None if out.missing.len() < MAX_EXAMPLES => out.missing.push(component.name.clone()),
            None => {}
        }
    }
    out
}

/// Returns what answers an element: one value for each of its lists of alternatives.
fn answers(element: &Element, look: impl Fn(&str) -> Option<Evidence>) -> Option<Vec<Evidence>> {
    let each = element.fields.iter();
    each.map(|alternatives| {
        alternatives
            .iter()
            .filter_map(|field| look(field))
            .find(|evidence| !is_filler(&evidence.value))
    })
    .collect()
}

/// Says whether a value says nothing.
pub fn is_filler(value: &str) -> bool {
    let plain = value.trim().to_ascii_lowercase();
    FILLERS.contains(&plain.as_str())
}

const FILLERS: [&str; 16] = [
    "",
    "-",
    "?",
    "n/a",
    "na",
    "nil",
    "none",
    "null",
    "noassertion",
    "not available",
    "not specified",
    "tbd",
    "undefined",
    "unknown",
    "unspecified",
    "[more information needed]",
];

/// Lists what an element is asked of.
fn asked<'b>(bill: &'b Bill, facts: &Facts<'_>, scope: Scope) -> Vec<&'b Component> {
    let subject = bill.subject();
    let models = || {
        let shipped = bill.components.iter();
        shipped.filter(|one| one.kind == ComponentKind::Model && facts.is_shipped(one))
    };
    match scope {
        Scope::Bill => Vec::new(),
        Scope::Subject => subject.into_iter().collect(),
        Scope::SubjectOrModel => match subject {
            Some(subject) if subject.kind == ComponentKind::Model => vec![subject],
            _ => models().collect(),
        },
        Scope::Model => models().collect(),
        Scope::Dataset => {
            let all = bill.components.iter();
            all.filter(|one| one.kind == ComponentKind::Dataset).collect()
        }
        Scope::Component => {
            let all = bill.components.iter();
            all.filter(|one| !NOT_ASKED.contains(&one.kind) && facts.is_shipped(one))
                .collect()
        }
    }
}

/// Files belong to what holds them; hardware, platforms and prompts have neither versions nor suppliers of their own.
const NOT_ASKED: [ComponentKind; 4] = [
    ComponentKind::File,
    ComponentKind::Device,
    ComponentKind::Platform,
    ComponentKind::Prompt,
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FrameworkToml {
    id: String,
    title_en: String,
    title_zh: String,
    edition: String,
    source: String,
    element: Vec<ElementToml>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ElementToml {
    id: String,
    cluster: String,
    title_en: String,
    title_zh: String,
    weight: u32,
    on: Scope,
    #[serde(default)]
    any: Vec<String>,
    #[serde(default)]
    all: Vec<String>,
    how_en: String,
    how_zh: String,
}

fn parse(text: &str) -> Result<Framework, toml::de::Error> {
    let wire: FrameworkToml = toml::from_str(text)?;
    let elements = wire.element.into_iter().map(|one| {
        let mut fields: Vec<Vec<String>> = one
            .all
            .iter()
            .map(|field| field.split('|').map(str::to_owned).collect())
            .collect();
        if !one.any.is_empty() {
            fields.push(one.any);
        }
        Element {
            id: one.id,
            cluster: one.cluster,
            title: Text::new(one.title_en, one.title_zh),
            weight: one.weight,
            on: one.on,
            how: Text::new(one.how_en, one.how_zh),
            fields,
        }
    });
    Ok(Framework {
        id: wire.id,
        title: Text::new(wire.title_en, wire.title_zh),
        edition: wire.edition,
        source: wire.source,
        elements: elements.collect(),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_list_is_read_and_asks_only_for_fields_that_exist() {
        for text in SOURCES {
            let framework = parse(text).unwrap_or_else(|error| panic!("{error}"));
            let ids: BTreeSet<&str> = framework.elements.iter().map(|one| one.id.as_str()).collect();
            assert_eq!(ids.len(), framework.elements.len(), "{}", framework.id);
            for element in &framework.elements {
                assert!(!element.fields.is_empty() && element.weight > 0, "{}", element.id);
                for field in element.fields.iter().flatten() {
                    assert!(facts::is_known(element.on, field), "{}: {field}", element.id);
                }
            }
        }
        assert_eq!(FRAMEWORKS.len(), SOURCES.len());
    }

    #[test]
    fn filler_earns_nothing() {
        for word in ["NOASSERTION", " unknown ", "N/A", ""] {
            assert!(is_filler(word), "{word}");
        }
        assert!(!is_filler("0"));
    }
}
