//! `adapter_config.json` of PEFT.

use cleanbill_code::tree::Node;
use cleanbill_core::bill::{ComponentKind, RelationKind, Source, Sourced};

use super::is_named;
use crate::{
    inventory::{Entry, Rank, from_hub},
    scene::Scene,
};

pub(super) fn extract(scene: &Scene<'_>, entry: &mut Entry) {
    if !is_named(scene, &["adapter_config.json"]) {
        return;
    }
    let Some(root) = scene
        .reading
        .tree()
        .and_then(|tree| tree.root())
        .filter(|root| root.is_map())
    else {
        return;
    };
    let file = scene.artifact;
    entry.is_model = true;
    let text = |key: &str| {
        root.get(key)
            .and_then(Node::as_str)
            .filter(|text| !text.is_empty())
    };
    if let Some(base) = text("base_model_name_or_path") {
        let source = Source::file(file, "base_model_name_or_path");
        let base = from_hub(ComponentKind::Model, base, text("revision"), &source);
        entry.name(RelationKind::DerivedFrom, "adapter", base, source);
    }
    entry.state(Rank::Configuration, |model| {
        let card = model.model.get_or_insert_default();
        if let Some(task) = text("task_type") {
            card.hyperparameters.push((
                "task_type".to_owned(),
                Sourced::new(task.to_owned(), Source::file(file, "task_type")),
            ));
        }
        for key in ["peft_type", "r", "lora_alpha", "lora_dropout"] {
            if let Some(value) = text(key) {
                card.hyperparameters.push((
                    key.to_owned(),
                    Sourced::new(value.to_owned(), Source::file(file, key)),
                ));
            }
        }
    });
}
