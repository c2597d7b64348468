//! What a deployment runs, in one shape whatever the manifest: containers, their images, commands, ports and powers.
//!
//! Facts only: what is bad about them is for detectors. Read from Dockerfiles, Compose files, Kubernetes objects (also inside
//! lists and custom resources that hold a pod), values of Helm charts, and workflows of GitHub and GitLab.

mod compose;
mod kubernetes;

use std::{ops::Range, sync::LazyLock};

use crate::{
    dockerfile,
    tree::{Node, Syntax, Tree},
    words::Words,
    workflow::{self, Workflow},
};

/// Kinds of manifests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ManifestKind {
    /// Recipe of a container image.
    Dockerfile,
    /// Recipe of a model for Ollama.
    Modelfile,
    /// Services of Docker Compose.
    Compose,
    /// Objects of Kubernetes, in one or many documents.
    Kubernetes,
    /// Values of a Helm chart.
    HelmValues,
    /// A template of a Helm chart: no YAML until it is rendered, which this never does.
    HelmTemplate,
    /// A workflow of GitHub Actions.
    GithubWorkflow,
    /// A composite or container action of GitHub.
    GithubAction,
    /// A pipeline of GitLab.
    GitlabPipeline,
}

/// Holds a text with its place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spot {
    /// The text.
    pub text: String,
    /// Where it stands.
    pub span: Range<usize>,
}

impl Spot {
    /// Makes one from its parts.
    pub fn new(text: impl Into<String>, span: Range<usize>) -> Self {
        Self {
            text: text.into(),
            span,
        }
    }

    fn of(node: &Node) -> Option<Self> {
        Some(Self::new(node.as_str()?, node.span.clone()))
    }
}

/// Holds one environment variable or build argument.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its literal value; `None` where it comes from elsewhere.
    pub value: Option<String>,
    /// Where it is set.
    pub span: Range<usize>,
}

/// Holds one port of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Number inside the container.
    pub number: u16,
    /// Reachable from outside of the host, as far as the manifest says.
    pub published: bool,
    /// Where it is named.
    pub span: Range<usize>,
}

/// Holds one directory or socket of the host that a container sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostMount {
    /// Path on the host.
    pub path: String,
    /// Cannot be written.
    pub read_only: bool,
    /// Where it is named.
    pub span: Range<usize>,
}

/// Names what a container may do beyond the usual.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Power {
    /// All of the host's devices and capabilities.
    Privileged,
    /// The network of the host.
    HostNetwork,
    /// The processes of the host.
    HostPid,
    /// Shared memory of the host.
    HostIpc,
    /// A capability that is added.
    Capability(String),
    /// Filters of system calls or mandatory access control switched off.
    Unconfined(String),
    /// Privileges can be gained, said so expressly.
    Escalation,
    /// Runs as root, said so expressly.
    Root,
}

/// Says which measures are set; `None` where the manifest says nothing.
#[derive(Clone, Debug, Default)]
pub struct Hardening {
    /// Does not run as root.
    pub non_root: Option<bool>,
    /// Privileges cannot be gained.
    pub no_escalation: Option<bool>,
    /// The root file system cannot be written.
    pub read_only_root: Option<bool>,
    /// All capabilities are dropped.
    pub drops_all: bool,
    /// System calls are filtered.
    pub seccomp: bool,
}

/// Holds one container, wherever it was described.
#[derive(Clone, Debug, Default)]
pub struct Container {
    /// Its name, or that of its service.
    pub name: String,
    /// The image it runs.
    pub image: Option<Spot>,
    /// Built from a recipe beside the manifest.
    pub is_built: bool,
    /// What it runs: entry point and arguments in one line, each with its own place.
    pub commands: Vec<Spot>,
    /// Its words one by one, where they stand as a list.
    pub words: Vec<Spot>,
    /// Its environment.
    pub variables: Vec<Variable>,
    /// Its ports.
    pub ports: Vec<Port>,
    /// What it may do beyond the usual.
    pub powers: Vec<(Power, Range<usize>)>,
    /// What it sees of the host.
    pub mounts: Vec<HostMount>,
    /// What holds it back.
    pub hardening: Hardening,
    /// Has a limit of memory.
    pub memory_limit: bool,
    /// Where it is described.
    pub span: Range<usize>,
}

impl Container {
    /// Returns all it runs as one line.
    pub fn line(&self) -> String {
        let texts: Vec<&str> = self.commands.iter().map(|one| one.text.as_str()).collect();
        texts.join(" ")
    }

    /// Returns the literal value of a variable.
    pub fn variable(&self, name: &str) -> Option<&Variable> {
        self.variables.iter().find(|one| one.name == name)
    }

    /// Says whether it has a power.
    pub fn has(&self, power: &Power) -> bool {
        self.powers.iter().any(|(one, _)| one == power)
    }
}

