//! Every fault of a system file, with its place, its key and its words.

use cleanbill_core::Language;
use cleanbill_policy::policy_file::{self, Kind, Signer};

/// Returns every fault as `line:column key: words`.
fn faults(text: &str) -> Vec<String> {
    match policy_file::read(text.as_bytes()) {
        Ok(_) => Vec::new(),
        Err(faults) => faults
            .iter()
            .map(|fault| {
                let text = fault.text("f");
                assert!(
                    text.get(Language::Chinese)
                        .chars()
                        .any(|c| matches!(c, '\u{4e00}'..='\u{9fff}')),
                    "{text}"
                );
                text.en().to_owned()
            })
            .collect(),
    }
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    assert_eq!(faults(text), expected, "{text}");
}

const SYSTEM: &str = "[system]\nname = 'x'\n";

#[track_caller]
fn check_trust(lines: &str, expected: &[&str]) {
    check(&format!("{SYSTEM}[[trust]]\n{lines}"), expected);
}

#[track_caller]
fn check_artifact(lines: &str, expected: &[&str]) {
    check(&format!("{SYSTEM}[[artifact]]\n{lines}"), expected);
}

#[test]
fn a_whole_file_is_read() {
    let hex = "a".repeat(64);
    let text = format!(
        "{SYSTEM}
[[artifact]]
name = 'acme/llama-ft'
kind = 'model'
path = 'models/llama'
source = 'hf://acme/llama-ft@main'
[[artifact]]
name = 'acme/base'
kind = 'dataset'
path = '../data'
outside = true
[[trust]]
namespace = 'acme/*'
key = 'sha256:{hex}'
since = 2026-01-01
until = 2027-01-01T00:00:00+01:00
revoked = {{ at = 2026-05-01, reason = 'lost' }}
[[trust]]
namespace = 'acme/*'
key-file = 'keys/acme.pub'
[[trust]]
namespace = 'pki/*'
certificate = {{ subject = 'CN=a', issuer = 'CN=b', roots = ['root.pem'] }}
[[trust]]
namespace = 'hub/*'
sigstore = {{ identity = 'a@b', issuer = 'https://c' }}
"
    );
    let file = policy_file::read(text.as_bytes()).expect("a system file");
    assert_eq!(
        (file.name.as_str(), file.artifacts.len(), file.trust.len()),
        ("x", 2, 4)
    );
    assert_eq!(file.artifacts[0].kind, Kind::Model);
    assert!(file.artifacts[1].outside);
    assert!(
        matches!(&file.trust[0].signer, Signer::Key { fingerprint: Some(found), file: None } if *found == hex)
    );
    assert_eq!(
        file.trust[0].until.expect("a time").to_string(),
        "2026-12-31T23:00:00Z"
    );
    assert_eq!(file.trust[2].place.line, 23);
}

#[test]
fn unknown_keys_are_faults_with_what_may_have_been_meant() {
    check(
        "[sytem]\nname = 'x'",
        &[
            "f:1:1: `system`: the key is missing",
            "f:1:2: `sytem`: unknown key; did you mean `system`?",
        ],
    );
    check(
        "[system]\nname = 'x'\nnmae = 'y'\nowner = 'z'",
        &[
            "f:3:1: `system.nmae`: unknown key; did you mean `name`?",
            "f:4:1: `system.owner`: unknown key",
        ],
    );
    check_trust(
        "namespace = 'a/*'\nkey_file = 'k'",
        &[
            "f:3:1: `trust[1]`: exactly one of `key` or `key-file`, `certificate`, `sigstore` must stand here",
            "f:5:1: `trust[1].key_file`: unknown key; did you mean `key-file`?",
        ],
    );
    check_artifact(
        "name = 'a/b'\nkind = 'modle'\npath = 'x'",
        &[
            "f:5:8: `artifact[1].kind`: `modle` is none of model, dataset, prompt, code, manifest; did you mean `model`?",
        ],
    );
}

