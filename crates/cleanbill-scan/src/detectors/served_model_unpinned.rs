//! Detector `served-model-unpinned`.

use cleanbill_code::workload::{Container, ManifestKind, Spot};
use cleanbill_core::{Severity, text};

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Serving manifests that fetch a model from a hub or address at start without naming its revision.
    /// ## Why it matters
    /// The next start may serve another model than the one that was examined.
    /// ## How it is decided
    /// `--model owner/name`, `--model-id`, `vllm serve owner/name`, `MODEL_ID`, `hf download`, `storageUri: hf://...` without a
    /// commit as revision; the base of a Modelfile without a digest. `info`, since it is how every guide begins.
    /// ## What it misses
    /// Models named in files of the image; whether a local path was filled from a pinned revision.
    /// ## What to do
    /// Name the commit (`--revision`), or serve from a local copy whose digest was checked.
    /// ## References
    /// CWE-494, MITRE ATLAS AML.T0010.003.
    id: "served-model-unpinned",
    title: "Served model is not pinned", "所部署的模型未固定版本",
    severity: Info, confidence: Medium,
    tags: &["CWE-494", "AML.T0010.003"], controls: &["MOD-02", "NET-02"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let Some(deployment) = scene.reading.deployment() else {
        return;
    };
    let mut models: Vec<Spot> = Vec::new();
    for container in &deployment.containers {
        models.extend(model(container));
    }
    if deployment.kind == ManifestKind::Modelfile {
        models.extend(
            deployment
                .images
                .iter()
                .filter(|image| !image.text.starts_with(['/', '.']) && !image.text.contains("@sha256:"))
                .cloned(),
        );
    }
    for document in scene.reading.tree().iter().flat_map(|tree| &tree.documents) {
        document.walk(&mut |key, node| {
            let uri = node
                .as_str()
                .filter(|_| matches!(key, "storageUri" | "storage_uri" | "modelUri"));
            let floating = uri.is_some_and(|uri| {
                uri.starts_with("hf://")
                    && !uri
                        .rsplit_once(':')
                        .is_some_and(|(_, revision)| is_commit(revision))
            });
            if floating {
                models.extend(uri.map(|uri| Spot::new(uri, node.span.clone())));
            }
        });
    }
    for model in models {
        sink.report(
            scene.reading.range(&model.span),
            text!(
                "a model is fetched at start without a fixed revision",
                "启动时获取的模型未固定修订版本"
            ),
        )
        .severity(Severity::Info)
        .evidence(&model.text)
        .hint(text!("name the commit as revision", "指定提交作为修订版本"));
    }
}

fn model(container: &Container) -> Option<Spot> {
    let words = &container.words;
    let next = |at: usize| words.get(at.saturating_add(1)).cloned();
    let mut found: Option<Spot> = None;
    let mut pinned = false;
    for (at, word) in words.iter().enumerate() {
        let (name, value) = word.text.split_once('=').unwrap_or((&word.text, ""));
        let argument = if value.is_empty() {
            next(at)
        } else {
            Some(Spot::new(value, word.span.clone()))
        };
        match name {
            "--model" | "--model-id" | "--model-path" | "--model_id" | "--hf-repo" | "serve" | "download" => {
                found = argument.filter(|one| is_hub_name(&one.text)).or(found);
            }
            "--revision" | "--model-revision" => pinned |= argument.is_some_and(|one| is_commit(&one.text)),
            _ => {}
        }
    }
    for name in ["MODEL_ID", "HF_MODEL_ID", "MODEL_NAME", "VLLM_MODEL"] {
        let variable = container
            .variable(name)
            .and_then(|one| Some(Spot::new(one.value.as_deref()?, one.span.clone())));
        found = found.or(variable.filter(|one| is_hub_name(&one.text)));
    }
    pinned |= ["REVISION", "HF_REVISION", "MODEL_REVISION"].iter().any(|name| {
        container
            .variable(name)
            .and_then(|one| one.value.as_deref())
            .is_some_and(is_commit)
    });
    found.filter(|_| !pinned)
}

fn is_hub_name(text: &str) -> bool {
    let parts: Vec<&str> = text.split('/').collect();
    let plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    parts.len() == 2 && parts.into_iter().all(plain)
}

fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.chars().all(|c| c.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check;

    #[test]
    fn a_commit_pins() {
        use Severity::Info;
        let commit = "a".repeat(40);
        for (command, severities) in [
            ("--model x/y".to_owned(), &[Info][..]),
            ("vllm serve x/y --revision main".to_owned(), &[Info]),
            (format!("--model x/y --revision {commit}"), &[]),
            ("--model /models/y".to_owned(), &[]),
        ] {
            let text = format!("services:\n  a:\n    image: b\n    command: {command}\n");
            check(
                "served-model-unpinned",
                "compose.yml",
                text.as_bytes(),
                severities,
            );
        }
    }
}
