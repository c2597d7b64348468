//! What is signed verifies, whatever the model looks like; what was changed does not.

use std::{fs, num::NonZeroUsize};

use cleanbill_attest::{
    Algorithm, Certificate, Curve, FileState, IgnorePaths, KeyError, Note, PrivateKey, PublicKey, Quiet,
    ReadOptions, Salt, Serialization, SignedBy, Trust, UnixTime, VerifyOptions, read_model,
    sign_with_certificate, sign_with_key, verify,
};
use zeroize::Zeroizing;

use crate::support::{Authority, Model, key, read_options, reasons, verify_options};

fn states(
    model: &Model,
    bundle: &[u8],
    key: &PublicKey,
    options: &VerifyOptions,
) -> Vec<(String, FileState)> {
    let result = model.verify_with(bundle, Trust::Key(key), options);
    result
        .files
        .into_iter()
        .map(|file| (file.name, file.state))
        .collect()
}

#[test]
fn every_curve_hash_and_serialization_comes_back() {
    let model = Model::new();
    for curve in Curve::ALL {
        let key = key(curve, 7);
        let public = key.public_key();
        assert_eq!(
            PublicKey::from_pem(public.to_pem().as_bytes()),
            Ok(public.clone())
        );
        for algorithm in Algorithm::ALL {
            for serialization in [
                Serialization::Files,
                Serialization::Shards { size_bytes: 3 },
                Serialization::Shards { size_bytes: 1 << 30 },
            ] {
                let options = ReadOptions {
                    algorithm,
                    serialization,
                    ..read_options()
                };
                let statement = model.statement(&options);
                let bundle = sign_with_key(&statement, &key).expect("a bundle");
                assert_eq!(
                    bundle,
                    sign_with_key(&statement, &key).expect("a bundle"),
                    "the same bytes each time"
                );
                let result = model.verify(&bundle, &public);
                assert!(
                    result.holds(),
                    "{curve:?} {algorithm:?} {serialization:?}: {:?}",
                    result.refusals
                );
                assert_eq!(result.verdict().as_str(), "pass");
                assert_eq!(result.statement, Some(statement));
                assert!(matches!(result.signed_by, Some(SignedBy::Key { .. })));
            }
        }
    }
}

#[test]
fn private_keys_are_read_as_they_are_written() {
    let none = || Ok(None);
    let given = |word: &'static str| move || Ok(Some(Zeroizing::new(word.as_bytes().to_vec())));
    for curve in Curve::ALL {
        let key = key(curve, 3);
        let plain = key.to_pem().expect("PEM");
        let again = PrivateKey::from_pem(plain.as_bytes(), none).expect("a key");
        assert_eq!(again.public_key(), key.public_key());
        let salt = Salt {
            salt: [1; 16],
            start: [2; 16],
        };
        let sealed = key.to_encrypted_pem(b"open sesame", &salt).expect("PEM");
        let read = |word| PrivateKey::from_pem(sealed.as_bytes(), given(word)).map(|key| key.public_key());
        assert_eq!(read("open sesame"), Ok(key.public_key()));
        assert_eq!(read("open barley"), Err(KeyError::PassphraseWrong));
        assert_eq!(
            PrivateKey::from_pem(sealed.as_bytes(), none).map(|key| key.public_key()),
            Err(KeyError::PassphraseWanted)
        );
        assert_eq!(
            PrivateKey::from_pem(key.public_key().to_pem().as_bytes(), none).map(|key| key.public_key()),
            Err(KeyError::Absent {
                wanted: "PRIVATE KEY",
                found: vec!["PUBLIC KEY".to_owned()]
            })
        );
    }
}

