//! Recognises licences in text: one pass over the words for the phrases of all licences at once, then a look at which
//! phrases stand together. A text that only names a licence is told from the text of that licence.

mod matcher;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use cleanbill_core::Confidence;
use matcher::{Hit, Matcher, Role, matcher};

use crate::{
    catalog::{Clause, Licence, Marks, catalog},
    declared::read_declared,
    expression::Expression,
    terms::{Commercial, UseRestrictions},
    words,
};

/// LIMIT: bytes of a text that are looked at, above the largest collections of notices. What is beyond is said.
pub(crate) const MAX_TEXT: usize = 32 << 20;
/// LIMIT: places of one phrase that are kept. What is beyond is said.
pub(crate) const MAX_PLACES: usize = 4_096;
/// LIMIT: tags (`SPDX-License-Identifier`) that are read.
const MAX_TAGS: usize = 256;
/// LIMIT: bytes of a line behind a tag.
const MAX_TAG_BYTES: usize = 200;

/// Says what stands in the text, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FoundKind {
    /// The licence itself.
    Text,
    /// A sentence that places something under the licence, as a file header has it.
    Notice,
    /// `SPDX-License-Identifier`.
    Tag,
    /// The licence with passages missing, or with much added in between.
    Altered,
    /// Its name only.
    Mention,
}

/// Holds one licence that stands in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Id of the licence; for a tag of several licences the first of them.
    pub licence: String,
    /// What stands there.
    pub kind: FoundKind,
    /// How sure that is.
    pub confidence: Confidence,
    /// Where the first one stands, in bytes of the text.
    pub range: Range<usize>,
    /// How often it stands there.
    pub count: usize,
    /// The expression of a tag.
    pub expression: Option<Expression>,
}

/// Holds a sentence that narrows whatever licence stands beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClauseFound {
    /// Id of the clause.
    pub id: String,
    /// Where it stands, in bytes of the text.
    pub range: Range<usize>,
}

/// Holds what stands in a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Licences, by kind, place and id; each kind of each licence once.
    pub found: Vec<Found>,
    /// Sentences that narrow them.
    pub clauses: Vec<ClauseFound>,
    /// Words of the text.
    pub words: usize,
    /// Words of it that belong to licences recognised in full; the rest was said by somebody else.
    pub recognised_words: usize,
    /// A limit was reached: there may be more.
    pub truncated: bool,
}

impl Findings {
    /// Returns the ids of licences that the text grants: texts, notices and tags.
    pub fn granted(&self) -> BTreeSet<&str> {
        let mut ids = BTreeSet::new();
        for found in &self.found {
            match found.kind {
                FoundKind::Text | FoundKind::Notice => {
                    ids.insert(found.licence.as_str());
                }
                FoundKind::Tag => {
                    let terms = found.expression.iter().flat_map(Expression::terms);
                    ids.extend(terms.map(|term| term.id.as_str()));
                }
                FoundKind::Altered | FoundKind::Mention => {}
            }
        }
        ids
    }

    /// Joins the findings of several files into one; places are those of the first that has the licence.
    pub fn merge(&mut self, other: Self) {
        for found in other.found {
            let same = |mine: &&mut Found| {
                mine.licence == found.licence
                    && mine.kind == found.kind
                    && mine.expression == found.expression
            };
            match self.found.iter_mut().find(same) {
                Some(mine) => mine.count = mine.count.saturating_add(found.count),
                None => self.found.push(found),
            }
        }
        for clause in other.clauses {
            if self.clauses.iter().all(|mine| mine.id != clause.id) {
                self.clauses.push(clause);
            }
        }
        self.words = self.words.saturating_add(other.words);
        self.recognised_words = self.recognised_words.saturating_add(other.recognised_words);
        self.truncated |= other.truncated;
    }
}

