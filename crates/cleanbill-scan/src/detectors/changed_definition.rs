//! Detector `changed-definition`.

use std::collections::BTreeMap;

use cleanbill_core::{Definition, DefinitionKind, Severity, Text, text};

use crate::{collection::CollectionSink, detector::detector, facts::Facts};

detector! {
    /// ## What it finds
    /// Chat templates, servers of agents, tools and files of instructions that are not what was approved: new ones, changed
    /// ones and ones that are gone.
    /// ## Why it matters
    /// Whoever approved a tool approved its words. A server that changes the description of a tool after it was approved (a
    /// "rug pull") tells the model something that nobody read, and a template that changes with an update does so for every talk.
    /// ## How it is decided
    /// It runs only where the scan was given an approved state (`--approved FILE`, written with `--write-approved FILE`). The
    /// SHA-256 of each definition, in one form whatever the order of keys, is compared by artifact, kind and name. New and
    /// changed ones are `high`, ones that are gone `medium`.
    /// ## What it misses
    /// What a running server answers; definitions in archives; whether what was approved was harmless.
    /// ## What to do
    /// Read what changed, then approve it anew or take the approved version.
    /// ## References
    /// CWE-494, OWASP LLM03, OWASP LLM06, MITRE ATLAS AML.T0104, AML.T0110.
    id: "changed-definition",
    title: "Definition that is not the approved one", "定义与已批准的不一致",
    severity: High, confidence: High,
    tags: &["CWE-494", "AML.T0110"], controls: &["APP-05", "APP-07"],
    on: approved => run,
}

fn run(facts: &[Facts], approved: &[Definition], sink: &mut CollectionSink<'_>) {
    let key = |one: &Definition| (one.artifact.clone(), one.kind, one.name.clone());
    let mut left: BTreeMap<(String, DefinitionKind, String), &Definition> =
        approved.iter().map(|one| (key(one), one)).collect();
    for file in facts {
        for (one, range) in &file.definitions {
            let message = match left.remove(&key(one)) {
                Some(known) if known.sha256 == one.sha256 => continue,
                Some(_) => changed(one),
                None => added(one),
            };
            sink.at(file)
                .report(range.clone(), message)
                .evidence(&format!("sha256 {}", one.sha256))
                .hint(text!(
                    "read what changed, then approve it anew or take the approved version",
                    "阅读变更内容，然后重新批准或改用已批准的版本"
                ));
        }
    }
    for one in left.into_values() {
        let known = facts.iter().find(|file| file.path == one.artifact);
        let gone = Facts {
            path: one.artifact.clone(),
            ..Facts::default()
        };
        sink.at(known.unwrap_or(&gone))
            .report(None, removed(one))
            .severity(Severity::Medium)
            .evidence(&format!("sha256 {}", one.sha256));
    }
}

fn words(kind: DefinitionKind) -> (&'static str, &'static str) {
    match kind {
        DefinitionKind::ChatTemplate => ("chat template", "对话模板"),
        DefinitionKind::McpServer => ("server", "服务器"),
        DefinitionKind::Tool => ("tool", "工具"),
        DefinitionKind::Instructions => ("instructions", "指令"),
    }
}

fn changed(one: &Definition) -> Text {
    let ((en, zh), name) = (words(one.kind), &one.name);
    text!(
        "the {en} `{name}` changed since it was approved",
        "{zh} `{name}` 在批准之后发生了变更"
    )
}

fn added(one: &Definition) -> Text {
    let ((en, zh), name) = (words(one.kind), &one.name);
    text!("the {en} `{name}` was not approved", "{zh} `{name}` 未经批准")
}

fn removed(one: &Definition) -> Text {
    let ((en, zh), name) = (words(one.kind), &one.name);
    text!(
        "the {en} `{name}` was approved and is not there any more",
        "{zh} `{name}` 曾获批准，但已不存在"
    )
}
