//! Bundles of the specification and of every version of the reference.

use std::fs;

use cleanbill_attest::{
    Certificate, IgnorePaths, Note, PublicKey, Quiet, Statement, Trust, UnixTime, Verification, verify,
};

use crate::support::{payload_of, reasons, shared, verify_options};

const AT: &str = "2026-11-28T12:00:00Z";

fn check(folder: &str, file: Option<&str>, more: &[&str], trust: Trust<'_>) -> Option<Verification> {
    let folder = shared("vectors/model-transparency")?.join(folder);
    let bundle = fs::read(folder.join("model.sig")).expect("a bundle");
    let model = file.map_or_else(|| folder.clone(), |name| folder.join(name));
    let mut options = verify_options();
    // The bundle lies in the model, as the command line knows.
    let ignore = std::iter::once("model.sig").chain(more.iter().copied());
    options.ignore = IgnorePaths::new(ignore.map(str::to_owned)).expect("paths");
    let result = verify(Ok(&bundle), &model, trust, &options, &Quiet);
    assert!(result.holds(), "{}: {:?}", folder.display(), result.refusals);
    Some(result)
}

#[test]
fn bundles_by_keys_of_every_version_verify() {
    let Some(folder) = shared("vectors/model-transparency") else {
        return;
    };
    let pem = fs::read(folder.join("keys/signing-key-pub.pem")).expect("a key");
    let key = PublicKey::from_pem(&pem).expect("a key");
    for (name, file, more) in [
        ("v0.3.1-elliptic-key", Some("signme-1"), &[][..]),
        ("v1.0.0-elliptic-key", Some("signme-1"), &[]),
        ("v1.0.1-elliptic-key", None, &["ignore-me"]),
        ("v1.1.0-elliptic-key", None, &[]),
    ] {
        let Some(result) = check(name, file, more, Trust::Key(&key)) else {
            return;
        };
        assert_eq!(
            result.notes.contains(&Note::OldKey),
            !name.starts_with("v1.1"),
            "{name}"
        );
    }
}

#[test]
fn bundles_by_certificates_of_every_version_verify() {
    let Some(folder) = shared("vectors/model-transparency") else {
        return;
    };
    let pem = fs::read(folder.join("keys/ca-cert.pem")).expect("a root");
    let trusted = Certificate::from_pem(&pem).expect("a root");
    let trust = Trust::certificates(&trusted, UnixTime::parse(AT).expect("a time"));
    for (name, more) in [
        ("v0.2.0-certificate", &[][..]),
        ("v0.3.1-certificate", &[]),
        ("v1.0.0-certificate", &[]),
        ("v1.0.1-certificate", &["ignore-me"]),
        ("v1.1.0-certificate", &[]),
    ] {
        let Some(result) = check(name, None, more, trust) else {
            return;
        };
        assert_eq!(
            result.notes.contains(&Note::OldStatement),
            name.starts_with("v0.2"),
            "{name}"
        );
    }
}

#[cfg(feature = "sigstore")]
mod keyless {
    use cleanbill_attest::{SignedBy, SigstoreTrust, TrustedRootSource};

    use super::*;

    fn trust(identity: &str, provider: &str) -> SigstoreTrust {
        SigstoreTrust {
            root: TrustedRootSource::Embedded,
            identity: identity.to_owned(),
            provider: provider.to_owned(),
        }
    }

    const IDENTITY: &str = "stefanb@us.ibm.com";
    const PROVIDER: &str = "https://sigstore.verify.ibm.com/oauth2";

    #[test]
    fn bundles_of_identities_verify_offline() {
        let good = trust(IDENTITY, PROVIDER);
        for (name, more) in [
            ("v0.3.1-sigstore", &[][..]),
            ("v1.0.0-sigstore", &[]),
            ("v1.0.1-sigstore", &["ignore-me"]),
            ("v1.1.0-sigstore", &[]),
        ] {
            let Some(result) = check(name, None, more, Trust::Sigstore(&good)) else {
                return;
            };
            let Some(SignedBy::Identity { times, .. }) = &result.signed_by else {
                panic!("{name}")
            };
            assert!(!times.is_empty(), "{name}");
            let newest = result
                .notes
                .iter()
                .any(|note| matches!(note, Note::EmbeddedRoot { newest: Some(_) }));
            assert!(newest, "{name}");
        }
    }

