//! Detector `hosted-model-alias`.

use cleanbill_core::text;
use cleanbill_formats::{
    bytes::size_u64,
    text::{Kind, View},
};

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// A model of a provider that is named by an alias, such as `gpt-4o` or `claude-sonnet-latest`, and not by a dated version.
    /// ## Why it matters
    /// The provider moves an alias to another model when it likes; what was evaluated is not what runs.
    /// ## How it is decided
    /// Names of well-known families that stand in quotation marks, or as the value of a key called `model`, in code and configuration. A
    /// version is a date or a number of a build.
    /// ## What it misses
    /// Names put together at run time; models behind a name of the user's own; families that appeared later.
    /// ## What to do
    /// Name a dated version where the provider has one, and evaluate before changing it.
    /// ## References
    /// MITRE ATLAS AML.T0109.
    id: "hosted-model-alias",
    title: "Hosted model without a fixed version", "未固定版本的托管模型",
    severity: Info, confidence: Medium,
    tags: &[], controls: &["APP-08"],
    on: Text => run,
}

/// LIMIT: longest text looked at; code and configuration are shorter, data is not meant.
const BYTES: u64 = 256 * 1024;
/// Findings of one text.
const FINDINGS: usize = 20;
const FAMILIES: &[&str] = &[
    "chatgpt-4o",
    "claude-",
    "command-",
    "deepseek-chat",
    "deepseek-reasoner",
    "gemini-",
    "gpt-3.5",
    "gpt-4",
    "gpt-5",
    "grok-",
    "mistral-large",
    "mistral-medium",
    "mistral-small",
    "o1",
    "o3",
    "o4",
    "qwen-max",
    "qwen-plus",
    "qwen-turbo",
    "text-embedding-",
];

fn run(view: &View, scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let told = matches!(
        view.kind,
        Kind::Json | Kind::PythonSource | Kind::JavaScript | Kind::Yaml | Kind::Toml | Kind::Notebook
    ) || matches!(scene.extension, "ts" | "env" | "go" | "java");
    if !told || scene.source.size() > BYTES {
        return;
    }
    let Some(written) = scene.reading.text() else {
        return;
    };
    let mut seen: Vec<&str> = Vec::new();
    if !written.text.contains("model") {
        return;
    }
    let mut at = 0_usize;
    for line in written.text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        if !line.to_ascii_lowercase().contains("model") {
            continue;
        }
        for word in line.split(|c: char| {
            c.is_whitespace()
                || matches!(
                    c,
                    '"' | '\'' | '`' | ',' | '(' | ')' | '=' | '[' | ']' | '{' | '}' | ';'
                )
        }) {
            // `provider/name` is how gateways write it.
            let name = word.trim_matches(':').rsplit('/').next().unwrap_or(word);
            let family = FAMILIES.iter().any(|family| {
                name.strip_prefix(family).is_some_and(|rest| {
                    family.ends_with('-') && !rest.is_empty()
                        || rest.is_empty()
                        || rest.starts_with('-')
                        || rest.starts_with('o') && family.len() > 3
                })
            });
            if !family || is_dated(name) || name.len() > 64 || seen.contains(&name) || seen.len() >= FINDINGS
            {
                continue;
            }
            seen.push(name);
            let from = start + line.find(name).unwrap_or(0);
            let range = written.start + size_u64(from)..written.start + size_u64(from + name.len());
            sink.report(
                Some(range),
                text!("a hosted model is named by an alias", "托管模型以别名引用"),
            )
            .evidence(name);
        }
    }
}

/// Says whether a name ends with a date or the number of a build.
fn is_dated(name: &str) -> bool {
    let digits =
        |part: &str, least: usize| part.len() >= least && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = name.split(['-', '@', ':']).collect();
    parts.iter().any(|part| digits(part, 6))
        || parts.last().is_some_and(|part| digits(part, 3))
        || name.contains("-20") && parts.iter().any(|part| digits(part, 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_known() {
        for name in [
            "gpt-4o-2024-08-06",
            "claude-3-5-sonnet-20241022",
            "gpt-4-0613",
            "gemini-1.5-pro-002",
            "mistral-large-2411",
        ] {
            assert!(is_dated(name), "{name}");
        }
        for name in ["gpt-4o", "claude-3-5-sonnet-latest", "gemini-2.0-flash", "gpt-5"] {
            assert!(!is_dated(name), "{name}");
        }
    }
}
