//! What may be shown of a value: of a secret never the value itself, of hidden content what it says.

use std::fmt;

use sha2::{Digest, Sha256};

/// Characters of the value that are shown, where it is long enough.
const SHOWN: usize = 4;
/// Shortest value of which anything is shown, or a fingerprint given: a short one could be guessed from it.
const LONG_ENOUGH: usize = 20;
/// Separates these fingerprints from other uses of the same hash; fixed, so that reports of the same bytes are equal.
const KEY: &[u8] = b"cleanbill-leaks/evidence/1";

/// Describes a value without giving it away.
#[derive(Clone, PartialEq, Eq)]
pub struct Evidence(Shown);

#[derive(Clone, PartialEq, Eq)]
enum Shown {
    /// Nothing but how many bytes it has.
    Length(usize),
    /// The first characters, how many bytes it has, and a fingerprint.
    Start(String, usize, u32),
    /// A text that is no secret.
    Text(String),
}

impl Evidence {
    /// Describes a value of a person: short and of few possibilities, so that a fingerprint would tell it.
    pub(crate) fn of_length(length: usize) -> Self {
        Self(Shown::Length(length))
    }

    /// Describes `value`.
    pub(crate) fn of(value: &[u8]) -> Self {
        let length = value.len();
        if length < LONG_ENOUGH
            || value
                .iter()
                .any(|byte| !byte.is_ascii_graphic() && *byte != b' ' && *byte != b'\n' && *byte != b'\r')
        {
            return Self::of_length(length);
        }
        let shown: String = value
            .iter()
            .take(SHOWN)
            .map(|byte| {
                if byte.is_ascii_graphic() {
                    char::from(*byte)
                } else {
                    ' '
                }
            })
            .collect();
        let mut hasher = Sha256::new();
        hasher.update(KEY);
        hasher.update(value);
        let digest = hasher.finalize();
        let mark = digest
            .iter()
            .take(4)
            .fold(0_u32, |mark, byte| mark << 8 | u32::from(*byte));
        Self(Shown::Start(shown, length, mark))
    }

    /// Shows a text that is no secret and was made printable.
    pub(crate) fn shown(text: String) -> Self {
        Self(Shown::Text(text))
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Shown::Length(length) => write!(out, "… ({length} bytes)"),
            Shown::Start(start, length, mark) => write!(out, "{start}… ({length} bytes, #{mark:08x})"),
            Shown::Text(text) => out.write_str(text),
        }
    }
}

impl fmt::Debug for Evidence {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Evidence({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_never_shown() {
        let long = Evidence::of(b"abcdefghijklmnopqrstuvwxyz");
        assert!(long.to_string().starts_with("abcd… (26 bytes, #"), "{long}");
        assert_eq!(Evidence::of(b"short").to_string(), "… (5 bytes)");
        assert_eq!(Evidence::of_length(5), Evidence::of(b"short"));
        assert!(!format!("{long:?}").contains("abcde"));
    }
}
