//! What comes out when values are joined, multiplied, filled in: texts that were put together, and lengths.

use cleanbill_code::jinja::Operator;

use super::{
    super::{
        ROUNDS, Sign, dunder_within,
        values::{Value, percent},
    },
    BYTES, Machine,
};

impl Machine<'_> {
    /// Makes a text that was put together, and looks at it.
    pub(super) fn made(&mut self, text: &str, at: usize) -> Value {
        self.bytes += text.len();
        if self.bytes > BYTES {
            return Value::Long(text.len() as u128);
        }
        if let Some(found) = dunder_within(text) {
            let found = found.to_owned();
            self.hit(Sign::HiddenDunder, at, &found);
        }
        Value::computed(text)
    }

    pub(super) fn long(&mut self, length: u128, at: usize) -> Value {
        if length >= ROUNDS {
            self.hit(Sign::Endless, at, &length.to_string());
        }
        Value::Long(length)
    }

    /// Joins two values as texts.
    pub(super) fn join(&mut self, left: &Value, right: &Value, at: usize) -> Value {
        let (left, right) = (left.clone(), right.clone());
        left.pairs(&right, |left, right| match (left.printed(), right.printed()) {
            (Some(one), Some(two)) => {
                if one.is_empty() && right.text().is_some() {
                    return right.clone();
                }
                if two.is_empty() && left.text().is_some() {
                    return left.clone();
                }
                self.made(&format!("{one}{two}"), at)
            }
            (one, two) => {
                // `'__' ~ name`: half of an inner name, whatever the rest is.
                let half = one
                    .as_deref()
                    .is_some_and(|one| one.ends_with("__") && !one.ends_with("___") && one.len() < 64)
                    || two.as_deref().is_some_and(|two| {
                        two.starts_with("__") && !two.starts_with("___") && two.len() < 64
                    });
                if half {
                    self.hit(Sign::HiddenDunder, at, one.or(two).unwrap_or_default().as_str());
                }
                match (left.length(), right.length()) {
                    (Some(one), Some(two)) => self.long(one.saturating_add(two), at),
                    _ => Value::Unknown,
                }
            }
        })
    }

    pub(super) fn binary(&mut self, operator: Operator, left: &Value, right: &Value, at: usize) -> Value {
        match operator {
            Operator::Join => self.join(left, right, at),
            Operator::Or | Operator::And => left.clone().or(right.clone()),
            Operator::Add => left.pairs(right, |one, two| match (one, two) {
                (Value::Integer(one), Value::Integer(two)) => Value::Integer(one.saturating_add(*two)),
                (Value::List(one), Value::List(two)) if one.len() + two.len() < 4_096 => {
                    Value::list(one.iter().chain(two.iter()).cloned().collect())
                }
                (Value::Integer(_), _) | (_, Value::Integer(_)) => Value::Unknown,
                _ => self.join(one, two, at),
            }),
            Operator::Multiply => left.pairs(right, |one, two| match (one, two) {
                (Value::Integer(one), Value::Integer(two)) => Value::Integer(one.saturating_mul(*two)),
                (Value::Integer(times), other) | (other, Value::Integer(times)) => {
                    self.times(other, *times, at)
                }
                _ => Value::Unknown,
            }),
            Operator::Power => left.pairs(right, |one, two| match (one, two) {
                (Value::Integer(base), Value::Integer(exponent)) => {
                    if *exponent > 100_000 && base.unsigned_abs() > 1 {
                        self.hit(Sign::Endless, at, &format!("{base} ** {exponent}"));
                    }
                    let exponent = u32::try_from(*exponent).unwrap_or(u32::MAX);
                    Value::Integer(base.saturating_pow(exponent))
                }
                _ => Value::Unknown,
            }),
            Operator::Subtract | Operator::FloorDivide => left.pairs(right, |one, two| match (one, two) {
                (Value::Integer(one), Value::Integer(two)) if operator == Operator::Subtract => {
                    Value::Integer(one.saturating_sub(*two))
                }
                (Value::Integer(one), Value::Integer(two)) => one
                    .checked_div_euclid(*two)
                    .map_or(Value::Unknown, Value::Integer),
                _ => Value::Unknown,
            }),
            Operator::Modulo => left.pairs(right, |one, two| match (one, two) {
                (Value::Integer(one), Value::Integer(two)) => one
                    .checked_rem_euclid(*two)
                    .map_or(Value::Unknown, Value::Integer),
                (Value::Text { text, .. }, values) => {
                    let values = match values {
                        Value::List(values) => values.to_vec(),
                        other => vec![other.clone()],
                    };
                    self.filled(text, percent(text, &values), at)
                }
                _ => Value::Unknown,
            }),
            _ => Value::Unknown,
        }
    }

    /// Looks at a pattern that is filled in, and at what came out.
    pub(super) fn filled(&mut self, pattern: &str, filled: Option<String>, at: usize) -> Value {
        if pattern.contains("%c") || pattern.contains(":c}") {
            self.hit(Sign::Picking, at, pattern);
        }
        let wide = |part: &str| part.chars().take_while(char::is_ascii_digit).count() >= 8;
        if pattern.split(['%', ':', '>', '<', '^']).skip(1).any(wide) {
            self.hit(Sign::Endless, at, pattern);
        }
        filled.map_or(Value::Unknown, |text| self.made(&text, at))
    }

    pub(super) fn times(&mut self, value: &Value, times: i128, at: usize) -> Value {
        let times = u128::try_from(times).unwrap_or(0);
        let Some(length) = value.length() else {
            // A text that is not known, so many times.
            if times >= ROUNDS {
                self.hit(Sign::Endless, at, &times.to_string());
            }
            return Value::Unknown;
        };
        let length = length.saturating_mul(times);
        match (value, usize::try_from(times)) {
            (Value::Text { text, .. }, Ok(times)) if length < 4_096 => self.made(&text.repeat(times), at),
            (Value::List(items), Ok(times)) if length < 4_096 => {
                Value::list(items.iter().cycle().take(items.len() * times).cloned().collect())
            }
            _ => self.long(length, at),
        }
    }
}
