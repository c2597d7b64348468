//! GPTQ and AWQ: codes of a linear layer in words of 32 bits, inputs before outputs, scales and zero points for groups of inputs.
//!
//! GPTQ packs along the inputs: the codes of one output are a row of bits, the lowest first, through the words below each other; its zero
//! points are packed along the outputs, and of its first format they are one less than they mean. AWQ packs eight outputs into a
//! word, in the order 0, 2, 4, 6, 1, 3, 5, 7, codes and zero points alike.

use std::ops::Range;

use cleanbill_formats::bytes::{size_u64, size_usize};

use super::{Allowed, Part};
use crate::tensor::TensorError;

/// LIMIT: inputs of a layer.
pub(super) const INPUTS: u64 = 1 << 18;
/// Elements decoded at a time, and the outputs that they are of at least and at most.
const AT_ONCE: u64 = 1 << 22;
const LEAST_OUTPUTS: u64 = 32;
const MOST_OUTPUTS: u64 = 1024;
/// Inputs of AWQ that are unpacked together.
const TILE: usize = 16;
/// Output that stands at each place of a word of AWQ, the lowest bits first.
const INTERLEAVED: [usize; 8] = [0, 2, 4, 6, 1, 3, 5, 7];

/// Names how codes are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    /// `offset` is added to each zero point.
    Gptq {
        bits: u32,
        offset: u32,
    },
    Awq,
}

/// A packed layer.
#[derive(Debug)]
pub(crate) struct Columns {
    pub(super) packing: Packing,
    pub(super) inputs: u64,
    pub(super) outputs: u64,
    pub(super) codes: Part,
    pub(super) zeros: Part,
    pub(super) scales: Part,
    pub(super) groups: u64,
    /// Inputs of a group.
    pub(super) group_size: u64,
    /// The group of each input, where they are not in order.
    pub(super) order: Option<Vec<u32>>,
}

impl Columns {
    pub(super) fn label(&self) -> String {
        let size = self.group_size;
        match self.packing {
            Packing::Gptq { bits, .. } => format!("gptq {bits} bits, groups of {size}"),
            Packing::Awq => format!("awq 4 bits, groups of {size}"),
        }
    }

    pub(super) fn bits(&self) -> u32 {
        match self.packing {
            Packing::Gptq { bits, .. } => bits,
            Packing::Awq => 4,
        }
    }

    pub(super) fn is_awq(&self) -> bool {
        self.packing == Packing::Awq
    }

    pub(super) fn allowed(&self) -> Allowed {
        let relative = match self.bits() {
            2 => 1.0,
            3 => 0.6,
            4 => 0.3,
            _ => 0.02,
        };
        match self.packing {
            // The error of one column is made good in those behind it, which moves them by more than rounding.
            Packing::Gptq { .. } => Allowed {
                bound: 4.0,
                share: 0.002,
                factor: 4.0,
                relative,
            },
            // Groups are clipped where that serves the outputs: at most half of the range.
            Packing::Awq => Allowed {
                bound: 1.6,
                share: 0.03,
                factor: 3.0,
                relative,
            },
        }
    }

    /// Returns the outputs that are decoded together with the one that holds `element`.
    fn outputs_around(&self, element: u64) -> Range<u64> {
        let step = AT_ONCE
            .checked_div(self.inputs)
            .unwrap_or(1)
            .clamp(LEAST_OUTPUTS, MOST_OUTPUTS)
            .next_multiple_of(LEAST_OUTPUTS);
        let output = element.checked_div(self.inputs).unwrap_or(0);
        let start = output.checked_div(step).unwrap_or(0).saturating_mul(step);
        start.min(self.outputs)..start.saturating_add(step).min(self.outputs)
    }

    pub(super) fn decode(&self, element: u64, steps: bool, out: &mut Vec<f32>) -> Result<u64, TensorError> {
        let range = self.outputs_around(element);
        let count = range.end.saturating_sub(range.start);
        let (outputs, inputs) = (size_usize(count), size_usize(self.inputs));
        out.clear();
        out.resize(outputs.saturating_mul(inputs), 0.0);
        let (scales, zeros) = self.groups(&range)?;
        let table = Table {
            scales: &scales,
            zeros: &zeros,
            outputs,
        };
        if steps {
            let bases = self.bases(0, inputs, outputs);
            for (output, row) in out.chunks_mut(inputs.max(1)).enumerate() {
                for (place, base) in row.iter_mut().zip(&bases) {
                    *place = table.of(*base, output).0.abs();
                }
            }
        } else {
            match self.packing {
                Packing::Gptq { bits, .. } => self.along_inputs(&range, bits, &table, out)?,
                Packing::Awq => self.along_outputs(&range, &table, out)?,
            }
        }
        Ok(range.start.saturating_mul(self.inputs))
    }