#[test]
fn keys_of_openssl_are_read_and_others_are_refused_by_kind() {
    let Some(authority) = Authority::new("EC") else {
        return;
    };
    authority.openssl("ecparam -name prime256v1 -genkey -out sec1.pem");
    authority.openssl("ecparam -name secp384r1 -genkey -noout -out p384.pem");
    authority.openssl("pkcs8 -topk8 -in p384.pem -out sealed.pem -passout pass:word");
    authority.openssl("pkcs8 -topk8 -in p384.pem -out scrypt.pem -passout pass:word -scrypt");
    authority.openssl("ec -in p384.pem -out old.pem -aes128 -passout pass:word");
    authority.openssl("ec -in p384.pem -pubout -out p384.pub");
    authority.openssl("ecparam -name secp256k1 -genkey -noout -out k1.pem");
    authority.openssl("genpkey -algorithm ed25519 -out ed.pem");
    authority.openssl("genpkey -algorithm rsa -out rsa.pem");
    let word = || Ok(Some(Zeroizing::new(b"word".to_vec())));
    let read = |name: &str| PrivateKey::from_pem(&authority.read(name), word);
    assert_eq!(read("sec1.pem").expect("a key").curve(), Curve::P256);
    let public = PublicKey::from_pem(&authority.read("p384.pub")).expect("a key");
    assert_eq!(public.to_pem().as_bytes(), authority.read("p384.pub"));
    for name in ["p384.pem", "sealed.pem", "scrypt.pem"] {
        assert_eq!(read(name).expect(name).public_key(), public, "{name}");
    }
    assert_eq!(read("old.pem").err(), Some(KeyError::OldEncryption));
    for name in ["k1.pem", "ed.pem", "rsa.pem"] {
        assert!(matches!(read(name), Err(KeyError::Kind { .. })), "{name}");
    }
}

#[test]
fn every_change_is_told_by_file() {
    let model = Model::new();
    let (bundle, key) = model.signed();
    model.write("config.json", b"{ }");
    model.remove("weights/one.bin");
    model.write("more.txt", b"more");
    let result = model.verify(&bundle, &key);
    assert_eq!(result.verdict().as_str(), "fail");
    assert_eq!(reasons(&result), ["file-changed", "file-extra", "file-missing"]);
    let found = states(&model, &bundle, &key, &verify_options());
    let expected = [
        ("config.json", FileState::Changed),
        ("more.txt", FileState::Extra),
        ("weights/empty.bin", FileState::Signed),
        ("weights/one.bin", FileState::Missing),
    ]
    .map(|(name, state)| (name.to_owned(), state));
    assert_eq!(found, expected);
}

#[test]
fn unsigned_files_are_accepted_only_where_somebody_says_so() {
    let model = Model::new();
    let (bundle, key) = model.signed();
    model.write("notes/a.txt", b"a");
    assert!(!model.verify(&bundle, &key).holds());
    let mut options = verify_options();
    options.ignore = IgnorePaths::new(["notes".to_owned()]).expect("a path");
    let found = states(&model, &bundle, &key, &options);
    assert!(
        found.contains(&("notes".to_owned(), FileState::Ignored)),
        "{found:?}"
    );
    assert!(model.verify_with(&bundle, Trust::Key(&key), &options).holds());
    let mut options = verify_options();
    options.ignore_unsigned = true;
    let found = states(&model, &bundle, &key, &options);
    assert!(
        found.contains(&("notes/a.txt".to_owned(), FileState::Unsigned)),
        "{found:?}"
    );
    assert!(model.verify_with(&bundle, Trust::Key(&key), &options).holds());
    // What is signed is compared, also below a path that is left out.
    let mut options = verify_options();
    options.ignore = IgnorePaths::new(["weights".to_owned(), "notes".to_owned()]).expect("paths");
    model.write("weights/one.bin", b"987");
    model.write("weights/two.bin", b"2");
    let result = model.verify_with(&bundle, Trust::Key(&key), &options);
    assert_eq!(reasons(&result), ["file-changed"]);
    let found = states(&model, &bundle, &key, &options);
    assert!(
        found.contains(&("weights/two.bin".to_owned(), FileState::Ignored)),
        "{found:?}"
    );
}

#[test]
fn version_control_is_left_out_at_the_root_alone() {
    let model = Model::new();
    model.write(".git/HEAD", b"ref");
    model.write("sub/.git/HEAD", b"ref");
    let mut options = read_options();
    options.ignore = IgnorePaths::new(cleanbill_attest::GIT_PATHS.map(str::to_owned)).expect("paths");
    let statement = model.statement(&options);
    let names: Vec<&str> = statement.resources.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "config.json",
            "sub/.git/HEAD",
            "weights/empty.bin",
            "weights/one.bin"
        ]
    );
    let signer = key(Curve::P256, 1);
    let bundle = sign_with_key(&statement, &signer).expect("a bundle");
    assert!(model.verify(&bundle, &signer.public_key()).holds());
    model.write(".git/more", b"x");
    assert!(model.verify(&bundle, &signer.public_key()).holds());
    model.write("sub/.git/more", b"x");
    assert_eq!(
        reasons(&model.verify(&bundle, &signer.public_key())),
        ["file-extra"]
    );
    // Where the signer took it in, nothing more may be there.
    let model = Model::new();
    model.write(".git/HEAD", b"ref");
    let (bundle, key) = model.signed();
    assert!(model.verify(&bundle, &key).holds());
    model.write(".git/more", b"x");
    assert_eq!(reasons(&model.verify(&bundle, &key)), ["file-extra"]);
}

