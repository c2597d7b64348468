//! Reads a bill of materials of either standard, whoever wrote it: leniently into a bill, with the tree kept beside it so that
//! nothing is lost, and with a strict report of what is wrong with it.

use cleanbill_core::{Text, bill::Bill, text};
use thiserror::Error;

use super::{cyclonedx, json, json::Problem, spdx, strict, strict::Violation, tree::Node, xml};

/// LIMIT: protects memory; the tree of a document takes several times its size. Larger ones are refused.
pub const MAX_BYTES: usize = 256 << 20;

/// Names a standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standard {
    /// CycloneDX.
    CycloneDx,
    /// SPDX 2.
    Spdx2,
    /// SPDX 3.
    Spdx3,
}

impl Standard {
    /// Returns its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CycloneDx => "CycloneDX",
            Self::Spdx2 | Self::Spdx3 => "SPDX",
        }
    }
}

/// Names how a document is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Encoding {
    /// JSON.
    Json,
    /// XML.
    Xml,
}

/// Holds a document that was read.
#[derive(Clone, Debug)]
pub struct Document {
    /// What it was called.
    pub name: String,
    /// Its standard.
    pub standard: Standard,
    /// How it is written down.
    pub encoding: Encoding,
    /// Version of the standard, as the document says; empty where it says none.
    pub version: String,
    /// The document as it is. For XML, the same in the shape of JSON; the text itself stays with the caller.
    pub tree: Node,
    /// What it says, in our own words.
    pub bill: Bill,
    /// What is wrong with it by its standard.
    pub violations: Vec<Violation>,
}

/// Says why a document could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// It is larger than [`MAX_BYTES`].
    #[error("{}", self.message())]
    TooLarge {
        /// What it was called.
        document: String,
        /// Its size.
        size_bytes: usize,
    },
    /// It is not UTF-8.
    #[error("{}", self.message())]
    Encoding {
        /// What it was called.
        document: String,
        /// Offset of the first byte that is not.
        at: usize,
    },
    /// It is not JSON, or not JSON that says one thing.
    #[error("{}", self.message())]
    Json {
        /// What it was called.
        document: String,
        /// JSON pointer to the innermost value that was being read.
        path: String,
        /// Byte offset.
        at: usize,
        /// What is wrong.
        problem: Problem,
    },
    /// It is not XML that may be read.
    #[error("{}", self.message())]
    Xml {
        /// What it was called.
        document: String,
        /// Elements around the place, from the outside.
        path: String,
        /// Byte offset.
        at: usize,
        /// What is wrong, in the words of the parser.
        reason: String,
    },
    /// It is something else.
    #[error("{}", self.message())]
    Unknown {
        /// What it was called.
        document: String,
    },
}

impl ReadError {
    /// Says it in words.
    pub fn message(&self) -> Text {
        match self {
            Self::TooLarge { document, size_bytes } => text!(
                "`{document}` has {size_bytes} bytes, more than the {MAX_BYTES} that are read",
                "`{document}` 有 {size_bytes} 字节，超过可读取的 {MAX_BYTES} 字节"
            ),
            Self::Encoding { document, at } => text!(
                "`{document}` is not UTF-8: byte {at}",
                "`{document}` 不是 UTF-8：字节 {at}"
            ),
            Self::Json {
                document,
                path,
                at,
                problem,
            } => {
                let problem = problem.message();
                let (en, zh) = (problem.en(), problem.get(cleanbill_core::Language::Chinese));
                let path = shown(path);
                text!(
                    "`{document}`: {en}, at `{path}`, byte {at}",
                    "`{document}`：{zh}，位于 `{path}`，字节 {at}"
                )
            }
            Self::Xml {
                document,
                path,
                at,
                reason,
            } => {
                let path = shown(path);
                text!(
                    "`{document}`: {reason}, at `{path}`, byte {at}",
                    "`{document}`：{reason}，位于 `{path}`，字节 {at}"
                )
            }
            Self::Unknown { document } => text!(
                "`{document}` is neither CycloneDX nor SPDX",
                "`{document}` 既不是 CycloneDX 也不是 SPDX"
            ),
        }
    }
}

fn shown(path: &str) -> &str {
    if path.is_empty() { "/" } else { path }
}

/// Reads a document. What it is follows from its content, whatever its name says.
pub fn read(name: &str, bytes: &[u8]) -> Result<Document, ReadError> {
    let text = decode(name, bytes)?;
    if text.trim_start().starts_with('<') {
        let (version, tree) = xml::read(text).map_err(|wrong| ReadError::Xml {
            document: name.to_owned(),
            path: wrong.path,
            at: wrong.at + bytes.len() - text.len(),
            reason: wrong.reason,
        })?;
        let Some(version) = version else {
            return Err(ReadError::Unknown {
                document: name.to_owned(),
            });
        };
        return Ok(finish(name, Standard::CycloneDx, Encoding::Xml, version, tree));
    }
    let tree = parse_json(name, bytes, text)?;
    let (standard, version) = recognise(&tree).ok_or_else(|| ReadError::Unknown {
        document: name.to_owned(),
    })?;
    Ok(finish(name, standard, Encoding::Json, version, tree))
}

/// Takes text out of bytes; a mark of byte order is passed over.
pub(super) fn decode<'a>(name: &str, bytes: &'a [u8]) -> Result<&'a str, ReadError> {
    if bytes.len() > MAX_BYTES {
        return Err(ReadError::TooLarge {
            document: name.to_owned(),
            size_bytes: bytes.len(),
        });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| ReadError::Encoding {
        document: name.to_owned(),
        at: error.valid_up_to(),
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// Reads JSON with offsets that count from the first byte of the file.
pub(super) fn parse_json(name: &str, bytes: &[u8], text: &str) -> Result<Node, ReadError> {
    json::parse(text).map_err(|error| ReadError::Json {
        document: name.to_owned(),
        path: error.path,
        at: error.at + bytes.len() - text.len(),
        problem: error.problem,
    })
}

fn recognise(tree: &Node) -> Option<(Standard, String)> {
    let version = |key: &str| tree.get(key).and_then(Node::plain).unwrap_or_default();
    if tree.said("bomFormat") == Some("CycloneDX") {
        return Some((Standard::CycloneDx, version("specVersion")));
    }
    if let Some(version) = tree
        .said("spdxVersion")
        .and_then(|version| version.strip_prefix("SPDX-"))
    {
        return Some((Standard::Spdx2, version.to_owned()));
    }
    let context = tree.get("@context")?;
    let is_spdx = |node: &Node| {
        node.as_text()
            .is_some_and(|text| text.starts_with("https://spdx.org/rdf/3"))
    };
    if !(is_spdx(context) || context.items().iter().any(is_spdx)) {
        return None;
    }
    let graph = tree.all("@graph");
    let creation = graph
        .iter()
        .chain(std::iter::once(tree))
        .find_map(|node| node.said("specVersion"));
    Some((Standard::Spdx3, creation.unwrap_or_default().to_owned()))
}

fn finish(name: &str, standard: Standard, encoding: Encoding, version: String, tree: Node) -> Document {
    let bill = match standard {
        Standard::CycloneDx => cyclonedx::read(&tree, name),
        Standard::Spdx2 => spdx::read_2(&tree, name),
        Standard::Spdx3 => spdx::read_3(&tree, name),
    };
    let violations = strict::violations(standard, &version, &tree);
    Document {
        name: name.to_owned(),
        standard,
        encoding,
        version,
        tree,
        bill,
        violations,
    }
}
