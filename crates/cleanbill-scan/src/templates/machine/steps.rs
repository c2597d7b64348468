//! Attributes, subscripts, calls, filters and tests.

use std::{collections::BTreeMap, rc::Rc};

use cleanbill_code::jinja::{Argument, Expression, ExpressionKind, Step, StepKind};

use super::{
    super::{
        CALLS, GADGETS, INNER, KEYS, METHODS, MODULES, PRIVATE_GADGETS, ROUNDS, Sign, is_dunder,
        methods::{Given, Made, apply, item, part},
        values::Value,
    },
    Machine,
};

/// Filters that read attributes by name, with the place of the name among the arguments without keyword.
const BY_NAME: &[(&str, Option<usize>)] = &[
    ("groupby", Some(0)),
    ("map", None),
    ("max", None),
    ("min", None),
    ("rejectattr", Some(0)),
    ("selectattr", Some(0)),
    ("sort", None),
    ("sum", Some(0)),
    ("unique", None),
];
/// Attributes of a request or configuration of a web program that bring text from outside or secrets.
const OUTSIDE: &[&str] = &[
    "SECRET_KEY",
    "application",
    "args",
    "cookies",
    "data",
    "environ",
    "form",
    "from_envvar",
    "from_object",
    "from_pyfile",
    "headers",
    "json",
    "values",
];

impl<'a> Machine<'a> {
    pub(super) fn steps(&mut self, mut value: Value, base: &'a Expression, steps: &'a [Step]) -> Value {
        let root = match &base.kind {
            ExpressionKind::Name(name) => Some(name.as_str()),
            _ => None,
        };
        let defined = root.is_some_and(|root| self.state.names.contains_key(root));
        if let (Some(root), false, Some(first)) = (root, defined, steps.first()) {
            self.root(root, &value, first, steps);
        }
        let mut printed = false;
        for (index, step) in steps.iter().enumerate() {
            let at = step.range.start;
            let called = matches!(
                steps.get(index + 1).map(|next| &next.kind),
                Some(StepKind::Call(_))
            );
            let was_printed = std::mem::take(&mut printed);
            value = match &step.kind {
                StepKind::Attribute(name) => {
                    self.attribute(&value, name, called, index == 0 && root.is_some(), at)
                }
                StepKind::Item(key) => {
                    if was_printed {
                        self.hit(Sign::Picking, at, "|string[...]");
                    }
                    let key = self.value(key);
                    self.subscript(&value, &key, at)
                }
                StepKind::Slice(parts) => {
                    if was_printed {
                        self.hit(Sign::Picking, at, "|string[...]");
                    }
                    self.slice(&value, parts, at)
                }
                StepKind::Call(arguments) => {
                    let given = self.arguments(arguments, true);
                    if let (Some(root), 0) = (root, index) {
                        self.call_of(root, defined, &given, at);
                    }
                    if let (1, Some(StepKind::Attribute(name))) =
                        (index, steps.first().map(|step| &step.kind))
                    {
                        self.grows(root, name, at);
                    }
                    self.call(&value, &given, at)
                }
                StepKind::Filter(name, arguments) => {
                    let next = steps.get(index + 1).map(|next| &next.kind);
                    if name == "string" {
                        if matches!(next, Some(StepKind::Filter(next, _)) if next == "list") {
                            self.hit(Sign::Picking, at, "|string|list");
                        }
                        printed = of_inner_things(&value, steps.get(..index).unwrap_or_default());
                    }
                    self.filter(name, &value, arguments, at)
                }
                StepKind::Test(_, _, arguments) => {
                    self.arguments(arguments, false);
                    Value::Unknown
                }
            };
        }
        value
    }

    /// Looks at the name that a chain begins with, where the template does not define it.
    fn root(&mut self, root: &str, value: &Value, first: &Step, steps: &[Step]) {
        let at = first.range.start.saturating_sub(root.len());
        let opened = !matches!(first.kind, StepKind::Call(_) | StepKind::Test(..));
        if GADGETS.contains(&root) && opened {
            self.hit(Sign::Gadget, at, root);
        }
        if MODULES.contains(&root) && matches!(first.kind, StepKind::Attribute(_)) {
            self.hit(Sign::Call, at, root);
        }
        if PRIVATE_GADGETS.contains(&root) && matches!(value, Value::Object(_)) {
            let name = match &first.kind {
                StepKind::Attribute(name) => Some(name.as_str()),
                StepKind::Item(Expression {
                    kind: ExpressionKind::Text { text, .. },
                    ..
                }) => Some(text.as_str()),
                _ => None,
            };
            let outside = matches!(root, "request" | "config") && steps.len() <= 8;
            if let Some(name) = name.filter(|name| name.starts_with('_') || outside && OUTSIDE.contains(name))
            {
                let bare = root == "config"
                    && matches!(name, "args" | "data" | "json" | "values" | "headers" | "form");
                if !bare {
                    self.hit(Sign::Gadget, at, &format!("{root}.{name}"));
                }
            }
        }
    }

