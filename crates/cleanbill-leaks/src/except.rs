//! Exceptions of users' rules: what a rule finds and should not report. What is not here: where the rule looks; see `pattern.rs`.

use std::{fmt, ops::Range};

use aho_corasick::AhoCorasick;
use regex_automata::{Input, meta::Regex};

use crate::expression::{self, ExpressionError};

/// LIMIT: bytes on either side of a value that count as its line.
const LINE_BYTES: usize = 480;

/// Says what the expressions of an exception look at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Target {
    /// The value.
    #[default]
    Secret,
    /// All that the expression of the rule matched.
    Match,
    /// The line in which it stands.
    Line,
}

impl Target {
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "secret" => Some(Self::Secret),
            "match" => Some(Self::Match),
            "line" => Some(Self::Line),
            _ => None,
        }
    }
}

/// What an exception is made of, as it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ExceptText {
    pub(crate) all: bool,
    pub(crate) target: Target,
    pub(crate) regexes: Vec<String>,
    pub(crate) words: Vec<String>,
    pub(crate) paths: Vec<String>,
}

/// Says which part of an exception cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExceptError {
    pub(crate) key: &'static str,
    pub(crate) index: usize,
    pub(crate) error: ExpressionError,
}

/// Holds an exception.
pub(crate) struct Except {
    text: ExceptText,
    regexes: Option<Regex>,
    words: Option<AhoCorasick>,
    paths: Option<Regex>,
}

/// What was found, for an exception to look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'a> {
    pub(crate) window: &'a [u8],
    pub(crate) whole: &'a Range<usize>,
    pub(crate) value: &'a Range<usize>,
    pub(crate) path: &'a str,
}

impl Except {
    pub(crate) fn new(text: &ExceptText) -> Result<Self, ExceptError> {
        let words = (!text.words.is_empty()).then(|| {
            let mut builder = AhoCorasick::builder();
            builder.ascii_case_insensitive(true);
            builder.build(&text.words)
        });
        Ok(Self {
            text: text.clone(),
            regexes: any("regexes", &text.regexes)?,
            words: words.transpose().map_err(|_| ExceptError {
                key: "words",
                index: 0,
                error: ExpressionError::Large,
            })?,
            paths: any("paths", &text.paths)?,
        })
    }

    pub(crate) const fn asks_for_path(&self) -> bool {
        self.paths.is_some()
    }

    /// Says whether what was found is to be passed over.
    pub(crate) fn holds(&self, seen: &Seen<'_>) -> bool {
        let part = |range: &Range<usize>| seen.window.get(range.clone()).unwrap_or_default();
        let regexes = self.regexes.as_ref().map(|regexes| {
            let text = match self.text.target {
                Target::Secret => part(seen.value),
                Target::Match => part(seen.whole),
                Target::Line => line(seen.window, seen.whole),
            };
            regexes.is_match(Input::new(text))
        });
        let words = self.words.as_ref().map(|words| words.is_match(part(seen.value)));
        let paths = self.paths.as_ref().map(|paths| paths.is_match(seen.path));
        let mut said = [regexes, words, paths].into_iter().flatten();
        if self.text.all {
            said.all(|holds| holds)
        } else {
            said.any(|holds| holds)
        }
    }
}

/// The text of it stands for the rest.
impl fmt::Debug for Except {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(out)
    }
}

fn any(key: &'static str, texts: &[String]) -> Result<Option<Regex>, ExceptError> {
    if texts.is_empty() {
        return Ok(None);
    }
    let mut all = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        let hir = expression::parse(text).map_err(|error| ExceptError { key, index, error })?;
        all.push(hir);
    }
    let compiled = expression::compile_all(&all).map_err(|error| ExceptError { key, index: 0, error })?;
    Ok(Some(compiled))
}

/// Returns the lines in which a range stands, as far as they are looked at.
fn line<'a>(window: &'a [u8], range: &Range<usize>) -> &'a [u8] {
    let before = window.get(..range.start).unwrap_or_default();
    let least = range.start.saturating_sub(LINE_BYTES);
    let start = memchr::memrchr(b'\n', before)
        .map_or(0, |at| at.saturating_add(1))
        .max(least);
    let most = range.end.saturating_add(LINE_BYTES).min(window.len());
    let after = window.get(range.end..most).unwrap_or_default();
    let end = memchr::memchr(b'\n', after).map_or(most, |at| range.end.saturating_add(at));
    window.get(start..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_part_holds_or_all_must() {
        let mut text = ExceptText {
            regexes: vec!["^a".to_owned(), "z$".to_owned()],
            words: vec!["Test".to_owned()],
            paths: vec!["^docs/".to_owned()],
            ..ExceptText::default()
        };
        let window = b"x\nkey=bestz;\ny";
        let holds = |text: &ExceptText, path: &str| {
            let (whole, value) = (2..11, 6..11);
            let seen = Seen {
                window,
                whole: &whole,
                value: &value,
                path,
            };
            Except::new(text).unwrap().holds(&seen)
        };
        assert!(holds(&text, "src/a"));
        text.all = true;
        assert!(!holds(&text, "docs/a"));
        text.words = vec!["EST".to_owned()];
        assert!(holds(&text, "docs/a"));
        assert!(!holds(&text, "src/a"));
        text.target = Target::Line;
        assert!(!holds(&text, "docs/a"));
        text.regexes = vec!["^key=.*;$".to_owned()];
        assert!(holds(&text, "docs/a"));
    }

    #[test]
    fn the_part_that_is_wrong_is_named() {
        let text = ExceptText {
            regexes: vec!["a".to_owned(), "(".to_owned()],
            ..ExceptText::default()
        };
        let error = Except::new(&text).unwrap_err();
        assert_eq!((error.key, error.index), ("regexes", 1));
    }
}
