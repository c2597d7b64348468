//! Merged adapters that are there: whether each matrix is that of the base plus the scaled product of the adapter's two.

mod product;

use std::collections::BTreeMap;

use cleanbill_core::{
    Text,
    difference::{Claim, TensorKind},
    tensors::Gap,
    text,
};
use rayon::prelude::*;

use super::{Facts, profile::Profile};
use crate::{compare::compare, number::float, tensor::TensorError, weights::Weight};
use product::{Outcome, Piece, add, piece};

/// LIMIT: multiplications spent on products; what is left is said.
const WORK: f64 = 4e12;
/// Prefixes that the library puts before the names of the base.
const PREFIXES: [&str; 3] = ["base_model.model.", "base_model.", ""];
/// Marks of the two matrices, with the kind of the layer.
const MARKS: [(&str, bool, bool); 4] = [
    (".lora_A", true, false),
    (".lora_B", false, false),
    (".lora_embedding_A", true, true),
    (".lora_embedding_B", false, true),
];

/// What was found of one pair.
#[derive(Debug)]
pub(super) enum Fit {
    /// The adapter has no part in it.
    Untouched,
    /// It is what the adapter makes of it.
    Fits,
    /// It is something else: why, and how far.
    Off(Text, f64),
    /// It was not worked out; a gap says why.
    Unknown,
}

/// What was found of a model and its adapters.
#[derive(Debug)]
pub(super) struct Merged {
    /// For each pair.
    pub(super) fits: Vec<Fit>,
    /// Tensors of the adapters that fit nothing, with the reason.
    pub(super) misfits: Vec<(String, Text)>,
}

impl Merged {
    /// Returns the share of elements that are what they should be.
    pub(super) fn share(&self, facts: &Facts<'_>, profiles: &[Profile]) -> f64 {
        let (mut all, mut good) = (0.0, 0.0);
        for (fit, profile) in self.fits.iter().zip(profiles) {
            all += profile.elements;
            let fits = matches!(fit, Fit::Fits) || (matches!(fit, Fit::Untouched) && !profile.moved);
            good += if fits { profile.elements } else { 0.0 };
        }
        let touched = self.fits.iter().any(|fit| matches!(fit, Fit::Fits));
        let missing = facts.removed.iter().filter_map(|index| facts.old.get(*index));
        all += missing
            .map(|weight| float(weight.tensor.elements().unwrap_or(0)))
            .sum::<f64>();
        if all > 0.0 && touched && self.misfits.is_empty() {
            good / all
        } else {
            0.0
        }
    }
}

/// The two matrices of an adapter for one matrix of the base.
#[derive(Default)]
struct Two<'a> {
    first: Option<&'a Weight>,
    second: Option<&'a Weight>,
    is_table: bool,
    /// One of them is there more than once.
    is_ambiguous: bool,
}

/// What adapters do to one pair.
#[derive(Default)]
struct Touch<'a> {
    products: Vec<(Two<'a>, f64, bool)>,
    whole: Option<&'a Weight>,
    /// The adapter's parts for it do not fit its configuration, which is told already.
    is_misfit: bool,
}

