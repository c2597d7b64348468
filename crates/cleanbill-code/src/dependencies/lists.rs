use std::{collections::HashMap, ops::Range};

use super::{Dependencies, Dependency, Ecosystem, Index, Origin, Scope, Spot, canonical, parse_requirement};
use crate::tree::{Entry, Node};

fn span(entry: &Entry) -> Range<usize> {
    entry.key_span.start..entry.value.span.end.max(entry.key_span.end)
}

fn requirements(list: Option<&Node>, scope: Scope, found: &mut Dependencies) {
    for item in list.map(Node::items).unwrap_or_default() {
        let Some(text) = item.as_str() else { continue };
        match parse_requirement(text, item.span.clone()) {
            Some(dependency) => found.push(dependency.scope(scope)),
            None => found.is_cut = true,
        }
    }
}

/// Reads `pyproject.toml`: the standard tables, Poetry's, and the indexes of uv and Poetry.
pub(super) fn pyproject(root: &Node) -> Dependencies {
    let mut found = Dependencies::of("pyproject");
    requirements(root.at(&["project", "dependencies"]), Scope::Runtime, &mut found);
    requirements(root.at(&["build-system", "requires"]), Scope::Build, &mut found);
    for entry in root
        .at(&["project", "optional-dependencies"])
        .map(Node::entries)
        .unwrap_or_default()
    {
        requirements(Some(&entry.value), Scope::Optional, &mut found);
    }
    for entry in root
        .get("dependency-groups")
        .map(Node::entries)
        .unwrap_or_default()
    {
        requirements(Some(&entry.value), Scope::Development, &mut found);
    }
    requirements(
        root.at(&["tool", "uv", "dev-dependencies"]),
        Scope::Development,
        &mut found,
    );
    for entry in root
        .at(&["tool", "poetry", "dependencies"])
        .map(Node::entries)
        .unwrap_or_default()
    {
        poetry(entry, Scope::Runtime, &mut found);
    }
    for entry in root
        .at(&["tool", "poetry", "dev-dependencies"])
        .map(Node::entries)
        .unwrap_or_default()
    {
        poetry(entry, Scope::Development, &mut found);
    }
    for group in root
        .at(&["tool", "poetry", "group"])
        .map(Node::entries)
        .unwrap_or_default()
    {
        for entry in group
            .value
            .get("dependencies")
            .map(Node::entries)
            .unwrap_or_default()
        {
            poetry(entry, Scope::Development, &mut found);
        }
    }
    for path in [
        &["tool", "uv", "index"][..],
        &["tool", "poetry", "source"],
        &["tool", "pdm", "source"],
    ] {
        for item in root.at(path).map(Node::items).unwrap_or_default() {
            let Some(url) = item.str_at(&["url"]) else {
                continue;
            };
            // An explicit source serves only the packages that name it.
            let explicit =
                item.bool_at(&["explicit"]) == Some(true) || item.str_at(&["priority"]) == Some("explicit");
            let usual = item.bool_at(&["default"]) == Some(true)
                || matches!(item.str_at(&["priority"]), Some("default" | "primary"));
            if !explicit || url.starts_with("http://") {
                found.indexes.push(Index {
                    url: url.to_owned(),
                    is_extra: !usual && !explicit,
                    span: item.span.clone(),
                });
            }
        }
    }
    for item in root
        .at(&["tool", "uv", "extra-index-url"])
        .map(Node::items)
        .unwrap_or_default()
    {
        found.indexes.extend(item.as_str().map(|url| Index {
            url: url.to_owned(),
            is_extra: true,
            span: item.span.clone(),
        }));
    }
    let places: HashMap<String, usize> = found
        .list
        .iter()
        .enumerate()
        .map(|(at, one)| (canonical(&one.name), at))
        .collect();
    for entry in root
        .at(&["tool", "uv", "sources"])
        .map(Node::entries)
        .unwrap_or_default()
    {
        let Some(origin) = origin_of(&entry.value) else {
            continue;
        };
        let known = places
            .get(&canonical(&entry.key))
            .and_then(|at| found.list.get_mut(*at));
        if let Some(dependency) = known {
            dependency.origin = origin;
        } else {
            let mut dependency = Dependency::new(Ecosystem::PyPi, &entry.key, "", span(entry));
            dependency.origin = origin;
            found.push(dependency);
        }
    }
    found
}

