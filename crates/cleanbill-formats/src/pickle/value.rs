//! The values of the abstract interpreter, packed in eight bytes so that a memo of millions of entries stays small.

/// Names a call recorded by the interpreter.
pub type CallId = u32;
/// Names an import recorded by the interpreter.
pub type ImportId = u32;

/// What the interpreter knows of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Value {
    /// A `MARK` on the stack.
    Mark,
    None,
    Bool(bool),
    /// An integer of at most 56 bits.
    Int(i64),
    /// A longer integer; where its opcode stands.
    BigInt(u64),
    Float,
    /// A text; where its opcode stands.
    Text(u64),
    /// A byte string; where its opcode stands.
    Bytes(u64),
    List,
    Dict,
    Set,
    /// A tuple; its number in the order of making.
    Tuple(u64),
    Import(ImportId),
    /// What a call returned.
    Result(CallId),
    /// What a persistent id stands for.
    Persistent,
    /// An out-of-band buffer.
    Buffer,
    /// Not known.
    Unresolved,
}

/// A [`Value`] in eight bytes: a tag in the highest, the number in the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Packed(u64);

/// Largest number that fits beside the tag.
const NUMBER_MASK: u64 = 0x00ff_ffff_ffff_ffff;

impl Packed {
    /// A packed [`Value::Mark`].
    pub(super) const MARK: Self = Self(0);

    fn new(tag: u8, number: u64) -> Self {
        Self(u64::from(tag).rotate_right(8) | (number & NUMBER_MASK))
    }

    fn number(self) -> u64 {
        self.0 & NUMBER_MASK
    }

    fn tag(self) -> u8 {
        let [tag, ..] = self.0.to_be_bytes();
        tag
    }
}

impl From<Value> for Packed {
    fn from(value: Value) -> Self {
        match value {
            Value::Mark => Self::new(0, 0),
            Value::None => Self::new(1, 0),
            Value::Bool(value) => Self::new(2, u64::from(value)),
            Value::Int(number) => Self::new(3, u64::from_ne_bytes(number.to_ne_bytes())),
            Value::BigInt(offset) => Self::new(4, offset),
            Value::Float => Self::new(5, 0),
            Value::Text(offset) => Self::new(6, offset),
            Value::Bytes(offset) => Self::new(7, offset),
            Value::List => Self::new(8, 0),
            Value::Dict => Self::new(9, 0),
            Value::Set => Self::new(10, 0),
            Value::Tuple(number) => Self::new(11, number),
            Value::Import(id) => Self::new(12, u64::from(id)),
            Value::Result(id) => Self::new(13, u64::from(id)),
            Value::Persistent => Self::new(14, 0),
            Value::Buffer => Self::new(15, 0),
            Value::Unresolved => Self::new(16, 0),
        }
    }
}

impl From<Packed> for Value {
    fn from(packed: Packed) -> Self {
        let number = packed.number();
        let id = u32::try_from(number).unwrap_or(u32::MAX);
        match packed.tag() {
            0 => Self::Mark,
            1 => Self::None,
            2 => Self::Bool(number != 0),
            3 => {
                // The 56 bits carry a sign.
                let shifted = i64::from_ne_bytes(number.wrapping_shl(8).to_ne_bytes());
                Self::Int(shifted.wrapping_shr(8))
            }
            4 => Self::BigInt(number),
            5 => Self::Float,
            6 => Self::Text(number),
            7 => Self::Bytes(number),
            8 => Self::List,
            9 => Self::Dict,
            10 => Self::Set,
            11 => Self::Tuple(number),
            12 => Self::Import(id),
            13 => Self::Result(id),
            14 => Self::Persistent,
            15 => Self::Buffer,
            _ => Self::Unresolved,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_loses_nothing() {
        let values = [
            Value::Mark,
            Value::None,
            Value::Bool(true),
            Value::Int(-5),
            Value::Int(i64::MAX >> 8),
            Value::BigInt(1 << 50),
            Value::Text(77),
            Value::Bytes(1 << 40),
            Value::Tuple(9),
            Value::Import(3),
            Value::Result(u32::MAX),
            Value::Persistent,
            Value::Unresolved,
        ];
        for value in values {
            assert_eq!(Value::from(Packed::from(value)), value);
        }
        assert_eq!(size_of::<Packed>(), 8);
    }
}
