//! Quantised blocks of GGUF, by the layouts that `ggml-common.h` documents: values and the steps between them.

use super::{Element, small::f16};

/// Calls `put` with index, value and step of every element of whole blocks.
pub(super) fn decode(element: Element, bytes: &[u8], mut put: impl FnMut(usize, f32, f32)) {
    let (elements, size) = element.block();
    let (Ok(elements), Ok(size)) = (usize::try_from(elements), usize::try_from(size)) else {
        return;
    };
    if size == 0 {
        return;
    }
    let mut base = 0_usize;
    for block in bytes.chunks_exact(size) {
        let mut at = |index: usize, value: f32, step: f32| put(base.saturating_add(index), value, step);
        match element {
            Element::Q4_0 | Element::Q4_1 | Element::Iq4Nl => nibbles(element, block, &mut at),
            Element::Q5_0 | Element::Q5_1 => five(element, block, &mut at),
            Element::Q8_0 => eight(half(block, 0), block.get(2..), &mut at),
            Element::Q8_1 => eight(half(block, 0), block.get(4..), &mut at),
            Element::Q2K => two_k(block, &mut at),
            Element::Q3K => three_k(block, &mut at),
            Element::Q4K => four_k(block, &mut at),
            Element::Q5K => five_k(block, &mut at),
            Element::Q6K => six_k(block, &mut at),
            Element::Q8K => {
                let scale = block
                    .first_chunk::<4>()
                    .map_or(0.0, |four| f32::from_le_bytes(*four));
                eight(scale, block.get(4..260), &mut at);
            }
            _ => {}
        }
        base = base.saturating_add(elements);
    }
}

/// Values that codes of `IQ4_NL` choose (`kvalues_iq4nl`).
const IQ4_NL: [i8; 16] = [
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
];

fn byte(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}

fn half(bytes: &[u8], at: usize) -> f32 {
    f16(u16::from_le_bytes([
        byte(bytes, at),
        byte(bytes, at.saturating_add(1)),
    ]))
}

fn signed(byte: u8) -> f32 {
    f32::from(i8::from_le_bytes([byte]))
}

fn nibbles(element: Element, block: &[u8], put: &mut impl FnMut(usize, f32, f32)) {
    let scale = half(block, 0);
    let (minimum, codes) = match element {
        Element::Q4_1 => (half(block, 2), block.get(4..20)),
        _ => (0.0, block.get(2..18)),
    };
    for (index, code) in codes.unwrap_or_default().iter().enumerate() {
        for (place, code) in [(index, code & 15), (index.saturating_add(16), code >> 4)] {
            let (value, step) = match element {
                Element::Q4_0 => ((f32::from(code) - 8.0) * scale, scale),
                Element::Q4_1 => (f32::from(code) * scale + minimum, scale),
                _ => {
                    let chosen = IQ4_NL.get(usize::from(code)).copied().unwrap_or(0);
                    // Neighbours of the table lie 10 to 24 apart.
                    (f32::from(chosen) * scale, scale * 24.0)
                }
            };
            put(place, value, step);
        }
    }
}

fn five(element: Element, block: &[u8], put: &mut impl FnMut(usize, f32, f32)) {
    let scale = half(block, 0);
    let (minimum, offset, start) = match element {
        Element::Q5_1 => (half(block, 2), 0.0, 4),
        _ => (0.0, 16.0, 2),
    };
    let rest = block.get(start..).unwrap_or_default();
    let high = rest
        .first_chunk::<4>()
        .map_or(0, |four| u32::from_le_bytes(*four));
    for (index, code) in rest.get(4..20).unwrap_or_default().iter().enumerate() {
        for (place, code) in [(index, code & 15), (index.saturating_add(16), code >> 4)] {
            let shift = u32::try_from(place).unwrap_or(0);
            let fifth = if (high >> (shift & 31)) & 1 == 1 {
                16.0
            } else {
                0.0
            };
            put(place, (f32::from(code) + fifth - offset) * scale + minimum, scale);
        }
    }
}

fn eight(scale: f32, codes: Option<&[u8]>, put: &mut impl FnMut(usize, f32, f32)) {
    for (index, code) in codes.unwrap_or_default().iter().enumerate() {
        put(index, signed(*code) * scale, scale);
    }
}

fn two_k(block: &[u8], put: &mut impl FnMut(usize, f32, f32)) {
    let (scale, minimum) = (half(block, 80), half(block, 82));
    for index in 0..256_usize {
        let sub = byte(block, index >> 4);
        let part = index >> 7;
        let inner = index & 127;
        let at = 16_usize.saturating_add(part << 5).saturating_add(inner & 31);
        let code = (byte(block, at) >> ((inner >> 5) << 1)) & 3;
        let step = scale * f32::from(sub & 15);
        put(
            index,
            step * f32::from(code) - minimum * f32::from(sub >> 4),
            step,
        );
    }
}