fn origin_of(node: &Node) -> Option<Origin> {
    let text = |key: &str| node.str_at(&[key]).map(str::to_owned);
    if let Some(url) = text("git") {
        let revision = text("rev").or_else(|| text("tag")).or_else(|| text("branch"));
        return Some(Origin::Repository { url, revision });
    }
    text("url")
        .map(Origin::Url)
        .or_else(|| text("path").map(Origin::Path))
}

fn poetry(entry: &Entry, scope: Scope, found: &mut Dependencies) {
    if &*entry.key == "python" {
        return;
    }
    for value in entry.value.one_or_many() {
        let requirement = value
            .as_str()
            .or_else(|| value.str_at(&["version"]))
            .unwrap_or_default();
        let exact = super::is_exact(requirement).or_else(|| {
            requirement
                .starts_with(|c: char| c.is_ascii_digit())
                .then_some(requirement)
                .filter(|text| !text.contains(['*', ',', ' ']))
        });
        let mut dependency = Dependency::new(Ecosystem::PyPi, &entry.key, requirement, span(entry))
            .version(exact)
            .scope(scope);
        if let Some(origin) = origin_of(value) {
            dependency.origin = origin;
        }
        found.push(dependency);
    }
}

/// Reads a Pipfile.
pub(super) fn pipfile(root: &Node) -> Dependencies {
    let mut found = Dependencies::of("Pipfile");
    for (table, scope) in [("packages", Scope::Runtime), ("dev-packages", Scope::Development)] {
        for entry in root.get(table).map(Node::entries).unwrap_or_default() {
            poetry(entry, scope, &mut found);
        }
    }
    for (at, item) in root
        .get("source")
        .map(Node::items)
        .unwrap_or_default()
        .iter()
        .enumerate()
    {
        found.indexes.extend(item.str_at(&["url"]).map(|url| Index {
            url: url.to_owned(),
            is_extra: at > 0,
            span: item.span.clone(),
        }));
        if item.bool_at(&["verify_ssl"]) == Some(false) {
            found.trusted_hosts.push(Spot::new(
                item.str_at(&["url"]).unwrap_or_default(),
                item.span.clone(),
            ));
        }
    }
    found
}

/// Reads `package.json`, with the scripts that an installation runs.
pub(super) fn package_json(root: &Node) -> Dependencies {
    let mut found = Dependencies::of("package.json");
    for (table, scope) in [
        ("dependencies", Scope::Runtime),
        ("devDependencies", Scope::Development),
        ("optionalDependencies", Scope::Optional),
    ] {
        for entry in root.get(table).map(Node::entries).unwrap_or_default() {
            let requirement = entry.value.as_str().unwrap_or_default();
            let exact = requirement.starts_with(|c: char| c.is_ascii_digit())
                && !requirement.contains([' ', 'x', '*', '|'])
                && requirement.matches('.').count() >= 2;
            let mut dependency = Dependency::new(Ecosystem::Npm, &entry.key, requirement, span(entry))
                .version(exact.then_some(requirement))
                .scope(scope);
            let repository = requirement.starts_with("git") || requirement.starts_with("ssh:");
            if repository {
                let (url, revision) = requirement
                    .split_once('#')
                    .map_or((requirement, None), |(url, revision)| {
                        (url, Some(revision.to_owned()))
                    });
                dependency.origin = Origin::Repository {
                    url: url.to_owned(),
                    revision,
                };
            } else if requirement.contains("://") {
                dependency.origin = Origin::Url(requirement.to_owned());
            } else if requirement.starts_with("file:")
                || requirement.starts_with("link:")
                || requirement.starts_with("workspace:")
            {
                dependency.origin = Origin::Path(requirement.to_owned());
            }
            found.push(dependency);
        }
    }
    for name in ["preinstall", "install", "postinstall", "prepare"] {
        if let Some(entry) = root.get("scripts").and_then(|scripts| scripts.entry(name)) {
            found.scripts.push(Spot::new(
                entry.value.as_str().unwrap_or_default(),
                entry.value.span.clone(),
            ));
        }
    }
    found
}

