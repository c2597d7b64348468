//! `config.json`, `model_index.json` and `generation_config.json` of Transformers and Diffusers.

use cleanbill_code::tree::Node;
use cleanbill_core::bill::{Component, ComponentKind, RelationKind, Source, Sourced};

use super::is_named;
use crate::{
    inventory::{Entry, Rank, from_hub, is_hub_name, purl},
    scene::Scene,
};

/// Keys of the longest context, by family.
const CONTEXT: &[&str] = &[
    "max_position_embeddings",
    "n_positions",
    "max_sequence_length",
    "seq_length",
    "n_ctx",
    "max_seq_len",
    "model_max_length",
];

/// Sizes and settings of architectures, by the names of every family.
const DIMENSIONS: &[&str] = &[
    "hidden_size",
    "d_model",
    "n_embd",
    "intermediate_size",
    "d_ff",
    "ffn_dim",
    "num_hidden_layers",
    "num_layers",
    "n_layer",
    "num_attention_heads",
    "num_heads",
    "n_head",
    "num_key_value_heads",
    "head_dim",
    "num_experts",
    "num_local_experts",
    "n_routed_experts",
    "num_experts_per_tok",
    "hidden_act",
    "activation_function",
    "position_embedding_type",
    "rope_theta",
    "sliding_window",
    "type_vocab_size",
    "tie_word_embeddings",
    "layer_norm_eps",
    "rms_norm_eps",
    "image_size",
    "patch_size",
    "num_channels",
    "sampling_rate",
    "attn_implementation",
];

/// What the relation to the model that a configuration was loaded from is called.
pub(in crate::inventory) const LOADED_FROM: &str = "loaded from";

pub(super) fn extract(scene: &Scene<'_>, entry: &mut Entry) {
    if is_named(scene, &["config_sentence_transformers.json"]) {
        return sentence_transformers(scene, entry);
    }
    if is_named(scene, &["generation_config.json", "adapter_config.json"]) {
        return writers(scene, entry);
    }
    if !is_named(scene, &["config.json", "model_index.json"]) {
        return;
    }
    let Some(root) = scene.reading.root().filter(|root| root.is_map()) else {
        return;
    };
    let file = scene.artifact;
    let stated = |keys: &[&str]| -> Option<(String, Source)> {
        keys.iter().find_map(|key| {
            let text = root.get(key)?.one_or_many().first()?.as_str()?;
            Some((text.to_owned(), Source::file(file, key)))
        })
    };
    let architecture = stated(&["architectures", "_class_name"]);
    let family = stated(&["model_type"]);
    if architecture.is_none() && family.is_none() {
        return;
    }
    entry.is_model = true;
    // Models of several kinds of input nest the language model's values.
    let inner = ["text_config", "language_config", "llm_config"]
        .into_iter()
        .find_map(|key| root.get(key).filter(|node| node.is_map()));
    let number = |keys: &[&str]| {
        keys.iter().find_map(|key| {
            let node = root.get(key).or_else(|| inner?.get(key))?;
            let value = u64::try_from(node.as_integer()?).ok()?;
            Some(Sourced::new(value, Source::file(file, key)))
        })
    };
    entry.state(Rank::Configuration, |model| {
        let card = model.model.get_or_insert_default();
        card.architecture = architecture.map(|(value, source)| Sourced::new(value, source));
        card.architecture_family = family.map(|(value, source)| Sourced::new(value, source));
        card.context_length = number(CONTEXT);
        card.vocabulary = number(&["vocab_size"]);
        if let Some((value, source)) = stated(&["torch_dtype", "dtype"]) {
            card.element_types.push(Sourced::new(value, source));
        }
        for key in DIMENSIONS {
            let node = root.get(key).or_else(|| inner?.get(key));
            if let Some(value) = node.and_then(Node::as_str).filter(|text| text.len() <= 100) {
                let value = Sourced::new(value.to_owned(), Source::file(file, key));
                card.dimensions.push(((*key).to_owned(), value));
            }
        }
        if let Some(scaling) = root.get("rope_scaling").or_else(|| inner?.get("rope_scaling")) {
            for one in scaling.entries().iter().take(16) {
                if let Some(value) = one.value.as_str().filter(|text| text.len() <= 100) {
                    let name = format!("rope_scaling.{}", one.key);
                    let value = Sourced::new(value.to_owned(), Source::file(file, &name));
                    card.dimensions.push((name, value));
                }
            }
        }
        if let Some(labels) = root
            .get("id2label")
            .map(Node::entries)
            .filter(|list| !list.is_empty())
        {
            let count = Sourced::new(labels.len().to_string(), Source::measured(file, "id2label"));
            card.dimensions.push(("labels".to_owned(), count));
        }
    });
    // What a configuration was loaded from before it was saved; the model that it names may be this one under its own name.
    if let Some((name, _)) = stated(&["_name_or_path"]).filter(|(name, _)| is_hub_name(name)) {
        let source = Source::concluded(file, "_name_or_path");
        let base = from_hub(ComponentKind::Model, &name, None, &source);
        entry.name(RelationKind::DerivedFrom, LOADED_FROM, base, source);
    }
    writers(scene, entry);
}

/// Names the libraries that wrote a file of configuration.
fn writers(scene: &Scene<'_>, entry: &mut Entry) {
    let Some(root) = scene.reading.root() else {
        return;
    };
    for (key, package) in [
        ("transformers_version", "transformers"),
        ("_diffusers_version", "diffusers"),
        ("torch_version", "torch"),
        ("pytorch_version", "torch"),
        ("keras_version", "keras"),
        ("peft_version", "peft"),
    ] {
        if let Some(version) = root
            .get(key)
            .and_then(Node::as_str)
            .filter(|text| !text.is_empty())
        {
            let source = Source::file(scene.artifact, key);
            let component = written_by(package, version, &source);
            entry.name(RelationKind::DependsOn, "written by", component, source);
        }
    }
}

/// Names the libraries that wrote the folder of a sentence embedding model.
fn sentence_transformers(scene: &Scene<'_>, entry: &mut Entry) {
    let Some(root) = scene.reading.root() else {
        return;
    };
    for (key, package) in [
        ("sentence_transformers", "sentence-transformers"),
        ("transformers", "transformers"),
        ("pytorch", "torch"),
    ] {
        if let Some(version) = root.str_at(&["__version__", key]) {
            let source = Source::file(scene.artifact, &format!("__version__.{key}"));
            let component = written_by(package, version, &source);
            entry.name(RelationKind::DependsOn, "written by", component, source);
        }
    }
}

/// Makes the framework that wrote a file: which version runs it is not said.
pub(super) fn written_by(package: &str, version: &str, source: &Source) -> Component {
    let mut framework = Component::new(ComponentKind::Framework, &format!("framework:{package}"), package);
    framework.purl = purl("pypi", None, package, None).map(|purl| Sourced::new(purl, source.clone()));
    framework.property("cleanbill:written-by-version", version, source.clone());
    framework
}
