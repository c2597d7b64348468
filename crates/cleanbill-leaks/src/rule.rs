//! Rules as data. Those of this build stand in `rules/*.toml`: one table for each rule, its name is the id.
//!
//! | key | meaning |
//! |---|---|
//! | `name` | what it is, for people |
//! | `find` | shape of the value, see `shape.rs` |
//! | `anchors` | texts that the single pass looks for; without them the first texts of the shape |
//! | `behind` | a run that must stand before the anchor |
//! | `after` | names, in any case, after which the value must stand: `NAME = value` |
//! | `near` | texts of which one must stand within some hundred bytes |
//! | `names` | words that count as `near` does where they stand in the name of the field, see `fields.rs` |
//! | `kind` | `token`, or one of the matchers that are code: `pem`, `url`, `basic`, `docker-auth`, `assigned-key`, `assigned-password`; for personal data `number`, `phone`, `mail`, `ipv4`, `ipv6`, `mac`, `plate`, `address`, `birth`, `person`; and those of `hidden.rs` |
//! | `layouts` | how a `number` is written, see `layouts.rs`; `near` then stands closer, see `context.rs` |
//! | `check` | validator: see `checks.rs` |
//! | `severity`, `confidence`, `class` | `high` unless it says `medium` or `low`; `secret` |
//! | `examples`, `negative` | templates of texts in which it must and must not be found |
//!
//! Rules of users may have an expression, `regex`, instead of a shape; its keys stand in `reading.rs`.

use std::sync::Arc;

use crate::{
    checks::Check,
    hidden::Sort,
    layouts::Layouts,
    pattern::Pattern,
    personal::Personal,
    problem::{RuleError, RuleProblem},
    reading,
    shape::{Set, Shape},
};

/// Says how bad a leak is, or how sure the rule is of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Context.
    Low,
    /// A person should look.
    Medium,
    /// Act on it.
    High,
}

/// Says what kind of leak a rule finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Class {
    /// Something that opens a door: keys, tokens, passwords.
    Secret,
    /// Data about a person.
    Personal,
    /// Text that a reader does not see.
    Hidden,
    /// Text that is meant to steer a model.
    Poison,
}

/// Says what matches once an anchor was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Token,
    Pattern,
    Pem,
    Url,
    Basic,
    DockerAuth,
    AssignedKey,
    AssignedPassword,
    Personal(Personal),
    Hidden(Sort),
}

/// Describes what to find.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Permanent id.
    pub id: String,
    /// What it is, for people.
    pub name: String,
    /// What kind of leak it is.
    pub class: Class,
    /// How bad it is.
    pub severity: Level,
    /// How sure the rule is.
    pub confidence: Level,
    /// Templates of texts in which it must be found.
    pub examples: Vec<String>,
    /// Templates of texts in which it must not be found.
    pub negative_examples: Vec<String>,
    pub(crate) kind: Kind,
    pub(crate) check: Check,
    pub(crate) shape: Option<Shape>,
    pub(crate) anchors: Vec<Vec<u8>>,
    pub(crate) after: Vec<Vec<u8>>,
    pub(crate) near: Vec<Vec<u8>>,
    pub(crate) names: Vec<Vec<u8>>,
    pub(crate) layouts: Vec<String>,
    pub(crate) behind: Option<(Set, usize, usize)>,
    pub(crate) pattern: Option<Arc<Pattern>>,
}

/// Holds a set of rules.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    rules: Vec<Rule>,
}

/// Shortest text that the single pass looks for; shorter ones stand everywhere.
pub(crate) const SHORTEST_ANCHOR: usize = 3;

impl Rules {
    /// Returns the rules of this build.
    pub fn builtin() -> Self {
        Self::secrets().and(Self::personal()).and(Self::hidden())
    }

    /// Returns the rules of this build for personal data.
    pub fn personal() -> Self {
        Self::of(PERSONAL)
    }

    /// Returns the rules of this build for secrets.
    pub fn secrets() -> Self {
        Self::of(SECRETS)
    }

    /// Returns the rules of this build for hidden content.
    pub fn hidden() -> Self {
        Self::of(HIDDEN)
    }

    fn of(texts: &[&str]) -> Self {
        let mut rules = Self::default();
        for text in texts {
            // A test reads them all; a rule that cannot be read is left out here.
            if let Ok(more) = Self::parse(text) {
                rules.rules.extend(more.rules);
            }
        }
        rules
    }

    /// Returns the texts of the rules for secrets, for digests of what a scan looks for.
    pub fn texts() -> &'static [&'static str] {
        SECRETS
    }

    /// Reads rules from text, of this form or of Gitleaks; the first error where there is one. See [`read`](crate::read).
    pub fn parse(text: &str) -> Result<Self, RuleProblem> {
        reading::read(text).into_rules()
    }

    /// Keeps the rules that `keep` agrees to.
    #[must_use]
    pub fn only(mut self, keep: impl Fn(&Rule) -> bool) -> Self {
        self.rules.retain(keep);
        self
    }

    /// Adds the rules of another set.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.rules.extend(other.rules);
        self
    }

    /// Lists the rules.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter()
    }

    pub(crate) fn push(&mut self, rule: Rule) {
        self.rules.push(rule);
    }

    pub(crate) fn into_vec(self) -> Vec<Rule> {
        self.rules
    }
}

/// A rule of which keys are still to come.
pub(crate) struct Draft {
    pub(crate) rule: Rule,
    find: Option<String>,
    behind: Option<String>,
}

