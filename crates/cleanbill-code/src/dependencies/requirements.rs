use std::ops::Range;

use super::{Dependencies, Dependency, Ecosystem, Index, Origin, Spot};
use crate::commands;

/// Says whether a text is a list for pip: by its name, or because each line is a requirement and one is pinned.
pub(super) fn is_list(name: &str, text: &str) -> bool {
    let named = (name.contains("requirement") || name.contains("constraint"))
        && matches!(
            name.rsplit('.').next(),
            Some("txt" | "in" | "pip" | "lock" | "frozen")
        );
    if named {
        return true;
    }
    if !matches!(name.rsplit('.').next(), Some("txt" | "in" | "lock"))
        || memchr::memmem::find(text.as_bytes(), b"==").is_none()
    {
        return false;
    }
    let lines = || {
        text.lines()
            .take(200)
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with(['#', '-']))
    };
    lines().next().is_some()
        && lines().all(|line| {
            let requirement = line.split(['#', ';', '\\']).next().unwrap_or_default().trim();
            requirement.contains("==")
                && parse_requirement(requirement, 0..0).is_some_and(|one| one.version.is_some())
        })
}

/// Reads a list for pip: options, hashes, addresses, repositories, includes, editable installs, markers.
pub(super) fn read(text: &str) -> Dependencies {
    let mut found = Dependencies::of("requirements");
    let mut at = 0_usize;
    let mut joined = String::new();
    let mut start = 0_usize;
    for line in text.split_inclusive('\n') {
        if joined.is_empty() {
            start = at.saturating_add(line.len().saturating_sub(line.trim_start().len()));
        }
        at = at.saturating_add(line.len());
        let bare = line.trim();
        let comment = bare.starts_with('#');
        if let Some(part) = bare.strip_suffix('\\').filter(|_| !comment) {
            joined.push_str(part);
            joined.push(' ');
            continue;
        }
        if !comment {
            joined.push_str(bare);
        }
        let end = at.saturating_sub(line.len().saturating_sub(line.trim_end().len()));
        one_line(&joined, start..end.max(start), &mut found);
        joined.clear();
    }
    found
}

fn one_line(line: &str, span: Range<usize>, found: &mut Dependencies) {
    let line = line.split(" #").next().unwrap_or_default().trim();
    if line.is_empty() {
        return;
    }
    if line.starts_with('-') {
        option(line, &span, found);
        return;
    }
    let (requirement, options) = line.split_once(" --").unwrap_or((line, ""));
    let Some(mut dependency) = parse_requirement(requirement, span) else {
        found.is_cut = true;
        return;
    };
    dependency.hashes = hashes(options);
    found.push(dependency);
}

fn hashes(options: &str) -> Vec<String> {
    let words = options
        .split([' ', '='])
        .filter(|word| word.contains(':') && !word.contains("//"));
    words.map(str::to_owned).collect()
}

fn option(line: &str, span: &Range<usize>, found: &mut Dependencies) {
    let (name, value) = line.split_once(['=', ' ', '\t']).unwrap_or((line, ""));
    let value = value.trim().trim_start_matches('=').trim();
    // `-rmore.txt` is written without a space too.
    let (name, value) = match (name.get(..2), name.get(2..)) {
        (Some(short @ ("-r" | "-c" | "-e" | "-i" | "-f")), Some(rest)) if !rest.is_empty() => (short, rest),
        _ => (name, value),
    };
    match name {
        "-i" | "--index-url" | "--pypi-url" => found.indexes.push(Index {
            url: value.to_owned(),
            is_extra: false,
            span: span.clone(),
        }),
        "--extra-index-url" | "-f" | "--find-links" => found.indexes.push(Index {
            url: value.to_owned(),
            is_extra: true,
            span: span.clone(),
        }),
        "--trusted-host" => found.trusted_hosts.push(Spot::new(value, span.clone())),
        "-r" | "--requirement" | "-c" | "--constraint" => found.includes.push(Spot::new(value, span.clone())),
        "-e" | "--editable" => {
            if let Some(dependency) = parse_requirement(value, span.clone()) {
                found.push(dependency);
            }
        }
        _ => {}
    }
}

