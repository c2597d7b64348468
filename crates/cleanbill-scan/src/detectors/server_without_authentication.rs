//! Detector `server-without-authentication`.

use cleanbill_code::workload::{Container, ManifestKind, Power};
use cleanbill_core::{Confidence, Severity, text};

use crate::{
    detector::detector,
    scene::Scene,
    servers::{OFF, PRODUCTS, Product},
    sink::Sink,
};

detector! {
    /// ## What it finds
    /// Model servers, notebooks, dashboards and stores that a manifest starts without a key or password.
    /// ## Why it matters
    /// Such services are found by scanners of the Internet within hours. A notebook or Ray dashboard runs whatever a visitor
    /// sends; a model server gives away the model, its prompts and its computing time.
    /// ## How it is decided
    /// The product is known by image and command. Authentication that is switched off expressly is `medium`, and `high` for
    /// services that run code and are published on the host; a published service that has none unless told to is `low`.
    /// ## What it misses
    /// Authentication by a gateway in front of it, and configuration in files of the image.
    /// ## What to do
    /// Set the key or password from a secret, bind to `127.0.0.1`, or put a gateway in front.
    /// ## References
    /// CWE-306, CVE-2023-48022, MITRE ATLAS AML.T0049.
    id: "server-without-authentication",
    title: "Server without authentication", "服务未设身份验证",
    severity: Low, confidence: Medium,
    tags: &["CWE-306", "AML.T0049"], controls: &["NET-05", "APP-04", "APP-06"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let Some(deployment) = scene.reading.deployment() else {
        return;
    };
    for container in &deployment.containers {
        let line = container.line();
        let published =
            container.ports.iter().any(|port| port.published) || container.has(&Power::HostNetwork);
        let span = container
            .commands
            .first()
            .map_or(&container.span, |command| &command.span);
        let range = scene.reading.range(
            if deployment.kind == ManifestKind::Dockerfile || !container.commands.is_empty() {
                span
            } else {
                &container.span
            },
        );
        if let Some((what, code)) = switched_off(container, &line) {
            let severity = if code && published {
                Severity::High
            } else {
                Severity::Medium
            };
            sink.report(
                range,
                text!(
                    "authentication is switched off: `{what}`",
                    "身份验证被关闭：`{what}`"
                ),
            )
            .severity(severity)
            .confidence(Confidence::High)
            .evidence(&container.name);
            continue;
        }
        let Some(product) = PRODUCTS
            .iter()
            .find(|product| is_product(product, container, &line))
        else {
            continue;
        };
        let protected = product
            .protections
            .iter()
            .any(|one| line.contains(one) || container.variable(one).is_some());
        if protected || !published {
            continue;
        }
        let name = product.name;
        let severity = if name == "Ray" {
            Severity::High
        } else {
            Severity::Low
        };
        sink.report(
            range,
            text!(
                "{name} is published without authentication",
                "{name} 对外发布且未设身份验证"
            ),
        )
        .severity(severity)
        .evidence(&container.name)
        .hint(text!(
            "set a key from a secret, or publish on 127.0.0.1 only",
            "通过机密设置密钥，或仅在 127.0.0.1 上发布"
        ));
    }
}

fn is_product(product: &Product, container: &Container, line: &str) -> bool {
    let image = container
        .image
        .as_ref()
        .map(|image| image.text.as_str())
        .unwrap_or_default();
    let exporter = image.contains("exporter") || image.contains("client");
    !exporter
        && (product.images.iter().any(|part| image.contains(part))
            || product.commands.iter().any(|part| line.contains(part)))
}

fn switched_off(container: &Container, line: &str) -> Option<(String, bool)> {
    for variable in &container.variables {
        let Some(value) = variable.value.as_deref() else {
            continue;
        };
        let name = variable.name.to_ascii_uppercase();
        for (one, values, code) in OFF {
            if *one == name && values.iter().any(|off| off.eq_ignore_ascii_case(value)) {
                return Some((format!("{name}={value}"), *code));
            }
        }
    }
    for word in &container.words {
        let (name, value) = word.text.split_once('=').unwrap_or((&word.text, "?"));
        let name = name.trim_start_matches("--");
        let empty = matches!(value, "" | "''" | "\"\"");
        let jupyter = [
            "NotebookApp.",
            "ServerApp.",
            "IdentityProvider.",
            "PasswordIdentityProvider.",
        ]
        .iter()
        .any(|part| name.starts_with(part));
        if jupyter
            && matches!(name.rsplit('.').next(), Some("token" | "password"))
            && empty
            && !has_other(container, name)
        {
            return Some((word.text.clone(), true));
        }
        if jupyter && name.ends_with(".disable_check_xsrf") && value == "True" {
            return Some((word.text.clone(), true));
        }
    }
    for (sign, code) in [
        ("tcp://0.0.0.0:2375", true),
        ("--auth none", true),
        ("--auth=none", true),
        ("--without-authentication", false),
        ("--no-auth", false),
        ("--disable-auth", false),
        ("--anonymous-auth=true", true),
        ("--authorization-mode=AlwaysAllow", true),
        ("--skip-login", false),
        ("--enable-skip-login", false),
        ("--protected-mode no", true),
    ] {
        if line.contains(sign) {
            return Some((sign.to_owned(), code));
        }
    }
    None
}

/// An empty password beside a token, or the other way round, still asks for the other.
fn has_other(container: &Container, name: &str) -> bool {
    let wanted = if name.rsplit('.').next() == Some("token") {
        ".password="
    } else {
        ".token="
    };
    let other = |word: &str| {
        word.split_once(wanted)
            .is_some_and(|(_, value)| !matches!(value, "" | "''" | "\"\""))
    };
    container.words.iter().any(|word| other(&word.text)) || container.variable("JUPYTER_TOKEN").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check;

    #[test]
    fn published_and_open_is_told_from_the_rest() {
        use Severity::{High, Low, Medium};
        for (lines, severities) in [
            (
                "image: vllm/vllm-openai:v0.9.0\n    ports: ['8000:8000']",
                &[Low][..],
            ),
            (
                "image: vllm/vllm-openai:v0.9.0\n    command: --api-key $K\n    ports: ['8000:8000']",
                &[],
            ),
            (
                "image: vllm/vllm-openai:v0.9.0\n    ports: ['127.0.0.1:8000:8000']",
                &[],
            ),
            (
                "image: a\n    command: start.sh --ServerApp.token=''\n    ports: ['8888:8888']",
                &[High],
            ),
            ("image: a\n    command: start.sh --ServerApp.token=''", &[Medium]),
            (
                "image: a\n    command: ray start --dashboard-host=0.0.0.0\n    ports: ['8265:8265']",
                &[High],
            ),
            (
                "image: open-webui:1\n    environment: [WEBUI_AUTH=False]",
                &[Medium],
            ),
        ] {
            let text = format!("services:\n  a:\n    {lines}\n");
            check(
                "server-without-authentication",
                "compose.yml",
                text.as_bytes(),
                severities,
            );
        }
    }
}
