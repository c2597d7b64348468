//! Findings: what does not fit what the later model is said, or seems, to be.

mod beside;

use cleanbill_core::{
    Severity, Text,
    difference::{Claim, Descent, Difference, Mismatch},
    text,
};

use super::{
    Facts,
    adapter::Adapter,
    merge::{LEFT_OVER, Merge},
    merged::{Fit, Merged},
    profile::{Profile, Scheme},
    role,
};
use crate::{number::median, weights::Weight};

/// Standing from which a tensor is a finding.
const STANDS_OUT: f64 = 1.3;
/// Cosine below which a matrix does not descend from the other.
const APART: f64 = 0.5;

struct Writer<'a> {
    findings: &'a mut Vec<Mismatch>,
    claimed: bool,
}

impl Writer<'_> {
    /// Reports; what only seems not to fit, without a claim, counts less.
    fn report(
        &mut self,
        id: &'static str,
        severity: Severity,
        tensor: Option<&str>,
        weight: f64,
        message: Text,
    ) {
        let severity = if self.claimed {
            severity
        } else {
            severity.min(Severity::Medium)
        };
        self.findings.push(Mismatch {
            id,
            severity,
            tensor: tensor.map(str::to_owned),
            message,
            weight: if weight.is_finite() { weight } else { f64::MAX },
        });
    }
}

/// What was found by holding the later model against others.
pub(super) struct Others<'a> {
    pub(super) adapter: Option<&'a Adapter>,
    pub(super) merge: Option<&'a Merge>,
    pub(super) merged: Option<&'a Merged>,
}

pub(super) fn findings(
    facts: &Facts<'_>,
    profiles: &[Profile],
    others: &Others<'_>,
    difference: &mut Difference,
) {
    let seems = difference.lineage.descent;
    let scores = difference.lineage.scores.clone();
    let score = |descent: Descent| {
        scores
            .iter()
            .find(|(one, _)| *one == descent)
            .map_or(0.0, |(_, score)| *score)
    };
    let mut findings = Vec::new();
    let mut writer = Writer {
        findings: &mut findings,
        claimed: facts.claim.is_some(),
    };
    let target = match facts.claim {
        Some(claim) => claimed(claim),
        None => seems.unwrap_or(Descent::Identical),
    };
    if let Some(claim) = facts.claim {
        against(claim, seems, &score, &mut writer);
    }
    match target {
        Descent::Identical | Descent::Conversion => conversion(facts, profiles, &mut writer),
        Descent::FineTune | Descent::Edit => moved(facts, profiles, false, &mut writer),
        Descent::MergedAdapter if others.merged.is_some() => {
            exact(facts, profiles, others.merged, &mut writer);
        }
        Descent::MergedAdapter => {
            moved(facts, profiles, true, &mut writer);
            low_rank(facts, profiles, &mut writer);
        }
        Descent::Quantisation => quantisation(facts, profiles, &mut writer),
        Descent::Merge => merged(facts, others.merge, &mut writer),
        Descent::Adapter => adapted(others.adapter, &mut writer),
        Descent::Unrelated => {}
    }
    if !matches!(target, Descent::Adapter | Descent::Unrelated) {
        beside::structure(facts, target, &mut writer);
        beside::tables(facts, difference, &mut writer);
        beside::not_finite(facts, &mut writer);
        beside::beside(target, difference, &mut writer);
    }
    difference.findings = findings;
}

fn claimed(claim: Claim) -> Descent {
    match claim {
        Claim::FineTune => Descent::FineTune,
        Claim::Adapter => Descent::Adapter,
        Claim::MergedAdapter => Descent::MergedAdapter,
        Claim::Quantisation => Descent::Quantisation,
        Claim::Merge => Descent::Merge,
        Claim::Conversion => Descent::Conversion,
    }
}

