//! Runtimes that files demand or hint at: versions that a card lists, images of servers, recipes of Ollama.
//!
//! None of them proves which version runs, so the version is a hint: what matches it is possible.

use cleanbill_core::bill::{Component, ComponentKind, RelationKind, Source, Sourced};

use super::configuration::written_by;
use crate::{
    inventory::{Entry, purl},
    scene::Scene,
};

/// LIMIT: bytes of a card that are searched for its list of versions; cards end with it and are shorter.
const CARD_BYTES: usize = 1 << 20;
/// LIMIT: lines of a list of versions; trainers write six.
const LINES: usize = 64;
/// LIMIT: bytes of a version.
const VERSION_BYTES: usize = 64;

/// What stands for Python itself, which is no package.
const INTERPRETER: &str = "python";

/// Names in lists of versions, in small letters, with the package of the Python index.
const LIBRARIES: &[(&str, &str)] = &[
    ("accelerate", "accelerate"),
    ("datasets", "datasets"),
    ("diffusers", "diffusers"),
    ("keras", "keras"),
    ("llama-cpp-python", "llama-cpp-python"),
    ("peft", "peft"),
    ("pytorch", "torch"),
    ("python", INTERPRETER),
    ("safetensors", "safetensors"),
    ("sentence transformers", "sentence-transformers"),
    ("sentence-transformers", "sentence-transformers"),
    ("setfit", "setfit"),
    ("tensorflow", "tensorflow"),
    ("tokenizers", "tokenizers"),
    ("torch", "torch"),
    ("transformers", "transformers"),
    ("trl", "trl"),
    ("vllm", "vllm"),
];

/// Ends of the names of images, with what they run.
const IMAGES: &[(&str, Runtime)] = &[
    ("vllm/vllm-openai", Runtime::Python("vllm")),
    ("pytorch/pytorch", Runtime::Python("torch")),
    (
        "huggingface/transformers-pytorch-gpu",
        Runtime::Python("transformers"),
    ),
    ("tensorflow/tensorflow", Runtime::Python("tensorflow")),
    ("lmsysorg/sglang", Runtime::Python("sglang")),
    ("ollama/ollama", Runtime::Ollama),
    ("ggml-org/llama.cpp", Runtime::LlamaCpp),
    ("ggerganov/llama.cpp", Runtime::LlamaCpp),
];

/// Names a runtime by where its advisories stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Runtime {
    Python(&'static str),
    Ollama,
    LlamaCpp,
}

pub(super) fn extract(scene: &Scene<'_>, entry: &mut Entry) {
    match scene.file_name {
        "README.md" | "readme.md" => card(scene, entry),
        "Modelfile" => modelfile(scene, entry),
        _ => {}
    }
    let Some(deployment) = scene.reading.deployment() else {
        return;
    };
    for image in &deployment.images {
        if let Some((runtime, version)) = of_image(&image.text) {
            let source = Source::file(scene.artifact, "image");
            hint(runtime, version.as_deref(), source, entry);
        }
    }
}

/// Reads the list `Framework versions` that trainers write into cards.
fn card(scene: &Scene<'_>, entry: &mut Entry) {
    let Some(written) = scene.reading.text() else {
        return;
    };
    for (package, version) in listed(&written.text) {
        let source = Source::file(scene.artifact, "Framework versions");
        hint(Runtime::Python(package), Some(&version), source, entry);
    }
}

fn listed(text: &str) -> Vec<(&'static str, String)> {
    let end = (0..=CARD_BYTES.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0);
    let mut lines = text.get(..end).unwrap_or_default().lines();
    let mut out = Vec::new();
    while let Some(line) = lines.next() {
        let title = line
            .trim_start_matches('#')
            .trim()
            .trim_matches('*')
            .trim_end_matches(':');
        if !line.starts_with(['#', '*']) || !title.eq_ignore_ascii_case("framework versions") {
            continue;
        }
        for line in lines.by_ref().take(LINES) {
            let line = line.trim();
            if line.starts_with('#') {
                break;
            }
            let Some(item) = line.strip_prefix(['-', '*', '+']) else {
                continue;
            };
            out.extend(item_of(item));
        }
    }
    out.truncate(LINES);
    out
}

/// Reads `Transformers 4.40.0` and `PyTorch: 2.1.2+cu121`.
fn item_of(item: &str) -> Option<(&'static str, String)> {
    let item = item.trim().trim_matches(['`', '*']);
    let (name, version) = item.rsplit_once([' ', ':', '='])?;
    let name = name
        .trim_end_matches([' ', ':', '=', '*', '`'])
        .to_ascii_lowercase();
    let (_, package) = LIBRARIES.iter().find(|(known, _)| *known == name)?;
    let version = version.trim().trim_matches(['`', '*']).trim_start_matches('v');
    is_version(version).then(|| (*package, version.to_owned()))
}

fn is_version(text: &str) -> bool {
    text.len() <= VERSION_BYTES
        && text.starts_with(|one: char| one.is_ascii_digit())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-' | b'_' | b'!'))
}

