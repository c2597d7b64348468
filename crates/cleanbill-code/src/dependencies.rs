//! What a project depends on, as facts, from every usual list: Python, Conda, npm, Cargo, Go; lists people write and locks.
//!
//! One [`Dependency`] has the same shape whatever list it came from, so that a bill of materials and every check see all.

mod lists;
mod locks;
mod requirements;

use std::{ops::Range, sync::LazyLock};

use crate::{
    tree::{Node, Tree},
    words::Words,
    workload::Spot,
};

pub use requirements::{is_exact, parse_requirement, pip_arguments};

/// LIMIT: most dependencies of one list; protects memory. Locks of the largest projects hold a tenth; more is noted as cut.
pub const MAX_DEPENDENCIES: usize = 100_000;

/// Names where packages come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ecosystem {
    /// The Python Package Index and its kind.
    PyPi,
    /// Channels of Conda.
    Conda,
    /// The npm registry.
    Npm,
    /// crates.io.
    Cargo,
    /// Go modules.
    Go,
}

impl Ecosystem {
    /// Returns the type of package URLs (`pkg:TYPE/name@version`).
    pub const fn purl_type(self) -> &'static str {
        match self {
            Self::PyPi => "pypi",
            Self::Conda => "conda",
            Self::Npm => "npm",
            Self::Cargo => "cargo",
            Self::Go => "golang",
        }
    }
}

/// Says where one package is taken from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The usual registry, or that at an address.
    Registry(Option<String>),
    /// A file at an address.
    Url(String),
    /// A repository, with what is checked out where that is said.
    Repository {
        /// Address of the repository.
        url: String,
        /// Branch, tag or commit.
        revision: Option<String>,
    },
    /// A folder or file of the project.
    Path(String),
}

/// Says what a package is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Running.
    Runtime,
    /// Development or tests.
    Development,
    /// An extra that a user asks for.
    Optional,
    /// Building.
    Build,
}

/// Holds one package that a project depends on.
#[derive(Clone, Debug)]
pub struct Dependency {
    /// Where packages of this name live.
    pub ecosystem: Ecosystem,
    /// Its name as written.
    pub name: String,
    /// The one version that fits; `None` where several do.
    pub version: Option<String>,
    /// What is required, as written: `>=1,<2`, `^1.2`.
    pub requirement: String,
    /// Digests, `algorithm:value` as far as the list says.
    pub hashes: Vec<String>,
    /// Where it is taken from.
    pub origin: Origin,
    /// What it is needed for.
    pub scope: Scope,
    /// Where it stands.
    pub span: Range<usize>,
}

impl Dependency {
    /// Makes one from a registry; more is set by who makes it.
    pub(crate) fn new(ecosystem: Ecosystem, name: &str, requirement: &str, span: Range<usize>) -> Self {
        Self {
            ecosystem,
            name: name.to_owned(),
            version: None,
            requirement: requirement.to_owned(),
            hashes: Vec::new(),
            origin: Origin::Registry(None),
            scope: Scope::Runtime,
            span,
        }
    }

    pub(crate) fn version(mut self, version: Option<&str>) -> Self {
        self.version = version.map(str::to_owned);
        self
    }

    pub(crate) fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Says whether exactly one content fits: one version of a registry, one commit, a digest.
    pub fn is_pinned(&self) -> bool {
        match &self.origin {
            Origin::Registry(_) => self.version.is_some(),
            Origin::Url(url) => !self.hashes.is_empty() || url.contains("#sha256="),
            Origin::Repository { revision, .. } => revision.as_deref().is_some_and(is_commit),
            Origin::Path(_) => true,
        }
    }

    /// Returns the name as its registry compares names.
    pub fn canonical_name(&self) -> String {
        match self.ecosystem {
            Ecosystem::PyPi | Ecosystem::Conda => canonical(&self.name),
            _ => self.name.clone(),
        }
    }

    /// Returns the package URL, with the version where there is one.
    pub fn purl(&self) -> String {
        let name = self.canonical_name().replace('@', "%40");
        let version = self
            .version
            .as_ref()
            .map(|version| format!("@{version}"))
            .unwrap_or_default();
        format!("pkg:{}/{name}{version}", self.ecosystem.purl_type())
    }
}

/// Returns a Python name in lower case with one hyphen for each run of separators (PEP 503).
pub fn canonical(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if matches!(c, '-' | '_' | '.') {
            if !out.ends_with('-') {
                out.push('-');
            }
        } else {
            out.extend(c.to_lowercase());
        }
    }
    out
}

/// Says whether a text is a whole commit.
pub fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.chars().all(|c| c.is_ascii_hexdigit())
}

/// Holds one place that packages are looked for in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// Its address.
    pub url: String,
    /// Asked besides the usual one, so that the highest version of either wins.
    pub is_extra: bool,
    /// Where it is named.
    pub span: Range<usize>,
}

