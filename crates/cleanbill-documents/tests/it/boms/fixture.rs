//! A bill that uses every field.

use cleanbill_core::{
    Severity, ToolInfo,
    bill::{
        Analysis, AnalysisState, Bill, Certainty, Component, ComponentKind, Dataset, Digest, DigestAlgorithm,
        Energy, Exploitation, ExternalReference, Fairness, Justification, Licence, Likelihood, Metric,
        ModelCard, Party, Process, ProcessKind, Quantity, ReferenceKind, Relation, RelationKind, Risk,
        Source, Sourced, Vulnerability,
    },
};

pub(super) const REVISION: &str = "0123456789abcdef0123456789abcdef01234567";

pub(super) fn card(place: &str) -> Source {
    Source::file("README.md", place)
}

pub(super) fn text(value: &str, place: &str) -> Sourced<String> {
    Sourced::new(value.to_owned(), card(place))
}

fn texts(values: &[&str], place: &str) -> Vec<Sourced<String>> {
    values.iter().map(|value| text(value, place)).collect()
}

fn sha256(component: &mut Component, fill: &str) {
    let digest = Digest {
        algorithm: DigestAlgorithm::Sha256,
        hex: fill.repeat(64 / fill.len()),
    };
    let source = Source::measured(component.path.as_deref().unwrap_or(""), "sha256");
    component.digests.push(Sourced::new(digest, source));
}

fn licence(expression: Option<&str>, stated: &str, is_found: bool, source: Source) -> Sourced<Licence> {
    Sourced::new(
        Licence {
            expression: expression.map(str::to_owned),
            stated: stated.to_owned(),
            is_found,
        },
        source,
    )
}

fn reference(kind: ReferenceKind, url: &str) -> Sourced<ExternalReference> {
    Sourced::new(
        ExternalReference {
            kind,
            url: url.to_owned(),
            digests: Vec::new(),
        },
        card("links"),
    )
}

fn party(name: &str) -> Sourced<Party> {
    Sourced::new(
        Party {
            name: name.to_owned(),
            urls: vec!["https://acme.example/a b".to_owned()],
            contacts: vec!["models@acme.example".to_owned()],
        },
        card("author"),
    )
}

pub(super) fn relation(from: &str, kind: RelationKind, to: &str, detail: &str) -> Relation {
    Relation {
        from: from.to_owned(),
        kind,
        to: to.to_owned(),
        detail: detail.to_owned(),
        source: Source::file("config.json", "_name_or_path"),
    }
}

