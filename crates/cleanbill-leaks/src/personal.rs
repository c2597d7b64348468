//! Personal data: decides what stands at a place that the second pass found, or after a word that the first pass found.
//!
//! A number is read once; the rules of its layout look at it, and of those that take it the one whose word stands nearest wins,
//! then the one that proved most. What is said depends on some hundred bytes around the place and on nothing else.

mod address;
mod birth;
mod mail;
mod names;
mod network;
mod phone;
mod places;
mod plate;
mod scripts;
mod streets;

use std::ops::Range;

use crate::{
    checks::Check,
    context::{Context, Searched, Telling},
    layouts::{Layouts, Read},
    matchers::Found,
    numbers,
    rule::{Kind, Level, Rule},
    seek::{Sign, Wants, is_house_number},
};

/// What a rule for personal data looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Personal {
    /// A number with a layout and a check.
    Number,
    /// A telephone number.
    Phone,
    /// An address of mail.
    Mail,
    Ipv4,
    Ipv6,
    Mac,
    /// A Chinese licence plate.
    Plate,
    /// Where somebody lives.
    Address,
    /// A day after a word for birth.
    Birth,
    /// A given name and a family name.
    Person,
}

impl Personal {
    /// Returns the matcher of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "number" => Self::Number,
            "phone" => Self::Phone,
            "mail" => Self::Mail,
            "ipv4" => Self::Ipv4,
            "ipv6" => Self::Ipv6,
            "mac" => Self::Mac,
            "plate" => Self::Plate,
            "address" => Self::Address,
            "birth" => Self::Birth,
            "person" => Self::Person,
            _ => return None,
        })
    }
}

/// LIMIT: bytes before and after a place that are looked at; a word farther away does not count.
const WINDOW: usize = 256;
/// LIMIT: letters before the first digit of a word that are looked at; a longer word is no number.
const LONGEST_WORD: usize = 48;

/// Looks at an anchor of a rule for personal data: a word before a value, or within it.
pub(crate) fn look(
    kind: Personal,
    rule: &Rule,
    named: bool,
    window: &[u8],
    at: usize,
    length: usize,
) -> Option<Found> {
    let (range, confidence) = match kind {
        Personal::Address if named => places::labelled(window, at, length)?,
        Personal::Address => match window.get(at..at.saturating_add(length))? {
            b"Flat " | b"Studio " | b"Apartment " => places::flat(window, at, length)?,
            b"APO A" | b"DPO A" | b"FPO A" => places::military(window, at)?,
            [0xd0..=0xff, ..] => places::russian(window, at, length)?,
            _ => address::look(window, at, length)?,
        },
        Personal::Birth => birth::look(window, at, length)?,
        Personal::Person => names::labelled(window, at, length, named)?,
        _ => return None,
    };
    let mut found = Found::new(rule, range);
    found.confidence = found.confidence.min(confidence);
    Some(found)
}

/// What the rules for personal data look for without anchors.
#[derive(Debug)]
pub(crate) struct People {
    wants: Wants,
    layouts: Layouts,
    context: Context,
    rules: Vec<Looks>,
    singles: Vec<(Personal, usize)>,
}

/// What is asked of each rule again and again.
#[derive(Debug)]
struct Looks {
    telling: Telling,
    /// Names of fields without what divides their words.
    keys: Vec<Vec<u8>>,
    check: Option<&'static numbers::Number>,
}

/// One possible answer.
#[derive(Clone, Debug)]
struct Guess {
    rule: usize,
    range: Range<usize>,
    confidence: Level,
    proven: bool,
    distance: Option<usize>,
}

impl Guess {
    fn better(&self, other: &Self) -> bool {
        let rank = |guess: &Self| {
            let near = guess
                .distance
                .map_or(0, |distance| usize::MAX.saturating_sub(distance));
            (near, guess.proven, guess.confidence, guess.range.len())
        };
        rank(self) > rank(other)
    }
}

