//! Every licence that this build knows: names, marks of its text, terms. The facts stand in `data/*.toml`.

mod reader;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

pub use reader::CatalogError;

use crate::{
    declared::key,
    terms::{Basis, Commercial, Copyleft, Military, OutputUse, Permission, Terms},
};

/// Holds what is known of one licence.
#[derive(Clone, Debug, Default)]
pub struct Licence {
    /// Id of the SPDX list, or `LicenseRef-...`.
    pub id: String,
    /// Name for people.
    pub title: String,
    /// Where the text stands.
    pub url: Option<String>,
    /// Version of the text that the facts were read from, as a date.
    pub dated: Option<String>,
    /// Month in which the facts were last looked at.
    pub checked: String,
    /// Where the facts come from.
    pub basis: Basis,
    /// What it allows and demands.
    pub terms: Terms,
    /// Id of the licence whose text this one shares, such as `GPL-3.0-only` for `GPL-3.0-or-later`.
    pub same_text: Option<String>,
    /// For a name without a version: the licences that it can mean.
    pub members: Vec<String>,
    pub(crate) names: Vec<String>,
    pub(crate) classifiers: Vec<String>,
    pub(crate) marks: Marks,
}

/// Holds the phrases by which a text is recognised.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks {
    /// Length of the text in words, about.
    pub words: usize,
    /// Where it begins; one of them.
    pub heads: Vec<String>,
    /// Where it ends; one of them.
    pub tails: Vec<String>,
    /// Words from a beginning to an end, about.
    pub span: usize,
    /// Ids of licences whose texts it holds as a part of its own.
    pub encloses: Vec<String>,
    /// What stands in it; all of them. Several wordings of one mark are held together.
    pub parts: Vec<Vec<String>>,
    /// What must not stand in it.
    pub without: Vec<String>,
    /// Sentences that place something else under the licence.
    pub notices: Vec<String>,
}

impl Licence {
    /// Says whether its text can be recognised.
    pub fn is_recognised(&self) -> bool {
        !self.marks.heads.is_empty()
    }

    /// Puts together a text from what is known of this one, with `filler` between the phrases: for each beginning one
    /// that must be recognised and one without its last marks that must not be. Tests and bench inputs use it.
    pub fn sample_texts(&self, filler: &str) -> Vec<(String, bool)> {
        let marks = self.marks.parts.iter().filter_map(|wordings| wordings.first());
        let marks: Vec<&str> = marks.map(String::as_str).collect();
        let tail = self.marks.tails.first().map(String::as_str);
        let count = |parts: &[&str]| parts.iter().map(|part| part.split(' ').count()).sum::<usize>();
        let put = |head: &str, marks: &[&str]| match tail {
            // Where the length counts, it is filled up to that.
            Some(tail) if !marks.is_empty() => {
                let missing = self
                    .marks
                    .span
                    .saturating_sub(count(marks))
                    .saturating_sub(count(&[tail]));
                format!("{head} {} {}{tail}", marks.join("\n"), "more ".repeat(missing))
            }
            _ => {
                let parts: Vec<&str> = std::iter::once(head).chain(marks.iter().copied()).collect();
                parts.join(&format!(". {filler}\n"))
            }
        };
        let mut samples = Vec::new();
        for head in &self.marks.heads {
            samples.push((put(head, &marks), true));
            samples.push((put(head, &[]), false));
        }
        samples
    }
}

/// Names a sentence that narrows a licence from outside its text.
#[derive(Clone, Debug, Default)]
pub struct Clause {
    /// Permanent id.
    pub id: String,
    /// What it does to commercial use.
    pub commercial: Option<Commercial>,
    /// What it does to military use.
    pub military: Option<Military>,
    /// It forbids some other use.
    pub restricts_use: bool,
    pub(crate) phrases: Vec<String>,
}

/// Holds every licence that this build knows.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    licences: Vec<Licence>,
    clauses: Vec<Clause>,
    by_id: BTreeMap<String, usize>,
    by_key: BTreeMap<String, String>,
}

