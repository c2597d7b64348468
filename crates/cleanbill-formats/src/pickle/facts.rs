//! What the interpreter yields: imports, calls, and what could not be resolved.

use std::ops::Range;

pub use super::value::{CallId, ImportId};

/// Says how an import was named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Named {
    /// `GLOBAL`: two lines in the stream.
    Global,
    /// `INST`: two lines in the stream, called at once.
    Instance,
    /// `STACK_GLOBAL`: two texts on the stack.
    StackGlobal,
}

/// Tells of one callable or other global that loading imports. The same name counts once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// Module as the stream names it, undecodable bytes replaced.
    pub module: String,
    /// Name within the module, with dots where attributes are followed.
    pub name: String,
    /// How it was named first.
    pub how: Named,
    /// Where it was named first.
    pub range: Range<u64>,
    /// How often it was named.
    pub count: u64,
    /// Protocol declared before it; names of Python 2 are translated by loaders below protocol 3.
    pub protocol: u8,
}

/// Says which opcode made a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallKind {
    /// `REDUCE`: the callable is called with the arguments.
    Reduce,
    /// `OBJ` or `INST`: the class is called with the arguments.
    Instantiate,
    /// `NEWOBJ` or `NEWOBJ_EX`: the class's `__new__` is called with the arguments.
    New,
    /// `BUILD`: the object is given a state, through `__setstate__` where it has one.
    Build,
    /// `APPEND(S)`, `SETITEM(S)`, `ADDITEMS` on an object that is not a plain container.
    Extend,
}

impl CallKind {
    /// Returns the words for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reduce => "REDUCE",
            Self::Instantiate => "OBJ/INST",
            Self::New => "NEWOBJ",
            Self::Build => "BUILD",
            Self::Extend => "APPENDS/SETITEMS",
        }
    }
}

/// Tells what is known of a callable, an argument or an object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Operand {
    /// `None`, a truth value or a number.
    Scalar,
    /// A text; `None` where it was too long, or where the same call was seen with too many different ones.
    Text(Option<String>),
    /// A byte string.
    Bytes,
    /// A plain list, dict, set or frozenset.
    Container,
    /// A tuple; `complete` is false where it has more items than are kept.
    Tuple {
        /// First items.
        items: Vec<Self>,
        /// Whether these are all of them.
        complete: bool,
    },
    /// An imported global.
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

/// Tells of one call. Calls of one callable with the same kind of arguments count once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// What is called, built or extended.
    pub callee: Operand,
    /// Which opcode did it.
    pub kind: CallKind,
    /// Its arguments: for `Reduce` and its kin usually one tuple's items, for `Build` the state.
    pub arguments: Vec<Operand>,
    /// Whether these are all arguments.
    pub complete: bool,
    /// Where the opcode stands first.
    pub range: Range<u64>,
    /// How often the call was made.
    pub count: u64,
}

/// Says what could not be resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unresolved {
    /// `STACK_GLOBAL` on values that are not literal texts: the name is computed while loading.
    ComputedName,
    /// An extension code: the callable stands in the loader's own registry.
    ExtensionCode,
    /// The name is longer than the limit.
    LongName,
}

/// Tells of a persistent storage that PyTorch loads from elsewhere in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storage {
    /// Key of the storage.
    pub key: String,
    /// Bytes of one element; `None` where the storage class is not known.
    pub element_bytes: Option<u64>,
    /// Number of elements.
    pub elements: u64,
}

/// Says how a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ending {
    /// At `STOP`.
    Stop,
    /// The input ended first.
    Truncated,
    /// At something that no loader accepts.
    Malformed,
    /// At one of our limits.
    Limit,
}

/// Tells of one pickle of an input that may hold several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Its bytes.
    pub range: Range<u64>,
    /// Highest protocol declared.
    pub protocol: u8,
    /// Number of opcodes interpreted.
    pub opcodes: u64,
    /// How it ended.
    pub ending: Ending,
}
