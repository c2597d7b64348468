//! The approved state of a target's definitions (`cleanbill.approved/1`): what `--write-approved` writes and `--approved` reads.
//!
//! The file may come from anywhere, so that reading it is bounded, strict and refuses what it does not know.

use std::collections::BTreeSet;

use cleanbill_core::{Definition, DefinitionKind, Sha256Digest, ToolInfo};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::escape;

/// Name and version of the shape.
const SCHEMA: &str = "cleanbill.approved/1";
/// LIMIT: longest file that is read; a definition takes some 200 bytes.
pub const FILE_BYTES: u64 = 16 << 20;
/// LIMIT: definitions of one file; the largest agents have some thousand.
pub const DEFINITIONS: usize = 50_000;

/// A file that is no approved state, or not one that this build can trust.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ApprovedError {
    /// Longer than the limit.
    #[error("{size_bytes} bytes are more than the limit of {limit_bytes}")]
    TooLong {
        /// Its size.
        size_bytes: u64,
        /// The limit.
        limit_bytes: u64,
    },
    /// Not JSON of the expected shape.
    #[error("not an approved state: {source}")]
    Shape {
        /// What the reader said.
        #[source]
        source: serde_json::Error,
    },
    /// Another shape or version.
    #[error("the schema is `{found}`, not `{SCHEMA}`")]
    Schema {
        /// What stands there.
        found: String,
    },
    /// More definitions than the limit.
    #[error("{count} definitions are more than the limit of {limit}")]
    TooMany {
        /// How many.
        count: usize,
        /// The limit.
        limit: usize,
    },
    /// A kind that this build does not know.
    #[error("definition {place}: no kind is called `{found}`")]
    Kind {
        /// Which definition, counted from 1.
        place: usize,
        /// What stands there.
        found: String,
    },
    /// A digest that is none.
    #[error("definition {place}: `sha256` is not 64 lower-case hexadecimal digits")]
    Digest {
        /// Which definition, counted from 1.
        place: usize,
    },
    /// Two definitions of one artifact, kind and name.
    #[error("definition {place}: `{name}` of `{artifact}` stands twice")]
    Repeated {
        /// Which definition, counted from 1.
        place: usize,
        /// Its artifact.
        artifact: String,
        /// Its name.
        name: String,
    },
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct ApprovedV1 {
    schema: String,
    tool: Tool,
    definitions: Vec<One>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Tool {
    name: String,
    version: String,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct One {
    artifact: String,
    kind: String,
    name: String,
    sha256: String,
}

/// Reads only the name of the shape, so that a newer file is refused by its version and not by a key.
#[derive(Deserialize)]
struct Head {
    schema: String,
}

/// Writes the approved state, sorted: the same definitions give the same bytes.
pub fn write(tool: &ToolInfo, definitions: &[Definition]) -> Vec<u8> {
    let mut sorted: Vec<&Definition> = definitions.iter().collect();
    sorted.sort_unstable();
    let one = |definition: &&Definition| One {
        artifact: definition.artifact.clone(),
        kind: definition.kind.as_str().to_owned(),
        name: definition.name.clone(),
        sha256: definition.sha256.to_string(),
    };
    escape::json(&ApprovedV1 {
        schema: SCHEMA.to_owned(),
        tool: Tool {
            name: tool.name.clone(),
            version: tool.version.clone(),
        },
        definitions: sorted.iter().map(one).collect(),
    })
}

/// Reads an approved state.
pub fn read(bytes: &[u8]) -> Result<Vec<Definition>, ApprovedError> {
    let size_bytes = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if size_bytes > FILE_BYTES {
        return Err(ApprovedError::TooLong {
            size_bytes,
            limit_bytes: FILE_BYTES,
        });
    }
    let shape = |source| ApprovedError::Shape { source };
    let head: Head = serde_json::from_slice(bytes).map_err(shape)?;
    if head.schema != SCHEMA {
        return Err(ApprovedError::Schema { found: head.schema });
    }
    let wire: ApprovedV1 = serde_json::from_slice(bytes).map_err(shape)?;
    if wire.definitions.len() > DEFINITIONS {
        return Err(ApprovedError::TooMany {
            count: wire.definitions.len(),
            limit: DEFINITIONS,
        });
    }
    let mut known = BTreeSet::new();
    let mut out = Vec::with_capacity(wire.definitions.len());
    for (index, one) in wire.definitions.into_iter().enumerate() {
        let place = index + 1;
        let Some(kind) = DefinitionKind::parse(&one.kind) else {
            return Err(ApprovedError::Kind {
                place,
                found: one.kind,
            });
        };
        let Some(sha256) = Sha256Digest::parse(&one.sha256) else {
            return Err(ApprovedError::Digest { place });
        };
        if !known.insert((one.artifact.clone(), kind, one.name.clone())) {
            return Err(ApprovedError::Repeated {
                place,
                artifact: one.artifact,
                name: one.name,
            });
        }
        out.push(Definition {
            artifact: one.artifact,
            kind,
            name: one.name,
            sha256,
        });
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool() -> ToolInfo {
        ToolInfo {
            name: "cleanbill".to_owned(),
            version: "1.0.0".to_owned(),
            detectors_digest: String::new(),
        }
    }

    fn definition(artifact: &str, name: &str) -> Definition {
        Definition {
            artifact: artifact.to_owned(),
            kind: DefinitionKind::Tool,
            name: name.to_owned(),
            sha256: Sha256Digest([7; 32]),
        }
    }

    #[test]
    fn what_is_written_is_read_in_order() {
        let given = [definition("b.json", "x"), definition("a.json", "\u{202e}y")];
        let bytes = write(&tool(), &given);
        let [first, second] = given;
        assert_eq!(read(&bytes).ok(), Some(vec![second, first]));
        assert!(bytes.is_ascii() || !String::from_utf8_lossy(&bytes).contains('\u{202e}'));
    }

    #[test]
    fn each_refusal_has_its_reason() {
        let whole = String::from_utf8(write(&tool(), &[definition("a.json", "x")])).unwrap_or_default();
        let twice = {
            let start = whole.find("\"definitions\"").unwrap_or(0);
            let open = start + whole.get(start..).and_then(|rest| rest.find('{')).unwrap_or(0);
            let close = open + whole.get(open..).and_then(|rest| rest.find('}')).unwrap_or(0) + 1;
            let one = whole.get(open..close).unwrap_or_default();
            whole.replacen(one, &format!("{one},{one}"), 1)
        };
        let deep = format!("{{\"schema\": {}", "[".repeat(100_000));
        for (text, reason) in [
            (String::new(), "not an approved state"),
            ("[]".to_owned(), "not an approved state"),
            (deep, "not an approved state"),
            (
                whole.replace("cleanbill.approved/1", "cleanbill.approved/2"),
                "the schema is",
            ),
            (whole.replace("\"tool\"", "\"tools\""), "not an approved state"),
            (
                whole.replace("\"kind\": \"tool\"", "\"kind\": \"other\""),
                "no kind is called",
            ),
            (whole.replace("0707", "0A07"), "hexadecimal"),
            (twice, "stands twice"),
            (
                whole.get(..whole.len() - 4).unwrap_or_default().to_owned(),
                "not an approved state",
            ),
        ] {
            let error = read(text.as_bytes()).map_err(|error| error.to_string());
            assert!(
                error.as_ref().is_err_and(|said| said.contains(reason)),
                "{reason}: {error:?}"
            );
        }
    }

    #[test]
    fn a_file_beyond_the_limit_is_refused_unread() {
        let bytes = vec![b' '; usize::try_from(FILE_BYTES).unwrap_or(0) + 1];
        assert!(matches!(read(&bytes), Err(ApprovedError::TooLong { .. })));
    }
}
