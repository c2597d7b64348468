//! Codes of terminals (ECMA-48) that hide, move or rename what a person sees. Colour by itself is none.

use crate::{
    matchers::Found,
    rule::{Level, Rule},
};

/// LIMIT: bytes of one code that are read; a terminal gives up on longer ones.
const CODE: usize = 400;

/// Looks at an escape character, raw or as JSON spells it.
pub(super) fn look(rule: &Rule, window: &[u8], at: usize) -> Option<Found> {
    let spelled = window.get(at) == Some(&b'\\');
    let from = at.saturating_add(if spelled { 6 } else { 1 });
    let rest = window.get(from..from.saturating_add(CODE).min(window.len()))?;
    let (length, severity, confidence, what) = match rest.first()? {
        b'[' => control(rest)?,
        b']' => command(rest)?,
        b'P' | b'_' | b'^' | b'X' => {
            let end = end_of_string(rest)?;
            // A string that goes on for long without its end is noise.
            (end, Level::Medium, Level::Medium, "string for the terminal")
        }
        _ => return None,
    };
    let end = from.saturating_add(length);
    if spelled && is_constant(window, at, end) {
        return None;
    }
    let mut found = Found::new(rule, at..end);
    found.severity = severity;
    found.confidence = confidence;
    let code = window.get(at..end).unwrap_or_default();
    let shown = super::printable(&String::from_utf8_lossy(code));
    found.shown = Some(format!("{what}: {shown}"));
    Some(found)
}

type Judged = (usize, Level, Level, &'static str);

/// Reads a control sequence: `[`, parameters, a final letter.
fn control(rest: &[u8]) -> Option<Judged> {
    let body = rest.get(1..)?;
    let count = body
        .iter()
        .take(64)
        .take_while(|byte| matches!(byte, 0x20..=0x3f))
        .count();
    let parameters = body.get(..count)?;
    let last = *body.get(count)?;
    let length = count.saturating_add(2);
    let judged = match last {
        b'm' if conceals(parameters) => (Level::High, Level::High, "concealed text"),
        // Programs that show their progress write over their line.
        b'A' | b'K' | b'G' | b'h' | b'l' => match parameters {
            b"?1049" | b"?1047" | b"?47" => (Level::Medium, Level::Medium, "other screen"),
            _ => (Level::Low, Level::Low, "line written over"),
        },
        b'B' | b'C' | b'D' | b'E' | b'F' | b'H' | b'f' | b'J' | b'S' | b'T' | b's' | b'u' | b'd' | b'L'
        | b'M' | b'P' | b'@' | b'X' | b'r' => (Level::Medium, Level::Medium, "cursor moved or text erased"),
        b'n' | b'c' | b't' | b'i' => (Level::Medium, Level::Medium, "question to the terminal"),
        _ => return None,
    };
    Some((length, judged.0, judged.1, judged.2))
}

/// Says whether attributes conceal text: 8, or the same colour in front and behind.
fn conceals(parameters: &[u8]) -> bool {
    let mut fore = None;
    let mut back = None;
    let mut numbers = parameters.split(|byte| matches!(byte, b';' | b':')).map(|part| {
        std::str::from_utf8(part)
            .ok()
            .and_then(|part| part.parse::<u32>().ok())
            .unwrap_or(0)
    });
    while let Some(number) = numbers.next() {
        match number {
            8 => return true,
            30..=37 => fore = number.checked_sub(30),
            40..=47 => back = number.checked_sub(40),
            90..=97 => fore = number.checked_sub(82),
            100..=107 => back = number.checked_sub(92),
            38 | 48 => {
                let kind = numbers.next();
                let color = match kind {
                    Some(5) => numbers.next(),
                    Some(2) => {
                        let parts: Vec<u32> = numbers.by_ref().take(3).collect();
                        Some(parts.iter().fold(1, |value, part| value << 8 | (part & 0xff)))
                    }
                    _ => None,
                };
                if number == 38 {
                    fore = color;
                } else {
                    back = color;
                }
            }
            _ => {}
        }
    }
    fore.is_some() && fore == back
}

/// Reads a command of the operating system: `]`, a number, a text, its end.
fn command(rest: &[u8]) -> Option<Judged> {
    let end = end_of_string(rest)?;
    let body = rest.get(1..end)?;
    let number = body.split(|byte| *byte == b';').next()?;
    let judged = match number {
        b"0" | b"1" | b"2" => (Level::Medium, Level::High, "title of the window"),
        b"8" if body.starts_with(b"8;;\x07")
            || body.get(3..).is_some_and(|rest| rest.starts_with(b"\x1b")) =>
        {
            return None;
        }
        b"8" => (Level::Medium, Level::High, "link under a text"),
        b"52" => (Level::High, Level::High, "clipboard"),
        number if !number.is_empty() && number.iter().all(u8::is_ascii_digit) => {
            (Level::Medium, Level::Medium, "command for the terminal")
        }
        _ => return None,
    };
    Some((end, judged.0, judged.1, judged.2))
}

/// Returns the length of a string up to and with its end: BEL or `ESC \`, each raw or as JSON spells it.
fn end_of_string(rest: &[u8]) -> Option<usize> {
    let ends: [&[u8]; 4] = [b"\x07", b"\x1b\\", b"\\u0007", b"\\u001b\\\\"];
    ends.into_iter()
        .filter_map(|end| memchr::memmem::find(rest, end).map(|at| at.saturating_add(end.len())))
        .min()
}

/// Says whether an escape and its code are all of a string, as in programs that define them.
fn is_constant(window: &[u8], at: usize, end: usize) -> bool {
    let quote = |byte: Option<&u8>| byte.is_some_and(|byte| matches!(byte, b'"' | b'\'' | b'`'));
    quote(at.checked_sub(1).and_then(|last| window.get(last))) && quote(window.get(end))
}
