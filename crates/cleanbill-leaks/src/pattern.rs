//! Rules with an expression. The single pass looks for the texts that every match must hold; only around them does the expression run.
//! Where it has none, its keywords are looked for; where there are none either, it runs over everything, if its matches are short.
//! What is not here: the syntax; see `expression.rs`.

use std::{fmt, ops::Range, sync::Arc};

use regex_automata::{Anchored, Input, meta::Regex};
use regex_syntax::hir::{Hir, HirKind, literal::Extractor};

use crate::{
    checks::{Check, contains},
    except::{Except, Seen},
    expression::{self, ExpressionError},
    placeholder::entropy,
};

/// Shortest text that is looked for.
pub(crate) const SHORTEST_TEXT: usize = 2;
/// Shortest text that the single pass looks for.
const SHORTEST_SHARED: usize = 3;
/// LIMIT: shorter texts of one expression; one with more is searched by its keywords.
const SHORT_TEXTS: usize = 4;
/// Shortest keyword that is looked for where no text is.
const SHORTEST_KEYWORD: usize = 3;
/// Bytes of a text that are looked for where there are many, so that few differ; the expression compares the rest.
const FEW_BYTES: usize = 4;
/// Bytes of a text that are looked for else.
const TEXT_BYTES: usize = 12;
/// How many texts are many.
const MANY: usize = 24;
/// LIMIT: texts that stand for one expression; one with more alternatives is searched by its keywords.
const TEXTS: usize = 512;
/// LIMIT: parts of an expression at which its texts may begin; those behind are not looked for.
const PARTS: usize = 64;
/// LIMIT: bytes before a text at which a match may begin. What begins earlier is cut.
const BEFORE: usize = 480;
/// LIMIT: bytes after a text that a match may take; all that the engine shows, without its last bytes, so that an end of the text is one.
const AFTER: usize = 16 * 1024 - 16;
/// LIMIT: bytes of a match that no text announces. An expression whose matches may be longer needs a text or keywords.
pub(crate) const SWEPT_BYTES: usize = 1_024;
/// Bytes on either side in which a keyword must stand.
const NEAR: usize = 480;
/// LIMIT: matches that are looked at around one keyword.
const MATCHES: usize = 64;

/// Says by what an expression is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Search {
    /// Texts of which each match holds one.
    Texts(Vec<Vec<u8>>),
    /// The same, so short that each is looked for by itself: the single pass would be slow for all.
    Short(Vec<Vec<u8>>),
    /// Keywords, in small letters.
    Keywords,
    /// Nothing: it runs over everything.
    Sweep,
}

/// What a pattern is made of.
#[derive(Clone, Debug, Default)]
pub(crate) struct PatternText {
    pub(crate) expression: String,
    pub(crate) group: Option<usize>,
    pub(crate) entropy: Option<f64>,
    pub(crate) keywords: Vec<String>,
    pub(crate) path: Option<String>,
    pub(crate) excepts: Vec<Arc<Except>>,
    /// A check was asked for.
    pub(crate) is_checked: bool,
    pub(crate) check: Option<Check>,
}

/// Why a pattern is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PatternError {
    Expression(ExpressionError),
    Path(ExpressionError),
    /// It matches the empty text.
    Empty,
    /// It never matches.
    Never,
    /// It has so many groups, and not the one that is the value.
    Group(usize),
    /// No text announces a match, and a match may be long.
    Unbounded,
}

/// Holds the expression of a rule and what is asked of its matches.
#[derive(Clone)]
pub(crate) struct Pattern {
    expression: String,
    full: Regex,
    /// What follows from the text on; where it does not match, nothing does.
    tail: Option<Regex>,
    pub(crate) search: Search,
    before: usize,
    longest: usize,
    group: Option<usize>,
    entropy: Option<f64>,
    /// In small letters; those that every match holds anyway are left out.
    keywords: Vec<Vec<u8>>,
    path: Option<(String, Regex)>,
    excepts: Vec<Arc<Except>>,
    check: Option<Check>,
}

