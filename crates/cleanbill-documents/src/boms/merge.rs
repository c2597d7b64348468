//! Several bills as the bill of one system.

use std::collections::{BTreeMap, BTreeSet};

use cleanbill_core::bill::{Bill, Component, ComponentKind, Relation, RelationKind, Source, Sourced};

use super::{
    compare::{Change, changes},
    purl,
};

/// Holds a bill with the name that its ids are put under.
#[derive(Clone, Debug)]
pub struct Part {
    /// The name; parts must not share one.
    pub name: String,
    /// The bill.
    pub bill: Bill,
}

/// Names a component of which two parts say different things. What the first part says stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Id in the merged bill.
    pub id: String,
    /// Name.
    pub name: String,
    /// The part whose word stands.
    pub kept: String,
    /// The part that says otherwise.
    pub other: String,
    /// What differs: `before` is kept, `after` is not.
    pub changes: Vec<Change>,
}

/// Holds a merged bill.
#[derive(Clone, Debug)]
pub struct Merged {
    /// The bill of the system.
    pub bill: Bill,
    /// Where parts contradict each other.
    pub conflicts: Vec<Conflict>,
}

/// Merges bills below a system. The same package in the same version is one component, wherever it stands; files never are:
/// each belongs to its part. Tool, time and authors are left to the caller, who makes the document.
pub fn merge(system: Component, parts: &[Part]) -> Merged {
    let mut bill = Bill {
        subject: system.id.clone(),
        components: vec![system],
        ..Bill::default()
    };
    let mut conflicts = Vec::new();
    // Where a package of an exact version stands in the merged bill, and which part brought it.
    let mut places: BTreeMap<purl::Named, (usize, &str)> = BTreeMap::new();
    for part in parts {
        let mut ids: BTreeMap<&str, String> = BTreeMap::new();
        for component in &part.bill.components {
            let identity = identity(component);
            if let Some((place, first)) = identity.as_ref().and_then(|one| places.get(one)).copied()
                && let Some(mine) = bill.components.get_mut(place)
            {
                ids.insert(&component.id, mine.id.clone());
                let contradictions: Vec<Change> = changes(mine, component)
                    .into_iter()
                    .filter(|one| !one.before.is_empty() && !one.after.is_empty())
                    .filter(|one| !LISTS.iter().any(|list| one.field.starts_with(list)))
                    .collect();
                if !contradictions.is_empty() {
                    conflicts.push(Conflict {
                        id: mine.id.clone(),
                        name: mine.name.clone(),
                        kept: first.to_owned(),
                        other: part.name.clone(),
                        changes: contradictions,
                    });
                }
                mine.complete(component.clone());
                continue;
            }
            let id = format!("{}/{}", part.name, component.id);
            ids.insert(&component.id, id.clone());
            if let Some(identity) = identity {
                places.insert(identity, (bill.components.len(), &part.name));
            }
            let mut component = component.clone();
            component.id = id;
            bill.components.push(component);
        }
        join(part, &ids, &mut bill);
    }
    bill.phases.sort();
    bill.phases.dedup();
    bill.settle();
    Merged { bill, conflicts }
}

/// Fields that may well hold more than one value.
const LISTS: [&str; 4] = ["reference:", "property:", "licence-found", "path"];

fn identity(component: &Component) -> Option<purl::Named> {
    if component.kind == ComponentKind::File {
        return None;
    }
    purl::named(&component.purl.as_ref()?.value).filter(|one| one.version.is_some())
}

/// Takes over what joins the components of a part, under their new ids.
fn join(part: &Part, ids: &BTreeMap<&str, String>, bill: &mut Bill) {
    let new = |id: &str| ids.get(id).cloned();
    for relation in &part.bill.relations {
        if let (Some(from), Some(to)) = (new(&relation.from), new(&relation.to)) {
            bill.relations.push(Relation {
                from,
                to,
                ..relation.clone()
            });
        }
    }
    // What stands beside others in its part belongs to the system itself.
    let roots: Vec<String> = if let Some(subject) = new(&part.bill.subject) {
        vec![subject]
    } else {
        let held: BTreeSet<&str> = part.bill.relations.iter().map(|one| one.to.as_str()).collect();
        let all = part.bill.components.iter();
        all.filter(|one| !held.contains(one.id.as_str()))
            .filter_map(|one| new(&one.id))
            .collect()
    };
    for to in roots {
        bill.relations.push(Relation {
            from: bill.subject.clone(),
            kind: RelationKind::Contains,
            to,
            detail: String::new(),
            source: Source::given(&part.name),
        });
    }
    for one in &part.bill.vulnerabilities {
        let mut one = one.clone();
        one.affects = one.affects.iter().filter_map(|id| new(id)).collect();
        if !bill.vulnerabilities.contains(&one) {
            bill.vulnerabilities.push(one);
        }
    }
    bill.properties.extend(part.bill.properties.iter().cloned());
    for one in &part.bill.processes {
        let mut one = one.clone();
        one.id = format!("{}/{}", part.name, one.id);
        for list in [&mut one.inputs, &mut one.outputs] {
            let known = std::mem::take(list).into_iter();
            list.extend(known.filter_map(|id| Some(Sourced::new(new(&id.value)?, id.source))));
        }
        bill.processes.push(one);
    }
    bill.phases.extend(part.bill.phases.iter().cloned());
}