#[test]
fn wrong_kinds_and_empty_and_missing_values_are_faults() {
    check("", &["f:1:1: `system`: the key is missing"]);
    check("system = 1", &["f:1:10: `system`: must be a table, not a number"]);
    check(
        "[system]\nname = ''",
        &["f:2:8: `system.name`: must not be empty"],
    );
    check(
        "[system]\nname = ' x'",
        &["f:2:8: `system.name`: begins or ends with a blank, or holds a control character"],
    );
    check(
        &format!("[system]\nname = '{}'", "x".repeat(5_000)),
        &["f:2:8: `system.name`: the text is too long"],
    );
    check(
        "artifact = 'x'\ntrust = [1]\n[system]\nname = 'x'",
        &[
            "f:1:12: `artifact`: must be a list of tables, not a text",
            "f:2:10: `trust`: must be a table, not a number",
        ],
    );
    check_artifact(
        "outside = 'yes'",
        &[
            "f:3:1: `artifact[1].name`: the key is missing",
            "f:3:1: `artifact[1].kind`: the key is missing",
            "f:3:1: `artifact[1].path`: the key is missing",
            "f:4:11: `artifact[1].outside`: must be `true` or `false`, not a text",
        ],
    );
    check_trust(
        "namespace = 'a/*'\nkey-file = 'k'\ntimestamp-authorities = []",
        &["f:6:25: `trust[1].timestamp-authorities`: must not be empty"],
    );
    check_trust(
        "namespace = 'a/*'\nsigstore = { identity = 'a', issuer = 'b' }\ntimestamp-authorities = ['x']",
        &["f:6:1: `trust[1].timestamp-authorities`: unknown key"],
    );
    check_trust(
        "namespace = 'a/*'\nkey-file = 'k'\nrevocation-lists = ['x']",
        &["f:6:1: `trust[1].revocation-lists`: unknown key"],
    );
    check_trust(
        "namespace = 'a/*'\ncertificate = { subject = 'CN=x', issuer = 'CN=y' }\nrevocation-lists = 'x'",
        &["f:6:20: `trust[1].revocation-lists`: must be a list of texts, not a text"],
    );
    check_trust(
        "namespace = 'a/*'\ncertificate = { subject = 'CN=x', roots = [] }",
        &["f:5:43: `trust[1].certificate.roots`: must not be empty"],
    );
    check_trust(
        "namespace = 'a/*'\ncertificate = { subject = 'CN=x' }",
        &["f:5:15: `trust[1].certificate`: one of `issuer`, `roots` at least must stand here"],
    );
    check_trust(
        "namespace = 'a/*'\ncertificate = { subject = 'CN=x', roots = [1, 'a', 'a'] }",
        &[
            "f:5:44: `trust[1].certificate.roots`: must be a text, not a number",
            "f:5:52: `trust[1].certificate.roots`: `a` stands in line 5 already",
        ],
    );
}

#[test]
fn names_patterns_paths_and_sources_are_checked() {
    check_artifact(
        "name = 'acme'\nkind = 'code'\npath = '../x'\nsource = 'http://a/b'",
        &[
            "f:4:8: `artifact[1].name`: must be `org/name` in letters, digits, `.`, `_` and `-`, such as `acme/llama-ft`",
            "f:6:8: `artifact[1].path`: leads out of the folder of this file; `outside = true` beside it allows that",
            "f:7:10: `artifact[1].source`: must begin with one of hf://, https://, git+https://, git+ssh://, s3://, gs://, az://, oci://, and name something",
        ],
    );
    check_trust(
        "namespace = 'acme/[ab]'\nkey = 'AB'",
        &[
            "f:4:13: `trust[1].namespace`: no name has the character `[`; the only wildcard is `*`",
            "f:5:7: `trust[1].key`: must be the SHA-256 of the public key's PEM in 64 small hexadecimal digits, as `keygen` and bundles give it",
        ],
    );
    check_trust(
        "namespace = '*'\nsigstore = { identity = '*@acme.example', issuer = 'https://i' }",
        &[
            "f:4:13: `trust[1].namespace`: it must be `org/name`, such as `acme/*`",
            "f:5:25: `trust[1].sigstore.identity`: a signer is named exactly; `*` stands for nothing here",
        ],
    );
    check_trust(
        "namespace = 'a/*'\nkey-file = 'k'\nsigstore = { identity = 'a', issuer = 'b' }",
        &["f:3:1: `trust[1]`: exactly one of `key` or `key-file`, `certificate`, `sigstore` must stand here"],
    );
}