/// Holds the claim against what the tensors say.
fn against(claim: Claim, seems: Option<Descent>, score: &dyn Fn(Descent) -> f64, writer: &mut Writer<'_>) {
    let wanted = claimed(claim);
    let said = claim.as_str();
    match seems {
        None => writer.report(
            "lineage-nothing-compared",
            Severity::High,
            None,
            0.0,
            text!(
                "no tensor of one model is found in the other",
                "两个模型没有可对应的张量"
            ),
        ),
        Some(Descent::Unrelated) if wanted != Descent::Adapter || score(Descent::Adapter) < 0.5 => writer
            .report(
                "lineage-unrelated",
                Severity::High,
                None,
                2.0,
                text!(
                    "said to be `{said}`, but its weights have nothing in common with the other model's",
                    "声称为 `{said}`，但其权重与另一模型毫无共同之处"
                ),
            ),
        Some(found) if found != wanted && !agrees(wanted, found) && score(wanted) < 0.5 => {
            let found = found.as_str();
            writer.report(
                "lineage-other-kind",
                Severity::Medium,
                None,
                0.0,
                text!(
                    "said to be `{said}`, the tensors look like `{found}`",
                    "声称为 `{said}`，张量看起来像 `{found}`"
                ),
            );
        }
        _ => {}
    }
}

/// Says whether one answer is a case of another.
fn agrees(wanted: Descent, found: Descent) -> bool {
    matches!(
        (wanted, found),
        (Descent::Conversion, Descent::Identical) | (Descent::FineTune, Descent::MergedAdapter)
    )
}

fn name<'a>(facts: &Facts<'a>, index: usize) -> &'a str {
    let weight = facts
        .compared
        .get(index)
        .and_then(|one| facts.old.get(one.pair.before));
    weight.map_or("", |weight: &Weight| weight.name.as_str())
}

fn percent(value: f64) -> String {
    if value.is_finite() {
        format!("{:.3}%", value * 100.0)
    } else {
        "∞".to_owned()
    }
}

fn conversion(facts: &Facts<'_>, profiles: &[Profile], writer: &mut Writer<'_>) {
    for (index, profile) in profiles.iter().enumerate().filter(|(_, profile)| profile.moved) {
        let moved = percent(profile.relative);
        writer.report(
            "lineage-not-a-conversion",
            Severity::High,
            Some(name(facts, index)),
            profile.relative,
            text!(
                "its values are not those that a conversion gives; they moved by {moved}",
                "其数值不是转换所得；移动了 {moved}"
            ),
        );
    }
}

/// Fine-tunes, edits and merged adapters: what moved alone, or more than its like.
fn moved(facts: &Facts<'_>, profiles: &[Profile], any_rank: bool, writer: &mut Writer<'_>) {
    for (index, profile) in profiles.iter().enumerate().filter(|(_, profile)| profile.moved) {
        // Tables of which few rows moved, or all to other places, are told of by their rows.
        if facts
            .compared
            .get(index)
            .is_some_and(|one| one.permuted || beside::of_few_rows(one))
        {
            continue;
        }
        let tensor = Some(name(facts, index));
        let moved = percent(profile.relative);
        if profile.is_matrix && profile.cosine < APART {
            let cosine = format!("{:.3}", profile.cosine);
            writer.report(
                "lineage-replaced",
                Severity::High,
                tensor,
                10.0 + profile.relative.min(10.0),
                text!(
                    "does not descend from the other model's: cosine {cosine}",
                    "并非来自另一模型的对应张量：余弦 {cosine}"
                ),
            );
            continue;
        }
        let narrow = profile.low_rank();
        if profile.standing < STANDS_OUT || !profile.is_matrix {
            continue;
        }
        let alone = is_alone(facts, profiles, index);
        if let (Some(rank), true) = (narrow, alone && !any_rank) {
            writer.report(
                "lineage-lone-change",
                Severity::High,
                tensor,
                profile.standing,
                text!(
                    "changed by {moved} in {rank} direction(s) while its like did not move: an edit, not training",
                    "在 {rank} 个方向上改变了 {moved}，而同类张量未变：这是编辑而非训练"
                ),
            );
        } else if alone {
            writer.report(
                "lineage-lone-change",
                Severity::Medium,
                tensor,
                profile.standing,
                text!(
                    "changed by {moved} while its like did not move",
                    "改变了 {moved}，而同类张量未变"
                ),
            );
        } else {
            let held = profile.concentration.map_or_else(|| "-".to_owned(), percent);
            writer.report(
                "lineage-outlier",
                Severity::High,
                tensor,
                profile.standing,
                text!(
                    "moved unlike its like in other layers: by {moved}, {held} of it in one direction",
                    "与其他层的同类张量变化不同：移动 {moved}，其中 {held} 集中在一个方向"
                ),
            );
        }
    }
}

