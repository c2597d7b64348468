//! No single byte of model, bundle or certificate may change without a refusal.

use std::cell::Cell;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cleanbill_attest::{Certificate, PrivateKey, Trust, sign_with_certificate};

use crate::support::{Authority, Model, next, read_options, verify_options};

/// How a byte is changed: each single bit, and a few others.
fn changes(state: &Cell<u64>) -> [u8; 4] {
    let bit = 1_u8 << (next(state) % 8);
    let any = u8::try_from(next(state) % 255).unwrap_or(0) + 1;
    // Case and blanks are what lax readers forgive.
    [bit, any, 0x20, 0x01]
}

#[test]
fn a_bundle_with_a_byte_changed_is_refused() {
    let model = Model::new();
    let (bundle, key) = model.signed();
    let state = Cell::new(1);
    for index in 0..bundle.len() {
        for change in changes(&state) {
            let mut other = bundle.clone();
            other[index] ^= change;
            let result = model.verify(&other, &key);
            assert!(
                !result.holds() && result.verdict().as_str() == "fail",
                "byte {index} ^ {change:#x}"
            );
        }
    }
    for length in 0..bundle.len() {
        assert!(!model.verify(&bundle[..length], &key).holds(), "cut to {length}");
    }
}

#[test]
fn a_model_with_a_byte_changed_is_refused() {
    let model = Model::new();
    let (bundle, key) = model.signed();
    let state = Cell::new(2);
    for (name, bytes) in [("config.json", &b"{}"[..]), ("weights/one.bin", b"0123456789")] {
        for index in 0..bytes.len() {
            for change in changes(&state) {
                let mut other = bytes.to_vec();
                other[index] ^= change;
                model.write(name, &other);
                assert!(
                    !model.verify(&bundle, &key).holds(),
                    "{name}: byte {index} ^ {change:#x}"
                );
            }
        }
        model.write(name, bytes);
    }
    assert!(model.verify(&bundle, &key).holds());
}

#[test]
fn a_chain_with_a_byte_changed_is_refused() {
    for issuers in ["EC", "RSA"] {
        let Some(authority) = Authority::new(issuers) else {
            return;
        };
        let model = Model::new();
        let key = PrivateKey::from_pem(&authority.read("leaf.key"), || Ok(None)).expect("a key");
        let read = |name: &str| Certificate::from_pem(&authority.read(name)).expect("a certificate");
        let (leaf, intermediate, root) = (read("leaf.pem"), read("intermediate.pem"), read("root.pem"));
        let bundle = sign_with_certificate(&model.statement(&read_options()), &key, &leaf[0], &intermediate)
            .expect("a bundle");
        let at = leaf[0].validity().0;
        let holds = |bundle: &[u8], trusted: &[Certificate]| {
            let trust = Trust::certificates(trusted, at);
            model.verify_with(bundle, trust, &verify_options()).holds()
        };
        assert!(holds(&bundle, &root));
        let state = Cell::new(3);
        // Certificates within the bundle, encoded anew so that the change reaches the parser.
        let text = String::from_utf8(bundle.clone()).expect("UTF-8");
        for certificate in leaf.iter().chain(&intermediate) {
            let der = certificate.as_der();
            for index in 0..der.len() {
                let change = changes(&state)[index % 4];
                let mut other = der.to_vec();
                other[index] ^= change;
                let other = text.replace(&STANDARD.encode(der), &STANDARD.encode(&other));
                assert_ne!(other, text);
                assert!(
                    !holds(other.as_bytes(), &root),
                    "{issuers} {certificate:?}: byte {index} ^ {change:#x}"
                );
            }
        }
        // The bundle as it is written.
        for index in 0..bundle.len() {
            let mut other = bundle.clone();
            other[index] ^= changes(&state)[index % 4];
            assert!(!holds(&other, &root), "{issuers}: byte {index}");
        }
        // The root that is trusted.
        let der = root[0].as_der();
        for index in 0..der.len() {
            let mut other = der.to_vec();
            other[index] ^= changes(&state)[index % 4];
            if let Some(other) = Certificate::from_der(&other) {
                assert!(!holds(&bundle, &[other]), "{issuers} root: byte {index}");
            }
        }
    }
}
