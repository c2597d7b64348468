//! Reads a lock as strictly as it is written: a value that could be read in two ways is a fault.

use std::collections::BTreeMap;

use super::{Lock, LockedArtifact, LockedFile, SCHEMA};
use crate::{
    Fault, limits,
    name::ArtifactName,
    policy_file::{Kind, is_digest},
    reader::{self, Faults, Found, Problem, Table, nearest, shortened},
    revision::{self, Origin, Revision},
};

pub(super) fn read(bytes: &[u8]) -> Result<Lock, Vec<Fault>> {
    let lock = reader::document(bytes, limits::LOCK_FILE_BYTES, |mut table, faults| {
        if let Some(schema) = table.needed("schema", faults)
            && schema.value != SCHEMA
        {
            let problem = Problem::Schema {
                found: shortened(schema.value),
                known: SCHEMA,
            };
            faults.tell(schema.at, "schema", problem);
        }
        let allow_symlinks = table.flag("allow_symlinks", faults);
        let mut artifacts: Vec<LockedArtifact> = Vec::new();
        let mut places = BTreeMap::new();
        for one in table.tables("artifact", limits::ENTRIES, faults) {
            let (at, key) = (one.at(), one.key("name"));
            let Some(artifact) = artifact(one, faults) else {
                continue;
            };
            if let Some(first) = places.get(&artifact.name) {
                let problem = Problem::Duplicate {
                    first: faults.place(*first),
                    value: artifact.name.to_string(),
                };
                faults.tell(at, key, problem);
            } else {
                places.insert(artifact.name.clone(), at);
            }
            artifacts.push(artifact);
        }
        table.finish(faults);
        artifacts.sort_by(|one, other| one.name.cmp(&other.name));
        Lock {
            allow_symlinks,
            artifacts,
        }
    })?;
    match first_other_spelling(bytes, lock.to_toml().as_bytes()) {
        None => Ok(lock),
        Some(at) => {
            // What was read was text.
            let text = std::str::from_utf8(bytes).unwrap_or_default();
            let mut faults = Faults::of(text);
            faults.tell(at, "", Problem::Spelling);
            Err(faults.finish())
        }
    }
}

/// Returns where two texts differ first in something else than blanks.
fn first_other_spelling(found: &[u8], written: &[u8]) -> Option<usize> {
    let is_said = |byte: &u8| !byte.is_ascii_whitespace();
    let mut written = written.iter().filter(|byte| is_said(byte));
    for (at, byte) in found.iter().enumerate().filter(|(_, byte)| is_said(byte)) {
        if written.next() != Some(byte) {
            return Some(at);
        }
    }
    written.next().map(|_| found.len())
}

fn artifact(mut table: Table<'_>, faults: &mut Faults<'_>) -> Option<LockedArtifact> {
    let name = table.needed("name", faults).and_then(|found| {
        let name = ArtifactName::parse(found.value);
        told(name, &table, "name", &found, Problem::Name, faults)
    });
    let kind = table.needed("kind", faults).and_then(|found| {
        let problem = Problem::UnknownValue {
            found: shortened(found.value),
            nearest: nearest(found.value, Kind::ALL.iter().map(|kind| kind.as_str())).map(str::to_owned),
            known: Kind::KNOWN,
        };
        told(Kind::parse(found.value), &table, "kind", &found, problem, faults)
    });
    let path = table.needed("path", faults);
    let source = table.text("source", faults);
    let revision = revision(&mut table, faults);
    let digest = digest(&mut table, faults);
    if !table.has("files") {
        table.missing("files", faults);
    }
    let mut files: Vec<(LockedFile, usize)> = Vec::new();
    for one in table.tables("files", limits::FILES, faults) {
        let at = one.at();
        files.extend(file(one, faults).map(|file| (file, at)));
    }
    files.sort_by(|(one, at), (other, other_at)| (&one.path, at).cmp(&(&other.path, other_at)));
    for pair in files.windows(2) {
        if let [(one, first), (other, at)] = pair
            && one.path == other.path
        {
            let problem = Problem::Duplicate {
                first: faults.place(*first),
                value: shortened(&one.path),
            };
            faults.tell(*at, table.key("files"), problem);
        }
    }
    let files = files.into_iter().map(|(file, _)| file).collect();
    table.finish(faults);
    Some(LockedArtifact {
        name: name?,
        kind: kind?,
        path: path?.value.to_owned(),
        source: source.map(|found| found.value.to_owned()),
        revision,
        digest: digest?,
        files,
    })
}

fn revision(table: &mut Table<'_>, faults: &mut Faults<'_>) -> Option<Revision> {
    // Both or none.
    if !table.has("revision") && !table.has("revision_from") {
        return None;
    }
    let commit = table.needed("revision", faults).and_then(|found| {
        let is_commit = revision::is_commit(found.value).then(|| found.value.to_owned());
        told(is_commit, table, "revision", &found, Problem::Digest, faults)
    });
    let origin = table.needed("revision_from", faults).and_then(|found| {
        let problem = Problem::UnknownValue {
            found: shortened(found.value),
            nearest: None,
            known: Origin::KNOWN,
        };
        let origin = Origin::parse(found.value);
        told(origin, table, "revision_from", &found, problem, faults)
    });
    Some(Revision {
        commit: commit?,
        origin: origin?,
    })
}

fn file(mut table: Table<'_>, faults: &mut Faults<'_>) -> Option<LockedFile> {
    let path = table.needed("path", faults);
    let size_bytes = table.number("size_bytes", faults);
    let sha256 = digest(&mut table, faults);
    table.finish(faults);
    Some(LockedFile {
        path: path?.value.to_owned(),
        size_bytes: size_bytes?,
        sha256: sha256?,
    })
}

fn digest(table: &mut Table<'_>, faults: &mut Faults<'_>) -> Option<String> {
    let found = table.needed("sha256", faults)?;
    let digest = is_digest(found.value).then(|| found.value.to_owned());
    told(digest, table, "sha256", &found, Problem::Digest, faults)
}

/// Tells of a value that could not be read.
fn told<T>(
    value: Option<T>,
    table: &Table<'_>,
    key: &str,
    found: &Found<&str>,
    problem: Problem,
    faults: &mut Faults<'_>,
) -> Option<T> {
    if value.is_none() {
        faults.tell(found.at, table.key(key), problem);
    }
    value
}