/// Holds the later model against the adapters that are given; `None` where that is not asked, or cannot be done at all.
pub(super) fn check(facts: &Facts<'_>, gaps: &mut Vec<Gap>) -> Option<Merged> {
    if facts.claim != Some(Claim::MergedAdapter) || facts.with.is_empty() {
        return None;
    }
    let mut merged = Merged {
        fits: Vec::new(),
        misfits: Vec::new(),
    };
    let mut touched: BTreeMap<usize, Touch<'_>> = BTreeMap::new();
    let mut known = true;
    for ((weights, name), peft) in facts.with.iter().zip(facts.peft) {
        let mut gap = |tensor: Option<&str>, reason: Text| {
            gaps.push(Gap {
                path: (*name).to_owned(),
                tensor: tensor.map(str::to_owned),
                reason,
            });
        };
        let Some(peft) = peft else {
            gap(
                None,
                text!(
                    "has no `adapter_config.json`: how its matrices are scaled is not known",
                    "没有 `adapter_config.json`：不知其矩阵如何缩放"
                ),
            );
            known = false;
            continue;
        };
        if !peft.unknown.is_empty() {
            peft.unknown.iter().for_each(|reason| gap(None, reason.clone()));
            known = false;
            continue;
        }
        let mut twos: BTreeMap<&str, Two<'_>> = BTreeMap::new();
        let mut whole = Vec::new();
        for weight in weights {
            let found = MARKS.iter().find_map(|(mark, is_first, is_table)| {
                let (stem, rest) = weight.name.split_once(mark)?;
                let plain = rest.is_empty()
                    || rest.strip_prefix('.').is_some_and(|rest| {
                        rest == "weight" || rest == "default" || rest == "default.weight"
                    });
                plain.then_some((stem, *is_first, *is_table))
            });
            if let Some((stem, is_first, is_table)) = found {
                let two = twos.entry(stem).or_default();
                two.is_table = is_table;
                let slot = if is_first { &mut two.first } else { &mut two.second };
                two.is_ambiguous |= slot.replace(weight).is_some();
            } else if ["lora_", "ia3_", "vera_", "prompt_"]
                .iter()
                .any(|mark| weight.name.contains(mark))
            {
                gap(
                    Some(&weight.name),
                    text!(
                        "is a part of an adapter that is not worked out",
                        "是适配器中未计算的部分"
                    ),
                );
                known = false;
            } else {
                whole.push(weight);
            }
        }
        for (stem, two) in twos {
            let (Some(first), Some(_)) = (two.first, two.second) else {
                merged.misfits.push((
                    stem.to_owned(),
                    text!("has one of two matrices only", "两个矩阵中只有一个"),
                ));
                continue;
            };
            if two.is_ambiguous {
                let twice = text!("has one of its matrices twice", "有一个矩阵重复出现");
                merged.misfits.push((stem.to_owned(), twice));
                continue;
            }
            let Some(index) = pair_of(facts, stem, true) else {
                merged.misfits.push((stem.to_owned(), absent()));
                continue;
            };
            let rank = first.tensor.shape.first().copied().unwrap_or(0);
            match peft.scaling(plain(stem), rank) {
                Ok(scaling) => {
                    let turned = peft.inputs_first || two.is_table;
                    touched
                        .entry(index)
                        .or_default()
                        .products
                        .push((two, scaling, turned));
                }
                Err(reason) => {
                    touched.entry(index).or_default().is_misfit = true;
                    merged.misfits.push((stem.to_owned(), reason));
                }
            }
        }
        for weight in whole {
            match pair_of(facts, &weight.name, false) {
                Some(index) => touched.entry(index).or_default().whole = Some(weight),
                None => merged.misfits.push((weight.name.clone(), absent())),
            }
        }
    }
    if !known && touched.is_empty() {
        return None;
    }
    let mut work = 0.0;
    let plans: Vec<Option<(Touch<'_>, bool)>> = (0..facts.compared.len())
        .map(|index| {
            let touch = touched.remove(&index)?;
            for (two, ..) in &touch.products {
                let elements = |weight: Option<&Weight>| weight.and_then(|weight| weight.tensor.elements());
                let rank = two.first.and_then(|first| first.tensor.shape.first()).copied();
                let one = float(elements(two.first).unwrap_or(0));
                work += one * float(elements(two.second).unwrap_or(0)) / float(rank.unwrap_or(1).max(1));
            }
            Some((touch, work <= WORK))
        })
        .collect();
    let results: Vec<(Fit, Option<Text>)> = plans
        .into_par_iter()
        .enumerate()
        .map(|(index, plan)| match plan {
            None => (Fit::Untouched, None),
            Some((_, false)) => (
                Fit::Unknown,
                Some(text!(
                    "its product is more work than is done",
                    "其乘积的计算量超过上限"
                )),
            ),
            Some((touch, true)) => one(facts, index, &touch),
        })
        .collect();
    for (one, (fit, reason)) in facts.compared.iter().zip(results) {
        merged.fits.push(fit);
        if let Some(reason) = reason {
            gaps.push(Gap {
                path: String::new(),
                tensor: facts.new.get(one.pair.after).map(|weight| weight.name.clone()),
                reason,
            });
        }
    }
    Some(merged)
}

fn absent() -> Text {
    text!(
        "the two models have no tensor that it is for",
        "两个模型中没有与之对应的张量"
    )
}

/// Returns a name without what the library puts before it.
fn plain(name: &str) -> &str {
    let found = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix));
    found.unwrap_or(name)
}