/// What a pattern matched: all of it, and the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Match {
    whole: Range<usize>,
    value: Range<usize>,
}

/// Texts of which each match holds one, and how far before it a match may begin.
struct Texts {
    all: Vec<Vec<u8>>,
    before: Option<usize>,
    tail: Option<Hir>,
}

impl Pattern {
    pub(crate) fn new(text: PatternText) -> Result<Self, PatternError> {
        let hir = expression::parse(&text.expression).map_err(PatternError::Expression)?;
        let properties = hir.properties();
        match properties.minimum_len() {
            None => return Err(PatternError::Never),
            Some(0) => return Err(PatternError::Empty),
            Some(_) => {}
        }
        let groups = properties.explicit_captures_len();
        if text.group.is_some_and(|group| group > groups) {
            return Err(PatternError::Group(groups));
        }
        let compile = |hir: &Hir| expression::compile(hir).map_err(PatternError::Expression);
        let full = compile(&hir)?;
        let longest = properties.maximum_len().unwrap_or(AFTER).min(AFTER);
        let mut keywords: Vec<Vec<u8>> = text
            .keywords
            .iter()
            .map(|word| word.to_ascii_lowercase().into_bytes())
            .collect();
        let usable = !keywords.is_empty() && keywords.iter().all(|word| word.len() >= SHORTEST_KEYWORD);
        let (search, before, tail) = match texts(&hir, longest) {
            Some(found) => {
                let implied = |text: &Vec<u8>| {
                    let lower = text.to_ascii_lowercase();
                    keywords.iter().any(|word| contains(&lower, word))
                };
                if found.all.iter().all(implied) {
                    keywords.clear();
                }
                let tail = found.tail.as_ref().map(compile).transpose()?;
                let before = found.before.unwrap_or(BEFORE).min(BEFORE);
                let is_short = found.all.iter().any(|text| text.len() < SHORTEST_SHARED);
                let search = if is_short { Search::Short } else { Search::Texts };
                (search(found.all), before, tail)
            }
            None if usable => (Search::Keywords, NEAR, None),
            None if properties.maximum_len().is_some_and(|most| most <= SWEPT_BYTES) => {
                (Search::Sweep, 0, None)
            }
            None => return Err(PatternError::Unbounded),
        };
        let path = match text.path {
            None => None,
            Some(path) => {
                let compiled = expression::parse(&path).and_then(|hir| expression::compile(&hir));
                Some((path, compiled.map_err(PatternError::Path)?))
            }
        };
        Ok(Self {
            expression: text.expression,
            full,
            tail,
            search,
            before,
            longest,
            group: text.group,
            entropy: text.entropy,
            keywords,
            path,
            excepts: text.excepts,
            check: text.check,
        })
    }

    /// Returns how much memory the compiled expressions take.
    pub(crate) fn memory_bytes(&self) -> usize {
        let tail = self.tail.as_ref().map_or(0, Regex::memory_usage);
        self.full.memory_usage().saturating_add(tail)
    }

    /// Returns it without asking for the path of the artifact.
    pub(crate) fn anywhere(&self) -> Self {
        Self {
            path: None,
            ..self.clone()
        }
    }

    /// Says whether it matters where a text comes from.
    pub(crate) fn asks_for_path(&self) -> bool {
        self.path.is_some() || self.excepts.iter().any(|except| except.asks_for_path())
    }

    /// Lists what the single pass looks for.
    pub(crate) fn texts(&self) -> Vec<Vec<u8>> {
        match &self.search {
            Search::Texts(texts) => texts.clone(),
            Search::Keywords => {
                let mut all: Vec<Vec<u8>> = self.keywords.iter().flat_map(|word| cases(word)).collect();
                all.sort_unstable();
                all.dedup();
                all
            }
            Search::Short(_) | Search::Sweep => Vec::new(),
        }
    }

