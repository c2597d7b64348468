//! Packed layouts, written with NumPy from their descriptions: what each looks like, and what stands out.

use cleanbill_core::{
    Verdict,
    difference::{Claim, Descent, Difference, TensorKind},
};

use crate::support::{compared, made, model, python, row, write_table};

/// The matrix that edits change.
const EDITED: &str = "model.layers.3.mlp.down_proj.weight";
/// Matrices of a made model, each packed.
const PACKED: usize = 6 * 7;

/// Folder, verdict under the claim that it is a quantisation, the first finding's tensor.
const CASES: &[(&str, Verdict, Option<&str>)] = &[
    ("gptq-2", Verdict::Pass, None),
    ("gptq-3", Verdict::Pass, None),
    ("gptq-4", Verdict::Pass, None),
    ("gptq-8", Verdict::Pass, None),
    ("gptq-4-order", Verdict::Pass, None),
    ("gptq-4-second", Verdict::Pass, None),
    ("gptq-4-second-unsaid", Verdict::Pass, None),
    ("gptq-4-second-said-first", Verdict::Fail, None),
    ("gptq-4-unsaid", Verdict::Pass, None),
    ("gptq-4-edit", Verdict::Fail, Some(EDITED)),
    ("awq", Verdict::Pass, None),
    ("awq-unscaled", Verdict::Pass, None),
    ("awq-edit", Verdict::Fail, Some(EDITED)),
    (
        "awq-unbalanced",
        Verdict::Fail,
        Some("model.layers.2.self_attn.k_proj.weight"),
    ),
    ("bnb-nf4", Verdict::Pass, None),
    ("bnb-fp4", Verdict::Pass, None),
    ("bnb-nf4-plain", Verdict::Pass, None),
    ("bnb-nf4-edit", Verdict::Fail, Some(EDITED)),
    ("bnb-int8", Verdict::Pass, None),
    ("bnb-int8-edit", Verdict::Fail, Some(EDITED)),
];

fn told(difference: &Difference) -> String {
    let findings = difference.findings.iter().take(6).map(|finding| {
        let tensor = finding.tensor.as_deref().unwrap_or("-");
        format!("{} {tensor}: {}", finding.id, finding.message.en())
    });
    let gaps = difference.gaps.iter().take(4).map(|gap| {
        let tensor = gap.tensor.as_deref().unwrap_or("-");
        format!("gap {tensor}: {}", gap.reason.en())
    });
    findings.chain(gaps).collect::<Vec<_>>().join("\n    ")
}

#[test]
fn every_layout_is_read_and_judged() {
    let Some(python) = python() else { return };
    let folder = made(&python, "packed.py", "tensors-packed", &[]);
    let base = model(&folder.join("base"));
    let mut wrong = Vec::new();
    let mut table = String::new();
    for (name, verdict, first) in CASES {
        let after = model(&folder.join(name));
        let difference = compared(&base, &after, Some(Claim::Quantisation), &[]);
        let descent = difference.lineage.descent;
        let found = difference
            .findings
            .first()
            .and_then(|finding| finding.tensor.as_deref());
        let packed = difference
            .tensors
            .iter()
            .filter(|tensor| tensor.kind == TensorKind::Changed && tensor.name().ends_with("_proj.weight"))
            .count();
        let alone = difference
            .tensors
            .iter()
            .filter(|tensor| matches!(tensor.kind, TensorKind::Added | TensorKind::Removed))
            .count();
        let fits = difference.verdict == *verdict
            && (first.is_none() || found == *first)
            && (*verdict == Verdict::Fail || descent == Some(Descent::Quantisation))
            && (packed, alone) == (PACKED, 0);
        if !fits {
            wrong.push(format!(
                "{name}: {:?} {descent:?} {packed} {alone} {:?}\n    {}",
                difference.verdict,
                difference.lineage.scores,
                told(&difference)
            ));
        }
        row(&mut table, name, Some(Claim::Quantisation), &difference);
    }
    write_table("packed table", &table);
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Base, adapter, later model, verdict, the first finding's tensor.
type Merge = (
    &'static str,
    &'static str,
    &'static str,
    Verdict,
    Option<&'static str>,
);

const MERGED: &[Merge] = &[
    ("base", "adapter", "merged", Verdict::Pass, None),
    ("base", "adapter", "merged-bf16", Verdict::Pass, None),
    ("base", "adapter", "merged-half", Verdict::Pass, None),
    ("base", "adapter-rooted", "merged-rooted", Verdict::Pass, None),
    (
        "base-turned",
        "adapter-turned",
        "merged-turned",
        Verdict::Pass,
        None,
    ),
    ("base", "adapter", "merged-half-scaled", Verdict::Fail, None),
    ("base", "adapter", "merged-edit", Verdict::Fail, Some(EDITED)),
    (
        "base",
        "adapter",
        "merged-planted",
        Verdict::Fail,
        Some("model.layers.2.self_attn.v_proj.weight"),
    ),
    (
        "base",
        "adapter",
        "merged-left-out",
        Verdict::Fail,
        Some("model.layers.4.self_attn.q_proj.weight"),
    ),
    ("base", "adapter", "base", Verdict::Fail, None),
    ("base", "adapter-rooted", "merged", Verdict::Fail, None),
    ("base", "adapter-dora", "merged", Verdict::Incomplete, None),
    ("base", "adapter-bare", "merged", Verdict::Incomplete, None),
    ("base", "adapter-twice", "merged", Verdict::Fail, None),
    (
        "base",
        "adapter-ranks",
        "merged",
        Verdict::Fail,
        Some("base_model.model.model.layers.1.self_attn.q_proj"),
    ),
];

#[test]
fn a_merged_adapter_is_held_against_the_adapter() {
    let Some(python) = python() else { return };
    let folder = made(&python, "packed.py", "tensors-merged", &["--merged"]);
    let mut wrong = Vec::new();
    let mut table = String::new();
    for (base, adapter, after, verdict, first) in MERGED {
        let [base, with, later] = [base, adapter, after].map(|name| model(&folder.join(name)));
        let difference = compared(&base, &later, Some(Claim::MergedAdapter), &[&with]);
        let found = difference
            .findings
            .first()
            .and_then(|finding| finding.tensor.as_deref());
        let descent = difference.lineage.descent == Some(Descent::MergedAdapter);
        let fits = difference.verdict == *verdict && (first.is_none() || found == *first);
        if !fits || (*verdict == Verdict::Pass && !descent) {
            wrong.push(format!(
                "{adapter} {after}: {:?} {:?}\n    {}",
                difference.verdict,
                difference.lineage.scores,
                told(&difference)
            ));
        }
        let name = format!("{after}, {adapter}");
        row(&mut table, &name, Some(Claim::MergedAdapter), &difference);
    }
    write_table("merged table", &table);
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
