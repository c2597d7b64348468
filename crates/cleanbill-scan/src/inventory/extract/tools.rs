//! Tools and skills that a model may call, and texts that agents take instructions from.

use cleanbill_core::bill::{Component, ComponentKind, RelationKind, Source};
use cleanbill_formats::Parsed;
use sha2::{Digest, Sha256};

use crate::{agents, inventory::Entry, scene::Scene};

pub(super) fn extract(scene: &Scene<'_>, entry: &mut Entry) {
    for parsed in scene.parsed {
        let Parsed::Text(view) = parsed else { continue };
        for tool in agents::tools(view, scene) {
            let source = Source::file(scene.artifact, &tool.name);
            let mut component = Component::new(
                ComponentKind::Tool,
                &format!("tool:{}:{}", tool.name, tool.digest),
                &tool.name,
            );
            component.path = Some(scene.artifact.to_owned());
            component
                .digests
                .push(super::sha256(scene.artifact, tool.digest.to_string()));
            entry.name(RelationKind::Contains, "tool", component, source);
        }
    }
    if agents::is_for_agents(scene)
        && let Some(written) = scene.reading.text()
    {
        let hex = cleanbill_core::hex(&Sha256::digest(written.text.as_bytes()));
        let mut prompt = Component::new(
            ComponentKind::Prompt,
            &format!("prompt:{hex}"),
            &format!("instructions in {}", scene.artifact),
        );
        prompt.path = Some(scene.artifact.to_owned());
        prompt.digests.push(super::sha256(scene.artifact, hex));
        let source = Source::measured(scene.artifact, "instructions for agents");
        entry.name(RelationKind::Contains, "instructions", prompt, source);
    }
}
