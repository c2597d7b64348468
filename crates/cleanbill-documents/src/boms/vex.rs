//! Statements on whether a known weakness concerns a product (VEX): read from OpenVEX 0.2.0, CSAF 2.0 and CycloneDX, held against
//! a bill, and written as OpenVEX. CycloneDX carries them within the bill itself.
//!
//! A statement counts only for the product and the version that it names.

mod csaf;
mod openvex;

use std::collections::BTreeSet;

use cleanbill_core::{
    Text,
    bill::{Analysis, AnalysisState, Bill, Component, Vulnerability},
    text,
};

use super::{
    cyclonedx, purl,
    read::{ReadError, decode, parse_json},
    tree::Node,
};

pub use openvex::{OpenVexError, write_openvex};

/// Names a vocabulary of statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Vocabulary {
    /// OpenVEX.
    OpenVex,
    /// CSAF with the profile VEX.
    Csaf,
    /// CycloneDX.
    CycloneDx,
}

/// Names what a statement is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Product {
    /// Package URL or another id.
    pub id: String,
    /// Parts of the product; where there are any, the statement is about them within it.
    pub parts: Vec<String>,
}

/// Holds one statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The weakness with its other names.
    pub names: Vec<String>,
    /// What it is about.
    pub products: Vec<Product>,
    /// What it says; its source is the place in the document.
    pub analysis: Analysis,
}

/// Holds a document of statements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vex {
    /// Its vocabulary.
    pub vocabulary: Vocabulary,
    /// Who says so; empty where nobody is named.
    pub author: String,
    /// When, as written; empty where nothing is said.
    pub timestamp: String,
    /// The statements, in the order of the document.
    pub statements: Vec<Statement>,
    /// What is wrong with the document: statements that lack what their status demands.
    pub notes: Vec<(String, Text)>,
}

/// Says what became of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It counts for these components.
    Counts(Vec<String>),
    /// The bill does not know of the weakness in what the statement names.
    NoSuchWeakness,
    /// The bill holds nothing that the statement names.
    NoSuchProduct,
    /// The statement names a product without a version, which could be any.
    NoVersion,
    /// The bill holds the product in another version.
    OtherVersion,
}

impl Fate {
    /// Says it in words.
    pub fn message(&self) -> Text {
        match self {
            Self::Counts(ids) => {
                let count = ids.len();
                text!("counts for {count} components", "适用于 {count} 个组件")
            }
            Self::NoSuchWeakness => text!("no such weakness was found there", "未在其中发现该漏洞"),
            Self::NoSuchProduct => text!("no such product in the bill", "清单中没有该产品"),
            Self::NoVersion => text!("names no version", "未指明版本"),
            Self::OtherVersion => text!("names another version", "指明的是其他版本"),
        }
    }
}

/// Reads statements. What the document is follows from its content.
pub fn read(name: &str, bytes: &[u8]) -> Result<Vex, ReadError> {
    let text = decode(name, bytes)?;
    let tree = parse_json(name, bytes, text)?;
    let context = tree.said("@context").unwrap_or_default();
    if context.starts_with("https://openvex.dev/ns") {
        return Ok(openvex::read(&tree, name));
    }
    if tree.find(&["document", "csaf_version"]).is_some() {
        return Ok(csaf::read(&tree, name));
    }
    if tree.said("bomFormat") == Some("CycloneDX") {
        return Ok(of_cyclonedx(&tree, name));
    }
    Err(ReadError::Unknown {
        document: name.to_owned(),
    })
}

fn of_cyclonedx(tree: &Node, name: &str) -> Vex {
    let bill = cyclonedx::read(tree, name);
    let mut out = Vex {
        vocabulary: Vocabulary::CycloneDx,
        author: bill
            .authors
            .first()
            .map(|one| one.name.clone())
            .unwrap_or_default(),
        timestamp: bill.timestamp.clone().unwrap_or_default(),
        statements: Vec::new(),
        notes: Vec::new(),
    };
    for one in &bill.vulnerabilities {
        let Some(analysis) = &one.analysis else { continue };
        let products = one.affects.iter().map(|id| {
            let purl = bill.component(id).and_then(|component| component.purl.as_ref());
            Product {
                id: purl.map_or_else(|| id.clone(), |purl| purl.value.clone()),
                parts: Vec::new(),
            }
        });
        out.statements.push(Statement {
            names: std::iter::once(one.id.clone())
                .chain(one.aliases.iter().cloned())
                .collect(),
            products: products.collect(),
            analysis: analysis.clone(),
        });
    }
    out
}

/// Says how far an id of a statement fits a component.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    No,
    OtherVersion,
    NoVersion,
    Yes,
}