/// Holds everything that a manifest describes.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// What kind of manifest it is.
    pub kind: ManifestKind,
    /// Its containers.
    pub containers: Vec<Container>,
    /// Images named anywhere, those of containers included.
    pub images: Vec<Spot>,
    /// Commands of builds and pipelines, those of containers included.
    pub commands: Vec<Spot>,
    /// Addresses that a recipe adds files from, without a digest.
    pub added: Vec<Spot>,
    /// What the last stage of a recipe runs as; `None` where it does not say.
    pub user: Option<Spot>,
    /// The workflow, where it is one.
    pub workflow: Option<Workflow>,
    /// Something of it was not understood, because of a broken place or a limit.
    pub is_cut: bool,
}

impl Deployment {
    pub(crate) fn of_kind(kind: ManifestKind) -> Self {
        Self {
            kind,
            containers: Vec::new(),
            images: Vec::new(),
            commands: Vec::new(),
            added: Vec::new(),
            user: None,
            workflow: None,
            is_cut: false,
        }
    }

    /// Reads a manifest; `name` is a file name, which only tips the balance. `tree` is asked for where the text may be one.
    pub fn read<'t>(name: &str, text: &str, tree: impl FnOnce() -> Option<&'t Tree>) -> Option<Self> {
        let mut deployment = if dockerfile::is_recipe(name, text) {
            dockerfile::read(text)
        } else {
            if !hinted(text) {
                return None;
            }
            if is_helm_template(name, text) {
                return Some(Self::of_kind(ManifestKind::HelmTemplate));
            }
            let tree = tree()?;
            if tree.syntax == Syntax::Toml {
                return None;
            }
            let mut deployment = Self::of_tree(name, tree)?;
            deployment.is_cut = tree.is_cut();
            deployment
        };
        for container in &deployment.containers {
            deployment.images.extend(container.image.clone());
            deployment.commands.extend(container.commands.iter().cloned());
        }
        deployment
            .images
            .sort_by(|a, b| (&a.text, a.span.start).cmp(&(&b.text, b.span.start)));
        deployment.images.dedup_by(|a, b| a.text == b.text);
        Some(deployment)
    }

    fn of_tree(name: &str, tree: &Tree) -> Option<Self> {
        let is_object = |node: &Node| node.get("apiVersion").is_some() && node.get("kind").is_some();
        if tree.documents.iter().any(is_object) {
            return Some(kubernetes::read(tree));
        }
        let root = tree.root()?;
        let maps = |key: &str| root.get(key).is_some_and(Node::is_map);
        let service = |node: &Node| {
            ["image", "build", "command", "extends", "volumes", "privileged"]
                .iter()
                .any(|key| node.get(key).is_some())
        };
        if root
            .get("services")
            .is_some_and(|services| services.entries().iter().any(|one| service(&one.value)))
        {
            return Some(compose::read(root));
        }
        if maps("jobs") && (root.get("on").is_some() || root.get("true").is_some()) {
            return Some(workflow::read(root, ManifestKind::GithubWorkflow));
        }
        if root.at(&["runs", "using"]).is_some() {
            return Some(workflow::read(root, ManifestKind::GithubAction));
        }
        let jobs = root
            .entries()
            .iter()
            .filter(|entry| entry.value.get("script").is_some())
            .count();
        if name.ends_with(".gitlab-ci.yml")
            || jobs > 0 && (root.get("stages").is_some() || root.get("image").is_some())
        {
            return Some(workflow::read(root, ManifestKind::GitlabPipeline));
        }
        let mut is_values = false;
        root.walk(&mut |_, node| {
            is_values |= node.get("repository").is_some()
                && (node.get("tag").is_some() || node.get("pullPolicy").is_some());
        });
        is_values.then(|| kubernetes::read_values(root))
    }
}

/// Says whether a text holds any of the words without which no manifest is one.
fn hinted(text: &str) -> bool {
    static WORDS: LazyLock<Words> = LazyLock::new(|| Words::new(HINTS));
    WORDS.any_in(text.as_bytes())
}

/// Words of which a manifest holds at least one.
const HINTS: &[&str] = &["apiVersion", "services", "jobs", "runs", "script", "repository"];

/// Knows a template of a chart by actions that stand where YAML has no place for them, or by functions of Helm.
fn is_helm_template(name: &str, text: &str) -> bool {
    if !text.contains("{{") || !text.contains("kind") && !text.contains("define") {
        return false;
    }
    let ending = name.rsplit('.').next().unwrap_or_default();
    let named = matches!(ending, "yaml" | "yml" | "tpl");
    let helm = [".Values.", "include \"", ".Release.", ".Chart.", "toYaml"]
        .iter()
        .any(|word| text.contains(word));
    let workflow = text.contains("${{");
    named && helm && !workflow
}