/// Holds one list of dependencies.
#[derive(Clone, Debug, Default)]
pub struct Dependencies {
    /// What kind of list: `requirements`, `pyproject`, `uv.lock` ...
    pub kind: &'static str,
    /// A lock, which names everything that is installed.
    pub is_lock: bool,
    /// The packages.
    pub list: Vec<Dependency>,
    /// Other places to look for packages.
    pub indexes: Vec<Index>,
    /// Hosts that need not prove who they are.
    pub trusted_hosts: Vec<Spot>,
    /// Commands that run when the package is installed.
    pub scripts: Vec<Spot>,
    /// Other lists that are read with it.
    pub includes: Vec<Spot>,
    /// Something was not understood, because of a broken place or a limit.
    pub is_cut: bool,
}

impl Dependencies {
    pub(crate) fn of(kind: &'static str) -> Self {
        Self {
            kind,
            ..Self::default()
        }
    }

    pub(crate) fn lock(kind: &'static str) -> Self {
        Self {
            is_lock: true,
            ..Self::of(kind)
        }
    }

    pub(crate) fn push(&mut self, dependency: Dependency) {
        if self.list.len() < MAX_DEPENDENCIES {
            self.list.push(dependency);
        } else {
            self.is_cut = true;
        }
    }

    /// Reads a list; `name` is a file name. `tree` is asked for where the text may be one.
    pub fn read<'t>(name: &str, text: &str, tree: impl FnOnce() -> Option<&'t Tree>) -> Option<Self> {
        let lower = name.to_ascii_lowercase();
        match lower.as_str() {
            "go.mod" => return Some(locks::go_mod(text)),
            "go.sum" => return Some(locks::go_sum(text)),
            "yarn.lock" if text.contains("yarn lockfile v1") => return Some(locks::yarn(text)),
            "setup.cfg" => return Some(lists::setup_cfg(text)),
            _ => {}
        }
        if requirements::is_list(&lower, text) {
            return Some(requirements::read(text));
        }
        if !hinted(text) {
            return None;
        }
        let tree = tree()?;
        let root = tree.root()?;
        let mut found = of_tree(&lower, root)?;
        found.is_cut |= tree.is_cut();
        Some(found)
    }
}

/// Says whether a text holds any of the words without which no such list is one.
fn hinted(text: &str) -> bool {
    static WORDS: LazyLock<Words> = LazyLock::new(|| Words::new(HINTS));
    WORDS.any_in(text.as_bytes())
}

/// Words of which a list in YAML, JSON or TOML holds at least one.
const HINTS: &[&str] = &[
    "dependencies",
    "Dependencies",
    "requires",
    "[[package",
    "packages",
    "package:",
    "_meta",
];