fn three_k(block: &[u8], put: &mut impl FnMut(usize, f32, f32)) {
    let scale = half(block, 108);
    let scales = block.get(96..108).unwrap_or_default();
    for index in 0..256_usize {
        let sub = index >> 4;
        let low = if sub < 8 {
            byte(scales, sub) & 15
        } else {
            byte(scales, sub.saturating_sub(8)) >> 4
        };
        let high = (byte(scales, 8_usize.saturating_add(sub & 3)) >> ((sub >> 2) << 1)) & 3;
        let step = scale * (f32::from(low | (high << 4)) - 32.0);
        let part = index >> 7;
        let inner = index & 127;
        let at = 32_usize.saturating_add(part << 5).saturating_add(inner & 31);
        let code = (byte(block, at) >> ((inner >> 5) << 1)) & 3;
        let bit = (part << 2) | (inner >> 5);
        let third = (byte(block, inner & 31) >> bit) & 1;
        let code = f32::from(code) - if third == 1 { 0.0 } else { 4.0 };
        put(index, step * code, step);
    }
}

/// Takes the scale and the minimum of the sub-block `sub` out of twelve bytes of 6-bit numbers.
fn scale_and_minimum(scales: &[u8], sub: usize) -> (f32, f32) {
    if sub < 4 {
        let minimum = byte(scales, sub.saturating_add(4)) & 63;
        return (f32::from(byte(scales, sub) & 63), f32::from(minimum));
    }
    let both = byte(scales, sub.saturating_add(4));
    let scale = (both & 15) | ((byte(scales, sub.saturating_sub(4)) >> 6) << 4);
    let minimum = (both >> 4) | ((byte(scales, sub) >> 6) << 4);
    (f32::from(scale), f32::from(minimum))
}

fn four_k(block: &[u8], put: &mut impl FnMut(usize, f32, f32)) {
    four_or_five(block, 16, None, put);
}

fn five_k(block: &[u8], put: &mut impl FnMut(usize, f32, f32)) {
    four_or_five(block, 48, block.get(16..48), put);
}

fn four_or_five(block: &[u8], codes: usize, high: Option<&[u8]>, put: &mut impl FnMut(usize, f32, f32)) {
    let (scale, minimum) = (half(block, 0), half(block, 2));
    let scales = block.get(4..16).unwrap_or_default();
    for sub in 0..8_usize {
        let (sub_scale, sub_minimum) = scale_and_minimum(scales, sub);
        let (step, least) = (scale * sub_scale, minimum * sub_minimum);
        for inner in 0..32_usize {
            let at = codes.saturating_add((sub >> 1) << 5).saturating_add(inner);
            let pair = byte(block, at);
            let code = if sub & 1 == 0 { pair & 15 } else { pair >> 4 };
            let fifth = high.map_or(0, |high| (byte(high, inner) >> sub) & 1);
            let code = f32::from(code | (fifth << 4));
            put((sub << 5).saturating_add(inner), step * code - least, step);
        }
    }
}

fn six_k(block: &[u8], put: &mut impl FnMut(usize, f32, f32)) {
    let scale = half(block, 208);
    for index in 0..256_usize {
        let part = index >> 7;
        let inner = index & 127;
        let quarter = inner >> 5;
        let place = inner & 31;
        let low_at = (part << 6)
            .saturating_add((quarter & 1) << 5)
            .saturating_add(place);
        let pair = byte(block, low_at);
        let low = if quarter < 2 { pair & 15 } else { pair >> 4 };
        let high_at = 128_usize.saturating_add(part << 5).saturating_add(place);
        let high = (byte(block, high_at) >> (quarter << 1)) & 3;
        let step = scale * signed(byte(block, 192_usize.saturating_add(index >> 4)));
        put(index, step * (f32::from(low | (high << 4)) - 32.0), step);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(element: Element, block: &[u8]) -> Vec<f32> {
        let count = usize::try_from(element.block().0).unwrap();
        let mut out = vec![f32::NAN; count];
        element.decode(block, &mut out);
        out
    }

    #[test]
    fn every_element_of_every_block_gets_a_value() {
        for element in Element::ALL.iter().filter(|element| element.is_quantised()) {
            let size = usize::try_from(element.block().1).unwrap();
            let out = values(*element, &vec![0x11; size]);
            assert!(out.iter().all(|value| value.is_finite()), "{element:?}");
            let mut steps = vec![f32::NAN; out.len()];
            element.steps(&vec![0x11; size], &mut steps);
            assert!(steps.iter().all(|step| *step >= 0.0), "{element:?}");
        }
    }

    #[test]
    fn a_block_of_four_bits_is_read_by_halves() {
        let mut block = vec![0x00, 0x3c];
        block.extend([0xf0; 16]);
        let out = values(Element::Q4_0, &block);
        assert_eq!((out[0], out[15], out[16], out[31]), (-8.0, -8.0, 7.0, 7.0));
    }
}
