//! The comparison of two models: files, settings, tokens, templates, tensors, and what they say of the lineage.

mod files;

use std::collections::BTreeMap;

use cleanbill_core::{
    Severity, Verdict,
    difference::{Claim, Difference, Distance, Lineage, RowChange, TensorChange, TensorKind, TensorSide},
    tensors::Gap,
    text,
};
use cleanbill_formats::bytes::size_usize;
use files::{files, paths};
use rayon::prelude::*;

use crate::{
    compare::{Balance, Measured, balance, compare, relative},
    containers::Problem,
    lineage::{self, Facts},
    model::Model,
    number::float,
    packed::Layout,
    pairs::{Pair, pairs},
    peft::Peft,
    settings::{self, Tokens},
    tensor::TensorError,
    weights::{Weight, weights},
};

/// LIMIT: rows of one embedding that are named.
const ROWS: usize = 20;
/// Cosine below which two squares are no matrix as it stands.
const APART: f64 = 0.5;

/// Says how two models are compared.
#[derive(Debug)]
pub struct Question<'a> {
    /// The earlier model and its name.
    pub before: (&'a Model, &'a str),
    /// The later model and its name.
    pub after: (&'a Model, &'a str),
    /// What the later model is said to be.
    pub claim: Option<Claim>,
    /// Further models that it is said to be made of.
    pub with: Vec<(&'a Model, &'a str)>,
    /// Severity from which a finding fails.
    pub fail_on: Severity,
}

/// One pair with what was measured.
pub(crate) struct Compared {
    pub(crate) pair: Pair,
    pub(crate) kind: TensorKind,
    pub(crate) measured: Option<Measured>,
    /// What rows and columns were multiplied with before they were quantised.
    pub(crate) balance: Option<Balance>,
    /// The rows of a table stand in another order.
    pub(crate) permuted: bool,
    /// They stand where the tokens stand now.
    pub(crate) follows_tokens: bool,
}

/// Compares two models.
pub fn diff(question: &Question<'_>) -> Difference {
    let (before, after) = (question.before.0, question.after.0);
    let ((old, old_problems), (new, new_problems)) = (weights(before), weights(after));
    let found = pairs(&old, &new);
    let old_tokens = Tokens::read(before);
    let new_tokens = Tokens::read(after);
    let results: Vec<(Compared, Option<Gap>)> = found
        .found
        .par_iter()
        .map(|pair| measure(after, &old, &new, *pair))
        .collect();
    let mut all_gaps = gaps_of(before, &old_problems, question.before.1);
    all_gaps.extend(gaps_of(after, &new_problems, question.after.1));
    let mut compared = Vec::new();
    for (one, gap) in results {
        compared.push(one);
        all_gaps.extend(gap);
    }
    if found.gave_up {
        all_gaps.push(Gap {
            path: String::new(),
            tensor: None,
            reason: text!(
                "too many tensors of one shape to look for them under other names",
                "同一形状的张量过多，未按其他名称查找"
            ),
        });
    }
    for one in &mut compared {
        one.permuted = is_permuted(one);
        one.follows_tokens = one.permuted && follows(one, &old_tokens, &new_tokens);
    }
    let paths = paths(before, after);
    let files = files(before, after, &paths, &compared, &new, &mut all_gaps);
    let both: Vec<(String, String)> = paths
        .iter()
        .filter_map(|(one, other)| Some((one.clone()?, other.clone()?)))
        .collect();
    let mut difference = Difference {
        before: question.before.1.to_owned(),
        after: question.after.1.to_owned(),
        claim: question.claim,
        verdict: Verdict::Pass,
        files,
        settings: settings::settings(before, after, &both),
        tokens: settings::tokens(&old_tokens, &new_tokens),
        templates: settings::templates(before, after),
        tensors: changes(&old, &new, &compared, &found.removed, &found.added, &new_tokens),
        lineage: Lineage {
            descent: None,
            scores: Vec::new(),
            rank: None,
            coefficients: Vec::new(),
            layers: Vec::new(),
        },
        findings: Vec::new(),
        gaps: Vec::new(),
    };
    let mut with: Vec<(Vec<Weight>, &str)> = Vec::new();
    let mut peft = Vec::new();
    for (model, name) in &question.with {
        let (weights, problems) = weights(model);
        all_gaps.extend(gaps_of(model, &problems, name));
        with.push((weights, *name));
        peft.push(Peft::read(model));
    }
    lineage::examine(
        &Facts {
            old: &old,
            new: &new,
            compared: &compared,
            removed: &found.removed,
            added: &found.added,
            with: &with,
            peft: &peft,
            before: question.before.1,
            claim: question.claim,
        },
        &mut difference,
        &mut all_gaps,
    );
    order(&mut difference);
    all_gaps.sort();
    all_gaps.dedup();
    difference.gaps = all_gaps;
    difference.verdict = verdict(&difference, question.fail_on);
    difference
}

