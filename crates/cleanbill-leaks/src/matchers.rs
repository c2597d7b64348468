//! What stands around an anchor: tokens, named values, keys in PEM, addresses, headers. Each looks at a bounded window only.

use std::ops::Range;

use crate::{
    assigned,
    checks::contains,
    encodings::{base64, base64_digit},
    hidden, personal,
    placeholder::{entropy_is_high, is_placeholder, is_published},
    rule::{Kind, Level, Rule},
    shape::Set,
};

/// What a matcher found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Where the value stands in the window.
    pub(crate) range: Range<usize>,
    pub(crate) severity: Level,
    pub(crate) confidence: Level,
    /// A checksum or structure inside the value was verified.
    pub(crate) proven: bool,
    /// What may be shown of it, where it is no secret.
    pub(crate) shown: Option<String>,
}

impl Found {
    pub(crate) fn new(rule: &Rule, range: Range<usize>) -> Self {
        Self {
            range,
            severity: rule.severity,
            confidence: rule.confidence,
            proven: rule.check.proves(),
            shown: None,
        }
    }

    fn severity(mut self, severity: Level) -> Self {
        self.severity = severity;
        self
    }

    fn proven(mut self) -> Self {
        self.proven = true;
        self
    }
}

/// Farthest that a value may stand after the name it belongs to.
const REACH: usize = 64;
/// Bytes on either side in which a word must stand for `near`.
const NEAR: usize = 480;

/// Looks at the anchor at `at`, which is `length` bytes long, for `rule`.
pub(crate) fn look(rule: &Rule, named: bool, window: &[u8], at: usize, length: usize) -> Option<Found> {
    let found = match rule.kind {
        Kind::Token if named => after(rule, window, at, length),
        Kind::Token => token(rule, window, at, length),
        // Patterns are looked at by themselves.
        Kind::Pattern => None,
        Kind::Pem => pem(rule, window, at),
        Kind::Url => address(rule, window, at),
        Kind::Basic => basic(rule, window, at, length),
        Kind::DockerAuth => docker(rule, window, at, length),
        Kind::AssignedKey | Kind::AssignedPassword => assigned::look(rule, window, at, length),
        Kind::Personal(kind) => return personal::look(kind, rule, named, window, at, length),
        Kind::Hidden(sort) => hidden::look(sort, rule, window, at, length),
    };
    found.filter(|_| is_near(rule, window, at))
}

fn is_near(rule: &Rule, window: &[u8], at: usize) -> bool {
    if rule.near.is_empty() {
        return true;
    }
    let end = at.saturating_add(NEAR).min(window.len());
    let around = window.get(at.saturating_sub(NEAR)..end).unwrap_or_default();
    rule.near.iter().any(|word| contains(around, word))
}

/// Says whether a word may begin at `at`: nothing of a word before it, or only an escape such as `\n`, `%3D`, `\u003d`.
pub(crate) fn is_start(window: &[u8], at: usize) -> bool {
    let before = window.get(..at).unwrap_or_default();
    match before {
        [.., last] if !last.is_ascii_alphanumeric() && *last != b'_' => true,
        [.., b'\\', b'n' | b'r' | b't'] | [] => true,
        [.., b'%', high, low] => high.is_ascii_hexdigit() && low.is_ascii_hexdigit(),
        [.., b'\\', b'u', a, b, c, d] => [a, b, c, d].iter().all(|byte| byte.is_ascii_hexdigit()),
        _ => false,
    }
}

