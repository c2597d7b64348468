//! Statements of one line.

use super::Parser;
use crate::python::{
    lexer::Kind,
    tree::{self, Alias, Expression, Id, Operator, Statement},
};

impl<'a> Parser<'a> {
    pub(super) fn simple(&mut self) -> Statement<'a> {
        let start = self.start();
        match self.word() {
            "import" => return self.import(start),
            "from" if !self.word_ahead(1).is_empty() => return self.from(start),
            "return" => {
                self.next();
                let value = self.value_or_none();
                return Statement::Return(value);
            }
            "pass" | "break" | "continue" => {
                self.next();
                return Statement::Nothing;
            }
            "global" | "nonlocal" => {
                self.next();
                let mut names = vec![self.name()];
                while self.take(",") {
                    names.push(self.name());
                }
                return Statement::Global(names);
            }
            "raise" | "assert" | "del" => {
                self.next();
                let mut values = Vec::new();
                while !self.at_line_end() {
                    values.push(self.expressions());
                    if !self.take("from") && !self.take(",") {
                        break;
                    }
                }
                return Statement::Several(values);
            }
            "print" | "exec" if self.python2_statement() => {
                self.python2 = true;
                let callee = self.name();
                let callee = self.node(Expression::Name(callee), start, 1);
                if self.take(">") {
                    self.take(">");
                }
                self.take(">>");
                let value = self.expressions();
                let argument = tree::Argument {
                    how: tree::How::Place,
                    value,
                };
                let depth = self.deepest(&[value]);
                if self.take("in") {
                    self.expressions();
                }
                let call = self.node(Expression::Call(callee, vec![argument]), start, depth);
                return Statement::Expression(call);
            }
            "type" if self.token(1).kind == Kind::Name && matches!(self.word_ahead(2), "=" | "[") => {
                self.next();
                self.next();
                self.type_parameters();
                self.expect("=");
                let value = self.expressions();
                return Statement::Expression(value);
            }
            _ => {}
        }
        self.expression_statement()
    }

    pub(super) fn at_line_end(&self) -> bool {
        matches!(self.kind(), Kind::Newline | Kind::End) || self.word() == ";"
    }

    pub(super) fn value_or_none(&mut self) -> Option<Id> {
        (!self.at_line_end()).then(|| self.expressions())
    }

    /// Says whether `print` or `exec` is followed by what only Python 2 allows there.
    pub(super) fn python2_statement(&self) -> bool {
        let next = self.token(1);
        match next.kind {
            Kind::Text | Kind::Number => true,
            Kind::Name => !matches!(
                self.word_ahead(1),
                "in" | "is" | "and" | "or" | "if" | "not" | "else" | "for" | "as"
            ),
            Kind::Operator => {
                self.word_ahead(1) == ">>" && self.token(2).kind == Kind::Name && self.word_ahead(3) == ","
            }
            _ => false,
        }
    }

    pub(super) fn import(&mut self, start: usize) -> Statement<'a> {
        self.next();
        let mut names = Vec::new();
        loop {
            let name = self.dotted();
            let alias = self.alias();
            names.push(Alias { name, alias });
            if !self.take(",") {
                break;
            }
        }
        Statement::Import(names, start..self.last_end())
    }

    pub(super) fn alias(&mut self) -> Option<&'a str> {
        if !self.take("as") {
            return None;
        }
        let token = self.next();
        Some(self.slice(token.range()))
    }

    pub(super) fn dotted(&mut self) -> String {
        let mut name = String::new();
        loop {
            match self.word() {
                "." | "..." => {
                    name.push_str(self.word());
                    self.next();
                }
                "import" | "as" | "" => break,
                _ if self.kind() == Kind::Name && (name.is_empty() || name.ends_with('.')) => {
                    name.push_str(&self.name());
                }
                _ => break,
            }
        }
        name
    }

    pub(super) fn from(&mut self, start: usize) -> Statement<'a> {
        self.next();
        let module = self.dotted();
        self.expect("import");
        let bracket = self.take("(");
        let mut names = Vec::new();
        while !self.at_line_end() && self.word() != ")" {
            let name = if self.take("*") {
                "*".to_owned()
            } else {
                self.name().into_owned()
            };
            let alias = self.alias();
            names.push(Alias { name, alias });
            if !self.take(",") {
                break;
            }
        }
        if bracket {
            self.expect(")");
        }
        Statement::From(module, names, start..self.last_end())
    }

    pub(super) fn expression_statement(&mut self) -> Statement<'a> {
        let first = self.expressions();
        if self.take(":") {
            self.expressions();
            if self.take("=") {
                let value = self.expressions();
                return Statement::Assign(vec![first], value);
            }
            return Statement::Nothing;
        }
        if let Some(operator) = augmented(self.word()) {
            self.next();
            let value = self.expressions();
            return Statement::Augment(first, operator, value);
        }
        if self.word() != "=" {
            return Statement::Expression(first);
        }
        let mut targets = vec![first];
        let mut value = first;
        while self.take("=") {
            value = self.expressions();
            targets.push(value);
        }
        targets.pop();
        Statement::Assign(targets, value)
    }
}

fn augmented(word: &str) -> Option<Operator> {
    Some(match word {
        "+=" => Operator::Add,
        "-=" => Operator::Subtract,
        "*=" => Operator::Multiply,
        "/=" => Operator::Divide,
        "//=" => Operator::FloorDivide,
        "%=" => Operator::Remainder,
        "**=" => Operator::Power,
        "@=" => Operator::Matrix,
        "&=" => Operator::BitAnd,
        "|=" => Operator::BitOr,
        "^=" => Operator::Xor,
        "<<=" => Operator::Left,
        ">>=" => Operator::Right,
        _ => return None,
    })
}
