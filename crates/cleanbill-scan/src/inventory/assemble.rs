mod making;

use std::collections::{BTreeMap, BTreeSet};

use cleanbill_core::bill::{
    Bill, Component, ComponentKind, Digest, Party, Relation, RelationKind, Source, Sourced,
};

use cleanbill_licences::read_declared;

use sha2::{Digest as _, Sha256};

use super::{Entry, Rank, extract::sha256, purl};
use crate::Outcome;

/// Says what a target is, where its caller knows more than its files tell.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// Name of the model or system.
    pub name: Option<Sourced<String>>,
    /// Organisation before the name.
    pub group: Option<Sourced<String>>,
    /// Version or revision.
    pub version: Option<Sourced<String>>,
    /// Who provides it.
    pub supplier: Option<Sourced<String>>,
    /// Type of the package URL where the target is a repository: `huggingface`.
    pub purl_kind: Option<&'static str>,
    /// The folder's own name, which stands in where nothing else names the target.
    pub folder: String,
    /// Time of the bill, RFC 3339.
    pub timestamp: Option<String>,
}

/// Makes the bill of what was scanned with [`Options::inventory`](crate::Options::inventory).
pub fn bill(outcome: &Outcome, about: &About) -> Bill {
    let mut entries: BTreeMap<&str, &Entry> = BTreeMap::new();
    for facts in &outcome.facts {
        if let Some(entry) = &facts.inventory {
            entries.insert(&facts.path, entry);
        }
    }
    let roots = model_folders(&entries);
    let whole = roots.len() == 1 && roots.contains("");
    let mut bill = Bill {
        tool: Some(outcome.report.tool.clone()),
        timestamp: about.timestamp.clone(),
        // What is described was built before: its files were looked at.
        phases: vec!["post-build".to_owned()],
        ..Bill::default()
    };
    let mut models: BTreeMap<&str, Vec<(Rank, &Component)>> = BTreeMap::new();
    let mut owners: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    for (path, entry) in &entries {
        let owner = owner(&roots, path);
        owners.insert(path, owner);
        if let Some(folder) = owner {
            let statements = entry.statements.iter().map(|(rank, one)| (*rank, one));
            models.entry(folder).or_default().extend(statements);
        }
    }
    // Ids of the models by folder.
    let mut ids: BTreeMap<&str, String> = BTreeMap::new();
    for (folder, mut statements) in models {
        statements.sort_by_key(|(rank, _)| *rank);
        let about = if whole { Some(about) } else { None };
        let model = model(folder, &statements, about);
        ids.insert(folder, model.id.clone());
        bill.components.push(model);
    }
    // A folder that is one unpacked package is that package.
    let package = if whole { None } else { only_package(&entries) };
    bill.subject = match ids.iter().next() {
        Some((_, id)) if whole => id.clone(),
        _ => {
            let system = system(about, package, &entries);
            let id = system.id.clone();
            for model in ids.values() {
                bill.relations
                    .push(contains(&id, model, "model", Source::concluded("", "folders")));
            }
            bill.components.push(system);
            id
        }
    };
    let package = package.map(|one| one.id.as_str());
    let mut processes = Vec::new();
    let mut weights: BTreeMap<String, Vec<Sourced<Digest>>> = BTreeMap::new();
    let mut listed: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, entry) in &entries {
        let holder = owners
            .get(path)
            .copied()
            .flatten()
            .and_then(|folder| ids.get(folder))
            .unwrap_or(&bill.subject)
            .clone();
        let mut file = entry.file.clone();
        let digest = digest_of(outcome, path);
        let line = digest.as_ref().map(|digest| format!("{digest}  {path}\n"));
        for holder in BTreeSet::from([&holder, &bill.subject]) {
            let lines = listed.entry(holder.clone()).or_default();
            lines.push(line.clone().unwrap_or_default());
        }
        if let Some(digest) = digest {
            let digest = sha256(path, digest);
            if entry.is_weights && owners.get(path).copied().flatten().is_some() {
                weights.entry(holder.clone()).or_default().push(digest.clone());
            }
            file.digests.push(digest);
        }
        bill.relations.push(contains(
            &holder,
            &file.id,
            "file",
            Source::measured(path, "listing"),
        ));
        bill.components.push(file);
        let components = entry.components.iter();
        bill.components
            .extend(components.filter(|one| Some(one.id.as_str()) != package).cloned());
        for process in &entry.processes {
            processes.push((holder.clone(), process.clone()));
        }
        for relation in &entry.relations {
            let mut relation = relation.clone();
            if relation.from.is_empty() {
                relation.from.clone_from(&holder);
            }
            for end in [&mut relation.from, &mut relation.to] {
                if Some(end.as_str()) == package {
                    end.clone_from(&bill.subject);
                }
            }
            // A card that names its own model as its base says nothing.
            if relation.from != relation.to {
                bill.relations.push(relation);
            }
        }
    }
    // A model with one file of weights is known by the digest of that file.
    for (id, digests) in weights {
        if let ([digest], Some(model)) = (
            digests.as_slice(),
            bill.components.iter_mut().find(|one| one.id == id),
        ) {
            model.digests.push(digest.clone());
        }
    }
    for (id, lines) in listed {
        fingerprint(&mut bill, &id, &lines);
    }
    making::drop_loaded_from(&mut bill);
    making::make(&mut bill, processes);
    for component in &mut bill.components {
        for licence in &mut component.licences {
            let licence = &mut licence.value;
            if licence.expression.is_none() {
                let declared = read_declared(&licence.stated);
                licence.expression = declared.expression().map(ToString::to_string);
            }
        }
    }
    bill.settle();
    bill
}

