//! An index of advisories: what it knows of itself, and the advisories of one package.

use std::{collections::BTreeMap, path::Path};

use cleanbill_core::Sha256Digest;

pub use crate::store::IndexError;
use crate::{
    codec::Reader,
    ecosystem, limits,
    matching::{Certainty, Gap, GapReason, Hit, Matches, Package, PackageVersion, join},
    range::{Answer, Unknown, evaluate, fixes},
    record::{Affected, GIT, Record},
    requirement,
    severity::Rating,
    store::{BLOCKS, RECORDS, Store},
    version::Order,
};

/// What an index knows of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexInfo {
    /// The day of the import, as its caller gave it: `2026-11-28`.
    pub date: String,
    /// Advisories that are kept.
    pub records: usize,
    /// Advisories that were withdrawn and are left out.
    pub withdrawn: usize,
    /// Advisories that name commits and no versions: kept, but nothing matches them.
    pub git_only: usize,
    /// Documents that could not be read and were passed over at the caller's wish.
    pub broken: usize,
    /// What was imported, sorted by name.
    pub sources: Vec<SourceInfo>,
    /// What is in it, sorted by name.
    pub ecosystems: Vec<EcosystemInfo>,
}

/// A file or folder that was imported.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceInfo {
    /// Last part of its path.
    pub name: String,
    /// SHA-256 of the file. Of a folder: of the lines that `sha256sum` prints for its files in the order of their names.
    pub sha256: Sha256Digest,
    /// Its size.
    pub size_bytes: u64,
    /// Documents that were read out of it, withdrawn ones and duplicates included.
    pub records: usize,
}

/// One ecosystem of an index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EcosystemInfo {
    /// Its name in the OSV schema, without release.
    pub name: String,
    /// Advisories that concern it.
    pub records: usize,
    /// Packages with advisories.
    pub packages: usize,
    /// The newest `modified` of its advisories; empty where none has one.
    pub newest: String,
    /// Releases that advisories speak of (`12` of `Debian:12`), sorted.
    pub releases: Vec<String>,
    /// Names of the sources it comes from, sorted.
    pub sources: Vec<String>,
}

/// An index that is open. Only the first names of its pages are in memory; a query reads a page and the advisories of one package.
#[derive(Debug)]
pub struct Index {
    store: Store,
}

impl Index {
    /// Opens an index and checks its outer structure.
    pub fn open(path: &Path) -> Result<Self, IndexError> {
        Store::open(path).map(|store| Self { store })
    }

    /// Returns what the index knows of itself.
    pub fn info(&self) -> &IndexInfo {
        &self.store.info
    }

    /// Returns the advisories of a package, joined by their aliases, and what could not be answered.
    pub fn query(&self, package: &Package) -> Result<Matches, IndexError> {
        let (name, release) = ecosystem::split(&package.ecosystem);
        let mut gaps = Gaps::default();
        let found = self
            .store
            .info
            .ecosystems
            .binary_search_by(|info| info.name.as_str().cmp(name));
        let Some((number, info)) = found
            .ok()
            .and_then(|number| Some((number, self.store.info.ecosystems.get(number)?)))
        else {
            gaps.add(GapReason::NoData, None);
            return Ok(Matches {
                advisories: Vec::new(),
                gaps: gaps.list(package),
            });
        };
        let knows_release = |known: &String| ecosystem::release_fits(known, release);
        if !release.is_empty() && !info.releases.is_empty() && !info.releases.iter().any(knows_release) {
            gaps.add(GapReason::NoRelease, None);
        }
        let normal = ecosystem::normalise(name, &package.name);
        let Some(block) = self.store.block(number, &normal)? else {
            return Ok(Matches {
                advisories: Vec::new(),
                gaps: gaps.list(package),
            });
        };
        let damaged = |damage| self.store.damaged(BLOCKS, damage);
        let order = ecosystem::order(name);
        let mut reader = Reader::new(&block);
        let mut verdicts: BTreeMap<(u64, u64), Vec<Verdict<'_>>> = BTreeMap::new();
        while !reader.is_empty() {
            let mut entry = || {
                let place = (reader.number()?, reader.number()?);
                let length = reader.count()?;
                Ok((place, Affected::read(reader.bytes(length)?)?))
            };
            let (place, affected) = entry().map_err(damaged)?;
            if ecosystem::release_fits(affected.release, release) {
                let verdict = judge(affected, package, name, release, order);
                verdicts.entry(place).or_default().push(verdict);
            }
        }
        let mut hits = Vec::new();
        for ((place, length), verdicts) in verdicts {
            let unknown = || verdicts.iter().find_map(|verdict| verdict.unknown);
            let certainty = verdicts.iter().filter_map(|verdict| verdict.certainty).max();
            if certainty.is_none() && unknown().is_none() {
                continue;
            }
            let bytes = self.store.record(place, length)?;
            let record = Record::read(&bytes).map_err(|damage| self.store.damaged(RECORDS, damage))?;
            let Some(certainty) = certainty else {
                gaps.add(
                    unknown().map_or(GapReason::NothingStated, reason),
                    Some(record.id),
                );
                continue;
            };
            if hits.len() >= limits::MATCHES {
                gaps.add(GapReason::TooMany, None);
                break;
            }
            hits.push(hit(&record, &verdicts, certainty));
        }
        Ok(Matches {
            advisories: join(hits, order),
            gaps: gaps.list(package),
        })
    }
}

