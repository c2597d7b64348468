//! Keys that models are signed with: ECDSA on P-256 with SHA-256, on P-384 with SHA-384, on P-521 with SHA-512.
//!
//! Signatures are deterministic (RFC 6979), so that signing needs no randomness; making a key takes it as an argument.

mod read;

use std::{convert::Infallible, fmt};

use cleanbill_core::{Text, hex, text};
use der::{Decode as _, asn1::ObjectIdentifier};
use ecdsa::signature::{Signer as _, Verifier as _, hazmat::PrehashVerifier as _};
use pkcs8::{
    EncodePrivateKey as _, EncodePublicKey as _, PrivateKeyInfoRef, pkcs5::pbes2,
    spki::SubjectPublicKeyInfoRef,
};
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use crate::pem;

/// Names a curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Curve {
    /// NIST P-256, secp256r1.
    P256,
    /// NIST P-384, secp384r1.
    P384,
    /// NIST P-521, secp521r1.
    P521,
}

impl Curve {
    /// Every curve.
    pub const ALL: [Self; 3] = [Self::P256, Self::P384, Self::P521];

    /// Returns the name of the curve.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }

    /// Returns the name of key and hash in Sigstore's formats.
    pub(crate) const fn details(self) -> &'static str {
        match self {
            Self::P256 => "PKIX_ECDSA_P256_SHA_256",
            Self::P384 => "PKIX_ECDSA_P384_SHA_384",
            Self::P521 => "PKIX_ECDSA_P521_SHA_512",
        }
    }

    /// Returns the hash function that belongs to it.
    #[cfg(feature = "pkcs11")]
    pub(crate) const fn prehash(self) -> Prehash {
        match self {
            Self::P256 => Prehash::Sha256,
            Self::P384 => Prehash::Sha384,
            Self::P521 => Prehash::Sha512,
        }
    }

    const fn scalar_bytes(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    fn of_oid(oid: ObjectIdentifier) -> Option<Self> {
        Some(match oid {
            P256_OID => Self::P256,
            P384_OID => Self::P384,
            P521_OID => Self::P521,
            _ => return None,
        })
    }
}

const EC_KEY_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");

/// Says why a file of keys cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// The file is larger than files of keys are.
    Large,
    /// No block of the wanted kind stands in it.
    Absent {
        /// What was wanted.
        wanted: &'static str,
        /// What stands there instead.
        found: Vec<String>,
    },
    /// It holds several keys.
    Several,
    /// A block is cut off or is not base64.
    Armour,
    /// It is encrypted in the way of old, which ties the passphrase to MD5.
    OldEncryption,
    /// It is encrypted and no passphrase was given.
    PassphraseWanted,
    /// The passphrase is wrong, or the encryption is damaged.
    PassphraseWrong,
    /// It is encrypted in a way that is not read here, or asks for too much work.
    Encryption,
    /// What stands within is not a key.
    Syntax,
    /// The key is of another kind or curve.
    Kind {
        /// What it is, as object identifiers.
        found: String,
    },
    /// Key and certificate do not belong together.
    Pair,
    /// The source of randomness failed or gave no usable number.
    Randomness,
    /// The key refused to sign.
    Signing,
    /// The token that holds the key failed.
    Token {
        /// What it says.
        problem: String,
    },
}

