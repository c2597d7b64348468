//! The engine: one pass for all rules, in pieces, with the same answer however the pieces are cut.
//!
//! What is said of an anchor depends on a window of fixed size around it and on nothing else; pieces only decide when.

use std::{fmt, mem, ops::Range, sync::Arc};

use crate::{
    anchors::Anchors,
    context::Searched,
    evidence::Evidence,
    fields,
    hidden::{self, Seek, Sort},
    matchers::{self, Found},
    pending::Pending,
    personal::People,
    rule::{Class, Kind, Level, Rule, Rules},
    seek::{self, Sign, Wants},
    wrapped,
};

/// LIMIT: bytes before an anchor that are looked at: names, words near it. A longer name is cut.
const BEHIND: usize = 512;
/// Bytes before the next place that are kept between two pieces: what `fields` looks at.
const KEPT: usize = BEHIND + fields::TABLE_BYTES + 2 * 1024;
/// LIMIT: bytes after an anchor that are looked at: the longest private keys. What is longer is reported as far as it goes.
const AHEAD: usize = 16 * 1024;
/// Bytes examined at a time; bounds the list of anchors held.
const BLOCK: usize = 64 * 1024;
/// LIMIT: findings of one rule that are handed out for one text; more are counted, see [`State::dropped`].
pub const HITS_PER_RULE: u64 = 1_000;
/// LIMIT: bytes of a text in base64 in which a name tells of a secret.
const WRAPPED_NAMED: usize = 1_024;
/// Id of what is found inside base64.
const WRAPPED_ID: &str = "base64_wrapped_secret";

/// Says what was found where, without the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Number of the rule: see [`Scanner::rule`].
    pub rule: usize,
    /// What kind of leak it is.
    pub class: Class,
    /// Bytes of the value, counted from the start of the text.
    pub range: Range<u64>,
    /// How bad it is.
    pub severity: Level,
    /// How sure it is.
    pub confidence: Level,
    /// A checksum or structure inside the value was verified.
    pub validated: bool,
    /// It stands in base64.
    pub wrapped: bool,
    /// What may be shown of it.
    pub evidence: Evidence,
}

impl Hit {
    /// Returns the id under which it is reported.
    pub fn id<'a>(&self, scanner: &'a Scanner) -> &'a str {
        if self.wrapped {
            WRAPPED_ID
        } else {
            scanner.rule(self).map_or("", |rule| rule.id.as_str())
        }
    }

    pub(crate) fn rank(&self) -> (bool, Level, Level, u64) {
        let length = self.range.end.saturating_sub(self.range.start);
        (self.validated, self.confidence, self.severity, length)
    }
}

#[derive(Clone, Copy, Debug)]
enum Target {
    Token { rule: usize, length: usize },
    Sought { rule: usize, sort: Sort },
    Pattern { rule: usize },
    Named { rule: usize, keyword: usize },
}

impl Target {
    fn rule(self) -> usize {
        match self {
            Self::Token { rule, .. }
            | Self::Sought { rule, .. }
            | Self::Pattern { rule }
            | Self::Named { rule, .. } => rule,
        }
    }
}

/// Finds what a set of rules describes.
#[derive(Debug)]
pub struct Scanner {
    rules: Vec<Rule>,
    targets: Vec<Target>,
    anchors: Anchors,
    people: Option<People>,
    seek: Seek,
    /// What the second pass looks for.
    wants: Wants,
    /// The rule for instructions in base64.
    instructions: Option<usize>,
    /// Targets of patterns that the single pass does not find.
    swept: Vec<usize>,
}

