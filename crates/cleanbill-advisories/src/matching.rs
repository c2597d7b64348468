//! What a query asks and what it answers; advisories that are aliases of one another become one.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashMap},
};

pub use cleanbill_core::bill::Certainty;
use cleanbill_core::{Text, text};

use crate::{fault::printable, index::MALICIOUS, severity::Rating, version::Order};

/// A package to look up.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Package {
    /// Ecosystem as the OSV schema writes it, with the release where there is one: `PyPI`, `Debian:12`.
    pub ecosystem: String,
    /// Name, in any spelling that the ecosystem takes for the same.
    pub name: String,
    /// What is known of its version.
    pub version: PackageVersion,
}

/// What is known of the version of a package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PackageVersion {
    /// The version.
    Exact(String),
    /// A requirement in the notation of the ecosystem, as `>=1.2,<2`: advisories that it may bring in are possible.
    Requirement(String),
    /// Nothing: every advisory is possible.
    Unknown,
}

impl Package {
    /// Names a package of a known version.
    pub fn exact(ecosystem: impl Into<String>, name: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            ecosystem: ecosystem.into(),
            name: name.into(),
            version: PackageVersion::Exact(version.into()),
        }
    }
}

/// The answer to a query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matches {
    /// Advisories, the worst first.
    pub advisories: Vec<Match>,
    /// What could not be answered. A result with gaps is partial, whatever it found.
    pub gaps: Vec<Gap>,
}

/// One thing that is known to be wrong with the package, whatever the number of advisories that say so.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// Id of the advisory that stands for all.
    pub id: String,
    /// All other ids of the same thing, sorted.
    pub aliases: Vec<String>,
    /// Advisories of the index that say it, sorted; `id` is one of them.
    pub advisories: Vec<String>,
    /// Ids of other things that have to do with it, sorted.
    pub related: Vec<String>,
    /// Ids of what distributions repeat, sorted.
    pub upstream: Vec<String>,
    /// One line; may be empty.
    pub summary: String,
    /// How bad it is: the worst that one of the advisories says.
    pub rating: Rating,
    /// The package was published to do harm.
    pub malicious: bool,
    /// How sure it is that this version is affected.
    pub certainty: Certainty,
    /// Versions that repair it, in their order.
    pub fixed: Vec<String>,
    /// Kinds of weakness as numbers of the CWE list, sorted.
    pub weaknesses: Vec<u32>,
    /// When the first of the advisories was published; may be empty.
    pub published: String,
    /// When the last of them was changed; may be empty.
    pub modified: String,
}

impl Match {
    /// Returns every id of it, aliases and what distributions repeat included: by these, EPSS and KEV are looked up.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        let others = self.aliases.iter().chain(&self.upstream);
        std::iter::once(self.id.as_str()).chain(others.map(String::as_str))
    }
}

/// Something that could not be answered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// The package.
    pub package: Package,
    /// Why.
    pub reason: GapReason,
    /// Advisories of the package that stay undecided for this reason, sorted; empty where it concerns the package as a whole.
    pub advisories: Vec<String>,
}

/// Says why something could not be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum GapReason {
    /// The index has no advisories of the ecosystem.
    NoData,
    /// The index has no advisories of this release of the distribution.
    NoRelease,
    /// Versions of the ecosystem have no order that is known here.
    NoOrder,
    /// The version of the package cannot be read.
    VersionUnreadable,
    /// A version in the advisory cannot be read.
    RangeUnreadable,
    /// The advisory names commits only.
    CommitsOnly,
    /// The advisory names neither versions nor ranges.
    NothingStated,
    /// There are more advisories than are reported for one package.
    TooMany,
}