/// Finds the folders that are models: the outermost that hold one, and those below with a card of their own.
fn model_folders<'a>(entries: &BTreeMap<&'a str, &'a Entry>) -> BTreeSet<&'a str> {
    let folder = |path: &'a str| path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let with = |wanted: fn(&Entry) -> bool| -> BTreeSet<&'a str> {
        entries
            .iter()
            .filter(|(_, entry)| wanted(entry))
            .map(|(path, _)| folder(path))
            .collect()
    };
    let carded = with(|entry| entry.has_card);
    let mut roots: BTreeSet<&str> = BTreeSet::new();
    // Shorter paths sort before those below them.
    for candidate in with(|entry| entry.is_model) {
        let below = roots.iter().any(|root| is_below(candidate, root));
        if !below || carded.contains(candidate) {
            roots.insert(candidate);
        }
    }
    roots
}

fn is_below(path: &str, folder: &str) -> bool {
    folder.is_empty()
        || path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.starts_with('/'))
}

/// Returns the innermost model's folder that a file lies in.
fn owner<'a>(roots: &BTreeSet<&'a str>, path: &str) -> Option<&'a str> {
    roots
        .iter()
        .filter(|root| is_below(path, root))
        .max_by_key(|root| root.len())
        .copied()
}

fn contains(from: &str, to: &str, detail: &str, source: Source) -> Relation {
    Relation {
        from: from.to_owned(),
        kind: RelationKind::Contains,
        to: to.to_owned(),
        detail: detail.to_owned(),
        source,
    }
}

/// Joins what all files of a folder say of its model.
fn model(folder: &str, statements: &[(Rank, &Component)], about: Option<&About>) -> Component {
    let mut model = Component::new(ComponentKind::Model, "", "");
    let mut parameters: BTreeMap<String, Sourced<u64>> = BTreeMap::new();
    for (rank, one) in statements {
        if model.name.is_empty() && !one.name.is_empty() {
            model.name.clone_from(&one.name);
        }
        let mut one = (*one).clone();
        if let (Rank::Measured, Some(card)) = (rank, one.model.as_mut())
            && let Some(count) = card.parameters.take()
        {
            parameters.insert(count.source.file.clone(), count);
        }
        model.complete(one);
    }
    // Shards of one format add up; copies in other formats, or in other quantisations, do not.
    if let Some(count) = whole_count(&parameters) {
        model.model.get_or_insert_default().parameters = Some(count);
    }
    let stated = about.and_then(|about| about.name.as_ref());
    if let Some(name) = stated {
        model.name.clone_from(&name.value);
    }
    if model.name.is_empty() {
        let last = folder.rsplit('/').next().filter(|last| !last.is_empty());
        last.or(about.map(|about| about.folder.as_str()))
            .filter(|name| !name.is_empty())
            .unwrap_or("model")
            .clone_into(&mut model.name);
        model.property(
            "cleanbill:name-source",
            "folder name",
            Source::concluded(folder, "folder name"),
        );
    }
    if let Some(about) = about {
        identify(&mut model, about);
    }
    model.path = (!folder.is_empty()).then(|| folder.to_owned());
    model.id = identity("model", &model, folder);
    model
}

