//! Detector `mcp-server-exposed`.

use cleanbill_core::{Severity, text};
use cleanbill_formats::text::View;

use crate::{
    agents::{self, servers},
    detector::detector,
    scene::Scene,
    sink::Sink,
};

detector! {
    /// ## What it finds
    /// A server of an agent that is reached without encryption, is given keys in the configuration itself, may use every tool
    /// without a question, or sees the whole file system; and settings that switch off an agent's questions for good.
    /// ## Why it matters
    /// Each turns a mistake or an injected sentence into damage: tools and keys are read or changed on the way, or used
    /// without anybody seeing it.
    /// ## How it is decided
    /// Addresses with `http://` other than this machine's; values that look like keys of known services, and not like
    /// placeholders; `*` in lists of tools that run without a question; `/` or a home as folder of a server of files;
    /// `bypassPermissions`, `danger-full-access`, `enableAllProjectMcpServers`.
    /// ## What it misses
    /// Rights that the server asks for at run time; keys of services that have no mark.
    /// ## What to do
    /// Use `https://`, take keys from the environment, list tools by name, and name the folders that are needed.
    /// ## References
    /// CWE-319, CWE-798, CWE-250, MITRE ATLAS AML.T0110, OWASP LLM06.
    id: "mcp-server-exposed",
    title: "Agent configuration without protection", "缺乏保护的智能体配置",
    severity: Medium, confidence: High,
    tags: &["CWE-250", "CWE-319", "CWE-798"], controls: &["APP-05", "APP-06"],
    on: Text => run,
}

/// Beginnings of keys of well-known services.
const KEYS: &[&str] = &[
    "sk-",
    "ghp_",
    "gho_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "AKIA",
    "ASIA",
    "AIza",
    "hf_",
    "npm_",
    "pypi-",
    "sk_live_",
    "rk_live_",
    "SG.",
    "eyJhbGciOi",
    "lin_api_",
    "ntn_",
    "secret_",
    "tvly-",
    "fc-",
    "BSA",
    "pk_live_",
    "dop_v1_",
];

fn run(view: &View, scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for server in servers(view, scene) {
        let at = Some(server.range.clone());
        if let Some(rest) = server.address.strip_prefix("http://")
            && ![
                "localhost",
                "127.",
                "[::1]",
                "0.0.0.0",
                "host.docker.internal",
                "${",
                "192.168.",
                "10.",
            ]
            .iter()
            .any(|host| rest.starts_with(host))
        {
            sink.report(
                at.clone(),
                text!("a server is reached without encryption", "以未加密方式访问服务器"),
            )
            .evidence(&server.address);
        }
        let values = server
            .environment
            .iter()
            .chain(&server.headers)
            .map(|(key, value)| (key.as_str(), value.as_str()));
        let given = server.arguments.iter().map(|one| ("args", one.as_str()));
        if let Some((key, value)) = values
            .chain(given)
            .chain([("url", server.address.as_str())])
            .find(|(_, value)| is_key(value))
        {
            let shown: String = value.chars().take(6).collect();
            sink.report(
                at.clone(),
                text!(
                    "a key stands in the configuration of a server",
                    "服务器配置中含有密钥"
                ),
            )
            .evidence(&format!("{key}: {shown}…"));
        }
        if server.approved.iter().any(|name| name == "*") {
            sink.report(
                at.clone(),
                text!(
                    "every tool of a server runs without a question",
                    "服务器的所有工具无需确认即可运行"
                ),
            )
            .evidence(&server.name);
        }
        let files = server.arguments.iter().any(|one| one.contains("filesystem"));
        let whole = server.arguments.iter().find(|one| {
            matches!(
                one.trim_end_matches(['/', '\\']),
                "" | "C:" | "~" | "/home" | "/Users" | "/root" | "$HOME" | "${HOME}"
            ) && !one.is_empty()
        });
        if let (true, Some(whole)) = (files, whole) {
            sink.report(
                at,
                text!("a server sees the whole file system", "服务器可访问整个文件系统"),
            )
            .evidence(whole);
        }
    }
    let keys = [
        "permissions",
        "enableAllProjectMcpServers",
        "approval_policy",
        "sandbox_mode",
        "autoApprove",
        "yolo",
        "chat.tools.autoApprove",
        "chat.tools.global.autoApprove",
    ];
    let Some((root, start)) = agents::tree(view, scene, &keys) else {
        return;
    };
    let mode = root
        .at("permissions")
        .and_then(|permissions| permissions.at("defaultMode"))
        .or(root.at("sandbox_mode"));
    let open = mode.filter(|mode| matches!(mode.text(), Some("bypassPermissions" | "danger-full-access")));
    let always = [
        "enableAllProjectMcpServers",
        "chat.tools.autoApprove",
        "chat.tools.global.autoApprove",
        "yolo",
    ];
    let always = always
        .iter()
        .filter_map(|key| root.at(key))
        .find(|value| value.is_true());
    let rights = root
        .at("permissions")
        .and_then(|permissions| permissions.at("allow"));
    let rights = rights.filter(|rights| {
        agents::texts(rights)
            .iter()
            .any(|one| matches!(one.as_str(), "*" | "Bash" | "Bash(*)" | "Bash(*:*)" | "mcp__*"))
    });
    if let Some(value) = open.or(always).or(rights) {
        sink.report(
            Some(agents::place(&value.range, start)),
            text!("an agent acts without asking", "智能体无需询问即可行动"),
        )
        .severity(Severity::Medium)
        .evidence(&value.canonical());
    }
}

