use super::*;
use crate::testing::{ids, never_panics, view};

#[derive(Default)]
struct Builder {
    metadata: Vec<Vec<u8>>,
    tensors: Vec<Vec<u8>>,
    data: usize,
}

fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat()
}

impl Builder {
    fn entry(mut self, key: &str, kind: u32, value: &[u8]) -> Self {
        self.metadata
            .push([&text(key)[..], &kind.to_le_bytes(), value].concat());
        self
    }

    fn tensor(mut self, name: &str, shape: &[u64], kind: u32, offset: u64) -> Self {
        let mut bytes = text(name);
        bytes.extend(u32::try_from(shape.len()).unwrap().to_le_bytes());
        for length in shape {
            bytes.extend(length.to_le_bytes());
        }
        bytes.extend(kind.to_le_bytes());
        bytes.extend(offset.to_le_bytes());
        self.tensors.push(bytes);
        self
    }

    fn data(mut self, bytes: usize) -> Self {
        self.data = bytes;
        self
    }

    fn build(&self) -> Vec<u8> {
        let mut bytes = b"GGUF\x03\0\0\0".to_vec();
        bytes.extend((self.tensors.len() as u64).to_le_bytes());
        bytes.extend((self.metadata.len() as u64).to_le_bytes());
        bytes.extend(self.metadata.concat());
        bytes.extend(self.tensors.concat());
        bytes.resize(bytes.len().next_multiple_of(32), 0);
        bytes.resize(bytes.len() + self.data, 1);
        bytes
    }
}

fn honest() -> Builder {
    let tokens = [
        &8_u32.to_le_bytes()[..],
        &2_u64.to_le_bytes(),
        &text("<s>"),
        &text("a"),
    ]
    .concat();
    Builder::default()
        .entry("general.architecture", STRING, &text("llama"))
        .entry("tokenizer.ggml.tokens", ARRAY, &tokens)
        .entry("tokenizer.chat_template", STRING, &text("{{ messages }}"))
        .tensor("a", &[32, 2], 8, 0)
        .tensor("b", &[3], 0, 96)
        .data(96 + 12)
}

fn check(builder: &Builder, violations: &[&str], anomalies: &[&str]) {
    let view = view(&builder.build(), parse);
    assert_eq!(ids(&view.violations), violations);
    assert_eq!(ids(view.anomalies()), anomalies);
}

#[test]
fn an_honest_file_has_no_notes() {
    check(&honest(), &[], &[]);
    let view = view(&honest().build(), parse);
    assert_eq!(view.templates().next().unwrap().text, "{{ messages }}");
    assert_eq!(view.types, BTreeMap::from([(0, 1), (8, 1)]));
    assert!(view.members().is_empty());
}

#[test]
fn broken_rules_are_named() {
    check(&honest().data(90), &[], &["gguf-truncated"]);
    check(
        &honest().tensor("c", &[8], 0, 96).data(200),
        &["gguf-overlap"],
        &[],
    );
    check(
        &honest().tensor("b", &[8], 0, 128).data(160),
        &["gguf-repeated"],
        &[],
    );
    check(
        &honest().tensor("c", &[8], 0, 1 << 40).data(200),
        &["gguf-range", "gguf-range"],
        &[],
    );
    check(
        &honest().tensor("c", &[1; 9], 0, 128).data(200),
        &["gguf-dimensions"],
        &[],
    );
    check(
        &honest().tensor("c", &[1 << 40, 1 << 40], 0, 128).data(200),
        &["gguf-overflow"],
        &[],
    );
    check(
        &honest().tensor("c", &[8], 0, 129).data(200),
        &["gguf-misaligned"],
        &["gguf-gap"],
    );
    check(
        &honest().entry("general.alignment", 4, &7_u32.to_le_bytes()),
        &["gguf-alignment"],
        &[],
    );
    check(&honest().entry("x", 99, &[]), &["gguf-value-type"], &[]);
    check(
        &honest().entry("x", STRING, &u64::MAX.to_le_bytes()),
        &["gguf-length"],
        &[],
    );
    check(&honest().tensor("c", &[3], 2, 128).data(200), &["gguf-row"], &[]);
    check(
        &honest().tensor("c", &[3], 250, 128).data(200),
        &["gguf-unpublished-type"],
        &[],
    );
    check(
        &honest().tensor("c", &[3], 137, 128).data(200),
        &[],
        &["gguf-tensor-type"],
    );
    check(
        &honest().tensor("c\0", &[3], 0, 128).data(140),
        &["gguf-nul"],
        &[],
    );
    check(
        &honest().tensor(&"c".repeat(64), &[3], 0, 128).data(140),
        &[],
        &["gguf-tensor-name"],
    );
    check(
        &honest().tensor(&"c".repeat(200), &[3], 0, 128).data(140),
        &["gguf-long-name"],
        &[],
    );
    check(&honest().entry("x", BOOL_TYPE, &[2]), &["gguf-bool"], &[]);
    let mut bytes = honest().build();
    bytes[8..16].copy_from_slice(&u64::MAX.to_le_bytes());
    assert_eq!(ids(&view(&bytes, parse).violations)[0], "gguf-count");
}

