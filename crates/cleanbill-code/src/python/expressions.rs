//! Reads the expressions of Python. What nests deeper than [`NESTING`] is passed over to the end of its line and noted.

use super::{
    TroubleKind,
    lexer::Kind,
    literals::number,
    names,
    parser::{NESTING, Parser},
    tree::{Argument, Clause, Expression, How, Id, Operator},
};

impl<'a> Parser<'a> {
    pub(super) fn deepest(&self, ids: &[Id]) -> u32 {
        let depth = |id: &Id| self.tree.nodes.get(*id).map_or(0, |node| node.depth);
        ids.iter().map(depth).max().unwrap_or(0).saturating_add(1)
    }

    /// Goes one level deeper; where that is too deep, the rest of the line is passed over.
    fn deeper(&mut self, read: impl FnOnce(&mut Self) -> Id) -> Id {
        if self.depth >= NESTING {
            let start = self.start();
            self.trouble(TroubleKind::TooDeep);
            while !matches!(self.kind(), Kind::Newline | Kind::End) {
                self.next();
            }
            return self.node(Expression::Unread, start, 0);
        }
        self.depth = self.depth.saturating_add(1);
        let id = read(self);
        self.depth = self.depth.saturating_sub(1);
        id
    }

    /// Reads `a, *b, c`: a tuple where there is a comma.
    pub(super) fn expressions(&mut self) -> Id {
        self.list_of(Self::starred)
    }

    /// Reads what stands between `for` and `in`.
    pub(super) fn targets(&mut self) -> Id {
        self.list_of(Self::target)
    }

    fn list_of(&mut self, read: fn(&mut Self) -> Id) -> Id {
        let start = self.start();
        let first = read(self);
        if self.word() != "," {
            return first;
        }
        let mut items = vec![first];
        while self.take(",") {
            if self.ends_list() {
                break;
            }
            items.push(read(self));
        }
        let depth = self.deepest(&items);
        self.node(Expression::List(items), start, depth)
    }

    fn ends_list(&self) -> bool {
        matches!(self.kind(), Kind::Newline | Kind::End)
            || matches!(
                self.word(),
                ")" | "]" | "}" | "=" | ":" | ";" | "in" | "for" | "+="
            )
    }

    pub(super) fn target(&mut self) -> Id {
        if self.word() == "*" {
            let start = self.start();
            self.next();
            let inner = self.postfix();
            let depth = self.deepest(&[inner]);
            return self.node(Expression::Star(inner), start, depth);
        }
        self.postfix()
    }

    pub(super) fn starred(&mut self) -> Id {
        if self.word() == "*" {
            let start = self.start();
            self.next();
            let inner = self.binary(RANK_BIT_OR);
            let depth = self.deepest(&[inner]);
            return self.node(Expression::Star(inner), start, depth);
        }
        self.expression()
    }

    pub(super) fn expression(&mut self) -> Id {
        self.deeper(Self::expression_here)
    }

    fn expression_here(&mut self) -> Id {
        let start = self.start();
        match self.word() {
            "lambda" => return self.lambda(start),
            "yield" => {
                self.next();
                self.take("from");
                let inner = (!self.ends_list()).then(|| self.expressions());
                let depth = inner.map_or(1, |inner| self.deepest(&[inner]));
                return self.node(Expression::Wrap(inner), start, depth);
            }
            _ => {}
        }
        let value = self.binary(0);
        if self.word() == ":=" {
            self.next();
            let bound = self.expression();
            let depth = self.deepest(&[bound]);
            let name = match self.tree.nodes.get(value).map(|node| &node.expression) {
                Some(Expression::Name(name)) => name.clone(),
                _ => "".into(),
            };
            return self.node(Expression::Bind(name, bound), start, depth);
        }
        if self.word() == "if" {
            self.next();
            let test = self.binary(0);
            if self.take("else") {
                let otherwise = self.expression();
                let depth = self.deepest(&[value, test, otherwise]);
                return self.node(Expression::Choice(test, value, otherwise), start, depth);
            }
            self.trouble(TroubleKind::Syntax);
        }
        value
    }

    fn lambda(&mut self, start: usize) -> Id {
        self.next();
        let parameters = self.parameters(":", &mut Vec::new());
        self.expect(":");
        let body = self.expression();
        let depth = self.deepest(&[body]);
        self.node(Expression::Lambda(parameters, body), start, depth)
    }

