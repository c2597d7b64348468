use super::*;
use crate::testing::{ids, never_panics, view};

fn score(bytes: &[u8]) -> Option<Score> {
    let source = bytes.to_vec();
    probe(&Probe {
        head: &bytes[..bytes.len().min(4096)],
        tail: bytes,
        size: source.size(),
        source: &source,
    })
}

#[test]
fn text_is_told_from_bytes() {
    for bytes in [
        &b"hello\n"[..],
        "ünïcode \u{1f600}".as_bytes(),
        b"\xff\xfeh\0i\0",
        b"\xef\xbb\xbfbom",
        b"caf\xe9 and more words in an old encoding, long enough to be sure of it at all",
    ] {
        assert!(score(bytes).is_some(), "{bytes:?}");
    }
    for bytes in [
        &b""[..],
        b"a\0b",
        b"\x80\x04\x95",
        b"\xff\xfe\x00\xd8\x00\xd8\x01\x00",
        &[0x3f, 0x80, 0, 0],
    ] {
        assert!(score(bytes).is_none(), "{bytes:?}");
    }
    let late = ["a".repeat(5_000).as_bytes(), b"\0\x01\x02"].concat();
    assert!(score(&late).is_none());
    let middle = [
        "a".repeat(100_000).as_bytes(),
        b"\0\x01\x02",
        "a".repeat(100_000).as_bytes(),
    ]
    .concat();
    assert_eq!(ids(view(&middle, parse).anomalies()), ["text-ends"]);
}

#[test]
fn json_is_read_to_its_end() {
    for (text, kind, anomalies) in [
        (r#"{"a": [1, 2, NaN]}"#, Kind::Json, &[][..]),
        ("{\"a\": 1}\n{\"a\": 2}\n", Kind::JsonLines, &[]),
        (r#"{"cells": [], "nbformat": 4}"#, Kind::Notebook, &[]),
        (
            r#"{"a": 1, "b": 2, "c": 3, "d": 4, "e""#,
            Kind::Json,
            &["json-broken"],
        ),
        ("[1] Some book, 1999.\n", Kind::Plain, &[]),
        ("[PAD]\n", Kind::Plain, &[]),
        ("{\"a\": 1, // why\n \"b\": 2}", Kind::Yaml, &[]),
    ] {
        let view = view(text.as_bytes(), parse);
        assert_eq!(view.kind, kind, "{text}");
        assert_eq!(ids(view.anomalies()), anomalies, "{text}");
    }
    let deep = view("[".repeat(5_000).as_bytes(), parse);
    assert_eq!(ids(deep.anomalies()), ["json-broken"]);
}

#[test]
fn telling_values_are_kept() {
    let text = r#"{"auto_map": {"AutoModel": "m.Model", "x": ["a", null]}, "n": {"chat_template": "{{ a }}"}, "z": "no",
        "chat_template": [{"name": "default", "template": "{{ b }}"}], "trust_remote_code": true}"#;
    let view = view(text.as_bytes(), parse);
    let facts: Vec<(&str, &str, &str)> = view
        .facts
        .iter()
        .map(|fact| (fact.key, fact.name.as_str(), fact.value.as_str()))
        .collect();
    assert_eq!(
        facts,
        [
            ("auto_map", "AutoModel", "m.Model"),
            ("auto_map", "x", "a"),
            ("chat_template", "", "{{ a }}"),
            ("chat_template", "name", "default"),
            ("chat_template", "template", "{{ b }}"),
            ("trust_remote_code", "", "true"),
        ]
    );
}

#[test]
fn damage_never_panics() {
    never_panics(
        br#"{"auto_map": {"AutoModel": "m.\u00e9"}, "a": [1, 2.5e3, true]}"#,
        parse,
    );
    never_panics("{% if a %}ü{{ b }}{% endif %}".as_bytes(), parse);
}