/// Holds what a component goes by in statements.
struct Candidate {
    id: String,
    purl: Option<purl::Named>,
    version: Option<String>,
}

impl Candidate {
    fn of(component: &Component) -> Self {
        Self {
            id: component.id.clone(),
            purl: component.purl.as_ref().and_then(|one| purl::named(&one.value)),
            version: component.version.as_ref().map(|one| one.value.clone()),
        }
    }
}

fn fit(id: &str, stated: Option<&purl::Named>, candidate: &Candidate) -> Fit {
    // An id that is a package URL is read as one: it may lack a version.
    if id == candidate.id && stated.is_none() {
        return Fit::Yes;
    }
    let (Some(stated), Some(own)) = (stated, &candidate.purl) else {
        return Fit::No;
    };
    let fits_qualifiers = stated
        .qualifiers
        .iter()
        .all(|(key, value)| own.qualifiers.get(key) == Some(value));
    if stated.package != own.package || !fits_qualifiers {
        return Fit::No;
    }
    let version = own.version.as_ref().or(candidate.version.as_ref());
    match &stated.version {
        None => Fit::NoVersion,
        Some(stated) if version == Some(stated) => Fit::Yes,
        Some(_) => Fit::OtherVersion,
    }
}

/// Holds statements against a bill, in their order: later ones overrule earlier ones. A weakness of several components is parted
/// where a statement counts for some of them. Returns what became of each statement.
pub fn apply(vex: &Vex, bill: &mut Bill) -> Vec<Fate> {
    let candidates: Vec<Candidate> = bill.components.iter().map(Candidate::of).collect();
    let statements = vex.statements.iter();
    let fates = statements.map(|one| apply_one(one, &candidates, bill)).collect();
    bill.settle();
    fates
}

fn apply_one(statement: &Statement, candidates: &[Candidate], bill: &mut Bill) -> Fate {
    let mut best = Fit::No;
    let mut named: BTreeSet<String> = BTreeSet::new();
    for product in &statement.products {
        if product.parts.is_empty() {
            let stated = purl::named(&product.id);
            for candidate in candidates {
                let fit = fit(&product.id, stated.as_ref(), candidate);
                best = best.max(fit);
                if fit == Fit::Yes {
                    named.insert(candidate.id.clone());
                }
            }
            continue;
        }
        // A part counts within its product alone, and the product of a bill is its subject.
        let subject = candidates.iter().find(|one| one.id == bill.subject);
        let stated = purl::named(&product.id);
        let whole = subject.map_or(Fit::No, |subject| fit(&product.id, stated.as_ref(), subject));
        if whole != Fit::Yes {
            best = best.max(whole);
            continue;
        }
        for part in &product.parts {
            let stated = purl::named(part);
            for candidate in candidates {
                let fit = fit(part, stated.as_ref(), candidate);
                best = best.max(fit);
                if fit == Fit::Yes {
                    named.insert(candidate.id.clone());
                }
            }
        }
    }
    match best {
        Fit::No => return Fate::NoSuchProduct,
        Fit::OtherVersion => return Fate::OtherVersion,
        Fit::NoVersion => return Fate::NoVersion,
        Fit::Yes => {}
    }
    let mut counted: BTreeSet<String> = BTreeSet::new();
    let mut parted: Vec<Vulnerability> = Vec::new();
    for weakness in &mut bill.vulnerabilities {
        let is_meant = statement.names.contains(&weakness.id)
            || weakness.aliases.iter().any(|one| statement.names.contains(one));
        if !is_meant {
            continue;
        }
        let (hit, rest): (Vec<String>, Vec<String>) = weakness
            .affects
            .iter()
            .cloned()
            .partition(|id| named.contains(id));
        if hit.is_empty() {
            continue;
        }
        counted.extend(hit.iter().cloned());
        if !rest.is_empty() {
            parted.push(Vulnerability {
                affects: rest,
                ..weakness.clone()
            });
        }
        weakness.affects = hit;
        weakness.analysis = Some(statement.analysis.clone());
    }
    bill.vulnerabilities.extend(parted);
    if counted.is_empty() {
        Fate::NoSuchWeakness
    } else {
        Fate::Counts(counted.into_iter().collect())
    }
}

/// Says what a statement lacks that its status demands.
fn lacks(analysis: &Analysis) -> Option<Text> {
    match analysis.state {
        AnalysisState::NotAffected if analysis.justification.is_none() && analysis.detail.is_empty() => Some(
            text!("`not_affected` without a reason", "`not_affected` 缺少理由"),
        ),
        AnalysisState::Affected if analysis.action.is_empty() => {
            Some(text!("`affected` without an action", "`affected` 缺少应对措施"))
        }
        _ => None,
    }
}
