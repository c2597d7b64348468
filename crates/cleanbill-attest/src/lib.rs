//! Proof: who says which bytes a model has. The OpenSSF Model Signing format, version 1.0, both ways.
//!
//! A model is listed (`walk`) and read (`hashing`) into a statement (`statement`), which is signed (`sign`) as an envelope (`dsse`) in a
//! bundle (`bundle`); verification (`verify`) goes the same way back and gives each reason against it as a value of its own
//! ([`Refusal`]).
//!
//! Not here: the clock, the network, the environment, the terminal, and where files of keys lie. Nothing is written.
#![cfg_attr(
    not(test),
    deny(
        clippy::panic,
        clippy::unreachable,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
    )
)]

mod bundle;
mod certificate;
pub mod claims;
mod digest;
mod dsse;
mod hashing;
mod json;
mod key;
pub mod limits;
mod listing;
mod named_signer;
mod note;
mod pem;
mod refusal;
mod sign;
mod sigstore;
mod statement;
mod time;
mod timestamp;
mod token;
mod verify;
mod walk;
mod words;

pub use certificate::{Certificate, CertificateError, RevocationList, RevocationListError, RevocationReason};
pub use digest::Algorithm;
pub use hashing::{Observer, Quiet};
pub use key::{Curve, KeyError, PrivateKey, PublicKey, Salt, SigningKey};
pub use listing::{ListOptions, Listed, list_files};
pub use named_signer::{NamedSigner, named_signer};
pub use note::Note;
pub use refusal::{Document, Method, NameProblem, Refusal, Step};
pub use sign::{
    KnownFile, ReadModel, ReadOptions, check_model, known_model, read_model, sign_with_certificate,
    sign_with_key,
};
pub use sigstore::{SigstoreTrust, TrustedRootSource};
pub use statement::{Resource, Serialization, Statement};
pub use time::UnixTime;
pub use timestamp::TimestampProblem;
#[cfg(feature = "pkcs11")]
pub use token::TokenKey;
pub use token::{Pin, TokenError, TokenUri};
pub use verify::{
    Authorities, CertificateTrust, FileReport, FileState, SCHEMA, SignedBy, SigningTime, Trust,
    VERIFY_SCHEMA, Verification, VerifyOptions, verify,
};
pub use walk::{GIT_PATHS, IgnorePaths};
