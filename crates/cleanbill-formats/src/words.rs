//! Asks in one pass whether bytes hold any of a few words, fast enough to be asked of every artifact.

use std::sync::OnceLock;

use aho_corasick::packed::Searcher;

/// Knows a few words.
#[derive(Debug)]
pub(crate) struct Words {
    words: &'static [&'static [u8]],
    /// Compares many bytes at once; `None` on processors that cannot.
    vector: OnceLock<Option<Box<Searcher>>>,
}

impl Words {
    /// Names the words; the search is prepared when it is first wanted.
    pub(crate) const fn new(words: &'static [&'static [u8]]) -> Self {
        Self {
            words,
            vector: OnceLock::new(),
        }
    }

    /// Says whether `bytes` hold one of the words, within other words too.
    pub(crate) fn any_in(&self, bytes: &[u8]) -> bool {
        let vector = self
            .vector
            .get_or_init(|| Searcher::new(self.words).map(Box::new));
        match vector {
            Some(searcher) => searcher.find(bytes).is_some(),
            None => self
                .words
                .iter()
                .any(|word| memchr::memmem::find(bytes, word).is_some()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_at_every_place() {
        static WORDS: Words = Words::new(&[b"\"vocab\"", b"\\u006"]);
        for at in [0_usize, 1, 15, 16, 40, 1_000] {
            for word in WORDS.words {
                let mut text = vec![b'x'; at];
                text.extend_from_slice(word);
                text.extend(vec![b'y'; at / 2]);
                assert!(WORDS.any_in(&text), "{at}");
                text.retain(|byte| !b"\"\\".contains(byte));
                assert!(!WORDS.any_in(&text), "{at}");
            }
        }
        assert!(!WORDS.any_in(b""));
    }
}
