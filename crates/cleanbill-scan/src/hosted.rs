//! Models behind a provider's address that code and configuration name.

use std::{ops::Range, sync::OnceLock};

use aho_corasick::{AhoCorasick, MatchKind};
use cleanbill_formats::{
    bytes::size_u64,
    text::{Kind, View},
};

use crate::scene::Scene;

/// Holds a hosted model that a text names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HostedModel {
    /// Its name as written.
    pub(crate) name: String,
    /// Where it stands.
    pub(crate) range: Range<u64>,
    /// The name holds a date or a number of a build, and is no alias.
    pub(crate) is_dated: bool,
}

/// LIMIT: longest text looked at; code and configuration are shorter, data is not meant.
const BYTES: u64 = 256 * 1024;
/// LIMIT: models taken of one text.
const MODELS: usize = 200;
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

/// Lists the hosted models that a text of code or configuration names, each once.
pub(crate) fn models(view: &View, scene: &Scene<'_>) -> Vec<HostedModel> {
    let mut models: Vec<HostedModel> = Vec::new();
    let told = matches!(
        view.kind,
        Kind::Json | Kind::PythonSource | Kind::JavaScript | Kind::Yaml | Kind::Toml | Kind::Notebook
    ) || matches!(scene.extension, "py" | "ts" | "env" | "go" | "java");
    if !told || scene.source.size() > BYTES {
        return models;
    }
    let Some(written) = scene.reading.text() else {
        return models;
    };
    let text = written.text.as_str();
    // The end of the line last asked, and whether it speaks of a model.
    let mut line = (0_usize, false);
    for found in families().into_iter().flat_map(|words| words.find_iter(text)) {
        let (before, after) = text.split_at(found.start());
        // `provider/name` is how gateways write it.
        if !before.ends_with(|c: char| parts(c) || matches!(c, '/' | ':')) && !before.is_empty() {
            continue;
        }
        let end = after.find(parts).unwrap_or(after.len());
        let name = after.get(..end).unwrap_or_default().trim_end_matches(':');
        let rest = name.get(found.len()..).unwrap_or_default();
        let family = text.get(found.range()).unwrap_or_default();
        let fits = family.ends_with('-') && !rest.is_empty()
            || rest.is_empty()
            || rest.starts_with('-')
            || rest.starts_with('o') && family.len() > 3;
        if !fits || name.contains('/') || name.len() > 64 || models.iter().any(|one| one.name == name) {
            continue;
        }
        if found.start() >= line.0 {
            let start = before.rfind('\n').map_or(0, |at| at + 1);
            let stop = after.find('\n').map_or(text.len(), |at| found.start() + at);
            let speaks = text
                .get(start..stop)
                .is_some_and(|line| line.to_ascii_lowercase().contains("model"));
            line = (stop, speaks);
        }
        if !line.1 {
            continue;
        }
        let from = found.start();
        models.push(HostedModel {
            name: name.to_owned(),
            range: written.start + size_u64(from)..written.start + size_u64(from + name.len()),
            is_dated: is_dated(name),
        });
        if models.len() >= MODELS {
            break;
        }
    }
    models
}

/// Returns who provides the models of a family.
pub(crate) fn provider(model: &str) -> Option<&'static str> {
    let (_, provider) = PROVIDERS.iter().find(|(start, _)| model.starts_with(start))?;
    Some(provider)
}

const PROVIDERS: &[(&str, &str)] = &[
    ("chatgpt-", "OpenAI"),
    ("claude-", "Anthropic"),
    ("command-", "Cohere"),
    ("deepseek-", "DeepSeek"),
    ("gemini-", "Google"),
    ("gpt-", "OpenAI"),
    ("grok-", "xAI"),
    ("mistral-", "Mistral AI"),
    ("o1", "OpenAI"),
    ("o3", "OpenAI"),
    ("o4", "OpenAI"),
    ("qwen-", "Alibaba Cloud"),
    ("text-embedding-", "OpenAI"),
];

/// Says whether a character stands between words.
fn parts(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '"' | '\'' | '`' | ',' | '(' | ')' | '=' | '[' | ']' | '{' | '}' | ';'
        )
}

fn families() -> Option<&'static AhoCorasick> {
    static WORDS: OnceLock<Option<AhoCorasick>> = OnceLock::new();
    WORDS
        .get_or_init(|| {
            AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostLongest)
                .build(FAMILIES)
                .ok()
        })
        .as_ref()
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
