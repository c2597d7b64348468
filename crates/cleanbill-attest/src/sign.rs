//! Signing: the files of a model become a statement, and the statement a bundle. Nothing is written here.

use std::{num::NonZeroUsize, path::Path};

use crate::{
    bundle::{self, Signer},
    certificate::Certificate,
    digest::Algorithm,
    dsse,
    hashing::{self, Hashed, Job, Observer},
    key::{KeyError, SigningKey},
    refusal::Refusal,
    statement::{Resource, Serialization, Statement, shard_name},
    walk::{self, EntryKind, IgnorePaths, Shape},
};

/// Holds how a model is read for signing.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// Read what links to files lead to, instead of refusing them.
    pub allow_symlinks: bool,
    /// What is left out and recorded as left out.
    pub ignore: IgnorePaths,
    /// What a resource is.
    pub serialization: Serialization,
    /// The hash function.
    pub algorithm: Algorithm,
    /// How many threads read.
    pub threads: NonZeroUsize,
}

/// Holds a statement and what there is to say about how it came about.
#[derive(Clone, Debug)]
pub struct ReadModel {
    /// What can be signed.
    pub statement: Statement,
    /// Bytes that were read.
    pub size_bytes: u64,
    /// Files that were read.
    pub files: usize,
    /// What was left out.
    pub ignored: Vec<String>,
    /// Empty files, which shards do not cover.
    pub not_covered: Vec<String>,
}

/// Reads a model and makes the statement about it, or says everything that stands against signing it.
pub fn read_model(
    model: &Path,
    name: &str,
    options: &ReadOptions,
    observer: &dyn Observer,
) -> Result<ReadModel, Vec<Refusal>> {
    let walk = walk::walk(model, &options.ignore).map_err(|refusal| vec![refusal])?;
    let mut refusals = Vec::new();
    let mut ignored = Vec::new();
    let mut files = Vec::new();
    for entry in walk.entries {
        match entry.kind {
            EntryKind::Ignored => ignored.push(entry.name),
            EntryKind::Refused(refusal) => refusals.push(refusal),
            EntryKind::File { is_link: true, .. } if !options.allow_symlinks => {
                refusals.push(Refusal::FileSymlink { name: entry.name });
            }
            EntryKind::File { size_bytes, .. } => files.push((entry.name, entry.path, size_bytes)),
        }
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    if files.is_empty() {
        return Err(vec![Refusal::ModelEmpty]);
    }
    let mut names = Vec::new();
    let mut jobs = Vec::new();
    let mut not_covered = Vec::new();
    for (name, path, size_bytes) in &files {
        match options.serialization {
            Serialization::Files => {
                names.push(name.clone());
                jobs.push(Job {
                    path: path.clone(),
                    range: None,
                    size_bytes: *size_bytes,
                });
            }
            Serialization::Shards { .. } if *size_bytes == 0 => not_covered.push(name.clone()),
            Serialization::Shards { size_bytes: shard } => {
                let mut start = 0_u64;
                while start < *size_bytes {
                    let end = start.saturating_add(shard.max(1)).min(*size_bytes);
                    names.push(shard_name(name, start, end));
                    jobs.push(Job {
                        path: path.clone(),
                        range: Some((start, end)),
                        size_bytes: end.saturating_sub(start),
                    });
                    start = end;
                }
            }
        }
    }
    if jobs.is_empty() {
        return Err(vec![Refusal::ModelEmpty]);
    }
    let hashed = hashing::hash(&jobs, options.algorithm, options.threads, observer);
    let mut resources = Vec::with_capacity(names.len());
    let mut size_bytes = 0_u64;
    for ((name, job), result) in names.into_iter().zip(&jobs).zip(hashed) {
        match result {
            // A file that shrank between listing and reading has no bytes for its last shard.
            Ok(Hashed { size_bytes: read, .. }) if read != job.size_bytes => {
                refusals.push(Refusal::FileInFlux { name });
            }
            Ok(Hashed {
                digest,
                size_bytes: read,
            }) => {
                size_bytes = size_bytes.saturating_add(read);
                resources.push(Resource { name, digest });
            }
            Err(unhashed) => refusals.push(unhashed.refusal(name)),
        }
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let ignore_paths = match walk.shape {
        Shape::File => Vec::new(),
        Shape::Folder => options.ignore.as_slice().to_vec(),
    };
    Ok(ReadModel {
        statement: Statement {
            name: name.to_owned(),
            serialization: options.serialization,
            algorithm: options.algorithm,
            allow_symlinks: options.allow_symlinks,
            ignore_paths,
            resources,
            is_old: false,
        },
        size_bytes,
        files: files.len(),
        ignored,
        not_covered,
    })
}

/// Signs a statement with a key and returns the bundle.
pub fn sign_with_key(statement: &Statement, key: &dyn SigningKey) -> Result<Vec<u8>, KeyError> {
    sign_payload_with_key(&statement.to_json(), key)
}

/// Signs the bytes of any statement with a key.
pub(crate) fn sign_payload_with_key(payload: &[u8], key: &dyn SigningKey) -> Result<Vec<u8>, KeyError> {
    let signature = key.sign(&dsse::encode(dsse::PAYLOAD_TYPE, payload))?;
    let hint = key.public_key().fingerprint();
    Ok(bundle::write(&Signer::Key { hint: &hint }, payload, &signature))
}

/// Signs a statement with a key and the certificate for it and returns the bundle.
///
/// `chain` leads from whoever issued the certificate towards a root; verifiers need their own copy of the root anyway.
pub fn sign_with_certificate(
    statement: &Statement,
    key: &dyn SigningKey,
    certificate: &Certificate,
    chain: &[Certificate],
) -> Result<Vec<u8>, KeyError> {
    sign_payload_with_certificate(&statement.to_json(), key, certificate, chain)
}

/// Signs the bytes of any statement with a key and the certificate for it.
pub(crate) fn sign_payload_with_certificate(
    payload: &[u8],
    key: &dyn SigningKey,
    certificate: &Certificate,
    chain: &[Certificate],
) -> Result<Vec<u8>, KeyError> {
    if certificate.public_key()? != key.public_key() {
        return Err(KeyError::Pair);
    }
    let signature = key.sign(&dsse::encode(dsse::PAYLOAD_TYPE, payload))?;
    let certificates: Vec<&[u8]> = std::iter::once(certificate)
        .chain(chain)
        .map(Certificate::as_der)
        .collect();
    Ok(bundle::write(
        &Signer::Certificates(&certificates),
        payload,
        &signature,
    ))
}
