//! Characters that turn the direction of writing (CVE-2021-42574).

use super::characters::{Class, class, glyph, glyph_before};
use crate::{
    matchers::Found,
    rule::{Level, Rule},
};

/// LIMIT: bytes of a line that are looked at for the end of what is opened.
const LINE_BYTES: usize = 320;
/// LIMIT: marks on one line that are followed; no honest line has as many.
const MARKS: usize = 24;

/// Letters on a line.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Letters {
    #[default]
    None,
    Some,
    RightToLeft,
}

/// What stands between a mark and its end.
#[derive(Default)]
struct Line {
    /// Bytes up to the end of what is opened, or of the line.
    length: usize,
    closed: bool,
    overrides: bool,
    letters: Letters,
    code: usize,
}

/// Looks at a mark of direction.
pub(super) fn look(rule: &Rule, window: &[u8], start: usize) -> Option<Found> {
    if is_closed_at_once(window, start) {
        return None;
    }
    // A run may begin with the end of what was opened before.
    let mut at = start;
    let mut first = glyph(window, at)?;
    while !opens(first.character) && at.saturating_sub(start) < LINE_BYTES {
        at = at.saturating_add(first.length);
        first = glyph(window, at).filter(|next| class(next.character) == Class::Direction)?;
    }
    if follows_another(window, at) {
        return None;
    }
    if !opens(first.character) || first.escaped && is_listed(window, at, first.length) {
        return None;
    }
    let line = follow(window, at);
    let before = Before::look(window, at);
    let code = line.code.saturating_add(before.code) >= 2;
    let severity = if line.overrides {
        // Numbers are copied out of programs with an override around them.
        if line.closed && (line.letters == Letters::None || line.letters == Letters::RightToLeft && !code) {
            return None;
        }
        if code { Level::High } else { Level::Medium }
    } else {
        let honest = line.letters == Letters::RightToLeft || before.right_to_left;
        match (line.closed, code, honest) {
            (true, _, _) | (false, false, true) => return None,
            (false, true, false) => Level::High,
            (false, true, true) | (false, false, false) => Level::Medium,
        }
    };
    let mut found = Found::new(rule, at..at.saturating_add(line.length.max(first.length)));
    found.severity = severity;
    found.shown = Some(shown(window, at, line.length));
    Some(found)
}

/// Says whether an embedding or an isolate, and no override, is closed by the next mark on the same line, as in honest text.
fn is_closed_at_once(window: &[u8], at: usize) -> bool {
    let rest = window.get(at..at.saturating_add(NEXT_MARK).min(window.len()));
    let Some([0xe2, second, third, rest @ ..]) = rest else {
        return false;
    };
    let (embeds, isolates) = (
        *second == 0x80 && matches!(third, 0xaa | 0xab),
        *second == 0x81 && matches!(third, 0xa6..=0xa8),
    );
    if !embeds && !isolates {
        return false;
    }
    let mut from = 0_usize;
    while let Some(gap) = rest.get(from..).and_then(|rest| memchr::memchr(0xe2, rest)) {
        let place = from.saturating_add(gap);
        let closes = match rest.get(place..) {
            Some([_, 0x80, 0xac, ..]) => embeds,
            Some([_, 0x81, 0xa9, ..]) => isolates,
            Some([_, 0x80, 0xaa..=0xae, ..] | [_, 0x81, 0xa6..=0xa8, ..]) => false,
            _ => {
                from = place.saturating_add(1);
                continue;
            }
        };
        let between = rest.get(..place).unwrap_or_default();
        return closes && memchr::memchr3(b'\n', b'\\', b'"', between).is_none();
    }
    false
}

/// Bytes behind a mark in which most are closed.
const NEXT_MARK: usize = 96;

