//! Values that stand after a name which says that they are secret. Low confidence by nature: code is full of such names.

use std::ops::Range;

use crate::{
    checks::{contains, is_broken},
    matchers::Found,
    placeholder::{entropy, entropy_is_high, is_placeholder},
    rule::{Kind, Level, Rule},
    shape::Set,
};

/// Longest name, to either side of the telling part.
const NAME_BYTES: usize = 40;
/// Longest value that is taken for a key or password.
const VALUE_BYTES: usize = 256;

/// Parts of names that are about a secret and do not hold one.
const ABOUT: &[&[u8]] = &[
    b"path",
    b"file",
    b"url",
    b"uri",
    b"name",
    b"field",
    b"hash",
    b"public",
    b"regex",
    b"type",
    b"length",
    b"expir",
    b"label",
    b"policy",
    b"arn",
    b"ref",
    b"prompt",
    b"digest",
    b"sha",
    b"checksum",
    b"hint",
    b"validator",
    b"format",
    b"pattern",
    b"env",
    b"next",
    b"page",
    b"pad_",
    b"bos_",
    b"eos_",
    b"unk_",
    b"sep_",
    b"cls_",
    b"mask_",
    b"special",
    b"added_",
    b"max_",
    b"num_",
    b"continuation",
    b"encoder",
    b"decoder",
    b"csrf",
    b"nonce",
    b"old",
    b"count",
    b"placeholder",
    b"message",
    b"error",
    b"text",
    b"strength",
    b"rule",
    b"required",
    b"oldpwd",
    b"test",
    b"example",
    b"dummy",
    b"fake",
    b"mock",
    b"cursor",
    b"sync",
    b"integrity",
];

/// Finds the value assigned to the name in which the anchor at `at` stands.
pub(crate) fn look(rule: &Rule, window: &[u8], at: usize, length: usize) -> Option<Found> {
    let parts = Set::words(b"_-.");
    let left = parts.run_back(window.get(..at)?, NAME_BYTES);
    let anchor_end = at.saturating_add(length);
    let right = parts.run(window.get(anchor_end..)?, NAME_BYTES);
    let name_end = anchor_end.saturating_add(right);
    let value = value_after(window, name_end)?;
    let text = window.get(value.range.clone())?;
    let name = window
        .get(at.saturating_sub(left)..name_end)?
        .to_ascii_lowercase();
    let password = rule.kind == Kind::AssignedPassword;
    if name.ends_with(b"pwd") && name.len() == 3 && text.starts_with(b"/") {
        return None;
    }
    if !plausible(text, value.quoted, password) {
        return None;
    }
    if ABOUT.iter().any(|word| contains(&name, word))
        || name.ends_with(b"_id")
        || name.ends_with(b"id") && name.len() > 8
    {
        return None;
    }
    let mut found = Found::new(rule, value.range);
    if !password && value.quoted && text.len() >= 24 && entropy(text) >= 3.5 && mixed(text) {
        found.severity = Level::Medium;
    }
    Some(found)
}

#[derive(Clone, Debug)]
struct Value {
    range: Range<usize>,
    quoted: bool,
}

/// Finds the value after a name: past a closing quote, an operator, blanks and an opening quote.
fn value_after(window: &[u8], name_end: usize) -> Option<Value> {
    let mut at = name_end;
    let skip = |at: &mut usize, test: fn(u8) -> bool, most: usize| {
        let count = window
            .get(*at..)
            .unwrap_or_default()
            .iter()
            .take(most)
            .take_while(|byte| test(**byte))
            .count();
        *at = at.saturating_add(count);
        count
    };
    let blank = |byte: u8| matches!(byte, b' ' | b'\t');
    skip(
        &mut at,
        |byte| matches!(byte, b'"' | b'\'' | b']' | b'\\' | b'`'),
        4,
    );
    skip(&mut at, blank, 8);
    let operator = operator(window.get(at..)?)?;
    at = at.saturating_add(operator);
    skip(&mut at, blank, 8);
    // `password: str = "..."`
    let word = Set::words(b"_.[]").run(window.get(at..)?, 32);
    let typed = window.get(at.saturating_add(word)..)?;
    if word > 0 && typed.starts_with(b" = ") {
        at = at.saturating_add(word).saturating_add(3);
    }
    skip(&mut at, |byte| matches!(byte, b'b' | b'r' | b'u' | b'@'), 1);
    let prefixed = window.get(at).is_some_and(|byte| matches!(byte, b'"' | b'\''));
    if !prefixed
        && window
            .get(at.saturating_sub(1))
            .is_some_and(u8::is_ascii_alphabetic)
        && at > name_end
    {
        at = at.saturating_sub(1);
    }
    let escaped = skip(&mut at, |byte| byte == b'\\', 2);
    let quote = window
        .get(at)
        .copied()
        .filter(|byte| matches!(byte, b'"' | b'\'' | b'`'));
    if quote.is_some() {
        at = at.saturating_add(1);
    } else if escaped > 0 {
        return None;
    }
    let rest = window.get(at..)?;
    let end = rest
        .iter()
        .take(VALUE_BYTES.saturating_add(1))
        .position(|byte| match quote {
            Some(quote) => *byte == quote || *byte == b'\\' || *byte == b'\n',
            None => {
                !byte.is_ascii_graphic()
                    || matches!(
                        byte,
                        b'"' | b'\'' | b'`' | b',' | b';' | b'<' | b'>' | b'&' | b'|' | b'\\'
                    )
            }
        })
        .unwrap_or(rest.len());
    if end > VALUE_BYTES || quote.is_some() && rest.get(end) == Some(&b'\n') {
        return None;
    }
    Some(Value {
        range: at..at.saturating_add(end),
        quoted: quote.is_some(),
    })
}

