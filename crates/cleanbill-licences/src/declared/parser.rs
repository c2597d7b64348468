//! The parser of declarations: first as the SPDX specification wants it, then as a name, then as names joined by words.

use cleanbill_core::Confidence;

use super::Note;
use crate::{
    catalog::{catalog, current_id, listed},
    expression::{Expression, Term},
    words,
};

/// LIMIT: licences of one expression; more are not read.
const MAX_TERMS: usize = 512;
/// LIMIT: parentheses within parentheses; what is deeper is not read.
const MAX_DEPTH: usize = 24;
/// LIMIT: letters of an id that is made of an unknown name.
const MAX_ID: usize = 64;

/// Holds what a text means as an expression; none if it is larger than is read.
pub(super) struct Parsed {
    pub expression: Option<Expression>,
    pub confidence: Confidence,
    pub notes: Vec<Note>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    And,
    Or,
    With,
    Comma,
    Name(String),
}

/// Why a text is no expression.
enum Fault {
    Broken,
    TooLarge,
}

/// Reads `text` as an expression.
pub(super) fn parse(text: &str) -> Parsed {
    if let Some(parsed) = strict(text) {
        return parsed;
    }
    if let Some((term, confidence, note)) = by_name(text) {
        return Parsed {
            expression: Some(Expression::Term(term)),
            confidence,
            notes: vec![note],
        };
    }
    match Reader::new(&tokens(text), false).read() {
        Ok((expression, confidence, notes)) if !all_unknown(&expression, &notes) => Parsed {
            expression: Some(expression),
            confidence,
            notes,
        },
        Err(Fault::TooLarge) => Parsed {
            expression: None,
            confidence: Confidence::Low,
            notes: vec![Note::Limit],
        },
        _ => Parsed {
            expression: Some(Expression::of(custom(text))),
            confidence: Confidence::Low,
            notes: vec![Note::Unrecognised],
        },
    }
}

/// Reads `text` as the specification wants it, or not at all.
pub(super) fn strict(text: &str) -> Option<Parsed> {
    let tokens = tokens(text);
    let (expression, confidence, notes) = Reader::new(&tokens, true).read().ok()?;
    Some(Parsed {
        expression: Some(expression),
        confidence,
        notes,
    })
}

/// Reduces a name to what tells licences apart: words without `licence`, `version` and the like, digits apart from
/// letters, `2.0` as `2`, `+` as `or later`.
pub(crate) fn key(name: &str) -> String {
    let name = name.replace("++", "pp").replace('+', " or later ");
    let mut parts: Vec<String> = Vec::new();
    for word in words::split(&name) {
        split_digits(&word, &mut parts);
    }
    let mut kept: Vec<&str> = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let next_is_digit = parts
            .get(index.saturating_add(1))
            .is_some_and(|next| digits(next));
        let mut part = part.as_str();
        // `GPLv3` is `GPL 3`.
        if next_is_digit && part.len() > 2 && !digits(part) {
            part = part.strip_suffix('v').unwrap_or(part);
        }
        let part = match part {
            "newer" | "greater" | "above" => "later",
            "and"
                if parts
                    .get(index.saturating_add(1))
                    .is_some_and(|next| next == "later") =>
            {
                "or"
            }
            other => other,
        };
        let zero = part == "0" && !next_is_digit && kept.last().is_some_and(|last| digits(last));
        let again = kept.last() == Some(&part) && !digits(part);
        if zero || again || NOISE.contains(&part) {
            continue;
        }
        kept.push(part);
    }
    kept.join(" ")
}

/// Words that do not tell one licence from another.
const NOISE: &[&str] = &[
    "the",
    "license",
    "licence",
    "licenses",
    "licensed",
    "licensing",
    "version",
    "v",
    "ver",
    "under",
    "any",
    "terms",
];

fn split_digits(word: &str, parts: &mut Vec<String>) {
    let mut part = String::new();
    let mut digits = None;
    for letter in word.chars() {
        let digit = letter.is_ascii_digit();
        if digits.is_some_and(|was| was != digit) {
            parts.push(std::mem::take(&mut part));
        }
        digits = Some(digit);
        part.push(letter);
    }
    if !part.is_empty() {
        parts.push(part);
    }
}

