//! Detector `image-unpinned`.

use cleanbill_code::workload::ManifestKind;
use cleanbill_core::{Severity, text};

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Container images named without a digest, in recipes, Compose files, Kubernetes objects, charts and workflows.
    /// ## Why it matters
    /// A tag can be moved; what runs tomorrow need not be what was examined today.
    /// ## How it is decided
    /// `latest` or no tag is `low`, any other tag `info`. Arguments of a recipe are put in. Images that the manifest builds
    /// itself, `scratch` and names that are not known before run time are left alone.
    /// ## What it misses
    /// Whether a digest is that of the intended image.
    /// ## What to do
    /// Name the digest: `image:tag@sha256:...`.
    /// ## References
    /// CWE-494, MITRE ATLAS AML.T0010.004.
    id: "image-unpinned",
    title: "Container image without a digest", "容器镜像未用摘要固定",
    severity: Info, confidence: High,
    tags: &["CWE-494", "AML.T0010.004"], controls: &["SYS-01"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let Some(deployment) = scene.reading.deployment() else {
        return;
    };
    if deployment.kind == ManifestKind::Modelfile {
        return;
    }
    let is_recipe = deployment.kind == ManifestKind::Dockerfile;
    let built: Vec<&str> = deployment
        .containers
        .iter()
        .filter(|container| container.is_built && !is_recipe)
        .filter_map(|container| Some(container.image.as_ref()?.text.as_str()))
        .collect();
    for image in &deployment.images {
        let name = image.text.as_str();
        let unknown = name.is_empty()
            || name.contains(['$', '{', '<'])
            || name == "scratch"
            || name.starts_with("./")
            || name == "Dockerfile";
        if unknown
            || built.contains(&name)
            || name.contains("@sha256:")
            || name.contains("@sha512:")
            || name.ends_with(":chart")
        {
            continue;
        }
        let tag = name
            .rsplit('/')
            .next()
            .and_then(|last| last.split_once(':'))
            .map(|(_, tag)| tag);
        let range = scene.reading.range(&image.span);
        match tag {
            None | Some("latest" | "") => sink
                .report(
                    range,
                    text!(
                        "an image without a fixed version: `{name}`",
                        "镜像未固定版本：`{name}`"
                    ),
                )
                .severity(Severity::Low),
            Some(_) => sink.report(
                range,
                text!(
                    "an image without a digest: `{name}`",
                    "镜像未用摘要固定：`{name}`"
                ),
            ),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check;

    #[test]
    fn tags_move_and_digests_do_not() {
        use Severity::{Info, Low};
        let digest = "a".repeat(64);
        for (text, severities) in [
            ("FROM python\nRUN true\n".to_owned(), &[Low][..]),
            ("FROM python:3.12\nRUN true\n".to_owned(), &[Info]),
            (
                format!("FROM python:3.12@sha256:{digest} AS a\nRUN true\nFROM a\nRUN true\n"),
                &[],
            ),
            ("FROM scratch\nCOPY a /a\n".to_owned(), &[]),
            ("ARG B=x:latest\nFROM ${B}\nRUN true\n".to_owned(), &[Low]),
            ("ARG B\nFROM ${B}\nRUN true\n".to_owned(), &[]),
        ] {
            check("image-unpinned", "Dockerfile", text.as_bytes(), severities);
        }
    }
}