impl Draft {
    pub(crate) fn new(id: &str) -> Self {
        Self {
            find: None,
            behind: None,
            rule: Rule {
                id: id.to_owned(),
                name: id.to_owned(),
                class: Class::Secret,
                severity: Level::High,
                confidence: Level::High,
                examples: Vec::new(),
                negative_examples: Vec::new(),
                kind: Kind::Token,
                check: Check::Random,
                shape: None,
                anchors: Vec::new(),
                after: Vec::new(),
                near: Vec::new(),
                names: Vec::new(),
                layouts: Vec::new(),
                behind: None,
                pattern: None,
            },
        }
    }

    /// Takes a key; nothing where its value has no meaning.
    pub(crate) fn set(&mut self, key: &str, values: Vec<String>) -> Option<()> {
        let rule = &mut self.rule;
        let bytes = |values: &[String]| values.iter().map(|value| value.clone().into_bytes()).collect();
        match key {
            "examples" => rule.examples = values,
            "negative" => rule.negative_examples = values,
            "anchors" => rule.anchors = bytes(&values),
            "after" => rule.after = bytes(&values),
            "near" => rule.near = bytes(&values),
            "names" => rule.names = bytes(&values),
            "layouts" => rule.layouts = values,
            _ => {
                let value = match values.as_slice() {
                    [value] => value.as_str(),
                    _ => return None,
                };
                match key {
                    "name" => value.clone_into(&mut rule.name),
                    "find" => self.find = Some(value.to_owned()),
                    "behind" => self.behind = Some(value.to_owned()),
                    "severity" => rule.severity = level(value)?,
                    "confidence" => rule.confidence = level(value)?,
                    "check" => rule.check = Check::named(value)?,
                    "class" => {
                        rule.class = match value {
                            "secret" => Class::Secret,
                            "personal" => Class::Personal,
                            "hidden" => Class::Hidden,
                            "poison" => Class::Poison,
                            _ => return None,
                        }
                    }
                    "kind" => {
                        rule.kind = match value {
                            "token" => Kind::Token,
                            "pem" => Kind::Pem,
                            "url" => Kind::Url,
                            "basic" => Kind::Basic,
                            "docker-auth" => Kind::DockerAuth,
                            "assigned-key" => Kind::AssignedKey,
                            "assigned-password" => Kind::AssignedPassword,
                            other => match Personal::named(other) {
                                Some(kind) => Kind::Personal(kind),
                                None => Kind::Hidden(Sort::named(other)?),
                            },
                        }
                    }
                    _ => return None,
                }
            }
        }
        Some(())
    }

    pub(crate) fn finish(self) -> Result<Rule, RuleError> {
        let mut rule = self.rule;
        let error = || RuleError::Pattern;
        if rule.kind == Kind::Pattern {
            return Ok(rule);
        }
        if let Some(find) = &self.find {
            rule.shape = Some(Shape::compile(find).map_err(|_| error())?);
        }
        if let Some(behind) = &self.behind {
            let shape = Shape::compile(behind).map_err(|_| error())?;
            rule.behind = Some(shape.single_run().ok_or_else(error)?);
        }
        if rule.kind == Kind::Token && rule.shape.is_none() {
            return Err(error());
        }
        if let Kind::Personal(kind) = rule.kind {
            return if is_complete(&rule, kind) {
                Ok(rule)
            } else {
                Err(error())
            };
        }
        let is_sought = matches!(rule.kind, Kind::Hidden(sort) if sort.is_sought());
        if rule.anchors.is_empty() && rule.after.is_empty() && !is_sought {
            let shape = rule.shape.as_ref().ok_or_else(error)?;
            rule.anchors = shape.anchors().into_iter().map(<[u8]>::to_vec).collect();
        }
        let short = |anchor: &Vec<u8>| anchor.len() < SHORTEST_ANCHOR;
        if rule.anchors.iter().any(short) || rule.after.iter().any(short) {
            return Err(error());
        }
        Ok(rule)
    }
}

/// Says whether a rule for personal data has what its kind needs, and nothing that the single pass cannot look for.
fn is_complete(rule: &Rule, kind: Personal) -> bool {
    let long = |text: &Vec<u8>| text.len() >= SHORTEST_ANCHOR;
    let mut layouts = Layouts::default();
    let number = matches!(rule.check, Check::Number(_)) && !rule.layouts.is_empty();
    (kind == Personal::Number) == number
        && rule.layouts.iter().all(|layout| layouts.add(layout, 0).is_some())
        && rule.anchors.iter().chain(&rule.after).chain(&rule.near).all(long)
}

fn level(name: &str) -> Option<Level> {
    match name {
        "low" => Some(Level::Low),
        "medium" => Some(Level::Medium),
        "high" => Some(Level::High),
        _ => None,
    }
}

/// Texts of the rules of this build for secrets.
const SECRETS: &[&str] = &[
    include_str!("../rules/models.toml"),
    include_str!("../rules/clouds.toml"),
    include_str!("../rules/services.toml"),
    include_str!("../rules/general.toml"),
];

/// Texts of the rules of this build for personal data.
const PERSONAL: &[&str] = &[include_str!("../rules/personal.toml")];
/// Texts of the rules of this build for hidden content.
const HIDDEN: &[&str] = &[include_str!("../rules/hidden.toml")];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_rule_of_this_build_can_be_read() {
        let mut ids = BTreeSet::new();
        for text in SECRETS.iter().chain(PERSONAL).chain(HIDDEN) {
            for rule in Rules::parse(text).unwrap().iter() {
                assert!(ids.insert(rule.id.clone()), "{} stands twice", rule.id);
                assert!(!rule.examples.is_empty(), "{}: no examples", rule.id);
                assert!(
                    !rule.negative_examples.is_empty(),
                    "{}: no negative examples",
                    rule.id
                );
            }
        }
        assert!(ids.len() > 190);
    }
}
