//! Asks whether a text holds any of a few words, fast enough to be asked of every text.

use aho_corasick::{AhoCorasick, packed};

/// Knows a few words.
#[derive(Debug)]
pub struct Words(Search);

#[derive(Debug)]
enum Search {
    /// Compares many bytes at once; at most 64 words, on processors that can.
    Vector(Box<packed::Searcher>),
    Plain(Box<AhoCorasick>),
    /// Any text may hold one.
    Unknown,
}

impl Words {
    /// Prepares the search.
    pub fn new(words: &[&str]) -> Self {
        if let Some(searcher) = packed::Searcher::new(words) {
            return Self(Search::Vector(Box::new(searcher)));
        }
        Self(AhoCorasick::new(words).map_or(Search::Unknown, |searcher| Search::Plain(Box::new(searcher))))
    }

    /// Says whether `text` holds one of the words, within other words too.
    pub fn any_in(&self, text: &[u8]) -> bool {
        match &self.0 {
            Search::Vector(searcher) => searcher.find(text).is_some(),
            Search::Plain(searcher) => searcher.is_match(text),
            Search::Unknown => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_texts_of_any_length() {
        let words = Words::new(&["services", "jobs"]);
        for at in [0, 1, 15, 16, 40, 1_000] {
            let text = format!("{}jobs{}", "x".repeat(at), "y".repeat(at / 2));
            assert!(words.any_in(text.as_bytes()), "{at}");
            assert!(!words.any_in(text.replace("jobs", "job").as_bytes()), "{at}");
        }
        assert!(!words.any_in(b""));
    }
}
