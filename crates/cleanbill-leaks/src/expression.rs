//! Regular expressions of users' rules, in the syntax of RE2 that rules of other tools are written in, for an engine whose time grows
//! with the text only. What is not here: search for where to look; see `pattern.rs`.

use std::fmt::Write as _;

use regex_automata::{meta::Regex, util::syntax};
use regex_syntax::{Parser, ParserBuilder, hir::Hir};

/// LIMIT: bytes of one expression. Beyond it, the expression is refused.
const TEXT_BYTES: usize = 64 << 10;
/// LIMIT: bytes of one compiled expression; counted repetitions of wide classes reach it. Beyond it, the expression is refused.
const COMPILED_BYTES: usize = 4 << 20;
/// LIMIT: bytes of states that a search keeps; beyond it, they are thrown away and made anew, which costs time only.
const CACHE_BYTES: usize = 2 << 20;
/// LIMIT: levels of groups in one expression. Beyond it, the expression is refused.
const NEST: u32 = 100;

/// Why an expression is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ExpressionError {
    /// It is no expression, in the words of the parser.
    Syntax(String),
    /// It is too long, or too large when it is compiled.
    Large,
}

fn parser() -> ParserBuilder {
    let mut builder = ParserBuilder::new();
    builder.utf8(false).nest_limit(NEST);
    builder
}

/// Parses an expression.
pub(crate) fn parse(text: &str) -> Result<Hir, ExpressionError> {
    if text.len() > TEXT_BYTES {
        return Err(ExpressionError::Large);
    }
    let mut parser: Parser = parser().build();
    parser.parse(&translated(text)).map_err(|error| {
        let words = match &error {
            regex_syntax::Error::Parse(error) => error.kind().to_string(),
            regex_syntax::Error::Translate(error) => error.kind().to_string(),
            other => other.to_string(),
        };
        ExpressionError::Syntax(words)
    })
}

/// Compiles what was parsed.
pub(crate) fn compile(hir: &Hir) -> Result<Regex, ExpressionError> {
    compile_all(std::slice::from_ref(hir))
}

/// Compiles expressions of which any may match.
pub(crate) fn compile_all(all: &[Hir]) -> Result<Regex, ExpressionError> {
    let config = Regex::config()
        .utf8_empty(false)
        .nfa_size_limit(Some(COMPILED_BYTES))
        .onepass_size_limit(Some(COMPILED_BYTES >> 3))
        .hybrid_cache_capacity(CACHE_BYTES)
        .dfa(false);
    Regex::builder()
        .configure(config)
        .syntax(syntax::Config::new().utf8(false))
        .build_many_from_hir(all)
        .map_err(|error| match error.size_limit() {
            Some(_) => ExpressionError::Large,
            None => ExpressionError::Syntax(error.to_string()),
        })
}

/// Writes an expression of RE2 in the syntax of the parser. Where both read the same, nothing changes; classes such as `\d`, `\w`, `\s` and
/// `\b` know ASCII only in RE2.
fn translated(text: &str) -> String {
    let mut out = String::with_capacity(text.len().saturating_add(16));
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let after = rest.get(first.len_utf8()..).unwrap_or_default();
        rest = match first {
            '\\' => escape(&mut out, after, false),
            '[' => class(&mut out, after),
            '{' if !is_counter(after) => {
                out.push_str("\\{");
                after
            }
            other => {
                out.push(other);
                after
            }
        };
    }
    out
}

/// Says whether `2}`, `2,}` or `2,5}` follows a brace; any other brace is itself in RE2.
fn is_counter(after: &str) -> bool {
    let Some((inner, _)) = after.split_once('}') else {
        return false;
    };
    let (least, most) = inner.split_once(',').unwrap_or((inner, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    !least.is_empty() && digits(least) && digits(most)
}

/// Reads what follows a backslash and returns what comes after it.
fn escape<'t>(out: &mut String, after: &'t str, in_class: bool) -> &'t str {
    let Some(name) = after.chars().next() else {
        out.push('\\');
        return after;
    };
    let rest = after.get(name.len_utf8()..).unwrap_or_default();
    let wrap = |out: &mut String, set: &str| {
        out.push('[');
        out.push_str(set);
        out.push(']');
    };
    match name {
        'd' => wrap(out, "0-9"),
        'D' => wrap(out, "^0-9"),
        'w' => wrap(out, "0-9A-Za-z_"),
        'W' => wrap(out, "^0-9A-Za-z_"),
        's' => wrap(out, r"\t\n\f\r\x20"),
        'S' => wrap(out, r"^\t\n\f\r\x20"),
        'b' if !in_class => out.push_str(r"(?-u:\b)"),
        'B' if !in_class => out.push_str(r"(?-u:\B)"),
        'C' if !in_class => out.push_str("(?s-u:.)"),
        // These would be edges of words.
        '<' | '>' => out.push(name),
        'Q' => {
            let (literal, rest) = rest.split_once("\\E").unwrap_or((rest, ""));
            out.push_str(&regex_syntax::escape(literal));
            return rest;
        }
        'p' | 'P' if rest.starts_with("{^") => {
            out.push_str(if name == 'p' { "\\P{" } else { "\\p{" });
            return rest.get(2..).unwrap_or_default();
        }
        '0' => return octal(out, after),
        '1'..='7' if rest.starts_with(|next: char| next.is_digit(8)) => return octal(out, after),
        other => {
            out.push('\\');
            out.push(other);
        }
    }
    // What follows a class is no end of a range.
    match rest.strip_prefix('-') {
        Some(rest) if in_class && matches!(name, 'd' | 'D' | 'w' | 'W' | 's' | 'S') => {
            out.push_str("\\-");
            rest
        }
        _ => rest,
    }
}