    /// Reads operators of at least the rank `least`.
    pub(super) fn binary(&mut self, least: u8) -> Id {
        let start = self.start();
        let mut value = if self.word() == "not" {
            self.next();
            let inner = self.deeper(|parser| parser.binary(RANK_NOT));
            let depth = self.deepest(&[inner]);
            self.node(Expression::Unary(Operator::Not, inner), start, depth)
        } else {
            self.unary()
        };
        while let Some((operator, rank, width)) = self.operator() {
            if rank < least {
                break;
            }
            let mut operands = vec![(operator, self.operand(rank, width))];
            while let Some((operator, next, width)) = self.operator() {
                if next != rank {
                    break;
                }
                operands.push((operator, self.operand(rank, width)));
            }
            let ids: Vec<Id> = operands.iter().map(|(_, id)| *id).chain([value]).collect();
            let depth = self.deepest(&ids);
            value = self.node(Expression::Chain(value, operands), start, depth);
        }
        value
    }

    fn operand(&mut self, rank: u8, width: usize) -> Id {
        for _ in 0..width {
            self.next();
        }
        self.deeper(|parser| parser.binary(rank.saturating_add(1)))
    }

    /// Returns the operator that comes next, its rank, and of how many tokens it consists.
    fn operator(&self) -> Option<(Operator, u8, usize)> {
        Some(match self.word() {
            "or" => (Operator::Or, 0, 1),
            "and" => (Operator::And, 1, 1),
            "not" if self.word_ahead(1) == "in" => (Operator::Compare, RANK_COMPARE, 2),
            "is" if self.word_ahead(1) == "not" => (Operator::Compare, RANK_COMPARE, 2),
            "in" | "is" | "==" | "!=" | "<" | ">" | "<=" | ">=" | "<>" => {
                (Operator::Compare, RANK_COMPARE, 1)
            }
            "|" => (Operator::BitOr, RANK_BIT_OR, 1),
            "^" => (Operator::Xor, 5, 1),
            "&" => (Operator::BitAnd, 6, 1),
            "<<" => (Operator::Left, 7, 1),
            ">>" => (Operator::Right, 7, 1),
            "+" => (Operator::Add, 8, 1),
            "-" => (Operator::Subtract, 8, 1),
            "*" => (Operator::Multiply, 9, 1),
            "/" => (Operator::Divide, 9, 1),
            "//" => (Operator::FloorDivide, 9, 1),
            "%" => (Operator::Remainder, 9, 1),
            "@" => (Operator::Matrix, 9, 1),
            _ => return None,
        })
    }

    fn unary(&mut self) -> Id {
        let operator = match self.word() {
            "-" => Operator::Subtract,
            "+" => Operator::Add,
            "~" => Operator::Invert,
            _ => return self.power(),
        };
        let start = self.start();
        self.next();
        let inner = self.deeper(Self::unary);
        let depth = self.deepest(&[inner]);
        self.node(Expression::Unary(operator, inner), start, depth)
    }

    fn power(&mut self) -> Id {
        let start = self.start();
        let value = if self.word() == "await" {
            self.next();
            let inner = self.deeper(Self::power);
            let depth = self.deepest(&[inner]);
            self.node(Expression::Wrap(Some(inner)), start, depth)
        } else {
            self.postfix()
        };
        if self.word() != "**" {
            return value;
        }
        self.next();
        let exponent = self.deeper(Self::unary);
        let depth = self.deepest(&[value, exponent]);
        self.node(
            Expression::Chain(value, vec![(Operator::Power, exponent)]),
            start,
            depth,
        )
    }

    fn postfix(&mut self) -> Id {
        let start = self.start();
        let mut value = self.atom();
        loop {
            match self.word() {
                "." => {
                    self.next();
                    let name = self.name();
                    let depth = self.deepest(&[value]);
                    value = self.node(Expression::Attribute(value, name), start, depth);
                }
                "(" => {
                    self.next();
                    let arguments = self.arguments();
                    let ids: Vec<Id> = arguments
                        .iter()
                        .map(|argument| argument.value)
                        .chain([value])
                        .collect();
                    let depth = self.deepest(&ids);
                    value = self.node(Expression::Call(value, arguments), start, depth);
                }
                "[" => {
                    self.next();
                    let index = self.subscript();
                    self.expect("]");
                    let depth = self.deepest(&[value, index]);
                    value = self.node(Expression::Item(value, index), start, depth);
                }
                _ => return value,
            }
        }
    }

