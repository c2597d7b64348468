//! Expressions, by precedence.

use super::{
    super::{Argument, DEPTH, Expression, ExpressionKind, NODES, Operator, Step, StepKind, TokenKind},
    Read, Refusal, Tag,
};

/// Operators with their level: `or` binds weakest.
const LEVELS: &[&[(&str, Operator)]] = &[
    &[("or", Operator::Or), ("||", Operator::Or)],
    &[("and", Operator::And), ("&&", Operator::And)],
    &[
        ("==", Operator::Equal),
        ("!=", Operator::Unequal),
        ("<=", Operator::LessEqual),
        (">=", Operator::GreaterEqual),
        ("<", Operator::Less),
        (">", Operator::Greater),
        ("in", Operator::In),
        ("not", Operator::NotIn),
    ],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[("~", Operator::Join)],
    &[
        ("*", Operator::Multiply),
        ("/", Operator::Divide),
        ("//", Operator::FloorDivide),
        ("%", Operator::Modulo),
    ],
    &[("**", Operator::Power)],
];
/// The level of comparisons, before which `not` stands.
const COMPARE: usize = 2;
/// Words that cannot begin the argument of a test written without brackets.
const STOPS: &[&str] = &["else", "or", "and", "is", "if", "in", "not", "recursive"];

