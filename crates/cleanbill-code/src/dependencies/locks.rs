use std::ops::Range;

use super::{Dependencies, Dependency, Ecosystem, Origin, Scope};
use crate::tree::{Entry, Node};

fn span(entry: &Entry) -> Range<usize> {
    entry.key_span.start..entry.value.span.end.max(entry.key_span.end)
}

/// Reads locks made of `[[package]]` tables: uv, Poetry, PDM, `pylock.toml`, Cargo, and conda-lock.
pub(super) fn python_or_cargo(root: &Node, cargo: bool) -> Dependencies {
    let mut found = Dependencies::lock(if cargo { "Cargo.lock" } else { "python lock" });
    let list = root
        .get("package")
        .or_else(|| root.get("packages"))
        .map(Node::items)
        .unwrap_or_default();
    // Poetry before 1.5 keeps digests in a table of their own.
    let files = root.at(&["metadata", "files"]);
    for item in list {
        let Some(name) = item.get("name") else { continue };
        let ecosystem = match (cargo, item.str_at(&["manager"])) {
            (true, _) => Ecosystem::Cargo,
            (false, Some("conda")) => Ecosystem::Conda,
            (false, _) => Ecosystem::PyPi,
        };
        let version = item.str_at(&["version"]);
        let text = name.as_str().unwrap_or_default();
        let at = name.span.start..item.span.end.max(name.span.end);
        let at = if at.end.saturating_sub(at.start) > 4_096 {
            name.span.clone()
        } else {
            at
        };
        let mut dependency =
            Dependency::new(ecosystem, text, version.unwrap_or_default(), at).version(version);
        if let Some(source) = item.get("source") {
            dependency.origin = source_of(source);
        }
        if let Some(url) = item.str_at(&["vcs", "url"]) {
            dependency.origin = Origin::Repository {
                url: url.to_owned(),
                revision: item.str_at(&["vcs", "commit-id"]).map(str::to_owned),
            };
        }
        if let Some(url) = item.str_at(&["archive", "url"]) {
            dependency.origin = Origin::Url(url.to_owned());
        }
        let mut hashes: Vec<String> = Vec::new();
        let mut look = |node: &Node| {
            node.walk(&mut |key, node| {
                if matches!(key, "hash" | "checksum" | "sha256" | "sha512" | "md5") {
                    hashes.extend(node.as_str().map(str::to_owned));
                }
            });
        };
        look(item);
        if let Some(files) = files.and_then(|files| files.get(text)) {
            look(files);
        }
        hashes.truncate(MAX_HASHES);
        dependency.hashes = hashes;
        found.push(dependency);
    }
    found
}

/// LIMIT: most digests kept for one package; a package has one for each of its files, and the first few tell that it has any.
const MAX_HASHES: usize = 64;

fn source_of(source: &Node) -> Origin {
    if let Some(text) = source.as_str() {
        if let Some(rest) = text.strip_prefix("git+") {
            let (url, revision) = rest
                .rsplit_once('#')
                .map_or((rest, None), |(url, revision)| (url, Some(revision.to_owned())));
            return Origin::Repository {
                url: url.to_owned(),
                revision,
            };
        }
        let registry = text
            .strip_prefix("registry+")
            .or_else(|| text.strip_prefix("sparse+"))
            .unwrap_or(text);
        return Origin::Registry(Some(registry.to_owned()));
    }
    let text = |key: &str| source.str_at(&[key]).map(str::to_owned);
    if let Some(git) = text("git") {
        let (url, revision) = git
            .rsplit_once('#')
            .map_or((git.as_str(), None), |(url, revision)| {
                (url, Some(revision.to_owned()))
            });
        return Origin::Repository {
            url: url.to_owned(),
            revision,
        };
    }
    if let Some(url) = text("registry") {
        return Origin::Registry(Some(url));
    }
    if let Some(path) = ["editable", "virtual", "directory", "path"]
        .into_iter()
        .find_map(text)
    {
        return Origin::Path(path);
    }
    match (text("type").as_deref(), text("url")) {
        (Some("git"), Some(url)) => Origin::Repository {
            url,
            revision: text("resolved_reference").or_else(|| text("reference")),
        },
        (Some("url") | None, Some(url)) => Origin::Url(url),
        (Some("directory" | "file"), Some(url)) => Origin::Path(url),
        (_, url) => Origin::Registry(url),
    }
}

/// Reads `Pipfile.lock`.
pub(super) fn pipfile_lock(root: &Node) -> Dependencies {
    let mut found = Dependencies::lock("Pipfile.lock");
    for (table, scope) in [("default", Scope::Runtime), ("develop", Scope::Development)] {
        for entry in root.get(table).map(Node::entries).unwrap_or_default() {
            let requirement = entry.value.str_at(&["version"]).unwrap_or_default();
            let mut dependency = Dependency::new(Ecosystem::PyPi, &entry.key, requirement, span(entry))
                .version(super::is_exact(requirement))
                .scope(scope);
            let hashes = entry.value.get("hashes").map(Node::items).unwrap_or_default();
            dependency.hashes = hashes
                .iter()
                .filter_map(Node::as_str)
                .map(str::to_owned)
                .collect();
            if let Some(url) = entry.value.str_at(&["git"]) {
                dependency.origin = Origin::Repository {
                    url: url.to_owned(),
                    revision: entry.value.str_at(&["ref"]).map(str::to_owned),
                };
            }
            found.push(dependency);
        }
    }
    found
}

