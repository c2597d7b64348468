//! Packed weights part by part: values worked out by hand, and parts that do not fit each other.

use cleanbill_core::{
    Verdict,
    difference::{Claim, Difference, TensorKind},
};
use cleanbill_formats::limits::Limits;
use cleanbill_tensors::Model;

use crate::support::{compared, file};

/// Name, type, shape and bytes of a tensor.
type Part = (&'static str, &'static str, Vec<u64>, Vec<u8>);

fn stored(parts: &[Part]) -> Vec<u8> {
    let mut header = Vec::new();
    let mut data: Vec<u8> = Vec::new();
    for (name, dtype, shape, bytes) in parts {
        let start = data.len();
        data.extend(bytes);
        let end = data.len();
        header.push(format!(
            "\"{name}\":{{\"dtype\":\"{dtype}\",\"shape\":{shape:?},\"data_offsets\":[{start},{end}]}}"
        ));
    }
    let header = format!("{{{}}}", header.join(","));
    let mut bytes = u64::try_from(header.len()).unwrap().to_le_bytes().to_vec();
    bytes.extend(header.into_bytes());
    bytes.extend(data);
    bytes
}

fn model(parts: &[Part], configuration: &str) -> Model {
    let mut files = vec![file("model.safetensors", stored(parts))];
    if !configuration.is_empty() {
        files.push(file("config.json", configuration.as_bytes().to_vec()));
    }
    Model::open(files, &Limits::default())
}

