//! Reads tags as statements and expressions.
#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "a path to the method stands for one lifetime of a tag, a closure for any"
)]

mod expressions;

use std::ops::Range;

use super::{
    DEPTH, Expression, ExpressionKind, Loop, NODES, Node, NodeKind, Step, StepKind, SyntaxError, Template,
    Token, TokenKind, lexer,
};

/// LIMIT: errors noted of one template; the first few say enough.
const ERRORS: usize = 32;

/// Reads a template.
pub fn parse(template: &str) -> Template {
    let mut reader = Reader {
        source: template,
        out: Template::default(),
        open: Vec::new(),
        top: Vec::new(),
        nodes: 0,
    };
    reader.read();
    reader.finish()
}

/// Reads the tokens of one tag.
struct Tag<'a> {
    tokens: &'a [Token],
    at: usize,
    depth: usize,
    nodes: &'a mut usize,
    /// Where the tag ends, for what is missing.
    end: usize,
}

/// Says why a tag cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    Rule(usize, &'static str),
    Limit,
}

type Read<T> = Result<T, Refusal>;

/// Holds a statement whose end has not come yet.
struct Open {
    word: String,
    range: Range<usize>,
    kind: OpenKind,
    body: Vec<Node>,
}

enum OpenKind {
    If {
        done: Vec<(Option<Expression>, Vec<Node>)>,
        condition: Option<Expression>,
    },
    For {
        target: Expression,
        over: Expression,
        condition: Option<Expression>,
        recursive: bool,
        main: Option<Vec<Node>>,
    },
    Macro {
        name: String,
        parameters: Vec<(String, Option<Expression>)>,
    },
    SetBlock(Expression),
    Scope(Vec<Expression>),
}

struct Reader<'a> {
    source: &'a str,
    out: Template,
    open: Vec<Open>,
    top: Vec<Node>,
    nodes: usize,
}

