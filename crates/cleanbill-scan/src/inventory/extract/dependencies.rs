//! Lists of dependencies and locks: the software that a model or system names.

use std::collections::BTreeSet;

use cleanbill_code::dependencies::{Dependency, Ecosystem, Origin, Scope};
use cleanbill_core::bill::{
    Component, ComponentKind, Digest, DigestAlgorithm, ExternalReference, ReferenceKind, RelationKind,
    Source, Sourced,
};

use crate::{
    inventory::{Entry, purl},
    scene::Scene,
};

pub(super) fn extract(scene: &Scene<'_>, entry: &mut Entry) {
    let Some(list) = scene.reading.dependencies() else {
        return;
    };
    // The same package may stand in a list once for each platform.
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for dependency in &list.list {
        if matches!(dependency.origin, Origin::Path(_)) {
            continue;
        }
        let place = format!("{} {}", dependency.name, dependency.requirement);
        let source = Source::file(scene.artifact, place.trim());
        let component = library(dependency, &source);
        if !seen.insert(component.id.clone()) {
            continue;
        }
        let detail = match dependency.scope {
            Scope::Runtime => "",
            Scope::Development => "development",
            Scope::Optional => "optional",
            Scope::Build => "build",
        };
        entry.name(RelationKind::DependsOn, detail, component, source);
    }
}

pub(super) fn library(dependency: &Dependency, source: &Source) -> Component {
    let kind = dependency.ecosystem.purl_type();
    let name = dependency.canonical_name();
    let (namespace, short) = match dependency.ecosystem {
        Ecosystem::Npm | Ecosystem::Go => name
            .rsplit_once('/')
            .map_or((None, name.as_str()), |(namespace, short)| {
                (Some(namespace), short)
            }),
        _ => (None, name.as_str()),
    };
    let version = dependency.version.as_deref();
    let url = purl(kind, namespace, short, version);
    let id = url
        .clone()
        .unwrap_or_else(|| format!("{kind}:{name}@{}", version.unwrap_or(&dependency.requirement)));
    let id = if version.is_none() && !dependency.requirement.is_empty() {
        format!("{id} {}", dependency.requirement)
    } else {
        id
    };
    let mut component = Component::new(ComponentKind::Library, &id, short);
    component.group = namespace.map(|group| Sourced::new(group.to_owned(), source.clone()));
    component.purl = url.map(|url| Sourced::new(url, source.clone()));
    component.version = version.map(|version| Sourced::new(version.to_owned(), source.clone()));
    if version.is_none() && !dependency.requirement.is_empty() {
        component.requirement = Some(Sourced::new(dependency.requirement.clone(), source.clone()));
    }
    for hash in &dependency.hashes {
        if let Some(digest) = digest(hash) {
            component.digests.push(Sourced::new(digest, source.clone()));
        }
    }
    let (url, kind) = match &dependency.origin {
        Origin::Registry(Some(url)) | Origin::Url(url) => (Some(url), ReferenceKind::Distribution),
        Origin::Repository { url, .. } => (Some(url), ReferenceKind::SourceControl),
        Origin::Registry(None) | Origin::Path(_) => (None, ReferenceKind::Other),
    };
    if let Some(url) = url {
        component.references.push(Sourced::new(
            ExternalReference {
                kind,
                url: without_password(url),
                digests: Vec::new(),
            },
            source.clone(),
        ));
    }
    component.property(
        "cleanbill:pinned",
        if dependency.is_pinned() { "true" } else { "false" },
        source.clone(),
    );
    component
}

/// Leaves out what stands before the host: a bill must not carry credentials on.
pub(super) fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

/// Reads `sha256:HEX`, or `sha512-BASE64` as npm writes it.
fn digest(text: &str) -> Option<Digest> {
    let (name, value) = text.split_once([':', '-', '='])?;
    let (algorithm, bytes) = match name.to_ascii_lowercase().as_str() {
        "md5" => (DigestAlgorithm::Md5, 16),
        "sha1" => (DigestAlgorithm::Sha1, 20),
        "sha256" => (DigestAlgorithm::Sha256, 32),
        "sha384" => (DigestAlgorithm::Sha384, 48),
        "sha512" => (DigestAlgorithm::Sha512, 64),
        _ => return None,
    };
    let hex = if value.len() == bytes * 2 && value.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        value.to_ascii_lowercase()
    } else {
        let decoded = base64(value)?;
        (decoded.len() == bytes).then(|| cleanbill_core::hex(&decoded))?
    };
    Some(Digest { algorithm, hex })
}

/// Decodes base64 with its padding (RFC 4648, section 4).
fn base64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut buffer, mut bits) = (0_u32, 0_u32);
    for byte in text.trim_end_matches('=').bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        buffer = (buffer << 6) | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push(u8::try_from((buffer >> bits) & 0xff).ok()?);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_of_every_list_become_digits() {
        let zeros = "0".repeat(64);
        assert_eq!(
            digest(&format!("sha256:{zeros}")).map(|one| one.hex),
            Some(zeros.clone())
        );
        let base = format!("sha256-{}=", "A".repeat(43));
        assert_eq!(digest(&base).map(|one| one.hex), Some(zeros));
        for bad in ["sha256:00", "crc32:00", "sha512-AAAA", "nothing"] {
            assert_eq!(digest(bad), None, "{bad}");
        }
    }

    #[test]
    fn addresses_lose_their_passwords() {
        assert_eq!(
            without_password("https://user:secret@host.example/simple"),
            "https://host.example/simple"
        );
        assert_eq!(without_password("git@host.example:a/b"), "git@host.example:a/b");
    }
}