fn words(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn singles(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// A base of one matrix.
fn base(shape: [u64; 2], values: &[f32]) -> Model {
    model(&[("a.weight", "F32", shape.into(), singles(values))], "")
}

/// Eight inputs and eight outputs; each output has the codes 0 to 7.
fn gptq() -> Vec<Part> {
    vec![
        ("a.qweight", "I32", vec![1, 8], words(&[0x7654_3210; 8])),
        ("a.qzeros", "I32", vec![1, 1], words(&[0x2222_2222])),
        ("a.scales", "F16", vec![1, 8], [0x00, 0x38].repeat(8)),
        ("a.g_idx", "I32", vec![8], words(&[0; 8])),
    ]
}

const GPTQ: &str = r#"{"quantization_config":{"quant_method":"gptq","bits":4,"group_size":8}}"#;
const SECOND: &str = r#"{"quantization_config":{"quant_method":"gptq","bits":4,"group_size":8,"checkpoint_format":"gptq_v2"}}"#;
const AWQ: &str =
    r#"{"quantization_config":{"quant_method":"awq","bits":4,"group_size":8,"version":"gemm"}}"#;

/// Eight inputs; the code of each output is its number.
fn awq() -> Vec<Part> {
    vec![
        ("a.qweight", "I32", vec![8, 1], words(&[0x7531_6420; 8])),
        ("a.qzeros", "I32", vec![1, 1], words(&[0x1111_1111])),
        ("a.scales", "F16", vec![1, 8], [0x00, 0x38].repeat(8)),
    ]
}

const NF4: [f32; 16] = [
    -1.0,
    -0.696_192_8,
    -0.525_073_05,
    -0.394_917_5,
    -0.284_441_38,
    -0.184_773_43,
    -0.091_050_036,
    0.0,
    0.079_580_3,
    0.160_930_2,
    0.246_112_3,
    0.337_915_24,
    0.440_709_83,
    0.562_617,
    0.722_956_84,
    1.0,
];
const STATE: &str = "a.weight.quant_state.bitsandbytes__nf4";
const PLAIN: &str = r#"{"quant_type":"nf4","blocksize":64,"dtype":"float16","shape":[2,64]}"#;
const NESTED: &str =
    r#"{"quant_type":"nf4","blocksize":64,"shape":[2,64],"nested_blocksize":256,"nested_offset":0.5}"#;

/// Two rows of 64, by turns the largest and the smallest value of the table.
fn nf4(state: &str) -> Vec<Part> {
    let bytes = state.as_bytes().to_vec();
    let length = u64::try_from(bytes.len()).unwrap();
    vec![
        ("a.weight", "U8", vec![64, 1], vec![0xf0; 64]),
        ("a.weight.absmax", "F32", vec![2], singles(&[2.0, 4.0])),
        ("a.weight.quant_map", "F32", vec![16], singles(&NF4)),
        (STATE, "U8", vec![length], bytes),
    ]
}

fn nested() -> Vec<Part> {
    let mut parts = nf4(NESTED);
    let mut table = vec![0.0_f32; 256];
    (table[7], table[9]) = (0.25, 1.0);
    parts[1] = ("a.weight.absmax", "U8", vec![2], vec![7, 9]);
    parts.push(("a.weight.nested_absmax", "F32", vec![1], singles(&[2.0])));
    parts.push(("a.weight.nested_quant_map", "F32", vec![256], singles(&table)));
    parts
}

#[track_caller]
fn has_values(before: &Model, parts: &[Part], configuration: &str) {
    let difference = compared(before, &model(parts, configuration), Some(Claim::Conversion), &[]);
    let kinds: Vec<_> = difference.tensors.iter().map(|tensor| tensor.kind).collect();
    // What has exactly the values of a plain matrix is that matrix, in another type.
    assert_eq!(kinds, [TensorKind::Retyped], "{:?}", difference.gaps);
    assert_eq!(difference.verdict, Verdict::Pass, "{:?}", difference.findings);
}

#[test]
fn values_are_those_worked_out_by_hand() {
    // The zero point is stored as 2 and means 3; in the second format it means 2. The scale is a half.
    let first = [-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0].repeat(8);
    has_values(&base([8, 8], &first), &gptq(), GPTQ);
    let second: Vec<f32> = first.iter().map(|value| value + 0.5).collect();
    has_values(&base([8, 8], &second), &gptq(), SECOND);
    // Row after row: the number of the output less one, by a half.
    let rows: Vec<f32> = [-0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0]
        .iter()
        .flat_map(|value| [*value; 8])
        .collect();
    has_values(&base([8, 8], &rows), &awq(), AWQ);
    has_values(&base([8, 8], &rows), &awq(), "");
    let turns = |one: f32, other: f32| [[one, -one].repeat(32), [other, -other].repeat(32)].concat();
    has_values(&base([2, 64], &turns(2.0, 4.0)), &nf4(PLAIN), "");
    // 0.25 * 2 + 0.5 and 1 * 2 + 0.5.
    has_values(&base([2, 64], &turns(1.0, 2.5)), &nested(), "");
}

#[test]
fn a_square_with_inputs_first_is_known_again() {
    let values: Vec<f32> = [-1.5_f32, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0]
        .iter()
        .flat_map(|value| [*value; 8])
        .collect();
    let difference = compared(&base([8, 8], &values), &model(&gptq(), GPTQ), None, &[]);
    assert!(difference.tensors[0].transposed);
    assert_eq!(difference.tensors[0].kind, TensorKind::Retyped);
}

#[test]
fn groups_in_another_order_are_followed() {
    let mut parts = gptq();
    // Two groups of four inputs: the even ones and the odd ones, with scales of a half and of one.
    parts[1] = ("a.qzeros", "I32", vec![2, 1], words(&[0x2222_2222, 0x2222_2222]));
    let scales = [[0x00, 0x38].repeat(8), [0x00, 0x3c].repeat(8)].concat();
    parts[2] = ("a.scales", "F16", vec![2, 8], scales);
    parts[3] = ("a.g_idx", "I32", vec![8], words(&[0, 1, 0, 1, 0, 1, 0, 1]));
    let values = [-1.5, -2.0, -0.5, 0.0, 0.5, 2.0, 1.5, 4.0].repeat(8);
    has_values(
        &base([8, 8], &values),
        &parts,
        &GPTQ.replace("\"group_size\":8", "\"group_size\":4"),
    );
}

fn told(difference: &Difference) -> String {
    let each = difference.gaps.iter().map(|gap| {
        let tensor = gap.tensor.as_deref().unwrap_or_default();
        format!("{tensor}: {}", gap.reason.en())
    });
    each.collect::<Vec<_>>().join("\n")
}

#[track_caller]
fn refuses(parts: &[Part], configuration: &str, wanted: &str) {
    let before = base([8, 8], &[1.0; 64]);
    let difference = compared(&before, &model(parts, configuration), None, &[]);
    let told = told(&difference);
    assert!(told.contains(wanted), "{wanted:?} is not in:\n{told}");
    assert_ne!(difference.verdict, Verdict::Pass);
    let any = difference.tensors.iter().any(|tensor| {
        matches!(
            tensor.kind,
            TensorKind::Same | TensorKind::Renamed | TensorKind::Retyped
        )
    });
    assert!(!any, "something that cannot be read counts as the same");
}

fn with(mut parts: Vec<Part>, index: usize, dtype: &'static str, shape: &[u64], bytes: Vec<u8>) -> Vec<Part> {
    parts[index].1 = dtype;
    parts[index].2 = shape.to_vec();
    parts[index].3 = bytes;
    parts
}

#[test]
fn parts_that_do_not_fit_are_refused() {
    let without = |index: usize| {
        let mut parts = gptq();
        parts.remove(index);
        parts
    };
    refuses(&without(1), GPTQ, "`a.qzeros` that belongs to it is not there");
    refuses(&without(2), GPTQ, "`a.scales` that belongs to it is not there");
    refuses(
        &with(gptq(), 3, "I32", &[8], words(&[0, 0, 0, 0, 0, 0, 0, 1])),
        GPTQ,
        "names groups that are not there",
    );
    refuses(
        &with(gptq(), 3, "I32", &[8], words(&[u32::MAX; 8])),
        GPTQ,
        "names groups that are not there",
    );
    refuses(
        &with(gptq(), 3, "I32", &[7], words(&[0; 7])),
        GPTQ,
        "`a.g_idx` should have 8 elements, and has 7",
    );
    refuses(
        &with(gptq(), 2, "I32", &[1, 8], words(&[1; 8])),
        GPTQ,
        "its scales are no floats",
    );
    refuses(
        &with(gptq(), 0, "F32", &[1, 8], words(&[1; 8])),
        GPTQ,
        "should be integers of 32 bits, and is `f32`",
    );
    refuses(
        &with(gptq(), 0, "I32", &[8], words(&[1; 8])),
        GPTQ,
        "`a.qweight` should have two dimensions",
    );
    refuses(
        &with(gptq(), 0, "I32", &[2, 8], words(&[1; 16])),
        GPTQ,
        "do not make 1 groups",
    );
    refuses(
        &with(gptq(), 0, "I32", &[1, 9], words(&[1; 9])),
        GPTQ,
        "do not fit each other at 4 bits",
    );
    refuses(
        &with(gptq(), 1, "I32", &[1, 3], words(&[1; 3])),
        "",
        "codes of 12 bits are not read",
    );
    refuses(&with(gptq(), 0, "I32", &[0, 8], Vec::new()), GPTQ, "has 0 inputs");
    refuses(
        &gptq(),
        &GPTQ.replace("\"bits\":4", "\"bits\":8"),
        "says 8 bits, the zero points of `a` are of 4",
    );
    refuses(
        &gptq(),
        &GPTQ.replace(":8}", ":3}"),
        "in groups of 3 do not make 1 groups",
    );
    refuses(
        &gptq(),
        &GPTQ.replace("gptq", "hqq"),
        "the scheme `hqq` is not read",
    );
    refuses(
        &gptq(),
        &SECOND.replace("gptq_v2", "marlin"),
        "the format `marlin` is not read",
    );
    refuses(
        &awq(),
        &AWQ.replace("gemm", "gemv"),
        "the format `gemv` is not read",
    );
    refuses(&awq(), GPTQ, "do not fit each other");
    let mut twice = gptq();
    twice.push(("a.weight", "F32", vec![8, 8], singles(&[2.0; 64])));
    refuses(&twice, GPTQ, "stands twice");
}

#[test]
fn descriptions_that_do_not_fit_are_refused() {
    refuses(
        &nf4(&PLAIN.replace("nf4", "fp4")),
        "",
        "its description says `fp4`, the name of it `nf4`",
    );
    refuses(
        &nf4(&PLAIN.replace("[2,64]", "[3,64]")),
        "",
        "promises 192 elements, there are 64 bytes",
    );
    refuses(
        &nf4(&PLAIN.replace("[2,64]", "[18446744073709551615,4]")),
        "",
        "has no shape",
    );
    refuses(
        &nf4(&PLAIN.replace("\"blocksize\":64", "\"blocksize\":63")),
        "",
        "size of a block is not known",
    );
    refuses(
        &nf4(&PLAIN.replace("\"blocksize\":64", "\"blocksize\":0")),
        "",
        "size of a block is not known",
    );
    refuses(&nf4("{"), "", "its description cannot be read");
    refuses(
        &nf4(PLAIN)[..3],
        "",
        "quant_state.bitsandbytes__nf4` that belongs to it is not there",
    );
    refuses(
        &with(nf4(PLAIN), 1, "F32", &[1], singles(&[1.0])),
        "",
        "should have 2 elements, and has 1",
    );
    refuses(
        &with(nf4(PLAIN), 2, "F32", &[16], singles(&[0.5; 16])),
        "",
        "is not that of `nf4`",
    );
    refuses(
        &with(nested(), 1, "F32", &[2], singles(&[1.0; 2])),
        "",
        "its sizes are not of 8 bits",
    );
    refuses(
        &with(nested(), 4, "F32", &[2], singles(&[1.0; 2])),
        "",
        "should have 1 elements, and has 2",
    );
    let state = NESTED.replace(",\"nested_offset\":0.5", "");
    let mut parts = nested();
    parts[3].2 = vec![u64::try_from(state.len()).unwrap()];
    parts[3].3 = state.into_bytes();
    refuses(&parts, "", "lacks the offset of the sizes");
    let eight = vec![
        ("a.weight", "I8", vec![8, 8], vec![1; 64]),
        ("a.SCB", "F32", vec![8], singles(&[127.0; 8])),
        ("a.weight_format", "U8", vec![], vec![2]),
    ];
    refuses(&eight, "", "an order of a graphics card that is not read");
    let mut plain = eight;
    plain[2].3 = vec![0];
    has_values(&base([8, 8], &[1.0; 64]), &plain, "");
}

#[test]
fn what_is_damaged_anywhere_ends() {
    let before = base([8, 8], &[1.0; 64]);
    for (parts, configuration) in [(gptq(), GPTQ), (awq(), AWQ), (nested(), "")] {
        let bytes = stored(&parts);
        for place in 0..bytes.len() {
            for change in [0x01, 0x55, 0xff] {
                let mut other = bytes.clone();
                other[place] ^= change;
                let files = vec![
                    file("model.safetensors", other),
                    file("config.json", configuration.as_bytes().to_vec()),
                ];
                let after = Model::open(files, &Limits::default());
                let _ = compared(&before, &after, Some(Claim::Quantisation), &[]);
            }
        }
    }
}
