//! Reads one opcode with its argument, as CPython's `pickletools` names them (PEP 3154, PEP 574, `Lib/pickletools.py`).

use std::ops::Range;

use crate::bytes::{Cursor, ReadError};

/// Declares every opcode: its byte, its name, how its argument is laid out.
macro_rules! opcodes {
    ($($name:ident = $code:literal, $layout:ident;)*) => {
        $(
            #[doc = concat!("Opcode `", stringify!($name), "`.")]
            pub(super) const $name: u8 = $code;
        )*

        /// Returns how the argument of `code` is laid out, or `None` where no protocol has such an opcode.
        pub(super) fn layout(code: u8) -> Option<Layout> {
            match code {
                $($code => Some(Layout::$layout),)*
                _ => None,
            }
        }

        /// Returns the name of an opcode, as `pickletools` spells it.
        pub fn opcode_name(code: u8) -> Option<&'static str> {
            match code {
                $($code => Some(stringify!($name)),)*
                _ => None,
            }
        }
    };
}

/// Says how an opcode's argument is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    Nothing,
    Byte,
    Two,
    Four,
    FourSigned,
    Eight,
    Float,
    Line,
    TwoLines,
    Counted1,
    Counted4,
    Counted4Signed,
    Counted8,
}

opcodes! {
    MARK = b'(', Nothing;
    STOP = b'.', Nothing;
    POP = b'0', Nothing;
    POP_MARK = b'1', Nothing;
    DUP = b'2', Nothing;
    FLOAT = b'F', Line;
    INT = b'I', Line;
    BININT = b'J', FourSigned;
    BININT1 = b'K', Byte;
    LONG = b'L', Line;
    BININT2 = b'M', Two;
    NONE = b'N', Nothing;
    PERSID = b'P', Line;
    BINPERSID = b'Q', Nothing;
    REDUCE = b'R', Nothing;
    STRING = b'S', Line;
    BINSTRING = b'T', Counted4Signed;
    SHORT_BINSTRING = b'U', Counted1;
    UNICODE = b'V', Line;
    BINUNICODE = b'X', Counted4;
    APPEND = b'a', Nothing;
    BUILD = b'b', Nothing;
    GLOBAL = b'c', TwoLines;
    DICT = b'd', Nothing;
    EMPTY_DICT = b'}', Nothing;
    APPENDS = b'e', Nothing;
    GET = b'g', Line;
    BINGET = b'h', Byte;
    INST = b'i', TwoLines;
    LONG_BINGET = b'j', Four;
    LIST = b'l', Nothing;
    EMPTY_LIST = b']', Nothing;
    OBJ = b'o', Nothing;
    PUT = b'p', Line;
    BINPUT = b'q', Byte;
    LONG_BINPUT = b'r', Four;
    SETITEM = b's', Nothing;
    TUPLE = b't', Nothing;
    EMPTY_TUPLE = b')', Nothing;
    SETITEMS = b'u', Nothing;
    BINFLOAT = b'G', Float;
    BINBYTES = b'B', Counted4;
    SHORT_BINBYTES = b'C', Counted1;
    PROTO = 0x80, Byte;
    NEWOBJ = 0x81, Nothing;
    EXT1 = 0x82, Byte;
    EXT2 = 0x83, Two;
    EXT4 = 0x84, FourSigned;
    TUPLE1 = 0x85, Nothing;
    TUPLE2 = 0x86, Nothing;
    TUPLE3 = 0x87, Nothing;
    NEWTRUE = 0x88, Nothing;
    NEWFALSE = 0x89, Nothing;
    LONG1 = 0x8a, Counted1;
    LONG4 = 0x8b, Counted4Signed;
    SHORT_BINUNICODE = 0x8c, Counted1;
    BINUNICODE8 = 0x8d, Counted8;
    BINBYTES8 = 0x8e, Counted8;
    EMPTY_SET = 0x8f, Nothing;
    ADDITEMS = 0x90, Nothing;
    FROZENSET = 0x91, Nothing;
    NEWOBJ_EX = 0x92, Nothing;
    STACK_GLOBAL = 0x93, Nothing;
    MEMOIZE = 0x94, Nothing;
    FRAME = 0x95, Eight;
    BYTEARRAY8 = 0x96, Counted8;
    NEXT_BUFFER = 0x97, Nothing;
    READONLY_BUFFER = 0x98, Nothing;
}

/// Holds an opcode's argument: numbers by value, everything else by where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    /// The opcode has none.
    Nothing,
    /// A number.
    Number(i64),
    /// Payload bytes, passed over unread.
    Payload(Range<u64>),
    /// A line without its line feed.
    Line(Range<u64>),
    /// Two lines without their line feeds.
    Lines(Range<u64>, Range<u64>),
}

/// Holds one opcode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opcode {
    /// The opcode byte.
    pub code: u8,
    /// Offset of the opcode byte.
    pub start: u64,
    /// Its argument.
    pub argument: Argument,
}

/// Says why no opcode could be read.
#[derive(Debug)]
pub enum OpcodeError {
    /// No protocol has such an opcode.
    Unknown {
        /// The byte.
        code: u8,
    },
    /// A length is negative.
    NegativeLength,
    /// The input ends inside it.
    Truncated,
    /// The source failed.
    Source(crate::bytes::SourceError),
}

impl From<ReadError> for OpcodeError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Source(error) => Self::Source(error),
            ReadError::Truncated { .. } => Self::Truncated,
        }
    }
}

/// Reads the opcode at the cursor; payloads are passed over, not read.
pub fn read_opcode(cursor: &mut Cursor<'_>) -> Result<Opcode, OpcodeError> {
    let start = cursor.position();
    let code = cursor.u8()?;
    let argument = match layout(code).ok_or(OpcodeError::Unknown { code })? {
        Layout::Nothing => Argument::Nothing,
        Layout::Byte => Argument::Number(i64::from(cursor.u8()?)),
        Layout::Two => Argument::Number(i64::from(cursor.u16_le()?)),
        Layout::Four => Argument::Number(i64::from(cursor.u32_le()?)),
        Layout::FourSigned => Argument::Number(i64::from(i32::from_le_bytes(cursor.array()?))),
        Layout::Eight => Argument::Number(i64::from_le_bytes(cursor.array()?)),
        Layout::Float => {
            cursor.skip(8)?;
            Argument::Nothing
        }
        Layout::Line => Argument::Line(cursor.line()?.ok_or(OpcodeError::Truncated)?),
        Layout::TwoLines => {
            let first = cursor.line()?.ok_or(OpcodeError::Truncated)?;
            let second = cursor.line()?.ok_or(OpcodeError::Truncated)?;
            Argument::Lines(first, second)
        }
        Layout::Counted1 => {
            let length = u64::from(cursor.u8()?);
            payload(cursor, length)?
        }
        Layout::Counted4 => {
            let length = u64::from(cursor.u32_le()?);
            payload(cursor, length)?
        }
        Layout::Counted4Signed => {
            let length = i32::from_le_bytes(cursor.array()?);
            payload(
                cursor,
                u64::try_from(length).map_err(|_| OpcodeError::NegativeLength)?,
            )?
        }
        Layout::Counted8 => {
            let length = cursor.u64_le()?;
            payload(cursor, length)?
        }
    };
    Ok(Opcode {
        code,
        start,
        argument,
    })
}

fn payload(cursor: &mut Cursor<'_>, length: u64) -> Result<Argument, OpcodeError> {
    let start = cursor.position();
    cursor.skip(length)?;
    Ok(Argument::Payload(start..cursor.position()))
}
