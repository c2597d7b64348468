//! Numbers and lists of the metadata.

/// Holds a number or truth value of the metadata.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// A whole number without sign.
    Unsigned(u64),
    /// A whole number with sign.
    Signed(i64),
    /// A number with a point, of 32 bits.
    Single(f32),
    /// A number with a point, of 64 bits.
    Double(f64),
    /// A truth value.
    Truth(bool),
}

/// Holds one number of the metadata.
#[derive(Clone, Debug, PartialEq)]
pub struct MetadataNumber {
    /// Key.
    pub key: String,
    /// Value.
    pub value: Number,
}

/// Names one list of the metadata.
#[derive(Clone, Debug, PartialEq)]
pub struct MetadataList {
    /// Key.
    pub key: String,
    /// How many elements it has.
    pub count: u64,
    /// Its numbers; empty for texts, inner lists and long lists.
    pub numbers: Vec<Number>,
}

impl Number {
    /// Reads the bytes of a number of type `kind`; `None` where they do not fit it.
    pub(super) fn read(kind: u32, bytes: &[u8], big_endian: bool) -> Option<Self> {
        let mut wide = [0_u8; 8];
        let mut ordered = bytes.to_vec();
        if big_endian {
            ordered.reverse();
        }
        wide.get_mut(..ordered.len())?.copy_from_slice(&ordered);
        let unsigned = u64::from_le_bytes(wide);
        let signed = |bits: u32| {
            let shift = 64_u32.checked_sub(bits)?;
            i64::from_le_bytes(unsigned.checked_shl(shift)?.to_le_bytes()).checked_shr(shift)
        };
        let least = |count: usize| (ordered.len() == count).then_some(());
        Some(match kind {
            0 => least(1).map(|()| Self::Unsigned(unsigned))?,
            1 => least(1).and_then(|()| signed(8)).map(Self::Signed)?,
            2 => least(2).map(|()| Self::Unsigned(unsigned))?,
            3 => least(2).and_then(|()| signed(16)).map(Self::Signed)?,
            4 => least(4).map(|()| Self::Unsigned(unsigned))?,
            5 => least(4).and_then(|()| signed(32)).map(Self::Signed)?,
            6 => Self::Single(f32::from_le_bytes(*ordered.first_chunk::<4>()?)),
            7 => least(1).map(|()| Self::Truth(unsigned != 0))?,
            10 => least(8).map(|()| Self::Unsigned(unsigned))?,
            11 => least(8).and_then(|()| signed(64)).map(Self::Signed)?,
            12 => Self::Double(f64::from_le_bytes(wide)),
            _ => return None,
        })
    }

    /// Returns the number where it is whole and not below zero.
    pub fn as_count(self) -> Option<u64> {
        match self {
            Self::Unsigned(value) => Some(value),
            Self::Signed(value) => u64::try_from(value).ok(),
            Self::Single(_) | Self::Double(_) | Self::Truth(_) => None,
        }
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unsigned(value) => write!(formatter, "{value}"),
            Self::Signed(value) => write!(formatter, "{value}"),
            Self::Single(value) => write!(formatter, "{value:?}"),
            Self::Double(value) => write!(formatter, "{value:?}"),
            Self::Truth(value) => write!(formatter, "{value}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_by_their_type_and_order() {
        for (kind, bytes, big_endian, expected) in [
            (0, &[255_u8][..], false, Some(Number::Unsigned(255))),
            (1, &[255], false, Some(Number::Signed(-1))),
            (3, &[0xff, 0xfe], true, Some(Number::Signed(-2))),
            (4, &[0, 0, 8, 0], true, Some(Number::Unsigned(2_048))),
            (5, &[0xfe, 0xff, 0xff, 0xff], false, Some(Number::Signed(-2))),
            (6, &[0, 0, 0x80, 0x3f], false, Some(Number::Single(1.0))),
            (7, &[1], false, Some(Number::Truth(true))),
            (
                10,
                &[0, 0, 0, 0, 0, 0, 0, 0x80],
                false,
                Some(Number::Unsigned(1 << 63)),
            ),
            (11, &[255; 8], false, Some(Number::Signed(-1))),
            (
                12,
                &[0, 0, 0, 0, 0, 0, 0xf0, 0x3f],
                false,
                Some(Number::Double(1.0)),
            ),
            (8, &[0; 8], false, None),
            (4, &[0, 0], false, None),
        ] {
            assert_eq!(Number::read(kind, bytes, big_endian), expected, "{kind}");
        }
        assert_eq!(Number::Single(1e-5).to_string(), "1e-5");
        assert_eq!(Number::Signed(-1).as_count(), None);
    }
}
