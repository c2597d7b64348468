//! The bill of materials that a scan makes of a folder.

use cleanbill_core::bill::{Bill, ComponentKind, DigestAlgorithm, Process, RelationKind};
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

/// Returns `kind inputs -> output: settings` of every process.
fn made(bill: &Bill) -> Vec<String> {
    let name = |id: &str| bill.component(id).map_or(id, |one| one.name.as_str()).to_owned();
    let words = |process: &Process| {
        let inputs: Vec<String> = process.inputs.iter().map(|one| name(&one.value)).collect();
        let outputs: Vec<String> = process.outputs.iter().map(|one| name(&one.value)).collect();
        let settings: Vec<String> = process
            .settings
            .iter()
            .map(|(name, value)| format!("{name}={}", value.value))
            .collect();
        format!(
            "{} {} -> {}: {}",
            process.kind.as_str(),
            inputs.join(" "),
            outputs.join(" "),
            settings.join(" ")
        )
    };
    let mut out: Vec<String> = bill.processes.iter().map(words).collect();
    out.sort();
    out
}

#[test]
fn how_models_were_made_is_told_without_the_machine() {
    let bill = bill_of("making.sample", &folder());
    assert_eq!(
        made(&bill),
        [
            "adaptation chats base-7b -> Talker: peft_type=LORA task_type=CAUSAL_LM r=16 lora_alpha=32 \
             target_modules=q_proj, v_proj learning_rate=2e-05 num_epochs=3",
            "conversion base-7b -> Tiny: general.file_type=Q4_K_M",
            "merge left right -> merged: merge_method=slerp dtype=bfloat16 slices[0].sources[0].layer_range[0]=0 \
             slices[0].sources[0].layer_range[1]=32 slices[0].sources[1].layer_range[0]=0 \
             slices[0].sources[1].layer_range[1]=32 parameters.t=0.5",
            "quantization  -> merged: quant_method=gptq bits=4 group_size=128",
            "training start -> trained: epoch=3.0 global_step=120",
        ]
    );
    let all = format!("{:?}", bill.processes);
    assert!(!all.contains("somebody"), "no place of a machine is told");
    let system = bill.subject().expect("there is a subject");
    assert_eq!(
        system.copyright.as_ref().map(|one| one.value.as_str()),
        Some("Copyright (c) 2026 Acme")
    );
    let joined = joined(&bill, &system.id);
    for expected in [
        "DependsOn hardware: Device nvidia-l4",
        "DependsOn hardware: Device nvidia.com/gpu",
        "DependsOn image: Container ghcr.io/acme/serve",
    ] {
        assert!(
            joined.iter().any(|one| one == expected),
            "{expected}: {joined:#?}"
        );
    }
}

#[test]
fn sizes_of_an_architecture_are_told_from_every_format() {
    let bill = bill_of("making.sample", &folder());
    let card = |name: &str| {
        let mut models = bill.components.iter();
        let model = models.find(|one| one.name == name && one.model.is_some());
        model.and_then(|one| one.model.clone()).expect("there is a card")
    };
    let sizes = |name: &str| -> Vec<String> {
        let card = card(name);
        let sizes = card.dimensions.iter();
        sizes
            .map(|(name, value)| format!("{name}={}", value.value))
            .collect()
    };
    assert_eq!(sizes("Tiny"), ["block_count=2"]);
    assert_eq!(
        sizes("merged"),
        [
            "hidden_size=64",
            "rope_scaling.type=linear",
            "rope_scaling.factor=2.0"
        ]
    );
    let tiny = card("Tiny");
    assert_eq!(tiny.context_length.map(|one| one.value), Some(2_048));
    assert_eq!(tiny.vocabulary.map(|one| one.value), Some(2));
    assert_eq!(tiny.tokenizer.map(|one| one.value).as_deref(), Some("gpt2"));
    assert_eq!(tiny.languages.len(), 2);
    let trained = card("trained");
    assert_eq!(
        trained.compute.map(|one| one.value).as_deref(),
        Some("1.5e15 floating point operations")
    );
    assert_eq!(
        trained
            .metrics
            .first()
            .map(|one| (one.value.kind.as_str(), one.value.value.as_str())),
        Some(("loss", "0.25"))
    );
    let file = bill
        .component("file:converted/tiny.gguf")
        .expect("files are listed");
    let mut properties = file.properties.iter();
    let names = properties.find(|(name, _)| name == "cleanbill:tensor-names");
    assert_eq!(names.map(|(_, value)| value.value.as_str()), Some("blk.[0-1].w"));
}