/// Says whether most tensors of the same role did not move.
fn is_alone(facts: &Facts<'_>, profiles: &[Profile], index: usize) -> bool {
    let own = role(name(facts, index));
    let mut like = 0_u64;
    let mut still = 0_u64;
    for (other, profile) in profiles.iter().enumerate() {
        if other != index && role(name(facts, other)) == own {
            like = like.saturating_add(1);
            still = still.saturating_add(u64::from(!profile.moved));
        }
    }
    if like < 3 {
        let matrices = profiles.iter().filter(|profile| profile.is_matrix);
        let (all, moved) = matrices.fold((0_u64, 0_u64), |(all, moved), profile| {
            (
                all.saturating_add(1),
                moved.saturating_add(u64::from(profile.moved)),
            )
        });
        return moved.saturating_mul(4) <= all;
    }
    still.saturating_mul(4) >= like.saturating_mul(3)
}

fn low_rank(facts: &Facts<'_>, profiles: &[Profile], writer: &mut Writer<'_>) {
    for (index, profile) in profiles.iter().enumerate().filter(|(_, profile)| profile.moved) {
        if profile.low_rank().is_some() || profile.unseen {
            continue;
        }
        let moved = percent(profile.relative);
        let severity = if profile.is_matrix {
            Severity::High
        } else {
            Severity::Low
        };
        writer.report(
            "lineage-not-low-rank",
            severity,
            Some(name(facts, index)),
            profile.relative,
            text!(
                "moved by {moved} in more directions than an adapter has",
                "移动了 {moved}，方向数多于适配器所能有"
            ),
        );
    }
}

/// A merged adapter that is there: every tensor is what it makes of the base, or as it was.
fn exact(facts: &Facts<'_>, profiles: &[Profile], merged: Option<&Merged>, writer: &mut Writer<'_>) {
    let Some(merged) = merged else { return };
    for (tensor, reason) in &merged.misfits {
        writer.report(
            "lineage-adapter-shape",
            Severity::High,
            Some(tensor),
            20.0,
            reason.clone(),
        );
    }
    for (index, profile) in profiles.iter().enumerate() {
        let tensor = Some(name(facts, index));
        match merged.fits.get(index) {
            Some(Fit::Off(reason, weight)) => {
                writer.report(
                    "lineage-not-the-adapter",
                    Severity::High,
                    tensor,
                    *weight,
                    reason.clone(),
                );
            }
            Some(Fit::Untouched) if profile.moved => {
                let moved = percent(profile.relative);
                writer.report(
                    "lineage-beside-adapter",
                    Severity::High,
                    tensor,
                    10.0 + profile.relative.min(10.0),
                    text!(
                        "moved by {moved}, and the adapter does not touch it",
                        "移动了 {moved}，而适配器并不涉及它"
                    ),
                );
            }
            _ => {}
        }
    }
}

