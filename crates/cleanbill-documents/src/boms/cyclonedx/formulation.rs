//! How things were made (`formulation`): one workflow for each process, with what went in and came out by reference and the
//! settings as parameters. Nothing of the machine that it ran on is written.

use std::collections::BTreeSet;

use cleanbill_core::bill::{Process, ProcessKind, Sourced};

use super::{Writer, named};
use crate::boms::{names::property, spot::Spot, tree::Node};

impl Writer<'_> {
    pub(super) fn formulation(&self) -> Vec<Node> {
        let processes = self.bill.processes.iter();
        let workflows: Vec<Node> = processes.filter_map(|one| self.workflow(one)).collect();
        if workflows.is_empty() {
            return Vec::new();
        }
        let taken = |id: &str| self.bill.component(id).is_some();
        let id = if taken("formulation") {
            "formulation:"
        } else {
            "formulation"
        };
        vec![
            Node::map()
                .say("bom-ref", id)
                .with("workflows", Node::list(workflows)),
        ]
    }

    fn workflow(&self, process: &Process) -> Option<Node> {
        let resource = |one: &Sourced<String>| {
            self.bill.component(&one.value)?;
            let resource = Node::map().say("ref", &one.value);
            Some(Node::map().with("resource", resource).from(&one.source))
        };
        let mut inputs: Vec<Node> = process.inputs.iter().filter_map(resource).collect();
        let mut seen = BTreeSet::new();
        let settings: Vec<Node> = process
            .settings
            .iter()
            .filter(|(name, value)| seen.insert((name, &value.value)))
            .map(|(name, value)| {
                Node::map()
                    .say("name", name)
                    .say("value", &value.value)
                    .from(&value.source)
            })
            .collect();
        if !settings.is_empty() {
            inputs.push(Node::map().with("parameters", Node::list(settings)));
        }
        let outputs: Vec<Node> = process
            .outputs
            .iter()
            .filter_map(resource)
            .map(|mut one| {
                one.set("type", Node::text("artifact"));
                one
            })
            .collect();
        if inputs.is_empty() && outputs.is_empty() {
            return None;
        }
        let task = match process.kind {
            ProcessKind::Merge => "merge",
            ProcessKind::Other => "other",
            _ => "build",
        };
        let mut out = Node::map()
            .say("bom-ref", &process.id)
            .say("uid", &process.id)
            .with("taskTypes", Node::list(vec![Node::text(task)]));
        out.set_list("inputs", inputs);
        out.set_list("outputs", outputs);
        out.set(
            "properties",
            Node::list(vec![named(property::PROCESS, process.kind.as_str())]),
        );
        Some(out.from(&process.source))
    }
}

/// Reads what goes in and comes out of every workflow; what else a workflow holds stays in the document.
pub(super) fn read(root: &Spot<'_>) -> Vec<Process> {
    let formulas = root.list("formulation").into_iter();
    let workflows = formulas.flat_map(|formula| formula.list("workflows"));
    workflows.filter_map(|one| process(&one)).collect()
}

fn process(workflow: &Spot<'_>) -> Option<Process> {
    let tasks = workflow.texts("taskTypes");
    let kind = kind(workflow).unwrap_or_else(|| {
        let is_merge = tasks.iter().any(|one| one.value == "merge");
        if is_merge {
            ProcessKind::Merge
        } else {
            ProcessKind::Other
        }
    });
    let references = |key: &str| -> Vec<Sourced<String>> {
        let list = workflow.list(key);
        list.iter()
            .filter_map(|one| {
                let resource = one.get("resource")?;
                let id = resource.said("ref")?.to_owned();
                Some(one.with(id))
            })
            .collect()
    };
    let mut settings = Vec::new();
    for input in workflow.list("inputs") {
        for one in input.list("parameters") {
            if let (Some(name), Some(value)) =
                (one.said("name"), one.get("value").and_then(|one| one.plain()))
            {
                settings.push((name.to_owned(), one.with(value)));
            }
        }
    }
    let out = Process {
        id: workflow
            .said("bom-ref")
            .or(workflow.said("uid"))
            .unwrap_or(&workflow.path)
            .to_owned(),
        kind,
        inputs: references("inputs"),
        outputs: references("outputs"),
        settings,
        source: workflow.source(),
    };
    let is_empty = out.inputs.is_empty() && out.outputs.is_empty() && out.settings.is_empty();
    (!is_empty).then_some(out)
}

/// Returns the kind that our own documents name.
fn kind(workflow: &Spot<'_>) -> Option<ProcessKind> {
    workflow.list("properties").iter().find_map(|one| {
        let is_ours = one.said("name") == Some(property::PROCESS);
        let word = one.said("value").filter(|_| is_ours)?;
        ProcessKind::ALL.into_iter().find(|kind| kind.as_str() == word)
    })
}
