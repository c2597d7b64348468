//! Weights: a tensor, or a tensor of few bits together with the scales that stand beside it.

use std::{collections::BTreeMap, sync::Arc};

use cleanbill_formats::bytes::{size_u64, size_usize};

use crate::{
    containers::Problem,
    element::Element,
    model::Model,
    number::float,
    packed::{self, Layout},
    tensor::{Storage, Tensor, TensorError},
};

/// LIMIT: scales read of one tensor, and of a model.
const SCALES: u64 = 4 << 20;
const ALL_SCALES: u64 = 16 << 20;

/// One weight of a model.
#[derive(Clone, Debug)]
pub(crate) struct Weight {
    pub(crate) name: String,
    pub(crate) tensor: Tensor,
    pub(crate) scale: Option<Arc<Scale>>,
}

/// Numbers that every element is multiplied with.
#[derive(Clone, Debug)]
pub(crate) struct Scale {
    values: Vec<f32>,
    zeros: Vec<f32>,
    along: Along,
}

/// Says which elements share a scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Along {
    Whole,
    Row,
    Column,
}

impl Scale {
    /// Turns codes into values in place; `at` is the number of the first element, `columns` the length of a row.
    pub(crate) fn apply(&self, at: u64, columns: u64, values: &mut [f32]) {
        for (value, element) in values.iter_mut().zip(at..) {
            let (scale, zero) = self.of(element, columns);
            *value = (*value - zero) * scale;
        }
    }

    /// Writes how far apart neighbouring values are.
    pub(crate) fn steps(&self, at: u64, columns: u64, steps: &mut [f32]) {
        for (step, element) in steps.iter_mut().zip(at..) {
            *step = self.of(element, columns).0.abs();
        }
    }

    fn of(&self, element: u64, columns: u64) -> (f32, f32) {
        let index = match self.along {
            Along::Whole => 0,
            Along::Row => element.checked_div(columns).unwrap_or(0),
            Along::Column => element.checked_rem(columns).unwrap_or(0),
        };
        let index = size_usize(index);
        let zero = self.zeros.get(index).or(self.zeros.first());
        (
            self.values.get(index).copied().unwrap_or(1.0),
            zero.copied().unwrap_or(0.0),
        )
    }
}

impl Weight {
    /// Names the type, with the scales where there are some.
    pub(crate) fn type_name(&self) -> String {
        let name = self.tensor.type_name();
        if self.scale.is_some() {
            format!("{name} with scales")
        } else {
            name
        }
    }

    /// Says whether the weight holds fewer bits than it stands for.
    pub(crate) fn is_quantised(&self) -> bool {
        self.scale.is_some()
            || self.tensor.packed().is_some()
            || self.tensor.element.is_some_and(Element::is_quantised)
    }

    /// Says whether the elements of two weights are of one type and stand for the same values.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let label = |weight: &Self| weight.tensor.packed().map(Layout::label);
        self.tensor.element == other.tensor.element
            && self.scale.is_none()
            && other.scale.is_none()
            && label(self) == label(other)
    }

    /// Returns how many bits an element takes, without its part of the scales.
    pub(crate) fn bits(&self) -> f64 {
        if let Some(layout) = self.tensor.packed() {
            return f64::from(layout.bits());
        }
        let (block, bytes) = self.tensor.element.map_or((1, 0), Element::block);
        float(bytes) * 8.0 / float(block)
    }

    /// Reads the values at `positions`, which are in order.
    pub(crate) fn values_at(&self, positions: &[u64]) -> Result<Vec<f32>, TensorError> {
        let mut values = self.tensor.values_at(positions)?;
        if let Some(scale) = &self.scale {
            let (_, columns) = self.tensor.matrix();
            for (value, position) in values.iter_mut().zip(positions) {
                scale.apply(*position, columns, std::slice::from_mut(value));
            }
        }
        Ok(values)
    }

    /// Shows a matrix with rows and columns exchanged.
    pub(crate) fn transposed(&self) -> Option<Self> {
        let scale = self.scale.as_ref().map(|scale| {
            let along = match scale.along {
                Along::Row => Along::Column,
                Along::Column => Along::Row,
                Along::Whole => Along::Whole,
            };
            Arc::new(Scale {
                along,
                ..scale.as_ref().clone()
            })
        });
        Some(Self {
            name: self.name.clone(),
            tensor: self.tensor.transposed()?,
            scale,
        })
    }
}

