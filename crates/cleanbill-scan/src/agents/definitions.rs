//! What an artifact defines for models and agents, to be held against an approved state, and what of it was not read.

use std::ops::Range;

use cleanbill_code::jsonc::{self, Value};
use cleanbill_core::{Definition, DefinitionKind, Sha256Digest};
use cleanbill_formats::{
    Parsed,
    bytes::{read_range, size_u64},
    text::{Kind, View},
};
use sha2::{Digest, Sha256};

use super::{CONFIGURATION_BYTES, ENTRIES, TOOLS, is_for_agents, server_keys, servers, tools};
use crate::{facts::Template, instructions, scene::Scene};

/// Keys that only configurations of servers and definitions of tools have, as far as a file is too long to be read.
const TELLING: &[&str] = &[
    "mcpServers",
    "mcp_servers",
    "context_servers",
    "mcp",
    "tools",
    "functions",
    "inputSchema",
    "input_schema",
    "description_for_model",
];
/// Bytes read at a time.
const PIECE_BYTES: u64 = 256 * 1024;
/// Levels down to which servers are looked for, and tools.
const LEVELS: usize = 12;

/// Lists what the artifact defines, named apart.
pub(crate) fn definitions(
    scene: &Scene<'_>,
    templates: &[Template],
) -> Vec<(Definition, Option<Range<u64>>)> {
    let mut out: Vec<(Definition, Option<Range<u64>>)> = Vec::new();
    let mut add = |kind: DefinitionKind, name: &str, sha256: Sha256Digest, range: Option<Range<u64>>| {
        let (mut count, mut numbered) = (1, name.to_owned());
        while out
            .iter()
            .any(|(one, _)| one.kind == kind && one.name == numbered)
        {
            count += 1;
            numbered = format!("{name} ({count})");
        }
        let definition = Definition {
            artifact: scene.artifact.to_owned(),
            kind,
            name: numbered,
            sha256,
        };
        out.push((definition, range));
    };
    for one in templates {
        let sha256 = super::digest(one.text.as_bytes());
        add(
            DefinitionKind::ChatTemplate,
            &one.name,
            sha256,
            Some(one.range.clone()),
        );
    }
    for parsed in scene.parsed {
        let Parsed::Text(view) = parsed else { continue };
        for one in servers(view, scene) {
            add(DefinitionKind::McpServer, &one.name, one.digest, Some(one.range));
        }
        for one in tools(view, scene) {
            add(DefinitionKind::Tool, &one.name, one.digest, Some(one.range));
        }
        if is_for_agents(scene)
            && let Some(sha256) = whole(scene)
        {
            add(DefinitionKind::Instructions, scene.file_name, sha256, None);
        }
    }
    out
}

/// Returns the digest of all bytes; `None` where they cannot be read.
fn whole(scene: &Scene<'_>) -> Option<Sha256Digest> {
    let mut hasher = Sha256::new();
    let (mut at, size) = (0, scene.source.size());
    while at < size {
        let piece = read_range(scene.source, at..size, PIECE_BYTES).ok()?;
        if piece.is_empty() {
            return None;
        }
        hasher.update(&piece);
        at += size_u64(piece.len());
    }
    Some(Sha256Digest(hasher.finalize().into()))
}

/// Says what a file for agents holds beyond what is read of it, in English and Simplified Chinese.
pub(crate) fn unread(scene: &Scene<'_>) -> Option<(&'static str, &'static str)> {
    let view = scene.parsed.iter().find_map(|parsed| match parsed {
        Parsed::Text(view) => Some(view),
        _ => None,
    })?;
    if is_for_agents(scene) && scene.source.size() > size_u64(instructions::TEXT_BYTES) {
        return Some((
            "instructions for agents are examined in their first MiB only",
            "智能体指令仅检查前 1 MiB",
        ));
    }
    let large = (
        "a configuration of servers or tools is too large to be examined",
        "服务器或工具的配置过大，无法检查",
    );
    if scene.source.size() > CONFIGURATION_BYTES {
        let telling =
            view.kind == Kind::Json && view.top_keys.iter().any(|key| TELLING.contains(&key.as_str()));
        return telling.then_some(large);
    }
    let cut = is_cut(view, scene, &server_keys()) || is_cut(view, scene, TOOLS);
    let many = servers(view, scene).len() >= ENTRIES || tools(view, scene).len() >= ENTRIES;
    if cut || many {
        return Some((
            "a configuration of servers or tools nests too deep or holds too much to be examined",
            "服务器或工具的配置嵌套过深或内容过多，未全部检查",
        ));
    }
    None
}

/// Says whether the tree of a configuration was cut short, or goes on below the levels that are looked at.
fn is_cut(view: &View, scene: &Scene<'_>, keys: &[&str]) -> bool {
    let Some((root, _)) = super::tree(view, scene, keys) else {
        return false;
    };
    let named = view.top_keys.iter().any(|key| TELLING.contains(&key.as_str()));
    let parsed = || {
        scene
            .reading
            .text()
            .is_some_and(|written| jsonc::parse(&written.text).cut)
    };
    parsed() || named && goes_on(&root, 0)
}

/// Says whether a definition stands below the levels that are looked at.
fn goes_on(value: &Value, depth: usize) -> bool {
    let below = |inner: &Value| goes_on(inner, depth + 1);
    if depth > LEVELS {
        return value.at("inputSchema").is_some()
            || value.at("mcpServers").is_some()
            || value.at("command").is_some();
    }
    value.entries().iter().any(|(_, inner)| below(inner)) || value.items().iter().any(below)
}
