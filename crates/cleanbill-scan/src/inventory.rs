//! Makes an ML-BOM out of what a scan has read: no file is read a second time, and nothing is invented.
//!
//! Each artifact leaves an [`Entry`]: what it says of the model of its folder, and things of their own that it names. When the scan
//! is done, [`bill`] sorts the entries into models and joins them.

mod assemble;
mod extract;

use cleanbill_core::bill::{
    Component, ComponentKind, Party, Process, ProcessKind, Relation, RelationKind, Source, Sourced,
};

pub use assemble::{About, bill};
pub(crate) use extract::entry;

/// How much weight a statement about a model has where several disagree; the smaller the more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    /// Measured from the bytes.
    Measured,
    /// What loaders read.
    Configuration,
    /// Written inside the weights' file.
    Metadata,
    /// Written for people.
    Card,
}

/// Holds what one artifact adds to a bill.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What the file itself is.
    pub(crate) file: Component,
    /// It holds weights, or is what a loader opens first: its folder is a model.
    pub(crate) is_model: bool,
    /// It holds the weights of a model.
    pub(crate) is_weights: bool,
    /// A card of its own makes a folder below another model one of its own.
    pub(crate) has_card: bool,
    /// What it says of the model of its folder.
    pub(crate) statements: Vec<(Rank, Component)>,
    /// Things of their own that it names.
    pub(crate) components: Vec<Component>,
    /// How they belong together; an empty id stands for the model, or else the system, that the file belongs to.
    pub(crate) relations: Vec<Relation>,
    /// How the model of its folder was made; what came out is that model.
    pub(crate) processes: Vec<Process>,
    /// What licence texts and notices say of whom the work belongs to.
    pub(crate) copyright: Option<Sourced<String>>,
}

impl Entry {
    fn new(file: Component) -> Self {
        Self {
            file,
            is_model: false,
            is_weights: false,
            has_card: false,
            statements: Vec::new(),
            components: Vec::new(),
            relations: Vec::new(),
            processes: Vec::new(),
            copyright: None,
        }
    }

    /// Adds what the file says of the model of its folder.
    fn state(&mut self, rank: Rank, fill: impl FnOnce(&mut Component)) {
        let mut model = Component::new(ComponentKind::Model, "", "");
        fill(&mut model);
        self.statements.push((rank, model));
    }

    /// Adds how the model of its folder was made.
    fn make(&mut self, kind: ProcessKind, settings: Vec<(String, Sourced<String>)>, source: Source) {
        self.processes.push(Process {
            id: String::new(),
            kind,
            inputs: Vec::new(),
            outputs: Vec::new(),
            settings,
            source,
        });
    }

    /// Adds a thing of its own that the model or system is joined to.
    fn name(&mut self, kind: RelationKind, detail: &str, component: Component, source: Source) {
        self.relations.push(Relation {
            from: String::new(),
            kind,
            to: component.id.clone(),
            detail: detail.to_owned(),
            source,
        });
        self.components.push(component);
    }
}

/// Makes a model or dataset out of a name of the hub, `org/name`, with its revision where that is said.
fn from_hub(kind: ComponentKind, name: &str, revision: Option<&str>, source: &Source) -> Component {
    let id = match kind {
        ComponentKind::Dataset => format!("dataset:{name}"),
        _ => format!("model:{name}"),
    };
    let id = revision.map_or_else(|| id.clone(), |revision| format!("{id}@{revision}"));
    let (group, short) = match name.split_once('/') {
        Some((group, short)) if is_hub_name(name) => (Some(group), short),
        _ => (None, name),
    };
    let mut component = Component::new(kind, &id, short);
    component.group = group.map(|group| Sourced::new(group.to_owned(), source.clone()));
    component.version = revision.map(|revision| Sourced::new(revision.to_owned(), source.clone()));
    if let Some(group) = group {
        component.supplier = Some(Sourced::new(
            Party {
                name: group.to_owned(),
                ..Party::default()
            },
            Source {
                place: "namespace".to_owned(),
                ..source.clone()
            },
        ));
        if kind == ComponentKind::Model {
            component.purl = purl("huggingface", Some(group), short, revision)
                .map(|purl| Sourced::new(purl, source.clone()));
        }
    }
    component
}

/// Says whether a name is `org/name` as the hub allows it, and no path of a machine.
fn is_hub_name(name: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && part.len() <= 96
            && !part.starts_with(['.', '-'])
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
    };
    name.split_once('/')
        .is_some_and(|(group, short)| part(group) && part(short))
}

/// Writes a package URL (purl-spec); `None` where the parts make none.
pub(crate) fn purl(kind: &str, namespace: Option<&str>, name: &str, version: Option<&str>) -> Option<String> {
    qualified_purl(kind, namespace, name, version, &[])
}

