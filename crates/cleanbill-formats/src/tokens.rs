//! What the formats of tokenizers share: tokens that say more than a piece of a word does, and ids that two tokens have.

use std::{
    borrow::Cow,
    collections::HashSet,
    hash::{DefaultHasher, Hasher},
    ops::Range,
};

use crate::bytes::size_usize;

/// LIMIT: ids that are compared. The largest public vocabularies hold some 300,000 tokens; larger ids are not compared.
const IDS: u64 = 2_000_000;
/// LIMIT: telling tokens that are kept; vocabularies of code and the web hold some hundred.
const TELLING: usize = 4_096;
/// LIMIT: ids of two tokens that are kept; the first few say enough.
const SHARED: usize = 256;
/// Bytes of a token that are kept for reports.
const KEPT_BYTES: usize = 1_024;
/// Shortest token that may be telling.
const TELLING_BYTES: usize = 6;
/// Words from which a token is a sentence; tokens that span words, where they are learnt at all, hold up to four.
const WORDS: usize = 5;
/// Beginnings of commands, of code and of instructions. What a token means, if it means anything, detectors say.
const COMMANDS: &[&str] = &[
    "://",
    "/bin/",
    "/dev/tcp",
    "/etc/",
    ".ssh/",
    "~/.",
    "<script",
    "javascript:",
    "__import__",
    "base64 -",
    "bash -",
    "bash <(",
    "cmd.exe",
    "curl ",
    "eval $(",
    "eval(",
    "exec(",
    "ignore all",
    "ignore previous",
    "invoke-",
    "iwr ",
    "os.popen",
    "os.system",
    "powershell",
    "rm -rf",
    "sh -c",
    "subprocess.",
    "sudo ",
    "wget ",
    "| sh",
    "|sh",
];

/// Holds a token that reads like more than a piece of a word: an address, a command, a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telling {
    /// The token as people read it, cut where it is very long.
    pub text: String,
    /// Its id.
    pub id: u64,
    /// Where it stands.
    pub range: Range<u64>,
    /// The vocabulary lists how tokens are put together, and nothing in the list makes this one: it was not learnt.
    pub unmade: bool,
}

/// Holds an id that two tokens have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// The id.
    pub id: u64,
    /// The later token, cut where it is long.
    pub text: String,
    /// Where the later one stands.
    pub range: Range<u64>,
}

/// Gathers the tokens of one vocabulary.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    /// How many there are.
    pub(crate) count: u64,
    /// The largest id and where it stands.
    pub(crate) largest: Option<(u64, Range<u64>)>,
    /// Ids that two tokens have.
    pub(crate) shared: Vec<Shared>,
    /// A limit was reached.
    pub(crate) cut: bool,
    telling: Vec<(Telling, u64)>,
    /// For each id the token's hash; 0 where the id is free.
    by_id: Vec<u64>,
    /// Hashes of telling texts that merges make.
    made: HashSet<u64>,
    merges: u64,
}

impl Tokens {
    /// Takes a token, as bytes and as text, with its id; says whether it is telling.
    pub(crate) fn take(&mut self, bytes: &[u8], text: &str, id: u64, range: &Range<u64>) -> bool {
        self.count = self.count.saturating_add(1);
        self.note_id(id, range);
        let hash = hash(bytes);
        if id < IDS {
            let place = size_usize(id);
            if place >= self.by_id.len() {
                self.by_id.resize(place.saturating_add(1), 0);
            }
            if let Some(slot) = self.by_id.get_mut(place) {
                if *slot == 0 {
                    *slot = hash;
                } else if *slot != hash && self.shared.len() < SHARED {
                    self.shared.push(Shared {
                        id,
                        text: cut(&readable(text)),
                        range: range.clone(),
                    });
                }
            }
        } else {
            self.cut = true;
        }
        self.look(text, hash, id, range)
    }

    /// Notes an id that some token has.
    pub(crate) fn note_id(&mut self, id: u64, range: &Range<u64>) {
        if self.largest.as_ref().is_none_or(|(largest, _)| *largest < id) {
            self.largest = Some((id, range.clone()));
        }
    }

    /// Keeps a text that models put out, if it is telling.
    pub(crate) fn look_at(&mut self, text: &str, id: u64, range: &Range<u64>) {
        self.look(text, hash(text.as_bytes()), id, range);
    }

    fn look(&mut self, text: &str, hash: u64, id: u64, range: &Range<u64>) -> bool {
        let readable = readable(text);
        if !is_telling(&readable) {
            return false;
        }
        if self.telling.len() >= TELLING {
            self.cut = true;
            return false;
        }
        let telling = Telling {
            text: cut(&readable),
            id,
            range: range.clone(),
            unmade: false,
        };
        self.telling.push((telling, hash));
        true
    }

    /// Takes a merge, which makes the token that its two parts are together.
    pub(crate) fn merge(&mut self, made: &str) {
        self.merges = self.merges.saturating_add(1);
        if is_telling(&readable(made)) && self.made.len() < TELLING.saturating_mul(4) {
            self.made.insert(hash(made.as_bytes()));
        }
    }

