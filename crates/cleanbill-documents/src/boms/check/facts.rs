//! What answers the fields that lists of elements name.

use std::collections::{BTreeMap, BTreeSet};

use cleanbill_core::bill::{Bill, Component, ComponentKind, Relation, RelationKind, Source};

use super::{Evidence, Format};
use crate::boms::{
    fields::{Field, fields},
    names::{relation_word, source_line},
};

/// Holds a bill in the form that fields are looked up in.
pub(super) struct Facts<'a> {
    bill: &'a Bill,
    format: Format<'a>,
    fields: BTreeMap<&'a str, Vec<Field>>,
    relations: BTreeMap<&'a str, Vec<&'a Relation>>,
    /// What others were only made from is not shipped.
    only_ancestors: BTreeSet<&'a str>,
}

/// Fields of the document.
#[cfg(test)]
const OF_DOCUMENT: [&str; 17] = [
    "authors",
    "edition",
    "format",
    "format-version",
    "signature",
    "tool",
    "tool-version",
    "phases",
    "timestamp",
    "dependencies",
    "components",
    "software",
    "software-version",
    "hardware",
    "hardware-of-training",
    "vulnerabilities",
    "advisory-reference",
];

/// Fields of components that are not followed by a name of their own.
#[cfg(test)]
const OF_COMPONENT: [&str; 16] = [
    "kind",
    "name",
    "group",
    "version",
    "requirement",
    "purl",
    "description",
    "supplier",
    "producer",
    "licence",
    "licence-found",
    "copyright",
    "released",
    "size",
    "digest",
    "reference",
];

/// Says whether a field exists, so that no list asks for one that can never be there.
#[cfg(test)]
pub(super) fn is_known(scope: super::Scope, field: &str) -> bool {
    if scope == super::Scope::Bill {
        return OF_DOCUMENT.contains(&field);
    }
    OF_COMPONENT.contains(&field)
        || ["model.", "dataset.", "reference:", "property:", "relation:"]
            .iter()
            .any(|prefix| field.starts_with(prefix))
}

impl<'a> Facts<'a> {
    pub(super) fn of(bill: &'a Bill, format: Format<'a>) -> Self {
        let fields = bill
            .components
            .iter()
            .map(|component| (component.id.as_str(), fields(component)));
        let mut relations: BTreeMap<&str, Vec<&Relation>> = BTreeMap::new();
        let mut used = BTreeSet::from([bill.subject.as_str()]);
        let mut only_ancestors = BTreeSet::new();
        for relation in &bill.relations {
            relations.entry(&relation.from).or_default().push(relation);
            if relation.kind == RelationKind::DerivedFrom {
                only_ancestors.insert(relation.to.as_str());
            } else {
                used.insert(&relation.to);
            }
        }
        only_ancestors.retain(|id| !used.contains(id));
        Self {
            bill,
            format,
            fields: fields.collect(),
            relations,
            only_ancestors,
        }
    }

    pub(super) fn is_shipped(&self, component: &Component) -> bool {
        !self.only_ancestors.contains(component.id.as_str())
    }

