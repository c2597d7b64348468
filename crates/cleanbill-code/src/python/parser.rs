//! Reads the statements of Python. It follows the grammar of Python 3.14, forgives the statements of Python 2, and goes
//! on behind what it cannot read.

mod simple;

use std::{borrow::Cow, ops::Range};

use super::{
    Trouble, TroubleKind,
    lexer::{self, Kind, Token},
    tree::{Class, Expression, Function, Id, Node, Parameter, Statement, Tree},
};

/// LIMIT: expressions within expressions; `CPython` refuses more than 200 brackets, people write fewer than 30.
pub(super) const NESTING: u32 = 120;
/// LIMIT: expressions of one source, so that memory stays bounded; a text of 4 MiB reaches about a million.
const NODES: usize = 2_000_000;

/// What reading a source gives.
#[derive(Debug)]
pub(super) struct Parsed<'a> {
    pub(super) tree: Tree<'a>,
    pub(super) troubles: Vec<Trouble>,
    pub(super) python2: bool,
}

/// Reads a source.
pub(super) fn parse(text: &str) -> Parsed<'_> {
    let tokens = lexer::tokens(text, 0..text.len(), false);
    let mut parser = Parser {
        text,
        tokens: tokens.list,
        at: 0,
        depth: 0,
        tree: Tree {
            text,
            ..Tree::default()
        },
        troubles: tokens.troubles,
        python2: tokens.python2,
    };
    let body = parser.block_until_end();
    parser.tree.body = body;
    Parsed {
        tree: parser.tree,
        troubles: parser.troubles,
        python2: parser.python2,
    }
}

pub(super) struct Parser<'a> {
    pub(super) text: &'a str,
    pub(super) tokens: Vec<Token>,
    pub(super) at: usize,
    pub(super) depth: u32,
    pub(super) tree: Tree<'a>,
    pub(super) troubles: Vec<Trouble>,
    pub(super) python2: bool,
}

impl<'a> Parser<'a> {
    pub(super) fn token(&self, ahead: usize) -> Token {
        let end = self.tokens.len().saturating_sub(1);
        let at = self.at.saturating_add(ahead).min(end);
        self.tokens.get(at).copied().unwrap_or_else(Token::end)
    }

    pub(super) fn kind(&self) -> Kind {
        self.token(0).kind
    }

