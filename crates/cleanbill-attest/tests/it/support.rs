//! Models, keys and certificates that are made for a test.

use std::{
    cell::Cell,
    fs,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cleanbill_attest::{
    Algorithm, Curve, IgnorePaths, PrivateKey, PublicKey, Quiet, ReadOptions, Refusal, Serialization,
    Statement, Trust, Verification, VerifyOptions, read_model, sign_with_key, verify,
};
use tempfile::TempDir;

/// Where data of others lies, if it does: `../shared/data` beside the project.
#[expect(clippy::disallowed_methods, reason = "a test may be told where data lies")]
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("CLEANBILL_SHARED_DATA").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"));
    let path = folder.join(name);
    if path.exists() {
        return Some(path);
    }
    skipped(&format!("{name} is not there"));
    None
}

/// Says what a test leaves out.
#[expect(clippy::print_stdout, reason = "what a test leaves out it says")]
pub(crate) fn skipped(what: &str) {
    println!("SKIPPED: {what}");
}

/// Gives the same numbers every time: keys of tests are no secrets.
pub(crate) fn key(curve: Curve, seed: u64) -> PrivateKey {
    let state = Cell::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    PrivateKey::generate(curve, |bytes| {
        for byte in bytes {
            *byte = next(&state).to_be_bytes()[0];
        }
        Ok(())
    })
    .expect("a key")
}

/// Returns the next number of a sequence (xorshift).
pub(crate) fn next(state: &Cell<u64>) -> u64 {
    let mut value = state.get();
    value ^= value << 13;
    value ^= value >> 7;
    value ^= value << 17;
    state.set(value);
    value.wrapping_mul(0x2545_f491_4f6c_dd1d)
}

pub(crate) fn read_options() -> ReadOptions {
    ReadOptions {
        allow_symlinks: false,
        ignore: IgnorePaths::default(),
        serialization: Serialization::Files,
        algorithm: Algorithm::Sha256,
        threads: NonZeroUsize::new(2).expect("a number"),
    }
}

pub(crate) fn verify_options() -> VerifyOptions {
    VerifyOptions {
        allow_symlinks: false,
        ignore: IgnorePaths::default(),
        ignore_git: true,
        ignore_unsigned: false,
        threads: NonZeroUsize::new(2).expect("a number"),
    }
}

/// A small model in a folder of its own.
pub(crate) struct Model {
    folder: TempDir,
}

impl Model {
    pub(crate) fn new() -> Self {
        let model = Self {
            folder: tempfile::tempdir().expect("a folder"),
        };
        model.write("config.json", b"{}");
        model.write("weights/one.bin", b"0123456789");
        model.write("weights/empty.bin", b"");
        model
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }

    pub(crate) fn remove(&self, name: &str) {
        fs::remove_file(self.folder.path().join(name)).expect("it was there");
    }

    pub(crate) fn statement(&self, options: &ReadOptions) -> Statement {
        read_model(self.path(), "model", options, &Quiet)
            .expect("the model can be signed")
            .statement
    }

    pub(crate) fn signed(&self) -> (Vec<u8>, PublicKey) {
        let key = key(Curve::P256, 1);
        let statement = self.statement(&read_options());
        (
            sign_with_key(&statement, &key).expect("a bundle"),
            key.public_key(),
        )
    }

    pub(crate) fn verify(&self, bundle: &[u8], key: &PublicKey) -> Verification {
        self.verify_with(bundle, Trust::Key(key), &verify_options())
    }

    pub(crate) fn verify_with(
        &self,
        bundle: &[u8],
        trust: Trust<'_>,
        options: &VerifyOptions,
    ) -> Verification {
        verify(Ok(bundle), self.path(), trust, options, &Quiet)
    }
}

/// Returns the ids of all reasons.
pub(crate) fn reasons(verification: &Verification) -> Vec<&'static str> {
    verification.refusals.iter().map(Refusal::id).collect()
}

/// Takes the statement out of a bundle.
pub(crate) fn payload_of(bundle: &[u8]) -> Vec<u8> {
    let value: serde_json::Value = serde_json::from_slice(bundle).expect("JSON");
    let payload = value["dsseEnvelope"]["payload"].as_str().expect("a payload");
    STANDARD.decode(payload).expect("base64")
}

