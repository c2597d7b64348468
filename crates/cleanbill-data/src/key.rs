//! The key under which values are marked and exchanged: nobody without it can try guesses against what a report shows.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Shortest key that is taken, in bytes.
pub const LEAST_KEY_BYTES: usize = 16;

/// A secret key. It is never shown.
#[derive(Clone)]
pub struct Key(Hmac<Sha256>);

impl Key {
    /// Takes a key of at least [`LEAST_KEY_BYTES`].
    pub fn new(bytes: &[u8]) -> Option<Self> {
        if bytes.len() < LEAST_KEY_BYTES {
            return None;
        }
        Hmac::new_from_slice(bytes).ok().map(Self)
    }

    /// Computes HMAC-SHA-256 over parts, each with its length.
    pub(crate) fn digest(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.0.clone();
        for part in parts {
            let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
            mac.update(&length.to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// Returns a mark of texts, which is the same for the same texts under the same key only.
    pub fn seal(&self, texts: &[&str]) -> String {
        let mut parts: Vec<&[u8]> = vec![b"cleanbill seal"];
        parts.extend(texts.iter().map(|text| text.as_bytes()));
        let digest = self.digest(&parts);
        cleanbill_core::hex(digest.get(..16).unwrap_or_default())
    }

    /// Returns the mark of a value: 128 bits in hexadecimal.
    pub(crate) fn mark(&self, kind: &str, value: &[u8]) -> String {
        let digest = self.digest(&[b"cleanbill value", kind.as_bytes(), value]);
        cleanbill_core::hex(digest.get(..16).unwrap_or_default())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Key(..)")
    }
}
