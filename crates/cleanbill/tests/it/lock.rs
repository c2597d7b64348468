//! `lock` and `verify --lock`: what is pinned, and every difference from it.

use std::fs;

use crate::support::{Ran, Workplace, finish, fitting};

const ONE: &str = "0123456789abcdef0123456789abcdef01234567";
const TWO: &str = "89abcdef0123456789abcdef0123456789abcdef";

const SYSTEM: &str = "[system]
name = 'test'
[[artifact]]
name = 'acme/llama'
kind = 'model'
path = 'models/llama'
source = 'hf://acme/llama@main'
[[artifact]]
name = 'acme/prompt'
kind = 'prompt'
path = 'prompt.txt'
";

/// A name, what is done to the folder, and the differences that follow.
type Change = (&'static str, &'static dyn Fn(&Workplace), &'static [&'static str]);

fn workplace() -> Workplace {
    let workplace = Workplace::empty();
    fs::create_dir_all(workplace.path("models/llama/weights")).expect("a folder");
    workplace.write("models/llama/config.json", b"{}");
    workplace.write("models/llama/weights/one.bin", b"0123456789");
    workplace.write("prompt.txt", b"be kind");
    workplace.write("cleanbill.toml", SYSTEM.as_bytes());
    workplace
}

fn write(workplace: &Workplace, name: &str, text: &str) {
    let path = workplace.path(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, text).expect("a file");
}

#[track_caller]
fn check(workplace: &Workplace, arguments: &str, code: i32) -> Ran {
    let ran = workplace.run(arguments);
    assert_eq!(ran.code, code, "{arguments}\n{}", ran.shown());
    ran
}

/// Verifies the lock for people and for machines, and returns the ids of the differences.
#[track_caller]
fn differences(workplace: &Workplace, arguments: &str, code: i32) -> Vec<String> {
    let people = check(workplace, arguments, code);
    let word = match code {
        0 => "PASS",
        3 => "INCOMPLETE",
        _ => "FAIL",
    };
    assert!(people.stdout.starts_with(word), "{}", people.shown());
    let ran = check(workplace, &format!("{arguments} --format json"), code);
    let value = fitting(&ran.stdout, cleanbill_policy::lock::CHECK_SCHEMA_TEXT);
    let list = value["differences"].as_array().expect("a list");
    let ids: Vec<String> = list
        .iter()
        .filter_map(|one| one["difference"].as_str().map(str::to_owned))
        .collect();
    for id in &ids {
        assert!(people.stdout.contains(&format!("- {id}: ")), "{}", people.shown());
    }
    ids
}

