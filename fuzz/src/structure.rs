//! Changes that keep a document's shape: JSON and XML are broken at every byte by other changes, and then no reader gets far.

use cleanbill_samples::Random;

/// Values at which readers of JSON break.
const VALUES: [&str; 16] = [
    "null",
    "true",
    "0",
    "-1",
    "1e999",
    "18446744073709551616",
    "0.1e-400",
    "\"\"",
    "\"*\"",
    "\"0\"",
    "\"\\ud800\"",
    "\"\\u0000\"",
    "[]",
    "{}",
    "[[[[[[[[]]]]]]]]",
    "\"pkg:pypi/a@1%00?b=c#..%2f\"",
];

/// Returns a copy with one value, member or element changed; `None` where the input has no shape that is known.
pub(crate) fn reshape(random: &mut Random, seed: &[u8], other: &[u8]) -> Option<Vec<u8>> {
    let pieces = pieces(seed);
    if pieces.len() < 2 {
        return None;
    }
    let chosen = pieces[random.below(pieces.len())].clone();
    let piece = seed.get(chosen.clone())?;
    let foreign = || {
        let theirs = self::pieces(other);
        (!theirs.is_empty()).then_some(theirs)
    };
    let new: Vec<u8> = match random.below(8) {
        0 => Vec::new(),
        1 => random.choose(&VALUES).as_bytes().to_vec(),
        2 => twice(piece, 1),
        3 => twice(piece, 1 + random.below(64)),
        4 => {
            // A value of its own document at another place: kinds of things change places.
            let from = pieces[random.below(pieces.len())].clone();
            seed.get(from)?.to_vec()
        }
        5 => {
            let theirs = foreign()?;
            other.get(theirs[random.below(theirs.len())].clone())?.to_vec()
        }
        6 => {
            let levels = 1 + random.below(140);
            [b"[".repeat(levels), piece.to_vec(), b"]".repeat(levels)].concat()
        }
        _ => {
            // A text grows, or loses its end.
            let mut text = piece.to_vec();
            let at = random.below(text.len().max(1));
            let grown = random.choose(&[
                "%2e", "/", "~", "+", "-", ":", ".", " OR ", " WITH ", "(", "é", "\\n", "9",
            ]);
            text.splice(
                at..at,
                grown.bytes().cycle().take(grown.len() * (1 + random.below(40))),
            );
            text
        }
    };
    let mut out = seed.to_vec();
    out.splice(chosen, new);
    Some(out)
}

fn twice(piece: &[u8], times: usize) -> Vec<u8> {
    let between: &[u8] = if piece.starts_with(b"<") { b"" } else { b"," };
    let mut out = piece.to_vec();
    for _ in 0..times {
        out.extend_from_slice(between);
        out.extend_from_slice(piece);
    }
    out
}

/// Finds values of JSON and elements of XML: strings, bracketed parts, `"key": value` pairs, tags with what they enclose.
fn pieces(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut out = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut tags: Vec<usize> = Vec::new();
    let mut at = 0;
    while at < bytes.len() && out.len() < 4_000 {
        match bytes[at] {
            b'"' => {
                let mut end = at + 1;
                while end < bytes.len() && bytes[end] != b'"' {
                    end += if bytes[end] == b'\\' { 2 } else { 1 };
                }
                out.push(at..(end + 1).min(bytes.len()));
                at = end;
            }
            b'{' | b'[' => open.push(at),
            b'}' | b']' => {
                if let Some(start) = open.pop() {
                    out.push(start..at + 1);
                }
            }
            b'<' if bytes.get(at + 1) == Some(&b'/') => {
                let end = bytes[at..]
                    .iter()
                    .position(|byte| *byte == b'>')
                    .map_or(bytes.len(), |length| at + length + 1);
                if let Some(start) = tags.pop() {
                    out.push(start..end);
                }
                at = end.saturating_sub(1);
            }
            b'<' if bytes.get(at + 1).is_some_and(u8::is_ascii_alphabetic) => tags.push(at),
            b'0'..=b'9' if open.len() + tags.len() > 0 => {
                let length = bytes[at..]
                    .iter()
                    .take_while(|byte| byte.is_ascii_digit())
                    .count();
                out.push(at..at + length);
                at += length - 1;
            }
            _ => {}
        }
        at += 1;
    }
    out
}