/// Returns the licences of this build, read once.
pub fn catalog() -> &'static Catalog {
    static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
        // A test reads every file; one that could not be read is left out here.
        Catalog::read(FILES.iter().copied(), CLAUSES).unwrap_or_default()
    });
    &CATALOG
}

impl Catalog {
    /// Reads the texts of data files.
    pub fn read<'t>(
        files: impl IntoIterator<Item = (&'t str, &'t str)>,
        clauses: &str,
    ) -> Result<Self, CatalogError> {
        let kinds = reader::kinds(KINDS)?;
        let mut catalog = Self {
            clauses: reader::clauses(clauses)?,
            ..Self::default()
        };
        for (name, text) in files {
            catalog.licences.extend(reader::licences(name, text, &kinds)?);
        }
        let mut seen = BTreeSet::new();
        for (index, licence) in catalog.licences.iter().enumerate() {
            if !seen.insert(licence.id.clone()) {
                return Err(CatalogError::Twice {
                    licence: licence.id.clone(),
                });
            }
            catalog.by_id.insert(licence.id.clone(), index);
        }
        catalog.index_names();
        Ok(catalog)
    }

    /// Files the names; what the data says goes before what the SPDX list says.
    fn index_names(&mut self) {
        let mut keys = BTreeMap::new();
        for licence in listed() {
            let current = current_id(licence.name);
            keys.entry(key(licence.full_name))
                .or_insert_with(|| current.clone());
            keys.insert(key(licence.name), current);
        }
        for licence in &self.licences {
            let names = licence.names.iter().chain(&licence.classifiers);
            for name in names.chain([&licence.title, &licence.id]) {
                keys.insert(key(name), licence.id.clone());
            }
            if let Some(name) = licence.id.strip_prefix("LicenseRef-") {
                keys.entry(key(name)).or_insert_with(|| licence.id.clone());
            }
        }
        keys.remove("");
        self.by_key = keys;
    }

    /// Returns every licence, in the order of the data.
    pub fn licences(&self) -> &[Licence] {
        &self.licences
    }

    /// Returns every clause.
    pub fn clauses(&self) -> &[Clause] {
        &self.clauses
    }

    /// Returns the licence of an id.
    pub fn get(&self, id: &str) -> Option<&Licence> {
        self.licences.get(*self.by_id.get(id)?)
    }

    /// Returns the id that a name means, however it is written.
    pub fn id_of_name(&self, name: &str) -> Option<&str> {
        self.by_key.get(&key(name)).map(String::as_str)
    }

    /// Returns the terms of an id with their basis: from the data, or from the flags of the SPDX list.
    pub fn terms(&self, id: &str) -> Option<(Terms, Basis)> {
        if let Some(licence) = self.get(id) {
            return Some((licence.terms.clone(), licence.basis));
        }
        let listed = spdx::license_id(id)?;
        let mut terms = Terms::default();
        if listed.is_osi_approved() || listed.is_fsf_free_libre() {
            terms.commercial = Commercial::Yes;
            terms.derivatives = Permission::Yes;
            terms.redistribution = Permission::Yes;
            terms.outputs = OutputUse::Free;
        }
        if listed.is_copyleft() {
            terms.copyleft = Copyleft::Strong;
        }
        Some((terms, Basis::Flags))
    }

    /// Says whether two ids can mean the same licence: equal, of one text, or a name without a version and a version of it.
    pub fn may_be_same(&self, one: &str, other: &str) -> bool {
        let text_of = |id: &str| {
            let shared = self.get(id).and_then(|licence| licence.same_text.clone());
            shared.unwrap_or_else(|| id.to_owned())
        };
        let holds = |family: &str, id: &str| {
            self.get(family).is_some_and(|licence| {
                licence
                    .members
                    .iter()
                    .any(|member| text_of(member) == text_of(id))
            })
        };
        text_of(one) == text_of(other) || holds(one, other) || holds(other, one)
    }
}

/// Returns the licences of the SPDX list. The table of the crate also holds NONE and NOASSERTION, which are no licences: the
/// specification has them alone, not in expressions.
pub(crate) fn listed() -> impl Iterator<Item = &'static spdx::License> {
    let licences = spdx::identifiers::LICENSES.iter();
    licences.filter(|licence| !matches!(licence.name, "NONE" | "NOASSERTION"))
}