/// Holds what a scan in pieces remembers: a bounded part of the text, never shown.
#[derive(Default)]
pub struct State {
    bytes: Vec<u8>,
    start: u64,
    examined: usize,
    pending: Pending,
    /// Rule and end of the last instruction about which nothing worse can be said: what stands within is not looked at again.
    covered: Option<(usize, u64)>,
    counts: Vec<u64>,
    dropped: u64,
    scratch: Vec<(usize, usize)>,
    signs: Vec<(usize, Sign)>,
    searched: Searched,
    /// Anchors within base64.
    inner: Vec<(usize, usize)>,
    /// Where the text comes from.
    path: Arc<str>,
    /// Up to where each of the patterns that the single pass does not find has matched.
    swept: Vec<u64>,
}

impl State {
    /// Begins a text that comes from the artifact with this path, for rules that ask.
    pub fn of(path: &str) -> Self {
        Self {
            path: path.into(),
            ..Self::default()
        }
    }

    /// Returns how many findings were not handed out because there were more than [`HITS_PER_RULE`] of their rule.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

impl fmt::Debug for State {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("State")
            .field("start", &self.start)
            .field("held_bytes", &self.bytes.len())
            .field("dropped", &self.dropped)
            .finish_non_exhaustive()
    }
}

impl Scanner {
    /// Builds the search for all rules.
    pub fn new(rules: Rules) -> Self {
        let rules = rules.into_vec();
        let mut targets = Vec::new();
        let mut patterns: Vec<(Vec<u8>, usize)> = Vec::new();
        let mut seek = Seek::default();
        let mut instructions = None;
        let mut swept = Vec::new();
        let mut add = |text: Vec<u8>, target: Target| {
            // What is sought has no text.
            match target {
                Target::Sought { sort, .. } => seek.set(sort, targets.len()),
                Target::Pattern { .. } if text.is_empty() => swept.push(targets.len()),
                _ => patterns.push((text, targets.len())),
            }
            targets.push(target);
        };
        for (index, rule) in rules.iter().enumerate() {
            match rule.kind {
                Kind::Hidden(Sort::Base64) => {
                    instructions = Some(index);
                    continue;
                }
                Kind::Hidden(sort) if sort.is_sought() => {
                    add(Vec::new(), Target::Sought { rule: index, sort });
                }
                _ => {}
            }
            if let Some(pattern) = &rule.pattern {
                let mut texts = pattern.texts();
                if texts.is_empty() {
                    texts.push(Vec::new());
                }
                for text in texts {
                    add(text, Target::Pattern { rule: index });
                }
                continue;
            }
            for anchor in &rule.anchors {
                let length = anchor.len();
                add(
                    anchor.iter().take(LONGEST_ANCHOR).copied().collect(),
                    Target::Token { rule: index, length },
                );
            }
            for (number, keyword) in rule.after.iter().enumerate() {
                for text in spellings(keyword) {
                    let keyword = number;
                    add(text, Target::Named { rule: index, keyword });
                }
            }
        }
        let anchors = Anchors::new(&patterns);
        let people = People::new(&rules);
        let wants = Wants {
            runs: instructions.is_some() || rules.iter().any(|rule| rule.class == Class::Secret),
            ..people.as_ref().map(People::wants).unwrap_or_default()
        };
        Self {
            rules,
            targets,
            anchors,
            people,
            seek,
            wants,
            instructions,
            swept,
        }
    }

    /// Returns the rule of a hit.
    pub fn rule(&self, hit: &Hit) -> Option<&Rule> {
        self.rules.get(hit.rule)
    }

    /// Says whether a rule asks where a text comes from: see [`State::of`].
    pub fn asks_for_path(&self) -> bool {
        let mut patterns = self.rules.iter().filter_map(|rule| rule.pattern.as_ref());
        patterns.any(|pattern| pattern.asks_for_path())
    }

