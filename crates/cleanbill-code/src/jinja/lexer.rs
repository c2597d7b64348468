//! Cuts the inside of a tag into tokens.

use std::ops::Range;

/// Holds a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Where it stands in the template.
    pub range: Range<usize>,
    /// What it is.
    pub kind: TokenKind,
}

/// Tells tokens apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A word.
    Name(String),
    /// A text literal with its escapes resolved.
    Text {
        /// The text.
        text: String,
        /// Whether an escape stands for a letter, digit or underscore.
        escaped: bool,
    },
    /// A whole number.
    Integer(i128),
    /// Another number.
    Float,
    /// An operator or bracket.
    Symbol(&'static str),
    /// A character that has no place in a tag, or a literal without an end.
    Wrong,
}

/// Operators, the longer first.
const SYMBOLS: &[&str] = &[
    "**", "//", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<",
    "=", ".", ":", "|", ",", ";", "!", "&&", "||",
];

/// Reads tokens from `start` of `template` up to `close` outside of brackets. Returns them, where the tag's inside ends, and
/// where the text behind it begins; both are the end of the template where the tag has no end.
pub(super) fn tokens(template: &str, start: usize, close: &str) -> (Vec<Token>, usize, Option<usize>) {
    let mut tokens: Vec<Token> = Vec::new();
    let mut at = start;
    let mut open: Vec<&'static str> = Vec::new();
    while let Some(rest) = template.get(at..) {
        let Some(first) = rest.chars().next() else { break };
        if open.is_empty() {
            if rest.starts_with(close) {
                return (tokens, at, Some(at.saturating_add(close.len())));
            }
            if matches!(first, '-' | '+') && rest.get(1..).is_some_and(|after| after.starts_with(close)) {
                return (tokens, at, Some(at.saturating_add(1).saturating_add(close.len())));
            }
        }
        if first.is_whitespace() {
            at = at.saturating_add(first.len_utf8());
            continue;
        }
        let (kind, length) = token(rest, first);
        if let TokenKind::Symbol(symbol) = kind {
            match symbol {
                "(" | "[" | "{" => open.push(symbol),
                ")" | "]" | "}" => {
                    open.pop();
                }
                _ => {}
            }
        }
        let end = at.saturating_add(length.max(1));
        tokens.push(Token { range: at..end, kind });
        at = end;
    }
    (tokens, template.len(), None)
}

fn token(rest: &str, first: char) -> (TokenKind, usize) {
    match first {
        '\'' | '"' => literal(rest, first),
        '0'..='9' => number(rest),
        c if c.is_alphabetic() || c == '_' => {
            let length = rest
                .find(|c: char| !(c.is_alphanumeric() || c == '_' || unicode_mark(c)))
                .unwrap_or(rest.len());
            let word = rest.get(..length).unwrap_or_default();
            (TokenKind::Name(compatible(word)), length)
        }
        other => SYMBOLS
            .iter()
            .find(|symbol| rest.starts_with(**symbol))
            .map_or((TokenKind::Wrong, other.len_utf8()), |symbol| {
                (TokenKind::Symbol(symbol), symbol.len())
            }),
    }
}

/// Says whether a character may go on in a Python identifier although it is no letter.
fn unicode_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{203f}' | '\u{2040}' | '\u{fe33}' | '\u{fe34}' | '\u{fe4d}'..='\u{fe4f}' | '\u{ff3f}')
}

/// Turns look-alikes into the characters that Python reads them as (NFKC), as far as names of attacks need them: full-width
/// and mathematical letters, and other underscores.
fn compatible(word: &str) -> String {
    if word.is_ascii() {
        return word.to_owned();
    }
    word.chars().map(compatible_character).collect()
}

/// Returns the ASCII character that a compatibility form stands for, or the character itself.
fn compatible_character(c: char) -> char {
    let code = u32::from(c);
    let plain = match code {
        0xff01..=0xff5e => code.saturating_sub(0xfee0),
        0x203f | 0x2040 | 0xfe33 | 0xfe34 | 0xfe4d..=0xfe4f => 0x5f,
        // Mathematical alphabets: each twice 26 letters, in a row.
        0x1d400..=0x1d6a3 => {
            let place = code.saturating_sub(0x1d400).checked_rem(52).unwrap_or(0);
            if place < 26 {
                place.saturating_add(0x41)
            } else {
                place.saturating_add(0x61 - 26)
            }
        }
        _ => code,
    };
    char::from_u32(plain).unwrap_or(c)
}

