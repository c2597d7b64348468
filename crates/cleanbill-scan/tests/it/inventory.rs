//! The bill of materials that a scan makes of a folder.

use cleanbill_core::bill::{Bill, ComponentKind, DigestAlgorithm, RelationKind};
use cleanbill_scan::{
    Options,
    inventory::{About, bill},
};

use crate::support;

fn bill_of(case: &str, about: &About) -> Bill {
    let sample = support::read_sample(&support::testdata("bills").join(case)).unwrap();
    let options = Options {
        digests: true,
        inventory: true,
        ..Options::default()
    };
    bill(&support::scan_files(&sample.files, &options), about)
}

fn folder() -> About {
    About {
        folder: "tiny".to_owned(),
        ..About::default()
    }
}

/// Returns `kind detail name` of everything that a component is joined to.
fn joined(bill: &Bill, from: &str) -> Vec<String> {
    let mut joined: Vec<String> = bill
        .relations
        .iter()
        .filter(|one| one.from == from)
        .map(|one| {
            let to = bill
                .component(&one.to)
                .expect("every relation ends at a component");
            format!("{:?} {}: {:?} {}", one.kind, one.detail, to.kind, to.name)
        })
        .collect();
    joined.sort();
    joined
}

#[test]
fn a_model_folder_is_one_model_with_all_that_it_names() {
    let bill = bill_of("model-folder.sample", &folder());
    let model = bill.subject().expect("there is a subject");
    assert_eq!(model.kind, ComponentKind::Model);
    assert_eq!(model.id, "model:Tiny");
    let joined = joined(&bill, &model.id);
    for expected in [
        "Contains file: File README.md",
        "Contains file: File client.py",
        "Contains file: File config.json",
        "Contains file: File mcp.json",
        "Contains file: File model-00001-of-00002.safetensors",
        "Contains file: File model-00002-of-00002.safetensors",
        "Contains file: File requirements.txt",
        "DependsOn : Library requests",
        "DependsOn : Library torch",
        "DependsOn hosted model: Service gpt-4o-2024-08-06",
        "DependsOn server of tools: Service files",
        "DependsOn server of tools: Service remote",
        "DerivedFrom finetune: Model base-7b",
        "TestedOn : Dataset mmlu",
        "TrainedOn : Dataset corpus",
    ] {
        assert!(
            joined.iter().any(|one| one == expected),
            "{expected} is not in {joined:#?}"
        );
    }
    let card = model.model.as_ref().expect("there is a card");
    let text = |value: &Option<cleanbill_core::bill::Sourced<String>>| {
        value
            .as_ref()
            .map(|one| (one.value.clone(), one.source.place.clone()))
    };
    assert_eq!(
        text(&card.architecture),
        Some(("LlamaForCausalLM".to_owned(), "architectures".to_owned()))
    );
    assert_eq!(
        text(&card.task),
        Some(("text-generation".to_owned(), "pipeline_tag".to_owned()))
    );
    assert_eq!(card.context_length.as_ref().map(|one| one.value), Some(4096));
    assert_eq!(
        card.parameters.as_ref().map(|one| one.value),
        Some(24),
        "both shards"
    );
    assert_eq!(card.limitations.len(), 1);
    assert!(card.use_cases.is_empty(), "a placeholder is no answer");
    assert_eq!(
        card.metrics
            .first()
            .map(|one| (one.value.value.as_str(), one.value.slice.as_str())),
        Some(("0.42", "MMLU, test"))
    );
    assert_eq!(
        model.licences.first().map(|one| one.value.stated.as_str()),
        Some("apache-2.0")
    );
    let torch = bill.component("pkg:pypi/torch@2.4.0").expect("torch is pinned");
    assert_eq!(torch.digest(DigestAlgorithm::Sha256).map(str::len), Some(64));
    let file = bill.component("file:config.json").expect("files are listed");
    assert_eq!(file.digest(DigestAlgorithm::Sha256).map(str::len), Some(64));
    let all = format!("{bill:?}");
    assert!(
        !all.contains("secret") && !all.contains("key=abc"),
        "credentials stay out"
    );
}

#[test]
fn the_same_input_gives_the_same_bill() {
    assert_eq!(
        bill_of("model-folder.sample", &folder()),
        bill_of("model-folder.sample", &folder())
    );
}

#[test]
fn every_relation_joins_two_components() {
    let bill = bill_of("model-folder.sample", &folder());
    for relation in &bill.relations {
        for id in [&relation.from, &relation.to] {
            assert!(bill.component(id).is_some(), "{id}");
        }
        assert!(relation.kind != RelationKind::Contains || relation.from != relation.to);
    }
}

#[test]
fn runtimes_are_hinted_at_with_their_versions() {
    let bill = bill_of("runtimes.sample", &folder());
    let hinted = |id: &str| -> Vec<String> {
        let component = bill.component(id).unwrap_or_else(|| panic!("{id} is there"));
        assert!(component.version.is_none(), "{id}: a hint is no version");
        let hints = component.properties.iter();
        hints
            .filter(|(name, _)| name.ends_with("-version"))
            .map(|(_, value)| format!("{} {}", value.source.file, value.value))
            .collect()
    };
    assert_eq!(hinted("framework:torch"), ["README.md 2.1.2+cu121"]);
    assert_eq!(
        hinted("framework:transformers"),
        [
            "README.md 4.40.0",
            "config.json 4.41.0",
            "generation_config.json 4.41.0"
        ]
    );
    assert_eq!(hinted("framework:peft"), ["adapter/adapter_config.json 0.10.0"]);
    assert_eq!(hinted("framework:vllm"), ["Dockerfile 0.6.1"]);
    assert_eq!(hinted("framework:ollama"), Vec::<String>::new());
    assert_eq!(
        bill.component("framework:ollama")
            .and_then(|one| one.purl.as_ref())
            .map(|one| one.value.as_str()),
        Some("pkg:golang/github.com/ollama/ollama")
    );
}