impl Reader<'_> {
    fn read(&mut self) {
        let mut at = 0;
        while let Some(rest) = self.source.get(at..) {
            let Some(found) = next_tag(rest) else {
                self.text(at..self.source.len());
                return;
            };
            let start = at.saturating_add(found);
            self.text(at..start);
            if self.nodes > NODES {
                self.out.cut = true;
                return;
            }
            let inside = start.saturating_add(2);
            at = match self.source.get(start..inside) {
                Some("{#") => self.comment(start, inside),
                Some("{{") => self.output(start, inside),
                _ => self.statement(start, inside),
            };
        }
    }

    fn text(&mut self, range: Range<usize>) {
        if !range.is_empty() {
            self.push(range, NodeKind::Text);
        }
    }

    fn push(&mut self, range: Range<usize>, kind: NodeKind) {
        self.nodes = self.nodes.saturating_add(1);
        let body = self.open.last_mut().map_or(&mut self.top, |open| &mut open.body);
        body.push(Node { range, kind });
    }

    fn error(&mut self, at: usize, rule: &'static str) {
        if self.out.errors.len() < ERRORS {
            self.out.errors.push(SyntaxError { at, rule });
        }
    }

    fn comment(&mut self, start: usize, inside: usize) -> usize {
        let rest = self.source.get(inside..).unwrap_or_default();
        let end = if let Some(found) = rest.find("#}") {
            inside.saturating_add(found).saturating_add(2)
        } else {
            self.error(start, "a comment has no end");
            self.source.len()
        };
        self.push(start..end, NodeKind::Comment);
        end
    }

    /// Cuts a tag into tokens; what has no end is an error.
    fn tag(&mut self, start: usize, inside: usize, close: &str) -> (Vec<Token>, usize, usize) {
        let rest = self.source.get(inside..).unwrap_or_default();
        let trimmed = usize::from(rest.starts_with(['-', '+']));
        let (tokens, inner, end) = lexer::tokens(self.source, inside.saturating_add(trimmed), close);
        if end.is_none() {
            self.error(start, "a tag has no end");
        }
        (tokens, inner, end.unwrap_or(self.source.len()))
    }

    fn output(&mut self, start: usize, inside: usize) -> usize {
        let (tokens, inner, end) = self.tag(start, inside, "}}");
        let outcome = self.with_tag(&tokens, inner, |tag| {
            let value = tag.tuple()?;
            tag.finish()?;
            Ok(value)
        });
        match outcome {
            Ok(value) => self.push(start..end, NodeKind::Output(value)),
            Err(refusal) => self.broken(start..end, tokens, refusal),
        }
        end
    }

    fn broken(&mut self, range: Range<usize>, tokens: Vec<Token>, refusal: Refusal) {
        match refusal {
            Refusal::Rule(at, rule) => self.error(at, rule),
            Refusal::Limit => self.out.cut = true,
        }
        self.push(range, NodeKind::Broken(tokens));
    }

    fn with_tag<T>(
        &mut self,
        tokens: &[Token],
        end: usize,
        read: impl FnOnce(&mut Tag<'_>) -> Read<T>,
    ) -> Read<T> {
        read(&mut Tag {
            tokens,
            at: 0,
            depth: 0,
            nodes: &mut self.nodes,
            end,
        })
    }

    fn statement(&mut self, start: usize, inside: usize) -> usize {
        let (tokens, inner, end) = self.tag(start, inside, "%}");
        let Some(TokenKind::Name(word)) = tokens.first().map(|token| token.kind.clone()) else {
            let refusal = Refusal::Rule(start, "a statement begins with a word");
            self.broken(start..end, tokens, refusal);
            return end;
        };
        if word == "raw" {
            return self.raw(start, end);
        }
        if let Some(closed) = word.strip_prefix("end") {
            self.close(closed, start);
            return end;
        }
        if self.open.len() >= DEPTH {
            self.broken(start..end, tokens, Refusal::Limit);
            return end;
        }
        let rest = tokens.get(1..).unwrap_or_default();
        let outcome = self.begin(&word, rest, start..end, inner);
        if let Err(refusal) = outcome {
            self.broken(start..end, tokens, refusal);
        }
        end
    }

    fn raw(&mut self, start: usize, inside: usize) -> usize {
        let mut at = inside;
        while let Some(rest) = self.source.get(at..) {
            let Some(found) = rest.find("{%") else { break };
            let tag = at.saturating_add(found);
            let inner = self.source.get(tag.saturating_add(2)..).unwrap_or_default();
            let word = inner.trim_start_matches(['-', '+']).trim_start();
            if let Some(after) = word.strip_prefix("endraw")
                && let Some(close) = after.find("%}")
                && after
                    .get(..close)
                    .is_some_and(|blank| blank.trim_matches(['-', '+', ' ', '\t', '\n', '\r']).is_empty())
            {
                let end = self
                    .source
                    .len()
                    .saturating_sub(after.len())
                    .saturating_add(close)
                    .saturating_add(2);
                self.push(inside..tag, NodeKind::Raw);
                return end;
            }
            at = tag.saturating_add(2);
        }
        self.error(start, "a raw section has no end");
        self.push(inside..self.source.len(), NodeKind::Raw);
        self.source.len()
    }

    fn begin(&mut self, word: &str, rest: &[Token], range: Range<usize>, inner: usize) -> Read<()> {
        match word {
            "else" | "elif" => return self.branch(word, rest, range, inner),
            "pluralize" | "break" | "continue" | "debug" => {
                self.push(range, NodeKind::Word(word.to_owned()));
                return Ok(());
            }
            "do" => {
                let value = self.with_tag(rest, inner, |tag| tag.whole())?;
                self.push(range, NodeKind::Output(value));
                return Ok(());
            }
            "set" => return self.set(rest, range, inner),
            "include" | "import" | "extends" | "from" => {
                let word = match word {
                    "include" => "include",
                    "import" => "import",
                    "extends" => "extends",
                    _ => "from",
                };
                let what = self.with_tag(rest, inner, |tag| Ok(vec![tag.expression()?]));
                self.push(
                    range,
                    NodeKind::Load {
                        word,
                        what: what.unwrap_or_default(),
                    },
                );
                return Ok(());
            }
            _ => {}
        }
        let kind = match word {
            "if" => OpenKind::If {
                done: Vec::new(),
                condition: Some(self.with_tag(rest, inner, |tag| tag.whole())?),
            },
            "for" => self.with_tag(rest, inner, |tag| tag.for_loop())?,
            "macro" => self.with_tag(rest, inner, |tag| {
                let name = tag.name()?;
                let parameters = tag.parameters()?;
                tag.finish()?;
                Ok(OpenKind::Macro { name, parameters })
            })?,
            "call" => OpenKind::Scope(self.with_tag(rest, inner, |tag| {
                if tag.is_symbol("(") {
                    tag.parameters()?;
                }
                Ok(vec![tag.whole()?])
            })?),
            "filter" => OpenKind::Scope(self.with_tag(rest, inner, |tag| {
                let base = Box::new(tag.nothing());
                let steps = tag.filters()?;
                tag.finish()?;
                let range = tag.range_from(0);
                Ok(vec![Expression {
                    range,
                    kind: ExpressionKind::Chain { base, steps },
                }])
            })?),
            "with" | "trans" | "autoescape" | "block" | "generation" => {
                OpenKind::Scope(self.with_tag(rest, inner, |tag| tag.loose_list())?)
            }
            _ => return Err(Refusal::Rule(range.start, "a statement has an unknown word")),
        };
        self.nodes = self.nodes.saturating_add(1);
        self.open.push(Open {
            word: word.to_owned(),
            range,
            kind,
            body: Vec::new(),
        });
        Ok(())
    }

    fn set(&mut self, rest: &[Token], range: Range<usize>, inner: usize) -> Read<()> {
        let (target, value) = self.with_tag(rest, inner, |tag| {
            let mut target = tag.target()?;
            if tag.skip("=") {
                return Ok((target, Some(tag.whole()?)));
            }
            if tag.is_symbol("|") {
                tag.at = tag.at.saturating_add(1);
                let steps = tag.filters()?;
                target = Expression {
                    range: target.range.clone(),
                    kind: ExpressionKind::Chain {
                        base: Box::new(target),
                        steps,
                    },
                };
            }
            tag.finish()?;
            Ok((target, None))
        })?;
        match value {
            Some(value) => self.push(
                range,
                NodeKind::Set {
                    targets: target,
                    value,
                },
            ),
            None => self.open.push(Open {
                word: "set".to_owned(),
                range,
                kind: OpenKind::SetBlock(target),
                body: Vec::new(),
            }),
        }
        Ok(())
    }

    fn branch(&mut self, word: &str, rest: &[Token], range: Range<usize>, inner: usize) -> Read<()> {
        let next = match word {
            "elif" => Some(self.with_tag(rest, inner, |tag| tag.whole())?),
            _ => None,
        };
        let Some(open) = self.open.last_mut() else {
            return Err(Refusal::Rule(
                range.start,
                "a branch stands outside of a statement",
            ));
        };
        let body = std::mem::take(&mut open.body);
        match &mut open.kind {
            OpenKind::If { done, condition } => done.push((std::mem::replace(condition, next), body)),
            OpenKind::For { main, .. } if main.is_none() => *main = Some(body),
            _ => {
                open.body = body;
                return Err(Refusal::Rule(
                    range.start,
                    "a branch stands outside of a statement",
                ));
            }
        }
        Ok(())
    }

    fn close(&mut self, word: &str, at: usize) {
        let Some(place) = self.open.iter().rposition(|open| open.word == word) else {
            self.error(at, "an end has no beginning");
            return;
        };
        if place.saturating_add(1) != self.open.len() {
            self.error(at, "statements end in the wrong order");
        }
        while self.open.len() > place {
            self.close_last();
        }
    }

    fn close_last(&mut self) {
        let Some(open) = self.open.pop() else { return };
        let Open {
            word,
            range,
            kind,
            body,
        } = open;
        let kind = match kind {
            OpenKind::If { mut done, condition } => {
                done.push((condition, body));
                NodeKind::If(done)
            }
            OpenKind::For {
                target,
                over,
                condition,
                recursive,
                main,
            } => {
                let (body, otherwise) = match main {
                    Some(main) => (main, body),
                    None => (body, Vec::new()),
                };
                NodeKind::For(Box::new(Loop {
                    target,
                    over,
                    condition,
                    recursive,
                    body,
                    otherwise,
                }))
            }
            OpenKind::Macro { name, parameters } => NodeKind::Macro {
                name,
                parameters,
                body,
            },
            OpenKind::SetBlock(target) => NodeKind::SetBlock { target, body },
            OpenKind::Scope(head) => NodeKind::Scope { word, head, body },
        };
        self.push(range, kind);
    }

    fn finish(mut self) -> Template {
        if let Some(open) = self.open.last() {
            let at = open.range.start;
            self.error(at, "a statement has no end");
        }
        while !self.open.is_empty() {
            self.close_last();
        }
        self.out.nodes = self.top;
        self.out
    }
}

