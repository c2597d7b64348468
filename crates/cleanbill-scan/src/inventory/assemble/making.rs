//! How the models of a bill were made: what their files say of it, joined with what the bill knows of data and bases.

use std::collections::{BTreeMap, BTreeSet};

use cleanbill_core::bill::{Bill, ComponentKind, Process, ProcessKind, RelationKind, Sourced};

use crate::inventory::extract::LOADED_FROM;

/// Adds what was stated under the ids of the models, and the data and bases that went in.
pub(super) fn make(bill: &mut Bill, stated: Vec<(String, Process)>) {
    let mut processes: BTreeMap<(String, ProcessKind), Process> = BTreeMap::new();
    for (model, process) in stated {
        let key = (model, process.kind);
        match processes.get_mut(&key) {
            Some(known) => known.complete(process),
            None => {
                processes.insert(key, process);
            }
        }
    }
    let models: Vec<String> = bill
        .components
        .iter()
        .filter(|one| one.kind == ComponentKind::Model)
        .map(|one| one.id.clone())
        .collect();
    for model in models {
        // Named data were put into something, whether or not a file says with which settings.
        let adaptation = (model.clone(), ProcessKind::Adaptation);
        let is_adapter = processes.contains_key(&adaptation);
        // What a card says of the training of an adapter is said of that.
        if is_adapter
            && let Some(training) = processes.remove(&(model.clone(), ProcessKind::Training))
            && let Some(adaptation) = processes.get_mut(&adaptation)
        {
            adaptation.complete(training);
        }
        if !is_adapter && let Some(first) = bill.related(&model, RelationKind::TrainedOn).next() {
            let source = first.source.clone();
            processes
                .entry((model.clone(), ProcessKind::Training))
                .or_insert_with(|| Process {
                    id: String::new(),
                    kind: ProcessKind::Training,
                    inputs: Vec::new(),
                    outputs: Vec::new(),
                    settings: Vec::new(),
                    source,
                });
        }
    }
    for ((model, kind), mut process) in processes {
        process.id = format!("process:{}:{model}", kind.as_str());
        for relation in bill.relations.iter().filter(|one| one.from == model) {
            let goes_in = match relation.kind {
                RelationKind::TrainedOn => matches!(kind, ProcessKind::Training | ProcessKind::Adaptation),
                RelationKind::DerivedFrom => is_base(kind, &relation.detail),
                _ => false,
            };
            if goes_in && !process.inputs.iter().any(|one| one.value == relation.to) {
                process
                    .inputs
                    .push(Sourced::new(relation.to.clone(), relation.source.clone()));
            }
        }
        process.inputs.sort();
        if process.inputs.is_empty() && process.settings.is_empty() {
            continue;
        }
        process.outputs = vec![Sourced::new(model, process.source.clone())];
        bill.processes.push(process);
    }
}

/// Says whether a base went into a process, by what the source calls it.
fn is_base(kind: ProcessKind, detail: &str) -> bool {
    match kind {
        ProcessKind::Training => matches!(detail, "" | "finetune" | LOADED_FROM),
        ProcessKind::Adaptation => matches!(detail, "" | "adapter"),
        ProcessKind::Merge => detail.starts_with("merge"),
        ProcessKind::Quantisation => matches!(detail, "" | "quantized" | LOADED_FROM),
        ProcessKind::Conversion => matches!(detail, "conversion" | "quantized"),
        ProcessKind::Other => false,
    }
}

/// Leaves out what a configuration was loaded from where a file states the base, or where it is the model under its own name.
pub(super) fn drop_loaded_from(bill: &mut Bill) {
    let names: BTreeMap<&str, &str> = bill
        .components
        .iter()
        .map(|one| (one.id.as_str(), one.name.as_str()))
        .collect();
    let stated: BTreeSet<&str> = bill
        .relations
        .iter()
        .filter(|one| one.kind == RelationKind::DerivedFrom && one.detail != LOADED_FROM)
        .map(|one| one.from.as_str())
        .collect();
    let goes: Vec<bool> = bill
        .relations
        .iter()
        .map(|one| {
            let name = |id: &String| names.get(id.as_str()).copied().unwrap_or_default();
            one.detail == LOADED_FROM
                && (stated.contains(one.from.as_str()) || name(&one.from).eq_ignore_ascii_case(name(&one.to)))
        })
        .collect();
    let mut dropped = BTreeSet::new();
    let mut goes = goes.into_iter();
    bill.relations.retain(|one| {
        let stays = !goes.next().unwrap_or(false);
        if !stays {
            dropped.insert(one.to.clone());
        }
        stays
    });
    let held: BTreeSet<&str> = bill
        .relations
        .iter()
        .flat_map(|one| [one.from.as_str(), one.to.as_str()])
        .collect();
    dropped.retain(|id| !held.contains(id.as_str()) && *id != bill.subject);
    bill.components.retain(|one| !dropped.contains(&one.id));
}
