//! Detector `suspicious-string`.

use std::ops::Range;

use cleanbill_core::{Severity, Text, text};
use cleanbill_formats::Parsed;

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Text in a model's metadata that looks like a command, a script, a template or an address in numbers.
    /// ## Why it matters
    /// It does nothing by itself; it is context for a person who looks at other findings.
    /// ## How it is decided
    /// Metadata of safetensors and GGUF, chat templates apart, is searched for a short list of words.
    /// ## What it misses
    /// Anything encoded or reworded. Links to web pages are normal and are not reported.
    /// ## What to do
    /// Nothing by itself.
    /// ## References
    /// None.
    id: "suspicious-string",
    title: "Suspicious text in metadata", "元数据中的可疑文本",
    severity: Low, confidence: Low,
    tags: &[], controls: &["MOD-01"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for parsed in scene.parsed {
        match parsed {
            Parsed::Safetensors(view) => {
                for entry in &view.metadata {
                    look(&entry.key, &entry.value, &entry.range, sink);
                }
            }
            Parsed::Gguf(view) => {
                let others = view
                    .texts
                    .iter()
                    .filter(|text| !text.key.contains("chat_template"));
                for entry in others {
                    look(&entry.key, &entry.text, &entry.range, sink);
                }
            }
            _ => {}
        }
    }
}

fn look(key: &str, value: &str, range: &Range<u64>, sink: &mut Sink<'_>) {
    if let Some(what) = suspicious(value) {
        let severity = if what.en().contains("address") {
            Severity::Info
        } else {
            Severity::Low
        };
        sink.report(Some(range.clone()), what)
            .severity(severity)
            .evidence(&format!("{key}: {value}"));
    }
}

fn suspicious(value: &str) -> Option<Text> {
    let lower = value.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if has(&[
        "__import__(",
        "os.system(",
        "subprocess.",
        "eval(",
        "exec(",
        "pickle.loads(",
    ]) {
        return Some(text!(
            "metadata holds what looks like Python code",
            "元数据中疑似含有 Python 代码"
        ));
    }
    let fetches = has(&["curl ", "wget "]) && has(&["| sh", "|sh", "| bash", "|bash"]);
    if fetches
        || has(&[
            "powershell -e",
            "/bin/sh -",
            "bash -c ",
            "cmd.exe /c",
            "base64 -d",
            "/dev/tcp/",
        ])
    {
        return Some(text!(
            "metadata holds what looks like a command",
            "元数据中疑似含有命令"
        ));
    }
    if has(&["<script", "javascript:"]) {
        return Some(text!(
            "metadata holds what looks like a script for web pages",
            "元数据中疑似含有网页脚本"
        ));
    }
    if has(&["{%", "{{"]) && has(&["%}", "}}"]) && !lower.trim_start().starts_with('{') {
        return Some(text!(
            "metadata holds what looks like a template",
            "元数据中疑似含有模板"
        ));
    }
    numeric_address(&lower).then(|| text!("metadata holds an address in numbers", "元数据中含有数字地址"))
}

/// Finds `://` followed by four numbers.
fn numeric_address(text: &str) -> bool {
    text.split("://").skip(1).any(|rest| {
        let host: String = rest
            .chars()
            .take_while(|c| c.is_ascii_digit() || *c == '.')
            .collect();
        let parts: Vec<&str> = host.split('.').collect();
        parts.len() == 4 && parts.iter().all(|part| part.parse::<u8>().is_ok()) && !host.starts_with("127.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn honest_metadata_is_silent() {
        for value in [
            "pt",
            "https://huggingface.co/x",
            r#"{"a": {"b": 1}}"#,
            "apache-2.0",
            "http://127.0.0.1/x",
        ] {
            assert!(suspicious(value).is_none(), "{value}");
        }
        for value in [
            "curl http://x | sh",
            "__import__('os')",
            "http://203.0.113.7/a",
            "<script>",
            "a {{ x }}",
        ] {
            assert!(suspicious(value).is_some(), "{value}");
        }
    }
}
