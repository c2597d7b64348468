//! Instructions to a model in a text, plain or in base64.

use std::{ops::Range, sync::LazyLock};

use aho_corasick::AhoCorasick;

use super::phrases::{Saying, Want, Weight, begins, may_begin, saying_at, sayings};
use crate::{
    checks::contains,
    matchers::Found,
    rule::{Level, Rule},
};

/// Bytes before an anchor in which its sentence may begin.
const BEHIND: usize = 64;
/// Bytes behind an anchor in which its sentence may end.
const AHEAD: usize = 128;
/// Bytes between a word and the same word again, of which only the second is looked at.
const AGAIN: usize = 14;
/// Bytes in which a sentence that begins with a verb is known to go on.
const QUICK: usize = 96;
/// Bytes from the start of a sentence in which others that belong to it may stand.
const GROUP: usize = 320;
/// Bytes between sentences that belong together.
const APART: usize = 160;
/// Bytes on either side in which a text shows that it speaks about injections.
const AROUND: usize = 300;
/// Bytes before a sentence in which the quotation that holds it may begin.
const QUOTE_BEHIND: usize = 96;
/// Bytes behind a sentence in which the quotation that holds it may end.
const QUOTE_AHEAD: usize = 200;
/// Bytes on either side of an anchor within base64 that are looked at.
const WITHIN_BEHIND: usize = 120;
const WITHIN_AHEAD: usize = 300;

/// Looks for an instruction around an anchor.
pub(super) fn look(rule: &Rule, window: &[u8], at: usize, length: usize) -> Option<Found> {
    let here = window.get(at..)?;
    let key = here.get(..length)?;
    // Where the same word stands again at once, that one is looked at.
    let next = here.get(
        length
            ..here
                .len()
                .min(length.saturating_add(length).saturating_add(AGAIN)),
    )?;
    if contains(next, key) {
        return None;
    }
    if begins(key) && !may_begin(window.get(at..at.saturating_add(QUICK).min(window.len()))?) {
        return None;
    }
    let from = at.saturating_sub(BEHIND);
    let near = window.get(from..at.saturating_add(AHEAD).min(window.len()))?;
    let here = at.saturating_sub(from);
    let near = near.get(..here.saturating_add(end_of_text(near.get(here..)?)))?;
    let first = saying_at(near, here)?;
    let start = from.saturating_add(first.range.start);
    let group = window.get(start..start.saturating_add(GROUP).min(window.len()))?;
    let group = group.get(..end_of_text(group))?;
    let mut all = vec![Saying {
        range: 0..first.range.len(),
        ..first
    }];
    let mut end = first.range.len();
    for saying in sayings(group) {
        if saying.range.start <= end.saturating_add(APART) {
            end = end.max(saying.range.end);
            all.push(saying);
        }
    }
    let (mut severity, mut confidence) = weigh(&all)?;
    let end = start.saturating_add(end);
    let quoted = is_quoted(window, start, end);
    let (strongly, weakly) = is_discussed(window, start, end);
    if quoted && (strongly || weakly) {
        return None;
    }
    if quoted || strongly {
        (severity, confidence) = (Level::Low, Level::Low);
    }
    let mut found = Found::new(rule, start..end);
    found.severity = severity;
    found.confidence = confidence;
    found.shown = Some(shown(window, start..end));
    Some(found)
}

/// Weighs sentences that stand together in the open.
fn weigh(all: &[Saying]) -> Option<(Level, Level)> {
    let worst = all.iter().map(|saying| saying.weight).max()?;
    let wants = wants(all);
    let has = |want| wants.contains(&want);
    Some(match worst {
        Weight::High => (Level::High, Level::High),
        Weight::Medium if has_other(all) => (Level::High, Level::High),
        Weight::Medium => (Level::Medium, Level::Medium),
        Weight::Low if wants.len() > 1 => (Level::Medium, Level::Medium),
        Weight::Low => (Level::Low, Level::Low),
        Weight::Joint if has(Want::Send) && (has(Want::Conceal) || has(Want::Reveal) || has(Want::Obey)) => {
            (Level::Medium, Level::Medium)
        }
        Weight::Joint => return None,
    })
}

