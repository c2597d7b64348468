//! Workflows of GitHub and pipelines of GitLab: triggers, rights, steps.

use std::ops::Range;

use crate::{
    tree::Node,
    workload::{Deployment, ManifestKind, Spot, Variable},
};

/// Holds a workflow of GitHub, or a composite action (whose triggers and rights are its caller's).
#[derive(Clone, Debug, Default)]
pub struct Workflow {
    /// Events that start it.
    pub triggers: Vec<Spot>,
    /// Rights of its token: `write-all`, `contents: write`; with the job's name where they are a job's.
    pub permissions: Vec<Spot>,
    /// Whether rights are named at all, for the workflow or for each job.
    pub limits_permissions: bool,
    /// Its jobs.
    pub jobs: Vec<Job>,
}

/// Holds one job.
#[derive(Clone, Debug, Default)]
pub struct Job {
    /// Its name.
    pub name: String,
    /// Labels of the machine.
    pub runs_on: Vec<Spot>,
    /// Its condition.
    pub condition: String,
    /// Passes all secrets on to a called workflow.
    pub inherits_secrets: Option<Spot>,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// Holds one step.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// The action that it uses.
    pub uses: Option<Spot>,
    /// The script that it runs, or that it hands to an action that runs it.
    pub run: Option<Spot>,
    /// Inputs of the action.
    pub with: Vec<Variable>,
    /// Its environment.
    pub variables: Vec<Variable>,
    /// Its condition.
    pub condition: String,
    /// Where it stands.
    pub span: Range<usize>,
}

/// Reads a workflow, action or pipeline.
pub(crate) fn read(root: &Node, kind: ManifestKind) -> Deployment {
    let mut deployment = Deployment::of_kind(kind);
    if kind == ManifestKind::GitlabPipeline {
        gitlab(root, &mut deployment);
        return deployment;
    }
    let mut workflow = Workflow::default();
    if let Some(on) = root.get("on").or_else(|| root.get("true")) {
        workflow.triggers.extend(
            on.entries()
                .iter()
                .map(|entry| Spot::new(&*entry.key, entry.key_span.clone())),
        );
        workflow.triggers.extend(on.one_or_many().iter().filter_map(spot));
    }
    let all = permissions(root, &mut workflow.permissions);
    let mut each = true;
    for entry in root.get("jobs").map(Node::entries).unwrap_or_default() {
        each &= permissions(&entry.value, &mut workflow.permissions);
        workflow.jobs.push(job(&entry.key, &entry.value, &mut deployment));
    }
    workflow.limits_permissions = all || each || kind == ManifestKind::GithubAction;
    if let Some(runs) = root.get("runs") {
        workflow.jobs.push(job("runs", runs, &mut deployment));
        deployment
            .images
            .extend(runs.get("image").and_then(spot).and_then(docker));
    }
    for step in workflow.jobs.iter().flat_map(|job| &job.steps) {
        deployment.commands.extend(step.run.clone());
        deployment.images.extend(step.uses.clone().and_then(docker));
    }
    deployment.workflow = Some(workflow);
    deployment
}

fn spot(node: &Node) -> Option<Spot> {
    Some(Spot::new(node.as_str()?, node.span.clone()))
}

fn docker(spot: Spot) -> Option<Spot> {
    Some(Spot::new(spot.text.strip_prefix("docker://")?, spot.span))
}

fn permissions(node: &Node, out: &mut Vec<Spot>) -> bool {
    let Some(permissions) = node.get("permissions") else {
        return false;
    };
    out.extend(spot(permissions));
    for entry in permissions.entries() {
        let value = entry.value.as_str().unwrap_or_default();
        out.push(Spot::new(
            format!("{}: {value}", entry.key),
            entry.key_span.start..entry.value.span.end,
        ));
    }
    true
}

fn job(name: &str, node: &Node, deployment: &mut Deployment) -> Job {
    let text = |node: &Node, key: &str| node.str_at(&[key]).unwrap_or_default().to_owned();
    let mut runs_on: Vec<Spot> = Vec::new();
    if let Some(machine) = node.get("runs-on") {
        runs_on.extend(machine.one_or_many().iter().filter_map(spot));
        runs_on.extend(
            machine
                .get("labels")
                .map(Node::one_or_many)
                .unwrap_or_default()
                .iter()
                .filter_map(spot),
        );
    }
    if let Some(container) = node.get("container") {
        deployment
            .images
            .extend(spot(container).or_else(|| container.get("image").and_then(spot)));
    }
    for service in node.get("services").map(Node::entries).unwrap_or_default() {
        deployment
            .images
            .extend(service.value.get("image").and_then(spot));
    }
    let mut steps: Vec<Step> = node
        .get("steps")
        .map(Node::items)
        .unwrap_or_default()
        .iter()
        .map(step)
        .collect();
    if let Some(uses) = node.get("uses").and_then(spot) {
        let span = uses.span.clone();
        steps.push(Step {
            uses: Some(uses),
            span,
            ..Step::default()
        });
    }
    Job {
        name: name.to_owned(),
        runs_on,
        condition: text(node, "if"),
        inherits_secrets: node
            .get("secrets")
            .and_then(spot)
            .filter(|spot| spot.text == "inherit"),
        steps,
    }
}

fn step(node: &Node) -> Step {
    let with = node
        .get("with")
        .map(crate::workload::variables)
        .unwrap_or_default();
    let script = node.at(&["with", "script"]).and_then(spot);
    Step {
        uses: node.get("uses").and_then(spot),
        run: node.get("run").and_then(spot).or(script),
        with,
        variables: node
            .get("env")
            .map(crate::workload::variables)
            .unwrap_or_default(),
        condition: node.str_at(&["if"]).unwrap_or_default().to_owned(),
        span: node.span.clone(),
    }
}

fn gitlab(root: &Node, deployment: &mut Deployment) {
    let mut images = |node: &Node| {
        if let Some(image) = node.get("image") {
            deployment
                .images
                .extend(spot(image).or_else(|| image.get("name").and_then(spot)));
        }
        for service in node.get("services").map(Node::items).unwrap_or_default() {
            deployment
                .images
                .extend(spot(service).or_else(|| service.get("name").and_then(spot)));
        }
    };
    images(root);
    root.entries().iter().for_each(|entry| images(&entry.value));
    root.walk(&mut |key, node| {
        if matches!(key, "script" | "before_script" | "after_script") {
            deployment
                .commands
                .extend(node.one_or_many().iter().filter_map(spot));
        }
    });
}
