//! Words that several documents about comparisons share.

use cleanbill_core::{
    Severity, Text, Verdict,
    difference::{Descent, Difference, Kind, TensorKind},
    text,
};

pub(super) fn descent(descent: Descent) -> Text {
    match descent {
        Descent::Identical => Text::new("identical", "完全相同"),
        Descent::Conversion => Text::new("conversion", "格式转换"),
        Descent::FineTune => Text::new("fine-tune", "微调"),
        Descent::Adapter => Text::new("adapter", "适配器"),
        Descent::MergedAdapter => Text::new("merged adapter", "已合并的适配器"),
        Descent::Edit => Text::new("edit of few tensors", "少数张量的编辑"),
        Descent::Quantisation => Text::new("quantisation", "量化"),
        Descent::Merge => Text::new("merge", "模型合并"),
        Descent::Unrelated => Text::new("unrelated", "无关"),
    }
}

pub(super) fn kind(kind: Kind) -> Text {
    match kind {
        Kind::Same => Text::new("same", "相同"),
        Kind::Changed => Text::new("changed", "已改变"),
        Kind::Added => Text::new("added", "新增"),
        Kind::Removed => Text::new("removed", "已移除"),
    }
}

pub(super) fn tensor_kind(kind: TensorKind) -> Text {
    match kind {
        TensorKind::Same => Text::new("same", "相同"),
        TensorKind::Renamed => Text::new("renamed", "已改名"),
        TensorKind::Retyped => Text::new("retyped", "已换类型"),
        TensorKind::Changed => Text::new("changed", "已改变"),
        TensorKind::Added => Text::new("added", "新增"),
        TensorKind::Removed => Text::new("removed", "已移除"),
        TensorKind::NotCompared => Text::new("not compared", "未比较"),
    }
}

pub(super) fn severity(severity: Severity) -> Text {
    match severity {
        Severity::Critical => Text::new("critical", "严重"),
        Severity::High => Text::new("high", "高"),
        Severity::Medium => Text::new("medium", "中"),
        Severity::Low => Text::new("low", "低"),
        Severity::Info => Text::new("info", "提示"),
    }
}

pub(super) fn verdict(verdict: Verdict) -> Text {
    match verdict {
        Verdict::Pass => Text::new("pass", "通过"),
        Verdict::Fail => Text::new("fail", "不通过"),
        Verdict::Incomplete => Text::new("incomplete", "不完整"),
    }
}

/// Says in one sentence what the later model is.
pub(super) fn answer(difference: &Difference) -> Text {
    let Some(found) = difference.lineage.descent else {
        return text!("no tensors could be compared", "没有可比较的张量");
    };
    let score = difference
        .lineage
        .scores
        .iter()
        .find(|(one, _)| *one == found)
        .map_or(0.0, |(_, score)| *score);
    let name = descent(found);
    let (en, zh) = (
        name.get(cleanbill_core::Language::English).to_owned(),
        name.get(cleanbill_core::Language::Chinese).to_owned(),
    );
    let rank = match difference.lineage.rank {
        Some(rank) if matches!(found, Descent::MergedAdapter | Descent::Edit) => {
            text!(", rank about {rank}", "，秩约为 {rank}")
        }
        _ => Text::same(""),
    };
    let (rank_en, rank_zh) = (
        rank.en().to_owned(),
        rank.get(cleanbill_core::Language::Chinese).to_owned(),
    );
    Text::new(
        format!("looks like: {en} (score {score:.2}{rank_en})"),
        format!("看起来像：{zh}（得分 {score:.2}{rank_zh}）"),
    )
}

/// Counts tensors by what happened to them.
pub(super) fn counts(difference: &Difference) -> Vec<(TensorKind, usize)> {
    let kinds = [
        TensorKind::Same,
        TensorKind::Renamed,
        TensorKind::Retyped,
        TensorKind::Changed,
        TensorKind::Added,
        TensorKind::Removed,
        TensorKind::NotCompared,
    ];
    kinds
        .into_iter()
        .map(|kind| {
            let count = difference
                .tensors
                .iter()
                .filter(|tensor| tensor.kind == kind)
                .count();
            (kind, count)
        })
        .filter(|(_, count)| *count > 0)
        .collect()
}

/// Writes a number short.
pub(super) fn number(value: f64) -> String {
    if !value.is_finite() {
        "∞".to_owned()
    } else if value == 0.0 {
        "0".to_owned()
    } else if (1e-3..1e4).contains(&value.abs()) {
        format!("{value:.4}")
    } else {
        format!("{value:.2e}")
    }
}

/// Writes a share as percent.
pub(super) fn percent(value: f64) -> String {
    if !value.is_finite() {
        return "∞".to_owned();
    }
    let percent = value * 100.0;
    if percent == 0.0 || percent >= 0.01 {
        format!("{percent:.2}%")
    } else {
        format!("{percent:.1e}%")
    }
}