    /// Takes the next piece of a text and returns what is certain by now.
    pub fn scan(&self, state: &mut State, mut piece: &[u8]) -> Vec<Hit> {
        let mut hits = Vec::new();
        while !piece.is_empty() {
            let room = KEPT
                .saturating_add(BLOCK)
                .saturating_add(AHEAD)
                .saturating_sub(state.bytes.len());
            let (now, later) = piece.split_at_checked(room).unwrap_or((piece, &[]));
            state.bytes.extend_from_slice(now);
            piece = later;
            let to = state.bytes.len().saturating_sub(AHEAD);
            if later.is_empty() && now.len() < room || to <= state.examined {
                continue;
            }
            let bytes = mem::take(&mut state.bytes);
            self.examine(&bytes, state.examined, to, state, &mut hits);
            state.bytes = bytes;
            let gone = to.saturating_sub(KEPT);
            state.bytes.drain(..gone);
            state.start = state.start.saturating_add(count(gone));
            state.examined = to.saturating_sub(gone);
        }
        hits
    }

    /// Ends a text and returns what remained.
    pub fn finish(&self, state: &mut State) -> Vec<Hit> {
        let mut hits = Vec::new();
        let bytes = mem::take(&mut state.bytes);
        self.examine(&bytes, state.examined, bytes.len(), state, &mut hits);
        state.settle(u64::MAX, &mut hits);
        state.examined = 0;
        state.start = 0;
        state.covered = None;
        state.swept.clear();
        hits
    }

    /// Scans a text that is all there.
    pub fn scan_all(&self, bytes: &[u8]) -> Vec<Hit> {
        self.scan_all_of("", bytes)
    }

    /// Scans a text that is all there and comes from the artifact with this path.
    pub fn scan_all_of(&self, path: &str, bytes: &[u8]) -> Vec<Hit> {
        let mut state = State::of(path);
        let mut hits = Vec::new();
        self.examine(bytes, 0, bytes.len(), &mut state, &mut hits);
        state.settle(u64::MAX, &mut hits);
        hits
    }

    /// Examines the places in `from..to` of `bytes`, whose first byte stands at `state.start` of the text.
    fn examine(&self, bytes: &[u8], from: usize, to: usize, state: &mut State, hits: &mut Vec<Hit>) {
        let mut scratch = mem::take(&mut state.scratch);
        let mut signs = mem::take(&mut state.signs);
        state.searched.clear();
        let mut at = from;
        while at < to {
            let end = at.saturating_add(BLOCK).min(to);
            self.anchors.collect(bytes, at, end, &mut scratch);
            self.seek.collect(bytes, at, end, &mut scratch);
            seek::collect(bytes, (at, end), state.start, self.wants, &mut signs);
            self.sweep(bytes, at, end, state, &mut scratch);
            let mut anchored = scratch.iter().copied().peekable();
            for sign in &signs {
                while let Some(anchor) = anchored.next_if(|(position, _)| *position <= sign.0) {
                    self.anchor(bytes, anchor, state);
                }
                self.sign(bytes, *sign, state);
            }
            for anchor in anchored {
                self.anchor(bytes, anchor, state);
            }
            at = end;
            state.settle_before(end, hits);
        }
        state.scratch = scratch;
        state.signs = signs;
    }

    /// Looks at an anchor.
    fn anchor(&self, bytes: &[u8], (position, number): (usize, usize), state: &mut State) {
        let start = position.saturating_sub(BEHIND);
        let stop = position.saturating_add(AHEAD).min(bytes.len());
        let (Some(window), Some(target)) = (bytes.get(start..stop), self.targets.get(number)) else {
            return;
        };
        let place = state.start.saturating_add(count(position));
        let is_covered = |(rule, end)| place < end && target.rule() == rule;
        if state.covered.is_some_and(is_covered) {
            return;
        }
        if let Target::Pattern { rule } = *target {
            let Some(described) = self.rules.get(rule) else {
                return;
            };
            let pattern = described.pattern.as_ref();
            let at = position.saturating_sub(start);
            let matches = pattern.map(|pattern| pattern.look(window, at, &state.path));
            for found in matches.into_iter().flatten() {
                let found = Found::new(described, found.into_value());
                self.found(bytes, start, (rule, found, false), state);
            }
            return;
        }
        if let Some(found) = self.look(*target, window, position.saturating_sub(start)) {
            self.found(bytes, start, found, state);
        }
    }

