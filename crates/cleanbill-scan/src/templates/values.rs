//! What an expression of a template is worth, as far as that is known without rendering.

use std::{fmt::Write, rc::Rc};

/// LIMIT: longest text whose characters are followed; of a longer one only the length is.
const TEXT_BYTES: usize = 64 * 1024;
/// LIMIT: values that one variable may have, depending on the branch taken; names of attacks are put together from few.
const CHOICES: usize = 6;

/// Holds what is known of a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// Nothing.
    Unknown,
    /// A text; `computed` where it is not written as it stands.
    Text {
        text: Rc<str>,
        computed: bool,
    },
    /// A text or list of which only the length is known.
    Long(u128),
    Integer(i128),
    Bool(bool),
    None,
    List(Rc<Vec<Self>>),
    Dict(Rc<Vec<(Self, Self)>>),
    /// So many whole numbers.
    Range(u128),
    /// An object of Jinja or of the program around it.
    Object(&'static str),
    /// A namespace, by its number.
    Space(usize),
    /// A macro of the template, by its number.
    Macro(usize),
    /// A method not called yet.
    Method(Rc<Self>, Rc<str>),
    /// One of these.
    Either(Rc<Vec<Self>>),
}

impl Value {
    pub(super) fn written(text: &str) -> Self {
        Self::Text {
            text: text.into(),
            computed: false,
        }
    }

    /// Returns a text that was put together; only its length where it is long.
    pub(super) fn computed(text: &str) -> Self {
        if text.len() > TEXT_BYTES {
            return Self::Long(text.len() as u128);
        }
        Self::Text {
            text: text.into(),
            computed: true,
        }
    }

