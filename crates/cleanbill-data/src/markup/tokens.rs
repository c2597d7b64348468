//! Tokens of markup.

use std::ops::Range;

/// A token; ranges are those of its bytes in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// Characters between tags.
    Text(Range<usize>),
    /// Characters in which nothing is written otherwise.
    Plain(Range<usize>),
    Comment(Range<usize>),
    /// An instruction or declaration.
    Other(Range<usize>),
    Open {
        name: Range<usize>,
        attributes: Range<usize>,
        /// The element ends with the tag.
        ends: bool,
    },
    Close {
        name: Range<usize>,
    },
}

/// Reads the token at `at`; returns it and where it ends, or nothing where the text ends within it and `last` is false.
pub(crate) fn token(text: &[u8], at: usize, last: bool) -> Option<(Token, usize)> {
    let rest = text.get(at..).unwrap_or_default();
    if rest.len() < 9 && !last {
        return None;
    }
    let until = |start: usize, mark: &[u8], make: fn(Range<usize>) -> Token| {
        let start = at.saturating_add(start).min(text.len());
        let found = memchr::memmem::find(text.get(start..).unwrap_or_default(), mark);
        match found {
            Some(found) => {
                let end = start.saturating_add(found);
                Some((make(start..end), end.saturating_add(mark.len())))
            }
            None if last => Some((make(start..text.len()), text.len())),
            None => None,
        }
    };
    match rest {
        [b'<', b'!', b'-', b'-', ..] => until(4, b"-->", Token::Comment),
        [b'<', b'!', b'[', b'C', b'D', b'A', b'T', b'A', b'[', ..] => until(9, b"]]>", Token::Plain),
        [b'<', b'?', ..] => until(2, b">", Token::Other),
        [b'<', b'!', ..] => declaration(text, at, last),
        [b'<', b'/', first, ..] if is_name(*first) => {
            let start = at.saturating_add(2);
            let name = start..name_end(text, start);
            let (_, end) = until(2, b">", Token::Other)?;
            Some((Token::Close { name }, end))
        }
        [b'<', first, ..] if is_name(*first) => {
            let start = at.saturating_add(1);
            let name = start..name_end(text, start);
            let end = tag_end(text, name.end, last)?;
            let closed = text.get(end) == Some(&b'>');
            let slash = end > name.end && text.get(end.saturating_sub(1)) == Some(&b'/');
            let attributes = name.end..end;
            let token = Token::Open {
                name,
                attributes,
                ends: slash,
            };
            Some((token, if closed { end.saturating_add(1) } else { end }))
        }
        _ => {
            // A sign that begins no tag is a letter.
            let from = at.saturating_add(usize::from(rest.first() == Some(&b'<')));
            match memchr::memchr(b'<', text.get(from..).unwrap_or_default()) {
                Some(next) => {
                    let end = from.saturating_add(next);
                    Some((Token::Text(at..end), end))
                }
                None if last => Some((Token::Text(at..text.len()), text.len())),
                None => None,
            }
        }
    }
}

/// Reads what stands in an element that holds no markup, up to its end.
pub(super) fn raw(text: &[u8], at: usize, name: &[u8], last: bool) -> Option<(Token, usize)> {
    let mut from = at;
    loop {
        let rest = text.get(from..).unwrap_or_default();
        let Some(next) = memchr::memmem::find(rest, b"</") else {
            return last.then_some((Token::Text(at..text.len()), text.len()));
        };
        let tag = from.saturating_add(next);
        let start = tag.saturating_add(2);
        let end = start.saturating_add(name.len());
        if end >= text.len() && !last {
            return None;
        }
        if text
            .get(start..end)
            .is_some_and(|found| found.eq_ignore_ascii_case(name))
        {
            return if tag > at {
                Some((Token::Text(at..tag), tag))
            } else {
                token(text, at, last)
            };
        }
        from = start;
    }
}

/// A declaration may hold others in brackets.
fn declaration(text: &[u8], at: usize, last: bool) -> Option<(Token, usize)> {
    let start = at.saturating_add(2);
    let rest = text.get(start..).unwrap_or_default();
    let mut depth = 0_usize;
    let mut quote = None;
    for (number, byte) in rest.iter().enumerate() {
        if let Some(open) = quote {
            quote = Some(open).filter(|open| open != byte);
            continue;
        }
        match byte {
            b'"' | b'\'' if depth > 0 => quote = Some(*byte),
            b'[' => depth = depth.saturating_add(1),
            b']' => depth = depth.saturating_sub(1),
            b'>' if depth == 0 => {
                let end = start.saturating_add(number);
                return Some((Token::Other(start..end), end.saturating_add(1)));
            }
            _ => {}
        }
    }
    last.then(|| (Token::Other(start.min(text.len())..text.len()), text.len()))
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'_' | b':' | 0x80..)
}

fn name_end(text: &[u8], start: usize) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    let length = rest
        .iter()
        .position(|byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>' | b'='));
    start.saturating_add(length.unwrap_or(rest.len()))
}

/// Finds where a tag ends: a sign in quotes ends none.
fn tag_end(text: &[u8], from: usize, last: bool) -> Option<usize> {
    let mut at = from;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let Some(next) = memchr::memchr3(b'>', b'"', b'\'', rest) else {
            return last.then_some(text.len());
        };
        at = at.saturating_add(next);
        let sign = text.get(at).copied().unwrap_or(b'>');
        if sign == b'>' {
            return Some(at);
        }
        // Quotes count behind an equals sign only.
        let before = text.get(from..at).unwrap_or_default().trim_ascii_end();
        at = at.saturating_add(1);
        if before.ends_with(b"=") {
            match memchr::memchr(sign, text.get(at..).unwrap_or_default()) {
                Some(close) => at = at.saturating_add(close).saturating_add(1),
                None if last => return Some(text.len()),
                None => return None,
            }
        }
    }
}

/// Lists names and values of attributes.
pub(crate) fn attributes(
    text: &[u8],
    range: Range<usize>,
) -> impl Iterator<Item = (Range<usize>, Range<usize>)> + '_ {
    let end = range.end;
    let mut at = range.start;
    let blank = move |at: usize| {
        let rest = text.get(at..end).unwrap_or_default();
        let length = rest
            .iter()
            .take_while(|byte| byte.is_ascii_whitespace() || **byte == b'/')
            .count();
        at.saturating_add(length)
    };
    std::iter::from_fn(move || {
        at = blank(at);
        if at >= end {
            return None;
        }
        let start = at;
        // A name has a letter at least, so that each round goes on.
        let name_end = name_end(text, start.saturating_add(1)).min(end);
        let equals = blank(name_end);
        at = equals;
        if text.get(equals) != Some(&b'=') || equals >= end {
            return Some((start..name_end, name_end..name_end));
        }
        let value = equals.saturating_add(1);
        let rest = text.get(value..end).unwrap_or_default();
        let value = value.saturating_add(rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count());
        let rest = text.get(value..end).unwrap_or_default();
        let found = if let Some(quote @ (b'"' | b'\'')) = rest.first() {
            let inside = value.saturating_add(1);
            let length = memchr::memchr(*quote, text.get(inside..end).unwrap_or_default());
            let close = length.map_or(end, |length| inside.saturating_add(length));
            at = close.saturating_add(1).min(end);
            inside.min(end)..close
        } else {
            let length = rest
                .iter()
                .position(u8::is_ascii_whitespace)
                .unwrap_or(rest.len());
            at = value.saturating_add(length);
            value..at
        };
        Some((start..name_end, found))
    })
}
