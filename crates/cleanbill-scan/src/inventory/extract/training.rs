//! What trainers leave beside a model: the state of the trainer, results, settings. Paths, names of machines and whatever is no
//! setting of the training itself are left alone; `training_args.bin` is a pickle and is not taken.

use cleanbill_code::tree::Node;
use cleanbill_core::bill::{ComponentKind, Metric, ProcessKind, RelationKind, Source, Sourced};

use super::is_named;
use crate::{
    inventory::{Entry, Rank, from_hub, is_hub_name},
    scene::Scene,
};

/// Settings of a training by the names that Transformers, TRL, PEFT, Axolotl and LLaMA-Factory have for them.
const SETTINGS: &[&str] = &[
    "adam_beta1",
    "adam_beta2",
    "adam_epsilon",
    "adapter",
    "batch_size",
    "beta",
    "bf16",
    "clip_skip",
    "cutoff_len",
    "dpo_beta",
    "effective_batch_size",
    "epoch",
    "epochs",
    "eval_batch_size",
    "finetuning_type",
    "fp16",
    "global_step",
    "gradient_accumulation_steps",
    "gradient_checkpointing",
    "label_smoothing_factor",
    "learning_rate",
    "load_in_4bit",
    "load_in_8bit",
    "lora_alpha",
    "lora_dropout",
    "lora_r",
    "lora_rank",
    "loss",
    "lr_scheduler",
    "lr_scheduler_type",
    "lr_scheduler_warmup_ratio",
    "lr_scheduler_warmup_steps",
    "max_grad_norm",
    "max_length",
    "max_seq_length",
    "max_steps",
    "micro_batch_size",
    "mixed_precision_training",
    "neftune_noise_alpha",
    "num_epochs",
    "num_train_epochs",
    "optim",
    "optimizer",
    "per_device_eval_batch_size",
    "per_device_train_batch_size",
    "rl",
    "sample_packing",
    "seed",
    "sequence_len",
    "stage",
    "tf32",
    "total_eval_batch_size",
    "total_train_batch_size",
    "train_batch_size",
    "train_samples",
    "training_steps",
    "warmup_ratio",
    "warmup_steps",
    "weight_decay",
];

/// Says whether a name is that of a setting of a training.
pub(super) fn is_setting(name: &str) -> bool {
    SETTINGS.binary_search(&name).is_ok()
}

pub(super) fn extract(scene: &Scene<'_>, entry: &mut Entry) {
    let is_result = is_named(
        scene,
        &["train_results.json", "all_results.json", "eval_results.json"],
    );
    let is_settings = is_named(
        scene,
        &[
            "trainer_state.json",
            "training_args.json",
            "training_args.yaml",
            "training_config.json",
            "training_config.yaml",
            "train_config.json",
            "train_config.yaml",
            "axolotl_config.yaml",
            "axolotl_config.yml",
        ],
    );
    if !is_result && !is_settings {
        return;
    }
    let Some(root) = scene.reading.root().filter(|root| root.is_map()) else {
        return;
    };
    let file = scene.artifact;
    let mut settings = Vec::new();
    for one in root.entries() {
        if let (true, Some(value)) = (is_setting(&one.key), one.value.as_str()) {
            let value = Sourced::new(value.to_owned(), Source::file(file, &one.key));
            settings.push((one.key.to_string(), value));
        }
    }
    let is_adapter = root.get("adapter").is_some_and(|node| !node.is_null());
    let kind = if is_adapter {
        ProcessKind::Adaptation
    } else {
        ProcessKind::Training
    };
    if is_settings {
        named(root, file, is_adapter, entry);
    }
    if !settings.is_empty() {
        entry.make(kind, settings, Source::file(file, ""));
    }
    entry.state(Rank::Metadata, |model| {
        let card = model.model.get_or_insert_default();
        let mut compute = Vec::new();
        if let Some(operations) = number(root, "total_flos") {
            compute.push(format!("{operations} floating point operations"));
        }
        if let Some(seconds) = number(root, "train_runtime") {
            compute.push(format!("{seconds} seconds"));
        }
        if !compute.is_empty() {
            card.compute = Some(Sourced::new(
                compute.join(", "),
                Source::file(file, "total_flos, train_runtime"),
            ));
        }
        if is_result {
            card.metrics = results(root, file);
        }
    });
}

fn number<'a>(root: &'a Node, key: &str) -> Option<&'a str> {
    let text = root.get(key)?.as_str()?;
    let value: f64 = text.parse().ok()?;
    (value.is_finite() && value > 0.0).then_some(text)
}

/// Names the base and the data that a configuration of a trainer states.
fn named(root: &Node, file: &str, is_adapter: bool, entry: &mut Entry) {
    for key in ["base_model", "model_name_or_path"] {
        if let Some(base) = root.str_at(&[key]).filter(|base| is_hub_name(base)) {
            let source = Source::file(file, key);
            let component = from_hub(ComponentKind::Model, base, None, &source);
            let detail = if is_adapter { "adapter" } else { "finetune" };
            entry.name(RelationKind::DerivedFrom, detail, component, source);
            break;
        }
    }
    let data = root.get("datasets").map(Node::one_or_many).unwrap_or_default();
    for (index, one) in data.iter().take(DATASETS).enumerate() {
        let (name, place) = match one.as_str() {
            Some(name) => (Some(name), format!("datasets[{index}]")),
            None => (one.str_at(&["path"]), format!("datasets[{index}].path")),
        };
        if let Some(name) = name.filter(|name| is_hub_name(name)) {
            let source = Source::file(file, &place);
            let component = from_hub(ComponentKind::Dataset, name, None, &source);
            entry.name(RelationKind::TrainedOn, "", component, source);
        }
    }
}

/// LIMIT: datasets of one configuration that are taken; real ones name a handful.
const DATASETS: usize = 256;

/// Reads what was measured: losses and scores, not times.
fn results(root: &Node, file: &str) -> Vec<Sourced<Metric>> {
    let mut out = Vec::new();
    for one in root.entries() {
        let (slice, kind) = match one.key.split_once('_') {
            Some(("eval", kind)) => ("evaluation", kind),
            Some(("train", "loss")) => ("training", "loss"),
            _ => continue,
        };
        let is_time = ["runtime", "samples", "steps"]
            .iter()
            .any(|word| kind.contains(word));
        let value = one.value.as_str().filter(|text| text.parse::<f64>().is_ok());
        if let (false, Some(value)) = (is_time, value) {
            out.push(Sourced::new(
                Metric {
                    kind: kind.to_owned(),
                    value: value.to_owned(),
                    slice: slice.to_owned(),
                },
                Source::file(file, &one.key),
            ));
        }
        if out.len() >= DATASETS {
            break;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_sorted_for_the_search() {
        assert!(SETTINGS.is_sorted());
        assert!(is_setting("learning_rate") && !is_setting("output_dir") && !is_setting("hub_token"));
    }
}