    pub(super) fn slice(&self, range: Range<usize>) -> &'a str {
        self.text.get(range).unwrap_or_default()
    }

    /// Returns the word or operator that comes next; texts and line ends are empty.
    pub(super) fn word(&self) -> &'a str {
        self.word_ahead(0)
    }

    pub(super) fn word_ahead(&self, ahead: usize) -> &'a str {
        let token = self.token(ahead);
        match token.kind {
            Kind::Name | Kind::Operator => self.slice(token.range()),
            _ => "",
        }
    }

    pub(super) fn next(&mut self) -> Token {
        let token = self.token(0);
        if token.kind != Kind::End {
            self.at = self.at.saturating_add(1);
        }
        token
    }

    pub(super) fn take(&mut self, word: &str) -> bool {
        let found = self.word() == word;
        if found {
            self.next();
        }
        found
    }

    pub(super) fn trouble(&mut self, kind: TroubleKind) {
        let at = self.token(0).range().start;
        self.troubles.push(Trouble { at, kind });
    }

    pub(super) fn start(&self) -> usize {
        self.token(0).range().start
    }

    pub(super) fn last_end(&self) -> usize {
        self.at
            .checked_sub(1)
            .and_then(|at| self.tokens.get(at))
            .map_or(0, |token| token.range().end)
    }

    pub(super) fn node(&mut self, expression: Expression<'a>, start: usize, depth: u32) -> Id {
        let range = start..self.last_end().max(start);
        let (expression, depth) = if depth > NESTING || self.tree.nodes.len() >= NODES {
            self.trouble(TroubleKind::TooDeep);
            (Expression::Unread, 0)
        } else {
            (expression, depth)
        };
        self.tree.nodes.push(Node {
            expression,
            range,
            depth,
        });
        self.tree.nodes.len().saturating_sub(1)
    }

    pub(super) fn name(&mut self) -> Cow<'a, str> {
        if self.kind() == Kind::Name {
            let token = self.next();
            return super::names::normalised(self.slice(token.range()));
        }
        self.trouble(TroubleKind::Syntax);
        Cow::Borrowed("")
    }

    fn block_until_end(&mut self) -> Vec<Statement<'a>> {
        let mut out = Vec::new();
        while self.kind() != Kind::End {
            if matches!(self.kind(), Kind::Indent | Kind::Dedent | Kind::Newline) {
                self.next();
                continue;
            }
            self.statement(&mut out);
        }
        out
    }

    /// Reads the body behind a colon: on the same line, or indented below.
    fn block(&mut self) -> Vec<Statement<'a>> {
        let mut out = Vec::new();
        if !self.take(":") {
            self.trouble(TroubleKind::Syntax);
            self.skip_line();
            if self.kind() != Kind::Indent {
                return out;
            }
        }
        if self.kind() != Kind::Newline && self.kind() != Kind::Indent {
            self.simple_line(&mut out);
            return out;
        }
        if self.kind() == Kind::Newline {
            self.next();
        }
        if self.kind() != Kind::Indent {
            return out;
        }
        self.next();
        let mut extra = 0_usize;
        loop {
            match self.kind() {
                Kind::End => break,
                Kind::Dedent => {
                    self.next();
                    if extra == 0 {
                        break;
                    }
                    extra = extra.saturating_sub(1);
                }
                // An indentation without a head: forgiven, the statements belong to this block.
                Kind::Indent => {
                    self.trouble(TroubleKind::Syntax);
                    self.next();
                    extra = extra.saturating_add(1);
                }
                Kind::Newline => {
                    self.next();
                }
                _ => self.statement(&mut out),
            }
        }
        out
    }

    /// Passes over the rest of the line; line ends within brackets are none.
    pub(super) fn skip_line(&mut self) {
        while !matches!(self.kind(), Kind::Newline | Kind::End) {
            self.next();
        }
        if self.kind() == Kind::Newline {
            self.next();
        }
    }

    fn simple_line(&mut self, out: &mut Vec<Statement<'a>>) {
        loop {
            let before = self.at;
            let statement = self.simple();
            out.push(statement);
            if self.take(";") {
                if matches!(self.kind(), Kind::Newline | Kind::End) {
                    break;
                }
                continue;
            }
            if matches!(self.kind(), Kind::Newline | Kind::End) {
                break;
            }
            // Something was left over: it is read as further statements, so that names in it are seen.
            self.trouble(TroubleKind::Syntax);
            if self.at == before {
                self.next();
            }
            if self.troubles.len() > MOST_TROUBLES {
                self.skip_line();
                return;
            }
        }
        if self.kind() == Kind::Newline {
            self.next();
        }
    }

    fn statement(&mut self, out: &mut Vec<Statement<'a>>) {
        let decorators = self.decorators();
        if self.word() == "async" && matches!(self.word_ahead(1), "def" | "for" | "with") {
            self.next();
        }
        let statement = match self.word() {
            "def" => self.function(decorators),
            "class" => self.class(decorators),
            "if" => self.branches(),
            "for" => self.for_loop(),
            "while" => {
                self.next();
                let test = self.expression();
                let body = self.block();
                out.push(Statement::While(test, body));
                if self.take("else") {
                    let body = self.block();
                    Statement::If(vec![(None, body)])
                } else {
                    return;
                }
            }
            "try" => self.try_statement(),
            "with" => self.with_statement(),
            "match" if self.is_match() => self.match_statement(),
            _ => {
                self.simple_line(out);
                return;
            }
        };
        out.push(statement);
    }

    fn decorators(&mut self) -> Vec<Id> {
        let mut out = Vec::new();
        while self.take("@") {
            out.push(self.expression());
            while self.kind() == Kind::Newline {
                self.next();
            }
        }
        out
    }

    fn function(&mut self, decorators: Vec<Id>) -> Statement<'a> {
        self.next();
        let name = self.name();
        self.type_parameters();
        let mut annotations = Vec::new();
        let parameters = if self.take("(") {
            let parameters = self.parameters(")", &mut annotations);
            self.expect(")");
            parameters
        } else {
            Vec::new()
        };
        if self.take("->") {
            annotations.push(self.expressions());
        }
        let body = self.block();
        Statement::Function(Function {
            name,
            parameters,
            decorators,
            annotations,
            body,
        })
    }

    pub(super) fn parameters(&mut self, end: &str, annotations: &mut Vec<Id>) -> Vec<Parameter<'a>> {
        let mut out = Vec::new();
        while self.word() != end && !matches!(self.kind(), Kind::End | Kind::Newline) {
            let before = self.at;
            let stars = match self.word() {
                "*" => 1,
                "**" => 2,
                _ => 0,
            };
            if stars > 0 || self.word() == "/" {
                self.next();
            }
            if self.word() == "(" {
                // Python 2 took tuples apart here.
                self.python2 = true;
                self.expression();
            } else if self.kind() == Kind::Name {
                let name = self.name();
                if end == ")" && self.take(":") {
                    annotations.push(self.starred());
                }
                let default = if self.take("=") {
                    Some(self.expression())
                } else {
                    None
                };
                out.push(Parameter { name, default, stars });
            }
            if !self.take(",") && self.word() != end {
                self.trouble(TroubleKind::Syntax);
                break;
            }
            if self.at == before {
                break;
            }
        }
        out
    }

    pub(super) fn expect(&mut self, word: &str) {
        if !self.take(word) {
            self.trouble(TroubleKind::Syntax);
        }
    }

    /// Passes over `[T: bound = default, *Ts]` behind a name.
    fn type_parameters(&mut self) {
        if self.word() != "[" {
            return;
        }
        let mut depth = 0_usize;
        while !matches!(self.kind(), Kind::End | Kind::Newline) {
            match self.word() {
                "[" => depth = depth.saturating_add(1),
                "]" => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.next();
            if depth == 0 {
                return;
            }
        }
    }

    fn class(&mut self, decorators: Vec<Id>) -> Statement<'a> {
        self.next();
        let name = self.name();
        self.type_parameters();
        let bases = if self.take("(") {
            self.arguments()
        } else {
            Vec::new()
        };
        let body = self.block();
        Statement::Class(Class {
            name,
            bases,
            decorators,
            body,
        })
    }

    fn branches(&mut self) -> Statement<'a> {
        let mut out = Vec::new();
        loop {
            self.next();
            let test = self.expression();
            let body = self.block();
            out.push((Some(test), body));
            if self.word() != "elif" {
                break;
            }
        }
        if self.take("else") {
            let body = self.block();
            out.push((None, body));
        }
        Statement::If(out)
    }

    fn for_loop(&mut self) -> Statement<'a> {
        self.next();
        let target = self.targets();
        self.expect("in");
        let items = self.expressions();
        let mut body = self.block();
        if self.take("else") {
            body.extend(self.block());
        }
        Statement::For(target, items, body)
    }

    fn try_statement(&mut self) -> Statement<'a> {
        self.next();
        let body = self.block();
        let mut out = vec![(None, body)];
        loop {
            match self.word() {
                "except" => {
                    self.next();
                    self.take("*");
                    let head = (self.word() != ":").then(|| self.expressions());
                    if self.take("as") {
                        self.name();
                    }
                    let body = self.block();
                    out.push((head, body));
                }
                "else" | "finally" => {
                    self.next();
                    let body = self.block();
                    out.push((None, body));
                }
                _ => return Statement::Try(out),
            }
        }
    }

    fn with_statement(&mut self) -> Statement<'a> {
        self.next();
        let mut items = Vec::new();
        loop {
            let value = self.expression();
            let target = if self.take("as") {
                Some(self.target())
            } else {
                None
            };
            items.push((value, target));
            if !self.take(",") || self.word() == ":" {
                break;
            }
        }
        let body = self.block();
        Statement::With(items, body)
    }

    /// Says whether `match` begins a statement: its line ends with a colon and an indented `case` follows.
    fn is_match(&self) -> bool {
        let mut ahead = 1;
        while !matches!(self.token(ahead).kind, Kind::Newline | Kind::End) {
            ahead = ahead.saturating_add(1);
        }
        ahead > 2
            && self.word_ahead(ahead.saturating_sub(1)) == ":"
            && self.token(ahead.saturating_add(1)).kind == Kind::Indent
            && self.word_ahead(ahead.saturating_add(2)) == "case"
    }

    fn match_statement(&mut self) -> Statement<'a> {
        self.next();
        let subject = self.expressions();
        let mut cases = Vec::new();
        self.expect(":");
        self.next();
        self.next();
        while self.word() == "case" {
            self.next();
            let pattern = self.pattern();
            let guard = if self.take("if") {
                Some(self.expression())
            } else {
                None
            };
            let body = self.block();
            cases.push((pattern, guard, body));
        }
        if self.kind() == Kind::Dedent {
            self.next();
        }
        Statement::Match(subject, cases)
    }

    /// Reads a pattern: its grammar is nearly that of expressions.
    fn pattern(&mut self) -> Id {
        let start = self.start();
        let mut items = Vec::new();
        loop {
            let item = if self.word() == "*" {
                self.starred()
            } else {
                self.binary(0)
            };
            items.push(item);
            if self.take("as") {
                items.push(self.target());
            }
            if !self.take(",") || matches!(self.word(), ":" | "if") {
                break;
            }
        }
        let depth = self.deepest(&items);
        self.node(Expression::List(items), start, depth)
    }
}

/// LIMIT: places that could not be read; beyond, lines are passed over. Coverage is partial from the first.
const MOST_TROUBLES: usize = 1_000;