/// Says whether another mark opens shortly before on the same line and is not closed: its look goes beyond this one.
fn follows_another(window: &[u8], at: usize) -> bool {
    let before = window.get(at.saturating_sub(SHORTLY)..at).unwrap_or_default();
    let mut end = before.len();
    while let Some(place) = before.get(..end).and_then(|rest| memchr::memrchr(0xe2, rest)) {
        let mark = glyph(before, place).map(|mark| mark.character);
        if mark.is_some_and(|mark| class(mark) == Class::Direction) {
            let between = before.get(place..).unwrap_or_default();
            return mark.is_some_and(opens)
                && !(0..between.len()).any(|at| between.get(at..).is_some_and(ends_line));
        }
        end = place;
    }
    false
}

/// Bytes before a mark in which another counts as shortly before.
const SHORTLY: usize = 32;

const fn opens(character: char) -> bool {
    matches!(
        character,
        '\u{202a}' | '\u{202b}' | '\u{202d}' | '\u{202e}' | '\u{2066}'..='\u{2068}'
    )
}

/// Says whether an escape stands among signs of a program that lists such characters.
fn is_listed(window: &[u8], at: usize, length: usize) -> bool {
    let before = at.checked_sub(1).and_then(|last| window.get(last));
    let after = at.saturating_add(length);
    let next = window.get(after);
    let sign = |byte: Option<&u8>| byte.is_some_and(|byte| matches!(byte, b'-' | b'[' | b']' | b'|' | b'\''));
    let constant = before == Some(&b'"') && next == Some(&b'"');
    let another = glyph(window, after)
        .is_some_and(|next| next.escaped && class(next.character) == Class::Direction)
        || glyph_before(window, at)
            .is_some_and(|before| before.escaped && class(before.character) == Class::Direction);
    constant || another || sign(before) || sign(next)
}

fn follow(window: &[u8], at: usize) -> Line {
    let mut line = Line::default();
    let mut depth = 0_usize;
    let mut marks = 0_usize;
    while line.length < LINE_BYTES && marks < MARKS {
        let place = at.saturating_add(line.length);
        let Some(next) = glyph(window, place) else { break };
        let here = window.get(place..).unwrap_or_default();
        if ends_line(here) || matches!(next.character, '\n' | '\r') {
            break;
        }
        match next.character {
            character if opens(character) => {
                depth = depth.saturating_add(1);
                marks = marks.saturating_add(1);
                line.overrides |= matches!(character, '\u{202d}' | '\u{202e}');
            }
            '\u{202c}' | '\u{2069}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    line.length = line.length.saturating_add(next.length);
                    line.closed = true;
                    break;
                }
            }
            character => {
                line.letters = line.letters.max(letters(character));
                line.code = line.code.saturating_add(usize::from(is_code(character)));
            }
        }
        line.length = line.length.saturating_add(next.length);
    }
    line
}

struct Before {
    right_to_left: bool,
    code: usize,
}

impl Before {
    /// Looks at the same line before the mark.
    fn look(window: &[u8], at: usize) -> Self {
        let mut found = Self {
            right_to_left: false,
            code: 0,
        };
        for byte in window
            .get(..at)
            .unwrap_or_default()
            .iter()
            .rev()
            .take(96)
            .take_while(|byte| **byte != b'\n')
        {
            // First bytes of Hebrew and Arabic.
            found.right_to_left |= matches!(byte, 0xd7..=0xdb);
            found.code = found.code.saturating_add(usize::from(is_code(char::from(*byte))));
        }
        found
    }
}

fn ends_line(here: &[u8]) -> bool {
    matches!(
        here,
        [b'\n' | b'\r', ..] | [b'\\', b'n' | b'r', ..] | [b'"', b',' | b'}' | b']', ..]
    )
}

fn letters(character: char) -> Letters {
    match character {
        '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' => Letters::RightToLeft,
        _ if character.is_alphabetic() => Letters::Some,
        _ => Letters::None,
    }
}

const fn is_code(character: char) -> bool {
    matches!(
        character,
        '{' | '}' | ';' | '=' | '#' | '*' | '<' | '>' | '|' | '&'
    )
}

fn shown(window: &[u8], at: usize, length: usize) -> String {
    let text = window
        .get(at..at.saturating_add(length.min(160)))
        .unwrap_or_default();
    super::printable(&String::from_utf8_lossy(text))
}
