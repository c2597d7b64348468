//! What every claim is asked beside its own question: what came and went, single tokens, numbers that are none, templates.

use cleanbill_core::{
    Severity,
    difference::{Descent, Difference, Kind, TensorKind},
    text,
};

use super::Writer;
use crate::{
    diff::{Compared, is_table},
    lineage::Facts,
    weights::Weight,
};

/// Rows of a table up to which single tokens are named as findings.
const FEW_ROWS: u64 = 64;

/// Says whether few rows of a table changed, so that single tokens can be named.
pub(super) fn of_few_rows(one: &Compared) -> bool {
    one.measured.as_ref().is_some_and(|measured| {
        !measured.row_moves.is_empty()
            && measured.rows_changed > 0
            && measured.rows_changed <= FEW_ROWS
            && measured.rows_changed.saturating_mul(10) < measured.rows
    })
}

/// Tensors that only one side has.
pub(super) fn structure(facts: &Facts<'_>, target: Descent, writer: &mut Writer<'_>) {
    let strict = matches!(
        target,
        Descent::Identical | Descent::Conversion | Descent::Quantisation | Descent::Merge
    );
    let is_counted = |weight: &Weight| {
        // Indexes, masks and constants of graphs come and go with containers.
        let valued = weight.is_quantised() || weight.tensor.element.is_some_and(crate::Element::is_float);
        valued && weight.tensor.elements().unwrap_or(0) >= 16
    };
    let severity = if strict { Severity::Medium } else { Severity::Low };
    for (list, weights, message) in [
        (facts.added, facts.new, text!("is new", "是新增的")),
        (facts.removed, facts.old, text!("is gone", "已被移除")),
    ] {
        let counted = list
            .iter()
            .filter_map(|index| weights.get(*index))
            .filter(|weight| is_counted(weight));
        for weight in counted.take(50) {
            writer.report(
                "lineage-structure",
                severity,
                Some(&weight.name),
                0.0,
                message.clone(),
            );
        }
    }
}

/// Rows of tables: single tokens that moved, rows in another order.
pub(super) fn tables(facts: &Facts<'_>, difference: &Difference, writer: &mut Writer<'_>) {
    for (one, change) in facts.compared.iter().zip(&difference.tensors) {
        let Some(weight) = facts.new.get(one.pair.after).filter(|weight| is_table(weight)) else {
            continue;
        };
        let Some(measured) = &one.measured else { continue };
        if one.permuted {
            let (severity, message) = if one.follows_tokens {
                (
                    Severity::Info,
                    text!(
                        "its rows follow the new numbers of the tokens",
                        "其行随词元的新编号移动"
                    ),
                )
            } else {
                (
                    Severity::High,
                    text!(
                        "its rows stand in another order than the tokens: words mean other words",
                        "其行的顺序与词元不符：词元含义被调换"
                    ),
                )
            };
            let id = if one.follows_tokens {
                "lineage-rows-follow-tokens"
            } else {
                "lineage-rows-moved"
            };
            writer.report(id, severity, Some(&weight.name), 5.0, message);
            continue;
        }
        if one.kind == TensorKind::Changed && of_few_rows(one) {
            // Where nothing else moved, nothing was trained.
            let alone = facts
                .compared
                .iter()
                .filter(|one| one.kind == TensorKind::Changed)
                .count()
                <= 2;
            let severity = if alone { Severity::High } else { Severity::Medium };
            let shown: Vec<String> = change
                .rows
                .iter()
                .take(8)
                .map(|row| match &row.token {
                    Some(token) => format!("{} `{token}`", row.row),
                    None => row.row.to_string(),
                })
                .collect();
            let (count, shown) = (measured.rows_changed, shown.join(", "));
            writer.report(
                "lineage-token-rows",
                severity,
                Some(&weight.name),
                1.0,
                text!(
                    "only {count} rows changed, those of the tokens {shown}",
                    "仅 {count} 行改变，对应词元：{shown}"
                ),
            );
        }
    }
}

pub(super) fn not_finite(facts: &Facts<'_>, writer: &mut Writer<'_>) {
    for one in facts.compared {
        let (Some(measured), Some(weight)) = (&one.measured, facts.new.get(one.pair.after)) else {
            continue;
        };
        let (before, after) = measured.sums.not_finite;
        if after > before {
            writer.report(
                "lineage-not-finite",
                Severity::Medium,
                Some(&weight.name),
                0.5,
                text!(
                    "has {after} elements that are not finite, {before} before",
                    "有 {after} 个非有限元素，之前为 {before} 个"
                ),
            );
        }
    }
}

/// Tokens and templates that should have stayed as they were.
pub(super) fn beside(target: Descent, difference: &Difference, writer: &mut Writer<'_>) {
    for (role, before, after) in &difference.tokens.roles {
        let (Some(before), Some(after)) = (before, after) else {
            continue;
        };
        writer.report(
            "lineage-special-token",
            Severity::Medium,
            None,
            0.2,
            text!(
                "`{role}` was `{before}` and is `{after}`",
                "`{role}` 原为 `{before}`，现为 `{after}`"
            ),
        );
    }
    let moved = difference
        .tokens
        .changes
        .iter()
        .filter(|change| change.special && change.before.is_some() && change.after.is_some());
    for change in moved.take(20) {
        let token = &change.token;
        let (before, after) = (change.before.unwrap_or(0), change.after.unwrap_or(0));
        writer.report(
            "lineage-special-token-moved",
            Severity::Medium,
            None,
            0.1,
            text!(
                "the special token `{token}` had number {before} and has {after}",
                "特殊词元 `{token}` 的编号由 {before} 变为 {after}"
            ),
        );
    }
    let same_words = matches!(
        target,
        Descent::Conversion | Descent::Quantisation | Descent::Identical
    );
    for template in difference
        .templates
        .iter()
        .filter(|template| template.kind == Kind::Changed)
    {
        let path = &template.path;
        let severity = if same_words {
            Severity::Medium
        } else {
            Severity::Low
        };
        writer.report(
            "lineage-template-changed",
            severity,
            None,
            0.1,
            text!("the chat template `{path}` changed", "聊天模板 `{path}` 已改变"),
        );
    }
}
