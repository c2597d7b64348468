//! Looks up everything that a bill of materials names.

mod told;

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
};

use cleanbill_core::{
    Severity, Sha256Digest,
    bill::{
        Bill, Certainty, Component, ComponentKind, DigestAlgorithm, Exploitation, Likelihood, Source,
        Vulnerability,
    },
};
use packageurl::PackageUrl;

use crate::{
    Basis, Epss, Gap, Index, IndexError, Kev, KnownBad, Match, Package, PackageVersion, PurlError, ecosystem,
    package_of_purl,
};

pub use told::Told;

/// Properties of a component that name the version of a library that wrote a file, or of a runtime that a file hints at: what runs
/// may be another.
const HINTED: [&str; 2] = ["cleanbill:written-by-version", "cleanbill:runtime-version"];
/// LIMIT: versions that files of a target hint at for one component; more would be a list made to keep us busy.
const HINTS: usize = 64;
/// Types of package URLs for which nobody publishes advisories by version; they are no gap.
const WITHOUT_ADVISORIES: &[&str] = &["docker", "generic", "huggingface", "mlflow", "oci"];

/// Holds what a bill is held against.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// Advisories on packages.
    pub index: Option<&'a Index>,
    /// Lists of known-bad models.
    pub known_bad: &'a [KnownBad],
    /// How likely uses are.
    pub epss: Option<&'a Epss>,
    /// What is in use.
    pub kev: Option<&'a Kev>,
}

/// Holds what is known to be wrong with the components of a bill.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BillMatches {
    /// Weaknesses with the components that they concern, the worst first. One that concerns some components for sure and others
    /// possibly stands twice.
    pub vulnerabilities: Vec<Vulnerability>,
    /// Ids of weaknesses that a list of known-bad models names, sorted.
    pub listed: Vec<String>,
    /// What could not be answered.
    pub gaps: Vec<Gap>,
    /// Components that were looked up.
    pub asked: usize,
    /// Ecosystems that they belong to, sorted.
    pub ecosystems: Vec<String>,
    /// Ids of components, files and services apart, that nothing could be asked about: they have no package URL.
    pub unnamed: Vec<String>,
}

impl BillMatches {
    /// Says whether everything was answered that a bill asks.
    pub fn is_complete(&self) -> bool {
        self.gaps.is_empty() && self.unnamed.is_empty()
    }
}

/// What was found, by its id and how sure it is.
type Found = BTreeMap<(String, Certainty), Vulnerability>;

/// Looks up the packages of a bill in an index, and its files and models in the lists of known-bad ones.
pub fn match_bill(known: &Known<'_>, bill: &Bill) -> Result<BillMatches, IndexError> {
    let mut out = BillMatches::default();
    let mut found = Found::new();
    let mut listed = BTreeSet::new();
    let mut ecosystems = BTreeSet::new();
    for component in &bill.components {
        for list in known.known_bad {
            look_up_listed(component, list, &mut found, &mut listed);
        }
        let Some(index) = known.index else { continue };
        let Some((package, certainty)) = asked(component, &mut out.unnamed) else {
            continue;
        };
        out.asked = out.asked.saturating_add(1);
        ecosystems.insert(package.ecosystem.clone());
        for version in versions(component, &package.version) {
            let package = Package {
                version,
                ..package.clone()
            };
            let matches = index.query(&package)?;
            out.gaps.extend(matches.gaps);
            for one in matches.advisories {
                add(one, certainty, component, index, &mut found);
            }
        }
    }
    for (_, mut one) in found {
        enrich(&mut one, known);
        out.vulnerabilities.push(one);
    }
    out.vulnerabilities.sort_by(|left, right| {
        (right.severity, &left.id, right.certainty).cmp(&(left.severity, &right.id, left.certainty))
    });
    out.listed = listed.into_iter().collect();
    out.ecosystems = ecosystems.into_iter().collect();
    out.gaps.sort();
    out.gaps.dedup();
    Ok(out)
}

/// Returns the package that a component is, with the most that can be said of it.
fn asked(component: &Component, unnamed: &mut Vec<String>) -> Option<(Package, Certainty)> {
    let Some(purl) = &component.purl else {
        if matches!(component.kind, ComponentKind::Library | ComponentKind::Framework) {
            unnamed.push(component.id.clone());
        }
        return None;
    };
    let mut package = match package_of_purl(&purl.value) {
        Ok(package) => package,
        Err(PurlError::NoEcosystem { kind }) if WITHOUT_ADVISORIES.contains(&kind.as_str()) => return None,
        Err(_) => {
            unnamed.push(component.id.clone());
            return None;
        }
    };
    if package.version != PackageVersion::Unknown {
        return Some((package, Certainty::Affected));
    }
    if let Some(version) = &component.version {
        package.version = PackageVersion::Exact(version.value.clone());
        return Some((package, Certainty::Affected));
    }
    if let Some(requirement) = &component.requirement {
        package.version = PackageVersion::Requirement(requirement.value.clone());
    }
    Some((package, Certainty::Possible))
}

