//! The order of Alpine packages, as apk-tools 3 has it: numbers, a letter, suffixes with numbers, a commit, a revision.

use std::cmp::Ordering;

use super::by_value;

/// A version of an Alpine package.
#[derive(Clone, Debug)]
pub struct ApkVersion<'a> {
    parts: Vec<Part<'a>>,
}

/// A piece of a version. Pieces come in this order, and where two versions part, the later kind is the lower version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part<'a> {
    First(&'a str),
    Number(&'a str),
    Letter(u8),
    Suffix(Suffix),
    SuffixNumber(&'a str),
    Commit(&'a str),
    Revision(&'a str),
}

/// Words after `_`, in their order. Those before `Cvs` come before the version without a suffix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Suffix {
    Alpha,
    Beta,
    Pre,
    Rc,
    Cvs,
    Svn,
    Git,
    Hg,
    P,
}

impl<'a> ApkVersion<'a> {
    /// Reads a version; `None` where it has not the form `1.2.3a_suffix4~commit-r5`.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (first, mut rest) = digits(text)?;
        let mut parts = vec![Part::First(first)];
        while let Some(next) = rest.as_bytes().first().copied() {
            let last = parts.last().map_or(0, |part| part.rank());
            let after = rest.get(1..)?;
            let part;
            (part, rest) = match next {
                b'.' if last <= NUMBER => {
                    let (number, rest) = digits(after)?;
                    (Part::Number(number), rest)
                }
                b'a'..=b'z' if last <= NUMBER => (Part::Letter(next), after),
                b'_' if last <= SUFFIX_NUMBER => {
                    let end = after
                        .bytes()
                        .position(|byte| !byte.is_ascii_lowercase())
                        .unwrap_or(after.len());
                    let (word, rest) = after.split_at_checked(end)?;
                    let suffix = SUFFIXES.iter().find(|(name, _)| *name == word)?.1;
                    (Part::Suffix(suffix), rest)
                }
                b'0'..=b'9' if last == SUFFIX => {
                    let (number, rest) = digits(rest)?;
                    (Part::SuffixNumber(number), rest)
                }
                b'~' if last < COMMIT => {
                    let end = after
                        .bytes()
                        .position(|byte| !byte.is_ascii_hexdigit())
                        .unwrap_or(after.len());
                    let (commit, rest) = after.split_at_checked(end)?;
                    if commit.is_empty() {
                        return None;
                    }
                    (Part::Commit(commit), rest)
                }
                b'-' if last < REVISION => {
                    let (number, rest) = digits(after.strip_prefix('r')?)?;
                    (Part::Revision(number), rest)
                }
                _ => return None,
            };
            parts.push(part);
        }
        Some(Self { parts })
    }
}

impl Part<'_> {
    fn rank(self) -> u8 {
        match self {
            Self::First(_) => 0,
            Self::Number(_) => NUMBER,
            Self::Letter(_) => LETTER,
            Self::Suffix(_) => SUFFIX,
            Self::SuffixNumber(_) => SUFFIX_NUMBER,
            Self::Commit(_) => COMMIT,
            Self::Revision(_) => REVISION,
        }
    }

    fn is_before_the_release(self) -> bool {
        matches!(self, Self::Suffix(suffix) if suffix < Suffix::Cvs)
    }

    /// Compares two pieces of the same kind.
    fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            // A leading zero makes it a fraction: `1.05` is below `1.1`.
            (Self::Number(left), Self::Number(right)) if left.starts_with('0') || right.starts_with('0') => {
                left.cmp(right)
            }
            (Self::First(left), Self::First(right))
            | (Self::Number(left), Self::Number(right))
            | (Self::SuffixNumber(left), Self::SuffixNumber(right))
            | (Self::Revision(left), Self::Revision(right)) => by_value(left, right),
            (Self::Letter(left), Self::Letter(right)) => left.cmp(&right),
            (Self::Suffix(left), Self::Suffix(right)) => left.cmp(&right),
            (Self::Commit(left), Self::Commit(right)) => left.cmp(right),
            _ => Ordering::Equal,
        }
    }
}

impl Ord for ApkVersion<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let (mut left, mut right) = (self.parts.iter().copied(), other.parts.iter().copied());
        loop {
            let (left, right) = (left.next(), right.next());
            let (left_rank, right_rank) = (left.map_or(END, Part::rank), right.map_or(END, Part::rank));
            if left_rank == right_rank {
                let (Some(left), Some(right)) = (left, right) else {
                    return Ordering::Equal;
                };
                match left.compare(right) {
                    Ordering::Equal => continue,
                    order => return order,
                }
            }
            if left.is_some_and(Part::is_before_the_release) {
                return Ordering::Less;
            }
            if right.is_some_and(Part::is_before_the_release) {
                return Ordering::Greater;
            }
            return right_rank.cmp(&left_rank);
        }
    }
}

impl PartialOrd for ApkVersion<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for ApkVersion<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for ApkVersion<'_> {}

fn digits(text: &str) -> Option<(&str, &str)> {
    let end = text
        .bytes()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at_checked(end)
        .filter(|(number, _)| !number.is_empty())
}

const NUMBER: u8 = 1;
const LETTER: u8 = 2;
const SUFFIX: u8 = 3;
const SUFFIX_NUMBER: u8 = 4;
const COMMIT: u8 = 5;
const REVISION: u8 = 6;
const END: u8 = 7;

const SUFFIXES: &[(&str, Suffix)] = &[
    ("alpha", Suffix::Alpha),
    ("beta", Suffix::Beta),
    ("pre", Suffix::Pre),
    ("rc", Suffix::Rc),
    ("cvs", Suffix::Cvs),
    ("svn", Suffix::Svn),
    ("git", Suffix::Git),
    ("hg", Suffix::Hg),
    ("p", Suffix::P),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_ascend() {
        let ascending = [
            "1.0_alpha1-r0",
            "1.0_alpha2-r0",
            "1.0_rc1-r3",
            "1.0",
            "1.0-r0",
            "1.0-r1",
            "1.0-r10",
            "1.0_git20200101",
            "1.0_p1",
            "1.0_p2-r1",
            "1.0a",
            "1.0b-r0",
            "1.0.05",
            "1.0.1",
            "1.0.10",
            "1.1",
            "10.0",
        ];
        for (index, left) in ascending.iter().enumerate() {
            for (other, right) in ascending.iter().enumerate() {
                let (left, right) = (
                    ApkVersion::parse(left).unwrap(),
                    ApkVersion::parse(right).unwrap(),
                );
                assert_eq!(left.cmp(&right), index.cmp(&other), "{left:?} and {right:?}");
            }
        }
        for wrong in [
            "",
            "a",
            "1.",
            "1.0-1",
            "1.0_foo",
            "1.0aa",
            "1.0-r1.2",
            "1.0~",
            "1.0-r",
            "1.0a.1",
            "1.0-r1_p1",
        ] {
            assert!(ApkVersion::parse(wrong).is_none(), "{wrong}");
        }
    }
}
