//! `keygen`, `sign` and `verify`: exit codes, words, files.

use std::fs;

use serde_json::Value;

use crate::support::{Ran, Workplace};

fn workplace() -> Workplace {
    let workplace = Workplace::empty();
    fs::create_dir_all(workplace.path("model/weights")).expect("a folder");
    workplace.write("model/config.json", b"{}");
    workplace.write("model/weights/one.bin", b"0123456789");
    let ran = workplace.run("keygen --private-key key.pem --public-key key.pub");
    assert_eq!(ran.code, 0, "{}", ran.shown());
    workplace
}

#[track_caller]
fn check(workplace: &Workplace, arguments: &str, code: i32) -> Ran {
    let ran = workplace.run(arguments);
    assert_eq!(ran.code, code, "{arguments}\n{}", ran.shown());
    ran
}

const SIGN: &str = "sign key model --private-key key.pem --signature model/model.sig";
const VERIFY: &str = "verify key model --public-key key.pub --signature model/model.sig";

#[test]
fn what_is_signed_verifies_until_something_changes() {
    let workplace = workplace();
    let ran = check(&workplace, SIGN, 0);
    assert!(
        ran.stdout.starts_with("signed 2 files, 12 B: `model/model.sig`"),
        "{}",
        ran.shown()
    );
    let ran = check(&workplace, VERIFY, 0);
    assert!(
        ran.stdout
            .starts_with("PASS `model`: 2 files are as they were signed\nsigned by the key "),
        "{}",
        ran.shown()
    );
    for (name, bytes, said) in [
        (
            "model/config.json",
            &b"[]"[..],
            "file-changed: `config.json` has other bytes",
        ),
        ("model/more.txt", b"", "file-extra: `more.txt` is not signed"),
    ] {
        let workplace = self::workplace();
        check(&workplace, SIGN, 0);
        workplace.write(name, bytes);
        let ran = check(&workplace, VERIFY, 1);
        assert!(ran.stdout.starts_with("FAIL `model`: "), "{}", ran.shown());
        assert!(ran.stdout.contains(said), "{}", ran.shown());
    }
    fs::remove_file(workplace.path("model/config.json")).expect("it is there");
    let ran = check(&workplace, VERIFY, 1);
    assert!(
        ran.stdout.contains("missing (1):\n  config.json\n"),
        "{}",
        ran.shown()
    );
}

#[test]
fn options_may_be_spelt_as_the_reference_does() {
    let workplace = workplace();
    workplace.write("model/notes.txt", b"x");
    check(
        &workplace,
        "sign key --private_key key.pem --signature model.sig --ignore_paths model/notes.txt --no-ignore-git-paths --allow_symlinks model",
        0,
    );
    workplace.write("model/later.txt", b"x");
    check(
        &workplace,
        "verify key --public_key key.pub --signature model.sig model",
        1,
    );
    check(
        &workplace,
        "verify key --public_key key.pub --signature model.sig --ignore_unsigned_files model",
        0,
    );
    check(
        &workplace,
        "verify key --public_key key.pub --signature model.sig --ignore-paths model/later.txt model",
        0,
    );
    // The signature is `model.sig` in the folder where one stands, unless told otherwise.
    check(&workplace, "sign key model --private-key key.pem", 0);
    assert!(workplace.path("model.sig").is_file());
}

#[test]
fn exit_codes_part_refusals_from_what_could_not_be_read() {
    let workplace = workplace();
    check(&workplace, SIGN, 0);
    for (arguments, code) in [
        ("verify key model --public-key key.pub --signature absent.sig", 1),
        ("verify key model --public-key key.pub --signature key.pub", 1),
        (
            "verify key absent --public-key key.pub --signature model/model.sig",
            3,
        ),
        (
            "verify key model --public-key absent.pub --signature model/model.sig",
            2,
        ),
        (
            "verify key model --public-key key.pem --signature model/model.sig",
            2,
        ),
        (
            "verify certificate model --certificate-chain key.pub --signature model/model.sig",
            2,
        ),
        ("verify certificate model --signature model/model.sig", 2),
        ("verify sigstore model --signature model/model.sig", 2),
        (
            "verify sigstore model --signature model/model.sig --identity a --identity-provider b",
            1,
        ),
        ("verify model", 2),
        ("sign key absent --private-key key.pem", 3),
        ("sign key model --private-key key.pub", 2),
        (
            "sign key model --private-key key.pem --signature no/such/folder/x",
            2,
        ),
        ("keygen --private-key key.pem --public-key other.pub", 2),
    ] {
        let ran = workplace.run(arguments);
        assert_eq!(ran.code, code, "{arguments}\n{}", ran.shown());
    }
    fs::create_dir(workplace.path("empty")).expect("a folder");
    let ran = check(&workplace, "sign key empty --private-key key.pem", 1);
    assert!(ran.stderr.contains("there is no file to sign"), "{}", ran.shown());
}