    /// Looks at a text that the single pass found at `at`.
    pub(crate) fn look(&self, window: &[u8], at: usize, path: &str) -> Vec<Match> {
        if self.path.as_ref().is_some_and(|(_, regex)| !regex.is_match(path)) {
            return Vec::new();
        }
        let mut found = Vec::new();
        let span = match &self.search {
            Search::Texts(_) | Search::Short(_) => {
                let end = at.saturating_add(self.longest).min(window.len());
                let end = match &self.tail {
                    None => end,
                    Some(tail) => {
                        let input = Input::new(window).anchored(Anchored::Yes).range(at..end);
                        match tail.search_half(&input) {
                            Some(half) => half.offset(),
                            None => return found,
                        }
                    }
                };
                at.saturating_sub(self.before)..end
            }
            Search::Keywords => {
                let here = window.get(at..).unwrap_or_default();
                let is_here = |word: &Vec<u8>| {
                    here.get(..word.len())
                        .is_some_and(|text| text.eq_ignore_ascii_case(word))
                };
                if !self.keywords.iter().any(is_here) {
                    return found;
                }
                let most = NEAR.saturating_add(self.longest.min(SWEPT_BYTES));
                at.saturating_sub(NEAR)..at.saturating_add(most).min(window.len())
            }
            Search::Sweep => {
                let end = at.saturating_add(self.longest).min(window.len());
                let input = Input::new(window).anchored(Anchored::Yes).range(at..end);
                found.extend(self.judged(window, &input, path));
                return found;
            }
        };
        let announced = matches!(self.search, Search::Texts(_) | Search::Short(_));
        let mut start = span.start;
        let anchored = if announced && self.before == 0 {
            Anchored::Yes
        } else {
            Anchored::No
        };
        for _ in 0..MATCHES {
            let input = Input::new(window).anchored(anchored).range(start..span.end);
            let Some(range) = self.full.find(input.clone()).map(|found| found.range()) else {
                break;
            };
            if !announced || range.contains(&at) {
                found.extend(self.judged(window, &input, path));
                if announced {
                    break;
                }
            } else if range.start > at {
                break;
            }
            start = range.end.max(start.saturating_add(1));
        }
        found
    }

    /// Finds what the single pass does not look for: the places in `from..to` to look at. Returns up to where they reach, where one reaches
    /// farther than it begins.
    pub(crate) fn sweep(&self, bytes: &[u8], from: usize, to: usize, mut take: impl FnMut(usize)) -> usize {
        let mut at = from;
        if let Search::Short(texts) = &self.search {
            for text in texts {
                let end = to.saturating_add(text.len()).saturating_sub(1).min(bytes.len());
                let rest = bytes.get(from..end).unwrap_or_default();
                memchr::memmem::find_iter(rest, text).for_each(|found| take(from.saturating_add(found)));
            }
            return from;
        }
        let end = to.saturating_add(self.longest).min(bytes.len());
        while at < to
            && let Some(found) = self.full.find(Input::new(bytes).range(at..end))
            && found.start() < to
        {
            take(found.start());
            at = found.end().max(found.start().saturating_add(1));
        }
        at
    }

    /// Matches as `input` says, and asks of the match what is to be asked.
    fn judged(&self, window: &[u8], input: &Input<'_>, path: &str) -> Option<Match> {
        let mut captures = self.full.create_captures();
        self.full.search_captures(input, &mut captures);
        let whole = captures.get_group(0)?.range();
        let value = match self.group {
            Some(group) => captures.get_group(group)?.range(),
            None => (1..captures.group_len())
                .filter_map(|group| captures.get_group(group))
                .map(|span| span.range())
                .find(|range| !range.is_empty())
                .unwrap_or_else(|| whole.clone()),
        };
        let text = window.get(value.clone()).filter(|text| !text.is_empty())?;
        if self.entropy.is_some_and(|least| entropy(text) <= least) || !self.is_near(window, &whole) {
            return None;
        }
        if self.check.is_some_and(|check| !check.accepts(text, text)) {
            return None;
        }
        let seen = Seen {
            window,
            whole: &whole,
            value: &value,
            path,
        };
        if self.excepts.iter().any(|except| except.holds(&seen)) {
            return None;
        }
        Some(Match { whole, value })
    }