impl Gap {
    /// Says it in words.
    pub fn text(&self) -> Text {
        let ecosystem = printable(&self.package.ecosystem);
        let name = printable(&self.package.name);
        let version = match &self.package.version {
            PackageVersion::Exact(version) | PackageVersion::Requirement(version) => printable(version),
            PackageVersion::Unknown => String::new(),
        };
        let count = self.advisories.len();
        match self.reason {
            GapReason::NoData => text!(
                "no advisories of `{ecosystem}` were imported: `{name}` was not checked",
                "未导入 `{ecosystem}` 的安全公告：未检查 `{name}`"
            ),
            GapReason::NoRelease => text!(
                "no advisories of the release `{ecosystem}` were imported: `{name}` was not fully checked",
                "未导入发行版 `{ecosystem}` 的安全公告：未完整检查 `{name}`"
            ),
            GapReason::NoOrder => text!(
                "versions of `{ecosystem}` are not comparable: {count} advisories of `{name}` undecided",
                "`{ecosystem}` 的版本无法比较：`{name}` 的 {count} 条安全公告未判定"
            ),
            GapReason::VersionUnreadable => text!(
                "version `{version}` of `{name}` is not comparable: {count} advisories undecided",
                "`{name}` 的版本 `{version}` 无法比较：{count} 条安全公告未判定"
            ),
            GapReason::RangeUnreadable => text!(
                "{count} advisories of `{name}` name versions that are not comparable: undecided",
                "`{name}` 的 {count} 条安全公告含有无法比较的版本：未判定"
            ),
            GapReason::CommitsOnly => text!(
                "{count} advisories of `{name}` name commits only: undecided",
                "`{name}` 的 {count} 条安全公告仅列出提交：未判定"
            ),
            GapReason::NothingStated => text!(
                "{count} advisories of `{name}` name neither versions nor ranges: undecided",
                "`{name}` 的 {count} 条安全公告未列出版本或范围：未判定"
            ),
            GapReason::TooMany => text!(
                "`{name}` has more advisories than are reported for one package",
                "`{name}` 的安全公告数量超过单个软件包的报告上限"
            ),
        }
    }
}

/// One advisory that matches, before aliases are joined.
#[derive(Debug)]
pub(crate) struct Hit {
    pub(crate) id: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) related: Vec<String>,
    pub(crate) upstream: Vec<String>,
    pub(crate) summary: String,
    pub(crate) weaknesses: Vec<u32>,
    pub(crate) published: String,
    pub(crate) modified: String,
    pub(crate) rating: Rating,
    pub(crate) certainty: Certainty,
    pub(crate) fixed: Vec<String>,
}

/// Joins advisories that share an id, and sorts them, the worst first.
pub(crate) fn join(mut hits: Vec<Hit>, order: Option<Order>) -> Vec<Match> {
    hits.sort_by(|left, right| left.id.cmp(&right.id));
    // Union-find over the numbers of the advisories, by the first that has each id.
    let mut parents: Vec<usize> = (0..hits.len()).collect();
    let mut owners: HashMap<&str, usize> = HashMap::new();
    for (number, hit) in hits.iter().enumerate() {
        for id in std::iter::once(&hit.id).chain(&hit.aliases) {
            let owner = *owners.entry(id.as_str()).or_insert(number);
            let (left, right) = (root(&parents, owner), root(&parents, number));
            if let Some(parent) = parents.get_mut(left.max(right)) {
                *parent = left.min(right);
            }
        }
    }
    let mut groups: Vec<(usize, Vec<Hit>)> = Vec::new();
    let mut places: HashMap<usize, usize> = HashMap::new();
    for (number, hit) in hits.into_iter().enumerate() {
        let root = root(&parents, number);
        let place = *places.entry(root).or_insert_with(|| {
            groups.push((root, Vec::new()));
            groups.len().saturating_sub(1)
        });
        if let Some((_, group)) = groups.get_mut(place) {
            group.push(hit);
        }
    }
    let mut matches: Vec<Match> = groups
        .into_iter()
        .filter_map(|(_, group)| merge(group, order))
        .collect();
    matches.sort_by(|left, right| {
        let key = |found: &Match| {
            (
                Reverse(found.malicious),
                Reverse(found.rating.severity),
                Reverse(found.certainty),
            )
        };
        key(left).cmp(&key(right)).then_with(|| left.id.cmp(&right.id))
    });
    matches
}

fn root(parents: &[usize], mut number: usize) -> usize {
    // Parents have lower numbers, so this ends.
    while let Some(parent) = parents.get(number).copied().filter(|parent| *parent < number) {
        number = parent;
    }
    number
}

