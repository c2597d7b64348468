//! An index of names that the caller trusts: what is not in it exists nowhere that the caller takes things from.

use std::{io::Read, ops::Range};

use thiserror::Error;

use super::NameKind;

/// LIMIT: longest index; protects memory. All names of `PyPI` are 13 MB, all of npm some 60 MB.
const FILE_BYTES: u64 = 256 << 20;

/// Why an index of names cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KnownNamesError {
    /// The source failed.
    #[error("cannot be read")]
    Unreadable {
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It is longer than the limit.
    #[error("is longer than {limit_bytes} bytes")]
    TooLong {
        /// The limit.
        limit_bytes: u64,
    },
    /// It is no UTF-8 text.
    #[error("is not a UTF-8 text")]
    NotText,
    /// A line is not `TYPE/NAME`.
    #[error("line {line} is not `pypi/NAME`, `npm/NAME`, `huggingface/OWNER/NAME` or `dataset/OWNER/NAME`")]
    NoName {
        /// Its number.
        line: usize,
    },
    /// It holds no name, so that nothing could be held against it.
    #[error("holds no name")]
    Empty,
}

/// Holds the names of one index, in order.
///
/// One name a line: the package URL without the version (`pkg:pypi/torch`), or the same without `pkg:`. Models are of type
/// `huggingface`; datasets, which have no type of their own, are `dataset/OWNER/NAME`. Lines that begin with `#` say nothing.
#[derive(Debug)]
pub struct KnownNames {
    text: String,
    /// Kind and place of each name in `text`, sorted.
    names: Vec<(NameKind, Range<usize>)>,
}

impl KnownNames {
    /// Reads an index.
    pub fn read(source: impl Read) -> Result<Self, KnownNamesError> {
        let mut bytes = Vec::new();
        source
            .take(FILE_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(|source| KnownNamesError::Unreadable { source })?;
        if bytes.len() as u64 > FILE_BYTES {
            return Err(KnownNamesError::TooLong {
                limit_bytes: FILE_BYTES,
            });
        }
        let given = String::from_utf8(bytes).map_err(|_| KnownNamesError::NotText)?;
        Self::parse(given.strip_prefix('\u{feff}').unwrap_or(&given))
    }

    fn parse(given: &str) -> Result<Self, KnownNamesError> {
        let mut text = String::with_capacity(given.len());
        let mut names = Vec::new();
        for (at, line) in given.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (kind, name) = name(line).ok_or(KnownNamesError::NoName { line: at + 1 })?;
            let start = text.len();
            text.push_str(&kind.canonical(&name));
            names.push((kind, start..text.len()));
        }
        if names.is_empty() {
            return Err(KnownNamesError::Empty);
        }
        let of = |range: &Range<usize>| text.get(range.clone()).unwrap_or_default();
        names.sort_unstable_by(|(a_kind, a), (b_kind, b)| (a_kind, of(a)).cmp(&(b_kind, of(b))));
        Ok(Self { text, names })
    }

    /// Says whether the index holds names of this kind at all; of others it says nothing.
    pub(crate) fn speaks_of(&self, kind: NameKind) -> bool {
        let at = self.names.partition_point(|(other, _)| *other < kind);
        self.names.get(at).is_some_and(|(other, _)| *other == kind)
    }

    /// Says whether the index holds this name.
    pub(crate) fn holds(&self, kind: NameKind, name: &str) -> bool {
        let canonical = kind.canonical(name);
        self.names
            .binary_search_by(|(other, range)| {
                (*other, self.text.get(range.clone()).unwrap_or_default()).cmp(&(kind, canonical.as_str()))
            })
            .is_ok()
    }
}

/// Reads `TYPE/NAME`.
fn name(line: &str) -> Option<(NameKind, String)> {
    let line = line.strip_prefix("pkg:").unwrap_or(line);
    let (kind, name) = line.split_once('/')?;
    let (kind, slashes) = match kind {
        "pypi" => (NameKind::Python, 0..=0),
        "npm" => (NameKind::Npm, 0..=1),
        "huggingface" => (NameKind::Model, 1..=1),
        "dataset" => (NameKind::Dataset, 1..=1),
        _ => return None,
    };
    let name = name.replace("%40", "@");
    let fits = !name.is_empty()
        && slashes.contains(&name.matches('/').count())
        && !name.contains(char::is_whitespace)
        && !name.split('/').any(str::is_empty);
    fits.then_some((kind, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_the_spelling_of_their_registry() {
        let index = KnownNames::parse(
            "# names of the day\npkg:pypi/Scikit_Learn\nnpm/@types/node\npkg:npm/%40a/b\nhuggingface/Acme/Tiny\n\n",
        )
        .unwrap();
        for (kind, name, held) in [
            (NameKind::Python, "scikit.learn", true),
            (NameKind::Python, "torch", false),
            (NameKind::Npm, "@types/node", true),
            (NameKind::Npm, "@a/b", true),
            (NameKind::Model, "acme/tiny", true),
            (NameKind::Model, "acme/tine", false),
        ] {
            assert_eq!(index.holds(kind, name), held, "{name}");
        }
        assert!(index.speaks_of(NameKind::Model));
        assert!(!index.speaks_of(NameKind::Dataset));
    }

    #[test]
    fn each_refusal_has_its_reason() {
        let refusal = |bytes: &[u8]| KnownNames::read(bytes).unwrap_err().to_string();
        assert_eq!(refusal(b"# nothing\n"), "holds no name");
        assert_eq!(refusal(b"\xff\xfe"), "is not a UTF-8 text");
        for wrong in [
            "torch",
            "pypi/",
            "pypi/a/b",
            "gem/x",
            "huggingface/gpt2",
            "dataset/a//b",
        ] {
            assert!(
                refusal(format!("pypi/x\n{wrong}\n").as_bytes()).starts_with("line 2 is not"),
                "{wrong}"
            );
        }
    }
}
