//! Looks up everything that a bill of materials names.

use std::collections::BTreeMap;

use cleanbill_core::{
    Severity, Sha256Digest,
    bill::{Bill, Component, ComponentKind, DigestAlgorithm, Source, Vulnerability},
};

use crate::{Basis, Certainty, Gap, Index, IndexError, KnownBad, PackageVersion, PurlError, package_of_purl};

/// Property of a component that names the version of a library that wrote a file: what runs may be another.
const WRITTEN_BY: &str = "cleanbill:written-by-version";
/// Types of package URLs for which nobody publishes advisories by version; they are no gap.
const WITHOUT_ADVISORIES: &[&str] = &["generic", "huggingface", "mlflow", "oci"];

/// Holds what is known to be wrong with the components of a bill.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BillMatches {
    /// Weaknesses with the components that they concern, the worst first.
    pub vulnerabilities: Vec<Vulnerability>,
    /// Ids of weaknesses that are possible only, because the version is not pinned or not known; sorted.
    pub possible: Vec<String>,
    /// What could not be answered.
    pub gaps: Vec<Gap>,
    /// Components that were looked up.
    pub asked: usize,
    /// Ids of components, files and services apart, that nothing could be asked about: they have no package URL.
    pub unnamed: Vec<String>,
}

/// Looks up the packages of a bill in `index`, and its files and models in the lists of known-bad ones.
pub fn match_bill(
    index: Option<&Index>,
    known_bad: &[KnownBad],
    bill: &Bill,
) -> Result<BillMatches, IndexError> {
    let mut out = BillMatches::default();
    let mut found: BTreeMap<String, (Vulnerability, Certainty)> = BTreeMap::new();
    for component in &bill.components {
        for list in known_bad {
            listed(component, list, &mut found);
        }
        let Some(index) = index else { continue };
        let Some(purl) = &component.purl else {
            if matches!(component.kind, ComponentKind::Library | ComponentKind::Framework) {
                out.unnamed.push(component.id.clone());
            }
            continue;
        };
        let mut package = match package_of_purl(&purl.value) {
            Ok(package) => package,
            Err(PurlError::NoEcosystem { kind }) if WITHOUT_ADVISORIES.contains(&kind.as_str()) => continue,
            Err(_) => {
                out.unnamed.push(component.id.clone());
                continue;
            }
        };
        let written_by = component.properties.iter().find(|(name, _)| name == WRITTEN_BY);
        let mut most = Certainty::Affected;
        if package.version == PackageVersion::Unknown {
            if let Some(requirement) = &component.requirement {
                package.version = PackageVersion::Requirement(requirement.value.clone());
            } else if let Some((_, version)) = written_by {
                package.version = PackageVersion::Exact(version.value.clone());
                most = Certainty::Possible;
            }
        }
        out.asked = out.asked.saturating_add(1);
        let matches = index.query(&package)?;
        out.gaps.extend(matches.gaps);
        let date = &index.info().date;
        for one in matches.advisories {
            let certainty = one.certainty.min(most);
            let entry = found.entry(one.id.clone()).or_insert_with(|| {
                let vector = match &one.rating.basis {
                    Basis::Cvss { vector, .. } => Some(vector.clone()),
                    _ => None,
                };
                let vulnerability = Vulnerability {
                    id: one.id.clone(),
                    aliases: one.aliases.clone(),
                    description: one.summary.clone(),
                    severity: one.rating.severity,
                    vectors: vector.into_iter().collect(),
                    references: vec![format!("https://osv.dev/vulnerability/{}", one.id)],
                    published: Some(one.published.clone()).filter(|text| !text.is_empty()),
                    source: Source::measured("advisories", date),
                    ..Vulnerability::default()
                };
                (vulnerability, certainty)
            });
            entry.1 = entry.1.max(certainty);
            entry.0.affects.push(component.id.clone());
            for fixed in one.fixed {
                if !entry.0.fixed.contains(&fixed) {
                    entry.0.fixed.push(fixed);
                }
            }
        }
    }
    for (id, (vulnerability, certainty)) in found {
        if certainty == Certainty::Possible {
            out.possible.push(id);
        }
        out.vulnerabilities.push(vulnerability);
    }
    out.vulnerabilities
        .sort_by(|left, right| (right.severity, &left.id).cmp(&(left.severity, &right.id)));
    out.gaps.sort();
    out.gaps.dedup();
    Ok(out)
}

/// Looks a component up in a list of known-bad models.
fn listed(component: &Component, list: &KnownBad, found: &mut BTreeMap<String, (Vulnerability, Certainty)>) {
    let by_digest = component
        .digest(DigestAlgorithm::Sha256)
        .and_then(bytes)
        .and_then(|digest| list.by_sha256(&digest));
    let by_name = component
        .group
        .as_ref()
        .filter(|_| component.kind == ComponentKind::Model)
        .and_then(|group| list.by_huggingface(&format!("{}/{}", group.value, component.name)));
    for entry in [by_digest, by_name].into_iter().flatten() {
        let (vulnerability, _) = found.entry(entry.id.clone()).or_insert_with(|| {
            let vulnerability = Vulnerability {
                id: entry.id.clone(),
                description: entry.reason.clone(),
                severity: Some(entry.severity).or(Some(Severity::Critical)),
                references: entry.references.clone(),
                source: Source::given(&list.name),
                ..Vulnerability::default()
            };
            (vulnerability, Certainty::Affected)
        });
        if !vulnerability.affects.contains(&component.id) {
            vulnerability.affects.push(component.id.clone());
        }
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
