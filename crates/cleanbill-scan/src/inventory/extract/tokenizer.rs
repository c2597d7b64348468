//! Tokenizers, and the small configurations of sentence embedding models: what text becomes before a model sees it.

use cleanbill_core::bill::{Source, Sourced};
use cleanbill_formats::Parsed;

use super::is_named;
use crate::{
    inventory::{Entry, Rank},
    scene::Scene,
};

pub(super) fn extract(scene: &Scene<'_>, entry: &mut Entry) {
    for parsed in scene.parsed {
        let Parsed::Tokenizer(view) = parsed else { continue };
        let file = scene.artifact;
        if view.tokens > 0 {
            let source = Source::measured(file, "model.vocab");
            entry
                .file
                .property("cleanbill:tokens", view.tokens.to_string(), source);
        }
        if let Some(model) = &view.model {
            let kind = Sourced::new(model.clone(), Source::file(file, "model.type"));
            entry.state(Rank::Metadata, |model| {
                model.model.get_or_insert_default().tokenizer = Some(kind);
            });
        }
    }
    if is_named(scene, &["tokenizer_config.json"]) {
        configuration(scene, entry);
    } else if is_named(scene, &["sentence_bert_config.json"]) {
        lengths(scene, entry);
    } else if is_named(scene, &["config.json"]) {
        pooling(scene, entry);
    }
}

fn configuration(scene: &Scene<'_>, entry: &mut Entry) {
    let Some(root) = scene.reading.root() else {
        return;
    };
    let class = root
        .str_at(&["tokenizer_class"])
        .filter(|class| class.len() <= 100);
    // Some trainers write the largest number there is where nothing limits the length.
    let longest = root
        .get("model_max_length")
        .and_then(cleanbill_code::tree::Node::as_integer)
        .and_then(|length| u64::try_from(length).ok())
        .filter(|length| (1..=1 << 40).contains(length));
    entry.state(Rank::Configuration, |model| {
        let card = model.model.get_or_insert_default();
        card.tokenizer = class
            .map(|class| Sourced::new(class.to_owned(), Source::file(scene.artifact, "tokenizer_class")));
        card.context_length =
            longest.map(|length| Sourced::new(length, Source::concluded(scene.artifact, "model_max_length")));
    });
}

/// Reads how many tokens of a text sentence-transformers takes, which may be fewer than the model could.
fn lengths(scene: &Scene<'_>, entry: &mut Entry) {
    let Some(root) = scene.reading.root() else {
        return;
    };
    entry.state(Rank::Configuration, |model| {
        let card = model.model.get_or_insert_default();
        for key in ["max_seq_length", "do_lower_case"] {
            if let Some(value) = root.str_at(&[key]) {
                let value = Sourced::new(value.to_owned(), Source::file(scene.artifact, key));
                card.dimensions.push((key.to_owned(), value));
            }
        }
    });
}

/// Reads how one vector is made of many: `1_Pooling/config.json`.
fn pooling(scene: &Scene<'_>, entry: &mut Entry) {
    let Some(root) = scene.reading.root() else {
        return;
    };
    let Some(size) = root.str_at(&["word_embedding_dimension"]) else {
        return;
    };
    let file = scene.artifact;
    let modes: Vec<&str> = root
        .entries()
        .iter()
        .filter(|one| one.value.as_bool() == Some(true))
        .filter_map(|one| one.key.strip_prefix("pooling_mode_"))
        .take(8)
        .collect();
    entry.state(Rank::Configuration, |model| {
        let card = model.model.get_or_insert_default();
        let mut add = |name: &str, value: String, place: &str| {
            let value = Sourced::new(value, Source::file(file, place));
            card.dimensions.push((name.to_owned(), value));
        };
        add(
            "word_embedding_dimension",
            size.to_owned(),
            "word_embedding_dimension",
        );
        if !modes.is_empty() {
            add("pooling", modes.join(", "), "pooling_mode");
        }
    });
}
