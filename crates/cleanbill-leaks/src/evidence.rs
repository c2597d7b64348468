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
pub struct Evidence {
    text: String,
}

impl Evidence {
    /// Describes `value`.
    pub(crate) fn of(value: &[u8]) -> Self {
        let length = value.len();
        if length < LONG_ENOUGH
            || value
                .iter()
                .any(|byte| !byte.is_ascii_graphic() && *byte != b' ' && *byte != b'\n' && *byte != b'\r')
        {
            return Self {
                text: format!("… ({length} bytes)"),
            };
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
        Self {
            text: format!("{shown}… ({length} bytes, #{mark:08x})"),
        }
    }
}

impl Evidence {
    /// Shows a text that is no secret and was made printable.
    pub(crate) fn shown(text: String) -> Self {
        Self { text }
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl fmt::Debug for Evidence {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Evidence({})", self.text)
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
        assert!(!format!("{long:?}").contains("abcde"));
    }
}
