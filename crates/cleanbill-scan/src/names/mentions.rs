//! Which packages, models and datasets a file mentions, and where.

use std::{collections::HashSet, ops::Range};

use cleanbill_code::{
    dependencies::{Dependency, Ecosystem, Origin, pip_arguments},
    tree::{Node, Tree},
};
use cleanbill_formats::Parsed;

use super::{Mention, NameKind};
use crate::{agents, facts, scene::Scene};

/// LIMIT: names taken of one file; protects time. Locks of the largest projects hold a tenth.
const MENTIONS: usize = 20_000;
/// LIMIT: values of one list of a configuration or card.
const VALUES: usize = 200;

/// Collects mentions, each name once.
#[derive(Default)]
struct Mentions {
    list: Vec<Mention>,
    seen: HashSet<(NameKind, String)>,
}

impl Mentions {
    fn add(&mut self, kind: NameKind, name: &str, range: Option<Range<u64>>) {
        if self.list.len() < MENTIONS && !name.is_empty() && self.seen.insert((kind, kind.canonical(name))) {
            self.list.push(Mention {
                kind,
                name: name.to_owned(),
                range,
            });
        }
    }

    fn hub(&mut self, kind: NameKind, name: &str, range: Option<Range<u64>>) {
        if is_of_the_hub(name) {
            self.add(kind, name, range);
        }
    }
}

/// Lists the packages that a file takes from a registry: lists, locks, commands, servers of agents.
pub(crate) fn package_names(scene: &Scene<'_>) -> Vec<Mention> {
    let mut found = Mentions::default();
    let reading = scene.reading;
    let mut add = |one: &Dependency| {
        let kind = match one.ecosystem {
            Ecosystem::PyPi | Ecosystem::Conda => NameKind::Python,
            Ecosystem::Npm => NameKind::Npm,
            Ecosystem::Cargo | Ecosystem::Go => return,
        };
        if matches!(one.origin, Origin::Registry(_)) {
            // `"name": "npm:other@1"` installs another package under a name of one's own.
            let alias = one.requirement.strip_prefix("npm:").map(without_version);
            found.add(kind, alias.unwrap_or(&one.name), reading.range(&one.span));
        }
    };
    if let Some(list) = reading.dependencies() {
        list.list.iter().for_each(&mut add);
    }
    for command in reading
        .deployment()
        .iter()
        .flat_map(|deployment| &deployment.commands)
    {
        if command.text.contains("pip") {
            pip_arguments(&command.text, &command.span)
                .list
                .iter()
                .for_each(&mut add);
        }
    }
    for parsed in scene.parsed {
        let Parsed::Text(view) = parsed else { continue };
        for server in agents::servers(view, scene) {
            let Some(fetched) = agents::fetched(&server) else {
                continue;
            };
            let package = fetched.package.as_str();
            if package.contains("://") || package.contains(':') {
                continue;
            }
            match fetched.tool {
                agents::Fetcher::Npm => {
                    found.add(NameKind::Npm, without_version(package), Some(server.range));
                }
                agents::Fetcher::Python => {
                    let end = package
                        .find(['=', '<', '>', '~', '!', '[', '@', ' '])
                        .unwrap_or(package.len());
                    found.add(
                        NameKind::Python,
                        package.get(..end).unwrap_or_default(),
                        Some(server.range),
                    );
                }
                agents::Fetcher::Container => {}
            }
        }
    }
    found.list
}

/// Returns a name of npm without its version: `@scope/name@1.0`.
fn without_version(text: &str) -> &str {
    match text.rfind('@') {
        Some(at) if at > 0 => text.get(..at).unwrap_or(text),
        _ => text,
    }
}

