//! Models that are known to be bad: a list that users supply, by digest of a file and by repository.
//!
//! ```toml
//! schema = "cleanbill-known-bad/1"
//! name = "models that our desk looked at"
//! date = "2026-11-28"
//!
//! [[entry]]
//! id = "desk-17"
//! reason = "its pickle opens a shell"
//! severity = "critical"
//! sha256 = ["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"]
//! huggingface = ["someone/some-model"]
//! references = ["https://example.org/17"]
//! ```
//!
//! The same keys may be written in JSON, `entry` as an array. A key that is not known is an error, for it may be a misspelled one.

use std::{collections::HashMap, path::Path};

use cleanbill_core::{Severity, Sha256Digest};

pub use crate::enrichment::EnrichmentError as KnownBadError;
use crate::{
    enrichment::read_whole,
    fault::{DocumentError, Fault, Place, printable},
    file::wide,
    json, limits,
};

mod wire;

/// A list of models that are known to be bad.
#[derive(Clone, Debug, Default)]
pub struct KnownBad {
    /// Name of the list.
    pub name: String,
    /// Day of the list; empty where it does not say it.
    pub date: String,
    entries: Vec<KnownBadEntry>,
    by_digest: HashMap<Sha256Digest, usize>,
    by_repository: HashMap<String, usize>,
}

/// One entry of such a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownBadEntry {
    /// Its id in the list.
    pub id: String,
    /// Why it is bad.
    pub reason: String,
    /// How bad it is; critical where the list does not say it.
    pub severity: Severity,
    /// Where more is written.
    pub references: Vec<String>,
}

impl KnownBad {
    /// Reads a list in JSON or TOML.
    pub fn read(path: &Path) -> Result<Self, KnownBadError> {
        let bytes = read_whole(path)?;
        Self::parse(&bytes).map_err(|error| error.within(&Place::of_file(path)).into())
    }

    /// Reads a list in JSON or TOML from its bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, DocumentError> {
        let fault = |path: String, offset, fault| DocumentError {
            place: Box::new(Place {
                path,
                offset,
                ..Place::default()
            }),
            fault,
        };
        let is_json = bytes.trim_ascii_start().first() == Some(&b'{') || bytes.contains(&0);
        let list: wire::List = if is_json {
            json::read(bytes)?
        } else {
            from_toml(bytes)?
        };
        let place = |path: String, problem| {
            let offset = if is_json {
                wide(json::offset_of_path(bytes, &path))
            } else {
                0
            };
            fault(path, offset, problem)
        };
        if list.schema != SCHEMA {
            let problem = Fault::SchemaVersion {
                found: printable(&list.schema),
                known: SCHEMA,
            };
            return Err(place("schema".to_owned(), problem));
        }
        if list.entries.len() > limits::LIST_ENTRIES {
            let problem = Fault::TooMany {
                what: "entries",
                limit: limits::LIST_ENTRIES,
            };
            return Err(place("entry".to_owned(), problem));
        }
        let mut known = Self {
            name: list.name,
            date: list.date,
            ..Self::default()
        };
        for (number, entry) in list.entries.into_iter().enumerate() {
            let at = |key: &str| format!("entry[{number}]{key}");
            let invalid = |value: &str, wanted| Fault::Invalid {
                value: printable(value),
                wanted,
            };
            if entry.sha256.is_empty() && entry.huggingface.is_empty() {
                return Err(place(
                    at(""),
                    Fault::Missing {
                        what: "sha256 or huggingface",
                    },
                ));
            }
            for (index, digest) in entry.sha256.iter().enumerate() {
                let problem = || {
                    place(
                        at(&format!(".sha256[{index}]")),
                        invalid(digest, "SHA-256 in hexadecimal digits"),
                    )
                };
                known
                    .by_digest
                    .entry(parse_digest(digest).ok_or_else(problem)?)
                    .or_insert(number);
            }
            for (index, repository) in entry.huggingface.iter().enumerate() {
                if !repository.contains('/') {
                    let problem = invalid(repository, "repository as `owner/name`");
                    return Err(place(at(&format!(".huggingface[{index}]")), problem));
                }
                known
                    .by_repository
                    .entry(repository.to_ascii_lowercase())
                    .or_insert(number);
            }
            let severity = match &entry.severity {
                None => Severity::Critical,
                Some(word) => {
                    Severity::parse(word).ok_or_else(|| place(at(".severity"), invalid(word, "severity")))?
                }
            };
            known.entries.push(KnownBadEntry {
                id: entry.id,
                reason: entry.reason,
                severity,
                references: entry.references,
            });
        }
        Ok(known)
    }

    /// Returns the entry for a file with this digest.
    pub fn by_sha256(&self, digest: &Sha256Digest) -> Option<&KnownBadEntry> {
        self.entries.get(*self.by_digest.get(digest)?)
    }

    /// Returns the entry for a repository, `owner/name`; upper and lower case are the same, as they are on the hub.
    pub fn by_huggingface(&self, repository: &str) -> Option<&KnownBadEntry> {
        self.entries
            .get(*self.by_repository.get(&repository.to_ascii_lowercase())?)
    }

    /// Returns how many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Says whether the list has no entries.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

