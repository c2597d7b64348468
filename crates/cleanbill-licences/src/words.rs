//! Turns text into lower-case words with single gaps, so that case, line wraps, indentation, Markdown, quotation marks,
//! comment signs and HTML do not matter.

/// LIMIT: bytes within which a tag of HTML must end to be passed over; a longer one is text.
const TAG_BYTES: usize = 200;
/// LIMIT: bytes of an entity such as `&quot;`.
const ENTITY_BYTES: usize = 10;

/// Receives the words of a text.
pub(crate) trait Sink {
    /// A word begins at `offset`.
    fn start(&mut self, offset: usize);
    /// One byte of the word, in lower case.
    fn byte(&mut self, byte: u8);
    /// The word ended before `offset`.
    fn end(&mut self, offset: usize);
}

/// Gives every word of `text` to `sink`.
#[inline]
pub(crate) fn walk<S: Sink>(text: &str, sink: &mut S) {
    let bytes = text.as_bytes();
    let mut at = 0_usize;
    let mut inside = false;
    while let Some(&byte) = bytes.get(at) {
        let class = CLASSES.get(usize::from(byte)).copied().unwrap_or(GAP);
        if class > SPECIAL {
            if !inside {
                sink.start(at);
                inside = true;
            }
            sink.byte(class);
            at = at.saturating_add(1);
            continue;
        }
        let (length, what) = if class == GAP {
            (1, What::Gap)
        } else {
            special(text, at, byte, inside)
        };
        let next = at.saturating_add(length.max(1));
        match what {
            What::Gap => {
                if inside {
                    sink.end(at);
                    inside = false;
                }
            }
            What::Nothing => {}
            What::Letter(letter) => {
                if !inside {
                    sink.start(at);
                    inside = true;
                }
                give(letter, sink);
            }
            What::Word(letter) => {
                if inside {
                    sink.end(at);
                    inside = false;
                }
                sink.start(at);
                give(letter, sink);
                sink.end(next);
            }
        }
        at = next;
    }
    if inside {
        sink.end(at);
    }
}

/// Returns the words of `text` with one space between them.
pub(crate) fn joined(text: &str) -> String {
    let mut words = Joined::default();
    walk(text, &mut words);
    String::from_utf8(words.bytes).unwrap_or_default()
}

