//! The system file, `cleanbill.toml`: what belongs to a system, and whose signatures count for what.
//!
//! A key that nothing uses is a fault, so that a misspelt rule is never a rule that does not hold. All faults are told at once.

mod paths;
mod trust;

pub(crate) use paths::commit;
pub(crate) use trust::is_digest;

use std::collections::BTreeMap;

use cleanbill_core::UnixTime;

use crate::{
    limits,
    name::{ArtifactName, Namespace},
    reader::{self, Fault, Faults, Found, Place, Problem, Table, check_plain, nearest, shortened},
};

/// Name of the file, looked for in a folder and those above it.
pub const FILE_NAME: &str = "cleanbill.toml";

/// Holds a system file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemFile {
    /// What the system is called.
    pub name: String,
    /// What belongs to it, in the order of the file.
    pub artifacts: Vec<Artifact>,
    /// Whose signatures count, in the order of the file.
    pub trust: Vec<Rule>,
}

/// Says what an artifact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Weights with what belongs to them.
    Model,
    /// Data to train, tune, evaluate or answer from.
    Dataset,
    /// Prompts and templates.
    Prompt,
    /// Programs.
    Code,
    /// Files that describe how something is deployed.
    Manifest,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Model,
        Self::Dataset,
        Self::Prompt,
        Self::Code,
        Self::Manifest,
    ];
    pub(crate) const KNOWN: &str = "model, dataset, prompt, code, manifest";

    /// Returns the word in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Dataset => "dataset",
            Self::Prompt => "prompt",
            Self::Code => "code",
            Self::Manifest => "manifest",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// Holds one thing that belongs to the system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// What it is called.
    pub name: ArtifactName,
    /// What it is.
    pub kind: Kind,
    /// Where it lies: relative to the folder of the file, with `/`.
    pub path: String,
    /// It may lie outside of that folder.
    pub outside: bool,
    /// Where it comes from.
    pub source: Option<String>,
    /// Where it stands in the file.
    pub place: Place,
}

/// Says whose signatures count for some names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// For which names.
    pub namespace: Namespace,
    /// Whose.
    pub signer: Signer,
    /// The first second in which a signature counts.
    pub since: Option<UnixTime>,
    /// The first second in which a signature does not count any more.
    pub until: Option<UnixTime>,
    /// The signer is not trusted any more.
    pub revoked: Option<Revocation>,
    /// Files with the roots that are believed about the time of its signatures, relative to the folder of the system file.
    pub timestamp_authorities: Vec<Reference>,
    /// Files with lists of revoked certificates, relative to the folder of the system file.
    pub revocation_lists: Vec<Reference>,
    /// Where it stands in the file.
    pub place: Place,
}

/// Names a signer exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signer {
    /// The holder of a key.
    Key {
        /// SHA-256 over its PEM, where the file says it.
        fingerprint: Option<String>,
        /// The file with it, relative to the folder of the system file, where the file names one.
        file: Option<Reference>,
    },
    /// The holder of a certificate.
    Certificate {
        /// Whose it is: a distinguished name, or `email:`, `dns:` or `uri:` and an alternative name.
        subject: String,
        /// The distinguished name of who issued it, where the file says it.
        issuer: Option<String>,
        /// Files with the roots that vouch for it, relative to the folder of the system file.
        roots: Vec<Reference>,
    },
    /// An identity that Sigstore confirmed.
    Sigstore {
        /// Whose: an address or a URI.
        identity: String,
        /// Who confirmed it.
        issuer: String,
    },
}

/// Holds a path with its place, so that what is wrong with the file it names can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The path.
    pub path: String,
    /// Where it stands.
    pub place: Place,
}

/// Says since when and why a signer is not trusted any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// The first second of which nothing is believed.
    pub at: UnixTime,
    /// Why.
    pub reason: String,
}