#[test]
fn dates_are_checked() {
    for (date, problem) in [
        (
            "'2026-01-01'",
            "a date stands without quotes, such as 2026-11-28 or 2026-11-28T12:00:00Z",
        ),
        (
            "2026-01-01T12:00:00",
            "a time of day needs its offset, such as 2026-11-28T12:00:00Z",
        ),
        ("12:00:00", "a time of day alone is no date"),
        ("2026", "must be a date, not a number"),
        ("'soon'", "must be a date, not a text"),
    ] {
        check_trust(
            &format!("namespace = 'a/*'\nkey-file = 'k'\nsince = {date}"),
            &[&format!("f:6:9: `trust[1].since`: {problem}")],
        );
    }
    let told = faults(&format!(
        "{SYSTEM}[[trust]]\nnamespace = 'a/*'\nkey-file = 'k'\nsince = 2026-02-30"
    ));
    assert!(!told.is_empty(), "there is no such day");
    check_trust(
        "namespace = 'a/*'\nkey-file = 'k'\nsince = 2026-01-02\nuntil = 2026-01-02",
        &["f:7:9: `trust[1].until`: `until` must come after `since`"],
    );
    check_trust(
        "namespace = 'a/*'\nkey-file = 'k'\nrevoked = { reason = '' }",
        &[
            "f:6:11: `trust[1].revoked.at`: the key is missing",
            "f:6:22: `trust[1].revoked.reason`: must not be empty",
        ],
    );
}

#[test]
fn what_stands_twice_is_a_fault() {
    check(
        &format!(
            "{SYSTEM}[[artifact]]\nname = 'a/b'\nkind = 'code'\npath = 'x'\n[[artifact]]\nname = 'A/b'\nkind = 'code'\npath = 'x'\n"
        ),
        &[
            "f:8:8: `artifact[2].name`: `A/b` stands in line 4 already",
            "f:10:8: `artifact[2].path`: `x` stands in line 6 already",
        ],
    );
    check_trust(
        "namespace = 'a/*'\nkey-file = 'k'\n[[trust]]\nnamespace = 'A/*'\nkey-file = 'k'",
        &["f:7:13: `trust[2].namespace`: `A/*` stands in line 4 already"],
    );
    let told = faults("[system]\nname = 'x'\nname = 'y'");
    assert!(
        told.len() == 1 && told[0].starts_with("f:3:1: not TOML: duplicate key"),
        "{told:?}"
    );
}

#[test]
fn faults_of_syntax_and_of_values_are_told_together() {
    let told = faults("[system]\nname = 'x'\nbroken = \n[[trust]]\nnamespase = 'a/*'\n");
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[1].starts_with("f:3:10: not TOML: "), "{told:?}");
    assert_eq!(
        told[2],
        "f:5:1: `trust[1].namespase`: unknown key; did you mean `namespace`?"
    );
    let read = |bytes: &[u8]| {
        policy_file::read(bytes).expect_err("faults")[0]
            .text("f")
            .en()
            .to_owned()
    };
    assert_eq!(read(b"a = 1\n\xff"), "f:2:1: the file is not UTF-8");
    assert_eq!(
        read(&vec![b'\n'; (1 << 20) + 1]),
        "f:1:1: the file is larger than 1048576 bytes"
    );
    let many = "[[trust]]\nx = 1\n".repeat(200);
    let told = faults(&many);
    assert_eq!(told.len(), 101);
    assert!(told[100].ends_with("more faults"), "{}", told[100]);
}

#[test]
fn columns_count_characters_and_lines_end_in_either_way() {
    check(
        "[system]\r\nname = '模型'\r\n模 = 1\r\n",
        &[
            "f:3:1: not TOML: invalid unquoted key, expected letters, numbers, `-`, `_`",
            "f:3:1: `system.模`: unknown key",
        ],
    );
    check(
        "[system]\r\nname = 'x' # 模型\r\n'模型' = 1\r\nx.'模型' = 1",
        &[
            "f:3:1: `system.模型`: unknown key",
            "f:4:1: `system.x`: unknown key",
        ],
    );
    check(
        "system = { name = '模型', nmae = 1 }",
        &["f:1:25: `system.nmae`: unknown key; did you mean `name`?"],
    );
}
