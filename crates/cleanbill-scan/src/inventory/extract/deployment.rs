//! Images of containers that recipes and manifests name.

use cleanbill_core::bill::{
    Component, ComponentKind, Digest, DigestAlgorithm, RelationKind, Source, Sourced,
};

use crate::{
    inventory::{Entry, qualified_purl},
    scene::Scene,
};

pub(super) fn extract(scene: &Scene<'_>, entry: &mut Entry) {
    let Some(deployment) = scene.reading.deployment() else {
        return;
    };
    for image in &deployment.images {
        if image.text.is_empty() || image.text.contains(['$', '{', ' ']) || image.text == "scratch" {
            continue;
        }
        let source = Source::file(scene.artifact, "image");
        let component = container(&image.text, &source);
        entry.name(RelationKind::DependsOn, "image", component, source);
    }
}

/// Makes a container of `registry/name:tag@sha256:digest`.
fn container(text: &str, source: &Source) -> Component {
    let (named, digest) = text
        .split_once("@sha256:")
        .map_or((text, None), |(named, digest)| (named, Some(digest)));
    let slash = named.rfind('/').map_or(0, |at| at + 1);
    let (path, tag) = match named.get(slash..).and_then(|last| last.find(':')) {
        Some(colon) => (
            named.get(..slash + colon).unwrap_or_default(),
            named.get(slash + colon + 1..),
        ),
        None => (named, None),
    };
    let name = path.rsplit('/').next().unwrap_or(path);
    let mut component = Component::new(ComponentKind::Container, &format!("image:{text}"), path);
    component.version = tag.map(|tag| Sourced::new(tag.to_owned(), source.clone()));
    if let Some(digest) = digest.filter(|digest| digest.len() == 64) {
        component.digests.push(Sourced::new(
            Digest {
                algorithm: DigestAlgorithm::Sha256,
                hex: digest.to_ascii_lowercase(),
            },
            source.clone(),
        ));
        // purl-spec, type oci: the version is the digest, where it is pulled from and the tag are qualifiers.
        let mut qualifiers = vec![("repository_url", path)];
        qualifiers.extend(tag.map(|tag| ("tag", tag)));
        let version = format!("sha256:{digest}");
        component.purl = qualified_purl("oci", None, name, Some(&version), &qualifiers)
            .map(|url| Sourced::new(url, source.clone()));
    }
    component
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_parted() {
        let source = Source::file("Dockerfile", "image");
        let digest = "a".repeat(64);
        for (text, name, version) in [
            ("python:3.12", "python", Some("3.12")),
            ("ghcr.io:443/acme/serve", "ghcr.io:443/acme/serve", None),
            (
                "nvcr.io/nvidia/tritonserver:24.08-py3",
                "nvcr.io/nvidia/tritonserver",
                Some("24.08-py3"),
            ),
        ] {
            let one = container(text, &source);
            assert_eq!(
                (
                    one.name.as_str(),
                    one.version.as_ref().map(|one| one.value.as_str())
                ),
                (name, version)
            );
        }
        let pinned = container(&format!("acme/serve:1@sha256:{digest}"), &source);
        assert_eq!(
            pinned.purl.map(|one| one.value),
            Some(format!(
                "pkg:oci/serve@sha256:{digest}?repository_url=acme%2Fserve&tag=1"
            ))
        );
    }
}
