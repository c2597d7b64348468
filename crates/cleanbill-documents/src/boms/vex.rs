//! Statements on whether a known weakness concerns a product (VEX): read from OpenVEX 0.2.0, CSAF 2.0 and CycloneDX, held against
//! a bill, and written as OpenVEX. CycloneDX carries them within the bill itself.
//!
//! A statement counts only for the product and the version that it names.

mod csaf;
mod openvex;
mod stated;

use std::collections::BTreeSet;

use cleanbill_core::{
    Text,
    bill::{Analysis, AnalysisState, Bill, Certainty, Component, Source, Vulnerability},
    text,
};

use super::{
    cyclonedx, purl,
    read::{ReadError, decode, parse_json},
    tree::Node,
};

pub use openvex::{OpenVexError, write_openvex};
pub use stated::{STATES, Stated, StatedError, read_stated, stated};

/// Names a vocabulary of statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Vocabulary {
    /// OpenVEX.
    OpenVex,
    /// CSAF with the profile VEX.
    Csaf,
    /// CycloneDX.
    CycloneDx,
    /// Ours: a small file or options of a command.
    Own,
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
    of_bill(&cyclonedx::read(tree, name))
}

/// Returns what a bill itself says of its weaknesses.
pub fn of_bill(bill: &Bill) -> Vex {
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
            let purl = bill.component(id).and_then(versioned);
            Product {
                id: purl.unwrap_or_else(|| id.clone()),
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

/// Returns the package URL of a component with its version; `None` where one of them is not known.
fn versioned(component: &Component) -> Option<String> {
    let own = &component.purl.as_ref()?.value;
    let named = purl::named(own)?;
    if named.version.is_some() {
        return Some(own.clone());
    }
    let version = component.version.as_ref().map(|one| one.value.as_str())?;
    if version.is_empty() {
        return None;
    }
    // The version stands before qualifiers and path.
    let end = own.find(['?', '#']).unwrap_or(own.len());
    let (front, back) = (own.get(..end)?, own.get(end..)?);
    Some(format!(
        "{}@{}{back}",
        front.trim_end_matches('@'),
        purl::encode(version)
    ))
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
    let fates = statements
        .map(|one| {
            let (best, named) = fitting(one, &candidates, bill);
            match unfit(best) {
                Some(fate) => fate,
                None => conclude(one, &named, bill),
            }
        })
        .collect();
    bill.settle();
    fates
}

/// Takes statements of one's own about a bill: they count for a product of the bill in its version even where no data knew of the
/// weakness there.
pub fn state(vex: &Vex, bill: &mut Bill) -> Vec<Fate> {
    let candidates: Vec<Candidate> = bill.components.iter().map(Candidate::of).collect();
    let mut fates = Vec::new();
    for one in &vex.statements {
        let (best, named) = fitting(one, &candidates, bill);
        if let Some(fate) = unfit(best) {
            fates.push(fate);
            continue;
        }
        let counted = match conclude(one, &named, bill) {
            Fate::Counts(ids) => ids,
            _ => Vec::new(),
        };
        let rest: Vec<String> = named.iter().filter(|id| !counted.contains(id)).cloned().collect();
        if let Some((id, aliases)) = one.names.split_first().filter(|_| !rest.is_empty()) {
            bill.vulnerabilities.push(Vulnerability {
                id: id.clone(),
                aliases: aliases.to_vec(),
                affects: rest,
                analysis: Some(one.analysis.clone()),
                source: one.analysis.source.clone(),
                ..Vulnerability::default()
            });
        }
        fates.push(Fate::Counts(named.into_iter().collect()));
    }
    bill.settle();
    fates
}

/// Says of every weakness that concerns a component for sure, and that nobody has looked at, that it is under investigation. What is
/// only possible stays without a statement. Returns the ids of those, sorted.
pub fn default_states(bill: &mut Bill) -> Vec<String> {
    let mut possible = BTreeSet::new();
    for one in &mut bill.vulnerabilities {
        if one.analysis.is_some() {
            continue;
        }
        if one.certainty == Some(Certainty::Possible) {
            possible.insert(one.id.clone());
            continue;
        }
        one.analysis = Some(Analysis {
            state: AnalysisState::UnderInvestigation,
            justification: None,
            detail: String::new(),
            action: String::new(),
            source: Source::concluded("", "no statement"),
        });
    }
    possible.into_iter().collect()
}

/// Returns a bill that holds the statements alone: the weaknesses that something is concluded about, what they concern, and the
/// subject.
pub fn statements_only(bill: &Bill) -> Bill {
    let weaknesses: Vec<Vulnerability> = bill
        .vulnerabilities
        .iter()
        .filter(|one| one.analysis.is_some() && !one.affects.is_empty())
        .cloned()
        .collect();
    let mut named: BTreeSet<&str> = weaknesses
        .iter()
        .flat_map(|one| one.affects.iter().map(String::as_str))
        .collect();
    named.insert(&bill.subject);
    let components = bill
        .components
        .iter()
        .filter(|one| named.contains(one.id.as_str()));
    let components = components.map(|one| Component {
        group: one.group.clone(),
        version: one.version.clone(),
        purl: one.purl.clone(),
        digests: one.digests.clone(),
        ..Component::new(one.kind, &one.id, &one.name)
    });
    let mut out = Bill {
        subject: bill.subject.clone(),
        components: components.collect(),
        tool: bill.tool.clone(),
        timestamp: bill.timestamp.clone(),
        authors: bill.authors.clone(),
        edition: bill.edition,
        vulnerabilities: weaknesses,
        properties: bill.properties.clone(),
        ..Bill::default()
    };
    out.settle();
    out
}

fn unfit(best: Fit) -> Option<Fate> {
    match best {
        Fit::No => Some(Fate::NoSuchProduct),
        Fit::OtherVersion => Some(Fate::OtherVersion),
        Fit::NoVersion => Some(Fate::NoVersion),
        Fit::Yes => None,
    }
}

/// Finds the components that a statement is about, and how well the best of them fits.
fn fitting(statement: &Statement, candidates: &[Candidate], bill: &Bill) -> (Fit, BTreeSet<String>) {
    let mut best = Fit::No;
    let mut named: BTreeSet<String> = BTreeSet::new();
    let mut meant = |id: &str| {
        let stated = purl::named(id);
        for candidate in candidates {
            let fit = fit(id, stated.as_ref(), candidate);
            best = best.max(fit);
            if fit == Fit::Yes {
                named.insert(candidate.id.clone());
            }
        }
    };
    let mut outside = Fit::No;
    for product in &statement.products {
        if product.parts.is_empty() {
            meant(&product.id);
            continue;
        }
        // A part counts within its product alone, and the product of a bill is its subject.
        let subject = candidates.iter().find(|one| one.id == bill.subject);
        let stated = purl::named(&product.id);
        let whole = subject.map_or(Fit::No, |subject| fit(&product.id, stated.as_ref(), subject));
        if whole != Fit::Yes {
            outside = outside.max(whole);
            continue;
        }
        for part in &product.parts {
            meant(part);
        }
    }
    (best.max(outside), named)
}

/// Gives the weakness of a statement its conclusion in the components that are named.
fn conclude(statement: &Statement, named: &BTreeSet<String>, bill: &mut Bill) -> Fate {
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