fn model_card() -> ModelCard {
    let quantity = |value: &str, unit: &str| {
        Some(Quantity {
            value: value.to_owned(),
            unit: unit.to_owned(),
        })
    };
    let energy =
        |activity: &str, energy: Option<Quantity>, emissions: Option<Quantity>, hardware: Option<&str>| {
            Sourced::new(
                Energy {
                    activity: activity.to_owned(),
                    energy,
                    emissions,
                    hardware: hardware.map(str::to_owned),
                },
                card("co2_eq_emissions"),
            )
        };
    ModelCard {
        task: Some(text("text-generation", "pipeline_tag")),
        approach: Some(text("self-supervised", "approach")),
        architecture_family: Some(Sourced::new(
            "llama".to_owned(),
            Source::file("config.json", "model_type"),
        )),
        architecture: Some(Sourced::new(
            "LlamaForCausalLM".to_owned(),
            Source::file("config.json", "architectures[0]"),
        )),
        parameters: Some(Sourced::new(
            1_234,
            Source::measured("model.safetensors", "tensor shapes"),
        )),
        element_types: texts(&["BF16"], "dtype"),
        context_length: Some(Sourced::new(
            4_096,
            Source::file("config.json", "max_position_embeddings"),
        )),
        vocabulary: Some(Sourced::new(32_000, Source::file("config.json", "vocab_size"))),
        languages: texts(&["en", "zh"], "language"),
        inputs: texts(&["text"], "inputs"),
        outputs: texts(&["text"], "outputs"),
        tags: texts(&["tiny", "llama"], "tags"),
        tokenizer: Some(text("LlamaTokenizer", "tokenizer_class")),
        dimensions: vec![("hidden_size".to_owned(), text("64", "hidden_size"))],
        hyperparameters: vec![("learning_rate".to_owned(), text("0.0001", "hyperparameters"))],
        metrics: vec![
            Sourced::new(
                Metric {
                    kind: "accuracy".to_owned(),
                    value: "0.42".to_owned(),
                    slice: "MMLU".to_owned(),
                },
                card("model-index[0].results[0]"),
            ),
            Sourced::new(
                Metric {
                    kind: "f1".to_owned(),
                    value: "0.5".to_owned(),
                    slice: String::new(),
                },
                card("model-index[0].results[1]"),
            ),
        ],
        users: texts(&["researchers"], "Users"),
        use_cases: texts(&["answering questions", "summaries"], "Uses"),
        out_of_scope: texts(&["medical advice"], "Out of scope"),
        limitations: texts(&["short memory", "English mostly"], "Limitations"),
        tradeoffs: texts(&["small and fast, less exact"], "Tradeoffs"),
        risks: vec![Sourced::new(
            Risk {
                name: "repeats bias".to_owned(),
                mitigation: "filter the output".to_owned(),
            },
            card("Risks"),
        )],
        training: Some(text("from scratch on public text", "Training")),
        preprocessing: texts(&["deduplicated"], "Data"),
        energy: vec![
            energy(
                "training",
                quantity("1.50", "kWh"),
                quantity("0.1", "tCO2eq"),
                None,
            ),
            energy("fine-tuning", quantity("2", "kWh"), None, Some("1 x A100")),
            energy("inference", None, quantity("12.5", "gCO2eq"), None),
        ],
        sensitive_data: Some(Sourced::new(false, card("Data"))),
        standards: texts(&["ISO/IEC 42001"], "Standards"),
        domains: texts(&["education"], "Domains"),
        fairness: vec![Sourced::new(
            Fairness {
                group: "speakers of dialects".to_owned(),
                benefits: String::new(),
                harms: "worse answers".to_owned(),
                mitigation: String::new(),
            },
            card("Fairness"),
        )],
        explainability: texts(&["attention maps"], "Explainability"),
        thresholds: vec![("f1".to_owned(), text("0.4", "Thresholds"))],
        safety_risk: Some(text("low", "Risk")),
        autonomous: Some(Sourced::new(false, card("Autonomy"))),
        acceptable_use: Some(text("USE_POLICY.md", "Policy")),
        compute: Some(text("10 hours on 1 x A100", "Compute")),
    }
}

fn dataset() -> Dataset {
    Dataset {
        kinds: texts(&["text", "tabular"], "type"),
        collection: Some(text("crawled", "Collection")),
        preprocessing: texts(&["filtered"], "Preparation"),
        size: Some(text("1000", "size")),
        intended_use: Some(text("training of small models", "Use")),
        bias: texts(&["mostly English"], "Bias"),
        sensitive: texts(&["names"], "Sensitive"),
        classification: Some(text("public", "Class")),
        languages: texts(&["en"], "language"),
        owners: texts(&["Acme Data"], "Owner"),
        anonymisation: texts(&["hashing of names"], "Anonymisation"),
        noise: Some(text("duplicates", "Noise")),
        updates: Some(text("yearly", "Updates")),
    }
}

fn model() -> Component {
    let mut model = Component::new(ComponentKind::Model, "model", "tiny");
    model.group = Some(text("acme", "name"));
    model.version = Some(Sourced::new(REVISION.to_owned(), Source::given("--revision")));
    model.purl = Some(Sourced::new(
        format!("pkg:huggingface/acme/tiny@{REVISION}"),
        Source::concluded("README.md", "hub name and revision"),
    ));
    model.description = Some(text("A tiny model \u{202e}of text.", "first paragraph"));
    model.supplier = Some(party("Acme Models"));
    model.producer = Some(party("Acme Research"));
    model.licences = vec![
        licence(Some("Apache-2.0"), "apache-2.0", false, card("license")),
        licence(
            Some("Apache-2.0 OR MIT"),
            "Apache-2.0 OR MIT",
            true,
            Source::concluded("LICENSE", "text"),
        ),
        licence(None, "Acme Terms v2", false, card("license_name")),
    ];
    model.copyright = Some(Sourced::new(
        "Copyright 2024 Acme".to_owned(),
        Source::file("LICENSE", "line 1"),
    ));
    model.released = Some(text("2024-05-01", "date"));
    model.references = vec![
        reference(ReferenceKind::Distribution, "https://hub.example/acme/tiny"),
        reference(ReferenceKind::Website, "https://acme.example/"),
        reference(
            ReferenceKind::ModelCard,
            "https://hub.example/acme/tiny/README.md",
        ),
        reference(ReferenceKind::Paper, "https://arxiv.org/abs/0000.00000"),
        reference(ReferenceKind::SourceControl, "https://git.example/acme/tiny"),
        reference(
            ReferenceKind::SecurityContact,
            "https://acme.example/security.txt",
        ),
        reference(ReferenceKind::Attestation, "file:model.sig"),
    ];
    model.model = Some(Box::new(model_card()));
    model.property(
        "cleanbill:format",
        "safetensors",
        Source::measured("model.safetensors", "structure"),
    );
    model
}

