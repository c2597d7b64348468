//! What is wrong with rules, and where. What is not here: what it says in other languages; whoever shows it knows that.

use std::fmt;

/// Says what a problem means for the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProblemLevel {
    /// The rules cannot be used.
    Error,
    /// They can be used and hardly do what was meant.
    Warning,
    /// A part of them was not taken over, or is worth knowing.
    Note,
}

/// Describes one thing that is wrong with rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleProblem {
    /// The line, from 1.
    pub line: usize,
    /// The character in it, from 1.
    pub column: usize,
    /// Id of the rule; empty where it is about all.
    pub rule: String,
    /// The key; empty where it is about the rule.
    pub key: String,
    /// What it means.
    pub level: ProblemLevel,
    /// What is wrong.
    pub error: RuleError,
}

/// Why rules are refused, or what is to be known about them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RuleError {
    /// It is no TOML.
    Syntax {
        /// In the words of the parser.
        problem: String,
    },
    /// A key has no meaning here.
    UnknownKey {
        /// Those that have.
        known: Vec<&'static str>,
    },
    /// A value is of another kind.
    Kind {
        /// The kind that is needed.
        expected: &'static str,
    },
    /// A value has no meaning here.
    Value {
        /// What was written.
        value: String,
        /// Those that have; empty where they cannot be listed.
        known: Vec<&'static str>,
    },
    /// A key stands outside of any rule.
    Outside,
    /// A key that is needed is missing.
    Missing,
    /// An id holds other characters than letters, digits, `_` and `-`.
    Id,
    /// A rule has this id already.
    Twice,
    /// A rule has nothing that the single pass can look for, or its shape is no shape.
    Pattern,
    /// Two keys exclude each other.
    Excludes {
        /// The other key.
        other: &'static str,
    },
    /// An expression cannot be compiled.
    Expression {
        /// In the words of the parser.
        problem: String,
    },
    /// An expression is too large.
    Large,
    /// An expression matches the empty text.
    Empty,
    /// An expression matches nothing.
    Never,
    /// There is no such group.
    Group {
        /// How many there are.
        groups: usize,
    },
    /// No text announces a match, and a match may be long.
    Unbounded {
        /// Longest match that may go unannounced.
        most: usize,
    },
    /// No text announces a match, so that the expression runs over everything.
    Unannounced,
    /// A text is too short to be looked for.
    Short {
        /// The text.
        text: String,
        /// Fewest bytes.
        least: usize,
    },
    /// A text never leads to a value.
    Unreachable {
        /// The text.
        text: String,
    },
    /// An example is not found.
    Missed {
        /// The example.
        text: String,
    },
    /// A negative example is found.
    Found {
        /// The example.
        text: String,
    },
    /// Rules have no examples.
    NoExamples {
        /// How many rules.
        rules: usize,
    },
    /// A rule is slow.
    Slow {
        /// Megabytes that it searches in a second.
        megabytes: u64,
    },
    /// A part of a file of another form was not taken over.
    LeftOut {
        /// What happens instead.
        reason: LeftOut,
    },
    /// More is wrong than is listed.
    More {
        /// How much.
        count: usize,
    },
}

/// Says why a part of rules of Gitleaks was not taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeftOut {
    /// Data have no commits.
    Commits,
    /// The rule is about names of files only.
    PathOnly,
    /// Whether another rule finds something beside it is not asked.
    Required,
    /// The rules of this build take the place of those of Gitleaks.
    Default,
    /// Other files are not followed.
    OtherFile,
    /// The rules that it names are not part of this file.
    Disabled,
    /// The rule is only there for others.
    Skipped,
    /// It says nothing about what is found.
    Description,
    /// The key is not known.
    Unknown,
}

