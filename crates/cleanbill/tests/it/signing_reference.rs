//! Both ways with the reference implementation of the format, `model-signing` on Python, and envelopes read by other libraries.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use cleanbill_samples::tools;

use crate::support::{PROGRAM, Workplace};

/// The reference does not name all that it needs.
const PACKAGES: [&str; 5] = [
    "model-signing==1.1.1",
    "sigstore==4.5.1",
    "pyOpenSSL==26.4.0",
    "securesystemslib==1.6.0",
    "in-toto-attestation==0.9.3",
];

/// Returns the Python that has the reference, installed once below the target folder.
pub(crate) fn python() -> Option<PathBuf> {
    tools::python(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("signing"), &PACKAGES)
}

struct Both {
    workplace: Workplace,
    python: PathBuf,
}

impl Both {
    fn new() -> Option<Self> {
        let Some(python) = python() else {
            skipped("the reference of model signing cannot be installed");
            return None;
        };
        Some(Self {
            workplace: Workplace::empty(),
            python,
        })
    }

    fn run(&self, program: &Path, arguments: &str) -> (i32, String) {
        let output = Command::new(program)
            .args(arguments.split_whitespace())
            .current_dir(self.workplace.root())
            .output()
            .expect("it starts");
        let said =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.code().unwrap_or(-1), said)
    }

    #[track_caller]
    fn ours(&self, arguments: &str, code: i32) {
        let (found, said) = self.run(Path::new(PROGRAM), arguments);
        assert_eq!(found, code, "cleanbill {arguments}\n{said}");
    }

    #[track_caller]
    fn theirs(&self, arguments: &str, code: i32) {
        let (found, said) = self.run(&self.python, &format!("-m model_signing {arguments}"));
        assert_eq!(found, code, "model_signing {arguments}\n{said}");
    }

    #[track_caller]
    fn script(&self, script: &str) {
        self.workplace.write("script.py", script.as_bytes());
        let (code, said) = self.run(&self.python, "script.py");
        assert_eq!(code, 0, "{script}\n{said}");
    }

    fn openssl(&self, arguments: &str) {
        let (code, said) = self.run(Path::new("openssl"), arguments);
        assert_eq!(code, 0, "openssl {arguments}\n{said}");
    }

    /// A model with everything that names and folders can be.
    fn model(&self) {
        for (name, bytes) in [
            ("model/a/x", &b"1"[..]),
            ("model/a-b/x", b"2"),
            ("model/a.txt", b"3"),
            ("model/empty", b""),
            ("model/new\nline", b"4"),
            ("model/back\\slash", b"5"),
            ("model/co:lon:0:1", b"6"),
            ("model/模型 é", b"7"),
            ("model/.gitignore", b"8"),
            ("model/.git/HEAD", b"9"),
            ("model/sub/.git/HEAD", b"10"),
            ("model/sub/.gitignore", b"11"),
        ] {
            let path = self.workplace.path(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, bytes).expect("a file");
        }
    }
}

#[expect(clippy::print_stderr, reason = "a test says what it leaves out")]
fn skipped(what: &str) {
    eprintln!("SKIPPED: {what}");
}

#[test]
fn keys_of_every_curve_both_ways() {
    let Some(both) = Both::new() else { return };
    both.model();
    for curve in ["p256", "p384", "p521"] {
        both.ours(
            &format!("keygen --curve {curve} --private-key {curve}.pem --public-key {curve}.pub"),
            0,
        );
        for signature in ["ours.sig", "model/ours.sig"] {
            both.ours(
                &format!("sign key model --private-key {curve}.pem --signature {signature}"),
                0,
            );
            both.theirs(
                &format!("verify key model --public_key {curve}.pub --signature {signature}"),
                0,
            );
            fs::remove_file(both.workplace.path(signature)).expect("it was written");
        }
        both.theirs(
            &format!("sign key model --private_key {curve}.pem --signature model/model.sig"),
            0,
        );
        both.ours(
            &format!("verify key model --public-key {curve}.pub --signature model/model.sig"),
            0,
        );
        fs::remove_file(both.workplace.path("model/model.sig")).expect("it was written");
    }
    both.theirs("sign key model --private_key p256.pem --signature theirs.sig", 0);
    for (name, bytes) in [("model/a.txt", &b"4"[..]), ("model/sub/.git/more", b"x")] {
        both.workplace.write(name, bytes);
        both.ours("verify key model --public-key p256.pub --signature theirs.sig", 1);
        both.theirs("verify key model --public_key p256.pub --signature theirs.sig", 1);
    }
}