impl Tag<'_> {
    /// Reads an expression, with `if` and `else`.
    pub(super) fn expression(&mut self) -> Read<Expression> {
        self.nested(|tag| {
            let start = tag.at;
            let mut value = tag.level(0)?;
            while tag.skip_word("if") {
                let condition = tag.level(0)?;
                let otherwise = if tag.skip_word("else") {
                    Some(Box::new(tag.expression()?))
                } else {
                    None
                };
                value = tag.made(
                    start,
                    ExpressionKind::Conditional {
                        value: Box::new(value),
                        condition: Box::new(condition),
                        otherwise,
                    },
                )?;
                // One level: `a if b if c` goes on, and each wraps the one before.
                tag.depth = tag.depth.saturating_add(1);
                if tag.depth > DEPTH {
                    return Err(Refusal::Limit);
                }
            }
            Ok(value)
        })
    }

    /// Reads an expression or several with commas between them.
    pub(super) fn tuple(&mut self) -> Read<Expression> {
        self.list(Self::expression)
    }

    pub(super) fn tuple_without_condition(&mut self) -> Read<Expression> {
        self.list(|tag| tag.nested(|tag| tag.level(0)))
    }

    fn list(&mut self, one: impl Fn(&mut Self) -> Read<Expression>) -> Read<Expression> {
        let start = self.at;
        let first = one(self)?;
        if !self.is_symbol(",") {
            return Ok(first);
        }
        let mut values = vec![first];
        while self.skip(",") {
            if self.at >= self.tokens.len()
                || self.is_symbol(")")
                || self.is_symbol("]")
                || self.is_symbol("=")
            {
                break;
            }
            values.push(one(self)?);
        }
        self.made(start, ExpressionKind::Tuple(values))
    }

    /// Runs `read` one level deeper.
    pub(super) fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        let depth = self.depth;
        self.depth = depth.saturating_add(1);
        if self.depth > DEPTH || *self.nodes > NODES {
            return Err(Refusal::Limit);
        }
        let outcome = read(self);
        self.depth = depth;
        outcome
    }

    /// Reads operands and operators of this level and those that bind tighter.
    fn level(&mut self, weakest: usize) -> Read<Expression> {
        let start = self.at;
        let mut first;
        let mut tightest = LEVELS.len();
        if weakest <= COMPARE && self.is_word("not") {
            // `not not x` is kept as one: how often does not matter to what is reached.
            while self.skip_word("not") {}
            let value = self.nested(|tag| tag.level(COMPARE))?;
            first = self.made(start, ExpressionKind::Unary(Operator::Not, Box::new(value)))?;
            tightest = COMPARE;
        } else {
            first = self.unary(true)?;
        }
        for level in (weakest..tightest).rev() {
            let operators = LEVELS.get(level).copied().unwrap_or_default();
            let mut rest = Vec::new();
            while let Some(operator) = self.operator(operators) {
                let operand = self.nested(|tag| tag.level(level.saturating_add(1)))?;
                rest.push((operator, operand));
            }
            if !rest.is_empty() {
                let kind = ExpressionKind::Binary {
                    first: Box::new(first),
                    rest,
                };
                first = self.made(start, kind)?;
            }
        }
        Ok(first)
    }

    /// Passes over an operator of this level, if one stands here.
    fn operator(&mut self, operators: &[(&str, Operator)]) -> Option<Operator> {
        let (word, is_symbol) = match &self.tokens.get(self.at)?.kind {
            TokenKind::Symbol(symbol) => (*symbol, true),
            TokenKind::Name(name) => (name.as_str(), false),
            _ => return None,
        };
        let (text, operator) = *operators.iter().find(|(text, _)| *text == word)?;
        if is_symbol == text.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return None;
        }
        if operator == Operator::NotIn {
            let next = self.tokens.get(self.at.saturating_add(1))?;
            if next.kind != TokenKind::Name("in".to_owned()) {
                return None;
            }
            self.at = self.at.saturating_add(1);
        }
        self.at = self.at.saturating_add(1);
        Some(operator)
    }

    fn unary(&mut self, with_filters: bool) -> Read<Expression> {
        let start = self.at;
        let sign = if self.is_symbol("-") {
            Some(Operator::Subtract)
        } else if self.is_symbol("+") || self.is_symbol("!") {
            Some(if self.is_symbol("!") {
                Operator::Not
            } else {
                Operator::Add
            })
        } else {
            None
        };
        let base = if let Some(sign) = sign {
            self.at = self.at.saturating_add(1);
            let value = self.nested(|tag| tag.unary(false))?;
            self.made(start, ExpressionKind::Unary(sign, Box::new(value)))?
        } else {
            self.primary()?
        };
        let mut steps = Vec::new();
        loop {
            let at = self.at;
            let Some(kind) = self.step(with_filters)? else {
                break;
            };
            *self.nodes = self.nodes.saturating_add(1);
            steps.push(Step {
                range: self.range_from(at),
                kind,
            });
        }
        if steps.is_empty() {
            return Ok(base);
        }
        self.made(
            start,
            ExpressionKind::Chain {
                base: Box::new(base),
                steps,
            },
        )
    }

    fn step(&mut self, with_filters: bool) -> Read<Option<StepKind>> {
        if self.skip(".") {
            return match self.tokens.get(self.at).map(|token| &token.kind) {
                Some(TokenKind::Name(name)) => {
                    let name = name.clone();
                    self.at = self.at.saturating_add(1);
                    Ok(Some(StepKind::Attribute(name)))
                }
                // `x.0` is the subscript of a number.
                Some(TokenKind::Integer(_)) => Ok(Some(StepKind::Item(self.primary()?))),
                _ => Err(self.refuse("a name is missing behind a point")),
            };
        }
        if self.skip("[") {
            return self.nested(Self::subscript).map(Some);
        }
        if self.is_symbol("(") {
            return Ok(Some(StepKind::Call(self.arguments()?)));
        }
        if !with_filters {
            return Ok(None);
        }
        if self.skip("|") {
            let name = self.dotted_name()?;
            let arguments = self.optional_arguments()?;
            return Ok(Some(StepKind::Filter(name, arguments)));
        }
        if self.skip_word("is") {
            let negated = self.skip_word("not");
            let name = self.dotted_name()?;
            let arguments = match self.tokens.get(self.at).map(|token| &token.kind) {
                Some(TokenKind::Symbol("(")) => self.arguments()?,
                Some(TokenKind::Name(word)) if !STOPS.contains(&word.as_str()) => vec![self.test_argument()?],
                Some(
                    TokenKind::Text { .. }
                    | TokenKind::Integer(_)
                    | TokenKind::Float
                    | TokenKind::Symbol("[" | "{"),
                ) => {
                    vec![self.test_argument()?]
                }
                _ => Vec::new(),
            };
            return Ok(Some(StepKind::Test(name, negated, arguments)));
        }
        Ok(None)
    }

    fn test_argument(&mut self) -> Read<Argument> {
        let value = self.nested(|tag| tag.unary(false))?;
        Ok(Argument { name: None, value })
    }

    fn subscript(&mut self) -> Read<StepKind> {
        let mut parts: [Option<Expression>; 3] = [None, None, None];
        let mut colons = 0_usize;
        let mut keys = Vec::new();
        let start = self.at;
        loop {
            if self.skip("]") {
                break;
            }
            if self.skip(":") {
                colons = colons.saturating_add(1);
                continue;
            }
            if self.skip(",") {
                if let Some(part) = parts.first_mut().and_then(Option::take) {
                    keys.push(part);
                }
                continue;
            }
            let value = self.expression()?;
            match parts.get_mut(colons) {
                Some(part) if part.is_none() => *part = Some(value),
                _ => return Err(self.refuse("a subscript has too many parts")),
            }
        }
        if colons > 0 {
            return Ok(StepKind::Slice(parts));
        }
        let [key, ..] = parts;
        match key {
            Some(key) if keys.is_empty() => Ok(StepKind::Item(key)),
            Some(key) => {
                keys.push(key);
                Ok(StepKind::Item(self.made(start, ExpressionKind::Tuple(keys))?))
            }
            None => Err(self.refuse("a subscript is empty")),
        }
    }

    /// Reads `name(...)|name|...`, the bar before the first being passed.
    pub(super) fn filters(&mut self) -> Read<Vec<Step>> {
        let mut steps = Vec::new();
        loop {
            let at = self.at;
            let name = self.dotted_name()?;
            let arguments = self.optional_arguments()?;
            steps.push(Step {
                range: self.range_from(at),
                kind: StepKind::Filter(name, arguments),
            });
            if !self.skip("|") {
                return Ok(steps);
            }
        }
    }

    fn optional_arguments(&mut self) -> Read<Vec<Argument>> {
        if self.is_symbol("(") {
            self.arguments()
        } else {
            Ok(Vec::new())
        }
    }

    fn arguments(&mut self) -> Read<Vec<Argument>> {
        self.expect("(")?;
        self.nested(|tag| {
            let mut arguments = Vec::new();
            while !tag.skip(")") {
                let name = if tag.skip("**") {
                    Some("**".to_owned())
                } else if tag.skip("*") {
                    Some("*".to_owned())
                } else {
                    tag.keyword()
                };
                let value = tag.expression()?;
                arguments.push(Argument { name, value });
                if !tag.skip(",") && !tag.is_symbol(")") {
                    return Err(tag.refuse("a comma is missing"));
                }
            }
            Ok(arguments)
        })
    }

    /// Passes over `name=`.
    fn keyword(&mut self) -> Option<String> {
        let next = self.tokens.get(self.at.saturating_add(1))?;
        match &self.tokens.get(self.at)?.kind {
            TokenKind::Name(name) if next.kind == TokenKind::Symbol("=") => {
                let name = name.clone();
                self.at = self.at.saturating_add(2);
                Some(name)
            }
            _ => None,
        }
    }

    fn primary(&mut self) -> Read<Expression> {
        let start = self.at;
        let Some(token) = self.tokens.get(self.at) else {
            return Err(self.refuse("an expression is missing"));
        };
        let kind = match &token.kind {
            TokenKind::Name(name) => match name.as_str() {
                "true" | "True" => ExpressionKind::True,
                "false" | "False" => ExpressionKind::False,
                "none" | "None" => ExpressionKind::None,
                "and" | "or" | "in" | "else" | "elif" => return Err(self.refuse("an expression is missing")),
                _ => ExpressionKind::Name(name.clone()),
            },
            TokenKind::Text { .. } => return self.texts(),
            TokenKind::Integer(number) => ExpressionKind::Integer(*number),
            TokenKind::Float => ExpressionKind::Float,
            TokenKind::Symbol("(") => {
                self.at = self.at.saturating_add(1);
                if self.skip(")") {
                    return self.made(start, ExpressionKind::Tuple(Vec::new()));
                }
                let value = self.tuple()?;
                self.expect(")")?;
                return Ok(value);
            }
            TokenKind::Symbol("[") => {
                self.at = self.at.saturating_add(1);
                let mut values = Vec::new();
                while !self.skip("]") {
                    values.push(self.expression()?);
                    if !self.skip(",") && !self.is_symbol("]") {
                        return Err(self.refuse("a comma is missing"));
                    }
                }
                return self.made(start, ExpressionKind::List(values));
            }
            TokenKind::Symbol("{") => {
                self.at = self.at.saturating_add(1);
                let mut pairs = Vec::new();
                while !self.skip("}") {
                    let key = self.expression()?;
                    self.expect(":")?;
                    pairs.push((key, self.expression()?));
                    if !self.skip(",") && !self.is_symbol("}") {
                        return Err(self.refuse("a comma is missing"));
                    }
                }
                return self.made(start, ExpressionKind::Dict(pairs));
            }
            TokenKind::Symbol(_) | TokenKind::Wrong => return Err(self.refuse("an expression is missing")),
        };
        self.at = self.at.saturating_add(1);
        self.made(start, kind)
    }

    /// Joins literals that stand beside each other, as Jinja does.
    fn texts(&mut self) -> Read<Expression> {
        let start = self.at;
        let mut joined = String::new();
        let mut hidden = false;
        while let Some(TokenKind::Text { text, escaped }) = self.tokens.get(self.at).map(|token| &token.kind)
        {
            hidden |= *escaped;
            joined.push_str(text);
            self.at = self.at.saturating_add(1);
        }
        self.made(
            start,
            ExpressionKind::Text {
                text: joined,
                escaped: hidden,
            },
        )
    }

    fn made(&mut self, start: usize, kind: ExpressionKind) -> Read<Expression> {
        *self.nodes = self.nodes.saturating_add(1);
        if *self.nodes > NODES {
            return Err(Refusal::Limit);
        }
        Ok(Expression {
            range: self.range_from(start),
            kind,
        })
    }

    /// Returns an expression that stands for the body of a statement.
    pub(super) fn nothing(&self) -> Expression {
        Expression {
            range: self.range_from(self.at),
            kind: ExpressionKind::Tuple(Vec::new()),
        }
    }

    /// Returns the bytes from token `start` up to the current one.
    pub(super) fn range_from(&self, start: usize) -> std::ops::Range<usize> {
        let from = self.tokens.get(start).map_or(self.end, |token| token.range.start);
        let last = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        from..last.map_or(from, |token| token.range.end).max(from)
    }

    pub(super) fn name(&mut self) -> Read<String> {
        match self.tokens.get(self.at).map(|token| &token.kind) {
            Some(TokenKind::Name(name)) => {
                let name = name.clone();
                self.at = self.at.saturating_add(1);
                Ok(name)
            }
            _ => Err(self.refuse("a name is missing")),
        }
    }

    fn dotted_name(&mut self) -> Read<String> {
        let mut name = self.name()?;
        while self.skip(".") {
            name.push('.');
            name.push_str(&self.name()?);
        }
        Ok(name)
    }

    pub(super) fn is_symbol(&self, symbol: &str) -> bool {
        matches!(self.tokens.get(self.at), Some(token) if matches!(token.kind, TokenKind::Symbol(here) if here == symbol))
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        matches!(self.tokens.get(self.at), Some(token) if matches!(&token.kind, TokenKind::Name(here) if here == word))
    }

    pub(super) fn skip(&mut self, symbol: &str) -> bool {
        let here = self.is_symbol(symbol);
        self.at = self.at.saturating_add(usize::from(here));
        here
    }

    pub(super) fn skip_word(&mut self, word: &str) -> bool {
        let here = self.is_word(word);
        self.at = self.at.saturating_add(usize::from(here));
        here
    }

    pub(super) fn expect(&mut self, symbol: &'static str) -> Read<()> {
        if self.skip(symbol) {
            Ok(())
        } else {
            Err(self.refuse("a bracket or sign is missing"))
        }
    }

    pub(super) fn finish(&self) -> Read<()> {
        // Jinja passes over a colon at the end of a statement.
        let colon = usize::from(self.is_symbol(":"));
        if self.at.saturating_add(colon) >= self.tokens.len() {
            Ok(())
        } else {
            Err(self.refuse("something stands behind the end of an expression"))
        }
    }

    pub(super) fn refuse(&self, rule: &'static str) -> Refusal {
        let at = self
            .tokens
            .get(self.at)
            .map_or(self.end, |token| token.range.start);
        Refusal::Rule(at, rule)
    }
}
