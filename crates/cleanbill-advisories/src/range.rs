//! Says whether a version is affected, by the evaluation that the OSV schema describes ("Evaluation" in its specification).

use std::cmp::Ordering;

use crate::{
    record::{Affected, Event, Range},
    version::{Order, Version},
};

/// What an advisory says of one version of one package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The version is listed or within a range.
    Affected {
        /// Where the ranges that hold the version end.
        fixed: Vec<String>,
    },
    /// It is neither.
    NotAffected,
    /// It cannot be said.
    Unknown(Unknown),
}

/// Why it cannot be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unknown {
    /// The versions of the ecosystem have no order that is known here.
    NoOrder,
    /// The version of the package has not the form that the order wants.
    Version,
    /// A version in the ranges of the advisory has not.
    Range,
    /// The advisory names commits only.
    Commits,
    /// The advisory names neither versions nor ranges.
    Nothing,
}

/// Answers for one version. `order` is that of the ecosystem.
pub(crate) fn evaluate(affected: &Affected<'_>, version: &str, order: Option<Order>) -> Answer {
    let mut fixed = Vec::new();
    let mut inside = false;
    let mut unknown = None;
    for range in &affected.ranges {
        match within(range, version, order) {
            Ok(Some(found)) => {
                inside = true;
                fixed.extend(found);
            }
            Ok(None) => {}
            Err(why) => unknown = unknown.or(Some(why)),
        }
    }
    // Lists are long, and most of what they say the ranges have said.
    let listed = || {
        affected.versions.iter().any(|listed| match order {
            Some(order) => order.same(version, listed),
            None => version == listed,
        })
    };
    if inside || listed() {
        if fixed.is_empty() {
            fixed = later_fixes(affected, version, order);
        }
        return Answer::Affected { fixed };
    }
    if let Some(why) = unknown {
        return Answer::Unknown(why);
    }
    if affected.ranges.is_empty() && affected.versions.is_empty() {
        return Answer::Unknown(if affected.has_commits {
            Unknown::Commits
        } else {
            Unknown::Nothing
        });
    }
    Answer::NotAffected
}

/// Returns the order by which a range is compared: a range of type `SEMVER` says it itself where the ecosystem has none.
pub(crate) fn order_of(range: &Range<'_>, order: Option<Order>) -> Option<Order> {
    order.or(range.is_semver.then_some(Order::Semver))
}

/// Returns every `fixed` of the ranges.
pub(crate) fn fixes<'a>(affected: &Affected<'a>) -> impl Iterator<Item = &'a str> {
    let events = affected.ranges.iter().flat_map(|range| &range.events);
    events
        .filter(|(event, _)| *event == Event::Fixed)
        .map(|(_, version)| *version)
}

/// A range with its versions read, in their order.
pub(crate) struct Events<'a>(Vec<(Event, &'a str, Point<'a>)>);

/// A point of a range.
pub(crate) enum Point<'a> {
    /// Before every version.
    Start,
    At(Version<'a>),
    /// After every version.
    End,
}

impl<'a> Events<'a> {
    /// Reads the versions of a range; `None` where one has not the form that the order wants.
    pub(crate) fn read(range: &Range<'a>, order: Order) -> Option<Self> {
        let mut events = Vec::with_capacity(range.events.len());
        for (event, text) in &range.events {
            let point = match (event, *text) {
                (Event::Introduced, "0") => Point::Start,
                (Event::Limit, "*") => Point::End,
                (_, text) => Point::At(order.parse(text)?),
            };
            events.push((*event, *text, point));
        }
        // Events of one version keep the order in which the advisory has them.
        events.sort_by(|left, right| left.2.order(&right.2));
        Some(Self(events))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &(Event, &'a str, Point<'a>)> {
        self.0.iter()
    }
}

impl Point<'_> {
    fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Start, Self::Start) | (Self::End, Self::End) => Ordering::Equal,
            (Self::Start, _) | (_, Self::End) => Ordering::Less,
            (_, Self::Start) | (Self::End, _) => Ordering::Greater,
            (Self::At(left), Self::At(right)) => left.against(right),
        }
    }

    /// Compares a version of a package with this point.
    pub(crate) fn against(&self, version: &Version<'_>) -> Ordering {
        match self {
            Self::Start => Ordering::Greater,
            Self::End => Ordering::Less,
            Self::At(point) => version.against(point),
        }
    }
}

