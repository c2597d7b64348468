//! Keys in a token: a URI of PKCS#11 end to end, with `SoftHSM` where the program can reach tokens.

use crate::support::Workplace;

#[test]
fn a_uri_that_names_no_key_is_told_from_one_that_does() {
    let workplace = Workplace::empty();
    workplace.write("config.json", b"{}");
    let ran = workplace.run("sign pkcs11-key config.json --pkcs11-uri pkcs11:token=a?module-name=softhsm2");
    assert_eq!(ran.code, 2, "{}", ran.shown());
    assert!(
        ran.stderr.contains("neither `object=` nor `id=`"),
        "{}",
        ran.shown()
    );
    assert!(
        ran.stderr.contains("for example `pkcs11:token="),
        "{}",
        ran.shown()
    );
    assert!(!workplace.path("model.sig").exists());
}

#[cfg(not(feature = "pkcs11"))]
#[test]
fn a_program_that_reaches_no_token_says_so() {
    let workplace = Workplace::empty();
    workplace.write("config.json", b"{}");
    let ran = workplace.run("sign pkcs11-key config.json --pkcs11_uri pkcs11:object=a?module-name=softhsm2");
    assert_eq!(ran.code, 2, "{}", ran.shown());
    assert!(ran.stderr.contains("built without PKCS#11"), "{}", ran.shown());
}

#[cfg(feature = "pkcs11")]
mod with_softhsm {
    use std::{
        path::{Path, PathBuf},
        process::Command,
    };

    use super::Workplace;
    use crate::{
        signing_reference,
        support::{Ran, finish},
    };

    const PIN: &str = "4711";

    struct Tokens {
        workplace: Workplace,
        module: PathBuf,
    }

    impl Tokens {
        /// Returns a place for tokens; nothing, loudly, where `SoftHSM` is not installed.
        #[expect(clippy::print_stderr, reason = "a test says what it leaves out")]
        fn new() -> Option<Self> {
            let places = [
                "/usr/lib/softhsm/libsofthsm2.so",
                "/usr/lib64/pkcs11/libsofthsm2.so",
            ];
            let Some(module) = places.iter().map(PathBuf::from).find(|path| path.is_file()) else {
                eprintln!("SKIPPED: SoftHSM is not installed");
                return None;
            };
            let workplace = Workplace::empty();
            let folder = workplace.path("tokens");
            std::fs::create_dir(&folder).expect("a folder");
            let settings = format!(
                "directories.tokendir = {}\nobjectstore.backend = file\n",
                folder.display()
            );
            workplace.write("softhsm2.conf", settings.as_bytes());
            workplace.write("pin", format!("{PIN}\n").as_bytes());
            std::fs::create_dir(workplace.path("model")).expect("a folder");
            workplace.write("model/config.json", b"{}");
            let tokens = Self { workplace, module };
            tokens.token("acme");
            Some(tokens)
        }

        fn settings(&self) -> (&'static str, PathBuf) {
            ("SOFTHSM2_CONF", self.workplace.path("softhsm2.conf"))
        }

        fn tool(&self, program: &str, arguments: &str) {
            let mut command = Command::new(program);
            command
                .args(arguments.split_whitespace())
                .current_dir(self.workplace.root())
                .envs([self.settings()]);
            let ran = finish(&mut command);
            assert_eq!(ran.code, 0, "{program} {arguments}\n{}", ran.shown());
        }

        fn token(&self, label: &str) {
            self.tool(
                "softhsm2-util",
                &format!("--init-token --free --label {label} --so-pin 1234 --pin {PIN}"),
            );
        }

        /// Makes a key in a file, and puts it into the token.
        fn key(&self, name: &str, id: &str, curve: &str) {
            let ran = self.workplace.run(&format!(
                "keygen --curve {curve} --private-key {name}.key --public-key {name}.pub"
            ));
            assert_eq!(ran.code, 0, "{}", ran.shown());
            self.import(name, id);
        }

        fn import(&self, name: &str, id: &str) {
            self.tool(
                "softhsm2-util",
                &format!("--import {name}.key --token acme --label {name} --id {id} --pin {PIN}"),
            );
        }

        fn uri(&self, path: &str) -> String {
            let (module, pin) = (self.module.display(), self.workplace.path("pin"));
            format!("pkcs11:{path}?module-path={module}&pin-source={}", pin.display())
        }

        fn run(&self, arguments: &str) -> Ran {
            finish(self.workplace.command(arguments).envs([self.settings()]))
        }

        #[track_caller]
        fn ours(&self, arguments: &str, code: i32) -> Ran {
            let ran = self.run(arguments);
            assert_eq!(ran.code, code, "{arguments}\n{}", ran.shown());
            ran
        }
    }

    #[test]
    fn keys_of_every_curve_sign_and_the_reference_agrees() {
        let Some(tokens) = Tokens::new() else { return };
        let python = signing_reference::python();
        for (curve, id) in [("p256", "01"), ("p384", "02"), ("p521", "03")] {
            tokens.key(curve, id, curve);
            for uri in [
                format!("token=acme;object={curve}"),
                format!("id=%{id};type=private"),
            ] {
                let uri = tokens.uri(&uri);
                tokens.ours(
                    &format!("sign pkcs11-key model --pkcs11_uri {uri} --signature {curve}.sig"),
                    0,
                );
                tokens.ours(
                    &format!("verify key model --public-key {curve}.pub --signature {curve}.sig"),
                    0,
                );
            }
            if let Some(python) = &python {
                tokens.tool(
                    &python.display().to_string(),
                    &format!(
                        "-m model_signing verify key model --public_key {curve}.pub --signature {curve}.sig"
                    ),
                );
            }
        }
    }

