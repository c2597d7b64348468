//! Reads private keys as tools write them: PKCS#8 (RFC 5958), encrypted PKCS#8 (RFC 8018), SEC1 (RFC 5915).

use der::Decode as _;
use pkcs8::{
    AlgorithmIdentifierRef, EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef,
    pkcs5::{EncryptionScheme, pbes2::Kdf},
};
use sec1::EcPrivateKey;

use super::{Curve, EC_KEY_OID, KeyError, PrivateKey, PublicKey};
use crate::{
    limits,
    pem::{self, Block},
};

const PLAIN: &str = "PRIVATE KEY";
const SEALED: &str = "ENCRYPTED PRIVATE KEY";
const SEC1: &str = "EC PRIVATE KEY";

impl PrivateKey {
    /// Reads the one private key of a PEM file.
    ///
    /// `passphrase` is asked for only where the key is encrypted; an error that says that one is wanted comes back where it gives none.
    pub fn from_pem(
        text: &[u8],
        passphrase: impl FnOnce() -> Result<Option<zeroize::Zeroizing<Vec<u8>>>, KeyError>,
    ) -> Result<Self, KeyError> {
        let block = one_block(text, &[PLAIN, SEALED, SEC1], PLAIN)?;
        if block.has_headers {
            return Err(KeyError::OldEncryption);
        }
        match block.label.as_str() {
            SEC1 => from_sec1(&block.der, None),
            SEALED => {
                let sealed = EncryptedPrivateKeyInfoRef::try_from(block.der.as_slice())
                    .map_err(|_| KeyError::Encryption)?;
                check_work(&sealed.encryption_algorithm)?;
                let passphrase = passphrase()?.ok_or(KeyError::PassphraseWanted)?;
                let opened = sealed
                    .decrypt(passphrase.as_slice())
                    .map_err(|error| match error {
                        pkcs8::Error::EncryptedPrivateKey(pkcs8::pkcs5::Error::UnsupportedAlgorithm {
                            ..
                        }) => KeyError::Encryption,
                        _ => KeyError::PassphraseWrong,
                    })?;
                from_pkcs8(opened.as_bytes())
            }
            _ => from_pkcs8(&block.der),
        }
    }
}

/// Refuses parameters of key derivation that only somebody hostile writes.
fn check_work(scheme: &EncryptionScheme) -> Result<(), KeyError> {
    const MEMORY: u64 = 1 << 30;
    let parameters = scheme.pbes2().ok_or(KeyError::Encryption)?;
    let is_bounded = match &parameters.kdf {
        Kdf::Pbkdf2(kdf) => kdf.iteration_count <= limits::DERIVATION_ROUNDS,
        Kdf::Scrypt(kdf) => {
            // RFC 7914: 128 * N * r bytes, p times.
            let blocks = u64::from(kdf.block_size)
                .checked_mul(kdf.cost_parameter)
                .and_then(|blocks| blocks.checked_mul(u64::from(kdf.parallelization)));
            blocks
                .and_then(|blocks| blocks.checked_mul(128))
                .is_some_and(|bytes| bytes <= MEMORY)
        }
        _ => false,
    };
    if is_bounded {
        Ok(())
    } else {
        Err(KeyError::Encryption)
    }
}

fn from_pkcs8(bytes: &[u8]) -> Result<PrivateKey, KeyError> {
    let information = PrivateKeyInfoRef::from_der(bytes).map_err(|_| KeyError::Syntax)?;
    let curve = curve_of(&information.algorithm)?;
    from_sec1(information.private_key.as_bytes(), Some(curve))
}

/// Reads a key whose curve stands outside it, or in it.
fn from_sec1(bytes: &[u8], curve: Option<Curve>) -> Result<PrivateKey, KeyError> {
    let key = EcPrivateKey::from_der(bytes).map_err(|_| KeyError::Syntax)?;
    let named = key
        .parameters
        .as_ref()
        .and_then(|parameters| parameters.named_curve());
    let within = match named {
        Some(oid) => Some(Curve::of_oid(oid).ok_or_else(|| KeyError::Kind {
            found: oid.to_string(),
        })?),
        None => None,
    };
    let curve = match (curve, within) {
        (Some(outside), Some(within)) if outside != within => return Err(KeyError::Syntax),
        (Some(curve), _) | (None, Some(curve)) => curve,
        (None, None) => return Err(KeyError::Syntax),
    };
    let private = PrivateKey::from_scalar(curve, key.private_key)?;
    // A public half that belongs to another key would make signatures that nobody can verify.
    if let Some(point) = key.public_key
        && PublicKey::from_point(curve, point).ok() != Some(private.public_key())
    {
        return Err(KeyError::Syntax);
    }
    Ok(private)
}

/// Returns the curve that an algorithm names.
pub(super) fn curve_of(algorithm: &AlgorithmIdentifierRef<'_>) -> Result<Curve, KeyError> {
    if algorithm.oid != EC_KEY_OID {
        return Err(KeyError::Kind {
            found: algorithm.oid.to_string(),
        });
    }
    let oid = algorithm.parameters_oid().map_err(|_| KeyError::Kind {
        found: "a curve without a name".to_owned(),
    })?;
    Curve::of_oid(oid).ok_or_else(|| KeyError::Kind {
        found: oid.to_string(),
    })
}

/// Returns the one block with one of these labels; others, such as parameters before a key, are passed over.
pub(super) fn one_block(text: &[u8], labels: &[&str], wanted: &'static str) -> Result<Block, KeyError> {
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > limits::KEY_FILE_BYTES {
        return Err(KeyError::Large);
    }
    let blocks = pem::read(text).map_err(|_| KeyError::Armour)?;
    let found = blocks.iter().map(|block| block.label.clone()).collect();
    let mut wanted_blocks = blocks
        .into_iter()
        .filter(|block| labels.contains(&block.label.as_str()));
    match (wanted_blocks.next(), wanted_blocks.next()) {
        (Some(block), None) => Ok(block),
        (Some(_), Some(_)) => Err(KeyError::Several),
        (None, _) => Err(KeyError::Absent { wanted, found }),
    }
}