/// Looks for licences in `text`.
pub fn recognise(text: &str) -> Findings {
    let matcher = matcher();
    let (looked_at, cut) = bounded(text);
    let Some(mut scan) = matcher.scan() else {
        return Findings {
            truncated: true,
            ..Findings::default()
        };
    };
    words::walk(looked_at, &mut scan);
    let (hits, words, dropped) = scan.finish();
    let mut findings = Findings {
        words,
        truncated: cut || dropped,
        ..Findings::default()
    };
    if hits.is_empty() {
        return findings;
    }
    let judge = Judge::new(matcher, &hits);
    let blocks = judge.blocks();
    let whole = blocks.iter().filter(|block| block.whole);
    let recognised = whole.fold(0_usize, |sum, block| sum.saturating_add(block.words));
    findings.recognised_words = recognised.min(words);
    let mut found = Collected::default();
    for block in &blocks {
        let kind = if block.whole {
            FoundKind::Text
        } else {
            FoundKind::Altered
        };
        let confidence = if block.whole {
            Confidence::High
        } else {
            Confidence::Low
        };
        found.add(&block.licence.id, kind, confidence, &block.bytes, None);
    }
    let inside = |hit: &Hit, whole_only: bool| {
        blocks.iter().any(|block| {
            (block.whole || !whole_only) && block.bytes.start <= hit.start && hit.end <= block.reach
        })
    };
    let mut tags = 0_usize;
    for hit in &hits {
        for role in matcher.roles(hit.phrase) {
            match role {
                Role::Notice(licence) if !inside(hit, true) => {
                    let range = hit.start..hit.end;
                    found.add(&licence.id, FoundKind::Notice, Confidence::High, &range, None);
                }
                Role::Tag if tags < MAX_TAGS => {
                    tags = tags.saturating_add(1);
                    if let Some((expression, confidence, end)) = tag(looked_at, hit.end) {
                        let id = expression.terms().first().map(|term| term.id.clone());
                        let range = hit.start..end;
                        found.add(
                            &id.unwrap_or_default(),
                            FoundKind::Tag,
                            confidence,
                            &range,
                            Some(expression),
                        );
                    }
                }
                Role::Tag => findings.truncated = true,
                Role::Mention(licence) if !inside(hit, false) => {
                    let range = hit.start..hit.end;
                    found.add(&licence.id, FoundKind::Mention, Confidence::Medium, &range, None);
                }
                Role::Clause(clause) => {
                    let known = findings.clauses.iter().any(|known| known.id == clause.id);
                    if !known && !is_said_by(&blocks, hit, clause) {
                        findings.clauses.push(ClauseFound {
                            id: clause.id.clone(),
                            range: hit.start..hit.end,
                        });
                    }
                }
                _ => {}
            }
        }
    }
    findings.found = found.finish();
    findings.clauses.sort_by(|one, other| one.id.cmp(&other.id));
    findings
}

/// Says whether a clause stands inside a recognised text that says the same of itself.
fn is_said_by(blocks: &[Block], hit: &Hit, clause: &Clause) -> bool {
    blocks.iter().any(|block| {
        let same = match (&clause.commercial, clause.military) {
            (Some(_), _) => block.licence.terms.commercial != Commercial::Yes,
            (None, Some(military)) => block.licence.terms.military == military,
            (None, None) => block.licence.terms.use_restrictions != UseRestrictions::None,
        };
        same && block.bytes.start <= hit.start && hit.start <= block.reach
    })
}

/// Cuts a text at the limit.
fn bounded(text: &str) -> (&str, bool) {
    if text.len() <= MAX_TEXT {
        return (text, false);
    }
    let end = (0..=MAX_TEXT)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0);
    (text.get(..end).unwrap_or_default(), true)
}

/// Reads the expression behind `SPDX-License-Identifier`.
fn tag(text: &str, at: usize) -> Option<(Expression, Confidence, usize)> {
    let rest = text.get(at..)?;
    let rest = rest.strip_prefix(':')?;
    let line = rest.lines().next()?;
    let end = (0..=MAX_TAG_BYTES.min(line.len()))
        .rev()
        .find(|at| line.is_char_boundary(*at))?;
    let mut line = line.get(..end)?;
    for close in ["*/", "-->", "\"", "'", "`", "\\n", "#}"] {
        line = line.split(close).next().unwrap_or_default();
    }
    let declared = read_declared(line);
    let length = line.trim_end().len();
    let end = at.saturating_add(1).saturating_add(length);
    match declared.reading {
        crate::declared::Reading::Expression(expression) => Some((expression, declared.confidence, end)),
        _ => None,
    }
}