impl People {
    /// Builds what the rules need; none where they are not about people.
    pub(crate) fn new(rules: &[Rule]) -> Option<Self> {
        let kinds: Vec<Option<Personal>> = rules
            .iter()
            .map(|rule| match rule.kind {
                Kind::Personal(kind) => Some(kind),
                _ => None,
            })
            .collect();
        if kinds.iter().all(Option::is_none) {
            return None;
        }
        let lists = |list: for<'a> fn(&'a Rule) -> &'a [Vec<u8>]| -> Vec<&[Vec<u8>]> {
            let own = rules.iter().zip(&kinds);
            own.map(|(rule, kind)| kind.map_or(&[][..], |_| list(rule)))
                .collect()
        };
        let (context, sets) = Context::new(&lists(|rule| &rule.near), &lists(|rule| &rule.names));
        let mut layouts = Layouts::default();
        let mut wants = Wants::default();
        let mut singles = Vec::new();
        for (index, (rule, kind)) in rules.iter().zip(&kinds).enumerate() {
            let Some(kind) = *kind else { continue };
            match kind {
                Personal::Mail => wants.ats = true,
                Personal::Person => wants.capitals = true,
                Personal::Address => {
                    wants.capitals = true;
                    wants.digits = true;
                }
                _ => wants.digits = true,
            }
            for layout in &rule.layouts {
                // What is no layout was refused when the rule was read.
                layouts.add(layout, index);
            }
            singles.push((kind, index));
        }
        let rules = rules
            .iter()
            .zip(sets)
            .map(|(rule, telling)| Looks {
                telling,
                keys: rule.names.iter().map(|name| squeezed(name)).collect(),
                check: match rule.check {
                    Check::Number(place) => numbers::at(place),
                    _ => None,
                },
            })
            .collect();
        if singles.iter().any(|(kind, _)| *kind == Personal::Person) {
            names::prepare();
        }
        Some(Self {
            wants,
            layouts,
            context,
            rules,
            singles,
        })
    }

    /// Returns what the second pass must look for.
    pub(crate) fn wants(&self) -> Wants {
        self.wants
    }

    fn single(&self, kind: Personal) -> Option<usize> {
        self.singles
            .iter()
            .find(|(one, _)| *one == kind)
            .map(|(_, rule)| *rule)
    }

    /// Says whether the whole name of the field of the value at `place` is one of those of a rule.
    fn is_key(&self, rule: usize, bytes: &[u8], place: usize, searched: &mut Searched) -> bool {
        let Some(looks) = self.rules.get(rule) else {
            return false;
        };
        Context::names(searched, bytes, place)
            .into_iter()
            .flatten()
            .filter_map(|name| bytes.get(name))
            .any(|name| looks.keys.contains(&squeezed(name)))
    }

    /// Looks at a place that the second pass found; the range counts in `bytes`.
    pub(crate) fn look(
        &self,
        all: &[Rule],
        bytes: &[u8],
        (at, sign): (usize, Sign),
        searched: &mut Searched,
    ) -> Option<(usize, Found)> {
        let start = at.saturating_sub(WINDOW);
        let stop = at.saturating_add(WINDOW).min(bytes.len());
        let window = bytes.get(start..stop)?;
        let local = at.saturating_sub(start);
        let guess = match sign {
            Sign::At => {
                let rule = self.single(Personal::Mail)?;
                let (range, confidence) = mail::find(window, local)?;
                Some(plain(rule, range, confidence))
            }
            Sign::Capital => {
                let house = self.single(Personal::Address).and_then(|rule| {
                    let (range, confidence) = address::english(window, local)?;
                    Some(plain(rule, range, confidence))
                });
                house.or_else(|| {
                    let rule = self.single(Personal::Person)?;
                    let (range, confidence) = names::pair(window, local).or_else(|| {
                        let range = names::half(window, local)?;
                        self.is_key(rule, bytes, at, searched)
                            .then_some((range, Level::Medium))
                    })?;
                    Some(plain(rule, range, confidence))
                })
            }
            Sign::Digits => {
                let mut asked = Asked {
                    people: self,
                    bytes,
                    base: start,
                    window,
                    searched,
                    best: None,
                };
                asked.digits(local);
                asked.best
            }
            Sign::Run => None,
        }?;
        let rule = all.get(guess.rule)?;
        let range = start.saturating_add(guess.range.start)..start.saturating_add(guess.range.end);
        let mut found = Found::new(rule, range);
        found.proven = guess.proven;
        found.confidence = guess.confidence.min(rule.confidence);
        Some((guess.rule, found))
    }
}