/// Says whether a version is within a range, and where the range ends after it.
fn within(range: &Range<'_>, version: &str, order: Option<Order>) -> Result<Option<Vec<String>>, Unknown> {
    let order = order_of(range, order).ok_or(Unknown::NoOrder)?;
    let version = order.parse(version).ok_or(Unknown::Version)?;
    let events = Events::read(range, order).ok_or(Unknown::Range)?;
    let mut limits = events
        .iter()
        .filter(|(event, ..)| *event == Event::Limit)
        .peekable();
    let unlimited = limits.peek().is_none();
    if !unlimited && !limits.any(|(_, _, point)| point.against(&version).is_lt()) {
        return Ok(None);
    }
    let mut inside = false;
    for (event, _, point) in events.iter() {
        let order = point.against(&version);
        match event {
            Event::Introduced if order.is_ge() => inside = true,
            Event::Fixed if order.is_ge() => inside = false,
            Event::LastAffected if order.is_gt() => inside = false,
            _ => {}
        }
    }
    let next = |(event, text, point): &(Event, &str, Point<'_>)| {
        (*event == Event::Fixed && point.against(&version).is_lt()).then(|| (*text).to_owned())
    };
    Ok(inside.then(|| events.iter().find_map(next).into_iter().collect()))
}

/// Returns the first fix after the version out of each range: for a version that is listed and in no range.
fn later_fixes(affected: &Affected<'_>, version: &str, order: Option<Order>) -> Vec<String> {
    let mut found = Vec::new();
    for range in &affected.ranges {
        let Some(order) = order_of(range, order) else {
            continue;
        };
        let Some(version) = order.parse(version) else {
            continue;
        };
        let Some(events) = Events::read(range, order) else {
            continue;
        };
        let mut later = events
            .iter()
            .filter(|(event, _, point)| *event == Event::Fixed && point.against(&version).is_lt());
        found.extend(later.next().map(|(_, text, _)| (*text).to_owned()));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Texts;

    use Event::{Fixed, Introduced, LastAffected, Limit};

    fn affected<'a>(events: &[(Event, &'a str)], versions: &[&'a str]) -> Affected<'a> {
        let ranges = if events.is_empty() {
            Vec::new()
        } else {
            vec![Range {
                is_semver: false,
                events: events.to_vec(),
            }]
        };
        Affected {
            has_commits: false,
            release: "",
            ratings: Vec::new(),
            rating_word: "",
            ranges,
            versions: Texts::of(versions),
        }
    }

    #[test]
    fn events_are_evaluated_as_the_schema_says() {
        let from_start = [(Introduced, "0"), (Fixed, "2")];
        let last = [(Introduced, "1"), (LastAffected, "2")];
        let two = [(Introduced, "3"), (Fixed, "4"), (Introduced, "1"), (Fixed, "2")];
        let touching = [(Introduced, "1"), (Fixed, "2"), (Introduced, "2"), (Fixed, "3")];
        let limited = [(Introduced, "1"), (Limit, "2")];
        let unlimited = [(Introduced, "1"), (Limit, "*")];
        let one = [(Introduced, "1"), (LastAffected, "1")];
        for (events, version, wanted) in [
            (&from_start[..], "0.dev0", true),
            (&from_start, "1", true),
            (&from_start, "2", false),
            (&from_start, "2rc1", true),
            (&from_start, "3", false),
            (&last, "2", true),
            (&last, "2+cu118", true),
            (&last, "2.post1", false),
            (&last, "0.9", false),
            (&two, "1.5", true),
            (&two, "2.5", false),
            (&two, "3", true),
            (&two, "4", false),
            (&touching, "2", true),
            (&touching, "3", false),
            (&limited, "1.9", true),
            (&limited, "2", false),
            (&unlimited, "99", true),
            (&one, "1.0", true),
            (&one, "1.1", false),
        ] {
            let answer = evaluate(&affected(events, &[]), version, Some(Order::Pep440));
            assert_eq!(
                matches!(answer, Answer::Affected { .. }),
                wanted,
                "{events:?} {version}"
            );
        }
        let answer = evaluate(&affected(&two, &[]), "1.5", Some(Order::Pep440));
        assert_eq!(
            answer,
            Answer::Affected {
                fixed: vec!["2".to_owned()]
            }
        );
    }

    #[test]
    fn a_listed_version_needs_no_order() {
        let listed = affected(&[(Introduced, "1"), (Fixed, "2")], &["x-1"]);
        assert!(matches!(evaluate(&listed, "x-1", None), Answer::Affected { .. }));
        assert_eq!(evaluate(&listed, "1.5", None), Answer::Unknown(Unknown::NoOrder));
        assert_eq!(
            evaluate(&listed, "x-2", Some(Order::Pep440)),
            Answer::Unknown(Unknown::Version)
        );
        let broken = affected(&[(Introduced, "0"), (Fixed, "not a version")], &[]);
        assert_eq!(
            evaluate(&broken, "1", Some(Order::Pep440)),
            Answer::Unknown(Unknown::Range)
        );
        assert_eq!(
            evaluate(&affected(&[], &[]), "1", Some(Order::Pep440)),
            Answer::Unknown(Unknown::Nothing)
        );
    }
}