    #[test]
    fn the_vector_of_the_specification_verifies() {
        let (Some(vectors), Some(models)) = (
            shared("vectors/oms-spec/v1.0/valid"),
            shared("vectors/model-transparency"),
        ) else {
            return;
        };
        let bundle = fs::read(vectors.join("sigstore.bundle.json")).expect("a vector");
        let check = |model: &str, trust: &SigstoreTrust| {
            let model = models.join(model);
            verify(
                Ok(&bundle),
                &model,
                Trust::Sigstore(trust),
                &verify_options(),
                &Quiet,
            )
        };
        let good = trust(IDENTITY, PROVIDER);
        // Their statement is about the files of another vector.
        let result = check("v1.1.0-sigstore", &good);
        assert!(result.holds(), "{:?}", result.refusals);
        assert!(!check("keys", &good).holds(), "other files");
        let stranger = trust("eve@example.org", PROVIDER);
        assert_eq!(
            reasons(&check("v1.1.0-sigstore", &stranger)),
            ["sigstore-identity"]
        );
    }

    #[test]
    fn bundles_of_identities_are_refused_for_their_own_reasons() {
        let Some(folder) = shared("vectors/model-transparency") else {
            return;
        };
        let folder = folder.join("v1.1.0-sigstore");
        let text = fs::read_to_string(folder.join("model.sig")).expect("a bundle");
        let refused = |text: &str, trust: &SigstoreTrust| {
            reasons(&verify(
                Ok(text.as_bytes()),
                &folder,
                Trust::Sigstore(trust),
                &verify_options(),
                &Quiet,
            ))
        };
        let good = trust(IDENTITY, PROVIDER);
        assert!(refused(&text, &good).is_empty());
        assert_eq!(
            refused(&text, &trust("eve@example.org", PROVIDER)),
            ["sigstore-identity"]
        );
        assert_eq!(
            refused(&text, &trust(IDENTITY, "https://example.org")),
            ["sigstore-provider"]
        );
        let given = |root: &str| SigstoreTrust {
            root: TrustedRootSource::Given(root.as_bytes().to_vec()),
            ..good.clone()
        };
        assert_eq!(refused(&text, &given("{}")), ["sigstore-root"]);
        let empty = r#"{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}"#;
        assert_eq!(refused(&text, &given(empty)).len(), 1);
        let production = sigstore_trust_root::SIGSTORE_PRODUCTION_TRUSTED_ROOT;
        assert!(refused(&text, &given(production)).is_empty());
        // Authorities and logs of another instance, one at a time.
        let staging: serde_json::Value =
            serde_json::from_str(sigstore_trust_root::SIGSTORE_STAGING_TRUSTED_ROOT).expect("JSON");
        for (part, reason) in [
            ("certificateAuthorities", "sigstore-certificate"),
            ("ctlogs", "sigstore-certificate"),
            ("timestampAuthorities", "sigstore-timestamp"),
            ("tlogs", "sigstore-log"),
        ] {
            let mut other: serde_json::Value = serde_json::from_str(production).expect("JSON");
            other[part] = staging[part].clone();
            assert_eq!(refused(&text, &given(&other.to_string())), [reason], "{part}");
        }
        let wrapped = format!(
            r#"{{"mediaType":"application/vnd.dev.sigstore.clienttrustconfig.v0.1+json","trustedRoot":{production},"signingConfig":{{}}}}"#
        );
        assert!(refused(&text, &given(&wrapped)).is_empty());
        let mut value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let change = |pointer: &str, to: serde_json::Value| {
            let mut other = value.clone();
            *other.pointer_mut(pointer).expect(pointer) = to;
            refused(&other.to_string(), &good)
        };
        let entry = "/verificationMaterial/tlogEntries/0";
        let one = |pointer: &str, to: serde_json::Value| change(pointer, to).first().copied();
        assert_eq!(
            one(
                &format!("{entry}/inclusionProof/rootHash"),
                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".into()
            ),
            Some("sigstore-bundle")
        );
        for (pointer, to) in [
            ("integratedTime", "1760062341"),
            ("logId/keyId", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
            (
                "inclusionPromise/signedEntryTimestamp",
                "MEQCIErVIgUO5ZfOBVXVM8URhnDQ2RXg7H+960ckEz8xKkdoAiBkki5CpODdpZw8GzMNv/nnT1j5OQ6l/Y5k00n7P0AXFA==",
            ),
        ] {
            assert_eq!(
                one(&format!("{entry}/{pointer}"), to.into()),
                Some("sigstore-log"),
                "{pointer}"
            );
        }
        assert!(one("/dsseEnvelope/payload", "e30=".into()).is_some());
        value["verificationMaterial"]["tlogEntries"] = serde_json::json!([]);
        assert_eq!(refused(&value.to_string(), &good), ["json-field"]);
    }

    #[test]
    fn no_byte_that_says_anything_changes_without_a_refusal() {
        let Some(folder) = shared("vectors/model-transparency") else {
            return;
        };
        let folder = folder.join("v1.1.0-sigstore");
        let good = trust(IDENTITY, PROVIDER);
        let bundle = fs::read(folder.join("model.sig")).expect("a bundle");
        let mut options = verify_options();
        options.ignore = IgnorePaths::new(["model.sig".to_owned()]).expect("a path");
        let holds =
            |bytes: &[u8]| verify(Ok(bytes), &folder, Trust::Sigstore(&good), &options, &Quiet).holds();
        assert!(holds(&bundle));
        let mut survived = Vec::new();
        // Two things decide nothing: the copy of its authority's certificate in a timestamp, since that of the trusted root counts,
        // and the name before the signature of a checkpoint, since the key beside it does.
        let text = std::str::from_utf8(&bundle).expect("UTF-8");
        let part = |from: &str, until: &str| {
            let (before, rest) = text.split_once(from).expect(from);
            let (inner, _) = rest.split_once(until).expect(until);
            before.len()..before.len() + from.len() + inner.len()
        };
        let without = [part("signedTimestamp", "}"), part("\u{2014} ", " ")];
        for index in (0..bundle.len()).step_by(3) {
            if without.iter().any(|part| part.contains(&index)) {
                continue;
            }
            let mut other = bundle.clone();
            other[index] ^= 1 << (index % 7);
            if holds(&other) {
                let from = index.saturating_sub(30);
                let around = other.get(from..index + 10).unwrap_or_default();
                survived.push(String::from_utf8_lossy(around).into_owned());
            }
        }
        assert!(survived.is_empty(), "{survived:#?}");
    }
}

#[test]
fn vectors_of_the_specification_have_the_right_verdict() {
    let (Some(folder), Some(keys)) = (
        shared("vectors/oms-spec/v1.0"),
        shared("vectors/model-transparency"),
    ) else {
        return;
    };
    let pem = fs::read(keys.join("keys/signing-key-pub.pem")).expect("a key");
    let key = PublicKey::from_pem(&pem).expect("a key");
    let roots =
        Certificate::from_pem(&fs::read(keys.join("keys/ca-cert.pem")).expect("a root")).expect("a root");
    let at = UnixTime::parse(AT).expect("a time");
    let read = |name: &str| fs::read(folder.join(name)).expect("a vector");
    // Their statement is about the files of another vector.
    let model = keys.join("v1.1.0-elliptic-key");
    let mut options = verify_options();
    options.ignore = IgnorePaths::new(["model.sig".to_owned()]).expect("a path");
    let run = |name: &str, trust: Trust<'_>| verify(Ok(&read(name)), &model, trust, &options, &Quiet);
    let by_key = run("valid/key.bundle.json", Trust::Key(&key));
    assert!(by_key.holds(), "{:?}", by_key.refusals);
    let by_certificate = run("valid/certificate.bundle.json", Trust::certificates(&roots, at));
    assert!(by_certificate.holds(), "{:?}", by_certificate.refusals);
    for (name, reason) in [
        ("invalid/empty.bundle.json", "json-syntax"),
        ("invalid/missing-envelope.bundle.json", "json-field"),
        ("invalid/missing-verification-material.bundle.json", "json-field"),
        ("invalid/missing-tlog-entries.bundle.json", "json-field"),
    ] {
        assert_eq!(reasons(&run(name, Trust::Key(&key))), [reason], "{name}");
    }
    // The vector has another statement under the signature of the first.
    let name = "invalid-payload/wrong-predicate.bundle.json";
    assert_eq!(reasons(&run(name, Trust::Key(&key))), ["signature-invalid"]);
    let refusal = Statement::from_json(&payload_of(&read(name))).expect_err("another predicate");
    assert_eq!(refusal.id(), "predicate-type");
}