/// Returns a name in small letters without signs between its words.
fn squeezed(name: &[u8]) -> Vec<u8> {
    name.iter()
        .filter(|byte| !matches!(byte, b' ' | b'_' | b'-' | b'.'))
        .map(u8::to_ascii_lowercase)
        .collect()
}

fn plain(rule: usize, range: Range<usize>, confidence: Level) -> Guess {
    Guess {
        rule,
        range,
        confidence,
        proven: false,
        distance: None,
    }
}

/// One run of digits that is looked at.
struct Asked<'a, 'b> {
    people: &'a People,
    bytes: &'a [u8],
    base: usize,
    window: &'a [u8],
    searched: &'b mut Searched,
    best: Option<Guess>,
}

impl Asked<'_, '_> {
    fn guess(&mut self, guess: Guess) {
        if self.best.as_ref().is_none_or(|best| guess.better(best)) {
            self.best = Some(guess);
        }
    }

    /// Returns how far the nearest word of a rule stands from a place in the window.
    fn nearest(&mut self, rule: usize, range: &Range<usize>) -> Option<usize> {
        let telling = &self.people.rules.get(rule)?.telling;
        let place = (
            self.base.saturating_add(range.start),
            self.base.saturating_add(range.end),
        );
        self.people
            .context
            .nearest(self.searched, self.bytes, place, telling)
    }

    /// Says whether the name of the field in which a value stands tells of a rule.
    fn is_named(&mut self, rule: usize, start: usize) -> bool {
        let place = self.base.saturating_add(start);
        self.people.rules.get(rule).is_some_and(|looks| {
            self.people
                .context
                .is_named(self.searched, self.bytes, place, &looks.telling)
        })
    }

    fn digits(&mut self, at: usize) {
        let Some(start) = word_start(self.window, at) else {
            return;
        };
        let before = self.window.get(..start).and_then(<[u8]>::last).copied();
        if before.is_some_and(|byte| byte >= 0x80) {
            self.chinese(at, start);
        }
        let after = self.window.get(start..).unwrap_or_default();
        let length = after
            .iter()
            .take(LONGEST_WORD)
            .take_while(|byte| byte.is_ascii_alphanumeric())
            .count();
        let next = after.get(length).copied();
        if at == start && length <= 3 && next == Some(b'.') {
            self.ipv4(start);
        }
        if length <= 4 && (next == Some(b':') || before == Some(b':') || length == 2 && next == Some(b'-')) {
            self.colons(start);
        }
        if may_start(self.window, start) {
            self.layouts(start);
            if let Some(earlier) = letters_before(self.window, start) {
                self.layouts(earlier);
                self.plate(earlier);
            }
        }
        self.phone(start);
        self.birth(start);
        if at == start && (1..=8).contains(&length) && self.best.is_none() {
            self.postcode(start);
        }
    }

