//! What a bill of someone else claims, against what a scan of the same thing found.

use std::collections::{BTreeMap, BTreeSet};

use cleanbill_core::bill::{Bill, Component, ComponentKind, DigestAlgorithm, Origin, RelationKind, Source};

use super::{
    compare::{Named, key, named},
    fields::{Field, fields},
    names::cyclonedx_hash,
};

/// Names a claim that the files contradict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// What it is claimed of.
    pub component: String,
    /// The field, by its name in [`fields`]; `relation:derived-from` for the base of a model.
    pub field: String,
    /// What is claimed.
    pub claimed: Vec<String>,
    /// What was found.
    pub found: Vec<String>,
    /// Where it was found.
    pub source: Source,
}

/// Names a file whose bytes are not those that are claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestMismatch {
    /// Path.
    pub path: String,
    /// The hash function.
    pub algorithm: DigestAlgorithm,
    /// The digest that is claimed.
    pub claimed: String,
    /// The digest of the bytes.
    pub found: String,
}

/// Says how a claimed bill stands against a found one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Against {
    /// Claimed files that are not there.
    pub missing: Vec<String>,
    /// Files that are there and not claimed.
    pub extra: Vec<String>,
    /// Files whose bytes differ.
    pub differing: Vec<DigestMismatch>,
    /// Files that stand under another path than claimed: claimed path, found path.
    pub moved: Vec<(String, String)>,
    /// Files that agree in a digest.
    pub agreeing: usize,
    /// Files that both name and whose digests cannot be compared.
    pub unproven: Vec<String>,
    /// Claims that the files contradict.
    pub contradicted: Vec<Contradiction>,
    /// Components, files apart, that were found and are not claimed.
    pub unclaimed: Vec<Named>,
    /// Whether the claimed bill lists files at all; where it does not, nothing is known of any file.
    pub lists_files: bool,
}

impl Against {
    /// Says whether the claims hold as far as they go. A bill that lists no files proves nothing about them.
    pub fn holds(&self) -> bool {
        self.lists_files
            && self.missing.is_empty()
            && self.extra.is_empty()
            && self.differing.is_empty()
            && self.moved.is_empty()
            && self.unproven.is_empty()
            && self.contradicted.is_empty()
    }
}

/// Compares what is claimed with what was found.
pub fn against(claimed: &Bill, found: &Bill) -> Against {
    let mut out = Against::default();
    files(claimed, found, &mut out);
    let mut claims: BTreeMap<String, &Component> = BTreeMap::new();
    for component in &claimed.components {
        claims.entry(key(component)).or_insert(component);
    }
    let claimed_model = only_model(claimed);
    for component in &found.components {
        if component.kind == ComponentKind::File {
            continue;
        }
        let claim = claims.get(&key(component)).copied().or_else(|| {
            // The one model of a bill is the one model of the other, whatever each calls it.
            let is_model = only_model(found).is_some_and(|one| one.id == component.id);
            claimed_model.filter(|_| is_model)
        });
        match claim {
            Some(claim) => contradictions(claimed, claim, found, component, &mut out.contradicted),
            None => out.unclaimed.push(named(component)),
        }
    }
    out
}

/// Returns the subject if it is a model, or the only model that is there.
fn only_model(bill: &Bill) -> Option<&Component> {
    if let Some(subject) = bill.subject().filter(|one| one.kind == ComponentKind::Model) {
        return Some(subject);
    }
    let ancestors: BTreeSet<&str> = bill
        .relations
        .iter()
        .filter(|one| one.kind == RelationKind::DerivedFrom)
        .map(|one| one.to.as_str())
        .collect();
    let all = bill.components.iter();
    let mut models =
        all.filter(|one| one.kind == ComponentKind::Model && !ancestors.contains(one.id.as_str()));
    let first = models.next()?;
    models.next().is_none().then_some(first)
}

fn path(file: &Component) -> String {
    let path = file.path.as_deref().unwrap_or(&file.name);
    path.trim_start_matches("./").to_owned()
}

fn by_path(bill: &Bill) -> BTreeMap<String, &Component> {
    let files = bill
        .components
        .iter()
        .filter(|one| one.kind == ComponentKind::File);
    files.map(|one| (path(one), one)).collect()
}

fn files(claimed: &Bill, found: &Bill, out: &mut Against) {
    let claims = by_path(claimed);
    let mut there = by_path(found);
    out.lists_files = !claims.is_empty();
    let mut absent = Vec::new();
    for (path, claim) in &claims {
        let Some(file) = there.remove(path) else {
            absent.push((path, *claim));
            continue;
        };
        match compare(claim, file) {
            Some(Ok(())) => out.agreeing += 1,
            Some(Err((algorithm, claimed, found))) => out.differing.push(DigestMismatch {
                path: path.clone(),
                algorithm,
                claimed,
                found,
            }),
            None => out.unproven.push(path.clone()),
        }
    }
    for (path, claim) in absent {
        let elsewhere = there
            .iter()
            .find(|(_, file)| compare(claim, file) == Some(Ok(())));
        match elsewhere.map(|(other, _)| other.clone()) {
            Some(other) => {
                there.remove(&other);
                out.moved.push((path.clone(), other));
            }
            None => out.missing.push(path.clone()),
        }
    }
    if out.lists_files {
        out.extra = there.into_keys().collect();
    }
}

