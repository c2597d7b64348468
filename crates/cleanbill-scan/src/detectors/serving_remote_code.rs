//! Detector `serving-remote-code`.

use cleanbill_core::{Severity, text};

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Serving commands and variables that let a model bring code: `--trust-remote-code`, variables that allow pickles or
    /// switch off the safe loading of weights.
    /// ## Why it matters
    /// Whoever can change the model's repository then runs code in the serving container.
    /// ## How it is decided
    /// By words of the command and by variables with a true value. With a revision of the code pinned to a commit it is `low`.
    /// ## What it misses
    /// The same settings in configuration files of the image.
    /// ## What to do
    /// Use a model that needs no code, or pin `--code-revision` and `--revision` to commits you have read.
    /// ## References
    /// CWE-94, CWE-502, MITRE ATLAS AML.T0011.000.
    id: "serving-remote-code",
    title: "Serving lets a model bring code", "部署允许模型携带代码",
    severity: Medium, confidence: High,
    tags: &["CWE-94", "CWE-502", "AML.T0011.000"], controls: &["APP-03", "APP-04"],
    on: artifact => run,
}

/// Variables that do so when they are true.
const VARIABLES: &[&str] = &[
    "TRUST_REMOTE_CODE",
    "HF_TRUST_REMOTE_CODE",
    "HF_HUB_TRUST_REMOTE_CODE",
    "VLLM_TRUST_REMOTE_CODE",
    "HF_MODEL_TRUST_REMOTE_CODE",
    "HF_DATASETS_TRUST_REMOTE_CODE",
    "VLLM_ALLOW_INSECURE_SERIALIZATION",
    "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD",
    "LANGFLOW_ALLOW_CUSTOM_COMPONENTS_EXEC",
    "OPTION_TRUST_REMOTE_CODE",
    "TS_ALLOW_PICKLE",
    "ALLOW_PICKLE",
    "SGLANG_ALLOW_PICKLE",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION",
    "KERAS_ALLOW_UNSAFE_DESERIALIZATION",
];
const FLAGS: &[&str] = &[
    "--trust-remote-code",
    "--trust_remote_code",
    "--allow-pickle",
    "--unsafe-load",
    "--disable-safe-unpickle",
    "--always-trust-remote-code",
];

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let Some(deployment) = scene.reading.deployment() else {
        return;
    };
    for command in &deployment.commands {
        let words = cleanbill_code::commands::words(&command.text);
        let found = words.iter().enumerate().find(|(at, word)| {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            let next = words
                .get(at.saturating_add(1))
                .map(String::as_str)
                .unwrap_or_default();
            FLAGS.contains(&name) && !is_false(value) && !is_false(next)
        });
        let Some((_, word)) = found else { continue };
        let severity = if is_pinned(&words) {
            Severity::Low
        } else {
            Severity::Medium
        };
        sink.report(
            scene.reading.range(&command.span),
            text!(
                "a serving command lets the model bring code",
                "部署命令允许模型携带代码"
            ),
        )
        .severity(severity)
        .evidence(word)
        .hint(text!(
            "use a model that needs no code, or pin `--code-revision` to a commit",
            "使用无需代码的模型，或将 `--code-revision` 固定到提交"
        ));
    }
    for variable in deployment
        .containers
        .iter()
        .flat_map(|container| &container.variables)
    {
        let on = variable
            .value
            .as_deref()
            .is_some_and(|value| matches!(value.to_ascii_lowercase().as_str(), "1" | "true" | "yes" | "on"));
        if on && VARIABLES.contains(&variable.name.to_ascii_uppercase().as_str()) {
            sink.report(
                scene.reading.range(&variable.span),
                text!("a variable lets models bring code", "环境变量允许模型携带代码"),
            )
            .evidence(&variable.name);
        }
    }
}

fn is_false(value: &str) -> bool {
    value.eq_ignore_ascii_case("false") || value == "0"
}

fn is_pinned(words: &[String]) -> bool {
    let commit = |text: &str| text.len() == 40 && text.chars().all(|c| c.is_ascii_hexdigit());
    words.iter().enumerate().any(|(at, word)| {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        let next = words
            .get(at.saturating_add(1))
            .map(String::as_str)
            .unwrap_or_default();
        matches!(name, "--code-revision" | "--revision") && (commit(value) || commit(next))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check;

    #[test]
    fn flags_and_variables_are_found() {
        use Severity::{Low, Medium};
        let commit = "a".repeat(40);
        for (lines, severities) in [
            (
                "command: vllm serve x/y --trust-remote-code".to_owned(),
                &[Medium][..],
            ),
            (
                format!("command: vllm serve x/y --trust-remote-code --code-revision {commit}"),
                &[Low],
            ),
            ("command: serve --trust-remote-code=false".to_owned(), &[]),
            ("environment: {TRUST_REMOTE_CODE: 'true'}".to_owned(), &[Medium]),
            ("environment: {TRUST_REMOTE_CODE: 'false'}".to_owned(), &[]),
        ] {
            let text = format!("services:\n  a:\n    image: b\n    {lines}\n");
            check("serving-remote-code", "compose.yml", text.as_bytes(), severities);
        }
    }
}