fn merge(group: Vec<Hit>, order: Option<Order>) -> Option<Match> {
    let first = group
        .iter()
        .min_by_key(|hit| (preference(&hit.id), hit.id.clone()))?;
    let id = first.id.clone();
    let summary = std::iter::once(first)
        .chain(&group)
        .map(|hit| &hit.summary)
        .find(|summary| !summary.is_empty());
    let mut found = Match {
        summary: summary.cloned().unwrap_or_default(),
        published: group
            .iter()
            .map(|hit| &hit.published)
            .filter(|date| !date.is_empty())
            .min()
            .cloned()
            .unwrap_or_default(),
        modified: group
            .iter()
            .map(|hit| &hit.modified)
            .max()
            .cloned()
            .unwrap_or_default(),
        weaknesses: Vec::new(),
        malicious: group.iter().any(|hit| hit.id.starts_with(MALICIOUS)),
        certainty: group.iter().map(|hit| hit.certainty).max()?,
        aliases: Vec::new(),
        advisories: group.iter().map(|hit| hit.id.clone()).collect(),
        related: Vec::new(),
        upstream: Vec::new(),
        rating: Rating {
            severity: None,
            basis: crate::severity::Basis::Unknown,
        },
        fixed: Vec::new(),
        id,
    };
    let (mut aliases, mut related, mut upstream, mut fixed) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for hit in group {
        found.rating = found.rating.worse(hit.rating);
        aliases.insert(hit.id);
        aliases.extend(hit.aliases);
        related.extend(hit.related);
        upstream.extend(hit.upstream);
        fixed.extend(hit.fixed);
        found.weaknesses.extend(hit.weaknesses);
    }
    found.weaknesses.sort_unstable();
    found.weaknesses.dedup();
    aliases.remove(&found.id);
    related.retain(|id| *id != found.id && !aliases.contains(id));
    upstream.retain(|id| *id != found.id && !aliases.contains(id));
    found.aliases = aliases.into_iter().collect();
    found.related = related.into_iter().collect();
    found.upstream = upstream.into_iter().collect();
    found.fixed = fixed.into_iter().collect();
    if let Some(order) = order {
        let mut read: Vec<_> = found
            .fixed
            .iter()
            .map(|text| (order.parse(text), text.clone()))
            .collect();
        if read.iter().all(|(version, _)| version.is_some()) {
            read.sort_by(|left, right| match (&left.0, &right.0) {
                (Some(left), Some(right)) => left.against(right),
                _ => std::cmp::Ordering::Equal,
            });
            found.fixed = read.into_iter().map(|(_, text)| text).collect();
        }
    }
    if found.malicious {
        found.rating = Rating::malicious();
    }
    Some(found)
}

/// Malice first, then the databases that rate and describe, then all others by name.
fn preference(id: &str) -> usize {
    [
        MALICIOUS, "GHSA-", "RUSTSEC-", "GO-", "PYSEC-", "DSA-", "DLA-", "USN-",
    ]
    .iter()
    .position(|start| id.starts_with(start))
    .unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use cleanbill_core::Severity;

    use super::*;
    use crate::severity::Basis;

    fn hit(id: &str, aliases: &[&str], word: Option<Severity>) -> Hit {
        Hit {
            id: id.to_owned(),
            aliases: aliases.iter().map(|id| (*id).to_owned()).collect(),
            related: vec!["CVE-9".to_owned()],
            upstream: Vec::new(),
            summary: String::new(),
            weaknesses: Vec::new(),
            published: "2024-01-01".to_owned(),
            modified: id.to_owned(),
            rating: Rating {
                severity: word,
                basis: Basis::Unknown,
            },
            certainty: Certainty::Affected,
            fixed: vec!["1.10".to_owned(), "1.9".to_owned()],
        }
    }

    #[test]
    fn aliases_become_one_and_related_stay_apart() {
        let hits = vec![
            hit("PYSEC-1", &["CVE-1"], None),
            hit("GHSA-a", &["CVE-1", "CVE-9"], Some(Severity::High)),
            hit("GHSA-b", &["CVE-2"], Some(Severity::Low)),
            hit("CVE-2", &[], Some(Severity::Medium)),
            hit("MAL-1", &[], None),
        ];
        let found = join(hits, Some(Order::Pep440));
        let ids: Vec<_> = found
            .iter()
            .map(|found| (found.id.as_str(), found.aliases.join(" ")))
            .collect();
        assert_eq!(
            ids,
            [
                ("MAL-1", String::new()),
                ("GHSA-a", "CVE-1 CVE-9 PYSEC-1".to_owned()),
                ("GHSA-b", "CVE-2".to_owned()),
            ]
        );
        assert_eq!(found[0].rating.severity, Some(Severity::Critical));
        assert_eq!(found[2].rating.severity, Some(Severity::Medium));
        assert!(found[1].related.is_empty() && found[2].related == ["CVE-9"]);
        assert_eq!(found[1].fixed, ["1.9", "1.10"]);
    }
}
