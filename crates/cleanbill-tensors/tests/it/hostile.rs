//! Files that lie: what they say of sizes and places is named, bounded, and never followed blindly.

use cleanbill_formats::limits::Limits;
use cleanbill_tensors::{Model, manifest};

use crate::support::{built, compared, file};

fn problems(model: &Model) -> String {
    let each = model.problems.iter().map(|problem| {
        let tensor = problem.tensor.clone().unwrap_or_default();
        format!("{tensor}: {}", problem.reason.en())
    });
    each.collect::<Vec<_>>().join("\n")
}

#[track_caller]
fn check(path: &str, text: &str, wanted: &str) {
    let model = built(path, text);
    let told = problems(&model);
    assert!(told.contains(wanted), "{wanted:?} is not in:\n{told}");
    // Whatever it is, the manifest ends and says that it is not whole.
    assert!(!manifest(&model, "x").gaps.is_empty());
}

#[test]
fn overlaps_holes_and_ends_are_named() {
    check(
        "a.safetensors",
        "safetensors:\n  tensor \"a\" F32 [2] 0 8\n  tensor \"b\" F32 [2] 4 12\n  hex 00000000 00000000 00000000\n",
        "two tensors share bytes",
    );
    check(
        "a.safetensors",
        "safetensors:\n  tensor \"a\" F32 [2] 0 8\n  tensor \"b\" F32 [1] 12 16\n  hex 00000000 00000000 00000000 00000000\n",
        "expected to begin at 8",
    );
    check(
        "a.safetensors",
        "safetensors:\n  tensor \"a\" F32 [4] 0 16\n  hex 00000000\n",
        "ends before the tensor",
    );
    check(
        "a.safetensors",
        "safetensors:\n  tensor \"a\" F32 [4611686018427387904,4] 0 16\n  hex 00000000 00000000 00000000 00000000\n",
        "overflow",
    );
    check(
        "a.safetensors",
        "safetensors:\n  tensor \"a\" F32 [3] 0 16\n  hex 00000000 00000000 00000000 00000000\n",
        "the file gives it 16",
    );
}

/// A checkpoint with one tensor of this storage offset, size and strides.
fn torch(offset: &str, size: &str, strides: &str) -> String {
    format!(
        "torch-zip:\n  storage \"0\" \"0123456789abcdef\"\n  pickle:\n    PROTO 2\n    EMPTY_DICT\n    BINUNICODE \"w\"\n    \
         GLOBAL \"torch._utils\" \"_rebuild_tensor_v2\"\n    MARK\n    MARK\n    BINUNICODE \"storage\"\n    \
         GLOBAL \"torch\" \"FloatStorage\"\n    BINUNICODE \"0\"\n    BINUNICODE \"cpu\"\n    BININT 4\n    TUPLE\n    BINPERSID\n    \
         {offset}\n    MARK\n    {size}\n    TUPLE\n    MARK\n    {strides}\n    TUPLE\n    NEWFALSE\n    \
         EMPTY_DICT\n    TUPLE\n    REDUCE\n    SETITEM\n    STOP\n"
    )
}

#[test]
fn strides_that_lead_outside_are_named() {
    let honest = built("a.bin", &torch("BININT 1", "BININT 3", "BININT 1"));
    assert_eq!(problems(&honest), "");
    assert_eq!(manifest(&honest, "x").tensors[0].bytes, 12);
    check(
        "a.bin",
        &torch("BININT 2", "BININT 3", "BININT 1"),
        "lead beyond its storage",
    );
    check(
        "a.bin",
        &torch("BININT 0", "BININT 2", "BININT 9"),
        "lead beyond its storage",
    );
    // A row of one number, repeated for ever.
    check(
        "a.bin",
        &torch("BININT 0", "LONG1 4294967296", "BININT 0"),
        "more bytes than its file can hold",
    );
}

#[test]
fn what_is_cut_anywhere_never_panics_and_never_seems_whole() {
    let texts = [
        (
            "a.safetensors",
            "safetensors:\n  tensor \"a\" F32 [2,2] 0 16\n  hex 00000000 00000000 00000000 00000000\n"
                .to_owned(),
        ),
        ("a.bin", torch("BININT 0", "BININT 4", "BININT 1")),
    ];
    for (path, text) in texts {
        let bytes = cleanbill_samples::build(&text).unwrap();
        let whole = Model::open(vec![file(path, bytes.clone())], &Limits::default());
        assert_eq!(whole.tensors.len(), 1, "{path}: {}", problems(&whole));
        for cut in 0..bytes.len() {
            let part = bytes[..cut].to_vec();
            let model = Model::open(vec![file(path, part)], &Limits::default());
            let difference = compared(&whole, &model, None, &[]);
            let told = !difference.gaps.is_empty() || model.tensors.is_empty();
            assert!(told, "{path} cut at {cut}");
        }
        for place in 0..bytes.len() {
            let mut other = bytes.clone();
            other[place] ^= 0x55;
            let model = Model::open(vec![file(path, other)], &Limits::default());
            let _ = compared(&whole, &model, None, &[]);
            let _ = manifest(&model, "x");
        }
    }
}

#[test]
fn an_index_that_lies_is_named() {
    let shard = |name: &str| {
        let text = format!("safetensors:\n  tensor \"{name}\" F32 [1] 0 4\n  hex 00000000\n");
        cleanbill_samples::build(&text).unwrap()
    };
    let index = br#"{"weight_map":{"a":"1.safetensors","b":"1.safetensors","c":"3.safetensors"}}"#;
    let model = Model::open(
        vec![
            file("1.safetensors", shard("a")),
            file("2.safetensors", shard("b")),
            file("model.safetensors.index.json", index.to_vec()),
        ],
        &Limits::default(),
    );
    let told = problems(&model);
    assert!(
        told.contains("b: the index says `1.safetensors`, it stands in `2.safetensors`"),
        "{told}"
    );
    assert!(
        told.contains("c: the index says `3.safetensors`, and it is not there"),
        "{told}"
    );
}
