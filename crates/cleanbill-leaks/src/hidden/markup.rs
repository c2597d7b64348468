//! Text that a page holds and does not show: comments, styles that hide, white text.

use super::{
    injection::weigh_hidden,
    phrases::{Saying, Want, sayings},
    words::Words,
};
use crate::{
    matchers::Found,
    rule::{Level, Rule},
};

/// LIMIT: bytes before a style in which its element may begin.
const TAG_BEHIND: usize = 400;
/// LIMIT: bytes behind a style in which its element's tag may end.
const TAG_AHEAD: usize = 400;
/// LIMIT: bytes of hidden text that are looked at.
const TEXT: usize = 900;
/// Shortest hidden text that can say something.
const SHORTEST: usize = 12;
/// Elements that hold no text for people.
const WITHOUT_TEXT: &[&[u8]] = &[
    b"input",
    b"script",
    b"style",
    b"link",
    b"meta",
    b"img",
    b"svg",
    b"path",
    b"iframe",
    b"template",
    b"canvas",
];

/// Says how sure it is that nobody sees a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cover {
    Comment,
    Hidden,
    /// White on a ground that is not known.
    White,
}

/// Looks at a comment or a style that hides.
pub(super) fn look(rule: &Rule, window: &[u8], at: usize, length: usize) -> Option<Found> {
    let after = at.saturating_add(length);
    let key = window.get(at..after)?;
    if key == b"<!--" && is_short_comment(window.get(after..)?) {
        return None;
    }
    let key = key.to_ascii_lowercase();
    let (start, from, cover, close): (usize, usize, Cover, &[u8]) = match key.as_slice() {
        b"<!--" => (at, after, Cover::Comment, b"-->"),
        b"[//]: #" => (at, after, Cover::Comment, b"\n"),
        [.., b'{', b'w', b'h', b'i', b't', b'e'] => (at, after, Cover::White, b"\n\n"),
        b" hidden>" => {
            let (start, _) = element(window, at, after.saturating_sub(1), &key)?;
            (start, after, Cover::Hidden, b"")
        }
        _ => {
            let (start, from) = element(window, at, after, &key)?;
            let white = key.starts_with(b"color");
            (start, from, if white { Cover::White } else { Cover::Hidden }, b"")
        }
    };
    let rest = window.get(from..from.saturating_add(TEXT).min(window.len()))?;
    let ends = |mark: &[u8]| memchr::memmem::find(rest, mark).unwrap_or(rest.len());
    let mut end = ends(window.get(at..after)?);
    if close.is_empty() {
        let name = name(window.get(start.saturating_add(1)..)?);
        end = end.min(ends(&[b"</", name].concat()));
    } else {
        end = end.min(ends(close));
    }
    let text = rest.get(..end)?;
    if text.len() < SHORTEST {
        return None;
    }
    let all = sayings(text);
    let alone = |want: Want| all.iter().all(|saying| saying.want == want);
    let weighed = weigh_hidden(&all).filter(|(severity, _)| {
        cover == Cover::Hidden || *severity == Level::High || !alone(Want::Send) && !alone(Want::Conceal)
    });
    let (severity, confidence, shown) = match weighed {
        Some((severity, confidence)) => {
            let first = all.first()?.range.start;
            let last = last(&all);
            let said = text.get(first..last).unwrap_or_default();
            let shown = super::printable(&String::from_utf8_lossy(said));
            end = last;
            (severity, confidence, format!("hidden: {shown}"))
        }
        None if cover == Cover::Hidden && names_secret(text) => (
            Level::Medium,
            Level::Medium,
            "hidden text with a name and value of a secret".to_owned(),
        ),
        None => return None,
    };
    let mut found = Found::new(rule, start..from.saturating_add(end));
    found.severity = severity;
    found.confidence = confidence;
    found.shown = Some(shown);
    Some(found)
}

/// Says whether a comment ends before it can say anything, as most do that divide a page.
fn is_short_comment(rest: &[u8]) -> bool {
    let start = rest
        .get(..rest.len().min(SHORTEST.saturating_add(3)))
        .unwrap_or_default();
    memchr::memmem::find(start, b"-->").is_some() || memchr::memmem::find(start, b"<!--").is_some()
}

fn last(all: &[Saying]) -> usize {
    all.iter().map(|saying| saying.range.end).max().unwrap_or(0)
}

/// Returns where the element of a style begins and where its text begins, if the style hides.
fn element(window: &[u8], at: usize, after: usize, key: &[u8]) -> Option<(usize, usize)> {
    let next = window.get(after).copied();
    if key.ends_with(b"0") && next.is_some_and(|byte| byte.is_ascii_digit() || byte == b'.') {
        return None;
    }
    if key.ends_with(b"f")
        && next.is_some_and(|byte| byte.is_ascii_hexdigit() && !matches!(byte, b'f' | b'F'))
    {
        return None;
    }
    let before = window.get(at.saturating_sub(TAG_BEHIND)..at)?;
    if key.starts_with(b"color") && before.ends_with(b"-") {
        return None;
    }
    if key == b"aria-hidden" {
        let value = window.get(after..after.saturating_add(6).min(window.len()))?;
        if !value.iter().any(|byte| matches!(byte, b't' | b'T')) {
            return None;
        }
    }
    let open = memchr::memrchr2(b'<', b'>', before)?;
    if before.get(open) != Some(&b'<') {
        return None;
    }
    let start = at.saturating_sub(before.len()).saturating_add(open);
    let name = name(window.get(start.saturating_add(1)..)?).to_ascii_lowercase();
    if name.is_empty() || WITHOUT_TEXT.contains(&name.as_slice()) {
        return None;
    }
    let rest = window.get(after..after.saturating_add(TAG_AHEAD).min(window.len()))?;
    let close = memchr::memchr(b'>', rest)?;
    if close.checked_sub(1).and_then(|last| rest.get(last)) == Some(&b'/') {
        return None;
    }
    Some((start, after.saturating_add(close).saturating_add(1)))
}

fn name(rest: &[u8]) -> &[u8] {
    let length = rest
        .iter()
        .take(16)
        .take_while(|byte| byte.is_ascii_alphanumeric())
        .count();
    rest.get(..length).unwrap_or_default()
}

/// Says whether a text gives a secret by name: `admin password is q7Zr4kPw`.
fn names_secret(text: &[u8]) -> bool {
    let words = Words::of(text);
    (0..words.count()).any(|index| {
        let named = matches!(
            words.text(index),
            b"password" | b"passwd" | b"secret" | b"token" | b"apikey" | b"credentials"
        ) || words.text(index) == b"key" && words.text(index.saturating_sub(1)) == b"api";
        named
            && (1..=3).any(|step| {
                let value = words.text(index.saturating_add(step));
                value.len() >= 8
                    && value.iter().any(u8::is_ascii_digit)
                    && value.iter().any(u8::is_ascii_alphabetic)
            })
    })
}