#[test]
fn listed_templates_are_kept() {
    let list = [
        &8_u32.to_le_bytes()[..],
        &2_u64.to_le_bytes(),
        &text("{{ a }}"),
        &text("{{ b }}"),
    ]
    .concat();
    let builder = honest().entry("tokenizer.chat_templates", ARRAY, &list);
    let view = view(&builder.build(), parse);
    let texts: Vec<&str> = view.templates().map(|one| one.text.as_str()).collect();
    assert_eq!(texts, ["{{ messages }}", "{{ a }}", "{{ b }}"]);
}

#[test]
fn bytes_after_the_tensors_are_a_member() {
    let view = view(&honest().data(300).build(), parse);
    assert_eq!(view.members()[0].name, "[after]");
}

#[test]
fn damage_never_panics() {
    never_panics(&honest().build(), parse);
}

#[test]
fn numbers_and_lists_are_kept_under_their_keys() {
    let numbers = [
        &4_u32.to_le_bytes()[..],
        &2_u64.to_le_bytes(),
        &8_u32.to_le_bytes(),
        &4_u32.to_le_bytes(),
    ]
    .concat();
    let languages = [
        &8_u32.to_le_bytes()[..],
        &2_u64.to_le_bytes(),
        &text("en"),
        &text("zh"),
    ]
    .concat();
    let file = honest()
        .entry("llama.context_length", 4, &2_048_u32.to_le_bytes())
        .entry("llama.rope.freq_base", 6, &1e6_f32.to_le_bytes())
        .entry("tokenizer.ggml.add_bos_token", 7, &[1])
        .entry("llama.attention.head_count_kv", 9, &numbers)
        .entry("general.languages", 9, &languages)
        .build();
    let view = view(&file, parse);
    let number = |key: &str| {
        view.numbers
            .iter()
            .find(|one| one.key == key)
            .map(|one| one.value)
    };
    assert_eq!(number("llama.context_length"), Some(Number::Unsigned(2_048)));
    assert_eq!(number("llama.rope.freq_base"), Some(Number::Single(1e6)));
    assert_eq!(number("tokenizer.ggml.add_bos_token"), Some(Number::Truth(true)));
    let list = |key: &str| {
        view.lists
            .iter()
            .find(|one| one.key == key)
            .map(|one| (one.count, one.numbers.clone()))
    };
    assert_eq!(
        list("llama.attention.head_count_kv"),
        Some((2, vec![Number::Unsigned(8), Number::Unsigned(4)]))
    );
    assert_eq!(list("general.languages"), Some((2, Vec::new())));
    let languages: Vec<&str> = view
        .texts
        .iter()
        .filter(|one| one.key == "general.languages")
        .map(|one| one.text.as_str())
        .collect();
    assert_eq!(languages, ["en", "zh"]);
}
