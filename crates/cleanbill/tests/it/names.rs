//! Names of packages and models: what an index that the caller gives does not hold.

use crate::support::Workplace;

fn workplace() -> Workplace {
    let workplace = Workplace::empty();
    workplace.write(
        "requirements.txt",
        b"torch==2.9.0 --hash=sha256:0000000000000000000000000000000000000000000000000000000000000000\nhuggingface-cli-tools==1.0\n",
    );
    workplace
}

#[test]
fn names_that_the_index_lacks_are_reported_and_others_pass() {
    for (index, options, code, said) in [
        ("pkg:pypi/torch\n", "", 0, true),
        ("pkg:pypi/torch\n", "--fail-on medium", 1, true),
        (
            "pypi/torch\npypi/huggingface_cli.tools\n",
            "--fail-on medium",
            0,
            false,
        ),
        ("# only npm\nnpm/express\n", "--fail-on medium", 0, false),
    ] {
        let workplace = workplace();
        workplace.write("names.txt", index.as_bytes());
        let ran = workplace.run(&format!(
            "scan requirements.txt --known-names names.txt --format json {options}"
        ));
        assert_eq!(ran.code, code, "{index}\n{}", ran.shown());
        assert_eq!(ran.stdout.contains("name-not-known"), said, "{}", ran.shown());
    }
}

#[test]
fn nothing_is_said_of_names_without_an_index() {
    let ran = workplace().run("scan requirements.txt --format json --fail-on medium");
    assert!(!ran.stdout.contains("name-not-known"), "{}", ran.shown());
}

#[test]
fn an_index_that_cannot_be_used_is_refused_with_a_reason() {
    for (index, said) in [
        ("", "holds no name"),
        ("torch\n", "line 1 is not"),
        ("pypi/torch\ngem/rails\n", "line 2 is not"),
    ] {
        let workplace = workplace();
        workplace.write("names.txt", index.as_bytes());
        let ran = workplace.run("scan requirements.txt --known-names names.txt");
        assert_eq!(ran.code, 2, "{}", ran.shown());
        assert!(ran.stderr.contains(said), "{}", ran.shown());
    }
    let ran = workplace().run("scan requirements.txt --known-names no-such.txt");
    assert_eq!(ran.code, 2, "{}", ran.shown());
}
