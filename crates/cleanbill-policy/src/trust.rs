//! Decides whether a signature counts for a name: a pure function of the rules, the signer, the time and the name.
//!
//! 1. Of the patterns that match the name, the most specific one counts, and closes: whom its rules do not name may not sign there, whatever
//!    wider patterns say. Two patterns of the same rank decide nothing.
//! 2. A revocation counts wherever its signer is named, also under another namespace: a stolen key is stolen everywhere. Only a proven time
//!    of signing before it helps.
//! 3. `since` is the first second that counts, `until` the first that does not. Where no time is proven, both are held against another
//!    one, which is now unless the caller says otherwise.

use cleanbill_core::{Text, UnixTime, text};

use crate::{
    name::{ArtifactName, Namespace},
    policy_file::{Rule, Signer},
};

/// Name of the shape of a decision with its verification.
pub const SCHEMA: &str = "cleanbill.verify-policy/1";
/// JSON Schema of the shape.
pub const SCHEMA_TEXT: &str = include_str!("../schemas/cleanbill.verify-policy-1.schema.json");

/// Joins a rule with what the files that it names hold.
#[derive(Clone, Debug)]
pub struct Known<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// The fingerprint of the key in its file.
    pub key: Option<String>,
    /// SHA-256 of the certificates that may end a chain for it.
    pub roots: Vec<String>,
}

/// Says who signed, as it was verified, or as a bundle claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// The holder of a key.
    Key {
        /// SHA-256 over its PEM.
        fingerprint: String,
    },
    /// The holder of a certificate.
    Certificate {
        /// Its distinguished name.
        subject: String,
        /// Its alternative names, as `email:`, `dns:` and `uri:`.
        names: Vec<String>,
        /// The distinguished name of who issued it.
        issuer: String,
        /// SHA-256 of the root that the chain ended at; nothing where no chain was followed.
        root: Option<String>,
    },
    /// An identity that Sigstore confirmed.
    Sigstore {
        /// Whose.
        identity: String,
        /// Who confirmed it.
        issuer: String,
    },
}

impl Identity {
    /// Returns the words for people.
    pub fn text(&self) -> Text {
        match self {
            Self::Key { fingerprint } => text!("the key {fingerprint}", "密钥 {fingerprint}"),
            Self::Certificate { subject, issuer, .. } => text!(
                "`{subject}`, whose certificate `{issuer}` issued",
                "`{subject}`（证书由 `{issuer}` 签发）"
            ),
            Self::Sigstore { identity, issuer } if issuer.is_empty() => text!("`{identity}`", "`{identity}`"),
            Self::Sigstore { identity, issuer } => text!(
                "`{identity}`, as `{issuer}` confirmed",
                "`{identity}`（由 `{issuer}` 确认）"
            ),
        }
    }
}

/// Holds the earliest and the latest proven time of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proven {
    /// The earliest.
    pub earliest: UnixTime,
    /// The latest.
    pub latest: UnixTime,
}

impl Proven {
    /// Takes the times that a bundle proves to the satisfaction of a rule. One that lies ahead of now proves nothing, nor do those beside it.
    pub fn of(times: &[UnixTime], now: UnixTime) -> Option<Self> {
        let earliest = *times.iter().min()?;
        let latest = *times.iter().max()?;
        (latest <= now).then_some(Self { earliest, latest })
    }
}

/// Gives one reason why a signature does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the words of each reason stand in `text`, once")]
pub enum Reason {
    NoRule {
        name: ArtifactName,
    },
    AmbiguousRules {
        name: ArtifactName,
        first: String,
        second: String,
    },
    SignerNotNamed {
        signer: Box<Identity>,
        namespace: Namespace,
    },
    NotYetValid {
        since: UnixTime,
        at: UnixTime,
        is_proven: bool,
    },
    NoLongerValid {
        until: UnixTime,
        at: UnixTime,
        is_proven: bool,
    },
    Revoked {
        at: UnixTime,
        reason: String,
        proven: Option<UnixTime>,
    },
    KeyNotGiven {
        fingerprint: String,
    },
    RootNotGiven {
        subject: String,
    },
}

