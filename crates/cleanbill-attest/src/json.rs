//! JSON as strictly as a signed document deserves: a key stands once, every key is known, and the place of what is wrong is told.

use std::{collections::BTreeSet, fmt};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::refusal::{Document, Refusal};

/// Holds a value with every key that it was written with, in order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Value {
    /// Returns what an object has under a key; `null` is absent.
    pub(crate) fn member(&self, key: &str) -> Option<&Self> {
        let Self::Object(entries) = self else { return None };
        let (_, value) = entries.iter().find(|(known, _)| known == key)?;
        Some(value).filter(|value| **value != Self::Null)
    }

    /// Returns what lies at the end of a way of keys.
    pub(crate) fn at(&self, way: &[&str]) -> Option<&Self> {
        way.iter().try_fold(self, |value, key| value.member(key))
    }

    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        // Below zero the halves are those of its size.
        let Value::Number(size) = self.visit_u64(value.unsigned_abs())? else {
            return Err(E::custom("a number is out of range"));
        };
        Ok(Value::Number(if value < 0 { -size } else { size }))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        // Up to 2^53 both halves are exact, and so is their sum.
        let high = u32::try_from(value >> 32).map_err(|_| E::custom("a number is out of range"))?;
        let low = u32::try_from(value & u64::from(u32::MAX)).unwrap_or_default();
        Ok(Value::Number(f64::from(high) * 4_294_967_296.0 + f64::from(low)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            object.push(entry);
        }
        Ok(Value::Object(object))
    }
}

/// Reads a document whose outermost value is an object.
pub(crate) fn read(document: Document, bytes: &[u8]) -> Result<Value, Refusal> {
    let syntax = |error: &serde_json::Error| {
        let words = error.to_string();
        let problem = words.split(" at line ").next().unwrap_or_default().to_owned();
        Refusal::JsonSyntax {
            document,
            line: error.line(),
            column: error.column(),
            problem,
        }
    };
    let value: Value = serde_json::from_slice(bytes).map_err(|error| syntax(&error))?;
    if !matches!(value, Value::Object(_)) {
        return Err(syntax(&serde_json::Error::custom("it is not an object")));
    }
    no_key_twice(document, &value, "")?;
    Ok(value)
}

fn no_key_twice(document: Document, value: &Value, place: &str) -> Result<(), Refusal> {
    match value {
        Value::Object(entries) => {
            let mut seen = BTreeSet::new();
            for (key, inner) in entries {
                let inner_place = join(place, key);
                if !seen.insert(key) {
                    return Err(Refusal::JsonDuplicateKey {
                        document,
                        place: inner_place,
                    });
                }
                if matches!(inner, Value::Object(_) | Value::List(_)) {
                    no_key_twice(document, inner, &inner_place)?;
                }
            }
        }
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                if matches!(item, Value::Object(_) | Value::List(_)) {
                    no_key_twice(document, item, &format!("{place}[{index}]"))?;
                }
            }
        }
        _ => {}
    }
    Ok(())
}

fn join(place: &str, key: &str) -> String {
    if place.is_empty() {
        key.to_owned()
    } else {
        format!("{place}.{key}")
    }
}