impl KeyError {
    /// Returns the words for people.
    pub fn text(&self) -> Text {
        match self {
            Self::Large => text!("the file is too large for keys", "文件过大，不是密钥文件"),
            Self::Absent { wanted, found } if found.is_empty() => {
                text!("there is no `{wanted}` in PEM", "其中没有 PEM 格式的 `{wanted}`")
            }
            Self::Absent { wanted, found } => {
                let found = found.join("`, `");
                text!(
                    "there is no `{wanted}`, but `{found}`",
                    "其中没有 `{wanted}`，而有 `{found}`"
                )
            }
            Self::Several => text!("there are several keys", "其中有多把密钥"),
            Self::Armour => text!("the PEM is damaged", "PEM 已损坏"),
            Self::OldEncryption => text!(
                "the key is encrypted in the old way of OpenSSL; convert it: `openssl pkcs8 -topk8 -in OLD -out NEW`",
                "密钥使用 OpenSSL 旧式加密；请转换：`openssl pkcs8 -topk8 -in OLD -out NEW`"
            ),
            Self::PassphraseWanted => text!("the key is encrypted", "密钥已加密"),
            Self::PassphraseWrong => text!(
                "the passphrase is wrong, or the file damaged",
                "口令错误或文件已损坏"
            ),
            Self::Encryption => text!(
                "the key is encrypted in a way that is not read here (PBES2 with AES is)",
                "密钥的加密方式不受支持（支持 PBES2 与 AES）"
            ),
            Self::Syntax => text!("it cannot be parsed", "无法解析"),
            Self::Kind { found } => text!(
                "the key is none that models are signed with (P-256, P-384, P-521): {found}",
                "该密钥不可用于模型签名（仅限 P-256、P-384、P-521）：{found}"
            ),
            Self::Pair => text!("the certificate is for another key", "证书属于另一把密钥"),
            Self::Randomness => text!("the system gives no random numbers", "系统未提供随机数"),
            Self::Signing => text!("the key cannot sign", "密钥无法签名"),
            Self::Token { problem } => text!("the token failed: {problem}", "令牌失败：{problem}"),
        }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.text().en())
    }
}

impl std::error::Error for KeyError {}

/// Holds a public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(Verifying);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Verifying {
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
    P521(p521::ecdsa::VerifyingKey),
}

/// Says why a signature does not verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mismatch {
    Encoding,
    Signature,
}

/// Names the hash function beneath a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prehash {
    Sha256,
    Sha384,
    Sha512,
}

impl Prehash {
    pub(crate) fn of(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(message).to_vec(),
            Self::Sha384 => Sha384::digest(message).to_vec(),
            Self::Sha512 => Sha512::digest(message).to_vec(),
        }
    }
}

impl PublicKey {
    /// Reads the one public key of a PEM file.
    pub fn from_pem(text: &[u8]) -> Result<Self, KeyError> {
        let block = read::one_block(text, &["PUBLIC KEY"], "PUBLIC KEY")?;
        Self::from_der(&block.der)
    }

    /// Reads a `SubjectPublicKeyInfo` (RFC 5480).
    pub fn from_der(bytes: &[u8]) -> Result<Self, KeyError> {
        let information = SubjectPublicKeyInfoRef::try_from(bytes).map_err(|_| KeyError::Syntax)?;
        let curve = read::curve_of(&information.algorithm)?;
        let point = information
            .subject_public_key
            .as_bytes()
            .ok_or(KeyError::Syntax)?;
        Self::from_point(curve, point)
    }

    /// Reads the key of a bundle: before 1.1 the reference put the PEM there, others put the DER.
    pub(crate) fn from_bundle(bytes: &[u8]) -> Result<Self, KeyError> {
        Self::from_pem(bytes).or_else(|_| Self::from_der(bytes))
    }

    fn from_point(curve: Curve, point: &[u8]) -> Result<Self, KeyError> {
        let syntax = |_| KeyError::Syntax;
        Ok(Self(match curve {
            Curve::P256 => {
                Verifying::P256(p256::ecdsa::VerifyingKey::from_sec1_bytes(point).map_err(syntax)?)
            }
            Curve::P384 => {
                Verifying::P384(p384::ecdsa::VerifyingKey::from_sec1_bytes(point).map_err(syntax)?)
            }
            Curve::P521 => {
                Verifying::P521(p521::ecdsa::VerifyingKey::from_sec1_bytes(point).map_err(syntax)?)
            }
        }))
    }

    /// Returns its curve.
    pub fn curve(&self) -> Curve {
        match self.0 {
            Verifying::P256(_) => Curve::P256,
            Verifying::P384(_) => Curve::P384,
            Verifying::P521(_) => Curve::P521,
        }
    }

    /// Writes it as PEM, in the one form that its fingerprint is computed over.
    pub fn to_pem(&self) -> String {
        let document = match &self.0 {
            Verifying::P256(key) => key.to_public_key_der(),
            Verifying::P384(key) => key.to_public_key_der(),
            Verifying::P521(key) => key.to_public_key_der(),
        };
        // A key that was read can be written.
        document.map_or_else(
            |_| String::new(),
            |der| pem::write("PUBLIC KEY", der.as_bytes()).to_string(),
        )
    }

