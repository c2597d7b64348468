//! The metadata of a GGUF file: `general.*`.

mod numbers;

use cleanbill_core::bill::{
    ComponentKind, ExternalReference, Licence, Party, ProcessKind, ReferenceKind, RelationKind, Source,
    Sourced,
};
use cleanbill_formats::Parsed;

use crate::{
    inventory::{Entry, Rank, from_hub, is_hub_name},
    scene::Scene,
};

/// LIMIT: base models and datasets that are taken of one file.
const EDGES: usize = 64;

pub(super) fn extract(scene: &Scene<'_>, entry: &mut Entry) {
    for parsed in scene.parsed {
        let Parsed::Gguf(view) = parsed else { continue };
        let text = |key: &str| {
            let found = view
                .texts
                .iter()
                .find(|one| one.key == key && !one.text.trim().is_empty())?;
            Some(Sourced::new(
                found.text.trim().chars().take(2_000).collect::<String>(),
                Source::file(scene.artifact, key),
            ))
        };
        entry.state(Rank::Metadata, |model| {
            if let Some(name) = text("general.name").or_else(|| text("general.basename")) {
                model.name.clone_from(&name.value);
            }
            model.version = text("general.version");
            model.description = text("general.description");
            let party = |one: Sourced<String>| {
                Sourced::new(
                    Party {
                        name: one.value,
                        ..Party::default()
                    },
                    one.source,
                )
            };
            model.producer = text("general.author")
                .or_else(|| text("general.organization"))
                .map(party);
            model.supplier = text("general.quantized_by").map(party);
            for key in ["general.license", "general.license.name"] {
                if let Some(licence) = text(key) {
                    model.licences.push(Sourced::new(
                        Licence {
                            expression: None,
                            stated: licence.value,
                            is_found: false,
                        },
                        licence.source,
                    ));
                }
            }
            for (key, kind) in [
                ("general.url", ReferenceKind::Website),
                ("general.repo_url", ReferenceKind::SourceControl),
                ("general.source.url", ReferenceKind::Website),
                (
                    "general.source.huggingface.repository",
                    ReferenceKind::Distribution,
                ),
                ("general.license.link", ReferenceKind::Licence),
                ("general.doi", ReferenceKind::Paper),
            ] {
                if let Some(url) = text(key) {
                    model.references.push(Sourced::new(
                        ExternalReference {
                            kind,
                            url: url.value,
                            digests: Vec::new(),
                        },
                        url.source,
                    ));
                }
            }
            let card = model.model.get_or_insert_default();
            card.architecture_family = text("general.architecture");
            numbers::take(view, scene.artifact, model);
        });
        entry.make(
            ProcessKind::Conversion,
            numbers::settings(view, scene.artifact),
            Source::file(scene.artifact, "general"),
        );
        for index in 0..EDGES {
            let repository = text(&format!("general.base_model.{index}.repo_url")).and_then(|url| {
                let name = url
                    .value
                    .trim_end_matches('/')
                    .split("huggingface.co/")
                    .nth(1)?
                    .to_owned();
                is_hub_name(&name).then(|| Sourced::new(name, url.source))
            });
            let named = repository.or_else(|| text(&format!("general.base_model.{index}.name")));
            let Some(base) = named else { break };
            let component = from_hub(ComponentKind::Model, &base.value, None, &base.source);
            entry.name(RelationKind::DerivedFrom, "conversion", component, base.source);
        }
        for index in 0..EDGES {
            let Some(dataset) = text(&format!("general.dataset.{index}.name")) else {
                break;
            };
            let component = from_hub(ComponentKind::Dataset, &dataset.value, None, &dataset.source);
            entry.name(RelationKind::TrainedOn, "", component, dataset.source);
        }
    }
}
