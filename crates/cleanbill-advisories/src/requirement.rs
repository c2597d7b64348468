//! Says whether a requirement, as `>=1.2,<2`, allows a version that an advisory affects. Where it cannot be said, it may.

use std::{cmp::Ordering, str::FromStr};

use pep440_rs::{Operator, VersionSpecifiers};

use crate::{
    range::{Events, Point, order_of},
    record::{Affected, Event},
    version::{Order, Version},
};

/// Versions from `low` to `high`; an end that is `None` is open. The flag says whether the end itself belongs to it.
#[derive(Clone, Debug, Default)]
struct Span<'a> {
    low: Option<(Version<'a>, bool)>,
    high: Option<(Version<'a>, bool)>,
}

impl Span<'_> {
    fn meets(&self, other: &Span<'_>) -> bool {
        let before = |high: &Option<(Version<'_>, bool)>, low: &Option<(Version<'_>, bool)>| match (high, low)
        {
            (Some((high, high_in)), Some((low, low_in))) => match high.against(low) {
                Ordering::Less => true,
                Ordering::Equal => !(*high_in && *low_in),
                Ordering::Greater => false,
            },
            _ => false,
        };
        !before(&self.high, &other.low) && !before(&other.high, &self.low)
    }

    fn narrow(&mut self, other: Self) {
        if let Some((low, is_in)) = other.low
            && self.low.as_ref().is_none_or(|(own, _)| low.against(own).is_ge())
        {
            self.low = Some((low, is_in));
        }
        if let Some((high, is_in)) = other.high
            && self
                .high
                .as_ref()
                .is_none_or(|(own, _)| high.against(own).is_le())
        {
            self.high = Some((high, is_in));
        }
    }
}

/// Says whether the requirement may bring in a version that the advisory affects.
pub(crate) fn may_bring_in(
    affected: &Affected<'_>,
    requirement: &str,
    ecosystem: &str,
    order: Option<Order>,
) -> bool {
    let spans = match ecosystem {
        "PyPI" => python(requirement),
        "npm" => semantic(requirement, false),
        "crates.io" => semantic(requirement, true),
        _ => None,
    };
    let Some(spans) = spans else { return true };
    let allows = |version: &str| {
        let Some(version) = order.and_then(|order| order.parse(version)) else {
            return true;
        };
        let span = Span {
            low: Some((version.clone(), true)),
            high: Some((version, true)),
        };
        spans.iter().any(|own| own.meets(&span))
    };
    if affected.versions.iter().any(allows) {
        return true;
    }
    if affected.versions.is_empty() && affected.ranges.is_empty() {
        return true;
    }
    affected.ranges.iter().any(|range| {
        let Some(events) = order_of(range, order).and_then(|order| Events::read(range, order)) else {
            return true;
        };
        affected_spans(&events)
            .iter()
            .any(|span| spans.iter().any(|own| own.meets(span)))
    })
}

/// Returns the stretches of versions that a range affects; limits are left out, which can only make them longer.
fn affected_spans<'a>(events: &Events<'a>) -> Vec<Span<'a>> {
    let mut spans = Vec::new();
    let mut open: Option<Span<'a>> = None;
    for (event, _, point) in events.iter() {
        let at = match point {
            Point::At(version) => Some(version.clone()),
            Point::Start | Point::End => None,
        };
        match event {
            Event::Introduced => {
                open.get_or_insert_with(|| Span {
                    low: at.map(|version| (version, true)),
                    high: None,
                });
            }
            Event::Fixed | Event::LastAffected => {
                if let (Some(mut span), Some(version)) = (open.take(), at) {
                    span.high = Some((version, *event == Event::LastAffected));
                    spans.push(span);
                }
            }
            Event::Limit => {}
        }
    }
    spans.extend(open);
    spans
}