/// Finds the pair that a part of an adapter is for: by its whole name, or where one name is the end of the other.
fn pair_of(facts: &Facts<'_>, stem: &str, is_module: bool) -> Option<usize> {
    let plain = plain(stem)
        .replace(".base_layer", "")
        .replace(".modules_to_save", "");
    let wanted = if is_module {
        format!("{plain}.weight")
    } else {
        plain
    };
    let mut end = None;
    for (index, one) in facts.compared.iter().enumerate() {
        let name = facts
            .old
            .get(one.pair.before)
            .map_or("", |weight| weight.name.as_str());
        if name == wanted {
            return Some(index);
        }
        let is_end = |long: &str, short: &str| {
            long.strip_suffix(short)
                .is_some_and(|before| before.ends_with('.'))
                && short.contains('.')
        };
        if is_end(name, &wanted) || is_end(&wanted, name) {
            // Of several, none.
            end = Some(if end.is_none() { Some(index) } else { None });
        }
    }
    end.flatten()
}

/// Works one pair out.
fn one(facts: &Facts<'_>, index: usize, touch: &Touch<'_>) -> (Fit, Option<Text>) {
    let compared = facts.compared.get(index);
    let Some((compared, before, after)) = compared.and_then(|one| {
        let pair = (facts.old.get(one.pair.before)?, facts.new.get(one.pair.after)?);
        Some((one, pair.0, pair.1))
    }) else {
        return (Fit::Unknown, None);
    };
    let unknown = |reason: Text| (Fit::Unknown, Some(reason));
    if compared.kind == TensorKind::NotCompared || touch.is_misfit {
        return (Fit::Unknown, None);
    }
    if compared.pair.transposed || after.is_quantised() {
        return unknown(text!(
            "has fewer bits, or rows and columns exchanged: what the adapter adds is not held against it",
            "位数较少或行列互换：未与适配器所加的内容核对"
        ));
    }
    if let Some(whole) = touch.whole {
        if !touch.products.is_empty() {
            return unknown(text!(
                "the adapter both replaces it and adds to it",
                "适配器既替换它又在其上相加"
            ));
        }
        return match replaced(whole, after) {
            Ok(true) => (Fit::Fits, None),
            Ok(false) => {
                let reason = text!(
                    "is not the whole tensor that the adapter brings",
                    "不是适配器所带来的完整张量"
                );
                (Fit::Off(reason, 5.0), None)
            }
            Err(error) => unknown(error.text()),
        };
    }
    let mut pieces: Vec<Piece> = Vec::new();
    for (two, scaling, turned) in &touch.products {
        let (Some(first), Some(second)) = (two.first, two.second) else {
            continue;
        };
        match piece(before, first, second, *scaling, *turned) {
            Ok(Ok(piece)) => pieces.push(piece),
            Ok(Err(reason)) => return (Fit::Off(reason, 1.0), None),
            Err(error) => return unknown(error.text()),
        }
    }
    match add(before, after, &pieces) {
        Ok(Outcome::Fits) => (Fit::Fits, None),
        Ok(Outcome::Off { reason, weight }) => (Fit::Off(reason, weight), None),
        Ok(Outcome::Unknown(reason)) => unknown(reason),
        Err(error) => unknown(error.text()),
    }
}

/// Says whether a tensor is the one that an adapter brings, rounded to its type.
fn replaced(whole: &Weight, after: &Weight) -> Result<bool, TensorError> {
    if whole.tensor.shape != after.tensor.shape {
        return Ok(false);
    }
    let measured = compare(whole, after, false, None)?;
    let same = whole.is_like(after) && !measured.raw_differs;
    Ok(same || (!whole.is_like(after) && measured.unrounded == 0))
}
