//! Floats of 16 and 8 bits.

use std::sync::OnceLock;

use super::Element;

/// Reads half precision (IEEE 754 `binary16`) without a branch that depends on the value, so that many are read at once.
pub(crate) fn f16(bits: u16) -> f32 {
    let wide = u32::from(bits);
    let magnitude = (wide & 0x7fff) << 13;
    // The bits stand as those of a number 2^112 times smaller.
    let scaled = f32::from_bits(magnitude) * f32::from_bits(0x7780_0000);
    let special = if magnitude >= 0x0f80_0000 { 0x7f80_0000 } else { 0 };
    f32::from_bits(scaled.to_bits() | special | ((wide & 0x8000) << 16))
}

/// Rounds to half precision, ties to even.
pub(crate) fn round_f16(value: f32) -> u16 {
    let bits = value.to_bits();
    let sign = (bits >> 16) & 0x8000;
    let magnitude = bits & 0x7fff_ffff;
    let half = if magnitude > 0x7f80_0000 {
        0x7e00
    } else if magnitude >= 0x4780_0000 {
        0x7c00
    } else if magnitude < 0x3880_0000 {
        // Below the smallest normal number: adding one half aligns the bits, and the adder rounds.
        let aligned = f32::from_bits(magnitude) + 0.5;
        aligned.to_bits().wrapping_sub(0.5_f32.to_bits())
    } else {
        let odd = (magnitude >> 13) & 1;
        magnitude
            .wrapping_sub(0x3800_0000)
            .wrapping_add(0x0fff)
            .wrapping_add(odd)
            >> 13
    };
    low_half(sign | half)
}

/// Rounds to the upper half of single precision, ties to even.
pub(crate) fn round_bf16(value: f32) -> u16 {
    let bits = value.to_bits();
    if value.is_nan() {
        return low_half(bits >> 16) | 0x40;
    }
    let odd = (bits >> 16) & 1;
    low_half(bits.wrapping_add(0x7fff).wrapping_add(odd) >> 16)
}

fn low_half(bits: u32) -> u16 {
    let [low, high, ..] = bits.to_le_bytes();
    u16::from_le_bytes([low, high])
}

/// Returns the values of all 256 codes of a float of 8 bits.
pub(super) fn table(element: Element) -> &'static [f32; 256] {
    static E4M3: OnceLock<[f32; 256]> = OnceLock::new();
    static E4M3FNUZ: OnceLock<[f32; 256]> = OnceLock::new();
    static E5M2: OnceLock<[f32; 256]> = OnceLock::new();
    static E5M2FNUZ: OnceLock<[f32; 256]> = OnceLock::new();
    static E8M0: OnceLock<[f32; 256]> = OnceLock::new();
    let built = |value: &dyn Fn(u8) -> f32| {
        let mut table = [0.0; 256];
        for (place, code) in table.iter_mut().zip(0..=u8::MAX) {
            *place = value(code);
        }
        table
    };
    match element {
        Element::F8E4m3 => E4M3.get_or_init(|| {
            built(&|code| {
                if code & 0x7f == 0x7f {
                    f32::NAN
                } else {
                    float8(code, 3, 7)
                }
            })
        }),
        Element::F8E4m3Fnuz => E4M3FNUZ.get_or_init(|| {
            built(&|code| {
                if code == 0x80 {
                    f32::NAN
                } else {
                    float8(code, 3, 8)
                }
            })
        }),
        Element::F8E5m2 => E5M2.get_or_init(|| built(&|code| f16(u16::from(code) << 8))),
        Element::F8E5m2Fnuz => E5M2FNUZ.get_or_init(|| {
            built(&|code| {
                if code == 0x80 {
                    f32::NAN
                } else {
                    float8(code, 2, 16)
                }
            })
        }),
        _ => E8M0.get_or_init(|| {
            built(&|code| match code {
                0xff => f32::NAN,
                // Single precision holds 2^-127 below its normal numbers.
                0 => f32::from_bits(0x0040_0000),
                _ => f32::from_bits(u32::from(code) << 23),
            })
        }),
    }
}

/// Reads a sign, an exponent and `mantissa` bits.
fn float8(code: u8, mantissa: u32, bias: i32) -> f32 {
    let sign = if code & 0x80 == 0 { 1.0 } else { -1.0 };
    let rest = u32::from(code & 0x7f);
    let exponent = i32::try_from(rest >> mantissa).unwrap_or_default();
    let fraction = rest & (1_u32.wrapping_shl(mantissa)).wrapping_sub(1);
    let unit = 1_u32.wrapping_shl(mantissa);
    let (significand, power) = if exponent == 0 {
        (fraction, 1_i32.wrapping_sub(bias))
    } else {
        (fraction | unit, exponent.wrapping_sub(bias))
    };
    let narrow = |number: u32| f64::from(number);
    let value = narrow(significand) / narrow(unit) * 2.0_f64.powi(power);
    crate::number::single(sign * value)
}

/// Returns the value of the table that is nearest, of two the one with the even code; beyond the largest one, that one.
pub(super) fn nearest(table: &[f32; 256], value: f32) -> f32 {
    if value.is_nan() {
        return value;
    }
    let magnitude = value.abs();
    let mut best = (f32::INFINITY, 0.0_f32, true);
    for (index, candidate) in table.iter().take(128).enumerate() {
        let off = (candidate - magnitude).abs();
        let even = index % 2 == 0;
        if off < best.0 || (off <= best.0 && even && !best.2) {
            best = (off, *candidate, even);
        }
    }
    best.1.copysign(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_half_comes_back() {
        for bits in 0..=u16::MAX {
            let value = f16(bits);
            if value.is_nan() {
                assert!(f16(round_f16(value)).is_nan());
            } else {
                assert_eq!(round_f16(value), bits, "{bits:#x} {value}");
            }
        }
    }

    #[test]
    fn halves_round_to_even() {
        assert_eq!(round_f16(1.0 + 1.0 / 2048.0), 0x3c00);
        assert_eq!(round_f16(1.0 + 3.0 / 2048.0), 0x3c02);
        assert_eq!(round_f16(65_519.0), 0x7bff);
        assert_eq!(round_f16(65_520.0), 0x7c00);
        assert_eq!(round_bf16(f32::from_bits(0x3f80_8000)), 0x3f80);
        assert_eq!(round_bf16(f32::from_bits(0x3f81_8000)), 0x3f82);
    }

    #[test]
    fn floats_of_eight_bits_have_their_known_ends() {
        let largest = |element| {
            let finite = table(element).iter().copied().filter(|value| value.is_finite());
            finite.fold(0.0_f32, f32::max)
        };
        assert_eq!(largest(Element::F8E4m3).to_bits(), 448.0_f32.to_bits());
        assert_eq!(largest(Element::F8E5m2).to_bits(), 57_344.0_f32.to_bits());
        assert_eq!(largest(Element::F8E4m3Fnuz).to_bits(), 240.0_f32.to_bits());
        assert_eq!(largest(Element::F8E5m2Fnuz).to_bits(), 57_344.0_f32.to_bits());
    }
}
