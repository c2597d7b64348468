//! What changed between two bills.

use std::collections::{BTreeMap, BTreeSet};

use cleanbill_core::bill::{Bill, Component, ComponentKind, RelationKind};

use super::{fields::fields, purl};

/// Says how a component differs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// The field, by its name in [`fields`].
    pub field: String,
    /// Its values before.
    pub before: Vec<String>,
    /// Its values after.
    pub after: Vec<String>,
}

/// Names a component that stands in both bills and is not the same in them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Changed {
    /// Id before.
    pub before: String,
    /// Id after.
    pub after: String,
    /// Name after.
    pub name: String,
    /// What differs, sorted by field.
    pub changes: Vec<Change>,
}

/// Names a component.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// Its kind.
    pub kind: ComponentKind,
    /// Its name.
    pub name: String,
    /// Its version; empty where there is none.
    pub version: String,
    /// Its id within its bill.
    pub id: String,
}

/// Names a relation by the names of what it joins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedRelation {
    /// What it begins at.
    pub from: String,
    /// What joins the two.
    pub kind: RelationKind,
    /// What it leads to.
    pub to: String,
}

/// Says how two bills differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Components of the second alone.
    pub added: Vec<Named>,
    /// Components of the first alone.
    pub removed: Vec<Named>,
    /// Components of both that differ.
    pub changed: Vec<Changed>,
    /// Relations of the second alone.
    pub relations_added: Vec<NamedRelation>,
    /// Relations of the first alone.
    pub relations_removed: Vec<NamedRelation>,
    /// Ids of known weaknesses of the second alone.
    pub vulnerabilities_added: Vec<String>,
    /// Ids of known weaknesses of the first alone.
    pub vulnerabilities_removed: Vec<String>,
}

impl Difference {
    /// Says whether the bills say the same.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Compares two bills. Components belong together by their package URL without version, files by their path, others by kind,
/// group and name: ids within documents are often made up anew.
pub fn diff(before: &Bill, after: &Bill) -> Difference {
    let mut out = Difference::default();
    let mut pairs: Vec<(&Component, &Component)> = Vec::new();
    let mut old = keyed(before);
    for (key, news) in keyed(after) {
        let mut olds = old.remove(&key).unwrap_or_default();
        let mut rest = Vec::new();
        // First those that agree in most, so that one changed of several is told as that one.
        let agreements: [fn(&Component, &Component) -> bool; 3] = [
            |one, other| one.id == other.id && version(one) == version(other),
            |one, other| version(one) == version(other),
            |one, other| one.id == other.id,
        ];
        for new in news {
            let found = agreements
                .iter()
                .find_map(|agrees| olds.iter().position(|old| agrees(old, new)));
            match found {
                Some(index) => pairs.push((olds.remove(index), new)),
                None => rest.push(new),
            }
        }
        let mut olds = olds.into_iter();
        for new in rest {
            match olds.next() {
                Some(old) => pairs.push((old, new)),
                None => out.added.push(named(new)),
            }
        }
        out.removed.extend(olds.map(named));
    }
    out.removed.extend(old.into_values().flatten().map(named));
    let mut same: BTreeMap<&str, &str> = BTreeMap::new();
    for (old, new) in pairs {
        same.insert(&old.id, &new.id);
        let changes = changes(old, new);
        if !changes.is_empty() {
            out.changed.push(Changed {
                before: old.id.clone(),
                after: new.id.clone(),
                name: new.name.clone(),
                changes,
            });
        }
    }
    relations(before, after, &same, &mut out);
    let ids =
        |bill: &Bill| -> BTreeSet<String> { bill.vulnerabilities.iter().map(|one| one.id.clone()).collect() };
    let (first, second) = (ids(before), ids(after));
    out.vulnerabilities_added = second.difference(&first).cloned().collect();
    out.vulnerabilities_removed = first.difference(&second).cloned().collect();
    out.added.sort();
    out.removed.sort();
    out.changed
        .sort_by(|one, other| (&one.name, &one.after).cmp(&(&other.name, &other.after)));
    out
}

/// Returns what a component goes by in other bills.
pub(super) fn key(component: &Component) -> String {
    if component.kind == ComponentKind::File {
        let path = component.path.as_deref().unwrap_or(&component.name);
        return format!("file:{}", path.trim_start_matches("./"));
    }
    if let Some(named) = component.purl.as_ref().and_then(|one| purl::named(&one.value)) {
        return format!("purl:{}", named.package);
    }
    let group = component.group.as_ref().map_or("", |one| one.value.as_str());
    format!("{}:{group}/{}", component.kind.as_str(), component.name)
}

fn keyed(bill: &Bill) -> BTreeMap<String, Vec<&Component>> {
    let mut out: BTreeMap<String, Vec<&Component>> = BTreeMap::new();
    for component in &bill.components {
        out.entry(key(component)).or_default().push(component);
    }
    out
}

fn version(component: &Component) -> Option<&str> {
    component.version.as_ref().map(|one| one.value.as_str())
}

pub(super) fn named(component: &Component) -> Named {
    Named {
        kind: component.kind,
        name: component.name.clone(),
        version: version(component).unwrap_or_default().to_owned(),
        id: component.id.clone(),
    }
}

/// Lists the fields in which two components differ, sources apart.
pub(super) fn changes(old: &Component, new: &Component) -> Vec<Change> {
    let mut values: BTreeMap<String, (Vec<String>, Vec<String>)> = BTreeMap::new();
    for field in fields(old) {
        values.entry(field.name).or_default().0.push(field.value);
    }
    for field in fields(new) {
        values.entry(field.name).or_default().1.push(field.value);
    }
    values
        .into_iter()
        .filter_map(|(field, (mut before, mut after))| {
            before.sort();
            before.dedup();
            after.sort();
            after.dedup();
            (before != after).then_some(Change { field, before, after })
        })
        .collect()
}

fn relations(before: &Bill, after: &Bill, same: &BTreeMap<&str, &str>, out: &mut Difference) {
    let new: BTreeSet<(&str, RelationKind, &str)> = after
        .relations
        .iter()
        .map(|one| (one.from.as_str(), one.kind, one.to.as_str()))
        .collect();
    let mut kept: BTreeSet<(&str, RelationKind, &str)> = BTreeSet::new();
    let name = |bill: &Bill, id: &str| bill.component(id).map_or(id.to_owned(), |one| one.name.clone());
    for one in &before.relations {
        let from = same.get(one.from.as_str()).copied().unwrap_or(&one.from);
        let to = same.get(one.to.as_str()).copied().unwrap_or(&one.to);
        match new.get(&(from, one.kind, to)) {
            Some(found) => {
                kept.insert(*found);
            }
            None => out.relations_removed.push(NamedRelation {
                from: name(before, &one.from),
                kind: one.kind,
                to: name(before, &one.to),
            }),
        }
    }
    for (from, kind, to) in new.difference(&kept) {
        out.relations_added.push(NamedRelation {
            from: name(after, from),
            kind: *kind,
            to: name(after, to),
        });
    }
    out.relations_added.sort();
    out.relations_removed.sort();
}