    /// Looks at a call of a name.
    fn call_of(&mut self, root: &str, defined: bool, given: &Given, at: usize) {
        if defined && root != "loop" {
            return;
        }
        if CALLS.contains(&root) {
            self.hit(Sign::Call, at.saturating_sub(root.len()), root);
        }
        let largest = given
            .plain
            .iter()
            .chain(given.named.iter().map(|(_, value)| value))
            .filter_map(|value| match value {
                Value::Integer(number) => Some(number.unsigned_abs()),
                _ => None,
            });
        if root == "lipsum" && largest.max().is_some_and(|largest| largest >= 100_000) {
            self.hit(Sign::Endless, at, root);
        }
        if root == "loop"
            && let (Some(Some(over)), Some(Value::Unknown)) =
                (self.looped.last().cloned(), given.plain.first())
            && self.source.get(at..).is_some_and(|rest| {
                rest.strip_prefix('(')
                    .and_then(|rest| rest.trim_start().strip_prefix(over.as_str()))
                    .is_some_and(|rest| rest.trim_start().starts_with(')'))
            })
        {
            self.hit(Sign::Endless, at, "a loop that goes into itself");
        }
    }

    /// Looks at a list that grows while a loop goes through it.
    fn grows(&mut self, root: Option<&str>, name: &str, at: usize) {
        if matches!(name, "append" | "extend" | "insert")
            && root.is_some_and(|root| self.looped.iter().any(|over| over.as_deref() == Some(root)))
        {
            self.hit(
                Sign::Endless,
                at,
                "a list that grows while a loop goes through it",
            );
        }
    }

    fn attribute(&mut self, value: &Value, name: &str, called: bool, of_name: bool, at: usize) -> Value {
        let at = at + 1;
        if is_dunder(name) {
            self.hit(Sign::Dunder, at, name);
        } else if INNER.contains(&name) {
            self.hit(Sign::Gadget, at, name);
        } else if called && METHODS.contains(&name) {
            self.hit(Sign::Call, at, name);
        } else if name == "format_map" || !called && name == "format" && !of_name {
            self.hit(Sign::Picking, at, name);
        }
        value.each(|value| match value {
            Value::Space(space) => self
                .state
                .spaces
                .get(*space)
                .and_then(|space| space.get(name))
                .cloned()
                .unwrap_or(Value::Unknown),
            Value::Dict(_) if !called => item(value, &Value::written(name)),
            Value::Unknown | Value::Object(_) => Value::Unknown,
            other => Value::Method(Rc::new(other.clone()), name.into()),
        })
    }

    fn subscript(&mut self, value: &Value, key: &Value, at: usize) -> Value {
        for key in key.choices() {
            if let Value::Text { text, computed } = key {
                if is_dunder(text) && *computed {
                    self.hit(Sign::HiddenDunder, at, text);
                } else if INNER.contains(&&**text) {
                    self.hit(Sign::Gadget, at, text);
                } else if KEYS.contains(&&**text) && !matches!(value, Value::Dict(_)) {
                    self.hit(Sign::Call, at, text);
                }
            }
        }
        value.pairs(key, |value, key| match (value, key) {
            (Value::Space(space), Value::Text { text, .. }) => self
                .state
                .spaces
                .get(*space)
                .and_then(|space| space.get(text))
                .cloned()
                .unwrap_or(Value::Unknown),
            (value, key) => item(value, key),
        })
    }

    fn slice(&mut self, value: &Value, parts: &'a [Option<Expression>; 3], at: usize) -> Value {
        let [from, to, step] = parts
            .each_ref()
            .map(|part| part.as_ref().map(|part| self.value(part)));
        let number = |value: &Option<Value>| match value {
            None => Some(None),
            Some(Value::Integer(number)) => Some(Some(*number)),
            Some(_) => None,
        };
        let (Some(from), Some(to), Some(step)) = (number(&from), number(&to), number(&step)) else {
            return Value::Unknown;
        };
        value.each(|value| {
            let picked = part(value, from, to, step.unwrap_or(1));
            match picked.text() {
                Some(text) => {
                    let text = text.to_owned();
                    self.made(&text, at)
                }
                None => picked,
            }
        })
    }

    fn arguments(&mut self, arguments: &'a [Argument], names_count: bool) -> Given {
        let mut given = Given {
            plain: Vec::new(),
            named: Vec::new(),
        };
        for argument in arguments {
            let value = self.value(&argument.value);
            match argument.name.as_deref() {
                None | Some("*") => given.plain.push(value),
                Some("**") => {}
                Some(name) => {
                    if names_count {
                        // The names of arguments are texts as well: `dict(__cla=1, ss__=1)|join`.
                        self.literal(
                            name,
                            false,
                            argument.value.range.start.saturating_sub(name.len() + 1),
                        );
                    }
                    given.named.push((name.to_owned(), value));
                }
            }
        }
        given
    }