    fn subscript(&mut self) -> Id {
        let start = self.start();
        let mut items = Vec::new();
        let mut tuple = false;
        while self.word() != "]" && !matches!(self.kind(), Kind::Newline | Kind::End) {
            let before = self.at;
            items.push(self.slice_item());
            if !self.take(",") {
                break;
            }
            tuple = true;
            if self.at == before {
                break;
            }
        }
        match items.as_slice() {
            [only] if !tuple => *only,
            _ => {
                let depth = self.deepest(&items);
                self.node(Expression::List(items), start, depth)
            }
        }
    }

    fn slice_item(&mut self) -> Id {
        let start = self.start();
        let mut parts = [None; 3];
        let mut colons = 0_usize;
        loop {
            if self.word() == ":" {
                self.next();
                colons = colons.saturating_add(1);
                continue;
            }
            let full = parts.get(colons).is_none_or(Option::is_some);
            if full || matches!(self.word(), "," | "]") || matches!(self.kind(), Kind::Newline | Kind::End) {
                break;
            }
            let part = self.starred();
            if let Some(slot) = parts.get_mut(colons) {
                *slot = Some(part);
            }
        }
        match parts {
            [Some(only), None, None] if colons == 0 => only,
            _ => {
                let ids: Vec<Id> = parts.iter().flatten().copied().collect();
                let depth = self.deepest(&ids);
                self.node(Expression::Slice(parts), start, depth)
            }
        }
    }