/// Reads one requirement of PEP 508, or an address, repository or path as pip takes it.
pub fn parse_requirement(text: &str, span: Range<usize>) -> Option<Dependency> {
    let text = text.trim();
    let text = text.split_once(" ;").map_or(text, |(before, _)| before);
    if let Some((name, address)) = text
        .split_once('@')
        .filter(|(name, _)| is_name(name.split('[').next().unwrap_or_default().trim()))
    {
        let name = name.split('[').next().unwrap_or_default().trim();
        let mut dependency = Dependency::new(Ecosystem::PyPi, name, "", span);
        dependency.origin = origin(address.trim());
        return Some(dependency);
    }
    if text.contains("://") || text.starts_with(['.', '/', '~']) || ends_as_package(text) {
        let source = origin(text);
        let egg = text
            .split_once("#egg=")
            .or_else(|| text.split_once("&egg="))
            .map(|(_, name)| name.split(['&', '[']).next().unwrap_or_default());
        let path = text
            .split(['#', '?'])
            .next()
            .unwrap_or_default()
            .trim_end_matches('/');
        let last = path.rsplit(['/', '\\']).next().unwrap_or_default();
        let last = last
            .split('@')
            .next()
            .unwrap_or_default()
            .trim_end_matches(".git");
        let file = if ends_as_package(last) {
            last.split('-').next().unwrap_or_default()
        } else {
            last
        };
        let mut dependency = Dependency::new(Ecosystem::PyPi, egg.unwrap_or(file), "", span);
        dependency.origin = source;
        return Some(dependency);
    }
    let text = text.split(';').next().unwrap_or_default().trim();
    let length = text
        .chars()
        .take_while(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
        .map(char::len_utf8)
        .sum();
    let (name, rest) = text.split_at_checked(length)?;
    let rest = rest.trim_start();
    let rest = match rest.strip_prefix('[') {
        Some(extras) => extras.split_once(']')?.1,
        None => rest,
    };
    let requirement = rest.trim().trim_matches(['(', ')']).trim();
    let operator = requirement.is_empty() || requirement.starts_with(['=', '<', '>', '~', '!']);
    if name.is_empty() || !operator {
        return None;
    }
    Some(Dependency::new(Ecosystem::PyPi, name, requirement, span).version(is_exact(requirement)))
}

/// Returns the version that `==version` or `===version` names; a wildcard names many.
pub fn is_exact(requirement: &str) -> Option<&str> {
    let version = requirement
        .strip_prefix("===")
        .or_else(|| requirement.strip_prefix("=="))?
        .trim();
    (!version.is_empty() && !version.contains(['*', ',', ' '])).then_some(version)
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

fn ends_as_package(text: &str) -> bool {
    [".whl", ".tar.gz", ".zip", ".tgz"]
        .iter()
        .any(|end| text.split(['#', '?']).next().unwrap_or_default().ends_with(end))
}

pub(super) fn origin(text: &str) -> Origin {
    let text = text.split(" ;").next().unwrap_or_default().trim();
    let repository = ["git+", "hg+", "svn+", "bzr+"]
        .iter()
        .find_map(|prefix| text.strip_prefix(prefix));
    if let Some(rest) = repository {
        let address = rest.split('#').next().unwrap_or_default();
        let (scheme, path) = address.split_once("://").unwrap_or(("", address));
        // An `@` before the first slash belongs to the user name.
        let (host, path) = path.split_once('/').unwrap_or((path, ""));
        let (path, revision) = path
            .rsplit_once('@')
            .map_or((path, None), |(path, revision)| (path, Some(revision.to_owned())));
        let url = format!("{scheme}://{host}/{path}");
        return Origin::Repository { url, revision };
    }
    if text.contains("://") && !text.starts_with("file:") {
        return Origin::Url(text.to_owned());
    }
    Origin::Path(text.to_owned())
}

/// Reads what `pip install` and its like are told in a line of commands.
pub fn pip_arguments(line: &str, span: &Range<usize>) -> Dependencies {
    let mut found = Dependencies::of("pip command");
    let words = commands::words(line);
    let mut at = 0_usize;
    while let Some(word) = words.get(at) {
        at = at.saturating_add(1);
        let name = word
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
        let mut next = at;
        if name == "uv" && words.get(next).is_some_and(|word| word == "pip") {
            next = next.saturating_add(1);
        } else if name != "pip" && name != "pipx" {
            continue;
        }
        if words
            .get(next)
            .is_none_or(|word| !matches!(word.as_str(), "install" | "download" | "wheel"))
        {
            continue;
        }
        at = next.saturating_add(1);
        while let Some(word) = words
            .get(at)
            .filter(|word| !matches!(word.as_str(), "&&" | ";" | "|" | "||" | "&"))
        {
            at = at.saturating_add(1);
            if !word.starts_with('-') {
                if let Some(dependency) = parse_requirement(word, span.clone())
                    .filter(|one| !one.name.is_empty() && !word.contains('$'))
                {
                    found.push(dependency);
                }
                continue;
            }
            let takes_value = matches!(
                word.as_str(),
                "-i" | "--index-url"
                    | "--extra-index-url"
                    | "-f"
                    | "--find-links"
                    | "--trusted-host"
                    | "-r"
                    | "--requirement"
                    | "-c"
                    | "--constraint"
                    | "-e"
                    | "--editable"
                    | "-t"
                    | "--target"
                    | "--prefix"
                    | "--root"
                    | "--proxy"
                    | "--cert"
                    | "--timeout"
                    | "--retries"
                    | "--python"
                    | "--platform"
                    | "--index"
                    | "--index-strategy"
                    | "--cache-dir"
                    | "--progress-bar"
                    | "--only-binary"
                    | "--no-binary"
                    | "--torch-backend"
                    | "-p"
            );
            let mut text = word.clone();
            if takes_value && let Some(value) = words.get(at) {
                text = format!("{word} {value}");
                at = at.saturating_add(1);
            }
            option(&text, span, &mut found);
        }
    }
    found
}