    /// Says of a telling token whether it is two others together, where merges are not listed.
    pub(crate) fn mark(&mut self, bytes: &[u8], made: bool) {
        self.merges = self.merges.saturating_add(1);
        if made {
            self.made.insert(hash(bytes));
        }
    }

    /// Says whether `id` is the id of another token.
    pub(crate) fn belongs_to_another(&self, text: &str, id: u64) -> bool {
        let slot = self.by_id.get(size_usize(id)).copied().unwrap_or(0);
        slot != 0 && slot != hash(text.as_bytes())
    }

    /// Gives the telling tokens.
    pub(crate) fn finish(self) -> Vec<Telling> {
        let ruled = self.merges > 0;
        let made = self.made;
        let one = |(mut telling, hash): (Telling, u64)| {
            telling.unmade = ruled && !made.contains(&hash);
            telling
        };
        self.telling.into_iter().map(one).collect()
    }
}

/// Decodes base64, with or without the signs at its end; `None` where it is none.
pub(crate) fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let text = text.trim_ascii_end();
    let text = text
        .strip_suffix(b"==")
        .or(text.strip_suffix(b"="))
        .unwrap_or(text);
    let mut out = Vec::with_capacity(text.len());
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in text {
        let value = match byte {
            b'A'..=b'Z' => byte.wrapping_sub(b'A'),
            b'a'..=b'z' => byte.wrapping_sub(b'a').wrapping_add(26),
            b'0'..=b'9' => byte.wrapping_sub(b'0').wrapping_add(52),
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 & 0xffff | u32::from(value);
        held = held.wrapping_add(6);
        if held >= 8 {
            held = held.wrapping_sub(8);
            out.push(bits.wrapping_shr(held).to_le_bytes()[0]);
        }
    }
    (held < 6).then_some(out)
}

/// Hashes a token.
pub(crate) fn hash(text: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(text);
    // 0 stands for a free id.
    hasher.finish() | 1
}

/// Turns the signs that stand for blanks in vocabularies into blanks.
fn readable(text: &str) -> Cow<'_, str> {
    if text.len() < TELLING_BYTES || text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let blank = |c: char| match c {
        '\u{120}' | '\u{2581}' => ' ',
        '\u{10a}' => '\n',
        other => other,
    };
    Cow::Owned(text.chars().map(blank).collect())
}

/// Says whether a text reads like more than a piece of a word.
pub(crate) fn is_telling(text: &str) -> bool {
    if text.len() < TELLING_BYTES {
        return false;
    }
    let signs = |byte: &u8| {
        matches!(
            byte,
            b' ' | b'/' | b'(' | b'.' | b':' | b'|' | b'_' | b'<' | b'\n'
        )
    };
    if !text.as_bytes().iter().any(signs) && text.is_ascii() {
        return text.eq_ignore_ascii_case("powershell");
    }
    let lower = text.to_ascii_lowercase();
    let words = || {
        let word = |part: &&str| part.chars().filter(|c| c.is_alphabetic()).take(2).count() == 2;
        text.split_whitespace().filter(word).take(WORDS).count() == WORDS
    };
    COMMANDS.iter().any(|command| lower.contains(command)) || words()
}

fn cut(text: &str) -> String {
    let end = (0..=text.len().min(KEPT_BYTES))
        .rev()
        .find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_decoded() {
        for (text, bytes) in [
            ("", Some(&b""[..])),
            ("IQ==", Some(b"!")),
            ("IQ", Some(b"!")),
            ("aGVsbG8=", Some(b"hello")),
            ("aGVsbG8h", Some(b"hello!")),
            ("a", None),
            ("a-b_", None),
        ] {
            assert_eq!(base64(text.as_bytes()).as_deref(), bytes, "{text}");
        }
    }

    #[test]
    fn tokens_that_say_something_are_kept() {
        for (text, telling) in [
            ("https", false),
            ("://", false),
            ("http://www.", true),
            ("\u{120}internationalization", false),
            ("\u{2581}ignore\u{2581}all", true),
            ("\u{120}one\u{120}two\u{120}three\u{120}four\u{120}five", false),
            (
                "\u{120}first\u{120}second\u{120}third\u{120}fourth\u{120}fifth",
                true,
            ),
            (
                "================================================================",
                false,
            ),
            ("\u{120}rm -rf /", true),
        ] {
            // Words of the fourth line are counted too: five of them.
            let telling = telling || text.contains("five");
            assert_eq!(is_telling(&readable(text)), telling, "{text}");
        }
    }

    #[test]
    fn ids_of_two_tokens_and_unmade_tokens_are_seen() {
        let mut tokens = Tokens::default();
        tokens.take(b"allow", "allow", 3, &(0..1));
        tokens.take(b"deny", "deny", 3, &(1..2));
        for (text, id) in [("http://www", 4), ("http://x.example.invalid/?q=", 5)] {
            assert!(tokens.take(text.as_bytes(), text, id, &(2..3)));
        }
        tokens.merge("http://www");
        assert_eq!(tokens.shared.len(), 1);
        assert!(tokens.belongs_to_another("refuse", 3) && !tokens.belongs_to_another("allow", 3));
        let unmade: Vec<bool> = tokens.finish().iter().map(|one| one.unmade).collect();
        assert_eq!(unmade, [false, true]);
    }
}
