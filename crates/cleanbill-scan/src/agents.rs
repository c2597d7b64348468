//! What agents read: configurations of MCP servers, definitions of tools, files of instructions.

mod definitions;
mod fetched;
mod toml;

use std::ops::Range;

use cleanbill_code::jsonc::{self, Value, ValueKind};
use cleanbill_core::{Severity, Sha256Digest};
use cleanbill_formats::{
    bytes::size_u64,
    text::{Kind, View},
};
use sha2::{Digest, Sha256};

use crate::{
    instructions::{Saying, Want},
    scene::Scene,
};

/// LIMIT: longest configuration that is read for servers and tools; real ones have a few KiB, and listings of hundreds of tools less than this.
const CONFIGURATION_BYTES: u64 = 2 << 20;
/// LIMIT: servers and tools looked at in one configuration.
const ENTRIES: usize = 2_000;
/// Keys under which clients list their servers.
const SERVERS: &[&str] = &[
    "mcpServers",
    "mcp_servers",
    "servers",
    "context_servers",
    "extensions",
    "mcp",
];
/// Keys under which, or as which, tools are defined.
const TOOLS: &[&str] = &[
    "tools",
    "functions",
    "result",
    "inputSchema",
    "input_schema",
    "parameters",
    "description_for_model",
    "prompts",
    "function",
];
/// Names of files that agents take instructions from.
const FILES: &[&str] = &[
    "skill.md",
    "agents.md",
    "agent.md",
    "claude.md",
    "claude.local.md",
    "gemini.md",
    "qwen.md",
    "warp.md",
    "conventions.md",
    "copilot-instructions.md",
    ".cursorrules",
    ".windsurfrules",
    ".clinerules",
    ".roorules",
    ".goosehints",
    "llms.txt",
    "system_prompt.txt",
    "system_prompt.md",
    "system-prompt.md",
    "memory.md",
];
/// Folders whose texts are instructions.
const FOLDERS: &[&str] = &[
    ".claude/commands/",
    ".claude/agents/",
    ".claude/skills/",
    ".cursor/rules/",
    ".clinerules/",
    ".roo/rules/",
    ".windsurf/rules/",
    ".github/instructions/",
    ".github/prompts/",
    ".codex/prompts/",
    ".gemini/commands/",
];

pub(crate) use definitions::{definitions, unread};
pub(crate) use fetched::{Fetcher, fetched};

/// Holds one server.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) name: String,
    pub(crate) range: Range<u64>,
    pub(crate) command: String,
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) address: String,
    /// Tools that run without a question: `*` or names.
    pub(crate) approved: Vec<String>,
    /// SHA-256 of the entry in one form, whatever the order of its keys.
    pub(crate) digest: Sha256Digest,
}

/// Holds one definition of a tool.
#[derive(Debug)]
pub(crate) struct Tool {
    pub(crate) name: String,
    pub(crate) range: Range<u64>,
    /// Every text of the definition: name, description, those of parameters, defaults, examples.
    pub(crate) said: String,
    /// SHA-256 of the definition in one form, whatever the order of its keys: what a snapshot pins.
    pub(crate) digest: Sha256Digest,
}

/// Says whether the text is one that agents take instructions from; the client decides that by name and folder.
pub(crate) fn is_for_agents(scene: &Scene<'_>) -> bool {
    let name = scene.file_name.to_ascii_lowercase();
    let path = scene.member.unwrap_or(scene.artifact).replace('\\', "/");
    FILES.contains(&name.as_str())
        || [
            ".prompt.md",
            ".instructions.md",
            ".agent.md",
            ".chatmode.md",
            ".mdc",
        ]
        .iter()
        .any(|end| name.ends_with(end))
        || FOLDERS.iter().any(|folder| path.contains(folder))
}

/// Returns the tree of a configuration that may name servers or tools, with what to add to its offsets.
pub(crate) fn tree(view: &View, scene: &Scene<'_>, keys: &[&str]) -> Option<(Value, u64)> {
    if scene.source.size() > CONFIGURATION_BYTES {
        return None;
    }
    let json = matches!(view.kind, Kind::Json | Kind::JsonLines);
    let named = view.top_keys.iter().any(|key| keys.contains(&key.as_str()));
    let listed = json && view.top_keys.is_empty();
    let extras = !json
        && matches!(
            scene.extension,
            "json" | "jsonc" | "json5" | "toml" | "code-workspace"
        );
    if !(json && named || listed || extras) {
        return None;
    }
    let written = scene.reading.text()?;
    if !keys.iter().any(|key| written.text.contains(key)) {
        return None;
    }
    let text = written.text.as_str();
    let root = if scene.extension == "toml" || view.kind == Kind::Toml {
        toml::read(text)
    } else {
        jsonc::parse(text).root?
    };
    Some((root, written.start))
}

