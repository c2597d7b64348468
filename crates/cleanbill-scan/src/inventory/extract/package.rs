//! `METADATA` and `PKG-INFO` of installed and packed Python packages (core metadata of the Python packaging authority).

use cleanbill_code::dependencies::parse_requirement;
use cleanbill_core::bill::{
    Component, ComponentKind, ExternalReference, Licence, Party, ReferenceKind, RelationKind, Source, Sourced,
};

use super::is_named;
use crate::{
    inventory::{Entry, purl},
    scene::Scene,
};

/// LIMIT: lines of the header that are read; the description follows it.
const LINES: usize = 2_000;

pub(super) fn extract(scene: &Scene<'_>, entry: &mut Entry) {
    if !is_named(scene, &["METADATA", "PKG-INFO"]) {
        return;
    }
    let Some(written) = scene.reading.text() else {
        return;
    };
    let header: Vec<(&str, &str)> = written
        .text
        .lines()
        .take(LINES)
        .take_while(|line| !line.trim().is_empty())
        .filter_map(|line| line.split_once(": "))
        .collect();
    if !header.iter().any(|(key, _)| *key == "Metadata-Version") {
        return;
    }
    let one = |key: &str| {
        let (_, value) = header
            .iter()
            .find(|(name, value)| *name == key && !value.trim().is_empty())?;
        let value = value.trim();
        (value != "UNKNOWN").then(|| Sourced::new(value.to_owned(), Source::file(scene.artifact, key)))
    };
    let Some(name) = one("Name") else { return };
    let version = one("Version");
    let url = purl(
        "pypi",
        None,
        &name.value,
        version.as_ref().map(|one| one.value.as_str()),
    );
    let id = url.clone().unwrap_or_else(|| format!("pypi:{}", name.value));
    let mut package = Component::new(ComponentKind::Library, &id, &name.value);
    package.purl = url.map(|url| Sourced::new(url, name.source.clone()));
    package.version = version;
    package.description = one("Summary");
    package.producer = one("Author")
        .or_else(|| one("Author-email"))
        .map(|author| Sourced::new(party(&author.value), author.source));
    package.supplier = one("Maintainer")
        .or_else(|| one("Maintainer-email"))
        .map(|author| Sourced::new(party(&author.value), author.source));
    let licences = header
        .iter()
        .filter(|(key, value)| {
            matches!(*key, "License-Expression" | "License")
                || *key == "Classifier" && value.starts_with("License :: ")
        })
        .filter(|(_, value)| !value.trim().is_empty() && value.trim() != "UNKNOWN" && value.len() < 200);
    for (key, value) in licences {
        package.licences.push(Sourced::new(
            Licence {
                expression: None,
                stated: value.trim().to_owned(),
                is_found: false,
            },
            Source::file(scene.artifact, key),
        ));
    }
    if let Some(page) = one("Home-page") {
        package.references.push(Sourced::new(
            ExternalReference {
                kind: ReferenceKind::Website,
                url: page.value,
                digests: Vec::new(),
            },
            page.source,
        ));
    }
    let owner = package.id.clone();
    entry.name(RelationKind::Contains, "package", package, name.source.clone());
    for (key, value) in &header {
        if *key != "Requires-Dist" {
            continue;
        }
        let needed = value
            .split(';')
            .next()
            .unwrap_or_default()
            .replace(['(', ')'], " ");
        let Some(needed) = parse_requirement(&needed, 0..0) else {
            continue;
        };
        let source = Source::file(scene.artifact, "Requires-Dist");
        let component = super::dependencies::library(&needed, &source);
        let detail = if value.contains("extra ==") {
            "optional"
        } else {
            ""
        };
        entry.name(RelationKind::DependsOn, detail, component, source);
        if let Some(last) = entry.relations.last_mut() {
            last.from.clone_from(&owner);
        }
    }
}

/// Reads `Name <address>`; of several people the line stays as it is written.
fn party(text: &str) -> Party {
    let parts = text.split_once('<').filter(|_| !text.contains(','));
    let address = parts.and_then(|(_, rest)| rest.trim_end().strip_suffix('>'));
    match (parts, address) {
        (Some((name, _)), Some(address)) if !name.trim().is_empty() => Party {
            name: name.trim().trim_matches('"').to_owned(),
            urls: Vec::new(),
            contacts: vec![address.to_owned()],
        },
        _ => Party {
            name: text.to_owned(),
            ..Party::default()
        },
    }
}

#[cfg(test)]
mod tests {
    use super::party;

    #[test]
    fn names_and_addresses_are_parted() {
        let one = party("Ada <ada@example.com>");
        assert_eq!(
            (one.name.as_str(), one.contacts.as_slice()),
            ("Ada", &["ada@example.com".to_owned()][..])
        );
        for text in ["Ada", "A <a@example.com>, B <b@example.com>", "<a@example.com>"] {
            assert_eq!(party(text).name, text);
        }
    }
}