/// Returns the id that replaces a deprecated one of the GNU family; others stay as they are.
pub(crate) fn current_id(id: &str) -> String {
    let listed = spdx::license_id(id).is_some_and(spdx::LicenseId::is_gnu);
    if listed && !id.ends_with("-only") && !id.ends_with("-or-later") {
        let only = format!("{id}-only");
        if spdx::license_id(&only).is_some() {
            return only;
        }
    }
    id.to_owned()
}

/// Names and texts of the data files.
pub(crate) const FILES: &[(&str, &str)] = &[
    ("permissive.toml", include_str!("../data/permissive.toml")),
    ("copyleft.toml", include_str!("../data/copyleft.toml")),
    ("restricted.toml", include_str!("../data/restricted.toml")),
    ("content.toml", include_str!("../data/content.toml")),
    ("meta.toml", include_str!("../data/meta.toml")),
    ("rail.toml", include_str!("../data/rail.toml")),
    ("models.toml", include_str!("../data/models.toml")),
];
const KINDS: &str = include_str!("../data/kinds.toml");
pub(crate) const CLAUSES: &str = include_str!("../data/clauses.toml");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words;

    #[test]
    fn every_data_file_is_read() {
        let catalog = Catalog::read(FILES.iter().copied(), CLAUSES).expect("the data must be readable");
        assert!(catalog.licences().len() > 120, "{}", catalog.licences().len());
        assert!(catalog.clauses().len() >= 3);
    }

    #[test]
    fn references_within_the_data_lead_somewhere() {
        let catalog = catalog();
        for licence in catalog.licences() {
            let id = &licence.id;
            for other in licence
                .members
                .iter()
                .chain(&licence.same_text)
                .chain(&licence.marks.encloses)
            {
                assert!(catalog.get(other).is_some(), "{id} names `{other}`");
            }
            let listed = spdx::license_id(id).is_some_and(|listed| !listed.is_deprecated());
            assert_ne!(
                listed,
                id.starts_with("LicenseRef-"),
                "{id} is neither listed nor custom"
            );
            let plain = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
            assert!(
                id.chars().all(plain),
                "{id} has a character that SPDX does not allow"
            );
            assert!(!licence.title.is_empty(), "{id} has no title");
            let named = id.starts_with("LicenseRef-") && licence.url.is_some() && licence.kind_is_model();
            assert!(
                !named
                    || licence.dated.is_some()
                    || licence.basis == Basis::Secondary
                    || id.contains("apple-ascl"),
                "{id} has no date"
            );
        }
    }

    #[test]
    fn phrases_can_be_searched_and_tell_enough() {
        for licence in catalog().licences() {
            let marks = &licence.marks;
            for phrase in marks
                .heads
                .iter()
                .chain(marks.parts.iter().flatten())
                .chain(&marks.without)
                .chain(&marks.notices)
            {
                let count = words::split(phrase).len();
                assert!(count <= 64, "{}: `{phrase}` has {count} words", licence.id);
                assert!(phrase.len() >= 7, "{}: `{phrase}` is too short", licence.id);
            }
            assert!(
                marks.heads.is_empty() || (!marks.parts.is_empty() && marks.words > 0),
                "{}",
                licence.id
            );
        }
    }

    #[test]
    fn no_two_licences_claim_one_name() {
        let mut owners: BTreeMap<String, &str> = BTreeMap::new();
        for licence in catalog().licences() {
            let mut keys: Vec<String> = licence
                .names
                .iter()
                .chain(&licence.classifiers)
                .map(|name| key(name))
                .collect();
            keys.sort();
            keys.dedup();
            for key in keys {
                if let Some(other) = owners.insert(key.clone(), &licence.id) {
                    panic!("`{key}` means {other} and {}", licence.id);
                }
            }
        }
    }

    impl Licence {
        fn kind_is_model(&self) -> bool {
            self.url
                .as_deref()
                .is_some_and(|url| url.contains("huggingface") || url.contains("llama"))
        }
    }
}
