//! The ML-BOM: written, checked against its files, compared, joined, converted.

use std::fs;

use crate::support::Workplace;

fn workplace() -> Workplace {
    let workplace = Workplace::empty();
    fs::create_dir(workplace.path("model")).expect("a folder");
    workplace.write(
        "model/README.md",
        b"---\nlicense: mit\nbase_model: acme/base\ndatasets: [acme/corpus]\n---\n# Tiny\n\nA model that exists to test bills.\n",
    );
    workplace.write(
        "model/config.json",
        br#"{"model_type": "bert", "architectures": ["BertModel"], "transformers_version": "4.40.0"}"#,
    );
    workplace.write("model/requirements.txt", b"torch==2.4.0\n");
    workplace
}

#[test]
fn a_bill_holds_true_until_a_file_changes() {
    let workplace = workplace();
    let ran = workplace.run("bom model -o bill.json");
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{}", ran.shown());
    let ran = workplace.run("bom check bill.json --against model");
    assert_eq!(ran.code, 0, "{}", ran.shown());
    assert!(ran.stdout.contains("3 files agree"), "{}", ran.shown());
    for (name, bytes, said) in [
        ("model/config.json", &b"{}"[..], "`config.json` has other bytes"),
        ("model/more.txt", b"more\n", "there, not claimed: more.txt"),
    ] {
        let workplace = self::workplace();
        workplace.run("bom model -o bill.json");
        workplace.write(name, bytes);
        let ran = workplace.run("bom check bill.json --against model");
        assert_eq!(ran.code, 1, "{}", ran.shown());
        assert!(ran.stdout.contains(said), "{}", ran.shown());
    }
    fs::remove_file(workplace.path("model/requirements.txt")).expect("it is there");
    let ran = workplace.run("bom check bill.json --against model");
    assert_eq!(ran.code, 1, "{}", ran.shown());
    assert!(
        ran.stdout.contains("claimed, not there: requirements.txt"),
        "{}",
        ran.shown()
    );
}

#[test]
fn the_same_input_gives_the_same_bytes_in_every_format() {
    let workplace = workplace();
    for format in ["cyclonedx", "cyclonedx-1.6", "spdx"] {
        let first = workplace.run(&format!("bom model -f {format} --serial"));
        assert_eq!(first.code, 0, "{}", first.shown());
        assert!(
            first.stdout.contains("Tiny") && first.stdout.contains("torch"),
            "{format}"
        );
        let again = workplace.run(&format!("bom model -f {format} --serial --jobs 1"));
        assert_eq!(first.stdout, again.stdout, "{format}");
    }
    let dated = workplace.run("bom model --timestamp 2026-11-28T12:00:00Z");
    assert!(dated.stdout.contains("2026-11-28T12:00:00Z"), "{}", dated.shown());
    let wrong = workplace.run("bom model --timestamp yesterday");
    assert_eq!(wrong.code, 2, "{}", wrong.shown());
}

#[test]
fn bills_are_converted_compared_and_joined() {
    let workplace = workplace();
    workplace.run("bom model -o one.json");
    workplace.write("model/requirements.txt", b"torch==2.5.0\nnumpy==2.0.0\n");
    workplace.run("bom model -o two.json");
    let ran = workplace.run("bom diff one.json two.json --fail");
    assert_eq!(ran.code, 1, "{}", ran.shown());
    assert!(ran.stdout.contains("+ Library numpy 2.0.0"), "{}", ran.shown());
    assert!(ran.stdout.contains("2.4.0 -> 2.5.0"), "{}", ran.shown());
    let same = workplace.run("bom diff one.json one.json --fail --format json");
    assert_eq!(same.code, 0, "{}", same.shown());
    let ran = workplace.run("bom convert one.json -f spdx -o one.spdx.json");
    assert_eq!(ran.code, 0, "{}", ran.shown());
    let ran = workplace.run("bom check one.spdx.json --against model --list ntia-2021 --format json");
    assert!(ran.stdout.contains("cleanbill.bom-check/1"), "{}", ran.shown());
    let ran = workplace.run("bom merge one.json two.json --name system -o system.json");
    assert_eq!(ran.code, 0, "{}", ran.shown());
    let system = workplace.read("system.json");
    assert!(system.contains("system:system") && system.contains("pkg:pypi/torch@2.4.0"));
}

#[test]
fn bad_documents_are_told_by_place() {
    let workplace = workplace();
    workplace.write(
        "cut.json",
        br#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"#,
    );
    workplace.write(
        "twice.json",
        br#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "specVersion": "1.7"}"#,
    );
    workplace.write("other.json", br#"{"a": 1}"#);
    for name in ["cut.json", "twice.json", "other.json", "absent.json"] {
        let ran = workplace.run(&format!("bom check {name}"));
        assert_eq!(ran.code, 3, "{}", ran.shown());
        assert!(
            ran.stderr.contains(name) && ran.stdout.is_empty(),
            "{}",
            ran.shown()
        );
    }
    let ran = workplace.run("bom check cut.json");
    assert!(ran.stderr.contains("byte"), "{}", ran.shown());
}

#[test]
fn what_cannot_be_read_makes_a_bill_incomplete() {
    let workplace = workplace();
    for arguments in ["bom no-such-folder", "bom model/absent -f spdx"] {
        let ran = workplace.run(arguments);
        assert_eq!(ran.code, 3, "{}", ran.shown());
    }
}