    fn call(&mut self, callee: &Value, given: &Given, at: usize) -> Value {
        callee.each(|callee| match callee {
            Value::Object("namespace") => {
                let space: BTreeMap<Rc<str>, Value> = given
                    .named
                    .iter()
                    .map(|(name, value)| (name.as_str().into(), value.clone()))
                    .collect();
                self.state.spaces.push(space);
                Value::Space(self.state.spaces.len() - 1)
            }
            Value::Object("dict") => Value::Dict(Rc::new(
                given
                    .named
                    .iter()
                    .map(|(name, value)| (Value::computed(name), value.clone()))
                    .collect(),
            )),
            Value::Object("range") => self.range(given, at),
            Value::Macro(number) => {
                let mut all: Vec<(Option<String>, Value)> =
                    given.plain.iter().map(|value| (None, value.clone())).collect();
                all.extend(
                    given
                        .named
                        .iter()
                        .map(|(name, value)| (Some(name.clone()), value.clone())),
                );
                self.call_macro(*number, &all, at)
            }
            Value::Method(owner, name) => {
                let (owner, name) = (owner.clone(), name.clone());
                self.apply(&name, false, &owner, given, at)
            }
            _ => Value::Unknown,
        })
    }

    fn range(&mut self, given: &Given, at: usize) -> Value {
        let largest = |value: &Value| {
            let numbers = value.choices().iter().filter_map(|one| match one {
                Value::Integer(number) => Some(*number),
                _ => None,
            });
            numbers.max()
        };
        let number = |index: usize| given.plain.get(index).and_then(largest);
        let length = match (given.plain.len(), number(0), number(1)) {
            (1, Some(end), _) => end,
            (_, Some(start), Some(end)) => {
                let step = number(2).unwrap_or(1);
                end.saturating_sub(start).checked_div(step).unwrap_or(0)
            }
            _ => return Value::Unknown,
        };
        let length = u128::try_from(length).unwrap_or(0);
        if length >= ROUNDS {
            self.hit(Sign::Endless, at, &format!("range of {length}"));
        }
        Value::Range(length)
    }

    fn apply(&mut self, name: &str, is_filter: bool, value: &Value, given: &Given, at: usize) -> Value {
        value.each(|value| match apply(name, is_filter, value, given) {
            Made::Text(text) => self.made(&text, at),
            Made::Filled(filled) => {
                let pattern = value.text().unwrap_or_default().to_owned();
                let field = |start: &str| {
                    pattern.split('{').skip(1).any(|rest| {
                        rest.trim_start_matches(|c: char| c.is_ascii_digit())
                            .starts_with(start)
                    })
                };
                if !is_filter && (field(".") || field("[")) {
                    self.hit(Sign::Picking, at, &pattern);
                }
                self.filled(&pattern, filled, at)
            }
            Made::Value(value) => value,
            Made::Wide(width) => self.long(u128::try_from(width).unwrap_or(0), at),
        })
    }

    fn filter(&mut self, name: &str, value: &Value, arguments: &'a [Argument], at: usize) -> Value {
        let given = self.arguments(arguments, false);
        if name == "attr" {
            self.hit(Sign::AttrFilter, at, "|attr");
            return Value::Unknown;
        }
        if let Some((_, place)) = BY_NAME.iter().find(|(known, _)| *known == name) {
            let by_keyword = given
                .named
                .iter()
                .find(|(name, _)| name == "attribute")
                .map(|(_, value)| value);
            let by_place = place.and_then(|place| given.plain.get(place));
            if let Some(attribute) = by_keyword.or(by_place)
                && attribute
                    .choices()
                    .iter()
                    .any(|one| matches!(one, Value::Unknown))
            {
                self.hit(Sign::AttrFilter, at, &format!("|{name}"));
            }
        }
        if name == "map" && given.plain.first().and_then(Value::text) == Some("attr") {
            self.hit(Sign::AttrFilter, at, "|map('attr')");
        }
        if matches!(
            name,
            "eval" | "exec" | "system" | "popen" | "shell" | "include" | "include_file" | "read_file" | "env"
        ) {
            self.hit(Sign::Call, at, name);
        }
        if name == "batch" || name == "slice" {
            let huge =
                |value: &Value| matches!(value, Value::Integer(number) if number.unsigned_abs() >= ROUNDS);
            if given.plain.iter().any(huge) {
                self.hit(Sign::Endless, at, name);
            }
        }
        self.apply(name, true, value, &given, at)
    }
}

/// Says whether the text form of something inner is made, whose characters are known whoever runs it: an object of Jinja, a
/// container as it is written, what a filter makes of nothing.
fn of_inner_things(value: &Value, before: &[Step]) -> bool {
    let lazy = before.iter().any(|step| {
        matches!(&step.kind, StepKind::Filter(name, _) if matches!(name.as_str(), "select" | "reject" | "map" | "batch" | "slice" | "selectattr" | "rejectattr"))
    });
    lazy || value.choices().iter().any(|one| {
        matches!(
            one,
            Value::Object(_) | Value::Macro(_) | Value::Space(_) | Value::Method(..) | Value::Range(_)
        )
    })
}
