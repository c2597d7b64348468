//! Facts about licences.

use cleanbill_licences::{
    Basis, Commercial, Copyleft, Military, NoticeFile, OutputUse, Permission, Terms, UseRestrictions, catalog,
};

fn terms(id: &str) -> Terms {
    catalog()
        .terms(id)
        .unwrap_or_else(|| panic!("{id} has no terms"))
        .0
}

#[test]
fn every_named_licence_is_there() {
    for id in [
        "llama2",
        "llama3",
        "llama3.1",
        "llama3.2",
        "llama3.3",
        "llama4",
        "gemma",
        "openrail",
        "bigscience-bloom-rail-1.0",
        "bigscience-openrail-m",
        "creativeml-openrail-m",
        "openrailpp-m",
        "bigcode-openrail-m",
        "deepseek",
        "qwen",
        "qwen-research",
        "tongyi-qianwen",
        "mistral-research",
        "mistral-non-production",
        "falcon-llm",
        "falcon-180b",
        "stability-community",
        "stability-non-commercial",
        "yi",
        "baichuan2",
        "chatglm",
        "glm-4",
        "internlm",
        "grok2-community",
        "c4ai-cc-by-nc",
        "nvidia-open-model",
        "apple-amlr",
        "minimax",
        "kimi-modified-mit",
        "tencent-hunyuan",
        "OPT-175B",
    ] {
        let licence = catalog().get(&format!("LicenseRef-{id}"));
        let licence = licence.unwrap_or_else(|| panic!("{id}"));
        assert_ne!(licence.terms.commercial, Commercial::Unknown, "{id}");
        assert!(!licence.checked.is_empty(), "{id}");
    }
}

#[test]
fn commercial_use_stands_as_the_licences_have_it() {
    for (id, forbidden) in [
        ("MIT", false),
        ("CC-BY-4.0", false),
        ("CC-BY-NC-4.0", true),
        ("CC-BY-NC-ND-2.0", true),
        ("LicenseRef-llama1", true),
        ("LicenseRef-llama3.1", false),
        ("LicenseRef-mistral-research", true),
        ("LicenseRef-gemma", false),
        ("LicenseRef-OPT-175B", true),
        ("LicenseRef-apple-amlr", true),
        ("LicenseRef-qwen-research", true),
        ("PolyForm-Noncommercial-1.0.0", true),
    ] {
        assert_eq!(terms(id).commercial == Commercial::No, forbidden, "{id}");
    }
    for (id, users) in [
        ("LicenseRef-llama2", 700_000_000),
        ("LicenseRef-llama4", 700_000_000),
        ("LicenseRef-qwen", 100_000_000),
        ("LicenseRef-tongyi-qianwen", 100_000_000),
    ] {
        let Commercial::Conditional { monthly_users, .. } = terms(id).commercial else {
            panic!("{id} is not conditional");
        };
        assert_eq!(monthly_users, Some(users), "{id}");
    }
}

#[test]
fn names_marks_and_outputs_stand_as_the_licences_have_them() {
    let llama2 = terms("LicenseRef-llama2");
    assert_eq!((llama2.display, llama2.outputs), (None, OutputUse::NoTraining));
    let llama3 = terms("LicenseRef-llama3.1");
    assert_eq!(llama3.display.as_deref(), Some("Built with Llama"));
    assert_eq!(llama3.name_prefix.as_deref(), Some("Llama"));
    assert_eq!(llama3.outputs, OutputUse::Naming);
    assert_eq!(llama3.notice, NoticeFile::Required);
    assert_eq!(llama3.military, Military::Forbidden);
    assert_eq!(
        terms("LicenseRef-kimi-modified-mit").display_from_monthly_users,
        Some(100_000_000)
    );
    assert_eq!(
        terms("LicenseRef-mistral-research").outputs,
        OutputUse::NonCommercial
    );
    assert_eq!(terms("LicenseRef-gemma").outputs, OutputUse::Derivative);
}

#[test]
fn regions_and_restrictions_stand_as_the_licences_have_them() {
    let regions = |id: &str| -> Vec<(String, bool)> {
        let excluded = terms(id).excluded;
        excluded
            .into_iter()
            .map(|excluded| (excluded.region, excluded.multimodal_only))
            .collect()
    };
    assert_eq!(regions("LicenseRef-llama3.2"), [("EU".to_owned(), true)]);
    assert_eq!(regions("LicenseRef-llama4"), [("EU".to_owned(), true)]);
    assert!(regions("LicenseRef-llama3.1").is_empty());
    assert_eq!(regions("LicenseRef-tencent-hunyuan").len(), 3);
    for id in [
        "creativeml-openrail-m",
        "gemma",
        "deepseek",
        "bigscience-bloom-rail-1.0",
        "falcon-llm",
    ] {
        assert_eq!(
            terms(&format!("LicenseRef-{id}")).use_restrictions,
            UseRestrictions::Carried,
            "{id}"
        );
    }
}

#[test]
fn copyleft_and_sharing_stand_as_the_licences_have_them() {
    for (id, copyleft) in [
        ("MIT", Copyleft::None),
        ("MPL-2.0", Copyleft::Weak),
        ("LGPL-2.1-or-later", Copyleft::Weak),
        ("GPL-3.0-only", Copyleft::Strong),
        ("AGPL-3.0-or-later", Copyleft::Network),
    ] {
        assert_eq!(terms(id).copyleft, copyleft, "{id}");
    }
    assert!(terms("CC-BY-SA-4.0").share_alike);
    assert!(terms("ODbL-1.0").share_alike);
    assert_eq!(terms("CC-BY-ND-4.0").derivatives, Permission::No);
}

#[test]
fn a_licence_that_only_the_list_knows_says_so() {
    let (terms, basis) = catalog().terms("Fair").expect("listed");
    assert_eq!((terms.commercial, basis), (Commercial::Yes, Basis::Flags));
    assert!(catalog().terms("LicenseRef-nobody-knows").is_none());
}

#[test]
fn narrower_is_a_strict_order() {
    let ids: Vec<&str> = catalog()
        .licences()
        .iter()
        .map(|licence| licence.id.as_str())
        .collect();
    for one in &ids {
        assert!(!terms(one).is_narrower_than(&terms(one)), "{one}");
        for other in &ids {
            let both =
                terms(one).is_narrower_than(&terms(other)) && terms(other).is_narrower_than(&terms(one));
            assert!(!both, "{one} and {other}");
        }
    }
    assert!(terms("CC-BY-NC-4.0").is_narrower_than(&terms("CC-BY-4.0")));
}
