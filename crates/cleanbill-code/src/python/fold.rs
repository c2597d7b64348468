//! Operators and methods of constants.

use std::rc::Rc;

use super::{
    facts::Traits,
    text,
    tree::Operator,
    values::{Given, ITEMS, Value, What},
};

/// LIMIT: bytes of a text that folding makes; a longer one is unknown, and says that it was computed.
const TEXT_BYTES: usize = text::DECODED_BYTES;

fn computed(text: impl AsRef<str>, traits: Traits) -> Value {
    let text = text.as_ref();
    if text.len() > TEXT_BYTES {
        return Value::unknown().made_of(traits.with(Traits::COMPUTED));
    }
    Value::text(text).made_of(traits.with(Traits::COMPUTED))
}

/// Joins the parts of an f-string.
pub(super) fn join(parts: &[Value]) -> Value {
    let mut out = String::new();
    let mut known = true;
    let mut traits = Traits::default();
    let mut fields = 0_usize;
    let mut origin = None;
    for part in parts {
        traits = traits.with(part.traits);
        origin = origin.or_else(|| part.origin.clone());
        match (&part.what, plain(part)) {
            (_, Some(text)) if out.len() < TEXT_BYTES => out.push_str(&text),
            // What is unknown stands as a mark, so that rules see the rest of an address or a command.
            _ => {
                known = false;
                out.push('\u{fffc}');
            }
        }
        fields = fields.saturating_add(1);
    }
    let value = Value::text(&out).made_of(traits).with_origin(origin);
    if known && fields > 1 {
        value.made_of(Traits::COMPUTED)
    } else {
        value
    }
}

fn plain(value: &Value) -> Option<String> {
    match &value.what {
        What::Text(text) => Some(text.to_string()),
        What::Number(number) => Some(number.to_string()),
        What::Truth(true) => Some("True".to_owned()),
        What::Truth(false) => Some("False".to_owned()),
        _ => None,
    }
}

/// Applies an operator to two values.
pub(super) fn operate(operator: Operator, left: &Value, right: &Value) -> Value {
    let traits = left.traits.with(right.traits);
    let origin = left.origin.clone().or_else(|| right.origin.clone());
    match (operator, &left.what, &right.what) {
        (Operator::And | Operator::Or, ..) => left.clone().or(right.clone()),
        (Operator::Compare, ..) => Value::unknown(),
        (Operator::Add, What::Text(a), What::Text(b)) => {
            let value = if a.len().saturating_add(b.len()) > TEXT_BYTES {
                Value::unknown()
            } else {
                Value::text(&[&**a, &**b].concat())
            };
            value.made_of(traits.with(Traits::COMPUTED)).with_origin(origin)
        }
        // A part that is not known stands as a mark.
        (Operator::Add, What::Text(a), _) if a.len() < TEXT_BYTES => Value::text(&format!("{a}\u{fffc}"))
            .made_of(traits)
            .with_origin(origin),
        (Operator::Add, _, What::Text(b)) if b.len() < TEXT_BYTES => Value::text(&format!("\u{fffc}{b}"))
            .made_of(traits)
            .with_origin(origin),
        (Operator::Add, What::Bytes(a), What::Bytes(b)) if a.len().saturating_add(b.len()) < TEXT_BYTES => {
            Value::from(What::Bytes([&**a, &**b].concat().into())).made_of(traits.with(Traits::COMPUTED))
        }
        (Operator::Add, What::List(a), What::List(b)) if a.len().saturating_add(b.len()) < ITEMS => {
            Value::list(a.iter().chain(b.iter()).cloned().collect()).made_of(traits)
        }
        (Operator::Multiply, What::Text(text), What::Number(count)) => {
            let count = usize::try_from(*count).unwrap_or(0);
            if text.len().saturating_mul(count) > TEXT_BYTES {
                return Value::unknown().made_of(traits);
            }
            computed(text.repeat(count), traits)
        }
        (Operator::Remainder, What::Text(text), _) => {
            percent(text, right).made_of(traits).with_origin(origin)
        }
        (_, What::Number(a), What::Number(b)) => number(operator, *a, *b)
            .map_or_else(Value::unknown, |number| What::Number(number).into())
            .made_of(traits),
        (Operator::Xor, ..) => Value::unknown().made_of(traits.with(Traits::CRAFTED)),
        // `Path(a) / "b"` keeps the end of a path.
        (Operator::Divide, What::Name(name), What::Text(text)) => Value::from(What::Name(Rc::clone(name)))
            .made_of(traits)
            .with_origin(Some(
                [left.origin.as_deref().unwrap_or(""), "/", text].concat().into(),
            )),
        (Operator::Divide, _, What::Text(text)) => Value::text(&format!("\u{fffc}/{text}")).made_of(traits),
        _ => Value::unknown().made_of(traits).with_origin(origin),
    }
}

