//! Recipes of container images (Dockerfile, Containerfile), and the Modelfile of Ollama, which begins the same way.

use std::{collections::BTreeMap, ops::Range};

use crate::{
    commands,
    workload::{Container, Deployment, ManifestKind, Port, Power, Spot, Variable},
};

/// LIMIT: most instructions of one recipe; protects memory. The builder's own layers end far below; the rest is noted as cut.
const MAX_INSTRUCTIONS: usize = 20_000;

const INSTRUCTIONS: &[&str] = &[
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
];
const MODELFILE: &[&str] = &["PARAMETER", "TEMPLATE", "SYSTEM", "ADAPTER", "LICENSE", "MESSAGE"];

/// Holds one instruction.
#[derive(Clone, Debug)]
pub struct Instruction {
    /// Its name in upper case; that behind `ONBUILD` where it stands behind it.
    pub name: String,
    /// All behind the name, continued lines joined, comments within left out, here-documents included.
    pub arguments: String,
    /// Where it stands.
    pub span: Range<usize>,
}

/// Says whether a text is a recipe: its first instruction is `FROM` or `ARG`, and another one follows.
pub fn is_recipe(name: &str, text: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let named = ["dockerfile", "containerfile", "modelfile"]
        .iter()
        .any(|word| lower.contains(word));
    let mut lines = text
        .trim_start_matches('\u{feff}')
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let is = |line: &str, names: &[&str]| {
        let word = line.split([' ', '\t']).next().unwrap_or_default();
        names
            .iter()
            .any(|name| *name == word || named && name.eq_ignore_ascii_case(word))
    };
    let Some(first) = lines.next() else { return false };
    if !is(first, &["FROM", "ARG"]) {
        return false;
    }
    let rest: Vec<&str> = lines.take(2_000).collect();
    let from = is(first, &["FROM"]) || rest.iter().any(|line| is(line, &["FROM"]));
    let more = rest
        .iter()
        .any(|line| is(line, INSTRUCTIONS) || is(line, MODELFILE));
    // A sentence or a query may begin with FROM; an image is one word, or three with a name.
    let words = first
        .split_whitespace()
        .filter(|word| !word.starts_with("--"))
        .count();
    from && (named || more && (words == 2 || words == 4))
}

/// Splits a recipe into instructions.
pub fn instructions(text: &str) -> (Vec<Instruction>, bool) {
    let mut all: Vec<Instruction> = Vec::new();
    let escape = text
        .lines()
        .take_while(|line| line.starts_with('#'))
        .find_map(|line| line.trim_start_matches('#').trim().strip_prefix("escape="))
        .map_or('\\', |sign| if sign.trim() == "`" { '`' } else { '\\' });
    let mut at = 0_usize;
    let mut lines = text.split_inclusive('\n');
    while let Some(line) = lines.next() {
        let start = at;
        at = at.saturating_add(line.len());
        let bare = line.trim();
        if bare.is_empty() || bare.starts_with('#') {
            continue;
        }
        let indent = line.len().saturating_sub(line.trim_start().len());
        let mut joined = String::new();
        let mut current = bare;
        while let Some(part) = current.strip_suffix(escape) {
            joined.push_str(part.trim_end());
            joined.push(' ');
            let mut next = "";
            for line in lines.by_ref() {
                at = at.saturating_add(line.len());
                next = line.trim();
                if !next.starts_with('#') && !next.is_empty() {
                    break;
                }
                next = "";
            }
            current = next;
        }
        joined.push_str(current);
        for word in heredocs(&joined) {
            for line in lines.by_ref() {
                at = at.saturating_add(line.len());
                if line.trim() == word {
                    break;
                }
                joined.push('\n');
                joined.push_str(line.trim_end());
            }
        }
        let mut rest = joined.trim();
        if let Some((name, behind)) = rest.split_once([' ', '\t'])
            && name.eq_ignore_ascii_case("ONBUILD")
        {
            rest = behind.trim();
        }
        let (name, arguments) = rest.split_once([' ', '\t']).unwrap_or((rest, ""));
        if all.len() >= MAX_INSTRUCTIONS {
            return (all, true);
        }
        all.push(Instruction {
            name: name.to_ascii_uppercase(),
            arguments: arguments.trim().to_owned(),
            span: start.saturating_add(indent)..at,
        });
    }
    (all, false)
}