/// Returns the versions to ask about: the one that is known, or else those that files hint at.
fn versions(component: &Component, known: &PackageVersion) -> Vec<PackageVersion> {
    if *known != PackageVersion::Unknown {
        return vec![known.clone()];
    }
    let hints = component.properties.iter();
    let hints = hints.filter(|(name, _)| HINTED.contains(&name.as_str()));
    let hints: BTreeSet<&str> = hints
        .map(|(_, version)| version.value.as_str())
        .take(HINTS)
        .collect();
    if hints.is_empty() {
        return vec![PackageVersion::Unknown];
    }
    hints
        .into_iter()
        .map(|version| PackageVersion::Exact(version.to_owned()))
        .collect()
}

fn add(one: Match, most: Certainty, component: &Component, index: &Index, found: &mut Found) {
    let certainty = one.certainty.min(most);
    let entry = found.entry((one.id.clone(), certainty)).or_insert_with(|| {
        let vector = match &one.rating.basis {
            Basis::Cvss { vector, .. } => Some(vector.clone()),
            _ => None,
        };
        // What distributions repeat are other names of the same thing, by which the lists of exploited ones are asked.
        Vulnerability {
            references: vec![format!("https://osv.dev/vulnerability/{}", one.id)],
            id: one.id,
            aliases: one.aliases,
            description: one.summary,
            severity: one.rating.severity,
            vectors: vector.into_iter().collect(),
            published: Some(one.published).filter(|text| !text.is_empty()),
            source: Source::measured("OSV", &index.info().date),
            weaknesses: one.weaknesses,
            certainty: Some(certainty),
            ..Vulnerability::default()
        }
    });
    for upstream in one.upstream {
        if !entry.aliases.contains(&upstream) {
            entry.aliases.push(upstream);
        }
    }
    entry.aliases.sort();
    if !entry.affects.contains(&component.id) {
        entry.affects.push(component.id.clone());
    }
    for fixed in one.fixed {
        if !entry.fixed.contains(&fixed) {
            entry.fixed.push(fixed);
        }
    }
}

/// Adds how likely the use of a weakness is and whether it is in use.
fn enrich(one: &mut Vulnerability, known: &Known<'_>) {
    let ids: Vec<&String> = std::iter::once(&one.id).chain(&one.aliases).collect();
    let likelihood = known.epss.and_then(|epss| {
        let score = ids.iter().find_map(|id| epss.score(id))?;
        Some(Likelihood {
            probability: score.probability.to_string(),
            percentile: score.percentile.to_string(),
            date: epss.date.clone(),
        })
    });
    let exploitation = known.kev.and_then(|kev| {
        let entry = ids.iter().find_map(|id| kev.entry(id))?;
        Some(Exploitation {
            added: entry.added.clone(),
            due: entry.due.clone(),
            ransomware: entry.ransomware,
        })
    });
    one.likelihood = likelihood;
    one.exploitation = exploitation;
}

/// Looks a component up in a list of known-bad models. Bytes are proof; a name says that it may be the same.
fn look_up_listed(component: &Component, list: &KnownBad, found: &mut Found, listed: &mut BTreeSet<String>) {
    let by_digest = component
        .digest(DigestAlgorithm::Sha256)
        .and_then(bytes)
        .and_then(|digest| list.by_sha256(&digest));
    let by_name = repository(component).and_then(|name| list.by_huggingface(&name));
    let hits = [(by_digest, Certainty::Affected), (by_name, Certainty::Possible)];
    for (entry, certainty) in hits {
        let Some(entry) = entry else { continue };
        listed.insert(entry.id.clone());
        let vulnerability = found
            .entry((entry.id.clone(), certainty))
            .or_insert_with(|| Vulnerability {
                id: entry.id.clone(),
                description: entry.reason.clone(),
                severity: Some(entry.severity).or(Some(Severity::Critical)),
                references: entry.references.clone(),
                source: Source::given(&list.name),
                certainty: Some(certainty),
                ..Vulnerability::default()
            });
        if !vulnerability.affects.contains(&component.id) {
            vulnerability.affects.push(component.id.clone());
        }
    }
}

/// Returns the repository of the hub that a model or dataset is: `owner/name`, `datasets/owner/name`.
fn repository(component: &Component) -> Option<String> {
    let named = component
        .purl
        .as_ref()
        .and_then(|purl| PackageUrl::from_str(&purl.value).ok())
        .filter(|purl| purl.ty() == "huggingface")
        .and_then(|purl| Some(format!("{}/{}", purl.namespace()?, purl.name())));
    let own = || Some(format!("{}/{}", component.group.as_ref()?.value, component.name));
    match component.kind {
        ComponentKind::Model => named.or_else(own),
        ComponentKind::Dataset => own().map(|name| format!("datasets/{name}")),
        _ => named,
    }
}

/// Reads 64 hexadecimal digits.
fn bytes(hex: &str) -> Option<Sha256Digest> {
    let (pairs, rest) = hex.as_bytes().as_chunks::<2>();
    if pairs.len() != 32 || !rest.is_empty() {
        return None;
    }
    let mut digest = [0_u8; 32];
    for (byte, pair) in digest.iter_mut().zip(pairs) {
        let text = std::str::from_utf8(pair).ok()?;
        *byte = u8::from_str_radix(text, 16).ok()?;
    }
    Some(Sha256Digest(digest))
}

/// Returns the ecosystem without its release.
fn base(ecosystem: &str) -> &str {
    ecosystem::split(ecosystem).0
}
