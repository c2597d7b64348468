//! What is written is what schemas of others, and ours, say.

use cleanbill_attest::{Trust, VERIFY_SCHEMA};
use serde_json::Value;

use crate::support::{Model, payload_of, shared, verify_options};

fn check(schema: &Value, value: &Value, name: &str) {
    let validator = jsonschema::validator_for(schema).expect("a schema");
    let wrong: Vec<String> = validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "{name}\n{}", wrong.join("\n"));
}

#[test]
fn bundles_and_statements_fit_the_schemas_of_the_specification() {
    let Some(folder) = shared("schemas/oms-1.0") else {
        return;
    };
    let schema = |name: &str| -> Value {
        let text = std::fs::read_to_string(folder.join(format!("{name}.schema.json"))).expect("a schema");
        serde_json::from_str(&text).expect("JSON")
    };
    let (bundle, _) = Model::new().signed();
    let bundle_value: Value = serde_json::from_slice(&bundle).expect("JSON");
    let statement: Value = serde_json::from_slice(&payload_of(&bundle)).expect("JSON");
    // The schemas refer to one another by their addresses: put them within reach.
    let with = |name: &str, inner: &str| {
        let mut whole = schema(name);
        whole["$defs"][inner] = schema(inner);
        whole
    };
    check(&with("bundle", "envelope"), &bundle_value, "bundle");
    check(&schema("envelope"), &bundle_value["dsseEnvelope"], "envelope");
    check(&with("statement", "predicate"), &statement, "statement");
    check(&schema("predicate"), &statement["predicate"], "predicate");
}

#[test]
fn results_fit_their_own_schema() {
    let schema: Value = serde_json::from_str(VERIFY_SCHEMA).expect("JSON");
    let model = Model::new();
    let (bundle, key) = model.signed();
    check(
        &schema,
        &model.verify(&bundle, &key).to_json("model", "model.sig", "0.1.0"),
        "pass",
    );
    model.write("config.json", b"other");
    model.write("extra", b"");
    model.remove("weights/one.bin");
    check(
        &schema,
        &model.verify(&bundle, &key).to_json("model", "model.sig", "0.1.0"),
        "fail",
    );
    let trust = Trust::certificates(&[], cleanbill_attest::UnixTime(0));
    let result = model.verify_with(&bundle, trust, &verify_options());
    check(
        &schema,
        &result.to_json("model", "model.sig", "0.1.0"),
        "another method",
    );
    check(
        &schema,
        &model.verify(b"", &key).to_json("model", "model.sig", "0.1.0"),
        "no bundle",
    );
}
