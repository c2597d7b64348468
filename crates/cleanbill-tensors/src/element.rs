//! Types of elements: how many bytes they take, what values the bytes stand for, and rounding from one to another.

mod blocks;
mod small;

use std::borrow::Cow;

pub(crate) use small::{f16, round_bf16, round_f16};

use crate::number::{single, single_of, single_of_long};

/// Declares the types: name in our documents, elements and bytes of a block, names that containers use.
macro_rules! elements {
    ($($(#[doc = $doc:literal])* $variant:ident = $name:literal, $block:literal x $bytes:literal, [$($other:literal),*];)*) => {
        /// Names the type of the elements of a tensor.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Element {
            $($(#[doc = $doc])* $variant,)*
        }

        impl Element {
            /// Every type.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Returns the name in our documents.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Returns how many elements stand together, and how many bytes they take.
            pub const fn block(self) -> (u64, u64) {
                match self { $(Self::$variant => ($block, $bytes),)* }
            }

            /// Knows the names that safetensors, GGUF, NumPy and PyTorch have for it.
            pub fn parse(name: &str) -> Option<Self> {
                match name {
                    $($name $(| $other)* => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

elements! {
    /// A truth value in a byte.
    Bool = "bool", 1 x 1, ["BOOL", "b1", "BoolStorage"];
    /// Unsigned, 8 bits.
    U8 = "u8", 1 x 1, ["U8", "u1", "B1", "ByteStorage", "QUInt8Storage"];
    /// Signed, 8 bits.
    I8 = "i8", 1 x 1, ["I8", "i1", "CharStorage", "QInt8Storage"];
    /// Unsigned, 16 bits.
    U16 = "u16", 1 x 2, ["U16", "u2"];
    /// Signed, 16 bits.
    I16 = "i16", 1 x 2, ["I16", "i2", "ShortStorage"];
    /// Unsigned, 32 bits.
    U32 = "u32", 1 x 4, ["U32", "u4"];
    /// Signed, 32 bits.
    I32 = "i32", 1 x 4, ["I32", "i4", "IntStorage", "QInt32Storage"];
    /// Unsigned, 64 bits.
    U64 = "u64", 1 x 8, ["U64"];
    /// Signed, 64 bits.
    I64 = "i64", 1 x 8, ["I64", "LongStorage"];
    /// Float of 8 bits, 4 of them for the exponent, without infinities (OCP 8-bit floating point).
    F8E4m3 = "f8_e4m3", 1 x 1, ["F8_E4M3", "Float8_e4m3fnStorage"];
    /// The same with another bias and one zero.
    F8E4m3Fnuz = "f8_e4m3fnuz", 1 x 1, ["F8_E4M3FNUZ", "Float8_e4m3fnuzStorage"];
    /// Float of 8 bits, 5 of them for the exponent.
    F8E5m2 = "f8_e5m2", 1 x 1, ["F8_E5M2", "Float8_e5m2Storage"];
    /// The same with another bias and one zero.
    F8E5m2Fnuz = "f8_e5m2fnuz", 1 x 1, ["F8_E5M2FNUZ", "Float8_e5m2fnuzStorage"];
    /// A power of two in 8 bits.
    F8E8m0 = "f8_e8m0", 1 x 1, ["F8_E8M0"];
    /// Half precision.
    F16 = "f16", 1 x 2, ["F16", "f2", "HalfStorage"];
    /// The upper half of single precision.
    Bf16 = "bf16", 1 x 2, ["BF16", "BFloat16Storage"];
    /// Single precision.
    F32 = "f32", 1 x 4, ["F32", "f4", "FloatStorage"];
    /// Double precision.
    F64 = "f64", 1 x 8, ["F64", "f8", "DoubleStorage"];
    /// Complex of two singles.
    C64 = "c64", 1 x 8, ["C64", "c8", "ComplexFloatStorage"];
    /// Complex of two doubles.
    C128 = "c128", 1 x 16, ["C128", "c16", "ComplexDoubleStorage"];
    /// 32 elements of 4 bits with a scale.
    Q4_0 = "q4_0", 32 x 18, ["Q4_0"];
    /// 32 elements of 4 bits with a scale and a minimum.
    Q4_1 = "q4_1", 32 x 20, ["Q4_1"];
    /// 32 elements of 5 bits with a scale.
    Q5_0 = "q5_0", 32 x 22, ["Q5_0"];
    /// 32 elements of 5 bits with a scale and a minimum.
    Q5_1 = "q5_1", 32 x 24, ["Q5_1"];
    /// 32 elements of 8 bits with a scale.
    Q8_0 = "q8_0", 32 x 34, ["Q8_0"];
    /// 32 elements of 8 bits with a scale and a sum.
    Q8_1 = "q8_1", 32 x 36, ["Q8_1"];
    /// 256 elements of 2 bits, scales and minima for 16 each.
    Q2K = "q2_k", 256 x 84, ["Q2_K"];
    /// 256 elements of 3 bits, scales for 16 each.
    Q3K = "q3_k", 256 x 110, ["Q3_K"];
    /// 256 elements of 4 bits, scales and minima for 32 each.
    Q4K = "q4_k", 256 x 144, ["Q4_K"];
    /// 256 elements of 5 bits, scales and minima for 32 each.
    Q5K = "q5_k", 256 x 176, ["Q5_K"];
    /// 256 elements of 6 bits, scales for 16 each.
    Q6K = "q6_k", 256 x 210, ["Q6_K"];
    /// 256 elements of 8 bits with a scale.
    Q8K = "q8_k", 256 x 292, ["Q8_K"];
    /// 32 elements of 4 bits that choose from a table, with a scale.
    Iq4Nl = "iq4_nl", 32 x 18, ["IQ4_NL"];
}

impl Element {
    /// Returns how many bytes `elements` take; `None` beyond 64 bits.
    pub fn bytes(self, elements: u64) -> Option<u64> {
        let (block, bytes) = self.block();
        elements.div_ceil(block).checked_mul(bytes)
    }

    /// Says whether elements stand in blocks that share a scale.
    pub fn is_quantised(self) -> bool {
        self.block().0 > 1
    }

    /// Says whether the values are floats of one element each.
    pub fn is_float(self) -> bool {
        matches!(
            self,
            Self::F8E4m3
                | Self::F8E4m3Fnuz
                | Self::F8E5m2
                | Self::F8E5m2Fnuz
                | Self::F8E8m0
                | Self::F16
                | Self::Bf16
                | Self::F32
                | Self::F64
        )
    }

    /// Says whether single precision cannot hold every value.
    pub fn is_wide(self) -> bool {
        matches!(
            self,
            Self::U32 | Self::I32 | Self::U64 | Self::I64 | Self::F64 | Self::C64 | Self::C128
        )
    }

    /// Returns how many bytes are one number, whose order can be the other way round.
    pub(crate) fn number_bytes(self) -> usize {
        match self {
            Self::U16 | Self::I16 | Self::F16 | Self::Bf16 => 2,
            Self::U32 | Self::I32 | Self::F32 | Self::C64 => 4,
            Self::U64 | Self::I64 | Self::F64 | Self::C128 => 8,
            _ => 1,
        }
    }

    /// Writes the values of `bytes`, whole blocks in the canonical order, to `out`; of a complex number the real part.
    pub(crate) fn decode(self, bytes: &[u8], out: &mut [f32]) {
        match self {
            Self::F32 => each::<4>(bytes, out, f32::from_le_bytes),
            Self::Bf16 => each::<2>(bytes, out, |two| {
                f32::from_bits(u32::from(u16::from_le_bytes(two)) << 16)
            }),
            Self::F16 => each::<2>(bytes, out, |two| f16(u16::from_le_bytes(two))),
            Self::Bool | Self::U8 => each::<1>(bytes, out, |[byte]| f32::from(byte)),
            Self::I8 => each::<1>(bytes, out, |[byte]| f32::from(i8::from_le_bytes([byte]))),
            Self::U16 => each::<2>(bytes, out, |two| f32::from(u16::from_le_bytes(two))),
            Self::I16 => each::<2>(bytes, out, |two| f32::from(i16::from_le_bytes(two))),
            Self::U32 => each::<4>(bytes, out, |four| single(f64::from(u32::from_le_bytes(four)))),
            Self::I32 => each::<4>(bytes, out, |four| single_of(i32::from_le_bytes(four))),
            Self::U64 => each::<8>(bytes, out, |eight| {
                single(crate::number::float(u64::from_le_bytes(eight)))
            }),
            Self::I64 => each::<8>(bytes, out, |eight| single_of_long(i64::from_le_bytes(eight))),
            Self::F64 => each::<8>(bytes, out, |eight| single(f64::from_le_bytes(eight))),
            Self::C64 => each::<8>(bytes, out, |[a, b, c, d, ..]| f32::from_le_bytes([a, b, c, d])),
            Self::C128 => each::<16>(bytes, out, |[a, b, c, d, e, f, g, h, ..]| {
                single(f64::from_le_bytes([a, b, c, d, e, f, g, h]))
            }),
            Self::F8E4m3 | Self::F8E4m3Fnuz | Self::F8E5m2 | Self::F8E5m2Fnuz | Self::F8E8m0 => {
                let table = small::table(self);
                each::<1>(bytes, out, |[byte]| {
                    table.get(usize::from(byte)).copied().unwrap_or(f32::NAN)
                });
            }
            _ => blocks::decode(self, bytes, |index, value, _| {
                if let Some(place) = out.get_mut(index) {
                    *place = value;
                }
            }),
        }
    }

    /// Writes how far apart neighbouring values of a quantised type are, element by element.
    pub(crate) fn steps(self, bytes: &[u8], out: &mut [f32]) {
        blocks::decode(self, bytes, |index, _, step| {
            if let Some(place) = out.get_mut(index) {
                *place = step.abs();
            }
        });
    }

    /// Rounds a value as a conversion to this type does, and returns what is read back.
    pub(crate) fn round(self, value: f32) -> f32 {
        match self {
            Self::F16 => f16(round_f16(value)),
            Self::Bf16 => f32::from_bits(u32::from(round_bf16(value)) << 16),
            Self::F8E4m3 | Self::F8E4m3Fnuz | Self::F8E5m2 | Self::F8E5m2Fnuz => {
                small::nearest(small::table(self), value)
            }
            _ => value,
        }
    }

    /// Says what bound the error of this scheme has, in steps, and what share of elements may lie beyond.
    pub(crate) fn tolerance(self) -> Option<(f32, f64)> {
        Some(match self {
            // The end of the range without a code of its own lies one step off.
            Self::Q4_0 => (1.02, 0.0),
            Self::Q5_0 => (1.04, 0.0),
            Self::Q4_1 | Self::Q5_1 => (0.56, 0.0),
            Self::Q8_0 | Self::Q8_1 => (0.6, 0.0),
            Self::Q8K => (1.05, 0.0005),
            // Scales are searched for: some elements are clipped for the good of the others.
            Self::Q6K | Self::Q5K => (1.6, 0.005),
            Self::Q4K | Self::Iq4Nl => (1.6, 0.01),
            Self::Q3K => (1.6, 0.03),
            Self::Q2K => (1.6, 0.05),
            _ => return None,
        })
    }

    /// Returns the largest relative distance that the scheme explains for weights that are spread like a bell.
    pub(crate) fn relative_error(self) -> Option<f64> {
        Some(match self {
            Self::Q2K => 0.45,
            Self::Q3K => 0.22,
            Self::Q4_0 | Self::Q4_1 | Self::Q4K | Self::Iq4Nl => 0.15,
            Self::Q5_0 | Self::Q5_1 | Self::Q5K => 0.075,
            Self::Q6K => 0.04,
            Self::Q8_0 | Self::Q8_1 | Self::Q8K => 0.012,
            Self::I8 | Self::U8 => 0.05,
            Self::F8E4m3 | Self::F8E4m3Fnuz => 0.06,
            Self::F8E5m2 | Self::F8E5m2Fnuz => 0.12,
            _ => return None,
        })
    }
}

/// Shows the type of a tensor: one that is known, or the container's own word.
pub(crate) fn shown(element: Option<Element>, word: &str) -> Cow<'_, str> {
    match element {
        Some(element) => Cow::Borrowed(element.as_str()),
        None => Cow::Owned(word.to_ascii_lowercase()),
    }
}

fn each<const N: usize>(bytes: &[u8], out: &mut [f32], value: impl Fn([u8; N]) -> f32) {
    let (pieces, _) = bytes.as_chunks::<N>();
    for (place, piece) in out.iter_mut().zip(pieces) {
        *place = value(*piece);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_containers_lead_to_one_type() {
        for (name, element) in [
            ("BF16", Element::Bf16),
            ("f2", Element::F16),
            ("HalfStorage", Element::F16),
            ("Q4_K", Element::Q4K),
        ] {
            assert_eq!(Element::parse(name), Some(element));
        }
        for element in Element::ALL {
            assert_eq!(Element::parse(element.as_str()), Some(*element));
        }
        assert_eq!(Element::parse("IQ2_XXS"), None);
    }

    #[test]
    fn numbers_are_read() {
        let mut out = [0.0; 2];
        Element::F16.decode(&[0x00, 0x3c, 0x01, 0x80], &mut out);
        assert_eq!(out[0].to_bits(), 1.0_f32.to_bits());
        assert_eq!(out[1].to_bits(), (-5.960_464_5e-8_f32).to_bits());
        Element::I16.decode(&[0xff, 0xff, 0x02, 0x00], &mut out);
        assert_eq!(out.map(f32::to_bits), [-1.0_f32, 2.0].map(f32::to_bits));
    }

    #[test]
    fn rounding_gives_what_is_read_back() {
        for (element, value, wanted) in [
            (Element::F16, 1.000_3, 1.0),
            (Element::Bf16, 1.003, 1.0),
            (Element::Bf16, 1.01, 1.007_812_5),
            (Element::F8E4m3, 0.07, 0.070_312_5),
            (Element::F32, 0.1, 0.1),
        ] {
            assert_eq!(
                element.round(value).to_bits(),
                f32::to_bits(wanted),
                "{element:?}"
            );
        }
    }
}
