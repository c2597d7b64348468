//! Pictures and links whose address carries away what a model was told: whoever shows the answer fetches it.

use super::words::Words;
use crate::{
    checks::contains,
    encodings::{base64, base64_digit},
    matchers::Found,
    rule::{Level, Rule},
};

/// LIMIT: bytes of an address that are looked at.
const ADDRESS: usize = 320;
/// LIMIT: bytes before an address in which its text may begin.
const TEXT_BEHIND: usize = 160;
/// Braces within braces of a placeholder, and one more.
const DEPTH: usize = 4;
/// Bytes on either side in which an instruction to fill in the address may stand.
const AROUND: usize = 220;

/// Words of what a conversation holds and a page has no reason to put into an address.
const CONTENT: &[&str] = &[
    "conversation",
    "history",
    "chat",
    "prompt",
    "system",
    "message",
    "secret",
    "password",
    "context",
    "api_key",
    "apikey",
    "api-key",
    "api key",
    "credential",
    "summary",
    "transcript",
    "user_data",
    "userdata",
    "user data",
    "private",
    "document",
    "exfil",
    "leak",
    "stolen",
    "env",
    "instructions",
    "base64",
    "b64",
    "encoded",
    "sensitive",
    "confidential",
    "everything",
    "对话",
    "聊天",
    "密码",
    "密钥",
    "提示词",
    "用户数据",
    "数据",
];
/// Words of data about a person, which templates of mail also put into links.
const PERSONAL: &[&str] = &[
    "data", "token", "email", "user", "session", "cookie", "input", "query", "answer", "response",
];
/// Names of parameters under which nobody but a thief collects.
const STOLEN: &[&str] = &[
    "leak",
    "exfil",
    "stolen",
    "steal",
    "secret",
    "secrets",
    "conversation",
    "history",
    "chat_history",
    "messages",
    "system_prompt",
    "password",
    "passwd",
    "credentials",
    "creds",
    "cookie",
    "cookies",
    "api_key",
    "apikey",
    "dump",
    "userdata",
    "user_data",
    "private",
    "chat",
    "context",
];
/// Names of parameters that are left open to be filled.
const OPEN: &[&str] = &[
    "q", "d", "data", "payload", "p", "c", "content", "text", "msg", "info", "log", "x", "m", "t", "v", "s",
];

/// Looks at an address.
pub(super) fn look(rule: &Rule, window: &[u8], at: usize, length: usize) -> Option<Found> {
    let (start, address, image) = if window.get(at) == Some(&b'<') {
        let rest = window.get(at..at.saturating_add(ADDRESS).min(window.len()))?;
        let rest = rest.get(..memchr::memchr(b'>', rest).unwrap_or(rest.len()))?;
        // Without a query, nothing is collected.
        memchr::memchr(b'?', rest)?;
        let source = memchr::memmem::find(rest, b"src=")?.saturating_add(4);
        let skip = rest
            .get(source..)?
            .iter()
            .take(2)
            .take_while(|byte| matches!(byte, b'\\' | b'"' | b'\''))
            .count();
        let from = source.saturating_add(skip);
        let value = rest.get(from..)?;
        let end = value
            .iter()
            .position(|byte| matches!(byte, b'"' | b'\'' | b'\\' | b'\n'))?;
        (
            at,
            at.saturating_add(from)..at.saturating_add(from).saturating_add(end),
            true,
        )
    } else {
        let from = at.saturating_add(2);
        let rest = window.get(from..from.saturating_add(ADDRESS).min(window.len()))?;
        let end = end_of_address(rest)?;
        let telling = |byte: &u8| matches!(byte, b'?' | b'{' | b'[' | b'<' | b'$' | b'%');
        if !rest.get(..end)?.iter().any(telling) {
            return None;
        }
        let before = window.get(at.saturating_sub(TEXT_BEHIND)..at)?;
        let open = memchr::memrchr(b'[', before)?;
        let image = open.checked_sub(1).and_then(|last| before.get(last)) == Some(&b'!');
        let start = at.saturating_sub(before.len()).saturating_add(open);
        let start = start.saturating_sub(usize::from(image));
        (start, from..from.saturating_add(end), image)
    };
    let text = window.get(address.clone())?;
    let begins = text.starts_with(b"http") || text.starts_with(b"//");
    let (severity, confidence) = judge(window, at, length, text, image).filter(|_| begins)?;
    let mut found = Found::new(rule, start..address.end);
    found.severity = severity;
    found.confidence = confidence;
    found.shown = Some(super::printable(&String::from_utf8_lossy(text)));
    Some(found)
}

/// Returns where an address ends: at the parenthesis that closes it, beyond placeholders with blanks and parentheses.
fn end_of_address(rest: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in rest.iter().enumerate() {
        match byte {
            b'{' | b'[' | b'<' if depth >= DEPTH => return None,
            b'{' | b'[' | b'<' => depth = depth.saturating_add(1),
            b'}' | b']' | b'>' => depth = depth.saturating_sub(1),
            b')' | b' ' if depth == 0 => return Some(at),
            b'\n' | b'"' => return None,
            b'\\' if matches!(rest.get(at.saturating_add(1)), Some(b'n')) => return None,
            _ => {}
        }
    }
    None
}

