//! Images of containers that recipes and manifests name, and the accelerators that they ask for.

use std::collections::BTreeMap;

use cleanbill_code::tree::Node;
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
    if let Some(root) = scene.reading.root() {
        devices(root, scene.artifact, entry);
    }
}

/// LIMIT: devices of one manifest that are taken.
const DEVICES: usize = 64;

/// Names the accelerators that a manifest asks for: resources of Kubernetes, selectors of nodes, reservations of Compose.
fn devices(root: &Node, file: &str, entry: &mut Entry) {
    let mut found: BTreeMap<String, (String, Source)> = BTreeMap::new();
    root.walk(&mut |key, value| {
        let Some(text) = value.as_str().filter(|text| text.len() <= 100) else {
            return;
        };
        let source = Source::file(file, key);
        let is_vendor = key.contains('/') && !key.contains(' ') && key.len() <= 100;
        let (name, count) = match key.rsplit('/').next() {
            Some("gpu" | "tpu" | "gaudi" | "neuron" | "npu") if is_vendor => (key, text),
            Some("gke-accelerator" | "gke-tpu-accelerator" | "gpu.product" | "accelerator") if is_vendor => {
                (text, "")
            }
            _ if key == "driver" && matches!(text, "nvidia" | "amd" | "cdi") => (text, ""),
            _ => return,
        };
        if !name.contains(['$', '{']) && found.len() < DEVICES {
            found.entry(name.to_owned()).or_insert((count.to_owned(), source));
        }
    });
    for (name, (count, source)) in found {
        let mut device = Component::new(ComponentKind::Device, &format!("device:{name}"), &name);
        if count.parse::<u64>().is_ok() {
            device.property("cleanbill:count", count, source.clone());
        }
        entry.name(RelationKind::DependsOn, "hardware", device, source);
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
    if component.purl.is_none() {
        // purl-spec, type docker: the version is the tag, a registry other than the default one is a qualifier.
        let (registry, path) = match path.split_once('/') {
            Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => (Some(first), rest),
            _ => (None, path),
        };
        let (namespace, name) = path
            .rsplit_once('/')
            .map_or((None, path), |(namespace, name)| (Some(namespace), name));
        let qualifiers: Vec<_> = registry
            .map(|registry| ("repository_url", registry))
            .into_iter()
            .collect();
        component.purl = qualified_purl("docker", namespace, name, tag, &qualifiers)
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
        for (text, purl) in [
            ("python:3.12", "pkg:docker/python@3.12"),
            ("acme/serve", "pkg:docker/acme/serve"),
            (
                "nvcr.io:443/nvidia/tritonserver:24.08-py3",
                "pkg:docker/nvidia/tritonserver@24.08-py3?repository_url=nvcr.io:443",
            ),
        ] {
            let found = container(text, &source).purl.map(|one| one.value);
            assert_eq!(found.as_deref(), Some(purl));
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
