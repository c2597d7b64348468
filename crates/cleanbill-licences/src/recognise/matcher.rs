//! The single pass: an automaton over the phrases of all licences, fed word by word.

use std::{collections::BTreeMap, sync::LazyLock};

use aho_corasick::{
    Anchored, MatchKind,
    automaton::{Automaton, StateID},
    dfa::DFA,
};

use super::MAX_PLACES;
use crate::{
    catalog::{Clause, Licence, catalog},
    words::{self, Sink},
};

/// LIMIT: words of a phrase; a test keeps the data below.
const MAX_PHRASE_WORDS: usize = 64;
/// A beginning of fewer words is a title.
const TITLE_WORDS: usize = 9;
/// Shortest name that is searched for, in bytes; shorter ones stand everywhere.
const SHORTEST_NAME: usize = 10;

/// Says what a phrase means where it stands.
pub(super) enum Role {
    /// Part of a text.
    Part,
    /// Places something under a licence.
    Notice(&'static Licence),
    /// Names a licence.
    Mention(&'static Licence),
    /// Narrows a licence.
    Clause(&'static Clause),
    /// `SPDX-License-Identifier`.
    Tag,
}

/// One place of a phrase.
#[derive(Clone, Debug)]
pub(super) struct Hit {
    /// Number of the phrase.
    pub phrase: usize,
    /// Number of its last word.
    pub word: usize,
    /// First byte.
    pub start: usize,
    /// Byte behind the last.
    pub end: usize,
}

/// The phrases of one licence, by number.
pub(super) struct Text {
    pub licence: &'static Licence,
    /// Beginnings; a title, which the text itself may say again, is marked.
    pub heads: Vec<(usize, bool)>,
    pub marks: Vec<Vec<usize>>,
    pub tails: Vec<usize>,
    pub without: Vec<usize>,
}

/// Holds the automaton and what its phrases mean.
pub(super) struct Matcher {
    automaton: Option<DFA>,
    lengths: Vec<usize>,
    roles: Vec<Vec<Role>>,
    texts: Vec<Text>,
}

/// Returns the matcher of this build, made once.
pub(super) fn matcher() -> &'static Matcher {
    static MATCHER: LazyLock<Matcher> = LazyLock::new(Matcher::new);
    &MATCHER
}

#[derive(Default)]
struct Phrases {
    numbers: BTreeMap<String, usize>,
    texts: Vec<String>,
    roles: Vec<Vec<Role>>,
}

impl Phrases {
    fn add(&mut self, phrase: &str, role: Role) -> usize {
        let next = self.texts.len();
        let number = *self.numbers.entry(phrase.to_owned()).or_insert(next);
        if number == next {
            self.texts.push(phrase.to_owned());
            self.roles.push(Vec::new());
        }
        if let Some(roles) = self.roles.get_mut(number) {
            roles.push(role);
        }
        number
    }

    fn parts(&mut self, phrases: &[String]) -> Vec<usize> {
        phrases
            .iter()
            .map(|phrase| self.add(phrase, Role::Part))
            .collect()
    }
}

impl Matcher {
    fn new() -> Self {
        let mut phrases = Phrases::default();
        let mut texts = Vec::new();
        for licence in catalog().licences() {
            let marks = &licence.marks;
            for notice in &marks.notices {
                phrases.add(notice, Role::Notice(licence));
            }
            if licence.url.is_some() {
                for name in names(licence) {
                    phrases.add(&name, Role::Mention(licence));
                }
            }
            if !marks.heads.is_empty() {
                let is_title = |head: &String| head.split(' ').count() < TITLE_WORDS;
                let titles: Vec<bool> = marks.heads.iter().map(is_title).collect();
                texts.push(Text {
                    licence,
                    heads: phrases.parts(&marks.heads).into_iter().zip(titles).collect(),
                    marks: marks
                        .parts
                        .iter()
                        .map(|wordings| phrases.parts(wordings))
                        .collect(),
                    tails: phrases.parts(&marks.tails),
                    without: phrases.parts(&marks.without),
                });
            }
        }
        for clause in catalog().clauses() {
            for phrase in &clause.phrases {
                phrases.add(phrase, Role::Clause(clause));
            }
        }
        phrases.add("spdx license identifier", Role::Tag);
        let lengths = phrases.texts.iter().map(|text| text.split(' ').count()).collect();
        let patterns = phrases.texts.iter().map(|text| format!(" {text} "));
        let automaton = DFA::builder()
            .match_kind(MatchKind::Standard)
            .build(patterns)
            .ok();
        Self {
            automaton,
            lengths,
            roles: phrases.roles,
            texts,
        }
    }

    pub(super) fn roles(&self, phrase: usize) -> &[Role] {
        self.roles.get(phrase).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn texts(&self) -> &[Text] {
        &self.texts
    }

    /// Begins a run; none if the automaton could not be built, which a test rules out.
    pub(super) fn scan(&self) -> Option<Scan<'_>> {
        let automaton = self.automaton.as_ref()?;
        let state = automaton.start_state(Anchored::No).ok()?;
        let mut scan = Scan {
            automaton,
            state,
            lengths: &self.lengths,
            starts: [0; MAX_PHRASE_WORDS],
            words: 0,
            counts: vec![0; self.lengths.len()],
            hits: Vec::new(),
            dropped: false,
        };
        scan.step(b' ');
        Some(scan)
    }
}

/// Returns the names of a licence that are long enough to be searched for.
fn names(licence: &Licence) -> Vec<String> {
    let title = licence.title.trim_end_matches(" only");
    let mut names: Vec<String> = licence
        .names
        .iter()
        .map(String::as_str)
        .chain([title])
        .map(words::joined)
        .collect();
    names.retain(|name| name.len() >= SHORTEST_NAME && name.contains(' '));
    names.sort();
    names.dedup();
    names
}

/// One run over a text.
pub(super) struct Scan<'m> {
    automaton: &'m DFA,
    state: StateID,
    lengths: &'m [usize],
    /// Where the last words began, as a ring.
    starts: [usize; MAX_PHRASE_WORDS],
    words: usize,
    counts: Vec<usize>,
    hits: Vec<Hit>,
    dropped: bool,
}

impl Scan<'_> {
    #[inline]
    fn step(&mut self, byte: u8) {
        self.state = self.automaton.next_state(Anchored::No, self.state, byte);
    }

