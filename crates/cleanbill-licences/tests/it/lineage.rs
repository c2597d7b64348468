//! Licences along lineages.

use cleanbill_core::{
    Language, Severity,
    bill::{self, Bill, Component, ComponentKind, Licence, Relation, RelationKind, Sourced},
};
use cleanbill_licences::{
    lineage::{
        Assessment, Distribution, Edge, EdgeKind, Entry, Graph, Intent, Node, NodeKind, Paths, Source,
        assess, of_bill,
    },
    read_declared,
};

fn node(id: &str, kind: NodeKind, licence: &str) -> Node {
    Node {
        id: id.to_owned(),
        name: format!("org/{id}"),
        kind,
        licence: read_declared(licence),
        multimodal: None,
    }
}

fn edge(from: &str, kind: EdgeKind, to: &str) -> Edge {
    Edge {
        from: from.to_owned(),
        to: to.to_owned(),
        kind,
    }
}

fn commercial() -> Intent {
    Intent {
        commercial: true,
        distribution: Distribution::Distributed,
        source: Source::Proprietary,
        regions: vec!["CN".to_owned()],
        monthly_users: Some(1_000),
        yearly_revenue_usd: Some(10_000),
        military: false,
    }
}

fn rules(entries: &[Entry]) -> Vec<&str> {
    let mut rules: Vec<&str> = entries.iter().map(|entry| entry.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

/// `new` is derived from `base`, and a product holds `new`.
fn derived(kind: NodeKind, name: &str, own: &str, base: &str) -> Graph {
    Graph {
        nodes: vec![
            node("product", NodeKind::Product, ""),
            node(name, kind, own),
            node("base", NodeKind::Model, base),
        ],
        edges: vec![
            edge("product", EdgeKind::Contains, name),
            edge(name, EdgeKind::DerivedFrom, "base"),
        ],
    }
}

fn check(graph: &Graph, intent: &Intent, conflicts: &[&str]) -> Assessment {
    let assessment = assess(graph, intent);
    assert_eq!(
        rules(&assessment.conflicts),
        conflicts,
        "{:#?}",
        assessment.conflicts
    );
    let all = [
        &assessment.conflicts,
        &assessment.unsettled,
        &assessment.unknowns,
        &assessment.obligations,
    ];
    for entry in all.into_iter().flatten() {
        let (en, zh) = (
            entry.reason.get(Language::English),
            entry.reason.get(Language::Chinese),
        );
        assert!(!en.is_empty() && en != zh, "{entry:?}");
        assert!(entry.nodes.len() == entry.licences.len(), "{entry:?}");
    }
    assessment
}

#[test]
fn what_a_base_demands_may_not_be_dropped() {
    use NodeKind::{Adapter, Merge, Model, Quantisation};
    let intent = Intent {
        commercial: false,
        ..commercial()
    };
    for (kind, name, own, base, conflicts) in [
        (Model, "new", "apache-2.0", "apache-2.0", &[][..]),
        (Model, "new", "apache-2.0", "mit", &[]),
        (Model, "new", "mit", "cc-by-nc-4.0", &["non-commercial-dropped"]),
        (
            Adapter,
            "new",
            "apache-2.0",
            "cc-by-nc-4.0",
            &["non-commercial-dropped"],
        ),
        (Model, "new", "cc-by-nc-4.0", "cc-by-nc-4.0", &[]),
        (
            Model,
            "new",
            "apache-2.0",
            "creativeml-openrail-m",
            &["use-restrictions-dropped"],
        ),
        (
            Model,
            "new",
            "creativeml-openrail-m",
            "creativeml-openrail-m",
            &[],
        ),
        (Model, "new", "openrail", "creativeml-openrail-m", &[]),
        (Model, "new", "apache-2.0", "gemma", &["use-restrictions-dropped"]),
        (
            Model,
            "new",
            "apache-2.0",
            "cc-by-sa-4.0",
            &["share-alike-dropped"],
        ),
        (Model, "new", "cc-by-sa-4.0", "cc-by-sa-3.0", &[]),
        (Model, "new", "mit", "gpl-3.0", &["copyleft-dropped"]),
        (Model, "new", "agpl-3.0", "gpl-3.0", &[]),
        (
            Merge,
            "new",
            "cc-by-nd-4.0",
            "cc-by-nd-4.0",
            &["derivatives-forbidden"],
        ),
        (
            Model,
            "new",
            "apache-2.0",
            "llama3.1",
            &[
                "commercial-conditions-dropped",
                "name-prefix-missing",
                "use-policy-dropped",
            ],
        ),
        (Model, "new", "llama3.1", "llama3.1", &["name-prefix-missing"]),
        (Model, "Llama-3.1-new", "llama3.1", "llama3.1", &[]),
        (
            Adapter,
            "meta-llama-new",
            "llama3.1",
            "llama3.1",
            &["name-prefix-missing"],
        ),
        (Quantisation, "new-gguf", "llama3.1", "llama3.1", &[]),
        (Model, "llama3-new", "llama3", "llama3", &[]),
        (Model, "new", "mit", "mit OR cc-by-nc-4.0", &[]),
        (
            Model,
            "new",
            "mit",
            "mit AND cc-by-nc-4.0",
            &["non-commercial-dropped"],
        ),
    ] {
        check(&derived(kind, name, own, base), &intent, conflicts);
    }
}

#[test]
fn a_grandchild_is_bound_as_well() {
    let graph = Graph {
        nodes: vec![
            node("quant", NodeKind::Quantisation, "apache-2.0"),
            node("merge", NodeKind::Merge, "apache-2.0"),
            node("base", NodeKind::Model, "cc-by-nc-4.0"),
        ],
        edges: vec![
            edge("quant", EdgeKind::DerivedFrom, "merge"),
            edge("merge", EdgeKind::DerivedFrom, "base"),
        ],
    };
    let assessment = check(
        &graph,
        &commercial(),
        &["commercial-use-forbidden", "non-commercial-dropped"],
    );
    let dropped: Vec<_> = assessment
        .conflicts
        .iter()
        .filter(|entry| entry.rule == "non-commercial-dropped")
        .map(|entry| entry.nodes.join(" <- "))
        .collect();
    assert_eq!(dropped, ["merge <- base", "quant <- base"]);
}

#[test]
fn an_intended_use_is_compared_with_every_part() {
    let model = |licence: &str| derived(NodeKind::Quantisation, "model", licence, licence);
    let plain = commercial();
    let huge = Intent {
        monthly_users: Some(900_000_000),
        yearly_revenue_usd: Some(2_000_000_000),
        ..commercial()
    };
    let europe = Intent {
        regions: vec!["DE".to_owned()],
        ..commercial()
    };
    let army = Intent {
        military: true,
        ..commercial()
    };
    for (licence, intent, conflicts) in [
        ("apache-2.0", &plain, &[][..]),
        ("cc-by-nc-4.0", &plain, &["commercial-use-forbidden"]),
        (
            "mistral ai research license",
            &plain,
            &["commercial-use-forbidden"],
        ),
        ("llama3.1", &plain, &[]),
        ("llama3.1", &huge, &["commercial-threshold-passed"]),
        (
            "stability ai community license",
            &huge,
            &["commercial-threshold-passed"],
        ),
        ("llama3.1", &army, &["military-use-forbidden"]),
        ("deepseek", &army, &["military-use-forbidden"]),
        ("mit", &army, &[]),
        ("tencent-hunyuan-community", &europe, &["region-excluded"]),
        ("tencent-hunyuan-community", &plain, &[]),
        ("llama3.2", &europe, &[]),
        (
            "proprietary",
            &plain,
            &[
                "commercial-use-forbidden",
                "derivatives-forbidden",
                "redistribution-forbidden",
            ],
        ),
    ] {
        check(&model(licence), intent, conflicts);
    }
    let mut vision = model("llama3.2");
    let assessment = assess(&vision, &europe);
    assert!(rules(&assessment.unknowns).contains(&"region-excluded-if-multimodal"));
    for node in &mut vision.nodes {
        node.multimodal = Some(true);
    }
    check(&vision, &europe, &["region-excluded"]);
}

#[test]
fn copyleft_meets_a_closed_product() {
    let with = |licence: &str, kind: NodeKind| Graph {
        nodes: vec![
            node("product", NodeKind::Product, "MIT"),
            node("part", kind, licence),
        ],
        edges: vec![edge("product", EdgeKind::Contains, "part")],
    };
    let closed = commercial();
    let hosted = Intent {
        distribution: Distribution::Hosted,
        ..commercial()
    };
    let inside = Intent {
        distribution: Distribution::Internal,
        ..commercial()
    };
    let open = Intent {
        source: Source::Open,
        ..commercial()
    };
    for (licence, intent, conflicts) in [
        ("MIT", &closed, &[][..]),
        ("LGPL-2.1-only", &closed, &[]),
        ("GPL-3.0-only", &closed, &["copyleft-in-proprietary"]),
        ("GPL-3.0-only", &hosted, &[]),
        ("AGPL-3.0-only", &hosted, &["copyleft-in-proprietary"]),
        ("AGPL-3.0-only", &inside, &[]),
        ("GPL-3.0-only", &open, &["copyleft-dropped"]),
        ("MIT OR GPL-3.0-only", &closed, &[]),
        ("MIT AND GPL-3.0-only", &closed, &["copyleft-in-proprietary"]),
    ] {
        check(&with(licence, NodeKind::Library), intent, conflicts);
    }
    let weights = check(&with("AGPL-3.0-only", NodeKind::Model), &closed, &[]);
    assert_eq!(rules(&weights.unsettled), ["copyleft-of-weights"]);
    let mut two = with("GPL-2.0-only", NodeKind::Library);
    two.nodes.push(node("other", NodeKind::Library, "Apache-2.0"));
    two.edges.push(edge("product", EdgeKind::Contains, "other"));
    let mut intent = open;
    two.nodes[0].licence = read_declared("GPL-2.0-only");
    check(&two, &intent, &["licences-incompatible"]);
    intent.distribution = Distribution::Internal;
    check(&two, &intent, &[]);
}

#[test]
fn data_gives_questions_and_outputs_give_conflicts() {
    let trained = |data: &str, maker: Option<&str>| {
        let mut graph = Graph {
            nodes: vec![
                node("model", NodeKind::Model, "apache-2.0"),
                node("data", NodeKind::Dataset, data),
            ],
            edges: vec![edge("model", EdgeKind::TrainedOn, "data")],
        };
        if let Some(maker) = maker {
            graph.nodes.push(node("maker", NodeKind::Model, maker));
            graph.edges.push(edge("data", EdgeKind::GeneratedBy, "maker"));
        }
        graph
    };
    let intent = commercial();
    for (data, maker, conflicts, questions) in [
        ("mit", None, &[][..], &[][..]),
        ("cc-by-sa-4.0", None, &[], &["dataset-share-alike"]),
        ("cc-by-nc-4.0", None, &[], &["dataset-non-commercial"]),
        (
            "cc-by-nc-nd-4.0",
            None,
            &[],
            &["dataset-no-derivatives", "dataset-non-commercial"],
        ),
        ("mit", Some("llama2"), &["outputs-train-other-model"], &[]),
        ("mit", Some("llama3.1"), &["name-prefix-missing"], &[]),
        ("mit", Some("mrl"), &["outputs-non-commercial"], &[]),
        ("mit", Some("gemma"), &[], &["outputs-make-derivative"]),
        ("mit", Some("apache-2.0"), &[], &[]),
    ] {
        let assessment = check(&trained(data, maker), &intent, conflicts);
        assert_eq!(rules(&assessment.unsettled), questions, "{data} {maker:?}");
    }
    // Its own family may be improved.
    let mut own = trained("mit", Some("llama2"));
    own.nodes[0].licence = read_declared("llama2");
    own.edges.push(edge("model", EdgeKind::DerivedFrom, "maker"));
    check(&own, &intent, &[]);
}

#[test]
fn sources_that_each_demand_their_own_licence_do_not_merge() {
    let graph = Graph {
        nodes: vec![
            node("merge", NodeKind::Merge, "cc-by-sa-4.0 AND gpl-2.0"),
            node("one", NodeKind::Model, "cc-by-sa-4.0"),
            node("two", NodeKind::Model, "gpl-2.0"),
        ],
        edges: vec![
            edge("merge", EdgeKind::DerivedFrom, "one"),
            edge("merge", EdgeKind::DerivedFrom, "two"),
        ],
    };
    let assessment = check(&graph, &commercial(), &["sources-incompatible"]);
    assert_eq!(assessment.conflicts[0].nodes, ["merge", "one", "two"]);
    assert_eq!(
        assessment.conflicts[0].licences,
        ["CC-BY-SA-4.0 AND GPL-2.0-only", "CC-BY-SA-4.0", "GPL-2.0-only"]
    );
}

#[test]
fn what_is_not_known_is_said() {
    let graph = Graph {
        nodes: vec![
            node("product", NodeKind::Product, ""),
            node("a", NodeKind::Model, "unknown"),
            node("b", NodeKind::Model, "Acme Terms"),
            node("c", NodeKind::Library, "BSD"),
            node("d", NodeKind::Model, "NONE"),
            node("d", NodeKind::Model, "MIT"),
        ],
        edges: vec![
            edge("product", EdgeKind::Contains, "a"),
            edge("product", EdgeKind::Contains, "missing"),
            edge("b", EdgeKind::DerivedFrom, "b"),
        ],
    };
    let assessment = check(&graph, &commercial(), &["no-licence"]);
    assert_eq!(
        rules(&assessment.unknowns),
        [
            "licence-unknown",
            "licence-version-unknown",
            "part-twice",
            "part-unknown",
            "terms-unknown"
        ]
    );
}

#[test]
fn a_product_learns_what_it_must_do() {
    let graph = derived(NodeKind::Model, "Llama-new", "llama3.1", "llama3.1");
    let assessment = check(&graph, &commercial(), &[]);
    assert_eq!(
        rules(&assessment.obligations),
        [
            "acceptable-use",
            "display",
            "keep-notices",
            "notice-file",
            "outputs-bound",
            "watch-threshold"
        ]
    );
    let shown = assessment
        .obligations
        .iter()
        .find(|entry| entry.rule == "display");
    let shown = shown.expect("present");
    assert_eq!(shown.severity, Severity::Medium);
    assert!(shown.reason.get(Language::English).contains("Built with Llama"));
    let inside = Intent {
        distribution: Distribution::Internal,
        ..commercial()
    };
    let assessment = assess(&graph, &inside);
    assert!(!rules(&assessment.obligations).contains(&"display"));
    let rail = derived(NodeKind::Model, "new", "gemma", "gemma");
    assert!(rules(&assess(&rail, &inside).obligations).contains(&"pass-on-restrictions"));
}

#[test]
fn rings_and_large_graphs_end() {
    let count = 3_000_usize;
    let name = |at: usize| format!("n{at}");
    let nodes = (0..count)
        .map(|at| node(&name(at), NodeKind::Model, "cc-by-nc-4.0"))
        .collect();
    let edges = (0..count)
        .map(|at| edge(&name(at), EdgeKind::DerivedFrom, &name((at + 1) % count)))
        .collect();
    let assessment = assess(&Graph { nodes, edges }, &commercial());
    assert!(assessment.truncated);
    assert!(!assessment.conflicts.is_empty());
}

#[test]
fn order_of_the_input_does_not_matter() {
    let graph = derived(NodeKind::Model, "new", "apache-2.0", "llama3.1");
    let mut turned = graph.clone();
    turned.nodes.reverse();
    turned.edges.reverse();
    assert_eq!(assess(&graph, &commercial()), assess(&turned, &commercial()));
}

fn component(kind: ComponentKind, id: &str, licences: &[(&str, bool)]) -> Component {
    let mut out = Component::new(kind, id, id);
    for (stated, is_found) in licences {
        out.licences.push(Sourced::new(
            Licence {
                expression: None,
                stated: (*stated).to_owned(),
                is_found: *is_found,
            },
            bill::Source::file("README.md", "license"),
        ));
    }
    out
}

fn bill(components: Vec<Component>, relations: &[(&str, RelationKind, &str, &str)]) -> Bill {
    let mut out = Bill {
        subject: "product".to_owned(),
        components,
        relations: relations
            .iter()
            .map(|(from, kind, to, detail)| Relation {
                from: (*from).to_owned(),
                kind: *kind,
                to: (*to).to_owned(),
                detail: (*detail).to_owned(),
                source: bill::Source::default(),
            })
            .collect(),
        ..Bill::default()
    };
    out.settle();
    out
}

#[test]
fn a_bill_becomes_a_graph_with_its_paths() {
    use ComponentKind::{Application, Dataset, File, Framework, Library, Model};
    use RelationKind::{Contains, DependsOn, DerivedFrom, TrainedOn};
    let bill = bill(
        vec![
            component(Application, "product", &[]),
            component(Model, "merge", &[("apache-2.0", false), ("Apache-2.0", true)]),
            component(Model, "adapter", &[("mit", false)]),
            component(Model, "base", &[("other", false), ("cc-by-nc-4.0", true)]),
            component(Dataset, "data", &[("cc-by-sa-4.0", false)]),
            component(Library, "gpl", &[("GPL-3.0-only", false)]),
            component(Framework, "writer", &[]),
            component(File, "file", &[("cc-by-nc-4.0", false)]),
        ],
        &[
            ("product", Contains, "merge", "model"),
            ("product", DependsOn, "gpl", ""),
            ("merge", DependsOn, "writer", "written by"),
            ("merge", Contains, "file", "file"),
            ("merge", DerivedFrom, "adapter", "merge"),
            ("adapter", DerivedFrom, "base", "adapter"),
            ("base", TrainedOn, "data", ""),
        ],
    );
    let graph = of_bill(&bill);
    let kinds: Vec<(&str, NodeKind)> = graph
        .nodes
        .iter()
        .map(|one| (one.id.as_str(), one.kind))
        .collect();
    assert_eq!(
        kinds,
        [
            ("adapter", NodeKind::Adapter),
            ("base", NodeKind::Model),
            ("data", NodeKind::Dataset),
            ("gpl", NodeKind::Library),
            ("merge", NodeKind::Merge),
            ("product", NodeKind::Product),
        ]
    );
    let assessment = assess(&graph, &commercial());
    assert!(
        rules(&assessment.conflicts).contains(&"non-commercial-dropped"),
        "the text stands in for `other`"
    );
    let mut paths = Paths::new(&graph);
    assert_eq!(
        paths.between("product", "base"),
        Some(
            ["base", "adapter", "merge", "product"]
                .map(str::to_owned)
                .to_vec()
        )
    );
    assert_eq!(paths.between("base", "product"), None);
    assert_eq!(paths.between("base", "base"), Some(vec!["base".to_owned()]));
    assert_eq!(paths.between("nobody", "base"), None);
}

#[test]
fn rings_and_wide_bills_end() {
    let ids: Vec<String> = (0..3_000).map(|number| format!("m{number}")).collect();
    let components = ids
        .iter()
        .map(|id| component(ComponentKind::Model, id, &[("cc-by-nc-4.0", false)]));
    let mut relations = Vec::new();
    for (index, id) in ids.iter().enumerate() {
        for step in [1, 7, 31] {
            let to = &ids[(index + step) % ids.len()];
            relations.push((id.as_str(), RelationKind::DerivedFrom, to.as_str(), ""));
        }
    }
    let graph = of_bill(&bill(components.collect(), &relations));
    let assessment = assess(&graph, &commercial());
    assert!(assessment.truncated);
    let mut paths = Paths::new(&graph);
    for entry in &assessment.conflicts {
        if let [later, earlier, ..] = entry.nodes.as_slice() {
            let _ = paths.between(later, earlier);
        }
    }
}
