//! Every opcode of pickle protocols 0 to 5, with the names that Python's `pickletools` uses.

/// Says what follows an opcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// Nothing.
    None,
    /// One byte.
    U8,
    /// Two bytes, little-endian.
    U16,
    /// Four bytes, little-endian, signed.
    I32,
    /// Four bytes, little-endian.
    U32,
    /// Eight bytes, big-endian IEEE 754.
    F64,
    /// Text up to a line feed.
    Line,
    /// Two texts, each up to a line feed.
    TwoLines,
    /// Bytes after a length of one byte.
    Counted1,
    /// Bytes after a length of four bytes.
    Counted4,
    /// Bytes after a length of eight bytes.
    Counted8,
    /// An integer in two's complement after a length of one byte.
    Long1,
    /// An integer in two's complement after a length of four bytes.
    Long4,
    /// The length of a frame, eight bytes.
    Frame,
}

/// Describes one opcode.
#[derive(Clone, Copy, Debug)]
pub struct Opcode {
    /// The byte.
    pub code: u8,
    /// The name.
    pub name: &'static str,
    /// What follows.
    pub argument: Argument,
    /// The protocol that brought it.
    pub protocol: u8,
}

macro_rules! opcodes {
    ($(($code:literal, $name:literal, $argument:ident, $protocol:literal);)*) => {
        /// Lists every opcode, in the order of `pickletools`.
        pub static OPCODES: &[Opcode] = &[
            $(Opcode { code: $code, name: $name, argument: Argument::$argument, protocol: $protocol },)*
        ];
    };
}

opcodes! {
    (0x49, "INT", Line, 0);
    (0x4a, "BININT", I32, 1);
    (0x4b, "BININT1", U8, 1);
    (0x4d, "BININT2", U16, 1);
    (0x4c, "LONG", Line, 0);
    (0x8a, "LONG1", Long1, 2);
    (0x8b, "LONG4", Long4, 2);
    (0x53, "STRING", Line, 0);
    (0x54, "BINSTRING", Counted4, 1);
    (0x55, "SHORT_BINSTRING", Counted1, 1);
    (0x42, "BINBYTES", Counted4, 3);
    (0x43, "SHORT_BINBYTES", Counted1, 3);
    (0x8e, "BINBYTES8", Counted8, 4);
    (0x96, "BYTEARRAY8", Counted8, 5);
    (0x97, "NEXT_BUFFER", None, 5);
    (0x98, "READONLY_BUFFER", None, 5);
    (0x4e, "NONE", None, 0);
    (0x88, "NEWTRUE", None, 2);
    (0x89, "NEWFALSE", None, 2);
    (0x56, "UNICODE", Line, 0);
    (0x8c, "SHORT_BINUNICODE", Counted1, 4);
    (0x58, "BINUNICODE", Counted4, 1);
    (0x8d, "BINUNICODE8", Counted8, 4);
    (0x46, "FLOAT", Line, 0);
    (0x47, "BINFLOAT", F64, 1);
    (0x5d, "EMPTY_LIST", None, 1);
    (0x61, "APPEND", None, 0);
    (0x65, "APPENDS", None, 1);
    (0x6c, "LIST", None, 0);
    (0x29, "EMPTY_TUPLE", None, 1);
    (0x74, "TUPLE", None, 0);
    (0x85, "TUPLE1", None, 2);
    (0x86, "TUPLE2", None, 2);
    (0x87, "TUPLE3", None, 2);
    (0x7d, "EMPTY_DICT", None, 1);
    (0x64, "DICT", None, 0);
    (0x73, "SETITEM", None, 0);
    (0x75, "SETITEMS", None, 1);
    (0x8f, "EMPTY_SET", None, 4);
    (0x90, "ADDITEMS", None, 4);
    (0x91, "FROZENSET", None, 4);
    (0x30, "POP", None, 0);
    (0x32, "DUP", None, 0);
    (0x28, "MARK", None, 0);
    (0x31, "POP_MARK", None, 1);
    (0x67, "GET", Line, 0);
    (0x68, "BINGET", U8, 1);
    (0x6a, "LONG_BINGET", U32, 1);
    (0x70, "PUT", Line, 0);
    (0x71, "BINPUT", U8, 1);
    (0x72, "LONG_BINPUT", U32, 1);
    (0x94, "MEMOIZE", None, 4);
    (0x82, "EXT1", U8, 2);
    (0x83, "EXT2", U16, 2);
    (0x84, "EXT4", I32, 2);
    (0x63, "GLOBAL", TwoLines, 0);
    (0x93, "STACK_GLOBAL", None, 4);
    (0x52, "REDUCE", None, 0);
    (0x62, "BUILD", None, 0);
    (0x69, "INST", TwoLines, 0);
    (0x6f, "OBJ", None, 1);
    (0x81, "NEWOBJ", None, 2);
    (0x92, "NEWOBJ_EX", None, 4);
    (0x80, "PROTO", U8, 2);
    (0x2e, "STOP", None, 0);
    (0x95, "FRAME", Frame, 4);
    (0x50, "PERSID", Line, 0);
    (0x51, "BINPERSID", None, 1);
}

pub(crate) fn by_name(name: &str) -> Option<&'static Opcode> {
    OPCODES.iter().find(|opcode| opcode.name == name)
}

pub(crate) fn by_code(code: u8) -> Option<&'static Opcode> {
    OPCODES.iter().find(|opcode| opcode.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_are_unique() {
        assert_eq!(OPCODES.len(), 68);
        for opcode in OPCODES {
            assert_eq!(by_code(opcode.code).map(|found| found.name), Some(opcode.name));
            assert_eq!(by_name(opcode.name).map(|found| found.code), Some(opcode.code));
        }
    }
}