    fn layouts(&mut self, start: usize) {
        let Self {
            people,
            bytes,
            base,
            window,
            searched,
            best,
        } = self;
        people.layouts.read(window, start, |read: &Read<'_>| {
            for one in read.uses {
                let Some(looks) = people.rules.get(one.rule) else {
                    continue;
                };
                let Some(check) = looks.check else { continue };
                let place = (base.saturating_add(start), base.saturating_add(read.end));
                let accepted = (check.accepts)(read.text);
                if !accepted && !(check.accepts_near)(read.text) {
                    continue;
                }
                let telling = &looks.telling;
                let near = people.context.nearest(searched, bytes, place, telling);
                // A name of the field tells more than a word anywhere near.
                let needed = near.is_none() && (one.contextual || !accepted);
                let named = needed && people.context.is_named(searched, bytes, place.0, telling);
                let distance = if named { Some(0) } else { near };
                if distance.is_none() && needed {
                    continue;
                }
                let proven = check.proves && accepted;
                let guess = Guess {
                    rule: one.rule,
                    range: start..read.end,
                    confidence: if proven || distance.is_some() {
                        Level::High
                    } else {
                        Level::Medium
                    },
                    proven,
                    distance,
                };
                if best.as_ref().is_none_or(|best| guess.better(best)) {
                    *best = Some(guess);
                }
            }
        });
    }

    fn ipv4(&mut self, start: usize) {
        let Some(rule) = self.people.single(Personal::Ipv4) else {
            return;
        };
        let Some((range, weak)) = network::ipv4(self.window, start) else {
            return;
        };
        let distance = self.nearest(rule, &range);
        if weak && distance.is_none() {
            return;
        }
        let confidence = if distance.is_some() {
            Level::High
        } else {
            Level::Medium
        };
        self.guess(Guess {
            distance,
            ..plain(rule, range, confidence)
        });
    }

    fn colons(&mut self, start: usize) {
        let Some((range, is_mac)) = network::colons(self.window, start) else {
            return;
        };
        let kind = if is_mac { Personal::Mac } else { Personal::Ipv6 };
        if let Some(rule) = self.people.single(kind) {
            self.guess(plain(rule, range, Level::High));
        }
    }

    fn phone(&mut self, start: usize) {
        let Some(rule) = self.people.single(Personal::Phone) else {
            return;
        };
        let Some(phone) = phone::read(self.window, start) else {
            return;
        };
        let confidence = match phone.sure {
            phone::Sure::Known => Level::High,
            phone::Sure::Likely => Level::Medium,
            phone::Sure::Named => {
                let near = self
                    .nearest(rule, &phone.range)
                    .filter(|distance| *distance <= phone::REACH);
                let told = near.is_some_and(|distance| {
                    let gap = phone.range.start.saturating_sub(distance)..phone.range.start;
                    let gap = self.window.get(gap);
                    gap.is_some_and(|gap| !gap.iter().any(u8::is_ascii_digit))
                });
                if !told && !self.is_named(rule, phone.range.start) {
                    return;
                }
                Level::Medium
            }
        };
        self.guess(plain(rule, phone.range, confidence));
    }

    fn birth(&mut self, start: usize) {
        let Some(rule) = self.people.single(Personal::Birth) else {
            return;
        };
        let Some(range) = birth::around(self.window, start) else {
            return;
        };
        if self.is_named(rule, range.start) {
            self.guess(Guess {
                distance: Some(0),
                ..plain(rule, range, Level::High)
            });
        }
    }

    fn plate(&mut self, start: usize) {
        if let Some(rule) = self.people.single(Personal::Plate)
            && let Some(range) = plate::find(self.window, start)
        {
            self.guess(plain(rule, range, Level::High));
        }
    }

    fn chinese(&mut self, at: usize, start: usize) {
        self.plate(start);
        if at == start {
            let chinese = is_house_number(self.window, at)
                .then(|| address::chinese(self.window, at))
                .flatten();
            let found = chinese
                .or_else(|| places::korean(self.window, at))
                .or_else(|| places::japanese(self.window, at));
            self.house(found);
        }
    }

    fn house(&mut self, found: Option<(Range<usize>, Level)>) {
        if let (Some(rule), Some((range, confidence))) = (self.people.single(Personal::Address), found) {
            self.guess(plain(rule, range, confidence));
        }
    }

    /// Looks for the address of whose end the number at `start` may be.
    fn postcode(&mut self, start: usize) {
        let before = self.window.get(..start).unwrap_or_default();
        match before {
            [.., 0x80..=0xff, b' '] => {
                let found = places::before_postcode(self.window, start)
                    .or_else(|| places::korean(self.window, start));
                self.house(found);
            }
            [.., b',' | b'-', b' '] | [.., b' ' | b'-'] => {
                let Some(rule) = self.people.single(Personal::Address) else {
                    return;
                };
                let Some((from, quote)) = places::value_start(self.window, start) else {
                    return;
                };
                let Some((range, text)) = places::value(self.window, from, quote) else {
                    return;
                };
                if range.contains(&start) && places::is_address(text) && self.is_key(rule, from) {
                    self.guess(plain(rule, range, Level::Medium));
                }
            }
            _ => {}
        }
    }

    /// Says whether the whole name of the field in which a value stands is one of those of a rule.
    fn is_key(&mut self, rule: usize, start: usize) -> bool {
        let place = self.base.saturating_add(start);
        self.people.is_key(rule, self.bytes, place, self.searched)
    }
}