/// Returns what an image runs, with the version that its tag names.
fn of_image(text: &str) -> Option<(Runtime, Option<String>)> {
    let named = text.split_once('@').map_or(text, |(named, _)| named);
    let slash = named.rfind('/').map_or(0, |at| at + 1);
    let (path, tag) = match named.get(slash..).and_then(|last| last.find(':')) {
        Some(colon) => (named.get(..slash + colon)?, named.get(slash + colon + 1..)?),
        None => (named, ""),
    };
    let is_named = |end: &str| {
        path.strip_suffix(end)
            .is_some_and(|front| front.is_empty() || front.ends_with('/'))
    };
    let (_, runtime) = IMAGES.iter().find(|(end, _)| is_named(end))?;
    let version = match runtime {
        // Builds are numbered: `server-cuda-b4719`.
        Runtime::LlamaCpp => tag.split('-').find(|part| {
            part.strip_prefix('b')
                .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
        }),
        // What follows a hyphen names the hardware or the size.
        _ => tag
            .split('-')
            .next()
            .map(|part| part.trim_start_matches('v'))
            .filter(|part| is_version(part)),
    };
    Some((*runtime, version.map(str::to_owned)))
}

/// A recipe of Ollama demands Ollama, in no version that it could name.
fn modelfile(scene: &Scene<'_>, entry: &mut Entry) {
    let Some(written) = scene.reading.text() else {
        return;
    };
    let is_recipe = written.text.lines().take(1_000).any(|line| {
        line.get(..5)
            .is_some_and(|word| word.eq_ignore_ascii_case("from "))
            && line.trim().len() > 5
    });
    if is_recipe {
        hint(Runtime::Ollama, None, Source::file(scene.artifact, "FROM"), entry);
    }
}

fn hint(runtime: Runtime, version: Option<&str>, source: Source, entry: &mut Entry) {
    let mut component = match runtime {
        Runtime::Python(INTERPRETER) => Component::new(ComponentKind::Platform, "platform:python", "python"),
        Runtime::Python(package) => {
            let mut component = written_by(package, "", &source);
            component.properties.clear();
            component
        }
        Runtime::Ollama => named(
            "ollama",
            purl("golang", Some("github.com/ollama"), "ollama", None),
            &source,
        ),
        Runtime::LlamaCpp => named(
            "llama.cpp",
            purl("github", Some("ggml-org"), "llama.cpp", None),
            &source,
        ),
    };
    if let Some(version) = version {
        component.property("cleanbill:runtime-version", version, source.clone());
    }
    entry.name(RelationKind::DependsOn, "runtime", component, source);
}

fn named(name: &str, purl: Option<String>, source: &Source) -> Component {
    let mut component = Component::new(ComponentKind::Framework, &format!("framework:{name}"), name);
    component.purl = purl.map(|purl| Sourced::new(purl, source.clone()));
    component
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_versions_are_read() {
        let text = "# Tiny\n- Transformers 1.0\n\n### Framework versions\n\n- Transformers 4.40.0\n- Pytorch 2.1.2+cu121\n\
            - PEFT: 0.10.0\n- **TRL**: v0.8\n- Tokenizers \u{1b}[2J\n- Nobody 1.0\n- Datasets latest\n## More\n- vLLM 0.5.0\n";
        let found = listed(text);
        let found: Vec<(&str, &str)> = found
            .iter()
            .map(|(name, version)| (*name, version.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                ("transformers", "4.40.0"),
                ("torch", "2.1.2+cu121"),
                ("peft", "0.10.0"),
                ("trl", "0.8"),
            ]
        );
        assert!(listed(&"- Transformers 4.40.0\n".repeat(100)).is_empty());
    }

    #[test]
    fn images_name_what_they_run() {
        for (image, expected) in [
            (
                "vllm/vllm-openai:v0.6.1.post2",
                Some((Runtime::Python("vllm"), Some("0.6.1.post2"))),
            ),
            (
                "docker.io/vllm/vllm-openai:latest",
                Some((Runtime::Python("vllm"), None)),
            ),
            (
                "pytorch/pytorch:2.1.0-cuda12.1-cudnn8-runtime@sha256:00",
                Some((Runtime::Python("torch"), Some("2.1.0"))),
            ),
            ("ollama/ollama:0.3.0-rocm", Some((Runtime::Ollama, Some("0.3.0")))),
            ("ollama/ollama", Some((Runtime::Ollama, None))),
            (
                "ghcr.io/ggml-org/llama.cpp:server-cuda-b4719",
                Some((Runtime::LlamaCpp, Some("b4719"))),
            ),
            (
                "ghcr.io/ggml-org/llama.cpp:server",
                Some((Runtime::LlamaCpp, None)),
            ),
            ("evil-ollama/ollama:1", None),
            ("python:3.12", None),
            ("localhost:5000/x", None),
            ("", None),
        ] {
            let found = of_image(image);
            let found = found
                .as_ref()
                .map(|(runtime, version)| (*runtime, version.as_deref()));
            assert_eq!(found, expected, "{image}");
        }
    }
}