/// Returns the words of `text`.
pub(crate) fn split(text: &str) -> Vec<String> {
    joined(text)
        .split(' ')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

enum What {
    Gap,
    Nothing,
    Letter(char),
    Word(char),
}

#[derive(Default)]
struct Joined {
    bytes: Vec<u8>,
}

impl Sink for Joined {
    fn start(&mut self, _offset: usize) {
        if !self.bytes.is_empty() {
            self.bytes.push(b' ');
        }
    }

    fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    fn end(&mut self, _offset: usize) {}
}

fn give<S: Sink>(letter: char, sink: &mut S) {
    let mut buffer = [0_u8; 4];
    for lower in letter.to_lowercase() {
        for byte in lower.encode_utf8(&mut buffer).bytes() {
            sink.byte(byte);
        }
    }
}

#[cold]
fn special(text: &str, at: usize, byte: u8, inside: bool) -> (usize, What) {
    let rest = text.get(at..).unwrap_or_default();
    match byte {
        b'<' => (tag(rest).unwrap_or(1), What::Gap),
        b'&' => (entity(rest).unwrap_or(1), What::Gap),
        // Escaped line breaks, as texts within JSON or source code have them.
        b'\\' => {
            let escaped = rest.as_bytes().get(1).is_some_and(|next| b"nrt\"".contains(next));
            (if escaped { 2 } else { 1 }, What::Gap)
        }
        // `RAIL++-M` must stay another word than `RAIL-M`.
        b'+' if inside => (1, What::Letter('p')),
        b'+' => (1, What::Gap),
        _ => {
            let Some(letter) = rest.chars().next() else {
                return (1, What::Gap);
            };
            (letter.len_utf8(), class_of(letter))
        }
    }
}

fn class_of(letter: char) -> What {
    match letter {
        // Soft hyphen, zero-width characters and byte-order marks stand inside of words.
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => What::Nothing,
        // Full-width forms of ASCII.
        '\u{ff01}'..='\u{ff5e}' => {
            let plain = u32::from(letter).checked_sub(0xfee0).and_then(char::from_u32);
            plain
                .filter(char::is_ascii_alphanumeric)
                .map_or(What::Gap, What::Letter)
        }
        // Scripts without spaces: each character is a word, so that a line may end anywhere.
        '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}'
            if letter.is_alphanumeric() =>
        {
            What::Word(letter)
        }
        letter if letter.is_alphanumeric() => What::Letter(letter),
        _ => What::Gap,
    }
}

/// Returns the length of an HTML tag at the start of `rest`.
fn tag(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let head = bytes.get(1..)?;
    let head = head.strip_prefix(b"/").unwrap_or(head);
    let length = head
        .iter()
        .take(12)
        .take_while(|byte| byte.is_ascii_alphanumeric())
        .count();
    let name = head.get(..length)?.to_ascii_lowercase();
    if !TAGS.iter().any(|tag| tag.as_bytes() == name.as_slice()) {
        return None;
    }
    let end = bytes.iter().take(TAG_BYTES).position(|byte| *byte == b'>')?;
    Some(end.saturating_add(1))
}

/// Returns the length of an HTML entity at the start of `rest`.
fn entity(rest: &str) -> Option<usize> {
    let body = rest.as_bytes().get(1..)?;
    let end = body.iter().take(ENTITY_BYTES).position(|byte| *byte == b';')?;
    let name = body.get(..end)?;
    let plain = !name.is_empty()
        && name
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'#');
    plain.then(|| end.saturating_add(2))
}

/// Elements that stand around or between words.
const TAGS: &[&str] = &[
    "a",
    "b",
    "big",
    "blockquote",
    "body",
    "br",
    "center",
    "code",
    "dd",
    "div",
    "dl",
    "dt",
    "em",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "hr",
    "html",
    "i",
    "img",
    "li",
    "ol",
    "p",
    "pre",
    "s",
    "section",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "title",
    "tr",
    "tt",
    "u",
    "ul",
];

const GAP: u8 = 0;
const SPECIAL: u8 = 1;

/// What each byte is: a gap, something to look at, or a letter in lower case.
static CLASSES: [u8; 256] = classes();

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "computed by the compiler, which refuses to build what would overflow or miss"
)]
const fn classes() -> [u8; 256] {
    let mut table = [GAP; 256];
    let mut byte = 0;
    while byte < 256 {
        let value = byte as u8;
        table[byte] = match value {
            b'a'..=b'z' | b'0'..=b'9' => value,
            b'A'..=b'Z' => value + 32,
            b'<' | b'&' | b'\\' | b'+' | 0x80.. => SPECIAL,
            _ => GAP,
        };
        byte += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::joined;

    #[test]
    fn looks_do_not_matter() {
        for (text, words) in [
            ("The  MIT\r\n License", "the mit license"),
            ("# **MIT** _License_", "mit license"),
            ("// MIT\n// License", "mit license"),
            ("<h2 align=\"center\"> MIT<br>License </h2>", "mit license"),
            ("&quot;MIT&quot;&nbsp;License", "mit license"),
            ("“MIT”\u{a0}Li\u{ad}cense", "mit license"),
            (r"MIT\nLicense", "mit license"),
            ("Open RAIL++-M", "open railpp m"),
            ("if a < b && c", "if a b c"),
            ("许可\n协议 v2", "许 可 协 议 v2"),
            ("ＭＩＴ", "mit"),
            ("Éa", "éa"),
            ("", ""),
            ("+", ""),
        ] {
            assert_eq!(joined(text), words, "{text:?}");
        }
    }
}
