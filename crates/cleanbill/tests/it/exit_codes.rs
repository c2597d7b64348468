//! Exit codes do not depend on the format of the report.

use std::process::Stdio;

use cleanbill_documents::reports::REPORTS;

use crate::support::Workplace;

#[track_caller]
fn check(arguments: &str, code: i32) {
    let ran = Workplace::new().run(arguments);
    assert_eq!(ran.code, code, "{arguments}\n{}", ran.shown());
}

#[test]
fn the_format_of_the_report_changes_no_exit_code() {
    let workplace = Workplace::new();
    for report in REPORTS {
        for (target, code) in [
            ("pass.txt", 0),
            ("fail.pkl", 1),
            ("incomplete.bin", 3),
            ("no-such-file", 3),
            ("empty", 3),
            ("model", 1),
            ("s4://bucket", 2),
        ] {
            let arguments = format!("scan {target} --format {}", report.id);
            let ran = workplace.run(&arguments);
            assert_eq!(ran.code, code, "{arguments}\n{}", ran.shown());
            assert_eq!(ran.stdout.is_empty(), code == 2, "{arguments}");
        }
    }
}

#[test]
fn fail_wins_over_incomplete_wins_over_pass() {
    check("scan pass.txt incomplete.bin", 3);
    check("scan incomplete.bin fail.pkl pass.txt", 1);
    check("scan pass.txt no-such-file", 3);
}

#[test]
fn only_exit_zero_overrides_a_verdict() {
    check("scan fail.pkl --exit-zero", 0);
    check("scan incomplete.bin --exit-zero", 0);
    check("scan s4://bucket --exit-zero", 2);
    check("scan fail.pkl --quiet", 1);
}

#[test]
fn wrong_usage_is_2() {
    for arguments in [
        "",
        "scan",
        "no-such-verb",
        "scan pass.txt --format no-such",
        "scan pass.txt --only no-such",
        "scan pass.txt --limit no_such=1",
        "scan pass.txt --limit tensors=0",
        "scan pass.txt --jobs 0",
        "scan pass.txt --output no/such/folder/x",
        "scan pass.txt --output empty",
        "scan pass.txt --report sarif",
        "scan pass.txt --report sarif=x --report json=x",
        "explain no-such-thing",
        "list no-such-kind",
    ] {
        let ran = Workplace::new().run(arguments);
        assert_eq!(ran.code, 2, "{arguments}\n{}", ran.shown());
        assert!(ran.stdout.is_empty(), "{arguments}");
        if !arguments.is_empty() {
            assert!(ran.stderr.starts_with("error: "), "{arguments}\n{}", ran.stderr);
            assert!(ran.stderr.contains("\nhint: "), "{arguments}\n{}", ran.stderr);
        }
    }
}

#[test]
fn help_and_version_are_not_errors() {
    check("--help", 0);
    check("--version", 0);
    check("scan --help", 0);
}

#[test]
fn a_lower_threshold_fails_more() {
    let workplace = Workplace::new();
    // A pickle that ends before it stops: damage is of medium severity.
    workplace.write("cut.pkl", b"\x80\x04]\x94(K\x01K\x02");
    assert_eq!(workplace.run("scan cut.pkl").code, 3);
    assert_eq!(workplace.run("scan cut.pkl --fail-on medium").code, 1);
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    let workplace = Workplace::new();
    for (target, code) in [("pass.txt", 0), ("fail.pkl", 1)] {
        for format in ["human", "sarif"] {
            let mut command = workplace.command(&format!("scan {target} --format {format} --quiet"));
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = command.spawn().expect("the program starts");
            // Nobody reads.
            drop(child.stdout.take());
            let output = child.wait_with_output().expect("the program ends");
            assert_eq!(output.status.code(), Some(code), "{format}");
            assert_eq!(
                String::from_utf8_lossy(&output.stderr).matches("error").count(),
                0,
                "{format}"
            );
        }
    }
}