/// Writes a package URL with qualifiers; `None` where the parts make none.
pub(crate) fn qualified_purl(
    kind: &str,
    namespace: Option<&str>,
    name: &str,
    version: Option<&str>,
    qualifiers: &[(&str, &str)],
) -> Option<String> {
    let mut purl = packageurl::PackageUrl::new(kind.to_owned(), name.to_owned()).ok()?;
    if let Some(namespace) = namespace {
        purl.with_namespace(namespace.to_owned()).ok()?;
    }
    if let Some(version) = version {
        purl.with_version(version.to_owned()).ok()?;
    }
    for (key, value) in qualifiers {
        purl.add_qualifier((*key).to_owned(), (*value).to_owned()).ok()?;
    }
    Some(purl.to_string())
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path, str::FromStr};

    use cleanbill_code::tree::{Node, Syntax, Tree};

    use super::{is_hub_name, purl, qualified_purl};

    #[test]
    fn package_urls_follow_the_rules_of_their_type() {
        for (kind, namespace, name, version, expected) in [
            (
                "huggingface",
                Some("Acme"),
                "Tiny-LM",
                Some("ABCDEF0"),
                "pkg:huggingface/Acme/Tiny-LM@abcdef0",
            ),
            ("pypi", None, "Foo_Bar", Some("1.0"), "pkg:pypi/foo-bar@1.0"),
            ("npm", Some("@scope"), "x", None, "pkg:npm/%40scope/x"),
        ] {
            assert_eq!(purl(kind, namespace, name, version).as_deref(), Some(expected));
        }
    }

    /// Types of package URLs that bills of this crate hold.
    const WRITTEN: [&str; 7] = ["pypi", "conda", "npm", "cargo", "golang", "huggingface", "oci"];

    #[test]
    fn package_urls_are_built_as_the_tables_of_the_specification_say() {
        let shared = option_env!("CLEANBILL_SHARED_DATA")
            .unwrap_or(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"));
        let folder = Path::new(shared).join("vectors/purl");
        if !folder.exists() {
            eprintln!("SKIPPED: no ../shared/data/vectors/purl beside the checkout");
            return;
        }
        let mut wrong = Vec::new();
        let mut checked = 0;
        for kind in WRITTEN {
            let text = fs::read_to_string(folder.join(format!("{kind}-test.json"))).unwrap();
            let table = Tree::parse(&text, Syntax::Json);
            for case in table.root().unwrap().get("tests").unwrap().items() {
                checked += 1;
                let input = case.get("input").unwrap();
                let made = match case.str_at(&["test_type"]) {
                    Some("build") => built(input),
                    _ => input.as_str().and_then(canonical),
                };
                let expected = case.get("expected_output").unwrap();
                let expected = match case.str_at(&["test_type"]) {
                    Some("parse") => built(expected),
                    _ => expected.as_str().map(str::to_owned),
                };
                let fails = case.get("expected_failure").and_then(Node::as_bool) == Some(true);
                let expected = expected.filter(|_| !fails);
                if made != expected {
                    wrong.push(format!("{kind}: {made:?}, expected {expected:?}"));
                }
            }
        }
        assert!(
            wrong.is_empty(),
            "{} of {checked}:\n{}",
            wrong.len(),
            wrong.join("\n")
        );
        assert!(checked > 90, "{checked}");
    }

    /// Builds a package URL out of its parts, as bills do; a subpath, which no bill has, is added by the crate.
    fn built(parts: &Node) -> Option<String> {
        let part = |key: &str| parts.get(key).and_then(Node::as_str);
        let qualifiers: Vec<(&str, &str)> = parts
            .get("qualifiers")
            .map(Node::entries)
            .unwrap_or_default()
            .iter()
            .filter_map(|entry| Some((&*entry.key, entry.value.as_str()?)))
            .collect();
        let url = qualified_purl(
            part("type")?,
            part("namespace"),
            part("name")?,
            part("version"),
            &qualifiers,
        )?;
        match part("subpath") {
            Some(subpath) => {
                let mut whole = packageurl::PackageUrl::from_str(&url).ok()?;
                whole.with_subpath(subpath.to_owned()).ok()?;
                Some(whole.to_string())
            }
            None => Some(url),
        }
    }

    fn canonical(url: &str) -> Option<String> {
        packageurl::PackageUrl::from_str(url)
            .ok()
            .map(|one| one.to_string())
    }

    #[test]
    fn paths_are_no_names_of_the_hub() {
        assert!(is_hub_name("meta-llama/Llama-3.1-8B"));
        for path in ["/data/llama", "./x", "gpt2", "a/b/c", "C:\\x/y z", "../x"] {
            assert!(!is_hub_name(path), "{path}");
        }
    }
}
