//! bitsandbytes with 4 bits: codes that choose from a table of 16, two in a byte with the first above, and the largest size of each
//! block, which can be of 8 bits with a table and sizes of its own.

use cleanbill_formats::bytes::{size_u64, size_usize};

use super::{Allowed, Part};
use crate::tensor::TensorError;

/// Elements decoded at a time; every size of a block divides it.
const AT_ONCE: u64 = 1 << 16;
/// Sizes of blocks that the library knows.
pub(super) const BLOCKS: [u64; 8] = [32, 64, 128, 256, 512, 1024, 2048, 4096];

/// The tables that the library's kernels decode with, whatever table stands in the file.
pub(super) const NF4: [f32; 16] = [
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
pub(super) const FP4: [f32; 16] = [
    0.0,
    0.005_208_333_5,
    0.666_666_7,
    1.0,
    0.333_333_34,
    0.5,
    0.166_666_67,
    0.25,
    0.0,
    -0.005_208_333_5,
    -0.666_666_7,
    -1.0,
    -0.333_333_34,
    -0.5,
    -0.166_666_67,
    -0.25,
];

/// A packed weight.
#[derive(Debug)]
pub(crate) struct Nibbles {
    pub(super) name: &'static str,
    pub(super) table: [f32; 16],
    pub(super) elements: u64,
    pub(super) block: u64,
    pub(super) codes: Part,
    pub(super) sizes: Sizes,
}

/// The largest size of each block.
#[derive(Debug)]
pub(super) enum Sizes {
    Plain(Part),
    Nested {
        codes: Part,
        table: Vec<f32>,
        sizes: Vec<f32>,
        block: u64,
        offset: f32,
        /// Largest distance between neighbours of the table.
        gap: f32,
    },
}

impl Nibbles {
    pub(super) fn label(&self) -> String {
        let (name, block) = (self.name, self.block);
        match self.sizes {
            Sizes::Plain(_) => format!("bitsandbytes {name}, blocks of {block}"),
            Sizes::Nested { .. } => format!("bitsandbytes {name}, blocks of {block}, sizes of 8 bits"),
        }
    }

    pub(super) fn allowed(&self) -> Allowed {
        Allowed {
            bound: 0.55,
            share: 0.0,
            factor: 1.5,
            relative: if self.name == "nf4" { 0.15 } else { 0.2 },
        }
    }

    pub(super) fn decode(&self, element: u64, steps: bool, out: &mut Vec<f32>) -> Result<u64, TensorError> {
        let start = (element & !(AT_ONCE.saturating_sub(1))).min(self.elements);
        let end = start.saturating_add(AT_ONCE).min(self.elements);
        let count = end.saturating_sub(start);
        let mut raw = Vec::new();
        self.codes.bytes(start >> 1, count.div_ceil(2), &mut raw)?;
        let first = start.checked_div(self.block).unwrap_or(0);
        let sizes = self.sizes(first, count.div_ceil(self.block))?;
        let gaps = gaps(&self.table);
        out.clear();
        let codes = raw.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let block = size_usize(self.block).max(1);
        for (number, code) in codes.take(size_usize(count)).enumerate() {
            let (size, unsure) = number
                .checked_div(block)
                .and_then(|block| sizes.get(block))
                .copied()
                .unwrap_or_default();
            let at = |table: &[f32; 16]| table.get(usize::from(code)).copied().unwrap_or(0.0);
            let value = at(&self.table);
            out.push(if steps {
                at(&gaps) * size.abs() + value.abs() * unsure
            } else {
                value * size
            });
        }
        Ok(start)
    }

    /// Reads the sizes of some blocks, and how unsure each is.
    fn sizes(&self, first: u64, count: u64) -> Result<Vec<(f32, f32)>, TensorError> {
        let mut raw = Vec::new();
        match &self.sizes {
            Sizes::Plain(part) => {
                let mut sizes = vec![0.0; size_usize(count)];
                part.numbers(first, count, &mut raw, &mut sizes)?;
                Ok(sizes.into_iter().map(|size| (size, 0.0)).collect())
            }
            Sizes::Nested {
                codes,
                table,
                sizes,
                block,
                offset,
                gap,
            } => {
                codes.bytes(first, count, &mut raw)?;
                let each = raw.iter().zip(first..).map(|(code, number)| {
                    let outer = number.checked_div(*block).map(size_usize);
                    let outer = outer.and_then(|outer| sizes.get(outer)).copied().unwrap_or(0.0);
                    let inner = table.get(usize::from(*code)).copied().unwrap_or(0.0);
                    (inner * outer + offset, gap * outer.abs())
                });
                Ok(each.collect())
            }
        }
    }
}

/// Returns for each entry of a table the larger distance to its neighbours, in the order of their values.
fn gaps(table: &[f32; 16]) -> [f32; 16] {
    let distance = |value: f32, below: bool| {
        let others = table
            .iter()
            .map(|other| if below { value - other } else { other - value });
        others.filter(|apart| *apart > 0.0).fold(f32::INFINITY, f32::min)
    };
    table.map(|value| {
        let (below, above) = (distance(value, true), distance(value, false));
        let known = |gap: f32| if gap.is_finite() { gap } else { 0.0 };
        known(below).max(known(above))
    })
}

/// Returns the largest distance between neighbours of a table.
pub(super) fn widest(table: &[f32]) -> f32 {
    let mut sorted = table.to_vec();
    sorted.sort_by(f32::total_cmp);
    let pairs = sorted.iter().zip(sorted.iter().skip(1));
    pairs.map(|(one, next)| next - one).fold(0.0, f32::max)
}

/// Says whether a table of a file is the one that kernels decode with.
pub(super) fn is_table(found: &[f32], known: &[f32; 16]) -> bool {
    size_u64(found.len()) == 16
        && found
            .iter()
            .zip(known)
            .all(|(one, other)| (one - other).abs() < 1e-4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_those_to_the_farther_neighbour() {
        let found = gaps(&NF4);
        assert!((found[15] - 0.277_043_16).abs() < 1e-6);
        assert!((found[7] - 0.091_050_036).abs() < 1e-6);
        assert!((gaps(&FP4)[3] - 0.333_333_3).abs() < 1e-6);
        assert!(widest(&[0.5, 0.0, 0.25]) > 0.24);
    }
}
