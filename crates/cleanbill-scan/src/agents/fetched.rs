//! What the command of a server fetches before it runs.

use super::Server;
use crate::scene;

/// Says what fetches a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fetcher {
    /// `npx` and its like.
    Npm,
    /// `uvx` and its like.
    Python,
    /// Docker and its like.
    Container,
}

/// Holds what a server's command fetches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fetched {
    /// By what.
    pub(crate) tool: Fetcher,
    /// The package or image as written, with its version.
    pub(crate) package: String,
}

/// Returns what a server's command fetches.
pub(crate) fn fetched(server: &Server) -> Option<Fetched> {
    let mut words: Vec<&str> = server.command.split_whitespace().collect();
    words.extend(server.arguments.iter().map(String::as_str));
    let mut words = words.into_iter().skip_while(|word| {
        let name = word
            .rsplit(['/', '\\'])
            .next()
            .unwrap_or(word)
            .to_ascii_lowercase();
        !matches!(
            name.trim_end_matches(".exe").trim_end_matches(".cmd"),
            "npx" | "bunx" | "uvx" | "pipx" | "docker" | "podman" | "pnpx" | "uv" | "npm" | "pnpm"
        )
    });
    let tool = words.next()?;
    let container = tool.ends_with("docker") || tool.ends_with("podman");
    let mut plain = Vec::new();
    let mut from = None;
    while let Some(word) = words.next() {
        match word {
            "--from" | "--package" | "-p" | "--spec" => from = words.next(),
            "-e" | "--env" | "-v" | "--volume" | "--mount" | "--name" | "--network" | "--net" | "-w"
            | "-u" | "--user" | "--entrypoint" | "--env-file" | "--directory" | "--python" | "--with"
            | "--pull" | "--add-host" | "--platform" | "--index-url"
                if container || word.starts_with("--") =>
            {
                words.next();
            }
            option if option.starts_with('-') => {}
            "run" | "exec" | "tool" | "dlx" | "container" | "x" if plain.is_empty() => {}
            other => plain.push(other),
        }
    }
    // A local script is no package.
    let package = from.or(plain.first().copied())?;
    let script = matches!(scene::extension(package).as_str(), "py" | "js" | "ts" | "mjs");
    let local = package.starts_with(['.', '/', '~', '$']) || script;
    // `uv run` runs what is there; only `uv tool run` fetches.
    let runs = tool.ends_with("uv") && from.is_none() && !server.arguments.iter().any(|one| one == "tool");
    let by = tool.rsplit(['/', '\\']).next().unwrap_or(tool);
    let fetcher = if container {
        Fetcher::Container
    } else if by.starts_with("uv") || by.starts_with("pipx") {
        Fetcher::Python
    } else {
        Fetcher::Npm
    };
    (package.contains("://") || !local && !runs).then(|| Fetched {
        tool: fetcher,
        package: package.to_owned(),
    })
}
