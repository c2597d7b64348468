//! Cuts a Jinja template into the tokens of its expressions and statements.

/// Holds what stands between `{{` and `}}` or `{%` and `%}`.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) is_statement: bool,
    pub(super) tokens: Vec<Token>,
}

/// Holds one token with its offset in the template.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) at: usize,
    pub(super) value: Value,
}

impl Token {
    pub(super) fn name(&self) -> Option<&str> {
        match &self.value {
            Value::Name(name) => Some(name),
            _ => None,
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Value {
    Name(String),
    /// Text with its escapes resolved; `escaped` where an escape stood for a letter, digit or underscore.
    Text {
        text: String,
        escaped: bool,
    },
    Number(u128),
    Symbol(char),
}

/// Lists the blocks of `template`. Comments are passed over; `raw` sections are not, so that nothing hides in one.
pub(super) fn blocks(template: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut rest = template;
    while let Some(found) = rest.find('{') {
        rest = rest.get(found..).unwrap_or_default();
        if let Some(comment) = rest.strip_prefix("{#") {
            rest = comment.split_once("#}").map_or("", |(_, after)| after);
            continue;
        }
        let is_statement = rest.starts_with("{%");
        if !is_statement && !rest.starts_with("{{") {
            rest = rest.get(1..).unwrap_or_default();
            continue;
        }
        rest = rest.get(2..).unwrap_or_default();
        let start = template.len() - rest.len();
        let (tokens, length) = tokens(rest, start, if is_statement { "%}" } else { "}}" });
        rest = rest.get(length..).unwrap_or_default();
        blocks.push(Block { is_statement, tokens });
    }
    blocks
}

/// Reads tokens up to `close`; returns them and how many bytes were passed.
fn tokens(text: &str, start: usize, close: &str) -> (Vec<Token>, usize) {
    let mut tokens = Vec::new();
    let mut rest = text;
    let mut braces = 0_u32;
    while let Some(first) = rest.chars().next() {
        let at = start + (text.len() - rest.len());
        if braces == 0 && rest.starts_with(close) {
            rest = rest.get(close.len()..).unwrap_or_default();
            break;
        }
        let (value, length) = match first {
            '\'' | '"' => literal(rest, first),
            c if c.is_alphabetic() || c == '_' => {
                let word: String = rest
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                let length = word.len();
                (Value::Name(word), length)
            }
            '0'..='9' => {
                let digits: String = rest
                    .chars()
                    .take_while(|c| c.is_ascii_digit() || *c == '_')
                    .collect();
                let number = digits.replace('_', "").parse().unwrap_or(u128::MAX);
                (Value::Number(number), digits.len())
            }
            c => {
                match c {
                    '{' => braces += 1,
                    '}' => braces = braces.saturating_sub(1),
                    _ => {}
                }
                (Value::Symbol(c), c.len_utf8())
            }
        };
        // White-space control and blanks carry nothing.
        let blank = matches!(&value, Value::Symbol(c) if c.is_whitespace())
            || (tokens.is_empty() && matches!(first, '-' | '+'));
        if !blank {
            tokens.push(Token { at, value });
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    (tokens, text.len() - rest.len())
}

/// Reads a text literal with Python's escapes.
fn literal(rest: &str, quote: char) -> (Value, usize) {
    let mut text = String::new();
    let mut escaped = false;
    let mut characters = rest.char_indices().skip(1);
    let mut length = rest.len();
    while let Some((at, character)) = characters.next() {
        if character == quote {
            length = at + 1;
            break;
        }
        if character != '\\' {
            text.push(character);
            continue;
        }
        let Some((escape_at, escape)) = characters.next() else {
            break;
        };
        let digits = match escape {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            '0'..='7' => 0,
            _ => {
                match escape {
                    'n' => text.push('\n'),
                    't' => text.push('\t'),
                    'r' => text.push('\r'),
                    // `\N{LOW LINE}` names the underscore.
                    'N' => escaped = true,
                    other => text.push(other),
                }
                continue;
            }
        };
        let after = rest
            .get(escape_at + usize::from(digits > 0)..)
            .unwrap_or_default();
        let radix = if digits > 0 { 16 } else { 8 };
        let most = if digits > 0 { digits } else { 3 };
        let code: String = after
            .chars()
            .take(most)
            .take_while(|c| c.is_digit(radix))
            .collect();
        if let Some(decoded) = u32::from_str_radix(&code, radix).ok().and_then(char::from_u32) {
            escaped |= decoded == '_' || decoded.is_ascii_alphanumeric();
            text.push(decoded);
        }
        let passed = if digits > 0 {
            code.len()
        } else {
            code.len().saturating_sub(1)
        };
        for _ in 0..passed {
            characters.next();
        }
    }
    (Value::Text { text, escaped }, length)
}