/// Lists the servers of a configuration, at any of the places where clients keep them.
pub(crate) fn servers(view: &View, scene: &Scene<'_>) -> Vec<Server> {
    let mut out = Vec::new();
    if let Some((root, start)) = tree(view, scene, &server_keys()) {
        collect(&root, start, 0, &mut out);
    }
    out
}

fn server_keys() -> Vec<&'static str> {
    let mut keys = SERVERS.to_vec();
    keys.extend(["projects", "amp.mcpServers", "mcp.servers"]);
    keys
}

fn collect(value: &Value, start: u64, depth: usize, out: &mut Vec<Server>) {
    if depth > 5 {
        return;
    }
    for (key, inner) in value.entries() {
        let bare = key.rsplit('.').next().unwrap_or(key);
        if SERVERS.contains(&bare) {
            for (name, entry) in inner.entries() {
                take(name, entry, start, out);
            }
            for entry in inner.items() {
                let name = entry.at("name").and_then(Value::text).unwrap_or_default();
                take(name, entry, start, out);
            }
        }
        collect(inner, start, depth + 1, out);
    }
}

fn take(name: &str, entry: &Value, start: u64, out: &mut Vec<Server>) {
    let text = |keys: &[&str]| {
        keys.iter()
            .find_map(|key| entry.at(key))
            .and_then(Value::text)
            .unwrap_or_default()
            .to_owned()
    };
    let address = text(&["url", "serverUrl", "httpUrl", "uri", "endpoint"]);
    let (mut command, mut arguments) = (text(&["command", "cmd"]), Vec::new());
    if let Some(nested) = entry.at("command").filter(|value| value.text().is_none()) {
        // Zed: `"command": {"path": ..., "args": [...]}`; others give one list.
        let path = nested.at("path").and_then(Value::text);
        command.clear();
        command.push_str(path.unwrap_or_default());
        let items = nested.items().iter().filter_map(Value::text).map(str::to_owned);
        arguments.extend(items.chain(nested.at("args").into_iter().flat_map(texts)));
        if command.is_empty() && !arguments.is_empty() {
            command = arguments.remove(0);
        }
    }
    arguments.extend(entry.at("args").into_iter().flat_map(texts));
    if command.is_empty() && address.is_empty() || out.len() >= ENTRIES {
        return;
    }
    let pairs = |keys: &[&str]| -> Vec<(String, String)> {
        let entries = keys
            .iter()
            .filter_map(|key| entry.at(key))
            .flat_map(Value::entries);
        entries
            .filter_map(|(key, value)| Some((key.clone(), value.text()?.to_owned())))
            .collect()
    };
    let mut approved: Vec<String> = ["alwaysAllow", "autoApprove", "autoAllow", "allowedTools"]
        .iter()
        .filter_map(|key| entry.at(key))
        .flat_map(texts)
        .collect();
    if entry.at("trust").is_some_and(Value::is_true) || entry.at("autoApprove").is_some_and(Value::is_true) {
        approved.push("*".to_owned());
    }
    out.push(Server {
        name: name.to_owned(),
        range: place(&entry.range, start),
        command,
        arguments,
        environment: pairs(&["env", "envs", "environment"]),
        headers: pairs(&["headers", "http_headers", "requestInit"]),
        address,
        approved,
        digest: digest(entry.canonical().as_bytes()),
    });
}

fn digest(bytes: &[u8]) -> Sha256Digest {
    Sha256Digest(Sha256::digest(bytes).into())
}

/// Lists the texts of a list, or the one text.
pub(crate) fn texts(value: &Value) -> Vec<String> {
    let one = value.text().map(str::to_owned);
    one.into_iter()
        .chain(value.items().iter().filter_map(Value::text).map(str::to_owned))
        .collect()
}

/// Returns where a value stands in the file.
pub(crate) fn place(range: &Range<usize>, start: u64) -> Range<u64> {
    size_u64(range.start).saturating_add(start)..size_u64(range.end).saturating_add(start)
}

/// Lists the definitions of tools: what has a name, a description and a scheme of its parameters.
pub(crate) fn tools(view: &View, scene: &Scene<'_>) -> Vec<Tool> {
    let mut out = Vec::new();
    if let Some((root, start)) = tree(view, scene, TOOLS) {
        collect_tools(&root, start, 0, &mut out);
    }
    out
}

fn collect_tools(value: &Value, start: u64, depth: usize, out: &mut Vec<Tool>) {
    if depth > 12 || out.len() >= ENTRIES {
        return;
    }
    let has = |keys: &[&str]| keys.iter().any(|key| value.at(key).is_some());
    let named = has(&["name", "name_for_model"]);
    let described = has(&["description", "description_for_model"]);
    let schemed = has(&[
        "inputSchema",
        "input_schema",
        "parameters",
        "description_for_model",
        "arguments",
        "outputSchema",
    ]);
    if named && described && schemed {
        let mut said = String::new();
        gather(value, &mut said);
        let name = value
            .at("name")
            .or(value.at("name_for_model"))
            .and_then(Value::text);
        out.push(Tool {
            name: name.unwrap_or_default().to_owned(),
            range: place(&value.range, start),
            said,
            digest: digest(value.canonical().as_bytes()),
        });
        return;
    }
    for (_, inner) in value.entries() {
        collect_tools(inner, start, depth + 1, out);
    }
    for inner in value.items() {
        collect_tools(inner, start, depth + 1, out);
    }
}

