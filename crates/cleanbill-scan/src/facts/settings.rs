use std::ops::Range;

use cleanbill_code::tree::Node;

use crate::scene::Scene;

/// Holds the values of a model's configuration that its tensors must agree with.
#[derive(Debug, Default)]
pub struct Settings {
    /// `vocab_size`.
    pub vocabulary: Option<Stated>,
    /// `hidden_size`, or the older words for it.
    pub hidden: Option<Stated>,
    /// `num_hidden_layers`, or the older words for it.
    pub layers: Option<Stated>,
    /// Tensors do not have the stated shapes: quantised, packed or compressed weights.
    pub packed: bool,
    /// `base_model_name_or_path` of an adapter.
    pub base: Option<String>,
    /// Whether it is the configuration of an adapter.
    pub is_adapter: bool,
}

/// A number that a configuration states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stated {
    /// The key.
    pub key: String,
    /// The number.
    pub value: u64,
    /// Where it stands.
    pub range: Range<u64>,
}

impl Settings {
    pub(super) fn is_named(name: &str) -> bool {
        matches!(name, "config.json" | "adapter_config.json")
    }

    pub(super) fn read(scene: &Scene<'_>) -> Option<Self> {
        let start = scene.reading.text()?.start;
        let root = scene.reading.root()?;
        if !root.is_map() {
            return None;
        }
        // Models of several kinds of input nest the language model's values; two of them cannot both be meant.
        let nested: Vec<&Node> = ["text_config", "language_config", "llm_config"]
            .into_iter()
            .filter_map(|key| root.get(key))
            .collect();
        let several = root
            .entries()
            .iter()
            .any(|entry| entry.key.ends_with("_config") && entry.value.is_map());
        let of = match (nested.as_slice(), several) {
            ([one], _) => Some(*one),
            ([], false) => Some(root),
            _ => None,
        };
        let stated = |keys: &[&str]| {
            keys.iter().find_map(|key| {
                let node = of?.get(key)?;
                Some(Stated {
                    key: (*key).to_owned(),
                    value: u64::try_from(node.as_integer()?).ok()?,
                    range: node.span.start as u64 + start..node.span.end as u64 + start,
                })
            })
        };
        let packed = ["quantization_config", "compression_config", "quantization"]
            .iter()
            .any(|key| root.get(key).is_some_and(|value| !value.is_null()));
        Some(Self {
            vocabulary: stated(&["vocab_size"]),
            hidden: stated(&["hidden_size", "n_embd", "d_model"]),
            layers: stated(&["num_hidden_layers", "n_layer", "num_layers"]),
            packed,
            base: root.str_at(&["base_model_name_or_path"]).map(str::to_owned),
            is_adapter: scene.file_name == "adapter_config.json",
        })
    }
}
