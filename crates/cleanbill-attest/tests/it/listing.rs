//! Listings for locks, claims of bundles, and alternative names of certificates.

use cleanbill_attest::{
    Certificate, IgnorePaths, ListOptions, Method, NamedSigner, Quiet, list_files, named_signer,
    sign_with_certificate,
};

use crate::support::{Authority, LEAF, Model, read_options};

fn options(allow_symlinks: bool) -> ListOptions {
    ListOptions {
        allow_symlinks,
        ignore: IgnorePaths::default(),
        threads: read_options().threads,
    }
}

#[test]
fn a_listing_has_the_digests_of_a_statement_and_every_size() {
    let model = Model::new();
    let statement = model.statement(&read_options());
    let listed = list_files(model.path(), &options(false), &Quiet).expect("a listing");
    let names: Vec<&str> = listed.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["config.json", "weights/empty.bin", "weights/one.bin"]);
    for (one, resource) in listed.iter().zip(&statement.resources) {
        let (_, digest) = one.found.as_ref().expect("it was read");
        assert_eq!(*digest, cleanbill_core::hex(&resource.digest), "{}", one.name);
    }
    let sizes: Vec<u64> = listed
        .iter()
        .map(|one| one.found.as_ref().expect("read").0)
        .collect();
    assert_eq!(sizes, [2, 0, 10]);
    assert!(list_files(&model.path().join("absent"), &options(false), &Quiet).is_err());
}

#[cfg(unix)]
#[test]
fn what_cannot_be_pinned_stands_beside_what_can() {
    let model = Model::new();
    std::os::unix::fs::symlink("config.json", model.path().join("link")).expect("a link");
    std::os::unix::fs::symlink("weights", model.path().join("folder")).expect("a link");
    let state = |allow: bool| -> Vec<String> {
        let listed = list_files(model.path(), &options(allow), &Quiet).expect("a listing");
        let shown = listed.iter().map(|one| match &one.found {
            Ok((size_bytes, _)) => format!("{} {size_bytes}", one.name),
            Err(refusal) => format!("{} {}", one.name, refusal.id()),
        });
        shown.collect()
    };
    let rest = ["weights/empty.bin 0", "weights/one.bin 10"];
    assert_eq!(
        state(false),
        [
            "config.json 2",
            "folder folder-symlink",
            "link file-symlink",
            rest[0],
            rest[1]
        ]
    );
    assert_eq!(
        state(true),
        [
            "config.json 2",
            "folder folder-symlink",
            "link 2",
            rest[0],
            rest[1]
        ]
    );
}

#[test]
fn a_claim_says_how_to_verify_and_whom() {
    let model = Model::new();
    let (bundle, public) = model.signed();
    let Ok(NamedSigner::Key {
        fingerprint,
        key: None,
    }) = named_signer(&bundle)
    else {
        panic!("a key signed");
    };
    assert_eq!(fingerprint, public.fingerprint());
    assert_eq!(named_signer(b"{").expect_err("no JSON").id(), "json-syntax");
    assert_eq!(NamedSigner::Sigstore.method(), Method::Sigstore);
    let Some(authority) = Authority::new("EC") else {
        return;
    };
    let names = "subjectAltName=email:a@b.example,URI:https://b.example/x,DNS:b.example,IP:127.0.0.1";
    authority.issue(
        "named",
        "ec -pkeyopt ec_paramgen_curve:P-256",
        "intermediate",
        &format!("{LEAF}\n{names}"),
    );
    let leaf = Certificate::from_pem(&authority.read("named.pem"))
        .expect("a certificate")
        .remove(0);
    assert_eq!(
        leaf.alternative_names(),
        ["dns:b.example", "email:a@b.example", "uri:https://b.example/x"]
    );
    let plain = Certificate::from_pem(&authority.read("leaf.pem"))
        .expect("a certificate")
        .remove(0);
    assert!(plain.alternative_names().is_empty());
    let private =
        cleanbill_attest::PrivateKey::from_pem(&authority.read("leaf.key"), || Ok(None)).expect("a key");
    let bundle =
        sign_with_certificate(&model.statement(&read_options()), &private, &plain, &[]).expect("a bundle");
    let Ok(NamedSigner::Certificate(found)) = named_signer(&bundle) else {
        panic!("a certificate signed");
    };
    assert_eq!(found.fingerprint(), plain.fingerprint());
}