    /// Collects what patterns want to look at and the single pass does not find.
    fn sweep(
        &self,
        bytes: &[u8],
        from: usize,
        to: usize,
        state: &mut State,
        found: &mut Vec<(usize, usize)>,
    ) {
        if self.swept.is_empty() {
            return;
        }
        state.swept.resize(self.swept.len(), 0);
        for (number, reached) in self.swept.iter().zip(&mut state.swept) {
            let rule = self
                .targets
                .get(*number)
                .and_then(|target| self.rules.get(target.rule()));
            let Some(pattern) = rule.and_then(|rule| rule.pattern.as_ref()) else {
                continue;
            };
            let passed = usize::try_from(reached.saturating_sub(state.start)).unwrap_or(usize::MAX);
            let end = pattern.sweep(bytes, from.max(passed), to, |at| found.push((at, *number)));
            *reached = (*reached).max(state.start.saturating_add(count(end)));
        }
        found.sort_unstable();
    }

    /// Looks at what the second pass found.
    fn sign(&self, bytes: &[u8], sign: (usize, Sign), state: &mut State) {
        if sign.1 == Sign::Run {
            self.unwrap(bytes, sign.0, state);
            return;
        }
        let Some(people) = &self.people else { return };
        if let Some((rule, found)) = people.look(&self.rules, bytes, sign, &mut state.searched) {
            self.found(bytes, 0, (rule, found, false), state);
        }
    }

    /// Keeps what was found; its range counts from `start`.
    fn found(
        &self,
        bytes: &[u8],
        start: usize,
        (rule, found, wrapped): (usize, Found, bool),
        state: &mut State,
    ) {
        let base = state.start.saturating_add(count(start));
        let described = self.rules.get(rule);
        let class = described.map_or(Class::Secret, |rule| rule.class);
        let steers =
            described.is_some_and(|rule| matches!(rule.kind, Kind::Hidden(Sort::Injection | Sort::Base64)));
        let range =
            base.saturating_add(count(found.range.start))..base.saturating_add(count(found.range.end));
        if steers && found.severity == Level::High && found.confidence == Level::High {
            state.covered = Some((rule, range.end));
        }
        let value = start.saturating_add(found.range.start)..start.saturating_add(found.range.end);
        state.pending.add(Hit {
            rule,
            class,
            range,
            severity: found.severity,
            confidence: found.confidence,
            validated: found.proven,
            wrapped,
            evidence: match found.shown {
                Some(shown) => Evidence::shown(shown),
                None if class == Class::Personal => Evidence::of_length(value.len()),
                None => Evidence::of(bytes.get(value).unwrap_or_default()),
            },
        });
    }

    /// Looks at the text within a run of base64, for secrets and instructions.
    fn unwrap(&self, bytes: &[u8], start: usize, state: &mut State) {
        let window = bytes
            .get(start..start.saturating_add(AHEAD).min(bytes.len()))
            .unwrap_or_default();
        let Some(inner) = wrapped::unwrap(window) else {
            return;
        };
        let text = inner.text.as_slice();
        let mut anchors = mem::take(&mut state.inner);
        self.anchors.collect(text, 0, text.len(), &mut anchors);
        let mut steered = false;
        for (place, number) in &anchors {
            let Some(target) = self.targets.get(*number) else {
                continue;
            };
            let Some(rule) = self.rules.get(target.rule()) else {
                continue;
            };
            match rule.kind {
                Kind::Hidden(Sort::Injection) => {
                    let described = self
                        .instructions
                        .and_then(|index| Some((index, self.rules.get(index)?)));
                    let Some((index, described)) = described.filter(|_| !steered) else {
                        continue;
                    };
                    if let Some(found) = hidden::within(described, text, *place) {
                        steered = true;
                        let range = inner.whole(window);
                        self.found(bytes, start, (index, Found { range, ..found }, false), state);
                    }
                }
                // What only its name tells is told by few bytes, not by a long text that was packed for other reasons.
                Kind::AssignedKey | Kind::AssignedPassword if text.len() > WRAPPED_NAMED => {}
                _ if rule.class == Class::Secret => {
                    if let Some((rule, found, _)) = self.look(*target, text, *place) {
                        let range = inner.place(&found.range);
                        self.found(bytes, start, (rule, Found { range, ..found }, true), state);
                    }
                }
                _ => {}
            }
        }
        state.inner = anchors;
    }