    /// Returns its fingerprint: SHA-256 over its PEM, as bundles hint at keys.
    pub fn fingerprint(&self) -> String {
        hex(&Sha256::digest(self.to_pem()))
    }

    /// Verifies a signature in DER over a message, with the hash function that belongs to the curve.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Mismatch> {
        let encoding = |_| Mismatch::Encoding;
        match &self.0 {
            Verifying::P256(key) => {
                let signature = p256::ecdsa::DerSignature::from_bytes(signature).map_err(encoding)?;
                key.verify(message, &signature)
            }
            Verifying::P384(key) => {
                let signature = p384::ecdsa::DerSignature::from_bytes(signature).map_err(encoding)?;
                key.verify(message, &signature)
            }
            Verifying::P521(key) => {
                let signature = p521::ecdsa::DerSignature::from_bytes(signature).map_err(encoding)?;
                key.verify(message, &signature)
            }
        }
        .map_err(|_| Mismatch::Signature)
    }

    /// Verifies a signature in DER over a message, with a hash function that somebody else chose.
    pub(crate) fn verify_with(
        &self,
        hash: Prehash,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Mismatch> {
        let encoding = |_| Mismatch::Encoding;
        let prehash = hash.of(message);
        match &self.0 {
            Verifying::P256(key) => {
                let signature = p256::ecdsa::DerSignature::from_bytes(signature).map_err(encoding)?;
                key.verify_prehash(&prehash, &signature)
            }
            Verifying::P384(key) => {
                let signature = p384::ecdsa::DerSignature::from_bytes(signature).map_err(encoding)?;
                key.verify_prehash(&prehash, &signature)
            }
            Verifying::P521(key) => {
                let signature = p521::ecdsa::DerSignature::from_bytes(signature).map_err(encoding)?;
                key.verify_prehash(&prehash, &signature)
            }
        }
        .map_err(|_| Mismatch::Signature)
    }
}

/// Signs: a private key in memory, or one in a token.
pub trait SigningKey: fmt::Debug {
    /// Returns the public half.
    fn public_key(&self) -> PublicKey;

    /// Signs a message with the hash function that belongs to the curve; the signature is in DER.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError>;
}

/// Holds a private key. Its memory is wiped when it is dropped.
pub struct PrivateKey(Signing);

enum Signing {
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    P521(p521::ecdsa::SigningKey),
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PrivateKey({})", self.curve().as_str())
    }
}

/// Holds what encrypting a key takes from a source of randomness.
#[derive(Clone, Copy, Debug)]
pub struct Salt {
    /// Keeps equal passphrases from giving equal keys.
    pub salt: [u8; 16],
    /// Begins the chain of blocks.
    pub start: [u8; 16],
}

impl PrivateKey {
    /// Makes a key out of random bytes, which `fill` gives.
    pub fn generate(
        curve: Curve,
        mut fill: impl FnMut(&mut [u8]) -> Result<(), KeyError>,
    ) -> Result<Self, KeyError> {
        // A number that is zero or not below the order is thrown away: for P-256 one in four billion, for P-521 next to none. More
        // than a few in a row mean that the source is broken.
        for _ in 0..16 {
            let mut scalar = Zeroizing::new(vec![0_u8; curve.scalar_bytes()]);
            fill(&mut scalar)?;
            if let (Curve::P521, Some(first)) = (curve, scalar.first_mut()) {
                *first &= 1;
            }
            if let Ok(key) = Self::from_scalar(curve, &scalar) {
                return Ok(key);
            }
        }
        Err(KeyError::Randomness)
    }

    fn from_scalar(curve: Curve, scalar: &[u8]) -> Result<Self, KeyError> {
        let syntax = |_| KeyError::Syntax;
        Ok(Self(match curve {
            Curve::P256 => Signing::P256(p256::ecdsa::SigningKey::from_slice(scalar).map_err(syntax)?),
            Curve::P384 => Signing::P384(p384::ecdsa::SigningKey::from_slice(scalar).map_err(syntax)?),
            Curve::P521 => Signing::P521(p521::ecdsa::SigningKey::from_slice(scalar).map_err(syntax)?),
        }))
    }

    /// Returns its curve.
    pub fn curve(&self) -> Curve {
        match self.0 {
            Signing::P256(_) => Curve::P256,
            Signing::P384(_) => Curve::P384,
            Signing::P521(_) => Curve::P521,
        }
    }

