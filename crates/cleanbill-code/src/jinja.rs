//! Jinja templates: a lexer and a parser for what Jinja2, minijinja and the C++ engines accept together. Nothing is rendered.
//!
//! What one of the engines would refuse is noted with its place, and reading goes on behind it: the others may still render
//! the rest. Chains of operators are kept flat, so that the depth of a tree is bounded by [`DEPTH`] however long a template is.

mod lexer;
mod parser;

use std::ops::Range;

pub use lexer::{Token, TokenKind};
pub use parser::parse;

/// LIMIT: how deep expressions and statements nest. Jinja2 itself gives up near eighty levels of brackets, since Python's stack is short;
/// what nests deeper is noted as [`Template::cut`].
pub const DEPTH: usize = 120;
/// LIMIT: nodes of one template, statements and expressions together; the longest known chat template needs fewer than ten thousand.
pub const NODES: usize = 400_000;

/// Holds what was read of a template.
#[derive(Debug, Default)]
pub struct Template {
    /// Texts, outputs and statements, in order.
    pub nodes: Vec<Node>,
    /// What an engine would refuse.
    pub errors: Vec<SyntaxError>,
    /// Whether a limit was reached: the rest is not here.
    pub cut: bool,
}

/// Says where and why an engine would refuse the template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Offset in the template.
    pub at: usize,
    /// The rule that is broken.
    pub rule: &'static str,
}

/// Holds a piece of a template.
#[derive(Debug)]
pub struct Node {
    /// Where it stands; of a statement with a body, its first tag.
    pub range: Range<usize>,
    /// What it is.
    pub kind: NodeKind,
}

/// Tells the pieces apart.
#[derive(Debug)]
pub enum NodeKind {
    /// Text that is put out as it stands.
    Text,
    /// A comment.
    Comment,
    /// Text between `raw` and `endraw`.
    Raw,
    /// `{{ ... }}` and `do`.
    Output(Expression),
    /// `set` with a value.
    Set {
        /// What is set: names, attributes of namespaces.
        targets: Expression,
        /// The value.
        value: Expression,
    },
    /// `set` with a body.
    SetBlock {
        /// What is set, with filters as steps.
        target: Expression,
        /// What becomes its value.
        body: Vec<Node>,
    },
    /// `if` with its branches; the last may have no condition.
    If(Vec<(Option<Expression>, Vec<Node>)>),
    /// `for`.
    For(Box<Loop>),
    /// `macro`.
    Macro {
        /// Its name.
        name: String,
        /// Names and defaults.
        parameters: Vec<(String, Option<Expression>)>,
        /// What it puts out.
        body: Vec<Node>,
    },
    /// `call`, `filter`, `autoescape`, `with`, `trans`, `block`, `generation`: a body with expressions at its head.
    Scope {
        /// The word.
        word: String,
        /// Expressions of its tag.
        head: Vec<Expression>,
        /// What it holds.
        body: Vec<Node>,
    },
    /// `include`, `import`, `from`, `extends`.
    Load {
        /// The word.
        word: &'static str,
        /// Which template.
        what: Vec<Expression>,
    },
    /// `break`, `continue`, `debug`.
    Word(String),
    /// A tag that could not be read: its tokens.
    Broken(Vec<Token>),
}

/// Holds a loop.
#[derive(Debug)]
pub struct Loop {
    /// The variables.
    pub target: Expression,
    /// What is gone through.
    pub over: Expression,
    /// The condition behind `if`.
    pub condition: Option<Expression>,
    /// Whether `loop(...)` may be called.
    pub recursive: bool,
    /// What is repeated.
    pub body: Vec<Node>,
    /// What stands for an empty sequence.
    pub otherwise: Vec<Node>,
}

/// Holds an expression.
#[derive(Clone, Debug)]
pub struct Expression {
    /// Where it stands.
    pub range: Range<usize>,
    /// What it is.
    pub kind: ExpressionKind,
}

/// Tells expressions apart.
#[derive(Clone, Debug)]
pub enum ExpressionKind {
    /// A variable.
    Name(String),
    /// A text; `escaped` where an escape stands for a letter, digit or underscore.
    Text {
        /// With escapes resolved; adjacent literals joined.
        text: String,
        /// Whether an escape hides a plain character.
        escaped: bool,
    },
    /// A whole number; very large ones are the largest.
    Integer(i128),
    /// A number with a point or exponent.
    Float,
    /// `true`.
    True,
    /// `false`.
    False,
    /// `none`.
    None,
    /// A list.
    List(Vec<Expression>),
    /// A tuple.
    Tuple(Vec<Expression>),
    /// A dictionary.
    Dict(Vec<(Expression, Expression)>),
    /// Something with attributes, subscripts, calls, filters and tests behind it.
    Chain {
        /// What they begin with.
        base: Box<Expression>,
        /// What follows, in order.
        steps: Vec<Step>,
    },
    /// `not`, `-`, `+` before something.
    Unary(Operator, Box<Expression>),
    /// Operands of one level of precedence with operators between them, from the left.
    Binary {
        /// The leftmost operand.
        first: Box<Expression>,
        /// Operators with what follows them.
        rest: Vec<(Operator, Expression)>,
    },
    /// `a if b else c`.
    Conditional {
        /// The value if the condition holds.
        value: Box<Expression>,
        /// The condition.
        condition: Box<Expression>,
        /// The value otherwise.
        otherwise: Option<Box<Expression>>,
    },
}

/// Names an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Operator {
    Or,
    And,
    Not,
    Equal,
    Unequal,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
    NotIn,
    Add,
    Subtract,
    Join,
    Multiply,
    Divide,
    FloorDivide,
    Modulo,
    Power,
}

/// Holds one step of a chain.
#[derive(Clone, Debug)]
pub struct Step {
    /// Where it stands.
    pub range: Range<usize>,
    /// What it does.
    pub kind: StepKind,
}

/// Tells the steps apart.
#[derive(Clone, Debug)]
pub enum StepKind {
    /// `.name`.
    Attribute(String),
    /// `[key]`; several keys are a tuple.
    Item(Expression),
    /// `[from:to:step]`.
    Slice([Option<Expression>; 3]),
    /// `(...)`.
    Call(Vec<Argument>),
    /// `|name(...)`.
    Filter(String, Vec<Argument>),
    /// `is name(...)`; the flag says `is not`.
    Test(String, bool, Vec<Argument>),
}

/// Holds an argument.
#[derive(Clone, Debug)]
pub struct Argument {
    /// Its keyword; `*` and `**` for unpacked ones.
    pub name: Option<String>,
    /// Its value.
    pub value: Expression,
}

#[cfg(test)]
mod tests;