/// Returns the length of the operator at the start of `rest`.
fn operator(rest: &[u8]) -> Option<usize> {
    match rest {
        [b'=', b'=' | b'~', ..] | [b':', b':' | b'/', ..] => None,
        [b'=', b'>', ..] | [b':', b'=', ..] => Some(2),
        [b'=' | b':', ..] => Some(1),
        // Full-width colon, and the Chinese words for "is".
        [0xef, 0xbc, 0x9a, ..] | [0xe6, 0x98, 0xaf, ..] | [0xe4, 0xb8, 0xba, ..] => Some(3),
        _ => None,
    }
}

fn plausible(text: &[u8], quoted: bool, password: bool) -> bool {
    let least = if password { 8 } else { 16 };
    let most = if password { 64 } else { VALUE_BYTES };
    if text.len() < least || text.len() > most || !text.iter().all(u8::is_ascii_graphic) {
        return false;
    }
    let lower = text.to_ascii_lowercase();
    let about = [
        &b"password"[..],
        b"passwd",
        b"secret",
        b"token",
        b"://",
        b"process.env",
        b"environ",
        b"getenv",
        b"config.",
        b"none",
        b"null",
    ];
    if is_placeholder(text) || is_broken(text) || about.iter().any(|word| contains(&lower, word)) {
        return false;
    }
    let brackets = |byte: &u8| matches!(byte, b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'<' | b'>');
    let signs = |byte: &u8| matches!(byte, b'$' | b'%' | b'*');
    let of = |test: fn(&u8) -> bool| text.iter().filter(|byte| test(byte)).count();
    let (brackets, signs) = (of(brackets), of(signs));
    // In the open, a sign stands in a password of letters and digits, or between names in an expression.
    let open = usize::from(password && (quoted || mixed(text)));
    if brackets > usize::from(quoted && password) || brackets.saturating_add(signs) > open {
        return false;
    }
    // Paths and dotted names.
    if text
        .first()
        .is_some_and(|byte| matches!(byte, b'/' | b'.' | b'~' | b'-' | b'@' | b'#' | b'!' | b'=' | b'$' | b'%'))
        || lower.starts_with(b"arn:")
        || names_hash(&lower)
        // JSON in base64: cursors and settings; a web token has a rule of its own.
        || text.starts_with(b"eyJ")
        || lower.starts_with(b"self.")
    {
        return false;
    }
    let hex = text.iter().all(u8::is_ascii_hexdigit);
    let separators = text
        .iter()
        .filter(|byte| matches!(byte, b'-' | b'_' | b'.' | b'/' | b':'))
        .count();
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    if digits == 0
        || text
            .iter()
            .all(|byte| byte.is_ascii_digit() || !byte.is_ascii_alphanumeric())
    {
        return false;
    }
    if !quoted && separators > 2 && digits < 4 || separators.saturating_mul(4) > text.len() {
        return false;
    }
    if password {
        varies(text) && (mixed(text) || digits >= 3)
    } else {
        digits >= 2 && (hex && text.len() >= 32 || mixed(text)) && entropy_is_high(text)
    }
}

/// Says whether a value begins with the name of a hash: `sha256:...`.
fn names_hash(lower: &[u8]) -> bool {
    let rest = lower.strip_prefix(b"sha").and_then(<[u8]>::first);
    rest.is_some_and(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b':'))
}

/// Says whether a short value varies as a password does, and is no word with a number behind it.
pub(crate) fn varies(text: &[u8]) -> bool {
    let letters = text.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let rest = text.get(letters..).unwrap_or_default();
    // A word is written small, with one capital, or in capitals; a few more stand in `McDonald` and `OpenSesame`.
    let word = text.get(..letters).unwrap_or_default();
    let capitals = word
        .iter()
        .skip(1)
        .filter(|byte| byte.is_ascii_uppercase())
        .count();
    let is_word = capitals <= 2 || capitals.saturating_add(1) >= letters;
    let word_and_number = letters >= 4
        && is_word
        && rest.len() <= 4
        && rest.iter().all(|byte| byte.is_ascii_digit() || *byte == b'!');
    !word_and_number && entropy(text) >= 2.5
}

/// Says whether at least two, of a long text all three, of small letters, capitals and digits occur.
fn mixed(text: &[u8]) -> bool {
    let any = |test: fn(&u8) -> bool| u8::from(text.iter().any(test));
    let kinds = any(u8::is_ascii_lowercase)
        .saturating_add(any(u8::is_ascii_uppercase))
        .saturating_add(any(u8::is_ascii_digit));
    kinds == 3
}