    /// Returns the public half.
    pub fn public_key(&self) -> PublicKey {
        PublicKey(match &self.0 {
            Signing::P256(key) => Verifying::P256(*key.verifying_key()),
            Signing::P384(key) => Verifying::P384(*key.verifying_key()),
            Signing::P521(key) => Verifying::P521(*key.verifying_key()),
        })
    }

    /// Writes it as PKCS#8 in PEM, without encryption.
    pub fn to_pem(&self) -> Result<Zeroizing<String>, KeyError> {
        let der = self.to_der()?;
        Ok(pem::write("PRIVATE KEY", der.as_bytes()))
    }

    /// Writes it as PKCS#8 in PEM, encrypted with AES-256 by a passphrase (PBES2, PBKDF2 with 600,000 rounds of HMAC-SHA-256).
    pub fn to_encrypted_pem(&self, passphrase: &[u8], salt: &Salt) -> Result<Zeroizing<String>, KeyError> {
        const ROUNDS: u32 = 600_000;
        let der = self.to_der()?;
        let information = PrivateKeyInfoRef::from_der(der.as_bytes()).map_err(|_| KeyError::Syntax)?;
        let parameters = pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(ROUNDS, &salt.salt, salt.start)
            .map_err(|_| KeyError::Encryption)?;
        let sealed = information
            .encrypt_with_params(parameters, passphrase)
            .map_err(|_| KeyError::Encryption)?;
        Ok(pem::write("ENCRYPTED PRIVATE KEY", sealed.as_bytes()))
    }

    fn to_der(&self) -> Result<pkcs8::SecretDocument, KeyError> {
        match &self.0 {
            Signing::P256(key) => key.to_pkcs8_der(),
            Signing::P384(key) => key.to_pkcs8_der(),
            Signing::P521(key) => key.to_pkcs8_der(),
        }
        .map_err(|_| KeyError::Syntax)
    }
}

impl SigningKey for PrivateKey {
    fn public_key(&self) -> PublicKey {
        Self::public_key(self)
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let failed = |_| KeyError::Signing;
        Ok(match &self.0 {
            Signing::P256(key) => {
                let signature: p256::ecdsa::DerSignature = key.try_sign(message).map_err(failed)?;
                signature.as_bytes().to_vec()
            }
            Signing::P384(key) => {
                let signature: p384::ecdsa::DerSignature = key.try_sign(message).map_err(failed)?;
                signature.as_bytes().to_vec()
            }
            Signing::P521(key) => {
                let signature: p521::ecdsa::DerSignature = key.try_sign(message).map_err(failed)?;
                signature.as_bytes().to_vec()
            }
        })
    }
}

impl From<Infallible> for KeyError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// Writes a signature of two numbers beside each other, as tokens give it, as DER.
#[cfg(feature = "pkcs11")]
pub(crate) fn der_of_raw(curve: Curve, raw: &[u8]) -> Option<Vec<u8>> {
    Some(match curve {
        Curve::P256 => p256::ecdsa::Signature::from_slice(raw)
            .ok()?
            .to_der()
            .as_bytes()
            .to_vec(),
        Curve::P384 => p384::ecdsa::Signature::from_slice(raw)
            .ok()?
            .to_der()
            .as_bytes()
            .to_vec(),
        Curve::P521 => p521::ecdsa::Signature::from_slice(raw)
            .ok()?
            .to_der()
            .as_bytes()
            .to_vec(),
    })
}

/// Reads a public key as tokens hold it (PKCS#11 3.0, 2.3.3): the curve as `ECParameters`, the point within an octet string. Some tokens
/// give the point bare.
#[cfg(feature = "pkcs11")]
pub(crate) fn public_key_of_token(parameters: &[u8], point: &[u8]) -> Result<PublicKey, KeyError> {
    let oid = ObjectIdentifier::from_der(parameters).map_err(|_| KeyError::Kind {
        found: "a curve without a name".to_owned(),
    })?;
    let curve = Curve::of_oid(oid).ok_or_else(|| KeyError::Kind {
        found: oid.to_string(),
    })?;
    let point = <&der::asn1::OctetStringRef>::from_der(point).map_or(point, |inner| inner.as_bytes());
    PublicKey::from_point(curve, point)
}
