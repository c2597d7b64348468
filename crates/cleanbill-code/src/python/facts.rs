//! What reading a program yields.

use std::ops::Range;

/// Holds what a program does, as far as its text shows.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// Modules and names that it imports.
    pub imports: Vec<Import>,
    /// Calls of callables that the caller of [`super::read`] asked for.
    pub calls: Vec<Call>,
    /// Names of classes and what they derive from.
    pub classes: Vec<Class>,
    /// Names that are plain only after Python folds them.
    pub disguised: Vec<(String, Range<usize>)>,
    /// Where and why it was not read whole, the first of each kind.
    pub troubles: Vec<Trouble>,
    /// It is written for Python 2.
    pub python2: bool,
    /// Sources found in constants that it runs.
    pub nested: usize,
    /// Statements that run when it is imported and do more than define things.
    pub statements: usize,
}

/// Says where reading failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Byte in the text.
    pub at: usize,
    /// What is wrong there.
    pub kind: TroubleKind,
}

/// Says why something was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TroubleKind {
    /// It is no Python that we know.
    Syntax,
    /// It nests deeper than a limit.
    TooDeep,
    /// A limit of work was reached.
    TooMuch,
}

/// An import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// Dotted name of the module, and of the name in it where one is named.
    pub name: String,
    /// Where it stands.
    pub range: Range<usize>,
    /// When it runs.
    pub place: Place,
}

/// A class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// Its name.
    pub name: String,
    /// Dotted names of its bases, as far as known.
    pub bases: Vec<String>,
}

/// Says when code runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// When somebody calls it.
    Function,
    /// When the file is run as a program.
    Main,
    /// When a library loads or uses what the file defines: constructors, `forward`, hooks.
    Load,
    /// When the file is imported.
    Import,
}

/// A call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Dotted name of what is called, aliases resolved; `()` marks results: `socket.socket().connect`.
    pub callee: String,
    /// What the callee was made of.
    pub traits: Traits,
    /// Its arguments.
    pub arguments: Vec<Argument>,
    /// Where it stands; for nested sources, the call that runs them.
    pub range: Range<usize>,
    /// When it runs.
    pub place: Place,
    /// How many times its text was packed into a constant.
    pub level: u32,
    /// Number of the function that it stands in, 0 outside of functions.
    pub function: usize,
}

impl Call {
    /// Returns the argument of that name or, where `place` is given, at that place.
    pub fn argument(&self, name: &str, place: Option<usize>) -> Option<&Argument> {
        let named = |argument: &&Argument| argument.name.as_deref() == Some(name);
        let placed = || {
            let mut unnamed = self.arguments.iter().filter(|argument| argument.name.is_none());
            place.and_then(|place| unnamed.nth(place))
        };
        self.arguments.iter().find(named).or_else(placed)
    }

    /// Returns what all arguments were made of.
    pub fn argument_traits(&self) -> Traits {
        self.arguments
            .iter()
            .fold(Traits::default(), |all, argument| all.with(argument.traits))
    }
}

/// An argument of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// Its name, where it has one.
    pub name: Option<String>,
    /// Its value, as far as known.
    pub value: Shown,
    /// What it was made of.
    pub traits: Traits,
    /// The path or address that its content comes from, where known.
    pub origin: Option<String>,
}

/// A value, as far as known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Nothing is known.
    Unknown,
    /// A text or bytes.
    Text(String),
    /// A whole number.
    Number(i64),
    /// `True` or `False`.
    Truth(bool),
    /// `None`.
    Nothing,
    /// Something imported, or the result of calling it.
    Name(String),
    /// A list, tuple or set, its first values.
    List(Vec<Self>),
    /// A dictionary, its first entries.
    Dictionary(Vec<(Self, Self)>),
    /// A function or class of the program itself.
    Own(String),
}

impl Shown {
    /// Returns the text, where it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Says what a value was made of; several may be true.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Traits(u16);

impl Traits {
    /// Decoded or decompressed.
    pub const DECODED: Self = Self(1);
    /// Came over the network.
    pub const FETCHED: Self = Self(1 << 1);
    /// A credential: a variable, a file or a store of such a name.
    pub const SECRET: Self = Self(1 << 2);
    /// All variables of the environment.
    pub const ENVIRONMENT: Self = Self(1 << 3);
    /// Content of a file.
    pub const FILE: Self = Self(1 << 4);
    /// Put together from numbers of characters or by arithmetic.
    pub const CRAFTED: Self = Self(1 << 5);
    /// A text computed from constants.
    pub const COMPUTED: Self = Self(1 << 6);
    /// A name found by text: `getattr`, `__import__`, `globals()[...]`.
    pub const INDIRECT: Self = Self(1 << 7);
    /// Tells about this machine or its user.
    pub const MACHINE: Self = Self(1 << 8);
    /// Output of another program.
    pub const OUTPUT: Self = Self(1 << 9);
    /// Typed by a person or given as an argument of the program.
    pub const INPUT: Self = Self(1 << 10);
    /// A credential out of a file or store, not of one variable.
    pub const STORE: Self = Self(1 << 11);

    /// Joins both.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Takes away what `other` has.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Says whether it has one of those in `other`.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}