    #[test]
    fn certificates_and_claims_are_signed_by_a_token_too() {
        let Some(tokens) = Tokens::new() else { return };
        let (own, other) = ("own", "other");
        for (name, id) in [(own, "01"), (other, "02")] {
            tokens.key(name, id, "p256");
        }
        tokens.tool(
            "openssl",
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout root.key -out root.pem -subj /CN=root \
             -addext basicConstraints=critical,CA:TRUE",
        );
        tokens.tool("openssl", "req -new -key own.key -out own.csr -subj /CN=own");
        tokens.workplace.write(
            "leaf.cnf",
            b"keyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning\n",
        );
        tokens.tool(
            "openssl",
            "x509 -req -in own.csr -CA root.pem -CAkey root.key -CAcreateserial -out own.pem -extfile leaf.cnf -days 30",
        );
        let sign = |key: &str| {
            let uri = tokens.uri(&format!("object={key}"));
            format!(
                "sign pkcs11-certificate model --pkcs11-uri {uri} --signing-certificate own.pem --signature c.sig"
            )
        };
        let ran = tokens.ours(&sign(other), 2);
        assert!(ran.stderr.contains("for another key"), "{}", ran.shown());
        assert!(!tokens.workplace.path("c.sig").exists());
        tokens.ours(&sign(own), 0);
        tokens.ours(
            "verify certificate model --certificate-chain root.pem --signature c.sig",
            0,
        );
        let uri = tokens.uri("object=own");
        tokens.ours(
            &format!("attest scan model --pkcs11-uri {uri} --claims c.jsonl"),
            0,
        );
        tokens.ours("attest verify model --public-key own.pub --claims c.jsonl", 0);
        tokens.ours("attest verify model --public-key other.pub --claims c.jsonl", 1);
    }

    #[test]
    fn what_stands_against_a_token_is_said() {
        let Some(tokens) = Tokens::new() else { return };
        tokens.key("own", "01", "p256");
        let module = tokens.module.display();
        tokens.workplace.write("wrong", b"1111\n");
        tokens.workplace.write("no-module.so", b"nothing");
        tokens.tool(
            "openssl",
            "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.key",
        );
        tokens.import("rsa", "02");
        let (wrong, no_module) = (
            tokens.workplace.path("wrong"),
            tokens.workplace.path("no-module.so"),
        );
        for (uri, reason) in [
            (tokens.uri("object=none"), "no private key in the token"),
            (tokens.uri("token=none;object=own"), "no token is as the URI says"),
            (tokens.uri("object=own;id=%07"), "no private key in the token"),
            (tokens.uri("object=rsa"), "not an elliptic curve"),
            (
                format!("pkcs11:object=own?module-path={module}"),
                "no terminal to ask on",
            ),
            (
                format!(
                    "pkcs11:object=own?module-path={module}&pin-source={}",
                    wrong.display()
                ),
                "the PIN is wrong",
            ),
            (
                format!("pkcs11:object=own?module-path={}", no_module.display()),
                "cannot be used",
            ),
            (
                "pkcs11:object=own?module-name=none".to_owned(),
                "there is no PKCS#11 module `none`",
            ),
        ] {
            let ran = tokens.ours(&format!("sign pkcs11-key model --pkcs11-uri {uri}"), 2);
            assert!(ran.stderr.contains(reason), "{uri}\n{}", ran.shown());
            assert!(!Path::new(&tokens.workplace.path("model.sig")).exists());
        }
        // A PIN on the command line works, with a warning; so does one that comes by other ways.
        let with_pin = format!("pkcs11:object=own?module-path={module}&pin-value={PIN}");
        let ran = tokens.ours(&format!("sign pkcs11-key model --pkcs11-uri {with_pin}"), 0);
        assert!(ran.stderr.contains("others can see the PIN"), "{}", ran.shown());
        let without = format!("pkcs11:object=own?module-path={module}");
        tokens.ours(
            &format!("sign pkcs11-key model --pkcs11-uri {without} --passphrase-file pin"),
            0,
        );
        // A second key of the same name makes the URI say too little, and so does a second token.
        tokens.tool(
            "softhsm2-util",
            &format!("--import own.key --token acme --label own --id 09 --pin {PIN}"),
        );
        let ran = tokens.ours(
            &format!("sign pkcs11-key model --pkcs11-uri {}", tokens.uri("object=own")),
            2,
        );
        assert!(ran.stderr.contains("2 private keys"), "{}", ran.shown());
        tokens.token("other");
        let ran = tokens.ours(
            &format!("sign pkcs11-key model --pkcs11-uri {}", tokens.uri("object=own")),
            2,
        );
        assert!(ran.stderr.contains("2 tokens"), "{}", ran.shown());
    }
}
