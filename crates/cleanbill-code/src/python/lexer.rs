//! Cuts Python source into tokens, with indentation, for the parser. It follows "Lexical analysis" of the Python
//! reference, and forgives what the parser can go on without.

use std::ops::Range;

use super::{Trouble, TroubleKind};

/// LIMIT: levels of indentation, as in `CPython`, which refuses more than 100; deeper code is not read.
const INDENTATION_LEVELS: usize = 100;
/// LIMIT: f-strings within f-strings; people write two, and each level costs stack.
pub(super) const FORMAT_LEVELS: u32 = 12;

/// Names a kind of token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Name,
    Number,
    Text,
    Operator,
    Newline,
    Indent,
    Dedent,
    End,
}

/// Holds a token: what it is and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    start: u32,
    end: u32,
}

impl Token {
    fn new(kind: Kind, start: usize, end: usize) -> Self {
        let short = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        Self {
            kind,
            start: short(start),
            end: short(end),
        }
    }

    /// Stands behind the last token.
    pub(super) const fn end() -> Self {
        Self {
            kind: Kind::End,
            start: 0,
            end: 0,
        }
    }

    pub(super) fn range(self) -> Range<usize> {
        let long = |value: u32| usize::try_from(value).unwrap_or(usize::MAX);
        long(self.start)..long(self.end)
    }
}

/// Holds the tokens of a source.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    pub(super) list: Vec<Token>,
    pub(super) troubles: Vec<Trouble>,
    pub(super) python2: bool,
}

/// Cuts `range` of `text`; `inner` is an expression inside of brackets, where line ends mean nothing.
pub(super) fn tokens(text: &str, range: Range<usize>, inner: bool) -> Tokens {
    let mut lexer = Lexer {
        bytes: text.as_bytes().get(..range.end).unwrap_or_default(),
        at: range.start,
        brackets: usize::from(inner),
        inner,
        levels: vec![0],
        out: Tokens::default(),
    };
    lexer.run();
    lexer.out
}

struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
    brackets: usize,
    inner: bool,
    levels: Vec<usize>,
    out: Tokens,
}