fn tokens(text: &str) -> Vec<Token> {
    let mut pieces: Vec<String> = Vec::new();
    let mut piece = String::new();
    let mut push = |piece: &mut String| {
        if !piece.is_empty() {
            pieces.push(std::mem::take(piece));
        }
    };
    for letter in text.chars() {
        match letter {
            '(' | ')' | ',' | ';' | '/' | '|' | '&' => {
                push(&mut piece);
                piece.push(letter);
                push(&mut piece);
            }
            letter if letter.is_whitespace() => push(&mut piece),
            letter => piece.push(letter),
        }
    }
    push(&mut piece);
    let mut tokens: Vec<Token> = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        let lower = piece.to_ascii_lowercase();
        let next = pieces
            .get(index.saturating_add(1))
            .map(|next| next.to_ascii_lowercase());
        let follows = |words: &[&str]| next.as_deref().is_some_and(|next| words.contains(&next));
        // `GPL 2 or later` is one name.
        let later = follows(&["later", "newer", "any", "greater", "above"]);
        let token = match lower.as_str() {
            "(" => Token::Open,
            ")" => Token::Close,
            // `Apache License, Version 2.0` is one name.
            "," if follows(&["version", "v2", "v3", "v2.0", "v3.0", "v."]) => continue,
            "," | ";" => Token::Comma,
            "and" | "&" if !later => Token::And,
            "or" | "/" | "|" if !later => Token::Or,
            "with" | "w" => Token::With,
            _ => Token::Name(piece.clone()),
        };
        match (tokens.last_mut(), token) {
            (Some(Token::Name(before)), Token::Name(more)) => {
                before.push(' ');
                before.push_str(&more);
            }
            (Some(Token::Or), Token::Or) | (Some(Token::And), Token::And) => {}
            (_, token) => tokens.push(token),
        }
    }
    tokens
}

struct Reader<'t> {
    tokens: &'t [Token],
    at: usize,
    terms: usize,
    strict: bool,
    confidence: Confidence,
    notes: Vec<Note>,
}

impl<'t> Reader<'t> {
    fn new(tokens: &'t [Token], strict: bool) -> Self {
        Self {
            tokens,
            at: 0,
            terms: 0,
            strict,
            confidence: Confidence::High,
            notes: Vec::new(),
        }
    }

    fn read(mut self) -> Result<(Expression, Confidence, Vec<Note>), Fault> {
        let expression = self.any(0)?;
        if self.at < self.tokens.len() {
            return Err(Fault::Broken);
        }
        Ok((expression, self.confidence, self.notes))
    }

    fn eat(&mut self, token: &Token) -> bool {
        let found = self.tokens.get(self.at) == Some(token);
        if found {
            self.at = self.at.saturating_add(1);
        }
        found
    }

    fn any(&mut self, depth: usize) -> Result<Expression, Fault> {
        if depth > MAX_DEPTH {
            return Err(Fault::TooLarge);
        }
        let mut parts = vec![self.all(depth)?];
        while self.eat(&Token::Or) {
            parts.push(self.all(depth)?);
        }
        Expression::join(false, parts).ok_or(Fault::Broken)
    }

    fn all(&mut self, depth: usize) -> Result<Expression, Fault> {
        let mut parts = vec![self.one(depth)?];
        loop {
            if self.eat(&Token::And) {
                parts.push(self.one(depth)?);
            } else if !self.strict && self.eat(&Token::Comma) {
                // A list may go on with a word: `MIT, and BSD`.
                if !self.eat(&Token::And) && !self.eat(&Token::Or) {
                    self.note(Note::AmbiguousJoin, Confidence::Low);
                }
                parts.push(self.one(depth)?);
            } else {
                break;
            }
        }
        Expression::join(true, parts).ok_or(Fault::Broken)
    }

    fn one(&mut self, depth: usize) -> Result<Expression, Fault> {
        if self.eat(&Token::Open) {
            let inner = self.any(depth.saturating_add(1))?;
            return if self.eat(&Token::Close) {
                Ok(inner)
            } else {
                Err(Fault::Broken)
            };
        }
        let Some(Token::Name(name)) = self.tokens.get(self.at) else {
            return Err(Fault::Broken);
        };
        self.at = self.at.saturating_add(1);
        self.terms = self.terms.saturating_add(1);
        if self.terms > MAX_TERMS {
            return Err(Fault::TooLarge);
        }
        let mut term = self.term(name)?;
        if !self.strict && self.tokens.get(self.at) == Some(&Token::Open) {
            self.remark()?;
        }
        if self.eat(&Token::With) {
            let Some(Token::Name(name)) = self.tokens.get(self.at) else {
                return Err(Fault::Broken);
            };
            self.at = self.at.saturating_add(1);
            term.exception = Some(self.exception(name)?);
        }
        Ok(Expression::Term(term))
    }

    /// Passes over a remark such as `(GPLv3)` behind a name.
    fn remark(&mut self) -> Result<(), Fault> {
        let mut open = 0_usize;
        while let Some(token) = self.tokens.get(self.at) {
            self.at = self.at.saturating_add(1);
            match token {
                Token::Open => open = open.saturating_add(1),
                Token::Close => open = open.saturating_sub(1),
                _ => {}
            }
            if open == 0 {
                self.note(Note::Remark, Confidence::Medium);
                return Ok(());
            }
        }
        Err(Fault::Broken)
    }