/// Applies operators one after the other; texts that are added up are joined at once, however many they are.
#[derive(Debug)]
pub(super) struct Chain {
    value: Value,
    /// What is added to the text of `value`.
    tail: String,
}

impl Chain {
    pub(super) fn new(first: Value) -> Self {
        Self {
            value: first,
            tail: String::new(),
        }
    }

    /// Returns the bytes that the next operator copies of what is there.
    pub(super) fn weight(&self, operator: Operator, right: &Value) -> usize {
        match (operator, &self.value.what, &right.what) {
            (Operator::Add, What::Text(_), What::Text(_)) => 0,
            _ => self.value.weight().saturating_add(self.tail.len()),
        }
    }

    pub(super) fn push(&mut self, operator: Operator, right: &Value) {
        if let (Operator::Add, What::Text(left), What::Text(more)) = (operator, &self.value.what, &right.what)
        {
            let length = left
                .len()
                .saturating_add(self.tail.len())
                .saturating_add(more.len());
            if length <= TEXT_BYTES {
                self.tail.push_str(more);
                self.value.traits = self.value.traits.with(right.traits.with(Traits::COMPUTED));
                self.value.origin = self.value.origin.take().or_else(|| right.origin.clone());
                return;
            }
        }
        self.settle();
        self.value = operate(operator, &self.value, right);
    }

    fn settle(&mut self) {
        if let (What::Text(text), false) = (&self.value.what, self.tail.is_empty()) {
            self.value.what = What::Text([&**text, self.tail.as_str()].concat().into());
            self.tail.clear();
        }
    }

    pub(super) fn value(mut self) -> Value {
        self.settle();
        self.value
    }
}

fn number(operator: Operator, a: i64, b: i64) -> Option<i64> {
    match operator {
        Operator::Add => a.checked_add(b),
        Operator::Subtract => a.checked_sub(b),
        Operator::Multiply => a.checked_mul(b),
        Operator::FloorDivide | Operator::Divide => a.checked_div_euclid(b),
        Operator::Remainder => a.checked_rem_euclid(b),
        Operator::Xor => Some(a ^ b),
        Operator::BitAnd => Some(a & b),
        Operator::BitOr => Some(a | b),
        Operator::Left => a.checked_shl(u32::try_from(b).ok()?),
        Operator::Right => a.checked_shr(u32::try_from(b).ok()?),
        Operator::Power => a.checked_pow(u32::try_from(b).ok()?),
        _ => None,
    }
}

/// Applies `-`, `+`, `~` or `not`.
pub(super) fn negate(operator: Operator, value: &Value) -> Value {
    match (operator, &value.what) {
        (Operator::Subtract, What::Number(number)) => number
            .checked_neg()
            .map_or_else(Value::unknown, |number| What::Number(number).into()),
        (Operator::Invert, What::Number(number)) => What::Number(!*number).into(),
        (Operator::Add, What::Number(_)) => value.clone(),
        (Operator::Not, _) => Value::unknown(),
        _ => Value::unknown().made_of(value.traits),
    }
}

/// Fills `%s` and its like; what is unknown leaves a mark.
fn percent(text: &str, right: &Value) -> Value {
    let values = match &right.what {
        What::List(items) => items.to_vec(),
        _ => vec![right.clone()],
    };
    let mut values = values.iter();
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix('%') {
            out.push('%');
            rest = after;
            continue;
        }
        let end = after
            .find(|c: char| c.is_ascii_alphabetic())
            .map_or(after.len(), |end| end.saturating_add(1));
        let letter = after.get(..end).and_then(|spec| spec.chars().last());
        match values.next() {
            Some(Value {
                what: What::Number(number),
                ..
            }) if letter == Some('c') => {
                out.push(char_of(*number).unwrap_or('\u{fffc}'));
            }
            Some(value) => out.push_str(plain(value).as_deref().unwrap_or("\u{fffc}")),
            None => out.push('\u{fffc}'),
        }
        rest = after.get(end..).unwrap_or_default();
        if out.len() > TEXT_BYTES {
            break;
        }
    }
    out.push_str(rest);
    computed(out, right.traits)
}

pub(super) fn char_of(number: i64) -> Option<char> {
    char::from_u32(u32::try_from(number).ok()?)
}