/// What one affected package of an advisory says of the package that is asked for.
struct Verdict<'a> {
    affected: Affected<'a>,
    certainty: Option<Certainty>,
    unknown: Option<Unknown>,
    fixed: Vec<String>,
}

fn judge<'a>(
    affected: Affected<'a>,
    package: &Package,
    ecosystem: &str,
    release: &str,
    order: Option<Order>,
) -> Verdict<'a> {
    let all_fixes = |affected: &Affected<'_>| fixes(affected).map(str::to_owned).collect();
    let states_nothing = affected.ranges.is_empty() && affected.versions.is_empty();
    let (certainty, unknown, fixed) = match &package.version {
        // Of a repository only the tags that an advisory lists can be compared.
        PackageVersion::Exact(version)
            if ecosystem == GIT && affected.versions.iter().any(|listed| listed == version) =>
        {
            (Some(Certainty::Affected), None, Vec::new())
        }
        _ if ecosystem == GIT => (None, Some(Unknown::Commits), Vec::new()),
        PackageVersion::Exact(version) => match evaluate(&affected, version, order) {
            // Without a release it stays open which of them the package comes from.
            Answer::Affected { fixed } if release.is_empty() && !affected.release.is_empty() => {
                (Some(Certainty::Possible), None, fixed)
            }
            Answer::Affected { fixed } => (Some(Certainty::Affected), None, fixed),
            Answer::NotAffected => (None, None, Vec::new()),
            Answer::Unknown(why) => (None, Some(why), Vec::new()),
        },
        _ if states_nothing => {
            let why = if affected.has_commits {
                Unknown::Commits
            } else {
                Unknown::Nothing
            };
            (None, Some(why), Vec::new())
        }
        PackageVersion::Requirement(requirement) => {
            let may = requirement::may_bring_in(&affected, requirement, ecosystem, order);
            (may.then_some(Certainty::Possible), None, all_fixes(&affected))
        }
        PackageVersion::Unknown => (Some(Certainty::Possible), None, all_fixes(&affected)),
    };
    Verdict {
        affected,
        certainty,
        unknown,
        fixed,
    }
}

fn hit(record: &Record<'_>, verdicts: &[Verdict<'_>], certainty: Certainty) -> Hit {
    let matching = || verdicts.iter().filter(|verdict| verdict.certainty.is_some());
    let own = matching().flat_map(|verdict| verdict.affected.ratings.iter().copied());
    let words = matching().map(|verdict| verdict.affected.rating_word);
    let words: Vec<&str> = [record.rating_word].into_iter().chain(words).collect();
    let malicious = record.id.starts_with(MALICIOUS);
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Hit {
        id: record.id.to_owned(),
        aliases: owned(&record.aliases),
        related: owned(&record.related),
        upstream: owned(&record.upstream),
        summary: record.summary.to_owned(),
        weaknesses: record.weaknesses.clone(),
        published: record.published.to_owned(),
        modified: record.modified.to_owned(),
        rating: if malicious {
            Rating::malicious()
        } else {
            // A rating for the package goes before that of the advisory as a whole.
            let own = Rating::of(own, &[]);
            if own.severity.is_some() {
                own
            } else {
                Rating::of(record.ratings.iter().copied(), &words)
            }
        },
        certainty,
        fixed: matching()
            .flat_map(|verdict| verdict.fixed.iter().cloned())
            .collect(),
    }
}

fn reason(unknown: Unknown) -> GapReason {
    match unknown {
        Unknown::NoOrder => GapReason::NoOrder,
        Unknown::Version => GapReason::VersionUnreadable,
        Unknown::Range => GapReason::RangeUnreadable,
        Unknown::Commits => GapReason::CommitsOnly,
        Unknown::Nothing => GapReason::NothingStated,
    }
}

/// Collects gaps, one for each reason.
#[derive(Default)]
struct Gaps(BTreeMap<GapReason, Vec<String>>);

impl Gaps {
    fn add(&mut self, reason: GapReason, id: Option<&str>) {
        let ids = self.0.entry(reason).or_default();
        ids.extend(id.map(str::to_owned));
    }

    fn list(self, package: &Package) -> Vec<Gap> {
        let gaps = self.0.into_iter().map(|(reason, mut advisories)| {
            advisories.sort_unstable();
            Gap {
                package: package.clone(),
                reason,
                advisories,
            }
        });
        gaps.collect()
    }
}

/// Start of the ids of packages that were published to do harm.
pub(crate) const MALICIOUS: &str = "MAL-";