    /// Returns where the scales of `count` inputs begin in a table of `outputs`.
    fn bases(&self, first: usize, count: usize, outputs: usize) -> Vec<usize> {
        let group = |input: usize| match &self.order {
            Some(order) => order
                .get(input)
                .and_then(|group| usize::try_from(*group).ok())
                .unwrap_or(0),
            None => input.checked_div(size_usize(self.group_size)).unwrap_or(0),
        };
        let inputs = first..first.saturating_add(count);
        inputs.map(|input| group(input).saturating_mul(outputs)).collect()
    }

    /// Reads scales and zero points of some outputs, group after group.
    fn groups(&self, range: &Range<u64>) -> Result<(Vec<f32>, Vec<f32>), TensorError> {
        let count = range.end.saturating_sub(range.start);
        let all = size_usize(count.saturating_mul(self.groups));
        let mut scales = vec![0.0; all];
        let mut zeros = Vec::with_capacity(all);
        let (mut raw, mut words) = (Vec::new(), Vec::new());
        let bits = self.bits();
        let first_word = range.start.saturating_mul(u64::from(bits)) >> 5;
        let last_word = range.end.saturating_mul(u64::from(bits)).div_ceil(32);
        let row_words = self.outputs.saturating_mul(u64::from(bits)) >> 5;
        let groups = 0..self.groups;
        for (group, row) in groups.zip(scales.chunks_mut(size_usize(count).max(1))) {
            let at = group.saturating_mul(self.outputs).saturating_add(range.start);
            self.scales.numbers(at, count, &mut raw, row)?;
            words.clear();
            let at = group.saturating_mul(row_words).saturating_add(first_word);
            let length = last_word.saturating_sub(first_word);
            self.zeros.words(at, length, &mut raw, &mut words)?;
            match self.packing {
                Packing::Gptq { bits, offset } => {
                    let mask = mask(bits);
                    zeros.extend((0..size_usize(count)).map(|output| {
                        let stored = taken(&words, output, bits);
                        small(stored.wrapping_add(offset) & mask)
                    }));
                }
                Packing::Awq => {
                    for word in &words {
                        zeros.extend(interleaved(*word));
                    }
                }
            }
        }
        Ok((scales, zeros))
    }

    /// Unpacks words that hold codes of one output each.
    fn along_inputs(
        &self,
        range: &Range<u64>,
        bits: u32,
        table: &Table<'_>,
        out: &mut [f32],
    ) -> Result<(), TensorError> {
        let count = range.end.saturating_sub(range.start);
        let (inputs, outputs) = (size_usize(self.inputs), size_usize(count));
        let rows = self.inputs.saturating_mul(u64::from(bits)) >> 5;
        let (mut raw, mut words) = (Vec::new(), Vec::new());
        // 32 codes fill as many words as they have bits.
        for chunk in 0..self.inputs.div_ceil(32) {
            words.clear();
            let first = chunk.saturating_mul(u64::from(bits));
            for row in first..first.saturating_add(u64::from(bits)).min(rows) {
                let at = row.saturating_mul(self.outputs).saturating_add(range.start);
                self.codes.words(at, count, &mut raw, &mut words)?;
            }
            let input = size_usize(chunk).saturating_mul(32);
            let here = inputs.saturating_sub(input).min(32);
            let bases = self.bases(input, here, outputs);
            let mut column = [0_u32; 8];
            for output in 0..outputs {
                for (place, word) in column.iter_mut().zip(words.iter().skip(output).step_by(outputs)) {
                    *place = *word;
                }
                let at = output.saturating_mul(inputs).saturating_add(input);
                let places = out.get_mut(at..at.saturating_add(here)).unwrap_or_default();
                unpack(&column, bits, places);
                table.scale(&bases, output, places);
            }
        }
        Ok(())
    }

