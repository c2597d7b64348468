//! The registry of what can be taken out of an artifact: one file and one line each.

use cleanbill_core::bill::{Component, ComponentKind, Digest, DigestAlgorithm, Source, Sourced};
use cleanbill_formats::Parsed;

use super::Entry;
use crate::scene::Scene;

pub(super) use configuration::LOADED_FROM;

/// Takes out of an artifact what it knows of.
type Extract = fn(&Scene<'_>, &mut Entry);

/// Declares each extractor's module and lists their functions.
macro_rules! register {
    ($($module:ident,)*) => {
        $(mod $module;)*

        const EXTRACTORS: &[Extract] = &[$($module::extract,)*];
    };
}

register! {
    adapter,
    card,
    configuration,
    dependencies,
    deployment,
    frameworks,
    gguf,
    licence,
    merge,
    package,
    quantization,
    runtimes,
    safetensors,
    services,
    templates,
    tokenizer,
    tools,
    training,
    weights,
}

/// Makes the entry of an artifact.
pub(crate) fn entry(scene: &Scene<'_>) -> Entry {
    let mut file = Component::new(
        ComponentKind::File,
        &format!("file:{}", scene.artifact),
        scene.artifact,
    );
    file.path = Some(scene.artifact.to_owned());
    file.size_bytes = Some(scene.source.size());
    let formats: Vec<&str> = scene.parsed.iter().map(|one| one.format().info().id).collect();
    if !formats.is_empty() {
        file.property(
            "cleanbill:formats",
            formats.join(" "),
            Source::measured(scene.artifact, "content"),
        );
    }
    let mut entry = Entry::new(file);
    for extract in EXTRACTORS {
        extract(scene, &mut entry);
    }
    entry
}

/// Makes the digest of a file, which the scan computed in its one read.
pub(super) fn sha256(file: &str, hex: String) -> Sourced<Digest> {
    Sourced::new(
        Digest {
            algorithm: DigestAlgorithm::Sha256,
            hex,
        },
        Source::measured(file, "SHA-256"),
    )
}

/// Says whether the file is the JSON, YAML or TOML of this name.
fn is_named(scene: &Scene<'_>, names: &[&str]) -> bool {
    scene.parsed.iter().any(|one| matches!(one, Parsed::Text(_))) && names.contains(&scene.file_name)
}
