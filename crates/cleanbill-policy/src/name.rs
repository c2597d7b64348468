//! Names of artifacts, `org/name`, and patterns over them.

use std::fmt;

use cleanbill_core::{Text, text};

/// Longest part of a name; hubs allow 96 characters.
const PART_BYTES: usize = 128;

/// Names an artifact: who answers for it, and which one of theirs it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArtifactName(String);

impl ArtifactName {
    /// Reads `org/name`: two parts of letters, digits, `.`, `_` and `-`, that begin with a letter or digit.
    pub fn parse(text: &str) -> Option<Self> {
        let (owner, name) = text.split_once('/')?;
        (is_part(owner) && is_part(name)).then(|| Self(text.to_owned()))
    }

    /// Returns it as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ArtifactName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn is_part(part: &str) -> bool {
    part.len() <= PART_BYTES
        && part.starts_with(|c: char| c.is_ascii_alphanumeric())
        && part
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

/// Holds a pattern over names: `*` stands for any characters but `/`.
///
/// Capitals count as small letters, since hubs do not let two owners differ in them alone: `Acme/x` must not escape the rules of `acme/*`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Namespace {
    shown: String,
    owner: String,
    name: String,
}

/// Says what is wrong with a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatternProblem {
    /// It has not exactly two parts.
    Parts,
    /// It has a character that no name has, and that is not `*`.
    Character(char),
    /// It has `**`, which says no more than `*`.
    DoubleStar,
    /// A part is empty or too long.
    Length,
}

impl PatternProblem {
    /// Returns the words for people.
    pub fn text(self) -> Text {
        match self {
            Self::Parts => text!(
                "it must be `org/name`, such as `acme/*`",
                "必须是 `org/name` 的形式，例如 `acme/*`"
            ),
            Self::Character(c) => {
                let shown = c.escape_debug().to_string();
                text!(
                    "no name has the character `{shown}`; the only wildcard is `*`",
                    "名称中不会有字符 `{shown}`；唯一的通配符是 `*`"
                )
            }
            Self::DoubleStar => text!("`**` says no more than `*`", "`**` 与 `*` 含义相同"),
            Self::Length => text!("a part of it is empty or too long", "其中一部分为空或过长"),
        }
    }
}

/// Says how closely a pattern describes a name: first the owner, then the name, each exact or by the number of its characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    owner_is_exact: bool,
    owner_characters: usize,
    name_is_exact: bool,
    name_characters: usize,
}

impl Namespace {
    /// Reads a pattern.
    pub fn parse(text: &str) -> Result<Self, PatternProblem> {
        let mut parts = text.split('/');
        let (Some(owner), Some(name), None) = (parts.next(), parts.next(), parts.next()) else {
            return Err(PatternProblem::Parts);
        };
        for part in [owner, name] {
            if part.is_empty() || part.len() > PART_BYTES {
                return Err(PatternProblem::Length);
            }
            if part.contains("**") {
                return Err(PatternProblem::DoubleStar);
            }
            let foreign = |c: &char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '_' | '-' | '*');
            if let Some(c) = part.chars().find(foreign) {
                return Err(PatternProblem::Character(c));
            }
        }
        Ok(Self {
            shown: text.to_owned(),
            owner: owner.to_ascii_lowercase(),
            name: name.to_ascii_lowercase(),
        })
    }

    /// Returns it as it was written.
    pub fn as_str(&self) -> &str {
        &self.shown
    }

    /// Says whether a name is one of these.
    pub fn matches(&self, name: &ArtifactName) -> bool {
        let lower = name.as_str().to_ascii_lowercase();
        lower
            .split_once('/')
            .is_some_and(|(owner, name)| covers(&self.owner, owner) && covers(&self.name, name))
    }

    /// Says whether two patterns are the same but for capitals.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.owner == other.owner && self.name == other.name
    }

    pub(crate) fn rank(&self) -> Rank {
        let characters = |part: &str| part.chars().filter(|c| *c != '*').count();
        Rank {
            owner_is_exact: !self.owner.contains('*'),
            owner_characters: characters(&self.owner),
            name_is_exact: !self.name.contains('*'),
            name_characters: characters(&self.name),
        }
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}

/// Says whether a pattern with stars covers a text. The leftmost place for each piece is enough, so that no work is done twice.
fn covers(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut last = None;
    for piece in pieces {
        if let Some(before) = last.replace(piece) {
            match rest.split_once(before) {
                Some((_, after)) => rest = after,
                None => return false,
            }
        }
    }
    match last {
        // Without a star nothing may be left.
        None => rest.is_empty(),
        Some(end) => rest.ends_with(end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> ArtifactName {
        ArtifactName::parse(text).expect("a name")
    }

    #[test]
    fn names_have_two_plain_parts() {
        for text in ["acme/llama-ft", "a/b", "0/1.5_x"] {
            assert!(ArtifactName::parse(text).is_some(), "{text}");
        }
        for text in [
            "",
            "acme",
            "acme/",
            "/x",
            "a/b/c",
            "a/..",
            "../a",
            "a /b",
            "a/b*",
            "acme/模型",
            "\u{430}/b",
            "-a/b",
        ] {
            assert_eq!(ArtifactName::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_star_stands_for_characters_of_one_part() {
        for (pattern, text, covered) in [
            ("acme/*", "acme/x", true),
            ("acme/*", "ACME/x", true),
            ("ACME/*", "acme/x", true),
            ("acme/*", "acme-labs/x", false),
            ("acme*/*", "acme-labs/x", true),
            ("*/*", "any/thing", true),
            ("*/llama", "any/llama-2", false),
            ("acme/llama-*-ft", "acme/llama-7b-ft", true),
            ("acme/llama-*-ft", "acme/llama-ft", false),
            ("acme/a*b*c", "acme/abbc", true),
            ("acme/a*b*c", "acme/acb", false),
            ("acme/a*a", "acme/a", false),
            ("acme/x", "acme/x", true),
            ("acme/x", "acme/xy", false),
        ] {
            let pattern = Namespace::parse(pattern).expect("a pattern");
            assert_eq!(pattern.matches(&name(text)), covered, "{pattern} {text}");
        }
    }

    #[test]
    fn bad_patterns_say_why() {
        for (pattern, problem) in [
            ("", PatternProblem::Parts),
            ("*", PatternProblem::Parts),
            ("a/b/c", PatternProblem::Parts),
            ("a/", PatternProblem::Length),
            ("a/**", PatternProblem::DoubleStar),
            ("a/[bc]", PatternProblem::Character('[')),
            ("a/?", PatternProblem::Character('?')),
            ("\u{430}/*", PatternProblem::Character('\u{430}')),
        ] {
            assert_eq!(Namespace::parse(pattern), Err(problem), "{pattern}");
        }
    }

    #[test]
    fn the_owner_counts_before_the_name_and_exact_before_patterns() {
        let order = [
            "*/*",
            "*/llama",
            "a*/*",
            "acme*/x",
            "acme/*",
            "acme/llama-*",
            "acme/llama",
        ];
        let ranks: Vec<Rank> = order
            .iter()
            .map(|text| Namespace::parse(text).expect("a pattern").rank())
            .collect();
        assert!(ranks.is_sorted(), "{ranks:?}");
    }
}