fn heredocs(line: &str) -> Vec<String> {
    let named = line.get(..4).is_some_and(|start| {
        ["RUN ", "COPY", "ADD "]
            .iter()
            .any(|name| start.eq_ignore_ascii_case(name))
    });
    if !named {
        return Vec::new();
    }
    line.split("<<")
        .skip(1)
        .filter(|rest| !rest.starts_with('<'))
        .filter_map(|rest| rest.trim_start_matches('-').split_whitespace().next())
        .map(|word| word.trim_matches(['"', '\'']).to_owned())
        .filter(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
        .collect()
}

/// Reads a recipe; its last stage is the one container that it describes.
pub(crate) fn read(text: &str) -> Deployment {
    let (instructions, is_cut) = instructions(text);
    let is_modelfile = instructions
        .iter()
        .any(|one| MODELFILE.contains(&one.name.as_str()))
        && !instructions
            .iter()
            .any(|one| matches!(one.name.as_str(), "RUN" | "COPY" | "CMD" | "ENTRYPOINT"));
    let kind = if is_modelfile {
        ManifestKind::Modelfile
    } else {
        ManifestKind::Dockerfile
    };
    let mut deployment = Deployment::of_kind(kind);
    deployment.is_cut = is_cut;
    let mut container = Container {
        name: "image".to_owned(),
        is_built: true,
        memory_limit: true,
        span: 0..text.len(),
        ..Container::default()
    };
    let mut values: BTreeMap<String, String> = BTreeMap::new();
    let mut stages: Vec<String> = Vec::new();
    let mut users: BTreeMap<String, Option<Spot>> = BTreeMap::new();
    for one in &instructions {
        let span = one.span.clone();
        let flagless = without_flags(&one.arguments);
        match one.name.as_str() {
            "FROM" => {
                let mut words = flagless.split_whitespace();
                let image = substitute(words.next().unwrap_or_default(), &values);
                if words.next().is_some_and(|word| word.eq_ignore_ascii_case("as")) {
                    stages.push(words.next().unwrap_or_default().to_ascii_lowercase());
                }
                deployment.user = users.get(&image.to_ascii_lowercase()).cloned().flatten();
                container.words.clear();
                container.commands.clear();
                container.ports.clear();
                let earlier = stages.len().saturating_sub(1);
                let is_stage = stages
                    .iter()
                    .take(earlier.max(1))
                    .any(|stage| *stage == image.to_ascii_lowercase());
                if !is_stage && image != "scratch" {
                    container.image = Some(Spot::new(image.clone(), span.clone()));
                    deployment.images.push(Spot::new(image, span));
                }
            }
            "COPY" => {
                let from = one
                    .arguments
                    .split_whitespace()
                    .find_map(|word| word.strip_prefix("--from="));
                let from = from.map(|from| substitute(from, &values)).filter(|from| {
                    !stages.contains(&from.to_ascii_lowercase())
                        && from.parse::<u32>().is_err()
                        && from.contains(['/', ':'])
                });
                deployment.images.extend(from.map(|from| Spot::new(from, span)));
            }
            "RUN" => {
                if one.arguments.contains("--security=insecure") {
                    container.powers.push((Power::Privileged, span.clone()));
                }
                deployment.commands.push(Spot::new(exec_form(flagless), span));
            }
            "CMD" | "ENTRYPOINT" | "HEALTHCHECK" => {
                let line = exec_form(flagless.trim_start_matches("CMD "));
                let words = commands::words(&line)
                    .into_iter()
                    .map(|word| Spot::new(word, span.clone()));
                if one.name != "HEALTHCHECK" {
                    container.words.extend(words);
                }
                container.commands.push(Spot::new(line, span));
            }
            "ADD" => {
                let checked = one.arguments.contains("--checksum=");
                let sources = flagless
                    .split_whitespace()
                    .map(|word| word.trim_matches(['"', '[', ']', ',']));
                let remote =
                    sources.filter(|word| !checked && (word.contains("://") || word.starts_with("git@")));
                let pinned = |word: &str| {
                    word.rsplit_once('#')
                        .is_some_and(|(_, revision)| is_digest(revision))
                };
                deployment.added.extend(
                    remote
                        .filter(|word| !pinned(word))
                        .map(|word| Spot::new(substitute(word, &values), span.clone())),
                );
            }
            "ENV" | "ARG" => {
                for (name, value) in assignments(&one.arguments) {
                    if let Some(value) = &value {
                        let value = substitute(value, &values);
                        values.insert(name.clone(), value);
                    }
                    container.variables.push(Variable {
                        name,
                        value,
                        span: span.clone(),
                    });
                }
            }
            "EXPOSE" => {
                for number in one
                    .arguments
                    .split_whitespace()
                    .filter_map(|word| word.split('/').next()?.parse().ok())
                {
                    container.ports.push(Port {
                        number,
                        published: false,
                        span: span.clone(),
                    });
                }
            }
            "USER" => deployment.user = Some(Spot::new(substitute(&one.arguments, &values), span)),
            _ => {}
        }
        if let Some(stage) = stages.last() {
            users.insert(stage.clone(), deployment.user.clone());
        }
    }
    if kind == ManifestKind::Dockerfile {
        if let Some(user) = &deployment.user {
            let name = user.text.split(':').next().unwrap_or_default();
            let root = matches!(name, "root" | "0");
            container.hardening.non_root = Some(!root);
            if root {
                container.powers.push((Power::Root, user.span.clone()));
            }
        }
        deployment.containers.push(container);
    }
    deployment
}

fn is_digest(text: &str) -> bool {
    text.len() >= 40 && text.chars().all(|c| c.is_ascii_hexdigit())
}

fn without_flags(arguments: &str) -> &str {
    let mut rest = arguments.trim();
    while rest.starts_with("--") {
        rest = rest
            .split_once([' ', '\t'])
            .map_or("", |(_, behind)| behind.trim_start());
    }
    rest
}

/// Turns `["a", "b"]` into `a b`.
fn exec_form(arguments: &str) -> String {
    let inside = arguments
        .trim()
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    match inside {
        Some(_) => {
            let tree = crate::tree::Tree::parse(arguments.trim(), crate::tree::Syntax::Json);
            let words: Vec<&str> = tree
                .root()
                .map(crate::tree::Node::items)
                .unwrap_or_default()
                .iter()
                .filter_map(crate::tree::Node::as_str)
                .collect();
            if tree.is_cut() || words.is_empty() {
                arguments.to_owned()
            } else {
                words.join(" ")
            }
        }
        None => arguments.to_owned(),
    }
}

fn assignments(arguments: &str) -> Vec<(String, Option<String>)> {
    let words = commands::words(arguments);
    let first = words.first().map(String::as_str).unwrap_or_default();
    if !first.contains('=') {
        // The old form: a name, and all behind it is the value. `ARG NAME` has none.
        let value = arguments
            .split_once([' ', '\t'])
            .map(|(_, value)| value.trim().to_owned());
        return vec![(first.to_owned(), value)];
    }
    words
        .iter()
        .filter_map(|word| word.split_once('='))
        .map(|(name, value)| (name.to_owned(), Some(value.to_owned())))
        .collect()
}

/// Puts in what `ARG` and `ENV` set before, `${NAME}`, `${NAME:-default}` and `$NAME`; what is unknown stays.
fn substitute(text: &str, values: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('$') {
        out.push_str(before);
        if let Some((inside, after)) = behind.strip_prefix('{').and_then(|text| text.split_once('}')) {
            let (name, default) = inside
                .split_once(":-")
                .map_or((inside, None), |(name, default)| (name, Some(default)));
            match values.get(name).map(String::as_str).or(default) {
                Some(value) => out.push_str(value),
                None => out.extend(["${", inside, "}"]),
            }
            rest = after;
        } else {
            let length = behind
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .count();
            let (name, after) = behind.split_at_checked(length).unwrap_or((behind, ""));
            match values.get(name) {
                Some(value) => out.push_str(value),
                None => out.extend(["$", name]),
            }
            rest = after;
        }
        if out.len() > 64 * 1024 {
            return text.to_owned();
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_keep_what_continues() {
        let text = "# c\nARG V=3.12\nFROM python:${V}-slim AS base\nRUN a \\\n  # why\n  && b\nRUN <<EOF\nc\nEOF\nFROM base\nUSER 0\n\
                    COPY --from=ghcr.io/x/y:1 /a /b\nCMD [\"serve\", \"--x\"]\n";
        let found = read(text);
        let images: Vec<&str> = found.images.iter().map(|one| one.text.as_str()).collect();
        assert_eq!(images, ["python:3.12-slim", "ghcr.io/x/y:1"]);
        let commands: Vec<&str> = found.commands.iter().map(|one| one.text.as_str()).collect();
        assert_eq!(
            commands,
            [
                "a && b".replace(" &&", "  &&").replace("  ", " ").as_str(),
                "<<EOF\nc"
            ]
        );
        assert!(found.containers[0].has(&Power::Root));
        assert_eq!(found.containers[0].line(), "serve --x");
    }
}