    /// Reads arguments up to and with the closing bracket.
    pub(super) fn arguments(&mut self) -> Vec<Argument<'a>> {
        let mut out = Vec::new();
        while self.word() != ")" && !matches!(self.kind(), Kind::Newline | Kind::End) {
            let before = self.at;
            let how = match self.word() {
                "*" => How::Star,
                "**" => How::Stars,
                _ if self.kind() == Kind::Name && self.word_ahead(1) == "=" => How::Name(self.word()),
                _ => How::Place,
            };
            match how {
                How::Star | How::Stars => {
                    self.next();
                }
                How::Name(_) => {
                    self.next();
                    self.next();
                }
                How::Place => {}
            }
            let start = self.start();
            let mut value = self.expression();
            if matches!(self.word(), "for" | "async") {
                value = self.comprehension(start, value, None);
            }
            if self.take("as") {
                self.target();
            }
            out.push(Argument { how, value });
            if !self.take(",") || self.at == before {
                break;
            }
        }
        self.expect(")");
        out
    }

    fn comprehension(&mut self, start: usize, element: Id, value: Option<Id>) -> Id {
        let mut clauses = Vec::new();
        let mut ids: Vec<Id> = value.into_iter().chain([element]).collect();
        loop {
            if self.word() == "async" {
                self.next();
            }
            if !self.take("for") {
                break;
            }
            let target = self.targets();
            self.expect("in");
            let items = self.binary(0);
            let mut conditions = Vec::new();
            while self.take("if") {
                let start = self.start();
                let condition = self.deeper(|parser| parser.binary(0));
                let condition = if self.take(":=") {
                    let bound = self.expression();
                    let depth = self.deepest(&[bound]);
                    self.node(Expression::Bind("".into(), bound), start, depth)
                } else {
                    condition
                };
                conditions.push(condition);
            }
            ids.extend([target, items]);
            ids.extend(&conditions);
            clauses.push(Clause {
                target,
                items,
                conditions,
            });
        }
        let depth = self.deepest(&ids);
        self.node(Expression::Comprehension(element, value, clauses), start, depth)
    }

    fn atom(&mut self) -> Id {
        let start = self.start();
        match self.kind() {
            Kind::Text => self.text_literal(start),
            Kind::Number => {
                let token = self.next();
                let value = number(self.slice(token.range()));
                self.node(Expression::Number(value), start, 1)
            }
            Kind::Name if !is_keyword(self.word()) => {
                let token = self.next();
                let expression = match self.slice(token.range()) {
                    "True" => Expression::True,
                    "False" => Expression::False,
                    "None" => Expression::None,
                    name => Expression::Name(names::normalised(name)),
                };
                self.node(expression, start, 1)
            }
            Kind::Operator => match self.word() {
                "(" => self.bracket(start, ")"),
                "[" => self.bracket(start, "]"),
                "{" => self.braces(start),
                "..." => {
                    self.next();
                    self.node(Expression::None, start, 1)
                }
                "`" => {
                    self.next();
                    let inner = self.expressions();
                    self.take("`");
                    inner
                }
                _ => self.unread(start),
            },
            _ => self.unread(start),
        }
    }

    fn unread(&mut self, start: usize) -> Id {
        self.trouble(TroubleKind::Syntax);
        self.node(Expression::Unread, start, 0)
    }

    fn bracket(&mut self, start: usize, end: &str) -> Id {
        self.next();
        let mut items = Vec::new();
        let mut comma = false;
        while self.word() != end && !matches!(self.kind(), Kind::Newline | Kind::End) {
            let before = self.at;
            let from = self.start();
            let mut item = self.starred();
            if self.take("as") {
                let target = self.target();
                let depth = self.deepest(&[item, target]);
                item = self.node(Expression::As(item, target), from, depth);
            }
            if matches!(self.word(), "for" | "async") {
                let made = self.comprehension(start, item, None);
                self.expect(end);
                return made;
            }
            items.push(item);
            if !self.take(",") {
                break;
            }
            comma = true;
            if self.at == before {
                break;
            }
        }
        self.expect(end);
        match items.as_slice() {
            [only] if !comma && end == ")" => *only,
            _ => {
                let depth = self.deepest(&items);
                self.node(Expression::List(items), start, depth)
            }
        }
    }

    fn braces(&mut self, start: usize) -> Id {
        self.next();
        let mut pairs = Vec::new();
        let mut items = Vec::new();
        while self.word() != "}" && !matches!(self.kind(), Kind::Newline | Kind::End) {
            let before = self.at;
            let from = self.start();
            if self.take("**") {
                let value = self.binary(RANK_BIT_OR);
                pairs.push((None, value));
            } else {
                let mut key = self.starred();
                if self.take("as") {
                    let target = self.target();
                    let depth = self.deepest(&[key, target]);
                    key = self.node(Expression::As(key, target), from, depth);
                }
                let value = if self.take(":") {
                    Some(self.pattern_value())
                } else {
                    None
                };
                if matches!(self.word(), "for" | "async") {
                    let made = self.comprehension(start, key, value);
                    self.expect("}");
                    return made;
                }
                match value {
                    Some(value) => pairs.push((Some(key), value)),
                    None => items.push(key),
                }
            }
            if !self.take(",") || self.at == before {
                break;
            }
        }
        self.expect("}");
        let mut ids: Vec<Id> = items.clone();
        ids.extend(pairs.iter().flat_map(|(key, value)| key.iter().chain([value])));
        let depth = self.deepest(&ids);
        let expression = if items.is_empty() {
            Expression::Dictionary(pairs)
        } else {
            Expression::List(items)
        };
        self.node(expression, start, depth)
    }

    fn pattern_value(&mut self) -> Id {
        let start = self.start();
        let value = self.expression();
        if !self.take("as") {
            return value;
        }
        let target = self.target();
        let depth = self.deepest(&[value, target]);
        self.node(Expression::As(value, target), start, depth)
    }
}

fn is_keyword(word: &str) -> bool {
    matches!(
        word,
        "and"
            | "as"
            | "assert"
            | "break"
            | "class"
            | "continue"
            | "def"
            | "del"
            | "elif"
            | "else"
            | "except"
            | "finally"
            | "for"
            | "from"
            | "global"
            | "if"
            | "import"
            | "in"
            | "is"
            | "lambda"
            | "nonlocal"
            | "not"
            | "or"
            | "pass"
            | "raise"
            | "return"
            | "try"
            | "while"
            | "with"
            | "yield"
    )
}

const RANK_NOT: u8 = 2;
const RANK_COMPARE: u8 = 3;
const RANK_BIT_OR: u8 = 4;
