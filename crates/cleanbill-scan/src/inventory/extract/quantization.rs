//! How weights were written with fewer bits: settings of GPTQ, AWQ, bitsandbytes and their kin.

use cleanbill_code::tree::Node;
use cleanbill_core::bill::{ProcessKind, Source, Sourced};

use super::is_named;
use crate::{
    inventory::{Entry, Rank},
    scene::Scene,
};

/// Settings that are taken, by their names in the configurations of all methods.
const SETTINGS: &[&str] = &[
    "quant_method",
    "method",
    "quant_type",
    "format",
    "bits",
    "w_bit",
    "nbits",
    "group_size",
    "q_group_size",
    "sym",
    "desc_act",
    "damp_percent",
    "true_sequential",
    "zero_point",
    "version",
    "checkpoint_format",
    "quantizer",
    "load_in_4bit",
    "load_in_8bit",
    "bnb_4bit_compute_dtype",
    "bnb_4bit_quant_type",
    "bnb_4bit_quant_storage",
    "bnb_4bit_use_double_quant",
    "llm_int8_threshold",
    "activation_scheme",
    "fmt",
    "weight_block_size",
    "kv_cache_scheme",
    "quantization_status",
];

pub(super) fn extract(scene: &Scene<'_>, entry: &mut Entry) {
    let is_own = is_named(
        scene,
        &[
            "quantize_config.json",
            "quant_config.json",
            "quantization_config.json",
        ],
    );
    if !is_own && !is_named(scene, &["config.json"]) {
        return;
    }
    let Some(root) = scene.reading.root() else {
        return;
    };
    let found = if is_own {
        root.is_map().then_some(("", root))
    } else {
        ["quantization_config", "compression_config", "quantization"]
            .into_iter()
            .find_map(|key| Some((key, root.get(key).filter(|node| node.is_map())?)))
    };
    let Some((place, settings)) = found else { return };
    let at = |key: &str| {
        let path = format!("{place}.{key}");
        Source::file(scene.artifact, path.trim_start_matches('.'))
    };
    let mut taken = Vec::new();
    for key in SETTINGS {
        if let Some(value) = settings.get(key).and_then(text) {
            taken.push(((*key).to_owned(), Sourced::new(value, at(key))));
        }
    }
    if taken.is_empty() && is_own {
        return;
    }
    let said = |keys: &[&str]| {
        let mut named = taken.iter();
        named.find_map(|(name, value)| keys.contains(&name.as_str()).then(|| value.value.clone()))
    };
    let method = said(&["quant_method", "method", "quantizer"]);
    let words = match (method, said(&["bits", "w_bit", "nbits"])) {
        (Some(method), Some(bits)) => format!("{method}, {bits} bits"),
        (Some(method), None) => method,
        (None, Some(bits)) => format!("{bits} bits"),
        (None, None) => "yes".to_owned(),
    };
    let source = Source::file(scene.artifact, place);
    entry.state(Rank::Configuration, |model| {
        model.property("cleanbill:quantization", words, source.clone());
    });
    entry.make(ProcessKind::Quantisation, taken, source);
}

/// Returns a scalar, or a short list of them.
fn text(node: &Node) -> Option<String> {
    let words: Vec<&str> = node
        .one_or_many()
        .iter()
        .take(16)
        .filter_map(Node::as_str)
        .filter(|text| text.len() <= 100)
        .collect();
    (!words.is_empty()).then(|| words.join(", "))
}