/// Says whether beside an instruction stands another that nobody says by chance.
fn has_other(all: &[Saying]) -> bool {
    let mut wants: Vec<Want> = all
        .iter()
        .filter(|saying| {
            saying.weight > Weight::Joint || matches!(saying.want, Want::Reveal | Want::Send | Want::Conceal)
        })
        .map(|saying| saying.want)
        .collect();
    wants.sort_unstable();
    wants.dedup();
    wants.len() > 1
}

/// Weighs sentences that stand where nobody reads them.
pub(super) fn weigh_hidden(all: &[Saying]) -> Option<(Level, Level)> {
    let worst = all.iter().map(|saying| saying.weight).max()?;
    let wants = wants(all);
    let alone = |want| wants.as_slice() == [want];
    Some(match worst {
        Weight::High | Weight::Medium => (Level::High, Level::High),
        Weight::Low => (Level::Medium, Level::High),
        Weight::Joint if wants.len() > 1 || alone(Want::Send) || alone(Want::Conceal) || apart(all) > 1 => {
            (Level::Medium, Level::Medium)
        }
        Weight::Joint => return None,
    })
}

/// Counts sentences that do not overlap.
fn apart(all: &[Saying]) -> usize {
    let mut end = 0_usize;
    let mut count = 0_usize;
    for saying in all {
        if saying.range.start >= end {
            count = count.saturating_add(1);
            end = saying.range.end;
        }
    }
    count
}

fn wants(all: &[Saying]) -> Vec<Want> {
    let mut wants: Vec<Want> = all.iter().map(|saying| saying.want).collect();
    wants.sort_unstable();
    wants.dedup();
    wants
}

/// Returns where the text ends that begins here: its field of JSON, or its record.
fn end_of_text(text: &[u8]) -> usize {
    let mut from = 0_usize;
    while let Some(gap) = text
        .get(from..)
        .and_then(|rest| memchr::memchr2(b'"', b'\n', rest))
    {
        let at = from.saturating_add(gap);
        let next = text.get(at.saturating_add(1)).copied();
        let ends = match text.get(at) {
            Some(b'"') => {
                matches!(next, Some(b'}' | b']' | b','))
                    && at.checked_sub(1).and_then(|last| text.get(last)) != Some(&b'\\')
            }
            _ => next == Some(b'{'),
        };
        if ends {
            return at;
        }
        from = at.saturating_add(1);
    }
    text.len()
}

/// Says whether a sentence stands within quotation marks or between backticks; a string of JSON or of a program is no quotation.
fn is_quoted(window: &[u8], start: usize, end: usize) -> bool {
    let after = window
        .get(end..end.saturating_add(QUOTE_AHEAD).min(window.len()))
        .unwrap_or_default();
    let closes = |mark: &str| contains(after, mark.as_bytes());
    let from = start.saturating_sub(QUOTE_BEHIND);
    let mut to = start;
    while to > from {
        let before = window.get(from..to).unwrap_or_default();
        let rest = before.get(..before.len().saturating_sub(1)).unwrap_or_default();
        let last = before.last();
        // All of these marks end with such a byte.
        let pairs = if last.is_some_and(|byte| *byte >= 0x80) {
            PAIRS
        } else {
            &[]
        };
        for (open, close) in pairs {
            if before.ends_with(open.as_bytes()) {
                return closes(close);
            }
            if before.ends_with(close.as_bytes()) {
                return false;
            }
        }
        match last {
            Some(b'\n') => return cites(window, to, start),
            Some(b'n') if rest.ends_with(b"\\") => return cites(window, to, start),
            Some(b'`') => return closes("`"),
            Some(b'"') if rest.ends_with(b"\\") => return closes("\\\""),
            Some(b'"') => return !is_string(rest) && closes("\""),
            Some(b'\'') if rest.ends_with(b" ") || rest.ends_with(b"(") => return closes("'"),
            _ => {}
        }
        to = to.saturating_sub(1);
    }
    false
}

/// Says whether a line is a quotation of Markdown.
fn cites(window: &[u8], line: usize, to: usize) -> bool {
    let line = window.get(line..to).unwrap_or_default();
    line.trim_ascii_start().starts_with(b">")
}

