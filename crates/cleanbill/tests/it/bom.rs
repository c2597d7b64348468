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

/// A bill whose adapter drops what its base demands, and whose data asks a question.
fn lineage(base: &str, own: &str) -> String {
    let licence = |id: &str| format!(r#""licenses": [{{"license": {{"name": "{id}"}}}}]"#);
    format!(
        r#"{{"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
  "metadata": {{"component": {{"type": "application", "bom-ref": "product", "name": "assistant"}}}},
  "components": [
    {{"type": "machine-learning-model", "bom-ref": "merge", "name": "merge", {own},
      "properties": [{{"name": "cleanbill:derived-from", "value": "adapter"}},
                     {{"name": "cleanbill:relation-detail", "value": "derived-from:adapter:merge"}},
                     {{"name": "cleanbill:contained-in", "value": "product"}}]}},
    {{"type": "machine-learning-model", "bom-ref": "adapter", "name": "adapter", {own},
      "properties": [{{"name": "cleanbill:derived-from", "value": "base"}},
                     {{"name": "cleanbill:relation-detail", "value": "derived-from:base:adapter"}},
                     {{"name": "cleanbill:trained-on", "value": "data"}}]}},
    {{"type": "machine-learning-model", "bom-ref": "base", "name": "base", {base}}},
    {{"type": "data", "bom-ref": "data", "name": "data", {data}}},
    {{"type": "library", "bom-ref": "lib", "name": "lib\u001b[2J", "properties": [{{"name": "cleanbill:contained-in", "value": "product"}}]}}]}}"#,
        own = licence(own),
        base = licence(base),
        data = licence("cc-by-nc-4.0"),
    )
}

#[test]
fn licences_are_compared_along_the_lineage() {
    let workplace = workplace();
    workplace.write("bill.json", lineage("cc-by-nc-4.0", "apache-2.0").as_bytes());
    let ran = workplace.run("bom check bill.json");
    assert_eq!(ran.code, 1, "{}", ran.shown());
    for said in [
        "non-commercial-dropped",
        "base -> adapter -> merge -> assistant",
        "`base`: cc-by-nc-4.0 (bill.json: /components/2",
        "licence-unknown",
    ] {
        assert!(ran.stdout.contains(said), "{said}: {}", ran.shown());
    }
    assert!(
        !ran.stdout.contains("dataset-non-commercial") && !ran.stdout.contains('\u{1b}'),
        "{}",
        ran.shown()
    );
    let ran = workplace.run("bom check bill.json --fail-on critical --commercial --format json");
    assert_eq!(ran.code, 0, "{}", ran.shown());
    let value: serde_json::Value = serde_json::from_str(&ran.stdout).expect("it is JSON");
    let rules = |key: &str| -> Vec<String> {
        let list = value["licences"][key].as_array().expect("a list").iter();
        list.map(|one| one["rule"].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    assert!(
        rules("questions").contains(&"dataset-non-commercial".to_owned()),
        "{}",
        ran.shown()
    );
    assert!(
        rules("conflicts").contains(&"commercial-use-forbidden".to_owned()),
        "{}",
        ran.shown()
    );
    let question = &value["licences"]["questions"][0];
    assert_eq!(
        question["paths"][0],
        serde_json::json!(["data", "adapter", "merge", "product"])
    );
    assert_eq!(question["concerned"][1]["evidence"][0]["stated"], "cc-by-nc-4.0");
    let chinese = workplace.run("bom check bill.json --lang zh");
    assert!(chinese.stdout.contains("许可证（非商业"), "{}", chinese.shown());
    assert_eq!(
        workplace.run("bom check bill.json").stdout,
        workplace.run("bom check bill.json").stdout
    );
}

#[test]
fn licences_that_fit_fail_nothing_and_unknown_ones_only_where_asked() {
    let workplace = workplace();
    workplace.write("bill.json", lineage("mit", "mit").as_bytes());
    let ran = workplace.run("bom check bill.json --distribution distributed");
    assert_eq!(ran.code, 0, "{}", ran.shown());
    assert!(ran.stdout.contains("keep-notices"), "{}", ran.shown());
    assert_eq!(
        workplace.run("bom check bill.json --need-licences").code,
        0,
        "libraries are not models"
    );
    workplace.write("bill.json", lineage("other", "mit").as_bytes());
    assert_eq!(workplace.run("bom check bill.json").code, 0);
    let ran = workplace.run("bom check bill.json --need-licences");
    assert_eq!(ran.code, 3, "{}", ran.shown());
    workplace.write("bill.json", lineage("NONE", "mit").as_bytes());
    let ran = workplace.run("bom check bill.json");
    assert_eq!(ran.code, 1, "no licence grants nothing: {}", ran.shown());
    // The bill of a folder keeps the places of its licences.
    workplace.run("bom model -o folder.json");
    let ran = workplace.run("bom check folder.json --distribution distributed");
    assert!(ran.stdout.contains("(README.md: license)"), "{}", ran.shown());
}