fn token(rule: &Rule, window: &[u8], at: usize, anchor: usize) -> Option<Found> {
    let mut start = at;
    match rule.behind {
        Some((set, least, most)) => {
            let run = set.run_back(window.get(..at)?, most.saturating_add(1));
            if run < least || run > most && !is_start(window, at.saturating_sub(most)) {
                return None;
            }
            let run = run.min(most);
            start = at.saturating_sub(run);
        }
        // A prefix that begins with a sign needs no boundary.
        None if window.get(at).is_some_and(u8::is_ascii_alphanumeric) && !is_start(window, at) => {
            return None;
        }
        None => {}
    }
    let shape = rule.shape.as_ref()?;
    let length = shape.matches(window.get(at..)?)?;
    let end = at.saturating_add(length);
    let next = window.get(end).copied();
    // A dot or a dash that ends a sentence is no part of a token, even where tokens may hold one.
    if next.is_some_and(|byte| shape.edge().contains(byte) && (byte.is_ascii_alphanumeric() || byte == b'_'))
    {
        return None;
    }
    let value = window.get(start..end)?;
    let body = if rule.behind.is_some() {
        value
    } else {
        window.get(at.saturating_add(anchor)..end).unwrap_or(value)
    };
    rule.check
        .accepts(value, body)
        .then(|| Found::new(rule, start..end))
}

/// Words between a name and a value that say it is a hash of something.
const HASHES: &[&[u8]] = &[
    b"sha",
    b"md5",
    b"hash",
    b"digest",
    b"checksum",
    b"commit",
    b"revision",
    b"integrity",
    b"etag",
    b"blob",
];

/// Finds the value of a name: `NAME = value`, `"name": "value"`, `name(key='value')`, `名称：value`.
fn after(rule: &Rule, window: &[u8], at: usize, length: usize) -> Option<Found> {
    let keyword_end = at.saturating_add(length);
    let shape = rule.shape.as_ref()?;
    let edge = shape.edge();
    let reach = window
        .get(keyword_end..)?
        .iter()
        .take(REACH)
        .take_while(|byte| !matches!(byte, b'\n' | b'\r' | b';' | b'}' | b'{'))
        .count();
    for skip in 0..=reach {
        let start = keyword_end.saturating_add(skip);
        let gap = window.get(keyword_end..start)?;
        if gap.last() == Some(&b',') && !gap.starts_with(b"(") {
            return None;
        }
        let before = gap.last().copied();
        if before.is_none_or(|byte| edge.contains(byte) && byte != b'=' && byte != b':' && byte != b'/') {
            continue;
        }
        let Some(taken) = shape.matches(window.get(start..)?) else {
            continue;
        };
        let end = start.saturating_add(taken);
        if window.get(end).is_some_and(|byte| edge.contains(*byte)) || !joins(gap) {
            continue;
        }
        let value = window.get(start..end)?;
        let lower = gap.to_ascii_lowercase();
        if HASHES.iter().any(|word| contains(&lower, word)) {
            return None;
        }
        if rule.check.accepts(value, value) {
            return Some(Found::new(rule, start..end));
        }
    }
    None
}

/// Says whether a value may follow its name across `gap`: there is an operator, a quote, a parenthesis or a word of another script.
fn joins(gap: &[u8]) -> bool {
    gap.iter()
        .any(|byte| matches!(byte, b'=' | b':' | b'(' | b'>' | b'"' | b'\'') || *byte >= 0x80)
        || gap.iter().all(|byte| matches!(byte, b' ' | b'\t'))
}