#[test]
fn what_is_locked_verifies_until_something_changes() {
    let workplace = workplace();
    let ran = check(&workplace, "lock", 0);
    assert_eq!(
        ran.stdout,
        "locked 2 artifacts, 3 files, 19 B: `cleanbill.lock`\n"
    );
    let lock = workplace.read("cleanbill.lock");
    assert!(
        lock.starts_with("schema = \"cleanbill.lock/1\"\n\n[[artifact]]\nname = \"acme/llama\"\n"),
        "{lock}"
    );
    check(&workplace, "lock -j 1 --quiet", 0);
    assert_eq!(workplace.read("cleanbill.lock"), lock);
    assert_eq!(check(&workplace, "lock --output -", 0).stdout, lock);
    assert!(differences(&workplace, "verify --lock", 0).is_empty());
    assert!(
        differences(
            &workplace,
            "verify --lock cleanbill.lock --system cleanbill.toml",
            0
        )
        .is_empty()
    );
    let changes: [Change; 9] = [
        (
            "changed",
            &|w| w.write("models/llama/config.json", b"[]"),
            &["file-changed"],
        ),
        (
            "longer",
            &|w| w.write("models/llama/config.json", b"{ }"),
            &["file-size"],
        ),
        ("more", &|w| w.write("models/llama/more", b""), &["file-extra"]),
        (
            "fewer",
            &|w| fs::remove_file(w.path("models/llama/config.json")).expect("it is there"),
            &["file-missing"],
        ),
        (
            "gone",
            &|w| fs::remove_dir_all(w.path("models/llama")).expect("it is there"),
            &["artifact-missing"],
        ),
        (
            "empty",
            &|w| {
                fs::remove_dir_all(w.path("models/llama")).expect("it is there");
                fs::create_dir(w.path("models/llama")).expect("a folder");
            },
            &["artifact-refused"],
        ),
        (
            "listed",
            &|w| {
                let more = "[[artifact]]\nname = 'acme/more'\nkind = 'code'\npath = 'models'\n";
                w.write("cleanbill.toml", format!("{SYSTEM}{more}").as_bytes());
            },
            &["artifact-added"],
        ),
        (
            "not listed",
            &|w| {
                let rest = SYSTEM.split("[[artifact]]\nname = 'acme/prompt'").next();
                w.write("cleanbill.toml", rest.expect("text").as_bytes());
            },
            &["artifact-removed"],
        ),
        (
            "described otherwise",
            &|w| {
                let text = SYSTEM
                    .replace("@main", "@v2")
                    .replace("kind = 'prompt'", "kind = 'code'");
                w.write("cleanbill.toml", text.as_bytes());
            },
            &["artifact-source", "artifact-kind"],
        ),
    ];
    for (what, change, expected) in changes {
        let workplace = self::workplace();
        check(&workplace, "lock", 0);
        change(&workplace);
        assert_eq!(differences(&workplace, "verify --lock", 1), expected, "{what}");
        assert_eq!(
            check(&workplace, "verify --lock --quiet", 1)
                .stdout
                .lines()
                .count(),
            1
        );
    }
}

#[test]
fn revisions_are_read_without_running_anything() {
    // A snapshot in a cache.
    let workplace = workplace();
    let cached = format!("cache/models--acme--llama/snapshots/{ONE}");
    write(&workplace, &format!("{cached}/config.json"), "{}");
    let text = SYSTEM.replace("models/llama'", &format!("{cached}'"));
    workplace.write("cleanbill.toml", text.as_bytes());
    check(&workplace, "lock", 0);
    let lock = workplace.read("cleanbill.lock");
    assert!(
        lock.contains(&format!("revision = \"{ONE}\"\nrevision_from = \"hf-cache\"\n")),
        "{lock}"
    );
    // One file of it, which a link leads to.
    let one = format!("{cached}/config.json");
    write(&workplace, "cache/models--acme--llama/blobs/0123", "{}");
    fs::remove_file(workplace.path(&one)).expect("a file");
    std::os::unix::fs::symlink("../../blobs/0123", workplace.path(&one)).expect("a link");
    let text = SYSTEM.replace("models/llama'", &format!("{one}'"));
    workplace.write("cleanbill.toml", text.as_bytes());
    check(&workplace, "lock", 0);
    let lock = workplace.read("cleanbill.lock");
    assert!(
        lock.contains(&format!("revision = \"{ONE}\"\nrevision_from = \"hf-cache\"\n")),
        "{lock}"
    );
    // A download into a folder: its records hold times and are no part of the model.
    let workplace = self::workplace();
    let record = "models/llama/.cache/huggingface/download/weights/one.bin.metadata";
    write(&workplace, record, &format!("{ONE}\netag\n1700000000.5\n"));
    check(&workplace, "lock", 0);
    let lock = workplace.read("cleanbill.lock");
    assert!(
        lock.contains("revision_from = \"hf-folder\"") && !lock.contains(".cache"),
        "{lock}"
    );
    write(&workplace, record, &format!("{ONE}\netag\n1700000001.5\n"));
    assert!(differences(&workplace, "verify --lock", 0).is_empty());
    // Of a record only the first line counts, however large it is.
    let large = format!("{ONE}\n{}", "x".repeat(1 << 20));
    write(&workplace, record, &large);
    assert!(differences(&workplace, "verify --lock", 0).is_empty());
    write(&workplace, record, &format!("{TWO}\netag\n1700000001.5\n"));
    assert_eq!(differences(&workplace, "verify --lock", 1), ["artifact-revision"]);
    // A checkout, with packed references.
    let workplace = self::workplace();
    write(&workplace, "models/llama/.git/HEAD", "ref: refs/heads/main\n");
    write(
        &workplace,
        "models/llama/.git/packed-refs",
        &format!("{ONE} refs/heads/main\n"),
    );
    check(&workplace, "lock", 0);
    assert!(
        workplace
            .read("cleanbill.lock")
            .contains("revision_from = \"git\"")
    );
    write(&workplace, "models/llama/.git/refs/heads/main", TWO);
    assert_eq!(differences(&workplace, "verify --lock", 1), ["artifact-revision"]);
    // That of the system itself does not count.
    let workplace = self::workplace();
    write(&workplace, ".git/HEAD", ONE);
    check(&workplace, "lock", 0);
    assert!(!workplace.read("cleanbill.lock").contains("revision"));
}