type Mismatch = (DigestAlgorithm, String, String);

/// Compares the digests of two files; `None` where they share no hash function that still means something.
fn compare(claim: &Component, file: &Component) -> Option<Result<(), Mismatch>> {
    let mut is_proven = false;
    for algorithm in DigestAlgorithm::ALL {
        if let (Some(claimed), Some(found)) = (claim.digest(algorithm), file.digest(algorithm)) {
            if !claimed.eq_ignore_ascii_case(found) {
                return Some(Err((algorithm, claimed.to_owned(), found.to_owned())));
            }
            is_proven |= !matches!(algorithm, DigestAlgorithm::Md5 | DigestAlgorithm::Sha1);
        }
    }
    is_proven.then_some(Ok(()))
}

/// Fields that can be held against the files.
const COMPARED: [&str; 12] = [
    "version",
    "licence",
    "model.architecture",
    "model.family",
    "model.parameters",
    "model.context-length",
    "model.vocabulary",
    "model.element-type",
    "model.task",
    "dataset.size",
    "property:cleanbill:format",
    "digest",
];

/// Numbers that differ by less than this many hundredths of the larger agree: cards round.
const ROUNDING_PERCENT: u64 = 10;

fn contradictions(
    claimed: &Bill,
    claim: &Component,
    found: &Bill,
    component: &Component,
    out: &mut Vec<Contradiction>,
) {
    let values = |component: &Component| -> BTreeMap<String, Vec<Field>> {
        let mut out: BTreeMap<String, Vec<Field>> = BTreeMap::new();
        for field in fields(component) {
            // What a licence's text shows holds against what is declared.
            let name = if field.name == "licence-found" {
                "licence"
            } else {
                field.name.as_str()
            };
            out.entry(name.to_owned()).or_default().push(field);
        }
        out
    };
    let (claims, facts) = (values(claim), values(component));
    for (name, claims) in claims {
        let is_compared = COMPARED.iter().any(|one| {
            name.strip_prefix(one)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
        });
        let Some(facts) = facts.get(&name).filter(|_| is_compared) else {
            continue;
        };
        let is_file = |value: &str| {
            let mut files = found
                .components
                .iter()
                .filter(|one| one.kind == ComponentKind::File);
            let digests =
                |file: &Component, value: &str| file.digests.iter().any(|one| one.value.hex == value);
            name.starts_with("digest:") && files.any(|file| digests(file, value))
        };
        // The digest of a model is that of one of its files; which one is for the claim to choose.
        let agrees = claims.iter().any(|claim| {
            facts.iter().any(|fact| same(&name, &claim.value, &fact.value)) || is_file(&claim.value)
        });
        if !agrees {
            out.push(Contradiction {
                component: component.name.clone(),
                field: name,
                claimed: claims.into_iter().map(|one| one.value).collect(),
                found: facts.iter().map(|one| one.value.clone()).collect(),
                source: facts.first().map(|one| one.source.clone()).unwrap_or_default(),
            });
        }
    }
    bases(claimed, claim, found, component, out);
}

/// A model that was made from something else than is claimed.
fn bases(
    claimed: &Bill,
    claim: &Component,
    found: &Bill,
    component: &Component,
    out: &mut Vec<Contradiction>,
) {
    let keys = |bill: &Bill, id: &str| -> BTreeMap<String, String> {
        // What is only concluded contradicts nobody.
        let bases = bill
            .related(id, RelationKind::DerivedFrom)
            .filter(|one| one.source.origin != Origin::Concluded);
        bases
            .filter_map(|one| bill.component(&one.to))
            .map(|one| (key(one), one.name.clone()))
            .collect()
    };
    let (claims, facts) = (keys(claimed, &claim.id), keys(found, &component.id));
    let agrees = facts.iter().any(|(key, name)| {
        claims.contains_key(key) || claims.values().any(|claim| claim.eq_ignore_ascii_case(name))
    });
    if claims.is_empty() || facts.is_empty() || agrees {
        return;
    }
    let source = found
        .related(&component.id, RelationKind::DerivedFrom)
        .next()
        .map(|one| one.source.clone());
    out.push(Contradiction {
        component: component.name.clone(),
        field: "relation:derived-from".to_owned(),
        claimed: claims.into_values().collect(),
        found: facts.into_values().collect(),
        source: source.unwrap_or_default(),
    });
}

fn same(name: &str, claim: &str, fact: &str) -> bool {
    if claim.trim().eq_ignore_ascii_case(fact.trim()) {
        return true;
    }
    if name == "model.parameters"
        && let (Ok(claim), Ok(fact)) = (claim.parse::<u64>(), fact.parse::<u64>())
    {
        let tolerance = claim.max(fact) / 100 * ROUNDING_PERCENT;
        return claim.abs_diff(fact) <= tolerance;
    }
    false
}

impl DigestMismatch {
    /// Returns the name of the hash function.
    pub fn algorithm_name(&self) -> &'static str {
        cyclonedx_hash(self.algorithm)
    }
}