    fn look(&self, target: Target, window: &[u8], at: usize) -> Option<(usize, Found, bool)> {
        match target {
            Target::Token { rule, length } => {
                let found = matchers::look(self.rules.get(rule)?, false, window, at, length)?;
                Some((rule, found, false))
            }
            Target::Sought { rule, .. } => {
                let found = matchers::look(self.rules.get(rule)?, false, window, at, 0)?;
                Some((rule, found, false))
            }
            Target::Named { rule, keyword } => {
                let described = self.rules.get(rule)?;
                let keyword = described.after.get(keyword)?;
                let here = window.get(at..at.saturating_add(keyword.len()))?;
                if !here.eq_ignore_ascii_case(keyword) {
                    return None;
                }
                let found = matchers::look(described, true, window, at, keyword.len())?;
                Some((rule, found, false))
            }
            Target::Pattern { .. } => None,
        }
    }
}

impl State {
    /// Hands out the hits that nothing at `position` of the held bytes or after it can overlap.
    fn settle_before(&mut self, position: usize, hits: &mut Vec<Hit>) {
        let sure = self.start.saturating_add(count(position));
        self.settle(sure.saturating_sub(count(BEHIND)), hits);
    }

    /// Hands out the hits that end before `sure`, which no later hit can overlap.
    fn settle(&mut self, sure: u64, hits: &mut Vec<Hit>) {
        for hit in self.pending.settle(sure) {
            if self.counts.len() <= hit.rule {
                self.counts.resize(hit.rule.saturating_add(1), 0);
            }
            if let Some(seen) = self.counts.get_mut(hit.rule) {
                *seen = seen.saturating_add(1);
                if *seen > HITS_PER_RULE {
                    self.dropped = self.dropped.saturating_add(1);
                    continue;
                }
            }
            hits.push(hit);
        }
    }
}

/// Longest text that is searched for; the shape compares the rest.
const LONGEST_ANCHOR: usize = 12;
/// Bytes of a keyword that are searched for, in their usual spellings.
const KEYWORD_BYTES: usize = 5;

/// Returns the start of a keyword in small letters, with one capital, with one in each word, and in capitals.
pub(crate) fn spellings(keyword: &[u8]) -> Vec<Vec<u8>> {
    let most = if keyword.is_ascii() {
        KEYWORD_BYTES
    } else {
        keyword.len()
    };
    let lower: Vec<u8> = keyword.iter().take(most).map(u8::to_ascii_lowercase).collect();
    let mut capital = lower.clone();
    if let Some(first) = capital.first_mut() {
        first.make_ascii_uppercase();
    }
    let mut title = capital.clone();
    for pair in 1..title.len() {
        let after_sign = title
            .get(pair.saturating_sub(1))
            .is_some_and(|byte| matches!(byte, b'-' | b'_' | b' ' | b'.'));
        if let Some(byte) = title.get_mut(pair).filter(|_| after_sign) {
            byte.make_ascii_uppercase();
        }
    }
    let mut all = vec![lower.to_ascii_uppercase(), title, capital, lower];
    all.sort_unstable();
    all.dedup();
    all
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_text_is_shown_for_debugging() {
        let scanner = Scanner::new(Rules::default());
        let mut state = State::default();
        scanner.scan(&mut state, b"hidden words");
        assert!(!format!("{state:?}").contains("hidden"));
    }
}