/// Holds one text that was recognised.
struct Block {
    licence: &'static Licence,
    whole: bool,
    bytes: Range<usize>,
    words: usize,
    /// How far the text may go on behind the last phrase that was found.
    reach: usize,
}

/// One licence at one head, before it is chosen.
struct Candidate {
    licence: &'static Licence,
    head_word: usize,
    found: usize,
    total: usize,
    bytes: Range<usize>,
    last_word: usize,
    reach: usize,
    changed: bool,
}

impl Candidate {
    fn whole(&self) -> bool {
        self.found == self.total && !self.changed
    }
}

/// Judges which phrases make a licence.
struct Judge<'h> {
    matcher: &'static Matcher,
    places: BTreeMap<usize, Vec<&'h Hit>>,
    ends: Vec<(usize, usize)>,
}

impl<'h> Judge<'h> {
    fn new(matcher: &'static Matcher, hits: &'h [Hit]) -> Self {
        let mut places: BTreeMap<usize, Vec<&Hit>> = BTreeMap::new();
        for hit in hits {
            places.entry(hit.phrase).or_default().push(hit);
        }
        let ends = hits.iter().map(|hit| (hit.word, hit.end)).collect();
        Self {
            matcher,
            places,
            ends,
        }
    }

    fn at(&self, phrase: usize) -> &[&'h Hit] {
        self.places.get(&phrase).map(Vec::as_slice).unwrap_or_default()
    }

    /// Returns the first place of a phrase within a range of words.
    fn within(&self, phrase: usize, from: usize, to: usize) -> Option<&'h Hit> {
        let places = self.at(phrase);
        let first = places.partition_point(|hit| hit.word < from);
        places.get(first).copied().filter(|hit| hit.word <= to)
    }

    fn blocks(&self) -> Vec<Block> {
        let mut by_head: BTreeMap<usize, Vec<Candidate>> = BTreeMap::new();
        for text in self.matcher.texts() {
            for &(head, title) in &text.heads {
                let places = self.at(head);
                for (index, hit) in places.iter().enumerate() {
                    let next = places.get(index.saturating_add(1)).map(|next| next.word);
                    // The same beginning again is the next text, unless it is a title that the text says again.
                    let next = next.filter(|_| !title);
                    if let Some(candidate) = self.candidate(text, hit, next) {
                        by_head.entry(candidate.head_word).or_default().push(candidate);
                    }
                }
            }
        }
        let mut blocks: Vec<Block> = Vec::new();
        let mut reached: BTreeMap<&str, usize> = BTreeMap::new();
        for mut candidates in by_head.into_values() {
            // What is whole goes before what is not; then the more special one.
            let rank = |one: &Candidate| {
                let share = one
                    .found
                    .saturating_mul(1_000)
                    .checked_div(one.total)
                    .unwrap_or(0);
                (one.whole(), if one.whole() { 1_000 } else { share }, one.total)
            };
            candidates.sort_by_key(|one| std::cmp::Reverse(rank(one)));
            let Some(best) = candidates.into_iter().next() else {
                continue;
            };
            let id = best.licence.id.as_str();
            // Another beginning of the text that was just found.
            if reached.get(id).is_some_and(|word| best.head_word < *word) {
                continue;
            }
            if best.whole() {
                reached.insert(id, best.last_word);
            }
            blocks.push(Block {
                licence: best.licence,
                whole: best.whole(),
                // The text goes on behind its last mark.
                words: best
                    .last_word
                    .saturating_sub(best.head_word)
                    .max(best.licence.marks.words),
                bytes: best.bytes,
                reach: best.reach,
            });
        }
        drop_shadows(blocks)
    }

    fn candidate(&self, text: &matcher::Text, head: &Hit, next: Option<usize>) -> Option<Candidate> {
        let licence = text.licence;
        let Marks { words, span, .. } = licence.marks;
        let bounded = |to: usize| next.map_or(to, |next| to.min(next.saturating_sub(1)));
        let longest = span.saturating_mul(2).saturating_add(100);
        let tails = text.tails.iter();
        let tails = tails
            .filter_map(|phrase| self.within(*phrase, head.word, bounded(head.word.saturating_add(longest))));
        let tail = tails.min_by_key(|hit| hit.word);
        let window = words.saturating_add(words / 2).saturating_add(60);
        let to = tail.map_or_else(|| bounded(head.word.saturating_add(window)), |tail| tail.word);
        if text
            .without
            .iter()
            .any(|phrase| self.within(*phrase, head.word, to).is_some())
        {
            return None;
        }
        let mut found = usize::from(tail.is_some());
        let mut last = tail.unwrap_or(head);
        for wordings in &text.marks {
            let places = wordings
                .iter()
                .filter_map(|phrase| self.within(*phrase, head.word, to));
            if let Some(hit) = places.min_by_key(|hit| hit.word) {
                found = found.saturating_add(1);
                if hit.word > last.word {
                    last = hit;
                }
            }
        }
        let total = text
            .marks
            .len()
            .saturating_add(usize::from(!text.tails.is_empty()));
        // Half of the marks and one beginning, or it is only named.
        if found == 0 || found.saturating_mul(2) < total {
            return None;
        }
        let length = last.word.saturating_sub(head.word);
        let changed = if tail.is_some() {
            length.abs_diff(span) > MAX_CHANGED.min((span / 12).saturating_add(5))
        } else {
            length > words.saturating_add(words / 5).saturating_add(30)
        };
        let reach = self.end_of_word(head.word.saturating_add(words)).max(last.end);
        Some(Candidate {
            licence,
            head_word: head.word,
            found,
            total,
            bytes: head.start..last.end,
            last_word: last.word,
            reach,
            changed,
        })
    }

    /// Returns the end of the last phrase up to a word.
    fn end_of_word(&self, word: usize) -> usize {
        let behind = self.ends.partition_point(|(at, _)| *at <= word);
        let last = behind.checked_sub(1).and_then(|index| self.ends.get(index));
        last.map_or(0, |(_, end)| *end)
    }
}