/// Says what of a model was not read, under its name.
fn gaps_of(model: &Model, problems: &[Problem], name: &str) -> Vec<Gap> {
    let all = model.problems.iter().chain(problems);
    let each = all.map(|problem| Gap {
        path: format!("{name}: {}", problem.path),
        tensor: problem.tensor.clone(),
        reason: problem.reason.clone(),
    });
    each.collect()
}

fn verdict(difference: &Difference, fail_on: Severity) -> Verdict {
    if difference
        .findings
        .iter()
        .any(|finding| finding.severity >= fail_on)
    {
        return Verdict::Fail;
    }
    let nothing = difference.tensors.is_empty();
    if nothing || !difference.gaps.is_empty() {
        return Verdict::Incomplete;
    }
    Verdict::Pass
}

fn measure(after: &Model, old: &[Weight], new: &[Weight], pair: Pair) -> (Compared, Option<Gap>) {
    let mut compared = Compared {
        pair,
        kind: TensorKind::NotCompared,
        measured: None,
        balance: None,
        permuted: false,
        follows_tokens: false,
    };
    let (Some(one), Some(other)) = (old.get(pair.before), new.get(pair.after)) else {
        return (compared, None);
    };
    let gap = |weight: &Weight, model: &Model, reason| {
        let file = model.files.get(weight.tensor.file);
        Some(Gap {
            path: file.map(|file| file.path.clone()).unwrap_or_default(),
            tensor: Some(weight.name.clone()),
            reason,
        })
    };
    // What cannot be had is among the problems of its model already.
    if one.tensor.unreadable().is_some() || other.tensor.unreadable().is_some() {
        return (compared, None);
    }
    let result = if pair.transposed {
        let turned = one.transposed().map(|one| balanced(&one, other, &mut compared));
        let turned = turned.or_else(|| Some(compare(one, &other.transposed()?, false, None)));
        let Some(result) = turned else {
            let reason = text!(
                "rows and columns are exchanged, and it cannot be read that way",
                "行列互换，且无法按该方式读取"
            );
            return (compared, gap(other, after, reason));
        };
        result
    } else {
        either_way(one, other, &mut compared)
    };
    match result {
        Ok(measured) => {
            compared.kind = kind(one, other, compared.pair, &measured);
            if measured.sums.dd.is_nan() {
                let dtype = other.type_name();
                let reason = text!(
                    "values of `{dtype}` are not known here; its bytes differ",
                    "此处不了解 `{dtype}` 的数值；其字节不同"
                );
                return (compared, gap(other, after, reason));
            }
            compared.measured = Some(measured);
            (compared, None)
        }
        Err(error) => (compared, gap(other, after, TensorError::text(&error))),
    }
}