fn judge(window: &[u8], at: usize, length: usize, address: &[u8], image: bool) -> Option<(Level, Level)> {
    let lower = address.to_ascii_lowercase();
    let host = memchr::memmem::find(&lower, b"//")?.saturating_add(2);
    let path = host.saturating_add(memchr::memchr2(b'/', b'?', lower.get(host..)?)?);
    let query = memchr::memchr(b'?', &lower).map(|at| at.saturating_add(1));
    if let Some((place, inner)) = placeholder(&lower, path) {
        let in_query = query.is_some_and(|query| place >= query);
        let holds = |words: &[&str]| words.iter().any(|word| contains(inner, word.as_bytes()));
        return match (image, in_query) {
            (true, true) if holds(CONTENT) => Some((Level::High, Level::High)),
            (true, false) if holds(CONTENT) => Some((Level::High, Level::Medium)),
            (true, true) if holds(PERSONAL) || is_to_be_filled(window, at, length) => {
                Some((Level::Medium, Level::Medium))
            }
            (false, true) if holds(CONTENT) => Some((Level::Medium, Level::Medium)),
            _ => None,
        };
    }
    let query = lower.get(query?..)?;
    if !image {
        return None;
    }
    for part in query.split(|byte| *byte == b'&') {
        let equals = memchr::memchr(b'=', part)?;
        let (name, value) = (part.get(..equals)?, part.get(equals.saturating_add(1)..)?);
        let named = |names: &[&str]| names.iter().any(|known| known.as_bytes() == name);
        if value.is_empty() {
            if named(STOLEN) || named(OPEN) && is_to_be_filled(window, at, length) {
                return Some((Level::Medium, Level::Medium));
            }
        } else if named(STOLEN) {
            return Some((Level::Medium, Level::Medium));
        }
    }
    // Case matters in base64.
    let original = address.get(address.len().saturating_sub(query.len())..)?;
    let spoken = original
        .split(|byte| *byte == b'&')
        .filter_map(|part| part.get(memchr::memchr(b'=', part)?.saturating_add(1)..))
        .any(is_speech);
    spoken.then_some((Level::Medium, Level::Medium))
}

/// Returns the first placeholder behind `path`, and what stands in it.
fn placeholder(address: &[u8], path: usize) -> Option<(usize, &[u8])> {
    let mut at = path;
    while let Some(rest) = address.get(at..) {
        let gap = rest
            .iter()
            .position(|byte| matches!(byte, b'{' | b'<' | b'[' | b'$' | b'%'))?;
        let place = at.saturating_add(gap);
        let inner = match rest.get(gap..)? {
            [b'%', b'7', b'b', inner @ ..] => inner.get(..memchr::memmem::find(inner, b"%7d")?),
            [b'$', b'{', inner @ ..] | [b'{', inner @ ..] => inner.get(..memchr::memchr(b'}', inner)?),
            [b'<', inner @ ..] => inner.get(..memchr::memchr(b'>', inner)?),
            [b'[', inner @ ..] => inner.get(..memchr::memchr(b']', inner)?),
            [b'$', inner @ ..] => {
                let end = inner
                    .iter()
                    .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
                    .count();
                inner.get(..end).filter(|name| name.len() > 2)
            }
            _ => None,
        };
        if let Some(inner) = inner.filter(|inner| !inner.is_empty()) {
            return Some((place, inner));
        }
        at = place.saturating_add(1);
    }
    None
}

/// Says whether a text around an address asks to put something into it.
fn is_to_be_filled(window: &[u8], at: usize, length: usize) -> bool {
    let from = at.saturating_sub(AROUND);
    let to = at
        .saturating_add(length)
        .saturating_add(AROUND)
        .saturating_add(60);
    let words = Words::of(window.get(from..to.min(window.len())).unwrap_or_default());
    let any = |wanted: &[&[u8]]| (0..words.count()).any(|index| wanted.contains(&words.text(index)));
    any(&[
        b"append",
        b"replace",
        b"replacing",
        b"insert",
        b"encode",
        b"encoded",
        b"fill",
        b"substitute",
        b"appended",
        b"render",
        b"concatenate",
    ]) && any(&[
        b"conversation",
        b"user",
        b"user's",
        b"history",
        b"prompt",
        b"secret",
        b"data",
        b"message",
        b"messages",
        b"summary",
        b"password",
        b"key",
        b"chat",
        b"instructions",
        b"answer",
        b"email",
    ])
}

/// Says whether base64 decodes to words.
fn is_speech(value: &[u8]) -> bool {
    if value.len() < 24
        || !value
            .iter()
            .all(|byte| base64_digit(*byte).is_some() || matches!(byte, b'=' | b'%'))
    {
        return false;
    }
    let (bytes, _) = base64(value, ADDRESS);
    bytes.contains(&b' ')
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace())
}