/// Returns where the word begins whose first digit stands at `at`; none where a digit stands before it in the word.
fn word_start(window: &[u8], at: usize) -> Option<usize> {
    let before = window.get(..at)?;
    let mut length = 0_usize;
    for byte in before.iter().rev() {
        if !byte.is_ascii_alphabetic() {
            if byte.is_ascii_digit() {
                return None;
            }
            break;
        }
        length = length.saturating_add(1);
        if length > LONGEST_WORD {
            return None;
        }
    }
    let start = at.saturating_sub(length);
    // An escape is no part of the word: `\n536-22-8726`.
    let escaped = start.checked_sub(1).and_then(|before| window.get(before)) == Some(&b'\\');
    let sign = window.get(start).copied();
    Some(
        if escaped && length > 0 && matches!(sign, Some(b'n' | b'r' | b't')) {
            start.saturating_add(1)
        } else {
            start
        },
    )
}

/// Says whether a number may begin at `start`: it is no part of an amount, a path, a fraction or a longer number.
fn may_start(window: &[u8], start: usize) -> bool {
    let before = window.get(..start).unwrap_or_default();
    match before {
        [.., _, b'n' | b'r' | b't'] if before.len() >= 2 => true,
        [.., first, b'-'] => !(first.is_ascii_digit() || first.is_ascii_lowercase()),
        [.., first, b'.'] => !first.is_ascii_digit(),
        // Pounds, yen, euros stand last.
        [.., b'_' | b'$' | b'/' | b'+' | b'&' | b'%']
        | [.., 0xc2, 0xa3 | 0xa5]
        | [.., 0xe2, 0x82, 0xac]
        | [.., 0xef, 0xbf, 0xa5] => false,
        _ => true,
    }
}

/// Returns where one or two capitals begin that stand before a number with one sign between: `DE 123456789`.
fn letters_before(window: &[u8], start: usize) -> Option<usize> {
    let (rest, [sign]) = window.get(..start)?.split_last_chunk::<1>()?;
    if !matches!(sign, b' ' | b'-') {
        return None;
    }
    let letters = rest
        .iter()
        .rev()
        .take(3)
        .take_while(|byte| byte.is_ascii_uppercase())
        .count();
    if !(1..=2).contains(&letters) {
        return None;
    }
    let from = rest.len().saturating_sub(letters);
    let before = from.checked_sub(1).and_then(|before| rest.get(before));
    let escaped = matches!(rest.get(..from), Some([.., b'\\', b'n' | b'r' | b't']));
    (escaped || before.is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_' && *byte != b'-'))
        .then_some(from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_begin_where_no_digit_stands_before() {
        assert_eq!(word_start(b"abc1", 3), Some(0));
        assert_eq!(word_start(b"a1c1", 3), None);
        assert_eq!(word_start(b" \\n1", 3), Some(3));
        assert_eq!(word_start(b"x-1", 2), Some(2));
    }

    #[test]
    fn amounts_and_fractions_begin_no_number() {
        for text in ["0.5", "$5", "12-5", "£5", "a_5", "/5"] {
            let at = text.find('5').unwrap();
            assert!(!may_start(text.as_bytes(), at), "{text}");
        }
        for text in ["5", " 5", ":5", "ID-5", "号5", "\"5", "a\\n5"] {
            let at = text.find('5').unwrap();
            assert!(may_start(text.as_bytes(), at), "{text}");
        }
    }
}
