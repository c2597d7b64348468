use super::*;
use crate::testing::{ids, never_panics, view};

fn file(header: &str, data: usize) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header.as_bytes());
    bytes.resize(bytes.len() + data, 7);
    bytes
}

fn check(header: &str, data: usize, violations: &[&str], anomalies: &[&str]) {
    let view = view(&file(header, data), parse);
    assert_eq!(ids(&view.violations), violations, "{header}");
    assert_eq!(ids(view.anomalies()), anomalies, "{header}");
}

const GOOD: &str = r#"{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[],"data_offsets":[8,9]}}  "#;

#[test]
fn an_honest_file_has_no_notes() {
    check(GOOD, 9, &[], &[]);
    let view = view(&file(GOOD, 9), parse);
    assert_eq!((view.tensors, view.metadata.len()), (2, 1));
    assert_eq!(view.metadata[0].key, "format");
    check("{}", 0, &[], &[]);
    check(
        r#"{"e":{"dtype":"F32","shape":[0,99999999999],"data_offsets":[0,0]}}"#,
        0,
        &[],
        &[],
    );
}

#[test]
fn broken_rules_are_named() {
    check(GOOD, 8, &[], &["safetensors-truncated"]);
    check(GOOD, 12, &[], &["safetensors-trailing"]);
    let one = |entry: &str| format!(r#"{{"a":{{"dtype":"U8","shape":[4],"data_offsets":[0,4]}},{entry}}}"#);
    let tensor = r#""dtype":"U8","shape":[4],"data_offsets""#;
    check(
        &one(&format!(r#""b":{{{tensor}:[2,6]}}"#)),
        6,
        &["safetensors-overlap"],
        &[],
    );
    check(
        &one(&format!(r#""b":{{{tensor}:[6,10]}}"#)),
        10,
        &["safetensors-hole"],
        &[],
    );
    check(
        &one(&format!(r#""a":{{{tensor}:[4,8]}}"#)),
        8,
        &["safetensors-repeated"],
        &[],
    );
    check(
        &one(&format!(r#""b":{{{tensor}:[8,4]}}"#)),
        4,
        &["safetensors-range"],
        &[],
    );
    check(
        &one(r#""b":{"dtype":"F32","shape":[4],"data_offsets":[4,8]}"#),
        8,
        &["safetensors-size"],
        &[],
    );
    check(
        &one(r#""b":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[4,8]}"#),
        8,
        &["safetensors-overflow"],
        &[],
    );
    check(
        &one(r#""b":{"dtype":"X9","shape":[4],"data_offsets":[4,8]}"#),
        8,
        &[],
        &["safetensors-dtype"],
    );
    check(
        &one(r#""b":{"dtype":"U8","data_offsets":[4,8]}"#),
        4,
        &["safetensors-entry"],
        &[],
    );
    check("{\"a\":", 0, &["safetensors-header-json"], &[]);
    check("{} x", 0, &["safetensors-header-json"], &[]);
    check(
        r#"{"__metadata__":{"a":1}}"#,
        0,
        &["safetensors-metadata-type"],
        &[],
    );
}

#[test]
fn an_oversized_header_is_refused_without_being_read() {
    let mut bytes = file(GOOD, 9);
    bytes[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    let view = view(&bytes, parse);
    assert_eq!(ids(&view.violations), ["safetensors-header-size"]);
    assert_eq!(ids(view.anomalies()), ["safetensors-truncated"]);
}

#[test]
fn damage_never_panics() {
    never_panics(&file(GOOD, 9), parse);
}