/// Compares two weights. Packed ones have outputs before inputs whatever the base has, which the shape of a square does not tell.
fn either_way(one: &Weight, other: &Weight, compared: &mut Compared) -> Result<Measured, TensorError> {
    let measured = balanced(one, other, compared)?;
    let square = matches!(one.tensor.shape.as_slice(), [rows, columns] if rows == columns);
    if !square || other.tensor.packed().is_none() || measured.cosine() >= APART {
        return Ok(measured);
    }
    let Some(turned) = one.transposed() else {
        return Ok(measured);
    };
    let balance = compared.balance.take();
    let second = balanced(&turned, other, compared)?;
    if second.cosine() < APART {
        compared.balance = balance;
        return Ok(measured);
    }
    compared.pair.transposed = true;
    Ok(second)
}

/// Compares two weights; where the scheme of the later one may have multiplied rows and columns first, by what it then was.
fn balanced(one: &Weight, other: &Weight, compared: &mut Compared) -> Result<Measured, TensorError> {
    if other.tensor.packed().is_some_and(Layout::is_balanced) && !one.is_like(other) {
        compared.balance = balance(one, other)?;
    }
    compare(one, other, is_table(other), compared.balance.as_ref())
}

fn kind(one: &Weight, other: &Weight, pair: Pair, measured: &Measured) -> TensorKind {
    let known = one.tensor.element.is_some() || one.tensor.dtype.eq_ignore_ascii_case(&other.tensor.dtype);
    let same_type = known && one.is_like(other);
    let whole = one.tensor.elements() == other.tensor.elements();
    if same_type && !measured.raw_differs && whole {
        return if one.name == other.name && !pair.transposed {
            TensorKind::Same
        } else {
            TensorKind::Renamed
        };
    }
    if !same_type && measured.unrounded == 0 && whole && measured.elements > 0 {
        return TensorKind::Retyped;
    }
    TensorKind::Changed
}

/// Says whether each row stands for a token.
pub(crate) fn is_table(weight: &Weight) -> bool {
    let [rows, columns] = *weight.tensor.shape.as_slice() else {
        return false;
    };
    let name = weight.name.to_ascii_lowercase();
    let named = ["embed", "wte", "lm_head", "token", "vocab", "output.weight"];
    rows >= 128 && columns > 1 && named.iter().any(|part| name.contains(part))
}

/// Says whether a table has the rows that it had, in another order.
fn is_permuted(compared: &Compared) -> bool {
    let Some(measured) = &compared.measured else {
        return false;
    };
    if compared.kind != TensorKind::Changed || measured.row_marks.len() < 2 {
        return false;
    }
    let mut old: Vec<u64> = measured.row_marks.iter().map(|(old, _)| *old).collect();
    let mut new: Vec<u64> = measured.row_marks.iter().map(|(_, new)| *new).collect();
    old.sort_unstable();
    new.sort_unstable();
    old == new
}

/// Says whether each token's row stands where the token stands now.
fn follows(compared: &Compared, old: &Tokens, new: &Tokens) -> bool {
    let Some(measured) = &compared.measured else {
        return false;
    };
    let at = |row: u64| measured.row_marks.get(size_usize(row));
    let mut any = false;
    for (token, before) in &old.numbers {
        let Some(after) = new.numbers.get(token) else {
            continue;
        };
        if let (Some((mark, _)), Some((_, now))) = (at(*before), at(*after)) {
            if mark != now {
                return false;
            }
            any = true;
        }
    }
    any
}

fn side(weight: &Weight) -> TensorSide {
    TensorSide {
        name: weight.name.clone(),
        dtype: weight.type_name(),
        shape: weight.tensor.shape.clone(),
    }
}

