//! What the files hold that rules and options name.

use std::{collections::BTreeMap, path::Path};

use cleanbill_attest::{Certificate, PublicKey, RevocationList, limits};
use cleanbill_core::text;
use cleanbill_policy::{
    policy_file::{Reference, Rule, Signer},
    trust::Known,
};

use super::{
    super::super::{proof, system::System},
    ByPolicy,
};
use crate::failure::Failure;

/// Holds the keys and certificates that rules name, as their files hold them.
pub(super) struct Material {
    /// Every key, by its fingerprint.
    pub(super) keys: BTreeMap<String, PublicKey>,
    /// What each rule names, in the order of the file.
    pub(super) rules: Vec<OfRule>,
}

/// Holds what one rule names.
#[derive(Default)]
pub(super) struct OfRule {
    /// The fingerprint of the key in its file.
    key: Option<String>,
    /// The roots that vouch for its signer.
    pub(super) roots: Vec<Certificate>,
    /// Who is believed about time.
    pub(super) authorities: Vec<Certificate>,
    /// Lists of revoked certificates.
    pub(super) lists: Vec<RevocationList>,
}

impl Material {
    /// Reads every file that a rule or option names: also those of rules that do not decide, since revocations count everywhere.
    pub(super) fn read(arguments: &ByPolicy, system: &System) -> Result<Self, Failure> {
        let mut keys = BTreeMap::new();
        for path in &arguments.public_key {
            let key = proof::public_key(path)?;
            keys.insert(key.fingerprint(), key);
        }
        let roots = proof::certificates(&arguments.certificate_chain)?;
        let authorities = proof::certificates(&arguments.timestamp_authority)?;
        let mut rules = Vec::with_capacity(system.file.trust.len());
        for rule in &system.file.trust {
            let mut of_rule = OfRule {
                authorities: certificates(system, &rule.timestamp_authorities)?,
                lists: lists(system, &rule.revocation_lists)?,
                ..OfRule::default()
            };
            if of_rule.authorities.is_empty() {
                of_rule.authorities.clone_from(&authorities);
            }
            match &rule.signer {
                Signer::Key {
                    fingerprint,
                    file: Some(file),
                } => {
                    let key = key(system, file, fingerprint.as_ref())?;
                    of_rule.key = Some(key.fingerprint());
                    keys.insert(key.fingerprint(), key);
                }
                Signer::Certificate { roots: files, .. } if !files.is_empty() => {
                    of_rule.roots = certificates(system, files)?;
                }
                Signer::Certificate { .. } => of_rule.roots.clone_from(&roots),
                Signer::Key { file: None, .. } | Signer::Sigstore { .. } => {}
            }
            rules.push(of_rule);
        }
        Ok(Self { keys, rules })
    }

    pub(super) fn known<'a>(&self, rules: &'a [Rule]) -> Vec<Known<'a>> {
        let joined = rules.iter().zip(&self.rules);
        joined
            .map(|(rule, of_rule)| Known {
                rule,
                key: of_rule.key.clone(),
                roots: of_rule.roots.iter().map(Certificate::fingerprint).collect(),
            })
            .collect()
    }
}

/// Reads a key, which has to have the fingerprint that stands beside it.
fn key(system: &System, file: &Reference, stated: Option<&String>) -> Result<PublicKey, Failure> {
    let path = system.folder.join(&file.path);
    let bytes = read(system, file, &path, limits::KEY_FILE_BYTES)?;
    let key = PublicKey::from_pem(&bytes)
        .map_err(|error| at(system, file, &proof::unusable(&path, &error.text())))?;
    let found = key.fingerprint();
    if stated.is_some_and(|stated| *stated != found) {
        let shown = path.display();
        let problem = Failure::usage(text!(
            "the fingerprint of `{shown}` is {found}, not the one beside it",
            "`{shown}` 的指纹为 {found}，与所写不同"
        ));
        return Err(at(system, file, &problem));
    }
    Ok(key)
}

/// Reads every certificate of some files.
fn certificates(system: &System, files: &[Reference]) -> Result<Vec<Certificate>, Failure> {
    let mut all = Vec::new();
    for file in files {
        let path = system.folder.join(&file.path);
        let bytes = read(system, file, &path, limits::KEY_FILE_BYTES)?;
        let found = Certificate::from_pem(&bytes)
            .map_err(|error| at(system, file, &proof::unusable(&path, &error.text())))?;
        all.extend(found);
    }
    Ok(all)
}

/// Reads every list of revoked certificates of some files.
fn lists(system: &System, files: &[Reference]) -> Result<Vec<RevocationList>, Failure> {
    let mut all = Vec::new();
    for file in files {
        let path = system.folder.join(&file.path);
        let bytes = read(system, file, &path, limits::REVOCATION_LIST_BYTES)?;
        let found = RevocationList::from_bytes(&bytes)
            .map_err(|error| at(system, file, &proof::unusable(&path, &error.text())))?;
        all.extend(found);
    }
    Ok(all)
}

fn read(system: &System, file: &Reference, path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    proof::read_bounded(path, limit).map_err(|failure| at(system, file, &failure))
}

/// Says where the system file names what cannot be used.
fn at(system: &System, file: &Reference, failure: &Failure) -> Failure {
    let (shown, line, column) = (system.shown(), file.place.line, file.place.column);
    let (en, zh) = (
        failure.message.en(),
        failure.message.get(cleanbill_core::Language::Chinese),
    );
    Failure::usage(text!(
        "{shown}:{line}:{column}: {en}",
        "{shown}:{line}:{column}：{zh}"
    ))
}