#[test]
fn a_source_that_names_another_commit_is_refused() {
    let workplace = workplace();
    workplace.write(
        "cleanbill.toml",
        SYSTEM.replace("@main", &format!("@{TWO}")).as_bytes(),
    );
    check(&workplace, "lock", 0);
    write(&workplace, "models/llama/.git/HEAD", ONE);
    let ran = check(&workplace, "lock", 1);
    assert!(
        ran.stderr.contains("its source names the commit"),
        "{}",
        ran.shown()
    );
    assert_eq!(
        differences(&workplace, "verify --lock", 1),
        ["artifact-revision", "source-contradicted"]
    );
}

#[test]
fn a_lock_within_an_artifact_is_not_a_part_of_it() {
    let workplace = workplace();
    let text = "[system]\nname = 'x'\n[[artifact]]\nname = 'a/all'\nkind = 'code'\npath = '.'\n";
    workplace.write("cleanbill.toml", text.as_bytes());
    check(&workplace, "lock", 0);
    check(&workplace, "lock", 0);
    assert!(differences(&workplace, "verify --lock", 0).is_empty());
    workplace.write("cleanbill.toml", format!("{text}# changed\n").as_bytes());
    assert_eq!(differences(&workplace, "verify --lock", 1), ["file-size"]);
}

#[cfg(unix)]
#[test]
fn links_are_refused_unless_allowed_and_never_lead_out_unsaid() {
    use std::os::unix::fs::symlink;

    let workplace = workplace();
    workplace.write("blob", b"blob");
    symlink("../../blob", workplace.path("models/llama/link")).expect("a link");
    let ran = check(&workplace, "lock", 1);
    assert!(
        ran.stderr.contains("`link` is a symbolic link") && ran.stderr.contains("--allow-symlinks"),
        "{}",
        ran.shown()
    );
    assert!(!workplace.path("cleanbill.lock").exists());
    check(&workplace, "lock --allow-symlinks", 0);
    assert!(workplace.read("cleanbill.lock").contains("allow_symlinks = true"));
    assert!(differences(&workplace, "verify --lock", 0).is_empty());
    workplace.write("blob", b"glob");
    assert_eq!(differences(&workplace, "verify --lock", 1), ["file-changed"]);
    fs::remove_file(workplace.path("models/llama/link")).expect("it is there");
    check(&workplace, "lock", 0);
    symlink("../../blob", workplace.path("models/llama/link")).expect("a link");
    assert_eq!(differences(&workplace, "verify --lock", 1), ["file-refused"]);
    // The artifact itself may be a link, but not out of the system.
    let outside = tempfile::tempdir().expect("a folder");
    fs::write(outside.path().join("file"), b"x").expect("a file");
    fs::remove_dir_all(workplace.path("models/llama")).expect("it is there");
    symlink(outside.path(), workplace.path("models/llama")).expect("a link");
    let ran = check(&workplace, "lock", 1);
    assert!(ran.stderr.contains("leads out of the folder"), "{}", ran.shown());
    let text = SYSTEM.replace("path = 'models/llama'", "path = 'models/llama'\noutside = true");
    workplace.write("cleanbill.toml", text.as_bytes());
    check(&workplace, "lock", 0);
}

