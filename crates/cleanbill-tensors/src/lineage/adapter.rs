//! Adapters: pairs of narrow matrices whose product is added to a matrix of the base.

use cleanbill_core::{Text, text};

use super::Facts;
use crate::weights::Weight;

/// What an adapter is for.
#[derive(Debug, Default)]
pub(super) struct Adapter {
    /// Share of the later model's tensors that belong to an adapter and fit the base.
    pub(super) share: f64,
    /// Tensors that do not fit, with the reason.
    pub(super) misfits: Vec<(String, Text)>,
    /// Whole tensors that the adapter brings.
    pub(super) whole: Vec<String>,
}

/// Marks that writers put between the name of the base's matrix and the end of the name, with the side that must fit: `0` the
/// columns of the base and of the matrix, `1` the rows of both.
const MARKS: [(&str, usize); 6] = [
    (".lora_A", 0),
    (".lora_B", 1),
    (".lora_down", 0),
    (".lora_up", 1),
    (".lora_embedding_A", 2),
    (".lora_embedding_B", 2),
];
/// Parts of adapters that are no pair of matrices.
const OTHERS: [&str; 5] = [
    "lora_magnitude_vector",
    ".ia3_",
    ".vera_",
    "prompt_embeddings",
    ".alpha",
];

/// Looks for an adapter among the tensors that the base does not have; `None` where there is none.
pub(super) fn adapter(facts: &Facts<'_>) -> Option<Adapter> {
    let mut adapter = Adapter::default();
    let mut fitting = 0_usize;
    let mut any = false;
    for weight in facts.new {
        let found = MARKS
            .iter()
            .find_map(|(mark, side)| Some((weight.name.split_once(mark)?.0, *side)));
        let Some((stem, side)) = found else {
            if OTHERS.iter().any(|other| weight.name.contains(other)) {
                fitting = fitting.saturating_add(1);
            } else {
                adapter.whole.push(weight.name.clone());
            }
            continue;
        };
        any = true;
        match base(facts.old, stem) {
            Some(base) if fits(base, weight, side) => fitting = fitting.saturating_add(1),
            Some(base) => {
                let (own, wanted) = (&weight.tensor.shape, &base.tensor.shape);
                adapter.misfits.push((
                    weight.name.clone(),
                    text!(
                        "its shape {own:?} does not fit {wanted:?} of the base",
                        "其形状 {own:?} 与基础模型的 {wanted:?} 不符"
                    ),
                ));
            }
            None => adapter.misfits.push((
                weight.name.clone(),
                text!("the base has no matrix `{stem}`", "基础模型没有矩阵 `{stem}`"),
            )),
        }
    }
    if !any {
        return None;
    }
    adapter.share = crate::number::float_of(fitting) / crate::number::float_of(facts.new.len().max(1));
    Some(adapter)
}

/// Finds the matrix that a part of an adapter is for: the longest end of its name that names one.
fn base<'a>(old: &'a [Weight], stem: &str) -> Option<&'a Weight> {
    let mut end = stem;
    loop {
        let plain = format!("{end}.weight");
        let hit = old.iter().find(|weight| {
            let name = weight.name.as_str();
            let named = |wanted: &str| {
                name == wanted
                    || name
                        .strip_suffix(wanted)
                        .is_some_and(|before| before.ends_with('.'))
            };
            named(&plain) || named(end)
        });
        if hit.is_some() {
            return hit;
        }
        end = end.split_once('.')?.1;
    }
}

fn fits(base: &Weight, part: &Weight, side: usize) -> bool {
    let (rows, columns) = base.tensor.matrix();
    let shape = part.tensor.shape.as_slice();
    // Some libraries keep the matrices of the base the other way round.
    let either = |length: u64| length == rows || length == columns;
    match (shape, side) {
        ([_, inner, ..], 0) => {
            let rest: u64 = shape
                .iter()
                .skip(1)
                .fold(1, |product, length| product.saturating_mul(*length));
            either(*inner) || either(rest)
        }
        ([outer, ..], 1) => either(*outer),
        ([one, other], 2) => either(*one) || either(*other),
        _ => false,
    }
}