/// Ways in which writers name a tensor of few bits and its scales: end of the name, ends of scale and zero point, what the end
/// of the name becomes, and what the scale is divided by.
const NAMED: [(&str, &str, &str, &str, f32); 4] = [
    ("_quantized", "_scale", "_zero_point", "", 1.0),
    ("_q", "_scale", "_zero_point", "", 1.0),
    ("weight", "weight_scale", "weight_zero_point", "weight", 1.0),
    ("weight", "SCB", "", "weight", 127.0),
];

/// Lists the weights of a model, sorted by name, and what keeps some of them from being put together.
pub(crate) fn weights(model: &Model) -> (Vec<Weight>, Vec<Problem>) {
    let by_name: BTreeMap<&str, &Tensor> = model
        .tensors
        .iter()
        .map(|tensor| (tensor.name.as_str(), tensor))
        .collect();
    let mut left = ALL_SCALES;
    let found = packed::find(model, &by_name);
    let mut taken = found.taken;
    let mut weights: Vec<Weight> = found
        .tensors
        .into_iter()
        .map(|tensor| Weight {
            name: tensor.name.clone(),
            tensor,
            scale: None,
        })
        .collect();
    for tensor in &model.tensors {
        if taken.contains(&tensor.name) {
            continue;
        }
        if let Some(reason) = found.unreadable.get(&tensor.name) {
            let mut tensor = tensor.clone();
            tensor.storage = Storage::Unreadable(reason.clone());
            let (name, scale) = (tensor.name.clone(), None);
            weights.push(Weight { name, tensor, scale });
            continue;
        }
        let few = matches!(
            tensor.element,
            Some(Element::I8 | Element::U8 | Element::F8E4m3 | Element::F8E5m2)
        );
        let found = NAMED.iter().filter(|_| few).find_map(|named| {
            let (end, scale, zero, becomes, divisor) = *named;
            let base = tensor.name.strip_suffix(end)?;
            let scale_name = format!("{base}{scale}");
            let scales = by_name.get(scale_name.as_str())?;
            let zero_name = format!("{base}{zero}");
            let zeros = by_name.get(zero_name.as_str()).filter(|_| !zero.is_empty());
            let scale = read(tensor, scales, zeros.copied(), divisor, &mut left)?;
            let mut parts = vec![scale_name];
            parts.extend(zeros.map(|_| zero_name));
            Some((format!("{base}{becomes}"), scale, parts))
        });
        match found {
            Some((name, scale, parts)) => {
                taken.extend(parts);
                weights.push(Weight {
                    name,
                    tensor: tensor.clone(),
                    scale: Some(Arc::new(scale)),
                });
            }
            None => weights.push(Weight {
                name: tensor.name.clone(),
                tensor: tensor.clone(),
                scale: None,
            }),
        }
    }
    weights.retain(|weight| weight.is_quantised() || !taken.contains(&weight.name));
    weights.sort_by(|one, other| one.name.cmp(&other.name));
    (weights, found.problems)
}

fn read(
    tensor: &Tensor,
    scales: &Tensor,
    zeros: Option<&Tensor>,
    divisor: f32,
    left: &mut u64,
) -> Option<Scale> {
    let (rows, columns) = tensor.matrix();
    let count = scales.elements()?;
    if count == 0 || count > SCALES || count > *left || !scales.element?.is_float() {
        return None;
    }
    let along = match scales.shape.as_slice() {
        _ if count == 1 => Along::Whole,
        [one, 1] if *one == rows => Along::Row,
        [1, one] if *one == columns => Along::Column,
        // Rows before columns where NumPy's rule for one dimension does not decide: `SCB` counts rows.
        [one] if *one == columns && (rows != columns || divisor < 2.0) => Along::Column,
        [one] if *one == rows => Along::Row,
        _ => return None,
    };
    let all: Vec<u64> = (0..count).collect();
    let mut values = scales.values_at(&all).ok()?;
    for value in &mut values {
        *value /= divisor;
    }
    let zeros = match zeros {
        Some(zeros) => {
            let count = zeros.elements().filter(|count| *count <= SCALES)?;
            let all: Vec<u64> = (0..count).collect();
            zeros.values_at(&all).ok()?
        }
        None => Vec::new(),
    };
    *left = left.saturating_sub(size_u64(values.len()));
    Some(Scale { values, zeros, along })
}