/// Words by which the length of a text may differ, for names of owners, numbers of clauses and the like.
const MAX_CHANGED: usize = 25;

/// Leaves out what is not whole where the same words belong to a text that is, and texts that are a part of another.
fn drop_shadows(blocks: Vec<Block>) -> Vec<Block> {
    let whole: Vec<(Range<usize>, &[String])> = blocks
        .iter()
        .filter(|block| block.whole)
        .map(|block| {
            (
                block.bytes.start..block.reach,
                block.licence.marks.encloses.as_slice(),
            )
        })
        .collect();
    let shadowed = |block: &Block| {
        whole.iter().any(|(range, encloses)| {
            let inside = range.start <= block.bytes.start && block.bytes.start < range.end;
            inside && (!block.whole || encloses.contains(&block.licence.id))
        })
    };
    blocks.into_iter().filter(|block| !shadowed(block)).collect()
}

/// Collects findings, each kind of each licence once.
#[derive(Default)]
struct Collected {
    found: BTreeMap<(String, FoundKind, Option<Expression>), Found>,
}

impl Collected {
    fn add(
        &mut self,
        id: &str,
        kind: FoundKind,
        confidence: Confidence,
        range: &Range<usize>,
        expression: Option<Expression>,
    ) {
        let key = (id.to_owned(), kind, expression.clone());
        let entry = self.found.entry(key).or_insert_with(|| Found {
            licence: id.to_owned(),
            kind,
            confidence,
            range: range.clone(),
            count: 0,
            expression,
        });
        entry.count = entry.count.saturating_add(1);
        if range.start < entry.range.start {
            entry.range = range.clone();
        }
    }

    fn finish(self) -> Vec<Found> {
        let catalog = catalog();
        // A licence that is there in full is not worth naming again.
        let surest: BTreeMap<String, FoundKind> =
            self.found.keys().fold(BTreeMap::new(), |mut surest, key| {
                let kind = surest.entry(key.0.clone()).or_insert(key.1);
                *kind = (*kind).min(key.1);
                surest
            });
        let named = |id: &str| {
            surest
                .iter()
                .any(|(other, kind)| *kind < FoundKind::Mention && catalog.may_be_same(other, id))
        };
        let mut found: Vec<Found> = self
            .found
            .into_values()
            .filter(|found| found.kind != FoundKind::Mention || !named(&found.licence))
            .collect();
        found.sort_by(|one, other| {
            (one.kind, one.range.start, &one.licence).cmp(&(other.kind, other.range.start, &other.licence))
        });
        found
    }
}