    fn is_near(&self, window: &[u8], whole: &Range<usize>) -> bool {
        if self.keywords.is_empty() {
            return true;
        }
        let end = whole.end.saturating_add(NEAR).min(window.len());
        let around = window
            .get(whole.start.saturating_sub(NEAR)..end)
            .unwrap_or_default();
        let lower = around.to_ascii_lowercase();
        self.keywords.iter().any(|word| contains(&lower, word))
    }
}

impl Match {
    pub(crate) fn into_value(self) -> Range<usize> {
        self.value
    }
}

/// The text of it stands for the rest: two patterns of one text and one set of conditions are equal.
impl fmt::Debug for Pattern {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Pattern")
            .field("expression", &self.expression)
            .field("group", &self.group)
            .field("entropy", &self.entropy)
            .field("keywords", &self.keywords)
            .field("path", &self.path.as_ref().map(|(path, _)| path))
            .field("excepts", &self.excepts)
            .field("check", &self.check)
            .finish_non_exhaustive()
    }
}

/// Finds the texts by which an expression is looked for best: long ones, and near its start.
fn texts(hir: &Hir, longest: usize) -> Option<Texts> {
    let parts = parts(hir);
    let mut best: Option<((usize, bool), Texts)> = None;
    let mut before = Some(0_usize);
    for (index, part) in parts.iter().enumerate().take(PARTS) {
        let rest = Hir::concat(parts.get(index..).unwrap_or_default().to_vec());
        if let Some(found) = first_texts(&rest) {
            let least = found.iter().map(Vec::len).min().unwrap_or(0);
            let score = (least.min(FEW_BYTES), before == Some(0));
            if best.as_ref().is_none_or(|(known, _)| score > *known) {
                let tail = (index > 0).then_some(rest);
                let all = found;
                best = Some((score, Texts { all, before, tail }));
            }
        }
        before = match (before, part.properties().maximum_len()) {
            (Some(before), Some(most)) => Some(before.saturating_add(most)),
            _ => None,
        };
    }
    if let Some((_, found)) = best {
        return Some(found);
    }
    // Each alternative by a text of its own.
    let [only] = parts.as_slice() else { return None };
    let HirKind::Alternation(all) = only.kind() else {
        return None;
    };
    if longest > SWEPT_BYTES {
        return None;
    }
    let mut joined = Texts {
        all: Vec::new(),
        before: Some(0),
        tail: None,
    };
    for one in all {
        let found = texts(one, longest)?;
        joined.all.extend(found.all);
        joined.before = joined.before.zip(found.before).map(|(one, other)| one.max(other));
    }
    Some(joined).filter(|joined| joined.all.len() <= TEXTS)
}

/// Takes an expression apart into what stands one after the other; groups do not matter.
fn parts(hir: &Hir) -> Vec<Hir> {
    match hir.kind() {
        HirKind::Capture(capture) => parts(&capture.sub),
        HirKind::Concat(all) => all.iter().flat_map(parts).collect(),
        _ => vec![hir.clone()],
    }
}

/// Lists the texts with which every match begins; none where they are short or too many.
fn first_texts(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    let mut found = Extractor::new()
        .limit_total(TEXTS)
        .limit_literal_len(TEXT_BYTES)
        .extract(hir);
    if found.min_literal_len()? < SHORTEST_TEXT {
        return None;
    }
    if found.len()? > MANY {
        found.keep_first_bytes(FEW_BYTES);
    }
    let mut texts: Vec<Vec<u8>> = found
        .literals()?
        .iter()
        .map(|text| text.as_bytes().to_vec())
        .collect();
    texts.sort_unstable();
    texts.dedup();
    if found.min_literal_len()? < SHORTEST_SHARED && texts.len() > SHORT_TEXTS {
        return None;
    }
    // The shorter one announces the longer as well.
    let mut kept: Vec<Vec<u8>> = Vec::new();
    for text in texts {
        if !kept.last().is_some_and(|last| text.starts_with(last)) {
            kept.push(text);
        }
    }
    (!kept.is_empty()).then_some(kept)
}

