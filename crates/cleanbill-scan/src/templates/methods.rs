//! What filters and methods make of values that are known.

use super::values::{Value, braces, percent, slice};

/// What came out.
pub(super) enum Made {
    /// A text that was put together, to be looked at.
    Text(String),
    /// A text filled into a pattern; `None` where something is not known.
    Filled(Option<String>),
    /// Anything else.
    Value(Value),
    /// A text padded to a width.
    Wide(i128),
}

/// Holds the arguments of a call.
pub(super) struct Given {
    pub(super) plain: Vec<Value>,
    pub(super) named: Vec<(String, Value)>,
}

impl Given {
    fn text(&self, index: usize) -> Option<&str> {
        self.plain.get(index).and_then(Value::text)
    }

    fn number(&self, index: usize) -> Option<i128> {
        match self.plain.get(index) {
            Some(Value::Integer(number)) => Some(*number),
            _ => None,
        }
    }
}

/// Applies a filter or method; the names of both mean the same where they are the same, save for `join`.
pub(super) fn apply(name: &str, is_filter: bool, value: &Value, given: &Given) -> Made {
    let unknown = Made::Value(Value::Unknown);
    if name == "join" {
        return join(is_filter, value, given);
    }
    if let Value::List(items) = value {
        return list(name, items, given);
    }
    if let Value::Dict(pairs) = value {
        let keys = || pairs.iter().map(|(key, _)| key.clone()).collect();
        return Made::Value(match name {
            "keys" | "list" => Value::list(keys()),
            "values" => Value::list(pairs.iter().map(|(_, value)| value.clone()).collect()),
            "items" | "dictsort" => Value::list(
                pairs
                    .iter()
                    .map(|(key, value)| Value::list(vec![key.clone(), value.clone()]))
                    .collect(),
            ),
            "first" => pairs.first().map_or(Value::Unknown, |(key, _)| key.clone()),
            "last" => pairs.last().map_or(Value::Unknown, |(key, _)| key.clone()),
            "get" => pairs
                .iter()
                .rev()
                .find(|(key, _)| Some(key) == given.plain.first())
                .map_or(Value::Unknown, |(_, value)| value.clone()),
            _ => Value::Unknown,
        });
    }
    if matches!(name, "default" | "d") {
        return Made::Value(match given.plain.first() {
            Some(other) => value.clone().or(other.clone()),
            None => value.clone(),
        });
    }
    if matches!(
        name,
        "center" | "ljust" | "rjust" | "zfill" | "indent" | "wordwrap"
    ) && let Some(width) = given.number(0).filter(|width| *width >= 4_096)
    {
        return Made::Wide(width);
    }
    if let (Value::Integer(number), "string" | "abs" | "int") = (value, name) {
        return match name {
            "string" => Made::Text(number.to_string()),
            "abs" => Made::Value(Value::Integer(number.saturating_abs())),
            _ => Made::Value(value.clone()),
        };
    }
    let Some(text) = value.text() else {
        return match (name, value) {
            ("safe" | "escape" | "e" | "forceescape" | "string" | "trim" | "reverse", Value::Long(_)) => {
                Made::Value(value.clone())
            }
            ("length" | "count", other) => Made::Value(length(other)),
            _ => unknown,
        };
    };
    let made = |text: String| Made::Text(text);
    match name {
        "safe" | "escape" | "e" | "forceescape" | "string" | "striptags" | "encode" | "decode"
        | "expandtabs" | "urlencode" | "indent" | "wordwrap" | "truncate" => Made::Value(value.clone()),
        "lower" | "casefold" => made(text.to_lowercase()),
        "upper" => made(text.to_uppercase()),
        "swapcase" => made(
            text.chars()
                .map(|c| {
                    if c.is_uppercase() {
                        c.to_ascii_lowercase()
                    } else {
                        c.to_ascii_uppercase()
                    }
                })
                .collect(),
        ),
        "title" | "capitalize" => {
            let mut characters = text.chars();
            let first = characters.next().map(|c| c.to_ascii_uppercase());
            made(
                first
                    .into_iter()
                    .chain(characters.flat_map(char::to_lowercase))
                    .collect(),
            )
        }
        "trim" | "strip" => made(strip(text, given.text(0), true, true)),
        "lstrip" => made(strip(text, given.text(0), true, false)),
        "rstrip" => made(strip(text, given.text(0), false, true)),
        "removeprefix" => made(
            given
                .text(0)
                .and_then(|cut| text.strip_prefix(cut))
                .unwrap_or(text)
                .to_owned(),
        ),
        "removesuffix" => made(
            given
                .text(0)
                .and_then(|cut| text.strip_suffix(cut))
                .unwrap_or(text)
                .to_owned(),
        ),
        "replace" => match (given.text(0), given.text(1)) {
            (Some(old), Some(new)) if new.len() < 256 || text.len() < 256 => made(text.replace(old, new)),
            _ => unknown,
        },
        "reverse" => made(text.chars().rev().collect()),
        "list" => Made::Value(Value::list(
            text.chars().map(|c| Value::computed(&c.to_string())).collect(),
        )),
        "first" => made(text.chars().take(1).collect()),
        "last" => made(text.chars().last().into_iter().collect()),
        "length" | "count" => Made::Value(length(value)),
        "split" | "rsplit" => {
            let parts: Vec<Value> = match given.text(0) {
                Some(separator) if !separator.is_empty() => {
                    text.split(separator).map(Value::computed).collect()
                }
                _ => text.split_whitespace().map(Value::computed).collect(),
            };
            Made::Value(Value::list(parts))
        }
        "splitlines" => Made::Value(Value::list(text.lines().map(Value::computed).collect())),
        "int" => Made::Value(text.trim().parse().map_or(Value::Unknown, Value::Integer)),
        "center" | "ljust" | "rjust" | "zfill" => {
            let width = usize::try_from(given.number(0).unwrap_or(0)).unwrap_or(0);
            let fill = given
                .text(1)
                .and_then(|fill| fill.chars().next())
                .unwrap_or(match name {
                    "zfill" => '0',
                    _ => ' ',
                });
            let missing = width.saturating_sub(text.chars().count());
            let left = match name {
                "center" => missing / 2,
                "ljust" => 0,
                _ => missing,
            };
            let side = |count: usize| String::from(fill).repeat(count);
            made(format!("{}{text}{}", side(left), side(missing - left)))
        }
        "format" if is_filter => Made::Filled(percent(text, &given.plain)),
        "format" | "format_map" => Made::Filled(braces(text, &given.plain, &given.named)),
        "tojson" => made(format!("\"{text}\"")),
        _ => unknown,
    }
}