/// Reads `Cargo.toml`.
pub(super) fn cargo(root: &Node) -> Dependencies {
    let mut found = Dependencies::of("Cargo.toml");
    let mut table = |node: Option<&Node>, scope: Scope| {
        for entry in node.map(Node::entries).unwrap_or_default() {
            if entry.value.bool_at(&["workspace"]) == Some(true) {
                continue;
            }
            let requirement = entry
                .value
                .as_str()
                .or_else(|| entry.value.str_at(&["version"]))
                .unwrap_or_default();
            let exact = requirement.strip_prefix('=').map(str::trim);
            let name = entry.value.str_at(&["package"]).unwrap_or(&entry.key);
            let mut dependency = Dependency::new(Ecosystem::Cargo, name, requirement, span(entry))
                .version(exact)
                .scope(scope);
            if let Some(origin) = origin_of(&entry.value).filter(|_| entry.value.is_map()) {
                dependency.origin = origin;
            }
            found.push(dependency);
        }
    };
    table(root.get("dependencies"), Scope::Runtime);
    table(root.get("dev-dependencies"), Scope::Development);
    table(root.get("build-dependencies"), Scope::Build);
    table(root.at(&["workspace", "dependencies"]), Scope::Runtime);
    for target in root.get("target").map(Node::entries).unwrap_or_default() {
        table(target.value.get("dependencies"), Scope::Runtime);
    }
    found
}

/// Reads an environment of Conda, with what pip installs into it.
pub(super) fn conda(root: &Node) -> Dependencies {
    let mut found = Dependencies::of("conda environment");
    for channel in root.get("channels").map(Node::items).unwrap_or_default() {
        if let Some(url) = channel.as_str().filter(|text| text.contains("://")) {
            found.indexes.push(Index {
                url: url.to_owned(),
                is_extra: false,
                span: channel.span.clone(),
            });
        }
    }
    for item in root.get("dependencies").map(Node::items).unwrap_or_default() {
        for line in item.get("pip").map(Node::items).unwrap_or_default() {
            let mut inner = super::requirements::read(line.as_str().unwrap_or_default());
            inner.list.iter_mut().for_each(|one| one.span = line.span.clone());
            inner
                .indexes
                .iter_mut()
                .for_each(|one| one.span = line.span.clone());
            inner
                .trusted_hosts
                .iter_mut()
                .for_each(|one| one.span = line.span.clone());
            found.list.append(&mut inner.list);
            found.indexes.append(&mut inner.indexes);
            found.trusted_hosts.append(&mut inner.trusted_hosts);
        }
        let Some(text) = item.as_str() else { continue };
        let text = text.rsplit("::").next().unwrap_or_default().trim();
        let length = text
            .chars()
            .take_while(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
            .map(char::len_utf8)
            .sum();
        let Some((name, rest)) = text.split_at_checked(length) else {
            continue;
        };
        let rest = rest.trim();
        let version = rest
            .trim_start_matches('=')
            .split('=')
            .next()
            .unwrap_or_default()
            .trim();
        let exact =
            rest.starts_with('=') && !version.is_empty() && !version.contains(['*', ',', '|', '>', '<']);
        found.push(
            Dependency::new(Ecosystem::Conda, name, rest, item.span.clone())
                .version(exact.then_some(version)),
        );
    }
    found
}

/// Reads `setup.cfg`.
pub(super) fn setup_cfg(text: &str) -> Dependencies {
    let mut found = Dependencies::of("setup.cfg");
    let mut section = String::new();
    let mut scope: Option<Scope> = None;
    let mut at = 0_usize;
    for line in text.split_inclusive('\n') {
        let start = at;
        at = at.saturating_add(line.len());
        let bare = line.trim();
        if bare.is_empty() || bare.starts_with(['#', ';']) {
            continue;
        }
        if bare.starts_with('[') {
            bare.trim_matches(['[', ']']).clone_into(&mut section);
            scope = None;
            continue;
        }
        let indented = line.starts_with([' ', '\t']);
        let value = if indented {
            bare
        } else {
            let (key, value) = bare.split_once('=').unwrap_or((bare, ""));
            scope = match (section.as_str(), key.trim()) {
                ("options", "install_requires") => Some(Scope::Runtime),
                ("options", "setup_requires") => Some(Scope::Build),
                ("options", "tests_require") => Some(Scope::Development),
                ("options.extras_require", _) => Some(Scope::Optional),
                _ => None,
            };
            value.trim()
        };
        let (Some(scope), false) = (scope, value.is_empty()) else {
            continue;
        };
        if let Some(dependency) = parse_requirement(value, start..at) {
            found.push(dependency.scope(scope));
        }
    }
    found
}
