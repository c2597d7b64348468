//! Chat templates: they change what a model does and belong to the bill with a digest of their own.

use cleanbill_core::bill::{Component, ComponentKind, RelationKind, Source};
use sha2::{Digest, Sha256};

use crate::{inventory::Entry, scene::Scene, templates};

pub(super) fn extract(scene: &Scene<'_>, entry: &mut Entry) {
    for (index, found) in templates::found(scene)
        .into_iter()
        .filter(|one| one.chat)
        .enumerate()
    {
        let hex = cleanbill_core::hex(&Sha256::digest(found.text.as_bytes()));
        let source = Source::measured(scene.artifact, &format!("chat template {}", index + 1));
        let mut prompt = Component::new(
            ComponentKind::Prompt,
            &format!("prompt:{hex}"),
            &format!("chat template of {}", scene.artifact),
        );
        prompt.path = Some(scene.artifact.to_owned());
        prompt.size_bytes = u64::try_from(found.text.len()).ok();
        prompt.digests.push(super::sha256(scene.artifact, hex));
        entry.name(RelationKind::Contains, "chat template", prompt, source);
    }
}