fn of_tree(name: &str, root: &Node) -> Option<Dependencies> {
    let has = |key: &str| root.get(key).is_some();
    let items = |key: &str| root.get(key).map(Node::items).unwrap_or_default();
    if has("project")
        && root.get("project").is_some_and(Node::is_map)
        && (has("build-system") || root.at(&["project", "name"]).is_some())
        || root.at(&["tool", "poetry"]).is_some()
        || root.at(&["build-system", "requires"]).is_some()
        || has("dependency-groups")
    {
        return Some(lists::pyproject(root));
    }
    let locked = items("package")
        .iter()
        .chain(items("packages"))
        .any(|one| one.get("name").is_some());
    if locked {
        let cargo = items("package").iter().any(|one| {
            one.get("checksum").is_some()
                || one
                    .str_at(&["source"])
                    .is_some_and(|source| source.starts_with("registry+"))
        }) || name == "cargo.lock";
        return Some(locks::python_or_cargo(root, cargo));
    }
    if has("_meta") && (has("default") || has("develop")) {
        return Some(locks::pipfile_lock(root));
    }
    if name == "pipfile" || has("dev-packages") && has("source") {
        return Some(lists::pipfile(root));
    }
    if has("lockfileVersion") && has("packages") {
        return Some(locks::javascript(root));
    }
    let npm = [
        "dependencies",
        "devDependencies",
        "optionalDependencies",
        "peerDependencies",
    ]
    .iter()
    .any(|key| root.get(key).is_some_and(Node::is_map));
    if name == "package.json" || npm && has("name") && !has("package") {
        return Some(lists::package_json(root));
    }
    if root.get("package").is_some_and(Node::is_map)
        || has("workspace") && has("dependencies")
        || name == "cargo.toml"
    {
        return Some(lists::cargo(root));
    }
    let conda = items("dependencies")
        .iter()
        .any(|one| one.as_str().is_some() || one.get("pip").is_some());
    (conda && (has("channels") || has("name"))).then(|| lists::conda(root))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Syntax;

    fn read(name: &str, text: &str) -> Dependencies {
        let tree = Syntax::guess(text).map(|syntax| Tree::parse(text, syntax));
        Dependencies::read(name, text, || tree.as_ref()).unwrap_or_else(|| panic!("{name}: {text}"))
    }

    #[test]
    fn every_list_gives_one_shape() {
        for (name, text, kind, pinned) in [
            (
                "requirements.txt",
                "numpy==1.26.4 \\\n    --hash=sha256:ab\n",
                "requirements",
                true,
            ),
            ("requirements.txt", "numpy>=1\n", "requirements", false),
            (
                "pyproject.toml",
                "[project]\nname = 'a'\ndependencies = ['numpy==1.26.4']\n",
                "pyproject",
                true,
            ),
            (
                "pyproject.toml",
                "[tool.poetry.dependencies]\npython = '^3.11'\nnumpy = '^1.26'\n",
                "pyproject",
                false,
            ),
            (
                "uv.lock",
                "version = 1\n[[package]]\nname = 'numpy'\nversion = '1.26.4'\nsource = { registry = 'https://pypi.org/simple' }\n",
                "python lock",
                true,
            ),
            ("Pipfile", "[packages]\nnumpy = '*'\n", "Pipfile", false),
            (
                "Pipfile.lock",
                "{\"_meta\": {}, \"default\": {\"numpy\": {\"version\": \"==1.26.4\", \"hashes\": [\"sha256:ab\"]}}}",
                "Pipfile.lock",
                true,
            ),
            (
                "environment.yml",
                "name: a\nchannels: [conda-forge]\ndependencies:\n- numpy=1.26.4=h1\n",
                "conda environment",
                true,
            ),
            (
                "package.json",
                "{\"name\": \"a\", \"dependencies\": {\"numpy\": \"1.2.3\"}}",
                "package.json",
                true,
            ),
            (
                "package-lock.json",
                "{\"lockfileVersion\": 3, \"packages\": {\"\": {}, \"node_modules/numpy\": {\"version\": \"1.2.3\", \"integrity\": \"sha512-a\"}}}",
                "npm lock",
                true,
            ),
            (
                "yarn.lock",
                "# yarn lockfile v1\n\nnumpy@^1.0.0:\n  version \"1.2.3\"\n  resolved \"https://registry.yarnpkg.com/numpy\"\n  integrity sha512-a\n",
                "yarn.lock",
                true,
            ),
            (
                "pnpm-lock.yaml",
                "lockfileVersion: '9.0'\npackages:\n  numpy@1.2.3:\n    resolution: {integrity: sha512-a}\n",
                "npm lock",
                true,
            ),
            (
                "Cargo.toml",
                "[package]\nname = 'a'\n[dependencies]\nnumpy = '1'\n",
                "Cargo.toml",
                false,
            ),
            (
                "Cargo.lock",
                "version = 4\n[[package]]\nname = 'numpy'\nversion = '1.2.3'\nsource = 'registry+https://github.com/rust-lang/crates.io-index'\nchecksum = 'ab'\n",
                "Cargo.lock",
                true,
            ),
            (
                "go.mod",
                "module a\nrequire (\n\tnumpy v1.2.3\n)\n",
                "go.mod",
                true,
            ),
            ("go.sum", "numpy v1.2.3 h1:ab=\n", "go.sum", true),
            (
                "setup.cfg",
                "[options]\ninstall_requires =\n    numpy>=1\n",
                "setup.cfg",
                false,
            ),
        ] {
            let found = read(name, text);
            assert_eq!(found.kind, kind);
            let [one] = found.list.as_slice() else {
                panic!("{name}: {:?}", found.list)
            };
            assert_eq!((one.name.as_str(), one.is_pinned()), ("numpy", pinned), "{name}");
            assert!(
                text.get(one.span.clone())
                    .is_some_and(|span| span.contains("numpy")),
                "{name}: {:?}",
                one.span
            );
        }
    }

    #[test]
    fn options_urls_and_markers_are_understood() {
        let text = "--extra-index-url https://x.example.invalid/simple\n-i http://y.example.invalid\n--trusted-host y.example.invalid\n-r more.txt\n\
                    a[b,c]>=1 ; python_version < '3.12'  # why\nd @ https://z.example.invalid/d.whl\n-e git+https://g.example.invalid/e@main#egg=e\n./local\n";
        let found = read("requirements-dev.txt", text);
        assert_eq!(found.indexes.len(), 2);
        assert!(found.indexes[0].is_extra && !found.indexes[1].is_extra);
        assert_eq!((found.trusted_hosts.len(), found.includes.len()), (1, 1));
        let names: Vec<&str> = found.list.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["a", "d", "e", "local"]);
        assert_eq!(found.list[0].requirement, ">=1");
        assert!(matches!(&found.list[1].origin, Origin::Url(_)));
        assert!(
            matches!(&found.list[2].origin, Origin::Repository { revision: Some(revision), .. } if revision == "main")
        );
        assert_eq!(found.list[0].purl(), "pkg:pypi/a");
    }

    #[test]
    fn other_text_is_no_list() {
        for (name, text) in [
            ("notes.txt", "numpy is needed\n"),
            ("config.json", "{\"packages\": 1, \"name\": \"x\"}"),
            ("data.yaml", "dependencies: none\nname: x\n"),
            ("vocab.txt", "the\nof\nand\n"),
        ] {
            let tree = Syntax::guess(text).map(|syntax| Tree::parse(text, syntax));
            assert!(
                Dependencies::read(name, text, || tree.as_ref()).is_none(),
                "{name}"
            );
        }
    }
}