impl Reason {
    /// Returns the id of the reason: kebab-case, never changed once released.
    pub const fn id(&self) -> &'static str {
        match self {
            Self::NoRule { .. } => "no-rule",
            Self::AmbiguousRules { .. } => "ambiguous-rules",
            Self::SignerNotNamed { .. } => "signer-not-named",
            Self::NotYetValid { .. } => "not-yet-valid",
            Self::NoLongerValid { .. } => "no-longer-valid",
            Self::Revoked { .. } => "revoked",
            Self::KeyNotGiven { .. } => "key-not-given",
            Self::RootNotGiven { .. } => "root-not-given",
        }
    }

    /// Returns the words for people.
    pub fn text(&self) -> Text {
        match self {
            Self::NoRule { name } => text!(
                "no rule says who may sign `{name}`",
                "没有规则说明谁可以签署 `{name}`"
            ),
            Self::AmbiguousRules { name, first, second } => text!(
                "`{first}` and `{second}` match `{name}` equally well, so neither decides",
                "`{first}` 与 `{second}` 同等匹配 `{name}`，因此都不作数"
            ),
            Self::SignerNotNamed { signer, namespace } => {
                let signer = signer.text();
                let (en, zh) = (signer.en(), signer.get(cleanbill_core::Language::Chinese));
                text!(
                    "`{namespace}` does not name the signer: {en}",
                    "`{namespace}` 没有指定该签名者：{zh}"
                )
            }
            Self::NotYetValid { since, at, is_proven } => {
                let (en, zh) = when(*is_proven);
                text!(
                    "the signer is trusted from {since} on; {en} {at}",
                    "该签名者自 {since} 起才受信任；{zh} {at}"
                )
            }
            Self::NoLongerValid { until, at, is_proven } => {
                let (en, zh) = when(*is_proven);
                text!(
                    "the signer was trusted until {until}; {en} {at}",
                    "该签名者的信任截至 {until}；{zh} {at}"
                )
            }
            Self::Revoked {
                at,
                reason,
                proven: None,
            } => text!(
                "the signer is revoked as of {at} ({reason}), and no time of signing before that is proven",
                "该签名者自 {at} 起被撤销（{reason}），且没有证据表明签名早于该时间"
            ),
            Self::Revoked {
                at,
                reason,
                proven: Some(proven),
            } => text!(
                "the signer is revoked as of {at} ({reason}); signed at {proven}",
                "该签名者自 {at} 起被撤销（{reason}）；签名时间为 {proven}"
            ),
            Self::KeyNotGiven { fingerprint } => text!(
                "the key {fingerprint} is trusted, but not at hand",
                "密钥 {fingerprint} 受信任，但未提供"
            ),
            Self::RootNotGiven { subject } => text!(
                "`{subject}` is trusted by its issuer, but no root is at hand",
                "`{subject}` 依其签发者受信任，但未提供根证书"
            ),
        }
    }

    /// Returns what to do about it, where there is something to say.
    pub fn hint(&self) -> Option<Text> {
        Some(match self {
            Self::NoRule { .. } => text!(
                "a `[[trust]]` entry of the system file says whose signatures count for a namespace",
                "系统文件中的 `[[trust]]` 条目说明哪些签名对某个命名空间有效"
            ),
            Self::AmbiguousRules { .. } => text!(
                "write a rule for the name itself, or make one pattern longer",
                "请为该名称单独编写规则，或使其中一个模式更具体"
            ),
            Self::SignerNotNamed { .. } => text!(
                "only add a signer whose key or identity reached you by another way than the model",
                "仅当签名者的密钥或身份通过模型之外的途径得到确认时才添加"
            ),
            Self::KeyNotGiven { .. } => text!(
                "name its file with `key-file` in the rule, or with `--public-key`",
                "请在规则中用 `key-file`，或用 `--public-key` 指定其文件"
            ),
            Self::RootNotGiven { .. } => text!(
                "name files with `roots` in the rule, or with `--certificate-chain`",
                "请在规则中用 `roots`，或用 `--certificate-chain` 指定文件"
            ),
            _ => return None,
        })
    }
}

const fn when(is_proven: bool) -> (&'static str, &'static str) {
    if is_proven {
        ("signed at", "签名时间为")
    } else {
        (
            "no time of signing is proven, and what counts instead is",
            "没有已证明的签名时间，改以此时间为准：",
        )
    }
}