/// Adds up the parameters of the files that are shards of each other: names that differ in their numbers only.
fn whole_count(parameters: &BTreeMap<String, Sourced<u64>>) -> Option<Sourced<u64>> {
    let mut groups: BTreeMap<String, (u64, Sourced<u64>)> = BTreeMap::new();
    for (file, count) in parameters {
        let stem: String = file.chars().filter(|c| !c.is_ascii_digit()).collect();
        let group = groups.entry(stem).or_insert_with(|| (0, count.clone()));
        group.0 = group.0.checked_add(count.value)?;
    }
    let (sum, first) = groups.into_values().max_by_key(|(sum, _)| *sum)?;
    Some(Sourced::new(sum, first.source))
}

/// Takes over what the caller knows.
fn identify(component: &mut Component, about: &About) {
    if let Some(name) = &about.name {
        component.name.clone_from(&name.value);
    }
    if about.group.is_some() {
        component.group.clone_from(&about.group);
    }
    if about.version.is_some() {
        component.version.clone_from(&about.version);
    }
    if let Some(supplier) = &about.supplier {
        component.supplier = Some(Sourced::new(
            Party {
                name: supplier.value.clone(),
                ..Party::default()
            },
            supplier.source.clone(),
        ));
    }
    if let (Some(kind), Some(group)) = (about.purl_kind, &about.group) {
        let version = component.version.as_ref().map(|one| one.value.as_str());
        component.purl = purl(kind, Some(&group.value), &component.name, version)
            .map(|purl| Sourced::new(purl, group.source.clone()));
    }
}

/// Makes an id of what the component is.
fn identity(kind: &str, component: &Component, folder: &str) -> String {
    let mut id = format!("{kind}:");
    if let Some(group) = &component.group {
        id.push_str(&group.value);
        id.push('/');
    }
    id.push_str(&component.name);
    if let Some(version) = &component.version {
        id.push('@');
        id.push_str(&version.value);
    }
    // Several folders of one target may hold models of the same name.
    if !folder.is_empty() {
        id.push('#');
        id.push_str(folder);
    }
    id
}

/// Adds one digest for all files of a component, which `sha256sum` over its sorted list of files gives as well: the SHA-256 of
/// the lines `digest  path`. Without the digest of every file there is none.
fn fingerprint(bill: &mut Bill, id: &str, lines: &[String]) {
    if lines.is_empty() || lines.iter().any(String::is_empty) {
        return;
    }
    let hex = cleanbill_core::hex(&Sha256::digest(lines.concat()));
    if let Some(component) = bill.components.iter_mut().find(|one| one.id == id) {
        let place = "SHA-256 of `digest  path` of every file";
        component.property("cleanbill:tree-sha256", hex, Source::measured("", place));
    }
}

/// Finds the package that the whole target is, where it is one.
fn only_package<'a>(entries: &BTreeMap<&str, &'a Entry>) -> Option<&'a Component> {
    let relations = entries.values().flat_map(|entry| &entry.relations);
    let mut packages = relations
        .filter(|one| one.detail == "package")
        .map(|one| one.to.as_str());
    let (Some(id), None) = (packages.next(), packages.next()) else {
        return None;
    };
    let mut components = entries.values().flat_map(|entry| &entry.components);
    components.find(|one| one.id == id)
}

/// Says whether a licence in this folder is that of the whole target: beside everything, or where packages keep theirs.
fn is_top(path: &str) -> bool {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let folder = folder.strip_suffix("/licenses").unwrap_or(folder);
    folder.is_empty()
        || !folder.contains('/') && (folder.ends_with(".dist-info") || folder.ends_with(".egg-info"))
}

/// Makes the system that holds what lies side by side.
fn system(about: &About, package: Option<&Component>, entries: &BTreeMap<&str, &Entry>) -> Component {
    let folder = package.map_or(about.folder.as_str(), |one| one.name.as_str());
    let name = about.name.as_ref().map_or(folder, |name| name.value.as_str());
    let name = if name.is_empty() { "target" } else { name };
    let mut system = Component::new(ComponentKind::Application, "", name);
    identify(&mut system, about);
    if let Some(package) = package {
        system.complete(Component {
            digests: Vec::new(),
            ..package.clone()
        });
    }
    for (path, entry) in entries {
        if is_top(path) {
            for (_, one) in &entry.statements {
                let found = one.licences.iter().filter(|one| one.value.is_found);
                system.licences.extend(found.cloned());
            }
            system.copyright = system.copyright.or_else(|| entry.copyright.clone());
        }
    }
    system.id = identity("system", &system, "");
    system
}

fn digest_of(outcome: &Outcome, path: &str) -> Option<String> {
    outcome
        .report
        .artifacts
        .binary_search_by(|one| one.path.as_str().cmp(path))
        .ok()
        .and_then(|index| outcome.report.artifacts.get(index))
        .and_then(|one| one.sha256)
        .map(|digest| digest.to_string())
}