/// Joins every text below a value; keys are read by models as well.
fn gather(value: &Value, said: &mut String) {
    match &value.kind {
        ValueKind::Text(text) => {
            said.push_str(text);
            said.push('\n');
        }
        ValueKind::List(items) => items.iter().for_each(|item| gather(item, said)),
        ValueKind::Object(entries) => {
            for (key, value) in entries {
                if key.len() > 40 {
                    said.push_str(key);
                    said.push('\n');
                }
                gather(value, said);
            }
        }
        _ => {}
    }
}

/// Resolves the `\uXXXX` of JSON, and nothing else.
pub(crate) fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut units: Vec<u16> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("\\u") {
        let (before, after) = rest.split_at(at);
        let unit = after
            .get(2..6)
            .and_then(|digits| u16::from_str_radix(digits, 16).ok());
        if !before.is_empty() {
            flush(&mut units, &mut out);
        }
        out.push_str(before);
        if let Some(unit) = unit {
            units.push(unit);
            rest = after.get(6..).unwrap_or_default();
        } else {
            flush(&mut units, &mut out);
            out.push_str("\\u");
            rest = after.get(2..).unwrap_or_default();
        }
    }
    flush(&mut units, &mut out);
    out.push_str(rest);
    out
}

fn flush(units: &mut Vec<u16>, out: &mut String) {
    out.push_str(&String::from_utf16_lossy(units));
    units.clear();
}

/// Weighs what a text for agents wants. `strict` for definitions of tools, which have no reason to speak of secrets or
/// users; in a file of instructions a want alone may be an example or a rule of the house.
pub(crate) fn weigh(sayings: &[Saying], strict: bool) -> Option<(Severity, &Saying)> {
    let mut worst: Option<(Severity, &Saying)> = None;
    let mut note = |severity: Severity, saying| {
        if worst.as_ref().is_none_or(|(known, _)| severity > *known) {
            worst = Some((severity, saying));
        }
    };
    let window = if strict { 8_192 } else { 700 };
    for saying in sayings {
        use Want::{Attack, Conceal, Disarm, Fetch, Mark, Override, Picture, Secret, Send, Smuggle};
        let near = |wants: &[Want]| {
            sayings.iter().any(|other| {
                wants.contains(&other.want)
                    && other.at.abs_diff(saying.at) <= window
                    && (strict || !other.quoted || other.want != Override)
            })
        };
        let severe = match saying.want {
            Override => !saying.quoted,
            Attack | Picture => true,
            Secret => near(&[Send, Smuggle, Conceal]) || strict && near(&[Mark]),
            Conceal => near(&[Send, Smuggle, Fetch, Secret, Override]) || strict && near(&[Mark, Disarm]),
            Mark => strict && near(&[Smuggle, Send]),
            Disarm => near(&[Fetch, Conceal]),
            Fetch | Send | Smuggle => false,
        };
        let severity = match saying.want {
            _ if severe => Severity::High,
            Conceal | Secret | Fetch if strict => Severity::Medium,
            Conceal | Disarm | Fetch | Secret => Severity::Low,
            _ => continue,
        };
        note(severity, saying);
    }
    worst
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_become_trees() {
        let root = toml::read(
            "a = 1\n[mcp_servers.x]\ncommand = \"npx\"\nargs = [\n  \"-y\",\n  \"p\"\n]\nenv = { \"K\" = \"v\", L = \"w\" }\n",
        );
        let mut servers = Vec::new();
        collect(&root, 0, 0, &mut servers);
        let server = servers.first().expect("a server");
        assert_eq!(
            (
                server.command.as_str(),
                server.arguments.len(),
                server.environment.len()
            ),
            ("npx", 2, 2)
        );
    }

    #[test]
    fn the_digest_of_a_tool_does_not_depend_on_the_order_of_keys() {
        let digest = |text: &str| {
            let root = jsonc::parse(text).root.expect("an object");
            let mut out = Vec::new();
            collect_tools(&root, 0, 0, &mut out);
            out.first().expect("a tool").digest
        };
        let one = digest(r#"{"tools": [{"name": "a", "description": "b", "inputSchema": {}}]}"#);
        assert_eq!(
            one,
            digest(r#"[{"inputSchema":{},"description":"\u0062","name":"a"}]"#)
        );
        assert_ne!(
            one,
            digest(r#"[{"inputSchema":{},"description":"c","name":"a"}]"#)
        );
    }
}