    /// Unpacks words that hold codes of eight outputs.
    fn along_outputs(
        &self,
        range: &Range<u64>,
        table: &Table<'_>,
        out: &mut [f32],
    ) -> Result<(), TensorError> {
        let inputs = size_usize(self.inputs);
        let (mut raw, mut words) = (Vec::new(), Vec::new());
        let length = range.end.saturating_sub(range.start) >> 3;
        let width = size_usize(length).max(1);
        // Several inputs at a time, so that what is written stands together.
        for input in (0..inputs).step_by(TILE) {
            words.clear();
            let here = inputs.saturating_sub(input).min(TILE);
            for inner in input..input.saturating_add(here) {
                let row = size_u64(inner).saturating_mul(self.outputs >> 3);
                let at = row.saturating_add(range.start >> 3);
                self.codes.words(at, length, &mut raw, &mut words)?;
            }
            let bases = self.bases(input, here, table.outputs);
            for word in 0..size_usize(length) {
                let mut tile = [[0.0_f32; TILE]; 8];
                for (inner, packed) in words.iter().skip(word).step_by(width).enumerate() {
                    for (row, code) in tile.iter_mut().zip(interleaved(*packed)) {
                        if let Some(place) = row.get_mut(inner) {
                            *place = code;
                        }
                    }
                }
                let first = word.saturating_mul(8);
                for (output, row) in (first..).zip(&mut tile) {
                    let row = row.get_mut(..here).unwrap_or_default();
                    table.scale(&bases, output, row);
                    let at = output.saturating_mul(inputs).saturating_add(input);
                    if let Some(places) = out.get_mut(at..at.saturating_add(here)) {
                        places.copy_from_slice(row);
                    }
                }
            }
        }
        Ok(())
    }
}

/// Scales and zero points of some outputs.
struct Table<'a> {
    scales: &'a [f32],
    zeros: &'a [f32],
    outputs: usize,
}

impl Table<'_> {
    /// Turns codes of inputs into values in place; `bases` says where the scales of each begin.
    fn scale(&self, bases: &[usize], output: usize, values: &mut [f32]) {
        let first = bases.first().copied().unwrap_or(0);
        if bases.iter().all(|base| *base == first) {
            let (scale, zero) = self.of(first, output);
            for value in values {
                *value = (*value - zero) * scale;
            }
            return;
        }
        for (value, base) in values.iter_mut().zip(bases) {
            let (scale, zero) = self.of(*base, output);
            *value = (*value - zero) * scale;
        }
    }

    fn of(&self, base: usize, output: usize) -> (f32, f32) {
        let at = base.saturating_add(output);
        (
            self.scales.get(at).copied().unwrap_or(0.0),
            self.zeros.get(at).copied().unwrap_or(0.0),
        )
    }
}

fn mask(bits: u32) -> u32 {
    u32::MAX >> 32_u32.saturating_sub(bits)
}

/// Takes codes out of a row of bits, one after the other.
fn unpack(words: &[u32], bits: u32, out: &mut [f32]) {
    let mask = mask(bits);
    match bits {
        2 | 4 | 8 => {
            let each = usize::try_from(32_u32.checked_div(bits).unwrap_or(1)).unwrap_or(1);
            for (word, places) in words.iter().zip(out.chunks_mut(each)) {
                let mut word = *word;
                for place in places {
                    *place = small(word & mask);
                    word >>= bits;
                }
            }
        }
        _ => {
            for (number, place) in out.iter_mut().enumerate() {
                *place = small(taken(words, number, bits));
            }
        }
    }
}

/// Takes the code `number` out of a row of bits.
fn taken(words: &[u32], number: usize, bits: u32) -> u32 {
    let at = size_u64(number).saturating_mul(u64::from(bits));
    let word = size_usize(at >> 5);
    let low = words.get(word).copied().unwrap_or(0);
    let high = words.get(word.saturating_add(1)).copied().unwrap_or(0);
    let both = u64::from(low) | (u64::from(high) << 32);
    u32::try_from((both >> (at & 31)) & u64::from(mask(bits))).unwrap_or(0)
}

/// Takes eight codes out of a word of AWQ, in the order of their outputs.
fn interleaved(word: u32) -> [f32; 8] {
    let mut codes = [0.0; 8];
    for (place, output) in INTERLEAVED.into_iter().enumerate() {
        if let Some(code) = codes.get_mut(output) {
            *code = small((word >> (place << 2)) & 15);
        }
    }
    codes
}

/// Converts a code, which has eight bits at most.
fn small(code: u32) -> f32 {
    f32::from(u8::try_from(code).unwrap_or(u8::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_three_bits_cross_words() {
        // Code 10 has its low two bits on top of the first word and its high bit at the bottom of the second.
        let words = [0b01 << 30, 1, 0];
        assert_eq!(taken(&words, 10, 3), 0b101);
        assert_eq!(taken(&words, 9, 3), 0);
        assert_eq!(taken(&[0, 1 << 31, 0b10], 21, 3), 0b101);
        assert_eq!(taken(&[0x8765_4321], 7, 4), 8);
        assert_eq!(taken(&[0xff00_0000], 3, 8), 255);
    }

    #[test]
    fn words_of_awq_are_interleaved() {
        // The lowest bits hold output 0, the next ones 2, 4, 6, then 1, 3, 5, 7.
        let wanted = [0.0_f32, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
        assert_eq!(
            interleaved(0x7531_6420).map(f32::to_bits),
            wanted.map(f32::to_bits)
        );
    }
}
