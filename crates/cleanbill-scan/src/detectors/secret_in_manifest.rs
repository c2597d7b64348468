//! Detector `secret-in-manifest`.

use cleanbill_code::tree::Node;
use cleanbill_core::{Severity, text};

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Variables of recipes, Compose files and pods named like a secret, with a value written out, and values of Kubernetes
    /// `Secret` objects.
    /// ## Why it matters
    /// Manifests are shared and kept for ever in histories and image layers; who reads one has the secret.
    /// ## How it is decided
    /// By the variable's name (`TOKEN`, `PASSWORD`, `API_KEY` ...) and a value that is no reference, path, address or
    /// placeholder. A value that looks random is `medium`, one that anybody would guess `low`. The value itself is never shown.
    /// ## What it misses
    /// Secrets under names that do not tell; known forms of keys have detectors of their own.
    /// ## What to do
    /// Revoke the secret; hand it over through a secret store or at build time with `--mount=type=secret`.
    /// ## References
    /// CWE-798, CWE-312.
    id: "secret-in-manifest",
    title: "Secret written into a manifest", "清单中写有机密",
    severity: Medium, confidence: Medium,
    tags: &["CWE-798", "CWE-312", "AML.T0055"], controls: &["SYS-06"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let Some(deployment) = scene.reading.deployment() else {
        return;
    };
    for variable in deployment
        .containers
        .iter()
        .flat_map(|container| &container.variables)
    {
        let Some(value) = variable.value.as_deref() else {
            continue;
        };
        if !is_secret_name(&variable.name) {
            continue;
        }
        if let Some(severity) = weigh(value) {
            let name = &variable.name;
            sink.report(
                scene.reading.range(&variable.span),
                text!("the value of `{name}` is written out", "`{name}` 的值被直接写出"),
            )
            .severity(severity)
            .hint(text!(
                "revoke it and hand it over through a secret store",
                "吊销该值，并通过机密存储传递"
            ));
        }
    }
    for document in scene.reading.tree().iter().flat_map(|tree| &tree.documents) {
        document.walk(&mut |_, node| {
            if node.str_at(&["kind"]) != Some("Secret") || node.get("sealed").is_some() {
                return;
            }
            for (key, coded) in [("stringData", false), ("data", true)] {
                for entry in node.get(key).map(Node::entries).unwrap_or_default() {
                    let value = entry.value.as_str().unwrap_or_default();
                    let encrypted =
                        value.starts_with("ENC[") || value.contains("vault:") || value.starts_with("ref+");
                    let Some(severity) = weigh(value).filter(|_| !encrypted) else {
                        continue;
                    };
                    let severity = if coded && value.len() < 16 {
                        Severity::Low
                    } else {
                        severity
                    };
                    let name = &entry.key;
                    sink.report(
                        scene.reading.range(&(entry.key_span.start..entry.value.span.end)),
                        text!("the value of `{name}` is written out", "`{name}` 的值被直接写出"),
                    )
                    .severity(severity);
                }
            }
        });
    }
}

fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let parts: Vec<&str> = name.split(['_', '-', '.']).collect();
    let ends = |words: &[&str]| parts.last().is_some_and(|last| words.contains(last));
    let key = ends(&["KEY"])
        && [
            "API",
            "ACCESS",
            "SECRET",
            "PRIVATE",
            "ENCRYPTION",
            "MASTER",
            "SIGNING",
            "AUTH",
        ]
        .iter()
        .any(|word| parts.contains(word))
        && !parts.contains(&"PUBLIC");
    ends(&[
        "TOKEN",
        "PASSWORD",
        "PASSWD",
        "PWD",
        "SECRET",
        "APIKEY",
        "CREDENTIAL",
        "CREDENTIALS",
        "PASSPHRASE",
    ]) && name != "PWD"
        && name != "OLDPWD"
        || key
}

/// Says how bad a value is; `None` where it is none: a reference, a path, a placeholder.
fn weigh(value: &str) -> Option<Severity> {
    let bare = value.trim().trim_matches(['"', '\'']);
    let lower = bare.to_ascii_lowercase();
    let reference = bare.is_empty()
        || bare.contains(['$', '<', '{', ' ', '*'])
        || bare.starts_with(['/', '.'])
        || bare.contains("://")
        || bare.contains("...");
    let placeholder = [
        "your",
        "change",
        "replace",
        "example",
        "placeholder",
        "dummy",
        "insert",
        "todo",
        "xxxx",
        "redacted",
        "fake",
        "sample",
        "token-abc123",
        "none",
        "null",
        "empty",
        "n/a",
        "here",
        "my-",
        "my_",
        "not-",
        "not_",
        "unused",
        "true",
        "false",
    ];
    if reference
        || placeholder.iter().any(|word| lower.contains(word))
        || bare.parse::<f64>().is_ok_and(|_| bare.len() < 4)
    {
        return None;
    }
    let digits = bare.chars().filter(char::is_ascii_digit).count();
    let letters = bare.chars().filter(char::is_ascii_alphabetic).count();
    let distinct: std::collections::BTreeSet<char> = bare.chars().collect();
    let random = bare.len() >= 16 && digits >= 2 && letters >= 6 && distinct.len() >= 10;
    Some(if random { Severity::Medium } else { Severity::Low })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check;

    #[test]
    fn values_are_weighed() {
        use Severity::{Low, Medium};
        for (line, severities) in [
            ("ENV HF_TOKEN=h1a9Qz7Lx2Wv8Ns4Kd0P", &[Medium][..]),
            ("ENV POSTGRES_PASSWORD=postgres", &[Low]),
            ("ENV HF_TOKEN=${HF_TOKEN}", &[]),
            ("ENV API_KEY=your-key-here", &[]),
            ("ENV TOKENIZER=abc", &[]),
            ("ARG HF_TOKEN", &[]),
        ] {
            let text = format!("FROM a:1\n{line}\n");
            check("secret-in-manifest", "Dockerfile", text.as_bytes(), severities);
        }
    }
}