/// Finds the next `{{`, `{%` or `{#`.
fn next_tag(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let mut at = 0_usize;
    loop {
        let found = rest.get(at..)?.find('{')?;
        let place = at.saturating_add(found);
        if matches!(bytes.get(place.saturating_add(1)), Some(b'{' | b'%' | b'#')) {
            return Some(place);
        }
        at = place.saturating_add(1);
    }
}

impl Tag<'_> {
    fn for_loop(&mut self) -> Read<OpenKind> {
        let target = self.target()?;
        if !self.skip_word("in") {
            return Err(self.refuse("`in` expected"));
        }
        let over = self.tuple_without_condition()?;
        let condition = if self.skip_word("if") {
            Some(self.expression()?)
        } else {
            None
        };
        let recursive = self.skip_word("recursive");
        self.finish()?;
        Ok(OpenKind::For {
            target,
            over,
            condition,
            recursive,
            main: None,
        })
    }

    /// Reads the rest of the tag as one value, which may be a tuple.
    fn whole(&mut self) -> Read<Expression> {
        let value = self.tuple()?;
        self.finish()?;
        Ok(value)
    }

    /// Reads `a=1, b` and the like, as far as it goes: the head of statements that set names for their body.
    fn loose_list(&mut self) -> Read<Vec<Expression>> {
        let mut list = Vec::new();
        while self.at < self.tokens.len() {
            if self.skip(",") || self.skip("=") {
                continue;
            }
            list.push(self.expression()?);
        }
        Ok(list)
    }

    /// Reads `name`, `name.attribute`, or several in a tuple.
    fn target(&mut self) -> Read<Expression> {
        let start = self.at;
        let mut names = Vec::new();
        loop {
            let bracket = self.skip("(") || self.skip("[");
            if bracket {
                names.push(self.nested(Self::target)?);
                if !(self.skip(")") || self.skip("]")) {
                    return Err(self.refuse("a bracket is missing"));
                }
            } else {
                names.push(self.target_name()?);
            }
            if !self.skip(",") {
                break;
            }
            if self.is_symbol("=") || self.is_word("in") || self.at >= self.tokens.len() {
                break;
            }
        }
        if names.len() == 1
            && let Some(name) = names.pop()
        {
            return Ok(name);
        }
        Ok(Expression {
            range: self.range_from(start),
            kind: ExpressionKind::Tuple(names),
        })
    }

    fn target_name(&mut self) -> Read<Expression> {
        let start = self.at;
        let name = self.name()?;
        let base = Expression {
            range: self.range_from(start),
            kind: ExpressionKind::Name(name),
        };
        let mut steps = Vec::new();
        while self.is_symbol(".") || self.is_symbol("[") {
            let step = self.at;
            let kind = if self.skip(".") {
                StepKind::Attribute(self.name()?)
            } else {
                self.at = self.at.saturating_add(1);
                let key = self.expression()?;
                self.expect("]")?;
                StepKind::Item(key)
            };
            steps.push(Step {
                range: self.range_from(step),
                kind,
            });
        }
        if steps.is_empty() {
            return Ok(base);
        }
        Ok(Expression {
            range: self.range_from(start),
            kind: ExpressionKind::Chain {
                base: Box::new(base),
                steps,
            },
        })
    }

    fn parameters(&mut self) -> Read<Vec<(String, Option<Expression>)>> {
        self.expect("(")?;
        let mut parameters = Vec::new();
        while !self.skip(")") {
            let name = self.name()?;
            let default = if self.skip("=") {
                Some(self.expression()?)
            } else {
                None
            };
            parameters.push((name, default));
            if !self.skip(",") && !self.is_symbol(")") {
                return Err(self.refuse("a comma is missing"));
            }
        }
        Ok(parameters)
    }
}