impl fmt::Display for RuleError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { problem } | Self::Expression { problem } => out.write_str(problem),
            Self::UnknownKey { .. } => out.write_str("unknown key"),
            Self::Kind { expected } => write!(out, "must be {expected}"),
            Self::Value { value, .. } => write!(out, "`{value}` has no meaning here"),
            Self::Outside => out.write_str("stands outside of any rule"),
            Self::Missing => out.write_str("is missing"),
            Self::Id => out.write_str("an id holds letters, digits, `_` and `-` only"),
            Self::Twice => out.write_str("a rule has this id already"),
            Self::Pattern => out.write_str("there is no pattern that can be searched"),
            Self::Excludes { other } => write!(out, "cannot stand beside `{other}`"),
            Self::Large => out.write_str("the expression is too large"),
            Self::Empty => out.write_str("the expression matches the empty text"),
            Self::Never => out.write_str("the expression matches nothing"),
            Self::Group { groups } => write!(out, "there are {groups} groups"),
            Self::Unbounded { most } => write!(
                out,
                "no text of two bytes stands in every match, there are no keywords of three, and a match may be longer than {most} bytes"
            ),
            Self::Unannounced => {
                out.write_str("no text of two bytes stands in every match, so that it runs over everything")
            }
            Self::Short { text, least } => write!(out, "`{text}` is shorter than {least} bytes"),
            Self::Unreachable { text } => write!(out, "`{text}` never leads to a value"),
            Self::Missed { text } => write!(out, "the example is not found: {text}"),
            Self::Found { text } => write!(out, "the negative example is found: {text}"),
            Self::NoExamples { rules } => write!(out, "{rules} rules have no examples"),
            Self::Slow { megabytes } => write!(out, "searches {megabytes} MB a second"),
            Self::LeftOut { reason } => write!(out, "not taken over ({reason:?})"),
            Self::More { count } => write!(out, "{count} more"),
        }
    }
}

impl std::error::Error for RuleError {}

impl fmt::Display for RuleProblem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}: ", self.line, self.column)?;
        for name in [&self.rule, &self.key] {
            if !name.is_empty() {
                write!(out, "`{name}`: ")?;
            }
        }
        self.error.fmt(out)
    }
}

impl std::error::Error for RuleProblem {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

/// LIMIT: problems that are listed; the rest is counted.
const PROBLEMS: usize = 1_000;

/// Gathers problems of one text.
#[derive(Debug)]
pub(crate) struct Problems<'t> {
    text: &'t str,
    /// Where each line begins.
    lines: Vec<usize>,
    list: Vec<RuleProblem>,
    more: usize,
}

impl<'t> Problems<'t> {
    pub(crate) fn of(text: &'t str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = breaks.map(|(at, _)| at.saturating_add(1));
        Self {
            text,
            lines: std::iter::once(0).chain(starts).collect(),
            list: Vec::new(),
            more: 0,
        }
    }

    /// Returns the line and the character in it, both from 1.
    pub(crate) fn place(&self, at: usize) -> (usize, usize) {
        let line = self.lines.partition_point(|start| *start <= at);
        let start = self
            .lines
            .get(line.saturating_sub(1))
            .copied()
            .unwrap_or_default();
        let before = self.text.get(start..at.max(start)).unwrap_or_default();
        (line, before.chars().count().saturating_add(1))
    }

    pub(crate) fn tell(&mut self, at: usize, rule: &str, key: &str, error: RuleError) {
        self.add(at, rule, key, ProblemLevel::Error, error);
    }

    pub(crate) fn add(&mut self, at: usize, rule: &str, key: &str, level: ProblemLevel, error: RuleError) {
        if self.list.len() >= PROBLEMS {
            self.more = self.more.saturating_add(1);
            return;
        }
        let (line, column) = self.place(at);
        self.list.push(RuleProblem {
            line,
            column,
            rule: rule.to_owned(),
            key: key.to_owned(),
            level,
            error,
        });
    }

    /// Returns them in the order of the text.
    pub(crate) fn finish(mut self) -> Vec<RuleProblem> {
        self.list.sort_by_key(|problem| (problem.line, problem.column));
        if self.more > 0 {
            let last = self.list.last().map_or((1, 1), |last| (last.line, last.column));
            self.list.push(RuleProblem {
                line: last.0,
                column: last.1,
                rule: String::new(),
                key: String::new(),
                level: ProblemLevel::Error,
                error: RuleError::More { count: self.more },
            });
        }
        self.list
    }
}
