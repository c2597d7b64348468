//! Text armour around DER (RFC 7468), read as strictly as tools write it. What stands outside the armour is passed over, as OpenSSL does.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

/// Holds one block.
pub(crate) struct Block {
    /// What stands behind `BEGIN`.
    pub(crate) label: String,
    /// The bytes within.
    pub(crate) der: Zeroizing<Vec<u8>>,
    /// There are headers, as the encryption of old has them (RFC 1421).
    pub(crate) has_headers: bool,
}

/// Says what is wrong with a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Damage {
    /// It does not end, or ends as another block.
    End,
    /// It is not base64.
    Base64,
}

/// Reads every block of a text.
pub(crate) fn read(text: &[u8]) -> Result<Vec<Block>, Damage> {
    let mut blocks = Vec::new();
    let mut lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    while let Some(line) = lines.next() {
        let Some(label) = label(line, b"-----BEGIN ") else {
            continue;
        };
        let mut body = Zeroizing::new(Vec::new());
        let mut has_headers = false;
        loop {
            let line = lines.next().ok_or(Damage::End)?;
            if let Some(end) = self::label(line, b"-----END ") {
                if end != label {
                    return Err(Damage::End);
                }
                break;
            }
            if line.starts_with(b"-----") {
                return Err(Damage::End);
            }
            if line.contains(&b':') {
                has_headers = true;
            } else {
                body.extend_from_slice(line);
            }
        }
        // The key within an encrypted block of old cannot be read anyway.
        let der = if has_headers {
            Zeroizing::new(Vec::new())
        } else {
            Zeroizing::new(STANDARD.decode(&body).map_err(|_| Damage::Base64)?)
        };
        blocks.push(Block {
            label,
            der,
            has_headers,
        });
    }
    Ok(blocks)
}

fn label(line: &[u8], start: &[u8]) -> Option<String> {
    let label = line.strip_prefix(start)?.strip_suffix(b"-----")?;
    String::from_utf8(label.to_vec()).ok()
}

/// Writes one block with lines of 64 characters.
pub(crate) fn write(label: &str, der: &[u8]) -> Zeroizing<String> {
    let body = Zeroizing::new(STANDARD.encode(der));
    // All at once, so that no copy of a secret is left behind by growth.
    let mut out = Zeroizing::new(String::with_capacity(
        body.len().saturating_mul(2).saturating_add(128),
    ));
    out.push_str("-----BEGIN ");
    out.push_str(label);
    out.push_str("-----\n");
    for (index, character) in body.chars().enumerate() {
        if index > 0 && index.is_multiple_of(64) {
            out.push('\n');
        }
        out.push(character);
    }
    out.push_str("\n-----END ");
    out.push_str(label);
    out.push_str("-----\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_read_as_they_are_written() {
        for length in [1, 47, 48, 49, 200] {
            let der: Vec<u8> = (0..length).collect();
            let text = format!("a note\n{}\nmore\n", write("THING", &der).as_str());
            let blocks = read(text.as_bytes()).expect("one block");
            assert_eq!(blocks.len(), 1);
            assert_eq!(
                (blocks[0].label.as_str(), blocks[0].der.as_slice()),
                ("THING", &der[..])
            );
        }
    }

    #[test]
    fn damage_is_told() {
        for (text, damage) in [
            ("-----BEGIN A-----\nAAAA\n", Damage::End),
            ("-----BEGIN A-----\nAAAA\n-----END B-----\n", Damage::End),
            ("-----BEGIN A-----\nAAA\n-----END A-----\n", Damage::Base64),
            ("-----BEGIN A-----\nAA=A\n-----END A-----\n", Damage::Base64),
            // Bits that belong to no byte must be zero.
            ("-----BEGIN A-----\nAB==\n-----END A-----\n", Damage::Base64),
        ] {
            assert_eq!(read(text.as_bytes()).err(), Some(damage), "{text}");
        }
        let old = "-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END A-----\n";
        assert!(read(old.as_bytes()).expect("one block")[0].has_headers);
    }
}
