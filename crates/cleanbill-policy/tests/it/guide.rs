//! The example of the guide is read, and the guide names every reason and difference.

use std::{fs, path::Path};

use cleanbill_core::UnixTime;
use cleanbill_policy::{ArtifactName, policy_file, trust};

fn guide() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/trust.md");
    fs::read_to_string(path).expect("the guide")
}

#[test]
fn the_example_of_the_guide_is_read_and_decides() {
    let guide = guide();
    let block = guide
        .split("```toml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next());
    let file = policy_file::read(block.expect("an example").as_bytes()).expect("without a fault");
    assert_eq!((file.artifacts.len(), file.trust.len()), (2, 4));
    let known: Vec<trust::Known<'_>> = file
        .trust
        .iter()
        .map(|rule| trust::Known {
            rule,
            key: None,
            roots: vec!["root".to_owned()],
        })
        .collect();
    let now = UnixTime::parse("2026-11-29").expect("a time");
    let key = |first: char| trust::Identity::Key {
        fingerprint: format!("{first}b3c5f5a2e4d6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f8"),
    };
    let decide = |name: &str, signer| {
        let name = ArtifactName::parse(name).expect("a name");
        let decided = trust::decide(&known, &name, &signer, None, now);
        decided.map_err(|reasons| reasons[0].id())
    };
    assert_eq!(decide("acme/llama-ft", key('1')), Ok(0));
    assert_eq!(decide("acme/llama-ft", key('2')), Err("revoked"));
    assert_eq!(decide("meta/llama-3", key('1')), Err("signer-not-named"));
    assert_eq!(decide("meta/other", key('1')), Err("no-rule"));
}

#[test]
fn the_guide_names_every_reason_and_difference() {
    let guide = guide();
    for schema in [trust::SCHEMA_TEXT, cleanbill_policy::lock::CHECK_SCHEMA_TEXT] {
        let schema: serde_json::Value = serde_json::from_str(schema).expect("JSON");
        let ids = ["reasons", "differences"].iter().find_map(|list| {
            let properties = schema.pointer(&format!("/properties/{list}/items/properties"))?;
            let first = properties
                .get("reason")
                .or_else(|| properties.get("difference"))?;
            first.get("enum")?.as_array()
        });
        for id in ids.expect("ids") {
            let id = id.as_str().expect("an id");
            assert!(guide.contains(&format!("`{id}`")), "{id}");
        }
    }
}
