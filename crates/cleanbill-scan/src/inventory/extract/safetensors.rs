//! What a safetensors file says of itself: the keys of the model specification (`modelspec.*`), and what trainers write.

use cleanbill_core::bill::{ComponentKind, Licence, Party, ProcessKind, RelationKind, Source, Sourced};
use cleanbill_formats::Parsed;

use crate::{
    inventory::{Entry, Rank, from_hub, is_hub_name},
    scene::Scene,
};

/// Keys that have a place of their own.
const TAKEN: &[&str] = &[
    "modelspec.title",
    "modelspec.description",
    "modelspec.date",
    "modelspec.author",
    "modelspec.license",
    "modelspec.architecture",
    "modelspec.merged_from",
    "modelspec.thumbnail",
];

/// Settings that trainers of adapters for pictures write (`ss_*`); names of folders and files are not among them.
const SETTINGS: &[&str] = &[
    "ss_network_module",
    "ss_network_dim",
    "ss_network_alpha",
    "ss_network_dropout",
    "ss_base_model_version",
    "ss_learning_rate",
    "ss_unet_lr",
    "ss_text_encoder_lr",
    "ss_lr_scheduler",
    "ss_lr_warmup_steps",
    "ss_optimizer",
    "ss_num_epochs",
    "ss_epoch",
    "ss_steps",
    "ss_max_train_steps",
    "ss_num_train_images",
    "ss_total_batch_size",
    "ss_batch_size_per_device",
    "ss_gradient_accumulation_steps",
    "ss_gradient_checkpointing",
    "ss_mixed_precision",
    "ss_resolution",
    "ss_clip_skip",
    "ss_noise_offset",
    "ss_min_snr_gamma",
    "ss_max_grad_norm",
    "ss_seed",
];

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
        for one in &view.metadata {
            let is_plain = one.key == "format" || one.key.starts_with("modelspec.");
            if is_plain && !TAKEN.contains(&one.key.as_str()) && one.value.len() <= 500 {
                let source = Source::file(scene.artifact, &format!("__metadata__.{}", one.key));
                let name = format!("cleanbill:metadata:{}", one.key);
                entry.file.property(&name, one.value.clone(), source);
            }
        }
        let settings: Vec<(String, Sourced<String>)> = SETTINGS
            .iter()
            .filter_map(|key| Some(((*key).trim_start_matches("ss_").to_owned(), text(key)?)))
            .filter(|(_, value)| value.value.len() <= 200 && value.value != "None")
            .collect();
        if !settings.is_empty() {
            entry.state(Rank::Metadata, |model| {
                model
                    .model
                    .get_or_insert_default()
                    .hyperparameters
                    .clone_from(&settings);
            });
            let source = Source::file(scene.artifact, "__metadata__");
            entry.make(ProcessKind::Adaptation, settings, source);
        }
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