fn changes(
    old: &[Weight],
    new: &[Weight],
    compared: &[Compared],
    removed: &[usize],
    added: &[usize],
    tokens: &Tokens,
) -> Vec<TensorChange> {
    let names = tokens.by_number();
    let mut changes = Vec::new();
    for one in compared {
        let mut change = TensorChange {
            kind: one.kind,
            before: old.get(one.pair.before).map(side),
            after: new.get(one.pair.after).map(side),
            transposed: one.pair.transposed,
            distance: None,
            rows: Vec::new(),
            permuted: one.permuted,
            standing: 0.0,
        };
        let moved = matches!(one.kind, TensorKind::Changed | TensorKind::Retyped);
        if let Some(measured) = one.measured.as_ref().filter(|_| moved) {
            change.distance = Some(distance(measured));
            if !one.permuted {
                change.rows = rows(measured, &names);
            }
        }
        changes.push(change);
    }
    let alone = |weights: &[Weight], index: usize, kind: TensorKind| {
        let one = weights.get(index).map(side);
        let (before, after) = match kind {
            TensorKind::Removed => (one, None),
            _ => (None, one),
        };
        TensorChange {
            kind,
            before,
            after,
            transposed: false,
            distance: None,
            rows: Vec::new(),
            permuted: false,
            standing: 0.0,
        }
    };
    changes.extend(
        removed
            .iter()
            .map(|index| alone(old, *index, TensorKind::Removed)),
    );
    changes.extend(added.iter().map(|index| alone(new, *index, TensorKind::Added)));
    changes
}

fn distance(measured: &Measured) -> Distance {
    Distance {
        relative: measured.relative(),
        cosine: measured.cosine(),
        largest: measured.sums.largest,
        share: if measured.elements > 0 {
            float(measured.sums.changed) / float(measured.elements)
        } else {
            0.0
        },
        rows: (measured.rows_changed, measured.rows),
        bands: measured.bands.iter().map(|(dd, aa)| relative(*dd, *aa)).collect(),
        rank: None,
        concentration: None,
        not_finite: measured.sums.not_finite,
    }
}

/// Names the rows that moved most.
fn rows(measured: &Measured, names: &BTreeMap<u64, &str>) -> Vec<RowChange> {
    let mut moved: Vec<(u64, f32)> = (0_u64..)
        .zip(measured.row_moves.iter().copied())
        .filter(|(_, relative)| *relative > 0.0)
        .collect();
    moved.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
    let each = moved.into_iter().take(ROWS).map(|(row, relative)| RowChange {
        row,
        token: names.get(&row).map(|token| (*token).to_owned()),
        relative: f64::from(relative),
    });
    each.collect()
}

/// Puts what matters first: what stands out, then what moved most, then by name.
fn order(difference: &mut Difference) {
    let key = |change: &TensorChange| {
        let moved = change.distance.as_ref().map_or(0.0, |distance| distance.relative);
        (change.standing, moved)
    };
    let mut order: Vec<usize> = (0..difference.tensors.len()).collect();
    order.sort_by(|one, other| {
        let (Some(left), Some(right)) = (difference.tensors.get(*one), difference.tensors.get(*other)) else {
            return one.cmp(other);
        };
        let ((standing, moved), (other_standing, other_moved)) = (key(left), key(right));
        other_standing
            .total_cmp(&standing)
            .then(other_moved.total_cmp(&moved))
            .then(left.name().cmp(right.name()))
    });
    let mut place = vec![0_usize; order.len()];
    for (now, was) in order.iter().enumerate() {
        if let Some(place) = place.get_mut(*was) {
            *place = now;
        }
    }
    for layer in &mut difference.lineage.layers {
        for index in &mut layer.tensors {
            *index = place.get(*index).copied().unwrap_or(0);
        }
        layer.tensors.sort_by(|one, other| {
            let name = |index: &usize| difference.tensors.get(*index).map_or("", TensorChange::name);
            name(one).cmp(name(other))
        });
    }
    let mut tensors: Vec<Option<TensorChange>> = std::mem::take(&mut difference.tensors)
        .into_iter()
        .map(Some)
        .collect();
    difference.tensors = order
        .iter()
        .filter_map(|was| tensors.get_mut(*was).and_then(Option::take))
        .collect();
    difference.findings.sort_by(|one, other| {
        other
            .severity
            .cmp(&one.severity)
            .then(other.weight.total_cmp(&one.weight))
            .then(one.tensor.cmp(&other.tensor))
            .then(one.id.cmp(other.id))
    });
}