/// Reads a private key between its lines; public keys and certificates are none.
fn pem(rule: &Rule, window: &[u8], at: usize) -> Option<Found> {
    let rest = window.get(at..)?;
    let label = rest.get(b"-----BEGIN".len()..)?.get(..48).unwrap_or_default();
    let close = memchr::memmem::find(label, b"-----")?;
    let label = label.get(..close)?;
    if !label.ends_with(b"PRIVATE KEY") && !label.ends_with(b"PRIVATE KEY BLOCK") {
        return None;
    }
    let body_at = b"-----BEGIN".len().saturating_add(close).saturating_add(5);
    let body = rest.get(body_at..)?;
    let mut digits: Vec<u8> = Vec::new();
    let mut sealed = contains(label, b"ENCRYPTED");
    let mut index = 0_usize;
    let mut line = 0_usize;
    while let Some(&byte) = body.get(index) {
        let next = body.get(index.saturating_add(1)).copied();
        index = index.saturating_add(1);
        match byte {
            b'\\' if matches!(next, Some(b'n' | b'r' | b't' | b'"' | b'\\' | b'/')) => {
                // An escaped slash is a slash, the rest are ends of lines.
                if next == Some(b'/') {
                    continue;
                }
                index = index.saturating_add(1);
                line = digits.len();
            }
            b'\n' | b'\r' => line = digits.len(),
            // A header of the key, `Proc-Type: 4,ENCRYPTED` or `Comment: ...`: its line is no key.
            b':' => {
                digits.truncate(line);
                let end = memchr::memchr2(b'\n', b'\\', body.get(index..)?).unwrap_or(0);
                let header = body.get(index..index.saturating_add(end))?;
                sealed |= contains(header, b"ENCRYPTED");
                index = index.saturating_add(end);
            }
            b' ' | b'\t' | b'"' | b'\'' | b',' | b'=' | b'\\' => {}
            b'+' if digits.len() == line && matches!(next, Some(b' ' | b'\n' | b'\r')) => {}
            b'-' if next == Some(b'-') => break,
            b'-' => digits.push(byte),
            byte if base64_digit(byte).is_some() => digits.push(byte),
            _ => break,
        }
    }
    let (bytes, read) = base64(&digits, 4_096);
    let pgp = label.ends_with(b"BLOCK");
    let openssh = contains(label, b"OPENSSH");
    let proven = match bytes.as_slice() {
        // The outer SEQUENCE with a length of its own.
        [0x30, length, ..] => *length >= 0x20,
        [0xc5 | 0x94..=0x97, ..] if pgp => true,
        other => openssh && other.starts_with(b"openssh-key-v1\0"),
    };
    if openssh && proven {
        // The name of the cipher comes first; `none` is four letters long.
        sealed |= bytes.get(15..23) != Some(b"\0\0\0\x04none");
    }
    let long =
        read >= 40 && entropy_is_high(&digits) && !is_placeholder(digits.get(..40).unwrap_or_default());
    if !long || !(proven || sealed) {
        return None;
    }
    let end = at.saturating_add(body_at).saturating_add(index).min(window.len());
    let end = memchr::memmem::find(window.get(end.saturating_sub(1)..)?, b"-----END")
        .filter(|gap| *gap < 8)
        .and_then(|gap| {
            let last = end.saturating_sub(1).saturating_add(gap).saturating_add(8);
            let close = memchr::memmem::find(window.get(last..)?, b"-----")?;
            Some(last.saturating_add(close).saturating_add(5))
        })
        .unwrap_or(end);
    let found = Found::new(rule, at..end).proven();
    Some(if sealed {
        found.severity(Level::Medium)
    } else {
        found
    })
}

/// Names before the password of an address that keep it from being anyone's.
const USUAL: &[&[u8]] = &[
    b"password",
    b"passwd",
    b"pass",
    b"pwd",
    b"secret",
    b"token",
    b"user",
    b"root",
    b"admin",
    b"postgres",
    b"mysql",
    b"guest",
    b"test",
    b"tiger",
    b"foo",
    b"bar",
    b"username",
    b"pw",
    b"key",
    b"hunter2",
    b"redis",
    b"mongo",
    b"mypass",
    b"mypassword",
    b"p4ssw0rd",
    b"passw0rd",
    b"password1",
    b"123456",
    b"12345678",
    b"credentials",
    b"apikey",
    b"x-oauth-basic",
];