fn others() -> Vec<Component> {
    let mut weights = Component::new(ComponentKind::File, "file:model.safetensors", "model.safetensors");
    weights.path = Some("model.safetensors".to_owned());
    weights.size_bytes = Some(4_096);
    sha256(&mut weights, "ab");
    let mut config = Component::new(ComponentKind::File, "file:config.json", "config.json");
    config.path = Some("config.json".to_owned());
    sha256(&mut config, "0f");
    let mut base = Component::new(ComponentKind::Model, "base", "base");
    base.group = Some(text("acme", "base_model"));
    base.purl = Some(text("pkg:huggingface/acme/base", "base_model"));
    let mut data = Component::new(ComponentKind::Dataset, "data", "corpus");
    data.group = Some(text("acme", "datasets[0]"));
    data.version = Some(text("1.0", "datasets[0]"));
    data.description = Some(text("Text of the web.", "Data"));
    data.dataset = Some(Box::new(dataset()));
    data.licences = vec![licence(Some("CC-BY-4.0"), "cc-by-4.0", false, card("license"))];
    data.references = vec![reference(
        ReferenceKind::Distribution,
        "https://hub.example/datasets/acme/corpus",
    )];
    sha256(&mut data, "1e");
    let tests = Component::new(ComponentKind::Dataset, "tests", "mmlu");
    let mut library = Component::new(ComponentKind::Library, "pkg:pypi/torch", "torch");
    library.purl = Some(text("pkg:pypi/torch", "requirements.txt"));
    library.requirement = Some(text(">=2.1", "requirements.txt"));
    let mut framework = Component::new(
        ComponentKind::Framework,
        "pkg:pypi/transformers@4.40.0",
        "transformers",
    );
    framework.version = Some(text("4.40.0", "transformers_version"));
    framework.purl = Some(text("pkg:pypi/transformers@4.40.0", "transformers_version"));
    let mut container = Component::new(ComponentKind::Container, "container", "vllm");
    container.purl = Some(text("pkg:oci/vllm@sha256%3Aabcd", "Dockerfile"));
    let mut service = Component::new(ComponentKind::Service, "service", "embeddings");
    service.supplier = Some(party("Acme Cloud"));
    service.references = vec![reference(
        ReferenceKind::Distribution,
        "https://api.acme.example/v1",
    )];
    let tool = Component::new(ComponentKind::Tool, "tool", "search");
    let mut prompt = Component::new(ComponentKind::Prompt, "prompt", "chat template");
    prompt.path = Some("tokenizer_config.json".to_owned());
    let platform = Component::new(ComponentKind::Platform, "platform", "cuda");
    let device = Component::new(ComponentKind::Device, "device", "A100");
    vec![
        weights, config, base, data, tests, library, framework, container, service, tool, prompt, platform,
        device,
    ]
}

