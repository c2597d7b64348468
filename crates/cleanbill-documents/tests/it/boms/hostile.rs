//! Input that is broken on purpose, or by accident.

use cleanbill_documents::boms::read::{ReadError, Standard, read};

fn check(bytes: &[u8], wanted: &str) {
    let error = read("x.json", bytes).expect_err("it is refused").to_string();
    assert!(error.contains(wanted), "{error}");
}

#[test]
fn refusals_name_file_path_and_offset() {
    check(b"", "`x.json`: the document ends too early, at `/`, byte 0");
    check(
        br#"{"bomFormat":"CycloneDX","components":[{"name":"a","name":"b"}]}"#,
        "the key `name` stands twice, at `/components/0`, byte 51",
    );
    check(
        br#"{"bomFormat":"CycloneDX","components":[{"na"#,
        "at `/components/0`, byte 43",
    );
    check(b"\xff\xfe{\x00", "is not UTF-8: byte 0");
    check(b"{\"a\":\"\xc3\x28\"}", "is not UTF-8: byte 6");
    check(b"{}", "neither CycloneDX nor SPDX");
    check(b"[1,2]", "neither CycloneDX nor SPDX");
    let deep = format!("{}{}", "{\"a\":".repeat(200_000), "1");
    check(deep.as_bytes(), "nested deeper than 128 levels");
    check(b"\xef\xbb\xbf{\"a\":1,}", "byte 10");
}

#[test]
fn hostile_xml_is_refused() {
    check(b"<bom><a></bom>", "byte 8");
    let dtd = b"<!DOCTYPE x [<!ENTITY a 'aaaa'>]><bom>&a;</bom>";
    check(dtd, "DTD");
    let deep = "<a>".repeat(1_000_000);
    check(deep.as_bytes(), "nested deeper than 128 levels");
    check(b"<html/>", "neither CycloneDX nor SPDX");
    let error = read(
        "x.xml",
        b"<bom xmlns='http://cyclonedx.org/schema/bom/1.6'><components><component></x>",
    );
    match error {
        Err(ReadError::Xml { path, at, .. }) => {
            assert_eq!(path, "/bom/components/component");
            assert!(at >= 72, "{at}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn cut_documents_never_pass_for_whole_ones() {
    let whole = super::rounds_sample();
    for length in (0..whole.len() - 1).step_by(97) {
        let cut = whole.get(..length).expect("it is shorter");
        assert!(read("x.json", cut).is_err(), "{length} bytes");
    }
}

#[test]
fn circles_and_doubles_do_not_loop() {
    let text = br#"{"bomFormat":"CycloneDX","specVersion":"1.9","components":[
        {"type":"machine-learning-model","bom-ref":"a","name":"a","pedigree":{"ancestors":[{"type":"widget","bom-ref":"a","name":"a"}]}},
        {"type":"library","bom-ref":"a","name":"b","purl":"torch","licenses":[{"license":{"id":"NOASSERTION"}},{"license":{"id":"MIT"}}],"hashes":[{"alg":"SHA-256","content":"abc"}]}],
        "dependencies":[{"ref":"a","dependsOn":["a","ghost"]},{"ref":"a"}]}"#;
    let document = read("x.json", text).expect("it can be read");
    assert_eq!(document.standard, Standard::CycloneDx);
    assert_eq!(document.bill.components.len(), 3, "none is joined with another");
    let told: Vec<String> = document
        .violations
        .iter()
        .map(|one| format!("{} {}", one.path, one.message))
        .collect();
    for wanted in [
        "/specVersion version `1.9`",
        "/components/0/pedigree/ancestors/0 the type `widget`",
        "the id `a` stands twice",
        "/components/1/purl `torch` is no package URL",
        "/components/1/licenses/0 SPDX lists no licence `NOASSERTION`",
        "/components/1/hashes/0 a digest of SHA-256 has 64",
        "/dependencies/0/dependsOn/1 `ghost` leads to nothing",
        "/dependencies/1 the needs of `a` stand twice",
    ] {
        assert!(told.iter().any(|one| one.contains(wanted)), "{wanted}\n{told:#?}");
    }
    let place = document
        .violations
        .iter()
        .find(|one| one.path == "/components/1/purl")
        .map(|one| one.at)
        .expect("it is told");
    assert_eq!(text.get(place..place + 7), Some(&br#""torch""#[..]));
}

#[test]
fn wide_documents_cost_no_more_than_their_size() {
    let names = |count: usize| (0..count).map(|index| format!("k{index}"));
    let children: String = names(100_000)
        .flat_map(|name| ["<".to_owned(), name, "/>".to_owned()])
        .collect();
    let head = "<bom xmlns='http://cyclonedx.org/schema/bom/1.6'>";
    assert!(read("wide.xml", format!("{head}{children}</bom>").as_bytes()).is_ok());
    let attributes: String = names(2_000)
        .flat_map(|name| [" ".to_owned(), name, "='1'".to_owned()])
        .collect();
    assert!(read("wide.xml", format!("{head}<x{attributes}/></bom>").as_bytes()).is_ok());
    let keys: Vec<String> = names(200_000).map(|name| format!("\"{name}\":0")).collect();
    let text = format!(
        "{{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"x\":{{{}}}}}",
        keys.join(",")
    );
    assert!(read("wide.json", text.as_bytes()).is_ok());
    let many: Vec<String> = (0..50_000)
        .map(|index| {
            format!(
                "{{\"type\":\"library\",\"bom-ref\":\"same\",\"name\":\"n{index}\",\"properties\":[{{\"name\":\"cleanbill:relation-detail\",\"value\":\"x\"}}]}}"
            )
        })
        .collect();
    let text = format!(
        "{{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"components\":[{}]}}",
        many.join(",")
    );
    let document = read("many.json", text.as_bytes()).expect("it can be read");
    assert_eq!(document.bill.components.len(), 50_000);
    assert!(document.violations.len() <= 1_001);
}
