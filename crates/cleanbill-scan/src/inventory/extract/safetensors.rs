//! What a safetensors file says of itself: the keys of the model specification (`modelspec.*`), and what trainers write.

use cleanbill_core::bill::{ComponentKind, Licence, Party, RelationKind, Source, Sourced};
use cleanbill_formats::Parsed;

use crate::{
    inventory::{Entry, Rank, from_hub, is_hub_name},
    scene::Scene,
};

pub(super) fn extract(scene: &Scene<'_>, entry: &mut Entry) {
    for parsed in scene.parsed {
        let Parsed::Safetensors(view) = parsed else {
            continue;
        };
        let text = |key: &str| {
            let found = view
                .metadata
                .iter()
                .find(|one| one.key == key && !one.value.is_empty())?;
            Some(Sourced::new(
                found.value.chars().take(2_000).collect::<String>(),
                Source::file(scene.artifact, &format!("__metadata__.{key}")),
            ))
        };
        entry.state(Rank::Metadata, |model| {
            if let Some(title) = text("modelspec.title") {
                model.name.clone_from(&title.value);
            }
            model.description = text("modelspec.description");
            model.released = text("modelspec.date");
            if let Some(author) = text("modelspec.author") {
                model.producer = Some(Sourced::new(
                    Party {
                        name: author.value,
                        ..Party::default()
                    },
                    author.source,
                ));
            }
            if let Some(licence) = text("modelspec.license") {
                model.licences.push(Sourced::new(
                    Licence {
                        expression: None,
                        stated: licence.value,
                        is_found: false,
                    },
                    licence.source,
                ));
            }
            let card = model.model.get_or_insert_default();
            card.architecture_family = text("modelspec.architecture");
        });
        for (key, detail) in [
            ("ss_sd_model_name", "adapter"),
            ("modelspec.merged_from", "merge"),
        ] {
            if let Some(base) = text(key).filter(|base| is_hub_name(&base.value)) {
                let component = from_hub(ComponentKind::Model, &base.value, None, &base.source);
                entry.name(RelationKind::DerivedFrom, detail, component, base.source);
            }
        }
    }
}