/// Says whether a quotation mark behind `before` begins a string of JSON, a field of a table or a string of a program.
fn is_string(before: &[u8]) -> bool {
    let bare = before.trim_ascii_end();
    match bare.last() {
        None | Some(b',' | b'[' | b'{' | b'(' | b'=' | b'\n') => true,
        Some(b':') => bare
            .get(..bare.len().saturating_sub(1))
            .is_some_and(|rest| rest.trim_ascii_end().ends_with(b"\"")),
        _ => false,
    }
}

const PAIRS: &[(&str, &str)] = &[
    ("“", "”"),
    ("„", "“"),
    ("‘", "’"),
    ("«", "»"),
    ("「", "」"),
    ("『", "』"),
    ("《", "》"),
];

/// Says whether the text around speaks about injections, and whether it speaks of attacks or examples at all.
fn is_discussed(window: &[u8], start: usize, end: usize) -> (bool, bool) {
    let behind = window
        .get(start.saturating_sub(AROUND)..start)
        .unwrap_or_default();
    // Another record ends before this one begins.
    let behind = memchr::memmem::rfind(behind, b"\n{")
        .and_then(|at| behind.get(at..))
        .unwrap_or(behind);
    let ahead = window
        .get(end..end.saturating_add(AROUND).min(window.len()))
        .unwrap_or_default();
    let ahead = memchr::memmem::find(ahead, b"\n{")
        .and_then(|at| ahead.get(..at))
        .unwrap_or(ahead);
    let Some(search) = DISCUSSED.as_ref() else {
        return (false, false);
    };
    let mut weakly = false;
    for found in search.find_iter(behind).chain(search.find_iter(ahead)) {
        if found.pattern().as_usize() < STRONG.len() {
            return (true, true);
        }
        weakly = true;
    }
    (false, weakly)
}

/// Words by which a text shows that it speaks about injections, first those that speak of nothing else.
static DISCUSSED: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(STRONG.iter().chain(WEAK))
        .ok()
});

const STRONG: &[&str] = &[
    "injection",
    "jailbreak",
    "owasp",
    "adversarial",
    "red team",
    "red-team",
    "注入",
    "越狱",
];
const WEAK: &[&str] = &[
    "attack",
    "malicious",
    "security",
    "such as",
    "for example",
    "e.g.",
    "phrase",
    "detect",
    "filter",
    "payload",
    "vulnerab",
    "like ",
    "攻击",
    "例如",
    "比如",
    "恶意",
    "诸如",
    "安全",
    "检测",
];

fn shown(window: &[u8], range: Range<usize>) -> String {
    super::printable(&String::from_utf8_lossy(window.get(range).unwrap_or_default()))
}

/// Looks for an instruction around an anchor of a text that stood in base64.
pub(super) fn within(rule: &Rule, text: &[u8], at: usize) -> Option<Found> {
    let from = at.saturating_sub(WITHIN_BEHIND);
    let text = text.get(from..at.saturating_add(WITHIN_AHEAD).min(text.len()))?;
    let all = sayings(text);
    let (severity, confidence) = weigh_hidden(&all)?;
    let first = all.first()?.range.start;
    let last = all.iter().map(|saying| saying.range.end).max()?;
    let mut found = Found::new(rule, 0..0);
    found.severity = severity;
    found.confidence = confidence;
    found.proven = true;
    found.shown = Some(format!("decodes to: {}", shown(text, first..last)));
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotations_are_told_from_strings() {
        for (text, quoted) in [
            ("He wrote \"HERE\" and left", true),
            ("the phrase: \"HERE\" is", true),
            ("{\"text\": \"HERE\"}", false),
            ("{\"text\": \"He wrote \\\"HERE\\\" and left\"}", true),
            ("prompt = \"HERE\"", false),
            ("such as `HERE`", true),
            ("such as “and HERE now”", true),
            ("“quoted” and HERE", false),
            ("例如「HERE」", true),
            ("it's HERE, isn't it", false),
            ("so:\n> HERE it is", true),
        ] {
            let at = text.find("HERE").unwrap();
            assert_eq!(is_quoted(text.as_bytes(), at, at + 4), quoted, "{text}");
        }
    }
}