#[cfg(unix)]
#[test]
fn links_single_files_and_left_out_files_both_ways() {
    let Some(both) = Both::new() else { return };
    both.model();
    both.ours("keygen --private-key k.pem --public-key k.pub", 0);
    both.workplace.write("blob", b"blob");
    std::os::unix::fs::symlink("../blob", both.workplace.path("model/link")).expect("a link");
    for refused in [
        "sign key model --private_key k.pem --signature l.sig",
        "sign key model --private_key k.pem --signature l.sig --no-ignore-git-paths",
    ] {
        both.ours(refused, 1);
        both.theirs(refused, 1);
    }
    both.ours(
        "sign key model --private-key k.pem --signature l.sig --allow-symlinks",
        0,
    );
    both.theirs(
        "verify key model --public_key k.pub --signature l.sig --allow_symlinks",
        0,
    );
    both.theirs(
        "sign key model --private_key k.pem --signature l.sig --allow_symlinks",
        0,
    );
    both.ours("verify key model --public-key k.pub --signature l.sig", 0);
    fs::remove_file(both.workplace.path("model/link")).expect("it is there");
    let single = "model/a.txt";
    both.ours(
        &format!("sign key {single} --private-key k.pem --signature f.sig"),
        0,
    );
    both.theirs(
        &format!("verify key {single} --public_key k.pub --signature f.sig"),
        0,
    );
    both.theirs(
        &format!("sign key {single} --private_key k.pem --signature f.sig"),
        0,
    );
    both.ours(
        &format!("verify key {single} --public-key k.pub --signature f.sig"),
        0,
    );
    // Left out by the signer, so recorded; and version control taken in.
    let rest = "--ignore-paths model/empty --ignore-paths model/a";
    both.ours(
        &format!("sign key model --private-key k.pem --signature i.sig {rest}"),
        0,
    );
    both.theirs("verify key model --public_key k.pub --signature i.sig", 0);
    both.theirs(
        &format!("sign key model --private_key k.pem --signature i.sig {rest}"),
        0,
    );
    both.ours("verify key model --public-key k.pub --signature i.sig", 0);
    both.theirs(
        "sign key model --private_key k.pem --signature g.sig --no-ignore-git-paths",
        0,
    );
    both.ours("verify key model --public-key k.pub --signature g.sig", 0);
    both.ours(
        "sign key model --private-key k.pem --signature g.sig --no-ignore-git-paths",
        0,
    );
    both.theirs(
        "verify key model --public_key k.pub --signature g.sig --no-ignore-git-paths",
        0,
    );
}