/// Lists the first bytes of a keyword in every mixture of capitals and small letters.
fn cases(word: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![Vec::new()];
    for byte in word.iter().take(FEW_BYTES) {
        let mut upper = all.clone();
        for text in &mut all {
            text.push(byte.to_ascii_lowercase());
        }
        if byte.is_ascii_alphabetic() {
            for text in &mut upper {
                text.push(byte.to_ascii_uppercase());
            }
            all.extend(upper);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(expression: &str, keywords: &[&str]) -> Result<Pattern, PatternError> {
        Pattern::new(PatternText {
            expression: expression.to_owned(),
            keywords: keywords.iter().map(|&word| word.to_owned()).collect(),
            ..PatternText::default()
        })
    }

    fn searched(expression: &str) -> (Vec<String>, usize) {
        let made = pattern(expression, &[]).unwrap();
        let texts = made.texts();
        let texts = texts.into_iter().map(|text| String::from_utf8(text).unwrap());
        (texts.collect(), made.before)
    }

    #[test]
    fn an_expression_is_looked_for_by_what_each_match_holds() {
        assert_eq!(
            searched(r"\b(ghp_[0-9a-zA-Z]{36})\b"),
            (vec!["ghp_".to_owned()], 0)
        );
        assert_eq!(searched(r"(?:AKIA|ASIA)[A-Z2-7]{16}").0, ["AKIA", "ASIA"]);
        assert_eq!(
            searched(r"[0-9]{1,9}-x\.apps\.example"),
            (vec!["-x.apps.exam".to_owned()], 9)
        );
        assert_eq!(searched(r"(?i)[\w.-]{0,50}?(?:ada)[a-z0-9]{32}").0.len(), 8);
        let (texts, before) = searched(r"(?i)[\w.-]{0,50}?(?:adafruit)=([a-z0-9]{32})");
        assert_eq!((texts.len(), before), (16, 150));
        assert_eq!(searched(r"[a-z]{3}foo1|bar2[a-z]").0, ["foo1", "bar2"]);
        assert_eq!(pattern(r"[a-z]{40}", &[]).unwrap().search, Search::Sweep);
        assert_eq!(
            pattern(r"[a-z]{40}", &["token"]).unwrap().search,
            Search::Keywords
        );
    }

    #[test]
    fn what_could_take_long_or_says_nothing_is_refused() {
        let refused = |expression: &str| pattern(expression, &[]).unwrap_err();
        assert_eq!(refused("[a-z]+[0-9]"), PatternError::Unbounded);
        assert_eq!(refused("(abc)?"), PatternError::Empty);
        assert_eq!(refused("[^\\x00-\\x{10FFFF}]"), PatternError::Never);
        assert!(matches!(refused("("), PatternError::Expression(_)));
    }

    #[test]
    fn the_value_is_a_group_or_all() {
        let value = |expression: &str, text: &str, group| {
            let made = Pattern::new(PatternText {
                expression: expression.to_owned(),
                group,
                ..PatternText::default()
            });
            let at = text.find("key").unwrap();
            let found = made.unwrap().look(text.as_bytes(), at, "").pop();
            found.and_then(|found| text.get(found.into_value()).map(str::to_owned))
        };
        let text = "my_key = 'abcd'";
        let expression = r"[\w.-]{0,50}?(key)\s*=\s*'([a-z]{4})'";
        assert_eq!(value(expression, text, Some(2)).unwrap(), "abcd");
        assert_eq!(value(expression, text, None).unwrap(), "key");
        assert_eq!(
            value(r"[\w.-]{0,50}?key\s*=\s*'[a-z]{4}'", text, None).unwrap(),
            "my_key = 'abcd'"
        );
        assert_eq!(value(r"key\s*=\s*'[a-z]{5}'", text, None), None);
    }
}