#[test]
fn the_format_of_the_result_changes_no_exit_code_and_json_fits_its_schema() {
    let workplace = workplace();
    check(&workplace, SIGN, 0);
    let schema: Value = serde_json::from_str(cleanbill_attest::VERIFY_SCHEMA).expect("JSON");
    assert_eq!(schema["properties"]["schema"]["const"], cleanbill_attest::SCHEMA);
    let ran = check(&workplace, &format!("{VERIFY} --format json"), 0);
    let value: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(
        (&value["verdict"], &value["summary"]["signed"]),
        (&"pass".into(), &2.into())
    );
    assert_eq!(
        ran.stdout,
        check(&workplace, &format!("{VERIFY} -f json -j 1"), 0).stdout
    );
    workplace.write("model/config.json", b"[]");
    let ran = check(&workplace, &format!("{VERIFY} --format json -o result.json"), 1);
    assert_eq!(ran.stdout, "");
    let value: Value = serde_json::from_str(&workplace.read("result.json")).expect("JSON");
    assert_eq!(value["refusals"][0]["reason"], "file-changed");
    assert_eq!(value["refusals"][0]["file"], "config.json");
    let ran = check(&workplace, &format!("{VERIFY} --quiet"), 1);
    assert_eq!(ran.stdout.lines().count(), 1, "{}", ran.shown());
}

#[test]
fn keys_are_encrypted_by_file_or_variable_and_never_asked_for_without_a_terminal() {
    let workplace = workplace();
    workplace.write("word", b"open sesame\nsecond line\n");
    check(
        &workplace,
        "keygen --curve p521 --private-key sealed.pem --public-key sealed.pub --passphrase-file word",
        0,
    );
    assert!(
        workplace
            .read("sealed.pem")
            .starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    );
    let sign = "sign key model --private-key sealed.pem --signature s.sig";
    check(&workplace, &format!("{sign} --passphrase-file word"), 0);
    let ran = workplace.run_with(
        &[("WORD", "open sesame")],
        &format!("{sign} --passphrase-env WORD"),
    );
    assert_eq!(ran.code, 0, "{}", ran.shown());
    let ran = workplace.run_with(
        &[("WORD", "open barley")],
        &format!("{sign} --passphrase-env WORD"),
    );
    assert!(
        ran.code == 2 && ran.stderr.contains("passphrase is wrong"),
        "{}",
        ran.shown()
    );
    let ran = check(&workplace, &format!("{sign} --passphrase-env ABSENT"), 2);
    assert!(ran.stderr.contains("`ABSENT` is not set"), "{}", ran.shown());
    check(
        &workplace,
        "verify key model --public-key sealed.pub --signature s.sig",
        0,
    );
}

#[cfg(unix)]
#[test]
fn private_keys_are_kept_from_others() {
    use std::os::unix::fs::PermissionsExt as _;

    let workplace = workplace();
    let mode = |name: &str| {
        let metadata = fs::metadata(workplace.path(name)).expect("a file");
        metadata.permissions().mode() & 0o777
    };
    assert_eq!(mode("key.pem"), 0o600);
    let ran = check(&workplace, SIGN, 0);
    assert_eq!(ran.stderr, "");
    fs::set_permissions(workplace.path("key.pem"), fs::Permissions::from_mode(0o640)).expect("ours");
    let ran = check(&workplace, SIGN, 0);
    assert!(
        ran.stderr.contains("others can read the private key `key.pem`"),
        "{}",
        ran.shown()
    );
}

#[test]
fn a_signature_that_cannot_be_made_leaves_what_was_there() {
    let workplace = workplace();
    check(&workplace, SIGN, 0);
    let before = workplace.read("model/model.sig");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("config.json", workplace.path("model/link")).expect("a link");
        let ran = check(&workplace, SIGN, 1);
        assert!(
            ran.stderr.contains("`link` is a symbolic link"),
            "{}",
            ran.shown()
        );
        assert!(ran.stderr.contains("--allow-symlinks"), "{}", ran.shown());
    }
    assert_eq!(workplace.read("model/model.sig"), before);
    let left: Vec<_> = fs::read_dir(workplace.path("model"))
        .expect("a folder")
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(".cleanbill"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn results_are_in_one_language() {
    let workplace = workplace();
    check(&workplace, SIGN, 0);
    workplace.write("model/config.json", b"[]");
    workplace.write("model/more", b"");
    let is_ideograph = |c: char| matches!(c, '\u{4e00}'..='\u{9fff}');
    let ran = check(&workplace, &format!("{VERIFY} --lang zh"), 1);
    assert!(ran.stdout.starts_with("不通过 `model`"), "{}", ran.shown());
    for line in ran.stdout.lines().filter(|line| !line.starts_with("  ")) {
        assert!(line.chars().any(is_ideograph), "{line}");
    }
    let ran = check(&workplace, VERIFY, 1);
    assert!(!ran.stdout.chars().any(is_ideograph), "{}", ran.shown());
}
