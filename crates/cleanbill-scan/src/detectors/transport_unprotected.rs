//! Detector `transport-unprotected`.

use std::ops::Range;

use cleanbill_code::{
    commands::{Deed, deeds},
    workload::Deployment,
};
use cleanbill_core::{Severity, Text, text};

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Manifests that fetch or send without protection: public `http://` and `ftp://` addresses in arguments and variables,
    /// and settings that switch certificate checks off.
    /// ## Why it matters
    /// Anybody on the way can exchange a model, a package or a prompt, and read what is sent.
    /// ## How it is decided
    /// Addresses within the machine, the cluster or a private network are left alone: names without a dot, `.svc`,
    /// `.internal`, `.local`, private ranges. Proxies are left alone. Plain addresses are `low`; of models and package
    /// indexes, and with checks switched off, `medium`.
    /// ## What it misses
    /// Addresses put together at run time.
    /// ## What to do
    /// Use `https://`; give the certificate authority instead of switching checks off.
    /// ## References
    /// CWE-319, CWE-295.
    id: "transport-unprotected",
    title: "Transport without protection", "传输未受保护",
    severity: Medium, confidence: High,
    tags: &["CWE-319", "CWE-295"], controls: &["NET-01"],
    on: artifact => run,
}

/// Variables that switch checks off, with the values that do so; an empty text means the empty value.
const SWITCHES: &[(&str, &[&str])] = &[
    ("PYTHONHTTPSVERIFY", &["0"]),
    ("GIT_SSL_NO_VERIFY", &["1", "true"]),
    ("NODE_TLS_REJECT_UNAUTHORIZED", &["0"]),
    ("CURL_CA_BUNDLE", &[""]),
    ("REQUESTS_CA_BUNDLE", &[""]),
    ("HF_HUB_DISABLE_SSL_VERIFY", &["1", "true"]),
    ("HF_HUB_DISABLE_SSL_VERIFICATION", &["1", "true"]),
    ("SSL_VERIFY", &["0", "false"]),
    ("VERIFY_SSL", &["0", "false"]),
    ("TLS_VERIFY", &["0", "false"]),
    ("S3_VERIFY_SSL", &["0", "false"]),
    ("AWS_S3_VERIFY_SSL", &["0", "false"]),
    ("OPENAI_VERIFY_SSL", &["0", "false"]),
    ("DOCKER_TLS_VERIFY", &["0"]),
];
/// Keys of any manifest that switch checks off when they are true.
const KEYS: &[&str] = &[
    "insecureskipverify",
    "insecure_skip_verify",
    "insecureskiptlsverify",
    "skip_tls_verify",
    "skiptlsverify",
    "disable_ssl_verification",
];

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let Some(deployment) = scene.reading.deployment() else {
        return;
    };
    let mut report = |severity: Severity, span: &Range<usize>, message: Text, evidence: &str| {
        sink.report(scene.reading.range(span), message)
            .severity(severity)
            .evidence(evidence);
    };
    addresses(deployment, &mut report);
    for container in &deployment.containers {
        for variable in &container.variables {
            let Some(value) = variable.value.as_deref() else {
                continue;
            };
            let name = variable.name.to_ascii_uppercase();
            let is_off = |(one, values): &(&str, &[&str])| {
                *one == name && values.iter().any(|off| off.eq_ignore_ascii_case(value))
            };
            if SWITCHES.iter().any(is_off) || name == "PIP_TRUSTED_HOST" && !value.is_empty() {
                report(
                    Severity::Medium,
                    &variable.span,
                    switched_off(),
                    &format!("{name}={value}"),
                );
            }
        }
    }
    for command in &deployment.commands {
        for deed in deeds(&command.text) {
            let Deed::TrustsAnyone(words) = deed else { continue };
            let local = command.text.contains("localhost")
                || command.text.contains("127.0.0.1")
                || command.text.contains(".svc");
            let severity = if words.contains("StrictHostKey") || local {
                Severity::Low
            } else {
                Severity::Medium
            };
            report(severity, &command.span, switched_off(), &words);
        }
    }
    for document in scene.reading.tree().iter().flat_map(|tree| &tree.documents) {
        document.walk(&mut |key, node| {
            if KEYS.contains(&key.to_ascii_lowercase().as_str()) && node.as_bool() == Some(true) {
                report(Severity::Low, &node.span, switched_off(), key);
            }
        });
    }
}