/// Takes a part of a constant: `start`, `end`, `step`.
pub(super) fn slice(value: &Value, bounds: [Option<i64>; 3]) -> Value {
    let (What::Text(_) | What::Bytes(_) | What::List(_), Some(items)) = (&value.what, value.items()) else {
        return Value::unknown().made_of(value.traits);
    };
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let step = bounds[2].unwrap_or(1);
    let place = |at: i64, low: i64, high: i64| {
        let at = if at < 0 { at.saturating_add(length) } else { at };
        at.clamp(low, high)
    };
    let last = length.saturating_sub(1);
    let (mut at, end) = if step < 0 {
        (
            bounds[0].map_or(last, |at| place(at, -1, last)),
            bounds[1].map_or(-1, |at| place(at, -1, last)),
        )
    } else {
        (
            bounds[0].map_or(0, |at| place(at, 0, length)),
            bounds[1].map_or(length, |at| place(at, 0, length)),
        )
    };
    let mut out = Vec::new();
    while step != 0 && (step > 0 && at < end || step < 0 && at > end) {
        if let Some(item) = usize::try_from(at).ok().and_then(|at| items.get(at)) {
            out.push(item.clone());
        }
        at = at.saturating_add(step);
    }
    let traits = value.traits.with(Traits::COMPUTED);
    match &value.what {
        What::Text(_) => Value::text(&texts(&out)),
        What::Bytes(_) => Value::list(out)
            .bytes()
            .map_or_else(Value::unknown, |bytes| What::Bytes(bytes.into()).into()),
        _ => return Value::list(out),
    }
    .made_of(traits)
}

fn texts(items: &[Value]) -> String {
    items.iter().filter_map(Value::constant).collect()
}

