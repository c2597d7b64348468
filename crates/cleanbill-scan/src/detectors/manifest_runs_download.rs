//! Detector `manifest-runs-download`.

use cleanbill_code::commands::{Deed, deeds};
use cleanbill_core::{Severity, text};

use crate::{detector::detector, scene::Scene, sink::Sink};

detector! {
    /// ## What it finds
    /// Build steps, start commands and pipeline scripts that run what they have just downloaded (`curl ... | sh`), and
    /// recipes that add a file from an address without a checksum.
    /// ## Why it matters
    /// Whoever controls the address, or the way to it, decides what runs in the image or cluster, and no digest would show it.
    /// ## How it is decided
    /// By the words of the command: a shell or interpreter behind a pipe, in a substitution, or given the file that was
    /// downloaded before without a checksum in between. Without protected transport, from a bare address of a machine, from
    /// a tunnel or a paste site it is `high`; from the installers of well-known projects `low`; otherwise `medium`.
    /// ## What it misses
    /// Downloads by programs other than curl, wget and their like.
    /// ## What to do
    /// Download a released version, check its digest, then run it; or install from a package.
    /// ## References
    /// CWE-494, MITRE ATLAS AML.T0010.
    id: "manifest-runs-download",
    title: "Manifest runs what it downloads", "清单运行下载的内容",
    severity: Medium, confidence: High,
    tags: &["CWE-494", "AML.T0010"], controls: &["NET-02", "SYS-08"],
    on: artifact => run,
}

/// Hosts of installers that their projects themselves tell people to pipe into a shell.
const WELL_KNOWN: &[&str] = &[
    "astral.sh",
    "bun.sh",
    "deb.nodesource.com",
    "rpm.nodesource.com",
    "get.docker.com",
    "get.helm.sh",
    "get.pnpm.io",
    "bootstrap.pypa.io",
    "deno.land",
    "install.python-poetry.org",
    "install.duckdb.org",
    "ollama.com",
    "pdm-project.org",
    "pixi.sh",
    "pyenv.run",
    "sh.rustup.rs",
    "sdk.cloud.google.com",
    "raw.githubusercontent.com/helm/helm",
    "raw.githubusercontent.com/nvm-sh/nvm",
    "packagecloud.io",
    "s3.amazonaws.com/repo.",
    "taskfile.dev",
    "cli.github.com",
    "nvidia.github.io",
    "rustwasm.github.io",
    "starship.rs",
    "wasmtime.dev",
];
/// Hosts where anybody puts anything, or that end in somebody's machine.
const ANYBODY: &[&str] = &[
    "pastebin.com",
    "paste.ee",
    "hastebin",
    "transfer.sh",
    "ngrok",
    "trycloudflare.com",
    "webhook.site",
    "requestbin",
    "gist.githubusercontent.com",
    "discordapp.com",
    "termbin.com",
    "0x0.st",
    "file.io",
    "serveo.net",
    "loca.lt",
    "duckdns.org",
    ".onion",
    "rentry.co",
    "oast.",
];

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let deployed = scene
        .reading
        .deployment()
        .map(|one| one.commands.as_slice())
        .unwrap_or_default();
    // Scripts that a package manager runs on installation.
    let scripts = scene
        .reading
        .dependencies()
        .map(|one| one.scripts.as_slice())
        .unwrap_or_default();
    for command in deployed.iter().chain(scripts) {
        let all = deeds(&command.text);
        let trusting = all.iter().any(|deed| matches!(deed, Deed::TrustsAnyone(_)));
        for deed in &all {
            let Deed::RunsDownload { url } = deed else {
                continue;
            };
            sink.report(
                scene.reading.range(&command.span),
                text!("a command runs what it downloads", "命令运行其下载的内容"),
            )
            .severity(if trusting { Severity::High } else { severity(url) })
            .evidence(&command.text)
            .hint(text!(
                "download a fixed version, check its digest, then run it",
                "下载固定版本，校验摘要后再运行"
            ));
        }
    }
    for added in scene.reading.deployment().iter().flat_map(|one| &one.added) {
        let severity = match severity(&added.text) {
            Severity::High => Severity::Medium,
            _ => Severity::Low,
        };
        sink.report(
            scene.reading.range(&added.span),
            text!(
                "the recipe adds a file from an address without a checksum",
                "镜像配方从网址添加文件且无校验和"
            ),
        )
        .severity(severity)
        .evidence(&added.text)
        .hint(text!(
            "add `--checksum=sha256:...`",
            "添加 `--checksum=sha256:...`"
        ));
    }
}

fn severity(url: &str) -> Severity {
    let lower = url.to_ascii_lowercase();
    let (scheme, rest) = lower.split_once("://").unwrap_or(("", &lower));
    let host = rest.split(['/', ':', '?']).next().unwrap_or_default();
    let number =
        !host.is_empty() && host.chars().all(|c| c.is_ascii_digit() || c == '.') || host.starts_with('[');
    let plain = !matches!(scheme, "https" | "") || scheme.is_empty() && !host.contains('$');
    if plain || number || ANYBODY.iter().any(|one| host.contains(one)) {
        return Severity::High;
    }
    let known = WELL_KNOWN.iter().any(|one| {
        rest.strip_prefix(one).is_some_and(|after| {
            one.contains('/') || after.is_empty() || after.starts_with(['/', '?', '"', '\''])
        })
    });
    if known { Severity::Low } else { Severity::Medium }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check;

    #[test]
    fn the_address_decides_how_bad_it_is() {
        use Severity::{High, Low, Medium};
        for (command, severities) in [
            ("RUN curl http://a.example.invalid/x | sh", &[High][..]),
            ("RUN curl https://192.0.2.1/x | sh", &[High]),
            ("RUN curl -k https://a.example.invalid/x | sh", &[High]),
            ("RUN curl https://a.example.invalid/x | sh", &[Medium]),
            ("RUN curl -LsSf https://astral.sh/uv/install.sh | sh", &[Low]),
            (
                "RUN curl https://astral.sh.example.invalid/install.sh | sh",
                &[Medium],
            ),
            ("ADD https://a.example.invalid/x.tgz /x", &[Low]),
            ("ADD http://a.example.invalid/x.tgz /x", &[Medium]),
            ("ADD --checksum=sha256:aa https://a.example.invalid/x.tgz /x", &[]),
            ("RUN curl -o x.tgz https://a.example.invalid/x.tgz", &[]),
        ] {
            let text = format!("FROM python:3.12\n{command}\n");
            check(
                "manifest-runs-download",
                "Dockerfile",
                text.as_bytes(),
                severities,
            );
        }
    }
}