#[test]
fn a_single_file_is_a_model() {
    let model = Model::new();
    let file = model.path().join("config.json");
    let signer = key(Curve::P384, 5);
    let read = read_model(&file, "config.json", &read_options(), &Quiet).expect("a model");
    assert_eq!(read.statement.resources[0].name, ".");
    let mut by_name = read.statement.clone();
    by_name.resources[0].name = "config.json".to_owned();
    let mut other = read.statement.clone();
    other.resources[0].name = "other.json".to_owned();
    for (statement, expected) in [
        (&read.statement, &[][..]),
        (&by_name, &[]),
        (&other, &["file-extra", "file-missing"]),
    ] {
        let bundle = sign_with_key(statement, &signer).expect("a bundle");
        let result = verify(
            Ok(&bundle),
            &file,
            Trust::Key(&signer.public_key()),
            &verify_options(),
            &Quiet,
        );
        let mut found = reasons(&result);
        found.sort_unstable();
        assert_eq!(found, expected);
    }
}

#[cfg(unix)]
#[test]
fn links_are_refused_read_or_told_but_never_passed_over() {
    use std::os::unix::fs::symlink;

    let model = Model::new();
    let outside = Model::new();
    outside.write("blob", b"blob");
    let link =
        |target: &std::path::Path, name: &str| symlink(target, model.path().join(name)).expect("a link");
    link(&outside.path().join("blob"), "linked.bin");
    let read = |options: &ReadOptions| read_model(model.path(), "model", options, &Quiet);
    let ids = |refusals: Vec<cleanbill_attest::Refusal>| {
        refusals
            .iter()
            .map(cleanbill_attest::Refusal::id)
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(read(&read_options()).expect_err("a link")), ["file-symlink"]);
    let mut options = read_options();
    options.allow_symlinks = true;
    let statement = read(&options).expect("links are read").statement;
    let signer = key(Curve::P256, 1);
    let public = signer.public_key();
    let bundle = sign_with_key(&statement, &signer).expect("a bundle");
    assert!(
        model.verify(&bundle, &public).holds(),
        "the bundle says that links are read"
    );
    outside.write("blob", b"other");
    assert_eq!(reasons(&model.verify(&bundle, &public)), ["file-changed"]);
    outside.write("blob", b"blob");
    link(outside.path(), "folder");
    assert_eq!(ids(read(&options).expect_err("a link")), ["folder-symlink"]);
    assert_eq!(reasons(&model.verify(&bundle, &public)), ["folder-symlink"]);
    model.remove("folder");
    link(&outside.path().join("absent"), "broken");
    assert_eq!(ids(read(&options).expect_err("a link")), ["broken-symlink"]);
    model.remove("broken");
    // A file that became a link after it was signed without links.
    let (bundle, public) = {
        model.remove("linked.bin");
        model.signed()
    };
    outside.write("config.json", b"{}");
    model.remove("config.json");
    link(&outside.path().join("config.json"), "config.json");
    assert_eq!(reasons(&model.verify(&bundle, &public)), ["file-symlink"]);
    let mut options = verify_options();
    options.allow_symlinks = true;
    assert!(model.verify_with(&bundle, Trust::Key(&public), &options).holds());
}

#[cfg(unix)]
#[test]
fn odd_names_are_signed_and_impossible_ones_told() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};

    let model = Model::new();
    for name in [
        "new\nline",
        "back\\slash",
        "co:lon:1:2",
        "模型 é",
        "..dots",
        "-dash",
        " blank ",
        "\u{202e}x",
    ] {
        model.write(name, name.as_bytes());
    }
    let (bundle, key) = model.signed();
    assert!(model.verify(&bundle, &key).holds());
    let shards = ReadOptions {
        serialization: Serialization::Shards { size_bytes: 4 },
        ..read_options()
    };
    let signer = crate::support::key(Curve::P256, 1);
    let sharded = sign_with_key(&model.statement(&shards), &signer).expect("a bundle");
    let result = model.verify(&sharded, &signer.public_key());
    assert!(result.holds(), "{:?}", result.refusals);
    assert!(result.notes.contains(&Note::EmptyNotCovered { count: 1 }));
    fs::write(model.path().join(OsStr::from_bytes(b"bad\xff")), b"x").expect("a file");
    let refusals = read_model(model.path(), "model", &read_options(), &Quiet).expect_err("a name");
    assert_eq!(refusals[0].id(), "file-name");
    assert_eq!(reasons(&model.verify(&bundle, &key)), ["file-name"]);
    let mut options = verify_options();
    options.ignore_unsigned = true;
    assert!(model.verify_with(&bundle, Trust::Key(&key), &options).holds());
}