    fn term(&mut self, name: &str) -> Result<Term, Fault> {
        if let Some((term, note)) = by_id(name) {
            if let Some(note) = note {
                self.note(note, Confidence::High);
            }
            return Ok(term);
        }
        if self.strict {
            return Err(Fault::Broken);
        }
        if let Some((term, confidence, note)) = by_name(name) {
            self.note(note, confidence);
            return Ok(term);
        }
        self.note(Note::Unrecognised, Confidence::Low);
        Ok(Term::new(custom(name)))
    }

    fn exception(&mut self, name: &str) -> Result<String, Fault> {
        if let Some(listed) = spdx::exception_id(name) {
            return Ok(listed.name.to_owned());
        }
        if name.starts_with("AdditionRef-") && is_idstring(name) {
            return Ok(name.to_owned());
        }
        let wanted = key(name);
        let same =
            |listed: &&spdx::Exception| listed.name.eq_ignore_ascii_case(name) || key(listed.name) == wanted;
        if let Some(listed) = spdx::identifiers::EXCEPTIONS.iter().find(same) {
            self.note(Note::Case, Confidence::High);
            return Ok(listed.name.to_owned());
        }
        if self.strict {
            return Err(Fault::Broken);
        }
        self.note(Note::Unrecognised, Confidence::Low);
        let name = custom(name);
        let name = name.strip_prefix("LicenseRef-").unwrap_or(&name);
        Ok(format!("AdditionRef-{name}"))
    }

    fn note(&mut self, note: Note, confidence: Confidence) {
        self.confidence = self.confidence.min(confidence);
        self.notes.push(note);
    }
}

/// Reads an id as it stands, in any case.
fn by_id(name: &str) -> Option<(Term, Option<Note>)> {
    if name.contains(char::is_whitespace) {
        return None;
    }
    let (plain, later) = match name.strip_suffix('+') {
        Some(plain) => (plain, true),
        None => (name, false),
    };
    let reference = plain.starts_with("LicenseRef-") || plain.starts_with("DocumentRef-");
    if reference {
        let valid = is_idstring(plain) && plain.contains("LicenseRef-");
        return valid.then(|| (Term::new(plain), None));
    }
    let mut note = None;
    // Found by search, because the list's own look-up also takes names with several plus signs.
    let found = listed().find(|listed| listed.name == plain).or_else(|| {
        note = Some(Note::Case);
        listed().find(|listed| listed.name.eq_ignore_ascii_case(plain))
    })?;
    let id = spdx::license_id(found.name)?;
    let mut term = Term::new(current_id(found.name));
    if later {
        let stem = term.id.strip_suffix("-only").unwrap_or(&term.id);
        let gnu = format!("{stem}-or-later");
        if id.is_gnu() && spdx::license_id(&gnu).is_some() {
            term.id = gnu;
        } else {
            term.or_later = !term.id.ends_with("-or-later");
        }
    }
    if id.is_deprecated() {
        note = Some(Note::Deprecated);
    }
    Some((term, note))
}

/// Reads a name.
fn by_name(name: &str) -> Option<(Term, Confidence, Note)> {
    let catalog = catalog();
    let id = catalog.id_of_name(name)?;
    let term = Term::new(id);
    let Some(licence) = catalog.get(id) else {
        return Some((term, Confidence::Medium, Note::Name));
    };
    if !licence.members.is_empty() {
        return Some((term, Confidence::Low, Note::Ambiguous));
    }
    let wanted = words::joined(name);
    let exact = licence
        .names
        .iter()
        .chain([&licence.title])
        .any(|known| words::joined(known) == wanted);
    let confidence = if exact {
        Confidence::High
    } else {
        Confidence::Medium
    };
    Some((term, confidence, Note::Name))
}

/// Makes an id of a name that is not known.
fn custom(name: &str) -> String {
    let mut id = String::from("LicenseRef-");
    for letter in name.chars() {
        if id.len() >= MAX_ID {
            break;
        }
        if letter.is_ascii_alphanumeric() || letter == '.' {
            id.push(letter);
        } else if !id.ends_with('-') {
            id.push('-');
        }
    }
    let id = id.trim_end_matches(['-', '.']);
    if id.len() > "LicenseRef".len() {
        id.to_owned()
    } else {
        "LicenseRef-unnamed".to_owned()
    }
}

fn is_idstring(text: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-.:".contains(letter);
    text.len() <= 256 && !text.ends_with("Ref-") && text.chars().all(plain)
}

fn all_unknown(expression: &Expression, notes: &[Note]) -> bool {
    let unknown = |term: &&Term| term.is_custom() && catalog().get(&term.id).is_none();
    notes.contains(&Note::Unrecognised) && expression.terms().iter().all(unknown)
}