/// Reads up to three octal digits.
fn octal<'t>(out: &mut String, digits: &'t str) -> &'t str {
    let count = digits
        .bytes()
        .take(3)
        .take_while(|byte| matches!(byte, b'0'..=b'7'))
        .count();
    let (number, rest) = digits.split_at_checked(count).unwrap_or((digits, ""));
    let value = u32::from_str_radix(number, 8).unwrap_or(0);
    let _ = write!(out, "\\x{{{value:x}}}");
    rest
}

/// Reads a class after its bracket and returns what comes after it. In RE2 a bracket within it is itself, and there are no operations on
/// sets.
fn class<'t>(out: &mut String, after: &'t str) -> &'t str {
    out.push('[');
    let mut rest = after;
    if let Some(inner) = rest.strip_prefix('^') {
        out.push('^');
        rest = inner;
    }
    if let Some(inner) = rest.strip_prefix(']') {
        out.push_str("\\]");
        rest = inner;
    }
    while let Some(first) = rest.chars().next() {
        let after = rest.get(first.len_utf8()..).unwrap_or_default();
        rest = match first {
            ']' => {
                out.push(']');
                return after;
            }
            '\\' => escape(out, after, true),
            '[' => {
                let named = after.strip_prefix(':').and_then(|name| name.split_once(":]"));
                if let Some((name, after)) = named {
                    let _ = write!(out, "[:{name}:]");
                    after
                } else {
                    out.push_str("\\[");
                    after
                }
            }
            '&' | '~' => {
                out.push('\\');
                out.push(first);
                after
            }
            '-' if after.starts_with('-') => {
                out.push_str("\\-");
                after
            }
            other => {
                out.push(other);
                after
            }
        };
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expression: &str, text: &str, expected: Option<&str>) {
        let regex = compile(&parse(expression).unwrap()).unwrap();
        let found = regex.find(text).and_then(|found| text.get(found.range()));
        assert_eq!(found, expected, "{expression} on {text}");
    }

    #[test]
    fn expressions_of_re2_mean_what_they_mean_there() {
        check(r"\d+", "٣ 42", Some("42"));
        check(r"\w+", "é_a", Some("_a"));
        check(r"[\w.-]+", "é x.y-z", Some("x.y-z"));
        check(r"[\w-.]+", "a-b.c_d", Some("a-b.c_d"));
        check(r"\bkey\b", "monkey key", Some("key"));
        check(r"(?i)ABC", "xabc", Some("abc"));
        check(r"a{,3}", "xa{,3}", Some("a{,3}"));
        check(r"a{2,}", "aaaa", Some("aaaa"));
        check(r"${NAME}", "x", None);
        check(r"[[a]+", "x[a[", Some("[a["));
        check(r"[]a]+", "x]a", Some("]a"));
        check(r"[a&&b]+", "&&", Some("&&"));
        check(r"[[:alpha:]]+", "1ab", Some("ab"));
        check(r"\Qa.b*\E+", "a.b**", Some("a.b**"));
        check(r"\x41\x{42}\103", "ABC", Some("ABC"));
        check(r"\<a\>", "<a>", Some("<a>"));
        check(r"a\z", "aa", Some("a"));
        check(r"\pL+", "1é", Some("é"));
        check(r"\p{^L}+", "é12", Some("12"));
        check(r"[^\s]+", " ab ", Some("ab"));
        check(r"(?P<name>a)(?<other>b)", "ab", Some("ab"));
        check("é+", "aéé", Some("éé"));
    }

    #[test]
    fn what_needs_going_back_is_refused() {
        for expression in ["(?=a)b", "(?<!a)b", r"(a)\1", "(a", "a)", "[a", "*a"] {
            assert!(
                matches!(parse(expression), Err(ExpressionError::Syntax(_))),
                "{expression}"
            );
        }
        assert_eq!(
            parse(&"a".repeat(TEXT_BYTES + 1)).unwrap_err(),
            ExpressionError::Large
        );
        let wide = parse(r"\pL{1000}{100}").unwrap();
        assert_eq!(compile(&wide).unwrap_err(), ExpressionError::Large);
    }
}
