//! OSV records as they are written (schema 1.x), as far as matching needs them. Unknown fields are passed over, null counts as absent.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;

/// One advisory.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Record<'a> {
    #[serde(borrow, default)]
    pub(crate) id: Word<'a>,
    #[serde(borrow)]
    pub(crate) modified: Option<Word<'a>>,
    #[serde(borrow)]
    pub(crate) published: Option<Word<'a>>,
    #[serde(borrow)]
    pub(crate) withdrawn: Option<Word<'a>>,
    #[serde(borrow)]
    pub(crate) aliases: Option<Vec<Word<'a>>>,
    #[serde(borrow)]
    pub(crate) related: Option<Vec<Word<'a>>>,
    #[serde(borrow)]
    pub(crate) upstream: Option<Vec<Word<'a>>>,
    #[serde(borrow)]
    pub(crate) summary: Option<Word<'a>>,
    #[serde(borrow)]
    pub(crate) severity: Option<Vec<Severity<'a>>>,
    #[serde(borrow)]
    pub(crate) affected: Option<Vec<Affected<'a>>>,
    pub(crate) database_specific: Option<Specific>,
}

/// One package that an advisory concerns.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Affected<'a> {
    #[serde(borrow)]
    pub(crate) package: Option<Package<'a>>,
    #[serde(borrow)]
    pub(crate) severity: Option<Vec<Severity<'a>>>,
    #[serde(borrow)]
    pub(crate) ranges: Option<Vec<Range<'a>>>,
    #[serde(borrow)]
    pub(crate) versions: Option<Vec<Word<'a>>>,
    pub(crate) ecosystem_specific: Option<Specific>,
    pub(crate) database_specific: Option<Specific>,
}

/// Ecosystem and name of a package.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Package<'a> {
    #[serde(borrow, default)]
    pub(crate) ecosystem: Word<'a>,
    #[serde(borrow, default)]
    pub(crate) name: Word<'a>,
}

/// A range of versions or commits.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Range<'a> {
    #[serde(borrow, default, rename = "type")]
    pub(crate) kind: Word<'a>,
    #[serde(borrow)]
    pub(crate) repo: Option<Word<'a>>,
    #[serde(borrow)]
    pub(crate) events: Option<Vec<Event<'a>>>,
}

/// A point at which a range begins or ends.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Event<'a> {
    #[serde(borrow)]
    pub(crate) introduced: Option<Word<'a>>,
    #[serde(borrow)]
    pub(crate) fixed: Option<Word<'a>>,
    #[serde(borrow)]
    pub(crate) last_affected: Option<Word<'a>>,
    #[serde(borrow)]
    pub(crate) limit: Option<Word<'a>>,
}

/// A rating.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Severity<'a> {
    #[serde(borrow, default, rename = "type")]
    pub(crate) kind: Word<'a>,
    #[serde(borrow, default)]
    pub(crate) score: Word<'a>,
}

/// A text that is borrowed from the document where it has no escapes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Word<'a>(pub(crate) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Word<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Word<'de>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Word(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Word(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// What databases add in their own way: a rating and kinds of weakness are looked for, everything else may be of any shape.
#[derive(Debug, Default)]
pub(crate) struct Specific {
    pub(crate) severity: Option<String>,
    /// Ids of the CWE list.
    pub(crate) weaknesses: Vec<String>,
}

impl<'de> Deserialize<'de> for Specific {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyShape)
    }
}

/// Takes a value of any shape; of an object, the text under `severity` and the list under `cwe_ids`.
struct AnyShape;

impl<'de> Visitor<'de> for AnyShape {
    type Value = Specific;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Specific, A::Error> {
        let mut found = Specific::default();
        while let Some(key) = map.next_key::<Word<'de>>()? {
            match key.0.as_ref() {
                "severity" => {
                    if let Value::String(text) = map.next_value()? {
                        found.severity = Some(text);
                    }
                }
                "cwe_ids" => {
                    if let Value::Array(ids) = map.next_value()? {
                        let ids = ids.into_iter().filter_map(|id| match id {
                            Value::String(text) => Some(text),
                            _ => None,
                        });
                        found.weaknesses.extend(ids);
                    }
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Specific, A::Error> {
        while sequence.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Specific::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<Specific, E> {
        Ok(Specific::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Specific, E> {
        Ok(Specific::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Specific, E> {
        Ok(Specific::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Specific, E> {
        Ok(Specific::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Specific, E> {
        Ok(Specific::default())
    }

    fn visit_unit<E>(self) -> Result<Specific, E> {
        Ok(Specific::default())
    }
}