fn switched_off() -> Text {
    text!("certificates or signatures are not checked", "不校验证书或签名")
}

/// Reports a finding: how bad, where, what, evidence.
type Report<'a> = dyn FnMut(Severity, &Range<usize>, Text, &str) + 'a;

fn addresses(deployment: &Deployment, report: &mut Report<'_>) {
    let mut seen: Vec<String> = Vec::new();
    let mut look = |name: &str, text: &str, span: &Range<usize>| {
        let upper = name.to_ascii_uppercase();
        if upper.ends_with("PROXY") {
            return;
        }
        for word in
            text.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | '(' | ')' | '`' | '='))
        {
            if !is_plain_and_public(word) || seen.iter().any(|one| one == word) {
                continue;
            }
            seen.push(word.to_owned());
            let weighty = ["MODEL", "INDEX", "HF_", "STORAGE", "WEIGHTS"]
                .iter()
                .any(|part| upper.contains(part))
                || [
                    ".safetensors",
                    ".gguf",
                    ".bin",
                    ".pt",
                    ".pth",
                    ".pkl",
                    ".onnx",
                    ".whl",
                ]
                .iter()
                .any(|end| word.ends_with(end));
            report(
                if weighty { Severity::Medium } else { Severity::Low },
                span,
                text!("an address without protected transport", "网址未使用受保护的传输"),
                word,
            );
        }
    };
    for container in &deployment.containers {
        for variable in &container.variables {
            look(
                &variable.name,
                variable.value.as_deref().unwrap_or_default(),
                &variable.span,
            );
        }
        for (at, word) in container.words.iter().enumerate() {
            let flag = at.checked_sub(1).and_then(|before| container.words.get(before));
            let flag = flag
                .map(|flag| flag.text.as_str())
                .filter(|flag| flag.starts_with('-'))
                .unwrap_or_default();
            look(
                &format!("{flag} {}", word.text.split('=').next().unwrap_or_default()),
                &word.text,
                &word.span,
            );
        }
    }
    for command in &deployment.commands {
        look("", &command.text, &command.span);
    }
}

fn is_plain_and_public(word: &str) -> bool {
    let Some((scheme, rest)) = word.split_once("://") else {
        return false;
    };
    if !matches!(scheme, "http" | "ftp" | "ws" | "git") {
        return false;
    }
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default().to_ascii_lowercase();
    let numbers: Vec<u8> = host.split('.').filter_map(|part| part.parse().ok()).collect();
    let private = match numbers.as_slice() {
        [10 | 127 | 0, _, _, _] | [192, 168, _, _] | [169, 254, _, _] => true,
        [172, second, _, _] => (16..32).contains(second),
        _ => false,
    };
    let inside = [
        ".svc",
        ".local",
        ".internal",
        ".lan",
        ".localhost",
        ".cluster",
        ".corp",
        ".home",
    ]
    .iter()
    .any(|end| host.ends_with(end))
        || host.contains(".svc.");
    host.contains('.') && !private && !inside && !host.contains(['$', '{', '<'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check;

    #[test]
    fn public_plain_addresses_and_switches_are_found() {
        use Severity::{Low, Medium};
        for (lines, severities) in [
            (
                "environment: {MODEL_URL: 'http://models.example.invalid/a'}",
                &[Medium][..],
            ),
            ("environment: {CALLBACK: 'http://x.example.invalid/a'}", &[Low]),
            (
                "environment: {A: 'http://minio:9000', B: 'http://10.0.0.1/', HTTP_PROXY: 'http://p.example.invalid'}",
                &[],
            ),
            ("environment: {GIT_SSL_NO_VERIFY: 'true'}", &[Medium]),
            ("environment: {SSL_VERIFY: 'true'}", &[]),
            ("command: curl -k https://x.example.invalid/a", &[Medium]),
        ] {
            let text = format!("services:\n  a:\n    image: b\n    {lines}\n");
            check(
                "transport-unprotected",
                "compose.yml",
                text.as_bytes(),
                severities,
            );
        }
    }
}