/// Reads the part of an address before `@`.
fn address(rule: &Rule, window: &[u8], at: usize) -> Option<Found> {
    let scheme = Set::words(b"+.-").run_back(window.get(..at)?, 24);
    let scheme = window.get(at.saturating_sub(scheme)..at)?.to_ascii_lowercase();
    let rest = window.get(at.saturating_add(3)..)?;
    let part = rest
        .iter()
        .take(400)
        .take_while(|byte| {
            byte.is_ascii_graphic()
                && !matches!(
                    byte,
                    b'/' | b'?'
                        | b'#'
                        | b'"'
                        | b'\''
                        | b'`'
                        | b'<'
                        | b'>'
                        | b'\\'
                        | b'{'
                        | b'}'
                        | b'('
                        | b')'
                )
        })
        .count();
    let authority = rest.get(..part)?;
    let sign = memchr::memrchr(b'@', authority)?;
    let (login, host) = (authority.get(..sign)?, authority.get(sign.saturating_add(1)..)?);
    let colon = memchr::memchr(b':', login)?;
    let (user, password) = (login.get(..colon)?, login.get(colon.saturating_add(1)..)?);
    let lower = password.to_ascii_lowercase();
    let stands_in = password.len() < 6
        || password.contains(&b'$') && !password.iter().any(u8::is_ascii_digit)
        || user == password
        || USUAL.contains(&lower.as_slice())
        || USUAL_STARTS.iter().any(|word| lower.starts_with(word))
        || is_placeholder(password)
        || password.starts_with(b"%")
        || password.iter().all(u8::is_ascii_alphabetic) && password.len() < 12
        || password.contains(&b'[')
        || password.contains(&b',') && password.contains(&b':');
    if stands_in || host.is_empty() || scheme.is_empty() || !assigned::varies(password) {
        return None;
    }
    let lower_host = host.to_ascii_lowercase();
    let nobody = [
        &b"localhost"[..],
        b"127.",
        b"[::1]",
        b"0.0.0.0",
        b"example",
        b"host",
        b"invalid",
    ]
    .iter()
    .any(|name| lower_host.starts_with(name))
        || contains(&lower_host, b"example.");
    // A name without a dot is a machine of a private network, often of an example.
    let private = !host.contains(&b'.');
    let start = at.saturating_add(3).saturating_add(colon).saturating_add(1);
    let found = Found::new(rule, start..start.saturating_add(password.len()));
    Some(match (nobody, private) {
        (true, _) => found.severity(Level::Low),
        (false, true) => found.severity(Level::Medium),
        (false, false) => found,
    })
}

/// How passwords of examples begin.
const USUAL_STARTS: &[&[u8]] = &[b"tiger", b"password", b"passw0rd", b"secret", b"changeit"];

/// Reads `user:password` in base64.
fn login(text: &[u8]) -> Option<(usize, bool)> {
    let (bytes, digits) = base64(text, 400);
    let colon = memchr::memchr(b':', &bytes)?;
    let (user, password) = (bytes.get(..colon)?, bytes.get(colon.saturating_add(1)..)?);
    let printable = bytes.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ');
    let lower = password.to_ascii_lowercase();
    let stands_in = password.len() < 6
        || user == password
        || USUAL.contains(&lower.as_slice())
        || is_placeholder(password)
        || is_published(text.get(..digits).unwrap_or_default());
    if !printable || stands_in || digits < 12 {
        return None;
    }
    let padding = text
        .get(digits..)?
        .iter()
        .take(2)
        .take_while(|byte| **byte == b'=')
        .count();
    Some((digits.saturating_add(padding), assigned::varies(password)))
}

fn basic(rule: &Rule, window: &[u8], at: usize, length: usize) -> Option<Found> {
    let start = at.saturating_add(length);
    let (taken, strong) = login(window.get(start..)?)?;
    let found = Found::new(rule, start..start.saturating_add(taken)).proven();
    Some(if strong {
        found
    } else {
        found.severity(Level::Medium)
    })
}

fn docker(rule: &Rule, window: &[u8], at: usize, length: usize) -> Option<Found> {
    let mut start = at.saturating_add(length);
    let skip = window
        .get(start..)?
        .iter()
        .take(8)
        .take_while(|byte| matches!(byte, b' ' | b':' | b'"' | b'\t' | b'\n'))
        .count();
    start = start.saturating_add(skip);
    let (taken, strong) = login(window.get(start..)?)?;
    let found = Found::new(rule, start..start.saturating_add(taken)).proven();
    Some(if strong {
        found
    } else {
        found.severity(Level::Medium)
    })
}