/// Lists the models and datasets of the hub that a file names: configurations, cards, recipes, programs.
pub(crate) fn hub_names(scene: &Scene<'_>) -> Vec<Mention> {
    let mut found = Mentions::default();
    match scene.file_name {
        "config.json" | "tokenizer_config.json" | "adapter_config.json" | "model_index.json" => {
            if let Some(root) = scene.reading.root() {
                values(root, scene, 0, &mut found);
            }
        }
        "README.md" => card(scene, &mut found),
        _ => {}
    }
    if let Some(deployment) = scene.reading.deployment() {
        for container in &deployment.containers {
            for (word, next) in container.words.iter().zip(container.words.iter().skip(1)) {
                if matches!(
                    word.text.as_str(),
                    "--model"
                        | "--model-id"
                        | "--model-path"
                        | "--model_id"
                        | "--hf-repo"
                        | "serve"
                        | "download"
                ) {
                    found.hub(NameKind::Model, &next.text, scene.reading.range(&next.span));
                }
                if let Some((_, value)) = word
                    .text
                    .split_once('=')
                    .filter(|(key, _)| key.starts_with("--model"))
                {
                    found.hub(NameKind::Model, value, scene.reading.range(&word.span));
                }
            }
            for name in ["MODEL_ID", "HF_MODEL_ID", "MODEL_NAME", "VLLM_MODEL"] {
                if let Some(variable) = container.variable(name) {
                    let value = variable.value.as_deref().unwrap_or_default();
                    found.hub(NameKind::Model, value, scene.reading.range(&variable.span));
                }
            }
        }
        for image in &deployment.images {
            // A Modelfile takes its base from the hub by `hf.co/owner/name`.
            let name = ["hf.co/", "huggingface.co/"]
                .iter()
                .find_map(|host| image.text.strip_prefix(host));
            if let Some(name) = name {
                let name = name.split([':', '@']).next().unwrap_or_default();
                found.hub(NameKind::Model, name, scene.reading.range(&image.span));
            }
        }
    }
    if let Some(program) = scene.reading.python() {
        for call in &program.calls {
            let last = last(&call.callee);
            let (kind, argument) = match last {
                "from_pretrained" => (
                    NameKind::Model,
                    call.argument("pretrained_model_name_or_path", Some(0))
                        .or_else(|| call.argument("repo_id", None)),
                ),
                "hf_hub_download" | "snapshot_download" => {
                    let is_dataset = call
                        .argument("repo_type", None)
                        .is_some_and(|argument| argument.value.text() == Some("dataset"));
                    let kind = if is_dataset {
                        NameKind::Dataset
                    } else {
                        NameKind::Model
                    };
                    (kind, call.argument("repo_id", Some(0)))
                }
                "SentenceTransformer" | "CrossEncoder" => {
                    (NameKind::Model, call.argument("model_name_or_path", Some(0)))
                }
                "LLM" => (NameKind::Model, call.argument("model", Some(0))),
                "pipeline" => (NameKind::Model, call.argument("model", Some(1))),
                "load_dataset" => (NameKind::Dataset, call.argument("path", Some(0))),
                _ => continue,
            };
            if let Some(name) = argument.and_then(|argument| argument.value.text()) {
                found.hub(kind, name, scene.reading.range(&call.range));
            }
        }
    }
    found.list
}

/// Says whether a call of this name takes a model or dataset of the hub.
pub(crate) fn takes_from_the_hub(callee: &str) -> bool {
    matches!(
        callee,
        "transformers.pipeline"
            | "datasets.load_dataset"
            | "huggingface_hub.hf_hub_download"
            | "huggingface_hub.snapshot_download"
            | "sentence_transformers.SentenceTransformer"
            | "sentence_transformers.CrossEncoder"
            | "vllm.LLM"
    ) || last(callee) == "from_pretrained"
}

fn last(callee: &str) -> &str {
    callee.rsplit('.').next().unwrap_or_default()
}

/// Takes the values of the keys that name a model, at any depth that configurations have.
fn values(node: &Node, scene: &Scene<'_>, depth: usize, found: &mut Mentions) {
    if depth > 4 {
        return;
    }
    for entry in node.entries().iter().take(VALUES) {
        if KEYS.contains(&&*entry.key)
            && let Some(name) = entry.value.as_str()
        {
            found.hub(NameKind::Model, name, scene.reading.range(&entry.value.span));
        }
        values(&entry.value, scene, depth + 1, found);
    }
}

/// Keys of configurations that name a model.
const KEYS: &[&str] = &[
    "_name_or_path",
    "base_model_name_or_path",
    "name_or_path",
    "base_model",
    "decoder_model_name_or_path",
    "text_model_name_or_path",
];

/// Takes the bases and datasets of a model card.
fn card(scene: &Scene<'_>, found: &mut Mentions) {
    let Some(written) = scene.reading.text() else {
        return;
    };
    let Some((yaml, before)) = facts::front_matter(&written.text) else {
        return;
    };
    let tree = Tree::parse(yaml, cleanbill_code::tree::Syntax::Yaml);
    let Some(root) = tree.root() else { return };
    for (key, kind) in [
        ("base_model", NameKind::Model),
        ("datasets", NameKind::Dataset),
        ("base_models", NameKind::Model),
    ] {
        for value in root
            .get(key)
            .map(Node::one_or_many)
            .unwrap_or_default()
            .iter()
            .take(VALUES)
        {
            if let Some(name) = value.as_str() {
                let span = value.span.start + before..value.span.end + before;
                found.hub(kind, name, scene.reading.range(&span));
            }
        }
    }
}

/// Says whether a name is `owner/name`; letters of other scripts pass, since they are what is looked for.
fn is_of_the_hub(name: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && part.chars().count() <= 96
            && !part.starts_with(['.', '-'])
            && part
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-'))
    };
    name.split_once('/')
        .is_some_and(|(owner, short)| part(owner) && part(short))
}