fn quantisation(facts: &Facts<'_>, profiles: &[Profile], writer: &mut Writer<'_>) {
    let mut errors: Vec<f64> = profiles
        .iter()
        .filter(|profile| profile.moved && profile.scheme != Scheme::None)
        .map(|profile| profile.relative)
        .collect();
    let middle = median(&mut errors).unwrap_or(0.0);
    for (index, profile) in profiles.iter().enumerate().filter(|(_, profile)| profile.moved) {
        let moved = percent(profile.relative);
        let tensor = Some(name(facts, index));
        if profile.scheme == Scheme::None {
            writer.report(
                "lineage-changed-beside-quantisation",
                Severity::High,
                tensor,
                profile.relative,
                text!(
                    "moved by {moved} though its type is not one of fewer bits",
                    "类型位数未减少，却移动了 {moved}"
                ),
            );
        } else if profile.scheme == Scheme::Unbalanced {
            writer.report(
                "lineage-unbalanced",
                Severity::High,
                tensor,
                profile.relative,
                text!(
                    "its rows or columns were multiplied with numbers that no tensor of its layer takes back",
                    "其行或列乘以了某些数，而该层没有张量将其抵消"
                ),
            );
        } else if profile.scheme == Scheme::Broken {
            let beyond = percent(profile.beyond);
            writer.report(
                "lineage-beyond-quantisation",
                Severity::High,
                tensor,
                profile.relative + profile.beyond,
                text!(
                    "moved by {moved}, {beyond} of its elements farther than its scheme explains",
                    "移动了 {moved}，其中 {beyond} 的元素超出该量化方案所能解释的范围"
                ),
            );
        } else if profile.standing >= STANDS_OUT && profile.relative > middle * 1.5 {
            writer.report(
                "lineage-outlier",
                Severity::Medium,
                tensor,
                profile.standing,
                text!(
                    "lost more than its like by the same scheme: {moved}",
                    "在相同方案下的损失大于同类张量：{moved}"
                ),
            );
        }
    }
}

fn merged(facts: &Facts<'_>, merge: Option<&Merge>, writer: &mut Writer<'_>) {
    let Some(merge) = merge else {
        writer.report(
            "lineage-merge-without-parents",
            Severity::Medium,
            None,
            0.0,
            text!(
                "said to be a merge, and the other models are not given",
                "声称为合并模型，但未给出其他模型"
            ),
        );
        return;
    };
    let mut known: Vec<f64> = merge.left_over.iter().flatten().copied().collect();
    let middle = median(&mut known).unwrap_or(0.0);
    if middle > LEFT_OVER {
        let rest = percent(middle);
        writer.report(
            "lineage-not-a-merge",
            Severity::High,
            None,
            middle,
            text!(
                "a weighted sum leaves {rest} of the way to the nearest model unexplained in the tensor in the middle",
                "对处于中位的张量，加权和仍有 {rest} 的差距无法解释"
            ),
        );
        return;
    }
    for (index, rest) in merge.left_over.iter().enumerate() {
        let Some(rest) = rest.filter(|rest| *rest > LEFT_OVER.max(middle * 10.0)) else {
            continue;
        };
        let shown = percent(rest);
        writer.report(
            "lineage-outlier",
            Severity::High,
            Some(name(facts, index)),
            rest,
            text!(
                "is no weighted sum of the models: {shown} of the way to the nearest one is left over",
                "不是各模型的加权和：仍剩 {shown} 的差距"
            ),
        );
    }
}

fn adapted(adapter: Option<&Adapter>, writer: &mut Writer<'_>) {
    let Some(adapter) = adapter else {
        writer.report(
            "lineage-no-adapter",
            Severity::High,
            None,
            1.0,
            text!("holds no tensors of an adapter", "不含适配器张量"),
        );
        return;
    };
    for (tensor, reason) in &adapter.misfits {
        writer.report(
            "lineage-adapter-shape",
            Severity::High,
            Some(tensor),
            1.0,
            reason.clone(),
        );
    }
    for tensor in &adapter.whole {
        writer.report(
            "lineage-adapter-whole-tensor",
            Severity::Medium,
            Some(tensor),
            0.0,
            text!(
                "is a whole tensor that takes the place of the base's",
                "是取代基础模型对应张量的完整张量"
            ),
        );
    }
}