/// Calls a method of a constant.
pub(super) fn method(owner: &Value, name: &str, arguments: &[Given]) -> Value {
    let traits = arguments
        .iter()
        .fold(owner.traits, |all, argument| all.with(argument.value.traits));
    let first = arguments.first().map(|argument| &argument.value);
    let constant = |place: usize| {
        arguments
            .get(place)
            .and_then(|argument| argument.value.constant())
    };
    let unknown = || Value::unknown().made_of(traits);
    if let What::Dictionary(pairs) = &owner.what {
        let found = |key: &Value| pairs.iter().rfind(|(known, _)| known.what == key.what);
        return match (name, first) {
            ("get" | "pop" | "setdefault", Some(key)) => {
                found(key).map_or_else(unknown, |(_, value)| value.clone())
            }
            ("values", None) => Value::list(pairs.iter().map(|(_, value)| value.clone()).collect()),
            ("keys", None) => Value::list(pairs.iter().map(|(key, _)| key.clone()).collect()),
            ("items", None) => {
                let pair = |(key, value): &(Value, Value)| Value::list(vec![key.clone(), value.clone()]);
                Value::list(pairs.iter().map(pair).collect())
            }
            _ => unknown(),
        };
    }
    if let What::List(items) = &owner.what {
        return match name {
            "copy" => owner.clone(),
            "pop" => items.last().cloned().unwrap_or_else(unknown),
            _ => unknown(),
        };
    }
    if name == "join"
        && let Some(parts) = first.and_then(Value::items)
    {
        let Some(glue) = owner.constant() else {
            return unknown();
        };
        if let What::Bytes(_) = owner.what {
            let bytes: Vec<u8> = parts.iter().filter_map(Value::bytes).flatten().collect();
            return Value::from(What::Bytes(bytes.into())).made_of(traits);
        }
        let parts: Vec<String> = parts
            .iter()
            .map(|part| part.constant().unwrap_or_else(|| "\u{fffc}".to_owned()))
            .collect();
        return computed(parts.join(&glue), traits);
    }
    if name == "decode" {
        let coding = constant(0).unwrap_or_default().to_ascii_lowercase();
        let decoded = owner
            .bytes()
            .and_then(|bytes| text::decode(&coding, &bytes))
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        return match (decoded, owner.constant()) {
            (Some(text), _) => computed(text, traits.with(Traits::DECODED)),
            (None, Some(text)) => Value::text(&text).made_of(traits),
            _ => unknown(),
        };
    }
    let Some(text) = owner.constant() else {
        return unknown();
    };
    let as_owner = |text: String| match owner.what {
        What::Bytes(_) => Value::from(What::Bytes(text.into_bytes().into())).made_of(traits),
        _ => computed(text, traits),
    };
    match name {
        "encode" => {
            let coding = constant(0).unwrap_or_default();
            match text::decode(&coding, text.as_bytes()) {
                Some(bytes) => Value::from(What::Bytes(bytes.into())).made_of(traits.with(Traits::DECODED)),
                None => Value::from(What::Bytes(text.into_bytes().into())).made_of(traits),
            }
        }
        "replace" => match (constant(0), constant(1)) {
            (Some(from), Some(to)) if text.len() < TEXT_BYTES / 16 || to.len() <= from.len() => {
                as_owner(text.replace(&from, &to))
            }
            _ => unknown(),
        },
        "lower" | "casefold" => as_owner(text.to_lowercase()),
        "upper" => as_owner(text.to_uppercase()),
        "swapcase" => as_owner(
            text.chars()
                .map(|c| {
                    if c.is_lowercase() {
                        c.to_ascii_uppercase()
                    } else {
                        c.to_ascii_lowercase()
                    }
                })
                .collect(),
        ),
        "strip" | "lstrip" | "rstrip" => {
            let set: Vec<char> =
                constant(0).map_or_else(|| vec![' ', '\t', '\n', '\r'], |set| set.chars().collect());
            let text = match name {
                "lstrip" => text.trim_start_matches(set.as_slice()),
                "rstrip" => text.trim_end_matches(set.as_slice()),
                _ => text.trim_matches(set.as_slice()),
            };
            as_owner(text.to_owned())
        }
        "removeprefix" => as_owner(
            text.strip_prefix(constant(0).unwrap_or_default().as_str())
                .unwrap_or(&text)
                .to_owned(),
        ),
        "removesuffix" => as_owner(
            text.strip_suffix(constant(0).unwrap_or_default().as_str())
                .unwrap_or(&text)
                .to_owned(),
        ),
        "split" | "rsplit" => {
            let parts: Vec<Value> = match constant(0) {
                Some(separator) if !separator.is_empty() => text
                    .split(separator.as_str())
                    .take(ITEMS)
                    .map(Value::text)
                    .collect(),
                _ => text.split_whitespace().take(ITEMS).map(Value::text).collect(),
            };
            Value::list(parts).made_of(traits.with(Traits::COMPUTED))
        }
        "splitlines" => Value::list(text.lines().take(ITEMS).map(Value::text).collect()).made_of(traits),
        "format" => format(&text, arguments).made_of(traits),
        "translate" => match first.map(|value| &value.what) {
            Some(What::Dictionary(pairs)) => {
                let change = |c: char| {
                    let code = i64::from(u32::from(c));
                    let pair = pairs.iter().find(|(key, _)| {
                        matches!(key.what, What::Number(number) if number == code)
                            || matches!(&key.what, What::Text(key) if key.chars().eq([c]))
                    });
                    match pair.map(|(_, value)| &value.what) {
                        Some(What::Number(number)) => char_of(*number).map_or_else(String::new, String::from),
                        Some(What::Text(text)) => text.to_string(),
                        Some(What::Nothing) => String::new(),
                        _ => c.to_string(),
                    }
                };
                computed(text.chars().map(change).collect::<String>(), traits)
            }
            _ if text.len() > 40 => Value::unknown().made_of(traits.with(Traits::CRAFTED)),
            _ => unknown(),
        },
        "hex" => as_owner(text),
        "format_map" | "expandtabs" | "zfill" | "ljust" | "rjust" | "center" | "title" | "capitalize" => {
            unknown()
        }
        _ => unknown(),
    }
}

/// Fills `{}` and its like; what is unknown leaves a mark.
fn format(text: &str, arguments: &[Given]) -> Value {
    let mut out = String::new();
    let mut rest = text;
    let mut next = 0_usize;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(&before.replace("}}", "}"));
        if let Some(after) = after.strip_prefix('{') {
            out.push('{');
            rest = after;
            continue;
        }
        let Some((field, after)) = after.split_once('}') else {
            rest = after;
            break;
        };
        let name = field.split([':', '!', '.', '[']).next().unwrap_or_default();
        let value = if name.is_empty() {
            let place = next;
            next = next.saturating_add(1);
            arguments.get(place)
        } else if let Ok(place) = name.parse::<usize>() {
            arguments.get(place)
        } else {
            arguments
                .iter()
                .find(|argument| argument.name.as_deref() == Some(name))
        };
        let shown = value.and_then(|argument| match argument.value.what {
            What::Number(number) if field.ends_with(":c") => char_of(number).map(String::from),
            _ => plain(&argument.value),
        });
        out.push_str(shown.as_deref().unwrap_or("\u{fffc}"));
        rest = after;
        if out.len() > TEXT_BYTES {
            break;
        }
    }
    out.push_str(&rest.replace("}}", "}"));
    computed(out, Traits::default())
}