fn weaknesses() -> Vec<Vulnerability> {
    let analysis = |state, justification| {
        Some(Analysis {
            state,
            justification,
            detail: "the loader is not used".to_owned(),
            action: String::new(),
            source: Source::file("vex.json", "statements[0]"),
        })
    };
    vec![
        Vulnerability {
            id: "CVE-2024-0001".to_owned(),
            aliases: vec!["GHSA-aaaa-bbbb-cccc".to_owned()],
            description: "Runs code while loading.".to_owned(),
            severity: Some(Severity::High),
            vectors: vec!["CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H".to_owned()],
            references: vec!["https://osv.dev/CVE-2024-0001".to_owned()],
            affects: vec!["pkg:pypi/transformers@4.40.0".to_owned()],
            fixed: vec!["4.41.0".to_owned()],
            published: Some("2024-06-01T00:00:00Z".to_owned()),
            analysis: analysis(AnalysisState::NotAffected, Some(Justification::CodeNotReached)),
            source: Source::file("osv/PyPI", "2024-10-10"),
            weaknesses: vec![94, 502],
            certainty: Some(Certainty::Affected),
            likelihood: Some(Likelihood {
                probability: "0.00043".to_owned(),
                percentile: "0.5".to_owned(),
                date: "2026-01-01".to_owned(),
            }),
            exploitation: Some(Exploitation {
                added: "2024-07-01".to_owned(),
                due: "2024-07-22".to_owned(),
                ransomware: true,
            }),
        },
        Vulnerability {
            id: "MAL-2024-3".to_owned(),
            description: "Sends away what it finds.".to_owned(),
            severity: Some(Severity::Critical),
            affects: vec!["pkg:pypi/transformers@4.40.0".to_owned()],
            certainty: Some(Certainty::Affected),
            source: Source::file("osv/PyPI", "2024-10-10"),
            ..Vulnerability::default()
        },
        Vulnerability {
            id: "CVE-2024-0004".to_owned(),
            severity: Some(Severity::Critical),
            vectors: vec![
                "AV:N/AC:L/Au:N/C:C/I:C/A:C".to_owned(),
                "CVSS:3.0/AV:L/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H".to_owned(),
                "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N".to_owned(),
                "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N".to_owned(),
                "CVSS:3.1/nonsense".to_owned(),
            ],
            affects: vec!["model".to_owned(), "file:model.safetensors".to_owned()],
            certainty: Some(Certainty::Possible),
            analysis: analysis(AnalysisState::UnderInvestigation, None),
            source: Source::file("osv/PyPI", "2024-10-10"),
            ..Vulnerability::default()
        },
        Vulnerability {
            id: "CVE-2024-0005".to_owned(),
            affects: vec!["model".to_owned()],
            analysis: analysis(AnalysisState::Fixed, None),
            source: Source::file("osv/PyPI", "2024-10-10"),
            ..Vulnerability::default()
        },
        Vulnerability {
            id: "PYSEC-2024-2".to_owned(),
            affects: vec!["pkg:pypi/torch".to_owned()],
            analysis: analysis(AnalysisState::Affected, None),
            source: Source::file("osv/PyPI", "2024-10-10"),
            ..Vulnerability::default()
        },
    ]
}

fn processes() -> Vec<Process> {
    let process = |kind: ProcessKind, inputs: &[&str]| Process {
        id: format!("process:{}:model", kind.as_str()),
        kind,
        inputs: inputs.iter().map(|id| text(id, "datasets")).collect(),
        outputs: vec![text("model", "")],
        settings: vec![("learning_rate".to_owned(), text("2e-5", "Training"))],
        source: card("Training"),
    };
    vec![
        process(ProcessKind::Training, &["base", "data"]),
        process(ProcessKind::Merge, &["base"]),
        process(ProcessKind::Quantisation, &[]),
    ]
}

/// Returns a bill of a model that uses every field.
pub(super) fn rich() -> Bill {
    let mut components = others();
    components.push(model());
    let mut bill = Bill {
        subject: "model".to_owned(),
        components,
        relations: vec![
            relation("model", RelationKind::Contains, "file:model.safetensors", ""),
            relation("model", RelationKind::Contains, "file:config.json", ""),
            relation("model", RelationKind::Contains, "prompt", ""),
            relation("model", RelationKind::DerivedFrom, "base", "finetune"),
            relation("model", RelationKind::TrainedOn, "data", ""),
            relation("model", RelationKind::TestedOn, "tests", ""),
            relation("model", RelationKind::DependsOn, "pkg:pypi/torch", ""),
            relation(
                "model",
                RelationKind::DependsOn,
                "pkg:pypi/transformers@4.40.0",
                "",
            ),
            relation("model", RelationKind::DependsOn, "container", ""),
            relation("model", RelationKind::DependsOn, "service", ""),
            relation("model", RelationKind::DependsOn, "tool", ""),
            relation("model", RelationKind::DependsOn, "platform", ""),
            relation("model", RelationKind::DependsOn, "device", ""),
        ],
        tool: Some(ToolInfo {
            name: "cleanbill".to_owned(),
            version: "0.1.0".to_owned(),
            detectors_digest: "00ff".to_owned(),
        }),
        timestamp: Some("2026-01-02T03:04:05Z".to_owned()),
        authors: vec![Party {
            name: "Acme Security".to_owned(),
            urls: Vec::new(),
            contacts: vec!["security@acme.example".to_owned()],
        }],
        phases: vec!["post-build".to_owned()],
        edition: Some(3),
        is_signed: false,
        vulnerabilities: weaknesses(),
        properties: vec![
            ("cleanbill:advisories:date".to_owned(), "2024-10-10".to_owned()),
            ("cleanbill:advisories:missing".to_owned(), "npm".to_owned()),
        ],
        processes: processes(),
    };
    bill.settle();
    bill
}

