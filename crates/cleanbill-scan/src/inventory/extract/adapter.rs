//! `adapter_config.json` of PEFT.

use cleanbill_code::tree::Node;
use cleanbill_core::bill::{ComponentKind, ProcessKind, RelationKind, Source, Sourced};

use super::is_named;
use crate::{
    inventory::{Entry, Rank, from_hub},
    scene::Scene,
};

pub(super) fn extract(scene: &Scene<'_>, entry: &mut Entry) {
    if !is_named(scene, &["adapter_config.json"]) {
        return;
    }
    let Some(root) = scene.reading.root().filter(|root| root.is_map()) else {
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
    let settings: Vec<(String, Sourced<String>)> = SETTINGS
        .iter()
        .filter_map(|key| {
            let words: Vec<&str> = root
                .get(key)?
                .one_or_many()
                .iter()
                .take(64)
                .filter_map(Node::as_str)
                .filter(|text| text.len() <= 100)
                .collect();
            (!words.is_empty()).then(|| {
                let value = Sourced::new(words.join(", "), Source::file(file, key));
                ((*key).to_owned(), value)
            })
        })
        .collect();
    entry.make(ProcessKind::Adaptation, settings.clone(), Source::file(file, ""));
    entry.state(Rank::Configuration, |model| {
        let card = model.model.get_or_insert_default();
        card.hyperparameters = settings;
    });
}

/// Settings of adapters of every kind.
const SETTINGS: &[&str] = &[
    "peft_type",
    "task_type",
    "r",
    "lora_alpha",
    "lora_dropout",
    "target_modules",
    "modules_to_save",
    "bias",
    "init_lora_weights",
    "use_dora",
    "use_rslora",
    "num_virtual_tokens",
    "peft_version",
];
