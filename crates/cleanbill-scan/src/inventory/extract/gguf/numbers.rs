//! Numbers and lists of the metadata: sizes of the architecture, quantisation, tokenizer.

use cleanbill_core::bill::{Component, ModelCard, Source, Sourced};
use cleanbill_formats::gguf::{Number, View};

/// LIMIT: numbers of the architecture that are taken; real files have some thirty.
const DIMENSIONS: usize = 256;

pub(super) fn take(view: &View, file: &str, model: &mut Component) {
    let text = |key: &str| {
        let mut texts = view.texts.iter();
        texts.find_map(|one| (one.key == key).then_some(one.text.as_str()))
    };
    let number = |key: &str| {
        let mut numbers = view.numbers.iter();
        numbers.find_map(|one| (one.key == key).then_some(one.value))
    };
    let count = |key: &str| {
        let mut lists = view.lists.iter();
        lists.find_map(|one| (one.key == key).then_some(one.count))
    };
    let architecture = text("general.architecture").unwrap_or_default();
    let prefix = format!("{architecture}.");
    if let Some((name, key)) = number("general.file_type")
        .and_then(Number::as_count)
        .and_then(file_type)
        .map(|name| (name, "general.file_type"))
    {
        model.property("cleanbill:quantization", name, Source::file(file, key));
    }
    let card = model.model.get_or_insert_default();
    for key in ["context_length", "vocab_size"] {
        let key = format!("{prefix}{key}");
        let Some(value) = number(&key).and_then(Number::as_count) else {
            continue;
        };
        let value = Some(Sourced::new(value, Source::file(file, &key)));
        if key.ends_with("context_length") {
            card.context_length = value;
        } else {
            card.vocabulary = value;
        }
    }
    if card.vocabulary.is_none() {
        let key = "tokenizer.ggml.tokens";
        card.vocabulary = count(key).map(|count| Sourced::new(count, Source::measured(file, key)));
    }
    card.tokenizer = text("tokenizer.ggml.model").map(|kind| {
        let kind = match text("tokenizer.ggml.pre") {
            Some(split) => format!("{kind}, {split}"),
            None => kind.to_owned(),
        };
        Sourced::new(kind, Source::file(file, "tokenizer.ggml.model"))
    });
    for key in ["general.languages", "general.tags"] {
        let list = view.texts.iter().filter(|one| one.key == key).take(DIMENSIONS);
        let list = list.map(|one| Sourced::new(one.text.clone(), Source::file(file, key)));
        let of_card = match key {
            "general.languages" => &mut card.languages,
            _ => &mut card.tags,
        };
        of_card.extend(list);
    }
    dimensions(view, file, &prefix, card);
}

/// Takes what stands under the name of the architecture, and the ids of special tokens.
fn dimensions(view: &View, file: &str, prefix: &str, card: &mut ModelCard) {
    let mut add = |key: &str, value: String| {
        let name = match key.strip_prefix(prefix) {
            Some("context_length" | "vocab_size") | None => return,
            Some(name) => name,
        };
        if card.dimensions.len() < DIMENSIONS {
            let value = Sourced::new(value, Source::file(file, key));
            card.dimensions.push((name.to_owned(), value));
        }
    };
    for one in &view.numbers {
        add(&one.key, one.value.to_string());
    }
    for one in &view.texts {
        if one.text.len() <= 100 {
            add(&one.key, one.text.clone());
        }
    }
    for one in &view.lists {
        if !one.numbers.is_empty() {
            add(&one.key, in_words(&one.numbers));
        }
    }
}

/// Says a list of numbers: one for all where they are the same.
fn in_words(numbers: &[Number]) -> String {
    let mut words: Vec<String> = numbers.iter().map(Number::to_string).collect();
    let count = words.len();
    words.dedup();
    match words.as_slice() {
        [one] => format!("{count} x {one}"),
        _ => numbers
            .iter()
            .map(Number::to_string)
            .collect::<Vec<_>>()
            .join(", "),
    }
}

/// Returns the settings of the conversion.
pub(super) fn settings(view: &View, file: &str) -> Vec<(String, Sourced<String>)> {
    let mut out = Vec::new();
    for one in &view.numbers {
        let value = match one.key.as_str() {
            "general.file_type" => one
                .value
                .as_count()
                .and_then(file_type)
                .map_or_else(|| one.value.to_string(), str::to_owned),
            "general.quantization_version"
            | "quantize.imatrix.entries_count"
            | "quantize.imatrix.chunks_count" => one.value.to_string(),
            _ => continue,
        };
        out.push((one.key.clone(), Sourced::new(value, Source::file(file, &one.key))));
    }
    out
}

/// Names the types of files that llama.cpp writes (`llama_ftype` in `llama.h`).
fn file_type(number: u64) -> Option<&'static str> {
    Some(match number {
        0 => "F32",
        1 => "F16",
        2 => "Q4_0",
        3 => "Q4_1",
        7 => "Q8_0",
        8 => "Q5_0",
        9 => "Q5_1",
        10 => "Q2_K",
        11 => "Q3_K_S",
        12 => "Q3_K_M",
        13 => "Q3_K_L",
        14 => "Q4_K_S",
        15 => "Q4_K_M",
        16 => "Q5_K_S",
        17 => "Q5_K_M",
        18 => "Q6_K",
        19 => "IQ2_XXS",
        20 => "IQ2_XS",
        21 => "Q2_K_S",
        22 => "IQ3_XS",
        23 => "IQ3_XXS",
        24 => "IQ1_S",
        25 => "IQ4_NL",
        26 => "IQ3_S",
        27 => "IQ3_M",
        28 => "IQ2_S",
        29 => "IQ2_M",
        30 => "IQ4_XS",
        31 => "IQ1_M",
        32 => "BF16",
        36 => "TQ1_0",
        37 => "TQ2_0",
        38 => "MXFP4_MOE",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_the_same_number_are_said_once() {
        let eight = [Number::Unsigned(8); 3];
        assert_eq!(in_words(&eight), "3 x 8");
        assert_eq!(in_words(&[Number::Unsigned(8), Number::Unsigned(4)]), "8, 4");
    }
}