/// A folder with a root, an intermediate and a signer, made by OpenSSL.
pub(crate) struct Authority {
    folder: TempDir,
}

impl Authority {
    /// Makes the chain, or says that OpenSSL is missing. `issuers` is `EC` or `RSA`.
    pub(crate) fn new(issuers: &str) -> Option<Self> {
        let authority = Self {
            folder: tempfile::tempdir().expect("a folder"),
        };
        if Command::new("openssl").arg("version").output().is_err() {
            skipped("openssl is not there");
            return None;
        }
        let key = match issuers {
            "RSA" => "rsa:2048",
            _ => "ec -pkeyopt ec_paramgen_curve:P-384",
        };
        authority.write("root.cnf", "[v3]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n[req]\ndistinguished_name=dn\n[dn]\n");
        authority.openssl(&format!(
            "req -x509 -newkey {key} -nodes -keyout root.key -out root.pem -subj /CN=root -days 3650 -config root.cnf -extensions v3"
        ));
        authority.issue("intermediate", key, "root", "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid");
        authority.issue(
            "leaf",
            "ec -pkeyopt ec_paramgen_curve:P-256",
            "intermediate",
            LEAF,
        );
        Some(authority)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).expect("a file");
    }

    pub(crate) fn write_bytes(&self, name: &str, bytes: &[u8]) {
        fs::write(self.folder.path().join(name), bytes).expect("a file");
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.folder.path().join(name)).expect("a file")
    }

    /// Makes a key and a certificate with these extensions.
    pub(crate) fn issue(&self, name: &str, key: &str, issuer: &str, extensions: &str) {
        self.issue_with(name, key, issuer, extensions, "-days 3650");
    }

    pub(crate) fn issue_with(&self, name: &str, key: &str, issuer: &str, extensions: &str, more: &str) {
        self.write(&format!("{name}.cnf"), &format!("{extensions}\n"));
        self.openssl(&format!(
            "req -newkey {key} -nodes -keyout {name}.key -out {name}.csr -subj /CN={name}"
        ));
        self.openssl(&format!(
            "x509 -req -in {name}.csr -CA {issuer}.pem -CAkey {issuer}.key -CAcreateserial -out {name}.pem -extfile {name}.cnf {more}"
        ));
    }

    pub(crate) fn run(&self, arguments: &str) -> Output {
        let mut command = Command::new("openssl");
        command
            .args(arguments.split_whitespace())
            .current_dir(self.folder.path());
        command.output().expect("openssl starts")
    }

    pub(crate) fn openssl(&self, arguments: &str) {
        let output = self.run(arguments);
        assert!(
            output.status.success(),
            "openssl {arguments}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

/// Extensions of a certificate that models are signed with.
pub(crate) const LEAF: &str = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid";

/// Reads hexadecimal digits.
pub(crate) fn bytes_of(digits: &str) -> Vec<u8> {
    let digit = |byte: u8| u8::try_from(char::from(byte).to_digit(16).expect("a digit")).expect("small");
    let (pairs, _) = digits.as_bytes().as_chunks::<2>();
    pairs
        .iter()
        .map(|[high, low]| digit(*high) << 4 | digit(*low))
        .collect()
}

/// Signs any bytes as the payload of a bundle, with the key that [`Model::signed`] uses.
pub(crate) fn bundle_over(payload: &[u8]) -> Vec<u8> {
    use p256::{
        ecdsa::{DerSignature, SigningKey, signature::Signer as _},
        pkcs8::DecodePrivateKey as _,
    };

    let private = key(Curve::P256, 1);
    let pem = private.to_pem().expect("PEM");
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let signing = SigningKey::from_pkcs8_der(&STANDARD.decode(body).expect("base64")).expect("a key");
    let kind = "application/vnd.in-toto+json";
    let mut message = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len()).into_bytes();
    message.extend_from_slice(payload);
    let signature: DerSignature = signing.sign(&message);
    serde_json::json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"publicKey": {"hint": private.public_key().fingerprint()}, "tlogEntries": []},
        "dsseEnvelope": {
            "payload": STANDARD.encode(payload),
            "payloadType": kind,
            "signatures": [{"sig": STANDARD.encode(signature.as_bytes()), "keyid": ""}],
        },
    })
    .to_string()
    .into_bytes()
}
