use super::*;
use crate::testing::{ids, never_panics, view};

fn length(bytes: &[u8]) -> u8 {
    u8::try_from(bytes.len()).unwrap()
}

/// Builds a block of entries whose keys share nothing.
fn block(entries: &[(&[u8], &[u8])], kind: u8) -> Vec<u8> {
    let mut block = Vec::new();
    for (key, value) in entries {
        block.extend([0, length(key), length(value)]);
        block.extend(*key);
        block.extend(*value);
    }
    block.extend([0, 0, 0, 0, 1, 0, 0, 0]);
    if kind == 1 {
        let size = length(&block);
        block.splice(0..0, [size, 60 << 2, size - 1]);
    }
    block.extend([kind, 0, 0, 0, 0]);
    block
}

fn table(entries: &[(&[u8], &[u8])], kind: u8) -> Vec<u8> {
    let data = block(entries, kind);
    let data_size = length(&data) - 5;
    let meta = block(&[], 0);
    let meta_at = length(&data);
    let index = block(&[(b"z", &[0, data_size])], 0);
    let index_at = meta_at + length(&meta);
    let mut footer = vec![meta_at, length(&meta) - 5, index_at, length(&index) - 5];
    // Handles beyond 127 would need two bytes.
    assert!(index_at < 128);
    footer.resize(40, 0);
    footer.extend(MAGIC);
    [data, meta, index, footer].concat()
}

const HEADER_VALUE: &[u8] = b"\x08\x01";
/// Two times three floats at 8.
const TENSOR: &[u8] = b"\x08\x01\x12\x08\x12\x02\x08\x02\x12\x02\x08\x03\x20\x08\x28\x18";

#[test]
fn places_of_tensors_are_read_from_both_kinds_of_block() {
    for kind in [0, 1] {
        let view = view(&table(&[(b"", HEADER_VALUE), (b"a", TENSOR)], kind), parse);
        assert_eq!(ids(view.anomalies()), Vec::<&str>::new());
        assert_eq!((view.shards, view.entries), (1, 1));
        let data = ExternalData {
            file: ExternalFile::Stem(".data-00000-of-00001".to_owned()),
            spans: vec![Span::sized(8, 24).unwrap()],
        };
        assert_eq!(view.external(), [data]);
    }
}

#[test]
fn what_contradicts_itself_is_noted() {
    for (entries, wanted) in [
        (
            &[(&b""[..], HEADER_VALUE), (b"a", &b"\x08\x01\x28\x05"[..])][..],
            "checkpoint-size",
        ),
        (
            &[(b"", HEADER_VALUE), (b"a", b"\x08\x07\x18\x01")],
            "checkpoint-shard",
        ),
        (
            &[
                (b"", HEADER_VALUE),
                (b"a", b"\x08\x07\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
            ],
            "checkpoint-place",
        ),
        (
            &[(b"", HEADER_VALUE), (b"b", b"\x08\x07"), (b"a", b"\x08\x07")],
            "checkpoint-order",
        ),
        (&[(b"", HEADER_VALUE), (b"a", b"\x08")], "checkpoint-entry"),
        (&[(b"", b"\x0a\x00")], "checkpoint-header"),
        (&[(b"a", HEADER_VALUE)], "checkpoint-header"),
    ] {
        assert_eq!(ids(view(&table(entries, 0), parse).anomalies()), [wanted]);
    }
    let mut hidden = b"#!/bin/sh".to_vec();
    hidden.extend(table(&[(b"", HEADER_VALUE)], 0));
    assert!(!ids(view(&hidden, parse).anomalies()).is_empty());
}

#[test]
fn damage_never_panics() {
    never_panics(&table(&[(b"", HEADER_VALUE), (b"a", TENSOR)], 0), parse);
    never_panics(&table(&[(b"", HEADER_VALUE), (b"a", TENSOR)], 1), parse);
}
