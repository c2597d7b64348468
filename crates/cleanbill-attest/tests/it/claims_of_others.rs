//! Claims that others made: provenance of two versions, subjects by their digests.

use cleanbill_attest::Note;
use serde_json::{Value, json};

use crate::{
    claims::{PROVENANCE, ids, line, options, three, verified},
    support::{Model, bundle_over, read_options},
};

const OLD_PROVENANCE: &str = "https://slsa.dev/provenance/v0.2";

/// A statement by somebody else, over files by their digests.
pub(crate) fn foreign(model: &Model, predicate_type: &str, predicate: &Value) -> Value {
    let statement = model.statement(&read_options());
    let subjects: Vec<Value> = statement
        .resources
        .iter()
        .map(|one| json!({"name": format!("dist/{}", one.name), "digest": {"sha256": cleanbill_core::hex(&one.digest)}}))
        .collect();
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": subjects,
        "predicateType": predicate_type,
        "predicate": predicate,
    })
}

fn github() -> Value {
    json!({
        "buildDefinition": {
            "buildType": "https://actions.github.io/buildtypes/workflow/v1",
            "externalParameters": {"workflow": {
                "ref": "refs/tags/v1", "repository": "https://github.com/acme/model", "path": ".github/workflows/release.yml",
            }},
            "resolvedDependencies": [
                {"uri": "git+https://github.com/acme/model@refs/tags/v1", "digest": {"gitCommit": "00"}},
                {"uri": "https://github.com/other/tool"},
            ],
        },
        "runDetails": {"builder": {"id": "https://github.com/actions/runner/github-hosted"}},
    })
}

#[test]
fn provenance_of_others_is_compared_letter_by_letter() {
    let model = Model::new();
    let generic = json!({
        "buildDefinition": {
            "buildType": "https://example.com/train",
            "externalParameters": {"steps": 3},
            "resolvedDependencies": [{"uri": "hf://acme/base@1"}, {"uri": "https://example.com/data"}],
        },
        "runDetails": {"builder": {"id": "https://example.com/builder"}},
    });
    let source = json!({
        "buildDefinition": {
            "buildType": "https://example.com/train",
            "externalParameters": {"source": {"uri": "git+https://example.com/r"}},
            "resolvedDependencies": [{"uri": "https://example.com/data"}],
        },
        "runDetails": {"builder": {"id": "https://example.com/builder"}},
    });
    let old = json!({
        "builder": {"id": "https://example.com/builder"},
        "buildType": "https://example.com/train",
        "invocation": {"configSource": {"uri": "git+https://example.com/r@main"}},
        "materials": [{"uri": "https://example.com/data"}],
    });
    let older = json!({
        "builder": {"id": "https://example.com/builder"},
        "buildType": "https://example.com/train",
        "materials": [{"uri": "https://example.com/data"}],
    });
    let hosted = "https://github.com/actions/runner/github-hosted";
    let own = "https://example.com/builder";
    for (predicate_type, predicate, builder, source, reasons) in [
        (
            PROVENANCE,
            &github(),
            hosted,
            "https://github.com/acme/model",
            &[][..],
        ),
        (
            PROVENANCE,
            &github(),
            hosted,
            "git+https://github.com/acme/model@refs/tags/v1",
            &[],
        ),
        (
            PROVENANCE,
            &github(),
            hosted,
            "https://github.com/acme/mode",
            &["claim-source", "claim-missing"],
        ),
        // A dependency is not the source where the run says what the source is.
        (
            PROVENANCE,
            &github(),
            hosted,
            "https://github.com/other/tool",
            &["claim-source", "claim-missing"],
        ),
        (
            PROVENANCE,
            &github(),
            own,
            "https://github.com/acme/model",
            &["claim-builder", "claim-missing"],
        ),
        (PROVENANCE, &generic, own, "hf://acme/base@1", &[]),
        (
            PROVENANCE,
            &generic,
            own,
            "hf://acme/base",
            &["claim-source", "claim-missing"],
        ),
        (PROVENANCE, &source, own, "git+https://example.com/r", &[]),
        (
            PROVENANCE,
            &source,
            own,
            "https://example.com/data",
            &["claim-source", "claim-missing"],
        ),
        (OLD_PROVENANCE, &old, own, "git+https://example.com/r@main", &[]),
        (
            OLD_PROVENANCE,
            &old,
            own,
            "https://example.com/data",
            &["claim-source", "claim-missing"],
        ),
        (OLD_PROVENANCE, &older, own, "https://example.com/data", &[]),
    ] {
        let bundle = bundle_over(foreign(&model, predicate_type, predicate).to_string().as_bytes());
        let mut options = options();
        options.builder = Some(builder.to_owned());
        options.source = Some(source.to_owned());
        let found = verified(&model, &line(&bundle), &options);
        assert_eq!(ids(&found), reasons, "{source}");
    }
}

#[test]
fn claims_of_others_must_name_every_file() {
    let model = Model::new();
    let value = foreign(&model, PROVENANCE, &github());
    let bundle = line(&bundle_over(value.to_string().as_bytes()));
    assert!(verified(&model, &bundle, &options()).holds());
    model.write("more", b"new");
    assert_eq!(
        ids(&verified(&model, &bundle, &options())),
        ["claim-subject-missing"]
    );
    let mut lax = options();
    lax.files.ignore_unsigned = true;
    let found = verified(&model, &bundle, &lax);
    assert!(found.holds());
    assert_eq!(found.claims[0].notes, [Note::LeftOut { count: 1 }]);
    let own = verified(&model, &three(&Model::new()), &lax);
    assert!(
        own.holds()
            && own
                .claims
                .iter()
                .all(|claim| claim.notes == [Note::LeftOut { count: 1 }])
    );
    // The digest over digests counts only where the claim says that it is one.
    let root = model.statement(&read_options()).root_digest();
    let mut other = value.clone();
    other["subject"] = json!([{"name": "model", "digest": {"sha256": root}}]);
    let bundle = line(&bundle_over(other.to_string().as_bytes()));
    assert_eq!(
        ids(&verified(&model, &bundle, &lax)),
        ["claim-subject-missing"; 4]
    );
}