/// Reads a system file, or returns everything that is wrong with it.
pub fn read(bytes: &[u8]) -> Result<SystemFile, Vec<Fault>> {
    reader::document(bytes, limits::SYSTEM_FILE_BYTES, |mut table, faults| {
        let name = system(&mut table, faults);
        let mut artifacts = Vec::new();
        for artifact in table.tables("artifact", limits::ENTRIES, faults) {
            artifacts.extend(self::artifact(artifact, faults));
        }
        unique(&artifacts, faults);
        let mut rules = Vec::new();
        for rule in table.tables("trust", limits::ENTRIES, faults) {
            rules.extend(trust::rule(rule, faults));
        }
        trust::unique(&rules, faults);
        table.finish(faults);
        SystemFile {
            name,
            artifacts: artifacts.into_iter().map(|(artifact, _)| artifact).collect(),
            trust: rules.into_iter().map(|(rule, _)| rule).collect(),
        }
    })
}

fn system(table: &mut Table<'_>, faults: &mut Faults<'_>) -> String {
    if !table.has("system") {
        table.missing("system", faults);
    }
    let Some(mut system) = table.table("system", faults) else {
        return String::new();
    };
    let name = system.needed("name", faults);
    if let Some(name) = &name {
        check_plain(system.key("name"), name, faults);
    }
    system.finish(faults);
    name.map(|name| name.value.to_owned()).unwrap_or_default()
}

/// Reads one artifact; the places are those of its name and path.
fn artifact(mut table: Table<'_>, faults: &mut Faults<'_>) -> Option<(Artifact, [usize; 2])> {
    let place = faults.place(table.at());
    let name = table.needed("name", faults);
    let kind = table.needed("kind", faults);
    let path = table.needed("path", faults);
    let source = table.text("source", faults);
    let outside = table.flag("outside", faults);
    let parsed = name.as_ref().and_then(|name| ArtifactName::parse(name.value));
    if let (Some(name), None) = (&name, &parsed) {
        faults.tell(name.at, table.key("name"), Problem::Name);
    }
    let known = kind.and_then(|kind| self::kind(&table, &kind, faults));
    let path = path.filter(|path| match paths::check(path.value, outside) {
        Ok(()) => true,
        Err(problem) => {
            faults.tell(path.at, table.key("path"), Problem::Path { problem });
            false
        }
    });
    if let Some(source) = &source
        && let Err(problem) = paths::check_source(source.value)
    {
        faults.tell(source.at, table.key("source"), problem);
    }
    let at = name.as_ref().map_or(0, |name| name.at);
    table.finish(faults);
    let path = path?;
    Some((
        Artifact {
            name: parsed?,
            kind: known?,
            path: path.value.to_owned(),
            outside,
            source: source.map(|source| source.value.to_owned()),
            place,
        },
        [at, path.at],
    ))
}

fn kind(table: &Table<'_>, found: &Found<&str>, faults: &mut Faults<'_>) -> Option<Kind> {
    let kind = Kind::parse(found.value);
    if kind.is_none() {
        let words = Kind::ALL.iter().map(|kind| kind.as_str());
        let problem = Problem::UnknownValue {
            found: shortened(found.value),
            nearest: nearest(found.value, words).map(str::to_owned),
            known: Kind::KNOWN,
        };
        faults.tell(found.at, table.key("kind"), problem);
    }
    kind
}

/// Tells of names and paths that stand twice. Names that differ in capitals alone are the same.
fn unique(artifacts: &[(Artifact, [usize; 2])], faults: &mut Faults<'_>) {
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    let mut paths: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, (artifact, [name_at, path_at])) in artifacts.iter().enumerate() {
        let number = index.saturating_add(1);
        let name = artifact.name.as_str();
        if let Some(first) = names.insert(name.to_ascii_lowercase(), *name_at) {
            let problem = Problem::Duplicate {
                first: faults.place(first),
                value: name.to_owned(),
            };
            faults.tell(*name_at, format!("artifact[{number}].name"), problem);
        }
        if let Some(first) = paths.insert(&artifact.path, *path_at) {
            let problem = Problem::Duplicate {
                first: faults.place(first),
                value: artifact.path.clone(),
            };
            faults.tell(*path_at, format!("artifact[{number}].path"), problem);
        }
    }
}