/// Reads version specifiers (PEP 440); `!=` is passed over.
fn python(text: &str) -> Option<Vec<Span<'static>>> {
    let specifiers = VersionSpecifiers::from_str(text).ok()?;
    let mut whole = Span::default();
    for specifier in specifiers.iter() {
        let listed = specifier.version();
        let version = |version: &pep440_rs::Version| Version::Pep440 {
            full: version.clone(),
            public: version.clone(),
        };
        let at = version(listed);
        // The versions that begin with these numbers end before the next number, its earliest development release included.
        let next = |length: usize| {
            let mut numbers: Vec<u64> = listed.release().iter().copied().take(length).collect();
            let last = numbers.last_mut()?;
            *last = last.checked_add(1)?;
            Some(version(
                &pep440_rs::Version::new(numbers)
                    .with_epoch(listed.epoch())
                    .with_dev(Some(0)),
            ))
        };
        let first = || version(&listed.only_release().with_epoch(listed.epoch()).with_dev(Some(0)));
        whole.narrow(match specifier.operator() {
            Operator::Equal | Operator::ExactEqual => Span {
                low: Some((at.clone(), true)),
                high: Some((at, true)),
            },
            Operator::EqualStar => Span {
                low: Some((first(), true)),
                high: Some((next(listed.release().len())?, false)),
            },
            Operator::TildeEqual => {
                let length = listed.release().len().checked_sub(1)?;
                Span {
                    low: Some((at, true)),
                    high: Some((next(length)?, false)),
                }
            }
            Operator::GreaterThanEqual => Span {
                low: Some((at, true)),
                high: None,
            },
            Operator::GreaterThan => Span {
                low: Some((at, false)),
                high: None,
            },
            Operator::LessThanEqual => Span {
                low: None,
                high: Some((at, true)),
            },
            Operator::LessThan => Span {
                low: None,
                high: Some((at, false)),
            },
            Operator::NotEqual | Operator::NotEqualStar => Span::default(),
        });
    }
    Some(vec![whole])
}

/// Reads ranges of npm, or requirements of Cargo, where a bare version means `^`.
fn semantic(text: &str, bare_is_caret: bool) -> Option<Vec<Span<'static>>> {
    text.split("||")
        .map(|set| comparators(set, bare_is_caret))
        .collect()
}

fn comparators(set: &str, bare_is_caret: bool) -> Option<Span<'static>> {
    let mut whole = Span::default();
    if let Some((low, high)) = set.split_once(" - ") {
        let ((low, _), (high, given)) = (partial(low.trim())?, partial(high.trim())?);
        whole.narrow(Span {
            low: Some((Version::Semver(low), true)),
            high: None,
        });
        whole.narrow(if given == 3 {
            Span {
                low: None,
                high: Some((Version::Semver(high), true)),
            }
        } else {
            below(&high, given)?
        });
        return Some(whole);
    }
    let spaced = set.replace(',', " ");
    let mut words = spaced.split_whitespace();
    while let Some(word) = words.next() {
        let start = word.find(|c: char| !"<>=^~".contains(c)).unwrap_or(word.len());
        let (operator, version) = word.split_at_checked(start)?;
        // The operator may stand apart from its version.
        let version = if version.is_empty() {
            words.next()?
        } else {
            version
        };
        let (version, given) = partial(version)?;
        let bump = |number: usize| below(&version, number);
        let from = Some((Version::Semver(version.clone()), true));
        whole.narrow(match operator {
            ">=" => Span {
                low: from,
                high: None,
            },
            ">" if given == 3 => Span {
                low: Some((Version::Semver(version.clone()), false)),
                high: None,
            },
            ">" => Span {
                low: bump(given)?.high.map(|(version, _)| (version, true)),
                high: None,
            },
            "<" => Span {
                low: None,
                high: Some((Version::Semver(version.clone()), false)),
            },
            "<=" if given == 3 => Span {
                low: None,
                high: Some((Version::Semver(version.clone()), true)),
            },
            "<=" => bump(given)?,
            "~" | "~>" => Span {
                low: from,
                ..bump(given.min(2))?
            },
            "^" => Span {
                low: from,
                ..bump(caret(&version, given))?
            },
            "" if bare_is_caret => Span {
                low: from,
                ..bump(caret(&version, given))?
            },
            "" | "=" if given == 3 => Span {
                low: from.clone(),
                high: from,
            },
            "" | "=" => Span {
                low: from,
                ..bump(given)?
            },
            _ => return None,
        });
    }
    Some(whole)
}