    fn related(&self, component: &Component, kind_word: &str) -> Option<&&'a Relation> {
        let relations = self.relations.get(component.id.as_str())?;
        relations.iter().find(|one| relation_word(one.kind) == kind_word)
    }

    /// Looks up a field of the document.
    pub(super) fn document(&self, field: &str) -> Option<Evidence> {
        let bill = self.bill;
        let say = |value: String| Some(evidence("", field, value, Source::default()));
        match field {
            "authors" => say(bill.authors.iter().find(|one| !one.name.is_empty())?.name.clone()),
            "edition" => say(bill.edition?.to_string()),
            "format" => say(self.format.name.to_owned()),
            "format-version" => say(self.format.version.to_owned()),
            "signature" => bill
                .is_signed
                .then(|| "present, not verified".to_owned())
                .and_then(say),
            "tool" => say(bill.tool.as_ref()?.name.clone()),
            "tool-version" => say(bill.tool.as_ref()?.version.clone()),
            "phases" => say(bill.phases.first()?.clone()),
            "timestamp" => say(bill.timestamp.clone()?),
            "dependencies" => {
                let needs = bill.relations.iter();
                let count = needs.filter(|one| one.kind == RelationKind::DependsOn).count();
                let parts = bill.relations.len();
                (parts > 0)
                    .then(|| format!("{count} dependencies, {parts} relations"))
                    .and_then(say)
            }
            "components" => {
                let parts = bill.components.iter();
                let count = parts.filter(|one| one.id != bill.subject).count();
                (count > 0).then(|| format!("{count} components")).and_then(say)
            }
            "software" => self.first(&SOFTWARE, field, |one| Some(one.name.clone())),
            "software-version" => self.first(&SOFTWARE, field, |one| {
                let version = one.version.as_ref().or(one.requirement.as_ref())?;
                Some(format!("{} {}", one.name, version.value))
            }),
            "hardware" => self.first(&[ComponentKind::Device], field, |one| Some(one.name.clone())),
            "hardware-of-training" => {
                let models = bill
                    .components
                    .iter()
                    .filter_map(|one| Some((one, one.model.as_ref()?)));
                let mut energies =
                    models.flat_map(|(one, model)| model.energy.iter().map(move |energy| (one, energy)));
                energies.find_map(|(one, energy)| {
                    let hardware = energy.value.hardware.clone()?;
                    Some(evidence(&one.name, field, hardware, energy.source.clone()))
                })
            }
            "vulnerabilities" => {
                let first = bill.vulnerabilities.first()?;
                let count = bill.vulnerabilities.len();
                Some(evidence(
                    "",
                    field,
                    format!("{count} weaknesses, {} first", first.id),
                    first.source.clone(),
                ))
            }
            "advisory-reference" => bill
                .components
                .iter()
                .find_map(|one| self.component(one, "reference:advisories")),
            _ => None,
        }
    }

    fn first(
        &self,
        kinds: &[ComponentKind],
        field: &str,
        words: impl Fn(&Component) -> Option<String>,
    ) -> Option<Evidence> {
        let mut all = self
            .bill
            .components
            .iter()
            .filter(|one| kinds.contains(&one.kind));
        all.find_map(|one| {
            let source = one.version.as_ref().or(one.requirement.as_ref());
            let source = source.map(|one| one.source.clone()).unwrap_or_default();
            Some(evidence(&one.name, field, words(one)?, source))
        })
    }

    /// Looks up a field of a component. `digest` and `reference` stand for any; `model.hyperparameter` for any of that name.
    pub(super) fn component(&self, component: &Component, field: &str) -> Option<Evidence> {
        if let Some(word) = field.strip_prefix("relation:") {
            let relation = self.related(component, word)?;
            let to = self.bill.component(&relation.to);
            let value = to.map_or(relation.to.clone(), |one| one.name.clone());
            return Some(evidence(&component.name, field, value, relation.source.clone()));
        }
        let own = self.fields.get(component.id.as_str())?.iter();
        let mut own = own.filter(|one| {
            one.name == field
                || one
                    .name
                    .strip_prefix(field)
                    .is_some_and(|rest| rest.starts_with(':'))
        });
        if let Some(one) = own.find(|one| !super::is_filler(&one.value)) {
            return Some(evidence(
                &component.name,
                &one.name,
                one.value.clone(),
                one.source.clone(),
            ));
        }
        if field == "digest" {
            return self.digests_of_files(component);
        }
        None
    }

    /// What consists of files has a digest where every file has one.
    fn digests_of_files(&self, component: &Component) -> Option<Evidence> {
        let relations = self.relations.get(component.id.as_str())?.iter();
        let files: Vec<&Component> = relations
            .filter(|one| one.kind == RelationKind::Contains)
            .filter_map(|one| self.bill.component(&one.to))
            .filter(|one| one.kind == ComponentKind::File)
            .collect();
        let first = files.first()?.digests.first()?;
        let is_whole = files.iter().all(|file| !file.digests.is_empty());
        is_whole.then(|| {
            let value = format!("{} files, each with a digest", files.len());
            evidence(&component.name, "digest", value, first.source.clone())
        })
    }
}

const SOFTWARE: [ComponentKind; 4] = [
    ComponentKind::Framework,
    ComponentKind::Library,
    ComponentKind::Container,
    ComponentKind::Platform,
];

fn evidence(component: &str, field: &str, value: String, source: Source) -> Evidence {
    Evidence {
        component: component.to_owned(),
        field: field.to_owned(),
        value,
        source,
    }
}

impl Evidence {
    /// Says where the value came from in one line; empty for what the document says of itself.
    pub fn source_line(&self) -> String {
        if self.source.file.is_empty() {
            String::new()
        } else {
            source_line(&self.source)
        }
    }
}