fn from_toml(bytes: &[u8]) -> Result<wire::List, DocumentError> {
    let fault = |offset: usize, fault| DocumentError {
        place: Box::new(Place {
            offset: wide(offset),
            ..Place::default()
        }),
        fault,
    };
    let text = std::str::from_utf8(bytes).map_err(|error| fault(error.valid_up_to(), Fault::NotUtf8))?;
    toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        fault(
            start,
            Fault::Schema {
                reason: printable(error.message()),
            },
        )
    })
}

fn parse_digest(text: &str) -> Option<Sha256Digest> {
    let mut digest = [0; 32];
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, place) in digest.iter_mut().zip((0_usize..64).step_by(2)) {
        *byte = u8::from_str_radix(text.get(place..place.saturating_add(2))?, 16).ok()?;
    }
    Some(Sha256Digest(digest))
}

/// Schema of lists that this build reads.
const SCHEMA: &str = "cleanbill-known-bad/1";

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "9F86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    #[test]
    fn both_notations_say_the_same() {
        let toml = format!(
            "schema = \"cleanbill-known-bad/1\"\ndate = \"2026-11-28\"\n[[entry]]\nid = \"a\"\nreason = \"r\"\nseverity = \"high\"\n\
             sha256 = [\"{DIGEST}\"]\n[[entry]]\nid = \"b\"\nreason = \"r\"\nhuggingface = [\"Owner/Name\"]\n"
        );
        let json = format!(
            r#"{{"schema":"cleanbill-known-bad/1","date":"2026-11-28","entry":[{{"id":"a","reason":"r","severity":"high",
            "sha256":["{DIGEST}"]}},{{"id":"b","reason":"r","huggingface":["Owner/Name"]}}]}}"#
        );
        for text in [toml, json] {
            let known = KnownBad::parse(text.as_bytes()).unwrap();
            assert_eq!((known.len(), known.date.as_str()), (2, "2026-11-28"));
            let digest = parse_digest(DIGEST).unwrap();
            assert_eq!(
                known.by_sha256(&digest).map(|entry| entry.severity),
                Some(Severity::High)
            );
            assert_eq!(
                known.by_huggingface("owner/name").map(|entry| entry.severity),
                Some(Severity::Critical)
            );
            assert!(known.by_huggingface("owner/other").is_none());
        }
    }

    #[test]
    fn what_is_wrong_is_refused_with_its_place() {
        for (text, wanted) in [
            (r#"{"schema":"cleanbill-known-bad/2"}"#, ", at `schema`, byte 10"),
            (
                r#"{"schema":"cleanbill-known-bad/1","entry":[{"id":"a","reason":"r"}]}"#,
                ", at `entry[0]`, byte 43",
            ),
            (
                r#"{"schema":"cleanbill-known-bad/1","entry":[{"id":"a","reason":"r","sha256":["xy"]}]}"#,
                ", at `entry[0].sha256[0]`, byte 76",
            ),
            ("schema = \"cleanbill-known-bad/1\"\nentrys = 1\n", ", byte 33"),
            ("schema = ", ", byte 9"),
        ] {
            let error = KnownBad::parse(text.as_bytes()).unwrap_err();
            assert!(error.to_string().contains(wanted), "{error}");
        }
    }
}
