//! The tree that the parser makes: expressions in one list, which refer to each other by number, so that nothing is
//! dropped or copied recursively; statements nest as far as indentation does.

use std::{borrow::Cow, ops::Range};

/// Number of an expression in [`Tree::nodes`].
pub(super) type Id = usize;

/// Holds an expression, where it stands and how many expressions nest in it.
#[derive(Debug)]
pub(super) struct Node<'a> {
    pub(super) expression: Expression<'a>,
    pub(super) range: Range<usize>,
    pub(super) depth: u32,
}

/// An argument of a call.
#[derive(Debug)]
pub(super) struct Argument<'a> {
    pub(super) how: How<'a>,
    pub(super) value: Id,
}

/// Says how an argument is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How<'a> {
    Place,
    Name(&'a str),
    Star,
    Stars,
}

/// `for target in items if conditions` of a comprehension.
#[derive(Debug)]
pub(super) struct Clause {
    pub(super) target: Id,
    pub(super) items: Id,
    pub(super) conditions: Vec<Id>,
}

/// One expression.
#[derive(Debug)]
pub(super) enum Expression<'a> {
    Name(Cow<'a, str>),
    Text(String),
    Bytes(Vec<u8>),
    Number(Option<i64>),
    True,
    False,
    None,
    Format(Vec<Id>),
    Attribute(Id, Cow<'a, str>),
    Item(Id, Id),
    Slice([Option<Id>; 3]),
    Call(Id, Vec<Argument<'a>>),
    /// Operators of one rank, left to right.
    Chain(Id, Vec<(Operator, Id)>),
    Unary(Operator, Id),
    /// Test, then, otherwise.
    Choice(Id, Id, Id),
    Lambda(Vec<Parameter<'a>>, Id),
    List(Vec<Id>),
    Dictionary(Vec<(Option<Id>, Id)>),
    /// Element, value of a dictionary.
    Comprehension(Id, Option<Id>, Vec<Clause>),
    Star(Id),
    /// `await`, `yield` and brackets for one effect.
    Wrap(Option<Id>),
    Bind(Cow<'a, str>, Id),
    /// `a as b`, where a `with` has brackets, and in patterns.
    As(Id, Id),
    /// What could not be read.
    Unread,
}

/// An operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Remainder,
    Power,
    Matrix,
    And,
    Or,
    Xor,
    BitAnd,
    BitOr,
    Left,
    Right,
    Compare,
    Not,
    Invert,
}

/// A parameter of a function, with its default value.
#[derive(Clone, Debug)]
pub(super) struct Parameter<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) default: Option<Id>,
    pub(super) stars: u8,
}

/// A function.
#[derive(Debug)]
pub(super) struct Function<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) parameters: Vec<Parameter<'a>>,
    pub(super) decorators: Vec<Id>,
    pub(super) annotations: Vec<Id>,
    pub(super) body: Vec<Statement<'a>>,
}

/// A class.
#[derive(Debug)]
pub(super) struct Class<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) bases: Vec<Argument<'a>>,
    pub(super) decorators: Vec<Id>,
    pub(super) body: Vec<Statement<'a>>,
}

/// A name that an import binds.
#[derive(Debug)]
pub(super) struct Alias<'a> {
    pub(super) name: String,
    pub(super) alias: Option<&'a str>,
}

/// One statement.
#[derive(Debug)]
pub(super) enum Statement<'a> {
    Expression(Id),
    Assign(Vec<Id>, Id),
    Augment(Id, Operator, Id),
    Import(Vec<Alias<'a>>, Range<usize>),
    From(String, Vec<Alias<'a>>, Range<usize>),
    Function(Function<'a>),
    Class(Class<'a>),
    Return(Option<Id>),
    If(Vec<(Option<Id>, Vec<Self>)>),
    For(Id, Id, Vec<Self>),
    While(Id, Vec<Self>),
    /// Bodies of `try`, `except`, `else`, `finally`, in this order, with the expressions in their heads.
    Try(Vec<(Option<Id>, Vec<Self>)>),
    With(Vec<(Id, Option<Id>)>, Vec<Self>),
    Match(Id, Vec<(Id, Option<Id>, Vec<Self>)>),
    Several(Vec<Id>),
    Global(Vec<Cow<'a, str>>),
    Nothing,
}

/// Holds the tree of a source.
#[derive(Debug, Default)]
pub(super) struct Tree<'a> {
    pub(super) text: &'a str,
    pub(super) nodes: Vec<Node<'a>>,
    pub(super) body: Vec<Statement<'a>>,
}