/// Returns the rules that decide about a name, as places in the list: those of the most specific pattern.
pub fn deciding(rules: &[Known<'_>], name: &ArtifactName) -> Result<Vec<usize>, Reason> {
    let matching = rules
        .iter()
        .enumerate()
        .filter(|(_, known)| known.rule.namespace.matches(name));
    let Some(best) = matching
        .clone()
        .map(|(_, known)| known.rule.namespace.rank())
        .max()
    else {
        return Err(Reason::NoRule { name: name.clone() });
    };
    let mut chosen: Vec<usize> = Vec::new();
    let mut first: Option<&Namespace> = None;
    for (index, known) in matching.filter(|(_, known)| known.rule.namespace.rank() == best) {
        let namespace = &known.rule.namespace;
        let other = first.get_or_insert(namespace);
        if !other.is_same(namespace) {
            return Err(Reason::AmbiguousRules {
                name: name.clone(),
                first: other.to_string(),
                second: namespace.to_string(),
            });
        }
        chosen.push(index);
    }
    Ok(chosen)
}

/// Decides whether a verified signature counts, and returns the place of the rule by which it does; `at` counts where no time is proven.
pub fn decide(
    rules: &[Known<'_>],
    name: &ArtifactName,
    signer: &Identity,
    proven: Option<Proven>,
    at: UnixTime,
) -> Result<usize, Vec<Reason>> {
    let chosen = deciding(rules, name).map_err(|reason| vec![reason])?;
    let naming = || {
        let known = chosen
            .iter()
            .filter_map(|index| Some((*index, rules.get(*index)?)));
        known.filter(|(_, known)| names(known, signer))
    };
    let mut reasons = Vec::new();
    for (index, known) in naming() {
        match counts(rules, known, signer, proven, at) {
            Ok(()) => return Ok(index),
            Err(reason) if reasons.contains(&reason) => {}
            Err(reason) => reasons.push(reason),
        }
    }
    let first = chosen.first().and_then(|index| rules.get(*index));
    if let (true, Some(first)) = (reasons.is_empty(), first) {
        reasons.push(Reason::SignerNotNamed {
            signer: Box::new(signer.clone()),
            namespace: first.rule.namespace.clone(),
        });
    }
    Err(reasons)
}

/// Says whether the signature of somebody whom a deciding rule names counts by that rule: nobody revoked the signer, and it is in time.
pub fn counts(
    rules: &[Known<'_>],
    known: &Known<'_>,
    signer: &Identity,
    proven: Option<Proven>,
    at: UnixTime,
) -> Result<(), Reason> {
    // INVARIANT: no rule trusts whom any rule revokes, unless a time before the earliest revocation is proven.
    let revocations = rules
        .iter()
        .filter_map(|known| Some((known, known.rule.revoked.as_ref()?)))
        .filter(|(known, _)| is_signer(known, signer, Roots::Any))
        .map(|(_, revocation)| revocation);
    if let Some(first) = revocations.min_by_key(|revocation| revocation.at)
        && proven.is_none_or(|proven| proven.latest >= first.at)
    {
        return Err(Reason::Revoked {
            at: first.at,
            reason: first.reason.clone(),
            proven: proven.map(|proven| proven.latest),
        });
    }
    in_time(known.rule, proven, at).map_or(Ok(()), Err)
}

fn in_time(rule: &Rule, proven: Option<Proven>, at: UnixTime) -> Option<Reason> {
    let is_proven = proven.is_some();
    let (earliest, latest) = proven.map_or((at, at), |proven| (proven.earliest, proven.latest));
    if let Some(since) = rule.since.filter(|since| earliest < *since) {
        let at = earliest;
        return Some(Reason::NotYetValid { since, at, is_proven });
    }
    let until = rule.until.filter(|until| latest >= *until)?;
    let at = latest;
    Some(Reason::NoLongerValid { until, at, is_proven })
}

/// Says whether a rule names a signer.
pub fn names(known: &Known<'_>, signer: &Identity) -> bool {
    is_signer(known, signer, Roots::OfTheRule)
}

/// Says which roots may have vouched for a certificate.
#[derive(Clone, Copy)]
enum Roots {
    OfTheRule,
    /// A revocation counts although nobody gave the roots of its rule.
    Any,
}

fn is_signer(known: &Known<'_>, signer: &Identity, roots: Roots) -> bool {
    match (&known.rule.signer, signer) {
        (Signer::Key { fingerprint, .. }, Identity::Key { fingerprint: found }) => {
            // Where a rule has both, the program has seen that they agree.
            fingerprint.as_ref().or(known.key.as_ref()) == Some(found)
        }
        (
            Signer::Certificate { subject, issuer, .. },
            Identity::Certificate {
                subject: found,
                names,
                issuer: found_issuer,
                root,
            },
        ) => {
            let is_subject = if is_alternative(subject) {
                names.contains(subject)
            } else {
                subject == found
            };
            let is_issuer = issuer.as_ref().is_none_or(|issuer| issuer == found_issuer);
            let is_root = match (roots, root) {
                (Roots::Any, _) | (Roots::OfTheRule, None) => true,
                (Roots::OfTheRule, Some(root)) => known.roots.contains(root),
            };
            is_subject && is_issuer && is_root
        }
        (
            Signer::Sigstore { identity, issuer },
            Identity::Sigstore {
                identity: found,
                issuer: found_issuer,
            },
        ) => identity == found && issuer == found_issuer,
        _ => false,
    }
}

/// Says whether a subject is an alternative name. A distinguished name begins with an attribute and `=`, so that none looks like it.
fn is_alternative(subject: &str) -> bool {
    ["email:", "dns:", "uri:"]
        .iter()
        .any(|kind| subject.starts_with(kind))
}
