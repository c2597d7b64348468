//! Rows and fields of CSV with their places (RFC 4180, read as leniently as the usual readers: a quote within an unquoted field is
//! a letter, what follows a closing quote belongs to the field).

use std::{borrow::Cow, ops::Range};

/// A field of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    /// Where its content stands, without the quotes around it.
    pub(crate) range: Range<usize>,
    /// It is in quotes, so that two quotes mean one.
    pub(crate) quoted: bool,
}

impl Field {
    /// Returns what the field means.
    pub(crate) fn decoded<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        let raw = text.get(self.range.clone()).unwrap_or_default();
        if !self.quoted || memchr::memchr(b'"', raw).is_none() {
            return Cow::Borrowed(raw);
        }
        let mut decoded = Vec::with_capacity(raw.len());
        let mut at = 0;
        while let Some(byte) = raw.get(at) {
            decoded.push(*byte);
            at = at.saturating_add(width(raw, at));
        }
        Cow::Owned(decoded)
    }

    /// Returns where `range` of the meaning stands in the text.
    pub(crate) fn place(&self, text: &[u8], range: &Range<usize>) -> Range<usize> {
        let raw = text.get(self.range.clone()).unwrap_or_default();
        let (mut start, mut end) = (range.start, range.end);
        if self.quoted && memchr::memchr(b'"', raw).is_some() {
            let mut at = 0_usize;
            let mut decoded = 0_usize;
            (start, end) = (raw.len(), raw.len());
            while at < raw.len() {
                if decoded == range.start {
                    start = at;
                }
                if decoded == range.end {
                    end = at;
                    break;
                }
                at = at.saturating_add(width(raw, at));
                decoded = decoded.saturating_add(1);
            }
        }
        self.range.start.saturating_add(start)..self.range.start.saturating_add(end)
    }
}

/// Returns how many bytes the byte at `at` takes: two where a quote is doubled.
fn width(raw: &[u8], at: usize) -> usize {
    let doubled = raw.get(at) == Some(&b'"') && raw.get(at.saturating_add(1)) == Some(&b'"');
    if doubled { 2 } else { 1 }
}

/// Reads the row that begins at `at`; returns its end, or nothing where the text ends within it and `last` is false.
pub(crate) fn row(
    text: &[u8],
    at: usize,
    delimiter: u8,
    last: bool,
    mut field: impl FnMut(Field),
) -> Option<usize> {
    let mut at = at;
    loop {
        let start = at;
        let mut quoted = text.get(at) == Some(&b'"');
        let mut content = start..start;
        if quoted {
            let open = start.saturating_add(1);
            let mut close = open;
            loop {
                let rest = text.get(close..).unwrap_or_default();
                let Some(next) = memchr::memchr(b'"', rest) else {
                    if !last {
                        return None;
                    }
                    close = text.len();
                    break;
                };
                close = close.saturating_add(next);
                if text.get(close.saturating_add(1)) == Some(&b'"') {
                    close = close.saturating_add(2);
                } else {
                    break;
                }
            }
            content = open..close.min(text.len());
            at = close.saturating_add(1).min(text.len());
        }
        let rest = text.get(at..).unwrap_or_default();
        let end = match memchr::memchr3(delimiter, b'\n', b'\r', rest) {
            Some(next) => at.saturating_add(next),
            None if last => text.len(),
            None => return None,
        };
        // Text behind the closing quote makes the whole an unquoted field, so that nothing is passed over.
        if quoted && end > at {
            quoted = false;
        }
        if !quoted {
            content = start..end;
        }
        field(Field {
            range: content,
            quoted,
        });
        let next = end.saturating_add(1);
        match text.get(end) {
            Some(byte) if *byte == delimiter => at = next,
            Some(b'\r') => match text.get(next) {
                Some(b'\n') => return Some(next.saturating_add(1)),
                None if !last => return None,
                _ => return Some(next),
            },
            Some(_) => return Some(next),
            None => return Some(end),
        }
    }
}

/// Tells the delimiter of a table by its first rows; nothing where they are no table.
pub(crate) fn delimiter(head: &[u8], whole: bool) -> Option<u8> {
    let mut best: Option<(usize, u8)> = None;
    for delimiter in [b',', b'\t', b';', b'|'] {
        let mut counts = Vec::new();
        let mut at = 0;
        while counts.len() < 20 && at < head.len() {
            let mut fields = 0_usize;
            let mut empty = true;
            let Some(end) = row(head, at, delimiter, whole, |field| {
                fields = fields.saturating_add(1);
                empty &= field.range.is_empty();
            }) else {
                break;
            };
            if !(empty && fields == 1) {
                counts.push(fields);
            }
            at = end;
        }
        let Some(first) = counts.first().copied().filter(|fields| *fields > 1) else {
            continue;
        };
        let like = counts.iter().filter(|fields| **fields == first).count();
        if like.saturating_mul(10) >= counts.len().saturating_mul(9)
            && best.is_none_or(|(most, _)| first > most)
        {
            best = Some((first, delimiter));
        }
    }
    best.map(|(_, delimiter)| delimiter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<Vec<String>> {
        let bytes = text.as_bytes();
        let mut all = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            let mut fields = Vec::new();
            at = row(bytes, at, b',', true, |field| {
                fields.push(String::from_utf8_lossy(&field.decoded(bytes)).into_owned());
            })
            .unwrap();
            all.push(fields);
        }
        all
    }

    #[test]
    fn rows_are_read_as_the_usual_readers_do() {
        assert_eq!(rows("a,b\r\nc,d\n"), [["a", "b"], ["c", "d"]]);
        assert_eq!(rows("\"a,\n\"\"b\"\"\",c"), [["a,\n\"b\"", "c"]]);
        assert_eq!(rows("5\" disk,x\n"), [["5\" disk", "x"]]);
        assert_eq!(rows("a,\n"), [["a", ""]]);
        assert_eq!(rows("\"a\"b,c\n"), [["\"a\"b", "c"]]);
        assert_eq!(rows("\"open\n"), [["open\n"]]);
    }

    #[test]
    fn a_row_that_is_cut_is_not_read() {
        assert_eq!(row(b"a,b", 0, b',', false, |_| {}), None);
        assert_eq!(row(b"a,b\r", 0, b',', false, |_| {}), None);
        assert_eq!(row(b"\"a\n", 0, b',', false, |_| {}), None);
        assert_eq!(row(b"a,b\nc", 0, b',', false, |_| {}), Some(4));
    }

    #[test]
    fn places_pass_over_doubled_quotes() {
        let text = b"\"a\"\"b\"\"c\",x";
        let mut first = None;
        row(text, 0, b',', true, |field| first = first.take().or(Some(field)));
        let field = first.unwrap();
        assert_eq!(field.decoded(text).as_ref(), b"a\"b\"c");
        assert_eq!(&text[field.place(text, &(2..3))], b"b");
        assert_eq!(&text[field.place(text, &(2..5))], b"b\"\"c");
    }

    #[test]
    fn the_delimiter_is_the_one_that_makes_a_table() {
        assert_eq!(delimiter(b"a;b\n1,5;2\n", true), Some(b';'));
        assert_eq!(delimiter(b"a\tb\n1\t2\n", true), Some(b'\t'));
        assert_eq!(delimiter(b"some words, and more\nno comma here\n", true), None);
    }
}