#[test]
fn certificates_both_ways_and_what_the_reference_lets_pass() {
    let Some(both) = Both::new() else { return };
    both.model();
    for (issuers, key) in [("ec", "ec -pkeyopt ec_paramgen_curve:P-384"), ("rsa", "rsa:2048")] {
        both.workplace.write(
            "root.cnf",
            b"[v3]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\n[req]\ndistinguished_name=dn\n[dn]\n",
        );
        both.workplace.write(
            "leaf.cnf",
            b"basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n",
        );
        both.openssl(&format!(
            "req -x509 -newkey {key} -nodes -keyout {issuers}.key -out {issuers}.pem -subj /CN={issuers} -days 3650 -config root.cnf -extensions v3"
        ));
        // `x509` of OpenSSL before 3.4 sets no first second; `ca` always did.
        both.workplace.write(
            "ca.cnf",
            b"[ca]\ndefault_ca=own\n[own]\ndatabase=index.txt\nserial=serial.txt\nnew_certs_dir=.\ndefault_md=sha256\npolicy=any\nunique_subject=no\n[any]\ncommonName=supplied\n",
        );
        both.workplace.write("index.txt", b"");
        both.workplace.write("serial.txt", b"1000\n");
        for (name, days) in [
            ("leaf", "-days 365"),
            ("old", "-startdate 20200101000000Z -enddate 20210101000000Z"),
        ] {
            both.openssl(&format!(
                "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {name}.key -out {name}.csr -subj /CN={name}"
            ));
            both.openssl(&format!(
                "ca -batch -notext -config ca.cnf -cert {issuers}.pem -keyfile {issuers}.key -in {name}.csr -out {name}.pem -extfile leaf.cnf {days}"
            ));
            let with = format!(
                "--private_key {name}.key --signing_certificate {name}.pem --certificate_chain {issuers}.pem"
            );
            both.ours(&format!("sign certificate model {with} --signature ours.sig"), 0);
            both.theirs(
                &format!("sign certificate model {with} --signature theirs.sig"),
                0,
            );
            if name == "leaf" {
                both.theirs(
                    &format!(
                        "verify certificate model --certificate_chain {issuers}.pem --signature ours.sig"
                    ),
                    0,
                );
            }
            let code = i32::from(name == "old");
            for signature in ["ours.sig", "theirs.sig"] {
                let verify = format!(
                    "verify certificate model --certificate-chain {issuers}.pem --signature {signature}"
                );
                both.ours(&verify, code);
                both.ours(&format!("{verify} --at 2020-06-01"), 1);
            }
        }
    }
}

#[test]
fn shards_and_other_hashes_of_the_reference_are_read() {
    let Some(both) = Both::new() else { return };
    both.model();
    both.ours("keygen --private-key k.pem --public-key k.pub", 0);
    both.script(
        "import pathlib, model_signing as m
for name, config in {
    'shards': m.hashing.Config().use_shard_serialization(shard_size=10),
    'blake2': m.hashing.Config().use_file_serialization(hashing_algorithm='blake2'),
    'blake3': m.hashing.Config().use_file_serialization(hashing_algorithm='blake3'),
    'blake2-shards': m.hashing.Config().use_shard_serialization(hashing_algorithm='blake2', shard_size=7),
}.items():
    config = config.set_ignored_paths(paths=[])
    m.signing.Config().use_elliptic_key_signer(private_key=pathlib.Path('k.pem')).set_hashing_config(config).sign(
        pathlib.Path('model'), pathlib.Path(name + '.sig'))
",
    );
    both.workplace.write("model/a.txt", b"3");
    for name in ["shards", "blake2", "blake3", "blake2-shards"] {
        both.ours(
            &format!("verify key model --public-key k.pub --signature {name}.sig"),
            0,
        );
    }
    both.workplace.write("model/a.txt", b"4");
    for name in ["shards", "blake2", "blake3", "blake2-shards"] {
        both.ours(
            &format!("verify key model --public-key k.pub --signature {name}.sig"),
            1,
        );
    }
}

#[test]
fn envelopes_are_read_by_other_libraries() {
    let Some(both) = Both::new() else { return };
    both.model();
    for curve in ["p256", "p384", "p521"] {
        both.ours(
            &format!("keygen --curve {curve} --private-key {curve}.pem --public-key {curve}.pub"),
            0,
        );
        both.ours(
            &format!("sign key model --private-key {curve}.pem --signature {curve}.sig"),
            0,
        );
    }
    both.script(
        "import json
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from google.protobuf import json_format
from in_toto_attestation.v1 import statement, statement_pb2
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey
for curve in ['p256', 'p384', 'p521']:
    bundle = json.load(open(curve + '.sig'))
    envelope = Envelope.from_dict(bundle['dsseEnvelope'])
    key = SSlibKey.from_crypto(load_pem_public_key(open(curve + '.pub', 'rb').read()))
    # The library gives a key without a name one of its own, and compares names.
    key = SSlibKey('', key.keytype, key.scheme, key.keyval)
    assert envelope.verify([key], 1), curve
    pb = statement_pb2.Statement()
    json_format.Parse(envelope.payload, pb)
    statement.Statement.copy_from_pb(pb).validate()
    assert pb.subject[0].name == 'model', pb.subject
",
    );
}