/// Says whether a value looks like a key of a known service, and not like what stands for one.
fn is_key(value: &str) -> bool {
    let value = value.trim_start_matches("Bearer ").trim_start_matches("token ");
    KEYS.iter().any(|start| {
        let found = value.find(start).filter(|at| {
            *at == 0
                || value
                    .get(..*at)
                    .is_some_and(|before| before.ends_with(['=', ':', '/']))
        });
        found
            .and_then(|at| value.get(at + start.len()..))
            .is_some_and(|rest| {
                let token: String = rest
                    .chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
                    .collect();
                let lower = token.to_ascii_lowercase();
                let different: std::collections::BTreeSet<char> = token.chars().collect();
                token.len() >= 16
                    && different.len() >= 8
                    && !["your", "xxxx", "example", "token", "here", "replace", "key"]
                        .iter()
                        .any(|word| lower.contains(word))
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check;

    #[test]
    fn protection_is_asked_for() {
        use Severity::Medium;
        let server = |inner: &str| format!(r#"{{"mcpServers": {{"a": {{{inner}}}}}}}"#);
        for (text, severities) in [
            (server(r#""url": "http://x.example.invalid/mcp""#), &[Medium][..]),
            (server(r#""url": "http://localhost:3000/mcp""#), &[]),
            (
                server(
                    r#""command": "npx", "env": {"GITHUB_TOKEN": "ghp_1a2B3c4D5e6F7g8H9i0JkLmNoPqRsTuVwXyZ"}"#,
                ),
                &[Medium],
            ),
            (
                server(r#""command": "npx", "env": {"GITHUB_TOKEN": "ghp_your_token_here_xxxxxxxxxxx"}"#),
                &[],
            ),
            (server(r#""command": "npx", "alwaysAllow": ["*"]"#), &[Medium]),
            (server(r#""command": "npx", "alwaysAllow": ["read_file"]"#), &[]),
            (
                server(r#""command": "npx", "args": ["-y", "@modelcontextprotocol/server-filesystem", "/"]"#),
                &[Medium],
            ),
            (
                r#"{"permissions": {"defaultMode": "bypassPermissions"}}"#.to_owned(),
                &[Medium],
            ),
            (
                r#"{"permissions": {"allow": ["Bash(npm test)"]}}"#.to_owned(),
                &[],
            ),
        ] {
            check("mcp-server-exposed", "settings.json", text.as_bytes(), severities);
        }
    }
}