#[cfg(unix)]
#[test]
fn what_cannot_be_read_is_3_and_writes_no_lock() {
    use std::os::unix::fs::PermissionsExt as _;

    let workplace = workplace();
    check(&workplace, "lock", 0);
    let mode = |mode| {
        let permissions = fs::Permissions::from_mode(mode);
        fs::set_permissions(workplace.path("models/llama/config.json"), permissions).expect("ours");
    };
    mode(0o000);
    if fs::read(workplace.path("models/llama/config.json")).is_ok() {
        println!("SKIPPED: this user may read everything");
    } else {
        assert_eq!(differences(&workplace, "verify --lock", 3), ["file-unreadable"]);
        fs::remove_file(workplace.path("cleanbill.lock")).expect("it is there");
        check(&workplace, "lock", 3);
        assert!(!workplace.path("cleanbill.lock").exists());
    }
    mode(0o644);
}

#[test]
fn a_lock_that_is_missing_or_damaged_is_1_and_wrong_usage_2() {
    let workplace = workplace();
    let ran = check(&workplace, "verify --lock", 1);
    assert!(
        ran.stdout.contains("cannot read `cleanbill.lock`"),
        "{}",
        ran.shown()
    );
    workplace.write("cleanbill.lock", b"schema = \"cleanbill.lock/2\"\n[[artifcat]]\n");
    let ran = check(&workplace, "verify --lock", 1);
    assert!(
        ran.stdout
            .contains("cleanbill.lock:1:10: `schema`: `cleanbill.lock/2` is not"),
        "{}",
        ran.shown()
    );
    assert!(ran.stdout.contains("did you mean `artifact`?"), "{}", ran.shown());
    check(&workplace, "verify --lock --format json", 1);
    for arguments in [
        "verify",
        "verify --lock --no-such",
        "verify --system cleanbill.toml",
        "lock --output no/such/folder/x",
        "lock --system absent.toml",
    ] {
        check(&workplace, arguments, 2);
    }
    workplace.write("cleanbill.toml", b"[system]\nname = 'x'\n");
    check(&workplace, "lock", 2);
    workplace.write("cleanbill.toml", b"[sytem]\nname = 'x'\n");
    check(&workplace, "lock", 2);
    check(&workplace, "verify --lock", 2);
}

#[test]
fn no_byte_of_lock_or_artifacts_may_change_unseen() {
    let workplace = workplace();
    check(&workplace, "lock", 0);
    let lock = fs::read(workplace.path("cleanbill.lock")).expect("a lock");
    for name in [
        "models/llama/config.json",
        "models/llama/weights/one.bin",
        "prompt.txt",
    ] {
        let bytes = fs::read(workplace.path(name)).expect("a file");
        for index in 0..bytes.len() {
            let mut other = bytes.clone();
            other[index] ^= 1;
            workplace.write(name, &other);
            check(&workplace, "verify --lock", 1);
        }
        workplace.write(name, &bytes);
    }
    // Every byte, in turns by one change of several; the library tries all of them on each.
    for index in 0..lock.len() {
        let mut other = lock.clone();
        other[index] ^= [0x01, 0x20, 0x0b, 0x0c][index % 4];
        let is_blank = |byte: u8| byte.is_ascii_whitespace();
        if is_blank(lock[index]) && is_blank(other[index]) {
            continue;
        }
        workplace.write("cleanbill.lock", &other);
        let ran = finish(&mut workplace.command("verify --lock"));
        assert_eq!(ran.code, 1, "byte {index}\n{}", ran.shown());
    }
    workplace.write("cleanbill.lock", &lock);
    check(&workplace, "verify --lock", 0);
}