    pub(super) fn list(values: Vec<Self>) -> Self {
        Self::List(Rc::new(values))
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Lists what it may be.
    pub(super) fn choices(&self) -> &[Self] {
        match self {
            Self::Either(values) => values,
            other => std::slice::from_ref(other),
        }
    }

    /// Returns what is either of both.
    #[expect(clippy::needless_pass_by_value, reason = "callers have made both")]
    pub(super) fn or(self, other: Self) -> Self {
        if self == other {
            return self;
        }
        let mut all: Vec<Self> = Vec::new();
        for one in self.choices().iter().chain(other.choices()) {
            if all.len() < CHOICES && !all.contains(one) {
                all.push(one.clone());
            }
        }
        Self::Either(Rc::new(all))
    }

    /// Applies `operation` to every pair of what both may be.
    pub(super) fn pairs(&self, other: &Self, mut operation: impl FnMut(&Self, &Self) -> Self) -> Self {
        let mut result: Option<Self> = None;
        for one in self.choices() {
            for two in other.choices() {
                let value = operation(one, two);
                result = Some(match result {
                    None => value,
                    Some(before) => before.or(value),
                });
            }
        }
        result.unwrap_or(Self::Unknown)
    }

    pub(super) fn each(&self, mut operation: impl FnMut(&Self) -> Self) -> Self {
        let mut result: Option<Self> = None;
        for one in self.choices() {
            let value = operation(one);
            result = Some(match result {
                None => value,
                Some(before) => before.or(value),
            });
        }
        result.unwrap_or(Self::Unknown)
    }

    /// Returns how long it is.
    pub(super) fn length(&self) -> Option<u128> {
        Some(match self {
            Self::Text { text, .. } => text.chars().count() as u128,
            Self::Long(length) | Self::Range(length) => *length,
            Self::List(values) => values.len() as u128,
            Self::Dict(values) => values.len() as u128,
            _ => return None,
        })
    }

    /// Returns it as Jinja would print it.
    pub(super) fn printed(&self) -> Option<String> {
        Some(match self {
            Self::Text { text, .. } => text.to_string(),
            Self::Integer(number) => number.to_string(),
            Self::Bool(true) => "True".to_owned(),
            Self::Bool(false) => "False".to_owned(),
            Self::None => "None".to_owned(),
            _ => return None,
        })
    }

    /// Lists what a loop goes through, at most `most`.
    pub(super) fn items(&self, most: usize) -> Option<Vec<Self>> {
        Some(match self {
            Self::Text { text, .. } => text
                .chars()
                .take(most)
                .map(|c| Self::computed(&c.to_string()))
                .collect(),
            Self::List(values) => values.iter().take(most).cloned().collect(),
            Self::Dict(pairs) => pairs.iter().take(most).map(|(key, _)| key.clone()).collect(),
            Self::Range(length) => (0_i128..)
                .take(most.min(usize::try_from(*length).unwrap_or(usize::MAX)))
                .map(Self::Integer)
                .collect(),
            _ => return None,
        })
    }
}

/// Returns the part of `items` that a slice picks.
pub(super) fn slice<T: Clone>(items: &[T], from: Option<i128>, to: Option<i128>, step: i128) -> Vec<T> {
    let length = items.len() as i128;
    let place = |at: i128| if at < 0 { at.saturating_add(length) } else { at };
    let mut picked = Vec::new();
    if step > 0 {
        let end = to.map_or(length, place).min(length);
        let mut at = from.map_or(0, place).max(0);
        while at < end {
            picked.extend(usize::try_from(at).ok().and_then(|at| items.get(at)).cloned());
            at = at.saturating_add(step);
        }
    } else if step < 0 {
        let end = to.map_or(-1, |to| place(to).max(-1));
        let mut at = from.map_or(length - 1, place).min(length - 1);
        while at > end {
            picked.extend(usize::try_from(at).ok().and_then(|at| items.get(at)).cloned());
            at = at.saturating_add(step);
        }
    }
    picked
}

/// Fills in a text of `%` or of the filter `format`; `None` where something is not known.
pub(super) fn percent(pattern: &str, values: &[Value]) -> Option<String> {
    let mut out = String::new();
    let mut values = values.iter();
    let mut rest = pattern.chars().peekable();
    while let Some(character) = rest.next() {
        if character != '%' {
            out.push(character);
            continue;
        }
        while rest
            .next_if(|c| c.is_ascii_digit() || matches!(c, '-' | '+' | ' ' | '#' | '.'))
            .is_some()
        {}
        match rest.next()? {
            '%' => out.push('%'),
            'c' => out.push_str(&character_of(values.next()?)?),
            'x' => match values.next()? {
                Value::Integer(number) => write!(out, "{number:x}").ok()?,
                _ => return None,
            },
            's' | 'r' | 'd' | 'i' | 'a' => out.push_str(&values.next()?.printed()?),
            _ => return None,
        }
    }
    Some(out)
}

/// Fills in a text of the method `format`.
pub(super) fn braces(pattern: &str, values: &[Value], named: &[(String, Value)]) -> Option<String> {
    let mut out = String::new();
    let mut rest = pattern;
    let mut next = 0_usize;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        if after.starts_with("{{") || after.starts_with("}}") {
            out.push_str(after.get(..1)?);
            rest = after.get(2..)?;
            continue;
        }
        let (field, behind) = after.strip_prefix('{')?.split_once('}')?;
        rest = behind;
        let (name, form) = field.split_once(':').unwrap_or((field, ""));
        let value = if name.is_empty() {
            next += 1;
            values.get(next - 1)?
        } else if let Ok(index) = name.parse::<usize>() {
            values.get(index)?
        } else {
            &named.iter().find(|(known, _)| known == name)?.1
        };
        if form.ends_with('c') {
            out.push_str(&character_of(value)?);
        } else {
            out.push_str(&value.printed()?);
        }
    }
    out.push_str(rest);
    Some(out)
}

fn character_of(value: &Value) -> Option<String> {
    match value {
        Value::Integer(code) => char::from_u32(u32::try_from(*code).ok()?).map(String::from),
        Value::Text { text, .. } => Some(text.to_string()),
        _ => None,
    }
}
