use super::*;
use crate::testing::{ids, never_panics, view};

const WHOLE: &str = r#"{"version": "1.0", "truncation": null, "padding": null,
 "added_tokens": [{"id": 4, "content": "<s>", "special": true}, {"id": 1, "content": "<x>", "special": false}],
 "normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "_"}, {"type": "Replace", "pattern": {"String": " "}, "content": "_"}]},
 "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "(a+)+"}, "behavior": "Isolated", "invert": false},
 "post_processor": {"type": "TemplateProcessing", "single": [], "special_tokens": {"<s>": {"id": "<s>", "ids": [4, 4], "tokens": ["<s>", "<s>"]}}},
 "decoder": {"type": "Replace", "pattern": {"Regex": "_"}, "content": " "},
 "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "http://a.example.invalid/?q=": 3}, "merges": ["a b", ["ab", "ab"]]}}"#;

#[test]
fn a_whole_tokenizer_is_read() {
    let view = view(WHOLE.as_bytes(), parse);
    assert!(view.anomalies().is_empty(), "{view:?}");
    assert_eq!((view.tokens, view.merges, view.added, view.special), (4, 2, 2, 1));
    assert_eq!(view.dialects(), ["bpe"]);
    assert_eq!(view.largest.as_ref().map(|(id, _)| *id), Some(4));
    assert!(view.telling.iter().all(|one| one.unmade) && view.telling.len() == 1);
    assert_eq!(view.renamed.len(), 1);
    let rules: Vec<(Stage, &str)> = view
        .rewrites
        .iter()
        .map(|one| (one.stage, one.to.as_str()))
        .collect();
    assert_eq!(
        rules,
        [
            (Stage::Normalizer, "_"),
            (Stage::Normalizer, "_"),
            (Stage::Decoder, " ")
        ]
    );
    assert_eq!(view.patterns.len(), 2);
    assert_eq!(view.insertions.first().map(|one| one.ids), Some(2));
}

#[test]
fn what_the_library_would_not_write_is_said() {
    for (text, id) in [
        (r#"{"model": {"vocab": {"a": 0"#, "tokenizer-broken"),
        (r#"{"model": {"vocab": {"a": "x"}}}"#, "tokenizer-shape"),
        (r#"{"model": [], "vocab": 1}"#, "tokenizer-shape"),
        (
            r#"{"model": {"type": "Other", "vocab": {}}}"#,
            "tokenizer-unknown-rule",
        ),
        (
            r#"{"decoder": {"type": "Shell"}, "model": {"vocab": {}}}"#,
            "tokenizer-unknown-rule",
        ),
        (
            r#"{"model": {"vocab": {"a": 0, "a": 1}}}"#,
            "tokenizer-repeated-key",
        ),
        (r#"{"model": {"vocab": {"a": 3000000}}}"#, "tokenizer-limit"),
    ] {
        assert_eq!(ids(view(text.as_bytes(), parse).anomalies()), [id], "{text}");
    }
    let deep = format!("{{\"vocab\": {}1", "[".repeat(200));
    assert_eq!(ids(view(deep.as_bytes(), parse).anomalies()), ["tokenizer-limit"]);
}

#[test]
fn lists_of_scores_are_vocabularies_too() {
    let text = r#"{"model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0.0], ["\u2581a", -1.5]]}}"#;
    let view = view(text.as_bytes(), parse);
    assert_eq!((view.tokens, view.dialects().as_slice()), (2, &["unigram"][..]));
}

#[test]
fn a_tokenizer_is_known_however_long_its_parts_are() {
    let many = r#"{"id": 1, "content": "<x>"},"#.repeat(1_000);
    let merges = r#""a b","#.repeat(30_000);
    let long = format!(
        r#"{{"version": "1.0", "truncation": null, "padding": null, "added_tokens": [{many}null], "model": {{"merges": [{merges}"a b"]}}}}"#
    );
    for (text, score) in [
        (WHOLE, Some(Score::Likely)),
        (long.as_str(), Some(Score::Likely)),
        (r#"{"model": "x", "padding": true}"#, None),
        (r#"["truncation", "padding", "added_tokens"]"#, None),
    ] {
        let bytes = text.as_bytes().to_vec();
        let size = crate::bytes::size_u64(bytes.len());
        let found = probe(&Probe {
            head: &bytes[..bytes.len().min(4_096)],
            tail: &bytes[bytes.len().saturating_sub(66 * 1_024)..],
            size,
            source: &bytes,
        });
        assert_eq!(found, score);
    }
}

#[test]
fn damage_never_panics() {
    never_panics(WHOLE.as_bytes(), parse);
}