/// Takes an object apart: what was not asked for is unknown.
pub(crate) struct Fields<'a> {
    document: Document,
    place: String,
    entries: &'a [(String, Value)],
    asked: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// Opens an object that stands at `place`.
    pub(crate) fn of(document: Document, place: &str, value: &'a Value) -> Result<Self, Refusal> {
        match value {
            Value::Object(entries) => Ok(Self {
                document,
                place: place.to_owned(),
                entries,
                asked: Vec::new(),
            }),
            _ => Err(Refusal::JsonField {
                document,
                place: place.to_owned(),
                expected: "an object",
            }),
        }
    }

    pub(crate) fn place(&self, key: &str) -> String {
        join(&self.place, key)
    }

    /// Returns a field; one that is `null` is absent, as Protobuf reads JSON.
    pub(crate) fn optional(&mut self, key: &'static str) -> Option<&'a Value> {
        self.asked.push(key);
        let (_, value) = self.entries.iter().find(|(known, _)| known == key)?;
        Some(value).filter(|value| **value != Value::Null)
    }

    pub(crate) fn wrong(&self, key: &str, expected: &'static str) -> Refusal {
        Refusal::JsonField {
            document: self.document,
            place: self.place(key),
            expected,
        }
    }

    pub(crate) fn object(&mut self, key: &'static str) -> Result<Self, Refusal> {
        match self.optional(key) {
            Some(value) => Self::of(self.document, &self.place(key), value),
            None => Err(self.wrong(key, "an object")),
        }
    }

    pub(crate) fn text(&mut self, key: &'static str) -> Result<&'a str, Refusal> {
        match self.optional(key) {
            Some(Value::Text(text)) => Ok(text),
            _ => Err(self.wrong(key, "a string")),
        }
    }

    pub(crate) fn optional_text(&mut self, key: &'static str) -> Result<Option<&'a str>, Refusal> {
        match self.optional(key) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(key, "a string")),
        }
    }

    pub(crate) fn list(&mut self, key: &'static str) -> Result<&'a [Value], Refusal> {
        match self.optional(key) {
            Some(Value::List(items)) => Ok(items),
            _ => Err(self.wrong(key, "a list")),
        }
    }

    pub(crate) fn optional_list(&mut self, key: &'static str) -> Result<&'a [Value], Refusal> {
        match self.optional(key) {
            None => Ok(&[]),
            Some(Value::List(items)) => Ok(items),
            Some(_) => Err(self.wrong(key, "a list")),
        }
    }

    pub(crate) fn flag(&mut self, key: &'static str) -> Result<bool, Refusal> {
        match self.optional(key) {
            Some(Value::Bool(value)) => Ok(*value),
            _ => Err(self.wrong(key, "true or false")),
        }
    }

    /// Returns bytes that stand as base64; line feeds within are passed over, as encoders of old set them.
    pub(crate) fn base64(&mut self, key: &'static str) -> Result<Vec<u8>, Refusal> {
        let text = self.text(key)?;
        decode_base64(text).ok_or_else(|| Refusal::Base64 {
            place: self.place(key),
        })
    }

    /// Refuses what nobody asked for.
    pub(crate) fn finish(self) -> Result<(), Refusal> {
        let unknown = self
            .entries
            .iter()
            .find(|(key, _)| !self.asked.contains(&key.as_str()));
        match unknown {
            None => Ok(()),
            Some((key, _)) => Err(Refusal::JsonUnknownField {
                document: self.document,
                place: self.place(key),
            }),
        }
    }
}

pub(crate) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    if text.contains(['\n', '\r']) {
        let joined: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
        return STANDARD.decode(joined).ok();
    }
    STANDARD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_stands_once_and_is_known() {
        let read = |text: &str| read(Document::Bundle, text.as_bytes());
        assert_eq!(
            read(r#"{"a":{"b":[{"c":1,"c":1}]}}"#),
            Err(Refusal::JsonDuplicateKey {
                document: Document::Bundle,
                place: "a.b[0].c".to_owned()
            })
        );
        // Also where it is written in another way.
        assert!(matches!(
            read(r#"{"a":1,"\u0061":1}"#),
            Err(Refusal::JsonDuplicateKey { .. })
        ));
        let value = read(r#"{"a":null,"b":"eA==","c":"eA\n=="}"#).expect("an object");
        let mut fields = Fields::of(Document::Bundle, "", &value).expect("an object");
        assert_eq!(fields.optional("a"), None);
        assert_eq!(fields.base64("b"), Ok(b"x".to_vec()));
        assert!(matches!(
            fields.finish(),
            Err(Refusal::JsonUnknownField { place, .. }) if place == "c"
        ));
        assert_eq!(decode_base64("eA\n=="), Some(b"x".to_vec()));
        assert_eq!(decode_base64("eA"), None);
        assert_eq!(decode_base64("eB=="), None);
    }

    #[test]
    fn numbers_are_exact_as_far_as_sizes_go() {
        let value = read(Document::Statement, br#"{"n":9007199254740991,"f":10.0}"#).expect("an object");
        let Value::Object(entries) = value else { panic!() };
        assert_eq!(entries[0].1, Value::Number(9_007_199_254_740_991.0));
        assert_eq!(entries[1].1, Value::Number(10.0));
    }

    #[test]
    fn damage_is_told_by_place() {
        for text in ["", "{", "[]", "{\"a\":1}x", "\u{feff}{}"] {
            assert!(
                matches!(
                    read(Document::Bundle, text.as_bytes()),
                    Err(Refusal::JsonSyntax { .. })
                ),
                "{text}"
            );
        }
        let deep = "[".repeat(100_000);
        assert!(matches!(
            read(Document::Bundle, deep.as_bytes()),
            Err(Refusal::JsonSyntax { .. })
        ));
    }
}