/// Joins a command that is a text or a list into one line, and gives its words.
fn command(node: &Node) -> (Option<Spot>, Vec<Spot>) {
    let words: Vec<Spot> = match node.items() {
        [] => {
            let Some(spot) = Spot::of(node) else {
                return (None, Vec::new());
            };
            let words = crate::commands::words(&spot.text);
            words
                .into_iter()
                .map(|word| Spot::new(word, spot.span.clone()))
                .collect()
        }
        items => items.iter().filter_map(Spot::of).collect(),
    };
    if words.is_empty() {
        return (None, words);
    }
    let line = match node.as_str() {
        Some(text) => text.to_owned(),
        None => words
            .iter()
            .map(|word| word.text.as_str())
            .collect::<Vec<_>>()
            .join(" "),
    };
    (Some(Spot::new(line, node.span.clone())), words)
}

/// Reads variables from a map, or from a list of `NAME=value`.
pub(crate) fn variables(node: &Node) -> Vec<Variable> {
    let mut all = Vec::new();
    for entry in node.entries() {
        all.push(Variable {
            name: entry.key.to_string(),
            value: entry.value.as_str().map(str::to_owned),
            span: entry.key_span.start..entry.value.span.end.max(entry.key_span.end),
        });
    }
    for item in node.items() {
        let Some(text) = item.as_str() else { continue };
        let (name, value) = text
            .split_once('=')
            .map_or((text, None), |(name, value)| (name, Some(value)));
        all.push(Variable {
            name: name.to_owned(),
            value: value.map(str::to_owned),
            span: item.span.clone(),
        });
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, text: &str) -> Option<Deployment> {
        let tree = Syntax::guess(text).map(|syntax| Tree::parse(text, syntax));
        Deployment::read(name, text, || tree.as_ref())
    }

    #[test]
    fn content_tells_the_kind() {
        use ManifestKind::{
            Compose, Dockerfile, GithubAction, GithubWorkflow, GitlabPipeline, HelmTemplate, HelmValues,
            Kubernetes, Modelfile,
        };
        for (name, text, kind) in [
            ("x", "FROM python:3.12\nRUN true\n", Some(Dockerfile)),
            ("x", "FROM llama3\nPARAMETER temperature 1\n", Some(Modelfile)),
            ("x.yml", "services:\n  a:\n    image: b\n", Some(Compose)),
            (
                "x.json",
                r#"{"apiVersion": "v1", "kind": "Pod"}"#,
                Some(Kubernetes),
            ),
            ("x", "a: 1\n---\napiVersion: v1\nkind: Pod\n", Some(Kubernetes)),
            (
                "x.yml",
                "on: push\njobs:\n  a:\n    steps: []\n",
                Some(GithubWorkflow),
            ),
            (
                "action.yml",
                "name: a\nruns:\n  using: composite\n",
                Some(GithubAction),
            ),
            ("x.yml", "stages: [a]\nb:\n  script: [c]\n", Some(GitlabPipeline)),
            (
                "values.yaml",
                "image:\n  repository: a\n  tag: b\n",
                Some(HelmValues),
            ),
            (
                "d.yaml",
                "kind: Pod\nname: {{ .Values.name }}\napiVersion: v1\n",
                Some(HelmTemplate),
            ),
            ("config.json", r#"{"services": ["a"], "script": 1}"#, None),
            ("notes.txt", "FROM the beginning\nof services\n", None),
        ] {
            assert_eq!(read(name, text).map(|one| one.kind), kind, "{text}");
        }
    }

    #[test]
    fn formats_give_one_shape() {
        for text in [
            "services:\n  a:\n    image: b:1\n    privileged: true\n    command: [serve, --x]\n    environment: [K=v]\n    \
             ports: ['80:8000']\n    volumes: ['/:/host']\n    mem_limit: 1g\n",
            "apiVersion: v1\nkind: List\nitems:\n- apiVersion: apps/v1\n  kind: Deployment\n  spec: {template: {spec: {\n    volumes: \
             [{name: h, hostPath: {path: /}}],\n    containers: [{name: a, image: 'b:1', args: [serve, --x],\n    env: [{name: K, \
             value: v}], ports: [{containerPort: 8000, hostPort: 80}],\n    volumeMounts: [{name: h, mountPath: /host}],\n    \
             securityContext: {privileged: true}, resources: {limits: {memory: 1Gi}}}]}}}\n",
        ] {
            let found = read("x.yaml", text).unwrap();
            let [container] = found.containers.as_slice() else {
                panic!("{text}")
            };
            assert_eq!(container.name, "a");
            assert_eq!(container.image.as_ref().unwrap().text, "b:1");
            assert_eq!(container.line(), "serve --x");
            assert_eq!(container.variable("K").unwrap().value.as_deref(), Some("v"));
            assert_eq!(
                (container.ports[0].number, container.ports[0].published),
                (8000, true)
            );
            assert_eq!(container.mounts[0].path, "/");
            assert!(container.has(&Power::Privileged) && container.memory_limit);
        }
    }
}