/// Reads the locks of npm (version 2 and up) and pnpm.
pub(super) fn javascript(root: &Node) -> Dependencies {
    let mut found = Dependencies::lock("npm lock");
    for entry in root.get("packages").map(Node::entries).unwrap_or_default() {
        let key = &*entry.key;
        if key.is_empty() {
            continue;
        }
        let node = &entry.value;
        let (name, version) = if let Some((_, name)) = key.rsplit_once("node_modules/") {
            (name, node.str_at(&["version"]))
        } else {
            let bare = key.trim_start_matches('/').split('(').next().unwrap_or_default();
            let parts = bare.rsplit_once('@').filter(|(name, _)| !name.is_empty());
            parts.map_or((bare, node.str_at(&["version"])), |(name, version)| {
                (name, Some(version))
            })
        };
        let mut dependency =
            Dependency::new(Ecosystem::Npm, name, version.unwrap_or_default(), span(entry)).version(version);
        let integrity = node
            .str_at(&["integrity"])
            .or_else(|| node.str_at(&["resolution", "integrity"]));
        dependency.hashes = integrity.map(str::to_owned).into_iter().collect();
        if node.bool_at(&["dev"]) == Some(true) {
            dependency.scope = Scope::Development;
        }
        let resolved = node
            .str_at(&["resolved"])
            .or_else(|| node.str_at(&["resolution", "tarball"]));
        dependency.origin = match resolved {
            _ if node.bool_at(&["link"]) == Some(true)
                || !key.contains("node_modules/") && node.get("resolution").is_none() =>
            {
                Origin::Path(key.to_owned())
            }
            Some(url) if url.starts_with("git") => source_of_git(url),
            Some(url) if url.contains("://") => Origin::Registry(Some(url.to_owned())),
            _ => Origin::Registry(None),
        };
        found.push(dependency);
    }
    found
}

fn source_of_git(url: &str) -> Origin {
    let (url, revision) = url
        .split_once('#')
        .map_or((url, None), |(url, revision)| (url, Some(revision.to_owned())));
    Origin::Repository {
        url: url.to_owned(),
        revision,
    }
}

/// Reads the first version of yarn's lock.
pub(super) fn yarn(text: &str) -> Dependencies {
    let mut found = Dependencies::lock("yarn.lock");
    let mut at = 0_usize;
    let mut open: Option<Dependency> = None;
    for line in text.split_inclusive('\n') {
        let start = at;
        at = at.saturating_add(line.len());
        let bare = line.trim();
        if bare.is_empty() || bare.starts_with('#') {
            continue;
        }
        if !line.starts_with(' ') {
            if let Some(done) = open.take() {
                found.push(done);
            }
            let first = bare
                .trim_end_matches(':')
                .split(',')
                .next()
                .unwrap_or_default()
                .trim()
                .trim_matches('"');
            let (name, requirement) = first
                .rsplit_once('@')
                .filter(|(name, _)| !name.is_empty())
                .unwrap_or((first, ""));
            open = Some(Dependency::new(Ecosystem::Npm, name, requirement, start..at));
        } else if let Some(dependency) = &mut open {
            let (key, value) = bare.split_once(' ').unwrap_or((bare, ""));
            let value = value.trim_matches('"');
            match key {
                "version" => dependency.version = Some(value.to_owned()),
                "integrity" => dependency.hashes.push(value.to_owned()),
                "resolved" if value.starts_with("git") => dependency.origin = source_of_git(value),
                "resolved" => dependency.origin = Origin::Registry(Some(value.to_owned())),
                _ => {}
            }
        }
    }
    if let Some(done) = open {
        found.push(done);
    }
    found
}

/// Reads `go.mod`.
pub(super) fn go_mod(text: &str) -> Dependencies {
    let mut found = Dependencies::of("go.mod");
    let mut block = String::new();
    let mut at = 0_usize;
    for line in text.split_inclusive('\n') {
        let start = at;
        at = at.saturating_add(line.len());
        let bare = line.split("//").next().unwrap_or_default().trim();
        let mut words = bare.split_whitespace();
        let directive = if block.is_empty() {
            words.next().unwrap_or_default()
        } else {
            block.as_str()
        };
        let directive = directive.to_owned();
        if bare == ")" {
            block.clear();
            continue;
        }
        if bare.ends_with('(') {
            block = directive;
            continue;
        }
        let rest: Vec<&str> = words.collect();
        match (directive.as_str(), rest.as_slice()) {
            ("require", [name, version, ..]) => {
                found.push(Dependency::new(Ecosystem::Go, name, version, start..at).version(Some(version)));
            }
            ("replace", [name, middle @ .., to]) => {
                let mut dependency = Dependency::new(Ecosystem::Go, name, to, start..at);
                if to.starts_with(['.', '/']) {
                    dependency.origin = Origin::Path((*to).to_owned());
                } else {
                    dependency.version = Some((*to).to_owned());
                    dependency.origin = Origin::Registry(middle.last().map(|target| (*target).to_owned()));
                }
                found.push(dependency);
            }
            _ => {}
        }
    }
    found
}

/// Reads `go.sum`.
pub(super) fn go_sum(text: &str) -> Dependencies {
    let mut found = Dependencies::lock("go.sum");
    let mut at = 0_usize;
    for line in text.split_inclusive('\n') {
        let start = at;
        at = at.saturating_add(line.len());
        let words: Vec<&str> = line.split_whitespace().collect();
        if let [name, version, hash] = words.as_slice()
            && !version.ends_with("/go.mod")
        {
            let mut dependency =
                Dependency::new(Ecosystem::Go, name, version, start..at).version(Some(version));
            dependency.hashes.push((*hash).to_owned());
            found.push(dependency);
        }
    }
    found
}