impl Lexer<'_> {
    fn byte(&self, ahead: usize) -> u8 {
        self.bytes
            .get(self.at.saturating_add(ahead))
            .copied()
            .unwrap_or(0)
    }

    fn done(&self) -> bool {
        self.at >= self.bytes.len()
    }

    fn skip(&mut self, count: usize) {
        self.at = self.at.saturating_add(count);
    }

    fn push(&mut self, kind: Kind, start: usize) {
        self.out.list.push(Token::new(kind, start, self.at));
    }

    fn trouble(&mut self, at: usize, kind: TroubleKind) {
        self.out.troubles.push(Trouble { at, kind });
    }

    fn run(&mut self) {
        if !self.inner {
            self.indentation();
        }
        while !self.done() {
            self.token();
        }
        let ended = self
            .out
            .list
            .last()
            .is_none_or(|last| matches!(last.kind, Kind::Newline | Kind::Dedent));
        self.at = self.bytes.len();
        if !self.inner {
            if self.brackets > 0 {
                self.trouble(self.at, TroubleKind::Syntax);
            }
            if !ended {
                self.push(Kind::Newline, self.at);
            }
            for _ in 1..self.levels.len() {
                self.push(Kind::Dedent, self.at);
            }
        }
        self.push(Kind::End, self.at);
    }

    /// Measures the indentation of the next line that holds a token.
    fn indentation(&mut self) {
        loop {
            let mut column = 0_usize;
            loop {
                match self.byte(0) {
                    b' ' => column = column.saturating_add(1),
                    b'\t' => column = (column | 7).saturating_add(1),
                    0x0c => column = 0,
                    _ => break,
                }
                self.skip(1);
            }
            match self.byte(0) {
                b'#' => self.comment(),
                b'\r' | b'\n' => {}
                0xef if self
                    .bytes
                    .get(self.at..)
                    .is_some_and(|rest| rest.starts_with(b"\xef\xbb\xbf")) =>
                {
                    self.skip(3);
                }
                _ => {
                    if !self.done() {
                        self.level(column);
                    }
                    return;
                }
            }
            if self.done() {
                return;
            }
            if matches!(self.byte(0), b'\r' | b'\n') {
                self.skip(1);
            }
        }
    }

    fn level(&mut self, column: usize) {
        let current = self.levels.last().copied().unwrap_or(0);
        if column > current {
            if self.levels.len() > INDENTATION_LEVELS {
                self.trouble(self.at, TroubleKind::TooDeep);
                return;
            }
            self.levels.push(column);
            self.push(Kind::Indent, self.at);
            return;
        }
        while self.levels.last().is_some_and(|level| *level > column) {
            self.levels.pop();
            self.push(Kind::Dedent, self.at);
        }
        if self.levels.last().is_some_and(|level| *level != column) && self.levels.len() <= INDENTATION_LEVELS
        {
            self.trouble(self.at, TroubleKind::Syntax);
        }
    }

    fn comment(&mut self) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        self.skip(length);
    }

    fn token(&mut self) {
        let start = self.at;
        match self.byte(0) {
            b' ' | b'\t' | 0x0c => self.skip(1),
            b'#' => self.comment(),
            b'\n' | b'\r' => {
                self.skip(1);
                if self.brackets == 0 {
                    self.push(Kind::Newline, start);
                    self.indentation();
                }
            }
            b'\\' if matches!(self.byte(1), b'\n' | b'\r') => {
                let both = self.byte(1) == b'\r' && self.byte(2) == b'\n';
                self.skip(if both { 3 } else { 2 });
            }
            b'"' | b'\'' => self.text(start),
            byte if is_name_start(byte) => self.name(start),
            byte if byte.is_ascii_digit() || byte == b'.' && self.byte(1).is_ascii_digit() => {
                self.number(start);
            }
            _ => self.operator(start),
        }
    }

    fn name(&mut self, start: usize) {
        while is_name_start(self.byte(0)) || self.byte(0).is_ascii_digit() {
            self.skip(1);
        }
        let length = self.at.saturating_sub(start);
        if length <= 2 && matches!(self.byte(0), b'"' | b'\'') {
            let prefix = self.bytes.get(start..self.at).unwrap_or_default();
            if prefix
                .iter()
                .all(|byte| matches!(byte.to_ascii_lowercase(), b'r' | b'b' | b'u' | b'f' | b't'))
            {
                self.text(start);
                return;
            }
        }
        self.push(Kind::Name, start);
    }

    fn number(&mut self, start: usize) {
        loop {
            let byte = self.byte(0);
            if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.') {
                let hexadecimal = matches!(self.bytes.get(start.saturating_add(1)), Some(b'x' | b'X'));
                self.skip(1);
                if matches!(byte, b'e' | b'E') && !hexadecimal && matches!(self.byte(0), b'+' | b'-') {
                    self.skip(1);
                }
            } else {
                break;
            }
        }
        // `1if x else y` and `1or 2` are allowed: the keyword is cut off again.
        let text = self.bytes.get(start..self.at).unwrap_or_default();
        for word in [&b"if"[..], b"else", b"or", b"and", b"in", b"is", b"for"] {
            if text.len() > word.len() && text.ends_with(word) && !text.starts_with(b"0x") {
                self.at = self.at.saturating_sub(word.len());
                break;
            }
        }
        self.push(Kind::Number, start);
    }

    fn text(&mut self, start: usize) {
        let prefix = self.bytes.get(start..self.at).unwrap_or_default();
        let has = |letter: u8| prefix.iter().any(|byte| byte.to_ascii_lowercase() == letter);
        let format = has(b'f') || has(b't');
        self.out.python2 |= prefix.len() == 2 && has(b'u');
        match text_end(self.bytes, self.at, format, 0) {
            Ok(end) => self.at = end,
            Err((end, kind)) => {
                self.trouble(start, kind);
                self.at = end.max(self.at.saturating_add(1));
            }
        }
        self.push(Kind::Text, start);
    }

    fn operator(&mut self, start: usize) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = match rest {
            [b'*', b'*', b'=', ..]
            | [b'/', b'/', b'=', ..]
            | [b'<', b'<', b'=', ..]
            | [b'>', b'>', b'=', ..]
            | [b'.', b'.', b'.', ..] => 3,
            [first, b'=', ..] if b"=!+-*/%&|^@<>:".contains(first) => 2,
            [b'<', b'<' | b'>', ..] | [b'*', b'*', ..] | [b'/', b'/', ..] | [b'>' | b'-', b'>', ..] => 2,
            _ => 1,
        };
        match self.byte(0) {
            b'(' | b'[' | b'{' => self.brackets = self.brackets.saturating_add(1),
            b')' | b']' | b'}' => self.brackets = self.brackets.saturating_sub(1),
            b'`' => self.out.python2 = true,
            b'+' | b'-' | b'*' | b'/' | b'%' | b'&' | b'|' | b'^' | b'@' | b'=' | b'<' | b'>' | b'!'
            | b':' | b';' | b'.' | b',' | b'~' => {}
            _ => self.trouble(start, TroubleKind::Syntax),
        }
        if self.inner && self.brackets == 0 {
            self.brackets = 1;
        }
        self.out.python2 |= rest.starts_with(b"<>");
        self.skip(length);
        self.push(Kind::Operator, start);
    }
}

pub(super) const fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