/// Number of the part that a caret lets nothing change in, counted from 1: the first that is not 0.
fn caret(version: &semver::Version, given: usize) -> usize {
    let first = [version.major, version.minor, version.patch]
        .iter()
        .position(|number| *number > 0);
    first.map_or(3, |index| index.saturating_add(1)).min(given)
}

/// The versions before the next one that differs in the part of this number; all for number 0.
fn below(version: &semver::Version, number: usize) -> Option<Span<'static>> {
    let next = match number {
        0 => return Some(Span::default()),
        1 => semver::Version::new(version.major.checked_add(1)?, 0, 0),
        2 => semver::Version::new(version.major, version.minor.checked_add(1)?, 0),
        _ => semver::Version::new(version.major, version.minor, version.patch.checked_add(1)?),
    };
    Some(Span {
        low: None,
        high: Some((Version::Semver(next), false)),
    })
}

/// Reads a version of which parts may be left out or be `x`; returns how many are given.
fn partial(text: &str) -> Option<(semver::Version, usize)> {
    let text = text.trim_start_matches(['v', '=']);
    if let Ok(version) = semver::Version::parse(text) {
        return Some((version, 3));
    }
    let mut numbers = [0_u64; 3];
    let mut given = 0_usize;
    for (number, part) in numbers.iter_mut().zip(text.split('.')) {
        if matches!(part, "x" | "X" | "*" | "") {
            break;
        }
        *number = part.parse().ok()?;
        given = given.saturating_add(1);
    }
    let [major, minor, patch] = numbers;
    (text.split('.').count() <= 3).then(|| (semver::Version::new(major, minor, patch), given))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Range;

    fn check(ecosystem: &str, requirement: &str, range: (&str, &str), wanted: bool) {
        let events = vec![(Event::Introduced, range.0), (Event::Fixed, range.1)];
        let affected = Affected {
            has_commits: false,
            release: "",
            ratings: Vec::new(),
            rating_word: "",
            ranges: vec![Range {
                is_semver: false,
                events,
            }],
            versions: crate::codec::Texts::of(&[]),
        };
        let order = crate::ecosystem::order(ecosystem);
        assert_eq!(
            may_bring_in(&affected, requirement, ecosystem, order),
            wanted,
            "{ecosystem} {requirement} {range:?}"
        );
    }

    #[test]
    fn a_requirement_beyond_the_range_brings_in_nothing() {
        for (requirement, wanted) in [
            (">=2.6", false),
            (">=2.5", true),
            (">2.5,<3", true),
            ("<1", false),
            ("<=1.0", true),
            ("==1.*", true),
            ("==0.*", false),
            ("~=2.6", false),
            ("~=2.0", true),
            ("==2.6rc1", true),
            ("", true),
            ("nonsense requirement", true),
            ("!=1.5", true),
        ] {
            check("PyPI", requirement, ("1.0", "2.6"), wanted);
        }
        for (requirement, wanted) in [
            ("^1.2.0", true),
            ("^2.6.0", false),
            ("~2.5", true),
            ("~0.9", false),
            ("2.x", true),
            ("3", false),
            ("*", true),
            ("0.1.0 - 0.9", false),
            ("0.1 - 1.0.0", true),
            ("<1.0.0 || >=2.6.0", false),
            (">= 2.5.0 < 4", true),
            ("git+https://example.org/x", true),
            ("^0.9.1", false),
            ("1.5.0", true),
            ("0.5.0", false),
        ] {
            check("npm", requirement, ("1.0.0", "2.6.0"), wanted);
        }
        check("crates.io", "0.9", ("1.0.0", "2.6.0"), false);
        check("crates.io", "2", ("1.0.0", "2.6.0"), true);
        check("crates.io", ">=1, <2", ("2.0.0", "2.6.0"), false);
        check("Go", "anything", ("2.0.0", "2.6.0"), true);
    }
}