fn length(value: &Value) -> Value {
    value
        .length()
        .and_then(|length| i128::try_from(length).ok())
        .map_or(Value::Unknown, Value::Integer)
}

fn join(is_filter: bool, value: &Value, given: &Given) -> Made {
    let (between, items) = if is_filter {
        (given.text(0).unwrap_or_default().to_owned(), value.items(4_096))
    } else {
        let items = given.plain.first().and_then(|list| list.items(4_096));
        (value.text().unwrap_or_default().to_owned(), items)
    };
    let Some(items) = items else {
        return Made::Value(Value::Unknown);
    };
    let mut out = String::new();
    for (index, item) in items.iter().enumerate() {
        // Of several that it may be, the last stands for all; what is not known is left out.
        let printed = item.choices().iter().rev().find_map(Value::printed);
        if index > 0 {
            out.push_str(&between);
        }
        out.push_str(printed.as_deref().unwrap_or("\u{fffd}"));
    }
    Made::Text(out)
}

fn list(name: &str, items: &[Value], given: &Given) -> Made {
    let texts = |change: fn(&str) -> String| {
        let changed = items.iter().map(|item| {
            item.text()
                .map_or(item.clone(), |text| Value::computed(&change(text)))
        });
        Value::list(changed.collect())
    };
    Made::Value(match name {
        "reverse" => Value::list(items.iter().rev().cloned().collect()),
        "list" | "unique" | "select" | "safe" => Value::list(items.to_vec()),
        "sort" => {
            let mut sorted = items.to_vec();
            sorted.sort_by(|one, other| one.text().cmp(&other.text()));
            Value::list(sorted)
        }
        "first" | "min" => items.first().cloned().unwrap_or(Value::Unknown),
        "last" | "max" | "pop" => items.last().cloned().unwrap_or(Value::Unknown),
        "random" => items.iter().cloned().reduce(Value::or).unwrap_or(Value::Unknown),
        "length" | "count" => Value::Integer(items.len() as i128),
        "sum" => return join(true, &Value::list(items.to_vec()), given),
        "map" => match given.text(0) {
            Some("lower") => texts(str::to_lowercase),
            Some("upper") => texts(str::to_uppercase),
            Some("trim") => texts(|text| text.trim().to_owned()),
            Some("reverse") => texts(|text| text.chars().rev().collect()),
            Some("first") => texts(|text| text.chars().take(1).collect()),
            Some("last") => texts(|text| text.chars().last().into_iter().collect()),
            Some("string" | "safe" | "list") => Value::list(items.to_vec()),
            _ => Value::Unknown,
        },
        "batch" | "slice" => Value::list(vec![Value::list(items.to_vec())]),
        _ => Value::Unknown,
    })
}

fn strip(text: &str, characters: Option<&str>, left: bool, right: bool) -> String {
    let cut = |c: char| characters.map_or(c.is_whitespace(), |set| set.contains(c));
    let mut text = text;
    if left {
        text = text.trim_start_matches(cut);
    }
    if right {
        text = text.trim_end_matches(cut);
    }
    text.to_owned()
}

/// Picks by a subscript.
pub(super) fn item(value: &Value, key: &Value) -> Value {
    match (value, key) {
        (Value::Dict(pairs), key) => pairs
            .iter()
            .rev()
            .find(|(known, _)| known.printed().is_some() && known.printed() == key.printed())
            .map_or(Value::Unknown, |(_, value)| value.clone()),
        (Value::List(items), Value::Integer(at)) => {
            let end = at.checked_add(1).filter(|end| *end != 0);
            slice(items, Some(*at), end, 1)
                .into_iter()
                .next()
                .unwrap_or(Value::Unknown)
        }
        (Value::Text { text, .. }, Value::Integer(at)) => {
            let characters: Vec<char> = text.chars().collect();
            let end = at.checked_add(1).filter(|end| *end != 0);
            let picked: String = slice(&characters, Some(*at), end, 1).into_iter().collect();
            Value::computed(&picked)
        }
        _ => Value::Unknown,
    }
}

/// Picks by a slice.
pub(super) fn part(value: &Value, from: Option<i128>, to: Option<i128>, step: i128) -> Value {
    match value {
        Value::List(items) => Value::list(slice(items, from, to, step)),
        Value::Text { text, .. } => {
            let characters: Vec<char> = text.chars().collect();
            Value::computed(&slice(&characters, from, to, step).into_iter().collect::<String>())
        }
        _ => Value::Unknown,
    }
}