/// Returns the end of the text whose quote stands at `at`; what stands in the braces of an f-string is passed over.
pub(super) fn text_end(
    bytes: &[u8],
    at: usize,
    format: bool,
    level: u32,
) -> Result<usize, (usize, TroubleKind)> {
    let rest = bytes.get(at..).unwrap_or_default();
    let Some(&quote) = rest.first() else {
        return Err((at, TroubleKind::Syntax));
    };
    let triple = rest
        .get(..3)
        .is_some_and(|three| three.iter().all(|byte| *byte == quote));
    let width = if triple { 3 } else { 1 };
    let mut at = at.saturating_add(width);
    loop {
        let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) else {
            return Err((bytes.len(), TroubleKind::Syntax));
        };
        let Some(step) = next_telling(rest, quote, format) else {
            return Err((bytes.len(), TroubleKind::Syntax));
        };
        at = at.saturating_add(step);
        match rest.get(step..).unwrap_or_default() {
            [b'\\', b'\r', b'\n', ..] => at = at.saturating_add(3),
            [b'\\', ..] | [b'{', b'{', ..] => at = at.saturating_add(2),
            [b'\n' | b'\r', ..] => {
                if !triple {
                    return Err((at, TroubleKind::Syntax));
                }
                at = at.saturating_add(1);
            }
            [b'{', ..] => at = field_end(bytes, at.saturating_add(1), (quote, triple), level)?,
            [first, second, third, ..]
                if triple && [first, second, third].iter().all(|byte| **byte == quote) =>
            {
                return Ok(at.saturating_add(3));
            }
            [first, ..] if !triple && *first == quote => return Ok(at.saturating_add(1)),
            _ => at = at.saturating_add(1),
        }
    }
}

/// Finds the next byte of a text that may mean something.
fn next_telling(rest: &[u8], quote: u8, format: bool) -> Option<usize> {
    if format {
        rest.iter()
            .position(|byte| matches!(byte, b'\\' | b'\n' | b'\r' | b'{') || *byte == quote)
    } else {
        memchr::memchr3(b'\\', quote, b'\n', rest)
    }
}

/// Returns the end of a replacement field, behind its closing brace.
fn field_end(
    bytes: &[u8],
    start: usize,
    (quote, triple): (u8, bool),
    level: u32,
) -> Result<usize, (usize, TroubleKind)> {
    if level >= FORMAT_LEVELS {
        return Err((start, TroubleKind::TooDeep));
    }
    let mut at = start;
    let mut depth = 0_usize;
    let mut specification = false;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'}' if depth == 0 => return Ok(at.saturating_add(1)),
            b'(' | b'[' | b'{' => depth = depth.saturating_add(1),
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b':' if depth == 0 => specification = true,
            b'\n' if !triple && specification => return Err((at, TroubleKind::Syntax)),
            b'#' if !specification && triple => {
                while bytes.get(at).is_some_and(|byte| *byte != b'\n') {
                    at = at.saturating_add(1);
                }
                continue;
            }
            b'"' | b'\'' if specification && depth == 0 && byte == quote => {
                return Err((at, TroubleKind::Syntax));
            }
            b'"' | b'\'' if specification && depth == 0 => {}
            b'"' | b'\'' => {
                let before = at.checked_sub(1).and_then(|before| bytes.get(before));
                let format = before.is_some_and(|byte| matches!(byte, b'f' | b'F'));
                at = text_end(bytes, at, format, level.saturating_add(1))?;
                continue;
            }
            _ => {}
        }
        at = at.saturating_add(1);
    }
    Err((bytes.len(), TroubleKind::Syntax))
}

/// Cuts the body of an f-string into literal parts and the ranges of its expressions.
pub(super) fn parts(bytes: &[u8], body: Range<usize>) -> Vec<Part> {
    let mut out = Vec::new();
    let mut at = body.start;
    let mut literal = at;
    while at < body.end {
        match bytes.get(at..body.end).unwrap_or_default() {
            [b'\\', b'N', b'{', ..] => at = at.saturating_add(3),
            [b'\\', ..] => at = at.saturating_add(2),
            [b'{', b'{', ..] | [b'}', b'}', ..] => {
                out.push(Part::Literal(literal..at.saturating_add(1)));
                at = at.saturating_add(2);
                literal = at;
            }
            [b'{', ..] => {
                out.push(Part::Literal(literal..at));
                let start = at.saturating_add(1);
                let end = field_end(bytes.get(..body.end).unwrap_or_default(), start, (0, true), 0)
                    .unwrap_or(body.end.saturating_add(1));
                out.push(Part::Field(start..end.saturating_sub(1)));
                at = end;
                literal = at;
            }
            _ => at = at.saturating_add(1),
        }
    }
    out.push(Part::Literal(literal..body.end.max(literal)));
    out
}

/// One part of an f-string.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Literal(Range<usize>),
    Field(Range<usize>),
}