    #[cold]
    fn collect(&mut self, end: usize) {
        let automaton = self.automaton;
        for index in 0..automaton.match_len(self.state) {
            let phrase = automaton.match_pattern(self.state, index).as_usize();
            let (Some(count), Some(&length)) = (self.counts.get_mut(phrase), self.lengths.get(phrase)) else {
                continue;
            };
            if *count >= MAX_PLACES {
                self.dropped = true;
                continue;
            }
            *count = count.saturating_add(1);
            let first = self.words.saturating_sub(length);
            let start = first
                .checked_rem(MAX_PHRASE_WORDS)
                .and_then(|slot| self.starts.get(slot))
                .copied()
                .unwrap_or(0);
            self.hits.push(Hit {
                phrase,
                word: self.words,
                start,
                end,
            });
        }
    }

    /// Returns the places, the number of words and whether places were dropped.
    pub(super) fn finish(self) -> (Vec<Hit>, usize, bool) {
        (self.hits, self.words, self.dropped)
    }
}

impl Sink for Scan<'_> {
    #[inline]
    fn start(&mut self, offset: usize) {
        let slot = self.words.checked_rem(MAX_PHRASE_WORDS).unwrap_or(0);
        if let Some(place) = self.starts.get_mut(slot) {
            *place = offset;
        }
        self.words = self.words.saturating_add(1);
    }

    #[inline]
    fn byte(&mut self, byte: u8) {
        self.step(byte);
    }

    #[inline]
    fn end(&mut self, offset: usize) {
        self.step(b' ');
        if self.automaton.is_match(self.state) {
            self.collect(offset);
        }
    }
}