#[test]
fn shards_notice_longer_and_shorter_files() {
    let model = Model::new();
    let options = ReadOptions {
        serialization: Serialization::Shards { size_bytes: 4 },
        ..read_options()
    };
    let signer = key(Curve::P256, 1);
    let bundle = sign_with_key(&model.statement(&options), &signer).expect("a bundle");
    for bytes in [&b"01234567"[..], b"0123456789a", b"", b"0123456788"] {
        model.write("weights/one.bin", bytes);
        assert_eq!(
            reasons(&model.verify(&bundle, &signer.public_key())),
            ["file-changed"]
        );
    }
    model.write("weights/one.bin", b"0123456789");
    assert!(model.verify(&bundle, &signer.public_key()).holds());
}

#[test]
fn threads_change_nothing() {
    let model = Model::new();
    for index in 0..50 {
        model.write(&format!("many/{index}"), format!("{index}").as_bytes());
    }
    let one = ReadOptions {
        threads: NonZeroUsize::MIN,
        ..read_options()
    };
    assert_eq!(model.statement(&one), model.statement(&read_options()));
}

#[test]
fn certificates_of_either_family_lead_to_the_root() {
    for issuers in ["EC", "RSA"] {
        let Some(authority) = Authority::new(issuers) else {
            return;
        };
        let model = Model::new();
        let statement = model.statement(&read_options());
        let key = PrivateKey::from_pem(&authority.read("leaf.key"), || Ok(None)).expect("a key");
        let read = |name: &str| Certificate::from_pem(&authority.read(name)).expect("a certificate");
        let (leaf, intermediate, root) = (read("leaf.pem"), read("intermediate.pem"), read("root.pem"));
        let at = leaf[0].validity().0;
        let with = sign_with_certificate(&statement, &key, &leaf[0], &intermediate).expect("a bundle");
        let without = sign_with_certificate(&statement, &key, &leaf[0], &[]).expect("a bundle");
        let check = |bundle: &[u8], trusted: &[Certificate], at: UnixTime, expected: &[&str]| {
            let result = model.verify_with(bundle, Trust::certificates(trusted, at), &verify_options());
            assert_eq!(reasons(&result), expected, "{issuers}");
            result
        };
        let result = check(&with, &root, at, &[]);
        let Some(SignedBy::Certificate { path, .. }) = result.signed_by else {
            panic!("{:?}", result.signed_by)
        };
        let subjects: Vec<&str> = path.iter().map(|(subject, _, _)| subject.as_str()).collect();
        assert_eq!(subjects, ["CN=leaf", "CN=intermediate", "CN=root"]);
        // The verifier may have the intermediate instead of the bundle; alone it ends no path.
        let both: Vec<_> = intermediate.iter().chain(&root).cloned().collect();
        check(&without, &both, at, &[]);
        check(&without, &root, at, &["chain-untrusted"]);
        check(&with, &intermediate, at, &["chain-untrusted"]);
        check(&with, &[], at, &["chain-untrusted"]);
        // Unlike the reference, which compares with the first second of the certificate itself: before and after its time it is refused.
        let (from, until) = leaf[0].validity();
        check(&with, &root, UnixTime(from.0 - 1), &["certificate-not-yet-valid"]);
        check(&with, &root, UnixTime(until.0 + 1), &["certificate-expired"]);
        let other = crate::support::key(Curve::P256, 9);
        assert_eq!(
            sign_with_certificate(&statement, &other, &leaf[0], &[]),
            Err(KeyError::Pair)
        );
    }
}

#[test]
fn what_cannot_be_read_is_incomplete_and_not_a_failure() {
    let model = Model::new();
    let (bundle, key) = model.signed();
    let absent = model.path().join("absent");
    let result = verify(Ok(&bundle), &absent, Trust::Key(&key), &verify_options(), &Quiet);
    assert_eq!(
        (result.verdict().as_str(), reasons(&result)),
        ("incomplete", vec!["model-unreadable"])
    );
}