fn number(rest: &str) -> (TokenKind, usize) {
    let lower = |prefix: &str| {
        rest.get(..2)
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if lower(prefix) {
            let digits = rest.get(2..).unwrap_or_default();
            let length = digits
                .find(|c: char| !(c.is_digit(radix) || c == '_'))
                .unwrap_or(digits.len());
            let text = digits.get(..length).unwrap_or_default().replace('_', "");
            let value = i128::from_str_radix(&text, radix).unwrap_or(i128::MAX);
            return (TokenKind::Integer(value), length.saturating_add(2));
        }
    }
    let digits = |text: &str| {
        text.find(|c: char| !(c.is_ascii_digit() || c == '_'))
            .unwrap_or(text.len())
    };
    let mut length = digits(rest);
    let whole = rest.get(..length).unwrap_or_default().replace('_', "");
    let mut float = false;
    let after = rest.get(length..).unwrap_or_default();
    if let Some(fraction) = after.strip_prefix('.')
        && fraction.starts_with(|c: char| c.is_ascii_digit())
    {
        float = true;
        length = length.saturating_add(1).saturating_add(digits(fraction));
    }
    let after = rest.get(length..).unwrap_or_default();
    if let Some(exponent) = after.strip_prefix(['e', 'E']) {
        let signed = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if signed.starts_with(|c: char| c.is_ascii_digit()) {
            float = true;
            let sign = exponent.len().saturating_sub(signed.len());
            length = length
                .saturating_add(1)
                .saturating_add(sign)
                .saturating_add(digits(signed));
        }
    }
    if float {
        (TokenKind::Float, length)
    } else {
        (TokenKind::Integer(whole.parse().unwrap_or(i128::MAX)), length)
    }
}

/// Reads a text literal with Python's escapes.
fn literal(rest: &str, quote: char) -> (TokenKind, usize) {
    let mut text = String::new();
    let mut escaped = false;
    let mut at = 1_usize;
    loop {
        let Some(character) = rest.get(at..).and_then(|rest| rest.chars().next()) else {
            return (TokenKind::Wrong, rest.len());
        };
        at = at.saturating_add(character.len_utf8());
        if character == quote {
            return (TokenKind::Text { text, escaped }, at);
        }
        if character != '\\' {
            text.push(character);
            continue;
        }
        let after = rest.get(at..).unwrap_or_default();
        let Some(code) = after.chars().next() else {
            return (TokenKind::Wrong, rest.len());
        };
        let (decoded, length) = escape(after, code);
        if let Some(decoded) = decoded {
            escaped |= length > 1 && (decoded == '_' || decoded.is_ascii_alphanumeric());
            text.push(decoded);
        }
        at = at.saturating_add(length.max(1));
    }
}

/// Resolves the escape at the start of `after`; returns the character and the length of what stands behind the backslash.
fn escape(after: &str, code: char) -> (Option<char>, usize) {
    let simple = |c: char| (Some(c), 1);
    let coded = |digits: usize| {
        let number = after
            .get(1..digits.saturating_add(1))
            .and_then(|text| u32::from_str_radix(text, 16).ok());
        match number {
            Some(number) => (
                Some(char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER)),
                digits.saturating_add(1),
            ),
            None => (Some(code), 1),
        }
    };
    match code {
        'n' => simple('\n'),
        't' => simple('\t'),
        'r' => simple('\r'),
        'a' => simple('\u{7}'),
        'b' => simple('\u{8}'),
        'f' => simple('\u{c}'),
        'v' => simple('\u{b}'),
        '\n' => (None, 1),
        'x' => coded(2),
        'u' => coded(4),
        'U' => coded(8),
        '0'..='7' => {
            let length = after.chars().take(3).take_while(|c| c.is_digit(8)).count();
            let number = after
                .get(..length)
                .and_then(|digits| u32::from_str_radix(digits, 8).ok());
            // `\0` is common, and stands for nothing that could be part of a name.
            (number.and_then(char::from_u32), length.max(1))
        }
        'N' => named(after),
        other => (Some(other), other.len_utf8()),
    }
}

/// Resolves `N{NAME}` for the names of what builds names: underscores and Latin letters.
fn named(after: &str) -> (Option<char>, usize) {
    let Some((name, _)) = after.strip_prefix("N{").and_then(|rest| rest.split_once('}')) else {
        return (Some('N'), 1);
    };
    let length = name.len().saturating_add(3);
    let upper = name.to_ascii_uppercase();
    let last = upper.chars().last().filter(|_| {
        let mut words = upper.rsplit(' ');
        words.next().is_some_and(|word| word.chars().count() == 1)
    });
    let decoded = if upper == "LOW LINE" || upper == "UNDERSCORE" || upper == "SPACING UNDERSCORE" {
        '_'
    } else if let Some(letter) = last.filter(|_| upper.starts_with("LATIN SMALL LETTER")) {
        letter.to_ascii_lowercase()
    } else if let Some(letter) = last.filter(|_| upper.starts_with("LATIN CAPITAL LETTER")) {
        letter
    } else {
        char::REPLACEMENT_CHARACTER
    };
    (Some(decoded), length)
}