/// Returns a bill that says as little as possible.
pub(super) fn poor() -> Bill {
    let mut bill = Bill {
        subject: "m".to_owned(),
        components: vec![Component::new(ComponentKind::Model, "m", "m")],
        ..Bill::default()
    };
    bill.settle();
    bill
}

/// Returns a bill in which every text is odd: what others write, and what an attacker may.
pub(super) fn nasty() -> Bill {
    let odd = [
        "",
        " ",
        "a b\u{1b}[2J\u{202e}\"\\<>{}|^`%zz#x#y",
        "1:x",
        "my model: v1",
        "模型\u{0}\u{10ffff}",
        "urn:cdx:x",
        "$ref",
        "../../etc",
        "[::1]:80",
        "NOASSERTION",
        "-1e999",
    ];
    let mut bill = rich();
    bill.timestamp = Some("yesterday".to_owned());
    bill.phases = odd.iter().map(|one| (*one).to_owned()).collect();
    bill.edition = Some(0);
    bill.authors[0].contacts = vec!["a@b".to_owned(), "@".to_owned(), "a b@c.d".to_owned()];
    for (index, word) in odd.into_iter().enumerate() {
        // Every word meets another kind; the judges would take minutes for all pairs.
        for kind in ComponentKind::ALL.into_iter().cycle().skip(index).take(1) {
            let mut one = Component::new(kind, &format!("{word}{index}{}", kind.as_str()), word);
            one.version = Some(text(word, word));
            one.group = Some(text(word, word));
            one.purl = Some(text(word, word));
            one.requirement = Some(text(word, word));
            one.released = Some(text(word, word));
            one.path = Some(word.to_owned());
            one.supplier = Some(Sourced::new(
                Party {
                    name: word.to_owned(),
                    urls: vec![word.to_owned()],
                    contacts: vec![word.to_owned()],
                },
                card(word),
            ));
            one.licences = vec![
                licence(None, word, false, card(word)),
                licence(Some("NOASSERTION"), word, false, card(word)),
                licence(Some("LicenseRef-x"), word, true, card(word)),
            ];
            one.references = vec![
                reference(ReferenceKind::Other, word),
                reference(ReferenceKind::Website, word),
            ];
            let digest = Digest {
                algorithm: DigestAlgorithm::Sha256,
                hex: word.to_owned(),
            };
            one.digests.push(Sourced::new(digest, card(word)));
            let mut model = model_card();
            model.approach = Some(text(word, word));
            model.safety_risk = Some(text(word, word));
            for energy in &mut model.energy {
                word.clone_into(&mut energy.value.activity);
                if let Some(quantity) = &mut energy.value.energy {
                    word.clone_into(&mut quantity.value);
                }
            }
            one.model = Some(Box::new(model));
            let mut data = dataset();
            data.kinds = vec![text(word, word)];
            data.size = Some(text(word, word));
            data.classification = Some(text(word, word));
            one.dataset = Some(Box::new(data));
            one.property(word, word, card(word));
            bill.relations
                .push(relation(&one.id, RelationKind::DerivedFrom, "model", word));
            bill.relations
                .push(relation("model", RelationKind::DerivedFrom, &one.id, word));
            bill.relations
                .push(relation(&one.id, RelationKind::Contains, &one.id, word));
            bill.relations
                .push(relation(&one.id, RelationKind::DependsOn, "nobody", word));
            bill.components.push(one);
        }
        let mut weakness = bill.vulnerabilities[0].clone();
        weakness.id = format!("{word}{index}");
        weakness.published = Some(word.to_owned());
        weakness.references = vec![word.to_owned()];
        weakness.vectors = vec![word.to_owned()];
        weakness.aliases = vec![word.to_owned()];
        weakness.weaknesses = vec![0, u32::MAX];
        weakness.likelihood = Some(Likelihood {
            probability: word.to_owned(),
            percentile: word.to_owned(),
            date: word.to_owned(),
        });
        weakness.exploitation = Some(Exploitation {
            added: word.to_owned(),
            due: word.to_owned(),
            ransomware: false,
        });
        bill.properties.push((word.to_owned(), word.to_owned()));
        bill.vulnerabilities.push(weakness);
    }
    bill.settle();
    bill
}
