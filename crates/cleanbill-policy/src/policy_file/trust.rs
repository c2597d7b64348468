//! Reads `[[trust]]`: one signer for one namespace.

use super::{Reference, Revocation, Rule, Signer};
use crate::{
    name::Namespace,
    reader::{Faults, Found, Problem, Table, check_plain},
};

const ONE_SIGNER: &str = "`key` or `key-file`, `certificate`, `sigstore`";

/// Reads one rule; the place is that of its namespace.
pub(super) fn rule(mut table: Table<'_>, faults: &mut Faults<'_>) -> Option<(Rule, usize)> {
    let place = faults.place(table.at());
    let namespace = table.needed("namespace", faults);
    let at = namespace.as_ref().map_or(0, |found| found.at);
    let namespace = namespace.and_then(|found| match Namespace::parse(found.value) {
        Ok(namespace) => Some(namespace),
        Err(problem) => {
            faults.tell(found.at, table.key("namespace"), Problem::Pattern(problem));
            None
        }
    });
    let signer = signer(&mut table, faults);
    let since = table.date("since", faults);
    let until = table.date("until", faults);
    if let (Some(since), Some(until)) = (&since, &until)
        && until.value <= since.value
    {
        faults.tell(until.at, table.key("until"), Problem::Order);
    }
    let is_revoked = table.has("revoked");
    let revoked = revocation(&mut table, faults);
    // Sigstore proves its own times: there the key is unknown, as everything is that nothing uses.
    let timestamp_authorities = match signer {
        Some(Signer::Sigstore { .. }) => Vec::new(),
        _ => references(&mut table, "timestamp-authorities", faults),
    };
    let revocation_lists = match signer {
        Some(Signer::Sigstore { .. } | Signer::Key { .. }) => Vec::new(),
        _ => references(&mut table, "revocation-lists", faults),
    };
    table.finish(faults);
    // INVARIANT: a rule whose revocation cannot be read is no rule; the fault ends the reading anyway.
    if is_revoked && revoked.is_none() {
        return None;
    }
    Some((
        Rule {
            namespace: namespace?,
            signer: signer?,
            since: since.map(|found| found.value),
            until: until.map(|found| found.value),
            revoked,
            timestamp_authorities,
            revocation_lists,
            place,
        },
        at,
    ))
}

/// Tells of rules that name the same signer for the same namespace: one of them would be passed over.
pub(super) fn unique(rules: &[(Rule, usize)], faults: &mut Faults<'_>) {
    let mut seen = std::collections::BTreeMap::new();
    for (index, (rule, at)) in rules.iter().enumerate() {
        let signer = match &rule.signer {
            Signer::Key { fingerprint, file } => (
                "key",
                fingerprint.clone().unwrap_or_default(),
                match fingerprint {
                    Some(_) => String::new(),
                    None => file.as_ref().map(|file| file.path.clone()).unwrap_or_default(),
                },
            ),
            Signer::Certificate { subject, issuer, .. } => {
                ("certificate", subject.clone(), issuer.clone().unwrap_or_default())
            }
            Signer::Sigstore { identity, issuer } => ("sigstore", identity.clone(), issuer.clone()),
        };
        let key = (rule.namespace.as_str().to_ascii_lowercase(), signer);
        if let Some(first) = seen.insert(key, *at) {
            let number = index.saturating_add(1);
            let problem = Problem::Duplicate {
                first: faults.place(first),
                value: rule.namespace.as_str().to_owned(),
            };
            faults.tell(*at, format!("trust[{number}].namespace"), problem);
        }
    }
}

fn signer(table: &mut Table<'_>, faults: &mut Faults<'_>) -> Option<Signer> {
    let has_key = table.has("key") | table.has("key-file");
    let has_certificate = table.has("certificate");
    let has_sigstore = table.has("sigstore");
    let count = [has_key, has_certificate, has_sigstore]
        .iter()
        .filter(|has| **has)
        .count();
    // Each is read even where there are too many, so that its own faults are told.
    let key = has_key.then(|| key(table, faults));
    let certificate = table
        .table("certificate", faults)
        .map(|inner| certificate(inner, faults));
    let sigstore = table
        .table("sigstore", faults)
        .map(|inner| sigstore(inner, faults));
    if count != 1 {
        faults.tell(table.at(), table.name(), Problem::OneOf { keys: ONE_SIGNER });
        return None;
    }
    key.or(certificate).or(sigstore).flatten()
}

fn key(table: &mut Table<'_>, faults: &mut Faults<'_>) -> Option<Signer> {
    let fingerprint = table.text("key", faults);
    let file = table.text("key-file", faults);
    let mut stated = None;
    if let Some(found) = &fingerprint {
        let hex = found.value.strip_prefix("sha256:").unwrap_or(found.value);
        if is_digest(hex) {
            stated = Some(hex.to_owned());
        } else {
            faults.tell(found.at, table.key("key"), Problem::Fingerprint);
            return None;
        }
    }
    let file = file.map(|found| reference(&found, faults));
    (stated.is_some() || file.is_some()).then_some(Signer::Key {
        fingerprint: stated,
        file,
    })
}

fn certificate(mut table: Table<'_>, faults: &mut Faults<'_>) -> Option<Signer> {
    let subject = exact(&mut table, "subject", true, faults);
    let issuer = exact(&mut table, "issuer", false, faults);
    let has_either = table.has("issuer") | table.has("roots");
    let roots = references(&mut table, "roots", faults);
    if !has_either {
        let keys = "`issuer`, `roots`";
        faults.tell(table.at(), table.name(), Problem::MissingOneOf { keys });
    }
    table.finish(faults);
    Some(Signer::Certificate {
        subject: subject?,
        issuer,
        roots,
    })
}

fn sigstore(mut table: Table<'_>, faults: &mut Faults<'_>) -> Option<Signer> {
    let identity = exact(&mut table, "identity", true, faults);
    let issuer = exact(&mut table, "issuer", true, faults);
    table.finish(faults);
    Some(Signer::Sigstore {
        identity: identity?,
        issuer: issuer?,
    })
}

/// Reads a text that is compared character by character.
fn exact(table: &mut Table<'_>, key: &'static str, needed: bool, faults: &mut Faults<'_>) -> Option<String> {
    let found = if needed {
        table.needed(key, faults)
    } else {
        table.text(key, faults)
    }?;
    if found.value.contains('*') {
        faults.tell(found.at, table.key(key), Problem::Wildcard);
        return None;
    }
    check_plain(table.key(key), &found, faults).then(|| found.value.to_owned())
}

fn revocation(table: &mut Table<'_>, faults: &mut Faults<'_>) -> Option<Revocation> {
    let mut inner = table.table("revoked", faults)?;
    let at = inner.date("at", faults);
    if at.is_none() && !inner.has("at") {
        inner.missing("at", faults);
    }
    let reason = inner.needed("reason", faults);
    inner.finish(faults);
    Some(Revocation {
        at: at?.value,
        reason: reason?.value.to_owned(),
    })
}

fn references(table: &mut Table<'_>, key: &'static str, faults: &mut Faults<'_>) -> Vec<Reference> {
    let found = table.texts(key, faults).unwrap_or_default();
    found.iter().map(|found| reference(found, faults)).collect()
}

fn reference(found: &Found<&str>, faults: &Faults<'_>) -> Reference {
    Reference {
        path: found.value.to_owned(),
        place: faults.place(found.at),
    }
}

/// Says whether a text is a SHA-256 in small hexadecimal digits.
pub(crate) fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
