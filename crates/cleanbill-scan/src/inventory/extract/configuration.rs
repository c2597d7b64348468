//! `config.json`, `model_index.json` and `generation_config.json` of Transformers and Diffusers.

use cleanbill_code::tree::Node;
use cleanbill_core::bill::{Component, ComponentKind, RelationKind, Source, Sourced};

use super::is_named;
use crate::{
    inventory::{Entry, Rank, purl},
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
    let Some(root) = scene
        .reading
        .tree()
        .and_then(|tree| tree.root())
        .filter(|root| root.is_map())
    else {
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
    let quantisation = quantisation(root);
    entry.state(Rank::Configuration, |model| {
        let card = model.model.get_or_insert_default();
        card.architecture = architecture.map(|(value, source)| Sourced::new(value, source));
        card.architecture_family = family.map(|(value, source)| Sourced::new(value, source));
        card.context_length = number(CONTEXT);
        card.vocabulary = number(&["vocab_size"]);
        if let Some((value, source)) = stated(&["torch_dtype", "dtype"]) {
            card.element_types.push(Sourced::new(value, source));
        }
        for (key, wanted) in [
            ("hidden_size", "hidden_size"),
            ("num_hidden_layers", "num_hidden_layers"),
            ("num_attention_heads", "num_attention_heads"),
        ] {
            if let Some(value) = number(&[key]) {
                card.hyperparameters.push((
                    wanted.to_owned(),
                    Sourced::new(value.value.to_string(), value.source),
                ));
            }
        }
        if let Some(method) = quantisation {
            model.property(
                "cleanbill:quantization",
                method,
                Source::file(file, "quantization_config"),
            );
        }
    });
    writers(scene, entry);
}

/// Names the libraries that wrote a file of configuration.
fn writers(scene: &Scene<'_>, entry: &mut Entry) {
    let Some(root) = scene.reading.tree().and_then(|tree| tree.root()) else {
        return;
    };
    for (key, package) in [
        ("transformers_version", "transformers"),
        ("_diffusers_version", "diffusers"),
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
    let Some(root) = scene.reading.tree().and_then(|tree| tree.root()) else {
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

fn quantisation(root: &Node) -> Option<String> {
    let settings = ["quantization_config", "compression_config", "quantization"]
        .into_iter()
        .find_map(|key| root.get(key).filter(|node| node.is_map()))?;
    let text = |key: &str| settings.get(key).and_then(Node::as_str).map(str::to_owned);
    let method = text("quant_method").or_else(|| text("method"));
    let bits = text("bits").or_else(|| text("w_bit"));
    Some(match (method, bits) {
        (Some(method), Some(bits)) => format!("{method}, {bits} bits"),
        (Some(method), None) => method,
        (None, Some(bits)) => format!("{bits} bits"),
        (None, None) => "yes".to_owned(),
    })
}
