//! Detector `mcp-server-unpinned`.

use cleanbill_core::{Severity, text};
use cleanbill_formats::text::View;

use crate::{
    agents::{fetched, servers},
    detector::detector,
    scene::Scene,
    sink::Sink,
};

detector! {
    /// ## What it finds
    /// A server of an agent that is fetched without a version when it starts: `npx -y package`, `uvx package`, an image without
    /// a tag or with `latest`, a package from an address or a branch.
    /// ## Why it matters
    /// Whoever takes over the package, or its supplier, changes what the agent can do overnight, and nobody approves it.
    /// ## How it is decided
    /// The package is the first argument that is no option; a version is `@1.2.3`, `==1.2.3`, an image's tag or digest, a
    /// commit. Most instructions leave it out, hence `low`; `medium` where the code comes from an address or branch.
    /// ## What it misses
    /// Dependencies of the package.
    /// ## What to do
    /// Name the version that was approved.
    /// ## References
    /// CWE-829, CWE-1357, MITRE ATLAS AML.T0010.005, AML.T0109.
    id: "mcp-server-unpinned",
    title: "Agent server without a fixed version", "未固定版本的智能体服务器",
    severity: Low, confidence: High,
    tags: &["CWE-829", "AML.T0010"], controls: &["APP-05", "APP-01"],
    on: Text => run,
}

fn run(view: &View, scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for server in servers(view, scene) {
        let Some(package) = fetched(&server).map(|one| one.package) else {
            continue;
        };
        let (message, severity) = if package.contains("://") || package.starts_with("github:") {
            if package
                .rsplit(['@', '#'])
                .next()
                .is_some_and(|end| end.len() == 40 && end.bytes().all(|byte| byte.is_ascii_hexdigit()))
            {
                continue;
            }
            (
                text!("a server is fetched from an address", "服务器从某个地址获取"),
                Severity::Medium,
            )
        } else if is_pinned(&package) {
            continue;
        } else {
            (
                text!(
                    "a server is fetched without a fixed version",
                    "获取服务器时未固定版本"
                ),
                Severity::Low,
            )
        };
        sink.report(Some(server.range.clone()), message)
            .severity(severity)
            .evidence(&format!("{}: {package}", server.name))
            .hint(text!("name the version that was approved", "写明经批准的版本"));
    }
}

fn is_pinned(package: &str) -> bool {
    if package.contains("@sha256:") || package.contains("==") {
        return true;
    }
    let version = package
        .get(1..)
        .and_then(|rest| rest.rsplit_once('@'))
        .map(|(_, version)| version);
    let tag = package
        .rsplit_once(':')
        .map(|(_, tag)| tag)
        .filter(|tag| !tag.contains('/'));
    version.or(tag).is_some_and(|version| {
        version
            .trim_start_matches('v')
            .starts_with(|c: char| c.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check;

    #[test]
    fn versions_are_looked_for() {
        use Severity::{Low, Medium};
        for (command, arguments, severities) in [
            ("npx", r#"["-y", "@a/b"]"#, &[Low][..]),
            ("npx", r#"["-y", "@a/b@1.2.3"]"#, &[]),
            ("npx", r#"["-y", "a@latest"]"#, &[Low]),
            ("uvx", r#"["a==1.0"]"#, &[]),
            (
                "uvx",
                r#"["--from", "git+https://x.example.invalid/a", "a"]"#,
                &[Medium],
            ),
            ("docker", r#"["run", "-i", "--rm", "-e", "K", "a/b"]"#, &[Low]),
            ("docker", r#"["run", "-i", "--rm", "a/b:1.2"]"#, &[]),
            ("cmd", r#"["/c", "npx", "-y", "a"]"#, &[Low]),
            ("node", r#"["server.js"]"#, &[]),
            ("uv", r#"["--directory", "/srv/a", "run", "server.py"]"#, &[]),
        ] {
            let text =
                format!(r#"{{"mcpServers": {{"a": {{"command": "{command}", "args": {arguments}}}}}}}"#);
            check("mcp-server-unpinned", "mcp.json", text.as_bytes(), severities);
        }
    }
}
