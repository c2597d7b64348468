//! Signing: the files of a model become a statement, and the statement a bundle. Nothing is written here.

use std::{
    mem,
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use crate::{
    bundle::{self, Signer},
    certificate::Certificate,
    claims::ClaimRefusal,
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

/// The files of a model, each with its path and size, and what was left out.
struct Content {
    shape: Shape,
    files: Vec<(String, PathBuf, u64)>,
    ignored: Vec<String>,
}

impl Content {
    fn statement(self, name: &str, options: &ReadOptions, resources: Vec<Resource>) -> Statement {
        Statement {
            name: name.to_owned(),
            serialization: options.serialization,
            algorithm: options.algorithm,
            allow_symlinks: options.allow_symlinks,
            ignore_paths: match self.shape {
                Shape::File => Vec::new(),
                Shape::Folder => options.ignore.as_slice().to_vec(),
            },
            resources,
            is_old: false,
        }
    }
}

/// Lists the files of a model, or says everything that stands against signing it.
fn list(model: &Path, options: &ReadOptions) -> Result<Content, Vec<Refusal>> {
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
    Ok(Content {
        shape: walk.shape,
        files,
        ignored,
    })
}

/// Says what stands against signing a model, as far as that shows without reading its files.
pub fn check_model(model: &Path, options: &ReadOptions) -> Result<(), Vec<Refusal>> {
    list(model, options).map(|_| ())
}

/// Holds what those who read a file know of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownFile {
    /// The digest of its bytes.
    pub sha256: [u8; 32],
    /// How many they were.
    pub size_bytes: u64,
}

/// Makes the statement about a model, file by file, from what is `known` to those who read it already, by the names of the files; that of a
/// model of one file is `.`.
pub fn known_model(
    model: &Path,
    name: &str,
    options: &ReadOptions,
    known: &dyn Fn(&str) -> Option<KnownFile>,
) -> Result<Statement, Vec<Refusal>> {
    let content = list(model, options)?;
    let mut refusals = Vec::new();
    let mut resources = Vec::with_capacity(content.files.len());
    for (name, _, size_bytes) in &content.files {
        let name = name.clone();
        match known(&name) {
            Some(known) if known.size_bytes == *size_bytes => resources.push(Resource {
                name,
                digest: known.sha256.to_vec(),
            }),
            Some(_) => refusals.push(Refusal::FileInFlux { name }),
            None => refusals.push(Refusal::Claim(ClaimRefusal::NotExamined { name })),
        }
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let options = ReadOptions {
        serialization: Serialization::Files,
        algorithm: Algorithm::Sha256,
        ..options.clone()
    };
    Ok(content.statement(name, &options, resources))
}

/// Reads a model and makes the statement about it, or says everything that stands against signing it.
pub fn read_model(
    model: &Path,
    name: &str,
    options: &ReadOptions,
    observer: &dyn Observer,
) -> Result<ReadModel, Vec<Refusal>> {
    let mut listed = list(model, options)?;
    let mut refusals = Vec::new();
    let mut names = Vec::new();
    let mut jobs = Vec::new();
    let mut not_covered = Vec::new();
    for (name, path, size_bytes) in &listed.files {
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
    Ok(ReadModel {
        size_bytes,
        files: listed.files.len(),
        ignored: mem::take(&mut listed.ignored),
        not_covered,
        statement: listed.statement(name, options, resources),
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
